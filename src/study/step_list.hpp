// SPDX-License-Identifier: Apache-2.0
// The steps of a recording in few words. Current is positive when it discharges the cell.
#pragma once
#include <cstddef>
#include <string>
#include <vector>

#include <twin/fit.hpp>

namespace twin::study {

/// "9 rest 3600 s, 9 pulse +2.66 A 10 s, ..": steps of one kind, current and length (within 3 %) together, in order of
/// appearance; at most `most` groups, then how many more there are.
std::string steps_text(const std::vector<FitStep>& steps, std::size_t most);

}  // namespace twin::study
