// The AFE driver: one transfer at a time, by bytes, each checked.
#pragma once
#include "core/state.hpp"

namespace bms {

// Starts the bring-up sequence of the AFE anew (power-on, lost configuration, bus back after a fault).
void driver_boot(State& s);
// Takes a completed transfer or its absence; afterwards Measure, flags and Driver are up to date. Sets State::fresh
// when a whole measurement block came in.
void driver_complete(Step& t);
// Posts the next transfer if the bus is idle and one is due.
void driver_post(Step& t);
// Instant at which the driver must be called again (retry, time-out).
std::uint64_t driver_next_us(const State& s);
// Asks for a drive code pair; posts a write if it differs from what was last acknowledged.
void driver_fets(State& s, std::uint8_t chg, std::uint8_t dsg);
// The wanted configuration from parameters, over the unnamed bits that were read. Marks it for writing.
void driver_configure(State& s);

// Bits that the core sets in a configuration register, and their value.
struct CfgField {
    std::uint8_t reg;
    std::uint8_t mask;
    std::uint8_t value;
};
inline constexpr std::uint32_t kCfgFieldN = 35;
std::uint32_t driver_fields(const State& s, CfgField (&f)[kCfgFieldN]);

}  // namespace bms
