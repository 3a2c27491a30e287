// SPDX-License-Identifier: Apache-2.0
// One implicit stage of the plant: linear branches as Norton companions, elimination, Newton on the trailing ports, and the
// pin clamps of the linear part by re-linearisation.
#include "power/plant_scratch.hpp"

namespace twin::power {

namespace {
constexpr int k_newton_max = 60;
constexpr int k_clamp_rounds_max = 40;
constexpr double k_tol_abs_A = 1e-10;
constexpr double k_tol_rel = 1e-9;

template <class T>
base::MaskOf<T> settled(const T& i_A, const T& lin_A) {
    return base::abs2(i_A - lin_A) <= T(k_tol_abs_A) + k_tol_rel * base::abs2(i_A);
}
}  // namespace

template <class T>
void Plant<T>::reference_potentials() {
    Scratch& w = *s_;
    const Topology& t = *topo_;
    for (std::size_t p = 0; p < t.pack_nodes.size(); ++p) {
        const std::vector<std::int32_t>& tap = t.pack_nodes[p].tap;
        const std::size_t n = tap.size() - 1;
        T e = T(0.0);
        w.e_V[static_cast<std::size_t>(tap[n])] = e;
        for (std::size_t k = n; k-- > 0;) {
            e = e - w.emf_V[w.cell0[p] + k];
            w.e_V[static_cast<std::size_t>(tap[k])] = e;
        }
    }
    for (std::size_t k = 0; k < w.ref_tap.size(); ++k) {
        const std::int32_t r = w.ref_tap[k];
        w.e_V[k] = r < 0 ? T(0.0) : w.e_V[static_cast<std::size_t>(r)];
    }
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
    }
    for (std::size_t k = 0; k < w.res_g.size(); ++k) w.res_g[k] = in(o_res_g_)[k];
    for (const ClampRef& c : w.clamps) w.res_g[c.res] = st(o_clamp_g_)[c.res];
}

template <class T>
void Plant<T>::factor(double dh_s) {
    if (!factored_slope_ && factored_dh_s_ == dh_s && factored_version_ == matrix_version_) return;
    const Topology& t = *topo_;
    Scratch& w = *s_;
    for (auto& v : ws_.values) v = T(0.0);
    for (std::size_t k = 0; k < w.rl_g.size(); ++k) net::add_conductance(ws_.values, t.program.stamp[t.stamp_rl(k)], w.rl_g[k]);
    for (std::size_t k = 0; k < w.rc_g.size(); ++k) net::add_conductance(ws_.values, t.program.stamp[t.stamp_rc(k)], w.rc_g[k]);
    for (std::size_t k = 0; k < w.res_g.size(); ++k) net::add_conductance(ws_.values, t.program.stamp[t.stamp_res(k)], w.res_g[k]);
    net::factor_leading(t.program, ws_);
    factored_dh_s_ = dh_s;
    factored_version_ = matrix_version_;
    ++factors_;
}

/// Right-hand side of the linear part: branch sources beside their conductances.
template <class T>
void Plant<T>::linear_sources(double) {
    Scratch& w = *s_;
    const Topology& t = *topo_;
    for (auto& v : ws_.rhs) v = T(0.0);
    for (std::size_t k = 0; k < w.rl_g.size(); ++k) {
        T s = w.rl_w[k] * w.rl_hist[k];
        if (k >= w.n_cells) s = s + w.rl_g[k] * (w.e_V[w.rl_a[k]] - w.e_V[w.rl_b[k]]);  // a cell's EMF cancels its potential step
        w.rl_s[k] = s;
        net::add_source(ws_.rhs, t.program.stamp[t.stamp_rl(k)], s);
    }
    for (std::size_t k = 0; k < w.rc_g.size(); ++k) {
        w.rc_s[k] = w.rc_g[k] * ((w.e_V[w.rc_a[k]] - w.e_V[w.rc_b[k]]) - w.rc_hist[k]);
        net::add_source(ws_.rhs, t.program.stamp[t.stamp_rc(k)], w.rc_s[k]);
    }
    for (std::size_t k = 0; k < w.res_g.size(); ++k) {
        w.res_s[k] = w.res_g[k] * (w.e_V[w.res_a[k]] - w.e_V[w.res_b[k]]);
        net::add_source(ws_.rhs, t.program.stamp[t.stamp_res(k)], w.res_s[k]);
    }
    for (const ClampRef& c : w.clamps) {
        w.res_s[c.res] = w.res_s[c.res] + st(o_clamp_s_)[c.res];
        net::add_source(ws_.rhs, t.program.stamp[t.stamp_res(c.res)], st(o_clamp_s_)[c.res]);
    }
    for (std::size_t k = 0; k < w.src_i.size(); ++k) {
        w.src_i[k] = in(o_source_)[k];
        net::add_source(ws_.rhs, t.program.stamp[t.stamp_source(k)], w.src_i[k]);
    }
}

