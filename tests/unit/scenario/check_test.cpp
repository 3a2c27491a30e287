// SPDX-License-Identifier: Apache-2.0
// Every form of check against margins worked out by hand on straight lines.
#include <doctest/doctest.h>

#include "rig.hpp"

using namespace rig;  // NOLINT(google-build-using-namespace)
using doctest::Approx;

namespace {

Player with(std::vector<Check> checks, std::vector<Event> events = {}) {
    Player p;
    p.s.expect = std::move(checks);
    p.s.events = std::move(events);
    p.start();
    REQUIRE(p.checks->problems().empty());
    return p;
}

Window from_to(double from, double to) {
    Window w;
    w.from = Mark{from, {}};
    w.to = Mark{to, {}};
    return w;
}

}  // namespace

TEST_CASE("always: smallest distance to the bound, its instant and value") {
    Player p = with({check("v", Always{condition("truth.cell.v_max_V <= 3.65"), {}})});
    p.line(2 * k_s, "truth.cell.v_max_V", 3.6);
    p.line(3 * k_s, "truth.cell.v_max_V", 3.64);
    p.line(5 * k_s, "truth.cell.v_max_V", 3.2);
    const twin::CheckResult r = p.result();
    CHECK(r.passed);
    CHECK(*r.margin == Approx(0.01));
    CHECK(r.unit == "V");
    CHECK(*r.value == Approx(3.64));
    CHECK(r.t_ns == 3 * k_s);
    CHECK(r.form == "always");
}

TEST_CASE("always: a violation gives a negative margin even between instants") {
    Player p = with({check("v", Always{condition("truth.cell.v_max_V <= 3.65"), {}})});
    p.line(1 * k_s, "truth.cell.v_max_V", 3.70, false);
    p.line(2 * k_s, "truth.cell.v_max_V", 3.0, false);
    CHECK_FALSE(p.result().passed);
    CHECK(*p.result().margin == Approx(-0.05));
}

TEST_CASE("always on a discrete channel: minus the violated time") {
    Player p = with({check("g", Always{condition("hw.gate.dsg == 0"), {}})});
    p.wait(1 * k_s);
    CHECK(*p.result().margin == 0.0);
    CHECK(p.result().passed);
    p.set("hw.gate.dsg", 1);
    p.wait(1 * k_s + 250 * k_ms);
    p.set("hw.gate.dsg", 0);
    p.wait(3 * k_s);
    const twin::CheckResult r = p.result();
    CHECK_FALSE(r.passed);
    CHECK(*r.margin == Approx(-0.25));
    CHECK(r.unit == "s");
    CHECK(r.t_ns == 1 * k_s);
}

TEST_CASE("never is always of the opposite, on both kinds of channel") {
    Player p = with({check("v", Never{condition("truth.cell.v_max_V > 3.65"), {}}),
                     check("g", Never{condition("hw.gate.dsg == 1"), {}})});
    p.line(1 * k_s, "truth.cell.v_max_V", 3.5);
    CHECK(*p.result().margin == Approx(0.15));
    CHECK(p.result({}, 1).passed);
    p.set("hw.gate.dsg", 1);
    p.wait(3 * k_s);
    CHECK(*p.result({}, 1).margin == Approx(-2.0));
}

TEST_CASE("windows by time cut a segment where it crosses them") {
    Player p = with({check("v", Always{condition("truth.pack.i_A <= 60"), from_to(1.0, 2.0)})});
    p.line(4 * k_s, "truth.pack.i_A", 100.0);  // 25 A at 1 s, 50 A at 2 s, 100 A at 4 s
    CHECK(*p.result().margin == Approx(10.0));
    CHECK(p.result().passed);
}

TEST_CASE("windows by event: from its first firing; never fired is VACUOUS") {
    Window w;
    w.from = Mark{0, "short"};
    Player p = with({check("v", Always{condition("truth.pack.i_A <= 60"), w})}, {named("short")});
    p.line(1 * k_s, "truth.pack.i_A", 100.0);
    CHECK(p.result().vacuous);
    CHECK_FALSE(p.result().passed);
    CHECK_FALSE(p.result().margin.has_value());
    p.set("truth.pack.i_A", 20.0);
    p.fire("short");
    p.line(2 * k_s, "truth.pack.i_A", 30.0);
    CHECK(*p.result().margin == Approx(30.0));
    p.fire("short");  // only the first firing opens a window
    CHECK(*p.result().margin == Approx(30.0));
}

