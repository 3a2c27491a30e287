// SPDX-License-Identifier: Apache-2.0
// What is inside the DFN against COMSOL (Marquis2019, 1C): surface lithiation, electrolyte concentration, potentials.
#include <cmath>
#include <limits>
#include <map>

#include "cell/echem.hpp"
#include "echem_sets.hpp"

using namespace twin;
using namespace twin::study;

namespace {

/// Straight between the places, and beyond the first and last.
double at(const std::vector<double>& x, const std::vector<double>& y, double place) {
    std::size_t k = 1;
    while (k + 1 < x.size() && place > x[k]) ++k;
    return y[k - 1] + (y[k] - y[k - 1]) * (place - x[k - 1]) / (x[k] - x[k - 1]);
}

struct Range {
    double least = std::numeric_limits<double>::max(), most = -std::numeric_limits<double>::max(), off = 0.0;
};

}  // namespace

TEST_CASE("the DFN's fields against COMSOL within 1 % of their range") {
    const auto p = set_of("marquis2019");
    p->area_m2 = 1.0;
    p->electrode[0].x_full = 0.8;
    p->electrode[1].x_full = 0.6;
    cell::Echem c(p, cell::EchemKind::dfn, {30, 12, 30, 0.0, 30, false});
    std::map<std::string, Range> seen;
    double t = 0.0;
    for (const char* field : {"c_n_surf", "c_p_surf", "c_e", "phi_n", "phi_p", "phi_e"}) {
        c.reset(1.0, 298.15);
        t = 0.0;
        c.trial(0.0, 24.0, true);
        for (const auto& row : echem_rows("comsol_marquis2019_fields_1C", field)) {  // time_s, x_m, value
            while (t < row[0] - 1e-9) {
                const double h = t == 0.0 ? 1e-3 : (t < 20.0 ? 0.5 * t : 10.0), left = row[0] - t;
                const double step = left < 1.5 * h ? left : h;
                REQUIRE(c.trial(step, 24.0, t == 0.0).ok);
                c.commit();
                t += step;
            }
            const cell::EchemFields f = c.fields();
            const std::string name = field;
            const std::size_t sd = name == "c_p_surf" || name == "phi_p" ? 1 : 0;
            const double ours = name == "c_e"     ? at(f.x_m, f.c_e, row[1])
                                : name == "phi_e" ? at(f.x_m, f.phi_e_V, row[1])
                                : name[0] == 'c'  ? at(f.x_electrode_m[sd], f.c_surface[sd], row[1])
                                                  : at(f.x_electrode_m[sd], f.phi_s_V[sd], row[1]);
            Range& r = seen[name];
            r.least = std::fmin(r.least, row[2]);
            r.most = std::fmax(r.most, row[2]);
            r.off = std::fmax(r.off, std::abs(ours - row[2]));
        }
    }
    REQUIRE(seen.size() == 6);
    for (const auto& [name, r] : seen) {
        MESSAGE(std::string(name + ": range ") << r.least << " .. " << r.most << ", worst off " << r.off << " = "
                                               << 100.0 * r.off / (r.most - r.least) << " %");
        CHECK(r.off <= 0.01 * (r.most - r.least));
    }
}

TEST_CASE("volumes and decays give the same particle where the diffusivity is constant") {
    for (const auto kind : {cell::EchemKind::spm, cell::EchemKind::dfn}) {
        const auto p = set_of("chen2020");
        cell::Echem modal(p, kind), volumes(p, kind, {20, 8, 20, 0.0, 60, true});
        double worst = 0.0, t = 0.0;
        for (int k = 0; k < 500 && t < 3000.0; ++k) {
            const double h = t == 0.0 ? 1e-3 : (t < 20.0 ? 0.3 * t : 5.0);
            const double a = modal.trial(h, 5.0, k == 0).v_V, b = volumes.trial(h, 5.0, k == 0).v_V;
            modal.commit();
            volumes.commit();
            t += h;
            if (t > 0.05) worst = std::fmax(worst, std::abs(a - b));
        }
        CHECK(worst <= 4e-4);
        CHECK(modal.soc() == doctest::Approx(volumes.soc()).epsilon(1e-12));
    }
}

TEST_CASE("lithium plates where the negative electrode's potential falls below lithium's") {
    const auto p = set_of("okane2022");
    double by_kind[3] = {};
    for (int kind = 0; kind < 3; ++kind) {
        cell::Echem cold(p, static_cast<cell::EchemKind>(kind)), warm(p, static_cast<cell::EchemKind>(kind));
        cold.reset(0.6, 263.15);
        warm.reset(0.6, 298.15);
        for (int k = 0; k < 60; ++k) {
            cold.trial(1.0, -5.0, k == 0);
            warm.trial(1.0, -5.0, k == 0);
            cold.commit();
            warm.commit();
        }
        CHECK(cold.plating_V() < 0.0);
        CHECK(warm.plating_V() > 0.0);
        CHECK(cold.fields().plating_V == cold.plating_V());
        by_kind[kind] = warm.plating_V();
    }
    // the DFN knows where in the electrode it happens, the SPMe estimates it, the SPM has the mean only
    CHECK(std::abs(by_kind[1] - by_kind[2]) < 0.5 * std::abs(by_kind[0] - by_kind[2]));
}
