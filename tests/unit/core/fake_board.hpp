// SPDX-License-Identifier: Apache-2.0
// A register fake and a board for the core's own tests: just enough of the chip that the driver's bytes mean something.
// It is no model of the front end (that is twin::afe); it knows the raw register numbers independently of the driver's
// header.
#pragma once
#include <bms/core_api.h>
#include <bms/hash.hpp>

#include <array>
#include <cstdint>
#include <cstring>
#include <deque>
#include <functional>
#include <string>
#include <vector>

namespace fake {

// CRC8 poly 0x07, bit by bit: an independent statement of it.
inline std::uint8_t crc8(const std::vector<std::uint8_t>& bytes) {
    unsigned c = 0;
    for (std::uint8_t b : bytes) {
        c ^= b;
        for (int k = 0; k < 8; ++k) c = (c & 0x80u) != 0 ? ((c << 1) ^ 0x07u) & 0xFFu : (c << 1) & 0xFFu;
    }
    return static_cast<std::uint8_t>(c);
}

struct Write {
    std::uint64_t at_us;
    std::uint8_t reg;
    std::uint8_t value;
};

struct LogLine {
    std::uint64_t at_us;
    std::uint32_t id;
    std::int32_t a, b;
};

struct Board {
    // plant
    int n = 16;
    double cell_mV[24] = {};
    double i_mA = 0;
    double stack_extra_mV = 0;
    double spare_mV = 0;  // what channel n + 1 reads
    double ntc_degC_code[3] = {9000, 9000,
                               9000};  // GP1, GP3, GP4 codes of a 10 k sensor at 25 degC behind 10 k: half of V1P8
    double p_minus_mV = 0;
    std::uint32_t gpio = 0;
    std::uint16_t adc_board = 2048;
    int open_lead = 0;         // lead k open: shows under the open-wire test
    double lead_shift_mV = 0;  // what the running balancer adds to the donor and takes from the receiver
    bool afe_dead = false;
    int corrupt_reads = 0;  // that many read transfers get a flipped bit
    bool no_conversions = false;
    bool follow = true;  // driver flags follow the command
    double shunt_Ohm = 0.0002;

    // chip
    std::array<std::uint8_t, 0x91> reg{};
    std::uint64_t cow_until_us = 0;
    bool asleep = true;
    std::vector<Write> writes;

    // host
    const bms_core* core = bms_core_get(BMS_ABI);
    std::vector<std::uint64_t> memory;
    bms_cfg cfg{};
    bms_in in{};
    bms_out out{};
    std::uint64_t now_us = 0;
    bool busy = false;
    std::uint64_t done_us = 0;
    bms_out posted{};
    std::vector<std::uint8_t> read_back;
    std::vector<LogLine> log;
    std::vector<std::uint8_t> nvm;
    std::uint32_t nvm_writes = 0;
    bms::CoreHash hash;
    std::uint32_t steps = 0;
    std::uint32_t pending_wake = BMS_WAKE_POWER_ON;
    std::function<void(const bms_in&)> on_step;

    explicit Board(const char* product = "R24TK1A-17S-100A", int cells = 16, std::uint8_t chemistry = BMS_CHEM_LFP,
                   std::uint8_t profile = BMS_PROFILE_FIELD) {
        n = cells;
        for (double& v : cell_mV) v = 3300;
        cfg.abi = BMS_ABI;
        cfg.struct_size = sizeof cfg;
        std::strncpy(reinterpret_cast<char*>(cfg.product), product, 23);
        cfg.chemistry = chemistry;
        cfg.cell_count = static_cast<std::uint8_t>(cells);
        cfg.profile = profile;
        cfg.ntc_mask = BMS_NTC_1 | BMS_NTC_2 | BMS_NTC_FET | BMS_NTC_BOARD;
        cfg.capacity_mAh = 100000;
        cfg.shunt_nOhm = 200000;
        cfg.bus_Hz = 100000;
        nvm.assign(256u * 32u, 0xFF);
        memory.resize(core->state_size / 8u + 1u);
        reset_chip();
    }

