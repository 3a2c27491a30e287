// SPDX-License-Identifier: Apache-2.0
// SPM, SPMe and DFN of one cell. Between two accepted steps the state is constant; `trial` computes a step of length h
// and changes nothing, `commit` takes the last trial. Current in A, positive on discharge. After a jump the current is
// constant over the step, otherwise it runs straight from the last one to i.
//
// Particles: cell/echem_particles.hpp. Electrolyte: finite volumes on a mesh graded towards the domain ends,
// variable-step BDF2; the flux of ions is -D grad c + t+ i_e / F.
// DFN: phi_s - phi_e, j and c_e of all volumes together by Newton (blocks of 2 x 2, tridiagonal).
// Sources: Doyle, Fuller, Newman, J. Electrochem. Soc. 140 (1993) 1526, doi:10.1149/1.2221597; Marquis et al., J.
// Electrochem. Soc. 166 (2019) A3693, doi:10.1149/2.0341915jes (SPMe).
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/hash.hpp"
#include "base/status.hpp"
#include "cell/echem_params.hpp"
#include "cell/echem_particles.hpp"
#include "cell/echem_side.hpp"

namespace twin::cell {

enum class EchemKind : std::uint8_t { spm, spme, dfn };

struct EchemMesh {
    std::size_t n_neg = 0, n_sep = 0, n_pos = 0;  // 0: 14, 6, 14 (SPMe); 20, 8, 20 (DFN)
    double grading = 0.0;                         // 0: uniform; towards 1: finer at the ends of each domain
    std::size_t shells = 50;                      // volumes of a particle whose diffusivity depends on x
    bool particle_volumes = false;                // volumes for every particle, as a check of the decays
};

/// Volumes of the negative electrode, the separator and the positive electrode.
std::array<std::size_t, 3> volumes(const EchemMesh& m, EchemKind kind);

/// What is inside after the last trial (or commit). Places run from the negative collector to the positive one.
struct EchemFields {
    std::vector<double> x_m, c_e, phi_e_V;                     // (volumes of all three domains); SPM: c_e only
    std::array<std::vector<double>, 2> x_electrode_m;          // (places of the electrode: 1 for SPM and SPMe)
    std::array<std::vector<double>, 2> c_surface, j, phi_s_V;  // mol/m3, mol/m2/s, V (0 at the negative collector)
    std::array<double, 2> c_max{};                             // mol/m3, of the active material
    double plating_V = 0.0;  // least phi_s - phi_e in the negative electrode: below 0, lithium may plate
};

/// What side reactions have done since the reset: charge of the lithium in each, C; means over the electrode.
struct EchemDegradation {
    double sei_m = 0.0, sei_max_m = 0.0;
    double film_Ohm_m2 = 0.0, film_Ohm = 0.0;  // on the particles' area; of the cell
    double sei_C = 0.0, plated_C = 0.0, dead_C = 0.0;
    double lost_C() const { return sei_C + dead_C; }  // plated lithium may come back
};

class Echem {
public:
    /// `laws`: side reactions at the negative electrode (cell/echem_side.hpp), none by default. std::invalid_argument
    /// if the parameters lack what they need.
    Echem(std::shared_ptr<const EchemParams> params, EchemKind kind, const EchemMesh& mesh = {},
          const SideLaws& laws = {});
    /// A rested cell. soc: 0 empty, 1 full by the stoichiometries of the parameters. h: how it came there,
    /// -1 discharged .. +1 charged, of both electrodes; none: as the parameters say.
    void reset(double soc, double t_K, std::optional<double> h = {});
    /// Mean over the electrodes that have a hysteresis, -1 discharged .. +1 charged; 0 without.
    double hysteresis() const;
    /// Terminal voltage just after the current becomes i (states as they are).
    double voltage_V(double i_A);

    struct Trial {
        double v_V = 0.0;     // at the end of the step
        double heat_W = 0.0;  // mean over the step; see heat_of_mixing
        double t_K = 0.0;
        double bend = 0.0;  // largest departure of a lithiation from its straight continuation (D that varies)
        bool ok = false;
    };
    /// One step of h. `jump`: the current differs from that of the step before.
    const Trial& trial(double h_s, double i_A, bool jump);
    void commit();

    double soc() const;
    double t_K() const { return s_.t_K; }
    double ambient_K = 298.15;
    bool thermal = false;  // isothermal otherwise
    /// Whether the heat of a warming cell has what diffusion in the particles dissipates (the heat of mixing), without
    /// which its energy does not close. A step of an isothermal cell leaves it out.
    bool heat_of_mixing = true;
    double charge_out_C() const { return s_.charge_C; }
    const EchemParams& params() const { return *p_; }
    /// Surface lithiation at the volumes of an electrode (x away from the negative collector), and c_e over all
    /// volumes.
    std::vector<double> surface_x(int electrode) const;
    const std::vector<double>& c_e() const { return s_.c_e; }
    const std::vector<double>& x_m() const { return x_; }
    EchemFields fields() const;
    double plating_V() const;
    EchemDegradation degradation() const;
    const SideLaws& side_laws() const { return side_.laws(); }
    /// The side reactions' states that only grow, and a change of them at the expense of the lithium in the negative
    /// particles: what many periods of a duty do (study/side_ageing.hpp).
    std::vector<double> slow() const;
    void move_slow(const std::vector<double>& d);
    /// Lithium in both electrodes' particles, in SEI grown since new, plated and dead, C: what no step may change.
    double lithium_C() const;
    std::size_t newton_count() const { return iterations_; }

