// SPDX-License-Identifier: Apache-2.0
// What only some models have: one or three RC pairs, direction (instantaneous hysteresis, resistances on charge), side
// reactions. Closed forms, energy, charge balance, passivity, and the whole form against an error-controlled
// integrator.
#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <cstring>
#include <utility>
#include <vector>

#include <boost/numeric/odeint.hpp>

#include "base/rng.hpp"
#include "base/sum.hpp"
#include "cell/ecm.hpp"
#include "load_cell.hpp"

using namespace twin;
using cell::coeffs;
using cell::commit;
using cell::EcmModel;
using State = cell::EcmState<double>;
using Params = cell::EcmParams<double>;

namespace {

double draw(std::uint64_t k, double lo, double hi) {
    return lo + (hi - lo) * base::uniform({23, 0}, base::Stream::profile, k);
}

void drive(const EcmModel& m, const Params& p, State& s, double t_s, int n, double i_A) {
    const cell::EcmCoeffs c = coeffs(m, t_s / n);
    for (int k = 0; k < n; ++k) commit(m, p, s, c, i_A * c.h_s, 0.0, 25.0);
}

/// g(y) of the header for an overvoltage that would be u_V without it.
double relieved(double u_V, double t_degC) {
    const double y = u_V * 96485.33212 / (4.0 * 8.31446261815324 * (t_degC + 273.15));
    return std::pow(1.0 + 2.0 * y * y / 3.0, -0.25);
}

cell::EcmModelFile turning_file() {
    cell::EcmModelFile f = cell_test::plain_file();
    f.hysteresis.m0_mV = {10.0, 10.0};
    return f;
}

}  // namespace

TEST_CASE("one and three RC pairs follow 1 - e^-t/tau whatever the step") {
    cell::EcmModelFile one = cell_test::plain_file(), three = one;
    one.resistance.r2_mohm.clear();
    one.resistance.tau2_s = 0.0;
    three.resistance.r3_mohm = {5.0, 5.0, 5.0, 5.0};
    three.resistance.tau3_s = 300.0;
    const EcmModel m1 = cell::build(one), m3 = cell::build(three);
    CHECK_FALSE(m1.extras.used);
    const Params p = cell::make_params(m1);
    for (const int steps : {1, 13, 5000}) {
        State a = cell::make_state<double>(m1, p, 0.9, 25.0), b = cell::make_state<double>(m3, p, 0.9, 25.0);
        drive(m1, p, a, 100.0, steps, 20.0);
        drive(m3, p, b, 100.0, steps, 20.0);
        CHECK(a.u1_V == doctest::Approx(0.04 * (1.0 - std::exp(-50.0))).epsilon(1e-11));
        CHECK(a.u2_V == 0.0);
        CHECK(cell::emf(m1, p, a) == doctest::Approx(3.0 + a.soc - a.u1_V).epsilon(1e-14));
        CHECK(b.u2_V == doctest::Approx(0.06 * (1.0 - std::exp(-4.0))).epsilon(1e-11));
        CHECK(b.u3_V == doctest::Approx(0.10 * (1.0 - std::exp(-100.0 / 300.0))).epsilon(1e-11));
        CHECK(cell::emf(m3, p, b) == doctest::Approx(3.0 + b.soc - b.u1_V - b.u2_V - b.u3_V).epsilon(1e-14));
    }
}

