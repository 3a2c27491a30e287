// SPDX-License-Identifier: Apache-2.0
// Traces: the main recording on a fixed grid and bursts around triggers. An observer: it reads dense output and cuts no
// step.
#pragma once
#include <span>
#include <string>
#include <vector>

#include <twin/result.hpp>

#include "base/time.hpp"
#include "scenario/channels.hpp"
#include "scenario/scenario.hpp"

namespace twin::sim {

using base::Time_ns;
using scenario::Moment;

class Recorder {
public:
    /// Columns in the order of `channels`. All memory is taken here.
    void setup(const scenario::Record& record, const scenario::ChannelTable& table, std::vector<int> channels,
               Time_ns t_end, bool enabled);
    const std::vector<int>& channels() const { return channels_; }

    void on_segment(const Moment& ta, const Moment& tb, std::span<const double> a, std::span<const double> b);
    void on_instant(Time_ns t, std::span<const double> values);
    /// A trigger by name ("trip" or an event id).
    void fired(const std::string& id, Time_ns t);

    /// Forgets rows later than t: the run goes another way from there.
    void truncate(Time_ns t);
    const std::vector<Trace>& traces() const { return traces_; }
    void finish(Time_ns t_end, std::span<const double> values);

private:
    struct Row {
        Moment t;
        std::size_t at = 0;  // into ring_values_
    };
    void main_row(Time_ns t, std::span<const double> v);
    void burst_row(const Moment& t, std::span<const double> v);

    bool enabled_ = false;
    scenario::Record record_;
    std::vector<int> channels_;
    std::vector<std::uint8_t> discrete_;
    std::vector<Trace> traces_;
    Time_ns next_ = 0;
    // ring of accepted steps before a trigger
    std::vector<Moment> ring_t_;
    std::vector<double> ring_v_;
    std::size_t ring_n_ = 0, ring_head_ = 0;
    // burst under way
    std::size_t burst_ = 0;  // trace index, 0 = none
    Time_ns burst_end_ = 0;
    Time_ns burst_last_ = -1;
    Time_ns burst_period_ = 1000;
    std::vector<std::int64_t> burst_count_;
    std::vector<double> row_;
};

}  // namespace twin::sim
