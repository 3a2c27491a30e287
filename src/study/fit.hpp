// SPDX-License-Identifier: Apache-2.0
// The verb `fit`: reads, detects, solves, judges. What it takes and gives is <twin/fit.hpp>.
#pragma once
#include <twin/fit.hpp>

namespace twin::study {

FitResult fit_model(const FitOptions& options);

}  // namespace twin::study
