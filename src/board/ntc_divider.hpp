// SPDX-License-Identifier: Apache-2.0
// NTC against its pull-up as a ratio of the reference, R / (R + R_pull): power::ntc_resistance_Ohm on a uniform
// temperature grid, linear in between. 0.5 K grid: error of interpolation below 0.002 K over -60 .. 160 degC.
#pragma once
#include <array>
#include <cstddef>

#include "base/lanes.hpp"
#include "base/math.hpp"
#include "power/ntc.hpp"

namespace twin::board {

class NtcDivider {
public:
    static constexpr double k_low_degC = -60.0;
    static constexpr double k_step_K = 0.5;
    static constexpr std::size_t k_rows = 441;

    NtcDivider(const power::NtcCurve& curve, double r_pull_Ohm) {
        for (std::size_t k = 0; k < k_rows; ++k) {
            const double t = k_low_degC + k_step_K * static_cast<double>(k);
            const double r = power::ntc_resistance_Ohm(curve, power::NtcPart<double>{}, t);
            ratio_[k] = r / (r + r_pull_Ohm);
        }
    }
    /// Ratio at a bead temperature, held at the ends of the grid.
    double ratio(double t_degC) const {
        const double x = (t_degC - k_low_degC) * (1.0 / k_step_K);
        if (!(x > 0.0)) return ratio_[0];
        if (x >= static_cast<double>(k_rows - 1)) return ratio_[k_rows - 1];
        const auto k = static_cast<std::size_t>(base::floor_i64(x));
        return ratio_[k] + (ratio_[k + 1] - ratio_[k]) * (x - static_cast<double>(k));
    }

private:
    std::array<double, k_rows> ratio_{};
};

}  // namespace twin::board
