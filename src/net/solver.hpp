// SPDX-License-Identifier: Apache-2.0
// Numeric half of the elimination: templates over the lane type. The caller zeroes `values` and `rhs`, stamps, then
// factors the leading part once and solves the trailing block as often as Newton needs. No allocation after resize().
#pragma once
#include <cstddef>
#include <vector>

#include "base/lanes.hpp"
#include "net/program.hpp"

namespace twin::net {

template <class T>
struct Workspace {
    std::vector<T> values;    // (n_values)
    std::vector<T> l;         // (column entries) unit-lower factors
    std::vector<T> inv_diag;  // (n_lead)
    std::vector<T> rhs;       // (n_nodes) by position
    std::vector<T> x;         // (n_nodes) solution by position
    std::vector<T> dense;     // (n_trail * n_trail) scratch
    std::vector<T> dense_b;   // (n_trail)

    void resize(const Program& p) {
        const auto n = static_cast<std::size_t>(p.n_nodes);
        const auto m = static_cast<std::size_t>(p.n_trail);
        values.assign(static_cast<std::size_t>(p.n_values), T(0.0));
        l.assign(p.row.size(), T(0.0));
        inv_diag.assign(static_cast<std::size_t>(p.n_lead), T(0.0));
        rhs.assign(n, T(0.0));
        x.assign(n, T(0.0));
        dense.assign(m * m, T(0.0));
        dense_b.assign(m, T(0.0));
    }
};

template <class T>
inline void add_conductance(std::vector<T>& values, const StampIndex& s, const T& g) {
    if (s.aa >= 0) values[static_cast<std::size_t>(s.aa)] += g;
    if (s.bb >= 0) values[static_cast<std::size_t>(s.bb)] += g;
    if (s.ab >= 0) values[static_cast<std::size_t>(s.ab)] -= g;
}

/// A current s flowing from a to b through the branch, beside its conductance.
template <class T>
inline void add_source(std::vector<T>& rhs, const StampIndex& s, const T& i_A) {
    if (s.pos_a >= 0) rhs[static_cast<std::size_t>(s.pos_a)] -= i_A;
    if (s.pos_b >= 0) rhs[static_cast<std::size_t>(s.pos_b)] += i_A;
}

/// Eliminates the leading nodes of `values` in place (the trailing part becomes the Schur complement).
template <class T>
inline void factor_leading(const Program& p, Workspace<T>& w) {
    T* const v = w.values.data();
    const std::int32_t* update = p.update.data();
    for (std::int32_t j = 0; j < p.n_lead; ++j) {
        const T inv = T(1.0) / v[j];
        w.inv_diag[static_cast<std::size_t>(j)] = inv;
        const std::int32_t b = p.col_begin[static_cast<std::size_t>(j)];
        const std::int32_t e = p.col_begin[static_cast<std::size_t>(j) + 1];
        const T* const col = v + p.off_columns;
        for (std::int32_t r = b; r < e; ++r) {
            const T lr = col[r] * inv;
            w.l[static_cast<std::size_t>(r)] = lr;
            for (std::int32_t q = b; q <= r; ++q) {
                T& target = v[*update];
                target = target - lr * col[q];
                ++update;
            }
        }
    }
}

/// Forward elimination of the right-hand side through the leading nodes.
template <class T>
inline void forward_leading(const Program& p, Workspace<T>& w) {
    T* const b = w.rhs.data();
    for (std::int32_t j = 0; j < p.n_lead; ++j) {
        const T bj = b[j];
        const std::int32_t e = p.col_begin[static_cast<std::size_t>(j) + 1];
        for (std::int32_t r = p.col_begin[static_cast<std::size_t>(j)]; r < e; ++r) {
            T& target = b[p.row[static_cast<std::size_t>(r)]];
            target = target - w.l[static_cast<std::size_t>(r)] * bj;
        }
    }
}

/// Back substitution of the leading nodes after the trailing part of x is known.
template <class T>
inline void backward_leading(const Program& p, Workspace<T>& w) {
    for (std::int32_t j = p.n_lead; j-- > 0;) {
        T xj = w.rhs[static_cast<std::size_t>(j)] * w.inv_diag[static_cast<std::size_t>(j)];
        const std::int32_t e = p.col_begin[static_cast<std::size_t>(j) + 1];
        for (std::int32_t r = p.col_begin[static_cast<std::size_t>(j)]; r < e; ++r) {
            xj = xj -
                 w.l[static_cast<std::size_t>(r)] * w.x[static_cast<std::size_t>(p.row[static_cast<std::size_t>(r)])];
        }
        w.x[static_cast<std::size_t>(j)] = xj;
    }
}

/// Copies the Schur complement and right-hand side into the dense scratch (full lower triangle, row-major m x m).
template <class T>
inline void load_trailing(const Program& p, Workspace<T>& w) {
    const auto m = static_cast<std::size_t>(p.n_trail);
    const auto lead = static_cast<std::size_t>(p.n_lead);
    std::size_t k = static_cast<std::size_t>(p.off_dense);
    for (std::size_t i = 0; i < m; ++i) {
        for (std::size_t j = 0; j < i; ++j) {
            w.dense[i * m + j] = w.values[k];
            ++k;
        }
        w.dense[i * m + i] = w.values[lead + i];
        w.dense_b[i] = w.rhs[lead + i];
    }
}

/// Adds a port (trailing numbering by position; negative = ground) to the dense scratch.
template <class T>
inline void add_port(const Program& p, Workspace<T>& w, const StampIndex& s, const T& g, const T& source_A) {
    const auto m = static_cast<std::size_t>(p.n_trail);
    const std::int32_t ia = s.pos_a >= 0 ? s.pos_a - p.n_lead : -1;
    const std::int32_t ib = s.pos_b >= 0 ? s.pos_b - p.n_lead : -1;
    if (ia >= 0) {
        w.dense[static_cast<std::size_t>(ia) * (m + 1)] += g;
        w.dense_b[static_cast<std::size_t>(ia)] -= source_A;
    }
    if (ib >= 0) {
        w.dense[static_cast<std::size_t>(ib) * (m + 1)] += g;
        w.dense_b[static_cast<std::size_t>(ib)] += source_A;
    }
    if (ia >= 0 && ib >= 0) {
        const auto hi = static_cast<std::size_t>(ia > ib ? ia : ib);
        const auto lo = static_cast<std::size_t>(ia > ib ? ib : ia);
        w.dense[hi * m + lo] -= g;
    }
}

/// Dense LDL^T solve of the trailing block in scratch; writes x of the trailing positions. Returns the smallest pivot's
/// positivity as a mask (false where a pivot was not positive).
template <class T>
inline base::MaskOf<T> solve_trailing(const Program& p, Workspace<T>& w) {
    const auto m = static_cast<std::size_t>(p.n_trail);
    const auto lead = static_cast<std::size_t>(p.n_lead);
    T* const a = w.dense.data();
    T* const b = w.dense_b.data();
    base::MaskOf<T> positive = T(1.0) > T(0.0);
    for (std::size_t j = 0; j < m; ++j) {
        positive = base::mask_and(positive, a[j * m + j] > T(0.0));
        const T inv = T(1.0) / a[j * m + j];
        a[j * m + j] = inv;
        for (std::size_t i = j + 1; i < m; ++i) {
            const T lij = a[i * m + j] * inv;
            for (std::size_t q = j + 1; q <= i; ++q) a[i * m + q] = a[i * m + q] - lij * a[q * m + j];
            b[i] = b[i] - lij * b[j];
        }
    }
    for (std::size_t j = m; j-- > 0;) {
        T xj = b[j];
        for (std::size_t i = j + 1; i < m; ++i) xj = xj - a[i * m + j] * w.x[lead + i];
        w.x[lead + j] = xj * a[j * m + j];
    }
    return positive;
}

}  // namespace twin::net
