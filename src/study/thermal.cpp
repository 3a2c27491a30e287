// SPDX-License-Identifier: Apache-2.0
#include "study/thermal.hpp"

#include <fmt/format.h>

#include <Eigen/Cholesky>
#include <algorithm>
#include <cmath>
#include <map>
#include <unsupported/Eigen/NonLinearOptimization>
#include <unsupported/Eigen/NumericalDiff>

#include "study/replay.hpp"

namespace twin::study {

namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

constexpr double k_core_share = 0.85;
constexpr double k_known_log = 0.5;     // a parameter known to a factor 1.6 at one sigma is not known
constexpr double k_noise_K = 0.2;       // of a thermocouple on a cell
constexpr double k_prior_log = 1.0;     // of the typical values
constexpr double k_correlated_s = 300;  // residuals this far apart count as independent

double rounded(double x) { return std::stod(fmt::format("{:.4g}", x)); }

// Parameters: log of heat capacity, surface to surroundings, core to surface.
cell::ThermalFile file_of(const VectorXd& p) {
    const double c = std::exp(p[0]);
    return {k_core_share * c, (1.0 - k_core_share) * c, std::exp(p[2]), std::exp(p[1])};
}

VectorXd typical(const cell::EcmModel& m, const FitOptions& o) {
    const double mass = o.mass_kg > 0.0 ? o.mass_kg : 0.02 * m.capacity_C / 3600.0;
    const double c = o.heat_capacity_J_per_K > 0.0 ? o.heat_capacity_J_per_K : 1000.0 * mass;
    const double r = o.cooling_K_per_W > 0.0 ? o.cooling_K_per_W : 22.0 / std::sqrt(m.capacity_C / 3600.0);
    return VectorXd{{std::log(c), std::log(r), std::log(0.1 * r)}};
}

// One file's residuals every few seconds.
struct Track {
    const Recording* r = nullptr;
    std::vector<double> heat_J;
    std::vector<std::size_t> rows;
    double weight = 1.0;
};

void simulate(const cell::EcmModel& m, const Track& t, VectorXd& out, Index& at) {
    std::map<double, cell::EcmCoeffs> coeffs;
    const Recording& r = *t.r;
    double core = r.t_degC.front(), surf = core;
    std::size_t row = 0;
    for (std::size_t k = 0; k < r.t_s.size(); ++k) {
        const double h = k > 0 ? std::round((r.t_s[k] - r.t_s[k - 1]) * 1e6) / 1e6 : 0.0;
        if (h > 0.0) {
            auto c = coeffs.find(h);
            if (c == coeffs.end()) {
                if (coeffs.size() > 2000) coeffs.clear();
                c = coeffs.emplace(h, cell::coeffs(m, h)).first;
            }
            const cell::EcmCoeffs& x = c->second;
            const double xc = core - r.ambient_degC[k], xs = surf - r.ambient_degC[k];
            core += (x.a[0][0] * xc + x.a[0][1] * xs) + x.g_KperJ[0] * t.heat_J[k];
            surf += (x.a[1][0] * xc + x.a[1][1] * xs) + x.g_KperJ[1] * t.heat_J[k];
        }
        if (row < t.rows.size() && t.rows[row] == k) out[at++] = t.weight * (surf - r.t_degC[k]), ++row;
    }
}

struct Residual {
    using Scalar = double;
    using InputType = VectorXd;
    using ValueType = VectorXd;
    using JacobianType = MatrixXd;
    enum { InputsAtCompileTime = Eigen::Dynamic, ValuesAtCompileTime = Eigen::Dynamic };
    const cell::EcmModel& model;
    const std::vector<Track>& tracks;
    VectorXd start;
    std::vector<Index> free;
    Index n_rows = 0;

