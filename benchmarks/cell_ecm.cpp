// SPDX-License-Identifier: Apache-2.0
// Cost of the cell model in the step loop: sixteen cells, one control step of 1 ms.
#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "cell/ecm.hpp"
#include "cell/model_file.hpp"
#include "io/model.hpp"

namespace {

using namespace twin;
constexpr std::size_t k_cells = 16;

struct Pack {
    cell::EcmModel model;
    std::vector<cell::EcmParams<double>> params;
    std::vector<cell::EcmState<double>> state;
    explicit Pack(const std::string& id)
        : model(cell::build(
              io::read_model<cell::EcmModelFile>(std::string(BMSTWIN_SOURCE_DIR) + "/models/cells/" + id + ".json")
                  .value)) {
        for (std::size_t k = 0; k < k_cells; ++k) {
            params.push_back(cell::make_params(model, 1.0 - 0.001 * static_cast<double>(k)));
            state.push_back(cell::make_state<double>(model, params[k], 0.6012 + 0.01 * static_cast<double>(k), 25.0));
        }
    }
};

void cell_mean_emf_16(benchmark::State& run, const char* id) {
    const Pack p(id);
    const cell::EcmCoeffs c = cell::coeffs(p.model, 1e-3);
    double i = 50.0;
    for (auto _ : run) {
        double sum = 0.0;
        for (std::size_t k = 0; k < k_cells; ++k) {
            const auto e = cell::mean_emf(p.model, p.params[k], p.state[k], c, i);
            sum += e.emf_V + e.demf_di_Ohm;
        }
        benchmark::DoNotOptimize(sum);
        i = 50.0 + 1e-12 * sum;
    }
}

/// Charging and discharging in turn, so that the state stays inside the tables however long it runs.
void cell_commit_16(benchmark::State& run, const char* id, double h_s) {
    Pack p(id);
    const cell::EcmCoeffs c = cell::coeffs(p.model, h_s);
    std::int64_t n = 0;
    const auto period = static_cast<std::int64_t>(200.0 / h_s);
    for (auto _ : run) {
        const double dq = (++n / period) % 2 == 0 ? 50.0 * h_s : -50.0 * h_s;
        double sum = 0.0;
        for (std::size_t k = 0; k < k_cells; ++k) {
            const auto e = cell::commit(p.model, p.params[k], p.state[k], c, dq, 0.8 * h_s, 25.0);
            sum += e.emf_work_J + e.ocv_work_J + e.rc_heat_J + e.rc_stored_J + e.hyst_heat_J + e.hyst_stored_J +
                   e.param_work_J + e.entropic_heat_J + e.env_heat_J + e.heat_stored_J;
        }
        benchmark::DoNotOptimize(sum);
    }
}

void cell_coeffs(benchmark::State& run) {
    const Pack p("lfp-100ah");
    double h = 1e-3;
    for (auto _ : run) {
        benchmark::DoNotOptimize(cell::coeffs(p.model, h));
        h = h < 1.0 ? h * 1.0000001 : 1e-3;
    }
}

BENCHMARK_CAPTURE(cell_mean_emf_16, lfp, "lfp-100ah");
BENCHMARK_CAPTURE(cell_mean_emf_16, nmc, "nmc-94ah");
BENCHMARK_CAPTURE(cell_commit_16, lfp_1ms, "lfp-100ah", 1e-3);
BENCHMARK_CAPTURE(cell_commit_16, nmc_1ms, "nmc-94ah", 1e-3);
BENCHMARK_CAPTURE(cell_commit_16, lfp_1s, "lfp-100ah", 1.0);
BENCHMARK(cell_coeffs);

}  // namespace
