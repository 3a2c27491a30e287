// SPDX-License-Identifier: Apache-2.0
// SEI growth and lithium plating inside the electrochemical cells: against PyBaMM (tests/data/echem/README.md), closed
// forms, and what must hold for any profile.
#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>
#include <vector>

#include "cell/echem.hpp"
#include "echem_sets.hpp"

using namespace twin;
using namespace twin::study;
using cell::EchemKind;
using cell::PlatingLaw;
using cell::SeiLaw;
using cell::SideLaws;

namespace {

struct Case {
    const char* name;
    SideLaws laws;
    double soc, t_K;
};
const std::vector<Case> k_cases{
    {"cycles", {SeiLaw::solvent_diffusion, PlatingLaw::partially_reversible}, 0.9, 298.15},
    {"cold", {SeiLaw::solvent_diffusion, PlatingLaw::partially_reversible}, 0.3, 268.15},
    {"irreversible", {SeiLaw::solvent_diffusion, PlatingLaw::irreversible}, 0.3, 268.15},
    {"reversible", {SeiLaw::solvent_diffusion, PlatingLaw::reversible}, 0.3, 268.15},
    {"reaction", {SeiLaw::reaction, PlatingLaw::none}, 0.9, 298.15},
    {"interstitial", {SeiLaw::interstitial_diffusion, PlatingLaw::none}, 0.9, 298.15},
    {"ec", {SeiLaw::ec_reaction, PlatingLaw::none}, 0.9, 298.15},
    {"stored", {SeiLaw::solvent_diffusion, PlatingLaw::partially_reversible}, 0.9, 318.15},
};

/// Worst relative to the largest value of the case.
struct Off {
    double v_mV = 0.0, sei_nm = 0.0, sei_rel = 0.0, plated_rel = 0.0, dead_rel = 0.0;
    std::size_t points = 0;
};

/// Rows: t, i, v, sei nm, mAh in SEI, plated, dead. Steps double after each jump of the current, up to h_most.
Off compare(cell::Echem& c, const std::vector<std::vector<double>>& rows, double h_most_s) {
    Off off;
    double t = 0.0, last_A = 1e9, sum = 0.0, most[4] = {}, worst[4] = {};
    double h = 0.0;
    for (std::size_t r = 0; r < rows.size(); ++r) {
        const std::vector<double>& row = rows[r];
        if (row[1] != last_A) {  // its points lie at k / (n + 1) of a step: it began one before
            std::size_t n = 1;
            while (r + n < rows.size() && rows[r + n][1] == row[1]) ++n;
            const double begin = row[0] - (n > 1 ? rows[r + 1][0] - row[0] : row[0]);
            while (t < begin - 1e-3) {
                const double step = std::min(h, begin - t);
                c.trial(step, last_A, false);
                c.commit();
                t += step;
                h = std::min(2.0 * h, h_most_s);
            }
            h = 0.02;
        }
        bool jump = row[1] != last_A;
        last_A = row[1];
        double v = 0.0;
        while (t < row[0] - 1e-6) {
            const double step = std::min(h, row[0] - t);
            const auto& x = c.trial(step, last_A, jump);
            REQUIRE(x.ok);
            v = x.v_V;
            c.commit();
            jump = false;
            t += step;
            h = std::min(1.5 * h, h_most_s);
        }
        sum += (v - row[2]) * (v - row[2]);
        const cell::EchemDegradation d = c.degradation();
        const double ours[4] = {1e9 * d.sei_m, d.sei_C / 3.6, d.plated_C / 3.6, d.dead_C / 3.6};
        for (std::size_t k = 0; k < 4; ++k) {
            most[k] = std::max(most[k], std::abs(row[3 + k]));
            worst[k] = std::max(worst[k], std::abs(ours[k] - row[3 + k]));
        }
    }
    off.points = rows.size();
    off.v_mV = 1e3 * std::sqrt(sum / static_cast<double>(rows.size()));
    const auto rel = [&](std::size_t k) { return most[k] > 0.0 ? worst[k] / most[k] : worst[k]; };
    off.sei_nm = rel(0);
    off.sei_rel = rel(1);
    off.plated_rel = rel(2);
    off.dead_rel = rel(3);
    return off;
}

void against_pybamm(EchemKind kind, const std::string& name, const cell::EchemMesh& mesh, double h_most_s) {
    for (const Case& k : k_cases) {
        const auto rows = echem_rows("pybamm_side_okane2022_" + name, k.name);
        if (rows.empty()) continue;
        CAPTURE(k.name);
        cell::Echem c(set_of("okane2022"), kind, mesh, k.laws);
        c.reset(k.soc, k.t_K);
        const double before_C = c.lithium_C();
        const Off off = compare(c, rows, h_most_s);
        MESSAGE(name << " " << std::string(k.name) << ": " << off.v_mV << " mV rms, SEI " << off.sei_nm << " (growth "
                     << off.sei_rel << "), plated " << off.plated_rel << ", dead " << off.dead_rel << "; lithium "
                     << (c.lithium_C() - before_C) / before_C);
        CHECK(off.points > 10);
        CHECK(off.v_mV <= 0.3);
        CHECK(off.sei_nm <= 1e-3);
        CHECK(off.sei_rel <= (k.laws.sei == SeiLaw::interstitial_diffusion ? 1e-2 : 1e-3));  // 1e-6 of its thickness
        CHECK(off.plated_rel <= 2e-3);
        CHECK(off.dead_rel <= 2e-3);
    }
}

const SideLaws k_on{SeiLaw::solvent_diffusion, PlatingLaw::partially_reversible};

/// A random profile with 10 ms pulses, jumps and ramps; calls each(current, h) after every step.
template <class F>
void profile(cell::Echem& c, int steps, const F& each) {
    std::uint64_t dice = 7;
    double last_A = 0.0;
    for (int k = 0; k < steps; ++k) {
        dice = dice * 6364136223846793005ULL + 1442695040888963407ULL;
        const double i_A = -5.0 + 8.0 * static_cast<double>(dice >> 40) / 16777216.0;
        const double h_s = k % 3 == 0 ? 0.01 : (k % 7 == 0 ? 30.0 : 1.0);
        const bool jump = k % 5 != 4;
        REQUIRE(c.trial(h_s, i_A, jump).ok);
        c.commit();
        each(jump ? i_A : 0.5 * (i_A + last_A), h_s);
        last_A = i_A;
    }
}

}  // namespace

