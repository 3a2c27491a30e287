// What the core publishes. X(ident, "name", unit, den, type, count, min, max, expression, text): expression in s
// (State), k (index 0..count-1).
#pragma once
#include <bms/core_api.h>

#include <cstdint>

#include "core/state.hpp"

#define BMS_SIGNALS(X)                                                                                                 \
    X(soc, "soc_pct", "%", 100, INT, 1, 0, 10000, charge_soc_cpct(s), "state of charge")                               \
    X(charge, "charge_mAh", "mAh", 1, INT, 1, 0, 100000000, charge_mAh(s), "charge in the pack")                       \
    X(soc_known, "soc_known", "", 1, BOOL, 1, 0, 1, s.soc.known, "calibrated by a full charge")                        \
    X(v_cell, "v_cell_mV", "mV", 10, INT, 24, 0, 65535, s.meas.v_dmV[k],                                               \
      "cell voltages, corrected for test and balance currents")                                                        \
    X(v_raw, "v_raw_mV", "mV", 10, INT, 24, 0, 65535, s.meas.raw_dmV[k], "cell voltages as the front end gave them")   \
    X(v_max, "v_max_mV", "mV", 10, INT, 1, 0, 65535, s.meas.v_max_dmV, "highest cell")                                 \
    X(v_min, "v_min_mV", "mV", 10, INT, 1, 0, 65535, s.meas.v_min_dmV, "lowest cell")                                  \
    X(v_spread, "v_spread_mV", "mV", 10, INT, 1, 0, 65535, s.meas.v_max_dmV - s.meas.v_min_dmV,                        \
      "difference of highest and lowest cell")                                                                         \
    X(v_pack, "v_pack_mV", "mV", 1, INT, 1, 0, 200000, s.meas.sum_mV, "sum of cells")                                  \
    X(v_stack, "v_stack_mV", "mV", 1, INT, 1, 0, 1000000, s.meas.stack_mV, "stack voltage of the front end")           \
    X(v_pminus, "v_pminus_mV", "mV", 1, INT, 1, -16500, 19800, s.meas.p_minus_mV,                                      \
      "P- against B-, within its divider's range")                                                                     \
    X(v_supply, "v_supply_mV", "mV", 1, INT, 1, 0, 103300, s.meas.supply_mV, "board supply")                           \
    X(i_pack, "i_pack_mA", "mA", 1, INT, 1, INT32_MIN, INT32_MAX, s.meas.i_mA,                                         \
      "current, mean of 256 ms, + = discharge")                                                                        \
    X(i_fast, "i_fast_mA", "mA", 1, INT, 1, INT32_MIN, INT32_MAX, s.meas.i_fast_mA, "current, mean of 4 ms")           \
    X(temp_ntc, "temp_ntc_degC", "degC", 10, INT, 4, -450, 1300, s.meas.t_ddegC[k], "cell sensors NTC-1..4")           \
    X(temp_fet, "temp_fet_degC", "degC", 10, INT, 1, -450, 1300, s.meas.t_ddegC[4], "MOSFET sensor")                   \
    X(temp_board, "temp_board_degC", "degC", 10, INT, 1, -450, 1300, s.meas.t_ddegC[5], "board sensor")                \
    X(temp_die, "temp_die_degC", "degC", 10, INT, 1, -3000, 20000, s.meas.t_die_ddegC, "die of the front end")         \
    X(temp_max, "temp_max_degC", "degC", 10, INT, 1, -450, 1300, s.meas.t_max_ddegC, "warmest cell sensor")            \
    X(temp_min, "temp_min_degC", "degC", 10, INT, 1, -450, 1300, s.meas.t_min_ddegC, "coldest cell sensor")            \
    X(l_scd, "latch.scd", "", 1, BOOL, 1, 0, 1, s.prot.latch[kScd], "short circuit")                                   \
    X(l_ocd, "latch.ocd", "", 1, BOOL, 1, 0, 1, s.prot.latch[kOcd], "over-current in discharge")                       \
    X(l_occ, "latch.occ", "", 1, BOOL, 1, 0, 1, s.prot.latch[kOcc], "over-current in charge")                          \
    X(l_cov, "latch.cov", "", 1, BOOL, 1, 0, 1, s.prot.latch[kCov], "cell over-voltage")                               \
    X(l_cuv, "latch.cuv", "", 1, BOOL, 1, 0, 1, s.prot.latch[kCuv], "cell under-voltage")                              \
    X(l_otc, "latch.otc", "", 1, BOOL, 1, 0, 1, s.prot.latch[kOtc], "cells too hot to charge")                         \
    X(l_utc, "latch.utc", "", 1, BOOL, 1, 0, 1, s.prot.latch[kUtc], "cells too cold to charge")                        \
    X(l_otd, "latch.otd", "", 1, BOOL, 1, 0, 1, s.prot.latch[kOtd], "cells too hot to discharge")                      \
    X(l_utd, "latch.utd", "", 1, BOOL, 1, 0, 1, s.prot.latch[kUtd], "cells too cold to discharge")                     \
    X(l_otfet, "latch.otfet", "", 1, BOOL, 1, 0, 1, s.prot.latch[kOtFet], "MOSFETs too hot")                           \
    X(l_dv, "latch.dv", "", 1, BOOL, 1, 0, 1, s.prot.latch[kDv], "cell voltages too far apart")                        \
    X(l_pre, "latch.precharge", "", 1, BOOL, 1, 0, 1, s.prot.latch[kPre], "precharge failed")                          \
    X(l_lock, "latch.lock", "", 1, BOOL, 1, 0, 1, s.prot.locked, "discharge locked after repeated short circuits")     \
    X(f_wire, "fault.wire", "", 1, BOOL, 1, 0, 1, s.wire.fault_wire, "open sampling lead")                             \
    X(f_wire_index, "fault.wire_index", "", 1, INT, 1, 0, 24, s.wire.wire_index, "first open lead, 0 = none")          \
    X(f_wire_count, "fault.wire_count", "", 1, INT, 1, 0, 24, s.wire.wire_count, "open leads found")                   \
    X(f_count, "fault.cell_count", "", 1, BOOL, 1, 0, 1, s.wire.fault_count,                                           \
      "another number of cells than configured")                                                                       \
    X(f_range, "fault.range", "", 1, BOOL, 1, 0, 1, s.wire.fault_range,                                                \
      "a channel outside the sampling range: leads swapped")                                                           \
    X(f_range_first, "fault.range_first", "", 1, INT, 1, 0, 24, s.wire.range_first, "first such channel")              \
    X(f_range_last, "fault.range_last", "", 1, INT, 1, 0, 24, s.wire.range_last, "last such channel")                  \
    X(f_hint_a, "fault.lead_a", "", 1, INT, 1, 0, 24, s.wire.fault_range != 0 ? s.wire.hint_a : 0,                     \
      "lead that is probably exchanged with lead_b")                                                                   \
    X(f_hint_b, "fault.lead_b", "", 1, INT, 1, 0, 24, s.wire.fault_range != 0 ? s.wire.hint_b : 0, "see lead_a")       \
    X(f_ntc, "fault.ntc", "", 1, BOOL, 1, 0, 1, s.meas.ntc_bad != 0, "temperature sensor open or shorted")             \
    X(f_ntc_mask, "fault.ntc_mask", "", 1, INT, 1, 0, 255, s.meas.ntc_bad,                                             \
      "which: 1,2,4,8 NTC-1..4, 16 MOSFET, 32 board")                                                                  \
    X(f_afe, "fault.afe", "", 1, BOOL, 1, 0, 1, s.pow.fault_afe, "front end lost, stale or not following")             \
    X(f_nvm, "fault.nvm", "", 1, BOOL, 1, 0, 1, s.pow.fault_nvm, "memory could not be written")                        \
    X(fet_chg, "fet.chg", "", 1, BOOL, 1, 0, 1, s.fet.chg == dvc::kDriveOn, "charge MOSFET requested on")              \
    X(fet_dsg, "fet.dsg", "", 1, BOOL, 1, 0, 1, s.fet.dsg == dvc::kDriveOn, "discharge MOSFET requested on")           \
    X(fet_chg_mode, "fet.chg_mode", "", 1, ENUM, 1, 0, 3, s.fet.chg, "0 off, 2 automatic (diode emulation), 3 on")     \
    X(fet_dsg_mode, "fet.dsg_mode", "", 1, ENUM, 1, 0, 3, s.fet.dsg, "0 off, 2 automatic (diode emulation), 3 on")     \
    X(fet_chg_flag, "fet.chg_driver", "", 1, BOOL, 1, 0, 1, s.drv.drivers& dvc::kChgf,                                 \
      "driver of the charge MOSFET is on, read back")                                                                  \
    X(fet_dsg_flag, "fet.dsg_driver", "", 1, BOOL, 1, 0, 1, (s.drv.drivers & dvc::kDsgf) != 0,                         \
      "driver of the discharge MOSFET is on, read back")                                                               \
    X(fet_block_chg, "fet.block_chg", "", 1, INT, 1, 0, 65535, static_cast<std::int32_t>(s.fet.block_chg),             \
      "reasons against charging, bits: 0 start 1 wire 2 range 3 count 4 afe 5 hot 6 spread 7 ntc 8 switch 9 voltage "  \
      "10 current 11 temperature 12 short 13 precharge 14 flag")                                                       \
    X(fet_block_dsg, "fet.block_dsg", "", 1, INT, 1, 0, 65535, static_cast<std::int32_t>(s.fet.block_dsg),             \
      "reasons against discharging, same bits")                                                                        \
    X(precharge, "precharge", "", 1, BOOL, 1, 0, 1, s.fet.pre_out, "precharge path closed")                            \
    X(bal_from, "balance.from", "", 1, INT, 1, 0, 24, balance_active(s) ? s.bal.from : 0, "cell that gives, 0 = off")  \
    X(bal_to, "balance.to", "", 1, INT, 1, 0, 24, balance_active(s) ? s.bal.to : 0, "cell that takes, 0 = off")        \
    X(bal_mA, "balance.mA", "mA", 1, INT, 1, 0, 2000, balance_active(s) ? par(s, P::balance_mA) : 0,                   \
      "balance current asked for")                                                                                     \
    X(bal_due, "balance.due", "", 1, BOOL, 1, 0, 1, s.bal.due, "the last measurement found a pair")                    \
    X(state, "state", "", 1, ENUM, 1, 0, 6, s.pow.mode,                                                                \
      "0 boot, 1 qualify, 2 run, 3 protect, 4 entering sleep, 5 sleep, 6 looking while asleep")                        \
    X(sleep, "sleep", "", 1, BOOL, 1, 0, 1, s.pow.mode == kModeSleep || s.pow.mode == kModeSleepCheck, "asleep")       \
    X(alarm, "alarm", "", 1, BOOL, 1, 0, 1, s.fet.alarm, "red lamp and DO")                                            \
    X(load, "load_present", "", 1, BOOL, 1, 0, 1, s.prot.load_present, "P- is pulled up while discharge is off")       \
    X(charger, "charger_present", "", 1, BOOL, 1, 0, 1, s.prot.charger_present,                                        \
      "P- is pulled below B- while charge is off")                                                                     \
    X(idle_s, "idle_s", "s", 1, INT, 1, 0, INT32_MAX, static_cast<std::int32_t>(s.pow.idle_s), "idle time")            \
    X(scd_tries, "scd_tries", "", 1, INT, 1, 0, 255, s.prot.scd_tries, "re-closings after short circuits")             \
    X(trips, "trips", "", 1, INT, 12, 0, INT32_MAX, static_cast<std::int32_t>(s.prot.counter[k]),                      \
      "trips: scd ocd occ cov cuv otc utc otd utd otfet dv precharge")                                                 \
    X(warn, "warn", "", 1, INT, 1, 0, 15, static_cast<std::int32_t>(param_warnings(s)),                                \
      "settings: 1 short-circuit level hides over-current, 2 balance-on above over-voltage, 4 over-voltage less than " \
      "15 mV below the cell limit, 8 a level was lowered by more than 10 %")                                           \
    X(scans, "scans", "", 1, INT, 1, 0, INT32_MAX, static_cast<std::int32_t>(s.drv.scans & 0x7FFFFFFFu),               \
      "measurement blocks taken")                                                                                      \
    X(bus_errors, "bus_errors", "", 1, INT, 1, 0, INT32_MAX,                                                           \
      static_cast<std::int32_t>(s.drv.bus_errors & 0x7FFFFFFFu), "failed transfers")                                   \
    X(afe_resets, "afe_resets", "", 1, INT, 1, 0, INT32_MAX,                                                           \
      static_cast<std::int32_t>(s.drv.afe_resets & 0x7FFFFFFFu), "configurations lost by the front end")               \
    X(wire_tests, "wire_tests", "", 1, INT, 1, 0, INT32_MAX, static_cast<std::int32_t>(s.wire.tests & 0x7FFFFFFFu),    \
      "open-wire tests evaluated")

namespace bms {

enum class Sig : std::uint16_t {
    none = 0,
#define BMS_X(ident, ...) ident,
    BMS_SIGNALS(BMS_X)
#undef BMS_X
        count
};
inline constexpr std::uint32_t kSignalN = static_cast<std::uint32_t>(Sig::count) - 1u;
extern const bms_desc kSignalTable[kSignalN];

std::int32_t signal_get(const State& s, std::uint32_t id, std::uint32_t index, std::int32_t* value);

}  // namespace bms
