// SPDX-License-Identifier: Apache-2.0
// Plots of the impedance spectra of a fit.
#pragma once
#include <string>
#include <vector>

#include <twin/fit.hpp>

namespace twin {

/// Height of all panels: one for each file.
double spectra_height(const std::vector<FitSpectrum>& spectra);
/// Nyquist plots (-Im over Re, equal scales) from `top` downwards: points measured, lines the model.
std::string spectra_panels(const std::vector<FitSpectrum>& spectra, double top);

}  // namespace twin
