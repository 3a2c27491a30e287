// SPDX-License-Identifier: Apache-2.0
// One self-contained HTML page about runs: verdict table, then per run the checks with margins, the story of its
// events, plots, damage, applied settings, warnings, ledger and provenance. No network, light and dark, readable on a
// phone.
#pragma once
#include <string>
#include <vector>

#include "sim/result.hpp"

namespace twin::io {

std::string html_report(const std::vector<sim::RunResult>& results);

}  // namespace twin::io
