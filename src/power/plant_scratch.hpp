// SPDX-License-Identifier: Apache-2.0
// Work arrays of one plant: contents live no longer than a trial step, apart from what is published. Private to the
// plant's sources. Nodes are addressed by their position in the elimination order, with the ground after the last.
#pragma once
#include <array>
#include <cstring>
#include <type_traits>
#include <vector>

#include "base/pair.hpp"
#include "cell/echem.hpp"
#include "cell/ecm_block.hpp"
#include "power/plant.hpp"
#include "power/plant_echem.hpp"

namespace twin::power {

/// A conductance-by-state branch: pin clamp or body diodes of a single balancer FET.
struct ClampRef {
    std::size_t res = 0;
    std::size_t pack = 0;
    bool fet = false;
};
/// A branch whose ends follow different taps, so that a no-load potential difference stands across it.
struct RefDiff {
    std::size_t k = 0;         // within its kind
    std::size_t a = 0, b = 0;  // reference slots
};
/// Neighbouring branches first .. end - 1.
struct Run {
    std::size_t first = 0, end = 0;
};
/// Neighbouring branches that lie between the ends of neighbouring capacitors, from `rc` on.
struct Beside {
    std::size_t first = 0, end = 0, rc = 0;
};
/// Ends of branches: positions.
struct Ends {
    std::vector<std::int32_t> a, b;
    std::size_t size() const { return a.size(); }
};

/// Memoised pure functions of a step length.
template <class T>
struct Plant<T>::CoeffSlot {
    double h_s = -1.0;
    std::vector<cell::BlockStep> cell;               // per pack
    std::vector<FosterStep<T, 3>> foster;            // per pack
    std::vector<double> board, ntc, fet_ntc, sense;  // per pack, 1 - e^(-h/tau)
    double converter = 0.0;                          // the same of the balancing converters
    std::vector<T> clamp;                            // per clamp
};

template <class T>
struct Plant<T>::Scratch {
    // structure
    Ends rl, rc, res, port, src;
    std::vector<std::int32_t> port_ia, port_ib;  // trailing numbers, -1: ground
    std::vector<std::size_t> slot_of;            // node -> reference slot; 0 is 0 V
    std::vector<RefDiff> rl_ref, res_ref, leak_ref, port_ref, src_ref, clamp_ref;
    std::vector<std::size_t> rc_ra, rc_rb;           // reference slots of the capacitors' ends
    std::vector<ClampRef> clamps;                    // those beside a capacitor first
    std::vector<Beside> pin_clamps, pin_leaks;       // (runs of clamps, of conductances) between a capacitor's ends
    std::size_t n_pin_clamps = 0;                    // clamps from here on stand alone
    Ends clamp;                                      // of the clamps
    std::vector<T> clamp_lo, clamp_hi, clamp_leak;   // idle between these voltages, with this conductance
    std::vector<Run> input_res;                      // by ledger line
    std::vector<std::size_t> element_res, res_rhs;   // by ledger line; with a source beside them
    std::vector<std::int32_t> pin_x, lead_x;         // positions of the pins and lead ends of all packs
    std::vector<std::size_t> pin_e, lead_e;          // their reference slots
    std::vector<std::size_t> stiff_rc;               // outside capacitors while settle() holds them
    std::vector<std::size_t> leaks;                  // cell leaks that are not zero
    std::vector<std::size_t> sources;                // sources that are not zero
    std::vector<RefDiff> source_ref;                 // of these, those with a no-load difference
    std::vector<std::uint8_t> is_slot_source;        // per source: of a balancer
    std::vector<std::size_t> lossy_rc, board_rc;     // with a series resistance; of the board
    std::vector<std::size_t> draw_port, clamp_port;  // per pack
    std::vector<std::size_t> fet_port;               // per group
    std::vector<std::uint8_t> is_board_draw;         // per port
    std::vector<std::size_t> cell0, pin0;            // per pack
    std::vector<double> rc_scale_V;                  // per rc branch: scale of its error
    std::size_t n_cells = 0;
    std::int32_t first_fed = 0;  // lowest position that a source beside a linear branch feeds
    // no-load potentials: by slot, and their differences across branches
    std::vector<T> e_slot, rl_de, rc_de, res_de, port_de, src_de, clamp_de;
    // cells
    std::vector<T> emf_V, demf_Ohm;                      // EMF at no current and its slope, as the network sees them
    std::vector<T> emf_at_A, emf_slope_Ohm;              // where the mean was evaluated, and its slope there
    std::vector<T> emf_end_V;                            // at the end of the committed step
    std::vector<cell::Echem> echem, echem_saved;         // cells of electrochemical packs; before the last commit()
    std::vector<std::size_t> echem_of;                   // per cell: its place there
    std::vector<base::Pack8> block_in[2], block_out[2];  // (blocks of the largest pack) of the cells' kernels
    bool cells_followed = true;                          // a cell looked its resistances up since they were held
    // linear branches
    std::vector<T> rl_g, rl_w, rl_s, rl_hist, rl_i, rl_k1, rl_k2, rl_dq, rl_i2;
    std::vector<T> rc_g, rc_per_c, rc_s, rc_hist, rc_i, rc_v, rc_k1, rc_k2, rc_i2;
    // Between the ends of each capacitor: the voltage u there, what leak and clamp of an AFE's pin carry beside it,
    // side_g u + side_s, and the sources of all these together.
    std::vector<T> rc_u, side_g, side_s, rc_in;
    std::vector<T> res_g;
    // ports, clamps, sources and balancers; the trial's own linearisations
    std::vector<T> port_i, port_e, port_v, port_at, port_g, port_s;
    std::vector<T> clamp_g, clamp_s;
    std::vector<T> fet_qg_hist, fet_qd_hist, fet_gk1, fet_dk1;
    std::vector<MosfetEval<T>> fet;
    struct FetEnergy {
        T channel, diode, avalanche, gate_r, driver, i_av_peak;
    };
    std::vector<FetEnergy> fet_e;
    std::vector<T> src_i, src_e;
    std::vector<T> pm_mean, pre_e;  // per pack
    T input_e = T(0.0), element_e = T(0.0);
    T defect_J = T(0.0);
    double trial_rate_J = 0.0, rate_J = 0.0;  // sum of (L or C) K^2 of lane 0: of a one-stage trial, of the last step
    std::uint64_t rate_edits = 0;             // inputs for which that holds, 0: unknown
    std::vector<T> line_e;                    // (k_lines) what the step adds to the ledger
    struct Flag {
        Mask m;
    };
    Flag positive{};  // pivots of the trailing block
    bool dense_valid = false;
    bool sources_changed = false;  // the lists of sources are older than the inputs
    bool clamps_moved = false;     // the trial's clamps are not the committed ones
    bool margins_valid = false;
    std::vector<CoeffSlot> coeff;  // direct mapped by the step length
    /// Factors of other step lengths: a control core's cycle alternates between a few. Pure functions of step and
    /// matrix.
    struct Factors {
        double dh_s = -1.0;
        std::uint64_t version = 0;
        std::vector<T> values, l, inv_diag, rl_g, rl_w, rc_g, res_g, side_g;
    };
    std::array<Factors, 40> kept;
    std::size_t kept_next = 0;
    void exchange(Factors& f, net::Workspace<T>& ws) {
        ws.values.swap(f.values);
        ws.l.swap(f.l);
        ws.inv_diag.swap(f.inv_diag);
        rl_g.swap(f.rl_g);
        rl_w.swap(f.rl_w);
        rc_g.swap(f.rc_g);
        res_g.swap(f.res_g);
        side_g.swap(f.side_g);
    }
    // published: two sets, so that a step is undone by turning back
    struct Published {
        std::vector<T> x, e, rl_i, port_i, port_v, pin_V, tap_V, cell_V, misc, vgs;
        template <class F>
        void each(const F& f) {
            for (std::vector<T>* v : {&x, &e, &rl_i, &port_i, &port_v, &pin_V, &tap_V, &cell_V, &misc, &vgs}) f(*v);
        }
    };
    std::array<Published, 2> pub;
    std::size_t pub_now = 0;
    bool from_state = true;  // the stage starts from the committed state: no history of its own
    Published& shown() { return pub[pub_now]; }
};

/// Positions inside `misc`.
enum PackMisc : std::size_t {
    m_shunt,
    m_i_pack,
    m_p_minus,
    m_supply,
    m_pack_v,
    m_stack_v,
    m_vds_dsg,
    m_vds_chg,
    m_count
};
/// Positions inside the load, charger and environment inputs.
inline constexpr std::size_t k_load_stride = 3;     // on, i_A, drop-out V
inline constexpr std::size_t k_charger_stride = 4;  // on, i_A, v_V, r_Ohm
inline constexpr std::size_t k_cycler_stride = 7;   // on, v_V, r_Ohm, charge A, discharge A, W, least V
inline constexpr std::size_t k_draw_stride = 2;     // W, least V
inline constexpr std::size_t k_env_stride = 2;      // cells, board degC
inline constexpr std::size_t k_coeff_slots = 64;
inline constexpr double k_open_Ohm = 1e9;
inline constexpr double k_open_S = 1e-12;
inline constexpr double k_pin_leak_S = 1e-7;  // differential input resistance of a channel, 10 MOhm (assumed)

inline constexpr double k_err_voltage_V = 2e-3;  // error scale of capacitor voltages
inline constexpr double k_err_pin_V =
    30e-3;                                // of the AFE's filter capacitors: nanojoules, read after they have settled
inline constexpr double k_stiff_S = 1e4;  // how firmly settle() holds the voltage of an outside capacitor

inline base::Status failure(base::StatusCode c, std::int32_t place) {
    base::Status s;
    s.code = c;
    s.place = place;
    return s;
}
/// One element of an array, or two neighbours.
template <class V, class T>
inline V fetch(const T* p) {
    if constexpr (std::is_same_v<V, T>) {
        return *p;
    } else {
        return base::load_pair(p);
    }
}
template <class T>
inline void put(T* p, const T& x) {
    *p = x;
}
inline void put(double* p, const base::Pair& x) { base::store_pair(p, x); }

/// f(V, k) for k from first to end: with V = Pair for two at once where T is a scalar, with V = T for the rest.
template <class T, class F>
[[gnu::always_inline]] inline void each_pair(std::size_t first, std::size_t end, const F& f) {
    std::size_t k = first;
    if constexpr (std::is_same_v<T, double>) {
        for (; k + 2 <= end; k += 2) f(base::Pair(0.0), k);
    }
    for (; k < end; ++k) f(T(0.0), k);
}

/// A sum over neighbours: even and odd places apart, so that one by one and two by two add in the same order.
template <class T>
struct Parity {
    T sum[2] = {T(0.0), T(0.0)};
    void add(const T& x, std::size_t place) { sum[place & 1] = sum[place & 1] + x; }
    T value() const { return sum[0] + sum[1]; }
};
template <>
struct Parity<double> {
    base::Pair sum = base::Pair(0.0);
    void add(double x, std::size_t place) {
        sum = place % 2 == 0 ? base::Pair(sum[0] + x, sum[1]) : base::Pair(sum[0], sum[1] + x);
    }
    void add(const base::Pair& x, std::size_t) { sum = sum + x; }
    double value() const { return sum[0] + sum[1]; }
};

/// A sum over cells in eight parts, by place: block by block or one by one add in the same order.
template <class T>
struct Octets {
    T sum[8] = {T(0.0), T(0.0), T(0.0), T(0.0), T(0.0), T(0.0), T(0.0), T(0.0)};
    void add(const T& x, std::size_t place) { sum[place % 8] = sum[place % 8] + x; }
    T value() const { return ((sum[0] + sum[1]) + (sum[2] + sum[3])) + ((sum[4] + sum[5]) + (sum[6] + sum[7])); }
};

/// x[a] - x[b] of one branch, or of two neighbours.
template <class V, class T, class I>
[[gnu::always_inline]] inline V across(const T* x, const I* a, const I* b) {
    if constexpr (std::is_same_v<V, T>) {
        return x[*a] - x[*b];
    } else {
        return V(x[a[0]], x[a[1]]) - V(x[b[0]], x[b[1]]);
    }
}

// Nothing to copy is no call: an empty vector's data may be null, which memcpy may not be given.
template <class T>
inline void copy_from(std::vector<T>& to, const T* from) {
    if (!to.empty()) std::memcpy(static_cast<void*>(to.data()), from, to.size() * sizeof(T));
}
template <class T>
inline void copy_to(T* to, const std::vector<T>& from) {
    if (!from.empty()) std::memcpy(static_cast<void*>(to), from.data(), from.size() * sizeof(T));
}

/// Adds to a compensated sum, or to two neighbours.
template <class T, class V>
inline void add_to(T* hi, T* lo, const V& x) {
    base::Sum<V> s{fetch<V>(hi), fetch<V>(lo)};
    s.add(x);
    put(hi, s.hi);
    put(lo, s.lo);
}
inline std::size_t at(std::int32_t k) { return static_cast<std::size_t>(k); }

}  // namespace twin::power
