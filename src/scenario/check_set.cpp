// SPDX-License-Identifier: Apache-2.0
#include <cstring>

#include <fmt/format.h>

#include "scenario/check_state.hpp"

namespace twin::scenario {

int WatchList::add(int channel) {
    for (std::size_t k = 0; k < channels_.size(); ++k)
        if (channels_[k] == channel) return static_cast<int>(k);
    channels_.push_back(channel);
    return static_cast<int>(channels_.size()) - 1;
}

EventNames::EventNames(const Scenario& s) {
    ids_.emplace_back("trip");
    for (const Event& e : s.events) ids_.push_back(e.id);
}

int EventNames::find(std::string_view id) const {
    for (std::size_t k = 0; k < ids_.size(); ++k)
        if (ids_[k] == id) return static_cast<int>(k);
    return -1;
}

namespace {

/// Compiles the conditions of one check.
class Compiler {
public:
    Compiler(CheckSetData& d, const ChannelTable& table) : d_(d), table_(table) {}

    void compile(const Check& check) {
        CompiledCheck c;
        c.check = &check;
        at_ = "/expect/" + check.id;
        std::visit([&](const auto& form) { form_of(form, c); }, check.form);
        const bool bound = std::holds_alternative<Always>(check.form) || std::holds_alternative<Never>(check.form);
        c.bound_only = bound && c.first.single_continuous();
        d_.compiled.push_back(std::move(c));
    }

private:
    void condition(const Condition& k, Compiled& out, CompiledCheck& c) {
        std::string missing_bms;
        const std::string error = out.compile(k, table_, d_.names, d_.watch, &missing_bms);
        if (!error.empty()) {
            problem(error);
            c.skip =
                "not judged: " + error;  // the run is refused; whoever plays on must not read what was not compiled
        }
        if (!missing_bms.empty()) c.skip = fmt::format("the loaded core does not publish {}", missing_bms);
    }
    void problem(const std::string& text) {
        d_.problems.push_back({twin::Diagnostic::Severity::error, {}, at_, text, 0, 0});
    }
    void window(const Window& w, CompiledCheck& c) {
        c.window = w;
        if (w.from && !w.from->event.empty()) c.from_event = d_.names.find(w.from->event);
        if (w.to && !w.to->event.empty()) c.to_event = d_.names.find(w.to->event);
    }
    void form_of(const Always& f, CompiledCheck& c) { condition(f.always, c.first, c), window(f.window, c); }
    void form_of(const Never& f, CompiledCheck& c) {
        condition(f.never, c.first, c);
        window(f.window, c);
        c.sign = -1.0;
    }
    void form_of(const Eventually& f, CompiledCheck& c) { condition(f.eventually, c.first, c), window(f.window, c); }
    void form_of(const Whenever& f, CompiledCheck& c) {
        condition(f.whenever, c.first, c);
        condition(f.then, c.second, c);
        c.has_second = true;
        window(f.window, c);
    }
    void form_of(const Until& f, CompiledCheck& c) {
        condition(f.until[0], c.first, c);
        condition(f.until[1], c.second, c);
        c.has_second = true;
        window(f.window, c);
    }
    void form_of(const Settles& f, CompiledCheck& c) {
        Condition both;
        both.all.resize(2);
        both.all[0].text = both.all[1].text = f.settles.channel;
        both.all[0].comparison = {f.settles.channel, Op::ge, f.settles.to - f.settles.band, {}};
        both.all[1].comparison = {f.settles.channel, Op::le, f.settles.to + f.settles.band, {}};
        condition(both, c.first, c);
        c.settle_channel = table_.find(f.settles.channel);
        if (c.settle_channel >= 0 && table_[c.settle_channel].discrete)
            problem(fmt::format("{} is discrete; settles needs a continuous channel", f.settles.channel)),
                c.skip = "not judged: settles needs a continuous channel";
        window(f.window, c);
    }
    void form_of(const Count& f, CompiledCheck& c) { condition(f.count.of, c.first, c), window(f.window, c); }
    void form_of(const Order&, CompiledCheck&) {}
    void form_of(const MetricCheck&, CompiledCheck&) {}
    void form_of(const VerdictCheck&, CompiledCheck&) {}

