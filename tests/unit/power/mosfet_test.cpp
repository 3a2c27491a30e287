// SPDX-License-Identifier: Apache-2.0
// The MOSFET group: sheet values, closed forms, identities and the properties the network relies on.
#include "power/mosfet.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <initializer_list>

#include "device_random.hpp"

using namespace twin;
using power::MosfetCharge;
using power::MosfetCoeff;
using power::MosfetEval;
using power::MosfetParams;
using power::MosfetStatic;

namespace {

MosfetParams<double> one_fet() {
    MosfetParams<double> p;
    p.count = p.channel_count = 1.0;
    return p;
}

struct RandomStage {
    double tj, v_gs0, v_ds0, dh, v_drive, v_ds;
};
RandomStage random_stage(test::Points& r) {
    RandomStage s{};
    s.tj = r.in(-50, 180);
    s.v_gs0 = r.in(-1, 13);
    s.v_ds0 = r.in(-1.2, 112);
    s.dh = std::exp(r.in(std::log(1e-10), std::log(10.0)));
    s.v_drive = r.in(0, 1) < 0.5 ? 0.0 : 12.0;
    const double kind = r.in(0, 1);
    s.v_ds = kind < 0.3 ? r.in(-1.2, 1.2) : (kind < 0.6 ? r.in(0, 20) : r.in(-5, 112));
    return s;
}
MosfetEval<double> at(const MosfetCoeff<double>& c, const RandomStage& s, double v_ds) {
    const MosfetCharge<double> q = power::mosfet_charge(c, s.v_gs0, s.v_ds0);
    return power::mosfet_eval(c, q.qg_C, q.qd_C, s.dh, s.v_drive, v_ds);
}

}  // namespace

TEST_CASE("on-resistance of the sheet at 10 V and 6 V, and over temperature") {
    const MosfetCoeff<double> c = power::mosfet_at(one_fet(), 25.0);
    CHECK(power::mosfet_rds_on_Ohm(c, 10.0) == doctest::Approx(3.0e-3).epsilon(2e-3));
    CHECK(power::mosfet_rds_on_Ohm(c, 6.0) == doctest::Approx(3.7e-3).epsilon(2e-3));
    // at the sheet's test currents, from the current itself
    CHECK(0.225 / power::mosfet_static(c, 10.0, 0.225).i_channel_A == doctest::Approx(3.0e-3).epsilon(0.01));
    CHECK(0.148 / power::mosfet_static(c, 6.0, 0.148).i_channel_A == doctest::Approx(3.7e-3).epsilon(0.02));
    const double hot = power::mosfet_rds_on_Ohm(power::mosfet_at(one_fet(), 150.0), 10.0);
    const double slope = (hot / power::mosfet_rds_on_Ohm(c, 10.0) - 1.0) / 125.0;
    CHECK(slope > 0.0045);
    CHECK(slope < 0.0055);
    const MosfetCoeff<double> five = power::mosfet_at(MosfetParams<double>{}, 25.0);
    CHECK(5.0 * power::mosfet_rds_on_Ohm(five, 10.0) ==
          doctest::Approx(power::mosfet_rds_on_Ohm(c, 10.0)).epsilon(1e-9));
}

TEST_CASE("capacitances of the sheet at 50 V") {
    const MosfetCoeff<double> c = power::mosfet_at(one_fet(), 25.0);
    const double h = 1e-3;
    const MosfetCharge<double> d1 = power::mosfet_charge(c, 0.0, 50.0 + h), d0 = power::mosfet_charge(c, 0.0, 50.0 - h);
    const MosfetCharge<double> g1 = power::mosfet_charge(c, h, 50.0), g0 = power::mosfet_charge(c, -h, 50.0);
    CHECK((d1.qd_C - d0.qd_C) / (2 * h) == doctest::Approx(780e-12).epsilon(0.01));   // Coss
    CHECK(-(d1.qg_C - d0.qg_C) / (2 * h) == doctest::Approx(34e-12).epsilon(0.01));   // Crss
    CHECK((g1.qg_C - g0.qg_C) / (2 * h) == doctest::Approx(4700e-12).epsilon(0.01));  // Ciss
    CHECK((d1.qg_C - d0.qg_C) == doctest::Approx(g1.qd_C - g0.qd_C).epsilon(1e-4));   // reciprocity
}