TEST_CASE("a vacuous check passes only if it may") {
    Check c =
        check("w", Whenever{condition("truth.pack.i_A >= 400"), 0, condition("hw.gate.dsg == 0"), 216 * k_us, {}});
    Check may = c;
    may.id = "may";
    may.may_be_vacuous = true;
    Player p = with({c, may});
    p.wait(2 * k_s);
    CHECK(p.result().vacuous);
    CHECK_FALSE(p.result().passed);
    CHECK(p.result({}, 1).vacuous);
    CHECK(p.result({}, 1).passed);
}

TEST_CASE("whenever: the response counts from the located crossing") {
    Player p = with({check(
        "opens", Whenever{condition("truth.pack.i_A >= 400"), 0, condition("hw.gate.dsg == 0"), 216 * k_us, {}})});
    p.set("hw.gate.dsg", 1);
    p.line(100 * k_us, "truth.pack.i_A", 1000.0);  // crosses 400 A at 40 us
    p.wait(240 * k_us);
    p.set("hw.gate.dsg", 0);
    p.line(300 * k_us, "truth.pack.i_A", 0.0);
    const twin::CheckResult r = p.result();
    CHECK(r.passed);
    CHECK(*r.margin == Approx(16e-6).epsilon(1e-6));
    CHECK(*r.value == Approx(200e-6).epsilon(1e-6));
    CHECK(r.t_ns == 40 * k_us);
}

TEST_CASE("whenever: the slowest of several responses decides, a missing one counts until the end") {
    Player p = with(
        {check("opens", Whenever{condition("truth.pack.i_A >= 400"), 0, condition("hw.gate.dsg == 0"), 1 * k_s, {}})});
    p.set("hw.gate.dsg", 1);
    p.set("truth.pack.i_A", 500);
    p.wait(100 * k_ms);
    p.set("hw.gate.dsg", 0);
    p.set("truth.pack.i_A", 0);
    p.wait(1 * k_s);
    CHECK(*p.result().margin == Approx(0.9));
    p.set("hw.gate.dsg", 1);
    p.set("truth.pack.i_A", 500);
    p.wait(1 * k_s + 500 * k_ms);  // 0.5 s without answer: still open
    CHECK(*p.result().margin == Approx(0.9));
    p.wait(4 * k_s);
    CHECK_FALSE(p.result().passed);
    CHECK(*p.result().margin == Approx(-2.0));
    p.set("hw.gate.dsg", 0);
    CHECK(*p.result().margin == Approx(-2.0));
}

TEST_CASE("whenever with hold: shorter occasions don't count, the time starts when it has held") {
    Player p = with(
        {check("h", Whenever{condition("truth.pack.i_A >= 10"), 1 * k_s, condition("hw.led.red == 1"), 2 * k_s, {}})});
    p.set("truth.pack.i_A", 20);
    p.wait(500 * k_ms);
    p.set("truth.pack.i_A", 0);
    p.wait(5 * k_s);
    CHECK(p.result().vacuous);
    p.set("truth.pack.i_A", 20);
    p.wait(7 * k_s + 500 * k_ms);  // has held since 5 s, the occasion is at 6 s
    p.set("hw.led.red", 1);
    CHECK(*p.result().margin == Approx(0.5));
}

TEST_CASE("eventually: time left; never means failed") {
    Player p = with({check("e", Eventually{condition("truth.cell.v_min_V >= 3"), 10 * k_s, {}})});
    p.line(4 * k_s, "truth.cell.v_min_V", 4.0);  // reaches 3 V at 3 s
    CHECK(*p.result().margin == Approx(7.0));
    CHECK(p.result().t_ns == 3 * k_s);
    Player q = with({check("e", Eventually{condition("truth.cell.v_min_V >= 3"), 2 * k_s, {}})});
    q.wait(5 * k_s);
    CHECK_FALSE(q.result().passed);
    CHECK(*q.result().margin == Approx(-3.0));
    q.line(6 * k_s, "truth.cell.v_min_V", 6.0);
    CHECK_FALSE(q.result().passed);
    CHECK(*q.result().margin == Approx(2.0 - 5.5));
}

TEST_CASE("until: C is judged before C2 only") {
    Until u;
    u.until = {condition("truth.pack.i_A <= 50"), condition("hw.led.red == 1")};
    Player p = with({check("u", u)});
    p.line(1 * k_s, "truth.pack.i_A", 40.0);
    CHECK(p.result().vacuous);
    p.set("hw.led.red", 1);
    p.line(2 * k_s, "truth.pack.i_A", 90.0);
    CHECK(p.result().passed);
    CHECK(*p.result().margin == Approx(10.0));
}

