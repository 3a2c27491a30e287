// SPDX-License-Identifier: Apache-2.0
// Impedance spectra against a small sine in the time domain and against closed forms.
#include <doctest/doctest.h>

#include <cmath>
#include <complex>
#include <vector>

#include "study/cell_model.hpp"

using namespace twin;
using namespace twin::study;

namespace {

constexpr double k_pi = 3.141592653589793;

/// Amplitude ratio and phase of the `periods`-th period of a small sine, in time. The current is a staircase of `n`
/// values per period; at a knot it counts as the mean of the values before and after, and so does the voltage. A drift
/// of the charge is taken off by a straight line through the last two periods.
std::complex<double> by_time(CellModel& c, double soc, double t_K, double f_Hz, int periods, int n, double i_A) {
    c.ambient_K = t_K;
    c.reset(soc, t_K);
    const double h_s = 1.0 / (f_Hz * n);
    const auto current = [&](int k) { return i_A * std::cos(2.0 * k_pi * (k + 0.5) / n); };
    std::vector<double> v;
    for (int k = 0; k < periods * n; ++k) {
        const double end_V = c.trial(h_s, current(k), true);
        c.commit();
        v.push_back(0.5 * (end_V + c.voltage_V(current(k + 1))));
    }
    std::complex<double> vs = 0.0, is = 0.0;
    const int first = (periods - 1) * n;
    for (int k = 0; k < n; ++k) {
        const auto at = static_cast<std::size_t>(first + k);
        const double drift_V = (v[at] - v[at - static_cast<std::size_t>(n)]) * (k + 1.0) / n;
        const std::complex<double> turn = std::polar(1.0, -2.0 * k_pi * (k + 1.0) / n);
        vs += (v[at] - drift_V) * turn;
        is += 0.5 * (current(first + k) + current(first + k + 1)) * turn;
    }
    return -vs / is;
}

void compare(const char* model, const char* kind, double soc, double t_degC, const std::vector<double>& f_Hz,
             const char* degradation = "") {
    const auto c = open_cell(std::string(BMSTWIN_SOURCE_DIR) + "/models/" + model, kind, false, degradation);
    const double t_K = t_degC + 273.15;
    const auto z = c->impedance_Ohm(soc, t_K, f_Hz);
    for (std::size_t k = 0; k < f_Hz.size(); ++k) {
        CAPTURE(model);
        CAPTURE(kind);
        CAPTURE(f_Hz[k]);
        const std::complex<double> seen = by_time(*c, soc, t_K, f_Hz[k], 4, 200, 1e-3 * c->nominal_Ah);
        CAPTURE(z[k].real());
        CAPTURE(z[k].imag());
        CAPTURE(seen.real());
        CAPTURE(seen.imag());
        CHECK(std::abs(seen - z[k]) <= 0.01 * std::abs(z[k]));
    }
}

}  // namespace

TEST_CASE("an equivalent circuit's impedance is that of a small sine in time") {
    compare("cells/lfp-100ah.json", "", 0.5, 25.0, {0.002, 0.02, 0.5, 20.0});
    compare("cells/nmc-lgm50.json", "", 0.3, 5.0, {0.002, 0.1, 10.0});
}

TEST_CASE("an electrochemical cell's impedance is that of a small sine in time") {
    compare("echem/chen2020.json", "spm", 0.5, 25.0, {0.001, 0.05, 5.0});
    compare("echem/chen2020.json", "spme", 0.5, 25.0, {0.001, 0.05, 5.0});
    compare("echem/chen2020.json", "dfn", 0.5, 25.0, {0.003, 0.1, 5.0});
    compare("echem/prada2013.json", "dfn", 0.3, 25.0, {0.01});
}

TEST_CASE("the SEI film is in the impedance, as in a small sine in time") {
    for (const char* kind : {"spm", "spme", "dfn"})
        compare("echem/okane2022.json", kind, 0.5, 25.0, {0.05, 5.0}, "solvent-diffusion");
    const std::string file = std::string(BMSTWIN_SOURCE_DIR) + "/models/echem/okane2022.json";
    const auto with = open_cell(file, "spm", false, "on"), without = open_cell(file, "spm", false);
    const double film_Ohm = 2e5 * 5e-9 / (383959.0443686007 * 8.52e-5 * 0.1027);
    const std::complex<double> more =
        with->impedance_Ohm(0.5, 298.15, {10.0})[0] - without->impedance_Ohm(0.5, 298.15, {10.0})[0];
    CHECK(more.real() == doctest::Approx(film_Ohm).epsilon(1e-9));
    CHECK(std::abs(more.imag()) < 1e-12);
}

TEST_CASE("impedance: a resistance at high, a capacity at low frequency") {
    const auto c = open_cell(std::string(BMSTWIN_SOURCE_DIR) + "/models/echem/chen2020.json", "spm", false);
    c->reset(0.5, 298.15);
    const double slope_V = [&] {  // of the open circuit over the charge, by two rests
        c->reset(0.505, 298.15);
        const double above = c->voltage_V(0.0);
        c->reset(0.495, 298.15);
        return (above - c->voltage_V(0.0)) / 0.01;
    }();
    c->reset(0.5, 298.15);
    const double full_C = [&] {  // charge between soc 1 and 0
        c->trial(10.0, 1.0, true);
        c->commit();
        return 10.0 / (0.5 - c->soc());
    }();
    const double f_Hz = 1e-6;
    const auto z = c->impedance_Ohm(0.5, 298.15, {f_Hz, 1e5});
    CHECK(-z[0].imag() == doctest::Approx(slope_V / (2.0 * k_pi * f_Hz * full_C)).epsilon(0.01));
    CHECK(std::arg(z[1]) > -0.05);  // the charge transfer is left
    const double r_Ohm = (c->voltage_V(-1e-3) - c->voltage_V(1e-3)) / 2e-3;
    CHECK(z[1].real() == doctest::Approx(r_Ohm).epsilon(0.15));  // the sphere's instantaneous modes are in r
    for (const char* kind : {"spm", "spme", "dfn"}) {            // passive at every frequency
        const auto one = open_cell(std::string(BMSTWIN_SOURCE_DIR) + "/models/echem/chen2020.json", kind, false);
        for (const auto& x : one->impedance_Ohm(0.5, 273.15, {1e-5, 1e-3, 0.1, 10.0, 1e3, 1e6})) {
            CHECK(x.real() > 0.0);
            CHECK(x.imag() <= 0.0);
        }
    }
}
