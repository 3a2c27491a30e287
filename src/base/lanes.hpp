// SPDX-License-Identifier: Apache-2.0
// Lane types: kernels are templates over T = double (one instance) or T = Pack8 (eight instances side by side).
// Every operation is elementwise, so lane k of a pack equals the solo run to the bit. No reduction across lanes exists.
// A mask is `bool` for double and `Mask8` for Pack8; `select(m, a, b)` picks per lane; any()/all() may only guard work
// whose result is select-identical when skipped.
#pragma once
#include <cstddef>
#include <cstdint>

namespace twin::base {

inline constexpr std::size_t k_pack_lanes = 8;

struct Mask8 {
    std::int64_t m[k_pack_lanes];  // all bits set or none, per lane
};

struct alignas(64) Pack8 {
    double v[k_pack_lanes];
    Pack8() = default;
    Pack8(double x) {  // NOLINT(google-explicit-constructor): broadcast keeps kernels readable
        for (std::size_t k = 0; k < k_pack_lanes; ++k) v[k] = x;
    }
    double& operator[](std::size_t k) { return v[k]; }
    double operator[](std::size_t k) const { return v[k]; }
};

#define TWIN_PACK_BINARY(op)                                                      \
    inline Pack8 operator op(const Pack8& a, const Pack8& b) {                    \
        Pack8 r;                                                                  \
        for (std::size_t k = 0; k < k_pack_lanes; ++k) r.v[k] = a.v[k] op b.v[k]; \
        return r;                                                                 \
    }                                                                             \
    inline Pack8 operator op(const Pack8& a, double b) { return a op Pack8(b); }  \
    inline Pack8 operator op(double a, const Pack8& b) { return Pack8(a) op b; }  \
    inline Pack8& operator op##=(Pack8 & a, const Pack8 & b) { return a = a op b; }
TWIN_PACK_BINARY(+)
TWIN_PACK_BINARY(-)
TWIN_PACK_BINARY(*)
TWIN_PACK_BINARY(/)
#undef TWIN_PACK_BINARY

inline Pack8 operator-(const Pack8& a) {
    Pack8 r;
    for (std::size_t k = 0; k < k_pack_lanes; ++k) r.v[k] = -a.v[k];
    return r;
}

#define TWIN_PACK_COMPARE(op)                                                                                 \
    inline Mask8 operator op(const Pack8& a, const Pack8& b) {                                                \
        Mask8 r;                                                                                              \
        for (std::size_t k = 0; k < k_pack_lanes; ++k) r.m[k] = -static_cast<std::int64_t>(a.v[k] op b.v[k]); \
        return r;                                                                                             \
    }                                                                                                         \
    inline Mask8 operator op(const Pack8& a, double b) { return a op Pack8(b); }
TWIN_PACK_COMPARE(<)
TWIN_PACK_COMPARE(<=)
TWIN_PACK_COMPARE(>)
TWIN_PACK_COMPARE(>=)
#undef TWIN_PACK_COMPARE

inline Mask8 operator&(const Mask8& a, const Mask8& b) {
    Mask8 r;
    for (std::size_t k = 0; k < k_pack_lanes; ++k) r.m[k] = a.m[k] & b.m[k];
    return r;
}
inline Mask8 operator|(const Mask8& a, const Mask8& b) {
    Mask8 r;
    for (std::size_t k = 0; k < k_pack_lanes; ++k) r.m[k] = a.m[k] | b.m[k];
    return r;
}
inline Mask8 operator!(const Mask8& a) {
    Mask8 r;
    for (std::size_t k = 0; k < k_pack_lanes; ++k) r.m[k] = ~a.m[k];
    return r;
}

inline double select(bool m, double a, double b) { return m ? a : b; }
inline Pack8 select(const Mask8& m, const Pack8& a, const Pack8& b) {
    Pack8 r;
    for (std::size_t k = 0; k < k_pack_lanes; ++k) r.v[k] = m.m[k] != 0 ? a.v[k] : b.v[k];
    return r;
}

inline bool any(bool m) { return m; }
inline bool all(bool m) { return m; }
inline bool any(const Mask8& m) {
    std::int64_t r = 0;
    for (std::size_t k = 0; k < k_pack_lanes; ++k) r |= m.m[k];
    return r != 0;
}
inline bool all(const Mask8& m) {
    std::int64_t r = -1;
    for (std::size_t k = 0; k < k_pack_lanes; ++k) r &= m.m[k];
    return r != 0;
}
inline bool mask_not(bool m) { return !m; }
inline Mask8 mask_not(const Mask8& m) { return !m; }
inline bool mask_and(bool a, bool b) { return a && b; }
inline bool mask_or(bool a, bool b) { return a || b; }
inline Mask8 mask_and(const Mask8& a, const Mask8& b) { return a & b; }
inline Mask8 mask_or(const Mask8& a, const Mask8& b) { return a | b; }

/// Minimum and maximum by compare and select: if either operand is NaN the second one is returned (b).
template <class T>
inline T min2(const T& a, const T& b) {
    return select(a < b, a, b);
}
template <class T>
inline T max2(const T& a, const T& b) {
    return select(a > b, a, b);
}
inline double abs2(double a) { return select(a < 0.0, -a, a); }
inline Pack8 abs2(const Pack8& a) { return select(a < 0.0, -a, a); }

inline double sqrt2(double a) { return __builtin_sqrt(a); }
inline Pack8 sqrt2(const Pack8& a) {
    Pack8 r;
    for (std::size_t k = 0; k < k_pack_lanes; ++k) r.v[k] = __builtin_sqrt(a.v[k]);
    return r;
}

/// True where the value is a finite number (neither NaN nor infinite).
inline bool is_finite(double a) { return abs2(a) <= 1.7976931348623157e308; }
inline Mask8 is_finite(const Pack8& a) { return abs2(a) <= Pack8(1.7976931348623157e308); }

/// Lane access that also works for the scalar.
inline double lane(double a, std::size_t) { return a; }
inline double lane(const Pack8& a, std::size_t k) { return a.v[k]; }
inline void set_lane(double& a, std::size_t, double x) { a = x; }
inline void set_lane(Pack8& a, std::size_t k, double x) { a.v[k] = x; }

template <class T>
struct LaneTraits {
    using Mask = bool;
    static constexpr std::size_t k_lanes = 1;
};
template <>
struct LaneTraits<Pack8> {
    using Mask = Mask8;
    static constexpr std::size_t k_lanes = k_pack_lanes;
};
template <class T>
using MaskOf = typename LaneTraits<T>::Mask;

}  // namespace twin::base
