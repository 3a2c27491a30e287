// SPDX-License-Identifier: Apache-2.0
#include <twin/cell.hpp>

#include <fmt/format.h>

#include <utility>

#include "study/cell_model.hpp"
#include "study/protocol.hpp"

namespace twin {

namespace {
constexpr double k_zero_K = 273.15;
void check(const CellStart& s) {
    if (!(s.soc >= 0.0 && s.soc <= 1.0)) throw RunError(fmt::format("soc {} is outside 0 .. 1", s.soc), "soc");
    for (const double t : {s.temp_degC, s.ambient_degC}) {
        if (!(t >= -60.0 && t <= 120.0)) throw RunError(fmt::format("{} degC is outside -60 .. 120", t), "temp_degC");
    }
}
}  // namespace

struct Cell::Impl {
    std::unique_ptr<study::CellModel> model;
    double i_A = 0.0, v_V = 0.0;
    bool fresh = true;  // no step since the reset
};

Cell::Cell(const std::string& model, const std::string& kind, bool thermal, const std::string& degradation)
    : impl_(std::make_unique<Impl>()) {
    impl_->model = study::open_cell(model, kind, thermal, degradation);
    reset({impl_->model->soc0, impl_->model->t0_K - k_zero_K, impl_->model->ambient_K - k_zero_K});
}
Cell::~Cell() = default;
Cell::Cell(Cell&&) noexcept = default;
Cell& Cell::operator=(Cell&&) noexcept = default;

void Cell::reset(const CellStart& start) {
    check(start);
    impl_->model->ambient_K = start.ambient_degC + k_zero_K;
    impl_->model->reset(start.soc, start.temp_degC + k_zero_K);
    impl_->v_V = impl_->model->voltage_V(0.0);
    impl_->fresh = true;
}

void Cell::step(double i_A, double dt_s) {
    if (!(dt_s > 0.0 && dt_s <= 1e7)) throw RunError(fmt::format("dt {} s is outside 0 .. 1e7", dt_s), "dt_s");
    if (!(i_A > -1e6 && i_A < 1e6)) throw RunError(fmt::format("current {} A is outside -1e6 .. 1e6", i_A), "i_A");
    const double v = impl_->model->trial(dt_s, i_A, impl_->fresh || i_A != impl_->i_A);
    if (!(v > -1e3 && v < 1e3))
        throw RunError("no solution for this step: the cell is beyond its range, or the step too long", "step");
    impl_->model->commit();
    impl_->i_A = i_A;
    impl_->v_V = v;
    impl_->fresh = false;
}

double Cell::v_V() const { return impl_->v_V; }

double Cell::voltage_V(double i_A) const { return impl_->model->voltage_V(i_A); }

CellRun Cell::run(const std::vector<std::string>& protocol, const CellStart& start, int repeat) {
    check(start);
    study::ProtocolOptions o;
    o.soc = start.soc;
    o.t_K = start.temp_degC + k_zero_K;
    o.ambient_K = start.ambient_degC + k_zero_K;
    o.repeat = repeat;
    const study::ProtocolResult r = study::run_protocol(*impl_->model, study::parse_protocol(protocol), o);
    impl_->fresh = true;
    impl_->v_V = r.samples.empty() ? 0.0 : r.samples.back().v_V;
    CellRun out;
    for (const study::CellSample& s : r.samples) {
        out.t_s.push_back(s.t_s);
        out.i_A.push_back(s.i_A);
        out.v_V.push_back(s.v_V);
        out.soc.push_back(s.soc);
        out.temp_degC.push_back(s.t_K - k_zero_K);
        out.heat_W.push_back(s.heat_W);
        out.step.push_back(s.step);
    }
    for (const study::StepEnd& e : r.ends) out.ends.push_back({e.text, e.reason, e.t_s, e.v_V, e.i_A, e.charge_Ah});
    return out;
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
    a.t_core_degC = r.t_core_K - k_zero_K;
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
double Cell::temp_degC() const { return impl_->model->t_K() - k_zero_K; }
double Cell::charge_out_Ah() const { return impl_->model->charge_out_C() / 3600.0; }
double Cell::nominal_Ah() const { return impl_->model->nominal_Ah; }
std::string Cell::name() const { return impl_->model->id; }
std::string Cell::kind() const { return impl_->model->kind; }

}  // namespace twin
