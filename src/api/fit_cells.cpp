// SPDX-License-Identifier: Apache-2.0
// Several cells of one type in one call: a fit of each, and what they differ by.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include <twin/fit.hpp>

#include "cell/model_file.hpp"
#include "io/model.hpp"

namespace twin {

namespace {

std::vector<FitFile> of_cell(const std::vector<FitFile>& files, const std::string& cell) {
    std::vector<FitFile> out;
    for (const FitFile& f : files) {
        if (f.cell == cell) out.push_back(f);
    }
    return out;
}

/// Names in order of appearance; an error if only some files have one, or a held-back file a name that is not fitted.
std::vector<std::string> names_of(const FitOptions& o, std::vector<Diagnostic>& errors) {
    std::vector<std::string> names;
    const auto fail = [&](const FitFile& f, const std::string& message) {
        Diagnostic d;
        d.file = f.path;
        d.message = message;
        errors.push_back(d);
    };
    for (const auto* list : {&o.files, &o.eis}) {
        for (const FitFile& f : *list) {
            if (f.cell.empty())
                fail(f, "other files name their cell (CELL=FILE), this one doesn't");
            else if (std::find(names.begin(), names.end(), f.cell) == names.end())
                names.push_back(f.cell);
        }
    }
    for (const FitFile& f : o.validate) {
        if (std::find(names.begin(), names.end(), f.cell) == names.end())
            fail(f, fmt::format("is held back of cell \"{}\", of which no file is fitted", f.cell));
    }
    return names;
}

cell::EcmModel model_of(const std::string& model_json) {
    const auto file = io::read_model_text<cell::EcmModelFile>(model_json, "fitted");
    if (!file.ok()) throw InputError(file.errors);
    return cell::build(file.value);
}

/// Mean, and standard deviation of a sample over it; 0 for one.
struct Spread {
    double mean = 0.0, cv_pct = 0.0;
};
template <class F>
Spread spread_of(const std::vector<FitCell>& cells, const F& f) {
    Spread s;
    const auto n = static_cast<double>(cells.size());
    for (const FitCell& c : cells) s.mean += f(c) / n;
    if (cells.size() < 2) return s;
    double sum = 0.0;
    for (const FitCell& c : cells) sum += (f(c) - s.mean) * (f(c) - s.mean);
    s.cv_pct = 100.0 * std::sqrt(sum / (n - 1.0)) / s.mean;
    return s;
}

}  // namespace

double fit_model_r_Ohm(const std::string& model_json) {
    const cell::EcmModel m = model_of(model_json);
    const auto r = m.resistance_Ohm.at(0.5, std::clamp(25.0, m.valid.t_min_degC, m.valid.t_max_degC));
    double sum = 0.0;
    for (const double x : r) sum += x;
    return sum;
}

bool fit_names_cells(const FitOptions& o) {
    for (const auto* list : {&o.files, &o.eis, &o.validate}) {
        for (const FitFile& f : *list) {
            if (!f.cell.empty()) return true;
        }
    }
    return false;
}

FitCells fit_cells(const FitOptions& options) {
    std::vector<Diagnostic> errors;
    const std::vector<std::string> names = names_of(options, errors);
    if (!errors.empty()) throw InputError(errors);
    FitCells out;
    for (const std::string& name : names) {
        FitOptions o = options;
        o.id = options.id + "-" + name;
        o.title = options.title.empty() ? "" : options.title + ", cell " + name;
        for (auto* list : {&o.files, &o.eis, &o.validate}) {
            *list = of_cell(*list, name);
            for (FitFile& f : *list) f.cell.clear();
        }
        if (options.sources.empty()) {
            for (const auto* list : {&o.files, &o.eis}) {
                for (const FitFile& f : *list) o.sources.push_back("measured: " + f.path);
            }
        }
        if (options.progress) o.progress = [&](const std::string& line) { options.progress(name + ": " + line); };
        try {
            FitCell c;
            c.name = name;
            c.fit = fit(o);
            c.r_Ohm = fit_model_r_Ohm(c.fit.model_json);
            c.capacity_Ah = model_of(c.fit.model_json).capacity_C / 3600.0;
            out.worst_validation_rms_mV = std::max(out.worst_validation_rms_mV, c.fit.worst_validation_rms_mV);
            out.cells.push_back(std::move(c));
        } catch (const InputError& e) {
            for (Diagnostic d : e.diagnostics()) {
                d.message = fmt::format("cell {}: {}", name, d.message);
                errors.push_back(std::move(d));
            }
        }
    }
    if (!errors.empty()) throw InputError(errors);
    const Spread q = spread_of(out.cells, [](const FitCell& c) { return c.capacity_Ah; });
    const Spread r = spread_of(out.cells, [](const FitCell& c) { return c.r_Ohm; });
    out.capacity_mean_Ah = q.mean;
    out.capacity_cv_pct = q.cv_pct;
    out.r_mean_Ohm = r.mean;
    out.r_cv_pct = r.cv_pct;
    return out;
}

std::string fit_cells_text(const FitCells& f) {
    std::string s = fmt::format("{:<24} {:>13} {:>8} {:>18} {:>8} {:>12}\n", "cell", "capacity, Ah", "%",
                                "R at 50 %, mOhm", "%", "worst rms, mV");
    for (const FitCell& c : f.cells)
        s += fmt::format("{:<24} {:>13.4g} {:>+8.2f} {:>18.4g} {:>+8.1f} {:>12.2f}\n", c.name, c.capacity_Ah,
                         100.0 * (c.capacity_Ah / f.capacity_mean_Ah - 1.0), 1e3 * c.r_Ohm,
                         100.0 * (c.r_Ohm / f.r_mean_Ohm - 1.0), c.fit.worst_validation_rms_mV);
    s += fmt::format("{:<24} {:>13.4g} {:>8.2f} {:>18.4g} {:>8.1f}   standard deviation of the cells in %\n", "mean",
                     f.capacity_mean_Ah, f.capacity_cv_pct, 1e3 * f.r_mean_Ohm, f.r_cv_pct);
    return s;
}

}  // namespace twin
