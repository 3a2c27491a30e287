// SPDX-License-Identifier: Apache-2.0
// Everything mutable of a board beside its AFE, its core's memory and its NVM, as one trivially copyable block.
// Times are absolute; k_never_ns = not running.
#pragma once
#include <cstdint>
#include <span>
#include <type_traits>

#include "base/fields.hpp"
#include "board/board_types.hpp"
#include "board/bus.hpp"

namespace twin::board {

enum class Supply : std::uint8_t { off = 0, reset = 1, on = 2 };

inline constexpr std::uint32_t k_out_dsg = 0, k_out_chg = 1, k_out_precharge = 2, k_outs = 3;
inline constexpr std::uint32_t k_edges = 4;  // edges of one output that may be under way in its driver's delay

struct BoardState {
    std::int64_t now_ns;  // last instant told
    // --- supply
    std::int64_t on_since_ns;  // zero of the board's clock
    std::int64_t reset_end_ns;
    std::uint8_t supply;    // Supply
    std::uint8_t lost;      // UVLO fell, acts in the next phase D
    std::uint8_t returned;  // UVLO rose, acts in the next phase D
    std::uint8_t booted;    // a core ran before (its volatile factory settings are written at the first power-on only)
    std::uint32_t faults;   // k_fault_ bits
    // --- gate driver: a pure delay per output
    std::int64_t edge_ns[k_outs][k_edges];
    std::uint8_t edge_level[k_outs][k_edges];
    std::uint8_t edge_n[k_outs];
    std::uint8_t driver_in[k_outs];  // level at the driver's input
    std::uint8_t level[k_outs];      // level at its output: drives()
    // --- what acts without delay, taken over in phase B
    std::int64_t apply_ns;
    std::uint8_t powered, next_powered;
    std::uint8_t power_mode_applied;  // what supply_W stands for: BMS_POWER_ and the AFE's mode
    std::uint8_t afe_mode_applied;
    std::uint8_t balance_from, balance_to, next_from, next_to;
    std::uint16_t balance_mA, next_mA;
    double supply_W, next_W;
    // --- core host
    std::int64_t core_due_ns;
    std::uint32_t wake;      // BMS_WAKE_ bits waiting for the next step
    std::uint32_t gpio_out;  // of the last step
    std::uint32_t inputs;    // KEY, DI, S1
    std::uint8_t alert;      // INT line asserted
    std::uint8_t core_on;    // its memory is initialised
    std::uint8_t core_failed;
    std::uint8_t power_mode;  // BMS_POWER_
    std::int32_t core_status;
    std::uint64_t core_steps;
    std::uint64_t out_hash;    // bms::CoreHash of everything the core put out
    std::uint64_t in_hash;     // of everything it read
    std::uint64_t ram_digest;  // of its memory before its last step
    std::uint64_t nvm_digest;  // of the NVM after its last write
    std::uint64_t nvm_writes;
    // --- analog
    double p_minus_filtered_V;
    double top_V;               // AFE supply pin, last told
    std::uint64_t afe_version;  // last one acted on
    BusState bus;
};
static_assert(std::is_trivially_copyable_v<BoardState>);
static_assert(std::is_standard_layout_v<BoardState>);
static_assert(sizeof(BoardState) % 8 == 0);

/// The field table of BoardState: snapshot and hash.
std::span<const base::Field> board_fields();

}  // namespace twin::board
