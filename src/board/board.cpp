// SPDX-License-Identifier: Apache-2.0
#include "board/board.hpp"

#include <cstring>
#include <utility>

#include "base/math.hpp"
#include "board/board_impl.hpp"

namespace twin::board {

using base::k_never_ns;

Board::Board(BoardConfig config) : impl_(std::make_unique<Impl>(std::move(config))) {}
Board::~Board() = default;
Board::Board(Board&&) noexcept = default;
Board& Board::operator=(Board&&) noexcept = default;

const BoardConfig& Board::config() const { return impl_->cfg; }
const std::vector<std::string>& Board::warnings() const { return impl_->warnings; }

// --- supply
// -------------------------------------------------------------------------------------------------------------

void Board::start(const PlantView& view) {
    Impl& b = *impl_;
    b.s.p_minus_filtered_V = view.p_minus_V;
    b.s.top_V = view.top_V;
    if (view.supply_V >= b.cfg.parts.supply.uvlo_rise_V) b.begin_reset(0, view);
    b.settle(0);
    run_gate_edges(0);
    b.drives_changed = true;
}

void Board::Impl::begin_reset(Time_ns t, const PlantView& view) {
    s.supply = static_cast<std::uint8_t>(Supply::reset);
    s.returned = 0;
    s.on_since_ns = t;
    s.reset_end_ns = t + reset_ns;
    s.power_mode = BMS_POWER_AWAKE;
    show(t, view);
}

/// The chip's inputs at t+. Its comparators see the shunt when the reset is over: a chip that is still starting does
/// not compare.
void Board::Impl::show(Time_ns t, const PlantView& view) {
    afe::AnalogPoint p;
    p.shunt_V = blind() ? 0.0 : view.shunt_V;
    p.vtop_V = view.top_V;
    gp_voltages(view, p.gp_V);
    chip.observe(t, p);
}

void Board::Impl::power_off(Time_ns t) {
    s.supply = static_cast<std::uint8_t>(Supply::off);
    s.lost = 0;
    s.reset_end_ns = k_never_ns;
    s.core_due_ns = k_never_ns;
    s.wake = 0;
    s.core_on = 0;
    s.gpio_out = 0;
    s.alert = 0;
    s.power_mode = BMS_POWER_AWAKE;
    s.balance_mA = s.next_mA = 0;
    s.next_from = s.next_to = 0;
    const BusState counters = s.bus;
    bus.reset();
    s.bus.n_transfers = counters.n_transfers;
    s.bus.n_nack = counters.n_nack;
    s.bus.n_error = counters.n_error;
    s.bus.n_bytes = counters.n_bytes;
    std::memset(ram.data(), 0, ram.size() * 8);
    chip.observe(t, afe::AnalogPoint{});          // its supply is gone
    for (std::uint32_t o = 0; o < k_outs; ++o) {  // pull-downs: no delay
        s.driver_in[o] = 0;
        s.edge_n[o] = 0;
        if (s.level[o] != 0) {
            s.edge_ns[o][0] = t;
            s.edge_level[o][0] = 0;
            s.edge_n[o] = 1;
        }
    }
}

// --- outputs
// ------------------------------------------------------------------------------------------------------------

void Board::Impl::drive(Time_ns t, std::uint32_t o, bool level) {
    const std::uint8_t v = level ? 1 : 0;
    if (v == s.driver_in[o]) return;
    s.driver_in[o] = v;
    std::uint8_t n = s.edge_n[o];
    if (n == k_edges) n = k_edges - 1;  // more edges than the delay can hold: the newest one counts
    s.edge_ns[o][n] = t + driver_delay_ns;
    s.edge_level[o][n] = v;
    s.edge_n[o] = static_cast<std::uint8_t>(n + 1);
}

void Board::Impl::settle(Time_ns t) {
    const bool on = s.supply != static_cast<std::uint8_t>(Supply::off);
    if (chip.version() != s.afe_version) {
        s.afe_version = chip.version();
        drives_changed = true;
    }
    const bool alert = on && chip.int_low();
    if (alert && s.alert == 0) s.wake |= BMS_WAKE_ALERT;
    s.alert = alert ? 1 : 0;
    const afe::GateOutputs& g = chip.gates();
    drive(t, k_out_dsg, on && g.dsg_low != 0);
    drive(t, k_out_chg, on && g.chg_low != 0);
    drive(t, k_out_precharge, on && (s.gpio_out & BMS_OUT_PRECHARGE) != 0 && (s.faults & k_fault_no_precharge) == 0);
    s.next_powered = on ? 1 : 0;
    double w = 0.0;
    if (on) {
        // The manual's figures are those of the whole board, the AFE's share included; a destroyed AFE draws more.
        const power::SupplyParts& p = cfg.parts.supply;
        const double more_A = chip.drives().supply_A - chip.params().supply_work_A;
        w = (s.power_mode == BMS_POWER_SLEEP ? p.asleep_W : p.awake_W) + (more_A > 0.0 ? more_A * s.top_V : 0.0);
    }
    const bool dead = (s.faults & k_fault_no_balancer) != 0;
    const bool power_changed =
        s.next_powered != s.powered || s.power_mode_applied != s.power_mode || s.afe_mode_applied != chip.state().mode;
    if (power_changed) s.next_W = w;
    const std::uint8_t from = dead ? 0 : s.next_from, to = dead ? 0 : s.next_to;
    const std::uint16_t mA = dead ? 0 : s.next_mA;
    if (power_changed || from != s.balance_from || to != s.balance_to || mA != s.balance_mA) s.apply_ns = t;
}

bool Board::Impl::edges_due(Time_ns t) {
    bool did = false;
    for (std::uint32_t o = 0; o < k_outs; ++o) {
        while (s.edge_n[o] > 0 && s.edge_ns[o][0] <= t) {
            s.level[o] = s.edge_level[o][0];
            for (std::uint32_t k = 1; k < s.edge_n[o]; ++k) {
                s.edge_ns[o][k - 1] = s.edge_ns[o][k];
                s.edge_level[o][k - 1] = s.edge_level[o][k];
            }
            --s.edge_n[o];
            did = true;
        }
    }
    return did;
}

void Board::Impl::apply_drives() {
    Drives d;
    d.dsg_on = s.level[k_out_dsg];
    d.chg_on = s.level[k_out_chg];
    d.precharge_on = s.level[k_out_precharge];
    d.powered = s.powered;
    d.balance_from = s.balance_from;
    d.balance_to = s.balance_to;
    d.balance_A = s.balance_mA * 1e-3 * balance_gain;
    d.supply_W = s.supply_W;
    if (!(d == drives)) {
        drives = d;
        drives_changed = true;
    }
}

bool Board::run_gate_edges(Time_ns t) {
    Impl& b = *impl_;
    BoardState& s = b.s;
    bool did = b.edges_due(t);
    if (s.apply_ns <= t) {
        s.apply_ns = k_never_ns;
        const bool dead = (s.faults & k_fault_no_balancer) != 0;
        s.powered = s.next_powered;
        s.supply_W = s.next_W;
        s.power_mode_applied = s.power_mode;
        s.afe_mode_applied = b.chip.state().mode;
        s.balance_from = dead ? std::uint8_t{0} : s.next_from;
        s.balance_to = dead ? std::uint8_t{0} : s.next_to;
        s.balance_mA = dead ? std::uint16_t{0} : s.next_mA;
        did = true;
    }
    if (did) {
        s.now_ns = t;
        b.apply_drives();
    }
    return did;
}

const Drives& Board::drives() const { return impl_->drives; }
const afe::PinDrives& Board::pin_drives() const { return impl_->chip.drives(); }
bool Board::take_drives_changed() { return std::exchange(impl_->drives_changed, false); }
const afe::Dvc1124& Board::afe() const { return impl_->chip; }
bool Board::powered() const { return impl_->s.supply == static_cast<std::uint8_t>(Supply::on); }

// --- time and phases
// ----------------------------------------------------------------------------------------------------

Time_ns Board::next_due() const {
    const Impl& b = *impl_;
    const BoardState& s = b.s;
    Time_ns t = s.apply_ns;
    for (std::uint32_t o = 0; o < k_outs; ++o)
        if (s.edge_n[o] > 0 && s.edge_ns[o][0] < t) t = s.edge_ns[o][0];
    if (s.lost != 0 || s.returned != 0) return s.now_ns < t ? s.now_ns : t;
    const Time_ns chip = b.chip.next_due();
    if (chip < t) t = chip;
    const Time_ns bus = b.bus.next_acting();
    if (bus < t) t = bus;
    if (s.reset_end_ns < t) t = s.reset_end_ns;
    if (s.core_on != 0 && s.core_failed == 0) {
        if (s.wake != 0 && s.now_ns < t) t = s.now_ns;
        if (s.core_due_ns < t) t = s.core_due_ns;
    }
    return t;
}

void Board::Impl::run_chip(Time_ns t, bool& did) {
    for (int round = 0; round < 8 && chip.next_due() <= t; ++round)
        if (chip.run_due(t)) did = true;
}

bool Board::run_afe(Time_ns t, const PlantView& view) {
    Impl& b = *impl_;
    BoardState& s = b.s;
    s.now_ns = t;
    bool did = false;
    if (s.lost != 0) {
        b.power_off(t);
        did = true;
    }
    if (s.returned != 0) {
        b.begin_reset(t, view);
        did = true;
    }
    b.run_chip(t, did);
    if (b.bus.next_acting() <= t) {
        if (b.bus.run(t)) s.wake |= BMS_WAKE_XFER;
        b.run_chip(t, did);
        did = true;
    }
    if (s.reset_end_ns <= t) {
        b.boot(t);
        b.show(t, view);
        b.run_chip(t, did);
        did = true;
    }
    if (did || b.chip.version() != s.afe_version) b.settle(t);
    return did;
}

bool Board::run_core(Time_ns t, const PlantView& view) {
    Impl& b = *impl_;
    BoardState& s = b.s;
    if (s.core_on == 0 || s.core_failed != 0) return false;
    if (s.wake == 0 && s.core_due_ns > t) return false;
    s.now_ns = t;
    b.step_core(t, view);
    b.settle(t);
    return true;
}

// --- analog side
// --------------------------------------------------------------------------------------------------------

void Board::Impl::gp_voltages(const PlantView& v, double* gp_V) const {
    const double ref = chip.v1p8_V();
    const std::uint32_t open = v.ntc_open | ~static_cast<std::uint32_t>(cfg.ntc_mask);
    const auto sensor = [&](std::uint32_t bit, double t_degC) {
        if ((v.ntc_short & bit) != 0) return 0.0;
        return (open & bit) != 0 ? ref : ref * afe_ntc.ratio(t_degC);
    };
    gp_V[0] = sensor(BMS_NTC_1, v.ntc_degC[0]);
    gp_V[1] = 0.0;  // INT
    gp_V[2] = sensor(BMS_NTC_FET, cold() ? 25.0 : v.fet_ntc_degC);
    gp_V[3] = sensor(BMS_NTC_2, v.ntc_degC[1]);
    gp_V[4] = 0.0;  // CHG
    gp_V[5] = 0.0;  // DSG
}

void Board::Impl::filter_p_minus(Time_ns h_ns, double a_V, double b_V) {
    const double tau_s = cfg.parts.p_sense.filter_s;
    if (!(tau_s > 0.0)) {
        s.p_minus_filtered_V = b_V;
        return;
    }
    const double h_s = base::to_s(h_ns);
    if (h_ns != decay_h_ns) {
        decay_h_ns = h_ns;
        decay = base::det_exp(-h_s / tau_s);
    }
    const double lag_V = (b_V - a_V) * (tau_s / h_s);  // of a ramp, once it has settled
    s.p_minus_filtered_V = (b_V - lag_V) + (s.p_minus_filtered_V - (a_V - lag_V)) * decay;
}

void Board::advance(Time_ns t0, Time_ns t1, const PlantView& a, const PlantView& v) {
    Impl& b = *impl_;
    BoardState& s = b.s;
    b.filter_p_minus(t1 - t0, a.p_minus_V, v.p_minus_V);
    afe::AnalogSegment seg;
    seg.t0_ns = t0;
    seg.pin0_V = a.pin_V;
    seg.clamp0_A = a.clamp_A;
    seg.shunt0_V = a.shunt_V;
    seg.vtop0_V = b.chip_top_V(a);
    seg.die0_degC = b.cold() ? 25.0 : a.die_degC;
    b.gp_voltages(a, seg.gp0_V);
    afe::AnalogSegment end = seg;
    end.t1_ns = t1;
    end.pin1_V = v.pin_V;
    end.clamp1_A = v.clamp_A;
    end.shunt1_V = v.shunt_V;
    end.vtop1_V = b.chip_top_V(v);
    end.die1_degC = b.cold() ? 25.0 : v.die_degC;
    b.gp_voltages(v, end.gp1_V);
    int side = 0;
    for (Time_ns te = b.bus.next_silent(); te <= t1; te = b.bus.next_silent()) {
        if (te > end.t0_ns && te < t1) {
            // Split where the bus samples.
            const double f = base::to_s(te - end.t0_ns) / base::to_s(t1 - end.t0_ns);
            const auto mix = [f](double x, double y) { return x + (y - x) * f; };
            afe::AnalogSegment part = end;
            part.t1_ns = te;
            for (std::size_t k = 0; k < afe::k_max_pins; ++k) b.mid_pin_V[side][k] = mix(end.pin0_V[k], end.pin1_V[k]);
            part.pin1_V = b.mid_pin_V[side];
            if (end.clamp0_A != nullptr && end.clamp1_A != nullptr) {
                for (std::size_t k = 0; k < afe::k_max_pins; ++k)
                    b.mid_clamp_A[side][k] = mix(end.clamp0_A[k], end.clamp1_A[k]);
                part.clamp1_A = b.mid_clamp_A[side];
            }
            part.shunt1_V = mix(end.shunt0_V, end.shunt1_V);
            part.vtop1_V = mix(end.vtop0_V, end.vtop1_V);
            part.die1_degC = mix(end.die0_degC, end.die1_degC);
            for (std::size_t k = 0; k < afe::k_max_gp; ++k) part.gp1_V[k] = mix(end.gp0_V[k], end.gp1_V[k]);
            b.chip.advance(part);
            end.t0_ns = te;
            end.pin0_V = part.pin1_V;
            end.clamp0_A = part.clamp1_A;
            end.shunt0_V = part.shunt1_V;
            end.vtop0_V = part.vtop1_V;
            end.die0_degC = part.die1_degC;
            for (std::size_t k = 0; k < afe::k_max_gp; ++k) end.gp0_V[k] = part.gp1_V[k];
            side = 1 - side;
        } else if (te == t1) {
            break;  // sampled below, with everything of the step known
        }
        b.bus.run(te);
    }
    b.chip.advance(end);
    while (b.bus.next_silent() <= t1) b.bus.run(t1);
    s.now_ns = t1;
    s.top_V = v.top_V;
}

void Board::jump(Time_ns t, const PlantView& view) {
    Impl& b = *impl_;
    BoardState& s = b.s;
    s.now_ns = t;
    s.top_V = view.top_V;
    const power::SupplyParts& p = b.cfg.parts.supply;
    const bool off = s.supply == static_cast<std::uint8_t>(Supply::off);
    if (!off && view.supply_V <= p.uvlo_fall_V) s.lost = 1;
    if (off && view.supply_V >= p.uvlo_rise_V) s.returned = 1;
    if (off) return;
    b.show(t, view);
}

std::span<const Witness> Board::witnesses() {
    Impl& b = *impl_;
    const power::SupplyParts& p = b.cfg.parts.supply;
    std::size_t n = 0;
    if (b.s.supply == static_cast<std::uint8_t>(Supply::off)) {
        if (b.s.returned == 0) b.witness[n++] = {k_id_supply_rise, Witness::Quantity::supply_V, 1, p.uvlo_rise_V};
        return {b.witness, n};
    }
    if (b.s.lost == 0) b.witness[n++] = {k_id_supply_fall, Witness::Quantity::supply_V, -1, p.uvlo_fall_V};
    const bool blind = b.blind();
    for (const afe::Witness& w : b.chip.witnesses()) {
        if (blind && w.quantity == afe::Quantity::shunt_V) continue;
        const auto q = static_cast<std::uint8_t>(w.quantity);
        // shunt and top come first in both lists; board's supply stands between them and the GP pins
        const auto mine = static_cast<Witness::Quantity>(q < 2 ? q : q + 1);
        b.witness[n++] = {k_id_afe + w.id, mine, w.direction, w.level};
    }
    return {b.witness, n};
}

void Board::crossed(std::uint32_t id, Time_ns t) {
    Impl& b = *impl_;
    b.s.now_ns = t;
    if (id == k_id_supply_fall)
        b.s.lost = 1;
    else if (id == k_id_supply_rise)
        b.s.returned = 1;
    else if (id >= k_id_afe)
        b.chip.crossed(id - k_id_afe, t);
}

// --- commands
// -----------------------------------------------------------------------------------------------------------

void Board::set_input(std::uint32_t bit, bool level, Time_ns t) {
    BoardState& s = impl_->s;
    const std::uint32_t known = bit & (BMS_IN_KEY | BMS_IN_DI | BMS_IN_S1);
    const std::uint32_t next = level ? s.inputs | known : s.inputs & ~known;
    s.now_ns = t;
    if (next == s.inputs) return;
    s.inputs = next;
    s.wake |= BMS_WAKE_GPIO;
}

void Board::set_fault(std::uint32_t fault, bool present, Time_ns t) {
    Impl& b = *impl_;
    b.s.now_ns = t;
    b.s.faults = present ? b.s.faults | fault : b.s.faults & ~fault;
    b.settle(t);
}

bool Board::flip_core_ram(std::uint32_t offset, std::uint8_t mask) {
    Impl& b = *impl_;
    if (b.s.core_on == 0 || offset >= b.core->state_size) return false;
    reinterpret_cast<std::uint8_t*>(b.ram.data())[offset] ^= mask;
    if (b.sink != nullptr) b.sink->on_ram_fault(offset, mask);
    return true;
}

}  // namespace twin::board
