// SPDX-License-Identifier: Apache-2.0
#include <Eigen/Dense>
#include <array>
#include <cmath>
#include <stdexcept>

#include "study/impedance.hpp"

namespace twin::study {

namespace {

using cell::EchemElectrode;
using cell::EchemKind;
using cell::EchemMesh;
using cell::EchemParams;
using cell::k_faraday_CperMol;
using cell::k_gas_JperMolK;
using Complex = std::complex<double>;

constexpr double k_two_pi = 6.283185307179586;

double arrhenius(double energy_J, double t_ref_K, double t_K) {
    return std::exp(energy_J / k_gas_JperMolK * (1.0 / t_ref_K - 1.0 / t_K));
}

/// A rested cell at one charge and temperature.
struct Rest {
    const EchemParams* p = nullptr;
    double d_e_m2_s = 0.0, kappa_S_m = 0.0, b_log_V = 0.0;  // electrolyte at c_e0
    double t_plus = 0.0;
    std::array<double, 2> sigma_S_m{};
    std::array<double, 2> d_m2_s{}, r_ct_Ohm_m2{}, slope_V{};  // particles, charge transfer, dU/dx
};

Rest rest(const EchemParams& p, double soc, double t_K) {
    Rest r;
    r.p = &p;
    if (p.electrolyte) {
        r.d_e_m2_s = p.d_e_m2_s.at(t_K, arrhenius(p.d_e_energy_J, p.t_ref_K, t_K))(p.c_e0);
        r.kappa_S_m = p.kappa_S_m.at(t_K, arrhenius(p.kappa_energy_J, p.t_ref_K, t_K))(p.c_e0);
    }
    r.t_plus = p.t_plus_curve.empty() ? p.t_plus : p.t_plus_curve.at(t_K, 1.0)(p.c_e0);
    const double factor =
        p.diffusion_factor.empty() ? (1.0 - p.t_plus) * p.activity : p.diffusion_factor.at(t_K, 1.0)(p.c_e0);
    r.b_log_V = 2.0 * k_gas_JperMolK * t_K / k_faraday_CperMol * factor;
    for (std::size_t sd = 0; sd < 2; ++sd) {
        const EchemElectrode& e = p.electrode[sd];
        const double x = e.x_empty + (e.x_full - e.x_empty) * soc;
        if (!(x > 0.0 && x < 1.0)) throw std::invalid_argument("a lithiation is outside 0 .. 1 at this charge");
        const double j0 = e.k_mol_m2_s * k_faraday_CperMol * arrhenius(e.k_energy_J, p.t_ref_K, t_K) *
                          std::pow(x, e.j0_power[1]) * std::pow(1.0 - x, e.j0_power[2]);
        const double d = e.d_of_x.empty() ? e.d_m2_s : e.d_of_x.value(x);
        r.d_m2_s[sd] = d * arrhenius(e.d_energy_J, p.t_ref_K, t_K);
        r.sigma_S_m[sd] = e.sigma_S_m * arrhenius(e.sigma_energy_J, p.t_ref_K, t_K);
        r.r_ct_Ohm_m2[sd] = k_gas_JperMolK * t_K / (k_faraday_CperMol * j0);
        r.slope_V[sd] = e.ocp_V.slope(x);
        if (e.dudt_V_K.hi() > 0.0) r.slope_V[sd] += e.dudt_V_K.slope(x) * (t_K - p.t_ref_K);
    }
    return r;
}

/// (phi_s - phi_e) per current density on the particles, ohm m2.
Complex local_Ohm_m2(const Rest& r, std::size_t sd, Complex jw) {
    const EchemElectrode& e = r.p->electrode[sd];
    const Complex b = e.radius_m * std::sqrt(jw / r.d_m2_s[sd]);
    // tanh b / (b - tanh b): 3/b2 + 3/15 .. for small b, where the difference cancels; tanh b = 1 for large ones
    Complex shape;
    if (std::abs(b) < 0.02) {
        shape = 3.0 / (b * b) + 0.2 - b * b / 175.0;
    } else {
        const Complex t = b.real() > 20.0 ? Complex(1.0) : std::tanh(b);
        shape = t / (b - t);
    }
    return r.r_ct_Ohm_m2[sd] - r.slope_V[sd] * e.radius_m / r.d_m2_s[sd] * shape / (k_faraday_CperMol * e.c_max);
}

struct Mesh {
    std::array<std::size_t, 3> n{};
    std::vector<double> dx_m, store, transport;  // (all) width, porosity, transport efficiency
    std::size_t all() const { return dx_m.size(); }
    int side(std::size_t v) const { return v < n[0] ? 0 : (v < n[0] + n[1] ? -1 : 1); }
};
Mesh mesh_of(const EchemParams& p, const EchemMesh& m) {
    Mesh r;
    r.n = cell::volumes(m, cell::EchemKind::dfn);
    const std::array<double, 3> length{p.electrode[0].thickness_m, p.sep_thickness_m, p.electrode[1].thickness_m};
    const std::array<double, 3> eps{p.electrode[0].porosity, p.sep_porosity, p.electrode[1].porosity};
    const std::array<double, 3> transport{p.electrode[0].transport, p.sep_transport, p.electrode[1].transport};
    for (std::size_t d = 0; d < 3; ++d) {
        r.dx_m.insert(r.dx_m.end(), r.n[d], length[d] / static_cast<double>(r.n[d]));
        r.store.insert(r.store.end(), r.n[d], eps[d]);
        r.transport.insert(r.transport.end(), r.n[d], transport[d]);
    }
    return r;
}

/// Storage and diffusion of c_e into rows [0, all) of `a`, columns [0, all).
void electrolyte_rows(const Rest& r, const Mesh& m, Complex jw, Eigen::MatrixXcd& a) {
    for (std::size_t v = 0; v < m.all(); ++v) {
        const auto k = static_cast<Eigen::Index>(v);
        a(k, k) += jw * m.store[v] * m.dx_m[v];
        if (v + 1 == m.all()) break;
        const double face = 2.0 * r.d_e_m2_s / (m.dx_m[v] / m.transport[v] + m.dx_m[v + 1] / m.transport[v + 1]);
        a(k, k) += face;
        a(k, k + 1) -= face;
        a(k + 1, k + 1) += face;
        a(k + 1, k) -= face;
    }
}

/// Ohm m2 of the cell's area. Reaction uniform in each electrode.
Complex single_particle(const Rest& r, const Mesh& m, bool electrolyte, Complex jw) {
    const EchemParams& p = *r.p;
    Complex z = 0.0;
    for (std::size_t sd = 0; sd < 2; ++sd)
        z += local_Ohm_m2(r, sd, jw) / (p.electrode[sd].area_per_volume_perm * p.electrode[sd].thickness_m);
    if (!electrolyte) return z;
    const auto all = static_cast<Eigen::Index>(m.all());
    Eigen::MatrixXcd a = Eigen::MatrixXcd::Zero(all, all);
    Eigen::VectorXcd d = Eigen::VectorXcd::Zero(all);
    electrolyte_rows(r, m, jw, a);
    for (std::size_t v = 0; v < m.all(); ++v) {
        if (m.side(v) < 0) continue;
        const double sign = m.side(v) == 0 ? 1.0 : -1.0;
        d(static_cast<Eigen::Index>(v)) = sign * (1.0 - r.t_plus) / k_faraday_CperMol * m.dx_m[v] /
                                          p.electrode[static_cast<std::size_t>(m.side(v))].thickness_m;
    }
    const Eigen::VectorXcd c = a.partialPivLu().solve(d);
    for (std::size_t v = 0; v < m.all(); ++v) {
        if (m.side(v) < 0) continue;
        const double sign = m.side(v) == 0 ? 1.0 : -1.0;
        z += sign * r.b_log_V / p.c_e0 * c(static_cast<Eigen::Index>(v)) * m.dx_m[v] /
             p.electrode[static_cast<std::size_t>(m.side(v))].thickness_m;
    }
    z += p.sep_thickness_m / (p.sep_transport * r.kappa_S_m);
    for (std::size_t sd = 0; sd < 2; ++sd) {
        const EchemElectrode& e = p.electrode[sd];
        z += e.thickness_m / 3.0 * (1.0 / (e.transport * r.kappa_S_m) + 1.0 / r.sigma_S_m[sd]);
    }
    return z;
}

/// Ohm m2 of the cell's area. Unknowns: c_e and phi_e of all volumes, phi_s of those with solid.
Complex porous(const Rest& r, const Mesh& m, Complex jw) {
    const EchemParams& p = *r.p;
    const std::size_t all = m.all(), n_neg = m.n[0], skip = m.n[1];
    const auto c = [](std::size_t v) { return static_cast<Eigen::Index>(v); };
    const auto fe = [&](std::size_t v) { return static_cast<Eigen::Index>(all + v); };
    const auto fs = [&](std::size_t v) { return static_cast<Eigen::Index>(2 * all + v - (v < n_neg ? 0 : skip)); };
    const auto size = static_cast<Eigen::Index>(3 * all - skip);
    Eigen::MatrixXcd a = Eigen::MatrixXcd::Zero(size, size);
    Eigen::VectorXcd d = Eigen::VectorXcd::Zero(size);
    electrolyte_rows(r, m, jw, a);
    const std::array<Complex, 2> z{local_Ohm_m2(r, 0, jw), local_Ohm_m2(r, 1, jw)};
    for (std::size_t v = 0; v < all; ++v) {
        if (v + 1 < all) {  // ionic current through the right face
            const double g = 2.0 * r.kappa_S_m / (m.dx_m[v] / m.transport[v] + m.dx_m[v + 1] / m.transport[v + 1]);
            for (const auto& [row, sign] : {std::pair{fe(v), 1.0}, std::pair{fe(v + 1), -1.0}}) {
                a(row, fe(v)) += sign * g;
                a(row, fe(v + 1)) -= sign * g;
                a(row, c(v + 1)) += sign * g * r.b_log_V / p.c_e0;
                a(row, c(v)) -= sign * g * r.b_log_V / p.c_e0;
            }
        }
        if (m.side(v) < 0) continue;
        const auto sd = static_cast<std::size_t>(m.side(v));
        const EchemElectrode& e = p.electrode[sd];
        const Complex react = e.area_per_volume_perm * m.dx_m[v] / z[sd];  // current per (phi_s - phi_e)
        const double give = (1.0 - r.t_plus) / k_faraday_CperMol;
        a(c(v), fs(v)) -= give * react;
        a(c(v), fe(v)) += give * react;
        a(fe(v), fs(v)) -= react;
        a(fe(v), fe(v)) += react;
        a(fs(v), fs(v)) += react;
        a(fs(v), fe(v)) -= react;
        if (v + 1 < all && m.side(v + 1) == m.side(v)) {
            const double g = r.sigma_S_m[sd] / (0.5 * (m.dx_m[v] + m.dx_m[v + 1]));
            a(fs(v), fs(v)) += g;
            a(fs(v), fs(v + 1)) -= g;
            a(fs(v + 1), fs(v + 1)) += g;
            a(fs(v + 1), fs(v)) -= g;
        }
    }
    d(fs(0)) = 1.0;          // 1 A/m2 enters the negative electrode from its collector,
    d(fs(all - 1)) = -1.0;   // and leaves the positive one
    a.row(fe(0)).setZero();  // the sum of the others; instead, the potential's zero
    a(fe(0), fe(0)) = 1.0;
    const Eigen::VectorXcd x = a.partialPivLu().solve(d);
    return x(fs(0)) - x(fs(all - 1)) + 0.5 * m.dx_m[0] / r.sigma_S_m[0] + 0.5 * m.dx_m[all - 1] / r.sigma_S_m[1];
}

}  // namespace

Impedance_Ohm impedance(const EchemParams& params, EchemKind kind, double soc, double t_K,
                        const std::vector<double>& f_Hz, const EchemMesh& mesh, double film_Ohm_m2) {
    Rest r = rest(params, soc, t_K);
    r.r_ct_Ohm_m2[0] += film_Ohm_m2;  // in series, on the same area
    const Mesh m = mesh_of(params, mesh);
    Impedance_Ohm z;
    z.reserve(f_Hz.size());
    for (const double f : f_Hz) {
        const Complex jw(0.0, k_two_pi * f);
        const Complex per_area =
            kind == EchemKind::dfn ? porous(r, m, jw) : single_particle(r, m, kind == EchemKind::spme, jw);
        z.push_back(per_area / params.area_m2 + params.contact_Ohm);
    }
    return z;
}

}  // namespace twin::study
