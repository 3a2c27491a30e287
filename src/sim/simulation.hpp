// SPDX-License-Identifier: Apache-2.0
// One run: the only owner of the clock. Phases A..H at an instant, then the plant advances to the next instant at which
// one of its inputs can change. Observers (recorder, advance_to, value) never cut a step.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "sim/run_api.hpp"
#include "sim/setup.hpp"

namespace twin::sim {

/// A command from outside; scenario plus journal reproduce a run.
struct CommandRecord {
    Time_ns t_ns = 0;
    std::string target;
    double value = 0.0;
};

class Simulation final : public IRun {
public:
    /// Throws RunError (bad setup: what and where).
    explicit Simulation(const RunSetup& setup);
    ~Simulation() override;
    Time_ns now_ns() const override;
    Time_ns end_ns() const override;
    bool failed() const override;
    void advance_to(Time_ns t_ns) override;
    void set(std::string_view target, double value) override;
    std::vector<ChannelInfo> channels() const override;
    double value(std::string_view channel) const override;
    std::vector<std::uint8_t> save() const override;
    void load(std::span<const std::uint8_t> bytes) override;
    std::unique_ptr<IRun> fork() const override;
    const std::vector<Trace>& traces() const override;
    const std::vector<EventRecord>& events() const override;
    RunResult finish() override;

    /// Everything that came from outside so far.
    const std::vector<CommandRecord>& journal() const;
    void set_core_sink(std::size_t pack, board::CoreSink* sink);  // before the first advance
    std::uint64_t plant_steps() const;

    struct Impl;

private:
    void go_back();

    RunSetup setup_;
    std::unique_ptr<Impl> impl_;
    Time_ns now_ = 0;
    bool interactive_ = false;          // a command came from outside: keep the state before each overshooting advance
    std::vector<std::uint8_t> before_;  // state before the advance that went beyond now_
    mutable std::vector<EventRecord> events_cache_;
};

}  // namespace twin::sim
