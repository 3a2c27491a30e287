// SPDX-License-Identifier: Apache-2.0
// The cell against closed forms: RC response, heating, hysteresis, exact means, thermal two-node response.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "cell/ecm.hpp"
#include "load_cell.hpp"

using namespace twin;
using cell::coeffs;
using cell::commit;
using cell::EcmModel;
using State = cell::EcmState<double>;
using Params = cell::EcmParams<double>;

namespace {

/// n equal steps of total length t at current i.
cell::CellStepEnergy<double> drive(const EcmModel& m, const Params& p, State& s, double t, int n, double i,
                                   double r0_heat_per_J = 0.0, double env = 25.0) {
    const cell::EcmCoeffs c = coeffs(m, t / n);
    cell::CellStepEnergy<double> sum{};
    for (int k = 0; k < n; ++k) {
        const double dq = i * c.h_s;
        const auto e = commit(m, p, s, c, dq, r0_heat_per_J * s.r0_Ohm * i * i * c.h_s, env);
        sum.rc_heat_J += e.rc_heat_J;
        sum.hyst_heat_J += e.hyst_heat_J;
        sum.entropic_heat_J += e.entropic_heat_J;
        sum.env_heat_J += e.env_heat_J;
        sum.heat_stored_J += e.heat_stored_J;
        sum.emf_work_J += e.emf_work_J;
        sum.ocv_work_J += e.ocv_work_J;
    }
    return sum;
}

}  // namespace

TEST_CASE("constant current: RC voltages follow 1 - e^-t/tau whatever the step") {
    const EcmModel m = cell::build(cell_test::plain_file());
    const Params p = cell::make_params(m);
    for (const int steps : {1, 7, 1000, 100000}) {
        State s = cell::make_state<double>(m, p, 0.9, 25.0);
        drive(m, p, s, 13.0, steps, 20.0);
        CHECK(s.u1_V == doctest::Approx(20.0 * 2e-3 * (1.0 - std::exp(-13.0 / 2.0))).epsilon(1e-11));
        CHECK(s.u2_V == doctest::Approx(20.0 * 3e-3 * (1.0 - std::exp(-13.0 / 25.0))).epsilon(1e-11));
        CHECK(s.soc == doctest::Approx(0.9 - 20.0 * 13.0 / 36000.0).epsilon(1e-14));
        CHECK(s.charge_out_C == doctest::Approx(260.0).epsilon(1e-11));
        drive(m, p, s, 5.0, steps, 0.0);  // and relax
        CHECK(s.u1_V == doctest::Approx(0.04 * (1.0 - std::exp(-6.5)) * std::exp(-2.5)).epsilon(1e-11));
        // the EMF is the OCV line less both
        CHECK(cell::emf(m, p, s) == doctest::Approx(3.0 + s.soc - s.u1_V - s.u2_V).epsilon(1e-14));
    }
}

TEST_CASE("RC heat is the integral of u^2 / R") {
    const EcmModel m = cell::build(cell_test::plain_file());
    const Params p = cell::make_params(m);
    State s = cell::make_state<double>(m, p, 0.9, 25.0);
    const double i = 20.0, t = 40.0;
    const auto e = drive(m, p, s, t, 5, i);
    const auto heat = [&](double r, double tau) {
        const double x = std::exp(-t / tau);
        return i * i * r * (t - 2.0 * tau * (1.0 - x) + 0.5 * tau * (1.0 - x * x));
    };
    CHECK(e.rc_heat_J == doctest::Approx(heat(2e-3, 2.0) + heat(3e-3, 25.0)).epsilon(1e-12));
}

TEST_CASE("adiabatic heating: all losses stay in the cell") {
    cell::EcmModelFile f = cell_test::plain_file();
    f.thermal.surface_ambient_K_per_W = 1e9;
    const EcmModel m = cell::build(f);
    const Params p = cell::make_params(m);
    State s = cell::make_state<double>(m, p, 0.95, 25.0);
    const double i = 30.0, t = 600.0;
    drive(m, p, s, t, 600000, i, 1.0);
    const auto settled = [&](double r, double tau) { return r * (t - 1.5 * tau); };  // e^-t/tau is 1e-10
    const double heat = i * i * (1e-3 * t + settled(2e-3, 2.0) + settled(3e-3, 25.0));
    const double rise = (200.0 * s.t_core_degC + 40.0 * s.t_surf_degC) / 240.0 - 25.0;
    CHECK(rise == doctest::Approx(heat / 240.0).epsilon(0.0005));
    // steady difference of core and surface: the surface's share of the heat flows through R_cs
    const double power = i * i * 6e-3;
    CHECK(s.t_core_degC - s.t_surf_degC == doctest::Approx(power * 40.0 / 240.0 * 1.5).epsilon(0.001));
}

