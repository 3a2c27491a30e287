// SPDX-License-Identifier: Apache-2.0
#include "study/problem.hpp"

#include <Eigen/LU>
#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "base/constants.hpp"
#include "cell/ecm_step.hpp"
#include "study/direction.hpp"
#include "study/slow_pair.hpp"

namespace twin::study {

namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;
using Parameters = Eigen::Map<const VectorXd>;

using base::k_zero_degC_K;
constexpr double k_slow_K = 2500.0;

// Drop over R0, what it has above the ohmic part being charge transfer, and its derivatives by the logarithms of both.
struct Drop {
    double v_V, by_log_r_V, by_log_ohmic_V;
};
Drop drop_of(double r_Ohm, double ohmic_Ohm, double i_A, double t_degC) {
    if (r_Ohm <= ohmic_Ohm) return {r_Ohm * i_A, r_Ohm * i_A, 0.0};
    const double r_ct_Ohm = r_Ohm - ohmic_Ohm;
    const auto less = cell::detail::charge_transfer_relief<double>(r_ct_Ohm, i_A, t_degC);
    const double relieved = less.slope_Ohm / r_ct_Ohm;
    return {r_Ohm * i_A - less.v_V, r_Ohm * i_A * (1.0 - relieved), ohmic_Ohm * i_A * relieved};
}

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

// Weights of log R at one temperature on its knots: natural cubic spline over -1/T, so that the bent Arrhenius line of
// a cell (steeper in the cold) is met between the knots too. Beyond them what is typical for the chemistry is assumed.
class OverTemperature {
public:
    explicit OverTemperature(const std::vector<double>& t_K) : z_(arrhenius(t_K)) {
        const auto n = static_cast<Index>(z_.size());
        bend_ = MatrixXd::Zero(n, n);  // second derivatives = bend_ * values
        if (n < 3) return;
        MatrixXd a = MatrixXd::Identity(n, n), r = MatrixXd::Zero(n, n);
        for (Index k = 1; k + 1 < n; ++k) {
            const double lo = gap(k - 1), hi = gap(k);
            a(k, k - 1) = lo / 6.0, a(k, k) = (lo + hi) / 3.0, a(k, k + 1) = hi / 6.0;
            r(k, k - 1) = 1.0 / lo, r(k, k) = -1.0 / lo - 1.0 / hi, r(k, k + 1) = 1.0 / hi;
        }
        bend_ = a.partialPivLu().solve(r);
    }
    VectorXd at(double t_degC) const {
        const auto n = static_cast<Index>(z_.size());
        VectorXd w = VectorXd::Zero(n);
        if (n < 2) {
            w.setOnes();
            return w;
        }
        const Pair t = between(z_, std::clamp(arrhenius(t_degC + k_zero_degC_K), z_.front(), z_.back()), false);
        const auto k = static_cast<Index>(t.k);
        const double h = gap(k), a = t.w0, b = t.w1;
        w[k] += a, w[k + 1] += b;
        w += (h * h / 6.0) *
             ((a * a * a - a) * bend_.row(k).transpose() + (b * b * b - b) * bend_.row(k + 1).transpose());
        return w;
    }
    /// Nearest temperature within the knots.
    double within(double t_degC) const {
        const double z = std::clamp(arrhenius(t_degC + k_zero_degC_K), z_.front(), z_.back());
        return -1000.0 / z - k_zero_degC_K;
    }

private:
    double gap(Index k) const { return z_[static_cast<std::size_t>(k) + 1] - z_[static_cast<std::size_t>(k)]; }
    std::vector<double> z_;
    MatrixXd bend_;
};

// Weights of every sample on the resistance knots, row by row without zeros.
struct Weights {
    std::vector<std::size_t> begin{0};
    std::vector<Index> at;
    std::vector<double> w;
    std::vector<double> beyond, beyond_slow;  // (samples) typical change of log R from the nearest knot on

