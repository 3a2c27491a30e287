// SPDX-License-Identifier: Apache-2.0
#include "scenario/compiled.hpp"

#include <fmt/format.h>

#include "base/describe.hpp"
#include "base/lanes.hpp"

namespace twin::scenario {

namespace {

double at(const Reading& r, int i, double u) {
    const std::size_t k = static_cast<std::size_t>(i);
    const double a = r.a[k];
    if (u <= 0.0) return a;
    if (u >= 1.0) return r.b[k];
    return a + (r.b[k] - a) * u;
}

double bound_at(const Node& n, const Reading& r, double u) {
    return n.rhs < 0 ? n.bound : n.factor * at(r, n.rhs, u) + n.bound;
}

/// Signed distance: positive on the holding side of an ordering.
double distance(const Node& n, const Reading& r, double u) {
    const double d = at(r, n.lhs, u) - bound_at(n, r, u);
    return n.op == Op::lt || n.op == Op::le ? -d : d;
}

bool atom_truth(const Node& n, const Reading& r, double u) {
    const double d = distance(n, r, u);
    switch (n.op) {
        case Op::eq:
            return d == 0.0;
        case Op::ne:
            return d != 0.0;
        case Op::lt:
        case Op::gt:
            return n.discrete ? d > 0.0 : d >= 0.0;  // on a continuous channel the bound itself has no duration
        default:
            return d >= 0.0;
    }
}

}  // namespace

void Cuts::add(double x) {
    if (!(x > 0.0) || !(x < 1.0) || n >= k_most) return;
    std::size_t k = n;
    while (k > 0 && u[k - 1] > x) {
        u[k] = u[k - 1];
        --k;
    }
    u[k] = x;
    ++n;
}

std::string Compiled::compile(const Condition& c, const ChannelTable& table, const EventNames& events, WatchList& watch,
                              std::string* missing_bms) {
    root_ = add(c, table, events, watch);
    std::size_t atoms = 0;
    for (const Node& n : nodes_) {
        atoms += n.kind == Node::Kind::atom ? 1U : 0U;
        any_continuous_ = any_continuous_ || (n.kind == Node::Kind::atom && !n.discrete);
    }
    if (error_.empty() && atoms > k_most_atoms)
        error_ = fmt::format("{} comparisons; at most {} in one condition", atoms, k_most_atoms);
    *missing_bms = missing_bms_;
    return error_;
}

int Compiled::add(const Condition& c, const ChannelTable& table, const EventNames& events, WatchList& watch) {
    if (!c.text.empty()) return add_atom(c.comparison, table, watch);
    if (!c.all.empty()) return add_group(Node::Kind::all, c.all, table, events, watch);
    if (!c.any.empty()) return add_group(Node::Kind::any, c.any, table, events, watch);
    if (!c.not_.empty()) return add_group(Node::Kind::not_, c.not_, table, events, watch);
    Node n;
    n.kind = Node::Kind::event;
    n.event = events.find(c.event);
    if (n.event < 0 && error_.empty()) error_ = fmt::format("no event \"{}\"", c.event);
    nodes_.push_back(n);
    return static_cast<int>(nodes_.size()) - 1;
}

int Compiled::add_group(Node::Kind kind, const std::vector<Condition>& list, const ChannelTable& table,
                        const EventNames& events, WatchList& watch) {
    std::vector<int> mine;
    for (const Condition& k : list) mine.push_back(add(k, table, events, watch));
    Node n;
    n.kind = kind;
    n.begin = static_cast<int>(children_.size());
    children_.insert(children_.end(), mine.begin(), mine.end());
    n.end = static_cast<int>(children_.size());
    nodes_.push_back(n);
    return static_cast<int>(nodes_.size()) - 1;
}

int Compiled::add_atom(const Comparison& c, const ChannelTable& table, WatchList& watch) {
    Node n;
    n.op = c.op;
    n.bound = c.rhs;
    n.channel = table.find(c.channel);
    const int other = c.rhs_channel.empty() ? -1 : table.find(c.rhs_channel);
    const auto missing = [&](const std::string& name) {
        if (name.starts_with("bms") && missing_bms_.empty())
            missing_bms_ = name;
        else if (!name.starts_with("bms") && error_.empty())
            error_ = table.explain_missing(name);
    };
    if (n.channel < 0) missing(c.channel);
    if (other < 0 && !c.rhs_channel.empty()) missing(c.rhs_channel);
    if (n.channel >= 0 && (other >= 0 || c.rhs_channel.empty())) {
        const Channel& lhs = table[n.channel];
        n.discrete = lhs.discrete && (other < 0 || table[other].discrete);
        n.lhs = watch.add(n.channel);
        n.scale = base::max2(base::abs2(n.bound), 1e-3 * unit_scale(lhs.unit));
        if (other >= 0) {
            n.rhs = watch.add(other);
            n.scale = unit_scale(lhs.unit);
            const std::string& ru = table[other].unit;
            const std::optional<double> f0 = ru == lhs.unit ? 0.0 : base::convert(ru, lhs.unit, 0.0);
            const std::optional<double> f1 = ru == lhs.unit ? 1.0 : base::convert(ru, lhs.unit, 1.0);
            if (!f0 && error_.empty()) error_ = fmt::format("{} and {} cannot be compared", c.channel, c.rhs_channel);
            n.bound = f0.value_or(0.0);
            n.factor = f1.value_or(1.0) - f0.value_or(0.0);
        }
        if (!n.discrete && (c.op == Op::eq || c.op == Op::ne) && error_.empty())
            error_ = fmt::format("{} is allowed on discrete channels only; {} is continuous", op_text(c.op), c.channel);
    }
    nodes_.push_back(n);
    return static_cast<int>(nodes_.size()) - 1;
}

bool Compiled::truth_of(int i, const Reading& r, double u) const {
    const Node& n = node(i);
    switch (n.kind) {
        case Node::Kind::atom:
            return atom_truth(n, r, n.discrete ? 0.0 : u);
        case Node::Kind::event:
            return r.fired[static_cast<std::size_t>(n.event)] != 0;
        case Node::Kind::not_:
            return !truth_of(children_[static_cast<std::size_t>(n.begin)], r, u);
        default:
            break;
    }
    const bool all = n.kind == Node::Kind::all;
    for (int k = n.begin; k < n.end; ++k)
        if (truth_of(children_[static_cast<std::size_t>(k)], r, u) != all) return !all;
    return all;
}

Reach Compiled::reach_of(int i, const Reading& r, double u) const {
    const Node& n = node(i);
    Reach out;
    if (n.kind == Node::Kind::event || (n.kind == Node::Kind::atom && n.discrete)) {
        out.rel = truth_of(i, r, u) ? k_sure : -k_sure;
        out.value = n.kind == Node::Kind::atom ? at(r, n.lhs, 0.0) : 0.0;
        out.node = i;
        return out;
    }
    if (n.kind == Node::Kind::atom) {
        out.margin = distance(n, r, u);
        out.rel = out.margin / n.scale;
        out.value = at(r, n.lhs, u);
        out.node = i;
        return out;
    }
    if (n.kind == Node::Kind::not_) {
        out = reach_of(children_[static_cast<std::size_t>(n.begin)], r, u);
        out.rel = -out.rel;
        out.margin = -out.margin;
        return out;
    }
    const bool all = n.kind == Node::Kind::all;
    for (int k = n.begin; k < n.end; ++k) {
        const Reach c = reach_of(children_[static_cast<std::size_t>(k)], r, u);
        if (k == n.begin || (all ? c.rel < out.rel : c.rel > out.rel)) out = c;
    }
    return out;
}

void Compiled::cut(const Reading& r, bool margins, Cuts& cuts) const {
    for (const Node& n : nodes_) {
        if (n.kind != Node::Kind::atom || n.discrete) continue;
        const double a = distance(n, r, 0.0);
        const double b = distance(n, r, 1.0);
        if ((a < 0.0) != (b < 0.0)) cuts.add(a / (a - b));
    }
    if (!margins) return;
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
        const Node& n = nodes_[i];
        if (n.kind != Node::Kind::atom || n.discrete) continue;
        for (std::size_t j = i + 1; j < nodes_.size(); ++j) {  // where two atoms are equally near to their bounds
            const Node& m = nodes_[j];
            if (m.kind != Node::Kind::atom || m.discrete) continue;
            const double da = distance(n, r, 0.0) / n.scale - distance(m, r, 0.0) / m.scale;
            const double db = distance(n, r, 1.0) / n.scale - distance(m, r, 1.0) / m.scale;
            if ((da < 0.0) != (db < 0.0)) cuts.add(da / (da - db));
        }
    }
}

}  // namespace twin::scenario
