// SPDX-License-Identifier: Apache-2.0
// Events and checks: what they refer to must exist, and states of the plant may not be written.
#pragma once
#include "io/json_reader.hpp"
#include "scenario/scenario.hpp"

namespace twin::io {

void check_events(scenario::Scenario& s, Findings& f);
void check_expect(scenario::Scenario& s, Findings& f);

}  // namespace twin::io