TEST_CASE("settles: time left when it enters the band for good") {
    Settles s;
    s.settles = {"truth.cell.v_max_V", 3.4, 0.1, 10 * k_s};
    Player p = with({check("s", s)});
    p.line(4 * k_s, "truth.cell.v_max_V", 4.0);
    p.line(8 * k_s, "truth.cell.v_max_V", 3.2);  // through the band and below it
    CHECK_FALSE(p.result().passed);
    CHECK(*p.result().margin == Approx(-0.1));
    CHECK(p.result().unit == "V");
    p.line(9 * k_s, "truth.cell.v_max_V", 3.4);  // enters 3.3 at 8.5 s
    CHECK(p.result().passed);
    CHECK(*p.result().margin == Approx(1.5));
}

TEST_CASE("order and count") {
    Order o;
    o.order = {"a", "trip", "b"};
    Count n;
    n.count.of = condition("hw.gate.dsg == 1");
    n.count.min = 2;
    n.count.max = 3;
    Player p = with({check("o", o), check("n", n)}, {named("a"), named("b")});
    p.wait(1 * k_s);
    p.fire("a");
    CHECK(p.result().vacuous);
    p.wait(3 * k_s);
    p.fire("trip");
    p.wait(4 * k_s);
    p.fire("b");
    CHECK(*p.result().margin == Approx(1.0));
    CHECK(p.result().passed);
    CHECK(*p.result({}, 1).margin == -2.0);
    for (int k = 0; k < 3; ++k) {
        p.set("hw.gate.dsg", 1);
        p.set("hw.gate.dsg", 0);
    }
    CHECK(*p.result({}, 1).margin == 0.0);
    CHECK(p.result({}, 1).passed);
    p.set("hw.gate.dsg", 1);
    CHECK_FALSE(p.result({}, 1).passed);
}

TEST_CASE("order the wrong way round has a negative margin") {
    Order o;
    o.order = {"b", "a"};
    Player p = with({check("o", o)}, {named("a"), named("b")});
    p.fire("a");
    p.wait(2 * k_s);
    p.fire("b");
    CHECK(*p.result().margin == Approx(-2.0));
    CHECK_FALSE(p.result().passed);
}

TEST_CASE("metric: distance to the nearer bound; an unknown one is VACUOUS and named") {
    MetricCheck m;
    m.metric = "pack.i_peak_A";
    m.min = 100;
    m.max = 2000;
    Player p = with({check("m", m)});
    CHECK(*p.result({{"pack.i_peak_A", 1900, "A"}}).margin == Approx(100));
    CHECK(*p.result({{"pack.i_peak_A", 90, "A"}}).margin == Approx(-10));
    CHECK_FALSE(p.result({{"pack.i_peak_A", 90, "A"}}).passed);
    const twin::CheckResult r = p.result({{"pack.i_peek_A", 90, "A"}});
    CHECK(r.vacuous);
    CHECK(r.reason.find("pack.i_peek_A") != std::string::npos);
}

TEST_CASE("all over different units: the member nearest to its bound relative to its scale decides and is named") {
    Player p = with({check(
        "a", Always{group("all", {condition("truth.cell.v_max_V <= 3.65"), condition("truth.fet.dsg.tj_degC <= 175")}),
                    {}})});
    p.set("truth.cell.v_max_V", 3.285);      // 10 % left
    p.set("truth.fet.dsg.tj_degC", 166.25);  // 5 % left
    p.wait(1 * k_s);
    const twin::CheckResult r = p.result();
    CHECK(*r.margin == Approx(8.75));
    CHECK(r.unit == "degC");
    CHECK(r.reason.find("truth.fet.dsg.tj_degC") != std::string::npos);
}

TEST_CASE("any: worst where both members are equally bad, inside a segment") {
    Player p = with(
        {check("a", Always{group("any", {condition("truth.pack.i_A >= 100"), condition("truth.pack.i_A <= 0")}), {}})});
    p.set("truth.pack.i_A", 150);
    p.line(1 * k_s, "truth.pack.i_A", -50);
    CHECK_FALSE(p.result().passed);
    CHECK(*p.result().margin < -0.05);  // between 100 A and 0 A neither holds
}

TEST_CASE("a discrete member of all violates for its time, whatever the continuous one says") {
    Player p = with({check(
        "a", Always{group("all", {condition("truth.cell.v_max_V <= 3.65"), condition("hw.gate.dsg == 1")}), {}})});
    p.set("hw.gate.dsg", 1);
    p.wait(1 * k_s);
    CHECK(*p.result().margin == Approx(3.65));
    p.set("hw.gate.dsg", 0);
    p.wait(1 * k_s + 10 * k_ms);
    CHECK(*p.result().margin == Approx(-0.01));
    CHECK(p.result().reason.find("hw.gate.dsg") != std::string::npos);
}

