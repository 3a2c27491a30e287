// Release of latches: evidence first, time at most as a further condition.
#include "core/protect.hpp"

namespace bms {
namespace {

constexpr std::uint64_t kHold_us = 1000000;        // P- must have said so this long
constexpr std::uint64_t kCurrentHold_us = 200000;  // current the other way
constexpr std::int32_t kEvidence_mA = 1000;
constexpr std::int32_t kCharger_mV = -500;  // P- below: a charger above the pack
constexpr std::int32_t kChargerGone_mV = -300;
constexpr std::int32_t kLoadFloor_mV =
    3000;  // P- above the larger of this and a fifth of the pack: a load hangs on P+/P-
constexpr std::uint64_t kQuiet_us = 600000000;  // discharge on this long without a short circuit: the tries start anew

enum Evidence : std::int32_t { kNone = 0, kLoadRemoved = 1, kOpposite = 2, kChargerRemoved = 3, kValue = 4 };

// Flags of the AFE that belong to a latch.
std::uint8_t flags_of(Latch l) {
    switch (l) {
        case kScd:
            return dvc::kFlagScd;
        case kOcd:
            return dvc::kFlagOcd1 | dvc::kFlagOcd2;
        case kOcc:
            return dvc::kFlagOcc1 | dvc::kFlagOcc2;
        case kCov:
            return dvc::kFlagCov;
        case kCuv:
            return dvc::kFlagCuv;
        default:
            return 0;
    }
}

void release(Step& t, Latch l, Evidence e) {
    Driver& d = t.s.drv;
    d.clear_mask = static_cast<std::uint8_t>(d.clear_mask | (d.flags & flags_of(l)));  // old news, to be cleared
    if (d.clear_mask != 0) d.pending |= kJobClear;
    t.s.prot.latch[l] = 0;
    t.s.prot.evidence_us[l] = 0;
    t.s.prot.since_us[l] = 0;
    t.log(E::release, l, e);
}

bool dsg_on(const State& s) { return s.fet.dsg == dvc::kDriveOn || (s.drv.drivers & dvc::kDsgf) != 0; }
bool chg_on(const State& s) { return s.fet.chg == dvc::kDriveOn || (s.drv.drivers & dvc::kChgf) != 0; }

// What P- tells: meaningful only while the MOSFET in question blocks.
void look(State& s) {
    Protect& p = s.prot;
    const std::int32_t fifth = s.meas.sum_mV / 5;
    const std::int32_t limit = fifth > kLoadFloor_mV ? fifth : kLoadFloor_mV;
    p.load_present = !dsg_on(s) && s.meas.p_minus_mV >= limit ? 1 : 0;
    p.charger_present = !chg_on(s) && s.meas.p_minus_mV <= kCharger_mV ? 1 : 0;
}

bool after(const State& s, Latch l, std::int32_t seconds) { return s.now_us >= s.prot.trip_us[l] + s_us(seconds); }

// Load gone for kHold_us, or charge current for kCurrentHold_us.
Evidence load_evidence(State& s, Latch l) {
    const std::int32_t i = s.meas.i_mA;
    const bool charging = i <= -kEvidence_mA && s.meas.i_fast_mA < 0;
    const bool gone = s.prot.load_present == 0 && !dsg_on(s) && i < kEvidence_mA;
    const std::uint64_t hold = charging ? kCurrentHold_us : kHold_us;
    if (!held(s.prot.evidence_us[l], charging || gone, s.now_us, hold)) return kNone;
    return charging ? kOpposite : kLoadRemoved;
}

Evidence charger_evidence(State& s, Latch l) {
    const std::int32_t i = s.meas.i_mA;
    const bool discharging = i >= kEvidence_mA && s.meas.i_fast_mA > 0;
    const bool gone = s.meas.p_minus_mV >= kChargerGone_mV && i > -kEvidence_mA;
    const std::uint64_t hold = discharging ? kCurrentHold_us : kHold_us;
    if (!held(s.prot.evidence_us[l], discharging || gone, s.now_us, hold)) return kNone;
    return discharging ? kOpposite : kChargerRemoved;
}

void recover_scd(Step& t) {
    State& s = t.s;
    Protect& p = s.prot;
    if (p.latch[kScd] == 0) {
        if (p.scd_tries != 0 && s.fet.dsg == dvc::kDriveOn && s.now_us >= p.dsg_on_us + kQuiet_us) p.scd_tries = 0;
        return;
    }
    const Evidence e = load_evidence(s, kScd);
    if (p.locked != 0 || e == kNone || !after(s, kScd, par(s, P::scd_retry_s))) return;
    ++p.scd_tries;
    release(t, kScd, e);
    t.log(E::scd_retry, p.scd_tries);
}

void recover_voltages(Step& t) {
    State& s = t.s;
    Protect& p = s.prot;
    if (p.latch[kCov] != 0) {
        const Evidence e = charger_evidence(s, kCov);
        if (e != kNone && s.meas.v_max_dmV <= par(s, P::cov_release_mV) * 10) release(t, kCov, e);
    }
    if (p.latch[kCuv] != 0) {
        const Evidence e = load_evidence(s, kCuv);
        if (e != kNone && s.meas.v_min_dmV >= par(s, P::cuv_release_mV) * 10) release(t, kCuv, e);
    }
    const std::int32_t spread = s.meas.v_max_dmV - s.meas.v_min_dmV;
    if (p.latch[kDv] != 0 && spread <= (par(s, P::dv_trip_mV) - 200) * 10) release(t, kDv, kValue);
}

void recover_temperatures(Step& t) {
    State& s = t.s;
    const Measure& m = s.meas;
    const std::uint8_t* latch = s.prot.latch;
    const std::int32_t h = par(s, P::temp_hyst_degC);
    if (m.any_cell_temp != 0) {
        if (latch[kOtc] != 0 && m.t_max_ddegC <= par(s, P::otc_degC) - h) release(t, kOtc, kValue);
        if (latch[kUtc] != 0 && m.t_min_ddegC >= par(s, P::utc_degC) + h) release(t, kUtc, kValue);
        if (latch[kOtd] != 0 && m.t_max_ddegC <= par(s, P::otd_degC) - h) release(t, kOtd, kValue);
        if (latch[kUtd] != 0 && m.t_min_ddegC >= par(s, P::utd_degC) + h) release(t, kUtd, kValue);
    }
    if (latch[kOtFet] != 0 && m.t_ddegC[4] <= par(s, P::fet_resume_degC)) {
        s.drv.die_hot = 0;
        release(t, kOtFet, kValue);
    }
}

}  // namespace

void protect_recover(Step& t) {
    State& s = t.s;
    Protect& p = s.prot;
    look(s);
    if (s.fresh == 0) return;
    recover_scd(t);
    if (p.latch[kOcd] != 0) {
        const Evidence e = load_evidence(s, kOcd);
        if (e != kNone && after(s, kOcd, par(s, P::oc_recover_s))) release(t, kOcd, e);
    }
    if (p.latch[kOcc] != 0) {
        const Evidence e = charger_evidence(s, kOcc);
        if (e != kNone && after(s, kOcc, par(s, P::oc_recover_s))) release(t, kOcc, e);
    }
    if (p.latch[kPre] != 0) {
        const Evidence e = load_evidence(s, kPre);
        if (e != kNone && after(s, kPre, par(s, P::scd_retry_s))) release(t, kPre, e);
    }
    recover_voltages(t);
    recover_temperatures(t);
}

void protect_clear(Step& t, std::int32_t reason) {
    Protect& p = t.s.prot;
    if (p.locked != 0) t.log(E::unlocked, reason);
    p.locked = 0;
    p.scd_tries = 0;
    p.latch[kPre] = 0;
}

}  // namespace bms
