// SPDX-License-Identifier: Apache-2.0
#include "study/spectrum.hpp"

#include <fmt/format.h>

#include <Eigen/QR>
#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>

#include "base/table.hpp"
#include "study/impedance.hpp"
#include "study/problem.hpp"

namespace twin::study {

namespace {

constexpr double k_two_pi = 6.283185307179586;
constexpr std::size_t k_least_points = 5;

void fail(std::vector<Diagnostic>& errors, const std::string& file, std::size_t line, const std::string& message) {
    errors.push_back({Diagnostic::Severity::error, file, "", message, static_cast<int>(line), 0});
}

struct Column {
    const std::vector<double>* values = nullptr;
    std::string name;
    double factor = 1.0;  // to the unit that is used here
};

Column pick(const Table& t, const std::string& given, std::initializer_list<const char*> known) {
    std::vector<std::string> names(known.begin(), known.end());
    if (!given.empty()) names = {given};
    for (const std::string& n : names)
        if (const std::vector<double>* c = t.find(n)) return {c, n, 1.0};
    return {};
}

// By the unit in its name, and a minus before it.
void scale_impedance(Column& c) {
    std::string low = c.name;
    std::transform(low.begin(), low.end(), low.begin(),
                   [](unsigned char x) { return static_cast<char>(std::tolower(x)); });
    if (low.find("mohm") != std::string::npos) c.factor = 1e-3;
    if (low.find("uohm") != std::string::npos) c.factor = 1e-6;
    if (low.find("kohm") != std::string::npos) c.factor = 1e3;
    if (low.starts_with('-')) c.factor = -c.factor;
}

struct Columns {
    Column f, re, im, temp, soc;
    bool ok = false;
};

Columns columns_of(const Table& t, const FitFile& file, const EisColumns& c, std::vector<Diagnostic>& errors) {
    Columns k;
    k.f =
        pick(t, c.f,
             {"frequency_Hz", "freq_Hz", "f_Hz", "Frequency / Hz", "frequency_hertz", "freq/Hz", "frequency", "freq"});
    k.re = pick(t, c.re,
                {"re", "z_re_Ohm", "re_Ohm", "Zre_Ohm", "re_mOhm", "z_re_mOhm", "Zre_mOhm", "Re(Z)/Ohm",
                 "Real Impedance / ohm", "real_impedance_ohm"});
    k.im = pick(t, c.im,
                {"im", "z_im_Ohm", "im_Ohm", "Zim_Ohm", "im_mOhm", "z_im_mOhm", "Zim_mOhm", "Im(Z)/Ohm", "-im",
                 "-Im(Z)/Ohm", "Imaginary Impedance / ohm", "imaginary_impedance_ohm"});
    k.temp = pick(t, c.temperature, {"temp_C", "temp_degC"});
    k.soc = pick(t, c.soc, {"soc", "soc_pct"});
    std::string have;
    for (std::size_t n = 0; n + 1 < t.name.size(); ++n) have += (n > 0 ? ", " : "") + t.name[n];
    const std::size_t before = errors.size();
    const auto need = [&](const Column& x, const char* what, const char* key, const std::string& given) {
        if (x.values == nullptr)
            fail(errors, file.path, 1,
                 fmt::format("no column for {}{}; the file has {}; name it by --eis-columns {}=NAME", what,
                             given.empty() ? "" : " (" + given + ")", have, key));
    };
    need(k.f, "the frequency", "f", c.f);
    need(k.re, "Re Z", "re", c.re);
    need(k.im, "Im Z", "im", c.im);
    if (!c.temperature.empty()) need(k.temp, "the temperature", "T", c.temperature);
    if (!c.soc.empty()) need(k.soc, "the charge", "soc", c.soc);
    if (k.temp.values == nullptr && !file.temp_degC && c.temperature.empty())
        fail(errors, file.path, 1, "no temperature of the spectrum: FILE@TEMP@SOC, or a column (--eis-columns T=NAME)");
    if (k.soc.values == nullptr && !file.soc_start_rel && c.soc.empty())
        fail(errors, file.path, 1, "no soc of the spectrum: FILE@TEMP@SOC, or a column (--eis-columns soc=NAME)");
    k.ok = errors.size() == before;
    if (!k.ok) return k;
    scale_impedance(k.re);
    scale_impedance(k.im);
    if (k.soc.values != nullptr && k.soc.name.find("pct") != std::string::npos) k.soc.factor = 0.01;
    return k;
}

void sort_by_frequency(Spectrum& s) {
    std::vector<std::size_t> order(s.f_Hz.size());
    std::iota(order.begin(), order.end(), 0U);
    std::sort(order.begin(), order.end(), [&s](std::size_t a, std::size_t b) { return s.f_Hz[a] < s.f_Hz[b]; });
    Spectrum sorted = s;
    for (std::size_t k = 0; k < order.size(); ++k)
        sorted.f_Hz[k] = s.f_Hz[order[k]], sorted.z_Ohm[k] = s.z_Ohm[order[k]];
    s = std::move(sorted);
}

// The lowest quarter of the frequencies is capacitive in every cell: its sign is the file's. A column that says "-Im"
// has stated its sign already.
bool settle_sign(Spectrum& s, bool stated, std::vector<Diagnostic>& errors) {
    const std::size_t n = std::max<std::size_t>(3, s.f_Hz.size() / 4);
    std::size_t positive = 0, negative = 0;
    for (std::size_t k = 0; k < n; ++k) {
        positive += s.z_Ohm[k].imag() > 0.0 ? 1U : 0U;
        negative += s.z_Ohm[k].imag() < 0.0 ? 1U : 0U;
    }
    const std::string where = fmt::format("spectrum at {:g} degC, soc {:.3g}", s.t_degC, s.soc);
    if (std::max(positive, negative) * 5 < n * 4) {
        fail(errors, s.path, 0,
             fmt::format(
                 "{}: the sign of Im Z contradicts itself: of the {} lowest frequencies ({:g} .. {:g} Hz) {} are "
                 "positive and {} negative; a cell is capacitive there",
                 where, n, s.f_Hz.front(), s.f_Hz[n - 1], positive, negative));
        return false;
    }
    s.flipped = positive > negative;
    if (s.flipped && stated) {
        fail(errors, s.path, 0,
             fmt::format("{}: the column of Im Z is named as its negative, but at {:g} Hz that makes it inductive "
                         "({:+.3g} Ohm)",
                         where, s.f_Hz.front(), s.z_Ohm.front().imag()));
        return false;
    }
    if (s.flipped)
        for (std::complex<double>& z : s.z_Ohm) z = std::conj(z);
    return true;
}

void leave_inductive_out(Spectrum& s) {
    std::size_t n = s.f_Hz.size();
    while (n > 0 && s.z_Ohm[n - 1].imag() > 0.0) --n;
    s.left_out = s.f_Hz.size() - n;
    if (s.left_out > 0) s.inductive_Hz = s.f_Hz[n];
    s.f_Hz.resize(n), s.z_Ohm.resize(n);
    s.use_im.assign(n, true);
    for (std::size_t k = 0; k < n; ++k)
        if (s.left_out > 0 && s.f_Hz[k] > s.inductive_Hz / 3.0) s.use_im[k] = false;
}

bool finish(Spectrum& s, bool stated, std::vector<Diagnostic>& errors) {
    const std::string where = fmt::format("spectrum at {:g} degC, soc {:.3g}", s.t_degC, s.soc);
    if (s.f_Hz.size() < k_least_points) {
        fail(errors, s.path, 0, fmt::format("{} has {} points; {} are needed", where, s.f_Hz.size(), k_least_points));
        return false;
    }
    sort_by_frequency(s);
    if (!settle_sign(s, stated, errors)) return false;
    leave_inductive_out(s);
    if (s.f_Hz.size() >= k_least_points) return true;
    fail(errors, s.path, 0,
         fmt::format("{} is inductive from {:g} Hz on: {} points are left, {} are needed", where, s.inductive_Hz,
                     s.f_Hz.size(), k_least_points));
    return false;
}

}  // namespace

SpectrumFile read_spectra(const FitFile& file, const EisColumns& columns, std::vector<Diagnostic>& errors) {
    const std::size_t before = errors.size();
    const Table t = read_table(file.path, errors);
    if (errors.size() != before) return {};
    const Columns c = columns_of(t, file, columns, errors);
    if (!c.ok) return {};
    SpectrumFile r;
    std::vector<Spectrum>& all = r.all;
    const std::vector<double>& line = t.column.back();
    for (std::size_t k = 0; k < c.f.values->size(); ++k) {
        const auto n = static_cast<std::size_t>(std::lround(line[k]));
        const double f = (*c.f.values)[k];
        const std::complex<double> z(c.re.factor * (*c.re.values)[k], c.im.factor * (*c.im.values)[k]);
        const double temp = file.temp_degC ? *file.temp_degC : (*c.temp.values)[k];
        const double soc = file.soc_start_rel ? *file.soc_start_rel : c.soc.factor * (*c.soc.values)[k];
        if (std::isnan(temp) && !file.temp_degC) {  // a name instead of a temperature
            ++r.without_temp;
            continue;
        }
        if (!(f >= 1e-7 && f <= 1e7) || !std::isfinite(z.real()) || !std::isfinite(z.imag())) {
            fail(errors, file.path, n,
                 fmt::format("{} Hz, {} {:+}j Ohm: wanted numbers and 1e-7 .. 1e7 Hz", f, z.real(), z.imag()));
            return {};
        }
        if (!(z.real() > 0.0)) {
            fail(errors, file.path, n, fmt::format("Re Z is {} Ohm; a cell's is positive", z.real()));
            return {};
        }
        if (!(soc >= 0.0 && soc <= 1.0) || !(temp >= -60.0 && temp <= 120.0)) {
            fail(errors, file.path, n,
                 fmt::format("soc {} at {} degC; allowed 0 .. 1 (soc_pct: 0 .. 100) and -60 .. 120 degC", soc, temp));
            return {};
        }
        auto at =
            std::find_if(all.begin(), all.end(), [&](const Spectrum& s) { return s.t_degC == temp && s.soc == soc; });
        if (at == all.end()) {
            Spectrum s;
            s.path = file.path, s.t_degC = temp, s.soc = soc;
            all.push_back(std::move(s));
            at = all.end() - 1;
        }
        at->f_Hz.push_back(f);
        at->z_Ohm.push_back(z);
    }
    if (all.empty()) fail(errors, file.path, 0, "has no spectrum with a temperature that is a number");
    for (Spectrum& s : all) (void)finish(s, c.im.factor < 0.0, errors);
    return errors.size() == before ? r : SpectrumFile{};
}

namespace {

// Sum of squares that R0, R_k and S / (j w Q) leave of all spectra, each with resistances of its own (bounded below by
// a penalty: a negative one counts as zero).
double left_over(const std::vector<Spectrum>& spectra, const std::vector<double>& taus) {
    double sum = 0.0;
    const auto cols = static_cast<Eigen::Index>(taus.size()) + 2;
    for (const Spectrum& s : spectra) {
        const auto n = static_cast<Eigen::Index>(s.f_Hz.size());
        Eigen::MatrixXd a = Eigen::MatrixXd::Zero(2 * n, cols);
        Eigen::VectorXd y = Eigen::VectorXd::Zero(2 * n);
        for (Eigen::Index k = 0; k < n; ++k) {
            const auto j = static_cast<std::size_t>(k);
            const std::complex<double> jw(0.0, k_two_pi * s.f_Hz[j]);
            const auto put = [&](Eigen::Index col, std::complex<double> z) {
                a(2 * k, col) = z.real();
                a(2 * k + 1, col) = s.use_im[j] ? z.imag() : 0.0;
            };
            put(0, 1.0);
            put(1, 1.0 / jw);
            for (std::size_t q = 0; q < taus.size(); ++q)
                put(static_cast<Eigen::Index>(q) + 2, 1.0 / (1.0 + jw * taus[q]));
            y[2 * k] = s.z_Ohm[j].real();
            y[2 * k + 1] = s.use_im[j] ? s.z_Ohm[j].imag() : 0.0;
        }
        const Eigen::VectorXd x = a.colPivHouseholderQr().solve(y).cwiseMax(0.0);
        sum += (a * x - y).squaredNorm() / std::max(y.squaredNorm(), 1e-30);
    }
    return sum;
}

}  // namespace

std::vector<double> best_taus(const std::vector<Spectrum>& spectra, int n) {
    double lo = 1e9, hi = 0.0;
    for (const Spectrum& s : spectra) lo = std::min(lo, s.f_Hz.front()), hi = std::max(hi, s.f_Hz.back());
    const double first = 1.0 / (k_two_pi * hi), last = 1.0 / (k_two_pi * lo);
    constexpr int k_grid = 14;
    std::vector<double> grid;
    for (int k = 0; k < k_grid; ++k) grid.push_back(first * std::pow(last / first, k / (k_grid - 1.0)));
    std::vector<Spectrum> some;  // the grid needs no more
    const std::size_t stride = spectra.size() / 12 + 1;
    for (std::size_t k = 0; k < spectra.size(); k += stride) some.push_back(spectra[k]);
    std::vector<double> best;
    double least = 1e300;
    const auto attempt = [&](std::vector<double> taus) {
        const double e = left_over(some, taus);
        if (e < least) least = e, best = std::move(taus);
    };
    for (std::size_t a = 0; a < grid.size(); ++a) {
        if (n == 1) attempt({grid[a]});
        for (std::size_t b = a + 1; b < grid.size() && n > 1; ++b) {
            if (n == 2) attempt({grid[a], grid[b]});
            for (std::size_t c = b + 1; c < grid.size() && n > 2; ++c) attempt({grid[a], grid[b], grid[c]});
        }
    }
    return best;
}

namespace {

// Slope of the OCV seen by a small sine, V per unit of soc, and its derivative by the correction's knots.
struct Slope {
    double s_V = 0.0;
    std::ptrdiff_t at = 0;  // of the lower knot of the correction
    double per_knot = 0.0;  // d s / d upper knot = - d s / d lower knot
};

// Slope of the shape-preserving cubic that the model makes of the corrected table.
double cubic_slope(const Problem& b, const std::vector<double>& p, double soc) {
    const std::vector<double>& x = b.ocv.soc;
    std::vector<double> v(x.size()), c(b.ocv_soc.size()), d(x.size());
    for (std::size_t k = 0; k < c.size(); ++k) c[k] = p[static_cast<std::size_t>(b.correction.at) + k];
    for (std::size_t k = 0; k < x.size(); ++k) v[k] = b.ocv.v_V[k] + linear(b.ocv_soc, c, x[k]);
    base::pchip_slopes(x, v, d);
    const auto up = std::upper_bound(x.begin() + 1, x.end() - 1, soc) - x.begin();
    const auto j = static_cast<std::size_t>(up);
    const double h = x[j] - x[j - 1], t = std::clamp((soc - x[j - 1]) / h, 0.0, 1.0);
    return 6.0 * t * (1.0 - t) * (v[j] - v[j - 1]) / h + (1.0 - t) * (1.0 - 3.0 * t) * d[j - 1] +
           t * (3.0 * t - 2.0) * d[j];
}

Slope slope_at(const Problem& b, const std::vector<double>& p, const Spectrum& s) {
    Slope r;
    r.s_V = cubic_slope(b, p, s.soc);
    const auto up = std::upper_bound(b.ocv_soc.begin() + 1, b.ocv_soc.end() - 1, s.soc) - b.ocv_soc.begin();
    const auto j = static_cast<std::size_t>(up);
    r.at = b.correction.at + up - 1;
    r.per_knot = 1.0 / (b.ocv_soc[j] - b.ocv_soc[j - 1]);
    if (b.hysteresis)
        r.s_V += std::exp(p[static_cast<std::size_t>(b.gamma.at)] + p[static_cast<std::size_t>(b.amplitude.at)]) *
                 linear(b.ocv.soc, b.ocv.half_gap_V, s.soc);
    return r;
}

}  // namespace

void add_spectra(const Problem& b, const std::vector<double>& p, const std::function<void(const SpectrumRow&)>& add) {
    std::size_t points = 0;
    for (const Spectrum& s : b.spectra) points += s.f_Hz.size();
    const double i_1C_A = b.capacity_Ah, weight = 0.5 / std::max(1.0, static_cast<double>(points));
    for (const Spectrum& s : b.spectra) {
        const KnotWeights knots = b.knots_at(s.soc, s.t_degC);
        const Slope slope = slope_at(b, p, s);
        std::vector<double> r_Ohm;
        for (const Span& span : b.r) {
            double log_r = knots.beyond;
            for (std::size_t q = 0; q < knots.at.size(); ++q)
                log_r += knots.w[q] * p[static_cast<std::size_t>(span.at + knots.at[q])];
            r_Ohm.push_back(std::exp(log_r));
        }
        for (std::size_t k = 0; k < s.f_Hz.size(); ++k) {
            const std::complex<double> jw(0.0, k_two_pi * s.f_Hz[k]);
            std::vector<std::pair<std::ptrdiff_t, std::complex<double>>> a;
            const std::complex<double> per_slope = 1.0 / (jw * b.capacity_Ah * 3600.0);
            std::complex<double> z = slope.s_V * per_slope;
            a.emplace_back(slope.at, -slope.per_knot * per_slope);
            a.emplace_back(slope.at + 1, slope.per_knot * per_slope);
            for (std::size_t x = 0; x < r_Ohm.size(); ++x) {
                const auto tau_at = b.tau.at + static_cast<std::ptrdiff_t>(x) - 1;
                const std::complex<double> jwt = x == 0 ? 0.0 : jw * std::exp(p[static_cast<std::size_t>(tau_at)]);
                const std::complex<double> part = r_Ohm[x] / (1.0 + jwt);
                z += part;
                for (std::size_t q = 0; q < knots.at.size(); ++q)
                    a.emplace_back(b.r[x].at + knots.at[q], knots.w[q] * part);
                if (x > 0) a.emplace_back(tau_at, -part * jwt / (1.0 + jwt));
            }
            const std::complex<double> e = i_1C_A * (z - s.z_Ohm[k]);
            SpectrumRow re, im;
            re.weight = im.weight = weight;
            re.e_V = e.real(), im.e_V = e.imag();
            for (const auto& d : a) {
                re.a.emplace_back(d.first, i_1C_A * d.second.real());
                im.a.emplace_back(d.first, i_1C_A * d.second.imag());
            }
            add(re);
            if (s.use_im[k]) add(im);
        }
    }
}

FitSpectrum judge(const cell::EcmModel& model, const Spectrum& s, double capacity_Ah) {
    FitSpectrum r;
    r.path = s.path;
    r.temp_degC = s.t_degC, r.soc_rel = s.soc;
    r.f_Hz = s.f_Hz;
    r.z_meas_Ohm = s.z_Ohm;
    r.z_sim_Ohm = impedance(model, s.soc, s.t_degC + 273.15, s.f_Hz);
    r.inductive_Hz = s.inductive_Hz, r.left_out = s.left_out, r.flipped = s.flipped;
    double sum = 0.0, sum_Ohm = 0.0, n = 0.0;
    for (std::size_t k = 0; k < s.f_Hz.size(); ++k) {
        std::complex<double> e = r.z_sim_Ohm[k] - s.z_Ohm[k];
        if (!s.use_im[k]) e = e.real();
        const double pct = 100.0 * std::abs(e) / std::abs(s.z_Ohm[k]);
        sum += pct * pct, sum_Ohm += std::norm(e), n += 1.0;
        r.max_pct = std::max(r.max_pct, pct);
    }
    r.rms_pct = std::sqrt(sum / n);
    r.rms_1C_mV = 1e3 * capacity_Ah * std::sqrt(sum_Ohm / n);
    return r;
}

}  // namespace twin::study
