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
/// X: with what only the extended form reads and writes.
template <bool X>
[[gnu::always_inline]] inline EcmState<Pair> pair_of(const EcmState<double>& a, const EcmState<double>& b) {
    EcmState<Pair> s{};
    const auto both = [](double x, double y) { return Pair(x, y); };
    s.soc = both(a.soc, b.soc);
    s.soc_lo = both(a.soc_lo, b.soc_lo);
    s.u1_V = both(a.u1_V, b.u1_V);
    s.u2_V = both(a.u2_V, b.u2_V);
    s.h = both(a.h, b.h);
    s.t_core_degC = both(a.t_core_degC, b.t_core_degC);
    s.t_surf_degC = both(a.t_surf_degC, b.t_surf_degC);
    s.kept_soc = both(a.kept_soc, b.kept_soc);
    s.kept_t_degC = both(a.kept_t_degC, b.kept_t_degC);
    s.r0_Ohm = both(a.r0_Ohm, b.r0_Ohm);
    s.r1_Ohm = both(a.r1_Ohm, b.r1_Ohm);
    s.r2_Ohm = both(a.r2_Ohm, b.r2_Ohm);
    s.per_r1_S = both(a.per_r1_S, b.per_r1_S);
    s.per_r2_S = both(a.per_r2_S, b.per_r2_S);
    s.m_V = both(a.m_V, b.m_V);
    s.charge_out_C = both(a.charge_out_C, b.charge_out_C);
    if constexpr (X) {
        s.u3_V = both(a.u3_V, b.u3_V);
        s.dir = both(a.dir, b.dir);
        s.kept_dir = both(a.kept_dir, b.kept_dir);
        s.r3_Ohm = both(a.r3_Ohm, b.r3_Ohm);
        s.per_r3_S = both(a.per_r3_S, b.per_r3_S);
        s.m0_V = both(a.m0_V, b.m0_V);
        s.self_A = both(a.self_A, b.self_A);
        s.side_C = both(a.side_C, b.side_C);
        s.side_lo_C = both(a.side_lo_C, b.side_lo_C);
    }
    return s;
}
template <bool X>
[[gnu::always_inline]] inline void put_back(const EcmState<Pair>& s, std::size_t n, EcmState<double>& one) {
    one.soc = s.soc[n];
    one.soc_lo = s.soc_lo[n];
    one.u1_V = s.u1_V[n];
    one.u2_V = s.u2_V[n];
    one.h = s.h[n];
    one.t_core_degC = s.t_core_degC[n];
    one.t_surf_degC = s.t_surf_degC[n];
    one.charge_out_C = s.charge_out_C[n];
    if constexpr (X) {
        one.u3_V = s.u3_V[n];
        one.dir = s.dir[n];
        one.side_C = s.side_C[n];
        one.side_lo_C = s.side_lo_C[n];
    }
}

/// Model constants and coefficients of a step length for both halves: a pure function of them, to be memoised.
struct PairStep {
    PairStep() = default;
    PairStep(const EcmModel& m, const EcmCoeffs& c);
    Pair gamma, t_ref_degC, tau_s[k_rc_pairs], c_core_JperK, c_surf_JperK;
    struct Extras {
        Pair turn_gamma, charge_loss;
    } extras;
    Pair h_s, per_h_perS;
    struct Rc {
        Pair em, phi, phi2;
    } rc[k_rc_pairs];
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
template <bool X>
[[gnu::always_inline]] inline Pair emf(const CellPair& x, const PairStep& k, const EcmState<Pair>& s) {
    const OcvSegment &a = *x.segment[0], &b = *x.segment[1];
    const Pair lo(a.lo, b.lo), hi(a.hi, b.hi);
    if ((halves(s.soc >= lo) & halves(s.soc < hi)) != 3) [[unlikely]]
        return {cell::emf(x.model, x.params[0], x.state[0]), cell::emf(x.model, x.params[1], x.state[1])};
    const SegmentOf<Pair> c = segments(a, b);
    const Pair t = s.soc - lo;
    const Pair ocv = c.c0 + t * (c.c1 + t * (c.c2 + t * c.c3));
    return emf_of<X, Pair>(k, s, ocv, c.dudt0_VperK + c.dudt1 * t, s.u1_V, s.u2_V, s.u3_V, s.h, s.dir);
}

template <bool X>
[[gnu::always_inline]] inline StepMeans<Pair> step_means(const CellPair& x, const PairStep& k, const EcmParams<Pair>& p,
                                                         const EcmState<Pair>& s, const Pair& i_A, const Pair& dq_C) {
    const StepCharge<Pair> q = step_charge<X, Pair>(k, p, s, k, dq_C);
    return step_means<X, Pair>(k, p, s, k, i_A, dq_C, q, ocv_mean(x, s.soc, q.width));
}

template <bool X>
[[gnu::always_inline]] inline EmfMean<Pair> mean_emf(const CellPair& x, const PairStep& k, const Pair& i_A) {
    const EcmParams<Pair> p = pair_of(x.params[0], x.params[1]);
    const EcmState<Pair> s = pair_of<X>(x.state[0], x.state[1]);
    return emf_and_slope<X, Pair>(k, p, s, k, step_means<X>(x, k, p, s, i_A, i_A * k.h_s));
}

template <bool X>
[[gnu::always_inline]] inline CellStepEnergy<Pair> commit(const CellPair& x, const PairStep& k, const Pair& dq_C,
                                                          const Pair& joule_heat_J, double t_env_degC, Pair* emf_V) {
    const EcmParams<Pair> p = pair_of(x.params[0], x.params[1]);
    EcmState<Pair> s = pair_of<X>(x.state[0], x.state[1]);
    const Pair i_A = dq_C * k.per_h_perS;
    const auto r = step_means<X>(x, k, p, s, i_A, dq_C);
    const CellStepEnergy<Pair> e = advance<X, Pair>(k, p, s, k, r, i_A, dq_C, joule_heat_J, Pair(t_env_degC));
    for (std::size_t n = 0; n < 2; ++n) put_back<X>(s, n, x.state[n]);
    if (any(moved_away<X>(s))) [[unlikely]] {
        for (std::size_t n = 0; n < 2; ++n) follow(x.model, x.params[n], x.state[n]);
        *emf_V = {cell::emf(x.model, x.params[0], x.state[0]), cell::emf(x.model, x.params[1], x.state[1])};
    } else {
        *emf_V = emf<X>(x, k, s);
    }
    return e;
}
}  // namespace detail

/// `mean_emf` of both.
[[gnu::always_inline]] inline EmfMean<Pair> mean_emf(const CellPair& x, const PairStep& k, const Pair& i_A) {
    return x.model.extras.used ? detail::mean_emf<true>(x, k, i_A) : detail::mean_emf<false>(x, k, i_A);
}

/// `commit` of both (without param_work_J); *emf_V is the EMF at the end of the step.
[[gnu::always_inline]] inline CellStepEnergy<Pair> commit(const CellPair& x, const PairStep& k, const Pair& dq_C,
                                                          const Pair& joule_heat_J, double t_env_degC, Pair* emf_V) {
    return x.model.extras.used ? detail::commit<true>(x, k, dq_C, joule_heat_J, t_env_degC, emf_V)
                               : detail::commit<false>(x, k, dq_C, joule_heat_J, t_env_degC, emf_V);
}

}  // namespace twin::cell
