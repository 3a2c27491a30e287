// SPDX-License-Identifier: Apache-2.0
// The whole plant against closed forms: R-L short, R-L-C inrush, heating, avalanche.
#include <doctest/doctest.h>

#include <cmath>
#include <complex>

#include "unit/power/plant_rig.hpp"

using namespace twin;
using namespace twin::plant_test;

namespace {

/// R and L of a 16S stack without a board: cells, joints, half of the cable.
struct Stack {
    double v_V, r_Ohm, l_H;
};
Stack stack_of(const PackSetup& p, double ocv_V, double r0_Ohm) {
    const HarnessParts& h = p.parts.harness;
    const double n = p.n_cells;
    Stack s{n * ocv_V, n * (r0_Ohm + h.joint_r_Ohm) + h.p_plus_r_Ohm, n * h.cell_l_H + 0.5 * h.cable_l_H};
    if (p.board_fitted) {
        s.r_Ohm += h.b_minus_r_Ohm + p.parts.shunt_Ohm;
        s.l_H += 0.5 * h.cable_l_H + p.parts.shunt_l_H;
    }
    return s;
}

double group_r_Ohm(const PackSetup& p, double v_gate_V, double tj_degC) {
    MosfetParams<double> f = p.fet;
    f.count = f.channel_count = p.parts.n_fet_per_group;
    return mosfet_rds_on_Ohm(mosfet_at(f, tj_degC), v_gate_V);
}

}  // namespace

TEST_CASE("plant: R-L current of a short, bare stack, within 0.5 % at all times") {
    const cell::EcmModel m = stiff_model(3.3, 0.6);
    PlantSetup s;
    s.packs.push_back(make_pack(m, 16, 0.5, false));
    s.elements.push_back(resistor("short", 5e-3, 1e-6));
    Rig rig(s);
    CHECK(rig.run(1e-3).ok());
    rig.plant.connect_element(0, true);
    CHECK(rig.jump().ok());
    CHECK(std::fabs(rig.plant.view(0).i_pack_A) < 1.0);  // an inductor's current does not jump
    const Stack k = stack_of(s.packs[0], 3.3, 0.6e-3);
    const double r = k.r_Ohm + 5e-3, tau = (k.l_H + 1e-6) / r, t0 = 1e-3;
    double worst = 0.0;
    long seen = 0;
    rig.watch.each = [&](double, double t) {
        if (t - t0 < 0.05 * tau) return;
        const double want = k.v_V / r * -std::expm1(-(t - t0) / tau);
        worst = std::fmax(worst, std::fabs(rig.plant.view(0).i_pack_A / want - 1.0));
        ++seen;
    };
    CHECK(rig.run(2e-3).ok());
    CHECK(seen > 20);
    CHECK(worst < 0.005);
    CHECK(worst < 5e-4);  // what it reaches
    CHECK(rig.plant.energy_residual_rel() < 1e-9);
}

TEST_CASE("plant: R-L current through the board with both groups on") {
    const cell::EcmModel m = stiff_model(3.3, 0.6);
    PlantSetup s;
    s.packs.push_back(make_pack(m, 16, 0.5));
    s.elements.push_back(resistor("short", 0.1, 2e-6));
    Rig rig(s);
    rig.gates(0, 12.0, 12.0);
    CHECK(rig.run(0.1).ok());
    rig.plant.connect_element(0, true);
    CHECK(rig.jump().ok());
    const Stack k = stack_of(s.packs[0], 3.3, 0.6e-3);
    const double r = k.r_Ohm + 0.1 + 2.0 * group_r_Ohm(s.packs[0], 12.0, 25.0);
    const double tau = (k.l_H + 2e-6) / r;
    for (const double t : {0.5 * tau, tau, 2.0 * tau, 6.0 * tau}) {
        CHECK(rig.run(0.1 + t - static_cast<double>(rig.t) * 1e-9).ok());
        const double at_s = static_cast<double>(rig.t) * 1e-9 - 0.1;  // whole ns
        CHECK(rig.plant.view(0).i_pack_A == doctest::Approx(k.v_V / r * -std::expm1(-at_s / tau)).epsilon(5e-3));
    }
    const auto v = rig.plant.view(0);
    CHECK(v.shunt_V == doctest::Approx(0.2e-3 * v.i_pack_A).epsilon(1e-3));
}

