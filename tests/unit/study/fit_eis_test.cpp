// SPDX-License-Identifier: Apache-2.0
// Impedance spectra as data of the fit, made by formulas written here and by the verb `eis` itself.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cmath>
#include <complex>
#include <iterator>
#include <string>

#include "io/model.hpp"
#include "study/cell_model.hpp"
#include "study/fit.hpp"
#include "study/spectrum.hpp"
#include "unit/folder.hpp"

using namespace twin;

namespace {

using test::Folder;

constexpr double k_r0 = 0.02, k_r1 = 0.008, k_r2 = 0.012, k_tau1 = 0.05, k_tau2 = 120.0, k_q_Ah = 2.0;
constexpr double k_two_pi = 6.283185307179586;

double ocv(double soc) { return 3.3 + 0.8 * soc; }

std::string ocv_table() {
    std::string s = "soc,ocv_V\n";
    for (int k = 0; k <= 20; ++k) fmt::format_to(std::back_inserter(s), "{},{}\n", 0.05 * k, ocv(0.05 * k));
    return s;
}

// R0 and two pairs on a capacity, with an inductance in series; `sign` -1 writes a capacitive Im as positive.
std::string spectrum(double inductance_H, double sign, const std::string& im = "im") {
    std::string s = "frequency_Hz,re," + im + "\n";
    for (int k = 40; k >= 0; --k) {
        const std::complex<double> jw(0.0, k_two_pi * 1e-3 * std::pow(10.0, 0.15 * k));
        const std::complex<double> z = k_r0 + k_r1 / (1.0 + jw * k_tau1) + k_r2 / (1.0 + jw * k_tau2) +
                                       0.8 / (jw * k_q_Ah * 3600.0) + jw * inductance_H;
        fmt::format_to(std::back_inserter(s), "{:.9g},{:.9g},{:.9g}\n", jw.imag() / k_two_pi, z.real(),
                       sign * z.imag());
    }
    return s;
}

// A drive cycle of held currents, a sample each second: R1 is settled before the first one.
std::string drive() {
    std::string s = "time_s,current_A,voltage_V,temp_C\n";
    unsigned x = 12345;
    double u1 = 0, u2 = 0, soc = 0.9, i = 0;
    for (int k = 0; k < 5000; ++k) {
        if (k > 100 && k % 17 == 0) x = x * 1664525U + 1013904223U, i = 1.0 + 3.0 * (2.0 * (x >> 8) / 16777216.0 - 1.0);
        if (k > 0) {
            u1 += (i * k_r1 - u1) * (1.0 - std::exp(-1.0 / k_tau1));
            u2 += (i * k_r2 - u2) * (1.0 - std::exp(-1.0 / k_tau2));
            soc -= i / 3600.0 / k_q_Ah;
        }
        fmt::format_to(std::back_inserter(s), "{},{:.6f},{:.7f},25\n", k, i, ocv(soc) - u1 - u2 - k_r0 * i);
    }
    return s;
}

double value(const FitResult& r, const std::string& name) {
    for (const FitParameter& p : r.parameters)
        if (p.name == name) return p.value;
    FAIL("no parameter " << name);
    return 0.0;
}

FitOptions alone(const Folder& d, const std::string& text) {
    FitOptions o;
    o.eis = {{d.write("z.csv", text), 25.0, 0.5}};
    o.ocv_table = d.write("ocv.csv", ocv_table());
    o.capacity_Ah = k_q_Ah;
    return o;
}

void check_known(const FitResult& r) {
    CHECK(value(r, "R0(soc=0.50, 25 degC)") == doctest::Approx(1e3 * k_r0).epsilon(0.003));
    CHECK(value(r, "R1(soc=0.50, 25 degC)") == doctest::Approx(1e3 * k_r1).epsilon(0.01));
    CHECK(value(r, "R2(soc=0.50, 25 degC)") == doctest::Approx(1e3 * k_r2).epsilon(0.01));
    CHECK(value(r, "tau1") == doctest::Approx(k_tau1).epsilon(0.02));
    CHECK(value(r, "tau2") == doctest::Approx(k_tau2).epsilon(0.02));
}

std::string message_of(const FitOptions& o) {
    try {
        (void)study::fit_model(o);
    } catch (const InputError& e) {
        return e.what();
    }
    return "no error";
}

}  // namespace

TEST_CASE("a spectrum alone gives the circuit it came from") {
    const Folder d;
    const FitResult r = study::fit_model(alone(d, spectrum(0.0, 1.0)));
    check_known(r);
    REQUIRE(r.spectra.size() == 1);
    CHECK_FALSE(r.spectra[0].flipped);
    CHECK(r.spectra[0].left_out == 0);
    CHECK(r.spectra[0].rms_pct < 0.3);
    CHECK(r.worst_validation_rms_mV < 0.1);
}

TEST_CASE("the other sign is turned, the inductive part left out and said") {
    const Folder d;
    const FitResult r = study::fit_model(alone(d, spectrum(2e-6, -1.0)));
    REQUIRE(r.spectra.size() == 1);
    CHECK(r.spectra[0].flipped);
    // w L = R1 / (w tau1): L tau1 w^2 = R1 - L / tau1 .. the turn lies near 45 Hz
    CHECK(r.spectra[0].inductive_Hz > 40.0);
    CHECK(r.spectra[0].inductive_Hz < 65.0);
    CHECK(r.spectra[0].left_out == 9);
    CHECK(value(r, "R0(soc=0.50, 25 degC)") == doctest::Approx(1e3 * k_r0).epsilon(0.02));
    CHECK(value(r, "tau1") == doctest::Approx(k_tau1).epsilon(0.15));
    bool said = false;
    for (const std::string& w : r.warnings) said = said || w.find("inductive from") != std::string::npos;
    CHECK(said);
}

