// SPDX-License-Identifier: Apache-2.0
#include "study/problem.hpp"

#include <Eigen/Core>
#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

namespace twin::study {

namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;
using Parameters = Eigen::Map<const VectorXd>;

constexpr double k_zero_K = 273.15;

// Weights of two neighbouring knots.
struct Pair {
    std::size_t k = 0;
    double w0 = 1.0, w1 = 0.0;
};

Pair between(const std::vector<double>& x, double at, bool beyond) {
    Pair r;
    if (x.size() < 2) return r;
    const auto up = static_cast<std::size_t>(std::upper_bound(x.begin(), x.end(), at) - x.begin());
    r.k = std::min(up == 0 ? 0 : up - 1, x.size() - 2);
    double w = (at - x[r.k]) / (x[r.k + 1] - x[r.k]);
    if (!beyond) w = std::clamp(w, 0.0, 1.0);
    r.w0 = 1.0 - w;
    r.w1 = w;
    return r;
}

// Coordinate in which log R is a straight line, rising with temperature.
double arrhenius(double t_K) { return -1000.0 / t_K; }

std::vector<double> arrhenius(const std::vector<double>& t_K) {
    std::vector<double> z;
    for (const double t : t_K) z.push_back(arrhenius(t));
    return z;
}

// One sample's weights on the resistance knots: up to four.
struct Four {
    std::array<Index, 4> at{};
    std::array<double, 4> w{};
};

Four weights(const Problem& b, const std::vector<double>& z, double soc, double t_degC) {
    const Pair s = between(b.r_soc, soc, false);
    const double lo = z.empty() ? 0.0 : z.front() - 0.15, hi = z.empty() ? 0.0 : z.back() + 0.15;
    const Pair t = between(z, std::clamp(arrhenius(t_degC + k_zero_K), lo, hi), true);
    const std::size_t nt = b.t_K.size(), t1 = nt > 1 ? t.k + 1 : t.k;
    Four f;
    const std::size_t s1 = b.r_soc.size() > 1 ? s.k + 1 : s.k;
    f.at = {static_cast<Index>(s.k * nt + t.k), static_cast<Index>(s.k * nt + t1), static_cast<Index>(s1 * nt + t.k),
            static_cast<Index>(s1 * nt + t1)};
    f.w = {s.w0 * t.w0, s.w0 * t.w1, s.w1 * t.w0, s.w1 * t.w1};
    return f;
}

// Everything of one file that the columns share.
struct Trace {
    VectorXd soc, h, dt;
    std::vector<Four> four;
};

double start_h(double soc) { return soc > 0.97 ? 1.0 : soc < 0.03 ? -1.0 : 0.0; }

VectorXd hysteresis(const Recording& r, double gamma, double capacity_C, double h0) {
    VectorXd h(static_cast<Index>(r.t_s.size()));
    h[0] = h0;
    for (Index k = 1; k < h.size(); ++k) {
        const auto j = static_cast<std::size_t>(k);
        const double x = r.i_A[j] * (r.t_s[j] - r.t_s[j - 1]) / capacity_C;
        const double e = std::exp(-gamma * std::abs(x));
        h[k] = h[k - 1] * e - (x > 0 ? 1.0 : x < 0 ? -1.0 : 0.0) * (1.0 - e);
    }
    return h;
}

double slope_of(const OcvData& o, double soc) {
    const double d = 0.005;
    return (linear(o.soc, o.v_V, soc + d) - linear(o.soc, o.v_V, soc - d)) / (2.0 * d);
}

// RC pairs: one pass over time carries the voltage, its sensitivity to every knot in use and to log tau.
struct Rc {
    const Problem& b;
    const Recording& r;
    const Trace& t;
    const Parameters& p;
    VectorXd& v;
    Eigen::Map<MatrixXd>* jac;
    const std::vector<Index>& rows;

