// SPDX-License-Identifier: Apache-2.0
// Model constants and coefficients of a step widened for two cells in one register. Current is positive on discharge.
#pragma once
#include "cell/ecm.hpp"

namespace twin::cell {

/// Model constants and coefficients of a step length for both halves: a pure function of them, to be memoised.
struct PairStep {
    PairStep() = default;
    PairStep(const EcmModel& m, const EcmCoeffs& c);
    Pair gamma, t_ref_degC, tau_s[k_rc_pairs], c_core_JperK, c_surf_JperK;
    struct Extras {
        Pair turn_gamma, charge_loss, ohmic_Ohm;
        bool kinetic = false;
    } extras;
    Pair h_s, per_h_perS;
    struct Rc {
        Pair em, phi, phi2;
    } rc[k_rc_pairs];
    Pair a[2][2], g_KperJ[2], env_J[3];
};

inline PairStep::PairStep(const EcmModel& m, const EcmCoeffs& c)
    : gamma(m.gamma),
      t_ref_degC(m.t_ref_degC),
      c_core_JperK(m.c_core_JperK),
      c_surf_JperK(m.c_surf_JperK),
      extras{m.extras.turn_gamma, m.extras.charge_loss, m.extras.ohmic_Ohm, m.extras.kinetic},
      h_s(c.h_s),
      per_h_perS(c.per_h_perS),
      a{{c.a[0][0], c.a[0][1]}, {c.a[1][0], c.a[1][1]}},
      g_KperJ{c.g_KperJ[0], c.g_KperJ[1]},
      env_J{c.env_J[0], c.env_J[1], c.env_J[2]} {
    for (std::size_t k = 0; k < k_rc_pairs; ++k) {
        tau_s[k] = Pair(m.tau_s[k]);
        rc[k] = {c.rc[k].em, c.rc[k].phi, c.rc[k].phi2};
    }
}

}  // namespace twin::cell
