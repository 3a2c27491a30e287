// SPDX-License-Identifier: Apache-2.0
// Visitor that fills a described struct from JSON: types, ranges, required and unknown keys, units, with every error
// found listed by pointer. base/describe.hpp says what the members mean.
#pragma once
#include <array>
#include <cmath>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <twin/error.hpp>

#include "base/describe.hpp"
#include "io/json.hpp"

namespace twin::io {

/// Collects findings; beyond a number of them only counts, so that garbage gives a short answer.
class Findings {
public:
    explicit Findings(std::string file) : file_(std::move(file)) {}
    void error(const std::string& pointer, const Json* at, std::string message);
    void warning(const std::string& pointer, const Json* at, std::string message);
    bool any_error() const { return errors_ > 0; }
    bool full() const { return errors_ >= k_most; }  // further errors are only counted
    std::vector<Diagnostic> take();                  // a last line counts what was left out

private:
    static constexpr std::size_t k_most = 100;
    std::string file_;
    std::size_t errors_ = 0;
    std::vector<Diagnostic> found_;
};

namespace detail {
std::string range_text(const base::Spec& s, std::string_view key);
bool in_range(const base::Spec& s, double x);
std::string unit_of(const base::Spec& s, std::string_view key);
/// Pointer token of element k: its id if it has one.
std::string element_token(const Json& element, std::size_t k);
/// Members of `object` that are `key` in any unit of its family.
std::vector<const JsonMember*> in_any_unit(const Json& object, std::string_view key);
/// Members "stem_s", "stem_ms", "stem_us".
std::vector<const JsonMember*> in_any_time(const Json& object, std::string_view stem);
bool time_value(const JsonMember& m, base::Time_ns* out);

template <class T>
struct IsVector : std::false_type {};
template <class E>
struct IsVector<std::vector<E>> : std::true_type {};
template <class T>
struct IsOptional : std::false_type {};
template <class E>
struct IsOptional<std::optional<E>> : std::true_type {};
template <class T>
struct IsArray : std::false_type {};
template <class E, std::size_t N>
struct IsArray<std::array<E, N>> : std::true_type {};
}  // namespace detail

class JsonReader {
public:
    JsonReader(const Json& node, std::string pointer, Findings& findings)
        : node_(node), pointer_(std::move(pointer)), findings_(findings) {}
    /// For the keys of a tagged or keyed alternative, which stand in the object of `parent`.
    JsonReader(JsonReader& parent, bool)
        : node_(parent.node_), pointer_(parent.pointer_), findings_(parent.findings_), shared_(&parent.known_sink()) {}

    void about(const char*, const char*) {}
    void refused(const char* key, const char* why);
    void ignored(const char* key, const char*) { known(key); }
    void text_form(std::string& ref, const char*) {
        if (node_.is_string()) ref = node_.text, taken_ = true;
        has_text_form_ = true;
    }
    void number_form(double& ref, const char*) {
        if (node_.is_number()) ref = node_.number, taken_ = true;
        has_number_form_ = true;
    }

