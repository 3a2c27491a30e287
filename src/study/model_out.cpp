// SPDX-License-Identifier: Apache-2.0
#include "study/model_out.hpp"
#include "base/constants.hpp"
#include "study/typical.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "study/direction.hpp"

namespace twin::study {

namespace {

using base::k_zero_degC_K;
constexpr double k_small_signal_C = 0.2;
constexpr double k_unidentified_log = 0.5;  // a resistance known to a factor 1.6 at one sigma is not known

double at_of(const std::vector<double>& p, std::ptrdiff_t k) { return p[static_cast<std::size_t>(k)]; }

double rounded(double x, int digits) {
    if (x == 0.0 || !std::isfinite(x)) return x;
    const double scale = std::pow(10.0, digits - 1 - static_cast<int>(std::floor(std::log10(std::abs(x)))));
    return std::round(x * scale) / scale;
}

double value_at(const std::vector<double>& x, const std::vector<double>& p, const Span& s, double at) {
    std::vector<double> y(x.size());
    for (std::size_t k = 0; k < x.size(); ++k) y[k] = p[static_cast<std::size_t>(s.at) + k];
    return linear(x, y, at);
}

// Temperatures of the model's table: dense enough that straight lines follow the exponential.
std::vector<double> temperatures(const Problem& b) {
    const double lo = b.t_K.front() - k_zero_degC_K, hi = b.t_K.back() - k_zero_degC_K;
    const double from = std::min(lo - 10.0, std::max(lo - 40.0, -30.0)),
                 to = std::max(hi + 10.0, std::min(hi + 40.0, 60.0));
    std::vector<double> t;
    const double step = std::max(5.0, std::ceil((to - from) / 22.0));
    const double rows = std::ceil((to - from) / step - 0.5);
    for (int k = 0; k < static_cast<int>(rows); ++k) t.push_back(rounded(from + k * step, 5));
    t.push_back(rounded(to, 5));
    return t;
}

void put_resistance(const Problem& b, const Solution& s, cell::ResistanceFile& r) {
    r.soc = b.r_soc;
    r.t_degC = temperatures(b);
    std::vector<double>* const table[4] = {&r.r0_mohm, &r.r1_mohm, &r.r2_mohm, &r.r3_mohm};
    std::vector<double>* const charging[4] = {&r.r0_charge_mohm, &r.r1_charge_mohm, &r.r2_charge_mohm,
                                              &r.r3_charge_mohm};
    double* const tau[3] = {&r.tau1_s, &r.tau2_s, &r.tau3_s};
    for (std::size_t k = 0; k < b.r.size(); ++k) {
        for (const double soc : r.soc)
            for (const double t : r.t_degC)
                table[k]->push_back(rounded(1e3 * b.resistance(s.p, static_cast<int>(k), soc, t), 5));
        if (const std::ptrdiff_t at = b.ratio_of(static_cast<int>(k)); at >= 0)
            for (const double x : *table[k]) charging[k]->push_back(rounded(x * std::exp(at_of(s.p, at)), 5));
        if (k > 0) *tau[k - 1] = rounded(std::exp(at_of(s.p, b.tau.at + static_cast<std::ptrdiff_t>(k) - 1)), 5);
    }
    if (b.kinetic) r.ohmic_mohm = rounded(1e3 * b.ohmic(s.p), 4);
}

void put_ocv(const Problem& b, const Solution& s, cell::EcmModelFile& f) {
    f.ocv.t_ref_degC = b.ocv.t_ref_degC;
    for (std::size_t k = 0; k < b.ocv.soc.size(); ++k) {
        const double soc = b.ocv.soc[k];
        double v = std::round(1e6 * (b.ocv.v_V[k] + value_at(b.ocv_soc, s.p, b.correction, soc))) / 1e6;
        if (!f.ocv.v_V.empty()) v = std::max(v, f.ocv.v_V.back() + 1e-5);
        f.ocv.soc.push_back(rounded(soc, 6));
        f.ocv.v_V.push_back(v);
        if (!b.hysteresis) continue;
        if (k == 0) f.hysteresis.soc.clear(), f.hysteresis.m_mV.clear();
        f.hysteresis.soc.push_back(rounded(soc, 6));
        const double m = 1e3 * std::exp(at_of(s.p, b.amplitude.at)) * b.ocv.half_gap_V[k];
        f.hysteresis.m_mV.push_back(rounded(std::min(m, 500.0), 4));
    }
    if (b.instant) f.hysteresis.m0_mV.assign(f.hysteresis.soc.size(), rounded(1e3 * k_m0_V * at_of(s.p, b.m0.at), 4));
    if (b.loss) f.coulombic_efficiency = rounded(1.0 - k_side * at_of(s.p, b.side.at), 6);
    if (b.hysteresis) f.hysteresis.gamma = rounded(std::exp(at_of(s.p, b.gamma.at)), 4);
    if (!b.entropy) {
        const auto typical = typical_entropy(b.chemistry);
        if (!typical) return;
        f.entropy = typical->table;
        f.notes.push_back("dU/dT not identified (one temperature): that of " + typical->source + " is assumed");
        return;
    }
    f.entropy.soc = b.entropy_soc;
    f.entropy.dudt_mV_per_K.clear();
    for (const double soc : b.entropy_soc)
        f.entropy.dudt_mV_per_K.push_back(
            rounded(std::clamp(100.0 * value_at(b.entropy_soc, s.p, b.slope, soc), -10.0, 10.0), 4));
}

}  // namespace

std::vector<FitParameter> parameters_of(const Problem& b, const Solution& s) {
    std::vector<FitParameter> out;
    const double floor_weight = 1e-12;
    for (std::size_t k = 0; k < b.r.size(); ++k)
        for (std::size_t i = 0; i < b.r_soc.size(); ++i)
            for (std::size_t j = 0; j < b.t_K.size(); ++j) {
                const auto at = static_cast<std::size_t>(b.r[k].at) + i * b.t_K.size() + j;
                FitParameter p;
                p.name = fmt::format("R{}(soc={:.2f}, {:.0f} degC)", k, b.r_soc[i], b.t_K[j] - k_zero_degC_K);
                p.value = 1e3 * std::exp(s.p[at]);
                p.sigma = p.value * s.sigma[at];
                p.unit = "mOhm";
                p.identified = s.data_weight[at] > floor_weight && s.sigma[at] < k_unidentified_log;
                out.push_back(p);
            }
    const auto one = [&](const std::string& name, const Span& span, const char* unit, double most) {
        for (std::ptrdiff_t k = 0; k < span.n; ++k) {
            const auto at = static_cast<std::size_t>(span.at + k);
            const double v = std::exp(s.p[at]);
            out.push_back({span.n > 1 ? fmt::format("{}{}", name, k + 1) : name, v, v * s.sigma[at], unit,
                           s.data_weight[at] > 1e-10 && s.sigma[at] < most});
        }
    };
    one("tau", b.tau, "s", k_unidentified_log);
    one("gamma", b.gamma, "1", k_unidentified_log);
    one("hysteresis amplitude scale", b.amplitude, "1", k_unidentified_log);
    for (std::size_t k = 0; k < b.ocv_soc.size(); ++k) {
        const auto at = static_cast<std::size_t>(b.correction.at) + k;
        const double v = linear(b.ocv.soc, b.ocv.v_V, b.ocv_soc[k]) + s.p[at];
        out.push_back(
            {fmt::format("OCV(soc={:.3f})", b.ocv_soc[k]), v, s.sigma[at], "V", s.data_weight[at] > floor_weight});
    }
    for (std::size_t k = 0; b.entropy && k < b.entropy_soc.size(); ++k) {  // a parameter is 0.1 V/K
        const auto at = static_cast<std::size_t>(b.slope.at) + k;
        out.push_back({fmt::format("dU/dT(soc={:.2f})", b.entropy_soc[k]), 100.0 * s.p[at], 100.0 * s.sigma[at], "mV/K",
                       s.data_weight[at] > floor_weight});
    }
    if (!b.hysteresis) out.push_back({"hysteresis", 0.0, 0.0, "mV", false});
    if (!b.entropy) out.push_back({"dU/dT", 0.0, 0.0, "mV/K", false});
    if (b.t_K.size() < 2) out.push_back({"temperature dependence of R", 0.0, 0.0, "1/K", false});
    for (std::size_t f = 0; f < b.files.size(); ++f) {
        const auto at = static_cast<std::size_t>(b.shift.at) + f;
        out.push_back({"soc shift of " + b.files[f]->path, 100.0 * s.p[at], 100.0 * s.sigma[at], "%", true});
    }
    return out;
}

cell::EcmModelFile model_of(const Problem& b, const Solution& s, const FitOptions& o) {
    cell::EcmModelFile f;
    f.id = o.id;
    f.title = o.title;
    f.chemistry = o.chemistry;
    f.label = "fitted";
    f.sources = o.sources;
    f.notes.push_back(b.ocv.how);
    f.capacity_Ah = rounded(b.capacity_Ah, 6);
    f.nameplate_Ah = o.nameplate_Ah > 0.0 ? o.nameplate_Ah : rounded(b.capacity_Ah, 3);
    f.mass_kg = o.mass_kg;
    put_ocv(b, s, f);
    put_resistance(b, s, f.resistance);
    f.v_min_V = o.v_min_V > 0.0 ? o.v_min_V : f.ocv.v_V.front();
    f.v_max_V = o.v_max_V > 0.0 ? o.v_max_V : f.ocv.v_V.back();
    double big = 0.0, soc_lo = 1.0, soc_hi = 0.0, t_lo = 1e9, t_hi = -1e9, late = 0.0;
    for (const Recording* r : b.files) {
        if (!r->is_slow()) late = std::max(late, r->sample_s);
        const std::vector<double> soc = r->soc_rel(b.capacity_Ah);
        for (std::size_t k = 0; k < r->t_s.size(); ++k) {
            soc_lo = std::min(soc_lo, soc[k]), soc_hi = std::max(soc_hi, soc[k]);
            big = std::max(big, std::abs(r->i_A[k]));
            t_lo = std::min(t_lo, r->t_degC[k]), t_hi = std::max(t_hi, r->t_degC[k]);
        }
    }
    for (const Spectrum& x : b.spectra) {
        soc_lo = std::min(soc_lo, x.soc - 0.05), soc_hi = std::max(soc_hi, x.soc + 0.05);
        t_lo = std::min(t_lo, x.t_degC), t_hi = std::max(t_hi, x.t_degC);
    }
    if (b.files.empty()) {
        big = k_small_signal_C * b.capacity_Ah;
        f.notes.push_back(fmt::format(
            "from impedance alone, of a small signal: larger currents than {:g}C are not covered", k_small_signal_C));
    }
    f.valid = {rounded(std::clamp(soc_lo, 0.0, 0.9), 3), rounded(std::clamp(soc_hi, 0.1, 1.0), 3),
               std::floor(t_lo - 5.0), std::ceil(t_hi + 5.0), rounded(big, 3)};
    f.tolerance = {2.0, 15.0, 10.0};
    f.notes.emplace_back("tolerance is assumed: one cell was measured");
    if (late >= 0.05 && b.spectra.empty())
        f.notes.push_back(fmt::format(
            "samples follow a step after {:.2g} s: r0 is the resistance over that time, not the ohmic one", late));
    if (b.t_K.size() < 2)
        f.notes.push_back("temperature dependence of R not identified (one temperature): typical for " + o.chemistry +
                          " is assumed");
    return f;
}

}  // namespace twin::study
