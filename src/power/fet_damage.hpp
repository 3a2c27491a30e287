// SPDX-License-Identifier: Apache-2.0
// Limits of a MOSFET group: avalanche energy and current, junction temperature, safe operating area in linear mode.
// Avalanche: the group survives an event of energy E while E <= n * E_AS(I, Tj) * share,
//   E_AS(I, Tj) = E_AS_ref * sqrt(I_ref / I) * (Tj_max - Tj) / (Tj_max - 25), I = peak per FET, Tj = at the event's
//   start, share = dT / (dT + spread / (V_br tc)), dT = Tj_max - Tj: the FET with the lowest breakdown voltage takes
//   the current until its own heating has raised it by the spread (0.8 at 25 degC to 0.65 at 100 degC with 4 V; the
//   field's figure is 0.6-0.8).
// Linear mode: with v_ds above v_linear a FET takes e_1ms * (t / 1 ms)^soa_exponent within t (two points of a 100 V
// class
//   SOA chart: 900 W for 1 ms, 27 kW for 10 us), times share_linear for the spread of thresholds in the group.
// Events end after `quiet_s` without avalanche or linear power; what they leave behind is the junction's temperature.
#pragma once
#include <cstdint>

#include "base/lanes.hpp"
#include "base/math.hpp"
#include "base/time.hpp"
#include "power/mosfet.hpp"

