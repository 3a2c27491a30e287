// SPDX-License-Identifier: Apache-2.0
#include "base/units.hpp"

namespace twin::base {

namespace {
constexpr Unit k_units[] = {
    {"s", "s", 1, 1, 0},         {"ms", "s", 1, 1e3, 0},        {"us", "s", 1, 1e6, 0},
    {"ns", "s", 1, 1e9, 0},      {"min", "s", 60, 1, 0},        {"h", "s", 3600, 1, 0},
    {"V", "V", 1, 1, 0},         {"mV", "V", 1, 1e3, 0},        {"uV", "V", 1, 1e6, 0},
    {"kV", "V", 1e3, 1, 0},      {"A", "A", 1, 1, 0},           {"mA", "A", 1, 1e3, 0},
    {"uA", "A", 1, 1e6, 0},      {"kA", "A", 1e3, 1, 0},        {"nA", "A", 1, 1e9, 0},
    {"ohm", "ohm", 1, 1, 0},     {"mohm", "ohm", 1, 1e3, 0},    {"uohm", "ohm", 1, 1e6, 0},
    {"kohm", "ohm", 1e3, 1, 0},  {"Mohm", "ohm", 1e6, 1, 0},    {"H", "H", 1, 1, 0},
    {"mH", "H", 1, 1e3, 0},      {"uH", "H", 1, 1e6, 0},        {"nH", "H", 1, 1e9, 0},
    {"F", "F", 1, 1, 0},         {"mF", "F", 1, 1e3, 0},        {"uF", "F", 1, 1e6, 0},
    {"nF", "F", 1, 1e9, 0},      {"pF", "F", 1, 1e12, 0},       {"W", "W", 1, 1, 0},
    {"mW", "W", 1, 1e3, 0},      {"kW", "W", 1e3, 1, 0},        {"J", "J", 1, 1, 0},
    {"mJ", "J", 1, 1e3, 0},      {"uJ", "J", 1, 1e6, 0},        {"kJ", "J", 1e3, 1, 0},
    {"Wh", "J", 3600, 1, 0},     {"C", "C", 1, 1, 0},           {"Ah", "C", 3600, 1, 0},
    {"mAh", "C", 3600, 1e3, 0},  {"Hz", "Hz", 1, 1, 0},         {"hz", "Hz", 1, 1, 0},
    {"kHz", "Hz", 1e3, 1, 0},    {"MHz", "Hz", 1e6, 1, 0},      {"K", "K", 1, 1, 0},
    {"degC", "K", 1, 1, 273.15}, {"ddegC", "K", 1, 10, 273.15}, {"mdegC", "K", 1, 1e3, 273.15},
    {"pct", "1", 1, 1e2, 0},     {"permille", "1", 1, 1e3, 0},  {"ppm", "1", 1, 1e6, 0},
    {"kg", "kg", 1, 1, 0},       {"g", "kg", 1, 1e3, 0},        {"m", "m", 1, 1, 0},
    {"mm", "m", 1, 1e3, 0},      {"S", "S", 1, 1, 0},           {"mS", "S", 1, 1e3, 0},
    {"uS", "S", 1, 1e6, 0},      {"nS", "S", 1, 1e9, 0},
};
}  // namespace

std::span<const Unit> all_units() { return k_units; }

const Unit* find_unit(std::string_view suffix) {
    for (const Unit& u : k_units)
        if (suffix == u.suffix) return &u;
    return nullptr;
}

std::string_view unit_suffix(std::string_view name) {
    const std::size_t at = name.rfind('_');
    if (at == std::string_view::npos || at == 0) return {};
    const std::string_view tail = name.substr(at + 1);
    return find_unit(tail) != nullptr ? tail : std::string_view{};
}

std::string_view unit_stem(std::string_view name) {
    const std::string_view suffix = unit_suffix(name);
    return suffix.empty() ? name : name.substr(0, name.size() - suffix.size() - 1);
}

double to_si(const Unit& u, double x) { return x * u.num / u.den + u.offset; }
double from_si(const Unit& u, double x_si) { return (x_si - u.offset) * u.den / u.num; }

std::optional<double> convert(std::string_view from, std::string_view to, double x) {
    const Unit* a = find_unit(from);
    const Unit* b = find_unit(to);
    if (a == nullptr || b == nullptr || std::string_view(a->si) != b->si) return std::nullopt;
    if (a == b) return x;
    if (a->offset == b->offset) return x * (a->num * b->den) / (a->den * b->num);
    return from_si(*b, to_si(*a, x));
}

bool same_quantity(std::string_view key, std::string_view name) {
    if (key == name) return true;
    const Unit* a = find_unit(unit_suffix(key));
    const Unit* b = find_unit(unit_suffix(name));
    return a != nullptr && b != nullptr && std::string_view(a->si) == b->si && unit_stem(key) == unit_stem(name);
}

}  // namespace twin::base
