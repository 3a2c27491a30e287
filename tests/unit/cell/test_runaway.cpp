// SPDX-License-Identifier: Apache-2.0
// Runaway kinetics: order of the integrator, energy, closed forms (first-order decay, logistic growth, Semenov's
// criticality), Odeint's Rosenbrock method, and what ovens do to a cell.
#include <doctest/doctest.h>

#include <cmath>

#include "base/math.hpp"
#include "cell/runaway.hpp"
#include "reference_rosenbrock.hpp"

using namespace twin::cell;

namespace {

/// LCO/graphite of Kim et al. 2007, separator left out.
RunawayModel lco() {
    RunawayModel m;
    m.sei = {1.667e15, 135080.0, 257e3, 610.4};
    m.neg = {2.5e13, 135080.0, 1714e3, 610.4};
    m.pos = {6.667e13, 139600.0, 314e3, 1221.0};
    m.ele = {5.14e25, 274000.0, 155e3, 406.9};
    m.density_kgPerM3 = 45e-3 / 16.54e-6;  // an 18650: 45 g, 18 x 65 mm
    return m;
}
RunawayCell small_cell(const RunawayModel& m, double soc = 0.0) {
    return runaway_cell(m, 45e-3, 45e-3 * 830.0, 2.0, 3.8, soc);
}

struct Context {
    const RunawayModel& m;
    const RunawayCell& c;
    const RunawaySurroundings& s;
};
twin::cell_test::Vector6 rates_of(const void* p, const twin::cell_test::Vector6& y) {
    const auto& x = *static_cast<const Context*>(p);
    return runaway_rates(x.m, x.c, x.s, y);
}
twin::cell_test::Matrix6 jacobian_of(const void* p, const twin::cell_test::Vector6& y) {
    const auto& x = *static_cast<const Context*>(p);
    return runaway_jacobian(x.m, x.c, x.s, y);
}

/// An oven at t_degC around an 18650 that begins at 28 degC; highest temperature within two hours.
double oven_max_degC(double t_degC, double* when_s = nullptr) {
    const RunawayModel m = lco();
    const RunawayCell c = small_cell(m);
    const double area = 3.1416 * 0.018 * (0.065 + 0.009);
    RunawaySurroundings s;
    s.t_env_K = t_degC + 273.15;
    s.g_WperK = 7.17 * area;
    s.rad_WperK4 = 0.8 * 5.670374e-8 * area;
    RunawayVector y = runaway_start(m, 301.15);
    double h = 0.0;
    const RunawayProgress p = advance_runaway(m, c, s, y, 7200.0, 1e-6, h);
    CHECK(p.ok);
    if (when_s != nullptr) *when_s = p.t_rate_max_s;
    return p.t_max_K - 273.15;
}

}  // namespace

TEST_CASE("runaway: the Jacobian is the derivative of the rates") {
    RunawayModel m = lco();
    m.t_sep_K = 480.0;
    m.sep_short_S_per_Ah = 5.0;
    const RunawayCell c = small_cell(m, 0.8);
    const RunawaySurroundings s{400.0, 0.05, 1e-10, 2.0, 0.3};
    const RunawayVector y{0.1, 0.6, 0.2, 0.9, 0.7, 483.0};
    const RunawayMatrix j = runaway_jacobian(m, c, s, y);
    for (std::size_t k = 0; k < k_runaway_n; ++k) {
        const double d = k == k_t_K ? 1e-3 : 1e-6;
        RunawayVector up = y, down = y;
        up[k] += d;
        down[k] -= d;
        const RunawayVector a = runaway_rates(m, c, s, up), b = runaway_rates(m, c, s, down);
        for (std::size_t i = 0; i < k_runaway_n; ++i)
            CHECK(j[i][k] == doctest::Approx((a[i] - b[i]) / (2.0 * d)).epsilon(2e-6));
    }
}

TEST_CASE("runaway: isothermal closed forms, and the error follows the tolerance") {
    RunawayModel m = lco();
    m.z_ref = 1e9;  // first order
    RunawayCell c = small_cell(m);
    c.c_JperK = 1e12;  // isothermal
    const double t_K = 400.0;
    double before = 1.0;
    for (const double tol : {1e-4, 1e-6, 1e-8}) {
        RunawayVector y = runaway_start(m, t_K);
        double h = 0.0;
        REQUIRE(advance_runaway(m, c, {}, y, 300.0, tol, h).ok);
        const auto k = [&](const RunawayReaction& q) {
            return q.a_perS * std::exp(-q.ea_JperMol / (8.314462618 * t_K));
        };
        const double sei = 0.15 * std::exp(-k(m.sei) * 300.0), neg = 0.75 * std::exp(-k(m.neg) * 300.0);
        const double odds = 0.04 / 0.96 * std::exp(k(m.pos) * 300.0);
        const double worst =
            std::fmax(std::fabs(y[k_c_sei] - sei),
                      std::fmax(std::fabs(y[k_c_neg] - neg), std::fabs(y[k_alpha] - odds / (1.0 + odds))));
        CHECK(worst < 30.0 * tol);
        CHECK(worst < 0.2 * before);
        before = worst;
    }
}

