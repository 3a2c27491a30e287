// SPDX-License-Identifier: Apache-2.0
// Cells outside their window: closed forms of an internal short and of overcharge, continuity of the voltage, copper,
// plating, and runaway with its energy.
#include <doctest/doctest.h>

#include <cmath>

#include "cell/abused_cell.hpp"
#include "load_cell.hpp"

using namespace twin;
using namespace twin::cell;

namespace {

AbuseModel mild() {
    AbuseModel a;
    a.v_reverse_V = -1.0;
    a.v_top_V = 5.0;
    a.copper_S_per_Ah2 = 0.5;
    RunawayModel& r = a.runaway;  // LCO/graphite of Kim et al. 2007
    r.sei = {1.667e15, 135080.0, 257e3, 610.4};
    r.neg = {2.5e13, 135080.0, 1714e3, 610.4};
    r.pos = {6.667e13, 139600.0, 314e3, 1221.0};
    r.ele = {5.14e25, 274000.0, 155e3, 406.9};
    return a;
}
EcmModel straight() {  // OCV 3 + soc, 10 Ah, 6 mOhm in all, next to no heating
    EcmModelFile f = cell_test::plain_file();
    f.thermal = {1e9, 1e8, 1.5, 4.0};
    f.mass_kg = 0.1;
    return build(f);
}

}  // namespace

TEST_CASE("an internal short discharges a cell of straight OCV exponentially") {
    const EcmModel m = straight();
    const AbuseModel a = mild();
    AbusedCell c(m, a);
    c.given_short_S = 1.0;
    AbusedState s = c.make_state(1.0, 25.0);
    const double tau = (1.0 + 6e-3) * 36000.0;  // the RC pairs settle in a minute
    for (int k = 0; k < 600; ++k) REQUIRE(c.advance(s, 10.0, 0.0, 25.0));
    CHECK(s.ecm.soc == doctest::Approx(4.0 * std::exp(-6000.0 / tau) - 3.0).epsilon(1e-4));
    const double v = c.voltage_V(s, 0.0);
    CHECK(v == doctest::Approx((3.0 + s.ecm.soc) / 1.006).epsilon(1e-5));
    CHECK(s.charge_out_C == 0.0);
    // its heat is what the charge carried: the integral of OCV dq less that of the resistances inside
    const double drop = 1.0 - s.ecm.soc;
    const double chemical = 36000.0 * (3.0 * drop + 0.5 * (1.0 - s.ecm.soc * s.ecm.soc));
    CHECK(s.short_J == doctest::Approx(chemical / 1.006).epsilon(1e-4));
    CHECK(s.heat_J == doctest::Approx(chemical).epsilon(1e-4));
    // halving the step changes nothing that matters
    AbusedState fine = c.make_state(1.0, 25.0);
    for (int k = 0; k < 1200; ++k) REQUIRE(c.advance(fine, 5.0, 0.0, 25.0));
    CHECK(fine.ecm.soc == doctest::Approx(s.ecm.soc).epsilon(1e-6));
}

TEST_CASE("voltage beyond the window: continuous with its slope, never falling with charge, between its ends") {
    for (const char* id : {"lfp-100ah", "nmc-94ah", "lto-20ah"}) {
        const EcmModel m = cell_test::load_model(id);
        AbuseModel a = mild();
        CAPTURE(id);
        const auto v = [&](double soc) { return ocv_point(m, soc).ocv_V + beyond_V(m, a, soc); };
        for (const double edge : {0.0, 1.0}) {
            const double d = 1e-7;
            CHECK(std::fabs(v(edge + d) - v(edge - d)) < 1e-3);
            const double left = (v(edge) - v(edge - d)) / d, right = (v(edge + d) - v(edge)) / d;
            if (edge == 1.0 || right > 60.0)
                CHECK(left == doctest::Approx(right).epsilon(1e-2));
            else
                CHECK(left >= right);
        }
        CHECK(beyond_V(m, a, 0.5) == 0.0);
        double before = -2.0;
        for (double soc = -1.0; soc < 2.0; soc += 0.001) {
            CHECK(v(soc) >= before - 1e-12);
            before = v(soc);
        }
        CHECK(v(-1.0) >= -1.0);
        CHECK(v(20.0) == doctest::Approx(5.0).epsilon(1e-3));
    }
}

TEST_CASE("overcharge: side reactions take a growing share, and all of it becomes heat") {
    const EcmModel m = straight();
    AbuseModel a = mild();
    a.soc_side0 = 1.0;
    a.soc_side1 = 1.5;
    AbusedCell c(m, a);
    AbusedState s = c.make_state(1.0, 25.0);
    const double i = 10.0;
    for (int k = 0; k < 3600; ++k) REQUIRE(c.advance(s, 1.0, -i, 25.0));
    const double want = 1.5 - 0.5 * std::exp(-i * 3600.0 / (36000.0 * 0.5));
    CHECK(s.ecm.soc == doctest::Approx(want).epsilon(1e-4));
    CHECK(s.side_C + (s.ecm.soc - 1.0) * 36000.0 == doctest::Approx(36000.0).epsilon(1e-9));
    CHECK(s.heat_J > 4.0 * s.side_C);
}

