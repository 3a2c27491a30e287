// SPDX-License-Identifier: Apache-2.0
// Verb `fit`: identifies an equivalent-circuit cell model from measured time series.
// Sign convention: current is positive when it discharges the cell (`charge_positive` says that a file has it the other
// way). Errors: InputError lists bad files, a sign that contradicts the voltage, and data that cannot give a model.
#pragma once
#include <complex>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <twin/error.hpp>

namespace twin {

/// One recording. Without a temperature column `temp_degC` is the cell's temperature during the whole file.
struct FitFile {
    std::string path;
    std::optional<double> temp_degC;
    std::optional<double> soc_start_rel;  // 0..1; without it a file must start full, empty or where the OCV is steep
    /// -1 (a discharge came before) .. +1 (a charge); without it +1 full, -1 empty, else from the first voltage at
    /// rest.
    std::optional<double> hysteresis_start_rel = {};
    std::string cell = {};  // of several cells (fit_cells): which one
};
/// `temp_degC` of a file that has a temperature column is that of its surroundings (else: a column of its own, or the
/// first measured temperature).
/// "PATH", "PATH@TEMP_DEGC", "PATH@TEMP_DEGC@SOC" or "PATH@TEMP_DEGC@SOC@HYSTERESIS"; what is left empty is not given.
/// "CELL=" before it names the cell, unless there is a file of that whole name.
/// Throws InputError.
FitFile parse_fit_file(const std::string& text);

/// Column names; empty: time_s, current_A, voltage_V, temp_C, or the names of the Battery Data Format.
struct FitColumns {
    std::string t, i, v, temperature, ambient;
    std::string soc;  // no default: state of charge that the file gives, fraction or (name ends with pct or %) percent
};
/// "t=..,i=..,v=..,T=..,A=..,soc=..". Throws InputError.
FitColumns parse_fit_columns(const std::string& text);

/// Column names of impedance files; empty: the usual ones (freq_Hz, z_re_Ohm, z_im_Ohm, temp_C, soc, ..). The unit of Z
/// is read from the name (mOhm, uOhm; else ohm); a name that begins with '-' holds the negative.
struct EisColumns {
    std::string f, re, im, temperature, soc;
};
/// "f=..,re=..,im=..,T=..,soc=..". Throws InputError.
EisColumns parse_eis_columns(const std::string& text);

struct FitOptions {
    std::vector<FitFile> files;     // fitted
    std::vector<FitFile> validate;  // held back: simulated only
    /// Impedance spectra, fitted with the files or, with an OCV table, alone. Temperature and soc of a spectrum are
    /// given here or are columns of the file, which may then hold many. Im Z < 0 where capacitive; the other sign is
    /// detected.
    std::vector<FitFile> eis;
    EisColumns eis_columns;
    FitColumns columns;
    std::optional<bool> charge_positive;  // default: discharge positive; Battery Data Format columns: charge positive
    std::string ocv_table;                // CSV with soc (or soc_pct) and OCV columns, instead of slow tests
    std::string id = "fitted-cell", title;
    std::string chemistry = "NMC";  // empty with from_bpx: by the OCV
    std::vector<std::string> sources;
    double capacity_Ah = 0.0;   // 0: from the slow discharge
    double nameplate_Ah = 0.0;  // 0: as capacity
    /// Charge between soc 0 and 1 of the slow tests or the table; 0: as capacity. If the tests start less full than the
    /// slow ones, a smaller `capacity_Ah` cuts the curve's upper end off: soc 1 is then the state they start from.
    double ocv_capacity_Ah = 0.0;
    /// The charge count of files with a state of charge is corrected by the offset of their current that it shows.
    bool current_offset = false;
    int n_rc = 0;  // RC pairs, 1..3; 0: 3 for pulses, 2 for drive cycles
    /// Instead of `files`: a BPX set (a file, or the name of a shipped one) is simulated as `from_kind` (spm, spme,
    /// dfn; empty: spme) in pulse tests at `from_temps_degC` (empty: 0, 10, 25, 40); a 1C discharge and drive-like
    /// profiles are held back. What the set states (capacity, limits, heat capacity, cooling) is taken where nothing is
    /// given.
    std::string from_bpx, from_kind;
    std::vector<double> from_temps_degC;
    double mass_kg = 0.0, v_min_V = 0.0, v_max_V = 0.0;
    double heat_capacity_J_per_K = 0.0;                // of the whole cell; 0: from the temperature column, if it moves
    double specific_heat_J_per_kgK = 0.0;              // instead, with mass_kg
    double cooling_K_per_W = 0.0;                      // surface to surroundings; 0: the same
    double soc_floor_rel = 0.05;                       // samples below it are not fitted and not judged
    std::function<void(const std::string&)> progress;  // one line each
};

/// A parameter with its standard uncertainty from the Jacobian (autocorrelation of the residual included).
struct FitParameter {
    std::string name;  // e.g. "R1(soc=0.5, 25 degC)"
    double value = 0.0, sigma = 0.0;
    std::string unit;
    bool identified = true;  // false: the data do not determine it; it follows its neighbours or its prior
};

struct FitStep {
    double t_start_s = 0.0, t_end_s = 0.0, i_mean_A = 0.0;
    std::string kind;  // rest, constant, pulse, dynamic
};

/// What one file was and how well the model meets it.
struct FitFileResult {
    std::string path, kind;  // slow discharge, slow charge, pulse, dynamic, constant current
    std::vector<FitStep> steps;
    double temp_degC = 0.0, soc_start_rel = 1.0;
    double sample_s = 0.0;  // first sample after a current step comes this late: R0 of the model is R over that time
    bool held_back = false;
    double rms_mV = 0.0, max_mV = 0.0;           // of samples above soc_floor_rel
    std::vector<double> t_s, v_meas_V, v_sim_V;  // (n) samples; the model at the measured temperature
    // The model with its own temperature, where the measured one moved: voltage, surface temperature.
    bool thermal = false;
    double rms_own_mV = 0.0, rms_K = 0.0,
           end_K = 0.0;  // of the same samples; of all samples; last, simulated - measured
    std::vector<double> temp_meas_degC, temp_sim_degC;  // (n), empty without
};

/// One impedance spectrum beside the model's. Z = -dV/di, Im < 0 where capacitive.
struct FitSpectrum {
    std::string path;
    double temp_degC = 0.0, soc_rel = 0.0;
    std::vector<double> f_Hz;                                 // (n) rising; what was fitted
    std::vector<std::complex<double>> z_meas_Ohm, z_sim_Ohm;  // (n)
    double inductive_Hz = 0.0;  // Im > 0 from here on: Re above it and Im above a third of it were not used; 0: nowhere
    std::size_t left_out = 0;   // points above it
    bool flipped = false;       // the file has a capacitive Im as positive
    double rms_pct = 0.0, max_pct = 0.0;  // |model - measured| relative to |measured|
    double rms_1C_mV = 0.0;               // the same difference times 1C
};

struct FitResult {
    std::string model_json;  // text of a models/cells file
    std::vector<FitParameter> parameters;
    std::vector<FitFileResult> files;
    std::vector<FitSpectrum> spectra;
    std::vector<std::string> warnings;
    /// Of the held-back files; of the fitted ones if there are none; of the spectra times 1C if there are no files.
    double worst_validation_rms_mV = 0.0;
};

FitResult fit(const FitOptions& options);

struct FitCell {
    std::string name;
    FitResult fit;  // its model's id is <id>-<name>
    double capacity_Ah = 0.0;
    double r_Ohm = 0.0;  // R0 and all pairs at 50 % and 25 degC (or the nearest temperature of the model), discharging
};
/// Several cells of one type. Standard deviations are those of a sample, in % of the mean; 0 for one cell.
struct FitCells {
    std::vector<FitCell> cells;  // in order of appearance
    double capacity_mean_Ah = 0.0, capacity_cv_pct = 0.0, r_mean_Ohm = 0.0, r_cv_pct = 0.0;
    double worst_validation_rms_mV = 0.0;
};
/// A fit of each cell that the files name, with the same options. InputError lists what is wrong with any of them.
FitCells fit_cells(const FitOptions& options);
/// FitCell::r_Ohm of the text of a model file.
double fit_model_r_Ohm(const std::string& model_json);
/// True if a file names its cell.
bool fit_names_cells(const FitOptions& options);
/// What the cells differ by, for a terminal.
std::string fit_cells_text(const FitCells& cells);

/// Steps of a file in few words: "9 rest 3600 s, 9 pulse 2.66 A 10 s, ..", equal ones (within 3 %) together, in order
/// of appearance; at most `most` groups.
std::string fit_steps_text(const FitFileResult& file, std::size_t most = 8);
/// Report for a terminal.
std::string fit_text(const FitResult& result);
/// Residuals over time of all files as one self-contained SVG; and as CSV (file, time_s, v_meas_V, v_sim_V,
/// residual_mV).
std::string fit_residual_svg(const FitResult& result);
std::string fit_residual_csv(const FitResult& result);

}  // namespace twin
