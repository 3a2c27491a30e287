// SPDX-License-Identifier: Apache-2.0
// Conformance: converters, their timing, lazy against eager, noise, timed self-clears.
#include <doctest/doctest.h>

#include <cmath>
#include <random>

#include "afe/dvc1124_regs.hpp"
#include "bench.hpp"

using namespace bench;
using namespace twin::afe::dvc;

TEST_CASE("quantisation of every measurement at its LSB") {
    Quiet p;
    Inputs in = Inputs::cells(0.0, 24);
    for (int n = 1; n <= 24; ++n) in.set_cell(n, 3.0 + 0.012345 * n);
    in.shunt_V = 0.0123456;
    in.die_degC = 47.3;
    for (int k = 0; k < 6; ++k) in.gp_V[k] = 0.1234567 * (k + 1);
    Bench b(p, in);
    b.write(0x74, {(1 << 6) | (2 << 3) | 1, (1 << 6) | (1 << 3) | 2});
    b.write1(0x62, 0);
    b.run(1 * s);
    for (int n = 1; n <= 24; ++n) CHECK(std::abs(b.cell(n) * 1e-4 - (3.0 + 0.012345 * n)) <= 0.51e-4);
    CHECK(std::abs(b.word(0x07) * 12.8e-3 - in.vtop_V) <= 6.5e-3);
    CHECK(b.word(0x09) == 0);  // PACK and LOAD are tied to VSS
    CHECK(b.word(0x0B) == 0);
    CHECK((b.chip.peek(0x01) & 0x80) == 0);
    CHECK(std::abs(b.word(0x0D) * 0.24467 - 271.03 - 47.3) <= 0.1224);
    CHECK(b.word(0x0F) == 18000);
    for (int k = 0; k < 6; ++k)
        CHECK(std::abs(b.word(static_cast<std::uint8_t>(0x11 + 2 * k)) * 1e-4 - in.gp_V[k]) <= 0.51e-4);
    CHECK(std::abs(b.signed_word(0x02) * 5e-6 - 0.0123456) <= 2.51e-6);
    const int cc2 =
        ((static_cast<std::int8_t>(b.chip.peek(0x04)) * 256 + b.chip.peek(0x05)) * 16) | (b.chip.peek(0x06) >> 4);
    CHECK(std::abs(cc2 * 0.3125e-6 - 0.0123456) <= 0.157e-6);
    b.jump_shunt(-0.0123456);
    b.run(1 * s);
    CHECK(std::abs(b.signed_word(0x02) * 5e-6 + 0.0123456) <= 2.51e-6);
    const int neg =
        ((static_cast<std::int8_t>(b.chip.peek(0x04)) * 256 + b.chip.peek(0x05)) * 16) | (b.chip.peek(0x06) >> 4);
    CHECK(std::abs(neg * 0.3125e-6 + 0.0123456) <= 0.157e-6);
    b.jump_shunt(0.5);
    b.run(1 * s);
    CHECK(b.signed_word(0x02) == 32767);
    b.jump_shunt(-0.5);
    b.run(1 * s);
    CHECK(b.signed_word(0x02) == -32768);
}

TEST_CASE("CVS: 100 uV clipped at 0, or 200 uV signed; the register keeps its old scale until the next scan") {
    Inputs in = Inputs::cells(3.3);
    in.set_cell(6, -1.2346);
    Bench b(Quiet(), in);
    b.write1(0x6E, 0x81);
    b.run(100 * ms);
    CHECK(b.cell(5) == 33000);
    CHECK(b.cell(6) == 0);
    b.write1(0x6D, 0x29);
    CHECK(b.cell(5) == 33000);
    b.run(62 * ms);
    CHECK(b.cell(5) == 16500);
    CHECK(b.signed_word(static_cast<std::uint8_t>(0x1D + 10)) == -6173);
    b.x.set_cell(5, 7.0);
    b.jump(b.x);
    b.write1(0x6D, 0x28);
    b.run(62 * ms);
    CHECK(b.cell(5) == 65535);
}

