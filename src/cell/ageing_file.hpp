// SPDX-License-Identifier: Apache-2.0
// The file form of an ageing law (models/ageing/*.json) and its compilation.
#pragma once
#include <string>
#include <vector>

#include "base/describe.hpp"
#include "cell/ageing.hpp"
#include "cell/model_file.hpp"

namespace twin::cell {

struct AgeingTermFile {
    std::string name, doc, k;
    AgeingDriver driver = AgeingDriver::time;
    AgeingKind kind = AgeingKind::power;
    double p = 1.0, per = 1.0, y_inf = 1.0;
};
struct AgeingRangeFile {
    double t_min_degC = 0.0, t_max_degC = 0.0, c_chg_max = 0.0, c_dis_max = 0.0;
};
struct AgeingToleranceFile {
    double loss_pct = 0.0;
};
struct AgeingFile {
    std::int64_t bmstwin_ageing = 1;
    std::string id, title, chemistry, label, confidence;
    std::vector<std::string> sources, notes;
    double capacity_Ah = 0.0;
    AgeingToleranceFile tolerance;
    AgeingRangeFile valid;
    std::vector<AgeingTermFile> terms;
    std::string capacity, resistance;
};

/// Everything wrong with the file; empty if `compile` will succeed.
std::vector<ModelError> check(const AgeingFile& f);
/// Throws std::invalid_argument with all messages of `check` otherwise.
AgeingModel compile(const AgeingFile& f);

inline constexpr const char* k_driver_names[] = {"time", "throughput"};
inline constexpr const char* k_kind_names[] = {"power", "power_b", "sigmoid"};

template <class V>
void describe(V& v, AgeingTermFile& s) {
    using base::Need;
    v.about("ageing_term", "One mechanism: what it loses over days or equivalent full cycles (x).");
    v.field("name", s.name, {.doc = "how capacity and resistance call it", .need = Need::required});
    v.field("doc", s.doc, {.doc = "what it stands for"});
    v.choice("driver", s.driver, k_driver_names,
             {.doc = "x: time in days, or throughput in EFC", .need = Need::required});
    v.choice("kind", s.kind, k_kind_names,
             {.doc = "power k x^p, power_b (k x)^p, sigmoid y_inf tanh((k x)^p / 2)", .need = Need::required});
    v.field("k", s.k,
            {.doc = "function of T (K), T_C, soc, ua (graphite, V), v (V), dod, c, c_chg, c_dis (1/h)",
             .need = Need::required});
    v.field("p", s.p, {.doc = "exponent", .min = 0.05, .max = 20});
    v.field("per", s.per, {.doc = "x is divided by it", .min = 1e-6, .max = 1e9});
    v.field("y_inf", s.y_inf, {.doc = "end value of a sigmoid", .min = 1e-6, .max = 10});
}
template <class V>
void describe(V& v, AgeingRangeFile& s) {
    v.about("ageing_range", "Where the law was measured.");
    v.field("t_min_degC", s.t_min_degC, {.doc = "lowest", .need = base::Need::required, .min = -60, .max = 100});
    v.field("t_max_degC", s.t_max_degC, {.doc = "highest", .need = base::Need::required, .min = -60, .max = 100});
    v.field("c_chg_max", s.c_chg_max, {.doc = "charge rate, 1/h", .need = base::Need::required, .min = 0, .max = 100});
    v.field("c_dis_max", s.c_dis_max,
            {.doc = "discharge rate, 1/h", .need = base::Need::required, .min = 0, .max = 100});
}
template <class V>
void describe(V& v, AgeingToleranceFile& s) {
    v.about("ageing_tolerance", "How far a real cell may be from the law.");
    v.field("loss_pct", s.loss_pct,
            {.doc = "of the lost capacity", .need = base::Need::required, .min = 0, .max = 500});
}
template <class V>
void describe(V& v, AgeingFile& s) {
    using base::Need;
    v.about("ageing_law", "Calendar and cycle ageing of a cell: capacity and resistance relative to new.");
    v.field("bmstwin_ageing", s.bmstwin_ageing,
            {.doc = "version of this format", .need = Need::required, .min = 1, .max = 1});
    v.field("id", s.id, {.doc = "name", .need = Need::required});
    v.field("title", s.title, {.doc = "one line"});
    v.field("chemistry", s.chemistry, {.doc = "LFP, NMC or LTO", .need = Need::required});
    v.field("label", s.label, {.doc = "published law, refit, assembled", .need = Need::required});
    v.field("confidence", s.confidence, {.doc = "high, medium or low, and why", .need = Need::required});
    v.field("sources", s.sources, {.doc = "where the numbers come from", .need = Need::required, .min_items = 1});
    v.field("notes", s.notes, {.doc = "what was assumed"});
    v.field("capacity_Ah", s.capacity_Ah,
            {.doc = "of the cells measured", .need = Need::required, .min = 1e-3, .max = 1e5});
    v.field("tolerance", s.tolerance, {.doc = "spread about the law", .need = Need::required});
    v.field("valid", s.valid, {.doc = "where it was measured", .need = Need::required});
    v.field("terms", s.terms,
            {.doc = "mechanisms", .need = Need::required, .min_items = 1, .max_items = k_ageing_terms});
    v.field("capacity", s.capacity, {.doc = "relative to new, of the terms' names", .need = Need::required});
    v.field("resistance", s.resistance, {.doc = "relative to new, of the terms' names", .need = Need::required});
    for (const ModelError& e : check(s)) v.check(false, e.key.c_str(), e.message.c_str());
}

}  // namespace twin::cell
