// SPDX-License-Identifier: Apache-2.0
#include "scenario/requirements.hpp"

#include <array>

namespace twin::scenario {

const char* limit_name(LimitKind k) {
    static constexpr std::array<const char*, 10> k_names = {
        "cell over-voltage",     "cell under-voltage",     "charge over-current", "discharge over-current",
        "short circuit",         "charge in the cold",     "charge in the heat",  "discharge in the cold",
        "discharge in the heat", "MOSFET over-temperature"};
    return k_names[static_cast<std::size_t>(k)];
}

namespace {

/// `sign` +1: beyond is greater. The level is scaled (rated current), the tolerance too.
Limit limit(LimitKind kind, const char* channel, double sign, const LimitData& d, double scale, Flow flow) {
    Limit l;
    l.kind = kind;
    l.channel = channel;
    l.above = sign > 0.0;
    const double level = d.level * scale;
    const double tol = sign * d.tol * (scale < 0.0 ? -scale : scale);
    l.over = level + tol;
    l.due = level - tol;
    l.over_s = d.delay_s + d.delay_tol_s;
    l.due_s = d.delay_s > d.delay_tol_s ? d.delay_s - d.delay_tol_s : 0.0;
    l.flow = flow;
    return l;
}

}  // namespace

Requirements requirements_for(const RequirementFile& file, std::string_view product, double rated_A,
                              std::string_view chemistry, int series) {
    Requirements r;
    r.profile = file.id;
    r.chemistry = std::string(chemistry);
    r.product = std::string(product);
    r.rated_A = rated_A;
    r.wiring = file.wiring;
    r.idle_A = file.idle_A;
    r.alarm_grace_s = file.alarm_grace_s;
    r.service_s = file.service_s;
    constexpr const char* k_i = "truth.pack.i_A";
    r.limits.push_back(limit(LimitKind::scd, k_i, +1, file.scd, rated_A, Flow::dsg_gate));
    r.limits.push_back(limit(LimitKind::ocd, k_i, +1, file.ocd, rated_A, Flow::dsg_gate));
    r.limits.push_back(limit(LimitKind::occ, k_i, -1, file.occ, -rated_A, Flow::chg_gate));
    for (std::size_t k = 0; k < 3; ++k) {  // the gate is off, yet the current goes on
        Limit stuck = r.limits[k];
        stuck.flow = Flow::any;
        stuck.over_s += k_tail_s;
        r.limits.push_back(stuck);
    }
    r.limits.push_back(limit(LimitKind::fet_hot, "truth.fet.ntc_degC", +1, file.fet_hot, 1, Flow::flowing));
    const ChemistryLimits* c = chemistry == "LFP"   ? &file.LFP
                               : chemistry == "NMC" ? &file.NMC
                               : chemistry == "LTO" ? &file.LTO
                                                    : nullptr;
    if (c == nullptr) return r;
    r.full_V = c->full_V;
    LimitData cuv = c->cuv;
    if (series <= c->small_strings) cuv.level = c->small_cuv_V;
    r.limits.push_back(limit(LimitKind::cov, "truth.cell.v_max_V", +1, c->cov, 1, Flow::chg_on));
    r.limits.push_back(limit(LimitKind::cuv, "truth.cell.v_min_V", -1, cuv, 1, Flow::dsg_on));
    r.limits.push_back(limit(LimitKind::charge_cold, "truth.cell.t_min_degC", -1, c->charge_cold, 1, Flow::charging));
    r.limits.push_back(limit(LimitKind::charge_hot, "truth.cell.t_max_degC", +1, c->charge_hot, 1, Flow::charging));
    r.limits.push_back(
        limit(LimitKind::discharge_cold, "truth.cell.t_min_degC", -1, c->discharge_cold, 1, Flow::discharging));
    r.limits.push_back(
        limit(LimitKind::discharge_hot, "truth.cell.t_max_degC", +1, c->discharge_hot, 1, Flow::discharging));
    return r;
}

}  // namespace twin::scenario
