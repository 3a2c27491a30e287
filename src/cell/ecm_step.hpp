// SPDX-License-Identifier: Apache-2.0
// One step of the equivalent circuit as kernels over the lane type T (double, two or more cells in a register, a pack
// of 8). X: the extended form (third RC pair, direction, side reactions); without it nothing of these is computed.
// M and C are the model and the coefficients of a step, or both of them widened for T. Current is positive on
// discharge.
#pragma once
#include "base/lanes.hpp"
#include "base/math.hpp"
#include "base/pair.hpp"
#include "base/wide.hpp"
#include "cell/ecm_state.hpp"

namespace twin::cell::detail {

/// Mean of e^-s over [0, x], x >= 0: (1 - e^-x) / x. Short series where they are exact to rounding, which is nearly
/// always.
double decay_mean_far(double x);
template <class T>
[[gnu::always_inline]] inline T decay_mean_near(const T& x) {  // x^5 / 720 is below an ulp for x < 1e-3
    const T x2 = x * x;
    return (1.0 - 0.5 * x) + x2 * ((1.0 / 6.0 - x * (1.0 / 24.0)) + x2 * (1.0 / 120.0));
}
template <class T>
[[gnu::always_inline]] inline T decay_mean_mid(const T& x) {  // by powers of x^2: a chain half as long as Horner's
    const T x2 = x * x;
    const T high = (1.0 / 120.0 - x * (1.0 / 720.0)) + x2 * (1.0 / 5040.0 - x * (1.0 / 40320.0));
    return (1.0 - 0.5 * x) + x2 * ((1.0 / 6.0 - x * (1.0 / 24.0)) + x2 * high);
}
inline constexpr double k_near = 1e-3, k_mid = 0.03, k_far = 0.3;
[[gnu::always_inline]] inline double decay_mean(double x) {
    if (x < k_near) return decay_mean_near(x);
    return decay_mean_far(x);
}
/// Lanes in a register, each by the formula that `decay_mean` takes for it alone.
template <class V>
[[gnu::always_inline]] inline V decay_mean_lanes(const V& x) {
    const auto is_near = x < k_near;
    if (all(is_near)) [[likely]]
        return decay_mean_near(x);
    V mid = decay_mean_mid(x);
    if (any(is_near)) mid = base::select(is_near, decay_mean_near(x), mid);
    if (all(x < k_mid)) return mid;
    const V y = -x;
    V far = base::select(x < k_mid, mid, -(y + y * y * base::detail::exp_poly_tail(y)) / x);
    for (std::size_t k = 0; k < base::LaneTraits<V>::k_lanes; ++k)
        if (!(x[k] < k_far)) far.v[k] = decay_mean_far(x[k]);
    return far;
}
[[gnu::always_inline]] inline Pair decay_mean(const Pair& x) { return decay_mean_lanes(x); }
template <int N>
[[gnu::always_inline]] inline base::Wide<N> decay_mean(const base::Wide<N>& x) {
    return decay_mean_lanes(x);
}
inline Pack8 decay_mean(const Pack8& x) {
    Pack8 r;
    for (std::size_t k = 0; k < base::k_pack_lanes; ++k) r.v[k] = decay_mean(x.v[k]);
    return r;
}

/// 1 / a and 1 / b (0 where they are 0) by one division.
template <class T>
struct Inverses {
    T a, b;
};
template <class T>
[[gnu::always_inline]] inline Inverses<T> inverses(const T& a, const T& b) {
    using base::select;
    const T x = select(a > 0.0, a, T(1.0)), y = select(b > 0.0, b, T(1.0)), both = 1.0 / (x * y);
    return {select(a > 0.0, y * both, T(0.0)), select(b > 0.0, x * both, T(0.0))};
}

/// Charge of a step: what side reactions take, what the active material gives, and the change of soc.
template <class T>
struct StepCharge {
    T side_C, main_C, width;
};
template <bool X, class T, class M, class C>
[[gnu::always_inline]] inline StepCharge<T> step_charge(const M& m, const EcmParams<T>& p, const EcmState<T>& s,
                                                        const C& c, const T& dq_C) {
    if constexpr (!X) {
        return {T(0.0), dq_C, -dq_C * p.per_capacity_perC};
    } else {
        const T charged = base::select(dq_C < T(0.0), -dq_C, T(0.0));
        const T side = charged * m.extras.charge_loss + s.self_A * c.h_s;
        const T main = dq_C + side;
        return {side, main, -main * p.per_capacity_perC};
    }
}

/// A first-order state y with dy/dx = -(y + sign) over x of charge: y0 + sign, decay mean, mean of y.
template <class T>
struct Turning {
    T sign, x, b, phi, mean;
};
template <class T>
[[gnu::always_inline]] inline Turning<T> turning(const T& y0, const T& dq_C, const T& x, const T& phi) {
    const T sign = base::select(dq_C < T(0.0), T(-1.0), T(1.0)), b = y0 + sign;
    return {sign, x, b, phi, b * phi - sign};
}
template <class T>
[[gnu::always_inline]] inline Turning<T> turning(const T& y0, const T& dq_C, const T& x) {
    return turning<T>(y0, dq_C, x, decay_mean(x));
}
/// Stored and dissipated energy of it with amplitude m over the charge dq, and its change: dy = -x phi b; mean of y^2 =
/// 1 - 2 sign b phi + b^2 phi(2x), phi(2x) = phi (1 - x phi / 2).
template <class T>
struct TurningLines {
    T stored_J, heat_J, dy;
};
template <class T>
[[gnu::always_inline]] inline TurningLines<T> turning_lines(const Turning<T>& r, const T& y0, const T& m_V,
                                                            const T& dq_C) {
    const T size = m_V * base::abs2(dq_C);
    const T dy = -(r.x * r.phi * r.b);
    return {size * (-0.5 * r.phi * r.b) * (y0 + y0 + dy),
            size * (1.0 - r.b * r.phi * (2.0 * r.sign - r.b * (1.0 - 0.5 * (r.x * r.phi)))), dy};
}

/// What charge transfer takes off the drop R0 i, and its derivative by i: both of the sign that an overvoltage has.
template <class T>
struct Relief {
    T v_V, slope_Ohm;
};
inline constexpr double k_per_4_thermal_KperV = base::k_faraday_CperMol / (4.0 * base::k_gas_JperMolK);
template <class T>
[[gnu::always_inline]] inline Relief<T> charge_transfer_relief(const T& r_ct_Ohm, const T& i_A, const T& t_degC) {
    const T x = r_ct_Ohm * i_A, y = x * (k_per_4_thermal_KperV / (t_degC + k_zero_degC_K));
    const T y2 = y * y, q = 1.0 + (2.0 / 3.0) * y2, per_q = 1.0 / q, g = base::sqrt2(base::sqrt2(per_q));
    return {x * (1.0 - g), r_ct_Ohm * (1.0 - g * (1.0 - (1.0 / 3.0) * (y2 * per_q)))};
}
template <class T, class M>
[[gnu::always_inline]] inline Relief<T> kinetic_relief(const M& m, const EcmParams<T>& p, const EcmState<T>& s,
                                                       const T& i_A) {
    if (!m.extras.kinetic) return {T(0.0), T(0.0)};
    const T above = s.r0_Ohm - m.extras.ohmic_Ohm * p.r_scale;
    return charge_transfer_relief<T>(base::select(above > 0.0, above, T(0.0)), i_A, s.t_core_degC);
}

/// Everything of a step at constant current i that both mean_emf and commit need.
template <class T>
struct StepMeans {
    T ocv_V;             // mean OCV at T_core
    Turning<T> h;        // of hysteresis
    Turning<T> dir;      // of the direction (extended)
    T a1_V, a2_V, a3_V;  // u0 - i R
    Relief<T> kinetic;   // (extended)
};
template <bool X, class T, class M>
[[gnu::always_inline]] inline StepMeans<T> step_means(const M& m, const EcmParams<T>& p, const EcmState<T>& s,
                                                      const T& i_A, const T& dq_C, const StepCharge<T>& q,
                                                      const OcvMean<T>& ocv) {
    using base::abs2;
    if constexpr (X) {
        return {ocv.ocv_V + ocv.dudt_VperK * (s.t_core_degC - m.t_ref_degC),
                turning<T>(s.h, q.main_C, abs2(q.width) * m.gamma),
                turning<T>(s.dir, dq_C, abs2(dq_C) * p.per_capacity_perC * m.extras.turn_gamma),
                s.u1_V - i_A * s.r1_Ohm,
                s.u2_V - i_A * s.r2_Ohm,
                s.u3_V - i_A * s.r3_Ohm,
                kinetic_relief<T>(m, p, s, i_A)};
    } else {
        return {ocv.ocv_V + ocv.dudt_VperK * (s.t_core_degC - m.t_ref_degC),
                turning<T>(s.h, q.main_C, abs2(q.width) * m.gamma),
                {},
                s.u1_V - i_A * s.r1_Ohm,
                s.u2_V - i_A * s.r2_Ohm,
                T(0.0),
                {}};
    }
}
/// Mean EMF of the step, R0 excluded (but for what charge transfer takes off it).
template <bool X, class T, class C>
[[gnu::always_inline]] inline T emf_mean(const EcmState<T>& s, const C& c, const StepMeans<T>& r, const T& i_A) {
    const T u1_mean = i_A * s.r1_Ohm + r.a1_V * c.rc[0].phi;
    const T u2_mean = i_A * s.r2_Ohm + r.a2_V * c.rc[1].phi;
    const T emf_V = (r.ocv_V + s.m_V * r.h.mean) - (u1_mean + u2_mean);
    if constexpr (X) {
        return ((emf_V + s.m0_V * r.dir.mean) - (i_A * s.r3_Ohm + r.a3_V * c.rc[2].phi)) + r.kinetic.v_V;
    } else {
        return emf_V;
    }
}

template <bool X, class T, class M, class C>
[[gnu::always_inline]] inline EmfMean<T> emf_and_slope(const M& m, const EcmParams<T>& p, const EcmState<T>& s,
                                                       const C& c, const StepMeans<T>& r, const T& i_A,
                                                       const T& ocv_slope_V) {
    // Hysteresis: d(mean h)/dx = -phi^2 / 2 within a factor 2 for large x, exact for x -> 0; only a slope for the
    // iteration.
    const T hyst = s.m_V * m.gamma * (r.h.b * r.h.sign) * (r.h.phi * r.h.phi) * 0.5;
    const T rc = s.r1_Ohm * (1.0 - c.rc[0].phi) + s.r2_Ohm * (1.0 - c.rc[1].phi);
    if constexpr (X) {
        const T turn = s.m0_V * m.extras.turn_gamma * (r.dir.b * r.dir.sign) * (r.dir.phi * r.dir.phi) * 0.5;
        return {emf_mean<X, T>(s, c, r, i_A),
                r.kinetic.slope_Ohm - (((ocv_slope_V + hyst) + turn) * p.per_capacity_perC * c.h_s +
                                       (rc + s.r3_Ohm * (1.0 - c.rc[2].phi)))};
    } else {
        return {emf_mean<X, T>(s, c, r, i_A), -((ocv_slope_V + hyst) * p.per_capacity_perC * c.h_s + rc)};
    }
}

/// EMF from an OCV point and the state.
template <bool X, class T, class M>
[[gnu::always_inline]] inline T emf_of(const M& m, const EcmState<T>& s, const T& ocv_V, const T& dudt_VperK,
                                       const T& u1_V, const T& u2_V, const T& u3_V, const T& h, const T& dir) {
    const T v = (ocv_V + dudt_VperK * (s.t_core_degC - m.t_ref_degC) + s.m_V * h) - (u1_V + u2_V);
    if constexpr (X) {
        return (v + s.m0_V * dir) - u3_V;
    } else {
        return v;
    }
}

template <class T>
struct RcLines {
    T stored_J, heat_J, u_end_V;
};
/// One RC pair over the step: a = u0 - iR; stored tau/(2R) (u1^2 - u0^2); heat = integral of u^2 / R.
template <class T, class Rc, class S>
[[gnu::always_inline]] inline RcLines<T> rc_lines(const Rc& k, const S& tau_s, const S& h_s, const T& r_Ohm,
                                                  const T& per_r, const T& u0_V, const T& a_V, const T& i_A) {
    const T rise = a_V * k.em;  // u1 - u0
    const T ir = i_A * r_Ohm;
    return {per_r * (0.5 * tau_s) * rise * (u0_V + u0_V + rise),
            per_r * h_s * (ir * (ir + 2.0 * k.phi * a_V) + k.phi2 * (a_V * a_V)), u0_V + rise};
}

/// Adds to a compensated sum whose value is hi + lo by two-sum: an addend of constant size must not drift by rounding.
template <class T>
[[gnu::always_inline]] inline void add_kept(T& hi, T& lo, const T& x) {
    const T add = x + lo;
    const T sum = hi + add;
    const T back = sum - hi;
    lo = (hi - (sum - back)) + (add - back);
    hi = sum;
}

/// `commit` without following the resistances (param_work_J is 0).
template <bool X, class T, class M, class C>
[[gnu::always_inline]] inline CellStepEnergy<T> advance(const M& m, const EcmParams<T>& p, EcmState<T>& s, const C& c,
                                                        const StepMeans<T>& r, const T& i_A, const T& dq_C,
                                                        const StepCharge<T>& q, const T& dudt_VperK,
                                                        const T& joule_heat_J, const T& t_env_degC) {
    CellStepEnergy<T> e;
    e.emf_mean_V = emf_mean<X, T>(s, c, r, i_A);
    e.emf_work_J = e.emf_mean_V * dq_C;
    e.ocv_work_J = r.ocv_V * q.main_C;

    const RcLines<T> rc1 = rc_lines<T>(c.rc[0], m.tau_s[0], c.h_s, s.r1_Ohm, s.per_r1_S, s.u1_V, r.a1_V, i_A);
    const RcLines<T> rc2 = rc_lines<T>(c.rc[1], m.tau_s[1], c.h_s, s.r2_Ohm, s.per_r2_S, s.u2_V, r.a2_V, i_A);
    const TurningLines<T> hy = turning_lines<T>(r.h, s.h, s.m_V, q.main_C);
    e.entropic_heat_J = -(s.t_core_degC + k_zero_degC_K) * dudt_VperK * q.main_C;
    T heat = (joule_heat_J + (rc1.heat_J + rc2.heat_J)) + (hy.heat_J + e.entropic_heat_J);
    if constexpr (X) {
        const RcLines<T> rc3 = rc_lines<T>(c.rc[2], m.tau_s[2], c.h_s, s.r3_Ohm, s.per_r3_S, s.u3_V, r.a3_V, i_A);
        const TurningLines<T> turn = turning_lines<T>(r.dir, s.dir, s.m0_V, dq_C);
        e.rc_stored_J = (rc1.stored_J + rc2.stored_J) + rc3.stored_J;
        const T relief_J = r.kinetic.v_V * dq_C;
        e.rc_heat_J = ((rc1.heat_J + rc2.heat_J) + rc3.heat_J) - relief_J;
        e.hyst_stored_J = hy.stored_J + turn.stored_J;
        e.hyst_heat_J = hy.heat_J + turn.heat_J;
        e.side_heat_J = (r.ocv_V + s.m_V * r.h.mean) * q.side_C;
        heat = heat + (((rc3.heat_J + turn.heat_J) + e.side_heat_J) - relief_J);
        s.u3_V = rc3.u_end_V;
        s.dir = s.dir + turn.dy;
        add_kept<T>(s.side_C, s.side_lo_C, q.side_C);
    } else {
        e.rc_stored_J = rc1.stored_J + rc2.stored_J;
        e.rc_heat_J = rc1.heat_J + rc2.heat_J;
        e.hyst_stored_J = hy.stored_J;
        e.hyst_heat_J = hy.heat_J;
        e.side_heat_J = T(0.0);
    }
    s.u1_V = rc1.u_end_V;
    s.u2_V = rc2.u_end_V;
    s.h = s.h + hy.dy;
    const T heat1 = heat * p.per_parallel;  // per cell
    const T xc = s.t_core_degC - t_env_degC;
    const T xs = s.t_surf_degC - t_env_degC;
    const T dtc = (c.a[0][0] * xc + c.a[0][1] * xs) + c.g_KperJ[0] * heat1;
    const T dts = (c.a[1][0] * xc + c.a[1][1] * xs) + c.g_KperJ[1] * heat1;
    e.heat_stored_J = p.parallel * (m.c_core_JperK * dtc + m.c_surf_JperK * dts);
    e.env_heat_J = p.parallel * ((c.env_J[0] * xc + c.env_J[1] * xs) + c.env_J[2] * heat1);
    s.t_core_degC = s.t_core_degC + dtc;
    s.t_surf_degC = s.t_surf_degC + dts;

    add_kept<T>(s.soc, s.soc_lo, q.width);
    s.charge_out_C = s.charge_out_C + dq_C;
    e.param_work_J = T(0.0);
    return e;
}

/// Whether the kept resistances are due, per lane.
template <bool X, class T>
[[gnu::always_inline]] inline auto moved_away(const EcmState<T>& s) {
    using base::abs2;
    using base::mask_or;
    const auto moved = mask_or(abs2(s.soc - s.kept_soc) >= k_keep_soc, abs2(s.t_core_degC - s.kept_t_degC) >= k_keep_K);
    if constexpr (X) {
        return mask_or(moved, abs2(s.dir - s.kept_dir) >= k_keep_dir);
    } else {
        return moved;
    }
}

}  // namespace twin::cell::detail
