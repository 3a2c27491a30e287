// SPDX-License-Identifier: Apache-2.0
// The shipped ageing laws against an independent implementation and measured curves, and the accelerated run of a duty
// against the one that simulates every day.
#include <doctest/doctest.h>

#include <cmath>
#include <filesystem>

#include "cell/ageing_period.hpp"
#include "study/ageing.hpp"

using namespace twin;
using cell::AgeingModel;
using cell::AgeingState;
using cell::Stress;

namespace {

AgeingState store(const AgeingModel& m, double t_degC, double soc, double v_V, double days_d) {
    AgeingState s;
    cell::age_time(m, s, {t_degC + 273.15, soc, v_V}, days_d);
    return s;
}
double lost(const AgeingModel& m, const AgeingState& s, std::size_t term) {
    return cell::loss_of(m.term[term], s.z[term]);
}

study::AgeingResult years(const char* model, const char* law, double horizon_d, bool accelerate, double tol = 2e-4,
                          std::vector<double> temps = {25.0}) {
    const auto c = study::open_cell(model, "", false);
    study::AgeingPlan p;
    p.steps = study::parse_protocol({"Discharge at 0.5C until 20 %", "Rest for 1 hour", "Charge at 0.5C until 100 %"});
    p.horizon_d = horizon_d;
    p.accelerate = accelerate;
    p.tol_rel = tol;
    p.ambient_degC = std::move(temps);
    return study::run_ageing(*c, study::open_ageing(law), p);
}

}  // namespace

// Two years day by day in BLAST-Lite (NREL, BSD-3-Clause), at constant conditions: storage at 25 degC and 50 %, at 35
// degC and 90 %. It advances by the slope of each day, which costs up to 0.2 % of the loss.
TEST_CASE("storage: the laws of BLAST-Lite give what BLAST-Lite gives") {
    struct Row {
        const char* law;
        double cool, warm, r_cool, r_warm;  // capacity and resistance relative to new
    };
    const Row rows[] = {{"lfp-250ah", 0.98411843381164, 0.9559318302287139, 0.0, 0.0},
                        {"nmc-kokam-75ah", 0.9870131956828703, 0.875576339156296, 1.266211357045414, 2.0},
                        {"nmc-lgm50", 0.9355899440181039, 0.8948007983577682, 0.0, 0.0},
                        {"lto-nmc-10ah", 1.0009295972177057, 1.0047371441522936, 0.0, 0.0}};
    for (const Row& r : rows) {
        const AgeingModel m = study::open_ageing(r.law);
        const cell::Health cool = cell::health(m, store(m, 25.0, 0.5, 3.3, 730.0));
        const cell::Health warm = cell::health(m, store(m, 35.0, 0.9, 3.3, 730.0));
        CAPTURE(r.law);
        CHECK(cool.capacity_rel == doctest::Approx(r.cool).epsilon(2e-4));
        CHECK(warm.capacity_rel == doctest::Approx(r.warm).epsilon(2e-4));
        if (r.r_cool > 0.0) CHECK(cool.r_rel == doctest::Approx(r.r_cool).epsilon(3e-3));
        if (r.r_warm > 0.0) CHECK(warm.r_rel == doctest::Approx(r.r_warm).epsilon(3e-3));
    }
}

// The same, one triangle per day between 10 and 90 % at 25 degC and between 0 and 100 % at 35 degC; the throughput is
// BLAST-Lite's own.
TEST_CASE("cycles: the laws of BLAST-Lite give what BLAST-Lite gives") {
    struct Row {
        const char* law;
        double efc80, lost80, efc100, lost100;
    };
    const Row rows[] = {
        {"lfp-250ah", 571.7524871075439, 1.0 - 0.9801634157017993, 708.6939174134784, 1.0 - 0.9797570360778567},
        {"nmc-kokam-75ah", 569.2889040381003, 1.0 - 0.9790432424639492, 663.5076119837813, 1.0 - 0.8971312711595255},
        {"lto-nmc-10ah", 579.3491390303743, 1.0 - 0.9868692699144793, 716.6772561994843, 1.0 - 0.9689231050660841}};
    for (const Row& r : rows) {
        const AgeingModel m = study::open_ageing(r.law);
        CAPTURE(r.law);
        AgeingState a, b;
        cell::age_cycle(m, a, {298.15, 0.5, 3.7, 0.8, 1.6 / 24.0, 1.6 / 24.0, 1.6 / 24.0}, r.efc80);
        cell::age_cycle(m, b, {308.15, 0.5, 3.7, 1.0, 2.0 / 24.0, 2.0 / 24.0, 2.0 / 24.0}, r.efc100);
        CHECK(lost(m, a, 1) == doctest::Approx(r.lost80).epsilon(0.03));  // its C-rate fades with the capacity
        CHECK(lost(m, b, 1) == doctest::Approx(r.lost100).epsilon(0.03));
    }
}

