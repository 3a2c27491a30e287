// SPDX-License-Identifier: Apache-2.0
// Interpolation tables that hashed code may use: piecewise cubic in one variable (shape-preserving, PCHIP) and bilinear
// in two. Fixed capacity, no allocation, plain data. Lookups exist for double and Pack8; the pack calls the scalar code
// per lane, so a lane equals its solo run to the bit.
// Means over an interval are evaluated per segment in closed form, exact for cubics: mean = p(m) + p''(m) d^2 / 6 with
// m the middle and d half the width. A difference of antiderivatives at large magnitude never occurs, so a mean over
// 1e-12 of the range is as accurate as the value itself.
// Source of the slopes: Fritsch, Butland, SIAM J. Sci. Stat. Comput. 5 (1984) 300, doi:10.1137/0905021 (three-point
// ends).
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "base/lanes.hpp"
#include "base/math.hpp"

namespace twin::base {

/// One cubic in t = x - (lower knot): c0 + c1 t + c2 t^2 + c3 t^3.
struct Cubic {
    double c0 = 0.0, c1 = 0.0, c2 = 0.0, c3 = 0.0;
    double value(double t) const { return c0 + t * (c1 + t * (c2 + t * c3)); }
    double slope(double t) const { return c1 + t * (2.0 * c2 + t * (3.0 * c3)); }
    /// Mean over [t_mid - half, t_mid + half]; exact up to rounding.
    double mean(double t_mid, double half) const {
        return value(t_mid) + (c2 + 3.0 * c3 * t_mid) * (half * half) * (1.0 / 3.0);
    }
};

/// PCHIP slopes at n >= 2 strictly increasing knots: monotone data give a monotone interpolant.
void pchip_slopes(std::span<const double> x, std::span<const double> y, std::span<double> slope);

/// Throws std::invalid_argument (with `what`, the index and the value) unless x has 2..capacity strictly increasing
/// finite knots.
void check_knots(std::span<const double> x, std::size_t capacity, const char* what);

/// Knots x[0..n-1] with constant-time search. Segment numbers: 0 is below x[0], s in 1..n-1 is [x[s-1], x[s]], n is
/// above x[n-1].
template <std::size_t Cap>
class Axis {
public:
    Axis() = default;
    explicit Axis(std::span<const double> x, const char* what = "axis") {
        check_knots(x, Cap, what);
        n_ = static_cast<std::int32_t>(x.size());
        for (std::size_t k = 0; k < x.size(); ++k) knot_[k] = x[k];
        x0_ = x[0];
        per_x_ = static_cast<double>(k_buckets) / (x[x.size() - 1] - x[0]);
        std::int32_t s = 1;
        first_[0] = 0;
        for (std::size_t b = 0; b < k_buckets; ++b) {
            const double left = x0_ + static_cast<double>(b) / per_x_;
            while (s < n_ - 1 && left >= knot_[static_cast<std::size_t>(s)]) ++s;
            first_[b + 1] = static_cast<std::uint16_t>(s);
        }
        first_[k_buckets + 1] = static_cast<std::uint16_t>(n_);
    }
    std::int32_t size() const { return n_; }
    double knot(std::int32_t k) const { return knot_[static_cast<std::size_t>(k)]; }
    double front() const { return knot_[0]; }
    double back() const { return knot_[static_cast<std::size_t>(n_ - 1)]; }
    /// Lower reference knot of segment s (x[0] for the one below).
    double base(std::int32_t s) const { return knot_[static_cast<std::size_t>(s > 0 ? s - 1 : 0)]; }
    bool inside(double x) const { return x >= front() && x <= back(); }
    /// locate(x) == s, without the search. (0 <= s <= size)
    bool in_segment(std::int32_t s, double x) const {
        return (s == 0 || x >= knot_[static_cast<std::size_t>(s - 1)]) &&
               (s == n_ || x < knot_[static_cast<std::size_t>(s)]);
    }
    /// A segment at or near that of x (exact unless a knot lies in the same bucket): where to look first.
    std::int32_t guess(double x) const {
        const double p = (x - x0_) * per_x_ + 1.0;
        const double lo = select(p > 0.0, p, 0.0);  // NaN becomes 0
        constexpr double k_top = static_cast<double>(k_buckets + 1);
        const double in_range = select(lo < k_top, lo, k_top);  // the conversion is safe
        return first_[static_cast<std::size_t>(static_cast<std::int32_t>(in_range))];
    }
    /// Segment of x; NaN gives 0 (and the interpolant is then NaN).
    std::int32_t locate(double x) const {
        std::int32_t s = guess(x);
        while (s < n_ && x >= knot_[static_cast<std::size_t>(s)]) ++s;
        while (s > 0 && x < knot_[static_cast<std::size_t>(s - 1)]) --s;
        return s;
    }

private:
    static constexpr std::size_t k_buckets = Cap > 64 ? 1024 : 128;
    static_assert(Cap < 65536);
    std::array<double, Cap> knot_{};
    std::array<std::uint16_t, k_buckets + 2> first_{};  // bucket -> first segment that can hold it
    double x0_ = 0.0;
    double per_x_ = 0.0;  // buckets per unit of x
    std::int32_t n_ = 0;
};

/// Mean over [a, a + width] (width of either sign, 0 gives the value) of a piecewise function. `mean_in(s, t_mid,
/// half)` is the mean inside segment s, t relative to axis.base(s). Pieces are weighted by their lengths, which sum to
/// |width| exactly. sa: the segment of a.
template <std::size_t Cap, class MeanIn>
inline double mean_over(const Axis<Cap>& axis, std::int32_t sa, double a, double width, const MeanIn& mean_in) {
    const double b = a + width;
    const double half = 0.5 * width;
    if (axis.in_segment(sa, b)) return mean_in(sa, (a - axis.base(sa)) + half, half);
    const bool up = width > 0.0;
    const std::int32_t next = up ? sa + 1 : sa - 1;  // nearly always
    const std::int32_t sb = next >= 0 && next <= axis.size() && axis.in_segment(next, b) ? next : axis.locate(b);
    const std::int32_t s_hi = up ? sb : sa;
    const double lo = up ? a : b;
    const double length = abs2(width);
    double sum = 0.0;
    double rest = length;
    double from = lo;
    for (std::int32_t s = up ? sa : sb; s <= s_hi; ++s) {
        const double piece = s == s_hi ? rest : axis.knot(s) - from;
        sum = sum + piece * mean_in(s, (from - axis.base(s)) + 0.5 * piece, 0.5 * piece);
        rest = rest - piece;
        from = s == s_hi ? from : axis.knot(s);
    }
    return sum / length;
}
/// The same where the segment of a, sa, is to be found.
template <std::size_t Cap, class MeanIn>
inline double mean_over(const Axis<Cap>& axis, double a, double width, const MeanIn& mean_in) {
    return mean_over(axis, axis.locate(a), a, width, mean_in);
}

/// Shape-preserving piecewise cubic y(x) with straight lines outside.
template <std::size_t Cap>
class CubicTable {
public:
    CubicTable() = default;
    /// Slopes outside follow the end slopes of the interpolant. Throws std::invalid_argument on bad knots.
    CubicTable(std::span<const double> x, std::span<const double> y, const char* what = "table") : axis_(x, what) {
        std::array<double, Cap> d{};
        pchip_slopes(x, y, std::span<double>(d.data(), x.size()));
        set(x, y, d, d[0], d[x.size() - 1]);
    }
    /// The same with the slopes outside given.
    CubicTable(std::span<const double> x, std::span<const double> y, double slope_below, double slope_above,
               const char* what = "table")
        : axis_(x, what) {
        std::array<double, Cap> d{};
        pchip_slopes(x, y, std::span<double>(d.data(), x.size()));
        set(x, y, d, slope_below, slope_above);
    }
    const Axis<Cap>& axis() const { return axis_; }
    /// Segment s as a cubic in t = x - axis().base(s).
    const Cubic& segment(std::int32_t s) const { return seg_[static_cast<std::size_t>(s)]; }
    /// True where x is outside the knots, i.e. the value is an extrapolation.
    bool outside(double x) const { return !axis_.inside(x); }
    double value(double x) const {
        const std::int32_t s = axis_.locate(x);
        return segment(s).value(x - axis_.base(s));
    }
    double slope(double x) const {
        const std::int32_t s = axis_.locate(x);
        return segment(s).slope(x - axis_.base(s));
    }
    /// Mean of y over [a, a + width].
    double mean(double a, double width) const {
        return mean_over(axis_, a, width,
                         [this](std::int32_t s, double t_mid, double half) { return segment(s).mean(t_mid, half); });
    }
    Pack8 value(const Pack8& x) const {
        return each(x, [this](double v) { return value(v); });
    }
    Pack8 slope(const Pack8& x) const {
        return each(x, [this](double v) { return slope(v); });
    }
    Pack8 mean(const Pack8& a, const Pack8& width) const {
        Pack8 r;
        for (std::size_t k = 0; k < k_pack_lanes; ++k) r.v[k] = mean(a.v[k], width.v[k]);
        return r;
    }

private:
    template <class F>
    static Pack8 each(const Pack8& x, const F& f) {
        Pack8 r;
        for (std::size_t k = 0; k < k_pack_lanes; ++k) r.v[k] = f(x.v[k]);
        return r;
    }
    void set(std::span<const double> x, std::span<const double> y, const std::array<double, Cap>& d, double below,
             double above) {
        const std::size_t n = x.size();
        seg_[0] = {y[0], below, 0.0, 0.0};
        for (std::size_t s = 1; s < n; ++s) {
            const double h = x[s] - x[s - 1];
            const double secant = (y[s] - y[s - 1]) / h;
            seg_[s] = {y[s - 1], d[s - 1], (3.0 * secant - 2.0 * d[s - 1] - d[s]) / h,
                       ((d[s - 1] + d[s]) - 2.0 * secant) / (h * h)};
        }
        seg_[n] = {y[n - 1], above, 0.0, 0.0};
    }
    Axis<Cap> axis_;
    std::array<Cubic, Cap + 1> seg_{};
};

/// Q quantities over a grid of nx x ny knots, bilinear inside, constant beyond the edges (a resistance never turns
/// negative). Values are given row by row: v[q][ix * ny + iy].
template <std::size_t CapX, std::size_t CapY, std::size_t Q>
class Bilinear {
public:
    Bilinear() = default;
    Bilinear(std::span<const double> x, std::span<const double> y, const std::array<std::span<const double>, Q>& v,
             const char* what = "grid")
        : x_(x, what), y_(y, what) {
        const std::size_t ny = y.size();
        for (std::size_t ix = 0; ix < x.size(); ++ix)
            for (std::size_t iy = 0; iy < ny; ++iy)
                for (std::size_t q = 0; q < Q; ++q) v_[ix * CapY + iy][q] = v[q][ix * ny + iy];
        for (std::size_t s = 1; s < x.size(); ++s) per_dx_[s] = 1.0 / (x[s] - x[s - 1]);
        for (std::size_t s = 1; s < ny; ++s) per_dy_[s] = 1.0 / (y[s] - y[s - 1]);
    }
    const Axis<CapX>& x_axis() const { return x_; }
    const Axis<CapY>& y_axis() const { return y_; }
    bool outside(double x, double y) const { return !(x_.inside(x) && y_.inside(y)); }
    /// 1 / width of interval s in 1..size - 1, and a value at knots.
    double per_dx(std::int32_t s) const { return per_dx_[static_cast<std::size_t>(s)]; }
    double per_dy(std::int32_t s) const { return per_dy_[static_cast<std::size_t>(s)]; }
    double value(std::size_t q, std::int32_t ix, std::int32_t iy) const {
        return v_[static_cast<std::size_t>(ix) * CapY + static_cast<std::size_t>(iy)][q];
    }
    std::array<double, Q> at(double x, double y) const {
        const Cell cx = cell(x_, per_dx_, x);
        const Cell cy = cell(y_, per_dy_, y);
        const std::array<double, Q>* row0 = &v_[cx.k * CapY + cy.k];
        const std::array<double, Q>* row1 = row0 + CapY;
        std::array<double, Q> r;
        for (std::size_t q = 0; q < Q; ++q) {
            const double lo = row0[0][q] + cy.w * (row0[1][q] - row0[0][q]);
            const double hi = row1[0][q] + cy.w * (row1[1][q] - row1[0][q]);
            r[q] = lo + cx.w * (hi - lo);
        }
        return r;
    }
    std::array<Pack8, Q> at(const Pack8& x, const Pack8& y) const {
        std::array<Pack8, Q> r;
        for (std::size_t k = 0; k < k_pack_lanes; ++k) {
            const std::array<double, Q> one = at(x.v[k], y.v[k]);
            for (std::size_t q = 0; q < Q; ++q) r[q].v[k] = one[q];
        }
        return r;
    }

private:
    struct Cell {
        std::size_t k;  // lower knot
        double w;       // 0..1 towards the upper knot
    };
    template <std::size_t Cap>
    static Cell cell(const Axis<Cap>& axis, const std::array<double, Cap>& per_d, double x) {
        const std::int32_t s0 = axis.locate(x);
        const std::int32_t s1 = s0 < 1 ? 1 : s0;
        const std::int32_t s = s1 > axis.size() - 1 ? axis.size() - 1 : s1;
        const double w = (x - axis.base(s)) * per_d[static_cast<std::size_t>(s)];
        const double at_least = select(w < 0.0, 0.0, w);
        return {static_cast<std::size_t>(s - 1), select(at_least > 1.0, 1.0, at_least)};
    }
    Axis<CapX> x_;
    Axis<CapY> y_;
    std::array<double, CapX> per_dx_{};
    std::array<double, CapY> per_dy_{};
    std::array<std::array<double, Q>, CapX * CapY> v_{};
};

}  // namespace twin::base