TEST_CASE("scan time by VAO: 34.5, 61.4, 115, 223 ms; slots skipped by PKM..V1P8M shorten it, masked cells don't") {
    const double want_ms[4] = {34.476, 61.44, 115.08, 222.72};
    for (int vao = 0; vao < 4; ++vao) {
        for (const bool skip : {false, true}) {
            Bench b;
            b.write(0x6A, {0xFF, 0xFF, static_cast<std::uint8_t>(0xF0 | (skip ? 0x0F : 0))});
            b.write1(0x6E, 0x80 | vao);
            b.run(300 * ms);
            b.reg(0x01);
            b.until([&] { return (b.chip.peek(0x01) & s_vadf) != 0; }, 10 * us, 1 * s);
            b.reg(0x01);
            int scans = 0;
            const Time_ns start = b.now;
            while (scans < 10) {
                b.until([&] { return (b.chip.peek(0x01) & s_vadf) != 0; }, 10 * us, 1 * s);
                b.reg(0x01);
                ++scans;
            }
            const double slots = skip ? 4.0 * (want_ms[vao] - 6.0) / 36.0 : 0.0;
            CHECK(static_cast<double>(b.now - start) * 1e-7 == doctest::Approx(want_ms[vao] - slots).epsilon(0.0002));
            if (!skip) CHECK(b.chip.applied().scan_s == doctest::Approx(want_ms[vao] * 1e-3));
        }
    }
}

TEST_CASE("VASM: scans start with every 1st, 2nd, 4th, 8th CC2") {
    for (int vamp = 0; vamp < 4; ++vamp) {
        Bench b;
        b.write1(0x6E, 0xC0 | (vamp << 4) | 1);
        const Time_ns period = 256 * ms << vamp;
        b.until([&] { return (b.chip.peek(0x01) & s_vadf) != 0; }, 10 * us, 10 * s);
        b.reg(0x01);
        const Time_ns first = b.now;
        CHECK(std::abs(static_cast<double>((first - b.chip.state().cc2_t0_ns - 61440 * us) % (256 * ms))) <= 10e3);
        b.until([&] { return (b.chip.peek(0x01) & s_vadf) != 0; }, 10 * us, 10 * s);
        CHECK(std::abs(static_cast<double>(b.now - first - period)) <= 10e3);
    }
}

TEST_CASE("CC1 and CC2 are means over their window: a pulse train and a ramp against the exact integral") {
    Bench b;
    b.write1(0x62, 0);
    const Time_ns ready = b.chip.state().cc2_t0_ns;
    b.run(ready + 256 * ms - b.now);
    // one CC2 window: 100 pulses of 1 ms at 50 mV with linear edges of 0.1 ms inside 2.56 ms
    double integral = 0.0;
    for (int k = 0; k < 100; ++k) {
        Inputs up = b.x;
        up.shunt_V = 0.05;
        b.ramp(100 * us, up);
        b.ramp(1 * ms, up);
        up.shunt_V = 0.0;
        b.ramp(100 * us, up);
        b.ramp(1360 * us, up);
        integral += 0.05 * 1.1e-3;
    }
    CHECK(b.chip.state().cc2_mean_V == doctest::Approx(integral / 0.256).epsilon(1e-12));
    // CC1, 4 ms: a ramp of 1 V/s sampled over [t, t + 4 ms] is its middle
    Inputs to = b.x;
    to.shunt_V = 0.1;
    const Time_ns start = b.now;
    b.ramp(100 * ms, to);
    const Time_ns end = b.chip.state().cc1_t0_ns;
    CHECK(b.chip.state().cc1_mean_V == doctest::Approx(static_cast<double>(end - 2 * ms - start) * 1e-9).epsilon(1e-9));
}

TEST_CASE("CC1 period by C1OW, and C1OS in sleep") {
    const Time_ns work[4] = {500 * us, 1 * ms, 2 * ms, 4 * ms};
    for (int code = 0; code < 4; ++code) {
        Bench b;
        b.write1(0x56, 0xF0 | (code << 2) | 3);
        b.reg(0x01);
        int n = 0;
        for (int k = 0; k < 800; ++k) {
            b.run(50 * us);
            if ((b.reg(0x01) & s_cc1f) != 0) ++n;
        }
        CHECK(n == 40 * ms / work[code]);
        b.write1(0x56, 0xF0 | code);
        b.write1(0x01, 0x0E);
        CHECK(b.chip.state().cc1_period_ns == (4 * ms << code));
    }
}