TEST_CASE("no lithium is lost: particles, SEI, plated and dead are closed to 1e-12") {
    const std::vector<SideLaws> all{k_on,
                                    {SeiLaw::reaction, PlatingLaw::irreversible},
                                    {SeiLaw::ec_reaction, PlatingLaw::reversible},
                                    {SeiLaw::interstitial_diffusion, PlatingLaw::partially_reversible},
                                    {SeiLaw::none, PlatingLaw::reversible}};
    for (const EchemKind kind : {EchemKind::spm, EchemKind::spme, EchemKind::dfn}) {
        for (const bool volumes : {false, true}) {
            for (const SideLaws& laws : all) {
                const auto p = set_of("okane2022");
                cell::EchemMesh mesh{10, 4, 10};
                mesh.particle_volumes = volumes;
                cell::Echem c(p, kind, mesh, laws);
                c.reset(0.5, 268.15);
                const double before_C = c.lithium_C(), x0 = c.soc();
                double q_C = 0.0;
                profile(c, 150, [&](double i_A, double h_s) { q_C += i_A * h_s; });
                const cell::EchemDegradation d = c.degradation();
                CHECK(d.plated_C + d.dead_C > 1.0);  // it did plate
                CHECK((laws.sei == SeiLaw::none) == (d.sei_C == 0.0));
                CHECK(std::abs(c.lithium_C() - before_C) <= 1e-12 * before_C);
                // the negative electrode gave the current's charge and what the side reactions took
                const auto& e = p->electrode[0];
                const double capacity_C = p->area_m2 * e.thickness_m * e.area_per_volume_perm * e.radius_m / 3.0 *
                                          e.c_max * (e.x_full - e.x_empty) * cell::k_faraday_CperMol;
                const double side_C = d.sei_C + d.plated_C + d.dead_C;
                CHECK((x0 - c.soc()) * capacity_C == doctest::Approx(q_C + side_C).epsilon(1e-9));
                CHECK(c.charge_out_C() == doctest::Approx(q_C).epsilon(1e-12));
            }
        }
    }
}

