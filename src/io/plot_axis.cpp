// SPDX-License-Identifier: Apache-2.0
#include "io/plot_axis.hpp"

#include <fmt/format.h>

#include <cmath>

#include "io/text.hpp"

namespace twin::io {

std::vector<double> round_ticks(double lo, double hi, int most) {
    std::vector<double> ticks;
    if (!(hi > lo) || most < 2 || !std::isfinite(hi - lo)) return ticks;
    const double raw = (hi - lo) / most;
    const double decade = std::pow(10.0, std::floor(std::log10(raw)));
    double distance = 10 * decade;
    for (const double step : {1.0, 2.0, 5.0})
        if (step * decade >= raw) {
            distance = step * decade;
            break;
        }
    const double first = std::ceil(lo / distance - 1e-9);
    const double last = std::floor(hi / distance + 1e-9);
    for (double k = first; k <= last && ticks.size() < 64; k += 1) ticks.push_back(k * distance);
    return ticks;
}

TimeAxis time_axis(base::Time_ns first, base::Time_ns last, base::Time_ns zero) {
    const double span = static_cast<double>(last - first);
    TimeAxis axis;
    axis.zero_ns = zero;
    struct Unit {
        double from_ns, unit_ns;
        const char* name;
    };
    for (const Unit& u : {Unit{4 * 86400e9, 86400e9, "d"}, Unit{3 * 3600e9, 3600e9, "h"}, Unit{300e9, 60e9, "min"},
                          Unit{2e9, 1e9, "s"}, Unit{2e6, 1e6, "ms"}, Unit{0, 1e3, "us"}}) {
        axis.unit_ns = u.unit_ns;
        axis.name = u.name;
        if (span >= u.from_ns) break;
    }
    return axis;
}

std::string tick_label(double x, double distance) {
    if (std::fabs(x) < distance * 1e-6) return "0";
    const double size = std::fabs(x) > distance ? std::fabs(x) : distance;
    if (size >= 1e6 || distance < 1e-5) return number_short(x, 5);
    int decimals = 0;
    for (double d = distance; decimals < 9 && std::fabs(d - std::round(d)) > 1e-6 * d; d *= 10) ++decimals;
    return fmt::format("{:.{}f}", x, decimals);
}

}  // namespace twin::io
