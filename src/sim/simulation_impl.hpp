// SPDX-License-Identifier: Apache-2.0
// The parts of a running simulation. Private to src/sim. Signs: + = discharge.
#pragma once
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/hash.hpp"
#include "base/rng.hpp"
#include "board/board.hpp"
#include "power/plant.hpp"
#include "power/stepper.hpp"
#include "scenario/monitor.hpp"
#include "scenario/verdict.hpp"
#include "sim/cycler.hpp"
#include "sim/recorder.hpp"
#include "sim/run_api.hpp"
#include "sim/setup.hpp"
#include "sim/simulation.hpp"

namespace twin::sim {

using base::k_never_ns;
using base::Time_ns;
using power::Group;
using scenario::Moment;

/// What a channel is read from. `a` and `b` are indices within the kind.
enum class Get : std::uint8_t {
    pack_i,
    pack_v,
    pack_stack_v,
    pack_soc,
    pack_usable,
    cell_v,
    cell_soc,
    cell_t,
    cell_v_max,
    cell_v_min,
    cell_v_spread,
    cell_soc_max,
    cell_soc_min,
    cell_soc_spread,
    cell_t_max,
    cell_t_min,
    tap_v,
    fet_tj,
    fet_vds,
    fet_vgs,
    fet_place_t,
    board_t,
    balancer_i,
    precharge_i,
    supply_v,
    shunt_v,
    p_minus_v,
    lead_i,
    clamp_heat,
    element_i,
    element_v,
    cycler,
    request_charge,
    request_discharge,
    gate,
    gate_pre,
    hw_supply,
    hw_asleep,
    board_hw,
    board_bms
};
struct Getter {
    Get kind = Get::pack_i;
    std::uint8_t pack = 0;
    std::uint32_t a = 0, b = 0;
};

/// One consumer's share of the watched channels: positions of its channels in the common value array, and its own
/// copies.
struct Tap {
    std::vector<std::size_t> at;
    std::vector<double> a, b;
    void gather_a(const std::vector<double>& all) {
        for (std::size_t k = 0; k < at.size(); ++k) a[k] = all[at[k]];
    }
    void gather_b(const std::vector<double>& all) {
        for (std::size_t k = 0; k < at.size(); ++k) b[k] = all[at[k]];
    }
};

/// A settable input of the plant or a board.
enum class Input : std::uint8_t {
    load_cc,
    load_power,
    load_r,
    load_idle,
    charger_cc,
    charger_cv,
    env_board,
    env_cells,
    contact,
    tap,
    key,
    di
};
struct InputRef {
    Input kind = Input::load_cc;
    std::size_t index = 0;  // element, or pack
    std::int32_t lead = 0;
};

struct EventState {
    Time_ns next = k_never_ns;  // next firing by time
    Time_ns undo = k_never_ns;  // end of for_s or of a ramp
    std::int64_t fired = 0;
    std::uint8_t active = 0;
    double before = 0.0;  // value to go back to
    double from = 0.0;    // ramp
    Time_ns ramp_t0 = 0;
};

/// Log of happenings as plain records; texts are made at the end.
struct LogItem {
    Time_ns t = 0;
    const char* kind = "";
    const char* text = "";
    std::int32_t pack = -1;
    std::int32_t event = -1;  // scenario event
    const char* source = "";
    double value = 0.0;
    const char* unit = nullptr;  // nullptr: no value
    std::int32_t number = -1;    // index of the part (lead, cell)
};

/// A part that passed its limit, without texts of its own: records are made in the loop, texts at the end.
struct DamageItem {
    Time_ns t = 0;
    std::int32_t pack = 0;
    char part[16] = {};
    const char* cause = "";
    const char* unit = "";
    const char* then = "";
    double value = 0.0, limit = 0.0, margin = 0.0;
};

/// A warning that the run gives rise to.
struct WarningItem {
    enum class What : std::uint8_t { extrapolated, unknown_parameter };
    Time_ns t = 0;
    What what = What::extrapolated;
    std::uint8_t quantity = 0;  // extrapolated: soc, core temperature, current
    std::int32_t pack = 0;
    std::int32_t event = -1;  // unknown parameter: of this event
    double value = 0.0, valid_min = 0.0, valid_max = 0.0;
};

/// One pack at run time.
struct PackRun {
    std::string id;
    bool fitted = true;
    std::int32_t n_cells = 0;
    std::unique_ptr<board::Board> board;
    board::PlantView view_a, view_b;  // inputs at the start and end of the step under way
    double pins_a[25] = {}, pins_b[25] = {}, clamp_a[25] = {}, clamp_b[25] = {};
    afe::PinDrives pins_sent;
    board::Drives sent;
    std::uint8_t gate[2] = {0, 0};  // hw.gate.*
    std::uint8_t damaged_fet[2] = {0, 0};
    std::uint8_t damaged_clamp = 0, damaged_precharge = 0, damaged_filter[25] = {};
    double filter_heat_W[25] = {};  // power of each filter resistor through its thermal lag
    std::size_t afe_damage_seen = 0;
    std::uint32_t ntc_open = 0, ntc_short = 0;
    bool commanded_off[2] = {false, false};
    bool drives_unknown = false;  // a state was loaded: levels may have changed after the phase C before it
    // metrics
    double i_peak_A = 0.0, i_charge_peak_A = 0.0, q_dis_C = 0.0, q_chg_C = 0.0, usable0_Ah = 0.0, spread0_mV = 0.0,
           soc_spread0_pct = 0.0;
    double scd_level_V = 0.0;    // in force in the AFE, 0: off
    double scd_release_V = 0.0;  // its comparator lets go below this
    Time_ns scd_cross = -1;      // the shunt has been beyond the level since
    double slowest_open_us = -1.0;
    bool extrapolated[3] = {false, false, false};
    std::uint8_t led_red = 0;
    std::uint8_t afe_flags = 0, cmp_above[3] = {0, 0, 0};  // of the AFE, as last logged
    std::uint16_t told[10] = {};                           // how often: three comparators, seven latches
    std::uint8_t scd_reg = 0;                              // register that scd_level_V stands for
    int red_getter = -1;
};

struct Simulation::Impl : power::StepListener {
    explicit Impl(const RunSetup& setup);
    Impl(const Impl&) = delete;

