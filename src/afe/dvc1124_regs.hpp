// SPDX-License-Identifier: Apache-2.0
// Register facts of the DVC1124-2 class: addresses, bits, write masks, reset bytes. Facts only, no policy. Source:
// DVC1124-2 data sheet V1.1 and register manual V1.2 as tabulated in the project's register table; conflicts between
// sources are noted where they occur.
#pragma once
#include <array>
#include <cstdint>

namespace twin::afe::dvc {

inline constexpr std::uint8_t k_addr_write = 0x40;  // 7-bit 0x20, R/W bit 0
inline constexpr std::uint8_t k_addr_read = 0x41;
inline constexpr std::uint8_t k_last = 0x90;        // 145 bytes, auto-increment wraps to 0x00
inline constexpr std::uint8_t k_last_start = 0x8F;  // legal start addresses 0x00..0x8F
inline constexpr std::size_t k_count = 0x91;

enum Reg : std::uint8_t {
    r_flags = 0x00,
    r_state = 0x01,
    r_cc1 = 0x02,
    r_cc2 = 0x04,
    r_vtop = 0x07,
    r_vpack = 0x09,
    r_vload = 0x0B,
    r_vct = 0x0D,
    r_v1p8 = 0x0F,
    r_vgp1 = 0x11,
    r_vc1 = 0x1D,
    r_vc24 = 0x4B,
    r_vvos = 0x4D,
    r_cvos = 0x4F,
    r_fet = 0x51,
    r_pdwm = 0x52,
    r_dsgm = 0x53,
    r_chgm = 0x54,
    r_cadc = 0x55,
    r_c1o = 0x56,
    r_ocd1t = 0x59,
    r_occ1t = 0x5A,
    r_ocd1d = 0x5B,
    r_occ1d = 0x5C,
    r_ocd2 = 0x5E,
    r_occ2 = 0x5F,
    r_ocd2d = 0x60,
    r_occ2d = 0x61,
    r_scd = 0x62,
    r_scdd = 0x63,
    r_cwt = 0x65,
    r_bdpt = 0x66,
    r_cb_hi = 0x67,
    r_cb_mid = 0x68,
    r_cb_lo = 0x69,
    r_cm_hi = 0x6A,
    r_cm_mid = 0x6B,
    r_cm_lo = 0x6C,
    r_cfg = 0x6D,
    r_vadc = 0x6E,
    r_covt = 0x70,
    r_covd = 0x71,
    r_cuvt = 0x72,
    r_cuvd = 0x73,
    r_gp123 = 0x74,
    r_gp456 = 0x75,
    r_cot = 0x76,
    r_iwt = 0x77,
    r_twse = 0x78,
    r_intm = 0x79,
    r_frt = 0x7E,
    r_version = 0x8F,
};

// 0x00, write 0 clears
inline constexpr std::uint8_t f_iwtf = 0x80, f_cov = 0x40, f_cuv = 0x20, f_ocd1 = 0x10, f_occ1 = 0x08, f_ocd2 = 0x04,
                              f_occ2 = 0x02, f_scd = 0x01;
// 0x01
inline constexpr std::uint8_t s_pd = 0x80, s_vadf = 0x40, s_cc1f = 0x20, s_cc2f = 0x10;
// 0x06 low nibble
inline constexpr std::uint8_t g_pdsgf = 0x08, g_pchgf = 0x04, g_dsgf = 0x02, g_chgf = 0x01;
// 0x79, 1 = masked
inline constexpr std::uint8_t i_scd = 0x01, i_oc2 = 0x02, i_oc1 = 0x04, i_cuv = 0x08, i_cov = 0x10, i_cc = 0x20,
                              i_vo = 0x40, i_wdt = 0x80;
// CST codes
inline constexpr std::uint8_t c_woke_shutdown = 0, c_woke_i2c = 1, c_woke_timer = 2, c_woke_dsg = 3, c_woke_chg = 4,
                              c_woke_ocd2 = 5, c_woke_occ2 = 6, c_woke_scd = 7, c_woke_charger = 8,
                              c_wait_shutdown = 0xB, c_wait_sleep = 0xC, c_reset = 0xD, c_sleep = 0xE, c_shutdown = 0xF;

struct Bytes {
    std::uint8_t b[k_count];
};

/// Bits a host may write as plain read/write storage. Everything else keeps its value; flags, CST, CAMZ and COW act
/// apart.
constexpr Bytes make_write_mask() {
    Bytes m{};
    m.b[r_fet] = 0xFF;
    m.b[r_pdwm] = 0x9F;
    m.b[r_dsgm] = 0xFF;
    m.b[r_chgm] = 0xFF;
    m.b[r_cadc] = 0x8C;  // CAMZ (bit 0) is write-1-self-clear
    m.b[r_c1o] = 0x0F;
    for (int a = r_ocd1t; a <= r_occ1d; ++a) m.b[a] = 0xFF;
    m.b[r_ocd2] = 0x7F;
    m.b[r_occ2] = 0x7F;
    m.b[r_ocd2d] = 0xFF;
    m.b[r_occ2d] = 0xFF;
    m.b[r_scd] = 0x7F;
    m.b[r_scdd] = 0xFF;
    m.b[r_cwt] = 0xFF;
    m.b[r_bdpt] = 0xFF;
    for (int a = r_cb_hi; a <= r_cm_lo; ++a) m.b[a] = 0xFF;
    m.b[r_cfg] = 0x3B;  // COW (bit 2) is write-1-self-clear
    m.b[r_vadc] = 0xF3;
    for (int a = r_covt; a <= r_gp456; ++a) m.b[a] = 0xFF;
    m.b[r_cot] = 0x7F;
    m.b[r_iwt] = 0xE7;  // IWTS (bit 3) is read only
    m.b[r_twse] = 0x0F;
    m.b[r_intm] = 0xFF;
    return m;
}
inline constexpr Bytes k_write_mask = make_write_mask();

/// Bits that have a name (of any access class): writing another value to the rest is a driver's mistake, counted and
/// ignored.
constexpr Bytes make_named_mask() {
    Bytes m = make_write_mask();
    for (int a = r_flags; a <= r_cvos + 1; ++a) m.b[a] = 0xFF;
    m.b[r_cadc] = 0x8D;
    m.b[r_cfg] = 0x3F;
    m.b[r_cot] = 0xFF;
    m.b[r_iwt] = 0xEF;
    m.b[r_twse] = 0x8F;
    m.b[r_frt] = 0xFF;
    m.b[r_version] = 0xFF;
    return m;
}
inline constexpr Bytes k_named_mask = make_named_mask();

/// Stored bytes after reset (measurements and flags read 0). FRT and the version come from the model's data.
constexpr Bytes make_reset() {
    Bytes r{};
    r.b[r_pdwm] = 0x90;
    r.b[r_dsgm] = 0x59;
    r.b[r_chgm] = 0xF9;
    r.b[r_cadc] = 0x2C;
    r.b[r_c1o] = 0xFF;
    r.b[0x57] = 0x28;
    r.b[0x58] = 0x05;
    r.b[0x5D] = 0xB0;  // printed as Bx
    r.b[r_ocd2] = 0x40;
    r.b[r_occ2] = 0xC0;
    r.b[r_scd] = 0x40;  // enabled with code 0: the model uses 10 mV, see r_scd
    r.b[r_cfg] = 0x28;
    r.b[r_vadc] = 0xCD;
    r.b[0x6F] = 0x28;
    r.b[r_iwt] = 0xC0;
    r.b[0x7C] = 0x48;
    return r;
}
inline constexpr Bytes k_reset = make_reset();

}  // namespace twin::afe::dvc
