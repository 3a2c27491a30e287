/* bmstwin: the C11 ABI of a pluggable BMS control core.
 *
 * A core is a step function on memory that its host owns. It reaches the battery only through
 *   - the bytes of one bus (posted transfers, `bms_out.xfer_*` -> `bms_in.xfer_*`),
 *   - raw 12-bit ADC codes and pin levels in `bms_in`, pin levels and balancer set-points in `bms_out`,
 *   - pages of non-volatile memory and a log line through `bms_port`.
 * It never sees a voltage as a floating-point number of the plant, nor any clock but `bms_in.now_us`.
 *
 * SIGN CONVENTION: current is positive when it discharges the battery, everywhere.
 * NUMBERING: cells, NTCs and sampling leads count from 1 (lead W0 is at B-). 0 means "none".
 *
 * LAYOUT: the structs of this file hold fixed-width integers only, little-endian on every target we
 * know, padding is explicit, offsets are asserted at the end. Function tables, `bms_port` and the tables
 * returned by describe() hold pointers and are exempt; they never leave one process. Unused and reserved
 * bytes are written as 0. `abi` and `struct_size` open every struct: a reader accepts a larger
 * struct_size of the same abi (fields are only ever appended) and refuses another abi.
 *
 * BUS TRANSFER: a step core posts at most one transfer per step, and none while one is under way. A transfer is
 * 1..BMS_SEG_MAX segments. A segment with BMS_SEG_START begins with (repeated) START and its address
 * byte `addr` (8 bit, read/write bit included) and then moves `len` data bytes; written data of all segments
 * lie back to back in xfer_tx, read data come back to back in xfer_rx. BMS_SEG_STOP ends with STOP.
 * Time on the wire: 1 bit per START and STOP, 9 per byte (address bytes too). The transfer starts in the
 * instant of the step that posts it. The device is sampled at a read segment's first bit; a
 * written byte acts at its ACK (with CRC: at the CRC's ACK). A NACK ends the transfer with STOP. When the
 * bus is free again the host calls step with BMS_WAKE_XFER and xfer_id, xfer_status, xfer_n_acked (bytes
 * sent by the core and acknowledged, address bytes included), xfer_n_rx and the bytes read. All other outputs of the
 * posting step act at once. The core need not poll: it may sleep meanwhile (next_wake_us).
 *
 * TIME: now_us is the board's own monotonic clock since power-on of the board (its drift is the host's
 * business); next_wake_us is on the same clock, absolute; a wake in the past means "as soon as possible",
 * BMS_NEVER means by event only. The host may call step earlier, for any of the wake reasons.
 *
 * UART AND CAN: the places are laid out (uart_*, can_*) so that the protocol stack can come without an ABI change. A
 * core that has none leaves uart_tx_n and can_tx_n at 0 and does not set BMS_CAP_UART/BMS_CAP_CAN.
 *
 * LICENCE: Apache-2.0.
 */
#ifndef BMS_CORE_API_H
#define BMS_CORE_API_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define BMS_ABI 1u
#define BMS_NEVER UINT64_MAX
#define BMS_CELLS_MAX 24u
#define BMS_ADC_N 8u
#define BMS_XFER_BYTES 192u
#define BMS_SEG_MAX 4u
#define BMS_UART_BYTES 64u
#define BMS_CAN_FRAMES 4u

/* Capability flags of bms_core.flags. */
#define BMS_CAP_REENTRANT 0x01u /* no statics with state: any number of instances in one process */
#define BMS_CAP_SNAPSHOT 0x02u  /* the state block is pointer-free: memcpy is a snapshot */
#define BMS_CAP_BLOCKING 0x04u  /* waits inside step (existing firmware); needs a host with fibres */
#define BMS_CAP_UART 0x08u      /* fills uart_tx */
#define BMS_CAP_CAN 0x10u       /* fills can_tx */

