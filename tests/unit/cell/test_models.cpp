// SPDX-License-Identifier: Apache-2.0
// The shipped cells against their source tables and facts, the checks of the file form, and the spread of a pack.
#include <doctest/doctest.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "cell/ecm.hpp"
#include "cell/spread.hpp"
#include "load_cell.hpp"

using namespace twin;
using cell::EcmModel;
using cell::EcmModelFile;

namespace {

std::vector<std::vector<double>> read_csv(const std::string& name) {
    std::ifstream in(std::string(BMSTWIN_SOURCE_DIR) + "/models/cells/data/" + name);
    REQUIRE(in.good());
    std::vector<std::vector<double>> rows;
    std::string line;
    std::getline(in, line);
    while (std::getline(in, line)) {
        std::vector<double> row;
        std::stringstream cells(line);
        for (std::string item; std::getline(cells, item, ',');) row.push_back(item.empty() ? NAN : std::stod(item));
        rows.push_back(row);
    }
    return rows;
}

/// Response per ampere t seconds after a current step, by simulation of the cell (OCV movement taken out).
double step_resistance(const EcmModel& m, double soc, double t_degC, double t_s) {
    const auto p = cell::make_params(m);
    auto s = cell::make_state<double>(m, p, soc, t_degC);
    const double i = 1e-3, before = cell::emf(m, p, s);
    const auto c = cell::coeffs(m, t_s);
    cell::commit(m, p, s, c, i * t_s, 0.0, t_degC);
    const double ocv = cell::ocv_point(m, s.soc).ocv_V - cell::ocv_point(m, soc).ocv_V;
    return (before + ocv - (cell::emf(m, p, s) - s.r0_Ohm * i) + s.m_V * s.h) / i;
}

std::string errors(const EcmModelFile& f) {
    try {
        cell::build(f);
    } catch (const std::invalid_argument& e) {
        return e.what();
    }
    return "";
}

}  // namespace

TEST_CASE("lfp-100ah: facts, OCV and R_10s of its sources") {
    const EcmModel m = cell_test::load_model("lfp-100ah");
    CHECK(m.capacity_C == 105.0 * 3600.0);
    CHECK(m.nameplate_Ah == 100.0);
    const auto p = cell::make_params(m);
    CHECK(cell::make_state<double>(m, p, 0.5, 25.0).r0_Ohm == doctest::Approx(0.32e-3).epsilon(1e-3));
    const double stretch = 1.00445;
    for (const auto& row : read_csv("CLFP_Sony_US26650_OCV.csv"))
        if (row[0] > 0.0) CHECK(cell::ocv_point(m, row[0] / stretch).ocv_V == doctest::Approx(row[1]).epsilon(2e-4));
    CHECK(cell::ocv_point(m, 1.0).ocv_V == doctest::Approx(3.65).epsilon(1e-12));
    const auto rint = read_csv("CLFP_Sony_US26650_Rint.csv");  // soc, T, charge 10 25 40 60, discharge 10 25 40 60
    for (const auto& row : rint)
        for (const std::size_t k : {0U, 1U, 2U}) {
            const double want = 0.5 * (row[2 + k] + row[6 + k]) * 3.0 / 105.0;
            CHECK(step_resistance(m, row[0], 10.0 + 15.0 * static_cast<double>(k), 10.0) ==
                  doctest::Approx(want).epsilon(2e-3));
        }
    // half of the gap between charge and discharge
    CHECK(cell::ocv_point(m, 0.5).m_V == doctest::Approx(0.01871).epsilon(1e-3));
    CHECK(cell::ocv_point(m, 0.5).dudt_VperK ==
          doctest::Approx(0.11027e-3).epsilon(2e-3));  // sampled on the knots of the OCV
    CHECK(m.c_core_JperK + m.c_surf_JperK == doctest::Approx(1980.0));
}