TEST_CASE("a long stage gives the settled device") {
    const MosfetCoeff<double> c = power::mosfet_at(MosfetParams<double>{}, 25.0);
    const MosfetCharge<double> off = power::mosfet_charge(c, 0.0, 52.0);
    for (double dh : {1e-2, 1.0, 1e6}) {
        const MosfetEval<double> e = power::mosfet_eval(c, off.qg_C, off.qd_C, dh, 12.0, 0.06);
        CHECK(e.v_gs_V == doctest::Approx(12.0).epsilon(2e-3 / dh * 1e-2 + 1e-12));
        const MosfetStatic<double> s = power::mosfet_static(c, e.v_gs_V, 0.06);
        CHECK(e.i_channel_A == s.i_channel_A);
        CHECK(std::fabs(e.dqd_dt_A) < 2e-6 / dh);
        CHECK(e.i_d_A == doctest::Approx(0.06 / power::mosfet_rds_on_Ohm(c, 12.0)).epsilon(0.01));
    }
}

TEST_CASE("gate without Miller charge follows the implicit RC to the last bits") {
    MosfetParams<double> p;
    p.cgd_delta_F = 0.0;
    const MosfetCoeff<double> c = power::mosfet_at(p, 25.0);
    const double tau = 51.0 * 5 * (4666e-12 + 30e-12), dh = 0.7e-6;
    const MosfetCharge<double> q = power::mosfet_charge(c, 12.0, 0.0);
    const MosfetEval<double> e = power::mosfet_eval(c, q.qg_C, q.qd_C, dh, 0.0, 0.0);
    CHECK(e.v_gs_V == doctest::Approx(12.0 / (1.0 + dh / tau)).epsilon(1e-13));
    CHECK(e.dqg_dt_A == doctest::Approx(-e.v_gs_V / 51.0).epsilon(1e-12));
}

TEST_CASE("the stage relation holds: gate current through R_g, charges of the voltages") {
    test::Points r(4);
    for (int k = 0; k < 2000; ++k) {
        const RandomStage s = random_stage(r);
        const MosfetCoeff<double> c = power::mosfet_at(MosfetParams<double>{}, s.tj);
        const MosfetEval<double> e = at(c, s, s.v_ds);
        const MosfetCharge<double> q = power::mosfet_charge(c, e.v_gs_V, s.v_ds);
        CHECK(e.qg_C == doctest::Approx(q.qg_C).epsilon(1e-12));
        CHECK(e.qd_C == doctest::Approx(q.qd_C).epsilon(1e-12));
        const double want = (s.v_drive - e.v_gs_V) / 51.0;
        CHECK(std::fabs(e.dqg_dt_A - want) <= 1e-11 * std::fabs(want) + 1e-20 / s.dh + 1e-15);
    }
}

TEST_CASE("power in equals heat plus stored rate, to rounding") {
    test::Points r(5);
    for (int k = 0; k < 3000; ++k) {
        const RandomStage s = random_stage(r);
        const MosfetEval<double> e = at(power::mosfet_at(MosfetParams<double>{}, s.tj), s, s.v_ds);
        const double in = s.v_ds * e.i_d_A + e.p_driver_W;
        const double out = e.p_channel_W + e.p_diode_W + e.p_avalanche_W + e.p_gate_R_W + e.p_stored_W;
        const double scale = std::fabs(e.p_channel_W) + std::fabs(e.p_diode_W) + std::fabs(e.p_avalanche_W) +
                             std::fabs(e.p_gate_R_W) + std::fabs(e.p_stored_W) + std::fabs(in);
        CHECK(std::fabs(in - out) <= 4e-15 * scale);
        CHECK(e.p_channel_W >= 0.0);
        CHECK(e.p_diode_W >= 0.0);
        CHECK(e.p_avalanche_W >= 0.0);
    }
}

