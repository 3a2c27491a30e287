// SPDX-License-Identifier: Apache-2.0
#include "cell/runaway.hpp"

#include "base/math.hpp"

namespace twin::cell {

namespace {

using base::abs2;
using base::det_exp;
constexpr std::size_t k_n = k_runaway_n;
constexpr double k_soft = 0.01;  // the last hundredth of the electric energy fades out

struct Rate {
    double r, per_T;  // 1/s and its derivative by the temperature
};
Rate arrhenius(const RunawayReaction& q, double t_K) {
    const double x = q.ea_JperMol / (k_gas_JperMolK * t_K);
    const double k = q.a_perS * det_exp(-x);
    return {k, k * x / t_K};
}
/// Share of the separator that has melted, and its slope.
Rate melted(const RunawayModel& m, double t_K) {
    const double e = det_exp(-(t_K - m.t_sep_K) / m.sep_width_K);
    const double s = 1.0 / (1.0 + e);
    return {s, s * (1.0 - s) / m.sep_width_K};
}

struct Terms {
    Rate sei, neg, pos, ele;  // rate constants
    double damp, damp_slope;  // e^(-z/z_ref) and its derivative by c_neg
    Rate cond;                // conductance of all shorts
    double left, left_slope;  // fade-out of the electric energy
    double electric_perS;     // V^2 / E
};
Terms terms_of(const RunawayModel& m, const RunawayCell& c, const RunawaySurroundings& s, const RunawayVector& y) {
    const double t = y[k_t_K];
    Terms r{arrhenius(m.sei, t), arrhenius(m.neg, t), arrhenius(m.pos, t), arrhenius(m.ele, t), 0, 0, {}, 0, 0, 0};
    r.damp = det_exp(-(m.z0 + (m.c_neg0 - y[k_c_neg])) / m.z_ref);
    r.damp_slope = r.damp / m.z_ref;
    const Rate w = melted(m, t);
    r.cond = {s.short_S + c.sep_short_S * w.r, c.sep_short_S * w.per_T};
    const double e = y[k_electric];
    r.left = e / (e + k_soft);
    r.left_slope = k_soft / ((e + k_soft) * (e + k_soft));
    r.electric_perS = c.e_J[4] > 0.0 ? c.v_V * c.v_V / c.e_J[4] : 0.0;
    return r;
}

struct Lu {
    RunawayMatrix a;
    std::array<std::size_t, k_n> row{};
    bool ok = true;
};
Lu factor(const RunawayMatrix& m) {
    Lu f{m, {}, true};
    for (std::size_t k = 0; k < k_n; ++k) f.row[k] = k;
    for (std::size_t k = 0; k < k_n; ++k) {
        std::size_t best = k;
        for (std::size_t i = k + 1; i < k_n; ++i)
            if (abs2(f.a[i][k]) > abs2(f.a[best][k])) best = i;
        if (!(abs2(f.a[best][k]) > 0.0)) {
            f.ok = false;
            return f;
        }
        const RunawayVector keep = f.a[k];
        f.a[k] = f.a[best];
        f.a[best] = keep;
        const std::size_t was = f.row[k];
        f.row[k] = f.row[best];
        f.row[best] = was;
        for (std::size_t i = k + 1; i < k_n; ++i) {
            const double l = f.a[i][k] / f.a[k][k];
            f.a[i][k] = l;
            for (std::size_t j = k + 1; j < k_n; ++j) f.a[i][j] = f.a[i][j] - l * f.a[k][j];
        }
    }
    return f;
}
RunawayVector solve(const Lu& f, const RunawayVector& b) {
    RunawayVector x{};
    for (std::size_t i = 0; i < k_n; ++i) {
        double sum = b[f.row[i]];
        for (std::size_t j = 0; j < i; ++j) sum = sum - f.a[i][j] * x[j];
        x[i] = sum;
    }
    for (std::size_t i = k_n; i-- > 0;) {
        double sum = x[i];
        for (std::size_t j = i + 1; j < k_n; ++j) sum = sum - f.a[i][j] * x[j];
        x[i] = sum / f.a[i][i];
    }
    return x;
}

/// y + sum of a[i] k[i].
RunawayVector plus(const RunawayVector& y, double a, const RunawayVector& k) {
    RunawayVector r = y;
    for (std::size_t i = 0; i < k_n; ++i) r[i] = r[i] + a * k[i];
    return r;
}

struct Step {
    RunawayVector y;
    double error = 0.0;  // relative to the tolerance
    bool ok = true;
};
Step rodas3(const RunawayModel& m, const RunawayCell& c, const RunawaySurroundings& s, const RunawayVector& y,
            const RunawayMatrix& jac, double h, double tol) {
    RunawayMatrix w{};
    for (std::size_t i = 0; i < k_n; ++i)
        for (std::size_t j = 0; j < k_n; ++j) w[i][j] = (i == j ? 2.0 / h : 0.0) - jac[i][j];
    const Lu lu = factor(w);
    Step r{y, 0.0, lu.ok};
    if (!lu.ok) return r;
    const double per_h = 1.0 / h;
    const RunawayVector f1 = runaway_rates(m, c, s, y);
    const RunawayVector k1 = solve(lu, f1);
    const RunawayVector k2 = solve(lu, plus(f1, 4.0 * per_h, k1));
    const RunawayVector y3 = plus(y, 2.0, k1);
    const RunawayVector k3 = solve(lu, plus(plus(runaway_rates(m, c, s, y3), per_h, k1), -per_h, k2));
    const RunawayVector y4 = plus(y3, 1.0, k3);
    const RunawayVector k4 =
        solve(lu, plus(plus(plus(runaway_rates(m, c, s, y4), per_h, k1), -per_h, k2), -8.0 / 3.0 * per_h, k3));
    r.y = plus(y4, 1.0, k4);
    double sum = 0.0;
    for (std::size_t i = 0; i < k_n; ++i) {
        const double scale = tol * (i == k_t_K ? 1000.0 : 1.0);
        sum = sum + (k4[i] / scale) * (k4[i] / scale);
        r.ok = r.ok && base::is_finite(r.y[i]);
    }
    r.error = base::sqrt2(sum / static_cast<double>(k_n));
    r.ok = r.ok && r.error < 1e12 && r.y[k_t_K] > 50.0 && r.y[k_t_K] < 2e4;
    return r;
}

/// Cube root of x in [1e-12, 1e12] for the step control: Newton from above.
double cube_root(double x) {
    double r = x > 1.0 ? x : 1.0;
    for (int n = 0; n < 60; ++n) r = r - (r - x / (r * r)) * (1.0 / 3.0);
    return r;
}

}  // namespace

RunawayCell runaway_cell(const RunawayModel& m, double mass_kg, double c_JperK, double capacity_Ah, double v_V,
                         double soc) {
    const double volume = mass_kg / m.density_kgPerM3;
    RunawayCell c;
    const RunawayReaction* q[4] = {&m.sei, &m.neg, &m.pos, &m.ele};
    for (std::size_t k = 0; k < 4; ++k) c.e_J[k] = q[k]->heat_JperKg * q[k]->content_kgPerM3 * volume;
    c.e_J[4] = capacity_Ah * 3600.0 * v_V * (soc > 0.0 ? soc : 0.0);
    c.c_JperK = c_JperK;
    c.v_V = v_V;
    c.sep_short_S = m.sep_short_S_per_Ah * capacity_Ah;
    return c;
}

RunawayVector runaway_start(const RunawayModel& m, double t_K) {
    return {m.c_sei0, m.c_neg0, m.a0, m.c_ele0, 1.0, t_K};
}

RunawayVector runaway_rates(const RunawayModel& m, const RunawayCell& c, const RunawaySurroundings& s,
                            const RunawayVector& y) {
    const Terms r = terms_of(m, c, s, y);
    RunawayVector d;
    d[k_c_sei] = -r.sei.r * y[k_c_sei];
    d[k_c_neg] = -r.neg.r * r.damp * y[k_c_neg];
    d[k_alpha] = r.pos.r * y[k_alpha] * (1.0 - y[k_alpha]);
    d[k_c_ele] = -r.ele.r * y[k_c_ele];
    d[k_electric] = -r.electric_perS * r.cond.r * r.left;
    const double t = y[k_t_K], e = s.t_env_K;
    const double heat = -(c.e_J[0] * d[k_c_sei] + c.e_J[1] * d[k_c_neg] - c.e_J[2] * d[k_alpha] +
                          c.e_J[3] * d[k_c_ele] + c.e_J[4] * d[k_electric]);
    d[k_t_K] =
        (heat + s.p_W - s.g_WperK * (t - e) - s.rad_WperK4 * ((t * t) * (t * t) - (e * e) * (e * e))) / c.c_JperK;
    return d;
}

RunawayMatrix runaway_jacobian(const RunawayModel& m, const RunawayCell& c, const RunawaySurroundings& s,
                               const RunawayVector& y) {
    const Terms r = terms_of(m, c, s, y);
    RunawayMatrix j{};
    j[k_c_sei][k_c_sei] = -r.sei.r;
    j[k_c_sei][k_t_K] = -r.sei.per_T * y[k_c_sei];
    j[k_c_neg][k_c_neg] = -r.neg.r * (r.damp + r.damp_slope * y[k_c_neg]);
    j[k_c_neg][k_t_K] = -r.neg.per_T * r.damp * y[k_c_neg];
    j[k_alpha][k_alpha] = r.pos.r * (1.0 - 2.0 * y[k_alpha]);
    j[k_alpha][k_t_K] = r.pos.per_T * y[k_alpha] * (1.0 - y[k_alpha]);
    j[k_c_ele][k_c_ele] = -r.ele.r;
    j[k_c_ele][k_t_K] = -r.ele.per_T * y[k_c_ele];
    j[k_electric][k_electric] = -r.electric_perS * r.cond.r * r.left_slope;
    j[k_electric][k_t_K] = -r.electric_perS * r.cond.per_T * r.left;
    const double sign[5] = {-1.0, -1.0, 1.0, -1.0, -1.0};
    for (std::size_t i = 0; i < 5; ++i) {
        j[k_t_K][i] = sign[i] * c.e_J[i] * j[i][i] / c.c_JperK;
        j[k_t_K][k_t_K] = j[k_t_K][k_t_K] + sign[i] * c.e_J[i] * j[i][k_t_K] / c.c_JperK;
    }
    const double t = y[k_t_K];
    j[k_t_K][k_t_K] = j[k_t_K][k_t_K] - (s.g_WperK + 4.0 * s.rad_WperK4 * (t * t * t)) / c.c_JperK;
    return j;
}

RunawayProgress advance_runaway(const RunawayModel& m, const RunawayCell& c, const RunawaySurroundings& s,
                                RunawayVector& y, double t_s, double tol, double& h_s) {
    RunawayProgress p;
    p.t_max_K = y[k_t_K];
    double left = t_s;
    double h = h_s > 0.0 ? h_s : 1e-3;
    while (left > 0.0) {
        const bool last = h >= left;
        const double use = last ? left : h;
        const RunawayMatrix jac = runaway_jacobian(m, c, s, y);
        for (double trial = use;;) {
            const Step step = rodas3(m, c, s, y, jac, trial, tol);
            const double bounded = step.error > 1e-9 ? (step.error < 1e9 ? step.error : 1e9) : 1e-9;
            const double f = 0.9 / cube_root(bounded);
            const double factor = f > 5.0 ? 5.0 : (f < 0.2 ? 0.2 : f);
            if (step.ok && step.error <= 1.0) {
                const double rate = (step.y[k_t_K] - y[k_t_K]) / trial;
                y = step.y;
                left = last && trial == use ? 0.0 : left - trial;
                h = last && trial == use && factor >= 1.0 && h > trial ? h : trial * factor;
                ++p.steps;
                if (y[k_t_K] > p.t_max_K) p.t_max_K = y[k_t_K];
                if (rate > p.rate_max_KperS) {
                    p.rate_max_KperS = rate;
                    p.t_rate_max_s = t_s - left;
                }
                break;
            }
            ++p.rejected;
            trial = trial * (step.ok ? factor : 0.1);
            if (!(trial > 1e-14)) {
                p.ok = false;
                h_s = 0.0;
                return p;
            }
        }
    }
    h_s = h;
    return p;
}

double runaway_released_J(const RunawayCell& c, const RunawayVector& y0, const RunawayVector& y) {
    return c.e_J[0] * (y0[k_c_sei] - y[k_c_sei]) + c.e_J[1] * (y0[k_c_neg] - y[k_c_neg]) +
           c.e_J[2] * (y[k_alpha] - y0[k_alpha]) + c.e_J[3] * (y0[k_c_ele] - y[k_c_ele]);
}

}  // namespace twin::cell
