// SPDX-License-Identifier: Apache-2.0
#include "cell/echem.hpp"

#include <bit>
#include <iterator>
#include <span>
#include <stdexcept>

#include "base/bytes.hpp"
#include "base/math.hpp"
#include "cell/echem_math.hpp"

namespace twin::cell {

namespace {

constexpr int k_passes_max = 8;  // over diffusivities that depend on x

double arrhenius(double energy_J, double t_ref_K, double t_K) {
    if (energy_J == 0.0) return 1.0;
    return base::det_exp(energy_J / k_gas_JperMolK * (1.0 / t_ref_K - 1.0 / t_K));
}

}  // namespace

Echem::Echem(std::shared_ptr<const EchemParams> params, EchemKind kind, const EchemMesh& mesh, const SideLaws& laws)
    : p_(std::move(params)), kind_(kind) {
    if (!p_) throw std::invalid_argument("no parameters");
    if (!p_->electrolyte && kind_ != EchemKind::spm)
        throw std::invalid_argument("the parameters are for the SPM alone: no electrolyte and no separator");
    t_varies_ = !p_->t_plus_curve.empty();
    for (const EchemElectrode& e : p_->electrode) {
        for (const double power : e.j0_power) root_j0_ = root_j0_ && power == 0.5;
    }
    make_mesh(mesh);
    if (laws.any()) {
        for (const std::string& key : missing_for(laws, p_->side))
            throw std::invalid_argument("degradation needs \"" + key + "\"");
        const std::size_t places = kind_ == EchemKind::spm ? 1 : n_[0];
        side_ = SideReactions(p_->side, laws, p_->electrode[0].area_per_volume_perm, p_->t_ref_K, places);
        side_shape_.assign(places, {});
        side_flux_.assign(places, {});
        s_.particle[0].with_side_flux();
    }
    reset(1.0, p_->t_ref_K);
    ambient_K = p_->t_ref_K;
}

std::array<std::size_t, 3> volumes(const EchemMesh& m, EchemKind kind) {
    if (kind == EchemKind::spm) return {2, 2, 2};  // no electrolyte to resolve
    const bool dfn = kind == EchemKind::dfn;
    return {m.n_neg > 0 ? m.n_neg : (dfn ? 20U : 14U), m.n_sep > 0 ? m.n_sep : (dfn ? 8U : 6U),
            m.n_pos > 0 ? m.n_pos : (dfn ? 20U : 14U)};
}

void Echem::make_mesh(const EchemMesh& m) {
    const std::array<std::size_t, 3> n = volumes(m, kind_);
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
            half_.push_back(0.5 * (right - left) / brug[d]);
        }
        x0 += length[d];
    }
    for (std::size_t v = 0; v + 1 < x_.size(); ++v) per_face_.push_back(1.0 / (6.0 * (half_[v] + half_[v + 1])));
    n_ = n;
    uniform_ = m.grading == 0.0;
    if (m.shells < 4 || m.shells > 1000) throw std::invalid_argument("4 .. 1000 volumes per particle");
    const std::size_t all = x_.size();
    for (auto* v :
         {&c_new_, &de_face_, &ohm_half_, &log_c_, &bl_, &t_face_, &source_, &phi_e_, &a_, &b_, &c_, &d_, &diff_})
        v->assign(all + 1, 0.0);
    c_new_.assign(all, 0.0);
    if (kind_ == EchemKind::dfn) rows_.assign(all, {});
    for (std::size_t side = 0; side < 2; ++side) {
        const std::size_t k = kind_ == EchemKind::dfn ? n_[2 * side] : 1;
        for (auto* v : {&j_[side], &f_[side], &slope_[side], &slope_c_[side], &x_s_[side], &u_V_[side], &phi_[side]})
            v->assign(k, 0.0);
        s_.particle[side] = Particles(p_->electrode[side], k, m.shells, m.particle_volumes);
    }
}

