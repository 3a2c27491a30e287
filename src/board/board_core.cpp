// SPDX-License-Identifier: Apache-2.0
// The core host: configuration, NVM, inputs, step, outputs, parameters.
#include <fmt/format.h>
#include <bms/hash.hpp>

#include <cstring>

#include "base/describe.hpp"
#include "base/math.hpp"
#include "base/units.hpp"
#include "board/board_impl.hpp"
#include "board/core_library.hpp"

namespace twin::board {

using base::k_never_ns;

// --- construction
// -------------------------------------------------------------------------------------------------------

namespace {

bool finite_in(double x, double lo, double hi) { return x >= lo && x <= hi; }

const bms_core* choose_core(const bms_core* wanted) {
    const bms_core* core = wanted != nullptr ? wanted : builtin_core();
    check_core(core, "the control core", 1);
    return core;
}

const power::NtcCurve& curve() { return *power::ntc_curve("10k-B3435"); }

const afe::Dvc1124Params& checked_afe(const BoardConfig& c) {
    const char* which = "";
    if (const char* why = afe::check_params(c.afe, &which)) throw BoardError(why, fmt::format("afe.{}", which));
    return c.afe;
}

}  // namespace

Board::Impl::Impl(BoardConfig config)
    : cfg(std::move(config)),
      core(choose_core(cfg.core)),
      desc(core->describe()),
      clock{base::round_sat(cfg.clock_error_ppm * 1000.0, -1'000'000, 1'000'000)},
      driver_delay_ns(base::round_sat(cfg.parts.gate.delay_s * 1e9, 1, base::k_s)),
      reset_ns(base::round_sat(cfg.parts.supply.reset_s * 1e9, 1, 3600 * base::k_s)),
      balance_gain(cfg.parts.balancer.i_set_A / k_balancer_nominal_A),
      chip(checked_afe(cfg), cfg.rng),
      bus(s.bus, chip, base::round_sat(cfg.bus_Hz, 1000, 100000)),
      afe_ntc(curve(), 6800.0 + 25.0 * cfg.afe.frt),
      mcu_ntc(curve(), 10000.0),
      board_digest(board_fields(), sizeof(BoardState)),
      chip_digest(afe::dvc1124_fields(), sizeof(afe::Dvc1124State)) {
    check_config();
    s.reset_end_ns = s.apply_ns = s.core_due_ns = k_never_ns;
    s.inputs = cfg.inputs & (BMS_IN_KEY | BMS_IN_DI | BMS_IN_S1);
    s.out_hash = bms::CoreHash().raw();
    s.in_hash = bms::CoreHash().raw();
    bus.reset();
    chip.set_eager(cfg.eager_conversions);
    s.afe_version = chip.version();
    ram.assign((core->state_size + 7) / 8, 0);
    nvm.assign(std::size_t{k_nvm_page_bytes} * k_nvm_pages, 0xFF);
    port.abi = BMS_ABI;
    port.struct_size = sizeof port;
    port.ctx = this;
    port.nvm_page_size = k_nvm_page_bytes;
    port.nvm_page_count = k_nvm_pages;
    port.nvm_read = &Impl::nvm_read;
    port.nvm_write = &Impl::nvm_write;
    port.log = &Impl::log_line;
    fill_core_cfg();
    // The factory: a first power-on of the controller on the bench, its settings written and kept.
    const std::int32_t status = core->init(ram.data(), core->state_size, &core_cfg, &port);
    if (status != BMS_OK)
        throw BoardError(fmt::format("the core refuses board \"{}\" with {} cells: {}", cfg.parts.product, cfg.n_cells,
                                     core->status_text(status)),
                         "board");
    write_overrides(false);
    save_refused = !cfg.overrides.empty() && core->save_params(ram.data(), &port) != BMS_OK;
    std::memset(ram.data(), 0, ram.size() * 8);
    make_channels();
}

void Board::Impl::check_config() const {
    const power::BoardParts& p = cfg.parts;
    if (p.product.empty() || p.product.size() > sizeof core_cfg.product - 1)
        throw BoardError(
            fmt::format("product id \"{}\" must have 1 .. {} characters", p.product, sizeof core_cfg.product - 1),
            "product");
    if (cfg.n_cells < p.strings_min || cfg.n_cells > p.strings_max)
        throw BoardError(fmt::format("{} cells on board {}, which takes {} .. {}", cfg.n_cells, p.product,
                                     p.strings_min, p.strings_max),
                         "cells");
    if (!finite_in(cfg.capacity_Ah, 0.1, 1e5))
        throw BoardError(fmt::format("capacity {} Ah is outside 0.1 .. 100000", cfg.capacity_Ah), "capacity_Ah");
    if (!finite_in(cfg.clock_error_ppm, -1000.0, 1000.0))
        throw BoardError(fmt::format("clock error {} ppm is outside -1000 .. 1000", cfg.clock_error_ppm),
                         "clock_error_ppm");
    if (!finite_in(cfg.bus_Hz, 1000.0, 100000.0))
        throw BoardError(fmt::format("bus clock {} Hz is outside 1000 .. 100000", cfg.bus_Hz), "bus_Hz");
    if (!(p.supply.uvlo_rise_V > p.supply.uvlo_fall_V))
        throw BoardError(fmt::format("supply: uvlo_rise_V {} must be above uvlo_fall_V {}", p.supply.uvlo_rise_V,
                                     p.supply.uvlo_fall_V),
                         "supply");
    if (!finite_in(p.shunt_Ohm, 1e-6, 1.0))
        throw BoardError(fmt::format("shunt {} Ohm is outside 1e-6 .. 1", p.shunt_Ohm), "shunt");
}

void Board::Impl::fill_core_cfg() {
    const double shunt_Ohm = cfg.calibrated_shunt_Ohm > 0.0 ? cfg.calibrated_shunt_Ohm : cfg.parts.shunt_Ohm;
    core_cfg.abi = BMS_ABI;
    core_cfg.struct_size = sizeof core_cfg;
    std::memcpy(core_cfg.product, cfg.parts.product.data(), cfg.parts.product.size());
    core_cfg.chemistry = cfg.chemistry;
    core_cfg.cell_count = static_cast<std::uint8_t>(cfg.n_cells);
    core_cfg.profile = cfg.profile;
    core_cfg.ntc_mask = cfg.ntc_mask;
    core_cfg.capacity_mAh = static_cast<std::uint32_t>(base::round_sat(cfg.capacity_Ah * 1e3, 1, 100'000'000));
    core_cfg.shunt_nOhm = static_cast<std::uint32_t>(base::round_sat(shunt_Ohm * 1e9, 1, UINT32_MAX));
    core_cfg.bus_Hz = static_cast<std::uint32_t>(base::round_sat(cfg.bus_Hz, 1000, 100000));
}

namespace {

struct Scale {
    double num = 1.0, den = 1.0, offset = 0.0;
};

/// Value in unit `to` = x * num / den + offset for x in unit `from`; both are suffixes of one family.
std::optional<Scale> scale_of(std::string_view from, std::string_view to) {
    if (from == to) return Scale{};
    const base::Unit* a = base::find_unit(from);
    const base::Unit* b = base::find_unit(to);
    if (a == nullptr || b == nullptr || std::string_view(a->si) != b->si) return std::nullopt;
    return Scale{a->num * b->den, a->den * b->num, (a->offset - b->offset) * b->den / b->num};
}

}  // namespace

std::optional<ParamRef> Board::find_param(std::string_view name) const {
    const bms_description& d = *impl_->desc;
    for (std::uint32_t k = 0; k < d.n_params; ++k) {
        const bms_desc& p = d.params[k];
        Scale scale;
        if (name != p.name) {
            if (!base::same_quantity(name, p.name)) continue;
            const std::optional<Scale> s = scale_of(base::unit_suffix(name), base::unit_suffix(p.name));
            if (!s) continue;
            scale = *s;
        }
        ParamRef r;
        r.id = p.id;
        r.role = p.role;
        r.read_only = (p.flags & BMS_DESC_READONLY) != 0;
        r.den = p.den;
        r.min_raw = p.min;
        r.max_raw = p.max;
        r.num = scale.num;
        r.scale_den = scale.den;
        r.offset = scale.offset;
        return r;
    }
    return std::nullopt;
}

std::string Board::nearest_param(std::string_view name) const {
    const bms_description& d = *impl_->desc;
    std::vector<std::string> names;
    for (std::uint32_t k = 0; k < d.n_params; ++k) names.emplace_back(d.params[k].name);
    return base::nearest(name, names);
}

namespace {

std::int32_t raw_of(const ParamRef& r, double value) {
    const double x = (value * r.num / r.scale_den + r.offset) * static_cast<double>(r.den);
    if (!(x > INT32_MIN)) return INT32_MIN;
    if (x >= INT32_MAX) return INT32_MAX;
    return static_cast<std::int32_t>(base::round_sat(x, INT32_MIN, INT32_MAX));
}
double value_of(const ParamRef& r, std::int32_t raw) {
    return (static_cast<double>(raw) / static_cast<double>(r.den) - r.offset) * r.scale_den / r.num;
}

}  // namespace

void Board::Impl::write_overrides(bool volatile_only) {
    for (const ParamOverride& o : cfg.overrides) {
        // The lookup of Board works on an Impl that is still under construction, so it is repeated here by name.
        const bms_desc* found = nullptr;
        Scale scale;
        for (std::uint32_t k = 0; k < desc->n_params && found == nullptr; ++k) {
            const bms_desc& p = desc->params[k];
            if (o.name == p.name)
                found = &p;
            else if (base::same_quantity(o.name, p.name)) {
                if (const auto s2 = scale_of(base::unit_suffix(o.name), base::unit_suffix(p.name))) {
                    found = &p;
                    scale = *s2;
                }
            }
        }
        if (found == nullptr) {
            if (!volatile_only)
                warnings.push_back(fmt::format("the core has no parameter \"{}\"; it is ignored", o.name));
            continue;
        }
        if (volatile_only && !save_refused && (found->flags & BMS_DESC_VOLATILE) == 0) continue;
        ParamRef r;
        r.den = found->den;
        r.num = scale.num;
        r.scale_den = scale.den;
        r.offset = scale.offset;
        const std::int32_t raw = raw_of(r, o.value);
        if (volatile_only && sink != nullptr) sink->on_set_param(found->id, raw, BMS_ROLE_FACTORY);
        const bool outside = !(o.value == o.value) || raw < found->min || raw > found->max;
        const std::int32_t status =
            outside ? BMS_E_RANGE : core->set_param(ram.data(), found->id, raw, BMS_ROLE_FACTORY);
        if (status < 0 && !volatile_only)
            throw BoardError(fmt::format("parameter \"{}\" = {}: {} (allowed {} .. {})", o.name, o.value,
                                         core->status_text(status), value_of(r, found->min), value_of(r, found->max)),
                             o.name);
    }
}

// --- non-volatile memory and log
// ----------------------------------------------------------------------------------------

std::int32_t Board::Impl::nvm_read(void* ctx, std::uint32_t page, std::uint8_t* dst) {
    const Impl& b = *static_cast<const Impl*>(ctx);
    if (page >= k_nvm_pages) return BMS_E_NVM;
    std::memcpy(dst, b.nvm.data() + std::size_t{page} * k_nvm_page_bytes, k_nvm_page_bytes);
    return BMS_OK;
}

std::int32_t Board::Impl::nvm_write(void* ctx, std::uint32_t page, const std::uint8_t* src) {
    Impl& b = *static_cast<Impl*>(ctx);
    if (page >= k_nvm_pages) return BMS_E_NVM;
    std::memcpy(b.nvm.data() + std::size_t{page} * k_nvm_page_bytes, src, k_nvm_page_bytes);
    bms::CoreHash h(b.s.nvm_digest);
    h.word(page);
    h.bytes(src, k_nvm_page_bytes);
    b.s.nvm_digest = h.raw();
    ++b.s.nvm_writes;
    return BMS_OK;
}

void Board::Impl::log_line(void* ctx, std::uint32_t id, std::int32_t a, std::int32_t b) {
    const Impl& board = *static_cast<const Impl*>(ctx);
    if (board.log != nullptr) board.log->on_log(board.s.now_ns, id, a, b);
}

// --- step
// ---------------------------------------------------------------------------------------------------------------

void Board::Impl::boot(Time_ns t) {
    s.now_ns = t;
    s.supply = static_cast<std::uint8_t>(Supply::on);
    s.reset_end_ns = k_never_ns;
    s.core_due_ns = k_never_ns;
    std::memset(ram.data(), 0, ram.size() * 8);
    if (sink != nullptr) sink->on_init();
    s.core_status = core->init(ram.data(), core->state_size, &core_cfg, &port);
    if (s.core_status != BMS_OK) {
        s.core_failed = 1;
        return;
    }
    if (s.booted == 0 || save_refused) write_overrides(true);
    s.booted = 1;
    s.core_on = 1;
    s.wake = BMS_WAKE_POWER_ON;
}

void Board::Impl::read_adc(const PlantView& v) {
    const auto raw = [](double u_V) {
        return static_cast<std::uint16_t>(base::round_sat(4095.0 * u_V / k_adc_ref_V, 0, 4095));
    };
    const power::PSenseParts& p = cfg.parts.p_sense;
    const double u_p =
        (s.p_minus_filtered_V * p.r_bottom_Ohm + k_p_sense_bias_V * p.r_top_Ohm) / (p.r_top_Ohm + p.r_bottom_Ohm);
    const std::uint32_t open = v.ntc_open | ~static_cast<std::uint32_t>(cfg.ntc_mask);
    const auto ntc = [&](std::uint32_t bit, double t_degC) {
        if ((v.ntc_short & bit) != 0) return std::uint16_t{0};
        return (open & bit) != 0 ? std::uint16_t{4095} : raw(k_adc_ref_V * mcu_ntc.ratio(t_degC));
    };
    in.adc[BMS_ADC_PMINUS] = raw(u_p);
    in.adc[BMS_ADC_BOARD_NTC] = ntc(BMS_NTC_BOARD, v.board_ntc_degC);
    in.adc[BMS_ADC_SUPPLY] = raw(v.supply_V * k_supply_divider);
    in.adc[BMS_ADC_NTC3] = ntc(BMS_NTC_3, v.ntc_degC[2]);
    in.adc[BMS_ADC_NTC4] = ntc(BMS_NTC_4, v.ntc_degC[3]);
}

void Board::Impl::fill_in(Time_ns t, const PlantView& view) {
    std::memset(&in, 0, sizeof in);
    in.abi = BMS_ABI;
    in.struct_size = sizeof in;
    in.now_us = clock.local_us(t - s.on_since_ns);
    in.rtc_s = cfg.rtc_start_s + static_cast<std::uint32_t>(clock.local_us(t) / 1'000'000ULL);
    if (s.core_due_ns <= t) s.wake |= BMS_WAKE_TIMER;
    in.wake = s.wake;
    read_adc(view);
    in.gpio = s.inputs | (s.alert != 0 ? BMS_IN_ALERT : 0U);
    if (s.bus.done != BMS_XFER_NONE) {
        in.xfer_id = s.bus.done_id;
        in.xfer_status = s.bus.done;
        in.xfer_n_acked = s.bus.done_acked;
        in.xfer_n_rx = s.bus.done == BMS_XFER_OK ? s.bus.done_rx : std::uint16_t{0};
        std::memcpy(in.xfer_rx, s.bus.rx, in.xfer_n_rx);
        s.bus.done = BMS_XFER_NONE;
    }
}

namespace {

/// Everything a core read in one step, into the hash of its inputs.
std::uint64_t hash_input(std::uint64_t raw, const bms_in& in) {
    bms::CoreHash h(raw);
    h.word64(in.now_us);
    h.word(in.rtc_s);
    h.word(in.wake);
    for (std::uint32_t k = 0; k < BMS_ADC_N; k += 2)
        h.word(static_cast<std::uint32_t>(in.adc[k]) | (static_cast<std::uint32_t>(in.adc[k + 1]) << 16));
    h.word(in.gpio);
    h.word(static_cast<std::uint32_t>(in.xfer_id) | (static_cast<std::uint32_t>(in.xfer_status) << 16));
    h.word(in.xfer_n_acked);
    h.bytes(in.xfer_rx, in.xfer_n_rx);
    return h.raw();
}

}  // namespace

void Board::Impl::step_core(Time_ns t, const PlantView& view) {
    fill_in(t, view);
    s.wake = 0;
    s.core_due_ns = k_never_ns;
    Digest4 memory;
    memory.bytes(reinterpret_cast<const std::uint8_t*>(ram.data()), ram.size() * 8);
    s.ram_digest = memory.value();
    s.in_hash = hash_input(s.in_hash, in);
    std::memset(&out, 0, sizeof out);
    out.abi = BMS_ABI;
    out.struct_size = sizeof out;
    if (sink != nullptr) sink->on_step(in);
    s.core_status = core->step(ram.data(), &port, &in, &out);
    if (s.core_status != BMS_OK) {
        s.core_failed = 1;  // the controller is stuck: its outputs stay as they were
        return;
    }
    ++s.core_steps;
    bms::CoreHash h(s.out_hash);
    h.step(in.now_us, out);
    s.out_hash = h.raw();
    s.gpio_out = out.gpio;
    s.power_mode = out.power == BMS_POWER_SLEEP ? BMS_POWER_SLEEP : BMS_POWER_AWAKE;
    const auto n = static_cast<std::uint8_t>(cfg.n_cells);
    const bool pair = out.bal_from >= 1 && out.bal_from <= n && out.bal_to >= 1 && out.bal_to <= n &&
                      out.bal_from != out.bal_to && out.bal_mA > 0;
    s.next_from = pair ? out.bal_from : std::uint8_t{0};
    s.next_to = pair ? out.bal_to : std::uint8_t{0};
    s.next_mA = pair ? out.bal_mA : std::uint16_t{0};
    bus.post(t, out, (s.faults & k_fault_bus_held) != 0);
    if (out.next_wake_us != BMS_NEVER) {
        const Time_ns dt = clock.real_ns(out.next_wake_us);
        if (dt < k_never_ns - s.on_since_ns) {
            const Time_ns due = s.on_since_ns + dt;
            s.core_due_ns = due > t ? due : t + base::k_us;  // a wake in the past: the next tick of its clock
        }
    }
}

// --- parameters
// ---------------------------------------------------------------------------------------------------------

CommandResult Board::set_param(const ParamRef& ref, double value, std::uint32_t role, Time_ns t) {
    Impl& b = *impl_;
    if (b.s.supply == static_cast<std::uint8_t>(Supply::off)) return {BMS_E_NOT_NOW, "the board has no supply"};
    if (b.s.core_on == 0 || b.s.core_failed != 0) return {BMS_E_NOT_NOW, "the controller is not running"};
    if (!(value == value)) return {BMS_E_RANGE, b.core->status_text(BMS_E_RANGE)};
    b.s.now_ns = t;
    const std::int32_t raw = raw_of(ref, value);
    if (raw < ref.min_raw || raw > ref.max_raw) return {BMS_E_RANGE, b.core->status_text(BMS_E_RANGE)};
    if (b.sink != nullptr) b.sink->on_set_param(ref.id, raw, role);
    const std::int32_t status = b.core->set_param(b.ram.data(), ref.id, raw, role);
    if (status < 0) return {status, b.core->status_text(status)};
    b.s.wake |= BMS_WAKE_PARAM;
    return {};
}

double Board::param(const ParamRef& ref, bool applied) const {
    const Impl& b = *impl_;
    std::int32_t raw = 0;
    const std::uint32_t which = applied ? BMS_APPLIED : BMS_REQUESTED;
    if (b.s.core_on == 0 || b.core->get_param(b.ram.data(), ref.id, which, &raw) < 0) return 0.0;
    return value_of(ref, raw);
}

std::vector<AppliedParam> Board::applied() const {
    const Impl& b = *impl_;
    std::vector<AppliedParam> rows;
    if (b.s.core_on == 0) return rows;
    for (std::uint32_t k = 0; k < b.desc->n_params; ++k) {
        const bms_desc& p = b.desc->params[k];
        if (p.type == BMS_TYPE_COMMAND) continue;
        std::int32_t requested = 0, applied = 0;
        if (b.core->get_param(b.ram.data(), p.id, BMS_REQUESTED, &requested) < 0) continue;
        if (b.core->get_param(b.ram.data(), p.id, BMS_APPLIED, &applied) < 0) applied = requested;
        rows.push_back({p.name, p.unit, static_cast<double>(requested) / p.den, static_cast<double>(applied) / p.den,
                        (p.flags & BMS_DESC_AFE) != 0});
    }
    return rows;
}

bool Board::core_failed() const { return impl_->s.core_failed != 0; }
std::int32_t Board::core_status() const { return impl_->s.core_status; }
const char* Board::core_status_text() const { return impl_->core->status_text(impl_->s.core_status); }
std::uint64_t Board::core_hash() const { return bms::CoreHash(impl_->s.out_hash).value(); }
std::uint64_t Board::core_steps() const { return impl_->s.core_steps; }
const bms_description& Board::core_description() const { return *impl_->desc; }
void Board::set_log_sink(LogSink* sink) { impl_->log = sink; }
void Board::set_core_sink(CoreSink* sink) {
    impl_->sink = sink;
    if (sink != nullptr) sink->on_header(impl_->core_cfg, k_nvm_page_bytes, k_nvm_pages, impl_->nvm.data());
}

}  // namespace twin::board
