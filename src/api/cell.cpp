// SPDX-License-Identifier: Apache-2.0
#include <twin/cell.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <span>
#include <stdexcept>
#include <utility>

#include "base/bytes.hpp"
#include "base/constants.hpp"
#include "study/cell_model.hpp"
#include "study/protocol.hpp"

namespace twin {

namespace {
using base::k_zero_degC_K;
constexpr double k_beyond_soc = 0.05;
constexpr std::uint64_t k_state_magic = 0x31'4C'4C'45'43'57'54'42ULL;  // "BTWCELL1"

void need_temp(double t_degC, const char* name) {
    if (!(t_degC >= -60.0 && t_degC <= 120.0))
        throw RunError(fmt::format("{} {} is outside -60 .. 120", name, t_degC), name);
}

/// The farthest values that a cell had.
struct Reached {
    double soc_low = 2.0, soc_high = -1.0, t_low_degC = 1e9, t_high_degC = -1e9, i_A = 0.0;
    void add(double soc, double t_degC, double i) {
        soc_low = std::min(soc_low, soc);
        soc_high = std::max(soc_high, soc);
        t_low_degC = std::min(t_low_degC, t_degC);
        t_high_degC = std::max(t_high_degC, t_degC);
        i_A = std::max(i_A, std::abs(i));
    }
    std::vector<std::string> beyond(const cell::ValidRange& v) const {
        std::vector<std::string> out;
        const auto check = [&](const char* name, double low, double high, double min, double max, double slack) {
            const auto tell = [&](double x) {
                out.push_back(fmt::format("{} {:.4g}, valid {:.4g} .. {:.4g}", name, x, min, max));
            };
            if (low < min - slack) tell(low);
            if (high > max + slack) tell(high);
        };
        if (soc_low <= soc_high) {
            check("soc", soc_low, soc_high, v.soc_min, v.soc_max, 1e-4);
            check("temp_degC", t_low_degC, t_high_degC, v.t_min_degC, v.t_max_degC, 1e-3);
            if (i_A > v.i_max_A * (1.0 + 1e-9))
                out.push_back(fmt::format("i_A {:.4g}, valid up to {:.4g}", i_A, v.i_max_A));
        }
        return out;
    }
};
}  // namespace

struct Cell::Impl {
    std::unique_ptr<study::CellModel> model;
    Reached reached;
    CellStart start;            // where it begins, complete but for the hysteresis
    std::uint64_t made_of = 0;  // model, kind and degradation
    double i_A = 0.0, v_V = 0.0;
    bool fresh = true;  // no step since the reset

