// SPDX-License-Identifier: Apache-2.0
// Conditions and checks of the scenario language as plain structs (SCENARIOS: "Conditions and channels", "Checks").
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/time.hpp"

namespace twin::scenario {

using base::Time_ns;

enum class Op : std::uint8_t { lt, le, gt, ge, eq, ne };
const char* op_text(Op op);

/// "channel op number-or-channel". rhs_channel empty: compared with rhs.
struct Comparison {
    std::string channel;
    Op op = Op::ge;
    double rhs = 0.0;
    std::string rhs_channel;
};
struct ParsedComparison {
    Comparison value;
    std::string error;  // empty: value is valid
};
/// Reads one comparison; the error says what is expected.
ParsedComparison parse_comparison(std::string_view text);

/// One comparison, all/any of conditions, not a condition, or "that event has fired". Exactly one member is in use.
struct Condition {
    std::string text;                       // the comparison as written
    std::vector<Condition> all, any, not_;  // `not_` holds one
    std::string event;
    Comparison comparison;  // parsed from `text` by the loader (compile_text)
};
/// Parses `text` of every comparison in the tree; returns the first error, empty if none.
std::string compile_text(Condition& c);
/// The condition as a person would write it on one line.
std::string to_text(const Condition& c);
/// Calls f(name) for every channel of the tree.
template <class F>
void for_each_channel(const Condition& c, const F& f) {
    if (!c.text.empty()) {
        f(c.comparison.channel);
        if (!c.comparison.rhs_channel.empty()) f(c.comparison.rhs_channel);
    }
    for (const Condition& k : c.all) for_each_channel(k, f);
    for (const Condition& k : c.any) for_each_channel(k, f);
    for (const Condition& k : c.not_) for_each_channel(k, f);
}

/// End of a window: an instant, or the first firing of an event (id or "trip").
struct Mark {
    double at_s = 0.0;
    std::string event;
};
struct Window {
    std::optional<Mark> from, to;
};

struct Always {
    static constexpr const char* k_key = "always";
    Condition always;
    Window window;
};
struct Never {
    static constexpr const char* k_key = "never";
    Condition never;
    Window window;
};
struct Eventually {
    static constexpr const char* k_key = "eventually";
    Condition eventually;
    std::optional<Time_ns> within;  // from the start of the window; none: before its end
    Window window;
};
struct Whenever {
    static constexpr const char* k_key = "whenever";
    Condition whenever;
    Time_ns hold = 0;
    Condition then;
    Time_ns within = 0;
    Window window;
};
struct Until {
    static constexpr const char* k_key = "until";
    std::vector<Condition> until;  // [C, C2]
    Window window;
};
struct Settles {
    static constexpr const char* k_key = "settles";
    struct Data {
        std::string channel;
        double to = 0.0;
        double band = 0.0;
        Time_ns within = 0;
    } settles;
    Window window;
};
struct Order {
    static constexpr const char* k_key = "order";
    std::vector<std::string> order;
};
struct Count {
    static constexpr const char* k_key = "count";
    struct Data {
        Condition of;
        std::optional<std::int64_t> min, max;
    } count;
    Window window;
};
struct MetricCheck {
    static constexpr const char* k_key = "metric";
    std::string metric;
    std::optional<double> min, max;
};
struct VerdictCheck {
    static constexpr const char* k_key = "verdict";
    std::string verdict;  // PROTECTED, or with its argument: DAMAGED(pack.fet.dsg)
    std::string pack;     // empty: the run's
};
using CheckForm =
    std::variant<Always, Never, Eventually, Whenever, Until, Settles, Order, Count, MetricCheck, VerdictCheck>;

struct Check {
    std::string id;  // generated ("check-2"; a verdict's is "verdict") if the file has none
    CheckForm form;
    bool may_be_vacuous = false;
};
const char* form_name(const CheckForm& f);
/// The check as a person would write it on one line.
std::string to_text(const Check& c);

}  // namespace twin::scenario
