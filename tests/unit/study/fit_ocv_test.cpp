// SPDX-License-Identifier: Apache-2.0
// Open-circuit voltage over temperature and capacity, and resistances between the measured temperatures.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cmath>
#include <iterator>
#include <string>

#include "study/ocv.hpp"
#include "study/problem.hpp"
#include "unit/folder.hpp"

using namespace twin::study;

namespace {

// A table at five temperatures: straight OCV, dU/dT of 0.2 mV/K at soc 0 and -0.2 mV/K at soc 1; the coldest is off.
std::string table() {
    std::string s = "temp_C,soc,ocv_V\n";
    for (const double t : {-25.0, -5.0, 15.0, 25.0, 45.0})
        for (int k = 0; k <= 20; ++k) {
            const double soc = 0.05 * k;
            const double cold = t < -20.0 ? -0.05 : 0.0;
            fmt::format_to(std::back_inserter(s), "{},{},{:.7f}\n", t, soc,
                           3.0 + soc + 2e-4 * (1.0 - 2.0 * soc) * (t - 25.0) + cold);
        }
    return s;
}

OcvData read(const std::string& text) {
    const twin::test::Folder folder;
    std::vector<twin::Diagnostic> errors;
    OcvData o = ocv_of_table(folder.write("ocv.csv", text), errors);
    CHECK(errors.empty());
    return o;
}

}  // namespace

TEST_CASE("dU/dT comes from a table at several temperatures, without its coldest rows") {
    const OcvData o = read(table());
    CHECK(o.t_ref_degC == 25.0);
    REQUIRE(o.dudt_VperK.size() == o.soc.size());
    for (const double soc : {0.1, 0.5, 0.9})
        CHECK(std::abs(linear(o.soc, o.dudt_VperK, soc) - 2e-4 * (1.0 - 2.0 * soc)) < 1e-8);
    CHECK(read("soc,ocv_V\n0,3\n0.2,3.2\n0.4,3.3\n0.8,3.5\n1,4\n").dudt_VperK.empty());
}

TEST_CASE("a curve of 2 Ah over 1.6 Ah keeps its empty end and loses its upper fifth") {
    OcvData o = read(table());
    rescale(o, 2.0, 1.6);
    CHECK(o.soc.back() == 1.0);
    for (const double ah : {0.0, 0.4, 0.9, 1.6}) {
        CHECK(std::abs(linear(o.soc, o.v_V, ah / 1.6) - (3.0 + ah / 2.0)) < 1e-7);
        if (ah > 0.1) CHECK(std::abs(linear(o.soc, o.dudt_VperK, ah / 1.6) - 2e-4 * (1.0 - ah)) < 2e-6);
    }
}

TEST_CASE("between the measured temperatures the resistance follows a bent Arrhenius line") {
    // R = a + b exp(E / T), as a cell has it: steeper in the cold. Knots as the A123's tests have them.
    const auto truth = [](double t_degC) { return 0.006 + 1.2e-13 * std::exp(6800.0 / (t_degC + 273.15)); };
    Problem b;
    b.r_soc = {0.0, 0.5, 1.0};
    b.t_K = {248.15, 258.15, 288.15, 298.15, 318.15};
    b.lay_out();
    std::vector<double> p(static_cast<std::size_t>(b.n), 0.0);
    for (std::size_t s = 0; s < 3; ++s)
        for (std::size_t t = 0; t < b.t_K.size(); ++t)
            p[static_cast<std::size_t>(b.r[0].at) + s * b.t_K.size() + t] = std::log(truth(b.t_K[t] - 273.15));
    for (const double t : {-25.0, -15.0, 15.0, 25.0, 45.0})
        CHECK(std::abs(b.resistance(p, 0, 0.3, t) / truth(t) - 1.0) < 1e-9);
    for (const double t : {-5.0, 5.0, 35.0}) {
        CAPTURE(t);
        CHECK(std::abs(b.resistance(p, 0, 0.3, t) / truth(t) - 1.0) < 0.03);  // a straight line errs by 21 %
    }
    // beyond them as the cell it was taken from: NCR18650PF, pulses of 10 s at C/2 and 1C (38.7, 39.3 mOhm at 25 degC)
    const double measured[3][3] = {
        {10.0, 55.2 / 38.7, 55.1 / 39.3}, {0.0, 84.9 / 38.7, 84.4 / 39.3}, {-10.0, 143.9 / 38.7, 132.8 / 39.3}};
    for (const auto& m : measured) {
        const double typical = std::exp(b.log_typical(m[0]) - b.log_typical(25.0));
        CAPTURE(m[0]);
        CHECK(typical > 0.93 * std::min(m[1], m[2]));
        CHECK(typical < 1.07 * std::max(m[1], m[2]));
    }
    CHECK(std::abs(b.resistance(p, 0, 0.3, -40.0) / truth(-25.0) -
                   std::exp(b.log_typical(-40.0) - b.log_typical(-25.0))) < 1e-6);
}

TEST_CASE("a voltage or temperature of an OCV table that no cell has is an error with its line") {
    const twin::test::Folder folder;
    const auto error = [&](const std::string& text) {
        std::vector<twin::Diagnostic> errors;
        (void)ocv_of_table(folder.write("ocv.csv", text), errors);
        REQUIRE(errors.size() == 1);
        return twin::to_string(errors[0]);
    };
    CHECK(error("soc,ocv_V,temp_C\n0,3,25\n0.25,44444444444444444443.2,25\n1,4,25\n")
              .find("ocv.csv:3: error: ocv_V = 4.444444444444444e+19; allowed 0..10") != std::string::npos);
    CHECK(error("soc,ocv_V,temp_C\n0,3,25\n1,4,250\n").find("ocv.csv:3: error: temp_C = 250; allowed -60..120") !=
          std::string::npos);
    CHECK(error("soc,ocv_discharge_V,ocv_charge_V\n0,3,x\n1,4,4.1\n")
              .find("ocv.csv:2: error: ocv_charge_V is no number; allowed 0..10") != std::string::npos);
}
