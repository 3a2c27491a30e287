// SPDX-License-Identifier: Apache-2.0
// The netlist of a plant: nodes, branches and the elimination program. Pure structure, shared by every instance; values
// live in the plant's arrays, in the order given here. Moving a lead builds a new topology.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "net/program.hpp"
#include "power/plant_config.hpp"

namespace twin::power {

/// Nodes of one pack; tap k of 0..n. The reference node of the whole network is P+ of a single pack, or the plus bus.
struct PackNodes {
    std::vector<std::int32_t> tap;   // (n + 1) between the cells: 0 = B- of the stack, n = its plus
    std::vector<std::int32_t> lead;  // (n + 1) board end of each sampling lead
    std::vector<std::int32_t> pin;   // (n + 1) AFE pins C0..Cn behind the filters
    std::int32_t board_minus = -1;   // B- on the board: AFE ground
    std::int32_t source = -1;        // behind the shunt: source of the discharge group
    std::int32_t mid = -1;           // common drain
    std::int32_t p_minus = -1;
    std::int32_t p_plus = -1;
    std::int32_t supply = -1;  // hold-up capacitor
};

/// Series R-L branch (L may be 0). Cells are the first `n_cells_total` of them.
struct RlBranch {
    net::Edge edge;
    double l_H = 0.0;
};
/// Series R-C branch (R may be 0).
struct RcBranch {
    net::Edge edge;
};
/// Pure conductance.
struct ResBranch {
    net::Edge edge;
};

enum class PortKind : std::uint8_t { fet, diode, clamp, current_load, charger, power_draw, cycler };

/// Nonlinear or controlled port: solved by Newton on trailing nodes.
struct Port {
    PortKind kind = PortKind::fet;
    net::Edge edge;
    std::int32_t index = 0;  // within its kind
};

/// Offsets of one pack's branches in the arrays.
struct PackBranches {
    std::int32_t cell0 = 0;       // rl: n cells
    std::int32_t b_minus = 0;     // rl
    std::int32_t shunt = 0;       // rl
    std::int32_t p_plus = 0;      // rl
    std::int32_t link_plus = -1;  // rl, several packs only
    std::int32_t link_minus = -1;
    std::int32_t lead0 = 0;       // res: n + 1
    std::int32_t filter0 = 0;     // res: n + 1
    std::int32_t pin_leak0 = 0;   // res: n + 1 (pin k to pin k - 1; pin 0 and destroyed ones to the board's minus)
    std::int32_t pin_clamp0 = 0;  // res: n (k to k - 1), conductance by state
    std::int32_t fet_diode0 =
        -1;  // res: n (single balancer FETs only: body diodes between lead ends), conductance by state
    std::int32_t p_sense = 0;      // res
    std::int32_t precharge = 0;    // res, switched
    std::int32_t insulation = 0;   // res
    std::int32_t cell_leak0 = 0;   // res: n cells
    std::int32_t pin_cap0 = 0;     // rc: n + 1 (pin k to pin k - 1, pin 0 to ground)
    std::int32_t snubber_dsg = 0;  // rc
    std::int32_t snubber_chg = 0;  // rc
    std::int32_t holdup = 0;       // rc
    std::int32_t fet_dsg = 0;      // port index in its kind
    std::int32_t fet_chg = 0;
    std::int32_t clamp = -1;
    std::int32_t diode = 0;
    std::int32_t draw = 0;
};

/// Where an element's parts are (-1: it has none of that kind).
struct ElementBranches {
    std::int32_t rl = -1;
    std::int32_t rc = -1;
    std::int32_t res = -1;
    std::int32_t load = -1;
    std::int32_t draw = -1;
    std::int32_t charger = -1;
    std::int32_t cycler = -1;
};

struct Topology {
    std::int32_t n_nodes = 0;
    std::int32_t bus_minus = -1;  // several packs
    std::vector<PackNodes> pack_nodes;
    std::vector<PackBranches> pack;
    std::vector<ElementBranches> element;
    std::vector<std::int32_t> element_port;  // per element: its port, -1: none
    std::vector<RlBranch> rl;
    std::vector<RcBranch> rc;
    std::vector<ResBranch> res;
    std::vector<Port> port;
    std::vector<net::Edge>
        source;  // pure current sources: per pack n balancer slots (lead k - 1 to k), then n + 1 pin pulls
    std::vector<std::int32_t> source0;  // per pack: first source
    std::int32_t n_fets = 0, n_clamps = 0, n_diodes = 0, n_loads = 0, n_chargers = 0, n_draws = 0, n_cyclers = 0;
    std::int32_t n_board_draws = 0;  // the first draws are board supplies, the others power loads
    net::Program program;            // stamps in the order rl, rc, res, ports, sources
    std::uint64_t id = 0;            // hash of the structure

    std::size_t stamp_rl(std::size_t k) const { return k; }
    std::size_t stamp_rc(std::size_t k) const { return rl.size() + k; }
    std::size_t stamp_res(std::size_t k) const { return rl.size() + rc.size() + k; }
    std::size_t stamp_port(std::size_t k) const { return rl.size() + rc.size() + res.size() + k; }
    std::size_t stamp_source(std::size_t k) const { return rl.size() + rc.size() + res.size() + port.size() + k; }
};

/// Builds the topology. Throws std::invalid_argument naming the element and the place that does not exist.
Topology build_topology(const PlantSetup& setup);

/// Node of a named place; throws std::invalid_argument with the list of valid forms.
std::int32_t find_node(const PlantSetup& setup, const Topology& topology, const std::string& place);

}  // namespace twin::power
