// SPDX-License-Identifier: Apache-2.0
// From a protocol's steps to numbers: currents, regulated voltages and the channels that end each step.
#include <fmt/format.h>

#include "base/math.hpp"
#include "sim/simulation_impl.hpp"

namespace twin::sim {

namespace {

constexpr double k_regulation = 5e-4;   // of the voltage, at the cycler's largest current
constexpr double k_ceiling = 1.2;       // open-circuit limit of the cycler over the cells' highest voltage
constexpr double k_power_cell_V = 1.0;  // per cell in series: below, constant power becomes constant current
// Output capacitance (assumed): as of an electronic load at a board; more at cells alone, where the loop's inductance
// would else pull the few volts of one cell below zero when a current begins.
constexpr double k_board_F = 47e-6, k_cells_F = 10e-3;

using scenario::CyclerStep;

/// Largest current that a step's drive asks for, 0: none of its own.
double drive_A(const scenario::Drive& d, double scale_A, double v_low_V) {
    double most = 0.0;
    if (const auto* x = std::get_if<scenario::ChargeCurrent>(&d)) most = x->i_A;
    if (const auto* x = std::get_if<scenario::DischargeCurrent>(&d)) most = x->i_A;
    if (const auto* x = std::get_if<scenario::ChargeRate>(&d)) most = x->rate * scale_A;
    if (const auto* x = std::get_if<scenario::DischargeRate>(&d)) most = x->rate * scale_A;
    if (const auto* x = std::get_if<scenario::ConstantPower>(&d)) most = base::abs2(x->p_W) / v_low_V;
    if (const auto* x = std::get_if<scenario::CurrentProfile>(&d)) {
        for (const auto& p : x->series.points) most = base::max2(most, base::abs2(p[1]));
    }
    return most;
}

/// A current limit of the step, 0: none.
double limit_A(const CyclerStep& s, double scale_A) {
    for (const auto& l : s.limit) {
        if (l.key == "i_A") return l.value;
        if (l.key == "i_C") return l.value * scale_A;
    }
    return 0.0;
}

std::string drive_text(const scenario::Drive& d) {
    if (const auto* x = std::get_if<scenario::ChargeCurrent>(&d)) return fmt::format("charge at {:g} A", x->i_A);
    if (const auto* x = std::get_if<scenario::DischargeCurrent>(&d)) return fmt::format("discharge at {:g} A", x->i_A);
    if (const auto* x = std::get_if<scenario::ChargeRate>(&d)) return fmt::format("charge at {:g} C", x->rate);
    if (const auto* x = std::get_if<scenario::DischargeRate>(&d)) return fmt::format("discharge at {:g} C", x->rate);
    if (const auto* x = std::get_if<scenario::ConstantPower>(&d))
        return fmt::format("{} at {:g} W", x->p_W < 0.0 ? "charge" : "discharge", base::abs2(x->p_W));
    if (const auto* x = std::get_if<scenario::HoldVoltage>(&d)) return fmt::format("hold at {:g} V", x->v_V);
    if (const auto* x = std::get_if<scenario::RestTime>(&d)) return fmt::format("rest for {:g} s", base::to_s(x->rest));
    if (const auto* x = std::get_if<scenario::CurrentProfile>(&d)) return "profile " + x->csv;
    return {};
}

/// +1: the step charges, -1: it discharges, 0: either.
int flow_of(const scenario::Drive& d) {
    if (std::holds_alternative<scenario::ChargeCurrent>(d) || std::holds_alternative<scenario::ChargeRate>(d)) return 1;
    if (std::holds_alternative<scenario::DischargeCurrent>(d) || std::holds_alternative<scenario::DischargeRate>(d))
        return -1;
    if (const auto* x = std::get_if<scenario::ConstantPower>(&d)) return x->p_W < 0.0 ? 1 : -1;
    return 0;
}

/// Voltages and states of charge follow the current; currents taper; of anything else the side is seen.
Side side_of(const scenario::Channel& c, const scenario::Drive& d) {
    if (c.discrete) return Side::equal;
    const int flow = flow_of(d);
    const bool follows = c.unit == "V" || (c.unit == "pct" && c.name.find("spread") == std::string::npos);
    if (follows && flow != 0) return flow > 0 ? Side::rise : Side::fall;
    const bool drives_current = flow != 0 && !std::holds_alternative<scenario::ConstantPower>(d);
    if (c.unit == "A" && (drives_current || std::holds_alternative<scenario::HoldVoltage>(d))) return Side::shrink;
    return Side::open;
}

}  // namespace

power::ElementSetup Simulation::Impl::cycler_setup(const RunSetup& setup) {
    power::ElementSetup e;
    e.id = "cycler";
    e.kind = power::ElementKind::cycler;
    bool fitted = false;
    for (const PackModels& m : setup.packs) fitted = fitted || m.board_fitted;
    e.c_F = fitted ? k_board_F : k_cells_F;
    e.r_Ohm = 1.0;
    return e;
}

/// Numbers of every step. What they are measured by: nominal capacity and voltage of all packs on the bus together.
void Simulation::Impl::build_cycler() {
    if (!setup.scenario.protocol) return;
    const scenario::Protocol& protocol = *setup.scenario.protocol;
    cycler.fitted = true;
    cycler.element = plant.setup().elements.size() - 1;
    cycler.repeat = static_cast<std::int32_t>(protocol.repeat);
    cycler.scale_A = 0.0;
    double v_max_V = 0.0;
    const int series = setup.scenario.packs[setup.packs.front().pack].series;
    for (const PackModels& m : setup.packs) {
        cycler.scale_A += m.nominal_Ah * static_cast<double>(setup.scenario.packs[m.pack].parallel);
        v_max_V = base::max2(v_max_V, m.v_max_V);
    }
    cycler.v_ceiling_V = k_ceiling * v_max_V * series;
    const double v_least_V = k_power_cell_V * series;
    double most_A = 0.0;
    for (const CyclerStep& s : protocol.steps)
        most_A = base::max2(most_A,
                            base::max2(drive_A(s.drive, cycler.scale_A, 2.5 * v_least_V), limit_A(s, cycler.scale_A)));
    if (most_A <= 0.0) most_A = cycler.scale_A;
    for (const CyclerStep& s : protocol.steps) {
        CyclerPlan p;
        p.id = s.id;
        p.text = s.text.empty() ? drive_text(s.drive) : s.text;
        p.max = s.max.value_or(0);
        power::ElementSetup& e = p.element;
        e = cycler_setup(setup);
        e.r_Ohm = k_regulation * (0.9 * v_max_V * series) / most_A;
        e.v_least_V = v_least_V;
        const int flow = flow_of(s.drive);
        const double own_A = drive_A(s.drive, cycler.scale_A, v_least_V), limit = limit_A(s, cycler.scale_A);
        const double bound_A = limit > 0.0 ? limit : (own_A > 0.0 ? own_A : most_A);
        e.v_V = flow > 0 ? cycler.v_ceiling_V : cycler.v_floor_V;
        if (flow > 0) e.i_A = bound_A;
        if (flow < 0) e.i_discharge_A = bound_A;
        if (const auto* x = std::get_if<scenario::ConstantPower>(&s.drive)) e.p_W = x->p_W;
        if (const auto* x = std::get_if<scenario::HoldVoltage>(&s.drive)) {
            e.v_V = x->v_V;
            e.i_A = e.i_discharge_A = bound_A;
        }
        if (const auto* x = std::get_if<scenario::RestTime>(&s.drive)) {
            p.rest = true;
            p.max = x->rest;
        }
        if (const auto* x = std::get_if<scenario::CurrentProfile>(&s.drive)) {
            p.profile = &x->series;
            const Time_ns end = base::from_s(x->series.points.back()[0]);
            if (p.max == 0 || end < p.max) p.max = end > 0 ? end : 1;
        }
        for (const auto& l : s.limit) {
            if (l.key == "v_V") e.v_V = l.value;
        }
        cycler.plan.push_back(std::move(p));
    }
    const std::size_t n = cycler.plan.size() * static_cast<std::size_t>(cycler.repeat);
    cycler.records.reserve(n);
}

/// Channels that end steps. Once the table of channels is there.
void Simulation::Impl::build_cycler_items() {
    if (!cycler.fitted) return;
    std::vector<Diagnostic> problems;
    for (std::size_t k = 0; k < cycler.plan.size(); ++k) {
        const CyclerStep& s = setup.scenario.protocol->steps[k];
        CyclerPlan& p = cycler.plan[k];
        const auto add = [&](const base::Named<double>& x, const char* key) {
            const int c = table.find(x.key);
            if (c < 0) {
                Diagnostic d;
                d.file = setup.scenario.file;
                d.pointer = fmt::format("/protocol/steps/{}/{}/{}",
                                        s.id == std::to_string(k + 1) ? std::to_string(k) : s.id, key, x.key);
                d.message = table.explain_missing(x.key);
                problems.push_back(d);
                return;
            }
            CyclerItem i;
            i.channel = c;
            i.value = x.value * (s.until_c ? cycler.scale_A : 1.0);
            i.side = side_of(table[c], s.drive);
            i.abort = key[0] == 'l';
            i.located = table[c].located && !table[c].discrete;
            i.name = x.key;
            p.items.push_back(i);
        };
        for (const auto& x : s.limit) {  // limits first: of two at one instant the limit counts
            if (!scenario::is_cycler_limit(x.key)) add(x, "limit");
        }
        for (const auto& x : s.until) add(x, "until");
    }
    if (!problems.empty()) throw InputError(std::move(problems));
}

}  // namespace twin::sim
