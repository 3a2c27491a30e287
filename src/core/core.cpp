// The core behind its C ABI: init, step, tables.
#include <bms/core_api.h>

#include <cstring>
#include <new>

#include "core/balance.hpp"
#include "core/charge.hpp"
#include "core/driver.hpp"
#include "core/fets.hpp"
#include "core/measure.hpp"
#include "core/nvm.hpp"
#include "core/power.hpp"
#include "core/product.hpp"
#include "core/protect.hpp"
#include "core/signals.hpp"
#include "core/wiring.hpp"

namespace bms {
namespace {

constexpr std::uint32_t kMagic = 0x31534D42u;  // "BMS1"

std::int32_t configure(State& s, const bms_cfg& cfg) {
    Product p{};
    std::uint8_t lo = 0;
    std::uint8_t hi = 0;
    if (!product_find(cfg.product, p) || !product_cells(p, cfg.chemistry, lo, hi)) return BMS_E_CONFIG;
    if (cfg.cell_count < lo || cfg.cell_count > hi || cfg.profile > BMS_PROFILE_MANUAL) return BMS_E_CONFIG;
    if (cfg.shunt_nOhm < 1000 || cfg.shunt_nOhm > 10000000 || cfg.capacity_mAh == 0) return BMS_E_CONFIG;
    s.cfg = cfg;
    s.n = cfg.cell_count;
    s.rated_mA = p.rated_A * 1000;
    s.series = p.series;
    s.chemistry = cfg.chemistry;
    return params_preset(s);
}

// ABI structs of our caller: same abi, at least our size.
template <class T>
bool known(const T* p) {
    return p != nullptr && p->abi == BMS_ABI && p->struct_size >= sizeof(T);
}

std::int32_t init(void* memory, std::uint32_t n, const bms_cfg* cfg, const bms_port* port) {
    if (memory == nullptr || n < sizeof(State) || !known(cfg) || !known(port)) return BMS_E_ABI;
    State& s = *new (memory) State;
    std::memset(&s, 0, sizeof s);
    const std::int32_t rc = configure(s, *cfg);
    if (rc != BMS_OK) return rc;
    nvm_load_params(s, *port);  // no valid record: presets
    nvm_load_counters(s, *port);
    s.magic = kMagic;
    driver_boot(s);
    return BMS_OK;
}

// Commands among the parameters act once.
void commands(Step& t) {
    State& s = t.s;
    auto take = [&s](P p) {
        const std::int32_t v = s.requested[index_of(p)];
        s.requested[index_of(p)] = 0;
        s.applied[index_of(p)] = 0;
        return v;
    };
    if (take(P::clear_faults) != 0) protect_clear(t, 1);
    if (s.pow.soc_command != 0) {
        s.pow.soc_command = 0;
        charge_set(s, take(P::soc_set_pct));
    }
    if (take(P::sleep_now) != 0) s.pow.sleep_request = 1;
}

bool balance_locked(const State& s) {
    return s.pow.qualified == 0 || wiring_fault(s) || s.wire.range_count != 0 || s.pow.fault_afe != 0 ||
           s.prot.latch[kOtFet] != 0 || s.pow.sleep_request != 0 || s.pow.mode == kModeSleepCheck ||
           s.pow.mode == kModeSleepEnter;
}

void outputs(Step& t) {
    State& s = t.s;
    bms_out& o = t.out;
    const bool asleep = power_asleep(s);
    o.power = asleep ? BMS_POWER_SLEEP : BMS_POWER_AWAKE;
    o.gpio = asleep ? (fets_gpio(s) & BMS_OUT_DO) : fets_gpio(s);
    if (balance_active(s)) {
        o.bal_from = s.bal.from;
        o.bal_to = s.bal.to;
        o.bal_mA = static_cast<std::uint16_t>(par(s, P::balance_mA));
    }
    std::uint64_t next = asleep ? s.pow.check_us : BMS_NEVER;
    if (power_scans(s) && s.scan_due_us < next) next = s.scan_due_us;
    const std::uint64_t driver = driver_next_us(s);
    const std::uint64_t fets = fets_next_us(s);
    if (driver < next) next = driver;
    if (fets < next) next = fets;
    o.next_wake_us = next;
}

void schedule_scan(State& s) {
    if (!power_scans(s) || s.now_us < s.scan_due_us) return;
    s.drv.pending |= kJobScan;
    s.scan_due_us += kScanPeriod_us;
    if (s.scan_due_us <= s.now_us) s.scan_due_us = s.now_us + kScanPeriod_us;
}

std::int32_t step(void* memory, const bms_port* port, const bms_in* in, bms_out* out) {
    if (memory == nullptr || !known(port) || !known(in) || !known(out)) return BMS_E_ABI;
    State& s = *static_cast<State*>(memory);
    if (s.magic != kMagic) return BMS_E_ABI;
    Step t{s, *port, *in, *out};
    out->gpio = 0;
    out->bal_from = 0;
    out->bal_to = 0;
    out->bal_mA = 0;
    out->xfer_n_seg = 0;
    out->xfer_n_tx = 0;
    out->uart_tx_n = 0;
    out->can_tx_n = 0;
    s.now_us = in->now_us;
    s.fresh = 0;
    s.meas.cc2_new = 0;
    s.drv.status_new = 0;
    power_inputs(t);
    if (s.started == 0) {
        s.started = 1;
        s.scan_due_us = s.now_us;
        t.log(E::power_on);
    }
    commands(t);
    measure_adc(t);
    driver_complete(t);
    if (s.fresh != 0) wiring_check(t);
    charge_step(t);
    protect_check(t);
    protect_recover(t);
    power_step(t);
    fets_step(t);
    if (s.fresh != 0) {
        balance_step(t, balance_locked(s));
        wiring_next(s);
        nvm_step(t);
    }
    schedule_scan(s);
    driver_post(t);
    outputs(t);
    return BMS_OK;
}

std::int32_t get_param(const void* m, std::uint32_t id, std::uint32_t which, std::int32_t* v) {
    return param_get(*static_cast<const State*>(m), id, which, v);
}

std::int32_t set_param(void* m, std::uint32_t id, std::int32_t v, std::uint32_t role) {
    State& s = *static_cast<State*>(m);
    const std::int32_t rc = param_set(s, id, v, role);
    if (rc == BMS_OK && static_cast<P>(id) == P::soc_set_pct) s.pow.soc_command = 1;
    return rc;
}

std::int32_t get_signal(const void* m, std::uint32_t id, std::uint32_t index, std::int32_t* v) {
    return signal_get(*static_cast<const State*>(m), id, index, v);
}

std::int32_t load_params(void* m, const bms_port* port) { return nvm_load_params(*static_cast<State*>(m), *port); }
std::int32_t save_params(void* m, const bms_port* port) { return nvm_save_params(*static_cast<State*>(m), *port); }

const char* status_text(std::int32_t status) {
    switch (status) {
        case BMS_OK:
            return "ok";
        case BMS_E_ABI:
            return "wrong abi or size of a struct, or too little state memory";
        case BMS_E_CONFIG:
            return "product, chemistry, cell count, profile or shunt unknown or contradictory";
        case BMS_E_UNKNOWN:
            return "no such id";
        case BMS_E_INDEX:
            return "index beyond the signal's count or the pack's cells";
        case BMS_E_RANGE:
            return "outside the parameter's range";
        case BMS_E_ROLE:
            return "this role may not write the parameter";
        case BMS_E_READONLY:
            return "not writable";
        case BMS_E_AFE_HIGH:
            return "the front end cannot reach so high a level with this shunt";
        case BMS_E_AFE_LOW:
            return "below the front end's smallest level";
        case BMS_E_AFE_DELAY:
            return "neither the front end nor the firmware has such a delay";
        case BMS_E_ORDER:
            return "contradicts another parameter: trip and release levels would cross";
        case BMS_E_NVM:
            return "no valid record in memory, or it could not be written";
        case BMS_E_NOT_NOW:
            return "not possible in the present state";
        default:
            return "unknown status";
    }
}

const bms_description kDescription = {
    BMS_ABI,
    sizeof(bms_description),
    kParamN,
    kSignalN,
    kEventN,
    kParamTable,
    kSignalTable,
    kEventTable,
    "bmstwin control core",
    "0.1.0",
    "DVC1124-2, low-side board. CON/DON are not wired on this board and stay 0. No UART or CAN stack yet. Lead W0 open "
    "cannot be told by the open-wire test of this front end (C0 has no pull-down).",
};

const bms_description* describe() { return &kDescription; }

const bms_core kCore = {
    BMS_ABI,
    sizeof(bms_core),
    BMS_CAP_REENTRANT | BMS_CAP_SNAPSHOT,
    sizeof(State),
    init,
    step,
    describe,
    get_param,
    set_param,
    get_signal,
    load_params,
    save_params,
    status_text,
};

}  // namespace
}  // namespace bms

extern "C" const bms_core* bms_core_get(std::uint32_t abi) { return abi == BMS_ABI ? &bms::kCore : nullptr; }
