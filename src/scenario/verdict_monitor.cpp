// SPDX-License-Identifier: Apache-2.0
#include <cstring>

#include <fmt/format.h>

#include "base/lanes.hpp"
#include "scenario/compiled.hpp"
#include "scenario/verdict.hpp"

namespace twin::scenario {

namespace {

constexpr std::size_t k_limits = 16, k_faults = 32;
constexpr Time_ns k_none = -1;

/// How long a condition has held without a break.
struct Held {
    std::int64_t now = 0;
    Moment since{};
};
struct LimitState {
    Held over, due;
    std::int64_t missed = 0;
    Moment t_missed{};
    double worst = 0.0;  // farthest value beyond `due`
    std::int64_t was_due = 0;
    Moment t_due{}, t_last_due{};
};
struct FaultState {
    std::int64_t kind = 0, open = 0, handled = 0, missed = 0;
    Time_ns t = 0, deadline = 0, t_handled = k_none;
    char what[24] = {};
};
struct GateState {
    std::int64_t on = 0, commanded_off = 0;
    std::int64_t pending = 0;  // opened without a command, reason not yet known
    Time_ns t_opened = k_none, t_on = k_none;
    std::int64_t was_full = 0, slept = 0, lost_supply = 0;
};
/// Everything that changes; trivially copyable.
struct State {
    LimitState limit[k_limits];
    FaultState fault[k_faults];
    GateState gate[2];
    std::int64_t n_faults = 0, faults_left_out = 0;
    std::int64_t started = 0, any_stimulus = 0, fault_stimulus = 0;
    std::int64_t acted = 0, acts = 0, acted_without_due = 0, acting = 0;
    Time_ns t_first_act = k_none, t_first_due = k_none, t_last_due = k_none, t_undue_act = k_none, t_quiet = k_none;
    std::int64_t fault_due = 0;  // faults that stand and must be detected
    Time_ns t_fault_due_end = k_none;
};
static_assert(std::is_trivially_copyable_v<State>);

/// Channels a pack's verdict reads, by position in the watch list (-1: missing, reads as 0).
struct Channels {
    int i = -1, gate[2] = {-1, -1}, red = -1, out = -1, supply = -1, asleep = -1, v_max = -1;
};

}  // namespace

struct VerdictMonitorData {
    Requirements req;
    std::string pack;
    WatchList watch;
    std::vector<twin::Diagnostic> problems;
    std::vector<int> level;           // per limit: watch position of its channel
    std::vector<Compiled> over;       // per limit: beyond `over` with its flow
    std::vector<std::uint8_t> fired;  // no events in these conditions
    Channels ch;
    State s;

