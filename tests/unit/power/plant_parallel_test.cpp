// SPDX-License-Identifier: Apache-2.0
// Two packs on one bus: current just after connection against the closed form, and which body diode blocks.
#include <doctest/doctest.h>

#include <cmath>

#include "unit/power/plant_rig.hpp"

using namespace twin;
using namespace twin::plant_test;

namespace {

constexpr double k_low_V = 3.30;

struct Pair {
    cell::EcmModel high, low;
    PlantSetup setup;
    explicit Pair(double dv_V) : high(stiff_model(k_low_V + dv_V / 16.0, 0.6)), low(stiff_model(k_low_V, 0.6)) {
        setup.packs.push_back(make_pack(high, 16, 0.5));
        setup.packs.push_back(make_pack(low, 16, 0.5));
        setup.packs[0].id = "a";
        setup.packs[1].id = "b";
        for (PackSetup& p : setup.packs) p.connected = false;
    }
    /// Series resistance of both packs and the bus, the groups with `off` not counted.
    double r_Ohm(int groups_on) const {
        double r = 0.0;
        for (const PackSetup& p : setup.packs) {
            const HarnessParts& h = p.parts.harness;
            r += 16 * (0.6e-3 + h.joint_r_Ohm) + h.p_plus_r_Ohm + h.b_minus_r_Ohm + p.parts.shunt_Ohm +
                 2 * setup.link_r_Ohm;
        }
        MosfetParams<double> f = setup.packs[0].fet;
        f.count = f.channel_count = setup.packs[0].parts.n_fet_per_group;
        return r + groups_on * mosfet_rds_on_Ohm(mosfet_at(f, 25.0), 12.0);
    }
};

/// Connects both packs with the given gates; the current out of pack a after the inductances have settled.
double current_after(const Pair& x, const double (&gate)[2][2], double* residual) {
    Rig rig(x.setup);
    for (std::size_t p = 0; p < 2; ++p) rig.gates(p, gate[p][0], gate[p][1]);
    CHECK(rig.run(0.2).ok());
    CHECK(std::fabs(rig.plant.view(0).i_pack_A) < 1e-3);
    rig.plant.connect_pack(0, true);
    rig.plant.connect_pack(1, true);
    CHECK(rig.jump().ok());
    CHECK(rig.run(3e-3).ok());  // L / R is 0.2 ms
    CHECK(rig.plant.view(1).i_pack_A == doctest::Approx(-rig.plant.view(0).i_pack_A).epsilon(1e-3));
    *residual = rig.plant.energy_residual_rel();
    return rig.plant.view(0).i_pack_A;
}

/// dv = r i + body diode of n FETs, by bisection on Shockley's equation.
double with_diode(const PackSetup& p, double dv_V, double r_Ohm) {
    const DiodeParams<double>& d = p.fet.diode;
    const double n = p.parts.n_fet_per_group, nvt = d.n * 8.617333262e-5 * 298.15;
    double lo = 0.0, hi = dv_V / r_Ohm;
    for (int k = 0; k < 200; ++k) {
        const double i = 0.5 * (lo + hi), one = i / n;
        const double v = d.v_ref_V + nvt * std::log(std::fmax(one, 1e-30) / d.i_ref_A) + d.rs_Ohm * one;
        (r_Ohm * i + v < dv_V ? lo : hi) = i;
    }
    return 0.5 * (lo + hi);
}

}  // namespace

TEST_CASE("plant: two packs 0.9 V and 4 V apart, all groups on: dV / R") {
    for (const double dv : {0.9, 4.0}) {
        const Pair x(dv);
        double residual = 1.0;
        const double i = current_after(x, {{12.0, 12.0}, {12.0, 12.0}}, &residual);
        CHECK(i == doctest::Approx(dv / x.r_Ohm(4)).epsilon(5e-3));
        CHECK(residual < 1e-9);
    }
}

TEST_CASE("plant: the higher pack's discharge group off blocks, the lower's does not: its body diode conducts") {
    const Pair x(4.0);
    double residual = 1.0;
    const double blocked = current_after(x, {{0.0, 12.0}, {12.0, 12.0}}, &residual);
    CHECK(std::fabs(blocked) < 1e-4);
    CHECK(residual < 1e-9);
    const double trap = current_after(x, {{12.0, 12.0}, {0.0, 12.0}}, &residual);
    CHECK(trap == doctest::Approx(with_diode(x.setup.packs[1], 4.0, x.r_Ohm(3))).epsilon(5e-3));
    CHECK(residual < 1e-9);
    const double both = current_after(x, {{0.0, 0.0}, {0.0, 0.0}}, &residual);
    CHECK(std::fabs(both) < 1e-4);
}

TEST_CASE("plant: exchanging the two packs changes names only") {
    const Pair x(4.0);
    Pair y(4.0);
    std::swap(y.setup.packs[0], y.setup.packs[1]);
    y.setup.packs[0].model = &y.low;
    y.setup.packs[1].model = &y.high;
    double r = 0.0;
    const double i = current_after(x, {{12.0, 12.0}, {0.0, 12.0}}, &r);
    const double j = current_after(y, {{0.0, 12.0}, {12.0, 12.0}}, &r);
    CHECK(j == doctest::Approx(-i).epsilon(1e-6));
}
