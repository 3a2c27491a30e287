// SPDX-License-Identifier: Apache-2.0
// The state block, the hash and the recording.
#include <doctest/doctest.h>
#include <bms/recording.hpp>

#include <fstream>

#include "unit/core/fake_board.hpp"

namespace {

// A lively run: start, load, short circuit, recovery, balancing.
void script(fake::Board& b, int stage) {
    switch (stage) {
        case 0:
            b.cell_mV[3] = 3470;
            b.cell_mV[9] = 3440;
            break;
        case 1:
            b.i_mA = 60000;
            break;
        case 2:
            b.i_mA = 0;
            b.p_minus_mV = 19000;
            b.alert(0x01);
            break;
        case 3:
            b.p_minus_mV = 0;
            break;
        default:
            b.i_mA = -10000;
            break;
    }
    b.run_s(12.3);
}

}  // namespace

TEST_CASE("capabilities and size") {
    const bms_core* core = bms_core_get(BMS_ABI);
    CHECK((core->flags & BMS_CAP_REENTRANT) != 0);
    CHECK((core->flags & BMS_CAP_SNAPSHOT) != 0);
    CHECK((core->flags & BMS_CAP_BLOCKING) == 0);
    CHECK(core->state_size % 8 == 0);
    CHECK(core->state_size < 4096);
    fake::Board b;
    bms_port p = b.port();
    CHECK(core->init(b.state(), core->state_size - 1, &b.cfg, &p) == BMS_E_ABI);
}

TEST_CASE("the state is pointer-free: copied to another address it goes on identically") {
    fake::Board a;
    fake::Board c;
    for (fake::Board* b : {&a, &c})
        for (double& v : b->cell_mV) v = 3450;
    REQUIRE(a.init() == BMS_OK);
    REQUIRE(c.init() == BMS_OK);
    for (int stage = 0; stage < 5; ++stage) {
        script(a, stage);
        script(c, stage);
        // Move c's core: fresh memory, the old one poisoned.
        std::vector<std::uint64_t> elsewhere = c.memory;
        std::fill(c.memory.begin(), c.memory.end(), 0xA5A5A5A5A5A5A5A5ull);
        c.memory = std::move(elsewhere);
        CHECK(a.hash.value() == c.hash.value());
    }
    CHECK(a.steps > 1000);
    CHECK(std::memcmp(a.state(), c.state(), a.core->state_size) == 0);
}

TEST_CASE("two instances do not touch each other") {
    fake::Board a;
    fake::Board alone;
    fake::Board other("R24TS1A-17S-500A", 12, BMS_CHEM_NMC);
    other.cfg.shunt_nOhm = 100000;
    REQUIRE(a.init() == BMS_OK);
    REQUIRE(alone.init() == BMS_OK);
    REQUIRE(other.init() == BMS_OK);
    for (int stage = 0; stage < 5; ++stage) {
        script(a, stage);
        script(other, 4 - stage);
        script(alone, stage);
    }
    CHECK(a.hash.value() == alone.hash.value());
    CHECK(a.hash.value() != other.hash.value());
}

TEST_CASE("init cares not what was in the memory") {
    fake::Board a;
    fake::Board c;
    std::fill(c.memory.begin(), c.memory.end(), 0x5A5A5A5A5A5A5A5Aull);
    REQUIRE(a.init() == BMS_OK);
    REQUIRE(c.init() == BMS_OK);
    CHECK(std::memcmp(a.state(), c.state(), a.core->state_size) == 0);
}

TEST_CASE("a step without reason changes nothing but the time") {
    fake::Board a;
    REQUIRE(a.init() == BMS_OK);
    a.run_s(3);
    const bms_out before = a.out;
    a.now_us += 100;
    a.step(BMS_WAKE_TIMER);
    CHECK(a.out.gpio == before.gpio);
    CHECK(a.out.xfer_n_seg == 0);
    CHECK(a.out.next_wake_us >= a.now_us);
}

TEST_CASE("canonical stream: known answers of the hash") {
    bms::CoreHash h;
    CHECK(h.value() != 0);
    bms::CoreHash x;
    x.word(1);
    bms::CoreHash y;
    y.word(2);
    CHECK(x.value() != y.value());
    // bytes are length, then little-endian words, the last one zero-filled
    const std::uint8_t five[5] = {1, 2, 3, 4, 5};
    bms::CoreHash b;
    b.bytes(five, 5);
    bms::CoreHash w;
    w.word(5);
    w.word(0x04030201u);
    w.word(5);
    CHECK(b.value() == w.value());
    // bytes beyond the lengths do not enter
    bms_out o{};
    o.xfer_n_seg = 1;
    o.xfer_n_tx = 2;
    o.xfer_tx[0] = 7;
    bms::CoreHash p;
    p.step(5, o);
    o.xfer_tx[2] = 9;
    o.uart_tx[0] = 9;
    bms::CoreHash q;
    q.step(5, o);
    CHECK(p.value() == q.value());
    o.xfer_tx[1] = 9;
    bms::CoreHash r;
    r.step(5, o);
    CHECK(p.value() != r.value());
    CHECK(bms::CoreHash(p.raw()).value() == p.value());
}

TEST_CASE("a recording replays to the same hash; a changed byte of it does not") {
    fake::Board b;
    for (double& v : b.cell_mV) v = 3450;
    std::vector<std::uint8_t> file;
    auto sink = [&file](const std::uint8_t* p, std::uint32_t n) {
        file.insert(file.end(), p, p + n);
        return true;
    };
    bms::RecordWriter writer(sink);
    writer.header(b.cfg, 256, 32, b.nvm.data());
    writer.init();
    REQUIRE(b.init() == BMS_OK);
    b.on_step = [&writer](const bms_in& in) { writer.step(in); };
    for (int stage = 0; stage < 5; ++stage) script(b, stage);
    writer.param(b.param_id("cov_mV"), 3600, BMS_ROLE_PC);
    REQUIRE(b.set("cov_mV", 3600) == BMS_OK);
    b.run_s(3);
    writer.end(b.hash.value(), b.steps);
    REQUIRE(writer.ok());
    REQUIRE(b.nvm_writes > 0);
    // For the replay on the target (tests/target/run.py).
    std::ofstream(BMSTWIN_BUILD_DIR "/core_script.bmsrec", std::ios::binary)
        .write(reinterpret_cast<const char*>(file.data()), static_cast<std::streamsize>(file.size()));

    auto replay = [&](const std::vector<std::uint8_t>& bytes) {
        std::size_t at = 0;
        auto source = [&](std::uint8_t* p, std::uint32_t n) {
            if (at + n > bytes.size()) return false;
            std::memcpy(p, bytes.data() + at, n);
            at += n;
            return true;
        };
        std::vector<std::uint64_t> state(b.core->state_size / 8);
        std::vector<std::uint8_t> nvm(256 * 32);
        bms::RecordPlayer player(*b.core, source,
                                 bms::ReplayMemory{state.data(), b.core->state_size, nvm.data(), 256 * 32});
        return player.run();
    };
    const bms::ReplayResult same = replay(file);
    CHECK(same.error == 0);
    CHECK(same.steps == b.steps);
    CHECK(same.hash == b.hash.value());
    CHECK(same.expected_hash == b.hash.value());
    std::vector<std::uint8_t> other = file;
    other[file.size() / 2] ^= 0x40u;
    const bms::ReplayResult changed = replay(other);
    CHECK((changed.error != 0 || changed.hash != b.hash.value()));
    other = file;
    other.resize(file.size() / 2);
    CHECK(replay(other).error == 1);
    other[0] = 'X';
    CHECK(replay(other).error == 1);
}