TEST_CASE("instantaneous hysteresis: M0 against the last current, kept at rest, its heat M0 |q|") {
    const EcmModel m = cell::build(turning_file());
    const Params p = cell::make_params(m);  // 36 kC
    for (const int steps : {1, 10, 3600}) {
        State s = cell::make_state<double>(m, p, 0.5, 25.0, 0.0, 1.0);  // has been charged
        CHECK(cell::emf(m, p, s) == doctest::Approx(3.5 + 0.010).epsilon(1e-14));
        const cell::EcmCoeffs c = coeffs(m, 360.0 / steps);
        double heat = 0.0, stored = 0.0;
        const cell::Stored<double> before = cell::stored(m, p, s);
        for (int k = 0; k < steps; ++k) {  // 1 % of the capacity: a hundred e-folds
            const auto e = commit(m, p, s, c, c.h_s, 0.0, 25.0);
            heat += e.hyst_heat_J;
            stored += e.hyst_stored_J;
        }
        const double x = 1e4 * 0.01, b = 2.0;  // int (b e^-x - 1)^2 dx
        const double want =
            0.01 * 3.6 * (b * b * (1.0 - std::exp(-2.0 * x)) / 2.0 - 2.0 * b * (1.0 - std::exp(-x)) + x);
        CHECK(heat == doctest::Approx(want).epsilon(1e-10));
        CHECK(heat == doctest::Approx(0.010 * 360.0).epsilon(0.03));  // M0 |q|
        CHECK(stored == doctest::Approx(cell::stored(m, p, s).hyst_J - before.hyst_J).epsilon(1e-9));
        CHECK(s.dir == doctest::Approx(-1.0).epsilon(1e-12));
        const State rested = s;
        drive(m, p, s, 1000.0, 10, 0.0);
        CHECK(s.dir == rested.dir);  // at rest it stays to the bit
        CHECK(cell::emf(m, p, s) == doctest::Approx(3.0 + s.soc - 0.010 - s.u1_V - s.u2_V).epsilon(1e-14));
        drive(m, p, s, 60.0, 10, 1e-6);  // a sleep current turns nothing by itself
        drive(m, p, s, 60.0, 10, -1e-6);
        CHECK(s.dir == doctest::Approx(-1.0).epsilon(1e-4));
    }
}

TEST_CASE("resistances over the direction: the tables at its ends, their mean where it is unknown") {
    cell::EcmModelFile f = cell_test::plain_file();
    f.resistance.r0_charge_mohm = {1.5, 1.5, 1.5, 1.5};
    f.resistance.r1_charge_mohm = {4.0, 4.0, 4.0, 4.0};
    const EcmModel m = cell::build(f);
    const Params p = cell::make_params(m);
    State s = cell::make_state<double>(m, p, 0.5, 25.0);
    CHECK(s.r0_Ohm == doctest::Approx(1.25e-3).epsilon(1e-14));
    CHECK(s.r2_Ohm == doctest::Approx(3e-3).epsilon(1e-14));
    drive(m, p, s, 360.0, 100, 1.0);
    CHECK(s.r0_Ohm == doctest::Approx(1.0e-3).epsilon(1e-3));
    CHECK(s.u1_V == doctest::Approx(2e-3).epsilon(2e-3));
    drive(m, p, s, 360.0, 100, -1.0);
    CHECK(s.r0_Ohm == doctest::Approx(1.5e-3).epsilon(1e-3));
    CHECK(s.r1_Ohm == doctest::Approx(4e-3).epsilon(2e-3));
    CHECK(s.u1_V == doctest::Approx(-4e-3).epsilon(2e-3));
}