void Echem::reset(double soc, double t_K, std::optional<double> h) {
    for (std::size_t side = 0; side < 2; ++side) {
        const EchemElectrode& e = p_->electrode[side];
        const double x = e.x_empty + (e.x_full - e.x_empty) * soc;
        s_.particle[side].reset(x);
        for (double& f : phi_[side]) f = e.ocp_V.value(x) + e.dudt_V_K.value(x) * (t_K - p_->t_ref_K);
        for (double& j : j_[side]) j = 0.0;
    }
    s_.c_e.assign(x_.size(), p_->c_e0);
    s_.c_e_old = s_.c_e;
    c_new_ = s_.c_e;
    s_.phi.clear();
    for (const auto& f : phi_) s_.phi.insert(s_.phi.end(), f.begin(), f.end());
    s_.phi_old = s_.phi;
    s_.h_old_s = 0.0;
    s_.t_K = t_K;
    s_.charge_C = s_.i_A = s_.mixing_W = s_.mixing_old_W = 0.0;
    s_.jumped = 1.0;
    factors_t_K_ = -1.0;
    if (side_.on()) side_.reset();
    for (std::size_t sd = 0; sd < 2; ++sd)
        s_.hysteresis[sd] = h ? (sd == 0 ? -*h : *h) : p_->electrode[sd].hysteresis0;  // charging: + delithiates
    trial(0.0, 0.0, true);
}

double Echem::hysteresis() const {
    const double with[2] = {p_->electrode[0].hysteresis_V.empty() ? 0.0 : 1.0,
                            p_->electrode[1].hysteresis_V.empty() ? 0.0 : 1.0};
    const double n = with[0] + with[1];
    return n > 0.0 ? (with[1] * s_.hysteresis[1] - with[0] * s_.hysteresis[0]) / n : 0.0;
}

void Echem::temperature_factors() {
    if (factors_t_K_ == s_.t_K) return;
    factors_t_K_ = s_.t_K;
    const double t_ref = p_->t_ref_K;
    for (std::size_t side = 0; side < 2; ++side) {
        const EchemElectrode& e = p_->electrode[side];
        d_factor_[side] = arrhenius(e.d_energy_J, t_ref, s_.t_K);
        j0_factor_[side] = e.k_mol_m2_s * k_faraday_CperMol * arrhenius(e.k_energy_J, t_ref, s_.t_K);
        sigma_[side] = e.sigma_S_m * arrhenius(e.sigma_energy_J, t_ref, s_.t_K);
    }
    if (!p_->electrolyte) return;
    kappa_at_ = p_->kappa_S_m.at(s_.t_K, arrhenius(p_->kappa_energy_J, t_ref, s_.t_K));
    de_at_ = p_->d_e_m2_s.at(s_.t_K, arrhenius(p_->d_e_energy_J, t_ref, s_.t_K));
    const double rt = 2.0 * k_gas_JperMolK * s_.t_K / k_faraday_CperMol;
    b_log_ = rt * (1.0 - p_->t_plus) * p_->activity;
    entering_ = 1.0 - p_->t_plus;
    if (t_varies_) {
        t_plus_at_ = p_->t_plus_curve.at(s_.t_K, 1.0);
        thermo_at_ = p_->diffusion_factor.at(s_.t_K, rt);
    } else {
        for (double& b : bl_) b = b_log_;
        for (double& t : t_face_) t = p_->t_plus;
    }
}

double Echem::j0_of(std::size_t side, double x, double c_e) const {
    const double in = lithiation_inside(x), c = (c_e > 1e-3 ? c_e : 1e-3) / p_->c_e0;
    if (root_j0_) return j0_factor_[side] * base::sqrt2(c * in * (1.0 - in));
    const auto& p = p_->electrode[side].j0_power;
    return j0_factor_[side] *
           base::det_exp(p[0] * base::det_log(c) + p[1] * base::det_log(in) + p[2] * base::det_log(1.0 - in));
}

