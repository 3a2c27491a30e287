// SPDX-License-Identifier: Apache-2.0
// What is assumed of a cell where the user's data do not show it; the model's notes name each.
#pragma once
#include <optional>
#include <string>

#include "cell/model_file.hpp"

namespace twin::study {

struct TypicalEntropy {
    cell::EntropyFile table;  // dU/dT over soc
    std::string source;
};

/// dU/dT of a cell of that chemistry (LFP, NMC); none for others, whose reversible heat is then left out.
///   LFP: Sony US26650, from Naumann 2018 as tabulated by SimSES (BSD-3), every 10 % soc;
///   NMC: Kokam pouch, as tabulated by SLIDE (BSD-3), every 10 % soc.
/// Cells of one chemistry differ by +-0.2 mV/K: at 1C some 10 % of the heat.
std::optional<TypicalEntropy> typical_entropy(const std::string& chemistry);

}  // namespace twin::study
