// SPDX-License-Identifier: Apache-2.0
// The simulator as the public API, the CLI and Python see it: one run that is advanced, commanded, observed, saved and
// finished. sim::Simulation implements it; unit tests of the layers above use a small fake.
// Errors of the caller (unknown channel, value out of range, time going back) are RunError exceptions; failures of the
// numerics or of the core are RunResult::status, and advance_to() then stops at the time of the failure.
#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <twin/error.hpp>
#include <twin/types.hpp>

#include "base/time.hpp"
#include "sim/result.hpp"

namespace twin::scenario {
struct Scenario;
}

namespace twin::sim {

using twin::ChannelInfo;
using twin::RunError;
using twin::RunOptions;

class IRun {
public:
    virtual ~IRun() = default;
    virtual Time_ns now_ns() const = 0;
    virtual Time_ns end_ns() const = 0;  // duration of the scenario
    virtual bool failed() const = 0;     // status is no longer ok: nothing advances any more
    /// Observes, never cuts a step: any sequence of calls that ends at t gives the same bits.
    virtual void advance_to(Time_ns t_ns) = 0;
    /// A command at now(): journaled and hashed like one of the scenario.
    virtual void set(std::string_view target, double value) = 0;
    virtual std::vector<ChannelInfo> channels() const = 0;
    virtual double value(std::string_view channel) const = 0;  // at now(), from dense output
    virtual std::vector<std::uint8_t> save() const = 0;
    virtual void load(std::span<const std::uint8_t> bytes) = 0;  // RunError if version, checksum or scenario differ
    virtual std::unique_ptr<IRun> fork() const = 0;
    virtual const std::vector<Trace>& traces() const = 0;        // recorded so far
    virtual const std::vector<EventRecord>& events() const = 0;  // logged so far
    virtual RunResult finish() = 0;                              // judges at now(); call once
};

/// Builds packs, boards, cores and network of a validated scenario. Models are files, so io/assemble.cpp implements it.
std::unique_ptr<IRun> make_run(const scenario::Scenario& scenario, const RunOptions& options);

}  // namespace twin::sim
