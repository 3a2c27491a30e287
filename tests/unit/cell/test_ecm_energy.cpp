// SPDX-License-Identifier: Apache-2.0
// Energy lines close on every single step, each computed by its own formula; state functions agree with their
// increments; lanes, purity, symmetry, fields.
#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <cstring>
#include <vector>

#include "base/rng.hpp"
#include "base/sum.hpp"
#include "cell/ecm.hpp"
#include "load_cell.hpp"

using namespace twin;
using base::Pack8;
using cell::coeffs;
using cell::commit;
using cell::EcmModel;
using State = cell::EcmState<double>;
using Params = cell::EcmParams<double>;

namespace {

double draw(std::uint64_t k, double lo, double hi) {
    return lo + (hi - lo) * base::uniform({11, 0}, base::Stream::profile, k);
}

State random_state(const EcmModel& m, const Params& p, std::uint64_t k) {
    State s = cell::make_state<double>(m, p, draw(10 * k, 0.01, 0.99), draw(10 * k + 1, -10.0, 50.0),
                                       draw(10 * k + 2, -1.0, 1.0));
    s.u1_V = draw(10 * k + 3, -0.1, 0.1);
    s.u2_V = draw(10 * k + 4, -0.1, 0.1);
    s.t_surf_degC = s.t_core_degC - draw(10 * k + 5, -5.0, 5.0);
    return s;
}

struct Gap {
    double electrical, thermal;
};
Gap gap(const cell::CellStepEnergy<double>& e, double joule) {
    const double el = e.emf_work_J - (e.ocv_work_J - e.rc_stored_J - e.rc_heat_J - e.hyst_stored_J - e.hyst_heat_J);
    const double el_scale = std::fabs(e.emf_work_J) + std::fabs(e.ocv_work_J) + std::fabs(e.rc_stored_J) +
                            std::fabs(e.rc_heat_J) + std::fabs(e.hyst_stored_J) + std::fabs(e.hyst_heat_J);
    const double th = joule + e.rc_heat_J + e.hyst_heat_J + e.entropic_heat_J - e.heat_stored_J - e.env_heat_J;
    const double th_scale = std::fabs(joule) + std::fabs(e.rc_heat_J) + std::fabs(e.entropic_heat_J) +
                            std::fabs(e.heat_stored_J) + std::fabs(e.env_heat_J);
    return {std::fabs(el) / el_scale, std::fabs(th) / th_scale};
}

}  // namespace

TEST_CASE("every single step closes its electrical and thermal balance") {
    for (const char* id : {"lfp-100ah", "nmc-94ah", "lto-20ah"}) {
        const EcmModel m = cell_test::load_model(id);
        const Params p = cell::make_params(m, 0.97, 1.1);
        double worst_el = 0.0, worst_th = 0.0;
        for (const double h : {2e-9, 1e-6, 1e-3, 0.1, 1.0, 10.0}) {
            const cell::EcmCoeffs c = coeffs(m, h);
            for (std::uint64_t k = 0; k < 400; ++k) {
                State s = random_state(m, p, k);
                // from 1 uA to kiloamperes, both directions, some of them through several OCV segments
                const double i =
                    std::pow(10.0, draw(10 * k + 6, -6.0, h > 0.5 ? 2.5 : 3.6)) * (k % 2 == 0 ? 1.0 : -1.0);
                const double joule = s.r0_Ohm * i * i * h;
                const auto e = commit(m, p, s, c, i * h, joule, draw(10 * k + 7, -20.0, 60.0));
                const Gap g = gap(e, joule);
                worst_el = std::fmax(worst_el, g.electrical);
                worst_th = std::fmax(worst_th, g.thermal);
            }
        }
        INFO(std::string(id) << ": electrical " << worst_el << ", thermal " << worst_th);
        CHECK(worst_el < 1e-14);
        CHECK(worst_th < 1e-13);
    }
}

