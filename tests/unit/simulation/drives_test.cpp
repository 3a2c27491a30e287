// SPDX-License-Identifier: Apache-2.0
// What boards drive reaches the plant, and what their front ends latch reaches the log.
#include "afe/dvc1124.hpp"
#include "afe/dvc1124_regs.hpp"
#include "afe/dvc1124_state.hpp"
#include "rig.hpp"
#include "sim/simulation_impl.hpp"

using namespace rig;
using Impl = Simulation::Impl;

namespace {

/// A change of the front end's state by hand, between two instants.
void change_chip(Impl& i, const std::function<void(twin::afe::Dvc1124State&)>& change) {
    auto& chip = const_cast<twin::afe::Dvc1124&>(i.packs[0].board->afe());
    twin::afe::Dvc1124State s = chip.state();
    change(s);
    chip.set_state(s);
    i.at_instant = true;
    i.settle();
}

std::unique_ptr<Impl> resting() {
    auto i = std::make_unique<Impl>(twin::io::assemble(shipped("everyday/motor-start"), {}));
    i->run_to(1500 * k_ms);
    i->settle();
    REQUIRE(i->status.ok());
    return i;
}

std::size_t told(const Impl& i, const char* source, const char* text) {
    std::size_t n = 0;
    for (const auto& e : i.events_text()) n += e.source == source && e.text == text ? 1U : 0U;
    return n;
}

}  // namespace

TEST_CASE("a destroyed input of the front end loads its filter resistor") {
    const auto i = resting();
    const double before = i->plant.view(0).pin_V[5], next = i->plant.view(0).pin_V[6];
    const double fault_S = i->packs[0].board->afe().params().fault_S;
    CHECK(fault_S > 0.0);
    change_chip(*i, [](twin::afe::Dvc1124State& s) { s.dead_pins |= 1U << 5; });
    i->run_to(1600 * k_ms);
    i->settle();
    const double r_Ohm = i->setup.packs[0].parts.input.r_filter_Ohm + i->setup.packs[0].parts.harness.lead_r_Ohm;
    CHECK(i->plant.view(0).pin_V[5] == doctest::Approx(before / (1.0 + fault_S * r_Ohm)).epsilon(2e-3));
    CHECK(i->plant.view(0).pin_V[6] == doctest::Approx(next).epsilon(2e-3));
    CHECK(i->packs[0].pins_sent.fault_S[5] == fault_S);
    std::vector<std::uint8_t> bytes;  // a run that is continued has the same plant
    i->save(bytes);
    Impl other(i->setup);
    other.load(bytes);
    CHECK(other.plant.topology().id == i->plant.topology().id);
    for (Impl* const x : {i.get(), &other}) x->run_to(1700 * k_ms);
    CHECK(other.hasher.digest() == i->hasher.digest());
}

TEST_CASE("a passive balance switch of the front end conducts between its scans") {
    const auto i = resting();
    const auto pins = [&i] { return i->plant.view(0).pin_V[4] - i->plant.view(0).pin_V[3]; };
    const double cell = pins();
    change_chip(*i, [](twin::afe::Dvc1124State& s) {
        s.reg[twin::afe::dvc::r_vadc] |= 0x40;  // a scan every 256 ms, idle between two
        s.reg[twin::afe::dvc::r_vadc] &= 0xCF;
        s.reg[twin::afe::dvc::r_cb_lo] = 1U << 3;  // cell 4
        s.cb_end_ns = s.now_ns + 60 * k_s;
    });
    double lowest = cell, highest = 0.0;
    while (i->t < 2000 * k_ms) {
        i->run_to(i->t + 1);
        i->settle();
        lowest = pins() < lowest ? pins() : lowest;
        if (lowest < 0.5 * cell) highest = pins() > highest ? pins() : highest;  // and back while it scans
    }
    const double r_Ohm = i->setup.packs[0].parts.input.r_filter_Ohm + i->setup.packs[0].parts.harness.lead_r_Ohm;
    const double on_Ohm = i->packs[0].board->afe().params().balance_high_Ohm;
    CHECK(lowest == doctest::Approx(cell * on_Ohm / (on_Ohm + 2.0 * r_Ohm)).epsilon(5e-3));
    CHECK(highest == doctest::Approx(cell).epsilon(1e-3));
}

