// SPDX-License-Identifier: Apache-2.0
// Fits to a slow discharge and pulses of a cell whose parameters are known: made by formulas written here. The slowest
// pair is diffusion: its resistance follows the steepness of the OCV.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cmath>
#include <iterator>
#include <string>

#include "io/model.hpp"
#include "study/first_samples.hpp"
#include "study/fit.hpp"
#include "study/slow_pair.hpp"
#include "study/step_list.hpp"
#include "study/typical.hpp"
#include "unit/folder.hpp"

namespace {

using twin::test::Folder;

constexpr double k_q_Ah = 5.0, k_r0 = 0.025, k_r1 = 0.005, k_r2 = 0.010, k_tau[3] = {6.0, 60.0, 900.0};
constexpr double k_lag = 0.016;  // R3 = lag * dU/dsoc: 16 mOhm per V

double ocv(double soc) { return 3.45 + 0.70 * soc + 0.20 * std::tanh((soc - 0.06) / 0.05); }
double slope(double soc) {
    const double t = std::tanh((soc - 0.06) / 0.05);
    return 0.70 + 4.0 * (1.0 - t * t);
}

// The cell, and what a laboratory records of it.
struct Cell {
    double share = 0.0;    // of R0 that is charge transfer, by asinh
    double lag = k_lag;    // R3 over slope of the OCV
    double noise_V = 0.0;  // of the voltage, even from - to +
    bool blurred = false;  // the first sample after a step lies somewhere between the voltages before and after
    double before_V = 0.0, before_A = 0.0, random = 0.37;
    double soc = 1.0, t = 0.0, u[3] = {};
    std::string text = "time_s,current_A,voltage_V\n";
    double voltage(double i) const {
        const double ri = k_r0 * i, four_vt = 4.0 * 8.31446261815324 * 298.15 / 96485.33212;
        return ocv(soc) - u[0] - u[1] - u[2] - (1.0 - share) * ri - four_vt * std::asinh(share * ri / four_vt);
    }
    void record(double i) {
        double v = voltage(i);
        const double now_V = v;
        random = std::fmod(random * 97.0 + 0.41, 1.0);
        if (blurred && i != before_A) v += random * (before_V - v);
        v += noise_V * (2.0 * random - 1.0);
        before_V = now_V, before_A = i;
        fmt::format_to(std::back_inserter(text), "{:.3f},{:.5f},{:.6f}\n", t, i, v);
    }
    void run(double i, double length_s, double step_s, double until_V = 0.0) {
        const int steps = static_cast<int>(std::lround(length_s / step_s));
        for (int n = 0; n < steps; ++n) {
            for (int k = 0; k < 4; ++k) {  // finer than the record: R3 follows soc
                const double h = step_s / 4.0, r[3] = {k_r1, k_r2, lag * slope(soc)};
                for (int p = 0; p < 3; ++p) u[p] += (r[p] * i - u[p]) * (1.0 - std::exp(-h / k_tau[p]));
                soc -= i * h / 3600.0 / k_q_Ah;
            }
            t += step_s;
            record(i);
            if (voltage(i) < until_V) return;
        }
    }
};

std::string slow_test(const Cell& cell) {
    Cell c = cell;
    c.record(0.0);
    c.run(0.5, 36000.0, 10.0);
    return c.text;
}

std::string pulses(double rest_s, const Cell& cell = {}) {
    Cell c = cell;
    c.record(0.0);
    for (int k = 0; k < 9; ++k) {
        c.run(5.0, 360.0, 2.0);
        double at = 0.0, step = 1.0;
        while (at < rest_s) {
            c.run(0.0, 10.0 * step, step);
            at += 10.0 * step;
            step = std::min(step * 1.5, 60.0);
        }
        c.run(5.0, 10.0, 1.0);
        c.run(0.0, 40.0, 1.0);
        c.run(-3.75, 10.0, 1.0);
        c.run(0.0, 40.0, 1.0);
    }
    return c.text;
}

std::string discharge(double i, const Cell& cell = {}) {
    Cell c = cell;
    c.run(i, 36000.0, 2.0, 2.9);
    return c.text;
}

twin::FitOptions options(const Folder& d, const Cell& cell = {}) {
    twin::FitOptions o;
    o.sources = {"made"};
    o.soc_floor_rel = 0.1;
    o.files = {{d.write("c10.csv", slow_test(cell)), 25.0, {}}, {d.write("hppc.csv", pulses(3600.0, cell)), 25.0, {}}};
    return o;
}

const twin::FitParameter& named(const twin::FitResult& r, const std::string& name) {
    for (const twin::FitParameter& p : r.parameters)
        if (p.name == name) return p;
    FAIL("no parameter " << name);
    return r.parameters.front();
}

}  // namespace

