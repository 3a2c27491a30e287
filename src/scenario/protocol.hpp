// SPDX-License-Identifier: Apache-2.0
// The cycler's language: steps of constant current, C-rate, power, voltage, rest or a profile, each with what ends it.
// Text form of one step (as battery people write it):
//   "Discharge at 1C until 2.5 V", "Charge at 0.5 A for 30 minutes or until 4.2 V", "Hold at 4.2 V until C/20",
//   "Discharge at 20 W for 10 s", "Rest for 1 hour", "Rest for 1 hour (1 minute period)", "Discharge at 1C until 20 %"
// Sign convention: current and power are positive when they discharge the battery; the keys charge_* and discharge_*
// are magnitudes.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/describe.hpp"
#include "base/time.hpp"

namespace twin::scenario {

/// One step in words.
struct ProtocolStep {
    enum class Mode : std::uint8_t { current, power, voltage, rest };
    Mode mode = Mode::rest;
    double value = 0.0;       // A (+ = discharge), W (+ = discharge) or V
    bool c_rate = false;      // value is in units of the nominal capacity per hour
    double max_s = 0.0;       // 0: no limit of time
    double until_V = 0.0;     // 0: none
    double until_soc = -1.0;  // state of charge, 0 .. 1; below 0: none
    double until_A = 0.0;     // |i| at or below ends a hold; 0: none
    bool until_c = false;     // until_A is a C-rate
    double until_Ah = 0.0;    // charge moved in this step, + discharged; 0: none
    double stop_V = 0.0;      // of a current or a power: reaching it ends the whole protocol; 0: none
    double limit_V = 0.0;     // of a current or a power: held from when it is reached; 0: none
    double limit_A = 0.0;     // of a hold: |i| at most; 0: none
    bool limit_c = false;     // limit_A is a C-rate
    double period_s = 0.0;    // longest time between samples; 0: as the step control goes
    std::string text;         // as it was written
};

/// Throws InputError (file "protocol", pointer: index of the step) with what is not understood and the forms that are.
ProtocolStep parse_step(const std::string& step, std::size_t index);
std::vector<ProtocolStep> parse_protocol(const std::vector<std::string>& steps);

/// A value over time: constant, or straight lines between points and constant outside them (`repeat`: the last point's
/// time is the period). `csv` names the file the loader filled `points` from.
struct Series {
    double constant = 0.0;
    std::string csv;
    std::string column;                       // of the CSV; empty: the second one
    std::vector<std::vector<double>> points;  // [n][2] = {t_s, value}
    bool repeat = false;
    bool is_constant() const { return points.empty(); }
};

// What a step of a scenario's protocol drives. Magnitudes, but for power and profile: + = discharge.
struct ChargeCurrent {
    static constexpr const char* k_key = "charge_A";
    double i_A = 0.0;
};
struct DischargeCurrent {
    static constexpr const char* k_key = "discharge_A";
    double i_A = 0.0;
};
struct ChargeRate {
    static constexpr const char* k_key = "charge_C";
    double rate = 0.0;  // nominal capacities per hour
};
struct DischargeRate {
    static constexpr const char* k_key = "discharge_C";
    double rate = 0.0;
};
struct ConstantPower {
    static constexpr const char* k_key = "power_W";
    double p_W = 0.0;
};
struct HoldVoltage {
    static constexpr const char* k_key = "hold_V";
    double v_V = 0.0;
};
struct RestTime {
    static constexpr const char* k_key = "rest_s";
    base::Time_ns rest = 0;
};
struct CurrentProfile {
    static constexpr const char* k_key = "profile";
    std::string csv, column;  // of a file
    Series series;            // filled by the loader
};
using Drive = std::variant<ChargeCurrent, DischargeCurrent, ChargeRate, DischargeRate, ConstantPower, HoldVoltage,
                           RestTime, CurrentProfile>;

struct CyclerStep {
    std::string text;  // the whole step in words; the loader fills the other members from it
    std::string id;    // generated ("1", "2", ..) if the file has none
    Drive drive;
    std::vector<base::Named<double>> until;  // channel -> value
    std::optional<base::Time_ns> max;
    std::vector<base::Named<double>> limit;  // i_A, i_C, v_V, or a channel that ends the protocol
    bool until_c = false;                    // of a step in words: the value of its only `until` is a C-rate
};

struct Protocol {
    std::int64_t repeat = 1;
    std::vector<CyclerStep> steps;
};

/// Channels of the cycler that a step in words is ended by.
inline constexpr const char* k_cycler_v = "truth.cycler.v_V";
inline constexpr const char* k_cycler_i_abs = "truth.cycler.i_abs_A";
inline constexpr const char* k_pack_soc = "truth.pack.soc_pct";  // of one pack
/// True if the key of `limit` names a set-point of the cycler and not a channel.
bool is_cycler_limit(std::string_view key);
/// A step in words as one of the language. Empty: done; else what is wrong.
std::string from_words(const ProtocolStep& words, CyclerStep& out);

}  // namespace twin::scenario
