// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <cstdio>

#include <twin/file.hpp>

#include "cli/commands.hpp"

namespace twin::cli {

namespace {

/// dir/file.json of cell x is dir/file-x.json.
std::string own_path(const std::string& path, const std::string& cell) {
    if (cell.empty()) return path;
    const std::size_t dot = path.find_last_of('.'), slash = path.find_last_of('/');
    const bool has_end = dot != std::string::npos && (slash == std::string::npos || dot > slash);
    return has_end ? path.substr(0, dot) + "-" + cell + path.substr(dot) : path + "-" + cell;
}

}  // namespace

int fit_command(FitArguments a) {
    for (const std::string& f : a.files) a.options.files.push_back(parse_fit_file(f));
    for (const std::string& f : a.validate) a.options.validate.push_back(parse_fit_file(f));
    for (const std::string& f : a.eis) a.options.eis.push_back(parse_fit_file(f));
    a.options.eis_columns = parse_eis_columns(a.eis_columns);
    a.options.columns = parse_fit_columns(a.columns);
    if (!a.current_sign.empty()) a.options.charge_positive = a.current_sign == "charge-positive";
    if (!a.quiet) a.options.progress = [](const std::string& line) { fmt::print(stderr, "{}\n", line); };
    const bool several = fit_names_cells(a.options);
    FitCells all;
    if (several) {
        all = fit_cells(a.options);
    } else {
        if (a.options.sources.empty() && a.options.from_bpx.empty()) {
            for (const FitFile& f : a.options.files) a.options.sources.push_back("measured: " + f.path);
            for (const FitFile& f : a.options.eis) a.options.sources.push_back("measured: " + f.path);
        }
        all.cells.emplace_back();
        all.cells[0].fit = fit(a.options);
        all.worst_validation_rms_mV = all.cells[0].fit.worst_validation_rms_mV;
    }
    for (const FitCell& c : all.cells) {
        if (!a.out.empty()) write_file(own_path(a.out, c.name), c.fit.model_json);
        if (!a.svg.empty()) write_file(own_path(a.svg, c.name), fit_residual_svg(c.fit));
        if (!a.csv.empty()) write_file(own_path(a.csv, c.name), fit_residual_csv(c.fit));
        if (!a.quiet) fmt::print("{}{}", several ? fmt::format("== cell {}\n", c.name) : "", fit_text(c.fit));
    }
    if (several && !a.quiet) fmt::print("== cells\n{}", fit_cells_text(all));
    if (a.max_rms_mV <= 0.0 || all.worst_validation_rms_mV <= a.max_rms_mV) return 0;
    fmt::print(stderr, "rms {:.2f} mV is above --max-rms {:.2f} mV\n", all.worst_validation_rms_mV, a.max_rms_mV);
    return k_failed;
}

}  // namespace twin::cli
