// SPDX-License-Identifier: Apache-2.0
// The verbs of the command line. Each returns its exit code: 0 good, 1 an expectation failed, 2 bad input or nothing
// selected, 3 internal or ERROR. Errors in the input are thrown (twin::InputError) and printed by main.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <twin/ageing.hpp>
#include <twin/fit.hpp>
#include <twin/twin.hpp>

namespace twin::cli {

inline constexpr int k_failed = 1, k_bad_input = 2, k_internal = 3, k_interrupted = 130;

struct Selection {
    std::vector<std::string> paths;
    std::string filter;  // glob over ids
    std::string tag;
    std::vector<std::string> models;
    std::vector<std::string> set;  // "pointer=value"
    std::optional<std::uint64_t> seed;
};

struct RunArguments {
    Selection selection;
    std::string out = "bmstwin-out";
    std::string junit, html;
    BatchOptions batch;
    bool quiet = false;
};

struct CellArguments {
    std::string model, kind, out;
    std::vector<std::string> protocol;  // steps; or
    std::string protocol_file;
    std::optional<double> soc_pct, temp_degC, hysteresis;  // none: as the model says
    int repeat = 1;
    bool thermal = false;
    std::string degradation;
};

struct EisArguments {
    EisOptions options;
    std::string freq, out, svg;
    double soc_pct = 50.0;
};

struct AgeingArguments {
    std::string model, out, json;
    AgeingOptions options;
    std::vector<double> temp_degC;
    double years = 10.0, soc_pct = 100.0, eol_pct = 80.0, tol_pct = 0.02, row_years = 1.0;
    bool full = false;
};

struct FitArguments {
    std::vector<std::string> files, validate, eis;  // "PATH[@TEMP_DEGC[@SOC]]"
    std::string columns, eis_columns, current_sign, out, svg, csv;
    double max_rms_mV = 0.0;  // 0: no limit
    bool quiet = false;
    FitOptions options;
};

/// LoadOptions of a selection; InputError if a --set has no '='.
LoadOptions load_options(const Selection& selection);
/// Loads everything below the paths, then keeps what filter and tag select; InputError if that is nothing.
std::vector<Scenario> select(const Selection& selection);

int run_command(RunArguments arguments);
int cell_command(const CellArguments& arguments);
int eis_command(const EisArguments& arguments);
int ageing_command(const AgeingArguments& arguments);
int fit_command(FitArguments arguments);
int list_command(const Selection& selection);
int channels_command(const std::string& file, const Selection& selection, const std::string& core, bool json);
int validate_command(const Selection& selection);
int show_command(const std::string& file, const Selection& selection, bool origin);
int schema_command();
int version_command();

/// Every diagnostic on a line of stderr.
void print_diagnostics(const std::vector<Diagnostic>& found);

}  // namespace twin::cli
