// SPDX-License-Identifier: Apache-2.0
// What a pack says of its electrochemical cells at rest, in the form in which it says it of equivalent circuits: OCV
// over soc, capacity, limits of voltage. Not a fit: it has no dynamics of the cell.
#pragma once
#include "cell/echem_params.hpp"
#include "cell/ecm_model.hpp"

namespace twin::cell {

/// Charge between soc 0 and 1, C: of the negative electrode, by whose lithiation soc is told.
double echem_capacity_C(const EchemParams& p);
/// OCV: difference of the electrodes' potentials at T_ref at 401 places of soc 0 .. 1, strictly increasing (steps below
/// 1 nV are lifted). Throws std::invalid_argument if a cell model cannot be made of the parameters.
EcmModel echem_rest_model(const EchemParams& p);
/// The same cell with `parallel` of them and its capacity and ohmic resistance scaled. extra_Ohm: in series, per cell.
EchemParams echem_scaled(const EchemParams& p, double area, double extra_Ohm);

}  // namespace twin::cell
