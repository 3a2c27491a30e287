// SPDX-License-Identifier: Apache-2.0
// A bench for the front end: piecewise linear inputs, exact location of its witnesses, its due instants, and a bus
// master that computes its CRC bit by bit on its own. Signs: + = discharge.
#pragma once
#include <cstdint>
#include <initializer_list>
#include <vector>

#include "afe/dvc1124.hpp"
#include "base/hash.hpp"

namespace bench {

using namespace twin;
using afe::Time_ns;

/// CRC8 by long division over the bits of the message followed by eight zeros; shares nothing with the chip's table.
inline std::uint8_t crc_of(const std::vector<std::uint8_t>& message) {
    unsigned rest = 0;
    for (std::size_t bit = 0; bit < 8 * (message.size() + 1); ++bit) {
        const unsigned in = bit < 8 * message.size() ? (message[bit / 8] >> (7 - bit % 8)) & 1U : 0U;
        rest = (rest << 1) | in;
        if ((rest & 0x100U) != 0) rest ^= 0x107U;
    }
    return static_cast<std::uint8_t>(rest);
}

struct Inputs {
    double pin_V[25] = {};
    double clamp_A[25] = {};
    double shunt_V = 0.0;
    double vtop_V = 0.0;
    double die_degC = 25.0;
    double gp_V[6] = {0.9, 0.9, 0.9, 0.9, 0.9, 0.9};
    /// n cells of v each from C0 up, higher pins tied to the top cell.
    static Inputs cells(double v_V, int n = 16) {
        Inputs x;
        for (int k = 1; k < 25; ++k) x.pin_V[k] = v_V * (k < n ? k : n);
        x.vtop_V = v_V * n;
        return x;
    }
    /// Moves one cell's voltage; everything above follows.
    void set_cell(int n, double v_V) {
        const double shift = v_V - (pin_V[n] - pin_V[n - 1]);
        for (int k = n; k < 25; ++k) pin_V[k] += shift;
        vtop_V += shift;
    }
};

struct Quiet : afe::Dvc1124Params {
    Quiet() {  // no noise: results are exact
        cell_noise_sd_V = stack_noise_sd_V = aux_noise_sd_V = die_noise_sd_K = cc1_noise_sd_V = cc2_noise_sd_V = 0.0;
    }
};

class Bench {
public:
    explicit Bench(const afe::Dvc1124Params& p = Quiet(), const Inputs& in = Inputs::cells(3.3), std::uint64_t seed = 1)
        : chip(p, {seed, 42}), x(in) {
        jump(x);
        run(6'000'000);  // power-on to ready takes 5 ms
    }

    afe::Dvc1124 chip;
    Inputs x;
    Time_ns now = 0;
    int stops = 0;  // instants at which the chip or a witness stopped the inputs

    void jump(const Inputs& to) {
        x = to;
        observe();
        settle();
    }
    void jump_shunt(double v_V) {
        x.shunt_V = v_V;
        observe();
        settle();
    }
    void run(Time_ns dt) { ramp(dt, x); }
    /// Inputs go linearly to `to` within dt.
    void ramp(Time_ns dt, const Inputs& to) {
        const Inputs from = x;
        const Time_ns t0 = now;
        const Time_ns t1 = now + dt;
        while (now < t1) {
            Time_ns stop = t1;
            const Time_ns due = chip.next_due();
            if (due < stop) stop = due > now ? due : now + 1;
            const Inputs start = x;
            Inputs end = stop == t1 ? to : at(from, to, t0, t1, stop);
            std::uint32_t hit = UINT32_MAX;
            Time_ns hit_t = stop;
            for (const afe::Witness& w : chip.witnesses()) {
                const double a = value(start, w.quantity), b = value(end, w.quantity);
                const bool beyond = w.direction > 0 ? b >= w.level : b <= w.level;
                if (!beyond) continue;
                const double part = a == b ? 0.0 : (w.level - a) / (b - a);
                Time_ns t = now + static_cast<Time_ns>(part <= 0.0 ? 0.0 : part * static_cast<double>(stop - now));
                if (t <= now) t = now + 1;
                while (t < stop) {
                    const double v = value(at(from, to, t0, t1, t), w.quantity);
                    if (w.direction > 0 ? v >= w.level : v <= w.level) break;
                    ++t;
                }
                if (t < hit_t || (t == hit_t && hit == UINT32_MAX)) {
                    hit_t = t;
                    hit = w.id;
                }
            }
            if (hit_t < stop) {
                stop = hit_t;
                end = at(from, to, t0, t1, stop);
            }
            advance(start, end, stop);
            x = end;
            if (hit != UINT32_MAX) chip.crossed(hit, now);
            if (stop < t1) ++stops;
            settle();
        }
    }
    void advance(const Inputs& a, const Inputs& b, Time_ns t1) {
        afe::AnalogSegment g;
        g.t0_ns = now;
        g.t1_ns = t1;
        g.pin0_V = a.pin_V;
        g.pin1_V = b.pin_V;
        g.clamp0_A = a.clamp_A;
        g.clamp1_A = b.clamp_A;
        g.shunt0_V = a.shunt_V;
        g.shunt1_V = b.shunt_V;
        g.vtop0_V = a.vtop_V;
        g.vtop1_V = b.vtop_V;
        g.die0_degC = a.die_degC;
        g.die1_degC = b.die_degC;
        for (int k = 0; k < 6; ++k) {
            g.gp0_V[k] = a.gp_V[k];
            g.gp1_V[k] = b.gp_V[k];
        }
        chip.advance(g);
        now = t1;
    }
    void observe() {
        afe::AnalogPoint p;
        p.shunt_V = x.shunt_V;
        p.vtop_V = x.vtop_V;
        for (int k = 0; k < 6; ++k) p.gp_V[k] = x.gp_V[k];
        chip.observe(now, p);
    }
    int settle() {
        int rounds = 0;
        while (chip.next_due() <= now && rounds < 16) {
            chip.run_due(now);
            ++rounds;
        }
        return rounds;
    }

