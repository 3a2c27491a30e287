// Active balancing by the product's rule: the highest cell gives to the lowest if it has reached the balance-on voltage
// and the difference is at least the balance difference. One pair for one slot: pause, settle, measure, transfer.
//
// While 1.1 A flows through sampling leads, the readings of both cells and of their neighbours are off by the drop of
// the shared leads. The decision uses readings of the pause only. Protection keeps working in the transfer: the change
// of the affected channels when the transfer starts, less the mean change of the others, is subtracted until it ends.
#pragma once
#include "core/state.hpp"

namespace bms {

// Learns the shift once per transfer; `blind` while the open-wire test makes the ends unreadable.
void balance_learn(State& s, bool blind);
// Corrects channel k (0-based) in v; true if the channel is undefined now and its old value should be kept.
bool balance_correct(const State& s, std::uint32_t k, std::uint16_t& v);
// Runs the slot on a fresh block. `locked`: something forbids balancing.
void balance_step(Step& t, bool locked);
// Wake-up that the slot needs, BMS_NEVER if the scan is enough.
bool balance_active(const State& s);

}  // namespace bms
