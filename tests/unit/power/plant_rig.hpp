// SPDX-License-Identifier: Apache-2.0
// Plants for tests: a pack of plain or shipped cells with everything at its default, and a listener that looks on.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "power/stepper.hpp"
#include "unit/cell/load_cell.hpp"

namespace twin::plant_test {

using namespace twin::power;
using base::Time_ns;

/// Constant OCV, R0 as given, RC pairs too small to matter.
inline cell::EcmModel stiff_model(double ocv_V, double r0_mohm, double capacity_Ah = 100.0) {
    cell::EcmModelFile f = cell_test::plain_file();
    f.capacity_Ah = f.nameplate_Ah = capacity_Ah;
    f.ocv.v_V = {ocv_V, ocv_V + 1e-9};
    f.resistance.r0_mohm.assign(4, r0_mohm);
    f.resistance.r1_mohm.assign(4, 1e-4);
    f.resistance.r2_mohm.assign(4, 1e-4);
    return cell::build(f);
}

inline PackSetup make_pack(const cell::EcmModel& m, std::int32_t n, double soc, bool board = true) {
    PackSetup p;
    p.n_cells = n;
    p.model = &m;
    p.board_fitted = board;
    for (std::int32_t k = 0; k < n; ++k) {
        p.cell_params.push_back(cell::make_params(m));
        p.cell_init.push_back(cell::make_state<double>(m, p.cell_params.back(), soc, 25.0));
    }
    if (board) {
        for (std::int32_t k = 0; k <= n; ++k) p.leads.push_back({k, 0.04});
    }
    return p;
}

inline ElementSetup resistor(const std::string& id, double r_Ohm, double l_H, bool on = false) {
    ElementSetup e;
    e.id = id;
    e.r_Ohm = r_Ohm;
    e.l_H = l_H;
    e.connected = on;
    return e;
}
inline ElementSetup current_load(const std::string& id, double i_A, double drop_V, bool on = true) {
    ElementSetup e;
    e.id = id;
    e.kind = ElementKind::current_load;
    e.i_A = i_A;
    e.v_V = drop_V;
    e.connected = on;
    return e;
}

/// Calls back after every accepted step; never asks for a stop.
struct Watch : StepListener {
    std::function<void(double ta_s, double tb_s)> each;
    long steps = 0;
    bool crossing(const PlantTime&, const PlantTime&, PlantTime*) override { return false; }
    void accepted(const PlantTime& a, const PlantTime& b) override {
        ++steps;
        if (each)
            each(static_cast<double>(a.ns) * 1e-9 + a.frac * 1e-9, static_cast<double>(b.ns) * 1e-9 + b.frac * 1e-9);
    }
};

/// A plant with its own clock and step control.
struct Rig {
    explicit Rig(const PlantSetup& s) : plant(s) {}
    Plant<double> plant;
    Stepper stepper;
    Watch watch;
    Time_ns t = 0;

    base::Status run(double for_s) {
        const Time_ns end = t + base::from_s(for_s);
        base::Status s;
        while (t < end && s.ok()) s = stepper.advance(plant, t, end, watch, &t);
        return s;
    }
    void gates(std::size_t pack, double dsg_V, double chg_V) {
        plant.set_gate(pack, Group::dsg, dsg_V);
        plant.set_gate(pack, Group::chg, chg_V);
        jump();
    }
    base::Status jump() {
        stepper.restart();
        return plant.resolve();
    }
    std::uint64_t hash() const {
        base::Hasher h;
        plant.hash(h, 0);
        return h.digest();
    }
};

/// A defaulted 16S LFP pack with a short across its terminals, not connected yet.
struct ShortRig {
    cell::EcmModel model = cell_test::load_model("lfp-100ah");
    PlantSetup setup;
    explicit ShortRig(double load_A = 0.0, bool clamp = true) {
        setup.packs.push_back(make_pack(model, 16, 0.97));
        setup.packs[0].parts.clamp.fitted = clamp;
        setup.elements.push_back(resistor("short", 5e-3, 1e-6));
        setup.elements.push_back(current_load("load", load_A, 20.0));
    }
};

}  // namespace twin::plant_test