TEST_CASE("stored energy is the path integral of v dq, on two different paths") {
    const MosfetCoeff<double> c = power::mosfet_at(MosfetParams<double>{}, 25.0);
    const double vg = 7.0, vd = 61.0;
    for (int path = 0; path < 2; ++path) {
        double w = 0.0;
        const int n = 20000;
        MosfetCharge<double> a = power::mosfet_charge(c, 0.0, 0.0);
        double g0 = 0, d0 = 0;
        for (int k = 1; k <= n; ++k) {
            const double x = double(k) / n;
            const double g1 = path == 0 ? vg * x : vg * std::sin(1.5707963267948966 * x);
            const double d1 = path == 0 ? vd * x : vd * x * x;
            const MosfetCharge<double> b = power::mosfet_charge(c, g1, d1);
            w += 0.5 * (g0 + g1) * (b.qg_C - a.qg_C) + 0.5 * (d0 + d1) * (b.qd_C - a.qd_C);
            a = b;
            g0 = g1;
            d0 = d1;
        }
        CHECK(w == doctest::Approx(power::mosfet_energy(c, vg, vd)).epsilon(1e-6));
    }
    CHECK(power::mosfet_energy(c, 0.0, 0.0) == doctest::Approx(0.0));
    CHECK(power::mosfet_energy(c, 0.0, -0.8) > 0.0);
}

TEST_CASE("the branch is monotone with positive slope, and the slope is its derivative") {
    test::Points r(6);
    int steep = 0;
    for (int k = 0; k < 20000; ++k) {
        const RandomStage s = random_stage(r);
        const MosfetCoeff<double> c = power::mosfet_at(MosfetParams<double>{}, s.tj);
        const double h = 1e-5;
        const MosfetEval<double> a = at(c, s, s.v_ds - h), m = at(c, s, s.v_ds), b = at(c, s, s.v_ds + h);
        CHECK(m.g_S > 0.0);
        const double g_m = std::fabs(power::mosfet_static(c, m.v_gs_V, s.v_ds).g_vgs_S);
        const double rounding = (1e-15 * (std::fabs(m.i_d_A) + std::fabs(m.qd_C) / s.dh) + 5e-14 * g_m) / h;
        CHECK(b.i_d_A + rounding * h > a.i_d_A);
        const double slope = (b.i_d_A - a.i_d_A) / (2 * h);
        if (m.g_S > 1e3) ++steep;
        // two-sided differences smear the corners (threshold, saturation, avalanche knee): bound by the neighbours'
        // slopes
        const double lo = std::fmin(std::fmin(a.g_S, b.g_S), m.g_S), hi = std::fmax(std::fmax(a.g_S, b.g_S), m.g_S);
        CHECK(slope >= lo * (1 - 1e-3) - rounding);
        CHECK(slope <= hi * (1 + 1e-3) + rounding);
    }
    CHECK(steep > 100);
}

TEST_CASE("exchanging source and drain mirrors the channel") {
    MosfetParams<double> p = one_fet();
    p.r0_Ohm = 1e-12;  // the series resistance belongs to the drain
    p.leak_S = 0.0;
    const MosfetCoeff<double> c = power::mosfet_at(p, 25.0);
    for (double v : {0.01, 0.1, 0.7, 3.0}) {
        for (double vg : {0.0, 2.9, 4.0, 12.0}) {
            const double forward = power::mosfet_static(c, vg + v, v).i_channel_A;
            CHECK(power::mosfet_static(c, vg, -v).i_channel_A == doctest::Approx(-forward).epsilon(1e-9));
        }
    }
}

TEST_CASE("triode meets saturation and off smoothly") {
    const MosfetCoeff<double> c = power::mosfet_at(one_fet(), 25.0);
    const double ov = 1.3, v_sat = ov + 0.5 * c.r0k * ov * ov;
    const MosfetStatic<double> a = power::mosfet_static(c, 3.0 + ov, v_sat * (1 - 1e-9)),
                               b = power::mosfet_static(c, 3.0 + ov, v_sat * (1 + 1e-9));
    CHECK(b.i_channel_A == doctest::Approx(0.5 * 272.0 * ov * ov).epsilon(1e-6));
    CHECK(a.i_channel_A == doctest::Approx(b.i_channel_A).epsilon(1e-8));
    CHECK(a.g_vds_S < 1e-4);
    CHECK(power::mosfet_static(c, 3.0, 10.0).i_channel_A == doctest::Approx(1e-8).epsilon(1e-6));  // the leak alone
    CHECK(power::mosfet_static(c, 3.0 + 1e-6, 10.0).i_channel_A < 1.1e-8);
}

