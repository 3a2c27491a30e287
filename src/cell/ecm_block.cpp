// SPDX-License-Identifier: Apache-2.0
#include "cell/ecm_block.hpp"

namespace twin::cell {

namespace {

void put_segment(const EcmModel& m, CellBlock& b, std::size_t k, std::int32_t s) {
    const OcvSegment& g = m.segment[static_cast<std::size_t>(s)];
    b.segment.c.c0.v[k] = g.ocv_V.c0;
    b.segment.c.c1.v[k] = g.ocv_V.c1;
    b.segment.c.c2.v[k] = g.ocv_V.c2;
    b.segment.c.c3.v[k] = g.ocv_V.c3;
    b.segment.c.dudt0_VperK.v[k] = g.dudt0_VperK;
    b.segment.c.dudt1.v[k] = g.dudt1;
    b.segment.base.v[k] = m.soc_axis.base(s);
    b.segment.lo.v[k] = g.lo;
    b.segment.hi.v[k] = g.hi;
}

bool can_run(const BlockOps& ops) {
#if defined(__x86_64__)
    if (ops.width == 4) return __builtin_cpu_supports("avx2") != 0;
    if (ops.width == 8)
        return __builtin_cpu_supports("avx512f") != 0 && __builtin_cpu_supports("avx512dq") != 0 &&
               __builtin_cpu_supports("avx512vl") != 0;
#endif
    return ops.width == 2;
}

}  // namespace

CellBlock::CellBlock(const EcmModel& m) {
    EcmParams<double> none = make_params(m);
    none.capacity_C = none.per_capacity_perC = 0.0;
    const EcmState<double> rest = make_state<double>(m, none, 0.5, 25.0);
    for (std::size_t k = 0; k < k_block; ++k) {
        set_lane_of(params, k, none);
        set_lane_of(state, k, rest);
    }
    detail::find_segments(m, *this, 0, 0xFFU);
}

std::vector<const BlockOps*> block_ops_all() {
    std::vector<const BlockOps*> all = {&detail::k_ops_sse2};
#if defined(__x86_64__)
    for (const BlockOps* const ops : {&detail::k_ops_avx2, &detail::k_ops_avx512})
        if (can_run(*ops)) all.push_back(ops);
#endif
    return all;
}

const BlockOps& block_ops() {
    static const BlockOps& best = *block_ops_all().back();
    return best;
}

namespace detail {

void find_segments(const EcmModel& m, CellBlock& b, std::size_t first, unsigned bits) {
    for (std::size_t k = first; bits != 0; ++k, bits >>= 1)
        if ((bits & 1U) != 0) put_segment(m, b, k, m.soc_axis.locate(b.state.soc.v[k]));
}

void find_means(const EcmModel& m, CellBlock& b, std::size_t first, unsigned bits, const double* width, double* ocv_V,
                double* dudt_VperK, double* slope_V) {
    for (std::size_t k = 0; bits >> k != 0; ++k) {
        if ((bits >> k & 1U) == 0) continue;
        const double soc = b.state.soc.v[first + k];
        put_segment(m, b, first + k, m.soc_axis.locate(soc));
        const OcvMean<double> o = ocv_mean(m, soc, width[k]);
        ocv_V[k] = o.ocv_V;
        dudt_VperK[k] = o.dudt_VperK;
        slope_V[k] = o.slope_V;
    }
}

void find_dudt_means(const EcmModel& m, const CellBlock& b, std::size_t first, unsigned bits, const double* width,
                     double* dudt_VperK) {
    for (std::size_t k = 0; bits >> k != 0; ++k)
        if ((bits >> k & 1U) != 0) dudt_VperK[k] = dudt_mean_across(m, b.state.soc.v[first + k], width[k]);
}

void follow_lanes(const EcmModel& m, CellBlock& b, std::size_t first, unsigned bits) {
    EcmState<Pack8>& s = b.state;
    for (std::size_t k = first; bits != 0; ++k, bits >>= 1) {
        if ((bits & 1U) == 0) continue;
        const Kept now =
            look_up(m, b.params.capacity_C.v[k], b.params.r_scale.v[k], s.soc.v[k], s.t_core_degC.v[k], s.dir.v[k]);
        s.r0_Ohm.v[k] = now.r_Ohm[0];
        s.r1_Ohm.v[k] = now.r_Ohm[1];
        s.r2_Ohm.v[k] = now.r_Ohm[2];
        s.per_r1_S.v[k] = now.per_r_S[0];
        s.per_r2_S.v[k] = now.per_r_S[1];
        s.m_V.v[k] = now.m_V;
        s.kept_soc.v[k] = s.soc.v[k];
        s.kept_t_degC.v[k] = s.t_core_degC.v[k];
        if (!m.extras.used) continue;  // the others are as they always were
        s.r3_Ohm.v[k] = now.r_Ohm[3];
        s.per_r3_S.v[k] = now.per_r_S[2];
        s.m0_V.v[k] = now.m0_V;
        s.self_A.v[k] = now.self_A;
        s.kept_dir.v[k] = s.dir.v[k];
    }
}

}  // namespace detail

}  // namespace twin::cell
