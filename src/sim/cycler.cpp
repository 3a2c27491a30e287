// SPDX-License-Identifier: Apache-2.0
// The protocol at work: steps begin and end in phase A, their conditions are located during an advance and looked at
// in phase G.
#include "sim/cycler.hpp"

#include <fmt/format.h>

#include "base/math.hpp"
#include "sim/simulation_impl.hpp"

namespace twin::sim {

namespace {

constexpr Time_ns k_ramp_step_ns = 10'000'000;  // a profile between its points acts in steps of at most 10 ms

bool reached(Side side, double value, double x) {
    switch (side) {
        case Side::rise:
            return x >= value;
        case Side::fall:
            return x <= value;
        case Side::shrink:
            return base::abs2(x) <= base::abs2(value);
        case Side::equal:
            return !(x < value) && !(x > value);
        case Side::open:
            return false;
    }
    return false;
}

/// Share of the way from a to b at which the value is met.
double share_of(Side side, double value, double a, double b) {
    if (side == Side::shrink) {
        a = base::abs2(a);
        b = base::abs2(b);
        value = base::abs2(value);
    }
    if (reached(side, value, a) || !(b < a || b > a)) return 0.0;
    return (value - a) / (b - a);
}

}  // namespace

const char* step_end_name(StepEnd e) {
    static const char* const names[] = {"running", "until", "time", "limit", "profile", "run end"};
    return names[static_cast<std::size_t>(e)];
}

/// The cycler's current follows a profile: sets it for now and says when to look again.
void Simulation::Impl::cycler_follow() {
    const CyclerPlan& p = cycler.now();
    CyclerState& s = cycler.s;
    s.series_next = k_never_ns;
    if (p.profile == nullptr) return;
    const Time_ns in = t - s.t0;
    const double i_A = scenario::value_at(*p.profile, in);
    power::ElementSetup e = p.element;
    e.v_V = i_A < 0.0 ? cycler.v_ceiling_V : cycler.v_floor_V;
    e.i_A = i_A < 0.0 ? -i_A : 0.0;
    e.i_discharge_A = i_A > 0.0 ? i_A : 0.0;
    const power::ElementSetup& was = plant.setup().elements[cycler.element];
    const double before = was.i_discharge_A - was.i_A;
    if (i_A < before || i_A > before) {
        plant.set_element(cycler.element, e);
        jumped(base::abs2(i_A - before) / cycler.scale_A);
    }
    const Time_ns corner = scenario::next_corner(*p.profile, in);
    if (corner == k_never_ns) return;
    const double ahead = scenario::value_at(*p.profile, corner - 1);
    const bool flat = !(ahead < i_A) && !(ahead > i_A);
    const Time_ns step = flat || corner - in < k_ramp_step_ns ? corner - in : k_ramp_step_ns;
    s.series_next = t + step;
}

/// No current any more; the contactor opens once the loop has come to rest, or its inductance would kick.
void Simulation::Impl::cycler_stop() {
    if (!plant.element_connected(cycler.element)) return;
    power::ElementSetup e = plant.setup().elements[cycler.element];
    e.i_A = e.i_discharge_A = e.p_W = 0.0;
    plant.set_element(cycler.element, e);
    if (cycler.s.open_at == k_never_ns) cycler.s.open_at = t + k_cycler_settle_ns;
}

void Simulation::Impl::cycler_begin() {
    CyclerState& s = cycler.s;
    const CyclerPlan& p = cycler.now();
    s.running = 1;
    s.settled = 0;
    s.pending = -1;
    s.t0 = t;
    s.due = p.max > 0 ? t + p.max : k_never_ns;
    s.charge_C = {};
    s.energy_J = {};
    s.charge_shown_C = s.energy_shown_J = 0.0;
    for (std::size_t k = 0; k < p.items.size(); ++k) s.side[k] = p.items[k].side;
    s.v_before_V = plant.element_voltage_V(cycler.element);
    s.i_before_A = plant.element_connected(cycler.element) ? plant.element_current_A(cycler.element) : 0.0;
    if (p.rest) {
        cycler_stop();
    } else {
        power::ElementSetup e = p.element;
        s.open_at = k_never_ns;
        if (p.profile != nullptr) e.i_A = e.i_discharge_A = 0.0;
        plant.set_element(cycler.element, e);
        if (!plant.element_connected(cycler.element)) plant.connect_element(cycler.element, true);
    }
    jumped(1.0);
    cycler_follow();
}

/// Books how the running step ended.
CyclerRecord Simulation::Impl::cycler_record(StepEnd end, std::int32_t item) const {
    const CyclerState& s = cycler.s;
    CyclerRecord r;
    r.step = s.step;
    r.round = s.round;
    r.item = item;
    r.end = end;
    r.t0 = s.t0;
    r.t1 = t;
    r.v_before_V = s.v_before_V;
    r.i_before_A = s.i_before_A;
    r.v_V = plant.element_voltage_V(cycler.element);
    r.i_A = plant.element_connected(cycler.element) ? plant.element_current_A(cycler.element) : 0.0;
    r.charge_C = s.charge_C.value();
    r.energy_J = s.energy_J.value();
    return r;
}

/// A: begins and ends steps. True if something was done.
bool Simulation::Impl::cycler_act() {
    if (cycler.next_due() > t) return false;
    CyclerState& s = cycler.s;
    bool stop = false, opened = false;
    if (s.open_at <= t) {
        plant.connect_element(cycler.element, false);
        jumped(1e-3);
        s.open_at = k_never_ns;
        opened = true;
        if (s.done != 0) return true;
    }
    if (s.running != 0) {
        StepEnd end = StepEnd::running;
        if (s.pending >= 0) {
            stop = cycler.now().items[static_cast<std::size_t>(s.pending)].abort;
            end = stop ? StepEnd::limit : StepEnd::until;
        } else if (s.due <= t) {
            const scenario::Series* const profile = cycler.now().profile;
            const bool over = profile != nullptr && base::from_s(profile->points.back()[0]) <= t - s.t0;
            end = over ? StepEnd::profile : StepEnd::time;
        }
        if (end == StepEnd::running) {
            if (s.series_next > t) return opened;  // only the moment from which conditions are looked at
            cycler_follow();
            return true;
        }
        cycler.records.push_back(cycler_record(end, s.pending));
        s.ended_by = static_cast<std::uint8_t>(end);
        s.pending = -1;
        s.running = 0;
    }
    if (++s.step == static_cast<std::int32_t>(cycler.plan.size())) {
        s.step = 0;
        ++s.round;
    }
    if (stop || s.round == cycler.repeat) {
        s.done = 1;
        s.step = -1;
        cycler_stop();
        jumped(1.0);
        return true;
    }
    cycler_begin();
    return true;
}

/// G: sides are decided once a step has settled; a channel at its value ends the step in the next round.
void Simulation::Impl::cycler_look() {
    CyclerState& s = cycler.s;
    if (!cycler.fitted || s.running == 0) return;
    s.i_a_A = plant.element_connected(cycler.element) ? plant.element_current_A(cycler.element) : 0.0;
    s.v_a_V = plant.element_voltage_V(cycler.element);
    if (s.pending >= 0 || t < s.t0 + k_cycler_settle_ns) return;
    const CyclerPlan& p = cycler.now();
    const bool first = s.settled == 0;
    s.settled = 1;
    for (std::size_t k = 0; k < p.items.size(); ++k) {
        const double x = value(p.items[k].channel);
        if (first && s.side[k] == Side::open) s.side[k] = x < p.items[k].value ? Side::rise : Side::fall;
        if (s.pending < 0 && reached(s.side[k], p.items[k].value, x)) s.pending = static_cast<std::int32_t>(k);
    }
}

/// Charge and energy of the plant's step that has just been computed.
void Simulation::Impl::cycler_measure(double h_s) {
    CyclerState& s = cycler.s;
    const double i = plant.element_connected(cycler.element) ? plant.element_current_A(cycler.element) : 0.0;
    const double v = plant.element_voltage_V(cycler.element);
    s.charge_shown_C = s.charge_C.value() + 0.5 * h_s * (s.i_a_A + i);
    s.energy_shown_J = s.energy_J.value() + 0.5 * h_s * (s.i_a_A * s.v_a_V + i * v);
}

/// Share of the plant's step at which the first condition is met, more than 1: none.
double Simulation::Impl::cycler_crossing(double h_s) {
    const CyclerState& s = cycler.s;
    double u = 2.0;
    if (!cycler.fitted || s.running == 0) return u;
    cycler_measure(h_s);
    if (s.settled == 0) return u;
    const CyclerPlan& p = cycler.now();
    for (std::size_t k = 0; k < p.items.size(); ++k) {
        if (!p.items[k].located) continue;
        const double b = value(p.items[k].channel);
        if (!reached(s.side[k], p.items[k].value, b)) continue;
        const double x = share_of(s.side[k], p.items[k].value, cycler_a[k], b);
        if (x < u) u = x < 0.0 ? 0.0 : x;
    }
    return u;
}

/// The step of the plant is taken: its end is the start of the next.
void Simulation::Impl::cycler_accepted(double h_s) {
    CyclerState& s = cycler.s;
    if (!cycler.fitted || s.running == 0) return;
    const double i = plant.element_connected(cycler.element) ? plant.element_current_A(cycler.element) : 0.0;
    const double v = plant.element_voltage_V(cycler.element);
    s.charge_C.add(0.5 * h_s * (s.i_a_A + i));
    s.energy_J.add(0.5 * h_s * (s.i_a_A * s.v_a_V + i * v));
    s.charge_shown_C = s.charge_C.value();
    s.energy_shown_J = s.energy_J.value();
    s.i_a_A = i;
    s.v_a_V = v;
    cycler_keep();
}

/// Values of the conditions at the start of the next step of the plant.
void Simulation::Impl::cycler_keep() {
    if (!cycler.fitted || cycler.s.running == 0) return;
    const CyclerPlan& p = cycler.now();
    for (std::size_t k = 0; k < p.items.size(); ++k) cycler_a[k] = p.items[k].located ? value(p.items[k].channel) : 0.0;
}

/// A running step asks for charge or discharge; a hold by the side of the stack's voltage on which its own lies.
bool Simulation::Impl::cycler_requests(std::size_t p, bool charge) const {
    if (!cycler.fitted || cycler.s.running == 0 || !plant.element_connected(cycler.element)) return false;
    const power::ElementSetup& e = plant.setup().elements[cycler.element];
    if (e.i_A > 0.0 && e.i_discharge_A > 0.0) return charge == (e.v_V > plant.view(p).stack_V);
    return charge ? e.i_A > 0.0 : e.i_discharge_A > 0.0;
}

double Simulation::Impl::read_cycler(std::uint32_t what) const {
    const CyclerState& s = cycler.s;
    const double i = plant.element_connected(cycler.element) ? plant.element_current_A(cycler.element) : 0.0;
    switch (what) {
        case 0:
            return i;
        case 1:
            return base::abs2(i);
        case 2:
            return plant.element_voltage_V(cycler.element);
        case 3:
            return s.charge_shown_C / 3600.0;
        case 4:
            return s.energy_shown_J / 3600.0;
        case 5:
            return s.done != 0 ? 0.0 : static_cast<double>(s.step + 1);
        case 6:
            return static_cast<double>(s.running != 0 ? s.round + 1
                                                      : (cycler.records.empty() ? 0 : cycler.records.back().round + 1));
        default:
            return static_cast<double>(s.ended_by);
    }
}

void Simulation::Impl::add_cycler_channels() {
    if (!cycler.fitted) return;
    const struct {
        const char *name, *unit, *doc;
        bool discrete;
    } rows[] = {{"i_A", "A", "cycler's current, + discharges", false},
                {"i_abs_A", "A", "magnitude of the cycler's current", false},
                {"v_V", "V", "voltage at the cycler's terminals", false},
                {"charge_Ah", "Ah", "charge the running step has moved, + discharged", false},
                {"energy_Wh", "Wh", "energy the running step has moved, + discharged", false},
                {"step", "", "number of the running step, 0 when the protocol has ended", true},
                {"round", "", "how often the protocol has begun", true},
                {"ended_by", "", "what ended the last step: 1 until, 2 time, 3 limit, 4 end of its profile", true}};
    std::uint32_t k = 0;
    for (const auto& r : rows)
        add_channel(std::string("truth.cycler.") + r.name, r.unit, r.doc, r.discrete, "", {Get::cycler, 0, k++, 0});
}

}  // namespace twin::sim