TEST_CASE("nmc-94ah: OCV at 25 degC and R_10s of its source") {
    const EcmModel m = cell_test::load_model("nmc-94ah");
    const auto ocv = read_csv("NMC_Samsung_LabTest_cell_00_OCV.csv");
    double worst = 0.0;
    for (const auto& row : ocv) worst = std::fmax(worst, std::fabs(cell::ocv_point(m, row[5] / 100.0).ocv_V - row[6]));
    CHECK(worst < 2e-3);
    const auto ri = read_csv("NMC_Samsung_LabTest_cell_00_Ri.csv");
    for (const auto& row : ri)
        for (const std::size_t k : {0U, 1U, 2U, 3U}) {
            const double want = 0.5e-3 * (row[3 + 6 * k + 3] + row[27 + 6 * k + 3]);
            CHECK(step_resistance(m, row[0], 5.0 + 10.0 * static_cast<double>(k), 10.0) ==
                  doctest::Approx(want).epsilon(2e-3));
        }
}

TEST_CASE("lto-20ah: window, OCV and R_10s") {
    const EcmModel m = cell_test::load_model("lto-20ah");
    CHECK(cell::ocv_point(m, 0.0).ocv_V == doctest::Approx(1.5));
    CHECK(cell::ocv_point(m, 1.0).ocv_V == doctest::Approx(2.8));
    for (const auto& row : read_csv("gree_yinlong_LTO_datasheet_25C.csv"))
        CHECK(cell::ocv_point(m, 0.01 + 0.98 * row[0] / 100.0).ocv_V == doctest::Approx(row[1]).epsilon(1e-6));
    CHECK(step_resistance(m, 0.5, 25.0, 10.0) == doctest::Approx(1.0e-3).epsilon(1e-3));
}

TEST_CASE("all cells: resistances fall with temperature and are positive, OCV rises, tolerances are stated") {
    for (const char* id : {"lfp-100ah", "nmc-94ah", "lto-20ah"}) {
        const EcmModelFile f = cell_test::load_file(id);
        CHECK(f.id == id);
        CHECK_FALSE(f.sources.empty());
        CHECK(f.fit_error.find("docs/cells.md") != std::string::npos);
        CHECK(f.tolerance.r_pct > 0.0);
        CHECK(cell::check(f).empty());
        const EcmModel m = cell::build(f);
        for (double soc = 0.0; soc <= 1.0; soc += 0.05) {
            double before = 1e9;
            for (double t = f.valid.t_min_degC; t <= f.valid.t_max_degC; t += 1.0) {
                const auto r = m.resistance_Ohm.at(soc, t);
                CHECK(r[0] > 0.0);
                CHECK(r[0] + r[1] + r[2] < before);
                before = r[0] + r[1] + r[2];
            }
        }
        double last = -1.0;
        for (int k = 0; k <= 5000; ++k) {
            const double v = cell::ocv_point(m, 2e-4 * k).ocv_V;
            CHECK(v > last);
            last = v;
        }
    }
}

TEST_CASE("every cell of the library has a row of figures and a plot in docs/cells.md") {
    const std::filesystem::path root = BMSTWIN_SOURCE_DIR;
    std::ifstream in(root / "docs" / "cells.md");
    std::stringstream page;
    page << in.rdbuf();
    std::size_t n = 0;
    for (const auto& entry : std::filesystem::directory_iterator(root / "models" / "cells")) {
        if (entry.path().extension() != ".json") continue;
        const std::string id = entry.path().stem().string();
        CAPTURE(id);
        CHECK(page.str().find("\n| `" + id + "` | ") != std::string::npos);
        bool plotted = false;
        for (const char* const kind : {"fit-", "cell-"}) {
            const std::string plot = kind + id + ".svg";
            plotted = plotted || (page.str().find("(img/" + plot + ")") != std::string::npos &&
                                  std::filesystem::exists(root / "docs" / "img" / plot));
        }
        CHECK(plotted);
        ++n;
    }
    CHECK(n >= 11);
}

TEST_CASE("the committed models are what their generator writes") {
    const std::string command = "python3 " + std::string(BMSTWIN_SOURCE_DIR) + "/tools/models/make_cells.py --check";
    CHECK(std::system(command.c_str()) == 0);
}

