// What the AFE's registers shall hold, from parameters.
#include "core/driver.hpp"

namespace bms {
namespace {

std::uint8_t u8(std::int64_t v) { return static_cast<std::uint8_t>(v < 0 ? 0 : v > 255 ? 255 : v); }

std::int64_t uV(const State& s, P p) {
    // Rounded, as the applied value is itself a whole code: 1 mA of rounding is far below half a code.
    return (static_cast<std::int64_t>(par(s, p)) * static_cast<std::int64_t>(s.cfg.shunt_nOhm) + 500000) / 1000000;
}

std::uint8_t code(const State& s, P p, std::int32_t step_uV) {
    // The applied current was rounded down to 1 mA: a twentieth of a code brings it back to its code.
    return u8((uV(s, p) + step_uV / 20 + 1) / step_uV);
}

// Delay code of COVD/CUVD: the longest delay not above ms. 0-7: 200+100c ms, 8-15: (c-7) s.
std::uint8_t voltage_delay(std::int32_t ms) {
    if (ms >= 1000) return u8(ms / 1000 + 7 > 15 ? 15 : ms / 1000 + 7);
    return u8(ms <= 200 ? 0 : ms / 100 - 2);
}

struct Fields {
    CfgField (&f)[kCfgFieldN];
    std::uint32_t n = 0;
    void add(std::uint8_t reg, std::uint8_t mask, std::uint8_t value) { f[n++] = CfgField{reg, mask, value}; }
};

void current_fields(const State& s, Fields& f) {
    const bool ocd_afe = par(s, P::ocd_delay_ms) <= 2048 && uV(s, P::ocd_mA) <= 255 * dvc::kOc1Step_uV + 125;
    const bool occ_afe = par(s, P::occ_delay_ms) <= 2048 && uV(s, P::occ_mA) <= 255 * dvc::kOc1Step_uV + 125;
    f.add(0x59, 0xFF, ocd_afe ? code(s, P::ocd_mA, dvc::kOc1Step_uV) : u8(0));
    f.add(0x5A, 0xFF, occ_afe ? code(s, P::occ_mA, dvc::kOc1Step_uV) : u8(0));
    f.add(0x5B, 0xFF, ocd_afe ? u8(par(s, P::ocd_delay_ms) / 8 - 1) : u8(255));
    f.add(0x5C, 0xFF, occ_afe ? u8(par(s, P::occ_delay_ms) / 8 - 1) : u8(255));
    f.add(0x5E, 0x7F, u8(0x40 | (code(s, P::ocd2_mA, dvc::kOc2Step_uV) - 1)));
    f.add(0x5F, 0x7F, u8(0x40 | (code(s, P::occ2_mA, dvc::kOc2Step_uV) - 1)));
    f.add(0x60, 0xFF, u8(par(s, P::ocd2_delay_ms) / 4 - 1));
    f.add(0x61, 0xFF, u8(par(s, P::occ2_delay_ms) / 4 - 1));
    f.add(0x62, 0x7F, u8(0x40 | code(s, P::scd_mA, dvc::kScdStep_uV)));
    f.add(0x63, 0xFF, u8(par(s, P::scd_delay_us) / dvc::kScdDelayStep_cus));
    f.add(0x65, 0xFF, code(s, P::wake_mA, dvc::kCwtStep_uV));
    f.add(0x66, 0xFF, code(s, P::diode_mA, dvc::kBdpStep_uV));
}

}  // namespace

std::uint32_t driver_fields(const State& s, CfgField (&out)[kCfgFieldN]) {
    Fields f{out};
    f.add(0x52, 0x1F, 0x1E);  // turn-off strength as the sheet recommends
    f.add(0x53, 0x0F, 0x02);  // watchdog and DON close DSG; no pre-discharge interlock; automatic body-diode drive
    f.add(0x54, 0xFF, 0x7A);  // watchdog and CON close CHG, discharge faults leave it; automatic body-diode drive
    f.add(0x55, 0x8C, 0x8C);  // high-side drivers masked (low-side board), current converter always on
    f.add(0x56, 0x0F, 0x0F);  // CC1 every 4 ms awake, 32 ms asleep
    current_fields(s, f);
    for (std::uint8_t r = 0x67; r <= 0x69; ++r) f.add(r, 0xFF, 0x00);  // no passive balancing
    const std::uint32_t used = s.n >= 24 ? 0xFFFFFFu : (1u << s.n) - 1u;
    f.add(0x6A, 0xFF, u8((~used >> 16) & 0xFFu));
    f.add(0x6B, 0xFF, u8((~used >> 8) & 0xFFu));
    f.add(0x6C, 0xFF, u8((~used & 0xF0u) | 0x0Cu));  // PACK and LOAD are tied to VSS on this board: skipped
    f.add(0x6D, 0x3B, 0x0A);                         // charge pump lowest, masked channels measured, cells as 100 uV
    f.add(0x6E, 0xF3, 0x81);                         // voltage scan without pause, 1.54 ms a slot
    const std::int32_t cov = par(s, P::cov_afe_mV) - 500;
    const std::int32_t cuv = par(s, P::cuv_afe_mV);
    f.add(0x70, 0xFF, u8(cov >> 4));
    f.add(0x71, 0xFF, u8(((cov & 0x0F) << 4) | voltage_delay(par(s, P::cov_delay_ms))));
    f.add(0x72, 0xFF, u8(cuv >> 4));
    f.add(0x73, 0xFF, u8(((cuv & 0x0F) << 4) | voltage_delay(par(s, P::cuv_delay_ms))));
    f.add(0x74, 0xFF, 0x71);  // GP1 NTC, GP2 INT, GP3 NTC
    f.add(0x75, 0xFF, 0x7F);  // GP4 NTC, GP5 low-side CHG, GP6 low-side DSG
    f.add(0x76, 0x7F, 35);    // die over-temperature 104.8 degC
    const bool sleeping = s.pow.mode == kModeSleepEnter || s.pow.mode == kModeSleep;
    f.add(dvc::kIwt, 0x07, sleeping ? u8(0) : dvc::kIwt4s);
    f.add(0x78, 0x0F, 0x00);  // no timed wake
    f.add(0x79, 0xFF, 0x60);  // interrupts: protections and watchdog, not conversions
    return f.n;
}

void driver_configure(State& s) {
    CfgField f[kCfgFieldN];
    const std::uint32_t n = driver_fields(s, f);
    for (std::uint32_t i = 0; i < n; ++i) {
        std::uint8_t& r = s.drv.cfg[f[i].reg - dvc::kFet];
        r = static_cast<std::uint8_t>((r & ~f[i].mask) | (f[i].value & f[i].mask));
    }
    s.drv.dirty = 0;
    s.drv.pending = (s.drv.pending & ~kJobVerify) | kJobWriteCfg;
}

}  // namespace bms
