// SPDX-License-Identifier: Apache-2.0
// Numbers, times and escapes as text. Independent of the locale; equal input gives equal bytes.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "base/time.hpp"

namespace twin::io {

using base::Time_ns;

/// Shortest text that reads back to the same double; "nan", "inf", "-inf" for what is no number.
std::string number(double x);
/// For people: `digits` significant digits, no exponent between 1e-4 and 1e7, "-0" becomes "0".
std::string number_short(double x, int digits = 4);
/// Value with unit for people, scaled to a readable prefix: (2.16e-4, "s") -> "216 us", (0.005, "Ohm") -> "5 mOhm".
std::string quantity(double x, std::string_view unit);
/// Seconds with nine decimals at most, trailing zeros cut, exact: 1000214000 -> "1.000214".
std::string seconds(Time_ns t);
/// Seconds as the double nearest to t / 1e9, which prints as `seconds` does.
double seconds_value(Time_ns t);
/// A duration for people: "216 us", "1.5 s", "10 h 03 min".
std::string duration(Time_ns t);
/// 16 hexadecimal digits.
std::string hex16(std::uint64_t x);
/// Escapes & < > " ' ; control characters that XML forbids become U+FFFD.
std::string xml_escape(std::string_view s);

}  // namespace twin::io
