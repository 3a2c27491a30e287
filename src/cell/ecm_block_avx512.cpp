// SPDX-License-Identifier: Apache-2.0
// Compiled for AVX512 as a whole: nothing in it may run on a machine without, nor may the linker take any function from
// it for others. So it holds nothing but inlined templates over its own lane type and three entry points (a test
// looks).
#if defined(__x86_64__)
#define TWIN_SIMD_AVX512
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx512f,avx512dq,avx512vl"))), apply_to = function)
#else
#pragma GCC target("avx512f,avx512dq,avx512vl")
#endif
#include "cell/ecm_block_ops.hpp"

TWIN_BLOCK_OPS(k_ops_avx512, "avx512", base::Wide<8>, *k.model, k.c)

#if defined(__clang__)
#pragma clang attribute pop
#endif
#endif
