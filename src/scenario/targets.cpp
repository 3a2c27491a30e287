// SPDX-License-Identifier: Apache-2.0
#include "scenario/targets.hpp"

#include <fmt/format.h>
#include <array>

namespace twin::scenario {

namespace {

constexpr std::array k_inputs = {
    SettableInput{"load[<id>]/cc_A", "A", 0, 1e5, "current of a constant-current load"},
    SettableInput{"load[<id>]/power_W", "W", 0, 1e7, "power of a constant-power load"},
    SettableInput{"load[<id>]/r_mohm", "mohm", 0.1, 1e12, "resistance of a resistor load"},
    SettableInput{"load[<id>]/idle_A", "A", 0, 1e4, "current drawn from a capacitor load"},
    SettableInput{"load[<id>]/run_A", "A", 0, 1e5, "load torque of a motor as current"},
    SettableInput{"charger[<id>]/cc_A", "A", 0, 1e5, "current limit of a charger"},
    SettableInput{"charger[<id>]/cv_V", "V", 0, 1000, "regulated voltage of a charger"},
    SettableInput{"environment/board_degC", "degC", -60, 150, "ambient temperature of the board"},
    SettableInput{"environment/cells_degC", "degC", -60, 150, "ambient temperature of the cells"},
    SettableInput{"W<n>/contact_mohm", "mohm", 0, 1e6, "added contact resistance of a sampling lead"},
    SettableInput{"W<n>/tap", "", 0, 24, "tap a sampling lead goes to"},
    SettableInput{"key", "", 0, 1, "key switch"},
    SettableInput{"di", "", 0, 1, "digital input"},
};

constexpr std::array k_faults = {
    InjectableFault{"N", "open", "", "NTC line broken"},
    InjectableFault{"N", "short", "", "NTC line shorted"},
    InjectableFault{"fet.dsg", "stuck_on", "", "discharge group welded"},
    InjectableFault{"fet.dsg", "stuck_off", "", "discharge group never turns on"},
    InjectableFault{"fet.chg", "stuck_on", "", "charge group welded"},
    InjectableFault{"fet.chg", "stuck_off", "", "charge group never turns on"},
    InjectableFault{"cell", "internal_short", "ohm", "resistance inside a cell"},
};

}  // namespace

std::span<const SettableInput> settable_inputs() { return k_inputs; }
std::span<const InjectableFault> injectable_faults() { return k_faults; }

const SettableInput* find_input(const Path& p, std::string* id) {
    for (const SettableInput& row : k_inputs) {
        const std::string_view pattern = row.pattern;
        const std::size_t slash = pattern.find('/');
        const std::string_view leaf = slash == std::string_view::npos ? std::string_view() : pattern.substr(slash + 1);
        const std::string_view head = pattern.substr(0, pattern.find_first_of("[/"));
        if (!p.leaf.empty() || !leaf.empty()) {
            if (!base::same_quantity(p.leaf, leaf)) continue;
        }
        const bool of_pack = head == "W<n>" || head == "key" || head == "di";
        if (p.is_pack != (p.is_pack && of_pack)) continue;
        if (head.find("<n>") != std::string_view::npos) {
            const std::optional<int> n = base::match_key(head, p.head);
            if (!n || !p.index.empty()) continue;
            *id = std::to_string(*n);
            return &row;
        }
        if (p.head != head) continue;
        if (pattern.find("<id>") == std::string_view::npos && !p.index.empty()) continue;
        *id = p.index;
        return &row;
    }
    return nullptr;
}

std::string state_advice(std::string_view target) {
    const std::size_t at = target.find_last_of("./");
    const std::string_view leaf = base::unit_stem(at == std::string_view::npos ? target : target.substr(at + 1));
    const bool is_state = target.starts_with("truth.") || target.starts_with("bms.") || target.starts_with("hw.") ||
                          leaf == "soc" || leaf == "hysteresis" || leaf == "v" || leaf == "tj" || leaf == "t" ||
                          leaf == "temp" || leaf == "q" || leaf == "i";
    if (!is_state) return {};
    return fmt::format(
        "\"{}\" is a state of the plant and changes by its dynamics only; give it at the start (pack.soc, "
        "pack.temp_degC, "
        "pack.override), change an input that drives it (charger, load, environment), or use the API's set_state, "
        "which is "
        "entered in the ledger",
        target.substr(0, 80));
}

bool is_place(std::string_view place) {
    if (place.starts_with("pack[")) {
        const std::size_t close = place.find("].");
        if (close == std::string_view::npos) return false;
        place.remove_prefix(close + 2);
    } else if (place.starts_with("pack.")) {
        place.remove_prefix(5);
    }
    return base::match_key("P+|P-|B+|B-|T<n>", place).has_value();
}

}  // namespace twin::scenario
