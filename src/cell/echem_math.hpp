// SPDX-License-Identifier: Apache-2.0
// Small pieces that the solvers of the electrochemical models share.
#pragma once
#include <cstddef>

#include "base/constants.hpp"
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

inline double sine(double radian) { return base::sin_2pi(radian / (2.0 * base::k_pi)); }
inline double cosine(double radian) { return base::sin_2pi(radian / (2.0 * base::k_pi) + 0.25); }

/// Root n = 1, 2, .. of tan r = r: the eigenvalues of diffusion in a sphere with given flux are its squares.
inline double sphere_root(std::size_t n) {
    const double near = (static_cast<double>(n) + 0.5) * base::k_pi;
    double r = near - 1.0 / near;
    for (int it = 0; it < 6; ++it) {  // f = sin r - r cos r, f' = r sin r
        const double sn = sine(r), cs = cosine(r);
        r = r - (sn - r * cs) / (r * sn);
    }
    return r;
}

/// Solves a tridiagonal system in place: a x[k-1] + b x[k] + c x[k+1] = d; the result is in d, b is overwritten. n
/// >= 2. From both ends to the middle: two chains of divisions that overlap.
inline void tridiagonal(std::size_t n, const double* a, double* b, const double* c, double* d) {
    const std::size_t m = n / 2;  // the volume where they meet
    const auto down = [&](std::size_t k) {
        const double f = a[k] * b[k - 1];
        b[k] = 1.0 / (b[k] - f * c[k - 1]);
        d[k] -= f * d[k - 1];
    };
    const auto up = [&](std::size_t k) {
        const double f = c[k] * b[k + 1];
        b[k] = 1.0 / (b[k] - f * a[k + 1]);
        d[k] -= f * d[k + 1];
    };
    b[0] = 1.0 / b[0];
    std::size_t lo = 1, hi = n - 1;
    if (hi > m) b[hi] = 1.0 / b[hi];
    for (; lo < m && hi > m + 1; ++lo) {
        down(lo);
        --hi;
        up(hi);
    }
    for (; lo < m; ++lo) down(lo);
    while (hi > m + 1) {
        --hi;
        up(hi);
    }
    double bm = b[m], dm = d[m];
    if (m + 1 < n) {
        const double f = c[m] * b[m + 1];
        bm -= f * a[m + 1];
        dm -= f * d[m + 1];
    }
    const double f = a[m] * b[m - 1];
    d[m] = (dm - f * d[m - 1]) / (bm - f * c[m - 1]);
    std::size_t l = m, r = m + 1;
    for (; l > 0 && r < n; ++r) {
        --l;
        d[l] = (d[l] - c[l] * d[l + 1]) * b[l];
        d[r] = (d[r] - a[r] * d[r - 1]) * b[r];
    }
    while (l > 0) {
        --l;
        d[l] = (d[l] - c[l] * d[l + 1]) * b[l];
    }
    for (; r < n; ++r) d[r] = (d[r] - a[r] * d[r - 1]) * b[r];
}

}  // namespace twin::cell
