// SPDX-License-Identifier: Apache-2.0
// SPM, SPMe and DFN of one cell. Between two accepted steps the state is constant; `trial` computes a step of length h
// at constant current and changes nothing, `commit` takes the last trial. Current in A, positive on discharge.
//
// Particles (constant diffusivity): c_s = mean + sum of q_n, q_n' = -l_n (D/R^2) (q_n + w_n R j / D), advanced exactly
// for a flux that is linear over the step. l_n, w_n = 2 / l_n: the eigenvalues of the sphere with given flux (roots of
// tan s = s), the first ones singly, the rest in groups of like decay, what lies beyond as an instantaneous part.
// Electrolyte: finite volumes on a mesh graded towards the domain ends, variable-step BDF2.
// DFN: phi_s - phi_e and j at the volumes by Newton, the electrolyte concentration beside it until both settle.
// Sources: Doyle, Fuller, Newman, J. Electrochem. Soc. 140 (1993) 1526, doi:10.1149/1.2221597; Marquis et al., J.
// Electrochem. Soc. 166 (2019) A3693, doi:10.1149/2.0341915jes (SPMe).
#pragma once
#include <array>
#include <cstddef>
#include <memory>
#include <vector>

#include "base/status.hpp"
#include "cell/echem_params.hpp"

namespace twin::cell {

enum class EchemKind : std::uint8_t { spm, spme, dfn };

struct EchemMesh {
    std::size_t n_neg = 20, n_sep = 8, n_pos = 20;
    double grading = 0.0;  // 0: uniform; towards 1: finer at the ends of each domain
};

class Echem {
public:
    Echem(std::shared_ptr<const EchemParams> params, EchemKind kind, const EchemMesh& mesh = {});
    /// A rested cell. soc: 0 empty, 1 full by the stoichiometries of the parameters.
    void reset(double soc, double t_K);
    /// Terminal voltage just after the current becomes i (states as they are).
    double voltage_V(double i_A);

    struct Trial {
        double v_V = 0.0;        // at the end of the step
        double dv_di_Ohm = 0.0;  // approximate slope, <= 0
        double heat_W = 0.0;     // mean over the step
        double t_K = 0.0;
        bool ok = false;
    };
    /// One step of h at constant i. `jump`: the current differs from that of the step before.
    const Trial& trial(double h_s, double i_A, bool jump);
    void commit();

    double soc() const;
    double t_K() const { return s_.t_K; }
    double ambient_K = 298.15;
    bool thermal = false;  // isothermal otherwise
    double charge_out_C() const { return s_.charge_C; }
    const EchemParams& params() const { return *p_; }
    /// Surface lithiation at the volumes of an electrode (x away from the negative collector), and c_e over all
    /// volumes.
    std::vector<double> surface_x(int electrode) const;
    const std::vector<double>& c_e() const { return s_.c_e; }
    const std::vector<double>& x_m() const { return x_; }
    std::size_t newton_count() const { return iterations_; }

private:
    struct Particle {
        std::vector<double> mean;  // (n)
        std::vector<double> q;     // (n x modes)
        std::vector<double> j;     // (n) flux at the end of the last step, mol/m2/s
    };
    struct State {
        std::array<Particle, 2> particle;
        std::vector<double> c_e, c_e_old;  // (all volumes) now and one step before
        std::vector<double> phi;           // (neg, pos volumes) phi_s - phi_e, start of the next Newton
        double h_old_s = 0.0;              // length of the step before, 0: none to build on
        double t_K = 298.15, charge_C = 0.0, i_A = 0.0;
    };
    struct Gains {
        double h_s = -1.0, t_K = 0.0;
        bool jump = false;
        std::vector<double> e, g0, g1;  // per mode
        double gain = 0.0;              // -dc_s/dj at the end of the step
        double d_s = 0.0, j0 = 0.0;     // at temperature
    };
    void make_mesh(const EchemMesh& m);
    void prepare(int side, double h_s, bool jump);
    void bases(int side, bool jump);
    bool solve_dfn(double h_s, double i_A_m2);
    bool solve_spm(double h_s, double i_A_m2);
    void newton_electrode(int side, double i_A_m2, double* worst_V);
    void step_electrolyte(double h_s);
    double closed_voltage(double i_A_m2);
    double j0_of(int side, double x, double c_e) const;
    void temperature_factors();

    std::shared_ptr<const EchemParams> p_;
    EchemKind kind_;
    State s_;
    std::array<std::size_t, 3> n_{};  // volumes per domain
    std::vector<double> x_, dx_;      // (all) centres and widths
    std::vector<double> eps_, brug_;  // porosity and transport efficiency per volume
    std::array<Gains, 2> gain_;
    double arr_kappa_ = 1.0, arr_de_ = 1.0, factors_t_K_ = -1.0;
    // of the trial
    double h_s_ = 0.0, i_A_ = 0.0;
    bool jump_ = false;
    Trial trial_;
    std::array<std::vector<double>, 2> base_c_, j_, u_V_, slope_, x_s_;  // per volume of an electrode
    std::array<std::vector<double>, 2> phi_;
    std::vector<double> c_new_, de_face_, kappa_, log_c_, a_, b_, c_, d_;
    std::size_t iterations_ = 0;
};

}  // namespace twin::cell
