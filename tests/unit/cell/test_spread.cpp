// SPDX-License-Identifier: Apache-2.0
// Correlated spread of cells: Cholesky factor, the moments of every distribution, reproducibility.
#include <doctest/doctest.h>

#include <cmath>
#include <stdexcept>
#include <vector>

#include "cell/spread.hpp"
#include "cell/spread_model.hpp"

using namespace twin;
using namespace twin::cell;

namespace {

SpreadFile wide() {
    SpreadFile f;
    f.id = "wide";
    f.chemistry = "LFP";
    f.capacity = {SpreadKind::normal, 1.0, 2.0, 50.0};
    f.resistance = {SpreadKind::lognormal, 1.1, 20.0, 50.0};
    f.self_discharge = {SpreadKind::lognormal, 1.0, 60.0, 50.0};
    f.self_discharge_pct_per_month = 3.04375;
    f.soc_sd_pct = 5.0;
    f.corr_capacity_resistance = -0.6;
    f.corr_leak_soc = -0.4;
    return f;
}

struct Moments {
    double mean = 0.0, sd = 0.0;
};
Moments moments(const std::vector<double>& x) {
    double s = 0.0, s2 = 0.0;
    for (const double v : x) s += v;
    const double mean = s / static_cast<double>(x.size());
    for (const double v : x) s2 += (v - mean) * (v - mean);
    return {mean, std::sqrt(s2 / static_cast<double>(x.size()))};
}
double correlation(const std::vector<double>& x, const std::vector<double>& y) {
    const Moments a = moments(x), b = moments(y);
    double s = 0.0;
    for (std::size_t k = 0; k < x.size(); ++k) s += (x[k] - a.mean) * (y[k] - b.mean);
    return s / static_cast<double>(x.size()) / (a.sd * b.sd);
}

}  // namespace

TEST_CASE("cholesky: the factor gives the matrix back; what is no correlation is refused") {
    const SpreadMatrix c{{{1.0, -0.6, 0.1, 0.0}, {-0.6, 1.0, 0.2, 0.3}, {0.1, 0.2, 1.0, -0.4}, {0.0, 0.3, -0.4, 1.0}}};
    SpreadMatrix l{};
    REQUIRE(cholesky(c, &l));
    for (std::size_t i = 0; i < 4; ++i)
        for (std::size_t j = 0; j < 4; ++j) {
            double s = 0.0;
            for (std::size_t k = 0; k < 4; ++k) s += l[i][k] * l[j][k];
            CHECK(s == doctest::Approx(c[i][j]).epsilon(1e-14));
        }
    SpreadFile f = wide();
    f.corr_capacity_resistance = 0.9;
    f.corr_capacity_leak = 0.9;
    f.corr_resistance_leak = -0.9;
    CHECK_THROWS_AS(compile(f), std::invalid_argument);
    f = wide();
    f.capacity.cv_pct = 40.0;
    CHECK_THROWS_AS(compile(f), std::invalid_argument);
    for (const double z : {-3.0, -1.0, 0.0, 0.5, 2.5})
        CHECK(normal_share(z) == doctest::Approx(0.5 * std::erfc(-z / std::sqrt(2.0))).epsilon(1e-6));
}

TEST_CASE("spread models: means, standard deviations and correlations are those of the file") {
    const SpreadModel m = compile(wide());
    const base::RngKey key{11, 0};
    const std::size_t n = 40000;
    std::vector<double> q(n), r(n), leak(n), soc(n), lr(n);
    for (std::size_t k = 0; k < n; ++k) {
        const SpreadDraw d = draw(m, key, k);
        q[k] = d.capacity_rel;
        r[k] = d.r_rel;
        lr[k] = std::log(d.r_rel);
        leak[k] = d.leak_per_d;
        soc[k] = d.soc_offset;
        CHECK(d.r_rel > 0.0);
    }
    const double cut = std::sqrt(0.97334);  // sd of a normal cut at 3
    CHECK(moments(q).mean == doctest::Approx(1.0).epsilon(4e-4));
    CHECK(moments(q).sd == doctest::Approx(0.02 * cut).epsilon(0.02));
    CHECK(moments(r).mean == doctest::Approx(1.1).epsilon(5e-3));
    CHECK(moments(r).sd == doctest::Approx(0.22).epsilon(0.03));
    CHECK(moments(leak).mean == doctest::Approx(1e-3).epsilon(0.015));
    CHECK(moments(leak).sd == doctest::Approx(6e-4).epsilon(0.06));
    CHECK(std::fabs(moments(soc).mean) < 1e-3);
    CHECK(moments(soc).sd == doctest::Approx(0.05 * cut).epsilon(0.02));
    CHECK(correlation(q, lr) == doctest::Approx(-0.6).epsilon(0.02));
    CHECK(correlation(leak, soc) == doctest::Approx(-0.4 * 0.9).epsilon(0.08));  // a lognormal's is a little less
    CHECK(std::fabs(correlation(q, soc)) < 0.02);
}

TEST_CASE("Weibull: mean and the tail of weak cells") {
    SpreadFile f = wide();
    f.capacity = {SpreadKind::weibull, 0.95, 0.0, 53.0};
    const SpreadModel m = compile(f);
    const base::RngKey key{5, 0};
    std::vector<double> q;
    double low = 1.0, high = 0.0;
    for (std::size_t k = 0; k < 20000; ++k) {
        q.push_back(draw(m, key, k).capacity_rel);
        low = std::fmin(low, q.back());
        high = std::fmax(high, q.back());
    }
    const Moments x = moments(q);
    CHECK(x.mean == doctest::Approx(0.95).epsilon(1e-3));
    CHECK(x.sd / x.mean == doctest::Approx(0.024).epsilon(0.06));
    CHECK(0.95 - low > 1.8 * (high - 0.95));
}

TEST_CASE("a cell is the same however many are drawn; packs and seeds differ; no correlation is the plain spread") {
    SpreadFile f = wide();
    const SpreadModel m = compile(f);
    const base::RngKey a{1, 7}, b{1, 8}, c{2, 7};
    CHECK(draw(m, a, 5).r_rel == draw(m, a, 5).r_rel);
    CHECK(draw(m, a, 5).r_rel != draw(m, b, 5).r_rel);
    CHECK(draw(m, a, 5).r_rel != draw(m, c, 5).r_rel);
    CHECK(draw(m, a, 5).capacity_rel ==
          doctest::Approx(draw_cell(a, {0.02, 0.0, 0.0}, 5).capacity_scale).epsilon(1e-15));
    f.corr_leak_soc = 0.0;
    CHECK(draw(compile(f), a, 5).soc_offset ==
          doctest::Approx(draw_cell(a, {0.0, 0.0, 0.05}, 5).soc_offset).epsilon(1e-15));
}
