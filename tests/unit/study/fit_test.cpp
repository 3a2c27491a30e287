// SPDX-License-Identifier: Apache-2.0
// The fit against data whose parameters are known: made by formulas written here, not by the fit's own simulation.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cmath>
#include <iterator>
#include <string>

#include "study/fit.hpp"
#include "unit/folder.hpp"

namespace {

using twin::test::Folder;

constexpr double k_r0 = 0.02, k_r1 = 0.008, k_r2 = 0.012, k_tau1 = 6.0, k_tau2 = 120.0, k_q_Ah = 2.0;

double ocv(double soc) { return 3.3 + 0.8 * soc + 0.05 * soc * soc; }

// Uniform numbers in -1..1, the same everywhere.
struct Noise {
    unsigned x = 12345;
    double next() {
        x = x * 1664525U + 1013904223U;
        return 2.0 * (x >> 8) / 16777216.0 - 1.0;
    }
};

std::string slow_test() {
    std::string s = "time_s,current_A,voltage_V,temp_C\n";
    for (int k = 0; k <= 1200; ++k) {
        const double t = 60.0 * k, i = 0.1, soc = 1.0 - i * t / 3600.0 / k_q_Ah;
        fmt::format_to(std::back_inserter(s), "{},{},{:.6f},25\n", t, i, ocv(soc));
    }
    return s;
}

// A drive cycle of held random currents, 1 s; `sign` -1 writes charge as positive.
std::string drive(double sign, double noise_V) {
    std::string s = "time_s,current_A,voltage_V,temp_C\n";
    Noise n;
    double u1 = 0, u2 = 0, soc = 1.0, i = 0;
    for (int k = 0; k < 6000; ++k) {
        const double t = k;
        if (k > 100 && k % 17 == 0) i = 1.0 + 3.0 * n.next();
        if (k % 1000 > 800) i = 0.0;
        if (k > 0) {
            u1 += (i * k_r1 - u1) * (1.0 - std::exp(-1.0 / k_tau1));
            u2 += (i * k_r2 - u2) * (1.0 - std::exp(-1.0 / k_tau2));
            soc -= i / 3600.0 / k_q_Ah;
        }
        fmt::format_to(std::back_inserter(s), "{},{:.6f},{:.6f},25\n", t, sign * i,
                       ocv(soc) - u1 - u2 - k_r0 * i + noise_V * n.next());
    }
    return s;
}

const twin::FitParameter& named(const twin::FitResult& r, const std::string& name) {
    for (const twin::FitParameter& p : r.parameters)
        if (p.name == name) return p;
    FAIL("no parameter " << name);
    return r.parameters.front();
}

twin::FitOptions options(const Folder& d, double noise_V) {
    twin::FitOptions o;
    o.sources = {"made"};
    o.files = {{d.write("slow.csv", slow_test()), {}, {}}, {d.write("drive.csv", drive(1.0, noise_V)), {}, {}}};
    return o;
}

std::string message_of(const twin::FitOptions& o) {
    try {
        twin::study::fit_model(o);
    } catch (const twin::InputError& e) {
        return e.what();
    }
    return "no error";
}

}  // namespace

TEST_CASE("known parameters are recovered within their uncertainty") {
    const Folder d;
    const twin::FitResult r = twin::study::fit_model(options(d, 1e-3));
    REQUIRE(r.files.size() == 1);
    CHECK(r.files[0].rms_mV < 0.8);  // the noise alone has 0.58
    const struct {
        const char* name;
        double truth;
    } known[] = {{"R0(soc=0.60, 25 degC)", 1e3 * k_r0},
                 {"R0(soc=0.80, 25 degC)", 1e3 * k_r0},
                 {"R1(soc=0.70, 25 degC)", 1e3 * k_r1},
                 {"R2(soc=0.70, 25 degC)", 1e3 * k_r2},
                 {"tau1", k_tau1},
                 {"tau2", k_tau2},
                 {"OCV(soc=0.700)", ocv(0.7)},
                 {"OCV(soc=0.500)", ocv(0.5)}};
    for (const auto& k : known) {
        const twin::FitParameter& p = named(r, k.name);
        CAPTURE(k.name);
        CAPTURE(p.value);
        CAPTURE(p.sigma);
        CHECK(p.identified);
        CHECK(p.sigma < 0.2 * k.truth);
        CHECK(std::abs(p.value - k.truth) < 4.0 * p.sigma + (p.unit == "V" ? 1e-3 : 0.01 * k.truth));
    }
    CHECK(named(r, "OCV(soc=0.500)").sigma > 1e-5);
    CHECK(named(r, "OCV(soc=0.500)").sigma < 0.02);
}

