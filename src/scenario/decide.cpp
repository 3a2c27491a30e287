// SPDX-License-Identifier: Apache-2.0
// The verdict table of the scenario language: pure functions.
#include <array>

#include "scenario/verdict.hpp"

namespace twin::scenario {

namespace {
constexpr std::array<const char*, 9> k_names = {"ERROR",     "HAZARD",    "DAMAGED",      "MISSED", "FALSE-TRIP",
                                                "RECOVERED", "PROTECTED", "RIDE-THROUGH", "NORMAL"};
}

const char* verdict_name(Verdict v) { return k_names[static_cast<std::size_t>(v)]; }

bool parse_verdict(std::string_view text, Verdict* v, std::string* argument) {
    const std::size_t open = text.find('(');
    const std::string_view name = text.substr(0, open);
    argument->clear();
    if (open != std::string_view::npos) {
        if (text.back() != ')') return false;
        *argument = std::string(text.substr(open + 1, text.size() - open - 2));
    }
    for (std::size_t k = 0; k < k_names.size(); ++k) {
        if (name != k_names[k]) continue;
        *v = static_cast<Verdict>(k);
        return argument->empty() || *v == Verdict::hazard || *v == Verdict::damaged;
    }
    return false;
}

std::string Decision::text() const {
    return argument.empty() ? std::string(verdict_name(verdict))
                            : std::string(verdict_name(verdict)) + "(" + argument + ")";
}

Decision decide(const Facts& f) {
    if (!f.error.empty()) return {Verdict::error, {}};
    if (!f.hazards.empty()) return {Verdict::hazard, f.hazards[0]};
    if (!f.damaged.empty()) return {Verdict::damaged, f.damaged[0]};
    if (!f.missed.empty()) return {Verdict::missed, {}};
    if (f.acted && f.acted_without_due && !f.fault_stimulus) return {Verdict::false_trip, {}};
    if (f.acted && f.back_in_service) return {Verdict::recovered, {}};
    if (f.acted) return {Verdict::protected_, {}};
    if (f.any_stimulus) return {Verdict::ride_through, {}};
    return {Verdict::normal, {}};
}

Decision worst_of(std::span<const Decision> packs) {
    Decision worst;
    for (const Decision& d : packs)
        if (d.verdict < worst.verdict) worst = d;
    return worst;
}

MiswireOracle judge_miswiring(std::span<const int> tap, int limit_strings, bool input_stage_damaged) {
    MiswireOracle m;
    for (std::size_t k = 0; k < tap.size(); ++k) {
        const int n = static_cast<int>(k);
        if (tap[k] == n) continue;
        m.miswired = true;
        if (tap[k] < 0) continue;
        const int d = tap[k] > n ? tap[k] - n : n - tap[k];
        if (d > m.distance) m.distance = d;
    }
    m.contract_damage = m.distance > limit_strings;
    m.physics_damage = input_stage_damaged;
    return m;
}

}  // namespace twin::scenario
