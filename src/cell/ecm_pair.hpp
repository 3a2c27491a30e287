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

}  // namespace twin::cell