    CheckSetData& d_;
    const ChannelTable& table_;
    std::string at_;
};

bool conditional(const CompiledCheck& c) {
    return c.skip.empty() && !std::holds_alternative<Order>(c.check->form) &&
           !std::holds_alternative<MetricCheck>(c.check->form) && !std::holds_alternative<VerdictCheck>(c.check->form);
}

template <class T>
void put(std::vector<std::uint8_t>& out, const std::vector<T>& v) {
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(v.data());
    out.insert(out.end(), bytes, bytes + v.size() * sizeof(T));
}

template <class T>
bool get(std::span<const std::uint8_t> in, std::size_t& at, std::vector<T>& v) {
    const std::size_t n = v.size() * sizeof(T);
    if (in.size() - at < n) return false;
    if (n > 0) std::memcpy(v.data(), in.data() + at, n);
    at += n;
    return true;
}

}  // namespace

CheckSet::CheckSet(const Scenario& s, const ChannelTable& table, Time_ns t_end)
    : d_(std::make_unique<CheckSetData>(s)) {
    d_->t_end = t_end;
    d_->channels = table.all();
    d_->compiled.reserve(d_->checks.size());
    Compiler compiler(*d_, table);
    for (const Check& c : d_->checks) compiler.compile(c);
    d_->state.resize(d_->compiled.size());
    d_->fired.assign(static_cast<std::size_t>(d_->names.size()), 0);
    d_->t_fired.assign(static_cast<std::size_t>(d_->names.size()), -1);
}
CheckSet::CheckSet(CheckSet&&) noexcept = default;
CheckSet::~CheckSet() = default;

const std::vector<twin::Diagnostic>& CheckSet::problems() const { return d_->problems; }
const std::vector<int>& CheckSet::watch() const { return d_->watch.channels(); }

void CheckSet::on_segment(const Moment& ta, const Moment& tb, Values a, Values b) {
    if (!(ta < tb)) return;
    const Reading r{a, b, d_->fired};
    for (std::size_t i = 0; i < d_->compiled.size(); ++i)
        if (conditional(d_->compiled[i])) advance_check(d_->compiled[i], d_->state[i], ta, tb, r);
}

void CheckSet::on_instant(Time_ns t, Values values) {
    const Reading r{values, values, d_->fired};
    for (std::size_t i = 0; i < d_->compiled.size(); ++i)
        if (conditional(d_->compiled[i])) advance_check(d_->compiled[i], d_->state[i], Moment(t), Moment(t), r);
}

void CheckSet::event_fired(std::string_view id, Time_ns t) {
    const int index = d_->names.find(id);
    if (index >= 0) event_fired(index, t);
}

void CheckSet::event_fired(int index, Time_ns t) {
    const std::size_t k = static_cast<std::size_t>(index);
    if (d_->fired[k] != 0) return;
    d_->fired[k] = 1;
    d_->t_fired[k] = t;
    for (std::size_t i = 0; i < d_->compiled.size(); ++i) {
        const CompiledCheck& c = d_->compiled[i];
        CheckState& s = d_->state[i];
        if (c.to_event == index) s.closed = 1;
        if (c.from_event == index && s.closed == 0) {
            s.open = 1;
            s.t_open = Moment(t);
            s.t_last = s.t_open;
        }
    }
}

std::vector<CheckResult> CheckSet::finish(Time_ns t_end, std::span<const Metric> metrics) const {
    std::vector<CheckResult> results;
    for (std::size_t i = 0; i < d_->compiled.size(); ++i) results.push_back(result_of(*d_, i, t_end, metrics));
    return results;
}

void CheckSet::save(std::vector<std::uint8_t>& out) const {
    put(out, d_->state);
    put(out, d_->fired);
    put(out, d_->t_fired);
}

std::size_t CheckSet::load(std::span<const std::uint8_t> in) {
    std::size_t at = 0;
    return get(in, at, d_->state) && get(in, at, d_->fired) && get(in, at, d_->t_fired) ? at : 0;
}

}  // namespace twin::scenario
