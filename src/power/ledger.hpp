// SPDX-License-Identifier: Apache-2.0
// Energy and charge ledger of the plant: every line is accounted on its own, none is the remainder of others.
// Balance: sum(sources) = sum(sinks) + sum(increase of stores) + integrator defect. The electrical side only; heat
// moves on in the thermal states. Sums are compensated.
#pragma once
#include <cstddef>
#include <cstdint>

namespace twin::power {

enum class Line : std::uint8_t {
    // sources
    ocv_work,      // integral of OCV dq over all cells
    gate_drivers,  // delivered by the gate drivers
    chargers,      // delivered into the network by chargers
    pin_pulls,     // delivered by the AFE's pin currents (negative: absorbed)
    injected,      // stored energy written by set_state or parameter changes
    // sinks
    rc_heat,
    hyst_heat,
    side_heat,  // side reactions of the cells: charge lost, all of it heat
    r0_heat,
    wiring_heat,  // joints, power leads, links
    shunt_heat,
    input_heat,  // sampling leads, filters, pin clamps, P- divider, insulation
    precharge_heat,
    fet_channel,
    fet_diode,
    fet_avalanche,
    gate_heat,
    clamp_heat,
    snubber_heat,  // and other capacitor branches of the board
    supply_diode,
    supply_draw,
    loads,     // current loads
    elements,  // resistances of outside elements
    balancer_loss,
    // stores (increase; the state functions of L, C and MOSFET charges are evaluated when read)
    rc_stored,
    hyst_stored,
    // the integrator's own defect h^2/2 sum (L or C) K^T M K
    defect,
    count
};
inline constexpr std::size_t k_lines = static_cast<std::size_t>(Line::count);

const char* line_name(Line l);
/// +1 for sources, -1 for sinks, stores and the defect.
double line_sign(Line l);

}  // namespace twin::power
