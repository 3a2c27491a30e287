// SPDX-License-Identifier: Apache-2.0
// Conformance: absolute maxima and how a damaged chip behaves; state block, witnesses, cost of a step.
#include <doctest/doctest.h>

#include <cstdlib>
#include <cstring>
#include <new>
#include <string>

#include "afe/dvc1124_regs.hpp"
#include "bench.hpp"

using namespace bench;
using namespace twin::afe::dvc;
using afe::DamageCause;

namespace {

std::uint64_t allocations = 0;

std::string part(const afe::DamageRecord& d) {
    char text[16];
    afe::damage_part(d, text);
    return text;
}

}  // namespace

void* operator new(std::size_t n) {
    ++allocations;
    void* p = std::malloc(n == 0 ? 1 : n);
    if (p == nullptr) throw std::bad_alloc();
    return p;
}
void operator delete(void* p) noexcept { std::free(p); }
void operator delete(void* p, std::size_t) noexcept { std::free(p); }

TEST_CASE("a reversed pin is judged by its clamp current: 24 mA is survived at -21 V, 26 mA isn't") {
    Bench b;
    b.x.set_cell(6, -21.0);
    b.x.clamp_A[6] = 24e-3;
    b.jump(b.x);
    b.run(1 * s);
    CHECK(b.chip.damage().empty());
    CHECK(b.chip.margin_pin_A() == doctest::Approx(1e-3));
    CHECK(b.chip.margin_cell_diff_V() == doctest::Approx(132.0 - 21.0));
    b.x.clamp_A[6] = -26e-3;  // either direction
    b.jump(b.x);
    const Time_ns t = b.now;
    b.run(1 * ms);
    REQUIRE(b.chip.damage().size() == 1);
    const afe::DamageRecord d = b.chip.damage()[0];
    CHECK(d.cause == DamageCause::pin_current);
    CHECK(part(d) == "afe.C6");
    CHECK(d.t_ns == t);
    CHECK(d.limit == 25e-3);
    CHECK(d.value == -26e-3);
    CHECK(d.margin == doctest::Approx(-1e-3));
    CHECK(std::string(afe::damage_unit(d.cause)) == "A");
    b.x.set_cell(6, 3.3);
    b.x.clamp_A[6] = 0.0;
    b.x.clamp_A[9] = 25.5e-3;  // smaller than the peak so far, but another pin
    b.jump(b.x);
    b.run(1 * s);
    CHECK(b.chip.damage().size() == 2);
    CHECK(part(b.chip.damage()[1]) == "afe.C9");
    for (int n = 1; n <= 16; ++n) CHECK(b.cell(n) == (n == 6 || n == 7 || n == 9 || n == 10 ? 0 : 33000));
    CHECK(b.chip.drives().fault_S[6] == doctest::Approx(1e-4));
    CHECK(b.chip.drives().fault_S[9] == doctest::Approx(1e-4));
    CHECK(b.chip.drives().fault_S[7] == 0.0);
}

TEST_CASE("voltage maxima: 132 V between neighbours, 132 V to VSS, 6 V at C0, 132 V at the supply") {
    const auto broken = [](const Inputs& in) {
        Bench b;
        b.jump(in);
        b.run(1 * us);
        return b.chip.damage().empty() ? std::string("none") : part(b.chip.damage()[0]);
    };
    Inputs in = Inputs::cells(3.3);
    in.pin_V[3] = 131.9;
    in.pin_V[4] = 131.9;
    in.pin_V[2] = 20.0;
    CHECK(broken(in) == "none");
    in.pin_V[2] = -0.4;  // 132.3 V across cell 3
    CHECK(broken(in) == "afe.C3");
    in.pin_V[2] = 20.0;
    in.pin_V[3] = 132.1;
    CHECK(broken(in) == "afe.C3");
    in = Inputs::cells(3.3);
    in.pin_V[4] = 131.9;
    in.pin_V[3] = 60.0;
    in.pin_V[5] = -0.4;  // the same reversed
    in.pin_V[6] = 60.0;
    CHECK(broken(in) == "afe.C5");
    in = Inputs::cells(3.3);
    in.pin_V[0] = 6.01;
    CHECK(broken(in) == "afe.C0");
    in = Inputs::cells(3.3);
    in.vtop_V = 131.9;
    CHECK(broken(in) == "none");
    in.vtop_V = 132.1;
    CHECK(broken(in) == "afe.VTOP");
    in = Inputs::cells(3.3);
    in.gp_V[3] = 6.1;
    CHECK(broken(in) == "afe.GP4");
    in.gp_V[3] = -0.31;
    CHECK(broken(in) == "afe.GP4");
}

