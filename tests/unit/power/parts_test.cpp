// SPDX-License-Identifier: Apache-2.0
// Clamps, Foster network and NTC against closed forms and table rows.
#include <doctest/doctest.h>

#include <cmath>
#include <initializer_list>

#include "device_random.hpp"
#include "power/clamp.hpp"
#include "power/foster.hpp"
#include "power/ntc.hpp"

using namespace twin;
using power::BranchIG;

TEST_CASE("clamp: 76 V + 6 mOhm I, nothing but a leak below") {
    const power::ClampParams<double> p;
    CHECK(power::clamp_eval(p, 76.0 + 6e-3 * 1000.0).i_A == doctest::Approx(1000.0).epsilon(1e-8));
    CHECK(power::clamp_eval(p, 76.0 + 6e-3 * 1000.0).g_S == doctest::Approx(1.0 / 6e-3).epsilon(1e-8));
    CHECK(power::clamp_eval(p, 75.9).i_A == doctest::Approx(75.9e-8));
    CHECK(power::clamp_eval(p, -10.0).g_S > 0.0);
    power::ClampParams<double> shorted;
    shorted.short_S = 500.0;
    CHECK(power::clamp_eval(shorted, 52.0).i_A == doctest::Approx(26000.0).epsilon(1e-8));
}

TEST_CASE("clamp heat: a pulse adds its energy, rest cools exponentially, steps compose") {
    const power::ClampParams<double> p;
    CHECK(power::clamp_heat_advance(p, 0.0, 1e5, 1e-4) == doctest::Approx(10.0).epsilon(1e-5));
    CHECK(power::clamp_heat_advance(p, 10.0, 0.0, 30.0) == doctest::Approx(10.0 * std::exp(-3.0)).epsilon(1e-13));
    const double once = power::clamp_heat_advance(p, 3.0, 2.0, 8.0);
    const double twice = power::clamp_heat_advance(p, power::clamp_heat_advance(p, 3.0, 2.0, 5.0), 2.0, 3.0);
    CHECK(twice == doctest::Approx(once).epsilon(1e-14));
}

TEST_CASE("pin clamp conducts below -0.6 V and above 30 V only, monotone") {
    const power::PinClampParams<double> p;
    CHECK(power::pin_clamp_eval(p, -1.1).i_A == doctest::Approx(-0.1).epsilon(1e-6));
    CHECK(power::pin_clamp_eval(p, 30.5).i_A == doctest::Approx(0.1).epsilon(1e-6));
    for (double v : {-0.5, 0.0, 4.2, 29.9}) CHECK(std::fabs(power::pin_clamp_eval(p, v).i_A) < 1e-7);
    double last = -1e9;
    for (double v = -5; v < 40; v += 0.0031) {
        const BranchIG<double> b = power::pin_clamp_eval(p, v);
        CHECK(b.i_A > last);
        CHECK(b.g_S > 0.0);
        last = b.i_A;
    }
}

TEST_CASE("Foster: step response is the sum of exponentials, any number of steps gives the same") {
    const auto p = power::foster_mosfet_default<double>();
    CHECK(power::foster_static_K_W(p) == doctest::Approx(0.9).epsilon(1e-15));
    for (double t : {1e-7, 5e-5, 1e-3, 0.02, 5.0}) {
        double want = 0;
        for (std::size_t k = 0; k < 3; ++k) want += p.r_K_per_W[k] * 40.0 * -std::expm1(-t / p.tau_s[k]);
        power::FosterState<double, 3> x{}, y{};
        power::foster_advance(x, power::foster_step(p, t), 40.0);
        CHECK(power::foster_rise_K(x) == doctest::Approx(want).epsilon(1e-13));
        for (int n = 0; n < 7; ++n) power::foster_advance(y, power::foster_step(p, t / 7), 40.0);
        CHECK(power::foster_rise_K(y) == doctest::Approx(want).epsilon(1e-13));
    }
}

TEST_CASE("Foster: adiabatic heating at first, mean over a step by fine sampling") {
    const auto p = power::foster_mosfet_default<double>();
    power::FosterState<double, 3> x{};
    power::foster_advance(x, power::foster_step(p, 1e-9), 1e4);  // 10 uJ
    double inv_c = 0;
    for (std::size_t k = 0; k < 3; ++k) inv_c += p.r_K_per_W[k] / p.tau_s[k];
    CHECK(power::foster_rise_K(x) == doctest::Approx(1e-5 * inv_c).epsilon(1e-4));
    const double h = 3e-3, w = 55.0;
    x.theta_K[0] = 3;
    x.theta_K[1] = 20;
    x.theta_K[2] = 5;
    double sum = 0;
    const int n = 40000;
    power::FosterState<double, 3> y = x;
    const auto half = power::foster_step(p, 0.5 * h / n), full = power::foster_step(p, h / n);
    for (int k = 0; k < n; ++k) {
        power::FosterState<double, 3> mid = y;
        power::foster_advance(mid, half, w);
        sum += power::foster_rise_K(mid);
        power::foster_advance(y, full, w);
    }
    CHECK(power::foster_mean_rise_K(p, x, power::foster_step(p, h), w) == doctest::Approx(sum / n).epsilon(1e-7));
}

