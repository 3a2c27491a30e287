// SPDX-License-Identifier: Apache-2.0
#include "io/trace_csv.hpp"

#include <fmt/format.h>

#include <iterator>

#include "io/atomic_file.hpp"
#include "io/text.hpp"

namespace twin::io {
namespace {

// RFC 4180: a name with a comma, quote or line break is quoted.
std::string csv_name(const std::string& name) {
    if (name.find_first_of(",\"\r\n") == std::string::npos) return name;
    std::string out = "\"";
    for (const char c : name) {
        if (c == '"') out += '"';
        out += c;
    }
    return out + '"';
}

}  // namespace

void trace_csv_header(std::string& out, const sim::Trace& trace) {
    out += "t_s";
    if (trace.t_trigger_ns >= 0) out += ",t_rel_us";
    for (const sim::TraceColumn& c : trace.columns) {
        out += ',';
        out += csv_name(c.name);
    }
    out += '\n';
}

void trace_csv_rows(std::string& out, const sim::Trace& trace, std::size_t first, std::size_t last) {
    auto to = std::back_inserter(out);
    for (std::size_t row = first; row < last; ++row) {
        const Time_ns t = trace.t_ns[row];
        out += seconds(t);
        if (trace.t_trigger_ns >= 0) fmt::format_to(to, ",{:.9g}", static_cast<double>(t - trace.t_trigger_ns) / 1e3);
        for (const sim::TraceColumn& c : trace.columns) {
            out += ',';
            const double x = c.samples[row];
            if (x == x) fmt::format_to(to, "{:.9g}", x == 0 ? 0.0 : x);
        }
        out += '\n';
    }
}

void write_trace_csv(const sim::Trace& trace, const std::string& path) {
    constexpr std::size_t k_block = 4096;
    AtomicFile file(path);
    std::string text;
    trace_csv_header(text, trace);
    for (std::size_t row = 0; row < trace.t_ns.size(); row += k_block) {
        const std::size_t last = trace.t_ns.size() - row < k_block ? trace.t_ns.size() : row + k_block;
        trace_csv_rows(text, trace, row, last);
        file.write(text);
        text.clear();
    }
    file.write(text);
    file.commit();
}

std::string trace_file_name(const sim::Trace& trace) { return trace.id == "main" ? "trace.csv" : trace.id + ".csv"; }

}  // namespace twin::io
