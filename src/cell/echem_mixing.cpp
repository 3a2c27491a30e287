// SPDX-License-Identifier: Apache-2.0
// Heat of mixing: what diffusion in the particles dissipates. The heat of reaction counts from the surface's
// open-circuit potential; the rest, from there to the inside's, is released on the way. Per volume of active material
//
//   q = F / c_max  mean of D (dc/dr)^2 (-dU_H/dx),   U_H = U - T dU/dT = U(x, T_ref) - T_ref dU/dT(x)
//
// Rao and Newman 1997 (10.1149/1.1837884), Thomas and Newman 2003 (10.1149/1.1531194). With it
// sum of heat = electrical work + change of the enthalpy of both electrodes. The electrolyte mixes ideally: none there.
#include <array>

#include "base/math.hpp"
#include "cell/echem.hpp"
#include "cell/echem_math.hpp"
#include "cell/echem_particles.hpp"

namespace twin::cell {

namespace {

constexpr std::size_t k_modes = 6;  // the higher ones are in their steady state within seconds
constexpr std::size_t k_points = 8;

/// Points of Gauss and Legendre in the radius, their weights times 3 rho^2, and there the shapes of the sphere's
/// modes (1 at the surface) and their slopes.
struct Shapes {
    std::array<double, k_points> rho{}, weight{};
    std::array<std::array<double, k_points>, k_modes> value{}, slope{};
    std::array<double, k_modes> w{};  // of the steady state, R j / D
};

// Gauss-Legendre, 8 points in -1..1: the positive ones and their weights (Abramowitz and Stegun 1964, table 25.4).
constexpr double k_gauss[k_points / 2][2] = {{0.183434642495650, 0.362683783378362},
                                             {0.525532409916329, 0.313706645877887},
                                             {0.796666477413627, 0.222381034453374},
                                             {0.960289856497536, 0.101228536290376}};

Shapes make_shapes() {
    Shapes s;
    for (std::size_t i = 0; i < k_points; ++i) {
        const auto& [x, w] = k_gauss[i / 2];
        s.rho[i] = 0.5 * (i % 2 == 0 ? 1.0 - x : 1.0 + x);
        s.weight[i] = 0.5 * w * 3.0 * s.rho[i] * s.rho[i];
    }
    for (std::size_t n = 0; n < k_modes; ++n) {
        const double l = sphere_root(n + 1);
        s.w[n] = 2.0 / (l * l);
        for (std::size_t i = 0; i < k_points; ++i) {
            const double r = s.rho[i], lr = l * r;
            s.value[n][i] = sine(lr) / (r * sine(l));
            s.slope[n][i] = (lr * cosine(lr) - sine(lr)) / (r * r * sine(l));
        }
    }
    return s;
}
const Shapes& shapes() {
    static const Shapes s = make_shapes();
    return s;
}

/// Lithiation within the curves.
double within(double x) { return base::min2(base::max2(x, 0.0), 1.0); }

}  // namespace

void Particles::prepare_mixing() { (void)shapes(); }

double Particles::mixing_W_m3(std::size_t k, double t_ref_K) const {
    return modal_ ? mixing_of_modes(k, t_ref_K) : mixing_of_volumes(k, t_ref_K);
}

/// The steady parabola of the flux, and what the slow modes are away from it.
double Particles::mixing_of_modes(std::size_t k, double t_ref_K) const {
    const Shapes& sh = shapes();
    const double steady = e_->radius_m * (side_old_.empty() ? j_[k] : j_[k] - side_old_[k]) / d_s_;
    std::array<double, k_points> c{}, slope{};
    for (std::size_t i = 0; i < k_points; ++i) {
        c[i] = mean_[k] - steady * (0.5 * sh.rho[i] * sh.rho[i] - 0.3);
        slope[i] = -steady * sh.rho[i];
    }
    for (std::size_t n = 0; n < k_modes; ++n) {
        const double away = q_[k * rows_ + n] + sh.w[n] * steady;
        for (std::size_t i = 0; i < k_points; ++i) {
            c[i] += away * sh.value[n][i];
            slope[i] += away * sh.slope[n][i];
        }
    }
    double sum = 0.0;
    for (std::size_t i = 0; i < k_points; ++i) {
        const double x = within(c[i] / e_->c_max);
        sum -= sh.weight[i] * slope[i] * slope[i] * (e_->ocp_V.slope(x) - t_ref_K * e_->dudt_V_K.slope(x));
    }
    return k_faraday_CperMol * d_s_ / (e_->c_max * e_->radius_m * e_->radius_m) * sum;
}

/// Flux through each face times the rise of U_H across it; from the last volume to the surface by the flux that leaves.
double Particles::mixing_of_volumes(std::size_t k, double t_ref_K) const {
    if (!(h_s_ > 0.0)) return 0.0;
    const auto enthalpy_V = [&](double c) {
        const double x = within(c / e_->c_max);
        return e_->ocp_V.value(x) - t_ref_K * e_->dudt_V_K.value(x);
    };
    double sum = 0.0, inner_c = q_[k], inner_V = enthalpy_V(inner_c);
    for (std::size_t m = 1; m < rows_; ++m) {
        const double c = q_[m * n_ + k], v = enthalpy_V(c);
        sum += diff_[m * n_ + k] * (inner_c - c) * (v - inner_V);
        inner_c = c;
        inner_V = v;
    }
    const double leaves = (side_old_.empty() ? j_[k] : j_[k] - side_old_[k]) / e_->radius_m;
    sum += leaves * (enthalpy_V(q_[rows_ * n_ + k]) - inner_V);
    return 3.0 * k_faraday_CperMol * sum;
}

/// Mean over the step of the trial, as the last two steps go on.
double Echem::mixing_mean_W() const {
    if (jump_ || !(s_.h_old_s > 0.0)) return s_.mixing_W;
    return base::max2(s_.mixing_W + 0.5 * h_s_ / s_.h_old_s * (s_.mixing_W - s_.mixing_old_W), 0.0);
}

double Echem::mixing_W() const {
    double sum = 0.0;
    for (std::size_t sd = 0; sd < 2; ++sd) {
        const EchemElectrode& e = p_->electrode[sd];
        const double solid = e.area_per_volume_perm * e.radius_m / 3.0;
        for (std::size_t k = 0; k < j_[sd].size(); ++k) {
            const double width = kind_ == EchemKind::dfn ? dx_[first_of(sd) + k] : e.thickness_m;
            sum += solid * width * s_.particle[sd].mixing_W_m3(k, p_->t_ref_K);
        }
    }
    return sum * p_->area_m2;
}

}  // namespace twin::cell
