// SPDX-License-Identifier: Apache-2.0
#include "cell/echem_side_params.hpp"

#include <array>
#include <cstddef>
#include <stdexcept>

#include "base/describe.hpp"

namespace twin::cell {

namespace {

struct Name {
    const char* name;
    SideLaws laws;
};
constexpr std::array<Name, 7> k_names{{
    {"reaction", {SeiLaw::reaction, PlatingLaw::none}},
    {"solvent-diffusion", {SeiLaw::solvent_diffusion, PlatingLaw::none}},
    {"interstitial-diffusion", {SeiLaw::interstitial_diffusion, PlatingLaw::none}},
    {"ec-reaction", {SeiLaw::ec_reaction, PlatingLaw::none}},
    {"irreversible-plating", {SeiLaw::none, PlatingLaw::irreversible}},
    {"reversible-plating", {SeiLaw::none, PlatingLaw::reversible}},
    {"partial-plating", {SeiLaw::none, PlatingLaw::partially_reversible}},
}};

void add(SideLaws& to, const std::string& word) {
    std::vector<std::string> all{"on", "off"};
    for (const Name& n : k_names) {
        all.emplace_back(n.name);
        if (word != n.name) continue;
        const bool sei = n.laws.sei != SeiLaw::none;
        if (sei ? to.sei != SeiLaw::none : to.plating != PlatingLaw::none)
            throw std::invalid_argument("\"" + word + "\": there is already another law of " +
                                        (sei ? "SEI growth" : "plating"));
        to.sei = sei ? n.laws.sei : to.sei;
        to.plating = sei ? to.plating : n.laws.plating;
        return;
    }
    std::string text = "\"" + word + "\" is no law of degradation";
    const std::string near = base::nearest(word, all);
    if (!near.empty()) text += ", did you mean " + near + "?";
    text += "; allowed: on, off, or laws separated by commas:";
    for (const Name& n : k_names) text += std::string(" ") + n.name;
    throw std::invalid_argument(text);
}

}  // namespace

const std::vector<SideKey>& side_keys() {
    using P = SideParams;
    static const std::vector<SideKey> keys{
        {"Initial SEI thickness [m]", &P::sei_thickness_m, 1e-11, 1e-5},
        {"SEI partial molar volume [m3.mol-1]", &P::sei_volume_m3_mol, 1e-6, 1e-2},
        {"Ratio of lithium moles to SEI moles", &P::sei_li_per_mol, 0.1, 10.0},
        {"SEI resistivity [Ohm.m]", &P::sei_resistivity_Ohm_m, 0.0, 1e9},
        {"SEI growth activation energy [J.mol-1]", &P::sei_energy_J, 0.0, 5e5},
        {"SEI reaction exchange current density [A.m-2]", &P::sei_j0_A_m2, 0.0, 1e3},
        {"SEI open-circuit potential [V]", &P::sei_ocp_V, 0.0, 5.0},
        {"SEI solvent diffusivity [m2.s-1]", &P::solvent_m2_s, 0.0, 1e-10},
        {"Bulk solvent concentration [mol.m-3]", &P::solvent_mol_m3, 0.0, 1e5},
        {"SEI lithium interstitial diffusivity [m2.s-1]", &P::interstitial_m2_s, 0.0, 1e-10},
        {"Lithium interstitial reference concentration [mol.m-3]", &P::interstitial_mol_m3, 0.0, 1e5},
        {"EC diffusivity [m2.s-1]", &P::ec_m2_s, 0.0, 1e-8},
        {"EC initial concentration in electrolyte [mol.m-3]", &P::ec_mol_m3, 0.0, 1e5},
        {"SEI kinetic rate constant [m.s-1]", &P::ec_rate_m_s, 0.0, 1.0},
        {"Lithium plating kinetic rate constant [m.s-1]", &P::plating_rate_m_s, 0.0, 1.0},
        {"Lithium plating transfer coefficient", &P::plating_alpha, 0.01, 0.99},
        {"Dead lithium decay constant [s-1]", &P::dead_rate_per_s, 0.0, 1.0},
    };
    return keys;
}

std::vector<std::string> missing_for(const SideLaws& laws, const SideParams& p) {
    using P = SideParams;
    std::vector<double P::*> needed;
    const auto need = [&](std::initializer_list<double P::*> m) { needed.insert(needed.end(), m); };
    if (laws.sei != SeiLaw::none)
        need({&P::sei_thickness_m, &P::sei_volume_m3_mol, &P::sei_li_per_mol, &P::sei_resistivity_Ohm_m});
    if (laws.sei == SeiLaw::reaction) need({&P::sei_j0_A_m2, &P::sei_ocp_V});
    if (laws.sei == SeiLaw::solvent_diffusion) need({&P::solvent_m2_s, &P::solvent_mol_m3});
    if (laws.sei == SeiLaw::interstitial_diffusion) need({&P::interstitial_m2_s, &P::interstitial_mol_m3});
    if (laws.sei == SeiLaw::ec_reaction) need({&P::ec_m2_s, &P::ec_mol_m3, &P::ec_rate_m_s, &P::sei_ocp_V});
    if (laws.plating != PlatingLaw::none) need({&P::plating_rate_m_s, &P::plating_alpha});
    if (laws.plating == PlatingLaw::partially_reversible) need({&P::dead_rate_per_s, &P::sei_thickness_m});
    std::vector<std::string> out;
    for (const SideKey& k : side_keys()) {
        bool wanted = false;
        for (double P::* const m : needed) wanted = wanted || m == k.member;
        if (wanted && !(p.*(k.member) >= 0.0)) out.emplace_back(k.key);
    }
    return out;
}

SideLaws parse_side_laws(const std::string& text) {
    SideLaws laws;
    if (text.empty() || text == "off") return laws;
    if (text == "on") return {SeiLaw::solvent_diffusion, PlatingLaw::partially_reversible};
    std::size_t at = 0;
    for (;;) {
        const std::size_t comma = text.find(',', at), end = comma == std::string::npos ? text.size() : comma;
        add(laws, text.substr(at, end - at));
        if (comma == std::string::npos) return laws;
        at = comma + 1;
    }
}

}  // namespace twin::cell
