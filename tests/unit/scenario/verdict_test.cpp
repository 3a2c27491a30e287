// SPDX-License-Identifier: Apache-2.0
// The verdict table row by row, and the monitor that finds its terms from truth and hw alone.
#include <doctest/doctest.h>

#include "rig.hpp"
#include "scenario/verdict.hpp"

using namespace rig;  // NOLINT(google-build-using-namespace)

TEST_CASE("decide: every verdict is reachable, the first from the left wins") {
    Facts f;
    CHECK(decide(f).text() == "NORMAL");
    f.any_stimulus = true;
    CHECK(decide(f).text() == "RIDE-THROUGH");
    f.acted = true;
    CHECK(decide(f).text() == "PROTECTED");
    f.back_in_service = true;
    CHECK(decide(f).text() == "RECOVERED");
    f.acted_without_due = true;
    CHECK(decide(f).text() == "FALSE-TRIP");
    f.fault_stimulus = true;
    CHECK(decide(f).text() == "RECOVERED");  // a fault stimulus excuses the act
    f.missed = "cell over-voltage";
    CHECK(decide(f).text() == "MISSED");
    f.damaged = {"fet.dsg[2]", "clamp"};
    CHECK(decide(f).text() == "DAMAGED(fet.dsg[2])");
    f.hazards = {"vent"};
    CHECK(decide(f).text() == "HAZARD(vent)");
    f.error = "core hung";
    CHECK(decide(f).text() == "ERROR");
}

TEST_CASE("the worst pack decides the run") {
    const std::vector<Decision> d = {
        {Verdict::ride_through, {}}, {Verdict::damaged, "clamp"}, {Verdict::protected_, {}}};
    CHECK(worst_of(d).text() == "DAMAGED(clamp)");
    CHECK(worst_of({}).text() == "NORMAL");
}

TEST_CASE("verdict texts") {
    Verdict v{};
    std::string argument;
    CHECK(parse_verdict("DAMAGED(fet.dsg[2])", &v, &argument));
    CHECK(v == Verdict::damaged);
    CHECK(argument == "fet.dsg[2]");
    CHECK(parse_verdict("FALSE-TRIP", &v, &argument));
    CHECK_FALSE(parse_verdict("PROTECTED(x)", &v, &argument));
    CHECK_FALSE(parse_verdict("protected", &v, &argument));
    CHECK_FALSE(parse_verdict("DAMAGED(", &v, &argument));
}

TEST_CASE("miswiring oracles: contract by distance, physics by damage") {
    std::vector<int> tap(17);
    for (int k = 0; k < 17; ++k) tap[static_cast<std::size_t>(k)] = k;
    CHECK_FALSE(judge_miswiring(tap, 6, false).miswired);
    std::swap(tap[5], tap[6]);
    CHECK(judge_miswiring(tap, 6, false).distance == 1);
    CHECK(judge_miswiring(tap, 6, false).agree());
    std::swap(tap[2], tap[9]);
    const MiswireOracle m = judge_miswiring(tap, 6, false);
    CHECK(m.distance == 7);
    CHECK(m.contract_damage);
    CHECK_FALSE(m.physics_damage);
    CHECK_FALSE(m.agree());
    tap.assign(17, -1);
    CHECK(judge_miswiring(tap, 6, false).miswired);
    CHECK(judge_miswiring(tap, 6, false).distance == 0);
}

namespace {

RequirementFile file() {
    RequirementFile f;
    f.id = "test";
    f.occ = {1.1, 0.05, 5, 0.5};
    f.ocd = {1.5, 0.05, 10, 1};
    f.scd = {4, 0.4, 200e-6, 40e-6};
    f.fet_hot = {105, 5, 3, 10};
    ChemistryLimits& c = f.LFP;
    c.v_ul_V = 3.65;
    c.full_V = 3.45;
    c.cov = {3.62, 0.015, 1, 0.5};
    c.cuv = {2.5, 0.015, 2, 0.5};
    c.small_strings = 4;
    c.small_cuv_V = 2.6;
    c.charge_cold = {0, 3, 3, 13};
    c.charge_hot = {50, 3, 3, 13};
    c.discharge_cold = {-20, 3, 3, 13};
    c.discharge_hot = {60, 3, 3, 13};
    return f;
}

/// One pack: both gates on, 3.3 V, 25 degC, nothing flowing.
struct TestPack {
    ChannelTable t;
    Now now;
    Time_ns at = 0;
    std::unique_ptr<VerdictMonitor> m;

