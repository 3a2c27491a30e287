// SPDX-License-Identifier: Apache-2.0
// The file form of a cell model (models/cells/*.json) and its conversion into tables. Numbers are stored in the unit
// that their key names; `build` checks what relates several of them.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "base/describe.hpp"
#include "cell/ecm_model.hpp"

namespace twin::cell {

struct ToleranceFile {
    double capacity_pct = 0.0, r_pct = 0.0, ocv_mV = 0.0;
};
struct ValidFile {
    double soc_min = 0.0, soc_max = 1.0, t_min_degC = 0.0, t_max_degC = 0.0, i_max_A = 0.0;
};
struct OcvFile {
    double t_ref_degC = 25.0;
    std::vector<double> soc, v_V;  // (n), (n)
};
struct EntropyFile {
    std::vector<double> soc{0.0, 1.0}, dudt_mV_per_K{0.0, 0.0};  // (n), (n)
};
struct HysteresisFile {
    double gamma = 0.0;
    std::vector<double> soc{0.0, 1.0}, m_mV{0.0, 0.0};  // (n), (n)
    std::vector<double> m0_mV{};                        // (n) or empty: no instantaneous part
    double turn_gamma = k_turn_gamma;
};
struct ResistanceFile {
    std::vector<double> soc, t_degC;                         // (ns), (nt)
    std::vector<double> r0_mohm, r1_mohm, r2_mohm, r3_mohm;  // (ns x nt), soc outside; r2, r3 may be empty: no pair
    std::vector<double> r0_charge_mohm, r1_charge_mohm, r2_charge_mohm, r3_charge_mohm;  // empty: as on discharge
    double tau1_s = 0.0, tau2_s = 0.0, tau3_s = 0.0;
    double ohmic_mohm = 0.0;
};
struct SelfDischargeFile {
    double pct_per_month = 0.0, t_ref_degC = 25.0, activation_K = 0.0;
};
struct ThermalFile {
    double core_J_per_K = 0.0, surface_J_per_K = 0.0, core_surface_K_per_W = 0.0, surface_ambient_K_per_W = 0.0;
};

struct EcmModelFile {
    std::int64_t bmstwin_cell = 1;
    std::string id, title, chemistry, label, fit_error;
    std::vector<std::string> sources, notes;
    ToleranceFile tolerance;
    double capacity_Ah = 0.0, nameplate_Ah = 0.0, mass_kg = 0.0;
    double v_min_V = 0.0, v_max_V = 0.0;
    ValidFile valid;
    OcvFile ocv;
    EntropyFile entropy;
    HysteresisFile hysteresis;
    ResistanceFile resistance;
    double coulombic_efficiency = 1.0;
    SelfDischargeFile self_discharge;
    ThermalFile thermal;
};

/// What `build` found wrong: the top-level key, and what of it with the value and what is allowed.
struct ModelError {
    std::string key, message;
};

/// Everything wrong with the file; empty if `build` will succeed.
std::vector<ModelError> check(const EcmModelFile& f);

/// Tables of a checked file. Throws std::invalid_argument with all messages of `check` otherwise.
EcmModel build(const EcmModelFile& f);
/// True if a cell's history (hysteresis, direction of the last current) changes its voltage somewhere.
bool has_hysteresis(const EcmModel& model);

template <class V>
void describe(V& v, ToleranceFile& s) {
    v.about("cell_tolerance", "How far a real cell of this type may be from the model.");
    v.field("capacity_pct", s.capacity_pct, {.doc = "capacity", .min = 0, .max = 100});
    v.field("r_pct", s.r_pct, {.doc = "resistances", .min = 0, .max = 1000});
    v.field("ocv_mV", s.ocv_mV, {.doc = "open-circuit voltage", .min = 0, .max = 1000});
}
template <class V>
void describe(V& v, ValidFile& s) {
    v.about("cell_valid_range", "Where the data of the model hold; a run that leaves it is marked EXTRAPOLATED.");
    v.field("soc_min", s.soc_min, {.doc = "lowest state of charge", .min = -1, .max = 2});
    v.field("soc_max", s.soc_max, {.doc = "highest state of charge", .min = -1, .max = 2});
    v.field("t_min_degC", s.t_min_degC,
            {.doc = "lowest core temperature", .need = base::Need::required, .min = -100, .max = 200});
    v.field("t_max_degC", s.t_max_degC,
            {.doc = "highest core temperature", .need = base::Need::required, .min = -100, .max = 200});
    v.field("i_max_A", s.i_max_A,
            {.doc = "largest current of one cell", .need = base::Need::required, .min = 0, .max = 1e6});
}
template <class V>
void describe(V& v, OcvFile& s) {
    v.about("cell_ocv", "Open-circuit voltage over state of charge, strictly increasing; straight lines outside.");
    v.field("t_ref_degC", s.t_ref_degC, {.doc = "temperature of the table", .min = -50, .max = 100});
    v.field(
        "soc", s.soc,
        {.doc = "knots", .need = base::Need::required, .min = 0, .max = 1, .min_items = 2, .max_items = k_ocv_knots});
    v.field("v_V", s.v_V,
            {.doc = "voltage at each knot",
             .need = base::Need::required,
             .min = 0,
             .max = 10,
             .min_items = 2,
             .max_items = k_ocv_knots});
}
template <class V>
void describe(V& v, EntropyFile& s) {
    v.about("cell_entropy", "Entropic coefficient dU/dT over state of charge.");
    v.field(
        "soc", s.soc,
        {.doc = "knots", .need = base::Need::required, .min = 0, .max = 1, .min_items = 2, .max_items = k_ocv_knots});
    v.field("dudt_mV_per_K", s.dudt_mV_per_K,
            {.doc = "dU/dT in mV/K",
             .need = base::Need::required,
             .min = -10,
             .max = 10,
             .unit = "mV/K",
             .min_items = 2,
             .max_items = k_ocv_knots});
}
template <class V>
void describe(V& v, HysteresisFile& s) {
    v.about("cell_hysteresis", "One-state hysteresis: half gap of charge and discharge, and its rate.");
    v.field("gamma", s.gamma,
            {.doc = "e-folds per capacity moved; 0 only without amplitude",
             .need = base::Need::required,
             .min = 0,
             .max = 1e5});
    v.field(
        "soc", s.soc,
        {.doc = "knots", .need = base::Need::required, .min = 0, .max = 1, .min_items = 2, .max_items = k_ocv_knots});
    v.field("m_mV", s.m_mV,
            {.doc = "amplitude at each knot",
             .need = base::Need::required,
             .min = 0,
             .max = 500,
             .min_items = 2,
             .max_items = k_ocv_knots});
    v.field("m0_mV", s.m0_mV,
            {.doc = "instantaneous part at each knot: half the jump at a reversal; empty: none",
             .min = 0,
             .max = 500,
             .max_items = k_ocv_knots});
    v.field("turn_gamma", s.turn_gamma,
            {.doc = "e-folds per capacity moved in which the direction turns, for m0_mV and the resistances on charge",
             .min = 100,
             .max = 1e6});
}
template <class V>
void describe(V& v, ResistanceFile& s) {
    v.about(
        "cell_resistance",
        "R0 and 1 to 3 RC pairs over state of charge (outer) and temperature (inner), row by row; constant outside.");
    v.field(
        "soc", s.soc,
        {.doc = "knots", .need = base::Need::required, .min = 0, .max = 1, .min_items = 2, .max_items = k_r_soc_knots});
    v.field("t_degC", s.t_degC,
            {.doc = "knots",
             .need = base::Need::required,
             .min = -100,
             .max = 200,
             .min_items = 2,
             .max_items = k_r_t_knots});
    v.field("r0_mohm", s.r0_mohm,
            {.doc = "ohmic, microseconds to milliseconds", .need = base::Need::required, .min = 1e-6, .max = 1e6});
    v.field("r1_mohm", s.r1_mohm, {.doc = "fast pair", .need = base::Need::required, .min = 1e-6, .max = 1e6});
    v.field("r2_mohm", s.r2_mohm, {.doc = "second pair; empty: one pair only", .min = 1e-6, .max = 1e6});
    v.field("r3_mohm", s.r3_mohm, {.doc = "third pair; empty: two pairs", .min = 1e-6, .max = 1e6});
    v.field("r0_charge_mohm", s.r0_charge_mohm,
            {.doc = "the same while charging; empty: as while discharging", .min = 1e-6, .max = 1e6});
    v.field("r1_charge_mohm", s.r1_charge_mohm, {.doc = "while charging", .min = 1e-6, .max = 1e6});
    v.field("r2_charge_mohm", s.r2_charge_mohm, {.doc = "while charging", .min = 1e-6, .max = 1e6});
    v.field("r3_charge_mohm", s.r3_charge_mohm, {.doc = "while charging", .min = 1e-6, .max = 1e6});
    v.field("tau1_s", s.tau1_s,
            {.doc = "time constant of the fast pair", .need = base::Need::required, .min = 1e-3, .max = 1e6});
    v.field("tau2_s", s.tau2_s, {.doc = "time constant of the second pair; 0 without it", .min = 0, .max = 1e6});
    v.field("tau3_s", s.tau3_s, {.doc = "time constant of the third pair; 0 without it", .min = 0, .max = 1e6});
    v.field("ohmic_mohm", s.ohmic_mohm,
            {.doc = "part of R0 that does not depend on the current; what R0 has above it is charge transfer "
                    "(Butler-Volmer). 0: all of R0",
             .min = 0,
             .max = 1e6});
}
template <class V>
void describe(V& v, SelfDischargeFile& s) {
    v.about("cell_self_discharge", "Charge lost by itself at rest, Arrhenius over temperature; ends at soc 0.");
    v.field("pct_per_month", s.pct_per_month,
            {.doc = "of the capacity in 30 days at t_ref", .min = 0, .max = 50, .unit = "%/month"});
    v.field("t_ref_degC", s.t_ref_degC, {.doc = "where that holds", .min = -50, .max = 100});
    v.field("activation_K", s.activation_K, {.doc = "activation energy / gas constant", .min = 0, .max = 20000});
}
template <class V>
void describe(V& v, ThermalFile& s) {
    v.about("cell_thermal", "Core and surface of one cell.");
    v.field("core_J_per_K", s.core_J_per_K,
            {.doc = "heat capacity of the core", .need = base::Need::required, .min = 1e-3, .max = 1e7, .unit = "J/K"});
    v.field(
        "surface_J_per_K", s.surface_J_per_K,
        {.doc = "heat capacity of the surface", .need = base::Need::required, .min = 1e-3, .max = 1e7, .unit = "J/K"});
    v.field("core_surface_K_per_W", s.core_surface_K_per_W,
            {.doc = "core to surface", .need = base::Need::required, .min = 1e-4, .max = 1e4, .unit = "K/W"});
    v.field("surface_ambient_K_per_W", s.surface_ambient_K_per_W,
            {.doc = "surface to surroundings", .need = base::Need::required, .min = 1e-4, .max = 1e9, .unit = "K/W"});
}
template <class V>
void describe(V& v, EcmModelFile& s) {
    using base::Need;
    v.about("cell_model", "A cell as an equivalent circuit: OCV, R0 and RC pairs, hysteresis, core and surface.");
    v.field("bmstwin_cell", s.bmstwin_cell,
            {.doc = "version of this format", .need = Need::required, .min = 1, .max = 1});
    v.field("id", s.id, {.doc = "name that scenarios use", .need = Need::required});
    v.field("title", s.title, {.doc = "one line"});
    v.field("chemistry", s.chemistry,
            {.doc = "LFP, NMC or LTO: chooses the limits of the protection profiles", .need = Need::required});
    v.field("label", s.label, {.doc = "how good: measured tables, assembled, ...", .need = Need::required});
    v.field("fit_error", s.fit_error, {.doc = "against a measurement, or 'no data'", .need = Need::required});
    v.field("sources", s.sources,
            {.doc = "where the numbers come from, with licence", .need = Need::required, .min_items = 1});
    v.field("notes", s.notes, {.doc = "what was assumed"});
    v.field("tolerance", s.tolerance, {.doc = "spread of real cells about the model", .need = Need::required});
    v.field("capacity_Ah", s.capacity_Ah,
            {.doc = "charge between soc 1 and soc 0", .need = Need::required, .min = 1e-3, .max = 1e5});
    v.field("nameplate_Ah", s.nameplate_Ah,
            {.doc = "what is printed on it", .need = Need::required, .min = 1e-3, .max = 1e5});
    v.field("mass_kg", s.mass_kg, {.doc = "mass", .min = 0, .max = 1e4, .unit = "kg"});
    v.field("v_min_V", s.v_min_V, {.doc = "lower limit of the sheet", .need = Need::required, .min = 0, .max = 10});
    v.field("v_max_V", s.v_max_V, {.doc = "upper limit of the sheet", .need = Need::required, .min = 0, .max = 10});
    v.field("valid", s.valid, {.doc = "where the data hold", .need = Need::required});
    v.field("ocv", s.ocv, {.doc = "open-circuit voltage", .need = Need::required});
    v.field("entropy", s.entropy, {.doc = "entropic coefficient"});
    v.field("hysteresis", s.hysteresis, {.doc = "hysteresis"});
    v.field("resistance", s.resistance, {.doc = "resistances and time constants", .need = Need::required});
    v.field("coulombic_efficiency", s.coulombic_efficiency,
            {.doc = "share of the charge that stays, while charging", .min = 0.5, .max = 1});
    v.field("self_discharge", s.self_discharge, {.doc = "self-discharge"});
    v.field("thermal", s.thermal, {.doc = "heat", .need = Need::required});
    for (const ModelError& e : check(s)) v.check(false, e.key.c_str(), e.message.c_str());
}

}  // namespace twin::cell
