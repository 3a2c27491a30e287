// SPDX-License-Identifier: Apache-2.0
// The share of charge transfer in R0, which the data may or may not tell: above an ohmic part R0 falls with the current
// (cell/ecm_step.hpp). Current is positive when it discharges the cell.
#pragma once
#include <functional>
#include <string>

#include "study/problem.hpp"

namespace twin::study {

/// Fits once more, from `s` on, with an ohmic part of R0 and charge transfer above it, and keeps it (in b and s) where
/// it takes k_kinetic_gain off the rms and is known to k_kinetic_sigma of R0: what shows less is as well a pair's
/// shape. That part with its uncertainty; not identified if it was not kept.
FitParameter try_kinetic(Problem& b, Solution& s, const std::function<void(const std::string&)>& progress);
inline constexpr double k_kinetic_gain = 0.1, k_kinetic_sigma = 0.25;

}  // namespace twin::study
