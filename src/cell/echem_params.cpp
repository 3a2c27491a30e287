// SPDX-License-Identifier: Apache-2.0
#include "cell/echem_params.hpp"

#include <stdexcept>

namespace twin::cell {

void Curve::set(const std::vector<double>& y, double lo, double h, const char* what) {
    for (const double v : y) {
        if (!(base::abs2(v) < 1e30)) throw std::invalid_argument(std::string(what) + " is not finite in its range");
    }
    n_ = y.size() - 5;
    lo_ = lo;
    h_ = h;
    per_h_ = 1.0 / h;
    std::vector<double> d(n_ + 1);
    for (std::size_t k = 0; k <= n_; ++k) d[k] = (8.0 * (y[k + 3] - y[k + 1]) - (y[k + 4] - y[k])) / (12.0 * h);
    c_.assign(n_ + 2, {});
    c_[0] = {y[2], d[0], 0.0, 0.0};
    for (std::size_t s = 1; s <= n_; ++s) {
        const double y0 = y[s + 1], y1 = y[s + 2], secant = (y1 - y0) / h;
        c_[s] = {y0, d[s - 1], (3.0 * secant - 2.0 * d[s - 1] - d[s]) / h,
                 ((d[s - 1] + d[s]) - 2.0 * secant) / (h * h)};
    }
    c_[n_ + 1] = {y[n_ + 2], d[n_], 0.0, 0.0};
}

TransportCurve::At TransportCurve::at(double t_K, double scale) const {
    At r;
    r.scale_ = scale;
    r.a_ = r.b_ = curves_.data();
    if (curves_.size() < 2) return r;
    const double top = static_cast<double>(curves_.size() - 1);
    double p = (t_K - t_lo_K_) / k_step_K;
    p = p > 0.0 ? (p < top ? p : top) : 0.0;
    const auto k = static_cast<std::size_t>(p);
    r.a_ = curves_.data() + k;
    r.b_ = k + 1 < curves_.size() ? r.a_ + 1 : r.a_;
    r.w_ = p - static_cast<double>(k);
    if (r.w_ < 1e-9) r.w_ = 0.0;
    return r;
}

}  // namespace twin::cell
