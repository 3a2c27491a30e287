// SPDX-License-Identifier: Apache-2.0
// The cells in a step of the plant: mean EMFs of a trial, their check, and taking the step. One instance's cells go
// block by block through the kernels of this machine, each to the bits it has alone; a block of eight instances goes
// cell by cell. Sums over cells are kept in eight parts by the place in the pack, so that both ways add in the same
// order.
#include "cell/ecm_block.hpp"
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
using base::Pack8;
using base::select;

/// A work array of the cells of one pack, as T.
template <class T>
T* array_of(std::vector<Pack8>& v) {
    if constexpr (std::is_same_v<T, double>) {
        return v.front().v;
    } else {
        return v.data();
    }
}
template <class T>
void copy_n(T* to, const T* from, std::size_t n) {
    std::memcpy(static_cast<void*>(to), from, n * sizeof(T));
}

}  // namespace

/// Mean EMFs of a pack's cells at these currents and their slopes, into block_out.
template <class T>
void Plant<T>::pack_means(std::size_t p, double h_s, const T* i_A) {
    Scratch& w = *s_;
    const cell::BlockStep& k = slot(h_s).cell[p];
    const std::size_t n = at(setup_.packs[p].n_cells), c0 = w.cell0[p];
    T *const emf = array_of<T>(w.block_out[0]), *const slope = array_of<T>(w.block_out[1]);
    if constexpr (std::is_same_v<T, double>) {
        double* const i = array_of<double>(w.block_in[0]);
        copy_n(i, i_A + c0, n);
        block_ops_->mean_emf(k, &cells_.block[cells_.block0[p]], cell::blocks_of(n), i, emf, slope);
    } else {
        for (std::size_t c = 0; c < n; ++c) {
            const auto m = cell::mean_emf<T>(*k.model, cells_.own_params[c0 + c], cells_.own[c0 + c], k.c, i_A[c0 + c]);
            emf[c] = m.emf_V;
            slope[c] = m.demf_di_Ohm;
        }
    }
}

template <class T>
void Plant<T>::mean_emfs(double h_s, bool slope) {
    Scratch& w = *s_;
    const T* const i_A = st(o_rl_i_);
    for (std::size_t p = 0; p < setup_.packs.size(); ++p) {
        if (setup_.packs[p].echem) {
            echem_mean(p, h_s, slope);
            continue;
        }
        pack_means(p, h_s, i_A);
        const T *const emf = array_of<T>(w.block_out[0]), *const demf_di = array_of<T>(w.block_out[1]);
        const std::size_t c0 = w.cell0[p];
        each_pair<T>(0, at(setup_.packs[p].n_cells), [&]<class V>(const V&, std::size_t n) {
            const std::size_t c = c0 + n;
            const V i0 = fetch<V>(i_A + c), slope_Ohm = fetch<V>(demf_di + n);
            const V demf = slope ? slope_Ohm : V(0.0);
            put(&w.emf_at_A[c], i0);
            put(&w.emf_slope_Ohm[c], slope_Ohm);
            put(&w.demf_Ohm[c], demf);
            put(&w.emf_V[c], fetch<V>(emf + n) - demf * i0);
        });
    }
}

