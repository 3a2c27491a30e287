// SPDX-License-Identifier: Apache-2.0
// Keys of a cycler's protocol (base/describe.hpp says how to read this).
#pragma once
#include "base/describe.hpp"
#include "scenario/protocol.hpp"

namespace twin::scenario {

inline constexpr base::Spec k_drive_A{
    .doc = "magnitude of the current", .need = base::Need::required, .min = 0, .max = 1e5, .above_min = true};
inline constexpr base::Spec k_drive_C{.doc = "magnitude of the current in nominal capacities per hour",
                                      .need = base::Need::required,
                                      .min = 0,
                                      .max = 1000,
                                      .above_min = true};

template <class V>
void describe(V& v, ChargeCurrent& s) {
    v.quantity("charge_A", s.i_A, k_drive_A);
}
template <class V>
void describe(V& v, DischargeCurrent& s) {
    v.quantity("discharge_A", s.i_A, k_drive_A);
}
template <class V>
void describe(V& v, ChargeRate& s) {
    v.field("charge_C", s.rate, k_drive_C);
}
template <class V>
void describe(V& v, DischargeRate& s) {
    v.field("discharge_C", s.rate, k_drive_C);
}
template <class V>
void describe(V& v, ConstantPower& s) {
    v.quantity(
        "power_W", s.p_W,
        {.doc = "constant power, + discharges, - charges", .need = base::Need::required, .min = -1e7, .max = 1e7});
    v.check(s.p_W < 0.0 || s.p_W > 0.0, "power_W", "must not be 0; a rest is rest_s");
}
template <class V>
void describe(V& v, HoldVoltage& s) {
    v.quantity("hold_V", s.v_V,
               {.doc = "voltage regulated at the cycler's terminals, in both directions of current",
                .need = base::Need::required,
                .min = 0.1,
                .max = 1000});
}
template <class V>
void describe(V& v, RestTime& s) {
    v.time("rest", s.rest,
           {.doc = "no current for so long", .need = base::Need::required, .min = 0, .max = 1e9, .above_min = true});
}
template <class V>
void describe(V& v, CurrentProfile& s) {
    v.field(
        "profile", s.csv,
        {.doc = "CSV file with a time column in seconds and a current column in A, + = discharge; ends with its last "
                "row",
         .need = base::Need::required});
    v.field("column", s.column, {.doc = "name of the current column; the second one by default"});
}

template <class V>
void describe(V& v, CyclerStep& s) {
    v.about("cycler-step",
            "One step: charge_A, discharge_A, charge_C, discharge_C, power_W, hold_V, rest_s or profile says what is "
            "driven, until, max_s and limit what ends it.");
    v.text_form(
        s.text,
        "the step in words, e.g. \"Discharge at 1C until 2.5 V\"; voltages are those of the cycler's terminals");
    v.field("id", s.id, {.doc = "name; its metrics are step[<id>].*; the step's number by default"});
    v.by_key(s.drive);
    v.map("until", s.until, "<name>", {.doc = "{channel: value}: the first channel to reach its value ends the step"});
    v.time("max", s.max, {.doc = "ends the step at the latest after this", .min = 0, .max = 1e9, .above_min = true});
    v.map("limit", s.limit, "<name>",
          {.doc =
               "i_A or i_C: current that a hold or power step doesn't exceed; v_V: voltage at which a current or power "
               "step is regulated instead; a channel: reaching its value ends the whole protocol"});
}

template <class V>
void describe(V& v, Protocol& s) {
    v.about("protocol", "A cycler connected at P+ and P-: its steps one after the other.");
    v.field("repeat", s.repeat, {.doc = "how often the steps are run", .min = 1, .max = 100000});
    v.field(
        "steps", s.steps,
        {.doc = "steps in order, objects or words", .need = base::Need::required, .min_items = 1, .max_items = 1000});
}

}  // namespace twin::scenario
