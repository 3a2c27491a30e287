// SPDX-License-Identifier: Apache-2.0
#include "power/fet_damage.hpp"

namespace twin::power {

const char* to_string(DamageCause c) {
    switch (c) {
        case DamageCause::none:
            return "none";
        case DamageCause::avalanche_energy:
            return "avalanche energy";
        case DamageCause::avalanche_current:
            return "avalanche current";
        case DamageCause::junction_temperature:
            return "junction temperature";
        case DamageCause::linear_energy:
            return "linear-mode energy";
        case DamageCause::clamp_energy:
            return "clamp energy";
        case DamageCause::resistor_energy:
            return "resistor energy";
        case DamageCause::pin_current:
            return "pin current";
        case DamageCause::capacitor_voltage:
            return "capacitor voltage";
        case DamageCause::resistor_power:
            return "resistor power";
    }
    return "unknown";
}

const char* unit_of(DamageCause c) {
    switch (c) {
        case DamageCause::avalanche_energy:
        case DamageCause::linear_energy:
        case DamageCause::clamp_energy:
        case DamageCause::resistor_energy:
            return "J";
        case DamageCause::avalanche_current:
        case DamageCause::pin_current:
            return "A";
        case DamageCause::junction_temperature:
            return "degC";
        case DamageCause::capacitor_voltage:
            return "V";
        case DamageCause::resistor_power:
            return "W";
        case DamageCause::none:
            break;
    }
    return "";
}

DamageRecord fet_breach(const FetMargins<double>& m, std::int32_t part, base::Time_ns t_ns) {
    const struct {
        DamageCause cause;
        double value, limit;
    } checks[] = {
        {DamageCause::avalanche_energy, m.e_av_J, m.e_av_limit_J},
        {DamageCause::avalanche_current, m.i_av_A, m.i_av_limit_A},
        {DamageCause::linear_energy, m.e_lin_J, m.e_lin_limit_J},
        {DamageCause::junction_temperature, m.tj_degC, m.tj_limit_degC},
    };
    for (const auto& c : checks)
        if (c.value > c.limit) return {part, c.cause, t_ns, c.limit, c.value, c.limit - c.value};
    return {};
}

}  // namespace twin::power