    template <class T>
    void field(const char* key, T& ref, const base::Spec& spec = {}) {
        known(key);
        const Json* j = get(key, spec);
        if (j != nullptr) value(*j, pointer_join(pointer_, key), key, ref, spec);
    }
    template <class Q>
    void quantity(const char* key, Q& ref, const base::Spec& spec = {}) {
        known(key);
        if (const JsonMember* m = one_of(detail::in_any_unit(node_, key), key, spec)) read_quantity(*m, key, ref, spec);
    }
    template <class T>
    void time(const char* stem, T& ref, const base::Spec& spec = {}) {
        known(std::string(stem) + "_s");
        known_quiet(std::string(stem) + "_ms");
        known_quiet(std::string(stem) + "_us");
        if (const JsonMember* m = one_of(detail::in_any_time(node_, stem), std::string(stem) + "_s", spec))
            read_time(*m, ref, spec);
    }
    void rate(const char* key, base::Time_ns& ref, const base::Spec& spec = {});
    template <class E>
    void choice(const char* key, E& ref, std::span<const char* const> names, const base::Spec& spec = {}) {
        std::string text;
        field(key, text, spec);
        if (text.empty()) return;
        for (std::size_t i = 0; i < names.size(); ++i)
            if (text == names[i]) {
                ref = static_cast<E>(i);
                return;
            }
        wrong_choice(key, text, {names.begin(), names.end()});
    }
    template <class T>
    void list_or_one(const char* key, std::vector<T>& ref, const base::Spec& spec = {}) {
        known(key);
        const Json* j = get(key, spec);
        if (j == nullptr) return;
        if (j->is_array()) return value(*j, pointer_join(pointer_, key), key, ref, spec);
        ref.assign(1, T{});
        value(*j, pointer_join(pointer_, key), key, ref[0], spec);
    }
    template <class T>
    void one_or_named(const char* one, const char* many, std::vector<T>& ref, const base::Spec& spec = {}) {
        known(one);
        known(many);
        const Json* a = member(one);
        const Json* b = member(many);
        if (node_.is_object() && (a == nullptr) == (b == nullptr))
            findings_.error(pointer_, &node_, std::string("needs exactly one of \"") + one + "\" and \"" + many + "\"");
        if (a != nullptr && b == nullptr) {
            ref.assign(1, T{});
            value(*a, pointer_join(pointer_, one), one, ref[0], spec);
        }
        if (b != nullptr && a == nullptr) value(*b, pointer_join(pointer_, many), many, ref, spec);
    }
    template <class T>
    void map(const char* key, std::vector<base::Named<T>>& ref, const char* pattern, const base::Spec& spec = {}) {
        known(key);
        const Json* j = get(key, spec);
        if (j == nullptr) return;
        const std::string at = pointer_join(pointer_, key);
        if (!expect_object(*j, at)) return;
        ref.clear();
        for (const JsonMember& m : j->members) {
            if (!base::match_key(pattern, m.key)) {
                findings_.error(pointer_join(at, m.key), &m.value,
                                "key \"" + m.key + "\" is not of the form " + pattern);
                continue;
            }
            ref.push_back({m.key, {}});
            value(m.value, pointer_join(at, m.key), m.key.c_str(), ref.back().value, {});
        }
    }
    void nullable(const char* key, int& ref, int null_value, const base::Spec& spec = {}) {
        known(key);
        const Json* j = get(key, spec);
        if (j == nullptr) return;
        if (j->kind == Json::Kind::null)
            ref = null_value;
        else
            value(*j, pointer_join(pointer_, key), key, ref, spec);
    }
    template <class... A>
    void tagged(const char* key, std::variant<A...>& ref, const base::Spec& spec = {}) {
        std::string tag;
        field(key, tag, spec);
        if (tag.empty()) return;
        bool found = false;
        (void)((tag == A::k_tag && (found = true, alternative<A>(ref), true)) || ...);
        if (!found) wrong_choice(key, tag, {A::k_tag...}), lenient_ = true;
    }
    template <class... A>
    void by_key(std::variant<A...>& ref) {
        (known(A::k_key), ...);
        if (!node_.is_object()) return;
        int present = 0;
        ((present += detail::in_any_unit(node_, A::k_key).empty() ? 0 : 1), ...);
        if (present == 1) {
            (void)((!detail::in_any_unit(node_, A::k_key).empty() && (alternative<A>(ref), true)) || ...);
            return;
        }
        no_key(present, {A::k_key...});
    }
    void exactly_one(std::initializer_list<const char*> keys) { one_rule(keys, true); }
    void at_most_one(std::initializer_list<const char*> keys) { one_rule(keys, false); }
    void check(bool ok, const char* key, const char* message) {
        if (!ok && (node_.is_object() || taken_)) findings_.error(pointer_join(pointer_, key), member(key), message);
    }
    /// To be called after describe(): unknown keys, and a wrong type of the whole.
    void finish();

