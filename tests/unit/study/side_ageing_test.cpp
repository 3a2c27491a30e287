// SPDX-License-Identifier: Apache-2.0
// Accelerated ageing from inside the cell against every period simulated.
#include <cmath>
#include <string>

#include "echem_sets.hpp"
#include "study/side_ageing.hpp"

using namespace twin;
using namespace twin::study;

namespace {

std::unique_ptr<CellModel> cell_of(const char* laws) {
    return make_echem_cell(set_of("okane2022"), cell::EchemKind::spme, false, {10, 4, 10}, cell::parse_side_laws(laws));
}
AgeingPlan daily(double horizon_d) {
    AgeingPlan p;
    p.steps = parse_protocol({"Discharge at C/2 for 96 minutes", "Rest for 1 hour", "Charge at C/2 until 4.1 V",
                              "Hold at 4.1 V until C/20"});
    p.horizon_d = horizon_d;
    p.row_d = horizon_d;
    p.soc = 0.9;
    return p;
}

}  // namespace

TEST_CASE("a season accelerated is the season simulated day by day, within the stated error") {
    AgeingPlan p = daily(120.0);
    const auto c = cell_of("on");
    const SideAgeingResult fast = run_side_ageing(*c, p);
    p.accelerate = false;
    const SideAgeingResult all = run_side_ageing(*c, p);
    REQUIRE(fast.stopped.empty());
    REQUIRE(fast.rows.size() == 2);
    REQUIRE(all.rows.size() == 2);
    CHECK(all.simulated == 120);
    CHECK(fast.simulated < 60);
    const SideAgeingRow &a = fast.rows.back(), &b = all.rows.back();
    const double lost_a = a.sei_C + a.dead_C, lost_b = b.sei_C + b.dead_C;
    MESSAGE(fast.simulated << " of 120 days: lithium lost " << lost_a << " against " << lost_b << " C, stated "
                           << fast.error_C << " C; capacity " << a.capacity_Ah << " against " << b.capacity_Ah
                           << " Ah of " << b.capacity_Ah / all.rows[0].capacity_Ah);
    CHECK(lost_b > 50.0);
    CHECK(std::abs(lost_a - lost_b) <= fast.error_C + 1e-4 * lost_b);
    CHECK(fast.error_C < 0.01 * lost_b);
    CHECK(std::abs(a.capacity_Ah - b.capacity_Ah) < 2e-4 * b.capacity_Ah);
    CHECK(std::abs(a.r_Ohm - b.r_Ohm) < 1e-3 * b.r_Ohm);
    CHECK(std::abs(a.lithium_rel) < 1e-11);
    CHECK(std::abs(b.lithium_rel) < 1e-11);
    CHECK(b.capacity_Ah < all.rows[0].capacity_Ah);
}

TEST_CASE("ageing from inside refuses what it cannot do") {
    AgeingPlan p = daily(10.0);
    const auto plain = make_echem_cell(set_of("okane2022"), cell::EchemKind::spme, false, {10, 4, 10});
    CHECK_THROWS_AS(run_side_ageing(*plain, p), InputError);
    p.steps = parse_protocol({"Discharge at 2C for 10 hours"});
    CHECK_THROWS_AS(run_side_ageing(*cell_of("on"), p), InputError);
}
