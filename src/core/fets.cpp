#include "core/fets.hpp"

#include "core/driver.hpp"
#include "core/protect.hpp"
#include "core/wiring.hpp"

namespace bms {
namespace {

using namespace dvc;

constexpr std::uint64_t kPreTick_us = 10000;
constexpr std::uint64_t kPreSettle_us = 20000;  // P- filter 1 ms, load's own reaction
constexpr std::uint64_t kPreHold_us = 50000;    // path stays until the main MOSFET carries
constexpr std::int32_t kPreFloor_mV = 500;
constexpr std::int32_t kPreFar_mV = 15000;  // P- is seen up to 19.8 V only
constexpr std::uint8_t kMismatchScans = 3;
constexpr std::uint8_t kMismatchFault = 20;

std::uint32_t common_blocks(const State& s) {
    std::uint32_t b = 0;
    if (s.pow.qualified == 0) b |= kBlockStart;
    if (s.wire.fault_wire != 0) b |= kBlockWire;
    if (s.wire.fault_range != 0) b |= kBlockRange;
    if (s.wire.fault_count != 0) b |= kBlockCount;
    if (s.pow.fault_afe != 0) b |= kBlockAfe;
    if (s.prot.latch[kOtFet] != 0) b |= kBlockHot;
    if (s.prot.latch[kDv] != 0) b |= kBlockSpread;
    return b;
}

void blocks(State& s) {
    const std::uint8_t* latch = s.prot.latch;
    const std::uint32_t both = common_blocks(s);
    std::uint32_t c = both;
    std::uint32_t d = both;
    if (s.meas.ntc_bad != 0) c |= kBlockNtc;
    if (par(s, P::chg_switch) == 0) c |= kBlockSwitch;
    if (par(s, P::dsg_switch) == 0) d |= kBlockSwitch;
    if (latch[kCov] != 0) c |= kBlockVoltage;
    if (latch[kCuv] != 0) d |= kBlockVoltage;
    if (latch[kOcc] != 0) c |= kBlockCurrent;
    if (latch[kOcd] != 0) d |= kBlockCurrent;
    if ((latch[kOtc] | latch[kUtc]) != 0) c |= kBlockTemp;
    if ((latch[kOtd] | latch[kUtd]) != 0) d |= kBlockTemp;
    if ((latch[kScd] | s.prot.locked) != 0) d |= kBlockShort;
    if (latch[kPre] != 0) d |= kBlockPre;
    if ((s.drv.flags & (kFlagScd | kFlagOcd1 | kFlagOcd2)) != 0) d |= kBlockFlag;
    s.fet.block_chg = c;
    s.fet.block_dsg = d;
}

std::uint8_t drive(std::uint32_t own, std::uint32_t other) {
    if (own == 0) return kDriveOn;
    if ((own & kBlockHard) != 0 || (other & kBlockHard & ~(kBlockShort | kBlockPre | kBlockFlag)) != 0)
        return kDriveOff;
    return kDriveAuto;
}

// The AFE's automatic drive did not act although current of the allowed direction flows through the diode: the core
// drives. `i_allowed_mA`: current in the direction that is allowed; positive through the diode.
bool forced(const State& s, bool now, bool on, std::int32_t i_allowed_mA) {
    if (now) return i_allowed_mA > par(s, P::idle_mA);
    return !on && i_allowed_mA > 2 * par(s, P::diode_mA);
}

void emulate(State& s, std::uint8_t chg, std::uint8_t dsg) {
    Fets& f = s.fet;
    const std::int32_t i = s.meas.i_fast_mA;
    const bool fc = chg == kDriveAuto && forced(s, f.chg_forced != 0, (s.drv.drivers & kChgf) != 0, i);
    const bool fd = dsg == kDriveAuto && forced(s, f.dsg_forced != 0, (s.drv.drivers & kDsgf) != 0, -i);
    // One scan of evidence the AFE did not use, then the core acts; a forced one ends with its current.
    f.chg_miss = fc && f.chg_forced == 0 ? static_cast<std::uint8_t>(f.chg_miss + 1) : std::uint8_t{0};
    f.dsg_miss = fd && f.dsg_forced == 0 ? static_cast<std::uint8_t>(f.dsg_miss + 1) : std::uint8_t{0};
    f.chg_forced = fc && (f.chg_forced != 0 || f.chg_miss >= 2) ? 1 : 0;
    f.dsg_forced = fd && (f.dsg_forced != 0 || f.dsg_miss >= 2) ? 1 : 0;
}

void precharge_failed(Step& t, std::uint64_t ms) {
    State& s = t.s;
    s.fet.pre = kPreIdle;
    s.fet.pre_out = 0;
    s.prot.latch[kPre] = 1;
    s.prot.trip_us[kPre] = s.now_us;
    s.prot.evidence_us[kPre] = 0;
    ++s.prot.counter[kPre];
    t.log(E::precharge_fault, static_cast<std::int32_t>(ms), s.meas.p_minus_mV);
}

// Discharge is wanted and not on: settle, close the precharge path, wait for P-, then say yes.
bool precharged(Step& t) {
    State& s = t.s;
    Fets& f = s.fet;
    if (par(s, P::precharge_enable) == 0) return true;
    if (f.pre == kPreIdle) {
        f.pre = kPreSettle;
        f.pre_us = s.now_us;
        return false;
    }
    const std::uint64_t elapsed = s.now_us - f.pre_us;
    if (f.pre == kPreSettle) {
        if (elapsed < kPreSettle_us) return false;
        f.pre = kPreActive;
        f.pre_us = s.now_us;
        f.pre_out = 1;
        f.pre_start_mV = s.meas.p_minus_mV;
        return false;
    }
    const std::uint64_t ms = elapsed / 1000u;
    const std::int32_t share = s.meas.sum_mV / 100 * par(s, P::precharge_done_pct);
    if (elapsed >= kPreTick_us && s.meas.p_minus_mV <= (share > kPreFloor_mV ? share : kPreFloor_mV)) {
        const std::int32_t half = s.meas.sum_mV / 2;
        const bool far = f.pre_start_mV > (half < kPreFar_mV ? half : kPreFar_mV);
        if (far && ms < static_cast<std::uint64_t>(par(s, P::precharge_min_ms))) {
            precharge_failed(t, ms);
            return false;
        }
        f.pre = kPreIdle;
        f.pre_hold_us = s.now_us + kPreHold_us;
        t.log(E::precharge, static_cast<std::int32_t>(ms), s.meas.p_minus_mV);
        return true;
    }
    if (ms >= static_cast<std::uint64_t>(par(s, P::precharge_timeout_ms))) precharge_failed(t, ms);
    return false;
}

void check_drivers(Step& t) {
    State& s = t.s;
    Driver& d = s.drv;
    if (d.boot != kBootDone || d.fet_reg != d.fet_written || ((d.pending | d.job) & kJobFet) != 0) return;
    const std::uint8_t chg = d.fet_written & 3u;
    const std::uint8_t dsg = (d.fet_written >> 2) & 3u;
    const bool chg_held = (d.flags & (kFlagCov | kFlagOcc1 | kFlagOcc2 | kFlagIwt)) != 0;
    const bool dsg_held = (d.flags & (kFlagCuv | kFlagScd | kFlagOcd1 | kFlagOcd2 | kFlagIwt)) != 0;
    const bool on_c = (d.drivers & kChgf) != 0;
    const bool on_d = (d.drivers & kDsgf) != 0;
    const bool bad = (chg == kDriveOn && !on_c && !chg_held) || (chg == kDriveOff && on_c) ||
                     (dsg == kDriveOn && !on_d && !dsg_held) || (dsg == kDriveOff && on_d);
    if (!bad) {
        d.fet_mismatch = 0;
        return;
    }
    if (d.fet_mismatch < 255) ++d.fet_mismatch;
    if (d.fet_mismatch == kMismatchScans) {
        t.log(E::fet_mismatch, d.drivers, d.fet_written);
        d.pending |= kJobVerify | kJobFet;
    }
    if (d.fet_mismatch == kMismatchFault) s.pow.fault_afe = 1;
}

bool alarm(const State& s) {
    const std::uint8_t* l = s.prot.latch;
    const Measure& m = s.meas;
    if (wiring_fault(s) || s.pow.fault_afe != 0 || s.pow.fault_nvm != 0 || m.ntc_bad != 0 || s.prot.locked != 0)
        return true;
    if ((l[kScd] | l[kOcd] | l[kOcc] | l[kCov] | l[kCuv] | l[kOtFet] | l[kDv] | l[kPre]) != 0) return true;
    // A temperature limit is an alarm when somebody wants what it forbids.
    if ((l[kOtc] | l[kUtc]) != 0 && charge_requested(s)) return true;
    if ((l[kOtd] | l[kUtd]) != 0 && discharge_requested(s)) return true;
    if (m.valid == 0) return false;
    if (m.v_max_dmV - m.v_min_dmV >= par(s, P::dv_alarm_mV) * 10) return true;
    if (m.any_cell_temp != 0 && m.t_max_ddegC - m.t_min_ddegC >= par(s, P::dt_alarm_degC)) return true;
    return (s.cfg.ntc_mask & BMS_NTC_FET) != 0 && m.t_ddegC[4] >= par(s, P::fet_warn_degC);
}

}  // namespace

void fets_step(Step& t) {
    State& s = t.s;
    Fets& f = s.fet;
    if (s.fresh != 0) check_drivers(t);
    blocks(s);
    std::uint8_t chg = drive(f.block_chg, f.block_dsg);
    std::uint8_t dsg = drive(f.block_dsg, f.block_chg);
    if (s.fresh != 0) emulate(s, chg, dsg);
    if (f.chg_forced != 0) chg = kDriveOn;
    if (f.dsg_forced != 0) dsg = kDriveOn;
    if (dsg != kDriveOn || f.dsg == kDriveOn) {
        f.pre = kPreIdle;
        if (dsg != kDriveOn || s.now_us >= f.pre_hold_us) f.pre_out = 0;
    } else if (f.dsg_forced == 0 && !precharged(t)) {
        dsg = kDriveOff;
    }
    if (chg != f.chg || dsg != f.dsg) {
        t.log(E::fets, chg, dsg);
        if (dsg == kDriveOn && f.dsg != kDriveOn) s.prot.dsg_on_us = s.now_us;
        f.chg = chg;
        f.dsg = dsg;
    }
    driver_fets(s, f.chg, f.dsg);
    f.alarm = alarm(s) ? 1 : 0;
}

std::uint32_t fets_gpio(const State& s) {
    std::uint32_t g = 0;
    if (s.fet.pre_out != 0) g |= BMS_OUT_PRECHARGE;
    if (s.fet.alarm != 0) {
        g |= BMS_OUT_LED_RED | BMS_OUT_DO;
    } else if (s.pow.qualified != 0) {
        g |= BMS_OUT_LED_GREEN;
    }
    return g;
}

std::uint64_t fets_next_us(const State& s) {
    if (s.fet.pre != kPreIdle) return s.now_us + kPreTick_us;
    if (s.fet.pre_out != 0) return s.fet.pre_hold_us > s.now_us ? s.fet.pre_hold_us : s.now_us + kPreTick_us;
    return BMS_NEVER;
}

}  // namespace bms
