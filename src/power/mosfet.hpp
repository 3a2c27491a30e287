// SPDX-License-Identifier: Apache-2.0
// A group of parallel MOSFETs as one two-terminal branch drain-source. The gate (Ciss, nonlinear Cgd, driver
// resistance) is eliminated inside the implicit stage in closed form, which leaves a monotone element with positive
// conductance. Sign: v_ds and i_d are + from drain to source; which way that is in the battery loop is the network's
// business.
//
// Static law per FET (source: sheet, fitted to Rds(on) at 10 V and 6 V): square law with gain K behind R0 in the drain,
//   y + R0 i = v_ds, i = K/2 (max(v_gs - Vth, 0)^2 - max(v_gs - Vth - y, 0)^2), y the voltage across the channel,
// which holds for both signs of v_ds (the channel is symmetric; SPICE level 1 with RD, and checked against it).
// K and 1/R0 fall with 1 + alpha dT.
// Beside it: leak, body diode from source to drain (power/diode.hpp), avalanche above V_br with slope r_av, weld
// conductance. Charges per group: q_g = Cgs v_gs + Q_gd(v_gd); q_d = Q_ds(v_ds) - Q_gd(v_gd); v_gd = v_gs - v_ds, with
//   Q(u) = Cmin u + dC/2 (u + sqrt(u^2 + w^2) - w)   (capacitance Cmin for u << -w, Cmin + dC for u >> w; Q_ds uses u =
//   -v_ds).
// Stage relation: q = q_hist + dh dq/dt, dh = a_ii h of SDIRK2 or h of backward Euler; dq_g/dt = (v_drive - v_gs) /
// R_g. Power: v_ds i_d + v_drive i_g = p_channel + p_diode + p_avalanche + R_g i_g^2 + (v_gs dq_g/dt + v_ds dq_d/dt),
// an identity. The gate current returns at the source through the driver, which floats on it: the branch stays
// two-terminal.
#pragma once
#include "base/lanes.hpp"
#include "base/math.hpp"
#include "power/diode.hpp"

