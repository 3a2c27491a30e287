// SPDX-License-Identifier: Apache-2.0
#include "sim/recorder.hpp"

#include <cmath>

namespace twin::sim {

namespace {
constexpr std::size_t k_ring = 2048;  // accepted steps kept before a trigger
constexpr std::size_t k_main_rows_max = 1'000'000;
constexpr std::size_t k_burst_rows_max = 20'000;
}  // namespace

void Recorder::setup(const scenario::Record& record, const scenario::ChannelTable& table, std::vector<int> channels,
                     Time_ns t_end, bool enabled) {
    enabled_ = enabled;
    record_ = record;
    channels_ = std::move(channels);
    if (!enabled_) channels_.clear();
    for (const int c : channels_) discrete_.push_back(table[c].discrete ? 1 : 0);
    const auto columns = [&](Trace& t, std::size_t rows) {
        t.t_ns.reserve(rows);
        for (const int c : channels_) {
            TraceColumn col;
            col.name = table[c].name;
            col.unit = table[c].unit;
            col.discrete = table[c].discrete;
            col.samples.reserve(rows);
            t.columns.push_back(std::move(col));
        }
    };
    if (!enabled_) return;
    Trace main;
    main.id = "main";
    const auto rows = static_cast<std::size_t>(t_end / (record_.period > 0 ? record_.period : 1) + 16);
    columns(main, rows < k_main_rows_max ? rows : k_main_rows_max);
    traces_.reserve(64);
    traces_.push_back(std::move(main));
    std::int64_t bursts = 0;
    for (const scenario::Burst& b : record_.burst) bursts += b.max_count;
    bursts = bursts < 32 ? bursts : 32;
    for (std::int64_t k = 0; k < bursts; ++k) {
        Trace t;
        columns(t, k_burst_rows_max);
        traces_.push_back(std::move(t));
        std::size_t longest = 0;
        for (const scenario::Burst& b : record_.burst) longest = b.on.size() > longest ? b.on.size() : longest;
        traces_.back().trigger.reserve(longest);
    }
    burst_count_.assign(record_.burst.size(), 0);
    if (bursts > 0) {
        ring_t_.resize(k_ring);
        ring_v_.resize(k_ring * channels_.size());
    }
    row_.resize(channels_.size());
}

void Recorder::main_row(Time_ns t, std::span<const double> v) {
    Trace& m = traces_.front();
    if (m.t_ns.size() == m.t_ns.capacity()) return;
    m.t_ns.push_back(t);
    for (std::size_t k = 0; k < v.size(); ++k) m.columns[k].samples.push_back(v[k]);
}

void Recorder::burst_row(const Moment& t, std::span<const double> v) {
    Trace& b = traces_[burst_];
    if (b.t_ns.size() == b.t_ns.capacity()) return;
    b.t_ns.push_back(t.ns);
    for (std::size_t k = 0; k < v.size(); ++k) b.columns[k].samples.push_back(v[k]);
    burst_last_ = t.ns;
}

void Recorder::on_segment(const Moment& ta, const Moment& tb, std::span<const double> a, std::span<const double> b) {
    if (!enabled_) return;
    while (next_ <= tb.ns && next_ >= ta.ns) {
        const double len = scenario::seconds(ta, tb);
        Moment at;
        at.ns = next_;
        const double u = len > 0.0 ? scenario::seconds(ta, at) / len : 0.0;
        if (u > 1.0) break;
        const double w = u < 0.0 ? 0.0 : u;
        for (std::size_t k = 0; k < a.size(); ++k) row_[k] = discrete_[k] != 0 ? a[k] : a[k] + w * (b[k] - a[k]);
        main_row(next_, row_);
        next_ += record_.period;
    }
    if (ring_t_.empty()) return;
    ring_t_[ring_head_] = tb;
    for (std::size_t k = 0; k < b.size(); ++k) ring_v_[ring_head_ * b.size() + k] = b[k];
    ring_head_ = (ring_head_ + 1) % k_ring;
    ring_n_ = ring_n_ < k_ring ? ring_n_ + 1 : ring_n_;
    if (burst_ == 0) return;
    if (tb.ns > burst_end_) {
        burst_ = 0;
        return;
    }
    if (tb.ns >= burst_last_ + burst_period_) burst_row(tb, b);
}

void Recorder::on_instant(Time_ns t, std::span<const double> values) {
    if (!enabled_) return;
    if (burst_ != 0) {
        if (t > burst_end_)
            burst_ = 0;
        else
            burst_row(Moment(t), values);
    }
    if (next_ == t && t == 0) {
        main_row(0, values);
        next_ = record_.period;
    }
}

void Recorder::fired(const std::string& id, Time_ns t) {
    if (!enabled_ || burst_ != 0) return;
    for (std::size_t b = 0; b < record_.burst.size(); ++b) {
        const scenario::Burst& x = record_.burst[b];
        if (x.on != id || burst_count_[b] >= x.max_count) continue;
        std::size_t slot = 1;
        while (slot < traces_.size() && traces_[slot].t_trigger_ns >= 0) ++slot;
        if (slot >= traces_.size()) return;
        burst_count_[b] += 1;
        burst_ = slot;
        burst_end_ = t + x.post;
        burst_period_ = x.period;
        Trace& tr = traces_[slot];
        tr.id = "burst-" + std::to_string(slot);
        tr.trigger = id;
        tr.t_trigger_ns = t;
        burst_last_ = t - x.pre - x.period;
        for (std::size_t k = 0; k < ring_n_; ++k) {
            const std::size_t at = (ring_head_ + k_ring - ring_n_ + k) % k_ring;
            if (ring_t_[at].ns < t - x.pre || ring_t_[at].ns < burst_last_ + x.period) continue;
            burst_row(ring_t_[at], std::span<const double>(ring_v_).subspan(at * channels_.size(), channels_.size()));
        }
        return;
    }
}

void Recorder::truncate(Time_ns t) {
    if (!enabled_ || traces_.empty()) return;
    for (Trace& x : traces_) {
        while (!x.t_ns.empty() && x.t_ns.back() > t) {
            x.t_ns.pop_back();
            for (TraceColumn& c : x.columns) c.samples.pop_back();
        }
    }
    if (next_ > t) next_ = record_.period > 0 ? (t / record_.period + 1) * record_.period : next_;
}

void Recorder::finish(Time_ns t_end, std::span<const double> values) {
    if (!enabled_ || traces_.empty()) return;
    if (traces_.front().t_ns.empty() || traces_.front().t_ns.back() < t_end) main_row(t_end, values);
    while (traces_.size() > 1 && traces_.back().t_trigger_ns < 0) traces_.pop_back();
}

}  // namespace twin::sim