    void reset_chip() {
        reg.fill(0);
        const std::uint8_t init[][2] = {{0x52, 0x90}, {0x53, 0x59}, {0x54, 0xF9}, {0x55, 0x2C}, {0x56, 0xFF},
                                        {0x57, 0x28}, {0x58, 0x05}, {0x5D, 0xB0}, {0x5E, 0x40}, {0x5F, 0xC0},
                                        {0x62, 0x40}, {0x6D, 0x28}, {0x6E, 0xCD}, {0x6F, 0x28}, {0x77, 0xC0},
                                        {0x7C, 0x48}, {0x7E, 0x80}};
        for (const auto& r : init) reg[r[0]] = r[1];
    }

    bms_port port() {
        bms_port p{};
        p.abi = BMS_ABI;
        p.struct_size = sizeof p;
        p.ctx = this;
        p.nvm_page_size = 256;
        p.nvm_page_count = 32;
        p.nvm_read = [](void* c, std::uint32_t page, std::uint8_t* dst) -> std::int32_t {
            std::memcpy(dst, static_cast<Board*>(c)->nvm.data() + page * 256u, 256);
            return BMS_OK;
        };
        p.nvm_write = [](void* c, std::uint32_t page, const std::uint8_t* src) -> std::int32_t {
            auto* b = static_cast<Board*>(c);
            std::memcpy(b->nvm.data() + page * 256u, src, 256);
            ++b->nvm_writes;
            return BMS_OK;
        };
        p.log = [](void* c, std::uint32_t id, std::int32_t a, std::int32_t b) {
            auto* self = static_cast<Board*>(c);
            self->log.push_back(LogLine{self->now_us, id, a, b});
        };
        return p;
    }

    void* state() { return memory.data(); }

    std::int32_t init() {
        const bms_port p = port();
        pending_wake = BMS_WAKE_POWER_ON;
        busy = false;
        out = bms_out{};
        return core->init(state(), core->state_size, &cfg, &p);
    }

    // ---- measurements as registers
    void put16(int r, double v) {
        const long c = static_cast<long>(v + (v < 0 ? -0.5 : 0.5));
        const unsigned u = static_cast<unsigned>(c < 0 && r >= 0x1D ? 0 : c > 65535 ? 65535 : c) & 0xFFFFu;
        reg[static_cast<std::size_t>(r)] = static_cast<std::uint8_t>(u >> 8);
        reg[static_cast<std::size_t>(r) + 1] = static_cast<std::uint8_t>(u & 0xFFu);
    }

    void convert() {
        put16(0x02, i_mA * 1e-3 * shunt_Ohm * 1e6 / 5.0);
        const long cc2 = static_cast<long>(i_mA * 1e-3 * shunt_Ohm * 1e6 / 0.3125);
        const unsigned u = static_cast<unsigned>(cc2) & 0xFFFFFu;
        reg[4] = static_cast<std::uint8_t>(u >> 12);
        reg[5] = static_cast<std::uint8_t>((u >> 4) & 0xFF);
        reg[6] = static_cast<std::uint8_t>((u & 0xF) << 4);
        const unsigned chg = reg[0x51] & 3u;
        const unsigned dsg = (reg[0x51] >> 2) & 3u;
        const bool scd = (reg[0] & 0x15u) != 0;  // SCD, OCD1, OCD2 hold DSG
        const bool chg_on = chg == 3 && (reg[0] & 0x4Au) == 0;
        const bool dsg_on = dsg == 3 && !scd && (reg[0] & 0x20u) == 0;
        if (follow) reg[6] = static_cast<std::uint8_t>(reg[6] | (dsg_on ? 2u : 0u) | (chg_on ? 1u : 0u));
        const bool cow = now_us < cow_until_us;
        double sum = 0;
        double v[25] = {};
        for (int k = 1; k <= n; ++k) v[k] = cell_mV[k - 1];
        for (int k = 1; k <= n; ++k) sum += v[k];
        if (open_lead != 0 && cow) {
            if (open_lead < n) v[open_lead + 1] += v[open_lead];
            v[open_lead] = 0;
        }
        if (cow) {
            v[1] -= 100;
            if (v[n] > 900) v[n] -= 100.0 * (25 - n);
        }
        if (out.bal_from != 0) {
            v[out.bal_from] -= lead_shift_mV;
            v[out.bal_to] += lead_shift_mV;
        }
        for (int k = 1; k <= 24; ++k) put16(0x1D + 2 * (k - 1), k <= n ? v[k] * 10 : k == n + 1 ? spare_mV * 10 : 0);
        put16(0x07, (sum + stack_extra_mV) / 12.8);
        put16(0x0D, (25 + 271.03) / 0.24467);
        put16(0x0F, 18000);
        put16(0x11, ntc_degC_code[0]);
        put16(0x15, ntc_degC_code[1]);
        put16(0x17, ntc_degC_code[2]);
        if (!no_conversions) reg[1] = static_cast<std::uint8_t>(reg[1] | 0x70u);
    }