TEST_CASE("stored energies as state functions equal the sum of their increments and of the parameter work") {
    const EcmModel m = cell_test::load_model("lfp-100ah");
    const Params p = cell::make_params(m);
    State s = cell::make_state<double>(m, p, 0.9, 5.0);
    const cell::EcmCoeffs c = coeffs(m, 0.05);
    const cell::Stored<double> start = cell::stored(m, p, s);
    base::Sum<double> rc, hyst, param;
    double param_abs = 0.0, u_rc = 0.0;
    for (int k = 0; k < 100000; ++k) {  // 5000 s at +-60 A: soc and temperature wander through the tables
        const double i = (k / 4000) % 3 == 2 ? -60.0 : 60.0;
        const auto e = commit(m, p, s, c, i * c.h_s, s.r0_Ohm * i * i * c.h_s, 10.0);
        rc.add(e.rc_stored_J);
        hyst.add(e.hyst_stored_J);
        param.add(e.param_work_J);
        param_abs += std::fabs(e.param_work_J);
        u_rc = std::fmax(u_rc, s.u1_V);
    }
    const cell::Stored<double> end = cell::stored(m, p, s);
    const double change = (end.rc_J - start.rc_J) + (end.hyst_J - start.hyst_J);
    CHECK(rc.value() + hyst.value() + param.value() == doctest::Approx(change).epsilon(1e-10));
    CHECK(param_abs > 1.0);  // the line is not idle in this test
}

TEST_CASE("every lane of a block equals its solo run to the bit") {
    bool extended = false;
    SUBCASE("basic form") {}
    SUBCASE("extended form") { extended = true; }
    const EcmModel m = extended ? cell::build(cell_test::extended_file()) : cell_test::load_model("lfp-100ah");
    const cell::EcmCoeffs c = coeffs(m, 0.5);
    cell::EcmParams<Pack8> pp{};
    cell::EcmState<Pack8> ss{};
    Params p[8];
    State s[8];
    for (std::size_t k = 0; k < 8; ++k) {
        p[k] = cell::make_params(m, 1.0 - 0.01 * static_cast<double>(k), 1.0 + 0.02 * static_cast<double>(k));
        s[k] = random_state(m, p[k], 100 + k);
        cell::set_lane_of(pp, k, p[k]);
        cell::set_lane_of(ss, k, s[k]);
    }
    for (int step = 0; step < 3000; ++step) {
        Pack8 i, joule, env;
        for (std::size_t k = 0; k < 8; ++k) {
            i[k] = draw(static_cast<std::uint64_t>(step) * 8 + k, -150.0, 150.0);
            joule[k] = 0.1 * static_cast<double>(k);
            env[k] = 20.0 + static_cast<double>(k);
            if (k == 5 && step == 1500) i[k] = NAN;  // one lane dies; the others must not notice
        }
        const auto mean = cell::mean_emf(m, pp, ss, c, i);
        const auto end = cell::end_emf(m, pp, ss, c, i);
        const auto e = commit(m, pp, ss, c, i * c.h_s, joule, env);
        for (std::size_t k = 0; k < 8; ++k) {
            const auto mean1 = cell::mean_emf(m, p[k], s[k], c, i[k]);
            const auto end1 = cell::end_emf(m, p[k], s[k], c, i[k]);
            const auto e1 = commit(m, p[k], s[k], c, i[k] * c.h_s, joule[k], env[k]);
            if (k == 5 && step >= 1500) continue;
            REQUIRE(mean.emf_V[k] == mean1.emf_V);
            REQUIRE(mean.demf_di_Ohm[k] == mean1.demf_di_Ohm);
            REQUIRE(end[k] == end1);
            REQUIRE(e.param_work_J[k] == e1.param_work_J);
            REQUIRE(e.env_heat_J[k] == e1.env_heat_J);
            REQUIRE(e.hyst_heat_J[k] == e1.hyst_heat_J);
            const State lane = cell::lane_of(ss, k);
            REQUIRE(std::memcmp(&lane, &s[k], sizeof lane) == 0);
        }
    }
    CHECK(std::isnan(cell::lane_of(ss, 5).soc));
}

TEST_CASE("mean_emf is pure and what commit books") {
    const EcmModel m = cell_test::load_model("nmc-94ah");
    const Params p = cell::make_params(m);
    const State start = random_state(m, p, 7);
    State s = start;
    const cell::EcmCoeffs c = coeffs(m, 0.25);
    const double first = cell::mean_emf(m, p, s, c, 40.0).emf_V;
    for (int k = 0; k < 50; ++k) cell::mean_emf(m, p, s, c, -3.0 * k);
    CHECK(std::memcmp(&s, &start, sizeof s) == 0);
    CHECK(cell::mean_emf(m, p, s, c, 40.0).emf_V == first);
    const double end = cell::end_emf(m, p, s, c, 40.0);
    const auto e = commit(m, p, s, c, 10.0, 0.0, s.t_core_degC);
    CHECK(e.emf_mean_V == first);  // 40 A over 0.25 s are exactly 10 C
    // the end of the step, but for the warming and the parameters that the next step takes over
    CHECK(cell::emf(m, p, s) == doctest::Approx(end).epsilon(1e-6));
}