TEST_CASE("samples of 1 s see R0 + R1; a spectrum beside them parts the two") {
    const Folder d;
    FitOptions o = alone(d, spectrum(0.0, 1.0));
    o.files = {{d.write("drive.csv", drive()), {}, 0.9}};
    check_known(study::fit_model(o));
    o.eis.clear();
    const FitResult r = study::fit_model(o);
    CHECK(value(r, "R0(soc=0.50, 25 degC)") > 1e3 * (k_r0 + 0.5 * k_r1));
}

TEST_CASE("the columns that the verb eis writes are read, and the model is found again") {
    const Folder d;
    std::vector<double> f_Hz;
    for (int k = 0; k <= 70; ++k) f_Hz.push_back(1e-4 * std::pow(10.0, 0.1 * k));  // its slowest pair: 2e-4 Hz
    const auto shipped =
        io::read_model<cell::EcmModelFile>(std::string(BMSTWIN_SOURCE_DIR) + "/models/cells/nmc-lgm50.json");
    REQUIRE(shipped.ok());
    const cell::EcmModelFile& m = shipped.value;
    const auto z = study::open_cell("nmc-lgm50", "", false)->impedance_Ohm(0.5, 298.15, f_Hz);
    std::string csv = "freq_Hz,z_re_Ohm,z_im_Ohm\n";
    for (std::size_t k = 0; k < f_Hz.size(); ++k)
        csv += fmt::format("{:.9g},{:.9g},{:.9g}\n", f_Hz[k], z[k].real(), z[k].imag());
    FitOptions o = alone(d, csv);
    o.n_rc = 3;
    std::string ocv = "soc,ocv_V\n";
    for (std::size_t k = 0; k < m.ocv.soc.size(); ++k) ocv += fmt::format("{},{}\n", m.ocv.soc[k], m.ocv.v_V[k]);
    o.ocv_table = d.write("shipped.csv", ocv);
    o.capacity_Ah = m.capacity_Ah;
    const FitResult r = study::fit_model(o);
    REQUIRE(r.spectra.size() == 1);
    CHECK(r.spectra[0].rms_pct < 0.2);
    CHECK(value(r, "tau1") == doctest::Approx(m.resistance.tau1_s).epsilon(0.03));
    CHECK(value(r, "tau2") == doctest::Approx(m.resistance.tau2_s).epsilon(0.03));
    CHECK(value(r, "tau3") == doctest::Approx(m.resistance.tau3_s).epsilon(0.03));
}

TEST_CASE("many spectra in one file, in mOhm, with words instead of a temperature") {
    const Folder d;
    std::string s = "T,soc_pct,f,Z'/mOhm,-Z''/mOhm\n";
    for (const char* t : {"25", "10", "Val1"})
        for (int k = 0; k < 8; ++k) fmt::format_to(std::back_inserter(s), "{},50,{},{},{}\n", t, 1 << k, 20 - k, 8 - k);
    std::vector<Diagnostic> errors;
    const study::SpectrumFile f =
        study::read_spectra({d.write("z.csv", s), {}, {}}, {"f", "Z'/mOhm", "-Z''/mOhm", "T", ""}, errors);
    CHECK(errors.empty());
    CHECK(f.without_temp == 8);
    REQUIRE(f.all.size() == 2);
    CHECK(f.all[1].t_degC == 10.0);
    CHECK(f.all[1].soc == 0.5);
    CHECK(std::abs(f.all[0].z_Ohm[0] - std::complex<double>(0.02, -0.008)) < 1e-12);
}

TEST_CASE("a spectrum that cannot be is refused with its place") {
    const Folder d;
    const auto says = [&](const std::string& text, const char* part) {
        const std::string m = message_of(alone(d, text));
        CAPTURE(m);
        CHECK(m.find(part) != std::string::npos);
    };
    std::string mixed = "frequency_Hz,re,im\n";
    for (int k = 0; k < 20; ++k) mixed += fmt::format("{},0.02,{}\n", k + 1, k % 2 == 0 ? 0.001 : -0.001);
    says(mixed, "the sign of Im Z contradicts itself");
    says(spectrum(0.0, 1.0, "-im"), "named as its negative");
    says("frequency_Hz,re,im\n1,-0.02,-0.001\n", "Re Z is -0.02 Ohm");
    says("frequency_Hz,re,im\n0,0.02,-0.001\n", "1e-7 .. 1e7 Hz");
    says("frequency_Hz,re,im\n1,0.02,-0.001\n", "has 1 points; 5 are needed");
    says("frequency_Hz,re,phase\n1,0.02,-0.001\n", "no column for Im Z; the file has frequency_Hz, re, phase");
    FitOptions o = alone(d, spectrum(0.0, 1.0));
    o.eis[0].soc_start_rel.reset();
    CHECK(message_of(o).find("no soc of the spectrum") != std::string::npos);
    o.ocv_table.clear();
    CHECK(message_of(o).find("impedance alone has no OCV") != std::string::npos);
}
