// SPDX-License-Identifier: Apache-2.0
// One check at work: its compiled conditions and its state. Inside the room only.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <type_traits>
#include <vector>

#include "scenario/compiled.hpp"

namespace twin::scenario {

/// Everything of a check that changes during a run; trivially copyable, so that it serialises as bytes.
struct CheckState {
    std::int64_t open = 0, closed = 0;  // window has begun, has ended
    Moment t_open{}, t_last{};          // begin of the window; last moment seen inside it
    // Worst distance (always, never, until) and violated time of discrete deciders.
    std::int64_t seen = 0;
    double worst_rel = 0.0, worst_margin = 0.0, worst_value = 0.0;
    std::int64_t worst_node = -1;
    Moment t_worst{};
    double violated_s = 0.0;
    std::int64_t violated_node = -1;
    Moment t_violated{};
    // First holding (eventually), end condition (until), last moment outside (settles).
    std::int64_t done = 0;
    Moment t_done{};
    double end_value = 0.0;
    std::int64_t outside = 0;
    // Rising edges and responses (whenever, count).
    std::int64_t is_true = 0, raised = 0, pending = 0;
    Moment since{}, occasion{};
    std::int64_t occasions = 0, answered = 0;
    double slowest_s = 0.0;
    Moment t_slowest{};
};
static_assert(std::is_trivially_copyable_v<CheckState>);

struct CompiledCheck {
    const Check* check = nullptr;  // in the scenario's copy that CheckSetData owns
    Compiled first, second;        // C and C2
    bool has_second = false;
    bool bound_only = false;  // always / never of one continuous comparison
    double sign = 1.0;        // -1: never
    Window window;
    int from_event = -1, to_event = -1;
    std::string skip;         // reason, empty: judged
    int settle_channel = -1;  // of the table
};

struct CheckSetData {
    explicit CheckSetData(const Scenario& s) : names(s), checks(s.expect) {}
    EventNames names;
    std::vector<Check> checks;
    std::vector<CompiledCheck> compiled;
    std::vector<CheckState> state;
    std::vector<std::uint8_t> fired;  // per EventNames index
    std::vector<Time_ns> t_fired;     // first firing, -1: not yet
    WatchList watch;
    std::vector<twin::Diagnostic> problems;
    std::vector<Channel> channels;  // copy of the table's rows, for names and units
    Time_ns t_end = 0;
};

/// Advances one check over a segment (ta < tb) or an instant (ta == tb, r.a and r.b the same).
void advance_check(const CompiledCheck& c, CheckState& s, const Moment& ta, const Moment& tb, const Reading& r);
/// Judges one check at the end of the run.
twin::CheckResult result_of(const CheckSetData& d, std::size_t i, Time_ns t_end, std::span<const Metric> metrics);

}  // namespace twin::scenario
