// SPDX-License-Identifier: Apache-2.0
// A cycler's protocol on cells alone and through a board: what is driven, what ends a step, what is recorded.
#include <fstream>

#include "cell/ecm.hpp"
#include "rig.hpp"

using namespace rig;

namespace {

/// One LFP cell of 100 Ah without a board on the given steps.
std::string scenario(const std::string& steps, const std::string& more = "", double soc = 0.5, int repeat = 1,
                     const std::string& cells = "1S1P", double duration_s = 4000) {
    return fmt::format(
        R"({{"bmstwin": 1, "id": "cell", "duration_s": {}, "pack": {{"cells": "{}", "model": "lfp-100ah", "soc": {}, "board": "none"}},
           "protocol": {{"repeat": {}, "steps": [{}]}}, {} "expect": [{{"id": "there", "always": "truth.cell.v_min_V > 0"}}]}})",
        duration_s, cells, soc, repeat, steps, more);
}
RunResult run_text(const std::string& json) { return run(text(json)); }

double metric(const RunResult& r, const std::string& name) {
    for (const auto& m : r.metrics)
        if (m.name == name) return m.value;
    FAIL_CHECK("no metric " << name);
    return 0.0;
}

}  // namespace

TEST_CASE("each step ends for its reason, at its value") {
    const RunResult r = run_text(scenario(R"(
        {"id": "time", "discharge_A": 50, "max_s": 10},
        {"id": "volts", "charge_C": 1, "until": {"truth.cell.v_max_V": 3.5}, "max_s": 3000},
        {"id": "taper", "hold_V": 3.5, "until": {"truth.cycler.i_abs_A": 20}, "max_s": 3000},
        {"id": "rest", "rest_s": 20},
        {"id": "power", "power_W": 200, "until": {"truth.cycler.energy_Wh": 2}},
        {"id": "soc", "discharge_C": 2, "until": {"truth.pack.soc_pct": 60}},
        {"id": "hot", "discharge_C": 0.5, "until": {"truth.cell.t_max_degC": 20}, "max_s": 5, "limit": {"truth.cell.v_min_V": 2.5}},
        {"id": "never", "rest_s": 20})",
                                          "", 0.8));
    REQUIRE(r.status == twin::RunStatus::ok);
    const struct {
        const char *step, *reason, *channel;
    } want[] = {
        {"time", "time", ""}, {"volts", "until", "truth.cell.v_max_V"},     {"taper", "until", "truth.cycler.i_abs_A"},
        {"rest", "time", ""}, {"power", "until", "truth.cycler.energy_Wh"}, {"soc", "until", "truth.pack.soc_pct"},
        {"hot", "time", ""}};
    REQUIRE(r.protocol.size() == 8);
    for (std::size_t k = 0; k < 7; ++k) {
        CAPTURE(want[k].step);
        CHECK(r.protocol[k].step == want[k].step);
        CHECK(r.protocol[k].reason == want[k].reason);
        CHECK(r.protocol[k].channel == want[k].channel);
        CHECK(r.protocol[k + 1].t_start_ns == r.protocol[k].t_end_ns);
    }
    CHECK(r.protocol[0].charge_Ah == doctest::Approx(50.0 * 10.0 / 3600.0).epsilon(1e-9));
    CHECK(r.protocol[2].i_end_A == doctest::Approx(-20.0).epsilon(1e-4));
    CHECK(r.protocol[2].v_end_V == doctest::Approx(3.5).epsilon(2e-4));  // regulated to 5e-4 at the largest current
    CHECK(r.protocol[3].i_end_A == 0.0);
    CHECK(r.protocol[4].energy_Wh == doctest::Approx(2.0).epsilon(1e-8));
    CHECK(r.protocol[4].i_end_A * r.protocol[4].v_end_V ==
          doctest::Approx(200.0).epsilon(1e-4));  // end of the step against its mean
    CHECK(r.verdict == "NORMAL");
    CHECK(r.ledger.energy_residual_rel < 1e-9);
    CHECK(r.ledger.charge_residual_rel < 1e-12);
}

