// SPDX-License-Identifier: Apache-2.0
// The scenario loader: what it accepts, and that every kind of bad input gives a message with file, pointer, value and
// allowed range.
#include <doctest/doctest.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>

#include "io/json.hpp"
#include "io/load.hpp"
#include "io/model.hpp"
#include "io/validate.hpp"
#include "scenario/describe_requirements.hpp"
#include "unit/folder.hpp"

using namespace twin;      // NOLINT(google-build-using-namespace)
using namespace twin::io;  // NOLINT(google-build-using-namespace)
namespace sc = twin::scenario;

namespace {

const char* const k_good = R"({
  "bmstwin": 1, "id": "short-hard-16s", "title": "Hard short", "why": "w", "tags": ["short"], "requirements": ["UL1973:2022/17"],
  "seed": 7, "duration_s": 10,
  "pack": {"cells": "16S1P", "model": "lfp-100ah", "soc": 0.97, "temp_degC": 25, "spread": {"capacity_pct": 1, "r_pct": 5},
           "override": {"cell[7]": {"soc": 0.98}},
           "board": {"product": "R24TK1A-17S-100A", "profile": "field", "parameters": {"scd_A": 400}},
           "wiring": {"W5": {"tap": 5, "contact_mohm": 1.0}, "W6": {"tap": null}}},
  "environment": {"board_degC": 60, "cells_degC": {"points": [[0, 25], [10, 30]]}},
  "load": {"cc_A": 20, "dropout_V": 20},
  "events": [{"id": "short", "at_ms": 1000, "do": "short", "between": ["P+", "P-"], "r_mohm": 5, "l_uH": 1.0},
             {"when": "hw.gate.dsg == 0", "hold_s": 5, "do": "clear", "target": "short"},
             {"id": "more", "at_s": 8, "do": "step", "target": "load[load]/cc_A", "to": 30}],
  "expect": [{"id": "opens", "whenever": "truth.pack.i_A >= 400", "then": "hw.gate.dsg == 0", "within_us": 216},
             {"id": "all", "always": {"all": ["truth.cell.v_max_V <= 3.65", {"not": "truth.cell.v_min_V < 2.5"}]}, "from": "short"},
             {"verdict": "PROTECTED"}],
  "record": {"rate_hz": 10, "burst": {"on": "trip", "pre_us": 200, "post_ms": 5}}})";

LoadResult load(const std::string& text, const LoadOptions& options = {}) {
    return load_text(text, "test.scenario.json", options);
}

/// k_good with one place changed by a JSON pointer (as --set does it).
LoadResult changed(const std::string& pointer, const std::string& value) {
    LoadOptions o;
    o.set = {{pointer, value}};
    return load(k_good, o);
}

std::string all_text(const LoadResult& r) {
    std::string out;
    for (const Diagnostic& d : r.errors)
        out += d.file + ":" + std::to_string(d.line) + " " + d.pointer + ": " + d.message + "\n";
    return out;
}

bool says(const LoadResult& r, const std::string& pointer, const std::string& part) {
    for (const Diagnostic& d : r.errors)
        if (d.pointer == pointer && d.message.find(part) != std::string::npos) return true;
    MESSAGE("wanted " << pointer << " with '" << part << "', have:\n" << all_text(r));
    return false;
}

/// Text with the first `from` replaced by `to`.
std::string with(const std::string& from, const std::string& to) {
    std::string text = k_good;
    const std::size_t at = text.find(from);
    REQUIRE(at != std::string::npos);
    return text.replace(at, from.size(), to);
}

}  // namespace

