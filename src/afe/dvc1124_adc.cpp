// SPDX-License-Identifier: Apache-2.0
// Converters. A result is the mean of its input over its window; the mean is kept and becomes a code when it is read or
// when a decision needs it. A window that lies inside one segment is the value at its middle (inputs are linear); one
// that spans segments is a sum of trapezoids. Windows nobody can see (a later one ends in the same segment and no
// decision is near) are skipped by arithmetic, so a segment costs the same whether it is 1 ms or 1 s long.
#include "afe/dvc1124.hpp"
#include "base/lanes.hpp"
#include "base/math.hpp"
#include "base/sum.hpp"

namespace twin::afe {

using namespace dvc;
using base::k_ms;
using base::k_never_ns;
using base::Stream;
using base::to_s;

namespace {

constexpr std::int64_t k_cc2_ns = 256 * k_ms;
constexpr int k_slot_die = 3, k_slot_1p8 = 4, k_slot_gp1 = 5, k_slot_gp6 = 10, k_slot_vc1 = 11, k_slot_vc24 = 34,
              k_slot_last = 35;
constexpr double k_die_lsb_K = 0.24467;
constexpr double k_die_zero_degC = -271.03;

/// Mean over [a, b] of what runs linearly from x0 at t0 to x1 at t1.
double mean_of(const AnalogSegment& g, double x0, double x1, Time_ns a, Time_ns b) {
    const double middle = 0.5 * static_cast<double>((a - g.t0_ns) + (b - g.t0_ns));
    return x0 + (x1 - x0) * (middle / static_cast<double>(g.t1_ns - g.t0_ns));
}

void accumulate(double& hi, double& lo, double x) {
    base::Sum<double> sum{hi, lo};
    sum.add(x);
    hi = sum.hi;
    lo = sum.lo;
}

}  // namespace

// ---------------------------------------------------------------------------------------------- current

std::int32_t Dvc1124::cc1_convert(double mean_V, std::uint64_t index, std::int64_t period, std::int32_t cvos) const {
    const double sigma_V = p_.cc1_noise_sd_V * base::sqrt2(4e6 / static_cast<double>(period));
    const double noise_V = sigma_V * base::normal(key_, Stream::adc_cc1, index);
    const double x_V = mean_V * (1.0 + trim_.cc_gain) + trim_.cc_offset_V + noise_V;
    return static_cast<std::int32_t>(base::round_sat(x_V * 2e5 - cvos, -32768, 32767));
}

std::int32_t Dvc1124::cc2_convert() const {
    const double noise_V = p_.cc2_noise_sd_V * base::normal(key_, Stream::adc_cc2, s_.cc2_last_index);
    const double x_V = s_.cc2_mean_V * (1.0 + trim_.cc_gain) + trim_.cc_offset_V + noise_V;
    return static_cast<std::int32_t>(base::round_sat(x_V * 3.2e6 - 16.0 * s_.cc2_last_cvos, -524288, 524287));
}

/// Whether a conversion is at or beyond sign * level. The noise is drawn only where it can decide.
bool Dvc1124::cc1_beyond(double mean_V, std::uint64_t index, int sign, std::int32_t level) const {
    const double clean = (mean_V * (1.0 + trim_.cc_gain) + trim_.cc_offset_V) * 2e5 - s_.cvos_code;
    const double x = sign * clean;
    if (!eager_) {
        if (x > level + d_.cc1_bound) return true;
        if (x < level - d_.cc1_bound) return false;
    }
    return sign * cc1_convert(mean_V, index, s_.cc1_period_ns, s_.cvos_code) >= level;
}

/// No decision on CC1 is in force, and none can be while the shunt stays in [lo, hi].
bool Dvc1124::cc1_quiet(double lo_V, double hi_V) const {
    return hi_V < d_.quiet_high_V && lo_V > d_.quiet_low_V && s_.ocd1_since_ns == k_never_ns &&
           s_.occ1_since_ns == k_never_ns && s_.bd_dsg == 0 && s_.bd_chg == 0;
}

void Dvc1124::cc1_decide(Time_ns end) {
    for (int k = 0; k < 6; ++k) {
        const Watch w = watch(k);
        if (w.level == 0) continue;
        const bool beyond = cc1_beyond(s_.cc1_mean_V, s_.cc1_last_index, w.sign, w.level);
        if (w.timed != 0) {
            std::int64_t& since = k == 0 ? s_.ocd1_since_ns : s_.occ1_since_ns;
            since = !beyond ? k_never_ns : (since == k_never_ns ? end : since);
        } else if (k <= 3) {
            std::uint8_t& state = k == 2 ? s_.bd_dsg : s_.bd_chg;
            const std::uint8_t now = static_cast<std::uint8_t>(beyond ? 1 : 0);
            if (now != state) s_.attention = 1;
            state = now;
        } else if (beyond && s_.wake_request == 0) {
            s_.wake_request = static_cast<std::uint8_t>((k == 4 ? c_woke_dsg : c_woke_chg) + 1);
            s_.attention = 1;
        }
    }
}

void Dvc1124::finish_cc1(Time_ns end, double mean_V) {
    s_.cc1_mean_V = mean_V;
    s_.cc1_last_index = s_.cc1_index;
    s_.cc1_last_period_ns = s_.cc1_period_ns;
    s_.cc1_last_cvos = s_.cvos_code;
    s_.cc1_valid = 1;
    s_.cc1_fresh = 0;
    s_.done = static_cast<std::uint8_t>(s_.done | s_cc1f);
    if (eager_) {
        s_.cc1_code = cc1_convert(mean_V, s_.cc1_index, s_.cc1_period_ns, s_.cvos_code);
        s_.cc1_fresh = 1;
    }
    if (eager_ || !cc1_quiet(s_.win_min_V, s_.win_max_V)) cc1_decide(end);
    s_.cc1_index += 1;
    s_.cc1_t0_ns = end;
    s_.cc1_hi = s_.cc1_lo = 0.0;
}

void Dvc1124::advance_cc1(const AnalogSegment& g) {
    if (s_.cc_on == 0 || g.t1_ns <= s_.cc1_t0_ns) return;
    const bool alive_input = s_.dead_shunt == 0;
    const double v0 = alive_input ? g.shunt0_V : 0.0;
    const double v1 = alive_input ? g.shunt1_V : 0.0;
    const double lo = base::min2(v0, v1);
    const double hi = base::max2(v0, v1);
    const std::int64_t period = s_.cc1_period_ns;
    Time_ns begin = s_.cc1_t0_ns;
    Time_ns a = begin > g.t0_ns ? begin : g.t0_ns;
    // All samples of this segment lie in the hull of the running window and the segment: judge once.
    s_.win_min_V = base::min2(s_.win_min_V, lo);
    s_.win_max_V = base::max2(s_.win_max_V, hi);
    const std::int64_t ended = (g.t1_ns - begin) / period;
    if (!eager_ && ended >= 2 && cc1_quiet(s_.win_min_V, s_.win_max_V)) {
        begin += (ended - 1) * period;
        s_.cc1_index += static_cast<std::uint64_t>(ended - 1);
        s_.cc1_t0_ns = begin;
        s_.cc1_hi = s_.cc1_lo = 0.0;
        a = begin;
    }
    while (begin + period <= g.t1_ns) {
        const Time_ns end = begin + period;
        double mean = mean_of(g, v0, v1, a, end);
        if (a != begin) {
            accumulate(s_.cc1_hi, s_.cc1_lo, mean * to_s(end - a));
            mean = (s_.cc1_hi + s_.cc1_lo) / to_s(period);
        }
        finish_cc1(end, mean);
        begin = end;
        a = end;
    }
    if (a < g.t1_ns) accumulate(s_.cc1_hi, s_.cc1_lo, mean_of(g, v0, v1, a, g.t1_ns) * to_s(g.t1_ns - a));
    if (ended > 0) {  // the running window began in this segment
        const double at_begin = mean_of(g, v0, v1, begin, begin);
        s_.win_min_V = base::min2(at_begin, v1);
        s_.win_max_V = base::max2(at_begin, v1);
    }
}

void Dvc1124::finish_cc2(double mean_V) {
    s_.cc2_mean_V = mean_V;
    s_.cc2_last_index = s_.cc2_index;
    s_.cc2_last_cvos = s_.cvos_code;
    s_.cc2_valid = 1;
    s_.cc2_fresh = 0;
    s_.done = static_cast<std::uint8_t>(s_.done | s_cc2f);
    if (eager_) {
        s_.cc2_code = cc2_convert();
        s_.cc2_fresh = 1;
    }
    if (d_.int_pin != 0 && (s_.reg[r_intm] & i_cc) == 0) {
        s_.int_request = static_cast<std::uint8_t>(s_.int_request | i_cc);
        s_.attention = 1;
    }
    s_.cc2_index += 1;
    s_.cc2_t0_ns += k_cc2_ns;
    s_.cc2_hi = s_.cc2_lo = 0.0;
}

void Dvc1124::advance_cc2(const AnalogSegment& g) {
    if (s_.cc_on == 0 || !working() || g.t1_ns <= s_.cc2_t0_ns) return;
    const double v0 = s_.dead_shunt == 0 ? g.shunt0_V : 0.0;
    const double v1 = s_.dead_shunt == 0 ? g.shunt1_V : 0.0;
    Time_ns a = s_.cc2_t0_ns > g.t0_ns ? s_.cc2_t0_ns : g.t0_ns;
    const std::int64_t ended = (g.t1_ns - s_.cc2_t0_ns) / k_cc2_ns;
    if (!eager_ && ended >= 2) {
        s_.cc2_t0_ns += (ended - 1) * k_cc2_ns;
        s_.cc2_index += static_cast<std::uint64_t>(ended - 1);
        s_.cc2_hi = s_.cc2_lo = 0.0;
        a = s_.cc2_t0_ns;
    }
    while (s_.cc2_t0_ns + k_cc2_ns <= g.t1_ns) {
        const Time_ns end = s_.cc2_t0_ns + k_cc2_ns;
        double mean = mean_of(g, v0, v1, a, end);
        if (a != s_.cc2_t0_ns) {
            accumulate(s_.cc2_hi, s_.cc2_lo, mean * to_s(end - a));
            mean = (s_.cc2_hi + s_.cc2_lo) / to_s(k_cc2_ns);
        }
        finish_cc2(mean);
        a = end;
    }
    if (a < g.t1_ns) accumulate(s_.cc2_hi, s_.cc2_lo, mean_of(g, v0, v1, a, g.t1_ns) * to_s(g.t1_ns - a));
}

// ---------------------------------------------------------------------------------------------- voltage scan

/// Code of a cell in 100 uV, signed and not clipped: what the COV and CUV comparison sees.
std::int64_t Dvc1124::cell_code(int cell, double mean_V, std::uint64_t index) const {
    const double noise_V =
        p_.cell_noise_sd_V * base::normal(key_, Stream::adc_cell, index * 32 + static_cast<std::uint64_t>(cell));
    const double x_V = mean_V * (1.0 + trim_.cell_gain[cell]) + trim_.cell_offset_V[cell] + noise_V;
    return base::round_sat(x_V * 1e4, -10'000'000, 10'000'000);
}

std::int32_t Dvc1124::slot_convert(int slot) const {
    const double mean = s_.slot_mean[slot];
    const std::uint64_t index = s_.slot_index[slot];
    if (slot >= k_slot_vc1 && slot <= k_slot_vc24) {
        const std::int64_t code = cell_code(slot - k_slot_vc1, mean, index);
        if (s_.signed_format[slot] != 0) {
            const std::int64_t twice = code >= 0 ? (code + 1) / 2 : -((-code) / 2);  // 200 uV, halves up
            return static_cast<std::int32_t>(twice > 32767 ? 32767 : (twice < -32768 ? -32768 : twice));
        }
        return static_cast<std::int32_t>(code < 0 ? 0 : (code > 65535 ? 65535 : code));
    }
    if (slot == 1 || slot == 2) return 0;  // PACK and LOAD are tied to VSS on a low-side board
    const double noise = base::normal(key_, Stream::adc_aux, index * 64 + static_cast<std::uint64_t>(slot));
    double x = 0.0;
    if (slot == 0)
        x = (mean + trim_.stack_offset_V + p_.stack_noise_sd_V * noise) / 12.8e-3;
    else if (slot == k_slot_die)
        x = (mean + trim_.die_offset_K + p_.die_noise_sd_K * noise - k_die_zero_degC) / k_die_lsb_K;
    else if (slot == k_slot_1p8)
        x = (trim_.v1p8_V + p_.aux_noise_sd_V * noise) * 1e4;
    else if (slot <= k_slot_gp6)
        x = (mean + trim_.aux_offset_V[slot - k_slot_gp1] + p_.aux_noise_sd_V * noise) * 1e4;
    return static_cast<std::int32_t>(base::round_sat(x, 0, 65535));
}

void Dvc1124::cell_decide(int cell, double mean_V, Time_ns end) {
    const std::uint32_t bit = 1U << cell;
    const double clean = (mean_V * (1.0 + trim_.cell_gain[cell]) + trim_.cell_offset_V[cell]) * 1e4;
    std::int64_t code = 0;
    bool have = false;
    if (eager_ || base::abs2(clean - d_.cov_code) <= d_.cell_bound ||
        base::abs2(clean - d_.cuv_code) <= d_.cell_bound) {
        code = cell_code(cell, mean_V, s_.scan_index);
        have = true;
    }
    const bool over = d_.cov_code != 0 && (have ? code > d_.cov_code : clean > d_.cov_code);
    const bool under = d_.cuv_code != 0 && (have ? code < d_.cuv_code : clean < d_.cuv_code);
    s_.cov_mask = over ? s_.cov_mask | bit : s_.cov_mask & ~bit;
    s_.cuv_mask = under ? s_.cuv_mask | bit : s_.cuv_mask & ~bit;
    s_.cov_since_ns = s_.cov_mask == 0 ? k_never_ns : (s_.cov_since_ns == k_never_ns ? end : s_.cov_since_ns);
    s_.cuv_since_ns = s_.cuv_mask == 0 ? k_never_ns : (s_.cuv_since_ns == k_never_ns ? end : s_.cuv_since_ns);
}

void Dvc1124::finish_slot(int slot, double mean, Time_ns end) {
    if (slot == k_slot_last) {
        s_.done = static_cast<std::uint8_t>(s_.done | s_vadf);
        if (d_.int_pin != 0 && (s_.reg[r_intm] & i_vo) == 0) {
            s_.int_request = static_cast<std::uint8_t>(s_.int_request | i_vo);
            s_.attention = 1;
        }
        if (d_.balance_any != 0) s_.attention = 1;
        return;
    }
    const int cell = slot - k_slot_vc1;
    if (cell >= 0 && ((d_.hidden >> cell) & 1U) != 0) return;
    if (slot >= k_slot_gp1 && slot <= k_slot_gp6) {
        const std::uint8_t mode = gp_mode(slot - k_slot_gp1 + 1);
        if (mode != 1 && mode != 2) return;
    }
    s_.slot_mean[slot] = mean;
    s_.slot_index[slot] = s_.scan_index;
    s_.signed_format[slot] = s_.reg[r_cfg] & 1;
    s_.valid[slot] = 1;
    s_.fresh[slot] = 0;
    if (cell >= 0 && ((d_.masked >> cell) & 1U) == 0) cell_decide(cell, mean, end);
    if (slot == k_slot_die && (s_.reg[r_cot] & 0x7F) != 0 && slot_convert(slot) >= 1466 + 2 * (s_.reg[r_cot] & 0x7F))
        s_.cotf = 1;
    if (eager_) {
        s_.code[slot] = slot_convert(slot);
        s_.fresh[slot] = 1;
    }
}

/// Input of a slot at the segment's ends.
void Dvc1124::slot_ends(const AnalogSegment& g, int slot, double& x0, double& x1) const {
    x0 = 0.0;
    x1 = 0.0;
    if (slot >= k_slot_vc1 && slot <= k_slot_vc24) {
        const int n = slot - k_slot_vc1 + 1;
        if (((s_.dead_pins >> (n - 1)) & 3U) != 0) return;
        x0 = g.pin0_V[n] - g.pin0_V[n - 1];
        x1 = g.pin1_V[n] - g.pin1_V[n - 1];
    } else if (slot == 0) {
        x0 = g.vtop0_V;
        x1 = g.vtop1_V;
    } else if (slot == k_slot_die) {
        x0 = g.die0_degC;
        x1 = g.die1_degC;
    } else if (slot >= k_slot_gp1 && slot <= k_slot_gp6) {
        const int n = slot - k_slot_gp1;
        if (((s_.dead_gp >> n) & 1U) != 0) return;
        x0 = g.gp0_V[n];
        x1 = g.gp1_V[n];
    }
}

/// No cell decision is in force and none can be reached by a conversion inside this segment.
bool Dvc1124::scan_quiet(const AnalogSegment& g) const {
    if ((s_.reg[r_cot] & 0x7F) != 0) {
        const double level_degC = (1466 + 2 * (s_.reg[r_cot] & 0x7F)) * k_die_lsb_K + k_die_zero_degC;
        const double margin_K = 9.0 * p_.die_noise_sd_K + base::abs2(trim_.die_offset_K) + 1.0;
        if (base::max2(g.die0_degC, g.die1_degC) > level_degC - margin_K) return false;
    }
    if (d_.cov_code == 0 && d_.cuv_code == 0) return true;
    if ((s_.cov_mask | s_.cuv_mask | s_.dead_pins) != 0) return false;
    const double over_V = d_.cov_code == 0 ? 1e30 : d_.cov_code * 1e-4;
    const double under_V = d_.cuv_code == 0 ? -1e30 : d_.cuv_code * 1e-4;
    for (std::size_t n = 0; n < k_max_cells; ++n) {
        if (((d_.masked >> n) & 1U) != 0) continue;
        const double x0 = g.pin0_V[n + 1] - g.pin0_V[n];
        const double x1 = g.pin1_V[n + 1] - g.pin1_V[n];
        if (!(base::max2(x0, x1) < over_V - d_.cell_margin_V[n] && base::min2(x0, x1) > under_V + d_.cell_margin_V[n]))
            return false;
    }
    return true;
}

void Dvc1124::advance_scan(const AnalogSegment& g) {
    if (s_.vadc_on == 0) return;
    if (g.t1_ns <= s_.scan_t0_ns) {
        if (g.t1_ns == s_.scan_t0_ns && d_.balance_any != 0) s_.attention = 1;
        return;
    }
    if (!eager_ && d_.balance_any == 0) {
        const std::int64_t scans = (g.t1_ns - s_.scan_t0_ns) / d_.scan_period_ns - 1;  // the last complete one is kept
        if (scans >= 1 && scan_quiet(g)) {
            s_.scan_t0_ns += scans * d_.scan_period_ns;
            s_.scan_index += static_cast<std::uint64_t>(scans);
            s_.slot = 0;
            s_.slot_sum = 0.0;
        }
    }
    for (;;) {
        if (s_.slot >= k_slots) {
            if (g.t1_ns < s_.scan_t0_ns + d_.scan_period_ns) return;
            s_.scan_t0_ns += d_.scan_period_ns;
            s_.scan_index += 1;
            s_.slot = 0;
            s_.slot_sum = 0.0;
            if (d_.balance_any != 0) s_.attention = 1;
        }
        const int slot = s_.slot;
        if (d_.slot_skip[slot] != 0) {
            s_.slot += 1;
            continue;
        }
        const Time_ns begin = s_.scan_t0_ns + d_.slot_begin_ns[slot];
        if (g.t1_ns <= begin) return;
        const Time_ns end = begin + d_.slot_ns;
        const Time_ns a = begin > g.t0_ns ? begin : g.t0_ns;
        double x0;
        double x1;
        slot_ends(g, slot, x0, x1);
        if (end > g.t1_ns) {
            s_.slot_sum += mean_of(g, x0, x1, a, g.t1_ns) * to_s(g.t1_ns - a);
            return;
        }
        double mean = mean_of(g, x0, x1, a, end);
        if (a != begin) mean = (s_.slot_sum + mean * to_s(end - a)) / to_s(d_.slot_ns);
        s_.slot_sum = 0.0;
        s_.slot += 1;
        finish_slot(slot, mean, end);
    }
}

}  // namespace twin::afe
