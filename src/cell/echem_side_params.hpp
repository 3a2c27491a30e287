// SPDX-License-Identifier: Apache-2.0
// Side reactions at the negative electrode: growth of the solid electrolyte interphase (SEI) and plating of lithium.
// Which laws run, and the figures that they need. SI units; currents are per area of the particles, positive when
// lithium is oxidised (so both reactions are negative while they consume lithium).
#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace twin::cell {

enum class SeiLaw : std::uint8_t { none, reaction, solvent_diffusion, interstitial_diffusion, ec_reaction };
enum class PlatingLaw : std::uint8_t { none, irreversible, reversible, partially_reversible };

struct SideLaws {
    SeiLaw sei = SeiLaw::none;
    PlatingLaw plating = PlatingLaw::none;
    bool any() const { return sei != SeiLaw::none || plating != PlatingLaw::none; }
};

/// Below 0: not stated.
struct SideParams {
    double sei_thickness_m = -1.0;  // of the new cell
    double sei_volume_m3_mol = -1.0, sei_li_per_mol = -1.0, sei_resistivity_Ohm_m = -1.0, sei_energy_J = 0.0;
    double sei_j0_A_m2 = -1.0, sei_ocp_V = -1.0;                  // reaction limited; the potential also for EC
    double solvent_m2_s = -1.0, solvent_mol_m3 = -1.0;            // diffusion of solvent
    double interstitial_m2_s = -1.0, interstitial_mol_m3 = -1.0;  // diffusion of interstitials
    double ec_m2_s = -1.0, ec_mol_m3 = -1.0, ec_rate_m_s = -1.0;  // reaction of ethylene carbonate and its diffusion
    double plating_rate_m_s = -1.0, plating_alpha = -1.0;         // alpha: of plating; 1 - alpha: of stripping
    double dead_rate_per_s = -1.0;                                // at the new cell's thickness of SEI
};

/// One row per figure: key in a BPX file's "User-defined" section, place, allowed range.
struct SideKey {
    const char* key;
    double SideParams::* member;
    double lo, hi;
};
const std::vector<SideKey>& side_keys();

/// Keys that the laws need and the set doesn't state.
std::vector<std::string> missing_for(const SideLaws& laws, const SideParams& p);

/// "on" (solvent-diffusion, partial-plating), "" or "off" (nothing), or laws separated by commas: reaction,
/// solvent-diffusion, interstitial-diffusion, ec-reaction; irreversible-plating, reversible-plating, partial-plating.
/// Throws std::invalid_argument.
SideLaws parse_side_laws(const std::string& text);

}  // namespace twin::cell
