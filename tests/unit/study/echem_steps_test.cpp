// SPDX-License-Identifier: Apache-2.0
// What the default mesh and the default steps of a protocol cost in accuracy, against our own refinement.
#include <doctest/doctest.h>

#include <cmath>
#include <string>

#include "io/bpx.hpp"
#include "study/protocol.hpp"

using namespace twin;
using namespace twin::study;

namespace {

std::shared_ptr<const cell::EchemParams> set_of(const std::string& name) {
    auto r = io::read_bpx(std::string(BMSTWIN_SOURCE_DIR) + "/models/echem/" + name + ".json");
    REQUIRE(r.ok());
    return r.params;
}

double at(const ProtocolResult& r, double t_s) {
    std::size_t k = 0;
    while (k + 2 < r.samples.size() && r.samples[k + 1].t_s < t_s) ++k;
    const CellSample &a = r.samples[k], &b = r.samples[k + 1];
    return a.v_V + (t_s - a.t_s) / (b.t_s - a.t_s) * (b.v_V - a.v_V);
}

/// rms of the difference, mV, samples joined by straight lines.
double apart_mV(const ProtocolResult& a, const ProtocolResult& b) {
    const double last_s = std::min(a.samples.back().t_s, b.samples.back().t_s);
    double sum = 0.0;
    for (int k = 1; k < 500; ++k) {
        const double d = at(a, last_s * k / 500) - at(b, last_s * k / 500);
        sum += d * d;
    }
    return 1e3 * std::sqrt(sum / 499);
}

ProtocolResult discharge(const std::string& set, cell::EchemKind kind, const char* step, double tol_V, double tol_x,
                         const cell::EchemMesh& mesh = {}) {
    const auto p = set_of(set);
    const auto c = make_echem_cell(p, kind, false, mesh);
    auto steps = parse_protocol({step});
    steps[0].until_V = p->v_min_V;
    ProtocolOptions o;
    o.tol_V = tol_V;
    o.tol_x = tol_x;
    return run_protocol(*c, steps, o);
}

}  // namespace

TEST_CASE("the default mesh at 2C is within 0.15 mV (SPMe) and 0.2 mV (DFN) of a fine one") {
    for (const auto& [kind, limit_mV] :
         {std::pair{cell::EchemKind::spme, 0.15}, std::pair{cell::EchemKind::dfn, 0.2}}) {
        const auto coarse = discharge("chen2020", kind, "Discharge at 2C until 2.5 V", 2e-4, 1e-3);
        const auto fine =
            discharge("chen2020", kind, "Discharge at 2C until 2.5 V", 2e-4, 1e-3, {60, 24, 60, 0.0, 50, false});
        CAPTURE(limit_mV);
        CHECK(apart_mV(coarse, fine) < limit_mV);
    }
}

TEST_CASE("default steps are within 0.25 mV of fine ones, also where the diffusivity bends") {
    const ProtocolOptions o;
    for (const char* set : {"chen2020", "marquis2019", "prada2013", "ecker2015", "oregan2022"}) {
        const auto coarse = discharge(set, cell::EchemKind::spme, "Discharge at 1C until 2.5 V", o.tol_V, o.tol_x);
        const auto fine = discharge(set, cell::EchemKind::spme, "Discharge at 1C until 2.5 V", 2e-5, 1e-3);
        CAPTURE(set);
        CHECK(apart_mV(coarse, fine) < 0.25);
        CHECK(coarse.steps < fine.steps / 2);
        CHECK(coarse.samples.size() > 2 * coarse.steps - 20);  // and one half-way through each step
    }
}