TEST_CASE("plant: R-L-C inrush into 10 mF") {
    const cell::EcmModel m = stiff_model(3.3, 0.1);
    for (const double c_F : {10e-3, 0.1e-3}) {  // overdamped and ringing
        PlantSetup s;
        s.packs.push_back(make_pack(m, 16, 0.5, false));
        ElementSetup e;
        e.id = "bank";
        e.kind = ElementKind::capacitor;
        e.r_Ohm = 10e-3;
        e.l_H = 3e-6;
        e.c_F = c_F;
        s.elements.push_back(e);
        Rig rig(s);
        CHECK(rig.run(1e-3).ok());
        rig.plant.connect_element(0, true);
        CHECK(rig.jump().ok());
        const Stack k = stack_of(s.packs[0], 3.3, 0.1e-3);
        const double r = k.r_Ohm + e.r_Ohm, l = k.l_H + e.l_H;
        const std::complex<double> root = std::sqrt(std::complex<double>(r * r / (4 * l * l) - 1 / (l * c_F)));
        const auto i = [&](double t) {  // both cases of the damping by the complex form
            return (k.v_V / l * std::exp(-r / (2 * l) * t) * std::sinh(root * t) / root).real();
        };
        double peak = 0, t_peak = 0, want_peak = 0, want_t = 0, worst = 0;
        rig.watch.each = [&](double, double t) {
            const double now = rig.plant.element_current_A(0), t1 = t - 1e-3;
            worst = std::fmax(worst, std::fabs(now - i(t1)));
            if (now > peak) {
                peak = now;
                t_peak = t1;
            }
        };
        CHECK(rig.run(2e-3).ok());
        for (double t = 0; t < 2e-3; t += 1e-7) {
            if (i(t) > want_peak) {
                want_peak = i(t);
                want_t = t;
            }
        }
        CHECK(peak == doctest::Approx(want_peak).epsilon(5e-3));
        CHECK(t_peak == doctest::Approx(want_t).epsilon(0.05));  // steps near a flat top
        CHECK(worst < 0.005 * want_peak);
        CHECK(rig.plant.energy_residual_rel() < 1e-9);
    }
}

TEST_CASE("plant: a cell without surroundings warms by I^2 R t / C") {
    cell::EcmModelFile f = cell_test::plain_file();
    f.capacity_Ah = f.nameplate_Ah = 1000.0;
    f.ocv.v_V = {3.3, 3.3 + 1e-9};
    f.resistance.r0_mohm.assign(4, 10.0);
    f.resistance.r1_mohm.assign(4, 1e-4);
    f.resistance.r2_mohm.assign(4, 1e-4);
    f.thermal = {200.0, 40.0, 1.5, 1e6};
    const cell::EcmModel m = cell::build(f);
    PlantSetup s;
    s.packs.push_back(make_pack(m, 4, 0.9, false));
    s.elements.push_back(current_load("load", 50.0, 1.0));
    Rig rig(s);
    CHECK(rig.run(60.0).ok());
    const double i = rig.plant.view(0).i_pack_A;
    CHECK(i == doctest::Approx(50.0).epsilon(1e-6));
    for (std::size_t c = 0; c < 4; ++c) {
        const auto& x = rig.plant.cell_state(0, c);
        const double heat = 200.0 * (x.t_core_degC - 25.0) + 40.0 * (x.t_surf_degC - 25.0);
        CHECK(heat == doctest::Approx(50.0 * 50.0 * 10e-3 * 60.0).epsilon(5e-3));
    }
    CHECK(rig.plant.line_J(Line::r0_heat) == doctest::Approx(4 * 50.0 * 50.0 * 10e-3 * 60.0).epsilon(1e-3));
}

