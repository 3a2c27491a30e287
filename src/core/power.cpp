#include "core/power.hpp"

#include "core/charge.hpp"
#include "core/driver.hpp"
#include "core/fets.hpp"
#include "core/nvm.hpp"
#include "core/protect.hpp"
#include "core/wiring.hpp"

namespace bms {
namespace {

constexpr std::uint8_t kGoodScans = 3;   // three valid samples before a MOSFET closes
constexpr std::uint8_t kCheckScans = 5;  // look while asleep: a CC2 result lies inside
constexpr std::int32_t kNever_s = 65535;
constexpr std::uint32_t kKeys = BMS_IN_KEY | BMS_IN_DI | BMS_IN_S1;

enum WakeReason : std::int32_t { kByAlert = 1, kByKey = 2, kByParam = 3, kByCheck = 4, kByCurrent = 5 };

void wake(Step& t, WakeReason why) {
    State& s = t.s;
    Driver& d = s.drv;
    if (why != kByCheck) t.log(E::wake, why);
    s.pow.mode = why == kByCheck ? kModeSleepCheck : kModeRun;
    s.pow.good_scans = 0;
    s.pow.wake_us = s.now_us;
    s.pow.asleep_step = 0;
    s.pow.sleep_request = 0;
    s.pow.idle_us = 0;
    s.scan_due_us = s.now_us;
    d.boot = kBootWake;
    d.pending = kJobVerify;
    d.stale = 0;
    d.retries = 0;
    d.retry_us = 0;
    s.wire.cow_next_us = s.now_us;
}

void qualify(Step& t) {
    State& s = t.s;
    Power& p = s.pow;
    if (s.wire.range_count != 0 || s.wire.count_count != 0 || s.drv.stale != 0) {
        if (p.qualified == 0) p.good_scans = 0;
        return;
    }
    if (p.good_scans < 255) ++p.good_scans;
    if (p.good_scans < kGoodScans) return;
    if (p.fault_afe != 0 && s.drv.fet_mismatch == 0) p.fault_afe = 0;
    if (s.soc.started == 0) charge_guess(s);
    // Current too must have been measured once (the zero calibration is over then).
    if (p.qualified == 0 && wiring_known(s) && p.fault_afe == 0 && s.meas.cc2_us != 0) p.qualified = 1;
}

void idle(Step& t) {
    State& s = t.s;
    Power& p = s.pow;
    const std::int32_t i = s.meas.i_mA;
    const std::int32_t limit = par(s, P::idle_mA);
    const bool busy =
        i >= limit || i <= -limit || s.fet.pre != kPreIdle || (s.bal.due != 0 && par(s, P::balancing_keeps_awake) != 0);
    const std::int32_t sleep_s = par(s, P::sleep_s);
    const bool due = held(p.idle_us, !busy, s.now_us, s_us(sleep_s));
    p.idle_s = p.idle_us == 0 ? 0 : static_cast<std::uint32_t>((s.now_us + 1u - p.idle_us) / 1000000u);
    if (p.mode == kModeSleepCheck) {
        // The front end's INT of its own waking is no reason; a flag or a current is.
        if (i >= limit || i <= -limit || s.drv.flags != 0) {
            t.log(E::wake, kByCurrent);
            p.mode = kModeRun;
        } else if (p.good_scans >= kCheckScans) {
            p.sleep_request = 1;
        }
        return;
    }
    if (due && sleep_s != kNever_s) p.sleep_request = 1;
}

// Bus watchdog off, then the sleep command, then silence.
void enter_sleep(Step& t) {
    State& s = t.s;
    Power& p = s.pow;
    Driver& d = s.drv;
    if (d.job != 0 || d.boot != kBootDone || s.drv.clear_mask != 0) return;
    if (p.asleep_step == 0) {
        if (d.pending != 0) return;
        if (p.mode != kModeSleepCheck) t.log(E::sleep, static_cast<std::int32_t>(p.idle_s));
        p.mode = kModeSleepEnter;
        driver_configure(s);
        d.pending = kJobWatchdog;
        p.asleep_step = 1;
    } else if (p.asleep_step == 1 && d.pending == 0) {
        d.pending = kJobSleep;
        p.asleep_step = 2;
    } else if (p.asleep_step == 2 && d.pending == 0) {
        p.mode = kModeSleep;
        p.sleep_request = 0;
        p.asleep_step = 0;
        p.check_us = s.now_us + s_us(par(s, P::sleep_check_s));
        nvm_save_counters(t);
    }
}

}  // namespace

bool power_scans(const State& s) {
    return s.drv.boot == kBootDone && s.pow.asleep_step == 0 && s.pow.mode != kModeSleep;
}

bool power_asleep(const State& s) { return s.pow.mode == kModeSleep; }

void power_inputs(Step& t) {
    State& s = t.s;
    Power& p = s.pow;
    const std::uint32_t keys = t.in.gpio & kKeys;
    const std::uint32_t changed = keys ^ p.gpio;
    if (s.started != 0 && (changed & keys & BMS_IN_KEY) != 0) protect_clear(t, 2);
    p.gpio = keys;
    const bool alert = (t.in.wake & BMS_WAKE_ALERT) != 0 || (t.in.gpio & BMS_IN_ALERT) != 0;
    const bool param = (t.in.wake & BMS_WAKE_PARAM) != 0;
    const bool key = changed != 0 && s.started != 0;
    if (p.mode == kModeSleep) {
        if (alert)
            wake(t, kByAlert);
        else if (key)
            wake(t, kByKey);
        else if (param)
            wake(t, kByParam);
        else if (s.now_us >= p.check_us)
            wake(t, kByCheck);
        return;
    }
    if (key || param) {
        if (p.mode == kModeSleepCheck) p.mode = kModeRun;
        if (p.asleep_step == 0) p.sleep_request = 0;
        p.idle_us = 0;
    }
    if (alert && s.drv.boot == kBootDone && p.asleep_step == 0) s.drv.pending |= kJobAlert;
}

void power_step(Step& t) {
    State& s = t.s;
    Power& p = s.pow;
    if (p.mode == kModeSleep) return;
    if (s.fresh != 0) {
        qualify(t);
        idle(t);
    }
    if (p.sleep_request != 0) enter_sleep(t);
    if (p.mode == kModeSleepEnter || p.mode == kModeSleep || p.mode == kModeSleepCheck) return;
    if (s.drv.boot != kBootDone && s.drv.boot != kBootWake) {
        p.mode = kModeBoot;
    } else if (p.qualified == 0) {
        p.mode = kModeQualify;
    } else {
        p.mode = ((s.fet.block_chg | s.fet.block_dsg) & ~kBlockSwitch) != 0 ? kModeProtect : kModeRun;
    }
}

}  // namespace bms
