// SPDX-License-Identifier: Apache-2.0
// Conformance: comparators, decisions on conversions, delays, gate equations, watchdog, sleep.
#include <doctest/doctest.h>

#include <cmath>

#include "afe/dvc1124_regs.hpp"
#include "bench.hpp"

using namespace bench;
using namespace twin::afe::dvc;

namespace {

void set_scd(Bench& b, int level_code, int delay_code) {
    b.write(0x62, {static_cast<std::uint8_t>(0x40 | level_code), static_cast<std::uint8_t>(delay_code)});
}

}  // namespace

TEST_CASE("SCD: code times 7.81 us after the located crossing, gate and flag at the same instant") {
    for (const int code : {0, 1, 25, 128, 255}) {
        Bench b;
        b.gates_on();
        set_scd(b, 8, code);  // 80 mV = 400 A on 0.2 mOhm
        Inputs to = b.x;
        to.shunt_V = 0.4;
        const Time_ns start = b.now;
        b.ramp(100 * us, to);  // 80 mV is passed at 20 us
        const Time_ns want = start + 20 * us + static_cast<Time_ns>(7810.0 * code + 0.5);
        Time_ns opened = b.dsg() ? -1 : 0;
        if (opened != 0) {
            CHECK(b.now < want);
            b.run(want - b.now - 1);
            CHECK(b.dsg());
            CHECK((b.chip.peek(0) & f_scd) == 0);
            b.run(1);
        }
        CHECK_FALSE(b.dsg());
        CHECK((b.chip.peek(0) & f_scd) != 0);
        CHECK(b.chg());  // CSM masks SCD for CHG at reset
        CHECK((b.chip.peek(0x06) & 0x0F) == g_chgf);
        CHECK(b.chip.applied().scd_V == doctest::Approx(0.08));
        CHECK(b.chip.applied().scd_delay_s == doctest::Approx(7.81e-6 * code));
    }
}

TEST_CASE("SCD: the delay starts at the crossing to the nanosecond") {
    Bench b;
    b.gates_on();
    set_scd(b, 8, 10);
    Inputs to = b.x;
    to.shunt_V = 0.08 * 3;
    b.ramp(30 * us, to);  // crosses at 10 us
    const Time_ns since = b.chip.state().cmp_since_ns[0];
    CHECK(since - (b.now - 20 * us) >= 0);
    CHECK(since - (b.now - 20 * us) <= 1);
}

TEST_CASE("SCD: an owner who steps over the crossing still gets the delay from the crossing; a crossing counts once") {
    Bench b;
    b.gates_on();
    set_scd(b, 8, 10);
    b.write1(0x5E, 9);  // OCD2 off, at 40 mV
    Inputs to = b.x;
    to.shunt_V = 0.24;
    const Time_ns start = b.now;
    b.advance(b.x, to, start + 30 * us);  // no stop at the witness, 80 mV at 10 us
    b.x = to;
    const Time_ns due = b.chip.next_due();
    CHECK(due >= start + 10 * us + 78100);
    CHECK(due <= start + 10 * us + 78100 + 1);  // rounded up to the next ns
    b.chip.crossed(0, b.now);
    b.chip.crossed(16 + 1, b.now);  // OCD2 is not above
    CHECK(b.chip.next_due() == due);
    CHECK(b.chip.state().shunt_V == 0.24);
    to.shunt_V = 0.0;
    b.advance(b.x, to, start + 60 * us);
    CHECK(b.chip.state().cmp_above[0] == 0);
    b.chip.crossed(16, b.now);
    CHECK(b.chip.state().shunt_V == 0.0);
}

TEST_CASE("SCD: a pulse shorter than the delay doesn't trip, a new one starts the delay again") {
    Bench b;
    b.gates_on();
    set_scd(b, 8, 100);  // 781 us
    for (int k = 0; k < 5; ++k) {
        b.jump_shunt(0.2);
        b.run(780 * us);
        b.jump_shunt(0.0);
        b.run(50 * us);
    }
    CHECK(b.dsg());
    b.jump_shunt(0.2);
    b.run(781 * us - 1);
    CHECK(b.dsg());
    b.run(1);
    CHECK_FALSE(b.dsg());
}

