// SPDX-License-Identifier: Apache-2.0
// Parameters of the electrochemical models (SPM, SPMe, DFN) of one cell, SI units, and the curves they use as tables.
// Sign convention: current is positive when it discharges the cell; x is the lithiation of the active material.
//
//   j0 = k F (c_e / c_e0)^p x^q (1 - x)^r,   p = q = r = 1/2 unless stated (BPX)
//   j F = 2 j0 sinh(F eta / (2 R T)),   eta = phi_s - phi_e - U(x)
//   rates and diffusivities follow exp(E/R (1/T_ref - 1/T));  effective transport = value x transport efficiency
#pragma once
#include <array>
#include <string>
#include <vector>

#include "base/constants.hpp"
#include "base/expression.hpp"
#include "base/table.hpp"
#include "cell/echem_side_params.hpp"

namespace twin::cell {

using base::k_faraday_CperMol;
using base::k_gas_JperMolK;

/// A smooth function on a uniform grid as piecewise cubics through values and slopes; straight lines outside.
class Curve {
public:
    Curve() = default;
    /// Samples f at n + 1 points of [lo, hi] (and two more beyond each end); slopes by five-point differences. Throws
    /// std::invalid_argument if a value is not finite.
    template <class F>
    Curve(const F& f, double lo, double hi, std::size_t n, const char* what) {
        std::vector<double> y(n + 5);
        const double h = (hi - lo) / static_cast<double>(n);
        for (std::size_t k = 0; k < y.size(); ++k) y[k] = f(lo + (static_cast<double>(k) - 2.0) * h);
        set(y, lo, h, what);
    }
    double value(double x) const {
        const Place p = place(x);
        return p.c->value(p.t);
    }
    double slope(double x) const {
        const Place p = place(x);
        return p.c->slope(p.t);
    }
    void both(double x, double& value, double& slope) const {
        const Place p = place(x);
        value = p.c->value(p.t);
        slope = p.c->slope(p.t);
    }
    double lo() const { return lo_; }
    double hi() const { return lo_ + h_ * static_cast<double>(n_); }
    bool empty() const { return c_.empty(); }

private:
    struct Place {
        const base::Cubic* c;
        double t;
    };
    Place place(double x) const {
        const double p = (x - lo_) * per_h_;
        const double q = p > -1.0 ? p + 1.0 : 0.0;  // NaN: 0
        const double top = static_cast<double>(n_ + 1);
        const auto s = static_cast<std::size_t>(q < top ? q : top);
        return {&c_[s], x - (lo_ + (s > 0 ? static_cast<double>(s - 1) * h_ : 0.0))};
    }
    void set(const std::vector<double>& y, double lo, double h, const char* what);  // two more points at each end
    std::vector<base::Cubic> c_;                                                    // (n + 2): below, n segments, above
    double lo_ = 0.0, h_ = 1.0, per_h_ = 1.0;
    std::size_t n_ = 0;
};

/// A property of the electrolyte over its concentration (mol/m3), and over temperature where the source gives it so:
/// curves every 2.5 K between which values run straight.
class TransportCurve {
public:
    TransportCurve() = default;
    /// f(c, T). over_t: samples 230 .. 355 K; otherwise once at t_ref.
    template <class F>
    TransportCurve(const F& f, bool over_t, double t_ref_K, double c_hi, const char* what) {
        const double lo = over_t ? 50.0 : 20.0;
        const std::size_t n = over_t ? 250 : 1000;
        const double h = (c_hi - lo) / static_cast<double>(n);
        const double begin = 3.0 * h < lo ? lo : 3.0 * h;  // the samples beyond the end stay positive
        for (std::size_t k = 0; k < (over_t ? k_temps : 1); ++k) {
            const double t_K = over_t ? t_lo(t_ref_K) + static_cast<double>(k) * k_step_K : t_ref_K;
            curves_.emplace_back([&](double c) { return f(c, t_K); }, begin, c_hi, n, what);
        }
        t_lo_K_ = t_lo(t_ref_K);
    }
    bool empty() const { return curves_.empty(); }
    /// At one temperature, times a factor.
    class At {
    public:
        double operator()(double c) const {
            const double a = a_->value(c);
            return scale_ * (w_ == 0.0 ? a : a + w_ * (b_->value(c) - a));
        }

    private:
        friend class TransportCurve;
        const Curve *a_ = nullptr, *b_ = nullptr;
        double w_ = 0.0, scale_ = 1.0;
    };
    At at(double t_K, double scale) const;

private:
    static constexpr std::size_t k_temps = 51;
    static constexpr double k_step_K = 2.5;
    static double t_lo(double t_ref_K) { return t_ref_K - 27.0 * k_step_K; }  // the reference is a point of the grid
    std::vector<Curve> curves_;
    double t_lo_K_ = 0.0;
};

struct EchemElectrode {
    double thickness_m = 0.0, radius_m = 0.0, area_per_volume_perm = 0.0;
    double porosity = 0.0, transport = 0.0;         // of the electrolyte
    double sigma_S_m = 0.0, sigma_energy_J = 0.0;   // effective
    double c_max = 0.0;                             // mol/m3
    double d_m2_s = 0.0, d_energy_J = 0.0;          // constant, or
    Curve d_of_x;                                   // over x at T_ref if it varies; empty otherwise
    double k_mol_m2_s = 0.0, k_energy_J = 0.0;      // rate constant in the form of BPX
    std::array<double, 3> j0_power{0.5, 0.5, 0.5};  // of c_e / c_e0, x, 1 - x
    double x_full = 0.0, x_empty = 0.0;             // lithiation at 100 and 0 % of the cell
    Curve ocp_V, dudt_V_K;                          // over x at T_ref
    // one state for the electrode: U = ocp + h hysteresis_V, dh/d(charge) towards +1 delithiating, -1 lithiating
    Curve hysteresis_V;  // half the gap of the branches over x; empty: none
    double hysteresis_decay = 0.0, hysteresis0 = 0.0;
};

struct EchemParams {
    std::string id, title;
    double area_m2 = 0.0;  // electrode pairs together
    double c_e0 = 0.0;     // mol/m3
    double t_plus = 0.0, activity = 1.0;
    TransportCurve t_plus_curve, diffusion_factor;  // t+ and (1 - t+) activity where they vary; empty otherwise
    TransportCurve kappa_S_m, d_e_m2_s;             // bulk
    double kappa_energy_J = 0.0, d_e_energy_J = 0.0;
    double sep_thickness_m = 0.0, sep_porosity = 0.0, sep_transport = 0.0;
    std::array<EchemElectrode, 2> electrode;  // 0 negative, 1 positive
    double t_ref_K = 298.15;
    double v_min_V = 0.0, v_max_V = 0.0, nominal_Ah = 0.0;
    double heat_capacity_J_K = 0.0, cooling_W_K = 0.0;  // of the whole cell
    double contact_Ohm = 0.0;
    SideParams side;                                 // of degradation, where the set states them
    bool electrolyte = true;                         // false: a set for the SPM alone
    double soc0 = 1.0, t0_K = 0.0, ambient_K = 0.0;  // stated initial state; 0 K: not stated
};

/// True if an electrode has two branches of open-circuit potential.
inline bool has_hysteresis(const EchemParams& p) {
    return !p.electrode[0].hysteresis_V.empty() || !p.electrode[1].hysteresis_V.empty();
}

}  // namespace twin::cell
