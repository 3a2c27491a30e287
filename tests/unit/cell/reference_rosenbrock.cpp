// SPDX-License-Identifier: Apache-2.0
// Compiled as C++17 (tests/CMakeLists.txt).
#include "reference_rosenbrock.hpp"

#include <boost/numeric/odeint/integrate/integrate_adaptive.hpp>
#include <boost/numeric/odeint/stepper/generation.hpp>
#include <boost/numeric/odeint/stepper/rosenbrock4.hpp>
#include <boost/numeric/odeint/stepper/rosenbrock4_controller.hpp>
#include <boost/numeric/ublas/matrix.hpp>
#include <boost/numeric/ublas/vector.hpp>

namespace twin::cell_test {

namespace {
namespace ode = boost::numeric::odeint;
namespace ublas = boost::numeric::ublas;
using State = ublas::vector<double>;
using Matrix = ublas::matrix<double>;

Vector6 plain(const State& y) {
    Vector6 r{};
    for (std::size_t k = 0; k < 6; ++k) r[k] = y[k];
    return r;
}
}  // namespace

Vector6 odeint_rosenbrock4(const System6& system, const Vector6& y0, double t_s, double tol) {
    State y(6);
    for (std::size_t k = 0; k < 6; ++k) y[k] = y0[k];
    const auto rates = [&](const State& x, State& dx, double) {
        const Vector6 d = system.rates(system.context, plain(x));
        for (std::size_t k = 0; k < 6; ++k) dx[k] = d[k];
    };
    const auto jacobian = [&](const State& x, Matrix& j, const double&, State& dt) {
        const Matrix6 m = system.jacobian(system.context, plain(x));
        for (std::size_t i = 0; i < 6; ++i) {
            dt[i] = 0.0;
            for (std::size_t k = 0; k < 6; ++k) j(i, k) = m[i][k];
        }
    };
    const auto stepper = ode::make_controlled<ode::rosenbrock4<double>>(tol, tol);
    ode::integrate_adaptive(stepper, std::make_pair(rates, jacobian), y, 0.0, t_s, 1e-3);
    return plain(y);
}

}  // namespace twin::cell_test
