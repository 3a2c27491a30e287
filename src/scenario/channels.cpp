// SPDX-License-Identifier: Apache-2.0
#include "scenario/channels.hpp"

#include <fmt/format.h>
#include <algorithm>

#include "base/describe.hpp"
#include "base/math.hpp"

namespace twin::scenario {

Moment::Moment(Time_ns t, double offset_ns) {
    const std::int64_t whole = base::floor_i64(offset_ns);
    ns = t + whole;
    frac = offset_ns - static_cast<double>(whole);
}

Moment between(const Moment& a, const Moment& b, double u) {
    const double length_ns = static_cast<double>(b.ns - a.ns) + (b.frac - a.frac);
    Moment m(a.ns, a.frac + length_ns * u);
    return b < m ? b : m;
}

int ChannelTable::add(Channel c) {
    const auto before = [this](int i, std::string_view name) {
        return channels_[static_cast<std::size_t>(i)].name < name;
    };
    const auto at = std::lower_bound(by_name_.begin(), by_name_.end(), std::string_view(c.name), before);
    if (at != by_name_.end() && (*this)[*at].name == c.name) return -1;
    if (c.name.starts_with("hw"))
        c.tree = Tree::hw;
    else if (c.name.starts_with("bms"))
        c.tree = Tree::bms;
    else
        c.tree = Tree::truth;
    if (c.unit.empty()) c.unit = std::string(base::unit_suffix(c.name));
    const int index = size();
    by_name_.insert(at, index);
    channels_.push_back(std::move(c));
    return index;
}

int ChannelTable::find(std::string_view name) const {
    const auto before = [this](int i, std::string_view n) { return channels_[static_cast<std::size_t>(i)].name < n; };
    const auto at = std::lower_bound(by_name_.begin(), by_name_.end(), name, before);
    return at != by_name_.end() && (*this)[*at].name == name ? *at : -1;
}

namespace {

/// "[*]" in the pattern stands for any "[index]".
bool matches(std::string_view pattern, std::string_view name) {
    while (!pattern.empty()) {
        if (pattern.starts_with("[*]")) {
            if (!name.starts_with('[')) return false;
            const std::size_t close = name.find(']');
            if (close == std::string_view::npos) return false;
            name.remove_prefix(close + 1);
            pattern.remove_prefix(3);
            continue;
        }
        if (name.empty() || name[0] != pattern[0]) return false;
        name.remove_prefix(1);
        pattern.remove_prefix(1);
    }
    return name.empty();
}

}  // namespace

std::vector<int> ChannelTable::match(std::string_view pattern) const {
    std::vector<int> found;
    if (pattern.find("[*]") == std::string_view::npos) {
        const int index = find(pattern);
        if (index >= 0) found.push_back(index);
        return found;
    }
    for (int i = 0; i < size(); ++i)
        if (matches(pattern, (*this)[i].name)) found.push_back(i);
    return found;
}

std::string ChannelTable::explain_missing(std::string_view name) const {
    std::vector<std::string> names;
    names.reserve(channels_.size());
    for (const Channel& c : channels_) names.push_back(c.name);
    const std::string near = base::nearest(name, names);
    return near.empty() ? fmt::format("no channel \"{}\"; `bmstwin channels` lists all", name)
                        : fmt::format("no channel \"{}\", did you mean \"{}\"?", name, near);
}

std::string channel_of_pack(std::string_view name, std::string_view pack, bool several_packs) {
    if (!several_packs) return std::string(name);
    const std::size_t dot = name.find('.');
    if (dot == std::string_view::npos) return std::string(name);
    const std::string_view tree = name.substr(0, dot);
    std::string_view rest = name.substr(dot + 1);
    if (tree != "truth") return fmt::format("{}[{}].{}", tree, pack, rest);
    if (rest.starts_with("pack.")) rest.remove_prefix(5);
    return fmt::format("truth.pack[{}].{}", pack, rest);
}

double unit_scale(std::string_view unit) {
    struct Scale {
        std::string_view unit;
        double scale;
    };
    static constexpr Scale k_scales[] = {
        // what a person calls a small but visible part of a protection limit
        {"V", 1.0}, {"mV", 100.0},  {"A", 100.0},   {"mA", 1000.0}, {"degC", 50.0}, {"K", 50.0},  {"pct", 100.0},
        {"s", 1.0}, {"ms", 1000.0}, {"us", 1000.0}, {"W", 100.0},   {"J", 1.0},     {"Ah", 10.0},
    };
    for (const Scale& s : k_scales)
        if (s.unit == unit) return s.scale;
    return 1.0;
}

}  // namespace twin::scenario
