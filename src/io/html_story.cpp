// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <array>
#include <map>

#include "io/html_parts.hpp"
#include "io/text.hpp"

namespace twin::io {
namespace {

constexpr std::size_t k_most_lines = 240;  // the rest is in events.jsonl
constexpr std::size_t k_most_same = 24;    // of one kind and source, so that chatter cannot push out the story
constexpr int k_most_marks = 40;

// Kinds that people look for in a plot; everything else is told but not marked.
bool is_marked(const std::string& kind) {
    for (std::string_view k : {"scenario", "gate", "damage", "supply", "alert", "latch"})
        if (kind == k) return true;
    return false;
}

std::string_view tone_of(const std::string& kind) {
    if (kind == "damage") return "bad";
    if (kind == "scenario" || kind == "load") return "act";
    if (kind == "gate" || kind == "latch" || kind == "alert" || kind == "supply") return "warn";
    return "calm";
}

std::string line(const sim::EventRecord& e, bool many_packs, Time_ns since, int number) {
    std::string out = fmt::format("<li class=\"{}\"><span class=\"when\">{} s", tone_of(e.kind), seconds(e.t_ns));
    if (since >= 0 && e.t_ns > since) out += fmt::format("<small>+{}</small>", duration(e.t_ns - since));
    out += "</span><span class=\"what\">";
    if (number > 0) out += fmt::format("<b class=\"num\">{}</b>", number);
    out += fmt::format("<em>{}</em> ", xml_escape(e.kind));
    if (many_packs && !e.pack.empty()) out += fmt::format("<code>{}</code> ", xml_escape(e.pack));
    out += xml_escape(e.text);
    if (e.value) out += fmt::format(" <span class=\"val\">{}</span>", xml_escape(quantity(*e.value, e.unit)));
    if (!e.source.empty()) out += fmt::format(" <code class=\"src\">{}</code>", xml_escape(e.source));
    return out + "</span></li>\n";
}

}  // namespace

std::string html_story(const sim::RunResult& r, std::vector<PlotMark>& marks) {
    if (r.events.empty()) return "<p class=\"quiet\">Nothing happened that the event log records.</p>\n";
    std::string out = "<ol class=\"story\">\n";
    std::map<std::string, std::size_t> told;
    std::size_t lines = 0, left_out = 0;
    Time_ns since = -1;
    int number = 0;
    for (const sim::EventRecord& e : r.events) {
        std::size_t& same = told[e.kind + '\n' + e.pack + '\n' + e.source];
        if (lines >= k_most_lines || same >= k_most_same) {
            ++left_out;
            continue;
        }
        ++same;
        ++lines;
        const bool marked = is_marked(e.kind) && number < k_most_marks;
        if (marked) marks.push_back({e.t_ns, ++number});
        out += line(e, r.verdicts.size() > 1, since, marked ? number : 0);
        if (e.kind == "scenario") since = e.t_ns;  // times that follow are told from the last stimulus
    }
    out += "</ol>\n";
    if (left_out > 0) out += fmt::format("<p class=\"quiet\">{} more in events.jsonl.</p>\n", left_out);
    if (r.events_dropped > 0)
        out += fmt::format("<p class=\"quiet\">{} records did not fit into the log.</p>\n", r.events_dropped);
    return out;
}

}  // namespace twin::io
