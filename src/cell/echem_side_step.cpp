// SPDX-License-Identifier: Apache-2.0
// Side reactions inside a step of the SPM, SPMe and DFN. The whole flux j of a place is that of the intercalation and
// that of the side reactions; the electrolyte sees j, the particle j less the side reactions' mean over the step.
//   SPM, SPMe  the intercalation is uniform, phi its mean over the electrode: phi = U(x) + eta(intercalation) + film;
//              the side reactions see phi + its profile over x (solid, electrolyte: the composite form of SPMe)
//   DFN        everything per volume, inside its Newton iteration
#include <stdexcept>

#include "base/math.hpp"
#include "cell/echem.hpp"
#include "cell/echem_math.hpp"

namespace twin::cell {

namespace {
constexpr int k_side_max = 60;
constexpr double k_side_tol_V = 1e-10;
constexpr double k_step_most_V = 0.1;
}  // namespace

double Echem::side_width_m(std::size_t k) const {
    return kind_ == EchemKind::spm ? p_->electrode[0].thickness_m : dx_[k];
}

/// Overpotential of the intercalation at this flux, mean over the electrode, and its slope (at the mean c_e0).
double Echem::negative_eta_V(double flux, double* slope) const {
    const double rt = 2.0 * k_gas_JperMolK * s_.t_K / k_faraday_CperMol;
    const double half = 0.5 * k_faraday_CperMol / j0_of(0, x_s_[0][0], p_->c_e0), z = half * flux;
    *slope = rt * half / base::sqrt2(1.0 + z * z);
    return rt * (kind_ == EchemKind::spm ? asinh_of(z) : mean_asinh(0, 0.5 * k_faraday_CperMol * flux, side_log_mean_));
}

/// phi_s - phi_e over the volumes less its mean.
void Echem::shape_side(double i_A_m2) {
    if (kind_ == EchemKind::spm) return;  // one place
    const EchemElectrode& e = p_->electrode[0];
    double c_mean = 0.0, length = 0.0, log_mean = 0.0, per_c0 = 1.0 / p_->c_e0;
    for (std::size_t v = 0; v < x_.size(); ++v) {
        c_mean += c_new_[v] * dx_[v];
        length += dx_[v];
    }
    c_mean = c_mean / length;
    const double b_log = t_varies_ ? thermo_at_(c_mean) : b_log_, kappa = kappa_at_(c_mean) * e.transport;
    for (std::size_t k = 0; k < side_.size(); ++k) {
        log_c_[k] = base::det_log(inside(k) * per_c0);
        log_mean += log_c_[k] * dx_[k];
    }
    side_log_mean_ = log_mean / e.thickness_m;
    const double l = e.thickness_m, solid = i_A_m2 / sigma_[0], liquid = i_A_m2 / kappa;
    for (std::size_t k = 0; k < side_.size(); ++k) {
        const double x = x_[k];
        const double of_solid = solid * (x * (x - 2.0 * l) / (2.0 * l) + l / 3.0);
        const double of_liquid = liquid * ((x * x - l * l) / (2.0 * l) + l / 3.0);
        side_shape_[k] = side_.shape(of_solid + of_liquid - b_log * (log_c_[k] - side_log_mean_));
    }
}

/// The side reactions' mean over the electrode where the mean potentials are these.
SideReactions::Flux Echem::mean_side(double phi_f_V, double film_V) {
    const SideReactions::Drive d = side_.drive(phi_f_V, phi_f_V + film_V);
    SideReactions::Flux sum;
    for (std::size_t k = 0; k < side_.size(); ++k) {
        const SideReactions::Drive& s = side_shape_[k];
        const double c_e = kind_ == EchemKind::spm ? p_->c_e0 : inside(k);
        const double w = side_width_m(k) / p_->electrode[0].thickness_m;
        const SideReactions::Flux f =
            side_.at(k, {d.strip * s.strip, d.plate * s.plate, d.half * s.half, d.one * s.one}, c_e);
        sum.i_A_m2 += w * f.i_A_m2;
        sum.slope_S_m2 += w * f.slope_S_m2;
        sum.mean_A_m2 += w * f.mean_A_m2;
    }
    return sum;
}

/// Newton on phi_f (mean) = U + eta of the intercalation that the side reactions at phi_f leave.
bool Echem::solve_spm_side(double i_A_m2) {
    const EchemElectrode& e = p_->electrode[0];
    Particles& q = s_.particle[0];
    const double whole = j_[0][0], off_K = s_.t_K - p_->t_ref_K, per_F = 1.0 / k_faraday_CperMol;
    shape_side(i_A_m2);
    double last_A_m2 = 0.0, slope_eta = 0.0, phi = 0.0, eta = 0.0, u = 0.0, du = 0.0;
    for (std::size_t k = 0; k < side_.size() && !jump_; ++k)
        last_A_m2 += side_.last_A_m2(k) * side_width_m(k) / e.thickness_m;
    SideReactions::Flux s;
    s.i_A_m2 = last_A_m2;
    for (int it = 0; it < k_side_max; ++it) {
        const double x = (q.base()[0] - q.gain()[0] * whole) / e.c_max;
        x_s_[0][0] = x;
        e.ocp_V.both(x, u, du);
        if (off_K != 0.0) u += e.dudt_V_K.value(x) * off_K;
        if (!e.hysteresis_V.empty()) u += hysteresis_[0] * e.hysteresis_V.value(x);
        eta = negative_eta_V(whole - s.i_A_m2 * per_F, &slope_eta);
        const double off = u + eta - phi, moves = 0.5 * du * q.gain()[0] / e.c_max;
        const double full = it == 0 ? off : off / (1.0 + (slope_eta - moves) * s.slope_S_m2 * per_F);
        phi += it == 0 || base::abs2(full) < k_step_most_V ? full : (full < 0.0 ? -k_step_most_V : k_step_most_V);
        if (!(base::abs2(phi) < 100.0)) return false;
        double sei_m = 0.0;
        for (std::size_t k = 0; k < side_.size(); ++k) sei_m += side_.sei_m(k) * side_width_m(k) / e.thickness_m;
        side_film_V_ = k_faraday_CperMol * whole * side_.film_Ohm_m2(sei_m);
        s = mean_side(phi, side_film_V_);
        q.side(0, s.mean_A_m2 * per_F);
        if (it > 0 && base::abs2(full) < k_side_tol_V) {
            side_eta_V_ = eta + side_film_V_;
            return true;
        }
    }
    return false;
}

/// DFN: the side reactions of each volume where they and the intercalation share the flux of this pass. Solved per
/// volume (monotone, one unknown): with the pass's own potential, which may be far off, they would run away.
void Echem::side_rates() {
    const EchemElectrode& e = p_->electrode[0];
    Particles& q = s_.particle[0];
    const double rt = 2.0 * k_gas_JperMolK * s_.t_K / k_faraday_CperMol, off_K = s_.t_K - p_->t_ref_K;
    constexpr double per_F = 1.0 / k_faraday_CperMol;
    for (std::size_t k = 0; k < side_.size(); ++k) {
        const double c_e = inside(k), flux = j_[0][k];
        double phi_f = phi_[0][k] - k_faraday_CperMol * flux * side_.film_Ohm_m2(side_.sei_m(k));
        for (int it = 0; it < k_side_max; ++it) {
            const double film_V = k_faraday_CperMol * flux * side_.film_Ohm_m2(side_.sei_m(k));
            const SideReactions::Flux s = side_.at(k, side_.drive(phi_f, phi_f + film_V), c_e);
            side_flux_[k] = s;
            q.side(k, s.mean_A_m2 * per_F);
            const double x = (q.base()[k] - q.gain()[k] * flux) / e.c_max;
            double u, du;
            e.ocp_V.both(x, u, du);
            if (off_K != 0.0) u += e.dudt_V_K.value(x) * off_K;
            if (!e.hysteresis_V.empty()) u += hysteresis_[0] * e.hysteresis_V.value(x);
            const double half = 0.5 * k_faraday_CperMol / j0_of(0, x, c_e), z = half * (flux - s.i_A_m2 * per_F);
            const double moves = 0.5 * du * q.gain()[k] / e.c_max, flat = rt / base::sqrt2(1.0 + z * z);
            const double full = (u + rt * asinh_of(z) - phi_f) / (1.0 + (flat * half - moves) * s.slope_S_m2 * per_F);
            if (!(base::abs2(full) > k_side_tol_V)) break;
            phi_f += base::abs2(full) < k_step_most_V ? full : (full < 0.0 ? -k_step_most_V : k_step_most_V);
        }
    }
}

Echem::Across Echem::across(std::size_t k) const {
    const SideReactions::Flux& f = side_flux_[k];
    constexpr double per_F = 1.0 / k_faraday_CperMol;
    return {f.i_A_m2 * per_F, f.slope_S_m2 * per_F, f.slope_c * per_F,
            k_faraday_CperMol * side_.film_Ohm_m2(side_.sei_m(k))};
}

double Echem::least_over_film_V() const {
    double least = 1e9;
    for (std::size_t k = 0; k < side_.size(); ++k) {
        const double v = phi_[0][k] - j_[0][k] * across(k).film;
        least = v < least ? v : least;
    }
    return least;
}

/// What heat() has to add to the open-circuit power, for the part of j that is not intercalation, W/m2.
double Echem::side_heat_W_m2() const {
    const EchemElectrode& e = p_->electrode[0];
    double sum = 0.0;
    for (std::size_t k = 0; k < side_.size(); ++k) {
        const std::size_t at = kind_ == EchemKind::dfn ? k : 0;
        const double taken_V = u_V_[0][at] - e.dudt_V_K.value(x_s_[0][at]) * s_.t_K;
        sum += side_width_m(k) * (side_.now_A_m2(k) * taken_V - side_.reversible_W_m2(k));
    }
    return sum * e.area_per_volume_perm;
}

EchemDegradation Echem::degradation() const {
    EchemDegradation r;
    if (!side_.on()) return r;
    const EchemElectrode& e = p_->electrode[0];
    const double area = p_->area_m2 * k_faraday_CperMol, a_perm = e.area_per_volume_perm;
    for (std::size_t k = 0; k < side_.size(); ++k) {
        const double width = side_width_m(k), grown_m = side_.sei_m(k) - side_.sei0_m();
        r.sei_m += side_.sei_m(k) * width / e.thickness_m;
        r.sei_max_m = side_.sei_m(k) > r.sei_max_m ? side_.sei_m(k) : r.sei_max_m;
        r.sei_C += area * width * a_perm * grown_m * side_.sei_li_mol_m3();
        r.plated_C += area * width * side_.plated(k);
        r.dead_C += area * width * side_.dead(k);
    }
    r.film_Ohm_m2 = side_.film_Ohm_m2(r.sei_m);
    r.film_Ohm = r.film_Ohm_m2 / (a_perm * e.thickness_m * p_->area_m2);
    if (side_.laws().sei == SeiLaw::none) r.sei_m = r.sei_max_m = r.sei_C = 0.0;
    return r;
}

std::vector<double> Echem::slow() const {
    std::vector<double> v;
    side_.slow(v);
    return v;
}

void Echem::move_slow(const std::vector<double>& d) {
    if (d.size() != 2 * side_.size()) throw std::invalid_argument("not this cell's slow states");
    std::vector<double> taken(side_.size());
    side_.move_slow(d.data(), taken.data());
    const EchemElectrode& e = p_->electrode[0];
    const double solid = e.area_per_volume_perm * e.radius_m / 3.0;
    double mean = 0.0;
    for (std::size_t k = 0; k < side_.size(); ++k) {
        if (kind_ == EchemKind::dfn) s_.particle[0].move(k, -taken[k] / solid);
        mean += taken[k] * side_width_m(k) / e.thickness_m;
    }
    if (kind_ != EchemKind::dfn) s_.particle[0].move(0, -mean / solid);
}

double Echem::lithium_C() const {
    double mol_m2 = 0.0;
    for (std::size_t sd = 0; sd < 2; ++sd) {
        const EchemElectrode& e = p_->electrode[sd];
        const std::vector<double>& mean = s_.particle[sd].mean();
        for (std::size_t k = 0; k < mean.size(); ++k) {
            const double width = kind_ == EchemKind::dfn ? dx_[first_of(sd) + k] : e.thickness_m;
            mol_m2 += mean[k] * width * e.area_per_volume_perm * e.radius_m / 3.0;
        }
    }
    const EchemDegradation d = degradation();
    return mol_m2 * k_faraday_CperMol * p_->area_m2 + d.sei_C + d.plated_C + d.dead_C;
}

}  // namespace twin::cell