TEST_CASE("SCD: code 0 is 10 mV and enabled, as after reset; the enable bit clears the latch") {
    Bench b;
    b.jump_shunt(0.009);
    b.run(1 * ms);
    CHECK((b.chip.peek(0) & f_scd) == 0);
    b.jump_shunt(0.0101);
    CHECK((b.chip.peek(0) & f_scd) != 0);  // delay code 0
    b.write1(0x62, 0x00);
    CHECK((b.chip.peek(0) & f_scd) == 0);
    b.run(1 * ms);
    CHECK((b.chip.peek(0) & f_scd) == 0);
    b.write1(0x62, 0x40);  // enabled again with the current still there
    b.run(1);
    CHECK((b.chip.peek(0) & f_scd) != 0);
}

TEST_CASE("comparators of a specimen: level and delay move by their tolerance") {
    for (int seed = 0; seed < 20; ++seed) {
        Quiet p;
        p.tolerance = afe::Tolerance::sampled;
        Bench b(p, Inputs::cells(3.3), static_cast<std::uint64_t>(seed));
        b.gates_on();
        set_scd(b, 8, 128);
        const afe::AppliedSettings a = b.chip.applied();
        CHECK(a.scd_V == doctest::Approx(0.08));
        CHECK(a.scd_actual_V >= 0.072 - 1e-12);
        CHECK(a.scd_actual_V <= 0.088 + 1e-12);
        CHECK(a.scd_actual_delay_s >= 0.9 * 128 * 7.81e-6 - 1e-9);
        CHECK(a.scd_actual_delay_s <= 1.1 * 128 * 7.81e-6 + 1e-9);
        b.jump_shunt(a.scd_actual_V - 1e-6);
        b.run(5 * ms);
        CHECK(b.dsg());
        b.jump_shunt(a.scd_actual_V + 1e-6);
        const Time_ns took = b.until([&] { return !b.dsg(); }, 1 * us, 3 * ms);
        CHECK(std::abs(static_cast<double>(took) * 1e-9 - a.scd_actual_delay_s) <= 1e-6);
    }
    Quiet worst;
    worst.tolerance = afe::Tolerance::worst;
    Bench b(worst);
    set_scd(b, 8, 128);
    CHECK(b.chip.applied().scd_actual_V == doctest::Approx(0.088));
    CHECK(b.chip.applied().scd_actual_delay_s == doctest::Approx(1.1 * 128 * 7.81e-6));
}

TEST_CASE("OCD2 and OCC2: (code + 1) * 4 mV and * 4 ms, each in its direction, without any converter") {
    for (const int code : {0, 7, 255}) {
        for (const int sign : {1, -1}) {
            Bench b;
            b.gates_on();
            b.write1(0x6E, 0x4D);  // VAE off
            b.write1(0x55, 0x20);  // CAEW off
            b.write(0x60, {static_cast<std::uint8_t>(code), static_cast<std::uint8_t>(code)});
            b.write(0x5E, {0x40 | 9, 0xC0 | 9});  // 40 mV
            b.jump_shunt(sign * 0.0399);
            b.run(2 * s);
            CHECK((b.chip.peek(0) & 0x06) == 0);
            b.jump_shunt(sign * 0.0401);
            b.run((code + 1) * 4 * ms - 1);
            CHECK(b.chip.peek(0) == 0);
            b.run(1);
            CHECK(b.chip.peek(0) == (sign > 0 ? f_ocd2 : f_occ2));
            CHECK(b.dsg() == (sign < 0));
            CHECK(b.chg() == (sign > 0));  // CO2M is 1 at reset: OCD2 leaves CHG alone
        }
    }
}

