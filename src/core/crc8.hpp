// CRC8 of the AFE bus: polynomial 0x07, initial value 0, most significant bit first.
#pragma once
#include <array>
#include <cstdint>

namespace bms {

namespace detail {
constexpr std::array<std::uint8_t, 256> make_crc8() {
    std::array<std::uint8_t, 256> t{};
    for (std::uint32_t i = 0; i < 256; ++i) {
        std::uint32_t c = i;
        for (int k = 0; k < 8; ++k) c = (c & 0x80u) != 0 ? ((c << 1) ^ 0x07u) & 0xFFu : (c << 1) & 0xFFu;
        t[i] = static_cast<std::uint8_t>(c);
    }
    return t;
}
}  // namespace detail

inline constexpr std::array<std::uint8_t, 256> kCrc8 = detail::make_crc8();

// CRC of one more byte.
constexpr std::uint8_t crc8(std::uint8_t crc, std::uint8_t byte) {
    return kCrc8[static_cast<std::uint8_t>(crc ^ byte)];
}

}  // namespace bms
