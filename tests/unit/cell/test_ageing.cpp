// SPDX-License-Identifier: Apache-2.0
// Ageing laws in rate form against their closed forms, virtual time under changing conditions, and rainflow counting
// against cycles counted by hand.
#include <doctest/doctest.h>

#include <cmath>
#include <stdexcept>
#include <vector>

#include "base/rng.hpp"
#include "cell/ageing_file.hpp"
#include "cell/ageing_period.hpp"

using namespace twin::cell;

namespace {

AgeingFile two_terms() {
    AgeingFile f;
    f.id = "two";
    f.chemistry = "LFP";
    f.valid = {0.0, 50.0, 1.0, 1.0};
    f.terms = {
        {"cal", "", "0.002*exp(-3000*(1/T-1/298.15))*(1+soc)", AgeingDriver::time, AgeingKind::power, 0.5, 1.0, 1.0},
        {"cyc", "", "0.001*dod*(1+c)", AgeingDriver::throughput, AgeingKind::power, 0.75, 1.0, 1.0},
        {"lam", "", "1e-3*dod", AgeingDriver::throughput, AgeingKind::sigmoid, 4.0, 1.0, 0.5},
        {"r", "", "1e-3", AgeingDriver::time, AgeingKind::power_b, 1.5, 1.0, 1.0}};
    f.capacity = "min(1-cal-cyc, 1.01-lam)";
    f.resistance = "1+r";
    return f;
}

std::vector<HalfCycle> counted(const std::vector<double>& soc, int between = 1) {
    Rainflow flow;
    std::vector<HalfCycle> out;
    const auto sink = [&](const HalfCycle& h) { out.push_back(h); };
    flow.add(soc[0], 300.0, 1.0, 3.0, sink);
    for (std::size_t k = 1; k < soc.size(); ++k)
        for (int j = 1; j <= between; ++j)
            flow.add(soc[k - 1] + (soc[k] - soc[k - 1]) * j / between, 300.0, 1.0, 3.0, sink);
    flow.close(sink);
    return out;
}

double cycles_of(const std::vector<HalfCycle>& all, double dod) {
    double n = 0.0;
    for (const HalfCycle& h : all) n += std::fabs(h.dod - dod) < 1e-9 ? 0.5 * h.weight : 0.0;
    return n;
}

}  // namespace

TEST_CASE("constant stress: every kind of term follows its trajectory, whatever the step") {
    const AgeingModel m = compile(two_terms());
    const Stress s{310.0, 0.5, 3.3, 0.8, 0.5, 0.5, 0.5};
    for (const int steps : {1, 7, 1000}) {
        AgeingState x;
        for (int k = 0; k < steps; ++k) age_time(m, x, s, 900.0 / steps);
        for (int k = 0; k < steps; ++k) age_cycle(m, x, s, 1200.0 / steps);
        const double cal = 0.002 * std::exp(-3000.0 * (1.0 / 310.0 - 1.0 / 298.15)) * 1.5 * std::sqrt(900.0);
        const double cyc = 0.001 * 0.8 * 1.5 * std::pow(1200.0, 0.75);
        const double lam = 2.0 * 0.5 * (0.5 - 1.0 / (1.0 + std::exp(std::pow(0.8e-3 * 1200.0, 4.0))));
        CHECK(loss_of(m.term[0], x.z[0]) == doctest::Approx(cal).epsilon(1e-11));
        CHECK(loss_of(m.term[1], x.z[1]) == doctest::Approx(cyc).epsilon(1e-11));
        CHECK(loss_of(m.term[2], x.z[2]) == doctest::Approx(lam).epsilon(1e-11));
        CHECK(health(m, x).capacity_rel == doctest::Approx(std::fmin(1.0 - cal - cyc, 1.01 - lam)).epsilon(1e-11));
        CHECK(health(m, x).r_rel == doctest::Approx(1.0 + std::pow(0.9, 1.5)).epsilon(1e-11));
        CHECK(x.days_d == doctest::Approx(900.0).epsilon(1e-12));
        CHECK(x.efc == doctest::Approx(1200.0).epsilon(1e-12));
    }
}

