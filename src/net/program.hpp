// SPDX-License-Identifier: Apache-2.0
// The elimination program of one topology: LDL^T of the nodal matrix without pivoting (every branch is a positive
// conductance, so the matrix is symmetric positive definite). Linear nodes ("leading") are eliminated first, in minimum
// degree order; nodes with nonlinear or controlled ports ("trailing") are left as a small dense Schur complement, so a
// Newton iteration costs only that block. The program is pure structure: it holds for every state and every lane.
#pragma once
#include <cstdint>
#include <vector>

namespace twin::net {

inline constexpr std::int32_t k_ground = -1;

/// A two-terminal branch as the matrix sees it; nodes count from 0, k_ground is the reference node.
struct Edge {
    std::int32_t a = k_ground;
    std::int32_t b = k_ground;
};

/// Where the conductance of one edge lands in the value array (-1: ground, nothing to stamp).
struct StampIndex {
    std::int32_t aa = -1;
    std::int32_t bb = -1;
    std::int32_t ab = -1;
    std::int32_t pos_a = -1;  // right-hand-side positions
    std::int32_t pos_b = -1;
};

/// Neighbouring columns with equally many entries.
struct EqualRun {
    std::int32_t first = 0, end = 0;
    std::int32_t n = 0;         // entries of each
    std::int32_t entries0 = 0;  // the first one's first entry
};

struct Program {
    std::int32_t n_nodes = 0;
    std::int32_t n_lead = 0;
    std::int32_t n_trail = 0;
    std::vector<std::int32_t> pos;        // node -> position in elimination order
    std::vector<std::int32_t> node_at;    // position -> node
    std::vector<std::int32_t> col_begin;  // (n_lead + 1): off-diagonal entries of each leading column
    std::vector<std::int32_t> row;        // position of each off-diagonal entry
    std::vector<EqualRun> columns;        // the columns, in runs
    std::vector<std::int32_t> update;     // per column, for p in rows, q in rows[0..p]: target in the value array
    std::vector<StampIndex> stamp;        // per edge, then per source
    std::int32_t n_values = 0;            // diagonal (n_nodes), column entries, dense trailing lower triangle
    std::int32_t off_columns = 0;
    std::int32_t off_dense = 0;  // (i, j), i > j in trailing numbering at off_dense + i (i - 1) / 2 + j
};

/// Builds the program. `trailing` lists the nodes that are kept for the dense block; `sources` have no conductance:
/// they couple nothing and get right-hand-side positions only, after the edges. Throws std::invalid_argument for an
/// edge or a trailing node out of range.
Program build_program(std::int32_t n_nodes, const std::vector<Edge>& edges, const std::vector<std::int32_t>& trailing,
                      const std::vector<Edge>& sources = {});

}  // namespace twin::net
