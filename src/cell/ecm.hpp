// SPDX-License-Identifier: Apache-2.0
// Equivalent-circuit cell: the pure functions that the network and the ledger use. Parameters and state: ecm_state.hpp;
// equations: ecm_model.hpp; kernels: ecm_step.hpp. Current is positive on discharge.
//
// Over a step the current is constant and the parameters (T_core, R, M) are those of its start; charge, RC voltages,
// hysteresis and temperatures then advance by their exact solution. `mean_emf` may be called any number of times,
// `commit` alone changes the state. Every energy line has its own closed form; none is the remainder of others:
//   emf_work = ocv_work - rc_stored - rc_heat - hyst_stored - hyst_heat - side_heat       (electrical, R0 apart; what
//                          charge transfer takes off the heat R0 i^2 h is taken off rc_heat)
//   r0_heat + rc_heat + hyst_heat + side_heat + entropic_heat = heat_stored + env_heat    (thermal)
//   stored_after - stored_before = rc_stored + hyst_stored + param_work       (state functions, see `stored`)
#pragma once
#include <span>

#include "base/fields.hpp"
#include "cell/ecm_step.hpp"

namespace twin::cell {

namespace detail {
/// What a state keeps of the tables.
struct Kept {
    double r_Ohm[4], per_r_S[k_rc_pairs], m_V, m0_V, self_A;
};
Kept look_up(const EcmModel& m, double capacity_C, double r_scale, double soc, double t_degC, double dir);
}  // namespace detail

/// Looks the kept resistances and amplitudes up at (soc, t_core, dir). `commit` does it; call it after writing one of
/// these by hand.
void refresh(const EcmModel& m, const EcmParams<double>& p, EcmState<double>& s);
inline void refresh(const EcmModel& m, const EcmParams<Pack8>& p, EcmState<Pack8>& s) {
    for (std::size_t k = 0; k < base::k_pack_lanes; ++k) {
        EcmState<double> one = lane_of(s, k);
        refresh(m, lane_of(p, k), one);
        set_lane_of(s, k, one);
    }
}

namespace detail {

/// `refresh` where the state has moved away from the kept point; the stored energy this adds at constant u, h and dir.
double refresh_and_book(const EcmModel& m, const EcmParams<double>& p, EcmState<double>& s);
inline double follow(const EcmModel& m, const EcmParams<double>& p, EcmState<double>& s) {
    const bool moved = m.extras.used ? moved_away<true>(s) : moved_away<false>(s);
    return moved ? refresh_and_book(m, p, s) : 0.0;
}
/// The same lane by lane, so that a lane that stays is untouched.
inline Pack8 follow(const EcmModel& m, const EcmParams<Pack8>& p, EcmState<Pack8>& s) {
    Pack8 work(0.0);
    if (!base::any(m.extras.used ? moved_away<true>(s) : moved_away<false>(s))) return work;
    for (std::size_t k = 0; k < base::k_pack_lanes; ++k) {
        const EcmParams<double> pk = lane_of(p, k);
        EcmState<double> sk = lane_of(s, k);
        work.v[k] = follow(m, pk, sk);
        set_lane_of(s, k, sk);
    }
    return work;
}

template <bool X, class T>
[[gnu::always_inline]] inline EmfMean<T> mean_emf(const EcmModel& m, const EcmParams<T>& p, const EcmState<T>& s,
                                                  const EcmCoeffs& c, const T& i_A) {
    const T dq_C = i_A * c.h_s;
    const StepCharge<T> q = step_charge<X, T>(m, p, s, c, dq_C);
    const OcvMean<T> o = ocv_mean(m, s.soc, q.width);
    return emf_and_slope<X, T>(m, p, s, c, step_means<X, T>(m, p, s, i_A, dq_C, q, o), i_A, o.slope_V);
}

template <bool X, class T>
[[gnu::always_inline]] inline T end_emf(const EcmModel& m, const EcmParams<T>& p, const EcmState<T>& s,
                                        const EcmCoeffs& c, const T& i_A) {
    using base::abs2;
    const T dq_C = i_A * c.h_s;
    const StepCharge<T> q = step_charge<X, T>(m, p, s, c, dq_C);
    const OcvPoint<T> o = ocv_point(m, s.soc + q.width);
    const auto turned = [](const T& y, const T& dq, const T& x) {
        return y - (y + base::select(dq < T(0.0), T(-1.0), T(1.0))) * (x * decay_mean(x));
    };
    const T h = turned(s.h, q.main_C, abs2(q.width) * m.gamma);
    const T u1 = s.u1_V + (s.u1_V - i_A * s.r1_Ohm) * c.rc[0].em;
    const T u2 = s.u2_V + (s.u2_V - i_A * s.r2_Ohm) * c.rc[1].em;
    T u3 = T(0.0), dir = T(0.0);
    if constexpr (X) {
        u3 = s.u3_V + (s.u3_V - i_A * s.r3_Ohm) * c.rc[2].em;
        dir = turned(s.dir, dq_C, abs2(dq_C) * p.per_capacity_perC * m.extras.turn_gamma);
        return emf_of<X, T>(m, s, o.ocv_V, o.dudt_VperK, u1, u2, u3, h, dir) + kinetic_relief<T>(m, p, s, i_A).v_V;
    }
    return emf_of<X, T>(m, s, o.ocv_V, o.dudt_VperK, u1, u2, u3, h, dir);
}

template <bool X, class T>
[[gnu::always_inline]] inline CellStepEnergy<T> commit(const EcmModel& m, const EcmParams<T>& p, EcmState<T>& s,
                                                       const EcmCoeffs& c, const T& dq_C, const T& joule_heat_J,
                                                       const T& t_env_degC) {
    const T i_A = dq_C * c.per_h_perS;
    const StepCharge<T> q = step_charge<X, T>(m, p, s, c, dq_C);
    const OcvMean<T> o = ocv_mean(m, s.soc, q.width);
    const StepMeans<T> r = step_means<X, T>(m, p, s, i_A, dq_C, q, o);
    CellStepEnergy<T> e = advance<X, T>(m, p, s, c, r, i_A, dq_C, q, o.dudt_VperK, joule_heat_J, t_env_degC);
    e.param_work_J = follow(m, p, s);
    return e;
}

}  // namespace detail

/// A rested cell at one temperature; h0 and dir0 in -1..1: hysteresis and direction of the last current.
template <class T>
inline EcmState<T> make_state(const EcmModel& m, const EcmParams<T>& p, const T& soc, const T& t_degC, const T& h0,
                              const T& dir0) {
    EcmState<T> s{};
    s.soc = soc;
    s.h = h0;
    s.dir = dir0;
    s.t_core_degC = s.t_surf_degC = t_degC;
    refresh(m, p, s);
    return s;
}

/// The same by its history: -1 came by a long discharge, +1 by a long charge, which were its last current, too; 0: not
/// known.
template <class T>
inline EcmState<T> make_state(const EcmModel& m, const EcmParams<T>& p, const T& soc, const T& t_degC,
                              const T& history = T(0.0)) {
    return make_state<T>(m, p, soc, t_degC, history, history);
}

/// Series resistance of the branch for the next step.
template <class T>
inline T r0_Ohm(const EcmModel&, const EcmParams<T>&, const EcmState<T>& s) {
    return s.r0_Ohm;
}

/// Mean EMF over a step of length c.h_s at constant current i (R0 excluded) and its derivative. Pure.
template <class T>
inline EmfMean<T> mean_emf(const EcmModel& m, const EcmParams<T>& p, const EcmState<T>& s, const EcmCoeffs& c,
                           const T& i_A) {
    return m.extras.used ? detail::mean_emf<true, T>(m, p, s, c, i_A) : detail::mean_emf<false, T>(m, p, s, c, i_A);
}

/// EMF at the present instant, R0 excluded.
template <class T>
inline T emf(const EcmModel& m, const EcmParams<T>&, const EcmState<T>& s) {
    const OcvPoint<T> o = ocv_point(m, s.soc);
    return m.extras.used ? detail::emf_of<true, T>(m, s, o.ocv_V, o.dudt_VperK, s.u1_V, s.u2_V, s.u3_V, s.h, s.dir)
                         : detail::emf_of<false, T>(m, s, o.ocv_V, o.dudt_VperK, s.u1_V, s.u2_V, s.u3_V, s.h, s.dir);
}

/// The same with current i: what charge transfer takes off R0 i is added, so that the terminal has this less R0 i.
template <class T>
inline T emf(const EcmModel& m, const EcmParams<T>& p, const EcmState<T>& s, const T& i_A) {
    const T at_rest = emf(m, p, s);
    return m.extras.used ? at_rest + detail::kinetic_relief<T>(m, p, s, i_A).v_V : at_rest;
}

/// EMF at the end of a step of length c.h_s at constant current i, without committing it (dense output, crossings).
/// Pure.
template <class T>
inline T end_emf(const EcmModel& m, const EcmParams<T>& p, const EcmState<T>& s, const EcmCoeffs& c, const T& i_A) {
    return m.extras.used ? detail::end_emf<true, T>(m, p, s, c, i_A) : detail::end_emf<false, T>(m, p, s, c, i_A);
}

/// Advances the state over a step of length c.h_s in which the charge dq left through the branch. `joule_heat_J` is
/// heat made in the cell by the network's elements (R0), `t_env_degC` the constant surroundings of the surface.
template <class T>
inline CellStepEnergy<T> commit(const EcmModel& m, const EcmParams<T>& p, EcmState<T>& s, const EcmCoeffs& c,
                                const T& dq_C, const T& joule_heat_J, const T& t_env_degC) {
    return m.extras.used ? detail::commit<true, T>(m, p, s, c, dq_C, joule_heat_J, t_env_degC)
                         : detail::commit<false, T>(m, p, s, c, dq_C, joule_heat_J, t_env_degC);
}

/// Stored energies as functions of the state: RC capacitors (tau u^2 / (2R)) and hysteresis (M Q h^2 / (2 gamma)).
template <class T>
struct Stored {
    T rc_J, hyst_J;
};
template <class T>
inline Stored<T> stored(const EcmModel& m, const EcmParams<T>& p, const EcmState<T>& s) {
    return {0.5 * m.tau_s[0] * (s.u1_V * s.u1_V) * s.per_r1_S + 0.5 * m.tau_s[1] * (s.u2_V * s.u2_V) * s.per_r2_S +
                0.5 * m.tau_s[2] * (s.u3_V * s.u3_V) * s.per_r3_S,
            s.m_V * (s.h * s.h) * p.capacity_C * m.half_per_gamma +
                s.m0_V * (s.dir * s.dir) * p.capacity_C * m.extras.half_per_turn};
}

/// Which limits of the valid range are left at this state and current: a mask per quantity.
template <class T>
struct OutOfRange {
    base::MaskOf<T> soc, t, i;
};
template <class T>
inline OutOfRange<T> out_of_range(const EcmModel& m, const EcmParams<T>& p, const EcmState<T>& s, const T& i_A) {
    using base::mask_or;
    const ValidRange& v = m.valid;
    return {mask_or(s.soc<T(v.soc_min), s.soc> T(v.soc_max)),
            mask_or(s.t_core_degC<T(v.t_min_degC), s.t_core_degC> T(v.t_max_degC)),
            base::abs2(i_A) > p.parallel * v.i_max_A};
}

/// Field tables: everything in the state is hashed; `count` is the number of lanes.
template <class T>
std::span<const base::Field> state_fields();
template <class T>
std::span<const base::Field> params_fields();

}  // namespace twin::cell
