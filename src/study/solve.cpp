// SPDX-License-Identifier: Apache-2.0
// Levenberg-Marquardt on a compressed problem: [J r] of all samples and priors is reduced to its triangular factor,
// which has the same norm, gradient and normal matrix, so that MINPACK's algorithm (Eigen) works on (n + 1) rows.
#include <fmt/format.h>

#include <Eigen/Cholesky>
#include <algorithm>
#include <cmath>
#include <unsupported/Eigen/NonLinearOptimization>

#include "study/problem.hpp"
#include "study/slow_pair.hpp"

namespace twin::study {

namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

constexpr std::size_t k_most_rows = 4000;  // of one file in the Jacobian; the residual itself counts every sample

struct Assembled {
    MatrixXd data, prior;      // (n+1 x n+1) normal matrices of [J r]
    MatrixXd without_typical;  // the prior without that part
};

Index b_n(const Assembled& a) { return a.data.rows() - 1; }

// Rank-one row a (sparse) with residual e, weight w.
void add_row(MatrixXd& m, double w, std::initializer_list<std::pair<Index, double>> a, double e) {
    const Index n = m.rows() - 1;
    for (const auto& x : a) {
        for (const auto& y : a) m(x.first, y.first) += w * w * x.second * y.second;
        m(x.first, n) += w * w * x.second * e;
        m(n, x.first) += w * w * x.second * e;
    }
    m(n, n) += w * w * e * e;
}

// Second difference over three unevenly spaced knots; `less` is that of what the parameters are smooth about.
void bend(MatrixXd& m, const VectorXd& p, double w, const double x[3], Index a, Index b, Index c,
          const double shape[3]) {
    const double wa = (x[2] - x[1]) / (x[2] - x[0]), wc = (x[1] - x[0]) / (x[2] - x[0]);
    add_row(m, w, {{a, wa}, {b, -1.0}, {c, wc}}, wa * (p[a] - shape[0]) - (p[b] - shape[1]) + wc * (p[c] - shape[2]));
}

constexpr double k_flat[3] = {};

// Pull of the pairs that are diffusion towards what is typical.
void expect(const Problem& b, const VectorXd& p, MatrixXd& m) {
    if (b.slow < 0 || !(b.priors.typical > 0.0)) return;
    const std::size_t nt = b.t_K.size();
    const double w = b.priors.typical / std::sqrt(static_cast<double>(b.r_soc.size() * nt));
    for (int k = b.slow; k <= b.n_rc; ++k)
        for (std::size_t s = 0; s < b.r_soc.size(); ++s)
            for (std::size_t t = 0; t < nt; ++t) {
                const Index at = b.r[static_cast<std::size_t>(k)].at + static_cast<Index>(s * nt + t);
                add_row(m, w, {{at, 1.0}}, p[at] - b.log_expected(k, s, t));
            }
}

MatrixXd prior_matrix(const Problem& b, const VectorXd& p, const VectorXd& p0) {
    MatrixXd m = MatrixXd::Zero(b.n + 1, b.n + 1);
    const std::size_t ns = b.r_soc.size(), nt = b.t_K.size();
    for (std::size_t k = 0; k < b.r.size(); ++k)
        for (std::size_t s = 0; s < ns; ++s)
            for (std::size_t t = 0; t < nt; ++t) {
                const Index at = b.r[k].at + static_cast<Index>(s * nt + t);
                if (t > 0) {
                    const double typical = b.log_typical_of(static_cast<int>(k), b.t_K[t] - 273.15) -
                                           b.log_typical_of(static_cast<int>(k), b.t_K[t - 1] - 273.15);
                    add_row(m, 0.1 * b.priors.arrhenius, {{at, 1.0}, {at - 1, -1.0}}, p[at] - p[at - 1] - typical);
                }
                const auto up = static_cast<Index>(nt);
                const double firm = static_cast<int>(k) == b.n_rc ? b.priors.firm : 1.0;
                if (s > 0) {  // where no data are, R stays what it is beside
                    const double rise = b.log_shape(static_cast<int>(k), s) - b.log_shape(static_cast<int>(k), s - 1);
                    add_row(m, b.priors.level * firm, {{at, 1.0}, {at - up, -1.0}}, p[at] - p[at - up] - rise);
                }
                if (s > 0 && s + 1 < ns) {
                    const double x[3] = {b.r_soc[s - 1], b.r_soc[s], b.r_soc[s + 1]};
                    const auto id = static_cast<int>(k);
                    const double shape[3] = {b.log_shape(id, s - 1), b.log_shape(id, s), b.log_shape(id, s + 1)};
                    bend(m, p, b.priors.smooth_soc * firm, x, at - up, at, at + up, shape);
                }
                if (t > 0 && t + 1 < nt) {
                    const double x[3] = {-1.0 / b.t_K[t - 1], -1.0 / b.t_K[t], -1.0 / b.t_K[t + 1]};
                    bend(m, p, b.priors.arrhenius, x, at - 1, at, at + 1, k_flat);
                }
            }
    const auto pull = [&](const Span& s, double w, bool to_start) {
        for (Index k = s.at; k < s.at + s.n; ++k) add_row(m, w, {{k, 1.0}}, p[k] - (to_start ? p0[k] : 0.0));
    };
    pull(b.correction, b.priors.ocv, false);
    for (Index k = b.correction.at + 1; b.priors.ocv_bend > 0.0 && k + 1 < b.correction.at + b.correction.n; ++k) {
        const auto at = static_cast<std::size_t>(k - b.correction.at);
        bend(m, p, b.priors.ocv_bend, &b.ocv_soc[at - 1], k - 1, k, k + 1, k_flat);
    }
    pull(b.slope, b.ocv.dudt_VperK.empty() ? b.priors.entropy : b.priors.known_entropy, true);
    pull(b.shift, b.priors.shift, false);
    pull(b.tau, b.priors.log_tau, true);
    pull(b.gamma, b.priors.log_gamma, true);
    pull(b.amplitude, b.priors.log_amplitude, true);
    pull(b.ratio, b.priors.log_ratio, true);
    pull(b.m0, b.priors.instant, true);
    pull(b.side, b.priors.loss, true);
    pull(b.ohmic_log, b.priors.kinetic, true);
    pull({0, b.n}, b.priors.any, true);
    return m;
}

struct Rows {
    VectorXd weight;           // (samples) of the squared residual; all files together have 1
    std::vector<Index> kept;   // rows of the Jacobian
    std::vector<double> gain;  // (kept) weight of the samples that a row stands for
};

// Share of all slow tests beside the other files.
constexpr double k_slow_share = 0.25;

void thin(Rows& x) {
    const double per = x.weight.sum() / static_cast<double>(k_most_rows);
    double carried = 0.0;
    for (Index k = 0; k < x.weight.size(); ++k) {
        carried += x.weight[k];
        if (!(x.weight[k] > 0.0) || carried < per) continue;
        x.kept.push_back(k);
        x.gain.push_back(carried);
        carried = 0.0;
    }
}

std::vector<Rows> rows_of(const Problem& b) {
    std::vector<Rows> all;
    double total = 0.0, slow = 0.0;
    for (const Recording* r : b.files) {
        Rows x;
        const std::vector<double> w = counted_weights(b, all.size());
        x.weight = Eigen::Map<const VectorXd>(w.data(), static_cast<Index>(w.size()));
        (r->is_slow() ? slow : total) += x.weight.sum();
        all.push_back(std::move(x));
    }
    const double slow_scale = slow > 0.0 ? (total > 0.0 ? k_slow_share * total : 1.0) / slow : 0.0;
    for (std::size_t f = 0; f < all.size(); ++f) {
        const double scale = b.files[f]->is_slow() ? slow_scale : 1.0;
        all[f].weight *= scale / std::max(total + slow_scale * slow, 1e-9);
        thin(all[f]);
    }
    return all;
}

std::vector<double> plain(const VectorXd& p) { return {p.begin(), p.end()}; }

VectorXd residual(const Problem& b, std::size_t f, const std::vector<double>& v) {
    const auto n = static_cast<Index>(v.size());
    return Eigen::Map<const VectorXd>(v.data(), n) - Eigen::Map<const VectorXd>(b.files[f]->v_V.data(), n);
}

Assembled assemble(const Problem& b, const std::vector<Rows>& rows, const VectorXd& p, const VectorXd& p0) {
    Assembled a{MatrixXd::Zero(b.n + 1, b.n + 1), prior_matrix(b, p, p0), {}};
    a.without_typical = a.prior;
    expect(b, p, a.prior);
    MatrixXd jac;
    for (std::size_t f = 0; f < b.files.size(); ++f) {
        const auto n = static_cast<Index>(rows[f].kept.size());
        jac.resize(n, b.n);
        const VectorXd e = residual(b, f, b.simulate(plain(p), f, jac.data(), rows[f].kept));
        MatrixXd j(n, b.n + 1);
        j.leftCols(b.n) = jac;
        for (Index k = 0; k < n; ++k) j(k, b.n) = e[rows[f].kept[static_cast<std::size_t>(k)]];
        std::vector<Index> used;  // a file touches a part of the knots only
        for (Index c = 0; c <= b.n; ++c)
            if (j.col(c).squaredNorm() > 0.0) used.push_back(c);
        MatrixXd part(n, static_cast<Index>(used.size()));
        for (std::size_t c = 0; c < used.size(); ++c) part.col(static_cast<Index>(c)) = j.col(used[c]);
        const Eigen::Map<const VectorXd> gain(rows[f].gain.data(), n);
        const MatrixXd normal = part.transpose() * gain.asDiagonal() * part;
        for (std::size_t x = 0; x < used.size(); ++x)
            for (std::size_t y = 0; y < used.size(); ++y)
                a.data(used[x], used[y]) += normal(static_cast<Index>(x), static_cast<Index>(y));
    }
    add_spectra(b, plain(p), [&a](const SpectrumRow& r) {
        for (const auto& x : r.a)
            for (const auto& y : r.a) a.data(x.first, y.first) += r.weight * x.second * y.second;
        for (const auto& x : r.a) {
            a.data(x.first, b_n(a)) += r.weight * x.second * r.e_V;
            a.data(b_n(a), x.first) += r.weight * x.second * r.e_V;
        }
        a.data(b_n(a), b_n(a)) += r.weight * r.e_V * r.e_V;
    });
    return a;
}

// What Eigen's algorithm asks for.
struct Functor {
    using Scalar = double;
    using InputType = VectorXd;
    using ValueType = VectorXd;
    using JacobianType = MatrixXd;
    enum { InputsAtCompileTime = Eigen::Dynamic, ValuesAtCompileTime = Eigen::Dynamic };
    const Problem& b;
    std::vector<Rows> rows;
    VectorXd p0;
    VectorXd at;
    MatrixXd factor;
    Assembled last;

