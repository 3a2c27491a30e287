// SPDX-License-Identifier: Apache-2.0
#include "api/fit_spectra.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace twin {

namespace {

constexpr double k_panel = 360.0, k_left = 60.0, k_side = 300.0;

std::vector<std::string> files_of(const std::vector<FitSpectrum>& spectra) {
    std::vector<std::string> files;
    for (const FitSpectrum& s : spectra)
        if (files.empty() || files.back() != s.path) files.push_back(s.path);
    return files;
}

std::string panel(const std::vector<FitSpectrum>& all, const std::string& file, double top) {
    double re_lo = 1e9, re_hi = 0.0, im_hi = 0.0, worst = 0.0;
    for (const FitSpectrum& s : all) {
        if (s.path != file) continue;
        worst = std::max(worst, s.rms_pct);
        for (const std::complex<double> z : s.z_meas_Ohm)
            re_lo = std::min(re_lo, z.real()), re_hi = std::max(re_hi, z.real()), im_hi = std::max(im_hi, -z.imag());
    }
    const double span = 1.1 * std::max({re_hi - re_lo, im_hi, 1e-9}), y0 = top + 30.0 + k_side;
    const auto x = [&](std::complex<double> z) { return k_left + k_side * (z.real() - re_lo + 0.05 * span) / span; };
    const auto y = [&](std::complex<double> z) { return y0 - k_side * (-z.imag() + 0.05 * span) / span; };
    std::string text = fmt::format(
        "<text x=\"{}\" y=\"{:.0f}\">{}: -Im Z over Re Z, {:.4g} mOhm wide from {:.4g} mOhm; points measured, lines "
        "the "
        "model; worst rms {:.1f} %</text>\n<rect x=\"{}\" y=\"{:.0f}\" width=\"{}\" height=\"{}\" fill=\"none\" "
        "stroke=\"#999\"/>\n",
        k_left, top + 18.0, file.substr(file.find_last_of('/') + 1), 1e3 * span, 1e3 * re_lo, worst, k_left,
        y0 - k_side, k_side, k_side);
    auto out = std::back_inserter(text);
    for (const FitSpectrum& s : all) {
        if (s.path != file) continue;
        for (const std::complex<double> z : s.z_meas_Ohm)
            fmt::format_to(out, "<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"1.5\" fill=\"#c60\"/>\n", x(z), y(z));
        text += "<path fill=\"none\" stroke=\"#06c\" d=\"";
        for (std::size_t k = 0; k < s.z_sim_Ohm.size(); ++k)
            fmt::format_to(out, "{}{:.1f} {:.1f}", k == 0 ? "M" : "L", x(s.z_sim_Ohm[k]), y(s.z_sim_Ohm[k]));
        text += "\"/>\n";
    }
    return text;
}

}  // namespace

double spectra_height(const std::vector<FitSpectrum>& spectra) {
    return k_panel * static_cast<double>(files_of(spectra).size());
}

std::string spectra_panels(const std::vector<FitSpectrum>& spectra, double top) {
    std::string s;
    for (const std::string& file : files_of(spectra)) {
        s += panel(spectra, file, top);
        top += k_panel;
    }
    return s;
}

}  // namespace twin
