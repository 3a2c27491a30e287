// SPDX-License-Identifier: Apache-2.0
// Steps in words (scenario/protocol.hpp) or objects executed on one cell.
// Current is positive when it discharges the cell.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "scenario/protocol.hpp"
#include "study/cell_model.hpp"

namespace twin::study {

using scenario::parse_protocol;
using scenario::ProtocolStep;

/// Steps in words, or as objects of the scenario language (docs/protocols.md) in JSON text. InputError: pointer
/// /index/key.
std::vector<ProtocolStep> read_protocol(const std::vector<std::string>& steps);

struct ProtocolFile {
    std::vector<ProtocolStep> steps;
    std::vector<std::string> places;  // (steps) pointer of each in the file
    std::string file, at;             // pointer of the list of steps
    int repeat = 1;
    bool repeats = false;  // the file says `repeat`
};
/// A JSON file: a list of steps, {"steps": [..], "repeat": n}, either of them under the key "protocol", or a scenario
/// with a protocol (its other keys are not read; volts, amperes and watts of a pack of several cells are refused).
/// InputError with file, pointer and line, of every step.
ProtocolFile read_protocol_file(const std::string& path);

struct CellSample {
    double t_s, i_A, v_V, soc, t_K, heat_W;
    std::int32_t step;
    double t_core_K;
};
struct StepEnd {
    std::string text, reason;  // reason: "voltage", "soc", "charge", "current", "time", "limit", "failed"
    double t_s = 0.0, v_V = 0.0, i_A = 0.0, charge_Ah = 0.0;
};
struct ProtocolResult {
    std::vector<CellSample> samples;
    std::vector<StepEnd> ends;
    std::uint64_t steps = 0;
};
struct ProtocolOptions {
    double soc = 1.0, t_K = 298.15, ambient_K = 298.15;
    std::optional<double> h;  // hysteresis at the start, -1 discharged .. +1 charged; none: the model's own
    double tol_V = 0.0;       // step control: change of voltage against its straight continuation; 0: the model's own
    double tol_x = 1e-2;      // the same of lithiation anywhere in a particle whose diffusivity depends on it
    bool half_way = true;     // a sample in the middle of each step
    double longest_s = 3600.0;
    int repeat = 1;
    bool go_on = false;   // from the state in which the cell is, instead of soc and t_K
    double fill_s = 0.0;  // > 0: a rest at the end until the protocol has lasted this long
};
ProtocolResult run_protocol(CellModel& cell, const std::vector<ProtocolStep>& steps, const ProtocolOptions& options);

}  // namespace twin::study
