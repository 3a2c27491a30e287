// SPDX-License-Identifier: Apache-2.0
// A pack of cells with a third RC pair, resistances over the direction, instantaneous hysteresis and side reactions:
// the plant's ledger closes with the line of the side reactions, and a saved run goes on to the same bits.
#include <doctest/doctest.h>

#include <vector>

#include "plant_rig.hpp"

using namespace twin;
using namespace twin::plant_test;

TEST_CASE("plant: extended cells close energy and charge while the current turns; save and load") {
    const cell::EcmModel m = cell::build(cell_test::extended_file());
    for (const std::int32_t n : {4, 5}) {
        CAPTURE(n);
        PlantSetup s;
        s.packs.push_back(make_pack(m, n, 0.5, false));
        s.elements.push_back(current_load("load", 80.0, 2.0));
        ElementSetup charger;
        charger.id = "charger";
        charger.kind = ElementKind::charger;
        charger.i_A = 60.0;
        charger.v_V = 3.6 * n;
        charger.r_Ohm = 10e-3;
        s.elements.push_back(charger);
        Rig rig(s);
        const auto turn = [&rig](bool charge) {
            rig.plant.connect_element(0, !charge);
            rig.plant.connect_element(1, charge);
            CHECK(rig.jump().ok());
        };
        for (int k = 0; k < 3; ++k) {
            turn(k % 2 == 1);
            CHECK(rig.run(5.0).ok());
        }
        turn(true);
        CHECK(rig.run(2.0).ok());
        CHECK(rig.plant.view(0).i_pack_A == doctest::Approx(-60.0).epsilon(1e-3));
        CHECK(rig.plant.cell_state(0, 1).dir > 0.9);
        CHECK(rig.plant.energy_residual_rel() < 1e-8);
        CHECK(rig.plant.charge_residual_rel() < 1e-12);
        CHECK(rig.plant.line_J(Line::side_heat) > 0.005 * 60.0 * 7.0 * 3.2 * n);
        CHECK(rig.plant.line_J(Line::hyst_heat) > 0.0);
        std::vector<std::uint8_t> bytes;
        rig.plant.save(bytes);
        Rig other(s);
        REQUIRE(other.plant.load(bytes.data(), bytes.size()) == bytes.size());
        other.t = rig.t;
        other.stepper.restore(rig.stepper.h_s(), rig.stepper.fresh());
        CHECK(other.run(1.5).ok());
        CHECK(rig.run(1.5).ok());
        CHECK(other.hash() == rig.hash());
    }
}
