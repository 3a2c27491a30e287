// SPDX-License-Identifier: Apache-2.0
// First samples after a step of the current that don't belong to it.
//
// Where a cycler logs current and voltage at different instants, or a mean of its interval, the first sample after a
// step holds a voltage between that before and that after, at random from step to step: an error of a good part of R0
// i, a hundred times the noise. A least-squares fit then turns all of R0 into a pair as fast as the sampling and sees
// nothing smaller, slow diffusion least of all.
#pragma once
#include <string>
#include <vector>

#include "study/problem.hpp"

namespace twin::study {

inline constexpr double k_unsynchronised = 3.0;  // rms of the first samples over that of the others

/// The samples of a recording that are the first after a step, up to its usual time from a step to the next sample.
std::vector<bool> first_samples(const Recording& r);

/// Takes the first samples out of each pulse test where their residual in solution `s` is more than k_unsynchronised
/// times that of the others. Says so in a line (for the report and the model); empty: nothing to leave out.
std::string leave_out_unsynchronised(Problem& b, const Solution& s);

}  // namespace twin::study
