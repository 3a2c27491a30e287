// SPDX-License-Identifier: Apache-2.0
#include "study/charge_count.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace twin::study {

namespace {
constexpr double k_correlated_s = 600.0;
}

void take_soc_column(Recording& r, const std::string& name, const std::vector<double>& column, bool start_given,
                     std::vector<Diagnostic>& errors) {
    const double per = name.ends_with("pct") || name.ends_with('%') ? 0.01 : 1.0;
    for (std::size_t k = 0; k < column.size(); ++k) {
        const double x = column[k] * per;
        if (!(x >= -0.05 && x <= 1.05)) {
            errors.push_back({Diagnostic::Severity::error, r.path, "",
                              fmt::format("{} = {}; allowed is a fraction 0..1, or percent if the column's name ends "
                                          "with pct or %",
                                          name, column[k]),
                              static_cast<int>(r.line[k]), 0});
            return;
        }
        r.soc_true_rel.push_back(x);
    }
    if (start_given) return;
    r.soc_start_rel = std::clamp(r.soc_true_rel.front(), 0.0, 1.0);
    r.soc_known = true;
}

FitParameter correct_count(Recording& r, double capacity_Ah) {
    const std::vector<double> counted = r.soc_rel(capacity_Ah);
    const auto n = static_cast<double>(counted.size());
    double t0 = 0.0, d0 = 0.0;
    for (std::size_t k = 0; k < counted.size(); ++k) t0 += r.t_s[k] / n, d0 += (r.soc_true_rel[k] - counted[k]) / n;
    double tt = 0.0, td = 0.0, dd = 0.0;
    for (std::size_t k = 0; k < counted.size(); ++k) {
        const double t = r.t_s[k] - t0, d = r.soc_true_rel[k] - counted[k] - d0;
        tt += t * t, td += t * d, dd += d * d;
    }
    const double slope = tt > 0.0 ? td / tt : 0.0, left = std::max(0.0, dd - slope * td);
    const double independent = std::max(3.0, std::min(n, (r.t_s.back() - r.t_s.front()) / k_correlated_s));
    // as a line through that many points of the same spread: (left / n) / (tt / n) / (points - 2)
    const double sigma = tt > 0.0 ? std::sqrt(left / tt / std::max(1.0, independent - 2.0)) : 0.0;
    const double per_A = 3600.0 * capacity_Ah;
    r.offset_A = -slope * per_A;
    return {"current offset of " + r.path, 1e3 * r.offset_A, 1e3 * sigma * per_A, "mA", true};
}

}  // namespace twin::study
