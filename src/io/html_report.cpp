// SPDX-License-Identifier: Apache-2.0
#include "io/html_report.hpp"

#include <fmt/format.h>

#include "io/check_text.hpp"
#include "io/html_parts.hpp"
#include "io/text.hpp"

namespace twin::io {

std::string html_badge(const std::string& text, std::string_view tone) {
    return fmt::format("<span class=\"badge {}\">{}</span>", tone, xml_escape(text));
}

std::string_view run_tone(const sim::RunResult& r) { return r.passed ? "good" : "bad"; }

std::string html_anchor(const std::string& id) {
    std::string out = "run-";
    for (const char c : id) {
        const bool plain =
            (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
        if (plain)
            out += c;
        else
            out += fmt::format(".{:02x}", static_cast<unsigned>(static_cast<unsigned char>(c)));
    }
    return out;
}

namespace {

std::string overview_row(const sim::RunResult& r) {
    const sim::CheckResult* least = tightest(r);
    const double sim_s = seconds_value(r.sim_time_ns);
    return fmt::format(
        "<tr><td>{}</td><td class=\"wide\"><a href=\"#{}\">{}</a><br><span class=\"quiet\">{}</span></td><td>{}</td>"
        "<td class=\"num\" data-l=\"tightest\">{}</td><td class=\"num\" data-l=\"simulated\">{}</td>"
        "<td class=\"num\" data-l=\"speed\">{}</td><td class=\"num\" data-l=\"warnings\">{}</td></tr>\n",
        html_badge(r.passed            ? "passed"
                   : exit_code(r) == 3 ? "error"
                                       : "failed",
                   r.passed ? "good" : "bad"),
        html_anchor(r.id), xml_escape(r.id), xml_escape(r.title), html_badge(r.verdict, "calm"),
        least ? fmt::format("{}<br><span class=\"quiet\">{}</span>", xml_escape(margin_text(*least)),
                            xml_escape(least->id))
              : "–",
        duration(r.sim_time_ns), r.wall_time_s > 0 ? number_short(sim_s / r.wall_time_s, 3) + " ×" : "–",
        r.warnings.size());
}

}  // namespace

std::string html_report(const std::vector<sim::RunResult>& results) {
    std::size_t passed = 0, errors = 0;
    std::string rows;
    for (const sim::RunResult& r : results) {
        passed += r.passed ? 1U : 0U;
        errors += exit_code(r) == 3 ? 1U : 0U;
        rows += overview_row(r);
    }
    const std::size_t failed = results.size() - passed - errors;
    std::string out = fmt::format(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta name=\"color-scheme\" "
        "content=\"light dark\">\n"
        "<title>bmstwin: {} of {} passed</title>\n<style>{}</style></head>\n<body>\n<header><h1>bmstwin</h1><p "
        "class=\"sum\">",
        passed, results.size(), html_css());
    out += html_badge(fmt::format("{} passed", passed), passed > 0 ? "good" : "calm");
    if (failed > 0) out += " " + html_badge(fmt::format("{} failed", failed), "bad");
    if (errors > 0) out += " " + html_badge(fmt::format("{} errors", errors), "bad");
    out +=
        "</p></header>\n<main>\n<div class=\"scroll\"><table "
        "class=\"stack\"><thead><tr><th>Result</th><th>Scenario</th><th>Verdict</th>"
        "<th class=\"num\">Tightest margin</th><th class=\"num\">Simulated</th><th class=\"num\">Speed</th><th "
        "class=\"num\">Warnings</th>"
        "</tr></thead><tbody>\n" +
        rows + "</tbody></table></div>\n";
    for (const sim::RunResult& r : results) out += html_run(r, results.size() == 1 || !r.passed);
    out +=
        "</main>\n<footer>Current is positive when it discharges the battery. A margin of zero or more "
        "holds.</footer>\n";
    out += fmt::format("<script>{}</script>\n</body></html>\n", html_script());
    return out;
}

}  // namespace twin::io
