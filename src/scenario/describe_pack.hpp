// SPDX-License-Identifier: Apache-2.0
// Keys of packs, boards, wiring, environment, loads and chargers (base/describe.hpp says how to read this).
#pragma once
#include <array>

#include "base/describe.hpp"
#include "scenario/scenario.hpp"

namespace twin::scenario {

using base::Need;

template <class V>
void describe(V& v, Series& s) {
    v.about("series", "A value: a number, or straight lines over time.");
    v.number_form(s.constant, "constant over the whole run");
    v.field("profile", s.csv, {.doc = "CSV file with a time column in seconds and a value column"});
    v.field("column", s.column, {.doc = "name of the value column in the CSV's header; the second column by default"});
    if (s.csv.empty() || !s.points.empty()) v.field("points", s.points, {.doc = "list of [t_s, value], times rising"});
    v.field("repeat", s.repeat, {.doc = "start again at the end; the last point's time is the period"});
    v.exactly_one({"profile", "points"});
    for (std::size_t k = 0; k < s.points.size(); ++k) {
        v.check(s.points[k].size() == 2, "points", "every point must be [t_s, value]");
        if (s.points[k].size() != 2) return;
        v.check(k == 0 ? s.points[0][0] >= 0 : s.points[k][0] > s.points[k - 1][0], "points",
                "times must start at 0 or later and rise");
    }
}

template <class V>
void describe(V& v, Spread& s) {
    v.about(
        "spread",
        "What the cells differ by, drawn from the seed: the name of a model (lfp-new, ..), or standard deviations of a "
        "normal distribution cut at 3 sd.");
    v.text_form(s.model,
                "model of models/spread: capacity, resistance, self-discharge and charge at the start, correlated");
    v.field("model", s.model, {.doc = "model of models/spread, name or path; without the next three"});
    v.quantity("capacity_pct", s.capacity_rel, {.doc = "of capacity", .min = 0, .max = 20});
    v.quantity("r_pct", s.r_rel, {.doc = "of resistance", .min = 0, .max = 30});
    v.quantity("soc_pct", s.soc_abs, {.doc = "of state of charge, in percentage points", .min = 0, .max = 20});
    v.quantity("temp_K", s.temp_K, {.doc = "of start temperature", .min = 0, .max = 20});
    v.check(s.model.empty() || (s.capacity_rel == 0.0 && s.r_rel == 0.0 && s.soc_abs == 0.0), "model",
            "a model has its own standard deviations: without capacity_pct, r_pct and soc_pct");
}

template <class V>
void describe(V& v, CellOverride& s) {
    v.about("cell", "What one cell has different from its pack.");
    v.field("soc", s.soc, {.doc = "state of charge at the start, 0 .. 1", .min = 0, .max = 1});
    v.field("hysteresis", s.hysteresis,
            {.doc = "how the charge at the start was reached, and the direction of the last current: -1 by a long "
                    "discharge, +1 by a long charge; as the pack "
                    "by default",
             .min = -1,
             .max = 1});
    v.field("temp_degC", s.temp_degC, {.doc = "start temperature", .min = -60, .max = 150});
    v.field("capacity_scale", s.capacity_scale, {.doc = "capacity relative to the model", .min = 0.1, .max = 2});
    v.field("r_scale", s.r_scale, {.doc = "resistance relative to the model", .min = 0.1, .max = 20});
    v.quantity("leak_ohm", s.leak_Ohm, {.doc = "internal leak; 0 for none", .min = 0, .max = 1e9});
}

template <class V>
void describe(V& v, Lead& s) {
    v.about("lead", "One wire: where it goes and how good its contact is.");
    v.nullable(
        "tap", s.tap, Lead::k_open,
        {.doc = "tap a sampling lead goes to (0 is B-); null is open; its own number by default", .min = 0, .max = 24});
    v.quantity("contact_mohm", s.contact_Ohm, {.doc = "added contact resistance", .min = 0, .max = 1e6});
    v.field("connected", s.connected, {.doc = "false: the plug is not in at the start"});
}

template <class V>
void describe(V& v, BoardSpread& s) {
    v.about("board-spread", "Standard deviations of the board's measuring errors, drawn from the seed.");
    v.quantity("channel_offset_mV", s.channel_offset_V,
               {.doc = "offset of each cell voltage channel", .min = 0, .max = 50});
    v.quantity("current_offset_mA", s.current_offset_A,
               {.doc = "offset of the current channel", .min = 0, .max = 5000});
}

template <class V>
void describe(V& v, Board& s) {
    v.about("board", "The BMS board and the core's settings; the word \"none\" runs cells alone.");
    v.text_form(s.product, "\"none\", or a product with all defaults");
    v.field("product", s.product, {.doc = "product of models/products, e.g. R24TK1A-17S-100A"});
    v.field("profile", s.profile, {.doc = "settings and requirements: field, manual, or a path"});
    v.field("chemistry", s.chemistry,
            {.doc = "battery type set in the core: auto (the cell model's own), LFP, NMC, LTO"});
    v.field("tolerances", s.tolerances, {.doc = "nominal, worst or sampled"});
    v.field("spread", s.spread, {.doc = "measuring errors of this board"});
    v.map("parts", s.parts, "<name>", {.doc = "variants of parts, e.g. {\"clamp\": \"none\"}"});
    v.map("parameters", s.parameters, "<name>",
          {.doc = "parameters of the core by its describe() names, any convertible unit suffix"});
    v.check(s.chemistry == "auto" || s.chemistry == "LFP" || s.chemistry == "NMC" || s.chemistry == "LTO", "chemistry",
            "must be auto, LFP, NMC or LTO");
    v.check(s.tolerances == "nominal" || s.tolerances == "worst" || s.tolerances == "sampled", "tolerances",
            "must be nominal, worst or sampled");
}

template <class V>
void describe(V& v, Pack& s) {
    v.about("pack", "A battery pack: cells, harness and board.");
    v.field("id", s.id, {.doc = "name of the pack; needed with several"});
    v.field("cells", s.cells, {.doc = "nS or nSmP", .need = Need::required});
    v.field("model", s.model, {.doc = "cell model, name or path", .need = Need::required});
    v.field(
        "kind", s.kind,
        {.doc = "how the cells are solved: ecm for an equivalent circuit; spm, spme (default) or dfn for a BPX file"});
    v.check(s.kind.empty() || s.kind == "ecm" || s.kind == "spm" || s.kind == "spme" || s.kind == "dfn", "kind",
            "must be ecm, spm, spme or dfn");
    v.field("soc", s.soc, {.doc = "state of charge at the start, 0 .. 1", .min = 0, .max = 1});
    v.field("hysteresis", s.hysteresis,
            {.doc = "how the charge at the start was reached, and the direction of the last current: -1 by a long "
                    "discharge, +1 by a long charge; by default "
                    "0, of a BPX file what it states, else 1",
             .min = -1,
             .max = 1});
    v.field("temp_degC", s.temp_degC, {.doc = "temperature of the cells at the start", .min = -60, .max = 150});
    v.field("spread", s.spread, {.doc = "differences between the cells"});
    v.map("override", s.override_, "cell[<n>]", {.doc = "single cells"});
    v.field("board", s.board, {.doc = "the BMS"});
    v.map("wiring", s.wiring, "W<n>|N<n>|B+|B-|P-", {.doc = "leads that are not as they should be"});
    v.field("connected", s.connected, {.doc = "on the common bus from the start"});
}

template <class V>
void describe(V& v, Environment& s) {
    v.about("environment", "Ambient temperatures; board and cells have their own.");
    v.field("board_degC", s.board_degC, {.doc = "around the board", .min = -60, .max = 150});
    v.field("cells_degC", s.cells_degC, {.doc = "around the cells", .min = -60, .max = 150});
}

template <class V>
void describe(V& v, CurrentLoad& s) {
    v.about("current-load", "Constant current with drop-out.");
    v.field("cc_A", s.cc_A, {.doc = "current", .need = Need::required, .min = 0, .max = 1e5});
    v.quantity("dropout_V", s.dropout_V,
               {.doc = "below this voltage the current falls to zero with the voltage", .min = 0.01, .max = 1000});
}
template <class V>
void describe(V& v, PowerLoad& s) {
    v.about("power-load", "Constant power with drop-out.");
    v.field("power_W", s.power_W, {.doc = "power", .need = Need::required, .min = 0, .max = 1e7});
    v.quantity("dropout_V", s.dropout_V, {.doc = "below this voltage it is a resistance", .min = 0.01, .max = 1000});
}
template <class V>
void describe(V& v, ResistorLoad& s) {
    v.about("resistor-load", "Resistance, with inductance if given.");
    v.quantity("r_mohm", s.r_Ohm, {.doc = "resistance", .need = Need::required, .min = 0.1, .max = 1e12});
    v.quantity("l_uH", s.l_H, {.doc = "inductance", .min = 0, .max = 1e7});
}
template <class V>
void describe(V& v, CapacitorLoad& s) {
    v.about("capacitor-load", "Input capacitors of an inverter.");
    v.quantity("c_mF", s.c_F, {.doc = "capacitance", .need = Need::required, .min = 1e-6, .max = 1e5});
    v.quantity("esr_mohm", s.esr_Ohm, {.doc = "series resistance", .min = 0.1, .max = 1e6});
    v.quantity("l_uH", s.l_H, {.doc = "cable inductance", .min = 0, .max = 1e4});
    v.quantity("v0_V", s.v0_V, {.doc = "charged to, at the start", .min = 0, .max = 1000});
    v.quantity("bleed_ohm", s.bleed_Ohm, {.doc = "resistor across the capacitors", .min = 1, .max = 1e9});
    v.field(
        "idle_A", s.idle_A,
        {.doc = "drawn from the capacitors, with drop-out at a quarter of the pack's voltage", .min = 0, .max = 1e4});
}
template <class V>
void describe(V& v, MotorLoad::Data& s) {
    v.about("motor", "Direct-current motor at standstill when it is connected.");
    v.quantity("nominal_V", s.nominal_V, {.doc = "voltage at which the currents below hold", .min = 1, .max = 1000});
    v.quantity("stall_A", s.stall_A,
               {.doc = "current at standstill; armature resistance = nominal_V / stall_A", .min = 0.1, .max = 1e5});
    v.quantity("run_A", s.run_A, {.doc = "current of the load torque", .min = 0, .max = 1e5});
    v.quantity("spin_up_s", s.spin_up_s, {.doc = "mechanical time constant", .min = 0.001, .max = 1000});
    v.quantity("l_uH", s.l_H, {.doc = "armature inductance", .min = 0, .max = 1e6});
    v.check(s.run_A < s.stall_A, "run_A", "must be below stall_A, or the motor never turns");
}
template <class V>
void describe(V& v, MotorLoad& s) {
    v.about("motor-load", "Direct-current motor.");
    v.field("motor", s.motor, {.doc = "its data", .need = Need::required});
}
template <class V>
void describe(V& v, Load& s) {
    v.about("load", "One load between P+ and P-; cc_A, power_W, r_mohm, c_mF or motor says which kind.");
    v.field("id", s.id, {.doc = "name; needed with several"});
    v.field("connected", s.connected, {.doc = "from the start"});
    v.by_key(s.kind);
}
template <class V>
void describe(V& v, Charger& s) {
    v.about("charger", "Constant current, constant voltage, with an open-circuit limit.");
    v.field("id", s.id, {.doc = "name; needed with several"});
    v.field("connected", s.connected, {.doc = "from the start"});
    v.field("cc_A", s.cc_A, {.doc = "current limit, a magnitude", .need = Need::required, .min = 0, .max = 1e5});
    v.quantity("cv_V", s.cv_V,
               {.doc = "regulated voltage at its terminals", .need = Need::required, .min = 1, .max = 1000});
    v.quantity("open_circuit_V", s.open_circuit_V,
               {.doc = "highest output voltage without load; 0: cv_V", .min = 0, .max = 1000});
    v.quantity("output_uF", s.output_F, {.doc = "output capacitance", .min = 1, .max = 1e6});
    v.quantity("r_mohm", s.r_Ohm, {.doc = "output stage and cable", .min = 0.1, .max = 1e4});
    v.quantity("cutoff_A", s.cutoff_A,
               {.doc = "ends the charge when the current has fallen below; 0: never", .min = 0, .max = 1e4});
    v.check(s.open_circuit_V == 0.0 || s.open_circuit_V >= s.cv_V, "open_circuit_V", "must be 0 or at least cv_V");
}

}  // namespace twin::scenario
