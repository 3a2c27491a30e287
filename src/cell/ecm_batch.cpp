// SPDX-License-Identifier: Apache-2.0
#include "cell/ecm_batch.hpp"

#include <limits>
#include <stdexcept>
#include <string>

namespace twin::cell {

namespace {

constexpr std::size_t k_together = 2;  // blocks in one call of a kernel
constexpr double k_inf = std::numeric_limits<double>::infinity();

struct Interval {
    std::int32_t s;
    double lo, hi;
};
/// Grid interval of x, reaching to infinity at the table's ends as `Bilinear::at` clamps there.
template <class A>
Interval interval_of(const A& axis, double x) {
    const std::int32_t found = axis.locate(x), top = axis.size() - 1;
    const std::int32_t s = found < 1 ? 1 : (found > top ? top : found);
    return {s, s == 1 ? -k_inf : axis.knot(s - 1), s == top ? k_inf : axis.knot(s)};
}

/// Ends the interval about x at `edge`, too.
void cut(Interval& i, double x, double edge) {
    if (x < edge)
        i.hi = edge < i.hi ? edge : i.hi;
    else
        i.lo = edge > i.lo ? edge : i.lo;
}

constexpr double k_slack_soc = 1e-4, k_slack_K = 1e-3;
/// Where the range of a model ends.
struct Bounds {
    double soc[4];  // stop, low, high, stop
    double t_degC[2];
    explicit Bounds(const ValidRange& v)
        : soc{-k_stop_soc, v.soc_min - k_slack_soc, v.soc_max + k_slack_soc, 1.0 + k_stop_soc},
          t_degC{v.t_min_degC - k_slack_K, v.t_max_degC + k_slack_K} {}
    unsigned out_of(double x, double t) const {
        unsigned bits = 0;
        if (x < soc[1]) bits |= k_soc_low;
        if (x >= soc[2]) bits |= k_soc_high;
        if (t < t_degC[0]) bits |= k_cold;
        if (t >= t_degC[1]) bits |= k_hot;
        if (x < soc[0] || x >= soc[3]) bits |= k_stopped;
        return bits;
    }
};

void mark_lane(BlockMarks& m, std::size_t k, unsigned bits, std::size_t step) {
    const unsigned had = m.what[k], fresh = bits & ~had;
    if (fresh == 0) return;
    if (had == 0 || step < m.first[k]) m.first[k] = step;
    if ((fresh & k_stopped) != 0) m.stopped[k] = step;
    m.what[k] = static_cast<std::uint8_t>(had | bits);
    m.fresh = true;
}

void need_finite(double x, const char* name, std::size_t k) {
    if (!base::is_finite(x))
        throw std::invalid_argument(std::string("batch of cells: ") + name + "[" + std::to_string(k) +
                                    "] is not a finite number");
}

}  // namespace

namespace detail {

void find_grid_segments(const EcmModel& m, CellBlock& b, BlockGrid& g, std::size_t first, unsigned bits) {
    find_segments(m, b, first, bits);
    for (std::size_t k = first; bits != 0; ++k, bits >>= 1) {
        if ((bits & 1U) == 0) continue;
        const HystSegment& y = m.hyst[static_cast<std::size_t>(m.soc_axis.locate(b.state.soc.v[k]))];
        g.m0_V.v[k] = y.m0_V;
        g.m1.v[k] = y.m1;
    }
}

void find_corners(const EcmModel& m, BlockRun& run, std::size_t first, unsigned bits, std::size_t step) {
    const CellBlock& b = *run.block;
    BlockGrid& g = *run.grid;
    const ResistanceTable& t = m.resistance_Ohm;
    const Bounds bounds(m.valid);
    for (std::size_t k = first; bits != 0; ++k, bits >>= 1) {
        if ((bits & 1U) == 0) continue;
        const double soc = b.state.soc.v[k], t_degC = b.state.t_core_degC.v[k];
        Interval x = interval_of(t.x_axis(), soc);
        Interval y = interval_of(t.y_axis(), t_degC);
        for (const double edge : bounds.soc) cut(x, soc, edge);
        for (const double edge : bounds.t_degC) cut(y, t_degC, edge);
        const unsigned out = bounds.out_of(soc, t_degC);
        if ((out & k_stopped) != 0 && (g.mark.what[k] & k_stopped) == 0) {
            g.mark.v_min_V.v[k] = run.v_min_V.v[k];
            g.mark.v_max_V.v[k] = run.v_max_V.v[k];
            g.mark.t_max_degC.v[k] = run.t_max_degC.v[k];
        }
        mark_lane(g.mark, k, out, step);
        g.x_lo.v[k] = x.lo;
        g.x_hi.v[k] = x.hi;
        g.y_lo.v[k] = y.lo;
        g.y_hi.v[k] = y.hi;
        g.x0.v[k] = t.x_axis().base(x.s);
        g.y0.v[k] = t.y_axis().base(y.s);
        g.per_dx.v[k] = t.per_dx(x.s);
        g.per_dy.v[k] = t.per_dy(y.s);
        for (std::size_t q = 0; q < 3; ++q) {
            const double a0 = t.value(q, x.s - 1, y.s - 1), a1 = t.value(q, x.s - 1, y.s);
            const double b0 = t.value(q, x.s, y.s - 1), b1 = t.value(q, x.s, y.s);
            g.r[q].a.v[k] = a0;
            g.r[q].da.v[k] = a1 - a0;
            g.r[q].b.v[k] = b0;
            g.r[q].db.v[k] = b1 - b0;
        }
    }
}

}  // namespace detail

EcmBatch::EcmBatch(std::shared_ptr<const EcmModel> model, std::span<const BatchCell> cells)
    : model_(std::move(model)), n_(cells.size()), ops_(&block_ops()) {
    const EcmModel& m = *model_;
    block_.assign(blocks_of(n_), CellBlock(m));
    grid_.resize(block_.size());
    run_.resize(block_.size());
    out_since_s_.assign(n_, k_inf);
    stopped_at_s_.assign(n_, k_inf);
    for (std::size_t k = 0; k < n_; ++k) {
        const BatchCell& c = cells[k];
        need_finite(c.soc, "soc", k);
        need_finite(c.temp_degC, "temp_degC", k);
        need_finite(c.ambient_degC, "ambient_degC", k);
        need_finite(c.h, "h", k);
        const EcmParams<double> p = make_params(m, c.capacity_scale, c.r_scale);
        set_lane_of(block_[k / k_block].params, k % k_block, p);
        set_lane_of(block_[k / k_block].state, k % k_block, make_state<double>(m, p, c.soc, c.temp_degC, c.h));
    }
    for (std::size_t n = 0; n < block_.size(); ++n) {
        detail::find_grid_segments(m, block_[n], grid_[n], 0, 0xFFU);
        BlockRun& r = run_[n];
        r.block = &block_[n];
        r.grid = &grid_[n];
        detail::find_corners(m, r, 0, 0xFFU, 0);
        collect_marks(n, 0.0);
        r.env_degC = Pack8(25.0);
        for (std::size_t k = 0; k < k_block; ++k) {
            if (n * k_block + k < n_) r.env_degC.v[k] = cells[n * k_block + k].ambient_degC;
            r.v_V.v[k] = emf(m, lane_of(block_[n].params, k), lane_of(block_[n].state, k));
        }
        r.v_min_V = Pack8(k_inf);
        r.v_max_V = r.t_max_degC = Pack8(-k_inf);
    }
}

void EcmBatch::prepare(double dt_s) {
    if (!(base::is_finite(dt_s) && dt_s > 0.0))
        throw std::invalid_argument("batch of cells: dt_s = " + std::to_string(dt_s) + "; allowed > 0");
    if (step_.model == nullptr || step_.c.h_s != dt_s) step_ = BlockStep(*model_, dt_s);
    for (std::size_t n = 0; n < block_.size(); ++n) {
        run_[n].block = &block_[n];
        run_[n].grid = &grid_[n];
        run_[n].extrema = extrema;
        run_[n].every = 0;
    }
}

/// Times of what the block's last run marked. dt_s: of its steps.
void EcmBatch::collect_marks(std::size_t block, double dt_s) {
    BlockMarks& m = grid_[block].mark;
    if (!m.fresh) return;
    m.fresh = false;
    for (std::size_t q = 0, k = block * k_block; q < k_block && k < n_; ++q, ++k) {
        const auto at_s = [&](std::size_t step) { return elapsed_s_ + static_cast<double>(step) * dt_s; };
        if (m.what[q] != 0 && out_since_s_[k] == k_inf) out_since_s_[k] = at_s(m.first[q]);
        if ((m.what[q] & k_stopped) != 0 && stopped_at_s_[k] == k_inf) stopped_at_s_[k] = at_s(m.stopped[q]);
        m.first[q] = m.stopped[q] = 0;
    }
}

/// Rows of one block's record into those of all cells; NaN where a cell had stopped.
void EcmBatch::put_rows(Record& out, std::size_t block, const Pack8* rows, double dt_s, std::size_t every) const {
    const std::size_t first = block * k_block, here = n_ - first < k_block ? n_ - first : k_block;
    constexpr double nan = std::numeric_limits<double>::quiet_NaN();
    for (std::size_t k = 0; k < out.rows; ++k) {
        for (std::size_t q = 0; q < here; ++q) {
            out.v_V[k * n_ + first + q] = rows[3 * k].v[q];
            out.soc[k * n_ + first + q] = rows[3 * k + 1].v[q];
            out.temp_degC[k * n_ + first + q] = rows[3 * k + 2].v[q];
        }
    }
    for (std::size_t q = 0; q < here; ++q) {
        if (!stopped(first + q)) continue;
        for (std::size_t k = 0; k < out.rows; ++k) {
            if (elapsed_s_ + static_cast<double>((k + 1) * every) * dt_s < stopped_at_s_[first + q]) continue;
            out.v_V[k * n_ + first + q] = out.soc[k * n_ + first + q] = out.temp_degC[k * n_ + first + q] = nan;
        }
    }
}

/// Refuses what is no number, marks cells whose currents the model's data don't cover.
void EcmBatch::take_currents(std::span<const double> i_A, std::size_t n_steps, bool per_cell) {
    const double most_A = model_->valid.i_max_A * (1.0 + 1e-9);
    bool beyond = false;
    for (const double i : i_A) {
        if (base::abs2(i) <= most_A) continue;
        if (!base::is_finite(i)) throw std::invalid_argument("batch of cells: a current is not a finite number");
        beyond = true;
    }
    for (std::size_t cell = 0; beyond && cell < n_; ++cell) {
        std::size_t step = 0;
        while (step < n_steps && base::abs2(i_A[per_cell ? step * n_ + cell : step]) <= most_A) ++step;
        if (step < n_steps) mark_lane(grid_[cell / k_block].mark, cell % k_block, k_current, step + 1);
    }
}

void EcmBatch::step(std::span<const double> i_A, double dt_s) { (void)run(i_A, 1, dt_s, 0); }

EcmBatch::Record EcmBatch::run(std::span<const double> i_A, std::size_t n_steps, double dt_s, std::size_t every) {
    const bool per_cell = i_A.size() == n_steps * n_ && n_ != 1;
    if (!per_cell && i_A.size() != n_steps)
        throw std::invalid_argument("batch of cells: " + std::to_string(i_A.size()) + " currents; allowed " +
                                    std::to_string(n_steps) + " (all cells alike) or " + std::to_string(n_steps * n_));
    prepare(dt_s);
    take_currents(i_A, n_steps, per_cell);
    if (n_steps == 0) return {};
    Record out;
    out.rows = every > 0 ? n_steps / every : 0;
    for (std::vector<double>* v : {&out.v_V, &out.soc, &out.temp_degC}) v->resize(out.rows * n_);
    std::vector<Pack8> rows(k_together * 3 * out.rows), own(per_cell ? k_together * n_steps : 0);
    for (std::size_t n = 0; n < block_.size(); n += k_together) {
        const std::size_t blocks = block_.size() - n < k_together ? block_.size() - n : k_together;
        for (std::size_t b = 0; b < blocks; ++b) {
            BlockRun& r = run_[n + b];
            const std::size_t first = (n + b) * k_block;
            r.n_steps = n_steps;
            r.per_cell = per_cell;
            r.i_A = i_A.data();
            r.step_stride = 1;
            if (per_cell) {
                Pack8* const mine = own.data() + b * n_steps;
                for (std::size_t k = 0; k < n_steps; ++k)
                    for (std::size_t q = 0; q < k_block; ++q)
                        mine[k].v[q] = first + q < n_ ? i_A[k * n_ + first + q] : 0.0;
                r.i_A = mine->v;
                r.step_stride = k_block;
            }
            r.every = every;
            r.out = rows.empty() ? nullptr : rows[b * 3 * out.rows].v;
        }
        ops_->run(step_, &run_[n], blocks);
        for (std::size_t b = 0; b < blocks; ++b) {
            collect_marks(n + b, dt_s);
            put_rows(out, n + b, rows.data() + b * 3 * out.rows, dt_s, every);
        }
    }
    elapsed_s_ += static_cast<double>(n_steps) * dt_s;
    return out;
}

}  // namespace twin::cell
