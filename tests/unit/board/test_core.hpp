// A small control core for tests of the board: configures the AFE, closes both gates, then reads a block of registers
// every period. Deterministic, no statics with state. What it does can be changed by parameters.
#pragma once
#include <bms/core_api.h>

#include <cstdint>
#include <cstring>

#include "afe/crc8.hpp"

namespace test_core {

struct State {
    std::uint64_t magic;
    std::uint64_t next_scan_us;
    std::uint64_t sleep_at_us;
    std::int32_t period_ms, scd_code, scd_delay_code, block_bytes, sleep_ms, precharge, balance, keep, do_nothing,
        start_reg, hold;
    std::int32_t spare;
    std::uint32_t seq;  // configuration writes done
    std::uint32_t scans;
    std::uint32_t alerts, timers, params, gpios, nacks;
    std::uint16_t next_id;
    std::uint8_t last_status;
    std::uint8_t asleep;
    std::uint16_t last_rx, last_acked;
    std::uint16_t adc[8];
    std::uint64_t last_step_us;
    std::uint8_t rx[BMS_XFER_BYTES];
    std::uint64_t boots;  // kept in NVM
};

enum Param : std::uint32_t {
    p_period_ms = 1,
    p_scd_code,
    p_scd_delay_code,
    p_block,
    p_sleep_ms,
    p_precharge,
    p_balance,
    p_keep_mV,
    p_nothing,
    p_reg,
    p_volatile
};

inline const bms_desc* params() {
    static const bms_desc table[] = {
        {p_period_ms, BMS_TYPE_INT, BMS_ROLE_APP, 0, 1, 1, 100000, 100, 1, "period_ms", "ms", "scan period"},
        {p_scd_code, BMS_TYPE_INT, BMS_ROLE_PC, BMS_DESC_AFE, 1, 0, 63, 8, 1, "scd_code", "", "short circuit level"},
        {p_scd_delay_code, BMS_TYPE_INT, BMS_ROLE_PC, BMS_DESC_AFE, 1, 0, 255, 25, 1, "scd_delay_code", "",
         "short circuit delay"},
        {p_block, BMS_TYPE_INT, BMS_ROLE_PC, 0, 1, 2, 192, 154, 1, "block_bytes", "", "bytes of a scan"},
        {p_sleep_ms, BMS_TYPE_INT, BMS_ROLE_APP, 0, 1, 0, 1000000, 0, 1, "sleep_ms", "ms", "sleep after, 0 = never"},
        {p_precharge, BMS_TYPE_BOOL, BMS_ROLE_APP, 0, 1, 0, 1, 0, 1, "precharge", "", "precharge on"},
        {p_balance, BMS_TYPE_INT, BMS_ROLE_APP, 0, 1, 0, 2000, 0, 1, "balance_mA", "mA", "from cell 1 to cell 2"},
        {p_keep_mV, BMS_TYPE_INT, BMS_ROLE_APP, 0, 1, 0, 50000, 36500, 10, "keep_mV", "mV", "a level in 0.1 mV"},
        {p_nothing, BMS_TYPE_BOOL, BMS_ROLE_FACTORY, 0, 1, 0, 1, 0, 1, "do_nothing", "", "only wakes"},
        {p_reg, BMS_TYPE_INT, BMS_ROLE_PC, 0, 1, 0, 143, 0, 1, "start_reg", "", "first register of the scan"},
        {p_volatile, BMS_TYPE_INT, BMS_ROLE_APP, BMS_DESC_VOLATILE, 1, 0, 1000, 0, 1, "volatile_A", "A", "not kept"},
    };
    return table;
}
inline constexpr std::uint32_t k_n_params = 11;
inline constexpr std::uint32_t k_writes = 7;  // configuration writes after power-on

inline const bms_description* describe() {
    static const bms_desc signals[] = {
        {1, BMS_TYPE_INT, 0, 0, 1, 0, 1000000, 0, 1, "scans", "", "scans so far"},
        {2, BMS_TYPE_INT, 0, 0, 24, 0, 65535, 0, 10, "v_cell_mV", "mV", "cells as read"},
        {3, BMS_TYPE_BOOL, 0, 0, 1, 0, 1, 0, 1, "asleep", "", "sleeps"},
        {4, BMS_TYPE_INT, 0, 0, 8, 0, 4095, 0, 1, "adc", "", "raw codes; index 1..8"},
        {5, BMS_TYPE_INT, 0, 0, 1, 0, 4095, 0, 1, "alerts", "", "alert edges"},
        {6, BMS_TYPE_INT, 0, 0, 1, 0, 4095, 0, 1, "last_status", "", "of the last transfer"},
        {7, BMS_TYPE_INT, 0, 0, 1, 0, 4095, 0, 1, "last_acked", "", "of the last transfer"},
        {8, BMS_TYPE_INT, 0, 0, 1, 0, 4095, 0, 1, "boots", "", "power-ons, kept in NVM"},
        {9, BMS_TYPE_INT, 0, 0, 192, 0, 255, 0, 1, "rx", "", "bytes of the last scan"},
        {10, BMS_TYPE_INT, 0, 0, 1, 0, 4095, 0, 1, "gpios", "", "input changes seen"},
        {11, BMS_TYPE_INT, 0, 0, 1, 0, 1000, 0, 1, "keep", "", "the kept level"},
        {12, BMS_TYPE_INT, 0, 0, 1, 0, 2000000000, 0, 1, "last_step_us", "us", "clock at the last step"},
        {13, BMS_TYPE_INT, 0, 0, 1, 0, 2000000000, 0, 1, "nacks", "", "transfers without acknowledge"},
    };
    static const bms_description d = {
        BMS_ABI, sizeof(bms_description), k_n_params, 13, 0, params(), signals, nullptr, "test core", "1", ""};
    return &d;
}

inline std::int32_t* slot(State& s, std::uint32_t id) {
    switch (id) {
        case p_period_ms:
            return &s.period_ms;
        case p_scd_code:
            return &s.scd_code;
        case p_scd_delay_code:
            return &s.scd_delay_code;
        case p_block:
            return &s.block_bytes;
        case p_sleep_ms:
            return &s.sleep_ms;
        case p_precharge:
            return &s.precharge;
        case p_balance:
            return &s.balance;
        case p_keep_mV:
            return &s.keep;
        case p_nothing:
            return &s.do_nothing;
        case p_reg:
            return &s.start_reg;
        default:
            return nullptr;
    }
}

struct Page {
    std::uint64_t magic, boots;
    std::int32_t values[k_n_params + 1];
    std::uint8_t fill[256 - 16 - 4 * (k_n_params + 1)];
};
static_assert(sizeof(Page) == 256);

inline std::int32_t save(void* state, const bms_port* port) {
    State& s = *static_cast<State*>(state);
    Page p;
    std::memset(&p, 0, sizeof p);
    p.magic = 0xB0A2D;
    p.boots = s.boots;
    for (std::uint32_t id = 1; id < p_volatile; ++id) p.values[id] = *slot(s, id);
    return port->nvm_write(port->ctx, 0, reinterpret_cast<const std::uint8_t*>(&p));
}

inline std::int32_t init(void* state, std::uint32_t n, const bms_cfg* cfg, const bms_port* port) {
    if (n < sizeof(State) || cfg->abi != BMS_ABI) return BMS_E_ABI;
    if (cfg->cell_count == 13) return BMS_E_CONFIG;
    State& s = *static_cast<State*>(state);
    std::memset(&s, 0, sizeof s);
    for (std::uint32_t k = 0; k < k_n_params; ++k)
        if (std::int32_t* v = slot(s, params()[k].id)) *v = params()[k].def;
    Page p;
    if (port->nvm_read(port->ctx, 0, reinterpret_cast<std::uint8_t*>(&p)) == BMS_OK && p.magic == 0xB0A2D) {
        s.boots = p.boots;
        for (std::uint32_t id = 1; id < p_volatile; ++id) *slot(s, id) = p.values[id];
    }
    return BMS_OK;
}

/// START, address, pointer, value, CRC, STOP.
inline void post_write(State& s, bms_out* out, std::uint8_t reg, std::uint8_t value) {
    out->xfer_id = ++s.next_id;
    out->xfer_n_seg = 1;
    out->xfer_seg[0] = {BMS_SEG_START | BMS_SEG_STOP, 0x40, 3};
    out->xfer_n_tx = 3;
    out->xfer_tx[0] = reg;
    out->xfer_tx[1] = value;
    out->xfer_tx[2] = twin::afe::crc8(twin::afe::crc8(twin::afe::crc8(0, 0x40), reg), value);
}

inline void post_scan(State& s, bms_out* out) {
    out->xfer_id = ++s.next_id;
    out->xfer_n_seg = 2;
    out->xfer_seg[0] = {BMS_SEG_START, 0x40, 1};
    out->xfer_seg[1] = {BMS_SEG_START | BMS_SEG_STOP | BMS_SEG_READ, 0x41, static_cast<std::uint16_t>(s.block_bytes)};
    out->xfer_n_tx = 1;
    out->xfer_tx[0] = static_cast<std::uint8_t>(s.start_reg);
}

inline std::int32_t step(void* state, const bms_port* port, const bms_in* in, bms_out* out) {
    State& s = *static_cast<State*>(state);
    if (s.magic == 0xDEAD) return BMS_E_CONFIG;  // a test broke the memory
    s.last_step_us = in->now_us;
    if ((in->wake & BMS_WAKE_POWER_ON) != 0) {
        ++s.boots;
        save(state, port);
    }
    if ((in->wake & BMS_WAKE_ALERT) != 0) ++s.alerts;
    if ((in->wake & BMS_WAKE_TIMER) != 0) ++s.timers;
    if ((in->wake & BMS_WAKE_PARAM) != 0) ++s.params;
    if ((in->wake & BMS_WAKE_GPIO) != 0) ++s.gpios;
    for (int k = 0; k < 8; ++k) s.adc[k] = in->adc[k];
    // no interrupts of conversions; GP1 NTC, GP2 INT, GP3 NTC, GP4 NTC, GP5 CHG, GP6 DSG; SCD; gates on
    const std::uint8_t cfg[k_writes][2] = {{0x79, 0x60},
                                           {0x74, 0x71},
                                           {0x75, 0x7F},
                                           {0x62, static_cast<std::uint8_t>(0x40 | s.scd_code)},
                                           {0x63, static_cast<std::uint8_t>(s.scd_delay_code)},
                                           {0x5E, 0x00},
                                           {0x51, 0x0F}};
    out->gpio = BMS_OUT_LED_GREEN | (s.precharge != 0 || s.hold > 0 ? BMS_OUT_PRECHARGE : 0U);
    if (s.balance != 0) {
        out->bal_from = 1;
        out->bal_to = 2;
        out->bal_mA = static_cast<std::uint16_t>(s.balance);
    }
    out->next_wake_us = s.next_scan_us;
    if (s.do_nothing != 0) {
        out->next_wake_us = in->now_us + 1000000;
        return BMS_OK;
    }
    if ((in->wake & BMS_WAKE_XFER) != 0) {
        s.last_status = in->xfer_status;
        s.last_rx = in->xfer_n_rx;
        s.last_acked = in->xfer_n_acked;
        if (in->xfer_status != BMS_XFER_OK) {
            ++s.nacks;
            out->next_wake_us = in->now_us + 5000;
            s.next_scan_us = out->next_wake_us;
            return BMS_OK;
        }
        if (s.seq < k_writes) {
            ++s.seq;
        } else {
            ++s.scans;
            std::memcpy(s.rx, in->xfer_rx, in->xfer_n_rx);
        }
        if (s.seq == k_writes && s.next_scan_us == 0) s.next_scan_us = in->now_us;
    }
    if (s.sleep_ms > 0 && s.seq == k_writes && in->now_us >= static_cast<std::uint64_t>(s.sleep_ms) * 1000) {
        s.asleep = 1;
        out->power = BMS_POWER_SLEEP;
        out->next_wake_us = BMS_NEVER;
        return BMS_OK;
    }
    if (s.seq < k_writes) {
        if ((in->wake & (BMS_WAKE_POWER_ON | BMS_WAKE_XFER | BMS_WAKE_TIMER)) != 0)
            post_write(s, out, cfg[s.seq][0], cfg[s.seq][1]);
        out->next_wake_us = BMS_NEVER;
    } else if (in->now_us >= s.next_scan_us) {
        post_scan(s, out);
        s.next_scan_us += static_cast<std::uint64_t>(s.period_ms) * 1000;
        out->next_wake_us = s.next_scan_us;
    }
    return BMS_OK;
}

inline std::int32_t get_param(const void* state, std::uint32_t id, std::uint32_t, std::int32_t* value) {
    std::int32_t* v = slot(*static_cast<State*>(const_cast<void*>(state)), id);
    if (v == nullptr) return BMS_E_UNKNOWN;
    *value = *v;
    return BMS_OK;
}

inline std::int32_t set_param(void* state, std::uint32_t id, std::int32_t value, std::uint32_t role) {
    if (id == 0 || id > k_n_params) return BMS_E_UNKNOWN;
    const bms_desc& d = params()[id - 1];
    if (role < d.role) return BMS_E_ROLE;
    if (value < d.min || value > d.max) return BMS_E_RANGE;
    State& s = *static_cast<State*>(state);
    if (id == p_volatile)
        s.hold = value;
    else
        *slot(s, id) = value;
    return BMS_OK;
}

inline std::int32_t get_signal(const void* state, std::uint32_t id, std::uint32_t index, std::int32_t* value) {
    const State& s = *static_cast<const State*>(state);
    switch (id) {
        case 1:
            *value = static_cast<std::int32_t>(s.scans);
            return BMS_OK;
        case 2: {
            if (index < 1 || index > 24) return BMS_E_INDEX;
            const std::uint32_t at = 2 * (0x1D + 2 * (index - 1));
            *value = s.rx[at] * 256 + s.rx[at + 2];
            return BMS_OK;
        }
        case 3:
            *value = s.asleep;
            return BMS_OK;
        case 4:
            *value = s.adc[(index - 1) & 7U];
            return BMS_OK;
        case 5:
            *value = static_cast<std::int32_t>(s.alerts);
            return BMS_OK;
        case 6:
            *value = s.last_status;
            return BMS_OK;
        case 7:
            *value = s.last_acked;
            return BMS_OK;
        case 8:
            *value = static_cast<std::int32_t>(s.boots);
            return BMS_OK;
        case 9:
            *value = s.rx[(index - 1) % BMS_XFER_BYTES];
            return BMS_OK;
        case 10:
            *value = static_cast<std::int32_t>(s.gpios);
            return BMS_OK;
        case 11:
            *value = s.keep;
            return BMS_OK;
        case 12:
            *value = static_cast<std::int32_t>(s.last_step_us);
            return BMS_OK;
        case 13:
            *value = static_cast<std::int32_t>(s.nacks);
            return BMS_OK;
        default:
            return BMS_E_UNKNOWN;
    }
}

inline const char* status_text(std::int32_t status) {
    switch (status) {
        case BMS_OK:
            return "ok";
        case BMS_E_ROLE:
            return "the role may not write this";
        case BMS_E_RANGE:
            return "value outside its range";
        case BMS_E_CONFIG:
            return "configuration unknown";
        default:
            return "refused";
    }
}

inline std::int32_t load(void*, const bms_port*) { return BMS_OK; }

inline bms_core table(std::uint32_t flags = BMS_CAP_REENTRANT | BMS_CAP_SNAPSHOT) {
    return {BMS_ABI,   sizeof(bms_core), flags,      sizeof(State), init, step,       describe,
            get_param, set_param,        get_signal, load,          save, status_text};
}

}  // namespace test_core
