// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <twin/error.hpp>

namespace twin {
namespace {

std::string all_lines(const std::vector<Diagnostic>& found) {
    std::string out;
    for (const Diagnostic& d : found) {
        if (d.severity != Diagnostic::Severity::error) continue;
        if (!out.empty()) out += '\n';
        out += to_string(d);
    }
    return out;
}

}  // namespace

std::string to_string(const Diagnostic& d) {
    std::string out = d.file;
    if (d.line > 0) out += fmt::format("{}{}", out.empty() ? "line " : ":", d.line);
    if (d.line > 0 && d.column > 0) out += fmt::format(":{}", d.column);
    if (!out.empty()) out += ": ";
    out += d.severity == Diagnostic::Severity::error ? "error" : "warning";
    if (!d.pointer.empty()) out += " at " + d.pointer;
    return out + ": " + d.message;
}

InputError::InputError(std::vector<Diagnostic> found)
    : std::runtime_error(all_lines(found)), diagnostics_(std::move(found)) {}

}  // namespace twin
