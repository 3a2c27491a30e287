// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <cstdio>
#include <filesystem>
#include <fstream>

#include "cli/commands.hpp"

namespace twin::cli {
namespace {

// Written under another name first: a broken disk leaves no half model.
void write(const std::string& path, const std::string& text) {
    const std::string part = path + ".part";
    std::ofstream out(part, std::ios::binary);
    out << text;
    out.close();
    std::error_code error;
    if (out) std::filesystem::rename(part, path, error);
    if (!out || error) throw FileError(path + " cannot be written");
}

}  // namespace

int fit_command(FitArguments a) {
    for (const std::string& f : a.files) a.options.files.push_back(parse_fit_file(f));
    for (const std::string& f : a.validate) a.options.validate.push_back(parse_fit_file(f));
    a.options.columns = parse_fit_columns(a.columns);
    if (!a.current_sign.empty()) a.options.charge_positive = a.current_sign == "charge-positive";
    if (a.options.sources.empty())
        for (const FitFile& f : a.options.files) a.options.sources.push_back("measured: " + f.path);
    if (!a.quiet) a.options.progress = [](const std::string& line) { fmt::print(stderr, "{}\n", line); };
    const FitResult r = fit(a.options);
    if (!a.out.empty()) write(a.out, r.model_json);
    if (!a.svg.empty()) write(a.svg, fit_residual_svg(r));
    if (!a.csv.empty()) write(a.csv, fit_residual_csv(r));
    if (!a.quiet) fmt::print("{}", fit_text(r));
    if (a.max_rms_mV <= 0.0 || r.worst_validation_rms_mV <= a.max_rms_mV) return 0;
    fmt::print(stderr, "rms {:.2f} mV is above --max-rms {:.2f} mV\n", r.worst_validation_rms_mV, a.max_rms_mV);
    return k_failed;
}

}  // namespace twin::cli
