// Gate path, supply, commands, state of a board.
#include <doctest/doctest.h>

#include <bms/recording.hpp>
#include <cstdlib>
#include <new>
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

/// Counts allocations while it lives.
struct NoAllocation {
    long before = rig::allocations;
    long count() const { return rig::allocations - before; }
};

rig::Loop started(board::BoardConfig c = rig::config(), rig::World w = {}) {
    rig::Loop l;
    l.add(std::move(c), w);
    l.start();
    return l;
}

std::uint64_t digest(const board::Board& b) {
    base::Hasher h;
    b.hash(h, true);
    return h.digest();
}

const rig::Edge* first_off(const rig::Loop& l, base::Time_ns from) {
    for (const rig::Edge& e : l.edges)
        if (e.t >= from && e.drives.dsg_on == 0) return &e;
    return nullptr;
}

}  // namespace

TEST_CASE("short circuit: comparator, chip delay, driver delay; the core has no part in it") {
    rig::Loop l = started();
    l.run_until(50 * base::k_ms);
    REQUIRE(l.boards[0]->drives().dsg_on == 1);
    const double steps = hw(*l.boards[0], "core.steps");
    // 4 A per microsecond on 0.2 mOhm: 80 mV (400 A) after 100 us
    l.worlds[0].rebase(l.now);
    l.worlds[0].shunt_slope_V_s = 800.0;
    const base::Time_ns crossed = l.now + 100 * base::k_us;
    l.run_until(l.now + 400 * base::k_us);
    const rig::Edge* e = first_off(l, crossed);
    REQUIRE(e != nullptr);
    CHECK(e->t >= crossed + 195250 + 500);
    CHECK(e->t <= crossed + 195250 + 501);               // the crossing is rounded up to whole ns
    CHECK(hw(*l.boards[0], "core.steps") - steps <= 1);  // it is told by the alert, after the fact
    CHECK(sig(*l.boards[0], "alerts") >= 1);
    CHECK((l.boards[0]->afe().state().flags & 0x01) == 1);
}

TEST_CASE("a short that ends before the delay does not open the gate") {
    rig::Loop l = started();
    l.run_until(50 * base::k_ms);
    l.worlds[0].rebase(l.now);
    l.worlds[0].shunt_slope_V_s = 800.0;
    l.at(l.now + 250 * base::k_us, [](rig::Loop& m) {
        m.worlds[0].rebase(m.now);
        m.worlds[0].shunt_V = 0.0;
        m.worlds[0].shunt_slope_V_s = 0.0;
        m.changed(0);
    });
    l.run_until(90 * base::k_ms);
    CHECK(l.boards[0]->drives().dsg_on == 1);
    CHECK((l.boards[0]->afe().state().flags & 0x01) == 0);
}

TEST_CASE("a surge while the chip starts is no short, one that lasts is") {
    for (const base::Time_ns length : {9 * base::k_ms, 11 * base::k_ms}) {
        rig::World w;
        w.shunt_V = 0.02;  // the chip wakes with a short-circuit level of 10 mV and no delay
        rig::Loop l;
        l.add(rig::config(), w);
        l.at(length, [](rig::Loop& m) {
            m.worlds[0].shunt_V = 0.0;
            m.changed(0);
        });
        l.start();
        l.run_until(12 * base::k_ms);
        CHECK((l.boards[0]->afe().state().flags & 0x01) == (length > 10 * base::k_ms ? 1 : 0));
    }
}

TEST_CASE("without comparators nothing opens") {
    rig::Loop l = started();
    l.run_until(50 * base::k_ms);
    l.boards[0]->set_fault(board::k_fault_no_comparators, true, l.now);
    l.worlds[0].shunt_V = 0.1;
    l.changed(0);
    l.run_until(60 * base::k_ms);
    CHECK(l.boards[0]->drives().dsg_on == 1);
    l.worlds[0].shunt_V = 0.0;  // nor by a ramp, whose crossing would be located
    l.changed(0);
    l.run_until(l.now + 1);
    l.worlds[0].rebase(l.now);
    l.worlds[0].shunt_slope_V_s = 800.0;
    l.run_until(l.now + base::k_ms);
    CHECK(l.boards[0]->drives().dsg_on == 1);
}

