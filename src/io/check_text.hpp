// SPDX-License-Identifier: Apache-2.0
// Checks in words, the same in the terminal, in JUnit and in the report.
#pragma once
#include <string>

#include "sim/result.hpp"

namespace twin::io {

/// "pass", "FAIL", "VACUOUS", "skipped" or "waived".
const char* check_state(const sim::CheckResult& check);
/// "+16 us", "-0.02 V", or "" if the check has no margin.
std::string margin_text(const sim::CheckResult& check);
/// Value with unit, or its text, or "".
std::string value_text(const sim::CheckResult& check);
/// "pass  opens  margin +16 us  value 200 us at 1.0002 s  (reason)".
std::string check_line(const sim::CheckResult& check);
/// The counted check with the least margin relative to its value, or null: the tightest of the run.
const sim::CheckResult* tightest(const sim::RunResult& result);
/// Margin relative to the larger of value and margin, -1 .. 1; how full the bar of a margin is drawn.
double relative_margin(const sim::CheckResult& check);

}  // namespace twin::io
