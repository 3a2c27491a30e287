// SPDX-License-Identifier: Apache-2.0
// The immutable part of an equivalent-circuit cell: tables and constants shared by all instances, and the coefficients
// of one step length. Sign convention: current is positive when it discharges the cell.
//
//   v = OCV(soc, T) + M(soc) h + M0(soc) d - u1 - u2 - u3 - (R0 - R_ct) i - R_ct i g(R_ct i F / (4 R T_core))
//   du_k/dt = (R_k i - u_k) / tau_k,   dh/d|q_m| = -(gamma / Q) (h + sign i_m),   dsoc/dt = -i_m / Q
//   dd/d|q| = -(gamma_t / Q) (d + sign i),   R_k = R_k,dis(soc, T) + (R_k,chg - R_k,dis)(soc, T) (1 + d) / 2
//   i_m = i + (1 - eta) max(-i, 0) + i_self(soc, T):  what the cell's active material gives, side reactions included
//   OCV(soc, T) = OCV(soc, T_ref) + dU/dT(soc) (T - T_ref)
//   C_core dTc/dt = P + (Ts - Tc) / R_cs,   C_surf dTs/dt = (Tc - Ts) / R_cs + (T_env - Ts) / R_sa
//
// Hysteresis after Plett, J. Power Sources 134 (2004) 262, doi:10.1016/j.jpowsour.2004.02.032. His instantaneous part,
// M0 sign(i) kept at the last current's sign where i = 0, is the limit of M0 d for large gamma_t: the direction d turns
// over a ten-thousandth of the capacity, so that EMF and resistances stay continuous functions of the charge moved, no
// current's sign is undecided, and a sleep current turns nothing by itself. d = 0: direction unknown.
// Charge transfer: what R0 has above an ohmic part, R_ct = max(R0(soc, T) - R_ohm, 0), follows Butler-Volmer with both
// electrodes alike and symmetric, an overpotential of (4 R T / F) asinh(y), y = R_ct i F / (4 R T) (Newman and
// Thomas-Alyea, Electrochemical Systems, 3rd ed., 8.3), with g(y) = (1 + 2 y^2 / 3)^(-1/4) in place of asinh(y) / y:
// 0.2 % off at y = 1, 1.5 % at 3, 5 % at 5.
// Storage functions: S = M Q h^2 / (2 gamma) and M0 Q d^2 / (2 gamma_t); their heats are then M h^2 |dq_m| >= 0 and
// M0 d^2 |dq| >= 0. Side reactions take place at OCV + M h and turn all of it into heat.
#pragma once
#include <array>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "base/constants.hpp"
#include "base/lanes.hpp"
#include "base/pair.hpp"
#include "base/table.hpp"

