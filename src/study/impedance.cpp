// SPDX-License-Identifier: Apache-2.0
#include "study/impedance.hpp"

#include "cell/ecm.hpp"

namespace twin::study {

namespace {
constexpr double k_two_pi = 6.283185307179586;
}

Impedance_Ohm impedance(const cell::EcmModel& model, double soc, double t_K, const std::vector<double>& f_Hz) {
    const double t_degC = t_K - cell::k_zero_degC_K;
    const auto params = cell::make_params(model);
    const auto s = cell::make_state<double>(model, params, soc, t_degC);
    const double r_Ohm[cell::k_rc_pairs] = {s.r1_Ohm, s.r2_Ohm, s.r3_Ohm};
    const double d = 1e-6;  // of the charge: dOCV/dsoc by a mean over 2 d on each side
    const auto below = cell::ocv_mean(model, soc - 2.0 * d, 2.0 * d), above = cell::ocv_mean(model, soc, 2.0 * d);
    const double slope_V = (above.ocv_V - below.ocv_V) / (2.0 * d) +
                           (above.dudt_VperK - below.dudt_VperK) / (2.0 * d) * (t_degC - model.t_ref_degC);
    const auto at = cell::ocv_point(model, soc);
    double hyst_V = model.gamma * at.m_V;
    if (model.extras.directional) hyst_V += model.extras.turn_gamma * at.m0_V;
    Impedance_Ohm z;
    z.reserve(f_Hz.size());
    for (const double f : f_Hz) {
        const std::complex<double> jw(0.0, k_two_pi * f);
        std::complex<double> sum = s.r0_Ohm + (slope_V + hyst_V) / (jw * params.capacity_C);
        for (std::size_t k = 0; k < cell::k_rc_pairs; ++k) sum += r_Ohm[k] / (1.0 + jw * model.tau_s[k]);
        z.push_back(sum);
    }
    return z;
}

}  // namespace twin::study