namespace {

/// A restless board: random currents, cell voltages near their limits, reads and writes at random instants.
struct Restless {
    Bench b;
    std::mt19937_64 r;
    std::vector<std::uint8_t> seen;
    Restless(bool eager, std::uint64_t seed, bool busy) : b(afe::Dvc1124Params(), Inputs::cells(3.3), seed), r(seed) {
        b.chip.set_eager(eager);
        b.gates_on();
        b.write1(0x79, 0xFF);
        if (!busy) return;
        b.write(0x59, {60, 60, 3, 3});
        b.write1(0x66, 5);
        b.write1(0x53, 0x58);
        b.write1(0x54, 0xF8);
        b.write(0x6A, {0xFF, 0x00, 0x00});
        b.write(0x70, {3150 >> 4, (3150 & 15) << 4, 2500 >> 4, (2500 & 15) << 4});
    }
    double uniform(double lo, double hi) {
        return lo + (hi - lo) * static_cast<double>(r() >> 11) / 9007199254740992.0;
    }
    void step(bool busy) {
        const std::uint64_t what = r() % 100;
        Inputs to = b.x;
        if (what < 50) {
            to.shunt_V = busy && r() % 4 == 0 ? uniform(-0.03, 0.03) : uniform(-0.0003, 0.0003);
            const int n = 1 + static_cast<int>(r() % 16);
            to.set_cell(n, r() % 3 == 0 ? uniform(3.647, 3.653) : uniform(3.2, 3.4));
            b.ramp(1 + static_cast<Time_ns>(std::exp(uniform(0.0, 20.7))), to);  // 1 ns .. 1 s
        } else if (what < 60) {
            to.shunt_V = uniform(-0.02, 0.02);
            b.jump(to);
        } else if (what < 90) {
            std::vector<std::uint8_t> out;
            b.read(static_cast<std::uint8_t>(r() % 0x50), 1 + r() % 60, out);
            seen.insert(seen.end(), out.begin(), out.end());
        } else if (busy) {
            const int pick = static_cast<int>(r() % 7);
            if (pick == 0) b.write1(0x00, 0x00);
            if (pick == 1) b.write1(0x51, static_cast<int>(r() & 0x0F));
            if (pick == 2) b.write1(0x6E, static_cast<int>(0x80 | (r() & 0x73)));
            if (pick == 3) b.write1(0x56, static_cast<int>(0xF0 | (r() & 15)));
            if (pick == 4) b.write1(0x6D, static_cast<int>(0x28 | (r() & 1)));
            if (pick == 5) b.write1(0x55, static_cast<int>(0x2C | (r() & 1)));
            if (pick == 6) b.write1(0x01, 0x0E);
        }
    }
};

}  // namespace

TEST_CASE("lazy and eager conversion give equal bytes, latches, gates and hash at every instant") {
    for (const bool busy : {false, true}) {
        std::uint64_t trips = 0;
        for (std::uint64_t seed = 1; seed <= 6; ++seed) {
            Restless lazy(false, seed, busy);
            Restless eager(true, seed, busy);
            for (int k = 0; k < 400; ++k) {
                lazy.step(busy);
                eager.step(busy);
                REQUIRE(lazy.b.now == eager.b.now);
                REQUIRE(lazy.seen == eager.seen);
                REQUIRE(lazy.b.hash() == eager.b.hash());
                REQUIRE(lazy.b.stops == eager.b.stops);
                trips += lazy.b.chip.peek(0) != 0;
            }
            CHECK(lazy.seen.size() > 1000);
        }
        if (busy) CHECK(trips > 20);
    }
}

