// SPDX-License-Identifier: Apache-2.0
#include "base/expression.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <string>

using twin::base::Expression;
using twin::base::ExpressionError;

namespace {
double value(const std::string& text, double x) {
    Expression e;
    ExpressionError why;
    CAPTURE(text);
    REQUIRE_MESSAGE(Expression::parse(text, &e, &why), why.message);
    return e(x);
}
ExpressionError error(const std::string& text) {
    Expression e;
    ExpressionError why;
    CAPTURE(text);
    REQUIRE_FALSE(Expression::parse(text, &e, &why));
    return why;
}
}  // namespace

TEST_CASE("expressions have the values that libm gives") {
    for (const double x : {0.01, 0.3, 0.77, 1.9}) {
        CHECK(value("1.9793*exp(-39.3631*x)+0.2482-0.0909*tanh(29.8538*(x-0.1234))", x) ==
              doctest::Approx(1.9793 * std::exp(-39.3631 * x) + 0.2482 - 0.0909 * std::tanh(29.8538 * (x - 0.1234)))
                  .epsilon(1e-14));
        CHECK(value("0.1297*(x/1000)**3 - 2.51*(x/1000)**1.5 + 3.329*(x/1000)", 1e3 * x) ==
              doctest::Approx(0.1297 * x * x * x - 2.51 * std::pow(x, 1.5) + 3.329 * x).epsilon(1e-13));
        CHECK(value("cosh((x-0.286)/0.083)**(-2)", x) ==
              doctest::Approx(std::pow(std::cosh((x - 0.286) / 0.083), -2)).epsilon(1e-12));
        CHECK(value("3.0321*10**(11.17*x-15.11)", x) ==
              doctest::Approx(3.0321 * std::pow(10.0, 11.17 * x - 15.11)).epsilon(1e-12));
        CHECK(value("sqrt(x)*log(x)-sinh(x)/abs(-x)", x) ==
              doctest::Approx(std::sqrt(x) * std::log(x) - std::sinh(x) / x).epsilon(1e-13));
    }
    CHECK(value("-2**2", 0) == -4.0);  // as Python reads it
    CHECK(value("2**-1", 0) == 0.5);
    CHECK(value("2**3**2", 0) == 512.0);  // right to left
    CHECK(value("8/4/2", 0) == 1.0);
    CHECK(value("1-2-3", 0) == -4.0);
    CHECK(value(" ( 1 + x ) * 2 ", 3) == 8.0);
}

TEST_CASE("what is no expression is refused with its place") {
    CHECK(error("").at == 0);
    CHECK(error("1+").message.find("missing") != std::string::npos);
    CHECK(error("2*(x+1").message.find("')'") != std::string::npos);
    CHECK(error("__import__('os')").message.find("not") != std::string::npos);
    CHECK(error("y+1").at == 0);
    CHECK(error("1 2").at == 2);
    CHECK(error("exp x").message.find("'('") != std::string::npos);
    CHECK(error("1e999").message.find("number") != std::string::npos);
    CHECK(error(std::string(5000, '1')).message.find("4096") != std::string::npos);
    CHECK(error(std::string(200, '(') + "x" + std::string(200, ')')).message.find("deeper") != std::string::npos);
    CHECK(error(std::string(200, '-') + "x").message.find("deeper") != std::string::npos);
}

TEST_CASE("several variables, min and max") {
    static constexpr std::string_view names[] = {"T", "soc", "T_C"};
    Expression e;
    ExpressionError why;
    REQUIRE(Expression::parse("min(T, 2*soc) + max(T_C, -soc)^2", names, &e, &why));
    const double a[] = {300.0, 0.5, 3.0}, b[] = {0.25, 0.5, -7.0};
    CHECK(e(a) == 1.0 + 9.0);
    CHECK(e(b) == 0.25 + 0.25);
    CHECK(e.uses(2));
    REQUIRE(Expression::parse("T", names, &e, &why));
    CHECK_FALSE(e.uses(1));
    CHECK(std::isnan(e(1.0)));  // too few values
    CHECK_FALSE(Expression::parse("x", names, &e, &why));
    CHECK(why.message == "'x' is not known; allowed: T soc T_C exp log sqrt tanh sinh cosh abs min max");
    CHECK_FALSE(Expression::parse("min(T)", names, &e, &why));
    CHECK(why.message == "min needs two values");
}
