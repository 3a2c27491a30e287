// SPDX-License-Identifier: Apache-2.0
// Keys of events, conditions, checks, recording and the scenario file itself (base/describe.hpp says how to read this).
#pragma once
#include <array>

#include "scenario/describe_pack.hpp"
#include "scenario/describe_protocol.hpp"

namespace twin::scenario {

inline constexpr std::array<const char*, 4> k_stimulus_names = {"by_kind", "none", "disturbance", "fault"};
inline constexpr const char* k_later = "is not part of this version yet";

template <class V>
void describe(V& v, DoShort& s) {
    v.field("between", s.between, {.doc = "two places", .need = Need::required, .min_items = 2, .max_items = 2});
    v.quantity("r_mohm", s.r_Ohm, {.doc = "resistance of the short", .min = 0.01, .max = 1e9});
    v.quantity("l_uH", s.l_H, {.doc = "its own inductance", .min = 0, .max = 1e4});
}
template <class V>
void describe(V& v, DoSwap& s) {
    v.field(
        "between", s.between,
        {.doc = "two sampling leads, e.g. [\"W5\", \"W6\"]", .need = Need::required, .min_items = 2, .max_items = 2});
}
template <class V>
void describe(V& v, DoOpen& s) {
    v.field("target", s.target, {.doc = "lead (W5, B+, B-, P-, N1) or joint (joint[3])", .need = Need::required});
}
template <class V>
void describe(V& v, DoInject& s) {
    v.field("target", s.target, {.doc = "part", .need = Need::required});
    v.field("fault", s.fault, {.doc = "kind of fault, as `channels` lists it for the part", .need = Need::required});
    v.field("value", s.value, {.doc = "size of the fault, in the unit of its kind"});
}
template <class V, class D>
    requires std::is_base_of_v<DoTarget, D>
void describe(V& v, D& s) {
    v.field("target", s.target, {.doc = "what it acts on", .need = Need::required});
}
template <class V>
void describe(V& v, DoStep& s) {
    v.field("target", s.target,
            {.doc = "settable input, e.g. load[m]/cc_A or environment/board_degC", .need = Need::required});
    v.field("to", s.to, {.doc = "new value, in the unit of the target", .need = Need::required});
}
template <class V>
void describe(V& v, DoRamp& s) {
    v.field("target", s.target, {.doc = "settable input", .need = Need::required});
    v.field("to", s.to, {.doc = "value at the end", .need = Need::required});
    v.time("over", s.over, {.doc = "duration of the ramp", .need = Need::required, .min = 0, .above_min = true});
}
template <class V>
void describe(V& v, DoPulse& s) {
    v.field("target", s.target, {.doc = "settable input", .need = Need::required});
    v.field("to", s.to, {.doc = "value during the pulse", .need = Need::required});
}
template <class V>
void describe(V& v, DoSet& s) {
    v.field("target", s.target, {.doc = "settable input", .need = Need::required});
    v.field("to", s.to, {.doc = "new value", .need = Need::required});
}
template <class V>
void describe(V& v, DoCommand& s) {
    v.field("target", s.target, {.doc = "pack, or pack[a] with several"});
    v.field("switch", s.switch_, {.doc = "chg, dsg, sleep or reset"});
    v.field("parameter", s.parameter, {.doc = "parameter of the core"});
    v.field("to", s.to, {.doc = "new value; 0 is off", .need = Need::required});
    v.field("role", s.role, {.doc = "who commands: app, pc or service"});
    v.exactly_one({"switch", "parameter"});
}
template <class V>
void describe(V& v, DoSend& s) {
    v.field("target", s.target, {.doc = "port: uart"});
    v.field("hex", s.hex, {.doc = "bytes in hexadecimal", .need = Need::required});
}

template <class V>
void describe(V& v, Condition& s) {
    v.about("condition", "One comparison \"channel op number-or-channel\", or all, any, not, event.");
    v.text_form(s.text, "channel op number-or-channel; == and != on discrete channels only");
    v.field("all", s.all, {.doc = "all of these hold", .min_items = 1});
    v.field("any", s.any, {.doc = "at least one holds", .min_items = 1});
    v.list_or_one("not", s.not_, {.doc = "this does not hold", .min_items = 1, .max_items = 1});
    v.field("event", s.event, {.doc = "that event (id, or trip) has fired"});
    v.exactly_one({"all", "any", "not", "event"});
}

template <class V>
void describe(V& v, Event& s) {
    v.about("event", "Something that happens: when, and what.");
    v.field("id", s.id, {.doc = "name"});
    v.time("at", s.at, {.doc = "instant", .min = 0});
    v.time("every", s.every, {.doc = "period", .min = 0, .above_min = true});
    v.field("when", s.when, {.doc = "condition that starts it"});
    v.time("hold", s.hold, {.doc = "`when` must have held so long", .min = 0});
    v.time("for", s.for_, {.doc = "undone after this time", .min = 0, .above_min = true});
    v.field("times", s.times,
            {.doc = "how often at most; 0: once for `when`, without limit for `every_s`", .min = 0, .max = 1e9});
    v.choice("stimulus", s.stimulus, k_stimulus_names, {.doc = "counts as; by the table of kinds unless stated"});
    v.tagged("do", s.action, {.doc = "what happens", .need = Need::required});
}

template <class V>
void describe(V& v, Mark& s) {
    v.about("mark", "An instant in seconds, or the first firing of an event.");
    v.number_form(s.at_s, "seconds");
    v.text_form(s.event, "event id, or trip");
    v.check(s.at_s >= 0 && s.at_s <= 1e9, "at_s", "must be 0 .. 1e9 s");
}
template <class V>
void describe_window(V& v, Window& w) {
    v.field("from", w.from, {.doc = "start of the window: seconds or event id", .min = 0});
    v.field("to", w.to, {.doc = "end of the window: seconds or event id", .min = 0});
}

template <class V>
void describe(V& v, Always& s) {
    v.field("always", s.always,
            {.doc = "holds throughout the window; margin: smallest distance to the bound", .need = Need::required});
    describe_window(v, s.window);
}
template <class V>
void describe(V& v, Never& s) {
    v.field("never", s.never,
            {.doc = "never holds in the window; margin: smallest distance to the bound", .need = Need::required});
    describe_window(v, s.window);
}
template <class V>
void describe(V& v, Eventually& s) {
    v.field("eventually", s.eventually, {.doc = "holds at least once; margin: time left", .need = Need::required});
    v.time("within", s.within, {.doc = "from the start of the window; the window's end by default", .min = 0});
    describe_window(v, s.window);
}
template <class V>
void describe(V& v, Whenever& s) {
    v.field("whenever", s.whenever, {.doc = "the occasion: this becomes true", .need = Need::required});
    v.time("hold", s.hold, {.doc = "and has held so long", .min = 0});
    v.field("then", s.then, {.doc = "then this holds", .need = Need::required});
    v.time("within", s.within,
           {.doc = "time from the occasion; margin: allowed minus slowest response", .need = Need::required, .min = 0});
    describe_window(v, s.window);
}
template <class V>
void describe(V& v, Until& s) {
    v.field("until", s.until,
            {.doc = "[C, C2]: C holds until C2 does; margin: smallest distance of C",
             .need = Need::required,
             .min_items = 2,
             .max_items = 2});
    describe_window(v, s.window);
}
template <class V>
void describe(V& v, Settles::Data& s) {
    v.about("settles", "A channel comes to rest within a band.");
    v.field("channel", s.channel, {.doc = "continuous channel", .need = Need::required});
    v.field("to", s.to, {.doc = "middle of the band", .need = Need::required});
    v.field("band", s.band, {.doc = "half its width", .need = Need::required, .min = 0});
    v.time("within", s.within, {.doc = "from the start of the window", .need = Need::required, .min = 0});
}
template <class V>
void describe(V& v, Settles& s) {
    v.field("settles", s.settles,
            {.doc = "margin: time left when it entered the band for good", .need = Need::required});
    describe_window(v, s.window);
}
template <class V>
void describe(V& v, Order& s) {
    v.field(
        "order", s.order,
        {.doc = "event ids in the order they must fire; margin: smallest gap", .need = Need::required, .min_items = 2});
}
template <class V>
void describe(V& v, Count::Data& s) {
    v.about("count", "How often a condition becomes true.");
    v.field("of", s.of, {.doc = "condition", .need = Need::required});
    v.field("min", s.min, {.doc = "at least", .min = 0, .max = 1e9});
    v.field("max", s.max, {.doc = "at most", .min = 0, .max = 1e9});
}
template <class V>
void describe(V& v, Count& s) {
    v.field("count", s.count, {.doc = "margin: distance to the nearer bound", .need = Need::required});
    describe_window(v, s.window);
}
template <class V>
void describe(V& v, MetricCheck& s) {
    v.field("metric", s.metric,
            {.doc = "name of a metric, listed by `channels`; margin: distance to the nearer bound",
             .need = Need::required});
    v.field("min", s.min, {.doc = "at least, in the metric's unit"});
    v.field("max", s.max, {.doc = "at most"});
}
template <class V>
void describe(V& v, VerdictCheck& s) {
    v.field("verdict", s.verdict,
            {.doc = "the verdict expected; DAMAGED and HAZARD with or without (argument)", .need = Need::required});
    v.field("pack", s.pack, {.doc = "of this pack instead of the run's"});
}
template <class V>
void describe(V& v, Check& s) {
    v.about("check",
            "One expectation; always, never, eventually, whenever, until, settles, order, count, metric or verdict "
            "says which kind.");
    v.field("id", s.id, {.doc = "name; a verdict's is `verdict`"});
    v.field("may_be_vacuous", s.may_be_vacuous, {.doc = "passes if its occasion never came"});
    v.by_key(s.form);
}

template <class V>
void describe(V& v, Burst& s) {
    v.about("burst", "Fine recording around an event.");
    v.field("on", s.on, {.doc = "event id, or trip: the first uncommanded opening of a gate"});
    v.time("pre", s.pre, {.doc = "before it", .min = 0, .max = 1});
    v.time("post", s.post, {.doc = "after it", .min = 0, .max = 10});
    v.time("period", s.period, {.doc = "between samples", .min = 1e-9, .max = 1});
    v.field("max_count", s.max_count, {.doc = "bursts of this kind in one run", .min = 1, .max = 1000});
}
template <class V>
void describe(V& v, Record& s) {
    v.about("record", "What goes into the traces.");
    v.time("period", s.period, {.doc = "between samples; rate_hz is its inverse", .min = 1e-6, .max = 1e6});
    v.rate("rate_hz", s.period, {.doc = "samples per second", .min = 1e-6, .max = 1e6});
    v.field("channels", s.channels, {.doc = "channels, [*] takes all indices; a default set if empty"});
    v.list_or_one("burst", s.burst, {.doc = "fine recordings"});
}
template <class V>
void describe(V& v, ExpectFail& s) {
    v.about("expect-fail", "The scenario is known to fail; passing is then a failure.");
    v.field("reason", s.reason, {.doc = "why", .need = Need::required});
    v.field("link", s.link, {.doc = "where it is tracked"});
}

template <class V>
void describe(V& v, Scenario& s) {
    v.about("scenario", "A test plan: what is connected, what happens, what must hold.");
    v.ignored("$schema", "address of the JSON Schema, for editors");
    v.field("bmstwin", s.language, {.doc = "version of the language", .need = Need::required, .min = 1, .max = 1});
    v.field("id", s.id, {.doc = "name; letters, digits, '-', '_', '.', '@', '='", .need = Need::required});
    v.field("title", s.title, {.doc = "one line"});
    v.field("why", s.why, {.doc = "what this scenario shows and where its numbers come from"});
    v.field("tags", s.tags, {.doc = "for selection"});
    v.field("requirements", s.requirements, {.doc = "what it verifies, e.g. manual:III.2/short-circuit"});
    v.field("seed", s.seed, {.doc = "of all random numbers", .min = 0, .max = 9007199254740992.0});
    v.time("duration", s.duration,
           {.doc = "simulated time", .need = Need::required, .min = 0, .max = 1e9, .above_min = true});
    v.one_or_named("pack", "packs", s.packs,
                   {.doc = "one pack, or several on one bus", .min_items = 1, .max_items = 64});
    v.field("environment", s.environment, {.doc = "ambient"});
    v.list_or_one("load", s.loads, {.doc = "a load, or a list of loads with id"});
    v.list_or_one("charger", s.chargers, {.doc = "a charger, or a list of chargers with id"});
    v.field("protocol", s.protocol, {.doc = "a cycler at P+ and P- and what it does"});
    v.field("events", s.events, {.doc = "what happens"});
    v.field("expect", s.expect, {.doc = "what must hold"});
    v.field("waive", s.waive, {.doc = "implicit checks that shall not apply: finite, ledger, no_damage, valid_range"});
    v.field("expect_fail", s.expect_fail, {.doc = "strict: passing is then a failure"});
    v.field("record", s.record, {.doc = "traces"});
    v.refused("sweep", k_later);
    v.refused("vary", k_later);
    v.refused("samples", k_later);
    v.refused("corners", k_later);
    v.refused("design", k_later);
}

}  // namespace twin::scenario
