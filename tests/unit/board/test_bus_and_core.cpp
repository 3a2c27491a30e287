// Time on the bus, instants at which it samples and acts, and what the core host does with it.
#include <doctest/doctest.h>

#include <vector>

#include "afe/dvc1124.hpp"
#include "board/board_state.hpp"
#include "board/bus.hpp"
#include "board/clock.hpp"
#include "rig.hpp"

using namespace twin;
using rig::hw;
using rig::sig;

namespace {

/// Steps of the core as they were made.
struct Steps : board::CoreSink {
    std::vector<bms_in> steps;
    void on_header(const bms_cfg&, std::uint32_t, std::uint32_t, const std::uint8_t*) override {}
    void on_init() override {}
    void on_set_param(std::uint32_t, std::int32_t, std::uint32_t) override {}
    void on_ram_fault(std::uint32_t, std::uint8_t) override {}
    void on_step(const bms_in& in) override { steps.push_back(in); }
};

constexpr base::Time_ns k_bit = 10 * base::k_us;

/// Index of the first step after `from_us` that was woken by a finished read.
std::size_t read_done(const Steps& s, std::uint64_t from_us) {
    for (std::size_t k = 0; k < s.steps.size(); ++k)
        if (s.steps[k].now_us >= from_us && s.steps[k].xfer_n_rx > 0) return k;
    return s.steps.size();
}

}  // namespace

TEST_CASE("a block of 157 bytes takes 14.16 ms at 100 kHz") {
    rig::Loop l;
    l.add(rig::config());
    Steps s;
    l.boards[0]->set_core_sink(&s);
    l.start();
    l.run_until(400 * base::k_ms);
    const std::size_t k = read_done(s, 60000);
    REQUIRE(k < s.steps.size());
    CHECK(s.steps[k].xfer_n_rx == 154);
    CHECK(s.steps[k].xfer_n_acked == 3);  // address, pointer, address
    // START, 2 bytes, repeated START, 155 bytes, STOP
    const std::uint64_t bits = 1 + 2 * 9 + 1 + 155 * 9 + 1;
    CHECK(s.steps[k].now_us - s.steps[k - 1].now_us == bits * 10);
    CHECK(hw(*l.boards[0], "bus.bytes") >= 3 * 157);
}

TEST_CASE("half the bus clock doubles the time") {
    rig::Loop l;
    auto c = rig::config();
    c.bus_Hz = 50000;
    l.add(std::move(c));
    Steps s;
    l.boards[0]->set_core_sink(&s);
    l.start();
    l.run_until(400 * base::k_ms);
    const std::size_t k = read_done(s, 60000);
    REQUIRE(k < s.steps.size());
    CHECK(s.steps[k].now_us - s.steps[k - 1].now_us == 1416 * 20);
}

TEST_CASE("a written byte acts at its CRC's ACK, the gate follows after the driver's delay") {
    rig::Loop l;
    l.add(rig::config());
    l.start();
    l.run_until(20 * base::k_ms);
    // Reset ends at 10 ms; six writes of 38 bits, then the FET register: its CRC is acknowledged after START and 4
    // bytes.
    const base::Time_ns expected = 10 * base::k_ms + 6 * 38 * k_bit + 37 * k_bit + 500;
    bool seen = false;
    for (const rig::Edge& e : l.edges)
        if (e.drives.dsg_on != 0) {
            CHECK(e.t == expected);
            CHECK(e.drives.chg_on == 1);
            seen = true;
            break;
        }
    CHECK(seen);
}

