// SPDX-License-Identifier: Apache-2.0
// Eight instances of one topology in one block of lanes equal their solo runs to the bit, over control and transient
// steps; one of them is made NaN and stays so without touching the others.
#include <doctest/doctest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <memory>

#include "unit/power/plant_rig.hpp"

using namespace twin;
using namespace twin::plant_test;

namespace {

constexpr std::size_t k_dead = 5;  // the lane that is made NaN

struct Instance {
    double load_A, soc, gate_dsg_V, gate_chg_V, short_Ohm, r_scale, t_degC, draw_W, clamp_V;
    bool shorted;
};
const Instance k_instances[8] = {{20.0, 0.97, 12.0, 12.0, 5e-3, 1.00, 25.0, 1.250, 76.0, false},
                                 {60.0, 0.60, 12.0, 12.0, 5e-3, 1.10, 25.0, 1.250, 76.0, true},
                                 {0.00, 0.30, 12.0, 0.00, 9e-3, 0.90, 10.0, 0.025, 76.0, false},
                                 {5.00, 0.05, 0.00, 12.0, 9e-3, 1.30, 40.0, 1.250, 78.0, true},
                                 {99.0, 0.95, 12.0, 12.0, 2e-3, 1.05, -5.0, 1.250, 76.0, true},
                                 {20.0, 0.50, 12.0, 12.0, 5e-3, 1.00, 25.0, 1.250, 76.0, false},
                                 {20.0, 0.50, 0.00, 0.00, 5e-3, 1.20, 25.0, 0.000, 72.0, true},
                                 {1.50, 0.80, 12.0, 12.0, 0.30, 0.95, 55.0, 1.250, 76.0, true}};

PlantSetup setup_of(const cell::EcmModel& m, const Instance& x) {
    PlantSetup s;
    PackSetup p = make_pack(m, 16, x.soc);
    for (std::size_t k = 0; k < 16; ++k) {
        p.cell_params[k] = cell::make_params(m, 1.0 + 1e-3 * static_cast<double>(k), x.r_scale);
        p.cell_init[k] = cell::make_state<double>(m, p.cell_params[k], x.soc - 1e-3 * static_cast<double>(k), x.t_degC);
    }
    p.parts.clamp.v_on_V = x.clamp_V;
    p.cells_env_degC = x.t_degC;
    p.board_env_degC = x.t_degC;
    // two leads swapped: pin clamps conduct in every lane, at other currents
    std::swap(p.leads[4].tap, p.leads[5].tap);
    s.packs.push_back(p);
    s.elements.push_back(resistor("short", x.short_Ohm, 1e-6));
    s.elements.push_back(current_load("load", x.load_A, 20.0));
    return s;
}

struct Step {
    double h_s;
    Method m;
};
/// A control part, a transient part after the gates fell, and a quiet one.
std::vector<Step> schedule(int part) {
    std::vector<Step> v;
    if (part == 0) {
        for (int k = 0; k < 40; ++k)
            v.push_back({1e-6 * (1 << (k / 4)), k % 3 == 2 ? Method::one_stage : Method::sdirk2});
    } else if (part == 1) {
        for (int k = 0; k < 400; ++k) v.push_back({k < 300 ? 20e-9 : 160e-9, Method::sdirk2});
    } else {
        for (int k = 0; k < 12; ++k) v.push_back({k < 6 ? 1e-3 : 0.5, Method::one_stage});
    }
    return v;
}

template <class T>
void take(Plant<T>& p, const std::vector<Step>& steps, const bool expect_ok) {
    for (const Step& s : steps) {
        const bool ok = p.try_step(s.h_s, s.m).ok();
        if (expect_ok) REQUIRE(ok);
        if (!ok) return;
        p.commit();
    }
}

std::vector<std::uint64_t> bits(const std::vector<double>& v) {
    std::vector<std::uint64_t> b;
    for (const double x : v) b.push_back(std::bit_cast<std::uint64_t>(x));
    return b;
}
template <class T>
std::vector<double> state_of(Plant<T>& p, std::size_t lane) {
    std::vector<double> v;
    for (const T& x : p.state_block().mem()) v.push_back(base::lane(x, lane));
    for (std::size_t n = 0; n < 16; ++n) {
        const cell::EcmState<T> c = p.cell_state(0, n);
        const auto* const x = reinterpret_cast<const T*>(&c);
        for (std::size_t k = 0; k < sizeof(c) / sizeof(T); ++k) v.push_back(base::lane(x[k], lane));
    }
    const PackView<T> s = p.view(0);
    for (std::size_t k = 0; k < 17; ++k) v.push_back(base::lane(s.pin_V[k], lane));
    for (std::size_t k = 0; k < 16; ++k) v.push_back(base::lane(s.cell_V[k], lane));
    for (const T& x : {s.i_pack_A, s.shunt_V, s.p_minus_V, s.supply_V, s.vgs_V[0], s.vds_V[1], p.energy_residual_rel()})
        v.push_back(base::lane(x, lane));
    return v;
}

}  // namespace