TEST_CASE("not, events and channel against channel with another unit") {
    Player p = with({check("n", Always{group("not", {condition("truth.cell.v_max_V > 3.65")}), {}}),
                     check("e", Whenever{event("short"), 0, condition("hw.gate.dsg == 0"), 1 * k_s, {}}),
                     check("c", Always{condition("truth.cell.v_spread_mV <= truth.cell.v_max_V"), {}})},
                    {named("short")});
    p.set("hw.gate.dsg", 1);
    p.set("truth.cell.v_max_V", 3.6);
    p.set("truth.cell.v_spread_mV", 100.0);
    p.wait(1 * k_s);
    CHECK(*p.result().margin == Approx(0.05));
    CHECK(p.result({}, 1).vacuous);
    CHECK(p.result({}, 2).passed);
    CHECK(*p.result({}, 2).margin == Approx(0.0));  // both were 0 at the start
    p.fire("short");
    p.wait(1 * k_s + 300 * k_ms);
    p.set("hw.gate.dsg", 0);
    CHECK(*p.result({}, 1).margin == Approx(0.7));
}

TEST_CASE("an unknown bms channel skips the check; unknown truth and == on continuous channels are errors") {
    Player p;
    p.s.expect = {check("b", Always{condition("bms.soc_pct >= 10"), {}}),
                  check("t", Always{condition("truth.pack.I_A >= 10"), {}}),
                  check("q", Always{condition("truth.pack.i_A == 10"), {}})};
    p.start();
    REQUIRE(p.checks->problems().size() == 2);
    CHECK(p.checks->problems()[0].message.find("did you mean \"truth.pack.i_A\"") != std::string::npos);
    CHECK(p.checks->problems()[1].message.find("discrete") != std::string::npos);
    p.wait(1 * k_s);
    CHECK(p.result().skipped);
    CHECK_FALSE(p.result().passed);
    CHECK(p.result().reason.find("bms.soc_pct") != std::string::npos);
}

TEST_CASE("how a run is cut into segments changes no result") {
    const auto play = [](int parts) {
        Player p = with(
            {check("w",
                   Whenever{condition("truth.pack.i_A >= 33.3"), 0, condition("truth.pack.i_A <= 12.5"), 10 * k_s, {}}),
             check("a", Always{condition("truth.pack.i_A <= 77"), {}})});
        for (const double target : {70.0, 5.0}) {
            const double start = p.now.v["truth.pack.i_A"];
            const Time_ns begin = p.at;
            for (int k = 1; k <= parts; ++k)
                p.line(begin + k * (k_s / parts), "truth.pack.i_A", start + (target - start) * k / parts, k % 3 == 0);
        }
        return std::pair(*p.result().margin, *p.result({}, 1).margin);
    };
    const auto whole = play(1);
    for (const int parts : {2, 8, 125, 1000}) {
        CHECK(play(parts).first == Approx(whole.first).epsilon(1e-9));
        CHECK(play(parts).second == Approx(whole.second).epsilon(1e-12));
    }
    CHECK(whole.first == Approx(10 - ((1 - 33.3 / 70) + (70 - 12.5) / 65)).epsilon(1e-9));
}

TEST_CASE("saved in the middle and loaded into another set: same results") {
    const std::vector<Check> checks = {
        check("w", Whenever{condition("truth.pack.i_A >= 400"), 0, condition("hw.gate.dsg == 0"), 1 * k_s, {}}),
        check("a", Always{condition("truth.pack.i_A <= 900"), {}})};
    Player p = with(checks);
    p.set("hw.gate.dsg", 1);
    p.line(1 * k_s, "truth.pack.i_A", 800);
    std::vector<std::uint8_t> bytes;
    p.checks->save(bytes);
    Player q = with(checks);
    q.now = p.now;
    q.at = p.at;
    REQUIRE(q.checks->load(bytes) == bytes.size());
    CHECK(q.checks->load(std::span(bytes).first(bytes.size() - 1)) == 0);
    REQUIRE(q.checks->load(bytes) == bytes.size());
    for (Player* x : {&p, &q}) {
        x->wait(1 * k_s + 100 * k_ms);
        x->set("hw.gate.dsg", 0);
    }
    CHECK(*p.result().margin == *q.result().margin);
    CHECK(*p.result({}, 1).margin == *q.result({}, 1).margin);
    CHECK(*p.result({}, 1).margin == Approx(100));
}
