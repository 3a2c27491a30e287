// SPDX-License-Identifier: Apache-2.0
// The cycler's language: steps of constant current, C-rate, power, voltage or rest, each with the conditions that end
// it, and their execution on one cell. Text form (as battery people write it):
//   "Discharge at 1C until 2.5 V", "Charge at 0.5 A for 30 minutes or until 4.2 V", "Hold at 4.2 V until C/20",
//   "Discharge at 20 W for 10 s", "Rest for 1 hour", "Rest for 1 hour (1 minute period)", "Discharge at 1C until 20 %"
// Current is positive when it discharges the cell.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "study/cell_model.hpp"

namespace twin::study {

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
    double period_s = 0.0;    // longest time between samples; 0: as the step control goes
    std::string text;         // as it was written
};

/// Throws InputError (pointer: index of the step) with what is not understood and the forms that are.
std::vector<ProtocolStep> parse_protocol(const std::vector<std::string>& steps);

struct CellSample {
    double t_s, i_A, v_V, soc, t_K, heat_W;
    std::int32_t step;
    double t_core_K;
};
struct StepEnd {
    std::string text, reason;  // reason: "voltage", "soc", "current", "time", "limit", "failed"
    double t_s = 0.0, v_V = 0.0, i_A = 0.0, charge_Ah = 0.0;
};
struct ProtocolResult {
    std::vector<CellSample> samples;
    std::vector<StepEnd> ends;
    std::uint64_t steps = 0;
};
struct ProtocolOptions {
    double soc = 1.0, t_K = 298.15, ambient_K = 298.15;
    double tol_V = 1e-3;  // step control: change of voltage against its straight continuation
    double longest_s = 3600.0;
    int repeat = 1;
    double fill_s = 0.0;  // > 0: a rest at the end until the protocol has lasted this long
};
ProtocolResult run_protocol(CellModel& cell, const std::vector<ProtocolStep>& steps, const ProtocolOptions& options);

}  // namespace twin::study
