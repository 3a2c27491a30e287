// SPDX-License-Identifier: Apache-2.0
#include "afe/dvc1124_params.hpp"

#include "base/lanes.hpp"
#include "base/math.hpp"

namespace twin::afe {

namespace {

// Indices into Stream::tolerance, kept apart from those of other parts by the high word.
constexpr std::uint64_t k_block = 0x4146'4500'0000ULL;

/// An error within +-tol: 0, the end `worst_sign` * tol, or uniform.
double draw(const Dvc1124Params& p, const base::RngKey& key, std::uint64_t index, double tol, double worst_sign) {
    if (p.tolerance == Tolerance::nominal) return 0.0;
    if (p.tolerance == Tolerance::worst) return worst_sign * tol;
    return (2.0 * base::uniform(key, base::Stream::tolerance, k_block + index) - 1.0) * tol;
}

}  // namespace

Dvc1124Trim make_trim(const Dvc1124Params& p, const base::RngKey& key) {
    Dvc1124Trim t;
    for (std::size_t k = 0; k < k_max_cells; ++k) {
        // Worst: neighbours err in opposite directions, so that both a hidden high and a hidden low cell exist.
        const double sign = k % 2 == 0 ? -1.0 : 1.0;
        t.cell_offset_V[k] = draw(p, key, k, p.cell_offset_tol_V, sign) +
                             p.cell_offset_sd_V * base::normal(key, base::Stream::adc_offset, k);
        t.cell_gain[k] = draw(p, key, 32 + k, p.cell_gain_tol, sign);
    }
    t.stack_offset_V = draw(p, key, 64, p.stack_tol_V, 1.0);
    for (std::size_t k = 0; k < k_max_gp; ++k) t.aux_offset_V[k] = draw(p, key, 65 + k, p.aux_offset_tol_V, 1.0);
    t.die_offset_K = draw(p, key, 72, p.die_tol_K, -1.0);
    t.v1p8_V = 1.8 * (1.0 + draw(p, key, 73, p.v1p8_tol, 1.0));
    t.cc_offset_V = draw(p, key, 74, p.cc_offset_tol_V, -1.0);
    t.cc_gain = draw(p, key, 75, p.cc_gain_tol, -1.0);
    for (std::size_t k = 0; k < 3; ++k) {
        t.level_factor[k] = 1.0 + draw(p, key, 80 + k, p.level_tol, 1.0);
        t.delay_factor[k] = 1.0 + draw(p, key, 84 + k, p.delay_tol, 1.0);
    }
    return t;
}

const char* check_params(const Dvc1124Params& p, const char** which) {
    struct Row {
        const char* name;
        double value, lo, hi;
    };
    const Row rows[] = {
        {"cell_noise_sd_V", p.cell_noise_sd_V, 0.0, 0.1},
        {"stack_noise_sd_V", p.stack_noise_sd_V, 0.0, 5.0},
        {"aux_noise_sd_V", p.aux_noise_sd_V, 0.0, 0.1},
        {"die_noise_sd_K", p.die_noise_sd_K, 0.0, 20.0},
        {"cc1_noise_sd_V", p.cc1_noise_sd_V, 0.0, 1e-2},
        {"cc2_noise_sd_V", p.cc2_noise_sd_V, 0.0, 1e-2},
        {"cell_offset_sd_V", p.cell_offset_sd_V, 0.0, 0.1},
        {"cell_offset_tol_V", p.cell_offset_tol_V, 0.0, 0.1},
        {"cell_gain_tol", p.cell_gain_tol, 0.0, 0.1},
        {"stack_tol_V", p.stack_tol_V, 0.0, 10.0},
        {"aux_offset_tol_V", p.aux_offset_tol_V, 0.0, 0.1},
        {"die_tol_K", p.die_tol_K, 0.0, 50.0},
        {"v1p8_tol", p.v1p8_tol, 0.0, 0.1},
        {"cc_offset_tol_V", p.cc_offset_tol_V, 0.0, 1e-2},
        {"cc_gain_tol", p.cc_gain_tol, 0.0, 0.1},
        {"level_tol", p.level_tol, 0.0, 0.9},
        {"delay_tol", p.delay_tol, 0.0, 0.9},
        {"hysteresis_V", p.hysteresis_V, 0.0, 0.1},
        {"scd_code0_V", p.scd_code0_V, 1e-3, 0.63},
        {"por_rise_V", p.por_rise_V, 1.0, 20.0},
        {"por_fall_V", p.por_fall_V, 0.5, p.por_rise_V},
        {"supply_work_A", p.supply_work_A, 0.0, 1.0},
        {"supply_sleep_A", p.supply_sleep_A, 0.0, 1.0},
        {"supply_off_A", p.supply_off_A, 0.0, 1.0},
        {"supply_dead_A", p.supply_dead_A, 0.0, 1.0},
        {"wake_s", p.wake_s, 0.0, 1.0},
        {"leak_idle_A", p.leak_idle_A, 0.0, 1e-3},
        {"leak_measure_A", p.leak_measure_A, 0.0, 1e-3},
        {"open_wire_A", p.open_wire_A, 0.0, 1e-2},
        {"balance_low_Ohm", p.balance_low_Ohm, 1.0, 1e6},
        {"balance_high_Ohm", p.balance_high_Ohm, 1.0, 1e6},
        {"limit_cell_diff_V", p.limit_cell_diff_V, 1.0, 1e3},
        {"limit_pin_V", p.limit_pin_V, 1.0, 1e3},
        {"limit_c0_V", p.limit_c0_V, 0.1, 1e3},
        {"limit_vtop_V", p.limit_vtop_V, 1.0, 1e3},
        {"limit_pin_A", p.limit_pin_A, 1e-6, 10.0},
        {"limit_shunt_V", p.limit_shunt_V, 0.1, 1e3},
        {"limit_reverse_V", p.limit_reverse_V, 0.0, 2.0},
        {"limit_sr_pin_A", p.limit_sr_pin_A, 1e-6, 10.0},
        {"sr_series_Ohm", p.sr_series_Ohm, 1e-3, 1e6},
        {"limit_gp_V", p.limit_gp_V, 0.1, 1e3},
        {"fault_S", p.fault_S, 0.0, 1.0},
    };
    for (const Row& r : rows) {
        if (!(r.value >= r.lo && r.value <= r.hi)) {
            *which = r.name;
            return "outside its allowed range";
        }
    }
    if (p.iwts_bit != 3 && p.iwts_bit != 4) {
        *which = "iwts_bit";
        return "must be 3 or 4";
    }
    if (p.body_diode_sign != 1 && p.body_diode_sign != -1) {
        *which = "body_diode_sign";
        return "must be 1 or -1";
    }
    *which = nullptr;
    return nullptr;
}

}  // namespace twin::afe
