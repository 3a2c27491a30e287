// SPDX-License-Identifier: Apache-2.0
// The equations of a step: potentials and reaction of the DFN, concentration of the electrolyte, terminal voltage.
#include "base/math.hpp"
#include "cell/echem.hpp"
#include "cell/echem_math.hpp"

namespace twin::cell {

namespace {
constexpr int k_newton_max = 40;
constexpr double k_tol_V = 1e-4;    // of a Newton step: the next one would be far smaller
constexpr double k_tol_f = 3e-3;    // of the reaction's residual before that step
constexpr double k_tol_c = 4e-4;    // of c_e in that step, relative to c_e0
constexpr double k_c_least = 1e-3;  // mol/m3, inside logarithms
}  // namespace

/// What the concentrations of this pass give: log c_e, the factor of its gradient, resistance of half a volume, and
/// between volumes the diffusive conductance.
void Echem::properties() {
    const std::size_t all = x_.size();
    for (std::size_t v = 0; v < all; ++v) {
        const double c = c_new_[v] > k_c_least ? c_new_[v] : k_c_least;
        ohm_half_[v] = 0.5 * dx_[v] / (kappa_at_(c) * brug_[v]);
        log_c_[v] = base::det_log(c);
    }
    if (!t_varies_) return;
    for (std::size_t v = 0; v + 1 < all; ++v) bl_[v] = thermo_at_(0.5 * (c_new_[v] + c_new_[v + 1]));
}

/// Charge and reaction of an electrode, linear in the changes of phi and c_e; i is the current per area.
template <bool with_side>
void Echem::electrode_rows(std::size_t sd, double i_A_m2) {
    const EchemElectrode& e = p_->electrode[sd];
    const double *const base_c = s_.particle[sd].base().data(), *const gain = s_.particle[sd].gain().data();
    const std::size_t n = n_[2 * sd], first = first_of(sd);
    const double rt = 2.0 * k_gas_JperMolK * s_.t_K / k_faraday_CperMol, off_K = s_.t_K - p_->t_ref_K;
    const double per_max = 1.0 / e.c_max, per_sigma = 1.0 / sigma_[sd];
    const double* const phi = phi_[sd].data();
    const double* const j = j_[sd].data();
    double is_left = sd == 0 ? i_A_m2 : 0.0;  // solid current through the left face
    double g_left = 0.0, b_left = 0.0;
    for (std::size_t k = 0; k < n; ++k) {
        const std::size_t v = first + k;
        const double c = c_new_[v] > k_c_least ? c_new_[v] : k_c_least, per_c = 1.0 / c;
        double is_right = sd == 0 ? 0.0 : i_A_m2, g_right = 0.0, b_right = 0.0;
        if (k + 1 < n) {
            const double r_k = ohm_half_[v] + ohm_half_[v + 1];
            g_right = 1.0 / (0.5 * (dx_[v] + dx_[v + 1]) * per_sigma + r_k);
            b_right = g_right * bl_[v];
            is_right = g_right * (i_A_m2 * r_k - (phi[k + 1] - phi[k])) - b_right * (log_c_[v + 1] - log_c_[v]);
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
        const double half = 0.5 * k_faraday_CperMol / j0_of(sd, x, c);
        const Across side = with_side && sd == 0 ? across(k) : Across{};
        const double z = with_side ? half * (j[k] - side.flux) : half * j[k];
        double f = phi[k] - u - rt * asinh_of(z);
        const double flat = rt / base::sqrt2(1.0 + z * z);
        const double of_x = in == x ? (e.j0_power[1] / in - e.j0_power[2] / (1.0 - in)) * dx : 0.0;
        const double dz = half - z * of_x;
        double fj = -(du * dx + flat * dz), fc = flat * e.j0_power[0] * z * per_c;
        if constexpr (with_side) {  // f = phi - phi*(j, c), where the side reactions at phi* and j agree
            const double per = 1.0 / (1.0 + flat * half * side.slope);
            f = f - side.film * j[k];
            fj = fj * per - side.film;
            fc = (fc + flat * half * side.slope_c) * per;
        }
        const double steep = -1.0 / (fj < -1e-12 ? fj : -1e-12);  // dj = steep (f + dphi + fc dc)
        const double ions = e.area_per_volume_perm * dx_[v], react = ions * k_faraday_CperMol, enter = ions * entering_;
        Block& row = rows_[v];
        row.a11 = g_left;
        row.a12 = v > first ? b_left / (c_new_[v - 1] > k_c_least ? c_new_[v - 1] : k_c_least) : 0.0;
        row.b11 = -(g_left + g_right + react * steep);
        row.b12 = -((b_left + b_right) * per_c + react * steep * fc);
        row.c11 = g_right;
        row.c12 = k + 1 < n ? b_right / (c_new_[v + 1] > k_c_least ? c_new_[v + 1] : k_c_least) : 0.0;
        row.r1 = react * (j[k] + steep * f) - (is_left - is_right);
        row.b21 = -enter * steep;
        row.b22 = -enter * steep * fc;
        row.r2 = enter * steep * f;
        slope_[sd][k] = steep;
        f_[sd][k] = f;
        slope_c_[sd][k] = fc;
        is_left = is_right;
        g_left = g_right;
        b_left = b_right;
    }
}

/// Ions: BDF2, the first step after a jump by backward Euler; h = 0 holds the concentrations.
void Echem::ion_rows(double h_s) {
    const std::size_t all = x_.size();
    for (std::size_t v = n_[0]; v < n_[0] + n_[1]; ++v) {
        rows_[v] = {};
        rows_[v].b11 = 1.0;  // no solid here
    }
    if (h_s == 0.0) {
        for (Block& row : rows_) {
            row.a22 = row.c22 = row.b21 = row.r2 = 0.0;
            row.b22 = 1.0;
        }
        return;
    }
    const Bdf w = weights(h_s);
    diffusion();
    sources();
    double in = 0.0;  // diffusive flux through the left face
    for (std::size_t v = 0; v < all; ++v) {
        const double left = v > 0 ? de_face_[v - 1] : 0.0, right = v + 1 < all ? de_face_[v] : 0.0;
        const double out = v + 1 < all ? right * (c_new_[v] - c_new_[v + 1]) : 0.0;
        const double store = eps_[v] * dx_[v] * w.per_h;
        d_[v] = source_[v] - store * (w.now * c_new_[v] - w.one * s_.c_e[v] + w.before * s_.c_e_old[v]);
        Block& row = rows_[v];
        row.a22 = -left;
        row.c22 = -right;
        row.b22 += w.now * store + left + right;
        row.r2 += d_[v] + in - out;
        in = out;
    }
    for (std::size_t face = 0; face < 2; ++face) {  // how the sources there follow phi and c_e is left to the next pass
        const Bent k = bent(face);
        const double l = k.left * w.now * eps_[k.v] * dx_[k.v] * w.per_h;
        const double r = k.right * w.now * eps_[k.v + 1] * dx_[k.v + 1] * w.per_h;
        const double out = k.left * d_[k.v] - k.right * d_[k.v + 1];
        Block &a = rows_[k.v], &b = rows_[k.v + 1];
        a.b22 -= l;
        a.c22 += r;
        a.r2 -= out;
        b.a22 += l;
        b.b22 -= r;
        b.r2 += out;
    }
}

/// Elimination of the blocks (2 x 2, tridiagonal); the changes of phi and c_e are left in r1, r2.
void Echem::solve_rows() {
    double e11 = 0.0, e12 = 0.0, e21 = 0.0, e22 = 0.0, y1 = 0.0, y2 = 0.0;
    for (Block& row : rows_) {
        const double b11 = row.b11 - (row.a11 * e11 + row.a12 * e21), b12 = row.b12 - (row.a11 * e12 + row.a12 * e22);
        const double b21 = row.b21 - row.a22 * e21, b22 = row.b22 - row.a22 * e22;
        const double r1 = row.r1 - (row.a11 * y1 + row.a12 * y2), r2 = row.r2 - row.a22 * y2;
        const double inverse = 1.0 / (b11 * b22 - b12 * b21);
        const double i11 = b22 * inverse, i12 = -b12 * inverse, i21 = -b21 * inverse, i22 = b11 * inverse;
        row.b11 = e11 = i11 * row.c11;
        row.b12 = e12 = i11 * row.c12 + i12 * row.c22;
        row.b21 = e21 = i21 * row.c11;
        row.b22 = e22 = i21 * row.c12 + i22 * row.c22;
        row.r1 = y1 = i11 * r1 + i12 * r2;
        row.r2 = y2 = i21 * r1 + i22 * r2;
    }
    for (std::size_t v = rows_.size() - 1; v-- > 0;) {
        Block& row = rows_[v];
        const Block& next = rows_[v + 1];
        row.r1 -= row.b11 * next.r1 + row.b12 * next.r2;
        row.r2 -= row.b21 * next.r1 + row.b22 * next.r2;
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

Echem::Bdf Echem::weights(double h_s) const {
    const bool two = !jump_ && s_.h_old_s > 0.0;
    const double w = two ? h_s / s_.h_old_s : 0.0;
    Bdf r;
    r.now = two ? (1.0 + 2.0 * w) / (1.0 + w) : 1.0;
    r.one = two ? 1.0 + w : 1.0;
    r.before = two ? w * w / (1.0 + w) : 0.0;
    r.per_h = 1.0 / h_s;
    return r;
}

/// Diffusive conductance of the faces. Within a domain: the mean of D between the two concentrations (Simpson). Between
/// domains: two resistances of half a volume in series.
void Echem::diffusion() {
    const std::size_t all = x_.size();
    for (std::size_t v = 0; v < all; ++v) diff_[v] = de_at_(c_new_[v]);
    for (std::size_t v = 0; v + 1 < all; ++v) {
        const double middle = de_at_(0.5 * (c_new_[v] + c_new_[v + 1]));
        de_face_[v] = (diff_[v] + 4.0 * middle + diff_[v + 1]) * per_face_[v];
    }
    for (const std::size_t v : {n_[0] - 1, n_[0] + n_[1] - 1}) {
        const double l = diff_[v] * half_[v + 1], r = diff_[v + 1] * half_[v];
        const double c_f = (l * c_new_[v] + r * c_new_[v + 1]) / (l + r);
        const double dl = de_at_(0.5 * (c_new_[v] + c_f)), dr = de_at_(0.5 * (c_new_[v + 1] + c_f));
        de_face_[v] = dl * dr / (half_[v] * dr + half_[v + 1] * dl);
    }
}

/// The flux through the face between two domains (0: negative side) is de (c_l - c_r) - (left r_l - right r_r), with r
/// what is stored in the volume less what is made there: the profile in the half volumes beside it is a parabola
/// (its second derivative is r / (D dx)), not a straight line. Without this the step at the separator is off by
/// dx^2/6 of that curvature, the largest error of the mesh.
Echem::Bent Echem::bent(std::size_t face) const {
    const std::size_t v = face == 0 ? n_[0] - 1 : n_[0] + n_[1] - 1;
    const double third = de_face_[v] / 3.0;
    return {v, third * half_[v] / diff_[v], third * half_[v + 1] / diff_[v + 1]};
}

/// c_e at the end of the step for given fluxes (SPMe).
void Echem::step_electrolyte(double h_s) {
    const std::size_t all = x_.size();
    const Bdf w = weights(h_s);
    diffusion();
    sources();
    for (std::size_t v = 0; v < all; ++v) {
        const double left = v > 0 ? de_face_[v - 1] : 0.0, right = v + 1 < all ? de_face_[v] : 0.0;
        const double store = eps_[v] * dx_[v] * w.per_h;
        a_[v] = -left;
        b_[v] = w.now * store + left + right;
        c_[v] = -right;
        d_[v] = store * (w.one * s_.c_e[v] - w.before * s_.c_e_old[v]) + source_[v];
    }
    std::array<double, 2> moved{};
    for (std::size_t face = 0; face < 2; ++face) {
        const Bent k = bent(face);
        const double l = k.left * w.now * eps_[k.v] * dx_[k.v] * w.per_h;
        const double r = k.right * w.now * eps_[k.v + 1] * dx_[k.v + 1] * w.per_h;
        moved[face] = k.left * d_[k.v] - k.right * d_[k.v + 1];
        b_[k.v] -= l;
        c_[k.v] += r;
        a_[k.v + 1] += l;
        b_[k.v + 1] -= r;
    }
    for (std::size_t face = 0; face < 2; ++face) {
        const std::size_t v = face == 0 ? n_[0] - 1 : n_[0] + n_[1] - 1;
        d_[v] -= moved[face];
        d_[v + 1] += moved[face];
    }
    tridiagonal(all, a_.data(), b_.data(), c_.data(), d_.data());
    for (std::size_t v = 0; v < all; ++v) c_new_[v] = d_[v];
}

/// A change of flux that leaves the surface at least a tenth of its distance from empty and from full.
double Echem::within(std::size_t sd, std::size_t k, double change) const {
    const double c_max = p_->electrode[sd].c_max, gain = s_.particle[sd].gain()[k];
    const double x = (s_.particle[sd].base()[k] - gain * j_[sd][k]) / c_max;
    if (lithiation_inside(x) != x) return change;
    const double move = -gain * change / c_max;
    if (move < -0.9 * x) return 0.9 * x * c_max / gain;
    if (move > 0.9 * (1.0 - x)) return -0.9 * (1.0 - x) * c_max / gain;
    return change;
}

template <bool with_side>
bool Echem::solve_dfn(double h_s, double i_A_m2) {
    const double per_c0 = 1.0 / p_->c_e0;
    double damp = 1.0, last = 1e9;  // steep side reactions: shorter steps where they don't lead down
    for (int it = 0; it < (with_side ? 4 * k_newton_max : k_newton_max); ++it) {
        ++iterations_;
        properties();
        if constexpr (with_side) side_rates();
        electrode_rows<with_side>(0, i_A_m2);
        electrode_rows<with_side>(1, i_A_m2);
        ion_rows(h_s);
        solve_rows();
        double worst = 0.0, moved = 0.0;
        for (std::size_t sd = 0; sd < 2; ++sd) {
            const std::size_t first = first_of(sd);
            for (std::size_t k = 0; k < phi_[sd].size(); ++k) {
                const double full = rows_[first + k].r1, step = full > 0.3 ? 0.3 : (full < -0.3 ? -0.3 : full);
                const double change = slope_[sd][k] * (f_[sd][k] + step + slope_c_[sd][k] * rows_[first + k].r2);
                const double kept = within(sd, k, change);
                if (kept != change) worst = base::max2(worst, 1e-3);
                j_[sd][k] += with_side ? damp * kept : kept;
                phi_[sd][k] += with_side ? damp * step : step;
                worst = base::max2(worst, base::abs2(full));
                worst = base::max2(worst, k_tol_V / k_tol_f * base::abs2(f_[sd][k]));
            }
        }
        for (std::size_t v = 0; v < c_new_.size(); ++v) {
            const double step = with_side ? damp * rows_[v].r2 : rows_[v].r2, least = -0.9 * c_new_[v];
            moved = base::max2(moved, base::abs2(step) * per_c0);
            c_new_[v] += step > least || c_new_[v] <= 0.0 ? step : least;
        }
        if (!(worst < 1e3 && moved < 1e6)) return false;
        if (worst < k_tol_V && moved < k_tol_c) return true;
        if constexpr (with_side) {
            const bool down = worst < (1.0 - 0.25 * damp) * last;
            damp = down ? (damp < 0.5 ? 2.0 * damp : 1.0) : (damp > 0.04 ? 0.5 * damp : damp);
            last = worst;
        }
    }
    return false;
}

template bool Echem::solve_dfn<false>(double, double);
template bool Echem::solve_dfn<true>(double, double);

void Echem::solve_spm(double h_s, double i_A_m2) {
    for (std::size_t sd = 0; sd < 2; ++sd) {
        const EchemElectrode& e = p_->electrode[sd];
        const double sign = sd == 0 ? 1.0 : -1.0;
        j_[sd][0] = sign * i_A_m2 / (e.area_per_volume_perm * e.thickness_m * k_faraday_CperMol);
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
        const double r_k = ohm_half_[v] + ohm_half_[v + 1];
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
    if (side_.on()) plating_V_ = least_over_film_V();
    return phi_e + phi_[1][np - 1] - i_A_m2 * 0.5 * dx_.back() / sigma_[1];
}

/// c_e where a logarithm or a power of it is taken.
double Echem::inside(std::size_t v) const { return c_new_[v] > k_c_least ? c_new_[v] : k_c_least; }

/// Mean over an electrode of the logarithm of f(volume), 1e-9 .. 1e9. Equal volumes share logarithms: that of a
/// product.
template <class F>
double Echem::mean_log(std::size_t sd, const F& f) const {
    const std::size_t first = first_of(sd), end = first + n_[2 * sd];
    double sum = 0.0;
    if (!uniform_) {
        for (std::size_t v = first; v < end; ++v) sum += base::det_log(f(v)) * dx_[v];
        return sum / p_->electrode[sd].thickness_m;
    }
    for (std::size_t v = first; v < end; v += 8) {
        const std::size_t last = v + 8 < end ? v + 8 : end;
        double product = 1.0;
        for (std::size_t k = v; k < last; ++k) product = product * f(k);
        sum += base::det_log(product);
    }
    return sum / static_cast<double>(end - first);
}

/// Mean of asinh(i / (2 j0)) over an electrode whose particles are alike. log_mean: of log(c_e / c_e0) there.
double Echem::mean_asinh(std::size_t sd, double half_i, double log_mean) const {
    const double x = x_s_[sd][0];
    if (!root_j0_) {
        const std::size_t first = first_of(sd);
        double sum = 0.0;
        for (std::size_t v = first; v < first + n_[2 * sd]; ++v)
            sum += asinh_of(half_i / j0_of(sd, x, c_new_[v])) * dx_[v];
        return sum / p_->electrode[sd].thickness_m;
    }
    // asinh z = log(|z| + sqrt(z^2 + 1)) with z^2 = s / c: log(sqrt s + sqrt(s + c)) - log(c) / 2
    const double at_c0 = half_i / j0_of(sd, x, p_->c_e0), s = at_c0 * at_c0, root = base::sqrt2(s),
                 per_c0 = 1.0 / p_->c_e0;
    const double mean =
        mean_log(sd, [&](std::size_t v) { return root + base::sqrt2(s + inside(v) * per_c0); }) - 0.5 * log_mean;
    return half_i < 0.0 ? -mean : mean;
}

/// SPM: open-circuit potentials and reaction at the mean; SPMe: the composite form of Marquis et al.
double Echem::spm_voltage(double i_A_m2) {
    const double rt = 2.0 * k_gas_JperMolK * s_.t_K / k_faraday_CperMol;
    const bool spm = kind_ == EchemKind::spm;
    const double per_c0 = 1.0 / p_->c_e0;
    double eta[2], log_mean[2] = {0.0, 0.0};  // of log(c_e / c_e0)
    for (std::size_t sd = 0; sd < 2; ++sd) {
        if (sd == 0 && side_.on()) {
            eta[0] = side_eta_V_;
            log_mean[0] = side_log_mean_;
            continue;
        }
        const double half_i = 0.5 * k_faraday_CperMol * j_[sd][0];
        if (spm) {
            eta[sd] = rt * asinh_of(half_i / j0_of(sd, x_s_[sd][0], p_->c_e0));
            continue;
        }
        log_mean[sd] = mean_log(sd, [&](std::size_t k) { return inside(k) * per_c0; });
        eta[sd] = rt * mean_asinh(sd, half_i, log_mean[sd]);
    }
    plating_V_ = u_V_[0][0] + eta[0] - side_film_V_;
    double v = (u_V_[1][0] + eta[1]) - (u_V_[0][0] + eta[0]);
    if (spm) return v;
    double c_mean = 0.0, length = 0.0;
    for (std::size_t k = 0; k < x_.size(); ++k) {
        c_mean += c_new_[k] * dx_[k];
        length += dx_[k];
    }
    c_mean = c_mean / length;
    const double b_log = t_varies_ ? thermo_at_(c_mean) : b_log_;
    v += b_log * (log_mean[1] - log_mean[0]);
    const double kappa = kappa_at_(c_mean);
    const EchemElectrode &n = p_->electrode[0], &q = p_->electrode[1];
    v -= i_A_m2 / kappa *
         (n.thickness_m / (3.0 * n.transport) + p_->sep_thickness_m / p_->sep_transport +
          q.thickness_m / (3.0 * q.transport));
    v -= i_A_m2 * (n.thickness_m / (3.0 * sigma_[0]) + q.thickness_m / (3.0 * sigma_[1]));
    // at the separator's side of the negative electrode, from the mean over it
    const double at_sep = base::det_log(inside(n_[0] - 1) * per_c0);
    plating_V_ += i_A_m2 * n.thickness_m * (1.0 / (3.0 * kappa * n.transport) - 1.0 / (6.0 * sigma_[0])) -
                  b_log * (at_sep - log_mean[0]);
    return v;
}

}  // namespace twin::cell
