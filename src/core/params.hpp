// The core's parameters: one table, from which ids, describe(), presets and storage come.
#pragma once
#include <bms/core_api.h>

#include <cstdint>

namespace bms {

// X(name, unit, den, type, role, flags, min, max, def, text). def: 100 A board, LFP, 16 cells, profile field.
// min, max, def are raw (physical value times den). The order is the id (1..): append only.
#define BMS_PARAMS(X)                                                                                               \
    X(scd_mA, "mA", 1, INT, APP, AFE, 1000, 20000000, 400000, "short circuit in discharge: level (AFE comparator)") \
    X(scd_delay_us, "us", 100, INT, APP, AFE, 0, 1000000, 20000, "short circuit: delay")                            \
    X(scd_retries, "", 1, INT, APP, 0, 0, 20, 3, "re-closings after short circuits before discharge is locked")     \
    X(scd_retry_s, "s", 1, INT, APP, 0, 1, 3600, 30, "least time between a short circuit and re-closing")           \
    X(ocd_mA, "mA", 1, INT, APP, AFE, 1000, 20000000, 150000, "over-current in discharge: level")                   \
    X(ocd_delay_ms, "ms", 1, INT, APP, AFE, 8, 600000, 10000,                                                       \
      "over-current in discharge: delay; above 2048 ms by firmware")                                                \
    X(ocd2_mA, "mA", 1, INT, PC, AFE, 1000, 20000000, 375000,                                                       \
      "over-current in discharge, AFE comparator behind the firmware: level")                                       \
    X(ocd2_delay_ms, "ms", 1, INT, PC, AFE, 4, 1024, 1000, "its delay")                                             \
    X(occ_mA, "mA", 1, INT, APP, AFE, 1000, 20000000, 110000, "over-current in charge: level")                      \
    X(occ_delay_ms, "ms", 1, INT, APP, AFE, 8, 600000, 5000,                                                        \
      "over-current in charge: delay; above 2048 ms by firmware")                                                   \
    X(occ2_mA, "mA", 1, INT, PC, AFE, 1000, 20000000, 250000,                                                       \
      "over-current in charge, AFE comparator behind the firmware: level")                                          \
    X(occ2_delay_ms, "ms", 1, INT, PC, AFE, 4, 1024, 1000, "its delay")                                             \
    X(oc_recover_s, "s", 1, INT, APP, 0, 1, 3600, 30,                                                               \
      "over-current: least time before recovery, evidence is needed too")                                           \
    X(cov_mV, "mV", 1, INT, APP, 0, 1000, 4900, 3620, "cell over-voltage: trip level")                              \
    X(cov_release_mV, "mV", 1, INT, APP, 0, 1000, 4900, 3500, "cell over-voltage: release level")                   \
    X(cov_delay_ms, "ms", 1, INT, APP, 0, 200, 8000, 1000, "cell over-voltage: delay")                              \
    X(cov_afe_mV, "mV", 1, INT, PC, AFE, 501, 4900, 3650,                                                           \
      "cell over-voltage comparator of the AFE, behind the firmware")                                               \
    X(cuv_mV, "mV", 1, INT, APP, 0, 1000, 4500, 2500, "cell under-voltage: trip level")                             \
    X(cuv_release_mV, "mV", 1, INT, APP, 0, 1000, 4500, 2900, "cell under-voltage: release level")                  \
    X(cuv_delay_ms, "ms", 1, INT, APP, 0, 200, 8000, 2000, "cell under-voltage: delay")                             \
    X(cuv_afe_mV, "mV", 1, INT, PC, AFE, 500, 4095, 2450,                                                           \
      "cell under-voltage comparator of the AFE, behind the firmware")                                              \
    X(otc_degC, "degC", 10, INT, APP, 0, -400, 1000, 500, "highest cell temperature in charge")                     \
    X(utc_degC, "degC", 10, INT, APP, 0, -400, 1000, 0, "lowest cell temperature in charge")                        \
    X(otd_degC, "degC", 10, INT, APP, 0, -400, 1000, 600, "highest cell temperature in discharge")                  \
    X(utd_degC, "degC", 10, INT, APP, 0, -450, 1000, -200, "lowest cell temperature in discharge")                  \
    X(temp_delay_ms, "ms", 1, INT, APP, 0, 200, 60000, 3000, "cell temperature: delay")                             \
    X(temp_hyst_degC, "degC", 10, INT, APP, 0, 5, 300, 50, "cell temperature: hysteresis of recovery")              \
    X(fet_warn_degC, "degC", 10, INT, APP, 0, 0, 1250, 900, "MOSFET temperature: alarm")                            \
    X(fet_trip_degC, "degC", 10, INT, APP, 0, 0, 1250, 1050, "MOSFET temperature: both directions off")             \
    X(fet_resume_degC, "degC", 10, INT, APP, 0, 0, 1250, 850, "MOSFET temperature: on again")                       \
    X(dv_alarm_mV, "mV", 1, INT, APP, 0, 10, 5000, 300, "cell voltage difference: alarm")                           \
    X(dv_trip_mV, "mV", 1, INT, APP, 0, 10, 5000, 800,                                                              \
      "cell voltage difference: both directions off, after 5 s; releases 200 mV lower")                             \
    X(dt_alarm_degC, "degC", 10, INT, APP, 0, 10, 1000, 100, "difference of cell temperatures: alarm")              \
    X(range_min_mV, "mV", 1, INT, PC, 0, 0, 4000, 1500, "a cell reading below is a wiring fault")                   \
    X(range_max_mV, "mV", 1, INT, PC, 0, 1000, 6500, 4900, "a cell reading above is a wiring fault")                \
    X(stack_delta_mV, "mV", 1, INT, PC, 0, 100, 100000, 1400,                                                       \
      "difference of stack voltage and sum of cells that is a wiring fault")                                        \
    X(openwire_period_ms, "ms", 1, INT, PC, 0, 0, 3600000, 1666, "period of the open-wire test; 0 = at start only") \
    X(precharge_enable, "", 1, BOOL, APP, 0, 0, 1, 0, "close discharge through the precharge path")                 \
    X(precharge_done_pct, "%", 1, INT, PC, 0, 1, 50, 5,                                                             \
      "precharge ends when P- has come this near to B- (of pack voltage)")                                          \
    X(precharge_timeout_ms, "ms", 1, INT, APP, 0, 50, 60000, 5000, "precharge slower than this is a fault")         \
    X(precharge_min_ms, "ms", 1, INT, PC, 0, 0, 1000, 0,                                                            \
      "precharge faster than this, from above half the pack, is a fault; 0 = off")                                  \
    X(balance_enable, "", 1, BOOL, APP, 0, 0, 1, 1, "active balancer may run")                                      \
    X(balance_on_mV, "mV", 10, INT, APP, 0, 10000, 50000, 34000, "balance: highest cell at least")                  \
    X(balance_diff_mV, "mV", 10, INT, APP, 0, 10, 10000, 100,                                                       \
      "balance: difference of highest and lowest cell at least")                                                    \
    X(balance_mA, "mA", 1, INT, PC, 0, 100, 2000, 1100, "balance current")                                          \
    X(balance_slot_ms, "ms", 1, INT, PC, 0, 1000, 600000, 10000,                                                    \
      "balance: period of one slot (measure, then transfer)")                                                       \
    X(balance_settle_ms, "ms", 1, INT, PC, 0, 0, 10000, 200, "balance: pause before measuring")                     \
    X(balancing_keeps_awake, "", 1, BOOL, APP, 0, 0, 1, 1, "no sleep while balancing is due")                       \
    X(sleep_s, "s", 1, INT, APP, 0, 1, 65535, 3600, "sleep after this idle time; 65535 = never")                    \
    X(idle_mA, "mA", 1, INT, APP, 0, 10, 100000, 500, "below this current the pack is idle")                        \
    X(wake_mA, "mA", 1, INT, APP, AFE, 10, 100000, 1000, "current that wakes from sleep (AFE)")                     \
    X(sleep_check_s, "s", 1, INT, PC, 0, 10, 86400, 600, "asleep: look at the cells this often")                    \
    X(diode_mA, "mA", 1, INT, PC, AFE, 10, 100000, 2000,                                                            \
      "body-diode current that re-closes a blocked MOSFET (AFE, automatic)")                                        \
    X(capacity_mAh, "mAh", 1, INT, APP, 0, 100, 100000000, 100000, "rated capacity")                                \
    X(full_mV, "mV", 1, INT, APP, 0, 1000, 4900, 3450,                                                              \
      "full when the highest cell is above and the current has tapered")                                            \
    X(full_taper_pct, "%", 1, INT, APP, 0, 1, 50, 5, "taper current in percent of capacity per hour")               \
    X(chg_switch, "", 1, BOOL, APP, VOLATILE, 0, 1, 1, "charge MOSFET allowed")                                     \
    X(dsg_switch, "", 1, BOOL, APP, VOLATILE, 0, 1, 1, "discharge MOSFET allowed")                                  \
    X(clear_faults, "", 1, COMMAND, APP, VOLATILE, 0, 1, 0,                                                         \
      "1 releases the short-circuit lock, the tries and the precharge fault; evidence stays needed")                \
    X(soc_set_pct, "%", 100, COMMAND, APP, VOLATILE, 0, 10000, 0, "sets the state of charge")                       \
    X(sleep_now, "", 1, COMMAND, APP, VOLATILE, 0, 1, 0, "1 sends the board to sleep")

enum class P : std::uint16_t {
    none = 0,
#define BMS_X(name, ...) name,
    BMS_PARAMS(BMS_X)
#undef BMS_X
        count
};
inline constexpr std::uint32_t kParamN = static_cast<std::uint32_t>(P::count) - 1u;

extern const bms_desc kParamTable[kParamN];

struct State;

constexpr std::uint32_t index_of(P p) { return static_cast<std::uint32_t>(p) - 1u; }

// Presets of product, chemistry and profile into requested[] and applied[]. BMS_E_CONFIG if one contradicts.
std::int32_t params_preset(State& s);
// requested -> applied of one AFE parameter; returns BMS_OK or why it cannot be.
std::int32_t param_apply(State& s, P p, std::int32_t request);
std::int32_t param_set(State& s, std::uint32_t id, std::int32_t value, std::uint32_t role);
std::int32_t param_get(const State& s, std::uint32_t id, std::uint32_t which, std::int32_t* value);

// Bits of signal "warn"
inline constexpr std::uint32_t kWarnOcdUnreachable = 1u;  // SCD pre-empts OCD: level not above, as in profile manual
inline constexpr std::uint32_t kWarnBalanceUnreachable = 2u;  // balance-on at or above the over-voltage trip
inline constexpr std::uint32_t kWarnCovAboveLimit =
    4u;  // trip later than 15 mV below the cell's upper limit (IEC 62619 8.2.2)
inline constexpr std::uint32_t kWarnLevelLowered =
    8u;  // an applied protection level is more than 10 % below the request
std::uint32_t param_warnings(const State& s);

}  // namespace bms
