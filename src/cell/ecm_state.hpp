// SPDX-License-Identifier: Apache-2.0
// Equivalent-circuit cell: parameters and state of one instance (fixed layout, T = double or several lanes) and the
// energies of a step. Equations: ecm_model.hpp. Current is positive on discharge.
#pragma once
#include <array>
#include <bit>
#include <cstddef>
#include <cstring>

#include "base/lanes.hpp"
#include "cell/ecm_model.hpp"

namespace twin::cell {

/// What distinguishes one instance: made by `make_params`, constant during a run.
template <class T>
struct EcmParams {
    T capacity_C;         // model capacity x capacity scale x parallel
    T per_capacity_perC;  // 1 / capacity_C
    T r_scale;            // R = table x r_scale (resistance scale / parallel)
    T parallel;           // identical cells lumped in parallel (m of nSmP)
    T per_parallel;
};

/// State of one instance. Resistances and amplitude are the model's at (kept_soc, kept_t): they follow the state once
/// it has moved by k_keep_soc or k_keep_K from there (`commit`), i.e. they are within 0.05 % of the table and a pure
/// function of the state.
template <class T>
struct EcmState {
    // what every step changes
    T soc;         // 0 empty, 1 full
    T soc_lo;      // compensation of soc: the charge is soc + soc_lo
    T u1_V, u2_V;  // RC overvoltages, positive after discharge
    T h;           // hysteresis -1 (discharged into) .. +1 (charged into)
    T t_core_degC, t_surf_degC;
    T charge_out_C;  // charge that left through the branch (plain sum, for display; the ledger keeps its own)
    // what is kept of the tables
    T kept_soc, kept_t_degC;  // where the following were looked up
    T r0_Ohm, r1_Ohm, r2_Ohm;
    T per_r1_S, per_r2_S;  // 1 / R, 0 without the pair
    T m_V;                 // hysteresis amplitude
    // extended form
    T u3_V;
    T dir;                // direction -1 (discharging) .. +1 (charging), 0 unknown
    T side_C, side_lo_C;  // charge lost to side reactions, compensated sum
    T kept_dir, r3_Ohm, per_r3_S;
    T m0_V;    // amplitude of the instantaneous hysteresis
    T self_A;  // self-discharge current
};

inline constexpr std::size_t k_changing_fields = 8;  // of the basic form, the first ones
inline constexpr double k_keep_soc = 1.0 / 32768.0;
inline constexpr double k_keep_K = 1.0 / 128.0;
inline constexpr double k_keep_dir = 1.0 / 512.0;

template <class T>
struct EmfMean {
    T emf_V;        // mean over the step, R0 excluded
    T demf_di_Ohm;  // its derivative by the current, <= 0
};

/// Energies of one committed step, joules, for the whole branch (all parallel cells).
template <class T>
struct CellStepEnergy {
    T emf_mean_V;   // mean EMF of the committed charge
    T emf_work_J;   // delivered by the EMF: emf_mean dq
    T ocv_work_J;   // integral of OCV dq
    T rc_stored_J;  // increase at constant parameters
    T rc_heat_J;
    T hyst_stored_J;  // increase of the storage functions at constant M and M0
    T hyst_heat_J;
    T side_heat_J;      // of side reactions
    T param_work_J;     // increase of stored energy because R and M follow (soc, T, dir)
    T entropic_heat_J;  // reversible heat, from the chemistry
    T heat_stored_J;    // into core and surface
    T env_heat_J;       // to the environment
};

/// Lane k of a block of eight, and back. Both structs are arrays of T.
template <template <class> class S>
inline S<double> lane_of(const S<Pack8>& block, std::size_t k) {
    constexpr std::size_t n = sizeof(S<double>) / sizeof(double);
    static_assert(sizeof(S<Pack8>) == n * sizeof(Pack8));
    std::array<double, n> one;
    for (std::size_t f = 0; f < n; ++f)
        std::memcpy(&one[f], reinterpret_cast<const unsigned char*>(&block) + f * sizeof(Pack8) + k * sizeof(double),
                    sizeof(double));
    return std::bit_cast<S<double>>(one);
}
template <template <class> class S>
inline void set_lane_of(S<Pack8>& block, std::size_t k, const S<double>& value) {
    constexpr std::size_t n = sizeof(S<double>) / sizeof(double);
    const auto one = std::bit_cast<std::array<double, n>>(value);
    for (std::size_t f = 0; f < n; ++f)
        std::memcpy(reinterpret_cast<unsigned char*>(&block) + f * sizeof(Pack8) + k * sizeof(double), &one[f],
                    sizeof(double));
}

/// Instance parameters. Throws std::invalid_argument unless all three are finite and > 0.
EcmParams<double> make_params(const EcmModel& model, double capacity_scale = 1.0, double r_scale = 1.0,
                              double parallel = 1.0);

}  // namespace twin::cell
