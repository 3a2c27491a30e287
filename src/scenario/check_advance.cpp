// SPDX-License-Identifier: Apache-2.0
// What a segment or an instant does to one check.
#include "scenario/check_state.hpp"

namespace twin::scenario {

namespace {

/// One piece of a segment inside the window on which no condition changes its truth; u0 == u1 at an instant.
struct Piece {
    double u0, u1;
    Moment t0, t1;
    double mid() const { return 0.5 * (u0 + u1); }
};

void note_distance(const CompiledCheck& c, CheckState& s, const Reading& r, double u, const Moment& t) {
    Reach x = c.first.reach(r, u);
    x.rel *= c.sign;
    x.margin *= c.sign;
    const bool first = s.seen == 0 || s.worst_node < 0;
    s.seen = 1;
    if (x.sure() && x.rel < 0.0) return;  // counted as violated time; at a single instant it has none
    if (!first && x.rel >= s.worst_rel) return;
    s.worst_rel = x.rel;
    s.worst_margin = x.margin;
    s.worst_value = x.value;
    s.worst_node = x.node;
    s.t_worst = t;
}

void note_violation(const CompiledCheck& c, CheckState& s, const Reading& r, const Piece& p) {
    const Reach x = c.first.reach(r, p.mid());
    if (x.rel * c.sign >= 0.0 || !x.sure()) return;
    if (s.violated_node < 0) {
        s.violated_node = x.node;
        s.t_violated = p.t0;
    }
    s.violated_s += seconds(p.t0, p.t1);
}

void advance_distance(const CompiledCheck& c, CheckState& s, const Reading& r, const Piece& p) {
    note_distance(c, s, r, p.u0, p.t0);
    if (p.u1 > p.u0) note_distance(c, s, r, p.u1, p.t1);
    note_violation(c, s, r, p);
}

void advance_eventually(const CompiledCheck& c, CheckState& s, const Reading& r, const Piece& p) {
    s.seen = 1;
    if (s.done != 0 || !c.first.truth(r, p.mid())) return;
    s.done = 1;
    s.t_done = p.t0;
}

void advance_until(const CompiledCheck& c, CheckState& s, const Reading& r, const Piece& p) {
    if (s.done != 0) return;
    if (c.second.truth(r, p.mid())) {
        s.done = 1;
        s.t_done = p.t0;
        return;
    }
    advance_distance(c, s, r, p);
}

void advance_settles(const CompiledCheck& c, CheckState& s, const Reading& r, const Piece& p) {
    s.seen = 1;
    s.outside = c.first.truth(r, p.mid()) ? 0 : 1;
    if (s.outside != 0) {
        s.done = 1;  // it was outside at least once
        s.t_done = p.t1;
    }
    const Reach x = c.first.reach(r, p.u1);
    s.end_value = x.value;
    s.worst_margin = x.margin;
    s.t_worst = p.t1;
}

void advance_edges(const CompiledCheck& c, CheckState& s, const Reading& r, const Piece& p) {
    const bool now = c.first.truth(r, p.mid());
    if (now && s.is_true == 0) {
        s.occasions += 1;
        if (s.occasions == 1) s.t_done = p.t0;
    }
    s.is_true = now ? 1 : 0;
    s.seen = 1;
}

void advance_whenever(const CompiledCheck& c, CheckState& s, const Reading& r, const Piece& p, Time_ns hold) {
    s.seen = 1;
    const bool now = c.first.truth(r, p.mid());
    if (now && s.is_true == 0) {
        s.since = p.t0;
        s.raised = 0;
    }
    s.is_true = now ? 1 : 0;
    if (now && s.raised == 0) {
        const Moment due(s.since.ns + hold, s.since.frac);
        if (due <= p.t1) {
            s.raised = 1;
            s.occasions += 1;
            if (s.pending == 0) s.occasion = due;
            s.pending = 1;
        }
    }
    if (s.pending == 0 || !c.second.truth(r, p.mid())) return;
    const Moment answer = s.occasion < p.t0 ? p.t0 : s.occasion;
    const double response_s = seconds(s.occasion, answer);
    if (s.answered == 0 || response_s > s.slowest_s) {
        s.slowest_s = response_s;
        s.t_slowest = s.occasion;
    }
    s.answered += 1;
    s.pending = 0;
}

void advance_piece(const CompiledCheck& c, CheckState& s, const Reading& r, const Piece& p) {
    struct Form {
        const CompiledCheck& k;
        CheckState& st;
        const Reading& rd;
        const Piece& pc;
        void operator()(const Always&) const { advance_distance(k, st, rd, pc); }
        void operator()(const Never&) const { advance_distance(k, st, rd, pc); }
        void operator()(const Eventually&) const { advance_eventually(k, st, rd, pc); }
        void operator()(const Whenever& f) const { advance_whenever(k, st, rd, pc, f.hold); }
        void operator()(const Until&) const { advance_until(k, st, rd, pc); }
        void operator()(const Settles&) const { advance_settles(k, st, rd, pc); }
        void operator()(const Order&) const {}
        void operator()(const Count&) const { advance_edges(k, st, rd, pc); }
        void operator()(const MetricCheck&) const {}
        void operator()(const VerdictCheck&) const {}
    };
    std::visit(Form{c, s, r, p}, c.check->form);
    s.t_last = p.t1;
}

/// Share of the segment at which a fixed instant lies, clamped to [0, 1].
double share(const Moment& ta, const Moment& tb, Time_ns t) {
    const double whole = seconds(ta, tb);
    const double part = seconds(ta, Moment(t));
    if (!(part > 0.0)) return 0.0;
    return part >= whole ? 1.0 : part / whole;
}

/// Opens and closes windows given by fixed instants and returns the share of the segment inside; false: none of it.
bool clip(const CompiledCheck& c, CheckState& s, const Moment& ta, const Moment& tb, double* u0, double* u1) {
    if (s.closed != 0) return false;
    *u0 = 0.0;
    *u1 = 1.0;
    if (s.open == 0) {
        if (c.from_event >= 0) return false;  // opened by event_fired
        const Time_ns from = c.window.from ? base::from_s(c.window.from->at_s) : 0;
        if (tb < Moment(from)) return false;
        if (ta < tb) *u0 = share(ta, tb, from);
        s.open = 1;
        s.t_open = ta < Moment(from) ? Moment(from) : ta;
        s.t_last = s.t_open;
    }
    if (c.window.to && c.to_event < 0) {
        const Time_ns to = base::from_s(c.window.to->at_s);
        if (Moment(to) < tb || Moment(to) == tb) {
            if (Moment(to) < ta) {
                s.closed = 1;
                return false;
            }
            if (ta < tb) *u1 = share(ta, tb, to);
            if (Moment(to) < tb) s.closed = 1;
        }
    }
    return true;
}

}  // namespace

void advance_check(const CompiledCheck& c, CheckState& s, const Moment& ta, const Moment& tb, const Reading& r) {
    double u0 = 0.0;
    double u1 = 1.0;
    if (!clip(c, s, ta, tb, &u0, &u1)) return;
    if (!(ta < tb)) return advance_piece(c, s, r, {0.0, 0.0, ta, ta});
    if (c.bound_only && u0 == 0.0 && u1 == 1.0) {  // the common case: one continuous comparison, extremes at the ends
        note_distance(c, s, r, 0.0, ta);
        note_distance(c, s, r, 1.0, tb);
        s.t_last = tb;
        return;
    }
    Cuts cuts;
    c.first.cut(r, !c.first.single_continuous(), cuts);
    if (c.has_second) c.second.cut(r, false, cuts);
    double from = u0;
    for (std::size_t k = 0; k <= cuts.n; ++k) {
        const double next = k < cuts.n ? cuts.u[k] : u1;
        const double to = next > u1 ? u1 : next;
        if (!(to > from)) continue;
        advance_piece(c, s, r, {from, to, between(ta, tb, from), between(ta, tb, to)});
        from = to;
    }
}

}  // namespace twin::scenario
