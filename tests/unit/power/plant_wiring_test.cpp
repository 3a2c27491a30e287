// SPDX-License-Identifier: Apache-2.0
// The AFE's input stage under wrong wiring: swapped taps against a dense nodal solution with ideal clamps and against
// the figures of the reference boards, an open tap, a burnt filter; the balancer through the leads.
#include <doctest/doctest.h>

#include <Eigen/Dense>
#include <cmath>

#include "unit/power/plant_rig.hpp"

using namespace twin;
using namespace twin::plant_test;

namespace {

struct Wiring {
    std::vector<double> channel_V;          // 1..n: pin k - pin k-1
    double filter_W = 0.0, filter_A = 0.0;  // worst filter
    double clamp_A = 0.0;                   // worst clamp
};

PlantSetup swapped(const cell::EcmModel& m, int a, int b, double r_filter_Ohm, bool back_to_back = true) {
    PlantSetup s;
    s.packs.push_back(make_pack(m, 16, 0.5));
    std::swap(s.packs[0].leads[static_cast<std::size_t>(a)].tap, s.packs[0].leads[static_cast<std::size_t>(b)].tap);
    s.packs[0].parts.input.r_filter_Ohm = r_filter_Ohm;
    s.packs[0].parts.input.balancer_fet_back_to_back = back_to_back;
    return s;
}

Wiring measure(Rig& rig, double r_filter_Ohm) {
    Wiring w;
    const auto v = rig.plant.view(0);
    for (int k = 1; k <= 16; ++k) {
        w.channel_V.push_back(v.pin_V[k] - v.pin_V[k - 1]);
        w.clamp_A = std::fmax(w.clamp_A, std::fabs(rig.plant.pin_clamp_A(0, k)));
    }
    for (int k = 0; k <= 16; ++k) w.filter_W = std::fmax(w.filter_W, rig.plant.filter_power_W(0, k));
    w.filter_A = std::sqrt(w.filter_W / r_filter_Ohm);
    return w;
}

/// Static pins by an independent nodal solution: taps are ideal sources, clamps ideal with 5 Ohm beyond -0.6 V and 30
/// V.
std::vector<double> dense_channels(double cell_V, const std::vector<int>& tap_of_lead, double r_series_Ohm) {
    const int n = 17;
    std::vector<int> mode(16, 0);  // 0 off, -1 forward, +1 reverse
    std::vector<double> ch(16, 0.0);
    for (int round = 0; round < 60; ++round) {
        Eigen::MatrixXd g = Eigen::MatrixXd::Zero(n, n);
        Eigen::VectorXd i = Eigen::VectorXd::Zero(n);
        for (int k = 0; k < n; ++k) {
            g(k, k) += 1.0 / r_series_Ohm;
            i(k) += cell_V * tap_of_lead[static_cast<std::size_t>(k)] / r_series_Ohm;
        }
        g(0, 0) += 1e-7;
        for (int k = 1; k < n; ++k) {
            const int md = mode[static_cast<std::size_t>(k - 1)];
            const double gc = 1e-7 + (md != 0 ? 1.0 / 5.0 : 0.0), v0 = md < 0 ? -0.6 : 30.0;
            g(k, k) += gc;
            g(k - 1, k - 1) += gc;
            g(k, k - 1) -= gc;
            g(k - 1, k) -= gc;
            if (md != 0) {
                i(k) += v0 / 5.0;
                i(k - 1) -= v0 / 5.0;
            }
        }
        const Eigen::VectorXd v = g.ldlt().solve(i);
        bool same = true;
        for (int k = 1; k < n; ++k) {
            const double c = v(k) - v(k - 1);
            const int want = c < -0.6 ? -1 : (c > 30.0 ? 1 : 0);
            same = same && want == mode[static_cast<std::size_t>(k - 1)];
            mode[static_cast<std::size_t>(k - 1)] = want;
            ch[static_cast<std::size_t>(k - 1)] = c;
        }
        if (same) break;
    }
    return ch;
}

}  // namespace