TEST_CASE("brown-out: gates fall at once, the core is lost; its NVM survives, its volatile settings do not") {
    auto c = rig::config();
    c.overrides = {{"period_ms", 50}, {"volatile_A", 1}};
    rig::Loop l = started(std::move(c));
    l.run_until(200 * base::k_ms);
    REQUIRE(l.boards[0]->drives().dsg_on == 1);
    CHECK(l.boards[0]->drives().precharge_on == 1);  // the volatile setting
    CHECK(sig(*l.boards[0], "boots") == 1);
    const double scans = sig(*l.boards[0], "scans");
    CHECK(scans >= 3);
    l.worlds[0].supply_V = 8.4;
    l.changed(0);
    l.run_until(l.now + 1);
    CHECK(l.boards[0]->drives().dsg_on == 0);
    CHECK(l.boards[0]->drives().chg_on == 0);
    CHECK(l.boards[0]->drives().powered == 0);
    CHECK(l.boards[0]->drives().supply_W == 0.0);
    CHECK(hw(*l.boards[0], "supply.on") == 0);
    CHECK(hw(*l.boards[0], "afe.mode") == 0);
    CHECK(hw(*l.boards[0], "led.green") == 0);
    CHECK(sig(*l.boards[0], "scans") == 0);
    l.worlds[0].supply_V = 9.4;  // above the falling, below the rising level
    l.changed(0);
    l.run_until(l.now + 50 * base::k_ms);
    CHECK(l.boards[0]->drives().powered == 0);
    l.worlds[0].supply_V = 9.6;
    l.changed(0);
    const base::Time_ns back = l.now;
    l.run_until(back + 9999 * base::k_us);
    CHECK(l.boards[0]->drives().powered == 1);
    CHECK(hw(*l.boards[0], "supply.on") == 0);
    l.run_until(back + 100 * base::k_ms);
    CHECK(hw(*l.boards[0], "supply.on") == 1);
    CHECK(sig(*l.boards[0], "boots") == 2);
    CHECK(l.boards[0]->drives().dsg_on == 1);
    CHECK(l.boards[0]->drives().precharge_on == 0);
    const auto p = l.boards[0]->find_param("period_ms");
    REQUIRE(p.has_value());
    CHECK(l.boards[0]->param(*p, false) == 50);
    CHECK(sig(*l.boards[0], "last_step_us") < 101000);  // its clock began again
}

TEST_CASE("a board without supply waits for it") {
    rig::World w;
    w.supply_V = 9.0;
    rig::Loop l = started(rig::config(), w);
    l.run_until(base::k_s);
    CHECK(hw(*l.boards[0], "core.steps") == 0);
    CHECK(l.boards[0]->drives() == board::Drives{});
    const auto w1 = l.boards[0]->witnesses();
    REQUIRE(w1.size() == 1);
    CHECK(w1[0].quantity == board::Witness::Quantity::supply_V);
    CHECK(w1[0].level == 9.5);
    CHECK(w1[0].direction == 1);
    l.boards[0]->crossed(w1[0].id, l.now);
    l.run_until(l.now + 30 * base::k_ms);
    CHECK(hw(*l.boards[0], "core.steps") > 0);
}

TEST_CASE("draw: 1.25 W awake, 25 mW asleep, more with a destroyed AFE") {
    auto c = rig::config();
    c.overrides = {{"sleep_ms", 500}};
    rig::Loop l = started(std::move(c));
    l.run_until(100 * base::k_ms);
    CHECK(l.boards[0]->drives().supply_W == 1.25);
    l.run_until(700 * base::k_ms);
    CHECK(sig(*l.boards[0], "asleep") == 1);
    CHECK(l.boards[0]->drives().supply_W == 0.025);
    CHECK(hw(*l.boards[0], "asleep") == 1);
    l.worlds[0].cell_V = 8.5;  // 136 V at its supply pin, 132 is the limit
    l.changed(0);
    l.run_until(l.now + 10 * base::k_ms);
    REQUIRE(hw(*l.boards[0], "afe.mode") == 4);
    CHECK(l.boards[0]->drives().supply_W == doctest::Approx(0.025 + (10e-3 - 270e-6) * 136).epsilon(1e-9));
}

