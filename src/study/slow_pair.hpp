// SPDX-License-Identifier: Apache-2.0
// What the fit knows of slow diffusion before it sees data.
//
// Diffusion in the particles makes the terminal see the open-circuit voltage of the surface, which lags behind the
// mean:
//   v = OCV(soc - i t_d / Q),  for a small lag  OCV(soc) - (t_d / Q) dOCV/dsoc i
// so the resistance of the slowest pair follows the steepness of the OCV over soc, with one factor for all soc:
//   R_d(soc) = (t_d / Q) dOCV/dsoc
// where data at many soc show more, they decide: this is the shape about which the prior keeps log R smooth.
// Source: the linear limit of a single particle, e.g. Baker & Verbrugge 2013, doi:10.1149/2.061308jes (facts only).
#pragma once
#include <vector>

#include "study/problem.hpp"

namespace twin::study {

/// log of the steepness of the OCV about each soc (mean over +-`window`), relative to its mean over 10..90 % soc; a
/// floor of 0.3 of that mean stands for the electrode that is not on its plateau.
std::vector<double> diffusive_log_shape(const OcvData& ocv, const std::vector<double>& soc, double window = 0.05);

/// Weight of each sample (n), mean 1. Of a drive cycle all are 1. Else dt / (time since the last step + 1 s): every
/// decade of time after a step of the current counts alike, however densely the file was sampled, so that an hour of
/// relaxation neither drowns a pulse of 10 s nor is drowned by it.
std::vector<double> sample_weights(const Recording& r);

/// Steps of constant current with rests between (nearly a third of the time or more), or a single pulse; no drive
/// cycle.
bool is_pulse_test(const Recording& r);

/// Pairs of a fit where the user names none: 3 with a pulse test, else 2.
int usual_pairs(const std::vector<const Recording*>& files);

/// If `b` has a pulse test: the slow tests of about their temperatures become files of the problem (their
/// polarisation is then the model's, and what remains is the OCV), the slowest of three pairs gets the shape of
/// diffusion, and the priors those of such a fit. Else nothing changes: a drive cycle shows all soc.
void prepare_pulse_fit(Problem& b, const std::vector<Recording>& all);

}  // namespace twin::study