    template <class T>
    static void read(const Json& j, const std::string& pointer, Findings& f, T& ref) {
        JsonReader r(j, pointer, f);
        describe(r, ref);
        r.finish();
    }

private:
    std::vector<std::string>& known_sink() { return shared_ != nullptr ? *shared_ : known_; }
    void known(std::string_view key) { known_sink().emplace_back(key); }
    void known_quiet(const std::string& key) { quiet_.push_back(key); }
    const Json* member(std::string_view key) const { return node_.is_object() ? node_.find(key) : nullptr; }
    const Json* get(const char* key, const base::Spec& spec);
    const JsonMember* one_of(const std::vector<const JsonMember*>& found, const std::string& key,
                             const base::Spec& spec);
    void wrong_type(const Json& j, const std::string& at, const std::string& wanted);
    void wrong_choice(const char* key, const std::string& text, const std::vector<std::string>& names);
    void no_key(int present, std::initializer_list<const char*> keys);
    void one_rule(std::initializer_list<const char*> keys, bool exactly);
    bool expect_object(const Json& j, const std::string& at);
    bool number(const Json& j, const std::string& at, std::string_view key, const base::Spec& spec, double* out);
    bool integer(const Json& j, const std::string& at, std::string_view key, const base::Spec& spec, double lo,
                 double hi, std::int64_t* out);
    bool items(const Json& j, const std::string& at, const base::Spec& spec);
    bool quantity_si(const JsonMember& m, const char* key, const base::Spec& spec, double* out);
    bool time_ns(const JsonMember& m, const base::Spec& spec, base::Time_ns* out);
    void read_quantity(const JsonMember& m, const char* key, double& ref, const base::Spec& spec) {
        quantity_si(m, key, spec, &ref);
    }
    void read_quantity(const JsonMember& m, const char* key, std::optional<double>& ref, const base::Spec& spec) {
        double x = 0;
        if (quantity_si(m, key, spec, &x)) ref = x;
    }
    void read_time(const JsonMember& m, base::Time_ns& ref, const base::Spec& spec) { time_ns(m, spec, &ref); }
    void read_time(const JsonMember& m, std::optional<base::Time_ns>& ref, const base::Spec& spec) {
        base::Time_ns t = 0;
        if (time_ns(m, spec, &t)) ref = t;
    }
    template <class A, class Variant>
    void alternative(Variant& ref) {
        JsonReader inner(*this, true);
        describe(inner, ref.template emplace<A>());
        for (const std::string& k : inner.quiet_) quiet_.push_back(k);
    }

    template <class T>
    void value(const Json& j, const std::string& at, const char* key, T& ref, const base::Spec& spec);
    void scalar(const Json& j, const std::string& at, base::Scalar& ref);
    template <class T>
    void list(const Json& j, const std::string& at, const char* key, std::vector<T>& ref, const base::Spec& spec);

    const Json& node_;
    std::string pointer_;
    Findings& findings_;
    std::vector<std::string> known_, quiet_;
    std::vector<std::string>* shared_ = nullptr;
    bool taken_ = false, has_text_form_ = false, has_number_form_ = false, lenient_ = false;
};

template <class T>
void JsonReader::value(const Json& j, const std::string& at, const char* key, T& ref, const base::Spec& spec) {
    if constexpr (std::is_same_v<T, bool>) {
        if (j.kind == Json::Kind::boolean)
            ref = j.boolean;
        else
            wrong_type(j, at, "true or false");
    } else if constexpr (std::is_floating_point_v<T>) {
        number(j, at, key, spec, &ref);
    } else if constexpr (std::is_integral_v<T>) {
        constexpr double k_exact = 9007199254740992.0;  // 2^53: larger integers are not exact in JSON
        const double lo = std::is_signed_v<T>
                              ? (sizeof(T) >= 8 ? -k_exact : static_cast<double>(std::numeric_limits<T>::min()))
                              : 0.0;
        const double hi = sizeof(T) >= 8 ? k_exact : static_cast<double>(std::numeric_limits<T>::max());
        std::int64_t x = 0;
        if (integer(j, at, key, spec, lo, hi, &x)) ref = static_cast<T>(x);
    } else if constexpr (std::is_same_v<T, std::string>) {
        if (j.is_string())
            ref = j.text;
        else
            wrong_type(j, at, "a string");
    } else if constexpr (std::is_same_v<T, base::Scalar>) {
        scalar(j, at, ref);
    } else if constexpr (detail::IsOptional<T>::value) {
        value(j, at, key, ref.emplace(), spec);
    } else if constexpr (detail::IsVector<T>::value) {
        list(j, at, key, ref, spec);
    } else if constexpr (detail::IsArray<T>::value) {
        if (!j.is_array() || j.items.size() != ref.size())
            return wrong_type(j, at, "a list of " + std::to_string(ref.size()));
        for (std::size_t k = 0; k < ref.size(); ++k)
            value(j.items[k], pointer_join(at, std::to_string(k)), key, ref[k], spec);
    } else {
        read(j, at, findings_, ref);
    }
}

template <class T>
void JsonReader::list(const Json& j, const std::string& at, const char* key, std::vector<T>& ref,
                      const base::Spec& spec) {
    if (!j.is_array()) return wrong_type(j, at, "a list");
    if (!items(j, at, spec)) return;
    ref.clear();
    ref.reserve(j.items.size());
    base::Spec inner = spec;  // limits of items apply to each level's values, counts to the outer list only
    inner.min_items = 0;
    inner.max_items = base::Spec{}.max_items;
    for (std::size_t k = 0; k < j.items.size(); ++k) {
        ref.emplace_back();
        value(j.items[k], pointer_join(at, detail::element_token(j.items[k], k)), key, ref.back(), inner);
    }
}

}  // namespace twin::io
