// SPDX-License-Identifier: Apache-2.0
// The scenario language as a JSON Schema, from the description alone.
#include <fmt/format.h>

#include "io/load.hpp"
#include "io/schema_visitor.hpp"
#include "scenario/describe_scenario.hpp"

namespace twin::io {

Json SchemaVisitor::typed(const char* type) {
    Json j = Json::object();
    j.put("type", Json::of(std::string(type)));
    return j;
}

Json SchemaVisitor::form(const char* type, const char* doc) {
    Json j = Json::object();
    std::string_view rest = type;
    if (rest.find(',') == std::string_view::npos) {
        j = typed(type);
    } else {
        Json types = Json::array();
        while (!rest.empty()) {
            const std::size_t comma = rest.find(',');
            types.items.push_back(Json::of(std::string(rest.substr(0, comma))));
            rest = comma == std::string_view::npos ? std::string_view() : rest.substr(comma + 1);
        }
        j.put("type", std::move(types));
    }
    if (*doc != '\0') j.put("description", Json::of(std::string(doc)));
    return j;
}

Json SchemaVisitor::list_of(Json items, const base::Spec& spec) {
    Json j = typed("array");
    j.put("items", std::move(items));
    if (spec.min_items > 0) j.put("minItems", Json::of(static_cast<std::int64_t>(spec.min_items)));
    j.put("maxItems", Json::of(static_cast<std::int64_t>(spec.max_items)));
    return j;
}

Json SchemaVisitor::map_of(Json value, const char* pattern) {
    Json j = typed("object");
    if (std::string_view(pattern) == "<name>") {
        j.put("additionalProperties", std::move(value));
        return j;
    }
    std::string regex = "^(";
    for (std::string_view p = pattern; !p.empty();) {
        if (p.starts_with("<n>")) {
            regex += "(0|[1-9][0-9]{0,3})";
            p.remove_prefix(3);
            continue;
        }
        if (std::string_view("[]+.").find(p[0]) != std::string_view::npos) regex += '\\';
        regex += p[0];
        p.remove_prefix(1);
    }
    Json patterns = Json::object();
    patterns.put(regex + ")$", std::move(value));
    j.put("patternProperties", std::move(patterns));
    j.put("additionalProperties", Json::of_bool(false));
    return j;
}

Json SchemaVisitor::one_of_required(const std::vector<std::string>& keys, bool none_allowed) {
    const auto required = [](const std::string& key) {
        Json list = Json::array();
        list.items.push_back(Json::of(key));
        Json j = Json::object();
        j.put("required", std::move(list));
        return j;
    };
    Json options = Json::array();
    Json any = Json::array();
    for (const std::string& k : keys) {
        options.items.push_back(required(k));
        any.items.push_back(required(k));
    }
    if (none_allowed) {
        Json some = Json::object();
        some.put("anyOf", std::move(any));
        Json none = Json::object();
        none.put("not", std::move(some));
        options.items.push_back(std::move(none));
    }
    Json j = Json::object();
    j.put("oneOf", std::move(options));
    return j;
}

void SchemaVisitor::refused(const char* key, const char* why) {
    Json j = Json::object();
    j.put("not", Json::object());
    j.put("description", Json::of(fmt::format("\"{}\" {}", key, why)));
    properties_.put(key, std::move(j));
}

void SchemaVisitor::add(const std::string& key, Json schema, const base::Spec& spec, Json by_default) {
    const Json* type = schema.find("type");
    const bool numeric = type != nullptr && (type->text == "number" || type->text == "integer" || type->is_array());
    if (*spec.doc != '\0') schema.put("description", Json::of(std::string(spec.doc)));
    if (numeric && std::isfinite(spec.min))
        schema.put(spec.above_min ? "exclusiveMinimum" : "minimum", Json::of(spec.min));
    if (numeric && std::isfinite(spec.max)) schema.put("maximum", Json::of(spec.max));
    const std::string unit = detail::unit_of(spec, key);
    if (!unit.empty()) schema.put("x-unit", Json::of(unit));
    if (by_default.kind != Json::Kind::null) schema.put("default", std::move(by_default));
    if (spec.need == base::Need::required && schema.find("x-alternative") == nullptr)
        required_.items.push_back(Json::of(key));
    properties_.put(key, std::move(schema));
}

void SchemaVisitor::add_units(const char* key, const base::Spec& spec, Json by_default) {
    const base::Unit& own = *base::find_unit(base::unit_suffix(key));
    base::Spec s = spec;
    s.need = base::Need::optional;
    add(key, typed("number"), s, std::move(by_default));
    std::vector<std::string> keys = {key};
    for (const base::Unit& u : base::all_units()) {
        if (std::string_view(u.si) != own.si || std::string_view(u.suffix) == own.suffix) continue;
        const std::string other = fmt::format("{}_{}", base::unit_stem(key), u.suffix);
        base::Spec t;
        const std::string doc = fmt::format("{} in {}", key, u.suffix);
        t.doc = doc.c_str();
        t.above_min = spec.above_min;
        if (std::isfinite(spec.min)) t.min = *base::convert(own.suffix, u.suffix, spec.min);
        if (std::isfinite(spec.max)) t.max = *base::convert(own.suffix, u.suffix, spec.max);
        Json j = typed("number");
        j.put("x-alternative", Json::of(std::string(key)));
        add(other, std::move(j), t);
        keys.push_back(other);
    }
    if (keys.size() > 1 || spec.need == base::Need::required)
        rule(one_of_required(keys, spec.need != base::Need::required));
}

void SchemaVisitor::add_times(const char* stem, const base::Spec& spec, const Json& by_default) {
    std::vector<std::string> keys;
    const std::string first = fmt::format("{}_s", stem);
    for (const char* u : {"s", "ms", "us"}) {
        const std::string key = fmt::format("{}_{}", stem, u);
        base::Spec t = spec;
        t.need = base::Need::optional;
        t.min = *base::convert("s", u, std::isfinite(spec.min) && spec.min > 0 ? spec.min : 0.0);
        t.max = *base::convert("s", u, std::isfinite(spec.max) ? spec.max : 1e9);
        Json j = typed("number");
        if (key != first) j.put("x-alternative", Json::of(first));
        add(key, std::move(j), t, key == first ? by_default : Json{});
        keys.push_back(key);
    }
    rule(one_of_required(keys, spec.need != base::Need::required));
}

Json SchemaVisitor::take_open(const char* tag_key, const char* name, const char* doc) {
    Json j = Json::object();
    j.put("title", Json::of(std::string(name)));
    const std::string text = *doc != '\0' ? std::string(doc) : doc_;
    if (!text.empty()) j.put("description", Json::of(text));
    if (*tag_key != '\0') {
        Json tag = Json::object();
        tag.put("const", Json::of(std::string(name)));
        properties_.put(tag_key, std::move(tag));
    }
    j.put("properties", std::move(properties_));
    if (!required_.items.empty()) j.put("required", std::move(required_));
    if (!all_of_.items.empty()) j.put("allOf", std::move(all_of_));
    return j;
}

Json SchemaVisitor::take() {
    Json j = typed("object");
    if (!doc_.empty()) j.put("description", Json::of(doc_));
    j.put("properties", std::move(properties_));
    if (!required_.items.empty()) j.put("required", std::move(required_));
    if (!all_of_.items.empty()) j.put("allOf", std::move(all_of_));
    j.put("unevaluatedProperties", Json::of_bool(false));
    if (forms_.items.empty()) return j;
    Json whole = Json::object();
    if (!doc_.empty()) whole.put("description", Json::of(doc_));
    forms_.items.push_back(std::move(j));
    whole.put("anyOf", std::move(forms_));
    return whole;
}

std::string scenario_schema() {
    SchemaContext context;
    SchemaVisitor::of_struct<scenario::Scenario>(context);
    Json root = Json::object();
    root.put("$schema", Json::of(std::string("https://json-schema.org/draft/2020-12/schema")));
    root.put("title", Json::of(std::string("bmstwin scenario")));
    root.put("$ref", Json::of(std::string("#/$defs/scenario")));
    root.put("$defs", std::move(context.defs));
    return print_json(root);
}

}  // namespace twin::io