TEST_CASE("latches of the front end are told when they trip and when they are cleared") {
    const auto i = std::make_unique<Impl>(twin::io::assemble(shipped("short/short-hard-clamp"), {}));
    i->run_to(3 * k_s + k_ms);
    i->settle();
    CHECK(told(*i, "hw.afe.scd", "SCD trips") == 1);
    CHECK(told(*i, "hw.afe.scd", "SCD cleared") == 0);
    for (const auto& e : i->events_text()) {
        if (e.source == "hw.afe.scd") CHECK(e.value.value_or(0.0) == doctest::Approx(0.08));
    }
    change_chip(*i, [](twin::afe::Dvc1124State& s) { s.flags = 0; });
    CHECK(told(*i, "hw.afe.scd", "SCD cleared") == 1);
    change_chip(*i, [](twin::afe::Dvc1124State& s) { s.flags = twin::afe::dvc::f_cov | twin::afe::dvc::f_occ1; });
    change_chip(*i, [](twin::afe::Dvc1124State& s) { s.flags = twin::afe::dvc::f_cuv | twin::afe::dvc::f_ocd1; });
    CHECK(told(*i, "hw.afe.cov", "COV trips") == 1);
    CHECK(told(*i, "hw.afe.occ1", "OCC1 trips") == 1);
    CHECK(told(*i, "hw.afe.cov", "COV cleared") == 1);
    CHECK(told(*i, "hw.afe.cuv", "CUV trips") == 1);
    CHECK(told(*i, "hw.afe.ocd1", "OCD1 trips") == 1);
    for (int k = 0; k < 100; ++k) {
        change_chip(*i, [k](twin::afe::Dvc1124State& s) { s.flags = k % 2 == 0 ? twin::afe::dvc::f_cov : 0; });
    }
    CHECK(told(*i, "hw.afe.cov", "COV trips") + told(*i, "hw.afe.cov", "COV cleared") == 20);
    CHECK(told(*i, "hw.afe.cov", "goes on switching, which is not told any more") == 1);
}

TEST_CASE("a charger that has cut off charges again when it is put on again") {
    const auto s = build(text(R"({"bmstwin": 1, "id": "again", "title": "t", "why": "w", "seed": 3, "duration_s": 40,
      "pack": {"cells": "16S1P", "model": "lfp-100ah", "soc": 0.9, "board": {"product": "R24TK1A-17S-100A"}},
      "charger": {"id": "c", "cc_A": 30, "cv_V": 53.75, "cutoff_A": 20, "connected": false},
      "events": [{"id": "first", "at_s": 3, "do": "connect", "target": "charger[c]"},
                 {"id": "off", "at_s": 20, "do": "disconnect", "target": "charger[c]"},
                 {"id": "on", "at_s": 25, "do": "connect", "target": "charger[c]"}],
      "expect": [{"id": "any", "always": "truth.pack.i_A <= 10"}]})"));
    double first = 0.0, second = 0.0;
    Time_ns cut = -1;
    while (s->now_ns() < 40 * k_s) {
        s->advance_to(s->now_ns() + 100 * k_ms);
        const double i_A = -s->value("truth.pack.i_A");
        if (s->now_ns() < 20 * k_s) first = i_A > first ? i_A : first;
        if (s->now_ns() > 25 * k_s) second = i_A > second ? i_A : second;
    }
    for (const auto& e : s->events()) {
        if (e.kind == "load" && cut < 0) cut = e.t_ns;
    }
    CHECK(first > 15.0);
    CHECK(cut > 0);
    CHECK(cut < 20 * k_s);
    CHECK(second == doctest::Approx(first).epsilon(0.2));
}
