// SPDX-License-Identifier: Apache-2.0
// One run has one result: whoever observes it how often, records it, saves, forks or threads it.
#include <thread>

#include "rig.hpp"

using namespace rig;

namespace {

const char* const k_fast[] = {
    "short/short-hard-clamp",          "short/short-hard-bare", "everyday/motor-start", "everyday/inrush-10mf-bare",
    "paralleling/parallel-4v-low-off", "miswiring/swap-seven",  "miswiring/open-tap",   "cycler/hppc-cell"};

std::string whole(const twin::scenario::Scenario& s, const RunOptions& o = {}) { return evidence(run(s, o)); }

/// Advances with many stops: wide hops, hops below a microsecond, hops of nothing.
std::string with_stops(const twin::scenario::Scenario& sc, int n, std::uint64_t seed) {
    const auto s = build(sc);
    Dice dice(seed);
    for (int k = 0; k < n && !s->failed(); ++k) {
        const Time_ns hop = k % 5 == 3 ? dice.below(1000) : (k % 5 == 4 ? 0 : dice.below(2 * s->end_ns() / n + 1));
        if (s->now_ns() + hop >= s->end_ns()) break;
        s->advance_to(s->now_ns() + hop);
        CHECK(s->now_ns() <= s->end_ns());
        (void)s->value(sc.packs.size() == 1 ? "truth.cell.v_max_V" : "truth.pack[low].cell.v_max_V");
    }
    return evidence(to_end(*s));
}

/// Saves at t, destroys the simulation, continues in a new one.
std::string through_bytes(const twin::scenario::Scenario& sc, Time_ns t, bool load_twice = false) {
    std::vector<std::uint8_t> bytes;
    {
        const auto s = build(sc);
        s->advance_to(t);
        bytes = s->save();
    }
    const auto s = build(sc);
    if (load_twice) s->advance_to(s->end_ns());  // load() must undo everything, a finished run included
    s->load(bytes);
    CHECK(s->now_ns() == t);
    return evidence(to_end(*s));
}

}  // namespace

TEST_CASE("many advances give the bits of one") {
    for (const char* const name : k_fast) {
        const std::string scenario = name;
        CAPTURE(scenario);
        const auto sc = shipped(name);
        const std::string once = whole(sc);
        CHECK(difference(with_stops(sc, 400, 1), once) == "");
        CHECK(difference(with_stops(sc, 37, 2), once) == "");
    }
}

TEST_CASE("traces never change a bit, nor conversions that nobody reads") {
    for (const char* const name : k_fast) {
        const std::string scenario = name;
        CAPTURE(scenario);
        auto sc = shipped(name);
        const std::string once = whole(sc);
        RunOptions off;
        off.record = false;
        CHECK(difference(whole(sc, off), once) == "");
        RunOptions eager;
        eager.eager_conversions = true;
        CHECK(difference(whole(sc, eager), once) == "");
        sc.record.burst.clear();
        for (const Time_ns period : {k_ms, 333 * k_ms}) {
            sc.record.period = period;
            CHECK(difference(whole(sc), once) == "");
        }
    }
}

TEST_CASE("a run that goes through bytes ends with the same evidence") {
    for (const char* const name : k_fast) {
        const std::string scenario = name;
        CAPTURE(scenario);
        const auto sc = shipped(name);
        const std::string once = whole(sc);
        Dice dice(7);
        for (int k = 0; k < 6; ++k) {
            const Time_ns t = dice.below(sc.duration);
            CAPTURE(t);
            CHECK(difference(through_bytes(sc, t, k == 0), once) == "");
        }
    }
}

TEST_CASE("bytes taken in the middle of a transient continue it") {
    const auto sc = shipped("short/short-hard-bare");
    const std::string once = whole(sc);
    Dice dice(3);
    for (const Time_ns t : {3 * k_s, 3 * k_s + 1, 3 * k_s + 150 * k_us, 3 * k_s + 240 * k_us + dice.below(1000),
                            3 * k_s + 300 * k_us, 3 * k_s + k_ms}) {
        CAPTURE(t);
        CHECK(difference(through_bytes(sc, t), once) == "");
    }
}

