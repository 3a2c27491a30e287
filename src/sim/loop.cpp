// SPDX-License-Identifier: Apache-2.0
// The loop. At an instant the phases A..G run for all boards, each phase before the next, at most 16 rounds; then H.
// Then the plant advances to the nearest instant at which one of its inputs can change, or to a located crossing.
#include "sim/simulation_impl.hpp"

namespace twin::sim {

namespace {
constexpr int k_rounds_max = 16;
}

void Simulation::Impl::run_to(Time_ns target) {
    while (t < target && status.ok() && !core_failed) {
        if (at_instant) instant();
        if (!status.ok() || core_failed) return;
        const Time_ns next = next_instant();
        if (!values_current) watch_values(ub);
        ua = ub;
        values_current = false;
        seg_a = ua;
        last_t0 = t;
        check_tap.gather_a(ua);
        trigger_tap.gather_a(ua);
        record_tap.gather_a(ua);
        for (std::size_t p = 0; p < packs.size(); ++p) {
            verdict_tap[p].gather_a(ua);
            keep_view(packs[p]);
        }
        board_t = t;
        Time_ns stop = t;
        const base::Status s = stepper.advance(plant, t, next, *this, &stop);
        t = stop;
        last_t1 = t;
        if (!s.ok()) {
            fail(s);
            return;
        }
        at_instant = true;
    }
    if (at_instant && t == target && t == t_end && status.ok() && !core_failed) instant();
}

void Simulation::Impl::instant() {
    at_instant = false;
    bool hashed = false;
    int round = 0;
    do {
        if (++round > k_rounds_max) {
            fail({base::StatusCode::livelock, -1, t});
            return;
        }
        const bool acted = phase_a();  // A
        hashed = acted || hashed;
        for (PackRun& p : packs) hashed = (p.board && p.board->run_gate_edges(t)) || hashed;      // B
        phase_c(acted || round == 1);                                                             // C
        for (PackRun& p : packs) hashed = (p.board && p.board->run_afe(t, p.view_b)) || hashed;   // D
        for (PackRun& p : packs) hashed = (p.board && p.board->run_core(t, p.view_b)) || hashed;  // E, F
        for (std::size_t p = 0; p < packs.size(); ++p) {
            if (packs[p].board && packs[p].board->core_failed() && !core_failed) {
                core_failed = true;
                error = std::string("core of ") + packs[p].id + ": " + packs[p].board->core_status_text();
                return;
            }
        }
        update_gates();  // G
        watch_values(ub);
        check_tap.gather_b(ub);
        trigger_tap.gather_b(ub);
        for (std::size_t p = 0; p < packs.size(); ++p) {
            verdict_tap[p].gather_b(ub);
            if (packs[p].board) verdicts[p].on_instant(t, verdict_tap[p].b);
        }
        checks->on_instant(t, check_tap.b);
        fired.clear();
        triggers->on_instant(t, trigger_tap.b, fired);
        cycler_look();
        for (const int e : fired) pending_fire.push_back(static_cast<std::size_t>(e));
    } while (due(t));
    values_current = true;
    cycler_keep();
    if (hashed) hash_instant();
    record_tap.gather_b(ub);
    recorder.on_instant(t, record_tap.b);  // H
}

/// Something is still to do at this instant.
bool Simulation::Impl::due(Time_ns now) const {
    if (!pending_fire.empty() || (cycler.fitted && cycler.next_due() <= now)) return true;
    for (const EventState& e : events) {
        if (e.next <= now || e.undo <= now) return true;
    }
    for (const PackRun& p : packs) {
        if (p.board && p.board->next_due() <= now) return true;
    }
    return false;
}

Time_ns Simulation::Impl::next_instant() const {
    Time_ns n = cut < t_end ? cut : t_end;
    const auto earlier = [&n](Time_ns x) {
        if (x < n) n = x;
    };
    for (const EventState& e : events) {
        earlier(e.next);
        earlier(e.undo);
    }
    earlier(series_next);
    earlier(triggers->next_due());
    earlier(cycler.next_due());
    for (const PackRun& p : packs) {
        if (p.board) earlier(p.board->next_due());
    }
    return n > t ? n : t + 1;
}

/// A: events of the scenario that are due, ends of for_s and ramps, profiles, damage found in the last step.
bool Simulation::Impl::phase_a() {
    const std::uint64_t before = plant.input_version();
    bool any = false;
    check_damage();
    update_series();
    for (std::size_t e = 0; e < events.size(); ++e) {
        if (events[e].undo <= t) {
            undo(e);
            any = true;
        }
    }
    for (std::size_t e = 0; e < events.size(); ++e) {
        if (events[e].next <= t) {
            fire(e);
            any = true;
        }
    }
    for (std::size_t k = 0; k < pending_fire.size(); ++k) {
        fire(pending_fire[k]);
        any = true;
    }
    pending_fire.clear();
    any = cycler_act() || any;
    return any || plant.input_version() != before;
}

/// C: new inputs reach the plant; if one changed, voltages just after the change are solved and shown to the
/// comparators.
void Simulation::Impl::phase_c(bool refill) {
    for (std::size_t p = 0; p < packs.size(); ++p) {
        PackRun& r = packs[p];
        if (r.board && (r.board->take_drives_changed() || r.drives_unknown)) apply_drives(p);
        r.drives_unknown = false;
    }
    const bool changed = plant.input_version() != plant_seen;
    if (changed) {
        plant_seen = plant.input_version();
        stepper.restart(jump_share);
        jump_share = 0.0;
        const base::Status s = plant.resolve();
        if (!s.ok()) {
            fail(s);
            return;
        }
    }
    for (std::size_t p = 0; p < packs.size(); ++p) {
        if (changed || refill) fill_view(p, packs[p].view_b, packs[p].pins_b, packs[p].clamp_b);
        if (changed && packs[p].board) packs[p].board->jump(t, packs[p].view_b);
    }
    check_witnesses();
}

void Simulation::Impl::fail(base::Status s) {
    status = s;
    if (status.t_ns == 0) status.t_ns = t;
    static const char* const what[] = {"ok",
                                       "the network did not converge",
                                       "a state is not a number",
                                       "the step became too small",
                                       "more than 16 rounds at one instant",
                                       "a pivot of the network was not positive",
                                       "queue full"};
    error = std::string(what[static_cast<std::size_t>(s.code)]) + " (place " + std::to_string(s.place) + ") at " +
            std::to_string(base::to_s(status.t_ns)) + " s";
}

// --- during an advance ----------------------------------------------------------------------------------------------

namespace {
double share(double a, double b, double level) { return b != a ? (level - a) / (b - a) : 1.0; }
double clamp01(double u) { return u < 0.0 ? 0.0 : (u > 1.0 ? 1.0 : u); }

double quantity(const board::PlantView& v, board::Witness::Quantity q) {
    switch (q) {
        case board::Witness::Quantity::shunt_V:
            return v.shunt_V;
        case board::Witness::Quantity::top_V:
            return v.top_V;
        case board::Witness::Quantity::supply_V:
            return v.supply_V;
        default:
            return 0.0;
    }
}
bool has_quantity(board::Witness::Quantity q) { return q <= board::Witness::Quantity::supply_V; }

power::PlantTime plant_time(const Moment& m) { return {m.ns, m.frac}; }
Moment moment(const power::PlantTime& t) {
    Moment m;
    m.ns = t.ns;
    m.frac = t.frac;
    return m;
}
}  // namespace

bool Simulation::Impl::crossing(const power::PlantTime& ta, const power::PlantTime& tb, power::PlantTime* at) {
    double u = 2.0;
    const auto found = [&u](double x) {
        const double c = clamp01(x);
        if (c < u) u = c;
    };
    for (std::size_t p = 0; p < packs.size(); ++p) {
        PackRun& r = packs[p];
        if (!r.fitted) continue;
        fill_view(p, r.view_b, r.pins_b, r.clamp_b);
        for (const board::Witness& w : r.board->witnesses()) {
            if (!has_quantity(w.quantity)) continue;
            const double a = quantity(r.view_a, w.quantity);
            const double b = quantity(r.view_b, w.quantity);
            if (w.direction > 0 ? b >= w.level : b <= w.level) found(share(a, b, w.level));
        }
        const power::PackView<double> v = plant.view(p);
        for (std::size_t g = 0; g < 2; ++g) {
            const double vth = plant.gate_threshold_V(p, static_cast<Group>(g));
            const bool on = v.vgs_V[g] >= vth;
            if (on != (r.gate[g] != 0)) found(1.0);
        }
    }
    if (damage_pending()) found(1.0);
    const Moment ma = moment(ta), mb = moment(tb);
    const double cycler_u = cycler_crossing(scenario::seconds(ma, mb));
    if (cycler_u <= 1.0) found(cycler_u);
    Moment first = u <= 1.0 ? scenario::between(ma, mb, u) : mb;
    bool any = u <= 1.0;
    if (!trigger_tap.at.empty()) {
        watch_values(ub);
        trigger_tap.gather_b(ub);
        Moment m;
        if (triggers->next_crossing(ma, mb, trigger_tap.a, trigger_tap.b, &m)) {
            if (!any || m < first) first = m;
            any = true;
        }
    }
    if (any) *at = plant_time(first);
    return any;
}

void Simulation::Impl::accepted(const power::PlantTime& ta, const power::PlantTime& tb) {
    const Moment ma = moment(ta), mb = moment(tb);
    watch_values(ub);
    check_tap.gather_b(ub);
    checks->on_segment(ma, mb, check_tap.a, check_tap.b);
    if (!trigger_tap.at.empty()) {
        trigger_tap.gather_b(ub);
        triggers->on_segment(ma, mb, trigger_tap.a, trigger_tap.b);
        trigger_tap.a.swap(trigger_tap.b);
    }
    check_tap.a.swap(check_tap.b);
    record_tap.gather_b(ub);
    recorder.on_segment(ma, mb, record_tap.a, record_tap.b);
    record_tap.a.swap(record_tap.b);
    for (std::size_t p = 0; p < packs.size(); ++p) {
        if (!packs[p].board) continue;
        verdict_tap[p].gather_b(ub);
        verdicts[p].on_segment(ma, mb, verdict_tap[p].a, verdict_tap[p].b);
        verdict_tap[p].a.swap(verdict_tap[p].b);
    }
    t_of_step = scenario::round_up(mb);
    cycler_accepted(scenario::seconds(ma, mb));
    gather_metrics(scenario::seconds(ma, mb));
    if (tb.ns <= board_t) return;  // a step shorter than the boards' clock: they see it with the next one
    for (std::size_t p = 0; p < packs.size(); ++p) {
        PackRun& r = packs[p];
        if (!r.board) continue;
        r.board->advance(board_t, tb.ns, r.view_a, r.view_b);  // crossing() has just filled view_b
        keep_view(r);
    }
    board_t = tb.ns;
}

/// The end of one step is the start of the next.
void Simulation::Impl::keep_view(PackRun& r) {
    for (std::size_t k = 0; k < 25; ++k) {
        r.pins_a[k] = r.pins_b[k];
        r.clamp_a[k] = r.clamp_b[k];
    }
    r.view_a = r.view_b;
    r.view_a.pin_V = r.pins_a;
    r.view_a.clamp_A = r.clamp_a;
}

void Simulation::Impl::hash_instant() {
    hasher.i64(t);
    if (cycler.fitted) {
        hasher.i64(cycler.s.step);
        hasher.i64(cycler.s.round);
        hasher.f64(cycler.s.charge_C.value());
    }
    plant.hash(hasher, 0);
    for (const PackRun& p : packs) {
        if (p.board) p.board->hash(hasher, false);
    }
    ++instants;
}

}  // namespace twin::sim