TEST_CASE("Schmalstieg's and Naumann's laws give the figures of their papers") {
    const AgeingModel s = study::open_ageing("nmc-sanyo-2ah");
    // storage at 50 degC and 4.0 V for 100 days; 500 EFC of 50 % about 3.7 V
    const double alpha = (7.543 * 4.0 - 23.75) * 1e6 * std::exp(-6976.0 / 323.15);
    CHECK(lost(s, store(s, 50.0, 0.8, 4.0, 100.0), 0) == doctest::Approx(alpha * std::pow(100.0, 0.75)).epsilon(1e-9));
    CHECK(alpha * std::pow(100.0, 0.75) == doctest::Approx(0.0856).epsilon(0.01));
    AgeingState x;
    cell::age_cycle(s, x, {308.15, 0.5, 3.7, 0.5, 1.0, 1.0, 1.0}, 500.0);
    const double beta = 7.348e-3 * 0.033 * 0.033 + 7.6e-4 + 4.081e-3 * 0.5;
    CHECK(lost(s, x, 1) == doctest::Approx(beta * std::sqrt(500.0 * 4.3)).epsilon(1e-6));

    const AgeingModel n = study::open_ageing("lfp-sony-3ah");
    const auto cal = [](double t_K, double soc, double d) {
        return 1.2571e-5 * std::exp(-17126.0 / 8.3144598 * (1.0 / t_K - 1.0 / 298.15)) *
               (2.8575 * std::pow(soc - 0.5, 3.0) + 0.60225) * std::sqrt(d * 86400.0);
    };
    for (const double t : {0.0, 25.0, 40.0, 60.0})
        for (const double soc : {0.0, 0.5, 1.0})
            CHECK(lost(n, store(n, t, soc, 3.3, 885.0), 0) ==
                  doctest::Approx(cal(t + 273.15, soc, 885.0)).epsilon(1e-8));
    AgeingState y;
    cell::age_cycle(n, y, {298.15, 0.5, 3.3, 1.0, 1.0, 1.0, 1.0}, 2500.0);
    CHECK(lost(n, y, 1) == doctest::Approx(0.01 * 0.1601 * (4.0253 * 0.064 + 1.0923) * 50.0).epsilon(1e-9));
}

// Nemeth et al. 2020, LTO/NMC at 25 degC, digitised in SimSES: (EFC, capacity %, resistance %)
TEST_CASE("LTO: the law meets the measured curve within its tolerance") {
    const AgeingModel m = study::open_ageing("lto-nmc-10ah");
    const double seen[][3] = {{2666.7, 96.91, 104.8},  {5703.7, 95.05, 101.5}, {9979.0, 93.12, 111.6},
                              {12666.7, 91.74, 125.0}, {16407.4, 89.80, 0.0},  {19629.6, 87.10, 0.0}};
    for (const auto& s : seen) {
        AgeingState x;
        cell::age_cycle(m, x, {298.15, 0.5, 2.3, 0.9, 1.0, 1.0, 1.0}, s[0]);
        const cell::Health h = cell::health(m, x);
        CAPTURE(s[0]);
        CHECK(std::fabs((1.0 - h.capacity_rel) - (1.0 - s[1] / 100.0)) <= m.loss_tol_rel * (1.0 - s[1] / 100.0));
        if (s[2] > 0.0) CHECK(std::fabs(h.r_rel - s[2] / 100.0) < 0.05);
    }
}

TEST_CASE("a year accelerated is the year simulated day by day, within the stated error") {
    for (const char* law : {"lfp-250ah", "lfp-sony-3ah"}) {
        const study::AgeingResult full = years("lfp-100ah", law, 365.0, false);
        const study::AgeingResult fast = years("lfp-100ah", law, 365.0, true);
        CAPTURE(law);
        CHECK(full.simulated >= 365);
        CHECK(fast.simulated < 60);
        CHECK(fast.periods == 365);
        const auto &a = full.rows.back(), &b = fast.rows.back();
        CHECK(b.t_d == doctest::Approx(365.0));
        CHECK(b.efc == doctest::Approx(a.efc).epsilon(3e-4));
        CHECK(a.capacity_rel < 0.985);
        CHECK(std::fabs(a.capacity_rel - b.capacity_rel) <= fast.error_capacity_rel + 1e-7);
        CHECK(std::fabs(a.capacity_rel - b.capacity_rel) < 2e-5);
        CHECK(std::fabs(a.r_rel - b.r_rel) < 1e-4);
        CHECK(fast.error_capacity_rel <= 2e-4);
    }
}

