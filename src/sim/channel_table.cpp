// SPDX-License-Identifier: Apache-2.0
// The channel registry of a run: names, units, documentation and where each value comes from.
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

/// Adds one channel; tree and whether its crossings stop the plant follow from the name.
void Simulation::Impl::add_channel(const std::string& name, const std::string& unit, const std::string& doc,
                                   bool discrete, const std::string& pack, Getter g) {
    scenario::Channel c;
    c.name = name;
    c.unit = unit;
    c.doc = doc;
    c.discrete = discrete;
    const bool truth = name.compare(0, 6, "truth.") == 0;
    const bool gate = name.find(".gate.dsg") != std::string::npos || name.find(".gate.chg") != std::string::npos;
    c.located = truth ? !discrete : gate;
    c.tree = name.compare(0, 2, "hw") == 0    ? scenario::Tree::hw
             : name.compare(0, 3, "bms") == 0 ? scenario::Tree::bms
                                              : scenario::Tree::truth;
    c.pack = pack;
    if (table.add(c) >= 0) getters.push_back(g);
}

void Simulation::Impl::build_channels() {
    for (std::size_t p = 0; p < packs.size(); ++p) {
        add_truth_channels(p);
        if (packs[p].fitted) add_board_channels(p);
    }
    add_element_channels();
    add_cycler_channels();
}

void Simulation::Impl::add_truth_channels(std::size_t p) {
    const PackRun& r = packs[p];
    const bool several = packs.size() > 1;
    const auto add = [&](const std::string& rest, const char* unit, const char* doc, Getter g, bool discrete = false) {
        const bool pack_level = rest.compare(0, 5, "pack.") == 0;
        const std::string name =
            several ? "truth.pack[" + r.id + "]." + (pack_level ? rest.substr(5) : rest) : "truth." + rest;
        add_channel(name, unit, doc, discrete, r.id, g);
    };
    const auto pk = static_cast<std::uint8_t>(p);
    for (const Row& row : k_pack_rows) {
        if (row.board && !r.fitted) continue;
        add(row.name, unit_of_name(row.name).c_str(), row.doc, {row.get, pk, 0, 0}, row.discrete);
    }
    for (std::int32_t k = 1; k <= r.n_cells; ++k) {
        const std::string cell = "cell[" + std::to_string(k) + "].";
        const auto i = static_cast<std::uint32_t>(k - 1);
        add(cell + "v_V", "V", "terminal voltage without the L di/dt of the joints", {Get::cell_v, pk, i, 0});
        add(cell + "soc_pct", "pct", "state of charge", {Get::cell_soc, pk, i, 0});
        add(cell + "t_degC", "degC", "surface temperature", {Get::cell_t, pk, i, 0});
        if (!r.fitted) continue;
        add("tap[" + std::to_string(k) + "].v_V", "V", "AFE pin k against pin k-1, behind the filters",
            {Get::tap_v, pk, i, 0});
    }
    if (!r.fitted) return;
    for (std::int32_t k = 0; k <= r.n_cells; ++k) {
        add("lead[" + std::to_string(k) + "].i_A", "A", "current of a sampling lead into the board",
            {Get::lead_i, pk, static_cast<std::uint32_t>(k), 0});
    }
    for (std::uint32_t g = 0; g < 2; ++g) {
        const std::string fet = g == 0 ? "fet.dsg." : "fet.chg.";
        add(fet + "tj_degC", "degC", "junction of the group", {Get::fet_tj, pk, g, 0});
        add(fet + "vds_V", "V", "drain to source of the group", {Get::fet_vds, pk, g, 0});
        add(fet + "vgs_V", "V", "gate to source of the group", {Get::fet_vgs, pk, g, 0});
    }
}

void Simulation::Impl::add_board_channels(std::size_t p) {
    const PackRun& r = packs[p];
    const bool several = packs.size() > 1;
    const auto pk = static_cast<std::uint8_t>(p);
    const std::string hw = several ? "hw[" + r.id + "]." : "hw.";
    const std::string bms = several ? "bms[" + r.id + "]." : "bms.";
    const auto flag = [&](const char* name, const char* doc, Getter g) {
        add_channel(hw + name, "", doc, true, r.id, g);
    };
    flag("gate.dsg", "1 iff Vgs of the discharge group is at or above its threshold", {Get::gate, pk, 0, 0});
    flag("gate.chg", "1 iff Vgs of the charge group is at or above its threshold", {Get::gate, pk, 1, 0});
    flag("gate.pre", "precharge path on", {Get::gate_pre, pk, 0, 0});
    flag("supply", "the board is powered and out of reset", {Get::hw_supply, pk, 0, 0});
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
                add_channel(name, c.unit, c.text, c.discrete, r.id, {get, pk, c.getter, k});
            }
        }
    };
    board_rows(r.board->hw_channels(), hw, Get::board_hw);
    board_rows(r.board->bms_channels(), bms, Get::board_bms);
}

void Simulation::Impl::add_element_channels() {
    const auto element = [&](const std::string& name, std::size_t e, bool charger) {
        add_channel("truth." + name + ".i_A", "A",
                    charger ? "charging current, + into the pack" : "current from P+ to P- through it", false, "",
                    {Get::element_i, 0, static_cast<std::uint32_t>(e), charger ? 1U : 0U});
        add_channel("truth." + name + ".v_V", "V", "voltage", false, "",
                    {Get::element_v, 0, static_cast<std::uint32_t>(e), 0});
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

}  // namespace twin::sim
