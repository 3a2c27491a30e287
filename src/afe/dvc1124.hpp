// SPDX-License-Identifier: Apache-2.0
// A DVC1124-2 class front end (4..24 cells) at register level: byte-wise I2C slave with CRC, voltage and current
// converters, comparators, latches, gate equations, sleep, watchdog, open-wire test, pin limits. Behavioural; never a
// flat memory.
//
// Order of calls. `advance` moves the analog inputs to t1; at an instant t (phase D) the owner calls `observe(t, ...)`
// if the network was solved again, `crossed` for a located witness, then `run_due(t)` while next_due() <= t. Bus events
// carry the time of the bus and act at once; the owner calls them when the simulation has reached them (a read segment
// at its first bit, a written byte at its CRC's ACK). A change of anything the chip drives increments `version()`.
// Nothing allocates after construction, nothing throws in these calls.
//
// Choices where the sources are silent: a slot's result is the mean over the slot and appears in its register at the
// slot's end; VADF at the end of the scan; COV/CUV timers start with the first conversion beyond and expire at exactly
// the delay if no conversion of that cell cleared it; OCD1/OCC1 need every CC1 conversion beyond over the whole delay;
// PACK and LOAD are tied to VSS (low-side board); sleep and shutdown begin at the bus STOP; any START wakes from sleep
// and that transfer is NACKed; the watchdog restarts with every acknowledged address, IWTS falls then; a change of the
// scan's timing restarts the scan. A destroyed C pin makes its two channels read 0 and conducts to VSS; a destroyed
// shunt input reads 0 and its comparators no longer see anything; a destroyed supply pin kills the chip (no ACK, gates
// off).
#pragma once
#include <cstdint>
#include <span>

#include "afe/dvc1124_params.hpp"
#include "afe/dvc1124_state.hpp"
#include "afe/port.hpp"
#include "base/rng.hpp"

namespace twin::afe {

/// Levels and delays in force, as quantised by the registers ("applied") and as this specimen's comparators act
/// ("actual").
struct AppliedSettings {
    double scd_V, scd_delay_s, ocd2_V, ocd2_delay_s, occ2_V, occ2_delay_s;  // 0 V = off
    double scd_actual_V, scd_actual_delay_s, ocd2_actual_V, ocd2_actual_delay_s, occ2_actual_V, occ2_actual_delay_s;
    double ocd1_V, ocd1_delay_s, occ1_V, occ1_delay_s, cov_V, cov_delay_s, cuv_V, cuv_delay_s;
    double cc1_period_s, scan_s, wake_V, body_diode_V, watchdog_s;
};

class Dvc1124 {
public:
    Dvc1124(const Dvc1124Params& params, const base::RngKey& key);

    // --- analog side
    /// Inputs over one accepted plant step; consecutive segments join (t0 of the next = t1 of this).
    void advance(const AnalogSegment& seg);
    /// Inputs at t+; fires witnesses that are beyond their level and watches the supply. True if anything changed.
    bool observe(Time_ns t_ns, const AnalogPoint& point);
    /// Levels to be located until the next call of any other function; at most k_max_witnesses.
    std::span<const Witness> witnesses();
    /// The plant located the crossing of witness `id` at t.
    bool crossed(std::uint32_t id, Time_ns t_ns);
    /// Earliest instant at which the chip may change something it drives or latches (k_never_ns: none).
    Time_ns next_due() const;
    /// Acts on everything due at or before t. True if a hashed field or an output changed.
    bool run_due(Time_ns t_ns);
    /// A charger is attached (PACK pin), for boards that wire it: wakes from sleep (CST 8) and shutdown (CST 0).
    bool wake_by_charger(Time_ns t_ns);

    // --- I2C slave, byte by byte; each returns ACK where the bus has one
    bool bus_start(Time_ns t_ns, std::uint8_t address_byte);  // START or repeated START with its address byte
    bool bus_write(Time_ns t_ns, std::uint8_t byte);
    std::uint8_t bus_read(Time_ns t_ns);  // the next byte (data, CRC, data, ...); 0xFF if not addressed
    void bus_stop(Time_ns t_ns);
    /// A register as a bus read would give it now, without any side effect. Addresses beyond 0x90 give 0xFF.
    std::uint8_t peek(std::uint8_t address) const;

    // --- outputs
    const PinDrives& drives() const { return drives_; }
    const GateOutputs& gates() const { return gates_; }
    bool int_low() const { return int_low_; }
    std::uint64_t version() const { return version_; }
    Mode mode() const { return static_cast<Mode>(s_.mode); }
    AppliedSettings applied() const;
    double v1p8_V() const { return trim_.v1p8_V; }  // true reference behind the NTC dividers
    std::span<const DamageRecord> damage() const { return {damage_, s_.damage_count}; }
    /// Smallest distance to the absolute maxima so far: [V] of cell differences, [A] of pin currents, and where.
    double margin_cell_diff_V() const { return p_.limit_cell_diff_V - s_.peak_cell_diff_V; }
    double margin_pin_A() const { return p_.limit_pin_A - s_.peak_pin_A; }

    // --- state
    const Dvc1124State& state() const { return s_; }
    void set_state(const Dvc1124State& s);
    const Dvc1124Params& params() const { return p_; }
    const Dvc1124Trim& trim() const { return trim_; }
    /// Converts every sample when it ends instead of when it is read. Same bytes, same instants; for tests.
    void set_eager(bool eager) { eager_ = eager; }