TEST_CASE("plant: eight lanes equal eight solo runs to the bit, one of them NaN") {
    const cell::EcmModel m = cell_test::load_model("lfp-100ah");
    std::vector<std::unique_ptr<Plant<double>>> solo;
    Plant<base::Pack8> block(setup_of(m, k_instances[0]));
    base::Pack8 dsg(0.0), chg(0.0), draw(0.0);
    for (std::size_t k = 0; k < 8; ++k) {
        const Instance& x = k_instances[k];
        solo.push_back(std::make_unique<Plant<double>>(setup_of(m, x)));
        if (x.shorted) solo[k]->connect_element(0, true);
        dsg[k] = x.gate_dsg_V;
        chg[k] = x.gate_chg_V;
        draw[k] = x.draw_W;
        solo[k]->set_gate(0, Group::dsg, dsg[k]);
        solo[k]->set_gate(0, Group::chg, chg[k]);
        solo[k]->set_supply_draw(0, draw[k]);
        block.set_lane(k, *solo[k]);
    }
    for (int part = 0; part < 3; ++part) {
        if (part == 1) {
            for (std::size_t k = 0; k < 8; ++k) solo[k]->set_gate(0, Group::dsg, 0.0);
            block.set_gate(0, Group::dsg, base::Pack8(0.0));
            cell::EcmState<base::Pack8> dead = block.cell_state(0, 7);
            dead.u1_V[k_dead] = std::numeric_limits<double>::quiet_NaN();
            block.set_cell_state(0, 7, dead);
        }
        take(block, schedule(part), true);
        for (std::size_t k = 0; k < 8; ++k) {
            if (part > 0 && k == k_dead) continue;
            take(*solo[k], schedule(part), true);
            const auto a = bits(state_of(*solo[k], 0)), b = bits(state_of(block, k));
            REQUIRE(a.size() == b.size());
            std::size_t different = 0;
            for (std::size_t i = 0; i < a.size(); ++i) different += a[i] != b[i] ? 1 : 0;
            CHECK_MESSAGE(different == 0, "part ", part, " lane ", k, ": ", different, " of ", a.size());
            base::Hasher ha, hb;
            solo[k]->hash(ha, 0);
            block.hash(hb, k);
            CHECK(ha.digest() == hb.digest());
            CHECK(solo[k]->energy_residual_rel() < 1e-7);  // the gates rise in steps as long as their time constant
        }
    }
    CHECK(std::isnan(base::lane(block.view(0).i_pack_A, k_dead)));
    CHECK(std::fabs(base::lane(block.view(0).i_pack_A, 0)) < 1e5);
}

TEST_CASE("plant: a solo run that turned NaN says so") {
    const cell::EcmModel m = cell_test::load_model("lfp-100ah");
    Plant<double> p(setup_of(m, k_instances[0]));
    CHECK(p.try_step(1e-6, Method::sdirk2).ok());
    p.commit();
    cell::EcmState<double> dead = p.cell_state(0, 3);
    dead.u1_V = std::numeric_limits<double>::quiet_NaN();
    p.set_cell_state(0, 3, dead);
    CHECK(p.try_step(1e-6, Method::sdirk2).code == base::StatusCode::not_finite);
    CHECK(p.try_step(1e-3, Method::one_stage).code == base::StatusCode::not_finite);
}
