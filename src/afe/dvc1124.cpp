// SPDX-License-Identifier: Apache-2.0
// Life of the chip: supply, modes, gate equations, what it drives.
#include "afe/dvc1124.hpp"

#include "base/lanes.hpp"
#include "base/math.hpp"

namespace twin::afe {

using namespace dvc;
using base::k_ms;
using base::k_never_ns;
using base::k_s;

Dvc1124::Dvc1124(const Dvc1124Params& params, const base::RngKey& key)
    : p_(params), trim_(make_trim(params, key)), key_(key), s_{}, d_{}, drives_{}, gates_{}, witness_{}, damage_{} {
    s_.mode = static_cast<std::uint8_t>(Mode::off);
    power_off();
}

void Dvc1124::set_state(const Dvc1124State& s) {
    s_ = s;
    derive();
    rebuild_damage();
    refresh(s_.now_ns);
}

void Dvc1124::reset_registers(Time_ns t) {
    for (std::size_t k = 0; k < k_count; ++k) s_.reg[k] = k_reset.b[k];
    s_.reg[r_frt] = p_.frt;
    s_.reg[r_version] = p_.chip_version;
    s_.flags = 0;
    s_.cst = c_woke_shutdown;
    s_.iwts = s_.tiwk = s_.cotf = s_.con = s_.don = s_.cow = 0;
    s_.gates = 0;
    s_.iwt_ns = s_.wake_ns = s_.cow_end_ns = s_.cb_end_ns = s_.ldpu_end_ns = s_.camz_end_ns = s_.int_end_ns =
        k_never_ns;
    s_.cov_mask = s_.cuv_mask = 0;
    s_.cov_since_ns = s_.cuv_since_ns = k_never_ns;
    s_.cvos_code = 0;
    s_.done = s_.attention = s_.int_request = s_.wake_request = 0;
    for (std::size_t k = 0; k < k_slots; ++k) s_.valid[k] = s_.fresh[k] = 0;
    s_.cc1_valid = s_.cc1_fresh = s_.cc2_valid = s_.cc2_fresh = 0;
    for (int k = 0; k < 3; ++k) {
        s_.cmp_above[k] = 0;
        s_.cmp_since_ns[k] = k_never_ns;
    }
    derive();
    start_converters(t);
    for (int k = 0; k < 3; ++k) update_comparator(k, t);
}

void Dvc1124::power_on(Time_ns t) {
    s_.mode = static_cast<std::uint8_t>(Mode::work);
    s_.ready_ns = t + base::round_sat(p_.wake_s * 1e9, 0, 10 * k_s);
    s_.bus_phase = 0;
    reset_registers(t);
}

void Dvc1124::power_off() {
    s_.ready_ns = k_never_ns;
    s_.bus_phase = 0;
    reset_registers(s_.now_ns);
    refresh(s_.now_ns);
}

void Dvc1124::enter_sleep(Time_ns t) {
    s_.mode = static_cast<std::uint8_t>(Mode::sleep);
    s_.cst = c_sleep;
    s_.flags = static_cast<std::uint8_t>(s_.flags & ~(f_cov | f_cuv | f_ocd1 | f_occ1));
    s_.cov_mask = s_.cuv_mask = 0;
    s_.cov_since_ns = s_.cuv_since_ns = k_never_ns;
    s_.iwt_ns = s_.cow_end_ns = s_.camz_end_ns = k_never_ns;
    s_.cow = 0;
    s_.tiwk = 0;
    s_.wake_ns = timed_wake(t);
    derive();
    start_converters(t);
}

void Dvc1124::enter_shutdown(Time_ns t) {
    s_.mode = static_cast<std::uint8_t>(Mode::shutdown);
    s_.ready_ns = k_never_ns;
    reset_registers(t);
}

void Dvc1124::wake(Time_ns t, std::uint8_t cst) {
    s_.mode = static_cast<std::uint8_t>(Mode::work);
    s_.cst = cst;
    s_.tiwk = static_cast<std::uint8_t>(cst == c_woke_timer ? 1 : 0);
    s_.wake_request = 0;
    s_.wake_ns = k_never_ns;
    s_.ready_ns = t + base::round_sat(p_.wake_s * 1e9, 0, 10 * k_s);
    s_.iwt_ns = watchdog_deadline(t);
    derive();
    start_converters(t);
    request_int(t, i_wdt);
}

bool Dvc1124::wake_by_charger(Time_ns t) {
    if (s_.mode == static_cast<std::uint8_t>(Mode::sleep))
        wake(t, c_woke_charger);
    else if (s_.mode == static_cast<std::uint8_t>(Mode::shutdown))
        power_on(t);
    else
        return false;
    refresh(t);
    return true;
}

void Dvc1124::request_int(Time_ns t, std::uint8_t causes) {
    if ((causes & ~s_.reg[r_intm] & 0xFF) != 0) s_.int_end_ns = t + k_ms;
}

/// The gate equations: low nibble of 0x06, before the high-side mask HSFM.
std::uint8_t Dvc1124::gate_flags() const {
    if (!alive()) return 0;
    const std::uint8_t fet = s_.reg[r_fet];
    const std::uint8_t m = s_.reg[r_dsgm];  // PDDM PCWM PCCM PCDM DWM DDM DPDM DBDM
    const std::uint8_t c = s_.reg[r_chgm];  // CWM CO1M CO2M CSM CDM CCM CPCM CBDM
    const bool wdt = s_.iwts != 0;
    const bool don = s_.don != 0;
    const bool con = s_.con != 0;
    const auto flag = [this](std::uint8_t f) { return (s_.flags & f) != 0; };
    const auto open = [](std::uint8_t masks, std::uint8_t bit) {
        return (masks & bit) == 0;
    };  // the source is not masked
    const bool pdsg = (fet & 0x40) != 0 && !(wdt && open(s_.reg[r_pdwm], 0x80)) && !(don && open(m, 0x80));
    const bool pchg =
        (fet & 0x20) != 0 && !(wdt && open(m, 0x40)) && !(don && open(m, 0x10)) && !(con && open(m, 0x20));
    // Whatever holds off even the automatic (body-diode) mode.
    const bool dsg_held = flag(f_scd) || (wdt && open(m, 0x08)) || (don && open(m, 0x04)) || (pdsg && open(m, 0x02));
    const bool chg_held = (flag(f_ocd1) && open(c, 0x40)) || (flag(f_ocd2) && open(c, 0x20)) ||
                          (flag(f_scd) && open(c, 0x10)) || (wdt && open(c, 0x80)) || (don && open(c, 0x08)) ||
                          (con && open(c, 0x04)) || (pchg && open(c, 0x02));
    const bool dsg_fault = flag(f_cuv) || flag(f_ocd1) || flag(f_ocd2);
    const bool chg_fault = flag(f_cov) || flag(f_occ1) || flag(f_occ2);
    const int dsg_mode = (fet >> 2) & 3;
    const int chg_mode = fet & 3;
    const bool dsg = !dsg_held && ((dsg_mode == 3 && !dsg_fault) || (dsg_mode == 2 && s_.bd_dsg != 0));
    const bool chg = !chg_held && ((chg_mode == 3 && !chg_fault) || (chg_mode == 2 && s_.bd_chg != 0));
    return static_cast<std::uint8_t>((pdsg ? g_pdsgf : 0) | (pchg ? g_pchgf : 0) | (dsg ? g_dsgf : 0) |
                                     (chg ? g_chgf : 0));
}

/// Recomputes the outputs from the state and counts a version if any of them changed.
void Dvc1124::refresh(Time_ns t) {
    s_.now_ns = t > s_.now_ns ? t : s_.now_ns;
    s_.gates = gate_flags();
    GateOutputs g;
    const bool pin[4] = {gp_mode(6) == 7, gp_mode(5) == 7, gp_mode(2) == 7, gp_mode(3) == 7};
    const std::uint8_t on[4] = {
        static_cast<std::uint8_t>((s_.gates & g_dsgf) != 0), static_cast<std::uint8_t>((s_.gates & g_chgf) != 0),
        static_cast<std::uint8_t>((s_.gates & g_pdsgf) != 0), static_cast<std::uint8_t>((s_.gates & g_pchgf) != 0)};
    const bool high = (s_.reg[r_cadc] & 0x80) == 0;
    g.dsg_low = pin[0] ? on[0] : std::uint8_t{0};
    g.chg_low = pin[1] ? on[1] : std::uint8_t{0};
    g.pdsg_low = pin[2] ? on[2] : std::uint8_t{0};
    g.pchg_low = pin[3] ? on[3] : std::uint8_t{0};
    g.dsg_high = high ? on[0] : std::uint8_t{0};
    g.chg_high = high ? on[1] : std::uint8_t{0};
    g.pdsg_high = high ? on[2] : std::uint8_t{0};
    g.pchg_high = high ? on[3] : std::uint8_t{0};
    const bool low = alive() && d_.int_pin != 0 && s_.int_end_ns != k_never_ns;
    if (!(g == gates_) || low != int_low_) version_ += 1;
    gates_ = g;
    int_low_ = low;
    refresh_drives();
}

void Dvc1124::refresh_drives() {
    PinDrives n;
    const bool measuring = s_.vadc_on != 0;
    // Mean over the scan: every pin takes part in two slots.
    const double share =
        measuring ? 2.0 * static_cast<double>(d_.slot_ns) / static_cast<double>(d_.scan_period_ns) : 0.0;
    const double leak_A = alive() ? p_.leak_idle_A + (p_.leak_measure_A - p_.leak_idle_A) * share : p_.leak_idle_A;
    for (std::size_t k = 0; k < k_max_pins; ++k) {
        n.pull_A[k] = leak_A + (s_.cow != 0 && k > 0 ? p_.open_wire_A : 0.0);
        n.fault_S[k] = ((s_.dead_pins >> k) & 1U) != 0 ? p_.fault_S : 0.0;
    }
    const bool window = working() && d_.balance_any != 0 && scan_idle();
    s_.balance_phase = static_cast<std::uint8_t>(window ? 1 : 0);
    if (window) {
        const std::uint32_t cells = (static_cast<std::uint32_t>(s_.reg[r_cb_hi]) << 16) |
                                    (static_cast<std::uint32_t>(s_.reg[r_cb_mid]) << 8) | s_.reg[r_cb_lo];
        const std::uint32_t turn = s_.scan_index % 2 == 0 ? 0x555555U : 0xAAAAAAU;
        // A cell whose neighbour is chosen too conducts in every second window only.
        const std::uint32_t crowded = cells & ((cells << 1) | (cells >> 1));
        const std::uint32_t now = cells & (~crowded | turn);
        for (std::size_t k = 0; k < k_max_cells; ++k) {
            if (((now >> k) & 1U) != 0) n.balance_S[k] = 1.0 / (k < 3 ? p_.balance_low_Ohm : p_.balance_high_Ohm);
        }
    }
    switch (static_cast<Mode>(s_.mode)) {
        case Mode::off:
            n.supply_A = 0.0;
            break;
        case Mode::work:
            n.supply_A = p_.supply_work_A;
            break;
        case Mode::sleep:
            n.supply_A = p_.supply_sleep_A;
            break;
        case Mode::shutdown:
            n.supply_A = p_.supply_off_A;
            break;
        case Mode::dead:
            n.supply_A = p_.supply_dead_A;
            break;
    }
    bool same = n.supply_A == drives_.supply_A;
    for (std::size_t k = 0; k < k_max_pins; ++k)
        same = same && n.pull_A[k] == drives_.pull_A[k] && n.fault_S[k] == drives_.fault_S[k];
    for (std::size_t k = 0; k < k_max_cells; ++k) same = same && n.balance_S[k] == drives_.balance_S[k];
    if (same) return;
    drives_ = n;
    version_ += 1;
}

void Dvc1124::advance(const AnalogSegment& g) {
    if (g.t1_ns <= g.t0_ns) return;
    check_limits(g);
    advance_cc1(g);
    advance_cc2(g);
    advance_scan(g);
    const double v1 = s_.dead_shunt == 0 ? g.shunt1_V : 0.0;
    // A comparator crossing inside the segment, if the owner didn't stop at its witness: its delay runs from there.
    for (int k = 0; k < 3; ++k) {
        const double x0 = k == 2 ? -g.shunt0_V : g.shunt0_V;
        const double x1 = k == 2 ? -v1 : v1;
        const bool crosses = s_.cmp_above[k] != 0 ? x1 <= d_.cmp_off_V[k] : x1 >= d_.cmp_on_V[k];
        if (!crosses) continue;
        const double level = s_.cmp_above[k] != 0 ? d_.cmp_off_V[k] : d_.cmp_on_V[k];
        const double part = x1 == x0 ? 1.0 : (level - x0) / (x1 - x0);
        const double at = base::min2(base::max2(part, 0.0), 1.0) * static_cast<double>(g.t1_ns - g.t0_ns);
        const std::int64_t up = base::floor_i64(at) + (static_cast<double>(base::floor_i64(at)) < at ? 1 : 0);
        s_.shunt_V = v1;
        update_comparator(k, g.t0_ns + up);
    }
    s_.shunt_V = v1;
    s_.vtop_V = g.vtop1_V;
    s_.now_ns = g.t1_ns;
}

}  // namespace twin::afe
