// SPDX-License-Identifier: Apache-2.0
#include "cell/ageing_file.hpp"

#include <stdexcept>

namespace twin::cell {

namespace {

bool good_name(const std::string& n) {
    if (n.empty() || n.size() > 30) return false;
    for (const char c : n)
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_')) return false;
    return n[0] >= 'a';
}

std::string at_char(const base::ExpressionError& e) {
    return " (character " + std::to_string(e.at + 1) + "): " + e.message;
}

std::vector<std::string_view> term_names(const AgeingFile& f) {
    std::vector<std::string_view> names;
    for (const AgeingTermFile& t : f.terms) names.push_back(t.name);
    return names;
}

/// The model and every error on the way; the model is complete if there is none.
AgeingModel make(const AgeingFile& f, std::vector<ModelError>& bad) {
    AgeingModel m;
    m.id = f.id;
    m.title = f.title;
    m.chemistry = f.chemistry;
    m.label = f.label;
    m.valid = {f.valid.t_min_degC, f.valid.t_max_degC, f.valid.c_chg_max, f.valid.c_dis_max};
    m.loss_tol_rel = f.tolerance.loss_pct / 100.0;
    if (f.chemistry != "LFP" && f.chemistry != "NMC" && f.chemistry != "LTO")
        bad.push_back({"chemistry", "\"" + f.chemistry + "\"; allowed LFP, NMC, LTO"});
    if (!(f.valid.t_min_degC < f.valid.t_max_degC)) bad.push_back({"valid", "t_min_degC must be below t_max_degC"});
    if (f.terms.empty() || f.terms.size() > k_ageing_terms)
        bad.push_back(
            {"terms", std::to_string(f.terms.size()) + " terms; allowed 1 .. " + std::to_string(k_ageing_terms)});
    for (const AgeingTermFile& t : f.terms) {
        AgeingTerm out;
        out.name = t.name;
        out.driver = t.driver;
        out.kind = t.kind;
        out.p = t.p;
        out.per = t.per;
        out.y_inf = t.y_inf;
        base::ExpressionError e;
        if (!good_name(t.name)) bad.push_back({"terms", "name \"" + t.name + "\"; allowed a-z, 0-9, _"});
        if (!base::Expression::parse(t.k, k_stress_names, &out.k, &e))
            bad.push_back({"terms", t.name + ".k" + at_char(e)});
        out.depends_on_ua = out.k.uses(3);
        m.term.push_back(std::move(out));
    }
    const std::vector<std::string_view> names = term_names(f);
    for (std::size_t j = 0; j < names.size(); ++j)
        for (std::size_t i = 0; i < j; ++i)
            if (names[i] == names[j]) bad.push_back({"terms", "two terms are called \"" + f.terms[j].name + "\""});
    base::ExpressionError e;
    if (!base::Expression::parse(f.capacity, names, &m.capacity, &e)) bad.push_back({"capacity", at_char(e)});
    if (!base::Expression::parse(f.resistance, names, &m.resistance, &e)) bad.push_back({"resistance", at_char(e)});
    if (!bad.empty()) return m;
    const Health h = health(m, {});
    if (!(h.capacity_rel > 0.98 && h.capacity_rel < 1.02))
        bad.push_back({"capacity", "a new cell would have " + std::to_string(h.capacity_rel) +
                                       " of its capacity; allowed 0.98 .. 1.02"});
    if (!(h.r_rel > 0.95 && h.r_rel < 1.05))
        bad.push_back({"resistance", "a new cell would have " + std::to_string(h.r_rel) +
                                         " of its resistance; allowed 0.95 .. 1.05"});
    return m;
}

}  // namespace

std::vector<ModelError> check(const AgeingFile& f) {
    std::vector<ModelError> bad;
    make(f, bad);
    return bad;
}

AgeingModel compile(const AgeingFile& f) {
    std::vector<ModelError> bad;
    AgeingModel m = make(f, bad);
    if (bad.empty()) return m;
    std::string all;
    for (const ModelError& e : bad) all += (all.empty() ? "/" : "; /") + e.key + ": " + e.message;
    throw std::invalid_argument(all);
}

}  // namespace twin::cell
