// SPDX-License-Identifier: Apache-2.0
// Measured time series: reading of CSV, detection of steps and kinds, and the check that the sign of the current agrees
// with the voltage. Sign convention after reading: current is positive when it discharges the cell.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include <twin/error.hpp>
#include <twin/fit.hpp>

namespace twin::study {

struct Recording {
    std::string path, kind;
    std::vector<double> t_s, i_A, v_V, t_degC;  // (n) each; current k flowed from sample k-1 to sample k
    std::vector<double> ambient_degC;           // (n)
    bool temp_measured = false;                 // t_degC is a column of the file
    bool ambient_known = false;                 // a column or given; else the first measured temperature stands for it
    std::vector<std::size_t> line;              // (n) line of the file
    std::vector<FitStep> steps;
    double soc_start_rel = 1.0;
    bool soc_known = false;
    double h_start = 0.0;              // hysteresis at the first sample
    std::optional<double> h_given;     // as the caller says
    std::vector<double> soc_true_rel;  // (n) column of the file, or empty
    double offset_A = 0.0;             // added to the current where charge is counted
    double i_max_A = 0.0;              // either direction
    double sample_s = 0.0;             // median time from a current step to the first sample after it
    bool held_back = false;
    double charge_Ah() const;  // net discharged
    /// State of charge at the samples (n), counted from the start.
    std::vector<double> soc_rel(double capacity_Ah) const;
    /// The current changed from one plateau to another within the interval that ends at sample k: its current is a mean
    /// that the voltage at its end knows nothing of.
    bool mixed(std::size_t k) const;
    bool is_slow() const { return kind.rfind("slow", 0) == 0; }
};

/// Reads one file. Problems go to `errors` (file, line, what was found); the recording is then empty.
Recording read_recording(const FitFile& file, const FitOptions& options, std::vector<Diagnostic>& errors);

/// Splits into steps and names the kind of the file. `capacity_Ah` 0: not known yet.
void detect_steps(Recording& r, double capacity_Ah);

/// An error that names the first pulse if the voltage rises where the current discharges.
void check_sign(const Recording& r, std::vector<Diagnostic>& errors);

/// 1 or 0 if the recording discharges (charges) 90 % of the capacity or more from its start, so that it can only have
/// begun full (empty).
std::optional<double> start_by_charge(const Recording& r, double capacity_Ah);

/// Columns of a CSV file with a header, by name.
struct Table {
    std::vector<std::string> name;
    std::vector<std::vector<double>> column;
    const std::vector<double>* find(const std::string& wanted) const;
};
Table read_table(const std::string& path, std::vector<Diagnostic>& errors);

}  // namespace twin::study
