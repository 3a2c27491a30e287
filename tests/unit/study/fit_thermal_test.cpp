// SPDX-License-Identifier: Apache-2.0
// Heat capacity and cooling against a closed form: constant current through a cell of constant resistance, so constant
// heat, warms surface and core along T = T_env + P R (1 - exp(-t / RC)) where core and surface are one.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "study/fit.hpp"
#include "study/thermal.hpp"

using namespace twin::study;

namespace {

constexpr double k_c_JperK = 60.0, k_r_KperW = 8.0, k_i_A = 5.0, k_r_Ohm = 0.04;

twin::cell::EcmModel model() {
    twin::cell::EcmModelFile f;
    f.id = "made", f.chemistry = "NMC", f.label = "made", f.sources = {"made"};
    f.capacity_Ah = f.nameplate_Ah = 100.0;  // so that soc hardly moves
    f.ocv.soc = {0.0, 1.0}, f.ocv.v_V = {3.0, 4.0};
    f.resistance.soc = {0.0, 1.0}, f.resistance.t_degC = {-20.0, 80.0};
    f.resistance.r0_mohm.assign(4, 1e3 * k_r_Ohm);
    f.resistance.r1_mohm.assign(4, 1e-6);
    f.resistance.r2_mohm.assign(4, 1e-6);
    f.resistance.tau1_s = 1.0, f.resistance.tau2_s = 2.0;
    f.thermal = {1.0, 1.0, 1.0, 1.0};
    f.valid = {0.0, 1.0, -20.0, 80.0, 10.0};
    f.v_min_V = 3.0, f.v_max_V = 4.0;
    return twin::cell::build(f);
}

Recording warm_up(double ambient_degC) {
    Recording r;
    r.path = "made", r.kind = "constant current", r.temp_measured = r.ambient_known = true;
    for (int k = 0; k <= 3000; ++k) {
        const double t = k, heat_W = k_i_A * k_i_A * k_r_Ohm;
        r.t_s.push_back(t), r.i_A.push_back(k_i_A), r.v_V.push_back(3.5);
        r.t_degC.push_back(ambient_degC + heat_W * k_r_KperW * (1.0 - std::exp(-t / (k_r_KperW * k_c_JperK))));
        r.ambient_degC.push_back(ambient_degC);
    }
    return r;
}

}  // namespace

TEST_CASE("heat capacity and cooling of a lumped cell are recovered") {
    const std::vector<Recording> all{warm_up(20.0)};
    twin::FitOptions o;
    o.mass_kg = 0.05;
    const ThermalFit t = fit_thermal(model(), all, o);
    const double c = t.thermal.core_J_per_K + t.thermal.surface_J_per_K;
    CHECK(std::abs(c / k_c_JperK - 1.0) < 0.05);
    CHECK(std::abs(t.thermal.surface_ambient_K_per_W / k_r_KperW - 1.0) < 0.03);
    CHECK(t.thermal.core_surface_K_per_W < 0.2 * k_r_KperW);  // the data have no difference between core and surface
    o.heat_capacity_J_per_K = 50.0, o.cooling_K_per_W = 9.0;
    const ThermalFit given = fit_thermal(model(), all, o);
    CHECK(given.thermal.core_J_per_K + given.thermal.surface_J_per_K == doctest::Approx(50.0));
    CHECK(given.thermal.surface_ambient_K_per_W == doctest::Approx(9.0));
    CHECK(given.thermal.core_surface_K_per_W == doctest::Approx(0.9));
}

TEST_CASE("a temperature that does not move identifies no heat capacity") {
    Recording r = warm_up(20.0);
    r.t_degC.assign(r.t_degC.size(), 20.0);
    twin::FitOptions o;
    o.mass_kg = 0.05;
    const ThermalFit t = fit_thermal(model(), {r}, o);
    CHECK(t.thermal.core_J_per_K + t.thermal.surface_J_per_K == doctest::Approx(50.0));  // 1000 J/(kg K)
    REQUIRE(t.parameters.size() == 3);
    for (const twin::FitParameter& p : t.parameters) CHECK_FALSE(p.identified);
    CHECK(t.notes.size() == 3);
}

TEST_CASE("a sample whose interval holds the step is not counted") {
    Recording r = warm_up(20.0);
    r.i_max_A = 5.0;
    r.i_A[10] = 0.0, r.i_A[11] = 2.0, r.i_A[12] = 5.0;
    CHECK(r.mixed(11));
    CHECK_FALSE(r.mixed(10));
    CHECK_FALSE(r.mixed(12));
    r.kind = "dynamic";
    CHECK_FALSE(r.mixed(11));
}
