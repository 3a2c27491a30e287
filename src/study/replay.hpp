// SPDX-License-Identifier: Apache-2.0
// A model file's voltage, heat and temperature over a recording, by the cell model that runs in a pack (cell/ecm.hpp):
// independent of the fit's own simulation. Current is positive when it discharges the cell.
#pragma once
#include <vector>

#include "cell/ecm.hpp"
#include "study/recording.hpp"

namespace twin::study {

struct Replay {
    std::vector<double> v_V, t_surf_degC;  // (n) at the samples
    std::vector<double> heat_J;            // (n) into the core, from sample k-1 to sample k
};

enum class Temperature {
    as_measured,  // core and surface are held at the recording's temperature
    simulated     // they follow heat and cooling, from the first temperature, in the recording's surroundings
};

Replay replay(const cell::EcmModel& model, const Recording& r, Temperature temperature);

}  // namespace twin::study
