// SPDX-License-Identifier: Apache-2.0
// Cell-to-cell spread of a pack: independent normal values, cut at three standard deviations, a pure function of
// (seed, pack id, stream, cell). Exchanging two packs exchanges their cells; adding a cell changes no other.
#pragma once
#include <cstdint>

#include "base/rng.hpp"
#include "cell/ecm.hpp"

namespace twin::cell {

/// Standard deviations, relative (capacity, resistance) or absolute (soc).
struct Spread {
    double capacity = 0.0;
    double r = 0.0;
    double soc = 0.0;
};

/// What one cell of a pack differs by.
struct CellDraw {
    double capacity_scale = 1.0;
    double r_scale = 1.0;
    double soc_offset = 0.0;
};

inline constexpr double k_spread_cut = 3.0;             // standard deviations
inline constexpr std::uint64_t k_spread_attempts = 16;  // draws beyond the cut are repeated; 16 in a row have p = 1e-41

/// Standard normal cut at +-k_spread_cut, for cell `index` (0-based).
double cut_normal(const base::RngKey& key, base::Stream stream, std::uint64_t index);

/// Draw of one cell. Throws std::invalid_argument unless 0 <= sd and 3 sd < 1 (capacity, r) resp. 0 <= sd <= 1 (soc).
CellDraw draw_cell(const base::RngKey& key, const Spread& spread, std::uint64_t index);

}  // namespace twin::cell
