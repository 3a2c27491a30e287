// SPDX-License-Identifier: Apache-2.0
// The total verdict of a run (SCENARIOS: "Verdict"), judged by truth.* and hw.* against a requirement profile
// (product x chemistry x profile, models/profiles/*.json), never by the core's belief.
#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <twin/error.hpp>
#include <twin/result.hpp>

#include "scenario/monitor.hpp"
#include "scenario/requirements.hpp"

namespace twin::scenario {

enum class Verdict : std::uint8_t {  // from the left: the first that holds; the smaller value is the worse one
    error,
    hazard,
    damaged,
    missed,
    false_trip,
    recovered,
    protected_,
    ride_through,
    normal
};
/// "PROTECTED", "DAMAGED", ...
const char* verdict_name(Verdict v);
/// Verdict of a text, with or without "(argument)"; false: not a verdict.
bool parse_verdict(std::string_view text, Verdict* v, std::string* argument);

/// The terms of one pack's verdict.
struct Facts {
    std::string error;                 // crashed core or failed numerics; empty: none
    std::vector<std::string> hazards;  // kinds whose model is in the run
    std::vector<std::string> damaged;  // parts, by time
    std::string missed;                // which limit or fault was over and not acted on in time; empty: none
    bool acted = false;
    bool acted_without_due = false;  // at least one act was not due
    bool fault_stimulus = false;
    bool any_stimulus = false;
    bool back_in_service = false;
};
struct Decision {
    Verdict verdict = Verdict::normal;
    std::string argument;  // HAZARD(kind), DAMAGED(part)
    std::string text() const;
};
/// The table of SCENARIOS, from the left. Pure.
Decision decide(const Facts& f);
/// The run's verdict: the worst of its packs.
Decision worst_of(std::span<const Decision> packs);

/// Both miswiring oracles for a harness: tap[k] is the tap lead W<k> is on (-1 open), k = 0 .. n.
struct MiswireOracle {
    bool miswired = false;
    int distance = 0;              // largest |tap[k] - k| of a connected lead
    bool contract_damage = false;  // distance > limit_strings of the product (6)
    bool physics_damage = false;   // a part of the input stage passed its rating
    bool agree() const { return contract_damage == physics_damage; }
};
MiswireOracle judge_miswiring(std::span<const int> tap, int limit_strings, bool input_stage_damaged);

/// How a gate edge or a fault came to be; told by the simulation.
enum class Gate : std::uint8_t { chg, dsg };
enum class FaultKind : std::uint8_t { swap, open_lead, ntc, string_count };

struct VerdictMonitorData;
/// Accumulates the facts of one pack. Watches (with "truth." / "hw." replaced by the indexed forms if the run has
/// several packs) the channels listed in docs/channels.md under "verdict".
class VerdictMonitor {
public:
    VerdictMonitor(const Requirements& r, const ChannelTable& table, std::string pack_id, bool several_packs);
    VerdictMonitor(VerdictMonitor&&) noexcept;
    ~VerdictMonitor();

    const std::vector<twin::Diagnostic>& problems() const;  // channels that are missing
    const std::vector<int>& watch() const;

    void on_segment(const Moment& ta, const Moment& tb, Values a, Values b);
    void on_instant(Time_ns t, Values values);

    void stimulus(Stimulus kind, Time_ns t);                       // of any event in the run
    void fault(FaultKind kind, std::string_view what, Time_ns t);  // must be detected from now on
    void fault_cleared(FaultKind kind, Time_ns t);
    void commanded(Gate g, bool on, Time_ns t);  // a user's switch command reached the core

    /// Facts as far as this monitor knows them; the caller adds error, hazards and damage.
    Facts facts(Time_ns t_end) const;
    Time_ns first_act() const;  // -1: none
    Time_ns first_due() const;
    /// One sentence: which limits were due, what acted when.
    std::string story() const;

    void save(std::vector<std::uint8_t>& out) const;
    std::size_t load(std::span<const std::uint8_t> in);

private:
    std::unique_ptr<VerdictMonitorData> d_;
};

/// Fills the placeholders of verdict checks, appends the implicit checks, and applies `waive` and `expect_fail`.
struct ImplicitFacts {
    bool finite = true;
    std::string finite_text;
    double energy_residual_rel = 0.0, charge_residual_rel = 0.0;
    double energy_limit = 1e-6, charge_limit = 1e-9;
    std::vector<std::string> damaged;  // parts
    Time_ns t_damaged = -1;
    std::vector<std::string> extrapolated;  // "model quantity"
    Time_ns t_extrapolated = -1;
    bool strict = false;
};
struct PackDecision {
    std::string pack;
    Decision decision;
};
void judge(std::vector<CheckResult>& results, const Scenario& s, std::span<const PackDecision> packs,
           const ImplicitFacts& f);

struct Outcome {
    bool passed = false;
    std::string fail_reason;
};
/// Every counted check passed, at least one of the scenario's own counted, expect_fail taken into account.
Outcome outcome(std::span<const CheckResult> results, const Scenario& s);

}  // namespace twin::scenario
