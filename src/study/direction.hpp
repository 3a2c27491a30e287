// SPDX-License-Identifier: Apache-2.0
// What depends on the direction of the charge moved, which the data may or may not tell: hysteresis h, the direction d
// of the instantaneous part and of the resistances, and the charge that side reactions take. Current is positive when
// it discharges the cell.
//
//   dh/d|q| = -(gamma / Q) (h + sign i),   dd/d|q| = -(gamma_t / Q) (d + sign i)     (cell/ecm_model.hpp)
#pragma once
#include <string>
#include <vector>

#include "study/ocv.hpp"
#include "study/problem.hpp"
#include "study/recording.hpp"

namespace twin::study {

/// h at the first sample: as given; else +1 where a file starts full, -1 empty; in between from the first sample at
/// rest within two minutes, (v - OCV) / M within -1..1; 0 if there is none or the gap is below a millivolt.
double start_h(const Recording& r, const OcvData& ocv);

/// A state y with dy/d|q| = -(rate / Q) (y + sign i) at the samples (n), from y0.
std::vector<double> turning(const Recording& r, double rate, double capacity_C, double y0);

/// Charge put in up to each sample (n), C.
std::vector<double> charged_C(const Recording& r);

/// Share of the capacity that the fitted files put in; below k_least_charged nothing is said about charging.
double charged_rel(const Problem& b);
inline constexpr double k_least_charged = 0.05;

/// Adds what the data can tell of charging (all of it), to be reduced to what they do tell by `keep_what_shows`.
void try_directions(Problem& b);

/// Drops, one by one, the weakest direction parameter that is not k_least_sigmas from nothing or of the wrong sign; the
/// others move along their covariance with it. True if any went.
bool keep_what_shows(Problem& b, const Solution& s);
inline constexpr double k_least_sigmas = 4.0;

/// Ratios of resistances, instantaneous part and efficiency with uncertainty, as `s` has them. Of what was dropped
/// since `tried` (the same before): none (1 or 0) with the uncertainty that it showed; not identified if that is large,
/// or if it never was tried.
std::vector<FitParameter> direction_parameters(const Problem& b, const Solution& s,
                                               const std::vector<FitParameter>& tried);

}  // namespace twin::study