    void add(const Problem& b, const OverTemperature& over, double soc, double t_degC) {
        const Pair s = between(b.r_soc, soc, false);
        if (!(t_degC == last_degC_))
            last_ = over.at(t_degC), beyond_ = b.log_typical(t_degC) - b.log_typical(over.within(t_degC)),
            slow_ = b.log_typical_slow(t_degC) - b.log_typical_slow(over.within(t_degC)), last_degC_ = t_degC;
        for (std::size_t side = 0; side < (b.r_soc.size() > 1 ? 2U : 1U); ++side)
            for (Index t = 0; t < last_.size(); ++t) {
                const double x = (side == 0 ? s.w0 : s.w1) * last_[t];
                if (x == 0.0) continue;
                at.push_back(static_cast<Index>(s.k + side) * last_.size() + t);
                w.push_back(x);
            }
        begin.push_back(at.size());
        beyond.push_back(beyond_);
        beyond_slow.push_back(slow_);
    }
    // log R of sample k over the parameters that begin at `first`.
    double log_r(std::size_t k, const double* first, bool slow) const {
        double sum = slow ? beyond_slow[k] : beyond[k];
        for (std::size_t q = begin[k]; q < begin[k + 1]; ++q) sum += w[q] * first[at[q]];
        return sum;
    }

private:
    VectorXd last_;
    double beyond_ = 0.0, slow_ = 0.0;
    double last_degC_ = std::nan("");
};

// Everything of one file that the columns share.
struct Trace {
    VectorXd soc, dt;
    std::vector<double> h, dir;  // (samples)
    Weights knot;
};

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

