// SPDX-License-Identifier: Apache-2.0
// Work arrays of one plant: contents live no longer than a trial step. Private to the plant's sources.
#pragma once
#include <vector>

#include "power/plant.hpp"

namespace twin::power {

/// A conductance-by-state branch: pin clamp or body diodes of a single balancer FET.
struct ClampRef {
    std::size_t res = 0;
    std::size_t pack = 0;
    bool fet = false;
};

template <class T>
struct Plant<T>::Scratch {
    // structure, flattened (ground = n_nodes)
    std::vector<std::size_t> rl_a, rl_b, rc_a, rc_b, res_a, res_b, port_a, port_b, src_a, src_b;
    std::vector<std::int32_t> ref_tap;      // node -> tap node whose no-load potential it follows, -1: 0 V
    std::vector<std::size_t> clamp_of_res;
    std::vector<ClampRef> clamps;
    std::vector<std::uint8_t> is_pin_cap;   // per rc branch
    std::size_t n_cells = 0;
    // potentials by node, the extra last element is ground
    std::vector<T> e_V, x_V, corr_V;
    // cells
    std::vector<T> emf_V, demf_Ohm;
    // linear branches
    std::vector<T> rl_g, rl_w, rl_s, rl_hist, rl_i, rl_k1, rl_k2, rl_dq, rl_i2;
    std::vector<T> rc_g, rc_s, rc_hist, rc_i, rc_v, rc_k1, rc_k2, rc_i2;
    std::vector<T> res_g, res_s, res_i, res_e;
    // ports and sources
    std::vector<T> port_i, port_e, port_at;  // port_at: voltage of the present linearisation
    struct Flag {
        Mask m;
    };
    std::vector<Flag> port_ok;
    std::vector<T> fet_qg_hist, fet_qd_hist, fet_qg_n, fet_qd_n;
    std::vector<MosfetEval<T>> fet, fet1;
    struct FetEnergy {
        T channel, diode, avalanche, gate_r, driver, i_av_peak, v_ds_peak;
    };
    std::vector<FetEnergy> fet_e;
    std::vector<T> src_i, src_e;
    std::vector<T> pm_mean, bal_from_V, bal_to_V;
    // published
    std::vector<T> pin_V, tap_V, cell_V, pack_misc;  // pack_misc: 8 per pack
    std::vector<std::size_t> pin0, cell0;
    double h_s = 0.0;
};

/// Positions inside pack_misc.
enum PackMisc : std::size_t { m_shunt, m_i_pack, m_p_minus, m_supply, m_pack_v, m_stack_v, m_vds_dsg, m_vds_chg, m_count };
/// Positions inside the load, charger and environment inputs.
inline constexpr std::size_t k_load_stride = 3;     // on, i_A, drop-out V
inline constexpr std::size_t k_charger_stride = 4;  // on, i_A, v_V, r_Ohm
inline constexpr std::size_t k_draw_stride = 2;     // W, least V
inline constexpr std::size_t k_env_stride = 2;      // cells, board degC
inline constexpr double k_open_Ohm = 1e9;
inline constexpr double k_open_S = 1e-12;
inline constexpr double k_pin_leak_S = 1e-7;  // differential input resistance of a channel, 10 MOhm (assumed)

}  // namespace twin::power
