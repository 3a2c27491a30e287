// SPDX-License-Identifier: Apache-2.0
#include "base/expression.hpp"

#include <fmt/format.h>

#include <charconv>

#include "base/math.hpp"

namespace twin::base {

double det_tanh(double x) {
    const double a = abs2(x);
    const double e = det_expm1(2.0 * (a < 20.0 ? a : 20.0));
    const double t = e / (e + 2.0);
    return x < 0.0 ? -t : t;
}
double det_cosh(double x) {
    const double e = det_exp(abs2(x));
    return 0.5 * (e + 1.0 / e);
}

double det_pow(double x, double p) {
    const double n = abs2(p);
    const double twice = 2.0 * n;
    const std::int64_t k = to_i64_sat(twice);
    if (static_cast<double>(k) == twice && k <= 64) {
        double r = (k & 1) != 0 ? sqrt2(x) : 1.0;
        for (std::int64_t i = 0; i < k / 2; ++i) r = r * x;
        return p < 0.0 ? 1.0 / r : r;
    }
    if (x == 0.0 && p > 0.0) return 0.0;
    return det_exp(p * det_log(x));
}

namespace {
constexpr std::size_t k_max_text = 4096;
constexpr int k_max_level = 64;
}  // namespace

class ExpressionParser {
public:
    ExpressionParser(std::string_view text, std::span<const std::string_view> names, ExpressionError* error)
        : text_(text), names_(names), error_(error) {
        e_.n_names_ = names.size();
    }
    bool run(Expression* out) {
        if (text_.size() > k_max_text) return fail(fmt::format("more than {} characters", k_max_text));
        if (!sum(0)) return false;
        skip();
        if (at_ < text_.size()) return fail(fmt::format("'{}' is not expected here", text_[at_]));
        std::size_t depth = 0;
        for (const Expression::Step& s : e_.code_) {
            if (s.op == Expression::Op::number || s.op == Expression::Op::x)
                ++depth;
            else if (s.op <= Expression::Op::max)
                --depth;
            if (depth > e_.depth_) e_.depth_ = depth;
        }
        *out = std::move(e_);
        return true;
    }

private:
    using Op = Expression::Op;
    bool fail(std::string message) {
        if (error_ != nullptr) *error_ = {at_, std::move(message)};
        return false;
    }
    void skip() {
        while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n')) ++at_;
    }
    bool take(char c) {
        skip();
        if (at_ >= text_.size() || text_[at_] != c) return false;
        ++at_;
        return true;
    }
    void put(Op op, double number = 0.0) { e_.code_.push_back({op, number}); }

    bool sum(int level) {
        if (level > k_max_level) return fail(fmt::format("nested deeper than {}", k_max_level));
        if (!product(level)) return false;
        for (;;) {
            if (take('+')) {
                if (!product(level)) return false;
                put(Op::add);
            } else if (take('-')) {
                if (!product(level)) return false;
                put(Op::sub);
            } else {
                return true;
            }
        }
    }
    bool product(int level) {
        if (!sign(level)) return false;
        for (;;) {
            skip();
            if (at_ + 1 < text_.size() && text_[at_] == '*' && text_[at_ + 1] == '*') return true;  // power's business
            if (take('*')) {
                if (!sign(level)) return false;
                put(Op::mul);
            } else if (take('/')) {
                if (!sign(level)) return false;
                put(Op::div);
            } else {
                return true;
            }
        }
    }
    bool sign(int level) {
        if (level > k_max_level) return fail(fmt::format("nested deeper than {}", k_max_level));
        if (take('-')) {
            if (!sign(level + 1)) return false;
            put(Op::neg);
            return true;
        }
        if (take('+')) return sign(level + 1);
        return power(level);
    }
    bool power(int level) {
        if (!atom(level)) return false;
        skip();
        const bool stars = at_ + 1 < text_.size() && text_[at_] == '*' && text_[at_ + 1] == '*';
        if (!stars && !(at_ < text_.size() && text_[at_] == '^')) return true;
        at_ += stars ? 2 : 1;
        if (!sign(level + 1)) return false;  // right to left, and a**-b
        put(Op::pow);
        return true;
    }
    bool atom(int level) {
        skip();
        if (at_ >= text_.size()) return fail("a number, x or a function is missing at the end");
        if (take('(')) {
            if (!sum(level + 1)) return false;
            return take(')') || fail("')' is missing");
        }
        const char c = text_[at_];
        if ((c >= '0' && c <= '9') || c == '.') return number();
        if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) return name(level);
        return fail(fmt::format("'{}' is not expected here", c));
    }
    bool number() {
        double v = 0.0;
        const auto r = std::from_chars(text_.data() + at_, text_.data() + text_.size(), v);
        if (r.ec != std::errc{} || !(abs2(v) < 1e300)) return fail("not a number");
        at_ = static_cast<std::size_t>(r.ptr - text_.data());
        put(Op::number, v);
        return true;
    }
    bool name(int level) {
        const std::size_t begin = at_;
        while (at_ < text_.size() &&
               ((text_[at_] >= 'a' && text_[at_] <= 'z') || (text_[at_] >= 'A' && text_[at_] <= 'Z') ||
                (text_[at_] >= '0' && text_[at_] <= '9') || text_[at_] == '_'))
            ++at_;
        const std::string_view word = text_.substr(begin, at_ - begin);
        for (std::size_t k = 0; k < names_.size(); ++k) {
            if (word != names_[k]) continue;
            put(Op::x, static_cast<double>(k));
            return true;
        }
        if (word == "min" || word == "max") {
            if (!take('(')) return fail(fmt::format("'(' is missing after {}", word));
            if (!sum(level + 1)) return false;
            if (!take(',')) return fail(fmt::format("{} needs two values", word));
            if (!sum(level + 1)) return false;
            if (!take(')')) return fail("')' is missing");
            put(word == "min" ? Op::min : Op::max);
            return true;
        }
        struct Row {
            const char* name;
            Op op;
        };
        static constexpr Row rows[] = {{"exp", Op::exp},   {"log", Op::log},   {"sqrt", Op::sqrt}, {"tanh", Op::tanh},
                                       {"sinh", Op::sinh}, {"cosh", Op::cosh}, {"abs", Op::abs}};
        for (const Row& r : rows) {
            if (word != r.name) continue;
            if (!take('(')) return fail(fmt::format("'(' is missing after {}", r.name));
            if (!sum(level + 1)) return false;
            if (!take(')')) return fail("')' is missing");
            put(r.op);
            return true;
        }
        at_ = begin;
        std::string allowed;
        for (const std::string_view n : names_) allowed += fmt::format("{} ", n);
        return fail(fmt::format("'{}' is not known; allowed: {}exp log sqrt tanh sinh cosh abs min max",
                                word.substr(0, 40), allowed));
    }

