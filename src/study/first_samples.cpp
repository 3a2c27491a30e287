// SPDX-License-Identifier: Apache-2.0
#include "study/first_samples.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "study/slow_pair.hpp"

namespace twin::study {

namespace {

constexpr double k_plateau_share = 0.02;  // of the largest current: less is no step
constexpr double k_jitter = 1.05;         // of the time to the first sample

// Weighted sums of the squared residual: first samples, the others.
struct Sums {
    double e2[2] = {}, w[2] = {};
    double rms_V(std::size_t k) const { return std::sqrt(e2[k] / std::max(w[k], 1e-300)); }
};

Sums sums_of(const Problem& b, const Solution& s, std::size_t f, const std::vector<bool>& first) {
    const std::vector<double> v = b.simulate(s.p, f, nullptr, {}), w = counted_weights(b, f);
    Sums out;
    for (std::size_t k = 0; k < v.size(); ++k) {
        const double e = v[k] - b.files[f]->v_V[k];
        const std::size_t at = first[k] ? 0 : 1;
        out.e2[at] += w[k] * e * e, out.w[at] += w[k];
    }
    return out;
}

}  // namespace

std::vector<bool> first_samples(const Recording& r) {
    std::vector<bool> first(r.t_s.size(), false);
    double since = 0.0;
    bool stepped = false;
    for (std::size_t k = 1; k < first.size(); ++k) {
        const bool step = std::abs(r.i_A[k] - r.i_A[k - 1]) > k_plateau_share * r.i_max_A;
        if (step) since = r.t_s[k - 1], stepped = true;
        first[k] = step || (stepped && r.t_s[k] - since <= k_jitter * r.sample_s);
    }
    return first;
}

std::string leave_out_unsynchronised(Problem& b, const Solution& s) {
    std::vector<std::vector<bool>> left_out;
    std::size_t files = 0, samples = 0;
    double worst_V = 0.0, others_V = 0.0;
    for (std::size_t f = 0; f < b.files.size(); ++f) {
        const Recording& r = *b.files[f];
        left_out.emplace_back(r.t_s.size(), false);
        if (!is_pulse_test(r)) continue;
        std::vector<bool> first = first_samples(r);
        const Sums sums = sums_of(b, s, f, first);
        if (!(sums.w[0] > 0.0 && sums.w[1] > 0.0) || sums.rms_V(0) < k_unsynchronised * sums.rms_V(1)) continue;
        if (sums.rms_V(0) > worst_V) worst_V = sums.rms_V(0), others_V = sums.rms_V(1);
        samples += static_cast<std::size_t>(std::count(first.begin(), first.end(), true));
        ++files;
        left_out.back() = std::move(first);
    }
    if (files == 0) return "";
    b.left_out = std::move(left_out);
    return fmt::format(
        "the first samples after steps ({} of {} files) are not used: their voltage doesn't belong to their current "
        "(rms {:.0f} mV, the others {:.1f} mV)",
        samples, files, 1e3 * worst_V, 1e3 * others_V);
}

}  // namespace twin::study
