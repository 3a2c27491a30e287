// SPDX-License-Identifier: Apache-2.0
// One implicit stage of the plant: linear branches as Norton companions, elimination, Newton on the trailing ports, and
// the pin clamps of the linear part by re-linearisation. A lane that has settled keeps its linearisation, so that
// whatever the other lanes still need leaves its solution untouched to the bit; a lane that is not finite counts as
// settled.
#include "power/plant_scratch.hpp"

namespace twin::power {

namespace {
constexpr int k_newton_max = 60;
constexpr int k_newton_damped = 25;
constexpr int k_clamp_rounds_max = 40;
constexpr double k_tol_abs_A = 1e-10;
constexpr double k_tol_rel = 1e-9;
// A board's own draw of 1.25 W follows its voltage within this share; the network's current is what the ledger books.
constexpr double k_tol_draw_rel = 1e-6;

template <class T>
base::MaskOf<T> settled(const T& i_A, const T& lin_A, double rel = k_tol_rel) {
    return base::abs2(i_A - lin_A) <= T(k_tol_abs_A) + rel * base::abs2(i_A);
}
template <class T>
base::MaskOf<T> differ(const T& a, const T& b) {
    return base::mask_or(a<b, a> b);
}

/// Currents between which a cycler regulates its voltage. A constant power's own slope is negative: it enters as a
/// source.
template <class T>
struct CyclerRange {
    T lo_A, hi_A;
};
template <class T>
CyclerRange<T> cycler_range(const T* x, const T& v_V) {
    using base::max2;
    using base::min2;
    const T none = T(0.0);
    const T i_A = x[5] / max2(v_V, x[6]);
    const T lo = base::select(x[5] > none, none, max2(base::select(x[5] < none, i_A, -x[3]), -x[3]));
    const T hi = base::select(x[5] < none, none, min2(base::select(x[5] > none, i_A, x[4]), x[4]));
    return {lo, hi};
}
}  // namespace

/// Running sums of the EMFs from the plus end of each pack, and what stands across branches between different taps.
template <class T>
void Plant<T>::reference_potentials() {
    Scratch& w = *s_;
    T* const slot = w.e_slot.data();
    for (std::size_t p = 0; p < setup_.packs.size(); ++p) {
        const std::size_t n = at(setup_.packs[p].n_cells), c0 = w.cell0[p];
        T* const tap = slot + 1 + w.pin0[p];
        T e = T(0.0);
        tap[n] = e;
        for (std::size_t k = n; k-- > 0;) {
            e = e - w.emf_V[c0 + k];
            tap[k] = e;
        }
    }
    for (const RefDiff& d : w.rl_ref) w.rl_de[d.k] = slot[d.a] - slot[d.b];
    each_pair<T>(0, w.rc_de.size(), [&]<class V>(const V&, std::size_t k) {
        put(&w.rc_de[k], across<V>(slot, &w.rc_ra[k], &w.rc_rb[k]));
    });
    for (const RefDiff& d : w.res_ref) w.res_de[d.k] = slot[d.a] - slot[d.b];
    if (!w.leaks.empty())
        for (const RefDiff& d : w.leak_ref) w.res_de[d.k] = slot[d.a] - slot[d.b];
    for (const RefDiff& d : w.clamp_ref) w.clamp_de[d.k] = slot[d.a] - slot[d.b];
    for (const RefDiff& d : w.source_ref) w.src_de[d.k] = slot[d.a] - slot[d.b];
    for (const RefDiff& d : w.port_ref) w.port_de[d.k] = slot[d.a] - slot[d.b];
}

/// Conductances of the linear branches for one stage factor dh; `slope` adds the cells' implicit resistance.
template <class T>
void Plant<T>::prepare_conductances(double dh_s, bool slope) {
    Scratch& w = *s_;
    const T* const r = in(o_rl_r_);
    const T* const l = in(o_rl_l_);
    const double inv_dh = 1.0 / dh_s;
    for (std::size_t k = 0; k < w.rl_g.size(); ++k) {
        T r_total = r[k];
        if (k < w.n_cells) {
            r_total = r_total + st(o_cell_r_)[k];
            if (slope) r_total = r_total - w.demf_Ohm[k];
        }
        const T l_dh = l[k] * inv_dh;
        w.rl_g[k] = T(1.0) / (r_total + l_dh);
        w.rl_w[k] = l_dh * w.rl_g[k];
    }
    const T* const rc_r = in(o_rc_r_);
    const T* const rc_c = in(o_rc_c_);
    for (std::size_t k = 0; k < w.rc_g.size(); ++k) {  // C = 0 gives g = 0
        w.rc_g[k] = rc_c[k] / (rc_r[k] * rc_c[k] + T(dh_s));
        const Mask real = rc_c[k] > T(0.0);
        w.rc_per_c[k] = base::select(real, T(1.0) / base::select(real, rc_c[k], T(1.0)), T(0.0));
    }
    for (const std::size_t k : w.stiff_rc) w.rc_g[k] = T(k_stiff_S);
    for (std::size_t k = 0; k < w.res_g.size(); ++k) w.res_g[k] = in(o_res_g_)[k];
    for (std::size_t k = 0; k < w.clamps.size(); ++k) w.res_g[w.clamps[k].res] = w.clamp_g[k];
    for (auto& g : w.side_g) g = T(0.0);
    for (const Beside& leaks : w.pin_leaks) {
        for (std::size_t k = leaks.first; k < leaks.end; ++k) w.side_g[leaks.rc + (k - leaks.first)] = w.res_g[k];
    }
    for (const Beside& clamps : w.pin_clamps) {
        for (std::size_t k = clamps.first; k < clamps.end; ++k) {
            const std::size_t beside = clamps.rc + (k - clamps.first);
            w.side_g[beside] = w.side_g[beside] + w.clamp_g[k];
            w.side_s[beside] = w.clamp_s[k];
        }
    }
}

/// Takes the factors of this step length and matrix out of the kept ones, or makes room for new ones.
template <class T>
bool Plant<T>::recall_factors(double dh_s) {
    Scratch& w = *s_;
    std::size_t k = 0;
    while (k < w.kept.size() && !(w.kept[k].dh_s == dh_s && w.kept[k].version == matrix_version_)) ++k;
    const bool found = k < w.kept.size();
    if (!found) {
        k = w.kept_next;
        w.kept_next = (k + 1) % w.kept.size();
    }
    w.exchange(w.kept[k], ws_);
    w.kept[k].dh_s = factored_dh_s_;
    w.kept[k].version = factored_key_ == 0 ? factored_version_ : 0;
    return found;
}

template <class T>
void Plant<T>::factor(double dh_s, bool slope) {
    const std::uint64_t key = slope ? trials_ : 0;  // slopes hold for one trial
    if (factored_dh_s_ == dh_s && factored_version_ == matrix_version_ && factored_key_ == key) return;
    const Topology& t = *topo_;
    Scratch& w = *s_;
    const bool found = !slope && recall_factors(dh_s);
    factored_dh_s_ = dh_s;
    factored_version_ = matrix_version_;
    factored_key_ = key;
    w.dense_valid = false;
    if (found) return;
    prepare_conductances(dh_s, slope);
    for (auto& v : ws_.values) v = T(0.0);
    for (std::size_t k = 0; k < w.rl_g.size(); ++k)
        net::add_conductance(ws_.values, t.program.stamp[t.stamp_rl(k)], w.rl_g[k]);
    for (std::size_t k = 0; k < w.rc_g.size(); ++k)
        net::add_conductance(ws_.values, t.program.stamp[t.stamp_rc(k)], w.rc_g[k]);
    for (std::size_t k = 0; k < w.res_g.size(); ++k)
        net::add_conductance(ws_.values, t.program.stamp[t.stamp_res(k)], w.res_g[k]);
    net::factor_leading(t.program, ws_);
    ++factors_;
}

/// Right-hand side of the linear part: branch sources beside their conductances.
template <class T>
void Plant<T>::linear_sources() {
    Scratch& w = *s_;
    T* const rhs = ws_.rhs.data();
    for (std::size_t k = 0; k < ws_.rhs.size(); ++k) rhs[k] = T(0.0);
    const auto flow = [rhs](const Ends& e, std::size_t k, const T& i_A) {
        rhs[e.a[k]] = rhs[e.a[k]] - i_A;
        rhs[e.b[k]] = rhs[e.b[k]] + i_A;
    };
    const std::size_t n_rl = w.rl_g.size(), n_rc = w.rc_g.size();
    const T *const rl_from = stage_i_A(), *const rc_from = stage_v_V();
    each_pair<T>(0, n_rl, [&]<class V>(const V&, std::size_t k) {
        put(&w.rl_s[k], fetch<V>(&w.rl_w[k]) * fetch<V>(rl_from + k) + fetch<V>(&w.rl_g[k]) * fetch<V>(&w.rl_de[k]));
    });
    each_pair<T>(0, n_rc, [&]<class V>(const V&, std::size_t k) {
        const V de = fetch<V>(&w.rc_de[k]), s = fetch<V>(&w.rc_g[k]) * (de - fetch<V>(rc_from + k));
        put(&w.rc_s[k], s);
        put(&w.rc_in[k], s + (fetch<V>(&w.side_g[k]) * de + fetch<V>(&w.side_s[k])));
    });
    for (std::size_t k = 0; k < n_rl; ++k) flow(w.rl, k, w.rl_s[k]);
    for (std::size_t k = 0; k < n_rc; ++k) flow(w.rc, k, w.rc_in[k]);
    for (const std::size_t k : w.res_rhs) flow(w.res, k, w.res_g[k] * w.res_de[k]);
    for (const std::size_t k : w.leaks) flow(w.res, k, w.res_g[k] * w.res_de[k]);
    for (std::size_t k = w.n_pin_clamps; k < w.clamps.size(); ++k)
        flow(w.clamp, k, w.clamp_g[k] * w.clamp_de[k] + w.clamp_s[k]);
    for (const std::size_t k : w.sources) flow(w.src, k, w.src_i[k]);
}

template <class T>
void Plant<T>::eval_port(std::size_t k, double dh_s, const T& v_V, T& i_A, T& g_S) {
    using base::max2;
    using base::min2;
    using base::select;
    Scratch& w = *s_;
    const Port& p = topo_->port[k];
    const auto n = at(p.index);
    const auto take = [&](const BranchIG<T>& r) {
        i_A = r.i_A;
        g_S = r.g_S;
    };
    switch (p.kind) {
        case PortKind::fet:
            w.fet[n] = mosfet_eval(fet_coeff_[n], w.fet_qg_hist[n], w.fet_qd_hist[n], T(dh_s), in(o_gate_)[n], v_V);
            take({w.fet[n].i_d_A, w.fet[n].g_S});
            return;
        case PortKind::diode:
            take(diode_eval(diode_coeff_[n], v_V));
            return;
        case PortKind::clamp: {
            const ClampParams<T>& c = clamp_params_[n];
            const T ohmic = c.leak_S + c.short_S;
            if (base::all(v_V < c.v_on_V - c.knee_V)) {  // what clamp_eval gives there
                take({ohmic * v_V, ohmic});
            } else {
                take(clamp_eval(c, v_V));
            }
            return;
        }
        case PortKind::current_load: {
            const T* const x = in(o_load_) + k_load_stride * n;
            const T share = min2(max2(v_V / x[2], T(0.0)), T(1.0));
            i_A = x[0] * x[1] * share;
            g_S = select(base::mask_and(v_V > T(0.0), v_V < x[2]), x[0] * x[1] / x[2], T(0.0));
            return;
        }
        case PortKind::charger: {
            const T* const x = in(o_charger_) + k_charger_stride * n;
            const T want = (x[2] - v_V) / x[3];
            i_A = -(x[0] * min2(max2(want, T(0.0)), x[1]));
            g_S = select(base::mask_and(want > T(0.0), want < x[1]), x[0] / x[3], T(0.0));
            return;
        }
        case PortKind::cycler: {
            const CyclerRange<T> c = cycler_range(in(o_cycler_) + k_cycler_stride * n, v_V);
            const T* const x = in(o_cycler_) + k_cycler_stride * n;
            const T want = (v_V - x[1]) / x[2];
            i_A = x[0] * min2(max2(want, c.lo_A), c.hi_A);
            g_S = select(base::mask_and(want > c.lo_A, want < c.hi_A), x[0] / x[2], T(0.0));
            return;
        }
        case PortKind::power_draw: {
            const T* const x = in(o_draw_) + k_draw_stride * n;
            const auto low = v_V < x[1];
            const T g = x[0] / (x[1] * x[1]);
            i_A = select(low, g * v_V, x[0] / max2(v_V, x[1]));
            g_S = select(low, g, T(0.0));  // a constant power's own slope is negative: it enters as a source
            return;
        }
    }
}

/// Where a piecewise-linear port is linearised next: a step that would jump over its middle line stops in the middle.
/// Otherwise a load behind an inductance alternates for ever between its two flat lines.
template <class T>
T Plant<T>::linearise_at(std::size_t k, const T& old_V, const T& new_V) const {
    const Port& p = topo_->port[k];
    const auto n = at(p.index);
    if (p.kind != PortKind::current_load && p.kind != PortKind::charger && p.kind != PortKind::cycler) return new_V;
    T lo = T(0.0), hi = T(0.0);
    if (p.kind == PortKind::current_load) {
        hi = (in(o_load_) + k_load_stride * n)[2];
    } else if (p.kind == PortKind::cycler) {
        const T* const x = in(o_cycler_) + k_cycler_stride * n;
        const CyclerRange<T> c = cycler_range(x, old_V);
        hi = x[1] + c.hi_A * x[2];
        lo = x[1] + c.lo_A * x[2];
    } else {
        const T* const x = in(o_charger_) + k_charger_stride * n;
        hi = x[2];
        lo = x[2] - x[1] * x[3];
    }
    const Mask down = base::mask_and(old_V >= hi, new_V <= lo);
    const Mask up = base::mask_and(old_V <= lo, new_V >= hi);
    return base::select(base::mask_or(down, up), 0.5 * (lo + hi), new_V);
}

/// The trailing block with the ports' present slopes; kept while those and the leading part stay.
template <class T>
void Plant<T>::factor_ports() {
    Scratch& w = *s_;
    if (w.dense_valid) return;
    const auto m = at(topo_->program.n_trail);
    net::load_trailing(topo_->program, ws_);
    for (std::size_t k = 0; k < w.port_g.size(); ++k) net::add_port(ws_, m, w.port_ia[k], w.port_ib[k], w.port_g[k]);
    w.positive.m = net::factor_trailing(topo_->program, ws_);
    w.dense_valid = true;
}

template <class T>
void Plant<T>::solve_ports() {
    Scratch& w = *s_;
    const auto m = at(topo_->program.n_trail);
    const T* const rhs = ws_.rhs.data() + topo_->program.n_lead;
    for (std::size_t k = 0; k < m; ++k) ws_.dense_b[k] = rhs[k];
    const auto b = [this](std::int32_t at) -> T& {
        return ws_.dense_b[static_cast<std::size_t>(at - topo_->program.n_lead)];
    };
    for (std::size_t k = 0; k < w.port_s.size(); ++k) {
        b(w.port.a[k]) = b(w.port.a[k]) - w.port_s[k];
        b(w.port.b[k]) = b(w.port.b[k]) + w.port_s[k];
    }
    net::solve_trailing(topo_->program, ws_);
    ++solves_;
}

/// Newton on the trailing block. port_s holds i - g dx, so that the no-load potential difference never cancels.
template <class T>
bool Plant<T>::newton(double dh_s) {
    Scratch& w = *s_;
    const T* const x = ws_.x.data();
    for (int it = 0; it < k_newton_max; ++it) {
        factor_ports();
        solve_ports();
        Mask done = T(1.0) > T(0.0);
        for (std::size_t k = 0; k < w.port_i.size(); ++k) {
            const T dx = x[w.port.a[k]] - x[w.port.b[k]];
            const T v = dx + w.port_de[k];
            T i, g;
            eval_port(k, dh_s, v, i, g);
            const bool draw = w.is_board_draw[k] != 0;
            const T lin = w.port_g[k] * dx + w.port_s[k];
            w.port_i[k] = draw ? lin : i;
            w.port_v[k] = v;
            const Mask ok = base::mask_and(settled(i, lin, draw ? k_tol_draw_rel : k_tol_rel), w.positive.m);
            const Mask hold = base::mask_or(ok, base::mask_not(base::is_finite(v)));
            done = base::mask_and(done, hold);
            if (base::all(hold)) continue;
            const T v_lin = linearise_at(k, w.port_at[k], v);
            T i_lin = i, g_lin = g;
            const Mask moved = differ(v_lin, v);
            if (base::any(moved)) {
                eval_port(k, dh_s, v_lin, i_lin, g_lin);
                i_lin = base::select(moved, i_lin, i);
                g_lin = base::select(moved, g_lin, g);
            }
            w.port_at[k] = base::select(hold, w.port_at[k], v_lin);
            const T g_new = it < k_newton_damped ? g_lin : w.port_g[k] + 0.5 * (g_lin - w.port_g[k]);
            if (base::any(base::mask_and(base::mask_not(hold), differ(g_new, w.port_g[k])))) w.dense_valid = false;
            w.port_g[k] = base::select(hold, w.port_g[k], g_new);
            w.port_s[k] = base::select(hold, w.port_s[k], i_lin - g_new * (dx + (v_lin - v)));
        }
        if (base::all(done)) return true;
    }
    return false;
}

/// Re-linearises pin clamps whose current left their line; true if one moved.
template <class T>
bool Plant<T>::update_clamps() {
    Scratch& w = *s_;
    bool changed = false;
    const auto one = [&](std::size_t k, const T& v) {
        const ClampRef& c = w.clamps[k];
        const BranchIG<T> r = pin_clamp_eval(c.fet ? fet_clamp_[c.pack] : pin_clamp_[c.pack], v);
        const Mask ok =
            base::mask_or(settled(r.i_A, w.clamp_g[k] * v + w.clamp_s[k]), base::mask_not(base::is_finite(v)));
        w.clamp_g[k] = base::select(ok, w.clamp_g[k], r.g_S);
        w.clamp_s[k] = base::select(ok, w.clamp_s[k], r.i_A - r.g_S * v);
        changed = changed || !base::all(ok);
    };
    const auto check = [&]<class V>(const V& v, std::size_t k) {
        const auto idle = base::mask_and(base::mask_and(v > fetch<V>(&w.clamp_lo[k]), v < fetch<V>(&w.clamp_hi[k])),
                                         fetch<V>(&w.clamp_g[k]) <= fetch<V>(&w.clamp_leak[k]));
        if (base::all(idle)) return;  // on its leak line and staying there
        if constexpr (std::is_same_v<V, T>) {
            one(k, v);
        } else {
            if ((base::halves(idle) & 1) == 0) one(k, v[0]);
            if ((base::halves(idle) & 2) == 0) one(k + 1, v[1]);
        }
    };
    for (const Beside& r : w.pin_clamps) {
        const T* const u = w.rc_u.data() + r.rc;
        each_pair<T>(r.first, r.end, [&]<class V>(const V&, std::size_t k) { check(fetch<V>(u + (k - r.first)), k); });
    }
    const T* const x = ws_.x.data();
    for (std::size_t k = w.n_pin_clamps; k < w.clamps.size(); ++k)
        check((x[w.clamp.a[k]] - x[w.clamp.b[k]]) + w.clamp_de[k], k);
    if (changed) {
        w.clamps_moved = true;
        ++matrix_version_;
    }
    return changed;
}

/// The converters' held currents as sources of the network.
template <class T>
void Plant<T>::place_balancers() {
    Scratch& w = *s_;
    for (std::size_t p = 0; p < bal_.size(); ++p) {
        if (bal_[p].from == 0) continue;
        const std::size_t s0 = at(topo_->source0[p]);
        const T* const held = st(o_bal_to_) + 2 * p;
        w.src_i[s0 + at(bal_[p].from) - 1] = held[0];
        w.src_i[s0 + at(bal_[p].to) - 1] = -held[1];
    }
}

template <class T>
void Plant<T>::branch_currents() {
    Scratch& w = *s_;
    const T* const x = ws_.x.data();
    each_pair<T>(0, w.rl_i.size(), [&]<class V>(const V&, std::size_t k) {
        put(&w.rl_i[k], fetch<V>(&w.rl_g[k]) * across<V>(x, &w.rl.a[k], &w.rl.b[k]) + fetch<V>(&w.rl_s[k]));
    });
    each_pair<T>(0, w.rc_i.size(), [&]<class V>(const V&, std::size_t k) {
        const V dx = across<V>(x, &w.rc.a[k], &w.rc.b[k]);
        put(&w.rc_i[k], fetch<V>(&w.rc_g[k]) * dx + fetch<V>(&w.rc_s[k]));
        put(&w.rc_u[k], dx + fetch<V>(&w.rc_de[k]));
    });
}

template <class T>
bool Plant<T>::solve_stage(double dh_s, bool slope) {
    const Scratch& w = *s_;
    for (int round = 0; round < k_clamp_rounds_max; ++round) {
        factor(dh_s, slope);
        linear_sources();
        net::forward_leading(topo_->program, ws_, w.first_fed);
        if (!newton(dh_s)) return false;
        net::backward_leading(topo_->program, ws_);
        branch_currents();
        if (!update_clamps()) return true;
    }
    return false;
}

#define TWIN_INSTANTIATE(T)                                     \
    template void Plant<T>::reference_potentials();             \
    template void Plant<T>::prepare_conductances(double, bool); \
    template bool Plant<T>::solve_stage(double, bool);          \
    template void Plant<T>::place_balancers();
TWIN_INSTANTIATE(double)
TWIN_INSTANTIATE(base::Pack8)
#undef TWIN_INSTANTIATE

}  // namespace twin::power
