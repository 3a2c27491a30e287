// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "unit/core/fake_board.hpp"

TEST_CASE("balancing: highest to lowest, both conditions at least met, off if one is not") {
    struct Row {
        double base, top, low;
        int from, to;
    };
    for (const Row& r : {Row{3390, 3400.0, 3390, 4, 1}, Row{3390, 3399.9, 3385, 0, 0}, Row{3395, 3404, 3394.1, 0, 0},
                         Row{3395, 3404, 3394.0, 4, 12}}) {
        CAPTURE(r.top);
        fake::Board b;
        for (double& v : b.cell_mV) v = r.base;
        b.cell_mV[3] = r.top;
        b.cell_mV[11] = r.low;
        REQUIRE(b.init() == BMS_OK);
        b.run_s(5);
        CHECK(b.out.bal_from == r.from);
        CHECK(b.out.bal_to == r.to);
        CHECK(b.out.bal_mA == (r.from != 0 ? 1100 : 0));
    }
}

TEST_CASE("slot: 10 s, off to measure, the wire's drop never enters a decision nor a protection") {
    fake::Board b;
    for (double& v : b.cell_mV) v = 3450;
    b.cell_mV[3] = 3470;
    b.cell_mV[11] = 3440;
    b.lead_shift_mV = 90;  // donor reads 90 mV low, receiver 90 mV high: would turn the pair around
    REQUIRE(b.init() == BMS_OK);
    b.run_s(5);
    REQUIRE(b.out.bal_from == 4);
    double on_s = 0, off_s = 0;
    int turned = 0;
    int periods = 0;
    bool was = true;
    for (int i = 0; i < 10000; ++i) {
        b.run_s(0.01);
        const bool on = b.out.bal_from != 0;
        (on ? on_s : off_s) += 0.01;
        if (on && (b.out.bal_from != 4 || b.out.bal_to != 12)) ++turned;
        if (on && !was) ++periods;
        was = on;
        // What the protections see: the truth, within 2 mV.
        CHECK(b.sig("v_cell_mV", 4) == doctest::Approx(34700).epsilon(0.0006));
        CHECK(b.sig("v_cell_mV", 12) == doctest::Approx(34400).epsilon(0.0006));
    }
    CHECK(turned == 0);
    CHECK(periods >= 9);
    CHECK(periods <= 11);
    CHECK(off_s / (on_s + off_s) < 0.06);
    CHECK(off_s / (on_s + off_s) > 0.03);
}

TEST_CASE("balancing stops for a wiring fault and can be switched off") {
    fake::Board b;
    for (double& v : b.cell_mV) v = 3450;
    b.cell_mV[3] = 3470;
    REQUIRE(b.init() == BMS_OK);
    b.run_s(5);
    REQUIRE(b.out.bal_from == 4);
    b.open_lead = 9;
    b.run_s(2.2);
    CHECK(b.out.bal_from == 0);
    b.open_lead = 0;
    b.run_s(8);
    CHECK(b.out.bal_from == 4);
    b.set("balance_enable", 0);
    b.run_s(0.2);
    CHECK(b.out.bal_from == 0);
}

TEST_CASE("sleep after 3600 s idle, wake by the front end, never at 65535") {
    fake::Board b;
    REQUIRE(b.init() == BMS_OK);
    b.run_s(3590);
    CHECK(b.sig("sleep") == 0);
    b.run_s(15);
    CHECK(b.sig("sleep") == 1);
    CHECK(b.out.power == BMS_POWER_SLEEP);
    CHECK(b.asleep);
    CHECK(b.dsg() == 3);            // the MOSFETs stay on
    CHECK((b.reg[0x77] & 7) == 0);  // watchdog off
    const std::uint32_t steps = b.steps;
    b.run_s(500);
    CHECK(b.steps - steps <= 2);
    b.i_mA = 2000;
    b.alert(0);  // woken by current
    b.run_s(0.2);
    CHECK(b.sig("sleep") == 0);
    CHECK(b.out.power == BMS_POWER_AWAKE);
    CHECK((b.reg[0x77] & 7) == 4);
    CHECK(b.sig("i_pack_mA") == doctest::Approx(2000).epsilon(0.01));
    CHECK(b.dsg() == 3);

    fake::Board never;
    REQUIRE(never.init() == BMS_OK);
    REQUIRE(never.set("sleep_s", 65535) == BMS_OK);
    never.run_s(70000);
    CHECK(never.sig("sleep") == 0);
    CHECK(never.sig("idle_s") > 69000);
}

