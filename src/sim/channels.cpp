// SPDX-License-Identifier: Apache-2.0
// The channel registry of a run: names, units, and how each value is read off plant and boards.
#include "base/math.hpp"
#include "sim/simulation_impl.hpp"

namespace twin::sim {

namespace {

struct Row {
    const char* name;  // below the pack
    Get get;
    bool discrete;
    bool board;  // needs a board
    const char* doc;
};

constexpr Row k_pack_rows[] = {
    {"pack.i_A", Get::pack_i, false, false, "current through the shunt"},
    {"pack.v_V", Get::pack_v, false, false, "P+ against P-"},
    {"pack.v_stack_V", Get::pack_stack_v, false, false, "B+ against B- at the cells"},
    {"pack.soc_pct", Get::pack_soc, false, false, "charge left over capacity, mean of the cells"},
    {"pack.usable_Ah", Get::pack_usable, false, false,
     "charge the weakest cell can give plus what the fullest can take"},
    {"cell.v_max_V", Get::cell_v_max, false, false, "highest cell voltage"},
    {"cell.v_min_V", Get::cell_v_min, false, false, "lowest cell voltage"},
    {"cell.v_spread_mV", Get::cell_v_spread, false, false, "highest minus lowest cell voltage"},
    {"cell.soc_max_pct", Get::cell_soc_max, false, false, "highest state of charge"},
    {"cell.soc_min_pct", Get::cell_soc_min, false, false, "lowest state of charge"},
    {"cell.soc_spread_pct", Get::cell_soc_spread, false, false, "highest minus lowest state of charge"},
    {"cell.t_max_degC", Get::cell_t_max, false, false, "hottest cell surface"},
    {"cell.t_min_degC", Get::cell_t_min, false, false, "coldest cell surface"},
    {"fet.ntc_degC", Get::fet_place_t, false, true, "temperature at the place of the MOSFET NTC"},
    {"board.t_degC", Get::board_t, false, true, "board temperature"},
    {"balancer.i_A", Get::balancer_i, false, true, "averaged current the active balancer takes from the donor cell"},
    {"precharge.i_A", Get::precharge_i, false, true, "through the precharge resistor"},
    {"supply.v_V", Get::supply_v, false, true, "board supply behind its diode"},
    {"shunt.v_V", Get::shunt_v, false, true, "over the shunt with its inductance"},
    {"p_minus.v_V", Get::p_minus_v, false, true, "P- against the board's B-"},
    {"clamp.heat_J", Get::clamp_heat, false, true, "heat held by the energy clamp"},
    {"request.charge", Get::request_charge, true, false, "a connected charger that is not cut off offers current"},
    {"request.discharge", Get::request_discharge, true, false, "a connected load has a demand"},
};

std::string unit_of_name(const std::string& name) {
    const std::size_t at = name.find_last_of('_');
    if (at == std::string::npos) return "";
    const std::string u = name.substr(at + 1);
    for (const char* const k : {"A", "V", "mV", "pct", "degC", "Ah", "J", "W"}) {
        if (u == k) return u;
    }
    return "";
}

}  // namespace

void Simulation::Impl::build_channels() {
    const bool several = packs.size() > 1;
    const auto add = [this](const std::string& name, const std::string& unit, const std::string& doc, bool discrete,
                            const std::string& pack, Getter g) {
        scenario::Channel c;
        c.name = name;
        c.unit = unit;
        c.doc = doc;
        c.discrete = discrete;
        c.located = name.compare(0, 6, "truth.") == 0
                        ? !discrete
                        : name.find(".gate.dsg") != std::string::npos || name.find(".gate.chg") != std::string::npos;
        c.tree = name.compare(0, 3, "hw.") == 0 || name.compare(0, 3, "hw[") == 0 ? scenario::Tree::hw
                 : name.compare(0, 3, "bms") == 0                                 ? scenario::Tree::bms
                                                                                  : scenario::Tree::truth;
        c.pack = pack;
        if (table.add(c) >= 0) getters.push_back(g);
    };
    for (std::size_t p = 0; p < packs.size(); ++p) {
        const PackRun& r = packs[p];
        const auto truth = [&](const std::string& rest) {
            if (!several) return "truth." + rest;
            return "truth.pack[" + r.id + "]." + (rest.compare(0, 5, "pack.") == 0 ? rest.substr(5) : rest);
        };
        const auto pk = static_cast<std::uint8_t>(p);
        for (const Row& row : k_pack_rows) {
            if (row.board && !r.fitted) continue;
            add(truth(row.name), unit_of_name(row.name), row.doc, row.discrete, r.id, {row.get, pk, 0, 0});
        }
        for (std::int32_t k = 1; k <= r.n_cells; ++k) {
            const std::string cell = "cell[" + std::to_string(k) + "].";
            const auto i = static_cast<std::uint32_t>(k - 1);
            add(truth(cell + "v_V"), "V", "terminal voltage without the L di/dt of the joints", false, r.id,
                {Get::cell_v, pk, i, 0});
            add(truth(cell + "soc_pct"), "pct", "state of charge", false, r.id, {Get::cell_soc, pk, i, 0});
            add(truth(cell + "t_degC"), "degC", "surface temperature", false, r.id, {Get::cell_t, pk, i, 0});
            if (!r.fitted) continue;
            add(truth("tap[" + std::to_string(k) + "].v_V"), "V", "AFE pin k against pin k-1, behind the filters",
                false, r.id, {Get::tap_v, pk, i, 0});
        }
        if (!r.fitted) continue;
        for (std::int32_t k = 0; k <= r.n_cells; ++k) {
            add(truth("lead[" + std::to_string(k) + "].i_A"), "A", "current of a sampling lead into the board", false,
                r.id, {Get::lead_i, pk, static_cast<std::uint32_t>(k), 0});
        }
        for (std::uint32_t g = 0; g < 2; ++g) {
            const std::string fet = g == 0 ? "fet.dsg." : "fet.chg.";
            add(truth(fet + "tj_degC"), "degC", "junction of the group", false, r.id, {Get::fet_tj, pk, g, 0});
            add(truth(fet + "vds_V"), "V", "drain to source of the group", false, r.id, {Get::fet_vds, pk, g, 0});
            add(truth(fet + "vgs_V"), "V", "gate to source of the group", false, r.id, {Get::fet_vgs, pk, g, 0});
        }
        const std::string hw = several ? "hw[" + r.id + "]." : "hw.";
        const std::string bms = several ? "bms[" + r.id + "]." : "bms.";
        add(hw + "gate.dsg", "", "1 iff Vgs of the discharge group is at or above its threshold", true, r.id,
            {Get::gate, pk, 0, 0});
        add(hw + "gate.chg", "", "1 iff Vgs of the charge group is at or above its threshold", true, r.id,
            {Get::gate, pk, 1, 0});
        add(hw + "gate.pre", "", "precharge path on", true, r.id, {Get::gate_pre, pk, 0, 0});
        add(hw + "supply", "", "the board is powered and out of reset", true, r.id, {Get::hw_supply, pk, 0, 0});
        const auto board_rows = [&](const std::vector<board::BoardChannel>& list, const std::string& tree, Get get) {
            for (const board::BoardChannel& c : list) {
                const bool regs = c.name == "afe.reg";
                for (std::uint32_t k = 0; k < c.count; ++k) {
                    std::string name = tree + c.name;
                    if (regs) {
                        static const char* const hex = "0123456789abcdef";
                        name += std::string("[0x") + hex[(k >> 4) & 15] + hex[k & 15] + "]";
                    } else if (c.count > 1) {
                        name += "[" + std::to_string(k + 1) + "]";
                    }
                    add(name, c.unit, c.text, c.discrete, r.id, {get, pk, c.getter, k});
                }
            }
        };
        board_rows(r.board->hw_channels(), hw, Get::board_hw);
        board_rows(r.board->bms_channels(), bms, Get::board_bms);
    }
    const auto element = [&](const std::string& name, std::size_t e, bool charger) {
        add("truth." + name + ".i_A", "A",
            charger ? "charging current, + into the pack" : "current from P+ to P- through it", false, "",
            {Get::element_i, 0, static_cast<std::uint32_t>(e), charger ? 1U : 0U});
        add("truth." + name + ".v_V", "V", "voltage", false, "", {Get::element_v, 0, static_cast<std::uint32_t>(e), 0});
    };
    for (std::size_t k = 0; k < setup.scenario.loads.size(); ++k)
        element("load[" + setup.scenario.loads[k].id + "]", element_of_load[k], false);
    for (std::size_t k = 0; k < setup.scenario.chargers.size(); ++k)
        element("charger[" + setup.scenario.chargers[k].id + "]", element_of_charger[k], true);
    for (std::size_t k = 0; k < setup.scenario.events.size(); ++k) {
        if (element_of_event[k] < plant.setup().elements.size())
            element("short[" + setup.scenario.events[k].id + "]", element_of_event[k], false);
    }
}

double Simulation::Impl::value(int channel) const { return read(getters[static_cast<std::size_t>(channel)]); }

namespace {
template <class F>
double reduce(std::int32_t n, bool largest, const F& f) {
    double x = f(0);
    for (std::int32_t k = 1; k < n; ++k) {
        const double y = f(k);
        x = largest ? base::max2(x, y) : base::min2(x, y);
    }
    return x;
}
}  // namespace

double Simulation::Impl::read(const Getter& g) const {
    const PackRun& r = packs[g.pack];
    const std::size_t p = g.pack;
    const power::PackView<double> v = plant.view(p);
    const auto n = r.n_cells;
    const auto soc = [&](std::int32_t k) { return 100.0 * plant.cell_state(p, static_cast<std::size_t>(k)).soc; };
    const auto temp = [&](std::int32_t k) { return plant.cell_state(p, static_cast<std::size_t>(k)).t_surf_degC; };
    const auto volt = [&](std::int32_t k) { return v.cell_V[k]; };
    switch (g.kind) {
        case Get::pack_i:
            return v.i_pack_A;
        case Get::pack_v:
            return v.pack_V;
        case Get::pack_stack_v:
            return v.stack_V;
        case Get::pack_soc: {
            double s = 0.0;
            for (std::int32_t k = 0; k < n; ++k) s += soc(k);
            return s / static_cast<double>(n);
        }
        case Get::pack_usable:
            return usable_Ah(p);
        case Get::cell_v:
            return v.cell_V[g.a];
        case Get::cell_soc:
            return soc(static_cast<std::int32_t>(g.a));
        case Get::cell_t:
            return temp(static_cast<std::int32_t>(g.a));
        case Get::cell_v_max:
            return reduce(n, true, volt);
        case Get::cell_v_min:
            return reduce(n, false, volt);
        case Get::cell_v_spread:
            return 1e3 * (reduce(n, true, volt) - reduce(n, false, volt));
        case Get::cell_soc_max:
            return reduce(n, true, soc);
        case Get::cell_soc_min:
            return reduce(n, false, soc);
        case Get::cell_soc_spread:
            return reduce(n, true, soc) - reduce(n, false, soc);
        case Get::cell_t_max:
            return reduce(n, true, temp);
        case Get::cell_t_min:
            return reduce(n, false, temp);
        case Get::tap_v:
            return v.pin_V[g.a + 1] - v.pin_V[g.a];
        case Get::fet_tj:
            return plant.fet_tj_degC(p, static_cast<Group>(g.a));
        case Get::fet_vds:
            return v.vds_V[g.a];
        case Get::fet_vgs:
            return v.vgs_V[g.a];
        case Get::fet_place_t:
        case Get::board_t:
            return plant.board_degC(p);
        case Get::balancer_i:
            return plant.balancer_from_A(p);
        case Get::precharge_i:
            return plant.precharge_current_A(p);
        case Get::supply_v:
            return v.supply_V;
        case Get::shunt_v:
            return v.shunt_V;
        case Get::p_minus_v:
            return v.p_minus_V;
        case Get::lead_i:
            return plant.lead_current_A(p, static_cast<std::int32_t>(g.a));
        case Get::clamp_heat:
            return plant.clamp_heat_J(p);
        case Get::element_i:
            return g.b != 0 ? -plant.element_current_A(g.a) : plant.element_current_A(g.a);
        case Get::element_v:
            return plant.element_voltage_V(g.a);
        case Get::request_charge:
            return request(p, true) ? 1.0 : 0.0;
        case Get::request_discharge:
            return request(p, false) ? 1.0 : 0.0;
        case Get::gate:
            return static_cast<double>(r.gate[g.a]);
        case Get::gate_pre:
            return static_cast<double>(r.sent.precharge_on);
        case Get::hw_supply:
            return r.board->powered() ? 1.0 : 0.0;
        case Get::hw_asleep:
            return 0.0;
        case Get::board_hw:
            return r.board->hw_value(g.a, g.b);
        case Get::board_bms:
            return r.board->bms_value(g.a, g.b);
    }
    return 0.0;
}

/// A connected, not cut-off charger offers current; a connected load asks for some.
bool Simulation::Impl::request(std::size_t p, bool charge) const {
    if (setup.scenario.packs.size() > 1 && !plant.pack_connected(p)) return false;
    if (charge) {
        for (std::size_t k = 0; k < element_of_charger.size(); ++k) {
            const std::size_t e = element_of_charger[k];
            if (plant.element_connected(e) && charger_cut[k] == 0 && plant.setup().elements[e].i_A > 0.0) return true;
        }
        return false;
    }
    for (std::size_t k = 0; k < element_of_load.size(); ++k) {
        const std::size_t e = element_of_load[k];
        const power::ElementSetup& x = plant.setup().elements[e];
        if (!plant.element_connected(e)) continue;
        if (x.kind == power::ElementKind::current_load ? x.i_A > 0.0
                                                       : (x.kind != power::ElementKind::power_load || x.p_W > 0.0))
            return true;
    }
    return false;
}

double Simulation::Impl::usable_Ah(std::size_t p) const {
    double give = 0.0, take = 0.0;
    for (std::int32_t k = 0; k < packs[p].n_cells; ++k) {
        const auto i = static_cast<std::size_t>(k);
        const double cap = plant.setup().packs[p].cell_params[i].capacity_C / 3600.0;
        const double q = plant.cell_state(p, i).soc * cap;
        give = k == 0 ? q : base::min2(give, q);
        take = k == 0 ? cap - q : base::min2(take, cap - q);
    }
    return give + take;
}

/// Spread of the cells' open-circuit voltages, mV.
double Simulation::Impl::rest_spread_mV(std::size_t p) const {
    const auto ocv = [&](std::int32_t k) {
        return cell::ocv_point(*setup.packs[p].cell, plant.cell_state(p, static_cast<std::size_t>(k)).soc).ocv_V;
    };
    return 1e3 * (reduce(packs[p].n_cells, true, ocv) - reduce(packs[p].n_cells, false, ocv));
}

double Simulation::Impl::soc_spread_pct(std::size_t p) const {
    return read({Get::cell_soc_spread, static_cast<std::uint8_t>(p), 0, 0});
}

void Simulation::Impl::watch_values(std::vector<double>& out) const {
    for (std::size_t k = 0; k < watch.size(); ++k) out[k] = value(watch[k]);
}

std::vector<int> Simulation::Impl::default_record_channels() const {
    std::vector<int> list;
    const auto take = [&](const std::string& pattern) {
        for (const int c : table.match(pattern)) list.push_back(c);
    };
    if (!setup.scenario.record.channels.empty()) {
        for (const std::string& c : setup.scenario.record.channels) {
            if (table.match(c).empty()) throw RunError(table.explain_missing(c), "/record/channels");
            take(c);
        }
        return list;
    }
    const bool several = packs.size() > 1;
    for (const PackRun& r : packs) {
        const std::string truth = several ? "truth.pack[" + r.id + "]." : "truth.";
        const std::string pack = several ? truth : "truth.pack.";
        const std::string hw = several ? "hw[" + r.id + "]." : "hw.";
        const std::string bms = several ? "bms[" + r.id + "]." : "bms.";
        for (const std::string& c :
             {pack + "i_A", pack + "v_V", truth + "cell.v_max_V", truth + "cell.v_min_V", truth + "cell.soc_max_pct",
              truth + "cell.soc_min_pct", truth + "cell.t_max_degC", truth + "fet.dsg.tj_degC", truth + "fet.dsg.vds_V",
              truth + "fet.dsg.vgs_V", truth + "board.t_degC", truth + "balancer.i_A", hw + "gate.dsg", hw + "gate.chg",
              hw + "led.red", bms + "soc_pct"}) {
            take(c);
        }
    }
    return list;
}

}  // namespace twin::sim
