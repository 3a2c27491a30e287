// SPDX-License-Identifier: Apache-2.0
// What a plant shows: voltages and currents of the last step, and the ledger.
#include "power/plant_scratch.hpp"

namespace twin::power {

/// Publishes node voltages; at the end of a step with the EMFs of its end instead of their means.
template <class T>
void Plant<T>::publish(bool end_of_step) {
    Scratch& w = *s_;
    const Topology& t = *topo_;
    w.pub_now = 1 - w.pub_now;
    typename Scratch::Published& q = w.shown();
    copy_to(q.x.data(), ws_.x);
    copy_to(q.rl_i.data(), w.rl_i);
    copy_to(q.port_i.data(), w.port_i);
    copy_to(q.port_v.data(), w.port_v);
    const T* const held = st(o_cell_r_);
    for (std::size_t p = 0; p < t.pack_nodes.size(); ++p) {
        const PackNodes& n = t.pack_nodes[p];
        const std::size_t nc = at(setup_.packs[p].n_cells), c0 = w.cell0[p];
        T* const tap = q.e.data() + 1 + w.pin0[p];
        each_pair<T>(c0, c0 + nc, [&]<class V>(const V&, std::size_t c) {
            const V i = fetch<V>(&w.rl_i[c]);
            const V slope = fetch<V>(&w.demf_Ohm[c]) * i;
            const V now = end_of_step ? fetch<V>(&w.emf_end_V[c]) : fetch<V>(&w.emf_V[c]) + slope;
            put(tap + (c - c0), now - slope);  // the deviations hold what the slope takes
            put(&q.cell_V[c], now - fetch<V>(held + c) * i);
        });
        T e = T(0.0);
        tap[nc] = e;
        for (std::size_t k = nc; k-- > 0;) {
            e = e - tap[k];
            tap[k] = e;
        }
        T* const m = q.misc.data() + m_count * p;
        m[m_i_pack] = w.rl_i[at(setup_.packs[p].board_fitted ? t.pack[p].shunt : t.pack[p].p_plus)];
        m[m_stack_v] = node_V(n.tap[nc]) - node_V(n.tap[0]);
        m[m_pack_v] = node_V(n.p_plus) - node_V(n.p_minus);
        if (!setup_.packs[p].board_fitted) continue;
        const T ground = node_V(n.board_minus);
        for (std::size_t k = w.pin0[p]; k <= w.pin0[p] + nc; ++k) {
            q.pin_V[k] = (q.x[at(w.pin_x[k])] + q.e[w.pin_e[k]]) - ground;
            q.tap_V[k] = (q.x[at(w.lead_x[k])] + q.e[w.lead_e[k]]) - ground;
        }
        const auto x = [&](std::int32_t node) { return q.x[at(t.program.pos[at(node)])]; };
        m[m_shunt] = x(n.source) - x(n.board_minus);
        m[m_p_minus] = node_V(n.p_minus) - ground;
        m[m_supply] = node_V(n.supply) - ground;
        m[m_vds_dsg] = x(n.mid) - x(n.source);
        m[m_vds_chg] = x(n.mid) - x(n.p_minus);
    }
    for (std::size_t f = 0; f < w.fet.size(); ++f) q.vgs[f] = w.fet[f].v_gs_V;
}

template <class T>
T Plant<T>::node_V(std::int32_t node) const {
    if (node == net::k_ground) return T(0.0);
    const typename Scratch::Published& q = s_->shown();
    return q.x[at(topo_->program.pos[at(node)])] + q.e[s_->slot_of[at(node)]];
}

template <class T>
PackView<T> Plant<T>::view(std::size_t pack) const {
    const Scratch& w = *s_;
    const typename Scratch::Published& q = s_->shown();
    const T* const m = q.misc.data() + m_count * pack;
    PackView<T> v;
    v.pin_V = q.pin_V.data() + w.pin0[pack];
    v.tap_V = q.tap_V.data() + w.pin0[pack];
    v.cell_V = q.cell_V.data() + w.cell0[pack];
    v.shunt_V = m[m_shunt];
    v.i_pack_A = m[m_i_pack];
    v.p_minus_V = m[m_p_minus];
    v.p_sense_V = st(o_psense_)[pack];
    v.supply_V = m[m_supply];
    v.pack_V = m[m_pack_v];
    v.stack_V = m[m_stack_v];
    v.vgs_V[0] = v.vgs_V[1] = v.vds_V[0] = v.vds_V[1] = T(0.0);
    if (setup_.packs[pack].board_fitted) {
        v.vgs_V[0] = q.vgs[at(topo_->pack[pack].fet_dsg)];
        v.vgs_V[1] = q.vgs[at(topo_->pack[pack].fet_chg)];
        v.vds_V[0] = m[m_vds_dsg];
        v.vds_V[1] = m[m_vds_chg];
    }
    return v;
}

template <class T>
T Plant<T>::pack_power_W(std::size_t pack) const {
    const T* const m = s_->shown().misc.data() + m_count * pack;
    return m[m_i_pack] * m[m_stack_v];
}

template <class T>
T Plant<T>::element_current_A(std::size_t e) const {
    const ElementBranches& b = topo_->element[e];
    if (b.rl >= 0) return s_->shown().rl_i[at(b.rl)];
    return s_->shown().port_i[at(topo_->element_port[e])];
}

template <class T>
T Plant<T>::element_voltage_V(std::size_t e) const {
    const ElementBranches& b = topo_->element[e];
    if (b.rc >= 0 && b.rl >= 0) return st(o_rc_v_)[at(b.rc)];
    const net::Edge& edge = b.rl >= 0 ? topo_->rl[at(b.rl)].edge : topo_->port[at(topo_->element_port[e])].edge;
    return node_V(edge.a) - node_V(edge.b);
}

template <class T>
T Plant<T>::fet_tj_degC(std::size_t pack, Group g) const {
    const auto* const theta = reinterpret_cast<const FosterState<T, 3>*>(st(o_foster_) + 3 * group_index(pack, g));
    return st(o_board_T_)[pack] + foster_rise_K(*theta);
}

/// Current of a conductance from what is published.
template <class T>
T Plant<T>::conductance_A(std::int32_t res) const {
    const net::Edge& e = topo_->res[at(res)].edge;
    return in(o_res_g_)[at(res)] * (node_V(e.a) - node_V(e.b));
}

template <class T>
T Plant<T>::lead_current_A(std::size_t pack, std::int32_t lead) const {
    const std::int32_t k = topo_->pack[pack].lead0 + lead;
    const typename Scratch::Published& q = s_->shown();
    const Scratch& w = *s_;  // both ends follow the same tap: from deviations
    return in(o_res_g_)[at(k)] * (q.x[at(w.res.a[at(k)])] - q.x[at(w.res.b[at(k)])]);
}

template <class T>
T Plant<T>::pin_clamp_A(std::size_t pack, std::int32_t channel) const {
    const T* const pin = s_->shown().pin_V.data() + s_->pin0[pack] + at(channel);
    const PinClampParams<T>& p = pin_clamp_[pack];
    const T v = pin[0] - pin[-1];
    const T half = 0.5 * p.knee_V;
    if (base::all(base::mask_and(v > half - p.v_forward_V, v < p.v_reverse_V - half))) return p.leak_S * v;
    return pin_clamp_eval(p, v).i_A;
}

template <class T>
T Plant<T>::filter_power_W(std::size_t pack, std::int32_t lead) const {
    const typename Scratch::Published& q = s_->shown();
    const std::size_t k = s_->pin0[pack] + at(lead);
    const T i = in(o_res_g_)[at(topo_->pack[pack].filter0 + lead)] * (q.tap_V[k] - q.pin_V[k]);
    return i * i * T(setup_.packs[pack].parts.input.r_filter_Ohm);
}

template <class T>
void Plant<T>::pin_currents_A(std::size_t pack, T* size_A) const {
    const T* const pin = s_->shown().pin_V.data() + s_->pin0[pack];
    const PinClampParams<T>& p = pin_clamp_[pack];
    const T half = 0.5 * p.knee_V, lo = half - p.v_forward_V, hi = p.v_reverse_V - half;
    const std::size_t n = at(setup_.packs[pack].n_cells);
    each_pair<T>(1, n + 1, [&]<class V>(const V&, std::size_t k) {
        const V v = fetch<V>(pin + k) - fetch<V>(pin + k - 1);
        if (base::all(base::mask_and(v > V(lo), v < V(hi)))) {
            put(size_A + k, base::abs2(V(p.leak_S) * v));
        } else if constexpr (std::is_same_v<V, T>) {
            size_A[k] = base::abs2(pin_clamp_eval(p, v).i_A);
        } else {
            for (std::size_t i = 0; i < 2; ++i) size_A[k + i] = base::abs2(pin_clamp_eval(p, v[i]).i_A);
        }
    });
    size_A[0] = size_A[1];
    for (std::size_t k = 1; k < n; ++k) size_A[k] = base::max2(size_A[k], size_A[k + 1]);
}

template <class T>
void Plant<T>::filter_powers_W(std::size_t pack, T* p_W) const {
    const typename Scratch::Published& q = s_->shown();
    const T r = T(setup_.packs[pack].parts.input.r_filter_Ohm);
    const T* const g = in(o_res_g_) + at(topo_->pack[pack].filter0);
    const std::size_t k0 = s_->pin0[pack];
    each_pair<T>(0, at(setup_.packs[pack].n_cells) + 1, [&]<class V>(const V&, std::size_t k) {
        const V i = fetch<V>(g + k) * (fetch<V>(&q.tap_V[k0 + k]) - fetch<V>(&q.pin_V[k0 + k]));
        put(p_W + k, i * i * V(r));
    });
}

template <class T>
T Plant<T>::clamp_heat_J(std::size_t pack) const {
    return st(o_clamp_heat_)[at(topo_->pack[pack].clamp)];
}

template <class T>
T Plant<T>::fet_energy_J(std::size_t pack, Group g, Line what) const {
    const std::size_t k = what == Line::fet_avalanche ? 2 : (what == Line::fet_diode ? 1 : 0);
    return st(o_fet_e_)[3 * group_index(pack, g) + k];
}

template <class T>
const FetMargins<T>& Plant<T>::fet_margins(std::size_t pack, Group g) const {
    return fet_margins_[group_index(pack, g)];
}

template <class T>
std::size_t Plant<T>::cell_at(std::size_t pack, std::size_t k) const {
    return s_->cell0[pack] + k;
}
template <class T>
void Plant<T>::set_cell_state(std::size_t pack, std::size_t k, const cell::EcmState<T>& s) {
    cells_.set_state(cell_at(pack, k), s);
    saved_cells_.whole = false;
    s_->cells_followed = true;
}

template <class T>
T Plant<T>::gate_threshold_V(std::size_t pack, Group g) const {
    return fet_coeff_[group_index(pack, g)].vth_V;
}
template <class T>
T Plant<T>::precharge_current_A(std::size_t pack) const {
    return conductance_A(topo_->pack[pack].precharge);
}
template <class T>
T Plant<T>::balancer_from_A(std::size_t pack) const {
    return st(o_bal_to_)[2 * pack];
}
template <class T>
T Plant<T>::balancer_to_A(std::size_t pack) const {
    return st(o_bal_to_)[2 * pack + 1];
}

template <class T>
T Plant<T>::line_J(Line l) const {
    const T* const x = st(o_line_) + static_cast<std::size_t>(l);
    return x[0] + x[k_lines];
}

/// Of the committed state: inductances, capacitances and the charges of the MOSFETs.
template <class T>
T Plant<T>::stored_J() const {
    T e = T(0.0);
    const T* const i = st(o_rl_i_);
    for (std::size_t k = 0; k < s_->rl_i.size(); ++k) e = e + 0.5 * in(o_rl_l_)[k] * (i[k] * i[k]);
    const T* const v = st(o_rc_v_);
    for (std::size_t k = 0; k < s_->rc_v.size(); ++k) e = e + 0.5 * in(o_rc_c_)[k] * (v[k] * v[k]);
    for (std::size_t f = 0; f < fet_coeff_.size(); ++f)
        e = e + mosfet_energy(fet_coeff_[f], st(o_fet_vgs_)[f], st(o_fet_vds_)[f]);
    return e;
}

/// |sources - sinks - stores - defect| / max(throughput, 1 kJ).
template <class T>
T Plant<T>::energy_residual_rel() const {
    T sum = T(0.0);
    for (std::size_t k = 0; k < k_lines; ++k)
        sum = sum + line_sign(static_cast<Line>(k)) * line_J(static_cast<Line>(k));
    sum = sum - (stored_J() - st(o_stored0_)[0]);
    const T* const a = st(o_abs_);
    return base::abs2(sum) / base::max2(a[0] + a[1], T(1000.0));
}

/// Largest |Q dSOC + integral of i dt + lost to side reactions| of a cell / max(charge moved, capacity).
template <class T>
T Plant<T>::charge_residual_rel() const {
    T worst = T(0.0);
    const T* const a = st(o_abs_);
    for (std::size_t c = 0; c < s_->n_cells; ++c) {
        const cell::EcmState<T> x = cells_.state(c);
        const T capacity_C = cells_.params(c).capacity_C;
        const T q = st(o_cell_q_)[c] + st(o_cell_q_)[s_->n_cells + c];
        const T dsoc = (x.soc - st(o_soc0_)[c]) + x.soc_lo;
        const T side = (x.side_C - st(o_side0_)[c]) + x.side_lo_C;
        const T scale = base::max2((a[2] + a[3]) / static_cast<double>(s_->n_cells), capacity_C);
        worst = base::max2(base::abs2((dsoc * capacity_C + q) + side) / scale, worst);
    }
    return worst;
}

#define TWIN_INSTANTIATE(T)                                                                     \
    template void Plant<T>::publish(bool);                                                      \
    template T Plant<T>::node_V(std::int32_t) const;                                            \
    template PackView<T> Plant<T>::view(std::size_t) const;                                     \
    template T Plant<T>::pack_power_W(std::size_t) const;                                       \
    template T Plant<T>::element_current_A(std::size_t) const;                                  \
    template T Plant<T>::element_voltage_V(std::size_t) const;                                  \
    template T Plant<T>::fet_tj_degC(std::size_t, Group) const;                                 \
    template T Plant<T>::lead_current_A(std::size_t, std::int32_t) const;                       \
    template T Plant<T>::pin_clamp_A(std::size_t, std::int32_t) const;                          \
    template T Plant<T>::filter_power_W(std::size_t, std::int32_t) const;                       \
    template void Plant<T>::pin_currents_A(std::size_t, T*) const;                              \
    template void Plant<T>::filter_powers_W(std::size_t, T*) const;                             \
    template T Plant<T>::clamp_heat_J(std::size_t) const;                                       \
    template T Plant<T>::fet_energy_J(std::size_t, Group, Line) const;                          \
    template const FetMargins<T>& Plant<T>::fet_margins(std::size_t, Group) const;              \
    template std::size_t Plant<T>::cell_at(std::size_t, std::size_t) const;                     \
    template void Plant<T>::set_cell_state(std::size_t, std::size_t, const cell::EcmState<T>&); \
    template T Plant<T>::gate_threshold_V(std::size_t, Group) const;                            \
    template T Plant<T>::precharge_current_A(std::size_t) const;                                \
    template T Plant<T>::balancer_from_A(std::size_t) const;                                    \
    template T Plant<T>::balancer_to_A(std::size_t) const;                                      \
    template T Plant<T>::line_J(Line) const;                                                    \
    template T Plant<T>::stored_J() const;                                                      \
    template T Plant<T>::energy_residual_rel() const;                                           \
    template T Plant<T>::charge_residual_rel() const;
TWIN_INSTANTIATE(double)
TWIN_INSTANTIATE(base::Pack8)
#undef TWIN_INSTANTIATE

}  // namespace twin::power
