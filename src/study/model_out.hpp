// SPDX-License-Identifier: Apache-2.0
// From a solved problem to a model file.
#pragma once
#include <vector>

#include <twin/fit.hpp>

#include "cell/model_file.hpp"
#include "study/problem.hpp"

namespace twin::study {

/// Parameters with uncertainty; those that no data determine are marked.
std::vector<FitParameter> parameters_of(const Problem& b, const Solution& s);

/// Electrical part; the thermal one is left as it is in an empty file.
cell::EcmModelFile model_of(const Problem& b, const Solution& s, const FitOptions& o);

}  // namespace twin::study
