// SPDX-License-Identifier: Apache-2.0
// Visitor that turns described structs into a JSON Schema (2020-12). Keys "x-unit" and "x-forms" carry what the
// reference page needs beyond the schema.
#pragma once
#include <array>
#include <cmath>
#include <initializer_list>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <typeindex>
#include <variant>
#include <vector>

#include "io/json_printer.hpp"

namespace twin::io {

/// Definitions collected so far; one per struct type, in order of first use.
struct SchemaContext {
    std::map<std::type_index, std::string> names;
    Json defs = Json::object();
};

class SchemaVisitor {
public:
    SchemaVisitor(SchemaContext& context, std::type_index type) : context_(context), type_(type) {}

    /// Schema of a struct: a $ref to its definition.
    template <class T>
    static Json of_struct(SchemaContext& c) {
        const std::type_index type = typeid(T);
        if (!c.names.contains(type)) {
            SchemaVisitor v(c, type);
            T fresh{};
            describe(v, fresh);
            Json made = v.take();
            if (!c.names.contains(type)) return made;  // without a name it stands in place
            c.defs.put(c.names[type], std::move(made));
        }
        Json ref = Json::object();
        ref.put("$ref", Json::of("#/$defs/" + c.names[type]));
        return ref;
    }

    void about(const char* name, const char* doc) {
        context_.names.emplace(type_, name);
        context_.defs.put(name, Json::object());
        doc_ = doc;
    }
    void refused(const char* key, const char* why);
    void ignored(const char* key, const char* doc) { add(key, typed("string"), {.doc = doc}); }
    void text_form(std::string&, const char* doc) { forms_.items.push_back(form("string", doc)); }
    void number_form(double&, const char* doc) { forms_.items.push_back(form("number", doc)); }
    void rate(const char* key, base::Time_ns&, const base::Spec& spec = {}) { add(key, typed("number"), spec); }
    void check(bool, const char*, const char*) {}
    void exactly_one(std::initializer_list<const char*> keys) {
        rule(one_of_required({keys.begin(), keys.end()}, false));
    }
    void at_most_one(std::initializer_list<const char*> keys) {
        rule(one_of_required({keys.begin(), keys.end()}, true));
    }

    template <class T>
    void field(const char* key, T& ref, const base::Spec& spec = {}) {
        add(key, of(ref, key, spec), spec, default_of(ref, spec));
    }
    template <class Q>
    void quantity(const char* key, Q& ref, const base::Spec& spec = {}) {
        add_units(key, spec, default_quantity(key, ref, spec));
    }
    template <class T>
    void time(const char* stem, T& ref, const base::Spec& spec = {}) {
        add_times(stem, spec, default_time(ref, spec));
    }
    template <class E>
    void choice(const char* key, E& ref, std::span<const char* const> names, const base::Spec& spec = {}) {
        Json j = Json::object();
        Json all = Json::array();
        for (const char* n : names) all.items.push_back(Json::of(std::string(n)));
        j.put("enum", std::move(all));
        add(key, std::move(j), spec,
            spec.need == base::Need::required ? Json{} : Json::of(std::string(names[static_cast<std::size_t>(ref)])));
    }
    template <class T>
    void list_or_one(const char* key, std::vector<T>&, const base::Spec& spec = {}) {
        Json either = Json::object();
        Json options = Json::array();
        options.items.push_back(of_struct<T>(context_));
        options.items.push_back(list_of(of_struct<T>(context_), spec));
        either.put("anyOf", std::move(options));
        add(key, std::move(either), spec);
    }
    template <class T>
    void one_or_named(const char* one, const char* many, std::vector<T>&, const base::Spec& spec = {}) {
        add(one, of_struct<T>(context_), spec);
        add(many, list_of(of_struct<T>(context_), spec), spec);
        rule(one_of_required({one, many}, false));
    }
    template <class T>
    void map(const char* key, std::vector<base::Named<T>>&, const char* pattern, const base::Spec& spec = {}) {
        T fresh{};
        add(key, map_of(of(fresh, "", {}), pattern), spec);
    }
    void nullable(const char* key, int&, int, const base::Spec& spec = {}) {
        Json j = Json::object();
        Json types = Json::array();
        types.items.push_back(Json::of(std::string("integer")));
        types.items.push_back(Json::of(std::string("null")));
        j.put("type", std::move(types));
        add(key, std::move(j), spec);
    }
    template <class... A>
    void tagged(const char* key, std::variant<A...>&, const base::Spec& spec = {}) {
        Json all = Json::array();
        (all.items.push_back(Json::of(std::string(A::k_tag))), ...);
        Json j = Json::object();
        j.put("enum", std::move(all));
        add(key, std::move(j), spec);
        Json options = Json::array();
        (options.items.push_back(alternative<A>(key, A::k_tag, A::k_doc)), ...);
        either(std::move(options));
    }
    template <class... A>
    void by_key(std::variant<A...>&) {
        Json options = Json::array();
        (options.items.push_back(alternative<A>("", A::k_key, "")), ...);
        either(std::move(options));
    }

