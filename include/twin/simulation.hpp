// SPDX-License-Identifier: Apache-2.0
// Verb `simulate`: one run, advanced step by step. Times are simulated seconds or nanoseconds; + = discharge current.
// An object is used by one thread at a time; different objects are independent.
#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <twin/error.hpp>
#include <twin/result.hpp>
#include <twin/scenario.hpp>
#include <twin/types.hpp>

namespace twin {

namespace detail {
struct SimulationData;
}

class Simulation {
public:
    /// Builds packs, boards and cores. Throws InputError if the core library cannot be used.
    explicit Simulation(const Scenario& scenario, const RunOptions& options = {});
    ~Simulation();
    Simulation(Simulation&&) noexcept;
    Simulation& operator=(Simulation&&) noexcept;

    Time_ns now_ns() const;
    double now_s() const;
    Time_ns end_ns() const;  // duration of the scenario

    /// Advances to t; observing more or less often never changes a result. RunError if t lies in the past.
    /// Stops early where the run fails: see failed().
    void advance_to_ns(Time_ns t_ns);
    void advance_to(double t_s);
    /// Advances by dt_s > 0, rounded to the nearest nanosecond.
    void step(double dt_s);
    /// True once numerics or core have failed: time stands still, finish() says why.
    bool failed() const;

    /// Gives a settable target a value, in the target's unit, at now: journaled and hashed like an event of the
    /// scenario.
    void set(std::string_view target, double value);
    /// Value of a channel at now, in the channel's unit.
    double value(std::string_view channel) const;
    /// Every channel and settable target.
    std::vector<ChannelInfo> channels() const;

    const std::vector<Trace>& traces() const;        // recorded so far; references end with the next non-const call
    const std::vector<EventRecord>& events() const;  // logged so far

    /// The whole state as versioned, checksummed bytes; load() continues from them with equal results, in any process.
    std::vector<std::uint8_t> save() const;
    void load(std::span<const std::uint8_t> bytes);
    /// An independent copy at the same instant. RunError if a core cannot be copied.
    Simulation fork() const;

    /// Judges the run up to now and returns its evidence. Afterwards only now_ns() may be called.
    RunResult finish();

private:
    friend struct detail::Access;
    explicit Simulation(std::unique_ptr<detail::SimulationData> data);
    std::unique_ptr<detail::SimulationData> data_;
};

}  // namespace twin
