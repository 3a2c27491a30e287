// SPDX-License-Identifier: Apache-2.0
#include "power/ledger.hpp"

namespace twin::power {

const char* line_name(Line l) {
    static const char* const names[k_lines] = {
        "ocv_work",  "gate_drivers",  "chargers",      "pin_pulls",  "injected",     "rc_heat",        "hyst_heat",
        "side_heat", "r0_heat",       "wiring_heat",   "shunt_heat", "input_heat",   "precharge_heat", "fet_channel",
        "fet_diode", "fet_avalanche", "gate_heat",     "clamp_heat", "snubber_heat", "supply_diode",   "supply_draw",
        "loads",     "elements",      "balancer_loss", "rc_stored",  "hyst_stored",  "defect"};
    return names[static_cast<std::size_t>(l)];
}

double line_sign(Line l) {
    return static_cast<std::size_t>(l) <= static_cast<std::size_t>(Line::injected) ? 1.0 : -1.0;
}

}  // namespace twin::power