    explicit TestPack(bool gates_on = true) {
        for (const char* n : {"truth.pack.i_A", "truth.cell.v_max_V", "truth.cell.v_min_V", "truth.cell.t_max_degC",
                              "truth.cell.t_min_degC", "truth.fet.ntc_degC"})
            t.add(channel(n));
        for (const char* n : {"hw.gate.dsg", "hw.gate.chg", "hw.led.red", "hw.do", "hw.supply", "hw.asleep"})
            t.add(channel(n, true));
        m = std::make_unique<VerdictMonitor>(requirements_for(file(), "R24TK1A-17S-100A", 100, "LFP", 16), t, "pack",
                                             false);
        REQUIRE(m->problems().empty());
        now.v = {{"truth.cell.v_max_V", 3.3},   {"truth.cell.v_min_V", 3.3}, {"truth.cell.t_max_degC", 25},
                 {"truth.cell.t_min_degC", 25}, {"truth.fet.ntc_degC", 30},  {"hw.supply", 1},
                 {"hw.gate.dsg", gates_on},     {"hw.gate.chg", gates_on}};
        instant();
    }
    void instant() { m->on_instant(at, now.of(t, m->watch())); }
    void set(const std::string& name, double x) {
        now.v[name] = x;
        instant();
    }
    void line(double to_s, const std::string& name, double x) {
        const std::vector<double> a = now.of(t, m->watch());
        now.v[name] = x;
        const Time_ns tb = twin::base::from_s(to_s);
        m->on_segment(Moment(at), Moment(tb), a, now.of(t, m->watch()));
        at = tb;
        instant();
    }
    void wait(double to_s) {
        for (int k = 1; k <= 10; ++k) {
            const double from_s = static_cast<double>(at) * 1e-9;
            line(from_s + (to_s - from_s) / (11 - k), "", 0);
        }
    }
    std::string verdict() const { return decide(m->facts(at)).text(); }
};

}  // namespace

TEST_CASE("nothing happens: NORMAL; a disturbance alone: RIDE-THROUGH") {
    TestPack p;
    p.wait(10);
    CHECK(p.verdict() == "NORMAL");
    p.m->stimulus(Stimulus::disturbance, p.at);
    p.wait(20);
    CHECK(p.verdict() == "RIDE-THROUGH");
}

TEST_CASE("short circuit: opened in time is PROTECTED, late is MISSED, never is MISSED") {
    for (const double opens_us : {200.0, 300.0, 0.0}) {
        TestPack p;
        p.m->stimulus(Stimulus::fault, 0);
        p.line(1.0, "", 0);
        p.set("truth.pack.i_A", 1500);
        if (opens_us > 0) {
            p.wait(1.0 + opens_us * 1e-6);
            p.set("hw.gate.dsg", 0);
            p.line(1.0 + (opens_us + 50) * 1e-6, "truth.pack.i_A", 0);
            p.wait(1.05);
            p.set("hw.led.red", 1);
            p.wait(3);
        } else {
            p.wait(1.01);
        }
        CHECK(p.verdict() == (opens_us == 200.0 ? "PROTECTED" : "MISSED"));
        if (opens_us == 200.0) CHECK(p.m->first_act() == twin::base::from_s(1.0002));
    }
}

TEST_CASE("the current of the loop may outlast the gate that acted in time, but not for long") {
    for (const double tail_ms : {0.5, 20.0}) {
        TestPack p;
        p.m->stimulus(Stimulus::fault, 0);
        p.set("truth.pack.i_A", 1500);
        p.wait(0.0002);
        p.set("hw.gate.dsg", 0);
        p.wait(0.0002 + tail_ms * 1e-3);
        p.set("truth.pack.i_A", 0);
        p.set("hw.led.red", 1);
        p.wait(3);
        CHECK(p.verdict() == (tail_ms < 1 ? "PROTECTED" : "MISSED"));
    }
}

TEST_CASE("between limit plus and minus tolerance both acting and not acting are right") {
    TestPack p;
    p.m->stimulus(Stimulus::disturbance, 0);
    p.set("truth.pack.i_A", 150);
    p.wait(30);
    CHECK(p.verdict() == "RIDE-THROUGH");
    p.set("hw.gate.dsg", 0);
    p.set("hw.led.red", 1);
    p.set("truth.pack.i_A", 0);
    p.wait(33);
    CHECK(p.verdict() == "PROTECTED");
}

