// SPDX-License-Identifier: Apache-2.0
// The cycler of a scenario's protocol: what each step drives and what ends it, resolved before the run; and where the
// protocol stands. Signs: + = discharge.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "base/sum.hpp"
#include "base/time.hpp"
#include "power/plant_config.hpp"
#include "scenario/protocol.hpp"

namespace twin::sim {

using base::Time_ns;

inline constexpr std::size_t k_cycler_items_max = 16;  // conditions of one step
inline constexpr Time_ns k_cycler_settle_ns =
    20'000'000;  // conditions are looked at from here on: the current is there

/// Which way a channel has to go to its value.
enum class Side : std::uint8_t { open, rise, fall, shrink, equal };  // open: decided once the step has settled
enum class StepEnd : std::uint8_t { running = 0, until, time, limit, profile, run_end };

struct CyclerItem {
    int channel = -1;
    double value = 0.0;
    Side side = Side::open;
    bool abort = false;    // a limit: ends the protocol
    bool located = false;  // its crossing stops the plant
    std::string name;      // of the channel
};

/// What one step drives, in numbers.
struct CyclerPlan {
    power::ElementSetup element;  // values only; a profile's current follows it
    bool rest = false;
    const scenario::Series* profile = nullptr;
    Time_ns max = 0;  // 0: no limit of time
    std::vector<CyclerItem> items;
    std::string id, text;
};

/// Where the protocol stands: plain numbers, part of the run's state.
struct CyclerState {
    std::int32_t step = -1, round = 0;  // -1: before the first one
    std::int32_t pending = -1;          // item that has been reached
    std::uint8_t running = 0, done = 0, settled = 0, ended_by = 0;
    Side side[k_cycler_items_max] = {};
    Time_ns t0 = 0, due = 0, series_next = 0;           // start, end by time, next corner or ramp step of a profile
    Time_ns open_at = base::k_never_ns;                 // its contactor opens: some time after the current has gone
    base::Sum<double> charge_C, energy_J;               // through the cycler since t0
    double charge_shown_C = 0.0, energy_shown_J = 0.0;  // at the end of the step of the plant that is looked at
    double v_before_V = 0.0, i_before_A = 0.0;          // just before the step began
    double i_a_A = 0.0, v_a_V = 0.0;                    // at the start of the plant's step
};

/// How a step ended, as a plain record.
struct CyclerRecord {
    std::int32_t step = 0, round = 0, item = -1;
    StepEnd end = StepEnd::running;
    Time_ns t0 = 0, t1 = 0;
    double v_before_V = 0.0, i_before_A = 0.0, v_V = 0.0, i_A = 0.0, charge_C = 0.0, energy_J = 0.0;
};

struct Cycler {
    bool fitted = false;
    std::size_t element = 0;
    std::int32_t repeat = 1;
    double scale_A = 1.0;  // one nominal capacity per hour
    double v_floor_V = 0.0, v_ceiling_V = 0.0;
    std::vector<CyclerPlan> plan;
    CyclerState s;
    std::vector<CyclerRecord> records;

    /// Earliest instant at which the cycler does something of its own.
    Time_ns next_due() const {
        if (!fitted) return base::k_never_ns;
        if (s.done != 0) return s.open_at;
        if (s.running == 0 || s.pending >= 0) return 0;
        Time_ns n = s.due < s.series_next ? s.due : s.series_next;
        if (s.open_at < n) n = s.open_at;
        if (s.settled == 0 && s.t0 + k_cycler_settle_ns < n) n = s.t0 + k_cycler_settle_ns;
        return n;
    }
    const CyclerPlan& now() const { return plan[static_cast<std::size_t>(s.step)]; }
};

/// "until", "time", "limit", "profile", "run end".
const char* step_end_name(StepEnd e);

}  // namespace twin::sim
