// SPDX-License-Identifier: Apache-2.0
#include "cell/spread_model.hpp"

#include <stdexcept>

#include "base/math.hpp"
#include "cell/spread.hpp"

namespace twin::cell {

using base::det_exp;
using base::det_log;

namespace {

constexpr double k_days_per_month = 30.4375;

double shaped(const SpreadVariable& v, double y) {
    if (v.kind == SpreadKind::normal) {
        const double x = v.mean * (1.0 + v.cv * y);
        return x > 0.05 * v.mean ? x : 0.05 * v.mean;  // beyond any cut of a sensible cv
    }
    if (v.kind == SpreadKind::lognormal) {
        const double s2 = det_log(1.0 + v.cv * v.cv);
        return v.mean * det_exp(base::sqrt2(s2) * y - 0.5 * s2);
    }
    const double x = 1.0 / v.shape;  // ln Gamma(1 + x) by its series
    const double ln_gamma = x * (-0.5772156649015329 + x * (0.8224670334241132 - x * 0.4006856343865314));
    const double left = 1.0 - normal_share(y);
    return v.mean * det_exp(x * det_log(-det_log(left)) - ln_gamma);
}

SpreadMatrix correlation(const SpreadFile& f) {
    SpreadMatrix c{};
    for (std::size_t k = 0; k < k_spread_n; ++k) c[k][k] = 1.0;
    const auto put = [&](std::size_t a, std::size_t b, double r) { c[a][b] = c[b][a] = r; };
    put(k_spread_capacity, k_spread_resistance, f.corr_capacity_resistance);
    put(k_spread_capacity, k_spread_leak, f.corr_capacity_leak);
    put(k_spread_resistance, k_spread_leak, f.corr_resistance_leak);
    put(k_spread_leak, k_spread_charge, f.corr_leak_soc);
    return c;
}

}  // namespace

double normal_share(double z) {  // Abramowitz, Stegun 26.2.17
    const double a = base::abs2(z);
    const double t = 1.0 / (1.0 + 0.2316419 * a);
    const double tail =
        0.3989422804014327 * det_exp(-0.5 * a * a) *
        (t * (0.319381530 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429)))));
    return z > 0.0 ? 1.0 - tail : tail;
}

bool cholesky(const SpreadMatrix& c, SpreadMatrix* factor) {
    SpreadMatrix l{};
    for (std::size_t i = 0; i < k_spread_n; ++i) {
        for (std::size_t j = 0; j <= i; ++j) {
            double sum = c[i][j];
            for (std::size_t k = 0; k < j; ++k) sum = sum - l[i][k] * l[j][k];
            if (i != j) {
                l[i][j] = sum / l[j][j];
                continue;
            }
            if (!(sum > 1e-9)) return false;
            l[i][i] = base::sqrt2(sum);
        }
    }
    *factor = l;
    return true;
}

SpreadDraw draw(const SpreadModel& m, const base::RngKey& key, std::uint64_t index) {
    static constexpr base::Stream streams[k_spread_n] = {base::Stream::spread_capacity, base::Stream::spread_resistance,
                                                         base::Stream::spread_leak, base::Stream::spread_soc};
    std::array<double, k_spread_n> z{}, y{};
    for (std::size_t k = 0; k < k_spread_n; ++k) z[k] = cut_normal(key, streams[k], index);
    for (std::size_t i = 0; i < k_spread_n; ++i)
        for (std::size_t k = 0; k <= i; ++k) y[i] = y[i] + m.factor[i][k] * z[k];
    SpreadDraw d;
    d.capacity_rel = shaped(m.of[k_spread_capacity], y[k_spread_capacity]);
    d.r_rel = shaped(m.of[k_spread_resistance], y[k_spread_resistance]);
    d.leak_per_d = m.leak_per_d * shaped(m.of[k_spread_leak], y[k_spread_leak]);
    d.soc_offset = m.of[k_spread_charge].cv * y[k_spread_charge];
    return d;
}

std::vector<ModelError> check(const SpreadFile& f) {
    std::vector<ModelError> bad;
    if (f.chemistry != "LFP" && f.chemistry != "NMC" && f.chemistry != "LTO")
        bad.push_back({"chemistry", "\"" + f.chemistry + "\"; allowed LFP, NMC, LTO"});
    SpreadMatrix l{};
    if (!cholesky(correlation(f), &l))
        bad.push_back({"corr_capacity_resistance", "the correlations contradict each other (not positive definite)"});
    for (const SpreadVariableFile* v : {&f.capacity, &f.resistance})
        if (v->kind == SpreadKind::normal && v->cv_pct >= 30.0)
            bad.push_back({v == &f.capacity ? "capacity" : "resistance",
                           "a normal of 30 % and more reaches zero; use lognormal"});
    return bad;
}

SpreadModel compile(const SpreadFile& f) {
    const std::vector<ModelError> bad = check(f);
    std::string all;
    for (const ModelError& e : bad) all += (all.empty() ? "/" : "; /") + e.key + ": " + e.message;
    if (!bad.empty()) throw std::invalid_argument(all);
    SpreadModel m;
    m.id = f.id;
    m.title = f.title;
    m.chemistry = f.chemistry;
    m.label = f.label;
    const auto of = [](const SpreadVariableFile& v) {
        return SpreadVariable{v.kind, v.mean, v.cv_pct / 100.0, v.shape};
    };
    m.of = {of(f.capacity), of(f.resistance), of(f.self_discharge),
            SpreadVariable{SpreadKind::normal, 0.0, f.soc_sd_pct / 100.0, 50.0}};
    m.leak_per_d = f.self_discharge_pct_per_month / 100.0 / k_days_per_month;
    cholesky(correlation(f), &m.factor);
    return m;
}

}  // namespace twin::cell
