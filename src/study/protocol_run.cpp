// SPDX-License-Identifier: Apache-2.0
// Steps grow and shrink by how far the voltage (and, with diffusivities that vary, the lithium in the particles) leaves
// its straight continuation; half-way through each step a sample is added on the parabola through the last three, so
// that straight lines between the samples are as good as the steps. An end condition is met by a step of
// its own length (secant and bisection on the length: a trial changes nothing). Held voltage and power are met by a
// secant on the current.
#include "base/math.hpp"
#include "study/protocol.hpp"

namespace twin::study {

namespace {

constexpr double k_first_s = 1e-2, k_least_s = 1e-6;
constexpr double k_keep_below = 1.25;
constexpr double k_end_V = 1e-6, k_hold_V = 1e-7;

bool finite(double x) { return base::abs2(x) < 1e6; }

class Runner {
    using Mode = ProtocolStep::Mode;

public:
    Runner(CellModel& cell, const ProtocolOptions& o, ProtocolResult& r) : cell_(cell), o_(o), r_(r) {}

    void step(const ProtocolStep& s, std::int32_t index) {
        scale_A_ = cell_.nominal_Ah;
        const double begin_C = cell_.charge_out_C();
        begin_C_ = begin_C;
        const std::string reason = s.limit_V > 0.0 || s.limit_A > 0.0 ? limited(s, index) : part(s, index);
        r_.ends.push_back({s.text, reason, t_, v_, i_, (cell_.charge_out_C() - begin_C) / 3600.0});
    }
    /// Nothing more is run: a step failed, or one's limit ended the protocol.
    bool over() const { return stopped_ || (!r_.ends.empty() && r_.ends.back().reason == "failed"); }

private:
    /// A step with a limit has two parts: a drive until the voltage is reached, then the hold.
    std::string limited(const ProtocolStep& s, std::int32_t index) {
        const double begin_s = t_;
        ProtocolStep &drive = drive_ = s, &hold = hold_ = s;
        bool driven = true;
        if (s.limit_V > 0.0) {
            if (s.until_V > 0.0 && (s.value > 0.0 ? s.until_V >= s.limit_V : s.until_V <= s.limit_V))
                return part(s, index);
            hold.mode = Mode::voltage;
            hold.value = s.limit_V;
        } else {
            s_ = &s;
            const double i = start_current(), most = s.limit_c ? s.limit_A * scale_A_ : s.limit_A;
            driven = base::abs2(i) > most;
            drive.mode = Mode::current;
            drive.c_rate = false;
            drive.value = i > 0.0 ? most : -most;
        }
        drive.until_V = hold.value;
        drive.until_A = 0.0;
        if (driven) {
            const std::string reason = part(drive, index);
            if (reason != "voltage") return reason;
        }
        hold.until_V = 0.0;
        hold.until_soc = -1.0;
        if (s.max_s > 0.0) {
            hold.max_s = s.max_s - (t_ - begin_s);
            if (!(hold.max_s > k_least_s)) return "time";
        }
        return part(hold, index);
    }
    std::string part(const ProtocolStep& s, std::int32_t index) {
        s_ = &s;
        const double tol_V = o_.tol_V > 0.0 ? o_.tol_V : cell_.tol_V;
        t0_ = t_;
        double h = k_first_s;
        bool jump = true;
        h_old_ = 0.0;
        v_ = cell_.voltage_V(start_current());
        i_ = start_current();
        v_old_ = v_;
        sample(index);
        std::string reason;
        while (reason.empty()) {
            if (s.max_s > 0.0 && h > t0_ + s.max_s - t_) h = t0_ + s.max_s - t_;
            const double longest = s.period_s > 0.0 && s.period_s < o_.longest_s ? s.period_s : o_.longest_s;
            if (h > longest) h = longest;
            reason = moved();
            if (!reason.empty()) break;
            const double left_s = base::min2(until_soc_s(), until_charge_s());
            if (h > left_s) h = left_s;
            const double v = attempt(h, jump);
            const double along = h_old_ > 0.0 ? v_ + (v_ - v_old_) * (h / h_old_) : v;
            const double err = base::max2(base::abs2(v - along) / tol_V, cell_.bend / o_.tol_x);
            if (!finite(v) || !finite(i_try_) || (h_old_ > 0.0 && err > 2.0 && h > 1e-3)) {
                h = 0.5 * h;
                if (h < k_least_s) reason = "failed";
                continue;
            }
            double taken = h;
            reason = ended(v, i_try_);
            if (reason == "voltage" || reason == "limit" || reason == "stop") {
                const double level_V = reason == "limit" ? limit_V(v) : reason == "stop" ? s.stop_V : s.until_V;
                taken = meet(h, jump, v_ - level_V, k_end_V, [&] { return v_try_ - level_V; });
            } else if (reason == "current" && s.mode == Mode::voltage && base::abs2(i_) > until_A()) {
                taken = meet(h, jump, base::abs2(i_) - until_A(), 1e-6 * scale_A_,
                             [&] { return base::abs2(i_try_) - until_A(); });
            }
            cell_.commit();
            ++r_.steps;
            if (o_.half_way && h_old_ > 0.0 && s.period_s == 0.0) half_way(taken);
            v_old_ = v_;
            v_ = v_try_;
            i_ = i_try_;
            h_old_ = taken;
            t_ += taken;
            jump = false;
            sample(index);
            if (reason.empty()) reason = moved();
            if (reason.empty() && s.max_s > 0.0 && t_ >= t0_ + s.max_s - 1e-9) reason = "time";
            double grow = err > 0.05 ? 0.9 / base::sqrt2(err) : 2.0;
            grow = grow > 2.0 ? 2.0 : (grow < 0.5 ? 0.5 : grow);
            if (cell_.keeps_length && grow < k_keep_below && grow > 1.0 / k_keep_below) grow = 1.0;
            h = taken * grow;
        }
        if (reason != "stop") return reason;
        stopped_ = true;
        return "limit";
    }
    double amps() const { return s_->c_rate ? s_->value * scale_A_ : s_->value; }
    double start_current() {
        if (s_->mode == Mode::current) return amps();
        if (s_->mode == Mode::rest) return 0.0;
        const double v = cell_.voltage_V(0.0);
        if (s_->mode == Mode::power) return s_->value / v;
        // a hold begins with the current that gives its voltage now
        double a = 0.0, va = v, b = v > s_->value ? 0.1 * scale_A_ : -0.1 * scale_A_, vb = cell_.voltage_V(b);
        for (int n = 0; n < 30 && base::abs2(vb - s_->value) > k_hold_V && vb != va; ++n) {
            const double c = b + (s_->value - vb) * (b - a) / (vb - va);
            a = b;
            va = vb;
            b = c;
            vb = cell_.voltage_V(b);
        }
        return b;
    }
    /// A trial of h under this step's rule; leaves v_try_, i_try_.
    double attempt(double h, bool jump) {
        if (s_->mode == Mode::current || s_->mode == Mode::rest) {
            i_try_ = s_->mode == Mode::rest ? 0.0 : amps();
            v_try_ = cell_.trial(h, i_try_, jump);
            return v_try_;
        }
        const auto miss = [&](double i) {
            v_try_ = cell_.trial(h, i, jump);
            return s_->mode == Mode::voltage ? v_try_ - s_->value : v_try_ * i - s_->value;
        };
        const double tol = s_->mode == Mode::voltage ? k_hold_V : k_hold_V * scale_A_;
        double a = i_, fa = miss(a);
        double b = a + (base::abs2(a) > 1e-3 * scale_A_ ? 0.02 * a : 1e-3 * scale_A_);
        i_try_ = a;
        for (int n = 0; n < 40; ++n) {
            if (base::abs2(fa) <= tol) {
                i_try_ = a;
                break;
            }
            const double fb = miss(b);
            i_try_ = b;
            if (base::abs2(fb) <= tol || fb == fa) break;
            const double c = b - fb * (b - a) / (fb - fa);
            a = b;
            fa = fb;
            b = c;
            if (base::abs2(fa) <= tol) break;
        }
        return v_try_;
    }
    std::string ended(double v, double i) const {
        if (s_->until_V > 0.0 && s_->mode != Mode::voltage) {
            const bool down = s_->mode == Mode::rest ? v_ > s_->until_V : i > 0.0;
            if (down ? v <= s_->until_V : v >= s_->until_V) return "voltage";
        }
        if (s_->stop_V > 0.0 && (s_->mode == Mode::current || s_->mode == Mode::power)) {
            if (i > 0.0 ? v <= s_->stop_V : v >= s_->stop_V) return "stop";
        }
        if (s_->until_A > 0.0) {
            if (base::abs2(i) <= until_A()) return "current";
        }
        if (s_->mode != Mode::rest && s_->until_V == 0.0 && (v < cell_.v_min_V - 0.5 || v > cell_.v_max_V + 0.5))
            return "limit";
        return {};
    }
    double limit_V(double v) const { return v < cell_.v_min_V ? cell_.v_min_V - 0.5 : cell_.v_max_V + 0.5; }
    /// Time to the wanted state of charge at the present current; without one, for ever.
    double until_soc_s() const {
        if (s_->until_soc < 0.0) return 1e12;
        const double way = cell_.soc() - s_->until_soc;  // > 0: to be discharged
        const bool down = s_->value > 0.0;
        if (down ? way <= 0.0 : way >= 0.0) return 0.0;
        const double s = i_ != 0.0 ? way * cell_.capacity_C() / i_ : 0.0;
        return s > 0.0 ? s : 1e12;
    }
    /// The same to the charge that the step shall move.
    double until_charge_s() const {
        if (s_->until_Ah == 0.0 || i_ == 0.0) return 1e12;
        const double way = 3600.0 * s_->until_Ah - (cell_.charge_out_C() - begin_C_);
        if (s_->value > 0.0 ? way <= 0.0 : way >= 0.0) return 0.0;
        const double s = way / i_;
        return s > 0.0 ? s : 1e12;
    }
    /// Whether the charge that ends the step has been moved.
    std::string moved() const {
        if (until_soc_s() < k_least_s) return "soc";
        return until_charge_s() < k_least_s ? "charge" : "";
    }
    double until_A() const { return s_->until_c ? s_->until_A * scale_A_ : s_->until_A; }
    /// Length of the step at whose end f() is 0; the trial of that length is the one to commit. f_lo: at its start.
    template <class F>
    double meet(double h, bool jump, double f_lo, double tolerance, const F& f) {
        double lo = 0.0, hi = h, f_hi = f(), x = h;
        for (int n = 0; n < 50 && hi - lo > k_least_s; ++n) {
            const double cut = f_hi != f_lo ? lo + (hi - lo) * (f_lo / (f_lo - f_hi)) : 0.5 * (lo + hi);
            x = n % 3 == 2 || !(cut > lo && cut < hi) ? 0.5 * (lo + hi) : cut;
            if (x < k_least_s) x = k_least_s;
            (void)attempt(x, jump);
            const double at = f();
            if (base::abs2(at) <= tolerance || x == k_least_s) return x;
            if ((at < 0.0) == (f_lo < 0.0)) {
                lo = x;
                f_lo = at;
            } else {
                hi = x;
                f_hi = at;
            }
        }
        return x;
    }
    void sample(std::int32_t index) {
        r_.samples.push_back({t_, i_, v_, cell_.soc(), cell_.t_K(), cell_.heat_W(), index, cell_.t_core_K()});
        before_ = last_;
        last_ = r_.samples.back();
    }
    /// Between the last sample and the step of h just committed, on the parabola with the sample before.
    void half_way(double h) {
        const CellSample &a = before_, &b = last_;
        const double w = h / h_old_, bend = 0.25 * w / (1.0 + w);
        const auto at = [&](double x0, double x1, double x2) {
            return 0.5 * (x1 + x2) - bend * (x2 - x1 - w * (x1 - x0));
        };
        r_.samples.push_back({t_ + 0.5 * h, at(a.i_A, b.i_A, i_try_), at(a.v_V, b.v_V, v_try_),
                              at(a.soc, b.soc, cell_.soc()), at(a.t_K, b.t_K, cell_.t_K()), cell_.heat_W(), b.step,
                              at(a.t_core_K, b.t_core_K, cell_.t_core_K())});
    }

