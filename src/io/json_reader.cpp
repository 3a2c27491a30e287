// SPDX-License-Identifier: Apache-2.0
#include "io/json_reader.hpp"

#include <fmt/format.h>

namespace twin::io {

void Findings::error(const std::string& pointer, const Json* at, std::string message) {
    ++errors_;
    if (errors_ > k_most) return;
    found_.push_back({Diagnostic::Severity::error, file_, pointer, std::move(message),
                      at == nullptr ? 0 : static_cast<int>(at->line), 0});
}

void Findings::warning(const std::string& pointer, const Json* at, std::string message) {
    if (found_.size() >= 2 * k_most) return;
    found_.push_back({Diagnostic::Severity::warning, file_, pointer, std::move(message),
                      at == nullptr ? 0 : static_cast<int>(at->line), 0});
}

std::vector<Diagnostic> Findings::take() {
    if (errors_ > k_most)
        found_.push_back(
            {Diagnostic::Severity::error, file_, "", fmt::format("and {} more errors", errors_ - k_most), 0, 0});
    return std::move(found_);
}

namespace detail {

std::string unit_of(const base::Spec& s, std::string_view key) {
    return s.unit != nullptr ? std::string(s.unit) : std::string(base::unit_suffix(key));
}

std::string range_text(const base::Spec& s, std::string_view key) {
    const std::string unit = unit_of(s, key);
    const std::string tail = unit.empty() ? "" : " " + unit;
    const bool lo = std::isfinite(s.min);
    const bool hi = std::isfinite(s.max);
    if (lo && hi) return fmt::format("{} {} .. {}{}", s.above_min ? "above" : "allowed is", s.min, s.max, tail);
    if (lo) return fmt::format("must be {} {}{}", s.above_min ? "above" : "at least", s.min, tail);
    if (hi) return fmt::format("must be at most {}{}", s.max, tail);
    return "must be a finite number";
}

bool in_range(const base::Spec& s, double x) {
    return std::isfinite(x) && (s.above_min ? x > s.min : x >= s.min) && x <= s.max;
}

std::string element_token(const Json& element, std::size_t k) {
    const Json* id = element.is_object() ? element.find("id") : nullptr;
    return id != nullptr && id->is_string() && !id->text.empty() ? id->text : std::to_string(k);
}

std::vector<const JsonMember*> in_any_unit(const Json& object, std::string_view key) {
    std::vector<const JsonMember*> found;
    for (const JsonMember& m : object.members)
        if (base::same_quantity(m.key, key)) found.push_back(&m);
    return found;
}

std::vector<const JsonMember*> in_any_time(const Json& object, std::string_view stem) {
    std::vector<const JsonMember*> found;
    for (const JsonMember& m : object.members) {
        const std::string_view k = m.key;
        if (!k.starts_with(stem)) continue;
        const std::string_view tail = k.substr(stem.size());
        if (tail == "_s" || tail == "_ms" || tail == "_us") found.push_back(&m);
    }
    return found;
}

}  // namespace detail

void JsonReader::refused(const char* key, const char* why) {
    known_quiet(key);
    if (const Json* j = member(key))
        findings_.error(pointer_join(pointer_, key), j, fmt::format("\"{}\" {}", key, why));
}

const Json* JsonReader::get(const char* key, const base::Spec& spec) {
    if (!node_.is_object()) return nullptr;
    const Json* j = node_.find(key);
    if (j == nullptr && spec.need == base::Need::required)
        findings_.error(pointer_, &node_, fmt::format("\"{}\" is missing ({})", key, spec.doc));
    return j;
}

const JsonMember* JsonReader::one_of(const std::vector<const JsonMember*>& found, const std::string& key,
                                     const base::Spec& spec) {
    if (!node_.is_object()) return nullptr;
    if (found.empty()) {
        if (spec.need == base::Need::required)
            findings_.error(pointer_, &node_, fmt::format("\"{}\" is missing ({})", key, spec.doc));
        return nullptr;
    }
    for (const JsonMember* m : found)
        if (m->key != key) known_quiet(m->key);
    if (found.size() > 1) {
        findings_.error(pointer_, &found[1]->value,
                        fmt::format("\"{}\" and \"{}\" are the same quantity; exactly one may be given", found[0]->key,
                                    found[1]->key));
        return nullptr;
    }
    return found[0];
}

void JsonReader::wrong_type(const Json& j, const std::string& at, const std::string& wanted) {
    findings_.error(at, &j,
                    fmt::format("must be {}, is {}", wanted,
                                j.is_string()   ? "the string " + brief(j)
                                : j.is_number() ? "the number " + brief(j)
                                                : std::string(kind_text(j))));
}

void JsonReader::wrong_choice(const char* key, const std::string& text, const std::vector<std::string>& names) {
    std::string all;
    for (const std::string& n : names) all += (all.empty() ? "" : ", ") + n;
    const std::string near = base::nearest(text, names);
    findings_.error(pointer_join(pointer_, key), member(key),
                    fmt::format("{} is not known{}; allowed: {}", brief(Json::of(text)),
                                near.empty() ? "" : fmt::format(", did you mean \"{}\"?", near), all));
}

void JsonReader::no_key(int present, std::initializer_list<const char*> keys) {
    std::string all;
    for (const char* k : keys) all += fmt::format("{}{}", all.empty() ? "" : ", ", k);
    lenient_ = present > 1;
    findings_.error(pointer_, &node_,
                    fmt::format("{} of the keys {}", present == 0 ? "needs one" : "may have only one", all));
}

void JsonReader::one_rule(std::initializer_list<const char*> keys, bool exactly) {
    if (!node_.is_object()) return;
    int n = 0;
    std::string all;
    for (const char* k : keys) {
        n += node_.find(k) != nullptr ? 1 : 0;
        all += fmt::format("{}\"{}\"", all.empty() ? "" : ", ", k);
    }
    if (n > 1 || (exactly && n == 0))
        findings_.error(pointer_, &node_,
                        fmt::format("needs {} one of {}, has {}", exactly ? "exactly" : "at most", all, n));
}

bool JsonReader::expect_object(const Json& j, const std::string& at) {
    if (!j.is_object()) wrong_type(j, at, "an object");
    return j.is_object();
}

bool JsonReader::number(const Json& j, const std::string& at, std::string_view key, const base::Spec& spec,
                        double* out) {
    if (!j.is_number()) {
        wrong_type(j, at, "a number");
        return false;
    }
    if (!detail::in_range(spec, j.number)) {
        findings_.error(at, &j, fmt::format("{} is out of range; {}", brief(j), detail::range_text(spec, key)));
        return false;
    }
    *out = j.number;
    return true;
}

bool JsonReader::integer(const Json& j, const std::string& at, std::string_view key, const base::Spec& spec, double lo,
                         double hi, std::int64_t* out) {
    base::Spec s = spec;
    if (s.min < lo) s.min = lo;
    if (s.max > hi) s.max = hi;
    double x = 0;
    if (!number(j, at, key, s, &x)) return false;
    if (x != std::floor(x)) {
        findings_.error(at, &j, fmt::format("{} must be a whole number", brief(j)));
        return false;
    }
    *out = static_cast<std::int64_t>(x);
    return true;
}

bool JsonReader::items(const Json& j, const std::string& at, const base::Spec& spec) {
    const std::size_t n = j.items.size();
    if (n >= spec.min_items && n <= spec.max_items) return true;
    if (spec.min_items == spec.max_items)
        findings_.error(at, &j, fmt::format("must have {} elements, has {}", spec.min_items, n));
    else if (n < spec.min_items)
        findings_.error(at, &j, fmt::format("must have at least {} elements, has {}", spec.min_items, n));
    else
        findings_.error(at, &j, fmt::format("may have at most {} elements, has {}", spec.max_items, n));
    return false;
}

bool JsonReader::quantity_si(const JsonMember& m, const char* key, const base::Spec& spec, double* out) {
    base::Spec s = spec;  // the allowed range in the unit that was used
    const std::string_view used = base::unit_suffix(m.key);
    const std::string_view named = base::unit_suffix(key);
    if (used != named) {
        if (std::isfinite(s.min)) s.min = *base::convert(named, used, s.min);
        if (std::isfinite(s.max)) s.max = *base::convert(named, used, s.max);
    }
    double x = 0;
    if (!number(m.value, pointer_join(pointer_, m.key), m.key, s, &x)) return false;
    *out = base::to_si(*base::find_unit(used), x);
    return true;
}

bool JsonReader::time_ns(const JsonMember& m, const base::Spec& spec, base::Time_ns* out) {
    constexpr double k_longest_s = 1e9;
    base::Spec s = spec;
    const std::string_view used = base::unit_suffix(m.key);
    const base::Unit& u = *base::find_unit(used);
    if (!(s.max <= k_longest_s)) s.max = k_longest_s;
    if (!(s.min >= 0)) s.min = 0;
    s.min = base::from_si(u, s.min);
    s.max = base::from_si(u, s.max);
    double x = 0;
    if (!number(m.value, pointer_join(pointer_, m.key), m.key, s, &x)) return false;
    const double ns = x * (1e9 / (u.den / u.num));  // 1e9, 1e6 and 1e3 are exact
    *out = static_cast<base::Time_ns>(ns + 0.5);
    if (s.above_min && *out == 0) {
        findings_.error(pointer_join(pointer_, m.key), &m.value,
                        fmt::format("{} is shorter than the clock's 1 ns", brief(m.value)));
        return false;
    }
    return true;
}

void JsonReader::rate(const char* key, base::Time_ns& ref, const base::Spec& spec) {
    known(key);
    const Json* j = get(key, spec);
    double hz = 0;
    if (j == nullptr || !number(*j, pointer_join(pointer_, key), key, spec, &hz)) return;
    if (!detail::in_any_time(node_, "period").empty())
        return findings_.error(pointer_join(pointer_, key), j, "a period is given too; exactly one may be given");
    ref = static_cast<base::Time_ns>(1e9 / hz + 0.5);
}

void JsonReader::scalar(const Json& j, const std::string& at, base::Scalar& ref) {
    using K = base::Scalar::Kind;
    if (j.is_number())
        ref = {K::number, j.number, {}};
    else if (j.is_string())
        ref = {K::text, 0.0, j.text};
    else if (j.kind == Json::Kind::boolean)
        ref = {K::boolean, j.boolean ? 1.0 : 0.0, {}};
    else
        wrong_type(j, at, "a number, a string, true or false");
}

void JsonReader::finish() {
    if (!node_.is_object()) {
        if (taken_) return;
        std::string wanted = "an object";
        if (has_number_form_) wanted = "a number or " + wanted;
        if (has_text_form_) wanted = "a string or " + wanted;
        return wrong_type(node_, pointer_, wanted);
    }
    if (lenient_) return;  // the kind itself is wrong: which keys belong to it cannot be said
    for (const JsonMember& m : node_.members) {
        bool found = false;
        for (const std::string& k : known_) found = found || k == m.key;
        for (const std::string& k : quiet_) found = found || k == m.key;
        if (found) continue;
        if (findings_.full()) {
            findings_.error(pointer_, &m.value, {});
            continue;
        }
        const std::string near = base::nearest(m.key, known_);
        const std::string shown = m.key.size() > 80 ? m.key.substr(0, 77) + "..." : m.key;
        std::string all;
        for (std::size_t k = 0; k < known_.size(); ++k) {  // a key that several kinds share is named once
            bool before = false;
            for (std::size_t j = 0; j < k; ++j) before = before || known_[j] == known_[k];
            if (!before) all += (all.empty() ? "" : ", ") + known_[k];
        }
        findings_.error(pointer_join(pointer_, shown), &m.value,
                        near.empty() ? fmt::format("unknown key \"{}\"; allowed: {}", shown, all)
                                     : fmt::format("unknown key \"{}\", did you mean \"{}\"?", shown, near));
    }
}

}  // namespace twin::io
