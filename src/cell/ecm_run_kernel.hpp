// SPDX-License-Identifier: Apache-2.0
// The kernel of many steps of independent cells (`EcmBatch`) over the lane type V. Included like ecm_block_kernel.hpp.
// Current is positive on discharge.
#pragma once
#include "cell/ecm_batch.hpp"
#include "cell/ecm_block_kernel.hpp"

namespace twin::cell::detail {

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

/// `refresh` of the basic form in the lanes of `due` from the kept corners of the resistance table.
template <class V, class Mask>
[[gnu::always_inline]] inline void block_follow(const CellBlock& b, const BlockGrid& g, std::size_t j,
                                                const EcmParams<V>& p, EcmState<V>& s, const Mask& due) {
    using L = BlockLanes<V>;
    using base::select;
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

/// What the charge of a step decides alone: nothing of it changes while the current stays.
template <class V>
struct RunCharge {
    V i0_A, dq_C, i_A, width, x, phi;
};
template <class V, class M, class C>
[[gnu::always_inline]] inline RunCharge<V> run_charge(const M& m, const EcmParams<V>& p, const C& c, const V& i0_A) {
    const V dq = i0_A * c.h_s;
    const V width = -dq * p.per_capacity_perC;
    const V x = base::abs2(width) * m.gamma;
    return {i0_A, dq, dq * c.per_h_perS, width, x, decay_mean(x)};
}

/// The lanes from j of one block in a run: all that a step reads and changes, in registers as far as they go.
template <bool X, class V>
struct RunLanes {
    using L = BlockLanes<V>;
    BlockRun& r;
    CellBlock& b;
    std::size_t j;
    EcmParams<V> p;
    EcmState<V> s;
    V env, v, least, most, hottest;
    const double* at;  // the next step's current
    RunCharge<V> q;

    template <class M, class C>
    [[gnu::always_inline]] RunLanes(const M& m, const C& c, BlockRun& run, std::size_t lane)
        : r(run),
          b(*run.block),
          j(lane),
          p(load_params<V>(b, j)),
          s(load_state<X, V>(b, j)),
          env(L::load(r.env_degC, j)),
          v(L::load(r.v_V, j)),
          least(L::load(r.v_min_V, j)),
          most(L::load(r.v_max_V, j)),
          hottest(L::load(r.t_max_degC, j)),
          at(r.per_cell ? r.i_A + lane : r.i_A),
          q(run_charge<V>(m, p, c, current_A())) {}

    /// Corners, and marks, of lanes that have left their intervals of the grid. The block holds soc.
    [[gnu::always_inline]] void look_around(const EcmModel& model, unsigned due) {
        BlockGrid& g = *r.grid;
        const unsigned in =
            lanes(mask_and(mask_and(s.soc >= L::load(g.x_lo, j), s.soc < L::load(g.x_hi, j)),
                           mask_and(s.t_core_degC >= L::load(g.y_lo, j), s.t_core_degC < L::load(g.y_hi, j))));
        const unsigned out = due & ~in & L::all_bits;
        if (out == 0) [[likely]]
            return;
        L::store(b.state.t_core_degC, j, s.t_core_degC);
        L::store(r.v_min_V, j, least);  // where find_corners reads them
        L::store(r.v_max_V, j, most);
        L::store(r.t_max_degC, j, hottest);
        const auto done = static_cast<std::size_t>(at - (r.per_cell ? r.i_A + j : r.i_A)) / r.step_stride;
        find_corners(model, r, j, out, done);
    }
    [[gnu::always_inline]] V current_A() const { return r.per_cell ? L::load(at) : V(*at); }

    template <class M, class C>
    [[gnu::always_inline]] void step(const EcmModel& model, const M& m, const C& c) {
        const V i0 = current_A();
        at += r.step_stride;
        const V joule = s.r0_Ohm * i0 * i0 * c.h_s;
        if constexpr (X) {
            const V dq = i0 * c.h_s, i = dq * c.per_h_perS;
            const StepCharge<V> charge = step_charge<X, V>(m, p, s, c, dq);
            const OcvMean<V> o = block_ocv_mean<V>(model, b, j, s.soc, charge.width);
            const StepMeans<V> means = step_means<X, V>(m, p, s, i, dq, charge, o);
            (void)advance<X, V>(m, p, s, c, means, i, dq, charge, o.dudt_VperK, joule, env);
        } else {
            const auto less = i0 < q.i0_A;
            const auto more = i0 > q.i0_A;
            if (lanes(mask_or(less, more)) != 0) q = run_charge<V>(m, p, c, i0);
            const V dudt = block_dudt_mean<V>(model, b, j, s.soc, q.width);
            const StepMeans<V> means = {V(0.0),
                                        turning<V>(s.h, q.dq_C, q.x, q.phi),
                                        {},
                                        s.u1_V - q.i_A * s.r1_Ohm,
                                        s.u2_V - q.i_A * s.r2_Ohm,
                                        V(0.0),
                                        {}};
            (void)advance<X, V>(m, p, s, c, means, q.i_A, q.dq_C, {V(0.0), q.dq_C, q.width}, dudt, joule, env);
        }
        L::store(b.state.soc, j, s.soc);
        const unsigned in = lanes(mask_and(s.soc >= L::load(b.segment.lo, j), s.soc < L::load(b.segment.hi, j)));
        if (in != L::all_bits) [[unlikely]]
            find_grid_segments(model, b, *r.grid, j, ~in & L::all_bits);
        const auto due = moved_away<X>(s);
        if (lanes(due) != 0) [[unlikely]] {
            look_around(model, lanes(due));
            if constexpr (X) {
                each_changed<X>(s, b.state, StoreLane<V>{j});
                follow_lanes(model, b, j, lanes(due));
                each_kept<X>(s, b.state, LoadLane<V>{j});
            } else {
                block_follow<V>(b, *r.grid, j, p, s, due);
            }
        }
        v = block_emf<X, V>(model, m, b, j, s);
        if constexpr (X) v = v + kinetic_relief<V>(m, p, s, i0).v_V;
        v = v - s.r0_Ohm * i0;
        if (r.extrema) {
            least = base::select(v < least, v, least);
            most = base::select(v > most, v, most);
            hottest = base::select(s.t_core_degC > hottest, s.t_core_degC, hottest);
        }
    }

    [[gnu::always_inline]] void record(std::size_t row) {
        double* const to = r.out + 3 * k_block * row;
        L::store(to + j, v);
        L::store(to + k_block + j, s.soc);
        L::store(to + 2 * k_block + j, s.t_surf_degC);
    }
    [[gnu::always_inline]] void end() {
        each_changed<X>(s, b.state, StoreLane<V>{j});
        each_kept<X>(s, b.state, StoreLane<V>{j});
        L::store(r.v_V, j, v);
        L::store(r.v_min_V, j, least);
        L::store(r.v_max_V, j, most);
        L::store(r.t_max_degC, j, hottest);
    }
};

/// Takes the steps of `r` with all these lanes in turn.
template <class M, class C, class... Lanes>
[[gnu::always_inline]] inline void run_together(const EcmModel& model, const M& m, const C& c, const BlockRun& r,
                                                Lanes&... all) {
    std::size_t wait = r.every, row = 0;
    for (std::size_t k = 0; k < r.n_steps; ++k) {
        (all.step(model, m, c), ...);
        if (r.every == 0) continue;
        wait -= 1;
        if (wait != 0) continue;
        wait = r.every;
        (all.record(row), ...);
        row += 1;
    }
    (all.end(), ...);
}

/// Two registers of lanes at a time: a step waits for its own last one, and the other fills the pauses.
template <bool X, class V, class M, class C>
[[gnu::always_inline]] inline void block_run(const EcmModel& model, const M& m, const C& c, BlockRun* runs,
                                             std::size_t n_blocks) {
    constexpr std::size_t n = BlockLanes<V>::n, per_block = k_block / n;
    const std::size_t all = n_blocks * per_block;
    for (std::size_t g = 0; g < all; g += 2) {
        RunLanes<X, V> one(m, c, runs[g / per_block], n * (g % per_block));
        if (g + 1 < all) {
            RunLanes<X, V> two(m, c, runs[(g + 1) / per_block], n * ((g + 1) % per_block));
            run_together(model, m, c, one.r, one, two);
        } else {
            run_together(model, m, c, one.r, one);
        }
    }
}

}  // namespace twin::cell::detail
