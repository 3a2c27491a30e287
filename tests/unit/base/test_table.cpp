// SPDX-License-Identifier: Apache-2.0
// Interpolation tables: shape, exact means, extrapolation, lanes.
#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <stdexcept>
#include <string>
#include <vector>

#include "base/rng.hpp"
#include "base/table.hpp"

namespace base = twin::base;
using base::Pack8;
using Table = base::CubicTable<64>;

namespace {

const std::vector<double> k_x = {0.0, 0.005, 0.02, 0.1, 0.3, 0.35, 0.7, 0.9, 0.97, 1.0};
const std::vector<double> k_y = {2.0, 2.6, 3.0, 3.2, 3.28, 3.29, 3.3301, 3.34, 3.36, 3.65};

/// Exact mean by long double antiderivatives, segment by segment.
long double mean_exact(const Table& t, double a, double width) {
    long double sum = 0.0L;
    const long double start = a, end = start + static_cast<long double>(width);
    const long double lo = std::fmin(start, end), hi = std::fmax(start, end);
    for (std::int32_t s = 0; s <= t.axis().size(); ++s) {
        const long double from = s == 0 ? -1e9L : static_cast<long double>(t.axis().knot(s - 1));
        const long double to = s == t.axis().size() ? 1e9L : static_cast<long double>(t.axis().knot(s));
        const long double p = std::fmax(lo, from), q = std::fmin(hi, to);
        if (q <= p) continue;
        const long double base_x = static_cast<long double>(t.axis().base(s));
        const base::Cubic& c = t.segment(s);
        const auto whole = [&](long double x) {
            const long double u = x - base_x;
            return u * (c.c0 + u * (c.c1 / 2.0L + u * (c.c2 / 3.0L + u * c.c3 / 4.0L)));
        };
        sum += whole(q) - whole(p);
    }
    return sum / (hi - lo);
}

}  // namespace

TEST_CASE("the cubic passes through its knots, is smooth and keeps the shape") {
    const Table t(k_x, k_y);
    for (std::size_t k = 0; k < k_x.size(); ++k) CHECK(t.value(k_x[k]) == doctest::Approx(k_y[k]).epsilon(1e-15));
    for (std::size_t k = 1; k + 1 < k_x.size(); ++k)
        CHECK(t.slope(k_x[k] - 1e-9) == doctest::Approx(t.slope(k_x[k] + 1e-9)).epsilon(1e-4));
    double before = t.value(-0.1);
    for (int k = -99; k <= 1100; ++k) {  // monotone data: monotone interpolant, nowhere an overshoot
        const double now = t.value(1e-3 * k);
        CHECK(now > before);
        before = now;
    }
    // Flat and peaked data: PCHIP neither rings nor overshoots.
    const std::vector<double> bump = {0.0, 0.0, 1.0, 1.0, 0.0};
    const std::vector<double> at = {0.0, 1.0, 2.0, 3.0, 4.0};
    const Table b(at, bump);
    for (int k = 0; k <= 400; ++k) {
        const double v = b.value(0.01 * k);
        CHECK(v >= 0.0);
        CHECK(v <= 1.0);
    }
}

TEST_CASE("a cubic that is a straight line or a parabola is met") {
    const std::vector<double> x = {0.0, 0.3, 0.5, 1.0};
    const std::vector<double> line = {1.0, 1.6, 2.0, 3.0};
    const Table t(x, line);
    for (int k = -10; k <= 20; ++k) CHECK(t.value(0.1 * k) == doctest::Approx(1.0 + 0.2 * k).epsilon(1e-14));
    CHECK(t.slope(0.42) == doctest::Approx(2.0).epsilon(1e-14));
    CHECK(t.mean(0.1, 0.8) == doctest::Approx(2.0).epsilon(1e-14));
}

