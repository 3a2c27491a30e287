// SPDX-License-Identifier: Apache-2.0
// Blocks of eight cells and batches of many, on every kernel that this machine can run, against each cell alone: to the
// bit, inside segments, across knots, beyond the tables, with blocks that are not full.
#include <doctest/doctest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <string>
#include <vector>

#include "base/rng.hpp"
#include "cell/ecm_batch.hpp"
#include "load_cell.hpp"

using namespace twin;
using cell::BatchCell;
using cell::BlockOps;
using cell::EcmModel;
using State = cell::EcmState<double>;

namespace {

double draw(std::uint64_t k, double lo, double hi) {
    return lo + (hi - lo) * base::uniform({31, 0}, base::Stream::profile, k);
}
bool same(double a, double b) { return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b); }

EcmModel model_of(const std::string& name) {
    return name == "extended" ? cell::build(cell_test::extended_file()) : cell_test::load_model(name);
}

struct Cells {
    std::vector<cell::CellBlock> block;
    std::vector<cell::EcmParams<double>> params;
    std::vector<State> state;
    Cells(const EcmModel& m, std::size_t n) : block(cell::blocks_of(n), cell::CellBlock(m)) {
        for (std::size_t k = 0; k < n; ++k) {
            params.push_back(cell::make_params(m, draw(9 * k, 0.9, 1.1), draw(9 * k + 1, 0.8, 1.2)));
            const double soc = k % 5 == 4 ? draw(9 * k + 2, 0.985, 1.02) : draw(9 * k + 2, 0.05, 0.95);
            State s = cell::make_state<double>(m, params[k], soc, draw(9 * k + 3, -5.0, 40.0), draw(9 * k + 4, -1, 1),
                                               m.extras.used ? draw(9 * k + 5, -1, 1) : 0.0);
            s.u1_V = draw(9 * k + 6, -0.01, 0.01);
            state.push_back(s);
            cell::set_lane_of(block[k / 8].params, k % 8, params[k]);
            cell::set_lane_of(block[k / 8].state, k % 8, s);
        }
    }
};

}  // namespace

TEST_CASE("blocks of cells equal each cell alone to the bit, on every machine's kernels") {
    for (const char* name : {"lfp-100ah", "nmc-94ah", "extended"}) {
        const EcmModel m = model_of(name);
        for (const BlockOps* ops : cell::block_ops_all()) {
            for (const double h_s : {1e-6, 1e-3, 1.0, 60.0}) {
                CAPTURE(name);
                CAPTURE(ops->name);
                CAPTURE(h_s);
                constexpr std::size_t n = 13;
                Cells x(m, n);
                const cell::BlockStep k(m, h_s);
                cell::BlockEnergy sum{};
                double lines[7][8] = {};
                std::size_t bad = 0;
                for (std::uint64_t step = 0; step < 60; ++step) {
                    alignas(64) double i[16] = {}, emf[16], slope[16], dq[16] = {}, joule[16] = {};
                    for (std::size_t c = 0; c < n; ++c) {
                        i[c] = step % 9 == 8 ? 0.0 : draw(1000 * step + c, -120.0, 150.0);
                        dq[c] = i[c] * h_s;
                        joule[c] = 0.1 * h_s * static_cast<double>(c);
                    }
                    ops->mean_emf(k, x.block.data(), x.block.size(), i, emf, slope);
                    for (std::size_t c = 0; c < n; ++c) {
                        const auto one = cell::mean_emf<double>(m, x.params[c], x.state[c], k.c, i[c]);
                        bad += same(one.emf_V, emf[c]) && same(one.demf_di_Ohm, slope[c]) ? 0 : 1;
                    }
                    ops->commit(k, x.block.data(), x.block.size(), dq, joule, 21.0, &sum, emf);
                    for (std::size_t c = 0; c < n; ++c) {
                        State& s = x.state[c];
                        const auto e = cell::commit<double>(m, x.params[c], s, k.c, dq[c], joule[c], 21.0);
                        const State lane = cell::lane_of(x.block[c / 8].state, c % 8);
                        bad += std::memcmp(&lane, &s, sizeof s) == 0 ? 0 : 1;
                        bad += same(emf[c], cell::emf<double>(m, x.params[c], s, dq[c] * k.c.per_h_perS)) ? 0 : 1;
                        const double line[7] = {e.ocv_work_J,
                                                e.rc_heat_J,
                                                e.hyst_heat_J,
                                                e.side_heat_J,
                                                e.rc_stored_J,
                                                e.hyst_stored_J,
                                                dq[c] < 0 ? -dq[c] : dq[c]};
                        for (std::size_t q = 0; q < 7; ++q) lines[q][c % 8] += line[q];
                    }
                }
                for (std::size_t c = 0; c < 8; ++c) {
                    const double got[7] = {sum.ocv_work_J.v[c],  sum.rc_heat_J.v[c],   sum.hyst_heat_J.v[c],
                                           sum.side_heat_J.v[c], sum.rc_stored_J.v[c], sum.hyst_stored_J.v[c],
                                           sum.moved_C.v[c]};
                    for (std::size_t q = 0; q < 7; ++q)
                        bad += got[q] == doctest::Approx(lines[q][c]).epsilon(1e-13) ? 0 : 1;
                }
                CHECK(bad == 0);
            }
        }
    }
}