namespace twin::cell {

using base::Pack8;
using base::Pair;

inline constexpr std::size_t k_ocv_knots = 512;
inline constexpr std::size_t k_r_soc_knots = 32;
inline constexpr std::size_t k_r_t_knots = 24;
inline constexpr std::size_t k_rc_pairs = 3;  // at most
using base::k_zero_degC_K;
inline constexpr double k_turn_gamma = 1e4;           // default of gamma_t
inline constexpr double k_self_discharge_soc = 0.05;  // below, self-discharge falls to nothing at soc 0
using ResistanceTable = base::Bilinear<k_r_soc_knots, k_r_t_knots, 4>;  // R0..R3 over (soc, T in degC)

/// Range in which the model's data hold; outside a run is marked EXTRAPOLATED.
struct ValidRange {
    double soc_min = 0.0, soc_max = 1.0;
    double t_min_degC = 0.0, t_max_degC = 0.0;
    double i_max_A = 0.0;  // of the unscaled cell, either direction
};

/// One OCV segment; 64 bytes, one cache line. Inside [lo, hi) and with t = soc - lo. The ones outside the knots are
/// never "inside": they are served by the general path.
struct alignas(64) OcvSegment {
    base::Cubic ocv_V;                      // at T_ref
    double dudt0_VperK = 0.0, dudt1 = 0.0;  // dU/dT = dudt0 + dudt1 t
    double lo = std::numeric_limits<double>::infinity();
    double hi = std::numeric_limits<double>::infinity();
};
/// Hysteresis amplitudes in the same segment: m0 + m1 t, and of the instantaneous part i0 + i1 t.
struct HystSegment {
    double m0_V = 0.0, m1 = 0.0;
    double i0_V = 0.0, i1 = 0.0;
};

/// Constants of what only some models have.
struct EcmExtras {
    bool used = false;  // a third RC pair, a direction, charge transfer, side reactions: needs the extended kernels
    bool directional = false;  // R or M0 over the direction
    double turn_gamma = k_turn_gamma;
    double half_per_turn = 0.5 / k_turn_gamma;  // 1 / (2 gamma_t)
    double charge_loss = 0.0;                   // 1 - coulombic efficiency
    bool kinetic = false;                       // R0 above ohmic_Ohm is charge transfer
    double ohmic_Ohm = 0.0;
    double self_perS = 0.0;  // share of the capacity at self_t_ref
    double self_t_ref_K = 298.15, self_activation_K = 0.0;
};

struct EcmModel {
    std::string id;
    std::string chemistry;  // LFP, NMC, LTO
    base::Axis<k_ocv_knots> soc_axis;
    std::vector<OcvSegment> segment;            // (soc_axis.size() + 1), see Axis
    std::vector<HystSegment> hyst;              // the same
    ResistanceTable resistance_Ohm;             // discharging; 0 for an RC pair that is not there
    std::optional<ResistanceTable> charge_Ohm;  // charging; none: the same
    EcmExtras extras;
    double t_ref_degC = 25.0;
    double tau_s[k_rc_pairs] = {1.0, 10.0, 100.0};
    double gamma = 0.0;           // hysteresis rate: 1 / gamma of the capacity is one e-fold
    double half_per_gamma = 0.0;  // 1 / (2 gamma), 0 without hysteresis
    double capacity_C = 0.0;      // charge between soc 1 and soc 0
    double nameplate_Ah = 0.0;
    double mass_kg = 0.0;
    double v_min_V = 0.0, v_max_V = 0.0;  // limits of the sheet, for information
    double c_core_JperK = 0.0, c_surf_JperK = 0.0;
    double r_core_surf_KperW = 0.0, r_surf_env_KperW = 0.0;
    ValidRange valid;
    double capacity_tol = 0.0, r_tol = 0.0;  // relative, of a real cell about the model
};

/// What a step of length h needs beside the state: a pure function of (model, h), to be memoised by the caller.
struct EcmCoeffs {
    double h_s = 0.0;
    double per_h_perS = 0.0;
    struct Rc {
        double em = 0.0;    // e^-x - 1, x = h / tau
        double phi = 1.0;   // mean of e^-t/tau over the step
        double phi2 = 1.0;  // mean of e^-2t/tau over the step
    } rc[k_rc_pairs];
    // Deviations x = (Tc - T_env, Ts - T_env) and heat Q into the core at constant power: dx = a x + g Q.
    double a[2][2] = {};
    double g_KperJ[2] = {};
    // Heat given to the environment during the step: env[0] xc + env[1] xs + env[2] Q.
    double env_J[3] = {};
};

EcmCoeffs coeffs(const EcmModel& model, double h_s);

/// Means over the charge moved in a step.
template <class T>
struct OcvMean {
    T ocv_V;       // mean OCV at T_ref
    T dudt_VperK;  // mean entropic coefficient
    T slope_V;     // d(mean OCV)/d(width), >= 0, at T_ref
};
template <class T>
struct OcvPoint {
    T ocv_V, dudt_VperK, m_V, m0_V;
};

namespace detail {

/// Coefficients of a segment, or of the two segments of two cells.
template <class T>
struct SegmentOf {
    T c0, c1, c2, c3, dudt0_VperK, dudt1;
};
[[gnu::always_inline]] inline SegmentOf<double> segment(const OcvSegment& g) {
    return {g.ocv_V.c0, g.ocv_V.c1, g.ocv_V.c2, g.ocv_V.c3, g.dudt0_VperK, g.dudt1};
}
[[gnu::always_inline]] inline SegmentOf<Pair> segments(const OcvSegment& a, const OcvSegment& b) {
    return {{a.ocv_V.c0, b.ocv_V.c0}, {a.ocv_V.c1, b.ocv_V.c1},       {a.ocv_V.c2, b.ocv_V.c2},
            {a.ocv_V.c3, b.ocv_V.c3}, {a.dudt0_VperK, b.dudt0_VperK}, {a.dudt1, b.dudt1}};
}

/// Means over t in [t0, t0 + width] inside one segment: mean = p(m) + p''(m) half^2 / 6.
template <class T>
[[gnu::always_inline]] inline OcvMean<T> ocv_mean_in(const SegmentOf<T>& c, const T& t0, const T& width) {
    using base::select;
    const T half = 0.5 * width;
    const T tm = t0 + half;
    const T bend = (c.c2 + 3.0 * c.c3 * tm) * (half * (1.0 / 3.0));  // p''(m) half / 6
    const T steep = c.c1 + tm * (2.0 * c.c2 + tm * (3.0 * c.c3));
    const T slope = 0.5 * steep + bend + half * half * (0.5 * c.c3);  // by the width: dm = dhalf = dwidth / 2
    const T value = c.c0 + tm * (c.c1 + tm * (c.c2 + tm * c.c3));
    return {value + bend * half, c.dudt0_VperK + c.dudt1 * tm, select(slope > T(0.0), slope, T(0.0))};
}

}  // namespace detail

/// The general case of `ocv_mean`: several segments, or outside the knots. Slope over several: mean of the end slopes
/// / 2.
OcvMean<double> ocv_mean_across(const EcmModel& model, double soc, double width);
/// The mean entropic coefficient of it alone.
double dudt_mean_across(const EcmModel& model, double soc, double width);

/// Means over soc in [soc, soc + width]: closed form per segment.
[[gnu::always_inline]] inline OcvMean<double> ocv_mean(const EcmModel& model, double soc, double width) {
    const OcvSegment* at = &model.segment[static_cast<std::size_t>(model.soc_axis.guess(soc))];
    at += soc >= at->hi ? 1 : 0;  // a knot may lie between the guess and soc; the last one has hi = infinity
    const OcvSegment& g = *at;
    const double end = soc + width;
    if (!(soc >= g.lo && soc < g.hi && end >= g.lo && end < g.hi)) [[unlikely]]
        return ocv_mean_across(model, soc, width);
    return detail::ocv_mean_in(detail::segment(g), soc - g.lo, width);
}
inline OcvMean<Pack8> ocv_mean(const EcmModel& model, const Pack8& soc, const Pack8& width) {
    OcvMean<Pack8> r;
    for (std::size_t k = 0; k < base::k_pack_lanes; ++k) {
        const OcvMean<double> one = ocv_mean(model, soc.v[k], width.v[k]);
        r.ocv_V.v[k] = one.ocv_V;
        r.dudt_VperK.v[k] = one.dudt_VperK;
        r.slope_V.v[k] = one.slope_V;
    }
    return r;
}

/// OCV at T_ref, entropic coefficient and hysteresis amplitude at one soc.
inline OcvPoint<double> ocv_point(const EcmModel& model, double soc) {
    const std::int32_t s = model.soc_axis.locate(soc);
    const OcvSegment& g = model.segment[static_cast<std::size_t>(s)];
    const double t = soc - model.soc_axis.base(s);
    const HystSegment& y = model.hyst[static_cast<std::size_t>(s)];
    return {g.ocv_V.value(t), g.dudt0_VperK + g.dudt1 * t, y.m0_V + y.m1 * t, y.i0_V + y.i1 * t};
}
inline OcvPoint<Pack8> ocv_point(const EcmModel& model, const Pack8& soc) {
    OcvPoint<Pack8> r;
    for (std::size_t k = 0; k < base::k_pack_lanes; ++k) {
        const OcvPoint<double> one = ocv_point(model, soc.v[k]);
        r.ocv_V.v[k] = one.ocv_V;
        r.dudt_VperK.v[k] = one.dudt_VperK;
        r.m_V.v[k] = one.m_V;
        r.m0_V.v[k] = one.m0_V;
    }
    return r;
}

}  // namespace twin::cell
