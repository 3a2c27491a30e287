// SPDX-License-Identifier: Apache-2.0
#include "cell/echem_particles.hpp"

#include "base/math.hpp"
#include "cell/echem_math.hpp"

namespace twin::cell {

namespace {

constexpr double k_settled = 2e-5;        // change of a concentration by one more pass, in c_max
constexpr double k_first_width = 1.5e-3;  // of the volume at the surface, in radii

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
        const double r = sphere_root(static_cast<std::size_t>(n));
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

}  // namespace

Particles::Particles(const EchemElectrode& e, std::size_t n, std::size_t shells, bool by_volumes)
    : e_(&e), n_(n), modal_(e.d_of_x.empty() && !by_volumes) {
    if (modal_) {
        rows_ = sphere().l.size();
        e_decay_.assign(rows_, 0.0);
        g0_ = g1_ = e_decay_;
        prepare_mixing();
    } else {
        make_shells(shells);
    }
    for (auto* v : {&mean_, &j_, &j_old_, &base_, &gain_, &gain_c_, &surf_}) v->assign(n_, 0.0);
    if (!modal_) {
        for (auto* v : {&up_, &right_, &diff_}) v->assign(rows_ * n_, 0.0);
    }
}

void Particles::make_shells(std::size_t shells) {
    rows_ = shells < 4 ? 4 : shells;
    const auto sum = [&](double ratio) {
        double s = 0.0, w = k_first_width;
        for (std::size_t m = 0; m < rows_; ++m) {
            s += w;
            w = w * ratio;
        }
        return s;
    };
    double lo = 0.5, hi = 8.0;  // the ratio of neighbours for which all widths make one radius
    for (int n = 0; n < 80; ++n) {
        const double mid = 0.5 * (lo + hi);
        if (sum(mid) < 1.0)
            lo = mid;
        else
            hi = mid;
    }
    width_.assign(rows_, 0.0);
    double w = k_first_width / sum(lo);
    for (std::size_t m = rows_; m-- > 0;) {
        width_[m] = w;
        w = w * lo;
    }
    volume_ = face_ = between_ = width_;
    double r = 0.0;
    for (std::size_t m = 0; m < rows_; ++m) {
        const double next = m + 1 == rows_ ? 1.0 : r + width_[m];
        volume_[m] = (next * next * next - r * r * r) / 3.0;
        face_[m] = r * r;
        between_[m] = m > 0 ? 0.5 * (width_[m] + width_[m - 1]) : 1.0;
        r = next;
    }
}

void Particles::reset(double x) {
    const double c = x * e_->c_max;
    mean_.assign(n_, c);
    j_.assign(n_, 0.0);
    j_old_ = j_;
    q_.assign(modal_ ? rows_ * n_ : (rows_ + 1) * n_, modal_ ? 0.0 : c);
    q_used_ = q_old_ = q_new_ = modal_ ? std::vector<double>{} : q_;
    side_old_.assign(side_.size(), 0.0);
    side_ = side_old_;
    made_h_s_ = -1.0;
}

double Particles::diffusivity(double c) const {
    if (e_->d_of_x.empty()) return d_s_;
    const double x = c / e_->c_max;
    const double d = factor_ * e_->d_of_x.value(x < 0.0 ? 0.0 : (x > 1.0 ? 1.0 : x));
    return d > 1e-24 ? d : 1e-24;
}

void Particles::with_side_flux() { side_.assign(n_, 0.0); }

void Particles::begin(double h_s, double h_old_s, bool jump, double factor) {
    factor_ = factor;
    d_s_ = e_->d_m2_s * factor;
    h_s_ = h_s;
    h_old_s_ = h_old_s;
    jump_ = jump;
    if (modal_)
        begin_modal(h_s, jump);
    else {
        extrapolate();
        begin_volumes();
    }
    if (!side_.empty()) {
        side_ = side_old_;
        turn_back();
    }
}

/// After a new base: none of the flux, then as much as before.
void Particles::turn_back() {
    if (modal_) {
        side_gain_ = mode_gain_ + (jump_ ? 0.0 : 1.5 * h_s_ / e_->radius_m);
        for (std::size_t n = 0; n < rows_; ++n) side_gain_ += g0_[n];
    }
    for (std::size_t k = 0; k < n_; ++k) {
        const double before = side_[k];
        side_[k] = 0.0;
        side(k, before);
    }
}

void Particles::begin_modal(double h_s, bool jump) {
    const double rd = e_->radius_m / d_s_;
    if (made_h_s_ != h_s || made_jump_ != jump || made_factor_ != factor_) {
        const Sphere& sp = sphere();
        const double rate = d_s_ / (e_->radius_m * e_->radius_m);
        double sum = sp.rest;
        for (std::size_t n = 0; n < rows_; ++n) {
            const double x = sp.l[n] * rate * h_s;
            const double em = x < 40.0 ? -base::det_expm1(-x) : 1.0;  // 1 - e
            e_decay_[n] = 1.0 - em;
            const double ramp = x > 1e-5 ? 1.0 - em / x : x * (0.5 - x / 6.0);
            g1_[n] = jump ? em : ramp;
            g0_[n] = jump ? 0.0 : em - ramp;
            sum += sp.w[n] * g1_[n];
            g0_[n] *= rd * sp.w[n];
            g1_[n] *= rd * sp.w[n];
        }
        mode_gain_ = rd * sum + (jump ? 3.0 : 1.5) * h_s / e_->radius_m;
        made_h_s_ = h_s;
        made_jump_ = jump;
        made_factor_ = factor_;
    }
    double drive = jump ? 0.0 : 1.5 * h_s / e_->radius_m;
    for (std::size_t n = 0; n < rows_; ++n) drive += g0_[n];
    for (std::size_t k = 0; k < n_; ++k) {
        const double* const state = q_.data() + k * rows_;
        double s0 = mean_[k], s1 = 0.0;  // two sums: their additions overlap
        for (std::size_t n = 0; n + 1 < rows_; n += 2) {
            s0 += e_decay_[n] * state[n];
            s1 += e_decay_[n + 1] * state[n + 1];
        }
        if (rows_ % 2 == 1) s0 += e_decay_[rows_ - 1] * state[rows_ - 1];
        base_[k] = (s0 + s1) - drive * j_[k];
        gain_[k] = mode_gain_;
    }
}

/// The concentrations at the end of the step as the last two go on.
void Particles::extrapolate() {
    const double w = !jump_ && h_old_s_ > 0.0 ? h_s_ / h_old_s_ : 0.0;
    for (std::size_t at = 0; at < q_.size(); ++at) q_new_[at] = q_[at] + w * (q_[at] - q_old_[at]);
}

/// The concentrations at the end of the step for these fluxes, by back substitution.
void Particles::profile(const double* j) {
    const std::size_t last = rows_ - 1;
    for (std::size_t k = 0; k < n_; ++k) {
        q_new_[rows_ * n_ + k] = base_[k] - gain_[k] * j[k];
        q_new_[last * n_ + k] = right_[last * n_ + k] - gain_c_[k] * (side_.empty() ? j[k] : j[k] - side_[k]);
    }
    for (std::size_t at = last * n_; at-- > 0;) q_new_[at] = right_[at] + up_[at] * q_new_[at + n_];
}

bool Particles::again(const double* j) {
    if (e_->d_of_x.empty() || modal_ || h_s_ == 0.0) return false;
    q_used_.swap(q_new_);
    q_new_.resize(q_used_.size());
    profile(j);
    double moved = 0.0;
    for (std::size_t at = 0; at < q_new_.size(); ++at) moved = base::max2(moved, base::abs2(q_new_[at] - q_used_[at]));
    if (moved < k_settled * e_->c_max) return false;
    begin_volumes();
    if (!side_.empty()) turn_back();
    return true;
}

double Particles::bend() const {
    if (e_->d_of_x.empty() || modal_ || h_s_ == 0.0 || jump_ || !(h_old_s_ > 0.0)) return 0.0;
    const double w = h_s_ / h_old_s_;
    double moved = 0.0;
    for (std::size_t at = 0; at < q_new_.size(); ++at)
        moved = base::max2(moved, base::abs2(q_new_[at] - q_[at] - w * (q_[at] - q_old_[at])));
    return moved / e_->c_max;
}

/// Forward elimination from the centre outwards; the outermost volume stays linear in its flux.
void Particles::begin_volumes() {
    const std::size_t n = n_, last = rows_ - 1;
    const double per_r2 = 1.0 / (e_->radius_m * e_->radius_m), h_s = h_s_;
    const bool two = !jump_ && h_old_s_ > 0.0 && h_s > 0.0;
    const double w = two ? h_s / h_old_s_ : 0.0;
    const double now = two ? (1.0 + 2.0 * w) / (1.0 + w) : 1.0, one = two ? 1.0 + w : 1.0;
    const double before = two ? w * w / (1.0 + w) : 0.0, per_h = h_s > 0.0 ? 1.0 / h_s : 0.0;
    for (std::size_t m = 0; m < rows_; ++m) {  // D / distance of the inner face (of the surface in surf_)
        for (std::size_t k = 0; k < n; ++k) {
            const double c = q_new_[m * n + k], d = diffusivity(c);
            if (m > 0) {
                const double inner = q_new_[(m - 1) * n + k], middle = diffusivity(0.5 * (inner + c));
                diff_[m * n + k] = (surf_[k] + 4.0 * middle + d) / 6.0 * per_r2 * face_[m] / between_[m];
            }
            surf_[k] = d;
        }
    }
    for (std::size_t k = 0; k < n; ++k) surf_[k] = diffusivity(q_new_[rows_ * n + k]);
    if (h_s > 0.0) {
        for (std::size_t m = 0; m < rows_; ++m) {
            const double store = volume_[m] * per_h;
            for (std::size_t k = 0; k < n; ++k) {
                const std::size_t at = m * n + k;
                const double g_in = m > 0 ? diff_[at] : 0.0, g_out = m < last ? diff_[at + n] : 0.0;
                double below = 0.0, rhs = store * (one * q_[at] - before * q_old_[at]);
                if (m > 0) {
                    below = g_in * up_[at - n];
                    rhs += g_in * right_[at - n];
                }
                const double inverse = 1.0 / (now * store + g_in + g_out - below);
                up_[at] = g_out * inverse;  // c_m = right + up c_(m+1)
                right_[at] = rhs * inverse;
                if (m == last) gain_c_[k] = inverse / e_->radius_m;
            }
        }
    } else {
        for (std::size_t k = 0; k < n; ++k) {
            right_[last * n + k] = q_[last * n + k];
            right_[(last - 1) * n + k] = q_[(last - 1) * n + k];
            up_[(last - 1) * n + k] = 0.0;
            gain_c_[k] = 0.0;
        }
    }
    const double wide = width_[last], slope = wide / 6.0 / between_[last];
    for (std::size_t k = 0; k < n; ++k) {  // c_s from the volume's mean, the flux and the gradient behind it
        const std::size_t at = last * n + k;
        const double keep = 1.0 + slope * (1.0 - up_[at - n]);
        base_[k] = keep * right_[at] - slope * right_[at - n];
        gain_[k] = keep * gain_c_[k] + wide / 3.0 * e_->radius_m / surf_[k];
    }
}

void Particles::commit(const double* j) {
    const double per_r = 3.0 / e_->radius_m;
    if (!modal_) {
        if (h_s_ > 0.0)
            profile(j);
        else
            q_new_ = q_;
        q_old_.swap(q_);
        q_.swap(q_new_);
    }
    for (std::size_t k = 0; k < n_; ++k) {
        const double j0 = j_[k], j1 = j[k];
        mean_[k] -= per_r * h_s_ * (jump_ ? j1 : 0.5 * (j0 + j1));
        if (!side_.empty()) mean_[k] += per_r * h_s_ * side_[k];
        if (modal_) {
            double* const state = q_.data() + k * rows_;
            for (std::size_t n = 0; n < rows_; ++n) state[n] = e_decay_[n] * state[n] - (g0_[n] * j0 + g1_[n] * j1);
            if (!side_.empty()) {
                for (std::size_t n = 0; n < rows_; ++n) state[n] += (g0_[n] + g1_[n]) * side_[k];
            }
        } else {
            double sum = 0.0;
            for (std::size_t m = 0; m < rows_; ++m) sum += volume_[m] * q_[m * n_ + k];
            const double off = mean_[k] - 3.0 * sum;
            for (std::size_t m = 0; m <= rows_; ++m) q_[m * n_ + k] += off;
        }
        j_old_[k] = j0;
        j_[k] = j1;
    }
    if (!side_.empty()) side_old_ = side_;
}

void Particles::move(std::size_t k, double dc) {
    mean_[k] += dc;
    if (modal_) return;  // its states are relative to the mean
    for (std::size_t m = 0; m <= rows_; ++m) {
        q_[m * n_ + k] += dc;
        q_old_[m * n_ + k] += dc;
    }
}

std::vector<double> Particles::surface() const {
    std::vector<double> c(n_);
    for (std::size_t k = 0; k < n_; ++k) {
        if (!modal_) {
            c[k] = q_[rows_ * n_ + k];
            continue;
        }
        const double j = side_old_.empty() ? j_[k] : j_[k] - side_old_[k];
        c[k] = mean_[k] - sphere().rest * e_->radius_m / d_s_ * j;
        for (std::size_t n = 0; n < rows_; ++n) c[k] += q_[k * rows_ + n];
    }
    return c;
}

std::size_t Particles::state_size() const { return 3 * n_ + q_.size() + q_old_.size() + side_old_.size(); }

void Particles::save(std::vector<double>& out) const {
    for (const auto* v : {&mean_, &j_, &j_old_, &q_, &q_old_, &side_old_}) out.insert(out.end(), v->begin(), v->end());
}

void Particles::hash(base::Hasher& h) const {
    for (const auto* v : {&mean_, &j_, &j_old_, &q_, &q_old_, &side_old_}) h.f64s(v->data(), v->size());
}

const double* Particles::load(const double* in) {
    for (auto* v : {&mean_, &j_, &j_old_, &q_, &q_old_, &side_old_}) {
        for (double& x : *v) {
            x = *in;
            ++in;
        }
    }
    side_ = side_old_;
    return in;
}

}  // namespace twin::cell