TEST_CASE("extended form: every step closes both balances, stored energies are state functions") {
    const EcmModel m = cell::build(cell_test::extended_file());
    const Params p = cell::make_params(m, 0.97, 1.1);
    double worst_el = 0.0, worst_th = 0.0, side = 0.0;
    for (const double h : {2e-9, 1e-6, 1e-3, 0.1, 1.0, 10.0}) {
        const cell::EcmCoeffs c = coeffs(m, h);
        for (std::uint64_t k = 0; k < 300; ++k) {
            State s = cell::make_state<double>(m, p, draw(12 * k, 0.02, 0.98), draw(12 * k + 1, -10.0, 50.0),
                                               draw(12 * k + 2, -1.0, 1.0), draw(12 * k + 3, -1.0, 1.0));
            s.u1_V = draw(12 * k + 4, -0.1, 0.1);
            s.u3_V = draw(12 * k + 5, -0.1, 0.1);
            const double i = std::pow(10.0, draw(12 * k + 6, -6.0, h > 0.5 ? 2.5 : 3.6)) * (k % 2 == 0 ? 1.0 : -1.0);
            const double joule = s.r0_Ohm * i * i * h;
            const auto e = commit(m, p, s, c, i * h, joule, draw(12 * k + 7, -20.0, 60.0));
            const double el = e.emf_work_J - (e.ocv_work_J - e.rc_stored_J - e.rc_heat_J - e.hyst_stored_J -
                                              e.hyst_heat_J - e.side_heat_J);
            const double el_scale = std::fabs(e.emf_work_J) + std::fabs(e.ocv_work_J) + std::fabs(e.rc_stored_J) +
                                    std::fabs(e.rc_heat_J) + std::fabs(e.hyst_stored_J) + std::fabs(e.side_heat_J);
            const double in = joule + e.rc_heat_J + e.hyst_heat_J + e.side_heat_J + e.entropic_heat_J;
            const double th_scale = std::fabs(joule) + std::fabs(e.rc_heat_J) + std::fabs(e.entropic_heat_J) +
                                    std::fabs(e.heat_stored_J) + std::fabs(e.env_heat_J);
            worst_el = std::fmax(worst_el, std::fabs(el) / el_scale);
            worst_th = std::fmax(worst_th, std::fabs(in - e.heat_stored_J - e.env_heat_J) / th_scale);
            side += e.side_heat_J;
        }
    }
    INFO("electrical " << worst_el << ", thermal " << worst_th);
    CHECK(worst_el < 1e-14);
    CHECK(worst_th < 1e-13);
    CHECK(side > 1.0);

    State s = cell::make_state<double>(m, p, 0.9, 5.0);
    const cell::EcmCoeffs c = coeffs(m, 0.05);
    const cell::Stored<double> start = cell::stored(m, p, s);
    base::Sum<double> sum;
    double param_abs = 0.0;
    for (int k = 0; k < 60000; ++k) {
        const double i = (k / 3000) % 3 == 2 ? -60.0 : 60.0;
        const auto e = commit(m, p, s, c, i * c.h_s, s.r0_Ohm * i * i * c.h_s, 10.0);
        sum.add(e.rc_stored_J + e.hyst_stored_J + e.param_work_J);
        param_abs += std::fabs(e.param_work_J);
    }
    const cell::Stored<double> end = cell::stored(m, p, s);
    CHECK(sum.value() == doctest::Approx((end.rc_J - start.rc_J) + (end.hyst_J - start.hyst_J)).epsilon(1e-9));
    CHECK(param_abs > 1.0);
}

TEST_CASE("charge balance over a day of 10 ms pulses, side reactions included") {
    const EcmModel m = cell::build(cell_test::extended_file());
    const Params p = cell::make_params(m);
    State s = cell::make_state<double>(m, p, 0.5, 25.0);
    const double soc0 = s.soc;
    base::Sum<double> q;
    double moved = 0.0;
    const cell::EcmCoeffs pulse = coeffs(m, 0.01), rest = coeffs(m, 0.99);
    for (int k = 0; k < 86400; ++k) {
        const double dq = (k % 2 == 0 ? 300.0 : -299.0) * 0.01 * draw(static_cast<std::uint64_t>(k), 0.5, 1.0);
        commit(m, p, s, pulse, dq, 0.0, 25.0);
        commit(m, p, s, rest, 0.0, 0.0, 25.0);
        q.add(dq);
        moved += std::fabs(dq);
    }
    const double gap = p.capacity_C * ((s.soc - soc0) + s.soc_lo) + q.value() + (s.side_C + s.side_lo_C);
    INFO("gap " << gap << " C of " << moved);
    CHECK(std::fabs(gap) <= 1e-9 * moved);
    CHECK(s.side_C > 0.004 * 0.5 * moved);
}

TEST_CASE("coulombic efficiency and self-discharge") {
    cell::EcmModelFile f = cell_test::plain_file();
    f.coulombic_efficiency = 0.98;
    const EcmModel eta = cell::build(f);
    const Params p = cell::make_params(eta);
    State s = cell::make_state<double>(eta, p, 0.5, 25.0);
    drive(eta, p, s, 360.0, 36, -10.0);
    CHECK(s.soc == doctest::Approx(0.5 + 0.98 * 0.1).epsilon(1e-13));
    drive(eta, p, s, 360.0, 36, 10.0);
    CHECK(s.soc == doctest::Approx(0.5 - 0.02 * 0.1).epsilon(1e-13));

    f.coulombic_efficiency = 1.0;
    f.self_discharge = {3.0, 25.0, 6000.0};
    const EcmModel leaky = cell::build(f);
    for (const double t_degC : {25.0, 45.0}) {
        s = cell::make_state<double>(leaky, p, 0.9, t_degC);
        const cell::EcmCoeffs c = coeffs(leaky, 3600.0);
        for (int k = 0; k < 720; ++k) commit(leaky, p, s, c, 0.0, 0.0, t_degC);
        const double hotter = std::exp(6000.0 * (1.0 / 298.15 - 1.0 / (273.15 + t_degC)));
        CHECK(s.soc == doctest::Approx(0.9 - 0.03 * hotter).epsilon(1e-3));  // its own heat warms it a little
        CHECK(s.charge_out_C == 0.0);
    }
    s = cell::make_state<double>(leaky, p, 0.2, 45.0);
    const cell::EcmCoeffs c = coeffs(leaky, 86400.0);
    for (int k = 0; k < 20 * 365; ++k) commit(leaky, p, s, c, 0.0, 0.0, 45.0);
    CHECK(s.soc > 0.0);  // and never below empty
    CHECK(s.soc < 1e-3);
}