    int inputs() const { return static_cast<int>(b.n); }
    int values() const { return static_cast<int>(b.n + 1); }
    void update(const VectorXd& p) {
        if (at.size() == p.size() && at == p) return;
        at = p;
        const bool usable = p.allFinite() && p.cwiseAbs().maxCoeff() < 60.0;
        last = assemble(b, rows, usable ? p : p0, p0);
        MatrixXd m = last.data + last.prior;
        if (!usable || !m.allFinite()) m = MatrixXd::Identity(b.n + 1, b.n + 1) * 1e6;  // never accepted
        m(b.n, b.n) += 1e-18;
        factor = m.llt().matrixU();
    }
    int operator()(const VectorXd& p, VectorXd& f) {
        update(p);
        f = factor.col(b.n);
        return 0;
    }
    int df(const VectorXd& p, MatrixXd& j) {
        update(p);
        j = factor.leftCols(b.n);
        return 0;
    }
};

// How many samples count as one: 1 + 2 sum of the residual's autocorrelation while it is positive.
double correlation_length(const VectorXd& e, const VectorXd& w) {
    const VectorXd x = (e.array() * (w.array() > 0.0).cast<double>()).matrix();
    const double power = x.squaredNorm();
    double length = 1.0;
    for (Index lag = 1; lag < std::min<Index>(x.size() / 3, 2000); ++lag) {
        const double rho = x.head(x.size() - lag).dot(x.tail(x.size() - lag)) / std::max(power, 1e-30);
        if (rho < 0.05) break;
        length += 2.0 * rho;
    }
    return length;
}

}  // namespace

