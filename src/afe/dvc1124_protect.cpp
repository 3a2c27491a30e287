// SPDX-License-Identifier: Apache-2.0
// Comparators, decisions on conversions, timers: what is due when, and what happens then.
#include "afe/dvc1124.hpp"
#include "base/lanes.hpp"
#include "base/math.hpp"

namespace twin::afe {

using namespace dvc;
using base::k_ms;
using base::k_never_ns;

namespace {

constexpr std::uint8_t k_cmp_flag[3] = {f_scd, f_ocd2, f_occ2};
constexpr std::uint8_t k_cmp_int[3] = {i_scd, i_oc2, i_oc2};
constexpr std::uint8_t k_cmp_wake[3] = {c_woke_scd, c_woke_ocd2, c_woke_occ2};
// Witness ids say what has crossed and which way: a crossing that was already noticed is then no second one.
constexpr std::uint32_t k_id_supply = 3, k_id_con = 4, k_id_don = 5, k_id_watch = 8, k_id_back = 16;
constexpr double k_logic_low_V = 0.8;
constexpr double k_logic_high_V = 1.2;
constexpr std::int64_t k_cc2_ns = 256 * k_ms;

Time_ns earlier(Time_ns a, Time_ns b) { return a < b ? a : b; }

}  // namespace

// ---------------------------------------------------------------------------------------------- decisions on CC1

Dvc1124::Watch Dvc1124::watch(int k) const {
    Watch w{0, 1, 0, 0, k_never_ns, 0};
    const std::uint8_t fet = s_.reg[r_fet];
    switch (k) {
        case 0:
            w = {d_.ocd1_code, 1, 0, 1, s_.ocd1_since_ns, d_.ocd1_delay_ns};
            break;
        case 1:
            w = {d_.occ1_code, -1, 0, 1, s_.occ1_since_ns, d_.occ1_delay_ns};
            break;
        case 2:
            w.sign = static_cast<std::int8_t>(-p_.body_diode_sign);
            w.state = s_.bd_dsg;
            if ((fet & 0x0C) == 0x08 && (s_.reg[r_dsgm] & 0x01) == 0) w.level = d_.bdpt_code;
            break;
        case 3:
            w.sign = p_.body_diode_sign;
            w.state = s_.bd_chg;
            if ((fet & 0x03) == 0x02 && (s_.reg[r_chgm] & 0x01) == 0) w.level = d_.bdpt_code;
            break;
        default:
            w.sign = static_cast<std::int8_t>(k == 4 ? 1 : -1);
            w.level = d_.cwt_code;
            break;
    }
    return w;
}

/// Earliest instant at which a CC1 conversion can change this decision. The shunt is known up to now and, by the
/// witnesses, stays on its side of the decision's edges until somebody is told otherwise.
Time_ns Dvc1124::due_of_watch(const Watch& w) const {
    const double lo = base::min2(s_.win_min_V, s_.shunt_V);
    const double hi = base::max2(s_.win_max_V, s_.shunt_V);
    const double x_hi = w.sign > 0 ? hi : -lo;
    const double x_lo = w.sign > 0 ? lo : -hi;
    const double level_V = w.level * 5e-6;
    const Time_ns end = s_.cc1_t0_ns + s_.cc1_period_ns;
    if (w.timed != 0) {
        if (w.since_ns != k_never_ns) return w.since_ns + w.delay_ns;
        return x_hi < level_V - d_.cc1_margin_V ? k_never_ns : end + w.delay_ns;
    }
    if (w.state == 0 && x_hi < level_V - d_.cc1_margin_V) return k_never_ns;
    if (w.state != 0 && x_lo > level_V + d_.cc1_margin_V) return k_never_ns;
    return end;
}

bool Dvc1124::run_current_protection(Time_ns t) {
    bool changed = false;
    const std::int64_t since[2] = {s_.ocd1_since_ns, s_.occ1_since_ns};
    const std::int64_t delay[2] = {d_.ocd1_delay_ns, d_.occ1_delay_ns};
    const std::uint8_t flag[2] = {f_ocd1, f_occ1};
    for (int k = 0; k < 2; ++k) {
        if (since[k] == k_never_ns || since[k] + delay[k] > t || (s_.flags & flag[k]) != 0) continue;
        trip(t, flag[k], i_oc1);
        changed = true;
    }
    return changed;
}

// ---------------------------------------------------------------------------------------------- cells

Time_ns Dvc1124::due_of_cells() const {
    if (s_.vadc_on == 0) return k_never_ns;
    const std::int64_t at = s_.slot < k_slots ? d_.slot_begin_ns[s_.slot] : d_.scan_period_ns;
    const Time_ns next = s_.scan_t0_ns + at + d_.slot_ns;
    Time_ns due = k_never_ns;
    if (d_.cov_code != 0 && (s_.flags & f_cov) == 0) {
        due = earlier(due, (s_.cov_since_ns != k_never_ns ? s_.cov_since_ns : next) + d_.cov_delay_ns);
    }
    if (d_.cuv_code != 0 && (s_.flags & f_cuv) == 0) {
        due = earlier(due, (s_.cuv_since_ns != k_never_ns ? s_.cuv_since_ns : next) + d_.cuv_delay_ns);
    }
    return due;
}

bool Dvc1124::run_cell_protection(Time_ns t) {
    bool changed = false;
    if (s_.cov_since_ns != k_never_ns && s_.cov_since_ns + d_.cov_delay_ns <= t && (s_.flags & f_cov) == 0) {
        trip(t, f_cov, i_cov);
        changed = true;
    }
    if (s_.cuv_since_ns != k_never_ns && s_.cuv_since_ns + d_.cuv_delay_ns <= t && (s_.flags & f_cuv) == 0) {
        trip(t, f_cuv, i_cuv);
        changed = true;
    }
    return changed;
}

// ---------------------------------------------------------------------------------------------- comparators

/// Judges comparator k by the last shunt voltage; a change of its output starts or stops its delay at t.
bool Dvc1124::update_comparator(int k, Time_ns t) {
    const bool enabled = alive() && d_.cmp_enabled[k] != 0 && s_.dead_shunt == 0;
    const double x = k == static_cast<int>(k_cmp_occ2) ? -s_.shunt_V : s_.shunt_V;
    const bool was = s_.cmp_above[k] != 0;
    const bool is = enabled && (was ? x > d_.cmp_off_V[k] : x >= d_.cmp_on_V[k]);
    if (is == was) return false;
    s_.cmp_above[k] = static_cast<std::uint8_t>(is ? 1 : 0);
    s_.cmp_since_ns[k] = is ? t : k_never_ns;
    return true;
}

bool Dvc1124::run_comparators(Time_ns t) {
    bool changed = false;
    for (int k = 0; k < 3; ++k) {
        if (s_.cmp_above[k] == 0 || (s_.flags & k_cmp_flag[k]) != 0 || s_.cmp_since_ns[k] + d_.cmp_delay_ns[k] > t)
            continue;
        trip(t, k_cmp_flag[k], k_cmp_int[k]);
        if (s_.mode == static_cast<std::uint8_t>(Mode::sleep)) wake(t, k_cmp_wake[k]);
        changed = true;
    }
    return changed;
}

void Dvc1124::trip(Time_ns t, std::uint8_t flag, std::uint8_t interrupt) {
    s_.flags = static_cast<std::uint8_t>(s_.flags | flag);
    request_int(t, interrupt);
}

// ---------------------------------------------------------------------------------------------- timers

Time_ns Dvc1124::due_of_timers() const {
    Time_ns due = earlier(earlier(s_.iwt_ns, s_.wake_ns), earlier(s_.cow_end_ns, s_.cb_end_ns));
    return earlier(due, earlier(earlier(s_.ldpu_end_ns, s_.camz_end_ns), s_.int_end_ns));
}

bool Dvc1124::run_timers(Time_ns t) {
    if (due_of_timers() > t) return false;
    if (s_.int_end_ns <= t) s_.int_end_ns = k_never_ns;
    if (s_.iwt_ns <= t) {
        s_.iwt_ns = k_never_ns;
        s_.iwts = 1;
        trip(t, f_iwtf, i_wdt);
    }
    if (s_.cow_end_ns <= t) {
        s_.cow_end_ns = k_never_ns;
        s_.cow = 0;
    }
    if (s_.cb_end_ns <= t) {
        s_.cb_end_ns = k_never_ns;
        s_.reg[r_cb_hi] = s_.reg[r_cb_mid] = s_.reg[r_cb_lo] = 0;
        derive();
    }
    if (s_.ldpu_end_ns <= t) {
        s_.ldpu_end_ns = k_never_ns;
        s_.reg[r_fet] = static_cast<std::uint8_t>(s_.reg[r_fet] & 0x7F);
    }
    if (s_.camz_end_ns <= t) {
        s_.camz_end_ns = k_never_ns;
        s_.cvos_code = static_cast<std::int32_t>(base::round_sat(trim_.cc_offset_V * 2e5, -32768, 32767));
        derive();
        restart_cc(t);
    }
    if (s_.wake_ns <= t) wake(t, c_woke_timer);
    return true;
}

bool Dvc1124::scan_idle() const { return s_.vadc_on == 0 || s_.slot >= k_slots || s_.now_ns < s_.scan_t0_ns; }

/// Conversions whose end is itself an event: an interrupt pulse, or a balance window that opens or closes.
Time_ns Dvc1124::due_of_conversions() const {
    Time_ns due = k_never_ns;
    const bool scan_int = d_.int_pin != 0 && (s_.reg[r_intm] & i_vo) == 0;
    if (s_.vadc_on != 0 && (scan_int || d_.balance_any != 0)) {
        const Time_ns begin = s_.slot >= k_slots ? s_.scan_t0_ns + d_.scan_period_ns : s_.scan_t0_ns;
        due = d_.balance_any != 0 && scan_idle() ? begin : begin + d_.scan_ns;
    }
    if (s_.cc_on != 0 && working() && d_.int_pin != 0 && (s_.reg[r_intm] & i_cc) == 0)
        due = earlier(due, s_.cc2_t0_ns + k_cc2_ns);
    return due;
}

// ---------------------------------------------------------------------------------------------- the owner's calls

Time_ns Dvc1124::next_due() const {
    if (s_.attention != 0) return s_.now_ns;
    if (!alive()) return k_never_ns;
    Time_ns due = earlier(due_of_timers(), earlier(due_of_cells(), due_of_conversions()));
    for (int k = 0; k < 3; ++k) {
        if (s_.cmp_above[k] != 0 && (s_.flags & k_cmp_flag[k]) == 0)
            due = earlier(due, s_.cmp_since_ns[k] + d_.cmp_delay_ns[k]);
    }
    if (s_.cc_on == 0 || cc1_quiet(base::min2(s_.win_min_V, s_.shunt_V), base::max2(s_.win_max_V, s_.shunt_V)))
        return due;
    for (int k = 0; k < 6; ++k) {
        const Watch w = watch(k);
        const bool latched = (k == 0 && (s_.flags & f_ocd1) != 0) || (k == 1 && (s_.flags & f_occ1) != 0);
        if (w.level != 0 && !latched) due = earlier(due, due_of_watch(w));
    }
    return due;
}

bool Dvc1124::run_due(Time_ns t) {
    s_.now_ns = t > s_.now_ns ? t : s_.now_ns;
    const std::uint64_t before = version_;
    bool changed = s_.attention != 0;
    s_.attention = 0;
    if (!alive()) {
        if (changed) refresh(t);
        return changed;
    }
    if (s_.int_request != 0) {
        request_int(t, s_.int_request);
        s_.int_request = 0;
    }
    if (s_.wake_request != 0) {
        if (s_.mode == static_cast<std::uint8_t>(Mode::sleep)) wake(t, static_cast<std::uint8_t>(s_.wake_request - 1));
        s_.wake_request = 0;
        changed = true;
    }
    changed = run_comparators(t) || changed;
    changed = run_current_protection(t) || changed;
    changed = run_cell_protection(t) || changed;
    changed = run_timers(t) || changed;
    if (changed) refresh(t);
    return changed || version_ != before;
}

bool Dvc1124::supply_changed(Time_ns t, double vtop_V) {
    s_.vtop_V = vtop_V;
    const Mode m = mode();
    if (m == Mode::dead) return false;
    if (m == Mode::off) {
        if (!(vtop_V >= p_.por_rise_V)) return false;
        power_on(t);
        return true;
    }
    if (vtop_V > p_.por_fall_V) return false;
    s_.mode = static_cast<std::uint8_t>(Mode::off);
    power_off();
    return true;
}

bool Dvc1124::set_hard_off(const double* gp_V) {
    const int pin[2] = {1, 4};
    std::uint8_t* input[2] = {&s_.con, &s_.don};
    bool changed = false;
    for (int k = 0; k < 2; ++k) {
        const double v = gp_V[pin[k] - 1];
        const bool was = *input[k] != 0;
        const bool is = alive() && gp_mode(pin[k]) == 3 && (was ? v < k_logic_high_V : v <= k_logic_low_V);
        changed = changed || is != was;
        *input[k] = static_cast<std::uint8_t>(is ? 1 : 0);
    }
    return changed;
}

bool Dvc1124::observe(Time_ns t, const AnalogPoint& point) {
    s_.now_ns = t > s_.now_ns ? t : s_.now_ns;
    s_.shunt_V = s_.dead_shunt == 0 ? point.shunt_V : 0.0;
    bool changed = supply_changed(t, point.vtop_V);
    for (int k = 0; k < 3; ++k) changed = update_comparator(k, t) || changed;
    changed = set_hard_off(point.gp_V) || changed;
    if (changed) refresh(t);
    return changed;
}

std::span<const Witness> Dvc1124::witnesses() {
    std::size_t n = 0;
    const Mode m = mode();
    if (m == Mode::off)
        witness_[n++] = {k_id_supply, Quantity::vtop_V, 1, p_.por_rise_V};
    else if (m != Mode::dead)
        witness_[n++] = {k_id_supply + k_id_back, Quantity::vtop_V, -1, p_.por_fall_V};
    if (!alive()) return {witness_, n};
    for (std::uint32_t k = 0; k < 3 && s_.dead_shunt == 0; ++k) {
        if (d_.cmp_enabled[k] == 0 || (s_.flags & k_cmp_flag[k]) != 0) continue;
        const bool above = s_.cmp_above[k] != 0;
        const double level = above ? d_.cmp_off_V[k] : d_.cmp_on_V[k];
        const int rising = above ? -1 : 1;
        const int sign = k == k_cmp_occ2 ? -1 : 1;
        witness_[n++] = {above ? k + k_id_back : k, Quantity::shunt_V, static_cast<std::int8_t>(rising * sign),
                         sign * level};
    }
    const std::uint32_t input_id[2] = {k_id_con, k_id_don};
    const std::uint8_t input[2] = {s_.con, s_.don};
    for (int k = 0; k < 2; ++k) {
        if (gp_mode(k == 0 ? 1 : 4) != 3) continue;
        const Quantity pin = k == 0 ? Quantity::gp1_V : Quantity::gp4_V;
        if (input[k] != 0)
            witness_[n++] = {input_id[k] + k_id_back, pin, 1, k_logic_high_V};
        else
            witness_[n++] = {input_id[k], pin, -1, k_logic_low_V};
    }
    if (s_.cc_on == 0) return {witness_, n};
    const double lo = base::min2(s_.win_min_V, s_.shunt_V);
    const double hi = base::max2(s_.win_max_V, s_.shunt_V);
    for (std::uint32_t k = 0; k < 6; ++k) {
        const Watch w = watch(static_cast<int>(k));
        if (w.level == 0) continue;
        const double low_edge = w.level * 5e-6 - d_.cc1_margin_V;
        const double high_edge = w.level * 5e-6 + d_.cc1_margin_V;
        const double x_hi = w.sign > 0 ? hi : -lo;
        const double x_lo = w.sign > 0 ? lo : -hi;
        if (x_hi < low_edge)
            witness_[n++] = {k_id_watch + k, Quantity::shunt_V, w.sign, w.sign * low_edge};
        else if (w.state != 0 && x_lo > high_edge) {
            witness_[n++] = {k_id_watch + k + k_id_back, Quantity::shunt_V, static_cast<std::int8_t>(-w.sign),
                             w.sign * high_edge};
        }
    }
    return {witness_, n};
}

bool Dvc1124::crossed(std::uint32_t id, Time_ns t) {
    s_.now_ns = t > s_.now_ns ? t : s_.now_ns;
    bool changed = false;
    const bool back = id >= k_id_back;
    const std::uint32_t what = back ? id - k_id_back : id;
    if (what <= k_cmp_occ2) {
        if (back != (s_.cmp_above[what] != 0)) return false;
        // Located and rounded up to the next ns: the value may miss the level by a rounding error.
        const double sign = what == k_cmp_occ2 ? -1.0 : 1.0;
        const double x = sign * s_.shunt_V;
        if (back && x > d_.cmp_off_V[what]) s_.shunt_V = sign * d_.cmp_off_V[what];
        if (!back && x < d_.cmp_on_V[what]) s_.shunt_V = sign * d_.cmp_on_V[what];
        changed = update_comparator(static_cast<int>(what), t);
    } else if (what == k_id_supply) {
        if (back == (mode() == Mode::off)) return false;
        changed = supply_changed(t, back ? p_.por_fall_V : p_.por_rise_V);
    } else if (what == k_id_con || what == k_id_don) {
        std::uint8_t& input = what == k_id_con ? s_.con : s_.don;
        changed = back == (input != 0);
        input = static_cast<std::uint8_t>(back ? 0 : 1);
    } else if (what >= k_id_watch && what < k_id_watch + 6) {
        // The shunt left the side on which conversions could be skipped: widen the window's hull to the edge.
        const Watch w = watch(static_cast<int>(what - k_id_watch));
        const double edge = w.level * 5e-6 + (back ? d_.cc1_margin_V : -d_.cc1_margin_V);
        s_.win_min_V = base::min2(s_.win_min_V, w.sign * edge);
        s_.win_max_V = base::max2(s_.win_max_V, w.sign * edge);
    }
    if (changed) refresh(t);
    return changed;
}

}  // namespace twin::afe
