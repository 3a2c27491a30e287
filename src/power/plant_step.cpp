// SPDX-License-Identifier: Apache-2.0
// Trial steps of the plant: SDIRK2 for transients and control, one stage with constant branch currents when quiet. A
// trial is a function of the committed state: it may be repeated with another step and leaves nothing behind but work
// arrays.
#include "power/plant_scratch.hpp"

namespace twin::power {

namespace {
constexpr double k_slope_from_s = 0.2;  // longer one-stage steps take the cells' slope implicitly
constexpr double k_emf_tol_V = 1e-9;
constexpr int k_emf_rounds_max = 30;
constexpr double k_err_current_A = 0.01;  // error scale of inductor currents, absolute part
constexpr double k_err_voltage_V = 2e-3;  // of capacitor voltages
constexpr double k_err_pin_V = 30e-3;     // of the AFE's filter capacitors: nanojoules, read after they have settled
constexpr double k_err_gate_V = 10e-3;    // of the gates
constexpr double k_err_rel = 5e-4;
constexpr double k_sdirk_err = 0.10;     // share of h |K2 - K1| that is compared with the scales
constexpr double k_defect_abs_J = 5e-7;  // allowed defect of a step: this and a share of the energy turned over
constexpr double k_defect_rel = 1e-6;
constexpr double k_resolve_s = 1e-9;
}  // namespace

template <class T>
T Plant<T>::source_V(std::size_t k) const {
    const Scratch& w = *s_;
    return (ws_.x[at(w.src.a[k])] - ws_.x[at(w.src.b[k])]) + w.src_de[k];
}

/// Starts from what the committed state remembers of the solver.
template <class T>
void Plant<T>::begin_trial(double h_s, Method m) {
    Scratch& w = *s_;
    trial_h_s_ = h_s;
    trial_method_ = m;
    ++trials_;
    for (std::size_t k = 0; k < w.port_g.size(); ++k) {
        const T g = st(o_port_g_)[k];
        if (base::any(base::mask_or(g<w.port_g[k], g> w.port_g[k]))) w.dense_valid = false;
        w.port_g[k] = g;
        w.port_s[k] = st(o_port_s_)[k];
        w.port_at[k] = st(o_port_v_)[k];
    }
    if (w.clamps_moved) {
        for (std::size_t k = 0; k < w.clamp_g.size(); ++k) {
            w.clamp_g[k] = st(o_clamp_g_)[k];
            w.clamp_s[k] = st(o_clamp_s_)[k];
        }
        w.clamps_moved = false;
        ++matrix_version_;
    }
    place_balancers();
}

template <class T>
void Plant<T>::clear_step() {
    Scratch& w = *s_;
    const T zero(0.0);
    for (std::size_t k = 0; k < w.rl_dq.size(); ++k) w.rl_dq[k] = w.rl_i2[k] = zero;
    for (const std::size_t k : w.lossy_rc) w.rc_i2[k] = zero;
    for (auto& x : w.port_e) x = zero;
    for (const std::size_t k : w.sources) w.src_e[k] = zero;
    for (std::size_t p = 0; p < w.pm_mean.size(); ++p) w.pm_mean[p] = w.pre_e[p] = zero;
    for (auto& x : w.fet_e) x = {zero, zero, zero, zero, zero, zero};
    w.input_e = w.element_e = zero;
}

/// Adds one stage with weight hb (s) to charges and energies.
template <class T>
void Plant<T>::accumulate(double hb_s) {
    Scratch& w = *s_;
    const T* const x = ws_.x.data();
    const std::size_t n_rl = w.rl_i.size();
    for (std::size_t k = 0; k < n_rl; ++k) {
        const T q = hb_s * w.rl_i[k];
        w.rl_dq[k] = w.rl_dq[k] + q;
        w.rl_i2[k] = w.rl_i2[k] + q * w.rl_i[k];
    }
    for (const std::size_t k : w.lossy_rc) w.rc_i2[k] = w.rc_i2[k] + hb_s * (w.rc_i[k] * w.rc_i[k]);
    const auto heat = [&w, x](std::size_t k) {
        const T v = (x[w.res.a[k]] - x[w.res.b[k]]) + w.res_de[k];
        return w.res_g[k] * (v * v);
    };
    T input = T(0.0), element = T(0.0);
    for (const std::size_t k : w.input_res) input = input + heat(k);
    for (std::size_t k = 0; k < w.clamps.size(); ++k) {
        const std::size_t r = w.clamps[k].res;
        const T v = (x[w.res.a[r]] - x[w.res.b[r]]) + w.res_de[r];
        input = input + (w.clamp_g[k] * v + w.clamp_s[k]) * v;
    }
    for (const std::size_t k : w.element_res) element = element + heat(k);
    for (const std::size_t k : w.leaks) element = element + heat(k);
    w.input_e = w.input_e + hb_s * input;
    w.element_e = w.element_e + hb_s * element;
    for (std::size_t k = 0; k < w.port_i.size(); ++k) w.port_e[k] = w.port_e[k] + hb_s * (w.port_v[k] * w.port_i[k]);
    for (const std::size_t k : w.sources) w.src_e[k] = w.src_e[k] + hb_s * (source_V(k) * w.src_i[k]);
    for (std::size_t p = 0; p < w.pm_mean.size(); ++p) {
        if (!setup_.packs[p].board_fitted) continue;
        const std::size_t sense = at(topo_->pack[p].p_sense), pre = at(topo_->pack[p].precharge);
        w.pm_mean[p] = w.pm_mean[p] + hb_s * ((x[w.res.a[sense]] - x[w.res.b[sense]]) + w.res_de[sense]);
        w.pre_e[p] = w.pre_e[p] + hb_s * heat(pre);
    }
    for (std::size_t f = 0; f < w.fet.size(); ++f) {
        const MosfetEval<T>& e = w.fet[f];
        typename Scratch::FetEnergy& a = w.fet_e[f];
        a.channel = a.channel + hb_s * e.p_channel_W;
        a.diode = a.diode + hb_s * e.p_diode_W;
        a.avalanche = a.avalanche + hb_s * e.p_avalanche_W;
        a.gate_r = a.gate_r + hb_s * e.p_gate_R_W;
        a.driver = a.driver + hb_s * e.p_driver_W;
        a.i_av_peak = base::max2(a.i_av_peak, e.i_avalanche_A);
    }
}

/// Sets the stage history of every dynamic branch: y_n, or y_n + h (1 - d) K1.
template <class T>
void Plant<T>::sdirk_history(double h_s, int stage) {
    Scratch& w = *s_;
    const T* const i = st(o_rl_i_);
    const T* const v = st(o_rc_v_);
    const T* const qg = st(o_fet_qg_);
    const T* const qd = st(o_fet_qd_);
    const double a = h_s * (1.0 - k_sdirk_d);
    if (stage == 0) {
        for (std::size_t k = 0; k < w.rl_i.size(); ++k) w.rl_hist[k] = i[k];
        for (std::size_t k = 0; k < w.rc_i.size(); ++k) w.rc_hist[k] = v[k];
        for (std::size_t f = 0; f < w.fet.size(); ++f) {
            w.fet_qg_hist[f] = qg[f];
            w.fet_qd_hist[f] = qd[f];
        }
        return;
    }
    for (std::size_t k = 0; k < w.rl_i.size(); ++k) w.rl_hist[k] = i[k] + a * w.rl_k1[k];
    for (std::size_t k = 0; k < w.rc_i.size(); ++k) w.rc_hist[k] = v[k] + a * w.rc_k1[k];
    for (std::size_t f = 0; f < w.fet.size(); ++f) {
        w.fet_qg_hist[f] = qg[f] + a * w.fet_gk1[f];
        w.fet_qd_hist[f] = qd[f] + a * w.fet_dk1[f];
    }
}

/// Derivatives of the dynamic branches from the stage relation y = hist + dh K.
template <class T>
void Plant<T>::derivatives(double dh_s, std::vector<T>& rl_k, std::vector<T>& rc_k) {
    Scratch& w = *s_;
    const double inv = 1.0 / dh_s;
    for (std::size_t k = 0; k < w.rl_i.size(); ++k) rl_k[k] = (w.rl_i[k] - w.rl_hist[k]) * inv;
    for (std::size_t k = 0; k < w.rc_i.size(); ++k) rc_k[k] = w.rc_i[k] * w.rc_per_c[k];
}

template <class T>
void Plant<T>::mean_emfs(double h_s, bool slope) {
    Scratch& w = *s_;
    const CoeffSlot& k = slot(h_s);
    for (std::size_t p = 0; p < setup_.packs.size(); ++p) {
        const cell::EcmModel& model = *setup_.packs[p].model;
        const cell::EcmCoeffs& coeff = k.cell[p];
        const std::size_t end = w.cell0[p] + at(setup_.packs[p].n_cells);
        for (std::size_t c = w.cell0[p]; c < end; ++c) {
            const T i0 = st(o_rl_i_)[c];
            const auto m = cell::mean_emf(model, cell_params_[c], cells_[c], coeff, i0);
            w.emf_at_A[c] = i0;
            w.emf_slope_Ohm[c] = m.demf_di_Ohm;
            w.demf_Ohm[c] = slope ? m.demf_di_Ohm : T(0.0);
            w.emf_V[c] = m.emf_V - w.demf_Ohm[c] * i0;
        }
    }
}

/// Compares the EMFs that the stage used with the means at the currents it found; corrects those that differ.
template <class T>
typename Plant<T>::Mask Plant<T>::emfs_settled(double h_s, bool slope) {
    Scratch& w = *s_;
    const CoeffSlot& k = slot(h_s);
    Mask all_ok = T(1.0) > T(0.0);
    for (std::size_t p = 0; p < setup_.packs.size(); ++p) {
        const std::size_t end = w.cell0[p] + at(setup_.packs[p].n_cells);
        for (std::size_t c = w.cell0[p]; c < end; ++c) {
            // known within a factor 2: where the slope says that nothing moved, nothing is evaluated
            const T estimate = base::abs2(w.emf_slope_Ohm[c] * (w.rl_i[c] - w.emf_at_A[c]));
            const Mask near = estimate <= T(slope ? -1.0 : 0.25 * k_emf_tol_V);
            if (base::all(near)) continue;
            const auto m = cell::mean_emf(*setup_.packs[p].model, cell_params_[c], cells_[c], k.cell[p], w.rl_i[c]);
            const T line = w.emf_V[c] + w.demf_Ohm[c] * w.rl_i[c];
            const Mask same =
                base::mask_or(base::abs2(m.emf_V - line) <= T(k_emf_tol_V), base::mask_not(base::is_finite(m.emf_V)));
            const Mask good = base::mask_or(near, same);
            w.emf_V[c] = base::select(good, w.emf_V[c], m.emf_V - w.demf_Ohm[c] * w.rl_i[c]);
            w.emf_at_A[c] = base::select(good, w.emf_at_A[c], w.rl_i[c]);
            all_ok = base::mask_and(all_ok, good);
        }
    }
    return all_ok;
}

template <class T>
base::Status Plant<T>::try_sdirk(double h_s) {
    Scratch& w = *s_;
    mean_emfs(h_s, false);
    reference_potentials();
    const double dh = k_sdirk_d * h_s;
    clear_step();
    for (int stage = 0; stage < 2; ++stage) {
        sdirk_history(h_s, stage);
        if (!solve_stage(dh, false)) return failure(base::StatusCode::no_convergence, stage);
        derivatives(dh, stage == 0 ? w.rl_k1 : w.rl_k2, stage == 0 ? w.rc_k1 : w.rc_k2);
        accumulate(h_s * (stage == 0 ? 1.0 - k_sdirk_d : k_sdirk_d));
        if (stage != 0) break;
        for (std::size_t f = 0; f < w.fet.size(); ++f) {
            w.fet_gk1[f] = w.fet[f].dqg_dt_A;
            w.fet_dk1[f] = w.fet[f].dqd_dt_A;
        }
    }
    for (std::size_t k = 0; k < w.rc_v.size(); ++k) w.rc_v[k] = w.rc_hist[k] + dh * w.rc_k2[k];
    estimate_error(h_s, Method::sdirk2);
    return check_finite();
}

template <class T>
base::Status Plant<T>::try_one_stage(double h_s) {
    Scratch& w = *s_;
    const bool slope = h_s > k_slope_from_s;
    mean_emfs(h_s, slope);
    sdirk_history(h_s, 0);
    bool settled = false;
    for (int round = 0; round < k_emf_rounds_max && !settled; ++round) {
        reference_potentials();
        if (!solve_stage(h_s, slope)) return failure(base::StatusCode::no_convergence, 0);
        settled = base::all(emfs_settled(h_s, slope));
    }
    if (!settled) return failure(base::StatusCode::no_convergence, 1);
    clear_step();
    derivatives(h_s, w.rl_k2, w.rc_k2);
    for (std::size_t k = 0; k < w.rc_v.size(); ++k) w.rc_v[k] = w.rc_hist[k] + h_s * w.rc_k2[k];
    accumulate(h_s);
    estimate_error(h_s, Method::one_stage);
    return check_finite();
}

/// Error measure of lane 0 and the integrator's defect h^2/2 sum (L or C) K^T M K. SDIRK2: M = d^2 diag(-1, 1); one
/// stage: M = 1, and the derivatives are compared with those of the step before.
template <class T>
void Plant<T>::estimate_error(double h_s, Method m) {
    using base::lane;
    Scratch& w = *s_;
    const bool sdirk = m == Method::sdirk2;
    const double share = sdirk ? k_sdirk_err * h_s : 0.5 * h_s;
    const T* const l = in(o_rl_l_);
    const T* const c = in(o_rc_c_);
    const T* const rl_k1 = sdirk ? w.rl_k1.data() : st(o_rl_k_);
    const T* const rc_k1 = sdirk ? w.rc_k1.data() : st(o_rc_k_);
    double worst = 0.0;
    T defect = T(0.0);
    const auto judge = [&worst, share](double k1, double k2, double y,
                                       double scale) {  // a division only where it counts
        const double e = base::abs2(k2 - k1) * share;
        const double s = scale + k_err_rel * base::abs2(y);
        if (e > worst * s) worst = e / s;
    };
    for (std::size_t k = 0; k < w.rl_i.size(); ++k) {
        const T k1 = rl_k1[k], k2 = w.rl_k2[k];
        defect = defect + l[k] * (sdirk ? k2 * k2 - k1 * k1 : k2 * k2);
        // an open branch carries nothing to judge
        if (lane(l[k], 0) > 0.0 && lane(w.rl_g[k], 0) > 1e-6)
            judge(lane(k1, 0), lane(k2, 0), lane(w.rl_i[k], 0), k_err_current_A);
    }
    for (std::size_t k = 0; k < w.rc_i.size(); ++k) {
        const T k1 = rc_k1[k], k2 = w.rc_k2[k];
        defect = defect + c[k] * (sdirk ? k2 * k2 - k1 * k1 : k2 * k2);
        if (lane(c[k], 0) > 0.0)
            judge(lane(k1, 0), lane(k2, 0), lane(w.rc_v[k], 0), w.is_pin_cap[k] != 0 ? k_err_pin_V : k_err_voltage_V);
    }
    if (sdirk) {
        for (std::size_t f = 0; f < w.fet.size(); ++f) {
            const double d = lane(w.fet[f].dqg_dt_A, 0) - lane(w.fet_gk1[f], 0);
            worst = base::max2(base::abs2(d) * share / (lane(fet_coeff_[f].cgs_F, 0) * k_err_gate_V), worst);
        }
    }
    double turned_J = 0.0;
    for (std::size_t k = 0; k < w.n_cells; ++k) {
        const double i0 = lane(st(o_rl_i_)[k], 0), i1 = lane(w.rl_i[k], 0);
        turned_J += base::abs2(lane(w.emf_V[k], 0) * lane(w.rl_dq[k], 0));
        // constant currents over the step must be a fair description of the cells'
        const double moved = base::abs2(i1 - i0), s = 1.0 + 0.05 * base::abs2(i0);
        if (!sdirk && moved > worst * s) worst = moved / s;
    }
    w.defect_J = (0.5 * h_s * h_s * (sdirk ? k_sdirk_d * k_sdirk_d : 1.0)) * defect;
    trial_defect_J_ = lane(w.defect_J, 0);
    worst = base::max2(base::abs2(trial_defect_J_) / (k_defect_abs_J + k_defect_rel * turned_J), worst);
    trial_error_ = worst;
}

/// A step in which no lane is finite is a failure; a lane that is not goes on as it is.
template <class T>
base::Status Plant<T>::check_finite() const {
    T sum = T(0.0);
    for (const T& i : s_->rl_i) sum = sum + i;
    for (const T& v : s_->rc_v) sum = sum + v;
    if (base::any(base::is_finite(sum))) return {};
    return failure(base::StatusCode::not_finite, 0);
}

template <class T>
double Plant<T>::predicted_defect_J(double h_s) const {
    using base::lane;
    double sum = 0.0;
    for (std::size_t k = 0; k < s_->rl_i.size(); ++k) {
        const double x = lane(st(o_rl_k_)[k], 0);
        sum += lane(in(o_rl_l_)[k], 0) * (x * x);
    }
    for (std::size_t k = 0; k < s_->rc_i.size(); ++k) {
        const double x = lane(st(o_rc_k_)[k], 0);
        sum += lane(in(o_rc_c_)[k], 0) * (x * x);
    }
    return 0.5 * h_s * h_s * sum;
}

template <class T>
base::Status Plant<T>::try_step(double h_s, Method m) {
    begin_trial(h_s, m);
    return m == Method::sdirk2 ? try_sdirk(h_s) : try_one_stage(h_s);
}

/// Node voltages just after an input change: a backward Euler stage of 1 ns that is not committed.
template <class T>
base::Status Plant<T>::resolve() {
    begin_trial(k_resolve_s, Method::one_stage);
    init_cell_emf();
    reference_potentials();
    sdirk_history(k_resolve_s, 0);
    if (!solve_stage(k_resolve_s, false)) return failure(base::StatusCode::no_convergence, 2);
    publish(false);
    return check_finite();
}

#define TWIN_INSTANTIATE(T)                                     \
    template base::Status Plant<T>::try_step(double, Method);   \
    template double Plant<T>::predicted_defect_J(double) const; \
    template base::Status Plant<T>::resolve();                  \
    template void Plant<T>::begin_trial(double, Method);        \
    template void Plant<T>::sdirk_history(double, int);         \
    template base::Status Plant<T>::check_finite() const;       \
    template T Plant<T>::source_V(std::size_t) const;
TWIN_INSTANTIATE(double)
TWIN_INSTANTIATE(base::Pack8)
#undef TWIN_INSTANTIATE

}  // namespace twin::power
