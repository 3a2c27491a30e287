// SPDX-License-Identifier: Apache-2.0
// Energy clamp of the MOSFETs and pin clamps of the AFE input: piecewise-linear elements with a rounded corner.
// i(v) = (v - v_on)/r above v_on + knee/2, a parabola across the knee, a leak below. + = in the direction of v.
// Source of 76 V + 6 mOhm, 30 J: assumed, it stands for an array of parts (no single documented part takes 9-17 J).
#pragma once
#include "base/lanes.hpp"
#include "base/math.hpp"
#include "power/diode.hpp"

namespace twin::power {

template <class T>
struct ClampParams {
    T v_on_V = T(76.0);
    T r_Ohm = T(6e-3);
    T knee_V = T(0.1);   // width of the rounded corner, > 0
    T leak_S = T(1e-8);  // below the corner, > 0
    T energy_limit_J = T(30.0);
    T cool_s = T(10.0);  // time constant with which absorbed heat leaves the part (assumed)
    T short_S = T(0.0);  // after failure: conductance of the shorted part (failed TVS short), 0 = healthy
};

/// Current and slope (> 0) of the clamp at v.
template <class T>
inline BranchIG<T> clamp_eval(const ClampParams<T>& p, const T& v_V) {
    const T g = 1.0 / p.r_Ohm;
    const T over = v_V - p.v_on_V;
    const T k = base::min2(base::max2(over + 0.5 * p.knee_V, T(0.0)), p.knee_V);
    const T inv_knee = 1.0 / p.knee_V;
    const T i = g * (0.5 * k * k * inv_knee + base::max2(over - 0.5 * p.knee_V, T(0.0)));
    const T ohmic = p.leak_S + p.short_S;
    return {i + ohmic * v_V, g * (k * inv_knee) + ohmic};
}

/// Heat held in the clamp after a step h with mean power p: exact solution of dE/dt = P - E/tau.
template <class T>
inline T clamp_heat_advance(const ClampParams<T>& p, const T& heat_J, const T& p_W, const T& h_s) {
    const T x = h_s / p.cool_s;
    return heat_J + (p_W * p.cool_s - heat_J) * (-base::det_expm1(-x));
}

/// Two-sided clamp of an AFE pin against its lower neighbour: conducts below -v_forward and above v_reverse, slope r
/// both.
template <class T>
struct PinClampParams {
    T v_forward_V = T(0.6);
    T v_reverse_V = T(30.0);
    T r_Ohm = T(5.0);
    T knee_V = T(0.05);
    T leak_S = T(1e-9);
};

template <class T>
inline BranchIG<T> pin_clamp_eval(const PinClampParams<T>& p, const T& v_V) {
    const T g = 1.0 / p.r_Ohm;
    const T inv_knee = 1.0 / p.knee_V;
    const T up = v_V - p.v_reverse_V;
    const T down = -v_V - p.v_forward_V;
    const T ku = base::min2(base::max2(up + 0.5 * p.knee_V, T(0.0)), p.knee_V);
    const T kd = base::min2(base::max2(down + 0.5 * p.knee_V, T(0.0)), p.knee_V);
    const T iu = g * (0.5 * ku * ku * inv_knee + base::max2(up - 0.5 * p.knee_V, T(0.0)));
    const T id = g * (0.5 * kd * kd * inv_knee + base::max2(down - 0.5 * p.knee_V, T(0.0)));
    return {(iu - id) + p.leak_S * v_V, g * ((ku + kd) * inv_knee) + p.leak_S};
}

}  // namespace twin::power