    void advance_limit(std::size_t k, const Moment& ta, const Moment& tb, const Reading& r);
    void advance_due(std::size_t k, const Moment& ta, const Moment& tb, double a, double b);
    void note_due(const Moment& from, const Moment& to);
    void act(Time_ns t);
    void settle_opening(GateState& g, std::size_t index, Time_ns t, bool alarm, bool asleep);
    bool due_near(Time_ns t) const;
    void handle_faults(Time_ns t, bool acting);
};

namespace {

Condition comparison(const std::string& channel, Op op, double bound) {
    Condition c;
    c.comparison = {channel, op, bound, {}};
    c.text = fmt::format("{} {} {}", channel, op_text(op), bound);
    return c;
}

Condition joined(bool all, std::vector<Condition> list) {
    Condition c;
    (all ? c.all : c.any) = std::move(list);
    return c;
}

/// "Beyond the limit while that flow exists" as a condition of the language.
Condition over_condition(const Limit& l, double idle_A, const std::function<std::string(const char*)>& name) {
    Condition beyond = comparison(name(l.channel), l.above ? Op::ge : Op::le, l.over);
    const std::string i = name("truth.pack.i_A");
    const Condition charging = comparison(i, Op::le, -idle_A);
    const Condition discharging = comparison(i, Op::ge, idle_A);
    switch (l.flow) {
        case Flow::any:
            return beyond;
        case Flow::chg_gate:
            return joined(true, {beyond, comparison(name("hw.gate.chg"), Op::eq, 1)});
        case Flow::dsg_gate:
            return joined(true, {beyond, comparison(name("hw.gate.dsg"), Op::eq, 1)});
        case Flow::charging:
            return joined(true, {beyond, charging});
        case Flow::discharging:
            return joined(true, {beyond, discharging});
        case Flow::flowing:
            return joined(true, {beyond, joined(false, {charging, discharging})});
        case Flow::chg_on:
            return joined(true,
                          {beyond, joined(false, {charging, joined(true, {comparison(name("hw.gate.chg"), Op::eq, 1),
                                                                          comparison(i, Op::le, idle_A)})})});
        case Flow::dsg_on:
            return joined(true,
                          {beyond, joined(false, {discharging, joined(true, {comparison(name("hw.gate.dsg"), Op::eq, 1),
                                                                             comparison(i, Op::ge, -idle_A)})})});
    }
    return beyond;
}

/// Sleep, a lost supply and (of the charge gate) a complete charge open gates without protecting anything.
bool excused(const GateState& g, std::size_t index) {
    return g.slept != 0 || g.lost_supply != 0 || (index == 0 && g.was_full != 0);
}

bool beyond(const Limit& l, double bound, double x) { return l.above ? x >= bound : x <= bound; }

}  // namespace

VerdictMonitor::VerdictMonitor(const Requirements& r, const ChannelTable& table, std::string pack_id,
                               bool several_packs)
    : d_(std::make_unique<VerdictMonitorData>()) {
    VerdictMonitorData& d = *d_;
    d.req = r;
    d.pack = std::move(pack_id);
    if (d.req.limits.size() > k_limits) d.req.limits.resize(k_limits);
    const auto problem = [&](const std::string& text) {
        d.problems.push_back({twin::Diagnostic::Severity::error, {}, fmt::format("verdict of {}", d.pack), text, 0, 0});
    };
    const std::function<std::string(const char*)> name = [&](const char* n) {
        return channel_of_pack(n, d.pack, several_packs);
    };
    const auto watch = [&](const char* n) {
        const int index = table.find(name(n));
        if (index < 0) problem(table.explain_missing(name(n)));
        return index < 0 ? -1 : d.watch.add(index);
    };
    const Scenario nothing;
    const EventNames no_events(nothing);
    for (const Limit& l : d.req.limits) {
        d.level.push_back(watch(l.channel));
        std::string missing_bms;
        d.over.emplace_back();
        const std::string error =
            d.over.back().compile(over_condition(l, r.idle_A, name), table, no_events, d.watch, &missing_bms);
        if (!error.empty()) problem(error);
    }
    d.ch = {watch("truth.pack.i_A"),    {watch("hw.gate.chg"), watch("hw.gate.dsg")},
            watch("hw.led.red"),        watch("hw.do"),
            watch("hw.supply"),         watch("hw.asleep"),
            watch("truth.cell.v_max_V")};
    d.fired.assign(1, 0);
}
VerdictMonitor::VerdictMonitor(VerdictMonitor&&) noexcept = default;
VerdictMonitor::~VerdictMonitor() = default;

const std::vector<twin::Diagnostic>& VerdictMonitor::problems() const { return d_->problems; }
const std::vector<int>& VerdictMonitor::watch() const { return d_->watch.channels(); }

void VerdictMonitorData::note_due(const Moment& from, const Moment& to) {
    if (s.t_first_due == k_none) s.t_first_due = round_up(from);
    if (round_up(to) > s.t_last_due) s.t_last_due = round_up(to);
}

void VerdictMonitorData::advance_due(std::size_t k, const Moment& ta, const Moment& tb, double a, double b) {
    const Limit& l = req.limits[k];
    LimitState& st = s.limit[k];
    const bool at_a = beyond(l, l.due, a);
    const bool at_b = beyond(l, l.due, b);
    const double u = at_a == at_b || a == b ? 0.0 : (l.due - a) / (b - a);
    if (at_a && st.due.now == 0) st.due = {1, ta};
    if (!at_a && at_b) st.due = {1, between(ta, tb, u)};
    if (st.due.now == 0) return;
    const Moment until = at_b ? tb : between(ta, tb, u);
    for (const double x : {a, b})
        if (beyond(l, l.due, x) && (st.worst == 0.0 || beyond(l, st.worst, x))) st.worst = x;
    const Moment ripe(st.due.since.ns, st.due.since.frac + l.due_s * 1e9);
    if (ripe <= until) {
        const Moment from = ripe < ta ? ta : ripe;
        if (st.was_due == 0) st.t_due = from;
        st.was_due = 1;
        st.t_last_due = until;
        note_due(from, until);
    }
    if (!at_b) st.due.now = 0;
}

void VerdictMonitorData::advance_limit(std::size_t k, const Moment& ta, const Moment& tb, const Reading& r) {
    if (level[k] < 0 || over[k].empty()) return;
    const Limit& l = req.limits[k];
    LimitState& st = s.limit[k];
    const double a = r.a[static_cast<std::size_t>(level[k])];
    const double b = r.b[static_cast<std::size_t>(level[k])];
    if (!beyond(l, l.due, a) && !beyond(l, l.due, b) && st.due.now == 0 && st.over.now == 0) return;  // the common case
    advance_due(k, ta, tb, a, b);
    Cuts cuts;
    if (ta < tb) over[k].cut(r, false, cuts);
    double from = 0.0;
    for (std::size_t c = 0; c <= cuts.n; ++c) {
        const double to = c < cuts.n ? cuts.u[c] : 1.0;
        if (over[k].truth(r, 0.5 * (from + to))) {
            if (st.over.now == 0) st.over = {1, between(ta, tb, from)};
            const Moment end = between(ta, tb, to);
            const Moment limit_at(st.over.since.ns, st.over.since.frac + l.over_s * 1e9);
            if (st.missed == 0 && limit_at < end) {
                st.missed = 1;
                st.t_missed = limit_at;
            }
        } else {
            st.over.now = 0;
        }
        from = to;
    }
}

void VerdictMonitor::on_segment(const Moment& ta, const Moment& tb, Values a, Values b) {
    if (!(ta < tb)) return;
    const Reading r{a, b, d_->fired};
    for (std::size_t k = 0; k < d_->req.limits.size(); ++k) d_->advance_limit(k, ta, tb, r);
}

bool VerdictMonitorData::due_near(Time_ns t) const {
    if (s.fault_due > 0) return true;
    const Time_ns grace = base::from_s(req.alarm_grace_s);
    if (s.t_fault_due_end != k_none && t - s.t_fault_due_end <= grace) return true;
    return s.t_last_due != k_none && t - s.t_last_due <= grace;
}

void VerdictMonitorData::act(Time_ns t) {
    s.acted = 1;
    s.acts += 1;
    if (s.t_first_act == k_none) s.t_first_act = t;
    if (!due_near(t)) {
        if (s.acted_without_due == 0) s.t_undue_act = t;
        s.acted_without_due = 1;
    }
}

/// Finds out why a gate opened without a command: an alarm or a due limit makes it an act; sleep, full charge and a
/// lost supply excuse it; nothing of these within the grace time makes it an act that was not due.
void VerdictMonitorData::settle_opening(GateState& g, std::size_t index, Time_ns t, bool alarm, bool asleep) {
    g.slept |= asleep ? 1 : 0;
    const bool late = t - g.t_opened > base::from_s(req.alarm_grace_s);
    const bool caused = !late && (alarm || due_near(g.t_opened));
    if (!caused && !late) return;
    g.pending = 0;
    if (caused || !excused(g, index)) act(g.t_opened);
}

void VerdictMonitorData::handle_faults(Time_ns t, bool acting) {
    for (std::size_t k = 0; k < static_cast<std::size_t>(s.n_faults); ++k) {
        FaultState& f = s.fault[k];
        if (f.handled != 0 || f.open == 0 || !acting) continue;
        f.handled = 1;
        f.t_handled = t;
        f.missed = t > f.deadline ? 1 : 0;
    }
}

void VerdictMonitor::on_instant(Time_ns t, Values values) {
    VerdictMonitorData& d = *d_;
    State& s = d.s;
    const Reading r{values, values, d.fired};
    for (std::size_t k = 0; k < d.req.limits.size(); ++k) d.advance_limit(k, Moment(t), Moment(t), r);
    const auto flag = [&](int i) { return i >= 0 && values[static_cast<std::size_t>(i)] != 0.0; };
    const bool supply = d.ch.supply < 0 || flag(d.ch.supply);
    const bool alarm = flag(d.ch.red) || flag(d.ch.out);
    const bool asleep = flag(d.ch.asleep);
    bool acting = false;
    bool in_service = !alarm;
    for (std::size_t k = 0; k < 2; ++k) {
        GateState& g = s.gate[k];
        const bool on = flag(d.ch.gate[k]);
        if (on && (g.on == 0 || s.started == 0)) {
            if (g.pending != 0) {  // closed again before its reason showed
                d.settle_opening(g, k, t, alarm, asleep);
                if (g.pending != 0 && !excused(g, k)) d.act(g.t_opened);
            }
            g.pending = 0;
            g.commanded_off = 0;
            g.t_on = t;
        }
        if (!on && g.on != 0 && g.commanded_off == 0) {
            g.pending = 1;
            g.t_opened = t;
            g.slept = 0;
            g.lost_supply = supply ? 0 : 1;
            g.was_full =
                d.ch.v_max >= 0 && d.req.full_V > 0.0 && values[static_cast<std::size_t>(d.ch.v_max)] >= d.req.full_V
                    ? 1
                    : 0;
        }
        g.on = on ? 1 : 0;
        if (g.pending != 0) d.settle_opening(g, k, t, alarm, asleep);
        const bool off = !on && g.commanded_off == 0;
        acting = acting || (off && alarm && supply);
        in_service = in_service && (on || g.commanded_off != 0);
    }
    if (acting && s.acting == 0 && s.gate[0].pending == 0 && s.gate[1].pending == 0) {
        const bool opened_before = s.acted != 0 && (s.gate[0].t_opened != k_none || s.gate[1].t_opened != k_none);
        if (!opened_before)
            d.act(t);  // held off at power-on or against a request; openings were counted as they happened
    }
    s.acting = acting ? 1 : 0;
    s.started = 1;
    d.handle_faults(t, acting);
    if (!in_service)
        s.t_quiet = k_none;
    else if (s.t_quiet == k_none)
        s.t_quiet = t;
}

void VerdictMonitor::stimulus(Stimulus kind, Time_ns) {
    if (kind == Stimulus::fault || kind == Stimulus::disturbance) d_->s.any_stimulus = 1;
    if (kind == Stimulus::fault) d_->s.fault_stimulus = 1;
}

void VerdictMonitor::fault(FaultKind kind, std::string_view what, Time_ns t) {
    State& s = d_->s;
    if (s.n_faults >= static_cast<std::int64_t>(k_faults)) {
        s.faults_left_out += 1;
        return;
    }
    const WiringLimits& w = d_->req.wiring;
    FaultState& f = s.fault[s.n_faults++];
    f.kind = static_cast<std::int64_t>(kind);
    f.open = 1;
    f.t = t;
    double allowed = kind == FaultKind::swap        ? w.swap_s
                     : kind == FaultKind::open_lead ? w.open_lead_s
                     : kind == FaultKind::ntc       ? w.ntc_s
                                                    : w.string_count_s;
    if (t == 0) allowed += w.startup_s;
    f.deadline = t + base::from_s(allowed);
    const std::size_t n = what.size() < sizeof f.what - 1 ? what.size() : sizeof f.what - 1;
    std::memcpy(f.what, what.data(), n);
    s.fault_due += 1;
    if (s.t_first_due == k_none) s.t_first_due = t;
    if (s.acting != 0) d_->handle_faults(t, true);
}

void VerdictMonitor::fault_cleared(FaultKind kind, Time_ns t) {
    State& s = d_->s;
    for (std::size_t k = 0; k < static_cast<std::size_t>(s.n_faults); ++k) {
        FaultState& f = s.fault[k];
        if (f.open == 0 || f.kind != static_cast<std::int64_t>(kind)) continue;
        f.open = 0;
        if (f.handled == 0) f.missed = t > f.deadline ? 1 : 0;
        s.fault_due -= 1;
        s.t_fault_due_end = t;
    }
}

void VerdictMonitor::commanded(Gate g, bool on, Time_ns) {
    d_->s.gate[static_cast<std::size_t>(g)].commanded_off = on ? 0 : 1;
}

Facts VerdictMonitor::facts(Time_ns t_end) const {
    const VerdictMonitorData& d = *d_;
    const State& s = d.s;
    Facts f;
    f.any_stimulus = s.any_stimulus != 0;
    f.fault_stimulus = s.fault_stimulus != 0;
    f.acted = s.acted != 0;
    f.acted_without_due = s.acted_without_due != 0;
    f.back_in_service = s.acted != 0 && s.t_quiet != k_none && t_end - s.t_quiet >= base::from_s(d.req.service_s);
    for (std::size_t k = 0; k < d.req.limits.size() && f.missed.empty(); ++k)
        if (s.limit[k].missed != 0)
            f.missed = fmt::format("{} at {:.9g} s", limit_name(d.req.limits[k].kind),
                                   base::to_s(round_up(s.limit[k].t_missed)));
    for (std::size_t k = 0; k < static_cast<std::size_t>(s.n_faults) && f.missed.empty(); ++k) {
        const FaultState& x = s.fault[k];
        const bool late = x.open != 0 && x.handled == 0 && t_end > x.deadline;
        if (x.missed != 0 || late)
            f.missed = fmt::format("{} not detected within {:.9g} s", x.what, base::to_s(x.deadline - x.t));
    }
    for (std::size_t k = 0; k < 2; ++k) {  // an opening near the end whose reason did not show in time
        const GateState& g = s.gate[k];
        if (g.pending != 0 && !excused(g, k) && t_end - g.t_opened > base::from_s(d.req.alarm_grace_s))
            f.acted = f.acted_without_due = true;
    }
    return f;
}

Time_ns VerdictMonitor::first_act() const { return d_->s.t_first_act; }
Time_ns VerdictMonitor::first_due() const { return d_->s.t_first_due; }

std::string VerdictMonitor::story() const {
    const VerdictMonitorData& d = *d_;
    const State& s = d.s;
    std::string out;
    for (std::size_t k = 0; k < d.req.limits.size(); ++k) {
        bool told = false;
        for (std::size_t j = 0; j < k; ++j)
            told = told || (d.req.limits[j].kind == d.req.limits[k].kind && s.limit[j].was_due != 0);
        if (s.limit[k].was_due == 0 || told) continue;
        const std::string_view unit = base::unit_suffix(d.req.limits[k].channel);
        out += fmt::format("{}{} due from {:.9g} s (reached {:.6g} {})", out.empty() ? "" : "; ",
                           limit_name(d.req.limits[k].kind), base::to_s(round_up(s.limit[k].t_due)), s.limit[k].worst,
                           unit);
    }
    for (std::size_t k = 0; k < static_cast<std::size_t>(s.n_faults); ++k)
        out += fmt::format("{}{} since {:.9g} s", out.empty() ? "" : "; ", s.fault[k].what, base::to_s(s.fault[k].t));
    if (out.empty()) out = "nothing was due";
    if (s.acted == 0) return out + "; the pack did not act";
    out += fmt::format("; acted first at {:.9g} s", base::to_s(s.t_first_act));
    if (s.acts > 1) out += fmt::format(", {} times", s.acts);
    if (s.acted_without_due != 0) out += fmt::format("; the act at {:.9g} s was not due", base::to_s(s.t_undue_act));
    return out;
}

void VerdictMonitor::save(std::vector<std::uint8_t>& out) const {
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(&d_->s);
    out.insert(out.end(), bytes, bytes + sizeof(State));
}

std::size_t VerdictMonitor::load(std::span<const std::uint8_t> in) {
    if (in.size() < sizeof(State)) return 0;
    std::memcpy(&d_->s, in.data(), sizeof(State));
    return sizeof(State);
}

}  // namespace twin::scenario
