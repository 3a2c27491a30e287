// SPDX-License-Identifier: Apache-2.0
// A run that does next to nothing, with failures on demand: the layers above the simulator are tested against it.
#pragma once
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "api/access.hpp"

namespace fake {

using twin::Time_ns;

struct Behaviour {
    Time_ns end_ns = 10'000'000'000;
    Time_ns fails_at_ns = -1;   // numerics give up
    Time_ns throws_at_ns = -1;  // a bug of the simulator
    bool refuses = false;       // the constructor finds bad input
    bool unbuildable = false;   // the setup has no such part
    bool passes = true;
    std::uint64_t hash_drift = 0;  // added to the hash at every making: not deterministic
    int made = 0, advanced = 0;
};

class Run final : public twin::sim::IRun {
public:
    Run(std::string id, Behaviour& behaviour) : id_(std::move(id)), b_(behaviour) {
        if (b_.refuses)
            throw twin::InputError(
                {{twin::Diagnostic::Severity::error, "", "/expect/0", "no channel 'truth.nothing'", 0, 0}});
        if (b_.unbuildable) throw twin::RunError("no such core", "core");
        hash_ = 1000 + b_.hash_drift * static_cast<std::uint64_t>(b_.made++);
    }
    Time_ns now_ns() const override { return now_; }
    Time_ns end_ns() const override { return b_.end_ns; }
    bool failed() const override { return failed_; }
    void advance_to(Time_ns t) override {
        ++b_.advanced;
        if (b_.throws_at_ns >= 0 && t >= b_.throws_at_ns) throw std::logic_error("an invariant broke");
        if (b_.fails_at_ns >= 0 && t >= b_.fails_at_ns) {
            now_ = b_.fails_at_ns;
            failed_ = true;
            return;
        }
        now_ = t;
    }
    void set(std::string_view target, double value) override {
        if (target != "load/cc_A") throw twin::RunError("no target '" + std::string(target) + "'", std::string(target));
        current_ = value;
        hash_ = hash_ * 31 + static_cast<std::uint64_t>(now_);
    }
    std::vector<twin::ChannelInfo> channels() const override {
        return {{"truth.pack.i_A", "A", "scalar", "pack current", false, true, false, 0, -1}};
    }
    double value(std::string_view channel) const override {
        if (channel != "truth.pack.i_A")
            throw twin::RunError("no channel '" + std::string(channel) + "'", std::string(channel));
        return current_;
    }
    std::vector<std::uint8_t> save() const override {
        std::vector<std::uint8_t> bytes(16);
        std::memcpy(bytes.data(), &now_, 8);
        std::memcpy(bytes.data() + 8, &hash_, 8);
        return bytes;
    }
    void load(std::span<const std::uint8_t> bytes) override {
        if (bytes.size() != 16) throw twin::RunError("the state is not one of this scenario", "load");
        std::memcpy(&now_, bytes.data(), 8);
        std::memcpy(&hash_, bytes.data() + 8, 8);
    }
    std::unique_ptr<twin::sim::IRun> fork() const override { return std::make_unique<Run>(*this); }
    const std::vector<twin::Trace>& traces() const override { return traces_; }
    const std::vector<twin::EventRecord>& events() const override { return events_; }
    twin::RunResult finish() override {
        twin::RunResult r;
        r.id = id_;
        r.verdict = failed_ ? "ERROR" : "NORMAL";
        r.status = failed_ ? twin::RunStatus::numeric : twin::RunStatus::ok;
        r.passed = b_.passes && !failed_;
        r.hash = hash_;
        r.sim_time_ns = now_;
        r.core_hash = {{"pack", "00"}};
        r.warnings = {{"EXTRAPOLATED", "m", "q", 1.0, 0.0, 0.5, 5, "beyond"}};
        return r;
    }

private:
    std::string id_;
    Behaviour& b_;
    Time_ns now_ = 0;
    bool failed_ = false;
    double current_ = 20;
    std::uint64_t hash_ = 0;
    std::vector<twin::Trace> traces_;
    std::vector<twin::EventRecord> events_;
};

inline twin::Scenario scenario(const std::string& id) {
    twin::io::LoadedScenario loaded;
    loaded.scenario.id = id;
    loaded.scenario.title = "title of " + id;
    loaded.scenario.file = id + ".scenario.json";
    loaded.effective_json = "{\"id\": \"" + id + "\"}";
    loaded.warnings = {{twin::Diagnostic::Severity::warning, loaded.scenario.file, "/x", "odd but allowed", 0, 0}};
    return twin::detail::Access::scenario(std::move(loaded));
}

}  // namespace fake