    // --- build
    static power::PlantSetup plant_setup(const RunSetup& setup);
    void build_channels();
    void add_channel(const std::string& name, const std::string& unit, const std::string& doc, bool discrete,
                     const std::string& pack, Getter g);
    void add_truth_channels(std::size_t p);
    void add_board_channels(std::size_t p);
    void add_element_channels();
    void build_inputs();
    void build_watch();
    static power::ElementSetup cycler_setup(const RunSetup& setup);
    void build_cycler();
    void build_cycler_items();
    void add_cycler_channels();
    void start();

    // --- loop (loop.cpp: the one screen)
    void run_to(Time_ns t_end);
    void instant();
    bool phase_a();
    void phase_c(bool refill);
    static void keep_view(PackRun& r);
    bool due(Time_ns t) const;
    Time_ns next_instant() const;
    bool crossing(const power::PlantTime& ta, const power::PlantTime& tb, power::PlantTime* at) override;
    void accepted(const power::PlantTime& ta, const power::PlantTime& tb) override;

    // --- parts of the loop
    void apply_drives(std::size_t p);
    void give_drives(std::size_t p, const board::Drives& d, const afe::PinDrives& pins);
    void fill_view(std::size_t p, board::PlantView& v, double* pins, double* clamp) const;
    void check_witnesses();
    void update_gates();
    void watch_comparators(std::size_t p);
    std::uint8_t channel_red(std::size_t p) const;
    void check_damage();
    bool damage_pending() const;
    void watch_values(std::vector<double>& out) const;
    void gather_metrics(double h_s);
    void watch_range(std::size_t p, double i_pack_A);
    void hash_instant();
    void fail(base::Status s);

    // --- events
    void fire(std::size_t event);
    void undo(std::size_t event);
    void act(std::size_t event, const scenario::Action& a);
    void count_stimulus(std::size_t event);
    void command(std::size_t event, const scenario::DoCommand& c);
    static std::string command_name(const scenario::DoCommand& c) {
        return c.switch_.empty() ? c.parameter : c.switch_ + "_switch";
    }
    void wire_faults();
    void swap_leads(const std::string& a, const std::string& b);
    void open_lead(const std::string& target, bool open);
    void inject(const scenario::DoInject& x, bool on);
    void connect(const std::string& target, bool on);
    double input_value(const InputRef& r) const;
    void set_input(const InputRef& r, double value);
    bool find_input(const std::string& target, InputRef* out, std::string* error) const;
    void update_series();
    std::size_t pack_index(const std::string& id) const;
    void jumped(double relative);

