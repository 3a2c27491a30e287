// SPDX-License-Identifier: Apache-2.0
// Registers: decoding of the configuration, writes with their side effects, starting of the converters.
#include "afe/dvc1124.hpp"
#include "base/lanes.hpp"
#include "base/math.hpp"

namespace twin::afe {

using namespace dvc;
using base::k_ms;
using base::k_never_ns;
using base::k_s;
using base::k_us;

namespace {

constexpr double k_no_level_V = 1e30;
constexpr double k_noise_reach = 9.0;  // base::normal never exceeds 8.6
constexpr std::int64_t k_slot_ns[4] = {791 * k_us, 1540 * k_us, 3030 * k_us, 6020 * k_us};
constexpr std::int64_t k_settle_ns = 1 * k_ms;  // before each GP slot
constexpr std::int64_t k_cc2_ns = 256 * k_ms;
constexpr std::int64_t k_cc1_work_ns[4] = {500 * k_us, 1 * k_ms, 2 * k_ms, 4 * k_ms};
constexpr std::int64_t k_cc1_sleep_ns[4] = {4 * k_ms, 8 * k_ms, 16 * k_ms, 32 * k_ms};
constexpr double k_cc_range_V = 0.164;

/// COVD and CUVD: 200 + 100 * code ms up to 7, then 1..8 s.
std::int64_t cell_delay_ns(int code) { return code < 8 ? (200 + 100 * code) * k_ms : (code - 7) * k_s; }

std::int32_t word12(const std::uint8_t* at) { return (at[0] << 4) | (at[1] >> 4); }

/// Seconds of a timed wake, 0 = off.
std::int64_t wake_after_s(int code) {
    if (code == 0) return 0;
    if (code <= 5) return 10 * code;
    return 60 * (code - 5);
}

}  // namespace

std::uint8_t Dvc1124::gp_mode(int n) const {
    const std::uint8_t a = s_.reg[r_gp123];
    const std::uint8_t b = s_.reg[r_gp456];
    switch (n) {
        case 1:
            return static_cast<std::uint8_t>(a >> 6);
        case 2:
            return static_cast<std::uint8_t>((a >> 3) & 7);
        case 3:
            return static_cast<std::uint8_t>(a & 7);
        case 4:
            return static_cast<std::uint8_t>(b >> 6);
        case 5:
            return static_cast<std::uint8_t>((b >> 3) & 7);
        default:
            return static_cast<std::uint8_t>(b & 7);
    }
}

void Dvc1124::derive() {
    const std::uint8_t vadc = s_.reg[r_vadc];
    const std::uint8_t skip = s_.reg[r_cm_lo];
    d_.slot_ns = k_slot_ns[vadc & 3];
    std::int64_t at = 0;
    for (int k = 0; k < static_cast<int>(k_slots); ++k) {
        d_.slot_skip[k] = static_cast<std::uint8_t>(k >= 1 && k <= 4 && (skip & (0x10 >> k)) != 0 ? 1 : 0);
        if (k >= 5 && k <= 10) at += k_settle_ns;
        d_.slot_begin_ns[k] = at;
        if (d_.slot_skip[k] == 0) at += d_.slot_ns;
    }
    d_.scan_ns = at;
    d_.scan_period_ns = (vadc & 0x40) != 0 ? k_cc2_ns * (1 << ((vadc >> 4) & 3)) : at;
    d_.masked = (static_cast<std::uint32_t>(s_.reg[r_cm_hi]) << 16) |
                (static_cast<std::uint32_t>(s_.reg[r_cm_mid]) << 8) | (s_.reg[r_cm_lo] & 0xF0U);
    d_.hidden = (s_.reg[r_cfg] & 0x02) != 0 ? 0U : d_.masked;
    d_.balance_any = static_cast<std::uint8_t>((s_.reg[r_cb_hi] | s_.reg[r_cb_mid] | s_.reg[r_cb_lo]) != 0 ? 1 : 0);
    d_.int_pin =
        static_cast<std::uint8_t>(gp_mode(2) == 6 || gp_mode(3) == 6 || gp_mode(5) == 6 || gp_mode(6) == 6 ? 1 : 0);
    derive_protection();
}

void Dvc1124::derive_protection() {
    const std::uint8_t* r = s_.reg;
    // comparators
    const int scd_code = r[r_scd] & 0x3F;
    const double level_V[3] = {scd_code == 0 ? p_.scd_code0_V : 10e-3 * scd_code, 4e-3 * ((r[r_ocd2] & 0x3F) + 1),
                               4e-3 * ((r[r_occ2] & 0x3F) + 1)};
    const double delay_ns[3] = {7810.0 * r[r_scdd], 4e6 * (r[r_ocd2d] + 1), 4e6 * (r[r_occ2d] + 1)};
    const std::uint8_t enable[3] = {r[r_scd], r[r_ocd2], r[r_occ2]};
    for (int k = 0; k < 3; ++k) {
        d_.cmp_enabled[k] = static_cast<std::uint8_t>((enable[k] >> 6) & 1);
        d_.cmp_on_V[k] = level_V[k] * trim_.level_factor[k];
        d_.cmp_off_V[k] = base::max2(d_.cmp_on_V[k] - p_.hysteresis_V, 0.5 * d_.cmp_on_V[k]);
        d_.cmp_delay_ns[k] = base::round_sat(delay_ns[k] * trim_.delay_factor[k], 0, 10 * k_s);
    }
    // decisions on CC1 conversions, in LSB of 5 uV
    const bool asleep = s_.mode == static_cast<std::uint8_t>(Mode::sleep);
    d_.ocd1_code = asleep ? 0 : r[r_ocd1t] * 50;
    d_.occ1_code = asleep ? 0 : r[r_occ1t] * 50;
    d_.cwt_code = asleep ? r[r_cwt] * 2 : 0;
    d_.bdpt_code = r[r_bdpt] * 8;
    d_.ocd1_delay_ns = (r[r_ocd1d] + 1) * 8 * k_ms;
    d_.occ1_delay_ns = (r[r_occ1d] + 1) * 8 * k_ms;
    const std::int64_t period = asleep ? k_cc1_sleep_ns[r[r_c1o] & 3] : k_cc1_work_ns[(r[r_c1o] >> 2) & 3];
    d_.cc1_sigma_V = p_.cc1_noise_sd_V * base::sqrt2(4e6 / static_cast<double>(period));
    d_.cc1_bound = k_noise_reach * d_.cc1_sigma_V * 2e5 + 1.0;
    d_.cc1_margin_V = d_.cc1_bound * 5e-6 + base::abs2(trim_.cc_offset_V - 5e-6 * s_.cvos_code) +
                      base::abs2(trim_.cc_gain) * k_cc_range_V;
    d_.quiet_high_V = k_no_level_V;
    d_.quiet_low_V = -k_no_level_V;
    for (int k = 0; k < 6; ++k) {
        const Watch w = watch(k);
        if (w.level == 0) continue;
        const double edge_V = w.level * 5e-6 - d_.cc1_margin_V;
        if (w.sign > 0)
            d_.quiet_high_V = base::min2(d_.quiet_high_V, edge_V);
        else
            d_.quiet_low_V = base::max2(d_.quiet_low_V, -edge_V);
    }
    // cells
    const std::int32_t cov = word12(r + r_covt);
    const std::int32_t cuv = word12(r + r_cuvt);
    d_.cov_code = cov == 0 ? 0 : (cov + 500) * 10;
    d_.cuv_code = cuv * 10;
    d_.cov_delay_ns = cell_delay_ns(r[r_covd] & 15);
    d_.cuv_delay_ns = cell_delay_ns(r[r_cuvd] & 15);
    d_.cell_bound = k_noise_reach * p_.cell_noise_sd_V * 1e4 + 1.0;
    for (std::size_t k = 0; k < k_max_cells; ++k) {
        d_.cell_margin_V[k] =
            d_.cell_bound * 1e-4 + base::abs2(trim_.cell_offset_V[k]) + base::abs2(trim_.cell_gain[k]) * 10.0;
    }
}

void Dvc1124::start_converters(Time_ns t) {
    start_cc(t);
    start_scan(t);
}

void Dvc1124::restart_cc(Time_ns t) {
    start_cc(t);
    if ((s_.reg[r_vadc] & 0x40) != 0) start_scan(t);  // scans that follow CC2 move with it
}

void Dvc1124::start_cc(Time_ns t) {
    const bool asleep = s_.mode == static_cast<std::uint8_t>(Mode::sleep);
    const std::uint8_t cadc = s_.reg[r_cadc];
    const bool enabled = (cadc & (asleep ? 0x04 : 0x08)) != 0 && s_.camz_end_ns == k_never_ns;
    const std::int64_t begin = t > s_.ready_ns ? t : s_.ready_ns;
    s_.cc_on = static_cast<std::uint8_t>(alive() && enabled ? 1 : 0);
    s_.cc1_period_ns = asleep ? k_cc1_sleep_ns[s_.reg[r_c1o] & 3] : k_cc1_work_ns[(s_.reg[r_c1o] >> 2) & 3];
    s_.cc1_t0_ns = begin;
    s_.cc2_t0_ns = begin;
    s_.cc1_hi = s_.cc1_lo = s_.cc2_hi = s_.cc2_lo = 0.0;
    s_.cc1_index += 1;  // a conversion that was cut off keeps its number
    s_.cc2_index += 1;
    s_.win_min_V = s_.win_max_V = s_.shunt_V;
    s_.ocd1_since_ns = s_.occ1_since_ns = k_never_ns;
    s_.bd_dsg = s_.bd_chg = 0;
}

void Dvc1124::start_scan(Time_ns t) {
    s_.vadc_on = static_cast<std::uint8_t>(working() && (s_.reg[r_vadc] & 0x80) != 0 ? 1 : 0);
    std::int64_t begin = t > s_.ready_ns ? t : s_.ready_ns;
    if ((s_.reg[r_vadc] & 0x40) != 0 && s_.cc_on != 0 && begin > s_.cc2_t0_ns) begin = s_.cc2_t0_ns + k_cc2_ns;
    s_.scan_t0_ns = begin;
    s_.scan_index += 1;
    s_.slot = 0;
    s_.slot_sum = 0.0;
}

void Dvc1124::clear_flags(Time_ns t, std::uint8_t mask) {
    const std::uint8_t cleared = static_cast<std::uint8_t>(s_.flags & mask);
    s_.flags = static_cast<std::uint8_t>(s_.flags & ~mask);
    // A condition that is still there starts its delay again.
    if ((cleared & f_cov) != 0 && s_.cov_mask != 0) s_.cov_since_ns = t;
    if ((cleared & f_cuv) != 0 && s_.cuv_mask != 0) s_.cuv_since_ns = t;
    if ((cleared & f_ocd1) != 0) s_.ocd1_since_ns = k_never_ns;
    if ((cleared & f_occ1) != 0) s_.occ1_since_ns = k_never_ns;
    const std::uint8_t flag[3] = {f_scd, f_ocd2, f_occ2};
    for (int k = 0; k < 3; ++k) {
        if ((cleared & flag[k]) == 0) continue;
        s_.cmp_above[k] = 0;
        s_.cmp_since_ns[k] = k_never_ns;
        update_comparator(k, t);
    }
}

void Dvc1124::write_register(Time_ns t, std::uint8_t address, std::uint8_t value) {
    const std::uint8_t before = s_.reg[address];
    if (address == r_flags) {
        clear_flags(t, static_cast<std::uint8_t>(~value));
        return;
    }
    if (address == r_state) {
        const std::uint8_t code = value & 0x0F;
        if (code == c_reset)
            reset_registers(t);
        else if (code == c_sleep)
            s_.cst = c_wait_sleep;
        else if (code == c_shutdown)
            s_.cst = c_wait_shutdown;
        return;
    }
    const std::uint8_t mask = k_write_mask.b[address];
    if (((before ^ value) & ~k_named_mask.b[address] & 0xFF) != 0) s_.n_reserved_write += 1;
    s_.reg[address] = static_cast<std::uint8_t>((before & ~mask) | (value & mask));
    if (address == r_cadc && (value & 0x01) != 0 && (s_.reg[r_cadc] & 0x08) != 0) {
        s_.camz_end_ns = t + k_cc2_ns;
        restart_cc(t);
    }
    if (address == r_cfg && (value & 0x04) != 0) {
        s_.cow = 1;
        s_.cow_end_ns = t + k_s;
    }
    if (address >= r_cb_hi && address <= r_cb_lo) {
        const bool any = (s_.reg[r_cb_hi] | s_.reg[r_cb_mid] | s_.reg[r_cb_lo]) != 0;
        s_.cb_end_ns = any ? t + 60 * k_s : k_never_ns;
    }
    if (address == r_fet && (s_.reg[r_fet] & 0x80) != (before & 0x80)) {
        s_.ldpu_end_ns = (s_.reg[r_fet] & 0x80) != 0 ? t + 60 * k_s : k_never_ns;
    }
    after_write(t, address, before);
}

void Dvc1124::after_write(Time_ns t, std::uint8_t address, std::uint8_t before) {
    const std::uint8_t changed = static_cast<std::uint8_t>(before ^ s_.reg[address]);
    derive();
    if (changed == 0) return;
    if (address == r_cadc && (changed & 0x08) != 0) {
        s_.camz_end_ns = k_never_ns;
        if ((s_.reg[r_cadc] & 0x08) == 0) clear_flags(t, f_ocd1 | f_occ1);
        restart_cc(t);
    }
    if (address == r_c1o && (changed & 0x0C) != 0) restart_cc(t);
    if (address == r_vadc && (changed & 0x80) != 0 && (s_.reg[r_vadc] & 0x80) == 0) {
        s_.cov_mask = s_.cuv_mask = 0;
        s_.cov_since_ns = s_.cuv_since_ns = k_never_ns;
        clear_flags(t, f_cov | f_cuv);
    }
    if (address == r_vadc || (address == r_cm_lo && (changed & 0x0F) != 0)) start_scan(t);
    if ((address >= r_cm_hi && address <= r_cm_lo) || (address >= r_covt && address <= r_cuvd)) {
        s_.cov_mask = d_.cov_code == 0 ? 0U : s_.cov_mask & ~d_.masked;
        s_.cuv_mask = d_.cuv_code == 0 ? 0U : s_.cuv_mask & ~d_.masked;
        if (s_.cov_mask == 0) s_.cov_since_ns = k_never_ns;
        if (s_.cuv_mask == 0) s_.cuv_since_ns = k_never_ns;
    }
    if (address == r_ocd1t) s_.ocd1_since_ns = k_never_ns;
    if (address == r_occ1t) s_.occ1_since_ns = k_never_ns;
    const std::uint8_t enable[3] = {r_scd, r_ocd2, r_occ2};
    const std::uint8_t flag[3] = {f_scd, f_ocd2, f_occ2};
    for (int k = 0; k < 3; ++k) {
        if (address != enable[k]) continue;
        if (d_.cmp_enabled[k] == 0) clear_flags(t, flag[k]);
        s_.cmp_above[k] = 0;  // the level moved: judge anew
        s_.cmp_since_ns[k] = k_never_ns;
        update_comparator(k, t);
    }
    if (address == r_iwt && working()) s_.iwt_ns = watchdog_deadline(t);
    if (address == r_bdpt || address == r_fet || address == r_dsgm || address == r_chgm) {
        if (watch(2).level == 0) s_.bd_dsg = 0;
        if (watch(3).level == 0) s_.bd_chg = 0;
    }
}

Time_ns Dvc1124::watchdog_deadline(Time_ns t) const {
    const int code = s_.reg[r_iwt] & 7;
    return code < 4 ? k_never_ns : t + (4 * k_s) * (1 << (code - 4));
}

Time_ns Dvc1124::timed_wake(Time_ns t) const {
    const std::int64_t after = wake_after_s(s_.reg[r_twse] & 15);
    return after == 0 ? k_never_ns : t + after * k_s;
}

AppliedSettings Dvc1124::applied() const {
    AppliedSettings a{};
    const std::uint8_t* r = s_.reg;
    const int scd_code = r[r_scd] & 0x3F;
    const double on[3] = {static_cast<double>(d_.cmp_enabled[0]), static_cast<double>(d_.cmp_enabled[1]),
                          static_cast<double>(d_.cmp_enabled[2])};
    a.scd_V = on[0] * (scd_code == 0 ? p_.scd_code0_V : 10e-3 * scd_code);
    a.scd_delay_s = 7.81e-6 * r[r_scdd];
    a.ocd2_V = on[1] * 4e-3 * ((r[r_ocd2] & 0x3F) + 1);
    a.ocd2_delay_s = 4e-3 * (r[r_ocd2d] + 1);
    a.occ2_V = on[2] * 4e-3 * ((r[r_occ2] & 0x3F) + 1);
    a.occ2_delay_s = 4e-3 * (r[r_occ2d] + 1);
    a.scd_actual_V = on[0] * d_.cmp_on_V[0];
    a.ocd2_actual_V = on[1] * d_.cmp_on_V[1];
    a.occ2_actual_V = on[2] * d_.cmp_on_V[2];
    a.scd_actual_delay_s = base::to_s(d_.cmp_delay_ns[0]);
    a.ocd2_actual_delay_s = base::to_s(d_.cmp_delay_ns[1]);
    a.occ2_actual_delay_s = base::to_s(d_.cmp_delay_ns[2]);
    a.ocd1_V = 0.25e-3 * r[r_ocd1t];
    a.ocd1_delay_s = base::to_s(d_.ocd1_delay_ns);
    a.occ1_V = 0.25e-3 * r[r_occ1t];
    a.occ1_delay_s = base::to_s(d_.occ1_delay_ns);
    a.cov_V = 1e-4 * d_.cov_code;
    a.cov_delay_s = base::to_s(d_.cov_delay_ns);
    a.cuv_V = 1e-4 * d_.cuv_code;
    a.cuv_delay_s = base::to_s(d_.cuv_delay_ns);
    a.cc1_period_s = base::to_s(s_.cc1_period_ns);
    a.scan_s = base::to_s(d_.scan_ns);
    a.wake_V = 10e-6 * r[r_cwt];
    a.body_diode_V = 40e-6 * r[r_bdpt];
    const Time_ns watchdog = watchdog_deadline(0);
    a.watchdog_s = watchdog == k_never_ns ? 0.0 : base::to_s(watchdog);
    return a;
}

}  // namespace twin::afe
