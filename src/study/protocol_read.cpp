// SPDX-License-Identifier: Apache-2.0
// Steps of a cell alone: words, objects of the scenario language as JSON text, or a file of both. The runner knows less
// than a cycler in a scenario; what it doesn't know is an error that says so.
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

constexpr std::string_view k_moved = "truth.cycler.charge_Ah";

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
        if (u.key == k_moved) {
            to = &s.until_Ah;
            if (s.mode != Mode::current && s.mode != Mode::power)
                bad.push_back({"until/" + u.key, "a charge ends a step of constant current or power only"});
        }
        if (to == nullptr) {
            bad.push_back(
                {"until/" + u.key,
                 "a step of a cell alone ends by truth.cycler.v_V, truth.cycler.i_abs_A, "
                 "truth.cycler.charge_Ah or truth.pack.soc_pct; other channels need a scenario with board none"});
            continue;
        }
        *to = to == &s.until_soc ? u.value / 100.0 : u.value;
        bool good = to == &s.until_soc ? u.value >= 0.0 && u.value <= 100.0 : u.value > 0.0;
        if (to == &s.until_Ah) good = s.value > 0.0 ? u.value > 0.0 : u.value < 0.0;
        if (!good) bad.push_back({"until/" + u.key, fmt::format("{:g} can never end the step", u.value)});
    }
}

void limit(const CyclerStep& c, ProtocolStep& s, std::vector<Problem>& bad) {
    for (const auto& l : c.limit) {
        const bool v = l.key == "v_V" && (s.mode == Mode::current || s.mode == Mode::power);
        const bool i = (l.key == "i_A" || l.key == "i_C") && s.mode == Mode::voltage;
        const bool stop = among(l.key, k_voltages) && (s.mode == Mode::current || s.mode == Mode::power);
        if (!(v || i || stop)) {
            bad.push_back({"limit/" + l.key,
                           "a cell alone knows v_V and truth.cycler.v_V (of a current or power) and i_A, i_C (of a "
                           "hold); other limits need a scenario with board none"});
            continue;
        }
        if (!(l.value > 0.0)) bad.push_back({"limit/" + l.key, fmt::format("{:g} must be above 0", l.value)});
        if (stop) s.stop_V = l.value;
        if (v) s.limit_V = l.value;
        if (i) s.limit_A = l.value;
        if (i) s.limit_c = l.key == "i_C";
    }
}

/// Line of "key" or "key/inner" in the step's object; 0: not from a file.
int line_of(const io::Json* step, const std::string& key) {
    if (step == nullptr) return 0;
    const std::size_t cut = key.find('/');
    const io::Json* found = step->find(key.substr(0, cut));
    if (found != nullptr && cut != std::string::npos) {
        if (const io::Json* inner = found->find(key.substr(cut + 1))) found = inner;
    }
    return static_cast<int>(found != nullptr ? found->line : step->line);
}

/// A step of the language as the runner's. `text` names one without an id; `node`: where it came from, or null.
ProtocolStep converted(const CyclerStep& c, const std::string& text, const std::string& file, const std::string& at,
                       const io::Json* node) {
    ProtocolStep s;
    s.text = c.id.empty() ? text : c.id;
    std::vector<Problem> bad;
    drive(c, s, bad);
    if (c.max && s.mode == Mode::rest) bad.push_back({"max_s", "a rest has its time already"});
    if (c.max && s.mode != Mode::rest) s.max_s = base::to_s(*c.max);
    until(c, s, bad);
    limit(c, s, bad);
    if (s.max_s == 0.0 && s.until_V == 0.0 && s.until_A == 0.0 && s.until_soc < 0.0 && s.until_Ah == 0.0 && bad.empty())
        bad.push_back({"until", "nothing ends this step: add until or max_s"});
    if (s.limit_V > 0.0 && s.max_s == 0.0 && s.until_A == 0.0 && bad.empty())
        bad.push_back({"until", "nothing ends the held voltage: add truth.cycler.i_abs_A or max_s"});
    std::vector<Diagnostic> errors;
    for (const Problem& p : bad)
        errors.push_back({Diagnostic::Severity::error, file, at + "/" + p.key, p.message, line_of(node, p.key), 0});
    if (!errors.empty()) throw InputError(std::move(errors));
    return s;
}

ProtocolStep from_object(const std::string& text, std::size_t index) {
    const std::string at = fmt::format("/{}", index);
    auto read = io::read_model_text<CyclerStep>(text, "protocol");
    for (Diagnostic& d : read.errors) d.pointer = at + d.pointer;
    if (!read.ok()) throw InputError(std::move(read.errors));
    return converted(read.value, text, "protocol", at, nullptr);
}

/// An object on one line.
std::string one_line(const io::Json& j) {
    std::string out;
    for (const char c : io::print_json(j)) {
        if (c == '\n' || (c == ' ' && (out.empty() || out.back() == ' ' || out.back() == '{'))) continue;
        out += c;
    }
    return out;
}

[[noreturn]] void refuse(const std::string& file, const std::string& at, const io::Json* node, std::string message) {
    throw InputError({Diagnostic{Diagnostic::Severity::error, file, at, std::move(message),
                                 node != nullptr ? static_cast<int>(node->line) : 0, 0}});
}

