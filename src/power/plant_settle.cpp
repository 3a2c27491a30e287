// SPDX-License-Identifier: Apache-2.0
// The operating point before a run: what has been connected for a long time is at rest. Outside capacitors keep the voltage
// they were given; cells keep their state.
#include "power/plant_scratch.hpp"

namespace twin::power {

namespace {
constexpr double k_long_s = 1e3;      // a stage so long that board capacitors and inductances carry nothing
constexpr double k_stiff_S = 1e4;     // how firmly an outside capacitor holds its voltage
}  // namespace

template <class T>
base::Status Plant<T>::settle() {
    Scratch& w = *s_;
    for (std::size_t c = 0; c < w.n_cells; ++c) {
        w.emf_V[c] = cell::emf(*setup_.packs[pack_of_cell_[c]].model, cell_params_[c], cells_[c]);
        w.demf_Ohm[c] = T(0.0);
    }
    reference_potentials();
    ++matrix_version_;
    prepare_conductances(k_long_s, false);
    const auto outside = [this](auto&& f) {
        for (const ElementBranches& e : topo_->element) {
            if (e.rl >= 0 && e.rc >= 0) f(static_cast<std::size_t>(e.rc));
        }
    };
    outside([&w](std::size_t k) { w.rc_g[k] = T(k_stiff_S); });
    sdirk_history(k_long_s, 0);
    if (!solve_stage(k_long_s)) return failure(base::StatusCode::no_convergence, 3);
    std::vector<T> kept(st(o_rc_v_), st(o_rc_v_) + w.rc_i.size());
    for (std::size_t k = 0; k < w.rl_i.size(); ++k) st(o_rl_i_)[k] = w.rl_i[k];
    for (std::size_t k = 0; k < w.rc_i.size(); ++k) {
        st(o_rc_v_)[k] = (w.x_V[w.rc_a[k]] - w.x_V[w.rc_b[k]]) + (w.e_V[w.rc_a[k]] - w.e_V[w.rc_b[k]]);
    }
    outside([&](std::size_t k) { st(o_rc_v_)[k] = kept[k]; });
    for (std::size_t k = 0; k < w.port_i.size(); ++k) {
        if (topo_->port[k].kind != PortKind::fet) continue;
        const auto f = static_cast<std::size_t>(topo_->port[k].index);
        st(o_fet_qg_)[f] = w.fet[f].qg_C;
        st(o_fet_qd_)[f] = w.fet[f].qd_C;
        st(o_fet_vds_)[f] = st(o_port_v_)[k];
    }
    T* const injected = st(o_line_) + 2 * static_cast<std::size_t>(Line::injected);
    injected[0] = injected[1] = T(0.0);  // what was connected before the run is the start, not an injection
    ++matrix_version_;
    st(o_stored0_)[0] = stored_J();
    publish(true);
    return {};
}

template base::Status Plant<double>::settle();
template base::Status Plant<base::Pack8>::settle();

}  // namespace twin::power