TEST_CASE("means are exact over one, several and no segments, in both directions") {
    const Table t(k_x, k_y);
    double worst = 0.0;
    for (int k = 0; k < 4000; ++k) {
        const auto n = static_cast<std::uint64_t>(k);
        const double a = base::uniform({3, 0}, base::Stream::profile, 3 * n) * 1.2 - 0.1;
        const double exponent = base::uniform({3, 0}, base::Stream::profile, 3 * n + 1) * 5.0;
        const double width = (k % 2 == 0 ? 1.0 : -1.0) * std::pow(10.0, -exponent);
        const long double want = mean_exact(t, a, width);
        const double scale = std::fabs(static_cast<double>(want)) + 3.0;
        worst =
            std::fmax(worst, std::fabs(static_cast<double>(static_cast<long double>(t.mean(a, width)) - want)) / scale);
    }
    INFO("worst " << worst);
    CHECK(worst < 1e-13);
    CHECK(t.mean(0.4, 0.0) == t.value(0.4));
}

TEST_CASE("a mean over a tiny interval is as accurate as the value") {
    const Table t(k_x, k_y);
    for (const double width : {1e-9, -1e-9, 1e-12, -1e-12, 2.6e-12}) {
        for (int k = 0; k < 1000; ++k) {
            const double a = base::uniform({4, 0}, base::Stream::profile, static_cast<std::uint64_t>(k)) * 0.98 + 0.01;
            // the mean lies between the values at the ends, up to a few roundings
            const double lo = std::fmin(t.value(a), t.value(a + width)), hi = std::fmax(t.value(a), t.value(a + width));
            CHECK(t.mean(a, width) >= lo - 2e-15);
            CHECK(t.mean(a, width) <= hi + 2e-15);
        }
        for (const double knot : k_x) {  // across a knot
            const double m = t.mean(knot - 0.3 * width, width);
            CHECK(std::fabs(m - t.value(knot)) <= 2e-15 * m + std::fabs(width) * 200.0);
        }
    }
}

TEST_CASE("the integral of a path does not depend on how it is cut") {
    const Table t(k_x, k_y);
    const double whole = t.mean(0.95, -0.9) * 0.9;
    for (const int pieces : {2, 7, 1000, 100000}) {
        double sum = 0.0, lost = 0.0;
        const double w = -0.9 / pieces;
        for (int k = 0; k < pieces; ++k) {
            const double y = t.mean(0.95 + w * k, w) * -w - lost;
            const double next = sum + y;
            lost = (next - sum) - y;
            sum = next;
        }
        CHECK(sum == doctest::Approx(whole).epsilon(1e-12));
    }
}

TEST_CASE("outside the knots: straight lines, flagged; slopes may be given") {
    const Table t(k_x, k_y, 10.0, 20.0);
    CHECK(t.value(-0.1) == doctest::Approx(1.0).epsilon(1e-14));
    CHECK(t.value(1.1) == doctest::Approx(5.65).epsilon(1e-14));
    CHECK(t.slope(-5.0) == 10.0);
    CHECK(t.slope(5.0) == 20.0);
    CHECK(t.outside(-1e-9));
    CHECK(t.outside(1.0 + 1e-9));
    CHECK_FALSE(t.outside(0.0));
    CHECK_FALSE(t.outside(1.0));
    CHECK(t.outside(std::nan("")));
    CHECK(std::isnan(t.value(std::nan(""))));
    CHECK(std::isfinite(t.value(1e300)));
    CHECK(std::isfinite(t.value(-1e300)));
}

TEST_CASE("search finds the segment for even and very uneven knots") {
    std::vector<double> even, uneven;
    for (int k = 0; k < 60; ++k) {
        even.push_back(0.1 * k);
        uneven.push_back(k < 50 ? 1e-6 * k : 1e-6 * 49 + (k - 49) * 3.7);
    }
    for (const auto& x : {even, uneven}) {
        const base::Axis<64> axis(x);
        for (std::size_t k = 0; k < x.size(); ++k) {
            CHECK(axis.locate(x[k]) == static_cast<std::int32_t>(k) + 1);
            CHECK(axis.locate(std::nextafter(x[k], -1e9)) == static_cast<std::int32_t>(k));
            CHECK(axis.in_segment(static_cast<std::int32_t>(k) + 1, x[k]));
            CHECK_FALSE(axis.in_segment(static_cast<std::int32_t>(k), x[k]));
        }
        CHECK(axis.locate(-1e300) == 0);
        CHECK(axis.locate(1e300) == 60);
        CHECK(axis.locate(std::nan("")) == 0);
    }
}