    // --- the protocol's cycler
    bool cycler_act();
    void cycler_begin();
    void cycler_stop();
    void cycler_follow();
    void cycler_look();
    void cycler_keep();
    void cycler_measure(double h_s);
    double cycler_crossing(double h_s);
    void cycler_accepted(double h_s);
    CyclerRecord cycler_record(StepEnd end, std::int32_t item) const;
    bool cycler_requests(std::size_t p, bool charge) const;
    double read_cycler(std::uint32_t what) const;
    std::vector<ProtocolRecord> protocol_text() const;

    // --- channels
    double value(int channel) const;
    double read(const Getter& g) const;
    double read(const Getter& g, const power::PackView<double>& v) const;  // v: of the getter's pack
    double read_cells(const Getter& g, const power::PackView<double>& v) const;
    double read_parts(const Getter& g, const power::PackView<double>& v) const;
    double usable_Ah(std::size_t p) const;
    bool request(std::size_t p, bool charge) const;
    std::vector<int> default_record_channels() const;
    void check_action(std::size_t event) const;
    double rest_spread_mV(std::size_t p) const;
    double soc_spread_pct(std::size_t p) const;

    // --- evidence
    RunResult finish();
    std::vector<Metric> metrics() const;
    void fill_ledger(Ledger& l) const;
    void judge(RunResult& r) const;
    void log(const char* kind, const char* text, std::int32_t pack, const char* source, std::int32_t number = -1);
    void log_value(const char* kind, const char* text, std::int32_t pack, const char* source, double value,
                   const char* unit);
    std::vector<EventRecord> events_text() const;
    std::vector<Damage> damage_text() const;
    std::vector<Warning> warnings_text() const;

    // --- from outside
    Time_ns t_after_instant();
    void settle();
    void outside(const InputRef& r, double value);
    double value_at(int channel, Time_ns at) const;
    double value_before(int channel) const;

    // --- state
    void save(std::vector<std::uint8_t>& out) const;
    void load(std::span<const std::uint8_t> in);

    RunSetup setup;
    power::Plant<double> plant;
    power::Stepper stepper;
    std::vector<PackRun> packs;
    scenario::ChannelTable table;
    std::vector<Getter> getters;
    std::unique_ptr<scenario::CheckSet> checks;
    std::unique_ptr<scenario::TriggerSet> triggers;
    std::vector<scenario::VerdictMonitor> verdicts;  // of packs with a board
    std::vector<int> watch;                          // union of all consumers' channels
    std::vector<double> ua, ub;                      // their values at the start and end of the step
    Tap check_tap, trigger_tap;
    std::vector<Tap> verdict_tap;
    Recorder recorder;
    Tap record_tap;

    Cycler cycler;
    double cycler_a[k_cycler_items_max] = {};  // values of its conditions at the start of the plant's step

    std::vector<EventState> events;
    std::vector<std::size_t> element_of_load, element_of_charger, element_of_event;  // event: npos if none
    std::vector<std::uint8_t> charger_cut;
    std::vector<double> env_board, env_cells;  // current values
    Time_ns series_next = k_never_ns;
    std::vector<std::pair<std::string, InputRef>> inputs;

    Time_ns t = 0;  // the instant reached; everything before it is done
    Time_ns t_end = 0;
    Time_ns t_of_step = 0;             // end of the step being booked, rounded up
    Time_ns board_t = 0;               // boards have seen the plant up to here
    Time_ns cut = k_never_ns;          // an input from outside will come at this time
    Time_ns last_t0 = 0, last_t1 = 0;  // the last advance
    std::vector<double> seg_a;         // watched values at its start
    bool values_current = false;       // ub holds the watched values of now
    bool at_instant = true;            // phases at t are still to run
    base::Status status;
    std::string error;
    bool core_failed = false;
    std::uint64_t plant_seen = 0;  // input version already solved
    double jump_share = 0.0;       // size of the input jump since the last solve, relative to the rated current
    std::vector<int> fired;        // scratch of phase G
    std::vector<std::size_t> pending_fire;
    base::Hasher hasher;
    std::vector<LogItem> log_items;
    std::set<std::string> loaded_texts;  // of log items that came with a loaded state
    std::uint64_t log_dropped = 0;
    std::vector<DamageItem> damage;
    std::vector<Warning> warnings;          // of the set-up
    std::vector<WarningItem> run_warnings;  // of the run
    std::uint64_t instants = 0;
    std::uint64_t steps_before = 0;  // of the run whose state was loaded, less those of this plant by then (mod 2^64)
    std::uint64_t step_count() const { return steps_before + plant.steps(); }
    std::vector<CommandRecord> journal;
};

}  // namespace twin::sim