TEST_CASE("runaway: adiabatic, the heat of all reactions warms the cell, to rounding") {
    RunawayModel m = lco();
    m.t_sep_K = 403.15;
    m.sep_short_S_per_Ah = 10.0;
    const RunawayCell c = small_cell(m, 1.0);
    const RunawayVector y0 = runaway_start(m, 420.0);
    RunawayVector y = y0;
    double h = 0.0;
    const RunawayProgress p = advance_runaway(m, c, {}, y, 3600.0, 1e-6, h);
    REQUIRE(p.ok);
    CHECK(y[k_c_ele] < 1e-6);
    CHECK(y[k_electric] < 1e-6);
    const double electric = c.e_J[4] * (y0[k_electric] - y[k_electric]);
    CHECK(c.c_JperK * (y[k_t_K] - y0[k_t_K]) ==
          doctest::Approx(runaway_released_J(c, y0, y) + electric).epsilon(1e-11));
    // everything that can react has: the sum of the contents (the negative electrode stops at its own film)
    const double volume = 45e-3 / m.density_kgPerM3;
    const double most = volume * (257e3 * 610.4 * 0.15 + 1714e3 * 610.4 * 0.75 + 314e3 * 1221.0 * 0.96 + 155e3 * 406.9);
    CHECK(runaway_released_J(c, y0, y) < most * (1.0 + 1e-9));
    CHECK(runaway_released_J(c, y0, y) > 0.5 * most);
    CHECK(c.e_J[4] == doctest::Approx(2.0 * 3600.0 * 3.8));
    CHECK(p.rate_max_KperS > 1.0);
    CHECK(p.steps < 2000);
}

TEST_CASE("runaway: criticality where Semenov has it") {
    // One reaction with next to endless reactant: C dT/dt = E A c e^(-Ea/RT) - G (T - Te). Critical where
    // T - Te = R T^2 / Ea at the upper tangent, exactly: T = Te + R T^2/Ea.
    RunawayModel m;
    m.ele = {1e12, 140e3, 1e9, 1e4};
    m.density_kgPerM3 = 1e3;
    RunawayCell c = runaway_cell(m, 1.0, 1000.0, 0.0, 0.0, 0.0);
    const double g = 2.0;
    const double rt = 8.314462618 / 140e3, te = 380.0;
    const double tc = (1.0 - std::sqrt(1.0 - 4.0 * rt * te)) / (2.0 * rt);
    // the heat that makes te critical; the reactant would last for 1e5 K of warming
    const double e = g * (tc - te) / (1e12 * std::exp(-1.0 / (rt * tc)));
    for (const double f : {0.98, 1.02}) {
        m.ele.a_perS = 1e12 * f * e / c.e_J[3];
        RunawayVector y = runaway_start(m, te);
        double h = 0.0;
        RunawaySurroundings s;
        s.t_env_K = te;
        s.g_WperK = g;
        const RunawayProgress p = advance_runaway(m, c, s, y, 40000.0, 1e-7, h);
        CHECK(p.ok == (f < 1.0));  // the other one's reactant would heat it without end
        if (f < 1.0)
            CHECK(p.t_max_K < tc);
        else
            CHECK(p.t_max_K > tc + 300.0);
    }
}

TEST_CASE("runaway: Odeint's Rosenbrock method comes to the same") {
    RunawayModel m = lco();
    m.t_sep_K = 430.0;
    m.sep_width_K = 4.0;
    m.sep_short_S_per_Ah = 0.5;
    const RunawayCell c = small_cell(m, 1.0);
    RunawaySurroundings s;
    s.t_env_K = 430.0;
    s.g_WperK = 0.03;
    s.p_W = 1.0;
    const Context context{m, c, s};
    const twin::cell_test::System6 system{rates_of, jacobian_of, &context};
    for (const double t : {100.0, 600.0, 1200.0, 3000.0}) {
        RunawayVector y = runaway_start(m, 400.0);
        const RunawayVector y0 = y;
        double h = 0.0;
        REQUIRE(advance_runaway(m, c, s, y, t, 1e-8, h).ok);
        const auto want = twin::cell_test::odeint_rosenbrock4(system, y0, t, 1e-9);
        CAPTURE(t);
        for (std::size_t k = 0; k < 5; ++k) CHECK(std::fabs(y[k] - want[k]) < 2e-6);
        CHECK(std::fabs(y[k_t_K] - want[k_t_K]) < 2e-3);
    }
}

TEST_CASE("runaway: an 18650 of LCO survives a cool oven and not a hot one") {
    // Hatchard et al. 2001 and Kim et al. 2007: cells in ovens of 140 degC and below come back, those of 155 degC and
    // above run away, after tens of minutes.
    CHECK(oven_max_degC(130.0) < 150.0);
    CHECK(oven_max_degC(140.0) < 175.0);
    double when = 0.0;
    CHECK(oven_max_degC(160.0, &when) > 350.0);
    CHECK(when > 600.0);
    CHECK(when < 5400.0);
    double sooner = 0.0;
    CHECK(oven_max_degC(180.0, &sooner) > 350.0);
    CHECK(sooner < when);
}

TEST_CASE("runaway: in pieces as in one, and equal bits when repeated") {
    const RunawayModel m = lco();
    const RunawayCell c = small_cell(m);
    const RunawaySurroundings s{440.0, 0.03, 0.0, 0.0, 0.0};
    RunawayVector whole = runaway_start(m, 420.0), parts = whole, again = whole;
    double h = 0.0, hp = 0.0, ha = 0.0;
    advance_runaway(m, c, s, whole, 1000.0, 1e-7, h);
    advance_runaway(m, c, s, again, 1000.0, 1e-7, ha);
    for (int k = 0; k < 100; ++k) advance_runaway(m, c, s, parts, 10.0, 1e-7, hp);
    CHECK(whole == again);
    CHECK(std::fabs(whole[k_t_K] - parts[k_t_K]) < 0.05);
}
