// SPDX-License-Identifier: Apache-2.0
// 64-bit words in bytes (little-endian on every machine) and a checksum, for saved states.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace twin::base {

/// 8 bytes of x, the lowest first, at the end of `out`.
inline void put_u64(std::vector<std::uint8_t>& out, std::uint64_t x) {
    for (unsigned k = 0; k < 8; ++k) out.push_back(static_cast<std::uint8_t>(x >> (8 * k)));
}
/// Word k of the bytes; there are more than 8 k + 7.
inline std::uint64_t get_u64(std::span<const std::uint8_t> bytes, std::size_t k) {
    std::uint64_t x = 0;
    for (unsigned n = 0; n < 8; ++n) x |= static_cast<std::uint64_t>(bytes[8 * k + n]) << (8 * n);
    return x;
}
/// FNV-1a: tells damaged bytes, not forged ones.
inline std::uint64_t checksum(std::span<const std::uint8_t> bytes) {
    std::uint64_t h = 0xcbf29ce484222325ULL;
    for (const std::uint8_t b : bytes) h = (h ^ b) * 0x100000001b3ULL;
    return h;
}

}  // namespace twin::base