TEST_CASE("over-current: too long is MISSED, an act well before the delay is a FALSE-TRIP") {
    TestPack late;
    late.m->stimulus(Stimulus::disturbance, 0);
    late.set("truth.pack.i_A", 170);
    late.wait(10.9);
    CHECK(late.verdict() == "RIDE-THROUGH");
    late.wait(11.2);
    CHECK(late.verdict() == "MISSED");
    TestPack early;
    early.m->stimulus(Stimulus::disturbance, 0);
    early.set("truth.pack.i_A", 170);
    early.wait(5);
    early.set("hw.gate.dsg", 0);
    early.set("truth.pack.i_A", 0);
    early.set("hw.led.red", 1);
    early.wait(20);
    CHECK(early.verdict() == "FALSE-TRIP");
}

TEST_CASE("over-voltage while charging; after the charge gate is off the cell may stay high") {
    TestPack p;
    p.m->stimulus(Stimulus::disturbance, 0);
    p.set("truth.pack.i_A", -50);
    p.line(100, "truth.cell.v_max_V", 3.63);
    p.wait(101);
    p.set("hw.gate.chg", 0);
    p.set("truth.pack.i_A", 0);
    p.set("hw.led.red", 1);
    p.wait(200);
    CHECK(p.verdict() == "PROTECTED");
    TestPack q;
    q.m->stimulus(Stimulus::disturbance, 0);
    q.set("truth.pack.i_A", -50);
    q.line(100, "truth.cell.v_max_V", 3.66);
    q.wait(110);
    CHECK(q.verdict() == "MISSED");
}

TEST_CASE("recovered: gates on and no alarm at the end") {
    TestPack p;
    p.m->stimulus(Stimulus::fault, 0);
    p.set("truth.pack.i_A", 1500);
    p.wait(0.0002);
    p.set("hw.gate.dsg", 0);
    p.set("truth.pack.i_A", 0);
    p.set("hw.led.red", 1);
    p.wait(40);
    CHECK(p.verdict() == "PROTECTED");
    p.set("hw.led.red", 0);
    p.set("hw.gate.dsg", 1);
    p.wait(40.5);
    CHECK(p.verdict() == "PROTECTED");
    p.wait(42);
    CHECK(p.verdict() == "RECOVERED");
}

TEST_CASE(
    "an uncommanded opening without reason is a FALSE-TRIP; commands, sleep, full charge and a lost supply are not") {
    TestPack bare;
    bare.wait(5);
    bare.set("hw.gate.dsg", 0);
    bare.wait(10);
    CHECK(bare.verdict() == "FALSE-TRIP");
    TestPack told;
    told.m->commanded(Gate::dsg, false, 0);
    told.wait(5);
    told.set("hw.gate.dsg", 0);
    told.wait(10);
    CHECK(told.verdict() == "NORMAL");
    TestPack asleep;
    asleep.set("hw.asleep", 1);
    asleep.set("hw.gate.dsg", 0);
    asleep.set("hw.gate.chg", 0);
    asleep.wait(10);
    CHECK(asleep.verdict() == "NORMAL");
    TestPack full;
    full.set("truth.cell.v_max_V", 3.5);
    full.set("hw.gate.chg", 0);
    full.wait(10);
    CHECK(full.verdict() == "NORMAL");
    TestPack dark;
    dark.now.v["hw.supply"] = 0;
    dark.set("hw.gate.dsg", 0);
    dark.wait(10);
    CHECK(dark.verdict() == "NORMAL");
}

TEST_CASE("charge in the cold: held off with the alarm is PROTECTED, charging on is MISSED") {
    TestPack off(false);
    off.set("truth.cell.t_min_degC", -20);
    off.m->stimulus(Stimulus::disturbance, 0);
    off.wait(0.5);
    off.set("hw.led.red", 1);
    off.wait(60);
    CHECK(off.verdict() == "PROTECTED");
    TestPack on;
    on.set("truth.cell.t_min_degC", -20);
    on.m->stimulus(Stimulus::disturbance, 0);
    on.set("truth.pack.i_A", -30);
    on.wait(60);
    CHECK(on.verdict() == "MISSED");
    TestPack idle;  // cold, but nobody charges
    idle.set("truth.cell.t_min_degC", -10);
    idle.wait(60);
    CHECK(idle.verdict() == "NORMAL");
}