TEST_CASE("plant: swapped taps, every pin as an independent nodal solution gives it") {
    const cell::EcmModel m = stiff_model(3.65, 0.3);
    for (const double r : {1000.0, 220.0}) {
        for (const int d : {1, 2, 4, 6, 7, 9}) {
            const int a = 5, b = 5 + d;
            Rig rig(swapped(m, a, b, r));
            CHECK(rig.run(0.2).ok());
            std::vector<int> taps(17);
            for (int k = 0; k < 17; ++k) taps[static_cast<std::size_t>(k)] = k == a ? b : (k == b ? a : k);
            const auto want = dense_channels(3.65, taps, r + 0.04);
            const Wiring got = measure(rig, r);
            for (std::size_t k = 0; k < 16; ++k)
                CHECK(got.channel_V[k] == doctest::Approx(want[k]).epsilon(2e-3).scale(5.0));
            CHECK(rig.plant.energy_residual_rel() < 1e-9);
        }
    }
}

TEST_CASE("plant: swapped taps, the figures of the reference") {
    const cell::EcmModel m = stiff_model(3.65, 0.3);
    {  // neighbours: 5.8 V on the channels beside, -0.6 V between
        Rig rig(swapped(m, 5, 6, 1000.0));
        CHECK(rig.run(0.2).ok());
        const Wiring w = measure(rig, 1000.0);
        CHECK(w.channel_V[4] == doctest::Approx(5.8).epsilon(0.01));
        CHECK(w.channel_V[6] == doctest::Approx(5.8).epsilon(0.01));
        CHECK(w.channel_V[5] == doctest::Approx(-0.6).epsilon(0.05));
    }
    {  // distance 7: 16.5 V, 163 mW in a 1 kOhm filter rated 125 mW
        Rig rig(swapped(m, 5, 12, 1000.0));
        CHECK(rig.run(0.2).ok());
        const Wiring w = measure(rig, 1000.0);
        CHECK(w.channel_V[4] == doctest::Approx(16.5).epsilon(0.01));
        CHECK(w.filter_W == doctest::Approx(0.163).epsilon(0.02));
    }
    {  // 220 Ohm filters pass the pin limit of 25 mA at distance 4
        Rig rig3(swapped(m, 5, 8, 220.0)), rig4(swapped(m, 5, 9, 220.0)), rig9(swapped(m, 4, 13, 1000.0));
        CHECK(rig3.run(0.2).ok());
        CHECK(rig4.run(0.2).ok());
        CHECK(rig9.run(0.2).ok());
        CHECK(measure(rig3, 220.0).filter_A < 25e-3);
        CHECK(measure(rig4, 220.0).filter_A > 25e-3);
        CHECK(measure(rig9, 1000.0).filter_A < 25e-3);
    }
    {  // single balancer FETs: their body diodes carry tens of amperes through the leads at distance 1
        Rig rig(swapped(m, 5, 6, 1000.0, false));
        CHECK(rig.run(0.2).ok());
        CHECK(std::fabs(rig.plant.lead_current_A(0, 5)) > 10.0);
        CHECK(rig.plant.energy_residual_rel() < 1e-8);
    }
}

TEST_CASE("plant: an open tap floats to the middle of its neighbours, at the start and when rewired in a run") {
    const cell::EcmModel m = cell_test::load_model("lfp-100ah");
    PlantSetup s;
    s.packs.push_back(make_pack(m, 16, 0.5));
    s.packs[0].cell_init[6] = cell::make_state<double>(m, s.packs[0].cell_params[6], 0.9, 25.0);
    Rig live(s);
    CHECK(live.run(0.5).ok());
    const auto ref = live.plant.view(0);
    const double low = ref.pin_V[6], high = ref.pin_V[8], own = ref.pin_V[7];
    CHECK(std::fabs(own - 0.5 * (low + high)) > 5e-3);
    live.plant.rewire(0, 7, -1);
    CHECK(live.jump().ok());
    CHECK(live.plant.view(0).pin_V[7] == doctest::Approx(own).epsilon(1e-4));  // its capacitor still holds it
    CHECK(live.run(5.0).ok());                                                 // 2 x 0.1 uF into 2 x 10 MOhm: 1 s
    s.packs[0].leads[7].tap = -1;
    Rig born(s);
    CHECK(born.run(5.0).ok());
    for (Rig* r : {&live, &born}) {
        const auto v = r->plant.view(0);
        CHECK(v.pin_V[7] == doctest::Approx(0.5 * (low + high)).epsilon(1e-3));
        CHECK(v.pin_V[6] == doctest::Approx(low).epsilon(1e-3));
        CHECK(v.pin_V[8] == doctest::Approx(high).epsilon(1e-3));
    }
    live.plant.rewire(0, 7, 7);  // repaired
    CHECK(live.jump().ok());
    CHECK(live.run(0.5).ok());
    CHECK(live.plant.view(0).pin_V[7] == doctest::Approx(own).epsilon(1e-6));
    CHECK(live.plant.energy_residual_rel() < 1e-9);
}

