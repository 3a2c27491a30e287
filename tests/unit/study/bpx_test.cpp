// SPDX-License-Identifier: Apache-2.0
// BPX files: what a file may say, what is noted, what is refused and with which words.
#include <cmath>

#include <twin/error.hpp>

#include "cell/echem.hpp"
#include "echem_sets.hpp"
#include "io/bpx_function.hpp"
#include "study/cell_model.hpp"

using namespace twin;
using namespace twin::study;

namespace {

io::Json file_of(const std::string& name) {
    io::Json j;
    Diagnostic d;
    REQUIRE(io::read_json(echem_root() + "/models/echem/" + name + ".json", {}, &j, &d));
    return j;
}
io::Json parse(const std::string& text) {
    io::Json j;
    Diagnostic d;
    REQUIRE(io::parse_json(text, {}, &j, &d));
    return j;
}
bool noted(const io::BpxResult& r, const std::string& part) {
    for (const std::string& n : r.notes) {
        if (n.find(part) != std::string::npos) return true;
    }
    return false;
}
bool refused(const io::BpxResult& r, const std::string& pointer, const std::string& part) {
    for (const Diagnostic& d : r.errors) {
        if (d.pointer == pointer && d.message.find(part) != std::string::npos) return true;
    }
    return false;
}

}  // namespace

TEST_CASE("every set of the library loads, names its source and runs at its ends") {
    for (const char* name :
         {"chen2020", "marquis2019", "prada2013", "oregan2022", "ecker2015", "okane2022", "xu2015", "lto-nmc-20ah"}) {
        CAPTURE(name);
        const io::Json j = file_of(name);
        for (const char* key : {"source", "label", "valid_range", "tolerance", "confidence"}) {
            CAPTURE(key);
            const io::Json* v = j.find("Header")->find(key);
            REQUIRE(v != nullptr);
            CHECK(v->text.size() > 2);
        }
        const io::BpxResult r = io::read_bpx_json(j, name);
        REQUIRE(r.ok());
        for (const std::string& n : r.notes) CHECK_MESSAGE(n.find("not known") == std::string::npos, n);
        const auto& p = *r.params;
        for (const auto& e :
             p.electrode) {  // potentials fall with lithiation in the window (3 mV of noise in digitised ones)
            double last = 1e9;
            for (int k = 0; k <= 100; ++k) {
                const double x =
                    (e.x_full < e.x_empty ? e.x_full : e.x_empty) + 0.01 * k * std::abs(e.x_full - e.x_empty);
                CHECK(e.ocp_V.value(x) <= last + 3e-3);
                last = e.ocp_V.value(x);
            }
        }
        cell::Echem c(r.params, cell::EchemKind::spme);
        CHECK(c.voltage_V(0.0) <= p.v_max_V + 0.01);
        c.reset(0.0, p.t_ref_K);
        CHECK(c.voltage_V(0.0) >= p.v_min_V - 0.2);
        CHECK(c.voltage_V(0.0) < p.v_max_V);
    }
}

TEST_CASE("State of BPX 1.x: charge, temperature, concentration, surroundings, degradation") {
    io::Json j = file_of("chen2020");
    j.put("State", parse(R"({"Initial conditions": {"Initial state-of-charge": 0.4, "Initial temperature [K]": 283.15,
        "Initial electrolyte concentration [mol.m-3]": 1100}, "Thermal environment": {"Ambient temperature [K]": 278.15,
        "Heat transfer coefficient [W.m-2.K-1]": 25}})"));
    const io::BpxResult r = io::read_bpx_json(j, "state.json");
    REQUIRE(r.ok());
    CHECK(r.params->soc0 == 0.4);
    CHECK(r.params->t0_K == 283.15);
    CHECK(r.params->ambient_K == 278.15);
    CHECK(r.params->c_e0 == 1100.0);
    CHECK(r.params->cooling_W_K == doctest::Approx(25.0 * 0.00531));
    const auto cell = make_echem_cell(r.params, cell::EchemKind::spm, true);
    CHECK(cell->soc() == doctest::Approx(0.4));
    CHECK(cell->t_K() == 283.15);
    CHECK(cell->ambient_K == 278.15);
    j.put("State", parse(R"({"Initial conditions": {"Initial state-of-charge": 1.4}, "Degradation": {"LLI": 0.1}})"));
    const io::BpxResult bad = io::read_bpx_json(j, "state.json");
    CHECK(refused(bad, "/State/Initial conditions/Initial state-of-charge", "0 .. 1"));
    CHECK(refused(bad, "/State/Degradation/LLI", "degraded"));
}

