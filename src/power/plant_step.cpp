// SPDX-License-Identifier: Apache-2.0
// Trial steps of the plant: SDIRK2 for transients and control, one stage with constant branch currents when quiet.
#include "power/plant_scratch.hpp"

namespace twin::power {

namespace {
constexpr double k_slope_from_s = 5e-3;    // longer one-stage steps take the cells' slope implicitly
constexpr double k_emf_tol_V = 1e-9;
constexpr int k_emf_rounds_max = 30;
constexpr double k_err_current_A = 0.02;   // error scale of inductor currents, absolute part
constexpr double k_err_voltage_V = 2e-3;   // of capacitor voltages
constexpr double k_err_pin_V = 30e-3;      // of the AFE's filter capacitors: nanojoules, read after they have settled
constexpr double k_err_gate_V = 10e-3;     // of the gates
constexpr double k_err_rel = 1e-3;
constexpr double k_sdirk_err = 0.10;       // share of h |K2 - K1| that is compared with the scales
constexpr double k_resolve_s = 1e-9;
}  // namespace

template <class T>
base::Status Plant<T>::failure(base::StatusCode c, std::int32_t place) const {
    base::Status s;
    s.code = c;
    s.place = place;
    return s;
}

template <class T>
void Plant<T>::clear_step() {
    Scratch& w = *s_;
    for (std::size_t k = 0; k < w.rl_dq.size(); ++k) w.rl_dq[k] = w.rl_i2[k] = T(0.0);
    for (auto& x : w.rc_i2) x = T(0.0);
    for (auto& x : w.res_e) x = T(0.0);
    for (auto& x : w.port_e) x = T(0.0);
    for (auto& x : w.src_e) x = T(0.0);
    for (auto& x : w.pm_mean) x = T(0.0);
    for (auto& x : w.fet_e) x = {T(0.0), T(0.0), T(0.0), T(0.0), T(0.0), T(0.0), T(0.0)};
}

/// Adds one stage with weight hb (s) to charges and energies.
template <class T>
void Plant<T>::accumulate(double hb_s) {
    Scratch& w = *s_;
    for (std::size_t k = 0; k < w.rl_i.size(); ++k) {
        const T q = hb_s * w.rl_i[k];
        w.rl_dq[k] = w.rl_dq[k] + q;
        w.rl_i2[k] = w.rl_i2[k] + q * w.rl_i[k];
    }
    for (std::size_t k = 0; k < w.rc_i.size(); ++k) w.rc_i2[k] = w.rc_i2[k] + hb_s * (w.rc_i[k] * w.rc_i[k]);
    const auto volt = [&w](std::size_t a, std::size_t b) { return (w.x_V[a] - w.x_V[b]) + (w.e_V[a] - w.e_V[b]); };
    for (std::size_t k = 0; k < w.res_i.size(); ++k) w.res_e[k] = w.res_e[k] + hb_s * (volt(w.res_a[k], w.res_b[k]) * w.res_i[k]);
    const T* const pv = st(o_port_v_);
    for (std::size_t k = 0; k < w.port_i.size(); ++k) w.port_e[k] = w.port_e[k] + hb_s * (pv[k] * w.port_i[k]);
    for (std::size_t k = 0; k < w.src_i.size(); ++k) {
        w.src_e[k] = w.src_e[k] + hb_s * (volt(w.src_a[k], w.src_b[k]) * in(o_source_)[k]);
    }
    for (std::size_t p = 0; p < w.pm_mean.size(); ++p) {
        const PackNodes& n = topo_->pack_nodes[p];
        w.pm_mean[p] = w.pm_mean[p] + hb_s * volt(static_cast<std::size_t>(n.p_minus), static_cast<std::size_t>(n.board_minus));
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
    const double a = stage == 0 ? 0.0 : h_s * (1.0 - k_sdirk_d);
    for (std::size_t k = 0; k < w.rl_i.size(); ++k) w.rl_hist[k] = stage == 0 ? st(o_rl_i_)[k] : st(o_rl_i_)[k] + a * w.rl_k1[k];
    for (std::size_t k = 0; k < w.rc_i.size(); ++k) w.rc_hist[k] = stage == 0 ? st(o_rc_v_)[k] : st(o_rc_v_)[k] + a * w.rc_k1[k];
    for (std::size_t f = 0; f < w.fet.size(); ++f) {
        w.fet_qg_hist[f] = stage == 0 ? st(o_fet_qg_)[f] : st(o_fet_qg_)[f] + a * w.fet1[f].dqg_dt_A;
        w.fet_qd_hist[f] = stage == 0 ? st(o_fet_qd_)[f] : st(o_fet_qd_)[f] + a * w.fet1[f].dqd_dt_A;
    }
}

namespace {
/// Derivatives of the dynamic branches from the stage relation y = hist + dh K.
template <class T>
void derivatives(const std::vector<T>& y, const std::vector<T>& hist, double dh_s, std::vector<T>& k) {
    const double inv = 1.0 / dh_s;
    for (std::size_t i = 0; i < y.size(); ++i) k[i] = (y[i] - hist[i]) * inv;
}
template <class T>
void capacitor_voltages(const std::vector<T>& i, const std::vector<T>& hist, const T* c_F, double dh_s, std::vector<T>& v) {
    for (std::size_t k = 0; k < i.size(); ++k) {
        const auto real = c_F[k] > T(0.0);
        v[k] = hist[k] + base::select(real, dh_s * i[k] / base::select(real, c_F[k], T(1.0)), T(0.0));
    }
}
}  // namespace

template <class T>
base::Status Plant<T>::try_sdirk(double h_s) {
    Scratch& w = *s_;
    for (std::size_t c = 0; c < w.n_cells; ++c) {
        const std::size_t p = pack_of_cell_[c];
        const auto m = cell::mean_emf(*setup_.packs[p].model, cell_params_[c], cells_[c], coeffs(p, h_s), st(o_rl_i_)[c]);
        w.emf_V[c] = m.emf_V;
        w.demf_Ohm[c] = T(0.0);
    }
    reference_potentials();
    const double dh = k_sdirk_d * h_s;
    prepare_conductances(dh, false);
    factored_slope_ = false;
    clear_step();
    for (int stage = 0; stage < 2; ++stage) {
        sdirk_history(h_s, stage);
        if (!solve_stage(dh)) return failure(base::StatusCode::no_convergence, stage);
        capacitor_voltages(w.rc_i, w.rc_hist, in(o_rc_c_), dh, w.rc_v);
        derivatives(w.rl_i, w.rl_hist, dh, stage == 0 ? w.rl_k1 : w.rl_k2);
        derivatives(w.rc_v, w.rc_hist, dh, stage == 0 ? w.rc_k1 : w.rc_k2);
        accumulate(h_s * (stage == 0 ? 1.0 - k_sdirk_d : k_sdirk_d));
        if (stage == 0) w.fet1 = w.fet;
    }
    estimate_error(h_s, Method::sdirk2);
    return {};
}

template <class T>
base::Status Plant<T>::try_one_stage(double h_s) {
    Scratch& w = *s_;
    const bool slope = h_s > k_slope_from_s;
    for (std::size_t c = 0; c < w.n_cells; ++c) {
        const std::size_t p = pack_of_cell_[c];
        const T i0 = st(o_rl_i_)[c];
        const auto m = cell::mean_emf(*setup_.packs[p].model, cell_params_[c], cells_[c], coeffs(p, h_s), i0);
        w.demf_Ohm[c] = slope ? m.demf_di_Ohm : T(0.0);
        w.emf_V[c] = m.emf_V - w.demf_Ohm[c] * i0;
    }
    prepare_conductances(h_s, slope);
    factored_slope_ = false;
    if (slope) factored_dh_s_ = -1.0;  // the slopes move every step
    sdirk_history(h_s, 0);
    bool settled = false;
    for (int round = 0; round < k_emf_rounds_max && !settled; ++round) {
        reference_potentials();
        if (!solve_stage(h_s)) return failure(base::StatusCode::no_convergence, 0);
        Mask ok = T(1.0) > T(0.0);
        for (std::size_t c = 0; c < w.n_cells; ++c) {
            const std::size_t p = pack_of_cell_[c];
            const auto m = cell::mean_emf(*setup_.packs[p].model, cell_params_[c], cells_[c], coeffs(p, h_s), w.rl_i[c]);
            const T line = w.emf_V[c] + w.demf_Ohm[c] * w.rl_i[c];
            const Mask good = base::mask_or(base::abs2(m.emf_V - line) <= T(k_emf_tol_V), base::mask_not(base::is_finite(m.emf_V)));
            w.emf_V[c] = base::select(good, w.emf_V[c], m.emf_V - w.demf_Ohm[c] * w.rl_i[c]);
            ok = base::mask_and(ok, good);
        }
        settled = base::all(ok);
    }
    if (!settled) return failure(base::StatusCode::no_convergence, 1);
    clear_step();
    capacitor_voltages(w.rc_i, w.rc_hist, in(o_rc_c_), h_s, w.rc_v);
    derivatives(w.rl_i, w.rl_hist, h_s, w.rl_k2);
    derivatives(w.rc_v, w.rc_hist, h_s, w.rc_k2);
    for (std::size_t k = 0; k < w.rl_k1.size(); ++k) w.rl_k1[k] = st(o_rl_k_)[k];
    for (std::size_t k = 0; k < w.rc_k1.size(); ++k) w.rc_k1[k] = st(o_rc_k_)[k];
    w.fet1 = w.fet;
    accumulate(h_s);
    estimate_error(h_s, Method::one_stage);
    return {};
}

/// Error measure of lane 0 and the integrator's defect h^2/2 sum (L or C) K^T M K. SDIRK2: M = d^2 diag(-1, 1); one stage: M = 1.
template <class T>
void Plant<T>::estimate_error(double h_s, Method m) {
    using base::lane;
    Scratch& w = *s_;
    const bool sdirk = m == Method::sdirk2;
    const double share = sdirk ? k_sdirk_err * h_s : 0.5 * h_s;
    double worst = 0.0;
    double defect = 0.0;
    const double half_h2 = 0.5 * h_s * h_s;
    const auto judge = [&](double k1, double k2, double y, double scale, double store) {
        const double e = base::abs2(k2 - k1) * share / (scale + k_err_rel * base::abs2(y));
        worst = base::max2(e, worst);
        defect += half_h2 * store * (sdirk ? k_sdirk_d * k_sdirk_d * (k2 * k2 - k1 * k1) : k2 * k2);
    };
    for (std::size_t k = 0; k < w.rl_i.size(); ++k) {
        const double l = lane(in(o_rl_l_)[k], 0);
        if (l <= 0.0) continue;
        const double r_scale = lane(w.rl_g[k], 0) < 1e-6 ? 1e9 : 1.0;  // an open branch carries nothing to judge
        judge(lane(w.rl_k1[k], 0), lane(w.rl_k2[k], 0), lane(w.rl_i[k], 0), k_err_current_A * r_scale, l);
    }
    for (std::size_t k = 0; k < w.rc_i.size(); ++k) {
        const double c = lane(in(o_rc_c_)[k], 0);
        if (c <= 0.0) continue;
        judge(lane(w.rc_k1[k], 0), lane(w.rc_k2[k], 0), lane(w.rc_v[k], 0), w.is_pin_cap[k] != 0 ? k_err_pin_V : k_err_voltage_V, c);
    }
    for (std::size_t f = 0; f < w.fet.size(); ++f) {
        const double c_g = lane(fet_coeff_[f].cgs_F, 0);
        const double d = lane(w.fet[f].dqg_dt_A, 0) - lane(w.fet1[f].dqg_dt_A, 0);
        if (sdirk) worst = base::max2(base::abs2(d) * share / (c_g * k_err_gate_V), worst);
    }
    if (!sdirk) {  // constant currents over the step must be a fair description of the cells'
        for (std::size_t c = 0; c < w.n_cells; ++c) {
            const double i0 = lane(st(o_rl_i_)[c], 0);
            const double i1 = lane(w.rl_i[c], 0);
            worst = base::max2(base::abs2(i1 - i0) / (1.0 + 0.05 * base::abs2(i0)), worst);
        }
    }
    trial_error_ = worst;
    trial_defect_J_ = defect;
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
    trial_h_s_ = h_s;
    trial_method_ = m;
    s_->h_s = h_s;
    return m == Method::sdirk2 ? try_sdirk(h_s) : try_one_stage(h_s);
}

/// Node voltages just after an input change: a backward Euler stage of 1 ns that is not committed.
template <class T>
base::Status Plant<T>::resolve() {
    Scratch& w = *s_;
    for (std::size_t c = 0; c < w.n_cells; ++c) {
        w.emf_V[c] = cell::emf(*setup_.packs[pack_of_cell_[c]].model, cell_params_[c], cells_[c]);
        w.demf_Ohm[c] = T(0.0);
    }
    reference_potentials();
    prepare_conductances(k_resolve_s, false);
    sdirk_history(k_resolve_s, 0);
    if (!solve_stage(k_resolve_s)) return failure(base::StatusCode::no_convergence, 2);
    publish(false);
    return {};
}

#define TWIN_INSTANTIATE(T)                                                      \
    template base::Status Plant<T>::try_step(double, Method);                    \
    template double Plant<T>::predicted_defect_J(double) const;                  \
    template base::Status Plant<T>::resolve();                                   \
    template base::Status Plant<T>::failure(base::StatusCode, std::int32_t) const;
TWIN_INSTANTIATE(double)
TWIN_INSTANTIATE(base::Pack8)
#undef TWIN_INSTANTIATE

}  // namespace twin::power
