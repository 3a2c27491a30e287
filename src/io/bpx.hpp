// SPDX-License-Identifier: Apache-2.0
// Battery Parameter eXchange files (bpxstandard.com, versions 0.1 to 1.x) as parameters of the electrochemical models.
// Read: Header, Parameterisation (Cell, Electrolyte, both electrodes, Separator) and State (initial state of charge,
// temperatures, concentration, hysteresis, heat transfer). Everything missing, of the wrong type or out of range is
// listed with its pointer; keys that are not known are noted. A set of Model "SPM" needs neither electrolyte nor
// separator; a "Partial" one is taken if nothing is missing for the model it is used with.
// Beyond BPX: functions of the electrolyte may use T, so may t+ and the thermodynamic factor be functions; tables may
// be cubic; an electrode may state "Exchange current exponents [c_e, x, 1-x]" (1/2 each otherwise) and "Conductivity
// activation energy [J.mol-1]". Blended electrodes are refused by name.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "cell/echem_params.hpp"
#include "io/json.hpp"

namespace twin::io {

struct BpxResult {
    std::shared_ptr<const cell::EchemParams> params;  // null if there are errors
    std::string title, model;                         // of the header
    std::vector<Diagnostic> errors;
    std::vector<std::string> notes;  // what was assumed, is unknown or doesn't fit together
    bool ok() const { return params != nullptr; }
};

BpxResult read_bpx(const std::string& path);
BpxResult read_bpx_json(const Json& j, const std::string& name);
/// The document looks like a BPX file.
bool is_bpx(const Json& j);

}  // namespace twin::io
