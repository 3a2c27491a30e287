// SPDX-License-Identifier: Apache-2.0
// How the value of each channel is read off plant and boards.
#include "base/math.hpp"
#include "sim/simulation_impl.hpp"

namespace twin::sim {

double Simulation::Impl::value(int channel) const { return read(getters[static_cast<std::size_t>(channel)]); }
double Simulation::Impl::read(const Getter& g) const { return read(g, plant.view(g.pack)); }

namespace {
template <class F>
double largest(std::int32_t n, const F& f) {
    double x = f(0);
    for (std::int32_t k = 1; k < n; ++k) x = base::max2(x, f(k));
    return x;
}
template <class F>
double smallest(std::int32_t n, const F& f) {
    double x = f(0);
    for (std::int32_t k = 1; k < n; ++k) x = base::min2(x, f(k));
    return x;
}
}  // namespace

/// Values over all cells of a pack.
double Simulation::Impl::read_cells(const Getter& g, const power::PackView<double>& v) const {
    const std::size_t p = g.pack;
    const auto n = packs[p].n_cells;
    const auto soc = [&](std::int32_t k) { return 100.0 * plant.cell_soc(p, static_cast<std::size_t>(k)); };
    const auto temp = [&](std::int32_t k) { return plant.cell_t_surf_degC(p, static_cast<std::size_t>(k)); };
    const auto volt = [&](std::int32_t k) { return v.cell_V[k]; };
    switch (g.kind) {
        case Get::pack_soc: {
            double s = 0.0;
            for (std::int32_t k = 0; k < n; ++k) s += soc(k);
            return s / static_cast<double>(n);
        }
        case Get::cell_v_max:
            return largest(n, volt);
        case Get::cell_v_min:
            return smallest(n, volt);
        case Get::cell_v_spread:
            return 1e3 * (largest(n, volt) - smallest(n, volt));
        case Get::cell_soc_max:
            return largest(n, soc);
        case Get::cell_soc_min:
            return smallest(n, soc);
        case Get::cell_soc_spread:
            return largest(n, soc) - smallest(n, soc);
        case Get::cell_t_max:
            return largest(n, temp);
        case Get::cell_t_min:
            return smallest(n, temp);
        default:
            return 0.0;
    }
}

/// Values of the board's parts, of outside elements and of what boards publish.
double Simulation::Impl::read_parts(const Getter& g, const power::PackView<double>& v) const {
    const PackRun& r = packs[g.pack];
    const std::size_t p = g.pack;
    switch (g.kind) {
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
        case Get::cycler:
            return read_cycler(g.a);
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
        default:
            return 0.0;
    }
}

double Simulation::Impl::read(const Getter& g, const power::PackView<double>& v) const {
    const std::size_t p = g.pack;
    switch (g.kind) {
        case Get::pack_soc:
        case Get::cell_v_max:
        case Get::cell_v_min:
        case Get::cell_v_spread:
        case Get::cell_soc_max:
        case Get::cell_soc_min:
        case Get::cell_soc_spread:
        case Get::cell_t_max:
        case Get::cell_t_min:
            return read_cells(g, v);
        case Get::pack_i:
            return v.i_pack_A;
        case Get::pack_v:
            return v.pack_V;
        case Get::pack_stack_v:
            return v.stack_V;
        case Get::pack_usable:
            return usable_Ah(p);
        case Get::cell_v:
            return v.cell_V[g.a];
        case Get::cell_soc:
            return 100.0 * plant.cell_soc(p, g.a);
        case Get::cell_t:
            return plant.cell_t_surf_degC(p, g.a);
        case Get::tap_v:
            return v.pin_V[g.a + 1] - v.pin_V[g.a];
        default:
            return read_parts(g, v);
    }
}

/// A connected, not cut-off charger offers current; a connected load asks for some.
bool Simulation::Impl::request(std::size_t p, bool charge) const {
    if (setup.scenario.packs.size() > 1 && !plant.pack_connected(p)) return false;
    if (cycler_requests(p, charge)) return true;
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
        const double q = plant.cell_soc(p, i) * cap;
        give = k == 0 ? q : base::min2(give, q);
        take = k == 0 ? cap - q : base::min2(take, cap - q);
    }
    return give + take;
}

/// Spread of the cells' open-circuit voltages, mV.
double Simulation::Impl::rest_spread_mV(std::size_t p) const {
    const auto ocv = [&](std::int32_t k) {
        return cell::ocv_point(*setup.packs[p].cell, plant.cell_soc(p, static_cast<std::size_t>(k))).ocv_V;
    };
    return 1e3 * (largest(packs[p].n_cells, ocv) - smallest(packs[p].n_cells, ocv));
}

double Simulation::Impl::soc_spread_pct(std::size_t p) const {
    return read({Get::cell_soc_spread, static_cast<std::uint8_t>(p), 0, 0});
}

void Simulation::Impl::watch_values(std::vector<double>& out) const {
    if (watch.empty()) return;
    std::size_t pack = getters[static_cast<std::size_t>(watch[0])].pack;
    power::PackView<double> v = plant.view(pack);
    for (std::size_t k = 0; k < watch.size(); ++k) {
        const Getter& g = getters[static_cast<std::size_t>(watch[k])];
        if (g.pack != pack) {
            pack = g.pack;
            v = plant.view(pack);
        }
        out[k] = read(g, v);
    }
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
    if (cycler.fitted) {
        for (const char* const c : {"truth.cycler.i_A", "truth.cycler.v_V", "truth.cycler.step"}) take(c);
    }
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
