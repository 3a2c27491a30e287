// SPDX-License-Identifier: Apache-2.0
// Taking a trial step: states, cells, heat and the ledger, all from one dq per branch and step.
#include <bit>
#include <cstring>

#include "power/plant_scratch.hpp"

namespace twin::power {

namespace {
constexpr double k_hold_r = 1e-3;       // cell resistances in the matrix follow the cells once they moved by this share
constexpr double k_converter_s = 1e-3;  // soft start, regulation and running down of the balancing converter (assumed)
constexpr double k_converter_rest_A = 1e-6;  // it has stopped
constexpr double k_hold_tj_K = 0.25;         // device coefficients follow the junctions once they moved by this

}  // namespace

/// Coefficients of a step length: pure functions of it, so that which slot they are kept in changes no result.
template <class T>
typename Plant<T>::CoeffSlot& Plant<T>::slot(double h_s) {
    const auto bits = std::bit_cast<std::uint64_t>(h_s);
    CoeffSlot& c = s_->coeff[((bits >> 52) ^ (bits >> 46)) % k_coeff_slots];
    if (c.h_s == h_s) return c;
    c.h_s = h_s;
    const auto lost = [h_s](double tau_s) { return -base::det_expm1(-h_s / tau_s); };
    c.converter = lost(k_converter_s);
    for (std::size_t p = 0; p < setup_.packs.size(); ++p) {
        const PackSetup& ps = setup_.packs[p];
        c.cell[p] = cell::BlockStep(*ps.model, h_s);
        c.foster[p] = foster_step(foster_[p], T(h_s));
        const BoardThermalParts& th = ps.parts.thermal;
        c.board[p] = lost(th.r_th_K_W * th.c_th_J_K);
        c.ntc[p] = lost(th.ntc_lag_s);
        c.fet_ntc[p] = lost(th.fet_ntc_lag_s);
        c.sense[p] = lost(ps.parts.p_sense.filter_s);
    }
    for (std::size_t k = 0; k < c.clamp.size(); ++k) c.clamp[k] = -base::det_expm1(-(T(h_s) / clamp_params_[k].cool_s));
    return c;
}

template <class T>
void Plant<T>::add_line(Line l, const T& e_J) {
    T* const line = st(o_line_) + static_cast<std::size_t>(l);
    add_to(line, line + k_lines, e_J);
}

/// The ledger takes what the step booked.
template <class T>
void Plant<T>::book(Line l, const T& e_J) {
    s_->line_e[static_cast<std::size_t>(l)] = e_J;
}
template <class T>
void Plant<T>::book_sums() {
    std::vector<T>& e = s_->line_e;
    T* const line = st(o_line_);
    each_pair<T>(0, k_lines, [&]<class V>(const V&, std::size_t k) {
        add_to(line + k, line + k_lines + k, fetch<V>(&e[k]));
        put(&e[k], V(0.0));
    });
}

template <class T>
void Plant<T>::commit() {
    Scratch& w = *s_;
    std::memcpy(static_cast<void*>(saved_state_.data()), state_.mem().data(), state_.mem().size() * sizeof(T));
    saved_cells_.take(cells_, extended_cells_);
    if (!fet_margins_.empty()) {
        std::memcpy(static_cast<void*>(saved_margins_.data()), fet_margins_.data(),
                    fet_margins_.size() * sizeof(fet_margins_[0]));
    }
    if (!w.echem.empty()) w.echem_saved = w.echem;  // same sizes: no allocation
    const double h_s = trial_h_s_;
    const CoeffSlot& c = slot(h_s);
    book_branches();
    book_ports(c);
    commit_cells(c);
    commit_thermal(c);
    book_sums();
    copy_to(st(o_rl_i_), w.rl_i);
    copy_to(st(o_rl_k_), w.rl_k2);
    copy_to(st(o_rc_v_), w.rc_v);
    copy_to(st(o_rc_k_), w.rc_k2);
    w.rate_J = w.trial_rate_J;
    w.rate_edits = trial_method_ == Method::one_stage ? input_edits_ : 0;
    keep_solver_memory();
    keep_resistances();
    quantise_temperatures();
    publish(true);
    commit_balancers(h_s);
    ++steps_;
}

/// What the trial's solution leaves in the state: charges of the MOSFETs and the linearisations it ended with.
template <class T>
void Plant<T>::keep_solver_memory() {
    Scratch& w = *s_;
    copy_to(st(o_port_v_), w.port_v);
    copy_to(st(o_port_g_), w.port_g);
    copy_to(st(o_port_s_), w.port_s);
    if (w.clamps_moved) {
        copy_to(st(o_clamp_g_), w.clamp_g);
        copy_to(st(o_clamp_s_), w.clamp_s);
        w.clamps_moved = false;
    }
    for (std::size_t f = 0; f < w.fet.size(); ++f) {
        st(o_fet_qg_)[f] = w.fet[f].qg_C;
        st(o_fet_qd_)[f] = w.fet[f].qd_C;
        st(o_fet_vgs_)[f] = w.fet[f].v_gs_V;
        st(o_fet_vds_)[f] = w.port_v[w.fet_port[f]];
    }
}

template <class T>
void Plant<T>::rollback() {
    std::memcpy(static_cast<void*>(state_.mem().data()), saved_state_.data(), state_.mem().size() * sizeof(T));
    saved_cells_.give(cells_);
    fet_margins_ = saved_margins_;
    if (!s_->echem.empty()) s_->echem = s_->echem_saved;
    forget_derived();
    s_->pub_now = 1 - s_->pub_now;
    --steps_;
}

/// What is computed from the state and kept: coefficients at junction temperature, factors, clamps.
template <class T>
void Plant<T>::forget_derived() {
    ++matrix_version_;
    s_->rate_edits = 0;
    s_->clamps_moved = true;
    for (std::size_t f = 0; f < fet_coeff_.size(); ++f) fet_coeff_[f] = mosfet_at(fet_params_[f], st(o_fet_tq_)[f]);
}

template <class T>
void Plant<T>::state_changed() {
    forget_derived();
    saved_cells_.whole = false;
    s_->cells_followed = true;
    s_->margins_valid = false;
    end_emfs();
    publish(true);
}

/// Heat and defect of the linear branches, by category.
template <class T>
void Plant<T>::book_branches() {
    Scratch& w = *s_;
    const Topology& t = *topo_;
    const T* const r = in(o_rl_r_);
    const auto heat = [&](std::int32_t k) { return r[at(k)] * w.rl_i2[at(k)]; };
    const T* const held = st(o_cell_r_);
    T wiring = T(0.0), shunt = T(0.0), pre = T(0.0), snub = T(0.0), elem = w.element_e, r0 = T(0.0);
    for (std::size_t c = 0; c < w.n_cells; ++c) {
        wiring = wiring + r[c] * w.rl_i2[c];
        r0 = r0 + held[c] * w.rl_i2[c];
    }
    for (std::size_t p = 0; p < t.pack.size(); ++p) {
        const PackBranches& b = t.pack[p];
        wiring = wiring + heat(b.p_plus);
        if (b.link_plus >= 0) wiring = wiring + (heat(b.link_plus) + heat(b.link_minus));
        if (!setup_.packs[p].board_fitted) continue;
        wiring = wiring + heat(b.b_minus);
        shunt = shunt + heat(b.shunt);
        pre = pre + w.pre_e[p];
        st(o_pre_heat_)[p] = st(o_pre_heat_)[p] + w.pre_e[p];
        for (const std::int32_t k : {b.snubber_dsg, b.snubber_chg}) snub = snub + in(o_rc_r_)[at(k)] * w.rc_i2[at(k)];
    }
    for (const ElementBranches& e : t.element) {
        if (e.rl >= 0) elem = elem + heat(e.rl);
        if (e.rc >= 0 && e.rl < 0) elem = elem + in(o_rc_r_)[at(e.rc)] * w.rc_i2[at(e.rc)];
    }
    if (!w.sources.empty()) {
        T pulls = T(0.0), balancer = T(0.0);
        for (const std::size_t k : w.sources) {
            if (w.is_slot_source[k] != 0)
                balancer = balancer + w.src_e[k];
            else
                pulls = pulls - w.src_e[k];
        }
        book(Line::balancer_loss, balancer);
        book(Line::pin_pulls, pulls);
    }
    book(Line::wiring_heat, wiring);
    book(Line::shunt_heat, shunt);
    book(Line::input_heat, w.input_e);
    book(Line::precharge_heat, pre);
    book(Line::snubber_heat, snub);
    book(Line::elements, elem);
    book(Line::r0_heat, r0);
    book(Line::defect, w.defect_J);
    add_to(st(o_abs_), st(o_abs_) + 1, base::abs2((wiring + r0) + elem));
}

template <class T>
void Plant<T>::book_ports(const CoeffSlot& c) {
    Scratch& w = *s_;
    T diode = T(0.0), draw = T(0.0), load = T(0.0), charger = T(0.0), clamp = T(0.0);
    const T inv_h = T(1.0 / c.h_s);
    for (std::size_t k = 0; k < w.port_e.size(); ++k) {
        const T e = w.port_e[k];
        const auto n = at(topo_->port[k].index);
        switch (topo_->port[k].kind) {
            case PortKind::diode:
                diode = diode + e;
                break;
            case PortKind::power_draw:
                if (topo_->port[k].index < topo_->n_board_draws)
                    draw = draw + e;
                else
                    load = load + e;
                break;
            case PortKind::current_load:
                load = load + e;
                break;
            case PortKind::charger:
            case PortKind::cycler:  // what it takes counts as delivered with a minus
                charger = charger - e;
                break;
            case PortKind::clamp: {  // heat held by the part: dE/dt = P - E / tau, exact
                clamp = clamp + e;
                T& heat = st(o_clamp_heat_)[n];
                heat = heat + (e * inv_h * clamp_params_[n].cool_s - heat) * c.clamp[n];
                break;
            }
            case PortKind::fet:
                break;
        }
    }
    T channel = T(0.0), body = T(0.0), avalanche = T(0.0), gate = T(0.0), driver = T(0.0);
    T* const fe = st(o_fet_e_);
    for (std::size_t f = 0; f < w.fet_e.size(); ++f) {
        const typename Scratch::FetEnergy& e = w.fet_e[f];
        channel = channel + e.channel;
        body = body + e.diode;
        avalanche = avalanche + e.avalanche;
        gate = gate + e.gate_r;
        driver = driver + e.driver;
        fe[3 * f] = fe[3 * f] + e.channel;
        fe[3 * f + 1] = fe[3 * f + 1] + e.diode;
        fe[3 * f + 2] = fe[3 * f + 2] + e.avalanche;
    }
    if (!w.fet_e.empty()) {
        book(Line::supply_diode, diode);
        book(Line::supply_draw, draw);
        book(Line::clamp_heat, clamp);
        book(Line::fet_channel, channel);
        book(Line::fet_diode, body);
        book(Line::fet_avalanche, avalanche);
        book(Line::gate_heat, gate);
        book(Line::gate_drivers, driver);
    }
    book(Line::loads, load);
    book(Line::chargers, charger);
}

/// Junctions and stress of one group; adds what it dissipated.
template <class T>
void Plant<T>::commit_group(std::size_t p, std::int32_t fet, const CoeffSlot& c, T& heat_J) {
    Scratch& w = *s_;
    const auto f = at(fet);
    const double h_s = c.h_s;
    const T inv_h = T(1.0 / h_s);
    const typename Scratch::FetEnergy& e = w.fet_e[f];
    const T count = fet_params_[f].count;
    const T chip = (e.channel + e.diode) + e.avalanche;
    heat_J = heat_J + chip;
    auto* const theta = reinterpret_cast<FosterState<T, 3>*>(st(o_foster_) + 3 * f);
    foster_advance(*theta, c.foster[p], chip * inv_h / count);
    auto* const stress = reinterpret_cast<FetStress<T>*>(st(o_stress_) + f * (sizeof(FetStress<T>) / sizeof(T)));
    const T tj = st(o_board_T_)[p] + foster_rise_K(*theta);
    const FetLimits<T>& lim = fet_limits_[p];
    const T p_channel = e.channel * inv_h;
    const T vds = w.port_v[w.fet_port[f]];
    const Mask avalanche = e.i_av_peak > 1e-3 * count;
    const Mask linear = base::mask_and(vds > lim.v_linear_V, p_channel > lim.p_linear_W * count);
    FetMargins<T>& m = fet_margins_[f];
    if (!w.margins_valid || base::any(base::mask_or(avalanche, linear))) {
        m = fet_stress_step(lim, *stress, count, T(h_s), e.avalanche * inv_h, e.i_av_peak, p_channel, vds, tj);
        return;
    }
    // Neither: what fet_stress_step then does, with the limits as they were.
    stress->quiet_av_s = base::min2(stress->quiet_av_s + h_s, T(1.0));
    stress->quiet_lin_s = base::min2(stress->quiet_lin_s + h_s, T(1.0));
    stress->tj_peak_degC = base::max2(stress->tj_peak_degC, tj);
    m.i_av_A = e.i_av_peak / count;
    m.tj_degC = tj;
}

template <class T>
void Plant<T>::commit_thermal(const CoeffSlot& k) {
    Scratch& w = *s_;
    const T inv_h = T(1.0 / k.h_s);
    for (std::size_t p = 0; p < topo_->pack.size(); ++p) {
        const PackSetup& ps = setup_.packs[p];
        const T board_env = in(o_env_)[k_env_stride * p + 1];
        for (std::size_t n = 0; n < 4; ++n) {
            const std::int32_t c = ps.ntc_cell[n];
            const T place = c > 0 ? cells_.t_surf_degC(p, at(c) - 1) : board_env;
            T& bead = st(o_ntc_)[4 * p + n];
            bead = bead + (place - bead) * k.ntc[p];
        }
        if (!ps.board_fitted) continue;
        const PackBranches& b = topo_->pack[p];
        T heat = in(o_rl_r_)[at(b.shunt)] * w.rl_i2[at(b.shunt)] + w.pre_e[p];
        heat = heat + (w.port_e[w.draw_port[p]] + w.port_e[w.clamp_port[p]]);
        if (bal_[p].from > 0) {
            const std::size_t s0 = at(topo_->source0[p]);
            heat = heat + (w.src_e[s0 + at(bal_[p].from) - 1] + w.src_e[s0 + at(bal_[p].to) - 1]);
        }
        commit_group(p, b.fet_dsg, k, heat);
        commit_group(p, b.fet_chg, k, heat);
        T& board = st(o_board_T_)[p];
        T& bead = st(o_fet_ntc_)[p];
        bead = bead + (board - bead) * k.fet_ntc[p];
        const T target = board_env + heat * inv_h * ps.parts.thermal.r_th_K_W;
        board = board + (target - board) * k.board[p];
        const double ratio =
            ps.parts.p_sense.r_bottom_Ohm / (ps.parts.p_sense.r_bottom_Ohm + ps.parts.p_sense.r_top_Ohm);
        T& sense = st(o_psense_)[p];
        sense = sense + (w.pm_mean[p] * inv_h * ratio - sense) * k.sense[p];
    }
    w.margins_valid = true;
}

/// The converter's currents follow their set-points within its own time constant: the donor's current by soft start,
/// the receiver's by the power taken times the efficiency, from the lead voltages at the end of the step.
template <class T>
void Plant<T>::commit_balancers(double h_s) {
    const Scratch& w = *s_;
    for (std::size_t p = 0; p < bal_.size(); ++p) {
        if (bal_[p].from == 0) continue;
        T* const held = st(o_bal_to_) + 2 * p;
        if (bal_[p].i_A <= 0.0 && base::all(held[0] + held[1] <= T(k_converter_rest_A))) {
            held[0] = held[1] = T(0.0);
            continue;
        }
        const double share = slot(h_s).converter;
        const BalancerParts& b = setup_.packs[p].parts.balancer;
        const T* const tap = s_->shown().tap_V.data() + w.pin0[p];
        const std::size_t from = at(bal_[p].from), to = at(bal_[p].to);
        const T v_from = tap[from] - tap[from - 1];
        const T v_to = tap[to] - tap[to - 1];
        held[0] = held[0] + (T(bal_[p].i_A * b.transfer_fraction) - held[0]) * share;
        const T p_to = base::max2(v_from * held[0] * b.efficiency - T(b.fixed_loss_W), T(0.0));
        held[1] = held[1] + (p_to / base::max2(v_to, T(0.5)) - held[1]) * share;
    }
}

/// Cell resistances are held in the matrix until one of them moved by k_hold_r; then all follow at once, so that a pack
/// in use changes its matrix once and not cell by cell (the ledger books what the network used).
template <class T>
void Plant<T>::keep_resistances() {
    if (!s_->cells_followed) return;
    s_->cells_followed = false;
    T* const held = st(o_cell_r_);
    Mask moved = T(1.0) < T(0.0);
    for (std::size_t c = 0; c < s_->n_cells; ++c)
        moved = base::mask_or(moved, base::abs2(cells_.r0_Ohm(c) - held[c]) > k_hold_r * held[c]);
    if (!base::any(moved)) return;
    for (std::size_t c = 0; c < s_->n_cells; ++c) held[c] = base::select(moved, cells_.r0_Ohm(c), held[c]);
    ++matrix_version_;
}

/// Device coefficients are those of a junction temperature held within k_hold_tj_K.
template <class T>
void Plant<T>::quantise_temperatures() {
    for (std::size_t p = 0; p < topo_->pack.size(); ++p) {
        if (!setup_.packs[p].board_fitted) continue;
        for (const std::int32_t fi : {topo_->pack[p].fet_dsg, topo_->pack[p].fet_chg}) {
            const auto f = at(fi);
            const auto* const theta = reinterpret_cast<const FosterState<T, 3>*>(st(o_foster_) + 3 * f);
            const T tj = st(o_board_T_)[p] + foster_rise_K(*theta);
            T& held = st(o_fet_tq_)[f];
            const Mask moved = base::abs2(tj - held) > T(k_hold_tj_K);
            if (!base::any(moved)) continue;
            held = base::select(moved, tj, held);
            fet_coeff_[f] = mosfet_at(fet_params_[f], held);
        }
    }
}

#define TWIN_INSTANTIATE(T)                                        \
    template typename Plant<T>::CoeffSlot& Plant<T>::slot(double); \
    template void Plant<T>::commit();                              \
    template void Plant<T>::keep_solver_memory();                  \
    template void Plant<T>::rollback();                            \
    template void Plant<T>::forget_derived();                      \
    template void Plant<T>::state_changed();                       \
    template void Plant<T>::quantise_temperatures();               \
    template void Plant<T>::add_line(Line, const T&);              \
    template void Plant<T>::book(Line, const T&);
TWIN_INSTANTIATE(double)
TWIN_INSTANTIATE(base::Pack8)
#undef TWIN_INSTANTIATE

}  // namespace twin::power