TEST_CASE("changing stress: the loss goes on from its virtual time") {
    const AgeingModel m = compile(two_terms());
    const auto k_at = [](double t_K) { return 0.003 * std::exp(-3000.0 * (1.0 / t_K - 1.0 / 298.15)); };  // soc 0.5
    AgeingState x;
    Stress s;
    s.t_K = 318.15;
    age_time(m, x, s, 100.0);
    s.t_K = 288.15;
    age_time(m, x, s, 500.0);
    const double before = k_at(318.15) * std::sqrt(100.0);
    const double virtual_d = std::pow(before / k_at(288.15), 2.0);
    CHECK(loss_of(m.term[0], x.z[0]) == doctest::Approx(k_at(288.15) * std::sqrt(virtual_d + 500.0)).epsilon(1e-11));
    AgeingState y;  // a power law forgets the order
    age_time(m, y, s, 500.0);
    s.t_K = 318.15;
    age_time(m, y, s, 100.0);
    CHECK(y.z[0] == doctest::Approx(x.z[0]).epsilon(1e-12));
}

TEST_CASE("rainflow: the cycles of ASTM E1049's example, and of nested days") {
    // the standard's load history, each unit 5 % of charge
    std::vector<double> soc;
    for (const int v : {-2, 1, -3, 5, -1, 3, -4, 4, -2}) soc.push_back(0.5 + 0.05 * v);
    for (const int between : {1, 5, 400}) {
        const auto all = counted(soc, between);
        CHECK(cycles_of(all, 0.05 * 3) == doctest::Approx(0.5));
        CHECK(cycles_of(all, 0.05 * 4) == doctest::Approx(1.5));
        CHECK(cycles_of(all, 0.05 * 6) == doctest::Approx(0.5));
        CHECK(cycles_of(all, 0.05 * 8) == doctest::Approx(1.0));
        CHECK(cycles_of(all, 0.05 * 9) == doctest::Approx(0.5));
    }
    const auto day = counted({1.0, 0.6, 0.7, 0.2, 0.3, 0.25, 1.0, 0.6, 0.7, 0.2, 0.3, 0.25, 1.0});
    CHECK(cycles_of(day, 0.1) == doctest::Approx(2.0));
    CHECK(cycles_of(day, 0.05) == doctest::Approx(2.0));
    CHECK(cycles_of(day, 0.8) == doctest::Approx(2.0));
}

TEST_CASE("rainflow: no charge is lost or invented, means are those of the way, memory never ends") {
    Rainflow flow;
    double moved = 0.0, counted_soc = 0.0, heat = 0.0, hottest = 0.0;
    std::size_t deepest = 0;
    const auto sink = [&](const HalfCycle& h) {
        counted_soc += h.weight * h.dod;
        hottest = std::fmax(hottest, h.t_K);
        CHECK(h.t_K <= 310.0 + 1e-6);
        CHECK(h.t_K >= 290.0 - 1e-6);
    };
    double soc = 0.5;
    flow.add(soc, 300.0, 1.0, 3.0, sink);
    const twin::base::RngKey key{3, 1};
    for (int k = 0; k < 20000; ++k) {
        double next = twin::base::uniform(key, twin::base::Stream::profile, static_cast<std::uint64_t>(k));
        if (std::fabs(next - soc) < 2e-4) next = soc;
        const double t = 290.0 + 20.0 * (k % 7) / 6.0;
        moved += std::fabs(next - soc);
        heat += std::fabs(next - soc) * t;
        flow.add(next, t, 1.0, 3.0, sink);
        soc = next;
        deepest = flow.open() > deepest ? flow.open() : deepest;
    }
    flow.close(sink);
    CHECK(counted_soc == doctest::Approx(moved).epsilon(1e-9));
    CHECK(hottest > 300.0);
    CHECK(deepest < Rainflow::k_depth);

    Rainflow spiral;  // ever wider swings never close: the oldest are given up as half cycles
    double wide = 0.0, all = 0.0;
    const auto sum = [&](const HalfCycle& h) { all += h.weight * h.dod; };
    spiral.add(0.5, 300.0, 1.0, 3.0, sum);
    double at = 0.5;
    for (int k = 1; k <= 400; ++k) {
        const double to = 0.5 + (k % 2 == 0 ? 1.0 : -1.0) * 1e-3 * k;
        wide += std::fabs(to - at);
        at = to;
        spiral.add(at, 300.0, 1.0, 3.0, sum);
    }
    spiral.close(sum);
    CHECK(all == doctest::Approx(wide).epsilon(1e-12));
}