/// Start of the iteration: the state, continued straight where the last two steps allow it.
void Echem::start_values(double h_s) {
    c_new_ = s_.c_e;
    const double w = jump_ ? 0.0 : h_s / s_.h_old_s;
    const double w_field = s_.jumped != 0.0 ? 0.0 : w;  // potentials and fluxes jumped there
    std::size_t at = 0;
    for (std::size_t sd = 0; sd < 2; ++sd) {
        const auto &j = s_.particle[sd].flux(), &j_old = s_.particle[sd].flux_old();
        for (std::size_t k = 0; k < phi_[sd].size(); ++k) {
            phi_[sd][k] = s_.phi[at] + w_field * (s_.phi[at] - s_.phi_old[at]);
            j_[sd][k] = j[k] + w_field * (j[k] - j_old[k]);
            ++at;
        }
    }
    if (w > 0.0) {
        for (std::size_t v = 0; v < c_new_.size(); ++v) c_new_[v] += w * (s_.c_e[v] - s_.c_e_old[v]);
    }
}

const Echem::Trial& Echem::trial(double h_s, double i_A, bool jump) {
    h_s_ = h_s;
    i_A_ = i_A;
    jump_ = jump || s_.h_old_s == 0.0;
    temperature_factors();
    const double i = i_A / p_->area_m2;
    for (std::size_t sd = 0; sd < 2; ++sd) s_.particle[sd].begin(h_s, s_.h_old_s, jump_, d_factor_[sd]);
    start_values(h_s);
    advance_hysteresis(h_s, i);
    if (side_.on()) side_.begin(h_s, jump_, s_.t_K);
    trial_.ok = solve(h_s, i);
    for (int pass = 0; pass < k_passes_max; ++pass) {
        bool again = false;
        for (std::size_t sd = 0; sd < 2; ++sd) again = s_.particle[sd].again(j_[sd].data()) || again;
        if (!again || !trial_.ok) break;
        if (kind_ == EchemKind::dfn || side_.on()) trial_.ok = solve(h_s, i);
    }
    trial_.bend = base::max2(s_.particle[0].bend(), s_.particle[1].bend());
    surfaces();
    trial_.v_V = (kind_ == EchemKind::dfn ? dfn_voltage(i) : spm_voltage(i)) - i_A * p_->contact_Ohm;
    heat(i_A);
    return trial_;
}

bool Echem::solve(double h_s, double i_A_m2) {
    if (kind_ == EchemKind::dfn) return side_.on() ? solve_dfn<true>(h_s, i_A_m2) : solve_dfn<false>(h_s, i_A_m2);
    solve_spm(h_s, i_A_m2);
    return !side_.on() || solve_spm_side(i_A_m2);
}

/// The mean flux of an electrode is given by the current, so its hysteresis at the end of the step is known before.
void Echem::advance_hysteresis(double h_s, double i_A_m2) {
    hysteresis_ = s_.hysteresis;
    const double mean_A_m2 = jump_ ? i_A_m2 : 0.5 * (i_A_m2 + s_.i_A / p_->area_m2);
    for (std::size_t sd = 0; sd < 2; ++sd) {
        const EchemElectrode& e = p_->electrode[sd];
        if (e.hysteresis_V.empty()) continue;
        const double leaves = sd == 0 ? mean_A_m2 : -mean_A_m2, target = leaves > 0.0 ? 1.0 : -1.0;
        const double fraction = e.area_per_volume_perm * e.radius_m / 3.0;  // of active material
        const double moved = h_s * base::abs2(leaves) / (k_faraday_CperMol * e.c_max * fraction * e.thickness_m);
        hysteresis_[sd] += (target - hysteresis_[sd]) * -base::det_expm1(-e.hysteresis_decay * moved);
    }
}

