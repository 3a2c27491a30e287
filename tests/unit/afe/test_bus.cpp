// SPDX-License-Identifier: Apache-2.0
// Conformance: bus, CRC, access classes, reset values.
#include <doctest/doctest.h>

#include "afe/crc8.hpp"
#include "bench.hpp"

using namespace bench;

TEST_CASE("CRC vectors of the register table, against the chip and against long division") {
    CHECK(crc_of({0x40, 0x51, 0x0F}) == 0xB2);
    CHECK(crc_of({0x40, 0x8F, 0x41, 0x00}) == 0x99);
    CHECK(crc_of({0x40, 0x00, 0x00}) == 0x86);
    CHECK(crc_of({0x40, 0x01, 0x0E}) == 0xB9);
    CHECK(crc_of({0x40, 0x59, 0x50}) == 0x80);
    CHECK(crc_of({0x50}) == 0xB7);
    for (int a = 0; a < 256; ++a) {
        for (int b = 0; b < 256; b += 7) {
            const std::uint8_t x = static_cast<std::uint8_t>(a), y = static_cast<std::uint8_t>(b);
            CHECK(afe::crc8(afe::crc8(0, x), y) == crc_of({x, y}));
        }
    }
}

TEST_CASE("a write takes effect at its CRC, byte by byte; a read checks") {
    Bench b;
    CHECK(b.chip.bus_start(b.now, 0x40));
    CHECK(b.chip.bus_write(b.now, 0x59));
    CHECK(b.chip.bus_write(b.now, 0x50));
    CHECK(b.chip.peek(0x59) == 0);  // not yet
    CHECK(b.chip.bus_write(b.now, 0x80));
    CHECK(b.chip.peek(0x59) == 0x50);
    CHECK(b.chip.bus_write(b.now, 0x50));
    CHECK(b.chip.bus_write(b.now, 0xB7));
    CHECK(b.chip.peek(0x5A) == 0x50);
    b.chip.bus_stop(b.now);
    std::vector<std::uint8_t> out;
    CHECK(b.read(0x59, 3, out));
    CHECK(out == std::vector<std::uint8_t>{0x50, 0x50, 0x00});
    CHECK_FALSE(b.chip.bus_write(b.now, 0x59));  // not addressed
    CHECK(b.chip.bus_read(b.now) == 0xFF);
}

TEST_CASE("a wrong CRC on byte k: bytes before it stay, it and all later ones are dropped and not acknowledged") {
    for (int bad = 0; bad < 4; ++bad) {
        Bench b;
        REQUIRE(b.chip.bus_start(b.now, 0x40));
        REQUIRE(b.chip.bus_write(b.now, 0x59));
        std::vector<std::uint8_t> head = {0x40, 0x59};
        for (int k = 0; k < 4; ++k) {
            const std::uint8_t d = static_cast<std::uint8_t>(0x11 * (k + 1));
            head.push_back(d);
            const bool data_ack = b.chip.bus_write(b.now, d);
            const bool crc_ack =
                b.chip.bus_write(b.now, static_cast<std::uint8_t>(crc_of(head) ^ (k == bad ? 0x20 : 0)));
            CHECK(data_ack == (k <= bad));
            CHECK(crc_ack == (k < bad));
            head.clear();
        }
        b.chip.bus_stop(b.now);
        for (int k = 0; k < 4; ++k) {
            CHECK(b.chip.peek(static_cast<std::uint8_t>(0x59 + k)) == (k < bad ? 0x11 * (k + 1) : 0));
        }
        CHECK(b.chip.state().n_crc_error == 1);
    }
}

TEST_CASE("the 64 ms of a transaction count from START; a repeated START does not restart them") {
    Bench b;
    const Time_ns t = b.now;
    REQUIRE(b.chip.bus_start(t, 0x40));
    REQUIRE(b.chip.bus_write(t + 40 * ms, 0x8F));
    REQUIRE(b.chip.bus_start(t + 63 * ms, 0x41));
    CHECK(b.chip.bus_read(t + 64 * ms) == 0x01);      // exactly 64 ms: still answered
    CHECK(b.chip.bus_read(t + 64 * ms + 1) == 0xFF);  // the slave has let go
    CHECK(b.chip.state().n_timeout == 1);
    CHECK_FALSE(b.chip.bus_write(t + 65 * ms, 0x00));
    REQUIRE(b.chip.bus_start(t + 66 * ms, 0x40));  // a START begins anew
    CHECK(b.chip.bus_write(t + 66 * ms + 60 * ms, 0x59));
    b.chip.bus_stop(t + 130 * ms);
}

TEST_CASE("pointer: legal start addresses end at 0x8F, auto-increment passes 0x90 and wraps") {
    Bench b;
    REQUIRE(b.chip.bus_start(b.now, 0x40));
    CHECK_FALSE(b.chip.bus_write(b.now, 0x90));
    CHECK_FALSE(b.chip.bus_write(b.now, 0x00));  // ignored until the next START
    b.chip.bus_stop(b.now);
    std::vector<std::uint8_t> out;
    CHECK(b.read(0x8F, 4, out));  // 0x8F, 0x90, 0x00, 0x01
    CHECK(out[0] == 0x01);
    CHECK(out[1] == 0x00);
    CHECK(out[2] == b.chip.peek(0x00));
    CHECK(b.read(0x00, 0x91 + 1, out));
    CHECK(out[0x91] == out[0]);
    CHECK_FALSE(b.chip.bus_start(b.now, 0x42));  // another device
    CHECK_FALSE(b.chip.bus_write(b.now, 0x00));
    b.chip.bus_stop(b.now);
}

