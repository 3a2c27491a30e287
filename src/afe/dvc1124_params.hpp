// SPDX-License-Identifier: Apache-2.0
// Parameters of a DVC1124-2 class chip (data: models/afes/dvc1124.json) and the errors of one specimen drawn from them.
#pragma once
#include <cstdint>

#include "afe/port.hpp"
#include "base/rng.hpp"

namespace twin::afe {

/// nominal: no error; worst: every tolerance at the end that protects latest; sampled: uniform within the tolerance,
/// keyed.
enum class Tolerance : std::uint8_t { nominal = 0, worst = 1, sampled = 2 };

/// SI units. "(A)" marks what no public source states and the project assumes.
struct Dvc1124Params {
    // noise, one standard deviation per conversion
    double cell_noise_sd_V = 0.3e-3;  // (A)
    double stack_noise_sd_V = 10e-3;  // (A)
    double aux_noise_sd_V = 0.3e-3;   // GP and V1P8 (A)
    double die_noise_sd_K = 0.1;      // (A)
    double cc1_noise_sd_V = 5e-6;     // at 4 ms; scales with sqrt(4 ms / period) (A)
    double cc2_noise_sd_V = 0.6e-6;   // (A)
    // spread that is always applied: normal, keyed by (seed, pack, channel)
    double cell_offset_sd_V = 0.0;
    // tolerances, applied by `tolerance`
    double cell_offset_tol_V = 1e-3;
    double cell_gain_tol = 1e-3;
    double stack_tol_V = 0.5;
    double aux_offset_tol_V = 1e-3;
    double die_tol_K = 2.0;          // (A)
    double v1p8_tol = 0.01;          // (A)
    double cc_offset_tol_V = 50e-6;  // before zero calibration
    double cc_gain_tol = 1e-3;
    double level_tol = 0.10;  // SCD, OCD2, OCC2 (A)
    double delay_tol = 0.10;  // SCD, OCD2, OCC2 (A)
    Tolerance tolerance = Tolerance::nominal;
    // comparators
    double hysteresis_V = 0.5e-3;  // level minus release level, at most half the level (A)
    double scd_code0_V = 10e-3;    // level of SCDT = 0 (A: the sources disagree whether it disables)
    // supply
    double por_rise_V = 7.0;  // (A); operating range starts at 8 V
    double por_fall_V = 6.0;  // (A)
    double supply_work_A = 270e-6;
    double supply_sleep_A = 60e-6;
    double supply_off_A = 1e-6;
    double supply_dead_A = 10e-3;  // a destroyed chip (A)
    double wake_s = 5e-3;          // first START or power-on to ready
    // pins
    double leak_idle_A = 10e-9;
    double leak_measure_A = 1e-6;  // while the slot of a cell at the pin converts
    double open_wire_A = 100e-6;
    double balance_low_Ohm = 170.0;   // cells 1..3
    double balance_high_Ohm = 290.0;  // cells 4..24
    double limit_cell_diff_V = 132.0;
    double limit_pin_V = 132.0;
    double limit_c0_V = 6.0;
    double limit_vtop_V = 132.0;
    double limit_pin_A = 25e-3;
    double limit_shunt_V = 6.0;
    double limit_reverse_V = 0.6;  // forward drop of the internal clamp of SRP/SRN (A)
    double limit_sr_pin_A = 1e-3;
    double sr_series_Ohm = 100.0;  // filter resistor of the board in front of SRP/SRN (A)
    double limit_gp_V = 6.0;
    double fault_S = 1e-4;  // conductance to VSS of a destroyed C pin (A)
    // identity and open points of the sources
    std::uint8_t frt = 128;            // NTC pull-up 6800 + 25 * frt Ohm
    std::uint8_t chip_version = 0x01;  // (A)
    std::uint8_t iwts_bit = 3;         // one public header says 4
    std::int8_t body_diode_sign =
        1;  // +1: DSG opens by charge current, CHG by discharge current; -1: as one figure draws
};

/// The errors of one specimen: measured = (true) * (1 + gain) + offset; comparator level and delay times their factor.
struct Dvc1124Trim {
    double cell_offset_V[k_max_cells] = {};
    double cell_gain[k_max_cells] = {};
    double stack_offset_V = 0.0;
    double aux_offset_V[k_max_gp] = {};
    double die_offset_K = 0.0;
    double v1p8_V = 1.8;
    double cc_offset_V = 0.0;
    double cc_gain = 0.0;
    double level_factor[3] = {1.0, 1.0, 1.0};  // SCD, OCD2, OCC2
    double delay_factor[3] = {1.0, 1.0, 1.0};
};

/// The trim of the specimen that (seed, pack) draws.
Dvc1124Trim make_trim(const Dvc1124Params& p, const base::RngKey& key);

/// Why a parameter set is refused, or null. Static text; `*which` is the parameter's name.
const char* check_params(const Dvc1124Params& p, const char** which);

}  // namespace twin::afe
