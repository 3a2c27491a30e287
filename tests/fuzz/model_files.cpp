// SPDX-License-Identifier: Apache-2.0
// Any bytes as a cell model, an ageing law, an abuse model and a spread model: no crash, no hang, no undefined
// behaviour; either errors, or a model that compiles and whose first use gives finite numbers.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string_view>

#include "cell/abuse.hpp"
#include "cell/ageing_file.hpp"
#include "cell/model_file.hpp"
#include "cell/spread_model.hpp"
#include "io/model.hpp"
#include "study/cell_model.hpp"

namespace {

using namespace twin;

void need(bool ok) {
    if (!ok) std::abort();
}

void use_cell(const io::Json& j, const cell::AbuseModel* abuse) {
    const auto file = io::read_model_json<cell::EcmModelFile>(j, "fuzz");
    need(file.ok() == !(file.errors.size() > 0));
    if (!file.ok()) return;
    const auto m = std::make_shared<const cell::EcmModel>(cell::build(file.value));
    const auto c = abuse != nullptr ? study::make_abused_cell(m, *abuse) : study::make_ecm_cell(m);
    c->reset(0.5, 298.15);
    need(std::isfinite(c->voltage_V(0.0)));
    (void)c->trial(1.0, 0.1 * c->nominal_Ah, true);
    c->commit();
    const std::vector<std::complex<double>> z = c->impedance_Ohm(0.5, 298.15, {1.0});
    need(z.size() == 1 && std::isfinite(z[0].real()));
}

void use_ageing(const io::Json& j) {
    const auto file = io::read_model_json<cell::AgeingFile>(j, "fuzz");
    if (!file.ok()) return;
    const cell::AgeingModel m = cell::compile(file.value);
    cell::AgeingState s;
    const cell::Stress stress;
    cell::age_time(m, s, stress, 1.0);
    cell::age_cycle(m, s, stress, 1.0);
    for (std::size_t k = 0; k < m.term.size(); ++k) need(cell::damage_rate(m, k, stress) >= 0.0);
    (void)cell::health(m, s);
}

void use_spread(const io::Json& j) {
    const auto file = io::read_model_json<cell::SpreadFile>(j, "fuzz");
    if (!file.ok()) return;
    const cell::SpreadModel m = cell::compile(file.value);
    for (std::uint64_t k = 0; k < 4; ++k) {
        const cell::SpreadDraw d = cell::draw(m, {1, 2}, k);
        need(d.capacity_rel > 0.0 && d.r_rel > 0.0 && d.leak_per_d >= 0.0 && std::isfinite(d.soc_offset));
    }
}

// A small cell for the abuse models, read once.
constexpr std::string_view k_cell =
    R"({"bmstwin_cell":1,"id":"a","title":"t","chemistry":"LFP","label":"x","fit_error":"x","sources":["s"],
    "tolerance":{"capacity_pct":2,"r_pct":10,"ocv_mV":5},"capacity_Ah":2,"nameplate_Ah":2,"mass_kg":0.05,"v_min_V":2.5,"v_max_V":4.2,
    "valid":{"t_min_degC":0,"t_max_degC":40,"i_max_A":5},"ocv":{"soc":[0,0.5,1],"v_V":[3,3.6,4.2]},
    "resistance":{"soc":[0,1],"t_degC":[0,40],"r0_mohm":[1,1,1,1],"r1_mohm":[1,1,1,1],"tau1_s":5},
    "thermal":{"core_J_per_K":40,"surface_J_per_K":7,"core_surface_K_per_W":1,"surface_ambient_K_per_W":10}})";

void use_abuse(const io::Json& j) {
    const auto file = io::read_model_json<cell::AbuseFile>(j, "fuzz");
    if (!file.ok()) return;
    const cell::AbuseModel m = cell::compile(file.value);
    io::Json small;
    Diagnostic d;
    need(io::parse_json(k_cell, io::k_model_limits, &small, &d));
    use_cell(small, &m);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    io::Json j;
    Diagnostic d;
    if (!io::parse_json(text, io::k_model_limits, &j, &d)) return 0;
    use_cell(j, nullptr);
    use_ageing(j);
    use_abuse(j);
    use_spread(j);
    return 0;
}
