// SPDX-License-Identifier: Apache-2.0
// The order of the phases A..H by what can be seen of it from outside.
#include <algorithm>

#include "afe/dvc1124.hpp"
#include "rig.hpp"
#include "sim/simulation_impl.hpp"

using namespace rig;
using Impl = Simulation::Impl;

namespace {

std::unique_ptr<Impl> impl_of(const twin::scenario::Scenario& s) {
    return std::make_unique<Impl>(twin::io::assemble(s, {}));
}

Time_ns at_of(const std::vector<twin::EventRecord>& events, const std::string& kind, const std::string& source,
              std::size_t* index = nullptr) {
    for (std::size_t k = 0; k < events.size(); ++k) {
        if (events[k].kind != kind || events[k].source != source) continue;
        if (index != nullptr) *index = k;
        return events[k].t_ns;
    }
    return -1;
}

const char* const k_resistor = R"({"bmstwin": 1, "id": "resistor", "title": "t", "why": "w", "seed": 3, "duration_s": 4,
  "pack": {"cells": "16S1P", "model": "lfp-100ah", "soc": 0.6, "board": {"product": "R24TK1A-17S-100A"}},
  "load": {"id": "r", "r_mohm": 2000, "connected": false},
  "events": [{"id": "plug", "at_s": 3, "do": "connect", "target": "load[r]"}],
  "expect": [{"id": "on", "always": "hw.gate.dsg == 1", "from": 2}],
  "record": {"rate_hz": 1, "burst": {"on": "plug", "pre_us": 5, "post_ms": 1}}})";

/// Notes when which core was stepped and why.
struct Steps : twin::board::CoreSink {
    struct Step {
        int pack;
        std::uint64_t now_us;
        std::uint32_t wake;
    };
    Steps(int p, std::vector<Step>& l) : pack(p), list(l) {}
    void on_header(const bms_cfg&, std::uint32_t, std::uint32_t, const std::uint8_t*) override {}
    void on_init() override {}
    void on_set_param(std::uint32_t, std::int32_t, std::uint32_t) override {}
    void on_ram_fault(std::uint32_t, std::uint8_t) override {}
    void on_step(const bms_in& in) override { list.push_back({pack, in.now_us, in.wake}); }
    int pack;
    std::vector<Step>& list;
};

}  // namespace

TEST_CASE("A before C: an event's new voltages are there in its own instant, the old ones until then") {
    const auto i = impl_of(text(k_resistor));
    i->run_to(3 * k_s);
    const double before = i->value(i->table.find("truth.pack.v_V"));
    REQUIRE(i->at_instant);
    i->settle();
    CHECK(i->t == 3 * k_s);
    const double after = i->value(i->table.find("truth.pack.v_V"));
    CHECK(before > 52.0);  // 16 cells at no load
    CHECK(after < 1.0);    // the loop's inductance holds the current at zero, the resistor holds the terminals together
    CHECK(i->value(i->table.find("truth.pack.i_A")) < 0.5);  // the board alone
}

TEST_CASE("H: an instant with a jump is recorded twice, before A and after C") {
    const auto r = run(text(k_resistor));
    REQUIRE(r.traces.size() >= 2);
    const twin::Trace& burst = r.traces[1];
    std::vector<double> at_jump;
    for (std::size_t k = 0; k < burst.t_ns.size(); ++k) {
        if (burst.t_ns[k] != 3 * k_s) continue;
        for (const auto& c : burst.columns) {
            if (c.name == "truth.pack.v_V") at_jump.push_back(c.samples[k]);
        }
    }
    REQUIRE(at_jump.size() == 2);
    CHECK(at_jump[0] > 52.0);
    CHECK(at_jump[1] < 1.0);
}

TEST_CASE("A before B: an event in the instant of a gate edge is logged first, and both inputs are solved at once") {
    // A first run finds the edge of the driver; the second has an event in just that nanosecond.
    auto sc = shipped("short/short-hard-clamp");
    Time_ns edge = -1;
    {
        const auto i = impl_of(sc);
        i->run_to(3 * k_s + 1);
        while (edge < 0 && i->t < 4 * k_s) {
            i->run_to(i->t + 1);
            i->settle();
            if (i->packs[0].board->drives().dsg_on == 0) edge = i->t;
        }
    }
    REQUIRE(edge > 3 * k_s + 190 * k_us);
    twin::scenario::Event e;
    e.id = "cool";
    e.at = edge;
    e.action = twin::scenario::DoStep{"load[load]/cc_A", 1.0};
    sc.events.push_back(e);
    const auto i = impl_of(sc);
    i->run_to(edge);
    REQUIRE(i->t == edge);
    const std::uint64_t instants = i->instants;
    i->settle();
    CHECK(i->instants == instants + 1);
    CHECK(i->events[1].fired == 1);
    CHECK(i->packs[0].sent.dsg_on == 0);                                 // B reached the plant
    CHECK(i->plant.setup().elements[i->element_of_load[0]].i_A == 1.0);  // and so did A
    CHECK(i->plant_seen == i->plant.input_version());                    // C solved both
}

