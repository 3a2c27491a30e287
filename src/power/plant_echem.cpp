// SPDX-License-Identifier: Apache-2.0
// Electrochemical cells in a step of the plant, a branch per pack beside the equivalent circuits of plant_cells.cpp.
// Companion of a step of h at current i: EMF = v(h, i) + r i, where v is the cell's own voltage at the end of the step
// (a trial: it changes nothing) and r the held resistance in the matrix, the cell's instantaneous slope. Taking the
// step hands dq / h to the cell. The states of the equivalent circuit mirror soc, temperature and r for those who read.
// Ledger: OCV work at the rest voltage of the mean soc; what the cell delivered less is its polarisation (rc_heat: heat
// and the energy of its concentration gradients).
#include "power/plant_echem.hpp"

#include <stdexcept>

#include "power/plant_scratch.hpp"

namespace twin::power {

namespace {
constexpr double k_emf_tol_V = 1e-7;   // DFN's own Newton ends there
constexpr double k_slope_rate = 1e-3;  // of one capacity per hour: step of the current for slopes
constexpr double k_moved_rate = 2e-2;  // the instantaneous slope is taken again after this change of current
constexpr double k_moved_soc = 2e-3;   // or of soc
constexpr double k_hold_r = 1e-2;      // and held until it has moved by this share
constexpr double k_least_Ohm = 1e-6;

double trial_V(cell::Echem& c, double h_s, double i_A) {
    const cell::Echem::Trial& t = c.trial(h_s, i_A, true);  // constant over the step: its charge is i h
    return t.ok ? t.v_V : __builtin_nan("");
}
double slope_step_A(const cell::Echem& c) { return k_slope_rate * c.params().nominal_Ah; }
double slope_Ohm(cell::Echem& c, double i_A) {
    const double d = slope_step_A(c);
    const double r = (c.voltage_V(i_A) - c.voltage_V(i_A + d)) / d;
    return r > k_least_Ohm ? r : k_least_Ohm;
}
}  // namespace

/// Makes the cells of every electrochemical pack and what mirrors them.
template <class T>
void Plant<T>::echem_start() {
    Scratch& w = *s_;
    w.echem_of.assign(w.n_cells, 0);
    for (std::size_t p = 0; p < setup_.packs.size(); ++p) {
        const PackSetup& ps = setup_.packs[p];
        if (!ps.echem) continue;
        if constexpr (!std::is_same_v<T, double>) {
            throw std::invalid_argument("pack '" + ps.id + "': electrochemical cells don't run in blocks of instances");
        } else {
            for (std::size_t k = 0; k < at(ps.n_cells); ++k) {
                const std::size_t c = w.cell0[p] + k;
                w.echem_of[c] = w.echem.size();
                cell::Echem& x = w.echem.emplace_back(ps.echem->params.at(k), ps.echem->kind);
                x.thermal = ps.echem->thermal;
                x.ambient_K = ps.cells_env_degC + cell::k_zero_degC_K;
                x.reset(ps.echem->soc.at(k), ps.echem->t_degC.at(k) + cell::k_zero_degC_K, ps.echem->h.at(k));
                cell::EcmState<double> m = cells_.state(c);
                m.u1_V = m.u2_V = 0.0;
                m.kept_soc = x.soc();
                m.r0_Ohm = slope_Ohm(x, 0.0);
                st(o_cell_r_)[c] = m.r0_Ohm;
                echem_mirror(c, m, 0.0);
                st(o_soc0_)[c] = m.soc;
            }
        }
    }
    w.echem_saved = w.echem;
}

template <class T>
void Plant<T>::echem_mirror(std::size_t c, cell::EcmState<T>& s, double dq_C) {
    if constexpr (std::is_same_v<T, double>) {
        const cell::Echem& x = s_->echem[s_->echem_of[c]];
        s.soc = x.soc();
        s.soc_lo = 0.0;
        s.t_core_degC = s.t_surf_degC = x.t_K() - cell::k_zero_degC_K;
        s.charge_out_C = s.charge_out_C + dq_C;
        cells_.set_state(c, s);
    }
}

/// EMF at no current and now, beside the held resistance.
template <class T>
void Plant<T>::echem_emf(std::size_t p, std::vector<T>& emf_V) {
    if constexpr (std::is_same_v<T, double>) {
        Scratch& w = *s_;
        for (std::size_t c = w.cell0[p]; c < w.cell0[p] + at(setup_.packs[p].n_cells); ++c) {
            const double i = st(o_rl_i_)[c];
            emf_V[c] = w.echem[w.echem_of[c]].voltage_V(i) + st(o_cell_r_)[c] * i;
        }
    }
}

template <class T>
void Plant<T>::echem_mean(std::size_t p, double h_s, bool slope) {
    if constexpr (std::is_same_v<T, double>) {
        Scratch& w = *s_;
        for (std::size_t c = w.cell0[p]; c < w.cell0[p] + at(setup_.packs[p].n_cells); ++c) {
            cell::Echem& x = w.echem[w.echem_of[c]];
            const double i = st(o_rl_i_)[c], r = st(o_cell_r_)[c];
            const double v = trial_V(x, h_s, i);
            double demf = -r;  // where no slope is wanted: how far the EMF may move at most
            if (slope) {
                const double d = slope_step_A(x);
                demf = (trial_V(x, h_s, i + d) - v) / d + r;
                demf = demf < 0.0 ? demf : 0.0;
            }
            w.emf_at_A[c] = i;
            w.emf_slope_Ohm[c] = demf;
            w.demf_Ohm[c] = slope ? demf : 0.0;
            w.emf_V[c] = (v + r * i) - w.demf_Ohm[c] * i;
        }
    }
}

/// Compares the EMFs that the stage used with those at the currents it found; corrects those that differ.
template <class T>
bool Plant<T>::echem_settled(std::size_t p, double h_s, bool slope) {
    bool ok = true;
    if constexpr (std::is_same_v<T, double>) {
        Scratch& w = *s_;
        for (std::size_t c = w.cell0[p]; c < w.cell0[p] + at(setup_.packs[p].n_cells); ++c) {
            const double i = w.rl_i[c];
            if (!slope && base::abs2(w.emf_slope_Ohm[c] * (i - w.emf_at_A[c])) <= 0.25 * k_emf_tol_V) continue;
            const double e = trial_V(w.echem[w.echem_of[c]], h_s, i) + st(o_cell_r_)[c] * i;
            const double line = w.emf_V[c] + w.demf_Ohm[c] * i;
            if (base::abs2(e - line) <= k_emf_tol_V || !base::is_finite(e)) continue;
            w.emf_V[c] = e - w.demf_Ohm[c] * i;
            w.emf_at_A[c] = i;
            ok = false;
        }
    }
    return ok;
}

template <class T>
void Plant<T>::echem_commit(std::size_t p, double h_s, T& ocv_J, T& loss_J, T& moved_C) {
    if constexpr (std::is_same_v<T, double>) {
        Scratch& w = *s_;
        const cell::EcmModel& rest = *setup_.packs[p].model;
        const std::size_t c0 = w.cell0[p];
        for (std::size_t c = c0; c < c0 + at(setup_.packs[p].n_cells); ++c) {
            cell::Echem& x = w.echem[w.echem_of[c]];
            cell::EcmState<double> s = cells_.state(c);
            const double dq = w.rl_dq[c], i = dq / h_s, before = s.soc;
            x.ambient_K = in(o_env_)[k_env_stride * p] + cell::k_zero_degC_K;
            const double v = trial_V(x, h_s, i);
            x.commit();
            const double ocv = cell::ocv_point(rest, 0.5 * (before + x.soc())).ocv_V;
            ocv_J = ocv_J + ocv * dq;
            loss_J = loss_J + (ocv - (w.emf_V[c] + w.demf_Ohm[c] * i)) * dq;
            moved_C = moved_C + base::abs2(dq);
            s.u1_V = v;
            double& held = st(o_cell_r_)[c];
            // u2_V and kept_soc: current and soc at which the slope was taken
            if (base::abs2(i - s.u2_V) > k_moved_rate * x.params().nominal_Ah ||
                base::abs2(s.kept_soc - x.soc()) > k_moved_soc) {
                s.u2_V = i;
                s.kept_soc = x.soc();
                saved_cells_.whole = false;
                const double r = slope_Ohm(x, i);
                if (base::abs2(r - held) > k_hold_r * held) {
                    held = r;
                    ++matrix_version_;
                    saved_cells_.whole = false;
                }
            }
            s.r0_Ohm = held;
            echem_mirror(c, s, dq);
            w.emf_end_V[c] = v + held * i;
        }
    }
}

#define TWIN_INSTANTIATE(T)                                           \
    template void Plant<T>::echem_start();                            \
    template void Plant<T>::echem_emf(std::size_t, std::vector<T>&);  \
    template void Plant<T>::echem_mean(std::size_t, double, bool);    \
    template bool Plant<T>::echem_settled(std::size_t, double, bool); \
    template void Plant<T>::echem_commit(std::size_t, double, T&, T&, T&);
TWIN_INSTANTIATE(double)
TWIN_INSTANTIATE(base::Pack8)
#undef TWIN_INSTANTIATE

}  // namespace twin::power
