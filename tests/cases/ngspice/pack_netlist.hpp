// SPDX-License-Identifier: Apache-2.0
// The power loop of a whole pack as an ngspice netlist: every cell with its EMF, R0 and inductance, leads, shunt, both
// MOSFET groups with gates and snubbers, the clamp, and the short at the terminals. Written from the same parameters as
// the plant; devices are SPICE's own (level-1 MOSFET, junction diode) or charge-defined capacitors and behavioural
// sources.
#pragma once
#include "cases/ngspice/netlist.hpp"
#include "power/plant_config.hpp"

namespace twin::test {

struct PackShort {
    power::PackSetup pack;             // fet, parts
    std::vector<double> emf_V, r_Ohm;  // per cell, joint included
    double short_Ohm = 5e-3, short_H = 1e-6;
    double v_on_V = 12.0, t_off_s = 200e-6, t_end_s = 600e-6, h_max_s = 20e-9, tj_degC = 25.0;
    std::string measures;
};

/// One MOSFET group d-s with its gate driver (node <n>g), energies on 1 F at e_<n>ch, e_<n>di, e_<n>av.
inline std::string group_netlist(const PackShort& x, const std::string& n, const std::string& d, const std::string& s) {
    power::MosfetParams<double> f = x.pack.fet;
    f.count = f.channel_count = x.pack.parts.n_fet_per_group;
    f.r_gate_Ohm = x.pack.parts.gate.r_gate_Ohm;
    const double vt = power::k_boltzmann_over_charge_V_per_K * (x.tj_degC + base::k_zero_degC_K);
    const double is = f.diode.i_ref_A * std::exp(-f.diode.v_ref_V / (f.diode.n * vt)) * f.count;
    const std::string v = fmt::format("V({},{})", d, s);
    std::string t;
    t += fmt::format("V{0}dr {0}dr {4} PWL(0 {1:.17g} {2:.17g} {1:.17g} {3:.17g} 0)\nR{0}g {0}dr {0}g {5:.17g}\n", n,
                     x.v_on_V, x.t_off_s, x.t_off_s + 1e-12, s, f.r_gate_Ohm);
    t += fmt::format("V{0}ch {1} {0}dm 0\nM{0} {0}dm {0}g {2} {2} {0}mod\n", n, d, s);
    t += fmt::format(".model {}mod NMOS(level=1 VTO={:.17g} KP={:.17g} LAMBDA=0 GAMMA=0 RD={:.17g} IS=0)\n", n, f.vth_V,
                     f.k_A_per_V2 * f.channel_count, f.r0_Ohm / f.channel_count);
    t += fmt::format("R{0}lk {1} {2} {3:.17g}\n", n, d, s, 1.0 / (f.leak_S * f.count));
    t += fmt::format(
        "V{0}di {2} {0}da 0\nD{0} {0}da {1} {0}body\n.model {0}body D(IS={3:.17g} N={4:.17g} RS={5:.17g})\n", n, d, s,
        is, f.diode.n, f.diode.rs_Ohm / f.count);
    t += fmt::format(
        "B{0}av {1} {0}av "
        "I={2:.17g}*(min(max({3}-{4:.17g}+{5:.17g}/2,0),{5:.17g})^2/(2*{5:.17g})+max({3}-{4:.17g}-{5:.17g}/2,0))\n"
        "V{0}av {0}av {6} 0\n",
        n, d, f.count / f.r_av_Ohm, v, f.v_br_V, f.av_knee_V, s);
    t += fmt::format("C{0}gs {0}g {1} {2:.17g}\n", n, s, f.cgs_F * f.count);
    const auto charge = [](double c_min, double half, double w, const std::string& u) {
        return fmt::format("Q='{0:.17g}*{3}+{1:.17g}*({3}+sqrt({3}*{3}+{2:.17g})-{4:.17g})'\n", c_min, half, w * w, u,
                           w);
    };
    t += fmt::format("C{0}gd {0}g {1} ", n, d) +
         charge(f.cgd_min_F * f.count, 0.5 * f.cgd_delta_F * f.count, f.cgd_w_V, fmt::format("V({}g,{})", n, d));
    t += fmt::format("C{0}ds {2} {1} ", n, d, s) +
         charge(f.cds_min_F * f.count, 0.5 * f.cds_delta_F * f.count, f.cds_w_V, fmt::format("V({},{})", s, d));
    t += fmt::format("C{0}sn {1} {0}sn {3:.17g}\nR{0}sn {0}sn {2} {4:.17g}\n", n, d, s, x.pack.parts.snubber.c_F,
                     x.pack.parts.snubber.r_Ohm);
    for (const auto& [e, sign] : {std::pair<const char*, const char*>{"ch", ""}, {"di", "-"}, {"av", ""}})
        t += fmt::format(
            "Be{0}{1} 0 e_{0}{1} I={2}{3}*I(V{0}{1})\nCe{0}{1} e_{0}{1} 0 1 ic=0\nRe{0}{1} e_{0}{1} 0 1e12\n", n, e,
            sign, v);
    return t;
}

/// Nodes: t0..tn taps, pp and pm terminals, s source of the discharge group (ground), mid the common drain, bm board
/// minus.
inline std::string pack_netlist(const PackShort& x) {
    const power::BoardParts& b = x.pack.parts;
    const power::HarnessParts& h = b.harness;
    const auto n = x.emf_V.size();
    std::string t = "* a pack shorted at its terminals, written by a test\n";
    t += fmt::format(".options temp={0} tnom={0} reltol=1e-4 abstol=1e-6 vntol=1e-6 chgtol=1e-15 itl4=200 gmin=1e-14\n",
                     x.tj_degC);
    const auto rl = [](const std::string& name, const std::string& a, const std::string& c, double r, double l) {
        return fmt::format("R{0} {1} x{0} {3:.17g}\nL{0} x{0} {2} {4:.17g} ic=0\n", name, a, c, r, l);
    };
    std::string power = "0";
    for (std::size_t k = 1; k <= n; ++k) {
        t += fmt::format("Vc{0} y{0} t{1} {2:.17g}\n", k, k - 1, x.emf_V[k - 1]);
        t += rl(fmt::format("c{}", k), fmt::format("y{}", k), fmt::format("t{}", k), x.r_Ohm[k - 1], h.cell_l_H);
        power += fmt::format("-{:.17g}*I(Vc{})", x.emf_V[k - 1], k);
    }
    t += rl("pp", fmt::format("t{}", n), "pp", h.p_plus_r_Ohm, 0.5 * h.cable_l_H);
    t += rl("sh", "pp", "pq", x.short_Ohm, x.short_H);
    t += "Vi pq pm 0\n";
    t += group_netlist(x, "c", "mid", "pm");
    t += group_netlist(x, "d", "mid", "0");
    t += rl("st", "0", "bm", b.shunt_Ohm, b.shunt_l_H);
    t += rl("bm", "bm", "t0", h.b_minus_r_Ohm, 0.5 * h.cable_l_H);
    if (b.clamp.fitted) {
        const power::ClampParams<double> knee;
        t += fmt::format(
            "Bcl pm cl "
            "I={0:.17g}*(min(max(V(pm)-{1:.17g}+{2:.17g}/2,0),{2:.17g})^2/(2*{2:.17g})+max(V(pm)-{1:.17g}-{2:.17g}/"
            "2,0))\n"
            "Vcl cl 0 0\nBecl 0 e_cl I=V(pm)*I(Vcl)\nCecl e_cl 0 1 ic=0\nRecl e_cl 0 1e12\n",
            1.0 / b.clamp.r_Ohm, b.clamp.v_on_V, knee.knee_V);
    }
    t += "Beso 0 e_so I=" + power + "\nCeso e_so 0 1 ic=0\nReso e_so 0 1e12\n";
    // before the short: no current, the terminal as high as the stack
    double sum = 0.0;
    t += fmt::format(
        ".ic V(dg)={0:.17g} V(cg)={0:.17g} V(ddr)={0:.17g} V(cdr)={0:.17g} V(mid)=0 V(pm)=0 V(bm)=0 V(t0)=0", x.v_on_V);
    for (std::size_t k = 1; k <= n; ++k) {
        sum += x.emf_V[k - 1];
        t += fmt::format(" V(t{})={:.17g}", k, sum);
    }
    t += fmt::format(" V(pp)={:.17g}\n.tran {:.17g} {:.17g} 0 {:.17g} uic\n", sum, x.h_max_s, x.t_end_s, x.h_max_s);
    return t + x.measures + ".end\n";
}

}  // namespace twin::test
