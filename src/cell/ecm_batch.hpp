// SPDX-License-Identifier: Apache-2.0
// Many independent cells of one model, each with its own capacity, resistances, state and surroundings, advanced
// together: a structure of arrays in blocks of eight, each block taken through all steps before the next. Every cell
// gets the bits of `commit` with joule heat R0 i^2 h, alone. Current is positive on discharge.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "cell/ecm_block.hpp"

namespace twin::cell {

/// Why a cell of a batch is out of its model's range, as bits. Stopped: charge beyond -5 .. 105 %, where nobody knows
/// what it would do.
inline constexpr unsigned k_soc_low = 1, k_soc_high = 2, k_cold = 4, k_hot = 8, k_current = 16, k_stopped = 32;
inline constexpr double k_stop_soc = 0.05;  // beyond 0 and 1
/// What has left its range, found where the corners are looked up anew: when the charge has moved by k_keep_soc or the
/// core by k_keep_K. `first` and `stopped`: after which step (from 1) of the present run, 0 none.
struct BlockMarks {
    std::uint8_t what[k_block] = {};  // since the start
    bool fresh = false;               // something was marked in the present run
    std::size_t first[k_block] = {}, stopped[k_block] = {};
    Pack8 v_min_V, v_max_V, t_max_degC;  // of stopped lanes: the extremes until then
};

/// Corners of the resistance table about each cell and the hysteresis amplitude of its segment: where a basic model's
/// kept resistances come from. No state. The intervals end where the model's range ends, too, so that leaving it costs
/// no comparison of its own.
struct BlockGrid {
    BlockMarks mark;
    Pack8 x_lo, x_hi, x0, per_dx, y_lo, y_hi, y0, per_dy;
    struct Corners {
        Pack8 a, da, b, db;  // at the lower and upper soc: value at the lower temperature, difference to the upper
    } r[3];
    Pack8 m0_V, m1;
};

struct BlockRun {
    CellBlock* block = nullptr;
    BlockGrid* grid = nullptr;
    std::size_t n_steps = 0;
    const double* i_A = nullptr;  // of step k: i_A[k step_stride], + lane if per_cell (aligned to 64 bytes then)
    std::size_t step_stride = 0;
    bool per_cell = false, extrema = false;
    std::size_t every = 0;  // steps between records, 0: none
    double* out = nullptr;  // (records x 3 x 8): v_V, soc, surface temperature
    Pack8 env_degC, v_V, v_min_V, v_max_V, t_max_degC;
};

/// Where a cell of a batch differs from the model.
struct BatchCell {
    double capacity_scale = 1.0, r_scale = 1.0, soc = 1.0, temp_degC = 25.0, ambient_degC = 25.0;
    double h = 0.0;  // hysteresis, -1 discharged .. +1 charged
};

class EcmBatch {
public:
    /// Throws std::invalid_argument for scales that are not positive or other values that are not finite.
    EcmBatch(std::shared_ptr<const EcmModel> model, std::span<const BatchCell> cells);

    std::size_t size() const { return n_; }
    const EcmModel& model() const { return *model_; }
    /// One step of dt_s > 0; i_A: one current for all cells, or one for each.
    void step(std::span<const double> i_A, double dt_s);

    struct Record {
        std::size_t rows = 0;
        std::vector<double> v_V, soc, temp_degC;  // (rows x n), temperature of the surface
    };
    /// n_steps steps of dt_s: i_A is (n_steps) for all cells alike or (n_steps x n); a record after each `every` steps
    /// (0: none).
    Record run(std::span<const double> i_A, std::size_t n_steps, double dt_s, std::size_t every);

    double v_V(std::size_t k) const { return run_[k / k_block].v_V.v[k % k_block]; }  // at the end of the last step
    double v_min_V(std::size_t k) const { return extreme(k, &BlockRun::v_min_V, &BlockMarks::v_min_V); }  // of all ends
    double v_max_V(std::size_t k) const { return extreme(k, &BlockRun::v_max_V, &BlockMarks::v_max_V); }
    double t_max_degC(std::size_t k) const {  // of the core
        return extreme(k, &BlockRun::t_max_degC, &BlockMarks::t_max_degC);
    }
    /// Bits k_soc_low .. k_stopped of what left the range in which the model holds (0.01 % of charge and 1 mK beyond
    /// count as in).
    std::uint8_t out_of(std::size_t k) const { return grid_[k / k_block].mark.what[k % k_block]; }
    double out_since_s(std::size_t k) const { return out_since_s_[k]; }    // time since the start; infinity: never
    double stopped_at_s(std::size_t k) const { return stopped_at_s_[k]; }  // the same of k_stopped
    bool stopped(std::size_t k) const { return (out_of(k) & k_stopped) != 0; }
    /// Of a stopped cell: where its equations went, which means nothing.
    EcmState<double> state(std::size_t k) const { return lane_of(block_[k / k_block].state, k % k_block); }
    EcmParams<double> params(std::size_t k) const { return lane_of(block_[k / k_block].params, k % k_block); }
    /// The machine's kernels; for tests another of `block_ops_all`.
    void use(const BlockOps& ops) { ops_ = &ops; }
    bool extrema = true;  // keep v_min, v_max, t_max

private:
    void prepare(double dt_s);
    void put_rows(Record& out, std::size_t block, const Pack8* rows, double dt_s, std::size_t every) const;
    void take_currents(std::span<const double> i_A, std::size_t n_steps, bool per_cell);
    void collect_marks(std::size_t block, double dt_s);
    double extreme(std::size_t k, Pack8 BlockRun::* of_run, Pack8 BlockMarks::* until_stop) const {
        return stopped(k) ? (grid_[k / k_block].mark.*until_stop).v[k % k_block]
                          : (run_[k / k_block].*of_run).v[k % k_block];
    }
    std::shared_ptr<const EcmModel> model_;
    std::size_t n_ = 0;
    const BlockOps* ops_;
    BlockStep step_;
    std::vector<CellBlock> block_;
    std::vector<BlockGrid> grid_;
    std::vector<BlockRun> run_;
    std::vector<double> out_since_s_, stopped_at_s_;  // (n)
    double elapsed_s_ = 0.0;                          // at the end of the last run
};

namespace detail {
/// `find_segments` and the amplitudes of the segments found.
void find_grid_segments(const EcmModel& m, CellBlock& b, BlockGrid& g, std::size_t first, unsigned bits);
/// Corners about the stored soc and core temperature of these lanes; marks after `step` what is out of range, and keeps
/// the stored extremes of what stops.
void find_corners(const EcmModel& m, BlockRun& run, std::size_t first, unsigned bits, std::size_t step);
}  // namespace detail

}  // namespace twin::cell
