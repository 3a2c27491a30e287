// SPDX-License-Identifier: Apache-2.0
// What one run leaves behind: plain data. Everything here except `wall_time_s` and `source_file` is equal to the bit
// between runs, machines and compilers.
// Units are SI and named; sign convention: + = discharge current. Strings are UTF-8.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <twin/types.hpp>

namespace twin {

/// How the run ended. `numeric` and `core_fault` give the verdict ERROR and exit code 3.
enum class RunStatus : std::uint8_t {
    ok = 0,
    numeric = 1,     // the numerics gave up; RunResult::error says where and when
    core_fault = 2,  // the control core crashed, hung or broke its contract
    internal = 3,    // an invariant of the simulator failed
    cancelled = 4,   // the caller stopped the run early; verdict and checks cover what was simulated
};

/// Verdict of one pack (SCENARIOS.md "Verdict"). `verdict` is the full text, e.g. "PROTECTED", "DAMAGED(pack.fet.dsg)".
struct PackVerdict {
    std::string pack;  // pack id; "pack" if the scenario has one
    std::string verdict;
    std::string reason;       // one sentence: which term decided it, with figures
    std::string contract;     // miswiring oracle "contract": "" (no miswiring), "ok" or "damage"
    std::string physics;      // miswiring oracle "physics": "" , "ok" or "damage"
    Time_ns t_acted_ns = -1;  // first instant at which the pack acted; -1: never
    Time_ns t_due_ns = -1;    // first instant at which protection was due; -1: never
};

/// One check of `expect` or an implicit one, in the order of the file, the implicit ones last.
struct CheckResult {
    std::string id;
    std::string form;  // always, never, eventually, whenever, until, settles, order, count, metric, verdict, implicit
    std::string text;  // the condition as written, for people
    bool passed = false;
    bool skipped = false;  // not judged (the reason says why); neither passed nor failed
    bool vacuous = false;  // its occasion never came
    bool waived = false;   // an implicit check named in `waive`: judged and shown, does not count
    bool implicit = false;
    std::optional<double> margin;  // >= 0 holds; none for a verdict, a vacuous or a skipped check
    std::string unit;              // of margin and value
    std::optional<double> value;   // the measured extreme, response or metric
    std::string value_text;        // instead of `value` where it is not a number (a verdict)
    Time_ns t_ns = -1;             // the worst instant; -1: none
    std::string reason;            // why it failed, was skipped, or which member of all/any decided
};

/// A named figure of the run. The name carries the unit as its suffix (`pack.i_peak_A`); `unit` repeats it.
struct Metric {
    std::string name;
    double value = 0;
    std::string unit;
};

/// One independent line of the ledger, in J or C. Positive: given to the system; negative: taken out of it or stored.
struct LedgerLine {
    std::string name;  // e.g. "energy.cell.ocv", "energy.heat.fet_dsg", "charge.pack[a].shunt"
    double value = 0;
    std::string unit;  // "J" or "C"
};

struct Ledger {
    double energy_residual_rel =
        0;  // closed sum incl. the integrator's own defect, over max(integral of sum |p|, 1 kJ)
    double charge_residual_rel = 0;  // over max(throughput, rated capacity)
    double defect_rel = 0;           // the integrator's defect alone, same divisor as energy
    std::vector<LedgerLine> lines;
};

/// A part passed its limit. `value` at `t_ns`, signed `margin` (negative = beyond) and `limit` have the unit `unit`.
struct Damage {
    std::string pack;
    std::string part;   // e.g. "fet.dsg[2]", "afe.pin.VC5", "lead.W5"
    std::string cause;  // e.g. "avalanche energy", "clamp current"
    Time_ns t_ns = 0;
    double value = 0;
    double limit = 0;
    double margin = 0;
    std::string unit;
    std::string consequence;  // how the part behaves from here on: "welded", "open", "register reads stuck"
};

/// A setting as asked for and as the hardware or core really took it (quantised, clamped, refused).
struct AppliedSetting {
    std::string pack;
    std::string name;  // with its unit suffix, e.g. "scd_A"
    std::string unit;
    std::optional<double> requested;  // none: not asked for, default of the board
    std::optional<double> applied;    // none: refused
    std::string note;                 // why it differs, e.g. "comparator step 2.5 mV", "unreachable: pre-empted by SCD"
};

struct Warning {
    std::string code;      // EXTRAPOLATED, UNKNOWN-PARAMETER, ORACLES-DISAGREE, UNREACHABLE, ...
    std::string model;     // what warns: model, board or file name
    std::string quantity;  // with unit suffix; may be empty
    std::optional<double> value;
    std::optional<double> valid_min, valid_max;
    Time_ns t_ns = -1;  // first occurrence; -1: before the run
    std::string text;   // for people
};

/// One record of the event log, in order of time. Written as a line of events.jsonl and told as a sentence in the
/// report.
struct EventRecord {
    Time_ns t_ns = 0;
    std::string
        kind;  // scenario, gate, alert, latch, core, witness, conversion, bus, supply, damage, regime, load, check
    std::string pack;    // "" for what belongs to no pack
    std::string source;  // event id, channel or part
    std::string text;    // what happened, for people, without time and place
    std::optional<double> value;
    std::string unit;
};

struct TraceColumn {
    std::string name;             // channel name, carries the unit as suffix
    std::string unit;             // "" for discrete channels
    bool discrete = false;        // drawn as steps
    std::vector<double> samples;  // as many as Trace::t_ns; NaN where the channel does not exist at that time
};

/// The main recording (id "main") or a burst around a trigger (id "burst-1", ..). Times do not fall; an instant with a
/// jump appears twice (t- and t+).
struct Trace {
    std::string id;
    std::string trigger;  // what started a burst, for people
    Time_ns t_trigger_ns = -1;
    std::vector<Time_ns> t_ns;
    std::vector<TraceColumn> columns;
};

/// How one step of the cycler's protocol ended. `reason`: "until", "time" (max_s or a rest's time), "limit" (the
/// protocol ended with it), "profile" (its last point) or "run end" (the scenario's time was over; not an end of the
/// step).
struct ProtocolRecord {
    std::string step;             // id
    int round = 1;                // 1 .. repeat
    std::string text;             // what it drove
    std::string reason, channel;  // channel: the one that reached its value, "" if none
    Time_ns t_start_ns = 0, t_end_ns = 0;
    double v_before_V = 0, i_before_A = 0;  // at the cycler's terminals just before the step; + = discharge
    double v_end_V = 0, i_end_A = 0;
    double charge_Ah = 0, energy_Wh = 0;  // through the cycler, + = discharged
    bool steady = false;                  // one current for at most a minute: its change tells a resistance
};

struct RunResult {
    RunStatus status = RunStatus::ok;
    std::string error;  // for status != ok: what, where, when
    std::string id, title, why;
    std::vector<std::string> tags, requirements;
    std::string source_file;     // as given by the caller; host{} only
    std::string effective_json;  // effective scenario with all defaults (JSON text)

