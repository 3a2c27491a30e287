// SPDX-License-Identifier: Apache-2.0
// Protocols from files: the forms, agreement with the same protocol run as a scenario, and what is wrong by its place.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include <twin/cell.hpp>
#include <twin/run.hpp>
#include <twin/scenario.hpp>

#include "unit/folder.hpp"

using namespace twin;

namespace {

const std::string k_source = BMSTWIN_SOURCE_DIR;
const std::string k_lfp = k_source + "/models/cells/lfp-100ah.json";

struct TextFile {
    test::Folder folder;
    std::string name;
    explicit TextFile(const std::string& text) : name(folder.write("protocol.json", text)) {}
    const std::string& path() const { return name; }
};

/// "line pointer: message" of each finding; the file must be named in all.
std::vector<std::string> errors_of(const std::string& text, const std::string& model = k_lfp) {
    const TextFile file(text);
    std::vector<std::string> out;
    try {
        Cell cell(model);
        (void)cell.run_file(file.path());
    } catch (const InputError& e) {
        for (const Diagnostic& d : e.diagnostics()) {
            CHECK(d.file == file.path());
            out.push_back(std::to_string(d.line) + " " + d.pointer + ": " + d.message);
        }
    }
    return out;
}
bool begins(const std::string& text, const std::string& with) { return text.rfind(with, 0) == 0; }

}  // namespace

TEST_CASE("a protocol file: every form of it, words and objects, gives the run of the same steps") {
    const std::string steps =
        R"(["Discharge at 1C for 60 s", {"id": "up", "charge_C": 0.5, "limit": {"v_V": 3.5}, "max_s": 100}])";
    CellStart start;
    start.soc = 0.5;
    Cell cell(k_lfp, "", false, "", start);
    const CellRun want =
        cell.run({"Discharge at 1C for 60 s", R"({"charge_C": 0.5, "limit": {"v_V": 3.5}, "max_s": 100})"});
    for (const std::string& text : {steps, R"({"steps": )" + steps + "}", R"({"protocol": )" + steps + "}",
                                    R"({"protocol": {"steps": )" + steps + "}}"}) {
        const TextFile file(text);
        const CellRun got = cell.run_file(file.path());
        CHECK(got.v_V == want.v_V);
        CHECK(got.ends.back().text == "up");
    }
    const TextFile twice(R"({"repeat": 2, "steps": )" + steps + "}");
    CHECK(cell.run_file(twice.path()).ends.size() == 4);
    CHECK_THROWS_AS(cell.run_file(twice.path(), {}, 3), RunError);
    const double soc = cell.soc();
    CHECK(cell.go_on_file(twice.path()).soc.front() == doctest::Approx(soc).epsilon(1e-12));
}

TEST_CASE("a scenario's protocol on the cell alone ends its steps as the scenario's run does") {
    const std::string path = k_source + "/scenarios/cycler/hppc-cell.scenario.json";
    const RunResult whole = run(Scenario::from_file(path));
    CellStart start;
    start.soc = 0.8;
    const CellRun alone = Cell(k_lfp, "", false, "", start).run_file(path);
    REQUIRE(alone.ends.size() == whole.protocol.size());
    for (std::size_t k = 0; k < alone.ends.size(); ++k) {
        CAPTURE(k);
        CHECK(alone.ends[k].text == whole.protocol[k].step);
        CHECK(alone.ends[k].t_s ==
              doctest::Approx(1e-9 * static_cast<double>(whole.protocol[k].t_end_ns)).epsilon(1e-5));
        CHECK(alone.ends[k].charge_Ah == doctest::Approx(whole.protocol[k].charge_Ah).epsilon(1e-4));
        // joint and lead of the scenario, 0.2 mOhm, at most 100 A
        CHECK(alone.ends[k].v_V - whole.protocol[k].v_end_V ==
              doctest::Approx(2e-4 * alone.ends[k].i_A).epsilon(0.05).scale(1e-2));
    }
    CHECK(alone.ends[4].reason == "charge");
    CHECK(alone.ends.back().reason == "voltage");
}

