// Qualification after start, idle time, sleep and wake.
#pragma once
#include "core/state.hpp"

namespace bms {

// Inputs that wake or command: before the driver runs.
void power_inputs(Step& t);
// After measurement and protection: qualification, idle, sleep.
void power_step(Step& t);
// Scans run in this mode.
bool power_scans(const State& s);
bool power_asleep(const State& s);

}  // namespace bms