TEST_CASE(
    "noise alone decides alike, lazy or eager: a wake threshold 2 sigma above the current, an OCD1 level 3 sigma above "
    "it") {
    for (std::uint64_t seed = 1; seed <= 4; ++seed) {
        Bench lazy(afe::Dvc1124Params(), Inputs::cells(3.3), seed),
            eager(afe::Dvc1124Params(), Inputs::cells(3.3), seed);
        eager.chip.set_eager(true);
        for (Bench* b : {&lazy, &eager}) {
            b->gates_on();
            b->write1(0x65, 20);  // 200 uV
            b->write1(0x56, 0xFC);
            b->write1(0x01, 0x0E);
            b->jump_shunt(190e-6);
            b->until([&] { return b->chip.mode() == afe::Mode::work; }, 10 * ms, 100 * s);
            CHECK(b->chip.mode() == afe::Mode::work);
            b->run(1 * s);
            b->write(0x59, {4, 0, 0, 0});  // 1 mV, 8 ms: needs three conversions in a row
            b->jump_shunt(1e-3 - 5e-6);
            b->until([&] { return b->chip.peek(0) != 0; }, 10 * ms, 100 * s);
            CHECK(b->chip.peek(0) == f_ocd1);
        }
        CHECK(lazy.now == eager.now);
        CHECK(lazy.hash() == eager.hash());
    }
}

TEST_CASE("a destroyed pin under CUV: lazy and eager agree on the instant") {
    Bench lazy, eager;
    eager.chip.set_eager(true);
    for (Bench* b : {&lazy, &eager}) {
        b->gates_on();
        b->write1(0x6E, 0x81);
        b->write(0x6A, {0xFF, 0x00, 0x00});
        b->write(0x72, {2500 >> 4, ((2500 & 15) << 4) | 8});  // 1 s
        b->run(100 * ms);
        b->x.clamp_A[9] = 30e-3;
        b->jump(b->x);
        const Time_ns start = b->now;
        b->run(3 * s);
        CHECK(b->chip.peek(0) == f_cuv);
        CHECK(b->chip.state().cuv_since_ns > start);
        CHECK(b->chip.state().cuv_since_ns <= start + 64 * ms);
    }
    CHECK(lazy.hash() == eager.hash());
}

TEST_CASE("a segment cut anywhere gives the same means up to rounding, and the same decisions") {
    Restless whole(false, 9, true);
    Restless cut(false, 9, true);
    for (int k = 0; k < 60; ++k) {
        Inputs to = whole.b.x;
        to.shunt_V = whole.uniform(-0.002, 0.002);
        const Time_ns dt = 1000 + static_cast<Time_ns>(whole.r() % (300 * ms));
        whole.b.ramp(dt, to);
        const Inputs from = cut.b.x;
        const Time_ns t0 = cut.b.now;
        for (int n = 1; n <= 7; ++n) {
            Inputs mid = from;
            mid.shunt_V =
                from.shunt_V + (to.shunt_V - from.shunt_V) * static_cast<double>(dt * n / 7) / static_cast<double>(dt);
            cut.b.ramp(t0 + dt * n / 7 - cut.b.now, mid);
        }
        CHECK(cut.b.now == whole.b.now);
        CHECK(cut.b.chip.state().cc1_mean_V == doctest::Approx(whole.b.chip.state().cc1_mean_V).epsilon(1e-9));
        CHECK(cut.b.chip.state().cc2_mean_V == doctest::Approx(whole.b.chip.state().cc2_mean_V).epsilon(1e-9));
        CHECK(cut.b.chip.state().cc1_index == whole.b.chip.state().cc1_index);
        CHECK(cut.b.chip.state().scan_index == whole.b.chip.state().scan_index);
        CHECK(cut.b.chip.peek(0) == whole.b.chip.peek(0));
    }
}

