// SPDX-License-Identifier: Apache-2.0
#include <twin/scenario.hpp>

#include "api/access.hpp"

namespace twin {
namespace {

Scenario single(io::LoadResult found) {
    if (!found.errors.empty()) throw InputError(std::move(found.errors));
    return detail::Access::scenario(std::move(found.scenarios.front()));
}

}  // namespace

Scenario Scenario::from_file(const std::string& path, const LoadOptions& options) {
    return single(io::load_files({path}, options));
}

Scenario Scenario::from_json(std::string_view text, const std::string& name, const LoadOptions& options) {
    return single(io::load_text(text, name, options));
}

const std::string& Scenario::id() const { return data_->loaded.scenario.id; }
const std::string& Scenario::title() const { return data_->loaded.scenario.title; }
const std::vector<std::string>& Scenario::tags() const { return data_->loaded.scenario.tags; }
const std::vector<std::string>& Scenario::requirements() const { return data_->loaded.scenario.requirements; }
const std::string& Scenario::file() const { return data_->loaded.scenario.file; }
double Scenario::duration_s() const { return static_cast<double>(data_->loaded.scenario.duration) / 1e9; }
const std::vector<Diagnostic>& Scenario::warnings() const { return data_->loaded.warnings; }

std::string Scenario::effective_json(bool origin) const {
    return origin ? data_->loaded.effective_origin_json : data_->loaded.effective_json;
}

std::vector<std::string> find_scenarios(const std::vector<std::string>& paths) {
    std::vector<Diagnostic> errors;
    std::vector<std::string> files = io::find_scenario_files(paths, errors);
    if (!errors.empty()) throw InputError(std::move(errors));
    return files;
}

std::vector<Scenario> load(const std::vector<std::string>& files, const LoadOptions& options) {
    io::LoadResult found = io::load_files(files, options);
    if (!found.errors.empty()) throw InputError(std::move(found.errors));
    std::vector<Scenario> scenarios;
    scenarios.reserve(found.scenarios.size());
    for (io::LoadedScenario& s : found.scenarios) scenarios.push_back(detail::Access::scenario(std::move(s)));
    return scenarios;
}

std::vector<Diagnostic> validate(const std::vector<std::string>& files, const LoadOptions& options) {
    io::LoadResult found = io::load_files(files, options);
    std::vector<Diagnostic> all = std::move(found.errors);
    all.insert(all.end(), found.warnings.begin(), found.warnings.end());
    std::vector<Scenario> scenarios;
    for (io::LoadedScenario& s : found.scenarios) scenarios.push_back(detail::Access::scenario(std::move(s)));
    for (Diagnostic& d : detail::build_errors(sim::make_run, scenarios, {})) all.push_back(std::move(d));
    return all;
}

std::string schema() { return io::scenario_schema(); }

}  // namespace twin
