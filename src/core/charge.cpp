#include "core/charge.hpp"

#include "core/product.hpp"

namespace bms {
namespace {

constexpr std::int64_t kuAsPer_mAh = 3600000;
constexpr std::uint64_t kFullHold_us = 10000000;
constexpr std::uint64_t kGap_us = 1000000;  // longer without a result: asleep or starting
constexpr std::uint64_t kCc2_us = 256000;

std::int64_t full_uAs(const State& s) { return static_cast<std::int64_t>(par(s, P::capacity_mAh)) * kuAsPer_mAh; }

void calibrate(Step& t, bool full) {
    State& s = t.s;
    t.log(full ? E::full : E::empty, charge_soc_cpct(s));
    s.soc.q_uAs = full ? full_uAs(s) : 0;
    s.soc.rest_uAus = 0;
    s.soc.known = 1;
    if (full) ++s.soc.full_count;
}

void check_full(Step& t) {
    State& s = t.s;
    const std::int64_t taper_mA = static_cast<std::int64_t>(par(s, P::capacity_mAh)) * par(s, P::full_taper_pct) / 100;
    const std::int32_t charge_mA = -s.meas.i_mA;
    const bool full = s.meas.v_max_dmV >= par(s, P::full_mV) * 10 && charge_mA > 0 && charge_mA < taper_mA &&
                      s.fet.chg == dvc::kDriveOn;
    if (!full) s.soc.full_done = 0;
    if (!held(s.soc.full_since_us, full, s.now_us, kFullHold_us) || s.soc.full_done != 0) return;
    s.soc.full_done = 1;
    calibrate(t, true);
}

}  // namespace

void charge_step(Step& t) {
    State& s = t.s;
    Charge& c = s.soc;
    if (c.started == 0) return;
    if (s.meas.cc2_new != 0) {
        const std::uint64_t gap = s.meas.cc2_us == 0 ? kGap_us : s.drv.post_us - s.meas.cc2_us;
        const std::uint64_t dt_us = gap >= kGap_us ? kCc2_us : gap;
        s.meas.cc2_us = s.drv.post_us;
        c.rest_uAus += static_cast<std::int64_t>(s.meas.i_uA) * static_cast<std::int64_t>(dt_us);
        const std::int64_t whole = c.rest_uAus / 1000000;
        c.rest_uAus -= whole * 1000000;
        c.q_uAs -= whole;
        c.moved_uAs += static_cast<std::uint64_t>(whole < 0 ? -whole : whole);
        const std::int64_t full = full_uAs(s);
        if (c.q_uAs > full) c.q_uAs = full;
        if (c.q_uAs < 0) c.q_uAs = 0;
    }
    if (s.fresh == 0) return;
    check_full(t);
    // Empty: under-voltage at a current low enough that it isn't the drop of the cells (C/5).
    if (s.prot.latch[kCuv] != 0 && s.prot.trip_us[kCuv] == s.now_us && s.meas.i_mA < par(s, P::capacity_mAh) / 5 &&
        s.meas.i_mA > 0) {
        calibrate(t, false);
    }
}

void charge_guess(State& s) {
    const Chemistry& c = kChemistry[s.chemistry];
    const std::int32_t mean_mV = per_cell(s, s.meas.sum_mV);
    std::int32_t cpct = 0;
    if (mean_mV >= c.ocv_mV[10]) {
        cpct = 10000;
    } else {
        for (std::int32_t i = 9; i >= 0; --i) {
            if (mean_mV < c.ocv_mV[i]) continue;
            cpct = i * 1000 + (mean_mV - c.ocv_mV[i]) * 1000 / (c.ocv_mV[i + 1] - c.ocv_mV[i]);
            break;
        }
    }
    charge_set(s, cpct);
}

void charge_set(State& s, std::int32_t soc_cpct) {
    s.soc.q_uAs = full_uAs(s) / 10000 * soc_cpct;
    s.soc.rest_uAus = 0;
    s.soc.started = 1;
}

std::int32_t charge_soc_cpct(const State& s) {
    const std::int64_t per = full_uAs(s) / 10000;
    const std::int64_t v = per > 0 ? (s.soc.q_uAs + per / 2) / per : 0;
    return static_cast<std::int32_t>(v > 10000 ? 10000 : v);
}

std::int32_t charge_mAh(const State& s) { return static_cast<std::int32_t>(s.soc.q_uAs / kuAsPer_mAh); }

}  // namespace bms
