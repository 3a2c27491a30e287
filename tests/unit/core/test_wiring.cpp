// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "unit/core/fake_board.hpp"

TEST_CASE("start: three good samples, an open-wire test and a current, then both MOSFETs within a second") {
    fake::Board b;
    REQUIRE(b.init() == BMS_OK);
    b.run_s(0.2);
    CHECK(b.dsg() == 0);
    CHECK((b.out.gpio & BMS_OUT_LED_GREEN) == 0);
    b.run_s(0.8);
    CHECK(b.dsg() == 3);
    CHECK(b.chg() == 3);
    CHECK(b.out.gpio == BMS_OUT_LED_GREEN);
    CHECK(b.sig("wire_tests") >= 1);
    CHECK(b.sig("v_cell_mV", 5) == 33000);
    CHECK(b.sig("v_pack_mV") == 52800);
    CHECK(b.sig("temp_ntc_degC", 1) == doctest::Approx(250).epsilon(0.005));
}

TEST_CASE("swapped leads, distance 1: found within 2 scans of the first result, MOSFETs never on, balancer locked") {
    fake::Board b;
    b.cell_mV[4] = 6500;  // leads 5 and 6: channels 5 and 7 double, 6 negative (clipped to 0)
    b.cell_mV[5] = 0;
    b.cell_mV[6] = 6500;
    REQUIRE(b.init() == BMS_OK);
    b.run_s(0.26);
    CHECK(b.sig("fault.range") == 1);
    CHECK((b.out.gpio & (BMS_OUT_LED_RED | BMS_OUT_DO)) == (BMS_OUT_LED_RED | BMS_OUT_DO));
    b.run_s(20);
    CHECK(b.sig("fault.range_first") == 5);
    CHECK(b.sig("fault.range_last") == 7);
    CHECK(b.sig("fault.lead_a") == 5);
    CHECK(b.sig("fault.lead_b") == 6);
    CHECK(b.sig("fault.wire") == 0);
    CHECK(b.sig("latch.cov") == 0);
    CHECK(b.sig("latch.cuv") == 0);
    CHECK(b.dsg() == 0);
    CHECK(b.chg() == 0);
    CHECK(b.out.bal_from == 0);
    for (double& v : b.cell_mV) v = 3300;  // put right
    b.run_s(5);
    CHECK(b.sig("fault.range") == 0);
    CHECK(b.dsg() == 3);
}

TEST_CASE("swapped leads, distance 7") {
    fake::Board b;
    for (double& v : b.cell_mV) v = 3300;
    b.cell_mV[3] = 6553;  // +8 cells, beyond the converter
    b.cell_mV[4] = 0;     // -6 cells
    b.cell_mV[10] = 0;
    b.cell_mV[11] = 6553;
    REQUIRE(b.init() == BMS_OK);
    b.run_s(3);
    CHECK(b.sig("fault.range") == 1);
    CHECK(b.sig("fault.wire") == 0);
    CHECK(b.sig("fault.range_first") == 4);
    CHECK(b.sig("fault.range_last") == 12);
    CHECK(b.sig("fault.lead_a") == 4);
    CHECK(b.sig("fault.lead_b") == 11);
    CHECK(b.dsg() == 0);
}

TEST_CASE("an open lead is found at start, by its number, whichever it is; not as over- or under-voltage") {
    for (int k = 1; k <= 16; ++k) {
        CAPTURE(k);
        fake::Board b;
        b.open_lead = k;
        REQUIRE(b.init() == BMS_OK);
        b.run_s(3);
        CHECK(b.sig("fault.wire") == 1);
        CHECK(b.sig("fault.wire_index") == k);
        CHECK(b.sig("fault.range") == 0);
        CHECK(b.sig("latch.cov") == 0);
        CHECK(b.sig("latch.cuv") == 0);
        CHECK(b.dsg() == 0);
    }
}

TEST_CASE("a lead that opens in service is found within 2 s; it is forgiven after two clean tests") {
    for (int start_ms : {0, 300, 700, 1100, 1500}) {
        CAPTURE(start_ms);
        fake::Board b;
        REQUIRE(b.init() == BMS_OK);
        b.run_s(5 + start_ms * 1e-3);
        REQUIRE(b.dsg() == 3);
        b.open_lead = 7;
        b.run_s(2.0);
        CHECK(b.sig("fault.wire") == 1);
        CHECK(b.sig("fault.wire_index") == 7);
        CHECK(b.dsg() == 0);
        CHECK(b.chg() == 0);
        CHECK(b.sig("latch.cov") == 0);
        b.run_s(10);
        CHECK(b.sig("fault.wire_index") == 7);
        CHECK(b.sig("latch.cov") == 0);
        b.open_lead = 0;
        b.run_s(5);
        CHECK(b.sig("fault.wire") == 0);
        CHECK(b.dsg() == 3);
    }
}

