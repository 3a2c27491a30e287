// SPDX-License-Identifier: Apache-2.0
// Where a cell begins (charge, temperature, history), going on, saving and loading, and steps as objects.
#include <doctest/doctest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include <twin/cell.hpp>
#include <twin/eis.hpp>
#include <twin/fit.hpp>
#include <twin/run.hpp>
#include <twin/scenario.hpp>

#include "cell/model_file.hpp"
#include "io/bpx.hpp"
#include "io/model.hpp"
#include "study/cell_model.hpp"
#include "unit/folder.hpp"

using namespace twin;

namespace {

const std::string k_lfp = std::string(BMSTWIN_SOURCE_DIR) + "/models/cells/lfp-100ah.json";

/// Half the gap of charge and discharge at a soc, by the model's own tables.
double amplitude_V(double soc) {
    const auto file = io::read_model<cell::EcmModelFile>(k_lfp);
    REQUIRE(file.ok());
    return cell::ocv_point(cell::build(file.value), soc).m_V;
}

template <class F>
std::string error_of(const F& f) {
    try {
        f();
    } catch (const InputError& e) {
        std::string s;
        for (const Diagnostic& d : e.diagnostics()) s += d.pointer + ": " + d.message + "\n";
        return s;
    } catch (const RunError& e) {
        return e.what();
    }
    return "";
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

std::string rest_of_pack(const std::string& more) {
    return R"({"bmstwin": 1, "id": "h", "duration_s": 1, "pack": {"cells": "3S1P", "model": "lfp-100ah", "soc": 0.5, "board": "none")" +
           more +
           R"(}, "protocol": {"steps": [{"id": "r", "rest_s": 1}]},
           "expect": [{"id": "v", "always": "truth.cell.v_min_V > 1"}], "record": {"rate_hz": 10, "channels": ["truth.cell[*].v_V"]}})";
}

}  // namespace

TEST_CASE("a history shifts the rest voltage by the hysteresis' amplitude, of every kind of start") {
    const double m_V = amplitude_V(0.5);
    REQUIRE(m_V > 5e-3);
    Cell known(k_lfp, "", false, "", {0.5, {}, {}, 0.25});
    Cell unknown(k_lfp, "", false, "", {0.5, {}, {}, {}});
    CHECK(known.hysteresis_rel() == 0.25);
    CHECK(unknown.hysteresis_rel() == 0.0);
    CHECK(known.v_V() - unknown.v_V() == doctest::Approx(0.25 * m_V).epsilon(1e-9));
    known.reset({.soc = {}, .temp_degC = {}, .ambient_degC = {}, .hysteresis_rel = -1.0});
    CHECK(known.soc() == 0.5);  // what is not given stays as the cell was made with
    CHECK(unknown.v_V() - known.v_V() == doctest::Approx(m_V).epsilon(1e-9));
    const CellRun rest = known.run({"Rest for 10 s"});
    CHECK(rest.v_V.front() - unknown.v_V() == doctest::Approx(0.25 * m_V).epsilon(1e-9));

    CHECK(Cell(k_lfp, "abused", false, "", {0.5, {}, {}, 1.0}).v_V() - unknown.v_V() ==
          doctest::Approx(m_V).epsilon(1e-9));

    CellBatchStart start;
    start.soc = {0.5};
    start.hysteresis_rel = {-1.0, 0.0, 1.0};
    const std::vector<double> v = CellBatch(k_lfp, 3, start).v_V();
    CHECK(v[2] - v[1] == doctest::Approx(m_V).epsilon(1e-9));
    CHECK(v[1] - v[0] == doctest::Approx(m_V).epsilon(1e-9));
}

TEST_CASE("the start after a charge is where a charge leads") {
    const Cell said(k_lfp, "", false, "", {0.5, {}, {}, 1.0});
    Cell charged(k_lfp, "", false, "", {0.1, {}, {}, -1.0});
    charged.run({"Charge at 0.05C until 50 %", "Rest for 10 hours"});
    CHECK(charged.hysteresis_rel() > 0.99);
    CHECK(charged.v_V() == doctest::Approx(said.v_V()).epsilon(2e-4));
    Cell no_history(k_lfp, "", false, "", {0.5, {}, {}, {}});
    CHECK(std::abs(charged.v_V() - no_history.v_V()) > 3e-3);
}

