// SPDX-License-Identifier: Apache-2.0
// The channels of a run by name, and moments finer than the nanosecond clock. A channel's values are doubles in the
// unit of its name's suffix; discrete channels change at instants only. The simulation fills the table once, before the
// run.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.hpp"

namespace twin::scenario {

using base::Time_ns;

/// A plant time: whole nanoseconds and a fraction in [0, 1), because accepted steps may end between two nanoseconds.
struct Moment {
    Time_ns ns = 0;
    double frac = 0.0;
    Moment() = default;
    Moment(Time_ns t) : ns(t) {}          // NOLINT(google-explicit-constructor): an instant is a moment
    Moment(Time_ns t, double offset_ns);  // any offset >= 0
    bool operator==(const Moment&) const = default;
};
inline bool operator<(const Moment& a, const Moment& b) { return a.ns < b.ns || (a.ns == b.ns && a.frac < b.frac); }
inline bool operator<=(const Moment& a, const Moment& b) { return !(b < a); }
/// b - a in seconds.
inline double seconds(const Moment& a, const Moment& b) {
    return (static_cast<double>(b.ns - a.ns) + (b.frac - a.frac)) * 1e-9;
}
/// a plus the share u in [0, 1] of the way to b.
Moment between(const Moment& a, const Moment& b, double u);
/// The first whole nanosecond not before m.
inline Time_ns round_up(const Moment& m) { return m.frac > 0.0 ? m.ns + 1 : m.ns; }

enum class Tree : std::uint8_t { truth, hw, bms };

struct Channel {
    std::string name;  // full name with unit suffix, e.g. "truth.cell[7].v_V"
    std::string unit;  // "V"; empty for flags, counts and codes
    std::string doc;
    bool discrete = false;  // changes at instants only, == and != are allowed
    bool located = false;   // crossings stop the plant: continuous truth channels and hw.gate.*
    Tree tree = Tree::truth;
    std::string pack;  // pack it belongs to, empty: none
};

class ChannelTable {
public:
    /// Adds a channel and returns its index; the tree is read off the name, `unit` off its suffix if empty.
    /// A name that exists already returns -1 and changes nothing.
    int add(Channel c);
    int find(std::string_view name) const;  // index, -1: no such channel
    /// Indices of names matching a pattern with "[*]" ("truth.cell[*].v_V"); a plain name gives one.
    std::vector<int> match(std::string_view pattern) const;
    /// "no channel 'x'; did you mean 'y'?"; names the indexed form where the run has several packs.
    std::string explain_missing(std::string_view name) const;
    const Channel& operator[](int index) const { return channels_[static_cast<std::size_t>(index)]; }
    int size() const { return static_cast<int>(channels_.size()); }
    const std::vector<Channel>& all() const { return channels_; }

private:
    std::vector<Channel> channels_;
    std::vector<int> by_name_;  // sorted by name
};

/// Name of a pack's channel: as given if the run has one pack ("truth.cell.v_max_V", "hw.gate.dsg", "bms.soc_pct"),
/// else with the pack's id ("truth.pack[a].cell.v_max_V", "hw[a].gate.dsg", "bms[a].soc_pct").
std::string channel_of_pack(std::string_view name, std::string_view pack, bool several_packs);

/// Typical size of a quantity of this unit: what margins of different units are compared by.
double unit_scale(std::string_view unit);

}  // namespace twin::scenario
