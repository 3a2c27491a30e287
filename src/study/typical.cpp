// SPDX-License-Identifier: Apache-2.0
#include "study/typical.hpp"

namespace twin::study {

namespace {

const std::vector<double> k_tenths{0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0};

}  // namespace

std::optional<TypicalEntropy> typical_entropy(const std::string& chemistry) {
    if (chemistry == "LFP")
        return TypicalEntropy{
            {k_tenths, {-0.490, -0.164, -0.118, -0.044, 0.098, 0.110, 0.129, 0.145, 0.100, 0.084, 0.118}},
            "Sony US26650, SimSES (BSD-3)"};
    if (chemistry == "NMC")
        return TypicalEntropy{{k_tenths, {-0.1, -0.3, -0.07, 0.1, 0.2, 0.1, 0.1, -0.03, -0.05, -0.05, -0.05}},
                              "Kokam pouch, SLIDE (BSD-3)"};
    return std::nullopt;
}

}  // namespace twin::study
