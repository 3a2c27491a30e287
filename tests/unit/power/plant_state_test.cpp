// SPDX-License-Identifier: Apache-2.0
// A plant's state: rollback, save and load, fork, all to the bit; no allocation in the step loop; the ledger's sums.
#include <doctest/doctest.h>

#include <cmath>

#include "unit/power/plant_rig.hpp"

using namespace twin;
using namespace twin::plant_test;

namespace twin::plant_test {
extern long allocations;  // plant_count_new.cpp
}

namespace {

std::vector<double> all_of(Plant<double>& p) {
    std::vector<double> v = p.state_block().mem();
    for (std::size_t n = 0; n < 16; ++n) {
        const cell::EcmState<double> c = p.cell_state(0, n);
        const auto* const x = reinterpret_cast<const double*>(&c);
        v.insert(v.end(), x, x + sizeof(c) / sizeof(double));
    }
    const PackView<double> s = p.view(0);
    for (int k = 0; k < 17; ++k) {
        v.push_back(s.pin_V[k]);
        v.push_back(s.tap_V[k]);
    }
    for (int k = 0; k < 16; ++k) v.push_back(s.cell_V[k]);
    for (const double x :
         {s.shunt_V, s.i_pack_A, s.p_minus_V, s.p_sense_V, s.supply_V, s.pack_V, s.stack_V, s.vgs_V[0], s.vgs_V[1],
          s.vds_V[0], s.vds_V[1], p.element_current_A(0), p.element_voltage_V(1), p.lead_current_A(0, 3),
          p.fet_margins(0, Group::dsg).e_av_limit_J, p.fet_margins(0, Group::dsg).tj_degC, p.stored_J()})
        v.push_back(x);
    return v;
}

/// The middle of a hard short: everything moves.
Rig in_a_short(const ShortRig& s) {
    Rig rig(s.setup);
    rig.plant.set_supply_draw(0, 1.25);
    rig.gates(0, 12.0, 12.0);
    CHECK(rig.run(0.2).ok());
    rig.plant.connect_element(0, true);
    CHECK(rig.jump().ok());
    CHECK(rig.run(150e-6).ok());
    return rig;
}

void open_and_rest(Rig& rig) {
    rig.gates(0, 0.0, 0.0);
    CHECK(rig.run(2e-3).ok());
    rig.plant.set_balancer(0, 3, 7, 1.1);
    rig.jump();
    CHECK(rig.run(0.05).ok());
    CHECK(rig.run(30.0).ok());
}

}  // namespace

TEST_CASE("plant: rollback restores everything to the bit, and a repeated step repeats it") {
    ShortRig s(20.0);
    for (const Method m : {Method::sdirk2, Method::one_stage}) {
        Rig rig = in_a_short(s);
        Plant<double>& p = rig.plant;
        CHECK(p.try_step(20e-9, m).ok());
        p.commit();
        const auto before = all_of(p);
        const auto h0 = rig.hash();
        CHECK(p.try_step(100e-9, m).ok());
        CHECK(all_of(p) == before);  // a trial leaves no trace
        CHECK(p.try_step(50e-9, m).ok());
        p.commit();
        const auto after = all_of(p);
        CHECK(rig.hash() != h0);
        p.rollback();
        CHECK(all_of(p) == before);
        CHECK(rig.hash() == h0);
        CHECK(p.try_step(50e-9, m).ok());
        p.commit();
        CHECK(all_of(p) == after);
    }
}

