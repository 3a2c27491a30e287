// SPDX-License-Identifier: Apache-2.0
// The junction against its implicit equation solved by bisection in long double, against the facts it was fitted to,
// and for the properties the network relies on.
#include "power/diode.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <initializer_list>

#include "device_random.hpp"

using namespace twin;
using power::BranchIG;
using power::DiodeCoeff;
using power::DiodeParams;

namespace {

/// i of v = u + Rs Is (e^(u/nVt) - 1) for v > 0, by bisection on u.
long double reference_A(long double v, long double is, long double nvt, long double rs) {
    long double lo = 0, hi = v;
    for (int k = 0; k < 300; ++k) {
        const long double u = 0.5L * (lo + hi);
        if (u + rs * is * std::expm1(u / nvt) > v)
            hi = u;
        else
            lo = u;
    }
    return is * std::expm1(0.5L * (lo + hi) / nvt);
}

double forward_V(const DiodeCoeff<double>& c, double i_A) {
    double lo = 0, hi = 10;
    for (int k = 0; k < 200; ++k) {
        const double v = 0.5 * (lo + hi);
        if (power::diode_eval(c, v).i_A > i_A)
            hi = v;
        else
            lo = v;
    }
    return lo;
}

}  // namespace

TEST_CASE("Wright's omega satisfies its equation from series to line") {
    CHECK(power::wright_omega(0.0) == doctest::Approx(0.567143290409783873).epsilon(1e-15));
    CHECK(power::wright_omega(1.0) == doctest::Approx(1.0).epsilon(1e-15));
    double worst = 0;
    for (double z = -600; z < 5000; z += z < 20 ? 0.0137 : 3.1) {
        const long double w = power::wright_omega(z);
        const long double newton_step = (z - w - std::log(w)) / (1.0L + w);  // relative error of w
        worst = std::fmax(worst, std::fabs(static_cast<double>(newton_step)));
    }
    CHECK(worst < 2e-13);  // at z = -600 the last bit of z alone is 1e-13
    worst = 0;
    for (double z = -3; z < 1.2; z += 0.00037) {  // where the rational function does its work, and across its end
        const long double w = power::wright_omega(z);
        worst = std::fmax(worst, std::fabs(static_cast<double>((z - w - std::log(w)) / (1.0L + w))));
    }
    CHECK(worst < 2e-15);
}

TEST_CASE("diode current equals the implicit equation over temperature, size and voltage") {
    test::Points r(1);
    double worst = 0;
    for (int k = 0; k < 3000; ++k) {
        DiodeParams<double> p;
        p.n = r.in(1.0, 2.0);
        p.rs_Ohm = std::exp(r.in(std::log(1e-5), std::log(1.0)));
        const double tj = r.in(-60, 200), count = 1 + std::floor(r.in(0, 20)), v = r.in(1e-6, k % 2 ? 1.2 : 80.0);
        const double nvt = p.n * 8.617333262e-5 * (tj + 273.15);
        const double is = count * std::exp(-(0.703 - 2e-3 * (tj - 25.0)) / nvt);
        const double want = static_cast<double>(reference_A(v, is, nvt, p.rs_Ohm / count)) + 1e-12 * v;
        const double got = power::diode_eval(power::diode_at(p, count, tj), v).i_A;
        worst = std::fmax(worst, std::fabs(got - want) / (std::fabs(want) + 1e-3 * is));
    }
    CHECK(worst < 1e-11);
}

TEST_CASE("body diode is what the sheets say") {
    const DiodeParams<double> p;
    const DiodeCoeff<double> cold = power::diode_at(p, 1.0, 25.0), warm = power::diode_at(p, 1.0, 26.0);
    CHECK(forward_V(cold, 75.0) > 0.8);  // rated current of one FET
    CHECK(forward_V(cold, 75.0) < 1.0);
    CHECK(forward_V(cold, 20.0) > 0.75);  // its share of a board's rated current
    CHECK(forward_V(cold, 20.0) < 0.9);
    CHECK(forward_V(cold, 0.1) > 0.6);  // light load
    CHECK(forward_V(cold, 0.1) < 0.7);
    CHECK(forward_V(warm, 1.0) - forward_V(cold, 1.0) == doctest::Approx(-2e-3).epsilon(0.01));
    CHECK(forward_V(warm, 20.0) - forward_V(cold, 20.0) < -1.6e-3);
    CHECK(forward_V(power::diode_at(p, 5.0, 25.0), 5.0) == doctest::Approx(forward_V(cold, 1.0)).epsilon(1e-9));
}

TEST_CASE("a saturation current gives back itself") {
    const DiodeCoeff<double> c = power::diode_at(power::diode_from_saturation(1e-9, 1.8, 0.5), 1.0, 25.0);
    CHECK(c.is_A == doctest::Approx(1e-9).epsilon(1e-12));
}

TEST_CASE("diode is monotone, its slope is the derivative and never below 1e-12 S, nothing overflows") {
    test::Points r(2);
    for (int k = 0; k < 4000; ++k) {
        const DiodeCoeff<double> c = power::diode_at(DiodeParams<double>{}, 5.0, r.in(-60, 200));
        const double v = k % 3 ? r.in(-0.2, 1.5) : r.in(-120, 120), h = 1e-6 * (1 + std::fabs(v));
        const BranchIG<double> a = power::diode_eval(c, v - h), b = power::diode_eval(c, v + h),
                               m = power::diode_eval(c, v);
        CHECK(b.i_A > a.i_A);
        CHECK(m.g_S >= 1e-12);
        const double rounding = 1e-15 * (std::fabs(m.i_A) + c.is_A) / h;
        CHECK(std::fabs((b.i_A - a.i_A) / (2 * h) - m.g_S) <= 2e-4 * m.g_S + rounding);
    }
    const DiodeCoeff<double> c = power::diode_at(DiodeParams<double>{}, 5.0, 25.0);
    for (double v : {-1e300, -1e6, 1e6, 1e100}) {
        CHECK(std::isfinite(power::diode_eval(c, v).i_A));
        CHECK(power::diode_eval(c, v).g_S >= 1e-12);
    }
    CHECK(power::diode_eval(c, 0.0).i_A == doctest::Approx(0.0));
    CHECK(std::isnan(power::diode_eval(c, std::nan("")).i_A));
}

TEST_CASE("eight lanes give the bits of eight single diodes") {
    test::Points r(3);
    for (int k = 0; k < 500; ++k) {
        DiodeParams<base::Pack8> p;
        base::Pack8 v, tj, count;
        for (std::size_t l = 0; l < 8; ++l) {
            v[l] = l == 3 ? std::nan("") : r.in(-2, 2) * (l == 5 ? 50 : 1);
            tj[l] = r.in(-60, 200);
            count[l] = 1 + std::floor(r.in(0, 8));
            p.n[l] = r.in(1, 2);
        }
        const BranchIG<base::Pack8> b = power::diode_eval(power::diode_at(p, count, tj), v);
        for (std::size_t l = 0; l < 8; ++l) {
            if (l == 3) continue;
            DiodeParams<double> q;
            q.n = p.n[l];
            const BranchIG<double> s =
                power::diode_eval(power::diode_at(q, double(count[l]), double(tj[l])), double(v[l]));
            CHECK(b.i_A[l] == s.i_A);
            CHECK(b.g_S[l] == s.g_S);
        }
    }
}
