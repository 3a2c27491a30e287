// SPDX-License-Identifier: Apache-2.0
// Bytes on the wire against raw register numbers and CRC vectors of the chip's manual, not against the driver's own
// names.
#include <doctest/doctest.h>

#include "unit/core/fake_board.hpp"

namespace {

const fake::Write* last_write(const fake::Board& b, int reg) {
    const fake::Write* w = nullptr;
    for (const fake::Write& x : b.writes)
        if (x.reg == reg) w = &x;
    return w;
}

}  // namespace

TEST_CASE("the CRC vectors of the chip") {
    // W 51=0F -> B2, W 00=00 -> 86, W 01=0E -> B9, R 8F=00 -> 99
    CHECK(fake::crc8({0x40, 0x51, 0x0F}) == 0xB2);
    CHECK(fake::crc8({0x40, 0x00, 0x00}) == 0x86);
    CHECK(fake::crc8({0x40, 0x01, 0x0E}) == 0xB9);
    CHECK(fake::crc8({0x40, 0x8F, 0x41, 0x00}) == 0x99);
}

TEST_CASE("both MOSFETs on is one write of 0F to 51 with CRC B2") {
    fake::Board b;
    REQUIRE(b.init() == BMS_OK);
    bool seen = false;
    for (int i = 0; i < 2000 && !seen; ++i) {
        b.run_s(0.001);
        if (b.posted.xfer_n_seg == 1 && b.posted.xfer_n_tx == 3 && b.posted.xfer_tx[0] == 0x51) {
            seen = true;
            CHECK(b.posted.xfer_seg[0].addr == 0x40);
            CHECK(b.posted.xfer_seg[0].flags == (BMS_SEG_START | BMS_SEG_STOP));
            CHECK(b.posted.xfer_tx[1] == 0x0F);
            CHECK(b.posted.xfer_tx[2] == 0xB2);
        }
    }
    CHECK(seen);
}

TEST_CASE("a measurement is one block of 157 bytes, ten times a second") {
    fake::Board b;
    REQUIRE(b.init() == BMS_OK);
    b.run_s(2);
    int blocks = 0;
    std::uint16_t last = b.posted.xfer_id;
    for (int i = 0; i < 1000; ++i) {
        b.run_s(0.001);
        if (b.posted.xfer_id == last) continue;
        last = b.posted.xfer_id;
        if (b.posted.xfer_n_seg != 2 || b.posted.xfer_tx[0] != 0x00 || b.posted.xfer_seg[1].len != 154) continue;
        CHECK(b.posted.xfer_seg[0].flags == BMS_SEG_START);
        CHECK(b.posted.xfer_seg[1].flags == (BMS_SEG_START | BMS_SEG_STOP | BMS_SEG_READ));
        CHECK(b.posted.xfer_seg[1].addr == 0x41);
        CHECK(1 + b.posted.xfer_seg[0].len + 1 + b.posted.xfer_seg[1].len == 157);
        ++blocks;
    }
    CHECK(blocks == 10);
}

