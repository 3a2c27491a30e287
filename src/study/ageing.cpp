// SPDX-License-Identifier: Apache-2.0
#include "study/ageing.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/constants.hpp"
#include "base/math.hpp"
#include "cell/ageing_period.hpp"
#include "io/model.hpp"
#include "study/model_path.hpp"

namespace twin::study {

namespace {

using base::abs2;
using cell::AgeingState;
using cell::Health;

[[noreturn]] void refuse(const std::string& pointer, const std::string& message) {
    Diagnostic d;
    d.file = "ageing";
    d.pointer = pointer;
    d.message = message;
    throw InputError({d});
}

struct PeriodEnd {
    AgeingState damage;
    AgeingDay day;
    bool failed = false;
};

class Ageing {
public:
    Ageing(CellModel& c, const cell::AgeingModel& law, const AgeingPlan& p) : cell_(c), law_(law), p_(p), period_(law) {
        check();
        next_row_d_ = p_.row_d;
        soc_.assign(p_.ambient_degC.size(), p_.soc);
    }

    AgeingResult run() {
        const auto n_all = base::round_sat(p_.horizon_d * 86400.0 / p_.period_s - 0.5 + 1e-9, 1, 10'000'000);
        r_.periods = static_cast<std::uint64_t>(n_all);
        PeriodEnd now = settle();
        if (now.failed) refuse("/steps", "the new cell cannot do this: " + failed_step_);
        AgeingState s;
        row(s);
        double whole = 1.0, left = static_cast<double>(n_all);
        while (left > 0.0) {
            const double n = p_.accelerate && whole >= 4.0 ? (whole < left ? whole : left) : 1.0;
            Jump j;
            if (n >= 4.0)
                try_jump(s, now, n, j);
            else
                single(s, now, j);
            const double allowed = p_.tol_rel * n / static_cast<double>(n_all);
            if ((j.error_rel > allowed || j.failed) && n >= 4.0) {
                const double f = j.failed ? 0.25 : 0.9 * base::sqrt2(allowed / j.error_rel);
                whole = longer(n, f < 0.2 ? 0.2 : f);
                continue;
            }
            r_.error_capacity_rel += j.error_rel;
            r_.error_r_rel += j.error_r_rel;
            rows_within(s, now, j, n);
            s = j.end;
            left -= n;
            whole = longer(n, n < 4.0 ? 4.0 : (j.error_rel > 0.0 ? 0.9 * base::sqrt2(allowed / j.error_rel) : 4.0));
            const Health h = cell::health(law_, s);
            if (!(h.capacity_rel > p_.stop_rel)) return stop(fmt::format("capacity below {:g} %", 100.0 * p_.stop_rel));
            if (left > 0.0) now = simulate(s);
            if (now.failed) return stop("the duty can no longer be done: " + failed_step_);
        }
        row(s);
        return done();
    }

private:
    void check() {
        if (p_.steps.empty()) refuse("/steps", "no steps: what does the cell do in a period?");
        const auto within = [](const char* what, double x, double lo, double hi) {
            if (!(x >= lo && x <= hi))
                refuse(std::string("/") + what, fmt::format("{:g}; allowed {:g} .. {:g}", x, lo, hi));
        };
        within("period_s", p_.period_s, 60.0, 366.0 * 86400.0);
        within("horizon_d", p_.horizon_d, p_.period_s / 86400.0, 36525.0);
        within("soc", p_.soc, 0.0, 1.0);
        within("tol_rel", p_.tol_rel, 1e-9, 0.1);
        within("row_d", p_.row_d, p_.period_s / 86400.0, 36525.0);
        within("eol_rel", p_.eol_rel, 0.05, 0.999);
        if (p_.ambient_degC.empty() || p_.ambient_degC.size() > 366)
            refuse("/ambient_degC", "1 .. 366 temperatures are needed");
        for (const double t : p_.ambient_degC) within("ambient_degC", t, -60.0, 120.0);
        if (!cell_.set_health(1.0, 1.0))
            refuse("/model",
                   fmt::format("{} as {} cannot age by a law; use an equivalent circuit", cell_.id, cell_.kind));
        cell_.reset(p_.soc, 298.15);
        new_Ah_ = cell_.capacity_C() / 3600.0;
    }

    /// The first period, repeated until it ends as it began.
    PeriodEnd settle() {
        PeriodEnd e = simulate({});
        for (int n = 0; n < 3 && !e.failed && drift_ > 1e-6; ++n) e = simulate({});
        if (!e.failed && drift_ > 5e-3)
            refuse("/steps",
                   fmt::format("a period must end where it began; this one moves the charge by {:.2f} % every time",
                               100.0 * drift_));
        first_ = reasons_;
        e.day.as_first = true;
        return e;
    }