TEST_CASE("passivity: from rest, what the RC network and the hysteresis have taken is never negative") {
    cell::EcmModelFile f = turning_file();
    f.resistance.r3_mohm = {5.0, 5.0, 5.0, 5.0};
    f.resistance.tau3_s = 300.0;
    f.hysteresis.gamma = 50.0;
    f.hysteresis.m_mV = {20.0, 20.0};
    f.coulombic_efficiency = 0.99;
    const EcmModel m = cell::build(f);
    const Params p = cell::make_params(m);
    for (const double h : {1e-3, 0.1, 10.0}) {
        State s = cell::make_state<double>(m, p, 0.5, 25.0);
        const cell::EcmCoeffs c = coeffs(m, h);
        double taken = 0.0, least = 0.0;
        for (std::uint64_t k = 0; k < 20000; ++k) {
            const double i = (s.soc > 0.8   ? 1.0
                              : s.soc < 0.2 ? -1.0
                                            : (k / 7 % 2 == 0 ? 1.0 : -1.0)) *
                             draw(k, 0.0, 20.0);
            const auto e = commit(m, p, s, c, i * h, 0.0, 25.0);
            taken += e.ocv_work_J - e.emf_work_J;
            least = std::fmin(least, taken);
            REQUIRE(e.hyst_heat_J >= 0.0);
            REQUIRE(e.rc_heat_J >= 0.0);
            REQUIRE(e.side_heat_J >= 0.0);
        }
        CHECK(least >= -1e-12);
        CHECK(taken > 0.0);
    }
}

