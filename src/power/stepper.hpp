// SPDX-License-Identifier: Apache-2.0
// Step control of one plant: three regimes (transient, control, quiescent), dyadic steps inside intervals that end at
// plant inputs or at absolute multiples of the regime's period, location of crossings. Its state is plain data.
#pragma once
#include <cstdint>

#include "base/status.hpp"
#include "base/time.hpp"
#include "power/plant.hpp"

namespace twin::power {

using base::Time_ns;

/// A plant time: whole ns and a fraction of a ns in [0, 1).
struct PlantTime {
    Time_ns ns = 0;
    double frac = 0.0;
};

/// Told of every step; decides where a step must end early.
class StepListener {
public:
    virtual ~StepListener() = default;
    /// A step ta -> tb has been taken tentatively; returns true and the time in (ta, tb] at which something crossed.
    virtual bool crossing(const PlantTime& ta, const PlantTime& tb, PlantTime* at) = 0;
    /// The step ta -> tb is final.
    virtual void accepted(const PlantTime& ta, const PlantTime& tb) = 0;
};

enum class Regime : std::uint8_t { transient, control, quiescent };

class Stepper {
public:
    /// step_scale multiplies every step: 0.5 halves them, those that the error control chose included. Above 1 it
    /// stretches only the steps that the error control allows.
    explicit Stepper(double step_scale = 1.0) : scale_(step_scale) {}
    /// An input jumped; `share` is the jump relative to the rating (1: gate edge, short). Large jumps start again at
    /// the smallest steps, small ones (a balancer, a lamp) at coarser ones; the error control refines further where
    /// needed.
    void restart(double share = 1.0) {
        double h = k_restart_s;
        if (share < 0.1) h = share >= 5e-3 ? 64.0 * k_restart_s : (share >= 1e-4 ? 40960.0 : 409600.0) * k_restart_s;
        h_s_ = h < h_s_ ? h : h_s_;
        fresh_ = fresh_ || share >= 0.1;
    }
    /// Advances from t0 to t1 or to the first located crossing, whichever is earlier; *stop is the instant reached.
    base::Status advance(Plant<double>& plant, Time_ns t0, Time_ns t1, StepListener& listener, Time_ns* stop);

    Regime regime() const {
        return h_s_ < 10e-6 ? Regime::transient : (h_s_ < 1e-3 ? Regime::control : Regime::quiescent);
    }
    double h_s() const { return h_s_; }
    bool fresh() const { return fresh_; }
    void restore(double h_s, bool fresh) {  // a saved run
        h_s_ = h_s;
        fresh_ = fresh;
    }
    /// Upper limit of every step; not part of a saved run.
    void limit(double longest_s) { longest_s_ = longest_s; }
    std::uint64_t rejected() const { return rejected_; }

    static constexpr double k_restart_s = 10e-6 / 4096.0;

private:
    struct Interval {
        Time_ns t0 = 0, len = 0;
        std::int32_t k = 0;  // 2^k steps
        std::int64_t j = 0;  // steps taken
    };
    base::Status step(Plant<double>& plant, const Interval& iv, double* h_s, Method* m);
    bool one_stage_fits(const Plant<double>& plant, double h_s) const;
    base::Status locate(Plant<double>& plant, const Interval& iv, const PlantTime& ta, PlantTime at, Method m,
                        StepListener& listener, Time_ns* stop);
    bool may_double(const Plant<double>& plant, const Interval& iv) const;
    void choose_level(const Plant<double>& plant, Interval& iv) const;

    double scale_ = 1.0;
    double h_s_ = k_restart_s;
    double longest_s_ = 1.0;
    bool fresh_ = false;  // the next step is the first after a large jump
    std::uint64_t rejected_ = 0;
};

}  // namespace twin::power
