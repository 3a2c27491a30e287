// SPDX-License-Identifier: Apache-2.0
#include "board/board_state.hpp"

namespace twin::board {
namespace {

using S = BoardState;

#define ON(member, unit) TWIN_FIELD(S, member, unit, true)
#define OFF(member, unit) TWIN_FIELD(S, member, unit, false)
constexpr base::Field k_fields[] = {
    OFF(now_ns, "ns"),
    ON(on_since_ns, "ns"),
    ON(reset_end_ns, "ns"),
    ON(supply, ""),
    ON(lost, ""),
    ON(returned, ""),
    ON(booted, ""),
    ON(faults, ""),
    ON(edge_ns, "ns"),
    ON(edge_level, ""),
    ON(edge_n, ""),
    ON(driver_in, ""),
    ON(level, ""),
    ON(apply_ns, "ns"),
    ON(powered, ""),
    ON(next_powered, ""),
    ON(power_mode_applied, ""),
    ON(afe_mode_applied, ""),
    ON(balance_from, ""),
    ON(balance_to, ""),
    ON(next_from, ""),
    ON(next_to, ""),
    ON(balance_mA, "mA"),
    ON(next_mA, "mA"),
    ON(supply_W, "W"),
    ON(next_W, "W"),
    ON(core_due_ns, "ns"),
    ON(wake, ""),
    ON(gpio_out, ""),
    ON(inputs, ""),
    ON(alert, ""),
    ON(core_on, ""),
    ON(core_failed, ""),
    ON(power_mode, ""),
    ON(core_status, ""),
    ON(core_steps, ""),
    ON(out_hash, ""),
    ON(in_hash, ""),
    ON(ram_digest, ""),
    ON(nvm_digest, ""),
    ON(nvm_writes, ""),
    ON(p_minus_filtered_V, "V"),
    OFF(top_V, "V"),
    OFF(afe_version, ""),
    ON(bus.start_ns, "ns"),
    ON(bus.refused_ns, "ns"),
    ON(bus.n_transfers, ""),
    ON(bus.n_nack, ""),
    ON(bus.n_error, ""),
    ON(bus.n_bytes, ""),
    ON(bus.bit, ""),
    ON(bus.busy, ""),
    ON(bus.phase, ""),
    ON(bus.n_seg, ""),
    ON(bus.seg, ""),
    ON(bus.id, ""),
    ON(bus.refused_id, ""),
    ON(bus.pos, ""),
    ON(bus.n_tx, ""),
    ON(bus.tx_pos, ""),
    ON(bus.n_rx, ""),
    ON(bus.n_acked, ""),
    ON(bus.status, ""),
    ON(bus.done, ""),
    ON(bus.done_id, ""),
    ON(bus.done_acked, ""),
    ON(bus.done_rx, ""),
    ON(bus.seg_flags, ""),
    ON(bus.seg_addr, ""),
    ON(bus.seg_len, ""),
    OFF(bus.tx, ""),
    OFF(bus.rx, ""),
};
#undef ON
#undef OFF

}  // namespace

std::span<const base::Field> board_fields() { return k_fields; }

}  // namespace twin::board
