// SPDX-License-Identifier: Apache-2.0
// What a board is built from, what the plant tells it and what it tells the plant. Plain data.
// Signs: + = discharge. Voltages are against the board's B- (before the shunt), which is the AFE's VSS. SI units.
#pragma once
#include <bms/core_api.h>

#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

#include "afe/dvc1124_params.hpp"
#include "afe/port.hpp"
#include "base/rng.hpp"
#include "base/time.hpp"
#include "power/board_parts.hpp"

namespace twin::board {

using base::Time_ns;

inline constexpr std::uint32_t k_nvm_page_bytes = 256;
inline constexpr std::uint32_t k_nvm_pages = 16;
inline constexpr std::uint32_t k_max_witnesses = 24;

/// Faults that a scenario can inject into a board; they stay until cleared.
inline constexpr std::uint32_t k_fault_bus_held = 0x01;        // a line of the AFE's bus is held low
inline constexpr std::uint32_t k_fault_no_balancer = 0x02;     // the converter transfers nothing
inline constexpr std::uint32_t k_fault_no_precharge = 0x04;    // the precharge switch stays open
inline constexpr std::uint32_t k_fault_no_comparators = 0x08;  // the AFE's comparators never see the shunt
inline constexpr std::uint32_t k_fault_cold_sensors =
    0x10;  // the MOSFETs' bead and the AFE's die sensor stay at 25 degC

/// A board that cannot be built: `what()` says what is wrong, `place` names the setting.
class BoardError : public std::runtime_error {
public:
    BoardError(const std::string& message, std::string where) : std::runtime_error(message), place(std::move(where)) {}
    std::string place;
};

/// A parameter of the core by name ("scd_mA", or another unit of the same family: "scd_A") and its wanted value.
struct ParamOverride {
    std::string name;
    double value = 0.0;
};

/// Everything that is fixed for a run.
struct BoardConfig {
    std::string pack_id = "pack";
    power::BoardParts parts;
    std::int32_t n_cells = 16;
    std::uint8_t chemistry = BMS_CHEM_LFP;
    std::uint8_t profile = BMS_PROFILE_FIELD;
    double capacity_Ah = 100.0;
    double calibrated_shunt_Ohm = 0.0;  // what the factory measured; 0: parts.shunt_Ohm
    std::uint8_t ntc_mask = BMS_NTC_1 | BMS_NTC_2 | BMS_NTC_FET | BMS_NTC_BOARD;
    std::vector<ParamOverride> overrides;  // written with the factory role before the first step, in this order
    const bms_core* core = nullptr;        // nullptr: the built-in core
    base::RngKey rng;
    afe::Dvc1124Params afe;          // models/afes, with the tolerance mode of the scenario
    bool eager_conversions = false;  // evaluate conversions that nobody sees as well; results are equal to the bit
    double clock_error_ppm = 0.0;    // of the board's own clock, -1000 .. 1000
    std::uint32_t rtc_start_s = 1704067200;  // RTC at t = 0
    double bus_Hz = 100000.0;                // 1 kHz .. 100 kHz
    std::uint32_t inputs = BMS_IN_KEY;       // levels of KEY, DI, S1 at t = 0
};

/// What the plant has at one instant, filled by the simulation for each board.
struct PlantView {
    const double* pin_V = nullptr;          // [25] AFE pins C0..C24; pins above n_cells carry the voltage of C(n)
    const double* clamp_A = nullptr;        // [25] |current| of each pin's clamp through the chip, or nullptr
    double shunt_V = 0.0;                   // over the shunt with its inductance, + = discharge
    double top_V = 0.0;                     // supply pin of the AFE (VTOP)
    double supply_V = 0.0;                  // board supply at the hold-up capacitor
    double p_minus_V = 0.0;                 // P-
    double ntc_degC[4] = {25, 25, 25, 25};  // beads NTC-1..4
    std::uint32_t ntc_open = 0;             // BMS_NTC_ bits of sensors that are unplugged
    std::uint32_t ntc_short = 0;            // BMS_NTC_ bits of sensors whose leads touch
    double fet_ntc_degC = 25.0;
    double board_ntc_degC = 25.0;
    double die_degC = 25.0;  // AFE die
};

/// Levels that the plant gets. They change only at instants (phases B and D); Board::take_drives_changed() tells.
struct Drives {
    std::uint8_t dsg_on = 0;  // gate driver of the discharge group pulls up (else down), behind its delay
    std::uint8_t chg_on = 0;
    std::uint8_t precharge_on = 0;
    std::uint8_t powered = 0;       // the supply's UVLO is released: the board draws `supply_W`
    std::int32_t balance_from = 0;  // donor cell 1..n, 0: converter off
    std::int32_t balance_to = 0;    // receiver cell 1..n
    double balance_A = 0.0;         // current while it transfers
    double supply_W = 0.0;  // drawn behind the supply diode by the whole board: the AFE's supply current is in it
    bool operator==(const Drives&) const = default;
};

/// A level the plant locates for this board. Fires when value >= level (direction +1) or <= level (-1).
struct Witness {
    enum class Quantity : std::uint8_t { shunt_V, top_V, supply_V, gp1_V, gp2_V, gp3_V, gp4_V, gp5_V, gp6_V };
    std::uint32_t id = 0;
    Quantity quantity = Quantity::shunt_V;
    std::int8_t direction = 1;
    double level = 0.0;
};

/// A described parameter of the loaded core, with the factor of the unit the caller writes.
struct ParamRef {
    std::uint16_t id = 0;
    std::uint8_t role = 0;  // lowest role that may write it
    bool read_only = false;
    std::int32_t den = 1;
    std::int32_t min_raw = 0, max_raw = 0;
    double num = 1.0, scale_den = 1.0, offset = 0.0;  // value in the core's unit = x * num / scale_den + offset
};

/// Outcome of a command. `text` is static: nullptr if it was accepted.
struct CommandResult {
    std::int32_t status = BMS_OK;
    const char* text = nullptr;
    bool ok() const { return status >= 0; }
};

/// One row of the table "requested against applied".
struct AppliedParam {
    std::string name;
    std::string unit;
    double requested = 0.0;
    double applied = 0.0;
    bool quantised = false;  // the AFE rounds it
};

/// A channel of hw.* or bms.* that belongs to the board.
struct BoardChannel {
    std::string name;  // below "hw." or "bms.": "led.red", "v_cell_mV"
    std::string unit;
    std::string text;
    bool discrete = false;
    std::uint32_t getter = 0;
    std::uint32_t count =
        1;  // > 1: an array; getters take 0..count-1, names count from 1 ("v_cell_mV[1]"), registers from 0x00
};

/// Receives everything that a replay of the core needs, in order (the records of <bms/recording.hpp>).
class CoreSink {
public:
    virtual ~CoreSink() = default;
    virtual void on_header(const bms_cfg& cfg, std::uint32_t page_bytes, std::uint32_t pages,
                           const std::uint8_t* nvm) = 0;
    virtual void on_init() = 0;  // power-on of the controller
    virtual void on_set_param(std::uint32_t id, std::int32_t value, std::uint32_t role) = 0;
    virtual void on_ram_fault(std::uint32_t offset, std::uint8_t mask) = 0;
    virtual void on_step(const bms_in& in) = 0;
};

/// Receives the core's log lines.
class LogSink {
public:
    virtual ~LogSink() = default;
    virtual void on_log(Time_ns t_ns, std::uint32_t event_id, std::int32_t a, std::int32_t b) = 0;
};

}  // namespace twin::board
