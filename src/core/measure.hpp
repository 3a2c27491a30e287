// From register bytes and ADC codes to measurements.
#pragma once
#include "core/state.hpp"

namespace bms {

// The first seven registers: flags, currents.
void measure_status(State& s, const std::uint8_t* block);
// A whole block 0x00..0x4C and the controller's own converter.
void measure_block(Step& t, const std::uint8_t* block);
// P- and supply, every step.
void measure_adc(Step& t);
// Resistance of a 10 k NTC in deci-ohm to 0.1 degC; false outside -45..130 degC (open or shorted sensor).
bool ntc_ddegC(std::uint32_t r_dOhm, std::int16_t& t_ddegC);
// Extremes and sum over channels that are not masked out (bit k-1 of dead).
void measure_extremes(State& s, std::uint32_t dead);

}  // namespace bms