TEST_CASE("a peak at either end of a segment of one nanosecond is seen") {
    for (const bool at_end : {true, false}) {
        Bench b;
        const Inputs calm = b.x;
        Inputs spike = b.x;
        spike.vtop_V = 140.0;
        b.advance(at_end ? calm : spike, at_end ? spike : calm, b.now + 1);
        REQUIRE(b.chip.damage().size() == 1);
        CHECK(b.chip.damage()[0].value == doctest::Approx(140.0));
        CHECK(b.chip.damage()[0].t_ns == b.now - (at_end ? 0 : 1));
    }
}

TEST_CASE("a destroyed supply pin: no answer, gates off, draws its fault current, stays dead") {
    Bench b;
    b.gates_on();
    REQUIRE(b.dsg());
    b.x.vtop_V = 133.0;
    b.jump(b.x);
    b.run(1 * us);
    CHECK(b.chip.mode() == afe::Mode::dead);
    CHECK_FALSE(b.dsg());
    CHECK(b.chip.drives().supply_A == doctest::Approx(10e-3));
    b.x.vtop_V = 50.0;
    b.jump(b.x);
    b.run(1 * s);
    CHECK(b.reg(0x00) == -1);
    CHECK(b.chip.damage().size() == 1);
    Inputs off = b.x;
    off.vtop_V = 0.0;
    b.ramp(1 * ms, off);
    b.jump(b.x);
    off.vtop_V = 50.0;
    b.ramp(1 * ms, off);
    b.jump(b.x);
    CHECK(b.chip.mode() == afe::Mode::dead);
}

TEST_CASE("a destroyed current input reads 0 and takes the short-circuit protection with it") {
    for (const bool reverse : {false, true}) {
        Bench b;
        b.gates_on();
        b.write(0x62, {0x40 | 8, 255});
        b.x.shunt_V = reverse ? -0.69 : 5.9;
        b.jump(b.x);
        b.run(1 * us);
        CHECK(b.chip.damage().empty());
        b.x.shunt_V = reverse ? -0.71 : 6.1;  // 0.6 V and 1 mA through 100 Ohm
        b.jump(b.x);
        b.run(1 * us);
        REQUIRE(b.chip.damage().size() == 1);
        CHECK(part(b.chip.damage()[0]) == "afe.SR");
        CHECK(b.chip.damage()[0].margin < 0.0);
        b.write1(0x00, 0);
        b.jump_shunt(0.3);
        b.run(1 * s);
        CHECK(b.dsg());
        CHECK(b.chip.peek(0) == 0);
        CHECK(b.signed_word(0x02) == 0);
    }
}

TEST_CASE("the field table covers the whole state; a snapshot continues to the same hash") {
    // Whatever no field names must be padding: gaps of less than the 8 bytes that align what follows.
    std::vector<std::uint8_t> named(sizeof(afe::Dvc1124State) + 1, 0);
    for (const base::Field& f : afe::dvc1124_fields()) {
        for (std::size_t k = 0; k < f.count * base::size_of(f.type); ++k) {
            CHECK(named[f.offset + k] == 0);
            named[f.offset + k] = 1;
        }
    }
    named.back() = 1;
    std::size_t gap = 0;
    for (std::size_t k = 0; k < named.size(); ++k) {
        if (named[k] == 0)
            ++gap;
        else {
            CHECK(gap < 8);
            if (gap > 0) CHECK(k % (gap >= 4 ? 8 : 2) == 0);
            gap = 0;
        }
    }
    Bench b;
    b.gates_on();
    b.write(0x59, {60, 60, 9, 9});
    b.jump_shunt(0.02);
    b.run(50 * ms);
    std::vector<std::uint8_t> bytes;
    base::save_fields(bytes, afe::dvc1124_fields(), &b.chip.state());
    Bench c;
    afe::Dvc1124State st;
    std::memset(&st, 0xA5, sizeof st);
    REQUIRE(base::load_fields(bytes, afe::dvc1124_fields(), &st) == bytes.size());
    c.chip.set_state(st);
    c.x = b.x;
    c.now = b.now;
    for (int k = 0; k < 300; ++k) {
        b.run(777 * us);
        c.run(777 * us);
        REQUIRE(b.hash() == c.hash());
        REQUIRE(b.dsg() == c.dsg());
    }
    CHECK_FALSE(b.dsg());
    CHECK(b.cell(4) == c.cell(4));
    CHECK(b.word(0x02) == c.word(0x02));
}

