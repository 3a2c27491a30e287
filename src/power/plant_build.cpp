// SPDX-License-Identifier: Apache-2.0
// Construction of a plant and its inputs.
#include <algorithm>
#include <stdexcept>

#include "power/plant_scratch.hpp"

namespace twin::power {
namespace {

void check_setup(const PlantSetup& s) {
    for (const PackSetup& p : s.packs) {
        const auto n = static_cast<std::size_t>(p.n_cells);
        if (p.n_cells < 1 || p.n_cells > 24) throw std::invalid_argument("pack '" + p.id + "': 1..24 cells in series");
        if (p.model == nullptr) throw std::invalid_argument("pack '" + p.id + "': no cell model");
        if (p.cell_params.size() != n || p.cell_init.size() != n) {
            throw std::invalid_argument("pack '" + p.id + "': cell parameters and states must be one per cell");
        }
        if (p.board_fitted && p.leads.size() != n + 1) {
            throw std::invalid_argument("pack '" + p.id + "': one sampling lead per tap, B- included");
        }
        for (const LeadSetup& l : p.leads) {
            if (l.tap < -1 || l.tap > p.n_cells) throw std::invalid_argument("pack '" + p.id + "': a lead names a tap that does not exist");
        }
    }
}

template <class V>
void split(const V& branches, std::int32_t ground, std::vector<std::size_t>& a, std::vector<std::size_t>& b) {
    for (const auto& x : branches) {
        a.push_back(static_cast<std::size_t>(x.edge.a == net::k_ground ? ground : x.edge.a));
        b.push_back(static_cast<std::size_t>(x.edge.b == net::k_ground ? ground : x.edge.b));
    }
}

}  // namespace

template <class T>
Plant<T>::Plant(const PlantSetup& setup) : setup_(setup), s_(std::make_unique<Scratch>()) {
    check_setup(setup_);
    topo_ = std::make_shared<Topology>(build_topology(setup_));
    build_blocks();
    init_values();
    saved_state_ = state_.mem();
    saved_cells_ = cells_;
    coeff_slots_.resize(8);
    publish(true);
}

template <class T>
Plant<T>::~Plant() {}  // NOLINT(modernize-use-equals-default): Scratch is complete only here

template <class T>
Plant<T>::Plant(const Plant& o)
    : setup_(o.setup_), topo_(o.topo_), state_(o.state_), input_(o.input_), cells_(o.cells_), cell_params_(o.cell_params_),
      saved_state_(o.saved_state_), saved_cells_(o.saved_cells_), ws_(o.ws_), bal_(o.bal_), pack_connected_(o.pack_connected_),
      element_connected_(o.element_connected_), o_rl_i_(o.o_rl_i_), o_rl_k_(o.o_rl_k_), o_rc_v_(o.o_rc_v_), o_rc_k_(o.o_rc_k_),
      o_fet_qg_(o.o_fet_qg_), o_fet_qd_(o.o_fet_qd_), o_fet_vgs_(o.o_fet_vgs_), o_fet_vds_(o.o_fet_vds_), o_foster_(o.o_foster_),
      o_board_T_(o.o_board_T_), o_fet_ntc_(o.o_fet_ntc_), o_ntc_(o.o_ntc_), o_psense_(o.o_psense_), o_clamp_heat_(o.o_clamp_heat_),
      o_pre_heat_(o.o_pre_heat_), o_port_v_(o.o_port_v_), o_port_g_(o.o_port_g_), o_port_s_(o.o_port_s_), o_clamp_g_(o.o_clamp_g_),
      o_clamp_s_(o.o_clamp_s_), o_cell_r_(o.o_cell_r_), o_bal_to_(o.o_bal_to_), o_fet_tq_(o.o_fet_tq_), o_line_(o.o_line_),
      o_abs_(o.o_abs_), o_cell_q_(o.o_cell_q_), o_fet_e_(o.o_fet_e_), o_stored0_(o.o_stored0_), o_soc0_(o.o_soc0_),
      o_stress_(o.o_stress_), o_rl_r_(o.o_rl_r_), o_rl_l_(o.o_rl_l_), o_rc_r_(o.o_rc_r_), o_rc_c_(o.o_rc_c_), o_res_g_(o.o_res_g_), o_gate_(o.o_gate_),
      o_draw_(o.o_draw_), o_source_(o.o_source_), o_load_(o.o_load_), o_charger_(o.o_charger_), o_env_(o.o_env_), o_weld_(o.o_weld_),
      fet_params_(o.fet_params_), fet_coeff_(o.fet_coeff_), fet_margins_(o.fet_margins_), diode_coeff_(o.diode_coeff_),
      clamp_params_(o.clamp_params_), pin_clamp_(o.pin_clamp_), fet_clamp_(o.fet_clamp_), coeff_slots_(o.coeff_slots_),
      coeff_next_(o.coeff_next_), s_(std::make_unique<Scratch>(*o.s_)), pack_of_cell_(o.pack_of_cell_),
      input_version_(o.input_version_), matrix_version_(o.matrix_version_), factored_version_(o.factored_version_),
      factored_dh_s_(o.factored_dh_s_), factored_slope_(o.factored_slope_), trial_h_s_(o.trial_h_s_), trial_method_(o.trial_method_),
      trial_error_(o.trial_error_), trial_defect_J_(o.trial_defect_J_), steps_(o.steps_), solves_(o.solves_), factors_(o.factors_) {}

template <class T>
void Plant<T>::build_blocks() {
    const Topology& t = *topo_;
    const std::size_t n_rl = t.rl.size(), n_rc = t.rc.size(), n_res = t.res.size(), n_port = t.port.size();
    const auto n_fet = static_cast<std::size_t>(t.n_fets);
    const std::size_t n_pack = t.pack.size();
    std::size_t n_cell = 0;
    for (std::size_t p = 0; p < n_pack; ++p) {
        for (std::int32_t c = 0; c < setup_.packs[p].n_cells; ++c) pack_of_cell_.push_back(p);
        n_cell += static_cast<std::size_t>(setup_.packs[p].n_cells);
    }
    Block<T>& s = state_;
    o_rl_i_ = s.add("branch.i", "A", n_rl, true);
    o_rc_v_ = s.add("capacitor.v", "V", n_rc, true);
    o_fet_qg_ = s.add("fet.qg", "C", n_fet, true);
    o_fet_qd_ = s.add("fet.qd", "C", n_fet, true);
    o_foster_ = s.add("fet.theta", "K", 3 * n_fet, true);
    o_board_T_ = s.add("board.t", "degC", n_pack, true);
    o_fet_ntc_ = s.add("ntc.fet", "degC", n_pack, true);
    o_ntc_ = s.add("ntc.cell", "degC", 4 * n_pack, true);
    o_psense_ = s.add("p_sense.v", "V", n_pack, true);
    o_clamp_heat_ = s.add("clamp.heat", "J", static_cast<std::size_t>(t.n_clamps), true);
    o_pre_heat_ = s.add("precharge.heat", "J", n_pack, true);
    o_cell_r_ = s.add("cell.r_held", "Ohm", n_cell, true);
    o_fet_tq_ = s.add("fet.t_held", "degC", n_fet, true, -300.0);
    o_stress_ = s.add("fet.stress", "", n_fet * (sizeof(FetStress<T>) / sizeof(T)), true);
    o_line_ = s.add("ledger.lines", "J", 2 * k_lines, true);
    o_cell_q_ = s.add("ledger.cell_q", "C", 2 * n_cell, true);
    o_abs_ = s.add("ledger.throughput", "J,C", 4, true);
    o_fet_e_ = s.add("fet.energy", "J", 3 * n_fet, true);
    // what the solver remembers: not physics, but it decides the last bits of the next step
    o_rl_k_ = s.add("solver.branch_k", "A/s", n_rl, false);
    o_rc_k_ = s.add("solver.capacitor_k", "V/s", n_rc, false);
    o_fet_vgs_ = s.add("solver.vgs", "V", n_fet, false);
    o_fet_vds_ = s.add("solver.vds", "V", n_fet, false);
    o_port_v_ = s.add("solver.port_v", "V", n_port, false);
    o_port_g_ = s.add("solver.port_g", "S", n_port, false, k_open_S);
    o_port_s_ = s.add("solver.port_s", "A", n_port, false);
    o_clamp_g_ = s.add("solver.clamp_g", "S", n_res, false);
    o_clamp_s_ = s.add("solver.clamp_s", "A", n_res, false);
    o_bal_to_ = s.add("solver.balancer", "A", 2 * n_pack, false);
    o_stored0_ = s.add("ledger.stored0", "J", 1, false);
    o_soc0_ = s.add("ledger.soc0", "", n_cell, false);
    add_inputs();
    size_scratch(n_cell);
}

template <class T>
void Plant<T>::add_inputs() {
    const Topology& t = *topo_;
    const std::size_t n_rl = t.rl.size(), n_rc = t.rc.size(), n_res = t.res.size();
    const auto n_fet = static_cast<std::size_t>(t.n_fets);
    const std::size_t n_pack = t.pack.size();
    Block<T>& i = input_;
    o_rl_r_ = i.add("branch.r", "Ohm", n_rl, true);
    o_rl_l_ = i.add("branch.l", "H", n_rl, true);
    o_rc_r_ = i.add("capacitor.r", "Ohm", n_rc, true);
    o_rc_c_ = i.add("capacitor.c", "F", n_rc, true);
    o_res_g_ = i.add("conductance.g", "S", n_res, true);
    o_gate_ = i.add("gate.drive", "V", n_fet, true);
    o_draw_ = i.add("power.draw", "", k_draw_stride * static_cast<std::size_t>(t.n_draws), true);
    o_source_ = i.add("source.i", "A", t.source.size(), true);
    o_load_ = i.add("load", "", k_load_stride * static_cast<std::size_t>(t.n_loads), true);
    o_charger_ = i.add("charger", "", k_charger_stride * static_cast<std::size_t>(t.n_chargers), true);
    o_env_ = i.add("environment", "degC", k_env_stride * n_pack, true);
    o_weld_ = i.add("fet.welded", "", n_fet, true);
}

template <class T>
void Plant<T>::size_scratch(std::size_t n_cell) {
    const Topology& t = *topo_;
    const std::size_t n_rl = t.rl.size(), n_rc = t.rc.size(), n_res = t.res.size(), n_port = t.port.size();
    const auto n_fet = static_cast<std::size_t>(t.n_fets);
    const std::size_t n_pack = t.pack.size();
    ws_.resize(t.program);
    for (std::size_t k = 0; k < n_rl; ++k) in(o_rl_l_)[k] = T(t.rl[k].l_H);
    Scratch& w = *s_;
    w.n_cells = n_cell;
    flatten_topology();
    const auto zero = [](std::size_t n) { return std::vector<T>(n, T(0.0)); };
    w.e_V = w.x_V = w.corr_V = zero(static_cast<std::size_t>(t.n_nodes) + 1);
    w.emf_V = w.demf_Ohm = zero(n_cell);
    w.rl_g = w.rl_w = w.rl_s = w.rl_hist = w.rl_i = w.rl_k1 = w.rl_k2 = w.rl_dq = w.rl_i2 = zero(n_rl);
    w.is_pin_cap.assign(n_rc, 0);
    w.rc_g = w.rc_s = w.rc_hist = w.rc_i = w.rc_v = w.rc_k1 = w.rc_k2 = w.rc_i2 = zero(n_rc);
    w.res_g = w.res_s = w.res_i = w.res_e = zero(n_res);
    w.port_i = w.port_e = w.port_at = zero(n_port);
    w.port_ok.resize(n_port);
    w.fet_qg_hist = w.fet_qd_hist = w.fet_qg_n = w.fet_qd_n = zero(n_fet);
    w.fet.resize(n_fet);
    w.fet1.resize(n_fet);
    w.fet_e.resize(n_fet);
    w.src_i = w.src_e = zero(t.source.size());
    w.pm_mean = w.bal_from_V = w.bal_to_V = zero(n_pack);
    w.pack_misc = zero(m_count * n_pack);
    std::size_t pins = 0, cells = 0;
    for (std::size_t p = 0; p < n_pack; ++p) {
        w.pin0.push_back(pins);
        w.cell0.push_back(cells);
        pins += static_cast<std::size_t>(setup_.packs[p].n_cells) + 1;
        cells += static_cast<std::size_t>(setup_.packs[p].n_cells);
    }
    w.pin_V = w.tap_V = zero(pins);
    w.cell_V = zero(cells);
    fet_params_.resize(n_fet);
    fet_coeff_.resize(n_fet);
    fet_margins_.resize(n_fet);
    diode_coeff_.resize(static_cast<std::size_t>(t.n_diodes));
    clamp_params_.resize(static_cast<std::size_t>(t.n_clamps));
    pin_clamp_.resize(n_pack);
    fet_clamp_.resize(n_pack);
    bal_.resize(n_pack);
    pack_connected_.assign(n_pack, 1);
    element_connected_.assign(t.element.size(), 0);
    for (std::size_t c = 0; c < n_cell; ++c) {
        cells_.emplace_back();
        cell_params_.emplace_back();
    }
}

template <class T>
void Plant<T>::flatten_topology() {
    const Topology& t = *topo_;
    Scratch& w = *s_;
    for (auto* v : {&w.rl_a, &w.rl_b, &w.rc_a, &w.rc_b, &w.res_a, &w.res_b, &w.port_a, &w.port_b, &w.src_a, &w.src_b}) v->clear();
    const std::int32_t g = t.n_nodes;
    split(t.rl, g, w.rl_a, w.rl_b);
    split(t.rc, g, w.rc_a, w.rc_b);
    split(t.res, g, w.res_a, w.res_b);
    split(t.port, g, w.port_a, w.port_b);
    for (const net::Edge& e : t.source) {
        w.src_a.push_back(static_cast<std::size_t>(e.a == net::k_ground ? g : e.a));
        w.src_b.push_back(static_cast<std::size_t>(e.b == net::k_ground ? g : e.b));
    }
}

namespace {
template <class T>
cell::EcmState<T> widen(const cell::EcmState<double>& s) {
    cell::EcmState<T> r;
    static_assert(sizeof(cell::EcmState<double>) % sizeof(double) == 0);
    const auto* from = reinterpret_cast<const double*>(&s);
    auto* to = reinterpret_cast<T*>(&r);
    for (std::size_t k = 0; k < sizeof(cell::EcmState<double>) / sizeof(double); ++k) to[k] = T(from[k]);
    return r;
}
template <class T>
MosfetParams<T> widen(const MosfetParams<double>& s) {
    MosfetParams<T> r;
    const auto* from = reinterpret_cast<const double*>(&s);
    auto* to = reinterpret_cast<T*>(&r);
    for (std::size_t k = 0; k < sizeof(MosfetParams<double>) / sizeof(double); ++k) to[k] = T(from[k]);
    return r;
}
}  // namespace

template <class T>
void Plant<T>::init_values() {
    const Topology& t = *topo_;
    std::size_t c = 0;
    for (std::size_t p = 0; p < setup_.packs.size(); ++p) {
        for (std::size_t k = 0; k < static_cast<std::size_t>(setup_.packs[p].n_cells); ++k, ++c) {
            const cell::EcmParams<double>& q = setup_.packs[p].cell_params[k];
            cell_params_[c] = {T(q.capacity_C), T(q.per_capacity_perC), T(q.r_scale), T(q.parallel), T(q.per_parallel)};
            cells_[c] = widen<T>(setup_.packs[p].cell_init[k]);
            st(o_cell_r_)[c] = cells_[c].r0_Ohm;
            st(o_soc0_)[c] = cells_[c].soc;
        }
        init_pack(p);
    }
    for (std::size_t e = 0; e < t.element.size(); ++e) {
        set_element(e, setup_.elements[e]);
        connect_element(e, setup_.elements[e].connected);
    }
    init_reference();
    reference_potentials();
    const Scratch& w = *s_;
    for (std::size_t p = 0; p < setup_.packs.size(); ++p) {  // capacitors start at their no-load voltages
        const PackBranches& b = t.pack[p];
        if (!setup_.packs[p].board_fitted) continue;
        const auto n1 = static_cast<std::size_t>(setup_.packs[p].n_cells) + 1;
        for (std::size_t k = 0; k < n1; ++k) {
            const std::size_t r = static_cast<std::size_t>(b.pin_cap0) + k;
            st(o_rc_v_)[r] = w.e_V[w.rc_a[r]] - w.e_V[w.rc_b[r]];
        }
        const auto h = static_cast<std::size_t>(b.holdup);
        const T stack = -w.e_V[w.rc_b[h]];
        st(o_rc_v_)[h] = stack - T(0.5);
    }
    for (std::size_t e = 0; e < t.element.size(); ++e) {
        if (t.element[e].rc >= 0) st(o_rc_v_)[static_cast<std::size_t>(t.element[e].rc)] = T(setup_.elements[e].v_init_V);
    }
    quantise_temperatures();
    for (std::size_t f = 0; f < fet_params_.size(); ++f) {
        const MosfetCharge<T> q = mosfet_charge(fet_coeff_[f], T(0.0), T(0.0));
        st(o_fet_qg_)[f] = q.qg_C;
        st(o_fet_qd_)[f] = q.qd_C;
    }
    st(o_stored0_)[0] = stored_J();
}

template <class T>
void Plant<T>::init_pack(std::size_t p) {
    const PackSetup& ps = setup_.packs[p];
    const PackBranches& b = topo_->pack[p];
    const BoardParts& parts = ps.parts;
    T* const r = in(o_rl_r_);
    T* const g = in(o_res_g_);
    const auto at = [](std::int32_t k) { return static_cast<std::size_t>(k); };
    in(o_env_)[k_env_stride * p] = T(ps.cells_env_degC);
    in(o_env_)[k_env_stride * p + 1] = T(ps.board_env_degC);
    for (std::size_t k = 0; k < static_cast<std::size_t>(ps.n_cells); ++k) r[at(b.cell0) + k] = T(parts.harness.joint_r_Ohm);
    r[at(b.p_plus)] = T(parts.harness.p_plus_r_Ohm);
    g[at(b.insulation)] = T(parts.leak_S);
    for (std::size_t k = 0; k < static_cast<std::size_t>(ps.n_cells); ++k) {
        const double leak = k < ps.cell_leak_Ohm.size() ? ps.cell_leak_Ohm[k] : 0.0;
        g[at(b.cell_leak0) + k] = T(leak > 0.0 ? 1.0 / leak : k_open_S);
    }
    if (b.link_plus >= 0) {
        r[at(b.link_plus)] = T(setup_.link_r_Ohm);
        r[at(b.link_minus)] = T(setup_.link_r_Ohm);
        connect_pack(p, ps.connected);
    }
    st(o_board_T_)[p] = st(o_fet_ntc_)[p] = T(ps.board_env_degC);
    for (std::size_t k = 0; k < 4; ++k) st(o_ntc_)[4 * p + k] = T(ps.ntc_cell[k] > 0 ? ps.cells_env_degC : ps.board_env_degC);
    if (!ps.board_fitted) return;
    r[at(b.b_minus)] = T(parts.harness.b_minus_r_Ohm);
    r[at(b.shunt)] = T(parts.shunt_Ohm);
    const auto n1 = static_cast<std::size_t>(ps.n_cells) + 1;
    for (std::size_t k = 0; k < n1; ++k) {
        g[at(b.lead0) + k] = T(ps.leads[k].tap < 0 ? k_open_S : 1.0 / ps.leads[k].r_Ohm);
        g[at(b.filter0) + k] = T(1.0 / parts.input.r_filter_Ohm);
        g[at(b.pin_leak0) + k] = T(k_pin_leak_S);
        in(o_rc_c_)[at(b.pin_cap0) + k] = T(parts.input.c_filter_F);
    }
    PinClampParams<T>& pc = pin_clamp_[p];
    pc.v_forward_V = T(parts.input.clamp_forward_V);
    pc.v_reverse_V = T(parts.input.clamp_reverse_V);
    pc.r_Ohm = T(parts.input.clamp_r_Ohm);
    PinClampParams<T>& fc = fet_clamp_[p];
    fc.v_forward_V = T(1.4);  // two body diodes of single (not back-to-back) balancer FETs in series
    fc.v_reverse_V = T(1e6);
    fc.r_Ohm = T(2.0 * parts.input.balancer_fet_r_Ohm);
    for (std::size_t k = 0; k < n1; ++k) s_->is_pin_cap[at(b.pin_cap0) + k] = 1;
    for (std::size_t k = 0; k + 1 < n1; ++k) {
        s_->clamps.push_back({at(b.pin_clamp0) + k, p, false});
        st(o_clamp_g_)[at(b.pin_clamp0) + k] = pc.leak_S;
        if (!parts.input.balancer_fet_back_to_back) {
            s_->clamps.push_back({at(b.fet_diode0) + k, p, true});
            st(o_clamp_g_)[at(b.fet_diode0) + k] = fc.leak_S;
        }
    }
    g[at(b.p_sense)] = T(1.0 / (parts.p_sense.r_top_Ohm + parts.p_sense.r_bottom_Ohm));
    g[at(b.precharge)] = T(k_open_S);
    in(o_rc_r_)[at(b.snubber_dsg)] = in(o_rc_r_)[at(b.snubber_chg)] = T(parts.snubber.r_Ohm);
    in(o_rc_c_)[at(b.snubber_dsg)] = in(o_rc_c_)[at(b.snubber_chg)] = T(parts.snubber.c_F);
    in(o_rc_c_)[at(b.holdup)] = T(parts.supply.c_holdup_F);
    for (const std::int32_t f : {b.fet_dsg, b.fet_chg}) {
        fet_params_[at(f)] = widen<T>(ps.fet);
        fet_params_[at(f)].count = fet_params_[at(f)].channel_count = T(static_cast<double>(parts.n_fet_per_group));
        fet_params_[at(f)].r_gate_Ohm = T(parts.gate.r_gate_Ohm);
        *reinterpret_cast<FetStress<T>*>(st(o_stress_) + at(f) * (sizeof(FetStress<T>) / sizeof(T))) = FetStress<T>{};
    }
    diode_coeff_[at(b.diode)] = diode_at(diode_from_saturation(T(parts.supply.diode_is_A), T(parts.supply.diode_n),
                                                               T(parts.supply.diode_r_Ohm + parts.harness.b_plus_lead_r_Ohm)),
                                         T(1.0), T(25.0));
    ClampParams<T>& cl = clamp_params_[at(b.clamp)];
    cl.v_on_V = T(parts.clamp.fitted ? parts.clamp.v_on_V : 1e6);
    cl.r_Ohm = T(parts.clamp.r_Ohm);
    cl.energy_limit_J = T(parts.clamp.energy_limit_J);
    in(o_draw_)[k_draw_stride * at(b.draw)] = T(0.0);
    in(o_draw_)[k_draw_stride * at(b.draw) + 1] = T(4.0);
}

template <class T>
void Plant<T>::init_reference() {
    const Topology& t = *topo_;
    Scratch& w = *s_;
    w.ref_tap.assign(static_cast<std::size_t>(t.n_nodes) + 1, -1);
    for (std::size_t p = 0; p < t.pack_nodes.size(); ++p) {
        const PackNodes& n = t.pack_nodes[p];
        const PackSetup& ps = setup_.packs[p];
        for (const std::int32_t k : n.tap) w.ref_tap[static_cast<std::size_t>(k)] = k;
        for (const std::int32_t k : {n.board_minus, n.source, n.mid, n.p_minus}) {
            if (k >= 0) w.ref_tap[static_cast<std::size_t>(k)] = n.tap[0];
        }
        for (std::size_t k = 0; k < n.lead.size(); ++k) {
            const std::int32_t tap = ps.leads[k].tap < 0 ? static_cast<std::int32_t>(k) : ps.leads[k].tap;
            w.ref_tap[static_cast<std::size_t>(n.lead[k])] = n.tap[static_cast<std::size_t>(tap)];
            w.ref_tap[static_cast<std::size_t>(n.pin[k])] = n.tap[static_cast<std::size_t>(tap)];
        }
    }
    if (t.bus_minus >= 0) w.ref_tap[static_cast<std::size_t>(t.bus_minus)] = t.pack_nodes[0].tap[0];
    for (std::size_t e = 0; e < t.element.size(); ++e) {  // inner nodes of elements follow their `to` end
        if (t.element[e].rl < 0 || t.element[e].rc < 0) continue;
        const std::size_t inner = w.rl_b[static_cast<std::size_t>(t.element[e].rl)];
        w.ref_tap[inner] = w.ref_tap[w.rc_b[static_cast<std::size_t>(t.element[e].rc)]];
    }
    for (std::size_t c = 0; c < w.n_cells; ++c) {
        w.emf_V[c] = cell::emf(*setup_.packs[pack_of_cell_[c]].model, cell_params_[c], cells_[c]);
    }
}

// --- inputs ---------------------------------------------------------------------------------------------------------

template <class T>
void Plant<T>::set_gate(std::size_t pack, Group g, const T& v_drive_V) {
    const PackBranches& b = topo_->pack[pack];
    in(o_gate_)[static_cast<std::size_t>(g == Group::dsg ? b.fet_dsg : b.fet_chg)] = v_drive_V;
    ++input_version_;
}

template <class T>
void Plant<T>::set_precharge(std::size_t pack, const T& on) {
    const T g_on = T(1.0 / setup_.packs[pack].parts.precharge.r_Ohm);
    in(o_res_g_)[static_cast<std::size_t>(topo_->pack[pack].precharge)] = base::select(on > T(0.5), g_on, T(k_open_S));
    ++input_version_;
    ++matrix_version_;
}

template <class T>
void Plant<T>::set_balancer(std::size_t pack, std::int32_t from, std::int32_t to, double i_A) {
    const bool on = i_A > 0.0 && from >= 1 && to >= 1 && from != to;
    bal_[pack] = on ? Bal{from, to, i_A} : Bal{};
    const auto s0 = static_cast<std::size_t>(topo_->source0[pack]);
    for (std::size_t k = 0; k < static_cast<std::size_t>(setup_.packs[pack].n_cells); ++k) in(o_source_)[s0 + k] = T(0.0);
    st(o_bal_to_)[2 * pack] = st(o_bal_to_)[2 * pack + 1] = T(0.0);
    ++input_version_;
}

template <class T>
void Plant<T>::set_supply_draw(std::size_t pack, const T& p_W) {
    in(o_draw_)[k_draw_stride * static_cast<std::size_t>(topo_->pack[pack].draw)] = p_W;
    ++input_version_;
}

template <class T>
void Plant<T>::set_pin_pull(std::size_t pack, std::int32_t pin, const T& i_A) {
    const auto n = static_cast<std::size_t>(setup_.packs[pack].n_cells);
    in(o_source_)[static_cast<std::size_t>(topo_->source0[pack]) + n + static_cast<std::size_t>(pin)] = i_A;
    ++input_version_;
}

template <class T>
void Plant<T>::set_lead_r(std::size_t pack, std::int32_t lead, double r_Ohm) {
    in(o_res_g_)[static_cast<std::size_t>(topo_->pack[pack].lead0 + lead)] = T(1.0 / r_Ohm);
    ++input_version_;
    ++matrix_version_;
}

template <class T>
void Plant<T>::connect_pack(std::size_t pack, bool on) {
    pack_connected_[pack] = on ? 1 : 0;
    const std::int32_t link = topo_->pack[pack].link_minus;
    if (link >= 0) in(o_rl_r_)[static_cast<std::size_t>(link)] = T(on ? setup_.link_r_Ohm : k_open_Ohm);
    ++input_version_;
    ++matrix_version_;
}

template <class T>
void Plant<T>::connect_element(std::size_t e, bool on) {
    const bool was = element_connected_[e] != 0;
    element_connected_[e] = on ? 1 : 0;
    const ElementBranches& b = topo_->element[e];
    if (b.rc >= 0 && b.rl < 0 && on && !was) {  // a terminal capacitor comes charged to the place it is put on, and stays there
        const auto c = static_cast<std::size_t>(b.rc);
        if (!base::any(in(o_rc_c_)[c] > T(0.0))) {
            T& v = st(o_rc_v_)[c];
            v = (s_->x_V[s_->rc_a[c]] - s_->x_V[s_->rc_b[c]]) + (s_->e_V[s_->rc_a[c]] - s_->e_V[s_->rc_b[c]]);
            add_line(Line::injected, 0.5 * setup_.elements[e].c_F * (v * v));
        }
    }
    set_element(e, setup_.elements[e]);
}

template <class T>
void Plant<T>::set_element(std::size_t e, const ElementSetup& v) {
    ElementSetup& kept = setup_.elements[e];
    const ElementBranches& b = topo_->element[e];
    kept.r_Ohm = v.r_Ohm;
    kept.bleed_Ohm = v.bleed_Ohm;
    kept.i_A = v.i_A;
    kept.p_W = v.p_W;
    kept.v_V = v.v_V;
    const bool on = element_connected_[e] != 0;
    const auto at = [](std::int32_t k) { return static_cast<std::size_t>(k); };
    if (b.rl >= 0) {
        in(o_rl_r_)[at(b.rl)] = T(on ? kept.r_Ohm : k_open_Ohm);
        in(o_rl_l_)[at(b.rl)] = T(kept.l_H);
    }
    if (b.rc >= 0) {
        if (on || b.rl >= 0) in(o_rc_c_)[at(b.rc)] = T(kept.c_F);  // a terminal capacitor stays when its current is switched off
        in(o_rc_r_)[at(b.rc)] = T(b.rl < 0 ? 0.02 : 0.0);  // ESR of a terminal capacitor (assumed)
    }
    if (b.res >= 0) in(o_res_g_)[at(b.res)] = T(kept.bleed_Ohm > 0.0 ? 1.0 / kept.bleed_Ohm : k_open_S);
    if (b.load >= 0) {
        T* const x = in(o_load_) + k_load_stride * at(b.load);
        x[0] = T(on ? 1.0 : 0.0);
        x[1] = T(kept.i_A);
        x[2] = T(kept.v_V > 0.1 ? kept.v_V : 0.1);
    }
    if (b.draw >= 0) {
        in(o_draw_)[k_draw_stride * at(b.draw)] = T(on ? kept.p_W : 0.0);
        in(o_draw_)[k_draw_stride * at(b.draw) + 1] = T(kept.v_V > 1.0 ? kept.v_V : 1.0);
    }
    if (b.charger >= 0) {
        T* const x = in(o_charger_) + k_charger_stride * at(b.charger);
        x[0] = T(on ? 1.0 : 0.0);
        x[1] = T(kept.i_A);
        x[2] = T(kept.v_V);
        x[3] = T(kept.r_Ohm);
    }
    ++input_version_;
    ++matrix_version_;
}

template <class T>
void Plant<T>::set_cell_leak(std::size_t pack, std::size_t cell, double r_Ohm) {
    in(o_res_g_)[static_cast<std::size_t>(topo_->pack[pack].cell_leak0) + cell] = T(r_Ohm > 0.0 ? 1.0 / r_Ohm : k_open_S);
    ++input_version_;
    ++matrix_version_;
}

template <class T>
void Plant<T>::open_filter(std::size_t pack, std::int32_t lead) {
    in(o_res_g_)[static_cast<std::size_t>(topo_->pack[pack].filter0 + lead)] = T(k_open_S);
    ++input_version_;
    ++matrix_version_;
}

template <class T>
void Plant<T>::rewire(std::size_t pack, std::int32_t lead, std::int32_t tap) {
    setup_.packs[pack].leads[static_cast<std::size_t>(lead)].tap = tap;
    topo_ = std::make_shared<Topology>(build_topology(setup_));
    ws_.resize(topo_->program);
    flatten_topology();
    init_reference();
    set_lead_r(pack, lead, tap < 0 ? k_open_Ohm : setup_.packs[pack].leads[static_cast<std::size_t>(lead)].r_Ohm);
}

template <class T>
void Plant<T>::set_environment(std::size_t pack, const T& cells_degC, const T& board_degC) {
    in(o_env_)[k_env_stride * pack] = cells_degC;
    in(o_env_)[k_env_stride * pack + 1] = board_degC;
}

template <class T>
void Plant<T>::weld(std::size_t pack, Group g) {
    const PackBranches& b = topo_->pack[pack];
    const auto f = static_cast<std::size_t>(g == Group::dsg ? b.fet_dsg : b.fet_chg);
    in(o_weld_)[f] = T(1.0);
    mosfet_weld(fet_params_[f], T(1.0) > T(0.0));
    st(o_fet_tq_)[f] = T(-300.0);
    quantise_temperatures();
    ++input_version_;
}

template <class T>
void Plant<T>::kill_channel(std::size_t pack, Group g, bool dead) {
    const PackBranches& b = topo_->pack[pack];
    const auto f = static_cast<std::size_t>(g == Group::dsg ? b.fet_dsg : b.fet_chg);
    in(o_weld_)[f] = T(dead ? 2.0 : 0.0);
    fet_params_[f].channel_count = dead ? T(0.0) : fet_params_[f].count;
    st(o_fet_tq_)[f] = T(-300.0);
    quantise_temperatures();
    ++input_version_;
}

#define TWIN_INSTANTIATE(T)                                                              \
    template Plant<T>::Plant(const PlantSetup&);                                         \
    template Plant<T>::Plant(const Plant&);                                              \
    template Plant<T>::~Plant();                                                         \
    template void Plant<T>::add_inputs();                                                \
    template void Plant<T>::size_scratch(std::size_t);                                   \
    template void Plant<T>::build_blocks();                                              \
    template void Plant<T>::init_values();                                               \
    template void Plant<T>::init_pack(std::size_t);                                      \
    template void Plant<T>::init_reference();                                            \
    template void Plant<T>::set_gate(std::size_t, Group, const T&);                      \
    template void Plant<T>::set_precharge(std::size_t, const T&);                        \
    template void Plant<T>::set_balancer(std::size_t, std::int32_t, std::int32_t, double); \
    template void Plant<T>::set_supply_draw(std::size_t, const T&);                      \
    template void Plant<T>::set_pin_pull(std::size_t, std::int32_t, const T&);           \
    template void Plant<T>::set_lead_r(std::size_t, std::int32_t, double);               \
    template void Plant<T>::connect_pack(std::size_t, bool);                             \
    template void Plant<T>::connect_element(std::size_t, bool);                          \
    template void Plant<T>::set_element(std::size_t, const ElementSetup&);               \
    template void Plant<T>::set_environment(std::size_t, const T&, const T&);            \
    template void Plant<T>::kill_channel(std::size_t, Group, bool);                      \
    template void Plant<T>::set_cell_leak(std::size_t, std::size_t, double);             \
    template void Plant<T>::open_filter(std::size_t, std::int32_t);                      \
    template void Plant<T>::rewire(std::size_t, std::int32_t, std::int32_t);             \
    template void Plant<T>::flatten_topology();                                          \
    template void Plant<T>::weld(std::size_t, Group);
TWIN_INSTANTIATE(double)
TWIN_INSTANTIATE(base::Pack8)
#undef TWIN_INSTANTIATE

}  // namespace twin::power