    void add(int k) const {
        const Span span = b.r[k];
        const double tau = std::exp(p[b.tau.at + k - 1]);
        std::vector<Index> used(static_cast<std::size_t>(span.n), -1), knot;
        for (const Four& f : t.four)
            for (std::size_t q = 0; q < 4; ++q)
                if (f.w[q] != 0.0 && used[static_cast<std::size_t>(f.at[q])] < 0) {
                    used[static_cast<std::size_t>(f.at[q])] = static_cast<Index>(knot.size());
                    knot.push_back(f.at[q]);
                }
        VectorXd s = VectorXd::Zero(static_cast<Index>(knot.size()));
        double u = 0.0, du = 0.0;
        std::size_t row = 0;
        for (Index i = 0; i < v.size(); ++i) {
            const auto j = static_cast<std::size_t>(i);
            if (i > 0 && t.dt[i] > 0.0) {
                const Four& f = t.four[j];
                double log_r = 0.0;
                for (std::size_t q = 0; q < 4; ++q)
                    if (f.w[q] != 0.0) log_r += f.w[q] * p[span.at + f.at[q]];
                const double x = t.dt[i] / tau, e = std::exp(-x), ri = std::exp(log_r) * r.i_A[j];
                du = du * e + (u - ri) * e * x;  // by log tau: d(e)/d(log tau) = e x
                u = u * e + ri * (1.0 - e);
                s *= e;
                if (jac != nullptr)
                    for (std::size_t q = 0; q < 4; ++q)
                        if (f.w[q] != 0.0) s[used[static_cast<std::size_t>(f.at[q])]] += f.w[q] * ri * (1.0 - e);
            }
            v[i] -= u;
            if (jac == nullptr || row >= rows.size() || rows[row] != i) continue;
            const auto at = static_cast<Index>(row++);
            (*jac)(at, b.tau.at + k - 1) = -du;
            for (std::size_t q = 0; q < knot.size(); ++q) (*jac)(at, span.at + knot[q]) = -s[static_cast<Index>(q)];
        }
    }
};

}  // namespace

void Problem::lay_out() {
    n = 0;
    const auto take = [this](Span& s, std::size_t count) {
        s = {n, static_cast<Index>(count)};
        n += s.n;
    };
    for (Span& s : r) take(s, r_soc.size() * t_K.size());
    take(tau, 2);
    take(gamma, hysteresis ? 1 : 0);
    take(amplitude, hysteresis ? 1 : 0);
    take(correction, ocv_soc.size());
    take(slope, entropy ? entropy_soc.size() : 0);
    take(shift, files.size());
}

std::vector<double> Problem::start() const {
    std::vector<double> out(static_cast<std::size_t>(n), 0.0);
    Eigen::Map<VectorXd> p(out.data(), n);
    // a typical cell: 50 mOhm Ah in all, halved every 20 K or so
    for (int k = 0; k < 3; ++k)
        for (std::size_t s = 0; s < r_soc.size(); ++s)
            for (std::size_t t = 0; t < t_K.size(); ++t)
                p[r[k].at + static_cast<Index>(s * t_K.size() + t)] =
                    std::log(0.03 / capacity_Ah) - 3.0 * (arrhenius(t_K[t]) - arrhenius(298.15));
    p[tau.at] = std::log(8.0);
    p[tau.at + 1] = std::log(150.0);
    if (hysteresis) p[gamma.at] = std::log(50.0);
    return out;
}

double Problem::resistance(const std::vector<double>& p, int k, double soc, double t_degC) const {
    const Four f = weights(*this, arrhenius(t_K), soc, t_degC);
    double log_r = 0.0;
    for (std::size_t q = 0; q < 4; ++q)
        if (f.w[q] != 0.0) log_r += f.w[q] * p[static_cast<std::size_t>(r[k].at + f.at[q])];
    return std::exp(log_r);
}