TEST_CASE("extended form against an error-controlled integrator; half the step; restart to the bit") {
    const EcmModel m = cell::build(cell_test::extended_file());
    const Params p = cell::make_params(m);
    using Vector = std::array<double, 8>;  // soc, u1, u2, u3, h, dir, Tc, Ts
    const double ohm = cell_test::extended_file().resistance.ohmic_mohm / 1e3;
    const auto slower = [ohm](double r0, double i, double t_degC) {  // R0 at this current
        const double above = std::fmax(r0 - ohm, 0.0);
        return (r0 - above) + above * relieved(above * i, t_degC);
    };
    const auto voltage = [&](const Vector& x, double i) {
        const double share = 0.5 * (1.0 + x[5]);
        const double r0d = m.resistance_Ohm.at(x[0], x[6])[0], r0c = m.charge_Ohm->at(x[0], x[6])[0];
        const cell::OcvPoint<double> o = cell::ocv_point(m, x[0]);
        return o.ocv_V + o.dudt_VperK * (x[6] - m.t_ref_degC) + o.m_V * x[4] + 0.004 * x[5] - x[1] - x[2] - x[3] -
               slower(r0d + share * (r0c - r0d), i, x[6]) * i;
    };
    const auto run = [&](double h, bool restart) {
        std::vector<double> out;
        State s = cell::make_state<double>(m, p, 0.8, 10.0, 0.1, 0.3);
        const cell::EcmCoeffs c = coeffs(m, h);
        for (std::uint64_t k = 0; k < 30; ++k) {
            const double i = k % 3 == 2 ? -draw(k, 20.0, 90.0) : draw(k, 20.0, 150.0);
            const int n = static_cast<int>(60.0 / h + 0.5);
            for (int q = 0; q < n; ++q) commit(m, p, s, c, i * h, s.r0_Ohm * i * i * h, 15.0);
            if (restart) {
                std::vector<std::uint8_t> bytes;
                base::save_fields(bytes, cell::state_fields<double>(), &s);
                s = State{};
                base::load_fields(bytes, cell::state_fields<double>(), &s);
            }
            out.push_back(cell::emf(m, p, s, i) - s.r0_Ohm * i);
        }
        return out;
    };
    std::vector<double> want;
    Vector x = {0.8, 0.0, 0.0, 0.0, 0.1, 0.3, 10.0, 10.0};
    for (std::uint64_t k = 0; k < 30; ++k) {
        const double i = k % 3 == 2 ? -draw(k, 20.0, 90.0) : draw(k, 20.0, 150.0);
        const auto f = [&](const Vector& y, Vector& dy, double) {
            auto r = m.resistance_Ohm.at(y[0], y[6]);
            const auto rc = m.charge_Ohm->at(y[0], y[6]);
            for (std::size_t q = 0; q < 4; ++q) r[q] += 0.5 * (1.0 + y[5]) * (rc[q] - r[q]);
            const cell::OcvPoint<double> o = cell::ocv_point(m, y[0]);
            const double self =
                m.capacity_C * 0.03 / (30.0 * 86400.0) * std::exp(6000.0 * (1.0 / 298.15 - 1.0 / (y[6] + 273.15)));
            const double side = self + (i < 0.0 ? -0.005 * i : 0.0), main = i + side, sign = i < 0.0 ? -1.0 : 1.0;
            dy[0] = -main / m.capacity_C;
            for (std::size_t q = 0; q < 3; ++q) dy[1 + q] = (r[1 + q] * i - y[1 + q]) / m.tau_s[q];
            dy[4] = -m.gamma / m.capacity_C * std::fabs(main) * (y[4] + sign);
            dy[5] = -1e4 / m.capacity_C * std::fabs(i) * (y[5] + sign);
            double heat = slower(r[0], i, y[6]) * i * i + o.m_V * y[4] * y[4] * std::fabs(main) +
                          0.004 * y[5] * y[5] * std::fabs(i);
            for (std::size_t q = 0; q < 3; ++q) heat += y[1 + q] * y[1 + q] / r[1 + q];
            heat += (o.ocv_V + o.dudt_VperK * (y[6] - m.t_ref_degC) + o.m_V * y[4]) * side;
            heat -= (y[6] + 273.15) * o.dudt_VperK * main;
            const double flow = (y[6] - y[7]) / m.r_core_surf_KperW;
            dy[6] = (heat - flow) / m.c_core_JperK;
            dy[7] = (flow - (y[7] - 15.0) / m.r_surf_env_KperW) / m.c_surf_JperK;
        };
        namespace odeint = boost::numeric::odeint;
        odeint::integrate_adaptive(odeint::make_controlled<odeint::runge_kutta_dopri5<Vector>>(1e-9, 1e-9), f, x, 0.0,
                                   60.0, 1e-3);
        want.push_back(voltage(x, i));
    }
    const auto worst = [](const std::vector<double>& a, const std::vector<double>& b) {
        double w = 0.0;
        for (std::size_t k = 0; k < a.size(); ++k) w = std::fmax(w, std::fabs(a[k] - b[k]));
        return w;
    };
    const std::vector<double> fine = run(0.05, false), second = run(1.0, false), half = run(0.5, false);
    INFO("off by " << worst(want, fine) << " V at 50 ms, " << worst(want, second) << " at 1 s; halving 1 s "
                   << worst(second, half));
    CHECK(worst(want, fine) < 1e-4);
    CHECK(worst(want, second) < 5e-4);
    CHECK(worst(second, half) < 3e-4);
    const std::vector<double> restarted = run(1.0, true);
    CHECK(std::memcmp(restarted.data(), second.data(), second.size() * sizeof(double)) == 0);
}