TEST_CASE("configuration, latches, timers, bus and damage are hashed; what belongs to conversions is not") {
    const auto hashed = [](const char* name) {
        for (const base::Field& f : afe::dvc1124_fields()) {
            if (std::string(f.name) == name) return f.hashed ? 1 : 0;
        }
        return -1;
    };
    for (const char* name :
         {"reg", "mode", "flags", "cst", "iwts", "gates", "cmp_since_ns", "cmp_above", "ocd1_since_ns", "cov_since_ns",
          "cow_end_ns", "int_end_ns", "bus_pointer", "dead_pins", "damage_cause", "n_nack"}) {
        CHECK_MESSAGE(hashed(name) == 1, name);
    }
    for (const char* name :
         {"done", "slot_mean", "code", "fresh", "cc1_mean_V", "cc1_index", "scan_index", "win_max_V", "now_ns"}) {
        CHECK_MESSAGE(hashed(name) == 0, name);
    }
}

TEST_CASE("every bit of every hashed field reaches the hash") {
    Bench b;
    b.gates_on();
    const std::uint64_t before = b.hash();
    afe::Dvc1124State st = b.chip.state();
    int flipped = 0;
    for (const base::Field& f : afe::dvc1124_fields()) {
        if (!f.hashed) continue;
        auto* at = reinterpret_cast<std::uint8_t*>(&st) + f.offset;
        for (std::size_t k = 0; k < 8 * f.count * base::size_of(f.type); ++k) {
            if (f.type == base::FieldType::f64 && k % 64 == 63) continue;  // -0 is +0
            at[k / 8] ^= static_cast<std::uint8_t>(1U << (k % 8));
            base::Hasher h;
            base::hash_fields(h, afe::dvc1124_fields(), &st);
            CHECK(h.digest() != before);
            at[k / 8] ^= static_cast<std::uint8_t>(1U << (k % 8));
            ++flipped;
        }
    }
    CHECK(flipped > 1000);
    CHECK(b.hash() == before);
}

TEST_CASE("witnesses: the list fits, holds only what can still fire, and is empty without a chip") {
    Quiet p;
    Bench b(p);
    b.gates_on();
    b.write(0x5E, {0x40 | 9, 0xC0 | 9});
    b.write1(0x62, 0x48);
    b.write(0x59, {80, 80, 9, 9});
    b.write1(0x66, 5);
    b.write1(0x53, 0x58);
    b.write1(0x54, 0xF8);
    b.write1(0x51, 0x0A);
    b.write1(0x74, 3 << 6);
    b.write1(0x75, (3 << 6) | (7 << 3) | 7);
    b.run(20 * ms);
    const auto list = b.chip.witnesses();
    CHECK(list.size() == 1 + 3 + 2 + 4);  // supply, comparators, CON and DON, OCD1, OCC1, both body diodes
    CHECK(list.size() <= afe::Dvc1124::k_max_witnesses);
    for (const afe::Witness& w : list) {
        if (w.quantity != afe::Quantity::shunt_V) continue;
        CHECK((w.direction > 0 ? b.x.shunt_V < w.level : b.x.shunt_V > w.level));
    }
    b.x.vtop_V = 140.0;
    b.jump(b.x);
    b.run(1 * us);
    CHECK(b.chip.witnesses().empty());
}

TEST_CASE("parameters out of range are named") {
    const char* which = "";
    afe::Dvc1124Params p;
    CHECK(afe::check_params(p, &which) == nullptr);
    p.por_fall_V = 8.0;
    CHECK(afe::check_params(p, &which) != nullptr);
    CHECK(std::string(which) == "por_fall_V");
    p = {};
    p.level_tol = -0.1;
    CHECK(afe::check_params(p, &which) != nullptr);
    CHECK(std::string(which) == "level_tol");
    p = {};
    p.iwts_bit = 2;
    CHECK(afe::check_params(p, &which) != nullptr);
}

TEST_CASE("nothing allocates after construction") {
    Bench b;
    b.gates_on();
    b.write(0x59, {60, 60, 9, 9});
    afe::AnalogSegment g;
    Inputs x = b.x;
    g.pin0_V = g.pin1_V = x.pin_V;
    g.clamp0_A = g.clamp1_A = x.clamp_A;
    g.vtop0_V = g.vtop1_V = x.vtop_V;
    std::uint64_t sum = 0;
    const std::uint64_t before = allocations;
    for (int k = 0; k < 2000; ++k) {
        g.t0_ns = b.now;
        g.t1_ns = b.now + 1 * ms;
        g.shunt0_V = g.shunt1_V = 0.001 * (k % 40);
        b.now = g.t1_ns;
        b.chip.advance(g);
        sum += b.chip.witnesses().size();
        if (b.chip.next_due() <= b.now) b.chip.run_due(b.now);
        b.chip.bus_start(b.now, 0x40);
        b.chip.bus_write(b.now, 0x00);
        b.chip.bus_start(b.now, 0x41);
        for (int n = 0; n < 40; ++n) sum += b.chip.bus_read(b.now);
        b.chip.bus_stop(b.now);
    }
    CHECK(allocations == before);
    CHECK(sum > 0);
}