TEST_CASE("NTC: table rows, the rows between, extrapolation") {
    const power::NtcCurve* a = power::ntc_curve("10k-B3435");
    const power::NtcCurve* b = power::ntc_curve("10k-B3950");
    REQUIRE(a != nullptr);
    REQUIRE(b != nullptr);
    CHECK(power::ntc_curve("10k") == nullptr);
    const power::NtcPart<double> part;
    const auto r = [&](const power::NtcCurve& c, double t) { return power::ntc_resistance_Ohm(c, part, t); };
    CHECK(r(*a, -30.0) == doctest::Approx(118718).epsilon(1e-12));
    CHECK(r(*a, 25.0) == doctest::Approx(10000).epsilon(1e-12));
    CHECK(r(*a, 125.0) == doctest::Approx(533).epsilon(1e-12));
    CHECK(r(*a, 120.0) == doctest::Approx(598).epsilon(2e-3));  // a row the table does not hold
    CHECK(r(*a, 60.0) == doctest::Approx(3010).epsilon(1e-3));  // between 45 and 80 degC
    CHECK(r(*a, -40.0) == doctest::Approx(207000).epsilon(5e-3));
    CHECK(r(*b, -40.0) == doctest::Approx(283380).epsilon(1e-12));
    CHECK(r(*b, 45.0) == doctest::Approx(4321).epsilon(1e-3));
    // the exact B curve is not this table: 2.4 K off at -30 degC
    const double exact_b = 1e4 * std::exp(3435.0 * (1.0 / 243.15 - 1.0 / 298.15));
    CHECK(power::ntc_temperature_degC(*a, exact_b) == doctest::Approx(-32.4).epsilon(0.01));
}

TEST_CASE("NTC: temperature and resistance invert each other, tolerances act as said") {
    const power::NtcCurve& c = *power::ntc_curve("10k-B3435");
    for (double t = -45; t < 140; t += 0.73)
        CHECK(power::ntc_temperature_degC(c, power::ntc_resistance_Ohm(c, {}, t)) == doctest::Approx(t).epsilon(1e-10));
    const power::NtcPart<double> off{1.01, 1.01};
    CHECK(power::ntc_resistance_Ohm(c, off, 25.0) == doctest::Approx(10100).epsilon(1e-12));
    CHECK(power::ntc_resistance_Ohm(c, off, 0.0) ==
          doctest::Approx(1.01 * 1e4 * std::pow(2.7672, 1.01)).epsilon(1e-12));
    double last = 1e12;
    for (double t = -60; t < 160; t += 0.1) {
        const double r = power::ntc_resistance_Ohm(c, {}, t);
        CHECK(r < last);
        last = r;
    }
}

TEST_CASE("NTC: lag of the bead is first order and composes") {
    CHECK(power::ntc_lag_advance(25.0, 85.0, 0.0, 8.0, 8.0) ==
          doctest::Approx(25.0 + 60.0 * (1 - std::exp(-1.0))).epsilon(1e-14));
    const double two = power::ntc_lag_advance(power::ntc_lag_advance(25.0, 60.0, 0.3, 10.0, 1.0), 60.0, 0.3, 10.0, 6.0);
    CHECK(two == doctest::Approx(power::ntc_lag_advance(25.0, 60.0, 0.3, 10.0, 7.0)).epsilon(1e-14));
}

TEST_CASE("parts: eight lanes give the bits of eight single ones") {
    test::Points r(8);
    const power::NtcCurve& c = *power::ntc_curve("10k-B3950");
    for (int k = 0; k < 200; ++k) {
        base::Pack8 v, t, h;
        for (std::size_t l = 0; l < 8; ++l) {
            v[l] = r.in(-5, 100);
            t[l] = r.in(-50, 150);
            h[l] = std::exp(r.in(-20, 3));
        }
        const auto cl = power::clamp_eval(power::ClampParams<base::Pack8>{}, v);
        const auto pin = power::pin_clamp_eval(power::PinClampParams<base::Pack8>{}, v);
        const base::Pack8 ntc = power::ntc_resistance_Ohm(c, power::NtcPart<base::Pack8>{}, t);
        const base::Pack8 back = power::ntc_temperature_degC(c, ntc);
        power::FosterState<base::Pack8, 3> x{};
        for (auto& th : x.theta_K) th = v;
        const auto fp = power::foster_mosfet_default<base::Pack8>();
        power::foster_advance(x, power::foster_step(fp, h), t);
        for (std::size_t l = 0; l < 8; ++l) {
            CHECK(cl.i_A[l] == power::clamp_eval(power::ClampParams<double>{}, double(v[l])).i_A);
            CHECK(pin.i_A[l] == power::pin_clamp_eval(power::PinClampParams<double>{}, double(v[l])).i_A);
            CHECK(ntc[l] == power::ntc_resistance_Ohm(c, power::NtcPart<double>{}, double(t[l])));
            CHECK(back[l] == power::ntc_temperature_degC(c, double(ntc[l])));
            power::FosterState<double, 3> y{};
            for (double& th : y.theta_K) th = v[l];
            power::foster_advance(y, power::foster_step(power::foster_mosfet_default<double>(), double(h[l])),
                                  double(t[l]));
            CHECK(power::foster_rise_K(x)[l] == power::foster_rise_K(y));
        }
    }
}
