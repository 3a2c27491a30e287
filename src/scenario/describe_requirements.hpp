// SPDX-License-Identifier: Apache-2.0
// Keys of a requirement profile (models/profiles/*.json).
#pragma once
#include "base/describe.hpp"
#include "scenario/requirements.hpp"

namespace twin::scenario {

template <class V>
void describe(V& v, LimitData& s) {
    v.about(
        "limit",
        "A level with delay; truth may pass it by tol and delay_tol_s before a protection is called missed or false.");
    v.field("level", s.level,
            {.doc = "nominal level: multiple of the rated current, V, or degC", .need = base::Need::required});
    v.field("tol", s.tol, {.doc = "tolerance in the same unit", .need = base::Need::required, .min = 0});
    v.field("delay_s", s.delay_s, {.doc = "nominal delay", .need = base::Need::required, .min = 0});
    v.field("delay_tol_s", s.delay_tol_s, {.doc = "tolerance of the delay", .need = base::Need::required, .min = 0});
}
template <class V>
void describe(V& v, ChemistryLimits& s) {
    v.about("chemistry-limits", "Limits of one chemistry.");
    v.field("v_ul_V", s.v_ul_V,
            {.doc = "upper limit of the cell's maker", .need = base::Need::required, .min = 1, .max = 6});
    v.field("full_V", s.full_V,
            {.doc = "cell voltage from which a charge may end as complete",
             .need = base::Need::required,
             .min = 1,
             .max = 6});
    v.field("cov", s.cov, {.doc = "over-voltage", .need = base::Need::required});
    v.field("cuv", s.cuv, {.doc = "under-voltage", .need = base::Need::required});
    v.field("small_strings", s.small_strings,
            {.doc = "up to so many in series small_cuv_V holds", .min = 0, .max = 24});
    v.field("small_cuv_V", s.small_cuv_V,
            {.doc = "under-voltage of short packs, so that the supply stays above 10 V", .min = 0, .max = 6});
    v.field("charge_cold", s.charge_cold, {.doc = "lowest cell temperature for charge", .need = base::Need::required});
    v.field("charge_hot", s.charge_hot, {.doc = "highest cell temperature for charge", .need = base::Need::required});
    v.field("discharge_cold", s.discharge_cold,
            {.doc = "lowest cell temperature for discharge", .need = base::Need::required});
    v.field("discharge_hot", s.discharge_hot,
            {.doc = "highest cell temperature for discharge", .need = base::Need::required});
}
template <class V>
void describe(V& v, WiringLimits& s) {
    v.about("wiring-limits", "Times in which faults of the wiring must be detected.");
    v.field("swap_s", s.swap_s, {.doc = "swapped leads", .min = 0});
    v.field("open_lead_s", s.open_lead_s, {.doc = "open sampling lead", .min = 0});
    v.field("ntc_s", s.ntc_s, {.doc = "open or shorted NTC", .min = 0});
    v.field("string_count_s", s.string_count_s, {.doc = "wrong number of cells", .min = 0});
    v.field("startup_s", s.startup_s,
            {.doc = "from power-on to the first complete measurement, added to faults present at the start", .min = 0});
    v.field("miswire_strings", s.miswire_strings, {.doc = "contract oracle: more is damage", .min = 0, .max = 24});
}
template <class V>
void describe(V& v, RequirementFile& s) {
    v.about("requirement-profile", "What a pack must be protected from.");
    v.field("id", s.id, {.doc = "name", .need = base::Need::required});
    v.field("title", s.title, {.doc = "one line"});
    v.field("source", s.source, {.doc = "where the figures come from", .need = base::Need::required});
    v.field("occ", s.occ, {.doc = "charge over-current, multiples of rated", .need = base::Need::required});
    v.field("ocd", s.ocd, {.doc = "discharge over-current, multiples of rated", .need = base::Need::required});
    v.field("scd", s.scd, {.doc = "short circuit, multiples of rated", .need = base::Need::required});
    v.field("fet_hot", s.fet_hot, {.doc = "MOSFET temperature at its NTC", .need = base::Need::required});
    v.field("LFP", s.LFP, {.doc = "lithium iron phosphate", .need = base::Need::required});
    v.field("NMC", s.NMC, {.doc = "Li-ion", .need = base::Need::required});
    v.field("LTO", s.LTO, {.doc = "lithium titanate", .need = base::Need::required});
    v.field("wiring", s.wiring, {.doc = "faults of the wiring"});
    v.field("idle_A", s.idle_A, {.doc = "smaller currents count as none", .min = 0});
    v.field("alarm_grace_s", s.alarm_grace_s,
            {.doc = "an opening and its alarm or cause belong together within this time", .min = 0});
    v.field("service_s", s.service_s,
            {.doc = "back in service: closed and without alarm for so long at the end", .min = 0});
}

}  // namespace twin::scenario