TEST_CASE("OCD1 and OCC1: every CC1 conversion beyond over (code + 1) * 8 ms") {
    for (const int sign : {1, -1}) {
        Bench b;
        b.gates_on();
        b.write(0x59, {80, 80, 9, 9});  // 20 mV, 80 ms
        b.run(7 * ms);
        b.jump_shunt(sign * 0.0201);
        const Time_ns took = b.until([&] { return b.chip.peek(0) != 0; }, 100 * us, 1 * s);
        // First conversion wholly beyond ends 4 to 8 ms after the step (4 ms windows; a mixed one is below), plus 80
        // ms.
        CHECK(took > 80 * ms + 4 * ms - 1 * ms);
        CHECK(took <= 80 * ms + 8 * ms + 100 * us);
        CHECK(b.chip.peek(0) == (sign > 0 ? f_ocd1 : f_occ1));
        CHECK(b.dsg() == (sign < 0));
        CHECK(b.chg() == (sign > 0));
        CHECK(b.chip.applied().ocd1_V == doctest::Approx(0.020));
        CHECK(b.chip.applied().ocd1_delay_s == doctest::Approx(0.080));
    }
}

TEST_CASE("OCD1: one conversion below restarts the delay, threshold 0 is off, below never trips") {
    Bench b;
    b.gates_on();
    b.write(0x59, {80, 0, 9, 0});
    for (int k = 0; k < 4; ++k) {
        b.jump_shunt(0.025);
        b.run(70 * ms);
        b.jump_shunt(0.0);
        b.run(9 * ms);  // holds at least one whole conversion
    }
    CHECK(b.chip.peek(0) == 0);
    b.jump_shunt(0.0199);
    b.run(5 * s);
    CHECK(b.chip.peek(0) == 0);
    b.jump_shunt(-0.15);
    b.run(1 * s);
    CHECK(b.chip.peek(0) == 0);
    b.write1(0x59, 0);
    b.jump_shunt(0.15);
    b.run(3 * s);
    CHECK(b.chip.peek(0) == 0);
}

TEST_CASE("OCD1 by CC1 off is cleared by the converter's enable") {
    Bench b;
    b.gates_on();
    b.write(0x59, {80, 0, 0, 0});
    b.jump_shunt(0.03);
    b.run(20 * ms);
    REQUIRE(b.chip.peek(0) == f_ocd1);
    b.write1(0x55, 0x24);  // CAEW 0
    CHECK(b.chip.peek(0) == 0);
    b.run(200 * ms);
    CHECK(b.chip.peek(0) == 0);
}

TEST_CASE("COV and CUV: delay table 200..900 ms, 1..8 s, to the nanosecond after the first conversion beyond") {
    for (int code = 0; code < 16; ++code) {
        const Time_ns want = code < 8 ? (200 + 100 * code) * ms : (code - 7) * s;
        for (const bool over : {true, false}) {
            Bench b;
            b.gates_on();
            b.write1(0x6E, 0x81);  // continuous scan, 61.4 ms
            const Time_ns scan = b.now;
            const int cov = 3650 - 500, cuv = 2500;
            b.write(0x70, {static_cast<std::uint8_t>(cov >> 4), static_cast<std::uint8_t>(((cov & 15) << 4) | code),
                           static_cast<std::uint8_t>(cuv >> 4), static_cast<std::uint8_t>(((cuv & 15) << 4) | code)});
            CHECK((over ? b.chip.applied().cov_V : b.chip.applied().cuv_V) == doctest::Approx(over ? 3.650 : 2.500));
            b.write(0x6A, {0xFF, 0x00, 0x00});  // cells 17..24 are not there
            b.write1(0x00, 0x00);
            b.run(500 * ms);
            CHECK(b.chip.peek(0) == 0);
            b.x.set_cell(7, over ? 3.6502 : 2.4998);
            b.jump(b.x);
            // Cell 7 converts in the 18th of 36 slots, after the six settling times; its first whole slot from now
            // decides.
            Time_ns first = scan + 6 * ms + 17 * 1540 * us;
            while (first < b.now) first += 61440 * us;
            first += 1540 * us;
            b.run(first + want - 1 - b.now);
            CHECK(b.chip.peek(0) == 0);
            b.run(1);
            CHECK(b.chip.peek(0) == (over ? f_cov : f_cuv));
            CHECK(b.dsg() == over);
            CHECK(b.chg() == !over);
        }
    }
}

