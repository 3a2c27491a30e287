// Is the harness what the core believes it is: sampling range, cell count, open leads.
//
// The open-wire test of the AFE (COW) pulls 100 uA out of every pin C1..C24 for one second. Behind 1 kOhm a healthy pin
// falls by 100 mV, which cancels between neighbours: only cell 1 reads 100 mV low, and the top cell lower still, as the
// spare pins above it share its lead (up to 0.9 V on a 16S board). An open pin discharges its 0.1 uF at 1 V/ms to the
// clamp: its channel falls to 0 and the next one rises to the sum. What the test costs: for 1 s cell 1 and the top cell
// can't be read directly (the core subtracts the shift learned at start, and holds them for 135 ms at both ends), the
// AFE's own over-voltage comparator is blind for these two, and 2.5 mA flow. One test each 1.67 s finds an open lead
// within 2 s. If the core hangs, no test runs and the AFE's comparators see all cells.
#pragma once
#include "core/state.hpp"

namespace bms {

// raw_dmV -> v_dmV: removes what the open-wire test and the balancer do to the readings; holds undefined ones.
void wiring_correct(State& s);
// Evaluates a block: open-wire test first, then range, then count.
void wiring_check(Step& t);
// Starts the next open-wire test when it is due.
void wiring_next(State& s);
// Channels that a known open lead makes meaningless, bit k-1.
std::uint32_t wiring_dead(const State& s);
// A test is running or its after-effect lasts.
bool wiring_busy(const State& s);
bool wiring_fault(const State& s);
// Enough is known about the harness to close the MOSFETs.
bool wiring_known(const State& s);

}  // namespace bms
