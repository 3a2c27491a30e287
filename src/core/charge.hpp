// State of charge: coulomb counting, calibrated at full and at empty.
#pragma once
#include "core/state.hpp"

namespace bms {

// Integrates the block's current; calibrates.
void charge_step(Step& t);
// First guess from open-circuit voltages when nothing was stored.
void charge_guess(State& s);
void charge_set(State& s, std::int32_t soc_cpct);
// Hundredths of a percent, 0..10000.
std::int32_t charge_soc_cpct(const State& s);
std::int32_t charge_mAh(const State& s);

}  // namespace bms
