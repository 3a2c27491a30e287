// SPDX-License-Identifier: Apache-2.0
// Everything a run is built from, models included: made by io from a scenario, plain data.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <twin/result.hpp>
#include <twin/types.hpp>

#include "board/board_types.hpp"
#include "cell/echem.hpp"
#include "cell/ecm.hpp"
#include "cell/spread_model.hpp"
#include "power/fet_damage.hpp"
#include "power/mosfet.hpp"
#include "scenario/requirements.hpp"
#include "scenario/scenario.hpp"

namespace twin::sim {

/// One pack of the scenario with its models, in the order of the packs' ids (so that exchanging two exchanges names
/// only).
struct PackModels {
    std::size_t pack = 0;  // index in Scenario::packs
    std::shared_ptr<const cell::EcmModel> cell;
    std::shared_ptr<const cell::EchemParams> echem;  // null: equivalent circuits; else `cell` tells their rest
    cell::EchemKind echem_kind = cell::EchemKind::spme;
    std::shared_ptr<const cell::SpreadModel> spread;  // null: the scenario's standard deviations
    std::string chemistry;                            // "LFP", "NMC", "LTO"
    double nominal_Ah = 0.0, v_max_V = 0.0;  // of one cell: what C-rates and voltages of a cycler are measured by
    bool board_fitted = true;
    power::BoardParts parts;
    power::MosfetParams<double> fet;
    power::FetLimits<double> fet_limits;
    board::BoardConfig board;  // everything but the rng key, which the run fills in
    scenario::Requirements requirements;
    std::uint32_t board_faults = 0;  // k_fault_ bits present from the start: no key of the language reaches them
};

struct RunSetup {
    scenario::Scenario scenario;
    RunOptions options;
    std::vector<PackModels> packs;
    std::vector<NamedText> versions;
    std::vector<Warning> warnings;       // of the assembly
    std::shared_ptr<void> core_library;  // keeps a loaded core alive
};

}  // namespace twin::sim