TEST_CASE("what the data cannot show is reported as not identified") {
    const Folder d;
    const twin::FitResult r = twin::study::fit_model(options(d, 1e-3));
    CHECK_FALSE(named(r, "R1(soc=0.00, 25 degC)").identified);  // the cycle ends far above
    CHECK_FALSE(named(r, "hysteresis").identified);             // one slow test has no gap
    CHECK_FALSE(named(r, "temperature dependence of R").identified);
    CHECK(r.model_json.find("r0 is the resistance over that time") != std::string::npos);  // 1 s samples
}

TEST_CASE("a sign against the voltage is an error that names the first pulse") {
    const Folder d;
    twin::FitOptions o = options(d, 0.0);
    o.files[1].path = d.write("wrong.csv", drive(-1.0, 0.0));
    const std::string text = message_of(o);
    CHECK(text.find("contradicts the voltage") != std::string::npos);
    CHECK(text.find("102 s") != std::string::npos);
    std::string bdf = drive(-1.0, 0.0);  // the Battery Data Format has charge positive
    bdf.replace(0, bdf.find('\n'), "Test Time / s,Current / A,Voltage / V,Temperature T1 / degC");
    o.files[1].path = d.write("bdf.csv", bdf);
    CHECK(message_of(o) == "no error");
    o.charge_positive = true;
    o.files = {{d.write("wrong.csv", drive(-1.0, 0.0)), {}, {}}};
    CHECK(message_of(o).find("contradicts") == std::string::npos);  // turned round it is right; only the OCV is missing
    CHECK(message_of(o).find("no slow test") != std::string::npos);
}

TEST_CASE("bad files are errors with file and line") {
    const Folder d;
    twin::FitOptions o = options(d, 0.0);
    const auto with = [&](const std::string& text) {
        o.files[1].path = d.write("bad.csv", text);
        return message_of(o);
    };
    CHECK(with("time_s,current_A,voltage_V,temp_C\n0,0,3,25\n1,x,3,25\n").find("bad.csv:3") != std::string::npos);
    CHECK(with("time_s,current_A,voltage_V,temp_C\n5,0,3,25\n1,0,3,25\n").find("time goes back") != std::string::npos);
    CHECK(with("time_s,current_A,voltage_V,temp_C\n0,0,3,25\n2e8,0,3,25\n")
              .find("runs over 6.34 years, allowed 5: is it in s?") != std::string::npos);
    CHECK(with("time_s,current_A,voltage_V,temp_C\n0,0,3\n").find("has 3 values") != std::string::npos);
    CHECK(with("time_s,amps,voltage_V,temp_C\n0,0,3,25\n").find("no column for current") != std::string::npos);
    CHECK(with("time_s,current_A,voltage_V\n0,0,3\n").find("no temperature") != std::string::npos);
    CHECK(with("time_s,current_A,voltage_V,temp_C\n0,0,33,25\n").find("allowed 0..10 V") != std::string::npos);
    CHECK(with("PAR1....").find("bmstwin.fit([\"file.parquet\"])") != std::string::npos);
    CHECK(with("\x1f\x8b\x08....").find("gunzip") != std::string::npos);
    CHECK(with("").find("no rows") != std::string::npos);
}
