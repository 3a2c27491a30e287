// SPDX-License-Identifier: Apache-2.0
// A function in a BPX file: a number, an expression of x (and T), or a table {"x": [..], "y": [..]}. A table is
// piecewise linear, or with "interpolation": "cubic" a twice continuous spline; outside it runs on straight.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "base/expression.hpp"
#include "io/json.hpp"

namespace twin::io {

class BpxFunction {
public:
    BpxFunction() = default;
    static BpxFunction constant(double value);
    /// False and `why` filled if it is none of the three.
    static bool parse(const Json& j, BpxFunction* out, std::string* why);
    double operator()(double x, double t_K) const;
    bool is_constant() const { return expression_.empty() && x_.empty(); }
    bool of_temperature() const { return !expression_.empty() && expression_.uses(1); }

private:
    bool read_table(const Json& j, std::string* why);
    void spline();
    double value_ = 0.0;
    base::Expression expression_;
    std::vector<double> x_, y_, slope_;  // slope_: of the spline at the points; empty: straight
};

}  // namespace twin::io
