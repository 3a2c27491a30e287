// SPDX-License-Identifier: Apache-2.0
// Small pieces that the solvers of the electrochemical models share.
#pragma once
#include <cstddef>

#include "base/math.hpp"

namespace twin::cell {

inline constexpr double k_x_edge = 1e-7;  // lithiation is kept this far from 0 and 1 inside powers

inline double lithiation_inside(double x) {
    return x < k_x_edge ? k_x_edge : (x > 1.0 - k_x_edge ? 1.0 - k_x_edge : x);
}

inline double asinh_of(double z) {
    const double a = base::abs2(z);
    const double y = a < 1e-4 ? a * (1.0 - a * a / 6.0) : base::det_log(a + base::sqrt2(a * a + 1.0));
    return z < 0.0 ? -y : y;
}

/// Solves a tridiagonal system in place: a x[k-1] + b x[k] + c x[k+1] = d; the result is in d.
inline void tridiagonal(std::size_t n, const double* a, double* b, const double* c, double* d) {
    b[0] = 1.0 / b[0];
    for (std::size_t k = 1; k < n; ++k) {
        const double m = a[k] * b[k - 1];
        b[k] = 1.0 / (b[k] - m * c[k - 1]);
        d[k] -= m * d[k - 1];
    }
    d[n - 1] *= b[n - 1];
    for (std::size_t k = n - 1; k-- > 0;) d[k] = (d[k] - c[k] * d[k + 1]) * b[k];
}

}  // namespace twin::cell
