// SPDX-License-Identifier: Apache-2.0
#include "io/bpx_function.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

namespace twin::io {

namespace {
constexpr std::string_view k_names[] = {"x", "T"};

std::vector<double> numbers(const Json* list) {
    std::vector<double> v;
    if (list == nullptr || !list->is_array()) return v;
    for (const Json& x : list->items) {
        if (!x.is_number()) return {};
        v.push_back(x.number);
    }
    return v;
}
}  // namespace

BpxFunction BpxFunction::constant(double value) {
    BpxFunction f;
    f.value_ = value;
    return f;
}

bool BpxFunction::parse(const Json& j, BpxFunction* out, std::string* why) {
    *out = {};
    if (j.is_number()) {
        out->value_ = j.number;
        return true;
    }
    if (j.is_string()) {
        base::ExpressionError e;
        if (base::Expression::parse(j.text, k_names, &out->expression_, &e)) return true;
        *why = fmt::format("not an expression: {} at character {}", e.message, e.at + 1);
        return false;
    }
    if (j.is_object()) return out->read_table(j, why);
    *why = fmt::format("must be a number, an expression or a table, not {}", kind_text(j));
    return false;
}

bool BpxFunction::read_table(const Json& j, std::string* why) {
    x_ = numbers(j.find("x"));
    y_ = numbers(j.find("y"));
    bool rising = x_.size() >= 2 && x_.size() == y_.size();
    for (std::size_t k = 1; rising && k < x_.size(); ++k) rising = x_[k] > x_[k - 1];
    if (!rising) {
        *why = "a table needs lists \"x\" (rising) and \"y\" of equal length, at least 2";
        return false;
    }
    const Json* const how = j.find("interpolation");
    if (how == nullptr) return true;
    if (how->is_string() && how->text == "linear") return true;
    if (!how->is_string() || how->text != "cubic" || x_.size() < 4) {
        *why = "\"interpolation\" must be \"linear\" or \"cubic\" (at least 4 points)";
        return false;
    }
    spline();
    return true;
}

/// Slopes of the spline with continuous second derivative; at each end the slope of the cubic through four points.
void BpxFunction::spline() {
    const std::size_t n = x_.size();
    const auto end_slope = [&](std::size_t a, std::size_t b, std::size_t c, std::size_t d) {  // at x_[a], by Newton
        const double ab = (y_[b] - y_[a]) / (x_[b] - x_[a]), bc = (y_[c] - y_[b]) / (x_[c] - x_[b]);
        const double cd = (y_[d] - y_[c]) / (x_[d] - x_[c]);
        const double abc = (bc - ab) / (x_[c] - x_[a]), bcd = (cd - bc) / (x_[d] - x_[b]);
        const double all = (bcd - abc) / (x_[d] - x_[a]);
        return ab + abc * (x_[a] - x_[b]) + all * (x_[a] - x_[b]) * (x_[a] - x_[c]);
    };
    std::vector<double> up(n, 0.0);
    slope_.assign(n, 0.0);
    slope_[0] = end_slope(0, 1, 2, 3);
    slope_[n - 1] = end_slope(n - 1, n - 2, n - 3, n - 4);
    for (std::size_t k = 1; k + 1 < n; ++k) {
        const double left = x_[k] - x_[k - 1], right = x_[k + 1] - x_[k];
        const double rhs = 3.0 * ((y_[k] - y_[k - 1]) / left * right + (y_[k + 1] - y_[k]) / right * left);
        const double pivot = 2.0 * (left + right) - right * up[k - 1];
        up[k] = left / pivot;
        slope_[k] = (rhs - right * slope_[k - 1]) / pivot;
    }
    for (std::size_t k = n - 1; k-- > 1;) slope_[k] -= up[k] * slope_[k + 1];
}

double BpxFunction::operator()(double x, double t_K) const {
    if (!expression_.empty()) {
        const double values[] = {x, t_K};
        return expression_(values);
    }
    if (x_.empty()) return value_;
    const auto found = std::upper_bound(x_.begin() + 1, x_.end() - 1, x);
    const auto k = static_cast<std::size_t>(found - x_.begin());
    const double h = x_[k] - x_[k - 1], u = (x - x_[k - 1]) / h, secant = (y_[k] - y_[k - 1]) / h;
    if (slope_.empty()) return y_[k - 1] + (y_[k] - y_[k - 1]) * u;
    if (u < 0.0) return y_[k - 1] + slope_[k - 1] * (x - x_[k - 1]);
    if (u > 1.0) return y_[k] + slope_[k] * (x - x_[k]);
    const double a = slope_[k - 1] - secant, b = slope_[k] - secant;
    return y_[k - 1] + h * u * (secant + (1.0 - u) * (a * (1.0 - u) - b * u));
}

}  // namespace twin::io
