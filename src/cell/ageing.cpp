// SPDX-License-Identifier: Apache-2.0
#include "cell/ageing.hpp"

#include "base/constants.hpp"
#include "base/math.hpp"

namespace twin::cell {

namespace {

constexpr std::size_t k_n_stress = sizeof k_stress_names / sizeof k_stress_names[0];

std::array<double, k_n_stress> values_of(const AgeingTerm& t, const Stress& s) {
    const double ua = t.depends_on_ua ? graphite_V(s.soc) : 0.0;
    return {s.t_K, s.t_K - base::k_zero_degC_K, s.soc, ua, s.v_V, s.dod, s.c, s.c_chg, s.c_dis};
}

void grow(const AgeingModel& m, AgeingState& s, const Stress& stress, AgeingDriver driver, double dx) {
    for (std::size_t j = 0; j < m.term.size(); ++j)
        if (m.term[j].driver == driver) s.z[j] = s.z[j] + damage_rate(m, j, stress) * dx;
}

}  // namespace

double graphite_V(double soc) {
    const double x = 0.0085 + soc * (0.78 - 0.0085);
    return 0.6379 + 0.5416 * base::det_exp(-305.5309 * x) + 0.044 * base::det_tanh(-(x - 0.1958) / 0.1088) -
           0.1978 * base::det_tanh((x - 1.0571) / 0.0854) - 0.6875 * base::det_tanh((x + 0.0117) / 0.0529) -
           0.0175 * base::det_tanh((x - 0.5692) / 0.0875);
}

double damage_rate(const AgeingModel& m, std::size_t j, const Stress& s) {
    const AgeingTerm& t = m.term[j];
    const double k = t.k(values_of(t, s));
    if (!(k > 0.0)) return 0.0;
    return (t.kind == AgeingKind::power && t.p != 1.0 ? base::det_pow(k, 1.0 / t.p) : k) / t.per;
}

double loss_of(const AgeingTerm& t, double z) {
    const double zp = t.p == 1.0 ? z : base::det_pow(z, t.p);
    return t.kind == AgeingKind::sigmoid ? t.y_inf * base::det_tanh(0.5 * zp) : zp;
}

Health health(const AgeingModel& m, const AgeingState& s) {
    std::array<double, k_ageing_terms> y{};
    for (std::size_t j = 0; j < m.term.size(); ++j) y[j] = loss_of(m.term[j], s.z[j]);
    return {m.capacity(y), m.resistance(y)};
}

void age_time(const AgeingModel& m, AgeingState& s, const Stress& stress, double dt_d) {
    grow(m, s, stress, AgeingDriver::time, dt_d);
    s.days_d = s.days_d + dt_d;
}

void age_cycle(const AgeingModel& m, AgeingState& s, const Stress& stress, double d_efc) {
    grow(m, s, stress, AgeingDriver::throughput, d_efc);
    s.efc = s.efc + d_efc;
}

void age_periods(AgeingState& s, const AgeingState& d, double n) {
    for (std::size_t j = 0; j < k_ageing_terms; ++j) s.z[j] = s.z[j] + n * d.z[j];
    s.days_d = s.days_d + n * d.days_d;
    s.efc = s.efc + n * d.efc;
}

}  // namespace twin::cell