TEST_CASE("bad knots are refused with place and value") {
    const auto message = [](const std::vector<double>& x) -> std::string {
        try {
            const base::Axis<4> axis(x, "soc");
        } catch (const std::invalid_argument& e) {
            return e.what();
        }
        return "";
    };
    CHECK(message({0.0}).find("soc: 1 knots; allowed 2..4") == 0);
    CHECK(message({0.0, 1.0, 2.0, 3.0, 4.0}).find("soc: 5 knots") == 0);
    CHECK(message({0.0, 1.0, 1.0}).find("soc[2]") == 0);
    CHECK(message({0.0, std::nan("")}).find("soc[1]") == 0);
    CHECK(message({0.0, 1.0}).empty());
}

TEST_CASE("bilinear: exact for x, y and xy, constant beyond the edges") {
    const std::vector<double> x = {0.0, 0.2, 1.0};
    const std::vector<double> y = {-20.0, 0.0, 5.0, 60.0};
    std::vector<double> v, w;
    for (const double a : x)
        for (const double b : y) {
            v.push_back(1.0 + 2.0 * a - 0.1 * b + 0.5 * a * b);
            w.push_back(-3.0 * b);
        }
    const base::Bilinear<4, 8, 2> g(x, y, {std::span<const double>(v), std::span<const double>(w)});
    for (const double a : {0.0, 0.1, 0.2, 0.55, 1.0})
        for (const double b : {-20.0, -7.0, 0.0, 3.0, 44.0, 60.0}) {
            // exact inside a cell only if the function is bilinear there, which it is everywhere
            CHECK(g.at(a, b)[0] == doctest::Approx(1.0 + 2.0 * a - 0.1 * b + 0.5 * a * b).epsilon(1e-13));
            CHECK(g.at(a, b)[1] == doctest::Approx(-3.0 * b).epsilon(1e-13));
        }
    CHECK(g.at(-5.0, 0.0)[0] == g.at(0.0, 0.0)[0]);
    CHECK(g.at(0.3, 1e6)[1] == g.at(0.3, 60.0)[1]);
    CHECK(g.outside(0.5, 61.0));
    CHECK_FALSE(g.outside(0.5, 60.0));
}

TEST_CASE("tables: every lane equals the solo lookup to the bit") {
    const Table t(k_x, k_y);
    const std::vector<double> y = {-10.0, 20.0, 50.0};
    std::vector<double> v;
    for (std::size_t k = 0; k < k_x.size() * y.size(); ++k) v.push_back(0.1 * static_cast<double>(k * k % 17));
    const base::Bilinear<16, 4, 1> g(k_x, y, {std::span<const double>(v)});
    Pack8 a, w, b;
    for (std::size_t k = 0; k < 8; ++k) {
        a[k] = base::uniform({5, 0}, base::Stream::profile, k) * 1.2 - 0.1;
        w[k] = k % 3 == 0 ? 1e-9 : (k % 3 == 1 ? -0.3 : 0.4);
        b[k] = base::uniform({5, 0}, base::Stream::profile, 50 + k) * 80.0 - 20.0;
    }
    const Pack8 value = t.value(a), slope = t.slope(a), mean = t.mean(a, w), grid = g.at(a, b)[0];
    for (std::size_t k = 0; k < 8; ++k) {
        CHECK(value[k] == t.value(a[k]));
        CHECK(slope[k] == t.slope(a[k]));
        CHECK(mean[k] == t.mean(a[k], w[k]));
        CHECK(grid[k] == g.at(a[k], b[k])[0]);
    }
}