TEST_CASE("avalanche and weld") {
    MosfetParams<double> p;
    const MosfetCoeff<double> c = power::mosfet_at(p, 25.0);
    CHECK(power::mosfet_static(c, 0.0, 109.9).i_avalanche_A == doctest::Approx(0.0));
    CHECK(power::mosfet_static(c, 0.0, 110.4).i_avalanche_A == doctest::Approx(0.4 / (2e-3 / 5)).epsilon(1e-9));
    CHECK(power::mosfet_at(p, 125.0).v_br_V == doctest::Approx(110.0 * 1.09).epsilon(1e-12));
    p.weld_S = 500.0;
    p.channel_count = 0.0;
    const MosfetCoeff<double> w = power::mosfet_at(p, 25.0);
    CHECK(power::mosfet_static(w, 0.0, 0.1).i_channel_A == doctest::Approx(50.0).epsilon(1e-6));
    CHECK(power::mosfet_static(w, 12.0, -0.1).i_channel_A == doctest::Approx(-50.0).epsilon(1e-6));
}

TEST_CASE("gate counts as on from the threshold of its temperature") {
    const MosfetCoeff<double> cold = power::mosfet_at(MosfetParams<double>{}, 25.0),
                              hot = power::mosfet_at(MosfetParams<double>{}, 125.0);
    CHECK_FALSE(power::mosfet_gate_on(cold, 2.99));
    CHECK(power::mosfet_gate_on(cold, 3.0));
    CHECK(power::mosfet_gate_on(hot, 2.4));  // 3.0 V - 100 K * 6.5 mV/K = 2.35 V
    CHECK_FALSE(power::mosfet_gate_on(hot, 2.3));
}

TEST_CASE("eight lanes give the bits of eight single groups, a NaN stays in its lane") {
    test::Points r(7);
    for (int k = 0; k < 1000; ++k) {
        MosfetParams<base::Pack8> p;
        base::Pack8 tj, vg0, vd0, dh, drive, v;
        for (std::size_t l = 0; l < 8; ++l) {
            const RandomStage s = random_stage(r);
            tj[l] = s.tj;
            vg0[l] = s.v_gs0;
            vd0[l] = s.v_ds0;
            dh[l] = s.dh;
            drive[l] = s.v_drive;
            v[l] = l == 2 ? std::nan("") : s.v_ds;
            p.vth_V[l] = r.in(2.2, 3.8);
            p.count[l] = p.channel_count[l] = 1 + std::floor(r.in(0, 10));
            if (l == 6) p.weld_S[l] = 500.0;
        }
        const MosfetCoeff<base::Pack8> c = power::mosfet_at(p, tj);
        const MosfetCharge<base::Pack8> q = power::mosfet_charge(c, vg0, vd0);
        const MosfetEval<base::Pack8> e = power::mosfet_eval(c, q.qg_C, q.qd_C, dh, drive, v);
        for (std::size_t l = 0; l < 8; ++l) {
            if (l == 2) {
                CHECK(std::isnan(e.i_d_A[l]));
                continue;
            }
            MosfetParams<double> o;
            o.vth_V = p.vth_V[l];
            o.count = p.count[l];
            o.channel_count = p.channel_count[l];
            o.weld_S = p.weld_S[l];
            const MosfetCoeff<double> oc = power::mosfet_at(o, double(tj[l]));
            const MosfetCharge<double> oq = power::mosfet_charge(oc, double(vg0[l]), double(vd0[l]));
            const MosfetEval<double> x =
                power::mosfet_eval(oc, oq.qg_C, oq.qd_C, double(dh[l]), double(drive[l]), double(v[l]));
            CHECK(e.i_d_A[l] == x.i_d_A);
            CHECK(e.g_S[l] == x.g_S);
            CHECK(e.v_gs_V[l] == x.v_gs_V);
            CHECK(e.qg_C[l] == x.qg_C);
            CHECK(e.qd_C[l] == x.qd_C);
            CHECK(e.p_stored_W[l] == x.p_stored_W);
            CHECK(power::mosfet_energy(c, vg0, vd0)[l] == power::mosfet_energy(oc, double(vg0[l]), double(vd0[l])));
        }
    }
}