TEST_CASE("with side reactions a trial changes nothing and a restored cell goes on equal to the bit") {
    for (const EchemKind kind : {EchemKind::spm, EchemKind::spme, EchemKind::dfn}) {
        const auto p = set_of("okane2022");
        cell::Echem c(p, kind, {10, 4, 10}, k_on), other(p, kind, {10, 4, 10}, k_on), off(p, kind, {10, 4, 10});
        c.reset(0.6, 268.15);
        profile(c, 40, [](double, double) {});
        const double once = c.trial(1.0, -4.0, true).v_V;
        const double plated_C = c.degradation().plated_C;
        (void)c.trial(50.0, 3.0, true);
        (void)c.trial(0.01, -5.0, false);
        CHECK(c.trial(1.0, -4.0, true).v_V == once);
        CHECK(c.degradation().plated_C == plated_C);
        const auto bytes = c.snapshot();
        other.restore(bytes);
        CHECK(other.snapshot() == bytes);
        for (int k = 0; k < 5; ++k) {
            CHECK(c.trial(1.0, -4.0, k == 0).v_V == other.trial(1.0, -4.0, k == 0).v_V);
            c.commit();
            other.commit();
        }
        CHECK(c.snapshot() == other.snapshot());
        CHECK(c.degradation().dead_C == other.degradation().dead_C);
        CHECK_THROWS_AS(off.restore(bytes), std::invalid_argument);
    }
}

TEST_CASE("side reactions of rate zero leave the cell as it is without") {
    const auto p = set_of("okane2022");
    p->side.solvent_m2_s = p->side.plating_rate_m_s = p->side.sei_resistivity_Ohm_m = 0.0;
    for (const EchemKind kind : {EchemKind::spm, EchemKind::spme, EchemKind::dfn}) {
        cell::Echem with(p, kind, {}, k_on), without(p, kind);
        for (auto* c : {&with, &without}) c->reset(0.5, 283.15);
        std::vector<double> v;
        profile(with, 60, [&](double, double) { v.push_back(with.trial(0.0, 2.0, true).v_V); });
        std::size_t k = 0;
        profile(without, 60, [&](double, double) {
            CHECK(std::abs(without.trial(0.0, 2.0, true).v_V - v[k]) <= 1e-6);  // of Newton
            ++k;
        });
    }
}