/* Results: >= 0 is good. status_text() puts them into words. */
#define BMS_OK 0
#define BMS_E_ABI (-1)        /* wrong abi or struct_size, or state block too small */
#define BMS_E_CONFIG (-2)     /* product, chemistry, cell count, profile or shunt unknown or contradictory */
#define BMS_E_UNKNOWN (-3)    /* no such id */
#define BMS_E_INDEX (-4)      /* index beyond the signal's count or the pack's cells */
#define BMS_E_RANGE (-5)      /* value outside min..max of the table */
#define BMS_E_ROLE (-6)       /* the role may not write this */
#define BMS_E_READONLY (-7)   /* not writable */
#define BMS_E_AFE_HIGH (-8)   /* the AFE cannot reach so high a level with this shunt */
#define BMS_E_AFE_LOW (-9)    /* below the AFE's smallest level */
#define BMS_E_AFE_DELAY (-10) /* no delay of the AFE or of the firmware is that short or that long */
#define BMS_E_ORDER (-11)     /* contradicts another parameter (release above trip, balance window ...) */
#define BMS_E_NVM (-12)       /* no valid record, or the page could not be written */
#define BMS_E_NOT_NOW (-13)   /* the command is not possible in the present state */

/* bms_cfg.chemistry, .profile, .ntc_mask */
#define BMS_CHEM_LFP 0u
#define BMS_CHEM_NMC 1u
#define BMS_CHEM_LTO 2u
#define BMS_PROFILE_FIELD 0u
#define BMS_PROFILE_MANUAL 1u
#define BMS_NTC_1 0x01u
#define BMS_NTC_2 0x02u
#define BMS_NTC_3 0x04u
#define BMS_NTC_4 0x08u
#define BMS_NTC_FET 0x10u
#define BMS_NTC_BOARD 0x20u

/* What the factory and the installer tell the core. Read once by init. */
typedef struct bms_cfg {
    uint32_t abi;
    uint32_t struct_size;
    uint8_t product[24];   /* product id, NUL-padded ASCII: "R24TK1A-17S-100A" */
    uint8_t chemistry;     /* BMS_CHEM_ */
    uint8_t cell_count;    /* series cells on the harness */
    uint8_t profile;       /* BMS_PROFILE_ */
    uint8_t ntc_mask;      /* BMS_NTC_ that are fitted; an absent one is not a fault */
    uint32_t capacity_mAh; /* rated capacity of the pack */
    uint32_t shunt_nOhm;   /* calibrated shunt, 200000 = 0.2 mOhm */
    uint32_t bus_Hz;       /* bus clock, for time-outs; 100000 */
    uint32_t reserved[4];
} bms_cfg;

/* ADC channels: 12 bit, 0..4095 = 0..3.300 V at the converter, saturating, raw = round(4095 * u / 3.3 V).
 *  PMINUS  P- against B-: 1 MOhm to P-, 100 kOhm to a 1.65 V reference: u = 1.5 V + v_Pminus / 11, 1 ms filter. Seen
 * range -16.5 V .. +19.8 V. Positive: a load pulls P- up while discharge is blocked. Negative: a charger above the
 * pack. BOARD, NTC3, NTC4: 10 k B3435 to ground, pull-up 10 kOhm to the 3.3 V reference: raw = 4095 R/(R + 10k). SUPPLY
 * board supply behind the diode from B+: 1 MOhm : 33 kOhm, u = v * 33/1033 (full scale 103.3 V). 5..7    not connected
 * on this board: 0. */
#define BMS_ADC_PMINUS 0u
#define BMS_ADC_BOARD_NTC 1u
#define BMS_ADC_SUPPLY 2u
#define BMS_ADC_NTC3 3u
#define BMS_ADC_NTC4 4u

/* bms_in.gpio: levels, 1 = asserted */
#define BMS_IN_ALERT 0x01u /* INT of the AFE (GP2), asserted = line low; 1 ms pulses */
#define BMS_IN_KEY 0x02u   /* KEY switch closed */
#define BMS_IN_DI 0x04u
#define BMS_IN_S1 0x08u /* activate button of the UART port */