TEST_CASE("plant: save, load in another plant, continue: same bits") {
    ShortRig s(20.0);
    Rig a = in_a_short(s);
    a.plant.rewire(0, 5, 6);  // a state that a new plant does not have
    a.plant.rewire(0, 6, 5);
    a.plant.set_pin_fault(0, 3, 1e-4);
    a.plant.set_balance_switch(0, 7, 3e-3);
    a.plant.set_pin_pull(0, 4, 1e-6);
    a.jump();
    CHECK(a.run(20e-6).ok());
    std::vector<std::uint8_t> bytes;
    a.plant.save(bytes);
    Rig b(s.setup);
    CHECK(b.plant.load(bytes.data(), bytes.size()) == bytes.size());
    b.t = a.t;
    b.stepper = a.stepper;
    CHECK(b.hash() == a.hash());
    CHECK(all_of(b.plant) == all_of(a.plant));
    open_and_rest(a);
    open_and_rest(b);
    CHECK(b.hash() == a.hash());
    CHECK(all_of(b.plant) == all_of(a.plant));
    Rig c(s.setup);
    CHECK(c.plant.load(bytes.data(), bytes.size() - 1) == 0);
    CHECK(c.plant.load(bytes.data(), 3) == 0);
}

TEST_CASE("plant: a fork continues to the same bits and neither sees the other") {
    ShortRig s(20.0);
    Rig a = in_a_short(s);
    Rig b(a);
    Rig still(a);
    open_and_rest(a);
    open_and_rest(b);
    CHECK(a.hash() == b.hash());
    CHECK(all_of(a.plant) == all_of(b.plant));
    CHECK(still.hash() != a.hash());
    Rig again(still);
    CHECK(all_of(again.plant) == all_of(still.plant));
}

TEST_CASE("plant: resolving twice shows the same and changes no state") {
    ShortRig s(20.0);
    Rig rig = in_a_short(s);
    rig.plant.set_gate(0, Group::dsg, 0.0);
    const auto h = rig.hash();
    CHECK(rig.plant.resolve().ok());
    const auto once = all_of(rig.plant);
    CHECK(rig.plant.resolve().ok());
    CHECK(all_of(rig.plant) == once);
    CHECK(rig.hash() == h);
}

TEST_CASE("plant: no allocation in the step loop") {
    ShortRig s(20.0);
    Rig rig = in_a_short(s);
    const long before = allocations;
    base::Status st = rig.run(50e-6);
    rig.plant.set_gate(0, Group::dsg, 0.0);
    rig.stepper.restart();
    const base::Status re = rig.plant.resolve();
    const base::Status st2 = rig.run(3e-3);
    rig.plant.set_pin_pull(0, 3, 1e-4);
    rig.plant.set_balancer(0, 2, 9, 1.0);
    rig.plant.set_balance_switch(0, 5, 3e-3);
    rig.plant.set_cell_leak(0, 4, 100.0);
    rig.plant.connect_element(0, false);
    rig.plant.set_precharge(0, 1.0);
    const base::Status st3 = rig.run(20.0);
    const base::Status t1 = rig.plant.try_step(1e-3, Method::one_stage);
    rig.plant.commit();
    rig.plant.rollback();
    const long after = allocations;
    CHECK(after == before);
    CHECK(before > 100);  // it counts at all
    for (const base::Status& x : {st, re, st2, st3, t1}) CHECK(x.ok());
}

TEST_CASE("plant: energy and charge close over a short, a rest and a day's worth of steps") {
    for (const bool clamp : {true, false}) {
        ShortRig s(20.0, clamp);
        Rig rig = in_a_short(s);
        rig.run(50e-6);
        const double at_open = rig.plant.line_J(Line::defect);
        open_and_rest(rig);
        CHECK(rig.plant.energy_residual_rel() < 1e-9);
        CHECK(rig.plant.charge_residual_rel() < 1e-9);
        CHECK(rig.plant.defect_rel() < 1e-6);
        CHECK(std::fabs(rig.plant.line_J(Line::defect)) < 2.5e-4);  // a quarter of the limit at 1 kJ
        CHECK(std::fabs(at_open) < 2.5e-4);
        rig.gates(0, 12.0, 12.0);
        rig.plant.connect_element(0, false);
        rig.jump();
        CHECK(rig.run(3600.0).ok());
        CHECK(rig.plant.energy_residual_rel() < 1e-9);
        CHECK(rig.plant.charge_residual_rel() < 1e-12);
        CHECK(rig.plant.defect_rel() < 1e-6);
    }
}
