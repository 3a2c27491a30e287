// SPDX-License-Identifier: Apache-2.0
// A channel table and a feeder that plays values into checks and triggers the way the loop does.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "scenario/monitor.hpp"

namespace rig {

using namespace twin::scenario;  // NOLINT(google-build-using-namespace)
using twin::base::k_ms;
using twin::base::k_s;
using twin::base::k_us;

inline Channel channel(const std::string& name, bool discrete = false) {
    Channel c;
    c.name = name;
    c.discrete = discrete;
    return c;
}

inline ChannelTable table() {
    ChannelTable t;
    for (const char* n : {"truth.pack.i_A", "truth.cell.v_max_V", "truth.cell.v_min_V", "truth.cell.v_spread_mV",
                          "truth.fet.dsg.tj_degC"})
        t.add(channel(n));
    for (const char* n : {"hw.gate.dsg", "hw.gate.chg", "hw.led.red"}) t.add(channel(n, true));
    return t;
}

inline Condition condition(const std::string& text) {
    Condition c;
    c.text = text;
    REQUIRE(compile_text(c).empty());
    return c;
}
inline Condition group(const char* kind, std::vector<Condition> list) {
    Condition c;
    if (std::string(kind) == "all") c.all = std::move(list);
    if (std::string(kind) == "any") c.any = std::move(list);
    if (std::string(kind) == "not") c.not_ = std::move(list);
    return c;
}
inline Condition event(const std::string& id) {
    Condition c;
    c.event = id;
    return c;
}
template <class Form>
Check check(const std::string& id, Form form) {
    Check c;
    c.id = id;
    c.form = std::move(form);
    return c;
}
inline Event named(const std::string& id) {
    Event e;
    e.id = id;
    return e;
}

/// Values by channel name, zero unless set.
struct Now {
    std::map<std::string, double> v;
    std::vector<double> of(const ChannelTable& t, const std::vector<int>& watch) const {
        std::vector<double> out;
        for (const int i : watch) {
            const auto at = v.find(t[i].name);
            out.push_back(at == v.end() ? 0.0 : at->second);
        }
        return out;
    }
};

/// Plays segments and instants into a CheckSet.
struct Player {
    ChannelTable t = table();
    Scenario s;
    Now now;
    Time_ns at = 0;
    std::unique_ptr<CheckSet> checks;

    void start() {
        checks = std::make_unique<CheckSet>(s, t, 100 * k_s);
        instant();
    }
    void instant() {
        const std::vector<double> x = now.of(t, checks->watch());
        checks->on_instant(at, x);
    }
    /// Sets discrete values (and jumps of continuous ones) at the present instant.
    void set(const std::string& name, double x) {
        now.v[name] = x;
        instant();
    }
    void fire(const std::string& id) {
        checks->event_fired(id, at);
        instant();
    }
    /// Continuous channel goes along a straight line until `to`; then there is an instant, unless told otherwise.
    void line(Time_ns to, const std::string& name, double x, bool instant_after = true) {
        const std::vector<double> a = now.of(t, checks->watch());
        now.v[name] = x;
        const std::vector<double> b = now.of(t, checks->watch());
        checks->on_segment(Moment(at), Moment(to), a, b);
        at = to;
        if (instant_after) instant();
    }
    void wait(Time_ns to) { line(to, "", 0.0); }
    twin::CheckResult result(const std::vector<twin::Metric>& metrics = {}, std::size_t index = 0) {
        return checks->finish(at, metrics)[index];
    }
};

}  // namespace rig
