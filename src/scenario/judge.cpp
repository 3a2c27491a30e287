// SPDX-License-Identifier: Apache-2.0
// Verdict checks, implicit checks, waivers, and whether the scenario passed.
#include <algorithm>

#include <fmt/format.h>

#include "scenario/verdict.hpp"

namespace twin::scenario {

namespace {

const Decision* decision_of(std::span<const PackDecision> packs, const std::string& pack) {
    for (const PackDecision& p : packs)
        if (p.pack == pack) return &p.decision;
    return nullptr;
}

void fill_verdict(CheckResult& r, const VerdictCheck& c, const Decision& found) {
    Verdict wanted{};
    std::string argument;
    parse_verdict(c.verdict, &wanted, &argument);
    r.passed = found.verdict == wanted && (argument.empty() || argument == found.argument);
    r.value_text = found.text();
    if (!r.passed) r.reason = fmt::format("the verdict is {}, expected {}", found.text(), c.verdict);
}

CheckResult implicit(const char* id, bool passed, std::string text, const Scenario& s) {
    CheckResult r;
    r.id = id;
    r.form = "implicit";
    r.text = std::move(text);
    r.passed = passed;
    r.implicit = true;
    r.waived = std::find(s.waive.begin(), s.waive.end(), id) != s.waive.end();
    return r;
}

std::string listed(const std::vector<std::string>& words) { return fmt::format("{}", fmt::join(words, ", ")); }

CheckResult ledger_check(const ImplicitFacts& f, const Scenario& s) {
    const double energy = f.energy_limit - f.energy_residual_rel;
    const double charge = f.charge_limit - f.charge_residual_rel;
    const bool energy_decides = energy / f.energy_limit <= charge / f.charge_limit;
    CheckResult r =
        implicit("ledger", energy >= 0 && charge >= 0,
                 fmt::format("energy residual <= {:g}, charge residual <= {:g}", f.energy_limit, f.charge_limit), s);
    r.margin = energy_decides ? energy : charge;
    r.value = energy_decides ? f.energy_residual_rel : f.charge_residual_rel;
    r.reason = energy_decides ? "decided by energy" : "decided by charge";
    return r;
}

}  // namespace

void judge(std::vector<CheckResult>& results, const Scenario& s, std::span<const PackDecision> packs,
           const ImplicitFacts& f) {
    std::vector<Decision> all;
    for (const PackDecision& p : packs) all.push_back(p.decision);
    const Decision worst = worst_of(all);
    for (std::size_t k = 0; k < results.size() && k < s.expect.size(); ++k) {
        const auto* c = std::get_if<VerdictCheck>(&s.expect[k].form);
        if (c == nullptr) continue;
        const Decision* own = c->pack.empty() ? &worst : decision_of(packs, c->pack);
        if (own != nullptr)
            fill_verdict(results[k], *c, *own);
        else
            results[k].skipped = true, results[k].reason = fmt::format("pack {} has no verdict", c->pack);
    }
    CheckResult finite = implicit("finite", f.finite, "every state is a finite number", s);
    finite.reason = f.finite_text;
    results.push_back(std::move(finite));
    results.push_back(ledger_check(f, s));
    CheckResult damage = implicit("no_damage", f.damaged.empty(), "no part passes its limit", s);
    if (!f.damaged.empty()) damage.reason = "damaged: " + listed(f.damaged), damage.t_ns = f.t_damaged;
    results.push_back(std::move(damage));
    const bool inside = f.extrapolated.empty();
    CheckResult range = implicit("valid_range", inside || !f.strict, "every model stays in its valid range", s);
    if (!inside) range.reason = "EXTRAPOLATED: " + listed(f.extrapolated), range.t_ns = f.t_extrapolated;
    results.push_back(std::move(range));
}

Outcome outcome(std::span<const CheckResult> results, const Scenario& s) {
    Outcome o;
    std::size_t own = 0;
    const CheckResult* failed = nullptr;
    for (const CheckResult& r : results) {
        if (r.skipped || r.waived) continue;
        own += r.implicit ? 0U : 1U;
        if (!r.passed && failed == nullptr) failed = &r;
    }
    if (failed != nullptr) {
        o.fail_reason = fmt::format("{}: {}", failed->id, failed->reason.empty() ? failed->text : failed->reason);
        if (failed->margin) o.fail_reason += fmt::format(" (margin {:.6g} {})", *failed->margin, failed->unit);
    } else if (own == 0) {
        o.fail_reason = "no check is left: all were skipped";
    }
    o.passed = o.fail_reason.empty();
    if (!s.expect_fail) return o;
    if (o.passed) return {false, "expected to fail (" + s.expect_fail->reason + "), but everything passed"};
    return {true, {}};
}

}  // namespace twin::scenario