TEST_CASE("a batch equals each cell alone to the bit: every kernel, currents alike and own, records and extremes") {
    for (const char* name : {"lfp-100ah", "nmc-94ah", "extended"}) {
        const auto m = std::make_shared<const EcmModel>(model_of(name));
        std::vector<BatchCell> cells;
        for (std::size_t k = 0; k < 19; ++k) {  // three blocks: two together and one alone
            const double x = static_cast<double>(k);
            cells.push_back({1.0 - 0.004 * x, 1.0 + 0.02 * x, 0.99 - 0.05 * x, 25.0 - 2.0 * x, 20.0 + x});
        }
        for (const BlockOps* ops : cell::block_ops_all()) {
            for (const double h_s : {0.01, 1.0, 20.0}) {
                for (const bool own : {false, true}) {
                    CAPTURE(name);
                    CAPTURE(ops->name);
                    CAPTURE(h_s);
                    constexpr std::size_t steps = 400, every = 7;
                    cell::EcmBatch batch(m, cells);
                    batch.use(*ops);
                    std::vector<double> i(own ? steps * cells.size() : steps);
                    for (std::size_t k = 0; k < i.size(); ++k) {  // some steps at one current, then another
                        const std::size_t n = own ? k / cells.size() : k, c = own ? k % cells.size() : 0;
                        const double mean_A = (n + c) / 37 % 3 == 2 ? -70.0 : 60.0;
                        i[k] = mean_A * (h_s > 1.0 ? 0.3 : 1.0) + draw(100 * (n / (1 + c % 3)) + c, -5.0, 5.0);
                    }
                    const auto rec = batch.run(i, steps, h_s, every);
                    REQUIRE(rec.rows == steps / every);
                    const cell::EcmCoeffs c = cell::coeffs(*m, h_s);
                    std::size_t bad = 0;
                    for (std::size_t k = 0; k < cells.size(); ++k) {
                        const auto p = cell::make_params(*m, cells[k].capacity_scale, cells[k].r_scale);
                        State s = cell::make_state<double>(*m, p, cells[k].soc, cells[k].temp_degC);
                        double v = 0.0, least = 1e9;
                        bool gone = false;  // beyond -5 .. 105 %, by what is looked at again
                        for (std::size_t n = 0; n < steps; ++n) {
                            const double x = own ? i[n * cells.size() + k] : i[n];
                            cell::commit<double>(*m, p, s, c, x * h_s, s.r0_Ohm * x * x * h_s, cells[k].ambient_degC);
                            v = cell::emf<double>(*m, p, s, x) - s.r0_Ohm * x;
                            gone = gone || s.soc < -0.05 - 4e-5 || s.soc >= 1.05 + 4e-5;
                            least = v < least && !gone ? v : least;
                            if ((n + 1) % every != 0) continue;
                            const std::size_t at = ((n + 1) / every - 1) * cells.size() + k;
                            if (gone) {
                                bad += std::isnan(rec.v_V[at]) && std::isnan(rec.soc[at]) ? 0 : 1;
                                continue;
                            }
                            bad += same(rec.v_V[at], v) && same(rec.soc[at], s.soc) ? 0 : 1;
                            bad += same(rec.temp_degC[at], s.t_surf_degC) ? 0 : 1;
                        }
                        const State got = batch.state(k);
                        bad += std::memcmp(&got, &s, sizeof s) == 0 ? 0 : 1;
                        bad += same(batch.v_V(k), v) && same(batch.v_min_V(k), least) ? 0 : 1;
                        bad += batch.stopped(k) == gone ? 0 : 1;
                    }
                    CHECK(bad == 0);
                }
            }
        }
    }
}

TEST_CASE("a batch stepped one by one goes where a run goes; bad input is refused") {
    const auto m = std::make_shared<const EcmModel>(model_of("lfp-100ah"));
    const std::vector<BatchCell> cells(9, BatchCell{1.0, 1.0, 0.8, 25.0, 25.0});
    cell::EcmBatch a(m, cells), b(m, cells);
    const std::vector<double> i(50, 33.0);
    (void)a.run(i, 50, 2.0, 0);
    for (int k = 0; k < 50; ++k) b.step(std::vector<double>{33.0}, 2.0);
    const State x = a.state(8), y = b.state(8);
    CHECK(std::memcmp(&x, &y, sizeof x) == 0);
    CHECK_THROWS_AS(b.step(std::vector<double>{1.0, 2.0}, 1.0), std::invalid_argument);
    CHECK_THROWS_AS(b.step(std::vector<double>{1.0}, 0.0), std::invalid_argument);
    CHECK_THROWS_AS(b.step(std::vector<double>{__builtin_nan("")}, 1.0), std::invalid_argument);
    CHECK_THROWS_AS(cell::EcmBatch(m, std::vector<BatchCell>{{0.0, 1.0, 0.5, 25.0, 25.0}}), std::invalid_argument);
    CHECK_THROWS_AS(cell::EcmBatch(m, std::vector<BatchCell>{{1.0, 1.0, __builtin_nan(""), 25.0, 25.0}}),
                    std::invalid_argument);
}

