// SPDX-License-Identifier: Apache-2.0
// Counter-based random numbers (Philox 4x32-10; Salmon et al., SC'11, doi:10.1145/2063384.2063405). A value is a pure
// function of (seed, pack key, stream, index): nothing is stored, so lazy and eager evaluation agree.
#pragma once
#include <cstdint>

#include "base/math.hpp"

namespace twin::base {

/// Streams: one number per independent noise source. A source with several channels uses index = n * channels +
/// channel.
enum class Stream : std::uint32_t {
    spread_capacity = 1,
    spread_resistance = 2,
    spread_soc = 3,
    spread_leak = 4,
    adc_cell = 16,
    adc_cc1 = 17,
    adc_cc2 = 18,
    adc_aux = 19,
    adc_offset = 20,
    adc_board = 21,
    tolerance = 32,
    profile = 48,
};

struct RngKey {
    std::uint64_t seed = 0;
    std::uint64_t pack_key = 0;  // base::name_key of the pack id
};

struct Random4 {
    std::uint32_t x[4];
};

inline Random4 philox(const RngKey& key, Stream stream, std::uint64_t index) {
    std::uint32_t c[4] = {static_cast<std::uint32_t>(index), static_cast<std::uint32_t>(index >> 32),
                          static_cast<std::uint32_t>(stream), static_cast<std::uint32_t>(key.pack_key)};
    std::uint32_t k0 = static_cast<std::uint32_t>(key.seed) ^ static_cast<std::uint32_t>(key.pack_key >> 32);
    std::uint32_t k1 = static_cast<std::uint32_t>(key.seed >> 32);
    for (int round = 0; round < 10; ++round) {
        const std::uint64_t p0 = 0xD2511F53ULL * c[0];
        const std::uint64_t p1 = 0xCD9E8D57ULL * c[2];
        const std::uint32_t n0 = static_cast<std::uint32_t>(p1 >> 32) ^ c[1] ^ k0;
        const std::uint32_t n2 = static_cast<std::uint32_t>(p0 >> 32) ^ c[3] ^ k1;
        c[1] = static_cast<std::uint32_t>(p1);
        c[3] = static_cast<std::uint32_t>(p0);
        c[0] = n0;
        c[2] = n2;
        k0 += 0x9E3779B9U;
        k1 += 0xBB67AE85U;
    }
    return {{c[0], c[1], c[2], c[3]}};
}

/// Uniform in (0, 1), 52 bits, never 0 or 1.
inline double uniform(const RngKey& key, Stream stream, std::uint64_t index) {
    const Random4 r = philox(key, stream, index);
    const std::uint64_t bits = (static_cast<std::uint64_t>(r.x[0]) << 20) | (r.x[1] >> 12);
    return (static_cast<double>(bits) + 0.5) * 2.220446049250313e-16;
}

/// Standard normal (Box-Muller with base math).
inline double normal(const RngKey& key, Stream stream, std::uint64_t index) {
    const Random4 r = philox(key, stream, index);
    const std::uint64_t b0 = (static_cast<std::uint64_t>(r.x[0]) << 20) | (r.x[1] >> 12);
    const std::uint64_t b1 = (static_cast<std::uint64_t>(r.x[2]) << 20) | (r.x[3] >> 12);
    const double u0 = (static_cast<double>(b0) + 0.5) * 2.220446049250313e-16;
    const double u1 = (static_cast<double>(b1) + 0.5) * 2.220446049250313e-16;
    return sqrt2(-2.0 * det_log(u0)) * sin_2pi(u1);
}

}  // namespace twin::base