    int inputs() const { return static_cast<int>(free.size()); }
    int values() const { return static_cast<int>(n_rows) + inputs(); }
    VectorXd whole(const VectorXd& x) const {
        VectorXd p = start;
        for (std::size_t k = 0; k < free.size(); ++k) p[free[k]] = x[static_cast<Index>(k)];
        return p;
    }
    int operator()(const VectorXd& x, VectorXd& f) const {
        const VectorXd p = whole(x).cwiseMax(-20.0).cwiseMin(20.0);
        cell::EcmModel m = model;
        const cell::ThermalFile t = file_of(p);
        m.c_core_JperK = t.core_J_per_K, m.c_surf_JperK = t.surface_J_per_K;
        m.r_core_surf_KperW = t.core_surface_K_per_W, m.r_surf_env_KperW = t.surface_ambient_K_per_W;
        Index at = 0;
        for (const Track& track : tracks) simulate(m, track, f, at);
        for (const Index k : free) f[at++] = (p[k] - start[k]) / k_prior_log;
        return 0;
    }
};

std::vector<Track> tracks_of(const cell::EcmModel& m, const std::vector<Recording>& all) {
    std::vector<Track> tracks;
    for (const Recording& r : all) {
        if (r.held_back || !temperature_moved(r)) continue;
        Track t{&r, replay(m, r, Temperature::as_measured).heat_J, {}, 1.0};
        const double step_s = std::max(5.0, (r.t_s.back() - r.t_s.front()) / 2000.0);
        for (std::size_t k = 0; k < r.t_s.size(); ++k)
            if (t.rows.empty() || r.t_s[k] - r.t_s[t.rows.back()] >= step_s) t.rows.push_back(k);
        t.weight = std::sqrt(std::min(1.0, step_s / k_correlated_s)) / k_noise_K;
        tracks.push_back(std::move(t));
    }
    return tracks;
}

}  // namespace

bool temperature_moved(const Recording& r) {
    if (!r.temp_measured) return false;
    const auto [lo, hi] = std::minmax_element(r.t_degC.begin(), r.t_degC.end());
    return *hi - *lo >= k_moved_K;
}

ThermalFit fit_thermal(const cell::EcmModel& model, const std::vector<Recording>& all, const FitOptions& o) {
    const std::vector<Track> tracks = tracks_of(model, all);
    Residual f{model, tracks, typical(model, o), {}, 0};
    const bool given[3] = {o.heat_capacity_J_per_K > 0.0, o.cooling_K_per_W > 0.0,
                           o.heat_capacity_J_per_K > 0.0 && o.cooling_K_per_W > 0.0};
    ThermalFit out;
    VectorXd p = f.start, sigma = VectorXd::Constant(3, k_prior_log);
    for (const Track& t : tracks) f.n_rows += static_cast<Index>(t.rows.size());
    if (!tracks.empty())
        for (Index k = 0; k < 3; ++k)
            if (!given[k]) f.free.push_back(k);
    if (!f.free.empty()) {
        VectorXd x(f.inputs());
        for (std::size_t k = 0; k < f.free.size(); ++k) x[static_cast<Index>(k)] = f.start[f.free[k]];
        Eigen::NumericalDiff<Residual, Eigen::Central> with_jacobian(f);
        Eigen::LevenbergMarquardt<Eigen::NumericalDiff<Residual, Eigen::Central>> lm(with_jacobian);
        lm.parameters.factor = 1.0;
        lm.parameters.maxfev = 200;
        lm.minimize(x);
        p = f.whole(x);
        MatrixXd j(f.values(), f.inputs());
        with_jacobian.df(x, j);
        const MatrixXd inverse = (j.transpose() * j).llt().solve(MatrixXd::Identity(f.inputs(), f.inputs()));
        const double scale = std::max(1.0, lm.fvec.squaredNorm() / std::max(1.0, static_cast<double>(f.n_rows)));
        for (std::size_t k = 0; k < f.free.size(); ++k) {
            const auto i = static_cast<Index>(k);
            sigma[f.free[k]] = std::min(k_prior_log, std::sqrt(scale * std::max(0.0, inverse(i, i))));
        }
    }
    const char* const name[3] = {"heat capacity", "surface to surroundings", "core to surface"};
    const char* const unit[3] = {"J/K", "K/W", "K/W"};
    for (Index k = 0; k < 3; ++k) {
        if (k < 2 && given[k]) continue;
        const bool known = sigma[k] < k_known_log;
        if (!known) p[k] = k == 2 ? p[1] + std::log(0.1) : f.start[k];
        const double value = std::exp(p[k]);
        out.parameters.push_back({name[k], value, value * sigma[k], unit[k], known});
        if (!known)
            out.notes.push_back(
                fmt::format("{} not identified: {:.3g} {} is typical for its size", name[k], value, unit[k]));
    }
    const cell::ThermalFile t = file_of(p);
    out.thermal = {rounded(t.core_J_per_K), rounded(t.surface_J_per_K), rounded(t.core_surface_K_per_W),
                   rounded(t.surface_ambient_K_per_W)};
    return out;
}

}  // namespace twin::study
