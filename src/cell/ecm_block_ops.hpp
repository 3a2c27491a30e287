// SPDX-License-Identifier: Apache-2.0
// The entry points of the block kernels for one machine. Included only by the source files that are compiled for one.
#pragma once
#include "cell/ecm_block_kernel.hpp"
#include "cell/ecm_run_kernel.hpp"

/// The table of one machine: OPS its name here, NAME as told, V its lanes, MODEL and COEFFS of a step k as V takes
/// them.
#define TWIN_BLOCK_OPS(OPS, NAME, V, MODEL, COEFFS)                                                                    \
    namespace twin::cell::detail {                                                                                     \
    static void OPS##_mean_emf(const BlockStep& k, CellBlock* blocks, std::size_t n, const double* i_A, double* emf_V, \
                               double* slope_Ohm) {                                                                    \
        if (k.model->extras.used)                                                                                      \
            block_mean_emf<true, V>(*k.model, MODEL, COEFFS, blocks, n, i_A, emf_V, slope_Ohm);                        \
        else                                                                                                           \
            block_mean_emf<false, V>(*k.model, MODEL, COEFFS, blocks, n, i_A, emf_V, slope_Ohm);                       \
    }                                                                                                                  \
    static bool OPS##_commit(const BlockStep& k, CellBlock* blocks, std::size_t n, const double* dq_C,                 \
                             const double* joule_J, double t_env_degC, BlockEnergy* sum, double* emf_V) {              \
        if (k.model->extras.used)                                                                                      \
            return block_commit<true, V>(*k.model, MODEL, COEFFS, blocks, n, dq_C, joule_J, t_env_degC, *sum, emf_V);  \
        return block_commit<false, V>(*k.model, MODEL, COEFFS, blocks, n, dq_C, joule_J, t_env_degC, *sum, emf_V);     \
    }                                                                                                                  \
    static void OPS##_run(const BlockStep& k, BlockRun* r, std::size_t n) {                                            \
        if (k.model->extras.used)                                                                                      \
            block_run<true, V>(*k.model, MODEL, COEFFS, r, n);                                                         \
        else                                                                                                           \
            block_run<false, V>(*k.model, MODEL, COEFFS, r, n);                                                        \
    }                                                                                                                  \
    const BlockOps OPS = {NAME, BlockLanes<V>::n, OPS##_mean_emf, OPS##_commit, OPS##_run};                            \
    }  // namespace twin::cell::detail
