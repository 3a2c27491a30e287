// SPDX-License-Identifier: Apache-2.0
#include "cell/abuse.hpp"

#include "base/math.hpp"
#include "cell/ageing.hpp"

namespace twin::cell {

using base::det_exp;

namespace {
RunawayReaction reaction(const ReactionFile& f) {
    return {f.a_per_s, f.ea_kJ_per_mol * 1e3, f.heat_kJ_per_kg * 1e3, f.content_kg_per_m3};
}
/// Length over which a line of this slope turns into its end value, at most `most`.
double bend(double gap_V, double slope_V, double most) {
    const double w = slope_V > 0.0 ? gap_V / slope_V : most;
    return w > most ? most : (w > 1e-4 ? w : 1e-4);
}
// Below 0 % an electrode has run empty, however flat the cell was before: settled at the -12 % where the copper's
// platform was seen (Guo et al. 2016, 10.1038/srep30248).
constexpr double k_bend_below = 0.04, k_bend_above = 1.0;
}  // namespace

double beyond_V(const EcmModel& m, const AbuseModel& a, double soc) {
    const double lo = m.soc_axis.front(), hi = m.soc_axis.back();
    if (soc < lo) {
        const double v0 = ocv_point(m, lo).ocv_V, slope = v0 - ocv_point(m, lo - 1.0).ocv_V;
        const double gap = v0 - a.v_reverse_V, d = lo - soc;
        return slope * d - gap * (1.0 - det_exp(-d / bend(gap, slope, k_bend_below)));
    }
    if (soc > hi) {
        const double v1 = ocv_point(m, hi).ocv_V, slope = ocv_point(m, hi + 1.0).ocv_V - v1;
        const double gap = a.v_top_V - v1, d = soc - hi;
        return gap * (1.0 - det_exp(-d / bend(gap, slope, k_bend_above))) - slope * d;
    }
    return 0.0;
}

double side_share(const AbuseModel& a, double soc) {
    const double x = (soc - a.soc_side0) / (a.soc_side1 - a.soc_side0);
    return x < 0.0 ? 0.0 : (x > 1.0 ? 1.0 : x);
}

double copper_short_S(const AbuseModel& a, double soc_min, double capacity_Ah) {
    const double below = a.soc_copper - soc_min;
    return below > 0.0 ? a.copper_S_per_Ah2 * below * capacity_Ah * capacity_Ah : 0.0;
}

double separator_short_S(const AbuseModel& a, double t_K, double capacity_Ah) {
    const RunawayModel& r = a.runaway;
    return r.sep_short_S_per_Ah * capacity_Ah / (1.0 + det_exp(-(t_K - r.t_sep_K) / r.sep_width_K));
}

Plating plating(const AbuseModel& a, double soc, double polarisation_V) {
    if (!a.graphite) return {};
    const double over = a.anode_share * polarisation_V;
    Plating p;
    p.eta_V = graphite_V(soc) - over;
    if (soc >= a.soc_anode_full)
        p.share = 1.0;
    else if (p.eta_V < 0.0 && over > 0.0)
        p.share = -p.eta_V / over < 1.0 ? -p.eta_V / over : 1.0;
    return p;
}

AbuseModel compile(const AbuseFile& f) {
    AbuseModel a;
    a.id = f.id;
    a.chemistry = f.chemistry;
    a.label = f.label;
    a.v_reverse_V = f.window.v_reverse_V;
    a.soc_copper = f.window.soc_copper;
    a.copper_S_per_Ah2 = f.window.copper_S_per_Ah2;
    a.v_top_V = f.window.v_top_V;
    a.soc_side0 = f.window.soc_side_begin;
    a.soc_side1 = f.window.soc_side_all;
    a.graphite = f.plating.graphite;
    a.anode_share = f.plating.anode_share;
    a.soc_anode_full = f.plating.soc_anode_full;
    const RunawayFile& q = f.runaway;
    RunawayModel& r = a.runaway;
    r.sei = reaction(q.sei);
    r.neg = reaction(q.negative);
    r.pos = reaction(q.positive);
    r.ele = reaction(q.electrolyte);
    r.c_sei0 = q.c_sei;
    r.c_neg0 = q.c_negative;
    r.z0 = q.z;
    r.z_ref = q.z_ref;
    r.a0 = q.alpha;
    r.density_kgPerM3 = q.density_kg_per_m3;
    r.t_sep_K = q.separator_degC + k_zero_degC_K;
    r.sep_width_K = q.separator_width_K;
    r.sep_short_S_per_Ah = q.separator_S_per_Ah;
    return a;
}

}  // namespace twin::cell
