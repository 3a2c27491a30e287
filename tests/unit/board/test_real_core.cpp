// The built-in core on its board: comes up, closes, reads its cells right, opens by the comparator, recovers nothing by
// itself.
#include <doctest/doctest.h>

#include "afe/dvc1124.hpp"
#include "board/core_library.hpp"
#include "rig.hpp"

using namespace twin;
using rig::hw;
using rig::sig;

namespace {

rig::Loop started(const char* id = "pack") {
    rig::Loop l;
    auto c = rig::config(id);
    c.core = nullptr;
    c.overrides = {{"scd_A", 400}};
    rig::World w;
    w.cell_V = 3.30;
    l.add(std::move(c), w);
    l.start();
    return l;
}

}  // namespace

TEST_CASE("the built-in core configures the chip, closes both groups and reads its cells") {
    rig::Loop l = started();
    l.run_until(5 * base::k_s);
    const board::Board& b = *l.boards[0];
    CHECK_FALSE(b.core_failed());
    CHECK(b.warnings().empty());
    CHECK(b.drives().dsg_on == 1);
    CHECK(b.drives().chg_on == 1);
    CHECK(hw(b, "led.red") == 0);
    CHECK(hw(b, "bus.error") == 0);
    CHECK(hw(b, "bus.crc_error") == 0);
    CHECK(sig(b, "v_cell_mV", 1) == doctest::Approx(3300).epsilon(0.001));
    CHECK(sig(b, "v_cell_mV", 16) == doctest::Approx(3300).epsilon(0.001));
    // what was asked for and what the chip got: 400 A on 0.2 mOhm is 80 mV, 200 us is code 25
    bool seen = false;
    for (const board::AppliedParam& a : b.applied())
        if (a.name == "scd_delay_us") {
            CHECK(a.requested == 200.0);
            CHECK(a.applied == doctest::Approx(195.25).epsilon(1e-3));
            CHECK(a.quantised);
            seen = true;
        }
    CHECK(seen);
    CHECK(b.afe().applied().scd_V == doctest::Approx(0.080));
    CHECK(b.afe().applied().scd_delay_s == doctest::Approx(195.25e-6).epsilon(1e-3));
}

TEST_CASE("the built-in core: a short opens the gate by the comparator and raises the alarm") {
    rig::Loop l = started();
    l.run_until(5 * base::k_s);
    const base::Time_ns t = l.now;
    l.worlds[0].shunt_V = 0.2;  // 1000 A
    l.changed(0);
    const rig::Edge* off = nullptr;
    l.at(t + base::k_ms, [](rig::Loop& m) {
        m.worlds[0].shunt_V = 0.0;  // the gate has opened
        m.changed(0);
    });
    l.run_until(t + base::k_s);
    for (const rig::Edge& e : l.edges)
        if (e.t > t && e.drives.dsg_on == 0) {
            off = &e;
            break;
        }
    REQUIRE(off != nullptr);
    CHECK(off->t == t + 195250 + 500);
    CHECK(hw(*l.boards[0], "led.red") == 1);
    CHECK(l.boards[0]->drives().dsg_on == 0);  // load not removed: P- decides, never time alone
}

TEST_CASE("the built-in core gives one hash, whatever the plant's steps") {
    std::uint64_t hash[2];
    for (int k = 0; k < 2; ++k) {
        rig::Loop l = started();
        l.grid = k == 0 ? base::k_s : 3 * base::k_ms;
        l.run_until(3 * base::k_s);
        hash[k] = l.boards[0]->core_hash();
    }
    CHECK(hash[0] == hash[1]);
}
