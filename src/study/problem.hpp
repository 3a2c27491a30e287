// SPDX-License-Identifier: Apache-2.0
// The least-squares problem of the fit: simulated voltage over the parameters, with its Jacobian.
//
//   v = OCV(soc) + c(soc) + e(soc) (T - T_ref) + a M(soc) h + M0 d - sum u_k - (R0 - R_ct) i - R_ct i g,
//   u_k' = (R_k i - u_k) / tau_k,   R_ct = max(R0 - R_ohm, 0), g: charge transfer (cell/ecm_model.hpp)
//   R_k = R_k,dis (1 + (rho_k - 1) (1 + d) / 2),   Q dsoc/dt = -(i + (1 - eta) max(-i, 0))
//
// log R_k is linear in soc between soc knots and a cubic spline in 1/T between temperature knots (a bent Arrhenius
// line), tau_k, the hysteresis rate gamma and amplitude scale a are common; soc at the start of each file may shift.
// Priors: R smooth over soc and level where no data are, Arrhenius over temperature, c and shift small, e near the slow
// tests' dU/dT where these have it. Current k is constant from sample k-1 to k, as the cell model has it.
#pragma once
#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "study/ocv.hpp"
#include "study/recording.hpp"
#include "study/spectrum.hpp"

namespace twin::study {

struct Span {
    std::ptrdiff_t at = 0, n = 0;
};

/// Standard deviations that the priors assume, and their weight beside the data. `level`: R like that of the next soc;
/// `firm`: factor on `smooth_soc` and `level` of the slowest pair of a fit to pulses.
struct Priors {
    double smooth_soc = 2e-3, level = 3e-4, firm = 1.0, arrhenius = 1e-3, ocv = 2e-2, ocv_bend = 0.0, entropy = 0.3,
           known_entropy = 1.0, shift = 0.3, log_tau = 1e-4, log_gamma = 3e-4, log_amplitude = 1e-2, log_ratio = 3e-4,
           instant = 3e-4, loss = 5e-4, kinetic = 3e-4,
           typical = 0.0,  // of the pairs that are diffusion: see expect_typical (slow_pair.hpp)
        any = 1e-6;        // volts per unit of the parameter
};

/// log R at one charge and temperature: beyond + sum of w p[first + at].
struct KnotWeights {
    std::vector<std::ptrdiff_t> at;
    std::vector<double> w;
    double beyond = 0.0;
};

inline constexpr double k_m0_V = 0.01, k_side = 0.01;  // units of two parameters

struct Problem {
    std::vector<const Recording*> files;
    std::vector<Spectrum> spectra;    // impedance (spectrum.hpp)
    std::vector<double> tau_start_s;  // (n_rc) where the search begins; empty: as usual for recordings
    OcvData ocv;
    std::string chemistry;
    double capacity_Ah = 0.0, soc_floor_rel = 0.05;
    std::vector<double> r_soc, t_K;            // knots
    std::vector<double> ocv_soc, entropy_soc;  // knots of c and e
    int slow = -1;                             // pairs from this on are diffusion (slow_pair.hpp); -1: none
    std::vector<double> slow_log_shape;        // (r_soc) about which the slowest one's log R is smooth
    std::vector<std::vector<bool>> left_out;   // (files)(samples) without weight; empty: none
    Priors priors;
    int n_rc = 2;  // 1..3
    bool hysteresis = false, entropy = false;
    std::vector<int> by_direction;  // resistances (0: R0) with a ratio rho of charging to discharging
    bool instant = false, loss = false;
    bool kinetic = false;    // R_ohm is a parameter; else R0 is ohmic
    double ohmic_Ohm = 0.0;  // about which it is sought

    // layout of the parameter vector
    std::vector<Span> r;  // R0, R1, ..
    Span tau, gamma, amplitude, correction, slope, shift;
    Span ratio, m0, side;  // log rho; M0 in k_m0_V; 1 - eta in k_side
    Span ohmic_log;        // log of R_ohm
    std::ptrdiff_t n = 0;

    void lay_out();
    /// Place of log rho of resistance k in the parameters; -1: none.
    std::ptrdiff_t ratio_of(int k) const;
    std::vector<double> start() const;
    /// R_ohm; infinite without charge transfer.
    double ohmic(const std::vector<double>& p) const;
    /// Assumed beyond the measured temperatures: log of c + (1 - c) exp(E / T - E / 298 K). LFP c = 0.6, E = 5000 K
    /// (fitted A123, -25..45 degC, within 10 %); the others c = 0.78, E = 5800 K (48 kJ/mol, charge transfer): at 10, 0
    /// and -10 degC 1.40, 2.08, 3.70 of what it is at 25 degC, where NCR18650PF has 1.40, 2.15, 3.38 (pulses of 10 s,
    /// 1C), at 50 degC 0.83, where LG M50 has 0.9, VTC5A 0.7.
    double log_typical(double t_degC) const;
    /// The same of diffusion: Arrhenius with 2500 K, 21 kJ/mol (LG M50 at 0.5C..2C, 25..53 degC; ORegan2022's
    /// diffusivities have 12 and 17 kJ/mol, its electrolyte about 17).
    double log_typical_slow(double t_degC) const;
    /// Of resistance k, either of these.
    double log_typical_of(int k, double t_degC) const {
        return is_slow(k) ? log_typical_slow(t_degC) : log_typical(t_degC);
    }
    bool is_slow(int k) const { return slow > 0 && k >= slow; }
    /// log R about which pair k is smooth over soc, at knot s: that of diffusion for the slowest one.
    double log_shape(int k, std::size_t s) const { return slow > 0 && k == n_rc ? slow_log_shape[s] : 0.0; }
    /// Typical log R of pair k, one that is diffusion, at knots s and t.
    double log_expected(int k, std::size_t s, std::size_t t) const;
    /// What the prior says of parameter k of the slope, 0.1 V/K: dU/dT of the slow tests, 0 if they have none.
    double slope_prior(std::size_t k) const;
    KnotWeights knots_at(double soc, double t_degC) const;
    /// Resistance k at (soc, T), ohms.
    double resistance(const std::vector<double>& p, int k, double soc, double t_degC) const;
    /// Simulated voltage of file f (n samples). `jac`, if given, gets its derivative by the parameters at the samples
    /// `rows` (rising): (rows x parameters), column by column.
    std::vector<double> simulate(const std::vector<double>& p, std::size_t f, double* jac,
                                 const std::vector<std::ptrdiff_t>& rows) const;
};

struct Solution {
    std::vector<double> p, sigma;           // uncertainty without the prior `typical`: what the data say
    std::vector<double> covariance;         // (parameters x parameters)
    std::vector<double> data_weight;        // diagonal of the data's normal matrix: 0 where no sample
                                            // depends on the parameter
    double rms_V = 0.0, independent = 0.0;  // residual, and how many samples of it count as independent
    int iterations = 0;
    bool converged = false;
};

/// Levenberg-Marquardt (MINPACK's, by Eigen), from `start()` or from the parameters given. `progress` gets one line per
/// iteration.
Solution solve(const Problem& problem, const std::function<void(const std::string&)>& progress,
               const std::vector<double>& from = {});

}  // namespace twin::study
