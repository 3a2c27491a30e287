// SPDX-License-Identifier: Apache-2.0
// Taking a trial step: states, cells, heat and the ledger, all from one dq per branch and step.
#include <cstring>

#include "power/plant_scratch.hpp"

namespace twin::power {

namespace {
constexpr double k_converter_s = 1e-3;  // soft start and regulation of the balancing converter (assumed)
}

template <class T>
typename Plant<T>::CoeffSlot& Plant<T>::slot(double h_s) {
    for (CoeffSlot& c : coeff_slots_) {
        if (c.h_s == h_s) return c;
    }
    CoeffSlot& c = coeff_slots_[coeff_next_];  // memoised pure functions of h: which slot is replaced changes no result
    coeff_next_ = (coeff_next_ + 1) % coeff_slots_.size();
    c.h_s = h_s;
    const std::size_t n_pack = setup_.packs.size();
    const std::size_t n_clamp = clamp_params_.size();
    c.per_pack.resize(n_pack);
    c.foster.resize(1);
    c.board_decay.resize(n_pack);
    c.ntc_decay.resize(n_pack);
    c.fet_ntc_decay.resize(n_pack);
    c.sense_decay.resize(n_pack);
    c.clamp_decay.resize(n_clamp);
    c.foster[0] = foster_step(foster_mosfet_default<T>(), T(h_s));
    for (std::size_t p = 0; p < n_pack; ++p) {
        const PackSetup& ps = setup_.packs[p];
        c.per_pack[p] = cell::coeffs(*ps.model, h_s);
        const BoardThermalParts& th = ps.parts.thermal;
        c.board_decay[p] = -base::det_expm1(T(-h_s / (th.r_th_K_W * th.c_th_J_K)));
        c.ntc_decay[p] = -base::det_expm1(T(-h_s / th.ntc_lag_s));
        c.fet_ntc_decay[p] = -base::det_expm1(T(-h_s / th.fet_ntc_lag_s));
        c.sense_decay[p] = -base::det_expm1(T(-h_s / ps.parts.p_sense.filter_s));
    }
    return c;
}

template <class T>
const cell::EcmCoeffs& Plant<T>::coeffs(std::size_t pack, double h_s) {
    return slot(h_s).per_pack[pack];
}

template <class T>
void Plant<T>::add_line(Line l, const T& e_J) {
    T* const x = st(o_line_) + 2 * static_cast<std::size_t>(l);
    base::Sum<T> s{x[0], x[1]};
    s.add(e_J);
    x[0] = s.hi;
    x[1] = s.lo;
}

template <class T>
void Plant<T>::commit() {
    std::memcpy(static_cast<void*>(saved_state_.data()), state_.mem().data(), state_.mem().size() * sizeof(T));
    std::memcpy(static_cast<void*>(saved_cells_.data()), cells_.data(), cells_.size() * sizeof(cells_[0]));
    Scratch& w = *s_;
    const double h_s = trial_h_s_;
    book_branches();
    book_ports();
    commit_cells(h_s);
    commit_thermal(h_s);
    for (std::size_t k = 0; k < w.rl_i.size(); ++k) {
        st(o_rl_i_)[k] = w.rl_i[k];
        st(o_rl_k_)[k] = w.rl_k2[k];
    }
    for (std::size_t k = 0; k < w.rc_v.size(); ++k) {
        st(o_rc_v_)[k] = w.rc_v[k];
        st(o_rc_k_)[k] = w.rc_k2[k];
    }
    for (std::size_t k = 0; k < w.port_i.size(); ++k) {
        if (topo_->port[k].kind != PortKind::fet) continue;
        const auto f = static_cast<std::size_t>(topo_->port[k].index);
        st(o_fet_qg_)[f] = w.fet[f].qg_C;
        st(o_fet_qd_)[f] = w.fet[f].qd_C;
        st(o_fet_vds_)[f] = st(o_port_v_)[k];
    }
    keep_resistances();
    quantise_temperatures();
    publish(true);
    commit_balancer(h_s);
    ++steps_;
}

template <class T>
void Plant<T>::rollback() {
    std::memcpy(static_cast<void*>(state_.mem().data()), saved_state_.data(), state_.mem().size() * sizeof(T));
    std::memcpy(static_cast<void*>(cells_.data()), saved_cells_.data(), cells_.size() * sizeof(cells_[0]));
    write_balancer();
    state_changed();
    --steps_;
}

template <class T>
void Plant<T>::state_changed() {
    ++matrix_version_;
    for (std::size_t f = 0; f < fet_coeff_.size(); ++f) fet_coeff_[f] = mosfet_at(fet_params_[f], st(o_fet_tq_)[f]);
    publish(true);
}

/// Heat and defect of the linear branches, by category.
template <class T>
void Plant<T>::book_branches() {
    Scratch& w = *s_;
    const Topology& t = *topo_;
    const T* const r = in(o_rl_r_);
    const auto at = [](std::int32_t k) { return static_cast<std::size_t>(k); };
    T wiring = T(0.0), shunt = T(0.0), input = T(0.0), pre = T(0.0), snub = T(0.0), elem = T(0.0), r0 = T(0.0), thru = T(0.0);
    for (std::size_t c = 0; c < w.n_cells; ++c) {
        wiring = wiring + r[c] * w.rl_i2[c];
        r0 = r0 + st(o_cell_r_)[c] * w.rl_i2[c];
    }
    T sources = T(0.0), balancer = T(0.0);
    for (std::size_t p = 0; p < t.pack.size(); ++p) {
        const PackBranches& b = t.pack[p];
        wiring = wiring + r[at(b.p_plus)] * w.rl_i2[at(b.p_plus)];
        input = input + w.res_e[at(b.insulation)];
        for (std::size_t k = 0; k < static_cast<std::size_t>(setup_.packs[p].n_cells); ++k) elem = elem + w.res_e[at(b.cell_leak0) + k];
        if (b.link_plus >= 0) {
            wiring = wiring + r[at(b.link_plus)] * w.rl_i2[at(b.link_plus)] + r[at(b.link_minus)] * w.rl_i2[at(b.link_minus)];
        }
        if (!setup_.packs[p].board_fitted) continue;
        wiring = wiring + r[at(b.b_minus)] * w.rl_i2[at(b.b_minus)];
        shunt = shunt + r[at(b.shunt)] * w.rl_i2[at(b.shunt)];
        for (std::size_t k = at(b.lead0); k <= at(b.p_sense); ++k) input = input + w.res_e[k];
        pre = pre + w.res_e[at(b.precharge)];
        st(o_pre_heat_)[p] = st(o_pre_heat_)[p] + w.res_e[at(b.precharge)];
        for (std::size_t k = at(b.pin_cap0); k <= at(b.holdup); ++k) snub = snub + in(o_rc_r_)[k] * w.rc_i2[k];
        const std::size_t s0 = at(t.source0[p]);
        const auto n = static_cast<std::size_t>(setup_.packs[p].n_cells);
        for (std::size_t k = 0; k < n; ++k) balancer = balancer + w.src_e[s0 + k];
        for (std::size_t k = n; k < 2 * n + 1; ++k) sources = sources - w.src_e[s0 + k];
    }
    for (const ElementBranches& e : t.element) {
        if (e.rl >= 0) elem = elem + r[at(e.rl)] * w.rl_i2[at(e.rl)];
        if (e.rc >= 0 && e.rl < 0) elem = elem + in(o_rc_r_)[at(e.rc)] * w.rc_i2[at(e.rc)];
        if (e.res >= 0) elem = elem + w.res_e[at(e.res)];
    }
    add_line(Line::wiring_heat, wiring);
    add_line(Line::shunt_heat, shunt);
    add_line(Line::input_heat, input);
    add_line(Line::precharge_heat, pre);
    add_line(Line::snubber_heat, snub);
    add_line(Line::elements, elem);
    add_line(Line::r0_heat, r0);
    add_line(Line::balancer_loss, balancer);
    add_line(Line::pin_pulls, sources);
    add_line(Line::defect, T(trial_defect_J_));
    thru = wiring + r0 + elem;
    T* const a = st(o_abs_);
    base::Sum<T> s{a[0], a[1]};
    s.add(base::abs2(thru));
    a[0] = s.hi;
    a[1] = s.lo;
}

template <class T>
void Plant<T>::book_ports() {
    Scratch& w = *s_;
    T diode = T(0.0), draw = T(0.0), load = T(0.0), charger = T(0.0), clamp = T(0.0);
    for (std::size_t k = 0; k < w.port_e.size(); ++k) {
        const T e = w.port_e[k];
        switch (topo_->port[k].kind) {
            case PortKind::diode: diode = diode + e; break;
            case PortKind::power_draw:
                if (topo_->port[k].index < topo_->n_board_draws) draw = draw + e;
                else load = load + e;
                break;
            case PortKind::current_load: load = load + e; break;
            case PortKind::charger: charger = charger - e; break;
            case PortKind::clamp: {
                clamp = clamp + e;
                const auto n = static_cast<std::size_t>(topo_->port[k].index);
                const T heat = st(o_clamp_heat_)[n];
                st(o_clamp_heat_)[n] = clamp_heat_advance(clamp_params_[n], heat, e / trial_h_s_, T(trial_h_s_));
                break;
            }
            case PortKind::fet: break;
        }
    }
    T channel = T(0.0), body = T(0.0), avalanche = T(0.0), gate = T(0.0), driver = T(0.0);
    for (std::size_t f = 0; f < w.fet_e.size(); ++f) {
        channel = channel + w.fet_e[f].channel;
        body = body + w.fet_e[f].diode;
        avalanche = avalanche + w.fet_e[f].avalanche;
        gate = gate + w.fet_e[f].gate_r;
        driver = driver + w.fet_e[f].driver;
        st(o_fet_e_)[3 * f] = st(o_fet_e_)[3 * f] + w.fet_e[f].channel;
        st(o_fet_e_)[3 * f + 1] = st(o_fet_e_)[3 * f + 1] + w.fet_e[f].diode;
        st(o_fet_e_)[3 * f + 2] = st(o_fet_e_)[3 * f + 2] + w.fet_e[f].avalanche;
    }
    add_line(Line::supply_diode, diode);
    add_line(Line::supply_draw, draw);
    add_line(Line::loads, load);
    add_line(Line::chargers, charger);
    add_line(Line::clamp_heat, clamp);
    add_line(Line::fet_channel, channel);
    add_line(Line::fet_diode, body);
    add_line(Line::fet_avalanche, avalanche);
    add_line(Line::gate_heat, gate);
    add_line(Line::gate_drivers, driver);
}

template <class T>
void Plant<T>::commit_cells(double h_s) {
    Scratch& w = *s_;
    T ocv = T(0.0), rc_h = T(0.0), hy_h = T(0.0), rc_s = T(0.0), hy_s = T(0.0), work = T(0.0), moved = T(0.0);
    for (std::size_t c = 0; c < w.n_cells; ++c) {
        const std::size_t p = pack_of_cell_[c];
        const T joule = st(o_cell_r_)[c] * w.rl_i2[c];
        const auto e = cell::commit(*setup_.packs[p].model, cell_params_[c], cells_[c], coeffs(p, h_s), w.rl_dq[c], joule,
                                    in(o_env_)[k_env_stride * p]);
        ocv = ocv + e.ocv_work_J;
        rc_h = rc_h + e.rc_heat_J;
        hy_h = hy_h + e.hyst_heat_J;
        rc_s = rc_s + e.rc_stored_J;
        hy_s = hy_s + e.hyst_stored_J;
        work = work + e.param_work_J;
        moved = moved + base::abs2(w.rl_dq[c]);
        T* const q = st(o_cell_q_) + 2 * c;
        base::Sum<T> s{q[0], q[1]};
        s.add(w.rl_dq[c]);
        q[0] = s.hi;
        q[1] = s.lo;
    }
    add_line(Line::ocv_work, ocv);
    add_line(Line::rc_heat, rc_h);
    add_line(Line::hyst_heat, hy_h);
    add_line(Line::rc_stored, rc_s);
    add_line(Line::hyst_stored, hy_s);
    T* const a = st(o_abs_);
    base::Sum<T> s{a[0], a[1]};
    s.add(base::abs2(ocv));
    a[0] = s.hi;
    a[1] = s.lo;
    base::Sum<T> q{a[2], a[3]};
    q.add(moved);
    a[2] = q.hi;
    a[3] = q.lo;
}

template <class T>
void Plant<T>::commit_thermal(double h_s) {
    Scratch& w = *s_;
    const CoeffSlot& k = slot(h_s);
    const T inv_h = T(1.0 / h_s);
    const T* const r = in(o_rl_r_);
    for (std::size_t p = 0; p < topo_->pack.size(); ++p) {
        const PackSetup& ps = setup_.packs[p];
        const T cells_env = in(o_env_)[k_env_stride * p];
        const T board_env = in(o_env_)[k_env_stride * p + 1];
        for (std::size_t n = 0; n < 4; ++n) {
            const std::int32_t c = ps.ntc_cell[n];
            const T place = c > 0 ? cells_[w.cell0[p] + static_cast<std::size_t>(c) - 1].t_surf_degC : board_env;
            T& bead = st(o_ntc_)[4 * p + n];
            bead = bead + (place - bead) * k.ntc_decay[p];
        }
        (void)cells_env;
        if (!ps.board_fitted) continue;
        const PackBranches& b = topo_->pack[p];
        const auto at = [](std::int32_t i) { return static_cast<std::size_t>(i); };
        T heat = r[at(b.shunt)] * w.rl_i2[at(b.shunt)] + w.res_e[at(b.precharge)];
        for (std::size_t i = 0; i < w.port_e.size(); ++i) {
            const Port& port = topo_->port[i];
            const bool mine = (port.kind == PortKind::power_draw && port.index == b.draw) || (port.kind == PortKind::clamp && port.index == b.clamp);
            if (mine) heat = heat + w.port_e[i];
        }
        const std::size_t s0 = at(topo_->source0[p]);
        for (std::size_t c = 0; c < static_cast<std::size_t>(ps.n_cells); ++c) heat = heat + w.src_e[s0 + c];
        for (const std::int32_t f : {b.fet_dsg, b.fet_chg}) {
            const typename Scratch::FetEnergy& e = w.fet_e[at(f)];
            const T chip = e.channel + e.diode + e.avalanche;
            heat = heat + chip;
            auto* const theta = reinterpret_cast<FosterState<T, 3>*>(st(o_foster_) + 3 * at(f));
            foster_advance(*theta, k.foster[0], chip * inv_h / fet_params_[at(f)].count);
            auto* const stress = reinterpret_cast<FetStress<T>*>(st(o_stress_) + at(f) * (sizeof(FetStress<T>) / sizeof(T)));
            const T tj = st(o_board_T_)[p] + foster_rise_K(*theta);
            FetLimits<T> lim;
            fet_margins_[at(f)] = fet_stress_step(lim, *stress, fet_params_[at(f)].count, T(h_s), e.avalanche * inv_h, e.i_av_peak,
                                                  e.channel * inv_h, w.pack_misc[m_count * p + (f == b.fet_dsg ? m_vds_dsg : m_vds_chg)], tj);
        }
        T& board = st(o_board_T_)[p];
        T& bead = st(o_fet_ntc_)[p];
        bead = bead + (board - bead) * k.fet_ntc_decay[p];
        const T target = board_env + heat * inv_h * ps.parts.thermal.r_th_K_W;
        board = board + (target - board) * k.board_decay[p];
        const T ratio = T(ps.parts.p_sense.r_bottom_Ohm / (ps.parts.p_sense.r_bottom_Ohm + ps.parts.p_sense.r_top_Ohm));
        T& sense = st(o_psense_)[p];
        sense = sense + (w.pm_mean[p] * inv_h * ratio - sense) * k.sense_decay[p];
    }
}

/// The converter's currents follow their set-points within its own time constant: the donor's current by soft start, the
/// receiver's by the power taken times the efficiency, from the lead voltages at the end of the step.
template <class T>
void Plant<T>::commit_balancer(double h_s) {
    Scratch& w = *s_;
    const T share = -base::det_expm1(T(-h_s / k_converter_s));
    for (std::size_t p = 0; p < bal_.size(); ++p) {
        if (bal_[p].i_A <= 0.0) continue;
        const BalancerParts& b = setup_.packs[p].parts.balancer;
        const T* const tap = w.tap_V.data() + w.pin0[p];
        const auto from = static_cast<std::size_t>(bal_[p].from), to = static_cast<std::size_t>(bal_[p].to);
        const T v_from = tap[from] - tap[from - 1];
        const T v_to = tap[to] - tap[to - 1];
        T* const held = st(o_bal_to_) + 2 * p;
        held[0] = held[0] + (T(bal_[p].i_A * b.transfer_fraction) - held[0]) * share;
        const T p_to = base::max2(v_from * held[0] * b.efficiency - T(b.fixed_loss_W), T(0.0));
        held[1] = held[1] + (p_to / base::max2(v_to, T(0.5)) - held[1]) * share;
    }
    write_balancer();
}

/// The held currents as sources of the network.
template <class T>
void Plant<T>::write_balancer() {
    for (std::size_t p = 0; p < bal_.size(); ++p) {
        if (bal_[p].i_A <= 0.0) continue;
        const T* const held = st(o_bal_to_) + 2 * p;
        const auto s0 = static_cast<std::size_t>(topo_->source0[p]);
        in(o_source_)[s0 + static_cast<std::size_t>(bal_[p].from) - 1] = held[0];
        in(o_source_)[s0 + static_cast<std::size_t>(bal_[p].to) - 1] = -held[1];
    }
}

/// Cell resistances are held while they move by less than 2e-4: the matrix is then factored once for many steps.
template <class T>
void Plant<T>::keep_resistances() {
    Mask moved_any = T(0.0) > T(1.0);
    for (std::size_t c = 0; c < s_->n_cells; ++c) {
        T& held = st(o_cell_r_)[c];
        const Mask moved = base::abs2(cells_[c].r0_Ohm - held) > 2e-4 * held;
        held = base::select(moved, cells_[c].r0_Ohm, held);
        moved_any = base::mask_or(moved_any, moved);
    }
    if (base::any(moved_any)) ++matrix_version_;
}

/// Device coefficients are computed at junction temperatures held within 0.25 K.
template <class T>
void Plant<T>::quantise_temperatures() {
    for (std::size_t p = 0; p < topo_->pack.size(); ++p) {
        if (!setup_.packs[p].board_fitted) continue;
        for (const std::int32_t fi : {topo_->pack[p].fet_dsg, topo_->pack[p].fet_chg}) {
            const auto f = static_cast<std::size_t>(fi);
            const auto* const theta = reinterpret_cast<const FosterState<T, 3>*>(st(o_foster_) + 3 * f);
            const T tj = st(o_board_T_)[p] + foster_rise_K(*theta);
            T& held = st(o_fet_tq_)[f];
            const Mask moved = base::abs2(tj - held) > T(0.25);
            if (!base::any(moved)) continue;
            held = base::select(moved, tj, held);
            fet_coeff_[f] = mosfet_at(fet_params_[f], held);
        }
    }
}

#define TWIN_INSTANTIATE(T)                                                          \
    template const cell::EcmCoeffs& Plant<T>::coeffs(std::size_t, double);           \
    template void Plant<T>::write_balancer();                                        \
    template void Plant<T>::commit_balancer(double);                                 \
    template void Plant<T>::commit();                                                \
    template void Plant<T>::rollback();                                              \
    template void Plant<T>::state_changed();                                         \
    template void Plant<T>::quantise_temperatures();                                 \
    template void Plant<T>::add_line(Line, const T&);
TWIN_INSTANTIATE(double)
TWIN_INSTANTIATE(base::Pack8)
#undef TWIN_INSTANTIATE

}  // namespace twin::power