TEST_CASE("an SPM set needs no electrolyte; a partial one lists what is missing") {
    io::Json j = file_of("chen2020");
    io::Json* const all = j.find("Parameterisation");
    io::Json cut = io::Json::object();
    for (const char* part : {"Cell", "Negative electrode", "Positive electrode"}) cut.put(part, *all->find(part));
    j.put("Parameterisation", cut);
    CHECK(io::read_bpx_json(j, "cut").errors.size() == 2);  // Electrolyte and Separator
    j.find("Header")->put("Model", io::Json::of(std::string("SPM")));
    const io::BpxResult r = io::read_bpx_json(j, "cut");
    REQUIRE(r.ok());
    CHECK_FALSE(r.params->electrolyte);
    cell::Echem spm(r.params, cell::EchemKind::spm);
    cell::Echem full(set_of("chen2020"), cell::EchemKind::spm);
    CHECK(spm.voltage_V(5.0) == doctest::Approx(full.voltage_V(5.0)).epsilon(1e-9));
    CHECK_THROWS_AS(cell::Echem(r.params, cell::EchemKind::dfn), std::invalid_argument);
    j.find("Header")->put("Model", io::Json::of(std::string("Partial")));
    const io::BpxResult partial = io::read_bpx_json(j, "cut");
    CHECK(refused(partial, "/Parameterisation/Electrolyte", "missing"));
    CHECK(noted(partial, "Partial"));
    j.find("Header")->put("Model", io::Json::of(std::string("P2D")));
    CHECK(refused(io::read_bpx_json(j, "cut"), "/Header/Model", "SPMe"));
}

TEST_CASE("what doesn't fit together is told") {
    io::Json j = file_of("chen2020");
    j.find("Parameterisation")->find("Cell")->put("Upper voltage cut-off [V]", io::Json::of(4.0));
    j.find("Parameterisation")->find("Cell")->put("Uper voltage cut-off [V]", io::Json::of(4.0));
    const io::BpxResult r = io::read_bpx_json(j, "x");
    CHECK(r.ok());
    CHECK(noted(r, "above its upper cut-off 4 V"));
    CHECK(noted(r, "Uper voltage cut-off [V]: not known"));
    io::Json k = file_of("chen2020");
    auto* n = k.find("Parameterisation")->find("Negative electrode");
    n->put("Diffusivity [m2.s-1]", io::Json::of(std::string("3e-14*(x-0.5)")));
    n->put("OCP [V]", io::Json::of(std::string("0.2+1e-4*T")));
    const io::BpxResult bad = io::read_bpx_json(k, "x");
    CHECK(refused(bad, "/Parameterisation/Negative electrode/Diffusivity [m2.s-1]", "at x = 0"));
    CHECK(refused(bad, "/Parameterisation/Negative electrode/OCP [V]", "only functions of the electrolyte"));
    CHECK_THROWS_AS(open_cell(echem_root() + "/models/echem/prada2013.json", "spm", true), InputError);
}

