// SPDX-License-Identifier: Apache-2.0
#include "power/stepper.hpp"

namespace twin::power {
namespace {

constexpr Time_ns k_transient_ns = 10'000;
constexpr Time_ns k_control_ns = 1'000'000;
constexpr Time_ns k_quiescent_ns = 1'000'000'000;
constexpr double k_floor_s = 0.3e-9;
constexpr double k_sdirk_max_s = 1e-3;
constexpr double k_one_stage_min_s = 50e-6;
constexpr double k_defect_share = 1e-8;  // of the power turned over, at least 1 W
constexpr double k_defect_min_W = 1.0;
constexpr int k_locate_max = 12;

double length_s(Time_ns len, std::int32_t k) {
    return static_cast<double>(len) * 1e-9 / static_cast<double>(std::int64_t{1} << k);
}

PlantTime place(Time_ns t0, Time_ns len, std::int64_t j, std::int32_t k) {
    const std::int64_t n = std::int64_t{1} << k;
    const std::int64_t whole = (len / n) * j + ((len % n) * j) / n;
    const std::int64_t rest = ((len % n) * j) % n;
    return {t0 + whole, static_cast<double>(rest) / static_cast<double>(n)};
}

double between_s(const PlantTime& a, const PlantTime& b) {
    return (static_cast<double>(b.ns - a.ns) + (b.frac - a.frac)) * 1e-9;
}

/// How much longer the next step may be: errors grow with the first or second power of the step.
double growth(double error) { return error < 1e-3 ? 64.0 : (error < 0.02 ? 8.0 : (error < 0.06 ? 4.0 : 2.0)); }

}  // namespace

bool Stepper::one_stage_fits(const Plant<double>& plant, double h_s) const {
    const double p_W = base::max2(base::abs2(plant.pack_power_W(0)), k_defect_min_W);
    return plant.predicted_defect_J(h_s) <= k_defect_share * p_W * h_s;
}

void Stepper::choose_level(const Plant<double>& plant, Interval& iv) const {
    double allowed = base::min2(base::min2(h_s_, longest_s_), length_s(iv.len, 0));
    if (h_s_ > k_sdirk_max_s && !one_stage_fits(plant, allowed)) allowed = base::min2(allowed, k_sdirk_max_s);
    while (length_s(iv.len, iv.k) > allowed * scale_ * (1.0 + 1e-12) && iv.k < 40) {
        iv.k += 1;
        iv.j *= 2;
    }
}

/// The next steps of the interval may be twice as long: aligned, wanted, and short enough for the method that will take
/// them.
bool Stepper::may_double(const Plant<double>& plant, const Interval& iv) const {
    if (iv.k == 0 || iv.j % 2 != 0 || iv.j >= (std::int64_t{1} << iv.k)) return false;
    const double longer = length_s(iv.len, iv.k - 1);
    const double allowed = base::min2(base::min2(h_s_, longest_s_), length_s(iv.len, 0));
    if (longer > allowed * scale_ * (1.0 + 1e-12)) return false;
    return longer <= k_sdirk_max_s * scale_ || one_stage_fits(plant, longer / scale_);
}

/// One accepted trial (not committed); refines the interval's level through h_s_ when the error control asks for it.
base::Status Stepper::step(Plant<double>& plant, const Interval& iv, double* h_s, Method* m) {
    *h_s = length_s(iv.len, iv.k);
    const double full_s = *h_s / scale_;  // a scaled step is taken by the method of the step that it is a part of
    const bool quiet = full_s > k_sdirk_max_s || (full_s >= k_one_stage_min_s && one_stage_fits(plant, full_s));
    // The first step after a large jump is backward Euler: a voltage that collapses within picoseconds (a MOSFET welds)
    // then goes straight to its new value, where SDIRK2 swings beyond it and back and takes the gate with it.
    *m = quiet || fresh_ ? Method::one_stage : Method::sdirk2;
    return plant.try_step(*h_s, *m);
}

base::Status Stepper::locate(Plant<double>& plant, const Interval& iv, const PlantTime& ta, PlantTime at, Method m,
                             StepListener& listener, Time_ns* stop) {
    (void)iv;
    for (int n = 0;; ++n) {
        Time_ns t = at.frac > 0.0 ? at.ns + 1 : at.ns;
        if (t <= ta.ns) t = ta.ns + 1;
        plant.rollback();
        const PlantTime tb{t, 0.0};
        const base::Status s = plant.try_step(between_s(ta, tb), m);
        if (!s.ok()) return s;
        plant.commit();
        PlantTime again;
        const bool earlier = listener.crossing(ta, tb, &again) && again.ns + 1 < t;
        if (!earlier || n >= k_locate_max || t == ta.ns + 1) {
            listener.accepted(ta, tb);
            *stop = t;
            return {};
        }
        at = again;
    }
}

base::Status Stepper::advance(Plant<double>& plant, Time_ns t0, Time_ns t1, StepListener& listener, Time_ns* stop) {
    Time_ns t = t0;
    const double allowed_error =
        scale_ < 1.0 ? scale_ * scale_ : 1.0;  // of second order: such steps are scaled as well
    while (t < t1) {
        const Time_ns period = h_s_ < 10e-6 ? k_transient_ns : (h_s_ < 1e-3 ? k_control_ns : k_quiescent_ns);
        Interval iv;
        iv.t0 = t;
        const Time_ns grid = base::next_multiple(t, period);
        iv.len = (grid < t1 ? grid : t1) - t;
        choose_level(plant, iv);
        while (iv.j < (std::int64_t{1} << iv.k)) {
            double h_s = 0.0;
            Method m = Method::sdirk2;
            base::Status s = step(plant, iv, &h_s, &m);
            const bool too_rough = !s.ok() || plant.trial_error() > allowed_error;
            if (too_rough && h_s > 2.0 * k_floor_s * scale_) {
                iv.k += 1;
                iv.j *= 2;
                h_s_ = 0.5 * h_s / scale_;
                ++rejected_;
                continue;
            }
            if (!s.ok()) {
                s.t_ns = t;
                *stop = t;
                return s;
            }
            const PlantTime ta = place(iv.t0, iv.len, iv.j, iv.k);
            const PlantTime tb = place(iv.t0, iv.len, iv.j + 1, iv.k);
            const double error = plant.trial_error();
            plant.commit();
            fresh_ = false;
            PlantTime at;
            if (listener.crossing(ta, tb, &at)) {
                s = locate(plant, iv, ta, at, m, listener, stop);
                s.t_ns = *stop;
                return s;
            }
            listener.accepted(ta, tb);
            iv.j += 1;
            const double share = error / allowed_error;
            if (share < 0.25) h_s_ = base::max2(h_s_, growth(share) * h_s / scale_);
            while (share < 0.25 && may_double(plant, iv)) {
                iv.k -= 1;
                iv.j /= 2;
            }
        }
        t = iv.t0 + iv.len;
    }
    *stop = t;
    return {};
}

}  // namespace twin::power
