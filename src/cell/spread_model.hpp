// SPDX-License-Identifier: Apache-2.0
// Distributions of what cells of one kind differ by: capacity, resistance, self-discharge and charge at the start,
// correlated. A draw is a pure function of (model, seed, pack, cell): four independent cut normals of base/rng, the
// first, second and fourth the same as those of cell/spread.hpp, mixed by the Cholesky factor of the correlation (a
// Gaussian copula), then each shaped by its own distribution:
//
//   normal     x = mean (1 + cv y)                 lognormal  x = mean exp(s y - s^2 / 2), s^2 = ln(1 + cv^2)
//   weibull    x = scale (-ln(1 - Phi(y)))^(1/k), scale = mean / Gamma(1 + 1/k): a tail of weak cells
// Charge at the start is always normal, with its standard deviation in units of charge.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/describe.hpp"
#include "base/rng.hpp"
#include "cell/model_file.hpp"

namespace twin::cell {

enum SpreadIndex : std::size_t { k_spread_capacity, k_spread_resistance, k_spread_leak, k_spread_charge, k_spread_n };
enum class SpreadKind : std::uint8_t { normal, lognormal, weibull };
using SpreadMatrix = std::array<std::array<double, k_spread_n>, k_spread_n>;

struct SpreadVariable {
    SpreadKind kind = SpreadKind::normal;
    double mean = 1.0, cv = 0.0;
    double shape = 50.0;  // Weibull's k
};
struct SpreadModel {
    std::string id, title, chemistry, label;
    std::array<SpreadVariable, k_spread_n> of;  // in the order of SpreadIndex
    SpreadMatrix factor{};                      // lower Cholesky factor of the correlation
    double leak_per_d = 0.0;                    // mean self-discharge, share of the capacity
};

/// One cell: relative to the model of its type.
struct SpreadDraw {
    double capacity_rel = 1.0, r_rel = 1.0, leak_per_d = 0.0, soc_offset = 0.0;
};
SpreadDraw draw(const SpreadModel& m, const base::RngKey& key, std::uint64_t index);

/// Lower factor L with L L^T = c; false if c is not positive definite.
bool cholesky(const SpreadMatrix& c, SpreadMatrix* factor);
/// Standard normal distribution function, within 1e-7.
double normal_share(double z);

// The file form (models/spread/*.json).
struct SpreadVariableFile {
    SpreadKind kind = SpreadKind::normal;
    double mean = 1.0, cv_pct = 0.0, shape = 50.0;
};
struct SpreadFile {
    std::int64_t bmstwin_spread = 1;
    std::string id, title, chemistry, label, confidence;
    std::vector<std::string> sources, notes;
    double tolerance_pct = 0.0;
    SpreadVariableFile capacity, resistance, self_discharge;
    double soc_sd_pct = 0.0, self_discharge_pct_per_month = 0.0;
    double corr_capacity_resistance = 0.0, corr_capacity_leak = 0.0, corr_resistance_leak = 0.0;
    double corr_leak_soc = 0.0;
};
std::vector<ModelError> check(const SpreadFile& f);
/// Throws std::invalid_argument with all messages of `check`.
SpreadModel compile(const SpreadFile& f);

inline constexpr const char* k_spread_kinds[] = {"normal", "lognormal", "weibull"};

template <class V>
void describe(V& v, SpreadVariableFile& s) {
    v.about("spread_variable", "Distribution of one quantity relative to the type.");
    v.choice("kind", s.kind, k_spread_kinds, {.doc = "shape"});
    v.field("mean", s.mean, {.doc = "relative to the model", .min = 0.1, .max = 10});
    v.field("cv_pct", s.cv_pct, {.doc = "standard deviation over mean; of normal and lognormal", .min = 0, .max = 150});
    v.field("shape", s.shape, {.doc = "k of a Weibull; its cv is about 1.28 / k", .min = 10, .max = 1000});
}
template <class V>
void describe(V& v, SpreadFile& s) {
    using base::Need;
    v.about("spread_model", "What cells of one kind differ by.");
    v.field("bmstwin_spread", s.bmstwin_spread,
            {.doc = "version of this format", .need = Need::required, .min = 1, .max = 1});
    v.field("id", s.id, {.doc = "name", .need = Need::required});
    v.field("title", s.title, {.doc = "one line"});
    v.field("chemistry", s.chemistry, {.doc = "LFP, NMC or LTO", .need = Need::required});
    v.field("label", s.label, {.doc = "measured, literature, assumed", .need = Need::required});
    v.field("confidence", s.confidence, {.doc = "high, medium or low, and why", .need = Need::required});
    v.field("sources", s.sources, {.doc = "where the numbers come from", .need = Need::required, .min_items = 1});
    v.field("notes", s.notes, {.doc = "what was assumed"});
    v.field("tolerance_pct", s.tolerance_pct,
            {.doc = "how sure the standard deviations are", .need = Need::required, .min = 0, .max = 500});
    v.field("capacity", s.capacity, {.doc = "capacity", .need = Need::required});
    v.field("resistance", s.resistance, {.doc = "resistance", .need = Need::required});
    v.field("self_discharge", s.self_discharge, {.doc = "about its mean", .need = Need::required});
    v.field("self_discharge_pct_per_month", s.self_discharge_pct_per_month,
            {.doc = "mean", .need = Need::required, .min = 0, .max = 100});
    v.field("soc_sd_pct", s.soc_sd_pct,
            {.doc = "of the charge at assembly, points", .need = Need::required, .min = 0, .max = 20});
    v.field("corr_capacity_resistance", s.corr_capacity_resistance, {.doc = "correlation", .min = -1, .max = 1});
    v.field("corr_capacity_leak", s.corr_capacity_leak, {.doc = "correlation", .min = -1, .max = 1});
    v.field("corr_resistance_leak", s.corr_resistance_leak, {.doc = "correlation", .min = -1, .max = 1});
    v.field("corr_leak_soc", s.corr_leak_soc,
            {.doc = "correlation: a leaky cell arrives emptier", .min = -1, .max = 1});
    for (const ModelError& e : check(s)) v.check(false, e.key.c_str(), e.message.c_str());
}

}  // namespace twin::cell