    /// `given`, completed by where this cell begins.
    CellStart complete(const CellStart& given) const {
        CellStart s = start;
        if (given.soc) s.soc = given.soc;
        if (given.temp_degC) s.temp_degC = s.ambient_degC = given.temp_degC;
        if (given.ambient_degC) s.ambient_degC = given.ambient_degC;
        if (given.hysteresis_rel) s.hysteresis_rel = given.hysteresis_rel;
        if (!(*s.soc >= 0.0 && *s.soc <= 1.0)) throw RunError(fmt::format("soc {} is outside 0 .. 1", *s.soc), "soc");
        need_temp(*s.temp_degC, "temp_degC");
        need_temp(*s.ambient_degC, "ambient_degC");
        if (!s.hysteresis_rel) return s;
        if (!(*s.hysteresis_rel >= -1.0 && *s.hysteresis_rel <= 1.0))
            throw RunError(fmt::format("hysteresis {} is outside -1 .. 1", *s.hysteresis_rel), "hysteresis");
        if (!model->has_hysteresis())
            throw RunError(fmt::format("model {} has no hysteresis", model->id), "hysteresis");
        return s;
    }
    study::ProtocolOptions options(const CellStart& given, int repeat) const {
        const CellStart s = complete(given);
        study::ProtocolOptions o;
        o.soc = *s.soc;
        o.t_K = *s.temp_degC + k_zero_degC_K;
        o.ambient_K = *s.ambient_degC + k_zero_degC_K;
        o.h = s.hysteresis_rel;
        o.repeat = repeat;
        return o;
    }
    study::ProtocolOptions going_on(int repeat) const {
        study::ProtocolOptions o;
        o.go_on = true;
        o.ambient_K = model->ambient_K;
        o.repeat = repeat;
        return o;
    }
    CellRun run(const std::vector<study::ProtocolStep>& steps, const study::ProtocolOptions& o);
    CellRun run(const std::string& path, study::ProtocolOptions o);
};

Cell::Cell(const std::string& model, const std::string& kind, bool thermal, const std::string& degradation,
           const CellStart& start)
    : impl_(std::make_unique<Impl>()) {
    impl_->model = study::open_cell(model, kind, thermal, degradation);
    const study::CellModel& m = *impl_->model;
    impl_->start = {m.soc0, m.t0_K - k_zero_degC_K, m.ambient0_K - k_zero_degC_K, {}};
    impl_->start = impl_->complete(start);
    const std::string made = m.id + '\n' + m.kind + '\n' + degradation;
    impl_->made_of = base::checksum(std::vector<std::uint8_t>(made.begin(), made.end()));
    reset();
}
Cell::~Cell() = default;
Cell::Cell(Cell&&) noexcept = default;
Cell& Cell::operator=(Cell&&) noexcept = default;

void Cell::reset(const CellStart& given) {
    const CellStart s = impl_->complete(given);
    impl_->model->ambient_K = *s.ambient_degC + k_zero_degC_K;
    impl_->model->reset(*s.soc, *s.temp_degC + k_zero_degC_K, s.hysteresis_rel);
    impl_->v_V = impl_->model->voltage_V(0.0);
    impl_->i_A = 0.0;
    impl_->fresh = true;
    impl_->reached = {};
}

void Cell::step(double i_A, double dt_s) {
    if (!(dt_s > 0.0 && dt_s <= 1e7)) throw RunError(fmt::format("dt {} s is outside 0 .. 1e7", dt_s), "dt_s");
    if (!(i_A > -1e6 && i_A < 1e6)) throw RunError(fmt::format("current {} A is outside -1e6 .. 1e6", i_A), "i_A");
    study::CellModel& m = *impl_->model;
    const double capacity_C = m.capacity_C() > 0.0 ? m.capacity_C() : 3600.0 * m.nominal_Ah;
    const double soc = m.soc() - i_A * dt_s / capacity_C;
    if (m.kind != "abused" && ((i_A > 0.0 && soc < -k_beyond_soc) || (i_A < 0.0 && soc > 1.0 + k_beyond_soc)))
        throw RunError(
            fmt::format("this step would take the charge from {:.4g} to {:.4g}; only kind \"abused\" knows a cell "
                        "beyond empty and full",
                        m.soc(), soc),
            "step");
    const double v = impl_->model->trial(dt_s, i_A, impl_->fresh || i_A != impl_->i_A);
    if (!(v > -1e3 && v < 1e3))
        throw RunError("no solution for this step: the cell is beyond its range, or the step too long", "step");
    impl_->model->commit();
    impl_->i_A = i_A;
    // an equivalent circuit's trial has the resistances of the step's start: here are those of its end
    impl_->v_V = m.kind == "ecm" ? m.voltage_V(i_A) : v;
    impl_->fresh = false;
    impl_->reached.add(m.soc(), m.t_core_K() - k_zero_degC_K, i_A);
}

std::vector<std::string> Cell::extrapolated() const { return impl_->reached.beyond(impl_->model->valid); }

double Cell::v_V() const { return impl_->v_V; }

double Cell::voltage_V(double i_A) const { return impl_->model->voltage_V(i_A); }

CellRun Cell::Impl::run(const std::string& path, study::ProtocolOptions o) {
    const study::ProtocolFile f = study::read_protocol_file(path);
    if (f.repeats && o.repeat != 1)
        throw RunError(fmt::format("is given twice: {} in {}, {} here", f.repeat, path, o.repeat), "repeat");
    if (f.repeats) o.repeat = f.repeat;
    try {
        return run(f.steps, o);
    } catch (const InputError& e) {
        std::vector<Diagnostic> found = e.diagnostics();
        for (Diagnostic& d : found) {  // "/k" of the steps, by their place in the file
            for (std::size_t k = 0; k < f.places.size(); ++k) {
                if (d.pointer != fmt::format("/{}", k)) continue;
                d.pointer = f.places[k];
                break;
            }
            d.file = path;
        }
        throw InputError(std::move(found));
    }
}

CellRun Cell::Impl::run(const std::vector<study::ProtocolStep>& steps, const study::ProtocolOptions& o) {
    if (o.repeat < 1 || o.repeat > 100'000)
        throw RunError(fmt::format("repeat {} is outside 1 .. 100000", o.repeat), "repeat");
    const study::ProtocolResult r = study::run_protocol(*model, steps, o);
    fresh = true;
    if (!r.samples.empty()) {
        i_A = r.samples.back().i_A;
        v_V = r.samples.back().v_V;
    }
    CellRun out;
    Reached seen;
    if (!o.go_on) reached = {};
    for (const study::CellSample& s : r.samples) {
        out.t_s.push_back(s.t_s);
        out.i_A.push_back(s.i_A);
        out.v_V.push_back(s.v_V);
        out.soc.push_back(s.soc);
        out.temp_degC.push_back(s.t_K - k_zero_degC_K);
        out.heat_W.push_back(s.heat_W);
        out.step.push_back(s.step);
        seen.add(s.soc, s.t_core_K - k_zero_degC_K, s.i_A);
        reached.add(s.soc, s.t_core_K - k_zero_degC_K, s.i_A);
    }
    out.extrapolated = seen.beyond(model->valid);
    for (const study::StepEnd& e : r.ends) out.ends.push_back({e.text, e.reason, e.t_s, e.v_V, e.i_A, e.charge_Ah});
    return out;
}

CellRun Cell::run(const std::vector<std::string>& protocol, const CellStart& start, int repeat) {
    return impl_->run(study::read_protocol(protocol), impl_->options(start, repeat));
}
CellRun Cell::go_on(const std::vector<std::string>& protocol, int repeat) {
    return impl_->run(study::read_protocol(protocol), impl_->going_on(repeat));
}
CellRun Cell::run_file(const std::string& path, const CellStart& start, int repeat) {
    return impl_->run(path, impl_->options(start, repeat));
}
CellRun Cell::go_on_file(const std::string& path, int repeat) { return impl_->run(path, impl_->going_on(repeat)); }

std::vector<std::complex<double>> Cell::eis_Ohm(const std::vector<double>& f_Hz) const {
    for (const double f : f_Hz) {
        if (!(f >= 1e-6 && f <= 1e6))
            throw RunError(fmt::format("frequency {} Hz is outside 1e-06 .. 1e+06", f), "freq");
    }
    return impl_->model->impedance_Ohm(impl_->model->soc(), impl_->model->t_K(), f_Hz);
}

std::vector<std::uint8_t> Cell::save() const {
    std::vector<std::uint8_t> out;
    base::put_u64(out, k_state_magic);
    base::put_u64(out, impl_->made_of);
    for (const double x : {impl_->i_A, impl_->v_V, impl_->model->ambient_K})
        base::put_u64(out, std::bit_cast<std::uint64_t>(x));
    base::put_u64(out, impl_->fresh ? 1 : 0);
    const std::vector<std::uint8_t> inside = impl_->model->save();
    out.insert(out.end(), inside.begin(), inside.end());
    base::put_u64(out, base::checksum(out));
    return out;
}

void Cell::load(const std::vector<std::uint8_t>& state) {
    constexpr std::size_t k_head = 48, k_tail = 8;
    const std::size_t n = state.size();
    if (n < k_head + k_tail || n % 8 != 0 || base::get_u64(state, 0) != k_state_magic)
        throw RunError("these bytes are no state of a cell", "state");
    if (base::get_u64(state, n / 8 - 1) != base::checksum(std::span(state).first(n - k_tail)))
        throw RunError("the state is damaged", "state");
    if (base::get_u64(state, 1) != impl_->made_of)
        throw RunError("the state is of another model, kind or degradation", "state");
    try {
        impl_->model->load({state.begin() + k_head, state.end() - k_tail});
    } catch (const std::invalid_argument& e) {
        throw RunError(e.what(), "state");
    }
    impl_->i_A = std::bit_cast<double>(base::get_u64(state, 2));
    impl_->v_V = std::bit_cast<double>(base::get_u64(state, 3));
    impl_->model->ambient_K = std::bit_cast<double>(base::get_u64(state, 4));
    impl_->fresh = base::get_u64(state, 5) != 0;
    impl_->reached = {};
}

void Cell::internal_short(double r_Ohm) {
    if (!(r_Ohm > 0.0)) throw RunError(fmt::format("short of {} Ohm: must be above 0", r_Ohm), "r_Ohm");
    if (!impl_->model->set_short(1.0 / r_Ohm))
        throw RunError("only a cell of kind \"abused\" can be shorted inside", "kind");
}

CellAbuse Cell::abuse() const {
    study::AbuseReport r;
    if (!impl_->model->abuse(&r)) throw RunError("only a cell of kind \"abused\" tells what abuse did", "kind");
    CellAbuse a;
    a.t_core_degC = r.t_core_K - k_zero_degC_K;
    a.short_S = r.short_S;
    a.anode_min_V = r.anode_min_V;
    a.plated_Ah = r.plated_C / 3600.0;
    a.side_Ah = r.side_C / 3600.0;
    a.short_J = r.short_J;
    a.reaction_J = r.reaction_J;
    a.reacted_rel = r.reacted_rel;
    return a;
}

CellDegradation Cell::degradation() const {
    study::DegradationReport r;
    if (!impl_->model->degradation(&r))
        throw RunError("only an electrochemical cell made with degradation tells what it did", "degradation");
    CellDegradation d;
    d.sei_nm = 1e9 * r.done.sei_m;
    d.sei_max_nm = 1e9 * r.done.sei_max_m;
    d.film_Ohm = r.done.film_Ohm;
    d.sei_Ah = r.done.sei_C / 3600.0;
    d.plated_Ah = r.done.plated_C / 3600.0;
    d.dead_Ah = r.done.dead_C / 3600.0;
    d.lost_Ah = r.done.lost_C() / 3600.0;
    d.anode_V = r.anode_V;
    d.lithium_Ah = r.lithium_C / 3600.0;
    return d;
}

CellFields Cell::fields() const {
    cell::EchemFields f;
    if (!impl_->model->fields(&f))
        throw RunError("only an electrochemical cell (spm, spme, dfn) has fields inside", "kind");
    CellFields out;
    out.x_m = std::move(f.x_m);
    out.c_e_molm3 = std::move(f.c_e);
    out.phi_e_V = std::move(f.phi_e_V);
    out.plating_V = f.plating_V;
    for (std::size_t side = 0; side < 2; ++side) {
        CellFields::Electrode& e = side == 0 ? out.negative : out.positive;
        e.x_m = std::move(f.x_electrode_m[side]);
        e.c_surface_molm3 = std::move(f.c_surface[side]);
        for (const double c : e.c_surface_molm3) e.x_surface.push_back(c / f.c_max[side]);
        e.j_molm2s = std::move(f.j[side]);
        e.phi_s_V = std::move(f.phi_s_V[side]);
    }
    return out;
}

double Cell::soc() const { return impl_->model->soc(); }
double Cell::hysteresis_rel() const { return impl_->model->hysteresis(); }
double Cell::direction_rel() const { return impl_->model->direction(); }
double Cell::temp_degC() const { return impl_->model->t_K() - k_zero_degC_K; }
double Cell::charge_out_Ah() const { return impl_->model->charge_out_C() / 3600.0; }
double Cell::nominal_Ah() const { return impl_->model->nominal_Ah; }
const std::vector<std::string>& Cell::notes() const { return impl_->model->notes; }
std::string Cell::name() const { return impl_->model->id; }
std::string Cell::kind() const { return impl_->model->kind; }

}  // namespace twin
