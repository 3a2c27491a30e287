// SPDX-License-Identifier: Apache-2.0
#include "study/slow_pair.hpp"

#include <algorithm>
#include <cmath>

#include "base/constants.hpp"

namespace twin::study {

namespace {

constexpr double k_floor = 0.3, k_ceiling = 8.0;  // of the mean steepness
constexpr double k_offset_s = 1.0;                // of the logarithmic time after a step
constexpr double k_rest_share = 0.005;            // of the largest current
constexpr std::size_t k_single_pulse = 6;         // current steps of a file that holds a pulse or two
constexpr double k_step_share = 0.1;              // of the largest current: a step that tells of R
constexpr double k_same_K = 5.0;                  // slow tests and pulses this close have one temperature

double steepness(const OcvData& o, double soc, double window) {
    const double lo = std::max(0.0, soc - window), hi = std::min(1.0, soc + window);
    return (linear(o.soc, o.v_V, hi) - linear(o.soc, o.v_V, lo)) / (hi - lo);
}

}  // namespace

std::vector<double> diffusive_log_shape(const OcvData& ocv, const std::vector<double>& soc, double window) {
    const double mean = (linear(ocv.soc, ocv.v_V, 0.9) - linear(ocv.soc, ocv.v_V, 0.1)) / 0.8;
    std::vector<double> out;
    for (const double x : soc)
        out.push_back(std::log(std::clamp(steepness(ocv, x, window) / std::max(mean, 1e-6), k_floor, k_ceiling)));
    return out;
}

std::vector<double> sample_weights(const Recording& r) {
    const std::size_t n = r.t_s.size();
    std::vector<double> w(n, 1.0);
    if (r.kind == "dynamic" || n < 2) return w;
    double since = r.t_s.front(), sum = 0.0;
    for (std::size_t k = 0; k < n; ++k) {
        const double dt = k > 0 ? r.t_s[k] - r.t_s[k - 1] : 0.0;
        if (k > 0 && std::abs(r.i_A[k] - r.i_A[k - 1]) > 0.02 * r.i_max_A) since = r.t_s[k - 1];
        const double after = r.t_s[k] - since;
        // the integral of 1 / (t + offset) over the sample's interval
        w[k] = std::log((after + k_offset_s) / (std::max(0.0, after - dt) + k_offset_s));
        sum += w[k];
    }
    for (double& x : w) x *= sum > 0.0 ? static_cast<double>(n) / sum : 1.0;
    return w;
}

std::vector<double> counted_weights(const Problem& b, std::size_t f) {
    const Recording& r = *b.files[f];
    std::vector<double> w = sample_weights(r);
    const std::vector<double> soc = r.soc_rel(b.capacity_Ah);
    const double floor = r.is_slow() ? 0.0 : b.soc_floor_rel;
    for (std::size_t k = 0; k < w.size(); ++k)
        if (!(soc[k] >= floor) || r.mixed(k) || (!b.left_out.empty() && b.left_out[f][k])) w[k] = 0.0;
    return w;
}

std::vector<double> expect_typical(Problem& b, const Solution& s) {
    if (b.slow < 0) return {};
    double steps = 0.0;
    for (const Recording* r : b.files)
        for (std::size_t k = 1; k < r->t_s.size() && !r->is_slow(); ++k)
            steps += std::abs(r->i_A[k] - r->i_A[k - 1]) > k_step_share * r->i_max_A ? 1.0 : 0.0;
    b.priors.typical = s.rms_V / (std::sqrt(std::max(1.0, std::min(steps, s.independent))) * k_typical_log);
    std::vector<double> from = s.p;  // from nothing the search would not come back
    for (int k = b.slow; k <= b.n_rc; ++k)
        for (std::size_t x = 0; x < b.r_soc.size(); ++x)
            for (std::size_t t = 0; t < b.t_K.size(); ++t) {
                double& p = from[static_cast<std::size_t>(b.r[static_cast<std::size_t>(k)].at) + x * b.t_K.size() + t];
                p = std::max(p, b.log_expected(k, x, t) - k_typical_log);
            }
    return from;
}

bool is_pulse_test(const Recording& r) {
    if (r.is_slow() || r.t_s.size() < 2) return false;
    double rest_s = 0.0;
    std::size_t changes = 0;
    for (std::size_t k = 1; k < r.t_s.size(); ++k) {
        if (std::abs(r.i_A[k]) < k_rest_share * r.i_max_A) rest_s += r.t_s[k] - r.t_s[k - 1];
        changes += std::abs(r.i_A[k] - r.i_A[k - 1]) > 0.2 * r.i_max_A ? 1U : 0U;
    }
    const double whole_s = r.t_s.back() - r.t_s.front();
    return changes > 0 && rest_s > 0.3 * whole_s && (r.kind != "dynamic" || changes <= k_single_pulse);
}

int usual_pairs(const std::vector<const Recording*>& files) {
    return std::any_of(files.begin(), files.end(), [](const Recording* r) { return is_pulse_test(*r); }) ? 3 : 2;
}

void prepare_pulse_fit(Problem& b, const std::vector<Recording>& all) {
    if (usual_pairs(b.files) < 3) return;
    if (b.n_rc == 3) {
        b.slow = 2;
        b.slow_log_shape = diffusive_log_shape(b.ocv, b.r_soc);
        b.priors.firm = 10.0;
    }
    b.priors.log_tau = 3e-3;
    b.priors.level = 5e-4;
    const std::vector<double> near_K = b.t_K;
    bool any = false;
    for (const Recording& r : all) {
        if (r.held_back || !r.is_slow() || r.t_s.empty()) continue;
        const double t_K = r.t_degC[r.t_degC.size() / 2] + base::k_zero_degC_K;
        const auto close = [t_K](double knot) { return std::abs(knot - t_K) < k_same_K; };
        if (std::none_of(near_K.begin(), near_K.end(), close)) continue;
        b.files.push_back(&r);
        any = true;
    }
    if (!any) return;
    b.priors.ocv = 1e-3;  // the slow test itself now says what the OCV is
    b.priors.ocv_bend = 2e-2;
}

}  // namespace twin::study
