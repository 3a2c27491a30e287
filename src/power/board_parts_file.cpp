// SPDX-License-Identifier: Apache-2.0
#include "power/board_parts_file.hpp"

#include <fmt/format.h>

#include <cstring>

#include "base/math.hpp"
#include "base/units.hpp"

namespace twin::power {

namespace {

#define PART(member) [](BoardParts& p) -> double* { return &p.member; }
#define FLAG(member) [](BoardParts& p) -> bool* { return &p.member; }
constexpr auto k_nowhere = [](BoardParts&) -> double* { return nullptr; };

PartGroup top_group() {
    return {"",
            "",
            {{"i_rated_A", PART(i_rated_A), 1, 2000, 0, "continuous current"},
             {"weight_g", k_nowhere, 1, 1e5, 0, "weight of the board"},
             {"n_fet_per_group", k_nowhere, 1, 64, 0, "MOSFETs in parallel, in each of the two groups"},
             {"leak_uS", PART(leak_S), 0.1, 1e6, 0, "insulation between the stack and the shell; at least 0.1 uS"}},
            {}};
}

PartGroup shunt_group() {
    return {"shunt",
            "current sensor",
            {{"r_mohm", PART(shunt_Ohm), 1e-3, 100, -1, "resistance; a smaller one than calibrated trips late"},
             {"l_nH", PART(shunt_l_H), 0, 100, 1, "inductance"}},
            {}};
}

PartGroup snubber_group() {
    return {"snubber",
            "series RC across each MOSFET group",
            {{"c_nF", PART(snubber.c_F), 0.1, 1e5, 0, "capacitance"},
             {"r_ohm", PART(snubber.r_Ohm), 1e-3, 1e3, 0, "resistance"}},
            {}};
}

PartGroup clamp_group() {
    return {"clamp",
            "energy clamp between P- and the source of the discharge group",
            {{"v_on_V", PART(clamp.v_on_V), 1, 1000, 1, "conducts above"},
             {"r_mohm", PART(clamp.r_Ohm), 0.01, 1e4, 1, "slope"},
             {"energy_limit_J", PART(clamp.energy_limit_J), 1e-6, 1e6, 0, "survives"}},
            {{"fitted", FLAG(clamp.fitted), "false: the board has none"}}};
}

PartGroup input_group() {
    return {"input",
            "one input of the AFE: filter and clamps",
            {{"r_filter_ohm", PART(input.r_filter_Ohm), 1, 1e6, 0, "series resistor"},
             {"r_filter_limit_W", PART(input.r_filter_limit_W), 1e-3, 100, 0, "its rating"},
             {"c_filter_uF", PART(input.c_filter_F), 1e-5, 100, 0, "capacitor"},
             {"c_limit_V", PART(input.c_limit_V), 1, 1000, 0, "its rating"},
             {"clamp_forward_V", PART(input.clamp_forward_V), 0.1, 5, 0,
              "clamp conducts when the channel is reversed by more"},
             {"clamp_reverse_V", PART(input.clamp_reverse_V), 5, 200, 0, "clamp conducts when the channel is above"},
             {"clamp_r_ohm", PART(input.clamp_r_Ohm), 1e-3, 1e4, 0, "slope of both clamps"},
             {"pin_limit_mA", PART(input.pin_limit_A), 0.1, 1e4, 0, "what a pin of the AFE survives"},
             {"balancer_fet_r_ohm", PART(input.balancer_fet_r_Ohm), 1e-3, 100, 0, "balancer MOSFET, on"}},
            {{"balancer_fet_back_to_back", FLAG(input.balancer_fet_back_to_back),
              "false: a reversed channel conducts through two body diodes"}}};
}

PartGroup supply_group() {
    return {"supply",
            "board supply from B+",
            {{"diode_is_A", PART(supply.diode_is_A), 1e-15, 1e-3, 0, "diode: saturation current"},
             {"diode_n", PART(supply.diode_n), 0.5, 4, 0, "diode: emission coefficient"},
             {"diode_r_ohm", PART(supply.diode_r_Ohm), 1e-3, 1e3, 1, "diode: series resistance"},
             {"c_holdup_uF", PART(supply.c_holdup_F), 0.1, 1e5, -1, "hold-up capacitor"},
             {"uvlo_fall_V", PART(supply.uvlo_fall_V), 1, 50, 1, "undervoltage lock-out, falling"},
             {"uvlo_rise_V", PART(supply.uvlo_rise_V), 1, 50, 1, "undervoltage lock-out, rising"},
             {"reset_ms", PART(supply.reset_s), 0.001, 1e4, 1, "reset of the controller"},
             {"awake_W", PART(supply.awake_W), 0, 100, 1, "draw, awake"},
             {"asleep_W", PART(supply.asleep_W), 0, 10, 1, "draw, asleep"}},
            {}};
}

PartGroup gate_group() {
    return {"gate",
            "gate driver of each group",
            {{"v_on_V", PART(gate.v_on_V), 5, 20, 1, "drive voltage"},
             {"r_gate_ohm", PART(gate.r_gate_Ohm), 0.1, 1e5, 1, "gate resistor of the group"},
             {"delay_us", PART(gate.delay_s), 0.001, 1e4, 1, "from AFE output to gate current"}},
            {}};
}

PartGroup precharge_group() {
    return {"precharge",
            "resistor path around the discharge group",
            {{"r_ohm", PART(precharge.r_Ohm), 0.1, 1e5, 0, "resistance"},
             {"energy_limit_J", PART(precharge.energy_limit_J), 1e-3, 1e6, 0, "survives"}},
            {}};
}

PartGroup p_sense_group() {
    return {"p_sense",
            "divider from P- to the controller",
            {{"r_top_ohm", PART(p_sense.r_top_Ohm), 1e3, 1e9, 0, "to P-"},
             {"r_bottom_ohm", PART(p_sense.r_bottom_Ohm), 1e3, 1e9, 0, "to the bias"},
             {"filter_ms", PART(p_sense.filter_s), 0, 1e3, 1, "time constant"}},
            {}};
}

PartGroup balancer_group() {
    return {"balancer",
            "active balancer",
            {{"i_set_A", PART(balancer.i_set_A), 0.01, 20, -1, "current while it transfers"},
             {"transfer_fraction", PART(balancer.transfer_fraction), 0.01, 1, -1,
              "share of the time in which it transfers, per direction"},
             {"efficiency", PART(balancer.efficiency), 0.05, 1, -1, "energy out over energy in"},
             {"fixed_loss_W", PART(balancer.fixed_loss_W), 0, 10, 1, "while it is on"}},
            {}};
}

PartGroup harness_group() {
    return {"harness",
            "leads, joints, loop inductance",
            {{"lead_r_mohm", PART(harness.lead_r_Ohm), 0.1, 1e4, 0, "one sampling lead"},
             {"b_plus_lead_r_mohm", PART(harness.b_plus_lead_r_Ohm), 0.1, 1e4, 0, "supply lead"},
             {"b_minus_r_mohm", PART(harness.b_minus_r_Ohm), 1e-3, 1e3, -1, "power lead B-"},
             {"p_plus_r_mohm", PART(harness.p_plus_r_Ohm), 1e-3, 1e3, -1, "power lead to P+"},
             {"joint_r_mohm", PART(harness.joint_r_Ohm), 1e-4, 1e3, -1, "joint between two cells"},
             {"cell_l_uH", PART(harness.cell_l_H), 0, 100, 1, "inductance per cell"},
             {"cable_l_uH", PART(harness.cable_l_H), 1e-4, 1000, 1, "inductance of cables and board"}},
            {}};
}

PartGroup thermal_group() {
    return {"thermal",
            "heat path of the board and lags of its sensors",
            {{"r_th_K_W", PART(thermal.r_th_K_W), 1e-3, 1e3, 1, "board to ambient"},
             {"c_th_J_K", PART(thermal.c_th_J_K), 0.1, 1e6, -1, "heat capacity"},
             {"case_to_board_K_W", PART(thermal.case_to_board_K_W), 0, 100, 1, "MOSFET case to board"},
             {"ntc_lag_s", PART(thermal.ntc_lag_s), 0, 1e4, 1, "bead on a cell"},
             {"fet_ntc_lag_s", PART(thermal.fet_ntc_lag_s), 0, 1e4, 1, "bead beside the MOSFETs"}},
            {}};
}
#undef PART
#undef FLAG

std::string path_of(const PartGroup& g, const char* key) {
    return g.name[0] != '\0' ? fmt::format("{}.{}", g.name, key) : std::string(key);
}

PartRow* top_row(BoardPartsFile& f, const char* key) {
    for (PartRow& r : f.groups.front().rows)
        if (std::strcmp(r.key, key) == 0) return &r;
    return nullptr;
}
const PartRow* top_row(const BoardPartsFile& f, const char* key) {
    return top_row(const_cast<BoardPartsFile&>(f), key);
}

const PartGroup* group(const BoardPartsFile& f, std::string_view name) {
    for (const PartGroup& g : f.groups)
        if (name == g.name) return &g;
    return nullptr;
}

double value_of(const BoardPartsFile& f, std::string_view group_name, std::string_view key) {
    if (const PartGroup* g = group(f, group_name))
        for (const PartRow& r : g->rows)
            if (key == r.key) return r.part.value;
    return 0.0;
}

void check_row(const PartGroup& g, const PartRow& r, std::vector<PartsError>& out) {
    const double x = r.part.value;
    if (!(x >= r.min && x <= r.max))
        out.push_back({path_of(g, r.key), fmt::format("{} is outside {} .. {}", x, r.min, r.max)});
    constexpr std::string_view labels[] = {"manual", "sheet", "measured", "fitted", "derived", "assumed", "scenario"};
    bool known = false;
    for (const std::string_view l : labels) known = known || l == r.part.label;
    if (!known)
        out.push_back(
            {path_of(g, r.key),
             fmt::format("label \"{}\" is none of manual, sheet, measured, fitted, derived, assumed", r.part.label)});
    if (r.part.source.empty()) out.push_back({path_of(g, r.key), "has no source"});
}

}  // namespace

BoardPartsFile::BoardPartsFile()
    : groups{top_group(),  shunt_group(),     snubber_group(), clamp_group(),    input_group(),   supply_group(),
             gate_group(), precharge_group(), p_sense_group(), balancer_group(), harness_group(), thermal_group()} {}

double part_to_si(const char* key, double value) {
    const base::Unit* u = base::find_unit(base::unit_suffix(key));
    // Keys of heat paths end in a quotient ("r_th_K_W"); its parts are SI already.
    return u != nullptr && u->offset == 0.0 ? base::to_si(*u, value) : value;
}

std::vector<PartsError> check_parts(const BoardPartsFile& f, bool stated_only) {
    std::vector<PartsError> out;
    const auto stated = [](const PartRow& r) { return !r.part.label.empty() || !r.part.source.empty(); };
    bool whole = true;
    if ((f.id.empty() && !stated_only) || f.id.size() > 23)
        out.push_back({"id", fmt::format("\"{}\" must have 1 .. 23 characters", f.id)});
    const bool counted = !stated_only || (f.strings_min > 0 && f.strings_max > 0);
    if (counted && (f.strings_min < 1 || f.strings_max > 24 || f.strings_min > f.strings_max))
        out.push_back(
            {"strings_min", fmt::format("{} .. {} is no range within 1 .. 24", f.strings_min, f.strings_max)});
    if (f.mosfet.empty() && !stated_only) out.push_back({"mosfet", "names no model"});
    if (f.afe.empty() && !stated_only) out.push_back({"afe", "names no model"});
    for (const PartGroup& g : f.groups)
        for (const PartRow& r : g.rows) {
            whole = whole && stated(r);
            if (!stated_only || stated(r)) check_row(g, r, out);
        }
    if (stated_only && !whole) return out;  // relations need every value
    const double n = top_row(f, "n_fet_per_group")->part.value;
    if (n != static_cast<double>(base::floor_i64(n)))
        out.push_back({"n_fet_per_group", fmt::format("{} is not a whole number", n)});
    const double fall = value_of(f, "supply", "uvlo_fall_V"), rise = value_of(f, "supply", "uvlo_rise_V");
    if (!(rise > fall))
        out.push_back({"supply.uvlo_rise_V", fmt::format("{} must be above uvlo_fall_V {}", rise, fall)});
    if (value_of(f, "supply", "asleep_W") > value_of(f, "supply", "awake_W"))
        out.push_back({"supply.asleep_W", "must not be above awake_W"});
    return out;
}

std::vector<std::string> part_names(const BoardPartsFile& f) {
    std::vector<std::string> names{"clamp", "balancer_fets", "mosfet"};
    for (const PartGroup& g : f.groups)
        for (const PartRow& r : g.rows) names.push_back(path_of(g, r.key));
    return names;
}

namespace {

/// "none"/"fitted" and the like; nothing if `name` is no such variant.
bool set_variant(BoardPartsFile& f, std::string_view name, const base::Scalar& v, std::string& why) {
    const auto flag = [&](const char* group_name, const char* off, const char* on) {
        for (PartGroup& g : f.groups) {
            if (std::strcmp(g.name, group_name) != 0) continue;
            if (v.kind == base::Scalar::Kind::text && v.text == off)
                g.flags.front().value = false;
            else if (v.kind == base::Scalar::Kind::text && v.text == on)
                g.flags.front().value = true;
            else
                why = fmt::format("\"{}\" must be \"{}\" or \"{}\"", name, off, on);
        }
        return true;
    };
    if (name == "clamp") return flag("clamp", "none", "fitted");
    if (name == "balancer_fets") return flag("input", "single", "back_to_back");
    if (name != "mosfet") return false;
    if (v.kind == base::Scalar::Kind::text && !v.text.empty())
        f.mosfet = v.text;
    else
        why = "\"mosfet\" must be the name of a model";
    return true;
}

}  // namespace

std::string set_part(BoardPartsFile& f, std::string_view name, const base::Scalar& v) {
    std::string why;
    if (set_variant(f, name, v, why)) return why;
    struct Hit {
        PartGroup* group;
        PartRow* row;
    };
    std::vector<Hit> hits, exact;  // by the key alone; with its group
    for (PartGroup& g : f.groups) {
        for (PartRow& r : g.rows) {
            const std::string path = path_of(g, r.key);
            if (name == path || base::same_quantity(name, path)) exact.push_back({&g, &r});
            if (name == r.key || base::same_quantity(name, r.key)) hits.push_back({&g, &r});
        }
    }
    if (!exact.empty()) hits = exact;
    if (hits.empty()) {
        const std::string near = base::nearest(name, part_names(f));
        return near.empty() ? fmt::format("the board has no part \"{}\"", name)
                            : fmt::format("the board has no part \"{}\"; did you mean \"{}\"?", name, near);
    }
    if (hits.size() > 1)
        return fmt::format("\"{}\" is one of several parts: write \"{}\" or \"{}\"", name,
                           path_of(*hits[0].group, hits[0].row->key), path_of(*hits[1].group, hits[1].row->key));
    if (v.kind != base::Scalar::Kind::number) return fmt::format("\"{}\" must be a number", name);
    PartRow& row = *hits[0].row;
    const std::string_view from = base::unit_suffix(name), to = base::unit_suffix(row.key);
    double x = v.number;
    if (from != to) {
        const auto converted = base::convert(from, to, v.number);
        if (!converted) return fmt::format("\"{}\" cannot be converted to {}", name, to);
        x = *converted;
    }
    if (!(x >= row.min && x <= row.max))
        return fmt::format("\"{}\" = {} is outside {} .. {} {}", name, v.number, row.min, row.max, to);
    row.part.value = x;
    row.part.label = "scenario";
    row.part.source = "set by the scenario";
    return {};
}

BoardParts build_parts(const BoardPartsFile& f, afe::Tolerance tolerance, const base::RngKey& key) {
    BoardParts p;
    p.product = f.id;
    p.strings_min = f.strings_min;
    p.strings_max = f.strings_max;
    p.mosfet = f.mosfet;
    p.afe = f.afe;
    p.n_fet_per_group = static_cast<std::int32_t>(base::round_sat(top_row(f, "n_fet_per_group")->part.value, 1, 64));
    std::uint64_t index = 100000;  // of this table in the tolerance stream; chips use the numbers below
    for (const PartGroup& g : f.groups) {
        for (const PartRow& r : g.rows) {
            ++index;
            double* target = r.target(p);
            if (target == nullptr) continue;
            double factor = 1.0;
            const double tol = r.part.tol_pct * 0.01;
            if (tolerance == afe::Tolerance::worst)
                factor = 1.0 + tol * r.worst;
            else if (tolerance == afe::Tolerance::sampled)
                factor = 1.0 + tol * (2.0 * base::uniform(key, base::Stream::tolerance, index) - 1.0);
            double x = r.part.value * factor;
            x = x < r.min ? r.min : (x > r.max ? r.max : x);
            *target = part_to_si(r.key, x);
        }
        for (const PartFlag& flag : g.flags) *flag.target(p) = flag.value;
    }
    return p;
}

}  // namespace twin::power