    CellModel& cell_;
    const ProtocolOptions& o_;
    ProtocolResult& r_;
    const ProtocolStep* s_ = nullptr;
    ProtocolStep drive_, hold_;  // the parts of a step with a limit
    double t_ = 0.0, t0_ = 0.0, v_ = 0.0, v_old_ = 0.0, i_ = 0.0, h_old_ = 0.0, scale_A_ = 1.0, begin_C_ = 0.0;
    bool stopped_ = false;
    double v_try_ = 0.0, i_try_ = 0.0;
    CellSample before_{}, last_{};  // of the last two steps
};

}  // namespace

ProtocolResult run_protocol(CellModel& cell, const std::vector<ProtocolStep>& steps, const ProtocolOptions& options) {
    ProtocolResult r;
    for (std::size_t k = 0; k < steps.size(); ++k) {
        if (steps[k].until_soc < 0.0 || cell.capacity_C() > 0.0) continue;
        Diagnostic d;
        d.file = "protocol";
        d.pointer = "/" + std::to_string(k);
        d.message = "\"" + steps[k].text + "\": only an equivalent circuit can stop at a state of charge";
        throw InputError({d});
    }
    cell.ambient_K = options.ambient_K;
    if (!options.go_on) cell.reset(options.soc, options.t_K, options.h);
    Runner run(cell, options, r);
    for (int n = 0; n < options.repeat && !run.over(); ++n) {
        for (std::size_t k = 0; k < steps.size() && !run.over(); ++k)
            run.step(steps[k], static_cast<std::int32_t>(static_cast<std::size_t>(n) * steps.size() + k));
    }
    const double lasted_s = r.samples.empty() ? 0.0 : r.samples.back().t_s;
    if (options.fill_s > lasted_s + 1e-6 && !run.over()) {
        ProtocolStep rest;
        rest.max_s = options.fill_s - lasted_s;
        rest.text = "Rest to the end of the period";
        run.step(rest, static_cast<std::int32_t>(static_cast<std::size_t>(options.repeat) * steps.size()));
    }
    return r;
}

}  // namespace twin::study
