// SPDX-License-Identifier: Apache-2.0
#include "power/topology.hpp"

#include <stdexcept>

#include "base/hash.hpp"

namespace twin::power {
namespace {

class Builder {
public:
    explicit Builder(const PlantSetup& setup) : s_(setup) {}

    Topology build() {
        for (const PackSetup& p : s_.packs) add_nodes(p);
        if (s_.packs.size() > 1) t_.bus_minus = node();
        for (std::size_t k = 0; k < s_.packs.size(); ++k) add_cells(k);
        for (std::size_t k = 0; k < s_.packs.size(); ++k) add_pack(k);
        t_.n_board_draws = t_.n_draws;
        for (const ElementSetup& e : s_.elements) add_element(e);
        for (std::size_t k = 0; k < s_.packs.size(); ++k) add_sources(k);
        finish();
        return t_;
    }

private:
    std::int32_t node() { return t_.n_nodes++; }
    std::int32_t rl(std::int32_t a, std::int32_t b, double l_H) {
        t_.rl.push_back({{a, b}, l_H});
        return static_cast<std::int32_t>(t_.rl.size()) - 1;
    }
    std::int32_t rc(std::int32_t a, std::int32_t b) {
        t_.rc.push_back({{a, b}});
        return static_cast<std::int32_t>(t_.rc.size()) - 1;
    }
    std::int32_t res(std::int32_t a, std::int32_t b) {
        t_.res.push_back({{a, b}});
        return static_cast<std::int32_t>(t_.res.size()) - 1;
    }
    std::int32_t port(PortKind kind, std::int32_t a, std::int32_t b, std::int32_t& counter) {
        t_.port.push_back({kind, {a, b}, counter});
        return counter++;
    }

    void add_nodes(const PackSetup& p) {
        PackNodes n;
        const bool single = s_.packs.size() == 1;
        for (std::int32_t k = 0; k <= p.n_cells; ++k) n.tap.push_back(node());
        if (p.board_fitted) {
            for (std::int32_t k = 0; k <= p.n_cells; ++k) n.lead.push_back(node());
            for (std::int32_t k = 0; k <= p.n_cells; ++k) n.pin.push_back(node());
            n.board_minus = node();
            n.source = node();
            n.mid = node();
            n.p_minus = node();
            n.supply = node();
        } else {
            n.p_minus = n.tap[0];
            n.board_minus = n.tap[0];
        }
        n.p_plus = single ? net::k_ground : node();
        t_.pack_nodes.push_back(n);
    }

    void add_cells(std::size_t k) {
        const PackSetup& p = s_.packs[k];
        const PackNodes& n = t_.pack_nodes[k];
        PackBranches b;
        b.cell0 = static_cast<std::int32_t>(t_.rl.size());
        for (std::size_t c = 0; c < static_cast<std::size_t>(p.n_cells); ++c) {
            rl(n.tap[c], n.tap[c + 1], p.parts.harness.cell_l_H);
        }
        t_.pack.push_back(b);
    }

    void add_harness(const PackSetup& p, const PackNodes& n, PackBranches& b) {
        b.lead0 = static_cast<std::int32_t>(t_.res.size());
        for (std::size_t k = 0; k < n.lead.size(); ++k) {
            const std::int32_t tap = p.leads.at(k).tap;
            res(tap < 0 ? n.lead[k] : n.tap.at(static_cast<std::size_t>(tap)), n.lead[k]);
        }
        b.filter0 = static_cast<std::int32_t>(t_.res.size());
        for (std::size_t k = 0; k < n.lead.size(); ++k) res(n.lead[k], n.pin[k]);
        b.pin_leak0 = static_cast<std::int32_t>(t_.res.size());
        for (std::size_t k = 0; k < n.pin.size(); ++k) {
            // a destroyed input has no difference to measure any more: what is left of it leads to the board's minus
            res(n.pin[k], k == 0 || p.leads[k].pin_fault ? n.board_minus : n.pin[k - 1]);
        }
        b.pin_clamp0 = static_cast<std::int32_t>(t_.res.size());
        for (std::size_t k = 1; k < n.pin.size(); ++k) res(n.pin[k], n.pin[k - 1]);
        if (!p.parts.input.balancer_fet_back_to_back) {
            b.fet_diode0 = static_cast<std::int32_t>(t_.res.size());
            for (std::size_t k = 1; k < n.lead.size(); ++k) res(n.lead[k], n.lead[k - 1]);
        }
        b.pin_cap0 = static_cast<std::int32_t>(t_.rc.size());
        for (std::size_t k = 0; k < n.pin.size(); ++k) rc(n.pin[k], k == 0 ? n.board_minus : n.pin[k - 1]);
    }

