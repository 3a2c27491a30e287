// SPDX-License-Identifier: Apache-2.0
// Half-cycle counting as the samples come (rainflow, four-point rule; ASTM E1049-85). Fixed memory. Beside the depth,
// every half cycle knows the charge-weighted means of temperature, C-rate and voltage on its way.
// Current is positive when it discharges the cell; a path upwards is a charge.
#pragma once
#include <array>
#include <cstddef>

namespace twin::cell {

/// A counted half cycle (weight 1) or full cycle (weight 2: two half cycles of the same depth).
struct HalfCycle {
    double dod = 0.0, soc_mean = 0.0;
    double t_K = 0.0, c = 0.0, v_V = 0.0;  // means over its charge
    double weight = 1.0;
    bool charge = false;  // direction of the half cycle, of the first one of a full cycle
};

class Rainflow {
public:
    static constexpr std::size_t k_depth = 128;  // open turning points
    static constexpr double k_least_dod = 1e-4;  // smaller reversals are not turning points

    /// One more sample: soc after an interval in which |dsoc| moved at these means. Calls sink(HalfCycle) for every
    /// cycle that closes.
    template <class Sink>
    void add(double soc, double t_K, double c, double v_V, Sink&& sink) {
        if (!begun_) {
            begun_ = true;
            now_.soc = soc;
            push(now_);
            return;
        }
        const double d = soc > now_.soc ? soc - now_.soc : now_.soc - soc;
        Point next = now_;
        next.soc = soc;
        next.q = next.q + d;
        next.qt = next.qt + d * t_K;
        next.qc = next.qc + d * c;
        next.qv = next.qv + d * v_V;
        const bool up = soc > now_.soc;
        if (n_ >= 2 && d > 0.0) {  // the last entry of the stack is the running end
            const bool was_up = stack_[n_ - 1].soc > stack_[n_ - 2].soc;
            const double back = soc - stack_[n_ - 1].soc;
            if (up == was_up || back == 0.0) {
                if (was_up == (back > 0.0)) stack_[n_ - 1] = next;
            } else if ((back > 0.0 ? back : -back) >= k_least_dod) {
                push(next);
            }
            reduce(sink);
        } else if (d > 0.0) {
            const double move = soc - stack_[0].soc;
            if ((move > 0.0 ? move : -move) >= k_least_dod) push(next);
        }
        now_ = next;
    }
    /// What is still open, as half cycles; then empty.
    template <class Sink>
    void close(Sink&& sink) {
        for (std::size_t k = 0; k + 1 < n_; ++k) sink(cycle(stack_[k], stack_[k + 1], 1.0));
        *this = {};
    }
    std::size_t open() const { return n_ > 0 ? n_ - 1 : 0; }

private:
    struct Point {
        double soc = 0.0, q = 0.0, qt = 0.0, qc = 0.0, qv = 0.0;  // integrals over |dsoc| since the begin
    };
    static HalfCycle cycle(const Point& a, const Point& b, double weight) {
        const double q = b.q - a.q;
        const double per = q > 0.0 ? 1.0 / q : 0.0;
        const bool up = b.soc > a.soc;
        return {up ? b.soc - a.soc : a.soc - b.soc,
                0.5 * (a.soc + b.soc),
                (b.qt - a.qt) * per,
                (b.qc - a.qc) * per,
                (b.qv - a.qv) * per,
                weight,
                up};
    }
    static double range(const Point& a, const Point& b) { return a.soc > b.soc ? a.soc - b.soc : b.soc - a.soc; }
    void push(const Point& p) {
        if (n_ < k_depth) stack_[n_++] = p;  // never full: reduce() leaves at most k_depth - 1
    }
    template <class Sink>
    void reduce(Sink& sink) {
        while (n_ >= 4) {
            const double inner = range(stack_[n_ - 3], stack_[n_ - 2]);
            if (inner > range(stack_[n_ - 4], stack_[n_ - 3]) || inner > range(stack_[n_ - 2], stack_[n_ - 1])) break;
            sink(cycle(stack_[n_ - 3], stack_[n_ - 2], 2.0));
            stack_[n_ - 3] = stack_[n_ - 1];
            n_ -= 2;
        }
        if (n_ < k_depth) return;
        sink(cycle(stack_[0], stack_[1], 1.0));  // the oldest open half cycle is counted as one
        for (std::size_t k = 1; k < n_; ++k) stack_[k - 1] = stack_[k];
        --n_;
    }

    std::array<Point, k_depth> stack_{};
    std::size_t n_ = 0;
    Point now_;
    bool begun_ = false;
};

}  // namespace twin::cell