TEST_CASE("a batch marks the cells that leave their range, and when: every kernel, runs in parts") {
    struct Reference {
        unsigned what = 0;
        double since_s = HUGE_VAL, stopped_s = HUGE_VAL, v_min_V = HUGE_VAL;
    };
    for (const char* name : {"lfp-314ah", "nca-ncr18650pf"}) {  // both forms of the kernel
        const auto m = std::make_shared<const EcmModel>(model_of(name));
        const double one_C_A = m->capacity_C / 3600.0, h_s = 2.0;
        std::vector<BatchCell> cells;
        for (std::size_t k = 0; k < 19; ++k) {
            const double x = static_cast<double>(k);
            cells.push_back({1.0, 1.0, 0.9 - 0.045 * x, 20.0 + (k % 5 == 4 ? -45.0 : 0.0), 20.0 + 2.0 * x});
        }
        constexpr std::size_t steps = 1500;
        std::vector<double> i(steps, 0.45 * one_C_A);
        for (std::size_t k = 900; k < steps; ++k) i[k] = -1.0 * one_C_A;
        i[1400] = 1.01 * m->valid.i_max_A;
        std::vector<Reference> want(cells.size());
        const cell::EcmCoeffs c = cell::coeffs(*m, h_s);
        for (std::size_t k = 0; k < cells.size(); ++k) {
            const auto p = cell::make_params(*m);
            State s = cell::make_state<double>(*m, p, cells[k].soc, cells[k].temp_degC);
            const auto look = [&](std::size_t step, double i_A) {
                const cell::ValidRange& v = m->valid;
                unsigned now = (s.soc < v.soc_min - 1e-4 ? cell::k_soc_low : 0U) |
                               (s.soc > v.soc_max + 1e-4 ? cell::k_soc_high : 0U) |
                               (s.t_core_degC < v.t_min_degC - 1e-3 ? cell::k_cold : 0U) |
                               (s.t_core_degC > v.t_max_degC + 1e-3 ? cell::k_hot : 0U) |
                               (std::abs(i_A) > v.i_max_A ? cell::k_current : 0U);
                if (s.soc < -0.05 || s.soc > 1.05) now |= cell::k_stopped;
                const double t_s = static_cast<double>(step) * h_s;
                if (now != 0 && want[k].what == 0) want[k].since_s = t_s;
                if ((now & ~want[k].what & cell::k_stopped) != 0) want[k].stopped_s = t_s;
                want[k].what |= now;
            };
            look(0, 0.0);
            for (std::size_t n = 0; n < steps; ++n) {
                cell::commit<double>(*m, p, s, c, i[n] * h_s, s.r0_Ohm * i[n] * i[n] * h_s, cells[k].ambient_degC);
                look(n + 1, i[n]);
                const double v_V = cell::emf<double>(*m, p, s, i[n]) - s.r0_Ohm * i[n];
                if ((want[k].what & cell::k_stopped) == 0 && v_V < want[k].v_min_V) want[k].v_min_V = v_V;
            }
        }
        std::size_t marked = 0, stopped = 0;
        for (const BlockOps* ops : cell::block_ops_all()) {
            for (const std::size_t part : {steps, std::size_t{125}, std::size_t{1}}) {
                cell::EcmBatch batch(m, cells);
                batch.use(*ops);
                for (std::size_t n = 0; n < steps; n += part) (void)batch.run({i.data() + n, part}, part, h_s, 0);
                for (std::size_t k = 0; k < cells.size(); ++k) {
                    CAPTURE(k);
                    CHECK(unsigned{batch.out_of(k)} == want[k].what);
                    // temperatures are looked at after 1/128 K, charge after 1/32768
                    const double late_s = batch.out_since_s(k) - want[k].since_s;
                    CHECK((batch.out_since_s(k) == want[k].since_s || (late_s >= 0.0 && late_s <= 10.0 * h_s)));
                    CHECK(batch.stopped_at_s(k) == want[k].stopped_s);
                    marked += want[k].what != 0 ? 1U : 0U;
                    stopped += batch.stopped(k) ? 1U : 0U;
                    CHECK(batch.v_min_V(k) == want[k].v_min_V);
                }
            }
        }
        CHECK(marked > 0);
        CHECK(stopped > 0);
    }
}