TEST_CASE("wiring faults must be detected in their time") {
    for (const double detected_s : {1.1, 1.5, 0.0}) {
        TestPack p(false);
        p.m->stimulus(Stimulus::fault, 0);
        p.m->fault(FaultKind::swap, "W5-W6", 0);
        p.wait(1.1);
        if (detected_s > 0) {
            p.wait(detected_s);
            p.set("hw.led.red", 1);
        }
        p.wait(5);
        CHECK(p.verdict() == (detected_s == 1.1 ? "PROTECTED" : "MISSED"));
    }
    TestPack open;  // a lead that breaks in service: 2 s, no start-up time
    open.wait(100);
    open.m->stimulus(Stimulus::fault, open.at);
    open.m->fault(FaultKind::open_lead, "W7", open.at);
    open.wait(101.5);
    open.set("hw.gate.dsg", 0);
    open.set("hw.gate.chg", 0);
    open.set("hw.led.red", 1);
    open.wait(110);
    CHECK(open.verdict() == "PROTECTED");
}

TEST_CASE("state of a verdict monitor survives saving") {
    TestPack p;
    p.m->stimulus(Stimulus::fault, 0);
    p.set("truth.pack.i_A", 1500);
    p.wait(0.0001);
    std::vector<std::uint8_t> bytes;
    p.m->save(bytes);
    TestPack q;
    REQUIRE(q.m->load(bytes) == bytes.size());
    q.now = p.now;
    q.at = p.at;
    for (TestPack* x : {&p, &q}) x->wait(0.001);
    CHECK(p.verdict() == "MISSED");
    CHECK(q.verdict() == p.verdict());
    CHECK(q.m->story() == p.m->story());
}

TEST_CASE("judge and outcome: implicit checks, waivers, expect_fail, nothing left") {
    Scenario s;
    s.expect = {check("verdict", VerdictCheck{"PROTECTED", {}})};
    const std::vector<PackDecision> packs = {{"pack", {Verdict::protected_, {}}}};
    ImplicitFacts facts;
    const auto run = [&] {
        std::vector<twin::CheckResult> results(1);
        results[0].id = "verdict";
        results[0].form = "verdict";
        judge(results, s, packs, facts);
        return results;
    };
    CHECK(outcome(run(), s).passed);
    CHECK(run().size() == 5);
    facts.damaged = {"fet.dsg[1]"};
    CHECK_FALSE(outcome(run(), s).passed);
    s.waive = {"no_damage"};
    CHECK(outcome(run(), s).passed);
    facts.energy_residual_rel = 2e-6;
    CHECK_FALSE(outcome(run(), s).passed);
    facts.energy_residual_rel = 0;
    facts.extrapolated = {"lfp-100ah soc"};
    CHECK(outcome(run(), s).passed);
    facts.strict = true;
    CHECK_FALSE(outcome(run(), s).passed);
    s.expect_fail = ExpectFail{"known", ""};
    CHECK(outcome(run(), s).passed);
    facts.strict = false;
    CHECK_FALSE(outcome(run(), s).passed);  // strict: passing is a failure
    s.expect_fail.reset();
    std::vector<twin::CheckResult> skipped(1);
    skipped[0].skipped = true;
    CHECK_FALSE(outcome(skipped, s).passed);
    s.expect = {check("verdict", VerdictCheck{"MISSED", {}})};
    CHECK_FALSE(outcome(run(), s).passed);
}

TEST_CASE("limits of a product: levels scale with the rated current, short packs have their own under-voltage") {
    const Requirements r = requirements_for(file(), "x", 100, "LFP", 16);
    const Requirements small = requirements_for(file(), "x", 40, "LFP", 4);
    const auto find = [](const Requirements& q, LimitKind k) {
        for (const Limit& l : q.limits)
            if (l.kind == k) return l;
        return Limit{};
    };
    CHECK(find(r, LimitKind::scd).over == doctest::Approx(440));
    CHECK(find(r, LimitKind::scd).due == doctest::Approx(360));
    CHECK(find(r, LimitKind::occ).over == doctest::Approx(-115));
    CHECK(find(r, LimitKind::occ).due == doctest::Approx(-105));
    CHECK_FALSE(find(r, LimitKind::occ).above);
    CHECK(find(r, LimitKind::cuv).over == doctest::Approx(2.485));
    CHECK(find(small, LimitKind::cuv).over == doctest::Approx(2.585));
    CHECK(find(small, LimitKind::ocd).over == doctest::Approx(62));
    CHECK(requirements_for(file(), "x", 100, "??", 16).limits.size() == 7);
}
