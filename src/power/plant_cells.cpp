// SPDX-License-Identifier: Apache-2.0
// The cells in a step of the plant: mean EMFs of a trial, their check, and taking the step. One instance's cells go two
// by two, each to the bits it has alone; a block of eight instances goes cell by cell. Sums over cells are kept apart
// for even and odd places in the pack, so that both ways add in the same order.
#include "cell/ecm_pair.hpp"
#include "power/plant_scratch.hpp"

namespace twin::power {

namespace {
constexpr double k_emf_tol_V = 1e-9;
using base::abs2;
using base::all;
using base::is_finite;
using base::mask_and;
using base::mask_not;
using base::mask_or;
using base::select;

}  // namespace

template <class T>
[[gnu::flatten]] void Plant<T>::mean_emfs(double h_s, bool slope) {
    Scratch& w = *s_;
    const CoeffSlot& k = slot(h_s);
    const T* const i_A = st(o_rl_i_);
    for (std::size_t p = 0; p < setup_.packs.size(); ++p) {
        const cell::EcmModel& model = *setup_.packs[p].model;
        const auto mean_of = [&]<class V>(const V& current_A, std::size_t c) {
            if constexpr (std::is_same_v<V, T>) {
                return cell::mean_emf(model, cell_params_[c], cells_[c], k.cell[p], current_A);
            } else {
                return cell::mean_emf({model, &cell_params_[c], &cells_[c], &w.segment[c]}, k.pair[p], current_A);
            }
        };
        each_pair<T>(w.cell0[p], w.cell0[p] + at(setup_.packs[p].n_cells), [&]<class V>(const V&, std::size_t c) {
            const V i0 = fetch<V>(i_A + c);
            const auto m = mean_of(i0, c);
            const V demf = slope ? m.demf_di_Ohm : V(0.0);
            put(&w.emf_at_A[c], i0);
            put(&w.emf_slope_Ohm[c], m.demf_di_Ohm);
            put(&w.demf_Ohm[c], demf);
            put(&w.emf_V[c], m.emf_V - demf * i0);
        });
    }
}

/// Compares the EMFs that the stage used with the means at the currents it found; corrects those that differ.
template <class T>
[[gnu::flatten]] typename Plant<T>::Mask Plant<T>::emfs_settled(double h_s, bool slope) {
    Scratch& w = *s_;
    const CoeffSlot& k = slot(h_s);
    Mask all_ok = T(1.0) > T(0.0);
    for (std::size_t p = 0; p < setup_.packs.size(); ++p) {
        const cell::EcmModel& model = *setup_.packs[p].model;
        const auto mean_of = [&]<class V>(const V& current_A, std::size_t c) {
            if constexpr (std::is_same_v<V, T>) {
                return cell::mean_emf(model, cell_params_[c], cells_[c], k.cell[p], current_A);
            } else {
                return cell::mean_emf({model, &cell_params_[c], &cells_[c], &w.segment[c]}, k.pair[p], current_A);
            }
        };
        each_pair<T>(w.cell0[p], w.cell0[p] + at(setup_.packs[p].n_cells), [&]<class V>(const V&, std::size_t c) {
            const V i_A = fetch<V>(&w.rl_i[c]), at_A = fetch<V>(&w.emf_at_A[c]);
            // known within a factor 2: where the slope says that nothing moved, nothing is evaluated
            const V estimate = abs2(fetch<V>(&w.emf_slope_Ohm[c]) * (i_A - at_A));
            const auto near = estimate <= V(slope ? -1.0 : 0.25 * k_emf_tol_V);
            if (all(near)) return;
            const auto m = mean_of(i_A, c);
            const V used = fetch<V>(&w.emf_V[c]), demf = fetch<V>(&w.demf_Ohm[c]);
            const V line = used + demf * i_A;
            const auto same = mask_or(abs2(m.emf_V - line) <= V(k_emf_tol_V), mask_not(is_finite(m.emf_V)));
            const auto good = mask_or(near, same);
            put(&w.emf_V[c], select(good, used, m.emf_V - demf * i_A));
            put(&w.emf_at_A[c], select(good, at_A, i_A));
            if constexpr (std::is_same_v<V, T>) {
                all_ok = mask_and(all_ok, good);
            } else {
                all_ok = mask_and(all_ok, all(good));
            }
        });
    }
    return all_ok;
}

template <class T>
void Plant<T>::end_emfs() {
    for (std::size_t c = 0; c < s_->n_cells; ++c)
        s_->emf_end_V[c] = cell::emf(*setup_.packs[pack_of_cell_[c]].model, cell_params_[c], cells_[c]);
}

template <class T>
[[gnu::flatten]] void Plant<T>::commit_cells(double h_s) {
    Scratch& w = *s_;
    const CoeffSlot& k = slot(h_s);
    Parity<T> ocv, rc_h, hy_h, side, rc_s, hy_s, moved;
    T* const q = st(o_cell_q_);
    const T* const held = st(o_cell_r_);
    for (std::size_t p = 0; p < setup_.packs.size(); ++p) {
        const cell::EcmModel& model = *setup_.packs[p].model;
        const T env = in(o_env_)[k_env_stride * p];
        const std::size_t c0 = w.cell0[p];
        each_pair<T>(c0, c0 + at(setup_.packs[p].n_cells), [&]<class V>(const V&, std::size_t c) {
            const V dq = fetch<V>(&w.rl_dq[c]);
            const V joule = fetch<V>(held + c) * fetch<V>(&w.rl_i2[c]);
            cell::CellStepEnergy<V> e;
            if constexpr (std::is_same_v<V, T>) {
                e = cell::commit(model, cell_params_[c], cells_[c], k.cell[p], dq, joule, env);
                w.emf_end_V[c] = cell::emf(model, cell_params_[c], cells_[c]);
            } else {
                V emf_V;
                e = cell::commit({model, &cell_params_[c], &cells_[c], &w.segment[c]}, k.pair[p], dq, joule, env,
                                 &emf_V);
                put(&w.emf_end_V[c], emf_V);
            }
            const std::size_t place = c - c0;
            ocv.add(e.ocv_work_J, place);
            rc_h.add(e.rc_heat_J, place);
            hy_h.add(e.hyst_heat_J, place);
            side.add(e.side_heat_J, place);
            rc_s.add(e.rc_stored_J, place);
            hy_s.add(e.hyst_stored_J, place);
            moved.add(abs2(dq), place);
            add_to(q + 2 * c, dq);
        });
    }
    book(Line::ocv_work, ocv.value());
    book(Line::rc_heat, rc_h.value());
    book(Line::hyst_heat, hy_h.value());
    book(Line::side_heat, side.value());
    book(Line::rc_stored, rc_s.value());
    book(Line::hyst_stored, hy_s.value());
    add_to(st(o_abs_), base::abs2(ocv.value()));
    add_to(st(o_abs_) + 2, moved.value());
}

#define TWIN_INSTANTIATE(T)                                                \
    template void Plant<T>::mean_emfs(double, bool);                       \
    template typename Plant<T>::Mask Plant<T>::emfs_settled(double, bool); \
    template void Plant<T>::end_emfs();                                    \
    template void Plant<T>::commit_cells(double);
TWIN_INSTANTIATE(double)
TWIN_INSTANTIATE(base::Pack8)
#undef TWIN_INSTANTIATE

}  // namespace twin::power
