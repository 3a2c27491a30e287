// SPDX-License-Identifier: Apache-2.0
// Between plant and boards: what boards are told, what they drive, gate states, damage, metrics.
#include "afe/dvc1124.hpp"
#include "base/math.hpp"
#include "sim/simulation_impl.hpp"

namespace twin::sim {

namespace {
constexpr double k_filter_lag_s = 2.0;  // thermal time constant of a filter resistor (assumed)
constexpr double k_burnt_share = 1.0;
}  // namespace

void Simulation::Impl::fill_view(std::size_t p, board::PlantView& v, double* pins, double* clamp) const {
    const PackRun& r = packs[p];
    if (!r.fitted) return;
    const power::PackView<double> w = plant.view(p);
    const auto n = static_cast<std::size_t>(r.n_cells);
    for (std::size_t k = 0; k < 25; ++k) pins[k] = w.pin_V[k <= n ? k : n];
    for (std::size_t k = 0; k <= n; ++k) clamp[k] = 0.0;
    for (std::size_t k = 1; k <= n; ++k) {
        const double i = base::abs2(plant.pin_clamp_A(p, static_cast<std::int32_t>(k)));
        clamp[k] = base::max2(clamp[k], i);
        clamp[k - 1] = base::max2(clamp[k - 1], i);
    }
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
    PackRun& r = packs[p];
    const board::Drives d = r.board->drives();
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
        jumped(0.01);
    }
    if (d.supply_W != r.sent.supply_W) {
        plant.set_supply_draw(p, d.supply_W);
        jumped(1e-3);
    }
    r.sent = d;
    const afe::PinDrives& pins = r.board->pin_drives();
    for (std::int32_t k = 0; k <= r.n_cells; ++k) {
        const auto i = static_cast<std::size_t>(k);
        if (pins.pull_A[i] == r.pins_sent.pull_A[i]) continue;
        plant.set_pin_pull(p, k, pins.pull_A[i]);
        r.pins_sent.pull_A[i] = pins.pull_A[i];
        jumped(1e-3);
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
        const std::uint8_t red = channel_red(p);
        if (red != r.led_red) {
            r.led_red = red;
            log("alert", red != 0 ? "alarm lamp on" : "alarm lamp off", static_cast<std::int32_t>(p), "hw.led.red");
        }
    }
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
        const auto record = [&](const std::string& part, const char* cause, double value, double limit,
                                const char* unit, const char* then) {
            damage.push_back({r.id, part, cause, t, value, limit, limit - value, unit, then});
            log("damage", "part passed its limit", static_cast<std::int32_t>(p), "");
        };
        for (std::size_t g = 0; g < 2; ++g) {
            if (r.damaged_fet[g] != 0) continue;
            const power::DamageRecord d = power::fet_breach(plant.fet_margins(p, static_cast<Group>(g)), 0, t);
            if (d.cause == power::DamageCause::none) continue;
            r.damaged_fet[g] = 1;
            plant.weld(p, static_cast<Group>(g));
            jumped(1.0);
            record(g == 0 ? "fet.dsg" : "fet.chg", power::to_string(d.cause), d.value, d.limit, power::unit_of(d.cause),
                   "welded drain to source");
        }
        const power::BoardParts& parts = setup.packs[p].parts;
        if (r.damaged_clamp == 0 && plant.clamp_heat_J(p) > parts.clamp.energy_limit_J) {
            r.damaged_clamp = 1;
            record("clamp", "clamp energy", plant.clamp_heat_J(p), parts.clamp.energy_limit_J, "J",
                   "recorded; the clamp keeps working in this model");
        }
        if (r.damaged_precharge == 0 && plant.precharge_heat_J(p) > parts.precharge.energy_limit_J) {
            r.damaged_precharge = 1;
            record("precharge", "resistor energy", plant.precharge_heat_J(p), parts.precharge.energy_limit_J, "J",
                   "recorded; the resistor keeps its value in this model");
        }
        for (std::int32_t k = 0; k <= r.n_cells; ++k) {
            const auto i = static_cast<std::size_t>(k);
            if (r.damaged_filter[i] != 0 || r.filter_heat_W[i] <= k_burnt_share * parts.input.r_filter_limit_W)
                continue;
            r.damaged_filter[i] = 1;
            plant.open_filter(p, k);
            jumped(1e-3);
            record("afe.input.R" + std::to_string(k), "resistor power", r.filter_heat_W[i],
                   parts.input.r_filter_limit_W, "W", "open");
        }
        const auto afe_damage = r.board->afe().damage();
        for (; r.afe_damage_seen < afe_damage.size(); ++r.afe_damage_seen) {
            const afe::DamageRecord& d = afe_damage[r.afe_damage_seen];
            char part[16] = {};
            afe::damage_part(d, part);
            damage.push_back({r.id, part, afe::damage_cause_text(d.cause), d.t_ns, d.value, d.limit, d.margin,
                              afe::damage_unit(d.cause), "AFE input destroyed"});
            log("damage", "part passed its limit", static_cast<std::int32_t>(p), "afe");
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
        if (!r.fitted) continue;
        if (r.scd_level_V > 0.0 && r.scd_cross < 0 && r.gate[0] != 0 && r.view_a.shunt_V < r.scd_level_V &&
            v.shunt_V >= r.scd_level_V)
            r.scd_cross = t_of_step;
        const double decay = h_s < 1e-4 ? h_s / k_filter_lag_s : -base::det_expm1(-h_s / k_filter_lag_s);
        for (std::int32_t k = 0; k <= r.n_cells; ++k) {
            const auto i = static_cast<std::size_t>(k);
            r.filter_heat_W[i] += (plant.filter_power_W(p, k) - r.filter_heat_W[i]) * decay;
        }
        if (h_s < 1e-4) continue;
        for (std::int32_t c = 0; c < r.n_cells; ++c) {
            const auto& m = *setup.packs[p].cell;
            const auto& s = plant.cell_state(p, static_cast<std::size_t>(c));
            const double low[3] = {m.valid.soc_min, m.valid.t_min_degC, -m.valid.i_max_A};
            const double high[3] = {m.valid.soc_max, m.valid.t_max_degC, m.valid.i_max_A};
            const double now[3] = {s.soc, s.t_core_degC, v.i_pack_A};
            static const char* const quantity[3] = {"soc", "t_core_degC", "i_A"};
            for (std::size_t q3 = 0; q3 < 3; ++q3) {
                if (r.extrapolated[q3] || (now[q3] >= low[q3] && now[q3] <= high[q3])) continue;
                r.extrapolated[q3] = true;
                Warning w;
                w.code = "EXTRAPOLATED";
                w.model = m.id;
                w.quantity = quantity[q3];
                w.value = now[q3];
                w.valid_min = low[q3];
                w.valid_max = high[q3];
                w.t_ns = t_of_step;
                w.text = "pack '" + r.id + "' left the range in which the cell model's data hold";
                warnings.push_back(w);
            }
        }
    }
}

}  // namespace twin::sim