/// Heat of the step (open-circuit power at the surfaces less terminal power, the reversible part, mixing) and the
/// temperature after it.
void Echem::heat(double i_A) {
    double rev = 0.0, u = 0.0;  // W/m2
    for (std::size_t sd = 0; sd < 2; ++sd) {
        const EchemElectrode& e = p_->electrode[sd];
        const std::size_t first = first_of(sd);
        for (std::size_t k = 0; k < x_s_[sd].size(); ++k) {
            const double width = kind_ == EchemKind::dfn ? dx_[first + k] : e.thickness_m;
            const double flow = e.area_per_volume_perm * k_faraday_CperMol * j_[sd][k] * width;
            u -= flow * u_V_[sd][k];
            rev += flow * e.dudt_V_K.value(x_s_[sd][k]) * s_.t_K;
        }
    }
    if (side_.on()) u += side_heat_W_m2();
    trial_.heat_W = (u + rev) * p_->area_m2 - i_A * trial_.v_V + mixing_mean_W();
    trial_.t_K = s_.t_K;
    if (thermal && p_->heat_capacity_J_K > 0.0) {
        const double rate = p_->cooling_W_K / p_->heat_capacity_J_K;
        const double target = ambient_K + (p_->cooling_W_K > 0.0 ? trial_.heat_W / p_->cooling_W_K : 0.0);
        trial_.t_K = rate > 0.0 ? s_.t_K + (target - s_.t_K) * -base::det_expm1(-rate * h_s_)
                                : s_.t_K + h_s_ * trial_.heat_W / p_->heat_capacity_J_K;
    }
}

void Echem::commit() {
    for (std::size_t sd = 0; sd < 2; ++sd) s_.particle[sd].commit(j_[sd].data());
    s_.phi_old.swap(s_.phi);
    std::size_t at = 0;
    for (const auto& side : phi_) {
        for (const double f : side) {
            s_.phi[at] = f;
            ++at;
        }
    }
    s_.c_e_old.swap(s_.c_e);
    s_.c_e = c_new_;
    s_.h_old_s = h_s_;
    s_.t_K = trial_.t_K;
    s_.charge_C += h_s_ * (jump_ ? i_A_ : 0.5 * (s_.i_A + i_A_));
    s_.i_A = i_A_;
    if (side_.on()) side_.commit();
    s_.hysteresis = hysteresis_;
    s_.jumped = jump_ ? 1.0 : 0.0;
    s_.mixing_old_W = s_.mixing_W;
    s_.mixing_W = thermal && heat_of_mixing ? mixing_W() : 0.0;
}

double Echem::voltage_V(double i_A) {
    trial(0.0, i_A, true);
    return trial_.v_V;
}

double Echem::soc() const {
    const EchemElectrode& e = p_->electrode[0];
    const std::vector<double>& mean = s_.particle[0].mean();
    double sum = 0.0, width = 0.0;
    for (std::size_t k = 0; k < mean.size(); ++k) {
        const double w = kind_ == EchemKind::dfn ? dx_[k] : 1.0;
        sum += mean[k] * w;
        width += w;
    }
    return (sum / width / e.c_max - e.x_empty) / (e.x_full - e.x_empty);
}

std::vector<double> Echem::surface_x(int electrode) const {
    const auto sd = static_cast<std::size_t>(electrode);
    std::vector<double> x = s_.particle[sd].surface();
    for (double& c : x) c = c / p_->electrode[sd].c_max;
    return x;
}

EchemFields Echem::fields() const {
    EchemFields f;
    f.x_m = x_;
    f.c_e = c_new_;
    if (kind_ == EchemKind::dfn)
        f.phi_e_V.assign(phi_e_.begin(), phi_e_.begin() + static_cast<std::ptrdiff_t>(x_.size()));
    for (std::size_t sd = 0; sd < 2; ++sd) {
        const std::size_t first = first_of(sd);
        for (std::size_t k = 0; k < x_s_[sd].size(); ++k) {
            f.c_surface[sd].push_back(x_s_[sd][k] * p_->electrode[sd].c_max);
            if (kind_ == EchemKind::dfn) {
                f.x_electrode_m[sd].push_back(x_[first + k]);
                f.phi_s_V[sd].push_back(phi_[sd][k] + phi_e_[first + k]);
            }
        }
        f.j[sd] = j_[sd];
        f.c_max[sd] = p_->electrode[sd].c_max;
    }
    f.plating_V = plating_V_;
    return f;
}

