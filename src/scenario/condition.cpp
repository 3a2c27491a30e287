// SPDX-License-Identifier: Apache-2.0
#include "scenario/condition.hpp"

#include <charconv>
#include <system_error>

#include <fmt/format.h>

#include "base/lanes.hpp"

namespace twin::scenario {

namespace {

constexpr std::string_view k_blank = " \t";

std::string_view trimmed(std::string_view s) {
    const std::size_t a = s.find_first_not_of(k_blank);
    if (a == std::string_view::npos) return {};
    return s.substr(a, s.find_last_not_of(k_blank) - a + 1);
}

bool is_name(std::string_view s) {
    if (s.empty() || !((s[0] >= 'a' && s[0] <= 'z') || (s[0] >= 'A' && s[0] <= 'Z'))) return false;
    for (const char c : s) {
        const bool word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!word && std::string_view("_.[]+-*").find(c) == std::string_view::npos) return false;
    }
    return s.find('.') != std::string_view::npos;
}

bool read_number(std::string_view s, double* out) {
    if (s.starts_with('+')) s.remove_prefix(1);
    const char c = s.empty() ? 'x' : s[0];
    if (!((c >= '0' && c <= '9') || c == '-' || c == '.')) return false;  // no "nan", no "inf"
    const std::from_chars_result r = std::from_chars(s.data(), s.data() + s.size(), *out);
    return r.ec == std::errc() && r.ptr == s.data() + s.size() && base::is_finite(*out);
}

struct OpWord {
    const char* word;
    Op op;
};
constexpr OpWord k_ops[] = {{"<=", Op::le}, {">=", Op::ge}, {"==", Op::eq},
                            {"!=", Op::ne}, {"<", Op::lt},  {">", Op::gt}};

std::string joined(const char* word, const std::vector<Condition>& list) {
    std::string out = std::string(word) + "(";
    for (std::size_t k = 0; k < list.size(); ++k) out += (k > 0 ? ", " : "") + to_text(list[k]);
    return out + ")";
}

std::string window_text(const Window& w) {
    const auto mark = [](const char* word, const std::optional<Mark>& m) {
        if (!m) return std::string();
        return m->event.empty() ? fmt::format(" {} {} s", word, m->at_s) : fmt::format(" {} {}", word, m->event);
    };
    return mark("from", w.from) + mark("to", w.to);
}

std::string duration_text(Time_ns t) {
    if (t % base::k_s == 0 || t >= 10 * base::k_s) return fmt::format("{} s", base::to_s(t));
    if (t >= base::k_ms) return fmt::format("{} ms", static_cast<double>(t) / 1e6);
    return fmt::format("{} us", static_cast<double>(t) / 1e3);
}

struct FormText {
    std::string operator()(const Always& f) const { return "always " + to_text(f.always) + window_text(f.window); }
    std::string operator()(const Never& f) const { return "never " + to_text(f.never) + window_text(f.window); }
    std::string operator()(const Eventually& f) const {
        return "eventually " + to_text(f.eventually) + (f.within ? " within " + duration_text(*f.within) : "") +
               window_text(f.window);
    }
    std::string operator()(const Whenever& f) const {
        return "whenever " + to_text(f.whenever) + (f.hold > 0 ? " for " + duration_text(f.hold) : "") + " then " +
               to_text(f.then) + " within " + duration_text(f.within) + window_text(f.window);
    }
    std::string operator()(const Until& f) const {
        return f.until.size() == 2 ? to_text(f.until[0]) + " until " + to_text(f.until[1]) + window_text(f.window)
                                   : "until";
    }
    std::string operator()(const Settles& f) const {
        return fmt::format("{} settles to {} +/- {} within {}{}", f.settles.channel, f.settles.to, f.settles.band,
                           duration_text(f.settles.within), window_text(f.window));
    }
    std::string operator()(const Order& f) const {
        std::string out = "order";
        for (const std::string& e : f.order) out += " " + e;
        return out;
    }
    std::string operator()(const Count& f) const {
        std::string out = "count of " + to_text(f.count.of);
        if (f.count.min) out += fmt::format(" >= {}", *f.count.min);
        if (f.count.max) out += fmt::format(" <= {}", *f.count.max);
        return out + window_text(f.window);
    }
    std::string operator()(const MetricCheck& f) const {
        std::string out = f.metric;
        if (f.min) out += fmt::format(" >= {}", *f.min);
        if (f.max) out += fmt::format(" <= {}", *f.max);
        return out;
    }
    std::string operator()(const VerdictCheck& f) const {
        return "verdict " + f.verdict + (f.pack.empty() ? "" : " of " + f.pack);
    }
};

}  // namespace

const char* op_text(Op op) {
    for (const OpWord& w : k_ops)
        if (w.op == op) return w.word;
    return "?";
}

ParsedComparison parse_comparison(std::string_view text) {
    ParsedComparison p;
    const std::size_t at = text.find_first_of("<>=!");
    const OpWord* found = nullptr;
    if (at != std::string_view::npos)
        for (const OpWord& w : k_ops)
            if (found == nullptr && text.substr(at).starts_with(w.word)) found = &w;
    if (found == nullptr) {
        p.error = "must be \"channel op number-or-channel\" with op one of < <= > >= == !=";
        return p;
    }
    const std::string_view left = trimmed(text.substr(0, at));
    const std::string_view right = trimmed(text.substr(at + std::string_view(found->word).size()));
    p.value.op = found->op;
    p.value.channel = std::string(left);
    if (!is_name(left))
        p.error = fmt::format("\"{}\" is no channel name", left.substr(0, 80));
    else if (read_number(right, &p.value.rhs))
        return p;
    else if (is_name(right))
        p.value.rhs_channel = std::string(right);
    else
        p.error = fmt::format("\"{}\" is neither a number nor a channel name", right.substr(0, 80));
    return p;
}

std::string compile_text(Condition& c) {
    if (!c.text.empty()) {
        ParsedComparison p = parse_comparison(c.text);
        c.comparison = std::move(p.value);
        return p.error;
    }
    for (std::vector<Condition>* list : {&c.all, &c.any, &c.not_})
        for (Condition& k : *list) {
            std::string error = compile_text(k);
            if (!error.empty()) return error;
        }
    return {};
}

std::string to_text(const Condition& c) {
    if (!c.text.empty()) return c.text;
    if (!c.event.empty()) return "event " + c.event;
    if (!c.all.empty()) return joined("all", c.all);
    if (!c.any.empty()) return joined("any", c.any);
    if (!c.not_.empty()) return joined("not", c.not_);
    return {};
}

const char* form_name(const CheckForm& f) {
    return std::visit([](const auto& form) { return std::decay_t<decltype(form)>::k_key; }, f);
}

std::string to_text(const Check& c) { return std::visit(FormText{}, c.form); }

}  // namespace twin::scenario
