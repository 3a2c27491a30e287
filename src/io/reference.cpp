// SPDX-License-Identifier: Apache-2.0
// The reference page of the scenario language, written from its JSON Schema.
#include <fmt/format.h>

#include "io/load.hpp"
#include "io/schema_visitor.hpp"
#include "scenario/describe_scenario.hpp"
#include "scenario/targets.hpp"

namespace twin::io {

namespace {

std::string text_of(const Json& j, const char* key) {
    const Json* found = j.find(key);
    return found != nullptr && found->is_string() ? found->text : std::string();
}

std::string link_of(const Json& ref) {
    const std::string name = text_of(ref, "$ref").substr(sizeof("#/$defs/") - 1);
    return fmt::format("[{}](#{})", name, name);
}

std::string type_of(const Json& j) {
    if (j.find("$ref") != nullptr) return link_of(j);
    if (const Json* options = j.find("anyOf")) {
        std::string all;
        for (const Json& o : options->items) all += (all.empty() ? "" : " or ") + type_of(o);
        return all;
    }
    if (const Json* names = j.find("enum")) {
        std::string all;
        for (const Json& n : names->items) all += (all.empty() ? "" : ", ") + fmt::format("`{}`", n.text);
        return all;
    }
    if (const Json* items = j.find("items")) return "list of " + type_of(*items);
    if (const Json* patterns = j.find("patternProperties")) return "object of " + type_of(patterns->members[0].value);
    if (const Json* more = j.find("additionalProperties"); more != nullptr && more->is_object())
        return "object of " + type_of(*more);
    const Json* type = j.find("type");
    if (type == nullptr) return "";
    if (type->is_string()) return type->text;
    std::string all;
    for (const Json& t : type->items) all += (all.empty() ? "" : " or ") + t.text;
    return all;
}

std::string range_of(const Json& j) {
    const Json* lo = j.find("minimum");
    const Json* above = j.find("exclusiveMinimum");
    const Json* hi = j.find("maximum");
    if (above != nullptr)
        return hi != nullptr ? fmt::format("> {:g} .. {:g}", above->number, hi->number)
                             : fmt::format("> {:g}", above->number);
    if (lo != nullptr)
        return hi != nullptr ? fmt::format("{:g} .. {:g}", lo->number, hi->number) : fmt::format(">= {:g}", lo->number);
    return hi != nullptr ? fmt::format("<= {:g}", hi->number) : std::string();
}

bool is_required(const Json& type, const std::string& key) {
    const Json* required = type.find("required");
    if (required != nullptr)
        for (const Json& r : required->items)
            if (r.text == key) return true;
    return false;
}

/// A quantity with several units is required if one of its keys must be there.
bool one_is_required(const Json& type, const std::string& key) {
    const Json* rules = type.find("allOf");
    if (rules == nullptr) return false;
    for (const Json& rule : rules->items) {
        const Json* options = rule.find("oneOf");
        if (options == nullptr) continue;
        bool mine = false;
        bool none = false;
        for (const Json& o : options->items) {
            none = none || o.find("not") != nullptr;
            const Json* required = o.find("required");
            mine = mine || (required != nullptr && required->items.size() == 1 && required->items[0].text == key &&
                            o.members.size() == 1);
        }
        if (mine && !none && options->items.size() > 1) return true;
    }
    return false;
}

void table(const Json& type, std::string& out) {
    const Json* properties = type.find("properties");
    if (properties == nullptr || properties->members.empty()) return;
    out += "| key | type | unit | default | range | meaning |\n|---|---|---|---|---|---|\n";
    for (const JsonMember& m : properties->members) {
        const Json& p = m.value;
        if (p.find("x-alternative") != nullptr || p.find("const") != nullptr || p.find("not") != nullptr) continue;
        const Json* by_default = p.find("default");
        std::string shown = by_default != nullptr ? fmt::format("`{}`", brief(*by_default)) : std::string();
        if (is_required(type, m.key))
            shown = "**required**";
        else if (one_is_required(type, m.key))
            shown = "**one required**";
        out += fmt::format("| `{}` | {} | {} | {} | {} | {} |\n", m.key, type_of(p), text_of(p, "x-unit"), shown,
                           range_of(p), text_of(p, "description"));
    }
    out += '\n';
}

/// Alternatives chosen by a tag or by which key is there.
void alternatives(const Json& type, std::string& out) {
    const Json* rules = type.find("allOf");
    if (rules == nullptr) return;
    for (const Json& rule : rules->items) {
        const Json* options = rule.find("oneOf");
        if (options == nullptr) continue;
        for (const Json& o : options->items) {
            if (o.find("title") == nullptr) continue;
            out += fmt::format("**`{}`**: {}\n\n", text_of(o, "title"), text_of(o, "description"));
            table(o, out);
        }
    }
}

void definition(const JsonMember& def, std::string& out) {
    out += fmt::format("## {}\n\n{}\n\n", def.key, text_of(def.value, "description"));
    const Json* object = &def.value;
    if (const Json* forms = def.value.find("anyOf")) {
        for (const Json& f : forms->items) {
            if (f.find("properties") != nullptr)
                object = &f;
            else
                out += fmt::format("May be written as a {}: {}.\n\n", text_of(f, "type"), text_of(f, "description"));
        }
    }
    table(*object, out);
    alternatives(*object, out);
}

}  // namespace

std::string scenario_reference() {
    SchemaContext context;
    SchemaVisitor::of_struct<scenario::Scenario>(context);
    std::string out =
        "# Scenario reference\n\n"
        "Generated from the description that also reads the files; a unit test keeps it current.\n"
        "A quantity may be written with any unit of its family (`r_mohm`, `r_ohm`), a time as `_s`, `_ms` or `_us`; "
        "exactly one of them.\n"
        "Unknown keys are errors.\n\n";
    for (const JsonMember& def : context.defs.members) definition(def, out);
    out +=
        "## Settable inputs\n\nTargets of `step`, `ramp`, `pulse` and `set`; with several packs the pack's own are "
        "preceded by `pack[a].`.\n\n| target | unit | range | meaning |\n|---|---|---|---|\n";
    for (const scenario::SettableInput& i : scenario::settable_inputs())
        out += fmt::format("| `{}` | {} | {:g} .. {:g} | {} |\n", i.pattern, i.unit, i.min, i.max, i.doc);
    out +=
        "\n## Faults\n\nTargets and faults of `inject`.\n\n| target | fault | unit of `value` | meaning "
        "|\n|---|---|---|---|\n";
    for (const scenario::InjectableFault& f : scenario::injectable_faults())
        out += fmt::format("| `{}{}` | `{}` | {} | {} |\n", f.head,
                           std::string_view(f.head) == "N"      ? "<n>"
                           : std::string_view(f.head) == "cell" ? "[<n>]"
                                                                : "",
                           f.fault, f.unit, f.doc);
    return out;
}

}  // namespace twin::io
