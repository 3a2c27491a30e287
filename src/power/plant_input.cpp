// SPDX-License-Identifier: Apache-2.0
// Inputs of a plant: what events, boards and environments change between steps.
#include "power/plant_scratch.hpp"

namespace twin::power {

template <class T>
void Plant<T>::set_gate(std::size_t pack, Group g, const T& v_drive_V) {
    const PackBranches& b = topo_->pack[pack];
    edit(o_gate_)[at(g == Group::dsg ? b.fet_dsg : b.fet_chg)] = v_drive_V;
    ++input_version_;
}

template <class T>
void Plant<T>::set_precharge(std::size_t pack, const T& on) {
    const T g_on = T(1.0 / setup_.packs[pack].parts.precharge.r_Ohm);
    edit(o_res_g_)[at(topo_->pack[pack].precharge)] = base::select(on > T(0.5), g_on, T(k_open_S));
    ++input_version_;
    ++matrix_version_;
}

template <class T>
void Plant<T>::set_balancer(std::size_t pack, std::int32_t from, std::int32_t to, double i_A) {
    const bool on = i_A > 0.0 && from >= 1 && to >= 1 && from != to;
    Bal& b = bal_[pack];
    if (on && (b.from != from || b.to != to)) {  // the matrix switches over: the converter starts anew
        b.from = from;
        b.to = to;
        st(o_bal_to_)[2 * pack] = st(o_bal_to_)[2 * pack + 1] = T(0.0);
    }
    b.i_A = on ? i_A : 0.0;  // switched off, it runs down within its own time constant
    list_sources();
    ++input_version_;
}

template <class T>
void Plant<T>::set_supply_draw(std::size_t pack, const T& p_W) {
    edit(o_draw_)[k_draw_stride * at(topo_->pack[pack].draw)] = p_W;
    ++input_version_;
}

template <class T>
void Plant<T>::set_pin_pull(std::size_t pack, std::int32_t pin, const T& i_A) {
    const auto n = at(setup_.packs[pack].n_cells);
    edit(o_source_)[at(topo_->source0[pack]) + n + at(pin)] = i_A;
    s_->sources_changed = true;  // several pins change at one instant
    ++input_version_;
}

/// The AFE's passive balance switch of a cell lies between the cell's pins, behind the filter resistors: it adds to the
/// input's own conductance. A destroyed input has no switch any more.
template <class T>
void Plant<T>::set_balance_switch(std::size_t pack, std::int32_t cell, double g_S) {
    if (setup_.packs[pack].leads[at(cell)].pin_fault) return;
    edit(o_res_g_)[at(topo_->pack[pack].pin_leak0 + cell)] = T(k_pin_leak_S + g_S);
    ++input_version_;
    ++matrix_version_;
}

template <class T>
void Plant<T>::set_pin_fault(std::size_t pack, std::int32_t pin, double g_S) {
    bool& fault = setup_.packs[pack].leads[at(pin)].pin_fault;
    if (fault != (g_S > 0.0)) {
        fault = g_S > 0.0;
        rebuild_topology();
    }
    edit(o_res_g_)[at(topo_->pack[pack].pin_leak0 + pin)] = T(k_pin_leak_S + g_S);
    ++input_version_;
    ++matrix_version_;
}

template <class T>
void Plant<T>::set_lead_r(std::size_t pack, std::int32_t lead, double r_Ohm) {
    edit(o_res_g_)[at(topo_->pack[pack].lead0 + lead)] = T(1.0 / r_Ohm);
    ++input_version_;
    ++matrix_version_;
}

template <class T>
void Plant<T>::open_branch(std::size_t rl, Line line) {
    T& i = st(o_rl_i_)[rl];
    add_line(line, 0.5 * in(o_rl_l_)[rl] * (i * i));
    i = T(0.0);
    st(o_rl_k_)[rl] = T(0.0);
    s_->rl_i[rl] = T(0.0);
}

template <class T>
void Plant<T>::connect_pack(std::size_t pack, bool on) {
    const std::int32_t link = topo_->pack[pack].link_minus;
    if (link >= 0) {
        if (!on && pack_connected_[pack] != 0) open_branch(at(link), Line::wiring_heat);
        edit(o_rl_r_)[at(link)] = T(on ? setup_.link_r_Ohm : k_open_Ohm);
    }
    pack_connected_[pack] = on ? 1 : 0;
    ++input_version_;
    ++matrix_version_;
}

template <class T>
void Plant<T>::connect_element(std::size_t e, bool on) {
    const bool was = element_connected_[e] != 0;
    element_connected_[e] = on ? 1 : 0;
    const ElementBranches& b = topo_->element[e];
    if (b.rc >= 0 && b.rl < 0 && on && !was && !base::any(in(o_rc_c_)[at(b.rc)] > T(0.0))) {
        // a terminal capacitor comes charged to the place it is put on, and stays there
        T& v = st(o_rc_v_)[at(b.rc)];
        const net::Edge& edge = topo_->rc[at(b.rc)].edge;
        v = node_V(edge.a) - node_V(edge.b);
        add_line(Line::injected, 0.5 * setup_.elements[e].c_F * (v * v));
    }
    if (b.rl >= 0 && was && !on) open_branch(at(b.rl), Line::elements);
    if (b.cycler >= 0 && was && !on) {  // a cycler's contactor opens: its capacitor leaves with what it holds
        const T v = st(o_rc_v_)[at(b.rc)];
        add_line(Line::injected, -0.5 * in(o_rc_c_)[at(b.rc)] * (v * v));
        edit(o_rc_c_)[at(b.rc)] = T(0.0);
    }
    set_element(e, setup_.elements[e]);
}

template <class T>
void Plant<T>::set_element(std::size_t e, const ElementSetup& v) {
    ElementSetup& kept = setup_.elements[e];
    const ElementBranches& b = topo_->element[e];
    kept.r_Ohm = v.r_Ohm;
    kept.bleed_Ohm = v.bleed_Ohm;
    kept.i_A = v.i_A;
    kept.p_W = v.p_W;
    kept.v_V = v.v_V;
    kept.i_discharge_A = v.i_discharge_A;
    kept.v_least_V = v.v_least_V;
    const bool on = element_connected_[e] != 0;
    if (b.rl >= 0) {
        edit(o_rl_r_)[at(b.rl)] = T(on ? kept.r_Ohm : k_open_Ohm);
        edit(o_rl_l_)[at(b.rl)] = T(kept.l_H);
    }
    if (b.rc >= 0) {
        if (on || b.rl >= 0)
            edit(o_rc_c_)[at(b.rc)] = T(kept.c_F);  // a terminal capacitor stays when its current is switched off
        edit(o_rc_r_)[at(b.rc)] = T(b.rl < 0 ? 0.02 : 0.0);  // ESR of a terminal capacitor (assumed)
    }
    if (b.res >= 0) edit(o_res_g_)[at(b.res)] = T(kept.bleed_Ohm > 0.0 ? 1.0 / kept.bleed_Ohm : k_open_S);
    if (b.load >= 0) {
        T* const x = edit(o_load_) + k_load_stride * at(b.load);
        x[0] = T(on ? 1.0 : 0.0);
        x[1] = T(kept.i_A);
        x[2] = T(kept.v_V > 0.1 ? kept.v_V : 0.1);
    }
    if (b.draw >= 0) {
        edit(o_draw_)[k_draw_stride * at(b.draw)] = T(on ? kept.p_W : 0.0);
        edit(o_draw_)[k_draw_stride * at(b.draw) + 1] = T(kept.v_V > 1.0 ? kept.v_V : 1.0);
    }
    if (b.charger >= 0) {
        T* const x = edit(o_charger_) + k_charger_stride * at(b.charger);
        x[0] = T(on ? 1.0 : 0.0);
        x[1] = T(kept.i_A);
        x[2] = T(kept.v_V);
        x[3] = T(kept.r_Ohm);
    }
    if (b.cycler >= 0) {
        T* const x = edit(o_cycler_) + k_cycler_stride * at(b.cycler);
        const double all[k_cycler_stride] = {on ? 1.0 : 0.0,     kept.v_V, kept.r_Ohm,    kept.i_A,
                                             kept.i_discharge_A, kept.p_W, kept.v_least_V};
        for (std::size_t k = 0; k < k_cycler_stride; ++k) x[k] = T(all[k]);
    }
    ++input_version_;
    ++matrix_version_;
}

template <class T>
void Plant<T>::set_cell_leak(std::size_t pack, std::size_t cell, double r_Ohm) {
    edit(o_res_g_)[at(topo_->pack[pack].cell_leak0) + cell] = T(r_Ohm > 0.0 ? 1.0 / r_Ohm : 0.0);
    list_leaks();
    ++input_version_;
    ++matrix_version_;
}

template <class T>
void Plant<T>::open_filter(std::size_t pack, std::int32_t lead) {
    edit(o_res_g_)[at(topo_->pack[pack].filter0 + lead)] = T(k_open_S);
    ++input_version_;
    ++matrix_version_;
}

/// The setup's ends have moved: the same branches and states in a new order of elimination.
template <class T>
void Plant<T>::rebuild_topology() {
    const auto old = topo_;
    topo_ = std::make_shared<Topology>(build_topology(setup_));
    for (auto& q : s_->pub) {  // published voltages move to the new positions
        const std::vector<T> x = q.x;
        for (std::size_t n = 0; n < at(topo_->n_nodes); ++n)
            q.x[at(topo_->program.pos[n])] = x[at(old->program.pos[n])];
    }
    flatten_topology();
    reference_potentials();
}

template <class T>
void Plant<T>::rewire(std::size_t pack, std::int32_t lead, std::int32_t tap) {
    setup_.packs[pack].leads[at(lead)].tap = tap;
    rebuild_topology();
    set_lead_r(pack, lead, tap < 0 ? k_open_Ohm : setup_.packs[pack].leads[at(lead)].r_Ohm);
}

template <class T>
void Plant<T>::set_environment(std::size_t pack, const T& cells_degC, const T& board_degC) {
    edit(o_env_)[k_env_stride * pack] = cells_degC;
    edit(o_env_)[k_env_stride * pack + 1] = board_degC;
}

template <class T>
void Plant<T>::weld(std::size_t pack, Group g) {
    const PackBranches& b = topo_->pack[pack];
    const auto f = at(g == Group::dsg ? b.fet_dsg : b.fet_chg);
    edit(o_weld_)[f] = T(1.0);
    mosfet_weld(fet_params_[f], T(1.0) > T(0.0));
    st(o_fet_tq_)[f] = T(-300.0);
    quantise_temperatures();
    ++input_version_;
}

template <class T>
void Plant<T>::kill_channel(std::size_t pack, Group g, bool dead) {
    const PackBranches& b = topo_->pack[pack];
    const auto f = at(g == Group::dsg ? b.fet_dsg : b.fet_chg);
    edit(o_weld_)[f] = T(dead ? 2.0 : 0.0);
    fet_params_[f].channel_count = dead ? T(0.0) : fet_params_[f].count;
    st(o_fet_tq_)[f] = T(-300.0);
    quantise_temperatures();
    ++input_version_;
}

#define TWIN_INSTANTIATE(T)                                                                \
    template void Plant<T>::set_gate(std::size_t, Group, const T&);                        \
    template void Plant<T>::set_precharge(std::size_t, const T&);                          \
    template void Plant<T>::set_balancer(std::size_t, std::int32_t, std::int32_t, double); \
    template void Plant<T>::set_supply_draw(std::size_t, const T&);                        \
    template void Plant<T>::set_pin_pull(std::size_t, std::int32_t, const T&);             \
    template void Plant<T>::set_balance_switch(std::size_t, std::int32_t, double);         \
    template void Plant<T>::set_pin_fault(std::size_t, std::int32_t, double);              \
    template void Plant<T>::set_lead_r(std::size_t, std::int32_t, double);                 \
    template void Plant<T>::connect_pack(std::size_t, bool);                               \
    template void Plant<T>::connect_element(std::size_t, bool);                            \
    template void Plant<T>::set_element(std::size_t, const ElementSetup&);                 \
    template void Plant<T>::set_environment(std::size_t, const T&, const T&);              \
    template void Plant<T>::kill_channel(std::size_t, Group, bool);                        \
    template void Plant<T>::set_cell_leak(std::size_t, std::size_t, double);               \
    template void Plant<T>::open_filter(std::size_t, std::int32_t);                        \
    template void Plant<T>::rewire(std::size_t, std::int32_t, std::int32_t);               \
    template void Plant<T>::weld(std::size_t, Group);
TWIN_INSTANTIATE(double)
TWIN_INSTANTIATE(base::Pack8)
#undef TWIN_INSTANTIATE

}  // namespace twin::power
