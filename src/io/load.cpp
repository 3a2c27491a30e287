// SPDX-License-Identifier: Apache-2.0
#include "io/load.hpp"

#include <algorithm>
#include <filesystem>
#include <system_error>

#include <fmt/format.h>

#include "io/json_printer.hpp"
#include "io/json_reader.hpp"
#include "io/validate.hpp"
#include "scenario/describe_scenario.hpp"

namespace twin::io {

namespace {

namespace fs = std::filesystem;

void apply_settings(Json& root, const LoadOptions& options, Findings& findings) {
    for (const auto& [pointer, word] : options.set) {
        const std::string error = set_pointer(root, pointer, value_of_word(word));
        if (!error.empty()) findings.error(pointer, nullptr, "--set: " + error);
    }
    if (options.seed) {
        Json seed = Json::of(static_cast<std::int64_t>(*options.seed & 0x1fffffffffffffULL));
        set_pointer(root, "/seed", std::move(seed));
        if (*options.seed > 9007199254740992ULL)
            findings.error("/seed", nullptr,
                           fmt::format("--seed {} is out of range; allowed is 0 .. 9007199254740992", *options.seed));
    }
}

void sort_into(std::vector<Diagnostic> found, LoadResult& r, std::vector<Diagnostic>* warnings) {
    for (Diagnostic& d : found) {
        if (d.severity == Diagnostic::Severity::error) {
            r.errors.push_back(std::move(d));
        } else {
            r.warnings.push_back(d);
            warnings->push_back(std::move(d));
        }
    }
}

/// A series read from a CSV is shown by its file, not by its rows.
void hide_rows(scenario::Scenario& s) {
    const auto hide = [](scenario::Series& x) {
        if (!x.csv.empty()) x.points.clear();
    };
    hide(s.environment.board_degC);
    hide(s.environment.cells_degC);
    for (scenario::Charger& c : s.chargers) hide(c.cc_A);
    for (scenario::Load& l : s.loads) {
        if (auto* k = std::get_if<scenario::CurrentLoad>(&l.kind)) hide(k->cc_A);
        if (auto* k = std::get_if<scenario::PowerLoad>(&l.kind)) hide(k->power_W);
        if (auto* k = std::get_if<scenario::CapacitorLoad>(&l.kind)) hide(k->idle_A);
    }
    for (std::size_t k = 0; s.protocol && k < s.protocol->steps.size(); ++k) {
        if (auto* x = std::get_if<scenario::CurrentProfile>(&s.protocol->steps[k].drive)) x->series.points.clear();
    }
}

/// Reads one document into r.scenarios; its findings go to r.errors and r.warnings.
void load_document(Json root, const std::string& name, const SearchPath& path, const LoadOptions& options,
                   LoadResult& r) {
    Findings findings(name);
    LoadedScenario loaded;
    scenario::Scenario& s = loaded.scenario;
    if (root.is_object()) apply_settings(root, options, findings);
    JsonReader::read(root, "", findings, s);
    s.file = name;
    s.model_dirs = path.dirs;
    if (!findings.any_error()) complete_and_validate(s, path, findings);
    const bool ok = !findings.any_error();
    sort_into(findings.take(), r, &loaded.warnings);
    if (!ok) return;
    scenario::Scenario shown = s;
    hide_rows(shown);
    loaded.effective_json = print_json(JsonPrinter::print(shown, &root, false));
    loaded.effective_origin_json = print_json(JsonPrinter::print(shown, &root, true));
    s.effective_json = loaded.effective_json;
    r.scenarios.push_back(std::move(loaded));
}

}  // namespace

LoadResult load_text(std::string_view text, const std::string& name, const LoadOptions& options) {
    LoadResult r;
    Json root;
    Diagnostic d;
    d.file = name;
    if (!parse_json(text, {}, &root, &d)) {
        r.errors.push_back(std::move(d));
        return r;
    }
    const bool has_folder = fs::path(name).has_parent_path();
    load_document(std::move(root), name, search_path(has_folder ? name : std::string(), options.model_dirs), options,
                  r);
    return r;
}

LoadResult load_files(const std::vector<std::string>& files, const LoadOptions& options) {
    LoadResult r;
    for (const std::string& file : files) {
        Json root;
        Diagnostic d;
        if (!read_json(file, {}, &root, &d)) {
            r.errors.push_back(std::move(d));
            continue;
        }
        load_document(std::move(root), file, search_path(file, options.model_dirs), options, r);
    }
    std::vector<std::pair<std::string, std::string>> ids;  // id, file
    for (const LoadedScenario& s : r.scenarios) ids.emplace_back(s.scenario.id, s.scenario.file);
    std::sort(ids.begin(), ids.end());
    for (std::size_t k = 1; k < ids.size(); ++k)
        if (ids[k].first == ids[k - 1].first)
            r.errors.push_back({Diagnostic::Severity::error, ids[k].second, "/id",
                                fmt::format("id \"{}\" is also used by {}", ids[k].first, ids[k - 1].second), 0, 0});
    if (!r.errors.empty()) r.scenarios.clear();
    return r;
}

std::vector<std::string> find_scenario_files(const std::vector<std::string>& paths, std::vector<Diagnostic>& errors) {
    std::vector<std::string> files;
    const auto complain = [&](const std::string& p, std::string why) {
        errors.push_back({Diagnostic::Severity::error, p, "", std::move(why), 0, 0});
    };
    for (const std::string& p : paths) {
        std::error_code ec;
        const fs::file_status st = fs::status(p, ec);
        if (!fs::exists(st)) {
            complain(p, "does not exist");
        } else if (fs::is_directory(st)) {
            const std::size_t before = files.size();
            fs::recursive_directory_iterator it(p, fs::directory_options::skip_permission_denied, ec);
            for (const fs::recursive_directory_iterator end; !ec && it != end; it.increment(ec)) {
                std::error_code ignored;
                if (it->is_regular_file(ignored) && it->path().filename().string().ends_with(".scenario.json"))
                    files.push_back(it->path().string());
            }
            if (ec)
                complain(p, "cannot be read: " + ec.message());
            else if (files.size() == before)
                complain(p, "holds no *.scenario.json");
        } else {
            files.push_back(p);
        }
    }
    const auto same_name = [](const std::string& f) { return fs::path(f).lexically_normal().string(); };
    std::sort(files.begin(), files.end(),
              [&](const std::string& a, const std::string& b) { return same_name(a) < same_name(b); });
    files.erase(std::unique(files.begin(), files.end(),
                            [&](const std::string& a, const std::string& b) { return same_name(a) == same_name(b); }),
                files.end());
    return files;
}

}  // namespace twin::io
