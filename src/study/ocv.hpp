// SPDX-License-Identifier: Apache-2.0
// Open-circuit voltage, half gap of hysteresis and capacity from slow tests or from a table.
#pragma once
#include <string>
#include <vector>

#include "study/recording.hpp"

namespace twin::study {

/// y over rising x; straight lines between, constant outside.
double linear(const std::vector<double>& x, const std::vector<double>& y, double at);

struct OcvData {
    std::vector<double> soc, v_V;    // (n) strictly rising both
    std::vector<double> half_gap_V;  // (n) 0 if not known
    bool gap_known = false;
    std::vector<double> dudt_VperK;  // (n) from the tests at several temperatures; empty if there is one only
    double capacity_Ah = 0.0;        // 0: the table has none
    double t_ref_degC = 25.0;
    bool exact = false;  // of a set of parameters: it is not corrected by the fit
    std::string how;     // for the notes of the model
};
/// The same curve over a smaller or larger capacity, both empty at soc 0: what lies above soc 1 is cut off.
void rescale(OcvData& ocv, double from_Ah, double to_Ah);

/// Adds every slow leg (one direction, C/8 or less) of files that hold more than one as a recording of its own; where
/// they begin.
std::size_t split_slow_legs(std::vector<Recording>& all, double capacity_Ah);

/// Mean of slow discharge and charge at equal soc where both exist, else the one there is. The recordings nearest to
/// 25 degC are taken. Throws nothing; problems go to `errors`.
OcvData ocv_of_slow_tests(const std::vector<Recording>& all, std::vector<Diagnostic>& errors);

/// CSV with soc or soc_pct, and v_mean | ocv_V | mean_ocv_V (V), optionally mean_hyst_V (full gap), or both branches as
/// v_dis_* and v_chg_* / ocv_discharge_V and ocv_charge_V; with a column temp_C its rows nearest to 25 degC.
OcvData ocv_of_table(const std::string& path, std::vector<Diagnostic>& errors);

}  // namespace twin::study
