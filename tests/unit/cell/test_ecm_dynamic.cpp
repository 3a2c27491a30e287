// SPDX-License-Identifier: Apache-2.0
// The cell against an independent integrator (Boost.Odeint, error-controlled) on a dynamic profile with heating, cold
// start, hysteresis and tables in play; and convergence of the step.
#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <vector>

#include <boost/numeric/odeint.hpp>

#include "base/rng.hpp"
#include "cell/ecm.hpp"
#include "load_cell.hpp"

using namespace twin;
using cell::coeffs;
using cell::commit;
using cell::EcmModel;
using State = cell::EcmState<double>;
using Params = cell::EcmParams<double>;
using Vector = std::array<double, 8>;  // soc, u1, u2, h, Tc, Ts, loss, env heat

namespace {

struct Piece {
    double i_A, t_s;
};

std::vector<Piece> profile(double i_1c_A) {
    std::vector<Piece> out;
    for (std::uint64_t k = 0; k < 60; ++k) {
        const double u = base::uniform({21, 0}, base::Stream::profile, 2 * k);
        const double t = base::uniform({21, 0}, base::Stream::profile, 2 * k + 1);
        const double c_rate = k % 7 == 3 ? 0.0 : (k % 5 == 4 ? -0.8 * u : 0.2 + 1.2 * u);
        out.push_back({c_rate * i_1c_A, std::floor(10.0 + 40.0 * t)});
    }
    return out;
}

/// The differential equations as the header states them, with their own table lookups.
struct Equations {
    const EcmModel& m;
    double q_C, i_A, env_degC;
    void operator()(const Vector& x, Vector& dx, double) const {
        const auto r = m.resistance_Ohm.at(x[0], x[4]);
        const cell::OcvPoint<double> o = cell::ocv_point(m, x[0]);
        const double sign = i_A < 0.0 ? -1.0 : 1.0;
        dx[0] = -i_A / q_C;
        dx[1] = (r[1] * i_A - x[1]) / m.tau_s[0];
        dx[2] = (r[2] * i_A - x[2]) / m.tau_s[1];
        dx[3] = -m.gamma / q_C * std::fabs(i_A) * (x[3] + sign);
        const double heat = r[0] * i_A * i_A + x[1] * x[1] / r[1] + x[2] * x[2] / r[2] +
                            o.m_V * x[3] * x[3] * std::fabs(i_A) - (x[4] + 273.15) * o.dudt_VperK * i_A;
        const double flow = (x[4] - x[5]) / m.r_core_surf_KperW;
        const double out = (x[5] - env_degC) / m.r_surf_env_KperW;
        dx[4] = (heat - flow) / m.c_core_JperK;
        dx[5] = (flow - out) / m.c_surf_JperK;
        dx[6] = heat;
        dx[7] = out;
    }
};

struct Outcome {
    std::vector<double> v_V, t_degC;
    double heat_J = 0.0, env_J = 0.0;
};

Outcome reference(const EcmModel& m, double soc, double t0, double env, const std::vector<Piece>& pieces) {
    namespace odeint = boost::numeric::odeint;
    Outcome out;
    Vector x = {soc, 0.0, 0.0, 0.2, t0, t0, 0.0, 0.0};
    for (const Piece& piece : pieces) {
        Equations f{m, m.capacity_C, piece.i_A, env};
        odeint::integrate_adaptive(odeint::make_controlled<odeint::runge_kutta_dopri5<Vector>>(1e-10, 1e-10), f, x, 0.0,
                                   piece.t_s, 1e-3);
        const cell::OcvPoint<double> o = cell::ocv_point(m, x[0]);
        const double r0 = m.resistance_Ohm.at(x[0], x[4])[0];
        out.v_V.push_back(o.ocv_V + o.dudt_VperK * (x[4] - m.t_ref_degC) + o.m_V * x[3] - x[1] - x[2] - r0 * piece.i_A);
        out.t_degC.push_back(x[4]);
    }
    out.heat_J = x[6];
    out.env_J = x[7];
    return out;
}

Outcome simulate(const EcmModel& m, double soc, double t0, double env, const std::vector<Piece>& pieces, double h) {
    Outcome out;
    const Params p = cell::make_params(m);
    State s = cell::make_state<double>(m, p, soc, t0, 0.2);
    const cell::EcmCoeffs c = coeffs(m, h);
    for (const Piece& piece : pieces) {
        const int n = static_cast<int>(piece.t_s / h + 0.5);
        for (int k = 0; k < n; ++k) {
            const double joule = s.r0_Ohm * piece.i_A * piece.i_A * h;
            const auto e = commit(m, p, s, c, piece.i_A * h, joule, env);
            out.heat_J += joule + e.rc_heat_J + e.hyst_heat_J + e.entropic_heat_J;
            out.env_J += e.env_heat_J;
        }
        out.v_V.push_back(cell::emf(m, p, s) - s.r0_Ohm * piece.i_A);
        out.t_degC.push_back(s.t_core_degC);
    }
    return out;
}

double worst(const std::vector<double>& a, const std::vector<double>& b) {
    double w = 0.0;
    for (std::size_t k = 0; k < a.size(); ++k) w = std::fmax(w, std::fabs(a[k] - b[k]));
    return w;
}

}  // namespace

TEST_CASE("dynamic profile against an error-controlled integrator") {
    for (const char* id : {"lfp-100ah", "nmc-94ah", "lto-20ah"}) {
        const EcmModel m = cell_test::load_model(id);
        const std::vector<Piece> pieces = profile(m.nameplate_Ah);
        const Outcome want = reference(m, 0.95, 2.0, 15.0, pieces);
        const Outcome got = simulate(m, 0.95, 2.0, 15.0, pieces, 0.05);
        INFO(std::string(id) << ": voltage off by " << worst(want.v_V, got.v_V) << " V, temperature by "
                             << worst(want.t_degC, got.t_degC) << " K");
        CHECK(want.t_degC.back() > 5.0);  // it warmed up, so the temperature tables were used
        CHECK(worst(want.v_V, got.v_V) < 3e-4);
        CHECK(worst(want.t_degC, got.t_degC) < 5e-3);
        CHECK(got.heat_J == doctest::Approx(want.heat_J).epsilon(1e-3));
        CHECK(got.env_J == doctest::Approx(want.env_J).epsilon(1e-3));
    }
}

TEST_CASE("halving the step changes no metric by more than 0.1 %") {
    const EcmModel m = cell_test::load_model("lfp-100ah");
    const std::vector<Piece> pieces = profile(m.nameplate_Ah);
    for (const double h : {1.0, 0.1}) {
        const Outcome a = simulate(m, 0.95, 2.0, 15.0, pieces, h);
        const Outcome b = simulate(m, 0.95, 2.0, 15.0, pieces, 0.5 * h);
        for (std::size_t k = 0; k < a.v_V.size(); ++k) CHECK(a.v_V[k] == doctest::Approx(b.v_V[k]).epsilon(1e-3));
        CHECK(a.heat_J == doctest::Approx(b.heat_J).epsilon(1e-3));
        CHECK(a.t_degC.back() - 2.0 == doctest::Approx(b.t_degC.back() - 2.0).epsilon(1e-3));
    }
}
