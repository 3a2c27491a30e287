// SPDX-License-Identifier: Apache-2.0
// Unit suffixes of names ("r_mohm", "scd_mA", "at_us"): what they mean in SI and how to convert between two of them.
// A conversion multiplies or divides by one exactly representable power of ten where possible, so 5 mohm is exactly the
// double 0.005.
#pragma once
#include <optional>
#include <span>
#include <string_view>

namespace twin::base {

struct Unit {
    const char* suffix;  // as written at the end of a name
    const char* si;      // the unit all members of the family convert to
    double num;          // x_SI = (x * num) / den + offset
    double den;
    double offset;
};

/// The unit with this suffix ("mohm"), or nullptr. Suffixes are case-sensitive (mF is not MF).
const Unit* find_unit(std::string_view suffix);

/// Part of a name after its last '_', if that is a known unit ("r_mohm" -> "mohm"); empty otherwise.
std::string_view unit_suffix(std::string_view name);
/// Name without its unit suffix ("r_mohm" -> "r"); the whole name if it has none.
std::string_view unit_stem(std::string_view name);

std::span<const Unit> all_units();

double to_si(const Unit& u, double x);
double from_si(const Unit& u, double x_si);

/// x given in `from`, expressed in `to`; nothing if the two are not of one family.
std::optional<double> convert(std::string_view from, std::string_view to, double x);

/// True if `key` is `name`, or the same stem with another unit of the same family ("r_ohm" for "r_mohm").
bool same_quantity(std::string_view key, std::string_view name);

}  // namespace twin::base
