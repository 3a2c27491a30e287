// SPDX-License-Identifier: Apache-2.0
#include <twin/fit.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <iterator>
#include <system_error>

#include "api/fit_spectra.hpp"
#include "study/fit.hpp"
#include "study/step_list.hpp"

namespace twin {

namespace {

[[noreturn]] void reject(const std::string& where, const std::string& message) {
    throw InputError({Diagnostic{Diagnostic::Severity::error, where, "", message, 0, 0}});
}

double number(const std::string& text, const std::string& whole, double lo, double hi) {
    double x = 0.0;
    const char* first = text.data() + (text.starts_with('+') ? 1 : 0);
    const std::from_chars_result r = std::from_chars(first, text.data() + text.size(), x);
    if (r.ec != std::errc() || r.ptr != text.data() + text.size() || !(x >= lo && x <= hi))
        reject(whole, fmt::format("'{}' is no number in {}..{}", text, lo, hi));
    return x;
}

std::string name_of(const std::string& path) { return path.substr(path.find_last_of('/') + 1); }

}  // namespace

FitFile parse_fit_file(const std::string& whole) {
    FitFile f;
    std::string text = whole;
    const std::size_t mark = whole.find('=');
    const bool named = mark != std::string::npos && mark > 0 && whole.find_first_of("/\\@") > mark;
    std::error_code none;
    if (named && !std::filesystem::exists(whole.substr(0, whole.find('@')), none)) {
        f.cell = whole.substr(0, mark);
        text = whole.substr(mark + 1);
    }
    const std::size_t a = text.find('@');
    f.path = text.substr(0, a);
    if (a == std::string::npos) return f;
    const std::size_t b = text.find('@', a + 1);
    const std::string temp = text.substr(a + 1, b == std::string::npos ? b : b - a - 1);
    if (!temp.empty()) f.temp_degC = number(temp, text, -60.0, 120.0);
    if (b == std::string::npos) return f;
    const std::size_t c = text.find('@', b + 1);
    const std::string soc = text.substr(b + 1, c == std::string::npos ? c : c - b - 1);
    if (!soc.empty() || c == std::string::npos) f.soc_start_rel = number(soc, text, 0.0, 1.0);
    if (c != std::string::npos) f.hysteresis_start_rel = number(text.substr(c + 1), text, -1.0, 1.0);
    return f;
}

FitColumns parse_fit_columns(const std::string& text) {
    FitColumns c;
    for (std::size_t a = 0; a < text.size();) {
        const std::size_t end = std::min(text.find(',', a), text.size());
        const std::string part = text.substr(a, end - a);
        a = end + 1;
        const std::size_t eq = part.find('=');
        const std::string key = part.substr(0, eq);
        std::string* to = key == "t"     ? &c.t
                          : key == "i"   ? &c.i
                          : key == "v"   ? &c.v
                          : key == "T"   ? &c.temperature
                          : key == "A"   ? &c.ambient
                          : key == "soc" ? &c.soc
                                         : nullptr;
        if (to == nullptr || eq == std::string::npos || eq + 1 == part.size())
            reject("--columns", "'" + part + "' is not t=.., i=.., v=.., T=.., A=.. or soc=..");
        *to = part.substr(eq + 1);
    }
    return c;
}

EisColumns parse_eis_columns(const std::string& text) {
    EisColumns c;
    for (std::size_t a = 0; a < text.size();) {
        const std::size_t end = std::min(text.find(',', a), text.size());
        const std::string part = text.substr(a, end - a);
        a = end + 1;
        const std::size_t equal = std::min(part.find('='), part.size());
        const std::string key = part.substr(0, equal);
        std::string* to = key == "f"     ? &c.f
                          : key == "re"  ? &c.re
                          : key == "im"  ? &c.im
                          : key == "T"   ? &c.temperature
                          : key == "soc" ? &c.soc
                                         : nullptr;
        if (to == nullptr || equal + 1 >= part.size())
            reject("--eis-columns", "'" + part + "' is not f=.., re=.., im=.., T=.. or soc=..");
        *to = part.substr(equal + 1);
    }
    return c;
}

FitResult fit(const FitOptions& options) {
    if (fit_names_cells(options))
        reject("files", "name the cells they are of: one model of each is made by fit_cells (bmstwin.fit_cells)");
    return study::fit_model(options);
}

std::string fit_steps_text(const FitFileResult& f, std::size_t most) { return study::steps_text(f.steps, most); }

std::string fit_text(const FitResult& r) {
    std::string s;
    if (!r.files.empty())
        s = fmt::format("{:<34} {:<17} {:>6} {:>6} {:>6} {:>9} {:>9}\n", "file", "kind", "degC", "soc0", "steps",
                        "rms, mV", "max, mV");
    for (const FitFileResult& f : r.files)
        s += fmt::format("{:<34} {:<17} {:>6.1f} {:>6.3f} {:>6} {:>9.2f} {:>9.1f}{}\n", name_of(f.path), f.kind,
                         f.temp_degC, f.soc_start_rel, f.steps.size(), f.rms_mV, f.max_mV,
                         f.held_back ? "  held back" : "");
    bool any_thermal = false;
    for (const FitFileResult& f : r.files) any_thermal = any_thermal || f.thermal;
    if (any_thermal)
        s += fmt::format("\nwith the temperature simulated\n{:<34} {:>9} {:>9} {:>9}\n", "file", "rms, mV", "rms, K",
                         "end, K");
    for (const FitFileResult& f : r.files)
        if (f.thermal)
            s += fmt::format("{:<34} {:>9.2f} {:>9.2f} {:>+9.2f}{}\n", name_of(f.path), f.rms_own_mV, f.rms_K, f.end_K,
                             f.held_back ? "  held back" : "");
    if (!r.spectra.empty())
        s += fmt::format("\n{:<34} {:>6} {:>6} {:>7} {:>21} {:>8} {:>8} {:>9}\n", "impedance", "degC", "soc", "points",
                         "Hz", "rms, %", "max, %", "1C, mV");
    for (const FitSpectrum& f : r.spectra)
        s += fmt::format("{:<34} {:>6.1f} {:>6.3f} {:>7} {:>9.3g} ..{:>9.3g} {:>8.2f} {:>8.2f} {:>9.2f}\n",
                         name_of(f.path), f.temp_degC, f.soc_rel, f.f_Hz.size(), f.f_Hz.front(), f.f_Hz.back(),
                         f.rms_pct, f.max_pct, f.rms_1C_mV);
    if (!r.files.empty()) s += "\nsteps (discharge positive)\n";
    for (const FitFileResult& f : r.files) s += fmt::format("{:<34} {}\n", name_of(f.path), fit_steps_text(f));
    s += "\nparameters (standard uncertainty)\n";
    for (const FitParameter& p : r.parameters)
        s += p.identified ? fmt::format("  {:<40} {:>10.4g} +- {:.2g} {}\n", p.name, p.value, p.sigma, p.unit)
                          : fmt::format("  {:<40} not identified\n", p.name);
    for (const std::string& w : r.warnings) s += "warning: " + w + "\n";
    return s;
}

std::string fit_residual_csv(const FitResult& r) {
    std::string s = "file,time_s,v_meas_V,v_sim_V,residual_mV\n";
    for (const FitFileResult& f : r.files)
        for (std::size_t k = 0; k < f.t_s.size(); ++k)
            fmt::format_to(std::back_inserter(s), "{},{:.3f},{:.5f},{:.5f},{:.3f}\n", name_of(f.path), f.t_s[k],
                           f.v_meas_V[k], f.v_sim_V[k], 1e3 * (f.v_sim_V[k] - f.v_meas_V[k]));
    return s;
}

std::string fit_residual_svg(const FitResult& r) {
    constexpr double k_width = 900.0, k_height = 110.0, k_left = 60.0;
    constexpr std::size_t k_columns = 600;
    std::string s = fmt::format(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {} {}\" font-family=\"sans-serif\" font-size=\"11\">\n"
        "<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n",
        k_width, k_height * static_cast<double>(r.files.size()) + spectra_height(r.spectra));
    double top = 0.0;
    for (const FitFileResult& f : r.files) {
        const double range = std::max(10.0, 4.0 * f.rms_mV), mid = top + 60.0;
        const auto y = [&](double mV) { return mid - 40.0 * std::clamp(mV / range, -1.0, 1.0); };
        const double x_per = (k_width - k_left - 10.0) / std::max(f.t_s.back() - f.t_s.front(), 1e-9);
        s += fmt::format(
            "<text x=\"{}\" y=\"{:.0f}\">{}, {:.0f} degC{}: rms {:.1f} mV; {:.1f} h</text>\n"
            "<line x1=\"{}\" x2=\"{}\" y1=\"{:.0f}\" y2=\"{:.0f}\" stroke=\"#999\"/>\n"
            "<text x=\"2\" y=\"{:.0f}\">{:+.0f} mV</text><text x=\"2\" y=\"{:.0f}\">{:+.0f} mV</text>\n<path d=\"",
            k_left, top + 14.0, name_of(f.path), f.temp_degC, f.held_back ? ", held back" : "", f.rms_mV,
            (f.t_s.back() - f.t_s.front()) / 3600.0, k_left, k_width - 10.0, mid, mid, mid - 36.0, range, mid + 40.0,
            -range);
        const std::size_t per = f.t_s.size() / k_columns + 1;  // lowest and highest residual of each piece
        for (std::size_t a = 0; a < f.t_s.size(); a += per) {
            double lo = 1e9, hi = -1e9;
            for (std::size_t k = a; k < std::min(a + per, f.t_s.size()); ++k) {
                const double e = 1e3 * (f.v_sim_V[k] - f.v_meas_V[k]);
                lo = std::min(lo, e), hi = std::max(hi, e);
            }
            const double x = k_left + x_per * (f.t_s[a] - f.t_s.front());
            fmt::format_to(std::back_inserter(s), "M{:.1f} {:.1f}V{:.1f}", x, y(lo), y(hi) - 0.5);
        }
        s += "\" stroke=\"#06c\" fill=\"none\"/>\n";
        top += k_height;
    }
    return s + spectra_panels(r.spectra, top) + "</svg>\n";
}

}  // namespace twin
