// SPDX-License-Identifier: Apache-2.0
// Equivalent-circuit cell: parameters and state of one instance (fixed layout, T = double or a pack of 8) and the pure
// functions that the network and the ledger use. Equations: ecm_model.hpp. Current is positive on discharge.
//
// Over a step the current is constant and the parameters (T_core, R, M) are those of its start; charge, RC voltages,
// hysteresis and temperatures then advance by their exact solution. `mean_emf` may be called any number of times,
// `commit` alone changes the state. Every energy line has its own closed form; none is the remainder of others:
//   emf_work = ocv_work - rc_stored - rc_heat - hyst_stored - hyst_heat       (electrical, R0 apart)
//   r0_heat + rc_heat + hyst_heat + entropic_heat = heat_stored + env_heat    (thermal)
//   stored_after - stored_before = rc_stored + hyst_stored + param_work       (state functions, see `stored`)
#pragma once
#include <array>
#include <bit>
#include <cstddef>
#include <cstring>
#include <span>

#include "base/fields.hpp"
#include "base/lanes.hpp"
#include "base/math.hpp"
#include "cell/ecm_model.hpp"

namespace twin::cell {

/// What distinguishes one instance: made by `make_params`, constant during a run.
template <class T>
struct EcmParams {
    T capacity_C;         // model capacity x capacity scale x parallel
    T per_capacity_perC;  // 1 / capacity_C
    T r_scale;            // R = table x r_scale (resistance scale / parallel)
    T parallel;           // identical cells lumped in parallel (m of nSmP)
    T per_parallel;
};

/// State of one instance. Resistances and amplitude are the model's at (kept_soc, kept_t): they follow the state once
/// it has moved by k_keep_soc or k_keep_K from there (`commit`), i.e. they are within 0.05 % of the table and a pure
/// function of the state.
template <class T>
struct EcmState {
    T soc;         // 0 empty, 1 full
    T soc_lo;      // compensation of soc: the charge is soc + soc_lo
    T u1_V, u2_V;  // RC overvoltages, positive after discharge
    T h;           // hysteresis -1 (discharged into) .. +1 (charged into)
    T t_core_degC, t_surf_degC;
    T kept_soc, kept_t_degC;  // where the following were looked up
    T r0_Ohm, r1_Ohm, r2_Ohm;
    T per_r1_S, per_r2_S;  // 1 / R
    T m_V;                 // hysteresis amplitude
    T charge_out_C;        // charge that left through the branch (plain sum, for display; the ledger keeps its own)
};

inline constexpr double k_keep_soc = 1.0 / 32768.0;
inline constexpr double k_keep_K = 1.0 / 128.0;

template <class T>
struct EmfMean {
    T emf_V;        // mean over the step, R0 excluded
    T demf_di_Ohm;  // its derivative by the current, <= 0
};

/// Energies of one committed step, joules, for the whole branch (all parallel cells).
template <class T>
struct CellStepEnergy {
    T emf_mean_V;   // mean EMF of the committed charge
    T emf_work_J;   // delivered by the EMF: emf_mean dq
    T ocv_work_J;   // integral of OCV dq
    T rc_stored_J;  // increase at constant parameters
    T rc_heat_J;
    T hyst_stored_J;  // increase of the storage function at constant M
    T hyst_heat_J;
    T param_work_J;     // increase of stored energy because R and M follow (soc, T)
    T entropic_heat_J;  // reversible heat, from the chemistry
    T heat_stored_J;    // into core and surface
    T env_heat_J;       // to the environment
};

/// Lane k of a block of eight, and back. Both structs are arrays of T.
template <template <class> class S>
inline S<double> lane_of(const S<Pack8>& block, std::size_t k) {
    constexpr std::size_t n = sizeof(S<double>) / sizeof(double);
    static_assert(sizeof(S<Pack8>) == n * sizeof(Pack8));
    std::array<double, n> one;
    for (std::size_t f = 0; f < n; ++f)
        std::memcpy(&one[f], reinterpret_cast<const unsigned char*>(&block) + f * sizeof(Pack8) + k * sizeof(double),
                    sizeof(double));
    return std::bit_cast<S<double>>(one);
}
template <template <class> class S>
inline void set_lane_of(S<Pack8>& block, std::size_t k, const S<double>& value) {
    constexpr std::size_t n = sizeof(S<double>) / sizeof(double);
    const auto one = std::bit_cast<std::array<double, n>>(value);
    for (std::size_t f = 0; f < n; ++f)
        std::memcpy(reinterpret_cast<unsigned char*>(&block) + f * sizeof(Pack8) + k * sizeof(double), &one[f],
                    sizeof(double));
}

/// Instance parameters. Throws std::invalid_argument unless all three are finite and > 0.
EcmParams<double> make_params(const EcmModel& model, double capacity_scale = 1.0, double r_scale = 1.0,
                              double parallel = 1.0);

namespace detail {

/// Mean of e^-s over [0, x], x >= 0: (1 - e^-x) / x. Short series where they are exact to rounding, which is nearly
/// always.
double decay_mean_far(double x);
[[gnu::always_inline]] inline double decay_mean(double x) {
    if (x < 1e-3) {  // x^5 / 720 is below an ulp
        const double x2 = x * x;
        return (1.0 - 0.5 * x) + x2 * ((1.0 / 6.0 - x * (1.0 / 24.0)) + x2 * (1.0 / 120.0));
    }
    return decay_mean_far(x);
}
[[gnu::always_inline]] inline Pair decay_mean(const Pair& x) {
    if (!all(x < 1e-3)) [[unlikely]]
        return {decay_mean(x[0]), decay_mean(x[1])};
    const Pair x2 = x * x;
    return (1.0 - 0.5 * x) + x2 * ((1.0 / 6.0 - x * (1.0 / 24.0)) + x2 * (1.0 / 120.0));
}
inline Pack8 decay_mean(const Pack8& x) {
    Pack8 r;
    for (std::size_t k = 0; k < base::k_pack_lanes; ++k) r.v[k] = decay_mean(x.v[k]);
    return r;
}

/// Everything of a step at constant current i that both mean_emf and commit need.
template <class T>
struct StepMeans {
    T width;  // change of soc
    OcvMean<T> ocv;
    T ocv_V;                     // mean OCV at T_core
    T sign;                      // of the current: -1 or +1
    T x;                         // gamma |dq| / Q
    T hb, hphi, h_mean;          // h0 + sign, decay mean, mean of h
    T a1, a2, u1_mean, u2_mean;  // u0 - i R and mean overvoltages
    T emf_V;
};

/// `m` and `c` are the model and the coefficients, or both of them for two cells (PairStep).
template <class T, class M, class C>
[[gnu::always_inline]] inline StepMeans<T> step_means(const M& m, const EcmState<T>& s, const C& c, const T& i_A,
                                                      const T& dq_C, const T& width, const OcvMean<T>& ocv) {
    using base::abs2;
    using base::select;
    StepMeans<T> r;
    r.width = width;
    r.ocv = ocv;
    r.ocv_V = r.ocv.ocv_V + r.ocv.dudt_VperK * (s.t_core_degC - m.t_ref_degC);
    r.sign = select(dq_C < T(0.0), T(-1.0), T(1.0));
    r.x = abs2(r.width) * m.gamma;
    r.hb = s.h + r.sign;
    r.hphi = decay_mean(r.x);
    r.h_mean = r.hb * r.hphi - r.sign;
    r.a1 = s.u1_V - i_A * s.r1_Ohm;
    r.a2 = s.u2_V - i_A * s.r2_Ohm;
    r.u1_mean = i_A * s.r1_Ohm + r.a1 * c.rc[0].phi;
    r.u2_mean = i_A * s.r2_Ohm + r.a2 * c.rc[1].phi;
    r.emf_V = (r.ocv_V + s.m_V * r.h_mean) - (r.u1_mean + r.u2_mean);
    return r;
}
template <class T>
[[gnu::always_inline]] inline StepMeans<T> step_means(const EcmModel& m, const EcmParams<T>& p, const EcmState<T>& s,
                                                      const EcmCoeffs& c, const T& i_A, const T& dq_C) {
    const T width = -dq_C * p.per_capacity_perC;
    return step_means<T>(m, s, c, i_A, dq_C, width, ocv_mean(m, s.soc, width));
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

}  // namespace detail

/// Looks the kept resistances and amplitude up at (soc, t_core). `commit` does it; call it after writing soc or t_core
/// by hand.
template <class T>
inline void refresh(const EcmModel& m, const EcmParams<T>& p, EcmState<T>& s) {
    const std::array<T, 3> r = m.resistance_Ohm.at(s.soc, s.t_core_degC);
    s.r0_Ohm = r[0] * p.r_scale;
    s.r1_Ohm = r[1] * p.r_scale;
    s.r2_Ohm = r[2] * p.r_scale;
    s.per_r1_S = T(1.0) / s.r1_Ohm;
    s.per_r2_S = T(1.0) / s.r2_Ohm;
    s.kept_soc = s.soc;
    s.kept_t_degC = s.t_core_degC;
    s.m_V = ocv_point(m, s.soc).m_V;
}

namespace detail {

/// `refresh` where the state has moved away from the kept point; the stored energy this adds at constant u and h.
inline double follow(const EcmModel& m, const EcmParams<double>& p, EcmState<double>& s) {
    if (!(base::abs2(s.soc - s.kept_soc) >= k_keep_soc || base::abs2(s.t_core_degC - s.kept_t_degC) >= k_keep_K))
        return 0.0;
    const EcmState<double> old = s;
    refresh(m, p, s);
    const double w1 = (s.u1_V * s.u1_V) * (old.r1_Ohm - s.r1_Ohm) * (old.per_r1_S * s.per_r1_S);
    const double w2 = (s.u2_V * s.u2_V) * (old.r2_Ohm - s.r2_Ohm) * (old.per_r2_S * s.per_r2_S);
    const double wh = (s.m_V - old.m_V) * (s.h * s.h) * p.capacity_C * m.half_per_gamma;
    return (0.5 * m.tau_s[0] * w1 + 0.5 * m.tau_s[1] * w2) + wh;
}
/// The same lane by lane, so that a lane that stays is untouched.
inline Pack8 follow(const EcmModel& m, const EcmParams<Pack8>& p, EcmState<Pack8>& s) {
    Pack8 work(0.0);
    if (!base::any((base::abs2(s.soc - s.kept_soc) >= k_keep_soc) |
                   (base::abs2(s.t_core_degC - s.kept_t_degC) >= k_keep_K)))
        return work;
    for (std::size_t k = 0; k < base::k_pack_lanes; ++k) {
        const EcmParams<double> pk = lane_of(p, k);
        EcmState<double> sk = lane_of(s, k);
        work.v[k] = follow(m, pk, sk);
        set_lane_of(s, k, sk);
    }
    return work;
}

}  // namespace detail

/// A rested cell at one temperature; h0 in -1..1.
template <class T>
inline EcmState<T> make_state(const EcmModel& m, const EcmParams<T>& p, const T& soc, const T& t_degC,
                              const T& h0 = T(0.0)) {
    const T zero(0.0);
    EcmState<T> s{soc, zero, zero, zero, h0, t_degC, t_degC, soc, t_degC, zero, zero, zero, zero, zero, zero, zero};
    refresh(m, p, s);
    return s;
}

/// Series resistance of the branch for the next step.
template <class T>
inline T r0_Ohm(const EcmModel&, const EcmParams<T>&, const EcmState<T>& s) {
    return s.r0_Ohm;
}

namespace detail {
template <class T, class M, class C>
[[gnu::always_inline]] inline EmfMean<T> emf_and_slope(const M& m, const EcmParams<T>& p, const EcmState<T>& s,
                                                       const C& c, const StepMeans<T>& r) {
    // Hysteresis: d(mean h)/dx = -phi^2 / 2 within a factor 2 for large x, exact for x -> 0; only a slope for the
    // iteration.
    const T hyst = s.m_V * m.gamma * (r.hb * r.sign) * (r.hphi * r.hphi) * 0.5;
    const T rc = s.r1_Ohm * (1.0 - c.rc[0].phi) + s.r2_Ohm * (1.0 - c.rc[1].phi);
    return {r.emf_V, -((r.ocv.slope_V + hyst) * p.per_capacity_perC * c.h_s + rc)};
}
}  // namespace detail

/// Mean EMF over a step of length c.h_s at constant current i (R0 excluded) and its derivative. Pure.
template <class T>
inline EmfMean<T> mean_emf(const EcmModel& m, const EcmParams<T>& p, const EcmState<T>& s, const EcmCoeffs& c,
                           const T& i_A) {
    return detail::emf_and_slope<T>(m, p, s, c, detail::step_means<T>(m, p, s, c, i_A, i_A * c.h_s));
}

/// EMF at the present instant, R0 excluded.
template <class T>
inline T emf(const EcmModel& m, const EcmParams<T>&, const EcmState<T>& s) {
    const OcvPoint<T> o = ocv_point(m, s.soc);
    return (o.ocv_V + o.dudt_VperK * (s.t_core_degC - m.t_ref_degC) + s.m_V * s.h) - (s.u1_V + s.u2_V);
}

/// EMF at the end of a step of length c.h_s at constant current i, without committing it (dense output, crossings).
/// Pure.
template <class T>
inline T end_emf(const EcmModel& m, const EcmParams<T>& p, const EcmState<T>& s, const EcmCoeffs& c, const T& i_A) {
    using base::abs2;
    using base::select;
    const T width = -(i_A * c.h_s) * p.per_capacity_perC;
    const OcvPoint<T> o = ocv_point(m, s.soc + width);
    const T x = abs2(width) * m.gamma;
    const T sign = select(i_A < T(0.0), T(-1.0), T(1.0));
    const T h = s.h - (s.h + sign) * (x * detail::decay_mean(x));
    const T u1 = s.u1_V + (s.u1_V - i_A * s.r1_Ohm) * c.rc[0].em;
    const T u2 = s.u2_V + (s.u2_V - i_A * s.r2_Ohm) * c.rc[1].em;
    return (o.ocv_V + o.dudt_VperK * (s.t_core_degC - m.t_ref_degC) + s.m_V * h) - (u1 + u2);
}

namespace detail {

/// `commit` without following the resistances (param_work_J is 0).
template <class T, class M, class C>
[[gnu::always_inline]] inline CellStepEnergy<T> advance(const M& m, const EcmParams<T>& p, EcmState<T>& s, const C& c,
                                                        const StepMeans<T>& r, const T& i_A, const T& dq_C,
                                                        const T& joule_heat_J, const T& t_env_degC) {
    using base::abs2;
    CellStepEnergy<T> e;
    e.emf_mean_V = r.emf_V;
    e.emf_work_J = r.emf_V * dq_C;
    e.ocv_work_J = r.ocv_V * dq_C;

    const RcLines<T> rc1 = rc_lines<T>(c.rc[0], m.tau_s[0], c.h_s, s.r1_Ohm, s.per_r1_S, s.u1_V, r.a1, i_A);
    const RcLines<T> rc2 = rc_lines<T>(c.rc[1], m.tau_s[1], c.h_s, s.r2_Ohm, s.per_r2_S, s.u2_V, r.a2, i_A);
    e.rc_stored_J = rc1.stored_J + rc2.stored_J;
    e.rc_heat_J = rc1.heat_J + rc2.heat_J;
    s.u1_V = rc1.u_end_V;
    s.u2_V = rc2.u_end_V;

    // Hysteresis: dh = -x phi b; mean of h^2 = 1 - 2 sign b phi + b^2 phi(2x), phi(2x) = phi (1 - x phi / 2).
    const T size = s.m_V * abs2(dq_C);
    const T dh = -(r.x * r.hphi * r.hb);
    e.hyst_stored_J = size * (-0.5 * r.hphi * r.hb) * (s.h + s.h + dh);
    e.hyst_heat_J = size * (1.0 - r.hb * r.hphi * (2.0 * r.sign - r.hb * (1.0 - 0.5 * (r.x * r.hphi))));
    s.h = s.h + dh;

    e.entropic_heat_J = -(s.t_core_degC + k_zero_degC_K) * r.ocv.dudt_VperK * dq_C;
    const T heat = (joule_heat_J + e.rc_heat_J) + (e.hyst_heat_J + e.entropic_heat_J);
    const T heat1 = heat * p.per_parallel;  // per cell
    const T xc = s.t_core_degC - t_env_degC;
    const T xs = s.t_surf_degC - t_env_degC;
    const T dtc = (c.a[0][0] * xc + c.a[0][1] * xs) + c.g_KperJ[0] * heat1;
    const T dts = (c.a[1][0] * xc + c.a[1][1] * xs) + c.g_KperJ[1] * heat1;
    e.heat_stored_J = p.parallel * (m.c_core_JperK * dtc + m.c_surf_JperK * dts);
    e.env_heat_J = p.parallel * ((c.env_J[0] * xc + c.env_J[1] * xs) + c.env_J[2] * heat1);
    s.t_core_degC = s.t_core_degC + dtc;
    s.t_surf_degC = s.t_surf_degC + dts;

    const T add = r.width + s.soc_lo;  // two-sum: a constant width must not drift by its rounding
    const T sum = s.soc + add;
    const T back = sum - s.soc;
    s.soc_lo = (s.soc - (sum - back)) + (add - back);
    s.soc = sum;
    s.charge_out_C = s.charge_out_C + dq_C;

    e.param_work_J = T(0.0);
    return e;
}

}  // namespace detail

/// Advances the state over a step of length c.h_s in which the charge dq left through the branch. `joule_heat_J` is
/// heat made in the cell by the network's elements (R0), `t_env_degC` the constant surroundings of the surface.
template <class T>
inline CellStepEnergy<T> commit(const EcmModel& m, const EcmParams<T>& p, EcmState<T>& s, const EcmCoeffs& c,
                                const T& dq_C, const T& joule_heat_J, const T& t_env_degC) {
    const T i_A = dq_C * c.per_h_perS;
    const auto r = detail::step_means<T>(m, p, s, c, i_A, dq_C);
    CellStepEnergy<T> e = detail::advance<T>(m, p, s, c, r, i_A, dq_C, joule_heat_J, t_env_degC);
    e.param_work_J = detail::follow(m, p, s);
    return e;
}

/// Stored energies as functions of the state: RC capacitors (tau u^2 / (2R)) and hysteresis (M Q h^2 / (2 gamma)).
template <class T>
struct Stored {
    T rc_J, hyst_J;
};
template <class T>
inline Stored<T> stored(const EcmModel& m, const EcmParams<T>& p, const EcmState<T>& s) {
    return {0.5 * m.tau_s[0] * (s.u1_V * s.u1_V) / s.r1_Ohm + 0.5 * m.tau_s[1] * (s.u2_V * s.u2_V) / s.r2_Ohm,
            s.m_V * (s.h * s.h) * p.capacity_C * m.half_per_gamma};
}

/// Which limits of the valid range are left at this state and current: a mask per quantity.
template <class T>
struct OutOfRange {
    base::MaskOf<T> soc, t, i;
};
template <class T>
inline OutOfRange<T> out_of_range(const EcmModel& m, const EcmParams<T>& p, const EcmState<T>& s, const T& i_A) {
    using base::mask_or;
    const ValidRange& v = m.valid;
    return {mask_or(s.soc<T(v.soc_min), s.soc> T(v.soc_max)),
            mask_or(s.t_core_degC<T(v.t_min_degC), s.t_core_degC> T(v.t_max_degC)),
            base::abs2(i_A) > p.parallel * v.i_max_A};
}

/// Field tables: everything in the state is hashed; `count` is the number of lanes.
template <class T>
std::span<const base::Field> state_fields();
template <class T>
std::span<const base::Field> params_fields();

}  // namespace twin::cell
