// SPDX-License-Identifier: Apache-2.0
// Eight neighbouring cells of one model as a structure of arrays, and the kernels over blocks of them. A kernel takes
// as many cells at once as the machine's registers hold (SSE2: 2, AVX2: 4, AVX-512: 8; chosen when the program runs):
// each cell gets the bits that `commit` and `mean_emf` give it alone, whatever the machine. Current is positive on
// discharge.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

#include "cell/ecm.hpp"
#include "cell/ecm_pair.hpp"

namespace twin::cell {

inline constexpr std::size_t k_block = base::k_pack_lanes;
inline constexpr std::size_t blocks_of(std::size_t n_cells) { return (n_cells + k_block - 1) / k_block; }

/// The OCV segment in which each cell was last found: no state, a place to look first.
struct BlockSegments {
    detail::SegmentOf<Pack8> c;
    Pack8 base, lo, hi;
};

struct alignas(64) CellBlock {
    EcmParams<Pack8> params;
    EcmState<Pack8> state;
    BlockSegments segment;
    /// A block of cells that are not there: no capacity, so that nothing ever moves in them and all energies are 0.
    explicit CellBlock(const EcmModel& m);
    CellBlock() = default;
};

/// Sums over the blocks' cells, lane by lane; `total` adds the lanes in one order.
struct BlockEnergy {
    Pack8 ocv_work_J, rc_heat_J, hyst_heat_J, side_heat_J, rc_stored_J, hyst_stored_J, moved_C;
};
inline double total(const Pack8& x) {
    return ((x.v[0] + x.v[1]) + (x.v[2] + x.v[3])) + ((x.v[4] + x.v[5]) + (x.v[6] + x.v[7]));
}

/// A step of the blocks: the model, its coefficients of a step length, the same widened for two.
struct BlockStep {
    const EcmModel* model = nullptr;
    EcmCoeffs c;
    PairStep pair;
    BlockStep() = default;
    BlockStep(const EcmModel& m, double h_s) : model(&m), c(coeffs(m, h_s)), pair(m, c) {}
};

/// Independent cells over many steps, see `EcmBatch`: inputs and outputs of one block.
struct BlockRun;

struct BlockOps {
    const char* name;
    std::size_t width;
    /// Arrays of 8 n_blocks. `mean_emf` of every cell.
    void (*mean_emf)(const BlockStep& k, CellBlock* blocks, std::size_t n_blocks, const double* i_A, double* emf_V,
                     double* slope_Ohm);
    /// `commit` of every cell, with the EMF at the end of the step; adds to the sums. True if a cell looked its
    /// resistances up.
    bool (*commit)(const BlockStep& k, CellBlock* blocks, std::size_t n_blocks, const double* dq_C,
                   const double* joule_heat_J, double t_env_degC, BlockEnergy* sum, double* emf_V);
    /// Blocks of one run: steps, their number and the records' spacing are alike.
    void (*run)(const BlockStep& k, BlockRun* runs, std::size_t n_blocks);
};

/// The widest that this machine has.
const BlockOps& block_ops();
/// All that this machine can run, narrowest first.
std::vector<const BlockOps*> block_ops_all();

namespace detail {
extern const BlockOps k_ops_sse2, k_ops_avx2, k_ops_avx512;
/// Where lanes (bits from lane `first`) are not inside their segments: looks them up, and their means by the general
/// path into the arrays, which hold what lanes inside have.
void find_means(const EcmModel& m, CellBlock& b, std::size_t first, unsigned bits, const double* width, double* ocv_V,
                double* dudt_VperK, double* slope_V);
/// The same for the entropic coefficient alone.
void find_dudt_means(const EcmModel& m, const CellBlock& b, std::size_t first, unsigned bits, const double* width,
                     double* dudt_VperK);
/// Segments of the present states of these lanes.
void find_segments(const EcmModel& m, CellBlock& b, std::size_t first, unsigned bits);
/// `follow` of these lanes.
void follow_lanes(const EcmModel& m, CellBlock& b, std::size_t first, unsigned bits);
}  // namespace detail

}  // namespace twin::cell
