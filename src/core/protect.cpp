#include "core/protect.hpp"

#include "core/wiring.hpp"

namespace bms {
namespace {

using namespace dvc;

constexpr std::uint8_t kDischarge1 = kFlagOcd1 | kFlagOcd2;
constexpr std::uint8_t kCharge12 = kFlagOcc1 | kFlagOcc2;

void trip(Step& t, Latch l, std::int32_t value) {
    State& s = t.s;
    Protect& p = s.prot;
    p.since_us[l] = 0;
    if (p.latch[l] != 0) return;
    p.latch[l] = 1;
    p.trip_us[l] = s.now_us;
    p.evidence_us[l] = 0;
    ++p.counter[l];
    t.log(E::trip, l, value);
    if (l == kScd && p.scd_tries >= par(s, P::scd_retries)) {
        p.locked = 1;
        t.log(E::locked, p.scd_tries);
    }
}

void watch(Step& t, Latch l, bool condition, std::int32_t delay_ms, std::int32_t value) {
    // Before the MOSFETs close for the first time a limit counts at once: nothing is on yet that a glitch could
    // interrupt.
    const std::uint64_t delay_us = t.s.pow.qualified != 0 ? ms_us(delay_ms) : 0;
    if (held(t.s.prot.since_us[l], condition, t.s.now_us, delay_us)) trip(t, l, value);
}

// Latched flags of the AFE into latches of the core, and which of them to clear.
void afe_flags(Step& t) {
    State& s = t.s;
    Driver& d = s.drv;
    const std::uint8_t f = d.flags;
    if (d.status_new == 0) return;
    if (f == 0) {
        d.clear_tries = 0;
        d.clear_mask = 0;
        d.pending &= ~kJobClear;
        return;
    }
    std::uint8_t keep = 0;
    auto take = [&](std::uint8_t bits, Latch l, bool believe) {
        if ((f & bits) == 0) return;
        if (s.prot.latch[l] == 0 && (d.clear_mask & bits) == 0 && believe) {
            t.log(E::trip_afe, f);
            trip(t, l, f);
        }
        if (s.prot.latch[l] != 0) keep = static_cast<std::uint8_t>(keep | (f & bits));
    };
    const bool readable = wiring_dead(s) == 0 && !wiring_fault(s) && s.meas.valid != 0;
    take(kFlagScd, kScd, true);
    take(kDischarge1, kOcd, true);
    take(kCharge12, kOcc, true);
    // Leads that carry balance current or are open make single channels wrong: then the corrected voltages decide.
    take(kFlagCov, kCov, readable && s.meas.v_max_dmV >= (par(s, P::cov_mV) - 20) * 10);
    take(kFlagCuv, kCuv, readable && s.meas.v_min_dmV <= (par(s, P::cuv_mV) + 20) * 10);
    if ((f & kFlagIwt) != 0 && (d.clear_mask & kFlagIwt) == 0) t.log(E::watchdog);
    d.clear_mask = static_cast<std::uint8_t>(f & ~keep);
    if (d.clear_mask == 0 || d.boot != kBootDone || ((d.pending | d.job) & kJobClear) != 0) return;
    if (d.clear_tries < 255) ++d.clear_tries;
    if (d.clear_tries == 5) t.log(E::flag_stuck, d.clear_mask);
    d.pending |= kJobClear;
}

void currents(Step& t) {
    const State& s = t.s;
    const std::int32_t i = s.meas.i_mA;
    watch(t, kOcd, i >= par(s, P::ocd_mA), par(s, P::ocd_delay_ms), i);
    watch(t, kOcc, -i >= par(s, P::occ_mA), par(s, P::occ_delay_ms), -i);
}

void voltages(Step& t) {
    const State& s = t.s;
    const Measure& m = s.meas;
    if (m.k_max == 0) return;  // no readable channel
    watch(t, kCov, m.v_max_dmV >= par(s, P::cov_mV) * 10, par(s, P::cov_delay_ms), m.v_max_dmV / 10);
    watch(t, kCuv, m.v_min_dmV <= par(s, P::cuv_mV) * 10, par(s, P::cuv_delay_ms), m.v_min_dmV / 10);
    watch(t, kDv, m.v_max_dmV - m.v_min_dmV >= par(s, P::dv_trip_mV) * 10, 5000, (m.v_max_dmV - m.v_min_dmV) / 10);
}

void temperatures(Step& t) {
    const State& s = t.s;
    const Measure& m = s.meas;
    const std::int32_t delay = par(s, P::temp_delay_ms);
    if (m.any_cell_temp != 0) {
        watch(t, kOtc, m.t_max_ddegC > par(s, P::otc_degC), delay, m.t_max_ddegC);
        watch(t, kUtc, m.t_min_ddegC < par(s, P::utc_degC), delay, m.t_min_ddegC);
        watch(t, kOtd, m.t_max_ddegC > par(s, P::otd_degC), delay, m.t_max_ddegC);
        watch(t, kUtd, m.t_min_ddegC < par(s, P::utd_degC), delay, m.t_min_ddegC);
    }
    const bool fet = (s.cfg.ntc_mask & BMS_NTC_FET) != 0 && (m.ntc_bad & BMS_NTC_FET) == 0;
    const bool hot = (fet && m.t_ddegC[4] >= par(s, P::fet_trip_degC)) || s.drv.die_hot != 0;
    watch(t, kOtFet, hot, 300, m.t_ddegC[4]);
}

}  // namespace

void protect_check(Step& t) {
    State& s = t.s;
    afe_flags(t);
    if (s.fresh == 0) return;
    currents(t);
    if (s.wire.fault_range == 0 && s.wire.fault_count == 0 && s.wire.range_count == 0) voltages(t);
    temperatures(t);
}

bool charge_requested(const State& s) { return s.prot.charger_present != 0 || s.meas.i_mA < -par(s, P::idle_mA); }
bool discharge_requested(const State& s) { return s.prot.load_present != 0 || s.meas.i_mA > par(s, P::idle_mA); }

}  // namespace bms