    void write_reg(std::uint8_t r, std::uint8_t v) {
        writes.push_back(Write{now_us, r, v});
        if (r == 0x00) {
            reg[0] = static_cast<std::uint8_t>(reg[0] & v);
        } else if (r == 0x01) {
            if ((v & 0x0F) == 0x0E) asleep = true;
        } else if (r >= 0x51 && r <= 0x79) {
            if (r == 0x6D && (v & 4u) != 0) {
                cow_until_us = now_us + 1000000;
                v = static_cast<std::uint8_t>(v & ~4u);
            }
            if (r == 0x55) v = static_cast<std::uint8_t>(v & ~1u);
            reg[r] = v;
        }
    }

    // Runs a posted transfer against the registers; fills in the completion.
    void transfer() {
        const bms_out& o = posted;
        in.xfer_id = o.xfer_id;
        in.xfer_status = BMS_XFER_OK;
        in.xfer_n_acked = 0;
        in.xfer_n_rx = 0;
        if (afe_dead || asleep) {
            in.xfer_status = BMS_XFER_NACK;
            if (!afe_dead) asleep = false;
            return;
        }
        std::size_t tx = 0;
        std::uint8_t pointer = 0;
        for (int i = 0; i < o.xfer_n_seg; ++i) {
            const bms_segment& s = o.xfer_seg[i];
            ++in.xfer_n_acked;
            if ((s.flags & BMS_SEG_READ) == 0) {
                pointer = o.xfer_tx[tx];
                ++in.xfer_n_acked;
                for (std::size_t k = 1; k + 1 < s.len; k += 2) {
                    const std::uint8_t d = o.xfer_tx[tx + k];
                    const std::vector<std::uint8_t> covered =
                        k == 1 ? std::vector<std::uint8_t>{0x40, pointer, d} : std::vector<std::uint8_t>{d};
                    if (crc8(covered) != o.xfer_tx[tx + k + 1]) {
                        in.xfer_status = BMS_XFER_NACK;
                        return;
                    }
                    write_reg(static_cast<std::uint8_t>(pointer + (k - 1) / 2), d);
                    in.xfer_n_acked = static_cast<std::uint16_t>(in.xfer_n_acked + 2);
                }
                tx += s.len;
            } else {
                convert();
                for (std::size_t k = 0; k < s.len / 2u; ++k) {
                    const std::uint8_t r = static_cast<std::uint8_t>((pointer + k) % 0x91);
                    const std::uint8_t d = reg[r];
                    if (r == 0x01) reg[1] = static_cast<std::uint8_t>(reg[1] & ~0x70u);
                    const std::vector<std::uint8_t> covered =
                        k == 0 ? std::vector<std::uint8_t>{0x40, pointer, 0x41, d} : std::vector<std::uint8_t>{d};
                    in.xfer_rx[2 * k] = d;
                    in.xfer_rx[2 * k + 1] = crc8(covered);
                }
                in.xfer_n_rx = s.len;
                if (corrupt_reads > 0) {
                    --corrupt_reads;
                    in.xfer_rx[s.len / 2u] ^= 0x10u;
                }
            }
        }
    }

    static std::uint64_t wire_us(const bms_out& o) {
        std::uint64_t bits = 1;
        for (int i = 0; i < o.xfer_n_seg; ++i) bits += 1 + 9u * (1u + o.xfer_seg[i].len);
        return bits * 10;
    }

