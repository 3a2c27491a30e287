// SPDX-License-Identifier: Apache-2.0
#include "io/verdict_table.hpp"

#include <fmt/format.h>

#include <array>

#include "io/check_text.hpp"
#include "io/text.hpp"

namespace twin::io {
namespace {

constexpr std::size_t k_fields = 6;
using Row = std::array<std::string, k_fields>;

// Characters on the terminal: bytes that are not UTF-8 continuations.
std::size_t columns_of(const std::string& s) {
    std::size_t n = 0;
    for (const char c : s) n += (static_cast<unsigned char>(c) & 0xC0) != 0x80 ? 1U : 0U;
    return n;
}

std::string padded(const std::string& s, std::size_t width, bool right) {
    const std::size_t n = columns_of(s);
    const std::string space(n < width ? width - n : 0, ' ');
    return right ? space + s : s + space;
}

std::string shortened(const std::string& s, std::size_t width) {
    if (columns_of(s) <= width || width < 4) return s;
    std::size_t bytes = 0, n = 0;
    for (; bytes < s.size(); ++bytes) {
        if ((static_cast<unsigned char>(s[bytes]) & 0xC0) != 0x80 && ++n == width) break;
    }
    return s.substr(0, bytes) + "…";
}

Row row_of(const sim::RunResult& r) {
    const int code = exit_code(r);
    const sim::CheckResult* least = tightest(r);
    Row row;
    row[0] = code == 3 ? "ERROR" : code == 1 ? "FAIL" : "pass";
    row[1] = r.id;
    row[2] = r.verdict;
    row[3] = least ? fmt::format("{} ({})", margin_text(*least), least->id) : "";
    row[4] = duration(r.sim_time_ns);
    row[5] = r.wall_time_s > 0 ? number_short(seconds_value(r.sim_time_ns) / r.wall_time_s, 3) + "x" : "";
    return row;
}

std::string painted(const std::string& s, int code, bool colour) {
    if (!colour) return s;
    return fmt::format("\x1b[{}m{}\x1b[0m", code == 0 ? "32" : "31;1", s);
}

std::string failures(const sim::RunResult& r, bool colour) {
    std::string out = fmt::format("\n{} {}: {}\n", painted(exit_code(r) == 3 ? "ERROR" : "FAIL", 1, colour), r.id,
                                  r.error.empty() ? r.fail_reason : r.error);
    for (const sim::PackVerdict& v : r.verdicts)
        out += fmt::format("  {}: {}{}\n", v.pack, v.verdict, v.reason.empty() ? "" : " - " + v.reason);
    for (const sim::CheckResult& c : r.checks) {
        if (c.passed || c.skipped || c.waived) continue;
        out += "  " + check_line(c) + "\n";
        if (!c.text.empty()) out += "          " + c.text + "\n";
    }
    for (const sim::Damage& d : r.damage)
        out += fmt::format("  damage: {} {} by {} at {} s: reached {}, limit {}\n", d.pack, d.part, d.cause,
                           seconds(d.t_ns), quantity(d.value, d.unit), quantity(d.limit, d.unit));
    return out;
}

}  // namespace

std::string verdict_table(const std::vector<sim::RunResult>& results, bool colour, int width) {
    std::vector<Row> rows;
    rows.push_back({"RESULT", "SCENARIO", "VERDICT", "TIGHTEST MARGIN", "SIMULATED", "SPEED"});
    std::array<std::size_t, k_fields> widths{};
    for (const sim::RunResult& r : results) rows.push_back(row_of(r));
    std::size_t total = 2 * (k_fields - 1);
    for (std::size_t f = 0; f < k_fields; ++f) {
        for (const Row& row : rows) {
            const std::size_t n = columns_of(row[f]);
            widths[f] = n > widths[f] ? n : widths[f];
        }
        total += widths[f];
    }
    // A narrow terminal shortens the margin's name first: its value stands in front.
    const std::size_t limit = width > 0 ? static_cast<std::size_t>(width) : total;
    if (total > limit) {
        const std::size_t cut = total - limit;
        widths[3] = widths[3] > cut + 12 ? widths[3] - cut : (widths[3] < 12 ? widths[3] : 12);
    }
    std::string out;
    for (std::size_t k = 0; k < rows.size(); ++k) {
        std::string line;
        for (std::size_t f = 0; f < k_fields; ++f) {
            const std::string text = padded(shortened(rows[k][f], widths[f]), widths[f], f >= 4);
            line += f == 0 && k > 0 ? painted(text, exit_code(results[k - 1]), colour) : text;
            if (f + 1 < k_fields) line += "  ";
        }
        line.erase(line.find_last_not_of(' ') + 1);
        out += line + '\n';
    }
    for (const sim::RunResult& r : results)
        if (!r.passed) out += failures(r, colour);
    return out;
}

}  // namespace twin::io