std::vector<double> Problem::simulate(const std::vector<double>& given, std::size_t f, double* jac_out,
                                      const std::vector<Index>& rows) const {
    const Parameters p(given.data(), n);
    Eigen::Map<MatrixXd> jac_map(jac_out, jac_out != nullptr ? static_cast<Index>(rows.size()) : 0, n);
    Eigen::Map<MatrixXd>* const jac = jac_out != nullptr ? &jac_map : nullptr;
    const Recording& rec = *files[f];
    const auto count = static_cast<Index>(rec.t_s.size());
    const std::vector<double> z = arrhenius(t_K);
    Trace t;
    t.soc.resize(count);
    t.dt = VectorXd::Zero(count);
    double q = 0.0;
    const double soc0 = rec.soc_start_rel + p[shift.at + static_cast<Index>(f)];
    for (Index k = 0; k < count; ++k) {
        const auto j = static_cast<std::size_t>(k);
        if (k > 0) t.dt[k] = rec.t_s[j] - rec.t_s[j - 1];
        q += rec.i_A[j] * t.dt[k];
        t.soc[k] = soc0 - q / (capacity_Ah * 3600.0);
        t.four.push_back(weights(*this, z, t.soc[k], rec.t_degC[j]));
    }
    const double g = hysteresis ? std::exp(p[gamma.at]) : 0.0;
    const double scale = hysteresis ? std::exp(p[amplitude.at]) : 0.0;
    VectorXd dh;
    if (hysteresis) {
        t.h = study::hysteresis(rec, g, capacity_Ah * 3600.0, start_h(rec.soc_start_rel));
        if (jac != nullptr)
            dh =
                (study::hysteresis(rec, g * 1.001, capacity_Ah * 3600.0, start_h(rec.soc_start_rel)) - t.h) / 0.0009995;
    }
    if (jac != nullptr) jac->setZero();
    VectorXd v(count);
    std::size_t row = 0;
    for (Index k = 0; k < count; ++k) {
        const auto j = static_cast<std::size_t>(k);
        const double soc = t.soc[k], warm = rec.t_degC[j] - ocv.t_ref_degC;
        const Pair c = between(ocv_soc, soc, false), e = between(entropy_soc, soc, false);
        const Index c0 = correction.at + static_cast<Index>(c.k), e0 = slope.at + static_cast<Index>(e.k);
        double log_r = 0.0;
        for (std::size_t w = 0; w < 4; ++w)
            if (t.four[j].w[w] != 0.0) log_r += t.four[j].w[w] * p[r[0].at + t.four[j].at[w]];
        const double ri = std::exp(log_r) * rec.i_A[j];
        v[k] = linear(ocv.soc, ocv.v_V, soc) + c.w0 * p[c0] + c.w1 * p[c0 + 1] - ri;
        if (entropy) v[k] += 0.1 * warm * (e.w0 * p[e0] + e.w1 * p[e0 + 1]);
        const double m = hysteresis ? scale * linear(ocv.soc, ocv.half_gap_V, soc) : 0.0;
        if (hysteresis) v[k] += m * t.h[k];
        if (jac == nullptr || row >= rows.size() || rows[row] != k) continue;
        const auto at = static_cast<Index>(row++);
        for (std::size_t w = 0; w < 4; ++w) (*jac)(at, r[0].at + t.four[j].at[w]) -= t.four[j].w[w] * ri;
        (*jac)(at, c0) += c.w0;
        (*jac)(at, c0 + 1) += c.w1;
        if (entropy) (*jac)(at, e0) += 0.1 * warm * e.w0, (*jac)(at, e0 + 1) += 0.1 * warm * e.w1;
        if (hysteresis) (*jac)(at, gamma.at) = m * dh[k], (*jac)(at, amplitude.at) = m * t.h[k];
        (*jac)(at, shift.at + static_cast<Index>(f)) = slope_of(ocv, soc);
    }
    const Rc rc{*this, rec, t, p, v, jac, rows};
    rc.add(1);
    rc.add(2);
    return {v.begin(), v.end()};
}

}  // namespace twin::study