    // --- bus master; a whole transfer at one instant
    bool write(std::uint8_t address, const std::vector<std::uint8_t>& data) {
        std::vector<std::uint8_t> head = {0x40, address};
        bool ok = chip.bus_start(now, 0x40);
        ok = chip.bus_write(now, address) && ok;
        for (const std::uint8_t d : data) {
            head.push_back(d);
            ok = chip.bus_write(now, d) && ok;
            ok = chip.bus_write(now, crc_of(head)) && ok;
            head.clear();
        }
        chip.bus_stop(now);
        settle();
        return ok;
    }
    bool write1(std::uint8_t address, int value) { return write(address, {static_cast<std::uint8_t>(value)}); }
    bool read(std::uint8_t address, std::size_t n, std::vector<std::uint8_t>& out) {
        std::vector<std::uint8_t> head = {0x40, address, 0x41};
        bool ok = chip.bus_start(now, 0x40);
        ok = chip.bus_write(now, address) && ok;
        ok = chip.bus_start(now, 0x41) && ok;
        out.clear();
        for (std::size_t k = 0; k < n; ++k) {
            const std::uint8_t d = chip.bus_read(now);
            head.push_back(d);
            ok = chip.bus_read(now) == crc_of(head) && ok;
            head.clear();
            out.push_back(d);
        }
        chip.bus_stop(now);
        settle();
        return ok;
    }
    int reg(std::uint8_t address) {
        std::vector<std::uint8_t> out;
        return read(address, 1, out) ? out[0] : -1;
    }
    int word(std::uint8_t address) const {
        return (chip.peek(address) << 8) | chip.peek(static_cast<std::uint8_t>(address + 1));
    }
    int signed_word(std::uint8_t address) const { return static_cast<std::int16_t>(word(address)); }
    int cell(int n) const { return word(static_cast<std::uint8_t>(0x1D + 2 * (n - 1))); }
    /// GP5 = CHG, GP6 = DSG low side, both gates on, all comparators quiet.
    void gates_on() {
        write1(0x75, (7 << 3) | 7);
        write1(0x62, 0x3F);  // SCD off
        write1(0x5E, 0x3F);
        write1(0x5F, 0x3F);
        write1(0x00, 0x00);
        write1(0x51, 0x0F);
    }
    bool dsg() const { return chip.gates().dsg_low != 0; }
    bool chg() const { return chip.gates().chg_low != 0; }
    std::uint64_t hash() const {
        base::Hasher h;
        base::hash_fields(h, afe::dvc1124_fields(), &chip.state());
        return h.digest();
    }
    /// Runs until `condition` holds, in steps of `step`; returns the time it took or -1.
    template <class F>
    Time_ns until(F condition, Time_ns step, Time_ns limit) {
        const Time_ns start = now;
        while (now - start < limit) {
            if (condition()) return now - start;
            run(step);
        }
        return condition() ? now - start : -1;
    }

private:
    static double value(const Inputs& in, afe::Quantity q) {
        switch (q) {
            case afe::Quantity::shunt_V:
                return in.shunt_V;
            case afe::Quantity::vtop_V:
                return in.vtop_V;
            default:
                return in.gp_V[static_cast<int>(q) - 2];
        }
    }
    static double mix(double a, double b, double f) { return a + (b - a) * f; }
    static Inputs at(const Inputs& a, const Inputs& b, Time_ns t0, Time_ns t1, Time_ns t) {
        const double f = static_cast<double>(t - t0) / static_cast<double>(t1 - t0);
        Inputs r;
        for (int k = 0; k < 25; ++k) {
            r.pin_V[k] = mix(a.pin_V[k], b.pin_V[k], f);
            r.clamp_A[k] = mix(a.clamp_A[k], b.clamp_A[k], f);
        }
        r.shunt_V = mix(a.shunt_V, b.shunt_V, f);
        r.vtop_V = mix(a.vtop_V, b.vtop_V, f);
        r.die_degC = mix(a.die_degC, b.die_degC, f);
        for (int k = 0; k < 6; ++k) r.gp_V[k] = mix(a.gp_V[k], b.gp_V[k], f);
        return r;
    }
};

constexpr Time_ns us = 1'000, ms = 1'000'000, s = 1'000'000'000;

}  // namespace bench
