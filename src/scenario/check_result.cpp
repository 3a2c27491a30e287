// SPDX-License-Identifier: Apache-2.0
// From the state of a check to its result: margin, unit, worst instant, and a sentence where it failed.
#include <fmt/format.h>

#include "scenario/check_state.hpp"

namespace twin::scenario {

namespace {

class Judge {
public:
    Judge(const CheckSetData& d, std::size_t i, Time_ns t_end, std::span<const Metric> metrics)
        : d_(d), c_(d.compiled[i]), s_(d.state[i]), t_end_(t_end), metrics_(metrics) {}

    CheckResult run() {
        r_.id = c_.check->id;
        r_.form = form_name(c_.check->form);
        r_.text = to_text(*c_.check);
        if (!c_.skip.empty()) {
            r_.skipped = true;
            r_.reason = c_.skip;
            return r_;
        }
        std::visit([&](const auto& f) { judge(f); }, c_.check->form);
        if (r_.vacuous) {
            r_.margin.reset();
            r_.passed = c_.check->may_be_vacuous;
        }
        return r_;
    }

private:
    void vacuous(const char* why) {
        r_.vacuous = true;
        r_.reason = fmt::format("VACUOUS: {}", why);
    }
    void margin(double m, const std::string& unit, double value, Time_ns t) {
        r_.margin = m == 0.0 ? 0.0 : m;  // no -0
        r_.unit = unit;
        r_.value = value;
        r_.t_ns = t;
        r_.passed = m >= 0.0;
    }
    const Channel& channel(std::int64_t node, const Compiled& k) const {
        return d_.channels[static_cast<std::size_t>(k.node(static_cast<int>(node)).channel)];
    }
    bool window_empty() {
        if (s_.seen != 0) return false;
        if (c_.from_event >= 0 && d_.t_fired[static_cast<std::size_t>(c_.from_event)] < 0)
            vacuous(fmt::format("its window never began: {} did not fire", d_.names[c_.from_event]).c_str());
        else
            vacuous("its window is empty");
        return true;
    }
    /// always, never and until: distance to the bound, or the violated time of a discrete decider.
    void judge_distance() {
        const Compiled& k = c_.first;
        if (s_.violated_s > 0.0) {
            margin(-s_.violated_s, "s", s_.violated_s, round_up(s_.t_violated));
            r_.reason = fmt::format("violated for {:.9g} s", s_.violated_s);
            const Node& n = k.node(static_cast<int>(s_.violated_node));
            if (n.channel >= 0)
                r_.reason += fmt::format(", decided by {}", d_.channels[static_cast<std::size_t>(n.channel)].name);
            return;
        }
        const bool sure = s_.worst_node < 0 || s_.worst_rel >= k_sure;
        if (sure) return margin(0.0, "s", 0.0, -1);
        const Channel& ch = channel(s_.worst_node, k);
        margin(s_.worst_margin, ch.unit, s_.worst_value, round_up(s_.t_worst));
        if (!k.single_continuous()) r_.reason = fmt::format("decided by {}", ch.name);
        if (!r_.passed) r_.reason = fmt::format("{} was {:.9g} {}", ch.name, s_.worst_value, ch.unit);
    }
    void judge(const Always&) {
        if (!window_empty()) judge_distance();
    }
    void judge(const Never&) {
        if (!window_empty()) judge_distance();
    }
    void judge(const Eventually& f) {
        if (window_empty()) return;
        const Moment deadline = f.within ? Moment(s_.t_open.ns + *f.within, s_.t_open.frac) : s_.t_last;
        if (s_.done != 0) {
            margin(seconds(s_.t_done, deadline), "s", seconds(s_.t_open, s_.t_done), round_up(s_.t_done));
            if (!r_.passed) r_.reason = fmt::format("held only after {:.9g} s", *r_.value);
            return;
        }
        const double late = seconds(deadline, s_.t_last);
        margin(late > 0.0 ? -late : -seconds(s_.t_open, s_.t_last), "s", seconds(s_.t_open, s_.t_last), t_end_);
        r_.passed = false;
        r_.reason = late >= 0.0 ? "never held" : "never held; the run ended before the time allowed";
    }
    void judge(const Whenever& f) {
        if (window_empty()) return;
        const double allowed = base::to_s(f.within);
        if (s_.pending != 0) {  // the last occasion is still without an answer
            const double waited = seconds(s_.occasion, s_.t_last);
            if (waited > allowed && (s_.answered == 0 || waited > s_.slowest_s)) {
                margin(allowed - waited, "s", waited, round_up(s_.occasion));
                r_.reason = "no response until the end";
                return;
            }
        }
        if (s_.answered == 0)
            return vacuous(s_.occasions == 0 ? "its occasion never came"
                                             : "the run ended before the time allowed for the response");
        margin(allowed - s_.slowest_s, "s", s_.slowest_s, round_up(s_.t_slowest));
        if (!r_.passed) r_.reason = fmt::format("the slowest response took {:.9g} s", s_.slowest_s);
    }
    void judge(const Until&) {
        if (window_empty_until()) return;
        if (s_.done == 0) return vacuous("its end condition never came");
        judge_distance();
    }
    bool window_empty_until() {
        if (s_.seen == 0 && s_.done != 0) {
            vacuous("its end condition held from the start");
            return true;
        }
        return window_empty();
    }
    void judge(const Settles& f) {
        if (window_empty()) return;
        if (s_.outside != 0) {
            margin(s_.worst_margin, d_.channels[static_cast<std::size_t>(c_.settle_channel)].unit, s_.end_value,
                   round_up(s_.t_worst));
            r_.passed = false;
            r_.reason = "outside the band at the end";
            return;
        }
        const double took = s_.done != 0 ? seconds(s_.t_open, s_.t_done) : 0.0;
        margin(base::to_s(f.settles.within) - took, "s", took, s_.done != 0 ? round_up(s_.t_done) : s_.t_open.ns);
        if (!r_.passed) r_.reason = fmt::format("settled only after {:.9g} s", took);
    }
    void judge(const Order& f) {
        double smallest = 0.0;
        bool first = true;
        for (std::size_t k = 0; k < f.order.size(); ++k) {
            const Time_ns t = d_.t_fired[static_cast<std::size_t>(d_.names.find(f.order[k]))];
            if (t < 0) return vacuous(fmt::format("{} did not fire", f.order[k]).c_str());
            if (k == 0) continue;
            const double gap = base::to_s(t - d_.t_fired[static_cast<std::size_t>(d_.names.find(f.order[k - 1]))]);
            if (first || gap < smallest) {
                margin(gap, "s", gap, t);
                r_.reason = gap < 0.0 ? fmt::format("{} fired before {}", f.order[k], f.order[k - 1]) : std::string();
                smallest = gap;
                first = false;
            }
        }
    }
    void judge(const Count& f) {
        if (window_empty()) return;
        const double n = static_cast<double>(s_.occasions);
        double m = f.count.min ? n - static_cast<double>(*f.count.min) : static_cast<double>(*f.count.max) - n;
        if (f.count.min && f.count.max && static_cast<double>(*f.count.max) - n < m)
            m = static_cast<double>(*f.count.max) - n;
        margin(m, "", n, s_.occasions > 0 ? round_up(s_.t_done) : -1);
        if (!r_.passed) r_.reason = fmt::format("became true {} times", s_.occasions);
    }
    void judge(const MetricCheck& f) {
        for (const Metric& m : metrics_) {
            if (m.name != f.metric) continue;
            double d = f.min ? m.value - *f.min : *f.max - m.value;
            if (f.min && f.max && *f.max - m.value < d) d = *f.max - m.value;
            margin(d, m.unit, m.value, -1);
            if (!r_.passed) r_.reason = fmt::format("{} is {:.9g} {}", f.metric, m.value, m.unit);
            return;
        }
        std::vector<std::string> names;
        for (const Metric& m : metrics_) names.push_back(m.name);
        const std::string near = base::nearest(f.metric, names);
        vacuous(near.empty() ? "the run has no such metric"
                             : fmt::format("the run has no such metric, did you mean {}?", near).c_str());
    }
    void judge(const VerdictCheck& f) { r_.value_text = f.verdict; }  // filled by judge()

    const CheckSetData& d_;
    const CompiledCheck& c_;
    const CheckState& s_;
    Time_ns t_end_;
    std::span<const Metric> metrics_;
    CheckResult r_;
};

}  // namespace

CheckResult result_of(const CheckSetData& d, std::size_t i, Time_ns t_end, std::span<const Metric> metrics) {
    return Judge(d, i, t_end, metrics).run();
}

}  // namespace twin::scenario