TEST_CASE("electrodes of a BPX file begin on opposite branches; their State is the default") {
    auto p = std::make_shared<cell::EchemParams>(*study::open_set("chen2020", "spm"));
    for (std::size_t k = 0; k < 2; ++k) {
        cell::EchemElectrode& e = p->electrode[k];
        const double gap_V = k == 0 ? 0.010 : 0.020;
        e.hysteresis_V = cell::Curve([&](double) { return gap_V; }, 0.0, 1.0, 16, "gap");
        e.hysteresis_decay = 5.0;
    }
    p->electrode[0].hysteresis0 = 0.0;
    p->electrode[1].hysteresis0 = 0.5;
    cell::Echem c(p, cell::EchemKind::spm);
    c.reset(0.5, 298.15, 0.0);
    const double middle_V = c.voltage_V(0.0);
    c.reset(0.5, 298.15, 1.0);
    CHECK(c.voltage_V(0.0) - middle_V == doctest::Approx(0.030).epsilon(1e-6));
    CHECK(c.hysteresis() == 1.0);
    c.reset(0.5, 298.15, -1.0);
    CHECK(middle_V - c.voltage_V(0.0) == doctest::Approx(0.030).epsilon(1e-6));
    c.reset(0.5, 298.15);
    CHECK(c.voltage_V(0.0) - middle_V == doctest::Approx(0.010).epsilon(1e-6));
    for (int k = 0; k < 600; ++k) {  // and a charge goes to +1
        c.trial(10.0, -2.0, k == 0);
        c.commit();
    }
    CHECK(c.hysteresis() > 0.8);
}

TEST_CASE("a history of a model without hysteresis, and one out of range, are errors") {
    CHECK(has(error_of([] { Cell("lto-20ah", "", false, "", {{}, {}, {}, 1.0}); }), "lto-20ah has no hysteresis"));
    CHECK(has(error_of([] { Cell("chen2020", "", false, "", {{}, {}, {}, 1.0}); }), "has no hysteresis"));
    CHECK(has(error_of([] { Cell(k_lfp, "", false, "", {{}, {}, {}, 1.5}); }), "hysteresis 1.5 is outside -1 .. 1"));
    CHECK(has(error_of([] { CellBatch("lto-20ah", 2, {{}, {}, {}, {}, {}, {0.0}}); }), "has no hysteresis"));
    CHECK(has(error_of([] { CellBatch(k_lfp, 2, {{}, {}, {}, {}, {}, {-2.0}}); }), "outside -1 .. 1"));
    CHECK(has(error_of([] { CellBatch("lfp-100", 2); }), "did you mean lfp-100ah"));
    CHECK(has(error_of([] { parse_fit_file("a.csv@25@0.5@-3"); }), "'-3' is no number in -1..1"));
    const FitFile f = parse_fit_file("a.csv@@@-1");
    CHECK(!f.temp_degC.has_value());
    CHECK(!f.soc_start_rel.has_value());
    CHECK(f.hysteresis_start_rel == -1.0);
}

TEST_CASE("a pack begins with the history it is given, single cells with their own") {
    const double m_V = amplitude_V(0.5);
    const auto last = [](const std::string& more, int cell) {
        const RunResult r = run(Scenario::from_json(rest_of_pack(more), "<test>", {}));
        REQUIRE(r.error.empty());
        const std::string name = "truth.cell[" + std::to_string(cell) + "].v_V";
        for (const TraceColumn& c : r.traces.at(0).columns) {
            if (c.name == name) return c.samples.back();
        }
        FAIL_CHECK("no column " << name);
        return 0.0;
    };
    const double none_V = last("", 1);
    const std::string all = R"(, "hysteresis": -1, "override": {"cell[2]": {"hysteresis": 0.5}})";
    CHECK(none_V - last(all, 1) == doctest::Approx(m_V).epsilon(1e-6));
    CHECK(last(all, 2) - none_V == doctest::Approx(0.5 * m_V).epsilon(1e-6));
    CHECK(none_V - last(all, 3) == doctest::Approx(m_V).epsilon(1e-6));
}

