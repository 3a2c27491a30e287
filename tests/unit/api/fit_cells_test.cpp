// SPDX-License-Identifier: Apache-2.0
// Several cells in one fit: made by formulas, so that what they differ by is known.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cmath>
#include <iterator>
#include <string>

#include <twin/fit.hpp>
#include "unit/folder.hpp"

using namespace twin;

namespace {

using test::Folder;

double ocv_V(double soc) { return 3.3 + 0.8 * soc + 0.05 * soc * soc; }

std::string slow(double q_Ah) {
    std::string s = "time_s,current_A,voltage_V\n";
    for (int k = 0; k <= 400; ++k) {
        const double t = 180.0 * k;
        fmt::format_to(std::back_inserter(s), "{},{:.6f},{:.6f}\n", t, 0.05 * q_Ah, ocv_V(1.0 - 0.05 * t / 3600.0));
    }
    return s;
}

/// Held currents of changing sign over R0 and two pairs, all scaled by r.
std::string drive(double q_Ah, double r) {
    std::string s = "time_s,current_A,voltage_V\n";
    double u1 = 0.0, u2 = 0.0, soc = 1.0;
    for (int k = 0; k < 3000; ++k) {
        const double i = k < 50 || k % 300 > 250 ? 0.0 : (k / 20) % 3 == 0 ? -1.0 : 0.5 + 0.7 * ((k / 20) % 5);
        u1 += (i * 0.008 * r - u1) * (1.0 - std::exp(-1.0 / 6.0));
        u2 += (i * 0.012 * r - u2) * (1.0 - std::exp(-1.0 / 120.0));
        soc -= k > 0 ? i / 3600.0 / q_Ah : 0.0;
        fmt::format_to(std::back_inserter(s), "{},{:.6f},{:.6f}\n", k, i, ocv_V(soc) - u1 - u2 - 0.02 * r * i);
    }
    return s;
}

FitOptions three_cells(const Folder& f) {
    FitOptions o;
    const double q_Ah[] = {2.0, 2.1, 1.9}, r[] = {1.0, 1.2, 0.8};
    for (int k = 0; k < 3; ++k) {
        const std::string name(1, static_cast<char>('a' + k));
        o.files.push_back(parse_fit_file(name + "=" + f.write(name + "-slow.csv", slow(q_Ah[k])) + "@25"));
        o.files.push_back(parse_fit_file(name + "=" + f.write(name + "-drive.csv", drive(q_Ah[k], r[k])) + "@25@1"));
    }
    return o;
}

}  // namespace

TEST_CASE("three cells in one call: a model of each, as alone, and what they differ by") {
    const Folder f;
    FitOptions o = three_cells(f);
    o.validate = {parse_fit_file("b=" + (f.path / "b-drive.csv").string() + "@25@1")};
    int lines_of_b = 0;
    o.progress = [&](const std::string& line) { lines_of_b += line.rfind("b: ", 0) == 0 ? 1 : 0; };
    const FitCells all = fit_cells(o);
    REQUIRE(all.cells.size() == 3);
    CHECK(lines_of_b > 2);
    CHECK(all.cells[1].name == "b");
    CHECK(all.cells[1].capacity_Ah == doctest::Approx(2.1).epsilon(1e-3));
    CHECK(all.cells[1].fit.model_json.find("\"fitted-cell-b\"") != std::string::npos);
    CHECK(all.cells[1].fit.files.back().held_back);
    CHECK(all.capacity_cv_pct == doctest::Approx(5.0).epsilon(0.01));  // of 1.9, 2.0, 2.1
    CHECK(all.r_mean_Ohm == doctest::Approx(0.040).epsilon(0.02));
    CHECK(all.r_cv_pct == doctest::Approx(20.0).epsilon(0.03));  // of 0.8, 1.0, 1.2
    FitOptions alone = o;
    alone.validate.clear();
    alone.id = "fitted-cell-a";
    alone.files = {o.files[0], o.files[1]};
    for (FitFile& file : alone.files) {
        file.cell.clear();
        alone.sources.push_back("measured: " + file.path);
    }
    CHECK(fit(alone).model_json == all.cells[0].fit.model_json);
    const std::string text = fit_cells_text(all);
    CHECK(text.find("standard deviation") != std::string::npos);
}

TEST_CASE("errors of all cells are listed, with the cell; names are all or none") {
    const Folder f;
    FitOptions o = three_cells(f);
    const auto told = [](const FitOptions& options) {
        std::string s;
        try {
            (void)fit_cells(options);
        } catch (const InputError& e) {
            for (const Diagnostic& d : e.diagnostics()) s += d.message + "\n";
        }
        return s;
    };
    o.files[1].path += "x";
    o.files[5].path += "x";
    const std::string e = told(o);
    CHECK(e.find("cell a: ") != std::string::npos);
    CHECK(e.find("cell c: ") != std::string::npos);
    CHECK(e.find("cell b: ") == std::string::npos);
    o = three_cells(f);
    o.files[2].cell.clear();
    CHECK(told(o).find("this one doesn't") != std::string::npos);
    o = three_cells(f);
    o.validate = {parse_fit_file("z=a.csv")};
    CHECK(told(o).find("cell \"z\", of which no file is fitted") != std::string::npos);
    CHECK_THROWS_AS((void)fit(o), InputError);
    const std::string odd = f.write("x=1.csv", "a");
    CHECK(parse_fit_file(odd + "@25").cell.empty());  // the mark stands behind the folder
    CHECK(parse_fit_file("x=1.csv@25").cell == "x");
    CHECK(parse_fit_file("x=1.csv@25").path == "1.csv");
}