namespace twin::power {

/// Parameters of one FET and of its group. T is the lane type. Values: models/mosfets/*.json; these defaults are the
/// IAUT150N10S5N035 (five of them), see there for the source of each.
template <class T>
struct MosfetParams {
    T count = T(5.0);           // FETs in parallel, >= 1
    T channel_count = T(5.0);   // of these, with a working channel (a dead gate takes one away)
    T k_A_per_V2 = T(272.0);    // per FET at 25 degC
    T r0_Ohm = T(2.475e-3);     // per FET at 25 degC
    T alpha_per_K = T(0.0055);  // of R0 and 1/K
    T vth_V = T(3.0);           // at 25 degC
    T vth_tc_V_per_K = T(-6.5e-3);
    T leak_S = T(1e-9);   // per FET (I_DSS 0.1 uA at 100 V)
    T v_br_V = T(110.0);  // at 25 degC
    T v_br_tc_per_K = T(9e-4);
    T r_av_Ohm = T(2e-3);   // per FET, slope of the avalanche
    T av_knee_V = T(0.1);   // width of the rounded corner
    T cgs_F = T(4666e-12);  // per FET: Ciss - Crss
    T cgd_min_F = T(30e-12);
    T cgd_delta_F = T(2500e-12);
    T cgd_w_V = T(4.0);
    T cds_min_F = T(600e-12);
    T cds_delta_F = T(4842e-12);
    T cds_w_V = T(18.2);
    T r_gate_Ohm = T(51.0);  // shared by the group, > 0
    T weld_S = T(0.0);       // conductance of a drain-source weld of the whole group, 0 = healthy
    DiodeParams<T> diode;    // per FET
};

/// Coefficients of a group at a junction temperature: a pure function of (params, tj); compute once per step.
template <class T>
struct MosfetCoeff {
    T k;    // A/V^2 of the group at tj
    T r0k;  // R0 K, 1/V
    T vth_V;
    T g_ohmic_S;  // leak + weld
    T v_br_V;
    T g_av_S;
    T av_knee_V;
    T av_inv_knee;
    T cgs_F, cgd_min_F, cgd_half_F, cgd_w2;  // group values; half of delta
    T cds_min_F, cds_half_F, cds_w2;
    T cgd_w_V, cds_w_V;
    T inv_rg_S;
    T r_gate_Ohm;
    DiodeCoeff<T> diode;
};

/// What one stage gives. All of the group, SI.
template <class T>
struct MosfetEval {
    T i_d_A;  // total, drain to source: channel + leak + diode + avalanche + displacement
    T g_S;    // d i_d / d v_ds with the gate eliminated, > 0
    T v_gs_V;
    T qg_C, qd_C;   // charges at the end of the stage: the next state
    T dqg_dt_A;     // gate current out of the driver
    T dqd_dt_A;     // displacement current in the drain
    T i_channel_A;  // channel, leak and weld
    T i_diode_A;    // body diode, drain to source (<= 0 when it conducts)
    T i_avalanche_A;
    T p_channel_W, p_diode_W, p_avalanche_W;
    T p_gate_R_W;  // heat in the gate resistor
    T p_driver_W;  // delivered by the driver: v_drive i_g
    T p_stored_W;  // v_gs dq_g/dt + v_ds dq_d/dt, the rate of the stored energy
};

/// Static drain current of channel, leak, weld, diode and avalanche for a given v_gs.
template <class T>
struct MosfetStatic {
    T i_channel_A, i_diode_A, i_avalanche_A;
    T g_vds_S;  // partial derivative by v_ds at constant v_gs, > 0
    T g_vgs_S;  // partial derivative by v_gs (negative in the third quadrant)
};

template <class T>
inline MosfetCoeff<T> mosfet_at(const MosfetParams<T>& p, const T& tj_degC) {
    const T t_degC = base::min2(base::max2(tj_degC, T(-100.0)), T(300.0));
    const T dt = t_degC - 25.0;
    const T tf = 1.0 + p.alpha_per_K * dt;
    MosfetCoeff<T> c;
    c.k = p.channel_count * p.k_A_per_V2 / tf;
    c.r0k = p.r0_Ohm * p.k_A_per_V2;  // the factors of temperature and count cancel
    c.vth_V = p.vth_V + p.vth_tc_V_per_K * dt;
    c.g_ohmic_S = p.leak_S * p.count + p.weld_S;
    c.v_br_V = p.v_br_V * (1.0 + p.v_br_tc_per_K * dt);
    c.g_av_S = p.count / p.r_av_Ohm;
    c.av_knee_V = p.av_knee_V;
    c.av_inv_knee = 1.0 / p.av_knee_V;
    c.cgs_F = p.cgs_F * p.count;
    c.cgd_min_F = p.cgd_min_F * p.count;
    c.cgd_half_F = 0.5 * p.cgd_delta_F * p.count;
    c.cgd_w_V = p.cgd_w_V;
    c.cgd_w2 = p.cgd_w_V * p.cgd_w_V;
    c.cds_min_F = p.cds_min_F * p.count;
    c.cds_half_F = 0.5 * p.cds_delta_F * p.count;
    c.cds_w_V = p.cds_w_V;
    c.cds_w2 = p.cds_w_V * p.cds_w_V;
    c.r_gate_Ohm = p.r_gate_Ohm;
    c.inv_rg_S = 1.0 / p.r_gate_Ohm;
    c.diode = diode_at(p.diode, p.count, t_degC);
    return c;
}

template <class T>
inline MosfetStatic<T> mosfet_static(const MosfetCoeff<T>& c, const T& v_gs_V, const T& v_ds_V) {
    const T ov_s = v_gs_V - c.vth_V;
    const T ov = base::max2(ov_s, T(0.0));
    // Off (ov_s < 0) and reversed, conduction starts where gate-drain reaches the threshold: v shifts by ov_s.
    const T v = base::select(v_ds_V < 0.0, base::min2(v_ds_V - base::min2(ov_s, T(0.0)), T(0.0)), v_ds_V);
    const T a1 = 1.0 + c.r0k * ov;
    const T disc = base::max2(a1 * a1 - 2.0 * c.r0k * v, T(1.0));
    const T y = base::min2(2.0 * v / (a1 + base::sqrt2(disc)), ov);
    const T gain = c.k / (1.0 + c.r0k * (ov - y));
    MosfetStatic<T> s;
    s.i_channel_A = c.k * (y * (ov - 0.5 * y)) + c.g_ohmic_S * v_ds_V;
    s.g_vds_S = gain * (ov - y) + c.g_ohmic_S;
    s.g_vgs_S = gain * y;
    const BranchIG<T> d = diode_eval(c.diode, -v_ds_V);
    s.i_diode_A = -d.i_A;
    s.g_vds_S = s.g_vds_S + d.g_S;
    const T over = v_ds_V - c.v_br_V;
    const T knee = base::min2(base::max2(over + 0.5 * c.av_knee_V, T(0.0)), c.av_knee_V);
    s.i_avalanche_A = c.g_av_S * (0.5 * knee * knee * c.av_inv_knee + base::max2(over - 0.5 * c.av_knee_V, T(0.0)));
    s.g_vds_S = s.g_vds_S + c.g_av_S * (knee * c.av_inv_knee);
    return s;
}

namespace detail {
/// Q(u) = Cmin u + half (u + root - w), root = sqrt(u^2 + w^2).
template <class T>
inline T smooth_charge(const T& c_min, const T& half, const T& w, const T& u, const T& root) {
    return c_min * u + half * (u + root - w);
}
/// Energy integral of u dQ from 0 to u.
template <class T>
inline T smooth_energy(const T& c_min, const T& half, const T& w, const T& u) {
    const T au = base::abs2(u);
    const T root = base::sqrt2(u * u + w * w);
    const T odd = 0.5 * (au * root - w * w * base::det_log((au + root) / w));  // integral of |u|^2/root
    return 0.5 * (c_min + half) * (u * u) + half * base::select(u < 0.0, -odd, odd);
}
}  // namespace detail

/// The charges of a group at given voltages: initial states.
template <class T>
struct MosfetCharge {
    T qg_C, qd_C;
};
template <class T>
inline MosfetCharge<T> mosfet_charge(const MosfetCoeff<T>& c, const T& v_gs_V, const T& v_ds_V) {
    const T u = v_gs_V - v_ds_V;
    const T qgd = detail::smooth_charge(c.cgd_min_F, c.cgd_half_F, c.cgd_w_V, u, base::sqrt2(u * u + c.cgd_w2));
    const T ud = -v_ds_V;
    const T qds = -detail::smooth_charge(c.cds_min_F, c.cds_half_F, c.cds_w_V, ud, base::sqrt2(ud * ud + c.cds_w2));
    return {c.cgs_F * v_gs_V + qgd, qds - qgd};
}

/// Energy stored in Cgs, Cgd and Cds (J), 0 at all voltages 0; a function of state, independent of temperature.
template <class T>
inline T mosfet_energy(const MosfetCoeff<T>& c, const T& v_gs_V, const T& v_ds_V) {
    return 0.5 * c.cgs_F * (v_gs_V * v_gs_V) +
           detail::smooth_energy(c.cgd_min_F, c.cgd_half_F, c.cgd_w_V, T(v_gs_V - v_ds_V)) +
           detail::smooth_energy(c.cds_min_F, c.cds_half_F, c.cds_w_V, T(-v_ds_V));
}

/// One implicit stage at v_ds (V): dh_s > 0 (any size: large gives the settled device, v_gs = v_drive).
template <class T>
inline MosfetEval<T> mosfet_eval(const MosfetCoeff<T>& c, const T& qg_hist_C, const T& qd_hist_C, const T& dh_s,
                                 const T& v_drive_V, const T& v_ds_V) {
    // Gate: (Cgs + dh/Rg) v_gs + Q_gd(u) = q_hist + dh/Rg v_drive with v_gs = u + v_ds is a quadratic in u = v_gd.
    const T ce = c.cgs_F + dh_s * c.inv_rg_S;
    const T beta = c.cgd_half_F;
    const T lin = ce + c.cgd_min_F;  // alpha - beta
    const T alpha = lin + beta;
    const T r = qg_hist_C + dh_s * c.inv_rg_S * v_drive_V + beta * c.cgd_w_V - ce * v_ds_V;
    const T det = lin * (alpha + beta);
    const T u = (alpha * r - beta * base::sqrt2(r * r + det * c.cgd_w2)) / det;
    const T root = base::sqrt2(u * u + c.cgd_w2);
    const T cgd = c.cgd_min_F + beta * (1.0 + u / root);
    const T ud = -v_ds_V;
    const T root_d = base::sqrt2(ud * ud + c.cds_w2);
    const T cds = c.cds_min_F + c.cds_half_F * (1.0 + ud / root_d);
    const T inv_dh = 1.0 / dh_s;
    const T miller = cgd / (ce + cgd);  // d v_gs / d v_ds

    MosfetEval<T> e;
    e.v_gs_V = u + v_ds_V;
    const T qgd = detail::smooth_charge(c.cgd_min_F, beta, c.cgd_w_V, u, root);
    e.qg_C = c.cgs_F * e.v_gs_V + qgd;
    e.qd_C = -detail::smooth_charge(c.cds_min_F, c.cds_half_F, c.cds_w_V, ud, root_d) - qgd;
    e.dqg_dt_A = (e.qg_C - qg_hist_C) * inv_dh;
    e.dqd_dt_A = (e.qd_C - qd_hist_C) * inv_dh;
    const MosfetStatic<T> s = mosfet_static(c, e.v_gs_V, v_ds_V);
    e.i_channel_A = s.i_channel_A;
    e.i_diode_A = s.i_diode_A;
    e.i_avalanche_A = s.i_avalanche_A;
    e.i_d_A = s.i_channel_A + s.i_diode_A + s.i_avalanche_A + e.dqd_dt_A;
    // Positive also in the third quadrant: channel part is gain (ov - y (1 - miller)), y <= ov.
    e.g_S = s.g_vds_S + s.g_vgs_S * miller + (cds + cgd * (1.0 - miller)) * inv_dh;
    e.p_channel_W = v_ds_V * s.i_channel_A;
    e.p_diode_W = v_ds_V * s.i_diode_A;
    e.p_avalanche_W = v_ds_V * s.i_avalanche_A;
    e.p_gate_R_W = e.dqg_dt_A * (v_drive_V - e.v_gs_V);
    e.p_driver_W = e.dqg_dt_A * v_drive_V;
    e.p_stored_W = e.v_gs_V * e.dqg_dt_A + v_ds_V * e.dqd_dt_A;
    return e;
}

/// The same with the coefficients computed on the spot (slower: temperature enters through exp and log).
template <class T>
inline MosfetEval<T> mosfet_eval(const MosfetParams<T>& p, const T& tj_degC, const T& qg_hist_C, const T& qd_hist_C,
                                 const T& dh_s, const T& v_drive_V, const T& v_ds_V) {
    return mosfet_eval(mosfet_at(p, tj_degC), qg_hist_C, qd_hist_C, dh_s, v_drive_V, v_ds_V);
}

/// The gate counts as on iff v_gs >= Vth(tj) of the group (channel hw.gate.*).
template <class T>
inline base::MaskOf<T> mosfet_gate_on(const MosfetCoeff<T>& c, const T& v_gs_V) {
    return v_gs_V >= c.vth_V;
}

/// Rds(on) of the group in the limit v_ds -> 0 (Ohm); 1/(leak + weld) when off.
template <class T>
inline T mosfet_rds_on_Ohm(const MosfetCoeff<T>& c, const T& v_gs_V) {
    const T ov = base::max2(v_gs_V - c.vth_V, T(0.0));
    return 1.0 / (c.k * ov / (1.0 + c.r0k * ov) + c.g_ohmic_S);
}

}  // namespace twin::power