TEST_CASE("outputs of the core: precharge behind the driver, balancer at once, pairs that make no sense are nothing") {
    rig::Loop l = started();
    l.run_until(150 * base::k_ms);
    const auto pre = l.boards[0]->find_param("precharge");
    const auto bal = l.boards[0]->find_param("balance_mA");
    REQUIRE(pre.has_value());
    REQUIRE(bal.has_value());
    const base::Time_ns t = l.now;
    CHECK(l.boards[0]->set_param(*pre, 1, BMS_ROLE_APP, t).ok());
    CHECK(l.boards[0]->set_param(*bal, 1100, BMS_ROLE_APP, t).ok());
    l.run_until(t + 499);
    CHECK(l.boards[0]->drives().precharge_on == 0);
    CHECK(l.boards[0]->drives().balance_from == 1);
    CHECK(l.boards[0]->drives().balance_to == 2);
    CHECK(l.boards[0]->drives().balance_A == doctest::Approx(1.1));
    l.run_until(t + 500);
    CHECK(l.boards[0]->drives().precharge_on == 1);
    l.boards[0]->set_fault(board::k_fault_no_precharge, true, l.now);
    l.boards[0]->set_fault(board::k_fault_no_balancer, true, l.now);
    l.run_until(t + 2000);
    CHECK(l.boards[0]->drives().precharge_on == 0);
    CHECK(l.boards[0]->drives().balance_from == 0);
    l.boards[0]->set_fault(board::k_fault_no_balancer, false, l.now);
    l.run_until(t + 3000);
    CHECK(l.boards[0]->drives().balance_from == 1);
}

TEST_CASE("what the core reads: P- behind its filter, supply, temperatures") {
    rig::World w;
    w.p_minus_V = 11.0;
    rig::Loop l = started(rig::config(), w);
    l.run_until(95 * base::k_ms);
    const board::Board& b = *l.boards[0];
    CHECK(sig(b, "adc", 1) == base::round_sat(4095 * (1.5 + 1.0) / 3.3, 0, 4095));
    CHECK(sig(b, "adc", 2) == base::round_sat(4095 * 0.5, 0, 4095));  // 10 k at 25 degC against 10 k
    CHECK(sig(b, "adc", 3) == base::round_sat(4095 * 52.0 * 33.0 / 1033.0 / 3.3, 0, 4095));
    CHECK(sig(b, "adc", 4) == 4095);  // NTC-3 is not fitted
    // a jump of -5.5 V is seen after one time constant as 1 - 1/e of it
    l.worlds[0].p_minus_V = 5.5;
    const auto key = [&l](bool level) { l.boards[0]->set_input(BMS_IN_KEY, level, l.now); };
    l.at(l.now + base::k_ms, [key](rig::Loop&) { key(false); });
    l.run_until(l.now + base::k_ms);
    const double u = 1.5 + (5.5 + 5.5 * 0.36787944117144233) / 11.0;
    CHECK(sig(b, "adc", 1) == base::round_sat(4095 * u / 3.3, 0, 4095));
    l.worlds[0].temp_degC = 60.0;
    l.run_until(l.now + 200 * base::k_ms);
    CHECK(sig(b, "adc", 2) == doctest::Approx(4095 * 3.010 / 13.010).epsilon(0.003));
    // GP1 of the AFE: 1.8 V against 10 kOhm
    CHECK(b.afe().peek(0x11) * 256 + b.afe().peek(0x12) == doctest::Approx(18000 * 3.010 / 13.010).epsilon(0.005));
}

TEST_CASE("P- filter against its closed form on a ramp") {
    rig::World w;
    rig::Loop l = started(rig::config(), w);
    l.run_until(50 * base::k_ms);
    // The rig has no ramp of P-, so the board is driven by hand: 8 V/ms for 2 ms in uneven steps.
    board::Board& b = *l.boards[0];
    base::Time_ns t = l.now;
    const base::Time_ns t0 = t;
    rig::World wa, wb;
    for (const base::Time_ns h :
         {base::Time_ns{2}, base::Time_ns{1000}, 300 * base::k_us, 1'698'998 * base::Time_ns{1}}) {
        wa.p_minus_V = 8000.0 * base::to_s(t - t0);
        wb.p_minus_V = 8000.0 * base::to_s(t + h - t0);
        b.advance(t, t + h, wa.at(t), wb.at(t + h));
        t += h;
    }
    b.set_input(BMS_IN_KEY, false, t);
    b.run_core(t, wb.at(t));
    const double y = 16.0 - 8.0 * (1.0 - 0.1353352832366127);  // ramp r t: r (t - tau + tau e^(-t/tau))
    CHECK(sig(b, "adc", 1) == base::round_sat(4095 * (1.5 + y / 11.0) / 3.3, 0, 4095));
}

