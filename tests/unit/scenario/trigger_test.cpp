// SPDX-License-Identifier: Apache-2.0
// `when` triggers: where the plant must stop, holding times, how often they fire.
#include <doctest/doctest.h>

#include "rig.hpp"

using namespace rig;  // NOLINT(google-build-using-namespace)

namespace {

struct Triggers {
    ChannelTable t = table();
    Scenario s;
    Now now;
    std::unique_ptr<TriggerSet> set;
    std::vector<int> fired;

    explicit Triggers(std::vector<Event> events) {
        s.events = std::move(events);
        set = std::make_unique<TriggerSet>(s, t);
        REQUIRE(set->problems().empty());
    }
    std::vector<double> values() const { return now.of(t, set->watch()); }
    int instant(Time_ns at) {
        fired.clear();
        set->on_instant(at, values(), fired);
        return static_cast<int>(fired.size());
    }
    /// Straight line to x over [ta, tb]; true if the plant must stop inside, then *at is where.
    bool crossing(Time_ns ta, Time_ns tb, const std::string& name, double x, Moment* at) {
        const std::vector<double> a = values();
        Now later = now;
        later.v[name] = x;
        return set->next_crossing(Moment(ta), Moment(tb), a, later.of(t, set->watch()), at);
    }
    void segment(Time_ns ta, Time_ns tb, const std::string& name, double x) {
        const std::vector<double> a = values();
        now.v[name] = x;
        set->on_segment(Moment(ta), Moment(tb), a, values());
    }
};

Event when(const std::string& id, Condition c, Time_ns hold = 0, std::int64_t times = 0) {
    Event e = named(id);
    e.when = std::move(c);
    e.hold = hold;
    e.times = times;
    return e;
}

}  // namespace

TEST_CASE("a crossing on a plant channel is located, then fires once") {
    Triggers t({when("x", condition("truth.pack.i_A >= 25"))});
    CHECK(t.instant(0) == 0);
    Moment at;
    REQUIRE(t.crossing(0, 1000, "truth.pack.i_A", 100.0, &at));
    CHECK(round_up(at) == 250);
    t.segment(0, 250, "truth.pack.i_A", 25.0);
    CHECK(t.instant(250) == 1);
    CHECK(t.fired[0] == 0);
    CHECK(t.instant(250) == 0);
    CHECK_FALSE(t.crossing(250, 1000, "truth.pack.i_A", 100.0, &at));
    t.segment(250, 500, "truth.pack.i_A", 0.0);
    t.segment(500, 900, "truth.pack.i_A", 90.0);
    CHECK(t.instant(900) == 0);  // once, unless `times` says more
}

TEST_CASE("rounding up always makes progress") {
    Triggers t({when("x", condition("truth.pack.i_A >= 25"))});
    t.instant(0);
    t.now.v["truth.pack.i_A"] = 24.9999999;
    Moment at;
    REQUIRE(t.crossing(100, 200, "truth.pack.i_A", 1000.0, &at));
    CHECK(round_up(at) == 101);
    t.now.v["truth.pack.i_A"] = 26;  // already true at ta, which no instant has seen
    REQUIRE(t.crossing(100, 200, "truth.pack.i_A", 30.0, &at));
    CHECK(round_up(at) == 101);
}

TEST_CASE("discrete channels are seen at instants only") {
    Triggers t({when("g", condition("hw.gate.dsg == 1"))});
    t.instant(0);
    Moment at;
    CHECK_FALSE(t.crossing(0, 1000, "truth.pack.i_A", 5.0, &at));
    t.now.v["hw.gate.dsg"] = 1;
    CHECK(t.instant(10) == 1);
}

TEST_CASE("hold: due when it has held, cancelled by a fall between instants") {
    Triggers t({when("h", condition("truth.pack.i_A >= 10"), 5 * k_s)});
    t.instant(0);
    t.now.v["truth.pack.i_A"] = 20;
    CHECK(t.instant(1 * k_s) == 0);
    CHECK(t.set->next_due() == 6 * k_s);
    t.segment(1 * k_s, 3 * k_s, "truth.pack.i_A", 0.0);
    CHECK(t.set->next_due() == twin::base::k_never_ns);
    t.segment(3 * k_s, 4 * k_s, "truth.pack.i_A", 20.0);  // 10 A at 3.5 s
    CHECK(t.set->next_due() == 8 * k_s + 500 * k_ms);
    CHECK(t.instant(8 * k_s) == 0);
    CHECK(t.instant(8 * k_s + 500 * k_ms) == 1);
    CHECK(t.set->next_due() == twin::base::k_never_ns);
}

TEST_CASE("times: fires again after the condition was false") {
    Triggers t({when("r", condition("hw.gate.dsg == 1"), 0, 2)});
    int n = 0;
    for (int k = 0; k < 4; ++k) {
        t.now.v["hw.gate.dsg"] = 1;
        n += t.instant(2 * k);
        n += t.instant(2 * k);
        t.now.v["hw.gate.dsg"] = 0;
        n += t.instant(2 * k + 1);
    }
    CHECK(n == 2);
}

TEST_CASE("all of a discrete and a continuous channel is located while the discrete one holds") {
    Triggers t({when("x", group("all", {condition("hw.gate.dsg == 1"), condition("truth.pack.i_A <= -3")}))});
    t.instant(0);
    Moment at;
    CHECK_FALSE(t.crossing(0, 100, "truth.pack.i_A", -6.0, &at));
    t.now.v["hw.gate.dsg"] = 1;
    t.instant(0);
    REQUIRE(t.crossing(0, 100, "truth.pack.i_A", -6.0, &at));
    CHECK(round_up(at) == 50);
}

TEST_CASE("the condition of another event's firing") {
    Triggers t({named("first"), when("second", event("first"))});
    CHECK(t.instant(0) == 0);
    t.set->event_fired(1, 5);  // index 0 is "trip"
    CHECK(t.instant(5) == 1);
    CHECK(t.fired[0] == 1);
}

TEST_CASE("saved and loaded: pending holds and counts survive") {
    Triggers t({when("h", condition("truth.pack.i_A >= 10"), 5 * k_s)});
    t.now.v["truth.pack.i_A"] = 20;
    t.instant(1 * k_s);
    std::vector<std::uint8_t> bytes;
    t.set->save(bytes);
    Triggers u({when("h", condition("truth.pack.i_A >= 10"), 5 * k_s)});
    REQUIRE(u.set->load(bytes) == bytes.size());
    CHECK(u.set->next_due() == 6 * k_s);
    u.now = t.now;
    CHECK(u.instant(6 * k_s) == 1);
}
