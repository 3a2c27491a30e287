// SPDX-License-Identifier: Apache-2.0
#include "io/summary.hpp"

#include <fmt/format.h>
#include <sys/utsname.h>

#include <nlohmann/json.hpp>
#include <optional>

#include "io/text.hpp"

namespace twin::io {
namespace {

using Json = nlohmann::ordered_json;

Json value_or_null(const std::optional<double>& x) { return x ? Json(*x) : Json(nullptr); }
Json time_or_null(Time_ns t) { return t < 0 ? Json(nullptr) : Json(seconds_value(t)); }

const char* status_name(sim::RunStatus s) {
    switch (s) {
        case sim::RunStatus::ok:
            return "ok";
        case sim::RunStatus::numeric:
            return "numeric";
        case sim::RunStatus::core_fault:
            return "core_fault";
        case sim::RunStatus::internal:
            return "internal";
        case sim::RunStatus::cancelled:
            return "cancelled";
    }
    return "internal";
}

Json check_json(const sim::CheckResult& c) {
    Json j;
    j["id"] = c.id;
    j["passed"] = c.passed;
    j["skipped"] = c.skipped;
    j["vacuous"] = c.vacuous;
    j["margin"] = value_or_null(c.margin);
    j["unit"] = c.unit;
    j["value"] = c.value ? Json(*c.value) : c.value_text.empty() ? Json(nullptr) : Json(c.value_text);
    j["t_s"] = time_or_null(c.t_ns);
    j["form"] = c.form;
    j["text"] = c.text;
    j["waived"] = c.waived;
    j["implicit"] = c.implicit;
    j["reason"] = c.reason;
    return j;
}

Json verdict_details_json(const sim::RunResult& r) {
    Json all = Json::object();
    for (const sim::PackVerdict& v : r.verdicts) {
        Json& j = all[v.pack];
        j["reason"] = v.reason;
        j["contract"] = v.contract.empty() ? Json(nullptr) : Json(v.contract);
        j["physics"] = v.physics.empty() ? Json(nullptr) : Json(v.physics);
        j["t_due_s"] = time_or_null(v.t_due_ns);
        j["t_acted_s"] = time_or_null(v.t_acted_ns);
    }
    return all;
}

Json protocol_json(const sim::RunResult& r) {
    Json all = Json::array();
    for (const sim::ProtocolRecord& p : r.protocol) {
        all.push_back({{"step", p.step},
                       {"round", p.round},
                       {"text", p.text},
                       {"reason", p.reason},
                       {"channel", p.channel.empty() ? Json(nullptr) : Json(p.channel)},
                       {"t_start_s", seconds_value(p.t_start_ns)},
                       {"t_end_s", seconds_value(p.t_end_ns)},
                       {"v_before_V", p.v_before_V},
                       {"i_before_A", p.i_before_A},
                       {"v_end_V", p.v_end_V},
                       {"i_end_A", p.i_end_A},
                       {"charge_Ah", p.charge_Ah},
                       {"energy_Wh", p.energy_Wh}});
    }
    return all;
}

Json ledger_json(const sim::Ledger& l) {
    Json j;
    j["energy_residual_rel"] = l.energy_residual_rel;
    j["charge_residual_rel"] = l.charge_residual_rel;
    j["defect_rel"] = l.defect_rel;
    Json& lines = j["lines"] = Json::object();
    for (const sim::LedgerLine& line : l.lines) lines[line.name] = {{"value", line.value}, {"unit", line.unit}};
    return j;
}

Json damage_json(const sim::RunResult& r) {
    Json all = Json::array();
    for (const sim::Damage& d : r.damage) {
        all.push_back({{"part", d.part},
                       {"cause", d.cause},
                       {"t_s", seconds_value(d.t_ns)},
                       {"limit", d.limit},
                       {"margin", d.margin},
                       {"value", d.value},
                       {"unit", d.unit},
                       {"pack", d.pack},
                       {"consequence", d.consequence}});
    }
    return all;
}

Json applied_json(const sim::RunResult& r) {
    Json all = Json::object();
    for (const sim::AppliedSetting& a : r.applied) {
        all[a.pack][a.name] = {{"requested", value_or_null(a.requested)},
                               {"applied", value_or_null(a.applied)},
                               {"unit", a.unit},
                               {"note", a.note}};
    }
    return all;
}

Json warnings_json(const sim::RunResult& r) {
    Json all = Json::array();
    for (const sim::Warning& w : r.warnings) {
        Json range = nullptr;
        if (w.valid_min || w.valid_max) range = Json::array({value_or_null(w.valid_min), value_or_null(w.valid_max)});
        all.push_back({{"code", w.code},
                       {"model", w.model},
                       {"quantity", w.quantity},
                       {"value", value_or_null(w.value)},
                       {"valid_range", range},
                       {"t_s", time_or_null(w.t_ns)},
                       {"text", w.text}});
    }
    return all;
}

// The effective scenario was written by this library; should it not parse, it is kept as text rather than dropped.
Json scenario_json(const sim::RunResult& r) {
    if (r.effective_json.empty()) return nullptr;
    Json j = Json::parse(r.effective_json, nullptr, false);
    return j.is_discarded() ? Json(r.effective_json) : j;
}

Json host_json(const sim::RunResult& r) {
    const double sim_s = seconds_value(r.sim_time_ns);
    Json j;
    j["wall_time_s"] = r.wall_time_s;
    j["realtime_factor"] = r.wall_time_s > 0 ? Json(sim_s / r.wall_time_s) : Json(nullptr);
    j["machine"] = machine();
    j["file"] = r.source_file;
    return j;
}

}  // namespace

std::string summary_json(const sim::RunResult& r, bool host) {
    Json j;
    j["id"] = r.id;
    j["title"] = r.title;
    j["why"] = r.why;
    j["tags"] = r.tags;
    j["requirements"] = r.requirements;
    j["verdict"] = r.verdict;
    Json& verdicts = j["verdicts"] = Json::object();
    for (const sim::PackVerdict& v : r.verdicts) verdicts[v.pack] = v.verdict;
    j["passed"] = r.passed;
    j["fail_reason"] = r.fail_reason;
    j["expect_fail"] = r.expect_fail.empty() ? Json(nullptr) : Json(r.expect_fail);
    j["status"] = status_name(r.status);
    j["error"] = r.error;
    Json& checks = j["expect"] = Json::array();
    for (const sim::CheckResult& c : r.checks) checks.push_back(check_json(c));
    j["verdict_details"] = verdict_details_json(r);
    Json& metrics = j["metrics"] = Json::object();
    for (const sim::Metric& m : r.metrics) metrics[m.name] = m.value;
    if (!r.protocol.empty()) j["protocol"] = protocol_json(r);
    j["ledger"] = ledger_json(r.ledger);
    j["hash"] = hex16(r.hash);
    Json& core_hash = j["core_hash"] = Json::object();
    for (const NamedText& h : r.core_hash) core_hash[h.name] = h.value;
    j["sim_time_s"] = seconds_value(r.sim_time_ns);
    j["steps"] = r.steps;
    j["seed"] = r.seed;
    j["damage"] = damage_json(r);
    j["applied"] = applied_json(r);
    j["warnings"] = warnings_json(r);
    j["events"] = {{"count", r.events.size()}, {"dropped", r.events_dropped}};
    Json& versions = j["versions"] = Json::object();
    for (const NamedText& v : r.versions) versions[v.name] = v.value;
    j["scenario"] = scenario_json(r);
    if (host) j["host"] = host_json(r);
    return j.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string events_jsonl(const sim::RunResult& r) {
    std::string out;
    for (const sim::EventRecord& e : r.events) {
        const Json j = {{"t_s", seconds_value(e.t_ns)},
                        {"kind", e.kind},
                        {"pack", e.pack},
                        {"source", e.source},
                        {"text", e.text},
                        {"value", value_or_null(e.value)},
                        {"unit", e.unit}};
        out += j.dump(-1, ' ', false, Json::error_handler_t::replace);
        out += '\n';
    }
    return out;
}

std::string machine() {
    std::string cpu = "unknown";
    utsname u{};
    if (uname(&u) == 0) cpu = fmt::format("{} {}", u.machine, u.sysname);
#if defined(__clang__)
    return fmt::format("{}, clang {}.{}.{}", cpu, __clang_major__, __clang_minor__, __clang_patchlevel__);
#else
    return fmt::format("{}, g++ {}.{}.{}", cpu, __GNUC__, __GNUC_MINOR__, __GNUC_PATCHLEVEL__);
#endif
}

}  // namespace twin::io
