// SPDX-License-Identifier: Apache-2.0
// What a plant shows: voltages and currents of the last step, ledger, hash, saved bytes.
#include <cstring>

#include "power/plant_scratch.hpp"

namespace twin::power {

/// Publishes node voltages; at the end of a step with the EMFs of its end instead of their means.
template <class T>
void Plant<T>::publish(bool end_of_step) {
    Scratch& w = *s_;
    const Topology& t = *topo_;
    const T* const held = st(o_cell_r_);
    for (std::size_t p = 0; p < t.pack_nodes.size(); ++p) {
        const PackNodes& n = t.pack_nodes[p];
        const auto nc = static_cast<std::size_t>(setup_.packs[p].n_cells);
        const std::size_t c0 = w.cell0[p];
        T corr = T(0.0);
        for (std::size_t k = nc; k-- > 0;) {
            const std::size_t c = c0 + k;
            const T mean = w.emf_V[c] + w.demf_Ohm[c] * w.rl_i[c];
            const T now = end_of_step ? cell::emf(*setup_.packs[p].model, cell_params_[c], cells_[c]) : mean;
            w.corr_V[static_cast<std::size_t>(n.tap[k + 1])] = corr;
            corr = corr - (now - mean);
            w.cell_V[c] = now - held[c] * w.rl_i[c];
        }
        w.corr_V[static_cast<std::size_t>(n.tap[0])] = corr;
        const auto volt = [&](std::int32_t node) {
            if (node < 0) return T(0.0);
            const auto k = static_cast<std::size_t>(node);
            const std::int32_t r = w.ref_tap[k];
            return (w.x_V[k] + w.e_V[k]) + (r < 0 ? T(0.0) : w.corr_V[static_cast<std::size_t>(r)]);
        };
        T* const m = w.pack_misc.data() + m_count * p;
        m[m_i_pack] = w.rl_i[static_cast<std::size_t>(setup_.packs[p].board_fitted ? t.pack[p].shunt : t.pack[p].p_plus)];
        m[m_stack_v] = volt(n.tap[nc]) - volt(n.tap[0]);
        m[m_pack_v] = volt(n.p_plus) - volt(n.p_minus);
        if (!setup_.packs[p].board_fitted) continue;
        const T ground = volt(n.board_minus);
        for (std::size_t k = 0; k <= nc; ++k) {
            w.pin_V[w.pin0[p] + k] = volt(n.pin[k]) - ground;
            w.tap_V[w.pin0[p] + k] = volt(n.lead[k]) - ground;
        }
        m[m_shunt] = w.x_V[static_cast<std::size_t>(n.source)] - w.x_V[static_cast<std::size_t>(n.board_minus)];
        m[m_p_minus] = volt(n.p_minus) - ground;
        m[m_supply] = volt(n.supply) - ground;
        const auto mid = static_cast<std::size_t>(n.mid);
        m[m_vds_dsg] = w.x_V[mid] - w.x_V[static_cast<std::size_t>(n.source)];
        m[m_vds_chg] = (w.x_V[mid] - w.x_V[static_cast<std::size_t>(n.p_minus)]) + (w.e_V[mid] - w.e_V[static_cast<std::size_t>(n.p_minus)]);
    }
    for (std::size_t f = 0; f < w.fet.size(); ++f) st(o_fet_vgs_)[f] = w.fet[f].v_gs_V;
}

template <class T>
PackView<T> Plant<T>::view(std::size_t pack) const {
    const Scratch& w = *s_;
    const T* const m = w.pack_misc.data() + m_count * pack;
    PackView<T> v;
    v.pin_V = w.pin_V.data() + w.pin0[pack];
    v.tap_V = w.tap_V.data() + w.pin0[pack];
    v.cell_V = w.cell_V.data() + w.cell0[pack];
    v.shunt_V = m[m_shunt];
    v.i_pack_A = m[m_i_pack];
    v.p_minus_V = m[m_p_minus];
    v.p_sense_V = st(o_psense_)[pack];
    v.supply_V = m[m_supply];
    v.pack_V = m[m_pack_v];
    v.stack_V = m[m_stack_v];
    v.vgs_V[0] = v.vgs_V[1] = v.vds_V[0] = v.vds_V[1] = T(0.0);
    if (setup_.packs[pack].board_fitted) {
        v.vgs_V[0] = st(o_fet_vgs_)[static_cast<std::size_t>(topo_->pack[pack].fet_dsg)];
        v.vgs_V[1] = st(o_fet_vgs_)[static_cast<std::size_t>(topo_->pack[pack].fet_chg)];
        v.vds_V[0] = m[m_vds_dsg];
        v.vds_V[1] = m[m_vds_chg];
    }
    return v;
}

template <class T>
T Plant<T>::element_current_A(std::size_t e) const {
    const ElementBranches& b = topo_->element[e];
    if (b.rl >= 0) return s_->rl_i[static_cast<std::size_t>(b.rl)];
    for (std::size_t k = 0; k < topo_->port.size(); ++k) {
        const Port& p = topo_->port[k];
        if ((p.kind == PortKind::current_load && p.index == b.load) || (p.kind == PortKind::power_draw && p.index == b.draw) || (p.kind == PortKind::charger && p.index == b.charger)) {
            return s_->port_i[k];
        }
    }
    return T(0.0);
}

template <class T>
T Plant<T>::element_voltage_V(std::size_t e) const {
    const ElementBranches& b = topo_->element[e];
    if (b.rc >= 0 && b.rl >= 0) return st(o_rc_v_)[static_cast<std::size_t>(b.rc)];
    if (b.rl >= 0) {
        const auto k = static_cast<std::size_t>(b.rl);
        return (s_->x_V[s_->rl_a[k]] - s_->x_V[s_->rl_b[k]]) + (s_->e_V[s_->rl_a[k]] - s_->e_V[s_->rl_b[k]]);
    }
    for (std::size_t k = 0; k < topo_->port.size(); ++k) {
        const Port& p = topo_->port[k];
        if ((p.kind == PortKind::current_load && p.index == b.load) || (p.kind == PortKind::power_draw && p.index == b.draw) || (p.kind == PortKind::charger && p.index == b.charger)) {
            return st(o_port_v_)[k];
        }
    }
    return T(0.0);
}

template <class T>
T Plant<T>::fet_tj_degC(std::size_t pack, Group g) const {
    const PackBranches& b = topo_->pack[pack];
    const auto f = static_cast<std::size_t>(g == Group::dsg ? b.fet_dsg : b.fet_chg);
    const auto* const theta = reinterpret_cast<const FosterState<T, 3>*>(st(o_foster_) + 3 * f);
    return st(o_board_T_)[pack] + foster_rise_K(*theta);
}

template <class T>
T Plant<T>::lead_current_A(std::size_t pack, std::int32_t lead) const {
    return s_->res_i[static_cast<std::size_t>(topo_->pack[pack].lead0 + lead)];
}

template <class T>
T Plant<T>::pin_clamp_A(std::size_t pack, std::int32_t channel) const {
    return s_->res_i[static_cast<std::size_t>(topo_->pack[pack].pin_clamp0 + channel - 1)];
}

template <class T>
T Plant<T>::filter_power_W(std::size_t pack, std::int32_t lead) const {
    const auto k = static_cast<std::size_t>(topo_->pack[pack].filter0 + lead);
    return s_->res_i[k] * s_->res_i[k] * T(setup_.packs[pack].parts.input.r_filter_Ohm);
}

template <class T>
T Plant<T>::clamp_heat_J(std::size_t pack) const {
    return st(o_clamp_heat_)[static_cast<std::size_t>(topo_->pack[pack].clamp)];
}

template <class T>
T Plant<T>::fet_energy_J(std::size_t pack, Group g, Line what) const {
    const PackBranches& b = topo_->pack[pack];
    const auto f = static_cast<std::size_t>(g == Group::dsg ? b.fet_dsg : b.fet_chg);
    const std::size_t k = what == Line::fet_avalanche ? 2 : (what == Line::fet_diode ? 1 : 0);
    return st(o_fet_e_)[3 * f + k];
}

template <class T>
const FetMargins<T>& Plant<T>::fet_margins(std::size_t pack, Group g) const {
    const PackBranches& b = topo_->pack[pack];
    return fet_margins_[static_cast<std::size_t>(g == Group::dsg ? b.fet_dsg : b.fet_chg)];
}

template <class T>
const cell::EcmState<T>& Plant<T>::cell_state(std::size_t pack, std::size_t k) const {
    return cells_[s_->cell0[pack] + k];
}

template <class T>
T Plant<T>::gate_threshold_V(std::size_t pack, Group g) const {
    const PackBranches& b = topo_->pack[pack];
    return fet_coeff_[static_cast<std::size_t>(g == Group::dsg ? b.fet_dsg : b.fet_chg)].vth_V;
}
template <class T>
T Plant<T>::precharge_current_A(std::size_t pack) const {
    return s_->res_i[static_cast<std::size_t>(topo_->pack[pack].precharge)];
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
    const T* const x = st(o_line_) + 2 * static_cast<std::size_t>(l);
    return x[0] + x[1];
}

template <class T>
T Plant<T>::stored_J() const {
    T e = T(0.0);
    const T* const i = st(o_rl_i_);
    for (std::size_t k = 0; k < s_->rl_i.size(); ++k) e = e + 0.5 * in(o_rl_l_)[k] * (i[k] * i[k]);
    const T* const v = st(o_rc_v_);
    for (std::size_t k = 0; k < s_->rc_v.size(); ++k) e = e + 0.5 * in(o_rc_c_)[k] * (v[k] * v[k]);
    for (std::size_t f = 0; f < fet_coeff_.size(); ++f) {
        const MosfetCoeff<T>& c = fet_coeff_[f];
        // the voltages behind the charge states: those of the last stage, which the charges belong to
        e = e + mosfet_energy(c, s_->fet[f].v_gs_V, st(o_fet_vds_)[f]);
    }
    return e;
}

/// |sources - sinks - stores - defect| / max(throughput, 1 kJ).
template <class T>
T Plant<T>::energy_residual_rel() const {
    T sum = T(0.0);
    for (std::size_t k = 0; k < k_lines; ++k) sum = sum + line_sign(static_cast<Line>(k)) * line_J(static_cast<Line>(k));
    sum = sum - (stored_J() - st(o_stored0_)[0]);
    const T* const a = st(o_abs_);
    return base::abs2(sum) / base::max2(a[0] + a[1], T(1000.0));
}

/// Largest |Q dSOC + integral of i dt| of a cell / max(charge moved, capacity).
template <class T>
T Plant<T>::charge_residual_rel() const {
    T worst = T(0.0);
    const T* const a = st(o_abs_);
    for (std::size_t c = 0; c < s_->n_cells; ++c) {
        const T q = st(o_cell_q_)[2 * c] + st(o_cell_q_)[2 * c + 1];
        const T dsoc = (cells_[c].soc - st(o_soc0_)[c]) + cells_[c].soc_lo;
        const T scale = base::max2((a[2] + a[3]) / static_cast<double>(s_->n_cells), cell_params_[c].capacity_C);
        worst = base::max2(base::abs2(dsoc * cell_params_[c].capacity_C + q) / scale, worst);
    }
    return worst;
}

template <class T>
void Plant<T>::hash(base::Hasher& h, std::size_t lane) const {
    state_.hash(h, lane);
    input_.hash(h, lane);
    for (const cell::EcmState<T>& c : cells_) {
        const auto* const x = reinterpret_cast<const T*>(&c);
        double one[sizeof(c) / sizeof(T)];
        for (std::size_t k = 0; k < sizeof(c) / sizeof(T); ++k) one[k] = base::lane(x[k], lane);
        h.f64s(one, sizeof(c) / sizeof(T));
    }
}

namespace {
void put(std::vector<std::uint8_t>& out, const void* p, std::size_t n) {
    const auto* const b = static_cast<const std::uint8_t*>(p);
    out.insert(out.end(), b, b + n);
}
}  // namespace

template <>
void Plant<double>::save(std::vector<std::uint8_t>& out) const {
    put(out, state_.mem().data(), state_.mem().size() * 8);
    put(out, input_.mem().data(), input_.mem().size() * 8);
    put(out, cells_.data(), cells_.size() * sizeof(cells_[0]));
    put(out, bal_.data(), bal_.size() * sizeof(bal_[0]));
    put(out, pack_connected_.data(), pack_connected_.size());
    put(out, element_connected_.data(), element_connected_.size());
    for (const ElementSetup& e : setup_.elements) {
        const double v[6] = {e.r_Ohm, e.p_W, e.c_F, e.bleed_Ohm, e.i_A, e.v_V};
        put(out, v, sizeof v);
    }
    put(out, s_->rl_i.data(), s_->rl_i.size() * 8);  // published values belong to the last step
    put(out, s_->x_V.data(), s_->x_V.size() * 8);
    put(out, s_->e_V.data(), s_->e_V.size() * 8);
    put(out, s_->emf_V.data(), s_->emf_V.size() * 8);
    put(out, s_->demf_Ohm.data(), s_->demf_Ohm.size() * 8);
    put(out, s_->res_i.data(), s_->res_i.size() * 8);
    put(out, s_->fet.data(), s_->fet.size() * sizeof(s_->fet[0]));
    put(out, fet_margins_.data(), fet_margins_.size() * sizeof(fet_margins_[0]));
}

template <>
std::size_t Plant<double>::load(const std::uint8_t* p, std::size_t n) {
    std::size_t at = 0;
    bool ok = true;
    const auto get = [&](void* to, std::size_t bytes) {
        ok = ok && at + bytes <= n;
        if (ok) std::memcpy(to, p + at, bytes);
        at += bytes;
    };
    get(state_.mem().data(), state_.mem().size() * 8);
    get(input_.mem().data(), input_.mem().size() * 8);
    get(static_cast<void*>(cells_.data()), cells_.size() * sizeof(cells_[0]));
    get(static_cast<void*>(bal_.data()), bal_.size() * sizeof(bal_[0]));
    get(pack_connected_.data(), pack_connected_.size());
    get(element_connected_.data(), element_connected_.size());
    for (ElementSetup& e : setup_.elements) {
        double v[6] = {};
        get(v, sizeof v);
        e.r_Ohm = v[0];
        e.p_W = v[1];
        e.c_F = v[2];
        e.bleed_Ohm = v[3];
        e.i_A = v[4];
        e.v_V = v[5];
    }
    get(s_->rl_i.data(), s_->rl_i.size() * 8);
    get(s_->x_V.data(), s_->x_V.size() * 8);
    get(s_->e_V.data(), s_->e_V.size() * 8);
    get(s_->emf_V.data(), s_->emf_V.size() * 8);
    get(s_->demf_Ohm.data(), s_->demf_Ohm.size() * 8);
    get(s_->res_i.data(), s_->res_i.size() * 8);
    get(static_cast<void*>(s_->fet.data()), s_->fet.size() * sizeof(s_->fet[0]));
    get(static_cast<void*>(fet_margins_.data()), fet_margins_.size() * sizeof(fet_margins_[0]));
    if (!ok) return 0;
    for (std::size_t f = 0; f < fet_params_.size(); ++f) {
        fet_params_[f].weld_S = 0.0;
        fet_params_[f].channel_count = in(o_weld_)[f] > 0.5 ? 0.0 : fet_params_[f].count;
        if (in(o_weld_)[f] > 0.5 && in(o_weld_)[f] < 1.5) mosfet_weld(fet_params_[f], true);
    }
    state_changed();
    return at;
}

template <>
void Plant<base::Pack8>::set_lane(std::size_t lane, const Plant<double>& solo) {
    const auto copy = [lane](std::vector<base::Pack8>& to, const std::vector<double>& from) {
        for (std::size_t k = 0; k < to.size(); ++k) to[k].v[lane] = from[k];
    };
    copy(state_.mem(), solo.state_.mem());
    copy(input_.mem(), solo.input_.mem());
    const auto flat = [lane](auto& to, const auto& from) {
        auto* const t = reinterpret_cast<base::Pack8*>(&to);
        const auto* const f = reinterpret_cast<const double*>(&from);
        for (std::size_t k = 0; k < sizeof(from) / sizeof(double); ++k) t[k].v[lane] = f[k];
    };
    for (std::size_t c = 0; c < cells_.size(); ++c) {
        flat(cells_[c], solo.cells_[c]);
        flat(cell_params_[c], solo.cell_params_[c]);
    }
    for (std::size_t f = 0; f < fet_params_.size(); ++f) {
        flat(fet_params_[f], solo.fet_params_[f]);
        flat(fet_coeff_[f], solo.fet_coeff_[f]);
        flat(s_->fet[f], solo.s_->fet[f]);
    }
    copy(s_->rl_i, solo.s_->rl_i);
    ++matrix_version_;
}

#define TWIN_INSTANTIATE(T)                                                                     \
    template void Plant<T>::publish(bool);                                                      \
    template PackView<T> Plant<T>::view(std::size_t) const;                                     \
    template T Plant<T>::element_current_A(std::size_t) const;                                  \
    template T Plant<T>::element_voltage_V(std::size_t) const;                                  \
    template T Plant<T>::fet_tj_degC(std::size_t, Group) const;                                 \
    template T Plant<T>::lead_current_A(std::size_t, std::int32_t) const;                       \
    template T Plant<T>::pin_clamp_A(std::size_t, std::int32_t) const;                          \
    template T Plant<T>::filter_power_W(std::size_t, std::int32_t) const;                       \
    template T Plant<T>::clamp_heat_J(std::size_t) const;                                       \
    template T Plant<T>::fet_energy_J(std::size_t, Group, Line) const;                          \
    template const FetMargins<T>& Plant<T>::fet_margins(std::size_t, Group) const;              \
    template const cell::EcmState<T>& Plant<T>::cell_state(std::size_t, std::size_t) const;     \
    template T Plant<T>::gate_threshold_V(std::size_t, Group) const;                            \
    template T Plant<T>::precharge_current_A(std::size_t) const;                                \
    template T Plant<T>::balancer_from_A(std::size_t) const;                                    \
    template T Plant<T>::balancer_to_A(std::size_t) const;                                      \
    template T Plant<T>::line_J(Line) const;                                                    \
    template T Plant<T>::stored_J() const;                                                      \
    template T Plant<T>::energy_residual_rel() const;                                           \
    template T Plant<T>::charge_residual_rel() const;                                           \
    template void Plant<T>::hash(base::Hasher&, std::size_t) const;
TWIN_INSTANTIATE(double)
TWIN_INSTANTIATE(base::Pack8)
#undef TWIN_INSTANTIATE

}  // namespace twin::power
