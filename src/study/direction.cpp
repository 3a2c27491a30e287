// SPDX-License-Identifier: Apache-2.0
#include "study/direction.hpp"

#include <fmt/format.h>

#include <Eigen/Core>
#include <algorithm>
#include <cmath>

namespace twin::study {

double start_h(const Recording& r, const OcvData& ocv) {
    if (r.h_given) return *r.h_given;
    if (r.soc_start_rel > 0.97) return 1.0;
    if (r.soc_start_rel < 0.03) return -1.0;
    const double m = linear(ocv.soc, ocv.half_gap_V, r.soc_start_rel);
    if (m < 1e-3) return 0.0;
    for (std::size_t k = 0; k < r.t_s.size() && r.t_s[k] - r.t_s[0] < 120.0; ++k)
        if (std::abs(r.i_A[k]) <= 0.01 * r.i_max_A)
            return std::clamp((r.v_V[k] - linear(ocv.soc, ocv.v_V, r.soc_start_rel)) / m, -1.0, 1.0);
    return 0.0;
}

std::vector<double> turning(const Recording& r, double rate, double capacity_C, double y0) {
    std::vector<double> y(r.t_s.size(), y0);
    for (std::size_t k = 1; k < y.size(); ++k) {
        const double x = r.i_A[k] * (r.t_s[k] - r.t_s[k - 1]) / capacity_C;
        const double e = std::exp(-rate * std::abs(x));
        y[k] = y[k - 1] * e - (x > 0 ? 1.0 : x < 0 ? -1.0 : 0.0) * (1.0 - e);
    }
    return y;
}

std::vector<double> charged_C(const Recording& r) {
    std::vector<double> q(r.t_s.size(), 0.0);
    for (std::size_t k = 1; k < q.size(); ++k) q[k] = q[k - 1] + std::max(-r.i_A[k], 0.0) * (r.t_s[k] - r.t_s[k - 1]);
    return q;
}

double charged_rel(const Problem& b) {
    double most = 0.0;
    for (const Recording* r : b.files)
        if (!r->is_slow()) most += charged_C(*r).back() / (3600.0 * b.capacity_Ah);
    return most;
}

void try_directions(Problem& b) {
    if (charged_rel(b) < k_least_charged) return;
    for (int k = 0; k <= b.n_rc; ++k)  // pulses and a slow test say nothing about diffusion by direction
        if (!b.is_slow(k)) b.by_direction.push_back(k);
    b.instant = b.loss = true;
    b.lay_out();
}

bool keep_what_shows(Problem& b, const Solution& s) {
    std::vector<std::ptrdiff_t> at;
    for (const Span& span : {b.ratio, b.m0, b.side})
        for (std::ptrdiff_t k = 0; k < span.n; ++k) at.push_back(span.at + k);
    const auto n = static_cast<Eigen::Index>(at.size());
    Eigen::VectorXd p(n);
    Eigen::MatrixXd c(n, n);
    for (Eigen::Index x = 0; x < n; ++x) {
        const std::ptrdiff_t row = at[static_cast<std::size_t>(x)];
        p[x] = s.p[static_cast<std::size_t>(row)];
        for (Eigen::Index y = 0; y < n; ++y)
            c(x, y) = s.covariance[static_cast<std::size_t>(row + b.n * at[static_cast<std::size_t>(y)])];
    }
    std::vector<bool> kept(at.size(), true);
    for (bool again = true; again;) {
        again = false;
        Eigen::Index weakest = 0;
        double least = k_least_sigmas;
        for (Eigen::Index x = 0; x < n; ++x) {
            if (!kept[static_cast<std::size_t>(x)]) continue;
            const double distance = x < b.ratio.n ? std::abs(p[x]) : p[x];
            const double z = distance / std::sqrt(std::max(c(x, x), 1e-300));
            if (z < least) least = z, weakest = x, again = true;
        }
        if (!again) break;
        const Eigen::VectorXd along = c.col(weakest) / std::max(c(weakest, weakest), 1e-300);
        p -= along * p[weakest];
        c -= along * c.row(weakest).eval();
        kept[static_cast<std::size_t>(weakest)] = false;
    }
    std::vector<int> left;
    for (std::size_t k = 0; k < b.by_direction.size(); ++k)
        if (kept[k]) left.push_back(b.by_direction[k]);
    const std::size_t m0_at = b.by_direction.size();
    const bool instant = b.instant && kept[m0_at], loss = b.loss && kept.back();
    const bool any = left.size() != b.by_direction.size() || instant != b.instant || loss != b.loss;
    b.by_direction = left, b.instant = instant, b.loss = loss;
    b.lay_out();
    return any;
}

std::vector<FitParameter> direction_parameters(const Problem& b, const Solution& s,
                                               const std::vector<FitParameter>& tried) {
    std::vector<FitParameter> out;
    // value = none + unit * parameter, or of its logarithm
    const auto add = [&](const std::string& name, std::ptrdiff_t at, double none, double unit, bool log,
                         const char* what, double most) {
        FitParameter p{name, none, 0.0, what, false};
        const FitParameter* before = out.size() < tried.size() ? &tried[out.size()] : nullptr;
        if (at >= 0) {
            const auto k = static_cast<std::size_t>(at);
            p.value = log ? std::exp(s.p[k]) : none + unit * s.p[k];
            p.sigma = (log ? p.value : std::abs(unit)) * s.sigma[k];
            p.identified = true;
        } else if (before != nullptr && before->identified) {
            p.sigma = std::hypot(before->sigma, before->value - none);
            p.identified = p.sigma < most;
        }
        out.push_back(p);
    };
    for (int k = 0; k <= b.n_rc; ++k)
        add(fmt::format("R{} charging / discharging", k), b.ratio_of(k), 1.0, 1.0, true, "1", 0.15);
    add("instantaneous hysteresis M0", b.instant ? b.m0.at : -1, 0.0, 1e3 * k_m0_V, false, "mV", 1.0);
    add("coulombic efficiency", b.loss ? b.side.at : -1, 1.0, -k_side, false, "1", 0.005);
    return out;
}

}  // namespace twin::study