    /// One period at the health of s, at every ambient temperature; the mean damage.
    PeriodEnd simulate(const AgeingState& s) {
        const Health h = cell::health(law_, s);
        PeriodEnd e;
        reasons_.clear();
        drift_ = 0.0;
        const double share = 1.0 / static_cast<double>(p_.ambient_degC.size());
        for (std::size_t a = 0; a < p_.ambient_degC.size() && !e.failed; ++a) {
            cell_.set_health(h.capacity_rel > 0.02 ? h.capacity_rel : 0.02, h.r_rel > 0.02 ? h.r_rel : 0.02);
            ProtocolOptions o;
            o.soc = soc_[a];
            o.t_K = o.ambient_K = p_.ambient_degC[a] + base::k_zero_degC_K;
            o.fill_s = p_.period_s;
            o.half_way = false;  // sums over the steps themselves change smoothly with health
            const ProtocolResult r = run_protocol(cell_, p_.steps, o);
            ++r_.simulated;
            add(r, h, share, e);
            const double moved = abs2(r.samples.back().soc - soc_[a]);
            if (moved > drift_) drift_ = moved;
            soc_[a] = r.samples.back().soc;
            soc_[a] = soc_[a] < 0.0 ? 0.0 : (soc_[a] > 1.0 ? 1.0 : soc_[a]);
        }
        e.day.t_d = s.days_d;
        e.day.as_first = first_.empty() || reasons_ == first_;
        if (!e.failed) days_.push_back(e.day);
        if (!e.day.as_first && (r_.changed_d < 0.0 || s.days_d < r_.changed_d)) r_.changed_d = s.days_d;
        return e;
    }

    void add(const ProtocolResult& r, const Health& h, double share, PeriodEnd& e) {
        double t = 0.0;
        for (std::size_t k = 0; k < r.samples.size(); ++k) {
            const CellSample& b = r.samples[k];
            const CellSample& a = k > 0 ? r.samples[k - 1] : b;
            const double dt = b.t_s - a.t_s;
            const double v = 0.5 * (a.v_V + b.v_V);
            period_.add(dt, b.soc, 0.5 * (a.t_core_K + b.t_core_K), v, b.i_A, new_Ah_, h.capacity_rel);
            const double wh = v * b.i_A * dt / 3600.0;
            (wh > 0.0 ? e.day.out_Wh : e.day.in_Wh) += share * abs2(wh);
            t = b.t_s;
        }
        for (const StepEnd& end : r.ends) {
            reasons_ += end.reason + ";";
            if (end.reason != "failed" && end.reason != "limit") continue;
            e.failed = true;
            failed_step_ = end.text;
        }
        if (t > p_.period_s * (1.0 + 1e-9)) {
            e.failed = true;
            failed_step_ =
                fmt::format("the steps take {:.2f} h of a period of {:.2f} h", t / 3600.0, p_.period_s / 3600.0);
        }
        e.day.dod += share * period_.dod_max();
        e.day.t_mean_degC += share * (period_.t_mean_K() - base::k_zero_degC_K);
        if (period_.t_max_K() - base::k_zero_degC_K > e.day.t_max_degC || e.day.t_max_degC == 0.0)
            e.day.t_max_degC = period_.t_max_K() - base::k_zero_degC_K;
        range_check();
        cell::age_periods(e.damage, period_.finish(), share);
    }

    void range_check() {
        const cell::AgeingRange& v = law_.valid;
        const auto note = [&](bool out, const char* what) {
            if (!out) return;
            for (const std::string& s : r_.extrapolated)
                if (s == what) return;
            r_.extrapolated.emplace_back(what);
        };
        note(period_.t_mean_K() - base::k_zero_degC_K < v.t_min_degC - 0.5 ||
                 period_.t_max_K() - base::k_zero_degC_K > v.t_max_degC + 0.5,
             "temperature");
        note(period_.c_chg_max() > 1.02 * v.c_chg_max, "charge rate");
        note(period_.c_dis_max() > 1.02 * v.c_dis_max, "discharge rate");
    }

    /// A jump of n periods. The damage of a period changes with the health, so a jump takes that at its middle; one
    /// jump of n is compared with two of n / 2, and these are kept.
    struct Jump {
        AgeingState half, end;
        AgeingState at_half, first, second;  // damage per period: in the middle, at a quarter, at three quarters
        double error_rel = 0.0, error_r_rel = 0.0;
        bool failed = false;
    };
    void try_jump(const AgeingState& s, const PeriodEnd& now, double n, Jump& j) {
        const double a = 0.5 * n;
        // n periods from k = 0: their middle is at (n - 1) / 2
        const auto from = [](AgeingState x, const AgeingState& g, double k) {
            cell::age_periods(x, g, k);
            return x;
        };
        const PeriodEnd m = simulate(from(s, now.damage, 0.5 * (n - 1.0)));
        const PeriodEnd m1 = simulate(from(s, now.damage, 0.5 * (a - 1.0)));
        j.half = from(s, m1.damage, a);
        const PeriodEnd m2 = simulate(from(j.half, m.damage, 0.5 * (a - 1.0)));
        j.end = from(j.half, m2.damage, a);
        j.at_half = m.damage;
        j.first = m1.damage;
        j.second = m2.damage;
        j.failed = m.failed || m1.failed || m2.failed;
        const Health x = cell::health(law_, from(s, m.damage, n)), y = cell::health(law_, j.end);
        j.error_rel = abs2(x.capacity_rel - y.capacity_rel);
        j.error_r_rel = abs2(x.r_rel - y.r_rel);
    }
    void single(const AgeingState& s, const PeriodEnd& now, Jump& j) {
        j.half = s;
        cell::age_periods(j.half, now.damage, 0.5);
        j.end = s;
        cell::age_periods(j.end, now.damage, 1.0);
        j.at_half = j.first = j.second = now.damage;
    }