TEST_CASE("core and surface settle at the steady state and relax with the two eigenvalues") {
    const EcmModel m = cell::build(cell_test::plain_file());
    const Params p = cell::make_params(m);
    State s = cell::make_state<double>(m, p, 0.5, 25.0);
    const cell::EcmCoeffs c = coeffs(m, 10.0);
    for (int k = 0; k < 5000; ++k) commit(m, p, s, c, 0.0, 20.0, 10.0);  // 2 W, surroundings at 10 degC
    CHECK(s.t_surf_degC == doctest::Approx(10.0 + 2.0 * 4.0).epsilon(1e-9));
    CHECK(s.t_core_degC == doctest::Approx(10.0 + 2.0 * 5.5).epsilon(1e-9));
    // Free decay against the eigenvalues, by their closed form.
    const double a = 1.0 / (1.5 * 200.0), b = 1.0 / (1.5 * 40.0), d = 1.0 / (4.0 * 40.0);
    const double mean = 0.5 * (a + b + d), root = std::sqrt(mean * mean - a * d);
    const double l1 = mean - root, l2 = mean + root;
    const double xc0 = s.t_core_degC - 10.0, xs0 = s.t_surf_degC - 10.0;
    // xc(t) = A e^-l1 t + B e^-l2 t with xc'(0) = a (xs0 - xc0)
    const double slope = a * (xs0 - xc0);
    const double big_b = (slope + l1 * xc0) / (l1 - l2), big_a = xc0 - big_b;
    const cell::EcmCoeffs c3 = coeffs(m, 3.7);
    double t = 0.0;
    for (int k = 0; k < 100; ++k) {
        commit(m, p, s, c3, 0.0, 0.0, 10.0);
        t += 3.7;
    }
    CHECK(s.t_core_degC - 10.0 ==
          doctest::Approx(big_a * std::exp(-l1 * t) + big_b * std::exp(-l2 * t)).epsilon(1e-10));
}

TEST_CASE("hysteresis: exponential transition, loop area as heat") {
    cell::EcmModelFile f = cell_test::plain_file();
    f.hysteresis = {20.0, {0.0, 1.0}, {25.0, 25.0}};
    const EcmModel m = cell::build(f);
    const Params p = cell::make_params(m);
    State s = cell::make_state<double>(m, p, 0.5, 25.0);
    drive(m, p, s, 360.0, 10, 5.0);  // 5 % out
    CHECK(s.h == doctest::Approx(std::exp(-20.0 * 0.05) - 1.0).epsilon(1e-12));
    drive(m, p, s, 360.0, 10, -5.0);  // and in again
    CHECK(s.h == doctest::Approx(1.0 - (2.0 - std::exp(-1.0)) * std::exp(-1.0)).epsilon(1e-12));
    // A closed loop: after many the state repeats; per loop the heat is the area of the loop of M h over the charge.
    for (int k = 0; k < 30; ++k) {
        drive(m, p, s, 360.0, 10, 5.0);
        drive(m, p, s, 360.0, 10, -5.0);
    }
    const double store = cell::stored(m, p, s).hyst_J;
    const auto out = drive(m, p, s, 360.0, 10, 5.0);
    const auto in = drive(m, p, s, 360.0, 10, -5.0);
    CHECK(cell::stored(m, p, s).hyst_J == doctest::Approx(store).epsilon(1e-10));
    const double a = std::tanh(0.5);  // h swings between +-(1 - e^-x) / (1 + e^-x), x = 1
    // area = 2 M Q_half (1 - a / (x / 2)): mean of -h on the way out is 1 - 2 a / x
    const double area = 2.0 * 0.025 * 1800.0 * (1.0 - 2.0 * a);
    CHECK(out.hyst_heat_J + in.hyst_heat_J == doctest::Approx(area).epsilon(1e-9));
    CHECK(out.hyst_heat_J > 0.0);
}

TEST_CASE("entropic heat: cooling or heating by the sign of dU/dT and of the current") {
    cell::EcmModelFile f = cell_test::plain_file();
    f.entropy = {{0.0, 1.0}, {0.4, 0.4}};
    const EcmModel m = cell::build(f);
    const Params p = cell::make_params(m);
    State s = cell::make_state<double>(m, p, 0.5, 26.85);
    const cell::EcmCoeffs c = coeffs(m, 1e-3);
    // discharge with dU/dT > 0 absorbs T dU/dT per coulomb
    CHECK(commit(m, p, s, c, 2.0, 0.0, 25.0).entropic_heat_J == doctest::Approx(-300.0 * 4e-4 * 2.0).epsilon(1e-12));
    s = cell::make_state<double>(m, p, 0.5, 26.85);
    CHECK(commit(m, p, s, c, -2.0, 0.0, 25.0).entropic_heat_J == doctest::Approx(300.0 * 4e-4 * 2.0).epsilon(1e-12));
    s = cell::make_state<double>(m, p, 0.5, 35.0);
    CHECK(cell::emf(m, p, s) == doctest::Approx(3.5 + 4e-4 * 10.0).epsilon(1e-14));
}