TEST_CASE("a read without a pointer goes on where the last one ended") {
    Bench b;
    REQUIRE(b.chip.bus_start(b.now, 0x40));
    REQUIRE(b.chip.bus_write(b.now, 0x52));
    REQUIRE(b.chip.bus_start(b.now, 0x41));
    CHECK(b.chip.bus_read(b.now) == 0x90);
    b.chip.bus_stop(b.now);  // its CRC was not fetched
    REQUIRE(b.chip.bus_start(b.now, 0x41));
    const std::uint8_t d = b.chip.bus_read(b.now);
    CHECK(d == 0x59);
    CHECK(b.chip.bus_read(b.now) == crc_of({0x41, d}));
    b.chip.bus_stop(b.now);
}

TEST_CASE("reset bytes of the manual, after power-on and after CST = 0xD") {
    Bench b;
    b.write1(0x79, 0xFF);
    const std::uint8_t want[][2] = {{0x51, 0x00}, {0x52, 0x90}, {0x53, 0x59}, {0x54, 0xF9}, {0x55, 0x2C}, {0x56, 0xFF},
                                    {0x57, 0x28}, {0x58, 0x05}, {0x59, 0x00}, {0x5D, 0xB0}, {0x5E, 0x40}, {0x5F, 0xC0},
                                    {0x62, 0x40}, {0x63, 0x00}, {0x6D, 0x28}, {0x6E, 0xCD}, {0x6F, 0x28}, {0x70, 0x00},
                                    {0x77, 0xC0}, {0x79, 0x00}, {0x7C, 0x48}, {0x7E, 128}};
    CHECK(b.reg(0x79) == 0xFF);
    b.write1(0x51, 0x0F);
    b.write1(0x01, 0x0D);
    for (const auto& w : want) CHECK_MESSAGE(b.reg(w[0]) == w[1], "register ", static_cast<int>(w[0]));
    CHECK((b.reg(0x01) & 0x0F) == 0);
    b.write1(0x01, 0x03);  // other codes are ignored
    CHECK((b.reg(0x01) & 0x0F) == 0);
}

TEST_CASE("unnamed bits keep their value and the attempt is counted; read-only registers keep theirs") {
    Bench b;
    CHECK(b.write1(0x56, 0x0A));  // C1OW and C1OS; the high nibble is unnamed and reads 1
    CHECK(b.reg(0x56) == 0xFA);
    CHECK(b.chip.state().n_reserved_write == 1);
    CHECK(b.write1(0x56, 0xF5));
    CHECK(b.reg(0x56) == 0xF5);
    CHECK(b.chip.state().n_reserved_write == 1);
    CHECK(b.write1(0x7E, 0x00));
    CHECK(b.reg(0x7E) == 128);
    CHECK(b.write1(0x1D, 0xAA));
    b.run(200 * ms);
    CHECK(b.cell(1) == 33000);
    CHECK(b.write1(0x77, 0x0F));  // IWTS is read only; an 8 s watchdog is set (7: 32 s)
    CHECK((b.reg(0x77) & 0x08) == 0);
}

TEST_CASE("RC: done flags fall with a bus read of 0x01, not with a peek") {
    Bench b;
    b.run(600 * ms);
    CHECK((b.chip.peek(0x01) & 0x70) == 0x70);
    CHECK((b.chip.peek(0x01) & 0x70) == 0x70);
    CHECK(b.reg(0x02) >= 0);  // another register doesn't clear them either
    CHECK((b.reg(0x01) & 0x70) == 0x70);
    CHECK((b.reg(0x01) & 0x70) == 0x00);
    b.run(4 * ms);
    CHECK((b.reg(0x01) & 0x70) == 0x20);  // CC1 every 4 ms
}

TEST_CASE("W0C: ones change nothing, zeros clear, and only the flags written as zero") {
    Bench b;
    b.gates_on();
    b.write1(0x5E, 0x40 | 4);  // OCD2 at 20 mV, OCC2 likewise
    b.write1(0x5F, 0x40 | 4);
    b.jump_shunt(0.030);
    b.run(10 * ms);
    b.jump_shunt(-0.030);
    b.run(10 * ms);
    b.jump_shunt(0.0);
    CHECK(b.reg(0x00) == 0x06);
    b.write1(0x00, 0xFF);
    CHECK(b.reg(0x00) == 0x06);
    b.write1(0x00, 0xFD);
    CHECK(b.reg(0x00) == 0x04);
    b.write1(0x00, 0x00);
    CHECK(b.reg(0x00) == 0x00);
}

TEST_CASE("with the condition still present a cleared flag returns after its delay") {
    Bench b;
    b.gates_on();
    b.write1(0x60, 1);         // 8 ms
    b.write1(0x5E, 0x40 | 4);  // 20 mV
    b.jump_shunt(0.030);
    b.run(9 * ms);
    REQUIRE(b.reg(0x00) == 0x04);
    b.write1(0x00, 0x00);
    CHECK(b.reg(0x00) == 0x00);
    CHECK(b.dsg());
    b.run(8 * ms - 1);
    CHECK(b.dsg());
    b.run(1);
    CHECK(b.reg(0x00) == 0x04);
    CHECK_FALSE(b.dsg());
}

TEST_CASE("a chip that is not ready, has no supply or sleeps doesn't answer") {
    afe::Dvc1124 chip(Quiet(), {1, 1});
    CHECK(chip.mode() == afe::Mode::off);
    CHECK_FALSE(chip.bus_start(0, 0x40));
    afe::AnalogPoint p;
    p.vtop_V = 50.0;
    chip.observe(0, p);
    CHECK(chip.mode() == afe::Mode::work);
    CHECK_FALSE(chip.bus_start(5 * ms - 1, 0x40));
    CHECK(chip.bus_start(5 * ms, 0x40));
}
