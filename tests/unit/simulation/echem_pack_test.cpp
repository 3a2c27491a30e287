// SPDX-License-Identifier: Apache-2.0
// Electrochemical cells in a pack: against the cell alone, symmetry, balances, pieces of time, a board that acts.
#include "cell/echem.hpp"
#include "cell/echem_rest.hpp"
#include "io/bpx.hpp"
#include "rig.hpp"

using namespace rig;

namespace {

std::string pack(const std::string& cells, const std::string& kind, const std::string& steps, double duration_s,
                 const std::string& more = "") {
    return fmt::format(
        R"({{"bmstwin": 1, "id": "e", "duration_s": {}, "pack": {{"cells": "{}", "model": "chen2020", "kind": "{}", "soc": 0.9, {} "board": "none"}},
           "protocol": {{"steps": [{}]}}, "expect": [{{"id": "v", "always": "truth.cell.v_min_V > 1"}}]}})",
        duration_s, cells, kind, more, steps);
}

/// The parameters as the library's own reader gives them.
std::shared_ptr<const twin::cell::EchemParams> chen() {
    const auto r = twin::io::read_bpx(std::string(BMSTWIN_SOURCE_DIR) + "/models/echem/chen2020.json");
    REQUIRE(r.ok());
    return r.params;
}

double line(const RunResult& r, const std::string& name) {
    for (const auto& l : r.ledger.lines)
        if (l.name == name) return l.value;
    FAIL_CHECK("no line " << name);
    return 0.0;
}

}  // namespace

TEST_CASE("a cell in the network gives the voltage of the cell alone at the same current") {
    for (const char* const kind : {"spm", "spme", "dfn"}) {
        CAPTURE(kind);
        const bool dfn = std::string(kind) == "dfn";
        const double current_A = 5.0, time_s = dfn ? 300.0 : 1800.0;
        const RunResult r = run(text(
            pack("1S1P", kind,
                 fmt::format(R"({{"id": "d", "discharge_A": 5, "max_s": {}, "limit": {{"truth.cell[1].v_V": 2.5}}}})",
                             time_s),
                 time_s)));
        twin::cell::Echem one(
            chen(), dfn ? twin::cell::EchemKind::dfn
                        : (std::string(kind) == "spm" ? twin::cell::EchemKind::spm : twin::cell::EchemKind::spme));
        one.thermal = true;
        one.reset(0.9, 298.15);
        double v_V = 0.0;
        for (int k = 0; k < static_cast<int>(time_s); ++k) {
            v_V = one.trial(1.0, current_A, k == 0).v_V;
            one.commit();
        }
        REQUIRE(r.protocol.size() == 1);
        CHECK(r.protocol[0].charge_Ah * 3600.0 == doctest::Approx(current_A * time_s).epsilon(1e-7));
        // joint and lead have 0.2 mOhm; the network's first order in time and the first second leave the rest
        CHECK(r.protocol[0].v_end_V + 0.2e-3 * current_A == doctest::Approx(v_V).epsilon(5e-5));
        CHECK(r.ledger.energy_residual_rel < 1e-9);
        CHECK(r.ledger.charge_residual_rel < 1e-10);
    }
}

