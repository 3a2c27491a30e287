// SPDX-License-Identifier: Apache-2.0
// Years of a duty on an electrochemical cell whose SEI grows and whose lithium plates (cell/echem_side.hpp). Periods
// are simulated as they are; between them the states that only grow (L^2 per place, dead lithium) are carried over n
// periods at the rate of the last one, which goes on changing as over the last jump; the lithium this takes leaves the
// negative particles. The rate found after a jump corrects it to the mean of both ends (trapezoid). Stated error: half
// of every correction, in lithium lost; a jump that exceeds its share of the tolerance is taken back and made shorter.
// A jump never passes a row.
#pragma once
#include <string>
#include <vector>

#include "study/ageing.hpp"

namespace twin::study {

struct SideAgeingRow {
    double t_d = 0.0;
    double capacity_Ah = 0.0;  // C/3 from full (C/3 to the upper limit, held until C/20) to the lower limit, on a copy
    double r_Ohm = 0.0;        // of a current that appears, before the discharge
    double sei_m = 0.0, sei_C = 0.0, plated_C = 0.0, dead_C = 0.0;  // after the period
    double out_Wh = 0.0, in_Wh = 0.0, out_Ah = 0.0;                 // of the last period
    double efc = 0.0;                                               // equivalent full cycles of the new capacity
    double lithium_rel = 0.0;                                       // how much lithium the ledger misses
};
struct SideAgeingResult {
    std::vector<SideAgeingRow> rows;  // at 0, every row_d, at the end
    double error_C = 0.0;             // of the lithium lost: what the jumps cost
    std::uint64_t periods = 0, simulated = 0;
    std::string stopped;  // why before the horizon; empty: not
};

/// The plan's steps, period, horizon, first temperature, soc, rows, tolerance (of the nominal capacity) and accelerate.
/// The charge in a period should end at a voltage: a jump lowers the charge of the cell by what it lost. Throws
/// InputError if the cell has no degradation, or the new one cannot do the duty.
SideAgeingResult run_side_ageing(CellModel& cell, const AgeingPlan& plan);

}  // namespace twin::study
