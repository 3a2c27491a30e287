// SPDX-License-Identifier: Apache-2.0
// Verb `run`: whole scenarios, one or many, over worker threads.
#pragma once
#include <cstddef>
#include <functional>
#include <vector>

#include <twin/simulation.hpp>

namespace twin {

/// Where a campaign stands. Callbacks come one at a time, from whichever worker has news.
struct Progress {
    std::size_t runs_done = 0, runs_total = 0;
    std::size_t running = 0;              // index of the run that reports
    double fraction = 0;                  // simulated share of all runs, 0 .. 1
    const RunResult* finished = nullptr;  // set when `running` has just finished
};

struct BatchOptions {
    RunOptions run;
    int jobs = 1;            // worker threads, 1 .. 256; results do not depend on it
    int repeat = 1;          // run each scenario so often; a differing hash is RunStatus::internal
    bool fail_fast = false;  // start nothing new after the first run that did not pass
    /// Called now and then; returning false stops: running simulations end as RunStatus::cancelled.
    std::function<bool(const Progress&)> progress;
};

/// Runs one scenario from start to end.
RunResult run(const Scenario& scenario, const RunOptions& options = {});

/// Runs many; results in the order of the scenarios, those never started (fail_fast) left out. Every scenario is built
/// once before any runs; an InputError then lists the errors of all of them.
std::vector<RunResult> run(const std::vector<Scenario>& scenarios, const BatchOptions& options);

}  // namespace twin
