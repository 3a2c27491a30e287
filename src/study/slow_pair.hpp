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

/// The same of file f of the problem, 0 for what the fit doesn't count: below the floor of soc, within a step of the
/// current, left out.
std::vector<double> counted_weights(const Problem& b, std::size_t f);

/// Steps of constant current with rests between (nearly a third of the time or more), or a single pulse; no drive
/// cycle.
bool is_pulse_test(const Recording& r);

/// Pairs of a fit where the user names none: 3 with a pulse test, else 2.
int usual_pairs(const std::vector<const Recording*>& files);

/// If `b` has a pulse test: the slow tests of about their temperatures become files of the problem (their
/// polarisation is then the model's, and what remains is the OCV), the slowest of three pairs gets the shape of
/// diffusion, and the priors those of such a fit. Else nothing changes: a drive cycle shows all soc.
void prepare_pulse_fit(Problem& b, const std::vector<Recording>& all);

/// Typical R Q of the pairs that are diffusion at 25 degC, mean over soc: of the minutes (60 s) and of the quarter of
/// an hour (900 s). Fitted to pulses with rests of an hour: LG M50T 80 and 41 mOhm Ah, Leaf pouch 53 and 15, Chen2020
/// and ORegan2022 93, 73 and 32, 27; VTC5A (power cell) 30 and 10, About:Energy's NMC pouch 10 and 0. Whole discharges
/// of the LG M50, NCR18650 and NCR18650PF ask for a total of 100 to 130.
inline constexpr double k_typical_minute_OhmAh = 0.060, k_typical_hour_OhmAh = 0.052;
inline constexpr double k_typical_log = 0.7;  // standard deviation of a cell's log R about them: a factor of two

/// Weighs these typical values against the data of solution `s` by its noise, so that a pair which the data don't show
/// is typical, not nothing, and one which they show is what they say: the weight is rms / (sqrt(n) k_typical_log) for
/// n steps of the current (at most as many as count as independent). Returns where to begin the search; empty: the
/// problem has no such pairs.
std::vector<double> expect_typical(Problem& b, const Solution& s);

}  // namespace twin::study