TEST_CASE("the open-wire test disturbs no reading that the core uses") {
    fake::Board b;  // the fake pulls cell 1 down by 100 mV and the top cell by 900 mV during the test
    REQUIRE(b.init() == BMS_OK);
    b.run_s(2);
    for (int i = 0; i < 400; ++i) {
        b.run_s(0.05);
        CHECK(b.sig("v_cell_mV", 1) == 33000);
        CHECK(b.sig("v_cell_mV", 16) == 33000);
    }
    CHECK(b.sig("fault.cell_count") == 0);
    CHECK(b.sig("v_spread_mV") == 0);
}

TEST_CASE("over-voltage of cell 1 and of the top cell is seen through the test") {
    for (int k : {1, 16}) {
        CAPTURE(k);
        fake::Board b;
        REQUIRE(b.init() == BMS_OK);
        b.run_s(5.3);  // in the middle of a test
        b.cell_mV[k - 1] = 3650;
        b.run_s(1.5);
        CHECK(b.sig("latch.cov") == 1);
        CHECK(b.chg() != 3);
        CHECK(b.dsg() == 3);
    }
}

TEST_CASE("one cell fewer, one cell more, a stack voltage that does not fit") {
    fake::Board fewer;
    fewer.cell_mV[15] = 0;
    REQUIRE(fewer.init() == BMS_OK);
    fewer.run_s(1);
    CHECK(fewer.sig("fault.cell_count") == 1);
    CHECK(fewer.dsg() == 0);
    fake::Board more;
    more.spare_mV = 3300;
    REQUIRE(more.init() == BMS_OK);
    more.run_s(1);
    CHECK(more.sig("fault.cell_count") == 1);
    CHECK(more.dsg() == 0);
    fake::Board stack;
    REQUIRE(stack.init() == BMS_OK);
    stack.run_s(3);
    REQUIRE(stack.dsg() == 3);
    stack.stack_extra_mV = 3300;
    stack.run_s(3);
    CHECK(stack.sig("fault.cell_count") == 1);
    CHECK(stack.dsg() == 0);
    stack.stack_extra_mV = 0;
    stack.run_s(3);
    CHECK(stack.sig("fault.cell_count") == 0);
    CHECK(stack.dsg() == 3);
}

TEST_CASE("a broken temperature sensor is a sensor fault, not hot or cold; charging stops within 3 s") {
    for (double code : {17950.0, 300.0}) {
        CAPTURE(code);
        fake::Board b;
        REQUIRE(b.init() == BMS_OK);
        b.run_s(2);
        b.ntc_degC_code[0] = code;
        b.run_s(3);
        CHECK(b.sig("fault.ntc") == 1);
        CHECK(b.sig("fault.ntc_mask") == BMS_NTC_1);
        CHECK(b.sig("latch.otc") == 0);
        CHECK(b.sig("latch.utc") == 0);
        CHECK(b.chg() != 3);
        CHECK(b.dsg() == 3);
        b.ntc_degC_code[0] = 9000;
        b.run_s(1);
        CHECK(b.sig("fault.ntc") == 0);
        CHECK(b.chg() == 3);
    }
    fake::Board absent;
    absent.cfg.ntc_mask = BMS_NTC_1 | BMS_NTC_FET;
    absent.ntc_degC_code[2] = 18000;  // not fitted
    REQUIRE(absent.init() == BMS_OK);
    absent.run_s(4);
    CHECK(absent.sig("fault.ntc") == 0);
    CHECK(absent.chg() == 3);
}

TEST_CASE("temperatures follow the sensor's table") {
    fake::Board b;
    REQUIRE(b.init() == BMS_OK);
    struct Row {
        double degC, r_Ohm;
    };
    for (const Row& r : {Row{-30, 118718}, Row{-20, 70876}, Row{0, 27672}, Row{25, 10000}, Row{45, 4901}, Row{85, 1458},
                         Row{105, 861}}) {
        b.ntc_degC_code[0] = fake::gp_code(r.r_Ohm);
        b.run_s(0.3);
        CHECK(b.sig("temp_ntc_degC", 1) == doctest::Approx(r.degC * 10).epsilon(0.002).scale(100));
    }
}
