// SPDX-License-Identifier: Apache-2.0
// Construction of a plant: state and work arrays, lists of branches, values at the start.
#include <stdexcept>

#include "power/plant_scratch.hpp"

namespace twin::power {
namespace {

void check_setup(const PlantSetup& s) {
    for (const PackSetup& p : s.packs) {
        const auto n = static_cast<std::size_t>(p.n_cells);
        if (p.n_cells < 1 || p.n_cells > 24) throw std::invalid_argument("pack '" + p.id + "': 1..24 cells in series");
        if (p.model == nullptr) throw std::invalid_argument("pack '" + p.id + "': no cell model");
        if (p.cell_params.size() != n || p.cell_init.size() != n) {
            throw std::invalid_argument("pack '" + p.id + "': cell parameters and states must be one per cell");
        }
        if (p.board_fitted && p.leads.size() != n + 1) {
            throw std::invalid_argument("pack '" + p.id + "': one sampling lead per tap, B- included");
        }
        for (const LeadSetup& l : p.leads) {
            if (l.tap < -1 || l.tap > p.n_cells)
                throw std::invalid_argument("pack '" + p.id + "': a lead names a tap that does not exist");
        }
    }
}

/// Structs of T as arrays of T: the same fields for a block of lanes.
template <class T, template <class> class S>
S<T> widen(const S<double>& s) {
    S<T> r;
    static_assert(sizeof(S<double>) % sizeof(double) == 0 &&
                  sizeof(S<T>) == sizeof(S<double>) / sizeof(double) * sizeof(T));
    const auto* from = reinterpret_cast<const double*>(&s);
    auto* to = reinterpret_cast<T*>(&r);
    for (std::size_t k = 0; k < sizeof(S<double>) / sizeof(double); ++k) to[k] = T(from[k]);
    return r;
}

}  // namespace

template <class T>
Plant<T>::ScratchHolder::ScratchHolder() : p(std::make_unique<Scratch>()) {}
template <class T>
Plant<T>::ScratchHolder::~ScratchHolder() {}  // NOLINT(modernize-use-equals-default): Scratch is complete only here
template <class T>
Plant<T>::ScratchHolder::ScratchHolder(const ScratchHolder& o) : p(std::make_unique<Scratch>(*o.p)) {}

template <class T>
Plant<T>::Plant(const PlantSetup& setup) : setup_(setup) {
    check_setup(setup_);
    topo_ = std::make_shared<Topology>(build_topology(setup_));
    build_state();
    build_scratch();
    flatten_topology();
    init_values();
    saved_state_ = state_.mem();
    saved_margins_ = fet_margins_;
    end_emfs();
    publish(true);
}

template <class T>
void Plant<T>::build_state() {
    const Topology& t = *topo_;
    const std::size_t n_rl = t.rl.size(), n_rc = t.rc.size(), n_res = t.res.size(), n_port = t.port.size();
    const auto n_fet = at(t.n_fets);
    const std::size_t n_pack = t.pack.size();
    std::size_t n_clamps = 0;
    for (std::size_t p = 0; p < n_pack; ++p) {
        const auto n = at(setup_.packs[p].n_cells);
        for (std::size_t c = 0; c < n; ++c) pack_of_cell_.push_back(p);
        if (setup_.packs[p].board_fitted) n_clamps += t.pack[p].fet_diode0 >= 0 ? 2 * n : n;
    }
    const std::size_t n_cell = pack_of_cell_.size();
    Block<T>& s = state_;
    o_rl_i_ = s.add("branch.i", "A", n_rl, true);
    o_rc_v_ = s.add("capacitor.v", "V", n_rc, true);
    o_fet_qg_ = s.add("fet.qg", "C", n_fet, true);
    o_fet_qd_ = s.add("fet.qd", "C", n_fet, true);
    o_foster_ = s.add("fet.theta", "K", 3 * n_fet, true);
    o_board_T_ = s.add("board.t", "degC", n_pack, true);
    o_fet_ntc_ = s.add("ntc.fet", "degC", n_pack, true);
    o_ntc_ = s.add("ntc.cell", "degC", 4 * n_pack, true);
    o_psense_ = s.add("p_sense.v", "V", n_pack, true);
    o_clamp_heat_ = s.add("clamp.heat", "J", at(t.n_clamps), true);
    o_pre_heat_ = s.add("precharge.heat", "J", n_pack, true);
    o_cell_r_ = s.add("cell.r_held", "Ohm", n_cell, true);
    o_fet_tq_ = s.add("fet.t_held", "degC", n_fet, true, -300.0);
    o_stress_ = s.add("fet.stress", "", n_fet * (sizeof(FetStress<T>) / sizeof(T)), true);
    o_line_ = s.add("ledger.lines", "J", 2 * k_lines, true);
    o_cell_q_ = s.add("ledger.cell_q", "C", 2 * n_cell, true);
    o_abs_ = s.add("ledger.throughput", "J,C", 4, true);
    o_fet_e_ = s.add("fet.energy", "J", 3 * n_fet, true);
    o_bal_to_ = s.add("balancer.i", "A", 2 * n_pack, true);
    // what the solver remembers: not physics, but it decides the last bits of the next step
    o_rl_k_ = s.add("solver.branch_k", "A/s", n_rl, false);
    o_rc_k_ = s.add("solver.capacitor_k", "V/s", n_rc, false);
    o_fet_vgs_ = s.add("solver.vgs", "V", n_fet, false);
    o_fet_vds_ = s.add("solver.vds", "V", n_fet, false);
    o_port_v_ = s.add("solver.port_v", "V", n_port, false);
    o_port_g_ = s.add("solver.port_g", "S", n_port, false, k_open_S);
    o_port_s_ = s.add("solver.port_s", "A", n_port, false);
    o_clamp_g_ = s.add("solver.clamp_g", "S", n_clamps, false);
    o_clamp_s_ = s.add("solver.clamp_s", "A", n_clamps, false);
    o_stored0_ = s.add("ledger.stored0", "J", 1, false);
    o_soc0_ = s.add("ledger.soc0", "", n_cell, false);
    o_side0_ = s.add("ledger.side0", "C", n_cell, false);
    Block<T>& i = input_;
    o_rl_r_ = i.add("branch.r", "Ohm", n_rl, true);
    o_rl_l_ = i.add("branch.l", "H", n_rl, true);
    o_rc_r_ = i.add("capacitor.r", "Ohm", n_rc, true);
    o_rc_c_ = i.add("capacitor.c", "F", n_rc, true);
    o_res_g_ = i.add("conductance.g", "S", n_res, true);
    o_gate_ = i.add("gate.drive", "V", n_fet, true);
    o_draw_ = i.add("power.draw", "", k_draw_stride * at(t.n_draws), true);
    o_source_ = i.add("source.i", "A", t.source.size(), true);
    o_load_ = i.add("load", "", k_load_stride * at(t.n_loads), true);
    o_charger_ = i.add("charger", "", k_charger_stride * at(t.n_chargers), true);
    o_cycler_ = i.add("cycler", "", k_cycler_stride * at(t.n_cyclers), true);
    o_env_ = i.add("environment", "degC", k_env_stride * n_pack, true);
    o_weld_ = i.add("fet.welded", "", n_fet, true);
    for (std::size_t k = 0; k < n_rl; ++k) edit(o_rl_l_)[k] = T(t.rl[k].l_H);
}

template <class T>
void Plant<T>::build_scratch() {
    const Topology& t = *topo_;
    const std::size_t n_rl = t.rl.size(), n_rc = t.rc.size(), n_res = t.res.size(), n_port = t.port.size();
    const auto n_fet = at(t.n_fets);
    const std::size_t n_pack = t.pack.size(), n_cell = pack_of_cell_.size();
    Scratch& w = *s_;
    w.n_cells = n_cell;
    const auto zero = [](std::size_t n) { return std::vector<T>(n, T(0.0)); };
    w.emf_V = w.demf_Ohm = w.emf_at_A = w.emf_slope_Ohm = w.emf_end_V = zero(n_cell);
    std::size_t most = 0;
    for (const PackSetup& p : setup_.packs) {
        cells_.add_pack(*p.model, at(p.n_cells));
        extended_cells_ = extended_cells_ || p.model->extras.used;
        most = at(p.n_cells) > most ? at(p.n_cells) : most;
    }
    saved_cells_.resize(cells_);
    for (auto* v : {&w.block_in[0], &w.block_in[1], &w.block_out[0], &w.block_out[1]})
        v->assign(std::is_same_v<T, double> ? cell::blocks_of(most) : most, base::Pack8(0.0));
    w.rl_g = w.rl_w = w.rl_s = w.rl_hist = w.rl_i = w.rl_k1 = w.rl_k2 = w.rl_dq = w.rl_i2 = w.rl_de = zero(n_rl);
    w.rc_g = w.rc_per_c = w.rc_s = w.rc_hist = w.rc_i = w.rc_v = w.rc_k1 = w.rc_k2 = w.rc_i2 = w.rc_de = zero(n_rc);
    w.rc_u = w.rc_in = w.side_g = w.side_s = zero(n_rc);
    w.res_g = w.res_de = zero(n_res);
    w.port_i = w.port_e = w.port_v = w.port_at = w.port_g = w.port_s = w.port_de = zero(n_port);
    w.line_e = zero(k_lines);
    w.fet_qg_hist = w.fet_qd_hist = w.fet_gk1 = w.fet_dk1 = zero(n_fet);
    w.fet.resize(n_fet);
    w.fet_e.resize(n_fet);
    w.src_i = w.src_e = w.src_de = zero(t.source.size());
    w.pm_mean = w.pre_e = zero(n_pack);
    std::size_t pins = 0, cells = 0;
    for (std::size_t p = 0; p < n_pack; ++p) {
        w.pin0.push_back(pins);
        w.cell0.push_back(cells);
        pins += at(setup_.packs[p].n_cells) + 1;
        cells += at(setup_.packs[p].n_cells);
    }
    w.e_slot = zero(1 + pins);
    for (auto& q : w.pub) {
        q.x = zero(at(t.n_nodes) + 1);
        q.e = w.e_slot;
        q.rl_i = zero(n_rl);
        q.port_i = q.port_v = zero(n_port);
        q.pin_V = q.tap_V = zero(pins);
        q.cell_V = zero(cells);
        q.misc = zero(m_count * n_pack);
        q.vgs = zero(n_fet);
    }
    w.leaks.reserve(n_cell);
    w.sources.reserve(t.source.size());
    w.source_ref.reserve(t.source.size());
    w.is_slot_source.assign(t.source.size(), 0);
    w.res_rhs.reserve(n_res);
    w.coeff.resize(k_coeff_slots);
    for (CoeffSlot& c : w.coeff) {
        c.cell.resize(n_pack);
        c.foster.resize(n_pack);
        for (auto* v : {&c.board, &c.ntc, &c.fet_ntc, &c.sense}) v->assign(n_pack, 0.0);
        c.clamp.assign(at(t.n_clamps), T(0.0));
    }
    fet_params_.resize(n_fet);
    fet_coeff_.resize(n_fet);
    fet_margins_.resize(n_fet);
    diode_coeff_.resize(at(t.n_diodes));
    clamp_params_.resize(at(t.n_clamps));
    for (const PackSetup& p : setup_.packs) {
        fet_limits_.push_back(widen<T>(p.fet_limits));
        FosterParams<T, 3> f;
        for (std::size_t k = 0; k < 3; ++k) {
            f.r_K_per_W[k] = T(p.foster.r_K_per_W[k]);
            f.tau_s[k] = T(p.foster.tau_s[k]);
        }
        foster_.push_back(f);
    }
    pin_clamp_.resize(n_pack);
    fet_clamp_.resize(n_pack);
    bal_.resize(n_pack);
    pack_connected_.assign(n_pack, 1);
    element_connected_.assign(t.element.size(), 0);
}

namespace {
/// Adds n neighbours to a list of runs.
void extend(std::vector<Run>& runs, std::size_t first, std::size_t n) {
    if (!runs.empty() && runs.back().end == first)
        runs.back().end = first + n;
    else
        runs.push_back({first, first + n});
}
/// Adds a branch between the ends of a capacitor.
void beside(std::vector<Beside>& runs, std::size_t branch, std::size_t rc) {
    if (!runs.empty() && runs.back().end == branch && runs.back().rc + (branch - runs.back().first) == rc)
        runs.back().end = branch + 1;
    else
        runs.push_back({branch, branch + 1, rc});
}
}  // namespace

/// Structure of the topology as flat arrays of positions, and the lists that say which branches take part in what.
template <class T>
void Plant<T>::flatten_topology() {
    const Topology& t = *topo_;
    Scratch& w = *s_;
    ws_.resize(t.program);
    const auto position = [&t](std::int32_t node) {
        return node == net::k_ground ? t.n_nodes : t.program.pos[at(node)];
    };
    const auto fill = [&position](Ends& e, const auto& branches, const auto& edge_of) {
        e.a.clear();
        e.b.clear();
        for (const auto& x : branches) {
            e.a.push_back(position(edge_of(x).a));
            e.b.push_back(position(edge_of(x).b));
        }
    };
    const auto inner = [](const auto& x) { return x.edge; };
    fill(w.rl, t.rl, inner);
    fill(w.rc, t.rc, inner);
    fill(w.res, t.res, inner);
    fill(w.port, t.port, inner);
    fill(w.src, t.source, [](const net::Edge& e) { return e; });
    w.port_ia.clear();
    w.port_ib.clear();
    for (std::size_t k = 0; k < t.port.size(); ++k) {
        w.port_ia.push_back(w.port.a[k] == t.n_nodes ? -1 : w.port.a[k] - t.program.n_lead);
        w.port_ib.push_back(w.port.b[k] == t.n_nodes ? -1 : w.port.b[k] - t.program.n_lead);
    }
    w.input_res.clear();
    w.pin_leaks.clear();
    w.element_res.clear();
    w.lossy_rc.clear();
    w.rc_scale_V.assign(t.rc.size(), k_err_voltage_V);
    w.board_rc.clear();
    w.draw_port.assign(t.pack.size(), 0);
    w.clamp_port.assign(t.pack.size(), 0);
    w.fet_port.assign(at(t.n_fets), 0);
    w.is_board_draw.assign(t.port.size(), 0);
    for (std::size_t k = 0; k < t.port.size(); ++k) {
        if (t.port[k].kind == PortKind::power_draw && t.port[k].index < t.n_board_draws) w.is_board_draw[k] = 1;
        if (t.port[k].kind == PortKind::fet) w.fet_port[at(t.port[k].index)] = k;
    }
    for (std::size_t p = 0; p < t.pack.size(); ++p) list_board(p);
    for (const ElementBranches& e : t.element) {
        if (e.res >= 0) w.element_res.push_back(at(e.res));
        if (e.rc >= 0 && e.rl < 0) w.lossy_rc.push_back(at(e.rc));
    }
    w.dense_valid = false;
    ++matrix_version_;
    for (typename Scratch::Factors& f : w.kept) {
        f.dh_s = -1.0;
        f.values = ws_.values;
        f.l = ws_.l;
        f.inv_diag = ws_.inv_diag;
        f.rl_g.assign(t.rl.size(), T(0.0));
        f.rl_w.assign(t.rl.size(), T(0.0));
        f.rc_g.assign(t.rc.size(), T(0.0));
        f.res_g.assign(t.res.size(), T(0.0));
        f.side_g.assign(t.rc.size(), T(0.0));
    }
    list_references();
    list_clamps();
    list_leaks();
    list_sources();
}

/// Branches of one pack's input stage and board, by what they take part in.
template <class T>
void Plant<T>::list_board(std::size_t p) {
    const Topology& t = *topo_;
    Scratch& w = *s_;
    const PackBranches& b = t.pack[p];
    const auto input = [&w](std::int32_t first, std::size_t n) { extend(w.input_res, at(first), n); };
    input(b.insulation, 1);
    if (!setup_.packs[p].board_fitted) return;
    const std::size_t n1 = at(setup_.packs[p].n_cells) + 1;
    input(b.lead0, n1);
    input(b.filter0, n1);
    for (std::size_t k = 0; k < n1; ++k) {
        const std::size_t leak = at(b.pin_leak0) + k, rc = at(b.pin_cap0) + k;
        w.rc_scale_V[rc] = k_err_pin_V;
        if (w.res.a[leak] == w.rc.a[rc] && w.res.b[leak] == w.rc.b[rc])
            beside(w.pin_leaks, leak, rc);
        else
            extend(w.input_res, leak, 1);
    }
    input(b.p_sense, 1);
    for (std::size_t k = at(b.pin_cap0); k <= at(b.holdup); ++k) w.board_rc.push_back(k);
    for (const std::int32_t k : {b.snubber_dsg, b.snubber_chg}) w.lossy_rc.push_back(at(k));
    for (std::size_t k = 0; k < t.port.size(); ++k) {
        if (t.port[k].kind == PortKind::power_draw && t.port[k].index == b.draw) w.draw_port[p] = k;
        if (t.port[k].kind == PortKind::clamp && t.port[k].index == b.clamp) w.clamp_port[p] = k;
    }
}

/// Which tap's no-load potential each node follows, and the branches between different ones.
template <class T>
void Plant<T>::list_references() {
    const Topology& t = *topo_;
    Scratch& w = *s_;
    w.slot_of.assign(at(t.n_nodes), 0);
    for (std::size_t p = 0; p < t.pack_nodes.size(); ++p) {
        const PackNodes& n = t.pack_nodes[p];
        const std::size_t s0 = 1 + w.pin0[p];
        for (std::size_t k = 0; k < n.tap.size(); ++k) w.slot_of[at(n.tap[k])] = s0 + k;
        for (const std::int32_t k : {n.board_minus, n.source, n.mid, n.p_minus}) {
            if (k >= 0) w.slot_of[at(k)] = s0;
        }
        for (std::size_t k = 0; k < n.lead.size(); ++k) {
            const std::int32_t tap = setup_.packs[p].leads[k].tap;
            w.slot_of[at(n.lead[k])] = w.slot_of[at(n.pin[k])] = s0 + (tap < 0 ? k : at(tap));
        }
    }
    w.pin_x.clear();
    w.lead_x.clear();
    w.pin_e.clear();
    w.lead_e.clear();
    for (std::size_t p = 0; p < t.pack_nodes.size(); ++p) {
        const PackNodes& n = t.pack_nodes[p];
        for (std::size_t k = 0; k < n.tap.size(); ++k) {
            const bool fitted = k < n.pin.size();
            w.pin_x.push_back(fitted ? t.program.pos[at(n.pin[k])] : t.n_nodes);
            w.lead_x.push_back(fitted ? t.program.pos[at(n.lead[k])] : t.n_nodes);
            w.pin_e.push_back(fitted ? w.slot_of[at(n.pin[k])] : 0);
            w.lead_e.push_back(fitted ? w.slot_of[at(n.lead[k])] : 0);
        }
    }
    if (t.bus_minus >= 0) w.slot_of[at(t.bus_minus)] = 1;
    for (const ElementBranches& e : t.element) {  // inner nodes of elements follow their `to` end
        if (e.rl < 0 || e.rc < 0) continue;
        const std::int32_t inner = t.rl[at(e.rl)].edge.b, to = t.rc[at(e.rc)].edge.b;
        w.slot_of[at(inner)] = to == net::k_ground ? 0 : w.slot_of[at(to)];
    }
    const auto slot = [&w](std::int32_t node) { return node == net::k_ground ? std::size_t{0} : w.slot_of[at(node)]; };
    const auto edge_of = [](const auto& x) {
        if constexpr (requires { x.edge; }) {
            return x.edge;
        } else {
            return x;
        }
    };
    const auto list = [&slot, &edge_of](std::vector<RefDiff>& out, std::vector<T>& de, const auto& branches,
                                        std::size_t from) {
        out.clear();
        for (auto& x : de) x = T(0.0);
        for (std::size_t k = from; k < branches.size(); ++k) {
            const std::size_t a = slot(edge_of(branches[k]).a), b = slot(edge_of(branches[k]).b);
            if (a != b) out.push_back({k, a, b});
        }
    };
    list(w.rl_ref, w.rl_de, t.rl, w.n_cells);  // a cell's EMF cancels its potential step
    w.rc_ra.clear();
    w.rc_rb.clear();
    for (const auto& x : t.rc) {
        w.rc_ra.push_back(slot(x.edge.a));
        w.rc_rb.push_back(slot(x.edge.b));
    }
    list(w.res_ref, w.res_de, t.res, 0);
    list(w.port_ref, w.port_de, t.port, 0);
    list(w.src_ref, w.src_de, t.source, 0);
}

template <class T>
void Plant<T>::list_clamps() {
    Scratch& w = *s_;
    w.clamps.clear();
    w.pin_clamps.clear();
    for (std::size_t p = 0; p < topo_->pack.size(); ++p) {
        const PackBranches& b = topo_->pack[p];
        if (!setup_.packs[p].board_fitted) continue;
        for (std::size_t k = 0; k < at(setup_.packs[p].n_cells); ++k) {
            beside(w.pin_clamps, w.clamps.size(), at(b.pin_cap0) + 1 + k);
            w.clamps.push_back({at(b.pin_clamp0) + k, p, false});
        }
    }
    w.n_pin_clamps = w.clamps.size();
    for (std::size_t p = 0; p < topo_->pack.size(); ++p) {
        const std::int32_t first = topo_->pack[p].fet_diode0;
        for (std::size_t k = 0; first >= 0 && k < at(setup_.packs[p].n_cells); ++k)
            w.clamps.push_back({at(first) + k, p, true});
    }
    const std::size_t n = w.clamps.size();
    w.clamp_g.resize(n, T(0.0));
    w.clamp_s.resize(n, T(0.0));
    w.clamp_de.assign(n, T(0.0));
    for (std::vector<T>* v : {&w.clamp_lo, &w.clamp_hi, &w.clamp_leak}) v->resize(n, T(0.0));
    w.clamp.a.resize(n);
    w.clamp.b.resize(n);
    for (std::size_t k = 0; k < n; ++k) {
        w.clamp.a[k] = w.res.a[w.clamps[k].res];
        w.clamp.b[k] = w.res.b[w.clamps[k].res];
    }
    // What has a no-load difference has g de beside it: clamps that stand alone, cell leaks while they are there, the
    // others always; what lies between the ends of a capacitor enters with it.
    std::vector<RefDiff> others;
    w.leak_ref.clear();
    w.clamp_ref.clear();
    w.res_rhs.clear();
    for (const RefDiff& d : w.res_ref) {
        bool own = false;
        for (const Beside& r : w.pin_leaks) own = own || (d.k >= r.first && d.k < r.end);
        for (std::size_t k = 0; k < n; ++k) {
            if (w.clamps[k].res != d.k) continue;
            own = true;
            if (k >= w.n_pin_clamps) w.clamp_ref.push_back({k, d.a, d.b});
        }
        bool leak = false;
        for (std::size_t p = 0; p < topo_->pack.size(); ++p) {
            const std::size_t first = at(topo_->pack[p].cell_leak0);
            leak = leak || (d.k >= first && d.k < first + at(setup_.packs[p].n_cells));
        }
        if (leak) w.leak_ref.push_back(d);
        if (own || leak) continue;
        others.push_back(d);
        w.res_rhs.push_back(d.k);
    }
    w.res_ref = others;
    list_clamp_limits();
}

/// Between which voltages each clamp carries its leak only.
template <class T>
void Plant<T>::list_clamp_limits() {
    Scratch& w = *s_;
    for (std::size_t k = 0; k < w.clamps.size(); ++k) {
        const ClampRef& c = w.clamps[k];
        const PinClampParams<T>& p = c.fet ? fet_clamp_[c.pack] : pin_clamp_[c.pack];
        const T half = 0.5 * p.knee_V;
        w.clamp_lo[k] = half - p.v_forward_V;
        w.clamp_hi[k] = p.v_reverse_V - half;
        w.clamp_leak[k] = p.leak_S;
    }
}

template <class T>
void Plant<T>::list_leaks() {
    Scratch& w = *s_;
    w.leaks.clear();
    for (std::size_t p = 0; p < topo_->pack.size(); ++p) {
        for (std::size_t k = 0; k < at(setup_.packs[p].n_cells); ++k) {
            const std::size_t r = at(topo_->pack[p].cell_leak0) + k;
            if (base::any(in(o_res_g_)[r] > T(0.0))) w.leaks.push_back(r);
        }
    }
    find_first_fed();
}

template <class T>
void Plant<T>::list_sources() {
    Scratch& w = *s_;
    w.sources_changed = false;
    w.sources.clear();
    w.source_ref.clear();
    for (std::size_t p = 0; p < bal_.size(); ++p) {
        if (!setup_.packs[p].board_fitted) continue;
        const std::size_t s0 = at(topo_->source0[p]), n = at(setup_.packs[p].n_cells);
        const bool runs = bal_[p].i_A > 0.0 || base::any(st(o_bal_to_)[2 * p] + st(o_bal_to_)[2 * p + 1] > T(0.0));
        for (std::size_t k = 0; k < 2 * n + 1; ++k) {
            const bool slot = runs && (k + 1 == at(bal_[p].from) || k + 1 == at(bal_[p].to));
            const T i = in(o_source_)[s0 + k];
            w.src_i[s0 + k] = i;
            w.src_e[s0 + k] = T(0.0);
            if (slot || base::any(base::mask_or(i > T(0.0), i < T(0.0)))) w.sources.push_back(s0 + k);
            w.is_slot_source[s0 + k] = k < n ? 1 : 0;
        }
    }
    auto d = w.src_ref.begin();
    for (const std::size_t k : w.sources) {  // both in rising order
        while (d != w.src_ref.end() && d->k < k) ++d;
        if (d != w.src_ref.end() && d->k == k) w.source_ref.push_back(*d);
    }
    find_first_fed();
}

/// The lead ends come first in the order, and mostly nothing feeds them.
template <class T>
void Plant<T>::find_first_fed() {
    Scratch& w = *s_;
    std::int32_t first = topo_->program.n_lead;
    const auto feed = [&first](const Ends& e, std::size_t k) {
        first = e.a[k] < first ? e.a[k] : first;
        first = e.b[k] < first ? e.b[k] : first;
    };
    for (std::size_t k = 0; k < w.rl.size(); ++k) feed(w.rl, k);
    for (std::size_t k = 0; k < w.rc.size(); ++k) feed(w.rc, k);
    for (const std::size_t k : w.res_rhs) feed(w.res, k);
    for (const std::size_t k : w.leaks) feed(w.res, k);
    for (std::size_t k = w.n_pin_clamps; k < w.clamps.size(); ++k) feed(w.clamp, k);
    for (const std::size_t k : w.sources) feed(w.src, k);
    w.first_fed = first;
}

template <class T>
void Plant<T>::init_cell_emf() {
    Scratch& w = *s_;
    for (std::size_t c = 0; c < w.n_cells; ++c) {
        if (!setup_.packs[pack_of_cell_[c]].echem)
            w.emf_V[c] = cell::emf<T>(*setup_.packs[pack_of_cell_[c]].model, cells_.params(c), cells_.state(c));
        w.demf_Ohm[c] = T(0.0);
    }
    for (std::size_t p = 0; p < setup_.packs.size(); ++p) {
        if (setup_.packs[p].echem) echem_emf(p, w.emf_V);
    }
}

template <class T>
void Plant<T>::init_values() {
    const Topology& t = *topo_;
    Scratch& w = *s_;
    std::size_t c = 0;
    for (std::size_t p = 0; p < setup_.packs.size(); ++p) {
        for (std::size_t k = 0; k < at(setup_.packs[p].n_cells); ++k, ++c) {
            const auto state = widen<T>(setup_.packs[p].cell_init[k]);
            cells_.set_params(c, widen<T>(setup_.packs[p].cell_params[k]));
            cells_.set_state(c, state);
            st(o_cell_r_)[c] = state.r0_Ohm;
            st(o_soc0_)[c] = state.soc;
            st(o_side0_)[c] = state.side_C;
        }
        init_pack(p);
        if (setup_.packs[p].board_fitted) init_board(p);
    }
    echem_start();
    for (std::size_t e = 0; e < t.element.size(); ++e) {
        set_element(e, setup_.elements[e]);
        connect_element(e, setup_.elements[e].connected);
    }
    list_leaks();
    list_clamp_limits();
    for (std::size_t k = 0; k < w.clamps.size(); ++k) {
        const ClampRef& r = w.clamps[k];
        st(o_clamp_g_)[k] = w.clamp_g[k] = r.fet ? fet_clamp_[r.pack].leak_S : pin_clamp_[r.pack].leak_S;
    }
    init_cell_emf();
    reference_potentials();
    for (std::size_t p = 0; p < setup_.packs.size(); ++p) {  // capacitors start at their no-load voltages
        if (!setup_.packs[p].board_fitted) continue;
        const PackBranches& b = t.pack[p];
        for (std::size_t k = 0; k <= at(setup_.packs[p].n_cells); ++k)
            st(o_rc_v_)[at(b.pin_cap0) + k] = w.rc_de[at(b.pin_cap0) + k];
        st(o_rc_v_)[at(b.holdup)] = w.rc_de[at(b.holdup)] - T(0.5);
    }
    for (std::size_t e = 0; e < t.element.size(); ++e) {
        if (t.element[e].rc >= 0) st(o_rc_v_)[at(t.element[e].rc)] = T(setup_.elements[e].v_init_V);
    }
    quantise_temperatures();
    for (std::size_t f = 0; f < fet_params_.size(); ++f) {
        const MosfetCharge<T> q = mosfet_charge(fet_coeff_[f], T(0.0), T(0.0));
        st(o_fet_qg_)[f] = q.qg_C;
        st(o_fet_qd_)[f] = q.qd_C;
    }
    st(o_stored0_)[0] = stored_J();
}

template <class T>
void Plant<T>::init_pack(std::size_t p) {
    const PackSetup& ps = setup_.packs[p];
    const PackBranches& b = topo_->pack[p];
    T* const r = edit(o_rl_r_);
    T* const g = edit(o_res_g_);
    edit(o_env_)[k_env_stride * p] = T(ps.cells_env_degC);
    edit(o_env_)[k_env_stride * p + 1] = T(ps.board_env_degC);
    for (std::size_t k = 0; k < at(ps.n_cells); ++k) {
        r[at(b.cell0) + k] = T(ps.parts.harness.joint_r_Ohm);
        const double leak = k < ps.cell_leak_Ohm.size() ? ps.cell_leak_Ohm[k] : 0.0;
        g[at(b.cell_leak0) + k] = T(leak > 0.0 ? 1.0 / leak : 0.0);
    }
    r[at(b.p_plus)] = T(ps.parts.harness.p_plus_r_Ohm);
    g[at(b.insulation)] = T(ps.parts.leak_S);
    if (b.link_plus >= 0) {
        r[at(b.link_plus)] = T(setup_.link_r_Ohm);
        r[at(b.link_minus)] = T(setup_.link_r_Ohm);
        connect_pack(p, ps.connected);
    }
    st(o_board_T_)[p] = st(o_fet_ntc_)[p] = T(ps.board_env_degC);
    for (std::size_t k = 0; k < 4; ++k)
        st(o_ntc_)[4 * p + k] = T(ps.ntc_cell[k] > 0 ? ps.cells_env_degC : ps.board_env_degC);
}

template <class T>
void Plant<T>::init_board(std::size_t p) {
    const PackSetup& ps = setup_.packs[p];
    const PackBranches& b = topo_->pack[p];
    const BoardParts& parts = ps.parts;
    T* const r = edit(o_rl_r_);
    T* const g = edit(o_res_g_);
    r[at(b.b_minus)] = T(parts.harness.b_minus_r_Ohm);
    r[at(b.shunt)] = T(parts.shunt_Ohm);
    for (std::size_t k = 0; k <= at(ps.n_cells); ++k) {
        g[at(b.lead0) + k] = T(ps.leads[k].tap < 0 ? k_open_S : 1.0 / ps.leads[k].r_Ohm);
        g[at(b.filter0) + k] = T(1.0 / parts.input.r_filter_Ohm);
        g[at(b.pin_leak0) + k] = T(k_pin_leak_S);
        edit(o_rc_c_)[at(b.pin_cap0) + k] = T(parts.input.c_filter_F);
    }
    PinClampParams<T>& pc = pin_clamp_[p];
    pc.v_forward_V = T(parts.input.clamp_forward_V);
    pc.v_reverse_V = T(parts.input.clamp_reverse_V);
    pc.r_Ohm = T(parts.input.clamp_r_Ohm);
    PinClampParams<T>& fc = fet_clamp_[p];
    fc.v_forward_V = T(1.4);  // two body diodes of single (not back-to-back) balancer FETs in series
    fc.v_reverse_V = T(1e6);
    fc.r_Ohm = T(2.0 * parts.input.balancer_fet_r_Ohm);
    g[at(b.p_sense)] = T(1.0 / (parts.p_sense.r_top_Ohm + parts.p_sense.r_bottom_Ohm));
    g[at(b.precharge)] = T(k_open_S);
    edit(o_rc_r_)[at(b.snubber_dsg)] = edit(o_rc_r_)[at(b.snubber_chg)] = T(parts.snubber.r_Ohm);
    edit(o_rc_c_)[at(b.snubber_dsg)] = edit(o_rc_c_)[at(b.snubber_chg)] = T(parts.snubber.c_F);
    edit(o_rc_c_)[at(b.holdup)] = T(parts.supply.c_holdup_F);
    for (const std::int32_t f : {b.fet_dsg, b.fet_chg}) {
        fet_params_[at(f)] = widen<T>(ps.fet);
        fet_params_[at(f)].count = fet_params_[at(f)].channel_count = T(static_cast<double>(parts.n_fet_per_group));
        fet_params_[at(f)].r_gate_Ohm = T(parts.gate.r_gate_Ohm);
        *reinterpret_cast<FetStress<T>*>(st(o_stress_) + at(f) * (sizeof(FetStress<T>) / sizeof(T))) = FetStress<T>{};
    }
    diode_coeff_[at(b.diode)] =
        diode_at(diode_from_saturation(T(parts.supply.diode_is_A), T(parts.supply.diode_n),
                                       T(parts.supply.diode_r_Ohm + parts.harness.b_plus_lead_r_Ohm)),
                 T(1.0), T(25.0));
    ClampParams<T>& cl = clamp_params_[at(b.clamp)];
    cl.v_on_V = T(parts.clamp.fitted ? parts.clamp.v_on_V : 1e6);
    cl.r_Ohm = T(parts.clamp.r_Ohm);
    cl.energy_limit_J = T(parts.clamp.energy_limit_J);
    edit(o_draw_)[k_draw_stride * at(b.draw)] = T(0.0);
    edit(o_draw_)[k_draw_stride * at(b.draw) + 1] = T(4.0);
}

#define TWIN_INSTANTIATE(T)                      \
    template struct Plant<T>::ScratchHolder;     \
    template Plant<T>::Plant(const PlantSetup&); \
    template void Plant<T>::flatten_topology();  \
    template void Plant<T>::list_leaks();        \
    template void Plant<T>::list_sources();      \
    template void Plant<T>::init_cell_emf();
TWIN_INSTANTIATE(double)
TWIN_INSTANTIATE(base::Pack8)
#undef TWIN_INSTANTIATE

}  // namespace twin::power