    /// The state as bytes (little-endian, with kind, mesh and a checksum). A restored cell goes on equal to the bit.
    /// restore throws std::invalid_argument if the bytes are of another kind or mesh, or damaged.
    std::vector<std::uint8_t> snapshot() const;
    /// Feeds all that a snapshot holds. Doesn't allocate.
    void hash(base::Hasher& h) const;
    void restore(const std::vector<std::uint8_t>& bytes);

private:
    struct State {
        std::array<Particles, 2> particle;
        std::vector<double> c_e, c_e_old;  // (all volumes) now and one step before
        std::vector<double> phi, phi_old;  // (neg, pos volumes) phi_s - phi_e, start of the next Newton
        double h_old_s = 0.0;              // length of the step before, 0: none to build on
        double t_K = 298.15, charge_C = 0.0, i_A = 0.0;
        double jumped = 1.0;                        // 1: the step before began with a jump
        double mixing_W = 0.0, mixing_old_W = 0.0;  // heat of mixing at the ends of the last two steps
        std::array<double, 2> hysteresis{};
    };
    struct Block {  // a y[v-1] + b y[v] + c y[v+1] = r for the changes y of phi and c_e
        double a11 = 0.0, a12 = 0.0, a22 = 0.0, b11 = 0.0, b12 = 0.0, b21 = 0.0, b22 = 0.0;
        double c11 = 0.0, c12 = 0.0, c22 = 0.0, r1 = 0.0, r2 = 0.0;
    };
    struct Bdf {
        double now = 1.0, one = 1.0, before = 0.0, per_h = 0.0;
    };
    Bdf weights(double h_s) const;
    void make_mesh(const EchemMesh& m);
    void temperature_factors();
    void start_values(double h_s);
    template <bool with_side>
    bool solve_dfn(double h_s, double i_A_m2);
    void solve_spm(double h_s, double i_A_m2);
    void properties();
    template <bool with_side>
    void electrode_rows(std::size_t sd, double i_A_m2);
    bool solve(double h_s, double i_A_m2);
    // side reactions: cell/echem_side_step.cpp
    struct Across {  // at one place, per F: flux of the side reactions, its slopes; potential over the film per flux
        double flux = 0.0, slope = 0.0, slope_c = 0.0, film = 0.0;
    };
    bool solve_spm_side(double i_A_m2);
    double negative_eta_V(double flux, double* slope) const;
    void shape_side(double i_A_m2);
    SideReactions::Flux mean_side(double phi_f_V, double film_V);
    void side_rates();
    Across across(std::size_t k) const;
    double least_over_film_V() const;
    double side_heat_W_m2() const;
    double side_width_m(std::size_t k) const;
    void ion_rows(double h_s);
    void solve_rows();
    double within(std::size_t sd, std::size_t k, double change) const;
    void diffusion();
    struct Bent {  // v: the volume left of the face
        std::size_t v;
        double left, right;
    };
    Bent bent(std::size_t face) const;
    void step_electrolyte(double h_s);
    void sources();
    void surfaces();
    void advance_hysteresis(double h_s, double i_A_m2);
    double dfn_voltage(double i_A_m2);
    double spm_voltage(double i_A_m2);
    template <class F>
    double mean_log(std::size_t sd, const F& f) const;
    double mean_asinh(std::size_t sd, double half_i, double log_mean) const;
    double inside(std::size_t v) const;
    void heat(double i_A);
    double mixing_W() const;
    double mixing_mean_W() const;
    double j0_of(std::size_t side, double x, double c_e) const;
    std::size_t first_of(std::size_t side) const { return side == 0 ? 0 : n_[0] + n_[1]; }
    using Scalars = std::array<double, 11>;  // of the state, first in a snapshot
    Scalars scalars() const;
    std::vector<double> state_numbers() const;

    std::shared_ptr<const EchemParams> p_;
    EchemKind kind_;
    State s_;
    SideReactions side_;                     // per volume of the negative electrode; one place in the SPM
    std::array<std::size_t, 3> n_{};         // volumes per domain
    std::vector<double> x_, dx_;             // (all) centres and widths
    std::vector<double> eps_, brug_, half_;  // porosity, transport efficiency, half a width over the latter, per volume
    std::vector<double> per_face_;           // a sixth over the distance of two centres, each over its efficiency
    bool uniform_ = true;                    // equal widths in each domain
    // at temperature
    std::array<double, 2> d_factor_{}, j0_factor_{}, sigma_{};
    TransportCurve::At kappa_at_, de_at_, t_plus_at_, thermo_at_;
    bool t_varies_ = false, root_j0_ = true;
    double b_log_ = 0.0, entering_ = 1.0;  // 2RT/F (1 - t+) activity; 1 - t+
    double factors_t_K_ = -1.0;
    // of the trial
    double h_s_ = 0.0, i_A_ = 0.0;
    bool jump_ = false;
    Trial trial_;
    std::array<std::vector<double>, 2> j_, f_, slope_, slope_c_, x_s_, u_V_;  // per place of an electrode
    std::array<std::vector<double>, 2> phi_;
    std::vector<Block> rows_;
    std::vector<double> c_new_, de_face_, ohm_half_, log_c_, bl_, t_face_, source_, phi_e_, a_, b_, c_, d_, diff_;
    std::array<double, 2> hysteresis_{};
    std::vector<SideReactions::Drive> side_shape_;  // (places) SPM, SPMe: of the profile of phi
    std::vector<SideReactions::Flux> side_flux_;    // (places) of the trial
    double side_log_mean_ = 0.0;                    // SPMe: of log(c_e / c_e0) over the electrode
    double side_eta_V_ = 0.0, side_film_V_ = 0.0;   // SPM, SPMe: mean phi_s - phi_e less U; its part over the film
    double plating_V_ = 0.0;
    std::size_t iterations_ = 0;
};

}  // namespace twin::cell
