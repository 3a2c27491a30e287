// SPDX-License-Identifier: Apache-2.0
// CRC8, polynomial x^8 + x^2 + x + 1 (0x07), initial value 0, as used on the AFE's I2C bus.
#pragma once
#include <cstdint>

namespace twin::afe {

constexpr std::uint8_t crc8_step(std::uint8_t crc, std::uint8_t byte) {
    std::uint8_t c = static_cast<std::uint8_t>(crc ^ byte);
    for (int k = 0; k < 8; ++k) c = static_cast<std::uint8_t>((c & 0x80U) != 0 ? (c << 1) ^ 0x07 : c << 1);
    return c;
}

struct Crc8Table {
    std::uint8_t row[256];
};
constexpr Crc8Table make_crc8_table() {
    Crc8Table t{};
    for (int k = 0; k < 256; ++k) t.row[k] = crc8_step(0, static_cast<std::uint8_t>(k));
    return t;
}
inline constexpr Crc8Table k_crc8 = make_crc8_table();

/// Continues a CRC by one byte.
constexpr std::uint8_t crc8(std::uint8_t crc, std::uint8_t byte) { return k_crc8.row[crc ^ byte]; }

}  // namespace twin::afe