TEST_CASE("parameters: units convert, roles and ranges are kept, unknown names are told apart") {
    auto c = rig::config();
    c.overrides = {{"keep_V", 3.6}, {"no_such_A", 1.0}};
    rig::Loop l = started(std::move(c));
    board::Board& b = *l.boards[0];
    CHECK(b.warnings().size() == 1);
    const auto keep = b.find_param("keep_V");
    REQUIRE(keep.has_value());
    CHECK(b.set_param(*keep, 3.4, BMS_ROLE_APP, 0).status == BMS_E_NOT_NOW);  // still in reset
    l.run_until(50 * base::k_ms);
    CHECK(sig(b, "keep") == 36000);
    CHECK(b.param(*keep, false) == doctest::Approx(3.6));
    CHECK(b.set_param(*keep, 3.42, BMS_ROLE_APP, l.now).ok());
    CHECK(sig(b, "keep") == 34200);
    const board::CommandResult range = b.set_param(*keep, 5.1, BMS_ROLE_APP, l.now);
    CHECK(range.status == BMS_E_RANGE);
    CHECK(std::string(range.text) == "value outside its range");
    CHECK(b.set_param(*keep, 1e300, BMS_ROLE_APP, l.now).status == BMS_E_RANGE);
    CHECK(b.set_param(*keep, -1e300, BMS_ROLE_APP, l.now).status == BMS_E_RANGE);
    CHECK(sig(b, "keep") == 34200);
    const auto scd = b.find_param("scd_code");
    REQUIRE(scd.has_value());
    CHECK(b.set_param(*scd, 9, BMS_ROLE_APP, l.now).status == BMS_E_ROLE);
    CHECK(b.set_param(*scd, 9, BMS_ROLE_PC, l.now).ok());
    CHECK_FALSE(b.find_param("keep_A").has_value());
    CHECK_FALSE(b.find_param("keep").has_value());
    CHECK(b.nearest_param("perod_ms") == "period_ms");
    CHECK(b.applied().size() == 10);
}

TEST_CASE("what a board refuses") {
    const auto message = [](auto change) {
        auto c = rig::config();
        change(c);
        try {
            board::Board b(std::move(c));
        } catch (const board::BoardError& e) {
            return std::string(e.what());
        }
        return std::string("accepted");
    };
    const auto has = [](const std::string& s, const char* part) { return s.find(part) != std::string::npos; };
    CHECK(message([](auto&) {}) == "accepted");
    CHECK(has(message([](auto& c) { c.n_cells = 18; }), "takes 8 .. 17"));
    CHECK(has(message([](auto& c) { c.n_cells = 13; }), "configuration unknown"));
    CHECK(has(message([](auto& c) { c.overrides = {{"keep_V", 9.0}}; }), "allowed 0 .. 5"));
    CHECK(has(message([](auto& c) { c.clock_error_ppm = 2000; }), "-1000 .. 1000"));
    CHECK(has(message([](auto& c) { c.bus_Hz = 400000; }), "1000 .. 100000"));
    CHECK(has(message([](auto& c) { c.capacity_Ah = 0; }), "capacity"));
    CHECK(has(message([](auto& c) { c.parts.supply.uvlo_rise_V = 8.0; }), "uvlo_rise_V"));
}

