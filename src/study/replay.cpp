// SPDX-License-Identifier: Apache-2.0
#include "study/replay.hpp"

#include <cmath>
#include <map>

namespace twin::study {

Replay replay(const cell::EcmModel& m, const Recording& r, Temperature temperature) {
    const bool held = temperature == Temperature::as_measured;
    const cell::EcmParams<double> p = cell::make_params(m);
    cell::EcmState<double> s =
        cell::make_state(m, p, r.soc_start_rel, r.t_degC.front(), m.gamma > 0.0 ? r.h_start : 0.0, 0.0);
    const std::size_t n = r.t_s.size();
    Replay out{std::vector<double>(n), std::vector<double>(n), std::vector<double>(n, 0.0)};
    std::map<double, cell::EcmCoeffs> coeffs;  // most files have a handful of sample periods
    for (std::size_t k = 0; k < n; ++k) {
        const double h = k > 0 ? r.t_s[k] - r.t_s[k - 1] : 0.0;
        if (h > 0.0) {
            const double period = std::round(h * 1e6) / 1e6;
            auto at = coeffs.find(period);
            if (at == coeffs.end()) {
                if (coeffs.size() > 2000) coeffs.clear();
                at = coeffs.emplace(period, cell::coeffs(m, period)).first;
            }
            const double joule_J = s.r0_Ohm * r.i_A[k] * r.i_A[k] * period;
            const cell::CellStepEnergy<double> e =
                cell::commit(m, p, s, at->second, (r.i_A[k] + r.offset_A) * period, joule_J, r.ambient_degC[k]);
            out.heat_J[k] = e.heat_stored_J + e.env_heat_J;
            if (held) s.t_core_degC = s.t_surf_degC = r.t_degC[k];
        }
        out.v_V[k] = cell::emf(m, p, s, r.i_A[k]) - s.r0_Ohm * r.i_A[k];
        out.t_surf_degC[k] = s.t_surf_degC;
    }
    return out;
}

}  // namespace twin::study
