// SPDX-License-Identifier: Apache-2.0
#include <cstring>

#include "scenario/compiled.hpp"

namespace twin::scenario {

namespace {

struct TriggerState {
    std::int64_t is_true = 0, fired_here = 0, count = 0;  // fired_here: already fired in this stretch of truth
    Moment since{};
};

struct Trigger {
    int event = 0;  // index in Scenario::events
    Compiled condition;
    Time_ns hold = 0;
    std::int64_t times = 1;
    bool dead = false;  // names a bms.* channel the core lacks
};

Time_ns due_of(const Trigger& t, const TriggerState& s) { return round_up(s.since) + t.hold; }

}  // namespace

struct TriggerSetData {
    explicit TriggerSetData(const Scenario& s) : names(s) {}
    EventNames names;
    std::vector<Trigger> triggers;
    std::vector<TriggerState> state;
    std::vector<std::uint8_t> fired;
    WatchList watch;
    std::vector<twin::Diagnostic> problems;
};

TriggerSet::TriggerSet(const Scenario& s, const ChannelTable& table) : d_(std::make_unique<TriggerSetData>(s)) {
    for (std::size_t k = 0; k < s.events.size(); ++k) {
        const Event& e = s.events[k];
        if (!e.when) continue;
        Trigger t;
        t.event = static_cast<int>(k);
        t.hold = e.hold;
        t.times = e.times > 0 ? e.times : 1;
        std::string missing_bms;
        const std::string error = t.condition.compile(*e.when, table, d_->names, d_->watch, &missing_bms);
        const std::string at = "/events/" + e.id + "/when";
        if (!error.empty()) d_->problems.push_back({twin::Diagnostic::Severity::error, {}, at, error, 0, 0});
        if (!missing_bms.empty())
            d_->problems.push_back({twin::Diagnostic::Severity::warning,
                                    {},
                                    at,
                                    "the loaded core does not publish " + missing_bms + "; this event never fires",
                                    0,
                                    0});
        t.dead = !missing_bms.empty();
        d_->triggers.push_back(std::move(t));
    }
    d_->state.resize(d_->triggers.size());
    d_->fired.assign(static_cast<std::size_t>(d_->names.size()), 0);
}
TriggerSet::TriggerSet(TriggerSet&&) noexcept = default;
TriggerSet::~TriggerSet() = default;

const std::vector<twin::Diagnostic>& TriggerSet::problems() const { return d_->problems; }
const std::vector<int>& TriggerSet::watch() const { return d_->watch.channels(); }

namespace {
bool armed(const Trigger& t, const TriggerState& s) { return !t.dead && s.count < t.times; }

/// Share of the segment at which the condition first becomes true; false: it doesn't.
bool first_true(const Trigger& t, const Reading& r, double* u) {
    Cuts cuts;
    t.condition.cut(r, false, cuts);
    double from = 0.0;
    for (std::size_t k = 0; k <= cuts.n; ++k) {
        const double to = k < cuts.n ? cuts.u[k] : 1.0;
        if (to > from && t.condition.truth(r, 0.5 * (from + to))) {
            *u = from;
            return true;
        }
        from = to;
    }
    return false;
}
}  // namespace

bool TriggerSet::next_crossing(const Moment& ta, const Moment& tb, Values a, Values b, Moment* at) const {
    const Reading r{a, b, d_->fired};
    bool found = false;
    for (std::size_t i = 0; i < d_->triggers.size(); ++i) {
        const Trigger& t = d_->triggers[i];
        double u = 0.0;
        if (!armed(t, d_->state[i]) || d_->state[i].is_true != 0 || !t.condition.any_continuous() ||
            !first_true(t, r, &u))
            continue;
        Moment m = between(ta, tb, u);
        const Moment earliest(ta.ns + 1);  // rounding up must make progress
        if (m < earliest) m = earliest;
        if (tb < m) continue;  // the step's end is an instant, or the next step finds it
        if (!found || m < *at) *at = m;
        found = true;
    }
    return found;
}

Time_ns TriggerSet::next_due() const {
    Time_ns next = base::k_never_ns;
    for (std::size_t i = 0; i < d_->triggers.size(); ++i) {
        const Trigger& t = d_->triggers[i];
        const TriggerState& s = d_->state[i];
        if (!armed(t, s) || s.is_true == 0 || s.fired_here != 0) continue;
        const Time_ns due = due_of(t, s);
        if (due < next) next = due;
    }
    return next;
}

namespace {
void follow(const Trigger& t, TriggerState& s, const Moment& at, bool now) {
    if (now && s.is_true == 0) {
        s.since = at;
        s.fired_here = 0;
    }
    s.is_true = now ? 1 : 0;
    (void)t;
}
}  // namespace

void TriggerSet::on_segment(const Moment& ta, const Moment& tb, Values a, Values b) {
    if (!(ta < tb)) return;
    const Reading r{a, b, d_->fired};
    for (std::size_t i = 0; i < d_->triggers.size(); ++i) {
        const Trigger& t = d_->triggers[i];
        TriggerState& s = d_->state[i];
        if (!armed(t, s) || !t.condition.any_continuous()) continue;
        Cuts cuts;
        t.condition.cut(r, false, cuts);
        double from = 0.0;
        for (std::size_t k = 0; k <= cuts.n; ++k) {
            const double to = k < cuts.n ? cuts.u[k] : 1.0;
            if (to > from) follow(t, s, between(ta, tb, from), t.condition.truth(r, 0.5 * (from + to)));
            from = to;
        }
    }
}

void TriggerSet::on_instant(Time_ns now, Values values, std::vector<int>& fired) {
    const Reading r{values, values, d_->fired};
    for (std::size_t i = 0; i < d_->triggers.size(); ++i) {
        const Trigger& t = d_->triggers[i];
        TriggerState& s = d_->state[i];
        if (!armed(t, s)) continue;
        follow(t, s, Moment(now), t.condition.truth(r, 0.0));
        if (s.is_true == 0 || s.fired_here != 0 || due_of(t, s) > now) continue;
        s.fired_here = 1;
        s.count += 1;
        fired.push_back(t.event);
    }
}

void TriggerSet::event_fired(int index, Time_ns) { d_->fired[static_cast<std::size_t>(index)] = 1; }

void TriggerSet::save(std::vector<std::uint8_t>& out) const {
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(d_->state.data());
    out.insert(out.end(), bytes, bytes + d_->state.size() * sizeof(TriggerState));
    out.insert(out.end(), d_->fired.begin(), d_->fired.end());
}

std::size_t TriggerSet::load(std::span<const std::uint8_t> in) {
    const std::size_t n = d_->state.size() * sizeof(TriggerState);
    if (in.size() < n + d_->fired.size()) return 0;
    if (n > 0) std::memcpy(d_->state.data(), in.data(), n);
    if (!d_->fired.empty()) std::memcpy(d_->fired.data(), in.data() + n, d_->fired.size());
    return n + d_->fired.size();
}

}  // namespace twin::scenario