TEST_CASE("the example of the language loads, units converted") {
    const LoadResult r = load(k_good);
    REQUIRE_MESSAGE(r.errors.empty(), all_text(r));
    const sc::Scenario& s = r.scenarios.at(0).scenario;
    CHECK(s.duration == 10'000'000'000);
    CHECK(s.packs.at(0).id == "pack");
    CHECK(s.packs[0].series == 16);
    CHECK(s.packs[0].spread.capacity_rel == 0.01);
    CHECK(*s.packs[0].override_.at(0).value.soc == 0.98);
    CHECK(s.packs[0].wiring.at(0).value.contact_Ohm == 0.001);
    CHECK(s.packs[0].wiring[0].value.tap == 5);
    CHECK(s.packs[0].wiring.at(1).value.tap == sc::Lead::k_open);
    CHECK(*s.events.at(0).at == 1'000'000'000);
    const auto& shorted = std::get<sc::DoShort>(s.events[0].action);
    CHECK(shorted.r_Ohm == 0.005);
    CHECK(shorted.l_H == 1e-6);
    CHECK(s.events.at(1).id == "event-2");
    CHECK(s.events[1].hold == 5'000'000'000);
    CHECK(sc::stimulus_of(s.events[0]) == sc::Stimulus::fault);
    CHECK(sc::stimulus_of(s.events[2]) == sc::Stimulus::disturbance);
    CHECK(std::get<sc::Whenever>(s.expect.at(0).form).within == 216'000);
    CHECK(s.expect.at(2).id == "verdict");
    CHECK(s.record.period == 100'000'000);
    CHECK(s.record.burst.at(0).pre == 200'000);
    CHECK(s.environment.cells_degC.points.size() == 2);
    CHECK(s.models.size() == 3);
}

TEST_CASE("the effective scenario loads again and gives itself") {
    const LoadResult r = load(k_good);
    REQUIRE(r.scenarios.size() == 1);
    const LoadResult again = load(r.scenarios[0].effective_json);
    REQUIRE_MESSAGE(again.errors.empty(), all_text(again));
    CHECK(again.scenarios.at(0).effective_json == r.scenarios[0].effective_json);
    CHECK(r.scenarios[0].effective_json.find("\"r_mohm\": 5.0") != std::string::npos);
    CHECK(r.scenarios[0].effective_json.find("\"tap\": null") != std::string::npos);
}

TEST_CASE("origins: file, --set, default") {
    LoadOptions o;
    o.set = {{"/events/short/r_mohm", "7"}};
    const LoadResult r = load(k_good, o);
    REQUIRE(r.scenarios.size() == 1);
    Json j;
    Diagnostic d;
    REQUIRE(parse_json(r.scenarios[0].effective_origin_json, {}, &j, &d));
    const Json& event = j.find("events")->items.at(0);
    CHECK(event.find("r_mohm")->find("origin")->text == "--set");
    CHECK(event.find("r_mohm")->find("value")->number == 7.0);
    CHECK(event.find("l_uH")->find("origin")->text == "file");
    CHECK(event.find("stimulus")->find("origin")->text == "default");
    CHECK(j.find("duration_s")->find("origin")->text == "file");
}

TEST_CASE("--set: arrays by id, other units of the same quantity, words, missing places") {
    CHECK(changed("/events/short/r_ohm", "0.02").errors.empty());
    CHECK(
        std::get<sc::DoShort>(changed("/events/short/r_ohm", "0.02").scenarios.at(0).scenario.events[0].action).r_Ohm ==
        doctest::Approx(0.02));
    CHECK(changed("/duration_ms", "20000").scenarios.at(0).scenario.duration == 20'000'000'000);
    CHECK(changed("/pack/board/profile", "manual").scenarios.at(0).scenario.packs[0].board.profile == "manual");
    CHECK(changed("/events/0/r_mohm", "9").errors.empty());
    CHECK(changed("/pack/board/parameters/ocd_A", "150").errors.empty());
    CHECK(says(changed("/events/shirt/r_mohm", "7"), "/events/shirt/r_mohm", "no element \"shirt\"; ids: short"));
    CHECK(says(changed("events/short", "7"), "events/short", "starts with '/'"));
    CHECK(says(changed("/title/x", "7"), "/title/x", "inside a string"));
    CHECK(says(changed("/pack/sock", "1"), "/pack/sock", "did you mean \"soc\""));
    LoadOptions o;
    o.seed = 99;
    CHECK(load(k_good, o).scenarios.at(0).scenario.seed == 99);
}

TEST_CASE("unknown keys name the nearest valid one") {
    CHECK(says(load(with("\"duration_s\"", "\"durration_s\"")), "/durration_s", "did you mean \"duration_s\"?"));
    CHECK(says(load(with("\"l_uH\"", "\"l_uHH\"")), "/events/short/l_uHH", "did you mean \"l_uH\"?"));
    CHECK(says(load(with("\"tags\"", "\"zzzzzzzzzzzz\"")), "/zzzzzzzzzzzz", "allowed: "));
    CHECK(says(load(with("\"hold_s\": 5", "\"within_s\": 5")), "/events/1/within_s", "unknown key"));
}

TEST_CASE("wrong types and values out of range say what is allowed") {
    CHECK(says(changed("/pack/soc", "1.5"), "/pack/soc", "1.5 is out of range; allowed is 0 .. 1"));
    CHECK(says(changed("/pack/soc", "\"full\""), "/pack/soc", "must be a number, is the string \"full\""));
    CHECK(says(changed("/tags", "\"short\""), "/tags", "must be a list"));
    CHECK(says(changed("/seed", "1.5"), "/seed", "whole number"));
    CHECK(says(changed("/seed", "-1"), "/seed", "allowed is 0"));
    CHECK(says(changed("/bmstwin", "2"), "/bmstwin", "allowed is 1 .. 1"));
    CHECK(says(changed("/pack", "[]"), "/pack", "must be an object, is a list"));
    CHECK(says(changed("/events/short/r_ohm", "1e9"), "/events/short/r_ohm", "allowed is"));
    CHECK(says(changed("/duration_s", "0"), "/duration_s", "above 0"));
    CHECK(says(changed("/duration_s", "1e300"), "/duration_s", "out of range"));
    CHECK(says(changed("/pack/cells", "16S1P1"), "/pack/cells", "e.g. 16S1P"));
    CHECK(says(changed("/pack/cells", "25S"), "/pack/cells", "1 .. 24"));
    CHECK(says(changed("/events/short/between", "[\"P+\"]"), "/events/short/between", "must have 2 elements, has 1"));
    CHECK(says(changed("/events/short/between", "[\"P+\", \"Q\"]"), "/events/short/between", "\"Q\" is no place"));
    CHECK(says(changed("/pack/board/chemistry", "LFX"), "/pack/board/chemistry", "must be auto, LFP"));
    CHECK(says(changed("/environment/board_degC", "900"), "/environment/board_degC", "allowed is -60 .. 150"));
    CHECK(says(changed("/record/rate_hz", "0"), "/record/rate_hz", "allowed is"));
}

TEST_CASE("missing keys and exactly-one rules") {
    CHECK(says(load(with("\"id\": \"short-hard-16s\",", "")), "", "\"id\" is missing"));
    CHECK(says(load(with("\"duration_s\": 10,", "")), "", "\"duration_s\" is missing"));
    CHECK(says(load(with("\"duration_s\": 10,", "\"duration_s\": 10, \"duration_ms\": 5,")), "",
               "exactly one may be given"));
    CHECK(says(load(with("\"r_mohm\": 5,", "\"r_mohm\": 5, \"r_ohm\": 1,")), "/events/short",
               "exactly one may be given"));
    CHECK(says(load(with("\"at_ms\": 1000,", "")), "/events/short", "needs one of at_s, every_s, when"));
    CHECK(says(load(with("\"do\": \"short\"", "\"do\": \"shirt\"")), "/events/short/do", "did you mean \"short\"?"));
    CHECK(says(load(with("{\"verdict\": \"PROTECTED\"}", "{\"id\": \"x\"}")), "/expect/x",
               "needs one of the keys always"));
    CHECK(says(load(with("\"whenever\":", "\"always\": \"hw.x.y > 1\", \"whenever\":")), "/expect/opens",
               "only one of the keys"));
    CHECK(says(load(with("\"cc_A\": 20, ", "")), "/load", "needs one of the keys cc_A"));
}

TEST_CASE("references must exist, states may not be written") {
    CHECK(says(load(with("\"target\": \"short\"", "\"target\": \"shirt\"")), "/events/event-2/target",
               "did you mean \"short\"?"));
    CHECK(says(load(with("load[load]/cc_A", "load[lode]/cc_A")), "/events/more/target", "did you mean \"load\"?"));
    CHECK(says(load(with("load[load]/cc_A", "load[load]/power_W")), "/events/more/target", "has no power_W"));
    CHECK(says(load(with("load[load]/cc_A", "cell[3]/soc")), "/events/more/target", "is a state of the plant"));
    CHECK(says(load(with("load[load]/cc_A", "truth.cell[3].v_V")), "/events/more/target", "set_state"));
    CHECK(says(load(with("load[load]/cc_A", "environment/board_decG")), "/events/more/target",
               "did you mean \"environment/board_degC\"?"));
    CHECK(says(load(with("\"to\": 30", "\"to\": -3")), "/events/more/to", "allowed is 0"));
    CHECK(says(load(with("\"from\": \"short\"", "\"from\": \"shot\"")), "/expect/all/from", "did you mean \"short\"?"));
    CHECK(says(load(with("PROTECTED", "PROTECTD")), "/expect/verdict/verdict", "did you mean \"PROTECTED\"?"));
    CHECK(says(load(with("truth.pack.i_A >= 400", "truth.pack.i_A => 400")), "/expect/opens/whenever",
               "op one of < <= > >= == !="));
    CHECK(says(changed("/record/burst/on", "shot"), "/record/burst/on", "neither \"trip\" nor an event id"));
    CHECK(says(changed("/waive", "[\"no_damages\"]"), "/waive/0", "did you mean \"no_damage\"?"));
    CHECK(says(changed("/pack/override/cell[17]", "{}"), "/pack/override/cell[17]", "cell[1] .. cell[16]"));
    CHECK(says(changed("/pack/override/sell[7]", "{}"), "/pack/override/sell[7]", "not of the form cell[<n>]"));
    CHECK(says(changed("/pack/wiring/W17", "{\"tap\": 3}"), "/pack/wiring/W17", "W0 .. W16"));
    CHECK(says(changed("/pack/wiring/B+", "{\"tap\": 3}"), "/pack/wiring/B+/tap", "only sampling leads"));
}

TEST_CASE("models are found by name or not at all") {
    CHECK(says(changed("/pack/model", "lfp-101ah"), "/pack/model", "is not found among cells; searched: "));
    CHECK(says(changed("/pack/board/product", "R24TX"), "/pack/board/product", "is not found among boards"));
    CHECK(says(changed("/pack/board/profile", "feld"), "/pack/board/profile", "is not found among profiles"));
    CHECK(says(changed("/pack/board/product", "R24TK1A-24S-100A"), "/pack/board/product", "150 V parts"));
    CHECK(changed("/pack/board", "none").errors.size() == 1);  // wiring without a board
}

TEST_CASE("what comes later is refused by name") {
    for (const char* key : {"sweep", "vary", "samples", "corners", "design"})
        CHECK(says(changed(std::string("/") + key, "{}"), std::string("/") + key, "is not part of this version yet"));
}

TEST_CASE("a protocol's errors have place, value and what is allowed") {
    const auto step = [](const std::string& text) { return changed("/protocol", "{\"steps\": [" + text + "]}"); };
    const char* const good = R"("Discharge at 1C until 48 V")";
    CHECK(step(good).errors.empty());
    CHECK(step(R"({"charge_A": 10, "until": {"truth.cell.v_max_V": 3.6}, "max_s": 10, "limit": {"v_V": 58}})")
              .errors.empty());
    CHECK(says(step(R"({"charge_A": 10})"), "/protocol/steps/0", "nothing ends this step: add until or max_s"));
    CHECK(says(step(R"({"charge_A": -10, "max_s": 1})"), "/protocol/steps/0/charge_A", "above 0 .. 100000 A"));
    CHECK(says(step(R"({"id": "x", "charge_C": 5000, "max_s": 1})"), "/protocol/steps/x/charge_C", "above 0 .. 1000"));
    CHECK(says(step(R"({"hold_V": 2000, "max_s": 1})"), "/protocol/steps/0/hold_V", "allowed is 0.1 .. 1000 V"));
    CHECK(says(step(R"({"power_W": 0, "max_s": 1})"), "/protocol/steps/0/power_W", "must not be 0"));
    CHECK(says(step(R"({"charge_A": 10, "discharge_A": 10, "max_s": 1})"), "/protocol/steps/0",
               "may have only one of the keys charge_A"));
    CHECK(says(step(R"({"max_s": 1})"), "/protocol/steps/0", "needs one of the keys charge_A"));
    CHECK(says(step(R"({"rest_s": 5, "max_s": 1})"), "/protocol/steps/0/max_s", "a rest has its time"));
    CHECK(says(step(R"({"charge_A": 1, "max_s": 1, "limit": {"i_A": 1}})"), "/protocol/steps/0/limit/i_A",
               "hold and power steps"));
    CHECK(says(step(R"({"hold_V": 50, "max_s": 1, "limit": {"v_V": 1}})"), "/protocol/steps/0/limit/v_V",
               "current, power and profile"));
    CHECK(says(step(R"({"hold_V": 50, "max_s": 1, "limit": {"i_A": 1, "i_C": 1}})"), "/protocol/steps/0/limit/i_C",
               "exactly one may be given"));
    CHECK(says(step(R"({"hold_V": 50, "max_s": 1, "limit": {"i": 1}})"), "/protocol/steps/0/limit/i",
               "must be i_A, i_C, v_V or a channel"));
    CHECK(says(step(R"({"charge_A": 1, "until": {"v": 1}})"), "/protocol/steps/0/until/v", "must be a channel"));
    CHECK(says(step(R"({"profile": "nowhere.csv"})"), "/protocol/steps/0/profile", "is not found; searched"));
    CHECK(says(step(R"("Discharg at 1C until 2.5 V")"), "/protocol/steps/0",
               "must begin with Discharge, Charge, Hold or Rest"));
    CHECK(says(step(R"x("Rest for 1 hour (1 minute period)")x"), "/protocol/steps/0", "record.period_s"));
    CHECK(says(step(R"({"id": "a", "rest_s": 1}, {"id": "a", "rest_s": 1})"), "/protocol/steps/a/id", "used twice"));
    CHECK(says(changed("/protocol", "{\"repeat\": 0, \"steps\": [\"Rest for 1 s\"]}"), "/protocol/repeat",
               "allowed is 1 .. 100000"));
    CHECK(says(changed("/protocol", "{\"repeat\": 100000, \"steps\": [\"Rest for 1 s\", \"Rest for 1 s\"]}"),
               "/protocol/repeat", "at most 100000"));
    CHECK(says(changed("/protocol", "{}"), "/protocol", "\"steps\" is missing"));
}

TEST_CASE("duplicate ids and keys") {
    CHECK(says(changed("/events/more/id", "short"), "/events/short/id", "is used twice"));
    CHECK(says(load(with("\"seed\": 7", "\"seed\": 7, \"seed\": 8")), "", "duplicate key \"seed\""));
    CHECK(says(changed("/id", "\"../../etc/passwd\""), "/id", "must be letters"));
}

TEST_CASE("several packs need names") {
    const std::string two = with("\"pack\": {\"cells\"",
                                 "\"packs\": [{\"cells\": \"16S\", \"model\": \"lfp-100ah\"}], \"pack\": {\"cells\"");
    CHECK(says(load(two), "", "exactly one of \"pack\" and \"packs\""));
    std::string text =
        R"({"bmstwin": 1, "id": "x", "duration_s": 1, "packs": [{"cells": "16S", "model": "lfp-100ah"}, {"id": "b", "cells": "16S", "model": "lfp-100ah"}], "expect": [{"verdict": "NORMAL"}]})";
    CHECK(says(load(text), "/packs/0", "\"id\" is missing"));
}

TEST_CASE("garbage of every size is refused quickly with a short answer") {
    CHECK(load("").errors.size() == 1);
    CHECK(load("{").errors.size() == 1);
    CHECK(load("[1,2").errors.size() == 1);
    CHECK(load("nonsense").errors.at(0).line == 1);
    CHECK(load("{\n\"a\": 1,\n\"b\": }").errors.at(0).line == 3);
    CHECK(load("1").errors.at(0).message.find("must be an object") != std::string::npos);
    CHECK(load("\xff\xfe\x00").errors.size() == 1);
    CHECK(load("{\"a\": 1e999}").errors.size() == 1);
    const std::string deep_list(100000, '[');
    CHECK(says(load(deep_list), "", "nested deeper than 64"));
    std::string deep_object;
    for (int k = 0; k < 100000; ++k) deep_object += "{\"a\":";
    CHECK(says(load(deep_object), "", "nested deeper than 64"));
    CHECK(says(load(std::string(10 << 20, 'x')), "", "at most 4194304 are read"));
    std::string many = "[0";
    for (int k = 0; k < 500000; ++k) many += ",0";
    CHECK(says(load(many + "]"), "", "more than 400000 values"));
    std::string keys = "{\"k0\":0";
    for (int k = 1; k < 200000; ++k) keys += ",\"k" + std::to_string(k) + "\":0";
    const LoadResult r = load(keys + "}");
    CHECK(r.errors.size() <= 101);
    CHECK(r.errors.back().message.find("more errors") != std::string::npos);
    std::string wide =
        with("\"tags\": [\"short\"]", "\"tags\": [" + std::string(1000, '[') + std::string(1000, ']') + "]");
    CHECK(says(load(wide), "", "nested deeper"));
}

TEST_CASE("errors of all files are listed, and ids must differ between files") {
    namespace fs = std::filesystem;
    const test::Folder folder;
    const fs::path& dir = folder.path;
    fs::create_directories(dir / "sub");
    const auto write = [&](const char* name, const std::string& text) {
        std::ofstream(dir / name) << text;
        return (dir / name).string();
    };
    const std::string a = write("a.scenario.json", k_good);
    const std::string b = write("sub/b.scenario.json", k_good);
    write("notes.json", "{}");
    const LoadResult twice = load_files({a, b}, {});
    CHECK(twice.scenarios.empty());
    CHECK(says(twice, "/id", "is also used by"));
    const std::string c = write("sub/b.scenario.json", "{");
    const std::string d = write("d.scenario.json", with("\"seed\": 7", "\"sed\": 7"));
    const LoadResult bad = load_files({a, c, d, (dir / "none").string(), dir.string()}, {});
    CHECK(bad.scenarios.empty());
    CHECK(bad.errors.size() == 4);
    std::vector<Diagnostic> errors;
    CHECK(find_scenario_files({dir.string(), a}, errors).size() == 3);
    CHECK(errors.empty());
    find_scenario_files({(dir / "none").string()}, errors);
    CHECK(errors.size() == 1);
}

TEST_CASE("a series from a CSV beside the scenario") {
    namespace fs = std::filesystem;
    const test::Folder folder;
    const fs::path& dir = folder.path;
    std::ofstream(dir / "day.csv") << "t_s,board_degC,cells_degC\n0,20,21\n3600,50,31\n";
    const std::string file = (dir / "a.scenario.json").string();
    std::ofstream(file) << with("\"board_degC\": 60",
                                "\"board_degC\": {\"profile\": \"day.csv\", \"column\": \"cells_degC\"}");
    const LoadResult r = load_files({file}, {});
    REQUIRE_MESSAGE(r.errors.empty(), all_text(r));
    CHECK(sc::value_at(r.scenarios[0].scenario.environment.board_degC, 1800 * base::k_s) == doctest::Approx(26));
    CHECK(r.scenarios[0].effective_json.find("day.csv") != std::string::npos);
    sc::Series s;
    std::ofstream(dir / "bad.csv") << "t_s,x\n0,1\n0,2\n";
    CHECK(read_series((dir / "bad.csv").string(), s).find("bad.csv:3") != std::string::npos);
    s.column = "y";
    CHECK(read_series((dir / "bad.csv").string(), s).find("no column") != std::string::npos);
    CHECK(says(load(with("\"board_degC\": 60", "\"board_degC\": {\"profile\": \"day.csv\"}")),
               "/environment/board_degC/profile", "is not found"));
}

TEST_CASE("the current directory is never searched") {
    namespace fs = std::filesystem;
    const test::Folder folder;
    const fs::path& dir = folder.path;
    std::ofstream(dir / "stray-cell.json") << "{}";
    const fs::path before = fs::current_path();
    fs::current_path(dir);
    const LoadResult r = changed("/pack/model", "stray-cell");
    const LoadResult path = changed("/pack/model", "stray-cell.json");
    fs::current_path(before);
    CHECK(says(r, "/pack/model", "is not found"));
    CHECK(says(path, "/pack/model", "is not found"));
}

TEST_CASE("requirement profiles are valid and differ where they should") {
    const SearchPath path = search_path({}, {});
    const Result<sc::RequirementFile> field = read_model<sc::RequirementFile>(path.find("profiles", "field"));
    const Result<sc::RequirementFile> manual = read_model<sc::RequirementFile>(path.find("profiles", "manual"));
    REQUIRE(field.ok());
    REQUIRE(manual.ok());
    CHECK(field.value.scd.level == 4.0);
    CHECK(manual.value.scd.level == 1.5);
    CHECK(field.value.LFP.cov.level + field.value.LFP.cov.tol <= field.value.LFP.v_ul_V - 0.015 + 1e-12);
    CHECK(manual.value.LFP.cov.level == 3.75);
    const Result<sc::RequirementFile> bad =
        read_model_text<sc::RequirementFile>(R"({"id": "x", "sours": "y"})", "x.json");
    CHECK(bad.errors.size() >= 7);
}
