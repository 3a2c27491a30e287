// SPDX-License-Identifier: Apache-2.0
// Abused cells on a cycler, with the shipped abuse models.
#include <doctest/doctest.h>

#include <cmath>
#include <filesystem>

#include <twin/cell.hpp>
#include <twin/spread.hpp>

#include "study/cell_model.hpp"
#include "study/protocol.hpp"

using namespace twin;

TEST_CASE("inside its window an abused cell is the equivalent circuit") {
    for (const char* id : {"lfp-100ah", "nmc-94ah", "lto-20ah"}) {
        const auto a = study::open_cell(id, "ecm", false), b = study::open_cell(id, "abused", false);
        CHECK(b->kind == "abused");
        study::ProtocolOptions o;
        o.soc = 0.9;
        const auto steps = study::parse_protocol({"Discharge at 0.5C until 20 %", "Rest for 1 hour"});
        const auto x = study::run_protocol(*a, steps, o), y = study::run_protocol(*b, steps, o);
        CHECK(y.ends[0].charge_Ah == doctest::Approx(x.ends[0].charge_Ah).epsilon(1e-6));
        CHECK(y.ends[0].v_V == doctest::Approx(x.ends[0].v_V).epsilon(5e-4));  // steps of 1 mV
        CHECK(y.samples.back().t_K == doctest::Approx(x.samples.back().t_K).epsilon(1e-4));
    }
}

TEST_CASE("over-discharge to reversal leaves a copper short; LTO has none") {
    for (const char* id : {"lfp-100ah", "lto-20ah"}) {
        Cell c(id, "abused");
        c.run({"Discharge at 0.5C for 30 minutes"}, {0.0, 25.0, 25.0});
        CHECK(c.soc() < -0.15);
        CHECK(c.v_V() < 0.5);
        CHECK((c.abuse().short_S > 0.01) == (std::string(id) == "lfp-100ah"));
    }
}

TEST_CASE("overcharge heats, plates, and ends in runaway; the voltage never passes its top") {
    Cell c("nmc-94ah", "abused");
    c.reset({1.0, 25.0, 25.0});
    double v_max = 0.0, at_soc = 0.0;
    for (int k = 0; k < 3 * 3600 && c.abuse().t_core_degC < 300.0; ++k) {
        c.step(-94.0, 1.0);
        v_max = std::fmax(v_max, c.v_V());
        at_soc = c.soc();
    }
    const CellAbuse a = c.abuse();
    CHECK(a.t_core_degC > 300.0);
    CHECK(a.reacted_rel > 0.3);
    CHECK(a.plated_Ah > 1.0);
    CHECK(a.side_Ah > 1.0);
    CHECK(v_max < 5.6);
    CHECK(at_soc > 1.2);  // published cells of this class run away between 150 and 200 %
    CHECK(at_soc < 2.0);
    for (int k = 0; k < 600; ++k) c.step(0.0, 1.0);
    CHECK(c.abuse().t_core_degC < 1500.0);
}

TEST_CASE("a hot LFP cell runs away later and cooler than an NMC cell") {
    const auto hottest = [](const char* id, double t_degC) {
        Cell c(id, "abused");
        c.reset({1.0, t_degC, t_degC});
        double most = 0.0;
        for (int k = 0; k < 3600; ++k) {
            c.step(0.0, 2.0);
            most = std::fmax(most, c.abuse().t_core_degC);
        }
        return most;
    };
    CHECK(hottest("lfp-100ah", 60.0) < 70.0);
    CHECK(hottest("nmc-94ah", 60.0) < 70.0);
    const double lfp = hottest("lfp-100ah", 120.0), nmc = hottest("nmc-94ah", 120.0);
    CHECK(nmc > lfp);
}

TEST_CASE("what only abused cells know is refused elsewhere, and every shipped file can be read") {
    Cell c("lfp-100ah");
    CHECK_THROWS_AS(c.abuse(), RunError);
    CHECK_THROWS_AS(c.internal_short(1.0), RunError);
    Cell x("lfp-100ah", "abused");
    CHECK_THROWS_AS(x.internal_short(0.0), RunError);
    x.internal_short(10.0);
    CHECK(x.abuse().short_S == doctest::Approx(0.1).epsilon(1e-3));
    CHECK_THROWS_AS(Cell("chen2020", "abused"), InputError);
    int n = 0;
    for (const auto& f : std::filesystem::directory_iterator(std::string(BMSTWIN_SOURCE_DIR) + "/models/abuse")) {
        CHECK(study::open_abuse(f.path().string()).id == f.path().stem().string());
        ++n;
    }
    for (const auto& f : std::filesystem::directory_iterator(std::string(BMSTWIN_SOURCE_DIR) + "/models/spread")) {
        const CellSpread s = draw_cells(f.path().stem().string(), 24, 3);
        CHECK(s.capacity_rel.size() == 24);
        CHECK(s.self_discharge_per_d[3] > 0.0);
        CHECK(draw_cells(f.path().string(), 4, 3).r_rel[3] == s.r_rel[3]);
        ++n;
    }
    CHECK(n >= 10);
    CHECK_THROWS_AS(draw_cells("no-such-spread", 1), InputError);
}