TEST_CASE("COV: exactly at the level or back below within the delay doesn't trip; clearing needs the condition gone") {
    Bench b;
    b.gates_on();
    b.write1(0x6E, 0x81);
    b.write(0x70, {3150 >> 4, (3150 & 15) << 4});
    b.x.set_cell(3, 3.650);
    b.jump(b.x);
    b.run(2 * s);
    CHECK(b.chip.peek(0) == 0);
    for (int k = 0; k < 4; ++k) {
        b.x.set_cell(3, 3.70);
        b.jump(b.x);
        b.run(190 * ms);
        b.x.set_cell(3, 3.60);
        b.jump(b.x);
        b.run(130 * ms);
    }
    CHECK(b.chip.peek(0) == 0);
    b.x.set_cell(3, 3.70);
    b.jump(b.x);
    b.run(1 * s);
    REQUIRE(b.chip.peek(0) == f_cov);
    b.write1(0x00, 0xBF);
    CHECK(b.chip.peek(0) == 0);
    b.run(200 * ms);
    CHECK(b.chip.peek(0) == f_cov);  // still there: back after its delay
    b.x.set_cell(3, 3.60);
    b.jump(b.x);
    b.run(100 * ms);
    b.write1(0x00, 0xBF);
    b.run(1 * s);
    CHECK(b.chip.peek(0) == 0);
}

TEST_CASE("a masked cell never trips, cells 1 to 4 can't be masked, and the mask stops measuring unless CMM") {
    Bench b;
    b.gates_on();
    b.write1(0x6E, 0x81);
    b.write(0x72, {2500 >> 4, (2500 & 15) << 4});
    b.run(300 * ms);
    REQUIRE(b.chip.peek(0) == f_cuv);  // cells 17..24 are tied together: 0 V
    b.write(0x6A, {0xFF, 0x00, 0x00});
    b.write1(0x00, 0x00);
    b.run(1 * s);
    CHECK(b.chip.peek(0) == 0);
    b.write(0x6A, {0xFF, 0xFF, 0xFF});  // 5..24; the low nibble masks other slots
    b.x.set_cell(5, 1.0);
    b.jump(b.x);
    b.run(1 * s);
    CHECK(b.chip.peek(0) == 0);
    CHECK(b.cell(5) == 33000);  // frozen
    b.write1(0x6D, 0x2A);       // CMM
    b.run(1 * s);
    CHECK(b.cell(5) == 10000);
    CHECK(b.chip.peek(0) == 0);
    for (int n = 1; n <= 4; ++n) {
        b.x.set_cell(n, 1.0);
        b.jump(b.x);
        b.run(400 * ms);
        CHECK(b.chip.peek(0) == f_cuv);
        b.x.set_cell(n, 3.3);
        b.jump(b.x);
        b.run(100 * ms);
        b.write1(0x00, 0x00);
    }
}

TEST_CASE("VAE off clears COV and CUV and stops them") {
    Bench b;
    b.gates_on();
    b.write1(0x6E, 0x81);
    b.write(0x72, {2500 >> 4, (2500 & 15) << 4});
    b.run(400 * ms);
    REQUIRE(b.chip.peek(0) == f_cuv);
    b.write1(0x6E, 0x01);
    CHECK(b.chip.peek(0) == 0);
    b.run(3 * s);
    CHECK(b.chip.peek(0) == 0);
}

TEST_CASE("AUTO: DSG closed by CUV opens by charge current within a CC1 period and closes when it ends; CHG likewise") {
    Bench b;
    b.gates_on();
    b.write(0x72, {2500 >> 4, (2500 & 15) << 4});
    b.write(0x6A, {0xFF, 0x00, 0x00});
    b.x.set_cell(2, 2.0);
    b.jump(b.x);
    b.run(1 * s);
    REQUIRE(b.chip.peek(0) == f_cuv);
    REQUIRE_FALSE(b.dsg());
    b.write1(0x66, 5);     // 200 uV: 1 A on 0.2 mOhm
    b.write1(0x53, 0x58);  // DBDM 0
    b.write1(0x51, 0x0B);  // DSGC AUTO, CHGC on
    b.run(50 * ms);
    CHECK_FALSE(b.dsg());
    b.jump_shunt(0.002);  // discharge: not this diode
    b.run(50 * ms);
    CHECK_FALSE(b.dsg());
    b.jump_shunt(-0.002);  // 10 A of charge
    const Time_ns opened = b.until([&] { return b.dsg(); }, 10 * us, 20 * ms);
    CHECK(opened > 0);
    CHECK(opened <= 4 * ms);
    const int stops = b.stops;
    b.run(10 * s);
    CHECK(b.dsg());
    CHECK(b.stops - stops <= 2);  // a steady state costs no wake-ups
    b.jump_shunt(-0.0001);
    const Time_ns closed = b.until([&] { return !b.dsg(); }, 10 * us, 20 * ms);
    CHECK(closed > 0);
    CHECK(closed <= 8 * ms);
    b.write1(0x53, 0x59);  // DBDM 1: masked
    b.jump_shunt(-0.002);
    b.run(100 * ms);
    CHECK_FALSE(b.dsg());
    // CHG: AUTO opens by discharge current
    b.write1(0x54, 0xF8);
    b.write1(0x51, 0x02);
    b.run(50 * ms);
    CHECK_FALSE(b.chg());
    b.jump_shunt(0.002);
    b.run(8 * ms);
    CHECK(b.chg());
    b.jump_shunt(0.0);
    b.run(12 * ms);
    CHECK_FALSE(b.chg());
}

