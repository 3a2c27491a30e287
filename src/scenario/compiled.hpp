// SPDX-License-Identifier: Apache-2.0
// A condition compiled against the channel table: flat nodes, evaluated at an instant or along a straight segment.
// Inside the room only.
#pragma once
#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "scenario/monitor.hpp"

namespace twin::scenario {

struct Node {
    enum class Kind : std::uint8_t { atom, all, any, not_, event };
    Kind kind = Kind::atom;
    Op op = Op::ge;
    bool discrete = false;   // the atom changes at instants only
    int lhs = -1, rhs = -1;  // positions in the value arrays; rhs -1: the bound alone
    double factor = 1.0;     // lhs is compared with factor * rhs + bound
    double bound = 0.0;
    double scale = 1.0;
    int channel = -1;  // of lhs, in the channel table
    int event = -1;
    int begin = 0, end = 0;  // children, positions in Compiled::children
};

/// Distance of a condition from being false (negative: it is false), by its deciding atom.
struct Reach {
    double rel = 0.0;     // margin over the atom's scale; +-k_sure for discrete atoms and events
    double margin = 0.0;  // in the unit of the atom's channel
    double value = 0.0;   // of the atom's channel
    int node = -1;
    bool holds() const { return rel >= 0.0; }
    bool sure() const;  // decided by a discrete atom or event: no margin in a unit
};
inline constexpr double k_sure = 1e300;
inline bool Reach::sure() const { return rel >= k_sure || rel <= -k_sure; }

/// What a compiled condition reads: values along a segment (a == b at an instant) and which events have fired.
struct Reading {
    Values a, b;
    std::span<const std::uint8_t> fired;
};

/// Moments of a segment, as shares of its length, between which no atom changes its truth.
struct Cuts {
    static constexpr std::size_t k_most = 40;
    std::array<double, k_most> u{};
    std::size_t n = 0;
    void add(double x);  // in (0, 1); sorted, beyond k_most ignored (conditions have at most k_most_atoms atoms)
};

class Compiled {
public:
    static constexpr std::size_t k_most_atoms = 16;
    /// Empty error: compiled. `missing_bms` gets the first bms.* channel that does not exist (no error then).
    std::string compile(const Condition& c, const ChannelTable& table, const EventNames& events, WatchList& watch,
                        std::string* missing_bms);

    bool truth(const Reading& r, double u) const { return truth_of(root_, r, u); }
    Reach reach(const Reading& r, double u) const { return reach_of(root_, r, u); }
    /// Adds every share at which an atom changes its truth; with `margins`, also where the deciding atom may change.
    void cut(const Reading& r, bool margins, Cuts& cuts) const;
    bool single_continuous() const {
        return nodes_.size() == 1 && nodes_[0].kind == Node::Kind::atom && !nodes_[0].discrete;
    }
    bool empty() const { return nodes_.empty(); }
    bool any_continuous() const { return any_continuous_; }
    const Node& node(int i) const { return nodes_[static_cast<std::size_t>(i)]; }

private:
    int add(const Condition& c, const ChannelTable& table, const EventNames& events, WatchList& watch);
    int add_atom(const Comparison& c, const ChannelTable& table, WatchList& watch);
    int add_group(Node::Kind kind, const std::vector<Condition>& list, const ChannelTable& table,
                  const EventNames& events, WatchList& watch);
    bool truth_of(int i, const Reading& r, double u) const;
    Reach reach_of(int i, const Reading& r, double u) const;

    std::vector<Node> nodes_;
    std::vector<int> children_;
    int root_ = 0;
    bool any_continuous_ = false;
    std::string error_, missing_bms_;
};

}  // namespace twin::scenario
