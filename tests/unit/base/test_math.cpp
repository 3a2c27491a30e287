// SPDX-License-Identifier: Apache-2.0
// Base math against libm (which only tests may use), saturating conversions, time.
#include <doctest/doctest.h>

#include <cmath>
#include <initializer_list>
#include <limits>

#include "base/math.hpp"
#include "base/time.hpp"

namespace base = twin::base;

namespace {

/// Distance in units of the last place of `want`.
double ulps(double got, double want) {
    const double unit = std::nextafter(std::fabs(want), INFINITY) - std::fabs(want);
    return std::fabs(got - want) / unit;
}

}  // namespace

TEST_CASE("det_exp, det_expm1 and det_log agree with libm") {
    double worst_exp = 0.0, worst_expm1 = 0.0, worst_log = 0.0;
    for (int k = -69999; k < 70000; ++k) {
        const double x = 0.01 * k + 1e-5;
        worst_exp =
            std::fmax(worst_exp, ulps(base::det_exp(x), static_cast<double>(std::exp(static_cast<long double>(x)))));
    }
    for (int k = -4000; k <= 4000; ++k) {
        const double x = std::copysign(std::pow(10.0, -14.0 + std::fabs(k) / 4000.0 * 15.0), k);
        worst_expm1 = std::fmax(worst_expm1,
                                ulps(base::det_expm1(x), static_cast<double>(std::expm1(static_cast<long double>(x)))));
    }
    for (int k = -3000; k <= 3000; ++k) {
        const double x = std::exp(0.1 * k) * (1.0 + 1e-3 * (k % 7));
        worst_log =
            std::fmax(worst_log, ulps(base::det_log(x), static_cast<double>(std::log(static_cast<long double>(x)))));
    }
    INFO("ulp: exp " << worst_exp << ", expm1 " << worst_expm1 << ", log " << worst_log);
    CHECK(worst_exp <= 2.0);
    CHECK(worst_expm1 <= 4.0);  // 2 below |x| = 0.3, then e^x - 1 loses up to 2 bits
    CHECK(worst_log <= 2.0);
}

TEST_CASE("log near one keeps its relative accuracy") {
    for (const double d : {1e-3, 1e-8, 1e-12, -1e-3, -1e-8, -1e-12})
        CHECK(ulps(base::det_log(1.0 + d), static_cast<double>(std::log(static_cast<long double>(1.0 + d)))) <= 2.0);
}

TEST_CASE("saturation and NaN of the transcendentals") {
    CHECK(base::det_exp(1e9) == base::det_exp(700.0));
    CHECK(base::det_exp(-1e9) == base::det_exp(-700.0));
    CHECK(base::det_exp(0.0) == 1.0);
    CHECK(base::det_expm1(0.0) == 0.0);
    CHECK(base::det_log(1.0) == 0.0);
    CHECK(std::isnan(base::det_exp(std::nan(""))));
    CHECK(std::isnan(base::det_log(0.0)));
    CHECK(std::isnan(base::det_log(-1.0)));
}

TEST_CASE("sin_2pi: absolute error below 2e-15, exact at quarter turns") {
    double worst = 0.0;
    for (int k = -20000; k <= 20000; ++k) {
        const double x = 0.00037 * k;
        const long double want = std::sin(2.0L * 3.141592653589793238462643383279502884L * static_cast<long double>(x));
        worst = std::fmax(worst, std::fabs(base::sin_2pi(x) - static_cast<double>(want)));
    }
    INFO("worst " << worst);
    CHECK(worst < 2e-15);
    CHECK(base::sin_2pi(0.0) == 0.0);
    CHECK(base::sin_2pi(1e6) == 0.0);
    CHECK(std::fabs(base::sin_2pi(0.25) - 1.0) < 1e-15);
    CHECK(std::fabs(base::sin_2pi(0.75) + 1.0) < 1e-15);
}

TEST_CASE("mean_decay is (1 - e^-x) / x and 1 at zero") {
    CHECK(base::mean_decay(0.0) == 1.0);
    for (const double x : {1e-18, 1e-12, 1e-6, 1e-3, 0.1, 1.0, 30.0, 600.0}) {
        const long double lx = static_cast<long double>(x);
        CHECK(ulps(base::mean_decay(x), static_cast<double>(-std::expm1(-lx) / lx)) <= 4.0);
    }
}

TEST_CASE("conversions to integers saturate") {
    CHECK(base::to_i64_sat(1e30) == INT64_MAX);
    CHECK(base::to_i64_sat(-1e30) == INT64_MIN);
    CHECK(base::to_i64_sat(std::nan("")) == 0);
    CHECK(base::floor_i64(-0.5) == -1);
    CHECK(base::floor_i64(2.999) == 2);
    CHECK(base::round_sat(2.5, 0, 10) == 3);
    CHECK(base::round_sat(-7.0, 0, 10) == 0);
    CHECK(base::round_sat(70.0, 0, 10) == 10);
}

TEST_CASE("periodic instants are never accumulated") {
    CHECK(base::periodic_instant(3, 1'000'000'000, 3) == 1'000'000'000);
    CHECK(base::periodic_instant(1, 1'000'000'000, 3) == 333'333'333);
    // 61.4 ms for a century: no overflow, exact
    const std::int64_t n = 51'400'000'000;
    CHECK(base::periodic_instant(n, 61'400'000, 1) == n * 61'400'000);
    CHECK(base::next_multiple(0, base::k_ms) == base::k_ms);
    CHECK(base::next_multiple(base::k_ms - 1, base::k_ms) == base::k_ms);
    CHECK(base::next_multiple(base::k_ms, base::k_ms) == 2 * base::k_ms);
}
