// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <limits>
#include <stdexcept>

#include <twin/cell.hpp>

#include "cell/ecm_batch.hpp"
#include "cell/model_file.hpp"
#include "io/model.hpp"
#include "study/model_path.hpp"

namespace twin {

namespace {

double pick(const std::vector<double>& v, std::size_t n, std::size_t k, double otherwise, const char* name) {
    if (v.empty()) return otherwise;
    if (v.size() != 1 && v.size() != n)
        throw RunError(fmt::format("{} has {} values; allowed 1 or {}", name, v.size(), n), name);
    return v[v.size() == 1 ? 0 : k];
}
void within(double x, double lo, double hi, const char* name, std::size_t k) {
    if (!(x >= lo && x <= hi)) throw RunError(fmt::format("{}[{}] = {} is outside {} .. {}", name, k, x, lo, hi), name);
}

}  // namespace

struct CellBatch::Impl {
    cell::EcmBatch batch;
    std::string name;
    template <class F>
    std::vector<double> each(const F& f) const {
        std::vector<double> out(batch.size());
        for (std::size_t k = 0; k < out.size(); ++k) out[k] = f(k);
        return out;
    }
    /// The same, NaN for stopped cells.
    template <class F>
    std::vector<double> each_known(const F& f) const {
        return each([&](std::size_t k) { return batch.stopped(k) ? std::numeric_limits<double>::quiet_NaN() : f(k); });
    }
};

CellBatch::CellBatch(const std::string& model, std::size_t n, const CellBatchStart& start) {
    if (n < 1 || n > 10'000'000) throw RunError(fmt::format("{} cells; allowed 1 .. 10000000", n), "n");
    const auto file = io::read_model<cell::EcmModelFile>(study::model_path("cells", "equivalent circuit", model));
    if (!file.ok()) throw InputError(file.errors);
    std::vector<cell::BatchCell> cells(n);
    for (std::size_t k = 0; k < n; ++k) {
        cell::BatchCell& c = cells[k];
        c.capacity_scale = pick(start.capacity_rel, n, k, 1.0, "capacity_rel");
        c.r_scale = pick(start.r_rel, n, k, 1.0, "r_rel");
        c.soc = pick(start.soc, n, k, 1.0, "soc");
        c.temp_degC = pick(start.temp_degC, n, k, 25.0, "temp_degC");
        c.ambient_degC = pick(start.ambient_degC, n, k, c.temp_degC, "ambient_degC");
        within(c.capacity_scale, 0.01, 100.0, "capacity_rel", k);
        within(c.r_scale, 0.01, 100.0, "r_rel", k);
        within(c.soc, 0.0, 1.0, "soc", k);
        within(c.temp_degC, -60.0, 120.0, "temp_degC", k);
        within(c.ambient_degC, -60.0, 120.0, "ambient_degC", k);
        c.h = pick(start.hysteresis_rel, n, k, 0.0, "hysteresis");
        within(c.h, -1.0, 1.0, "hysteresis", k);
    }
    auto built = std::make_shared<const cell::EcmModel>(cell::build(file.value));
    if (!start.hysteresis_rel.empty() && !cell::has_hysteresis(*built))
        throw RunError(fmt::format("model {} has no hysteresis", built->id), "hysteresis");
    const std::string id = built->id;
    impl_.reset(new Impl{cell::EcmBatch(std::move(built), cells), id});
}
CellBatch::~CellBatch() = default;
CellBatch::CellBatch(CellBatch&&) noexcept = default;
CellBatch& CellBatch::operator=(CellBatch&&) noexcept = default;

CellBatchRun CellBatch::run(const double* i_A, std::size_t n_steps, bool per_cell, double dt_s,
                            std::size_t record_every) {
    const std::size_t n = per_cell ? n_steps * size() : n_steps;
    if (!(dt_s > 0.0 && dt_s <= 1e7)) throw RunError(fmt::format("dt {} s is outside 0 .. 1e7", dt_s), "dt_s");
    for (std::size_t k = 0; k < n; ++k) within(i_A[k], -1e6, 1e6, "i_A", k);
    auto r = impl_->batch.run({i_A, n}, n_steps, dt_s, record_every);
    CellBatchRun out;
    out.n_cells = size();
    for (std::size_t k = 1; k <= r.rows; ++k) out.t_s.push_back(static_cast<double>(k * record_every) * dt_s);
    out.v_V = std::move(r.v_V);
    out.soc = std::move(r.soc);
    out.temp_degC = std::move(r.temp_degC);
    return out;
}

std::size_t CellBatch::size() const { return impl_->batch.size(); }
std::string CellBatch::name() const { return impl_->name; }
std::vector<double> CellBatch::v_V() const {
    return impl_->each_known([this](std::size_t k) { return impl_->batch.v_V(k); });
}
std::vector<double> CellBatch::v_min_V() const {
    return impl_->each([this](std::size_t k) { return impl_->batch.v_min_V(k); });
}
std::vector<double> CellBatch::v_max_V() const {
    return impl_->each([this](std::size_t k) { return impl_->batch.v_max_V(k); });
}
std::vector<double> CellBatch::t_max_degC() const {
    return impl_->each([this](std::size_t k) { return impl_->batch.t_max_degC(k); });
}
std::vector<double> CellBatch::soc() const {
    return impl_->each_known([this](std::size_t k) { return impl_->batch.state(k).soc; });
}
std::vector<double> CellBatch::temp_degC() const {
    return impl_->each_known([this](std::size_t k) { return impl_->batch.state(k).t_surf_degC; });
}

static_assert(k_out_soc_low == cell::k_soc_low && k_out_soc_high == cell::k_soc_high && k_out_cold == cell::k_cold &&
              k_out_hot == cell::k_hot && k_out_current == cell::k_current && k_out_stopped == cell::k_stopped);

std::vector<std::uint8_t> CellBatch::out_of() const {
    std::vector<std::uint8_t> out(size());
    for (std::size_t k = 0; k < out.size(); ++k) out[k] = impl_->batch.out_of(k);
    return out;
}
std::vector<double> CellBatch::out_since_s() const {
    return impl_->each([this](std::size_t k) { return impl_->batch.out_since_s(k); });
}
std::vector<double> CellBatch::stopped_at_s() const {
    return impl_->each([this](std::size_t k) { return impl_->batch.stopped_at_s(k); });
}
std::vector<std::string> CellBatch::extrapolated() const {
    const cell::ValidRange& v = impl_->batch.model().valid;
    std::vector<std::string> out;
    const auto tell = [&](unsigned bit, const std::string& what) {
        std::size_t count = 0;
        for (std::size_t k = 0; k < size(); ++k) count += (impl_->batch.out_of(k) & bit) != 0 ? 1U : 0U;
        if (count > 0) out.push_back(fmt::format("{}: {} of {} cells", what, count, size()));
    };
    tell(cell::k_soc_low, fmt::format("soc below {:.4g}", v.soc_min));
    tell(cell::k_soc_high, fmt::format("soc above {:.4g}", v.soc_max));
    tell(cell::k_cold, fmt::format("temp_degC below {:.4g}", v.t_min_degC));
    tell(cell::k_hot, fmt::format("temp_degC above {:.4g}", v.t_max_degC));
    tell(cell::k_current, fmt::format("i_A beyond {:.4g}", v.i_max_A));
    tell(cell::k_stopped, "stopped, the charge left -0.05 .. 1.05");
    return out;
}

}  // namespace twin