    std::string_view text_;
    std::span<const std::string_view> names_;
    ExpressionError* error_;
    std::size_t at_ = 0;
    Expression e_;
};

bool Expression::parse(std::string_view text, Expression* out, ExpressionError* error) {
    static constexpr std::string_view names[] = {"x"};
    return parse(text, names, out, error);
}
bool Expression::parse(std::string_view text, std::span<const std::string_view> names, Expression* out,
                       ExpressionError* error) {
    *out = {};
    return ExpressionParser(text, names, error).run(out);
}

bool Expression::uses(std::size_t k) const {
    for (const Step& s : code_)
        if (s.op == Op::x && s.number == static_cast<double>(k)) return true;
    return false;
}

double Expression::operator()(std::span<const double> values) const {
    double stack[2 * k_max_level + 8] = {};
    if (code_.empty() || values.size() < n_names_ || depth_ > sizeof stack / sizeof stack[0]) return __builtin_nan("");
    std::size_t n = 0;
    for (const Step& s : code_) {
        switch (s.op) {
            case Op::number:
                stack[n++] = s.number;
                break;
            case Op::x:
                stack[n++] = values[static_cast<std::size_t>(to_i64_sat(s.number))];
                break;
            case Op::add:
            case Op::sub:
            case Op::mul:
            case Op::div:
            case Op::pow:
            case Op::min:
            case Op::max: {
                const double b = stack[--n], a = stack[n - 1];
                stack[n - 1] = s.op == Op::add   ? a + b
                               : s.op == Op::sub ? a - b
                               : s.op == Op::mul ? a * b
                               : s.op == Op::div ? a / b
                               : s.op == Op::min ? select(b < a, b, a)
                               : s.op == Op::max ? select(b > a, b, a)
                                                 : det_pow(a, b);
                break;
            }
            case Op::neg:
                stack[n - 1] = -stack[n - 1];
                break;
            case Op::exp:
                stack[n - 1] = det_exp(stack[n - 1]);
                break;
            case Op::log:
                stack[n - 1] = det_log(stack[n - 1]);
                break;
            case Op::sqrt:
                stack[n - 1] = sqrt2(stack[n - 1]);
                break;
            case Op::tanh:
                stack[n - 1] = det_tanh(stack[n - 1]);
                break;
            case Op::sinh: {
                const double e = det_expm1(stack[n - 1]);
                stack[n - 1] = 0.5 * (e + e / (e + 1.0));
                break;
            }
            case Op::cosh:
                stack[n - 1] = det_cosh(stack[n - 1]);
                break;
            case Op::abs:
                stack[n - 1] = abs2(stack[n - 1]);
                break;
        }
    }
    return stack[0];
}

}  // namespace twin::base