TEST_CASE("two boards in one loop are what each is alone") {
    const auto solo = [](const char* id, double v) {
        rig::World w;
        w.cell_V = v;
        rig::Loop l = started(rig::config(id), w);
        l.run_until(base::k_s);
        return digest(*l.boards[0]);
    };
    const std::uint64_t a = solo("aaaa", 3.30), b = solo("bbbb", 3.31);
    CHECK(a != b);
    for (const bool swapped : {false, true}) {
        rig::Loop l;
        rig::World wa, wb;
        wb.cell_V = 3.31;
        l.add(rig::config(swapped ? "bbbb" : "aaaa"), swapped ? wb : wa);
        l.add(rig::config(swapped ? "aaaa" : "bbbb"), swapped ? wa : wb);
        l.boards[0]->start(l.worlds[0].at(0));
        l.boards[1]->start(l.worlds[1].at(0));
        l.run_until(base::k_s);
        CHECK(digest(*l.boards[swapped ? 1 : 0]) == a);
        CHECK(digest(*l.boards[swapped ? 0 : 1]) == b);
    }
}

TEST_CASE("a snapshot in the middle of a transfer continues to the bit") {
    rig::Loop l = started();
    l.run_until(115 * base::k_ms);
    while (hw(*l.boards[0], "bus.busy") == 0) l.run_until(l.now + 5 * base::k_ms);
    std::vector<std::uint8_t> bytes;
    l.boards[0]->save(bytes);
    rig::Loop m;
    m.add(rig::config());
    CHECK(m.boards[0]->load(bytes) == bytes.size());
    m.now = l.now;
    m.hash = l.hash;
    m.run_until(base::k_s);
    l.run_until(base::k_s);
    CHECK(m.boards[0]->core_hash() == l.boards[0]->core_hash());
    CHECK(m.hash.digest() == l.hash.digest());
    CHECK(m.boards[0]->drives() == l.boards[0]->drives());
    CHECK(sig(*m.boards[0], "scans") == sig(*l.boards[0], "scans"));
    // not of this board, or cut
    auto other = rig::config("othr");
    board::Board b(std::move(other));
    CHECK(b.load(bytes) == 0);
    bytes.pop_back();
    CHECK(m.boards[0]->load(bytes) == 0);
    bytes[8] ^= 1;
    CHECK(m.boards[0]->load(bytes) == 0);
}

TEST_CASE("the core's hash is a function of the run, and a bit of its memory is part of the run's hash") {
    const auto run = [](int flip) {
        rig::Loop l = started();
        l.run_until(150 * base::k_ms);
        if (flip >= 0) CHECK(l.boards[0]->flip_core_ram(static_cast<std::uint32_t>(flip), 0x10));
        l.run_until(500 * base::k_ms);
        l.boards[0]->hash(l.hash, true);
        return std::pair{l.boards[0]->core_hash(), l.hash.digest()};
    };
    const auto a = run(-1), b = run(-1);
    CHECK(a == b);
    const auto c = run(offsetof(test_core::State, last_step_us));  // written before it is read: only the hash can tell
    CHECK(c.first == a.first);
    CHECK(c.second != a.second);
}

TEST_CASE("what the core reads is part of the run's hash, even if it makes nothing of it") {
    const auto run = [](double supply_V) {
        rig::World w;
        w.supply_V = supply_V;
        rig::Loop l = started(rig::config(), w);
        l.run_until(10 * base::k_ms);  // its first step; the memory is hashed as it was before
        REQUIRE(hw(*l.boards[0], "core.steps") == 1);
        base::Hasher h;
        l.boards[0]->hash(h, false);
        return h.digest();
    };
    CHECK(run(52.0) == run(52.0));
    CHECK(run(52.0) != run(54.0));
}

TEST_CASE("every hashed field of the board's state changes the hash") {
    rig::Loop l = started();
    l.run_until(115 * base::k_ms);
    std::vector<std::uint8_t> bytes;
    l.boards[0]->save(bytes);
    const auto loaded = [](const std::vector<std::uint8_t>& state) {
        board::Board b(rig::config());
        REQUIRE(b.load(state) == state.size());
        base::Hasher h;
        b.hash(h, false);
        return h.digest();
    };
    const std::uint64_t before = loaded(bytes);
    std::size_t at = 24;
    std::size_t fields = 0;
    for (const base::Field& f : board::board_fields()) {
        auto changed = bytes;
        changed[at] ^= 1;
        if (f.hashed) {
            CHECK_MESSAGE(loaded(changed) != before, f.name);
            ++fields;
        }
        at += f.count * base::size_of(f.type);
    }
    CHECK(fields > 50);
}

