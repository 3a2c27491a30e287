// SPDX-License-Identifier: Apache-2.0
// Small plain types that several verbs share.
#pragma once
#include <cstdint>
#include <string>

namespace twin {

using Time_ns = std::int64_t;  // nanoseconds since the start of the run

struct NamedText {  // entry of a small ordered map
    std::string name;
    std::string value;
};

/// What the caller chooses beside the scenario. Only step_scale and core_library change results; strict changes what
/// counts as failed.
struct RunOptions {
    std::string core_library;        // shared object with a control core; "": the built-in core
    double step_scale = 1.0;         // multiplies every plant step, 2^-10 .. 16
    bool strict = false;             // leaving a model's valid range fails the run
    bool record = true;              // keep traces
    bool eager_conversions = false;  // evaluate conversions nobody sees as well; same results, slower
};

/// A channel or settable target of a simulation, as `bmstwin channels` lists it.
struct ChannelInfo {
    std::string name;   // full path, e.g. "truth.pack.i_A"
    std::string unit;   // "" for discrete channels and pure numbers
    std::string shape;  // "scalar", or the index range "1..16" of a name that contains [k]
    std::string meaning;
    bool discrete = false;  // changes only at instants
    bool readable = true;   // has a value
    bool settable = false;  // a target of `set`
    double min = 0;         // allowed range of a settable target; min > max: not limited
    double max = -1;
};

}  // namespace twin
