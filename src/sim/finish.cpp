// SPDX-License-Identifier: Apache-2.0
// The end of a run: judgement, metrics, ledger, texts.
#include <algorithm>

#include "scenario/event_text.hpp"
#include "sim/simulation_impl.hpp"

namespace twin::sim {

namespace {
constexpr Time_ns k_pulse_ns =
    60'000'000'000;  // longer steps move the open-circuit voltage: no resistance is told of them
}

void Simulation::Impl::log(const char* kind, const char* text, std::int32_t pack, const char* source,
                           std::int32_t number) {
    if (log_items.size() == log_items.capacity()) {
        ++log_dropped;
        return;
    }
    log_items.push_back({t, kind, text, pack, -1, source, 0.0, nullptr, number});
}

void Simulation::Impl::log_value(const char* kind, const char* text, std::int32_t pack, const char* source,
                                 double value, const char* unit) {
    if (log_items.size() == log_items.capacity()) {
        ++log_dropped;
        return;
    }
    log_items.push_back({t, kind, text, pack, -1, source, value, unit, -1});
}

std::vector<EventRecord> Simulation::Impl::events_text() const {
    std::vector<EventRecord> out;
    for (const LogItem& i : log_items) {
        EventRecord e;
        e.t_ns = i.t;
        e.kind = i.kind;
        if (i.pack >= 0) e.pack = packs[static_cast<std::size_t>(i.pack)].id;
        e.source = i.event >= 0 ? setup.scenario.events[static_cast<std::size_t>(i.event)].id : i.source;
        e.text = i.event >= 0 ? scenario::describe(setup.scenario.events[static_cast<std::size_t>(i.event)]) : i.text;
        if (e.source == "hw.gate.dsg") e.text = "discharge " + e.text;
        if (e.source == "hw.gate.chg") e.text = "charge " + e.text;
        if (i.unit != nullptr) {
            e.value = i.value;
            e.unit = i.unit;
        }
        out.push_back(e);
    }
    for (const ProtocolRecord& r : protocol_text()) {
        const std::string round = cycler.repeat > 1 ? ", round " + std::to_string(r.round) : "";
        EventRecord e;
        e.t_ns = r.t_start_ns;
        e.kind = "protocol";
        e.source = "step[" + r.step + "]";
        e.text = "begins" + round + ": " + r.text;
        out.push_back(e);
        if (r.reason == "run end") continue;
        e.t_ns = r.t_end_ns;
        e.text = "ended by " + r.reason + (r.channel.empty() ? "" : " " + r.channel) + round;
        e.value = r.charge_Ah;
        e.unit = "Ah";
        out.push_back(e);
    }
    for (const Damage& d : damage_text()) {
        EventRecord e;
        e.t_ns = d.t_ns;
        e.kind = "damage";
        e.pack = d.pack;
        e.source = d.part;
        e.text = d.cause + " beyond its limit, from now on " + d.consequence;
        e.value = d.value;
        e.unit = d.unit;
        out.push_back(e);
    }
    std::stable_sort(out.begin(), out.end(),
                     [](const EventRecord& a, const EventRecord& b) { return a.t_ns < b.t_ns; });
    return out;
}

std::vector<ProtocolRecord> Simulation::Impl::protocol_text() const {
    std::vector<ProtocolRecord> out;
    if (!cycler.fitted) return out;
    std::vector<CyclerRecord> all = cycler.records;
    if (cycler.s.running != 0) all.push_back(cycler_record(StepEnd::run_end, -1));
    for (const CyclerRecord& c : all) {
        const CyclerPlan& p = cycler.plan[static_cast<std::size_t>(c.step)];
        ProtocolRecord r;
        r.step = p.id;
        r.round = c.round + 1;
        r.text = p.text;
        r.reason = step_end_name(c.end);
        if (c.item >= 0) r.channel = p.items[static_cast<std::size_t>(c.item)].name;
        r.t_start_ns = c.t0;
        r.t_end_ns = c.t1;
        r.v_before_V = c.v_before_V;
        r.i_before_A = c.i_before_A;
        r.v_end_V = c.v_V;
        r.i_end_A = c.i_A;
        r.charge_Ah = c.charge_C / 3600.0;
        r.energy_Wh = c.energy_J / 3600.0;
        r.steady = p.profile == nullptr && p.element.p_W == 0.0 &&
                   (p.rest || p.element.i_A * p.element.i_discharge_A == 0.0) && c.t1 - c.t0 <= k_pulse_ns;
        out.push_back(r);
    }
    return out;
}

std::vector<Damage> Simulation::Impl::damage_text() const {
    std::vector<Damage> out;
    for (const DamageItem& d : damage) {
        out.push_back({packs[static_cast<std::size_t>(d.pack)].id, d.part, d.cause, d.t, d.value, d.limit, d.margin,
                       d.unit, d.then});
    }
    return out;
}

std::vector<Warning> Simulation::Impl::warnings_text() const {
    static const char* const quantity[3] = {"soc", "t_core_degC", "i_A"};
    std::vector<Warning> out = warnings;
    for (const WarningItem& i : run_warnings) {
        const auto p = static_cast<std::size_t>(i.pack);
        Warning w;
        w.t_ns = i.t;
        if (i.what == WarningItem::What::extrapolated) {
            w.code = "EXTRAPOLATED";
            w.model = setup.packs[p].cell->id;
            w.quantity = quantity[i.quantity];
            w.value = i.value;
            w.valid_min = i.valid_min;
            w.valid_max = i.valid_max;
            w.text = "pack '" + packs[p].id + "' left the range in which the cell model's data hold";
        } else {
            const auto& action = setup.scenario.events[static_cast<std::size_t>(i.event)].action;
            w.code = "UNKNOWN-PARAMETER";
            w.model = "core";
            if (const auto* c = std::get_if<scenario::DoCommand>(&action)) w.quantity = command_name(*c);
            w.text = "the loaded core has no '" + w.quantity + "'";
        }
        out.push_back(w);
    }
    return out;
}

namespace {

std::string hex16(std::uint64_t x) {
    static const char* const digits = "0123456789abcdef";
    std::string s(16, '0');
    for (std::size_t k = 0; k < 16; ++k) s[15 - k] = digits[(x >> (4 * k)) & 15];
    return s;
}

bool is_input_stage(const std::string& part) { return part.compare(0, 4, "afe.") == 0; }

}  // namespace

std::vector<Metric> Simulation::Impl::metrics() const {
    std::vector<Metric> m;
    for (std::size_t p = 0; p < packs.size(); ++p) {
        const PackRun& r = packs[p];
        const std::string pre = packs.size() > 1 ? "pack[" + r.id + "]." : "";
        const std::string pack = packs.size() > 1 ? pre : "pack.";
        const auto add = [&m](const std::string& name, double v, const char* unit) { m.push_back({name, v, unit}); };
        add(pack + "i_peak_A", r.i_peak_A, "A");
        add(pack + "i_charge_peak_A", r.i_charge_peak_A, "A");
        add(pack + "discharged_Ah", r.q_dis_C / 3600.0, "Ah");
        add(pack + "charged_Ah", r.q_chg_C / 3600.0, "Ah");
        add(pack + "usable_gain_Ah", usable_Ah(p) - r.usable0_Ah, "Ah");
        const double spread = rest_spread_mV(p);
        const double soc_spread = soc_spread_pct(p);
        add(pre + "cell.soc_spread_start_pct", r.soc_spread0_pct, "pct");
        add(pre + "cell.soc_spread_end_pct", soc_spread, "pct");
        add(pre + "cell.soc_spread_fall_pct",
            r.soc_spread0_pct > 0.0 ? 100.0 * (r.soc_spread0_pct - soc_spread) / r.soc_spread0_pct : 0.0, "pct");
        add(pre + "cell.spread_start_mV", r.spread0_mV, "mV");
        add(pre + "cell.spread_end_mV", spread, "mV");
        add(pre + "cell.spread_fall_pct", r.spread0_mV > 0.0 ? 100.0 * (r.spread0_mV - spread) / r.spread0_mV : 0.0,
            "pct");
        if (!r.fitted) continue;
        add(pre + "fet.dsg.avalanche_J", plant.fet_energy_J(p, Group::dsg, power::Line::fet_avalanche), "J");
        add(pre + "fet.chg.avalanche_J", plant.fet_energy_J(p, Group::chg, power::Line::fet_avalanche), "J");
        add(pre + "precharge.energy_J", plant.precharge_heat_J(p), "J");
        if (r.slowest_open_us >= 0.0) add(pre + "short.time_to_open_us", r.slowest_open_us, "us");
    }
    for (const ProtocolRecord& r : protocol_text()) {
        const std::string pre = "step[" + r.step + (cycler.repeat > 1 ? "@" + std::to_string(r.round) : "") + "].";
        m.push_back({pre + "charge_Ah", r.charge_Ah, "Ah"});
        m.push_back({pre + "energy_Wh", r.energy_Wh, "Wh"});
        m.push_back({pre + "time_s", static_cast<double>(r.t_end_ns - r.t_start_ns) / 1e9, "s"});
        m.push_back({pre + "v_end_V", r.v_end_V, "V"});
        m.push_back({pre + "i_end_A", r.i_end_A, "A"});
        const double di_A = r.i_end_A - r.i_before_A;
        if (!r.steady) continue;
        if (di_A > 1e-3 * cycler.scale_A || di_A < -1e-3 * cycler.scale_A)
            m.push_back({pre + "r_mohm", 1e3 * (r.v_before_V - r.v_end_V) / di_A, "mohm"});
    }
    m.push_back({"clamp.energy_J", plant.line_J(power::Line::clamp_heat), "J"});
    std::sort(m.begin(), m.end(), [](const Metric& a, const Metric& b) { return a.name < b.name; });
    return m;
}

void Simulation::Impl::fill_ledger(Ledger& l) const {
    l.energy_residual_rel = plant.energy_residual_rel();
    l.charge_residual_rel = plant.charge_residual_rel();
    l.defect_rel = plant.defect_rel();
    for (std::size_t k = 0; k < power::k_lines; ++k) {
        const auto line = static_cast<power::Line>(k);
        l.lines.push_back(
            {std::string("energy.") + power::line_name(line), power::line_sign(line) * plant.line_J(line), "J"});
    }
    l.lines.push_back({"energy.stored_l_c_fet", -plant.stored_gain_J(), "J"});
    for (std::size_t p = 0; p < packs.size(); ++p) {
        l.lines.push_back({"charge." + packs[p].id + ".discharged", packs[p].q_dis_C, "C"});
        l.lines.push_back({"charge." + packs[p].id + ".charged", -packs[p].q_chg_C, "C"});
    }
}

void Simulation::Impl::judge(RunResult& r) const {
    std::vector<scenario::PackDecision> decisions;
    std::vector<scenario::Decision> plain;
    for (std::size_t p = 0; p < packs.size(); ++p) {
        const PackRun& run = packs[p];
        scenario::Facts f;
        PackVerdict v;
        v.pack = run.id;
        f.any_stimulus = verdicts[p].facts(t).any_stimulus;  // cells alone: there is nothing that could act
        if (!run.fitted) v.reason = "cells alone: there is no board to act";
        if (run.board) {
            f = verdicts[p].facts(t);
            v.reason = verdicts[p].story();
            v.t_acted_ns = verdicts[p].first_act();
            v.t_due_ns = verdicts[p].first_due();
        }
        if (!status.ok() || core_failed) f.error = error;
        bool input_stage = false;
        for (const DamageItem& d : damage) {
            if (d.pack != static_cast<std::int32_t>(p)) continue;
            f.damaged.push_back(d.part);
            input_stage = input_stage || is_input_stage(d.part);
        }
        const scenario::Decision d = scenario::decide(f);
        v.verdict = d.text();
        if (run.fitted) {
            std::vector<int> taps;
            for (const power::LeadSetup& lead : plant.setup().packs[p].leads) taps.push_back(lead.tap);
            const scenario::MiswireOracle o = scenario::judge_miswiring(
                taps, static_cast<int>(setup.packs[p].requirements.wiring.miswire_strings), input_stage);
            if (o.miswired) {
                v.contract = o.contract_damage ? "damage" : "ok";
                v.physics = o.physics_damage ? "damage" : "ok";
                if (!o.agree()) {
                    Warning w;
                    w.code = "ORACLES-DISAGREE";
                    w.model = setup.packs[p].parts.product;
                    w.value = static_cast<double>(o.distance);
                    w.quantity = "miswire_strings";
                    w.text =
                        "contract says " + v.contract + ", physics says " + v.physics + "; the verdict follows physics";
                    r.warnings.push_back(w);
                }
            }
        }
        if (!f.error.empty()) v.reason = f.error;
        decisions.push_back({run.id, d});
        plain.push_back(d);
        r.verdicts.push_back(v);
    }
    r.verdict = scenario::worst_of(plain).text();
    scenario::ImplicitFacts facts;
    facts.finite = !hasher.saw_nan() && status.code != base::StatusCode::not_finite;
    facts.energy_residual_rel = r.ledger.energy_residual_rel;
    facts.charge_residual_rel = r.ledger.charge_residual_rel;
    for (const Damage& d : r.damage) facts.damaged.push_back(packs.size() > 1 ? d.pack + "." + d.part : d.part);
    if (!damage.empty()) facts.t_damaged = damage.front().t;
    for (const Warning& w : r.warnings) {
        if (w.code != "EXTRAPOLATED") continue;
        facts.extrapolated.push_back(w.model + " " + w.quantity);
        if (facts.t_extrapolated < 0) facts.t_extrapolated = w.t_ns;
    }
    facts.strict = setup.options.strict;
    scenario::judge(r.checks, setup.scenario, decisions, facts);
    const scenario::Outcome o = scenario::outcome(r.checks, setup.scenario);
    r.passed = o.passed;
    r.fail_reason = o.fail_reason;
    if (setup.scenario.expect_fail) r.expect_fail = setup.scenario.expect_fail->reason;
}

RunResult Simulation::Impl::finish() {
    RunResult r;
    const scenario::Scenario& s = setup.scenario;
    r.status = core_failed ? RunStatus::core_fault : (status.ok() ? RunStatus::ok : RunStatus::numeric);
    r.error = error;
    r.id = s.id;
    r.title = s.title;
    r.why = s.why;
    r.tags = s.tags;
    r.requirements = s.requirements;
    r.source_file = s.file;
    r.effective_json = s.effective_json;
    watch_values(ub);
    record_tap.gather_b(ub);
    recorder.finish(t, record_tap.b);
    r.metrics = metrics();
    r.protocol = protocol_text();
    r.checks = checks->finish(t, r.metrics);
    r.warnings = warnings_text();
    fill_ledger(r.ledger);
    r.damage = damage_text();
    judge(r);
    for (const PackRun& p : packs) {
        if (!p.board) continue;
        for (const board::AppliedParam& a : p.board->applied()) {
            AppliedSetting x;
            x.pack = p.id;
            x.name = a.name;
            x.unit = a.unit;
            x.requested = a.requested;
            x.applied = a.applied;
            if (a.quantised && a.requested != a.applied) x.note = "nearest step of the AFE not above the request";
            r.applied.push_back(x);
        }
        r.core_hash.push_back({p.id, hex16(p.board->core_hash())});
    }
    r.events = events_text();
    r.events_dropped = log_dropped;
    r.traces = recorder.traces();
    base::Hasher h = hasher;
    h.i64(t);
    plant.hash(h, 0);
    for (const PackRun& p : packs) {
        if (p.board) p.board->hash(h, true);
    }
    r.hash = h.digest();
    r.seed = s.seed;
    r.sim_time_ns = t;
    r.steps = step_count();
    r.versions = setup.versions;
    return r;
}

}  // namespace twin::sim
