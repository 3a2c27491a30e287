// SPDX-License-Identifier: Apache-2.0
// Channels of hw.* and bms.*, hash and snapshot of a board.
#include <cstring>

#include "afe/dvc1124_regs.hpp"
#include "base/bytes.hpp"
#include "board/board_impl.hpp"

namespace twin::board {

namespace {

enum Hw : std::uint32_t {
    h_alert,
    h_red,
    h_green,
    h_do,
    h_precharge,
    h_con,
    h_don,
    h_key,
    h_supply,
    h_asleep,
    h_drv_dsg,
    h_drv_chg,
    h_bal_from,
    h_bal_to,
    h_bal_A,
    h_bus_busy,
    h_bus_transfers,
    h_bus_nack,
    h_bus_error,
    h_bus_bytes,
    h_crc,
    h_afe_mode,
    h_reg,
    h_steps,
    h_nvm,
};

constexpr std::uint32_t k_version = 1;
constexpr std::uint64_t k_magic = 0x315F4452414F4254ULL;  // "TBOARD_1"

/// What a snapshot belongs to.
std::uint64_t identity(const Board::Impl& b);

}  // namespace

void Board::Impl::make_channels() {
    const auto add = [this](const char* name, const char* unit, Hw getter, bool discrete, const char* text,
                            std::uint32_t n = 1) { hw.push_back({name, unit, text, discrete, getter, n}); };
    add("alert", "", h_alert, true, "INT line of the AFE, 1 = asserted");
    add("led.red", "", h_red, true, "red lamp: alarm or protection");
    add("led.green", "", h_green, true, "green lamp: works");
    add("do", "", h_do, true, "digital output: alarm");
    add("precharge", "", h_precharge, true, "the controller asks for the precharge path");
    add("con", "", h_con, true, "hard charge-off request of the controller (not wired on this board)");
    add("don", "", h_don, true, "hard discharge-off request of the controller (not wired on this board)");
    add("key", "", h_key, true, "KEY switch closed");
    add("supply.on", "", h_supply, true, "board supply above its undervoltage lock-out and reset over");
    add("asleep", "", h_asleep, true, "the board is in its sleep draw");
    add("driver.dsg", "", h_drv_dsg, true, "input of the discharge gate driver");
    add("driver.chg", "", h_drv_chg, true, "input of the charge gate driver");
    add("balancer.from", "", h_bal_from, true, "donor cell, 0 = off");
    add("balancer.to", "", h_bal_to, true, "receiver cell, 0 = off");
    add("balancer.i_A", "A", h_bal_A, true, "balance current while it transfers");
    add("bus.busy", "", h_bus_busy, true, "a transfer is under way");
    add("bus.transfers", "", h_bus_transfers, true, "transfers that ended");
    add("bus.nack", "", h_bus_nack, true, "transfers ended by a missing acknowledge");
    add("bus.error", "", h_bus_error, true, "transfers refused, or ended by a held line");
    add("bus.bytes", "", h_bus_bytes, true, "bytes on the wire");
    add("bus.crc_error", "", h_crc, true, "bytes the AFE dropped for their CRC");
    add("afe.mode", "", h_afe_mode, true, "0 off, 1 work, 2 sleep, 3 shutdown, 4 destroyed");
    add("afe.reg", "", h_reg, true, "register of the AFE as a read would give it", afe::dvc::k_count);
    add("core.steps", "", h_steps, true, "steps of the control core");
    add("nvm.writes", "", h_nvm, true, "pages written to the non-volatile memory");
    for (std::uint32_t k = 0; k < desc->n_signals; ++k) {
        const bms_desc& d = desc->signals[k];
        const bool discrete = d.type == BMS_TYPE_BOOL || d.type == BMS_TYPE_ENUM;
        bms.push_back({d.name, d.unit, d.text != nullptr ? d.text : "", discrete, k, d.count > 0 ? d.count : 1U});
    }
}

const std::vector<BoardChannel>& Board::hw_channels() const { return impl_->hw; }
const std::vector<BoardChannel>& Board::bms_channels() const { return impl_->bms; }

double Board::hw_value(std::uint32_t getter, std::uint32_t index) const {
    const Impl& b = *impl_;
    const BoardState& s = b.s;
    const auto bit = [](std::uint32_t word, std::uint32_t mask) { return (word & mask) != 0 ? 1.0 : 0.0; };
    switch (static_cast<Hw>(getter)) {
        case h_alert:
            return s.alert;
        case h_red:
            return bit(s.gpio_out, BMS_OUT_LED_RED);
        case h_green:
            return bit(s.gpio_out, BMS_OUT_LED_GREEN);
        case h_do:
            return bit(s.gpio_out, BMS_OUT_DO);
        case h_precharge:
            return bit(s.gpio_out, BMS_OUT_PRECHARGE);
        case h_con:
            return bit(s.gpio_out, BMS_OUT_CON);
        case h_don:
            return bit(s.gpio_out, BMS_OUT_DON);
        case h_key:
            return bit(s.inputs, BMS_IN_KEY);
        case h_supply:
            return s.supply == static_cast<std::uint8_t>(Supply::on) ? 1.0 : 0.0;
        case h_asleep:
            return s.power_mode == BMS_POWER_SLEEP ? 1.0 : 0.0;
        case h_drv_dsg:
            return s.driver_in[k_out_dsg];
        case h_drv_chg:
            return s.driver_in[k_out_chg];
        case h_bal_from:
            return s.balance_from;
        case h_bal_to:
            return s.balance_to;
        case h_bal_A:
            return b.drives.balance_A;
        case h_bus_busy:
            return s.bus.busy;
        case h_bus_transfers:
            return static_cast<double>(s.bus.n_transfers);
        case h_bus_nack:
            return static_cast<double>(s.bus.n_nack);
        case h_bus_error:
            return static_cast<double>(s.bus.n_error);
        case h_bus_bytes:
            return static_cast<double>(s.bus.n_bytes);
        case h_crc:
            return static_cast<double>(b.chip.state().n_crc_error);
        case h_afe_mode:
            return b.chip.state().mode;
        case h_reg:
            return b.chip.peek(static_cast<std::uint8_t>(index & 0xFFU));
        case h_steps:
            return static_cast<double>(s.core_steps);
        case h_nvm:
            return static_cast<double>(s.nvm_writes);
    }
    return 0.0;
}

double Board::bms_value(std::uint32_t getter, std::uint32_t index) const {
    const Impl& b = *impl_;
    if (b.s.core_on == 0 || getter >= b.desc->n_signals) return 0.0;
    const bms_desc& d = b.desc->signals[getter];
    std::int32_t raw = 0;
    if (b.core->get_signal(b.ram.data(), d.id, index + 1, &raw) < 0) return 0.0;
    return static_cast<double>(raw) / static_cast<double>(d.den);
}

// --- hash and snapshot
// --------------------------------------------------------------------------------------------------

void Board::hash(base::Hasher& h, bool full) const {
    const Impl& b = *impl_;
    b.board_digest.feed(h, &b.s);
    b.chip_digest.feed(h, &b.chip.state());
    if (!full) return;
    Digest4 d;
    d.bytes(reinterpret_cast<const std::uint8_t*>(b.ram.data()), b.ram.size() * 8);
    d.bytes(b.nvm.data(), b.nvm.size());
    d.into(h);
}

namespace {

std::uint64_t identity(const Board::Impl& b) {
    base::Hasher h;
    const auto text = [&h](const char* s) { h.u64(base::name_key(s, std::strlen(s))); };
    text(b.cfg.pack_id.c_str());
    text(b.cfg.parts.product.c_str());
    text(b.desc->name != nullptr ? b.desc->name : "");
    text(b.desc->version != nullptr ? b.desc->version : "");
    h.u64(b.core->state_size);
    h.i64(b.cfg.n_cells);
    h.u64(b.cfg.rng.seed);
    h.u64(b.cfg.rng.pack_key);
    return h.digest();
}

}  // namespace

void Board::save(std::vector<std::uint8_t>& out) const {
    const Impl& b = *impl_;
    base::put_u64(out, k_magic);
    base::put_u64(out, k_version);
    base::put_u64(out, identity(b));
    base::save_fields(out, board_fields(), &b.s);
    base::save_fields(out, afe::dvc1124_fields(), &b.chip.state());
    const auto* ram = reinterpret_cast<const std::uint8_t*>(b.ram.data());
    out.insert(out.end(), ram, ram + b.ram.size() * 8);
    out.insert(out.end(), b.nvm.begin(), b.nvm.end());
}

std::size_t Board::load(std::span<const std::uint8_t> in) {
    Impl& b = *impl_;
    if (in.size() < 24 || base::get_u64(in, 0) != k_magic || base::get_u64(in, 1) != k_version ||
        base::get_u64(in, 2) != identity(b))
        return 0;
    BoardState s{};
    afe::Dvc1124State chip = b.chip.state();
    std::size_t at = 24;
    std::size_t n = base::load_fields(in.subspan(at), board_fields(), &s);
    if (n == 0) return 0;
    at += n;
    n = base::load_fields(in.subspan(at), afe::dvc1124_fields(), &chip);
    if (n == 0 || in.size() < at + n + b.ram.size() * 8 + b.nvm.size()) return 0;
    at += n;
    b.s = s;
    b.chip.set_state(chip);
    std::memcpy(b.ram.data(), in.data() + at, b.ram.size() * 8);
    at += b.ram.size() * 8;
    std::memcpy(b.nvm.data(), in.data() + at, b.nvm.size());
    at += b.nvm.size();
    b.s.afe_version = b.chip.version();
    b.apply_drives();
    b.drives_changed = false;
    b.decay_h_ns = -1;
    return at;
}

}  // namespace twin::board
