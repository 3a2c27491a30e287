// SPDX-License-Identifier: Apache-2.0
#include "afe/dvc1124_state.hpp"

namespace twin::afe {

namespace {

using S = Dvc1124State;

#define ON(member, unit) TWIN_FIELD(S, member, unit, true)
#define OFF(member, unit) TWIN_FIELD(S, member, unit, false)
constexpr base::Field k_fields[] = {
    ON(reg, ""), ON(mode, ""), ON(flags, ""), ON(cst, ""), ON(iwts, ""), ON(tiwk, ""), ON(con, ""), ON(don, ""),
    ON(cow, ""), ON(gates, ""), ON(balance_phase, ""), ON(bus_phase, ""), ON(bus_pointer, ""), ON(bus_crc, ""),
    ON(bus_byte, ""), ON(ready_ns, "ns"), ON(bus_start_ns, "ns"), ON(iwt_ns, "ns"), ON(wake_ns, "ns"),
    ON(cow_end_ns, "ns"), ON(cb_end_ns, "ns"), ON(ldpu_end_ns, "ns"), ON(camz_end_ns, "ns"), ON(int_end_ns, "ns"),
    ON(cmp_since_ns, "ns"), ON(cmp_above, ""), ON(bd_dsg, ""), ON(bd_chg, ""), ON(ocd1_since_ns, "ns"),
    ON(occ1_since_ns, "ns"), ON(cov_since_ns, "ns"), ON(cuv_since_ns, "ns"), ON(cov_mask, ""), ON(cuv_mask, ""),
    ON(cvos_code, ""), ON(dead_pins, ""), ON(dead_shunt, ""), ON(dead_gp, ""), ON(damage_count, ""), ON(damage_cause, ""),
    ON(damage_index, ""), ON(damage_t_ns, "ns"), ON(damage_limit, ""), ON(damage_value, ""), ON(n_nack, ""),
    ON(n_crc_error, ""), ON(n_timeout, ""), ON(n_reserved_write, ""),
    // conversions
    OFF(cotf, ""), OFF(now_ns, "ns"), OFF(done, ""), OFF(attention, ""), OFF(int_request, ""), OFF(wake_request, ""),
    OFF(cc_on, ""), OFF(vadc_on, ""), OFF(slot, ""), OFF(fresh, ""), OFF(valid, ""), OFF(signed_format, ""),
    OFF(cc1_fresh, ""), OFF(cc1_valid, ""), OFF(cc2_fresh, ""), OFF(cc2_valid, ""), OFF(cc1_t0_ns, "ns"),
    OFF(cc1_period_ns, "ns"), OFF(cc2_t0_ns, "ns"), OFF(scan_t0_ns, "ns"), OFF(cc1_index, ""), OFF(cc2_index, ""),
    OFF(scan_index, ""), OFF(slot_index, ""), OFF(cc1_last_index, ""), OFF(cc2_last_index, ""),
    OFF(cc1_last_period_ns, "ns"), OFF(code, ""), OFF(cc1_code, ""), OFF(cc2_code, ""), OFF(cc1_last_cvos, ""),
    OFF(cc2_last_cvos, ""), OFF(slot_sum, "V s"), OFF(slot_mean, "V"), OFF(cc1_hi, "V s"), OFF(cc1_lo, "V s"),
    OFF(cc2_hi, "V s"), OFF(cc2_lo, "V s"), OFF(cc1_mean_V, "V"), OFF(cc2_mean_V, "V"), OFF(win_min_V, "V"),
    OFF(win_max_V, "V"), OFF(shunt_V, "V"), OFF(vtop_V, "V"), OFF(peak_cell_diff_V, "V"), OFF(peak_pin_A, "A"),
    OFF(peak_cell_index, ""), OFF(peak_pin_index, ""),
};
#undef ON
#undef OFF

}  // namespace

std::span<const base::Field> dvc1124_fields() { return k_fields; }

}  // namespace twin::afe
