// SPDX-License-Identifier: Apache-2.0
// Odeint's Rosenbrock method behind plain arrays: Boost 1.74's headers of it are no C++20, so one source is C++17.
#pragma once
#include <array>

namespace twin::cell_test {

using Vector6 = std::array<double, 6>;
using Matrix6 = std::array<Vector6, 6>;
struct System6 {
    Vector6 (*rates)(const void* context, const Vector6& y);
    Matrix6 (*jacobian)(const void* context, const Vector6& y);
    const void* context;
};
/// y after t_s, error per step below tol (absolute and relative).
Vector6 odeint_rosenbrock4(const System6& system, const Vector6& y0, double t_s, double tol);

}  // namespace twin::cell_test
