// SPDX-License-Identifier: Apache-2.0
// Numeric half of the elimination: templates over the lane type. The caller zeroes `values` and `rhs`, stamps, then
// factors the leading part once and solves the trailing block as often as Newton needs. No allocation after resize().
// `rhs` and `x` have one element more than there are nodes: the ground, so that branches need no test for it.
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
    std::vector<T> rhs;       // (n_nodes + 1) by position, ground last
    std::vector<T> x;         // (n_nodes + 1) solution by position, ground last and always 0
    std::vector<T> dense;     // (n_trail * n_trail) unit-lower factor, inverse pivots on the diagonal
    std::vector<T> dense_b;   // (n_trail + 1), ground last

    void resize(const Program& p) {
        const auto n = static_cast<std::size_t>(p.n_nodes);
        const auto m = static_cast<std::size_t>(p.n_trail);
        values.assign(static_cast<std::size_t>(p.n_values), T(0.0));
        l.assign(p.row.size(), T(0.0));
        inv_diag.assign(static_cast<std::size_t>(p.n_lead), T(0.0));
        rhs.assign(n + 1, T(0.0));
        x.assign(n + 1, T(0.0));
        dense.assign(m * m, T(0.0));
        dense_b.assign(m + 1, T(0.0));
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

namespace detail {
/// y - sum of l[k] x[at[k]] over N entries, in the order of the entries.
template <int N, class T>
[[gnu::always_inline]] inline T less_entries(const T& y, const T* l, const std::int32_t* at, const T* x) {
    if constexpr (N == 0) {
        return y;
    } else {
        return less_entries<N - 1>(y - l[0] * x[at[0]], l + 1, at + 1, x);
    }
}

/// b[at[k]] -= l[k] y over N entries.
template <int N, class T>
[[gnu::always_inline]] inline void take_entries(const T& y, const T* l, const std::int32_t* at, T* b) {
    if constexpr (N > 0) {
        b[at[0]] = b[at[0]] - l[0] * y;
        take_entries<N - 1>(y, l + 1, at + 1, b);
    }
}

/// Columns of a run, from the first to the last.
template <int N, class T>
[[gnu::always_inline]] inline void forward_run(const EqualRun& r, const T* l, const std::int32_t* at, T* b) {
    for (std::ptrdiff_t j = r.first; j < r.end; ++j, l += N, at += N) {
        const T y = b[j];
        take_entries<N>(y, l, at, b);
    }
}
/// Columns of a run, from the last to the first.
template <int N, class T>
[[gnu::always_inline]] inline void backward_run(const EqualRun& r, const T* l, const std::int32_t* at, const T* b,
                                                const T* inv, T* x) {
    const std::ptrdiff_t n = N * static_cast<std::ptrdiff_t>(r.end - r.first);
    l += n;
    at += n;
    for (std::ptrdiff_t j = r.end; j-- > r.first;) {
        l -= N;
        at -= N;
        x[j] = less_entries<N>(b[j] * inv[j], l, at, x);
    }
}
}  // namespace detail

/// Forward elimination of the right-hand side through the leading nodes. Before position `first` it is 0 everywhere:
/// there is nothing to eliminate.
template <class T>
inline void forward_leading(const Program& p, Workspace<T>& w, std::int32_t first = 0) {
    T* const b = w.rhs.data();
    for (EqualRun r : p.columns) {
        if (r.end <= first) continue;
        if (r.first < first) {
            r.entries0 += r.n * (first - r.first);
            r.first = first;
        }
        const T* l = w.l.data() + r.entries0;
        const std::int32_t* at = p.row.data() + r.entries0;
        switch (r.n) {
            case 1:
                detail::forward_run<1>(r, l, at, b);
                break;
            case 2:
                detail::forward_run<2>(r, l, at, b);
                break;
            case 3:
                detail::forward_run<3>(r, l, at, b);
                break;
            case 4:
                detail::forward_run<4>(r, l, at, b);
                break;
            default:
                for (std::int32_t j = r.first; j < r.end; ++j) {
                    const T y = b[j];
                    for (const T* const e = l + r.n; l != e; ++l, ++at) b[*at] = b[*at] - *l * y;
                }
        }
    }
}

/// Back substitution of the leading nodes after the trailing part of x is known.
template <class T>
inline void backward_leading(const Program& p, Workspace<T>& w) {
    T* const x = w.x.data();
    const T* const b = w.rhs.data();
    const T* const inv = w.inv_diag.data();
    for (auto q = p.columns.rbegin(); q != p.columns.rend(); ++q) {
        const EqualRun& r = *q;
        const T* const l = w.l.data() + r.entries0;
        const std::int32_t* const at = p.row.data() + r.entries0;
        switch (r.n) {
            case 1:
                detail::backward_run<1>(r, l, at, b, inv, x);
                break;
            case 2:
                detail::backward_run<2>(r, l, at, b, inv, x);
                break;
            case 3:
                detail::backward_run<3>(r, l, at, b, inv, x);
                break;
            case 4:
                detail::backward_run<4>(r, l, at, b, inv, x);
                break;
            default:
                for (std::int32_t j = r.end; j-- > r.first;) {
                    const std::int32_t e = (j - r.first) * r.n;
                    T xj = b[j] * inv[j];
                    for (std::int32_t k = 0; k < r.n; ++k) xj = xj - l[e + k] * x[at[e + k]];
                    x[j] = xj;
                }
        }
    }
}

/// Copies the Schur complement into the dense scratch (lower triangle, row-major m x m).
template <class T>
inline void load_trailing(const Program& p, Workspace<T>& w) {
    const auto m = static_cast<std::size_t>(p.n_trail);
    const auto lead = static_cast<std::size_t>(p.n_lead);
    const T* v = w.values.data() + p.off_dense;
    for (std::size_t i = 0; i < m; ++i) {
        for (std::size_t j = 0; j < i; ++j) w.dense[i * m + j] = *v++;
        w.dense[i * m + i] = w.values[lead + i];
    }
}

/// Adds a port's conductance to the dense scratch (ia, ib: trailing numbers, negative = ground).
template <class T>
inline void add_port(Workspace<T>& w, std::size_t m, std::int32_t ia, std::int32_t ib, const T& g) {
    if (ia >= 0) w.dense[static_cast<std::size_t>(ia) * (m + 1)] += g;
    if (ib >= 0) w.dense[static_cast<std::size_t>(ib) * (m + 1)] += g;
    if (ia >= 0 && ib >= 0) {
        const auto hi = static_cast<std::size_t>(ia > ib ? ia : ib);
        const auto lo = static_cast<std::size_t>(ia > ib ? ib : ia);
        w.dense[hi * m + lo] -= g;
    }
}

/// LDL^T of the dense scratch in place. Returns per lane whether every pivot was positive.
template <class T>
inline base::MaskOf<T> factor_trailing(const Program& p, Workspace<T>& w) {
    const auto m = static_cast<std::size_t>(p.n_trail);
    T* const a = w.dense.data();
    base::MaskOf<T> positive = T(1.0) > T(0.0);
    for (std::size_t j = 0; j < m; ++j) {
        positive = base::mask_and(positive, a[j * m + j] > T(0.0));
        const T inv = T(1.0) / a[j * m + j];
        a[j * m + j] = inv;
        for (std::size_t i = m; i-- > j + 1;) {  // downwards: a[q][j] is still unscaled for q <= i
            const T lij = a[i * m + j] * inv;
            for (std::size_t q = j + 1; q <= i; ++q) a[i * m + q] = a[i * m + q] - lij * a[q * m + j];
            a[i * m + j] = lij;
        }
    }
    return positive;
}

namespace detail {
/// y - sum of l[k * Stride] x[k] over N entries, in their order.
template <std::size_t N, std::size_t Stride, class T>
[[gnu::always_inline]] inline T less_row(const T& y, const T* l, const T* x) {
    if constexpr (N == 0) {
        return y;
    } else {
        return less_row<N - 1, Stride>(y - l[0] * x[0], l + Stride, x + 1);
    }
}
/// Rows I .. M - 1 of a block of M, forward from the first and backward from the last.
template <std::size_t M, std::size_t I, class T>
[[gnu::always_inline]] inline void solve_rows(const T* a, T* b, T* x) {
    if constexpr (I < M) {
        b[I] = less_row<I, 1>(b[I], a + I * M, b);
        solve_rows<M, I + 1>(a, b, x);
        x[I] = less_row<M - 1 - I, M>(b[I] * a[I * M + I], a + (I + 1) * M + I, x + I + 1);
    }
}
}  // namespace detail

/// Solves for the trailing positions of x; dense_b holds the right-hand side and is used up.
template <class T>
inline void solve_trailing(const Program& p, Workspace<T>& w) {
    const auto m = static_cast<std::size_t>(p.n_trail);
    const T* const a = w.dense.data();
    T* const b = w.dense_b.data();
    T* const x = w.x.data() + p.n_lead;
    if (m == 6) return detail::solve_rows<6, 0>(a, b, x);  // one pack at one load or charger: the same, unrolled
    for (std::size_t j = 0; j < m; ++j) {
        for (std::size_t i = j + 1; i < m; ++i) b[i] = b[i] - a[i * m + j] * b[j];
    }
    for (std::size_t j = m; j-- > 0;) {
        T xj = b[j] * a[j * m + j];
        for (std::size_t i = j + 1; i < m; ++i) xj = xj - a[i * m + j] * x[i];
        x[j] = xj;
    }
}

}  // namespace twin::net