double Echem::plating_V() const { return plating_V_; }

namespace {
constexpr std::uint64_t k_magic = 0x32304d4843454d42ULL;  // "BMECHM02"
}  // namespace

Echem::Scalars Echem::scalars() const {
    return {s_.h_old_s,          s_.t_K,           s_.charge_C,      s_.i_A,      s_.jumped,      ambient_K,
            thermal ? 1.0 : 0.0, s_.hysteresis[0], s_.hysteresis[1], s_.mixing_W, s_.mixing_old_W};
}

std::vector<double> Echem::state_numbers() const {
    const Scalars head = scalars();
    std::vector<double> v(head.begin(), head.end());
    for (const auto* part : {&s_.c_e, &s_.c_e_old, &s_.phi, &s_.phi_old}) v.insert(v.end(), part->begin(), part->end());
    for (const Particles& p : s_.particle) p.save(v);
    if (side_.on()) side_.save(v);
    return v;
}

void Echem::hash(base::Hasher& h) const {
    const Scalars head = scalars();
    h.f64s(head.data(), head.size());
    for (const auto* part : {&s_.c_e, &s_.c_e_old, &s_.phi, &s_.phi_old}) h.f64s(part->data(), part->size());
    for (const Particles& p : s_.particle) p.hash(h);
    if (side_.on()) side_.hash(h);
}

std::vector<std::uint8_t> Echem::snapshot() const {
    const std::vector<double> v = state_numbers();
    std::vector<std::uint8_t> out;
    out.reserve(8 * (v.size() + 4));
    base::put_u64(out, k_magic);
    base::put_u64(out, static_cast<std::uint64_t>(kind_));
    base::put_u64(out, v.size());
    for (const double x : v) base::put_u64(out, std::bit_cast<std::uint64_t>(x));
    base::put_u64(out, base::checksum(out));
    return out;
}

void Echem::restore(const std::vector<std::uint8_t>& bytes) {
    const std::size_t n = state_numbers().size();
    if (bytes.size() < 32 || bytes.size() % 8 != 0 || base::get_u64(bytes, 0) != k_magic)
        throw std::invalid_argument("these bytes are no state of an electrochemical cell");
    if (base::get_u64(bytes, 1) != static_cast<std::uint64_t>(kind_) || base::get_u64(bytes, 2) != n ||
        bytes.size() != 8 * (n + 4))
        throw std::invalid_argument("the state is of another kind of model or another mesh");
    if (base::get_u64(bytes, n + 3) != base::checksum(std::span(bytes).first(8 * (n + 3))))
        throw std::invalid_argument("the state is damaged");
    std::vector<double> v(n);
    for (std::size_t k = 0; k < n; ++k) v[k] = std::bit_cast<double>(base::get_u64(bytes, k + 3));
    s_.h_old_s = v[0];
    s_.t_K = v[1];
    s_.charge_C = v[2];
    s_.i_A = v[3];
    s_.jumped = v[4];
    ambient_K = v[5];
    thermal = v[6] != 0.0;
    s_.hysteresis = {v[7], v[8]};
    s_.mixing_W = v[9];
    s_.mixing_old_W = v[10];
    const double* at = v.data() + std::tuple_size_v<Scalars>;
    for (auto* part : {&s_.c_e, &s_.c_e_old, &s_.phi, &s_.phi_old}) {
        for (double& x : *part) {
            x = *at;
            ++at;
        }
    }
    for (Particles& p : s_.particle) at = p.load(at);
    if (side_.on()) (void)side_.load(at);
    factors_t_K_ = -1.0;
}

}  // namespace twin::cell