TEST_CASE(
    "noise: its size and mean, new with every sample, equal for equal keys, different between cells, packs and seeds") {
    afe::Dvc1124Params p;
    Bench b(p), twin(p), other(p, Inputs::cells(3.3), 2);
    b.write1(0x6E, 0x80);
    twin.write1(0x6E, 0x80);
    other.write1(0x6E, 0x80);
    double sum[2] = {}, square[2] = {}, cross = 0.0, lag = 0.0, before = 0.0, cc_square = 0.0;
    int differs = 0;
    const int n = 4000;
    for (int k = 0; k < n; ++k) {
        b.run(34476 * us);
        twin.run(34476 * us);
        other.run(34476 * us);
        REQUIRE(b.cell(3) == twin.cell(3));
        differs += b.cell(3) != other.cell(3);
        double e[2];
        for (int c = 0; c < 2; ++c) {
            e[c] = b.cell(3 + c) - 33000.0;
            sum[c] += e[c];
            square[c] += e[c] * e[c];
        }
        cross += e[0] * e[1];
        lag += e[0] * before;
        before = e[0];
        const double cc = b.signed_word(0x02);
        cc_square += cc * cc;
    }
    for (int c = 0; c < 2; ++c) {
        CHECK(std::abs(sum[c] / n) < 4.0 * 3.0 / std::sqrt(n));
        CHECK(std::sqrt(square[c] / n) ==
              doctest::Approx(std::sqrt(9.0 + 1.0 / 12.0)).epsilon(0.05));  // 0.3 mV plus rounding
    }
    CHECK(std::abs(cross / n) < 4.0 * 9.0 / std::sqrt(n));
    CHECK(std::abs(lag / n) < 4.0 * 9.0 / std::sqrt(n));
    CHECK(differs > n / 2);
    CHECK(std::sqrt(cc_square / n) == doctest::Approx(std::sqrt(1.0 + 1.0 / 12.0)).epsilon(0.06));
}

TEST_CASE("errors of a specimen: gain and offset reach the registers; a spread of offsets has its standard deviation") {
    Quiet p;
    p.tolerance = afe::Tolerance::sampled;
    p.stack_tol_V = 0.5;
    Bench b(p, Inputs::cells(3.3), 5);
    b.run(600 * ms);
    bool moved = false;
    for (int n = 1; n <= 16; ++n) {
        const double want = 3.3 * (1.0 + b.chip.trim().cell_gain[n - 1]) + b.chip.trim().cell_offset_V[n - 1];
        CHECK(std::abs(b.cell(n) * 1e-4 - want) <= 0.51e-4);
        CHECK(std::abs(want - 3.3) <= 1e-3 + 3.3e-3);
        moved = moved || b.cell(n) != 33000;
    }
    CHECK(moved);
    Quiet q;
    q.cell_offset_sd_V = 2.5e-3;
    double square = 0.0;
    for (std::uint64_t seed = 0; seed < 50; ++seed) {
        const afe::Dvc1124Trim t = afe::make_trim(q, {seed, 7});
        for (const double o : t.cell_offset_V) square += o * o;
        CHECK(t.cell_offset_V[0] != t.cell_offset_V[1]);
    }
    CHECK(std::sqrt(square / (50 * 24)) == doctest::Approx(2.5e-3).epsilon(0.06));
}

TEST_CASE("CAMZ: 256 ms, self-clears, and takes the offset out of CC1 and CC2 to half an LSB of CVOS") {
    Quiet p;
    p.tolerance = afe::Tolerance::worst;
    p.cc_gain_tol = 0.0;
    Bench b(p);
    b.run(1 * s);
    CHECK(b.signed_word(0x02) == -10);  // -50 uV
    b.write1(0x55, 0x2D);
    CHECK((b.chip.peek(0x55) & 1) == 1);
    b.run(256 * ms - 1);
    CHECK((b.chip.peek(0x55) & 1) == 1);
    b.run(1);
    CHECK((b.chip.peek(0x55) & 1) == 0);
    CHECK(b.signed_word(0x4F) == -10);
    b.run(1 * s);
    CHECK(b.signed_word(0x02) == 0);
}

