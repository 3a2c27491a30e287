// SPDX-License-Identifier: Apache-2.0
// From a loaded scenario to everything a run is built from: reads the models that it names.
#pragma once
#include <vector>

#include <twin/error.hpp>
#include <twin/types.hpp>

#include "sim/setup.hpp"

namespace twin::io {

/// Throws InputError with every finding (file, pointer, value, allowed range).
sim::RunSetup assemble(const scenario::Scenario& scenario, const RunOptions& options);

}  // namespace twin::io
