// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "unit/core/fake_board.hpp"

namespace {

void up(fake::Board& b, double s = 5) {
    REQUIRE(b.init() == BMS_OK);
    b.run_s(s);
    REQUIRE(b.dsg() == 3);
    REQUIRE(b.chg() == 3);
}

// Time from now until a condition holds, in s; -1 if it does not within limit_s.
template <class F>
double until(fake::Board& b, double limit_s, F f) {
    const std::uint64_t t0 = b.now_us;
    while (b.now_us < t0 + static_cast<std::uint64_t>(limit_s * 1e6)) {
        if (f()) return static_cast<double>(b.now_us - t0) * 1e-6;
        b.run_s(0.01);
    }
    return -1;
}

void short_circuit(fake::Board& b, bool load_stays) {
    b.p_minus_mV = load_stays ? 19800 : 0;
    b.alert(0x01);
    b.run_s(0.05);
}

}  // namespace

TEST_CASE("over-voltage: trip after its delay, charge off, released by level and by charger gone") {
    fake::Board b;
    up(b);
    b.i_mA = -20000;
    b.cell_mV[7] = 3621;
    CHECK(until(b, 3, [&] { return b.chg() != 3; }) == doctest::Approx(1.1).epsilon(0.15));
    CHECK(b.dsg() == 3);
    CHECK(b.chg() == 2);  // automatic: discharge current closes it
    CHECK(b.sig("latch.cov") == 1);
    CHECK((b.out.gpio & BMS_OUT_LED_RED) != 0);
    b.i_mA = 0;
    b.p_minus_mV = -3000;  // the charger waits
    b.cell_mV[7] = 3480;
    b.run_s(60);
    CHECK(b.sig("latch.cov") == 1);  // never by time or level alone
    b.p_minus_mV = 0;
    b.run_s(2);
    CHECK(b.sig("latch.cov") == 0);
    CHECK(b.chg() == 3);
}

TEST_CASE("over-voltage that is just below its level never trips") {
    fake::Board b;
    up(b);
    b.cell_mV[7] = 3619.5;
    b.run_s(30);
    CHECK(b.chg() == 3);
}

TEST_CASE("under-voltage: discharge off, a recovered voltage alone does not close it again while the load is there") {
    fake::Board b;
    up(b);
    b.i_mA = 50000;
    b.cell_mV[3] = 2499;
    CHECK(until(b, 4, [&] { return b.dsg() != 3; }) == doctest::Approx(2.1).epsilon(0.1));
    CHECK(b.dsg() == 2);
    CHECK(b.chg() == 3);
    b.i_mA = 0;
    b.p_minus_mV = 15000;  // load still there
    b.cell_mV[3] = 3000;
    b.run_s(120);
    CHECK(b.sig("latch.cuv") == 1);
    b.p_minus_mV = 0;
    b.run_s(2);
    CHECK(b.sig("latch.cuv") == 0);
    CHECK(b.dsg() == 3);
}

TEST_CASE("under-voltage is released by charge current too") {
    fake::Board b;
    up(b);
    b.cell_mV[3] = 2400;
    b.run_s(4);
    REQUIRE(b.dsg() == 2);
    b.p_minus_mV = 15000;
    b.i_mA = -5000;
    b.cell_mV[3] = 2950;
    b.run_s(1);
    CHECK(b.dsg() == 3);
}

TEST_CASE("over-current in discharge: 1.5 x rated for 10 s, not 1.49 x for minutes, not 2.5 x for 3 s") {
    fake::Board b;
    up(b);
    b.i_mA = 149000;
    b.run_s(120);
    CHECK(b.dsg() == 3);
    b.i_mA = 250000;
    b.run_s(3);
    b.i_mA = 0;
    b.run_s(20);
    CHECK(b.dsg() == 3);
    b.i_mA = 151000;
    CHECK(until(b, 15, [&] { return b.dsg() != 3; }) == doctest::Approx(10.1).epsilon(0.02));
    CHECK(b.sig("latch.ocd") == 1);
    // Load gone after 5 s: recovery not before 30 s.
    b.i_mA = 0;
    b.p_minus_mV = 0;
    CHECK(until(b, 40, [&] { return b.dsg() == 3; }) == doctest::Approx(30).epsilon(0.03));
}

TEST_CASE("over-current: with the load left on it stays off for ever") {
    fake::Board b;
    up(b);
    b.i_mA = 200000;
    b.run_s(11);
    REQUIRE(b.dsg() != 3);
    b.i_mA = 0;
    b.p_minus_mV = 18000;
    b.run_s(600);
    CHECK(b.dsg() != 3);
    CHECK(b.sig("load_present") == 1);
}

