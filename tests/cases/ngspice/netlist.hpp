// SPDX-License-Identifier: Apache-2.0
// Writes the loop of loop.hpp as an ngspice netlist, runs ngspice in batch mode and reads its measurements.
// The channel is SPICE's own level-1 MOSFET with RD, the body diode its own junction, charges are charge-defined
// capacitors, avalanche and clamp are behavioural: nothing of this project's device code is involved.
#pragma once
#include <fmt/format.h>

#include <unistd.h>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <stdexcept>
#include <string>

#include "cases/ngspice/loop.hpp"

namespace twin::test {

struct SpiceRun {
    double v_on_V = 12.0;  // gate drive until t_off, 0 after
    double t_off_s = 1.0;
    double t_end_s = 1e-3;
    double h_max_s = 10e-9;
    double v_gs0_V = 12.0, v_ds0_V = 0.0;
    std::string measures;  // ".meas tran name ..." lines
};

/// The netlist. Nodes: s source, a after R, l after L, d drain, g gate, dr driver; e_* hold energies in J on 1 F.
inline std::string spice_netlist(const LoopParts& p, const SpiceRun& r) {
    const power::MosfetParams<double>& f = p.fet;
    std::string n = "* single loop with a MOSFET group, written by a test\n";
    n += fmt::format(".options temp={0} tnom={0} reltol=1e-4 abstol=1e-6 vntol=1e-6 chgtol=1e-15 itl4=200 gmin=1e-14\n",
                     p.tj_degC);
    n += fmt::format("Vs s 0 {:.17g}\nRl s a {:.17g}\nLl a l {:.17g} ic=0\n", p.v_source_V, p.r_Ohm, p.l_H);
    if (p.c_series_F > 0)
        n += fmt::format("Cs l d {:.17g} ic=0\n", p.c_series_F);
    else
        n += "Vl l d 0\n";
    n += fmt::format("Vdr dr 0 PWL(0 {0:.17g} {1:.17g} {0:.17g} {2:.17g} 0)\nRg dr g {3:.17g}\n", r.v_on_V, r.t_off_s,
                     r.t_off_s + 1e-12, f.r_gate_Ohm);
    n += fmt::format(
        "Vch d dm 0\nM1 dm g 0 0 ch\n.model ch NMOS(level=1 VTO={:.17g} KP={:.17g} LAMBDA=0 GAMMA=0 RD={:.17g} IS=0)\n",
        f.vth_V, f.k_A_per_V2 * f.channel_count, f.r0_Ohm / f.channel_count);
    n += fmt::format("Rlk d 0 {:.17g}\n", 1.0 / (f.leak_S * f.count));
    const double vt = power::k_boltzmann_over_charge_V_per_K * (p.tj_degC + base::k_zero_degC_K);
    const double is = f.diode.i_ref_A * std::exp(-f.diode.v_ref_V / (f.diode.n * vt)) * f.count;
    n += fmt::format("D1 0 d body\n.model body D(IS={:.17g} N={:.17g} RS={:.17g})\n", is, f.diode.n,
                     f.diode.rs_Ohm / f.count);
    const auto knee = [](double v_on, double w, double slope) {  // rounded corner of a piecewise-linear element at V(d)
        return fmt::format(
            "{2:.17g}*(min(max(V(d)-{0:.17g}+{1:.17g}/2,0),{1:.17g})^2/(2*{1:.17g})+max(V(d)-{0:.17g}-{1:.17g}/2,0))",
            v_on, w, slope);
    };
    n += fmt::format("Bav d av I={}\nVav av 0 0\n", knee(f.v_br_V, f.av_knee_V, f.count / f.r_av_Ohm));
    n += fmt::format("Cgs g 0 {:.17g}\n", f.cgs_F * f.count);
    n += fmt::format("Cgd g d Q='{0:.17g}*V(g,d)+{1:.17g}*(V(g,d)+sqrt(V(g,d)*V(g,d)+{2:.17g})-{3:.17g})'\n",
                     f.cgd_min_F * f.count, 0.5 * f.cgd_delta_F * f.count, f.cgd_w_V * f.cgd_w_V, f.cgd_w_V);
    n += fmt::format("Cds 0 d Q='{0:.17g}*V(0,d)+{1:.17g}*(V(0,d)+sqrt(V(0,d)*V(0,d)+{2:.17g})-{3:.17g})'\n",
                     f.cds_min_F * f.count, 0.5 * f.cds_delta_F * f.count, f.cds_w_V * f.cds_w_V, f.cds_w_V);
    if (p.snub_c_F > 0) n += fmt::format("Csn d sn {:.17g}\nRsn sn 0 {:.17g}\n", p.snub_c_F, p.snub_r_Ohm);
    if (p.clamp) {
        const power::ClampParams<double>& c = p.clamp_parts;
        n += fmt::format("Bcl d cl I={}+{:.17g}*V(d)\nVcl cl 0 0\n", knee(c.v_on_V, c.knee_V, 1.0 / c.r_Ohm), c.leak_S);
        n += "Becl 0 e_cl I=V(d)*I(Vcl)\nCecl e_cl 0 1 ic=0\nRecl e_cl 0 1e12\n";
    }
    n += "Bech 0 e_ch I=V(d)*I(Vch)\nCech e_ch 0 1 ic=0\nRech e_ch 0 1e12\n";
    n += "Beav 0 e_av I=V(d)*I(Vav)\nCeav e_av 0 1 ic=0\nReav e_av 0 1e12\n";
    n += fmt::format("Beso 0 e_so I=-{:.17g}*I(Vs)\nCeso e_so 0 1 ic=0\nReso e_so 0 1e12\n", p.v_source_V);
    n += fmt::format(".ic V(g)={0:.17g} V(d)={1:.17g} V(dr)={2:.17g} V(s)={3:.17g} V(a)={3:.17g}", r.v_gs0_V, r.v_ds0_V,
                     r.v_on_V, p.v_source_V);
    if (p.snub_c_F > 0) n += " V(sn)=0";
    n += fmt::format("\n.tran {0:.17g} {1:.17g} 0 {0:.17g} uic\n", r.h_max_s, r.t_end_s);
    n += r.measures + ".end\n";
    return n;
}

/// Runs ngspice; returns the named measurements. Throws with ngspice's own output when it is missing or fails.
inline std::map<std::string, double> spice_run(const std::string& netlist, const std::string& name) {
    namespace fs = std::filesystem;
    const fs::path dir = fs::temp_directory_path() / fmt::format("bmstwin-ngspice-{}-{}", ::getpid(), name);
    fs::create_directories(dir);
    const fs::path cir = dir / "loop.cir", log = dir / "loop.log";
    std::ofstream(cir) << netlist;
    const std::string command = fmt::format("cd {} && ngspice -n -b loop.cir > {} 2>&1", dir.string(), log.string());
    const int rc = std::system(command.c_str());
    std::map<std::string, double> out;
    std::string text, line;
    std::ifstream in(log);
    while (std::getline(in, line)) {
        text += line + "\n";
        const auto eq = line.find('=');
        if (eq == std::string::npos) continue;
        std::string key = line.substr(0, eq);
        while (!key.empty() && key.back() == ' ') key.pop_back();
        char* end = nullptr;
        const char* at = line.c_str() + eq + 1;
        const double value = std::strtod(at, &end);
        if (end != at && key.find(' ') == std::string::npos) out[key] = value;
    }
    if (rc != 0 || out.empty())
        throw std::runtime_error(
            fmt::format("ngspice failed (status {}); is it installed (Debian package ngspice)?\n{}", rc, text));
    fs::remove_all(dir);
    return out;
}

}  // namespace twin::test
