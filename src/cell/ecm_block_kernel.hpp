// SPDX-License-Identifier: Apache-2.0
// The block kernels over the lane type V that a machine's registers hold. Included only by the source files that are
// compiled for one machine each; every function here is inlined into their entry points. Current is positive on
// discharge.
#pragma once
#include "cell/ecm_block.hpp"

namespace twin::cell::detail {

template <class V>
struct BlockLanes {
    static constexpr std::size_t n = base::LaneTraits<V>::k_lanes;
    static constexpr unsigned all_bits = (1U << n) - 1U;
    struct [[gnu::may_alias]] alignas(8 * n) Vector {
        typename V::V v;
    };
    [[gnu::always_inline]] static V load(const double* p) { return V(reinterpret_cast<const Vector*>(p)->v); }
    [[gnu::always_inline]] static void store(double* p, const V& x) { reinterpret_cast<Vector*>(p)->v = x.v; }
    [[gnu::always_inline]] static V load(const Pack8& x, std::size_t j) { return load(x.v + j); }
    [[gnu::always_inline]] static void store(Pack8& x, std::size_t j, const V& y) { store(x.v + j, y); }
};

template <class V>
[[gnu::always_inline]] inline EcmParams<V> load_params(const CellBlock& b, std::size_t j) {
    using L = BlockLanes<V>;
    const EcmParams<Pack8>& p = b.params;
    return {L::load(p.capacity_C, j), L::load(p.per_capacity_perC, j), L::load(p.r_scale, j), L::load(p.parallel, j),
            L::load(p.per_parallel, j)};
}
/// Applies f(member of a, member of b) to what a step of the form X reads, or changes.
template <bool X, class A, class B, class F>
[[gnu::always_inline]] inline void each_changed(A& a, B& b, const F& f) {
    f(a.soc, b.soc);
    f(a.soc_lo, b.soc_lo);
    f(a.u1_V, b.u1_V);
    f(a.u2_V, b.u2_V);
    f(a.h, b.h);
    f(a.t_core_degC, b.t_core_degC);
    f(a.t_surf_degC, b.t_surf_degC);
    f(a.charge_out_C, b.charge_out_C);
    if constexpr (X) {
        f(a.u3_V, b.u3_V);
        f(a.dir, b.dir);
        f(a.side_C, b.side_C);
        f(a.side_lo_C, b.side_lo_C);
    }
}
template <bool X, class A, class B, class F>
[[gnu::always_inline]] inline void each_kept(A& a, B& b, const F& f) {
    f(a.kept_soc, b.kept_soc);
    f(a.kept_t_degC, b.kept_t_degC);
    f(a.r0_Ohm, b.r0_Ohm);
    f(a.r1_Ohm, b.r1_Ohm);
    f(a.r2_Ohm, b.r2_Ohm);
    f(a.per_r1_S, b.per_r1_S);
    f(a.per_r2_S, b.per_r2_S);
    f(a.m_V, b.m_V);
    if constexpr (X) {
        f(a.kept_dir, b.kept_dir);
        f(a.r3_Ohm, b.r3_Ohm);
        f(a.per_r3_S, b.per_r3_S);
        f(a.m0_V, b.m0_V);
        f(a.self_A, b.self_A);
    }
}
template <class V>
struct LoadLane {
    std::size_t j;
    [[gnu::always_inline]] void operator()(V& to, const Pack8& from) const { to = BlockLanes<V>::load(from, j); }
};
template <class V>
struct StoreLane {
    std::size_t j;
    [[gnu::always_inline]] void operator()(const V& from, Pack8& to) const { BlockLanes<V>::store(to, j, from); }
};
template <bool X, class V>
[[gnu::always_inline]] inline EcmState<V> load_state(const CellBlock& b, std::size_t j) {
    EcmState<V> s;
    each_changed<X>(s, b.state, LoadLane<V>{j});
    each_kept<X>(s, b.state, LoadLane<V>{j});
    return s;
}

template <class V>
[[gnu::always_inline]] inline SegmentOf<V> load_segment(const CellBlock& b, std::size_t j) {
    using L = BlockLanes<V>;
    const SegmentOf<Pack8>& c = b.segment.c;
    return {L::load(c.c0, j), L::load(c.c1, j),          L::load(c.c2, j),
            L::load(c.c3, j), L::load(c.dudt0_VperK, j), L::load(c.dudt1, j)};
}

/// Means over the charge moved. The block's stored soc must be s.soc (`find_means` reads it there).
template <class V>
[[gnu::always_inline]] inline OcvMean<V> block_ocv_mean(const EcmModel& m, CellBlock& b, std::size_t j, const V& soc,
                                                        const V& width) {
    using L = BlockLanes<V>;
    const V lo = L::load(b.segment.lo, j), hi = L::load(b.segment.hi, j), end = soc + width;
    const unsigned in = lanes(mask_and(mask_and(soc >= lo, soc < hi), mask_and(end >= lo, end < hi)));
    OcvMean<V> o = ocv_mean_in(load_segment<V>(b, j), soc - lo, width);
    if (in != L::all_bits) [[unlikely]] {
        alignas(64) double w[L::n], a[L::n], d[L::n], s[L::n];
        L::store(b.state.soc, j, soc);
        L::store(w, width);
        L::store(a, o.ocv_V);
        L::store(d, o.dudt_VperK);
        L::store(s, o.slope_V);
        find_means(m, b, j, ~in & L::all_bits, w, a, d, s);
        o = {L::load(a), L::load(d), L::load(s)};
    }
    return o;
}

/// `emf` of the state, whose soc must be stored in the block; segments are looked up where it has left them.
template <bool X, class V, class M>
[[gnu::always_inline]] inline V block_emf(const EcmModel& model, const M& m, CellBlock& b, std::size_t j,
                                          const EcmState<V>& s) {
    using L = BlockLanes<V>;
    const V lo = L::load(b.segment.lo, j), hi = L::load(b.segment.hi, j);
    const unsigned in = lanes(mask_and(s.soc >= lo, s.soc < hi));
    if (in != L::all_bits) [[unlikely]]
        find_segments(model, b, j, ~in & L::all_bits);
    const SegmentOf<V> c = load_segment<V>(b, j);
    const V t = s.soc - L::load(b.segment.base, j);
    const V ocv = c.c0 + t * (c.c1 + t * (c.c2 + t * c.c3));
    return emf_of<X, V>(m, s, ocv, c.dudt0_VperK + c.dudt1 * t, s.u1_V, s.u2_V, s.u3_V, s.h, s.dir);
}

template <bool X, class V, class M, class C>
[[gnu::always_inline]] inline void block_mean_emf(const EcmModel& model, const M& m, const C& c, CellBlock* blocks,
                                                  std::size_t n_blocks, const double* i_A, double* emf_V,
                                                  double* slope_Ohm) {
    using L = BlockLanes<V>;
    for (std::size_t n = 0; n < n_blocks; ++n) {
        CellBlock& b = blocks[n];
        for (std::size_t j = 0; j < k_block; j += L::n) {
            const EcmParams<V> p = load_params<V>(b, j);
            const EcmState<V> s = load_state<X, V>(b, j);
            const V i = L::load(i_A + k_block * n + j), dq = i * c.h_s;
            const StepCharge<V> q = step_charge<X, V>(m, p, s, c, dq);
            const OcvMean<V> o = block_ocv_mean<V>(model, b, j, s.soc, q.width);
            const StepMeans<V> r = step_means<X, V>(m, p, s, i, dq, q, o);
            const EmfMean<V> e = emf_and_slope<X, V>(m, p, s, c, r, i, o.slope_V);
            L::store(emf_V + k_block * n + j, e.emf_V);
            L::store(slope_Ohm + k_block * n + j, e.demf_di_Ohm);
        }
    }
}

template <bool X, class V, class M, class C>
[[gnu::always_inline]] inline bool block_commit(const EcmModel& model, const M& m, const C& c, CellBlock* blocks,
                                                std::size_t n_blocks, const double* dq_C, const double* joule_J,
                                                double t_env_degC, BlockEnergy& sum, double* emf_V) {
    using L = BlockLanes<V>;
    const V env(t_env_degC);
    unsigned followed = 0;
    for (std::size_t n = 0; n < n_blocks; ++n) {
        CellBlock& b = blocks[n];
        for (std::size_t j = 0; j < k_block; j += L::n) {
            const EcmParams<V> p = load_params<V>(b, j);
            EcmState<V> s = load_state<X, V>(b, j);
            const V dq = L::load(dq_C + k_block * n + j), i = dq * c.per_h_perS;
            const StepCharge<V> q = step_charge<X, V>(m, p, s, c, dq);
            const OcvMean<V> o = block_ocv_mean<V>(model, b, j, s.soc, q.width);
            const StepMeans<V> r = step_means<X, V>(m, p, s, i, dq, q, o);
            const V joule = L::load(joule_J + k_block * n + j);
            const CellStepEnergy<V> e = advance<X, V>(m, p, s, c, r, i, dq, q, o.dudt_VperK, joule, env);
            each_changed<X>(s, b.state, StoreLane<V>{j});
            const auto add = [j](Pack8& to, const V& x)
                                 __attribute__((always_inline)) { L::store(to, j, L::load(to, j) + x); };
            add(sum.ocv_work_J, e.ocv_work_J);
            add(sum.rc_heat_J, e.rc_heat_J);
            add(sum.hyst_heat_J, e.hyst_heat_J);
            add(sum.rc_stored_J, e.rc_stored_J);
            add(sum.hyst_stored_J, e.hyst_stored_J);
            add(sum.moved_C, abs2(dq));
            if constexpr (X) add(sum.side_heat_J, e.side_heat_J);
            const unsigned due = lanes(moved_away<X>(s));
            if (due != 0) [[unlikely]] {
                follow_lanes(model, b, j, due);
                each_kept<X>(s, b.state, LoadLane<V>{j});
                followed |= due;
            }
            V end_V = block_emf<X, V>(model, m, b, j, s);
            if constexpr (X) end_V = end_V + kinetic_relief<V>(m, p, s, i).v_V;
            L::store(emf_V + k_block * n + j, end_V);
        }
    }
    return followed != 0;
}

}  // namespace twin::cell::detail
