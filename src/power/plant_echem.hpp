// SPDX-License-Identifier: Apache-2.0
// Electrochemical cells in a pack of the plant: what they are made from. The pack's EcmModel is then the cell's rest
// model (cell/echem_rest.hpp): its OCV, capacity and limits, nothing of its dynamics.
#pragma once
#include <memory>
#include <optional>
#include <vector>

#include "cell/echem.hpp"

namespace twin::power {

struct EchemPack {
    cell::EchemKind kind = cell::EchemKind::spme;
    std::vector<std::shared_ptr<const cell::EchemParams>> params;  // (n_cells) with capacity, parallel and resistance
    std::vector<double> soc, t_degC;                               // (n_cells) rested, at the start
    std::vector<std::optional<double>> h;                          // (n_cells) hysteresis then; none: the file's
    bool thermal = true;
};

}  // namespace twin::power
