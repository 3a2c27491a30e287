// SPDX-License-Identifier: Apache-2.0
// SEI growth and lithium plating on the particles of the negative electrode, at n places. phi = phi_s - phi_e, phi_f =
// phi less the drop over the film (rho L i), f = F/(R T), currents in A per m2 of particle, positive = oxidation.
//
//   SEI     dL/dt = -V i_sei / (F z);  every law times exp(E/R (1/T_ref - 1/T))
//           reaction limited            i = -j0 exp(-f/2 (phi_f - U))
//           solvent diffusion           i = -F D c / L
//           interstitial diffusion      i = -F D c / L exp(-f phi)
//           EC reaction and diffusion   i = -F c k / (1 + L k / D),  k = k0 exp(-f/2 (phi_f - U))
//   plating i = F k (c_pl exp((1 - alpha) f phi_f) - c_e exp(-alpha f phi_f)); irreversible: the second term alone,
//           and what it plates is dead; partially reversible: dc_dead/dt = gamma c_pl, gamma = gamma0 L_0 / L
//
// c_pl, c_dead: mol per m3 of electrode. A step takes the rates at the mean of its two ends (after a jump of the
// current, at its end) and is then exact for constant rates: sqrt law of L, exponential of c_pl, so that it stays
// positive at any step. What a step consumed, divided by its length, is `mean`: the current that the particles give up,
// so that lithium is closed to rounding.
// Sources: Marquis, DPhil thesis (Oxford 2020), 5.6.4; Yang, Leng, Zhang, Ge, Wang, J. Power Sources 360 (2017) 28,
// doi:10.1016/j.jpowsour.2017.05.110 (EC); O'Kane et al., J. Electrochem. Soc. 167 (2020) 090540,
// doi:10.1149/1945-7111/ab90ac (plating); O'Kane et al., Phys. Chem. Chem. Phys. 24 (2022) 7909,
// doi:10.1039/D2CP00417H (dead lithium, parameters).
#pragma once
#include <cstddef>
#include <vector>

#include "base/hash.hpp"

#include "cell/echem_side_params.hpp"

namespace twin::cell {

class SideReactions {
public:
    SideReactions() = default;
    SideReactions(const SideParams& p, const SideLaws& laws, double area_per_volume_perm, double t_ref_K,
                  std::size_t n);
    bool on() const { return n_ > 0; }
    void reset();
    void begin(double h_s, bool jump, double t_K);

    /// What the laws need of the potential: exp((1-alpha) f phi_f), exp(-alpha f phi_f), exp(-f/2 (phi_f - U)), exp(-f
    /// phi). Those of a sum of potentials are the products.
    struct Drive {
        double strip = 1.0, plate = 1.0, half = 1.0, one = 1.0;
    };
    Drive drive(double phi_f_V, double phi_V) const;
    /// That of a difference of potential alone (without U).
    Drive shape(double d_V) const;

    struct Flux {
        double i_A_m2 = 0.0, slope_S_m2 = 0.0, slope_c = 0.0;  // at the end of the step; over phi_f and over c_e
        double mean_A_m2 = 0.0;                                // of the step
    };
    /// The trial's step at one place with these values at its end.
    Flux at(std::size_t k, const Drive& d, double c_e);
    void commit();

    // of the trial (after commit or reset: of the state)
    double sei_m(std::size_t k) const { return next_[k].sei_m; }
    double plated(std::size_t k) const { return next_[k].plated; }
    double dead(std::size_t k) const { return next_[k].dead; }
    /// i x (open-circuit potential of its reaction), W/m2; plating's is 0.
    double reversible_W_m2(std::size_t k) const { return next_[k].i_sei * p_.sei_ocp_V; }
    double now_A_m2(std::size_t k) const { return next_[k].i_A_m2; }
    /// Current at the end of the last step taken and its mean over that step.
    double last_A_m2(std::size_t k) const { return now_[k].i_A_m2; }
    double film_Ohm_m2(double sei_m) const { return p_.sei_resistivity_Ohm_m * sei_m; }
    /// Lithium in SEI grown since new, mol per m2 of particle and metre of thickness.
    double sei_li_mol_m3() const { return p_.sei_li_per_mol / p_.sei_volume_m3_mol; }
    double sei0_m() const { return p_.sei_thickness_m; }
    std::size_t size() const { return n_; }
    const SideLaws& laws() const { return laws_; }

    /// The states that only grow, (2 n): per place L^2 (L if limited by the reaction) and dead lithium; and a change of
    /// them. `taken` (n): the lithium that this takes, mol per m3 of electrode.
    void slow(std::vector<double>& out) const;
    void move_slow(const double* d, double* taken);

    void hash(base::Hasher& h) const;
    void save(std::vector<double>& out) const;
    const double* load(const double* in);

private:
    struct Place {
        double sei_m = 0.0, plated = 0.0, dead = 0.0;
        double strip_per_s = 0.0, plate_mol_m3_s = 0.0, sei_drive = 1.0;  // rates at this instant
        double i_A_m2 = 0.0, mean_A_m2 = 0.0, i_sei = 0.0;
    };
    void grow(const Place& a, const Drive& d, Place& b, Flux& f) const;
    void plate(const Place& a, const Drive& d, double c_e, Place& b, Flux& f) const;

    SideParams p_;
    SideLaws laws_;
    double area_perm_ = 1.0, t_ref_K_ = 298.15;
    std::size_t n_ = 0;
    std::vector<Place> now_, next_;  // (n)
    // of the step
    double h_s_ = 0.0, f_perV_ = 38.9, arrhenius_ = 1.0, t_K_ = -1.0, w_ = 0.5;  // w: weight of the step's end
};

}  // namespace twin::cell
