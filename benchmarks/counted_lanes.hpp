// SPDX-License-Identifier: Apache-2.0
// Lanes that count: the block kernels over this type tell how many additions, subtractions, multiplications,
// divisions and roots of doubles a step is (as written; comparisons and selections are not counted). Values are those of
// any other lanes. Included before the kernels, which find its functions by name.
#pragma once
#include <cmath>
#include <cstddef>
#include <cstdint>

#include "base/lanes.hpp"

namespace twin::base {

inline std::int64_t counted_flop = 0;  // of all lanes since the program began; one thread

struct CountedMask {
    using V = long long __attribute__((vector_size(32)));
    V m;
};
struct Counted {
    using V = double __attribute__((vector_size(32)));
    V v;
    Counted() = default;
    Counted(double x) : v{x, x, x, x} {}  // NOLINT(google-explicit-constructor): as the other lanes
    explicit Counted(V x) : v(x) {}
    double operator[](std::size_t k) const { return v[k]; }
};

#define TWIN_COUNTED_BINARY(op)                                                        \
    inline Counted operator op(const Counted& a, const Counted& b) {                   \
        counted_flop += 4;                                                             \
        return Counted(Counted::V(a.v op b.v));                                        \
    }                                                                                  \
    inline Counted operator op(const Counted& a, double b) { return a op Counted(b); } \
    inline Counted operator op(double a, const Counted& b) { return Counted(a) op b; } \
    inline Counted& operator op##=(Counted & a, const Counted & b) { return a = a op b; }
TWIN_COUNTED_BINARY(+)
TWIN_COUNTED_BINARY(-)
TWIN_COUNTED_BINARY(*)
TWIN_COUNTED_BINARY(/)
#undef TWIN_COUNTED_BINARY
inline Counted operator-(const Counted& a) { return Counted(-a.v); }

#define TWIN_COUNTED_COMPARE(op)                                                                                \
    inline CountedMask operator op(const Counted& a, const Counted& b) { return {CountedMask::V(a.v op b.v)}; } \
    inline CountedMask operator op(const Counted& a, double b) { return a op Counted(b); }
TWIN_COUNTED_COMPARE(<)
TWIN_COUNTED_COMPARE(<=)
TWIN_COUNTED_COMPARE(>)
TWIN_COUNTED_COMPARE(>=)
#undef TWIN_COUNTED_COMPARE
inline CountedMask mask_not(const CountedMask& a) { return {~a.m}; }
inline CountedMask mask_and(const CountedMask& a, const CountedMask& b) { return {a.m & b.m}; }
inline CountedMask mask_or(const CountedMask& a, const CountedMask& b) { return {a.m | b.m}; }
inline unsigned lanes(const CountedMask& a) {
    unsigned r = 0;
    for (int k = 0; k < 4; ++k) r |= a.m[k] != 0 ? 1U << k : 0U;
    return r;
}
inline bool any(const CountedMask& a) { return lanes(a) != 0; }
inline bool all(const CountedMask& a) { return lanes(a) == 0xFU; }
inline Counted select(const CountedMask& m, const Counted& a, const Counted& b) {
    return Counted(Counted::V(m.m ? a.v : b.v));
}
inline Counted sqrt2(const Counted& a) {
    counted_flop += 4;
    return Counted(Counted::V{std::sqrt(a.v[0]), std::sqrt(a.v[1]), std::sqrt(a.v[2]), std::sqrt(a.v[3])});
}
inline Counted abs2(const Counted& a) { return Counted(Counted::V(-a.v > a.v ? -a.v : a.v)); }

template <>
struct LaneTraits<Counted> {
    using Mask = CountedMask;
    static constexpr std::size_t k_lanes = 4;
};
}  // namespace twin::base
