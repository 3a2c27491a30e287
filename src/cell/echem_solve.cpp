// SPDX-License-Identifier: Apache-2.0
// The equations of a step: potentials and reaction of the DFN, concentration of the electrolyte, terminal voltage.
#include "base/math.hpp"
#include "cell/echem.hpp"
#include "cell/echem_math.hpp"

namespace twin::cell {

namespace {
constexpr int k_newton_max = 40;
constexpr double k_tol_V = 5e-6;  // of a Newton step: the next one would be far smaller
constexpr double k_tol_c = 5e-5;  // of c_e between two passes, relative to c_e0
}  // namespace

/// Conductivity, log c_e and the factor of its gradient at the concentrations of this pass.
void Echem::properties() {
    const std::size_t all = x_.size();
    for (std::size_t v = 0; v < all; ++v) {
        const double c = c_new_[v] > 1e-3 ? c_new_[v] : 1e-3;
        kappa_[v] = kappa_at_(c) * brug_[v];
        log_c_[v] = base::det_log(c);
    }
    if (!t_varies_) return;
    for (std::size_t v = 0; v + 1 < all; ++v) bl_[v] = thermo_at_(0.5 * (c_new_[v] + c_new_[v + 1]));
}

/// One Newton update of phi and j of an electrode; i is the current per area.
void Echem::newton_electrode(int side, double i_A_m2, double* worst_V) {
    const auto sd = static_cast<std::size_t>(side);
    const EchemElectrode& e = p_->electrode[sd];
    const Particles& particle = s_.particle[sd];
    const double *const base_c = particle.base().data(), *const gain = particle.gain().data();
    const std::size_t n = n_[2 * sd], first = first_of(sd);
    const double rt = 2.0 * k_gas_J * s_.t_K / k_faraday_C, off_K = s_.t_K - p_->t_ref_K;
    const double af = e.area_per_volume_perm * k_faraday_C, per_max = 1.0 / e.c_max;
    double* const phi = phi_[sd].data();
    double* const j = j_[sd].data();
    double is_left = side == 0 ? i_A_m2 : 0.0;  // solid current through the left face
    double g_left = 0.0;
    for (std::size_t k = 0; k < n; ++k) {
        const std::size_t v = first + k;
        double is_right = side == 0 ? 0.0 : i_A_m2, g_right = 0.0;
        if (k + 1 < n) {
            const double r_k = 0.5 * (dx_[v] / kappa_[v] + dx_[v + 1] / kappa_[v + 1]);
            g_right = 1.0 / (0.5 * (dx_[v] + dx_[v + 1]) / sigma_[sd] + r_k);
            is_right = g_right * (i_A_m2 * r_k - bl_[v] * (log_c_[v + 1] - log_c_[v]) - (phi[k + 1] - phi[k]));
        }
        const double x = (base_c[k] - gain[k] * j[k]) * per_max, dx = -gain[k] * per_max, in = lithiation_inside(x);
        double u, du;
        e.ocp_V.both(x, u, du);
        if (off_K != 0.0) u += e.dudt_V_K.value(x) * off_K;
        if (!e.hysteresis_V.empty()) {
            double gap, dgap;
            e.hysteresis_V.both(x, gap, dgap);
            u += hysteresis_[sd] * gap;
            du += hysteresis_[sd] * dgap;
        }
        const double j0 = j0_of(sd, x, c_new_[v]);
        const double z = k_faraday_C * j[k] / (2.0 * j0);
        const double f = phi[k] - u - rt * asinh_of(z);
        const double dz = k_faraday_C / (2.0 * j0) - z * (e.j0_power[1] / in - e.j0_power[2] / (1.0 - in)) * dx;
        const double fj = -(du * dx + rt * dz / base::sqrt2(1.0 + z * z));
        const double steep = -1.0 / (fj < -1e-12 ? fj : -1e-12);
        const double react = af * dx_[v];
        a_[k] = -g_left;
        c_[k] = -g_right;
        b_[k] = g_left + g_right + react * steep;
        d_[k] = is_left - is_right - react * (j[k] + steep * f);
        slope_[sd][k] = steep;
        f_[sd][k] = f;
        is_left = is_right;
        g_left = g_right;
    }
    tridiagonal(n, a_.data(), b_.data(), c_.data(), d_.data());
    for (std::size_t k = 0; k < n; ++k) {
        double step = d_[k];
        step = step > 0.3 ? 0.3 : (step < -0.3 ? -0.3 : step);
        j[k] += slope_[sd][k] * (f_[sd][k] + step);
        phi[k] += step;
        *worst_V = base::max2(*worst_V, base::abs2(d_[k]));
        *worst_V = base::max2(*worst_V, 1e-2 * base::abs2(f_[sd][k]));
    }
}

/// Ions that enter each volume, mol/m2/s: the reaction, less what the current carries on.
void Echem::sources() {
    const std::size_t all = x_.size();
    if (t_varies_) {
        for (std::size_t v = 0; v + 1 < all; ++v) t_face_[v] = t_plus_at_(0.5 * (c_new_[v] + c_new_[v + 1]));
    }
    double carried = 0.0, ie = 0.0;  // t+ i_e / F and i_e / F through the left face
    for (std::size_t v = 0; v < all; ++v) {
        double react = 0.0;
        if (v < n_[0])
            react = p_->electrode[0].area_per_volume_perm * j_[0][kind_ == EchemKind::dfn ? v : 0] * dx_[v];
        else if (v >= n_[0] + n_[1])
            react =
                p_->electrode[1].area_per_volume_perm * j_[1][kind_ == EchemKind::dfn ? v - n_[0] - n_[1] : 0] * dx_[v];
        if (!t_varies_) {
            source_[v] = (1.0 - p_->t_plus) * react;
            continue;
        }
        ie += react;
        const double right = v + 1 < all ? t_face_[v] * ie : 0.0;
        source_[v] = react - (right - carried);
        carried = right;
    }
}

/// c_e at the end of the step for the present fluxes: BDF2, the first step after a jump by backward Euler.
void Echem::step_electrolyte(double h_s) {
    const std::size_t all = x_.size();
    const bool two = !jump_ && s_.h_old_s > 0.0;
    const double w = two ? h_s / s_.h_old_s : 0.0;
    const double now = two ? (1.0 + 2.0 * w) / (1.0 + w) : 1.0;
    const double one = two ? 1.0 + w : 1.0;
    const double before = two ? w * w / (1.0 + w) : 0.0;
    const double per_h = 1.0 / h_s;
    for (std::size_t v = 0; v < all; ++v)  // diffusive resistance of half a volume
        a_[v] = 0.5 * dx_[v] / (de_at_(c_new_[v]) * brug_[v]);
    for (std::size_t v = 0; v + 1 < all; ++v) de_face_[v] = 1.0 / (a_[v] + a_[v + 1]);
    sources();
    for (std::size_t v = 0; v < all; ++v) {
        const double left = v > 0 ? de_face_[v - 1] : 0.0, right = v + 1 < all ? de_face_[v] : 0.0;
        const double store = eps_[v] * dx_[v] * per_h;
        a_[v] = -left;
        b_[v] = now * store + left + right;
        c_[v] = -right;
        d_[v] = store * (one * s_.c_e[v] - before * s_.c_e_old[v]) + source_[v];
    }
    tridiagonal(all, a_.data(), b_.data(), c_.data(), d_.data());
    for (std::size_t v = 0; v < all; ++v) c_new_[v] = d_[v];
}

bool Echem::solve_dfn(double h_s, double i_A_m2) {
    const std::size_t all = x_.size();
    for (int it = 0; it < k_newton_max; ++it) {
        ++iterations_;
        properties();
        double worst = 0.0;
        newton_electrode(0, i_A_m2, &worst);
        newton_electrode(1, i_A_m2, &worst);
        double moved = 0.0;
        if (h_s > 0.0) {
            const double first = c_new_[0], last = c_new_[all - 1];
            step_electrolyte(h_s);
            moved = base::max2(base::abs2(c_new_[0] - first), base::abs2(c_new_[all - 1] - last)) / p_->c_e0;
        }
        if (!(worst < 1e3)) return false;
        if (worst < k_tol_V && moved < k_tol_c) return true;
    }
    return false;
}

void Echem::solve_spm(double h_s, double i_A_m2) {
    for (std::size_t sd = 0; sd < 2; ++sd) {
        const EchemElectrode& e = p_->electrode[sd];
        const double sign = sd == 0 ? 1.0 : -1.0;
        j_[sd][0] = sign * i_A_m2 / (e.area_per_volume_perm * e.thickness_m * k_faraday_C);
    }
    if (kind_ == EchemKind::spme && h_s > 0.0) step_electrolyte(h_s);
}

/// Lithiation of the surfaces and open-circuit potentials at the end of the step.
void Echem::surfaces() {
    const double off_K = s_.t_K - p_->t_ref_K;
    for (std::size_t sd = 0; sd < 2; ++sd) {
        const EchemElectrode& e = p_->electrode[sd];
        const auto &base_c = s_.particle[sd].base(), &gain = s_.particle[sd].gain();
        for (std::size_t k = 0; k < x_s_[sd].size(); ++k) {
            const double x = (base_c[k] - gain[k] * j_[sd][k]) / e.c_max;
            x_s_[sd][k] = x;
            u_V_[sd][k] = e.ocp_V.value(x) + (off_K != 0.0 ? e.dudt_V_K.value(x) * off_K : 0.0);
            if (!e.hysteresis_V.empty()) u_V_[sd][k] += hysteresis_[sd] * e.hysteresis_V.value(x);
        }
    }
}

/// Potentials from the negative collector (0) to the positive one, i per area.
double Echem::dfn_voltage(double i_A_m2) {
    const std::size_t nn = n_[0], ns = n_[1], np = n_[2];
    double phi_e = -i_A_m2 * 0.5 * dx_[0] / sigma_[0] - phi_[0][0];
    phi_e_[0] = phi_e;
    for (std::size_t v = 0; v + 1 < x_.size(); ++v) {
        const double r_k = 0.5 * (dx_[v] / kappa_[v] + dx_[v + 1] / kappa_[v + 1]);
        const double jump_V = bl_[v] * (log_c_[v + 1] - log_c_[v]);
        double is = 0.0;
        const bool in_neg = v + 1 < nn, in_pos = v >= nn + ns;
        if (in_neg || in_pos) {
            const std::size_t sd = in_neg ? 0 : 1, k = in_neg ? v : v - nn - ns;
            const double r_s = 0.5 * (dx_[v] + dx_[v + 1]) / sigma_[sd];
            is = (i_A_m2 * r_k - jump_V - (phi_[sd][k + 1] - phi_[sd][k])) / (r_s + r_k);
        }
        phi_e += -(i_A_m2 - is) * r_k + jump_V;
        phi_e_[v + 1] = phi_e;
    }
    plating_V_ = phi_[0][0];
    for (const double f : phi_[0]) plating_V_ = f < plating_V_ ? f : plating_V_;
    return phi_e + phi_[1][np - 1] - i_A_m2 * 0.5 * dx_.back() / sigma_[1];
}

/// SPM: open-circuit potentials and reaction at the mean; SPMe: the composite form of Marquis et al.
double Echem::spm_voltage(double i_A_m2) {
    const double rt = 2.0 * k_gas_J * s_.t_K / k_faraday_C;
    double eta[2];
    for (std::size_t sd = 0; sd < 2; ++sd) {
        const EchemElectrode& e = p_->electrode[sd];
        const double half_i = 0.5 * k_faraday_C * j_[sd][0];
        if (kind_ == EchemKind::spm) {
            eta[sd] = rt * asinh_of(half_i / j0_of(sd, x_s_[sd][0], p_->c_e0));
            continue;
        }
        const std::size_t first = first_of(sd);
        double sum = 0.0;
        for (std::size_t v = first; v < first + n_[2 * sd]; ++v)
            sum += asinh_of(half_i / j0_of(sd, x_s_[sd][0], c_new_[v])) * dx_[v];
        eta[sd] = rt * sum / e.thickness_m;
    }
    plating_V_ = u_V_[0][0] + eta[0];
    double v = (u_V_[1][0] + eta[1]) - (u_V_[0][0] + eta[0]);
    if (kind_ == EchemKind::spm) return v;
    double log_mean[2] = {0.0, 0.0}, c_mean = 0.0, length = 0.0;
    for (std::size_t k = 0; k < x_.size(); ++k) {
        c_mean += c_new_[k] * dx_[k];
        length += dx_[k];
    }
    c_mean = c_mean / length;
    for (std::size_t sd = 0; sd < 2; ++sd) {
        const std::size_t first = first_of(sd);
        for (std::size_t k = first; k < first + n_[2 * sd]; ++k)
            log_mean[sd] += base::det_log((c_new_[k] > 1e-3 ? c_new_[k] : 1e-3) / c_mean) * dx_[k];
        log_mean[sd] = log_mean[sd] / p_->electrode[sd].thickness_m;
    }
    const double b_log = t_varies_ ? thermo_at_(c_mean) : b_log_;
    v += b_log * (log_mean[1] - log_mean[0]);
    const double kappa = kappa_at_(c_mean);
    const EchemElectrode &n = p_->electrode[0], &q = p_->electrode[1];
    v -= i_A_m2 / kappa *
         (n.thickness_m / (3.0 * n.transport) + p_->sep_thickness_m / p_->sep_transport +
          q.thickness_m / (3.0 * q.transport));
    v -= i_A_m2 * (n.thickness_m / (3.0 * sigma_[0]) + q.thickness_m / (3.0 * sigma_[1]));
    // at the separator's side of the negative electrode, from the mean over it
    const double at_sep = base::det_log((c_new_[n_[0] - 1] > 1e-3 ? c_new_[n_[0] - 1] : 1e-3) / c_mean);
    plating_V_ += i_A_m2 * n.thickness_m * (1.0 / (3.0 * kappa * n.transport) - 1.0 / (6.0 * sigma_[0])) -
                  b_log * (at_sep - log_mean[0]);
    return v;
}

}  // namespace twin::cell
