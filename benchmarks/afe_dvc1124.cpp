// SPDX-License-Identifier: Apache-2.0
// Cost of the front end: one segment with nothing to trip (1 ms and 1 s), the same near a level, the question after the
// next due instant with its witnesses, and a read of the block that the control core reads every cycle.
#include <benchmark/benchmark.h>

#include "afe/crc8.hpp"
#include "afe/dvc1124.hpp"

using namespace twin;

namespace {

struct Board {
    afe::Dvc1124 chip{afe::Dvc1124Params{}, {1, 2}};
    double pin_V[25] = {};
    afe::AnalogSegment g;

    explicit Board(double shunt_V) {
        for (int k = 1; k < 25; ++k) pin_V[k] = 3.3 * (k < 16 ? k : 16);
        afe::AnalogPoint p;
        p.vtop_V = 52.8;
        chip.observe(0, p);
        g.t1_ns = 6'000'000;
        const std::uint8_t settings[][2] = {{0x6E, 0x81}, {0x79, 0x60}, {0x6A, 0xFF}, {0x75, 0x7F},
                                            {0x59, 120},  {0x5A, 120},  {0x5B, 255},  {0x5C, 255},
                                            {0x62, 0x48}, {0x63, 25},   {0x5E, 0x57}, {0x5F, 0x57},
                                            {0x70, 0xC4}, {0x71, 0xE8}, {0x72, 0x9C}, {0x73, 0x48}};
        for (const auto& s : settings) write(s[0], s[1]);
        g.pin0_V = g.pin1_V = pin_V;
        g.vtop0_V = g.vtop1_V = 52.8;
        g.shunt0_V = g.shunt1_V = shunt_V;
    }
    void write(std::uint8_t address, std::uint8_t value) {
        chip.bus_start(g.t1_ns, 0x40);
        chip.bus_write(g.t1_ns, address);
        chip.bus_write(g.t1_ns, value);
        chip.bus_write(g.t1_ns, afe::crc8(afe::crc8(afe::crc8(0, 0x40), address), value));
        chip.bus_stop(g.t1_ns);
    }
    void advance(afe::Time_ns dt) {
        g.t0_ns = g.t1_ns;
        g.t1_ns += dt;
        chip.advance(g);
    }
};

void segment(benchmark::State& state) {
    Board b(state.range(1) * 1e-6);
    for (auto _ : state) b.advance(state.range(0));
    benchmark::DoNotOptimize(b.chip.state().scan_index);
}
BENCHMARK(segment)
    ->ArgNames({"ns", "shunt_uV"})
    ->Args({1'000'000, 10'000})
    ->Args({1'000'000'000, 10'000})
    ->Args({1'000'000, 29'990});

void due_and_witnesses(benchmark::State& state) {
    Board b(0.01);
    b.advance(1'000'000);
    for (auto _ : state) {
        benchmark::DoNotOptimize(b.chip.next_due());
        benchmark::DoNotOptimize(b.chip.witnesses().size());
    }
}
BENCHMARK(due_and_witnesses);

void read_block(benchmark::State& state) {  // 0x00..0x4C after every scan
    Board b(0.01);
    std::uint64_t sum = 0;
    for (auto _ : state) {
        b.advance(100'000'000);
        b.chip.bus_start(b.g.t1_ns, 0x40);
        b.chip.bus_write(b.g.t1_ns, 0x00);
        b.chip.bus_start(b.g.t1_ns, 0x41);
        for (int k = 0; k < 2 * 0x4D; ++k) sum += b.chip.bus_read(b.g.t1_ns);
        b.chip.bus_stop(b.g.t1_ns);
    }
    benchmark::DoNotOptimize(sum);
}
BENCHMARK(read_block);

}  // namespace
