// SPDX-License-Identifier: Apache-2.0
// Everything mutable of a DVC1124-2 class chip, as one trivially copyable block. Times are absolute; k_never_ns = not
// running. Hashed: configuration, latches, timers, bus state, damage. Not hashed: what belongs to conversions.
#pragma once
#include <cstdint>
#include <span>
#include <type_traits>

#include "afe/dvc1124_regs.hpp"
#include "afe/port.hpp"
#include "base/fields.hpp"
#include "base/sum.hpp"

namespace twin::afe {

enum class Mode : std::uint8_t { off = 0, work = 1, sleep = 2, shutdown = 3, dead = 4 };

inline constexpr std::size_t k_slots = 36;  // VTOP PACK LOAD CT V1P8 GP1..6 VC1..24 VVOS
inline constexpr std::size_t k_max_damage = 8;
inline constexpr std::uint32_t k_cmp_scd = 0, k_cmp_ocd2 = 1, k_cmp_occ2 = 2;

struct Dvc1124State {
    // --- configuration and latches
    std::uint8_t reg[dvc::k_count];
    std::uint8_t mode;   // Mode
    std::uint8_t flags;  // register 0x00
    std::uint8_t cst;    // low nibble of 0x01
    std::uint8_t iwts, tiwk, cotf;
    std::uint8_t con, don;       // hard-off inputs, 1 = asserted
    std::uint8_t cow;            // open-wire test running
    std::uint8_t gates;          // low nibble of 0x06: PDSGF PCHGF DSGF CHGF
    std::uint8_t balance_phase;  // 1 = a balance window is open
    // --- bus
    std::uint8_t bus_phase, bus_pointer, bus_crc, bus_byte;
    // --- timers [ns]
    std::int64_t ready_ns;  // bus and converters from here on
    std::int64_t bus_start_ns, iwt_ns, wake_ns, cow_end_ns, cb_end_ns, ldpu_end_ns, camz_end_ns, int_end_ns;
    std::int64_t cmp_since_ns[3];
    std::uint8_t cmp_above[3];
    std::uint8_t bd_dsg, bd_chg;  // body-diode decisions of the last CC1 conversion
    std::int64_t ocd1_since_ns, occ1_since_ns, cov_since_ns, cuv_since_ns;
    std::uint32_t cov_mask, cuv_mask;  // bit n-1: the last conversion of cell n was beyond
    std::int32_t cvos_code;            // current ADC zero, LSB 5 uV
    // --- damage
    std::uint32_t dead_pins;  // bit n: C(n) destroyed
    std::uint8_t dead_shunt;  // current input destroyed
    std::uint32_t dead_gp;    // bit n-1
    std::uint32_t damage_count;
    std::uint32_t damage_cause[k_max_damage], damage_index[k_max_damage];
    std::int64_t damage_t_ns[k_max_damage];
    double damage_limit[k_max_damage], damage_value[k_max_damage];
    // --- counters of the bus
    std::uint32_t n_nack, n_crc_error, n_timeout, n_reserved_write;
    // --- conversions (not hashed)
    std::int64_t now_ns;
    std::uint8_t done;          // VADF CC1F CC2F
    std::uint8_t attention;     // advance() found something that run_due() must act on
    std::uint8_t int_request;   // causes (dvc::i_*) waiting for run_due()
    std::uint8_t wake_request;  // CST code + 1 waiting for run_due()
    std::uint8_t cc_on, vadc_on;
    std::uint8_t slot;
    std::uint8_t fresh[k_slots];  // code[] holds the converted value
    std::uint8_t valid[k_slots];  // the slot has a conversion
    std::uint8_t signed_format[k_slots];
    std::uint8_t cc1_fresh, cc1_valid, cc2_fresh, cc2_valid;
    std::int64_t cc1_t0_ns, cc1_period_ns, cc2_t0_ns, scan_t0_ns;
    std::uint64_t cc1_index, cc2_index, scan_index;
    std::uint64_t slot_index[k_slots];  // scan the stored value belongs to
    std::uint64_t cc1_last_index, cc2_last_index;
    std::int64_t cc1_last_period_ns;
    std::int32_t code[k_slots], cc1_code, cc2_code, cc1_last_cvos, cc2_last_cvos;
    double slot_sum, slot_mean[k_slots];    // V s of the running slot; means of finished ones
    double cc1_hi, cc1_lo, cc2_hi, cc2_lo;  // compensated integrals of the running windows [V s]
    double cc1_mean_V, cc2_mean_V;
    double win_min_V, win_max_V;  // of the shunt in the running CC1 window
    double shunt_V, vtop_V;       // last values told
    // --- peaks (not hashed): for margins
    double peak_cell_diff_V, peak_pin_A;
    std::uint32_t peak_cell_index, peak_pin_index;
};
static_assert(std::is_trivially_copyable_v<Dvc1124State>);
static_assert(std::is_standard_layout_v<Dvc1124State>);

/// The field table of Dvc1124State: snapshot, hash, get/set.
std::span<const base::Field> dvc1124_fields();

}  // namespace twin::afe