TEST_CASE("the mean EMF is the mean of the EMF") {
    for (const char* id : {"lfp-100ah", "nmc-94ah", "lto-20ah"}) {
        const EcmModel m = cell_test::load_model(id);
        const Params p = cell::make_params(m);
        State s = cell::make_state<double>(m, p, 0.7, 31.0, 0.4);
        s.u1_V = 0.03;
        s.u2_V = -0.02;
        // Inside one OCV segment, where the EMF over time is smooth: 64-point Gauss is not needed, Simpson over 2000 is
        // exact to 1e-13.
        const std::int32_t seg = m.soc_axis.locate(0.7);
        const double room = std::min(0.7 - m.soc_axis.base(seg), m.soc_axis.knot(seg) - 0.7);
        const double h = 5.0;
        const double i_max = 0.9 * room * p.capacity_C / h;
        for (const double i : {i_max, -i_max, 0.01 * i_max}) {
            const int n = 2000;
            double sum = 0.0;
            for (int k = 0; k <= n; ++k) {
                const double w = k == 0 || k == n ? 1.0 : (k % 2 == 1 ? 4.0 : 2.0);
                sum += w * (k == 0 ? cell::emf(m, p, s) : cell::end_emf(m, p, s, coeffs(m, h * k / n), i));
            }
            CHECK(cell::mean_emf(m, p, s, coeffs(m, h), i).emf_V == doctest::Approx(sum / (3.0 * n)).epsilon(2e-13));
        }
    }
}

TEST_CASE("mean OCV at one microcoulomb: no cancellation") {
    const EcmModel m = cell_test::load_model("lfp-100ah");
    const Params p = cell::make_params(m);
    double worst = 0.0;
    for (int k = 1; k < 1000; ++k) {
        State s = cell::make_state<double>(m, p, 1e-3 * k + 1e-5, 25.0);
        const double i = 1e-6 / 1e-3;
        const double mean = cell::mean_emf(m, p, s, coeffs(m, 1e-3), i).emf_V;
        const double mid = cell::ocv_point(m, s.soc - 0.5e-6 / p.capacity_C).ocv_V;
        worst = std::max(worst, std::fabs(mean - mid));
    }
    INFO("worst " << worst << " V");
    CHECK(worst < 3e-9);  // i R of the RC pairs: 1 mA on a milliohm over a millisecond is below 1e-9 V
}

TEST_CASE("the derivative of the mean EMF: sign and value") {
    const EcmModel m = cell_test::load_model("lfp-100ah");
    for (const double h : {1e-6, 1e-3, 0.1, 1.0}) {
        const cell::EcmCoeffs c = coeffs(m, h);
        for (const double soc : {-0.01, 0.012, 0.03, 0.1, 0.5, 0.73, 0.98, 1.02})
            for (const double i : {-80.0, -1.0, 1.0, 80.0}) {
                const Params p = cell::make_params(m);
                const State s = cell::make_state<double>(m, p, soc, 25.0, 0.3);
                const auto e = cell::mean_emf(m, p, s, c, i);
                const double d = 0.5;
                const double numeric =
                    (cell::mean_emf(m, p, s, c, i + d).emf_V - cell::mean_emf(m, p, s, c, i - d).emf_V) / (2.0 * d);
                CHECK(e.demf_di_Ohm <= 0.0);
                CHECK(e.demf_di_Ohm == doctest::Approx(numeric).epsilon(0.005).scale(1e-9));
            }
    }
}

TEST_CASE("lumped parallel cells: m cells carry m times the current and heat alike") {
    const EcmModel m = cell_test::load_model("nmc-94ah");
    const Params one = cell::make_params(m), four = cell::make_params(m, 1.0, 1.0, 4.0);
    State a = cell::make_state<double>(m, one, 0.6, 25.0), b = cell::make_state<double>(m, four, 0.6, 25.0);
    const auto ea = drive(m, one, a, 100.0, 100, 30.0, 1.0);
    const auto eb = drive(m, four, b, 100.0, 100, 120.0, 1.0);
    CHECK(b.soc == doctest::Approx(a.soc).epsilon(1e-14));
    CHECK(b.u1_V == doctest::Approx(a.u1_V).epsilon(1e-12));
    CHECK(b.t_core_degC == doctest::Approx(a.t_core_degC).epsilon(1e-13));
    CHECK(eb.heat_stored_J == doctest::Approx(4.0 * ea.heat_stored_J).epsilon(1e-10));
    CHECK(eb.emf_work_J == doctest::Approx(4.0 * ea.emf_work_J).epsilon(1e-12));
}

TEST_CASE("a day of millisecond steps loses no charge to rounding") {
    const EcmModel m = cell::build(cell_test::plain_file());
    const Params p = cell::make_params(m);
    State s = cell::make_state<double>(m, p, 0.75, 25.0);
    const cell::EcmCoeffs c = coeffs(m, 1e-3);
    const double i = 0.0777;
    const int n = 3'000'000;
    for (int k = 0; k < n; ++k) commit(m, p, s, c, i * 1e-3, 0.0, 25.0);
    const long double want = 0.75L - static_cast<long double>(i * 1e-3 * p.per_capacity_perC) * n;
    const long double got = static_cast<long double>(s.soc) + static_cast<long double>(s.soc_lo);
    CHECK(std::fabs(static_cast<double>(got - want)) < 1e-16);
}
