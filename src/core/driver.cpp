// Transfers of the AFE driver: what goes over the wire, and what a completion means for the sequence.
#include "core/driver.hpp"

#include <cstring>

#include "core/crc8.hpp"
#include "core/measure.hpp"

namespace bms {
namespace {

using namespace dvc;

constexpr std::uint64_t kRetry_us = 5000;
constexpr std::uint8_t kRetries = 3;
constexpr std::uint64_t kLostRetry_us = 100000;
constexpr std::uint64_t kTimeout_us = 100000;
constexpr std::uint32_t kVerifyEvery = 20;  // scans
constexpr std::uint8_t kStaleScans = 6;

// Write: START 0x40 reg, then each byte with its CRC; the first CRC also covers address and register.
void post_write(bms_out& o, std::uint8_t reg, const std::uint8_t* data, std::uint32_t n) {
    std::uint8_t* p = o.xfer_tx;
    *p++ = reg;
    std::uint8_t crc = crc8(crc8(0, kAddrW), reg);
    for (std::uint32_t i = 0; i < n; ++i) {
        *p++ = data[i];
        *p++ = crc8(crc, data[i]);
        crc = 0;
    }
    o.xfer_n_seg = 1;
    o.xfer_n_tx = static_cast<std::uint16_t>(1u + 2u * n);
    o.xfer_seg[0] = bms_segment{BMS_SEG_START | BMS_SEG_STOP, kAddrW, o.xfer_n_tx};
}

void post_read(bms_out& o, std::uint8_t reg, std::uint32_t n) {
    o.xfer_tx[0] = reg;
    o.xfer_n_seg = 2;
    o.xfer_n_tx = 1;
    o.xfer_seg[0] = bms_segment{BMS_SEG_START, kAddrW, 1};
    o.xfer_seg[1] =
        bms_segment{BMS_SEG_START | BMS_SEG_STOP | BMS_SEG_READ, kAddrR, static_cast<std::uint16_t>(2u * n)};
}

// Read data with CRCs: n bytes into dst; false if one CRC is wrong.
bool take_read(const bms_in& in, std::uint8_t reg, std::uint8_t* dst, std::uint32_t n) {
    if (in.xfer_n_rx != 2u * n) return false;
    std::uint8_t crc = crc8(crc8(crc8(0, kAddrW), reg), kAddrR);
    std::uint8_t bad = 0;
    const std::uint8_t* p = in.xfer_rx;
    for (std::uint32_t i = 0; i < n; ++i, p += 2) {
        dst[i] = p[0];
        bad = static_cast<std::uint8_t>(bad | (crc8(crc, p[0]) ^ p[1]));
        crc = 0;
    }
    return bad == 0;
}

void post_job(State& s, bms_out& o) {
    Driver& d = s.drv;
    switch (d.job) {
        case kJobFet:
            post_write(o, kFet, &d.fet_reg, 1);
            break;
        case kJobAlert:
            post_read(o, kFlags, 7);
            break;
        case kJobClear: {
            const std::uint8_t keep = static_cast<std::uint8_t>(~d.clear_mask);
            post_write(o, kFlags, &keep, 1);
            break;
        }
        case kJobReadCfg:
        case kJobVerify:
            post_read(o, kFet, kCfgN);
            break;
        case kJobTrim:
            post_read(o, kFrt, 1);
            break;
        case kJobWriteCfg: {
            std::uint8_t cfg[kCfgN];
            std::memcpy(cfg, d.cfg + 1, kCfgN - 1u);
            // Zero calibration of the current converter, only while nothing can flow.
            if (d.boot == kBootWrite && (d.drivers & (kDsgf | kChgf)) == 0) cfg[0x55 - kCfg] |= kCamz;
            post_write(o, kCfg, cfg, kCfgN - 1u);
            break;
        }
        case kJobScan:
            post_read(o, kFlags, kBlockLen);
            break;
        case kJobCow: {
            const std::uint8_t v = static_cast<std::uint8_t>(d.cfg[kCow - kFet] | kCowBit);
            post_write(o, kCow, &v, 1);
            break;
        }
        case kJobWatchdog:
            post_write(o, kIwt, &d.cfg[kIwt - kFet], 1);
            break;
        case kJobSleep:
            post_write(o, kState, &kCstSleep, 1);
            break;
        default:
            break;
    }
}

bool take_status(Step& t, std::uint32_t n) {
    Driver& d = t.s.drv;
    std::uint8_t block[kBlockLen];
    if (!take_read(t.in, kFlags, block, n)) return false;
    d.flags = block[0];
    d.status_new = 1;
    d.drivers = block[6];
    if (n == kBlockLen) {
        ++d.scans;
        d.stale =
            (block[1] & kVadf) != 0 ? std::uint8_t{0} : static_cast<std::uint8_t>(d.stale < 255 ? d.stale + 1 : 255);
        // Before the first finished scan the voltage registers mean nothing.
        if (t.s.meas.valid == 0 && d.stale != 0) return true;
        measure_block(t, block);
        t.s.fresh = 1;
    } else {
        measure_status(t.s, block);
    }
    return true;
}

// Compares the configuration read back with what was written, under the bits that are ours. Returns false if it
// differs.
bool compare(Step& t, const std::uint8_t* got) {
    const Driver& d = t.s.drv;
    CfgField f[kCfgFieldN];
    const std::uint32_t n = driver_fields(t.s, f);
    for (std::uint32_t i = 0; i < n; ++i) {
        const std::uint32_t at = f[i].reg - kFet;
        const std::uint8_t diff = static_cast<std::uint8_t>((got[at] ^ d.cfg[at]) & f[i].mask);
        if (diff == 0) continue;
        if (d.boot == kBootDone || d.boot == kBootWake) t.log(E::afe_reset, f[i].reg, diff);
        return false;
    }
    if ((got[0x76 - kFet] & 0x80u) != 0) t.s.drv.die_hot = 1;
    return true;
}

void lost(Step& t, std::uint8_t status) {
    Driver& d = t.s.drv;
    if (t.s.pow.fault_afe == 0) t.log(E::afe_lost, status, static_cast<std::int32_t>(d.job));
    t.s.pow.fault_afe = 1;
    driver_boot(t.s);
    d.retry_us = t.s.now_us + kLostRetry_us;
}

void failed(Step& t, std::uint8_t status) {
    Driver& d = t.s.drv;
    ++d.bus_errors;
    const std::uint32_t job = d.job;
    if (d.retries >= kRetries) {
        lost(t, status);
        return;
    }
    ++d.retries;
    d.pending |= job;
    d.job = 0;
    d.retry_us = t.s.now_us + kRetry_us;
}

void verified(Step& t, bool same) {
    Driver& d = t.s.drv;
    State& s = t.s;
    if ((d.pending & (kJobWriteCfg | kJobWatchdog)) != 0) return;  // a newer one is on its way
    if (same) {
        if (d.boot == kBootVerify) {
            t.log(E::afe_ready, d.write_tries);
            d.boot = kBootDone;
        } else if (d.boot == kBootWake) {
            const bool changed = d.dirty != 0;
            d.boot = kBootDone;
            driver_configure(s);
            if (!changed) d.pending &= ~kJobWriteCfg;
            d.pending |= kJobWatchdog;
        }
        d.write_tries = 0;
        return;
    }
    if (d.boot == kBootDone || d.boot == kBootWake) {
        ++d.afe_resets;
        driver_boot(s);
        return;
    }
    if (++d.write_tries > kRetries) {
        lost(t, BMS_XFER_OK);
        return;
    }
    d.boot = kBootWrite;
    d.pending |= kJobWriteCfg;
}

// A transfer succeeded on the wire; false if its content is not good.
bool succeeded(Step& t) {
    State& s = t.s;
    Driver& d = s.drv;
    std::uint8_t got[kCfgN];
    switch (d.job) {
        case kJobFet:
            d.fet_written = d.fet_reg;
            return true;
        case kJobAlert:
            return take_status(t, 7);
        case kJobClear:
            d.pending |= kJobAlert;
            return true;
        case kJobScan:
            return take_status(t, kBlockLen);
        case kJobTrim:
            if (!take_read(t.in, kFrt, &d.trim, 1)) return false;
            d.boot = kBootWrite;
            driver_configure(s);
            return true;
        case kJobReadCfg:
            if (!take_read(t.in, kFet, d.cfg, kCfgN)) return false;
            d.fet_written = d.cfg[0];
            d.boot = kBootTrim;
            d.pending |= kJobTrim | kJobAlert;
            return true;
        case kJobWriteCfg:
            if (d.boot == kBootWrite) d.boot = kBootVerify;
            d.pending |= kJobVerify;
            return true;
        case kJobVerify:
            if (!take_read(t.in, kFet, got, kCfgN)) return false;
            verified(t, compare(t, got));
            return true;
        case kJobCow:
            s.wire.cow_us = d.post_us + 1u;
            return true;
        default:
            return true;
    }
}

}  // namespace

void driver_boot(State& s) {
    Driver& d = s.drv;
    d.pending = kJobReadCfg;
    d.job = 0;
    d.boot = kBootRead;
    d.retries = 0;
    d.write_tries = 0;
    d.fet_mismatch = 0;
    d.stale = 0;
    d.drivers = kDsgf | kChgf;  // unknown until read: no zero calibration before
    d.fet_written = 0xFF;
    d.fet_reg = 0;
    s.fet.chg = kDriveOff;
    s.fet.dsg = kDriveOff;
    s.pow.qualified = 0;
    s.pow.good_scans = 0;
    s.meas.valid = 0;
    s.meas.cc2_us = 0;
    s.wire.cow_us = 0;
    s.wire.cow_next_us = 0;
    s.wire.cow_good = 0;
    if (s.pow.mode != kModeBoot) s.pow.mode = kModeBoot;
}

void driver_complete(Step& t) {
    Driver& d = t.s.drv;
    if (d.job == 0) return;
    if ((t.in.wake & BMS_WAKE_XFER) == 0 || t.in.xfer_id != d.xfer_id) {
        if (t.s.now_us >= d.post_us + kTimeout_us) failed(t, BMS_XFER_TIMEOUT);
        return;
    }
    if (t.in.xfer_status != BMS_XFER_OK || !succeeded(t)) {
        failed(t, t.in.xfer_status);
        return;
    }
    // driver_boot inside `succeeded` has already emptied the sequence; then job is 0 and stays so.
    d.job = 0;
    d.retries = 0;
    if (d.stale >= kStaleScans) {
        if (t.s.pow.fault_afe == 0) t.log(E::afe_stale, d.stale);
        t.s.pow.fault_afe = 1;
        driver_boot(t.s);
    }
}

void driver_fets(State& s, std::uint8_t chg, std::uint8_t dsg) {
    Driver& d = s.drv;
    const std::uint8_t keep = static_cast<std::uint8_t>(d.cfg[0] & 0x10u);  // DSGM as it was, all else ours
    const std::uint8_t reg = static_cast<std::uint8_t>(keep | (dsg << 2) | chg);
    if (d.boot != kBootDone) return;
    if (reg != d.fet_written || reg != d.fet_reg) {
        d.fet_reg = reg;
        d.pending |= kJobFet;
    }
}

void driver_post(Step& t) {
    State& s = t.s;
    Driver& d = s.drv;
    if (d.job != 0 || s.now_us < d.retry_us) return;
    if (d.dirty != 0 && d.boot >= kBootWrite && d.boot <= kBootDone) driver_configure(s);
    if (d.boot == kBootDone && (d.pending & (kJobScan | kJobWatchdog)) == kJobScan &&
        d.scans % kVerifyEvery == kVerifyEvery - 1u && d.verify_count != d.scans) {
        d.verify_count = d.scans;
        d.pending |= kJobVerify;
    }
    if (d.pending == 0) return;
    const std::uint32_t job = d.pending & (~d.pending + 1u);
    d.pending &= ~job;
    d.job = job;
    d.post_us = s.now_us;
    d.xfer_id = static_cast<std::uint16_t>(d.xfer_id + 1u);
    t.out.xfer_id = d.xfer_id;
    post_job(s, t.out);
}

std::uint64_t driver_next_us(const State& s) {
    const Driver& d = s.drv;
    if (d.job != 0) return d.post_us + kTimeout_us;
    if (d.pending != 0) return d.retry_us > s.now_us ? d.retry_us : s.now_us;
    return BMS_NEVER;
}

}  // namespace bms