TEST_CASE("a limit ends the whole protocol, the end of the run no step") {
    const RunResult r = run_text(scenario(R"(
        {"id": "down", "discharge_C": 1, "max_s": 3600, "limit": {"truth.cell.v_min_V": 3.0}}, {"rest_s": 10})"));
    REQUIRE(r.protocol.size() == 1);
    CHECK(r.protocol[0].reason == "limit");
    CHECK(r.protocol[0].channel == "truth.cell.v_min_V");
    const RunResult cut =
        run_text(scenario(R"({"id": "down", "discharge_C": 0.1, "max_s": 36000})", "", 0.5, 1, "1S1P", 50));
    REQUIRE(cut.protocol.size() == 1);
    CHECK(cut.protocol[0].reason == "run end");
    CHECK(cut.protocol[0].charge_Ah == doctest::Approx(10.0 * 50.0 / 3600.0).epsilon(1e-9));
}

TEST_CASE("the end of a discharge is where the cell's own equations put it") {
    const auto sc =
        text(scenario(R"({"id": "down", "discharge_C": 0.5, "until": {"truth.cell[1].v_V": 2.9}})", "", 0.3));
    auto setup = twin::io::assemble(sc, {});
    const auto& model = *setup.packs[0].cell;
    auto p = twin::cell::make_params(model);
    auto s = twin::cell::make_state<double>(model, p, 0.3, 25.0);
    const double h = 0.25, i = 50.0;
    const auto k = twin::cell::coeffs(model, h);
    double t = 0.0, before = 4.0, now = 4.0;
    while (now > 2.9 && t < 4000.0) {
        before = now;
        twin::cell::commit(model, p, s, k, i * h, s.r0_Ohm * i * i * h, 25.0);
        now = twin::cell::emf(model, p, s) - i * s.r0_Ohm;
        t += h;
    }
    const double t_end_s = t - h * (2.9 - now) / (before - now);
    const RunResult r = to_end(*std::make_unique<Simulation>(setup));
    REQUIRE(r.protocol.size() == 1);
    CHECK(r.protocol[0].reason == "until");
    // thermal and RC states advance by other steps; the plant holds resistances to 1e-3 (0.04 mV here, 5 mV/s at the
    // end)
    CHECK(static_cast<double>(r.protocol[0].t_end_ns) / 1e9 == doctest::Approx(t_end_s).epsilon(1e-5));
}

TEST_CASE("words and objects drive the same") {
    const RunResult a = run_text(scenario(
        R"("Discharge at C/2 for 10 minutes or until 2.5 V", "Charge at 40 A until 3.45 V", "Hold at 3.45 V until C/20", "Rest for 1 minute")",
        "", 0.9));
    const RunResult b = run_text(scenario(
        R"({"discharge_C": 0.5, "max_s": 600, "until": {"truth.cycler.v_V": 2.5}}, {"charge_A": 40, "until": {"truth.cycler.v_V": 3.45}},
        {"hold_V": 3.45, "until": {"truth.cycler.i_abs_A": 5}}, {"rest_s": 60})",
        "", 0.9));
    CHECK(a.hash == b.hash);
    REQUIRE(a.protocol.size() == 4);
    CHECK(a.protocol[2].i_end_A == doctest::Approx(-5.0).epsilon(1e-4));
    CHECK(a.protocol[0].text == "Discharge at C/2 for 10 minutes or until 2.5 V");
}

TEST_CASE("a voltage limit turns constant current into constant voltage") {
    const RunResult r = run_text(scenario(
        R"({"id": "cccv", "charge_C": 1, "limit": {"v_V": 3.5}, "until": {"truth.cycler.i_abs_A": 10}, "max_s": 3500})",
        "", 0.8));
    REQUIRE(r.protocol.size() == 1);
    CHECK(r.protocol[0].reason == "until");
    CHECK(r.protocol[0].v_end_V == doctest::Approx(3.5).epsilon(1e-4));
    for (std::size_t k = 0; k < r.traces[0].columns.size(); ++k) {
        if (r.traces[0].columns[k].name != "truth.cycler.v_V") continue;
        for (const double v : r.traces[0].columns[k].samples) CHECK(v <= 3.501);
    }
}