/* bms_in.wake: why step is called; several may be set */
#define BMS_WAKE_POWER_ON 0x01u /* first step after init */
#define BMS_WAKE_TIMER 0x02u    /* next_wake_us reached */
#define BMS_WAKE_XFER 0x04u     /* the posted transfer ended */
#define BMS_WAKE_ALERT 0x08u    /* ALERT became asserted since the last step (edge, kept by the host) */
#define BMS_WAKE_GPIO 0x10u     /* KEY, DI or S1 changed */
#define BMS_WAKE_PARAM 0x20u    /* set_param was called since the last step */
#define BMS_WAKE_UART 0x40u
#define BMS_WAKE_CAN 0x80u

/* bms_in.xfer_status */
#define BMS_XFER_NONE 0u
#define BMS_XFER_OK 1u
#define BMS_XFER_NACK 2u /* not acknowledged; xfer_n_acked tells where */
#define BMS_XFER_BUS 3u  /* line held, arbitration lost */
#define BMS_XFER_TIMEOUT 4u
#define BMS_XFER_REFUSED 5u /* malformed, or posted while busy */

/* segment flags */
#define BMS_SEG_START 0x01u
#define BMS_SEG_STOP 0x02u
#define BMS_SEG_READ 0x04u

typedef struct bms_segment {
    uint8_t flags;
    uint8_t addr; /* with START: 8-bit address byte, bit 0 = read */
    uint16_t len; /* data bytes behind the address byte */
} bms_segment;

typedef struct bms_can_frame {
    uint32_t id;   /* bit 31: 29-bit identifier */
    uint8_t len;   /* 0..8 */
    uint8_t flags; /* 0 */
    uint8_t reserved[2];
    uint8_t data[8];
} bms_can_frame;

typedef struct bms_in {
    uint32_t abi;
    uint32_t struct_size;
    uint64_t now_us;
    uint32_t rtc_s; /* seconds of the real-time clock, runs while asleep */
    uint32_t wake;
    uint16_t adc[BMS_ADC_N];
    uint32_t gpio;
    uint16_t xfer_id; /* of the completed transfer */
    uint8_t xfer_status;
    uint8_t reserved0;
    uint16_t xfer_n_acked;
    uint16_t xfer_n_rx;
    uint8_t xfer_rx[BMS_XFER_BYTES]; /* the first xfer_n_rx count */
    uint16_t uart_rx_n;
    uint16_t can_rx_n;
    uint8_t uart_rx[BMS_UART_BYTES];
    bms_can_frame can_rx[BMS_CAN_FRAMES];
} bms_in;

/* bms_out.gpio: levels, 1 = active */
#define BMS_OUT_LED_GREEN 0x01u
#define BMS_OUT_LED_RED 0x02u /* alarm or protection */
#define BMS_OUT_DO 0x04u      /* alarm output */
#define BMS_OUT_PRECHARGE 0x08u
#define BMS_OUT_CON 0x10u /* AFE hard charge-off request; not wired on the default board (1 = off) */
#define BMS_OUT_DON 0x20u /* AFE hard discharge-off request; not wired on the default board (1 = off) */

#define BMS_POWER_AWAKE 0u
#define BMS_POWER_SLEEP 1u /* board in its sleep draw until the next wake */

/* Outputs are levels: each step writes all of them, and they hold until the next step. xfer_n_seg, uart_tx_n
 * and can_tx_n are requests of this step only. */
