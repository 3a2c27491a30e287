// SPDX-License-Identifier: Apache-2.0
#include "cell/echem.hpp"

#include <stdexcept>

#include "base/math.hpp"

namespace twin::cell {

namespace {

constexpr double k_pi = 3.14159265358979323846;
constexpr int k_newton_max = 40;
constexpr double k_tol_V = 1e-9;
constexpr double k_x_edge = 1e-7;  // lithiation is kept this far from 0 and 1 inside square roots

/// Decay rates and weights of a sphere's surface response to its flux, dimensionless: l in D/R^2, w in R j / D.
struct Sphere {
    std::vector<double> l, w;
    double rest = 0.2;  // of the steady 1/5, instantaneous
};

Sphere make_sphere() {
    Sphere s;
    constexpr int single = 10, last = 4000;
    constexpr double ratio = 1.45;
    double group_w = 0.0, group_wl = 0.0, until = single * ratio;
    for (int n = 1; n <= last; ++n) {
        double r = (n + 0.5) * k_pi - 1.0 / ((n + 0.5) * k_pi);  // tan r = r, near (n + 1/2) pi
        for (int it = 0; it < 6; ++it) {                         // f = sin r - r cos r, f' = r sin r
            const double sn = base::sin_2pi(r / (2.0 * k_pi)), cs = base::sin_2pi(r / (2.0 * k_pi) + 0.25);
            r = r - (sn - r * cs) / (r * sn);
        }
        const double l = r * r, w = 2.0 / l;
        s.rest -= w;
        if (n <= single) {
            s.l.push_back(l);
            s.w.push_back(w);
            continue;
        }
        group_w += w;
        group_wl += w * l;
        if (n >= until || n == last) {
            s.l.push_back(group_wl / group_w);
            s.w.push_back(group_w);
            group_w = group_wl = 0.0;
            until = until * ratio;
        }
    }
    return s;
}
const Sphere& sphere() {
    static const Sphere s = make_sphere();
    return s;
}

double arrhenius(double energy_J, double t_ref_K, double t_K) {
    if (energy_J == 0.0) return 1.0;
    return base::det_exp(energy_J / k_gas_J * (1.0 / t_ref_K - 1.0 / t_K));
}
double asinh_of(double z) {
    const double a = base::abs2(z);
    const double y = a < 1e-4 ? a * (1.0 - a * a / 6.0) : base::det_log(a + base::sqrt2(a * a + 1.0));
    return z < 0.0 ? -y : y;
}
double inside(double x) { return x < k_x_edge ? k_x_edge : (x > 1.0 - k_x_edge ? 1.0 - k_x_edge : x); }

/// Solves a tridiagonal system in place: a x[k-1] + b x[k] + c x[k+1] = d; the result is in d.
void tridiagonal(std::size_t n, double* a, double* b, double* c, double* d) {
    for (std::size_t k = 1; k < n; ++k) {
        const double m = a[k] / b[k - 1];
        b[k] -= m * c[k - 1];
        d[k] -= m * d[k - 1];
    }
    d[n - 1] /= b[n - 1];
    for (std::size_t k = n - 1; k-- > 0;) d[k] = (d[k] - c[k] * d[k + 1]) / b[k];
}

}  // namespace

Echem::Echem(std::shared_ptr<const EchemParams> params, EchemKind kind, const EchemMesh& mesh)
    : p_(std::move(params)), kind_(kind) {
    if (!p_) throw std::invalid_argument("no parameters");
    make_mesh(mesh);
    reset(1.0, p_->t_ref_K);
    ambient_K = p_->t_ref_K;
}

void Echem::make_mesh(const EchemMesh& m) {
    const std::array<std::size_t, 3> n{m.n_neg, m.n_sep, m.n_pos};
    const std::array<double, 3> length{p_->electrode[0].thickness_m, p_->sep_thickness_m, p_->electrode[1].thickness_m};
    const std::array<double, 3> eps{p_->electrode[0].porosity, p_->sep_porosity, p_->electrode[1].porosity};
    const std::array<double, 3> brug{p_->electrode[0].transport, p_->sep_transport, p_->electrode[1].transport};
    double x0 = 0.0;
    for (std::size_t d = 0; d < 3; ++d) {
        if (n[d] < 2 || n[d] > 1000) throw std::invalid_argument("2 .. 1000 volumes per domain");
        const auto place = [&](std::size_t k) {
            const double u = static_cast<double>(k) / static_cast<double>(n[d]);
            const double bent = 0.5 * (1.0 - base::sin_2pi(0.5 * u + 0.25));
            return length[d] * ((1.0 - m.grading) * u + m.grading * bent);
        };
        for (std::size_t k = 0; k < n[d]; ++k) {
            const double left = place(k), right = k + 1 == n[d] ? length[d] : place(k + 1);
            x_.push_back(x0 + 0.5 * (left + right));
            dx_.push_back(right - left);
            eps_.push_back(eps[d]);
            brug_.push_back(brug[d]);
        }
        x0 += length[d];
    }
    n_ = n;
    const std::size_t all = x_.size();
    for (auto* v : {&c_new_, &de_face_, &kappa_, &log_c_, &a_, &b_, &c_, &d_}) v->assign(all + 1, 0.0);
    for (std::size_t side = 0; side < 2; ++side) {
        const std::size_t k = kind_ == EchemKind::dfn ? n_[2 * side] : 1;
        for (auto* v : {&base_c_[side], &j_[side], &u_V_[side], &slope_[side], &x_s_[side], &phi_[side]})
            v->assign(k, 0.0);
        gain_[side].e.assign(sphere().l.size(), 0.0);
        gain_[side].g0 = gain_[side].g1 = gain_[side].e;
    }
}

void Echem::reset(double soc, double t_K) {
    const std::size_t modes = sphere().l.size();
    for (std::size_t side = 0; side < 2; ++side) {
        const EchemElectrode& e = p_->electrode[side];
        const double x = e.x_empty + (e.x_full - e.x_empty) * soc;
        Particle& q = s_.particle[side];
        const std::size_t k = base_c_[side].size();
        q.mean.assign(k, x * e.c_max);
        q.q.assign(k * modes, 0.0);
        q.j.assign(k, 0.0);
        phi_[side].assign(k, e.ocp_V.value(x));
        j_[side].assign(k, 0.0);
    }
    s_.c_e.assign(x_.size(), p_->c_e0);
    s_.c_e_old = s_.c_e;
    c_new_ = s_.c_e;
    s_.phi.clear();
    for (const auto& f : phi_) s_.phi.insert(s_.phi.end(), f.begin(), f.end());
    s_.h_old_s = 0.0;
    s_.t_K = t_K;
    s_.charge_C = s_.i_A = 0.0;
    factors_t_K_ = -1.0;
    gain_[0].h_s = gain_[1].h_s = -1.0;
}

void Echem::temperature_factors() {
    if (factors_t_K_ == s_.t_K) return;
    factors_t_K_ = s_.t_K;
    arr_kappa_ = arrhenius(p_->kappa_energy_J, p_->t_ref_K, s_.t_K);
    arr_de_ = arrhenius(p_->d_e_energy_J, p_->t_ref_K, s_.t_K);
    for (std::size_t side = 0; side < 2; ++side) {
        const EchemElectrode& e = p_->electrode[side];
        gain_[side].d_s = e.d_m2_s * arrhenius(e.d_energy_J, p_->t_ref_K, s_.t_K);
        gain_[side].j0 =
            e.k_mol_m2_s * k_faraday_C * arrhenius(e.k_energy_J, p_->t_ref_K, s_.t_K) / base::sqrt2(p_->c_e0);
        gain_[side].h_s = -1.0;
    }
}

/// Decays and gains of a particle for this step length.
void Echem::prepare(int side, double h_s, bool jump) {
    Gains& g = gain_[static_cast<std::size_t>(side)];
    if (g.h_s == h_s && g.jump == jump) return;
    const EchemElectrode& e = p_->electrode[static_cast<std::size_t>(side)];
    const Sphere& sp = sphere();
    const double rate = g.d_s / (e.radius_m * e.radius_m), rd = e.radius_m / g.d_s;
    double sum = sp.rest;
    for (std::size_t n = 0; n < sp.l.size(); ++n) {
        const double x = sp.l[n] * rate * h_s;
        const double em = -base::det_expm1(-x);  // 1 - e
        g.e[n] = 1.0 - em;
        const double ramp = x > 1e-5 ? 1.0 - em / x : x * (0.5 - x / 6.0);
        g.g1[n] = jump ? em : ramp;
        g.g0[n] = jump ? 0.0 : em - ramp;
        sum += sp.w[n] * g.g1[n];
        g.g0[n] *= rd * sp.w[n];
        g.g1[n] *= rd * sp.w[n];
    }
    g.gain = rd * sum + (jump ? 3.0 : 1.5) * h_s / e.radius_m;
    g.h_s = h_s;
    g.jump = jump;
}

/// Surface concentrations at the end of the step without the flux at its end.
void Echem::bases(int side, bool jump) {
    const auto sd = static_cast<std::size_t>(side);
    const Gains& g = gain_[sd];
    const Particle& q = s_.particle[sd];
    const std::size_t modes = g.e.size();
    const double mean_gain = jump ? 0.0 : 1.5 * h_s_ / p_->electrode[sd].radius_m;
    for (std::size_t k = 0; k < q.mean.size(); ++k) {
        const double* const state = q.q.data() + k * modes;
        double s = q.mean[k] - mean_gain * q.j[k], drive = 0.0;
        for (std::size_t n = 0; n < modes; ++n) {
            s += g.e[n] * state[n];
            drive += g.g0[n];
        }
        base_c_[sd][k] = s - drive * q.j[k];
    }
}

double Echem::j0_of(int side, double x, double c_e) const {
    const double in = inside(x);
    return gain_[static_cast<std::size_t>(side)].j0 * base::sqrt2((c_e > 1e-3 ? c_e : 1e-3) * in * (1.0 - in));
}

/// One Newton update of phi and j of an electrode; i is the current per area.
void Echem::newton_electrode(int side, double i_A_m2, double* worst_V) {
    const auto sd = static_cast<std::size_t>(side);
    const EchemElectrode& e = p_->electrode[sd];
    const Gains& g = gain_[sd];
    const std::size_t n = n_[2 * sd], first = side == 0 ? 0 : n_[0] + n_[1];
    const double rt = 2.0 * k_gas_J * s_.t_K / k_faraday_C;
    const double b_log = rt * (1.0 - p_->t_plus) * p_->activity;
    const double af = e.area_per_volume_perm * k_faraday_C;
    double* const phi = phi_[sd].data();
    double* const j = j_[sd].data();
    double is_left = side == 0 ? i_A_m2 : 0.0;  // solid current through the left face
    double g_left = 0.0;
    for (std::size_t k = 0; k < n; ++k) {
        const std::size_t v = first + k;
        double is_right = side == 0 ? 0.0 : i_A_m2, g_right = 0.0;
        if (k + 1 < n) {
            const double r_k = 0.5 * (dx_[v] / kappa_[v] + dx_[v + 1] / kappa_[v + 1]);
            g_right = 1.0 / (0.5 * (dx_[v] + dx_[v + 1]) / e.sigma_S_m + r_k);
            is_right = g_right * (i_A_m2 * r_k - b_log * (log_c_[v + 1] - log_c_[v]) - (phi[k + 1] - phi[k]));
        }
        const double x = (base_c_[sd][k] - g.gain * j[k]) / e.c_max, dx = -g.gain / e.c_max, in = inside(x);
        double u, du;
        e.ocp_V.both(x, u, du);
        if (e.dudt_V_K.hi() > 0.0) u += e.dudt_V_K.value(x) * (s_.t_K - p_->t_ref_K);
        const double j0 = j0_of(side, x, c_new_[v]);
        const double z = k_faraday_C * j[k] / (2.0 * j0);
        const double f = phi[k] - u - rt * asinh_of(z);
        const double dz = k_faraday_C / (2.0 * j0) - z * 0.5 * (1.0 / in - 1.0 / (1.0 - in)) * dx;
        const double fj = -(du * dx + rt * dz / base::sqrt2(1.0 + z * z));
        const double steep = -1.0 / (fj < -1e-12 ? fj : -1e-12);
        const double react = af * dx_[v];
        a_[k] = -g_left;
        c_[k] = -g_right;
        b_[k] = g_left + g_right + react * steep;
        d_[k] = is_left - is_right - react * (j[k] + steep * f);
        slope_[sd][k] = steep;
        u_V_[sd][k] = f;
        is_left = is_right;
        g_left = g_right;
    }
    tridiagonal(n, a_.data(), b_.data(), c_.data(), d_.data());
    for (std::size_t k = 0; k < n; ++k) {
        double step = d_[k];
        step = step > 0.3 ? 0.3 : (step < -0.3 ? -0.3 : step);
        j[k] += slope_[sd][k] * (u_V_[sd][k] + step);
        phi[k] += step;
        *worst_V = base::max2(*worst_V, base::abs2(d_[k]));
        *worst_V = base::max2(*worst_V, 1e-3 * base::abs2(u_V_[sd][k]));
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
    for (std::size_t v = 0; v < all; ++v) {
        const double half = 0.5 * dx_[v] / (p_->d_e_m2_s.value(c_new_[v]) * arr_de_ * brug_[v]);
        a_[v] = half;  // diffusive resistance of half a volume
    }
    for (std::size_t v = 0; v + 1 < all; ++v) de_face_[v] = 1.0 / (a_[v] + a_[v + 1]);
    for (std::size_t v = 0; v < all; ++v) {
        const double left = v > 0 ? de_face_[v - 1] : 0.0, right = v + 1 < all ? de_face_[v] : 0.0;
        const double store = eps_[v] * dx_[v] / h_s;
        double source = 0.0;
        for (std::size_t sd = 0; sd < 2; ++sd) {
            const std::size_t first = sd == 0 ? 0 : n_[0] + n_[1], n = n_[2 * sd];
            if (v < first || v >= first + n) continue;
            const std::size_t k = kind_ == EchemKind::dfn ? v - first : 0;
            source = (1.0 - p_->t_plus) * p_->electrode[sd].area_per_volume_perm * j_[sd][k] * dx_[v];
        }
        b_[v] = now * store + left + right;
        c_[v] = -right;
        d_[v] = store * (one * s_.c_e[v] - before * s_.c_e_old[v]) + source;
    }
    a_[0] = 0.0;
    for (std::size_t v = 1; v < all; ++v) a_[v] = -de_face_[v - 1];
    tridiagonal(all, a_.data(), b_.data(), c_.data(), d_.data());
    for (std::size_t v = 0; v < all; ++v) c_new_[v] = d_[v];
}

bool Echem::solve_dfn(double h_s, double i_A_m2) {
    const std::size_t all = x_.size();
    for (int it = 0; it < k_newton_max; ++it) {
        ++iterations_;
        for (std::size_t v = 0; v < all; ++v) {
            const double c = c_new_[v] > 1e-3 ? c_new_[v] : 1e-3;
            kappa_[v] = p_->kappa_S_m.value(c) * arr_kappa_ * brug_[v];
            log_c_[v] = base::det_log(c);
        }
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
        if (worst < k_tol_V * 1e2 && moved < 1e-6) return true;
    }
    return false;
}

bool Echem::solve_spm(double h_s, double i_A_m2) {
    for (std::size_t sd = 0; sd < 2; ++sd) {
        const EchemElectrode& e = p_->electrode[sd];
        const double sign = sd == 0 ? 1.0 : -1.0;
        j_[sd][0] = sign * i_A_m2 / (e.area_per_volume_perm * e.thickness_m * k_faraday_C);
    }
    if (kind_ == EchemKind::spme && h_s > 0.0) {
        step_electrolyte(h_s);
    }
    return true;
}

/// Terminal voltage from the solved potentials, i per area.
double Echem::closed_voltage(double i_A_m2) {
    const double rt = 2.0 * k_gas_J * s_.t_K / k_faraday_C;
    const double b_log = rt * (1.0 - p_->t_plus) * p_->activity;
    for (std::size_t sd = 0; sd < 2; ++sd) {
        const EchemElectrode& e = p_->electrode[sd];
        for (std::size_t k = 0; k < x_s_[sd].size(); ++k) {
            const double x = (base_c_[sd][k] - gain_[sd].gain * j_[sd][k]) / e.c_max;
            x_s_[sd][k] = x;
            u_V_[sd][k] = e.ocp_V.value(x) + e.dudt_V_K.value(x) * (s_.t_K - p_->t_ref_K);
        }
    }
    if (kind_ == EchemKind::dfn) {
        const std::size_t nn = n_[0], ns = n_[1], np = n_[2];
        double phi_e = -i_A_m2 * 0.5 * dx_[0] / p_->electrode[0].sigma_S_m - phi_[0][0];
        for (std::size_t v = 0; v + 1 < x_.size(); ++v) {
            const double r_k = 0.5 * (dx_[v] / kappa_[v] + dx_[v + 1] / kappa_[v + 1]);
            const double jump_V = b_log * (log_c_[v + 1] - log_c_[v]);
            double is = 0.0;
            const bool in_neg = v + 1 < nn, in_pos = v >= nn + ns;
            if (in_neg || in_pos) {
                const std::size_t sd = in_neg ? 0 : 1, k = in_neg ? v : v - nn - ns;
                const double r_s = 0.5 * (dx_[v] + dx_[v + 1]) / p_->electrode[sd].sigma_S_m;
                is = (i_A_m2 * r_k - jump_V - (phi_[sd][k + 1] - phi_[sd][k])) / (r_s + r_k);
            }
            phi_e += -(i_A_m2 - is) * r_k + jump_V;
        }
        return phi_e + phi_[1][np - 1] - i_A_m2 * 0.5 * dx_.back() / p_->electrode[1].sigma_S_m;
    }
    double eta[2];
    for (std::size_t sd = 0; sd < 2; ++sd) {
        const EchemElectrode& e = p_->electrode[sd];
        const double half_i = 0.5 * k_faraday_C * j_[sd][0];
        if (kind_ == EchemKind::spm) {
            eta[sd] = rt * asinh_of(half_i / j0_of(static_cast<int>(sd), x_s_[sd][0], p_->c_e0));
            continue;
        }
        const std::size_t first = sd == 0 ? 0 : n_[0] + n_[1];
        double sum = 0.0;
        for (std::size_t v = first; v < first + n_[2 * sd]; ++v)
            sum += asinh_of(half_i / j0_of(static_cast<int>(sd), x_s_[sd][0], c_new_[v])) * dx_[v];
        eta[sd] = rt * sum / e.thickness_m;
    }
    double v = (u_V_[1][0] + eta[1]) - (u_V_[0][0] + eta[0]);
    if (kind_ == EchemKind::spm) return v;
    double log_mean[2] = {0.0, 0.0}, c_mean = 0.0, length = 0.0;
    for (std::size_t k = 0; k < x_.size(); ++k) {
        c_mean += c_new_[k] * dx_[k];
        length += dx_[k];
    }
    c_mean = c_mean / length;
    for (std::size_t sd = 0; sd < 2; ++sd) {
        const std::size_t first = sd == 0 ? 0 : n_[0] + n_[1];
        for (std::size_t k = first; k < first + n_[2 * sd]; ++k)
            log_mean[sd] += base::det_log(c_new_[k] / c_mean) * dx_[k];
        log_mean[sd] = log_mean[sd] / p_->electrode[sd].thickness_m;
    }
    v += b_log * (log_mean[1] - log_mean[0]);
    const double kappa = p_->kappa_S_m.value(c_mean) * arr_kappa_;
    const EchemElectrode &n = p_->electrode[0], &q = p_->electrode[1];
    v -= i_A_m2 / kappa *
         (n.thickness_m / (3.0 * n.transport) + p_->sep_thickness_m / p_->sep_transport +
          q.thickness_m / (3.0 * q.transport));
    v -= i_A_m2 * (n.thickness_m / (3.0 * n.sigma_S_m) + q.thickness_m / (3.0 * q.sigma_S_m));
    return v;
}

const Echem::Trial& Echem::trial(double h_s, double i_A, bool jump) {
    h_s_ = h_s;
    i_A_ = i_A;
    jump_ = jump || s_.h_old_s == 0.0;
    temperature_factors();
    const double i = i_A / p_->area_m2;
    for (int side = 0; side < 2; ++side) {
        prepare(side, h_s, jump_);
        bases(side, jump_);
    }
    c_new_ = s_.c_e;
    std::size_t at = 0;
    for (std::size_t sd = 0; sd < 2; ++sd) {  // from the state: a trial is a function of it alone
        for (double& f : phi_[sd]) f = s_.phi[at++];
        j_[sd] = s_.particle[sd].j;
    }
    if (!jump_) {  // the diffusivity of the step is that of the extrapolated concentration
        const double w = h_s / s_.h_old_s;
        for (std::size_t v = 0; v < c_new_.size(); ++v) c_new_[v] += w * (s_.c_e[v] - s_.c_e_old[v]);
    }
    trial_.ok = kind_ == EchemKind::dfn ? solve_dfn(h_s, i) : solve_spm(h_s, i);
    trial_.v_V = closed_voltage(i) - i_A * p_->contact_Ohm;
    double rev = 0.0, u = 0.0;  // W/m2
    for (std::size_t sd = 0; sd < 2; ++sd) {
        const EchemElectrode& e = p_->electrode[sd];
        const std::size_t first = sd == 0 ? 0 : n_[0] + n_[1];
        for (std::size_t k = 0; k < x_s_[sd].size(); ++k) {
            const double width = kind_ == EchemKind::dfn ? dx_[first + k] : e.thickness_m;
            const double flow = e.area_per_volume_perm * k_faraday_C * j_[sd][k] * width;
            u -= flow * u_V_[sd][k];
            rev += flow * e.dudt_V_K.value(x_s_[sd][k]) * s_.t_K;
        }
    }
    trial_.heat_W = (u + rev) * p_->area_m2 - i_A * trial_.v_V;
    trial_.t_K = s_.t_K;
    if (thermal && p_->heat_capacity_J_K > 0.0) {
        const double rate = p_->cooling_W_K / p_->heat_capacity_J_K;
        const double target = ambient_K + (p_->cooling_W_K > 0.0 ? trial_.heat_W / p_->cooling_W_K : 0.0);
        trial_.t_K = rate > 0.0 ? s_.t_K + (target - s_.t_K) * -base::det_expm1(-rate * h_s)
                                : s_.t_K + h_s * trial_.heat_W / p_->heat_capacity_J_K;
    }
    return trial_;
}

void Echem::commit() {
    for (std::size_t sd = 0; sd < 2; ++sd) {
        const Gains& g = gain_[sd];
        Particle& q = s_.particle[sd];
        const std::size_t modes = g.e.size();
        const double per_r = 3.0 / p_->electrode[sd].radius_m;
        for (std::size_t k = 0; k < q.mean.size(); ++k) {
            const double j0 = q.j[k], j1 = j_[sd][k];
            q.mean[k] -= per_r * h_s_ * (jump_ ? j1 : 0.5 * (j0 + j1));
            double* const state = q.q.data() + k * modes;
            for (std::size_t n = 0; n < modes; ++n) state[n] = g.e[n] * state[n] - (g.g0[n] * j0 + g.g1[n] * j1);
            q.j[k] = j1;
        }
    }
    std::size_t at = 0;
    for (const auto& side : phi_) {
        for (const double f : side) s_.phi[at++] = f;
    }
    std::swap(s_.c_e_old, s_.c_e);
    s_.c_e = c_new_;
    s_.h_old_s = h_s_;
    s_.t_K = trial_.t_K;
    s_.charge_C += i_A_ * h_s_;
    s_.i_A = i_A_;
}

double Echem::voltage_V(double i_A) {
    const double keep = s_.h_old_s;
    trial(0.0, i_A, true);
    s_.h_old_s = keep;
    return trial_.v_V;
}

double Echem::soc() const {
    const EchemElectrode& e = p_->electrode[0];
    const Particle& q = s_.particle[0];
    double sum = 0.0, width = 0.0;
    for (std::size_t k = 0; k < q.mean.size(); ++k) {
        const double w = kind_ == EchemKind::dfn ? dx_[k] : 1.0;
        sum += q.mean[k] * w;
        width += w;
    }
    return (sum / width / e.c_max - e.x_empty) / (e.x_full - e.x_empty);
}

std::vector<double> Echem::surface_x(int electrode) const {
    const auto sd = static_cast<std::size_t>(electrode);
    const Particle& q = s_.particle[sd];
    const std::size_t modes = gain_[sd].e.size();
    const EchemElectrode& e = p_->electrode[sd];
    std::vector<double> x;
    for (std::size_t k = 0; k < q.mean.size(); ++k) {
        double c = q.mean[k] - sphere().rest * e.radius_m / gain_[sd].d_s * q.j[k];
        for (std::size_t n = 0; n < modes; ++n) c += q.q[k * modes + n];
        x.push_back(c / e.c_max);
    }
    return x;
}

}  // namespace twin::cell
