// SPDX-License-Identifier: Apache-2.0
// The operating point before a run: what has been connected for a long time is at rest. Outside capacitors keep the
// voltage they were given; cells keep their state.
#include "power/plant_scratch.hpp"

namespace twin::power {

namespace {
constexpr double k_long_s = 1e3;  // a stage so long that board capacitors and inductances carry nothing
}

template <class T>
base::Status Plant<T>::settle() {
    Scratch& w = *s_;
    begin_trial(k_long_s, Method::one_stage);
    init_cell_emf();
    reference_potentials();
    for (const ElementBranches& e : topo_->element) {
        if (e.rl >= 0 && e.rc >= 0) w.stiff_rc.push_back(at(e.rc));
    }
    ++matrix_version_;
    sdirk_history(k_long_s, 0);
    const bool ok = solve_stage(k_long_s, false);
    ++matrix_version_;
    if (ok) {
        for (std::size_t k = 0; k < w.rl_i.size(); ++k) st(o_rl_i_)[k] = w.rl_i[k];
        const T* const x = ws_.x.data();
        for (std::size_t k = 0; k < w.rc_i.size(); ++k) {
            bool outside = false;
            for (const std::size_t s : w.stiff_rc) outside = outside || s == k;
            if (!outside) st(o_rc_v_)[k] = (x[w.rc.a[k]] - x[w.rc.b[k]]) + w.rc_de[k];
        }
        keep_solver_memory();
        T* const injected = st(o_line_) + static_cast<std::size_t>(Line::injected);
        injected[0] = injected[k_lines] = T(0.0);  // what was connected before the run is the start, not an injection
        st(o_stored0_)[0] = stored_J();
        end_emfs();
        publish(true);
    }
    w.stiff_rc.clear();
    return ok ? check_finite() : failure(base::StatusCode::no_convergence, 3);
}

template base::Status Plant<double>::settle();
template base::Status Plant<base::Pack8>::settle();

}  // namespace twin::power
