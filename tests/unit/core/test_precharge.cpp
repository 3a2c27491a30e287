// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <cmath>

#include "unit/core/fake_board.hpp"

namespace {

// A capacitor behind P+/P-: P- starts at the pack's voltage and falls with tau while the precharge path or the MOSFET
// is closed.
struct Capacitor {
    fake::Board& b;
    double tau_s;
    double floor_mV = 0;
    double v_mV = 52800;
    std::uint64_t last_us = 0;
    std::uint64_t on_us = 0;
    void operator()(const bms_in& in) {
        const double dt = static_cast<double>(in.now_us - last_us) * 1e-6;
        last_us = in.now_us;
        if (b.dsg() == 3)
            v_mV = 0;
        else if ((b.out.gpio & BMS_OUT_PRECHARGE) != 0)
            v_mV = floor_mV + (v_mV - floor_mV) * std::exp(-dt / tau_s);
        if ((b.out.gpio & BMS_OUT_PRECHARGE) != 0 && on_us == 0) on_us = in.now_us;
        b.p_minus_mV = v_mV;
    }
};

}  // namespace

TEST_CASE("precharge: the path closes first, discharge when P- has come within 5 %, then the path opens") {
    fake::Board b;
    Capacitor c{b, 0.47};  // 47 Ohm, 10 mF
    b.on_step = [&c](const bms_in& in) { c(in); };
    REQUIRE(b.init() == BMS_OK);
    REQUIRE(b.set("precharge_enable", 1) == BMS_OK);
    double closed_s = -1;
    bool both = false;
    for (int i = 0; i < 400; ++i) {
        b.run_s(0.01);
        both = both || (b.dsg() == 3 && (b.out.gpio & BMS_OUT_PRECHARGE) != 0);
        if (b.dsg() == 3 && closed_s < 0) closed_s = static_cast<double>(b.now_us - c.on_us) * 1e-6;
    }
    CHECK(closed_s == doctest::Approx(0.47 * std::log(20.0)).epsilon(0.03));
    CHECK(both);
    CHECK((b.out.gpio & BMS_OUT_PRECHARGE) == 0);
    CHECK(b.sig("latch.precharge") == 0);
    CHECK(b.out.gpio == BMS_OUT_LED_GREEN);
}

TEST_CASE("precharge without a load takes an instant") {
    fake::Board b;
    REQUIRE(b.init() == BMS_OK);
    REQUIRE(b.set("precharge_enable", 1) == BMS_OK);
    b.run_s(1);
    CHECK(b.dsg() == 3);
}

TEST_CASE("precharge into a short circuit never gets there: fault, and again only when the load is gone") {
    fake::Board b;
    Capacitor c{b, 0.47, 52700};
    b.on_step = [&c](const bms_in& in) { c(in); };
    REQUIRE(b.init() == BMS_OK);
    REQUIRE(b.set("precharge_enable", 1) == BMS_OK);
    b.run_s(5);
    CHECK((b.out.gpio & BMS_OUT_PRECHARGE) != 0);
    b.run_s(1.5);
    CHECK(b.sig("latch.precharge") == 1);
    CHECK((b.out.gpio & BMS_OUT_PRECHARGE) == 0);
    CHECK((b.out.gpio & BMS_OUT_LED_RED) != 0);
    CHECK(b.dsg() == 0);
    b.run_s(300);
    CHECK(b.sig("trips", 12) == 1);
    c.v_mV = c.floor_mV = 0;
    b.run_s(3);
    CHECK(b.sig("latch.precharge") == 0);
    CHECK(b.dsg() == 3);
}

TEST_CASE("a precharge that is faster than allowed is a fault if asked for") {
    fake::Board b;
    Capacitor c{b, 1e-4};
    b.on_step = [&c](const bms_in& in) { c(in); };
    REQUIRE(b.init() == BMS_OK);
    REQUIRE(b.set("precharge_enable", 1) == BMS_OK);
    REQUIRE(b.set("precharge_min_ms", 50) == BMS_OK);
    b.run_s(2);
    CHECK(b.sig("latch.precharge") == 1);
    CHECK(b.dsg() == 0);
}

TEST_CASE("waiting for precharge is no alarm") {
    fake::Board b;
    Capacitor c{b, 1.4};  // 30 mF
    b.on_step = [&c](const bms_in& in) { c(in); };
    REQUIRE(b.init() == BMS_OK);
    REQUIRE(b.set("precharge_enable", 1) == BMS_OK);
    bool red = false;
    for (int i = 0; i < 600; ++i) {
        b.run_s(0.01);
        red = red || (b.out.gpio & BMS_OUT_LED_RED) != 0;
    }
    CHECK_FALSE(red);
    CHECK(b.dsg() == 3);
}
