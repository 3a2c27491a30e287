// SPDX-License-Identifier: Apache-2.0
// The block kernels over the lane type V that a machine's registers hold. Included only by the source files that are
// compiled for one machine each; every function here is inlined into their entry points. Current is positive on
// discharge.
#pragma once
#include "cell/ecm_batch.hpp"
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

/// The entropic coefficient's mean alone, in a run whose segments hold every lane's soc.
template <class V>
[[gnu::always_inline]] inline V block_dudt_mean(const EcmModel& m, CellBlock& b, std::size_t j, const V& soc,
                                                const V& width) {
    using L = BlockLanes<V>;
    const V lo = L::load(b.segment.lo, j), end = soc + width;
    const unsigned in = lanes(mask_and(mask_and(soc >= lo, end >= lo), end < L::load(b.segment.hi, j)));
    V dudt = L::load(b.segment.c.dudt0_VperK, j) + L::load(b.segment.c.dudt1, j) * ((soc - lo) + 0.5 * width);
    if (in != L::all_bits) [[unlikely]] {
        alignas(64) double w[L::n], d[L::n];
        L::store(b.state.soc, j, soc);
        L::store(w, width);
        L::store(d, dudt);
        find_dudt_means(m, b, j, ~in & L::all_bits, w, d);
        dudt = L::load(d);
    }
    return dudt;
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
            L::store(emf_V + k_block * n + j, block_emf<X, V>(model, m, b, j, s));
        }
    }
    return followed != 0;
}

/// `refresh` of the basic form in the lanes of `due` from the kept corners of the resistance table.
template <class V, class Mask>
[[gnu::always_inline]] inline void block_follow(const EcmModel& model, CellBlock& b, BlockGrid& g, std::size_t j,
                                                const EcmParams<V>& p, EcmState<V>& s, const Mask& due) {
    using L = BlockLanes<V>;
    using base::select;
    const unsigned in =
        lanes(mask_and(mask_and(s.soc >= L::load(g.x_lo, j), s.soc < L::load(g.x_hi, j)),
                       mask_and(s.t_core_degC >= L::load(g.y_lo, j), s.t_core_degC < L::load(g.y_hi, j))));
    const unsigned out = lanes(due) & ~in & L::all_bits;
    if (out != 0) [[unlikely]] {
        L::store(b.state.t_core_degC, j, s.t_core_degC);
        find_corners(model, b, g, j, out);
    }
    const auto weight = [](const V& x, const V& x0, const V& per) __attribute__((always_inline)) {
        const V w = (x - x0) * per;
        const V at_least = select(w < 0.0, V(0.0), w);
        return select(at_least > 1.0, V(1.0), at_least);
    };
    const V wx = weight(s.soc, L::load(g.x0, j), L::load(g.per_dx, j));
    const V wy = weight(s.t_core_degC, L::load(g.y0, j), L::load(g.per_dy, j));
    const auto ohm = [&](const BlockGrid::Corners& q) __attribute__((always_inline)) {
        const V lo = L::load(q.a, j) + wy * L::load(q.da, j), hi = L::load(q.b, j) + wy * L::load(q.db, j);
        return (lo + wx * (hi - lo)) * p.r_scale;
    };
    const V r0 = ohm(g.r[0]), r1 = ohm(g.r[1]), r2 = ohm(g.r[2]);
    const Inverses<V> per = inverses<V>(r1, r2);
    const V m_V = L::load(g.m0_V, j) + L::load(g.m1, j) * (s.soc - L::load(b.segment.base, j));
    s.r0_Ohm = select(due, r0, s.r0_Ohm);
    s.r1_Ohm = select(due, r1, s.r1_Ohm);
    s.r2_Ohm = select(due, r2, s.r2_Ohm);
    s.per_r1_S = select(due, per.a, s.per_r1_S);
    s.per_r2_S = select(due, per.b, s.per_r2_S);
    s.m_V = select(due, m_V, s.m_V);
    s.kept_soc = select(due, s.soc, s.kept_soc);
    s.kept_t_degC = select(due, s.t_core_degC, s.kept_t_degC);
}

