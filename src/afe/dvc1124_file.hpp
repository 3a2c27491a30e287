// SPDX-License-Identifier: Apache-2.0
// The file form of a DVC1124-2 class chip (models/afes/*.json). Every figure carries value, tolerance in percent, label
// (sheet, typical, assumed) and source; its unit is in the key. Figures whose key says `tol` are themselves the
// tolerance that worst-case and sampled specimens use.
#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "afe/dvc1124_params.hpp"
#include "base/describe.hpp"

namespace twin::afe {

/// One figure of the file: how it is named there, its range there, and what it is in Dvc1124Params (SI = value *
/// to_si).
struct FigureRow {
    const char* key;
    const char* doc;
    double lo, hi;  // allowed values, in the unit of the key
    double to_si;
    double Dvc1124Params::* member;
};

inline constexpr std::array<FigureRow, 39> k_dvc1124_figures{{
    {"cell_noise_sd_mV", "noise of one cell conversion", 0, 100, 1e-3, &Dvc1124Params::cell_noise_sd_V},
    {"stack_noise_sd_mV", "noise of one VTOP conversion", 0, 5000, 1e-3, &Dvc1124Params::stack_noise_sd_V},
    {"aux_noise_sd_mV", "noise of one GP or V1P8 conversion", 0, 100, 1e-3, &Dvc1124Params::aux_noise_sd_V},
    {"die_noise_sd_K", "noise of one die temperature conversion", 0, 20, 1.0, &Dvc1124Params::die_noise_sd_K},
    {"cc1_noise_sd_uV", "noise of one CC1 conversion of 4 ms; grows with the root of a shorter period", 0, 1e4, 1e-6,
     &Dvc1124Params::cc1_noise_sd_V},
    {"cc2_noise_sd_uV", "noise of one CC2 conversion", 0, 1e4, 1e-6, &Dvc1124Params::cc2_noise_sd_V},
    {"cell_offset_tol_mV", "offset of a cell channel, largest", 0, 100, 1e-3, &Dvc1124Params::cell_offset_tol_V},
    {"cell_gain_tol_pct", "gain error of a cell channel, largest", 0, 10, 1e-2, &Dvc1124Params::cell_gain_tol},
    {"stack_tol_mV", "error of VTOP, largest", 0, 10000, 1e-3, &Dvc1124Params::stack_tol_V},
    {"aux_offset_tol_mV", "offset of a GP channel, largest", 0, 100, 1e-3, &Dvc1124Params::aux_offset_tol_V},
    {"die_tol_K", "error of the die temperature, largest", 0, 50, 1.0, &Dvc1124Params::die_tol_K},
    {"v1p8_tol_pct", "error of the 1.8 V reference, largest", 0, 10, 1e-2, &Dvc1124Params::v1p8_tol},
    {"cc_offset_tol_uV", "offset of the current converter before zero calibration, largest", 0, 1e4, 1e-6,
     &Dvc1124Params::cc_offset_tol_V},
    {"cc_gain_tol_pct", "gain error of the current converter, largest", 0, 10, 1e-2, &Dvc1124Params::cc_gain_tol},
    {"comparator_level_tol_pct", "level of SCD, OCD2, OCC2, largest error", 0, 90, 1e-2, &Dvc1124Params::level_tol},
    {"comparator_delay_tol_pct", "delay of SCD, OCD2, OCC2, largest error", 0, 90, 1e-2, &Dvc1124Params::delay_tol},
    {"comparator_hysteresis_mV", "level minus release level, at most half the level", 0, 100, 1e-3,
     &Dvc1124Params::hysteresis_V},
    {"scd_code0_mV", "level of SCDT = 0", 1, 630, 1e-3, &Dvc1124Params::scd_code0_V},
    {"por_rise_V", "supply at which the chip starts", 1, 20, 1.0, &Dvc1124Params::por_rise_V},
    {"por_fall_V", "supply at which it loses its registers", 0.5, 20, 1.0, &Dvc1124Params::por_fall_V},
    {"supply_work_uA", "supply current at work", 0, 1e6, 1e-6, &Dvc1124Params::supply_work_A},
    {"supply_sleep_uA", "supply current asleep", 0, 1e6, 1e-6, &Dvc1124Params::supply_sleep_A},
    {"supply_off_uA", "supply current in shutdown", 0, 1e6, 1e-6, &Dvc1124Params::supply_off_A},
    {"supply_dead_mA", "supply current of a chip with a destroyed supply pin", 0, 1e3, 1e-3,
     &Dvc1124Params::supply_dead_A},
    {"wake_ms", "first START or power-on to ready", 0, 1000, 1e-3, &Dvc1124Params::wake_s},
    {"leak_idle_nA", "input current of a C pin, idle", 0, 1e6, 1e-9, &Dvc1124Params::leak_idle_A},
    {"leak_measure_nA", "input current of a C pin while its cell converts", 0, 1e6, 1e-9,
     &Dvc1124Params::leak_measure_A},
    {"open_wire_uA", "pull-down of the open-wire test", 0, 1e4, 1e-6, &Dvc1124Params::open_wire_A},
    {"balance_low_ohm", "passive balance switch, cells 1 to 3", 1, 1e6, 1.0, &Dvc1124Params::balance_low_Ohm},
    {"balance_high_ohm", "passive balance switch, cells 4 to 24", 1, 1e6, 1.0, &Dvc1124Params::balance_high_Ohm},
    {"limit_cell_diff_V", "absolute maximum between neighbouring C pins", 1, 1000, 1.0,
     &Dvc1124Params::limit_cell_diff_V},
    {"limit_pin_V", "absolute maximum of C1..C24 against VSS", 1, 1000, 1.0, &Dvc1124Params::limit_pin_V},
    {"limit_c0_V", "absolute maximum of C0", 0.1, 1000, 1.0, &Dvc1124Params::limit_c0_V},
    {"limit_vtop_V", "absolute maximum of the supply pin", 1, 1000, 1.0, &Dvc1124Params::limit_vtop_V},
    {"limit_pin_mA", "largest current into a C pin's clamp", 1e-3, 1e4, 1e-3, &Dvc1124Params::limit_pin_A},
    {"limit_shunt_V", "absolute maximum of SRP and SRN", 0.1, 1000, 1.0, &Dvc1124Params::limit_shunt_V},
    {"limit_sr_pin_mA", "largest reverse current into SRP or SRN", 1e-3, 1e4, 1e-3, &Dvc1124Params::limit_sr_pin_A},
    {"limit_gp_V", "absolute maximum of a GP pin", 0.1, 1000, 1.0, &Dvc1124Params::limit_gp_V},
    {"fault_uS", "conductance to VSS of a destroyed C pin", 0, 1e6, 1e-6, &Dvc1124Params::fault_S},
}};

struct AfeFigure {
    double value = 0.0;
    double tol_pct = 0.0;
    std::string label, source;
    double lo = 0.0, hi = 0.0;  // allowed range; not part of the file
};

struct Dvc1124File {
    std::int64_t bmstwin_afe = 1;
    std::string id, title, label;
    std::vector<std::string> sources, notes;
    std::array<AfeFigure, k_dvc1124_figures.size()> figure{};  // in the order of k_dvc1124_figures
    std::int64_t frt = 128;
    std::int64_t chip_version = 1;
    std::int64_t iwts_bit = 3;
    std::int64_t body_diode_sign = 1;
    Dvc1124File() {
        for (std::size_t k = 0; k < figure.size(); ++k) {
            figure[k].lo = k_dvc1124_figures[k].lo;
            figure[k].hi = k_dvc1124_figures[k].hi;
        }
    }
};

/// Parameters of a file that passed `describe`, with nominal tolerances and no channel spread.
/// Throws std::invalid_argument if `check_params` refuses the result.
Dvc1124Params build(const Dvc1124File& f);

template <class V>
void describe(V& v, AfeFigure& s) {
    v.about("afe_figure", "A number with tolerance, label and source; the unit is in the key that holds it.");
    v.field("value", s.value, {.doc = "the number", .need = base::Need::required, .min = s.lo, .max = s.hi});
    v.field("tol_pct", s.tol_pct,
            {.doc = "tolerance of a real part", .need = base::Need::required, .min = 0, .max = 1000});
    v.field("label", s.label, {.doc = "sheet, typical or assumed", .need = base::Need::required});
    v.field("source", s.source, {.doc = "where it comes from", .need = base::Need::required});
}

template <class V>
void describe(V& v, Dvc1124File& s) {
    using base::Need;
    v.about("afe_model", "An analog front end of the DVC1124-2 class.");
    v.field("bmstwin_afe", s.bmstwin_afe,
            {.doc = "version of this format", .need = Need::required, .min = 1, .max = 1});
    v.field("id", s.id, {.doc = "name that boards use", .need = Need::required});
    v.field("title", s.title, {.doc = "one line"});
    v.field("label", s.label, {.doc = "how good", .need = Need::required});
    v.field("sources", s.sources, {.doc = "where the numbers come from", .need = Need::required, .min_items = 1});
    v.field("notes", s.notes, {.doc = "what was assumed"});
    for (std::size_t k = 0; k < s.figure.size(); ++k) {
        v.field(k_dvc1124_figures[k].key, s.figure[k], {.doc = k_dvc1124_figures[k].doc, .need = Need::required});
    }
    v.field("frt", s.frt, {.doc = "trim of the NTC pull-up, 6800 + 25 * frt Ohm", .min = 0, .max = 255});
    v.field("chip_version", s.chip_version, {.doc = "register 0x8F", .min = 0, .max = 255});
    v.field("iwts_bit", s.iwts_bit, {.doc = "position of the watchdog status in 0x77", .min = 3, .max = 4});
    v.field("body_diode_sign", s.body_diode_sign,
            {.doc = "1: DSG opens by charge current; -1: by discharge current", .min = -1, .max = 1});
    v.check(s.body_diode_sign != 0, "body_diode_sign", "must be 1 or -1");
    v.check(s.figure[19].value <= s.figure[18].value, "por_fall_V", "must not be above por_rise_V");
}

}  // namespace twin::afe
