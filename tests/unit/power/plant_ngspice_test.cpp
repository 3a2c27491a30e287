// SPDX-License-Identifier: Apache-2.0
// The hard short of a full 16S pack through the whole plant against ngspice, with and without a clamp: peak, energies,
// times within 1 %. Junctions are held at 25 degC on both sides, as SPICE's are.
#include <doctest/doctest.h>

#include <cmath>

#include "cases/ngspice/pack_netlist.hpp"
#include "unit/power/plant_rig.hpp"

using namespace twin;
using namespace twin::plant_test;

namespace {

struct Figures {
    double peak_A = 0, v_ds_max_V = 0, e_channel_J = 0, e_clamp_J = 0, e_avalanche_J = 0, e_source_J = 0, gate_s = 0,
           zero_s = 0;
};

Figures by_plant(const ShortRig& s, double t_off_s, double t_end_s) {
    Rig rig(s.setup);
    rig.gates(0, 12.0, 12.0);
    CHECK(rig.run(0.1).ok());
    Plant<double>& p = rig.plant;
    p.connect_element(0, true);
    CHECK(rig.jump().ok());
    const auto line = [&p](Line l) { return p.line_J(l); };
    const double ch0 = line(Line::fet_channel), cl0 = line(Line::clamp_heat), av0 = line(Line::fet_avalanche);
    const auto source = [&line] {
        return line(Line::ocv_work) - line(Line::rc_heat) - line(Line::hyst_heat) - line(Line::rc_stored) -
               line(Line::hyst_stored);
    };
    const double so0 = source();
    Figures f;
    double t_last = 0.0, i_last = 0.0, g_last = 12.0;
    rig.watch.each = [&](double, double t_s) {
        const auto v = p.view(0);
        const double t = t_s - 0.1 - t_off_s;
        f.peak_A = std::fmax(f.peak_A, v.i_pack_A);
        f.v_ds_max_V = std::fmax(f.v_ds_max_V, v.vds_V[0]);
        if (f.gate_s == 0 && v.vgs_V[0] < 3.0)
            f.gate_s = t_last + (t - t_last) * (g_last - 3.0) / (g_last - v.vgs_V[0]);
        if (f.zero_s == 0 && t > 0 && v.i_pack_A < 1.0)
            f.zero_s = t_last + (t - t_last) * (i_last - 1.0) / (i_last - v.i_pack_A);
        t_last = t;
        i_last = v.i_pack_A;
        g_last = v.vgs_V[0];
    };
    CHECK(rig.run(t_off_s).ok());
    rig.gates(0, 0.0, 0.0);
    CHECK(rig.run(t_end_s - t_off_s).ok());
    f.e_channel_J = line(Line::fet_channel) - ch0;
    f.e_clamp_J = line(Line::clamp_heat) - cl0;
    f.e_avalanche_J = line(Line::fet_avalanche) - av0;
    f.e_source_J = source() - so0;
    CHECK(p.energy_residual_rel() < 1e-9);
    CHECK(p.defect_rel() < 1e-6);
    return f;
}

Figures by_spice(const ShortRig& s, double t_off_s, double t_end_s) {
    test::PackShort x;
    x.pack = s.setup.packs[0];
    for (std::size_t k = 0; k < 16; ++k) {
        const auto& c = x.pack.cell_init[k];
        x.emf_V.push_back(cell::emf(s.model, x.pack.cell_params[k], c));
        x.r_Ohm.push_back(c.r0_Ohm + x.pack.parts.harness.joint_r_Ohm);
    }
    x.t_off_s = t_off_s;
    x.t_end_s = t_end_s;
    const bool clamp = x.pack.parts.clamp.fitted;
    x.measures =
        ".meas tran i_pk MAX I(Vi)\n.meas tran v_max MAX V(mid)\n.meas tran t_gate WHEN V(dg)=3 FALL=1\n"
        ".meas tran t_zero WHEN I(Vi)=1 FALL=1\n";
    for (const char* e : {"dch", "cch", "dav", "cav", "so"})
        x.measures += fmt::format(".meas tran e_{0} FIND V(e_{0}) AT={1:.17g}\n", e, t_end_s - 1e-9);
    if (clamp) x.measures += fmt::format(".meas tran e_cl FIND V(e_cl) AT={:.17g}\n", t_end_s - 1e-9);
    auto m = test::spice_run(test::pack_netlist(x), clamp ? "pack-clamp" : "pack-bare");
    Figures f;
    f.peak_A = m.at("i_pk");
    f.v_ds_max_V = m.at("v_max");
    f.gate_s = m.at("t_gate") - t_off_s;
    f.zero_s = m.at("t_zero") - t_off_s;
    f.e_channel_J = m.at("e_dch") + m.at("e_cch");
    f.e_avalanche_J = m.at("e_dav") + m.at("e_cav");
    f.e_source_J = m.at("e_so");
    f.e_clamp_J = clamp ? m.at("e_cl") : 0.0;
    return f;
}

}  // namespace

TEST_CASE("plant: hard short of a full 16S pack against ngspice, every figure within 1 %") {
    for (const bool clamp : {true, false}) {
        ShortRig s(0.0, clamp);
        s.setup.elements.resize(1);
        for (double& r : s.setup.packs[0].foster.r_K_per_W) r = 1e-9;  // held at 25 degC
        s.setup.packs[0].parts.thermal.c_th_J_K = 1e9;
        const Figures a = by_plant(s, 200e-6, 600e-6), b = by_spice(s, 200e-6, 600e-6);
        INFO("clamp ", clamp);
        CHECK(a.peak_A == doctest::Approx(b.peak_A).epsilon(0.01));
        CHECK(a.v_ds_max_V == doctest::Approx(b.v_ds_max_V).epsilon(0.01));
        CHECK(a.e_source_J == doctest::Approx(b.e_source_J).epsilon(0.01));
        CHECK(a.e_channel_J == doctest::Approx(b.e_channel_J).epsilon(0.01));
        CHECK(a.gate_s == doctest::Approx(b.gate_s).epsilon(0.01));
        CHECK(a.zero_s == doctest::Approx(b.zero_s).epsilon(0.01));
        if (clamp)
            CHECK(a.e_clamp_J == doctest::Approx(b.e_clamp_J).epsilon(0.01));
        else
            CHECK(a.e_avalanche_J == doctest::Approx(b.e_avalanche_J).epsilon(0.01));
        MESSAGE(
            fmt::format("clamp {}: peak {:.1f}/{:.1f} A, v_ds {:.2f}/{:.2f} V, channel {:.4f}/{:.4f} J, clamp "
                        "{:.4f}/{:.4f} J, avalanche "
                        "{:.4f}/{:.4f} J, source {:.4f}/{:.4f} J, gate {:.3f}/{:.3f} us, zero {:.2f}/{:.2f} us",
                        clamp, a.peak_A, b.peak_A, a.v_ds_max_V, b.v_ds_max_V, a.e_channel_J, b.e_channel_J,
                        a.e_clamp_J, b.e_clamp_J, a.e_avalanche_J, b.e_avalanche_J, a.e_source_J, b.e_source_J,
                        1e6 * a.gate_s, 1e6 * b.gate_s, 1e6 * a.zero_s, 1e6 * b.zero_s));
    }
}
