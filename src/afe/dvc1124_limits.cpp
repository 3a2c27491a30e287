// SPDX-License-Identifier: Apache-2.0
// Absolute maxima of the pins. Segments are linear, so their ends decide. A reversed cell pin is judged by the current
// through its clamp, not by the data sheet's -0.3 V.
#include "afe/dvc1124.hpp"
#include "base/lanes.hpp"

namespace twin::afe {

namespace {

/// Largest |C(n) - C(n-1)| and largest C(n), n = 1..24, in four strands that the processor can keep apart.
struct Extremes {
    double diff, pin;
};
Extremes extremes(const double* pin_V) {
    double d[4] = {0.0, 0.0, 0.0, 0.0};
    double p[4] = {0.0, 0.0, 0.0, 0.0};
    for (std::size_t n = 0; n < k_max_cells; n += 4) {
        for (std::size_t k = 0; k < 4; ++k) {
            const double x = pin_V[n + k + 1] - pin_V[n + k];
            d[k] = base::max2(base::max2(x, -x), d[k]);
            p[k] = base::max2(pin_V[n + k + 1], p[k]);
        }
    }
    return {base::max2(base::max2(d[0], d[1]), base::max2(d[2], d[3])),
            base::max2(base::max2(p[0], p[1]), base::max2(p[2], p[3]))};
}

double largest(const double* clamp_A) {
    double d[4] = {clamp_A[0], -clamp_A[0], 0.0, 0.0};
    for (std::size_t n = 1; n < k_max_pins; n += 4) {
        for (std::size_t k = 0; k < 4; ++k) d[k] = base::max2(base::max2(clamp_A[n + k], -clamp_A[n + k]), d[k]);
    }
    return base::max2(base::max2(d[0], d[1]), base::max2(d[2], d[3]));
}

}  // namespace

void Dvc1124::check_limits(const AnalogSegment& g) {
    const double* pins[2] = {g.pin0_V, g.pin1_V};
    const double* clamps[2] = {g.clamp0_A, g.clamp1_A};
    const double shunt[2] = {g.shunt0_V, g.shunt1_V};
    const double vtop[2] = {g.vtop0_V, g.vtop1_V};
    const double* gp[2] = {g.gp0_V, g.gp1_V};
    const Time_ns at[2] = {g.t0_ns, g.t1_ns};
    const double reverse_V = p_.limit_reverse_V + p_.limit_sr_pin_A * p_.sr_series_Ohm;
    for (int e = 0; e < 2; ++e) {
        const Extremes x = extremes(pins[e]);
        if (x.diff > s_.peak_cell_diff_V || x.diff > p_.limit_cell_diff_V || x.pin > p_.limit_pin_V ||
            pins[e][0] > p_.limit_c0_V) {
            check_cell_pins(pins[e], at[e]);
        }
        if (clamps[e] != nullptr) {
            const double size = largest(clamps[e]);
            if (size > s_.peak_pin_A || size > p_.limit_pin_A) check_clamps(clamps[e], at[e]);
        }
        if (vtop[e] > p_.limit_vtop_V) break_part(DamageCause::vtop, 0, at[e], p_.limit_vtop_V, vtop[e]);
        if (shunt[e] > p_.limit_shunt_V) break_part(DamageCause::shunt_high, 0, at[e], p_.limit_shunt_V, shunt[e]);
        if (shunt[e] < -reverse_V) {
            break_part(DamageCause::shunt_reverse, 0, at[e], p_.limit_sr_pin_A,
                       (-shunt[e] - p_.limit_reverse_V) / p_.sr_series_Ohm);
        }
        for (std::uint32_t k = 0; k < k_max_gp; ++k) {
            if (gp[e][k] > p_.limit_gp_V || gp[e][k] < -0.3) {
                break_part(DamageCause::gp, k + 1, at[e], gp[e][k] < 0.0 ? -0.3 : p_.limit_gp_V, gp[e][k]);
            }
        }
    }
}

void Dvc1124::check_cell_pins(const double* pin_V, Time_ns t) {
    if (pin_V[0] > p_.limit_c0_V) break_part(DamageCause::pin_to_vss, 0, t, p_.limit_c0_V, pin_V[0]);
    for (std::uint32_t n = 1; n < k_max_pins; ++n) {
        const double diff = pin_V[n] - pin_V[n - 1];
        const double size = base::abs2(diff);
        if (size > s_.peak_cell_diff_V) {
            s_.peak_cell_diff_V = size;
            s_.peak_cell_index = n;
        }
        if (size > p_.limit_cell_diff_V) break_part(DamageCause::cell_difference, n, t, p_.limit_cell_diff_V, diff);
        if (pin_V[n] > p_.limit_pin_V) break_part(DamageCause::pin_to_vss, n, t, p_.limit_pin_V, pin_V[n]);
    }
}

void Dvc1124::check_clamps(const double* clamp_A, Time_ns t) {
    for (std::uint32_t n = 0; n < k_max_pins; ++n) {
        const double size = base::abs2(clamp_A[n]);
        if (size > s_.peak_pin_A) {
            s_.peak_pin_A = size;
            s_.peak_pin_index = n;
        }
        if (size > p_.limit_pin_A) break_part(DamageCause::pin_current, n, t, p_.limit_pin_A, clamp_A[n]);
    }
}

void Dvc1124::break_part(DamageCause cause, std::uint32_t index, Time_ns t, double limit, double value) {
    const std::uint32_t pin = 1U << index;
    switch (cause) {
        case DamageCause::none:
            return;
        case DamageCause::cell_difference:
        case DamageCause::pin_to_vss:
        case DamageCause::pin_current:
            if ((s_.dead_pins & pin) != 0) return;
            s_.dead_pins |= pin;
            break;
        case DamageCause::vtop:
            if (s_.mode == static_cast<std::uint8_t>(Mode::dead)) return;
            s_.mode = static_cast<std::uint8_t>(Mode::dead);
            break;
        case DamageCause::shunt_high:
        case DamageCause::shunt_reverse:
            if (s_.dead_shunt != 0) return;
            s_.dead_shunt = 1;
            s_.shunt_V = 0.0;
            for (int k = 0; k < 3; ++k) update_comparator(k, t);
            break;
        case DamageCause::gp:
            if ((s_.dead_gp & (1U << (index - 1))) != 0) return;
            s_.dead_gp |= 1U << (index - 1);
            break;
    }
    if (s_.damage_count < k_max_damage) {
        const std::uint32_t n = s_.damage_count;
        s_.damage_cause[n] = static_cast<std::uint32_t>(cause);
        s_.damage_index[n] = index;
        s_.damage_t_ns[n] = t;
        s_.damage_limit[n] = limit;
        s_.damage_value[n] = value;
        s_.damage_count += 1;
        rebuild_damage();
    }
    s_.attention = 1;
}

void Dvc1124::rebuild_damage() {
    for (std::uint32_t n = 0; n < s_.damage_count && n < k_max_damage; ++n) {
        const double limit = s_.damage_limit[n];
        const double value = s_.damage_value[n];
        damage_[n] = {static_cast<DamageCause>(s_.damage_cause[n]), s_.damage_index[n], s_.damage_t_ns[n], limit, value,
                      base::abs2(limit) - base::abs2(value)};
    }
}

}  // namespace twin::afe