TEST_CASE("a bad file is refused with place, value and what is allowed") {
    const EcmModelFile good = cell_test::plain_file();
    CHECK(errors(good).empty());
    EcmModelFile f = good;
    f.ocv.v_V = {3.0, 2.9};
    CHECK(errors(f).find("/ocv: v_V[1] = 2.9 must be above the one before it, 3") != std::string::npos);
    f = good;
    f.ocv.soc = {0.0, 0.5, 1.0};
    CHECK(errors(f).find("/ocv: v_V has 2 values; soc asks for 3") != std::string::npos);
    f = good;
    f.resistance.r1_mohm[2] = -1.0;
    CHECK(errors(f).find("/resistance: r1_mohm[2] = -1; allowed > 0") != std::string::npos);
    f = good;
    f.resistance.r2_mohm.pop_back();
    CHECK(errors(f).find("/resistance: r2_mohm has 3 values; soc x t_degC asks for 4") != std::string::npos);
    f = good;
    f.hysteresis.m_mV = {5.0, 5.0};
    CHECK(errors(f).find("/hysteresis: gamma = 0 with an amplitude") != std::string::npos);
    f = good;
    f.resistance.tau1_s = 0.0;
    f.capacity_Ah = -3.0;
    f.chemistry = "NiMH";
    const std::string all = errors(f);  // every error is listed
    CHECK(all.find("/resistance: tau1_s = 0") != std::string::npos);
    CHECK(all.find("/capacity_Ah: capacity_Ah = -3") != std::string::npos);
    CHECK(all.find("\"NiMH\"; allowed LFP, NMC, LTO") != std::string::npos);
    f = good;
    f.ocv.v_V[0] = NAN;
    CHECK(errors(f).find("/ocv: v_V[0]") != std::string::npos);
    f = good;
    f.thermal.core_J_per_K = INFINITY;
    CHECK(errors(f).find("/thermal: core_J_per_K") != std::string::npos);
    CHECK_THROWS_AS(cell::make_params(cell::build(good), 0.0), std::invalid_argument);
    CHECK_THROWS_AS(cell::make_params(cell::build(good), 1.0, NAN), std::invalid_argument);
}

TEST_CASE("spread: keyed, cut at three sd, with the stated sd; order and count of cells do not matter") {
    const base::RngKey a{7, base::name_key("a", 1)}, b{7, base::name_key("b", 1)};
    const cell::Spread spread{0.01, 0.05, 0.02};
    const int n = 20000;
    double cap = 0.0, cap2 = 0.0, r2 = 0.0, soc2 = 0.0, cross = 0.0, furthest = 0.0;
    for (int k = 0; k < n; ++k) {
        const cell::CellDraw d = cell::draw_cell(a, spread, static_cast<std::uint64_t>(k));
        const double zc = (d.capacity_scale - 1.0) / 0.01, zr = (d.r_scale - 1.0) / 0.05, zs = d.soc_offset / 0.02;
        cap += zc;
        cap2 += zc * zc;
        r2 += zr * zr;
        soc2 += zs * zs;
        cross += zc * zr;
        furthest = std::fmax(furthest, std::fmax(std::fabs(zc), std::fmax(std::fabs(zr), std::fabs(zs))));
    }
    const double var = 0.97334;  // of a normal cut at 3 sd: 1 - 6 phi(3) / (2 Phi(3) - 1)
    CHECK(std::fabs(cap / n) < 4.0 / std::sqrt(n));
    CHECK(cap2 / n == doctest::Approx(var).epsilon(0.04));
    CHECK(r2 / n == doctest::Approx(var).epsilon(0.04));
    CHECK(soc2 / n == doctest::Approx(var).epsilon(0.04));
    CHECK(std::fabs(cross / n) < 4.0 / std::sqrt(n));
    CHECK(furthest <= 3.0 + 1e-12);
    CHECK(furthest > 2.9);
    CHECK(cell::draw_cell(a, spread, 3).r_scale == cell::draw_cell(a, spread, 3).r_scale);
    CHECK(cell::draw_cell(a, spread, 3).r_scale != cell::draw_cell(b, spread, 3).r_scale);
    CHECK(cell::draw_cell(a, {}, 3).capacity_scale == 1.0);
    CHECK_THROWS_AS(cell::draw_cell(a, {0.4, 0.0, 0.0}, 0), std::invalid_argument);
    CHECK_THROWS_AS(cell::draw_cell(a, {0.0, -0.1, 0.0}, 0), std::invalid_argument);
}
