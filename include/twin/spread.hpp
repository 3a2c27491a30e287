// SPDX-License-Identifier: Apache-2.0
// What cells of one kind differ by: draws from a named distribution (models/spread), reproducible by seed. Cell k of a
// seed is the same however many are drawn. Errors of input are InputError.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include <twin/error.hpp>

namespace twin {

/// Columns (n), relative to the cell's model.
struct CellSpread {
    std::string name, title, label;
    std::vector<double> capacity_rel, r_rel;
    std::vector<double> self_discharge_per_d;  // share of the capacity
    std::vector<double> soc_offset_frac;       // to be added to the charge, 0.01 is one point
};

/// `name`: a file or a shipped model (lfp-new, lfp-grey-market, lto-new, nmc-lgm50, nmc-new, second-life); `pack`
/// separates packs of one seed.
CellSpread draw_cells(const std::string& name, std::size_t n, std::uint64_t seed = 1, const std::string& pack = "");

}  // namespace twin