TEST_CASE("gate equations against an independent table over all causes and masks") {
    // One specimen, state set directly; the expected value is the manual's list written as a sum of closing causes.
    Bench b;
    b.gates_on();
    std::uint64_t x = 88172645463325252ULL;
    const auto next = [&x] {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        return static_cast<std::uint8_t>(x >> 32);
    };
    int both = 0, n_dsg = 0, n_chg = 0;
    for (int n = 0; n < 20000; ++n) {
        afe::Dvc1124State st = b.chip.state();
        st.flags = static_cast<std::uint8_t>(next() & next() & next());
        st.iwts = next() < 60;
        st.con = next() < 60;
        st.don = next() < 60;
        st.bd_dsg = next() & 1;
        st.bd_chg = next() & 1;
        st.reg[0x51] = static_cast<std::uint8_t>(next() | (next() & next() & 0x0F));
        st.reg[0x52] = next();
        st.reg[0x53] = next();
        st.reg[0x54] = next();
        b.chip.set_state(st);
        const auto bit = [&](int reg, int k) { return (st.reg[reg] >> k & 1) != 0; };
        const bool scd = st.flags & 1, occ2 = st.flags & 2, ocd2 = st.flags & 4, occ1 = st.flags & 8,
                   ocd1 = st.flags & 16, cuv = st.flags & 32, cov = st.flags & 64;
        bool pd = bit(0x51, 6);
        if (st.iwts && !bit(0x52, 7)) pd = false;
        if (st.don && !bit(0x53, 7)) pd = false;
        bool pc = bit(0x51, 5);
        if (st.iwts && !bit(0x53, 6)) pc = false;
        if (st.con && !bit(0x53, 5)) pc = false;
        if (st.don && !bit(0x53, 4)) pc = false;
        const int dc = st.reg[0x51] >> 2 & 3, cc = st.reg[0x51] & 3;
        bool dsg = dc == 3 ? !(cuv || ocd1 || ocd2) : (dc == 2 ? st.bd_dsg != 0 : false);
        if (scd) dsg = false;
        if (st.iwts && !bit(0x53, 3)) dsg = false;
        if (st.don && !bit(0x53, 2)) dsg = false;
        if (pd && !bit(0x53, 1)) dsg = false;
        bool chg = cc == 3 ? !(cov || occ1 || occ2) : (cc == 2 ? st.bd_chg != 0 : false);
        if (ocd1 && !bit(0x54, 6)) chg = false;
        if (ocd2 && !bit(0x54, 5)) chg = false;
        if (scd && !bit(0x54, 4)) chg = false;
        if (st.iwts && !bit(0x54, 7)) chg = false;
        if (st.don && !bit(0x54, 3)) chg = false;
        if (st.con && !bit(0x54, 2)) chg = false;
        if (pc && !bit(0x54, 1)) chg = false;
        const int want = (pd ? 8 : 0) | (pc ? 4 : 0) | (dsg ? 2 : 0) | (chg ? 1 : 0);
        REQUIRE((b.chip.peek(0x06) & 0x0F) == want);
        REQUIRE(b.dsg() == dsg);
        REQUIRE(b.chg() == chg);
        both += dsg && chg;
        n_dsg += dsg;
        n_chg += chg;
    }
    CHECK(both > 100);
    CHECK(n_dsg > 1000);
    CHECK(n_chg > 1000);
}