    static constexpr std::size_t k_max_witnesses = 16;

private:
    struct Derived {
        // configuration decoded once per change
        std::int64_t slot_ns, scan_ns, scan_period_ns, slot_begin_ns[k_slots];  // offsets from the scan's start
        std::uint8_t slot_skip[k_slots];
        std::uint32_t masked, hidden;  // bit n-1: no protection; not measured
        double cmp_on_V[3], cmp_off_V[3];
        std::int64_t cmp_delay_ns[3];
        std::uint8_t cmp_enabled[3];
        std::int32_t ocd1_code, occ1_code, cwt_code, bdpt_code;  // in CC1 LSB, 0 = off
        std::int64_t ocd1_delay_ns, occ1_delay_ns, cov_delay_ns, cuv_delay_ns;
        std::int32_t cov_code, cuv_code;  // in 100 uV; 0 = off
        double cc1_sigma_V;               // noise of one conversion
        double cc1_bound;                 // largest possible |code - clean code|, in LSB
        double cc1_margin_V;              // largest possible |code * LSB - mean at the pins|
        double cell_bound;                // as cc1_bound, in 100 uV
        double cell_margin_V[k_max_cells];
        double quiet_low_V, quiet_high_V;  // no CC1 decision can be "beyond" while the shunt stays inside
        std::uint8_t int_pin, balance_any;
    };

    // dvc1124.cpp
    void power_on(Time_ns t);
    void power_off();
    void reset_registers(Time_ns t);
    void enter_sleep(Time_ns t);
    void enter_shutdown(Time_ns t);
    void wake(Time_ns t, std::uint8_t cst);
    void refresh(Time_ns t);  // gates, drives, INT from state
    void refresh_drives();
    void request_int(Time_ns t, std::uint8_t causes);
    std::uint8_t gate_flags() const;
    bool alive() const {
        return s_.mode == static_cast<std::uint8_t>(Mode::work) || s_.mode == static_cast<std::uint8_t>(Mode::sleep);
    }
    bool working() const { return s_.mode == static_cast<std::uint8_t>(Mode::work); }
    // dvc1124_config.cpp
    void derive();
    void derive_protection();
    void write_register(Time_ns t, std::uint8_t address, std::uint8_t value);
    void start_converters(Time_ns t);
    void start_cc(Time_ns t);
    void restart_cc(Time_ns t);
    void start_scan(Time_ns t);
    void after_write(Time_ns t, std::uint8_t address, std::uint8_t before);
    void clear_flags(Time_ns t, std::uint8_t mask);
    void keep_conversion(std::uint8_t address);
    std::uint8_t gp_mode(int n) const;
    Time_ns watchdog_deadline(Time_ns t) const;
    Time_ns timed_wake(Time_ns t) const;
    // dvc1124_adc.cpp
    void advance_cc1(const AnalogSegment& seg);
    void advance_cc2(const AnalogSegment& seg);
    void advance_scan(const AnalogSegment& seg);
    void finish_cc1(Time_ns end, double mean_V);
    void finish_cc2(double mean_V);
    void finish_slot(int slot, double mean, Time_ns end);
    bool cc1_quiet(double lo_V, double hi_V) const;
    bool scan_quiet(const AnalogSegment& seg) const;
    void cc1_decide(Time_ns end);
    void slot_ends(const AnalogSegment& seg, int slot, double& x0, double& x1) const;
    std::int32_t cc1_convert(double mean_V, std::uint64_t index, std::int64_t period, std::int32_t cvos) const;
    std::int32_t cc2_convert() const;
    std::int32_t slot_convert(int slot) const;
    std::int64_t cell_code(int cell, double mean_V, std::uint64_t index) const;
    bool cc1_beyond(double mean_V, std::uint64_t index, int sign, std::int32_t level) const;
    void cell_decide(int cell, double mean_V, Time_ns end);
    // dvc1124_protect.cpp
    bool update_comparator(int k, Time_ns t);
    bool run_comparators(Time_ns t);
    bool run_current_protection(Time_ns t);
    bool run_cell_protection(Time_ns t);
    bool run_timers(Time_ns t);
    void trip(Time_ns t, std::uint8_t flag, std::uint8_t interrupt);
    /// A decision taken on CC1 conversions: its level, sign, and whether it is in force now.
    struct Watch {
        std::int32_t level;  // LSB; 0 = inactive
        std::int8_t sign;
        std::uint8_t state;  // outcome of the last conversion
        std::uint8_t timed;  // needs a run of conversions (OCD1, OCC1)
        std::int64_t since_ns, delay_ns;
    };
    Watch watch(int k) const;  // 0 OCD1, 1 OCC1, 2 AUTO of DSG, 3 AUTO of CHG, 4 and 5 wake by discharge, charge
    Time_ns due_of_watch(const Watch& w) const;
    Time_ns due_of_cells() const;
    Time_ns due_of_timers() const;
    Time_ns due_of_conversions() const;
    bool scan_idle() const;
    bool set_hard_off(const double* gp_V);
    bool supply_changed(Time_ns t, double vtop_V);
    // dvc1124_limits.cpp
    void check_limits(const AnalogSegment& seg);
    void break_part(DamageCause cause, std::uint32_t index, Time_ns t, double limit, double value);
    void rebuild_damage();
    void check_cell_pins(const double* pin_V, Time_ns t);
    void check_clamps(const double* clamp_A, Time_ns t);

    Dvc1124Params p_;
    Dvc1124Trim trim_;
    base::RngKey key_;
    Dvc1124State s_;
    Derived d_;
    PinDrives drives_;
    GateOutputs gates_;
    Witness witness_[k_max_witnesses];
    DamageRecord damage_[k_max_damage];
    std::uint64_t version_ = 1;
    bool int_low_ = false;
    bool eager_ = false;
};

}  // namespace twin::afe
