// SPDX-License-Identifier: Apache-2.0
#include "cli/commands.hpp"

#include <fmt/format.h>
#include <fnmatch.h>

#include <algorithm>
#include <cstdio>

#include "cli/suggest.hpp"

namespace twin::cli {
namespace {

[[noreturn]] void reject(const std::string& option, const std::string& message) {
    throw InputError({Diagnostic{Diagnostic::Severity::error, option, "", message, 0, 0}});
}

void print(const std::string& text) { std::fwrite(text.data(), 1, text.size(), stdout); }

}  // namespace

void print_diagnostics(const std::vector<Diagnostic>& found) {
    for (const Diagnostic& d : found) fmt::print(stderr, "{}\n", to_string(d));
}

LoadOptions load_options(const Selection& selection) {
    LoadOptions options;
    options.model_dirs = selection.models;
    options.seed = selection.seed;
    for (const std::string& s : selection.set) {
        const std::size_t equal = s.find('=');
        if (equal == std::string::npos || equal == 0)
            reject("--set", fmt::format("'{}' is not pointer=value, e.g. /events/short/r_mohm=5", s));
        options.set.emplace_back(s.substr(0, equal), s.substr(equal + 1));
    }
    return options;
}

std::vector<Scenario> select(const Selection& selection) {
    const std::vector<std::string> files = find_scenarios(selection.paths);
    if (files.empty()) reject("PATH", "there is no *.scenario.json below the given paths");
    const std::vector<Scenario> all = load(files, load_options(selection));
    std::vector<Scenario> selected;
    std::vector<std::string> tags, ids;
    for (const Scenario& s : all) {
        tags.insert(tags.end(), s.tags().begin(), s.tags().end());
        ids.push_back(s.id());
        const bool tagged =
            selection.tag.empty() || std::find(s.tags().begin(), s.tags().end(), selection.tag) != s.tags().end();
        const bool named = selection.filter.empty() || fnmatch(selection.filter.c_str(), s.id().c_str(), 0) == 0;
        if (tagged && named) selected.push_back(s);
    }
    if (!selected.empty()) return selected;
    std::string message = fmt::format("none of {} scenarios is selected", all.size());
    const std::string tag = selection.tag.empty() ? "" : nearest(selection.tag, tags);
    const std::string id = selection.filter.empty() ? "" : nearest(selection.filter, ids);
    if (!tag.empty() && tag != selection.tag) message += fmt::format("; did you mean --tag {}?", tag);
    if (!id.empty() && id != selection.filter) message += fmt::format("; did you mean --filter {}?", id);
    reject(selection.tag.empty() ? "--filter " + selection.filter : "--tag " + selection.tag, message);
}

int list_command(const Selection& selection) {
    const std::vector<Scenario> scenarios = select(selection);
    std::size_t width = 0;
    for (const Scenario& s : scenarios) width = std::max(width, s.id().size());
    for (const Scenario& s : scenarios) {
        std::string tags;
        for (const std::string& t : s.tags()) tags += (tags.empty() ? "" : " ") + t;
        fmt::print("{:<{}}  {}{}\n", s.id(), width, s.title(), tags.empty() ? "" : "  [" + tags + "]");
    }
    return 0;
}

int channels_command(const std::string& file, const Selection& selection, const std::string& core, bool json) {
    RunOptions options;
    options.core_library = core;
    const Simulation simulation(Scenario::from_file(file, load_options(selection)), options);
    const std::vector<ChannelInfo> channels = simulation.channels();
    print(json ? channels_json(channels) : channels_table(channels));
    return 0;
}

int validate_command(const Selection& selection) {
    const std::vector<std::string> files = find_scenarios(selection.paths);
    if (files.empty()) reject("FILE", "there is no *.scenario.json below the given paths");
    const std::vector<Diagnostic> found = validate(files, load_options(selection));
    print_diagnostics(found);
    const auto is_error = [](const Diagnostic& d) { return d.severity == Diagnostic::Severity::error; };
    const auto errors = std::count_if(found.begin(), found.end(), is_error);
    if (errors > 0) {
        fmt::print(stderr, "{} error{} in {} file{}\n", errors, errors == 1 ? "" : "s", files.size(),
                   files.size() == 1 ? "" : "s");
        return k_bad_input;
    }
    fmt::print("{} file{} valid\n", files.size(), files.size() == 1 ? "" : "s");
    return 0;
}

int show_command(const std::string& file, const Selection& selection, bool origin) {
    std::string text = Scenario::from_file(file, load_options(selection)).effective_json(origin);
    if (text.empty() || text.back() != '\n') text += '\n';
    print(text);
    return 0;
}

int schema_command() {
    std::string text = schema();
    if (text.empty() || text.back() != '\n') text += '\n';
    print(text);
    return 0;
}

int version_command() {
    for (const NamedText& v : versions()) fmt::print("{} {}\n", v.name, v.value);
    return 0;
}

}  // namespace twin::cli