    Json take();

private:
    template <class A>
    Json alternative(const char* tag_key, const char* name, const char* doc) {
        SchemaVisitor v(context_, typeid(A));
        A fresh{};
        describe(v, fresh);
        const auto named =
            context_.names.find(typeid(A));  // its keys stand in the object of the parent: no definition of its own
        if (named != context_.names.end()) {
            std::erase_if(context_.defs.members, [&](const JsonMember& m) { return m.key == named->second; });
            context_.names.erase(named);
        }
        Json j = v.take_open(tag_key, name, doc);
        return j;
    }
    static Json typed(const char* type);
    static Json form(const char* type, const char* doc);
    static Json list_of(Json items, const base::Spec& spec);
    static Json map_of(Json value, const char* pattern);
    static Json one_of_required(const std::vector<std::string>& keys, bool none_allowed);
    void add(const std::string& key, Json schema, const base::Spec& spec, Json by_default = {});
    void add_units(const char* key, const base::Spec& spec, Json by_default);
    void add_times(const char* stem, const base::Spec& spec, const Json& by_default);
    void rule(Json r) { all_of_.items.push_back(std::move(r)); }
    void either(Json options) {
        Json j = Json::object();
        j.put("oneOf", std::move(options));
        rule(std::move(j));
    }
    Json take_open(const char* tag_key, const char* name, const char* doc);

    template <class T>
    Json of(T&, const char* key, const base::Spec& spec) {
        if constexpr (std::is_same_v<T, bool>)
            return typed("boolean");
        else if constexpr (std::is_integral_v<T>)
            return typed("integer");
        else if constexpr (std::is_floating_point_v<T>)
            return typed("number");
        else if constexpr (std::is_same_v<T, std::string>)
            return typed("string");
        else if constexpr (std::is_same_v<T, base::Scalar>)
            return form("number,string,boolean", "");
        else if constexpr (detail::IsOptional<T>::value || detail::IsArray<T>::value || detail::IsVector<T>::value) {
            typename T::value_type inner{};
            Json j = of(inner, key, spec);
            return detail::IsOptional<T>::value ? j : list_of(std::move(j), spec);
        } else
            return of_struct<T>(context_);
    }
    template <class T>
    static Json default_of(T& ref, const base::Spec& spec) {
        if (spec.need == base::Need::required) return {};
        if constexpr (std::is_same_v<T, bool>)
            return Json::of_bool(ref);
        else if constexpr (std::is_integral_v<T>)
            return Json::of(static_cast<std::int64_t>(ref));
        else if constexpr (std::is_floating_point_v<T>)
            return Json::of(static_cast<double>(ref));
        else if constexpr (std::is_same_v<T, std::string>)
            return ref.empty() ? Json{} : Json::of(ref);
        else
            return {};
    }
    template <class Q>
    static Json default_quantity(const char* key, Q& ref, const base::Spec& spec) {
        if (spec.need == base::Need::required) return {};
        if constexpr (detail::IsOptional<Q>::value)
            return {};
        else
            return JsonPrinter::si_as_written(key, ref);
    }
    template <class T>
    static Json default_time(T& ref, const base::Spec& spec) {
        if (spec.need == base::Need::required) return {};
        if constexpr (detail::IsOptional<T>::value)
            return {};
        else
            return Json::of(static_cast<double>(ref) / 1e9);
    }

    SchemaContext& context_;
    std::type_index type_;
    std::string doc_;
    Json properties_ = Json::object();
    Json required_ = Json::array();
    Json all_of_ = Json::array();
    Json forms_ = Json::array();  // short forms of the whole
};

}  // namespace twin::io
