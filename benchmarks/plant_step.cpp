// SPDX-License-Identifier: Apache-2.0
// The plant alone: a 16S LFP pack with board, AFE input stage and heat. One 1 ms control step at 20 A, one quiescent
// step of 1 s, and a hard short over 4 ms (200 us on, gates off, decay). Targets: 1.5 us per control step, 20 ms per
// short.
#include <benchmark/benchmark.h>

#include "cell/model_file.hpp"
#include "io/model.hpp"
#include "power/stepper.hpp"

using namespace twin;
using namespace twin::power;

namespace {

struct Nobody : StepListener {
    bool crossing(const PlantTime&, const PlantTime&, PlantTime*) override { return false; }
    void accepted(const PlantTime&, const PlantTime&) override { ++steps; }
    long steps = 0;
};

const cell::EcmModel& model() {
    static const cell::EcmModel m = cell::build(
        io::read_model<cell::EcmModelFile>(std::string(BMSTWIN_SOURCE_DIR) + "/models/cells/lfp-100ah.json").value);
    return m;
}

constexpr base::Time_ns k_start = 12'000'000'000;

/// After 12 s at 20 A, gates on, everything settled.
Plant<double> settled(Stepper& stepper) {
    PackSetup p;
    p.n_cells = 16;
    p.model = &model();
    for (int k = 0; k < 16; ++k) {
        p.cell_params.push_back(cell::make_params(model()));
        p.cell_init.push_back(cell::make_state<double>(model(), p.cell_params.back(), 0.97 - 0.003 * k, 25.0));
    }
    for (int k = 0; k <= 16; ++k) p.leads.push_back({k, 0.04});
    PlantSetup s;
    s.packs.push_back(p);
    ElementSetup e;
    e.id = "short";
    e.r_Ohm = 5e-3;
    e.l_H = 1e-6;
    s.elements.push_back(e);
    ElementSetup load;
    load.id = "load";
    load.kind = ElementKind::current_load;
    load.i_A = 20.0;
    load.v_V = 20.0;
    load.connected = true;
    s.elements.push_back(load);
    Plant<double> plant(s);
    plant.set_supply_draw(0, 1.25);
    plant.set_gate(0, Group::dsg, 12.0);
    plant.set_gate(0, Group::chg, 12.0);
    Nobody n;
    base::Time_ns stop = 0;
    stepper.advance(plant, 0, k_start, n, &stop);
    return plant;
}

void control_step_1ms(benchmark::State& state) {
    Stepper stepper;
    Plant<double> plant = settled(stepper);
    Nobody n;
    base::Time_ns t = k_start;
    for (auto _ : state) {
        (void)stepper.advance(plant, t, t + 1'000'000, n, &t);
    }
    state.counters["steps/ms"] = static_cast<double>(n.steps) / static_cast<double>(state.iterations());
}
BENCHMARK(control_step_1ms)->Unit(benchmark::kMicrosecond);

void sdirk_step_1ms(benchmark::State& state) {
    Stepper stepper;
    Plant<double> plant = settled(stepper);
    for (auto _ : state) {
        (void)plant.try_step(1e-3, Method::sdirk2);
        plant.commit();
    }
}
BENCHMARK(sdirk_step_1ms)->Unit(benchmark::kMicrosecond);

void quiescent_step_1s(benchmark::State& state) {
    Stepper stepper;
    Plant<double> start = settled(stepper);
    for (auto _ : state) {
        state.PauseTiming();
        Plant<double> plant(start);
        state.ResumeTiming();
        for (int k = 0; k < 1000; ++k) {
            (void)plant.try_step(1.0, Method::one_stage);
            plant.commit();
        }
    }
    state.counters["per_step"] = benchmark::Counter(1000.0 * static_cast<double>(state.iterations()),
                                                    benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}
BENCHMARK(quiescent_step_1s)->Unit(benchmark::kMicrosecond);

void hard_short_4ms(benchmark::State& state) {
    Stepper stepper;
    Plant<double> start = settled(stepper);
    Nobody n;
    for (auto _ : state) {
        state.PauseTiming();
        Plant<double> plant(start);
        Stepper s = stepper;
        base::Time_ns t = k_start;
        state.ResumeTiming();
        s.restart();
        plant.connect_element(0, true);
        (void)plant.resolve();
        (void)s.advance(plant, t, t + 200'000, n, &t);
        s.restart();
        plant.set_gate(0, Group::dsg, 0.0);
        plant.set_gate(0, Group::chg, 0.0);
        (void)plant.resolve();
        (void)s.advance(plant, t, k_start + 4'000'000, n, &t);
    }
    state.counters["steps"] = static_cast<double>(n.steps) / static_cast<double>(state.iterations());
}
BENCHMARK(hard_short_4ms)->Unit(benchmark::kMillisecond);

}  // namespace
