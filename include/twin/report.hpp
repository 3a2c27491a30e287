// SPDX-License-Identifier: Apache-2.0
// Verb `report`: evidence as files and text. Every file is written under a temporary name and renamed when complete; a
// failure is a FileError and leaves nothing behind.
#pragma once
#include <string>
#include <vector>

#include <twin/result.hpp>
#include <twin/types.hpp>

namespace twin {

/// DIR/<id>/summary.json, events.jsonl, trace.csv and burst-<n>.csv; returns the folder.
std::string write_evidence(const RunResult& result, const std::string& dir);
/// The text of summary.json. Without `host`, the part that is equal to the byte between runs.
std::string summary_json(const RunResult& result, bool host = true);
/// JUnit XML: one test suite, one test case per scenario; ERROR becomes <error>, a failed expectation <failure>.
void write_junit(const std::vector<RunResult>& results, const std::string& file);
/// One self-contained HTML page (no network) about all runs.
void write_html(const std::vector<RunResult>& results, const std::string& file);

/// Verdict table for a terminal, with the failed checks of every run that did not pass. `colour` adds ANSI colours;
/// `width` columns are kept, 0: unlimited.
std::string verdict_table(const std::vector<RunResult>& results, bool colour = false, int width = 0);
/// "+16 us" or "-0.02 V": a check's margin with a readable prefix; "" if it has none.
std::string margin_text(const CheckResult& check);
/// Channels and settable targets as an aligned table, or as a JSON array of objects with the members' names as keys.
std::string channels_table(const std::vector<ChannelInfo>& channels);
std::string channels_json(const std::vector<ChannelInfo>& channels);

}  // namespace twin
