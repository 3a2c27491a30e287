// SPDX-License-Identifier: Apache-2.0
// What a plant is built from: packs with their cells, harness and board parts, and the elements outside (loads,
// chargers, shorts). Sign convention: currents are positive when they discharge the battery; elements count current
// from a to b.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "cell/ecm.hpp"
#include "power/board_parts.hpp"
#include "power/fet_damage.hpp"
#include "power/foster.hpp"
#include "power/mosfet.hpp"

namespace twin::power {

/// One sampling lead: the tap it is soldered to (0 = B-, k = plus of cell k, -1 = open) and its contact resistance.
struct LeadSetup {
    std::int32_t tap = 0;
    double r_Ohm = 0.04;
    bool pin_fault = false;  // the AFE's input behind it is destroyed: it leaks into the board's minus
};

struct EchemPack;  // power/plant_echem.hpp

struct PackSetup {
    std::string id = "pack";
    std::int32_t n_cells = 0;
    const cell::EcmModel* model = nullptr;             // shared, immutable; must outlive the plant
    std::vector<cell::EcmParams<double>> cell_params;  // (n_cells)
    std::vector<cell::EcmState<double>> cell_init;     // (n_cells)
    std::shared_ptr<const EchemPack> echem;            // null: equivalent circuits; else `model` tells their rest
    std::vector<LeadSetup> leads;                      // (n_cells + 1)
    bool board_fitted = true;                          // false: cells alone, no switch, no harness
    bool connected = true;                             // on the common bus
    BoardParts parts;
    MosfetParams<double> fet;      // one group (discharge and charge groups are alike)
    FetLimits<double> fet_limits;  // of one FET
    FosterParams<double, 3> foster = foster_mosfet_default<double>();  // one FET, junction to case
    double cells_env_degC = 25.0;
    double board_env_degC = 25.0;
    std::vector<double> cell_leak_Ohm;        // (n_cells) internal leak, 0: none; empty: none
    std::int32_t ntc_cell[4] = {1, 0, 0, 0};  // cell under each NTC bead; 0: board ambient
};

/// resistive: R-L. capacitor: R-L into C with a bleeder and an idle current (input capacitors; a motor, whose inertia
/// is C and whose load torque is the idle current). current_load, power_load: with drop-out. charger: CC-CV at its
/// terminals.
/// cycler: four quadrants, i = (v - v_V) / r_Ohm within -i_A .. i_discharge_A; with p_W the bound on its side is p_W /
/// v.
enum class ElementKind : std::uint8_t { resistive, capacitor, current_load, power_load, charger, cycler };

/// One element between two named places ("P+", "P-", "B+", "B-", "cell[3]+", "W5", with "pack[id]." in front if
/// several).
struct ElementSetup {
    std::string id;
    ElementKind kind = ElementKind::resistive;
    std::string from = "P+";
    std::string to = "P-";
    bool connected = false;
    double r_Ohm = 1.0;          // resistive: value; capacitor: ESR and cable; charger: output resistance in CV
    double l_H = 0.0;            // series inductance (resistive, capacitor)
    double c_F = 0.0;            // capacitor; terminal capacitance of loads and chargers
    double v_init_V = 0.0;       // capacitor voltage at the start
    double bleed_Ohm = 0.0;      // across c_F (0: none)
    double i_A = 0.0;            // current_load: demand; capacitor: idle current; charger: limit
    double p_W = 0.0;            // power_load: demand
    double v_V = 0.0;            // loads: drop-out; charger, cycler: regulated terminal voltage
    double i_discharge_A = 0.0;  // cycler: largest discharge current; i_A: largest charge current
    double v_least_V = 1.0;      // cycler: voltage below which a constant power becomes a constant current
};

struct PlantSetup {
    std::vector<PackSetup> packs;
    std::vector<ElementSetup> elements;
    double link_r_Ohm = 0.75e-3;  // each pole of each pack to the common bus (several packs only)
    double link_l_H = 0.1e-6;
};

}  // namespace twin::power
