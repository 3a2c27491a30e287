// Cost of one evaluation of a MOSFET group (five FETs, gate eliminated), scalar and eight lanes at once.
#include <benchmark/benchmark.h>

#include "power/mosfet.hpp"

using namespace twin;

namespace {

enum Case : int { conducting = 0, charging = 1, off_blocking = 2, body_diode = 3, switching = 4 };

struct Point {
    double v_gs, v_ds, v_drive, dh;
};
// Gate and drain voltages at the start, drive, d h of the stage. Control steps are 1 ms, the gate edge 2 ns.
const Point k_points[] = {{12, 0.058, 12, 0.2929e-3},
                          {12, -0.03, 12, 0.2929e-3},
                          {0, 52, 0, 0.2929e-3},
                          {0, -0.75, 0, 0.2929e-3},
                          {4.5, 20, 0, 0.5858e-9}};

template <class T>
void run(benchmark::State& state) {
    const Point& p = k_points[state.range(0)];
    const power::MosfetCoeff<T> c = power::mosfet_at(power::MosfetParams<T>{}, T(60.0));
    const power::MosfetCharge<T> q = power::mosfet_charge(c, T(p.v_gs), T(p.v_ds));
    T v = T(p.v_ds);
    for (auto _ : state) {
        benchmark::DoNotOptimize(v);
        const power::MosfetEval<T> e = power::mosfet_eval(c, q.qg_C, q.qd_C, T(p.dh), T(p.v_drive), v);
        benchmark::DoNotOptimize(e);
    }
    state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(base::LaneTraits<T>::k_lanes));
}

void coefficients(benchmark::State& state) {
    const power::MosfetParams<double> p;
    double tj = 60.0;
    for (auto _ : state) {
        benchmark::DoNotOptimize(tj);
        benchmark::DoNotOptimize(power::mosfet_at(p, tj));
    }
}

}  // namespace

BENCHMARK(run<double>)->ArgName("case")->DenseRange(0, 4);
BENCHMARK(run<base::Pack8>)->ArgName("case")->DenseRange(0, 4);
BENCHMARK(coefficients);
