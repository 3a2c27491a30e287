/* SPDX-License-Identifier: Apache-2.0
 * A minimal control core: sets up the front end by bytes (short circuit, over- and under-voltage), closes both MOSFETs,
 * watches the latched flags and lights the red lamp. No recovery: what the front end opened stays open. Publishes
 * nothing, so only truth.* and hw.* can judge it. Load it with: bmstwin run ... --core custom_core.so */
#include <bms/core_api.h>
#include <string.h>

enum { PERIOD_US = 100000, RETRY_US = 5000 };

typedef struct state {
    uint32_t phase; /* next entry of the script; behind its end: polling */
    uint32_t red;
    uint32_t busy;
    uint16_t xfer_id;
    uint16_t unused;
    uint64_t due_us;
    uint32_t scd_code;
    uint32_t cells;
} state;

static uint8_t crc8(uint8_t crc, uint8_t byte) {
    crc ^= byte;
    for (int k = 0; k < 8; ++k) crc = (uint8_t)((crc << 1) ^ ((crc & 0x80u) != 0 ? 0x07u : 0u));
    return crc;
}

/* Registers of the DVC1124 in the order they are written; value 0 is filled in by value_of(). Over-voltage 3620 mV 1 s,
 * under-voltage 2500 mV 2 s (LFP); high-side drivers masked, GP5 and GP6 drive the MOSFETs, GP2 is INT (not for
 * conversions); voltage scan without pauses. The slower comparators OCD2 and OCC2 are switched off: they wake with 4
 * mV, which is 20 A on 0.2 mOhm. */
static const uint8_t script[][2] = {{0x55, 0xAC}, {0x5E, 0},    {0x5F, 0},    {0x62, 0},    {0x63, 25},   {0x6A, 0},
                                    {0x6B, 0},    {0x6C, 0},    {0x70, 0xC3}, {0x71, 0x08}, {0x72, 0x9C}, {0x73, 0x49},
                                    {0x6E, 0x81}, {0x74, 0x71}, {0x75, 0x7F}, {0x79, 0x60}, {0x51, 0x0F}};
enum { STEPS = sizeof script / sizeof script[0] };

static uint8_t value_of(const state* s, uint32_t k) {
    const uint32_t masked = ~((1u << s->cells) - 1u); /* channels above the pack's cells */
    switch (script[k][0]) {
        case 0x62:
            return (uint8_t)(0x40u | s->scd_code);
        case 0x6A:
            return (uint8_t)((masked >> 16) & 0xFFu);
        case 0x6B:
            return (uint8_t)((masked >> 8) & 0xFFu);
        case 0x6C:
            return (uint8_t)((masked & 0xF0u) | 0x0Cu);
        default:
            return script[k][1];
    }
}

static int32_t init(void* mem, uint32_t n, const bms_cfg* cfg, const bms_port* port) {
    state* s = mem;
    (void)port;
    if (n < sizeof *s || cfg->abi != BMS_ABI) return BMS_E_ABI;
    memset(s, 0, sizeof *s);
    if (cfg->cell_count < 1 || cfg->cell_count > BMS_CELLS_MAX || cfg->shunt_nOhm == 0) return BMS_E_CONFIG;
    s->cells = cfg->cell_count;
    s->scd_code = (uint32_t)((uint64_t)400000 * cfg->shunt_nOhm / 1000000u / 10000u); /* 400 A, steps of 10 mV */
    return s->scd_code >= 1 && s->scd_code <= 63 ? BMS_OK : BMS_E_AFE_HIGH;
}

static void write_register(bms_out* out, uint8_t reg, uint8_t value) {
    out->xfer_n_seg = 1;
    out->xfer_n_tx = 3;
    out->xfer_seg[0] = (bms_segment){BMS_SEG_START | BMS_SEG_STOP, 0x40, 3};
    out->xfer_tx[0] = reg;
    out->xfer_tx[1] = value;
    out->xfer_tx[2] = crc8(crc8(crc8(0, 0x40), reg), value);
}

static void read_flags(bms_out* out) {
    out->xfer_n_seg = 2;
    out->xfer_n_tx = 1;
    out->xfer_seg[0] = (bms_segment){BMS_SEG_START, 0x40, 1};
    out->xfer_seg[1] = (bms_segment){BMS_SEG_START | BMS_SEG_STOP | BMS_SEG_READ, 0x41, 2};
    out->xfer_tx[0] = 0x00;
}

static void completed(state* s, const bms_in* in) {
    s->busy = 0;
    s->due_us = in->now_us;
    if (in->xfer_status != BMS_XFER_OK) { /* the first START wakes the chip and is not answered */
        s->due_us += RETRY_US;
    } else if (s->phase < STEPS) {
        ++s->phase;
    } else {
        const uint8_t crc = crc8(crc8(crc8(crc8(0, 0x40), 0x00), 0x41), in->xfer_rx[0]);
        if (in->xfer_n_rx == 2 && crc == in->xfer_rx[1]) s->red = in->xfer_rx[0] != 0;
        s->due_us += PERIOD_US;
    }
}

static int32_t step(void* mem, const bms_port* port, const bms_in* in, bms_out* out) {
    state* s = mem;
    (void)port;
    memset(out, 0, sizeof *out);
    out->abi = BMS_ABI;
    out->struct_size = sizeof *out;
    if (s->busy && (in->wake & BMS_WAKE_XFER) && in->xfer_id == s->xfer_id) completed(s, in);
    if (in->wake & BMS_WAKE_ALERT && s->phase >= STEPS) s->due_us = in->now_us;
    if (!s->busy && in->now_us >= s->due_us) {
        if (s->phase >= STEPS)
            read_flags(out);
        else
            write_register(out, script[s->phase][0], value_of(s, s->phase));
        s->busy = 1;
        out->xfer_id = ++s->xfer_id;
    }
    out->gpio = s->red ? BMS_OUT_LED_RED | BMS_OUT_DO : s->phase >= STEPS ? BMS_OUT_LED_GREEN : 0;
    out->next_wake_us = s->busy ? BMS_NEVER : s->due_us;
    return BMS_OK;
}

static const bms_description* describe(void) {
    static const bms_description d = {
        BMS_ABI, sizeof d, 0, 0, 0, NULL, NULL, NULL, "custom core", "1", "no parameters, no signals"};
    return &d;
}
static int32_t get_param(const void* m, uint32_t id, uint32_t which, int32_t* v) {
    return (void)m, (void)id, (void)which, (void)v, BMS_E_UNKNOWN;
}
static int32_t set_param(void* m, uint32_t id, int32_t v, uint32_t role) {
    return (void)m, (void)id, (void)v, (void)role, BMS_E_UNKNOWN;
}
static int32_t get_signal(const void* m, uint32_t id, uint32_t k, int32_t* v) {
    return (void)m, (void)id, (void)k, (void)v, BMS_E_UNKNOWN;
}
static int32_t no_nvm(void* m, const bms_port* port) { return (void)m, (void)port, BMS_E_NVM; }
static const char* status_text(int32_t status) { return status == BMS_OK ? "ok" : "refused by the custom core"; }

const bms_core* bms_core_get(uint32_t abi) {
    static const bms_core core = {BMS_ABI,       sizeof core, BMS_CAP_REENTRANT | BMS_CAP_SNAPSHOT,
                                  sizeof(state), init,        step,
                                  describe,      get_param,   set_param,
                                  get_signal,    no_nvm,      no_nvm,
                                  status_text};
    return abi == BMS_ABI ? &core : NULL;
}
