// SPDX-License-Identifier: Apache-2.0
// The transcendental functions that hashed code may use. Only + - * /, compare, select and bit moves, so results are
// equal to the bit for every compiler, optimisation level and CPU. Accuracy: det_exp, det_expm1, det_log (named so that
// they never meet libm's) within 2 ulp on the stated ranges (tests/unit/base). Overloads exist for double and Pack8.
#pragma once
#include <bit>
#include <cstdint>

#include "base/lanes.hpp"

namespace twin::base {

namespace detail {
/// 2^n for n in [-1022, 1023].
inline double pow2i(std::int64_t n) { return std::bit_cast<double>(static_cast<std::uint64_t>(n + 1023) << 52); }

// Polynomials by powers of the square (Estrin): a chain of dependent operations a third as long as Horner's.
template <class T>
[[gnu::always_inline]] inline T exp_poly_tail(const T& r) {  // (e^r - 1 - r) / r^2, |r| <= ln2/2, Taylor (< 1e-17 off)
    const T r2 = r * r, r4 = r2 * r2;
    const T a = (0.5 + r * (1.0 / 6.0)) + r2 * (1.0 / 24.0 + r * (1.0 / 120.0));
    const T b = (1.0 / 720.0 + r * (1.0 / 5040.0)) + r2 * (1.0 / 40320.0 + r * (1.0 / 362880.0));
    const T c = (1.0 / 3628800.0 + r * (1.0 / 39916800.0)) + r2 * (1.0 / 479001600.0 + r * (1.0 / 6227020800.0));
    return a + r4 * (b + r4 * (c + r4 * (1.0 / 6227020800.0 / 14.0)));
}
[[gnu::always_inline]] inline double atanh_tail(double s) {  // (atanh f - f) / (f s), s = f^2 <= 0.0295, Taylor
    const double s2 = s * s, s4 = s2 * s2;
    const double a = (1.0 / 3.0 + s * (1.0 / 5.0)) + s2 * (1.0 / 7.0 + s * (1.0 / 9.0));
    const double b = (1.0 / 11.0 + s * (1.0 / 13.0)) + s2 * (1.0 / 15.0 + s * (1.0 / 17.0));
    const double c = (1.0 / 19.0 + s * (1.0 / 21.0)) + s2 * (1.0 / 23.0);
    return a + s4 * (b + s4 * c);
}
struct ExpParts {
    double r;
    std::int64_t n;
};
inline ExpParts exp_reduce(double x) {
    constexpr double k_inv_ln2 = 1.4426950408889634074;
    constexpr double k_ln2_hi = 6.93147180369123816490e-01;
    constexpr double k_ln2_lo = 1.90821492927058770002e-10;
    constexpr double k_round = 6755399441055744.0;  // 1.5 * 2^52: adding it rounds to the nearest integer
    const double nd = (x * k_inv_ln2 + k_round) - k_round;
    return {(x - nd * k_ln2_hi) - nd * k_ln2_lo, static_cast<std::int64_t>(nd)};
}
}  // namespace detail

/// e^x; saturates to the value at x = +-700 outside [-700, 700] (about 1e+-304); NaN stays NaN.
inline double det_exp(double x) {
    const bool nan = !(x == x);
    const double xc = nan ? 0.0 : (x > 700.0 ? 700.0 : (x < -700.0 ? -700.0 : x));
    const detail::ExpParts p = detail::exp_reduce(xc);
    const double y = (1.0 + (p.r + p.r * p.r * detail::exp_poly_tail(p.r))) * detail::pow2i(p.n);
    return nan ? x : y;
}

/// e^x - 1 without cancellation near zero; same saturation as exp.
inline double det_expm1(double x) {
    if (x > -0.3 && x < 0.3) return x + x * x * detail::exp_poly_tail(x);
    return det_exp(x) - 1.0;
}

/// Natural logarithm of x > 0 (normal numbers); x <= 0 or NaN gives NaN.
inline double det_log(double x) {
    if (!(x > 0.0)) return __builtin_nan("");
    const std::uint64_t bits = std::bit_cast<std::uint64_t>(x);
    std::int64_t e = static_cast<std::int64_t>(bits >> 52) - 1023;
    double m = std::bit_cast<double>((bits & 0x000fffffffffffffULL) | 0x3ff0000000000000ULL);
    if (m > 1.4142135623730951) {
        m = m * 0.5;
        e = e + 1;
    }
    const double f = (m - 1.0) / (m + 1.0);  // log m = 2 atanh f, |f| <= 0.1716
    const double s = f * f;
    const double p = detail::atanh_tail(s);
    const double de = static_cast<double>(e);
    return (2.0 * f + (2.0 * f * s * p + de * 1.90821492927058770002e-10)) + de * 6.93147180369123816490e-01;
}

/// sin(2 pi x) for |x| < 2^50, by reduction to a quarter period; absolute error < 1e-15.
inline double sin_2pi(double x) {
    constexpr double k_round = 6755399441055744.0;
    double r = x - ((x + k_round) - k_round);  // [-0.5, 0.5]
    r = r > 0.25 ? 0.5 - r : (r < -0.25 ? -0.5 - r : r);
    const double a = r * 6.283185307179586477;
    const double s = a * a;
    double p = 1.0 / 51090942171709440000.0;
    p = p * s - 1.0 / 121645100408832000.0;
    p = p * s + 1.0 / 355687428096000.0;
    p = p * s - 1.0 / 1307674368000.0;
    p = p * s + 1.0 / 6227020800.0;
    p = p * s - 1.0 / 39916800.0;
    p = p * s + 1.0 / 362880.0;
    p = p * s - 1.0 / 5040.0;
    p = p * s + 1.0 / 120.0;
    p = p * s - 1.0 / 6.0;
    return a + a * s * p;
}

#define TWIN_PACK_MATH(fn)                                                  \
    inline Pack8 fn(const Pack8& x) {                                       \
        Pack8 r;                                                            \
        for (std::size_t k = 0; k < k_pack_lanes; ++k) r.v[k] = fn(x.v[k]); \
        return r;                                                           \
    }
TWIN_PACK_MATH(det_exp)
TWIN_PACK_MATH(det_expm1)
TWIN_PACK_MATH(det_log)
TWIN_PACK_MATH(sin_2pi)
#undef TWIN_PACK_MATH

/// (1 - e^-x) / x for x >= 0, 1 at x = 0: the mean of e^-s over [0, x].
template <class T>
inline T mean_decay(const T& x) {
    const T safe = select(x > T(1e-300), x, T(1.0));
    return select(x > T(1e-300), -det_expm1(-safe) / safe, T(1.0));
}

/// Float to integer with saturation and NaN -> 0: the only conversion hashed code may use.
inline std::int64_t to_i64_sat(double x) {
    if (!(x == x)) return 0;
    if (x >= 9.2233720368547748e18) return INT64_MAX;
    if (x <= -9.2233720368547748e18) return INT64_MIN;
    return static_cast<std::int64_t>(x);
}
/// floor(x) as an integer, saturating.
inline std::int64_t floor_i64(double x) {
    const std::int64_t i = to_i64_sat(x);
    return static_cast<double>(i) > x && i > INT64_MIN ? i - 1 : i;
}
/// Nearest integer (halves up), saturated to [lo, hi].
inline std::int64_t round_sat(double x, std::int64_t lo, std::int64_t hi) {
    const std::int64_t i = floor_i64(x + 0.5);
    return i < lo ? lo : (i > hi ? hi : i);
}

}  // namespace twin::base
