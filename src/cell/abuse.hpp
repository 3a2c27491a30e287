// SPDX-License-Identifier: Apache-2.0
// What a cell does outside its window, as functions on top of an equivalent circuit: voltage below 0 % (reversal) and
// above 100 %, copper that dissolves and shorts the cell, side reactions of overcharge, lithium plating.
// Current is positive when it discharges the cell.
#pragma once
#include <string>
#include <vector>

#include "base/describe.hpp"
#include "cell/ecm_model.hpp"
#include "cell/model_file.hpp"
#include "cell/runaway.hpp"

namespace twin::cell {

struct AbuseModel {
    std::string id, chemistry, label;
    // Below 0 %: the voltage leaves the table with its slope and settles at v_reverse.
    double v_reverse_V = -1.0;
    double soc_copper = -0.12;      // copper dissolves below
    double copper_S_per_Ah2 = 0.0;  // short per Ah passed below it and per Ah of capacity
    // Above 100 %: the same towards v_top; a share of the current goes into side reactions, 0 at soc_side0, 1 at
    // _side1.
    double v_top_V = 5.0;
    double soc_side0 = 1.1, soc_side1 = 1.8;
    double soc_anode_full = 1.15;  // all current plates above; only with graphite
    // Plating of graphite: its overpotential is this share of the cell's polarisation.
    bool graphite = true;
    double anode_share = 0.4;
    RunawayModel runaway;
};

/// What to add to the equivalent circuit's OCV at `soc` (0 inside its table): straight lines become curves that settle
/// at v_reverse_V and v_top_V. Continuous, with its slope but for a flat cell's fall below 0 %, which takes 4 % of
/// charge per e-fold at most. The sum never falls with soc.
double beyond_V(const EcmModel& m, const AbuseModel& a, double soc);
/// Share of the charge current that side reactions take; 0 .. 1.
double side_share(const AbuseModel& a, double soc);
/// Conductance of the copper short once the cell has been down to soc_min.
double copper_short_S(const AbuseModel& a, double soc_min, double capacity_Ah);
/// Conductance of the short that the molten separator makes.
double separator_short_S(const AbuseModel& a, double t_K, double capacity_Ah);

struct Plating {
    double eta_V = 1.0;  // anode against lithium; below 0 lithium plates
    double share = 0.0;  // of the charge current
};
/// `polarisation_V` >= 0: how far the terminal is above the cell's rest voltage while charging.
Plating plating(const AbuseModel& a, double soc, double polarisation_V);

// The file form (models/abuse/*.json).
struct ReactionFile {
    double a_per_s = 0.0, ea_kJ_per_mol = 0.0, heat_kJ_per_kg = 0.0, content_kg_per_m3 = 0.0;
};
struct RunawayFile {
    ReactionFile sei, negative, positive, electrolyte;
    double c_sei = 0.15, c_negative = 0.75, z = 0.033, z_ref = 0.033, alpha = 0.04;
    double density_kg_per_m3 = 2000.0, separator_degC = 1000.0, separator_width_K = 3.0, separator_S_per_Ah = 0.0;
};
struct WindowFile {
    double v_reverse_V = -1.0, soc_copper = -0.12, copper_S_per_Ah2 = 0.0;
    double v_top_V = 5.0, soc_side_begin = 1.1, soc_side_all = 1.8;
};
struct PlatingFile {
    bool graphite = true;
    double anode_share = 0.4, soc_anode_full = 1.15;
};
struct AbuseToleranceFile {
    double heat_pct = 0.0, onset_K = 0.0;
};
struct AbuseFile {
    std::int64_t bmstwin_abuse = 1;
    std::string id, title, chemistry, label, confidence;
    std::vector<std::string> sources, notes;
    AbuseToleranceFile tolerance;
    WindowFile window;
    PlatingFile plating;
    RunawayFile runaway;
};
AbuseModel compile(const AbuseFile& f);

template <class V>
void describe(V& v, ReactionFile& s) {
    v.about("abuse_reaction", "A e^(-Ea/RT) of one decomposition, and its heat.");
    v.field("a_per_s", s.a_per_s,
            {.doc = "frequency factor", .need = base::Need::required, .min = 0, .max = 1e30, .unit = "1/s"});
    v.field("ea_kJ_per_mol", s.ea_kJ_per_mol,
            {.doc = "activation energy", .need = base::Need::required, .min = 1, .max = 1000, .unit = "kJ/mol"});
    v.field("heat_kJ_per_kg", s.heat_kJ_per_kg,
            {.doc = "heat per reactant", .need = base::Need::required, .min = 0, .max = 1e5, .unit = "kJ/kg"});
    v.field(
        "content_kg_per_m3", s.content_kg_per_m3,
        {.doc = "reactant per volume of cell", .need = base::Need::required, .min = 0, .max = 1e4, .unit = "kg/m3"});
}
template <class V>
void describe(V& v, RunawayFile& s) {
    using base::Need;
    v.about("abuse_runaway", "Four decomposition reactions and the melting separator.");
    v.field("sei", s.sei, {.doc = "film of the negative electrode", .need = Need::required});
    v.field("negative", s.negative, {.doc = "negative electrode with solvent", .need = Need::required});
    v.field("positive", s.positive, {.doc = "positive electrode with solvent", .need = Need::required});
    v.field("electrolyte", s.electrolyte, {.doc = "electrolyte by itself", .need = Need::required});
    v.field("c_sei", s.c_sei, {.doc = "at the start", .min = 0, .max = 1});
    v.field("c_negative", s.c_negative, {.doc = "at the start", .min = 0, .max = 1});
    v.field("z", s.z, {.doc = "film thickness at the start", .min = 0, .max = 10});
    v.field("z_ref", s.z_ref, {.doc = "film thickness that slows by e", .min = 1e-6, .max = 1e9});
    v.field("alpha", s.alpha, {.doc = "positive electrode converted at the start", .min = 1e-12, .max = 1});
    v.field("density_kg_per_m3", s.density_kg_per_m3,
            {.doc = "of the cell", .need = Need::required, .min = 100, .max = 1e4, .unit = "kg/m3"});
    v.field("separator_degC", s.separator_degC, {.doc = "melting", .min = 60, .max = 1000});
    v.field("separator_width_K", s.separator_width_K, {.doc = "width of the melting", .min = 0.1, .max = 100});
    v.field("separator_S_per_Ah", s.separator_S_per_Ah,
            {.doc = "short of the molten separator", .min = 0, .max = 1e4, .unit = "S/Ah"});
}
template <class V>
void describe(V& v, WindowFile& s) {
    using base::Need;
    v.about("abuse_window", "Voltage and side reactions below 0 % and above 100 %.");
    v.field("v_reverse_V", s.v_reverse_V,
            {.doc = "where the voltage settles below 0 %", .need = Need::required, .min = -5, .max = 2});
    v.field("soc_copper", s.soc_copper, {.doc = "copper dissolves below", .need = Need::required, .min = -2, .max = 0});
    v.field("copper_S_per_Ah2", s.copper_S_per_Ah2,
            {.doc = "short per Ah passed below soc_copper and Ah of capacity", .min = 0, .max = 1e6, .unit = "S/Ah2"});
    v.field("v_top_V", s.v_top_V,
            {.doc = "where the voltage settles above 100 %", .need = Need::required, .min = 2, .max = 7});
    v.field("soc_side_begin", s.soc_side_begin,
            {.doc = "side reactions begin", .need = Need::required, .min = 1, .max = 5});
    v.field("soc_side_all", s.soc_side_all,
            {.doc = "side reactions take all the current", .need = Need::required, .min = 1, .max = 5});
    v.check(s.soc_side_begin < s.soc_side_all, "soc_side_all", "must be above soc_side_begin");
}
template <class V>
void describe(V& v, PlatingFile& s) {
    v.about("abuse_plating", "Lithium on graphite.");
    v.field("graphite", s.graphite, {.doc = "false: no plating (LTO)"});
    v.field("anode_share", s.anode_share, {.doc = "anode's share of the polarisation", .min = 0, .max = 1});
    v.field("soc_anode_full", s.soc_anode_full, {.doc = "all charge plates above", .min = 1, .max = 3});
}
template <class V>
void describe(V& v, AbuseToleranceFile& s) {
    v.about("abuse_tolerance", "How far a real cell may be from the model.");
    v.field("heat_pct", s.heat_pct,
            {.doc = "of the released heat", .need = base::Need::required, .min = 0, .max = 500});
    v.field("onset_K", s.onset_K,
            {.doc = "of the temperature at which it runs away", .need = base::Need::required, .min = 0, .max = 200});
}
template <class V>
void describe(V& v, AbuseFile& s) {
    using base::Need;
    v.about("abuse_model", "What cells of a chemistry do outside their window.");
    v.field("bmstwin_abuse", s.bmstwin_abuse,
            {.doc = "version of this format", .need = Need::required, .min = 1, .max = 1});
    v.field("id", s.id, {.doc = "name", .need = Need::required});
    v.field("title", s.title, {.doc = "one line"});
    v.field("chemistry", s.chemistry, {.doc = "LFP, NMC or LTO", .need = Need::required});
    v.field("label", s.label, {.doc = "published, assembled, unverified", .need = Need::required});
    v.field("confidence", s.confidence, {.doc = "high, medium or low, and why", .need = Need::required});
    v.field("sources", s.sources, {.doc = "where the numbers come from", .need = Need::required, .min_items = 1});
    v.field("notes", s.notes, {.doc = "what was assumed"});
    v.field("tolerance", s.tolerance, {.doc = "spread about the model", .need = Need::required});
    v.field("window", s.window, {.doc = "beyond 0 and 100 %", .need = Need::required});
    v.field("plating", s.plating, {.doc = "lithium plating"});
    v.field("runaway", s.runaway, {.doc = "kinetics", .need = Need::required});
}

}  // namespace twin::cell