TEST_CASE("over-current in charge: 1.1 x rated for 5 s; discharge current is evidence") {
    fake::Board b;
    up(b);
    b.i_mA = -109000;
    b.run_s(30);
    CHECK(b.chg() == 3);
    b.i_mA = -111000;
    CHECK(until(b, 8, [&] { return b.chg() != 3; }) == doctest::Approx(5.1).epsilon(0.03));
    b.i_mA = 0;
    b.p_minus_mV = -4000;
    b.run_s(60);
    CHECK(b.sig("latch.occ") == 1);
    b.i_mA = 3000;
    b.run_s(1);
    CHECK(b.sig("latch.occ") == 0);
}

TEST_CASE("the front end's level 2 comparators are taken as over-current") {
    fake::Board b;
    up(b);
    b.p_minus_mV = 19000;
    b.alert(0x04);  // OCD2
    b.run_s(0.05);
    CHECK(b.sig("latch.ocd") == 1);
    CHECK((b.dsg() & 3) != 3);
    CHECK(b.reg[0] == 0x04);  // kept until recovery
    b.p_minus_mV = 0;
    b.run_s(32);
    CHECK(b.reg[0] == 0x00);
    CHECK(b.dsg() == 3);
}

TEST_CASE("short circuit: alert within milliseconds, hard off, flag kept, no retry while the load is there") {
    fake::Board b;
    up(b);
    short_circuit(b, true);
    CHECK(b.sig("latch.scd") == 1);
    CHECK(b.dsg() == 0);
    CHECK(b.chg() == 3);
    CHECK((b.out.gpio & BMS_OUT_LED_RED) != 0);
    b.run_s(900);
    CHECK(b.dsg() == 0);
    CHECK(b.reg[0] == 0x01);
    CHECK(b.sig("scd_tries") == 0);
}

TEST_CASE("short circuit removed: discharge returns after 30 s, the flag is cleared before the MOSFET closes") {
    fake::Board b;
    up(b);
    short_circuit(b, false);
    const double t = until(b, 60, [&] { return b.dsg() == 3; });
    CHECK(t == doctest::Approx(30).epsilon(0.02));
    std::uint64_t cleared = 0, closed = 0;
    for (const fake::Write& w : b.writes) {
        if (w.reg == 0x00 && (w.value & 1u) == 0) cleared = w.at_us;
        if (w.reg == 0x51 && (w.value & 0x0C) == 0x0C) closed = w.at_us;
    }
    CHECK(cleared != 0);
    CHECK(closed > cleared);
    CHECK(b.sig("scd_tries") == 1);
}

TEST_CASE("charge current is evidence after a short circuit") {
    fake::Board b;
    up(b);
    short_circuit(b, true);
    b.run_s(31);
    REQUIRE(b.dsg() == 0);
    b.i_mA = -3000;
    b.run_s(1);
    CHECK(b.dsg() == 3);
}

TEST_CASE("three re-closings at least 30 s apart, then locked; the key or a command unlocks, evidence stays needed") {
    fake::Board b;
    up(b);
    for (int i = 1; i <= 3; ++i) {
        short_circuit(b, false);
        REQUIRE(b.dsg() == 0);
        CHECK(until(b, 60, [&] { return b.dsg() == 3; }) > 29.5);
        CHECK(b.sig("scd_tries") == i);
        b.run_s(1);
    }
    short_circuit(b, false);
    b.run_s(3600);
    CHECK(b.dsg() == 0);
    CHECK(b.sig("latch.lock") == 1);
    CHECK(b.sig("latch.scd") == 1);
    CHECK(b.sig("scd_tries") == 3);
    b.init();  // power-on of the controller does not forget it
    b.pending_wake = BMS_WAKE_POWER_ON;
    b.run_s(5);
    CHECK(b.sig("latch.lock") == 1);
    CHECK(b.dsg() == 0);
    CHECK(b.sig("trips", 1) >= 4);
    b.gpio |= BMS_IN_KEY;
    b.pending_wake |= BMS_WAKE_GPIO;
    b.run_s(40);
    CHECK(b.sig("latch.lock") == 0);
    CHECK(b.dsg() == 3);
}

TEST_CASE("ten quiet minutes forget the tries") {
    fake::Board b;
    up(b);
    short_circuit(b, false);
    b.run_s(32);
    REQUIRE(b.sig("scd_tries") == 1);
    b.i_mA = 10000;
    b.run_s(601);
    CHECK(b.sig("scd_tries") == 0);
}

TEST_CASE("a short circuit that the controller missed is still in the flag when it starts") {
    fake::Board b;
    b.asleep = false;
    b.reg[0] = 0x01;
    b.p_minus_mV = 19000;
    REQUIRE(b.init() == BMS_OK);
    b.run_s(5);
    CHECK(b.sig("latch.scd") == 1);
    CHECK(b.dsg() == 0);
    CHECK(b.reg[0] == 0x01);
}