TEST_CASE("a pack whose model has no hysteresis refuses a history, by place") {
    std::string text = rest_of_pack(R"(, "hysteresis": 0.5, "override": {"cell[2]": {"hysteresis": 1}})");
    text.replace(text.find("lfp-100ah"), 9, "lto-20ah");
    const std::string e = error_of([&] { (void)run(Scenario::from_json(text, "<test>", {})); });
    CHECK(has(e, "/pack/hysteresis: model \"lto-20ah\" has no hysteresis"));
    CHECK(has(e, "/pack/override/cell[2]/hysteresis"));
    CHECK(has(error_of([] { (void)Scenario::from_json(rest_of_pack(R"(, "hysteresis": 1.5)"), "<test>", {}); }),
              "/pack/hysteresis"));
}

TEST_CASE("a cell goes on where it is, and a loaded state goes on equal to the bit") {
    struct Kind {
        const char *model, *kind, *degradation;
    };
    for (const Kind& k : {Kind{"nmc-lgm50", "", ""}, Kind{"lfp-100ah", "abused", ""}, Kind{"chen2020", "spm", ""},
                          Kind{"okane2022", "spme", "on"}, Kind{"oregan2022", "dfn", ""}}) {
        CAPTURE(k.model);
        Cell a(k.model, k.kind, false, k.degradation), b(k.model, k.kind, false, k.degradation);
        const double i_A = 0.5 * a.nominal_Ah();
        for (int n = 0; n < 50; ++n) a.step(n % 7 == 0 ? -i_A : i_A, 2.0);
        const std::vector<std::uint8_t> state = a.save();
        b.load(state);
        CHECK(b.v_V() == a.v_V());
        CHECK(b.save() == state);
        for (int n = 0; n < 50; ++n) {
            a.step(n < 10 ? i_A : 0.3 * i_A, 1.0 + n);
            b.step(n < 10 ? i_A : 0.3 * i_A, 1.0 + n);
        }
        CHECK(b.save() == a.save());
        CHECK(a.save() != state);
        const double soc = a.soc();
        const CellRun x = a.go_on({"Discharge at 0.1C for 60 s"}), y = b.go_on({"Discharge at 0.1C for 60 s"});
        CHECK(x.soc.front() == soc);  // not from the start again
        CHECK(x.v_V == y.v_V);
    }
}

TEST_CASE("a state that is damaged or of another cell is refused") {
    const Cell a("lfp-100ah"), other("nmc-94ah"), abused("lfp-100ah", "abused");
    std::vector<std::uint8_t> state = a.save();
    Cell b("lfp-100ah");
    CHECK(has(error_of([&] { b.load(other.save()); }), "of another model"));
    CHECK(has(error_of([&] { b.load(abused.save()); }), "of another model"));
    CHECK(has(error_of([&] { b.load({state.begin(), state.begin() + 40}); }), "no state of a cell"));
    state[60] ^= 1U;
    CHECK(has(error_of([&] { b.load(state); }), "damaged"));
    CHECK(b.save() == a.save());  // and nothing was changed
}

TEST_CASE("a step as an object is the step in words; limits hold what was reached") {
    Cell c("chen2020", "spm");
    const CellRun words = c.run({"Discharge at 1C until 3 V", "Rest for 5 minutes", "Charge at 2 A for 60 s"});
    const CellRun objects = c.run({R"({"discharge_C": 1, "until": {"truth.cycler.v_V": 3}})", R"({"rest_s": 300})",
                                   R"({"id": "up", "charge_A": 2, "max_s": 60})"});
    CHECK(words.v_V == objects.v_V);
    CHECK(objects.ends[2].text == "up");
    // constant current, then the held voltage, in one step and in two
    const CellRun two = c.run({"Charge at 0.5C until 4.1 V", "Hold at 4.1 V until C/20"}, {0.5, {}, {}, {}});
    const CellRun one = c.run({R"({"charge_C": 0.5, "limit": {"v_V": 4.1}, "until": {"truth.cycler.i_abs_A": 0.25}})"},
                              {0.5, {}, {}, {}});
    REQUIRE(one.ends.size() == 1);
    CHECK(one.ends[0].reason == "current");
    CHECK(one.ends[0].charge_Ah == doctest::Approx(two.ends[0].charge_Ah + two.ends[1].charge_Ah).epsilon(1e-12));
    // a hold that may not take more than C/2 begins with C/2
    const CellRun gentle = c.run({R"({"hold_V": 4.1, "limit": {"i_C": 0.5}, "until": {"truth.cycler.i_abs_A": 0.25}})"},
                                 {0.5, {}, {}, {}});
    CHECK(gentle.i_A[1] == doctest::Approx(-2.5).epsilon(1e-12));
    CHECK(gentle.ends[0].charge_Ah == doctest::Approx(one.ends[0].charge_Ah).epsilon(1e-6));
    const CellRun timed = c.run({R"({"charge_C": 0.5, "limit": {"v_V": 4.1}, "max_s": 3000})"}, {0.5, {}, {}, {}});
    CHECK(timed.ends[0].reason == "time");
    CHECK(timed.ends[0].t_s == doctest::Approx(3000.0).epsilon(1e-9));
    CHECK(timed.v_V.back() == doctest::Approx(4.1).epsilon(1e-6));
}