    void add_pack(std::size_t k) {
        const PackSetup& p = s_.packs[k];
        const PackNodes& n = t_.pack_nodes[k];
        PackBranches& b = t_.pack[k];
        const double half_l = 0.5 * p.parts.harness.cable_l_H;
        b.p_plus = rl(n.tap.back(), n.p_plus, half_l);
        b.insulation = res(n.tap[0], net::k_ground);
        b.cell_leak0 = static_cast<std::int32_t>(t_.res.size());
        for (std::size_t c = 1; c < n.tap.size(); ++c) res(n.tap[c], n.tap[c - 1]);
        if (p.board_fitted) {
            b.b_minus = rl(n.board_minus, n.tap[0], half_l);
            b.shunt = rl(n.source, n.board_minus, p.parts.shunt_l_H);
            add_harness(p, n, b);
            b.p_sense = res(n.p_minus, n.board_minus);
            b.precharge = res(n.p_minus, n.source);
            b.snubber_dsg = rc(n.mid, n.source);
            b.snubber_chg = rc(n.mid, n.p_minus);
            b.holdup = rc(n.supply, n.board_minus);
            b.fet_dsg = port(PortKind::fet, n.mid, n.source, t_.n_fets);
            b.fet_chg = port(PortKind::fet, n.mid, n.p_minus, t_.n_fets);
            b.clamp = port(PortKind::clamp, n.p_minus, n.source, t_.n_clamps);
            b.diode = port(PortKind::diode, n.tap.back(), n.supply, t_.n_diodes);
            b.draw = port(PortKind::power_draw, n.supply, n.board_minus, t_.n_draws);
        }
        if (s_.packs.size() > 1) {
            b.link_plus = rl(n.p_plus, net::k_ground, s_.link_l_H);
            b.link_minus = rl(t_.bus_minus, n.p_minus, s_.link_l_H);
        }
    }

    void add_element(const ElementSetup& e) {
        const std::int32_t a = find_node(s_, t_, e.from);
        const std::int32_t b = find_node(s_, t_, e.to);
        if (a == b) throw std::invalid_argument("element '" + e.id + "': both ends are the same place");
        ElementBranches eb;
        switch (e.kind) {
            case ElementKind::resistive:
                eb.rl = rl(a, b, e.l_H);
                break;
            case ElementKind::capacitor: {
                const std::int32_t x = node();
                eb.rl = rl(a, x, e.l_H);
                eb.rc = rc(x, b);
                eb.res = res(x, b);
                eb.load = port(PortKind::current_load, x, b, t_.n_loads);
                break;
            }
            case ElementKind::current_load:
                eb.load = port(PortKind::current_load, a, b, t_.n_loads);
                eb.rc = rc(a, b);
                break;
            case ElementKind::power_load:
                eb.draw = port(PortKind::power_draw, a, b, t_.n_draws);
                eb.rc = rc(a, b);
                break;
            case ElementKind::charger:
                eb.charger = port(PortKind::charger, a, b, t_.n_chargers);
                eb.rc = rc(a, b);
                break;
            case ElementKind::cycler:
                eb.cycler = port(PortKind::cycler, a, b, t_.n_cyclers);
                eb.rc = rc(a, b);
                break;
        }
        const bool has_port = eb.load >= 0 || eb.draw >= 0 || eb.charger >= 0 || eb.cycler >= 0;
        t_.element_port.push_back(has_port ? static_cast<std::int32_t>(t_.port.size()) - 1 : -1);
        t_.element.push_back(eb);
    }

    void add_sources(std::size_t k) {
        const PackNodes& n = t_.pack_nodes[k];
        t_.source0.push_back(static_cast<std::int32_t>(t_.source.size()));
        if (!s_.packs[k].board_fitted) return;
        for (std::size_t c = 1; c < n.lead.size(); ++c) t_.source.push_back({n.lead[c], n.lead[c - 1]});
        for (const std::int32_t pin : n.pin) t_.source.push_back({pin, n.board_minus});
    }