TEST_CASE("a read samples the chip at the first bit of its segment") {
    rig::World w;
    w.shunt_slope_V_s = 5e-3;  // 20 uV, 4 codes of CC1, per conversion of 4 ms
    const auto config = [] {
        auto c = rig::config();
        c.clock_error_ppm = 500;  // scans wander through the phases of the conversions
        return c;
    };
    rig::Loop l;
    l.add(config(), w);
    Steps s;
    l.boards[0]->set_core_sink(&s);
    l.start();
    l.run_until(9 * base::k_s);
    // The same run again, looking at the register when the read is posted and when its segment begins.
    rig::Loop m;
    m.add(config(), w);
    m.start();
    const auto peek = [&m] {
        const afe::Dvc1124& chip = m.boards[0]->afe();
        return (chip.peek(2) << 8) | chip.peek(3);
    };
    const board::DriftClock clock{500000};
    int reads = 0, moved = 0;
    for (std::size_t k = 1; k < s.steps.size(); ++k) {
        if (s.steps[k].xfer_n_rx == 0 || s.steps[k].now_us < 100000) continue;
        const base::Time_ns post_ns = clock.real_ns(s.steps[k - 1].now_us);
        m.run_until(post_ns);
        const int at_post = peek();
        m.run_until(post_ns + 19 * k_bit);  // START, address, pointer
        const int at_bit = peek();
        CHECK(((s.steps[k].xfer_rx[4] << 8) | s.steps[k].xfer_rx[6]) == at_bit);
        ++reads;
        moved += at_post != at_bit ? 1 : 0;
    }
    CHECK(reads > 80);
    CHECK(moved > 0);  // else the post would have served as well
}

TEST_CASE("sampling a read costs no instant and a coarser plant step changes nothing") {
    std::uint64_t hash[2];
    std::uint64_t instants[2];
    double cell[2];
    for (int k = 0; k < 2; ++k) {
        rig::Loop l;
        l.grid = k == 0 ? base::k_s : 100 * base::k_us;
        l.add(rig::config());
        l.start();
        l.run_until(base::k_s);
        hash[k] = l.boards[0]->core_hash();
        instants[k] = l.instants;
        cell[k] = sig(*l.boards[0], "v_cell_mV", 3);
    }
    CHECK(hash[0] == hash[1]);
    CHECK(instants[0] == instants[1]);
    CHECK(cell[0] == cell[1]);
}

TEST_CASE("a chip that does not answer gives NACK and the bus is free at once") {
    rig::Loop l;
    rig::World w;
    w.cell_V = 0.3;  // 4.8 V at its supply pin: the chip stays off, the board has its own lead
    l.add(rig::config(), w);
    Steps s;
    l.boards[0]->set_core_sink(&s);
    l.start();
    l.run_until(60 * base::k_ms);
    CHECK(hw(*l.boards[0], "bus.nack") > 0);
    CHECK(sig(*l.boards[0], "last_status") == BMS_XFER_NACK);
    CHECK(sig(*l.boards[0], "last_acked") == 0);
    REQUIRE(s.steps.size() >= 2);
    CHECK(s.steps[1].now_us - s.steps[0].now_us == 110);  // START, address byte, STOP
}

TEST_CASE("a held line ends a transfer with a bus error") {
    rig::Loop l;
    l.add(rig::config());
    l.start();
    l.run_until(50 * base::k_ms);
    l.boards[0]->set_fault(board::k_fault_bus_held, true, l.now);
    l.run_until(200 * base::k_ms);
    CHECK(sig(*l.boards[0], "last_status") == BMS_XFER_BUS);
    CHECK(hw(*l.boards[0], "bus.error") > 0);
    const double errors = hw(*l.boards[0], "bus.error");
    l.boards[0]->set_fault(board::k_fault_bus_held, false, l.now);
    l.run_until(400 * base::k_ms);
    CHECK(sig(*l.boards[0], "last_status") == BMS_XFER_OK);
    CHECK(hw(*l.boards[0], "bus.error") <= errors + 1);
}