namespace twin::power {

/// One breach of a limit, as plain data. `value`, `limit`, `margin` = limit - value are in the unit of the cause.
enum class DamageCause : std::int32_t {
    none = 0,
    avalanche_energy = 1,      // J
    avalanche_current = 2,     // A
    junction_temperature = 3,  // degC
    linear_energy = 4,         // J
    clamp_energy = 5,          // J
    resistor_energy = 6,       // J
    pin_current = 7,           // A
    capacitor_voltage = 8,     // V
    resistor_power = 9,        // W
};
const char* to_string(DamageCause c);
const char* unit_of(DamageCause c);

struct DamageRecord {
    std::int32_t part = -1;  // index given by the owner of the part
    DamageCause cause = DamageCause::none;
    base::Time_ns t_ns = 0;
    double limit = 0.0;
    double value = 0.0;
    double margin = 0.0;  // limit - value, negative
};

/// Limits of one FET; defaults IAUT150N10S5N035 (sheet), "assumed" where marked.
template <class T>
struct FetLimits {
    T e_as_J = T(0.210);  // at i_ref and 25 degC
    T i_ref_A = T(75.0);
    T i_as_max_A = T(150.0);  // avalanche current, single pulse
    T tj_max_degC = T(175.0);
    T bv_spread_V = T(4.0);  // assumed: lowest part of the group below its mean
    T v_br_V = T(110.0);
    T v_br_tc_per_K = T(9e-4);
    T v_linear_V = T(10.0);  // assumed: below, the on-resistance limits
    T p_linear_W = T(10.0);  // assumed: channel power per FET that counts as linear mode
    T e_1ms_J = T(0.9);
    T soa_exponent = T(0.2614);  // log(0.9/0.27)/log(100)
    T share_linear = T(0.7);     // assumed
    T quiet_s = T(1e-3);
};

/// Running state of one group's events. All bytes zero is as good a start as value initialisation.
template <class T>
struct FetStress {
    T e_av_J = T(0.0), i_av_peak_A = T(0.0), tj_av_start_degC = T(25.0), quiet_av_s = T(1.0);
    T e_lin_J = T(0.0), t_lin_s = T(0.0), quiet_lin_s = T(1.0);
    T tj_peak_degC = T(-273.15);
    T worst_av = T(0.0), worst_lin = T(0.0);  // largest value/limit so far
};

/// What the last step of a group says: value against limit, group totals for energies, per FET for currents.
template <class T>
struct FetMargins {
    T e_av_J, e_av_limit_J;
    T i_av_A, i_av_limit_A;
    T tj_degC, tj_limit_degC;
    T e_lin_J, e_lin_limit_J;
};

/// Share of n * E_AS that a group can use when its junctions start at tj.
template <class T>
inline T avalanche_share(const FetLimits<T>& l, const T& tj_degC) {
    const T dt = base::max2(l.tj_max_degC - tj_degC, T(0.0));
    const T spread_K = l.bv_spread_V / (l.v_br_V * l.v_br_tc_per_K);
    return dt / (dt + spread_K + 1e-9);
}

/// Avalanche energy (J) that a group of `count` survives at a peak current per FET.
template <class T>
inline T avalanche_limit_J(const FetLimits<T>& l, const T& count, const T& i_fet_A, const T& tj_degC) {
    const T i = base::max2(i_fet_A, T(1e-3));
    const T heat = base::max2(l.tj_max_degC - tj_degC, T(0.0)) / (l.tj_max_degC - 25.0);
    return count * l.e_as_J * base::sqrt2(l.i_ref_A / i) * heat * avalanche_share(l, tj_degC);
}

/// Linear-mode energy (J) of a group within t_s.
template <class T>
inline T linear_limit_J(const FetLimits<T>& l, const T& count, const T& t_s) {
    const T t = base::max2(t_s, T(1e-9));
    return count * l.share_linear * l.e_1ms_J * base::det_exp(l.soa_exponent * base::det_log(t / 1e-3));
}

/// Takes one accepted step: h_s, mean powers, the largest avalanche current and v_ds of its stages, tj at its end.
template <class T>
inline FetMargins<T> fet_stress_step(const FetLimits<T>& l, FetStress<T>& s, const T& count, const T& h_s,
                                     const T& p_avalanche_W, const T& i_avalanche_A, const T& p_channel_W,
                                     const T& v_ds_V, const T& tj_degC) {
    const auto av = i_avalanche_A > 1e-3 * count;
    const auto av_new = base::mask_and(av, base::mask_or(s.quiet_av_s >= l.quiet_s, s.e_av_J <= 0.0));
    const T i_fet = i_avalanche_A / count;
    s.tj_av_start_degC = base::select(av_new, tj_degC, s.tj_av_start_degC);
    s.e_av_J = base::select(av_new, T(0.0), s.e_av_J) + base::select(av, p_avalanche_W * h_s, T(0.0));
    s.i_av_peak_A = base::select(av, base::max2(base::select(av_new, T(0.0), s.i_av_peak_A), i_fet), s.i_av_peak_A);
    s.quiet_av_s = base::select(av, T(0.0), base::min2(s.quiet_av_s + h_s, T(1.0)));

    const auto lin = base::mask_and(v_ds_V > l.v_linear_V, p_channel_W > l.p_linear_W * count);
    const auto lin_new = base::mask_and(lin, base::mask_or(s.quiet_lin_s >= l.quiet_s, s.e_lin_J <= 0.0));
    s.e_lin_J = base::select(lin_new, T(0.0), s.e_lin_J) + base::select(lin, p_channel_W * h_s, T(0.0));
    s.t_lin_s = base::select(lin_new, T(0.0), s.t_lin_s) + base::select(lin, h_s, T(0.0));
    s.quiet_lin_s = base::select(lin, T(0.0), base::min2(s.quiet_lin_s + h_s, T(1.0)));
    s.tj_peak_degC = base::max2(s.tj_peak_degC, tj_degC);

    FetMargins<T> m;
    m.e_av_J = s.e_av_J;
    m.e_av_limit_J = avalanche_limit_J(l, count, s.i_av_peak_A, s.tj_av_start_degC);
    m.i_av_A = i_fet;
    m.i_av_limit_A = l.i_as_max_A;
    m.tj_degC = tj_degC;
    m.tj_limit_degC = l.tj_max_degC;
    m.e_lin_J = s.e_lin_J;
    m.e_lin_limit_J = linear_limit_J(l, count, s.t_lin_s);
    s.worst_av = base::max2(s.worst_av, base::select(av, m.e_av_J / base::max2(m.e_av_limit_J, T(1e-12)), s.worst_av));
    s.worst_lin = base::max2(s.worst_lin, base::select(lin, m.e_lin_J / m.e_lin_limit_J, s.worst_lin));
    return m;
}

/// The first breach in the margins of one lane (cause none if there is none), with its record filled in.
DamageRecord fet_breach(const FetMargins<double>& m, std::int32_t part, base::Time_ns t_ns);

/// The margins of lane k.
template <class T>
inline FetMargins<double> lane_margins(const FetMargins<T>& m, std::size_t k) {
    using base::lane;
    return {lane(m.e_av_J, k),  lane(m.e_av_limit_J, k),  lane(m.i_av_A, k),  lane(m.i_av_limit_A, k),
            lane(m.tj_degC, k), lane(m.tj_limit_degC, k), lane(m.e_lin_J, k), lane(m.e_lin_limit_J, k)};
}

inline constexpr double k_weld_S = 500.0;  // 2 mOhm: molten silicon and bond of one FET (assumed)

/// A broken group conducts whatever its gate does: drain-source weld, no channel left. Charges are unchanged.
template <class T>
inline void mosfet_weld(MosfetParams<T>& p, const base::MaskOf<T>& which) {
    p.weld_S = base::select(which, T(k_weld_S), p.weld_S);
    p.channel_count = base::select(which, T(0.0), p.channel_count);
}

}  // namespace twin::power
