// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <cstdio>

#include <twin/file.hpp>

#include "cli/commands.hpp"

namespace twin::cli {

int fit_command(FitArguments a) {
    for (const std::string& f : a.files) a.options.files.push_back(parse_fit_file(f));
    for (const std::string& f : a.validate) a.options.validate.push_back(parse_fit_file(f));
    for (const std::string& f : a.eis) a.options.eis.push_back(parse_fit_file(f));
    a.options.eis_columns = parse_eis_columns(a.eis_columns);
    a.options.columns = parse_fit_columns(a.columns);
    if (!a.current_sign.empty()) a.options.charge_positive = a.current_sign == "charge-positive";
    if (a.options.sources.empty() && a.options.from_bpx.empty()) {
        for (const FitFile& f : a.options.files) a.options.sources.push_back("measured: " + f.path);
        for (const FitFile& f : a.options.eis) a.options.sources.push_back("measured: " + f.path);
    }
    if (!a.quiet) a.options.progress = [](const std::string& line) { fmt::print(stderr, "{}\n", line); };
    const FitResult r = fit(a.options);
    if (!a.out.empty()) write_file(a.out, r.model_json);
    if (!a.svg.empty()) write_file(a.svg, fit_residual_svg(r));
    if (!a.csv.empty()) write_file(a.csv, fit_residual_csv(r));
    if (!a.quiet) fmt::print("{}", fit_text(r));
    if (a.max_rms_mV <= 0.0 || r.worst_validation_rms_mV <= a.max_rms_mV) return 0;
    fmt::print(stderr, "rms {:.2f} mV is above --max-rms {:.2f} mV\n", r.worst_validation_rms_mV, a.max_rms_mV);
    return k_failed;
}

}  // namespace twin::cli