TEST_CASE("a profile's charge is its integral") {
    const std::string file = std::string(BMSTWIN_BUILD_DIR) + "/cycler_profile.csv";
    {
        std::ofstream out(file);
        out << "t_s,i_A\n0,0\n1,40\n3,40\n5,-20\n8,-20\n9,0\n";
    }
    const RunResult r = run_text(scenario("{\"id\": \"drive\", \"profile\": \"" + file + "\"}"));
    REQUIRE(r.protocol.size() == 1);
    CHECK(r.protocol[0].reason == "profile");
    CHECK(static_cast<double>(r.protocol[0].t_end_ns) == 9e9);
    // triangles and rectangles; between the points the current moves in steps of 10 ms
    CHECK(r.protocol[0].charge_Ah * 3600.0 == doctest::Approx(20.0 + 80.0 + 20.0 - 60.0 - 10.0).epsilon(0.01));
}

TEST_CASE("rounds are told apart, their pulses have a resistance") {
    const RunResult r = run_text(
        scenario(R"({"id": "pulse", "discharge_A": 100, "max_s": 0.1}, {"id": "rest", "rest_s": 30})", "", 0.5, 3));
    CHECK(r.protocol.size() == 6);
    CHECK(r.protocol[5].round == 3);
    // 100 ms after the step: R0 at 25 degC, one joint and the lead (0.05 and 0.15 mOhm), a trace of the first RC pair
    const auto setup = twin::io::assemble(text(scenario(R"("Rest for 1 s")")), {});
    const auto p = twin::cell::make_params(*setup.packs[0].cell);
    const double r0 = twin::cell::make_state<double>(*setup.packs[0].cell, p, 0.5, 25.0).r0_Ohm;
    CHECK(metric(r, "step[pulse@1].r_mohm") == doctest::Approx(1e3 * r0 + 0.2).epsilon(0.03));
    CHECK(metric(r, "step[pulse@3].time_s") == doctest::Approx(0.1).epsilon(1e-12));
}

TEST_CASE("cells in series end by the weakest, symmetric ones stay alike") {
    const RunResult r =
        run_text(scenario(R"({"discharge_C": 1, "until": {"truth.cell.v_min_V": 2.8}})", "", 0.2, 1, "4S1P"));
    CHECK(r.protocol[0].reason == "until");
    CHECK(metric(r, "cell.soc_spread_end_pct") < 1e-12);
}

TEST_CASE("verdict without a board: a stimulus is ridden through, a missing channel is an error") {
    const RunResult r = run_text(scenario(
        R"("Rest for 10 s")",
        R"("events": [{"id": "s", "at_s": 1, "do": "short", "between": ["P+", "P-"], "r_mohm": 100, "for_s": 1}],)"));
    CHECK(r.verdict == "RIDE-THROUGH");
    REQUIRE(r.verdicts.size() == 1);
    CHECK(r.verdicts[0].reason.find("no board") != std::string::npos);
    try {
        run_text(scenario(R"({"id": "x", "charge_A": 1, "until": {"truth.cell.v_mox_V": 3}})"));
        FAIL_CHECK("accepted");
    } catch (const twin::InputError& e) {
        CHECK(e.diagnostics().front().pointer == "/protocol/steps/x/until/truth.cell.v_mox_V");
        CHECK(e.diagnostics().front().message.find("truth.cell.v_max_V") != std::string::npos);
    }
}

TEST_CASE("a protocol in pieces, through bytes and as a fork") {
    const auto sc = shipped("cycler/hppc-cell");
    const std::string once = evidence(run(sc));
    const auto s = build(sc);
    Dice dice(5);
    for (int k = 0; k < 60; ++k) s->advance_to(s->now_ns() + dice.below(80 * k_s));
    const auto copy = s->fork();
    copy->advance_to(copy->end_ns());
    CHECK(difference(evidence(copy->finish()), once) == "");
    CHECK(difference(evidence(to_end(*s)), once) == "");
}

TEST_CASE("through a board: nothing flows before it is on, its trip ends the step") {
    auto sc = shipped("cycler/overcharge-16s");
    const RunResult r = run(sc);
    REQUIRE(r.protocol.size() == 2);
    CHECK(r.protocol[1].reason == "until");
    CHECK(r.protocol[1].channel == "hw.gate.chg");
    CHECK(r.verdict == "PROTECTED");
    sc.protocol->steps.erase(sc.protocol->steps.begin());
    sc.duration = 2 * k_s;
    const RunResult early = run(sc);  // the board is still waking up: its charge group opens the first step at once
    REQUIRE(!early.protocol.empty());
    CHECK(early.protocol[0].reason == "until");
    CHECK(early.protocol[0].charge_Ah > -1e-3);
}
