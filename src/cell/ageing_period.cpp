// SPDX-License-Identifier: Apache-2.0
#include "cell/ageing_period.hpp"

#include "base/lanes.hpp"

namespace twin::cell {

using base::abs2;

void AgeingPeriod::add(double dt_s, double soc, double t_K, double v_V, double i_A, double new_capacity_Ah,
                       double capacity_rel) {
    capacity_rel_ = capacity_rel;
    if (!begun_) {
        begun_ = true;
        soc_ = soc_lo_ = soc_hi_ = soc;
    }
    if (soc < soc_lo_) soc_lo_ = soc;
    if (soc > soc_hi_) soc_hi_ = soc;
    const double c = abs2(i_A) / new_capacity_Ah;
    flow_.add(soc, t_K, c, v_V, [this](const HalfCycle& h) { count(h); });
    if (!(dt_s > 0.0)) {
        soc_ = soc;
        return;
    }
    const Stress s{t_K, 0.5 * (soc_ + soc), v_V, 0.0, c, i_A < 0.0 ? c : 0.0, i_A > 0.0 ? c : 0.0};
    age_time(*m_, d_, s, dt_s / k_s_per_d);
    const double ah = c * dt_s;
    if (i_A > 0.0) {
        ah_dis_ = ah_dis_ + ah;
        c_ah_dis_ = c_ah_dis_ + ah * c;
        if (c > c_dis_max_) c_dis_max_ = c;
    } else if (i_A < 0.0) {
        ah_chg_ = ah_chg_ + ah;
        c_ah_chg_ = c_ah_chg_ + ah * c;
        if (c > c_chg_max_) c_chg_max_ = c;
    }
    t_s_ = t_s_ + dt_s;
    t_Ks_ = t_Ks_ + dt_s * t_K;
    if (t_K > t_max_K_) t_max_K_ = t_K;
    soc_ = soc;
}

void AgeingPeriod::count(const HalfCycle& h) {
    if (n_ < k_cycles)
        cycle_[n_++] = h;
    else
        age(h);
}

void AgeingPeriod::age(const HalfCycle& h) {
    const Stress s{h.t_K, h.soc_mean, h.v_V, h.dod, h.c, mean_chg(), mean_dis()};
    age_cycle(*m_, d_, s, 0.5 * h.weight * h.dod * capacity_rel_);
}

AgeingState AgeingPeriod::finish() {
    flow_.close([this](const HalfCycle& h) { count(h); });
    for (std::size_t k = 0; k < n_; ++k) age(cycle_[k]);
    const AgeingState out = d_;
    const AgeingModel* const m = m_;
    *this = AgeingPeriod(*m);
    return out;
}

}  // namespace twin::cell