TEST_CASE("configuration of a 100 A LFP board in raw registers") {
    fake::Board b;
    REQUIRE(b.init() == BMS_OK);
    b.run_s(0.3);
    const auto reg = [&b](int r) { return static_cast<int>(b.reg[static_cast<std::size_t>(r)]); };
    CHECK(reg(0x62) == 0x48);                  // 400 A * 0.2 mOhm = 80 mV = 8 * 10 mV, enabled
    CHECK(reg(0x63) == 25);                    // 200 us / 7.81 us -> 25
    CHECK(reg(0x5E) == (0x40 | 17));           // 375 A = 75 mV -> (17 + 1) * 4 mV = 72 mV
    CHECK(reg(0x60) == 249);                   // (249 + 1) * 4 ms = 1 s
    CHECK((reg(0x5F) & 0x7F) == (0x40 | 11));  // 250 A = 50 mV -> 12 * 4 mV
    CHECK(reg(0x59) == 0);                     // OCD 10 s is the firmware's
    CHECK(reg(0x65) == 20);                    // wake 1 A = 200 uV / 10 uV
    CHECK(reg(0x66) == 10);                    // diode 2 A = 400 uV / 40 uV
    CHECK(((reg(0x70) << 4) | (reg(0x71) >> 4)) == 3650 - 500);
    CHECK((reg(0x71) & 15) == 8);  // 1 s
    CHECK(((reg(0x72) << 4) | (reg(0x73) >> 4)) == 2450);
    CHECK((reg(0x73) & 15) == 9);  // 2 s
    CHECK(reg(0x6A) == 0xFF);      // cells 17..24 masked
    CHECK(reg(0x6B) == 0x00);
    CHECK((reg(0x6C) & 0xF0) == 0x00);
    CHECK((reg(0x6D) & 0x03) == 0x02);  // masked channels measured, 100 uV format
    CHECK((reg(0x6E) & 0xF3) == 0x81);  // converter on, no pauses, 1.54 ms slots
    CHECK(reg(0x74) == 0x71);           // NTC, INT, NTC
    CHECK(reg(0x75) == 0x7F);           // NTC, low-side CHG, low-side DSG
    CHECK((reg(0x77) & 7) == 4);        // bus watchdog 4 s
    CHECK((reg(0x53) & 0x08) == 0);     // ... which closes DSG
    CHECK((reg(0x54) & 0x80) == 0);     // ... and CHG
    CHECK((reg(0x55) & 0x80) == 0x80);  // high-side drivers masked
    CHECK((reg(0x79) & 0x9F) == 0);     // protections and watchdog interrupt
    CHECK(reg(0x57) == 0x28);           // unnamed registers keep what was read
    CHECK(reg(0x58) == 0x05);
    CHECK((reg(0x77) & 0xC0) == 0xC0);  // regulator bits kept
}

TEST_CASE("500 A board: levels that only 0.1 mOhm reaches") {
    fake::Board b("R24TS1A-17S-500A");
    b.cfg.shunt_nOhm = 100000;
    b.shunt_Ohm = 0.0001;
    REQUIRE(b.init() == BMS_OK);
    b.run_s(0.3);
    CHECK(b.reg[0x62] == (0x40 | 20));  // 2000 A = 200 mV
    CHECK(b.reg[0x65] == 10);
}

TEST_CASE("a corrupted read is repeated within 5 ms and does no harm") {
    fake::Board b;
    REQUIRE(b.init() == BMS_OK);
    b.run_s(2);
    REQUIRE(b.dsg() == 3);
    b.corrupt_reads = 3;
    b.run_s(1);
    CHECK(b.sig("bus_errors") == 4);  // the first transfer finds the chip asleep, three are corrupted
    CHECK(b.sig("fault.afe") == 0);
    CHECK(b.dsg() == 3);
}

TEST_CASE("a dead front end is a fault after 3 tries, and a start from scratch when it returns") {
    fake::Board b;
    REQUIRE(b.init() == BMS_OK);
    b.run_s(2);
    b.afe_dead = true;
    b.run_s(0.3);
    CHECK(b.sig("fault.afe") == 1);
    CHECK((b.out.gpio & BMS_OUT_LED_RED) != 0);
    CHECK(b.sig("fet.dsg") == 0);
    b.afe_dead = false;
    b.reset_chip();  // it had lost its supply
    b.run_s(3);
    CHECK(b.sig("fault.afe") == 0);
    CHECK(b.dsg() == 3);
    CHECK(b.reg[0x62] == 0x48);
}