TEST_CASE("plant: a burnt filter lets its pin float, a lead's resistance shows under current") {
    const cell::EcmModel m = stiff_model(3.3, 0.5);
    PlantSetup s;
    s.packs.push_back(make_pack(m, 16, 0.5));
    Rig rig(s);
    CHECK(rig.run(0.2).ok());
    rig.plant.set_pin_pull(0, 5, 100e-6);
    CHECK(rig.jump().ok());
    CHECK(rig.run(0.1).ok());
    CHECK(rig.plant.view(0).pin_V[5] == doctest::Approx(5 * 3.3 - 100e-6 * 1000.04).epsilon(1e-5));
    rig.plant.set_lead_r(0, 5, 1000.0);
    CHECK(rig.jump().ok());
    CHECK(rig.run(0.1).ok());
    CHECK(rig.plant.view(0).pin_V[5] == doctest::Approx(5 * 3.3 - 100e-6 * 2000.0).epsilon(1e-5));
    rig.plant.set_pin_pull(0, 5, 0.0);
    rig.plant.open_filter(0, 5);
    CHECK(rig.jump().ok());
    CHECK(rig.run(10.0).ok());
    CHECK(rig.plant.view(0).pin_V[5] == doctest::Approx(5 * 3.3).epsilon(1e-3));
    CHECK(rig.plant.energy_residual_rel() < 1e-9);
}

TEST_CASE("plant: a passive balance switch and a destroyed input divide with the filter resistors") {
    const cell::EcmModel m = stiff_model(3.3, 0.5);
    PlantSetup s;
    s.packs.push_back(make_pack(m, 16, 0.5));
    Rig rig(s);
    CHECK(rig.run(0.2).ok());
    const std::uint64_t at_rest = rig.hash();
    // The switch of cell 6 lies between C6 and C5: cell - lead - filter - switch - filter - lead.
    const double path_Ohm = 2.0 * 1000.04, switch_Ohm = 290.0;
    rig.plant.set_balance_switch(0, 6, 1.0 / switch_Ohm);
    CHECK(rig.hash() != at_rest);
    CHECK(rig.jump().ok());
    CHECK(rig.run(0.1).ok());
    const double i_A = 3.3 / (path_Ohm + switch_Ohm);
    const auto pin = [&rig](std::size_t k) { return rig.plant.view(0).pin_V[k]; };
    CHECK(pin(6) - pin(5) == doctest::Approx(i_A * switch_Ohm).epsilon(5e-4));
    CHECK(pin(6) == doctest::Approx(6 * 3.3 - i_A * 1000.04).epsilon(5e-4));
    CHECK(pin(5) == doctest::Approx(5 * 3.3 + i_A * 1000.04).epsilon(5e-4));
    CHECK(pin(7) == doctest::Approx(7 * 3.3).epsilon(5e-5));
    CHECK(rig.plant.filter_power_W(0, 6) == doctest::Approx(i_A * i_A * 1000.0).epsilon(1e-3));
    const double before_J = rig.plant.line_J(Line::input_heat);
    CHECK(rig.run(1.0).ok());
    CHECK(rig.plant.line_J(Line::input_heat) - before_J == doctest::Approx(3.3 * i_A).epsilon(5e-3));
    CHECK(rig.plant.energy_residual_rel() < 1e-9);
    rig.plant.set_balance_switch(0, 6, 0.0);
    CHECK(rig.jump().ok());
    CHECK(rig.run(0.1).ok());
    CHECK(pin(6) - pin(5) == doctest::Approx(3.3).epsilon(1e-5));
    // C4 is destroyed and leaks 100 uS to VSS.
    const std::uint64_t whole = rig.hash();
    rig.plant.set_pin_fault(0, 4, 100e-6);
    CHECK(rig.hash() != whole);
    CHECK(rig.jump().ok());
    CHECK(rig.run(0.1).ok());
    CHECK(pin(4) == doctest::Approx(4 * 3.3 / (1.0 + 100e-6 * 1000.04)).epsilon(5e-4));
    CHECK(pin(3) == doctest::Approx(3 * 3.3).epsilon(2e-4));
    CHECK(pin(5) == doctest::Approx(5 * 3.3).epsilon(2e-4));
    rig.plant.set_balance_switch(0, 4, 1.0 / switch_Ohm);  // went with the input
    CHECK(rig.jump().ok());
    CHECK(rig.run(0.1).ok());
    CHECK(pin(4) == doctest::Approx(4 * 3.3 / (1.0 + 100e-6 * 1000.04)).epsilon(5e-4));
    CHECK(rig.plant.energy_residual_rel() < 1e-9);
}