TEST_CASE("closed forms: SEI of a stored cell, the film's resistance") {
    const auto p = set_of("okane2022");
    const cell::SideParams& s = p->side;
    // limited by diffusion of solvent: L^2 = L0^2 + 2 V D c t / z, whatever the steps
    const double t_s = 200.0 * 86400.0,
                 twice = 2.0 * s.sei_volume_m3_mol * s.solvent_m2_s * s.solvent_mol_m3 / s.sei_li_per_mol;
    const double want = std::sqrt(s.sei_thickness_m * s.sei_thickness_m + twice * t_s);
    for (const int steps : {1, 200}) {
        cell::Echem c(p, EchemKind::spme, {}, {SeiLaw::solvent_diffusion, PlatingLaw::none});
        c.reset(0.5, 298.15);
        for (int k = 0; k < steps; ++k) {
            c.trial(t_s / steps, 0.0, k == 0);
            c.commit();
        }
        CHECK(c.degradation().sei_m == doctest::Approx(want).epsilon(1e-12));
        CHECK(c.degradation().film_Ohm_m2 == doctest::Approx(want * s.sei_resistivity_Ohm_m).epsilon(1e-12));
    }
    // a current that appears drops rho L i / (a L_n A) over the film
    for (const EchemKind kind : {EchemKind::spm, EchemKind::spme}) {
        const auto bare = set_of("okane2022");
        bare->side.sei_resistivity_Ohm_m = 0.0;
        cell::Echem with(p, kind, {}, {SeiLaw::solvent_diffusion, PlatingLaw::none});
        cell::Echem without(bare, kind, {}, {SeiLaw::solvent_diffusion, PlatingLaw::none});
        const auto& e = p->electrode[0];
        const double r_Ohm =
            s.sei_resistivity_Ohm_m * s.sei_thickness_m / (e.area_per_volume_perm * e.thickness_m * p->area_m2);
        CHECK(without.voltage_V(5.0) - with.voltage_V(5.0) == doctest::Approx(5.0 * r_Ohm).epsilon(1e-6));
    }
}

TEST_CASE("halving the steps of a cold charge moves the voltage little; no step makes plated lithium negative") {
    const auto run = [](double h_s) {
        cell::Echem c(set_of("okane2022"), EchemKind::spme, {10, 4, 10}, k_on);
        c.reset(0.3, 268.15);
        double h = 0.1;
        for (int k = 0; c.charge_out_C() > -3.5 * 1500.0 + 1e-6; ++k) {
            c.trial(std::min(h, 1500.0 + c.charge_out_C() / 3.5), -3.5, k == 0);
            c.commit();
            h = std::min(1.5 * h, h_s);
        }
        return c;
    };
    cell::Echem a = run(40.0), b = run(20.0), fine = run(2.5);
    const double to_a = a.degradation().plated_C - fine.degradation().plated_C;
    const double to_b = b.degradation().plated_C - fine.degradation().plated_C;
    CAPTURE(to_a);
    CAPTURE(to_b);
    CHECK(std::abs(to_a) < 2e-3 * fine.degradation().plated_C);
    CHECK(std::abs(a.voltage_V(-3.5) - fine.voltage_V(-3.5)) < 1e-4);
    for (int k = 0; k < 8; ++k) {  // stripping is far faster than these steps
        REQUIRE(fine.trial(400.0, 2.5, k == 0).ok);
        fine.commit();
        CHECK(fine.degradation().plated_C >= 0.0);
        CHECK(fine.degradation().dead_C > 0.0);
    }
    CHECK(fine.degradation().plated_C < 2.0);
}

TEST_CASE("laws by name, and what a set must state for them") {
    CHECK(cell::parse_side_laws("on").sei == SeiLaw::solvent_diffusion);
    CHECK(cell::parse_side_laws("ec-reaction,irreversible-plating").plating == PlatingLaw::irreversible);
    CHECK_FALSE(cell::parse_side_laws("off").any());
    CHECK_THROWS_WITH_AS(cell::parse_side_laws("reacton"), doctest::Contains("did you mean reaction"),
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(cell::parse_side_laws("reaction,ec-reaction"), doctest::Contains("already another law"),
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(cell::Echem(set_of("chen2020"), EchemKind::spm, {}, k_on),
                         doctest::Contains("Initial SEI thickness"), std::invalid_argument);
}

TEST_CASE("side reactions against PyBaMM, SPM") { against_pybamm(EchemKind::spm, "spm", {}, 20.0); }
TEST_CASE("side reactions against PyBaMM, SPMe") { against_pybamm(EchemKind::spme, "spme", {40, 16, 40, 0.0}, 20.0); }
TEST_CASE("side reactions against PyBaMM, DFN") { against_pybamm(EchemKind::dfn, "dfn", {40, 16, 40, 0.0}, 20.0); }