    void add(std::size_t k) const {
        const Span span = b.r[k];
        const Index tau_at = b.tau.at + static_cast<Index>(k) - 1;
        const double tau = std::exp(p[tau_at]);
        const Index ratio_at = b.ratio_of(static_cast<int>(k));
        const double ratio = ratio_at < 0 ? 1.0 : std::exp(p[ratio_at]);
        double by_ratio = 0.0;
        std::vector<Index> used(static_cast<std::size_t>(span.n), -1), knot;
        for (const Index at : t.knot.at)
            if (used[static_cast<std::size_t>(at)] < 0) {
                used[static_cast<std::size_t>(at)] = static_cast<Index>(knot.size());
                knot.push_back(at);
            }
        VectorXd s = VectorXd::Zero(static_cast<Index>(knot.size()));
        double u = 0.0, du = 0.0;
        std::size_t row = 0;
        for (Index i = 0; i < v.size(); ++i) {
            const auto j = static_cast<std::size_t>(i);
            if (i > 0 && t.dt[i] > 0.0) {
                double ri = std::exp(t.knot.log_r(j, p.data() + span.at, b.is_slow(static_cast<int>(k)))) * r.i_A[j];
                const double x = t.dt[i] / tau, e = std::exp(-x);
                if (ratio_at >= 0) {  // the cell keeps R as it is at the start of a step
                    const double share = 0.5 * (1.0 + t.dir[j - 1]);
                    by_ratio = by_ratio * e + ri * ratio * share * (1.0 - e);
                    ri *= 1.0 + (ratio - 1.0) * share;
                }
                du = du * e + (u - ri) * e * x;  // by log tau: d(e)/d(log tau) = e x
                u = u * e + ri * (1.0 - e);
                s *= e;
                if (jac != nullptr)
                    for (std::size_t q = t.knot.begin[j]; q < t.knot.begin[j + 1]; ++q)
                        s[used[static_cast<std::size_t>(t.knot.at[q])]] += t.knot.w[q] * ri * (1.0 - e);
            }
            v[i] -= u;
            if (jac == nullptr || row >= rows.size() || rows[row] != i) continue;
            const auto at = static_cast<Index>(row++);
            (*jac)(at, tau_at) = -du;
            if (ratio_at >= 0) (*jac)(at, ratio_at) = -by_ratio;
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
    r.resize(static_cast<std::size_t>(n_rc) + 1);
    for (Span& s : r) take(s, r_soc.size() * t_K.size());
    take(tau, r.size() - 1);
    take(gamma, hysteresis ? 1 : 0);
    take(amplitude, hysteresis ? 1 : 0);
    take(correction, ocv_soc.size());
    take(slope, entropy ? entropy_soc.size() : 0);
    take(shift, files.size());
    take(ratio, by_direction.size());
    take(m0, instant ? 1 : 0);
    take(side, loss ? 1 : 0);
    take(ohmic_log, kinetic ? 1 : 0);
}

Index Problem::ratio_of(int k) const {
    const auto at = std::find(by_direction.begin(), by_direction.end(), k);
    return at == by_direction.end() ? -1 : ratio.at + (at - by_direction.begin());
}

std::vector<double> Problem::start() const {
    std::vector<double> out(static_cast<std::size_t>(n), 0.0);
    Eigen::Map<VectorXd> p(out.data(), n);
    // a typical cell: 50 mOhm Ah in all, halved every 20 K or so
    for (std::size_t k = 0; k < r.size(); ++k)
        for (std::size_t s = 0; s < r_soc.size(); ++s)
            for (std::size_t t = 0; t < t_K.size(); ++t)
                p[r[k].at + static_cast<Index>(s * t_K.size() + t)] = std::log(0.03 / capacity_Ah) -
                                                                      2.5 * (arrhenius(t_K[t]) - arrhenius(298.15)) +
                                                                      log_shape(static_cast<int>(k), s);
    const double first[3][3] = {{30.0}, {8.0, 150.0}, {5.0, 60.0, 900.0}};
    for (Index k = 0; k < tau.n; ++k)
        p[tau.at + k] = std::log(tau_start_s.empty() ? first[tau.n - 1][k] : tau_start_s[static_cast<std::size_t>(k)]);
    for (std::size_t k = 0; k < entropy_soc.size() && entropy; ++k)
        p[slope.at + static_cast<Index>(k)] = slope_prior(k);
    if (hysteresis) p[gamma.at] = std::log(20.0);
    if (kinetic) p[ohmic_log.at] = std::log(ohmic_Ohm);
    return out;
}

double Problem::ohmic(const std::vector<double>& p) const {
    return kinetic ? std::exp(p[static_cast<std::size_t>(ohmic_log.at)]) : std::numeric_limits<double>::infinity();
}

double Problem::log_typical(double t_degC) const {
    const bool lfp = chemistry == "LFP";
    const double rest = lfp ? 0.6 : 0.78, act_K = lfp ? 5000.0 : 5800.0;
    return std::log(rest + (1.0 - rest) * std::exp(act_K / (t_degC + k_zero_degC_K) - act_K / 298.15));
}

double Problem::log_typical_slow(double t_degC) const {
    return k_slow_K / (t_degC + k_zero_degC_K) - k_slow_K / 298.15;
}

double Problem::log_expected(int k, std::size_t s, std::size_t t) const {
    const double typical_OhmAh = k == n_rc ? k_typical_hour_OhmAh : k_typical_minute_OhmAh;
    return std::log(typical_OhmAh / capacity_Ah) + log_typical_slow(t_K[t] - k_zero_degC_K) + log_shape(k, s);
}

double Problem::slope_prior(std::size_t k) const {
    return ocv.dudt_VperK.empty() ? 0.0 : 10.0 * linear(ocv.soc, ocv.dudt_VperK, entropy_soc[k]);
}

KnotWeights Problem::knots_at(double soc, double t_degC) const {
    Weights f;
    f.add(*this, OverTemperature(t_K), soc, t_degC);
    return {f.at, f.w, f.beyond.front()};
}

double Problem::resistance(const std::vector<double>& p, int k, double soc, double t_degC) const {
    Weights f;
    f.add(*this, OverTemperature(t_K), soc, t_degC);
    const auto x = static_cast<std::size_t>(k);
    return std::exp(f.log_r(0, p.data() + r[x].at, is_slow(k)));
}

std::vector<double> Problem::simulate(const std::vector<double>& given, std::size_t f, double* jac_out,
                                      const std::vector<Index>& rows) const {
    const Parameters p(given.data(), n);
    Eigen::Map<MatrixXd> jac_map(jac_out, jac_out != nullptr ? static_cast<Index>(rows.size()) : 0, n);
    Eigen::Map<MatrixXd>* const jac = jac_out != nullptr ? &jac_map : nullptr;
    const Recording& rec = *files[f];
    const auto count = static_cast<Index>(rec.t_s.size());
    const OverTemperature over(t_K);
    Trace t;
    t.soc.resize(count);
    t.dt = VectorXd::Zero(count);
    const double capacity_C = capacity_Ah * 3600.0;
    const std::vector<double> counted = rec.soc_rel(capacity_Ah),
                              charged = loss ? charged_C(rec) : std::vector<double>();
    for (Index k = 0; k < count; ++k) {
        const auto j = static_cast<std::size_t>(k);
        if (k > 0) t.dt[k] = rec.t_s[j] - rec.t_s[j - 1];
        t.soc[k] = counted[j] + p[shift.at + static_cast<Index>(f)];
        if (loss) t.soc[k] -= k_side * p[side.at] * charged[j] / capacity_C;
        t.knot.add(*this, over, t.soc[k], rec.t_degC[j]);
    }
    const double g = hysteresis ? std::exp(p[gamma.at]) : 0.0;
    const double scale = hysteresis ? std::exp(p[amplitude.at]) : 0.0;
    std::vector<double> dh;
    if (hysteresis) {
        t.h = turning(rec, g, capacity_C, rec.h_start);
        if (jac != nullptr) dh = turning(rec, g * 1.001, capacity_C, rec.h_start);
    }
    if (instant || !by_direction.empty()) t.dir = turning(rec, cell::k_turn_gamma, capacity_C, 0.0);
    const Index ratio0 = ratio_of(0);
    const double rho = ratio0 < 0 ? 1.0 : std::exp(p[ratio0]), r_ohm = ohmic(given);
    if (jac != nullptr) jac->setZero();
    VectorXd v(count);
    std::size_t row = 0;
    for (Index k = 0; k < count; ++k) {
        const auto j = static_cast<std::size_t>(k);
        const double soc = t.soc[k], warm = rec.t_degC[j] - ocv.t_ref_degC;
        const Pair c = between(ocv_soc, soc, false), e = between(entropy_soc, soc, false);
        const Index c0 = correction.at + static_cast<Index>(c.k), e0 = slope.at + static_cast<Index>(e.k);
        const double r0_dis = std::exp(t.knot.log_r(j, p.data() + r[0].at, false));
        const double r0 = ratio0 < 0 ? r0_dis : r0_dis * (1.0 + (rho - 1.0) * 0.5 * (1.0 + t.dir[j]));
        const Drop drop = drop_of(r0, r_ohm, rec.i_A[j], rec.t_degC[j]);
        v[k] = linear(ocv.soc, ocv.v_V, soc) + c.w0 * p[c0] + c.w1 * p[c0 + 1] - drop.v_V;
        if (entropy) v[k] += 0.1 * warm * (e.w0 * p[e0] + e.w1 * p[e0 + 1]);
        const double m = hysteresis ? scale * linear(ocv.soc, ocv.half_gap_V, soc) : 0.0;
        if (hysteresis) v[k] += m * t.h[j];
        if (instant) v[k] += k_m0_V * p[m0.at] * t.dir[j];
        if (jac == nullptr || row >= rows.size() || rows[row] != k) continue;
        const auto at = static_cast<Index>(row++);
        for (std::size_t w = t.knot.begin[j]; w < t.knot.begin[j + 1]; ++w)
            (*jac)(at, r[0].at + t.knot.at[w]) -= t.knot.w[w] * drop.by_log_r_V;
        if (kinetic) (*jac)(at, ohmic_log.at) = -drop.by_log_ohmic_V;
        (*jac)(at, c0) += c.w0;
        (*jac)(at, c0 + 1) += c.w1;
        if (entropy) (*jac)(at, e0) += 0.1 * warm * e.w0, (*jac)(at, e0 + 1) += 0.1 * warm * e.w1;
        if (hysteresis) (*jac)(at, gamma.at) = m * (dh[j] - t.h[j]) / 0.0009995, (*jac)(at, amplitude.at) = m * t.h[j];
        const double steep = slope_of(ocv, soc);
        (*jac)(at, shift.at + static_cast<Index>(f)) = steep;
        if (loss) (*jac)(at, side.at) = -steep * k_side * charged[j] / capacity_C;
        if (instant) (*jac)(at, m0.at) = k_m0_V * t.dir[j];
        if (ratio0 >= 0) (*jac)(at, ratio0) = -drop.by_log_r_V * (r0_dis / r0) * rho * 0.5 * (1.0 + t.dir[j]);
    }
    const Rc rc{*this, rec, t, p, v, jac, rows};
    for (std::size_t x = 1; x < r.size(); ++x) rc.add(x);
    return {v.begin(), v.end()};
}

}  // namespace twin::study
