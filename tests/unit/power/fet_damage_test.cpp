// SPDX-License-Identifier: Apache-2.0
// Limits of a MOSFET group: reference points, scaling, sharing, events, records, lanes.
#include "power/fet_damage.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstring>
#include <string>

#include "device_random.hpp"

using namespace twin;
using power::DamageCause;
using power::DamageRecord;
using power::FetLimits;
using power::FetMargins;
using power::FetStress;

namespace {
/// A stretch of avalanche at constant current in equal steps.
FetMargins<double> avalanche(FetStress<double>& s, double i_A, double t_s, int steps, double tj = 25.0,
                             double v = 110.0) {
    FetMargins<double> m{};
    for (int k = 0; k < steps; ++k)
        m = power::fet_stress_step(FetLimits<double>{}, s, 5.0, t_s / steps, v * i_A, i_A, 0.0, v, tj);
    return m;
}
}  // namespace

TEST_CASE("avalanche limit: the sheet's point, current, temperature, sharing") {
    FetLimits<double> l;
    l.bv_spread_V = 0.0;  // equal parts share evenly
    CHECK(power::avalanche_limit_J(l, 1.0, 75.0, 25.0) == doctest::Approx(0.210).epsilon(1e-9));
    CHECK(power::avalanche_limit_J(l, 5.0, 75.0, 25.0) == doctest::Approx(1.05).epsilon(1e-9));
    CHECK(power::avalanche_limit_J(l, 1.0, 300.0, 25.0) == doctest::Approx(0.105).epsilon(1e-9));
    CHECK(power::avalanche_limit_J(l, 1.0, 75.0, 100.0) == doctest::Approx(0.105).epsilon(1e-9));
    CHECK(power::avalanche_limit_J(l, 1.0, 75.0, 175.0) == doctest::Approx(0.0));
    const FetLimits<double> spread;
    for (double tj : {25.0, 60.0, 100.0}) {
        CHECK(power::avalanche_share(spread, tj) > 0.6);
        CHECK(power::avalanche_share(spread, tj) < 0.8);
    }
    // 4 V of spread are made up by 4 / (110 * 9e-4) = 40.4 K of own heating, out of 150 K
    CHECK(power::avalanche_share(spread, 25.0) == doctest::Approx(150.0 / (150.0 + 40.404)).epsilon(1e-4));
}

TEST_CASE("linear mode: the two points of the chart") {
    FetLimits<double> l;
    l.share_linear = 1.0;
    CHECK(power::linear_limit_J(l, 1.0, 1e-3) == doctest::Approx(900.0 * 1e-3).epsilon(1e-6));
    CHECK(power::linear_limit_J(l, 1.0, 10e-6) == doctest::Approx(27e3 * 10e-6).epsilon(2e-3));
}

TEST_CASE("an event collects energy, keeps its start temperature, ends after rest") {
    FetStress<double> s;
    FetMargins<double> m = avalanche(s, 375.0, 10e-6, 100, 40.0);
    CHECK(m.e_av_J == doctest::Approx(110.0 * 375.0 * 10e-6).epsilon(1e-12));
    CHECK(m.i_av_A == doctest::Approx(75.0));
    m = avalanche(s, 100.0, 5e-6, 10, 90.0);  // the same event, warmer and weaker: peak and start stay
    CHECK(m.e_av_limit_J ==
          doctest::Approx(power::avalanche_limit_J(FetLimits<double>{}, 5.0, 75.0, 40.0)).epsilon(1e-12));
    const double e1 = m.e_av_J;
    for (int k = 0; k < 20; ++k)
        m = power::fet_stress_step(FetLimits<double>{}, s, 5.0, 1e-5, 0.0, 0.0, 0.0, 52.0, 60.0);
    CHECK(m.e_av_J == e1);  // 200 us of rest: ringing belongs to the event
    m = avalanche(s, 100.0, 1e-6, 1, 61.0);
    CHECK(m.e_av_J > e1);
    for (int k = 0; k < 200; ++k)
        m = power::fet_stress_step(FetLimits<double>{}, s, 5.0, 1e-5, 0.0, 0.0, 0.0, 52.0, 60.0);
    m = avalanche(s, 100.0, 1e-6, 1, 61.0);
    CHECK(m.e_av_J == doctest::Approx(110.0 * 100.0 * 1e-6));
    CHECK(s.tj_av_start_degC == 61.0);
}

