// SPDX-License-Identifier: Apache-2.0
#include "cell/abused_cell.hpp"

#include "base/math.hpp"

namespace twin::cell {

using base::abs2;

namespace {
constexpr int k_halvings = 22;
constexpr double k_reaction_tol = 1e-5;
}  // namespace

AbusedCell::AbusedCell(const EcmModel& m, const AbuseModel& a, double capacity_scale, double r_scale)
    : m_(&m), a_(&a), p_(make_params(m, capacity_scale, r_scale)) {
    const double c_JperK = m.c_core_JperK + m.c_surf_JperK;
    const double mass_kg = m.mass_kg > 0.0 ? m.mass_kg : c_JperK / 1000.0;
    heat_ = runaway_cell(a.runaway, mass_kg, m.c_core_JperK, 0.0, 0.0, 0.0);  // shorts are electric here
}

AbusedState AbusedCell::make_state(double soc, double t_degC, double h0) const {
    AbusedState s;
    s.ecm = cell::make_state<double>(*m_, p_, soc, t_degC, h0);
    s.reaction = runaway_start(a_->runaway, t_degC + k_zero_degC_K);
    s.soc_min = soc;
    return s;
}

double AbusedCell::short_S(const AbusedState& s) const {
    const double ah = p_.capacity_C / 3600.0;
    return given_short_S + copper_short_S(*a_, s.soc_min, ah) +
           separator_short_S(*a_, s.ecm.t_core_degC + k_zero_degC_K, ah);
}

double AbusedCell::reacted(const AbusedState& s) const {
    const RunawayModel& r = a_->runaway;
    const double most =
        heat_.e_J[0] * r.c_sei0 + heat_.e_J[1] * r.c_neg0 + heat_.e_J[2] * (1.0 - r.a0) + heat_.e_J[3] * r.c_ele0;
    return most > 0.0 ? s.reaction_J / most : 0.0;
}

double AbusedCell::voltage_V(const AbusedState& s, double i_A) const {
    const double e = emf(*m_, p_, s.ecm, i_A) + beyond_V(*m_, *a_, s.ecm.soc);
    const double g = short_S(s);
    return (e - s.ecm.r0_Ohm * i_A) / (1.0 + g * s.ecm.r0_Ohm);
}

bool AbusedCell::advance(AbusedState& s, double h_s, double i_A, double t_env_degC) const {
    return halves(s, h_s, i_A, t_env_degC, 0);
}

bool AbusedCell::halves(AbusedState& s, double h_s, double i_A, double t_env_degC, int level) const {
    AbusedState next = s;
    if (step(next, coeffs(*m_, h_s), i_A, t_env_degC, level >= k_halvings)) {
        s = next;
        return true;
    }
    if (level >= k_halvings) return false;
    return halves(s, 0.5 * h_s, i_A, t_env_degC, level + 1) && halves(s, 0.5 * h_s, i_A, t_env_degC, level + 1);
}

bool AbusedCell::step(AbusedState& s, const EcmCoeffs& c, double i_A, double t_env_degC, bool may_be_hot) const {
    const double h = c.h_s;
    const double g = short_S(s);
    const double r0 = s.ecm.r0_Ohm;
    // the cell's own current, with the mean EMF of the step
    double i = g > 0.0 ? i_A + g * voltage_V(s, i_A) : i_A;
    double v = 0.0, share = 0.0;
    for (int n = 0; n < 20; ++n) {
        share = i < 0.0 ? side_share(*a_, s.ecm.soc) : 0.0;
        const double active = i * (1.0 - share);
        const EmfMean<double> e = mean_emf(*m_, p_, s.ecm, c, active);
        const double width = -active * h * p_.per_capacity_perC;
        v = e.emf_V + beyond_V(*m_, *a_, s.ecm.soc + 0.5 * width) - r0 * i;
        const double miss = i - i_A - g * v;
        if (!(g > 0.0) || abs2(miss) <= 1e-10 * (1.0 + abs2(i))) break;
        i = i - miss / (1.0 - g * (e.demf_di_Ohm - r0));
    }
    if (!base::is_finite(v)) return false;
    const double active = i * (1.0 - share);
    const double rest_V = v + r0 * i + (s.ecm.u1_V + s.ecm.u2_V + s.ecm.u3_V);
    const double short_J = g * v * v * h;
    const double side_J = share * abs2(i) * abs2(rest_V) * h;
    const double reverse_J = rest_V < 0.0 && active > 0.0 ? -rest_V * active * h : 0.0;  // work that only heats
    double joule = r0 * i * i * h + short_J + side_J + reverse_J;
    // the reactions, with the core's own heat and its way out
    RunawaySurroundings around;
    around.t_env_K = s.ecm.t_surf_degC + k_zero_degC_K;
    around.g_WperK = 1.0 / m_->r_core_surf_KperW;
    around.p_W = joule / h;
    s.reaction[k_t_K] = s.ecm.t_core_degC + k_zero_degC_K;
    const RunawayVector before = s.reaction;
    const RunawayProgress p =
        advance_runaway(a_->runaway, heat_, around, s.reaction, h, k_reaction_tol, s.reaction_h_s);
    if (!p.ok) return false;
    const double reaction_J = runaway_released_J(heat_, before, s.reaction);
    if (!may_be_hot && abs2(reaction_J) > k_step_K * heat_.c_JperK) return false;
    if (i < 0.0) {
        const double drop = r0 * i - detail::kinetic_relief<double>(*m_, p_, s.ecm, i).v_V;
        const double polarisation = -(s.ecm.u1_V + s.ecm.u2_V + s.ecm.u3_V) - drop;
        const Plating pl = plating(*a_, s.ecm.soc, polarisation > 0.0 ? polarisation : 0.0);
        if (pl.eta_V < s.eta_min_V) s.eta_min_V = pl.eta_V;
        s.plated_C = s.plated_C + pl.share * (-active) * h;
    }
    joule = joule + reaction_J;
    const CellStepEnergy<double> e = cell::commit(*m_, p_, s.ecm, c, active * h, joule, t_env_degC);
    s.heat_J = s.heat_J + (joule + e.rc_heat_J + e.hyst_heat_J + e.entropic_heat_J);
    s.short_J = s.short_J + short_J;
    s.reaction_J = s.reaction_J + reaction_J;
    s.side_C = s.side_C + share * abs2(i) * h;
    s.charge_out_C = s.charge_out_C + i_A * h;
    if (s.ecm.soc < s.soc_min) s.soc_min = s.ecm.soc;
    return base::is_finite(s.ecm.t_core_degC) && base::is_finite(s.ecm.soc);
}

}  // namespace twin::cell
