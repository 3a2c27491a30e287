// SPDX-License-Identifier: Apache-2.0
// Functions of one variable written as text, as parameter files hold them: numbers, x, + - * / ** ^, parentheses and
// exp log sqrt tanh sinh cosh abs. Parsed once into a stack program; evaluated with base math only, so results are
// equal on every machine. Nothing is ever handed to an interpreter.
#pragma once
#include <cstdint>
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
    double operator()(double x) const;
    bool empty() const { return code_.empty(); }

private:
    friend class ExpressionParser;
    enum class Op : std::uint8_t { number, x, add, sub, mul, div, pow, neg, exp, log, sqrt, tanh, sinh, cosh, abs };
    struct Step {
        Op op;
        double number;
    };
    std::vector<Step> code_;
    std::size_t depth_ = 0;  // stack needed
};

}  // namespace twin::base