TEST_CASE("slow discharge and pulses: OCV freed of polarisation, diffusion found, discharges never seen predicted") {
    const Folder d;
    twin::FitOptions o = options(d);
    for (const double c : {1.0, 2.0, 3.0})
        o.validate.push_back({d.write(fmt::format("dis_{:g}C.csv", c), discharge(c * k_q_Ah)), 25.0, 1.0});
    const twin::FitResult r = twin::study::fit_model(o);
    CHECK_FALSE(named(r, "ohmic part of R0").identified);  // its R0 is linear
    CHECK(named(r, "tau3").value == doctest::Approx(k_tau[2]).epsilon(0.25));
    for (const double soc : {0.3, 0.5, 0.7}) {
        const double lost = named(r, fmt::format("R3(soc={:.2f}, 25 degC)", soc)).value;
        CHECK(lost == doctest::Approx(1e3 * k_lag * slope(soc)).epsilon(0.3));
    }
    // at C/10 the terminal lies 30 mV (soc 15 %) to 25 mV below the OCV
    const auto file = twin::io::read_model_text<twin::cell::EcmModelFile>(r.model_json, "made");
    REQUIRE(file.ok());
    const auto& table = file.value.ocv;
    for (std::size_t k = 0; k < table.soc.size(); ++k) {
        if (table.soc[k] < 0.15 || table.soc[k] > 0.97) continue;
        CAPTURE(table.soc[k]);
        CHECK(std::abs(table.v_V[k] - ocv(table.soc[k])) < 4e-3);
    }
    REQUIRE(r.files.size() == 4);
    for (const twin::FitFileResult& f : r.files) {
        CAPTURE(f.path);
        CHECK(f.rms_mV < (f.held_back ? 12.0 : 3.0));
    }
}

TEST_CASE("charge transfer shows in pulses of 1C and predicts 3C") {
    const Folder d;
    const Cell cell{0.8};
    twin::FitOptions o = options(d, cell);
    o.validate.push_back({d.write("dis_3C.csv", discharge(3.0 * k_q_Ah, cell)), 25.0, 1.0});
    const twin::FitResult r = twin::study::fit_model(o);
    const twin::FitParameter& k = named(r, "ohmic part of R0");
    CHECK(k.identified);
    CHECK(std::abs(k.value - 1e3 * 0.2 * k_r0) < 2.5);  // of 25 mOhm
    CHECK(r.model_json.find("\"ohmic_mohm\": 0.0") == std::string::npos);
    CHECK(r.files.back().rms_mV < 15.0);  // 50 mV without
}

TEST_CASE("first samples after steps that don't belong to their current are left out, and said so") {
    const Folder d;
    Cell cell;
    cell.blurred = true;
    twin::FitOptions o = options(d, cell);
    o.validate.push_back({d.write("dis_2C.csv", discharge(2.0 * k_q_Ah)), 25.0, 1.0});
    const twin::FitResult r = twin::study::fit_model(o);
    CHECK(named(r, "R0(soc=0.50, 25 degC)").value == doctest::Approx(1e3 * k_r0).epsilon(0.08));
    CHECK(named(r, "tau3").value == doctest::Approx(k_tau[2]).epsilon(0.25));
    CHECK(r.files.back().rms_mV < 8.0);
    REQUIRE_FALSE(r.warnings.empty());
    CHECK(r.warnings.back().find("first samples after steps") != std::string::npos);
    CHECK(r.model_json.find("first samples after steps") != std::string::npos);
    const twin::FitResult sharp = twin::study::fit_model(options(d));
    CHECK(sharp.model_json.find("first samples after steps") == std::string::npos);

    twin::study::Recording rec;
    rec.t_s = {0.0, 1.0, 2.0, 3.0, 3.5, 4.0, 5.0};
    rec.i_A = {0.0, 0.0, 5.0, 5.0, 0.0, 0.0, 0.0};
    rec.i_max_A = 5.0, rec.sample_s = 1.0;
    CHECK(twin::study::first_samples(rec) == std::vector<bool>{false, false, true, false, true, true, false});
}

TEST_CASE("slow diffusion that the data don't show is typical and not identified; where they show none, it is little") {
    const Folder d;
    twin::FitOptions o;
    o.sources = {"made"};
    std::string table = "soc,ocv_V\n";
    for (int k = 0; k <= 100; ++k) fmt::format_to(std::back_inserter(table), "{},{:.6f}\n", 0.01 * k, ocv(0.01 * k));
    o.ocv_table = d.write("ocv.csv", table);
    o.capacity_Ah = k_q_Ah;
    for (const double soc : {0.2, 0.35, 0.5, 0.65, 0.8}) {  // rested, pulses of 10 s, no more
        Cell c;
        c.soc = soc;
        c.noise_V = 3e-3;
        c.run(0.0, 10.0, 1.0);
        for (int n = 0; n < 2; ++n) {
            c.run(5.0, 10.0, 1.0);
            c.run(0.0, 30.0, 1.0);
        }
        o.files.push_back({d.write(fmt::format("pulse_{:g}.csv", soc), c.text), 25.0, soc});
    }
    const twin::FitResult r = twin::study::fit_model(o);
    const twin::FitParameter& unknown = named(r, "R3(soc=0.50, 25 degC)");
    const double typical = 1e3 * twin::study::k_typical_hour_OhmAh / k_q_Ah;
    CHECK_FALSE(unknown.identified);
    CHECK(unknown.value > 0.5 * typical);
    CHECK(unknown.value < 1.5 * typical);

    Cell none;
    none.lag = 0.0;
    CHECK(named(twin::study::fit_model(options(d, none)), "R3(soc=0.50, 25 degC)").value < 0.1 * typical);
}