TEST_CASE("HSFM masks the high-side pins only; the flags stand before it; low-side pins need their mode") {
    Bench b;
    b.gates_on();
    b.write1(0x51, 0x6F);
    b.write1(0x53, 0x5B);  // DPDM
    b.write1(0x54, 0xFB);  // CPCM
    CHECK((b.chip.peek(0x06) & 0x0F) == 0x0F);
    CHECK(b.chip.gates().dsg_high == 1);
    b.write1(0x55, 0xAC);
    CHECK((b.chip.peek(0x06) & 0x0F) == 0x0F);
    CHECK(b.chip.gates().dsg_high == 0);
    CHECK(b.chip.gates().pdsg_high == 0);
    CHECK(b.dsg());
    CHECK(b.chip.gates().pdsg_low == 0);
    b.write1(0x74, (7 << 3) | 7);
    CHECK(b.chip.gates().pdsg_low == 1);
    CHECK(b.chip.gates().pchg_low == 1);
    b.write1(0x75, 0x00);
    CHECK_FALSE(b.dsg());
    CHECK_FALSE(b.chg());
}

TEST_CASE("hard-off inputs CON and DON are active low, with their masks") {
    Bench b;
    b.gates_on();
    b.write1(0x54, 0xF1);  // CDM and CCM 0, so that both act on CHG; others masked
    b.write1(0x74, 3 << 6);
    b.write1(0x75, (3 << 6) | (7 << 3) | 7);
    b.x.gp_V[0] = b.x.gp_V[3] = 3.0;
    b.jump(b.x);
    CHECK(b.dsg());
    CHECK(b.chg());
    Inputs to = b.x;
    to.gp_V[0] = 0.0;
    b.ramp(1 * ms, to);
    CHECK(b.dsg());
    CHECK_FALSE(b.chg());
    to.gp_V[0] = 3.0;
    to.gp_V[3] = 0.0;
    b.ramp(1 * ms, to);
    CHECK_FALSE(b.dsg());
    CHECK_FALSE(b.chg());
    b.write1(0x53, 0x5D);  // DDM
    CHECK(b.dsg());
    to.gp_V[3] = 3.0;
    b.ramp(1 * ms, to);
    CHECK(b.chg());
}

TEST_CASE(
    "I2C watchdog: latch, status and gates per masks; default masks leave the gates on; traffic ends the status") {
    for (const bool masked : {true, false}) {
        Bench b;
        b.gates_on();
        if (!masked) {
            b.write1(0x53, 0x51);
            b.write1(0x54, 0x79);
        }
        b.write1(0x77, 0xC4);  // 4 s
        b.run(3 * s);
        CHECK(b.reg(0x77) == 0xC4);  // traffic restarts it
        b.run(4 * s - 1);
        CHECK(b.dsg());
        CHECK(b.chip.peek(0x00) == 0);
        b.run(1);
        CHECK(b.chip.peek(0x00) == f_iwtf);
        CHECK(b.chip.peek(0x77) == 0xCC);
        CHECK(b.dsg() == masked);
        CHECK(b.chg() == masked);
        CHECK((b.reg(0x77) & 0x08) == 0);
        CHECK(b.dsg());
        CHECK(b.reg(0x00) == f_iwtf);
        b.write1(0x00, 0x7F);
        CHECK(b.reg(0x00) == 0);
    }
    for (int code = 4; code < 8; ++code) {
        Bench b;
        b.write1(0x77, 0xC0 | code);
        CHECK(b.chip.next_due() == b.now + (4 * s << (code - 4)));
    }
    Bench off;
    off.write1(0x77, 0xC3);
    off.run(100 * s);
    CHECK(off.chip.peek(0x00) == 0);
    Quiet p;
    p.iwts_bit = 4;
    Bench other(p);
    other.write1(0x77, 0xC4);
    other.run(5 * s);
    CHECK(other.chip.peek(0x77) == 0xD4);
}

