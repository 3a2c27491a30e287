// SPDX-License-Identifier: Apache-2.0
// Measured impedance spectra: reading, sign, inductive part, and their rows in the least-squares problem of the fit.
// Z = -dV/di, current positive on discharge: Re > 0, and Im < 0 where capacitive.
//
//   Z(f) = R0 + sum R_k / (1 + j w tau_k) + S / (j w Q),  S = dOCV/dsoc + gamma a M
//   residual: (Z - Z_measured) x 1C, a voltage; all spectra together weigh as all recordings together
//
// An inductance in series adds to Im alone, ever more with the frequency: where Im turns positive Re is used up to that
// frequency and Im up to a third of it (there the inductance has 1/3 of what it has at the turn).
#pragma once
#include <complex>
#include <cstddef>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <twin/error.hpp>
#include <twin/fit.hpp>

#include "cell/ecm_model.hpp"

namespace twin::study {

struct Problem;

struct Spectrum {
    std::string path;
    double t_degC = 25.0, soc = 0.5;
    std::vector<double> f_Hz;                 // (n) rising
    std::vector<std::complex<double>> z_Ohm;  // (n)
    std::vector<bool> use_im;                 // (n) Re is used in all
    double inductive_Hz = 0.0;                // 0: Im is nowhere positive
    std::size_t left_out = 0;
    bool flipped = false;
};

/// The spectra of one file, one for each temperature and soc in it. Problems go to `errors`.
struct SpectrumFile {
    std::vector<Spectrum> all;
    std::size_t without_temp = 0;  // rows with a word instead of a temperature: not used
};
SpectrumFile read_spectra(const FitFile& file, const EisColumns& columns, std::vector<Diagnostic>& errors);

/// Time constants at which the spectra alone are met best (R by linear least squares), of a logarithmic grid over their
/// frequencies; (n), rising.
std::vector<double> best_taus(const std::vector<Spectrum>& spectra, int n);

/// One row of the problem: e + sum a dp, both V.
struct SpectrumRow {
    std::vector<std::pair<std::ptrdiff_t, double>> a;
    double e_V = 0.0, weight = 0.0;  // weight of e^2
};
void add_spectra(const Problem& b, const std::vector<double>& p, const std::function<void(const SpectrumRow&)>& add);

/// The finished model beside a spectrum.
FitSpectrum judge(const cell::EcmModel& model, const Spectrum& s, double capacity_Ah);

}  // namespace twin::study
