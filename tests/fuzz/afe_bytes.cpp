// SPDX-License-Identifier: Apache-2.0
// Random bus events, inputs and instants on the front end: it never crashes, a peek changes nothing, a latched short
// circuit keeps the discharge gate off, no instant livelocks, a snapshot continues alike, and lazy equals eager
// conversion.
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "afe/crc8.hpp"
#include "afe/dvc1124.hpp"
#include "base/hash.hpp"

using namespace twin;

namespace {

[[noreturn]] void broken() { __builtin_trap(); }
void require(bool ok) {
    if (!ok) broken();
}

struct Input {
    const std::uint8_t* p;
    std::size_t n;
    std::uint8_t byte() {
        if (n == 0) return 0;
        --n;
        return *p++;
    }
    double unit() { return (byte() * 256.0 + byte()) / 65535.0; }
};

std::uint64_t hash_of(const afe::Dvc1124& chip) {
    base::Hasher h;
    base::hash_fields(h, afe::dvc1124_fields(), &chip.state());
    require(!h.saw_nan());
    return h.digest();
}

struct Bench {
    afe::Dvc1124 chip[2];  // lazy, eager
    afe::Time_ns now = 0;
    double pin0[25] = {}, pin1[25] = {}, clamp0[25] = {}, clamp1[25] = {};
    double shunt = 0.0, vtop = 50.0, die = 25.0, gp[6] = {};