    std::string verdict;  // the run's: the worst of its packs
    std::vector<PackVerdict> verdicts;
    bool passed = false;      // every counted check passed, at least one counted, expect_fail taken into account
    std::string expect_fail;  // the scenario's reason if it is expected to fail; "" otherwise
    std::string fail_reason;  // one sentence naming the first failed check; "" if passed
    std::vector<CheckResult> checks;
    std::vector<Metric> metrics;           // sorted by name
    std::vector<ProtocolRecord> protocol;  // by time; empty without a protocol
    Ledger ledger;
    std::vector<Damage> damage;  // by time
    std::vector<AppliedSetting> applied;
    std::vector<Warning> warnings;     // by time
    std::vector<EventRecord> events;   // by time
    std::uint64_t events_dropped = 0;  // records beyond the log's capacity; they are counted, never silently lost
    std::vector<Trace> traces;         // "main" first

    std::uint64_t hash = 0;            // run hash
    std::vector<NamedText> core_hash;  // pack id -> 16 hex digits; empty for board "none"
    std::uint64_t seed = 0;
    Time_ns sim_time_ns = 0;
    std::uint64_t steps = 0;          // accepted plant steps
    std::vector<NamedText> versions;  // bmstwin, language, core.<pack>, model.<name>, ...
    double wall_time_s = 0;           // host{} only
};

/// ERROR (3), an expectation failed (1) or passed (0); bad input (2) never becomes a RunResult.
inline int exit_code(const RunResult& r) {
    if (r.status == RunStatus::numeric || r.status == RunStatus::core_fault || r.status == RunStatus::internal)
        return 3;
    return r.passed ? 0 : 1;
}

}  // namespace twin
