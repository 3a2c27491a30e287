// SPDX-License-Identifier: Apache-2.0
#include "base/table.hpp"

#include <stdexcept>
#include <string>

namespace twin::base {

namespace {

bool same_sign(double a, double b) { return (a > 0.0 && b > 0.0) || (a < 0.0 && b < 0.0); }

/// One-sided three-point end slope, limited so that the end segment stays monotone.
double end_slope(double h0, double h1, double s0, double s1) {
    const double d = ((2.0 * h0 + h1) * s0 - h0 * s1) / (h0 + h1);
    if (!same_sign(d, s0)) return 0.0;
    if (!same_sign(s0, s1) && abs2(d) > 3.0 * abs2(s0)) return 3.0 * s0;
    return d;
}

}  // namespace

void pchip_slopes(std::span<const double> x, std::span<const double> y, std::span<double> slope) {
    const std::size_t n = x.size();
    if (y.size() != n || slope.size() != n || n < 2)
        throw std::invalid_argument("table: " + std::to_string(y.size()) + " values for " + std::to_string(n) +
                                    " knots");
    const auto secant = [&](std::size_t k) { return (y[k + 1] - y[k]) / (x[k + 1] - x[k]); };
    if (n == 2) {
        slope[0] = secant(0);
        slope[1] = slope[0];
        return;
    }
    for (std::size_t k = 1; k + 1 < n; ++k) {
        const double h0 = x[k] - x[k - 1];
        const double h1 = x[k + 1] - x[k];
        const double s0 = secant(k - 1);
        const double s1 = secant(k);
        const double w0 = 2.0 * h1 + h0;
        const double w1 = h1 + 2.0 * h0;
        slope[k] = same_sign(s0, s1) ? (w0 + w1) / (w0 / s0 + w1 / s1) : 0.0;
    }
    slope[0] = end_slope(x[1] - x[0], x[2] - x[1], secant(0), secant(1));
    slope[n - 1] = end_slope(x[n - 1] - x[n - 2], x[n - 2] - x[n - 3], secant(n - 2), secant(n - 3));
}

void check_knots(std::span<const double> x, std::size_t capacity, const char* what) {
    const std::string name(what);
    if (x.size() < 2 || x.size() > capacity)
        throw std::invalid_argument(name + ": " + std::to_string(x.size()) + " knots; allowed 2.." +
                                    std::to_string(capacity));
    for (std::size_t k = 0; k < x.size(); ++k) {
        const std::string place = name + "[" + std::to_string(k) + "] = " + std::to_string(x[k]);
        if (!is_finite(x[k])) throw std::invalid_argument(place + " is not a finite number");
        if (k > 0 && !(x[k] > x[k - 1]))
            throw std::invalid_argument(place + " must be above the knot before it, " + std::to_string(x[k - 1]));
    }
}

}  // namespace twin::base
