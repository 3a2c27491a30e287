// Non-volatile memory: parameters (two copies) and counters (rotating pages).
//
// Layout, pages of 128..512 bytes: 0..m-1 and m..2m-1 hold parameter copies (m pages for one), the rest rotates counter
// records: state of charge, trips, the short-circuit lock. Each record carries a sequence number and a CRC32; the valid
// one with the highest number counts. Fewer than 2m+2 pages: nothing is kept, fault.nvm stays 0, parameters are
// presets.
#pragma once
#include "core/state.hpp"

namespace bms {

std::int32_t nvm_load_params(State& s, const bms_port& port);
std::int32_t nvm_save_params(State& s, const bms_port& port);
bool nvm_load_counters(State& s, const bms_port& port);
void nvm_save_counters(Step& t);
// Saves counters when something worth keeping happened.
void nvm_step(Step& t);

}  // namespace bms
