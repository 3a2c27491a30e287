// SPDX-License-Identifier: Apache-2.0
// A scenario as plain structs: what the file says, units converted, defaults filled in; no JSON. The keys are described
// in scenario/describe_*.hpp. Temperatures stay in degC as people write them; everything else is SI. Sign convention:
// currents are positive when they discharge the battery; `charger.cc_A` is a magnitude.
#pragma once
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/describe.hpp"
#include "scenario/condition.hpp"
#include "scenario/protocol.hpp"

namespace twin::scenario {

using base::Named;
using base::Scalar;
using base::Time_ns;

double value_at(const Series& s, Time_ns t);
/// First corner of the series strictly after t (a straight line ends there), k_never_ns if none.
Time_ns next_corner(const Series& s, Time_ns t);

/// What the cells of a pack differ by, drawn from the scenario's seed: a model of models/spread, or relative standard
/// deviations, normal, cut at 3 sd.
struct Spread {
    std::string model;  // then capacity_rel, r_rel and soc_abs are 0
    double capacity_rel = 0.0;
    double r_rel = 0.0;
    double soc_abs = 0.0;  // of SOC itself: 0.01 is one percentage point
    double temp_K = 0.0;
};
/// What one cell has different from its pack.
struct CellOverride {
    std::optional<double> soc;
    std::optional<double> hysteresis;
    std::optional<double> temp_degC;
    double capacity_scale = 1.0;
    double r_scale = 1.0;
    double leak_Ohm = 0.0;  // internal leak; 0: none
};
/// One wire of the harness. W<n> sampling leads, N<n> NTC plugs, B+ (board supply), B- and P- power leads.
struct Lead {
    static constexpr int k_as_named = -2;  // W<n> goes to tap n
    static constexpr int k_open = -1;
    int tap = k_as_named;
    double contact_Ohm = 0.0;  // added to the lead's own resistance
    bool connected = true;
};
struct BoardSpread {
    double channel_offset_V = 0.0;  // sd of the AFE's voltage channels
    double current_offset_A = 0.0;
};
struct Board {
    std::string product = "R24TK1A-17S-100A";  // "none": cells alone
    std::string profile = "field";
    std::string chemistry = "auto";  // battery type set in the core: auto = the cell model's own
    std::string tolerances = "nominal";
    BoardSpread spread;
    std::vector<Named<Scalar>> parts;       // variants of parts: clamp = "none"
    std::vector<Named<Scalar>> parameters;  // of the core, by its describe() names
    bool none() const { return product == "none"; }
};
struct Pack {
    std::string id;  // "pack" if there is one without id
    std::string cells = "16S1P";
    int series = 16;  // from `cells`, filled by the loader
    int parallel = 1;
    std::string model;  // name or path of the cell model
    std::string kind;   // of a BPX file: spm, spme, dfn
    double soc = 0.5;
    std::optional<double> hysteresis;  // none: the model's own start
    double temp_degC = 25.0;
    Spread spread;
    std::vector<Named<CellOverride>> override_;  // "cell[7]"
    Board board;
    std::vector<Named<Lead>> wiring;
    bool connected = true;  // to the common bus
};

struct Environment {
    Series board_degC{.constant = 25.0, .csv = {}, .column = {}, .points = {}, .repeat = false};
    Series cells_degC{.constant = 25.0, .csv = {}, .column = {}, .points = {}, .repeat = false};
};

/// Constant current while the terminal voltage is well above dropout_V, falling to zero at 0 V (never a pure source).
struct CurrentLoad {
    static constexpr const char* k_key = "cc_A";
    Series cc_A;
    double dropout_V = 10.0;
};
struct PowerLoad {
    static constexpr const char* k_key = "power_W";
    Series power_W;
    double dropout_V = 10.0;
};
struct ResistorLoad {
    static constexpr const char* k_key = "r_mohm";
    double r_Ohm = 1.0;
    double l_H = 0.0;
};
/// Input capacitors of an inverter: C with ESR and cable inductance, bled by a resistor.
struct CapacitorLoad {
    static constexpr const char* k_key = "c_mF";
    double c_F = 10e-3;
    double esr_Ohm = 10e-3;
    double l_H = 2e-6;
    double v0_V = 0.0;  // charge at connection
    double bleed_Ohm = 1e4;
    Series idle_A;  // drawn from the capacitors
};
/// Direct-current motor at standstill when it is connected: armature R-L; inertia is a capacitor C = spin_up_s / R_a,
/// the load torque a constant current run_A drawn from it. R_a = nominal_V / stall_A.
struct MotorLoad {
    static constexpr const char* k_key = "motor";
    struct Data {
        double nominal_V = 48.0;
        double stall_A = 250.0;
        double run_A = 50.0;
        double spin_up_s = 1.0;
        double l_H = 100e-6;
    } motor;
    double armature_Ohm() const { return motor.nominal_V / motor.stall_A; }
    double inertia_F() const { return motor.spin_up_s / armature_Ohm(); }
};
using LoadKind = std::variant<CurrentLoad, PowerLoad, ResistorLoad, CapacitorLoad, MotorLoad>;
struct Load {
    std::string id;  // "load" if there is one without id
    bool connected = true;
    LoadKind kind;
};
/// Constant current, then constant voltage at its terminals; open-circuit limit; optional taper cut-off.
struct Charger {
    std::string id;  // "charger" if there is one without id
    bool connected = true;
    Series cc_A;
    double cv_V = 0.0;
    double open_circuit_V = 0.0;  // 0: cv_V
    double output_F = 100e-6;
    double r_Ohm = 5e-3;    // cable and output stage
    double cutoff_A = 0.0;  // 0: never
};

// Events
// ---------------------------------------------------------------------------------------------------------------
enum class Stimulus : std::uint8_t { by_kind, none, disturbance, fault };

struct DoShort {
    static constexpr const char* k_tag = "short";
    static constexpr const char* k_doc = "connects two places by a resistance in series with an inductance";
    std::vector<std::string> between;
    double r_Ohm = 5e-3;
    double l_H = 1e-6;
};
struct DoSwap {
    static constexpr const char* k_tag = "swap";
    static constexpr const char* k_doc = "exchanges two sampling leads";
    std::vector<std::string> between;
};
struct DoOpen {
    static constexpr const char* k_tag = "open";
    static constexpr const char* k_doc = "breaks a lead, joint or contact";
    std::string target;
};
struct DoInject {
    static constexpr const char* k_tag = "inject";
    static constexpr const char* k_doc = "makes a part faulty";
    std::string target;
    std::string fault;  // stuck_on, stuck_off, open, short, offset, ...: as the part lists it in `channels`
    double value = 0.0;
};
struct DoTarget {
    std::string target;
};
struct DoUnplug : DoTarget {
    static constexpr const char* k_tag = "unplug";
    static constexpr const char* k_doc = "pulls a connector: harness, N<n>, B+";
};
struct DoPlug : DoTarget {
    static constexpr const char* k_tag = "plug";
    static constexpr const char* k_doc = "inserts a connector";
};
struct DoConnect : DoTarget {
    static constexpr const char* k_tag = "connect";
    static constexpr const char* k_doc = "connects pack[a], load[id] or charger[id]";
};
struct DoDisconnect : DoTarget {
    static constexpr const char* k_tag = "disconnect";
    static constexpr const char* k_doc = "disconnects pack[a], load[id] or charger[id]";
};
struct DoClear : DoTarget {
    static constexpr const char* k_tag = "clear";
    static constexpr const char* k_doc = "undoes the event that `target` names";
};
struct DoStep {
    static constexpr const char* k_tag = "step";
    static constexpr const char* k_doc = "sets an input of the plant at once";
    std::string target;
    double to = 0.0;
};
struct DoRamp {
    static constexpr const char* k_tag = "ramp";
    static constexpr const char* k_doc = "moves an input of the plant along a straight line";
    std::string target;
    double to = 0.0;
    Time_ns over = 0;
};
struct DoPulse {
    static constexpr const char* k_tag = "pulse";
    static constexpr const char* k_doc = "sets an input of the plant for `for_s`";
    std::string target;
    double to = 0.0;
};
struct DoSet {
    static constexpr const char* k_tag = "set";
    static constexpr const char* k_doc = "sets an input without counting as a stimulus";
    std::string target;
    Scalar to;
};
struct DoCommand {
    static constexpr const char* k_tag = "command";
    static constexpr const char* k_doc = "a user's command to the core: a switch or a parameter write";
    std::string target = "pack";
    std::string switch_;    // chg, dsg, sleep, reset
    std::string parameter;  // or a parameter, by its describe() name
    Scalar to;
    std::string role = "app";
};
struct DoSend {
    static constexpr const char* k_tag = "send";
    static constexpr const char* k_doc = "bytes to a port of the board";
    std::string target = "uart";
    std::string hex;
};
using Action = std::variant<DoShort, DoSwap, DoOpen, DoInject, DoUnplug, DoConnect, DoDisconnect, DoPlug, DoStep,
                            DoRamp, DoPulse, DoSet, DoCommand, DoSend, DoClear>;

struct Event {
    std::string id;  // generated ("event-3") if the file has none
    std::optional<Time_ns> at;
    std::optional<Time_ns> every;  // first at `at` if given, else one period after the start
    std::optional<Condition> when;
    Time_ns hold = 0;             // `when` must have held so long
    std::optional<Time_ns> for_;  // undone after this time
    std::int64_t times = 0;       // how often at most; 0: `when` once, `every_s` without limit
    Stimulus stimulus = Stimulus::by_kind;
    Action action;
};
/// fault, disturbance or none: the event's own, else by the table of kinds.
Stimulus stimulus_of(const Event& e);
const char* action_name(const Action& a);
/// The path an action acts on ("load[m]/cc_A"), empty for places given by `between`.
std::string action_target(const Action& a);

// Recording and the file
// -----------------------------------------------------------------------------------------------
struct Burst {
    std::string on = "trip";  // "trip" or an event id
    Time_ns pre = 200'000;
    Time_ns post = 5'000'000;
    Time_ns period = 1'000;
    std::int64_t max_count = 4;
};
struct Record {
    Time_ns period = 1'000'000'000;
    std::vector<std::string> channels;  // empty: a default set; "truth.cell[*].v_V" takes all
    std::vector<Burst> burst;
};
struct ExpectFail {
    std::string reason;
    std::string link;
};

struct Scenario {
    std::int64_t language = 1;  // key `bmstwin`
    std::string id, title, why;
    std::vector<std::string> tags, requirements;
    std::uint64_t seed = 1;
    Time_ns duration = 0;
    std::vector<Pack> packs;
    Environment environment;
    std::vector<Load> loads;
    std::vector<Charger> chargers;
    std::optional<Protocol> protocol;  // of a cycler at P+ and P-
    std::vector<Event> events;
    std::vector<Check> expect;
    std::vector<std::string> waive;
    std::optional<ExpectFail> expect_fail;
    Record record;

    // Filled by the loader, no keys of the language:
    std::string file;                        // as the caller named it
    std::string effective_json;              // all defaults filled in
    std::vector<std::string> model_dirs;     // where models are looked up, in order
    std::vector<Named<std::string>> models;  // model name as written -> path found
};

/// A target path: "pack[a].cell[7]/soc" is {pack "a", head "cell", index "7", leaf "soc"}; "load[m]/cc_A" has no pack.
struct Path {
    std::string pack;  // id between the brackets of pack[..]; empty: not given
    bool is_pack = false;
    std::string head, index, leaf;
};
/// Nothing if the text has no such form.
std::optional<Path> parse_path(std::string_view text);

}  // namespace twin::scenario
