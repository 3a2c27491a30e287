// SPDX-License-Identifier: Apache-2.0
// Scenario files to plain structs. Nothing is thrown but std::bad_alloc; every finding of every file is a Diagnostic.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <twin/error.hpp>
#include <twin/scenario.hpp>

#include "scenario/scenario.hpp"

namespace twin::io {

/// Where models, boards and CSV files are looked for: beside the scenario, `--models`, BMSTWIN_PATH, the installation.
struct SearchPath {
    std::vector<std::string> dirs;  // in order; never the current directory unless it was named
    /// Path of a model file: `name` as path, or <dir>/<name>, <dir>/<kind>/<name>.json,
    /// <dir>/models/<kind>/<name>.json; empty: not found.
    std::string find(std::string_view kind, std::string_view name) const;
    std::vector<std::string> names(std::string_view kind) const;  // of all models of a kind, sorted
};
/// The spread that a chemistry's name alone stands for (lfp: lfp-new, ..); any other name as it is.
std::string spread_name(std::string_view name);
SearchPath search_path(const std::string& scenario_file, const std::vector<std::string>& model_dirs);

struct LoadedScenario {
    scenario::Scenario scenario;
    std::string effective_json;         // all defaults filled in
    std::string effective_origin_json;  // the same, every leaf {"value", "origin"}
    std::vector<Diagnostic> warnings;
};
struct LoadResult {
    std::vector<LoadedScenario> scenarios;  // empty if there is any error
    std::vector<Diagnostic> errors;
    std::vector<Diagnostic> warnings;
};

/// One scenario from JSON text; `name` stands for the file, models are searched beside it.
LoadResult load_text(std::string_view text, const std::string& name, const LoadOptions& options);
/// All files; errors of all files, duplicate ids across them included.
LoadResult load_files(const std::vector<std::string>& files, const LoadOptions& options);
/// Files of PATH arguments (a file, or all *.scenario.json below a folder), sorted, none twice.
std::vector<std::string> find_scenario_files(const std::vector<std::string>& paths, std::vector<Diagnostic>& errors);

/// JSON Schema (2020-12) of the scenario language, and its reference page (Markdown), both from the description.
std::string scenario_schema();
std::string scenario_reference();

}  // namespace twin::io
