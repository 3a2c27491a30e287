// SPDX-License-Identifier: Apache-2.0
// The charge count of a recording against a state of charge that the file gives: an offset of the current sensor.
// Current is positive when it discharges the cell; the offset is added to the recorded current where charge is counted.
#pragma once
#include <vector>

#include "study/recording.hpp"

namespace twin::study {

/// Takes column `name` as the recording's state of charge: fraction, or percent if its name ends with pct or %. The
/// first value is the start unless one is given. An error if a value is no number or outside 0..1 by more than 5 %.
void take_soc_column(Recording& r, const std::string& name, const std::vector<double>& column, bool start_given,
                     std::vector<Diagnostic>& errors);

/// Straight line through (given - counted soc) over time: its slope is the offset. Sets `offset_A` and returns it with
/// its uncertainty in mA (errors of the line within ten minutes count as one).
FitParameter correct_count(Recording& r, double capacity_Ah);

}  // namespace twin::study
