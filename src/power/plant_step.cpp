// SPDX-License-Identifier: Apache-2.0
// Trial steps of the plant: SDIRK2 for transients and control, one stage with constant branch currents when quiet. A
// trial is a function of the committed state: it may be repeated with another step and leaves nothing behind but work
// arrays.
#include "power/plant_scratch.hpp"

namespace twin::power {

namespace {
constexpr double k_slope_from_s = 0.2;  // longer one-stage steps take the cells' slope implicitly
constexpr int k_emf_rounds_max = 30;
constexpr double k_err_current_A = 0.01;  // error scale of inductor currents, absolute part
constexpr double k_err_gate_V = 10e-3;    // of the gates
constexpr double k_err_rel = 5e-4;
constexpr double k_err_none = 1e-6;      // errors below that count as this
constexpr double k_err_open_S = 1e-6;    // what carries less is an open branch
constexpr double k_sdirk_err = 0.10;     // share of h |K2 - K1| that is compared with the scales
constexpr double k_defect_abs_J = 5e-7;  // allowed defect of a step: this and a share of the energy turned over
constexpr double k_defect_rel = 1e-6;
constexpr double k_resolve_s = 1e-9;

/// The largest ratio so far, of lane 0; a division only where it counts.
struct Worst {
    double value = k_err_none;
    [[gnu::always_inline]] void one(double by, double of) {
        if (by > value * of) value = by / of;
    }
    /// What has `live` of 0 or less (an open branch, one that stores nothing) is not judged.
    template <class V>
    [[gnu::always_inline]] void take(const V& by, const V& of, const V& live) {
        if constexpr (std::is_same_v<V, base::Pair>) {
            if (!base::any(by > value * of)) return;
            for (std::size_t i = 0; i < 2; ++i)
                if (live[i] > 0.0) one(by[i], of[i]);
        } else {
            if (base::lane(live, 0) > 0.0) one(base::lane(by, 0), base::lane(of, 0));
        }
    }
};
/// One number of an array, the same in all lanes, or two neighbours.
template <class V>
V everywhere(const double* p) {
    if constexpr (std::is_same_v<V, base::Pair>) {
        return base::load_pair(p);
    } else {
        return V(*p);
    }
}
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
    if (w.sources_changed) list_sources();
    place_balancers();
}

/// Charges and energies of one stage with weight hb (s): the step's first, or added to what is there.
template <class T>
template <bool First>
void Plant<T>::accumulate(double hb_s) {
    Scratch& w = *s_;
    const T* const x = ws_.x.data();
    const auto take = []<class V>(const V& old, const V& more) {
        if constexpr (First) {
            return more;
        } else {
            return old + more;
        }
    };
    const auto add = [&take](T& to, const T& more) { to = take(to, more); };
    each_pair<T>(0, w.rl_i.size(), [&]<class V>(const V&, std::size_t k) {
        const V i = fetch<V>(&w.rl_i[k]);
        const V q = hb_s * i;
        put(&w.rl_dq[k], take(fetch<V>(&w.rl_dq[k]), q));
        put(&w.rl_i2[k], take(fetch<V>(&w.rl_i2[k]), q * i));
    });
    for (const std::size_t k : w.lossy_rc) add(w.rc_i2[k], hb_s * (w.rc_i[k] * w.rc_i[k]));
    const auto heat = [&w, x](std::size_t k) {
        const T v = (x[w.res.a[k]] - x[w.res.b[k]]) + w.res_de[k];
        return w.res_g[k] * (v * v);
    };
    Parity<T> input;
    T element = T(0.0);
    for (const Run& r : w.input_res) {
        each_pair<T>(r.first, r.end, [&]<class V>(const V&, std::size_t k) {
            const V v = across<V>(x, &w.res.a[k], &w.res.b[k]) + fetch<V>(&w.res_de[k]);
            input.add(fetch<V>(&w.res_g[k]) * (v * v), k - r.first);
        });
    }
    each_pair<T>(0, w.rc_u.size(), [&]<class V>(const V&, std::size_t k) {
        const V u = fetch<V>(&w.rc_u[k]);
        input.add((fetch<V>(&w.side_g[k]) * u + fetch<V>(&w.side_s[k])) * u, k);
    });
    for (std::size_t k = w.n_pin_clamps; k < w.clamps.size(); ++k) {
        const T v = (x[w.clamp.a[k]] - x[w.clamp.b[k]]) + w.clamp_de[k];
        input.add((w.clamp_g[k] * v + w.clamp_s[k]) * v, k);
    }
    for (const std::size_t k : w.element_res) element = element + heat(k);
    for (const std::size_t k : w.leaks) element = element + heat(k);
    add(w.input_e, hb_s * input.value());
    add(w.element_e, hb_s * element);
    for (std::size_t k = 0; k < w.port_i.size(); ++k) add(w.port_e[k], hb_s * (w.port_v[k] * w.port_i[k]));
    for (const std::size_t k : w.sources) add(w.src_e[k], hb_s * (source_V(k) * w.src_i[k]));
    for (std::size_t p = 0; p < w.pm_mean.size(); ++p) {
        if (!setup_.packs[p].board_fitted) continue;
        const std::size_t sense = at(topo_->pack[p].p_sense), pre = at(topo_->pack[p].precharge);
        add(w.pm_mean[p], hb_s * ((x[w.res.a[sense]] - x[w.res.b[sense]]) + w.res_de[sense]));
        add(w.pre_e[p], hb_s * heat(pre));
    }
    for (std::size_t f = 0; f < w.fet.size(); ++f) {
        const MosfetEval<T>& e = w.fet[f];
        typename Scratch::FetEnergy& a = w.fet_e[f];
        add(a.channel, hb_s * e.p_channel_W);
        add(a.diode, hb_s * e.p_diode_W);
        add(a.avalanche, hb_s * e.p_avalanche_W);
        add(a.gate_r, hb_s * e.p_gate_R_W);
        add(a.driver, hb_s * e.p_driver_W);
        a.i_av_peak = base::max2(First ? T(0.0) : a.i_av_peak, e.i_avalanche_A);
    }
}

/// Where the stage's inductor currents and capacitor voltages start.
template <class T>
const T* Plant<T>::stage_i_A() const {
    return s_->from_state ? st(o_rl_i_) : s_->rl_hist.data();
}
template <class T>
const T* Plant<T>::stage_v_V() const {
    return s_->from_state ? st(o_rc_v_) : s_->rc_hist.data();
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
    w.from_state = stage == 0;
    if (stage == 0) {
        for (std::size_t f = 0; f < w.fet.size(); ++f) {
            w.fet_qg_hist[f] = qg[f];
            w.fet_qd_hist[f] = qd[f];
        }
        return;
    }
    each_pair<T>(0, w.rl_i.size(), [&]<class V>(const V&, std::size_t k) {
        put(&w.rl_hist[k], fetch<V>(i + k) + a * fetch<V>(&w.rl_k1[k]));
    });
    each_pair<T>(0, w.rc_i.size(), [&]<class V>(const V&, std::size_t k) {
        put(&w.rc_hist[k], fetch<V>(v + k) + a * fetch<V>(&w.rc_k1[k]));
    });
    for (std::size_t f = 0; f < w.fet.size(); ++f) {
        w.fet_qg_hist[f] = qg[f] + a * w.fet_gk1[f];
        w.fet_qd_hist[f] = qd[f] + a * w.fet_dk1[f];
    }
}

/// Derivatives of the dynamic branches in the first stage, from its relation y = hist + dh K.
template <class T>
void Plant<T>::first_slopes(double dh_s) {
    Scratch& w = *s_;
    const double inv = 1.0 / dh_s;
    const T* const rl_from = stage_i_A();
    each_pair<T>(0, w.rl_i.size(), [&]<class V>(const V&, std::size_t k) {
        put(&w.rl_k1[k], (fetch<V>(&w.rl_i[k]) - fetch<V>(rl_from + k)) * inv);
    });
    each_pair<T>(0, w.rc_i.size(), [&]<class V>(const V&, std::size_t k) {
        put(&w.rc_k1[k], fetch<V>(&w.rc_i[k]) * fetch<V>(&w.rc_per_c[k]));
    });
}

template <class T>
base::Status Plant<T>::try_sdirk(double h_s) {
    Scratch& w = *s_;
    mean_emfs(h_s, false);
    reference_potentials();
    const double dh = k_sdirk_d * h_s;
    for (int stage = 0; stage < 2; ++stage) {
        sdirk_history(h_s, stage);
        if (!solve_stage(dh, false)) return failure(base::StatusCode::no_convergence, stage);
        if (stage != 0) break;
        first_slopes(dh);
        accumulate<true>(h_s * (1.0 - k_sdirk_d));
        for (std::size_t f = 0; f < w.fet.size(); ++f) {
            w.fet_gk1[f] = w.fet[f].dqg_dt_A;
            w.fet_dk1[f] = w.fet[f].dqd_dt_A;
        }
    }
    accumulate<false>(h_s * k_sdirk_d);
    return finish_trial<true>(h_s, dh);
}

template <class T>
base::Status Plant<T>::try_one_stage(double h_s) {
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
    accumulate<true>(h_s);
    return finish_trial<false>(h_s, h_s);
}

/// After the last stage: derivatives K from y = hist + dh K, capacitor voltages, the error measure of lane 0 and the
/// integrator's defect h^2/2 sum (L or C) K^T M K. SDIRK2: M = d^2 diag(-1, 1); one stage: M = 1, and the derivatives
/// are compared with those of the step before. A step in which no lane is finite is a failure.
template <class T>
template <bool Sdirk>
base::Status Plant<T>::finish_trial(double h_s, double dh_s) {
    using base::lane;
    Scratch& w = *s_;
    const double share = Sdirk ? k_sdirk_err * h_s : 0.5 * h_s, inv = 1.0 / dh_s;
    const T* const l = in(o_rl_l_);
    const T* const c = in(o_rc_c_);
    const T* const rl_k1 = Sdirk ? w.rl_k1.data() : st(o_rl_k_);
    const T* const rc_k1 = Sdirk ? w.rc_k1.data() : st(o_rc_k_);
    const T *const rl_from = stage_i_A(), *const rc_from = stage_v_V();
    Worst worst;
    Parity<T> defect, all;
    const auto judge = [&worst, share]<class V>(const V& k1, const V& k2, const V& y, const V& scale, const V& live) {
        worst.take(V(base::abs2(k2 - k1) * share), V(scale + k_err_rel * base::abs2(y)), live);
    };
    each_pair<T>(0, w.rl_i.size(), [&]<class V>(const V&, std::size_t k) {
        const V i = fetch<V>(&w.rl_i[k]), lk = fetch<V>(l + k);
        const V k1 = fetch<V>(rl_k1 + k), k2 = (i - fetch<V>(rl_from + k)) * inv;
        put(&w.rl_k2[k], k2);
        all.add(i, k);
        defect.add(lk * (Sdirk ? k2 * k2 - k1 * k1 : k2 * k2), k);
        judge(k1, k2, i, V(k_err_current_A), V(lk * (fetch<V>(&w.rl_g[k]) - k_err_open_S)));
    });
    each_pair<T>(0, w.rc_i.size(), [&]<class V>(const V&, std::size_t k) {
        const V k1 = fetch<V>(rc_k1 + k), k2 = fetch<V>(&w.rc_i[k]) * fetch<V>(&w.rc_per_c[k]), ck = fetch<V>(c + k);
        const V v = fetch<V>(rc_from + k) + dh_s * k2;
        put(&w.rc_k2[k], k2);
        put(&w.rc_v[k], v);
        all.add(v, k);
        defect.add(ck * (Sdirk ? k2 * k2 - k1 * k1 : k2 * k2), k);
        judge(k1, k2, v, everywhere<V>(&w.rc_scale_V[k]), ck);
    });
    if constexpr (Sdirk) {
        for (std::size_t f = 0; f < w.fet.size(); ++f) {
            const double d = lane(w.fet[f].dqg_dt_A, 0) - lane(w.fet_gk1[f], 0);
            worst.one(base::abs2(d) * share, lane(fet_coeff_[f].cgs_F, 0) * k_err_gate_V);
        }
    }
    Parity<double> turned_J;
    const T* const i_old = st(o_rl_i_);
    each_pair<T>(0, w.n_cells, [&]<class V>(const V&, std::size_t k) {
        const V turned = base::abs2(fetch<V>(&w.emf_V[k]) * fetch<V>(&w.rl_dq[k]));
        if constexpr (std::is_same_v<V, base::Pair>) {
            turned_J.add(turned, k);
        } else {
            turned_J.add(lane(turned, 0), k);
        }
        // constant currents over the step must be a fair description of the cells'
        if constexpr (!Sdirk) {
            const V i0 = fetch<V>(i_old + k);
            worst.take(V(base::abs2(fetch<V>(&w.rl_i[k]) - i0)), V(1.0 + 0.05 * base::abs2(i0)), V(1.0));
        }
    });
    w.trial_rate_J = lane(defect.value(), 0);
    w.defect_J = (0.5 * h_s * h_s * (Sdirk ? k_sdirk_d * k_sdirk_d : 1.0)) * defect.value();
    trial_defect_J_ = lane(w.defect_J, 0);
    worst.one(base::abs2(trial_defect_J_), k_defect_abs_J + k_defect_rel * turned_J.value());
    trial_error_ = worst.value;
    return base::any(base::is_finite(all.value())) ? base::Status{} : failure(base::StatusCode::not_finite, 0);
}

/// A step in which no lane is finite is a failure; a lane that is not goes on as it is.
template <class T>
base::Status Plant<T>::check_finite() const {
    Parity<T> sum;
    const auto add = [&sum](const std::vector<T>& x) {
        each_pair<T>(0, x.size(), [&]<class V>(const V&, std::size_t k) { sum.add(fetch<V>(&x[k]), k); });
    };
    add(s_->rl_i);
    add(s_->rc_v);
    if (base::any(base::is_finite(sum.value()))) return {};
    return failure(base::StatusCode::not_finite, 0);
}

template <class T>
double Plant<T>::predicted_defect_J(double h_s) const {
    if (s_->rate_edits == input_edits_) return 0.5 * h_s * h_s * s_->rate_J;
    Parity<double> sum;
    const auto add = [&sum](const T* store, const T* rate, std::size_t n) {
        each_pair<T>(0, n, [&]<class V>(const V&, std::size_t k) {
            const V x = fetch<V>(rate + k);
            const V e = fetch<V>(store + k) * (x * x);
            if constexpr (std::is_same_v<V, base::Pair>) {
                sum.add(e, k);
            } else {
                sum.add(base::lane(e, 0), k);
            }
        });
    };
    add(in(o_rl_l_), st(o_rl_k_), s_->rl_i.size());
    add(in(o_rc_c_), st(o_rc_k_), s_->rc_i.size());
    s_->rate_J = sum.value();
    s_->rate_edits = input_edits_;
    return 0.5 * h_s * h_s * s_->rate_J;
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
    template const T* Plant<T>::stage_i_A() const;              \
    template const T* Plant<T>::stage_v_V() const;              \
    template base::Status Plant<T>::check_finite() const;       \
    template T Plant<T>::source_V(std::size_t) const;
TWIN_INSTANTIATE(double)
TWIN_INSTANTIATE(base::Pack8)
#undef TWIN_INSTANTIATE

}  // namespace twin::power