TEST_CASE("a reset of the front end is found by its registers") {
    fake::Board b;
    REQUIRE(b.init() == BMS_OK);
    b.run_s(2);
    REQUIRE(b.reg[0x62] == 0x48);
    b.reset_chip();
    CHECK(b.reg[0x62] == 0x40);
    b.run_s(4);
    CHECK(b.logged("afe_reset") == 1);
    CHECK(b.sig("afe_resets") == 1);
    CHECK(b.reg[0x62] == 0x48);
    CHECK(b.dsg() == 3);
}

TEST_CASE("registers that cannot be written are a fault, not a belief") {
    fake::Board b;
    REQUIRE(b.init() == BMS_OK);
    b.on_step = [&b](const bms_in&) { b.reg[0x62] = 0x41; };
    b.run_s(2);
    CHECK(b.sig("fault.afe") == 1);
    CHECK(b.dsg() == 0);
    CHECK(b.chg() == 0);
}

TEST_CASE("a converter that stands still is a fault") {
    fake::Board b;
    REQUIRE(b.init() == BMS_OK);
    b.run_s(2);
    b.no_conversions = true;
    b.run_s(1);
    CHECK(b.sig("fault.afe") == 1);
    CHECK(b.dsg() == 0);
}

TEST_CASE("drivers that do not follow are a fault") {
    fake::Board b;
    REQUIRE(b.init() == BMS_OK);
    b.run_s(2);
    b.follow = false;
    b.run_s(3);
    CHECK(b.logged("fet_mismatch") >= 1);
    CHECK(b.logged("afe_lost") == 0);
    b.follow = true;
    b.run_s(5);
    CHECK(b.sig("fault.afe") == 0);
}

TEST_CASE("flags are cleared by zeros and the clearing is read back") {
    fake::Board b;
    REQUIRE(b.init() == BMS_OK);
    b.run_s(2);
    b.alert(0x80);  // bus watchdog
    b.run_s(0.2);
    const fake::Write* w = last_write(b, 0x00);
    REQUIRE(w != nullptr);
    CHECK(w->value == 0x7F);
    CHECK(b.reg[0] == 0);
    CHECK(b.logged("watchdog") == 1);
}

TEST_CASE("a level set at any instant of the start, or while asleep, reaches the chip") {
    for (int ms = 0; ms < 80; ms += 1) {
        CAPTURE(ms);
        fake::Board b;
        REQUIRE(b.init() == BMS_OK);
        b.run_s(ms * 1e-3);
        REQUIRE(b.set("scd_mA", 600000) == BMS_OK);
        b.run_s(2);
        CHECK(b.reg[0x62] == (0x40 | 12));
        CHECK(b.dsg() == 3);
        CHECK(b.sig("afe_resets") == 0);
    }
    fake::Board b;
    REQUIRE(b.init() == BMS_OK);
    REQUIRE(b.set("sleep_s", 30) == BMS_OK);
    b.run_s(60);
    REQUIRE(b.sig("sleep") == 1);
    REQUIRE(b.set("scd_mA", 600000) == BMS_OK);
    b.run_s(1);
    CHECK(b.sig("sleep") == 0);
    CHECK(b.reg[0x62] == (0x40 | 12));
    CHECK((b.reg[0x77] & 7) == 4);
    CHECK(b.sig("afe_resets") == 0);
    CHECK(b.dsg() == 3);
}

TEST_CASE("a level set on the way into sleep is not lost") {
    for (int ms = 0; ms < 60; ++ms) {
        CAPTURE(ms);
        fake::Board b;
        REQUIRE(b.init() == BMS_OK);
        REQUIRE(b.set("sleep_s", 30) == BMS_OK);
        b.run_s(30.2 + ms * 1e-2);
        REQUIRE(b.set("scd_mA", 600000) == BMS_OK);
        b.run_s(2);
        CHECK(b.reg[0x62] == (0x40 | 12));
        CHECK(b.sig("afe_resets") == 0);
        b.run_s(3000);
        CHECK(b.sig("afe_resets") == 0);
        CHECK(b.dsg() == 3);
    }
}
