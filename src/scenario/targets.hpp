// SPDX-License-Identifier: Apache-2.0
// What events may act on: the settable inputs of the plant, the parts that can be made faulty, and the places of a
// short. One table for the loader's messages, the reference page and `bmstwin channels`.
#pragma once
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "scenario/scenario.hpp"

namespace twin::scenario {

/// A settable input. `pattern` is the target text with <id> for a load or charger id and <n> for a number; a pack's own
/// inputs may be preceded by "pack." or "pack[a].".
struct SettableInput {
    const char* pattern;
    const char* unit;
    double min, max;
    const char* doc;
};
std::span<const SettableInput> settable_inputs();
/// The row a target matches, nullptr if none; `id` is what stood for <id> or <n>.
const SettableInput* find_input(const Path& p, std::string* id);

struct InjectableFault {
    const char* head;  // of the target path: "fet.dsg", "N", "cell", ...
    const char* fault;
    const char* unit;  // of `value`; empty: it has none
    const char* doc;
};
std::span<const InjectableFault> injectable_faults();

/// Empty if the path names a state of the plant (soc, a voltage, a temperature of a part); else the path is an input or
/// unknown. Returns the advice what to do instead.
std::string state_advice(std::string_view target);

/// P+, P-, B+, B-, or tap <n> ("T5"), optionally of a pack ("pack[a].P+").
bool is_place(std::string_view place);

}  // namespace twin::scenario
