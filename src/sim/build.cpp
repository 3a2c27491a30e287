// SPDX-License-Identifier: Apache-2.0
// From a run's setup to a simulation at t = 0.
#include "afe/dvc1124_state.hpp"
#include "cell/echem_rest.hpp"
#include "cell/spread.hpp"
#include "cell/spread_model.hpp"
#include "power/plant_echem.hpp"
#include "sim/simulation_impl.hpp"

namespace twin::sim {

namespace {

constexpr std::size_t k_none = static_cast<std::size_t>(-1);
constexpr double k_load_input_F = 47e-6;  // input capacitance of an electronic load (assumed): without one a step of
                                          // its current would be a voltage kick of the whole loop's inductance

using power::ElementKind;
using power::ElementSetup;
using power::PackSetup;

base::RngKey rng_of(const RunSetup& setup, const std::string& pack_id) {
    return {setup.scenario.seed, base::name_key(pack_id.data(), pack_id.size())};
}

// A drawn self-discharge beyond the model's own, as a resistor of the whole group at the voltage where the cell begins.
double leak_of(const cell::EcmModel& m, const cell::EcmParams<double>& params, double leak_per_d, double soc) {
    const double more_perS = leak_per_d / 86400.0 - m.extras.self_perS;
    if (!(more_perS > 0.0)) return 0.0;
    return cell::ocv_point(m, soc).ocv_V / (more_perS * params.capacity_C);
}

void add_cells(PackSetup& out, const RunSetup& setup, const PackModels& m, const scenario::Pack& p) {
    const base::RngKey key = rng_of(setup, p.id);
    const auto echem = m.echem ? std::make_shared<power::EchemPack>() : nullptr;
    if (echem) echem->kind = m.echem_kind;
    out.echem = echem;
    const cell::Spread sd{p.spread.capacity_rel, p.spread.r_rel, p.spread.soc_abs};
    for (std::int32_t k = 0; k < out.n_cells; ++k) {
        const auto index = static_cast<std::uint64_t>(k);
        cell::SpreadDraw d;
        if (m.spread) {
            d = cell::draw(*m.spread, key, index);
        } else {
            const cell::CellDraw one = cell::draw_cell(key, sd, index);
            d.capacity_rel = one.capacity_scale, d.r_rel = one.r_scale, d.soc_offset = one.soc_offset;
        }
        double cap = d.capacity_rel, r = d.r_rel, soc = p.soc + d.soc_offset, temp = p.temp_degC, leak = 0.0;
        std::optional<double> h = p.hysteresis;
        if (p.spread.temp_K > 0.0) {
            temp += p.spread.temp_K * cell::cut_normal(key, base::Stream::profile, static_cast<std::uint64_t>(k));
        }
        for (const auto& [name, o] : p.override_) {
            if (name != "cell[" + std::to_string(k + 1) + "]") continue;
            cap *= o.capacity_scale;
            r *= o.r_scale;
            if (o.soc) soc = *o.soc;
            if (o.hysteresis) h = o.hysteresis;
            if (o.temp_degC) temp = *o.temp_degC;
            leak = o.leak_Ohm;
        }
        const auto params = cell::make_params(*m.cell, cap, r, static_cast<double>(p.parallel));
        if (m.spread && !(leak > 0.0)) leak = leak_of(*m.cell, params, d.leak_per_d, soc);
        if (echem) {  // a cell of more resistance than its model has it in series, by its slope at rest
            cell::Echem one(m.echem, m.echem_kind);
            one.reset(0.5, m.echem->t_ref_K);
            const double i_A = 1e-3 * m.echem->nominal_Ah;
            const double slope_Ohm = (one.voltage_V(0.0) - one.voltage_V(i_A)) / i_A;
            echem->params.push_back(std::make_shared<cell::EchemParams>(
                cell::echem_scaled(*m.echem, cap * static_cast<double>(p.parallel), (r - 1.0) * slope_Ohm)));
            echem->soc.push_back(soc);
            echem->h.push_back(h);
            echem->t_degC.push_back(temp);
        }
        out.cell_params.push_back(params);
        out.cell_init.push_back(cell::make_state<double>(*m.cell, params, soc, temp, h.value_or(0.0)));
        out.cell_leak_Ohm.push_back(leak);
    }
}

void add_leads(PackSetup& out, const scenario::Pack& p) {
    for (std::int32_t k = 0; k <= out.n_cells; ++k) {
        power::LeadSetup lead{k, out.parts.harness.lead_r_Ohm};
        for (const auto& [name, w] : p.wiring) {
            if (name != "W" + std::to_string(k)) continue;
            if (w.tap >= 0) lead.tap = w.tap;
            if (w.tap == scenario::Lead::k_open || !w.connected) lead.tap = -1;
            lead.r_Ohm += w.contact_Ohm;
        }
        out.leads.push_back(lead);
    }
}

PackSetup pack_setup(const RunSetup& setup, const PackModels& m) {
    const scenario::Pack& p = setup.scenario.packs[m.pack];
    PackSetup out;
    out.id = p.id;
    out.n_cells = p.series;
    out.model = m.cell.get();
    out.board_fitted = m.board_fitted;
    out.connected = p.connected;
    out.parts = m.parts;
    out.fet = m.fet;
    out.cells_env_degC = scenario::value_at(setup.scenario.environment.cells_degC, 0);
    out.board_env_degC = scenario::value_at(setup.scenario.environment.board_degC, 0);
    out.ntc_cell[0] = 1;
    out.ntc_cell[1] = (p.series + 1) / 2;
    add_cells(out, setup, m, p);
    if (m.board_fitted) add_leads(out, p);
    return out;
}

ElementSetup load_setup(const scenario::Load& l) {
    ElementSetup e;
    e.id = l.id;
    e.connected = l.connected;
    if (const auto* x = std::get_if<scenario::CurrentLoad>(&l.kind)) {
        e.kind = ElementKind::current_load;
        e.i_A = scenario::value_at(x->cc_A, 0);
        e.v_V = x->dropout_V;
        e.c_F = k_load_input_F;
    } else if (const auto* pw = std::get_if<scenario::PowerLoad>(&l.kind)) {
        e.kind = ElementKind::power_load;
        e.p_W = scenario::value_at(pw->power_W, 0);
        e.v_V = pw->dropout_V;
        e.c_F = k_load_input_F;
    } else if (const auto* rs = std::get_if<scenario::ResistorLoad>(&l.kind)) {
        e.kind = ElementKind::resistive;
        e.r_Ohm = rs->r_Ohm;
        e.l_H = rs->l_H;
    } else if (const auto* cp = std::get_if<scenario::CapacitorLoad>(&l.kind)) {
        e.kind = ElementKind::capacitor;
        e.r_Ohm = cp->esr_Ohm;
        e.l_H = cp->l_H;
        e.c_F = cp->c_F;
        e.v_init_V = cp->v0_V;
        e.bleed_Ohm = cp->bleed_Ohm;
        e.i_A = scenario::value_at(cp->idle_A, 0);
        e.v_V = 1.0;
    } else if (const auto* mo = std::get_if<scenario::MotorLoad>(&l.kind)) {
        e.kind = ElementKind::capacitor;
        e.r_Ohm = mo->armature_Ohm();
        e.l_H = mo->motor.l_H;
        e.c_F = mo->inertia_F();
        e.i_A = mo->motor.run_A;
        e.v_V = 0.5;
    }
    return e;
}

}  // namespace

power::PlantSetup Simulation::Impl::plant_setup(const RunSetup& setup) {
    power::PlantSetup s;
    for (const PackModels& m : setup.packs) s.packs.push_back(pack_setup(setup, m));
    for (const scenario::Load& l : setup.scenario.loads) s.elements.push_back(load_setup(l));
    for (const scenario::Charger& c : setup.scenario.chargers) {
        ElementSetup e;
        e.id = c.id;
        e.kind = ElementKind::charger;
        e.connected = c.connected;
        e.i_A = scenario::value_at(c.cc_A, 0);
        e.v_V = c.cv_V;
        e.r_Ohm = c.r_Ohm;
        e.c_F = c.output_F;
        s.elements.push_back(e);
    }
    for (const scenario::Event& ev : setup.scenario.events) {
        const auto* x = std::get_if<scenario::DoShort>(&ev.action);
        if (x == nullptr) continue;
        ElementSetup e;
        e.id = ev.id;
        e.kind = ElementKind::resistive;
        e.from = x->between.at(0);
        e.to = x->between.at(1);
        e.r_Ohm = x->r_Ohm;
        e.l_H = x->l_H;
        s.elements.push_back(e);
    }
    if (setup.scenario.protocol) s.elements.push_back(cycler_setup(setup));
    return s;
}

namespace {
power::Plant<double> make_plant(const RunSetup& setup, const power::PlantSetup& s) {
    (void)setup;
    try {
        return power::Plant<double>(s);
    } catch (const std::invalid_argument& e) {
        throw RunError(e.what());
    }
}
}  // namespace

Simulation::Impl::Impl(const RunSetup& run)
    : setup(run), plant(make_plant(run, plant_setup(run))), stepper(run.options.step_scale) {
    t_end = setup.scenario.duration;
    for (const PackModels& m : setup.packs) {
        PackRun r;
        r.id = setup.scenario.packs[m.pack].id;
        r.fitted = m.board_fitted;
        r.n_cells = setup.scenario.packs[m.pack].series;
        if (m.board_fitted) {
            board::BoardConfig c = m.board;
            c.rng = rng_of(setup, r.id);
            c.eager_conversions = setup.options.eager_conversions;
            try {
                r.board = std::make_unique<board::Board>(std::move(c));
            } catch (const board::BoardError& e) {
                throw RunError(e.what(), "pack '" + r.id + "', " + e.place);
            }
            for (const std::string& w : r.board->warnings()) {
                Warning x;
                x.code = "UNKNOWN-PARAMETER";
                x.model = "core";
                x.text = w;
                warnings.push_back(x);
            }
        }
        packs.push_back(std::move(r));
    }
    warnings.insert(warnings.end(), setup.warnings.begin(), setup.warnings.end());
    for (std::size_t k = 0; k < setup.scenario.loads.size(); ++k) element_of_load.push_back(k);
    for (std::size_t k = 0; k < setup.scenario.chargers.size(); ++k)
        element_of_charger.push_back(element_of_load.size() + k);
    charger_cut.assign(setup.scenario.chargers.size(), 0);
    std::size_t next = element_of_load.size() + element_of_charger.size();
    for (const scenario::Event& e : setup.scenario.events) {
        element_of_event.push_back(std::holds_alternative<scenario::DoShort>(e.action) ? next++ : k_none);
        EventState s;
        if (e.at)
            s.next = *e.at;
        else if (e.every)
            s.next = *e.every;
        events.push_back(s);
    }
    env_board.assign(packs.size(), scenario::value_at(setup.scenario.environment.board_degC, 0));
    env_cells.assign(packs.size(), scenario::value_at(setup.scenario.environment.cells_degC, 0));
    build_cycler();
    build_inputs();
    for (std::size_t e = 0; e < events.size(); ++e) check_action(e);
    build_channels();
    build_cycler_items();
    build_watch();
    log_items.reserve(20000);
    std::size_t parts = 0;  // each fails once
    for (const PackRun& p : packs) parts += static_cast<std::size_t>(p.n_cells) + 5 + afe::k_max_damage;
    damage.reserve(parts);
    run_warnings.reserve(3 * packs.size() + events.size());
    fired.reserve(events.size() + 1);
    pending_fire.reserve(4 * events.size() + 4);
    start();
}

/// Consumers of channels and the union of what they watch.
void Simulation::Impl::build_watch() {
    checks = std::make_unique<scenario::CheckSet>(setup.scenario, table, t_end);
    triggers = std::make_unique<scenario::TriggerSet>(setup.scenario, table);
    std::vector<Diagnostic> problems;
    const auto note = [this, &problems](const std::vector<Diagnostic>& list) {
        for (const Diagnostic& d : list) {
            if (d.severity == Diagnostic::Severity::error) {
                problems.push_back(d);
                continue;
            }
            Warning w;
            w.code = "INPUT";
            w.model = "scenario";
            w.quantity = d.pointer;
            w.text = d.message;
            warnings.push_back(w);
        }
    };
    note(checks->problems());
    note(triggers->problems());
    const bool several = packs.size() > 1;
    for (std::size_t p = 0; p < packs.size(); ++p) {
        verdicts.emplace_back(setup.packs[p].requirements, table, packs[p].id, several);
        if (packs[p].board) note(verdicts.back().problems());
    }
    if (!problems.empty()) throw InputError(std::move(problems));
    scenario::WatchList all;
    const auto tap = [&all](const std::vector<int>& channels) {
        Tap x;
        for (const int c : channels) x.at.push_back(static_cast<std::size_t>(all.add(c)));
        x.a.assign(x.at.size(), 0.0);
        x.b.assign(x.at.size(), 0.0);
        return x;
    };
    check_tap = tap(checks->watch());
    trigger_tap = tap(triggers->watch());
    for (std::size_t p = 0; p < packs.size(); ++p)
        verdict_tap.push_back(packs[p].board ? tap(verdicts[p].watch()) : Tap{});
    recorder.setup(setup.scenario.record, table, default_record_channels(), t_end, setup.options.record);
    record_tap = tap(recorder.channels());
    watch = all.channels();
    ua.assign(watch.size(), 0.0);
    seg_a.assign(watch.size(), 0.0);
    ub.assign(watch.size(), 0.0);
}

void Simulation::Impl::start() {
    base::Status s = plant.settle();
    if (s.ok()) s = plant.resolve();
    if (!s.ok()) {
        fail(s);
        return;
    }
    plant_seen = plant.input_version();
    for (std::size_t p = 0; p < packs.size(); ++p) {
        PackRun& r = packs[p];
        r.usable0_Ah = usable_Ah(p);
        r.spread0_mV = rest_spread_mV(p);
        r.soc_spread0_pct = soc_spread_pct(p);
        if (!r.board) continue;
        fill_view(p, r.view_a, r.pins_a, r.clamp_a);
        fill_view(p, r.view_b, r.pins_b, r.clamp_b);
        r.board->start(r.view_b);
        if (setup.packs[p].board_faults != 0) r.board->set_fault(setup.packs[p].board_faults, true, 0);
        for (const board::BoardChannel& c : r.board->hw_channels()) {
            if (c.name == "led.red") r.red_getter = static_cast<int>(c.getter);
        }
    }
    wire_faults();
    update_series();
}

}  // namespace twin::sim
