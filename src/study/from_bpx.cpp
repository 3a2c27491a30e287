// SPDX-License-Identifier: Apache-2.0
#include "study/from_bpx.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>

#include "base/constants.hpp"
#include "base/rng.hpp"
#include "study/cell_model.hpp"

namespace twin::study {

namespace {

using base::k_zero_degC_K;
constexpr double k_held_back_degC = 25.0;
constexpr std::uint64_t k_profile_seed = 20;

[[noreturn]] void refuse(const std::string& where, const std::string& message) {
    throw InputError({Diagnostic{Diagnostic::Severity::error, where, "", message, 0, 0}});
}

// Charge that takes an electrode from full to empty.
double window_C(const cell::EchemParams& p, std::size_t side) {
    const cell::EchemElectrode& e = p.electrode[side];
    const double solid_m = e.thickness_m * e.area_per_volume_perm * e.radius_m / 3.0;
    return cell::k_faraday_CperMol * p.area_m2 * solid_m * e.c_max * std::abs(e.x_full - e.x_empty);
}

OcvData ocv_of_set(const cell::EchemParams& p) {
    const double q_C = window_C(p, 0), pos_rel = q_C / window_C(p, 1);
    const cell::EchemElectrode &n = p.electrode[0], &c = p.electrode[1];
    OcvData o;
    o.capacity_Ah = q_C / 3600.0;
    o.t_ref_degC = p.t_ref_K - k_zero_degC_K;
    o.exact = true;
    o.how = "OCV, dU/dT: open-circuit potentials of both electrodes over their stoichiometries";
    for (int k = 0; k <= 200; ++k) {
        const double soc = k < 30 ? 0.0025 * k : k > 170 ? 1.0 - 0.0025 * (200 - k) : 0.075 + 0.85 * (k - 30) / 140.0;
        const double xn = n.x_full + (n.x_empty - n.x_full) * (1.0 - soc);
        const double xp = c.x_full + (c.x_empty - c.x_full) * (1.0 - soc) * pos_rel;
        const double v = c.ocp_V.value(xp) - n.ocp_V.value(xn);
        if (!o.v_V.empty() && !(v > o.v_V.back() + 1e-6)) continue;  // a plateau that rounding turns: keep it rising
        double gap = 0.0;
        if (!n.hysteresis_V.empty()) gap += n.hysteresis_V.value(xn);
        if (!c.hysteresis_V.empty()) gap += c.hysteresis_V.value(xp);
        o.soc.push_back(soc);
        o.v_V.push_back(v);
        o.half_gap_V.push_back(std::max(0.0, gap));
        o.dudt_VperK.push_back(c.dudt_V_K.value(xp) - n.dudt_V_K.value(xn));
        o.gap_known = o.gap_known || gap > 0.0;
    }
    return o;
}

// One cell on the bench, at one temperature, from full on.
class Bench {
public:
    Bench(CellModel& cell, double temp_degC, const std::string& name) : cell_(cell) {
        cell_.ambient_K = temp_degC + k_zero_degC_K;
        cell_.reset(1.0, cell_.ambient_K);
        r_.path = name;
        r_.soc_known = true;
        r_.ambient_known = true;
        temp_degC_ = temp_degC;
        put(0.0, cell_.voltage_V(0.0));
    }
    /// Constant current; samples after h, then ever longer up to `longest`. False: a limit of the voltage was met (the
    /// sample beyond it is not kept) or the model found no solution.
    bool hold(double i_A, double length_s, double first_s, double longest_s) {
        double t = 0.0, h = first_s;
        bool jump = i_A != last_A_;
        last_A_ = i_A;
        while (t < length_s - 1e-9) {
            const double step = std::min(h, length_s - t);
            const double v = cell_.trial(step, i_A, jump);
            if (!std::isfinite(v) || (i_A > 0.0 && v < cell_.v_min_V) || (i_A < 0.0 && v > cell_.v_max_V)) return false;
            cell_.commit();
            t_s_ += step;
            t += step;
            put(i_A, v);
            jump = false;
            h = std::min(1.25 * h, longest_s);
        }
        return true;
    }
    double soc() const { return cell_.soc(); }
    double hours() const { return t_s_ / 3600.0; }
    Recording take() { return std::move(r_); }

private:
    void put(double i_A, double v_V) {
        r_.line.push_back(r_.t_s.size() + 2);
        r_.t_s.push_back(t_s_);
        r_.i_A.push_back(i_A);
        r_.v_V.push_back(v_V);
        r_.t_degC.push_back(temp_degC_);
        r_.ambient_degC.push_back(temp_degC_);
    }
    CellModel& cell_;
    Recording r_;
    double temp_degC_ = 25.0, t_s_ = 0.0, last_A_ = 0.0;
};

Recording hppc(CellModel& cell, double temp_degC) {
    const double c_A = cell.nominal_Ah;
    Bench b(cell, temp_degC, fmt::format("HPPC {:g} degC", temp_degC));
    b.hold(0.0, 60.0, 10.0, 60.0);
    int legs = 0;
    for (double soc = 1.0; soc > 0.03;) {
        b.hold(c_A, 10.0, 0.1, 1.0);
        b.hold(0.0, 40.0, 0.1, 5.0);
        b.hold(-0.75 * c_A, 10.0, 0.1, 1.0);
        b.hold(0.0, 40.0, 0.1, 5.0);
        const double next = soc - (soc > 0.91 || soc < 0.21 ? 0.05 : 0.1);
        const double leg_A = (legs++ % 2 == 0 ? 1.0 : 1.0 / 3.0) * c_A, hours = (b.soc() - next) * c_A / leg_A;
        if (!(hours > 0.0) || !b.hold(leg_A, 3600.0 * hours, 0.1, 10.0)) break;
        b.hold(0.0, 3600.0, 0.1, 10.0);
        soc = next;
    }
    b.hold(0.0, 3600.0, 0.1, 10.0);
    return b.take();
}

Recording discharge(CellModel& cell, double temp_degC) {
    Bench b(cell, temp_degC, fmt::format("1C discharge {:g} degC", temp_degC));
    b.hold(0.0, 60.0, 10.0, 60.0);
    b.hold(cell.nominal_Ah, 7200.0, 0.1, 10.0);
    b.hold(0.0, 3600.0, 0.1, 10.0);
    return b.take();
}

Recording drive(CellModel& cell, double temp_degC) {
    Bench b(cell, temp_degC, fmt::format("drive-like {:g} degC", temp_degC));
    b.hold(0.0, 60.0, 10.0, 60.0);
    const base::RngKey key{k_profile_seed, 0};
    for (std::uint64_t k = 0; b.soc() > 0.1 && b.hours() < 6.0; ++k) {
        const double x = base::uniform(key, base::Stream::profile, 2 * k);
        const double length_s = std::floor(2.0 + 28.0 * base::uniform(key, base::Stream::profile, 2 * k + 1));
        const double c_rate = x < 0.15 ? 0.0 : x < 0.35 ? -0.75 + 3.75 * (x - 0.15) : 1.5 * (x - 0.35) / 0.65;
        if (!b.hold(c_rate * cell.nominal_Ah, length_s, 1.0, 1.0) && c_rate > 0.0) break;
    }
    return b.take();
}

void complete(FitOptions& o, const CellModel& cell, const cell::EchemParams& p, const OcvData& ocv) {
    if (o.capacity_Ah <= 0.0) o.capacity_Ah = ocv.capacity_Ah;
    if (o.nameplate_Ah <= 0.0) o.nameplate_Ah = p.nominal_Ah;
    if (o.v_min_V <= 0.0) o.v_min_V = p.v_min_V;
    if (o.v_max_V <= 0.0) o.v_max_V = p.v_max_V;
    if (o.heat_capacity_J_per_K <= 0.0) o.heat_capacity_J_per_K = p.heat_capacity_J_K;
    if (o.cooling_K_per_W <= 0.0 && p.cooling_W_K > 0.0) o.cooling_K_per_W = 1.0 / p.cooling_W_K;
    const std::string file = o.from_bpx.substr(o.from_bpx.find_last_of('/') + 1);
    const std::string name = file.substr(0, file.rfind(".json"));
    if (o.id == FitOptions().id) o.id = name + "-ecm";
    if (o.title.empty()) o.title = (p.title.empty() ? name : p.title) + ", equivalent circuit of the " + cell.kind;
    if (o.sources.empty())
        o.sources.push_back(
            fmt::format("BPX set {}{}, simulated as {}", name, p.title.empty() ? "" : " (" + p.title + ")", cell.kind));
    if (!o.chemistry.empty()) return;
    const double middle_V = linear(ocv.soc, ocv.v_V, 0.5);
    o.chemistry = middle_V < 2.8 ? "LTO" : middle_V < 3.45 ? "LFP" : "NMC";
}

// A temperature between those fitted, away from each; 25 degC + 10 K beyond one alone is not asked.
double between_degC(std::vector<double> t) {
    std::sort(t.begin(), t.end());
    for (std::size_t k = t.size(); k-- > 1;)
        if (t[k] - t[k - 1] > 9.0 && t[k] <= 30.0) return 0.5 * (t[k] + t[k - 1]);
    return k_held_back_degC;
}

}  // namespace

SimulatedTests simulate_tests(const FitOptions& given) {
    SimulatedTests s;
    s.options = given;
    const std::string kind = given.from_kind.empty() ? "spme" : given.from_kind;
    if (kind != "spm" && kind != "spme" && kind != "dfn")
        refuse("--kind", fmt::format("'{}' is not spm, spme or dfn", kind));
    const auto params = open_set(given.from_bpx, kind);
    cell::EchemParams p = *params;
    p.electrode[0].hysteresis0 = -1.0;  // full: the negative electrode was lithiated last, the positive delithiated
    p.electrode[1].hysteresis0 = 1.0;
    const cell::EchemKind k = kind == "spm"   ? cell::EchemKind::spm
                              : kind == "dfn" ? cell::EchemKind::dfn
                                              : cell::EchemKind::spme;
    const auto cell = make_echem_cell(std::make_shared<const cell::EchemParams>(p), k, false);
    if (cell->id.empty()) cell->id = given.from_bpx;
    s.ocv = ocv_of_set(p);
    complete(s.options, *cell, p, s.ocv);
    const double apart = window_C(p, 1) / window_C(p, 0) - 1.0;
    if (std::abs(apart) > 2e-3)
        s.notes.push_back(fmt::format(
            "the windows of the electrodes differ: positive {:+.1f} % of the negative; soc follows the negative one",
            100.0 * apart));
    std::vector<double> temps = given.from_temps_degC;
    if (temps.empty()) temps = {0.0, 10.0, 25.0, 40.0};
    for (const double t : temps)
        if (!(t >= -40.0 && t <= 80.0)) refuse("--temps", fmt::format("{} degC is outside -40 .. 80", t));
    const auto run = [&](Recording r, bool held_back) {
        if (r.t_s.size() < 100)
            refuse(given.from_bpx,
                   fmt::format("{}: the set meets its voltage limits after {} samples", r.path, r.t_s.size()));
        r.held_back = held_back;
        detect_steps(r, s.ocv.capacity_Ah);
        if (given.progress)
            given.progress(fmt::format("{}: {} samples, {:.2f} h, {:+.3f} Ah, {} steps{}", r.path, r.t_s.size(),
                                       r.t_s.back() / 3600.0, r.charge_Ah(), r.steps.size(),
                                       held_back ? " (held back)" : ""));
        s.all.push_back(std::move(r));
    };
    for (const double t : temps) run(hppc(*cell, t), false);
    run(discharge(*cell, k_held_back_degC), true);
    run(drive(*cell, k_held_back_degC), true);
    const double between = between_degC(temps);
    if (between != k_held_back_degC) run(drive(*cell, between), true);
    s.notes.push_back(
        fmt::format("identified from simulated tests of the {} ({} at {} temperatures), not from "
                    "measurements: to its error against a real cell the set adds its own",
                    kind, "HPPC", temps.size()));
    return s;
}

}  // namespace twin::study
