// SPDX-License-Identifier: Apache-2.0
// Exponential junction with a series resistance, over temperature, as one two-terminal element.
// Equation: i = Is(T) * (exp((v - Rs i) / (n Vt)) - 1), v across junction and Rs, + = anode to cathode. Solved for i
// through Wright's omega function, w + ln w = z: i = (n Vt / Rs) w(z) - Is, z = (v + Rs Is)/(n Vt) + ln(Rs Is / (n
// Vt)): up to z = 1 as Lambert's W(e^z) by a rational function, above by a fixed number of Fritsch-Shafer-Crowley
// iterations (quartic, so two are enough), hence equal work and bits in every lane. For v < 0 the current saturates
// rationally, i = Is v / (n Vt - v), which meets the exponential with equal slope at 0. A conductance of 1e-12 S is
// part of the element, so that its slope is never below that. Is(T) comes from what a sheet shows: v_ref at i_ref and
// 25 degC, moving by tc per kelvin at that current. No reverse recovery, no junction charge here (the MOSFET's drain
// charge holds it).
#pragma once
#include "base/constants.hpp"
#include "base/lanes.hpp"
#include "base/math.hpp"

namespace twin::power {

inline constexpr double k_boltzmann_over_charge_V_per_K = 8.617333262e-5;  // CODATA 2018
inline constexpr double k_diode_g_min_S = 1e-12;

/// One junction. T is the lane type. rs_Ohm must be > 0 (loaders check), i_ref_A > 0, n in [1, 3].
template <class T>
struct DiodeParams {
    T v_ref_V = T(0.703);  // junction voltage at i_ref, 25 degC, series resistance excluded
    T i_ref_A = T(1.0);
    T tc_V_per_K = T(-2e-3);  // dV/dT of the junction at i_ref
    T n = T(1.1);             // emission coefficient
    T rs_Ohm = T(1e-3);
};

/// Temperature-dependent coefficients of `count` equal diodes in parallel: a pure function of its arguments.
template <class T>
struct DiodeCoeff {
    T inv_nvt;  // 1/V
    T is_A;
    T z0;       // ln(Rs Is/(n Vt)) + Rs Is/(n Vt)
    T r_scale;  // n Vt / Rs, A
    T inv_rs;   // 1/Ohm
    T nvt_V;
};

template <class T>
struct BranchIG {
    T i_A;
    T g_S;  // di/dv > 0
};

/// Coefficients at a junction temperature in degC (valid -100 .. 300; beyond, the end value).
template <class T>
inline DiodeCoeff<T> diode_at(const DiodeParams<T>& p, const T& count, const T& tj_degC) {
    const T t_degC = base::min2(base::max2(tj_degC, T(-100.0)), T(300.0));
    DiodeCoeff<T> c;
    c.nvt_V = p.n * (k_boltzmann_over_charge_V_per_K * (t_degC + base::k_zero_degC_K));
    c.inv_nvt = 1.0 / c.nvt_V;
    const T ln_is = -(p.v_ref_V + p.tc_V_per_K * (t_degC - 25.0)) * c.inv_nvt;  // of Is / i_ref
    const T is_one_A = p.i_ref_A * base::det_exp(ln_is);
    c.is_A = is_one_A * count;
    c.inv_rs = count / p.rs_Ohm;
    c.r_scale = c.nvt_V * c.inv_rs;
    const T x = is_one_A * p.rs_Ohm * c.inv_nvt;
    c.z0 = (base::det_log(p.i_ref_A * p.rs_Ohm * c.inv_nvt) + ln_is) + x;
    return c;
}

/// Parameters from a SPICE-like saturation current at 25 degC.
template <class T>
inline DiodeParams<T> diode_from_saturation(const T& is_A, const T& n, const T& rs_Ohm) {
    DiodeParams<T> p;
    p.n = n;
    p.rs_Ohm = rs_Ohm;
    p.i_ref_A = T(1.0);
    p.v_ref_V = -base::det_log(is_A) * n * (k_boltzmann_over_charge_V_per_K * (25.0 + base::k_zero_degC_K));
    return p;
}

namespace detail {
/// One Fritsch-Shafer-Crowley correction of w towards w + ln w = z.
template <class T>
inline T omega_correct(const T& z, const T& w) {
    const T r = z - w - base::det_log(w);
    const T w1 = 1.0 + w;
    const T q = w1 * (w1 + (2.0 / 3.0) * r);
    return w * (1.0 + (r / w1) * ((q - 0.5 * r) / (q - r)));
}
/// W(x), the solution of w e^w = x, for x in [0, e]: x times a rational function of degree 9 (a fit to the smallest
/// relative error, 5e-17; with rounding 6e-16). All coefficients are positive, so nothing cancels.
template <class T>
inline T lambert_w(const T& x) {
    const T x2 = x * x, x4 = x2 * x2;
    const T p0 = (1.0 + x * 8.227635492806217) + x2 * (26.60382121789554 + x * 43.20277706536594);
    const T p4 = (37.49083530638574 + x * 17.1898195930245) + x2 * (3.8873367574340163 + x * 0.37359332829078234);
    const T p8 = 0.010888247663498182 + x * 1.9972375837101707e-05;
    const T q0 = (1.0 + x * 9.227635492806195) + x2 * (34.331456710705446 + x * 66.35944720331167);
    const T q4 = (71.75179209758713 + x * 43.69239047152186) + x2 * (14.416303818650098 + x * 2.3585123603437705);
    const T q8 = 0.16075947306002172 + x * 0.0030502228207714413;
    return x * ((p0 + x4 * (p4 + x4 * p8)) / (q0 + x4 * (q4 + x4 * q8)));
}
}  // namespace detail

/// Wright's omega for real z, relative error < 1e-14 for z in [-690, 1e6].
template <class T>
inline T wright_omega(const T& z) {
    const T low = detail::lambert_w(base::det_exp(base::min2(z, T(1.0))));
    const auto high = z > 1.0;
    if (!base::any(high)) return low;
    T w = base::max2(z, T(1.0));
    w = detail::omega_correct(z, w);
    w = detail::omega_correct(z, w);
    return base::select(high, w, low);
}

/// Current and slope at v (V across junction and series resistance). Monotone in v; g_S >= 1e-12 S; never overflows.
template <class T>
inline BranchIG<T> diode_eval(const DiodeCoeff<T>& c, const T& v_V) {
    const T v_rev = base::min2(v_V, T(0.0));
    const T s = c.nvt_V / (c.nvt_V - v_rev);
    T i = c.is_A * (v_rev * c.inv_nvt) * s;
    T g = c.is_A * c.inv_nvt * (s * s);
    const auto forward = v_V > 0.0;
    if (base::any(forward)) {
        const T w = wright_omega(base::max2(v_V, T(0.0)) * c.inv_nvt + c.z0);
        i = base::select(forward, c.r_scale * w - c.is_A, i);
        g = base::select(forward, c.inv_rs * (w / (1.0 + w)), g);
    }
    return {i + k_diode_g_min_S * v_V, g + k_diode_g_min_S};
}

}  // namespace twin::power