TEST_CASE("over-discharge: reversal, then copper that shorts the cell for good") {
    const EcmModel m = straight();
    const AbuseModel a = mild();
    AbusedCell c(m, a);
    AbusedState s = c.make_state(0.0, 25.0);
    for (int k = 0; k < 100; ++k) REQUIRE(c.advance(s, 36.0, 1.0, 25.0));  // to -10 %
    CHECK(c.short_S(s) == 0.0);
    for (int k = 0; k < 400; ++k) REQUIRE(c.advance(s, 36.0, 10.0, 25.0));
    CHECK(s.soc_min < -0.2);
    CHECK(c.short_S(s) == doctest::Approx(0.5 * (-0.12 - s.soc_min) * 100.0));
    CHECK(c.voltage_V(s, 0.0) > -1.0);
    const double g = c.short_S(s);
    for (int k = 0; k < 1000; ++k) REQUIRE(c.advance(s, 36.0, -10.0, 25.0));  // charged again, it never gets there
    CHECK(c.short_S(s) == doctest::Approx(g).epsilon(1e-12));
    CHECK(c.voltage_V(s, 0.0) < 0.5 * 3.0);
    CHECK(s.short_J > 0.0);
}

TEST_CASE("plating: cold and fast, not warm and slow, and never on titanate") {
    AbuseModel a = mild();
    const Plating p = plating(a, 0.5, 0.5);
    const double u = p.eta_V + 0.4 * 0.5;
    CHECK(u > 0.08);
    CHECK(u < 0.16);  // graphite at half charge
    CHECK(p.share == doctest::Approx((0.2 - u) / 0.2));
    CHECK(plating(a, 0.5, 0.1).share == 0.0);
    CHECK(plating(a, 1.2, 0.01).share == 1.0);
    const EcmModel m = cell_test::load_model("lfp-100ah");
    const auto plated = [&](double t_degC, double c_rate) {
        AbusedCell c(m, a);
        AbusedState s = c.make_state(0.2, t_degC);
        for (int k = 0; k < 600; ++k) REQUIRE(c.advance(s, 1.0, -100.0 * c_rate, t_degC));
        return s.plated_C / (100.0 * c_rate * 600.0);
    };
    CHECK(plated(25.0, 0.5) == 0.0);
    CHECK(plated(-10.0, 1.0) > 0.1);
    CHECK(plated(-10.0, 1.0) > plated(0.0, 1.0));
    CHECK(plated(-10.0, 1.0) > plated(-10.0, 0.5));
    CHECK(plated(25.0, 1.0) == 0.0);
    a.graphite = false;
    CHECK(plated(-10.0, 1.0) == 0.0);
}

TEST_CASE("a hard internal short drives a cell into runaway, and the energy closes") {
    EcmModelFile f = cell_test::plain_file();
    f.capacity_Ah = 2.0;
    f.mass_kg = 0.045;
    f.thermal = {35.0, 3.0, 1.0, 1e8};  // adiabatic
    f.resistance.r0_mohm = {20.0, 20.0, 20.0, 20.0};
    const EcmModel m = build(f);
    AbuseModel a = mild();
    a.runaway.density_kgPerM3 = 2700.0;
    AbusedCell c(m, a);
    AbusedState s = c.make_state(1.0, 25.0);
    c.given_short_S = 2.0;
    const double before = m.c_core_JperK * s.ecm.t_core_degC + m.c_surf_JperK * s.ecm.t_surf_degC;
    double hottest = 0.0, at = -1.0;
    for (int k = 0; k < 6000; ++k) {
        REQUIRE(c.advance(s, 1.0, 0.0, 25.0));
        if (s.ecm.t_core_degC > hottest) hottest = s.ecm.t_core_degC;
        if (at < 0.0 && s.ecm.t_core_degC > 300.0) at = k;
    }
    CHECK(hottest > 400.0);
    CHECK(at > 100.0);
    const double after = m.c_core_JperK * s.ecm.t_core_degC + m.c_surf_JperK * s.ecm.t_surf_degC;
    CHECK(after - before == doctest::Approx(s.heat_J).epsilon(2e-6));
    CHECK(s.reaction_J > 0.4 * s.heat_J);
    c.given_short_S = 0.02;  // a soft one, cooled, does not
    EcmModelFile cooled = f;
    cooled.thermal = {35.0, 3.0, 1.0, 10.0};
    const EcmModel mc = build(cooled);
    AbusedCell soft(mc, a);
    soft.given_short_S = 0.02;
    AbusedState x = soft.make_state(1.0, 25.0);
    for (int k = 0; k < 600; ++k) REQUIRE(soft.advance(x, 10.0, 0.0, 25.0));
    CHECK(x.ecm.t_core_degC < 60.0);
}
