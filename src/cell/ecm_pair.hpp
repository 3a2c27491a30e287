// SPDX-License-Identifier: Apache-2.0
// Two neighbouring cells of one instance and one model advanced together, each to the bits of `commit` and `mean_emf`.
// Current is positive on discharge.
#pragma once
#include "cell/ecm.hpp"

namespace twin::cell {

/// Two cells side by side.
[[gnu::always_inline]] inline EcmParams<Pair> pair_of(const EcmParams<double>& a, const EcmParams<double>& b) {
    return {{a.capacity_C, b.capacity_C},
            {a.per_capacity_perC, b.per_capacity_perC},
            {a.r_scale, b.r_scale},
            {a.parallel, b.parallel},
            {a.per_parallel, b.per_parallel}};
}
[[gnu::always_inline]] inline EcmState<Pair> pair_of(const EcmState<double>& a, const EcmState<double>& b) {
    return {{a.soc, b.soc},
            {a.soc_lo, b.soc_lo},
            {a.u1_V, b.u1_V},
            {a.u2_V, b.u2_V},
            {a.h, b.h},
            {a.t_core_degC, b.t_core_degC},
            {a.t_surf_degC, b.t_surf_degC},
            {a.kept_soc, b.kept_soc},
            {a.kept_t_degC, b.kept_t_degC},
            {a.r0_Ohm, b.r0_Ohm},
            {a.r1_Ohm, b.r1_Ohm},
            {a.r2_Ohm, b.r2_Ohm},
            {a.per_r1_S, b.per_r1_S},
            {a.per_r2_S, b.per_r2_S},
            {a.m_V, b.m_V},
            {a.charge_out_C, b.charge_out_C}};
}

/// Model constants and coefficients of a step length for both halves: a pure function of them, to be memoised.
struct PairStep {
    PairStep() = default;
    PairStep(const EcmModel& m, const EcmCoeffs& c);
    Pair gamma, t_ref_degC, tau_s[2], c_core_JperK, c_surf_JperK;
    Pair h_s, per_h_perS;
    struct Rc {
        Pair em, phi, phi2;
    } rc[2];
    Pair a[2][2], g_KperJ[2], env_J[3];
};

/// Two neighbouring cells: parameters and states of the first of them, and the OCV segments in which each was last
/// found (no state: where to look first).
struct CellPair {
    const EcmModel& model;
    const EcmParams<double>* params;
    EcmState<double>* state;
    const OcvSegment** segment;
};

namespace detail {
/// Where a half is not inside the segment given: looks both up, gives the means by the general path.
OcvMean<Pair> find_ocv_mean(const EcmModel& model, const OcvSegment** at, Pair soc, Pair width);

[[gnu::always_inline]] inline OcvMean<Pair> ocv_mean(const CellPair& x, const Pair& soc, const Pair& width) {
    const OcvSegment &a = *x.segment[0], &b = *x.segment[1];
    const Pair end = soc + width, lo(a.lo, b.lo), hi(a.hi, b.hi);
    if ((halves(soc >= lo) & halves(soc < hi) & halves(end >= lo) & halves(end < hi)) != 3) [[unlikely]]
        return find_ocv_mean(x.model, x.segment, soc, width);
    return ocv_mean_in(segments(a, b), soc - lo, width);
}

/// `emf` of both cells.
[[gnu::always_inline]] inline Pair emf(const CellPair& x, const PairStep& k, const EcmState<Pair>& s) {
    const OcvSegment &a = *x.segment[0], &b = *x.segment[1];
    const Pair lo(a.lo, b.lo), hi(a.hi, b.hi);
    if ((halves(s.soc >= lo) & halves(s.soc < hi)) != 3) [[unlikely]]
        return {cell::emf(x.model, x.params[0], x.state[0]), cell::emf(x.model, x.params[1], x.state[1])};
    const SegmentOf<Pair> c = segments(a, b);
    const Pair t = s.soc - lo;
    const Pair ocv = c.c0 + t * (c.c1 + t * (c.c2 + t * c.c3));
    return (ocv + (c.dudt0_VperK + c.dudt1 * t) * (s.t_core_degC - k.t_ref_degC) + s.m_V * s.h) - (s.u1_V + s.u2_V);
}
}  // namespace detail

/// `mean_emf` of both.
[[gnu::always_inline]] inline EmfMean<Pair> mean_emf(const CellPair& x, const PairStep& k, const Pair& i_A) {
    const EcmParams<Pair> p = pair_of(x.params[0], x.params[1]);
    const EcmState<Pair> s = pair_of(x.state[0], x.state[1]);
    const Pair dq = i_A * k.h_s;
    const Pair width = -dq * p.per_capacity_perC;
    const auto r = detail::step_means<Pair>(k, s, k, i_A, dq, width, detail::ocv_mean(x, s.soc, width));
    return detail::emf_and_slope<Pair>(k, p, s, k, r);
}

/// `commit` of both (without param_work_J); *emf_V is the EMF at the end of the step.
[[gnu::always_inline]] inline CellStepEnergy<Pair> commit(const CellPair& x, const PairStep& k, const Pair& dq_C,
                                                          const Pair& joule_heat_J, double t_env_degC, Pair* emf_V) {
    const EcmParams<Pair> p = pair_of(x.params[0], x.params[1]);
    EcmState<Pair> s = pair_of(x.state[0], x.state[1]);
    const Pair i_A = dq_C * k.per_h_perS;
    const Pair width = -dq_C * p.per_capacity_perC;
    const auto r = detail::step_means<Pair>(k, s, k, i_A, dq_C, width, detail::ocv_mean(x, s.soc, width));
    const CellStepEnergy<Pair> e = detail::advance<Pair>(k, p, s, k, r, i_A, dq_C, joule_heat_J, Pair(t_env_degC));
    for (std::size_t n = 0; n < 2; ++n) {
        EcmState<double>& one = x.state[n];
        one.soc = s.soc[n];
        one.soc_lo = s.soc_lo[n];
        one.u1_V = s.u1_V[n];
        one.u2_V = s.u2_V[n];
        one.h = s.h[n];
        one.t_core_degC = s.t_core_degC[n];
        one.t_surf_degC = s.t_surf_degC[n];
        one.charge_out_C = s.charge_out_C[n];
    }
    if ((halves(abs2(s.soc - s.kept_soc) >= k_keep_soc) | halves(abs2(s.t_core_degC - s.kept_t_degC) >= k_keep_K)) != 0)
        [[unlikely]] {
        for (std::size_t n = 0; n < 2; ++n) detail::follow(x.model, x.params[n], x.state[n]);
        *emf_V = {cell::emf(x.model, x.params[0], x.state[0]), cell::emf(x.model, x.params[1], x.state[1])};
    } else {
        *emf_V = detail::emf(x, k, s);
    }
    return e;
}

}  // namespace twin::cell
