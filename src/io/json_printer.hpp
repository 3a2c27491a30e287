// SPDX-License-Identifier: Apache-2.0
// Visitor that writes a described struct as JSON with all defaults filled in. With a source document beside it, every
// leaf becomes {"value": .., "origin": ..}: where the value came from.
#pragma once
#include <array>
#include <cmath>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "io/json_reader.hpp"

namespace twin::io {

class JsonPrinter {
public:
    /// `source`: the object the struct was read from, nullptr if none; `origins`: write them.
    JsonPrinter(const Json* source, bool origins) : out_(Json::object()), source_(source), origins_(origins) {}

    void about(const char*, const char*) {}
    void refused(const char*, const char*) {}
    void ignored(const char*, const char*) {}
    void exactly_one(std::initializer_list<const char*> keys) { drop_absent(keys); }
    void at_most_one(std::initializer_list<const char*> keys) { drop_absent(keys); }
    void check(bool, const char*, const char*) {}
    void rate(const char*, base::Time_ns&, const base::Spec& = {}) {}
    void text_form(std::string& ref, const char*) { short_text_ = ref; }
    void number_form(double& ref, const char*) { short_number_ = ref, has_number_ = true; }

    template <class T>
    void field(const char* key, T& ref, const base::Spec& = {}) {
        put(key, value(ref, member(key)));
    }
    void quantity(const char* key, double& ref, const base::Spec& = {}) {
        put(key, leaf(Json::of(tidy(base::from_si(unit(key), ref))), in_unit(key)));
    }
    void quantity(const char* key, std::optional<double>& ref, const base::Spec& = {}) {
        if (ref) quantity(key, *ref);
    }
    void time(const char* stem, base::Time_ns& ref, const base::Spec& = {}) {
        const std::string key = std::string(stem) + "_s";
        put(key, leaf(Json::of(tidy(static_cast<double>(ref) / 1e9)), in_time(stem)));
    }
    void time(const char* stem, std::optional<base::Time_ns>& ref, const base::Spec& = {}) {
        if (ref) time(stem, *ref);
    }
    template <class E>
    void choice(const char* key, E& ref, std::span<const char* const> names, const base::Spec& = {}) {
        put(key, leaf(Json::of(std::string(names[static_cast<std::size_t>(ref)])), member(key)));
    }
    template <class T>
    void list_or_one(const char* key, std::vector<T>& ref, const base::Spec& = {}) {
        put(key, list(ref, member(key)));
    }
    template <class T>
    void one_or_named(const char* one, const char* many, std::vector<T>& ref, const base::Spec& = {}) {
        const Json* source = member(many);
        if (source == nullptr) source = member(one);
        put(many, list(ref, source));
    }
    template <class T>
    void map(const char* key, std::vector<base::Named<T>>& ref, const char*, const base::Spec& = {}) {
        const Json* source = member(key);
        Json o = Json::object();
        for (base::Named<T>& n : ref) o.put(n.key, value(n.value, source != nullptr ? source->find(n.key) : nullptr));
        put(key, std::move(o));
    }
    void nullable(const char* key, int& ref, int null_value, const base::Spec& spec = {}) {
        if (static_cast<double>(ref) < spec.min && ref != null_value) return;  // "as usual": no key
        out_.put(key, leaf(ref == null_value ? Json{} : Json::of(static_cast<std::int64_t>(ref)), member(key)));
    }
    template <class... A>
    void tagged(const char* key, std::variant<A...>& ref, const base::Spec& = {}) {
        std::visit(
            [&](auto& a) {
                put(key, leaf(Json::of(std::string(std::decay_t<decltype(a)>::k_tag)), member(key)));
                describe(*this, a);
            },
            ref);
    }
    template <class... A>
    void by_key(std::variant<A...>& ref) {
        std::visit([&](auto& a) { describe(*this, a); }, ref);
    }

    /// An SI value in the unit of a key's suffix.
    static Json si_as_written(const char* key, double x_si) { return Json::of(tidy(base::from_si(unit(key), x_si))); }

    /// What was printed; a struct written in its short form becomes that form again.
    Json take();

    template <class T>
    static Json print(T& ref, const Json* source, bool origins) {
        JsonPrinter p(source != nullptr && source->is_object() ? source : nullptr, origins);
        p.whole_ = source;
        describe(p, ref);
        return p.take();
    }

private:
    static const base::Unit& unit(const char* key) { return *base::find_unit(base::unit_suffix(key)); }
    /// Rounds to 15 significant digits, so that a unit conversion does not show (0.005 ohm is 5 mohm).
    static double tidy(double x);
    const Json* member(std::string_view key) const { return source_ != nullptr ? source_->find(key) : nullptr; }
    const Json* in_unit(const char* key) const;
    const Json* in_time(const char* stem) const;
    Json leaf(Json v, const Json* source) const;
    void put(std::string_view key, Json v) {
        if (!skip(v)) out_.put(key, std::move(v));
    }
    static bool skip(const Json& v);
    /// Of keys that exclude each other only the one that was given is shown.
    void drop_absent(std::initializer_list<const char*> keys) {
        if (source_ == nullptr) return;
        for (const char* k : keys)
            if (source_->find(k) == nullptr)
                std::erase_if(out_.members, [k](const JsonMember& m) { return m.key == k; });
    }

    Json value(bool& x, const Json* s) { return leaf(Json::of_bool(x), s); }
    Json value(std::string& x, const Json* s) { return leaf(Json::of(x), s); }
    Json value(base::Scalar& x, const Json* s);
    template <class T>
    Json value(std::optional<T>& x, const Json* s) {
        return x ? value(*x, s) : Json{};
    }
    template <class T>
    Json value(std::vector<T>& x, const Json* s) {
        return list(x, s);
    }
    template <class T, std::size_t N>
    Json value(std::array<T, N>& x, const Json* s) {
        Json a = Json::array();
        for (std::size_t k = 0; k < N; ++k) a.items.push_back(value(x[k], item(s, k)));
        return a;
    }
    template <class T>
    Json value(T& x, const Json* s) {
        if constexpr (std::is_floating_point_v<T>)
            return leaf(Json::of(static_cast<double>(x)), s);
        else if constexpr (std::is_integral_v<T>)
            return leaf(Json::of(static_cast<std::int64_t>(x)), s);
        else
            return print(x, s, origins_);
    }
    static const Json* item(const Json* s, std::size_t k) {
        if (s == nullptr) return nullptr;
        if (s->is_array()) return k < s->items.size() ? &s->items[k] : nullptr;
        return k == 0 ? s : nullptr;  // one object where a list is allowed
    }
    template <class T>
    Json list(std::vector<T>& x, const Json* s) {
        Json a = Json::array();
        constexpr bool k_plain =
            std::is_arithmetic_v<T> || detail::IsVector<T>::value;  // tables have one origin as a whole
        const bool was = origins_;
        if (k_plain) origins_ = false;
        for (std::size_t k = 0; k < x.size(); ++k) a.items.push_back(value(x[k], item(s, k)));
        origins_ = was;
        return k_plain ? leaf(std::move(a), s) : a;
    }

    Json out_;
    const Json* source_;
    const Json* whole_ = nullptr;
    bool origins_;
    std::string short_text_;
    double short_number_ = 0.0;
    bool has_number_ = false;
};

}  // namespace twin::io
