// SPDX-License-Identifier: Apache-2.0
// Heat capacity and cooling from measured surface temperatures, with the heat that the electrical model gives:
//   C_core dTc/dt = P + (Ts - Tc) / R_cs,   C_surf dTs/dt = (Tc - Ts) / R_cs + (T_env - Ts) / R_sa
// C_core : C_surf is 85 : 15. What the user gives is not fitted; what the data do not move is typical for the size.
#pragma once
#include <vector>

#include "cell/model_file.hpp"
#include "study/recording.hpp"

namespace twin::study {

struct ThermalFit {
    cell::ThermalFile thermal;
    std::vector<FitParameter> parameters;
    std::vector<std::string> notes;
};

/// Smallest rise of a measured temperature that says something.
inline constexpr double k_moved_K = 2.0;
/// Measured, and moved by k_moved_K or more.
bool temperature_moved(const Recording& r);

/// `model` has the electrical part; its thermal part is not used. Recordings that are held back don't count.
ThermalFit fit_thermal(const cell::EcmModel& model, const std::vector<Recording>& all, const FitOptions& options);

}  // namespace twin::study
