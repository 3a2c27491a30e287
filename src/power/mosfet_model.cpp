// SPDX-License-Identifier: Apache-2.0
#include "power/mosfet_model.hpp"

#include <fmt/format.h>

#include <stdexcept>

namespace twin::power {
namespace {

/// dC of C(u) = floor + dC/2 (1 - v/sqrt(v^2 + w^2)) that gives c at v.
double delta_for(double c_F, double floor_F, double width_V, double v_V) {
    return 2.0 * (c_F - floor_F) / (1.0 - v_V / base::sqrt2(v_V * v_V + width_V * width_V));
}

}  // namespace

std::vector<std::string> check(const MosfetModelFile& f) {
    std::vector<std::string> wrong;
    const auto need = [&](bool ok, std::string text) {
        if (!ok) wrong.push_back(std::move(text));
    };
    const MosfetChargeFile& c = f.charge;
    need(c.c_iss_pF.value > c.c_rss_pF.value,
         fmt::format("charge/c_iss_pF {} must exceed c_rss_pF {}", c.c_iss_pF.value, c.c_rss_pF.value));
    need(c.c_rss_pF.value >= c.cgd_floor_pF.value,
         fmt::format("charge/cgd_floor_pF {} must not exceed c_rss_pF {}", c.cgd_floor_pF.value, c.c_rss_pF.value));
    need(c.c_oss_pF.value - c.c_rss_pF.value >= c.cds_floor_pF.value,
         fmt::format("charge/cds_floor_pF {} must not exceed c_oss_pF - c_rss_pF = {}", c.cds_floor_pF.value,
                     c.c_oss_pF.value - c.c_rss_pF.value));
    need(c.v_meas_V.value < f.breakdown.v_br_V.value,
         fmt::format("charge/v_meas_V {} must be below breakdown/v_br_V {}", c.v_meas_V.value,
                     f.breakdown.v_br_V.value));
    need(f.limits.soa_1ms_J.value >= f.limits.soa_10us_J.value,
         fmt::format("limits/soa_1ms_J {} must be at least soa_10us_J {}: more time takes more energy",
                     f.limits.soa_1ms_J.value, f.limits.soa_10us_J.value));
    need(f.limits.tj_max_degC.value > 25.0,
         fmt::format("limits/tj_max_degC {} must be above 25", f.limits.tj_max_degC.value));
    need(f.limits.i_as_max_A.value >= f.limits.i_as_ref_A.value,
         fmt::format("limits/i_as_max_A {} must be at least i_as_ref_A {}", f.limits.i_as_max_A.value,
                     f.limits.i_as_ref_A.value));
    need(f.foster.size() == 3, fmt::format("foster has {} links, must have 3", f.foster.size()));
    return wrong;
}

MosfetModel build(const MosfetModelFile& f) {
    if (const std::vector<std::string> wrong = check(f); !wrong.empty())
        throw std::invalid_argument(fmt::format("MOSFET {}: {}", f.id, fmt::join(wrong, "; ")));
    MosfetModel m;
    m.id = f.id;
    MosfetParams<double>& p = m.fet;
    p.count = p.channel_count = 1.0;
    p.k_A_per_V2 = f.channel.k_A_per_V2.value;
    p.r0_Ohm = f.channel.r0_mohm.value / 1e3;
    p.alpha_per_K = f.channel.alpha_pct_per_K.value / 1e2;
    p.vth_V = f.channel.vth_V.value;
    p.vth_tc_V_per_K = f.channel.vth_mV_per_K.value / 1e3;
    p.leak_S = f.channel.leak_nS.value / 1e9;
    p.v_br_V = f.breakdown.v_br_V.value;
    p.v_br_tc_per_K = f.breakdown.pct_per_K.value / 1e2;
    p.r_av_Ohm = f.breakdown.r_av_mohm.value / 1e3;
    const MosfetChargeFile& c = f.charge;
    p.cgs_F = (c.c_iss_pF.value - c.c_rss_pF.value) / 1e12;
    p.cgd_min_F = c.cgd_floor_pF.value / 1e12;
    p.cgd_w_V = c.cgd_width_V.value;
    p.cgd_delta_F = delta_for(c.c_rss_pF.value / 1e12, p.cgd_min_F, p.cgd_w_V, c.v_meas_V.value);
    p.cds_min_F = c.cds_floor_pF.value / 1e12;
    p.cds_w_V = c.cds_width_V.value;
    p.cds_delta_F = delta_for((c.c_oss_pF.value - c.c_rss_pF.value) / 1e12, p.cds_min_F, p.cds_w_V, c.v_meas_V.value);
    p.diode.v_ref_V = f.diode.v_ref_V.value;
    p.diode.i_ref_A = f.diode.i_ref_A.value;
    p.diode.tc_V_per_K = f.diode.mV_per_K.value / 1e3;
    p.diode.n = f.diode.n.value;
    p.diode.rs_Ohm = f.diode.r_mohm.value / 1e3;
    FetLimits<double>& l = m.limits;
    l.e_as_J = f.limits.e_as_mJ.value / 1e3;
    l.i_ref_A = f.limits.i_as_ref_A.value;
    l.i_as_max_A = f.limits.i_as_max_A.value;
    l.tj_max_degC = f.limits.tj_max_degC.value;
    l.bv_spread_V = f.breakdown.spread_V.value;
    l.v_br_V = p.v_br_V;
    l.v_br_tc_per_K = p.v_br_tc_per_K;
    l.e_1ms_J = f.limits.soa_1ms_J.value;
    l.soa_exponent = base::det_log(f.limits.soa_1ms_J.value / f.limits.soa_10us_J.value) / base::det_log(100.0);
    l.share_linear = f.limits.soa_share.value;
    for (std::size_t k = 0; k < 3; ++k) {
        m.foster.r_K_per_W[k] = f.foster[k].r_K_per_W.value;
        m.foster.tau_s[k] = f.foster[k].tau_us.value / 1e6;
    }
    m.v_gs_max_V = f.limits.v_gs_max_V.value;
    m.tj_valid_min_degC = f.valid.tj_min_degC;
    m.tj_valid_max_degC = f.valid.tj_max_degC;
    m.k_tol = f.channel.k_A_per_V2.tol_pct / 1e2;
    m.r0_tol = f.channel.r0_mohm.tol_pct / 1e2;
    m.vth_tol = f.channel.vth_V.tol_pct / 1e2;
    return m;
}

MosfetParams<double> mosfet_group(const MosfetModel& m, int n, double r_gate_Ohm) {
    if (n < 1) throw std::invalid_argument(fmt::format("MOSFET group of {}: needs at least 1 FET", n));
    if (!(r_gate_Ohm > 0.0))
        throw std::invalid_argument(fmt::format("gate resistance {} Ohm: must be above 0", r_gate_Ohm));
    MosfetParams<double> p = m.fet;
    p.count = p.channel_count = n;
    p.r_gate_Ohm = r_gate_Ohm;
    return p;
}

}  // namespace twin::power
