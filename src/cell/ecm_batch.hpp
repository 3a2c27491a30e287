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

/// Corners of the resistance table about each cell and the hysteresis amplitude of its segment: where a basic model's
/// kept resistances come from. No state.
struct BlockGrid {
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
    double v_min_V(std::size_t k) const { return run_[k / k_block].v_min_V.v[k % k_block]; }  // ends of all steps
    double v_max_V(std::size_t k) const { return run_[k / k_block].v_max_V.v[k % k_block]; }
    double t_max_degC(std::size_t k) const { return run_[k / k_block].t_max_degC.v[k % k_block]; }  // of the core
    EcmState<double> state(std::size_t k) const { return lane_of(block_[k / k_block].state, k % k_block); }
    EcmParams<double> params(std::size_t k) const { return lane_of(block_[k / k_block].params, k % k_block); }
    /// The machine's kernels; for tests another of `block_ops_all`.
    void use(const BlockOps& ops) { ops_ = &ops; }
    bool extrema = true;  // keep v_min, v_max, t_max

private:
    void prepare(double dt_s);
    void put_rows(Record& out, std::size_t block, const Pack8* rows) const;
    std::shared_ptr<const EcmModel> model_;
    std::size_t n_ = 0;
    const BlockOps* ops_;
    BlockStep step_;
    std::vector<CellBlock> block_;
    std::vector<BlockGrid> grid_;
    std::vector<BlockRun> run_;
    std::vector<Pack8> currents_;
};

namespace detail {
/// `find_segments` and the amplitudes of the segments found.
void find_grid_segments(const EcmModel& m, CellBlock& b, BlockGrid& g, std::size_t first, unsigned bits);
/// Corners about the stored soc and core temperature of these lanes.
void find_corners(const EcmModel& m, CellBlock& b, BlockGrid& g, std::size_t first, unsigned bits);
}  // namespace detail

}  // namespace twin::cell