    static double longer(double n, double factor) {
        const double h = n * (factor > 4.0 ? 4.0 : factor);
        return static_cast<double>(base::round_sat(h, 1, 1'000'000));
    }

    /// Damage k periods into a jump of n.
    static AgeingState within(const AgeingState& s, const PeriodEnd& now, const Jump& j, double k, double n) {
        const double a = 0.5 * n;
        const bool late = k > a;
        const double t = late ? k - a : k;
        AgeingState x = late ? j.half : s;
        cell::age_periods(x, late ? j.at_half : now.damage, t - t * t / a);
        cell::age_periods(x, late ? j.second : j.first, t * t / a);
        return x;
    }

    void rows_within(const AgeingState& s, const PeriodEnd& now, const Jump& j, double n) {
        const double per_d = 86400.0 / p_.period_s;
        while (next_row_d_ < s.days_d + n / per_d - 1e-9) {
            row(within(s, now, j, (next_row_d_ - s.days_d) * per_d, n));
            next_row_d_ += p_.row_d;
        }
        if (r_.eol_d >= 0.0) return;
        const auto spent = [&](double k) {
            return cell::health(law_, within(s, now, j, k, n)).capacity_rel <= p_.eol_rel;
        };
        if (!spent(n)) return;
        double lo = 0.0, hi = n;
        for (int k = 0; k < 60; ++k) (spent(0.5 * (lo + hi)) ? hi : lo) = 0.5 * (lo + hi);
        r_.eol_d = s.days_d + hi / per_d;
    }

    void row(const AgeingState& s) {
        if (!r_.rows.empty() && s.days_d <= r_.rows.back().t_d + 1e-9) return;
        const Health h = cell::health(law_, s);
        r_.rows.push_back({s.days_d, s.efc, h.capacity_rel, h.r_rel, {}});
    }

    AgeingResult stop(const std::string& why) {
        r_.stopped = why;
        return done();
    }
    /// The periods at the rows' times, between those simulated.
    AgeingResult done() {
        std::sort(days_.begin(), days_.end(), [](const AgeingDay& a, const AgeingDay& b) { return a.t_d < b.t_d; });
        std::size_t k = 0;
        for (AgeingRow& row : r_.rows) {
            while (k + 1 < days_.size() && days_[k + 1].t_d <= row.t_d) ++k;
            const AgeingDay &a = days_[k], &b = days_[k + 1 < days_.size() ? k + 1 : k];
            const double w = b.t_d > a.t_d && row.t_d > a.t_d ? (row.t_d - a.t_d) / (b.t_d - a.t_d) : 0.0;
            const auto mix = [w](double x, double y) { return x + w * (y - x); };
            row.day = {row.t_d,
                       mix(a.dod, b.dod),
                       mix(a.t_mean_degC, b.t_mean_degC),
                       mix(a.t_max_degC, b.t_max_degC),
                       mix(a.out_Wh, b.out_Wh),
                       mix(a.in_Wh, b.in_Wh),
                       a.as_first};
        }
        return std::move(r_);
    }

    CellModel& cell_;
    const cell::AgeingModel& law_;
    const AgeingPlan& p_;
    cell::AgeingPeriod period_;
    AgeingResult r_;
    std::vector<double> soc_;
    std::vector<AgeingDay> days_;
    std::string reasons_, first_, failed_step_;
    double new_Ah_ = 1.0, drift_ = 0.0, next_row_d_ = 0.0;
};

}  // namespace

AgeingResult run_ageing(CellModel& cell, const cell::AgeingModel& law, const AgeingPlan& plan) {
    return Ageing(cell, law, plan).run();
}

cell::AgeingModel open_ageing(const std::string& name) {
    const std::string path = model_path("ageing", "ageing law", name);
    const auto file = io::read_model<cell::AgeingFile>(path);
    if (!file.ok()) throw InputError(file.errors);
    return cell::compile(file.value);
}

std::string default_ageing(const std::string& chemistry, double nominal_Ah) {
    if (chemistry == "LFP") return nominal_Ah >= 20.0 ? "lfp-250ah" : "lfp-sony-3ah";
    if (chemistry == "NMC") return nominal_Ah >= 10.0 ? "nmc-kokam-75ah" : "nmc-sanyo-2ah";
    if (chemistry == "LTO") return "lto-nmc-10ah";
    return {};
}

}  // namespace twin::study