    void step(std::uint32_t wake) {
        in.abi = BMS_ABI;
        in.struct_size = sizeof in;
        in.now_us = now_us;
        in.rtc_s = static_cast<std::uint32_t>(now_us / 1000000u);
        in.wake = wake | pending_wake;
        pending_wake = 0;
        in.gpio = gpio;
        const double u = 1500 + p_minus_mV / 11;
        in.adc[0] = static_cast<std::uint16_t>(u < 0 ? 0 : u > 3300 ? 4095 : u * 4095 / 3300 + 0.5);
        in.adc[1] = adc_board;
        in.adc[2] = 2100;
        if (on_step) on_step(in);
        out.abi = BMS_ABI;
        out.struct_size = sizeof out;
        const bms_port p = port();
        const std::int32_t rc = core->step(state(), &p, &in, &out);
        if (rc != BMS_OK) throw std::string("step failed");
        hash.step(now_us, out);
        ++steps;
        in.xfer_status = BMS_XFER_NONE;
        in.xfer_n_rx = 0;
        if (out.xfer_n_seg != 0) {
            if (busy) throw std::string("posted while busy");
            busy = true;
            posted = out;
            done_us = now_us + wire_us(out);
        }
    }

    // Runs until an instant; steps at wake-ups and completions only.
    void run_until(std::uint64_t end_us) {
        for (;;) {
            std::uint64_t next = pending_wake != 0 ? now_us : out.next_wake_us < now_us ? now_us : out.next_wake_us;
            bool completion = false;
            if (busy && done_us <= next) {
                next = done_us;
                completion = true;
            }
            if (next > end_us) break;
            now_us = next;
            if (completion) {
                busy = false;
                transfer();
                step(BMS_WAKE_XFER);
            } else {
                step(BMS_WAKE_TIMER);
            }
        }
        now_us = end_us;
    }
    void run_s(double s) { run_until(now_us + static_cast<std::uint64_t>(s * 1e6 + 0.5)); }

    // The chip reports: flag in 0x00 and an edge on INT.
    void alert(std::uint8_t flags) {
        reg[0] = static_cast<std::uint8_t>(reg[0] | flags);
        asleep = false;
        pending_wake |= BMS_WAKE_ALERT;
    }

    // ---- the core's tables by name
    std::int32_t sig(const char* name, std::uint32_t index = 0) {
        const bms_description* d = core->describe();
        for (std::uint32_t i = 0; i < d->n_signals; ++i) {
            if (std::strcmp(d->signals[i].name, name) != 0) continue;
            std::int32_t v = 0;
            if (core->get_signal(state(), d->signals[i].id, index, &v) != BMS_OK) throw std::string("signal ") + name;
            return v;
        }
        throw std::string("no signal ") + name;
    }
    std::uint32_t param_id(const char* name) {
        const bms_description* d = core->describe();
        for (std::uint32_t i = 0; i < d->n_params; ++i) {
            if (std::strcmp(d->params[i].name, name) == 0) return d->params[i].id;
        }
        throw std::string("no parameter ") + name;
    }
    std::int32_t get(const char* name, std::uint32_t which = BMS_APPLIED) {
        std::int32_t v = 0;
        core->get_param(state(), param_id(name), which, &v);
        return v;
    }
    std::int32_t set(const char* name, std::int32_t v, std::uint32_t role = BMS_ROLE_PC) {
        pending_wake |= BMS_WAKE_PARAM;
        return core->set_param(state(), param_id(name), v, role);
    }
    int logged(const char* name) {
        const bms_description* d = core->describe();
        int k = 0;
        for (const LogLine& l : log) k += std::strcmp(d->events[l.id - 1u].name, name) == 0 ? 1 : 0;
        return k;
    }
    std::uint8_t chg() { return reg[0x51] & 3u; }
    std::uint8_t dsg() { return (reg[0x51] >> 2) & 3u; }
};

// Voltage code at a GP pin for an NTC of r ohm behind 10 kOhm to V1P8 (18000 codes).
inline double gp_code(double r_Ohm) { return 18000.0 * r_Ohm / (r_Ohm + 10000.0); }

}  // namespace fake
