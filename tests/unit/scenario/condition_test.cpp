// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "rig.hpp"
#include "scenario/targets.hpp"

using namespace rig;  // NOLINT(google-build-using-namespace)

TEST_CASE("comparisons: what is read and what is refused") {
    const ParsedComparison p = parse_comparison(" truth.cell[7].v_V >= -3.6e-1 ");
    CHECK(p.error.empty());
    CHECK(p.value.channel == "truth.cell[7].v_V");
    CHECK(p.value.op == Op::ge);
    CHECK(p.value.rhs == -0.36);
    CHECK(parse_comparison("truth.a.x_V<truth.b.x_V").value.rhs_channel == "truth.b.x_V");
    CHECK(parse_comparison("hw.afe.reg[0x12] != 3").error.empty());
    for (const char* bad :
         {"", "truth.pack.i_A", "truth.pack.i_A >= ", ">= 3", "truth.pack.i_A => 3", "truth.pack.i_A >= 3 + 1",
          "truth.pack.i_A >= nan", "truth.pack.i_A >= inf", "truth.pack.i_A >= 1e999", "truth.pack.i_A = 3",
          "truth.pack.i_A >= 0x10", "3 < 4", "truth.pack.i_A >= 3 <= 4", "truth pack >= 3"})
        CHECK_MESSAGE(!parse_comparison(bad).error.empty(), bad);
}

TEST_CASE("paths of targets") {
    const auto p = parse_path("pack[a].cell[7]/soc");
    REQUIRE(p.has_value());
    CHECK(p->pack == "a");
    CHECK(p->head == "cell");
    CHECK(p->index == "7");
    CHECK(p->leaf == "soc");
    CHECK(parse_path("load[m]/cc_A")->head == "load");
    CHECK(parse_path("environment/board_degC")->leaf == "board_degC");
    CHECK(parse_path("pack")->is_pack);
    CHECK(parse_path("pack[b].W5")->head == "W5");
    CHECK(parse_path("fet.dsg")->head == "fet.dsg");
    CHECK(parse_path("B+")->head == "B+");
    for (const char* bad : {"", "load[", "load[]", "a/b/c", "/x", "pack[a", "load[x]y", "a b"})
        CHECK_MESSAGE(!parse_path(bad).has_value(), bad);
    CHECK(is_place("P+"));
    CHECK(is_place("pack[a].B-"));
    CHECK(is_place("T5"));
    CHECK_FALSE(is_place("Q"));
    CHECK_FALSE(state_advice("cell[3]/soc").empty());
    CHECK(state_advice("load[m]/cc_A").empty());
}

TEST_CASE("series: straight lines, constant outside, repeated") {
    Series s;
    s.points = {{10, 0}, {20, 100}, {30, 100}};
    CHECK(value_at(s, 0) == 0.0);
    CHECK(value_at(s, 15 * k_s) == doctest::Approx(50));
    CHECK(value_at(s, 99 * k_s) == 100.0);
    CHECK(next_corner(s, 0) == 10 * k_s);
    CHECK(next_corner(s, 10 * k_s) == 20 * k_s);
    CHECK(next_corner(s, 30 * k_s) == twin::base::k_never_ns);
    s.repeat = true;
    CHECK(value_at(s, 45 * k_s) == doctest::Approx(50));
    CHECK(next_corner(s, 31 * k_s) == 40 * k_s);
}

TEST_CASE("channels: order of adding is kept, names are found, patterns match, near names are offered") {
    ChannelTable t = table();
    CHECK(t.add(channel("truth.pack.i_A")) == -1);
    CHECK(t[t.find("hw.gate.dsg")].tree == Tree::hw);
    CHECK(t[t.find("truth.cell.v_spread_mV")].unit == "mV");
    CHECK(t.find("truth.pack.x") == -1);
    for (int k = 1; k <= 12; ++k) t.add(channel("truth.cell[" + std::to_string(k) + "].v_V"));
    CHECK(t.match("truth.cell[*].v_V").size() == 12);
    CHECK(t.match("truth.cell[*].soc_pct").empty());
    CHECK(t.explain_missing("truth.cel[7].v_V").find("truth.cell[7].v_V") != std::string::npos);
    CHECK(channel_of_pack("truth.pack.i_A", "a", true) == "truth.pack[a].i_A");
    CHECK(channel_of_pack("truth.cell.v_max_V", "a", true) == "truth.pack[a].cell.v_max_V");
    CHECK(channel_of_pack("hw.gate.dsg", "a", true) == "hw[a].gate.dsg");
    CHECK(channel_of_pack("hw.gate.dsg", "a", false) == "hw.gate.dsg");
}

TEST_CASE("moments between nanoseconds") {
    const Moment a(100, 0.25);
    const Moment b(103, 0.0);
    CHECK(seconds(a, b) == doctest::Approx(2.75e-9));
    CHECK(round_up(a) == 101);
    CHECK(round_up(b) == 103);
    CHECK(between(a, b, 1.0) == b);
    CHECK(Moment(5, 2.5) == Moment(7, 0.5));
}
