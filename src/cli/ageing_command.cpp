// SPDX-License-Identifier: Apache-2.0
// bmstwin ageing: years of a duty on one cell; a table of capacity and resistance, rows as CSV, everything as JSON.
#include <fmt/format.h>

#include <twin/file.hpp>

#include "cli/commands.hpp"

namespace twin::cli {

namespace {

constexpr double k_d_per_year = 365.25;

std::string csv(const AgeingRun& r) {
    std::string out = "time_d,efc,capacity_pct,resistance_pct,dod_pct,temp_mean_degC,temp_max_degC,out_Wh,in_Wh\n";
    for (std::size_t k = 0; k < r.t_d.size(); ++k)
        out += fmt::format("{:.9g},{:.9g},{:.9g},{:.9g},{:.6g},{:.6g},{:.6g},{:.9g},{:.9g}\n", r.t_d[k], r.efc_ratio[k],
                           100.0 * r.capacity_rel[k], 100.0 * r.r_rel[k], 100.0 * r.dod_rel[k], r.temp_mean_degC[k],
                           r.temp_max_degC[k], r.out_Wh[k], r.in_Wh[k]);
    return out;
}

void print_table(const AgeingRun& r) {
    fmt::print("{:>6} {:>9} {:>10} {:>11} {:>7} {:>10} {:>9} {:>12}\n", "YEARS", "EFC", "CAPACITY", "RESISTANCE",
               "DEPTH", "T MEAN", "T MAX", "OUT/PERIOD");
    for (std::size_t k = 0; k < r.t_d.size(); ++k)
        fmt::print("{:>6.2f} {:>9.1f} {:>8.2f} % {:>9.1f} % {:>5.1f} % {:>5.1f} degC {:>4.1f} degC {:>9.4g} Wh\n",
                   r.t_d[k] / k_d_per_year, r.efc_ratio[k], 100.0 * r.capacity_rel[k], 100.0 * r.r_rel[k],
                   100.0 * r.dod_rel[k], r.temp_mean_degC[k], r.temp_max_degC[k], r.out_Wh[k]);
}

}  // namespace

int ageing_command(const AgeingArguments& a) {
    AgeingOptions o = a.options;
    o.years_d = a.years * k_d_per_year;
    o.row_d = a.row_years * k_d_per_year;
    o.soc = a.soc_pct / 100.0;
    o.eol_rel = a.eol_pct / 100.0;
    o.tol_rel = a.tol_pct / 100.0;
    o.accelerate = !a.full;
    if (!a.temp_degC.empty()) o.temp_degC = a.temp_degC;
    const AgeingRun r = age(a.model, o);
    fmt::print("{}, ageing law {}: {} ({})\n", r.cell, r.law, r.law_title, r.law_label);
    print_table(r);
    for (std::size_t k = 0; k < r.sei_nm.size(); ++k)
        fmt::print("{:>6.2f} years: SEI {:.2f} nm; lithium in SEI {:.2f} mAh, plated {:.3f} mAh, dead {:.3f} mAh\n",
                   r.t_d[k] / k_d_per_year, r.sei_nm[k], 1e3 * r.sei_Ah[k], 1e3 * r.plated_Ah[k], 1e3 * r.dead_Ah[k]);
    if (r.eol_d >= 0.0)
        fmt::print("{:g} % of the capacity after {:.2f} years\n", a.eol_pct, r.eol_d / k_d_per_year);
    else
        fmt::print("{:g} % of the capacity is not reached\n", a.eol_pct);
    if (r.changed_d >= 0.0)
        fmt::print("after {:.2f} years a step of the duty ends for another reason than with the new cell\n",
                   r.changed_d / k_d_per_year);
    fmt::print("{} of {} periods simulated; jumps cost at most {:.2g} % of capacity", r.simulated, r.periods,
               100.0 * r.error_capacity_rel);
    if (r.sei_nm.empty())
        fmt::print("; the law itself holds within {:.0f} % of the loss\n", 100.0 * r.loss_tol_rel);
    else
        fmt::print("; how far the set's own figures hold is not stated\n");
    for (const std::string& x : r.extrapolated) fmt::print("EXTRAPOLATED: {} outside the law's range\n", x);
    if (!r.stopped.empty()) fmt::print("stopped: {}\n", r.stopped);
    if (!a.out.empty()) write_file(a.out, csv(r));
    if (!a.json.empty()) write_file(a.json, to_json(r));
    return 0;
}

}  // namespace twin::cli
