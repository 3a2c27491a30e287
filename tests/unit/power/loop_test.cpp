// SPDX-License-Identifier: Apache-2.0
// The devices in a loop with R and L: closed forms of current and avalanche energy, closed energy sum.
#include <doctest/doctest.h>

#include <cmath>
#include <initializer_list>

#include "cases/ngspice/loop.hpp"

using namespace twin;
using test::Loop;
using test::LoopParts;

namespace {

void run(Loop& l, double seconds, double h, double v_drive) {
    const long n = std::lround(seconds / h);
    for (long k = 0; k < n; ++k) l.step(h, v_drive);
}

struct Avalanche {
    double t_f, energy;
};
/// Loop V_b, R, L into a device that holds V_c + r i, from current I to zero. With r = 0 this is
/// E = V_c [tau (I + k)(1 - e^(-t_f/tau)) - k t_f], k = (V_c - V_b)/R, tau = L/R, t_f = tau ln(1 + I/k).
Avalanche avalanche(double v_b, double r_loop, double l, double v_c, double r_dev, double i0) {
    const double r = r_loop + r_dev, tau = l / r, k = (v_c - v_b) / r, t_f = tau * std::log(1 + i0 / k);
    const double x = -std::expm1(-t_f / tau), a = i0 + k;
    const double charge = tau * a * x - k * t_f;  // integral of i
    const double square =
        a * a * 0.5 * tau * -std::expm1(-2 * t_f / tau) - 2 * a * k * tau * x + k * k * t_f;  // of i^2
    return {t_f, v_c * charge + r_dev * square};
}

}  // namespace

TEST_CASE("R-L current through the conducting group is the exponential") {
    LoopParts p;
    Loop l(p);
    l.start(12.0, 0.0, 0.0);
    // the group is nearly linear here; its chord resistance at the end bounds the difference
    const double r = p.r_Ohm + power::mosfet_rds_on_Ohm(l.coeff(), 12.0);
    for (double t : {20e-6, 100e-6, 300e-6}) {
        run(l, t - l.s.t_s, 100e-9, 12.0);
        CHECK(l.s.i_A == doctest::Approx(p.v_source_V / r * -std::expm1(-t * r / p.l_H)).epsilon(5e-3));
    }
}

TEST_CASE("R-L-C inrush into 10 mF: peak and time of the damped oscillation") {
    LoopParts p;
    p.r_Ohm = 10e-3;
    p.l_H = 3e-6;
    p.c_series_F = 10e-3;
    Loop l(p);
    l.start(12.0, 0.0, 0.0);
    const double r = p.r_Ohm + power::mosfet_rds_on_Ohm(l.coeff(), 12.0);
    double peak = 0, t_peak = 0;
    for (int k = 0; k < 20000; ++k) {
        l.step(100e-9, 12.0);
        if (l.s.i_A > peak) {
            peak = l.s.i_A;
            t_peak = l.s.t_s;
        }
    }
    const double a = r / (2 * p.l_H), w2 = 1 / (p.l_H * p.c_series_F) - a * a;
    const double w = std::sqrt(std::fabs(w2));
    const double t = w2 > 0 ? std::atan(w / a) / w : std::atanh(w / a) / w;
    const double want = p.v_source_V / (w * p.l_H) * std::exp(-a * t) * (w2 > 0 ? std::sin(w * t) : std::sinh(w * t));
    CHECK(peak == doctest::Approx(want).epsilon(5e-3));
    CHECK(t_peak == doctest::Approx(t).epsilon(1e-2));
}

TEST_CASE("avalanche energy is the exact formula with the loop's resistance, 0.5 %") {
    for (double l_H : {1e-6, 2.2e-6, 5e-6}) {
        for (double i0 : {300.0, 3000.0}) {
            LoopParts p;
            p.l_H = l_H;
            p.fet.r_gate_Ohm = 1e-3;  // the channel is gone before it takes energy
            Loop l(p);
            l.start(12.0, i0 * power::mosfet_rds_on_Ohm(l.coeff(), 12.0), i0);
            run(l, 100e-9, 0.25e-9, 0.0);
            run(l, 1.2 * l_H * i0 / 50.0, l_H * i0 / 50.0 / 20000, 0.0);
            const double r_av = p.fet.r_av_Ohm / p.fet.count;
            const Avalanche want = avalanche(p.v_source_V, p.r_Ohm, l_H, p.fet.v_br_V, r_av, i0);
            CHECK(l.e.avalanche == doctest::Approx(want.energy).epsilon(5e-3));
            CHECK(l.e.channel < 0.01 * want.energy);
            CHECK(std::fabs(l.s.i_A) < 5.0);  // L and Coss ring: there is no snubber here
            CHECK(l.e.diode < 1e-3);
            // what the textbook says is far off: it ignores the resistance
            const double textbook = 0.5 * l_H * i0 * i0 * 110.0 / (110.0 - 52.0);
            if (i0 > 1000) CHECK(textbook > 1.3 * want.energy);
        }
    }
    // the plain formula, r = 0, of the reference case: 16 cells, 5 mOhm, 1 uH
    const Avalanche ref = avalanche(52.0, 16.4e-3, 1e-6, 110.0, 0.0, 3068.0);
    const double tau = 1e-6 / 16.4e-3, k = 58.0 / 16.4e-3;
    CHECK(ref.energy ==
          doctest::Approx(110.0 * (tau * (3068.0 + k) * (1 - std::exp(-ref.t_f / tau)) - k * ref.t_f)).epsilon(1e-12));
}

TEST_CASE("energy closes through a turn-off, and with the square of the step") {
    double last = 0;
    for (double h : {4e-9, 2e-9, 1e-9}) {
        LoopParts p;
        p.snub_c_F = 47e-9;
        p.clamp = true;
        Loop l(p);
        l.start(12.0, 0.0, 0.0);
        const double w0 = l.stored();
        run(l, 40e-6, 10 * h, 12.0);
        run(l, 60e-6, h, 0.0);
        const double residual = std::fabs(l.e.source + l.e.driver - l.e.heat() - (l.stored() - w0)) / l.e.source;
        CHECK(residual < 1e-6);
        CHECK(l.e.clamp > 0.1);
        CHECK(l.e.diode >= 0.0);
        if (last > 0) CHECK(residual < 0.35 * last);
        last = residual;
    }
}

TEST_CASE("turning on into the loop and off again returns to the same charges") {
    LoopParts p;
    p.snub_c_F = 47e-9;
    p.r_Ohm = 1.0;
    Loop l(p);
    l.start(0.0, 52.0, 0.0);
    const double qg = l.s.qg_C, qd = l.s.qd_C;
    run(l, 30e-6, 2e-9, 12.0);
    CHECK(l.s.v_gs_V == doctest::Approx(12.0).epsilon(1e-3));
    CHECK(l.s.i_A == doctest::Approx(52.0).epsilon(5e-3));
    run(l, 60e-6, 2e-9, 0.0);
    CHECK(l.s.qg_C == doctest::Approx(qg).epsilon(1e-3));
    CHECK(l.s.qd_C == doctest::Approx(qd).epsilon(1e-3));
    CHECK(std::fabs(l.s.i_A) < 1e-3);
}