TEST_CASE("a file under load from its first sample starts full by its charge, and its steps are listed") {
    const Folder d;
    twin::FitOptions o = options(d);
    o.validate = {{d.write("dis.csv", discharge(5.0)), 25.0, {}}};  // begins at 3.9 V under 1C: no rest to look up
    const twin::FitResult r = twin::study::fit_model(o);
    CHECK(r.files[1].soc_start_rel == 1.0);
    const std::string steps = twin::study::steps_text(r.files[0].steps, 8);
    CHECK(steps.find("9 constant +5 A 360 s") != std::string::npos);
    CHECK(steps.find("9 pulse -3.75 A 10 s") != std::string::npos);
    CHECK(twin::study::steps_text(r.files[0].steps, 1).find("more kinds") != std::string::npos);
    twin::study::Recording part;
    part.t_s = {0.0, 3600.0};
    part.i_A = {0.0, 4.0};
    CHECK_FALSE(twin::study::start_by_charge(part, 5.0));
    part.i_A = {0.0, -4.9};
    CHECK(twin::study::start_by_charge(part, 5.0) == 0.0);
}

TEST_CASE("weights of a pulse test don't depend on how densely it was sampled; those of a drive cycle are one") {
    twin::study::Recording fine, coarse;
    for (twin::study::Recording* r : {&fine, &coarse}) {
        r->kind = "pulse";
        r->i_max_A = 1.0;
        double t = 0.0;
        while (t <= 1000.0) {
            r->t_s.push_back(t);
            r->i_A.push_back(t > 0.0 && t <= 10.0 ? 1.0 : 0.0);
            t += t < 10.0 || r == &fine ? 1.0 : 30.0;
        }
    }
    const auto share_of_pulse = [](const twin::study::Recording& r) {
        const std::vector<double> w = twin::study::sample_weights(r);
        double pulse = 0.0, all = 0.0;
        for (std::size_t k = 0; k < w.size(); ++k) all += w[k], pulse += r.i_A[k] > 0.0 ? w[k] : 0.0;
        CHECK(all == doctest::Approx(static_cast<double>(w.size())));
        return pulse / all;
    };
    const double exact = std::log(11.0) / (std::log(11.0) + std::log(991.0));
    CHECK(share_of_pulse(fine) == doctest::Approx(exact).epsilon(1e-9));
    CHECK(share_of_pulse(coarse) == doctest::Approx(exact).epsilon(1e-9));
    fine.kind = "dynamic";
    for (const double w : twin::study::sample_weights(fine)) CHECK(w == 1.0);
}

TEST_CASE("typical values: dU/dT by chemistry, R of diffusion steeper over temperature than the rest") {
    CHECK(twin::study::typical_entropy("LFP"));
    CHECK(twin::study::typical_entropy("NMC"));
    CHECK_FALSE(twin::study::typical_entropy("LTO"));
    twin::study::Problem b;
    b.chemistry = "NMC";
    CHECK(b.log_typical_slow(25.0) == doctest::Approx(0.0));
    CHECK(b.log_typical_slow(45.0) < b.log_typical(45.0));
    CHECK(b.log_typical_slow(0.0) == doctest::Approx(2500.0 / 273.15 - 2500.0 / 298.15));
    twin::study::OcvData o;
    for (int k = 0; k <= 100; ++k) o.soc.push_back(0.01 * k), o.v_V.push_back(ocv(0.01 * k));
    const std::vector<double> shape = twin::study::diffusive_log_shape(o, {0.1, 0.5, 0.8});
    CHECK(shape[0] - shape[1] > 0.8);  // the knee
    CHECK(shape[1] == doctest::Approx(shape[2]).epsilon(1e-6));
}

TEST_CASE("specific heat needs the mass; names of other programs' columns are known with their sign") {
    const Folder d;
    twin::FitOptions o = options(d);
    o.specific_heat_J_per_kgK = 950.0;
    const auto message = [&o] {
        try {
            twin::study::fit_model(o);
        } catch (const twin::InputError& e) {
            return std::string(e.what());
        }
        return std::string("no error");
    };
    CHECK(message().find("--mass-kg") != std::string::npos);
    o.specific_heat_J_per_kgK = 0.0;
    std::string text = pulses(600.0);
    text.replace(0, text.find('\n'), "Time [s],Current [A],Voltage [V]");
    o.files[1].path = d.write("pybamm.csv", text);
    CHECK(message() == "no error");
    text.replace(0, text.find('\n'), "Test_Time(s),Current(A),Voltage(V)");  // positive on charge there
    o.files[1].path = d.write("arbin.csv", text);
    CHECK(message().find("contradicts") != std::string::npos);
}
