// SPDX-License-Identifier: Apache-2.0
#include "cell/ecm_block_ops.hpp"

TWIN_BLOCK_OPS(k_ops_sse2, "sse2", base::Pair, k.pair, k.pair)
