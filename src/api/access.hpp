// SPDX-License-Identifier: Apache-2.0
// What is behind the public classes. Tests build them on a fake run through Access.
#pragma once
#include <functional>
#include <memory>
#include <utility>

#include <twin/run.hpp>
#include <twin/scenario.hpp>
#include <twin/simulation.hpp>
#include "io/load.hpp"
#include "sim/run_api.hpp"

namespace twin::detail {

struct ScenarioData {
    io::LoadedScenario loaded;
};

struct SimulationData {
    Scenario scenario;  // kept: finish() takes the effective scenario from it
    std::unique_ptr<sim::IRun> run;
    double wall_time_s = 0;  // spent in the simulator so far
    bool finished = false;
};

struct Access {
    static Scenario scenario(io::LoadedScenario loaded) {
        return Scenario(std::make_shared<const ScenarioData>(ScenarioData{std::move(loaded)}));
    }
    static const ScenarioData& data(const Scenario& s) { return *s.data_; }
    static Simulation simulation(std::unique_ptr<SimulationData> data) { return Simulation(std::move(data)); }
};

/// Makes the run of a scenario: sim::make_run, or a test's fake.
using MakeRun = std::function<std::unique_ptr<sim::IRun>(const scenario::Scenario&, const RunOptions&)>;

/// Makes a run; a setup that cannot be built (RunError) is bad input of the scenario's file like any other.
std::unique_ptr<sim::IRun> build(const MakeRun& make, const Scenario& scenario, const RunOptions& options);

/// Told the simulated share of the run; false cancels it.
using OnFraction = std::function<bool(double)>;

/// One scenario from start to end, `repeat` times; exceptions of the simulator other than InputError become
/// RunStatus::internal, a differing hash too.
RunResult run_one(const MakeRun& make, const Scenario& scenario, const RunOptions& options, int repeat,
                  const OnFraction& on_fraction);

/// Many scenarios over options.jobs threads; see twin::run.
std::vector<RunResult> run_many(const MakeRun& make, const std::vector<Scenario>& scenarios,
                                const BatchOptions& options);

/// Builds every scenario once and drops it; all errors found, with the scenario's file filled in.
std::vector<Diagnostic> build_errors(const MakeRun& make, const std::vector<Scenario>& scenarios,
                                     const RunOptions& options);

/// Throws InputError unless step_scale, jobs and repeat are in their ranges.
void check_options(const RunOptions& options);
void check_options(const BatchOptions& options);

}  // namespace twin::detail
