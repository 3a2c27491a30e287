// SPDX-License-Identifier: Apache-2.0
// The verdict table at the end of `run`, as text for a terminal.
#pragma once
#include <string>
#include <vector>

#include "sim/result.hpp"

namespace twin::io {

/// One line per run (result, id, verdict, tightest margin, simulated time, speed), then for every run that did not pass
/// its failed checks. `colour` adds ANSI colours; `width` columns are kept, 0: unlimited.
std::string verdict_table(const std::vector<sim::RunResult>& results, bool colour, int width);

}  // namespace twin::io