TEST_CASE("model file: what does not fit together is named") {
    const auto message = [](const cell::EcmModelFile& f) {
        std::string all;
        for (const cell::ModelError& e : cell::check(f)) all += e.key + ": " + e.message + "\n";
        return all;
    };
    cell::EcmModelFile f = cell_test::plain_file();
    CHECK(message(f).empty());
    f.resistance.r2_mohm.clear();
    CHECK(message(f).find("tau2_s = 25 without r2_mohm") != std::string::npos);
    f = cell_test::plain_file();
    f.resistance.tau3_s = 100.0;
    CHECK(message(f).find("tau3_s = 100 without r3_mohm") != std::string::npos);
    f.resistance.r3_mohm = {1.0};
    CHECK(message(f).find("r3_mohm has 1 values; soc x t_degC asks for 4") != std::string::npos);
    f = cell_test::plain_file();
    f.resistance.r3_charge_mohm = {1.0, 1.0, 1.0, 1.0};
    CHECK(message(f).find("r3_charge_mohm without r3_mohm") != std::string::npos);
    f = cell_test::plain_file();
    f.hysteresis.m0_mV = {1.0};
    CHECK(message(f).find("m0_mV has 1 values") != std::string::npos);
    f = cell_test::plain_file();
    f.coulombic_efficiency = 1.02;
    CHECK(message(f).find("coulombic_efficiency = 1.02; allowed 0.5..1") != std::string::npos);
    f = cell_test::plain_file();
    f.self_discharge.pct_per_month = -1.0;
    CHECK(message(f).find("pct_per_month = -1; allowed 0..50") != std::string::npos);
}

TEST_CASE("charge transfer: R0's share of it falls with the current as Butler-Volmer says, its heat with it") {
    cell::EcmModelFile f = cell_test::plain_file();
    const EcmModel linear = cell::build(f);
    CHECK_FALSE(linear.extras.used);
    f.resistance.ohmic_mohm = 1e-9;
    const EcmModel m = cell::build(f);
    const Params p = cell::make_params(m);
    State s = cell::make_state<double>(m, p, 0.5, 25.0);
    const double four_vt = 4.0 * 8.31446261815324 * 298.15 / 96485.33212;
    const auto drop = [&](double i) { return cell::emf(m, p, s) - (cell::emf(m, p, s, i) - s.r0_Ohm * i); };
    for (const auto& [y, off] : {std::pair{1e-3, 1e-9}, {0.5, 3e-4}, {1.0, 2.5e-3}, {3.0, 0.016}, {5.0, 0.055}}) {
        const double i = y * four_vt / s.r0_Ohm;
        CAPTURE(y);
        CHECK(drop(i) == doctest::Approx(four_vt * std::asinh(y)).epsilon(off));
        CHECK(drop(-i) == doctest::Approx(-drop(i)).epsilon(1e-14));
    }
    // the slope is the derivative; half the share is half the resistance that stays
    const cell::EcmCoeffs c = coeffs(m, 1e-6);
    const double i = 2.0 * four_vt / s.r0_Ohm, d = 1e-4 * i;
    const double by_difference =
        (cell::mean_emf(m, p, s, c, i + d).emf_V - cell::mean_emf(m, p, s, c, i - d).emf_V) / (2.0 * d);
    CHECK(by_difference > 0.3 * s.r0_Ohm);
    CHECK(cell::mean_emf(m, p, s, c, i).demf_di_Ohm == doctest::Approx(by_difference).epsilon(1e-5));
    // heat: what the network books for R0 less what the charge transfer saves, never negative
    const State before = s;
    for (const double h : {1e-3, 1.0, 30.0})
        for (const double amps : {-i, -0.1 * i, 0.2 * i, i, 5.0 * i}) {
            s = before;
            const cell::EcmCoeffs k = coeffs(m, h);
            const double joule = s.r0_Ohm * amps * amps * h, relief = (s.r0_Ohm * amps - drop(amps)) * amps * h;
            const auto e = commit(m, p, s, k, amps * h, joule, 25.0);
            CHECK(joule - relief > 0.0);
            CHECK(joule + e.rc_heat_J >= joule - relief);
            const double electric = e.ocv_work_J - e.rc_stored_J - e.rc_heat_J - e.hyst_stored_J - e.hyst_heat_J;
            CHECK(e.emf_work_J == doctest::Approx(electric).epsilon(1e-12));
            CHECK(e.heat_stored_J + e.env_heat_J ==
                  doctest::Approx(joule + e.rc_heat_J + e.hyst_heat_J + e.entropic_heat_J).epsilon(1e-10));
        }
}
