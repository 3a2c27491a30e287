// SPDX-License-Identifier: Apache-2.0
// Foster network of thermal impedance: theta_k' = (R_k P - theta_k)/tau_k, temperature above its foot = sum of theta_k.
// Exact for constant power over a step; coefficients are a pure function of h and are memoised by the caller.
// The heat that enters at the junction leaves at the foot at once (a Foster chain is in series): the foot gets P.
#pragma once
#include <cstddef>

#include "base/lanes.hpp"
#include "base/math.hpp"

namespace twin::power {

template <class T, std::size_t N>
struct FosterParams {
    T r_K_per_W[N];
    T tau_s[N];
};

template <class T, std::size_t N>
struct FosterState {
    T theta_K[N];
};

/// Coefficients of one step length.
template <class T, std::size_t N>
struct FosterStep {
    T decay[N];     // e^(-h/tau)
    T gain_K_W[N];  // R (1 - e^(-h/tau))
    T mean[N];      // (1 - e^(-x))/x, x = h/tau: weight of the start value in the step's mean
};

template <class T, std::size_t N>
inline FosterStep<T, N> foster_step(const FosterParams<T, N>& p, const T& h_s) {
    FosterStep<T, N> s;
    for (std::size_t k = 0; k < N; ++k) {
        const T x = h_s / p.tau_s[k];
        const T lost = -base::det_expm1(-x);
        s.decay[k] = 1.0 - lost;
        s.gain_K_W[k] = p.r_K_per_W[k] * lost;
        s.mean[k] = base::mean_decay(x);
    }
    return s;
}

/// State after the step with mean power p_W.
template <class T, std::size_t N>
inline void foster_advance(FosterState<T, N>& x, const FosterStep<T, N>& s, const T& p_W) {
    for (std::size_t k = 0; k < N; ++k) x.theta_K[k] = x.theta_K[k] * s.decay[k] + s.gain_K_W[k] * p_W;
}

/// Temperature above the foot, K.
template <class T, std::size_t N>
inline T foster_rise_K(const FosterState<T, N>& x) {
    T sum = T(0.0);
    for (std::size_t k = 0; k < N; ++k) sum = sum + x.theta_K[k];
    return sum;
}

/// Mean of the rise over a step that starts at x and dissipates p_W, K.
template <class T, std::size_t N>
inline T foster_mean_rise_K(const FosterParams<T, N>& p, const FosterState<T, N>& x, const FosterStep<T, N>& s,
                            const T& p_W) {
    T sum = T(0.0);
    for (std::size_t k = 0; k < N; ++k) {
        const T end = p.r_K_per_W[k] * p_W;
        sum = sum + (end + (x.theta_K[k] - end) * s.mean[k]);
    }
    return sum;
}

/// Static resistance, K/W.
template <class T, std::size_t N>
inline T foster_static_K_W(const FosterParams<T, N>& p) {
    T sum = T(0.0);
    for (std::size_t k = 0; k < N; ++k) sum = sum + p.r_K_per_W[k];
    return sum;
}

/// Junction to case of one IAUT150N10S5N035: sum 0.9 K/W from the sheet, the split is assumed.
template <class T>
inline FosterParams<T, 3> foster_mosfet_default() {
    return {{T(0.09), T(0.27), T(0.54)}, {T(50e-6), T(1e-3), T(10e-3)}};
}

}  // namespace twin::power