TEST_CASE("a period gathers time at its conditions and cycles of its depth") {
    const AgeingModel m = compile(two_terms());
    AgeingPeriod day(m);
    const double c = 0.4, ah = 10.0;  // 2 h down by 0.8, 2 h up, 20 h rest at 1.0
    day.add(0.0, 1.0, 300.0, 3.3, 0.0, ah, 1.0);
    for (int k = 1; k <= 200; ++k) day.add(36.0, 1.0 - 0.004 * k, 300.0, 3.3, c * ah, ah, 1.0);
    for (int k = 1; k <= 200; ++k) day.add(36.0, 0.2 + 0.004 * k, 310.0, 3.3, -c * ah, ah, 1.0);
    for (int k = 1; k <= 200; ++k) day.add(360.0, 1.0, 300.0, 3.3, 0.0, ah, 1.0);
    CHECK(day.dod_max() == doctest::Approx(0.8));
    CHECK(day.c_chg_max() == doctest::Approx(0.4));
    const AgeingState d = day.finish();
    CHECK(d.days_d == doctest::Approx(1.0));
    CHECK(d.efc == doctest::Approx(0.8));
    CHECK(d.z[1] == doctest::Approx(0.8 * std::pow(0.001 * 0.8 * 1.4, 1.0 / 0.75)).epsilon(1e-9));
    double cal = 0.0;  // integral of k^2 over the day, k = 0.002 arr (1 + soc)
    const auto k2 = [](double t_K, double soc) {
        return std::pow(0.002 * std::exp(-3000.0 * (1.0 / t_K - 1.0 / 298.15)) * (1.0 + soc), 2.0);
    };
    for (int k = 0; k < 20000; ++k) {
        const double s = 0.2 + 0.8 * (k + 0.5) / 20000.0;
        cal += (k2(300.0, s) + k2(310.0, s)) * (2.0 / 24.0) / 20000.0;
    }
    cal += k2(300.0, 1.0) * 20.0 / 24.0;
    CHECK(d.z[0] == doctest::Approx(cal).epsilon(1e-5));
    CHECK(day.finish().days_d == 0.0);  // empty again
}

TEST_CASE("a law that cannot be right is refused with all its errors") {
    AgeingFile f = two_terms();
    f.terms[0].k = "0.002*exp(-3000/temperature)";
    f.terms[1].name = "cal";
    f.resistance = "1+q";
    f.chemistry = "NiMH";
    std::string all;
    try {
        compile(f);
    } catch (const std::invalid_argument& e) {
        all = e.what();
    }
    CHECK(all.find("'temperature' is not known; allowed: T T_C soc ua v dod c c_chg c_dis") != std::string::npos);
    CHECK(all.find("two terms are called \"cal\"") != std::string::npos);
    CHECK(all.find("'q' is not known; allowed: cal cal lam r") != std::string::npos);
    CHECK(all.find("\"NiMH\"") != std::string::npos);
    f = two_terms();
    f.capacity = "0.9-cal";
    CHECK(check(f).size() == 1);
}