TEST_CASE("D and F: the driver's edge comes its delay after the front end decided") {
    const auto i = impl_of(shipped("short/short-hard-clamp"));
    i->run_to(3 * k_s + 1);
    REQUIRE((i->packs[0].board->afe().state().gates & 2U) != 0);  // DSGF
    Time_ns decided = -1, acted = -1;
    while (acted < 0 && i->t < 4 * k_s) {
        i->run_to(i->t + 1);
        i->settle();
        if (decided < 0 && (i->packs[0].board->afe().state().gates & 2U) == 0) decided = i->t;
        if (i->packs[0].board->drives().dsg_on == 0) acted = i->t;
    }
    REQUIRE(decided > 0);
    CHECK(acted - decided == static_cast<Time_ns>(i->setup.packs[0].parts.gate.delay_s * 1e9 + 0.5));
    CHECK(i->packs[0].gate[0] == 1);  // the gate itself still has charge: Vgs < Vth comes later
}

TEST_CASE("E: all boards in index order, woken in the instant of their cause") {
    const auto i = impl_of(shipped("paralleling/parallel-0v9"));
    std::vector<Steps::Step> steps;
    Steps a(0, steps), b(1, steps);
    i->packs[0].board->set_core_sink(&a);
    i->packs[1].board->set_core_sink(&b);
    i->run_to(2 * k_s);
    std::size_t together = 0, wrong = 0;
    for (std::size_t k = 1; k < steps.size(); ++k) {
        if (steps[k].now_us < steps[k - 1].now_us) ++wrong;
        if (steps[k].now_us != steps[k - 1].now_us) continue;
        ++together;
        if (steps[k].pack < steps[k - 1].pack) ++wrong;
    }
    CHECK(together > 10);  // equal boards start together
    CHECK(wrong == 0);
}

TEST_CASE("G: a `when` on a board's channel acts in the next round of the same instant") {
    auto sc = text(R"({"bmstwin": 1, "id": "chain", "title": "t", "why": "w", "seed": 3, "duration_s": 4,
      "pack": {"cells": "16S1P", "model": "lfp-100ah", "soc": 0.6, "board": {"product": "R24TK1A-17S-100A"}},
      "load": {"id": "r", "r_mohm": 2000, "connected": false},
      "events": [{"id": "lamp", "when": "hw.led.green == 1", "do": "connect", "target": "load[r]"},
                 {"id": "second", "when": "hw.gate.dsg == 1", "do": "disconnect", "target": "load[r]"}],
      "expect": [{"id": "on", "always": "hw.gate.dsg == 1", "from": 3}]})");
    const auto i = impl_of(sc);
    const int lamp = i->table.find("hw.led.green");
    REQUIRE(lamp >= 0);
    CHECK(i->value(lamp) == 0.0);
    while (i->value(lamp) == 0.0 && i->t < 3 * k_s) {
        i->run_to(i->t + 1);
        i->settle();
    }
    CHECK(i->value(lamp) == 1.0);
    CHECK(i->events[0].fired == 1);  // not one instant later
    CHECK(i->plant.element_connected(i->element_of_load[0]));
    CHECK(i->plant_seen == i->plant.input_version());  // and the round after it solved the plant
    // A plant channel and a gate are located: the gate's threshold falls on an instant of its own.
    i->run_to(i->t_end);
    const auto log = i->events_text();
    std::size_t gate = 0, event = 0;
    const Time_ns t_gate = at_of(log, "gate", "hw.gate.dsg", &gate);
    CHECK(t_gate > 0);
    CHECK(at_of(log, "scenario", "second", &event) == t_gate);
    CHECK(gate < event);
}

TEST_CASE("more than sixteen rounds at one instant are a status, not a hang") {
    auto setup = twin::io::assemble(text(k_resistor), {});
    setup.scenario.events[0].at = k_s;
    setup.scenario.events[0].every = 0;  // due again at once: the loader refuses this
    Simulation s(setup);
    s.advance_to(s.end_ns());
    CHECK(s.failed());
    CHECK(s.now_ns() == k_s);
    const auto r = s.finish();
    CHECK(r.status == twin::RunStatus::numeric);
    CHECK(r.verdict == "ERROR");
    CHECK_FALSE(r.passed);
    CHECK(r.error.find("16 rounds") != std::string::npos);
    CHECK(std::count_if(r.events.begin(), r.events.end(), [](const auto& e) { return e.kind == "scenario"; }) == 16);
}
