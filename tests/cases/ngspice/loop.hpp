// SPDX-License-Identifier: Apache-2.0
// A single loop for tests of the power devices: source, R, L, optional series capacitor, then a MOSFET group with
// optional clamp and snubber across it. Integrated by SDIRK2 (Alexander) with a safeguarded Newton on the drain
// voltage. This is the tests' own integrator, written apart from the plant's; it allocates nothing but the trace. Sign:
// i > 0 flows from the source's plus through R, L, C into the drain.
#pragma once
#include <cmath>
#include <functional>
#include <stdexcept>
#include <vector>

#include "power/clamp.hpp"
#include "power/mosfet.hpp"

namespace twin::test {

struct LoopParts {
    double v_source_V = 52.0;
    double r_Ohm = 16.4e-3;
    double l_H = 2.2e-6;
    double c_series_F = 0.0;  // 0: none
    double snub_c_F = 0.0;    // 0: none
    double snub_r_Ohm = 1.0;
    bool clamp = false;
    power::ClampParams<double> clamp_parts;
    power::MosfetParams<double> fet;
    double tj_degC = 25.0;
};

struct LoopState {
    double t_s = 0.0, i_A = 0.0, q_series_C = 0.0, qg_C = 0.0, qd_C = 0.0, q_snub_C = 0.0;
    double v_ds_V = 0.0, v_gs_V = 0.0, i_channel_A = 0.0, i_avalanche_A = 0.0, i_clamp_A = 0.0;
};

/// Energies since the start, J; every line has its own formula.
struct LoopEnergy {
    double source = 0, r = 0, channel = 0, diode = 0, avalanche = 0, clamp = 0, snub_r = 0, gate_r = 0, driver = 0;
    double heat() const { return r + channel + diode + avalanche + clamp + snub_r + gate_r; }
};

class Loop {
public:
    explicit Loop(const LoopParts& p) : p_(p), c_(power::mosfet_at(p.fet, p.tj_degC)) {}

    /// At rest with the gate settled at v_gs and v_ds, loop current i.
    void start(double v_gs_V, double v_ds_V, double i_A) {
        s = {};
        e = {};
        const power::MosfetCharge<double> q = power::mosfet_charge(c_, v_gs_V, v_ds_V);
        s.qg_C = q.qg_C;
        s.qd_C = q.qd_C;
        s.v_gs_V = v_gs_V;
        s.v_ds_V = v_ds_V;
        s.i_A = i_A;
        s.q_snub_C = p_.snub_c_F * v_ds_V;
    }

    /// One step of h seconds at a constant drive voltage.
    void step(double h, double v_drive_V) {
        const double d = 1.0 - 1.0 / std::sqrt(2.0);
        const Stage a = solve(s, d * h, v_drive_V);
        const double b1 = 1.0 - d;
        LoopState hist = s;  // history of the second stage: y + h (1 - d) k1
        hist.i_A += b1 * h * a.di_dt;
        hist.q_series_C += b1 * h * a.i;
        hist.q_snub_C += b1 * h * a.i_snub;
        hist.qg_C += b1 * h * a.m.dqg_dt_A;
        hist.qd_C += b1 * h * a.m.dqd_dt_A;
        hist.v_ds_V = a.v;
        const Stage b = solve(hist, d * h, v_drive_V);
        count(b1 * h, a);
        count(d * h, b);
        s.t_s += h;
        s.i_A = b.i;
        s.q_series_C = hist.q_series_C + d * h * b.i;
        s.q_snub_C = hist.q_snub_C + d * h * b.i_snub;
        s.qg_C = b.m.qg_C;
        s.qd_C = b.m.qd_C;
        s.v_ds_V = b.v;
        s.v_gs_V = b.m.v_gs_V;
        s.i_channel_A = b.m.i_channel_A;
        s.i_avalanche_A = b.m.i_avalanche_A;
        s.i_clamp_A = b.i_clamp;
    }

    /// Energy in L, C, snubber and the charges of the MOSFET, J.
    double stored() const {
        double w = 0.5 * p_.l_H * s.i_A * s.i_A + power::mosfet_energy(c_, s.v_gs_V, s.v_ds_V);
        if (p_.c_series_F > 0) w += 0.5 * s.q_series_C * s.q_series_C / p_.c_series_F;
        if (p_.snub_c_F > 0) w += 0.5 * s.q_snub_C * s.q_snub_C / p_.snub_c_F;
        return w;
    }
    const power::MosfetCoeff<double>& coeff() const { return c_; }

    LoopState s;
    LoopEnergy e;
    long newton_iterations = 0;
    long stages = 0;

private:
    struct Stage {
        double v, i, di_dt, i_snub, i_clamp, v_drive;
        power::MosfetEval<double> m;
    };
    struct Residual {
        double f, g;
    };

    /// Fills the stage at drain voltage v; returns branch currents minus loop current and its slope (> 0).
    Residual at(const LoopState& y, double dh, double v_drive, double v, Stage& o) const {
        o.v = v;
        o.v_drive = v_drive;
        o.m = power::mosfet_eval(c_, y.qg_C, y.qd_C, dh, v_drive, v);
        double i = o.m.i_d_A, g = o.m.g_S;
        o.i_clamp = 0;
        if (p_.clamp) {
            const power::BranchIG<double> cl = power::clamp_eval(p_.clamp_parts, v);
            o.i_clamp = cl.i_A;
            i += cl.i_A;
            g += cl.g_S;
        }
        o.i_snub = 0;
        if (p_.snub_c_F > 0) {
            const double gs = 1.0 / (p_.snub_r_Ohm + dh / p_.snub_c_F);
            o.i_snub = gs * (v - y.q_snub_C / p_.snub_c_F);
            i += o.i_snub;
            g += gs;
        }
        double z = p_.r_Ohm, v_c = 0;
        if (p_.c_series_F > 0) {
            z += dh / p_.c_series_F;
            v_c = y.q_series_C / p_.c_series_F;
        }
        const double gl = dh / p_.l_H;
        o.i = (y.i_A + gl * (p_.v_source_V - v_c - v)) / (1.0 + gl * z);
        o.di_dt = (o.i - y.i_A) / dh;
        return {i - o.i, g + gl / (1.0 + gl * z)};
    }

    Stage solve(const LoopState& y, double dh, double v_drive) {
        Stage o;
        double lo = -200.0, hi = 400.0, v = y.v_ds_V;
        ++stages;
        for (int it = 0; it < 200; ++it) {
            ++newton_iterations;
            const Residual r = at(y, dh, v_drive, v, o);
            if (r.f > 0)
                hi = v;
            else
                lo = v;
            double next = v - r.f / r.g;
            if (!(next > lo && next < hi)) next = 0.5 * (lo + hi);
            if (std::fabs(next - v) <= 1e-13 + 1e-14 * std::fabs(v)) return o;
            v = next;
        }
        throw std::runtime_error("test loop: Newton did not settle");
    }

    void count(double w, const Stage& a) {
        e.source += w * p_.v_source_V * a.i;
        e.r += w * p_.r_Ohm * a.i * a.i;
        e.channel += w * a.m.p_channel_W;
        e.diode += w * a.m.p_diode_W;
        e.avalanche += w * a.m.p_avalanche_W;
        e.clamp += w * a.v * a.i_clamp;
        e.snub_r += w * p_.snub_r_Ohm * a.i_snub * a.i_snub;
        e.gate_r += w * a.m.p_gate_R_W;
        e.driver += w * a.m.p_driver_W;
    }

    LoopParts p_;
    power::MosfetCoeff<double> c_;
};

}  // namespace twin::test
