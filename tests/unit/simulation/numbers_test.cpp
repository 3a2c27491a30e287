// SPDX-License-Identifier: Apache-2.0
// What the numbers of shipped scenarios must keep: the step's size decides nothing, ledgers close, the comparator is in
// time.
#include <cmath>
#include <cstdlib>

#include "cores.hpp"
#include "rig.hpp"

using namespace rig;

namespace {

const char* const k_fast[] = {"short/short-hard-clamp",
                              "short/short-hard-bare",
                              "everyday/motor-start",
                              "everyday/inrush-10mf-bare",
                              "everyday/inrush-10mf-precharge",
                              "paralleling/parallel-0v9",
                              "paralleling/parallel-4v-all-on",
                              "paralleling/parallel-4v-high-off",
                              "paralleling/parallel-4v-low-off",
                              "miswiring/swap-neighbours",
                              "miswiring/swap-seven",
                              "miswiring/open-tap",
                              "temperature/charge-cold"};

constexpr Time_ns k_sample = 100 * k_ms;  // the core reads every 100 ms; the front end's scan is shorter

double applied(const RunResult& r, const char* name) {
    for (const auto& a : r.applied) {
        if (a.name == name) return a.applied.value_or(-1.0);
    }
    FAIL("no applied " << name);
    return -1.0;
}
double metric(const RunResult& r, const std::string& name) {
    for (const auto& m : r.metrics) {
        if (m.name == name) return m.value;
    }
    return -1.0;
}

/// The first event of this source and text from 3 s on, -1 if there is none.
Time_ns when(const RunResult& r, const char* source, const char* text) {
    for (const auto& e : r.events) {
        if (e.t_ns >= 3 * k_s && e.source == source && e.text == text) return e.t_ns;
    }
    return -1;
}

/// What switched: gates, alarm lamps, the AFE's latches.
std::vector<twin::EventRecord> discrete(const RunResult& r) {
    std::vector<twin::EventRecord> out;
    for (const auto& e : r.events) {
        if (e.kind == "gate" || e.kind == "alert" || e.kind == "latch") out.push_back(e);
    }
    return out;
}

}  // namespace

TEST_CASE("ledgers of charge and energy close") {
    for (const char* const name : k_fast) {
        const std::string scenario = name;
        CAPTURE(scenario);
        const RunResult r = run(shipped(name));
        CHECK(r.status == twin::RunStatus::ok);
        CHECK(r.ledger.energy_residual_rel <= 1e-6);
        CHECK(r.ledger.charge_residual_rel <= 1e-9);
        CHECK(r.ledger.defect_rel <= 1e-6);
        double moved = 0.0;
        for (const auto& l : r.ledger.lines) moved += std::fabs(l.value);
        CHECK(moved > 1.0);  // nothing closes by not counting
    }
}

TEST_CASE("half the step: the same verdicts and checks, gates, lamps and latches within a sample") {
    RunOptions half;
    half.step_scale = 0.5;
    std::vector<std::string> names(std::begin(k_fast), std::end(k_fast));
    names.emplace_back("temperature/board-hot");
    names.emplace_back("life/day");  // its first quarter of an hour
    for (const std::string& scenario : names) {
        CAPTURE(scenario);
        auto sc = shipped(scenario);
        if (scenario == "life/day") sc = until(std::move(sc), 900 * k_s);
        const RunResult a = run(sc), b = run(sc, half);
        CHECK(b.steps > a.steps + a.steps / 2);
        CHECK(b.verdict == a.verdict);
        REQUIRE(b.checks.size() == a.checks.size());
        for (std::size_t k = 0; k < a.checks.size(); ++k) {
            CAPTURE(a.checks[k].id);
            CHECK(b.checks[k].passed == a.checks[k].passed);
        }
        const auto ga = discrete(a), gb = discrete(b);
        REQUIRE(gb.size() == ga.size());
        for (std::size_t k = 0; k < ga.size(); ++k) {
            CHECK(gb[k].source + ": " + gb[k].text == ga[k].source + ": " + ga[k].text);
            CHECK(std::llabs(gb[k].t_ns - ga[k].t_ns) <= k_sample);
        }
    }
}

TEST_CASE("a hard short is opened by the comparator within its applied delay and 20 us, whatever the core does") {
    for (const char* const name : {"short/short-hard-clamp", "short/short-hard-bare"}) {
        for (const bool frozen : {false, true}) {
            const std::string scenario = name;
            CAPTURE(scenario);
            CAPTURE(frozen);
            auto setup = twin::io::assemble(shipped(name), {});
            if (frozen) setup.packs[0].board.core = freezing_core();
            Simulation s(setup);
            const RunResult r = to_end(s);
            const double delay_us = applied(r, "scd_delay_us"), took_us = metric(r, "short.time_to_open_us");
            CAPTURE(delay_us);
            CAPTURE(took_us);
            CHECK(delay_us == doctest::Approx(195.3).epsilon(0.001));
            CHECK(took_us >= delay_us);
            CHECK(took_us <= delay_us + 20.0);
            // The story: beyond the level, tripped when the delay is over, gate off 20 us later at most. The core can't
            // have had a hand in it: frozen it says nothing, and awake its next byte takes a millisecond.
            const Time_ns beyond = when(r, "hw.afe.scd", "SCD comparator beyond its level");
            const Time_ns trip = when(r, "hw.afe.scd", "SCD trips");
            const Time_ns off = when(r, "hw.gate.dsg", "discharge MOSFETs off");
            CHECK(beyond >= 3 * k_s);
            CHECK(beyond < 3 * k_s + 50 * k_us);
            CHECK(std::llabs(trip - beyond - 195'250) <= 1);
            CHECK(off > trip);
            CHECK(off <= trip + 20 * k_us);
            CHECK(took_us == doctest::Approx(1e-3 * static_cast<double>(off - beyond)).epsilon(1e-4));
        }
    }
}

TEST_CASE("without comparators nothing opens a hard short that fast") {
    auto setup = twin::io::assemble(shipped("short/short-hard-clamp"), {});
    setup.packs[0].board_faults = twin::board::k_fault_no_comparators;
    Simulation s(setup);
    const RunResult r = to_end(s);
    const double took_us = metric(r, "short.time_to_open_us");
    CHECK((took_us < 0.0 || took_us > 1000.0));
}
