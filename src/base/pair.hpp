// SPDX-License-Identifier: Apache-2.0
// Two doubles side by side in one vector register: what one instance does to many equal parts (its cells, its clamps),
// two at a time. Elementwise like Pack8, so each half equals the scalar code to the bit. Unlike a pack's lanes, the
// halves belong to one instance. The compilers' own vector types: baseline instructions, no intrinsics.
#pragma once
#include <cstddef>
#include <cstdint>

#include "base/lanes.hpp"

namespace twin::base {

struct MaskPair {
    using V = std::int64_t __attribute__((vector_size(16)));
    V m;  // all bits set or none, per half
};

struct Pair {
    using V = double __attribute__((vector_size(16)));
    V v;
    Pair() = default;
    [[gnu::always_inline]] Pair(double x)
        : v{x, x} {}  // NOLINT(google-explicit-constructor): broadcast keeps kernels readable
    [[gnu::always_inline]] Pair(double a, double b) : v{a, b} {}
    [[gnu::always_inline]] explicit Pair(V x) : v(x) {}
    [[gnu::always_inline]] double operator[](std::size_t k) const { return v[k]; }
};

#define TWIN_PAIR_BINARY(op)                                                                            \
    [[gnu::always_inline]] inline Pair operator op(Pair a, Pair b) { return Pair(a.v op b.v); }         \
    [[gnu::always_inline]] inline Pair operator op(Pair a, double b) { return Pair(a.v op Pair(b).v); } \
    [[gnu::always_inline]] inline Pair operator op(double a, Pair b) { return Pair(Pair(a).v op b.v); } \
    [[gnu::always_inline]] inline Pair& operator op##=(Pair & a, const Pair & b) { return a = Pair(a.v op b.v); }
TWIN_PAIR_BINARY(+)
TWIN_PAIR_BINARY(-)
TWIN_PAIR_BINARY(*)
TWIN_PAIR_BINARY(/)
#undef TWIN_PAIR_BINARY
[[gnu::always_inline]] inline Pair operator-(Pair a) { return Pair(-a.v); }

#define TWIN_PAIR_COMPARE(op)                                                                                \
    [[gnu::always_inline]] inline MaskPair operator op(Pair a, Pair b) { return {MaskPair::V(a.v op b.v)}; } \
    [[gnu::always_inline]] inline MaskPair operator op(Pair a, double b) { return {MaskPair::V(a.v op Pair(b).v)}; }
TWIN_PAIR_COMPARE(<)
TWIN_PAIR_COMPARE(<=)
TWIN_PAIR_COMPARE(>)
TWIN_PAIR_COMPARE(>=)
#undef TWIN_PAIR_COMPARE

[[gnu::always_inline]] inline MaskPair operator&(MaskPair a, MaskPair b) { return {a.m & b.m}; }
[[gnu::always_inline]] inline MaskPair operator|(MaskPair a, MaskPair b) { return {a.m | b.m}; }
[[gnu::always_inline]] inline MaskPair operator!(MaskPair a) { return {~a.m}; }
[[gnu::always_inline]] inline MaskPair mask_not(MaskPair a) { return {~a.m}; }
[[gnu::always_inline]] inline MaskPair mask_and(MaskPair a, MaskPair b) { return {a.m & b.m}; }
[[gnu::always_inline]] inline MaskPair mask_or(MaskPair a, MaskPair b) { return {a.m | b.m}; }
/// Bit k is set where half k is true.
#if defined(__SSE2__)
[[gnu::always_inline]] inline int halves(MaskPair a) { return __builtin_ia32_movmskpd(Pair::V(a.m)); }
#else
[[gnu::always_inline]] inline int halves(MaskPair a) { return (a.m[0] != 0 ? 1 : 0) + (a.m[1] != 0 ? 2 : 0); }
#endif
[[gnu::always_inline]] inline unsigned lanes(MaskPair a) { return static_cast<unsigned>(halves(a)); }
[[gnu::always_inline]] inline bool any(MaskPair a) { return halves(a) != 0; }
[[gnu::always_inline]] inline bool all(MaskPair a) { return halves(a) == 3; }

[[gnu::always_inline]] inline Pair select(MaskPair m, Pair a, Pair b) { return Pair(m.m ? a.v : b.v); }
[[gnu::always_inline]] inline Pair abs2(Pair a) { return Pair(-a.v > a.v ? -a.v : a.v); }
[[gnu::always_inline]] inline Pair sqrt2(Pair a) { return {__builtin_sqrt(a.v[0]), __builtin_sqrt(a.v[1])}; }
[[gnu::always_inline]] inline MaskPair is_finite(Pair a) { return abs2(a) <= 1.7976931348623157e308; }

template <>
struct LaneTraits<Pair> {
    using Mask = MaskPair;
    static constexpr std::size_t k_lanes = 2;
};

/// Two neighbours of an array, and back.
[[gnu::always_inline]] inline Pair load_pair(const double* p) { return {p[0], p[1]}; }
[[gnu::always_inline]] inline void store_pair(double* p, Pair x) {
    p[0] = x.v[0];
    p[1] = x.v[1];
}

}  // namespace twin::base
