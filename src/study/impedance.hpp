// SPDX-License-Identifier: Apache-2.0
// Small-signal impedance of a rested cell at one charge and temperature, in closed form per frequency: the linearised
// model, isothermal, without a double layer (no model of ours has one). Z = -dV/di, current positive on discharge, so
// that Re Z > 0 and a capacitive part has Im Z < 0. Shapes: (n) in, (n) out, ohm of the whole cell.
//
//   equivalent circuit  R0 + sum R_k / (1 + j w tau_k) + (dOCV/dsoc + gamma M + gamma_t M0) / (j w Q)
//                       (direction unknown, d = 0: R is the mean of discharging and charging; a sine that moves more
//                       than Q / gamma_t turns the direction and sees less of M0)
//   particle            dc_s / dj = -(R / D) tanh b / (b - tanh b),  b = R sqrt(j w / D)
//   local               z = R_g T / (F j0) + U'(x) / (F c_max) dc_s / dj
//   SPM                 sum of z / (a L);  SPMe: + the electrolyte under uniform reaction;  DFN: phi_s, phi_e, c_e and
//   j
//                       of all volumes solved together
// Source of the particle's function: Meyers, Doyle, Darling, Newman, J. Electrochem. Soc. 147 (2000) 2930,
// doi:10.1149/1.1393627.
#pragma once
#include <complex>
#include <vector>

#include "cell/echem.hpp"
#include "cell/ecm_model.hpp"

namespace twin::study {

using Impedance_Ohm = std::vector<std::complex<double>>;

/// f_Hz: (n), each > 0. soc 0..1. film_Ohm_m2: of the SEI on the particles of the negative electrode.
Impedance_Ohm impedance(const cell::EcmModel& model, double soc, double t_K, const std::vector<double>& f_Hz);
Impedance_Ohm impedance(const cell::EchemParams& params, cell::EchemKind kind, double soc, double t_K,
                        const std::vector<double>& f_Hz, const cell::EchemMesh& mesh = {}, double film_Ohm_m2 = 0.0);

}  // namespace twin::study
