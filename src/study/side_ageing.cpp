// SPDX-License-Identifier: Apache-2.0
#include "study/side_ageing.hpp"

#include <fmt/format.h>

#include <utility>

#include "base/constants.hpp"
#include "base/math.hpp"

namespace twin::study {

namespace {

using base::abs2;

using base::k_zero_degC_K;
constexpr int k_settle = 3;  // periods before the first jump

[[noreturn]] void refuse(const std::string& pointer, const std::string& message) {
    Diagnostic d;
    d.file = "ageing";
    d.pointer = pointer;
    d.message = message;
    throw InputError({d});
}

class SideAgeing {
public:
    SideAgeing(CellModel& c, const AgeingPlan& p) : p_(p), cell_(c.clone()) {
        DegradationReport r;
        if (!cell_ || !cell_->degradation(&r))
            refuse("/model", "only an electrochemical cell made with degradation ages from inside");
        if (p.steps.empty()) refuse("/steps", "no steps: what does the cell do in a period?");
        if (p.ambient_degC.size() != 1) refuse("/ambient_degC", "one temperature is needed");
        if (!(p.period_s >= 60.0 && p.period_s <= 366.0 * 86400.0))
            refuse("/period_s", fmt::format("{:g}; allowed 60 .. {:g}", p.period_s, 366.0 * 86400.0));
        if (!(p.horizon_d >= p.period_s / 86400.0 && p.horizon_d <= 36525.0))
            refuse("/horizon_d", fmt::format("{:g}; allowed one period .. 36525", p.horizon_d));
        if (!(p.row_d >= p.period_s / 86400.0)) refuse("/row_d", "must be at least one period");
        if (!(p.tol_rel >= 1e-9 && p.tol_rel <= 0.1)) refuse("/tol_rel", "allowed 1e-9 .. 0.1");
        t_K_ = p.ambient_degC[0] + k_zero_degC_K;
        cell_->ambient_K = t_K_;
        cell_->reset(p.soc, t_K_);
        (void)cell_->degradation(&r);
        lithium_C_ = r.lithium_C;
    }

    SideAgeingResult run() {
        const double days = p_.period_s / 86400.0;
        const double all = static_cast<double>(base::round_sat(p_.horizon_d / days, 1, 10'000'000));
        const double per_row = static_cast<double>(base::round_sat(p_.row_d / days, 1, 10'000'000));
        r_.periods = static_cast<std::uint64_t>(all);
        row(0.0);
        double done = 0.0, next_row = per_row, whole = 8.0;
        std::vector<double> rate;  // of the last period
        while (done < all) {
            if (!period(&rate)) break;
            done += 1.0;
            moved_Ah_ += out_Ah_;
            const double stop = next_row < all ? next_row : all;
            if (p_.accelerate && wait_ == 0) {
                const double n = jump(stop - done, all, rate, whole);
                done += n;
                moved_Ah_ += n * out_Ah_;
            }
            if (wait_ > 0) --wait_;
            if (!r_.stopped.empty()) break;
            if (done < stop) continue;
            row(done * days);
            next_row += per_row;
        }
        if (!r_.stopped.empty()) row(done * days);
        return std::move(r_);
    }

private:
    /// One period from the present state; the change of the slow states in it.
    bool period(std::vector<double>* rate) {
        const std::vector<double> before = cell_->slow();
        ProtocolOptions o;
        o.go_on = true;
        o.ambient_K = t_K_;
        o.fill_s = p_.period_s;
        const ProtocolResult r = run_protocol(*cell_, p_.steps, o);
        ++r_.simulated;
        out_Wh_ = in_Wh_ = out_Ah_ = 0.0;
        for (std::size_t k = 1; k < r.samples.size(); ++k) {
            const CellSample &a = r.samples[k - 1], &b = r.samples[k];
            const double wh = 0.5 * (a.v_V + b.v_V) * b.i_A * (b.t_s - a.t_s) / 3600.0;
            (wh > 0.0 ? out_Wh_ : in_Wh_) += abs2(wh);
            if (b.i_A > 0.0) out_Ah_ += b.i_A * (b.t_s - a.t_s) / 3600.0;
        }
        for (const StepEnd& e : r.ends) {
            if (e.reason == "failed" || e.reason == "limit") r_.stopped = "the duty can no longer be done: " + e.text;
        }
        if (r.samples.back().t_s > p_.period_s * (1.0 + 1e-9)) r_.stopped = "the steps take longer than the period";
        if (!r_.stopped.empty() && r_.simulated == 1) refuse("/steps", "the new cell: " + r_.stopped);
        *rate = cell_->slow();
        for (std::size_t k = 0; k < rate->size(); ++k) (*rate)[k] -= before[k];
        return r_.stopped.empty();
    }