TEST_CASE("equal cells stay equal, whatever their neighbours do") {
    const EcmModel m = cell_test::load_model("lfp-100ah");
    const Params p = cell::make_params(m);
    std::vector<State> s(16, random_state(m, p, 3));
    s[9].soc = 0.2;
    cell::refresh(m, p, s[9]);
    const cell::EcmCoeffs c = coeffs(m, 1e-3);
    for (int step = 0; step < 2000; ++step)
        for (State& one : s) commit(m, p, one, c, 0.1 * std::sin(0.01 * step), 0.01, 25.0);
    for (std::size_t k = 1; k < s.size(); ++k) CHECK((std::memcmp(&s[k], &s[0], sizeof(State)) == 0) == (k != 9));
}

TEST_CASE("kept resistances stay near the table and follow from the state alone") {
    const EcmModel m = cell_test::load_model("lfp-100ah");
    const Params p = cell::make_params(m);
    State s = cell::make_state<double>(m, p, 0.99, -10.0);
    const cell::EcmCoeffs c = coeffs(m, 0.01);
    double worst = 0.0;
    for (int k = 0; k < 300000; ++k) {
        commit(m, p, s, c, 100.0 * c.h_s, s.r0_Ohm * 1e4 * c.h_s, 30.0);
        State fresh = s;
        cell::refresh(m, p, fresh);
        worst = std::fmax(worst, std::fabs(s.r1_Ohm / fresh.r1_Ohm - 1.0));
        worst = std::fmax(worst, std::fabs(s.r0_Ohm / fresh.r0_Ohm - 1.0));
    }
    INFO("worst " << worst);
    CHECK(worst < 5e-4);
    CHECK(s.soc < 0.2);
}

TEST_CASE("leaving the valid range is noticed") {
    const EcmModel m = cell_test::load_model("lfp-100ah");
    const Params p = cell::make_params(m, 1.0, 1.0, 2.0);
    State s = cell::make_state<double>(m, p, 1.0, 25.0);
    CHECK_FALSE(cell::out_of_range(m, p, s, 0.0).soc);
    commit(m, p, s, coeffs(m, 1.0), -100.0, 0.0, 25.0);
    CHECK(cell::out_of_range(m, p, s, 0.0).soc);
    CHECK_FALSE(cell::out_of_range(m, p, s, 0.0).t);
    s.t_core_degC = 61.0;
    CHECK(cell::out_of_range(m, p, s, 0.0).t);
    CHECK_FALSE(cell::out_of_range(m, p, s, 600.0).i);  // two cells in parallel
    CHECK(cell::out_of_range(m, p, s, -700.0).i);
    // overcharge and overdischarge go on along straight lines
    const State over = cell::make_state<double>(m, p, 1.01, 25.0), under = cell::make_state<double>(m, p, -0.01, 25.0);
    CHECK(cell::emf(m, p, over) > 3.8);
    CHECK(cell::emf(m, p, under) < 1.8);
}

TEST_CASE("field tables cover the state: round trip, and every bit reaches the hash") {
    const EcmModel m = cell_test::load_model("lfp-100ah");
    const Params p = cell::make_params(m);
    const State s = random_state(m, p, 5);
    const auto table = cell::state_fields<double>();
    std::vector<std::uint8_t> bytes;
    base::save_fields(bytes, table, &s);
    CHECK(bytes.size() == sizeof(State));
    State back{};
    CHECK(base::load_fields(bytes, table, &back) == bytes.size());
    CHECK(std::memcmp(&back, &s, sizeof s) == 0);
    const auto digest = [&](const State& one) {
        base::Hasher h;
        base::hash_fields(h, table, &one);
        return h.digest();
    };
    for (std::size_t bit = 0; bit < 8 * sizeof(State); ++bit) {
        State flipped = s;
        reinterpret_cast<std::uint8_t*>(&flipped)[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
        std::array<double, sizeof(State) / sizeof(double)> x{};
        std::memcpy(x.data(), &s, sizeof s);
        const bool negated_zero = bit % 64 == 63 && x[bit / 64] == 0.0;  // -0 is 0
        CHECK((digest(flipped) != digest(s)) == !negated_zero);
    }
    CHECK(cell::state_fields<Pack8>()[1].offset == sizeof(Pack8));
    CHECK(cell::state_fields<Pack8>()[1].count == 8);
    CHECK(cell::params_fields<double>().size() * sizeof(double) == sizeof(Params));
}
