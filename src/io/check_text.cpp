// SPDX-License-Identifier: Apache-2.0
#include "io/check_text.hpp"

#include <fmt/format.h>

#include <cmath>

#include "io/text.hpp"

namespace twin::io {

const char* check_state(const sim::CheckResult& c) {
    if (c.skipped) return "skipped";
    if (c.passed) return "pass";
    if (c.waived) return "waived";
    return c.vacuous ? "VACUOUS" : "FAIL";
}

std::string margin_text(const sim::CheckResult& c) {
    if (!c.margin) return "";
    const std::string text = quantity(*c.margin, c.unit);
    return *c.margin >= 0 ? "+" + text : text;
}

std::string value_text(const sim::CheckResult& c) {
    if (c.value) return quantity(*c.value, c.unit);
    return c.value_text;
}

std::string check_line(const sim::CheckResult& c) {
    std::string out = fmt::format("{:<8}{}", check_state(c), c.id);
    if (c.margin) out += "  margin " + margin_text(c);
    const std::string value = value_text(c);
    if (!value.empty()) out += "  value " + value;
    if (c.t_ns >= 0) out += fmt::format(" at {} s", seconds(c.t_ns));
    const std::string vacuous = "VACUOUS: ";  // the state says it already
    const bool twice = c.vacuous && c.reason.rfind(vacuous, 0) == 0;
    if (!c.reason.empty()) out += fmt::format("  ({})", twice ? c.reason.substr(vacuous.size()) : c.reason);
    return out;
}

double relative_margin(const sim::CheckResult& c) {
    if (!c.margin) return 0;
    double scale = std::fabs(*c.margin);
    if (c.value && std::fabs(*c.value) > scale) scale = std::fabs(*c.value);
    return scale > 0 ? *c.margin / scale : 0;
}

const sim::CheckResult* tightest(const sim::RunResult& r) {
    const sim::CheckResult* best = nullptr;
    // A check of a discrete channel that holds has a margin of nothing but 0: any distance tells more.
    const auto rank = [](const sim::CheckResult& c) { return c.passed && *c.margin == 0 ? 2.0 : relative_margin(c); };
    for (const sim::CheckResult& c : r.checks) {
        if (!c.margin || c.skipped || c.waived || c.implicit) continue;
        if (best == nullptr || rank(c) < rank(*best)) best = &c;
    }
    return best;
}

}  // namespace twin::io
