// SPDX-License-Identifier: Apache-2.0
// Simulation time: int64 nanoseconds since the start of the run. Only `sim::Simulation` owns a clock.
#pragma once
#include <cstdint>

namespace twin::base {

using Time_ns = std::int64_t;

inline constexpr Time_ns k_never_ns = INT64_MAX;
inline constexpr Time_ns k_us = 1'000;
inline constexpr Time_ns k_ms = 1'000'000;
inline constexpr Time_ns k_s = 1'000'000'000;

/// Seconds of a time or duration; exact to 2^-53 relative.
constexpr double to_s(Time_ns t) { return static_cast<double>(t) * 1e-9; }

/// Nearest nanosecond of a non-negative duration in seconds (callers validate the range: < 292 years).
constexpr Time_ns from_s(double t_s) { return static_cast<Time_ns>(t_s * 1e9 + 0.5); }

/// The n-th instant of a periodic source with period num/den ns: floor(n * num / den), never accumulated.
constexpr Time_ns periodic_instant(std::int64_t n, std::int64_t num_ns, std::int64_t den) {
    const std::int64_t whole = n / den;  // split so that the product cannot overflow for long runs
    const std::int64_t rest = n % den;
    return whole * num_ns + (rest * num_ns) / den;
}

/// First multiple of `period_ns` that is strictly later than `t`.
constexpr Time_ns next_multiple(Time_ns t, Time_ns period_ns) { return (t / period_ns + 1) * period_ns; }

}  // namespace twin::base