typedef struct bms_out {
    uint32_t abi;
    uint32_t struct_size;
    uint64_t next_wake_us;
    uint32_t gpio;
    uint8_t bal_from; /* active balancer: donor cell, 0 = off */
    uint8_t bal_to;   /* receiver cell, 0 = off */
    uint16_t bal_mA;
    uint8_t power;      /* BMS_POWER_ */
    uint8_t xfer_n_seg; /* 0 = no transfer posted */
    uint16_t xfer_id;   /* comes back with the completion */
    uint16_t xfer_n_tx; /* written data bytes, without address bytes */
    uint16_t reserved0;
    bms_segment xfer_seg[BMS_SEG_MAX];
    uint8_t xfer_tx[BMS_XFER_BYTES];
    uint16_t uart_tx_n;
    uint16_t can_tx_n;
    uint32_t reserved1;
    uint8_t uart_tx[BMS_UART_BYTES];
    bms_can_frame can_tx[BMS_CAN_FRAMES];
} bms_out;

/* What the host lends to the core. Valid during a call only; the core must not keep the pointers.
 * NVM: nvm_page_count pages of nvm_page_size bytes; whole pages only; erased pages read 0xFF; a write is
 * atomic unless the host injects a power cut. log: one line of the event log, id from describe()->events. */
typedef struct bms_port {
    uint32_t abi;
    uint32_t struct_size;
    void* ctx;
    uint32_t nvm_page_size;
    uint32_t nvm_page_count;
    int32_t (*nvm_read)(void* ctx, uint32_t page, uint8_t* dst);
    int32_t (*nvm_write)(void* ctx, uint32_t page, const uint8_t* src);
    void (*log)(void* ctx, uint32_t id, int32_t a, int32_t b);
} bms_port;

/* Who writes a parameter. A role may write what a lower one may. */
#define BMS_ROLE_NONE 0u
#define BMS_ROLE_APP 1u
#define BMS_ROLE_PC 2u
#define BMS_ROLE_FACTORY 3u

/* types of a described value; every value travels as int32_t raw, physical value = raw / den */
#define BMS_TYPE_INT 0u
#define BMS_TYPE_BOOL 1u
#define BMS_TYPE_ENUM 2u
#define BMS_TYPE_COMMAND 3u /* parameter that acts when written and reads 0 */

/* bms_desc.flags */
#define BMS_DESC_READONLY 0x01u
#define BMS_DESC_VOLATILE 0x02u /* not kept in NVM */
#define BMS_DESC_AFE 0x04u      /* applied value is quantised by the AFE */

/* One parameter or signal. Names are unique within their table and end in their unit where they have one
 * ("scd_mA"). def is the default of a 100 A / LFP / field board; a core's own presets set others in init. */
typedef struct bms_desc {
    uint16_t id;
    uint8_t type;
    uint8_t role; /* lowest role that may write it */
    uint16_t flags;
    uint16_t count; /* 1, or the length of an array signal such as v_cell_mV[1..24]; index runs 1..count */
    int32_t min, max, def, den;
    const char* name;
    const char* unit; /* "" if none */
    const char* text;
} bms_desc;

typedef struct bms_event_desc {
    uint16_t id;
    uint16_t level; /* 0 info, 1 alarm, 2 protection, 3 fault */
    const char* name;
    const char* text; /* a sentence; %a and %b stand for the two numbers */
} bms_event_desc;

typedef struct bms_description {
    uint32_t abi;
    uint32_t struct_size;
    uint32_t n_params, n_signals, n_events;
    const bms_desc* params;
    const bms_desc* signals;
    const bms_event_desc* events;
    const char* name; /* of the core */
    const char* version;
    const char* notes; /* what this core has not, e.g. "CON/DON not wired" */
} bms_description;

#define BMS_REQUESTED 0u
#define BMS_APPLIED 1u

/* The core. All functions are pure in (state, arguments): no clock, no heap, no globals with state.
 *  init      state: state_size bytes, aligned to 8, any content. Reads parameters from NVM if there is a valid record
 *            for the same product, chemistry and profile; else presets. Returns BMS_OK or BMS_E_.
 *  step      see the top of the file. Returns BMS_OK; anything else means the core gave up.
 *  get_param which = BMS_REQUESTED or BMS_APPLIED (what the hardware really got, quantised).
 *  set_param a refused value leaves everything as it was and says why. The host wakes the core after it.
 *            Not kept in NVM until save_params.
 *  get_signal index 0 or 1 for scalars, 1..count for arrays. */
