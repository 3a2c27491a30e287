// SPDX-License-Identifier: Apache-2.0
// What a scenario must satisfy beyond types and ranges: ids, references between its parts, models that exist, and what
// this version can do. Also fills what the file leaves to be derived (ids, series and parallel count, compiled
// conditions).
#pragma once
#include "io/json_reader.hpp"
#include "io/load.hpp"
#include "scenario/scenario.hpp"

namespace twin::io {

void complete_and_validate(scenario::Scenario& s, const SearchPath& path, Findings& findings);

/// "16S1P" -> 16, 1; false if it is no such text or a count is out of range (1 .. 24 in series, 1 .. 1000 in parallel).
bool parse_cells(std::string_view text, int* series, int* parallel);

/// Fills the points of a series from its CSV: time column in seconds, value column by name (second by default).
/// Returns an error message, empty if done.
std::string read_series(const std::string& file, scenario::Series& s);

}  // namespace twin::io