    void carry(const std::vector<double>& rate, double n) {
        std::vector<double> d = rate;
        for (double& x : d) x = n * x;
        cell_->move_slow(d);
    }
    double lost_C() const {
        DegradationReport r;
        (void)cell_->degradation(&r);
        return r.done.lost_C();
    }

    /// Carries over n periods and simulates two (one to settle, one for the rate that corrects); returns how many
    /// periods that were. `whole`: length tried, then to be tried next.
    double jump(double left, double all, std::vector<double>& rate, double& whole) {
        constexpr double k_after = 2.0;
        while (left > k_after + 1.0) {
            const double n = static_cast<double>(
                base::round_sat((whole < left - k_after ? whole : left - k_after) - 0.5 + 1e-9, 1, 10'000'000));
            if (n < 3.0) {  // the rate still changes from day to day
                wait_ = k_settle;
                whole = 8.0;
                return 0.0;
            }
            std::unique_ptr<CellModel> back = cell_->clone();
            std::vector<double> middle = rate;
            slope_.resize(rate.size(), 0.0);
            for (std::size_t k = 0; k < rate.size(); ++k) middle[k] += 0.5 * n * slope_[k];
            carry(middle, n);
            std::vector<double> end;
            if (!period(&end) || !period(&end)) return n + k_after;
            const double before_C = lost_C();
            std::vector<double> half = end;
            for (std::size_t k = 0; k < half.size(); ++k) half[k] = 0.5 * (rate[k] + end[k]) - middle[k];
            carry(half, n);
            const double error_C = 0.5 * abs2(lost_C() - before_C);
            const double allowed_C = p_.tol_rel * cell_->nominal_Ah * 3600.0 * n / all;
            const double f = error_C > 0.0 ? 0.9 * base::sqrt2(allowed_C / error_C) : 4.0;
            whole = n * (f > 4.0 ? 4.0 : (f < 0.2 ? 0.2 : f));
            if (error_C > allowed_C && n > 3.0) {
                cell_ = std::move(back);
                continue;
            }
            r_.error_C += error_C;
            for (std::size_t k = 0; k < rate.size(); ++k) slope_[k] = (end[k] - rate[k]) / (n + k_after);
            rate = end;
            return n + k_after;
        }
        return 0.0;
    }

    void row(double t_d) {
        SideAgeingRow w;
        w.t_d = t_d;
        const std::unique_ptr<CellModel> c = cell_->clone();
        ProtocolOptions o;
        o.go_on = true;
        o.ambient_K = t_K_;
        const std::vector<ProtocolStep> full = parse_protocol(
            {fmt::format("Charge at C/3 until {} V", c->v_max_V), fmt::format("Hold at {} V until C/20", c->v_max_V)});
        const std::vector<ProtocolStep> empty =
            parse_protocol({fmt::format("Discharge at C/3 until {} V", c->v_min_V)});
        (void)run_protocol(*c, full, o);
        w.r_Ohm = (c->voltage_V(0.0) - c->voltage_V(c->nominal_Ah)) / c->nominal_Ah;
        w.capacity_Ah = run_protocol(*c, empty, o).ends.back().charge_Ah;
        DegradationReport d;
        (void)cell_->degradation(&d);
        w.sei_m = d.done.sei_m;
        w.sei_C = d.done.sei_C;
        w.plated_C = d.done.plated_C;
        w.dead_C = d.done.dead_C;
        w.out_Wh = out_Wh_;
        w.out_Ah = out_Ah_;
        w.efc = r_.rows.empty() ? 0.0 : moved_Ah_ / r_.rows[0].capacity_Ah;
        w.in_Wh = in_Wh_;
        w.lithium_rel = (d.lithium_C - lithium_C_) / lithium_C_;
        r_.rows.push_back(w);
    }

    const AgeingPlan& p_;
    std::unique_ptr<CellModel> cell_;
    SideAgeingResult r_;
    std::vector<double> slope_;  // of the rate per period, from the last jump
    int wait_ = k_settle - 1;
    double t_K_ = 298.15, lithium_C_ = 0.0, out_Wh_ = 0.0, in_Wh_ = 0.0, out_Ah_ = 0.0, moved_Ah_ = 0.0;
};

}  // namespace

SideAgeingResult run_side_ageing(CellModel& cell, const AgeingPlan& plan) { return SideAgeing(cell, plan).run(); }

}  // namespace twin::study
