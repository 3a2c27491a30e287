// SPDX-License-Identifier: Apache-2.0
// Thermal runaway of one cell as a lump: four decomposition reactions after Hatchard et al. 2001 (10.1149/1.1377592)
// and Kim et al. 2007 (10.1016/j.jpowsour.2007.04.018), and a separator that shorts the cell when it melts.
//
//   sei    dc/dt = -A e^(-Ea/RT) c                   negative  dc/dt = -A e^(-z/z_ref) e^(-Ea/RT) c,  dz = -dc
//   positive  da/dt = A a (1 - a) e^(-Ea/RT)         electrolyte  dc/dt = -A e^(-Ea/RT) c
//   short  de/dt = -U^2 g(T) / E  e / (e + 1/100),   g = g_user + g_sep / (1 + e^(-(T - T_sep) / w))
//   C dT/dt = sum of heats + P - G (T - T_env) - S (T^4 - T_env^4)
//
// Integrated by RODAS3 (Sandu et al. 1997, 10.1016/S1352-2310(97)83212-8): four stages, order 3, L-stable, linearly
// implicit with the analytic Jacobian; one LU of 6 x 6 per step, no allocation, no libm. Its linear invariants are
// exact, so the energy closes to rounding. The step length is a function of state and tolerance alone.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/constants.hpp"

namespace twin::cell {

using base::k_gas_JperMolK;

struct RunawayReaction {
    double a_perS = 0.0, ea_JperMol = 0.0;
    double heat_JperKg = 0.0, content_kgPerM3 = 0.0;  // heat per mass of reactant, mass per volume of cell
};
/// A set of kinetics per volume of cell.
struct RunawayModel {
    RunawayReaction sei, neg, pos, ele;
    double c_sei0 = 0.15, c_neg0 = 0.75, z0 = 0.033, z_ref = 0.033, a0 = 0.04, c_ele0 = 1.0;
    double density_kgPerM3 = 2000.0;
    double t_sep_K = 1e4, sep_width_K = 3.0;  // melting of the separator
    double sep_short_S_per_Ah = 0.0;          // conductance of the short it makes
};

enum RunawayIndex : std::size_t { k_c_sei, k_c_neg, k_alpha, k_c_ele, k_electric, k_t_K, k_runaway_n };
using RunawayVector = std::array<double, k_runaway_n>;

/// One cell: energies that each unknown would release going from 1 to 0 (positive: 0 to 1), J, and its electric side.
struct RunawayCell {
    std::array<double, 5> e_J{};  // sei, neg, pos, ele, electric
    double c_JperK = 1.0, v_V = 0.0, sep_short_S = 0.0;
};
RunawayCell runaway_cell(const RunawayModel& m, double mass_kg, double c_JperK, double capacity_Ah, double v_V,
                         double soc);
RunawayVector runaway_start(const RunawayModel& m, double t_K);

/// Constant during a call of advance_runaway.
struct RunawaySurroundings {
    double t_env_K = 298.15, g_WperK = 0.0, rad_WperK4 = 0.0;
    double p_W = 0.0;      // heat from elsewhere
    double short_S = 0.0;  // internal short beside that of the separator
};

/// dy/dt.
RunawayVector runaway_rates(const RunawayModel& m, const RunawayCell& c, const RunawaySurroundings& s,
                            const RunawayVector& y);
using RunawayMatrix = std::array<RunawayVector, k_runaway_n>;
RunawayMatrix runaway_jacobian(const RunawayModel& m, const RunawayCell& c, const RunawaySurroundings& s,
                               const RunawayVector& y);

struct RunawayProgress {
    std::uint32_t steps = 0, rejected = 0;
    bool ok = true;                                   // false: no step was short enough
    double t_max_K = 0.0;                             // highest temperature at the end of a step
    double rate_max_KperS = 0.0, t_rate_max_s = 0.0;  // of self-heating, and when (from the begin of the call)
};
/// Advances y by t_s. `tol` is relative (temperature: per kelvin of 1000). `h_s` is the next step length; 0 begins
/// anew.
RunawayProgress advance_runaway(const RunawayModel& m, const RunawayCell& c, const RunawaySurroundings& s,
                                RunawayVector& y, double t_s, double tol, double& h_s);

/// Heat of the four reactions since the state y0, J.
double runaway_released_J(const RunawayCell& c, const RunawayVector& y0, const RunawayVector& y);

}  // namespace twin::cell