TEST_CASE("malformed postings are refused, not played") {
    board::BusState state{};
    afe::Dvc1124 chip(afe::Dvc1124Params{}, base::RngKey{});
    board::Bus bus(state, chip, 100000);
    const auto result = [&](auto change) {
        bus.reset();
        bms_out out{};
        out.xfer_id = 9;
        out.xfer_n_seg = 2;
        out.xfer_n_tx = 1;
        out.xfer_seg[0] = {BMS_SEG_START, 0x40, 1};
        out.xfer_seg[1] = {BMS_SEG_START | BMS_SEG_STOP | BMS_SEG_READ, 0x41, 4};
        change(out);
        bus.post(0, out, false);
        base::Time_ns t = 0;
        while (!bus.run(t)) t += k_bit;
        CHECK(state.done_id == 9);
        return state.done;
    };
    CHECK(result([](bms_out&) {}) == BMS_XFER_NACK);  // well formed: the chip is off and does not answer
    CHECK(result([](bms_out& o) { o.xfer_n_seg = 5; }) == BMS_XFER_REFUSED);
    CHECK(result([](bms_out& o) { o.xfer_n_tx = 2; }) == BMS_XFER_REFUSED);
    CHECK(result([](bms_out& o) { o.xfer_seg[1].len = 193; }) == BMS_XFER_REFUSED);
    CHECK(result([](bms_out& o) { o.xfer_seg[1].flags = BMS_SEG_START | BMS_SEG_READ; }) == BMS_XFER_REFUSED);
    CHECK(result([](bms_out& o) { o.xfer_seg[0].flags = 0; }) == BMS_XFER_REFUSED);
    CHECK(result([](bms_out& o) { o.xfer_seg[1].addr = 0x40; }) == BMS_XFER_REFUSED);
    CHECK(result([](bms_out& o) { o.xfer_seg[1].len = 0; }) == BMS_XFER_REFUSED);
}

TEST_CASE("the core's clock drifts as told and its wake-ups follow its own clock") {
    rig::Loop l;
    auto c = rig::config();
    c.clock_error_ppm = 500;
    l.add(std::move(c));
    Steps s;
    l.boards[0]->set_core_sink(&s);
    l.start();
    l.run_until(2 * base::k_s);
    // 10 ms of reset are part of its clock; 2 s real are 2.001 s of it
    CHECK(s.steps.back().now_us <= 2001000);
    CHECK(s.steps.back().now_us >= 1900000);
    CHECK(s.steps.front().now_us == 10005);
    // woken by the timer at exactly the microsecond asked for: 100 ms after the step that ended the configuration, and
    // so on
    std::uint64_t zero_us = 0;
    std::size_t timers = 0;
    for (std::size_t k = 0; k < s.steps.size(); ++k) {
        if (s.steps[k].xfer_id == test_core::k_writes) zero_us = s.steps[k].now_us;
        if (s.steps[k].wake != BMS_WAKE_TIMER) continue;
        CHECK((s.steps[k].now_us - zero_us) % 100000 == 0);
        ++timers;
    }
    CHECK(timers > 15);
}

TEST_CASE("drifting clock: real_ns is the smallest instant that shows a microsecond") {
    for (const std::int64_t ppb : {0LL, 1LL, -1LL, 200000LL, -200000LL, 1000000LL, -1000000LL}) {
        const board::DriftClock c{ppb};
        for (const std::uint64_t us : {0ULL, 1ULL, 999ULL, 1000001ULL, 86400000000ULL, 31536000000000ULL}) {
            const std::int64_t t = c.real_ns(us);
            CHECK(c.local_us(t) >= us);
            if (t > 0) CHECK(c.local_us(t - 1) < us);
        }
    }
    CHECK(board::DriftClock{200000}.local_us(1000 * base::k_s) == 1000200000ULL);
}

TEST_CASE("KEY wakes the core") {
    rig::Loop l;
    l.add(rig::config());
    l.start();
    l.run_until(50 * base::k_ms);
    CHECK(sig(*l.boards[0], "gpios") == 0);
    l.boards[0]->set_input(BMS_IN_KEY, false, l.now);
    l.run_until(l.now + 1);
    CHECK(sig(*l.boards[0], "gpios") == 1);
    CHECK(hw(*l.boards[0], "key") == 0);
    l.boards[0]->set_input(BMS_IN_KEY, false, l.now);  // no change, no wake-up
    l.run_until(l.now + 1);
    CHECK(sig(*l.boards[0], "gpios") == 1);
}
