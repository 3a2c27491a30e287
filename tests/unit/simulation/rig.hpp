// SPDX-License-Identifier: Apache-2.0
// Shipped and small scenarios as simulations under test.
#pragma once
#include <doctest/doctest.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "io/assemble.hpp"
#include "io/load.hpp"
#include "sim/simulation.hpp"

namespace rig {

using twin::RunOptions;
using twin::RunResult;
using twin::Time_ns;
using twin::sim::RunSetup;
using twin::sim::Simulation;

inline constexpr Time_ns k_us = 1'000, k_ms = 1'000'000, k_s = 1'000'000'000;

/// "short/short-hard-clamp" below scenarios/.
inline std::string file_of(const std::string& name) {
    return std::string(BMSTWIN_SOURCE_DIR) + "/scenarios/" + name + ".scenario.json";
}

inline twin::scenario::Scenario only(twin::io::LoadResult found) {
    for (const twin::Diagnostic& d : found.errors) FAIL_CHECK(d.file << " " << d.pointer << ": " << d.message);
    REQUIRE(found.scenarios.size() == 1);
    twin::scenario::Scenario s = std::move(found.scenarios.front().scenario);
    return s;
}
using Set = std::vector<std::pair<std::string, std::string>>;
inline twin::scenario::Scenario shipped(const std::string& name, const Set& set = {}) {
    twin::LoadOptions o;
    o.set = set;
    return only(twin::io::load_files({file_of(name)}, o));
}
inline twin::scenario::Scenario text(std::string_view json) {
    return only(twin::io::load_text(json, "test.scenario.json", {}));
}

inline std::unique_ptr<Simulation> build(const twin::scenario::Scenario& s, const RunOptions& o = {}) {
    return std::make_unique<Simulation>(twin::io::assemble(s, o));
}
inline RunResult to_end(Simulation& s) {
    if (!s.failed()) s.advance_to(s.end_ns());
    return s.finish();
}
inline RunResult run(const twin::scenario::Scenario& s, const RunOptions& o = {}) { return to_end(*build(s, o)); }

/// The part of a scenario's run up to t.
inline twin::scenario::Scenario until(twin::scenario::Scenario s, Time_ns t) {
    if (s.duration > t) s.duration = t;
    return s;
}

/// Where observers look; nothing of the project's own randomness.
class Dice {
public:
    explicit Dice(std::uint64_t seed) : state_(seed) {}
    std::uint64_t next() {
        std::uint64_t z = (state_ += 0x9e3779b97f4a7c15ULL);
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
        return z ^ (z >> 31);
    }
    Time_ns below(Time_ns n) { return static_cast<Time_ns>(next() % static_cast<std::uint64_t>(n)); }

private:
    std::uint64_t state_;
};

/// Everything of a result that may not depend on who looked when: hashes, verdicts, checks, metrics, ledger, damage,
/// events.
inline std::string evidence(const RunResult& r) {
    std::string s = fmt::format("{} hash {:016x} status {} verdict {} passed {} {}\n", r.id, r.hash,
                                static_cast<int>(r.status), r.verdict, r.passed, r.fail_reason);
    for (const auto& h : r.core_hash) s += fmt::format("core {} {}\n", h.name, h.value);
    for (const auto& v : r.verdicts)
        s += fmt::format("pack {} {} {} acted {} due {}\n", v.pack, v.verdict, v.reason, v.t_acted_ns, v.t_due_ns);
    for (const auto& c : r.checks) {
        s += fmt::format("check {} {} {} {} margin {:a} value {:a} at {} {}\n", c.id, c.passed, c.skipped, c.vacuous,
                         c.margin.value_or(-1), c.value.value_or(-1), c.t_ns, c.reason);
    }
    for (const auto& m : r.metrics) s += fmt::format("metric {} {:a}\n", m.name, m.value);
    for (const auto& l : r.ledger.lines) s += fmt::format("line {} {:a}\n", l.name, l.value);
    s += fmt::format("residuals {:a} {:a} {:a}\n", r.ledger.energy_residual_rel, r.ledger.charge_residual_rel,
                     r.ledger.defect_rel);
    for (const auto& d : r.damage)
        s += fmt::format("damage {} {} {} at {} {:a} {}\n", d.pack, d.part, d.cause, d.t_ns, d.value, d.consequence);
    for (const auto& w : r.warnings) s += fmt::format("warning {} {} {} at {}\n", w.code, w.model, w.quantity, w.t_ns);
    for (const auto& e : r.events) s += fmt::format("event {} {} {} {} {}\n", e.t_ns, e.kind, e.pack, e.source, e.text);
    s += fmt::format("steps {}\n", r.steps);
    return s;
}

/// The first line in which two evidences differ; empty if there is none.
inline std::string difference(const std::string& a, const std::string& b) {
    if (a == b) return {};
    std::size_t at = 0;
    while (at < a.size() && at < b.size() && a[at] == b[at]) ++at;
    const auto line = [at](const std::string& s) {
        const std::size_t from = at == 0 ? 0 : s.rfind('\n', at - 1) + 1;
        return s.substr(from, s.find('\n', at) - from);
    };
    return "'" + line(a) + "' against '" + line(b) + "'";
}

}  // namespace rig
