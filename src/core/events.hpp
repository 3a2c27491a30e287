// The event log's lines. The order is the id (1..): append only. X(name, level, text); level 0 info, 1 alarm, 2
// protection, 3 fault.
#pragma once
#include <bms/core_api.h>

#include <cstdint>

namespace bms {

#define BMS_EVENTS(X)                                                                                           \
    X(power_on, 0, "controller started; %a = 1 with parameters from memory")                                    \
    X(afe_ready, 0, "front end configured and read back, after %a tries")                                       \
    X(afe_lost, 3, "front end does not answer, last transfer status %a, job %b")                                \
    X(afe_reset, 3, "front end lost its configuration: register %a differs by mask %b")                         \
    X(afe_stale, 3, "front end stopped converting, %a scans without a new voltage")                             \
    X(fets, 0, "MOSFET drive: charge %a, discharge %b (0 off, 2 automatic, 3 on)")                              \
    X(fet_mismatch, 3, "drivers do not follow: flags %a, command %b")                                           \
    X(trip, 2, "protection %a tripped at %b")                                                                   \
    X(trip_afe, 2, "front end reported flags %a")                                                               \
    X(release, 0,                                                                                               \
      "protection %a released, %b = evidence (1 load removed, 2 opposite current, 3 charger removed, 4 value)") \
    X(scd_retry, 1, "discharge closed again after a short circuit, try %a")                                     \
    X(locked, 3, "discharge locked after %a tries")                                                             \
    X(unlocked, 0, "lock released by %a (1 command, 2 key)")                                                    \
    X(wire_open, 3, "lead %a open, %b leads in all")                                                            \
    X(range, 3, "channels %a to %b outside the sampling range: leads swapped or open")                          \
    X(cell_count, 3, "cell count: channel %a reads %b mV")                                                      \
    X(wiring_ok, 0, "wiring passed its tests again")                                                            \
    X(ntc, 3, "temperature sensor fault, mask %a")                                                              \
    X(precharge, 0, "precharge ended after %a ms, P- at %b mV")                                                 \
    X(precharge_fault, 2, "precharge failed after %a ms, P- at %b mV")                                          \
    X(balance, 0, "balance from cell %a to cell %b")                                                            \
    X(full, 0, "full charge: state of charge was %a / 100 %")                                                   \
    X(empty, 0, "empty: state of charge was %a / 100 %")                                                        \
    X(sleep, 0, "asleep after %a s")                                                                            \
    X(wake, 0, "awake, reason %a")                                                                              \
    X(flag_stuck, 3, "flags %a of the front end cannot be cleared")                                             \
    X(nvm, 3, "memory: record not valid or page not written, %a")                                               \
    X(watchdog, 1, "the front end's bus watchdog had run out")

enum class E : std::uint16_t {
    none = 0,
#define BMS_X(name, level, text) name,
    BMS_EVENTS(BMS_X)
#undef BMS_X
        count
};
inline constexpr std::uint32_t kEventN = static_cast<std::uint32_t>(E::count) - 1u;
extern const bms_event_desc kEventTable[kEventN];

}  // namespace bms
