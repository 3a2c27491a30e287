// SPDX-License-Identifier: Apache-2.0
// Battery Parameter eXchange files (bpxstandard.com, versions 0.1 to 1.x) as parameters of the electrochemical models.
// Read: Header, Parameterisation (Cell, Electrolyte, both electrodes, Separator); functions as numbers, expressions of
// x or tables {"x": [..], "y": [..]} (piecewise linear). Everything missing, of the wrong type or out of range is
// listed with its pointer. Blended electrodes and separate lithiation/delithiation curves are refused by name.
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
    std::vector<std::string> notes;  // what was assumed
    bool ok() const { return params != nullptr; }
};

BpxResult read_bpx(const std::string& path);
BpxResult read_bpx_json(const Json& j, const std::string& name);
/// The document looks like a BPX file.
bool is_bpx(const Json& j);

}  // namespace twin::io
