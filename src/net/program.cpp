// SPDX-License-Identifier: Apache-2.0
#include "net/program.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <stdexcept>

namespace twin::net {
namespace {

using Adjacency = std::vector<std::set<std::int32_t>>;

void check_nodes(std::int32_t n_nodes, const std::vector<Edge>& edges, const std::vector<std::int32_t>& trailing) {
    const auto bad = [n_nodes](std::int32_t k) { return k < k_ground || k >= n_nodes; };
    for (const Edge& e : edges) {
        if (bad(e.a) || bad(e.b)) throw std::invalid_argument("net: edge names a node that does not exist");
    }
    for (const std::int32_t k : trailing) {
        if (k < 0 || k >= n_nodes) throw std::invalid_argument("net: trailing node does not exist");
    }
}

Adjacency adjacency_of(std::int32_t n_nodes, const std::vector<Edge>& edges) {
    Adjacency adj(static_cast<std::size_t>(n_nodes));
    for (const Edge& e : edges) {
        if (e.a == k_ground || e.b == k_ground || e.a == e.b) continue;
        adj[static_cast<std::size_t>(e.a)].insert(e.b);
        adj[static_cast<std::size_t>(e.b)].insert(e.a);
    }
    return adj;
}

/// Eliminates the leading nodes in minimum degree order; returns the column structure in nodes. Ties go to the node
/// whose eliminated neighbours lie least deep (a ladder is then eaten from both ends, in two independent chains), then
/// to the lowest number.
std::vector<std::vector<std::int32_t>> eliminate(Adjacency adj, const std::vector<bool>& keep, Program& p) {
    std::vector<std::vector<std::int32_t>> columns;
    std::vector<bool> gone(adj.size(), false);
    std::vector<std::int32_t> depth(adj.size(), 0);
    for (std::int32_t step = 0; step < p.n_lead; ++step) {
        std::int32_t best = -1;
        for (std::int32_t k = 0; k < p.n_nodes; ++k) {
            const auto i = static_cast<std::size_t>(k);
            if (gone[i] || keep[i]) continue;
            if (best < 0) {
                best = k;
                continue;
            }
            const auto b = static_cast<std::size_t>(best);
            if (adj[i].size() < adj[b].size() || (adj[i].size() == adj[b].size() && depth[i] < depth[b])) best = k;
        }
        const auto b = static_cast<std::size_t>(best);
        const std::vector<std::int32_t> nb(adj[b].begin(), adj[b].end());
        for (const std::int32_t u : nb) {
            adj[static_cast<std::size_t>(u)].erase(best);
            depth[static_cast<std::size_t>(u)] =
                std::max<std::int32_t>(depth[static_cast<std::size_t>(u)], depth[b] + 1);
            for (const std::int32_t w : nb) {
                if (w != u) adj[static_cast<std::size_t>(u)].insert(w);
            }
        }
        gone[b] = true;
        p.pos[b] = step;
        p.node_at[static_cast<std::size_t>(step)] = best;
        columns.push_back(nb);
    }
    return columns;
}

/// Columns of equal length in runs.
void list_runs(Program& p) {
    for (std::int32_t j = 0; j < p.n_lead; ++j) {
        const std::int32_t first = p.col_begin[static_cast<std::size_t>(j)];
        const std::int32_t n = p.col_begin[static_cast<std::size_t>(j) + 1] - first;
        if (!p.columns.empty() && p.columns.back().n == n)
            ++p.columns.back().end;
        else
            p.columns.push_back({j, j + 1, n, first});
    }
}

}  // namespace

Program build_program(std::int32_t n_nodes, const std::vector<Edge>& edges, const std::vector<std::int32_t>& trailing,
                      const std::vector<Edge>& sources) {
    check_nodes(n_nodes, edges, trailing);
    check_nodes(n_nodes, sources, {});
    Program p;
    p.n_nodes = n_nodes;
    std::vector<bool> keep(static_cast<std::size_t>(n_nodes), false);
    for (const std::int32_t k : trailing) keep[static_cast<std::size_t>(k)] = true;
    p.n_trail = static_cast<std::int32_t>(std::count(keep.begin(), keep.end(), true));
    p.n_lead = n_nodes - p.n_trail;
    p.pos.assign(static_cast<std::size_t>(n_nodes), -1);
    p.node_at.assign(static_cast<std::size_t>(n_nodes), -1);
    const auto columns = eliminate(adjacency_of(n_nodes, edges), keep, p);
    std::int32_t next = p.n_lead;
    for (std::int32_t k = 0; k < n_nodes; ++k) {
        if (!keep[static_cast<std::size_t>(k)]) continue;
        p.pos[static_cast<std::size_t>(k)] = next;
        p.node_at[static_cast<std::size_t>(next)] = k;
        ++next;
    }
    p.off_columns = n_nodes;
    p.col_begin.push_back(0);
    std::map<std::pair<std::int32_t, std::int32_t>, std::int32_t> index;  // (high, low) position -> value index
    for (std::size_t j = 0; j < columns.size(); ++j) {
        std::vector<std::int32_t> rows;
        for (const std::int32_t u : columns[j]) rows.push_back(p.pos[static_cast<std::size_t>(u)]);
        std::sort(rows.begin(), rows.end());
        for (const std::int32_t r : rows) {
            index[{r, static_cast<std::int32_t>(j)}] = p.off_columns + static_cast<std::int32_t>(p.row.size());
            p.row.push_back(r);
        }
        p.col_begin.push_back(static_cast<std::int32_t>(p.row.size()));
    }
    list_runs(p);
    p.off_dense = p.off_columns + static_cast<std::int32_t>(p.row.size());
    p.n_values = p.off_dense + p.n_trail * (p.n_trail - 1) / 2;
    const auto at = [&](std::int32_t i, std::int32_t j) {
        if (i == j) return i;
        const std::int32_t hi = std::max<std::int32_t>(i, j);
        const std::int32_t lo = std::min<std::int32_t>(i, j);
        if (lo >= p.n_lead) {
            const std::int32_t ti = hi - p.n_lead;
            return p.off_dense + ti * (ti - 1) / 2 + (lo - p.n_lead);
        }
        return index.at({hi, lo});
    };
    for (std::int32_t j = 0; j < p.n_lead; ++j) {
        const std::int32_t b = p.col_begin[static_cast<std::size_t>(j)];
        const std::int32_t e = p.col_begin[static_cast<std::size_t>(j) + 1];
        for (std::int32_t r = b; r < e; ++r) {
            for (std::int32_t q = b; q <= r; ++q) {
                p.update.push_back(at(p.row[static_cast<std::size_t>(r)], p.row[static_cast<std::size_t>(q)]));
            }
        }
    }
    for (const Edge& e : edges) {
        StampIndex s;
        if (e.a != k_ground) s.pos_a = p.pos[static_cast<std::size_t>(e.a)];
        if (e.b != k_ground) s.pos_b = p.pos[static_cast<std::size_t>(e.b)];
        if (e.a != e.b) {
            s.aa = s.pos_a;
            s.bb = s.pos_b;
            if (s.pos_a >= 0 && s.pos_b >= 0) s.ab = at(s.pos_a, s.pos_b);
        }
        p.stamp.push_back(s);
    }
    for (const Edge& e : sources) {
        StampIndex s;
        if (e.a != k_ground) s.pos_a = p.pos[static_cast<std::size_t>(e.a)];
        if (e.b != k_ground) s.pos_b = p.pos[static_cast<std::size_t>(e.b)];
        p.stamp.push_back(s);
    }
    return p;
}

}  // namespace twin::net
