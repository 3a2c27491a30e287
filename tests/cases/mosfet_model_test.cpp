// SPDX-License-Identifier: Apache-2.0
// The shipped MOSFET file: reads without a finding, gives the sheet's figures through the branch's own functions, and
// is what the defaults of the headers say. Bad files are refused with the place.
#include <doctest/doctest.h>

#include <cmath>
#include <fstream>
#include <iterator>
#include <string>

#include "io/model.hpp"
#include "power/mosfet_model.hpp"

using namespace twin;

namespace {

const std::string k_path = BMSTWIN_SOURCE_DIR "/models/mosfets/iaut150n10s5n035.json";

std::string text() {
    std::ifstream in(k_path);
    return {std::istreambuf_iterator<char>(in), {}};
}
std::string replaced(const std::string& from, const std::string& to) {
    std::string s = text();
    const auto at = s.find(from);
    REQUIRE(at != std::string::npos);
    return s.replace(at, from.size(), to);
}

}  // namespace

TEST_CASE("iaut150n10s5n035: the file gives the sheet's figures") {
    const io::Result<power::MosfetModelFile> r = io::read_model<power::MosfetModelFile>(k_path);
    for (const auto& e : r.errors) MESSAGE(e.pointer, ": ", e.message);
    REQUIRE(r.ok());
    CHECK(power::check(r.value).empty());
    const power::MosfetModel m = power::build(r.value);
    const power::MosfetCoeff<double> c = power::mosfet_at(m.fet, 25.0);
    CHECK(power::mosfet_rds_on_Ohm(c, 10.0) == doctest::Approx(3.0e-3).epsilon(1e-3));
    CHECK(power::mosfet_rds_on_Ohm(c, 6.0) == doctest::Approx(3.7e-3).epsilon(1e-3));
    const double h = 1e-3;
    const auto d1 = power::mosfet_charge(c, 0.0, 50.0 + h), d0 = power::mosfet_charge(c, 0.0, 50.0 - h);
    const auto g1 = power::mosfet_charge(c, h, 50.0), g0 = power::mosfet_charge(c, -h, 50.0);
    CHECK((d1.qd_C - d0.qd_C) / (2 * h) == doctest::Approx(780e-12).epsilon(1e-3));
    CHECK(-(d1.qg_C - d0.qg_C) / (2 * h) == doctest::Approx(34e-12).epsilon(1e-3));
    CHECK((g1.qg_C - g0.qg_C) / (2 * h) == doctest::Approx(4700e-12).epsilon(1e-3));
    CHECK(power::avalanche_limit_J(m.limits, 1.0, 75.0, 25.0) / power::avalanche_share(m.limits, 25.0) ==
          doctest::Approx(0.21));
    CHECK(power::foster_static_K_W(m.foster) == doctest::Approx(0.9));
    CHECK(m.limits.soa_exponent == doctest::Approx(0.2614).epsilon(1e-3));
}

TEST_CASE("the defaults of the headers are this part") {
    const power::MosfetModel m = power::build(io::read_model<power::MosfetModelFile>(k_path).value);
    const power::MosfetParams<double> a = power::mosfet_group(m, 5, 51.0), b;
    const power::FetLimits<double> l;
    const struct {
        double have, want;
    } pairs[] = {{a.count, b.count},
                 {a.channel_count, b.channel_count},
                 {a.k_A_per_V2, b.k_A_per_V2},
                 {a.r0_Ohm, b.r0_Ohm},
                 {a.alpha_per_K, b.alpha_per_K},
                 {a.vth_V, b.vth_V},
                 {a.vth_tc_V_per_K, b.vth_tc_V_per_K},
                 {a.leak_S, b.leak_S},
                 {a.v_br_V, b.v_br_V},
                 {a.v_br_tc_per_K, b.v_br_tc_per_K},
                 {a.r_av_Ohm, b.r_av_Ohm},
                 {a.cgs_F, b.cgs_F},
                 {a.cgd_min_F, b.cgd_min_F},
                 {a.cgd_delta_F, b.cgd_delta_F},
                 {a.cgd_w_V, b.cgd_w_V},
                 {a.cds_min_F, b.cds_min_F},
                 {a.cds_delta_F, b.cds_delta_F},
                 {a.cds_w_V, b.cds_w_V},
                 {a.r_gate_Ohm, b.r_gate_Ohm},
                 {a.diode.v_ref_V, b.diode.v_ref_V},
                 {a.diode.i_ref_A, b.diode.i_ref_A},
                 {a.diode.tc_V_per_K, b.diode.tc_V_per_K},
                 {a.diode.n, b.diode.n},
                 {a.diode.rs_Ohm, b.diode.rs_Ohm},
                 {m.limits.e_as_J, l.e_as_J},
                 {m.limits.i_ref_A, l.i_ref_A},
                 {m.limits.i_as_max_A, l.i_as_max_A},
                 {m.limits.tj_max_degC, l.tj_max_degC},
                 {m.limits.bv_spread_V, l.bv_spread_V},
                 {m.limits.e_1ms_J, l.e_1ms_J},
                 {m.limits.soa_exponent, l.soa_exponent},
                 {m.limits.share_linear, l.share_linear}};
    for (const auto& p : pairs) CHECK(p.have == doctest::Approx(p.want).epsilon(6e-3));
}

TEST_CASE("a bad MOSFET file is refused with the place") {
    const auto errors = [](const std::string& s) {
        return io::read_model_text<power::MosfetModelFile>(s, "x.json").errors;
    };
    auto e = errors(replaced("\"vth_V\": {\"value\": 3.0", "\"vth_V\": {\"value\": -3.0"));
    REQUIRE(e.size() == 1);
    CHECK(e[0].pointer == "/channel/vth_V/value");
    e = errors(replaced("\"k_A_per_V2\"", "\"k_A_per_V\""));
    CHECK(e.size() >= 1);
    const auto r = io::read_model_text<power::MosfetModelFile>(
        replaced("\"c_rss_pF\": {\"value\": 34", "\"c_rss_pF\": {\"value\": 20"), "x.json");
    REQUIRE(r.ok());
    REQUIRE(power::check(r.value).size() == 1);
    CHECK_THROWS_WITH_AS(power::build(r.value), doctest::Contains("cgd_floor_pF"), std::invalid_argument);
    CHECK_THROWS_AS(power::mosfet_group(power::MosfetModel{}, 0, 51.0), std::invalid_argument);
    CHECK_THROWS_AS(power::mosfet_group(power::MosfetModel{}, 5, 0.0), std::invalid_argument);
}
