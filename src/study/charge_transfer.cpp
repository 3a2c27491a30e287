// SPDX-License-Identifier: Apache-2.0
#include "study/charge_transfer.hpp"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "base/constants.hpp"

namespace twin::study {

FitParameter try_kinetic(Problem& b, Solution& s, const std::function<void(const std::string&)>& progress) {
    FitParameter p{"ohmic part of R0", 0.0, 0.0, "mOhm", false};
    if (b.files.empty()) return p;
    if (progress) progress("once more with charge transfer");
    double most_Ohm = 0.0, least_Ohm = 1e300;  // of R0 in the middle
    for (const double t_K : b.t_K)
        for (const double soc : {0.3, 0.5, 0.7}) {
            const double r_Ohm = b.resistance(s.p, 0, soc, t_K - base::k_zero_degC_K);
            most_Ohm = std::max(most_Ohm, r_Ohm), least_Ohm = std::min(least_Ohm, r_Ohm);
        }
    b.kinetic = true;
    b.ohmic_Ohm = 0.5 * least_Ohm;
    b.lay_out();  // its parameter is the last one
    std::vector<double> from = s.p;
    from.push_back(std::log(b.ohmic_Ohm));
    Solution tried = solve(b, progress, from);
    const double ohmic_Ohm = b.ohmic(tried.p), sigma_Ohm = ohmic_Ohm * tried.sigma.back();
    const bool shows = tried.rms_V < (1.0 - k_kinetic_gain) * s.rms_V && sigma_Ohm < k_kinetic_sigma * most_Ohm;
    if (shows) {
        p.value = 1e3 * ohmic_Ohm, p.sigma = 1e3 * sigma_Ohm, p.identified = true;
        s = std::move(tried);
    } else {
        b.kinetic = false;
        b.lay_out();
    }
    return p;
}

}  // namespace twin::study
