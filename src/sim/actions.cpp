// SPDX-License-Identifier: Apache-2.0
// Scenario events at work: each action once, its undoing, settable inputs, profiles.
#include "base/math.hpp"
#include "scenario/targets.hpp"
#include "sim/simulation_impl.hpp"

namespace twin::sim {

namespace {

constexpr std::size_t k_none = static_cast<std::size_t>(-1);
constexpr Time_ns k_ramp_step_ns = 10'000'000;     // profiles and ramps act in steps of at most 10 ms
constexpr Time_ns k_slow_step_ns = 1'000'000'000;  // 1 s where a straight line is slow

std::int32_t lead_number(const std::string& head) {
    if (head.size() < 2 || head.size() > 3) return -1;
    std::int32_t n = 0;
    for (std::size_t k = 1; k < head.size(); ++k) {
        if (head[k] < '0' || head[k] > '9') return -1;
        n = n * 10 + (head[k] - '0');
    }
    return n;
}

[[noreturn]] void refuse(const scenario::Event& e, const std::string& why) { throw RunError(why, "/events/" + e.id); }

}  // namespace

std::size_t Simulation::Impl::pack_index(const std::string& id) const {
    if (packs.size() == 1) return 0;
    for (std::size_t p = 0; p < packs.size(); ++p) {
        if (packs[p].id == id) return p;
    }
    return k_none;
}

void Simulation::Impl::jumped(double relative) { jump_share = base::max2(jump_share, relative); }

bool Simulation::Impl::find_input(const std::string& target, InputRef* out, std::string* why) const {
    const auto path = scenario::parse_path(target);
    std::string id;
    const scenario::SettableInput* row = path ? scenario::find_input(*path, &id) : nullptr;
    if (row == nullptr) {
        *why = "no settable input '" + target + "'";
        return false;
    }
    const std::string pattern = row->pattern;
    const auto element = [&](const auto& list, const std::vector<std::size_t>& map) {
        for (std::size_t k = 0; k < list.size(); ++k) {
            if (list[k].id == id || (id.empty() && list.size() == 1)) return map[k];
        }
        return k_none;
    };
    const std::size_t load = element(setup.scenario.loads, element_of_load);
    const std::size_t charger = element(setup.scenario.chargers, element_of_charger);
    struct Name {
        const char* pattern;
        Input kind;
    };
    static constexpr Name names[] = {{"load[<id>]/cc_A", Input::load_cc},
                                     {"load[<id>]/power_W", Input::load_power},
                                     {"load[<id>]/r_mohm", Input::load_r},
                                     {"load[<id>]/idle_A", Input::load_idle},
                                     {"load[<id>]/run_A", Input::load_idle},
                                     {"charger[<id>]/cc_A", Input::charger_cc},
                                     {"charger[<id>]/cv_V", Input::charger_cv},
                                     {"environment/board_degC", Input::env_board},
                                     {"environment/cells_degC", Input::env_cells},
                                     {"W<n>/contact_mohm", Input::contact},
                                     {"W<n>/tap", Input::tap},
                                     {"key", Input::key},
                                     {"di", Input::di}};
    for (const Name& n : names) {
        if (pattern != n.pattern) continue;
        out->kind = n.kind;
        if (pattern.compare(0, 4, "load") == 0)
            out->index = load;
        else if (pattern.compare(0, 7, "charger") == 0)
            out->index = charger;
        else
            out->index = path->is_pack ? pack_index(path->pack) : 0;
        if (pattern[0] == 'W') out->lead = lead_number(path->head);
        if (out->index == k_none || (pattern[0] == 'W' && (out->lead < 0 || out->lead > packs[out->index].n_cells))) {
            *why = "'" + target + "' names a part that this run doesn't have";
            return false;
        }
        return true;
    }
    *why = "input '" + target + "' cannot be set in a run";
    return false;
}

void Simulation::Impl::build_inputs() {
    const auto add = [this](const std::string& name) {
        InputRef r;
        std::string why;
        if (find_input(name, &r, &why)) inputs.emplace_back(name, r);
    };
    for (const scenario::Load& l : setup.scenario.loads) {
        for (const char* const leaf : {"cc_A", "power_W", "r_mohm", "idle_A", "run_A"})
            add("load[" + l.id + "]/" + leaf);
    }
    for (const scenario::Charger& c : setup.scenario.chargers) {
        add("charger[" + c.id + "]/cc_A");
        add("charger[" + c.id + "]/cv_V");
    }
    add("environment/board_degC");
    add("environment/cells_degC");
    for (const PackRun& p : packs) {
        const std::string pre = packs.size() > 1 ? "pack[" + p.id + "]." : "";
        for (std::int32_t k = 0; p.fitted && k <= p.n_cells; ++k) {
            add(pre + "W" + std::to_string(k) + "/contact_mohm");
            add(pre + "W" + std::to_string(k) + "/tap");
        }
        if (p.fitted) add(pre + "key");
    }
}

double Simulation::Impl::input_value(const InputRef& r) const {
    const auto& el = plant.setup().elements;
    switch (r.kind) {
        case Input::load_cc:
        case Input::load_idle:
        case Input::charger_cc:
            return el[r.index].i_A;
        case Input::load_power:
            return el[r.index].p_W;
        case Input::load_r:
            return 1e3 * el[r.index].r_Ohm;
        case Input::charger_cv:
            return el[r.index].v_V;
        case Input::env_board:
            return env_board[0];
        case Input::env_cells:
            return env_cells[0];
        case Input::contact:
            return 1e3 * (plant.setup().packs[r.index].leads[static_cast<std::size_t>(r.lead)].r_Ohm -
                          setup.packs[r.index].parts.harness.lead_r_Ohm);
        case Input::tap:
            return static_cast<double>(plant.setup().packs[r.index].leads[static_cast<std::size_t>(r.lead)].tap);
        case Input::key:
        case Input::di:
            return 1.0;
    }
    return 0.0;
}

void Simulation::Impl::set_input(const InputRef& r, double x) {
    const double before = input_value(r);
    const double rated = setup.packs.front().board_fitted ? setup.packs.front().parts.i_rated_A : 100.0;
    if (r.kind <= Input::charger_cv) {
        power::ElementSetup e = plant.setup().elements[r.index];
        switch (r.kind) {
            case Input::load_power:
                e.p_W = x;
                break;
            case Input::load_r:
                e.r_Ohm = 1e-3 * x;
                break;
            case Input::charger_cv:
                e.v_V = x;
                break;
            default:
                e.i_A = x;
                break;
        }
        if (x == before) return;
        plant.set_element(r.index, e);
        const bool current = r.kind == Input::load_cc || r.kind == Input::load_idle || r.kind == Input::charger_cc;
        jumped(current ? base::abs2(x - before) / rated : 1.0);
        return;
    }
    switch (r.kind) {
        case Input::env_board:
            for (std::size_t p = 0; p < packs.size(); ++p) plant.set_environment(p, env_cells[p], env_board[p] = x);
            return;
        case Input::env_cells:
            for (std::size_t p = 0; p < packs.size(); ++p) plant.set_environment(p, env_cells[p] = x, env_board[p]);
            return;
        case Input::contact:
            plant.set_lead_r(r.index, r.lead, setup.packs[r.index].parts.harness.lead_r_Ohm + 1e-3 * x);
            jumped(1e-3);
            return;
        case Input::tap:
            plant.rewire(r.index, r.lead, static_cast<std::int32_t>(base::round_sat(x, -1, 24)));
            jumped(0.1);
            return;
        case Input::key:
            packs[r.index].board->set_input(BMS_IN_KEY, x > 0.5, t);
            return;
        case Input::di:
            packs[r.index].board->set_input(BMS_IN_DI, x > 0.5, t);
            return;
        default:
            return;
    }
}

/// Everything an event will do must be doable: a fault that cannot be injected is an error before the run.
void Simulation::Impl::check_action(std::size_t event) const {
    const scenario::Event& e = setup.scenario.events[event];
    std::string why;
    InputRef r;
    const auto input = [&](const std::string& target) {
        if (!find_input(target, &r, &why)) refuse(e, why);
    };
    if (const auto* x = std::get_if<scenario::DoStep>(&e.action)) input(x->target);
    if (const auto* x = std::get_if<scenario::DoRamp>(&e.action)) input(x->target);
    if (const auto* x = std::get_if<scenario::DoPulse>(&e.action)) input(x->target);
    if (const auto* x = std::get_if<scenario::DoSet>(&e.action)) input(x->target);
    if (std::holds_alternative<scenario::DoSend>(e.action))
        refuse(e, "bytes to a port of the board are not modelled yet");
    const auto lead_only = [&](const std::string& target) {
        const auto path = scenario::parse_path(target);
        const bool lead = path && !path->head.empty() && (path->head[0] == 'W' || path->head[0] == 'N') &&
                          lead_number(path->head) >= 0;
        if (!lead && target != "harness")
            refuse(e, "'" + target + "' cannot be opened or unplugged in this version; W<n>, N<n> and harness can");
    };
    if (const auto* x = std::get_if<scenario::DoOpen>(&e.action)) lead_only(x->target);
    if (const auto* x = std::get_if<scenario::DoUnplug>(&e.action)) lead_only(x->target);
    if (const auto* x = std::get_if<scenario::DoPlug>(&e.action)) lead_only(x->target);
}

void Simulation::Impl::count_stimulus(std::size_t event) {
    const scenario::Stimulus kind = scenario::stimulus_of(setup.scenario.events[event]);
    if (kind == scenario::Stimulus::none) return;
    for (scenario::VerdictMonitor& v : verdicts) v.stimulus(kind, t);
}

void Simulation::Impl::fire(std::size_t event) {
    const scenario::Event& e = setup.scenario.events[event];
    EventState& s = events[event];
    const bool timed = s.next <= t;
    if (timed) s.next = e.every && (e.times == 0 || s.fired + 1 < e.times) ? s.next + *e.every : k_never_ns;
    s.fired += 1;
    s.active = 1;
    if (e.for_) s.undo = t + *e.for_;
    count_stimulus(event);
    if (log_items.size() < log_items.capacity()) {
        log_items.push_back({t, "scenario", scenario::action_name(e.action), -1, static_cast<std::int32_t>(event), "",
                             0.0, nullptr, -1});
    } else {
        ++log_dropped;
    }
    checks->event_fired(static_cast<int>(event) + 1, t);
    triggers->event_fired(static_cast<int>(event) + 1, t);
    recorder.fired(e.id, t);
    act(event, e.action);
}

namespace {
template <class... F>
struct Overload : F... {
    using F::operator()...;
};
template <class... F>
Overload(F...) -> Overload<F...>;
}  // namespace

void Simulation::Impl::act(std::size_t event, const scenario::Action& a) {
    EventState& s = events[event];
    const auto set = [&](const std::string& target, double to) {
        InputRef r;
        std::string why;
        if (!find_input(target, &r, &why)) return;
        s.before = input_value(r);
        set_input(r, to);
    };
    std::visit(Overload{
                   [&](const scenario::DoShort&) {
                       plant.connect_element(element_of_event[event], true);
                       jumped(1.0);
                   },
                   [&](const scenario::DoSwap& x) { swap_leads(x.between.at(0), x.between.at(1)); },
                   [&](const scenario::DoOpen& x) { open_lead(x.target, true); },
                   [&](const scenario::DoUnplug& x) { open_lead(x.target, true); },
                   [&](const scenario::DoPlug& x) { open_lead(x.target, false); },
                   [&](const scenario::DoInject& x) { inject(x, true); },
                   [&](const scenario::DoConnect& x) { connect(x.target, true); },
                   [&](const scenario::DoDisconnect& x) { connect(x.target, false); },
                   [&](const scenario::DoStep& x) { set(x.target, x.to); },
                   [&](const scenario::DoPulse& x) { set(x.target, x.to); },
                   [&](const scenario::DoRamp& x) {
                       InputRef r;
                       std::string why;
                       if (!find_input(x.target, &r, &why)) return;
                       s.before = s.from = input_value(r);
                       s.ramp_t0 = t;
                       series_next = t + 1;
                   },
                   [&](const scenario::DoSet& x) { set(x.target, x.to.number); },
                   [&](const scenario::DoCommand& x) { command(event, x); },
                   [&](const scenario::DoSend&) {},
                   [&](const scenario::DoClear& x) {
                       for (std::size_t k = 0; k < events.size(); ++k) {
                           if (setup.scenario.events[k].id == x.target && events[k].active != 0) undo(k);
                       }
                   },
               },
               a);
}

void Simulation::Impl::undo(std::size_t event) {
    const scenario::Action& a = setup.scenario.events[event].action;
    EventState& s = events[event];
    s.undo = k_never_ns;
    s.active = 0;
    const auto back = [&](const std::string& target) {
        InputRef r;
        std::string why;
        if (find_input(target, &r, &why)) set_input(r, s.before);
    };
    if (std::holds_alternative<scenario::DoShort>(a)) {
        plant.connect_element(element_of_event[event], false);
        jumped(1.0);
    } else if (const auto* a1 = std::get_if<scenario::DoSwap>(&a)) {
        swap_leads(a1->between.at(0), a1->between.at(1));
    } else if (const auto* a2 = std::get_if<scenario::DoOpen>(&a)) {
        open_lead(a2->target, false);
    } else if (const auto* a3 = std::get_if<scenario::DoUnplug>(&a)) {
        open_lead(a3->target, false);
    } else if (const auto* a4 = std::get_if<scenario::DoPlug>(&a)) {
        open_lead(a4->target, true);
    } else if (const auto* a5 = std::get_if<scenario::DoInject>(&a)) {
        inject(*a5, false);
    } else if (const auto* a6 = std::get_if<scenario::DoConnect>(&a)) {
        connect(a6->target, false);
    } else if (const auto* a7 = std::get_if<scenario::DoDisconnect>(&a)) {
        connect(a7->target, true);
    } else if (const auto* a8 = std::get_if<scenario::DoStep>(&a)) {
        back(a8->target);
    } else if (const auto* a9 = std::get_if<scenario::DoPulse>(&a)) {
        back(a9->target);
    } else if (const auto* a10 = std::get_if<scenario::DoSet>(&a)) {
        back(a10->target);
    } else if (const auto* a11 = std::get_if<scenario::DoRamp>(&a)) {
        back(a11->target);
    }
}

void Simulation::Impl::swap_leads(const std::string& a, const std::string& b) {
    const auto pa = scenario::parse_path(a), pb = scenario::parse_path(b);
    const std::size_t p = pa->is_pack ? pack_index(pa->pack) : 0;
    const std::int32_t i = lead_number(pa->head), k = lead_number(pb->head);
    const auto& leads = plant.setup().packs[p].leads;
    const std::int32_t ti = leads[static_cast<std::size_t>(i)].tap, tk = leads[static_cast<std::size_t>(k)].tap;
    plant.rewire(p, i, tk);
    plant.rewire(p, k, ti);
    jumped(0.1);
    const bool straight = tk == i && ti == k;
    if (straight)
        verdicts[p].fault_cleared(scenario::FaultKind::swap, t);
    else
        verdicts[p].fault(scenario::FaultKind::swap, a, t);
}

void Simulation::Impl::open_lead(const std::string& target, bool open) {
    const auto path = scenario::parse_path(target);
    const std::size_t p = path && path->is_pack ? pack_index(path->pack) : 0;
    PackRun& r = packs[p];
    if (path && path->head[0] == 'N') {
        const std::uint32_t bit = 1U << (lead_number(path->head) - 1);
        r.ntc_open = open ? r.ntc_open | bit : r.ntc_open & ~bit;
        if (open)
            verdicts[p].fault(scenario::FaultKind::ntc, target, t);
        else
            verdicts[p].fault_cleared(scenario::FaultKind::ntc, t);
        return;
    }
    const bool all = target == "harness";
    for (std::int32_t k = 0; k <= r.n_cells; ++k) {
        if (!all && k != lead_number(path->head)) continue;
        const double r_lead = plant.setup().packs[p].leads[static_cast<std::size_t>(k)].r_Ohm;
        plant.set_lead_r(p, k, open ? 1e12 : r_lead);
    }
    jumped(1e-2);
    if (open)
        verdicts[p].fault(scenario::FaultKind::open_lead, target, t);
    else
        verdicts[p].fault_cleared(scenario::FaultKind::open_lead, t);
}

void Simulation::Impl::inject(const scenario::DoInject& x, bool on) {
    const auto path = scenario::parse_path(x.target);
    const std::size_t p = path && path->is_pack ? pack_index(path->pack) : 0;
    PackRun& r = packs[p];
    if (!path) return;
    if (path->head == "fet.dsg" || path->head == "fet.chg") {
        const Group g = path->head == "fet.dsg" ? Group::dsg : Group::chg;
        if (x.fault == "stuck_on" && on)
            plant.weld(p, g);
        else
            plant.kill_channel(p, g, on);
        jumped(1.0);
        return;
    }
    if (path->head == "cell") {
        const std::size_t k = static_cast<std::size_t>(lead_number("c" + path->index)) - 1;
        plant.set_cell_leak(p, k, on ? x.value : 0.0);
        jumped(0.1);
        return;
    }
    const std::uint32_t bit = 1U << (lead_number(path->head) - 1);
    std::uint32_t& bits = x.fault == "short" ? r.ntc_short : r.ntc_open;
    bits = on ? bits | bit : bits & ~bit;
    if (on)
        verdicts[p].fault(scenario::FaultKind::ntc, x.target, t);
    else
        verdicts[p].fault_cleared(scenario::FaultKind::ntc, t);
}

void Simulation::Impl::connect(const std::string& target, bool on) {
    const auto path = scenario::parse_path(target);
    if (path && path->is_pack && path->head.empty()) {
        plant.connect_pack(pack_index(path->pack), on);
        jumped(1.0);
        return;
    }
    const auto find = [&](const auto& list, const std::vector<std::size_t>& map) {
        for (std::size_t k = 0; k < list.size(); ++k) {
            if (list[k].id == path->index || (path->index.empty() && list.size() == 1)) {
                plant.connect_element(map[k], on);
                jumped(1.0);
            }
        }
    };
    if (path && path->head == "load") find(setup.scenario.loads, element_of_load);
    if (path && path->head == "charger") {
        find(setup.scenario.chargers, element_of_charger);
        for (std::size_t k = 0; on && k < charger_cut.size(); ++k) {  // put on again, it starts from its full current
            if (charger_cut[k] == 0 || !plant.element_connected(element_of_charger[k])) continue;
            charger_cut[k] = 0;
            const double i_A = scenario::value_at(setup.scenario.chargers[k].cc_A, t);
            set_input({Input::charger_cc, element_of_charger[k], 0}, i_A);
        }
    }
}

void Simulation::Impl::command(std::size_t event, const scenario::DoCommand& c) {
    const auto path = scenario::parse_path(c.target);
    const std::size_t p = path && path->is_pack ? pack_index(path->pack) : 0;
    PackRun& r = packs[p];
    if (!r.board) return;
    const std::string name = command_name(c);
    const std::uint32_t role = c.role == "factory" ? BMS_ROLE_FACTORY : (c.role == "pc" ? BMS_ROLE_PC : BMS_ROLE_APP);
    const auto ref = r.board->find_param(name);
    if (!ref) {
        if (run_warnings.size() == run_warnings.capacity()) return;
        WarningItem w;
        w.t = t;
        w.what = WarningItem::What::unknown_parameter;
        w.pack = static_cast<std::int32_t>(p);
        w.event = static_cast<std::int32_t>(event);
        run_warnings.push_back(w);
        return;
    }
    const board::CommandResult res = r.board->set_param(*ref, c.to.number, role, t);
    log("core", res.ok() ? "command accepted" : (res.text != nullptr ? res.text : "command refused"),
        static_cast<std::int32_t>(p), "");
    if (!res.ok()) return;
    if (c.switch_ == "dsg" || c.switch_ == "chg") {
        const bool on = c.to.number > 0.5;
        r.commanded_off[c.switch_ == "dsg" ? 0 : 1] = !on;
        verdicts[p].commanded(c.switch_ == "dsg" ? scenario::Gate::dsg : scenario::Gate::chg, on, t);
    }
}

/// Faults that are there from the start: miswired or open leads.
void Simulation::Impl::wire_faults() {
    for (std::size_t p = 0; p < packs.size(); ++p) {
        if (!packs[p].fitted) continue;
        const auto& leads = plant.setup().packs[p].leads;
        bool swapped = false, open = false;
        std::string what;
        for (std::size_t k = 0; k < leads.size(); ++k) {
            if (leads[k].tap < 0)
                open = true;
            else if (leads[k].tap != static_cast<std::int32_t>(k))
                swapped = true;
            else
                continue;
            what += (what.empty() ? "W" : ", W") + std::to_string(k);
        }
        if (swapped) verdicts[p].fault(scenario::FaultKind::swap, what, 0);
        if (open) verdicts[p].fault(scenario::FaultKind::open_lead, what, 0);
        if (!swapped && !open) continue;
        for (scenario::VerdictMonitor& v : verdicts) v.stimulus(scenario::Stimulus::fault, 0);
    }
}

/// Profiles and ramps: values at t, and when they must be looked at again. Also the chargers' taper cut-off.
void Simulation::Impl::update_series() {
    Time_ns next = k_never_ns;
    const auto follow = [&](const scenario::Series& s, const InputRef& r) {
        if (s.is_constant()) return;
        set_input(r, scenario::value_at(s, t));
        const Time_ns corner = scenario::next_corner(s, t);
        if (corner == k_never_ns) return;
        const double slope = base::abs2(scenario::value_at(s, corner - 1) - scenario::value_at(s, t));
        const Time_ns step =
            slope == 0.0 ? corner - t : (corner - t > 100 * k_slow_step_ns ? k_slow_step_ns : k_ramp_step_ns);
        const Time_ns at = t + step < corner ? t + step : corner;
        if (at < next) next = at;
    };
    for (std::size_t k = 0; k < setup.scenario.loads.size(); ++k) {
        const auto& kind = setup.scenario.loads[k].kind;
        if (const auto* x = std::get_if<scenario::CurrentLoad>(&kind))
            follow(x->cc_A, {Input::load_cc, element_of_load[k], 0});
        if (const auto* x = std::get_if<scenario::PowerLoad>(&kind))
            follow(x->power_W, {Input::load_power, element_of_load[k], 0});
        if (const auto* x = std::get_if<scenario::CapacitorLoad>(&kind))
            follow(x->idle_A, {Input::load_idle, element_of_load[k], 0});
    }
    for (std::size_t k = 0; k < setup.scenario.chargers.size(); ++k) {
        const scenario::Charger& c = setup.scenario.chargers[k];
        const std::size_t e = element_of_charger[k];
        if (charger_cut[k] == 0) follow(c.cc_A, {Input::charger_cc, e, 0});
        if (c.cutoff_A <= 0.0 || charger_cut[k] != 0 || !plant.element_connected(e)) continue;
        const double i = -plant.element_current_A(e);
        if (plant.element_voltage_V(e) < c.cv_V - 2.0 * c.r_Ohm * base::max2(c.cutoff_A, 1.0) || i >= c.cutoff_A ||
            i <= 0.0)
            continue;
        charger_cut[k] = 1;
        set_input({Input::charger_cc, e, 0}, 0.0);
        log("load", "charger cut off at its taper current", -1, "charger");
    }
    follow(setup.scenario.environment.board_degC, {Input::env_board, 0, 0});
    follow(setup.scenario.environment.cells_degC, {Input::env_cells, 0, 0});
    for (std::size_t e = 0; e < events.size(); ++e) {
        const auto* x = std::get_if<scenario::DoRamp>(&setup.scenario.events[e].action);
        if (x == nullptr || events[e].active == 0) continue;
        InputRef r;
        std::string why;
        if (!find_input(x->target, &r, &why)) continue;
        const double u = x->over > 0 ? static_cast<double>(t - events[e].ramp_t0) / static_cast<double>(x->over) : 1.0;
        if (u >= 1.0) {
            if (input_value(r) != x->to) set_input(r, x->to);
            continue;
        }
        set_input(r, events[e].from + u * (x->to - events[e].from));
        const Time_ns step = x->over > 100 * k_slow_step_ns ? k_slow_step_ns : k_ramp_step_ns;
        const Time_ns end = events[e].ramp_t0 + x->over;
        const Time_ns at = t + step < end ? t + step : end;
        if (at < next) next = at;
    }
    series_next = next;
}

}  // namespace twin::sim