    void finish() {
        std::vector<net::Edge> edges;
        for (const auto& x : t_.rl) edges.push_back(x.edge);
        for (const auto& x : t_.rc) edges.push_back(x.edge);
        for (const auto& x : t_.res) edges.push_back(x.edge);
        for (const auto& x : t_.port) edges.push_back(x.edge);
        std::vector<std::int32_t> trailing;
        for (const auto& x : t_.port) {
            for (const std::int32_t k : {x.edge.a, x.edge.b}) {
                if (k != net::k_ground) trailing.push_back(k);
            }
        }
        t_.program = net::build_program(t_.n_nodes, edges, trailing, t_.source);
        edges.insert(edges.end(), t_.source.begin(), t_.source.end());
        base::Hasher h;
        for (const auto& e : edges) {
            h.i64(e.a);
            h.i64(e.b);
        }
        t_.id = h.digest();
    }

    const PlantSetup& s_;
    Topology t_;
};

/// Reads "name[number]suffix"; returns false if the text is not of that form.
bool parse_indexed(const std::string& text, const std::string& name, std::int32_t& index, std::string& suffix) {
    if (text.compare(0, name.size() + 1, name + "[") != 0) return false;
    const std::size_t close = text.find(']');
    if (close == std::string::npos || close == name.size() + 1) return false;
    index = 0;
    for (std::size_t k = name.size() + 1; k < close; ++k) {
        if (text[k] < '0' || text[k] > '9' || index > 1000) return false;
        index = index * 10 + (text[k] - '0');
    }
    suffix = text.substr(close + 1);
    return true;
}

std::int32_t node_in_pack(const PackSetup& p, const PackNodes& n, const std::string& place, const std::string& whole) {
    if (place == "P+") return n.p_plus;
    if (place == "P-") return n.p_minus;
    if (place == "B+") return n.tap.back();
    if (place == "B-") return n.tap.front();
    std::int32_t k = 0;
    std::string suffix;
    if (parse_indexed(place, "cell", k, suffix) && k >= 1 && k <= p.n_cells && (suffix == "+" || suffix == "-")) {
        return n.tap[static_cast<std::size_t>(suffix == "+" ? k : k - 1)];
    }
    if (place.size() > 1 && (place[0] == 'T' || (place[0] == 'W' && p.board_fitted))) {
        k = 0;
        bool ok = place.size() <= 3;
        for (std::size_t i = 1; i < place.size(); ++i) {
            ok = ok && place[i] >= '0' && place[i] <= '9';
            k = k * 10 + (place[i] - '0');
        }
        if (ok && k <= p.n_cells) return (place[0] == 'T' ? n.tap : n.lead)[static_cast<std::size_t>(k)];
    }
    throw std::invalid_argument("no place '" + whole + "': use P+, P-, B+, B-, cell[1.." + std::to_string(p.n_cells) +
                                "]+ or -, T0..T" + std::to_string(p.n_cells) + " (taps), W0..W" +
                                std::to_string(p.n_cells) + ", with 'pack[id].' in front if there are several packs");
}

}  // namespace

std::int32_t find_node(const PlantSetup& setup, const Topology& topology, const std::string& place) {
    if (place.compare(0, 5, "pack[") == 0) {
        const std::size_t close = place.find("].");
        if (close != std::string::npos) {
            const std::string id = place.substr(5, close - 5);
            for (std::size_t k = 0; k < setup.packs.size(); ++k) {
                if (setup.packs[k].id == id) {
                    return node_in_pack(setup.packs[k], topology.pack_nodes[k], place.substr(close + 2), place);
                }
            }
        }
        throw std::invalid_argument("no place '" + place + "': unknown pack id");
    }
    if (setup.packs.size() > 1) {
        if (place == "P+") return net::k_ground;
        if (place == "P-") return topology.bus_minus;
        throw std::invalid_argument("place '" + place + "' needs 'pack[id].' in front: there are several packs");
    }
    const std::string local = place.compare(0, 5, "pack.") == 0 ? place.substr(5) : place;
    return node_in_pack(setup.packs.front(), topology.pack_nodes.front(), local, place);
}

Topology build_topology(const PlantSetup& setup) {
    if (setup.packs.empty()) throw std::invalid_argument("a plant needs at least one pack");
    return Builder(setup).build();
}

}  // namespace twin::power