TEST_CASE("a recording replays to the same core hash") {
    struct Recorder : board::CoreSink {
        std::vector<std::uint8_t> bytes;
        struct Put {
            std::vector<std::uint8_t>* to;
            bool operator()(const std::uint8_t* p, std::uint32_t n) const {
                to->insert(to->end(), p, p + n);
                return true;
            }
        };
        ::bms::RecordWriter<Put> writer{Put{&bytes}};
        std::uint32_t steps = 0;
        void on_header(const bms_cfg& c, std::uint32_t size, std::uint32_t n, const std::uint8_t* nvm) override {
            writer.header(c, size, n, nvm);
        }
        void on_init() override { writer.init(); }
        void on_set_param(std::uint32_t id, std::int32_t v, std::uint32_t role) override { writer.param(id, v, role); }
        void on_ram_fault(std::uint32_t o, std::uint8_t m) override { writer.ram_fault(o, m); }
        void on_step(const bms_in& in) override {
            writer.step(in);
            ++steps;
        }
    };
    Recorder r;
    rig::Loop l;
    auto c = rig::config();
    c.overrides = {{"period_ms", 70}, {"volatile_A", 3}};
    l.add(std::move(c));
    l.boards[0]->set_core_sink(&r);
    l.start();
    l.run_until(300 * base::k_ms);
    CHECK(l.boards[0]->set_param(*l.boards[0]->find_param("balance_mA"), 900, BMS_ROLE_APP, l.now).ok());
    l.run_until(400 * base::k_ms);
    l.worlds[0].supply_V = 5;
    l.changed(0);
    l.run_until(500 * base::k_ms);
    l.worlds[0].supply_V = 50;
    l.changed(0);
    l.run_until(base::k_s);
    r.writer.end(l.boards[0]->core_hash(), r.steps);
    std::size_t at = 0;
    const auto get = [&](std::uint8_t* p, std::uint32_t n) {
        if (r.bytes.size() - at < n) return false;
        std::memcpy(p, r.bytes.data() + at, n);
        at += n;
        return true;
    };
    std::vector<std::uint64_t> ram(rig::core().state_size / 8 + 1);
    std::vector<std::uint8_t> nvm(board::k_nvm_page_bytes * board::k_nvm_pages);
    ::bms::RecordPlayer player(
        rig::core(), get,
        {ram.data(), static_cast<std::uint32_t>(ram.size() * 8), nvm.data(), static_cast<std::uint32_t>(nvm.size())});
    const ::bms::ReplayResult result = player.run();
    CHECK(result.error == 0);
    CHECK(result.steps == r.steps);
    CHECK(result.hash == l.boards[0]->core_hash());
    CHECK(result.steps > 20);
}

TEST_CASE("a core that gives up stops, and its outputs stay") {
    rig::Loop l = started();
    l.run_until(150 * base::k_ms);
    REQUIRE(l.boards[0]->drives().dsg_on == 1);
    const std::uint64_t magic = 0xDEAD;
    for (std::uint32_t k = 0; k < 2; ++k)
        CHECK(l.boards[0]->flip_core_ram(k, static_cast<std::uint8_t>(magic >> (8 * k))));
    l.run_until(400 * base::k_ms);
    CHECK(l.boards[0]->core_failed());
    CHECK(std::string(l.boards[0]->core_status_text()) == "configuration unknown");
    CHECK(l.boards[0]->drives().dsg_on == 1);
    CHECK(hw(*l.boards[0], "led.green") == 1);
}

TEST_CASE("nothing allocates in the loop") {
    rig::Loop l = started();
    l.run_until(300 * base::k_ms);
    l.edges.reserve(1000);
    const NoAllocation none;
    l.run_until(2 * base::k_s);
    CHECK(none.count() == 0);
    l.worlds[0].supply_V = 5;
    l.changed(0);
    l.run_until(l.now + 10 * base::k_ms);
    l.worlds[0].supply_V = 50;
    l.changed(0);
    l.run_until(l.now + 500 * base::k_ms);
    CHECK(none.count() == 0);
    std::vector<std::uint8_t> bytes;
    l.boards[0]->save(bytes);
    CHECK(none.count() > 0);  // the counter counts
}
