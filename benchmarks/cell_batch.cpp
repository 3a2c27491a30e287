// SPDX-License-Identifier: Apache-2.0
// The cells alone, many at a time. `plant_cells_24`: 24 cells of a pack, one step of 1 ms as the plant takes it (mean
// EMF, commit with all energy lines, EMF at the end). `batch`: 10 000 independent cells, cell-steps per second at
// several steps. `monte_carlo_1h`: 10 000 runs of an hour at 1 s. `roof_*`: what this machine can do at most, on the
// same core: multiplications and additions that depend on nothing, and a sweep over the batch's memory. The batches'
// share of it is told beside their speed: operations of a step are counted by lanes that count.
// Targets: 0.26 us per step of 24 cells; 3e8 cell-steps per second; 0.3 s.
#include "counted_lanes.hpp"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "cell/ecm_batch.hpp"
#include "cell/model_file.hpp"
#include "io/model.hpp"

#include "cell/ecm_block_ops.hpp"

namespace twin::base {
inline Counted decay_mean(const Counted& x) { return cell::detail::decay_mean_lanes(x); }
}  // namespace twin::base

TWIN_BLOCK_OPS(k_ops_counted, "counted", twin::base::Counted, *k.model, k.c)

using namespace twin;

namespace {

std::shared_ptr<const cell::EcmModel> model(const char* id) {
    return std::make_shared<const cell::EcmModel>(cell::build(
        io::read_model<cell::EcmModelFile>(std::string(BMSTWIN_SOURCE_DIR) + "/models/cells/" + id + ".json").value));
}

std::vector<cell::BatchCell> spread(std::size_t n) {
    std::vector<cell::BatchCell> cells;
    for (std::size_t k = 0; k < n; ++k) {
        const double x = static_cast<double>(k % 1000) * 1e-3 - 0.5;
        cells.push_back({1.0 + 0.02 * x, 1.0 - 0.1 * x, 0.95 + 0.02 * x, 25.0 + 4.0 * x, 25.0});
    }
    return cells;
}

// ----------------------------------------------------------------------------------------------------------------
// roofs
/// Multiplications and additions without dependence, in the widest registers: operations per second on doubles.
using Zmm = double __attribute__((vector_size(64)));
[[gnu::noinline, gnu::target("avx512f")]] double arithmetic(std::int64_t n) {
    Zmm x[12];
    for (int k = 0; k < 12; ++k) x[k] = Zmm{} + 1.0 + 1e-9 * k;
    const Zmm f = Zmm{} + (1.0 - 1e-9), a = Zmm{} + 1e-9;
    for (std::int64_t q = 0; q < n; ++q) {
#pragma GCC unroll 12
        for (int k = 0; k < 12; ++k) {  // one of each
            if (k % 2 == 0)
                x[k] = x[k] * f;
            else
                x[k] = x[k] + a;
        }
    }
    double sum = 0.0;
    for (int k = 0; k < 12; ++k) sum += x[k][0];
    return sum;
}
void roof_arithmetic(benchmark::State& run) {
    if (__builtin_cpu_supports("avx512f") == 0) return run.SkipWithError("this machine has no such registers");
    std::int64_t n = 100'000;
    for (auto _ : run) {
        benchmark::DoNotOptimize(n);
        benchmark::DoNotOptimize(arithmetic(n));
    }
    run.counters["flop"] =
        benchmark::Counter(12.0 * 8.0 * 1e5 * static_cast<double>(run.iterations()), benchmark::Counter::kIsRate);
}
BENCHMARK(roof_arithmetic)->Unit(benchmark::kMicrosecond);

/// Reading and writing the memory of 10 000 cells.
void roof_memory(benchmark::State& run) {
    std::vector<double> x(1250 * sizeof(cell::CellBlock) / sizeof(double), 1.0);
    for (auto _ : run) {
        for (double& v : x) v = v * 0.999;
        benchmark::ClobberMemory();
    }
    run.counters["bytes"] = benchmark::Counter(
        2.0 * 8.0 * static_cast<double>(x.size()) * static_cast<double>(run.iterations()), benchmark::Counter::kIsRate);
}
BENCHMARK(roof_memory)->Unit(benchmark::kMicrosecond);

struct Watch {
    std::chrono::steady_clock::time_point start = std::chrono::steady_clock::now();
    double s() const { return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(); }
};
/// Seconds that f takes, the least of several.
template <class F>
double least_s(const F& f) {
    double best = 1e9;
    for (int k = 0; k < 20; ++k) {
        const Watch watch;
        f();
        best = std::min(best, watch.s());
    }
    return best;
}
/// Operations per second that nothing can exceed here, measured now; 0 without the registers.
double roof_flop() {
    if (__builtin_cpu_supports("avx512f") == 0) return 0.0;
    return 12.0 * 8.0 * 1e5 / least_s([] { benchmark::DoNotOptimize(arithmetic(100'000)); });
}
double roof_bytes(std::size_t n_cells) {
    std::vector<double> x(n_cells / 8 * sizeof(cell::CellBlock) / sizeof(double), 1.0);
    return 2.0 * 8.0 * static_cast<double>(x.size()) / least_s([&x] {
               for (double& v : x) v = v * 0.999;
               benchmark::ClobberMemory();
           });
}
/// What a cell's step in a batch is, operations as written.
double flop_per_step(double h_s) {
    cell::EcmBatch cells(model("lfp-100ah"), spread(800));
    cells.use(cell::detail::k_ops_counted);
    cells.extrema = false;
    const std::vector<double> i(1000, 50.0);
    const std::int64_t before = base::counted_flop;
    (void)cells.run(i, i.size(), h_s, 0);
    return static_cast<double>(base::counted_flop - before) / (800.0 * 1000.0);
}

const cell::BlockOps& ops_of(benchmark::State& run, std::int64_t width) {
    for (const cell::BlockOps* ops : cell::block_ops_all())
        if (static_cast<std::int64_t>(ops->width) == width) return *ops;
    run.SkipWithError("this machine has no such registers");
    return cell::block_ops();
}

/// Charging and discharging in turn, so that the state stays inside the tables however long it runs.
void plant_cells_24(benchmark::State& run, const char* id, double h_s) {
    const auto m = model(id);
    const cell::BlockOps& ops = ops_of(run, run.range(0));
    std::vector<cell::CellBlock> block(3, cell::CellBlock(*m));
    for (std::size_t k = 0; k < 24; ++k) {
        const auto p = cell::make_params(*m, 1.0 - 0.001 * static_cast<double>(k));
        cell::set_lane_of(block[k / 8].params, k % 8, p);
        cell::set_lane_of(block[k / 8].state, k % 8,
                          cell::make_state<double>(*m, p, 0.6012 + 0.01 * static_cast<double>(k), 25.0));
    }
    const cell::BlockStep step(*m, h_s);
    alignas(64) double i[24], dq[24], joule[24], emf[24], slope[24];
    cell::BlockEnergy sum{};
    std::int64_t n = 0;
    const auto period = static_cast<std::int64_t>(200.0 / h_s);
    for (auto _ : run) {
        const double now = (++n / period) % 2 == 0 ? 50.0 : -50.0;
        for (std::size_t k = 0; k < 24; ++k) {
            i[k] = now;
            dq[k] = now * h_s;
            joule[k] = 0.8 * h_s;
        }
        ops.mean_emf(step, block.data(), 3, i, emf, slope);
        benchmark::DoNotOptimize(emf);
        ops.commit(step, block.data(), 3, dq, joule, 25.0, &sum, emf);
        benchmark::DoNotOptimize(emf);
    }
    benchmark::DoNotOptimize(sum);
}
BENCHMARK_CAPTURE(plant_cells_24, lfp_1ms, "lfp-100ah", 1e-3)->ArgName("lanes")->Arg(2)->Arg(4)->Arg(8);
BENCHMARK_CAPTURE(plant_cells_24, nmc_1ms, "nmc-94ah", 1e-3)->ArgName("lanes")->Arg(2)->Arg(4)->Arg(8);
BENCHMARK_CAPTURE(plant_cells_24, lfp_1s, "lfp-100ah", 1.0)->ArgName("lanes")->Arg(2)->Arg(4)->Arg(8);

/// A thousand steps of 10 000 cells at C/2, there and back; lanes, step in ms.
void batch(benchmark::State& run) {
    cell::EcmBatch cells(model("lfp-100ah"), spread(10'000));
    cells.use(ops_of(run, run.range(0)));
    cells.extrema = false;
    std::vector<double> i(1000, 50.0);
    const Watch watch;
    for (auto _ : run) {
        (void)cells.run(i, i.size(), static_cast<double>(run.range(1)) * 1e-3, 0);
        for (double& x : i) x = -x;
    }
    const double took_s = watch.s();
    const double steps = 1e7 * static_cast<double>(run.iterations());
    run.counters["cell-steps"] = benchmark::Counter(steps, benchmark::Counter::kIsRate);
    const double roof = roof_flop(), flop = flop_per_step(static_cast<double>(run.range(1)) * 1e-3);
    run.counters["flop_per_step"] = flop;
    if (roof > 0.0) run.counters["share_of_roof_pct"] = 100.0 * flop * steps / took_s / roof;
}
BENCHMARK(batch)->ArgNames({"lanes", "ms"})->ArgsProduct({{2, 4, 8}, {10, 100, 1000}})->Unit(benchmark::kMillisecond);

/// One step of 10 000 cells at a time, from outside: state in and out of memory with every step.
void batch_stepped(benchmark::State& run) {
    cell::EcmBatch cells(model("lfp-100ah"), spread(10'000));
    cells.extrema = false;
    std::vector<double> i(1, 50.0);
    std::int64_t n = 0;
    const Watch watch;
    for (auto _ : run) {
        if (++n % 1000 == 0) i[0] = -i[0];
        cells.step(i, 1.0);
    }
    const double took_s = watch.s();
    const double steps = 1e4 * static_cast<double>(run.iterations());
    run.counters["cell-steps"] = benchmark::Counter(steps, benchmark::Counter::kIsRate);
    const double bytes = 2.0 * static_cast<double>(sizeof(cell::CellBlock)) / 8.0;  // read and written
    run.counters["share_of_memory_roof_pct"] = 100.0 * bytes * steps / took_s / roof_bytes(10'000);
}
BENCHMARK(batch_stepped)->Unit(benchmark::kMicrosecond);

/// 10 000 runs of an hour at 1 s with a load that changes every minute; ends and extremes kept.
void monte_carlo_1h(benchmark::State& run) {
    const auto m = model("lfp-100ah");
    const auto start = spread(10'000);
    std::vector<double> i;
    for (std::size_t k = 0; k < 3600; ++k) i.push_back(20.0 + 60.0 * static_cast<double>(k / 60 % 3));
    for (auto _ : run) {
        cell::EcmBatch cells(m, start);
        (void)cells.run(i, i.size(), 1.0, 0);
        benchmark::DoNotOptimize(cells.v_min_V(77));
    }
}
BENCHMARK(monte_carlo_1h)->Unit(benchmark::kMillisecond);

}  // namespace
