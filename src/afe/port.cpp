// SPDX-License-Identifier: Apache-2.0
#include "afe/port.hpp"

#include <cstddef>

namespace twin::afe {

namespace {

char* put(char* at, const char* text) {
    while (*text != 0) *at++ = *text++;
    return at;
}

char* put_number(char* at, std::uint32_t n) {
    if (n >= 10) *at++ = static_cast<char>('0' + (n / 10) % 10);
    *at++ = static_cast<char>('0' + n % 10);
    return at;
}

}  // namespace

void damage_part(const DamageRecord& d, char* out16) {
    char* at = out16;
    switch (d.cause) {
        case DamageCause::none:
            at = put(at, "afe");
            break;
        case DamageCause::cell_difference:
        case DamageCause::pin_to_vss:
        case DamageCause::pin_current:
            at = put_number(put(at, "afe.C"), d.index);
            break;
        case DamageCause::vtop:
            at = put(at, "afe.VTOP");
            break;
        case DamageCause::shunt_high:
        case DamageCause::shunt_reverse:
            at = put(at, "afe.SR");
            break;
        case DamageCause::gp:
            at = put_number(put(at, "afe.GP"), d.index);
            break;
    }
    *at = 0;
}

const char* damage_cause_text(DamageCause cause) {
    switch (cause) {
        case DamageCause::none:
            return "none";
        case DamageCause::cell_difference:
            return "voltage between neighbouring cell pins above its absolute maximum";
        case DamageCause::pin_to_vss:
            return "cell pin voltage above its absolute maximum";
        case DamageCause::pin_current:
            return "current into the cell pin's clamp above its maximum";
        case DamageCause::vtop:
            return "supply voltage above its absolute maximum";
        case DamageCause::shunt_high:
            return "voltage of the current input above its absolute maximum";
        case DamageCause::shunt_reverse:
            return "reverse current into the current input above its maximum";
        case DamageCause::gp:
            return "voltage of a general-purpose pin outside its absolute maxima";
    }
    return "unknown";
}

const char* damage_unit(DamageCause cause) {
    return cause == DamageCause::pin_current || cause == DamageCause::shunt_reverse ? "A" : "V";
}

}  // namespace twin::afe