/// Compares the EMFs that the stage used with the means at the currents it found; corrects those that differ.
template <class T>
typename Plant<T>::Mask Plant<T>::emfs_settled(double h_s, bool slope) {
    Scratch& w = *s_;
    Mask all_ok = T(1.0) > T(0.0);
    for (std::size_t p = 0; p < setup_.packs.size(); ++p) {
        if (setup_.packs[p].echem) {
            if (!echem_settled(p, h_s, slope)) all_ok = T(1.0) < T(0.0);
            continue;
        }
        const std::size_t c0 = w.cell0[p], end = at(setup_.packs[p].n_cells);
        // known within a factor 2: where the slope says that nothing moved, nothing is evaluated
        const auto near = [&]<class V>(const V&, std::size_t c) {
            const V estimate = abs2(fetch<V>(&w.emf_slope_Ohm[c]) * (fetch<V>(&w.rl_i[c]) - fetch<V>(&w.emf_at_A[c])));
            return estimate <= V(slope ? -1.0 : 0.25 * k_emf_tol_V);
        };
        bool still = true;
        each_pair<T>(0, end, [&]<class V>(const V& v, std::size_t n) { still = still && all(near(v, c0 + n)); });
        if (still) continue;
        pack_means(p, h_s, w.rl_i.data());
        const T* const emf = array_of<T>(w.block_out[0]);
        each_pair<T>(0, end, [&]<class V>(const V& v, std::size_t n) {
            const std::size_t c = c0 + n;
            const V i_A = fetch<V>(&w.rl_i[c]), mean = fetch<V>(emf + n);
            const V used = fetch<V>(&w.emf_V[c]), demf = fetch<V>(&w.demf_Ohm[c]);
            const V line = used + demf * i_A;
            const auto same = mask_or(abs2(mean - line) <= V(k_emf_tol_V), mask_not(is_finite(mean)));
            const auto good = mask_or(near(v, c), same);
            put(&w.emf_V[c], select(good, used, mean - demf * i_A));
            put(&w.emf_at_A[c], select(good, fetch<V>(&w.emf_at_A[c]), i_A));
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
    for (std::size_t c = 0; c < s_->n_cells; ++c) {
        if (!setup_.packs[pack_of_cell_[c]].echem)
            s_->emf_end_V[c] =
                cell::emf<T>(*setup_.packs[pack_of_cell_[c]].model, cells_.params(c), cells_.state(c), s_->rl_i[c]);
    }
    for (std::size_t p = 0; p < setup_.packs.size(); ++p) {
        if (setup_.packs[p].echem) echem_emf(p, s_->emf_end_V);
    }
}

template <class T>
void Plant<T>::commit_cells(const CoeffSlot& k) {
    Scratch& w = *s_;
    T ocv(0.0), rc_h(0.0), hy_h(0.0), side(0.0), rc_s(0.0), hy_s(0.0), moved(0.0);
    T* const q = st(o_cell_q_);
    const T* const held = st(o_cell_r_);
    for (std::size_t p = 0; p < setup_.packs.size(); ++p) {
        if (setup_.packs[p].echem) {
            echem_commit(p, k.h_s, ocv, rc_h, moved);
            continue;
        }
        const T env = in(o_env_)[k_env_stride * p];
        const std::size_t c0 = w.cell0[p], n = at(setup_.packs[p].n_cells);
        T *const dq_C = array_of<T>(w.block_in[0]), *const joule = array_of<T>(w.block_in[1]);
        each_pair<T>(0, n, [&]<class V>(const V&, std::size_t c) {
            put(dq_C + c, fetch<V>(&w.rl_dq[c0 + c]));
            put(joule + c, fetch<V>(held + c0 + c) * fetch<V>(&w.rl_i2[c0 + c]));
        });
        if constexpr (std::is_same_v<T, double>) {
            double* const emf = array_of<T>(w.block_out[0]);
            cell::BlockEnergy sum{};
            const bool followed = block_ops_->commit(k.cell[p], &cells_.block[cells_.block0[p]], cell::blocks_of(n),
                                                     dq_C, joule, env, &sum, emf);
            if (followed) {
                w.cells_followed = true;
                saved_cells_.whole = false;
            }
            copy_n(&w.emf_end_V[c0], emf, n);
            ocv = ocv + cell::total(sum.ocv_work_J);
            rc_h = rc_h + cell::total(sum.rc_heat_J);
            hy_h = hy_h + cell::total(sum.hyst_heat_J);
            side = side + cell::total(sum.side_heat_J);
            rc_s = rc_s + cell::total(sum.rc_stored_J);
            hy_s = hy_s + cell::total(sum.hyst_stored_J);
            moved = moved + cell::total(sum.moved_C);
        } else {
            Octets<T> parts[7];
            for (std::size_t c = 0; c < n; ++c) {
                const cell::EcmParams<T>& params = cells_.own_params[c0 + c];
                cell::EcmState<T>& s = cells_.own[c0 + c];
                const T dq = dq_C[c];
                const auto e = cell::commit<T>(*k.cell[p].model, params, s, k.cell[p].c, dq, joule[c], env);
                w.emf_end_V[c0 + c] = cell::emf<T>(*k.cell[p].model, params, s, dq * k.cell[p].c.per_h_perS);
                const T lines[7] = {e.ocv_work_J,  e.rc_heat_J,     e.hyst_heat_J, e.side_heat_J,
                                    e.rc_stored_J, e.hyst_stored_J, abs2(dq)};
                for (std::size_t l = 0; l < 7; ++l) parts[l].add(lines[l], c);
            }
            T* const to[7] = {&ocv, &rc_h, &hy_h, &side, &rc_s, &hy_s, &moved};
            for (std::size_t l = 0; l < 7; ++l) *to[l] = *to[l] + parts[l].value();
            w.cells_followed = true;
        }
    }
    each_pair<T>(0, w.n_cells,
                 [&]<class V>(const V&, std::size_t c) { add_to(q + c, q + w.n_cells + c, fetch<V>(&w.rl_dq[c])); });
    book(Line::ocv_work, ocv);
    book(Line::rc_heat, rc_h);
    book(Line::hyst_heat, hy_h);
    book(Line::side_heat, side);
    book(Line::rc_stored, rc_s);
    book(Line::hyst_stored, hy_s);
    add_to(st(o_abs_), st(o_abs_) + 1, base::abs2(ocv));
    add_to(st(o_abs_) + 2, st(o_abs_) + 3, moved);
}

#define TWIN_INSTANTIATE(T)                                                \
    template void Plant<T>::mean_emfs(double, bool);                       \
    template typename Plant<T>::Mask Plant<T>::emfs_settled(double, bool); \
    template void Plant<T>::end_emfs();                                    \
    template void Plant<T>::commit_cells(const CoeffSlot&);
TWIN_INSTANTIATE(double)
TWIN_INSTANTIATE(base::Pack8)
#undef TWIN_INSTANTIATE

}  // namespace twin::power
