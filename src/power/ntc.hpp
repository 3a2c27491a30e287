// SPDX-License-Identifier: Apache-2.0
// NTC thermistors by manufacturer table, ln R linear in 1/T between rows and beyond the ends, and the lag of their
// bead. Tolerance: R(T) = r25_factor * R25 * (R_table(T)/R25)^b_factor, that is, B scales the logarithm. Source of the
// tables: manufacturer R-T tables of B25/85 = 3435 and B25/50 = 3950 parts (amwei.com AT and MF series pages); rows
// that only exist as interpolations are left out, as this interpolation makes them again. Note that the exact B = 3435
// curve is no substitute: it gives 135.5 kOhm at -30 degC against the table's 118.7 (2.4 K).
#pragma once
#include <cstddef>
#include <span>

#include "base/lanes.hpp"
#include "base/math.hpp"
#include "power/diode.hpp"

namespace twin::power {

/// One table: rows of {1/T in 1/K, ln(R in Ohm)}, falling 1/T.
struct NtcCurve {
    const char* name;
    std::span<const double> inv_t_per_K;
    std::span<const double> ln_r;
};

/// The 10 kOhm curves by name: "10k-B3435", "10k-B3950"; nullptr if unknown.
const NtcCurve* ntc_curve(const char* name);

/// Tolerances of one part.
template <class T>
struct NtcPart {
    T r25_factor = T(1.0);  // +-1, 3 or 5 %
    T b_factor = T(1.0);    // +-1 %
};

namespace detail {
/// Piecewise-linear y(x) over falling xs, extrapolated by the end segments; no branch on lane values.
template <class T>
inline T ntc_line(std::span<const double> xs, std::span<const double> ys, const T& x) {
    T y = T(ys[0]) + (x - xs[0]) * ((ys[1] - ys[0]) / (xs[1] - xs[0]));
    for (std::size_t k = 1; k + 1 < xs.size(); ++k) {
        const double slope = (ys[k + 1] - ys[k]) / (xs[k + 1] - xs[k]);
        y = base::select(x < xs[k], T(ys[k]) + (x - xs[k]) * slope, y);
    }
    return y;
}
inline constexpr double k_ln_10k = 9.210340371976182736;
}  // namespace detail

/// Resistance (Ohm) at a bead temperature in degC; valid -50 .. 150 degC.
template <class T>
inline T ntc_resistance_Ohm(const NtcCurve& curve, const NtcPart<T>& part, const T& t_degC) {
    const T inv_t = 1.0 / (t_degC + base::k_zero_degC_K);
    const T ln_r = detail::ntc_line(curve.inv_t_per_K, curve.ln_r, inv_t);
    return part.r25_factor * base::det_exp(detail::k_ln_10k + part.b_factor * (ln_r - detail::k_ln_10k));
}

/// Temperature (degC) that a nominal part has at r_Ohm > 0: what a reader of the table concludes.
template <class T>
inline T ntc_temperature_degC(const NtcCurve& curve, const T& r_Ohm) {
    const T inv_t = detail::ntc_line(curve.ln_r, curve.inv_t_per_K, base::det_log(r_Ohm));
    return 1.0 / inv_t - base::k_zero_degC_K;
}

/// Bead temperature after h with its place at `place_degC` (mean over the step): exact first-order lag.
/// self_K adds self-heating (power / dissipation constant), 0.1-0.5 K at 0.27 mW.
template <class T>
inline T ntc_lag_advance(const T& bead_degC, const T& place_degC, const T& self_K, const T& lag_s, const T& h_s) {
    return bead_degC + (place_degC + self_K - bead_degC) * (-base::det_expm1(-h_s / lag_s));
}

}  // namespace twin::power
