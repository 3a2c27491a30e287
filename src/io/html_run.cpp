// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <cmath>

#include "io/check_text.hpp"
#include "io/html_parts.hpp"
#include "io/text.hpp"

namespace twin::io {
namespace {

// `label` names the cell where the table is folded on a narrow screen.
std::string cell(const std::string& text, std::string_view css = "", std::string_view label = "") {
    const std::string name = label.empty() ? "" : fmt::format(" data-l=\"{}\"", label);
    if (css.empty()) return fmt::format("<td{}>{}</td>", name, text);
    return fmt::format("<td class=\"{}\"{}>{}</td>", css, name, text);
}

std::string table(const std::string& head, const std::string& rows, std::string_view css = "stack") {
    return fmt::format(
        "<div class=\"scroll\"><table class=\"{}\"><thead><tr>{}</tr></thead><tbody>\n{}</tbody></table></div>\n", css,
        head, rows);
}

std::string optional_quantity(const std::optional<double>& x, const std::string& unit) {
    return x ? xml_escape(quantity(*x, unit)) : std::string("–");
}

std::string margin_bar(const sim::CheckResult& c) {
    if (!c.margin) return "";
    const double share = relative_margin(c);
    return fmt::format("<span class=\"bar {}\"><i style=\"width:{:.0f}%\"></i></span>",
                       share < 0     ? "neg"
                       : share < 0.1 ? "thin"
                                     : "pos",
                       std::fmax(2.0, std::fabs(share) * 100));
}

std::string checks_table(const sim::RunResult& r) {
    std::string rows;
    for (const sim::CheckResult& c : r.checks) {
        const std::string state = check_state(c);
        const std::string_view tone = c.skipped || c.waived ? "calm" : c.passed ? "good" : "bad";
        std::string what = fmt::format("<b>{}</b>", xml_escape(c.id));
        if (!c.text.empty()) what += fmt::format("<br><code>{}</code>", xml_escape(c.text));
        if (!c.reason.empty()) what += fmt::format("<br><span class=\"quiet\">{}</span>", xml_escape(c.reason));
        std::string value = xml_escape(value_text(c));
        if (c.t_ns >= 0) value += fmt::format("<br><span class=\"quiet\">at {} s</span>", seconds(c.t_ns));
        rows += fmt::format("<tr{}>", c.implicit ? " class=\"implicit\"" : "") + cell(html_badge(state, tone)) +
                cell(what, "wide") + cell(xml_escape(margin_text(c)) + margin_bar(c), "num", c.margin ? "margin" : "") +
                cell(value, "num", value.empty() ? "" : "value") + "</tr>\n";
    }
    return table("<th>State</th><th>Check</th><th class=\"num\">Margin</th><th class=\"num\">Value</th>", rows);
}

std::string verdict_block(const sim::RunResult& r) {
    std::string out;
    if (!r.error.empty()) out += fmt::format("<p class=\"alarm\">{}</p>\n", xml_escape(r.error));
    if (!r.fail_reason.empty()) out += fmt::format("<p class=\"alarm\">{}</p>\n", xml_escape(r.fail_reason));
    if (!r.expect_fail.empty())
        out += fmt::format("<p class=\"note\">Expected to fail: {}</p>\n", xml_escape(r.expect_fail));
    std::string rows;
    for (const sim::PackVerdict& v : r.verdicts) {
        std::string oracles;
        if (!v.contract.empty() || !v.physics.empty())
            oracles = fmt::format("contract: {}<br>physics: {}", xml_escape(v.contract), xml_escape(v.physics));
        rows += "<tr>" + cell(fmt::format("<b>{}</b>", xml_escape(v.pack))) + cell(html_badge(v.verdict, "calm")) +
                cell(xml_escape(v.reason), "wide") +
                cell(v.t_due_ns < 0 ? "–" : seconds(v.t_due_ns) + " s", "num", "due") +
                cell(v.t_acted_ns < 0 ? "–" : seconds(v.t_acted_ns) + " s", "num", "acted") + cell(oracles) + "</tr>\n";
    }
    if (!rows.empty())
        out += table(
            "<th>Pack</th><th>Verdict</th><th>Because</th><th class=\"num\">Due</th><th class=\"num\">Acted</th>"
            "<th>Miswiring oracles</th>",
            rows);
    return out;
}

constexpr std::size_t k_most_steps = 200;  // of a protocol; the rest is in summary.json

std::string protocol_table(const sim::RunResult& r) {
    if (r.protocol.empty()) return "";
    std::string rows;
    for (std::size_t k = 0; k < r.protocol.size() && k < k_most_steps; ++k) {
        const sim::ProtocolRecord& p = r.protocol[k];
        const std::string reason = p.channel.empty() ? p.reason : p.reason + " " + p.channel;
        rows += "<tr>" + cell(fmt::format("<b>{}</b>", xml_escape(p.step))) +
                cell(fmt::format("{}", p.round), "num", "round") + cell(xml_escape(p.text), "wide") +
                cell(xml_escape(reason)) + cell(duration(p.t_end_ns - p.t_start_ns), "num", "took") +
                cell(xml_escape(quantity(p.v_end_V, "V")), "num", "voltage") +
                cell(xml_escape(quantity(p.i_end_A, "A")), "num", "current") +
                cell(xml_escape(quantity(p.charge_Ah, "Ah")), "num", "charge") +
                cell(xml_escape(quantity(p.energy_Wh, "Wh")), "num", "energy") + "</tr>\n";
    }
    std::string out = "<h3>Protocol</h3>\n" +
                      table(
                          "<th>Step</th><th class=\"num\">Round</th><th>Drives</th><th>Ended by</th><th "
                          "class=\"num\">Took</th><th class=\"num\">Voltage</th><th class=\"num\">Current</th><th "
                          "class=\"num\">Charge</th><th class=\"num\">Energy</th>",
                          rows);
    if (r.protocol.size() > k_most_steps)
        out += fmt::format("<p class=\"quiet\">{} more in summary.json.</p>\n", r.protocol.size() - k_most_steps);
    return out;
}

std::string damage_table(const sim::RunResult& r) {
    if (r.damage.empty()) return "";
    std::string rows;
    for (const sim::Damage& d : r.damage) {
        rows += "<tr>" + cell(seconds(d.t_ns) + " s", "num") +
                cell(fmt::format("<b>{}</b>{}", xml_escape(d.part),
                                 r.verdicts.size() > 1 ? fmt::format(" <code>{}</code>", xml_escape(d.pack)) : "")) +
                cell(xml_escape(d.cause)) + cell(xml_escape(quantity(d.value, d.unit)), "num", "reached") +
                cell(xml_escape(quantity(d.limit, d.unit)), "num", "limit") +
                cell(xml_escape(quantity(d.margin, d.unit)), "num", "margin") + cell(xml_escape(d.consequence)) +
                "</tr>\n";
    }
    return "<h3>Damage</h3>\n" + table(
                                     "<th class=\"num\">Time</th><th>Part</th><th>Cause</th><th "
                                     "class=\"num\">Reached</th><th class=\"num\">Limit</th>"
                                     "<th class=\"num\">Margin</th><th>From then on</th>",
                                     rows);
}

std::string warnings_list(const sim::RunResult& r) {
    if (r.warnings.empty()) return "";
    std::string rows;
    for (const sim::Warning& w : r.warnings) {
        std::string range;
        if (w.valid_min || w.valid_max)
            range = fmt::format("{} .. {}", w.valid_min ? number_short(*w.valid_min) : "",
                                w.valid_max ? number_short(*w.valid_max) : "");
        rows +=
            "<tr>" + cell(html_badge(w.code, "warn")) + cell(xml_escape(w.text), "wide") +
            cell(xml_escape(w.model) + (w.quantity.empty() ? "" : "<br><code>" + xml_escape(w.quantity) + "</code>")) +
            cell(w.value ? number_short(*w.value) : "–", "num", "value") +
            cell(range, "num", range.empty() ? "" : "valid") +
            cell(w.t_ns < 0 ? "–" : seconds(w.t_ns) + " s", "num", "first") + "</tr>\n";
    }
    return "<h3>Warnings</h3>\n" + table(
                                       "<th>Code</th><th>What</th><th>Model</th><th class=\"num\">Value</th>"
                                       "<th class=\"num\">Valid</th><th class=\"num\">First</th>",
                                       rows);
}

std::string applied_table(const sim::RunResult& r) {
    if (r.applied.empty()) return "";
    std::string rows;
    std::size_t differ = 0;
    for (const sim::AppliedSetting& a : r.applied) {
        const bool same =
            a.requested.has_value() == a.applied.has_value() && (!a.requested || *a.requested == *a.applied);
        if (a.requested && !same) ++differ;
        std::string name = fmt::format("<code>{}</code>", xml_escape(a.name));
        if (r.verdicts.size() > 1) name = fmt::format("<code>{}</code> ", xml_escape(a.pack)) + name;
        rows += fmt::format("<tr{}>", a.requested && !same ? " class=\"differs\"" : "") + cell(name) +
                cell(optional_quantity(a.requested, a.unit), "num", "requested") +
                cell(a.applied ? xml_escape(quantity(*a.applied, a.unit)) : std::string("refused"), "num", "applied") +
                cell(xml_escape(a.note)) + "</tr>\n";
    }
    return fmt::format("<details><summary>Settings, requested and applied ({}{})</summary>\n", r.applied.size(),
                       differ > 0 ? fmt::format(", {} differ", differ) : "") +
           table("<th>Setting</th><th class=\"num\">Requested</th><th class=\"num\">Applied</th><th>Note</th>", rows) +
           "</details>\n";
}

std::string metrics_table(const sim::RunResult& r) {
    if (r.metrics.empty()) return "";
    std::string rows;
    for (const sim::Metric& m : r.metrics)
        rows += "<tr>" + cell(fmt::format("<code>{}</code>", xml_escape(m.name))) +
                cell(xml_escape(quantity(m.value, m.unit)), "num") + "</tr>\n";
    return fmt::format("<details><summary>Metrics ({})</summary>\n", r.metrics.size()) +
           table("<th>Metric</th><th class=\"num\">Value</th>", rows) + "</details>\n";
}

std::string ledger_table(const sim::RunResult& r) {
    std::string rows;
    for (const sim::LedgerLine& l : r.ledger.lines)
        rows += "<tr>" + cell(fmt::format("<code>{}</code>", xml_escape(l.name))) +
                cell(xml_escape(quantity(l.value, l.unit)), "num") +
                cell(number(l.value) + " " + xml_escape(l.unit), "num quiet") + "</tr>\n";
    return fmt::format(
               "<details><summary>Ledger: energy residual {}, charge residual {}</summary>\n"
               "<p class=\"quiet\">Every line is accounted on its own; the residual is what the sum leaves over, "
               "relative "
               "to the energy or charge moved. Share of the integrator's own defect: {}.</p>\n",
               number_short(r.ledger.energy_residual_rel, 3), number_short(r.ledger.charge_residual_rel, 3),
               number_short(r.ledger.defect_rel, 3)) +
           table("<th>Line</th><th class=\"num\">Amount</th><th class=\"num\">Exact</th>", rows) + "</details>\n";
}

std::string provenance(const sim::RunResult& r) {
    std::string rows;
    const auto row = [&rows](const std::string& name, const std::string& value) {
        rows += "<tr>" + cell(xml_escape(name)) + cell(fmt::format("<code>{}</code>", xml_escape(value))) + "</tr>\n";
    };
    row("run hash", hex16(r.hash));
    for (const NamedText& h : r.core_hash) row("core hash " + h.name, h.value);
    row("seed", fmt::format("{}", r.seed));
    row("simulated", seconds(r.sim_time_ns) + " s in " + fmt::format("{} steps", r.steps));
    row("wall time", quantity(r.wall_time_s, "s"));
    for (const NamedText& v : r.versions) row(v.name, v.value);
    for (const std::string& q : r.requirements) row("requirement", q);
    row("file", r.source_file);
    std::string out =
        "<details><summary>Provenance</summary>\n" + table("<th>What</th><th>Value</th>", rows) + "</details>\n";
    if (!r.effective_json.empty())
        out += fmt::format("<details><summary>Effective scenario</summary>\n<pre>{}</pre></details>\n",
                           xml_escape(r.effective_json));
    return out;
}

}  // namespace

std::string html_run(const sim::RunResult& r, bool open) {
    std::vector<PlotMark> marks;
    const std::string story = html_story(r, marks);
    std::string out = fmt::format(
        "<details class=\"run\" id=\"{}\"{}>\n<summary><h2>{}</h2> {} {}<span class=\"title\">{}</span></summary>\n",
        html_anchor(r.id), open ? " open" : "", xml_escape(r.id), html_badge(r.verdict, run_tone(r)),
        html_badge(r.passed            ? "passed"
                   : exit_code(r) == 3 ? "error"
                                       : "failed",
                   r.passed ? "good" : "bad"),
        xml_escape(r.title));
    if (!r.why.empty()) out += fmt::format("<p class=\"why\">{}</p>\n", xml_escape(r.why));
    out += verdict_block(r) + damage_table(r) + protocol_table(r);
    out += "<h3>Checks</h3>\n" + checks_table(r);
    out += "<h3>What happened</h3>\n" + story;
    for (const sim::Trace& t : r.traces) {
        const std::string plots = trace_plots(t, marks, r.checks);
        if (plots.empty()) continue;
        if (t.id == "main")
            out += "<h3>The whole run</h3>\n";
        else
            out += fmt::format("<h3>{}: {}</h3>\n", xml_escape(t.id), xml_escape(t.trigger));
        out += plots;
    }
    out += warnings_list(r) + applied_table(r) + metrics_table(r) + ledger_table(r) + provenance(r);
    return out + "</details>\n";
}

}  // namespace twin::io
