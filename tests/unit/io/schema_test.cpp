// SPDX-License-Identifier: Apache-2.0
// Schema and reference page follow from the description; the committed page is current.
#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "io/json.hpp"
#include "io/load.hpp"

using namespace twin::io;  // NOLINT(google-build-using-namespace)

TEST_CASE("the schema is JSON, has every kind of event and check, and closes every object") {
    Json j;
    twin::Diagnostic d;
    REQUIRE(parse_json(scenario_schema(), {}, &j, &d));
    const Json* defs = j.find("$defs");
    REQUIRE(defs != nullptr);
    for (const char* name : {"scenario", "pack", "board", "event", "check", "condition", "load", "charger", "record"})
        CHECK_MESSAGE(defs->find(name) != nullptr, name);
    const std::string text = scenario_schema();
    for (const char* word : {"\"short\"", "\"swap\"", "\"command\"", "\"whenever\"", "\"settles\"", "\"r_ohm\"",
                             "\"at_us\"", "\"within_ms\""})
        CHECK_MESSAGE(text.find(word) != std::string::npos, word);
    for (const JsonMember& def : defs->members) {
        const Json* object = &def.value;
        if (const Json* forms = object->find("anyOf")) object = &forms->items.back();
        CHECK_MESSAGE(object->find("unevaluatedProperties") != nullptr, def.key);
    }
}

TEST_CASE("docs/scenario-reference.md is what the description says") {
    std::ifstream in(std::string(BMSTWIN_SOURCE_DIR) + "/docs/scenario-reference.md");
    std::stringstream text;
    text << in.rdbuf();
    if (text.str() != scenario_reference() && std::getenv("BMSTWIN_UPDATE") != nullptr)
        std::ofstream(std::string(BMSTWIN_SOURCE_DIR) + "/docs/scenario-reference.md") << scenario_reference();
    CHECK(text.str() == scenario_reference());
}

TEST_CASE("every shipped scenario is valid") {
    std::vector<twin::Diagnostic> errors;
    const std::vector<std::string> files =
        find_scenario_files({std::string(BMSTWIN_SOURCE_DIR) + "/scenarios"}, errors);
    CHECK(files.size() == 22);
    const LoadResult r = load_files(files, {});
    for (const twin::Diagnostic& e : r.errors) MESSAGE(e.file << " " << e.pointer << ": " << e.message);
    CHECK(r.errors.empty());
    for (const LoadedScenario& s : r.scenarios) {
        CHECK_MESSAGE(!s.scenario.why.empty(), s.scenario.id);
        CHECK_MESSAGE(!s.scenario.requirements.empty(), s.scenario.id);
        const LoadResult again = load_text(s.effective_json, s.scenario.file, {});
        for (const twin::Diagnostic& e : again.errors) MESSAGE(e.file << " " << e.pointer << ": " << e.message);
        REQUIRE(again.scenarios.size() == 1);
        CHECK(again.scenarios[0].effective_json == s.effective_json);
    }
}
