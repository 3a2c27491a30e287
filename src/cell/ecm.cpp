// SPDX-License-Identifier: Apache-2.0
#include "cell/ecm_pair.hpp"

#include <array>
#include <stdexcept>
#include <string>

namespace twin::cell {

namespace {

using base::det_expm1;

/// (e^z - 1) / z for z <= 0.
double phi1(double z) { return base::mean_decay(-z); }

/// (e^z - 1 - z) / z^2 for z <= 0; series where the difference would cancel.
double phi2(double z) {
    if (z < -1.0) return (det_expm1(z) - z) / (z * z);
    double term = 0.5;
    double sum = 0.5;
    for (int k = 3; k < 24; ++k) {
        term = term * z / static_cast<double>(k);
        sum = sum + term;
    }
    return sum;
}

struct Matrix2 {
    double m[2][2];
};

/// f(K) from its values f1, f2 at the two distinct eigenvalues: Newton's divided differences.
Matrix2 function_of(const Matrix2& k, double l1, double l2, double f1, double f2) {
    const double d = (f1 - f2) / (l1 - l2);
    return {{{f1 + d * (k.m[0][0] - l1), d * k.m[0][1]}, {d * k.m[1][0], f1 + d * (k.m[1][1] - l1)}}};
}

void thermal_coeffs(const EcmModel& m, double h_s, EcmCoeffs& c) {
    const double g_cs = 1.0 / m.r_core_surf_KperW;
    const double g_se = 1.0 / m.r_surf_env_KperW;
    const Matrix2 k = {
        {{-g_cs / m.c_core_JperK, g_cs / m.c_core_JperK}, {g_cs / m.c_surf_JperK, -(g_cs + g_se) / m.c_surf_JperK}}};
    const double half_trace = 0.5 * (k.m[0][0] + k.m[1][1]);
    const double half_diff = 0.5 * (k.m[0][0] - k.m[1][1]);
    const double root = base::sqrt2(half_diff * half_diff + k.m[0][1] * k.m[1][0]);  // product > 0: real and distinct
    const double det = g_cs * g_se / (m.c_core_JperK * m.c_surf_JperK);
    const double l2 = half_trace - root;  // the fast one
    const double l1 = det / l2;           // the slow one, without cancellation
    const Matrix2 a = function_of(k, l1, l2, det_expm1(l1 * h_s), det_expm1(l2 * h_s));
    const Matrix2 mean = function_of(k, l1, l2, phi1(l1 * h_s), phi1(l2 * h_s));
    // Mean over the step of the response to a constant power started with it: h (e^z - 1 - z) / z^2 per eigenvalue.
    const Matrix2 ramp = function_of(k, l1, l2, h_s * phi2(l1 * h_s), h_s * phi2(l2 * h_s));
    for (int r = 0; r < 2; ++r) {
        for (int q = 0; q < 2; ++q) c.a[r][q] = a.m[r][q];
        c.g_KperJ[r] = mean.m[r][0] / m.c_core_JperK;
    }
    c.env_J[0] = g_se * h_s * mean.m[1][0];
    c.env_J[1] = g_se * h_s * mean.m[1][1];
    c.env_J[2] = g_se * ramp.m[1][0] / m.c_core_JperK;
}

void check_positive(double x, const char* name) {
    if (!(base::is_finite(x) && x > 0.0))
        throw std::invalid_argument(std::string("cell parameters: ") + name + " = " + std::to_string(x) +
                                    "; allowed > 0");
}

}  // namespace

double detail::decay_mean_far(double x) {
    if (x < k_mid) return decay_mean_mid(x);
    return -det_expm1(-x) / x;
}

detail::Kept detail::look_up(const EcmModel& m, double capacity_C, double r_scale, double soc, double t_degC,
                             double dir) {
    std::array<double, 4> r = m.resistance_Ohm.at(soc, t_degC);
    if (m.charge_Ohm.has_value()) {
        const std::array<double, 4> charge = m.charge_Ohm->at(soc, t_degC);
        const double share = 0.5 * (1.0 + dir);
        for (std::size_t k = 0; k < r.size(); ++k) r[k] = r[k] + share * (charge[k] - r[k]);
    }
    Kept out{};
    for (std::size_t k = 0; k < r.size(); ++k) out.r_Ohm[k] = r[k] * r_scale;
    const Inverses<double> per = inverses<double>(out.r_Ohm[1], out.r_Ohm[2]);
    out.per_r_S[0] = per.a;
    out.per_r_S[1] = per.b;
    out.per_r_S[2] = out.r_Ohm[3] > 0.0 ? 1.0 / out.r_Ohm[3] : 0.0;
    const std::int32_t at = m.soc_axis.locate(soc);
    const HystSegment& y = m.hyst[static_cast<std::size_t>(at)];
    const double t = soc - m.soc_axis.base(at);
    out.m_V = y.m0_V + y.m1 * t;
    out.m0_V = y.i0_V + y.i1 * t;
    out.self_A = 0.0;
    const EcmExtras& x = m.extras;
    if (x.self_perS > 0.0) {
        const double t_K = base::max2(t_degC + k_zero_degC_K, 100.0);
        const double left = base::min2(base::max2((soc - 2.0 * k_keep_soc) * (1.0 / k_self_discharge_soc), 0.0), 1.0);
        const double hotter = base::det_exp(x.self_activation_K * (1.0 / x.self_t_ref_K - 1.0 / t_K));
        out.self_A = capacity_C * x.self_perS * left * hotter;
    }
    return out;
}

void refresh(const EcmModel& m, const EcmParams<double>& p, EcmState<double>& s) {
    const detail::Kept k = detail::look_up(m, p.capacity_C, p.r_scale, s.soc, s.t_core_degC, s.dir);
    s.r0_Ohm = k.r_Ohm[0];
    s.r1_Ohm = k.r_Ohm[1];
    s.r2_Ohm = k.r_Ohm[2];
    s.r3_Ohm = k.r_Ohm[3];
    s.per_r1_S = k.per_r_S[0];
    s.per_r2_S = k.per_r_S[1];
    s.per_r3_S = k.per_r_S[2];
    s.m_V = k.m_V;
    s.m0_V = k.m0_V;
    s.self_A = k.self_A;
    s.kept_soc = s.soc;
    s.kept_t_degC = s.t_core_degC;
    s.kept_dir = s.dir;
}

double detail::refresh_and_book(const EcmModel& m, const EcmParams<double>& p, EcmState<double>& s) {
    const EcmState<double> old = s;
    refresh(m, p, s);
    const double w1 = (s.u1_V * s.u1_V) * (old.r1_Ohm - s.r1_Ohm) * (old.per_r1_S * s.per_r1_S);
    const double w2 = (s.u2_V * s.u2_V) * (old.r2_Ohm - s.r2_Ohm) * (old.per_r2_S * s.per_r2_S);
    const double w3 = (s.u3_V * s.u3_V) * (old.r3_Ohm - s.r3_Ohm) * (old.per_r3_S * s.per_r3_S);
    const double wh = (s.m_V - old.m_V) * (s.h * s.h) * p.capacity_C * m.half_per_gamma +
                      (s.m0_V - old.m0_V) * (s.dir * s.dir) * p.capacity_C * m.extras.half_per_turn;
    return (0.5 * m.tau_s[0] * w1 + 0.5 * m.tau_s[1] * w2) + (0.5 * m.tau_s[2] * w3 + wh);
}

OcvMean<double> ocv_mean_across(const EcmModel& model, double soc, double width) {
    const auto& axis = model.soc_axis;
    const std::int32_t s0 = axis.locate(soc);
    const OcvSegment& a = model.segment[static_cast<std::size_t>(s0)];
    if (axis.in_segment(s0, soc + width)) return detail::ocv_mean_in(detail::segment(a), soc - axis.base(s0), width);
    const std::int32_t s1 = axis.locate(soc + width);
    const OcvSegment& b = model.segment[static_cast<std::size_t>(s1)];
    const double slope = 0.25 * (a.ocv_V.slope(soc - axis.base(s0)) + b.ocv_V.slope((soc + width) - axis.base(s1)));
    const double ocv = base::mean_over(axis, soc, width, [&](std::int32_t s, double tm, double half) {
        return model.segment[static_cast<std::size_t>(s)].ocv_V.mean(tm, half);
    });
    const double dudt = base::mean_over(axis, soc, width, [&](std::int32_t s, double tm, double) {
        const OcvSegment& g = model.segment[static_cast<std::size_t>(s)];
        return g.dudt0_VperK + g.dudt1 * tm;
    });
    return {ocv, dudt, base::select(slope > 0.0, slope, 0.0)};
}

double dudt_mean_across(const EcmModel& model, double soc, double width) {
    const auto& axis = model.soc_axis;
    return base::mean_over(axis, soc, width, [&](std::int32_t s, double tm, double) {
        const OcvSegment& g = model.segment[static_cast<std::size_t>(s)];
        return g.dudt0_VperK + g.dudt1 * tm;
    });
}

EcmCoeffs coeffs(const EcmModel& model, double h_s) {
    EcmCoeffs c;
    c.h_s = h_s;
    c.per_h_perS = h_s > 0.0 ? 1.0 / h_s : 0.0;
    for (std::size_t k = 0; k < k_rc_pairs; ++k) {
        const double x = h_s / model.tau_s[k];
        c.rc[k].em = det_expm1(-x);
        c.rc[k].phi = base::mean_decay(x);
        c.rc[k].phi2 = base::mean_decay(2.0 * x);
    }
    thermal_coeffs(model, h_s, c);
    return c;
}

EcmParams<double> make_params(const EcmModel& model, double capacity_scale, double r_scale, double parallel) {
    check_positive(capacity_scale, "capacity_scale");
    check_positive(r_scale, "r_scale");
    check_positive(parallel, "parallel");
    EcmParams<double> p;
    p.capacity_C = model.capacity_C * capacity_scale * parallel;
    p.per_capacity_perC = 1.0 / p.capacity_C;
    p.r_scale = r_scale / parallel;
    p.parallel = parallel;
    p.per_parallel = 1.0 / parallel;
    return p;
}

// Every member is a T; a field is sizeof(T) / 8 doubles.
#define TWIN_CELL_FIELD(S, member, unit) \
    base::Field { #member, unit, base::FieldType::f64, offsetof(S, member), sizeof(T) / sizeof(double), true }

template <class T>
std::span<const base::Field> state_fields() {
    using S = EcmState<T>;
    static constexpr std::array<base::Field, 25> table = {TWIN_CELL_FIELD(S, soc, ""),
                                                          TWIN_CELL_FIELD(S, soc_lo, ""),
                                                          TWIN_CELL_FIELD(S, u1_V, "V"),
                                                          TWIN_CELL_FIELD(S, u2_V, "V"),
                                                          TWIN_CELL_FIELD(S, h, ""),
                                                          TWIN_CELL_FIELD(S, t_core_degC, "degC"),
                                                          TWIN_CELL_FIELD(S, t_surf_degC, "degC"),
                                                          TWIN_CELL_FIELD(S, charge_out_C, "C"),
                                                          TWIN_CELL_FIELD(S, kept_soc, ""),
                                                          TWIN_CELL_FIELD(S, kept_t_degC, "degC"),
                                                          TWIN_CELL_FIELD(S, r0_Ohm, "Ohm"),
                                                          TWIN_CELL_FIELD(S, r1_Ohm, "Ohm"),
                                                          TWIN_CELL_FIELD(S, r2_Ohm, "Ohm"),
                                                          TWIN_CELL_FIELD(S, per_r1_S, "S"),
                                                          TWIN_CELL_FIELD(S, per_r2_S, "S"),
                                                          TWIN_CELL_FIELD(S, m_V, "V"),
                                                          TWIN_CELL_FIELD(S, u3_V, "V"),
                                                          TWIN_CELL_FIELD(S, dir, ""),
                                                          TWIN_CELL_FIELD(S, side_C, "C"),
                                                          TWIN_CELL_FIELD(S, side_lo_C, "C"),
                                                          TWIN_CELL_FIELD(S, kept_dir, ""),
                                                          TWIN_CELL_FIELD(S, r3_Ohm, "Ohm"),
                                                          TWIN_CELL_FIELD(S, per_r3_S, "S"),
                                                          TWIN_CELL_FIELD(S, m0_V, "V"),
                                                          TWIN_CELL_FIELD(S, self_A, "A")};
    static_assert(sizeof(S) == table.size() * sizeof(T), "a member of the state is missing from its table");
    return table;
}
template <class T>
std::span<const base::Field> params_fields() {
    using S = EcmParams<T>;
    static constexpr std::array<base::Field, 5> table = {
        TWIN_CELL_FIELD(S, capacity_C, "C"), TWIN_CELL_FIELD(S, per_capacity_perC, "1/C"),
        TWIN_CELL_FIELD(S, r_scale, ""), TWIN_CELL_FIELD(S, parallel, ""), TWIN_CELL_FIELD(S, per_parallel, "")};
    static_assert(sizeof(S) == table.size() * sizeof(T), "a member of the parameters is missing from its table");
    return table;
}
#undef TWIN_CELL_FIELD

template std::span<const base::Field> state_fields<double>();
template std::span<const base::Field> state_fields<Pack8>();
template std::span<const base::Field> params_fields<double>();
template std::span<const base::Field> params_fields<Pack8>();

}  // namespace twin::cell