TEST_CASE("tables: straight or as a spline that goes through its points") {
    io::BpxFunction f;
    std::string why;
    const std::string points = R"("x": [0, 0.1, 0.25, 0.5, 0.8, 1], "y": [0, 0.001, 0.015625, 0.125, 0.512, 1])";
    REQUIRE(io::BpxFunction::parse(parse("{" + points + R"(, "interpolation": "cubic"})"), &f, &why));
    for (const double x : {0.0, 0.05, 0.1, 0.3, 0.5, 0.77, 0.9, 1.0})
        CHECK(f(x, 300.0) == doctest::Approx(x * x * x).epsilon(1e-10));  // a cubic is its own spline
    CHECK(f(1.1, 300.0) == doctest::Approx(1.3));
    REQUIRE(io::BpxFunction::parse(parse("{" + points + "}"), &f, &why));
    CHECK(f(0.05, 300.0) == doctest::Approx(0.0005));
    CHECK_FALSE(io::BpxFunction::parse(parse(R"({"x": [0, 0], "y": [1, 2]})"), &f, &why));
    CHECK_FALSE(io::BpxFunction::parse(parse("{" + points + R"(, "interpolation": "akima"})"), &f, &why));
    CHECK(why.find("cubic") != std::string::npos);
    REQUIRE(io::BpxFunction::parse(io::Json::of(std::string("2*x+exp((T-300)/10)")), &f, &why));
    CHECK(f.of_temperature());
    CHECK(f(1.0, 310.0) == doctest::Approx(2.0 + std::exp(1.0)));
}

TEST_CASE("an electrode with two branches remembers where it came from") {
    io::Json j = file_of("prada2013");
    io::Json* const q = j.find("Parameterisation")->find("Positive electrode");
    const std::string mean = q->find("OCP [V]")->text;
    q->put("OCP (lithiation) [V]", io::Json::of(mean + "-0.02"));
    q->put("OCP (delithiation) [V]", io::Json::of(mean + "+0.02"));
    q->put("OCP hysteresis decay constant", io::Json::of(50.0));
    const io::BpxResult r = io::read_bpx_json(j, "hysteresis");
    REQUIRE(r.ok());
    for (const auto kind : {cell::EchemKind::spm, cell::EchemKind::dfn}) {
        cell::Echem c(r.params, kind), plain(set_of("prada2013"), kind);
        const auto run = [&](double i_A, int steps) {
            for (int k = 0; k < steps; ++k) {
                c.trial(10.0, i_A, k == 0);
                plain.trial(10.0, i_A, k == 0);
                c.commit();
                plain.commit();
            }
            return c.voltage_V(0.0) - plain.voltage_V(0.0);
        };
        run(2.3, 150);  // lithiates the positive electrode
        CHECK(run(0.0, 60) == doctest::Approx(-0.02).epsilon(1e-3));
        run(-2.3, 60);
        CHECK(run(0.0, 60) == doctest::Approx(0.02).epsilon(1e-3));
    }
}

TEST_CASE("figures of degradation: ranges, unknown keys, what a law lacks") {
    const io::Json whole = file_of("okane2022");
    io::Json j = whole;
    io::Json* const user = j.find("Parameterisation")->find("User-defined");
    REQUIRE(user != nullptr);
    user->put("SEI resistivity [Ohm.m]", io::Json::of(-1.0));
    user->put("Lithium plating transfer coefficient", io::Json::of(std::string("half")));
    user->put("Crack length [m]", io::Json::of(1e-8));
    const io::BpxResult r = io::read_bpx_json(j, "worn");
    CHECK_FALSE(r.ok());
    CHECK(refused(r, "/Parameterisation/User-defined/SEI resistivity [Ohm.m]", "outside 0"));
    CHECK(refused(r, "/Parameterisation/User-defined/Lithium plating transfer coefficient", "must be a number"));
    CHECK(noted(r, "Crack length"));
    CHECK(io::read_bpx_json(whole, "whole").params->side.sei_resistivity_Ohm_m == 2e5);
    bool told = false;
    try {
        (void)open_cell(echem_root() + "/models/echem/chen2020.json", "spme", false, "reaction");
    } catch (const InputError& e) {
        told = std::string(e.what()).find("SEI reaction exchange current density") != std::string::npos;
    }
    CHECK(told);
}
