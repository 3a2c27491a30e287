// SPDX-License-Identifier: Apache-2.0
// A value over time from a CSV file: first column seconds, header line with names.
#include <charconv>
#include <cmath>
#include <fstream>
#include <system_error>

#include <fmt/format.h>

#include "io/validate.hpp"

namespace twin::io {

namespace {

constexpr std::size_t k_most_rows = 1000000;

std::vector<std::string> split(const std::string& line) {
    std::vector<std::string> out(1);
    for (const char c : line) {
        if (c == ',' || c == ';')
            out.emplace_back();
        else if (c != '\r' && c != ' ' && c != '\t')
            out.back() += c;
    }
    return out;
}

bool number(const std::string& text, double* x) {
    const char* first = text.data() + (text.starts_with('+') ? 1 : 0);
    const char* last = text.data() + text.size();
    const std::from_chars_result r = std::from_chars(first, last, *x);
    return r.ec == std::errc() && r.ptr == last && std::isfinite(*x);
}

}  // namespace

std::string read_series(const std::string& file, scenario::Series& s) {
    std::ifstream in(file);
    if (!in) return fmt::format("{} cannot be opened", file);
    std::string line;
    std::size_t column = 1;
    std::size_t n = 0;
    bool header = true;
    s.points.clear();
    while (std::getline(in, line)) {
        ++n;
        if (line.empty() || line[0] == '#') continue;
        const std::vector<std::string> cells = split(line);
        if (header) {
            header = false;
            for (std::size_t k = 0; k < cells.size(); ++k)
                if (cells[k] == s.column) column = k;
            if (!s.column.empty() && (column >= cells.size() || cells[column] != s.column))
                return fmt::format("{} has no column \"{}\"", file, s.column);
            double ignored = 0;
            if (!number(cells[0], &ignored)) continue;  // a header; otherwise the first row of data
        }
        double t = 0;
        double v = 0;
        if (cells.size() <= column || !number(cells[0], &t) || !number(cells[column], &v))
            return fmt::format("{}:{}: needs numbers in columns 1 and {}", file, n, column + 1);
        if (t < 0 || (!s.points.empty() && !(t > s.points.back()[0])))
            return fmt::format("{}:{}: times must start at 0 or later and rise", file, n);
        if (s.points.size() >= k_most_rows) return fmt::format("{} has more than {} rows", file, k_most_rows);
        s.points.push_back({t, v});
    }
    return s.points.empty() ? fmt::format("{} has no rows of data", file) : std::string();
}

}  // namespace twin::io
