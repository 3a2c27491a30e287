// SPDX-License-Identifier: Apache-2.0
// Verb `eis`: impedance spectrum of any cell model (equivalent circuit, SPM, SPMe, DFN), of the linearised model at one
// charge and temperature. Z = -dV/di in ohm; a capacitive part has Im Z < 0. Isothermal, no double layer.
#pragma once
#include <complex>
#include <optional>
#include <string>
#include <vector>

#include <twin/error.hpp>

namespace twin {

struct EisOptions {
    std::string model;  // a file or the name of a shipped model
    std::string kind;   // "" (ecm or spme, as the file says), ecm, spm, spme, dfn
    double soc = 0.5;   // 0 .. 1
    double temp_degC = 25.0;
    std::vector<double> f_Hz;  // (n), 1e-6 .. 1e6 each; empty: 1 mHz .. 1 kHz, ten per decade
    std::string degradation;   // as for Cell: the SEI film is in the impedance (its reactions are not)
    std::optional<double> sei_nm =
        {};  // mean thickness of an aged cell's SEI (CellDegradation), 0 .. 1e5; with degradation
};
struct EisResult {
    std::string model, kind;
    double soc = 0.0, temp_degC = 0.0;
    std::vector<double> f_Hz;                 // (n)
    std::vector<std::complex<double>> z_Ohm;  // (n)
};

/// `per_decade` frequencies from lo to hi, both included. RunError if 1e-6 <= lo <= hi <= 1e6 or 1 <= per_decade <=
/// 1000 doesn't hold.
std::vector<double> eis_f_Hz(double lo_Hz, double hi_Hz, int per_decade = 10);
/// "LO:HI", "LO:HI:PER_DECADE" or "F,F,F". Throws RunError.
std::vector<double> parse_eis_f_Hz(const std::string& text);
/// InputError for the model, RunError for a value out of range.
EisResult eis(const EisOptions& options);
/// Nyquist plot (-Im over Re, equal scales) and |Z| over frequency, as SVG.
std::string eis_svg(const EisResult& result);

}  // namespace twin
