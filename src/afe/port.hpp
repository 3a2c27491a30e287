// SPDX-License-Identifier: Apache-2.0
// What a virtual analog front end is told by its board and what it tells back; independent of the chip.
// Signs: shunt voltage and currents are positive when the battery discharges. All pin voltages are against VSS, which
// is the board's B- (before the shunt). SI units.
#pragma once
#include <cstdint>

#include "base/time.hpp"

namespace twin::afe {

using base::Time_ns;

inline constexpr std::size_t k_max_pins = 25;   // C0..C24
inline constexpr std::size_t k_max_cells = 24;  // cell n sits between C(n-1) and C(n), n = 1..24
inline constexpr std::size_t k_max_gp = 6;

/// The analog inputs of one accepted plant step, linear in between: values at t0+ and at t1-. Any length from 1 ns up.
/// Pins that a board doesn't wire are given the voltage of the net they are tied to.
struct AnalogSegment {
    Time_ns t0_ns = 0;
    Time_ns t1_ns = 0;
    const double* pin0_V = nullptr;  // [25] C0..C24 at t0+
    const double* pin1_V = nullptr;  // [25] at t1-
    const double* clamp0_A =
        nullptr;  // [25] |current| through the chip's pin and its clamp, or null if the board has none
    const double* clamp1_A = nullptr;
    double shunt0_V = 0.0;  // SRP - SRN, + = discharge
    double shunt1_V = 0.0;
    double vtop0_V = 0.0;
    double vtop1_V = 0.0;
    double die0_degC = 25.0;
    double die1_degC = 25.0;
    double gp0_V[k_max_gp] = {};
    double gp1_V[k_max_gp] = {};
};

/// The same inputs at one instant (t+, after the network was solved again): jumps are noticed here.
struct AnalogPoint {
    double shunt_V = 0.0;
    double vtop_V = 0.0;
    double gp_V[k_max_gp] = {};
};

enum class Quantity : std::uint8_t { shunt_V = 0, vtop_V = 1, gp1_V = 2, gp2_V, gp3_V, gp4_V, gp5_V, gp6_V };

/// A level the plant must locate. It fires when value >= level (direction +1) or value <= level (direction -1). The
/// list holds only witnesses that have not fired, so one that is already beyond its level at t+ counts as crossed at t.
struct Witness {
    std::uint32_t id = 0;
    Quantity quantity = Quantity::shunt_V;
    std::int8_t direction = 1;
    double level = 0.0;
};

/// What the chip puts on its pins until `version` changes. Pin index = C number.
struct PinDrives {
    double pull_A[k_max_pins] = {};   // current sunk from the pin into VSS: open-wire test plus mean input leakage
    double fault_S[k_max_pins] = {};  // conductance pin to VSS of a destroyed input, else 0
    double balance_S[k_max_cells] =
        {};                 // conductance of the passive balance switch of cell n+1 (between C(n) and C(n+1)), else 0
    double supply_A = 0.0;  // drawn from VTOP into VSS
};

/// Gate outputs as the pins show them: `low` are the low-side outputs on GP pins, `high` the charge-pump pins.
struct GateOutputs {
    std::uint8_t dsg_low = 0;   // GP6 in mode 7
    std::uint8_t chg_low = 0;   // GP5 in mode 7
    std::uint8_t pdsg_low = 0;  // GP2 in mode 7
    std::uint8_t pchg_low = 0;  // GP3 in mode 7
    std::uint8_t dsg_high = 0;
    std::uint8_t chg_high = 0;
    std::uint8_t pdsg_high = 0;
    std::uint8_t pchg_high = 0;
    bool operator==(const GateOutputs&) const = default;
};

enum class DamageCause : std::uint32_t {
    none = 0,
    cell_difference = 1,  // |C(n) - C(n-1)| above its absolute maximum; index = n
    pin_to_vss = 2,       // C(n) above its absolute maximum; index = n
    pin_current = 3,      // clamp current of C(n) above the pin's maximum; index = n
    vtop = 4,             // supply pin above its absolute maximum
    shunt_high = 5,       // SRP/SRN above their absolute maximum
    shunt_reverse = 6,    // reverse clamp current of SRP/SRN above the pin's maximum
    gp = 7,               // GP pin outside its absolute maxima; index = 1..6
};

/// One breach of an absolute maximum. margin = limit - |value| in the unit of the limit, negative.
struct DamageRecord {
    DamageCause cause = DamageCause::none;
    std::uint32_t index = 0;
    Time_ns t_ns = 0;
    double limit = 0.0;
    double value = 0.0;
    double margin = 0.0;
};

/// Text for reports: the part ("afe.C7") is written into a caller's buffer of at least 16 bytes; the cause is a static
/// string.
void damage_part(const DamageRecord& d, char* out16);
const char* damage_cause_text(DamageCause cause);
const char* damage_unit(DamageCause cause);

}  // namespace twin::afe