TEST_CASE("a step's limit by voltage ends the whole protocol, its charge the step") {
    const TextFile file(R"([{"charge_A": 50, "until": {"truth.cycler.charge_Ah": -0.5}},
        {"charge_A": 50, "limit": {"truth.cell.v_max_V": 3.5}, "max_s": 9000}, "Rest for 1 hour"])");
    CellStart start;
    start.soc = 0.8;
    for (const char* kind : {"ecm", "spm"}) {
        const bool ecm = std::string(kind) == "ecm";
        const std::string model = ecm ? k_lfp : k_source + "/models/echem/prada2013.json";
        Cell cell(model, kind, false, "", start);
        if (ecm) {
            const CellRun r = cell.run_file(file.path());
            REQUIRE(r.ends.size() == 2);
            CHECK(r.ends[0].reason == "charge");
            CHECK(r.ends[0].charge_Ah == doctest::Approx(-0.5).epsilon(1e-9));
            CHECK(r.ends[1].reason == "limit");
            CHECK(r.ends[1].v_V == doctest::Approx(3.5).epsilon(1e-6));
        } else {
            const CellRun r = cell.run({R"({"discharge_C": 1, "until": {"truth.cycler.charge_Ah": 0.5}})"});
            CHECK(r.ends[0].charge_Ah == doctest::Approx(0.5).epsilon(1e-9));
        }
    }
}

TEST_CASE("what is wrong in a protocol file is told with file, line and place, all at once") {
    const std::vector<std::string> e = errors_of(R"([
  "Discharge at 1C unti 2.5 V",
  {"id": "x", "charge_C": 0.5,
   "until": {"truth.fet.dsg.tj_degC": 3},
   "limit": {"i_A": 3}},
  {"rest_s": 10, "max_s": 4},
  {"charge_A": 10, "until": {"truth.cycler.charge_Ah": 3}}
])");
    REQUIRE(e.size() == 5);
    CHECK(begins(e[0], "2 /0: \"Discharge at 1C unti 2.5 V\": \"unti 2.5 V\" is not understood"));
    CHECK(begins(e[1], "4 /x/until/truth.fet.dsg.tj_degC: a step of a cell alone ends by"));
    CHECK(begins(e[2], "5 /x/limit/i_A: a cell alone knows"));
    CHECK(begins(e[3], "6 /2/max_s: a rest has its time already"));
    CHECK(begins(e[4], "7 /3/until/truth.cycler.charge_Ah: 3 can never end the step"));
    const auto first = [](const std::string& text) {
        const std::vector<std::string> all = errors_of(text);
        return all.empty() ? std::string() : all.front();
    };
    CHECK(begins(first(R"({"steps": [{"discharge_c": 1}]})"), "1 /steps/0"));
    CHECK(begins(first(R"({"steps": ["Rest for 1 s"], "repeat": 0})"), "1 /repeat"));
    CHECK(begins(first(R"({"step": []})"), "1 : has no protocol"));
    CHECK(begins(first(R"({"protocol": ["Rest for 1 s"], "x": 3})"), "1 /x: unknown key \"x\""));
    CHECK(begins(first("[]"), "1 : has no step"));
    CHECK(begins(first("[1"), "1 : not valid JSON"));
    CHECK(begins(
        first(
            R"({"bmstwin": 1, "pack": {"cells": "16S1P"}, "protocol": {"steps": ["Rest for 1 s", "Charge at 1C until 58 V"]}})"),
        "0 /protocol/steps/1: volts, amperes and watts of this step are those of the scenario's pack (16S1P)"));
    CHECK(first(R"({"bmstwin": 1, "pack": {"cells": "16S1P"}, "protocol": {"steps": ["Discharge at 1C for 10 s"]}})")
              .empty());
    const std::vector<std::string> of_model = errors_of(
        R"({"protocol": [{"id": "a", "rest_s": 1}, {"id": "b", "discharge_C": 1, "until": {"truth.pack.soc_pct": 30}}]})",
        k_source + "/models/echem/chen2020.json");
    REQUIRE(of_model.size() == 1);
    CHECK(begins(of_model[0], "0 /protocol/b: \"b\": only an equivalent circuit"));
    Cell cell(k_lfp);
    CHECK_THROWS_AS(cell.run_file("/no/such/file.json"), InputError);
}
