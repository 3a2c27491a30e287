// SPDX-License-Identifier: Apache-2.0
// N doubles in one vector register, N = 4 or 8: what kernels that know their machine (AVX2, AVX-512) use where Pair has
// two. Elementwise and without fused operations, so every lane equals the scalar code to the bit. Only for source files
// that are compiled for such a machine as a whole; everything is inlined, nothing of it is ever called.
#pragma once
#include <cstddef>
#include <cstdint>

#include "base/lanes.hpp"

namespace twin::base {

namespace detail {
template <int N>
struct Registers;
template <>
struct Registers<4> {
    using F = double __attribute__((vector_size(32)));
    using I = long long __attribute__((vector_size(32)));
};
template <>
struct Registers<8> {
    using F = double __attribute__((vector_size(64)));
    using I = long long __attribute__((vector_size(64)));
};
}  // namespace detail

template <int N>
struct MaskWide {
    using V = typename detail::Registers<N>::I;
    V m;  // all bits set or none, per lane
};
#if defined(TWIN_SIMD_AVX512)
template <>
struct MaskWide<8> {
    unsigned char m;  // a bit per lane
};
#endif
template <int N>
struct Wide {
    using V = typename detail::Registers<N>::F;
    V v;
    Wide() = default;
    [[gnu::always_inline]] Wide(double x) {  // NOLINT(google-explicit-constructor): broadcast keeps kernels readable
        if constexpr (N == 4)
            v = V{x, x, x, x};
        else
            v = V{x, x, x, x, x, x, x, x};
    }
    [[gnu::always_inline]] explicit Wide(V x) : v(x) {}
    [[gnu::always_inline]] double operator[](std::size_t k) const { return v[k]; }
};

#define TWIN_WIDE_BINARY(op)                                                                \
    template <int N>                                                                        \
    [[gnu::always_inline]] inline Wide<N> operator op(const Wide<N>& a, const Wide<N>& b) { \
        return Wide<N>(a.v op b.v);                                                         \
    }                                                                                       \
    template <int N>                                                                        \
    [[gnu::always_inline]] inline Wide<N> operator op(const Wide<N>& a, double b) {         \
        return Wide<N>(a.v op Wide<N>(b).v);                                                \
    }                                                                                       \
    template <int N>                                                                        \
    [[gnu::always_inline]] inline Wide<N> operator op(double a, const Wide<N>& b) {         \
        return Wide<N>(Wide<N>(a).v op b.v);                                                \
    }
TWIN_WIDE_BINARY(+)
TWIN_WIDE_BINARY(-)
TWIN_WIDE_BINARY(*)
TWIN_WIDE_BINARY(/)
#undef TWIN_WIDE_BINARY
template <int N>
[[gnu::always_inline]] inline Wide<N> operator-(const Wide<N>& a) {
    return Wide<N>(-a.v);
}

#define TWIN_WIDE_COMPARE(op)                                                                   \
    template <int N>                                                                            \
    [[gnu::always_inline]] inline MaskWide<N> operator op(const Wide<N>& a, const Wide<N>& b) { \
        return {typename MaskWide<N>::V(a.v op b.v)};                                           \
    }                                                                                           \
    template <int N>                                                                            \
    [[gnu::always_inline]] inline MaskWide<N> operator op(const Wide<N>& a, double b) {         \
        return {typename MaskWide<N>::V(a.v op Wide<N>(b).v)};                                  \
    }
TWIN_WIDE_COMPARE(<)
TWIN_WIDE_COMPARE(<=)
TWIN_WIDE_COMPARE(>)
TWIN_WIDE_COMPARE(>=)
#undef TWIN_WIDE_COMPARE

template <int N>
[[gnu::always_inline]] inline MaskWide<N> mask_not(const MaskWide<N>& a) {
    return {~a.m};
}
template <int N>
[[gnu::always_inline]] inline MaskWide<N> mask_and(const MaskWide<N>& a, const MaskWide<N>& b) {
    return {a.m & b.m};
}
template <int N>
[[gnu::always_inline]] inline MaskWide<N> mask_or(const MaskWide<N>& a, const MaskWide<N>& b) {
    return {a.m | b.m};
}
template <int N>
struct LaneTraits<Wide<N>> {
    using Mask = MaskWide<N>;
    static constexpr std::size_t k_lanes = N;
};

/// Bit k is set where lane k is true.
template <int N>
[[gnu::always_inline]] inline unsigned lanes(const MaskWide<N>& a) {
#if defined(TWIN_SIMD_AVX2)
    if constexpr (N == 4) return static_cast<unsigned>(__builtin_ia32_movmskpd256(typename Wide<4>::V(a.m)));
#endif
    unsigned r = 0;
    for (int k = 0; k < N; ++k) r |= a.m[k] != 0 ? 1U << k : 0U;
    return r;
}
template <int N>
[[gnu::always_inline]] inline bool any(const MaskWide<N>& a) {
    return lanes(a) != 0;
}
template <int N>
[[gnu::always_inline]] inline bool all(const MaskWide<N>& a) {
    return lanes(a) == (1U << N) - 1U;
}
template <int N>
[[gnu::always_inline]] inline Wide<N> select(const MaskWide<N>& m, const Wide<N>& a, const Wide<N>& b) {
    return Wide<N>(m.m ? a.v : b.v);
}
template <int N>
[[gnu::always_inline]] inline Wide<N> sqrt2(const Wide<N>& a) {
    Wide<N> r;
    for (int k = 0; k < N; ++k) r.v[k] = __builtin_sqrt(a.v[k]);
    return r;
}
template <int N>
[[gnu::always_inline]] inline Wide<N> abs2(const Wide<N>& a) {
    return Wide<N>(-a.v > a.v ? -a.v : a.v);
}

#if defined(TWIN_SIMD_AVX512)
// Masks have registers of their own there: overloads that win over the templates.
#define TWIN_WIDE_COMPARE8(op, how)                                                                \
    [[gnu::always_inline]] inline MaskWide<8> operator op(const Wide<8>& a, const Wide<8>& b) {    \
        return {static_cast<unsigned char>(__builtin_ia32_cmppd512_mask(a.v, b.v, how, 0xFF, 4))}; \
    }                                                                                              \
    [[gnu::always_inline]] inline MaskWide<8> operator op(const Wide<8>& a, double b) { return a op Wide<8>(b); }
TWIN_WIDE_COMPARE8(<, 17)
TWIN_WIDE_COMPARE8(<=, 18)
TWIN_WIDE_COMPARE8(>, 30)
TWIN_WIDE_COMPARE8(>=, 29)
#undef TWIN_WIDE_COMPARE8
[[gnu::always_inline]] inline MaskWide<8> mask_not(const MaskWide<8>& a) { return {static_cast<unsigned char>(~a.m)}; }
[[gnu::always_inline]] inline MaskWide<8> mask_and(const MaskWide<8>& a, const MaskWide<8>& b) {
    return {static_cast<unsigned char>(a.m & b.m)};
}
[[gnu::always_inline]] inline MaskWide<8> mask_or(const MaskWide<8>& a, const MaskWide<8>& b) {
    return {static_cast<unsigned char>(a.m | b.m)};
}
[[gnu::always_inline]] inline unsigned lanes(const MaskWide<8>& a) { return a.m; }
[[gnu::always_inline]] inline bool any(const MaskWide<8>& a) { return a.m != 0; }
[[gnu::always_inline]] inline bool all(const MaskWide<8>& a) { return a.m == 0xFF; }
[[gnu::always_inline]] inline Wide<8> select(const MaskWide<8>& m, const Wide<8>& a, const Wide<8>& b) {
#if defined(__clang__)
    return Wide<8>(Wide<8>::V(__builtin_ia32_selectpd_512(m.m, a.v, b.v)));
#else
    return Wide<8>(Wide<8>::V(__builtin_ia32_blendmpd_512_mask(b.v, a.v, m.m)));
#endif
}
[[gnu::always_inline]] inline Wide<8> abs2(const Wide<8>& a) { return select(-a > a, -a, a); }
#endif

}  // namespace twin::base