TEST_CASE("sleep: converters frozen, COV off, SCD still trips and wakes with CST 7; I2C wakes with CST 1 and a NACK") {
    Bench b;
    b.gates_on();
    b.write1(0x6E, 0x81);
    b.write(0x70, {3150 >> 4, (3150 & 15) << 4});
    set_scd(b, 8, 10);
    b.run(500 * ms);
    b.chip.bus_start(b.now, 0x40);
    for (const int byte : {0x01, 0x0E, 0xB9}) CHECK(b.chip.bus_write(b.now, static_cast<std::uint8_t>(byte)));
    CHECK(b.chip.mode() == afe::Mode::work);
    CHECK((b.chip.peek(0x01) & 0x0F) == 0xC);
    b.chip.bus_stop(b.now);
    CHECK(b.chip.mode() == afe::Mode::sleep);
    CHECK(b.dsg());
    CHECK(b.chip.drives().supply_A == doctest::Approx(60e-6));
    b.x.set_cell(5, 3.9);
    b.jump(b.x);
    b.run(5 * s);
    CHECK(b.cell(5) == 33000);  // frozen
    CHECK(b.chip.peek(0) == 0);
    CHECK(b.chip.mode() == afe::Mode::sleep);
    b.jump_shunt(0.2);
    b.run(78100 - 1);
    CHECK(b.chip.mode() == afe::Mode::sleep);
    b.run(1);
    CHECK(b.chip.mode() == afe::Mode::work);
    CHECK_FALSE(b.dsg());
    CHECK(b.chip.drives().supply_A == doctest::Approx(270e-6));
    b.jump_shunt(0.0);
    b.run(6 * ms);
    CHECK((b.reg(0x01) & 0x0F) == 7);
    CHECK(b.reg(0x00) == f_scd);
    b.run(300 * ms);
    CHECK(b.cell(5) == 39000);
    CHECK(b.reg(0x00) == (f_scd | f_cov));
    b.write1(0x01, 0x0E);
    CHECK(b.chip.mode() == afe::Mode::sleep);
    CHECK(b.chip.peek(0) == f_scd);  // COV is cleared by sleep
    CHECK(b.reg(0x00) == -1);        // the first START wakes, its transfer fails
    CHECK(b.chip.mode() == afe::Mode::work);
    CHECK(b.reg(0x00) == -1);  // not ready yet
    b.run(5 * ms);
    CHECK((b.reg(0x01) & 0x0F) == 1);
}

TEST_CASE("wake by OCD2 (5), OCC2 (6), timer (2), current (3, 4), charger (8)") {
    const auto sleeping = [](Bench& b) {
        b.write1(0x01, 0x0E);
        REQUIRE(b.chip.mode() == afe::Mode::sleep);
    };
    const auto cst = [](Bench& b) {
        REQUIRE(b.chip.mode() == afe::Mode::work);
        return b.chip.peek(0x01) & 0x0F;
    };
    for (const int sign : {1, -1}) {
        Bench b;
        b.gates_on();
        b.write(0x5E, {0x40 | 9, 0xC0 | 9});
        sleeping(b);
        b.jump_shunt(sign * 0.05);
        b.run(5 * ms);
        CHECK(cst(b) == (sign > 0 ? 5 : 6));
        Bench c;
        c.gates_on();
        c.write1(0x65, 20);  // 200 uV
        sleeping(c);
        c.jump_shunt(sign * 150e-6);
        c.run(10 * s);
        CHECK(c.chip.mode() == afe::Mode::sleep);
        const int stops = c.stops;
        c.run(3600 * s);
        CHECK(c.stops == stops);  // an hour asleep costs nothing
        c.jump_shunt(sign * 210e-6);
        const Time_ns took = c.until([&] { return c.chip.mode() == afe::Mode::work; }, 1 * ms, 1 * s);
        CHECK(took > 0);
        CHECK(took <= 64 * ms);
        CHECK(cst(c) == (sign > 0 ? 3 : 4));
        Bench slow;
        slow.gates_on();
        slow.write1(0x65, 20);
        sleeping(slow);
        Inputs to = slow.x;
        to.shunt_V = sign * 400e-6;
        slow.ramp(60 * s, to);
        CHECK(cst(slow) == (sign > 0 ? 3 : 4));
        Bench off;
        off.gates_on();
        off.write1(0x65, 20);
        off.write1(0x55, 0x28);  // CAES 0
        sleeping(off);
        off.jump_shunt(sign * 1e-3);
        off.run(10 * s);
        CHECK(off.chip.mode() == afe::Mode::sleep);
    }
    const int seconds[16] = {0, 10, 20, 30, 40, 50, 60, 120, 180, 240, 300, 360, 420, 480, 540, 600};
    for (int code = 1; code < 16; ++code) {
        Bench b;
        b.write1(0x78, code);
        sleeping(b);
        b.run(seconds[code] * s - 1);
        CHECK(b.chip.mode() == afe::Mode::sleep);
        b.run(1);
        CHECK(cst(b) == 2);
        b.run(5 * ms);
        CHECK(b.reg(0x78) == (0x80 | code));
    }
    Bench b;
    sleeping(b);
    CHECK(b.chip.wake_by_charger(b.now));
    CHECK(cst(b) == 8);
    CHECK_FALSE(b.chip.wake_by_charger(b.now));
}