TEST_CASE("ten years: heat, end of life and a tighter tolerance") {
    const study::AgeingResult cool = years("lfp-100ah", "lfp-250ah", 3652.5, true);
    const study::AgeingResult warm = years("lfp-100ah", "lfp-250ah", 3652.5, true, 2e-4, {40.0});
    const study::AgeingResult exact = years("lfp-100ah", "lfp-250ah", 3652.5, true, 1e-6);
    CHECK(cool.rows.size() == 11);
    CHECK(cool.simulated < 100);
    CHECK(std::fabs(cool.rows.back().capacity_rel - exact.rows.back().capacity_rel) < 2e-4);
    CHECK(warm.rows.back().capacity_rel < cool.rows.back().capacity_rel - 0.01);
    for (std::size_t k = 1; k < cool.rows.size(); ++k) {
        CHECK(cool.rows[k].capacity_rel < cool.rows[k - 1].capacity_rel);
        CHECK(cool.rows[k].r_rel > cool.rows[k - 1].r_rel);
        CHECK(cool.rows[k].t_d == doctest::Approx(365.25 * static_cast<double>(k)).epsilon(1e-3));
    }
    // seasons lie between their ends
    const study::AgeingResult seasons = years("lfp-100ah", "lfp-250ah", 3652.5, true, 2e-4, {25.0, 40.0});
    CHECK(seasons.rows.back().capacity_rel < cool.rows.back().capacity_rel);
    CHECK(seasons.rows.back().capacity_rel > warm.rows.back().capacity_rel);
    const study::AgeingResult kokam = years("nmc-94ah", "nmc-sanyo-2ah", 3652.5, true, 2e-4, {35.0});
    REQUIRE(kokam.eol_d > 0.0);
    const study::AgeingResult until = years("nmc-94ah", "nmc-sanyo-2ah", std::floor(kokam.eol_d), true, 1e-5, {35.0});
    CHECK(until.rows.back().capacity_rel == doctest::Approx(0.8).epsilon(2e-3));
}

TEST_CASE("a duty that cannot be repeated is refused") {
    const auto c = study::open_cell("lfp-100ah", "", false);
    const AgeingModel law = study::open_ageing("lfp-250ah");
    const auto message = [&](const std::vector<std::string>& steps, double period_s = 86400.0) {
        study::AgeingPlan p;
        p.steps = study::parse_protocol(steps);
        p.period_s = period_s;
        try {
            study::run_ageing(*c, law, p);
        } catch (const InputError& e) {
            return std::string(e.what());
        }
        return std::string();
    };
    CHECK(message({"Discharge at 0.1C for 1 hour"}).find("a period must end where it began") != std::string::npos);
    CHECK(
        message({"Discharge at 0.1C until 20 %", "Charge at 0.1C until 100 %"}, 36000.0).find("the steps take 16.8") !=
        std::string::npos);
    const auto spm = study::open_cell("chen2020", "spm", false);
    study::AgeingPlan p;
    p.steps = study::parse_protocol({"Rest for 1 hour"});
    CHECK_THROWS_AS(study::run_ageing(*spm, law, p), InputError);
    CHECK_THROWS_AS(study::run_protocol(*spm, study::parse_protocol({"Discharge at 1C until 20 %"}), {}), InputError);
    CHECK_THROWS_AS(study::open_ageing("no-such-law"), InputError);
}

TEST_CASE("steps that end at a state of charge end there") {
    const auto c = study::open_cell("lfp-100ah", "", false);
    const auto r =
        study::run_protocol(*c,
                            study::parse_protocol({"Discharge at 1C until 35 %", "Charge at 50 W until 60.5 % SOC",
                                                   "Charge at 1C until 10 %"}),
                            {});
    REQUIRE(r.ends.size() == 3);
    CHECK(r.ends[0].reason == "soc");
    CHECK(r.ends[0].charge_Ah == doctest::Approx(0.65 * c->capacity_C() / 3600.0).epsilon(1e-6));
    CHECK(r.ends[1].charge_Ah == doctest::Approx(-0.255 * c->capacity_C() / 3600.0).epsilon(1e-5));
    CHECK(r.ends[2].charge_Ah == 0.0);
    CHECK_THROWS_AS(study::parse_protocol({"Hold at 3.4 V until 20 %"}), InputError);
    CHECK_THROWS_AS(study::parse_protocol({"Discharge at 1C until 120 %"}), InputError);
}

TEST_CASE("every shipped law can be opened and says where it holds") {
    int n = 0;
    for (const auto& f : std::filesystem::directory_iterator(std::string(BMSTWIN_SOURCE_DIR) + "/models/ageing")) {
        const AgeingModel m = study::open_ageing(f.path().string());
        CHECK(m.id == f.path().stem().string());
        CHECK(m.valid.t_max_degC > m.valid.t_min_degC);
        CHECK(m.loss_tol_rel > 0.0);
        ++n;
    }
    CHECK(n >= 6);
    for (const char* chemistry : {"LFP", "NMC", "LTO"})
        for (const double ah : {3.0, 100.0}) CHECK_NOTHROW(study::open_ageing(study::default_ageing(chemistry, ah)));
}