TEST_CASE("plant: the balancer takes and gives through the leads and its energy closes") {
    const cell::EcmModel m = stiff_model(3.3, 0.5);
    PlantSetup s;
    s.packs.push_back(make_pack(m, 16, 0.5));
    Rig rig(s);
    CHECK(rig.run(0.2).ok());
    rig.plant.set_balancer(0, 3, 11, 1.1);
    CHECK(rig.jump().ok());
    CHECK(rig.run(100.0).ok());
    const BalancerParts& b = s.packs[0].parts.balancer;
    const double i_from = 1.1 * b.transfer_fraction;
    CHECK(rig.plant.balancer_from_A(0) == doctest::Approx(i_from).epsilon(1e-9));
    const double r2 = 2 * 0.04 + 0.5e-3 + 0.05e-3, v_from = 3.3 - i_from * r2;
    double i_to = 0.0;  // i (v + r i) = power
    const double p_to = v_from * i_from * b.efficiency - b.fixed_loss_W;
    for (int k = 0; k < 50; ++k) i_to = p_to / (3.3 + r2 * i_to);
    CHECK(rig.plant.balancer_to_A(0) == doctest::Approx(i_to).epsilon(1e-4));
    const auto v = rig.plant.view(0);
    CHECK(v.tap_V[3] - v.tap_V[2] == doctest::Approx(v_from).epsilon(1e-5));  // what the AFE then reads is wrong by i R
    CHECK(rig.plant.lead_current_A(0, 3) == doctest::Approx(i_from).epsilon(1e-4));
    const double loss = (v_from * i_from - p_to) * 100.0;
    CHECK(rig.plant.line_J(Line::balancer_loss) == doctest::Approx(loss).epsilon(1e-3));
    // Switched off it runs down in its own millisecond: no step of current, no spike in the joints' inductance.
    const double rest_V = 16 * 3.3;
    double spike_V = 0.0;
    rig.watch.each = [&](double, double) {
        spike_V = std::fmax(spike_V, std::fabs(rig.plant.view(0).stack_V - rest_V));
    };
    rig.plant.set_balancer(0, 0, 0, 0.0);
    CHECK(rig.jump().ok());
    CHECK(rig.run(3e-3).ok());
    CHECK(rig.plant.balancer_from_A(0) == doctest::Approx(i_from * std::exp(-3.0)).epsilon(0.01));
    CHECK(rig.run(0.1).ok());
    CHECK(rig.plant.balancer_from_A(0) == 0.0);
    CHECK(rig.plant.balancer_to_A(0) == 0.0);
    CHECK(spike_V < 2e-3);
    const double lost_J = rig.plant.line_J(Line::balancer_loss);
    CHECK(rig.run(1.0).ok());
    CHECK(rig.plant.line_J(Line::balancer_loss) == lost_J);
    CHECK(rig.plant.energy_residual_rel() < 1e-9);
    CHECK(rig.plant.charge_residual_rel() < 1e-12);
}