template <bool X, class V, class M, class C>
[[gnu::always_inline]] inline void block_run(const EcmModel& model, const M& m, const C& c, BlockRun& r) {
    using L = BlockLanes<V>;
    CellBlock& b = *r.block;
    for (std::size_t j = 0; j < k_block; j += L::n) {
        const EcmParams<V> p = load_params<V>(b, j);
        EcmState<V> s = load_state<X, V>(b, j);
        const V env = L::load(r.env_degC, j);
        V v = L::load(r.v_V, j), least = L::load(r.v_min_V, j), most = L::load(r.v_max_V, j);
        V hottest = L::load(r.t_max_degC, j);
        std::size_t wait = r.every;
        const double* at = r.i_A;
        double* row = r.out;
        for (std::size_t k = 0; k < r.n_steps; ++k, at += r.step_stride) {
            const V i0 = r.per_cell ? L::load(at + j) : V(*at);
            const V dq = i0 * c.h_s, joule = s.r0_Ohm * i0 * i0 * c.h_s, i = dq * c.per_h_perS;
            const StepCharge<V> q = step_charge<X, V>(m, p, s, c, dq);
            const OcvMean<V> o = X ? block_ocv_mean<V>(model, b, j, s.soc, q.width)
                                   : OcvMean<V>{V(0.0), block_dudt_mean<V>(model, b, j, s.soc, q.width), V(0.0)};
            const StepMeans<V> means = step_means<X, V>(m, p, s, i, dq, q, o);
            (void)advance<X, V>(m, p, s, c, means, i, dq, q, o.dudt_VperK, joule, env);
            L::store(b.state.soc, j, s.soc);
            const unsigned in = lanes(mask_and(s.soc >= L::load(b.segment.lo, j), s.soc < L::load(b.segment.hi, j)));
            if (in != L::all_bits) [[unlikely]]
                find_grid_segments(model, b, *r.grid, j, ~in & L::all_bits);
            const auto due = moved_away<X>(s);
            if (lanes(due) != 0) [[unlikely]] {
                if constexpr (X) {
                    each_changed<X>(s, b.state, StoreLane<V>{j});
                    follow_lanes(model, b, j, lanes(due));
                    each_kept<X>(s, b.state, LoadLane<V>{j});
                } else {
                    block_follow<V>(model, b, *r.grid, j, p, s, due);
                }
            }
            v = block_emf<X, V>(model, m, b, j, s) - s.r0_Ohm * i0;
            if (r.extrema) {
                least = base::select(v < least, v, least);
                most = base::select(v > most, v, most);
                hottest = base::select(s.t_core_degC > hottest, s.t_core_degC, hottest);
            }
            if (r.every != 0 && --wait == 0) {
                wait = r.every;
                L::store(row + j, v);
                L::store(row + k_block + j, s.soc);
                L::store(row + 2 * k_block + j, s.t_surf_degC);
                row += 3 * k_block;
            }
        }
        each_changed<X>(s, b.state, StoreLane<V>{j});
        each_kept<X>(s, b.state, StoreLane<V>{j});
        L::store(r.v_V, j, v);
        L::store(r.v_min_V, j, least);
        L::store(r.v_max_V, j, most);
        L::store(r.t_max_degC, j, hottest);
    }
}

}  // namespace twin::cell::detail

/// The table of one machine: OPS its name here, NAME as told, V its lanes, WIDE(k) the model and coefficients for V.
#define TWIN_BLOCK_OPS(OPS, NAME, V, MODEL, COEFFS)                                                                    \
    namespace twin::cell::detail {                                                                                     \
    static void OPS##_mean_emf(const BlockStep& k, CellBlock* blocks, std::size_t n, const double* i_A, double* emf_V, \
                               double* slope_Ohm) {                                                                    \
        if (k.model->extras.used)                                                                                      \
            block_mean_emf<true, V>(*k.model, MODEL, COEFFS, blocks, n, i_A, emf_V, slope_Ohm);                        \
        else                                                                                                           \
            block_mean_emf<false, V>(*k.model, MODEL, COEFFS, blocks, n, i_A, emf_V, slope_Ohm);                       \
    }                                                                                                                  \
    static bool OPS##_commit(const BlockStep& k, CellBlock* blocks, std::size_t n, const double* dq_C,                 \
                             const double* joule_J, double t_env_degC, BlockEnergy* sum, double* emf_V) {              \
        if (k.model->extras.used)                                                                                      \
            return block_commit<true, V>(*k.model, MODEL, COEFFS, blocks, n, dq_C, joule_J, t_env_degC, *sum, emf_V);  \
        return block_commit<false, V>(*k.model, MODEL, COEFFS, blocks, n, dq_C, joule_J, t_env_degC, *sum, emf_V);     \
    }                                                                                                                  \
    static void OPS##_run(const BlockStep& k, BlockRun& r) {                                                           \
        if (k.model->extras.used)                                                                                      \
            block_run<true, V>(*k.model, MODEL, COEFFS, r);                                                            \
        else                                                                                                           \
            block_run<false, V>(*k.model, MODEL, COEFFS, r);                                                           \
    }                                                                                                                  \
    const BlockOps OPS = {NAME, BlockLanes<V>::n, OPS##_mean_emf, OPS##_commit, OPS##_run};                            \
    }  // namespace twin::cell::detail
