// SPDX-License-Identifier: Apache-2.0
// Axes of plots: range of values, ticks at round numbers, the unit of time that fits.
#pragma once
#include <string>
#include <vector>

#include "base/time.hpp"

namespace twin::io {

/// Multiples of 1, 2 or 5 times a power of ten that cover [lo, hi] with at most `most` ticks; needs lo < hi.
std::vector<double> round_ticks(double lo, double hi, int most);

/// How times are shown: (t - zero_ns) / unit_ns. `name` is "us", "ms", "s", "min", "h" or "d".
struct TimeAxis {
    base::Time_ns zero_ns = 0;
    double unit_ns = 1e9;
    const char* name = "s";
    double at(base::Time_ns t) const { return static_cast<double>(t - zero_ns) / unit_ns; }
};
TimeAxis time_axis(base::Time_ns first, base::Time_ns last, base::Time_ns zero);

/// Label of a tick: as many decimals as the distance of ticks needs.
std::string tick_label(double x, double distance);

}  // namespace twin::io
