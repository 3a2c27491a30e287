// SPDX-License-Identifier: Apache-2.0
// Conditions at work: checks with margins, and `when` triggers. Both are fed by the loop:
//   * on_segment(ta, tb, a, b) after every accepted plant step: a = values at ta+, b = values at tb-; continuous
//   channels
//     are straight lines in between, crossings are located by linear interpolation; discrete channels equal a
//     throughout;
//   * on_instant(t, values) after phase G (t+ values), and once at the start (t = 0);
//   * event_fired(id, t) when an event (or "trip") happens, before on_instant of that instant.
// The value arrays are parallel to watch(). Neither class allocates, locks or throws while it is fed; only + - * / and
// compares are used, so results are equal to the bit everywhere. Mutable state serialises with save/load.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <twin/error.hpp>
#include <twin/result.hpp>

#include "scenario/channels.hpp"
#include "scenario/scenario.hpp"

namespace twin::scenario {

using twin::CheckResult;
using twin::Metric;
using Values = std::span<const double>;

/// Which channel indices (of the ChannelTable) somebody wants, each once, in order of first use.
class WatchList {
public:
    /// Position in the value arrays of channel `channel`.
    int add(int channel);
    const std::vector<int>& channels() const { return channels_; }

private:
    std::vector<int> channels_;
};

/// Ids of everything that can fire, "trip" included; shared by checks and triggers.
class EventNames {
public:
    explicit EventNames(const Scenario& s);  // "trip" is index 0, then the events in file order
    int find(std::string_view id) const;
    int size() const { return static_cast<int>(ids_.size()); }
    const std::string& operator[](int i) const { return ids_[static_cast<std::size_t>(i)]; }

private:
    std::vector<std::string> ids_;
};

struct CheckSetData;
class CheckSet {
public:
    /// Compiles every check but the verdicts. A check that names a channel the table lacks is skipped if the channel is
    /// a bms.* one (the loaded core doesn't publish it), an input error otherwise: see problems().
    CheckSet(const Scenario& s, const ChannelTable& table, Time_ns t_end);
    CheckSet(CheckSet&&) noexcept;
    ~CheckSet();

    const std::vector<twin::Diagnostic>& problems()
        const;  // errors: unknown truth.* or hw.* channels, == on continuous ones, ...
    const std::vector<int>& watch() const;

    void on_segment(const Moment& ta, const Moment& tb, Values a, Values b);
    void on_instant(Time_ns t, Values values);
    void event_fired(std::string_view id, Time_ns t);
    void event_fired(int index, Time_ns t);  // index as in EventNames

    /// Results in the order of the file, verdict checks as placeholders (see judge_verdicts). `metrics` by name.
    std::vector<CheckResult> finish(Time_ns t_end, std::span<const Metric> metrics) const;

    void save(std::vector<std::uint8_t>& out) const;
    std::size_t load(std::span<const std::uint8_t> in);  // bytes consumed, 0: too short

private:
    std::unique_ptr<CheckSetData> d_;
};

struct TriggerSetData;
/// The `when` conditions of the events, armed until they have fired `times` often.
class TriggerSet {
public:
    TriggerSet(const Scenario& s, const ChannelTable& table);
    TriggerSet(TriggerSet&&) noexcept;
    ~TriggerSet();

    const std::vector<twin::Diagnostic>& problems() const;
    const std::vector<int>& watch() const;

    /// Earliest moment in (ta, tb] at which a trigger made of located channels only becomes true; false: none. Pure:
    /// the caller may discard the step, end it at round_up(*at) and ask again. A crossing is found once per arming.
    bool next_crossing(const Moment& ta, const Moment& tb, Values a, Values b, Moment* at) const;
    /// Time of the next `hold_s` that runs out, k_never_ns if none.
    Time_ns next_due() const;

    void on_segment(const Moment& ta, const Moment& tb, Values a, Values b);
    /// Appends the indices (in Scenario::events) of the events that fire now; `fired` must have room for watch-many.
    void on_instant(Time_ns t, Values values, std::vector<int>& fired);
    void event_fired(int index, Time_ns t);

    void save(std::vector<std::uint8_t>& out) const;
    std::size_t load(std::span<const std::uint8_t> in);

private:
    std::unique_ptr<TriggerSetData> d_;
};

}  // namespace twin::scenario