Solution solve(const Problem& b, const std::function<void(const std::string&)>& progress,
               const std::vector<double>& from) {
    const std::vector<double> start = b.start();
    Functor f{b, rows_of(b), Eigen::Map<const VectorXd>(start.data(), b.n), {}, {}, {}};
    Eigen::LevenbergMarquardt<Functor> lm(f);
    lm.parameters.maxfev = 80;
    lm.parameters.ftol = 1e-6;
    lm.parameters.xtol = 1e-7;
    lm.parameters.factor = 1.0;
    Solution s;
    VectorXd p = f.p0;
    if (!from.empty()) p = Eigen::Map<const VectorXd>(from.data(), b.n);
    Eigen::LevenbergMarquardtSpace::Status status = lm.minimizeInit(p);
    while (status == Eigen::LevenbergMarquardtSpace::NotStarted || status == Eigen::LevenbergMarquardtSpace::Running) {
        status = lm.minimizeOneStep(p);
        ++s.iterations;
        if (progress)
            progress(fmt::format("iteration {}: {:.3f} mV (priors included), tau {:.1f} to {:.0f} s", s.iterations,
                                 1e3 * lm.fnorm, std::exp(p[b.tau.at]), std::exp(p[b.tau.at + b.tau.n - 1])));
        if (s.iterations >= 40) break;
    }
    s.converged = status == Eigen::LevenbergMarquardtSpace::RelativeReductionTooSmall ||
                  status == Eigen::LevenbergMarquardtSpace::RelativeErrorTooSmall ||
                  status == Eigen::LevenbergMarquardtSpace::RelativeErrorAndReductionTooSmall ||
                  status == Eigen::LevenbergMarquardtSpace::CosinusTooSmall;
    f.update(p);
    s.p = plain(p);
    double sum = 0.0, counted = 0.0, independent = 0.0;
    for (std::size_t k = 0; k < b.files.size(); ++k) {
        const VectorXd e = residual(b, k, b.simulate(s.p, k, nullptr, {}));
        const double n = (f.rows[k].weight.array() > 0.0).cast<double>().sum();
        const double weight = std::max(f.rows[k].weight.sum(), 1e-12);
        sum += n * (e.array().square() * f.rows[k].weight.array()).sum() / weight;
        counted += n;
        independent += n / correlation_length(e, f.rows[k].weight);
    }
    add_spectra(b, s.p, [&](const SpectrumRow& r) {
        sum += r.e_V * r.e_V;
        counted += 1.0, independent += 1.0;
    });
    s.rms_V = std::sqrt(sum / std::max(counted, 1.0));
    s.data_weight = plain(f.last.data.diagonal().head(b.n));
    s.independent = independent;
    const MatrixXd normal = (f.last.data + f.last.without_typical).topLeftCorner(b.n, b.n);
    const MatrixXd inverse = normal.llt().solve(MatrixXd::Identity(b.n, b.n));
    const MatrixXd covariance = inverse * (s.rms_V * s.rms_V / std::max(independent, 1.0));
    s.sigma = plain(covariance.diagonal().array().max(0.0).sqrt());
    s.covariance.assign(covariance.data(), covariance.data() + covariance.size());
    return s;
}

}  // namespace twin::study
