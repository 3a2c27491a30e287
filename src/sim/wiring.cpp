// SPDX-License-Identifier: Apache-2.0
// Between plant and boards: what boards are told, what they drive, gate states, damage, metrics.
#include <iterator>

#include "afe/dvc1124.hpp"
#include "afe/dvc1124_regs.hpp"
#include "base/math.hpp"
#include "sim/simulation_impl.hpp"

namespace twin::sim {

namespace {
constexpr double k_filter_lag_s = 2.0;  // thermal time constant of a filter resistor (assumed)
constexpr double k_burnt_share = 1.0;

/// "afe.input.R" and 7 -> "afe.input.R7"; a number below 0 is left out. The part's name has at most 11 characters.
void name_part(char (&out)[16], const char* part, std::int32_t number) {
    std::size_t n = 0;
    for (; part[n] != 0 && n < 11; ++n) out[n] = part[n];
    if (number >= 10) out[n++] = static_cast<char>('0' + (number / 10) % 10);
    if (number >= 0) out[n++] = static_cast<char>('0' + number % 10);
    out[n] = 0;
}
}  // namespace

void Simulation::Impl::fill_view(std::size_t p, board::PlantView& v, double* pins, double* clamp) const {
    const PackRun& r = packs[p];
    if (!r.fitted) return;
    const power::PackView<double> w = plant.view(p);
    const auto n = static_cast<std::size_t>(r.n_cells);
    for (std::size_t k = 0; k < 25; ++k) pins[k] = w.pin_V[k <= n ? k : n];
    plant.pin_currents_A(p, clamp);
    v.pin_V = pins;
    v.clamp_A = clamp;
    v.shunt_V = w.shunt_V;
    v.top_V = w.pin_V[n];
    v.supply_V = w.supply_V;
    v.p_minus_V = w.p_minus_V;
    for (std::size_t k = 0; k < 4; ++k) v.ntc_degC[k] = plant.ntc_degC(p, k);
    v.ntc_open = r.ntc_open;
    v.ntc_short = r.ntc_short;
    v.fet_ntc_degC = plant.fet_ntc_degC(p);
    v.board_ntc_degC = v.die_degC = plant.board_degC(p);
}

/// Levels that a board changed reach the plant.
void Simulation::Impl::apply_drives(std::size_t p) {
    give_drives(p, packs[p].board->drives(), packs[p].board->pin_drives());
}

void Simulation::Impl::give_drives(std::size_t p, const board::Drives& d, const afe::PinDrives& pins) {
    PackRun& r = packs[p];
    const power::GateDriveParts& gate = setup.packs[p].parts.gate;
    if (d.dsg_on != r.sent.dsg_on) plant.set_gate(p, Group::dsg, d.dsg_on != 0 ? gate.v_on_V : 0.0);
    if (d.chg_on != r.sent.chg_on) plant.set_gate(p, Group::chg, d.chg_on != 0 ? gate.v_on_V : 0.0);
    if (d.dsg_on != r.sent.dsg_on || d.chg_on != r.sent.chg_on) jumped(1.0);
    if (d.precharge_on != r.sent.precharge_on) {
        plant.set_precharge(p, d.precharge_on != 0 ? 1.0 : 0.0);
        jumped(1.0);
    }
    if (d.balance_from != r.sent.balance_from || d.balance_to != r.sent.balance_to || d.balance_A != r.sent.balance_A) {
        plant.set_balancer(p, d.balance_from, d.balance_to, d.balance_A);
        jumped(1e-3);  // it starts and stops within its own millisecond
    }
    if (d.supply_W != r.sent.supply_W) {
        plant.set_supply_draw(p, d.supply_W);
        jumped(1e-3);
    }
    r.sent = d;
    for (std::int32_t k = 0; k <= r.n_cells; ++k) {
        const auto i = static_cast<std::size_t>(k);
        if (pins.pull_A[i] == r.pins_sent.pull_A[i]) continue;
        plant.set_pin_pull(p, k, pins.pull_A[i]);
        r.pins_sent.pull_A[i] = pins.pull_A[i];
        jumped(1e-6);  // a test current of 100 uA
    }
    for (std::int32_t k = 1; k <= r.n_cells; ++k) {
        const auto i = static_cast<std::size_t>(k - 1);
        if (pins.balance_S[i] == r.pins_sent.balance_S[i]) continue;
        plant.set_balance_switch(p, k, pins.balance_S[i]);
        r.pins_sent.balance_S[i] = pins.balance_S[i];
        jumped(1e-3);
    }
    for (std::int32_t k = 0; k <= r.n_cells; ++k) {
        const auto i = static_cast<std::size_t>(k);
        // pins that have no cell are tied to the topmost one
        double g_S = pins.fault_S[i];
        for (std::size_t j = i + 1; k == r.n_cells && j < afe::k_max_pins; ++j) g_S += pins.fault_S[j];
        if (g_S == r.pins_sent.fault_S[i]) continue;
        plant.set_pin_fault(p, k, g_S);
        r.pins_sent.fault_S[i] = g_S;
        jumped(1e-2);
    }
}

/// Tells boards of every witness whose quantity is beyond its level now.
void Simulation::Impl::check_witnesses() {
    for (PackRun& r : packs) {
        if (!r.board) continue;
        bool again = true;
        for (int n = 0; again && n < 8; ++n) {  // reporting one changes the list
            again = false;
            for (const board::Witness& w : r.board->witnesses()) {
                double q = 0.0;
                if (w.quantity == board::Witness::Quantity::shunt_V)
                    q = r.view_b.shunt_V;
                else if (w.quantity == board::Witness::Quantity::top_V)
                    q = r.view_b.top_V;
                else if (w.quantity == board::Witness::Quantity::supply_V)
                    q = r.view_b.supply_V;
                else
                    continue;
                if (w.direction > 0 ? q >= w.level : q <= w.level) {
                    r.board->crossed(w.id, t);
                    again = true;
                    break;
                }
            }
        }
    }
}

void Simulation::Impl::update_gates() {
    for (std::size_t p = 0; p < packs.size(); ++p) {
        PackRun& r = packs[p];
        if (!r.board) continue;
        const power::PackView<double> v = plant.view(p);
        for (std::size_t g = 0; g < 2; ++g) {
            const std::uint8_t on = v.vgs_V[g] >= plant.gate_threshold_V(p, static_cast<Group>(g)) ? 1 : 0;
            if (on == r.gate[g]) continue;
            r.gate[g] = on;
            const char* const name = g == 0 ? "hw.gate.dsg" : "hw.gate.chg";
            const bool trip = on == 0 && !r.commanded_off[g];
            log("gate", on != 0 ? "MOSFETs on" : "MOSFETs off", static_cast<std::int32_t>(p), name);
            if (g == 0 && on == 0 && r.scd_cross >= 0) {
                const double us = static_cast<double>(t - r.scd_cross) * 1e-3;
                if (us > r.slowest_open_us) r.slowest_open_us = us;
                r.scd_cross = -1;
            }
            if (trip) {
                checks->event_fired(0, t);
                triggers->event_fired(0, t);
                recorder.fired("trip", t);
            }
        }
        watch_comparators(p);
        const std::uint8_t red = channel_red(p);
        if (red != r.led_red) {
            r.led_red = red;
            log("alert", red != 0 ? "alarm lamp on" : "alarm lamp off", static_cast<std::int32_t>(p), "hw.led.red");
        }
    }
}

namespace {

/// Since when the shunt has been beyond the applied short-circuit level while the discharge group conducts: truth, not
/// what the comparator says.
void watch_short(PackRun& r, double shunt_V, Time_ns at) {
    if (r.scd_cross < 0) {
        if (r.scd_level_V > 0.0 && r.gate[0] != 0 && shunt_V >= r.scd_level_V) r.scd_cross = at;
    } else if (shunt_V < r.scd_release_V) {
        r.scd_cross = -1;
    }
}

struct Protection {
    const char* name;
    const char* trips;
    const char* clears;
    std::uint8_t flag;
    double (*level)(const afe::AppliedSettings& a);
};
constexpr Protection k_protections[] = {
    {"hw.afe.scd", "SCD trips", "SCD cleared", afe::dvc::f_scd, [](const afe::AppliedSettings& a) { return a.scd_V; }},
    {"hw.afe.ocd2", "OCD2 trips", "OCD2 cleared", afe::dvc::f_ocd2,
     [](const afe::AppliedSettings& a) { return a.ocd2_V; }},
    {"hw.afe.occ2", "OCC2 trips", "OCC2 cleared", afe::dvc::f_occ2,
     [](const afe::AppliedSettings& a) { return a.occ2_V; }},
    {"hw.afe.ocd1", "OCD1 trips", "OCD1 cleared", afe::dvc::f_ocd1,
     [](const afe::AppliedSettings& a) { return a.ocd1_V; }},
    {"hw.afe.occ1", "OCC1 trips", "OCC1 cleared", afe::dvc::f_occ1,
     [](const afe::AppliedSettings& a) { return a.occ1_V; }},
    {"hw.afe.cov", "COV trips", "COV cleared", afe::dvc::f_cov, [](const afe::AppliedSettings& a) { return a.cov_V; }},
    {"hw.afe.cuv", "CUV trips", "CUV cleared", afe::dvc::f_cuv, [](const afe::AppliedSettings& a) { return a.cuv_V; }}};
constexpr const char* k_above[3] = {"SCD comparator beyond its level", "OCD2 comparator beyond its level",
                                    "OCC2 comparator beyond its level"};
constexpr std::uint16_t k_told_max = 20;  // a latch that a core clears for ever would fill the log

/// The text, "told no more" in the place of the last one, nullptr after that.
const char* still_told(std::uint16_t& n, const char* text) {
    if (n > k_told_max) return nullptr;
    ++n;
    return n <= k_told_max ? text : "goes on switching, which is not told any more";
}
constexpr const char* k_below[3] = {"SCD comparator back", "OCD2 comparator back", "OCC2 comparator back"};

}  // namespace

/// Tells the log what the AFE's comparators and latches did at this instant, with the level in force: on the shunt for
/// currents, of a cell for COV and CUV.
void Simulation::Impl::watch_comparators(std::size_t p) {
    PackRun& r = packs[p];
    const afe::Dvc1124State& s = r.board->afe().state();
    const auto pack = static_cast<std::int32_t>(p);
    const bool moved = s.flags != r.afe_flags || s.cmp_above[0] != r.cmp_above[0] || s.cmp_above[1] != r.cmp_above[1] ||
                       s.cmp_above[2] != r.cmp_above[2];
    if (moved) {
        const afe::AppliedSettings a = r.board->afe().applied();
        for (std::size_t k = 0; k < 3; ++k) {
            if (s.cmp_above[k] == r.cmp_above[k]) continue;
            r.cmp_above[k] = s.cmp_above[k];
            const char* const text = still_told(r.told[k], s.cmp_above[k] != 0 ? k_above[k] : k_below[k]);
            if (text != nullptr)
                log_value("witness", text, pack, k_protections[k].name, k_protections[k].level(a), "V");
        }
        for (std::size_t k = 0; k < std::size(k_protections); ++k) {
            const Protection& x = k_protections[k];
            if (((s.flags ^ r.afe_flags) & x.flag) == 0) continue;
            const char* const text = still_told(r.told[3 + k], (s.flags & x.flag) != 0 ? x.trips : x.clears);
            if (text != nullptr) log_value("latch", text, pack, x.name, x.level(a), "V");
        }
        r.afe_flags = s.flags;
    }
    const std::uint8_t scd = s.reg[afe::dvc::r_scd];
    if (scd != r.scd_reg) {
        r.scd_reg = scd;
        r.scd_level_V = r.board->afe().applied().scd_V;
        r.scd_release_V = base::max2(r.scd_level_V - r.board->afe().params().hysteresis_V, 0.5 * r.scd_level_V);
    }
    watch_short(r, r.view_b.shunt_V, t);
}

std::uint8_t Simulation::Impl::channel_red(std::size_t p) const {
    const PackRun& r = packs[p];
    return r.red_getter < 0 ? 0 : (r.board->hw_value(static_cast<std::uint32_t>(r.red_getter), 0) > 0.5 ? 1 : 0);
}

// --- damage ----------------------------------------------------------------------------------------------------------

bool Simulation::Impl::damage_pending() const {
    for (std::size_t p = 0; p < packs.size(); ++p) {
        const PackRun& r = packs[p];
        if (!r.fitted) continue;
        for (std::size_t g = 0; g < 2; ++g) {
            if (r.damaged_fet[g] == 0 &&
                power::fet_breach(plant.fet_margins(p, static_cast<Group>(g)), 0, t).cause != power::DamageCause::none)
                return true;
        }
        if (r.damaged_clamp == 0 && plant.clamp_heat_J(p) > setup.packs[p].parts.clamp.energy_limit_J) return true;
        if (r.damaged_precharge == 0 && plant.precharge_heat_J(p) > setup.packs[p].parts.precharge.energy_limit_J)
            return true;
        for (std::int32_t k = 0; k <= r.n_cells; ++k) {
            const auto i = static_cast<std::size_t>(k);
            if (r.damaged_filter[i] == 0 &&
                r.filter_heat_W[i] > k_burnt_share * setup.packs[p].parts.input.r_filter_limit_W)
                return true;
        }
    }
    return false;
}

/// Makes breaches of the last step real: record, and the part behaves as failed from now on.
void Simulation::Impl::check_damage() {
    for (std::size_t p = 0; p < packs.size(); ++p) {
        PackRun& r = packs[p];
        if (!r.fitted) continue;
        const auto record = [&](const char* part, std::int32_t number, const char* cause, double value, double limit,
                                const char* unit, const char* then) {
            if (damage.size() == damage.capacity()) return;
            DamageItem d;
            name_part(d.part, part, number);
            d.t = t;
            d.pack = static_cast<std::int32_t>(p);
            d.cause = cause;
            d.unit = unit;
            d.then = then;
            d.value = value;
            d.limit = limit;
            d.margin = limit - value;
            damage.push_back(d);
        };
        for (std::size_t g = 0; g < 2; ++g) {
            if (r.damaged_fet[g] != 0) continue;
            const power::DamageRecord d = power::fet_breach(plant.fet_margins(p, static_cast<Group>(g)), 0, t);
            if (d.cause == power::DamageCause::none) continue;
            r.damaged_fet[g] = 1;
            plant.weld(p, static_cast<Group>(g));
            jumped(1.0);
            record(g == 0 ? "fet.dsg" : "fet.chg", -1, power::to_string(d.cause), d.value, d.limit,
                   power::unit_of(d.cause), "welded drain to source");
        }
        const power::BoardParts& parts = setup.packs[p].parts;
        if (r.damaged_clamp == 0 && plant.clamp_heat_J(p) > parts.clamp.energy_limit_J) {
            r.damaged_clamp = 1;
            record("clamp", -1, "clamp energy", plant.clamp_heat_J(p), parts.clamp.energy_limit_J, "J",
                   "recorded; the clamp keeps working in this model");
        }
        if (r.damaged_precharge == 0 && plant.precharge_heat_J(p) > parts.precharge.energy_limit_J) {
            r.damaged_precharge = 1;
            record("precharge", -1, "resistor energy", plant.precharge_heat_J(p), parts.precharge.energy_limit_J, "J",
                   "recorded; the resistor keeps its value in this model");
        }
        for (std::int32_t k = 0; k <= r.n_cells; ++k) {
            const auto i = static_cast<std::size_t>(k);
            if (r.damaged_filter[i] != 0 || r.filter_heat_W[i] <= k_burnt_share * parts.input.r_filter_limit_W)
                continue;
            r.damaged_filter[i] = 1;
            plant.open_filter(p, k);
            jumped(1e-3);
            record("afe.input.R", k, "resistor power", r.filter_heat_W[i], parts.input.r_filter_limit_W, "W", "open");
        }
        const auto afe_damage = r.board->afe().damage();
        for (; r.afe_damage_seen < afe_damage.size(); ++r.afe_damage_seen) {
            const afe::DamageRecord& d = afe_damage[r.afe_damage_seen];
            if (damage.size() == damage.capacity()) continue;
            DamageItem x;
            afe::damage_part(d, x.part);
            x.t = d.t_ns;
            x.pack = static_cast<std::int32_t>(p);
            x.cause = afe::damage_cause_text(d.cause);
            x.unit = afe::damage_unit(d.cause);
            x.then = "AFE input destroyed";
            x.value = d.value;
            x.limit = d.limit;
            x.margin = d.margin;
            damage.push_back(x);
        }
    }
}

// --- metrics ---------------------------------------------------------------------------------------------------------

void Simulation::Impl::gather_metrics(double h_s) {
    for (std::size_t p = 0; p < packs.size(); ++p) {
        PackRun& r = packs[p];
        const power::PackView<double> v = plant.view(p);
        r.i_peak_A = base::max2(r.i_peak_A, v.i_pack_A);
        r.i_charge_peak_A = base::max2(r.i_charge_peak_A, -v.i_pack_A);
        const double q = v.i_pack_A * h_s;
        if (q > 0.0)
            r.q_dis_C += q;
        else
            r.q_chg_C -= q;
        if (h_s >= 1e-4) watch_range(p, v.i_pack_A);
        if (!r.fitted) continue;
        watch_short(r, v.shunt_V, t_of_step);
        const double decay = h_s < 1e-4 ? h_s / k_filter_lag_s : -base::det_expm1(-h_s / k_filter_lag_s);
        double power_W[25];
        plant.filter_powers_W(p, power_W);
        const auto n_leads = static_cast<std::size_t>(r.n_cells) + 1;
        for (std::size_t k = 0; k < n_leads; ++k) r.filter_heat_W[k] += (power_W[k] - r.filter_heat_W[k]) * decay;
    }
}

/// The first time a pack leaves a range in which its cell model's data hold is a warning of the run.
void Simulation::Impl::watch_range(std::size_t p, double i_pack_A) {
    PackRun& r = packs[p];
    const cell::ValidRange& valid = setup.packs[p].cell->valid;
    const double i_max_A = valid.i_max_A * plant.setup().packs[p].cell_params[0].parallel;
    const double low[3] = {valid.soc_min, valid.t_min_degC, -i_max_A};
    const double high[3] = {valid.soc_max, valid.t_max_degC, i_max_A};
    double least[3], most[3];
    least[2] = most[2] = i_pack_A;
    least[0] = most[0] = plant.cell_soc(p, 0);
    least[1] = most[1] = plant.cell_t_core_degC(p, 0);
    for (std::size_t c = 1; c < static_cast<std::size_t>(r.n_cells); ++c) {
        const double soc = plant.cell_soc(p, c), t_degC = plant.cell_t_core_degC(p, c);
        least[0] = base::min2(least[0], soc);
        most[0] = base::max2(most[0], soc);
        least[1] = base::min2(least[1], t_degC);
        most[1] = base::max2(most[1], t_degC);
    }
    for (std::size_t k = 0; k < 3; ++k) {
        if (r.extrapolated[k] || (least[k] >= low[k] && most[k] <= high[k])) continue;
        r.extrapolated[k] = true;
        if (run_warnings.size() == run_warnings.capacity()) continue;
        run_warnings.push_back({t_of_step, WarningItem::What::extrapolated, static_cast<std::uint8_t>(k),
                                static_cast<std::int32_t>(p), -1, most[k] > high[k] ? most[k] : least[k], low[k],
                                high[k]});
    }
}

}  // namespace twin::sim
