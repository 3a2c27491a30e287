// The whole memory of one control core: fixed layout, no pointers, little-endian fields of fixed width.
//
// Current is positive when it discharges. Voltages of cells are in units of 0.1 mV (_dmV), of packs in mV, temperatures
// in 0.1 degC (_ddegC). Times ending in _us are instants of bms_in.now_us; 0 = not running, unless said otherwise.
#pragma once
#include <bms/core_api.h>

#include <cstdint>
#include <type_traits>

#include "core/dvc1124_reg.hpp"
#include "core/events.hpp"
#include "core/params.hpp"

namespace bms {

inline constexpr std::uint32_t kCells = BMS_CELLS_MAX;
inline constexpr std::uint64_t kScanPeriod_us = 100000;

// Transfers, as bits of Driver::pending; the lowest set bit goes first.
enum Job : std::uint32_t {
    kJobFet = 1u << 0,       // write 0x51
    kJobAlert = 1u << 1,     // read 0x00..0x06
    kJobClear = 1u << 2,     // write 0x00
    kJobReadCfg = 1u << 3,   // read 0x51..0x79 as the base of the configuration
    kJobTrim = 1u << 4,      // read 0x7E
    kJobWriteCfg = 1u << 5,  // write 0x52..0x79
    kJobVerify = 1u << 6,    // read 0x51..0x79 and compare
    kJobScan = 1u << 7,      // read 0x00..0x4C
    kJobCow = 1u << 8,       // start the open-wire test
    kJobWatchdog = 1u << 9,  // write 0x77: bus watchdog off before sleep, on after it
    kJobSleep = 1u << 10,    // write 0x01
};

enum Boot : std::uint8_t { kBootRead, kBootTrim, kBootWrite, kBootVerify, kBootDone, kBootWake };

struct Driver {
    std::uint32_t pending;
    std::uint32_t job;  // under way, 0 = bus idle
    std::uint64_t post_us;
    std::uint64_t retry_us;  // wait until here before the next transfer
    std::uint16_t xfer_id;
    std::uint8_t retries;  // of the present job
    std::uint8_t boot;     // Boot
    std::uint8_t write_tries;
    std::uint8_t flags;       // register 0x00 as last read
    std::uint8_t drivers;     // low nibble of 0x06 as last read
    std::uint8_t clear_mask;  // flags to clear
    std::uint8_t clear_tries;
    std::uint8_t fet_mismatch;         // scans in which drivers contradict the command
    std::uint8_t trim;                 // FRT
    std::uint8_t fet_reg;              // 0x51 to write
    std::uint8_t fet_written;          // 0x51 as acknowledged
    std::uint8_t stale;                // scans without a finished voltage conversion
    std::uint8_t dirty;                // configuration changed since the last write
    std::uint8_t die_hot;              // COTF seen
    std::uint8_t cfg[dvc::kCfgN + 1];  // wanted 0x51..0x79 (one spare byte)
    std::uint8_t status_new;           // flags were read in this step
    std::uint8_t reserved;
    std::uint32_t bus_errors;
    std::uint32_t afe_resets;
    std::uint32_t scans;
    std::uint32_t verify_count;
    std::uint32_t reserved1;
};

struct Measure {
    std::uint64_t scan_us;    // instant of the last complete block
    std::uint64_t cc2_us;     // instant of the last CC2 result taken
    std::int32_t i_mA;        // CC2, 256 ms mean
    std::int32_t i_fast_mA;   // CC1
    std::int32_t i_uA;        // CC2, for counting charge
    std::int32_t stack_mV;    // VTOP
    std::int32_t p_minus_mV;  // P- against B-
    std::int32_t supply_mV;
    std::int32_t sum_mV;      // of cells
    std::int16_t t_ddegC[6];  // NTC-1..4, MOSFET, board
    std::int16_t t_die_ddegC;
    std::int16_t t_max_ddegC;  // of valid cell sensors
    std::int16_t t_min_ddegC;
    std::uint16_t v_max_dmV;
    std::uint16_t v_min_dmV;
    std::uint8_t k_max;
    std::uint8_t k_min;
    std::uint16_t raw_dmV[kCells];  // as read
    std::uint16_t v_dmV[kCells];    // corrected for open-wire test and balancer, held while undefined
    std::uint8_t valid;             // a block has been read since boot
    std::uint8_t cc2_new;           // this block brought a new CC2
    std::uint8_t ntc_bad;           // BMS_NTC_ bits out of range
    std::uint8_t ntc_bad_count;
    std::uint8_t any_cell_temp;  // at least one valid cell sensor
    std::uint8_t reserved[7];
};

// Open wires, swapped wires, wrong counts.
struct Wiring {
    std::uint64_t cow_us;       // start of the running open-wire test, 0 = none
    std::uint64_t cow_next_us;  // next test due
    std::uint64_t suspect_us;   // a test was brought forward
    std::uint16_t before_dmV[kCells];
    std::int16_t cow_shift_dmV[2];  // what the test does to cell 1 and to the top cell
    std::uint8_t cow_evaluated;
    std::uint8_t cow_good;  // passed tests in a row, saturating
    std::uint8_t shift_known;
    std::uint8_t range_count;
    std::uint8_t count_count;
    std::uint8_t ok_count;
    std::uint8_t fault_wire;
    std::uint8_t wire_index;  // lead 1..n
    std::uint8_t wire_count;  // open leads found
    std::uint8_t fault_range;
    std::uint8_t range_first;  // channels
    std::uint8_t range_last;
    std::uint8_t fault_count;
    std::uint8_t odd_first;  // first channel outside the range in this scan
    std::uint8_t hint_a;     // leads that are probably exchanged
    std::uint8_t hint_b;
    std::uint32_t open_mask;  // bit k-1: lead k open
    std::uint32_t tests;
    std::uint32_t reserved1;
};

// Conditions with a delay: index into Protect::since_us and Protect::latch.
enum Latch : std::uint8_t { kScd, kOcd, kOcc, kCov, kCuv, kOtc, kUtc, kOtd, kUtd, kOtFet, kDv, kPre, kLatchN };

struct Protect {
    std::uint64_t since_us[kLatchN];  // condition true since (instant + 1, 0 = false)
    std::uint64_t trip_us[kLatchN];
    std::uint64_t evidence_us[kLatchN];
    std::uint8_t latch[kLatchN];
    std::uint8_t scd_tries;  // re-closings since the last quiet time
    std::uint8_t locked;
    std::uint8_t load_present;  // P- says so (discharge blocked)
    std::uint8_t charger_present;
    std::uint64_t dsg_on_us;         // discharge closed since
    std::uint32_t counter[kLatchN];  // trips, kept in NVM
};

enum Pre : std::uint8_t { kPreIdle, kPreSettle, kPreActive };

struct Fets {
    std::uint64_t pre_us;
    std::uint64_t pre_hold_us;  // precharge path kept until the main MOSFET is on
    std::uint8_t chg;           // commanded drive code
    std::uint8_t dsg;
    std::uint8_t pre;
    std::uint8_t pre_out;
    std::uint8_t chg_forced;  // core-driven diode emulation
    std::uint8_t dsg_forced;
    std::uint8_t alarm;  // red
    std::uint8_t chg_miss;
    std::uint8_t dsg_miss;
    std::uint8_t reserved[7];
    std::int32_t pre_start_mV;
    std::uint32_t block_chg;  // reasons, bits as in fets.hpp
    std::uint32_t block_dsg;
    std::uint32_t reserved1;
};

struct Charge {
    std::int64_t q_uAs;      // charge in the pack
    std::int64_t rest_uAus;  // remainder of the integration
    std::uint64_t full_since_us;
    std::uint64_t moved_uAs;  // since the last save
    std::uint32_t full_count;
    std::uint8_t known;      // calibrated by a full charge
    std::uint8_t started;    // has a value at all
    std::uint8_t full_done;  // this full charge has been used
    std::uint8_t reserved;
};

enum BalPhase : std::uint8_t { kBalIdle, kBalPause, kBalTransfer };

struct Balance {
    std::uint64_t phase_us;  // start of the phase
    std::uint16_t before_dmV[kCells];
    std::int16_t shift_dmV[kCells];
    std::uint8_t phase;
    std::uint8_t from;
    std::uint8_t to;
    std::uint8_t due;  // the last decision found a pair
    std::uint8_t shift_known;
    std::uint8_t reserved[3];
    std::uint32_t slots;
    std::uint32_t reserved1;
};

// Values of signal "state"
enum Mode : std::uint8_t {
    kModeBoot,
    kModeQualify,
    kModeRun,
    kModeProtect,
    kModeSleepEnter,
    kModeSleep,
    kModeSleepCheck
};

struct Power {
    std::uint64_t idle_us;   // idle since (instant + 1)
    std::uint64_t check_us;  // next look while asleep
    std::uint64_t wake_us;   // woke at
    std::uint32_t gpio;      // last seen
    std::uint8_t mode;
    std::uint8_t good_scans;
    std::uint8_t sleep_request;
    std::uint8_t fault_afe;
    std::uint8_t fault_nvm;
    std::uint8_t asleep_step;  // progress of entering sleep
    std::uint8_t qualified;    // since power-on of the AFE
    std::uint8_t soc_command;  // soc_set_pct was written
    std::uint32_t idle_s;
    std::uint32_t nvm_seq;
    std::uint32_t save_trips;  // trips in all when last saved
    std::uint64_t save_us;
};

struct State {
    std::uint32_t magic;
    std::uint32_t n;  // cells
    bms_cfg cfg;
    std::int32_t rated_mA;
    std::uint8_t chemistry;
    std::uint8_t series;
    std::uint8_t started;  // first step done
    std::uint8_t fresh;    // this step took a block
    std::uint64_t now_us;
    std::uint64_t scan_due_us;
    std::int32_t requested[kParamN];
    std::int32_t applied[kParamN];
    Driver drv;
    Measure meas;
    Wiring wire;
    Protect prot;
    Fets fet;
    Charge soc;
    Balance bal;
    Power pow;
};

static_assert(std::is_trivially_copyable_v<State> && std::is_standard_layout_v<State>);
static_assert(std::has_unique_object_representations_v<State>, "padding must be written out");

inline std::int32_t par(const State& s, P p) { return s.applied[index_of(p)]; }

/// Mean over the cells in use. n is 4..24 from init on; a flipped bit of RAM that made it 0 must not divide.
inline std::int32_t per_cell(const State& s, std::int32_t sum) {
    return s.n != 0 ? sum / static_cast<std::int32_t>(s.n) : 0;
}

// What one step works on: the state and the call's arguments.
struct Step {
    State& s;
    const bms_port& port;
    const bms_in& in;
    bms_out& out;
    void log(E id, std::int32_t a = 0, std::int32_t b = 0) const {
        if (port.log != nullptr) port.log(port.ctx, static_cast<std::uint32_t>(id), a, b);
    }
};

// A condition with a delay: remembers since when it holds, says when it has held for delay_us.
inline bool held(std::uint64_t& since_us, bool condition, std::uint64_t now_us, std::uint64_t delay_us) {
    if (!condition) {
        since_us = 0;
        return false;
    }
    if (since_us == 0) since_us = now_us + 1u;
    return now_us + 1u - since_us >= delay_us;
}

inline std::uint64_t ms_us(std::int32_t ms) { return static_cast<std::uint64_t>(ms) * 1000u; }
inline std::uint64_t s_us(std::int32_t s) { return static_cast<std::uint64_t>(s) * 1000000u; }

}  // namespace bms