TEST_CASE("plant: junction temperature of a held current is the Foster network's") {
    const cell::EcmModel m = stiff_model(3.3, 0.6);
    PlantSetup s;
    s.packs.push_back(make_pack(m, 16, 0.5));
    s.packs[0].fet.alpha_per_K = 0.0;
    s.packs[0].fet.vth_tc_V_per_K = 0.0;
    s.elements.push_back(current_load("load", 100.0, 1.0, false));
    Rig rig(s);
    rig.gates(0, 12.0, 12.0);
    CHECK(rig.run(0.5).ok());
    rig.plant.connect_element(0, true);
    CHECK(rig.jump().ok());
    CHECK(rig.run(5e-3).ok());
    const double r = group_r_Ohm(s.packs[0], 12.0, 25.0);
    const double p_one = 100.0 * 100.0 * r / s.packs[0].parts.n_fet_per_group;
    double rise = 0;
    const double rs[] = {0.09, 0.27, 0.54}, taus[] = {50e-6, 1e-3, 10e-3};
    for (int k = 0; k < 3; ++k) rise += p_one * rs[k] * -std::expm1(-5e-3 / taus[k]);
    CHECK(rig.plant.fet_tj_degC(0, Group::dsg) - rig.plant.board_degC(0) == doctest::Approx(rise).epsilon(5e-3));
}

TEST_CASE("plant: avalanche energy without a clamp follows the exact formula") {
    const cell::EcmModel m = stiff_model(3.3, 0.6);
    PlantSetup s;
    PackSetup p = make_pack(m, 16, 0.5);
    p.parts.clamp.fitted = false;
    p.parts.snubber.c_F = 1e-9;
    p.parts.gate.r_gate_Ohm = 1.0;  // leaves little to the channel
    p.fet.v_br_tc_per_K = 0.0;      // V_c of the formula is constant
    p.fet.r_av_Ohm = 1e-5;
    p.fet.alpha_per_K = 0.0;  // and so is R
    p.fet.vth_tc_V_per_K = 0.0;
    s.packs.push_back(p);
    s.elements.push_back(resistor("short", 5e-3, 1e-6));
    Rig rig(s);
    rig.gates(0, 12.0, 12.0);
    CHECK(rig.run(0.1).ok());
    rig.plant.connect_element(0, true);
    CHECK(rig.jump().ok());
    CHECK(rig.run(200e-6).ok());
    rig.plant.set_gate(0, Group::dsg, 0.0);
    CHECK(rig.jump().ok());
    double i_start = 0.0, t_start = 0.0, t_end = 0.0;
    rig.watch.each = [&](double, double t) {
        const auto v = rig.plant.view(0);
        if (i_start == 0.0 && v.vds_V[0] > 109.9) {
            i_start = v.i_pack_A;
            t_start = t;
        }
        if (i_start > 0.0 && t_end == 0.0 && v.i_pack_A < 1.0) t_end = t;
    };
    CHECK(rig.run(400e-6).ok());
    CHECK(i_start > 1000.0);
    const Stack k = stack_of(p, 3.3, 0.6e-3);
    const double v_c = 110.0, r = k.r_Ohm + 5e-3 + group_r_Ohm(p, 12.0, 25.0), l = k.l_H + 1e-6;
    const double tau = l / r, kk = (v_c - k.v_V) / r, t_f = tau * std::log(1.0 + i_start / kk);
    const double want = v_c * (tau * (i_start + kk) * -std::expm1(-t_f / tau) - kk * t_f);
    CHECK(rig.plant.line_J(Line::fet_avalanche) == doctest::Approx(want).epsilon(5e-3));
    CHECK(rig.plant.fet_energy_J(0, Group::dsg, Line::fet_avalanche) == doctest::Approx(want).epsilon(5e-3));
    CHECK(t_end - t_start == doctest::Approx(t_f).epsilon(5e-3));
    CHECK(rig.plant.energy_residual_rel() < 1e-9);
}