TEST_CASE("shutdown and loss of supply lose all registers and open the gates") {
    Bench b;
    b.gates_on();
    b.write1(0x01, 0x0F);
    CHECK(b.chip.mode() == afe::Mode::shutdown);
    CHECK(b.chip.peek(0x51) == 0);
    CHECK(b.chip.next_due() == base::k_never_ns);
    CHECK_FALSE(b.dsg());
    CHECK(b.chip.drives().supply_A == doctest::Approx(1e-6));
    CHECK(b.reg(0x53) == -1);
    b.jump_shunt(0.5);
    b.run(10 * s);
    CHECK(b.chip.mode() == afe::Mode::shutdown);
    b.jump_shunt(0.0);
    CHECK(b.chip.wake_by_charger(b.now));
    b.run(5 * ms);
    CHECK(b.reg(0x51) == 0x00);
    CHECK((b.reg(0x01) & 0x0F) == 0);
    b.gates_on();
    REQUIRE(b.dsg());
    Inputs sag = b.x;
    sag.vtop_V = 4.0;
    const double from = b.x.vtop_V;
    const Time_ns start = b.now;
    b.ramp(1 * ms, sag);
    CHECK(b.chip.mode() == afe::Mode::off);
    CHECK_FALSE(b.dsg());
    CHECK(b.chip.drives().supply_A == 0.0);
    Inputs up = b.x;
    up.vtop_V = from;
    b.ramp(1 * ms, up);
    CHECK(b.chip.mode() == afe::Mode::work);
    CHECK(b.now == start + 2 * ms);
    b.run(5 * ms);
    CHECK(b.reg(0x51) == 0x00);
    CHECK(b.reg(0x75) == 0x00);
}

TEST_CASE("INT: 1 ms low on the configured pin, by cause and mask; conversions pulse it unless masked") {
    Bench b;
    b.gates_on();
    b.write1(0x79, 0xFF & ~0x01);
    set_scd(b, 8, 0);
    b.jump_shunt(0.1);
    CHECK_FALSE(b.chip.int_low());  // no INT pin
    b.jump_shunt(0.0);
    b.run(2 * ms);
    b.write1(0x00, 0x00);
    b.write1(0x74, 6 << 3);  // GP2 = INT
    b.jump_shunt(0.1);
    CHECK(b.chip.int_low());
    b.run(1 * ms - 1);
    CHECK(b.chip.int_low());
    b.run(1);
    CHECK_FALSE(b.chip.int_low());
    b.jump_shunt(0.0);
    b.write1(0x00, 0x00);
    b.write1(0x79, 0xFF);
    b.jump_shunt(0.1);
    CHECK_FALSE(b.chip.int_low());
    b.jump_shunt(0.0);
    b.write1(0x6E, 0x81);
    b.write1(0x79, 0xBF);  // scan done
    int pulses = 0;
    std::uint64_t version = b.chip.version();
    for (int k = 0; k < 6144; ++k) {
        b.run(100 * us);
        if (b.chip.version() != version && b.chip.int_low()) ++pulses;
        version = b.chip.version();
    }
    CHECK(pulses == 10);
}