typedef struct bms_core {
    uint32_t abi;
    uint32_t struct_size;
    uint32_t flags;
    uint32_t state_size;
    int32_t (*init)(void* state, uint32_t n, const bms_cfg* cfg, const bms_port* port);
    int32_t (*step)(void* state, const bms_port* port, const bms_in* in, bms_out* out);
    const bms_description* (*describe)(void);
    int32_t (*get_param)(const void* state, uint32_t id, uint32_t which, int32_t* value);
    int32_t (*set_param)(void* state, uint32_t id, int32_t value, uint32_t role);
    int32_t (*get_signal)(const void* state, uint32_t id, uint32_t index, int32_t* value);
    int32_t (*load_params)(void* state, const bms_port* port);
    int32_t (*save_params)(void* state, const bms_port* port);
    const char* (*status_text)(int32_t status);
} bms_core;

/* The one symbol a core's library exports. NULL if it does not speak this abi. */
#if defined(_WIN32)
#define BMS_EXPORT
#else
#define BMS_EXPORT __attribute__((visibility("default")))
#endif
BMS_EXPORT const bms_core* bms_core_get(uint32_t abi);
typedef const bms_core* (*bms_core_get_fn)(uint32_t abi);

#ifdef __cplusplus
#define BMS_ASSERT(c) static_assert(c, #c)
#else
#define BMS_ASSERT(c) _Static_assert(c, #c)
#endif
BMS_ASSERT(sizeof(bms_cfg) == 64);
BMS_ASSERT(offsetof(bms_cfg, product) == 8);
BMS_ASSERT(offsetof(bms_cfg, chemistry) == 32);
BMS_ASSERT(offsetof(bms_cfg, capacity_mAh) == 36);
BMS_ASSERT(offsetof(bms_cfg, reserved) == 48);
BMS_ASSERT(sizeof(bms_segment) == 4);
BMS_ASSERT(sizeof(bms_can_frame) == 16);
BMS_ASSERT(offsetof(bms_can_frame, data) == 8);
BMS_ASSERT(sizeof(bms_in) == 376);
BMS_ASSERT(offsetof(bms_in, now_us) == 8);
BMS_ASSERT(offsetof(bms_in, rtc_s) == 16);
BMS_ASSERT(offsetof(bms_in, adc) == 24);
BMS_ASSERT(offsetof(bms_in, gpio) == 40);
BMS_ASSERT(offsetof(bms_in, xfer_id) == 44);
BMS_ASSERT(offsetof(bms_in, xfer_rx) == 52);
BMS_ASSERT(offsetof(bms_in, uart_rx_n) == 244);
BMS_ASSERT(offsetof(bms_in, uart_rx) == 248);
BMS_ASSERT(offsetof(bms_in, can_rx) == 312);
BMS_ASSERT(sizeof(bms_out) == 376);
BMS_ASSERT(offsetof(bms_out, next_wake_us) == 8);
BMS_ASSERT(offsetof(bms_out, gpio) == 16);
BMS_ASSERT(offsetof(bms_out, bal_mA) == 22);
BMS_ASSERT(offsetof(bms_out, power) == 24);
BMS_ASSERT(offsetof(bms_out, xfer_seg) == 32);
BMS_ASSERT(offsetof(bms_out, xfer_tx) == 48);
BMS_ASSERT(offsetof(bms_out, uart_tx_n) == 240);
BMS_ASSERT(offsetof(bms_out, uart_tx) == 248);
BMS_ASSERT(offsetof(bms_out, can_tx) == 312);

#ifdef __cplusplus
}
#endif
#endif
