// SPDX-License-Identifier: Apache-2.0
// From a solved problem to a model file, and a model file's voltage over a recording by the cell model itself.
#pragma once
#include <vector>

#include <twin/fit.hpp>

#include "cell/model_file.hpp"
#include "study/problem.hpp"

namespace twin::study {

/// Parameters with uncertainty; those that no data determine are marked.
std::vector<FitParameter> parameters_of(const Problem& b, const Solution& s);

cell::EcmModelFile model_of(const Problem& b, const Solution& s, const FitOptions& o);

/// Terminal voltage of the model over the recording's current, core held at the measured temperature: the step of
/// cell/ecm.hpp, independent of the fit's own simulation.
std::vector<double> replay(const cell::EcmModel& model, const Recording& r);

}  // namespace twin::study