TEST_CASE("symmetric electrochemical cells stay symmetric; what they lose is what the cell alone loses") {
    const char* const steps = R"({"id": "d", "discharge_C": 1, "max_s": 600}, {"id": "r", "rest_s": 3600})";
    const RunResult r = run(text(pack("4S1P", "spme", steps, 4200)));
    for (const auto& m : r.metrics) {
        if (m.name == "cell.soc_spread_end_pct" || m.name == "cell.spread_end_mV") CHECK(m.value < 1e-6);
    }
    CHECK(r.ledger.energy_residual_rel < 1e-9);
    twin::cell::Echem one(chen(), twin::cell::EchemKind::spme);
    one.thermal = true;
    one.reset(0.9, 298.15);
    const auto rest = twin::cell::echem_rest_model(*chen());
    double heat_J = 0.0, loss_J = 0.0;
    for (int k = 0; k < 4200; ++k) {
        const double i_A = k < 600 ? 5.0 : 0.0, before = one.soc();
        const auto& t = one.trial(1.0, i_A, k == 0 || k == 600);
        const double v_V = t.v_V;
        heat_J += t.heat_W;
        one.commit();
        loss_J += (twin::cell::ocv_point(rest, 0.5 * (before + one.soc())).ocv_V - v_V) * i_A;
    }
    const double lost_J = -(line(r, "energy.rc_heat") + line(r, "energy.r0_heat"));
    CHECK(lost_J == doctest::Approx(4.0 * loss_J).epsilon(0.01));
    // The cell's own heat leaves out what mixing gives back when the particles level out: a part of the loss, never
    // more.
    CHECK(heat_J > 0.5 * loss_J);
    CHECK(heat_J < loss_J);
}

TEST_CASE("soc and rest model agree with the cell") {
    const auto p = chen();
    const auto m = twin::cell::echem_rest_model(*p);
    twin::cell::Echem one(p, twin::cell::EchemKind::spme);
    for (const double soc : {0.05, 0.3, 0.512, 0.9}) {
        one.reset(soc, p->t_ref_K);
        CHECK(twin::cell::ocv_point(m, soc).ocv_V == doctest::Approx(one.voltage_V(0.0)).epsilon(2e-5));
    }
    one.reset(0.9, p->t_ref_K);
    (void)one.trial(100.0, 5.0, true);
    one.commit();
    CHECK((0.9 - one.soc()) * twin::cell::echem_capacity_C(*p) == doctest::Approx(500.0).epsilon(1e-9));
}

TEST_CASE("parallel cells and more capacity share the current, more resistance drops more") {
    const char* const steps = R"({"id": "d", "discharge_A": 10, "max_s": 100})";
    const RunResult one = run(text(pack("1S1P", "spme", R"({"id": "d", "discharge_A": 5, "max_s": 100})", 100)));
    const RunResult two = run(text(pack("1S2P", "spme", steps, 100)));
    // 0.2 mOhm of joint and lead at 5 and at 10 A
    CHECK(two.protocol[0].v_end_V + 2e-3 == doctest::Approx(one.protocol[0].v_end_V + 1e-3).epsilon(1e-6));
    const RunResult worn = run(text(pack("1S2P", "spme", steps, 100, R"("override": {"cell[1]": {"r_scale": 2}},)")));
    CHECK(worn.protocol[0].v_end_V < two.protocol[0].v_end_V - 0.02);
}

TEST_CASE("electrochemical cells in pieces of time, and through bytes") {
    const auto sc = shipped("electrochemical/overcurrent-spme");
    const std::string once = evidence(run(sc));
    const auto s = build(sc);
    Dice dice(3);
    for (int k = 0; k < 40; ++k) s->advance_to(s->now_ns() + dice.below(500 * k_ms));
    const auto copy = s->fork();
    copy->advance_to(copy->end_ns());
    CHECK(difference(evidence(copy->finish()), once) == "");
    CHECK(difference(evidence(to_end(*s)), once) == "");
}

TEST_CASE("kinds and files that don't fit are refused") {
    const auto refused = [](const std::string& model, const std::string& kind, const char* why) {
        std::string json = pack("1S1P", kind, R"("Rest for 1 s")", 2);
        json.replace(json.find("chen2020"), 8, model);
        try {
            (void)twin::io::assemble(text(json), {});
            FAIL_CHECK("accepted");
        } catch (const twin::InputError& e) {
            CHECK(e.diagnostics().front().pointer == "/pack/kind");
            CHECK(e.diagnostics().front().message.find(why) != std::string::npos);
        }
    };
    refused("chen2020", "ecm", "BPX file");
    refused("lfp-100ah", "dfn", "equivalent circuit");
}
