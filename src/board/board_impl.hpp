// SPDX-License-Identifier: Apache-2.0
// The inside of Board, shared by its source files.
#pragma once
#include <span>
#include <string>
#include <vector>

#include "afe/dvc1124.hpp"
#include "board/board.hpp"
#include "board/board_state.hpp"
#include "board/bus.hpp"
#include "board/clock.hpp"
#include "board/field_digest.hpp"
#include "board/ntc_divider.hpp"

namespace twin::board {

inline constexpr double k_balancer_nominal_A = 1.1;  // the current that the core's number means on a nominal converter
inline constexpr double k_adc_ref_V = 3.3;
inline constexpr double k_p_sense_bias_V = 1.65;
inline constexpr double k_supply_divider = 33.0 / 1033.0;
inline constexpr std::uint32_t k_id_supply_fall = 1, k_id_supply_rise = 2, k_id_afe = 0x100;

struct Board::Impl {
    explicit Impl(BoardConfig config);
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;

    // board.cpp
    void power_off(Time_ns t);
    void begin_reset(Time_ns t, const PlantView& view);
    void show(Time_ns t, const PlantView& view);
    bool blind() const {
        return s.supply == static_cast<std::uint8_t>(Supply::reset) || (s.faults & k_fault_no_comparators) != 0;
    }
    void settle(Time_ns t);  // AFE outputs, gpio and power mode -> edges, pending drives, alert
    void drive(Time_ns t, std::uint32_t out, bool level);
    void apply_drives();
    void run_chip(Time_ns t, bool& did);
    bool edges_due(Time_ns t);
    double chip_top_V(const PlantView& v) const {
        return s.supply == static_cast<std::uint8_t>(Supply::off) ? 0.0 : v.top_V;
    }
    bool cold() const { return (s.faults & k_fault_cold_sensors) != 0; }
    void gp_voltages(const PlantView& v, double* gp_V) const;  // [6]
    void filter_p_minus(Time_ns h_ns, double a_V, double b_V);
    // board_core.cpp
    void check_config() const;
    void fill_core_cfg();
    void write_overrides(bool volatile_only);
    void boot(Time_ns t);
    void fill_in(Time_ns t, const PlantView& view);
    void step_core(Time_ns t, const PlantView& view);
    void read_adc(const PlantView& view);
    static std::int32_t nvm_read(void* ctx, std::uint32_t page, std::uint8_t* dst);
    static std::int32_t nvm_write(void* ctx, std::uint32_t page, const std::uint8_t* src);
    static void log_line(void* ctx, std::uint32_t id, std::int32_t a, std::int32_t b);
    void* ram_ptr() { return ram.data(); }
    // board_channels.cpp
    void make_channels();

    BoardConfig cfg;
    const bms_core* core;
    const bms_description* desc;
    bms_cfg core_cfg{};
    bms_port port{};
    DriftClock clock;
    Time_ns driver_delay_ns;
    Time_ns reset_ns;
    bool save_refused = false;  // the core keeps no parameters: factory settings are written at every power-on
    double balance_gain;
    afe::Dvc1124 chip;
    BoardState s{};
    Bus bus;
    NtcDivider afe_ntc, mcu_ntc;
    FieldDigest board_digest, chip_digest;
    std::vector<std::uint64_t> ram;
    std::vector<std::uint8_t> nvm;
    bms_in in{};
    bms_out out{};
    Drives drives{};
    bool drives_changed = true;
    Time_ns decay_h_ns = -1;  // memo of the P- filter
    double decay = 0.0;
    double mid_pin_V[2][afe::k_max_pins] = {};
    double mid_clamp_A[2][afe::k_max_pins] = {};
    Witness witness[k_max_witnesses];
    std::vector<BoardChannel> hw, bms;
    std::vector<std::string> warnings;
    CoreSink* sink = nullptr;
    LogSink* log = nullptr;
};

}  // namespace twin::board
