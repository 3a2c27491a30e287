// SPDX-License-Identifier: Apache-2.0
#include "cell/echem_side.hpp"

#include <iterator>

#include "base/math.hpp"
#include "cell/echem_params.hpp"

namespace twin::cell {

namespace {
constexpr double k_small = 1e-5;
constexpr double k_exp_most = 80.0;  // exponents beyond: an iteration went astray; keeps it finite

double bounded_exp(double x) { return base::det_exp(x > k_exp_most ? k_exp_most : (x < -700.0 ? -700.0 : x)); }
/// (1 - m(x)) / x and m'(x) of m(x) = (1 - exp(-x)) / x, e = exp(-x).
double second_decay(double x, double m) { return x < k_small ? 0.5 - x * (1.0 / 6.0 - x / 24.0) : (1.0 - m) / x; }
double decay_slope(double x, double m, double e) { return x < k_small ? -0.5 + x / 3.0 : (e - m) / x; }
}  // namespace

SideReactions::SideReactions(const SideParams& p, const SideLaws& laws, double area_per_volume_perm, double t_ref_K,
                             std::size_t n)
    : p_(p), laws_(laws), area_perm_(area_per_volume_perm), t_ref_K_(t_ref_K), n_(n) {
    if (laws_.sei == SeiLaw::none) {  // plating alone: no film
        if (!(p_.sei_thickness_m > 0.0)) p_.sei_thickness_m = 1.0;
        if (!(p_.sei_volume_m3_mol > 0.0)) p_.sei_volume_m3_mol = 1.0;
        p_.sei_resistivity_Ohm_m = 0.0;
    }
    if (!(p_.sei_ocp_V >= 0.0)) p_.sei_ocp_V = 0.0;
    reset();
}

void SideReactions::reset() {
    Place fresh;
    fresh.sei_m = p_.sei_thickness_m;
    now_.assign(n_, fresh);
    next_ = now_;
}

void SideReactions::begin(double h_s, bool jump, double t_K) {
    next_ = now_;
    h_s_ = h_s;
    w_ = jump ? 1.0 : 0.5;
    if (t_K == t_K_) return;
    t_K_ = t_K;
    f_perV_ = k_faraday_CperMol / (k_gas_JperMolK * t_K);
    arrhenius_ = base::det_exp(p_.sei_energy_J / k_gas_JperMolK * (1.0 / t_ref_K_ - 1.0 / t_K));
}

SideReactions::Drive SideReactions::shape(double d_V) const {
    Drive d;
    const double x = f_perV_ * d_V;
    if (laws_.plating != PlatingLaw::none) {
        if (laws_.plating != PlatingLaw::irreversible) d.strip = bounded_exp((1.0 - p_.plating_alpha) * x);
        d.plate = bounded_exp(-p_.plating_alpha * x);
    }
    if (laws_.sei == SeiLaw::reaction || laws_.sei == SeiLaw::ec_reaction) d.half = bounded_exp(-0.5 * x);
    if (laws_.sei == SeiLaw::interstitial_diffusion) d.one = bounded_exp(-x);
    return d;
}

SideReactions::Drive SideReactions::drive(double phi_f_V, double phi_V) const {
    Drive d = shape(phi_f_V);
    if (laws_.sei == SeiLaw::reaction || laws_.sei == SeiLaw::ec_reaction)
        d.half = bounded_exp(-0.5 * f_perV_ * (phi_f_V - p_.sei_ocp_V));
    if (laws_.sei == SeiLaw::interstitial_diffusion) d.one = bounded_exp(-f_perV_ * phi_V);
    return d;
}

/// dL/dt = A / (L + B) or constant; with A and B held, L is exact.
void SideReactions::grow(const Place& a, const Drive& d, Place& b, Flux& f) const {
    const double per_z = arrhenius_ / p_.sei_li_per_mol, v = p_.sei_volume_m3_mol;
    const double to_A = k_faraday_CperMol * p_.sei_li_per_mol / v;  // of dL/dt
    b.sei_drive = laws_.sei == SeiLaw::interstitial_diffusion ? d.one : d.half;
    const double g = w_ * b.sei_drive + (1.0 - w_) * a.sei_drive;
    double rate = 0.0, grown_m = 0.0;  // at the end; over the step
    if (laws_.sei == SeiLaw::reaction) {
        const double per_g = per_z * v * p_.sei_j0_A_m2 / k_faraday_CperMol;
        grown_m = h_s_ * per_g * g;
        b.sei_m = a.sei_m + grown_m;
        rate = per_g * b.sei_drive;
        f.slope_S_m2 += 0.5 * f_perV_ * to_A * rate;
    } else {
        double aa = 0.0, bb = 0.0, aa_end = 0.0, bb_end = 0.0;
        if (laws_.sei == SeiLaw::ec_reaction) {
            aa = aa_end = per_z * v * p_.ec_mol_m3 * p_.ec_m2_s;
            bb = p_.ec_m2_s / (p_.ec_rate_m_s * g);
            bb_end = p_.ec_m2_s / (p_.ec_rate_m_s * b.sei_drive);
        } else if (laws_.sei == SeiLaw::interstitial_diffusion) {
            const double per_g = per_z * v * p_.interstitial_mol_m3 * p_.interstitial_m2_s;
            aa = per_g * g;
            aa_end = per_g * b.sei_drive;
        } else {
            aa = aa_end = per_z * v * p_.solvent_mol_m3 * p_.solvent_m2_s;
        }
        const double l = a.sei_m + bb, twice = 2.0 * aa * h_s_;
        grown_m = twice / (base::sqrt2(l * l + twice) + l);
        b.sei_m = a.sei_m + grown_m;
        rate = aa_end / (b.sei_m + bb_end);
        if (laws_.sei == SeiLaw::ec_reaction) f.slope_S_m2 += to_A * rate * 0.5 * f_perV_ * bb_end / (b.sei_m + bb_end);
        if (laws_.sei == SeiLaw::interstitial_diffusion) f.slope_S_m2 += to_A * rate * f_perV_;
    }
    b.i_sei = -to_A * rate;
    f.i_A_m2 += b.i_sei;
    f.mean_A_m2 += h_s_ > 0.0 ? -to_A * (b.sei_m - a.sei_m) / h_s_ : b.i_sei;
}

/// dc/dt = P - (S + gamma) c with rates held over the step; S, P per second and per m3 of electrode.
void SideReactions::plate(const Place& a, const Drive& d, double c_e, Place& b, Flux& f) const {
    const double ak = area_perm_ * p_.plating_rate_m_s, to_A = k_faraday_CperMol / area_perm_, h = h_s_;
    b.plate_mol_m3_s = ak * c_e * d.plate;
    const double p = w_ * b.plate_mol_m3_s + (1.0 - w_) * a.plate_mol_m3_s;
    const double dp = -p_.plating_alpha * f_perV_ * b.plate_mol_m3_s;
    if (laws_.plating == PlatingLaw::irreversible) {
        b.dead = a.dead + h * p;
        f.i_A_m2 -= to_A * b.plate_mol_m3_s;
        f.slope_S_m2 -= to_A * dp;
        f.slope_c -= to_A * ak * d.plate;
        f.mean_A_m2 -= h > 0.0 ? to_A * (b.dead - a.dead) / h : to_A * b.plate_mol_m3_s;
        return;
    }
    b.strip_per_s = ak * d.strip;
    const double s = w_ * b.strip_per_s + (1.0 - w_) * a.strip_per_s;
    double gamma = 0.0;
    if (laws_.plating == PlatingLaw::partially_reversible)
        gamma = p_.dead_rate_per_s * p_.sei_thickness_m / (0.5 * (a.sei_m + b.sei_m));
    const double x = (s + gamma) * h, m = base::mean_decay(x), e = 1.0 - x * m;
    const double mean = a.plated * m + p * h * second_decay(x, m);  // of c over the step
    b.plated = a.plated * (e > 0.0 ? e : 0.0) + p * h * m;
    b.dead = a.dead + gamma * mean * h;
    const double ds = (1.0 - p_.plating_alpha) * f_perV_ * b.strip_per_s;
    const double dc = w_ * h * (m * dp + (p * h * decay_slope(x, m, e) - a.plated * e) * ds);
    const double net = to_A * (b.strip_per_s * b.plated - b.plate_mol_m3_s);
    f.i_A_m2 += net;
    f.slope_S_m2 += to_A * (ds * b.plated + b.strip_per_s * dc - dp);
    f.slope_c += to_A * (b.strip_per_s * w_ * h * m - 1.0) * ak * d.plate;
    f.mean_A_m2 += h > 0.0 ? -to_A * ((b.plated - a.plated) + (b.dead - a.dead)) / h : net;
}

SideReactions::Flux SideReactions::at(std::size_t k, const Drive& d, double c_e) {
    const Place& a = now_[k];
    Place& b = next_[k];
    Flux f;
    b.sei_m = a.sei_m;
    b.plated = a.plated;
    b.dead = a.dead;
    if (laws_.sei != SeiLaw::none) grow(a, d, b, f);
    if (laws_.plating != PlatingLaw::none) plate(a, d, c_e, b, f);
    b.i_A_m2 = f.i_A_m2;
    b.mean_A_m2 = f.mean_A_m2;
    return f;
}

void SideReactions::commit() { now_ = next_; }

void SideReactions::slow(std::vector<double>& out) const {
    for (const Place& p : now_) {
        out.push_back(laws_.sei == SeiLaw::reaction ? p.sei_m : p.sei_m * p.sei_m);
        out.push_back(p.dead);
    }
}

void SideReactions::move_slow(const double* d, double* taken) {
    for (std::size_t k = 0; k < n_; ++k) {
        Place& p = now_[k];
        const double least = p_.sei_thickness_m, old_m = p.sei_m, old_dead = p.dead;
        const double l = laws_.sei == SeiLaw::reaction ? old_m + d[2 * k] : base::sqrt2(old_m * old_m + d[2 * k]);
        if (laws_.sei != SeiLaw::none) p.sei_m = l > least ? l : least;
        p.dead = old_dead + d[2 * k + 1] > 0.0 ? old_dead + d[2 * k + 1] : 0.0;
        taken[k] = area_perm_ * sei_li_mol_m3() * (p.sei_m - old_m) + (p.dead - old_dead);
    }
    next_ = now_;
}

void SideReactions::save(std::vector<double>& out) const {
    for (const Place& p : now_) {
        for (const double x :
             {p.sei_m, p.plated, p.dead, p.strip_per_s, p.plate_mol_m3_s, p.sei_drive, p.i_A_m2, p.mean_A_m2, p.i_sei})
            out.push_back(x);
    }
}

void SideReactions::hash(base::Hasher& h) const {
    for (const Place& p : now_) {
        const double v[] = {p.sei_m,     p.plated, p.dead,      p.strip_per_s, p.plate_mol_m3_s,
                            p.sei_drive, p.i_A_m2, p.mean_A_m2, p.i_sei};
        h.f64s(v, std::size(v));
    }
}

const double* SideReactions::load(const double* in) {
    for (Place& p : now_) {
        for (double* x : {&p.sei_m, &p.plated, &p.dead, &p.strip_per_s, &p.plate_mol_m3_s, &p.sei_drive, &p.i_A_m2,
                          &p.mean_A_m2, &p.i_sei}) {
            *x = *in;
            ++in;
        }
    }
    next_ = now_;
    return in;
}

}  // namespace twin::cell
