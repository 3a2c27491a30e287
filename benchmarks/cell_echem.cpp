// SPDX-License-Identifier: Apache-2.0
// Cost of the electrochemical cells, Chen2020: a discharge at 1C, the same with CCCV charge, and one step of 1 s with a
// new current each time (a controller in the loop). The discharge also tells its error against the committed reference
// of PyBaMM on a refined mesh. benchmarks/peers/time_pybamm.py puts the peer beside it.
#include <benchmark/benchmark.h>

#include <cmath>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "io/bpx.hpp"
#include "study/protocol.hpp"

namespace {

using namespace twin;

std::shared_ptr<const cell::EchemParams> chen() {
    const io::BpxResult r = io::read_bpx(std::string(BMSTWIN_SOURCE_DIR) + "/models/echem/chen2020.json");
    if (!r.ok()) throw std::runtime_error("models/echem/chen2020.json");
    return r.params;
}

/// rms over the reference's points, samples joined by straight lines.
double rms_mV(const study::ProtocolResult& run, const std::string& kind) {
    std::ifstream in(std::string(BMSTWIN_SOURCE_DIR) + "/tests/data/echem/pybamm_chen2020_" + kind + ".csv");
    std::string line, word;
    double sum = 0.0, n = 0.0;
    std::size_t k = 0;
    while (std::getline(in, line)) {
        std::stringstream cut(line);
        std::getline(cut, word, ',');
        if (word != "1C") continue;
        std::vector<double> row;
        while (std::getline(cut, word, ',')) row.push_back(std::stod(word));
        while (k + 2 < run.samples.size() && run.samples[k + 1].t_s < row[0]) ++k;
        const study::CellSample &a = run.samples[k], &b = run.samples[k + 1];
        const double off = a.v_V + (row[0] - a.t_s) / (b.t_s - a.t_s) * (b.v_V - a.v_V) - row[2];
        sum += off * off;
        n += 1.0;
    }
    return 1e3 * std::sqrt(sum / n);
}

void discharge_1c(benchmark::State& state, cell::EchemKind kind, const char* name) {
    auto c = study::make_echem_cell(chen(), kind, false);
    const auto steps = study::parse_protocol({"Discharge at 1C until 2.5 V"});
    study::ProtocolResult last;
    for (auto _ : state) {
        last = study::run_protocol(*c, steps, {});
        benchmark::DoNotOptimize(last.steps);
    }
    state.counters["steps"] = static_cast<double>(last.steps);
    state.counters["rms_mV"] = rms_mV(last, name);
}

void discharge_and_cccv(benchmark::State& state, cell::EchemKind kind) {
    auto c = study::make_echem_cell(chen(), kind, false);
    const auto steps =
        study::parse_protocol({"Discharge at 1C until 2.5 V", "Charge at 1C until 4.2 V", "Hold at 4.2 V until C/20"});
    std::uint64_t n = 0;
    for (auto _ : state) {
        n = study::run_protocol(*c, steps, {}).steps;
        benchmark::DoNotOptimize(n);
    }
    state.counters["steps"] = static_cast<double>(n);
}

void step_1s(benchmark::State& state, cell::EchemKind kind) {
    cell::Echem c(chen(), kind);
    c.reset(0.5, 298.15);
    double i_A = 5.0;
    for (auto _ : state) {
        benchmark::DoNotOptimize(c.trial(1.0, i_A, true).v_V);
        c.commit();
        i_A = -i_A * (i_A > 0.0 ? 0.9 : 1.0 / 0.9);  // in and out by turns
    }
}

using cell::EchemKind;
BENCHMARK_CAPTURE(discharge_1c, spm, EchemKind::spm, "spm")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(discharge_1c, spme, EchemKind::spme, "spme")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(discharge_1c, dfn, EchemKind::dfn, "dfn")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(discharge_and_cccv, spm, EchemKind::spm)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(step_1s, spm, EchemKind::spm)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(step_1s, spme, EchemKind::spme)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(step_1s, dfn, EchemKind::dfn)->Unit(benchmark::kMicrosecond);

}  // namespace
