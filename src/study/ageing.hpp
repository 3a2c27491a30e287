// SPDX-License-Identifier: Apache-2.0
// Years of a duty cycle on one cell: a representative period (a day) runs on the real cell at its present health, its
// damage is carried over many periods, and the cell is simulated again as it ages. The damage variables of the laws
// grow nearly linearly with the number of periods, so jumps become long; their length is controlled by comparing one
// jump of 2 H with two of H, each with the damage at its middle (second order), and the two are kept.
#pragma once
#include <string>
#include <vector>

#include "cell/ageing_file.hpp"
#include "study/cell_model.hpp"
#include "study/protocol.hpp"

namespace twin::study {

struct AgeingPlan {
    std::vector<ProtocolStep> steps;  // of one period; a rest fills it
    double period_s = 86400.0;
    double horizon_d = 3652.5;
    std::vector<double> ambient_degC{25.0};  // several: equal shares of every period's number (seasons)
    double soc = 1.0;                        // at the begin of the first period
    double tol_rel = 2e-4;                   // of capacity, over the horizon
    bool accelerate = true;                  // false: every period is simulated
    double row_d = 365.25;                   // spacing of the rows
    double eol_rel = 0.8;                    // capacity that ends its life
    double stop_rel = 0.4;                   // capacity that ends the run
};

/// The period as simulated at one health, mean over the ambient temperatures.
struct AgeingDay {
    double t_d = 0.0, dod = 0.0, t_mean_degC = 0.0, t_max_degC = 0.0;
    double out_Wh = 0.0, in_Wh = 0.0;
    bool as_first = true;  // its steps ended for the same reasons as those of the new cell
};
struct AgeingRow {
    double t_d = 0.0, efc = 0.0, capacity_rel = 1.0, r_rel = 1.0;
    AgeingDay day;  // between those simulated
};
struct AgeingResult {
    std::vector<AgeingRow> rows;
    double eol_d = -1.0;      // below 0: not reached
    double changed_d = -1.0;  // when the duty could first not be done as by the new cell; below 0: never
    double error_capacity_rel = 0.0, error_r_rel = 0.0;  // estimates of what the jumps cost; 0 without jumps
    std::uint64_t periods = 0, simulated = 0;
    std::string stopped;                    // why before the horizon; empty: not
    std::vector<std::string> extrapolated;  // quantities outside the law's range
};

/// Throws InputError if the plan cannot be run on this cell.
AgeingResult run_ageing(CellModel& cell, const cell::AgeingModel& law, const AgeingPlan& plan);

/// A law by path or by name below models/ageing. Throws InputError.
cell::AgeingModel open_ageing(const std::string& name);
/// Name of the shipped law that is nearest to a cell of this chemistry and size; empty if none is.
std::string default_ageing(const std::string& chemistry, double nominal_Ah);

}  // namespace twin::study
