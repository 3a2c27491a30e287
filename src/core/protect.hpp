// Protections of the firmware and the AFE's latched ones; recovery by evidence.
//
// Software levels act on every scan (100 ms) with their delays; the AFE's comparators stand behind them and are the
// only short-circuit protection. A latch is released by evidence: the load is gone (P- has fallen to B- while discharge
// is off), current flows the other way, the charger is gone, or the quantity itself is back; time is a necessary
// condition at most.
#pragma once
#include "core/state.hpp"

namespace bms {

void protect_check(Step& t);
void protect_recover(Step& t);
// Command `clear_faults` or the key.
void protect_clear(Step& t, std::int32_t reason);
// Charge (discharge) would flow now if it were not blocked.
bool charge_requested(const State& s);
bool discharge_requested(const State& s);

}  // namespace bms