TEST_CASE("what a cell alone cannot do of the language is refused by name and place") {
    Cell c("lfp-100ah");
    const auto told = [&](const std::string& step, const std::string& part) {
        const std::string e = error_of([&] { c.run({"Rest for 1 s", step}); });
        CAPTURE(step);
        CAPTURE(e);
        CHECK(has(e, "/1"));
        CHECK(has(e, part));
    };
    told(R"({"profile": "a.csv"})", "/profile: a cell alone takes no profile");
    told(R"({"charge_C": 1, "until": {"truth.cell.t_max_degC": 50}})", "/until/truth.cell.t_max_degC");
    told(R"({"charge_C": 1})", "nothing ends this step");
    told(R"({"charge_C": 1, "limit": {"v_V": 3.6}, "until": {"truth.pack.soc_pct": 99}})", "nothing ends the held");
    told(R"({"power_W": 1, "limit": {"i_A": 3}, "max_s": 1})", "/limit/i_A");
    told(R"({"charge_C": 1, "untill": {}, "max_s": 1})", "untill");
    told(R"({"charge_C": 1, "discharge_C": 1, "max_s": 1})", "");
    told(R"({"charge_C": )", "");
    CHECK(has(error_of([&] { c.run({"Rest for 1 s"}, {}, 0); }), "repeat 0"));
}

TEST_CASE("the spectrum of an aged cell has its film: that of the cell, or of a thickness") {
    Cell c("okane2022", "spm", false, "on", {0.6, 45.0, {}, {}});
    const CellDegradation fresh = c.degradation();
    const std::vector<double> f_Hz{0.01, 1.0, 1000.0};
    const auto young = c.eis_Ohm(f_Hz);
    c.run({"Rest for 200 days"});
    const CellDegradation aged = c.degradation();
    REQUIRE(aged.sei_nm > 3.0 * fresh.sei_nm);
    const auto old = c.eis_Ohm(f_Hz);
    EisOptions o{"okane2022", "spm", c.soc(), 45.0, f_Hz, "on", aged.sei_nm};
    const auto said = eis(o).z_Ohm;
    o.sei_nm = {};
    const auto without = eis(o).z_Ohm;
    for (std::size_t k = 0; k < f_Hz.size(); ++k) {
        CHECK(std::abs(said[k] - old[k]) < 1e-9 * std::abs(old[k]));
        CHECK(said[k].real() - without[k].real() == doctest::Approx(aged.film_Ohm - fresh.film_Ohm).epsilon(1e-9));
        CHECK(said[k].imag() == doctest::Approx(without[k].imag()).epsilon(1e-12));
    }
    CHECK(std::abs(old[1] - young[1]) > 1e-4 * std::abs(young[1]));
    CHECK(has(error_of([&] { (void)eis({"chen2020", "spm", 0.5, 25.0, f_Hz, "", 100.0}); }), "with degradation"));
    o.sei_nm = -1.0;
    CHECK(has(error_of([&] { (void)eis(o); }), "outside 0 .. 1e5"));
    CHECK(has(error_of([&] { (void)c.eis_Ohm({0.0}); }), "frequency 0 Hz"));
}

