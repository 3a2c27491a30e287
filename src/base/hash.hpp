// SPDX-License-Identifier: Apache-2.0
// The run hash: a 64-bit streaming hash over words. -0.0 is hashed as +0.0; a NaN sets `saw_nan` (the run then fails).
#pragma once
#include <bit>
#include <cstddef>
#include <cstdint>

#include "base/lanes.hpp"

namespace twin::base {

class Hasher {
public:
    void u64(std::uint64_t x) {
        // splitmix-style finaliser of the running state combined with the word: every bit of x reaches every bit.
        std::uint64_t z = (state_ ^ x) * 0x9e3779b97f4a7c15ULL + ++count_;
        z = (z ^ (z >> 29)) * 0xbf58476d1ce4e5b9ULL;
        z = (z ^ (z >> 32)) * 0x94d049bb133111ebULL;
        state_ = z ^ (z >> 31);
    }
    void i64(std::int64_t x) { u64(static_cast<std::uint64_t>(x)); }
    void f64(double x) {
        if (!(x == x)) saw_nan_ = 1;
        u64(std::bit_cast<std::uint64_t>(x == 0.0 ? 0.0 : x));
    }
    /// Many doubles: four independent chains of bijections (a changed bit always changes its chain), then joined.
    void f64s(const double* p, std::size_t n) {
        std::uint64_t a[4] = {state_ ^ 0x243f6a8885a308d3ULL, state_ ^ 0x13198a2e03707344ULL,
                              state_ ^ 0xa4093822299f31d0ULL, state_ ^ 0x082efa98ec4e6c89ULL};
        std::uint64_t nan = 0;
        const auto take = [&nan](std::uint64_t c, double x) {
            const std::uint64_t bits = std::bit_cast<std::uint64_t>(x);
            const std::uint64_t size = bits & 0x7fffffffffffffffULL;
            nan |= 0x7ff0000000000000ULL - size;                                      // wraps for a NaN
            c = (c ^ (size == 0 ? std::uint64_t{0} : bits)) * 0x9e3779b97f4a7c15ULL;  // -0 as +0
            return c ^ (c >> 32);
        };
        std::size_t i = 0;
        for (; i + 4 <= n; i += 4) {
            a[0] = take(a[0], p[i]);
            a[1] = take(a[1], p[i + 1]);
            a[2] = take(a[2], p[i + 2]);
            a[3] = take(a[3], p[i + 3]);
        }
        for (; i < n; ++i) a[i & 3] = take(a[i & 3], p[i]);
        nan >>= 63;
        saw_nan_ |= nan;
        u64(n);
        for (const std::uint64_t c : a) u64(c);
    }
    void bytes(const std::uint8_t* p, std::size_t n) {
        u64(n);
        for (std::size_t i = 0; i < n; i += 8) {
            std::uint64_t w = 0;
            for (std::size_t k = 0; k < 8 && i + k < n; ++k) w |= static_cast<std::uint64_t>(p[i + k]) << (8 * k);
            u64(w);
        }
    }
    std::uint64_t digest() const { return state_; }
    bool saw_nan() const { return saw_nan_ != 0; }
    // Plain data so that a snapshot can carry the hash in progress.
    std::uint64_t state_ = 0x6a09e667f3bcc908ULL;
    std::uint64_t count_ = 0;
    std::uint64_t saw_nan_ = 0;
};

/// Stable 64-bit key of a name (pack ids, stream names) for keyed random numbers.
inline std::uint64_t name_key(const char* s, std::size_t n) {
    Hasher h;
    h.bytes(reinterpret_cast<const std::uint8_t*>(s), n);
    return h.digest();
}

}  // namespace twin::base