template <class T>
void Plant<T>::eval_port(std::size_t k, double dh_s, const T& v_V, T& i_A, T& g_S) {
    using base::max2;
    using base::min2;
    using base::select;
    Scratch& w = *s_;
    const Port& p = topo_->port[k];
    const auto n = static_cast<std::size_t>(p.index);
    switch (p.kind) {
        case PortKind::fet: {
            w.fet[n] = mosfet_eval(fet_coeff_[n], w.fet_qg_hist[n], w.fet_qd_hist[n], T(dh_s), in(o_gate_)[n], v_V);
            i_A = w.fet[n].i_d_A;
            g_S = w.fet[n].g_S;
            return;
        }
        case PortKind::diode: {
            const BranchIG<T> r = diode_eval(diode_coeff_[n], v_V);
            i_A = r.i_A;
            g_S = r.g_S;
            return;
        }
        case PortKind::clamp: {
            const BranchIG<T> r = clamp_eval(clamp_params_[n], v_V);
            i_A = r.i_A;
            g_S = r.g_S;
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
    const auto n = static_cast<std::size_t>(p.index);
    if (p.kind != PortKind::current_load && p.kind != PortKind::charger) return new_V;
    T lo = T(0.0), hi = T(0.0);
    if (p.kind == PortKind::current_load) {
        hi = (in(o_load_) + k_load_stride * n)[2];
    } else {
        const T* const x = in(o_charger_) + k_charger_stride * n;
        hi = x[2];
        lo = x[2] - x[1] * x[3];
    }
    const Mask down = base::mask_and(old_V >= hi, new_V <= lo);
    const Mask up = base::mask_and(old_V <= lo, new_V >= hi);
    return base::select(base::mask_or(down, up), 0.5 * (lo + hi), new_V);
}

/// Newton on the trailing block. A lane that has settled keeps its linearisation, so its solution stays to the bit.
template <class T>
bool Plant<T>::newton(double dh_s) {
    Scratch& w = *s_;
    const Topology& t = *topo_;
    T* const pv = st(o_port_v_);
    T* const pg = st(o_port_g_);
    T* const ps = st(o_port_s_);
    const auto lead = static_cast<std::size_t>(t.program.n_lead);
    (void)lead;
    for (std::size_t k = 0; k < w.port_at.size(); ++k) w.port_at[k] = pv[k];
    for (int it = 0; it < k_newton_max; ++it) {
        net::load_trailing(t.program, ws_);
        for (std::size_t k = 0; k < w.port_i.size(); ++k) net::add_port(t.program, ws_, t.program.stamp[t.stamp_port(k)], pg[k], ps[k]);
        const Mask positive = net::solve_trailing(t.program, ws_);
        ++solves_;
        Mask done = positive;
        for (std::size_t k = 0; k < w.port_i.size(); ++k) {
            const net::StampIndex& si = t.program.stamp[t.stamp_port(k)];
            const T xa = si.pos_a < 0 ? T(0.0) : ws_.x[static_cast<std::size_t>(si.pos_a)];
            const T xb = si.pos_b < 0 ? T(0.0) : ws_.x[static_cast<std::size_t>(si.pos_b)];
            const T dx = xa - xb;
            const T v = dx + (w.e_V[w.port_a[k]] - w.e_V[w.port_b[k]]);
            T i, g;
            eval_port(k, dh_s, v, i, g);
            // ps holds i - g dx, so that the no-load potential difference never cancels
            const Mask ok = settled(i, pg[k] * dx + ps[k]);
            w.port_i[k] = i;
            pv[k] = v;
            const Mask hold = base::mask_or(ok, base::mask_not(base::is_finite(v)));
            const T v_lin = linearise_at(k, w.port_at[k], v);
            const Mask moved = base::mask_or(v_lin < v, v_lin > v);
            T i_lin = i, g_lin = g;
            if (base::any(moved)) {
                eval_port(k, dh_s, v_lin, i_lin, g_lin);
                i_lin = base::select(moved, i_lin, i);
                g_lin = base::select(moved, g_lin, g);
            }
            w.port_at[k] = base::select(hold, w.port_at[k], v_lin);
            const T damp = T(it < 25 ? 1.0 : 0.5);
            const T g_new = pg[k] + damp * (g_lin - pg[k]);
            pg[k] = base::select(hold, pg[k], g_new);
            ps[k] = base::select(hold, ps[k], i_lin - g_new * (dx + (v_lin - v)));
            done = base::mask_and(done, hold);
        }
        if (base::all(done)) return true;
    }
    return false;
}

/// Re-linearises pin clamps whose current left their line; `changed` lanes are those that moved.
template <class T>
bool Plant<T>::update_clamps(Mask& changed) {
    Scratch& w = *s_;
    changed = T(0.0) > T(1.0);
    for (const ClampRef& c : w.clamps) {
        const T dx = w.x_V[w.res_a[c.res]] - w.x_V[w.res_b[c.res]];
        const T v = dx + (w.e_V[w.res_a[c.res]] - w.e_V[w.res_b[c.res]]);
        const BranchIG<T> r = pin_clamp_eval(c.fet ? fet_clamp_[c.pack] : pin_clamp_[c.pack], v);
        T& g = st(o_clamp_g_)[c.res];
        T& s = st(o_clamp_s_)[c.res];
        const Mask ok = base::mask_or(settled(r.i_A, g * v + s), base::mask_not(base::is_finite(v)));
        g = base::select(ok, g, r.g_S);
        s = base::select(ok, s, r.i_A - r.g_S * v);
        changed = base::mask_or(changed, base::mask_not(ok));
    }
    return base::any(changed);
}

template <class T>
void Plant<T>::branch_currents() {
    Scratch& w = *s_;
    for (std::size_t k = 0; k < w.rl_i.size(); ++k) w.rl_i[k] = w.rl_g[k] * (w.x_V[w.rl_a[k]] - w.x_V[w.rl_b[k]]) + w.rl_s[k];
    for (std::size_t k = 0; k < w.rc_i.size(); ++k) w.rc_i[k] = w.rc_g[k] * (w.x_V[w.rc_a[k]] - w.x_V[w.rc_b[k]]) + w.rc_s[k];
    for (std::size_t k = 0; k < w.res_i.size(); ++k) w.res_i[k] = w.res_g[k] * (w.x_V[w.res_a[k]] - w.x_V[w.res_b[k]]) + w.res_s[k];
}

template <class T>
bool Plant<T>::solve_stage(double dh_s) {
    Scratch& w = *s_;
    const Topology& t = *topo_;
    const auto n = static_cast<std::size_t>(t.n_nodes);
    for (int round = 0; round < k_clamp_rounds_max; ++round) {
        factor(dh_s);
        linear_sources(dh_s);
        net::forward_leading(t.program, ws_);
        if (!newton(dh_s)) return false;
        net::backward_leading(t.program, ws_);
        for (std::size_t k = 0; k < n; ++k) w.x_V[k] = ws_.x[static_cast<std::size_t>(t.program.pos[k])];
        w.x_V[n] = T(0.0);
        bool again = false;
        Mask changed;
        if (update_clamps(changed)) {
            for (const ClampRef& c : w.clamps) w.res_g[c.res] = st(o_clamp_g_)[c.res];
            ++matrix_version_;
            again = true;
        }
        if (!again) {
            branch_currents();
            return true;
        }
    }
    return false;
}

#define TWIN_INSTANTIATE(T)                                              \
    template void Plant<T>::reference_potentials();                      \
    template void Plant<T>::prepare_conductances(double, bool);          \
    template void Plant<T>::factor(double);                              \
    template bool Plant<T>::solve_stage(double);
TWIN_INSTANTIATE(double)
TWIN_INSTANTIATE(base::Pack8)
#undef TWIN_INSTANTIATE

}  // namespace twin::power