TEST_CASE("cell temperature: charge limits, discharge limits, hysteresis") {
    fake::Board b;
    up(b);
    const double r_51 = 4012, r_47 = 4583, r_44 = 5062, r_61 = 2918;
    b.ntc_degC_code[0] = b.ntc_degC_code[2] = fake::gp_code(r_51);
    const double t = until(b, 6, [&] { return b.chg() != 3; });
    CHECK(t == doctest::Approx(3.1).epsilon(0.05));
    CHECK(b.sig("latch.otc") == 1);
    CHECK(b.dsg() == 3);
    b.ntc_degC_code[0] = fake::gp_code(r_61);
    b.run_s(4);
    CHECK(b.sig("latch.otd") == 1);
    CHECK(b.dsg() != 3);
    b.ntc_degC_code[0] = b.ntc_degC_code[2] = fake::gp_code(r_47);
    b.run_s(10);
    CHECK(b.sig("latch.otd") == 0);
    CHECK(b.sig("latch.otc") == 1);  // 50 - 5 is not reached
    b.ntc_degC_code[0] = b.ntc_degC_code[2] = fake::gp_code(r_44);
    b.run_s(1);
    CHECK(b.dsg() == 3);
    CHECK(b.chg() == 3);
}

TEST_CASE("cold: charge is off from the first moment; the alarm comes with the request") {
    fake::Board b;
    b.ntc_degC_code[0] = b.ntc_degC_code[2] = fake::gp_code(70876);  // -20 degC
    b.set("utd_degC", -250);
    REQUIRE(b.init() == BMS_OK);
    REQUIRE(b.set("utd_degC", -300) == BMS_OK);
    b.run_s(3);
    CHECK(b.sig("latch.utc") == 1);
    CHECK(b.chg() == 2);
    CHECK(b.dsg() == 3);
    CHECK(b.out.gpio == BMS_OUT_LED_GREEN);
    for (const fake::Write& w : b.writes)
        if (w.reg == 0x51) CHECK((w.value & 3) != 3);
    b.p_minus_mV = -4000;
    b.run_s(0.5);
    CHECK(b.sig("charger_present") == 1);
    CHECK((b.out.gpio & (BMS_OUT_LED_RED | BMS_OUT_DO)) == (BMS_OUT_LED_RED | BMS_OUT_DO));
    CHECK(b.chg() == 2);
}

TEST_CASE("MOSFET temperature: alarm 90, off 105, on again 85") {
    fake::Board b;
    up(b);
    b.ntc_degC_code[1] = fake::gp_code(1240);  // 91 degC
    b.run_s(1);
    CHECK((b.out.gpio & BMS_OUT_LED_RED) != 0);
    CHECK(b.dsg() == 3);
    b.ntc_degC_code[1] = fake::gp_code(840);  // 106
    b.run_s(1);
    CHECK(b.sig("latch.otfet") == 1);
    CHECK(b.dsg() == 0);
    CHECK(b.chg() == 0);
    b.ntc_degC_code[1] = fake::gp_code(1300);  // 89
    b.run_s(60);
    CHECK(b.dsg() == 0);
    b.ntc_degC_code[1] = fake::gp_code(1500);  // 84
    b.run_s(1);
    CHECK(b.dsg() == 3);
    CHECK(b.chg() == 3);
}

TEST_CASE("the discharge switch: off is automatic (diode emulation), and no alarm") {
    fake::Board b;
    up(b);
    REQUIRE(b.set("dsg_switch", 0, BMS_ROLE_APP) == BMS_OK);
    b.run_s(0.2);
    CHECK(b.dsg() == 2);
    CHECK(b.chg() == 3);
    CHECK(b.out.gpio == BMS_OUT_LED_GREEN);
    // The fake's front end has no automatic drive: the core sees current against the flag and drives itself.
    b.i_mA = -10000;
    b.run_s(0.5);
    CHECK(b.dsg() == 3);
    b.i_mA = 0;
    b.run_s(0.3);
    CHECK(b.dsg() == 2);
    b.set("dsg_switch", 1, BMS_ROLE_APP);
    b.run_s(0.2);
    CHECK(b.dsg() == 3);
}

TEST_CASE("cells too far apart: alarm, then off after 5 s") {
    fake::Board b;
    up(b);
    b.cell_mV[2] = 2900;
    b.run_s(0.5);
    CHECK((b.out.gpio & BMS_OUT_LED_RED) != 0);
    CHECK(b.dsg() == 3);
    b.cell_mV[2] = 2499 + 10;
    b.cell_mV[9] = 3400;
    b.run_s(7);
    CHECK(b.sig("latch.dv") == 1);
    CHECK(b.dsg() == 0);
}
