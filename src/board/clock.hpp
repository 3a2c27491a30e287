// SPDX-License-Identifier: Apache-2.0
// The board's own clock: simulation time in, drifting microseconds out, and back. Integers only, so both ways are
// exact.
#pragma once
#include <cstdint>

#include "base/time.hpp"

namespace twin::board {

/// Clock with a rate error in parts per billion (|ppb| <= 1e6).
struct DriftClock {
    std::int64_t ppb = 0;

    /// Nanoseconds the clock shows after dt >= 0 real ones: dt + floor(dt * ppb / 1e9), monotone in dt.
    constexpr std::int64_t local_ns(std::int64_t dt) const {
        const std::int64_t whole = dt / 1'000'000'000;
        const std::int64_t rest = dt % 1'000'000'000;
        const std::int64_t x = rest * ppb;
        const std::int64_t q = x >= 0 ? x / 1'000'000'000 : -((-x + 999'999'999) / 1'000'000'000);
        return dt + whole * ppb + q;
    }
    constexpr std::uint64_t local_us(std::int64_t dt) const {
        const std::int64_t l = local_ns(dt);
        return l < 0 ? 0 : static_cast<std::uint64_t>(l / 1000);
    }
    /// Smallest dt >= 0 at which local_us(dt) >= us; k_never_ns beyond 2^62 ns.
    constexpr std::int64_t real_ns(std::uint64_t us) const {
        if (us > 4'611'686'018'427'387ULL) return base::k_never_ns;
        const std::int64_t want = static_cast<std::int64_t>(us) * 1000;
        std::int64_t dt = want - want / 1'000'000'000 * ppb;
        if (dt < 0) dt = 0;
        while (local_ns(dt) < want) dt += want - local_ns(dt);  // rate error <= 0.1 %: a few rounds
        while (dt > 0 && local_ns(dt - 1) >= want) {
            const std::int64_t excess = (local_ns(dt - 1) - want) / 2;
            dt -= excess > 0 ? excess : 1;
        }
        return dt;
    }
};

}  // namespace twin::board