TEST_CASE("asleep the cells are looked at every ten minutes, and protected") {
    fake::Board b;
    REQUIRE(b.init() == BMS_OK);
    REQUIRE(b.set("sleep_s", 60) == BMS_OK);
    b.run_s(120);
    REQUIRE(b.sig("sleep") == 1);
    const int scans = b.sig("scans");
    b.run_s(1300);
    CHECK(b.sig("scans") - scans >= 8);
    CHECK(b.sig("scans") - scans <= 30);
    CHECK(b.sig("sleep") == 1);
    CHECK(b.logged("wake") == 0);
    b.cell_mV[5] = 2300;
    b.run_s(650 * 6);
    CHECK(b.sig("latch.cuv") == 1);  // a look is shorter than the delay: low in two looks counts
    CHECK(b.dsg() != 3);
}

TEST_CASE("the key wakes; parameters wake; a short circuit while asleep is handled") {
    fake::Board b;
    REQUIRE(b.init() == BMS_OK);
    REQUIRE(b.set("sleep_s", 30) == BMS_OK);
    b.run_s(60);
    REQUIRE(b.sig("sleep") == 1);
    b.gpio = BMS_IN_KEY;
    b.pending_wake |= BMS_WAKE_GPIO;
    b.run_s(1);
    CHECK(b.sig("sleep") == 0);
    b.run_s(60);
    REQUIRE(b.sig("sleep") == 1);
    REQUIRE(b.set("cov_mV", 3600) == BMS_OK);
    b.run_s(1);
    CHECK(b.sig("sleep") == 0);
    b.run_s(60);
    REQUIRE(b.sig("sleep") == 1);
    b.p_minus_mV = 19800;
    b.alert(0x01);
    b.run_s(0.3);
    CHECK(b.sig("latch.scd") == 1);
    CHECK(b.dsg() == 0);
}

TEST_CASE("balancing keeps awake, unless told not to") {
    for (int keeps : {0, 1}) {
        fake::Board b;
        for (double& v : b.cell_mV) v = 3450;
        b.cell_mV[3] = 3470;
        REQUIRE(b.init() == BMS_OK);
        REQUIRE(b.set("balancing_keeps_awake", keeps) == BMS_OK);
        REQUIRE(b.set("sleep_s", 100) == BMS_OK);
        b.run_s(300);
        CHECK(b.sig("sleep") == (keeps == 0 ? 1 : 0));
        CHECK(b.out.bal_from == (keeps == 0 ? 0 : 4));
    }
}

TEST_CASE("a front end that lost its registers asleep is set up again") {
    fake::Board b;
    REQUIRE(b.init() == BMS_OK);
    REQUIRE(b.set("sleep_s", 30) == BMS_OK);
    b.run_s(60);
    REQUIRE(b.sig("sleep") == 1);
    b.reset_chip();
    b.gpio = BMS_IN_KEY;
    b.pending_wake |= BMS_WAKE_GPIO;
    b.run_s(3);
    CHECK(b.sig("afe_resets") == 1);
    CHECK(b.reg[0x62] == 0x48);
    CHECK(b.dsg() == 3);
}

TEST_CASE("state of charge: counted, and calibrated by a full charge") {
    fake::Board b;
    REQUIRE(b.init() == BMS_OK);
    b.run_s(2);
    REQUIRE(b.set("soc_set_pct", 5000) == BMS_OK);
    b.run_s(1);
    CHECK(b.sig("soc_pct") == 5000);
    b.i_mA = 50000;
    b.run_s(3600);
    CHECK(b.sig("soc_pct") == doctest::Approx(0).epsilon(0.01).scale(5000));
    b.set("soc_set_pct", 9000);
    for (double& v : b.cell_mV) v = 3510;
    b.i_mA = -20000;
    b.run_s(60);
    CHECK(b.sig("soc_known") == 0);
    b.i_mA = -4000;  // below C/20
    b.run_s(12);
    CHECK(b.sig("soc_pct") == 10000);
    CHECK(b.sig("soc_known") == 1);
    b.i_mA = 36000;
    b.run_s(1000);
    CHECK(b.sig("soc_pct") == doctest::Approx(9000).epsilon(0.0005));
    CHECK(b.sig("charge_mAh") == doctest::Approx(90000).epsilon(0.0005));
}

TEST_CASE("state of charge and trips survive a power cut at sleep") {
    fake::Board b;
    REQUIRE(b.init() == BMS_OK);
    REQUIRE(b.set("sleep_s", 30) == BMS_OK);
    b.run_s(2);
    b.set("soc_set_pct", 4200);
    b.run_s(100);
    REQUIRE(b.sig("sleep") == 1);
    REQUIRE(b.init() == BMS_OK);
    b.run_s(3);
    CHECK(b.sig("soc_pct") == 4200);
}

TEST_CASE("memory is not worn: an idle day writes a handful of pages") {
    fake::Board b;
    REQUIRE(b.init() == BMS_OK);
    b.i_mA = 600;  // awake, a little current
    b.run_s(86400);
    CHECK(b.nvm_writes < 200);
}
