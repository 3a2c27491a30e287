// SPDX-License-Identifier: Apache-2.0
// The particles of one electrode at n places: lithium diffuses in spheres whose surface takes a flux j (mol/m2/s,
// positive: lithium leaves). After `begin` the surface concentration at the end of the step is base[k] - gain[k] j[k].
//
// Constant diffusivity: c_s = mean + sum of q_n, q_n' = -l_n (D/R^2) (q_n + w_n R j / D), advanced exactly for a flux
// that is linear over the step (constant after a jump). l_n, w_n = 2 / l_n: the eigenvalues of the sphere with given
// flux (roots of tan s = s), the first ones singly, the rest in groups of like decay, what lies beyond at once.
// D(x): finite volumes, finer towards the surface (geometric), BDF2 with variable step, backward Euler after a jump;
// D at the end of the step (extrapolated, then once corrected), its mean between two volumes by Simpson's rule. The
// mean concentration is advanced by itself and the profile moved to it, so that charge is exact for any change of
// current.
#pragma once
#include <cstddef>
#include <vector>

#include "base/hash.hpp"

#include "cell/echem_params.hpp"

namespace twin::cell {

class Particles {
public:
    Particles() = default;
    /// shells: volumes of a particle; by_volumes also where the diffusivity is constant.
    Particles(const EchemElectrode& e, std::size_t n, std::size_t shells, bool by_volumes);
    void reset(double x);
    /// From now on part of the flux may be turned back at the surface: see side().
    void with_side_flux();
    /// A step of h (0: none) after one of h_old, with the diffusivity times a factor.
    void begin(double h_s, double h_old_s, bool jump, double factor);
    /// Once more with the diffusivity at the concentrations that these fluxes give. False: nothing to be done.
    bool again(const double* j);
    void commit(const double* j);
    /// Largest departure of a concentration from its straight continuation in the last pass, in c_max (volumes).
    double bend() const;
    /// Of the flux that leaves, this much (constant over the step) doesn't come from the particle. Moves base.
    void side(std::size_t k, double flux) {
        base_[k] += side_gain_ * (flux - side_[k]) + (modal_ ? 0.0 : gain_[k] * (flux - side_[k]));
        side_[k] = flux;
    }
    /// All concentrations of a particle by so much, mol/m3.
    void move(std::size_t k, double dc);
    const std::vector<double>& base() const { return base_; }  // (n) mol/m3
    const std::vector<double>& gain() const { return gain_; }  // (n) s/m
    const std::vector<double>& flux() const { return j_; }     // (n) at the end of the last step
    const std::vector<double>& flux_old() const { return j_old_; }
    const std::vector<double>& mean() const { return mean_; }  // (n) mol/m3
    /// What diffusion in the particles at k dissipates after the last commit, W per m3 of active material: the enthalpy
    /// U - T dU/dT that lithium loses on its way, F D / c_max (dx/dr)^2 (-dU_H/dx) over the volume.
    double mixing_W_m3(std::size_t k, double t_ref_K) const;
    /// Concentration at the surfaces now, (n) mol/m3.
    std::vector<double> surface() const;
    /// All state as numbers, and back.
    void save(std::vector<double>& out) const;
    void hash(base::Hasher& h) const;
    const double* load(const double* in);
    std::size_t state_size() const;

private:
    void begin_modal(double h_s, bool jump);
    void extrapolate();
    void profile(const double* j);
    void begin_volumes();
    void turn_back();
    void make_shells(std::size_t shells);
    static void prepare_mixing();  // its tables, which all cells share
    double mixing_of_modes(std::size_t k, double t_ref_K) const;
    double mixing_of_volumes(std::size_t k, double t_ref_K) const;
    double diffusivity(double c) const;

    const EchemElectrode* e_ = nullptr;
    std::size_t n_ = 0, rows_ = 0;  // rows: modes or volumes
    bool modal_ = true;
    // state
    std::vector<double> mean_, j_, j_old_;
    std::vector<double> q_;      // modal: (n x modes); volumes: (shells + 1, n), the last row is the surface
    std::vector<double> q_old_;  // volumes: a step before
    // of the step
    std::vector<double> base_, gain_, gain_c_;
    std::vector<double> q_used_;
    std::vector<double> q_new_;  // volumes: at the end of the step
    double factor_ = 0.0, h_s_ = 0.0, h_old_s_ = 0.0;
    bool jump_ = false;
    std::vector<double> side_, side_old_;  // (n) of the trial, of the last step; empty: none
    double side_gain_ = 0.0;               // modal
    // modal
    std::vector<double> e_decay_, g0_, g1_;
    double d_s_ = 0.0, mode_gain_ = 0.0, made_h_s_ = -1.0, made_factor_ = -1.0;
    bool made_jump_ = false;
    // volumes
    std::vector<double> volume_, width_, face_, between_;  // V_m, width, A of the inner face, distance of centres
    std::vector<double> up_, right_, diff_, surf_;         // (shells, n) of the elimination; (n) base and gain of c_s
};

}  // namespace twin::cell
