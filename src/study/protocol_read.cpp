// SPDX-License-Identifier: Apache-2.0
// Steps of a cell alone: words, or objects of the scenario language as JSON text. The runner knows less than a cycler
// in a scenario; what it doesn't know is an error that says so.
#include <fmt/format.h>

#include <string_view>

#include "base/lanes.hpp"
#include "io/model.hpp"
#include "scenario/describe_protocol.hpp"
#include "study/protocol.hpp"

namespace twin::study {

namespace {

using scenario::CyclerStep;
using Mode = ProtocolStep::Mode;

constexpr std::string_view k_voltages[] = {"truth.cycler.v_V", "truth.pack.v_V", "truth.cell.v_max_V",
                                           "truth.cell.v_min_V", "truth.cell[1].v_V"};
constexpr std::string_view k_charges[] = {"truth.pack.soc_pct", "truth.cell[1].soc_pct", "truth.cell.soc_max_pct",
                                          "truth.cell.soc_min_pct"};

template <std::size_t N>
bool among(std::string_view name, const std::string_view (&list)[N]) {
    for (const std::string_view x : list) {
        if (x == name) return true;
    }
    return false;
}

struct Problem {
    std::string key, message;
};

void drive(const CyclerStep& c, ProtocolStep& s, std::vector<Problem>& bad) {
    s.mode = Mode::current;
    if (const auto* x = std::get_if<scenario::ChargeCurrent>(&c.drive)) s.value = -x->i_A;
    if (const auto* x = std::get_if<scenario::DischargeCurrent>(&c.drive)) s.value = x->i_A;
    if (const auto* x = std::get_if<scenario::ChargeRate>(&c.drive)) s.value = -x->rate, s.c_rate = true;
    if (const auto* x = std::get_if<scenario::DischargeRate>(&c.drive)) s.value = x->rate, s.c_rate = true;
    if (const auto* x = std::get_if<scenario::ConstantPower>(&c.drive)) s.value = x->p_W, s.mode = Mode::power;
    if (const auto* x = std::get_if<scenario::HoldVoltage>(&c.drive)) s.value = x->v_V, s.mode = Mode::voltage;
    if (const auto* x = std::get_if<scenario::RestTime>(&c.drive)) s.max_s = base::to_s(x->rest), s.mode = Mode::rest;
    if (std::holds_alternative<scenario::CurrentProfile>(c.drive))
        bad.push_back({"profile", "a cell alone takes no profile here: step it, or run a scenario with board none"});
}

void until(const CyclerStep& c, ProtocolStep& s, std::vector<Problem>& bad) {
    for (const auto& u : c.until) {
        double* to = nullptr;
        if (among(u.key, k_voltages)) to = &s.until_V;
        if (u.key == scenario::k_cycler_i_abs) to = &s.until_A;
        if (among(u.key, k_charges)) {
            to = &s.until_soc;
            if (s.mode != Mode::current)
                bad.push_back({"until/" + u.key, "a state of charge ends a step of constant current only"});
        }
        if (to == nullptr) {
            bad.push_back({"until/" + u.key,
                           "a step of a cell alone ends by truth.cycler.v_V, truth.cycler.i_abs_A or "
                           "truth.pack.soc_pct; other channels need a scenario with board none"});
            continue;
        }
        *to = to == &s.until_soc ? u.value / 100.0 : u.value;
        const bool good = to == &s.until_soc ? u.value >= 0.0 && u.value <= 100.0 : u.value > 0.0;
        if (!good) bad.push_back({"until/" + u.key, fmt::format("{:g} can never end the step", u.value)});
    }
}

void limit(const CyclerStep& c, ProtocolStep& s, std::vector<Problem>& bad) {
    for (const auto& l : c.limit) {
        const bool v = l.key == "v_V" && (s.mode == Mode::current || s.mode == Mode::power);
        const bool i = (l.key == "i_A" || l.key == "i_C") && s.mode == Mode::voltage;
        if (!(v || i)) {
            bad.push_back({"limit/" + l.key,
                           "a cell alone knows v_V (of a current or power) and i_A, i_C (of a hold); other limits need "
                           "a scenario with board none"});
            continue;
        }
        if (!(l.value > 0.0)) bad.push_back({"limit/" + l.key, fmt::format("{:g} must be above 0", l.value)});
        if (v) s.limit_V = l.value;
        if (i) s.limit_A = l.value;
        if (i) s.limit_c = l.key == "i_C";
    }
}

ProtocolStep from_object(const std::string& text, std::size_t index) {
    const std::string at = fmt::format("/{}", index);
    auto read = io::read_model_text<CyclerStep>(text, "protocol");
    for (Diagnostic& d : read.errors) d.pointer = at + d.pointer;
    if (!read.ok()) throw InputError(std::move(read.errors));
    const CyclerStep& c = read.value;
    ProtocolStep s;
    s.text = c.id.empty() ? text : c.id;
    std::vector<Problem> bad;
    drive(c, s, bad);
    if (c.max && s.mode == Mode::rest) bad.push_back({"max_s", "a rest has its time already"});
    if (c.max && s.mode != Mode::rest) s.max_s = base::to_s(*c.max);
    until(c, s, bad);
    limit(c, s, bad);
    if (s.max_s == 0.0 && s.until_V == 0.0 && s.until_A == 0.0 && s.until_soc < 0.0 && bad.empty())
        bad.push_back({"until", "nothing ends this step: add until or max_s"});
    if (s.limit_V > 0.0 && s.max_s == 0.0 && s.until_A == 0.0 && bad.empty())
        bad.push_back({"until", "nothing ends the held voltage: add truth.cycler.i_abs_A or max_s"});
    std::vector<Diagnostic> errors;
    for (const Problem& p : bad) {
        Diagnostic d;
        d.file = "protocol";
        d.pointer = at + "/" + p.key;
        d.message = p.message;
        errors.push_back(d);
    }
    if (!errors.empty()) throw InputError(std::move(errors));
    return s;
}

}  // namespace

std::vector<ProtocolStep> read_protocol(const std::vector<std::string>& steps) {
    std::vector<ProtocolStep> out;
    if (steps.empty()) {
        Diagnostic d;
        d.file = "protocol";
        d.message = "has no step";
        throw InputError({d});
    }
    for (std::size_t k = 0; k < steps.size(); ++k) {
        const std::size_t first = steps[k].find_first_not_of(" \t\r\n");
        if (first != std::string::npos && steps[k][first] == '{') {
            out.push_back(from_object(steps[k], k));
            continue;
        }
        out.push_back(scenario::parse_step(steps[k], k));
    }
    return out;
}

}  // namespace twin::study
