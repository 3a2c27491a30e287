// SPDX-License-Identifier: Apache-2.0
// The damage of a stretch of operation, gathered sample by sample: time acts at the conditions of each interval, cycles
// by rainflow counting, a full cycle of the equivalent throughput of its depth. Fixed memory, no allocation.
#pragma once
#include <array>
#include <cstddef>

#include "cell/ageing.hpp"
#include "cell/rainflow.hpp"

namespace twin::cell {

class AgeingPeriod {
public:
    static constexpr std::size_t k_cycles = 512;  // kept until the rates of the period are known; more are aged at once

    explicit AgeingPeriod(const AgeingModel& m) : m_(&m) {}
    /// An interval dt that ends at `soc`, with its mean temperature, voltage and current. soc counts in the present
    /// capacity, `capacity_rel` of the new one; rates are relative to the new capacity.
    void add(double dt_s, double soc, double t_K, double v_V, double i_A, double new_capacity_Ah, double capacity_rel);
    /// Damage so far with all open half cycles counted; then empty.
    AgeingState finish();

    // What the period was like, since the begin or the last finish().
    double dod_max() const { return soc_hi_ - soc_lo_; }
    double t_mean_K() const { return t_s_ > 0.0 ? t_Ks_ / t_s_ : 0.0; }
    double t_max_K() const { return t_max_K_; }
    double c_chg_max() const { return c_chg_max_; }
    double c_dis_max() const { return c_dis_max_; }

private:
    void count(const HalfCycle& h);
    void age(const HalfCycle& h);
    double mean_chg() const { return ah_chg_ > 0.0 ? c_ah_chg_ / ah_chg_ : 0.0; }
    double mean_dis() const { return ah_dis_ > 0.0 ? c_ah_dis_ / ah_dis_ : 0.0; }

    const AgeingModel* m_;
    AgeingState d_;
    Rainflow flow_;
    std::array<HalfCycle, k_cycles> cycle_{};
    std::size_t n_ = 0;
    double capacity_rel_ = 1.0, soc_ = 0.0, soc_lo_ = 0.0, soc_hi_ = 0.0;
    double t_s_ = 0.0, t_Ks_ = 0.0, t_max_K_ = 0.0, c_chg_max_ = 0.0, c_dis_max_ = 0.0;
    double ah_chg_ = 0.0, ah_dis_ = 0.0, c_ah_chg_ = 0.0, c_ah_dis_ = 0.0;
    bool begun_ = false;
};

}  // namespace twin::cell
