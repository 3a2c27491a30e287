// SPDX-License-Identifier: Apache-2.0
// The energy of an electrochemical cell: what it gave off as heat and work against the enthalpy of both electrodes at
// rest before and after, by quadrature over their potentials.
#include <algorithm>
#include <cmath>
#include <vector>

#include "cell/echem.hpp"
#include "echem_sets.hpp"

using namespace twin;
using cell::Echem;
using cell::EchemKind;

namespace {

constexpr double k_faraday = 96485.33212;

/// Sum over both electrodes of the charge between two lithiations times U - T dU/dT, J.
double released_J(const cell::EchemParams& p, double soc0, double soc1) {
    double sum = 0.0;
    for (const cell::EchemElectrode& e : p.electrode) {
        const double solid_m3 = e.area_per_volume_perm * e.radius_m / 3.0 * e.thickness_m * p.area_m2;
        const double a = e.x_empty + (e.x_full - e.x_empty) * soc0, b = e.x_empty + (e.x_full - e.x_empty) * soc1;
        const int n = 4000;
        double mean = 0.0;
        for (int k = 0; k < n; ++k) {
            const double x = a + (b - a) * (k + 0.5) / n;
            mean += (e.ocp_V.value(x) - p.t_ref_K * e.dudt_V_K.value(x)) / n;
        }
        sum += k_faraday * e.c_max * solid_m3 * (b - a) * mean;
    }
    return sum;
}

struct Balance {
    double released_J = 0.0, work_J = 0.0, heat_J = 0.0;
    /// What is missing of the heat, relative.
    double gap() const { return heat_J / (released_J - work_J) - 1.0; }
};

/// Half an hour at 1C from 80 %, then rest until nothing moves; at one temperature (the heat capacity is huge).
Balance discharge(const char* set, EchemKind kind, bool by_volumes, bool mixing, double h_s) {
    const auto p = study::set_of(set);
    p->heat_capacity_J_K = 1e12;
    p->cooling_W_K = 0.0;
    cell::EchemMesh mesh;
    mesh.particle_volumes = by_volumes;
    Echem c(p, kind, mesh);
    c.thermal = true;
    c.heat_of_mixing = mixing;
    c.reset(0.8, p->t_ref_K);
    Balance b;
    double v_before = c.voltage_V(p->nominal_Ah);
    const auto step = [&](double h, double i_A, bool jump) {
        const Echem::Trial t = c.trial(h, i_A, jump);
        REQUIRE(t.ok);
        b.heat_J += t.heat_W * h;
        b.work_J += 0.5 * (v_before + t.v_V) * i_A * h;
        v_before = t.v_V;
        c.commit();
    };
    double h = 1e-3;
    for (double t = 0.0; t < 1800.0; t += h, h = std::min(1.2 * h, h_s))
        step(std::min(h, 1800.0 - t), p->nominal_Ah, t == 0.0);
    h = 1e-3;
    for (double t = 0.0; t < 2e5; t += h, h = std::min(1.2 * h, 30.0 * h_s)) step(h, 0.0, t == 0.0);
    b.released_J = released_J(*p, 0.8, c.soc());
    return b;
}

}  // namespace

TEST_CASE("heat and work of a discharge are the enthalpy that both electrodes lost") {
    struct Case {
        const char* set;
        EchemKind kind;
        bool by_volumes;
    };
    for (const Case& x : {Case{"chen2020", EchemKind::spm, false}, Case{"chen2020", EchemKind::spm, true},
                          Case{"oregan2022", EchemKind::spme, false}, Case{"marquis2019", EchemKind::dfn, false},
                          Case{"ecker2015", EchemKind::dfn, false}}) {
        const Balance with = discharge(x.set, x.kind, x.by_volumes, true, 10.0);
        const Balance without = discharge(x.set, x.kind, x.by_volumes, false, 10.0);
        MESSAGE(x.set << ": heat " << with.heat_J << " J of " << with.released_J - with.work_J << ", gap " << with.gap()
                      << ", without mixing " << without.gap());
        CHECK(std::abs(with.gap()) < 0.0015);
        CHECK(without.gap() < -0.03);
    }
}
