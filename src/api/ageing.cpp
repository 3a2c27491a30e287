// SPDX-License-Identifier: Apache-2.0
#include <twin/ageing.hpp>

#include <fmt/format.h>

#include "io/json.hpp"
#include "study/ageing.hpp"
#include "study/side_ageing.hpp"

namespace twin {

namespace {

AgeingRun age_inside(const std::string& model, const AgeingOptions& o) {
    const std::unique_ptr<study::CellModel> cell = study::open_cell(model, o.kind, false, o.degradation);
    study::AgeingPlan plan;
    const std::vector<std::string> daily = {"Discharge at 0.5C for 96 minutes", "Rest for 1 hour",
                                            fmt::format("Charge at 0.5C until {} V", cell->v_max_V),
                                            fmt::format("Hold at {} V until C/20", cell->v_max_V)};
    plan.steps = study::parse_protocol(o.protocol.empty() ? daily : o.protocol);
    plan.period_s = o.period_h * 3600.0;
    plan.horizon_d = o.years_d;
    plan.ambient_degC = o.temp_degC;
    plan.soc = o.soc;
    plan.tol_rel = o.tol_rel;
    plan.accelerate = o.accelerate;
    plan.row_d = o.row_d;
    study::SideAgeingResult r = study::run_side_ageing(*cell, plan);
    AgeingRun out;
    out.law = o.degradation;
    out.law_title = "SEI growth and plating inside the cell";
    out.law_label = "reactions with the set's own figures, no tolerance stated";
    out.cell = cell->id;
    const study::SideAgeingRow &first = r.rows.front(), &last = r.rows.back();
    for (const study::SideAgeingRow& row : r.rows) {
        const double capacity_rel = row.capacity_Ah / first.capacity_Ah;
        if (out.eol_d < 0.0 && capacity_rel <= o.eol_rel && !out.t_d.empty()) {
            const double before = out.capacity_rel.back();
            out.eol_d = out.t_d.back() + (row.t_d - out.t_d.back()) * (before - o.eol_rel) / (before - capacity_rel);
        }
        out.t_d.push_back(row.t_d);
        out.efc_ratio.push_back(row.efc);
        out.capacity_rel.push_back(capacity_rel);
        out.r_rel.push_back(row.r_Ohm / first.r_Ohm);
        out.dod_rel.push_back(row.out_Ah / first.capacity_Ah);
        out.temp_mean_degC.push_back(o.temp_degC.front());
        out.temp_max_degC.push_back(o.temp_degC.front());
        out.out_Wh.push_back(row.out_Wh);
        out.in_Wh.push_back(row.in_Wh);
        out.sei_nm.push_back(1e9 * row.sei_m);
        out.sei_Ah.push_back(row.sei_C / 3600.0);
        out.plated_Ah.push_back(row.plated_C / 3600.0);
        out.dead_Ah.push_back(row.dead_C / 3600.0);
    }
    const double lost_C = last.sei_C + last.dead_C;
    out.error_capacity_rel = r.error_C / 3600.0 / first.capacity_Ah;
    if (lost_C > 0.0) out.error_r_rel = r.error_C / lost_C * (last.r_Ohm / first.r_Ohm - 1.0);
    out.periods = r.periods;
    out.simulated = r.simulated;
    out.stopped = std::move(r.stopped);
    return out;
}

}  // namespace

AgeingRun age(const std::string& model, const AgeingOptions& o) {
    if (!o.degradation.empty()) return age_inside(model, o);
    const std::unique_ptr<study::CellModel> cell = study::open_cell(model, "", false);
    const std::string law_name = o.law.empty() ? study::default_ageing(cell->chemistry, cell->nominal_Ah) : o.law;
    if (law_name.empty()) {
        Diagnostic d;
        d.file = model;
        d.message = "no ageing law ships for \"" + cell->kind + "\" cells of chemistry \"" + cell->chemistry +
                    "\": only equivalent circuits age this way, or name a law";
        throw InputError({d});
    }
    const cell::AgeingModel law = study::open_ageing(law_name);
    study::AgeingPlan plan;
    const std::vector<std::string> daily = {"Discharge at 0.5C until 20 %", "Rest for 1 hour",
                                            "Charge at 0.5C until 100 %"};
    plan.steps = study::parse_protocol(o.protocol.empty() ? daily : o.protocol);
    plan.period_s = o.period_h * 3600.0;
    plan.horizon_d = o.years_d;
    plan.ambient_degC = o.temp_degC;
    plan.soc = o.soc;
    plan.tol_rel = o.tol_rel;
    plan.accelerate = o.accelerate;
    plan.row_d = o.row_d;
    plan.eol_rel = o.eol_rel;
    study::AgeingResult r = study::run_ageing(*cell, law, plan);
    AgeingRun out;
    out.law = law.id;
    out.law_title = law.title;
    out.law_label = law.label;
    out.cell = cell->id;
    for (const study::AgeingRow& row : r.rows) {
        out.t_d.push_back(row.t_d);
        out.efc_ratio.push_back(row.efc);
        out.capacity_rel.push_back(row.capacity_rel);
        out.r_rel.push_back(row.r_rel);
        out.dod_rel.push_back(row.day.dod);
        out.temp_mean_degC.push_back(row.day.t_mean_degC);
        out.temp_max_degC.push_back(row.day.t_max_degC);
        out.out_Wh.push_back(row.day.out_Wh);
        out.in_Wh.push_back(row.day.in_Wh);
    }
    out.eol_d = r.eol_d;
    out.changed_d = r.changed_d;
    out.error_capacity_rel = r.error_capacity_rel;
    out.error_r_rel = r.error_r_rel;
    out.loss_tol_rel = law.loss_tol_rel;
    out.periods = r.periods;
    out.simulated = r.simulated;
    out.stopped = std::move(r.stopped);
    out.extrapolated = std::move(r.extrapolated);
    return out;
}

std::string to_json(const AgeingRun& run) {
    using io::Json;
    Json j = Json::object();
    const auto text = [&](const char* key, const std::string& s) { j.put(key, Json::of(s)); };
    const auto number = [&](const char* key, double x) { j.put(key, Json::of(x)); };
    const auto column = [&](const char* key, const std::vector<double>& x) {
        Json a = Json::array();
        for (const double v : x) a.items.push_back(Json::of(v));
        j.put(key, std::move(a));
    };
    text("cell", run.cell);
    text("law", run.law);
    text("law_title", run.law_title);
    text("law_label", run.law_label);
    column("t_d", run.t_d);
    column("efc", run.efc_ratio);
    column("capacity_rel", run.capacity_rel);
    column("resistance_rel", run.r_rel);
    column("dod_rel", run.dod_rel);
    column("temp_mean_degC", run.temp_mean_degC);
    column("temp_max_degC", run.temp_max_degC);
    column("out_Wh", run.out_Wh);
    column("in_Wh", run.in_Wh);
    if (!run.sei_nm.empty()) {
        column("sei_nm", run.sei_nm);
        column("sei_Ah", run.sei_Ah);
        column("plated_Ah", run.plated_Ah);
        column("dead_Ah", run.dead_Ah);
    }
    j.put("eol_d", run.eol_d < 0.0 ? Json{} : Json::of(run.eol_d));
    j.put("changed_d", run.changed_d < 0.0 ? Json{} : Json::of(run.changed_d));
    number("error_capacity_rel", run.error_capacity_rel);
    number("error_resistance_rel", run.error_r_rel);
    number("loss_tol_rel", run.loss_tol_rel);
    j.put("periods", Json::of(static_cast<std::int64_t>(run.periods)));
    j.put("simulated", Json::of(static_cast<std::int64_t>(run.simulated)));
    text("stopped", run.stopped);
    Json x = Json::array();
    for (const std::string& s : run.extrapolated) x.items.push_back(Json::of(s));
    j.put("extrapolated", std::move(x));
    return io::print_json(j);
}

}  // namespace twin