TEST_CASE("a fork and its original go their own ways") {
    const auto sc = shipped("paralleling/parallel-0v9");
    const std::string once = whole(sc);
    const auto s = build(sc);
    s->advance_to(7 * k_s + 123'456);
    const auto copy = s->fork();
    const auto other = s->fork();
    CHECK(copy->now_ns() == s->now_ns());
    other->set("environment/cells_degC", 40.0);
    other->advance_to(other->end_ns());
    CHECK(difference(evidence(to_end(*s)), once) == "");
    copy->advance_to(copy->end_ns());
    CHECK(difference(evidence(copy->finish()), once) == "");
    CHECK(evidence(other->finish()) != once);
}

namespace {

/// Commands from outside at odd instants, observed at more odd instants if `stops`.
std::unique_ptr<Simulation> commanded(const twin::scenario::Scenario& sc, bool stops) {
    auto s = build(sc);
    const struct {
        Time_ns t;
        const char* target;
        double value;
    } commands[] = {{2 * k_s + 17, "load[load]/cc_A", 35.5},
                    {2 * k_s + 17, "environment/board_degC", 40.0},
                    {2 * k_s + 700'001, "load[load]/cc_A", 80.0},
                    {4 * k_s + 999'999'999, "load[load]/cc_A", 5.0}};
    Dice dice(11);
    for (const auto& c : commands) {
        while (stops && c.t - s->now_ns() > 3) s->advance_to(s->now_ns() + 1 + dice.below(c.t - s->now_ns() - 1) / 2);
        s->advance_to(c.t);
        s->set(c.target, c.value);
    }
    return s;
}

const char* const k_quiet = R"({"bmstwin": 1, "id": "quiet", "title": "t", "why": "w", "seed": 3, "duration_s": 6,
  "pack": {"cells": "16S1P", "model": "lfp-100ah", "soc": 0.6, "spread": {"capacity_pct": 1, "r_pct": 5}, "board": {"product": "R24TK1A-17S-100A"}},
  "load": {"cc_A": 20, "dropout_V": 20},
  "expect": [{"id": "on", "always": "hw.gate.dsg == 1", "from": 2}, {"id": "i", "always": "truth.pack.i_A <= 85"}]})";

}  // namespace

TEST_CASE("scenario and journal reproduce a commanded run, whoever looked between the commands") {
    const auto sc = text(k_quiet);
    const auto s = commanded(sc, false);
    const std::vector<twin::sim::CommandRecord> journal = s->journal();
    const std::string once = evidence(to_end(*s));
    CHECK(journal.size() == 4);
    CHECK(once != whole(sc));
    CHECK(difference(evidence(to_end(*commanded(sc, true))), once) == "");
    const auto again = build(sc);
    for (const auto& c : journal) {
        again->advance_to(c.t_ns);
        again->set(c.target, c.value);
    }
    CHECK(difference(evidence(to_end(*again)), once) == "");
}

TEST_CASE("bytes carry the journal: a loaded run can be commanded and replayed like the original") {
    const auto sc = text(k_quiet);
    const auto s = commanded(sc, false);
    s->advance_to(5 * k_s + 333'333);
    const auto bytes = s->save();
    const auto loaded = build(sc);
    loaded->load(bytes);
    for (Simulation* const x : {s.get(), loaded.get()}) {
        x->advance_to(5 * k_s + 400'001);
        x->set("load[load]/cc_A", 61.0);
        x->advance_to(5 * k_s + 400'077);
        x->set("load[load]/cc_A", 7.0);
    }
    CHECK(loaded->journal().size() == s->journal().size());
    CHECK(difference(evidence(to_end(*loaded)), evidence(to_end(*s))) == "");
}

TEST_CASE("runs in two threads are the runs of one") {
    const auto a = shipped("short/short-hard-clamp");
    const auto b = shipped("paralleling/parallel-4v-all-on");
    const std::string one_a = whole(a), one_b = whole(b);
    std::string two_a, two_b, two_c;
    std::thread first([&] { two_a = whole(a); });
    std::thread second([&] {
        two_b = whole(b);
        two_c = whole(a);
    });
    first.join();
    second.join();
    CHECK(difference(two_a, one_a) == "");
    CHECK(difference(two_b, one_b) == "");
    CHECK(difference(two_c, one_a) == "");
}

TEST_CASE("observers cut no step") {
    const auto sc = shipped("everyday/motor-start");
    const auto once = build(sc);
    once->advance_to(once->end_ns());
    const auto often = build(sc);
    for (Time_ns t = 0; t <= often->end_ns(); t += 7'777'777) often->advance_to(t);
    often->advance_to(often->end_ns());
    CHECK(often->plant_steps() == once->plant_steps());
    RunOptions off;
    off.record = false;
    const auto blind = build(sc, off);
    blind->advance_to(blind->end_ns());
    CHECK(blind->plant_steps() == once->plant_steps());
}

TEST_CASE("saved bytes are refused when they are damaged or belong to something else") {
    const auto sc = text(k_quiet);
    const auto s = build(sc);
    s->advance_to(k_s);
    const auto bytes = s->save();
    for (const std::size_t at : {std::size_t{0}, bytes.size() / 2, bytes.size() - 1}) {
        auto bad = bytes;
        bad[at] ^= 4;
        CHECK_THROWS_AS(build(sc)->load(bad), twin::RunError);
    }
    CHECK_THROWS_AS(build(sc)->load(std::span(bytes).first(40)), twin::RunError);
    CHECK_THROWS_AS(build(shipped("everyday/motor-start"))->load(bytes), twin::RunError);
}
