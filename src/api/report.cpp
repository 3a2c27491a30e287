// SPDX-License-Identifier: Apache-2.0
#include <twin/report.hpp>

#include <fmt/format.h>

#include <filesystem>
#include <system_error>

#include <twin/error.hpp>
#include "io/atomic_file.hpp"
#include "io/channel_list.hpp"
#include "io/check_text.hpp"
#include "io/html_report.hpp"
#include "io/junit.hpp"
#include "io/summary.hpp"
#include "io/trace_csv.hpp"
#include "io/verdict_table.hpp"

namespace twin {
namespace {

namespace fs = std::filesystem;

// An id becomes the name of a folder: it may not leave the one it belongs to.
fs::path folder_of(const std::string& dir, const std::string& id) {
    const bool plain =
        !id.empty() && id != "." && id != ".." && id.find_first_of(std::string("/\\\0", 3)) == std::string::npos;
    if (!plain) throw FileError(fmt::format("the id '{}' cannot be the name of a folder", id));
    return fs::path(dir) / id;
}

// Bursts of an earlier run that this one did not have would be read as its own.
void remove_stale_bursts(const fs::path& folder, const RunResult& result) {
    std::error_code error;
    for (const fs::directory_entry& entry : fs::directory_iterator(folder, error)) {
        const std::string name = entry.path().filename().string();
        if (name.rfind("burst-", 0) != 0 || entry.path().extension() != ".csv") continue;
        bool current = false;
        for (const Trace& t : result.traces) current = current || io::trace_file_name(t) == name;
        if (!current) fs::remove(entry.path(), error);
    }
}

}  // namespace

std::string write_evidence(const RunResult& result, const std::string& dir) {
    const fs::path folder = folder_of(dir, result.id);
    io::write_file((folder / "events.jsonl").string(), io::events_jsonl(result));
    remove_stale_bursts(folder, result);
    for (const Trace& trace : result.traces) io::write_trace_csv(trace, (folder / io::trace_file_name(trace)).string());
    // Last: who finds a summary finds everything it speaks of.
    io::write_file((folder / "summary.json").string(), io::summary_json(result, true));
    return folder.string();
}

std::string summary_json(const RunResult& result, bool host) { return io::summary_json(result, host); }

void write_junit(const std::vector<RunResult>& results, const std::string& file) {
    io::write_file(file, io::junit_xml(results));
}

void write_html(const std::vector<RunResult>& results, const std::string& file) {
    io::write_file(file, io::html_report(results));
}

std::string verdict_table(const std::vector<RunResult>& results, bool colour, int width) {
    return io::verdict_table(results, colour, width);
}

std::string margin_text(const CheckResult& check) { return io::margin_text(check); }

std::string channels_table(const std::vector<ChannelInfo>& channels) { return io::channels_table(channels); }
std::string channels_json(const std::vector<ChannelInfo>& channels) { return io::channels_json(channels); }

}  // namespace twin