TEST_CASE("the charge stays in bounds: a step beyond them is refused and changes nothing") {
    for (const auto& [model, kind] : {std::pair{"lfp-100ah", ""}, std::pair{"nca-ncr18650pf", ""},
                                      std::pair{"chen2020", "spm"}, std::pair{"ecker2015", "spme"}}) {
        CAPTURE(model);
        for (const double sign : {1.0, -1.0}) {
            Cell c(model, kind, false, "", {0.5, {}, {}, {}});
            const double i_A = sign * c.nominal_Ah();
            CHECK(has(error_of([&] { c.step(i_A, 7200.0); }), "would take the charge from 0.5"));
            CHECK(c.soc() == 0.5);
            std::string e;
            int n = 0;
            for (; n < 4000 && e.empty(); ++n) e = error_of([&] { c.step(i_A, 1.0); });
            CHECK(n < 3000);
            CHECK(!e.empty());
            CHECK(c.soc() > -0.08);
            CHECK(c.soc() < 1.08);
            const std::vector<std::uint8_t> state = c.save();
            CHECK(!error_of([&] { c.step(i_A, 1.0); }).empty());
            CHECK(c.save() == state);
            c.step(-i_A, 1.0);  // back is allowed
        }
    }
    Cell abused("lfp-100ah", "abused", false, "", {0.02, {}, {}, {}});
    abused.step(100.0, 600.0);
    CHECK(abused.soc() < -0.1);
}

TEST_CASE("a run beyond the valid range says what and how far") {
    Cell c("nmc-lgm50");  // fitted at 23 degC, to 4.85 A
    CHECK(c.run({"Discharge at 0.5C for 10 minutes"}).extrapolated.empty());
    const CellRun hot = c.run({"Discharge at 2C for 60 s"}, {0.5, 45.0, 45.0, {}});
    REQUIRE(hot.extrapolated.size() == 2);
    CHECK(has(hot.extrapolated[0], "temp_degC 4"));
    CHECK(has(hot.extrapolated[0], "valid 18 .. 28"));
    CHECK(has(hot.extrapolated[1], "i_A "));
    CHECK(c.extrapolated() == hot.extrapolated);
    c.reset();
    CHECK(c.extrapolated().empty());
    c.step(20.0, 1.0);
    REQUIRE(c.extrapolated().size() == 1);
    CHECK(has(c.extrapolated()[0], "i_A 20, valid up to 4.85"));
}

TEST_CASE("a BPX file's State is where the cell begins; what of the file is not used is told") {
    std::ifstream in(std::string(BMSTWIN_SOURCE_DIR) + "/models/echem/chen2020.json");
    std::stringstream whole;
    whole << in.rdbuf();
    std::string text = whole.str();
    text.replace(
        text.find("\"Parameterisation\""), 18,
        R"("State": {"Initial conditions": {"Initial state-of-charge": 0.4, "Initial temperature [K]": 283.15}},
                    "Parameterisation")");
    text.replace(text.find("\"Cell\": {"), 9, R"("Cell": {"Colour": 1, )");
    const test::Folder folder;
    const std::string file = folder.write("state.json", text);
    Cell c(file, "spm");
    CHECK(c.soc() == doctest::Approx(0.4).epsilon(1e-12));
    CHECK(c.temp_degC() == doctest::Approx(10.0).epsilon(1e-12));
    const CellRun r = c.run({"Rest for 1 s"});
    CHECK(r.soc.front() == doctest::Approx(0.4).epsilon(1e-12));
    CHECK(c.run({"Rest for 1 s"}, {0.7, {}, {}, {}}).temp_degC.front() == doctest::Approx(10.0).epsilon(1e-12));
    bool told = false;
    for (const std::string& note : c.notes()) told = told || has(note, "Colour");
    CHECK(told);
    const std::string pack = R"({"bmstwin": 1, "id": "n", "duration_s": 1, "pack": {"cells": "1S1P", "model": ")" +
                             file + R"(", "kind": "spm", "board": "none"},
        "protocol": {"steps": [{"rest_s": 1}]}, "expect": [{"id": "v", "always": "truth.cell.v_min_V > 1"}]})";
    const RunResult x = run(Scenario::from_json(pack, "<test>", {}));
    told = false;
    for (const Warning& w : x.warnings) told = told || (w.code == "INPUT" && has(w.text, "Colour"));
    CHECK(told);
}

