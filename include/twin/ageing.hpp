// SPDX-License-Identifier: Apache-2.0
// Years of a duty on one cell: capacity and resistance by a published ageing law, the cell simulated again as it ages.
// A period (a day) that ends where it began is repeated; jumps over many periods are controlled by their error.
// Errors of input are InputError.
//
//     twin::AgeingOptions o;
//     o.protocol = {"Discharge at 0.5C until 20 %", "Charge at 0.5C until 100 %"};
//     twin::AgeingRun run = twin::age("lfp-100ah", o);
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include <twin/error.hpp>

namespace twin {

struct AgeingOptions {
    // "" ageing by a law. Otherwise from inside an electrochemical cell (twin::Cell's degradation: "on", ..): its SEI
    // grows, its lithium plates; `law` is not used, one temperature, capacity is that of a C/3 check-up, resistance
    // that of a current that appears in the full cell
    std::string degradation;
    std::string kind;                     // of such a cell: spm, spme (default), dfn
    std::string law;                      // file or name of a shipped law; empty: by the cell's chemistry and size
    std::vector<std::string> protocol;    // steps of one period in words; empty: a daily cycle of 80 % at 0.5C
    double period_h = 24.0;               // a rest fills it
    double years_d = 3652.5;              // horizon in days
    std::vector<double> temp_degC{25.0};  // surroundings; several: equal shares of the year (seasons)
    double soc = 1.0;                     // at the begin of a period
    double tol_rel = 2e-4;                // of capacity, over the horizon
    bool accelerate = true;               // false: every period is simulated
    double row_d = 365.25;                // days between rows
    double eol_rel = 0.8;                 // capacity at which its life ends
};

/// Columns of equal length, one row per `row_d` days and one at the end.
struct AgeingRun {
    std::string law, law_title, law_label, cell;
    std::vector<double> t_d, efc_ratio, capacity_rel, r_rel;                    // (n); EFC of the new capacity
    std::vector<double> dod_rel, temp_mean_degC, temp_max_degC, out_Wh, in_Wh;  // (n) of the period at that time
    std::vector<double> sei_nm, sei_Ah, plated_Ah, dead_Ah;  // (n) with degradation: lithium in SEI, plated, dead
    double eol_d = -1.0;      // when the capacity reached eol_rel; below 0: not within the horizon
    double changed_d = -1.0;  // when the duty could first not be done as by the new cell; below 0: never
    double error_capacity_rel = 0.0, error_r_rel = 0.0;  // estimated cost of the jumps
    double loss_tol_rel = 0.0;                           // the law's own tolerance, of the lost capacity
    std::uint64_t periods = 0, simulated = 0;
    std::string stopped;                    // why before the horizon; empty: not
    std::vector<std::string> extrapolated;  // quantities outside the law's range
};

AgeingRun age(const std::string& model, const AgeingOptions& options = {});

/// The run as JSON, one object of columns and figures.
std::string to_json(const AgeingRun& run);

}  // namespace twin
