// SPDX-License-Identifier: Apache-2.0
// Events in words, for the log and the report.
#pragma once
#include <string>

#include "scenario/scenario.hpp"

namespace twin::scenario {

/// What the event does, as a phrase: "P+ and P- are shorted by 5 mOhm and 1 uH", "load[load]/cc_A steps to 30".
std::string describe(const Event& event);

}  // namespace twin::scenario