TEST_CASE(
    "COW: 100 uA from C1..C24 for 1 s, self-clearing; an open pin falls, its cell reads 0 and the next one the sum") {
    Bench b;
    b.write1(0x6E, 0x81);
    b.write1(0x6D, 0x2C);
    CHECK((b.chip.peek(0x6D) & 0x04) != 0);
    const double leak = b.chip.drives().pull_A[0];
    CHECK(leak < 1e-6);
    for (int n = 1; n < 25; ++n) CHECK(b.chip.drives().pull_A[n] == doctest::Approx(100e-6 + leak));
    b.x.pin_V[5] = b.x.pin_V[4] - 0.6;  // pulled into its clamp
    b.jump(b.x);
    b.run(200 * ms);
    CHECK(b.cell(5) == 0);
    CHECK(b.cell(6) == 65535);  // 7.2 V: the sum of two cells and the clamp, at the end of the unsigned range
    b.run(800 * ms - 1);
    CHECK(b.chip.drives().pull_A[7] > 50e-6);
    const std::uint64_t version = b.chip.version();
    b.run(1);
    CHECK(b.chip.drives().pull_A[7] == doctest::Approx(leak));
    CHECK((b.chip.peek(0x6D) & 0x04) == 0);
    CHECK(b.chip.version() != version);
}

TEST_CASE("passive balance: only while the scan idles, neighbours in turn, 60 s and re-armed by a write") {
    Bench b;
    b.write1(0x6E, 0xD1);               // VASM, every 2nd CC2: window 512 - 61.4 ms
    b.write(0x67, {0x80, 0x00, 0x07});  // cells 24, 3, 2, 1
    double on_s[24] = {};
    int overlap = 0;
    const Time_ns start = b.now;
    for (int k = 0; k < 10240; ++k) {
        b.run(500 * us);
        const double* g = b.chip.drives().balance_S;
        for (int n = 0; n < 24; ++n) on_s[n] += g[n] > 0.0 ? 0.5e-3 : 0.0;
        overlap += (g[0] > 0.0 && g[1] > 0.0) || (g[1] > 0.0 && g[2] > 0.0);
        if (g[23] > 0.0) CHECK(g[23] == doctest::Approx(1.0 / 290.0));
        if (g[1] > 0.0) CHECK(g[1] == doctest::Approx(1.0 / 170.0));
    }
    CHECK(overlap == 0);
    const double duty = (0.512 - 0.06144) / 0.512;
    CHECK(on_s[23] / 5.12 == doctest::Approx(duty).epsilon(0.01));
    CHECK(on_s[1] / 5.12 == doctest::Approx(duty / 2).epsilon(0.12));
    CHECK(on_s[0] / 5.12 == doctest::Approx(duty / 2).epsilon(0.12));
    CHECK(on_s[5] == 0.0);
    b.run(start + 30 * s - b.now);
    b.write1(0x67, 0x80);
    const Time_ns armed = b.now;
    b.run(60 * s - 1);
    CHECK(b.reg(0x67) == 0x80);
    b.run(1);
    CHECK(b.now == armed + 60 * s);
    CHECK(b.reg(0x67) == 0x00);
    CHECK(b.reg(0x69) == 0x00);
    for (int n = 0; n < 24; ++n) CHECK(b.chip.drives().balance_S[n] == 0.0);
    Bench busy;
    busy.write1(0x6E, 0x81);  // continuous scan: never idle
    busy.write1(0x69, 0x01);
    busy.run(2 * s);
    CHECK(busy.chip.drives().balance_S[0] == 0.0);
}

TEST_CASE("LDPU falls after 60 s") {
    Bench b;
    b.write1(0x51, 0x80);
    b.run(60 * s - 1);
    CHECK(b.reg(0x51) == 0x80);
    b.run(1);
    CHECK(b.reg(0x51) == 0x00);
}

TEST_CASE("COTF: die temperature at COTT, read once") {
    Bench b;
    b.write1(0x76, 1);  // 88.15 degC
    b.x.die_degC = 87.5;
    b.jump(b.x);
    b.run(1 * s);
    CHECK(b.reg(0x76) == 0x01);
    b.x.die_degC = 88.6;
    b.jump(b.x);
    b.run(1 * s);
    b.x.die_degC = 60.0;
    b.jump(b.x);
    b.run(10 * s);
    CHECK(b.reg(0x76) == 0x81);
    CHECK(b.reg(0x76) == 0x01);
}
