// SPDX-License-Identifier: Apache-2.0
#include "scenario/scenario.hpp"

namespace twin::scenario {

namespace {

/// Time inside the series in seconds and where its period starts.
double local_time_s(const Series& s, Time_ns t, Time_ns* period_start) {
    *period_start = 0;
    const Time_ns period = base::from_s(s.points.back()[0]);
    if (!s.repeat || period <= 0) return base::to_s(t);
    *period_start = t / period * period;
    return base::to_s(t - *period_start);
}

}  // namespace

double value_at(const Series& s, Time_ns t) {
    if (s.is_constant()) return s.constant;
    Time_ns start = 0;
    const double x = local_time_s(s, t, &start);
    if (x <= s.points.front()[0]) return s.points.front()[1];
    for (std::size_t k = 1; k < s.points.size(); ++k) {
        const std::vector<double>& a = s.points[k - 1];
        const std::vector<double>& b = s.points[k];
        if (x < b[0]) return a[1] + (b[1] - a[1]) * ((x - a[0]) / (b[0] - a[0]));
    }
    return s.points.back()[1];
}

Time_ns next_corner(const Series& s, Time_ns t) {
    if (s.is_constant()) return base::k_never_ns;
    Time_ns start = 0;
    local_time_s(s, t, &start);
    for (const std::vector<double>& p : s.points) {
        const Time_ns at = start + base::from_s(p[0]);
        if (at > t) return at;
    }
    if (!s.repeat) return base::k_never_ns;
    return start + base::from_s(s.points.back()[0]) + base::from_s(s.points.front()[0]);
}

Stimulus stimulus_of(const Event& e) {
    if (e.stimulus != Stimulus::by_kind) return e.stimulus;
    struct Kind {
        Stimulus operator()(const DoShort&) const { return Stimulus::fault; }
        Stimulus operator()(const DoSwap&) const { return Stimulus::fault; }
        Stimulus operator()(const DoOpen&) const { return Stimulus::fault; }
        Stimulus operator()(const DoInject&) const { return Stimulus::fault; }
        Stimulus operator()(const DoUnplug&) const { return Stimulus::fault; }
        Stimulus operator()(const DoConnect&) const { return Stimulus::disturbance; }
        Stimulus operator()(const DoDisconnect&) const { return Stimulus::disturbance; }
        Stimulus operator()(const DoPlug&) const { return Stimulus::disturbance; }
        Stimulus operator()(const DoStep&) const { return Stimulus::disturbance; }
        Stimulus operator()(const DoRamp&) const { return Stimulus::disturbance; }
        Stimulus operator()(const DoPulse&) const { return Stimulus::disturbance; }
        Stimulus operator()(const DoSet&) const { return Stimulus::none; }
        Stimulus operator()(const DoCommand&) const { return Stimulus::none; }
        Stimulus operator()(const DoSend&) const { return Stimulus::none; }
        Stimulus operator()(const DoClear&) const { return Stimulus::none; }
    };
    return std::visit(Kind{}, e.action);
}

const char* action_name(const Action& a) {
    return std::visit([](const auto& act) { return std::decay_t<decltype(act)>::k_tag; }, a);
}

std::string action_target(const Action& a) {
    return std::visit(
        [](const auto& act) -> std::string {
            if constexpr (requires { act.target; })
                return act.target;
            else
                return {};
        },
        a);
}

namespace {

bool plain(std::string_view s) {
    if (s.empty()) return false;
    for (const char c : s) {
        const bool word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!word && std::string_view("_+-.").find(c) == std::string_view::npos) return false;
    }
    return true;
}

/// Splits "name[index]" in front; `rest` starts behind it.
bool take_part(std::string_view& rest, std::string_view stops, std::string& name, std::string& index) {
    const std::size_t end = rest.find_first_of(stops);
    name = std::string(rest.substr(0, end));
    index.clear();
    rest.remove_prefix(name.size());
    if (rest.starts_with('[')) {
        const std::size_t close = rest.find(']');
        if (close == std::string_view::npos) return false;
        index = std::string(rest.substr(1, close - 1));
        rest.remove_prefix(close + 1);
        if (!plain(index)) return false;
    }
    return plain(name);
}

}  // namespace

std::optional<Path> parse_path(std::string_view text) {
    Path p;
    std::string name;
    std::string index;
    if (text == "pack" || text.starts_with("pack[") || text.starts_with("pack.")) {
        p.is_pack = true;
        if (!take_part(text, "[./", name, index)) return std::nullopt;
        p.pack = index;
        if (text.empty()) return p;
        if (text[0] != '.' && text[0] != '/') return std::nullopt;
        const bool leaf_follows = text[0] == '/';
        if (!leaf_follows) text.remove_prefix(1);
    }
    if (!text.starts_with('/') || !p.is_pack) {
        if (!take_part(text, "[/", p.head, p.index)) return std::nullopt;
    }
    if (text.empty()) return p;
    if (text[0] != '/') return std::nullopt;
    p.leaf = std::string(text.substr(1));
    if (!plain(p.leaf)) return std::nullopt;
    return p;
}

}  // namespace twin::scenario