    Bench(const afe::Dvc1124Params& p, std::uint64_t seed) : chip{{p, {seed, 3}}, {p, {seed, 3}}} {
        chip[1].set_eager(true);
        for (int k = 1; k < 25; ++k) pin1[k] = 3.3 * k;
    }
    void advance(Input& in) {
        const int size = in.byte() % 32;
        const afe::Time_ns dt = 1 + (size < 31 ? (afe::Time_ns{1} << size) + in.byte() : 2'000'000'000);
        std::memcpy(pin0, pin1, sizeof pin0);
        std::memcpy(clamp0, clamp1, sizeof clamp0);
        const std::uint8_t what = in.byte();
        const double shunt0 = shunt, vtop0 = vtop, die0 = die;
        double gp0[6];
        std::memcpy(gp0, gp, sizeof gp0);
        if ((what & 1) != 0) shunt = (in.unit() - 0.5) * ((what & 2) != 0 ? 20.0 : 0.2);
        if ((what & 4) != 0) pin1[in.byte() % 25] = (in.unit() - 0.3) * ((what & 8) != 0 ? 300.0 : 10.0);
        if ((what & 16) != 0) clamp1[in.byte() % 25] = in.unit() * 0.04;
        if ((what & 32) != 0) vtop = in.unit() * 150.0;
        if ((what & 64) != 0) gp[in.byte() % 6] = in.unit() * 7.0 - 0.5;
        if ((what & 128) != 0) die = in.unit() * 200.0 - 50.0;
        afe::AnalogSegment g;
        g.t0_ns = now;
        g.t1_ns = now + dt;
        g.pin0_V = pin0;
        g.pin1_V = pin1;
        if ((what & 16) != 0) {
            g.clamp0_A = clamp0;
            g.clamp1_A = clamp1;
        }
        g.shunt0_V = shunt0;
        g.shunt1_V = shunt;
        g.vtop0_V = vtop0;
        g.vtop1_V = vtop;
        g.die0_degC = die0;
        g.die1_degC = die;
        std::memcpy(g.gp0_V, gp0, sizeof gp0);
        std::memcpy(g.gp1_V, gp, sizeof gp);
        now += dt;
        for (auto& c : chip) c.advance(g);
        for (auto& c : chip) {
            int rounds = 0;
            while (c.next_due() <= now) {
                c.run_due(now);
                require(++rounds <= 16);
            }
        }
    }
    void check() {
        const std::uint64_t before = hash_of(chip[0]);
        afe::Dvc1124State state = chip[0].state();
        for (int a = 0; a < 256; ++a) {
            require(chip[0].peek(static_cast<std::uint8_t>(a)) == chip[1].peek(static_cast<std::uint8_t>(a)));
        }
        require(std::memcmp(&state, &chip[0].state(), sizeof state) == 0);
        require(hash_of(chip[0]) == before);
        require(hash_of(chip[1]) == before);
        require(chip[0].gates() == chip[1].gates());
        require(chip[0].int_low() == chip[1].int_low());
        require(chip[0].next_due() == chip[1].next_due());
        const bool alive = chip[0].mode() == afe::Mode::work || chip[0].mode() == afe::Mode::sleep;
        const afe::GateOutputs& o = chip[0].gates();
        if (!alive) require(o == afe::GateOutputs{});
        if ((state.flags & 0x01) != 0) require(o.dsg_low == 0 && o.dsg_high == 0);
        require(chip[0].damage().size() <= afe::k_max_damage);
        require(chip[0].witnesses().size() <= afe::Dvc1124::k_max_witnesses);
        for (const afe::DamageRecord& d : chip[0].damage()) require(d.margin <= 0.0 && d.t_ns <= now);
        const afe::PinDrives& drives = chip[0].drives();
        for (const double a : drives.pull_A) require(a >= 0.0 && a < 1e-3);
        for (const double s : drives.balance_S) require(s >= 0.0 && s < 0.01);
    }
};

void good_write(afe::Dvc1124& c, afe::Time_ns t, std::uint8_t address, std::uint8_t value) {
    c.bus_start(t, 0x40);
    c.bus_write(t, address);
    c.bus_write(t, value);
    c.bus_write(t, afe::crc8(afe::crc8(afe::crc8(0, 0x40), address), value));
    c.bus_stop(t);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size > 4096) return 0;
    Input in{data, size};
    afe::Dvc1124Params p;
    const std::uint8_t kind = in.byte();
    p.tolerance = static_cast<afe::Tolerance>(kind % 3);
    p.body_diode_sign = (kind & 8) != 0 ? -1 : 1;
    Bench b(p, kind);
    afe::AnalogPoint point;
    point.vtop_V = b.vtop;
    for (auto& c : b.chip) c.observe(0, point);
    while (in.n > 0) {
        const std::uint8_t op = in.byte();
        const std::uint8_t x = in.byte();
        switch (op % 12) {
            case 0:
            case 1:
                b.advance(in);
                break;
            case 2: {
                point.shunt_V = b.shunt = (x - 128) / 1000.0;
                point.vtop_V = b.vtop;
                std::memcpy(point.gp_V, b.gp, sizeof b.gp);
                for (auto& c : b.chip) c.observe(b.now, point);
                break;
            }
            case 3:
                for (auto& c : b.chip) c.crossed(x % 40U, b.now);
                break;
            case 4:
                for (auto& c : b.chip) c.run_due(b.now);
                break;
            case 5:
                for (auto& c : b.chip)
                    c.bus_start(b.now, (x & 3) != 0 ? std::uint8_t{0x40} : (x & 4) != 0 ? std::uint8_t{0x41} : x);
                break;
            case 6:
                require(b.chip[0].bus_write(b.now, x) == b.chip[1].bus_write(b.now, x));
                break;
            case 7:
                for (int k = 0; k <= x % 64; ++k) require(b.chip[0].bus_read(b.now) == b.chip[1].bus_read(b.now));
                break;
            case 8:
                for (auto& c : b.chip) c.bus_stop(b.now);
                break;
            case 9: {
                const std::uint8_t value = in.byte();
                for (auto& c : b.chip) good_write(c, b.now, static_cast<std::uint8_t>(x % 0x90), value);
                break;
            }
            case 10: {
                std::vector<std::uint8_t> bytes;
                base::save_fields(bytes, afe::dvc1124_fields(), &b.chip[0].state());
                afe::Dvc1124State s = b.chip[0].state();
                require(base::load_fields(bytes, afe::dvc1124_fields(), &s) == bytes.size());
                for (auto& c : b.chip) {
                    while (c.next_due() <= b.now && c.state().attention != 0) c.run_due(b.now);
                }
                s = b.chip[0].state();
                b.chip[0].set_state(s);
                s = b.chip[1].state();
                b.chip[1].set_state(s);
                break;
            }
            default:
                if (x == 1)
                    for (auto& c : b.chip) c.wake_by_charger(b.now);
                break;
        }
        b.check();
    }
    return 0;
}