TEST_CASE("breaches are found in order and recorded with their margin") {
    FetStress<double> s;
    FetMargins<double> m = avalanche(s, 375.0, 10e-6, 10);
    CHECK(power::fet_breach(m, 3, 17).cause == DamageCause::none);
    m = avalanche(s, 375.0, 15e-6, 10);
    DamageRecord d = power::fet_breach(m, 3, 17);
    CHECK(d.cause == DamageCause::avalanche_energy);
    CHECK(d.part == 3);
    CHECK(d.t_ns == 17);
    CHECK(d.value == doctest::Approx(110.0 * 375.0 * 25e-6));
    CHECK(d.limit == doctest::Approx(5 * 0.210 * 150.0 / 190.404).epsilon(1e-3));
    CHECK(d.margin == d.limit - d.value);
    FetStress<double> s2;
    m = avalanche(s2, 2400.0, 1e-9, 1);
    CHECK(power::fet_breach(m, 0, 0).cause == DamageCause::avalanche_current);  // 480 A per FET
    FetStress<double> s3;
    m = power::fet_stress_step(FetLimits<double>{}, s3, 5.0, 1e-3, 0.0, 0.0, 100.0, 0.3, 176.0);
    CHECK(power::fet_breach(m, 0, 0).cause == DamageCause::junction_temperature);
    FetStress<double> s4;
    for (int k = 0; k < 100; ++k)
        m = power::fet_stress_step(FetLimits<double>{}, s4, 5.0, 1e-5, 0.0, 0.0, 5000.0, 50.0, 120.0);
    CHECK(power::fet_breach(m, 0, 0).cause == DamageCause::linear_energy);  // 5 J in 1 ms against 3.15 J
    CHECK(std::string(power::to_string(DamageCause::linear_energy)) == "linear-mode energy");
    CHECK(std::string(power::unit_of(DamageCause::junction_temperature)) == "degC");
}

TEST_CASE("a steady on-state is neither avalanche nor linear mode") {
    FetStress<double> s;
    FetMargins<double> m{};
    for (int k = 0; k < 1000; ++k)
        m = power::fet_stress_step(FetLimits<double>{}, s, 5.0, 1e-3, 0.0, 5e-7, 60.0, 0.06, 60.0);
    CHECK(m.e_av_J == 0.0);
    CHECK(m.e_lin_J == 0.0);
    CHECK(power::fet_breach(m, 0, 0).cause == DamageCause::none);
}

TEST_CASE("a state of zero bytes starts an event like a fresh one") {
    FetStress<double> zero;
    std::memset(static_cast<void*>(&zero), 0, sizeof zero);
    FetStress<double> fresh;
    const FetMargins<double> a = avalanche(zero, 375.0, 10e-6, 10, 95.0), b = avalanche(fresh, 375.0, 10e-6, 10, 95.0);
    CHECK(zero.tj_av_start_degC == 95.0);
    CHECK(a.e_av_J == b.e_av_J);
    CHECK(a.e_av_limit_J == b.e_av_limit_J);
}

TEST_CASE("a welded group conducts with the gate off") {
    power::MosfetParams<base::Pack8> p;
    base::Mask8 which{};
    which.m[4] = -1;
    power::mosfet_weld(p, which);
    const auto c = power::mosfet_at(p, base::Pack8(25.0));
    const auto i = power::mosfet_static(c, base::Pack8(0.0), base::Pack8(0.1)).i_channel_A;
    CHECK(i[4] == doctest::Approx(50.0).epsilon(1e-6));
    CHECK(i[3] < 1e-6);
}

TEST_CASE("stress: eight lanes give the bits of eight single groups") {
    test::Points r(9);
    FetStress<base::Pack8> s;
    FetStress<double> o[8];
    for (int k = 0; k < 400; ++k) {
        base::Pack8 h, pa, ia, pc, v, tj;
        for (std::size_t l = 0; l < 8; ++l) {
            h[l] = std::exp(r.in(-18, -5));
            ia[l] = r.in(0, 1) < 0.5 ? 0.0 : r.in(0, 900);
            pa[l] = 110.0 * ia[l];
            pc[l] = r.in(0, 1000);
            v[l] = r.in(0, 110);
            tj[l] = r.in(20, 180);
        }
        const auto m = power::fet_stress_step(FetLimits<base::Pack8>{}, s, base::Pack8(5.0), h, pa, ia, pc, v, tj);
        for (std::size_t l = 0; l < 8; ++l) {
            const auto x = power::fet_stress_step(FetLimits<double>{}, o[l], 5.0, double(h[l]), double(pa[l]),
                                                  double(ia[l]), double(pc[l]), double(v[l]), double(tj[l]));
            const FetMargins<double> y = power::lane_margins(m, l);
            CHECK(x.e_av_J == y.e_av_J);
            CHECK(x.e_av_limit_J == y.e_av_limit_J);
            CHECK(x.e_lin_limit_J == y.e_lin_limit_J);
            CHECK(s.worst_av[l] == o[l].worst_av);
            CHECK(s.worst_lin[l] == o[l].worst_lin);
        }
    }
}