TEST_CASE("a start with a history is where the history leads: hysteresis, direction, voltage, resistance") {
    const std::string models = std::string(BMSTWIN_SOURCE_DIR) + "/models/cells/";
    for (const char* const name : {"lfp-a123-26650.json", "lfp-100ah.json"}) {
        for (const double side : {-1.0, 1.0}) {
            CAPTURE(name);
            CAPTURE(side);
            CellStart from;
            from.soc = side > 0.0 ? 0.0 : 1.0;
            Cell came(models + name, "", false, "", from);
            const double i_A = -side * came.nominal_Ah() / 20.0;
            while (side > 0.0 ? came.soc() < 0.6 : came.soc() > 0.6) came.step(i_A, 60.0);
            came.step(0.0, 1e5);  // its RC pairs and its heat are gone
            CellStart there;
            there.soc = came.soc();
            there.hysteresis_rel = side;
            Cell made(models + name, "", false, "", there);
            const bool directional = std::string(name) != "lfp-100ah.json";
            if (directional) CHECK(came.direction_rel() == doctest::Approx(side).epsilon(1e-3));
            CHECK(made.direction_rel() == side);
            CHECK(made.v_V() == doctest::Approx(came.voltage_V(0.0)).epsilon(2e-4));
            const double drop_V = came.voltage_V(0.0) - came.voltage_V(came.nominal_Ah());
            CHECK(made.v_V() - made.voltage_V(made.nominal_Ah()) == doctest::Approx(drop_V).epsilon(1e-3));
            came.step(came.nominal_Ah(), 10.0);
            made.step(came.nominal_Ah(), 10.0);
            CHECK(made.v_V() == doctest::Approx(came.v_V()).epsilon(2e-4));
        }
    }
}

TEST_CASE("the start's direction in packs, overrides and batches") {
    const std::string model = std::string(BMSTWIN_SOURCE_DIR) + "/models/cells/lfp-a123-26650.json";
    const auto alone_V = [&](double h) {
        CellStart s;
        s.soc = 0.5;
        s.hysteresis_rel = h;
        Cell c(model, "", false, "", s);
        c.step(5.0, 1.0);
        return c.v_V();
    };
    CHECK(alone_V(1.0) - alone_V(-1.0) > 1e-3);
    CellBatchStart b;
    b.soc = {0.5};
    b.hysteresis_rel = {-1.0, 1.0};
    CellBatch batch(model, 2, b);
    const double i_A = 5.0;
    (void)batch.run(&i_A, 1, false, 1.0, 0);
    CHECK(batch.v_V()[0] == doctest::Approx(alone_V(-1.0)).epsilon(1e-12));  // temperatures by way of kelvin
    CHECK(batch.v_V()[1] == doctest::Approx(alone_V(1.0)).epsilon(1e-12));
    const RunResult r = run(Scenario::from_json(
        R"({"bmstwin": 1, "id": "d", "duration_s": 2, "pack": {"cells": "2S1P", "model": "lfp-a123-26650", "soc": 0.5, "hysteresis": -1,
            "override": {"cell[2]": {"hysteresis": 1}}, "board": "none"}, "protocol": {"steps": ["Discharge at 5 A for 1 s"]},
            "expect": [{"id": "a", "metric": "step[1].charge_Ah", "min": 0}], "record": {"rate_hz": 10, "channels": ["truth.cell[*].v_V"]}})",
        "<test>", {}));
    double apart_V = 0.0;
    const Trace& t = r.traces.at(0);
    for (std::size_t k = 0; k < t.t_ns.size(); ++k) {
        if (t.t_ns[k] != 900'000'000) continue;
        for (const TraceColumn& c : t.columns) {
            if (c.name == "truth.cell[1].v_V") apart_V = -c.samples[k];
        }
        for (const TraceColumn& c : t.columns) {
            if (c.name == "truth.cell[2].v_V") apart_V += c.samples[k];
        }
    }
    CHECK(apart_V == doctest::Approx(alone_V(1.0) - alone_V(-1.0)).epsilon(0.01));
}