/// The protocol inside a document, and where: the document itself, or its key "protocol".
const io::Json* protocol_in(const io::Json& root, const std::string& file, std::string* at) {
    const char* const forms =
        "a protocol file is a list of steps, {\"steps\": [..], \"repeat\": n}, {\"protocol\": ..} or a scenario with a "
        "protocol";
    if (root.is_array() || (root.is_object() && root.find("steps") != nullptr)) return &root;
    const io::Json* const inner = root.is_object() ? root.find("protocol") : nullptr;
    if (inner == nullptr) refuse(file, "", &root, fmt::format("has no protocol: {}", forms));
    *at = "/protocol";
    for (const io::JsonMember& m : root.members) {
        if (root.find("bmstwin") == nullptr && m.key != "protocol" && m.key != "$schema")
            refuse(file, io::pointer_join("", m.key), &m.value, fmt::format("unknown key \"{}\": {}", m.key, forms));
    }
    if (!inner->is_array() && !inner->is_object())
        refuse(file, *at, inner, fmt::format("{} is no protocol: {}", io::brief(*inner), forms));
    return inner;
}

/// In a scenario of a pack, voltages, currents and powers are the pack's: they mean nothing to a cell.
void refuse_values_of_a_pack(const io::Json& root, const std::vector<CyclerStep>& steps,
                             const std::vector<std::string>& places, const std::string& file) {
    const io::Json* const pack = root.find("pack");
    const io::Json* const cells = pack != nullptr ? pack->find("cells") : nullptr;
    const bool one = cells != nullptr && cells->is_string() && cells->text == "1S1P";
    if (root.find("bmstwin") == nullptr || one || (pack == nullptr && root.find("packs") == nullptr)) return;
    const auto scales = [](const CyclerStep& c) {
        const bool rate = std::holds_alternative<scenario::ChargeRate>(c.drive) ||
                          std::holds_alternative<scenario::DischargeRate>(c.drive) ||
                          std::holds_alternative<scenario::RestTime>(c.drive);
        bool good = rate;
        for (const auto& u : c.until)
            good = good && (u.key.starts_with("truth.cell") || among(u.key, k_charges) ||
                            (u.key == scenario::k_cycler_i_abs && c.until_c));
        for (const auto& l : c.limit) good = good && l.key == "i_C";
        return good;
    };
    const std::string what = cells != nullptr && cells->is_string() ? cells->text : "several packs";
    for (std::size_t k = 0; k < steps.size(); ++k) {
        if (!scales(steps[k]))
            refuse(file, places[k], nullptr,
                   fmt::format("volts, amperes and watts of this step are those of the scenario's pack ({}); a cell "
                               "alone needs a protocol of its own, or one in C-rates and truth.cell channels",
                               what));
    }
}

}  // namespace

std::vector<ProtocolStep> read_protocol(const std::vector<std::string>& steps) {
    std::vector<ProtocolStep> out;
    if (steps.empty()) refuse("protocol", "", nullptr, "has no step");
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

ProtocolFile read_protocol_file(const std::string& path) {
    io::Json root;
    Diagnostic bad;
    if (!io::read_json(path, {}, &root, &bad)) throw InputError({bad});
    ProtocolFile out;
    out.file = path;
    const io::Json& node = *protocol_in(root, path, &out.at);
    io::Findings findings(path);
    scenario::Protocol p;
    const io::Json* list = &node;
    if (node.is_array()) {
        for (std::size_t k = 0; k < node.items.size(); ++k)
            io::JsonReader::read(node.items[k], io::pointer_join(out.at, io::detail::element_token(node.items[k], k)),
                                 findings, p.steps.emplace_back());
        if (p.steps.empty()) findings.error(out.at, &node, "has no step");
    } else {
        io::JsonReader::read(node, out.at, findings, p);
        list = node.find("steps");
        out.at += "/steps";
    }
    if (findings.any_error()) throw InputError(findings.take());
    out.repeats = !node.is_array() && node.find("repeat") != nullptr;
    out.repeat = static_cast<int>(p.repeat);
    std::vector<Diagnostic> errors;
    for (std::size_t k = 0; k < p.steps.size(); ++k) {
        const io::Json& item = list->items[k];
        out.places.push_back(io::pointer_join(out.at, io::detail::element_token(item, k)));
        CyclerStep& c = p.steps[k];
        try {
            out.steps.push_back(c.text.empty() ? converted(c, one_line(item), path, out.places[k], &item)
                                               : scenario::parse_step(c.text, k));
            if (!c.text.empty()) (void)scenario::from_words(out.steps.back(), c);
        } catch (const InputError& e) {
            for (Diagnostic d : e.diagnostics()) {
                if (!c.text.empty()) d = {d.severity, path, out.places[k], d.message, static_cast<int>(item.line), 0};
                errors.push_back(std::move(d));
            }
        }
    }
    if (!errors.empty()) throw InputError(std::move(errors));
    refuse_values_of_a_pack(root, p.steps, out.places, path);
    return out;
}

}  // namespace twin::study
