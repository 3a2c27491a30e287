// SPDX-License-Identifier: Apache-2.0
// Whole runs: cells, network, MOSFETs, AFE input stage, heat, virtual AFE over its bus, control core, monitors and run
// hash, without recording. Targets: 2.5 us per 1 ms control step, a day at 10 000 x real time or faster, 20 ms for a
// hard short with the 4 ms around it.
#include <benchmark/benchmark.h>

#include <stdexcept>
#include <string>

#include "io/assemble.hpp"
#include "io/load.hpp"
#include "sim/simulation_impl.hpp"

using namespace twin;

namespace {

constexpr base::Time_ns k_s = 1'000'000'000;

scenario::Scenario of(io::LoadResult found) {
    if (found.scenarios.size() != 1)
        throw std::runtime_error(found.errors.empty() ? "no scenario" : found.errors.front().message);
    return std::move(found.scenarios.front().scenario);
}
scenario::Scenario shipped(const char* name) {
    return of(io::load_files({std::string(BMSTWIN_SOURCE_DIR) + "/scenarios/" + name + ".scenario.json"}, {}));
}
/// 16S LFP at 20 A, for ever.
scenario::Scenario driving() {
    return of(io::load_text(R"({"bmstwin": 1, "id": "driving", "title": "20 A", "duration_s": 200000,
        "pack": {"cells": "16S1P", "model": "lfp-100ah", "soc": 0.9, "temp_degC": 25,
                 "board": {"product": "R24TK1A-17S-100A"}},
        "load": {"cc_A": 20, "dropout_V": 20}, "expect": [{"verdict": "NORMAL"}]})",
                            "driving.scenario.json", {}));
}

/// The control regime: no step longer than 1 ms. An iteration is one cycle of the core (100 ms: two of its steps, a
/// block read over the bus, 1.6 scans of the AFE); us/step is the cost of one step with its share of all this.
void full_control_step_1ms(benchmark::State& state) {
    RunOptions o;
    o.record = false;
    sim::Simulation::Impl run(io::assemble(driving(), o));
    run.run_to(12 * k_s);
    run.stepper.limit(1e-3);
    base::Time_ns t = 13 * k_s;
    run.run_to(t);
    const auto before = run.plant.steps();
    for (auto _ : state) {
        t += 100'000'000;
        run.run_to(t);
    }
    const auto steps = static_cast<double>(run.plant.steps() - before);
    state.counters["us/step"] =
        benchmark::Counter(steps * 1e-6, benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
    state.counters["steps/cycle"] = steps / static_cast<double>(state.iterations());
}
BENCHMARK(full_control_step_1ms)->Unit(benchmark::kMicrosecond);

/// One cycle of the core (100 ms) at free step, current flowing: what a day consists of while the board is awake.
void awake_cycle_100ms(benchmark::State& state) {
    RunOptions o;
    o.record = false;
    sim::Simulation run(io::assemble(driving(), o));
    run.advance_to(12 * k_s);
    base::Time_ns t = run.now_ns();
    for (auto _ : state) {
        t += 100'000'000;
        run.advance_to(t);
        if (t > 12000 * k_s) state.SkipWithError("the pack is empty");
    }
    state.counters["x real time"] =
        benchmark::Counter(0.1 * static_cast<double>(state.iterations()), benchmark::Counter::kIsRate);
}
BENCHMARK(awake_cycle_100ms)->Unit(benchmark::kMicrosecond)->Iterations(50000);

void whole(benchmark::State& state, const char* name) {
    const scenario::Scenario s = shipped(name);
    double simulated_s = 0.0;
    for (auto _ : state) {
        RunOptions o;
        o.record = false;
        sim::Simulation run(io::assemble(s, o));
        run.advance_to(run.end_ns());
        simulated_s += base::to_s(run.end_ns());
    }
    state.counters["x real time"] = benchmark::Counter(simulated_s, benchmark::Counter::kIsRate);
}
BENCHMARK_CAPTURE(whole, day, "life/day")->Unit(benchmark::kSecond)->Iterations(1);

/// From 0.1 ms before the short to 3.9 ms after it, until the 4 ms are over.
void hard_short_4ms(benchmark::State& state, const char* name) {
    const scenario::Scenario s = shipped(name);
    RunOptions o;
    o.record = false;
    sim::Simulation ready(io::assemble(s, o));
    const base::Time_ns t0 = 3 * k_s - 100'000;
    ready.advance_to(t0);
    for (auto _ : state) {
        state.PauseTiming();
        const auto run = ready.fork();
        state.ResumeTiming();
        run->advance_to(t0 + 4'000'000);
        state.PauseTiming();
        benchmark::DoNotOptimize(run->now_ns());
        state.ResumeTiming();
    }
}
BENCHMARK_CAPTURE(hard_short_4ms, clamp, "short/short-hard-clamp")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(hard_short_4ms, bare, "short/short-hard-bare")->Unit(benchmark::kMillisecond);

}  // namespace
