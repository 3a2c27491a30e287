// SPDX-License-Identifier: Apache-2.0
// Functions written as text, as parameter files hold them: numbers, variables (x, or names that the caller allows),
// + - * / ** ^, parentheses and exp log sqrt tanh sinh cosh abs min(a, b) max(a, b). Parsed once into a stack program;
// evaluated with base math only, so results are equal on every machine. Nothing is ever handed to an interpreter.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace twin::base {

/// tanh and cosh for hashed code; within 4 ulp.
double det_tanh(double x);
double det_cosh(double x);
/// x^p for x > 0; small integers and halves by multiplication and square root. x = 0 gives 0 for p > 0.
double det_pow(double x, double p);

struct ExpressionError {
    std::size_t at = 0;  // character, from 0
    std::string message;
};

class Expression {
public:
    Expression() = default;
    /// False and `error` filled if the text is not an expression. At most 4096 characters and 64 levels.
    static bool parse(std::string_view text, Expression* out, ExpressionError* error);
    /// The same over several variables; their values stand in the order of `names`.
    static bool parse(std::string_view text, std::span<const std::string_view> names, Expression* out,
                      ExpressionError* error);
    double operator()(double x) const { return (*this)(std::span<const double>(&x, 1)); }
    double operator()(std::span<const double> values) const;
    /// Whether the variable number k occurs.
    bool uses(std::size_t k) const;
    bool empty() const { return code_.empty(); }

private:
    friend class ExpressionParser;
    enum class Op : std::uint8_t {
        number,
        x,
        add,
        sub,
        mul,
        div,
        pow,
        min,
        max,  // the last with two operands
        neg,
        exp,
        log,
        sqrt,
        tanh,
        sinh,
        cosh,
        abs
    };
    struct Step {
        Op op;
        double number;  // or which variable
    };
    std::vector<Step> code_;
    std::size_t depth_ = 0;    // stack needed
    std::size_t n_names_ = 1;  // variables
};

}  // namespace twin::base
