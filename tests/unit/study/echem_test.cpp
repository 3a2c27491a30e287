// SPDX-License-Identifier: Apache-2.0
// Electrochemical cells against closed forms, COMSOL and PyBaMM, and what must hold for any profile.
#include <cmath>
#include <fstream>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/hash.hpp"
#include "echem_sets.hpp"
#include "io/bpx.hpp"
#include "study/protocol.hpp"

using namespace twin;
using namespace twin::study;
using cell::EchemKind;

namespace {

std::string root() { return echem_root(); }
struct Curve {
    std::vector<double> t_s, v_V;
};
Curve read(const std::string& name) {
    std::ifstream in(root() + "/tests/data/echem/" + name + ".csv");
    REQUIRE(in.good());
    Curve c;
    std::string line;
    std::getline(in, line);
    while (std::getline(in, line)) {
        const auto comma = line.find(',');
        c.t_s.push_back(std::stod(line));
        c.v_V.push_back(std::stod(line.substr(comma + 1)));
    }
    return c;
}
/// Constant current through every time of the reference, each interval in n equal steps (the first in more).
double rms_mV(cell::Echem& c, double i_A, const Curve& ref, int n) {
    double sum = 0.0;
    for (std::size_t k = 1; k < ref.t_s.size(); ++k) {
        const double span = ref.t_s[k] - ref.t_s[k - 1];
        double v = 0.0;
        if (k == 1) {  // growing steps after the jump
            double h = span / 1024.0;
            for (int s = 0; s <= 10; ++s) {
                v = c.trial(h, i_A, s == 0).v_V;
                c.commit();
                h = s == 0 ? h : 2.0 * h;
            }
        } else {
            for (int s = 0; s < n; ++s) {
                v = c.trial(span / n, i_A, false).v_V;
                c.commit();
            }
        }
        const double d = 1e3 * (v - ref.v_V[k]);
        sum += d * d;
    }
    return std::sqrt(sum / static_cast<double>(ref.t_s.size() - 1));
}

}  // namespace

TEST_CASE("DFN against COMSOL within 1 mV rms") {
    for (const auto& [rate, i_A] : {std::pair{"0.5C", 12.0}, std::pair{"1C", 24.0}}) {
        const auto p = set_of("marquis2019");
        p->area_m2 = 1.0;
        p->electrode[0].x_full = 0.8;
        p->electrode[1].x_full = 0.6;
        cell::Echem c(p, EchemKind::dfn, {30, 12, 30, 0.0});
        const double rms = rms_mV(c, i_A, read(std::string("comsol_marquis2019_") + rate), 2);
        MESSAGE(rate << ": " << rms << " mV rms");
        CHECK(rms <= 1.0);
    }
}

TEST_CASE("a particle's surface follows the closed form of a sphere with given flux") {
    // c_s - mean = -(R j / D) (1/5 - 2 sum exp(-l_n tau) / l_n), and 2 sqrt(tau / pi) for short times
    const auto p = set_of("chen2020");
    const cell::EchemElectrode& e = p->electrode[1];
    const double j = -5.0 / p->area_m2 / (e.area_per_volume_perm * e.thickness_m * cell::k_faraday_CperMol);
    for (const double t_s : {1e-2, 1.0, 60.0, 900.0}) {
        cell::Echem c(p, EchemKind::spm);
        c.trial(t_s, 5.0, true);
        c.commit();
        const double tau = e.d_m2_s * t_s / (e.radius_m * e.radius_m), scale = e.radius_m * j / e.d_m2_s;
        double sum = 0.2;
        for (int n = 1; n <= 20000; ++n) {
            double r = (n + 0.5) * M_PI - 1.0 / ((n + 0.5) * M_PI);
            for (int it = 0; it < 5; ++it) r -= (std::sin(r) - r * std::cos(r)) / (r * std::sin(r));
            const double w = 2.0 / (r * r) * std::exp(-r * r * tau);
            sum -= w;
            if (w < 1e-15) break;
        }
        const double want = e.x_full - (3.0 * tau + sum) * scale / e.c_max;
        CAPTURE(t_s);
        // groups of like decay: within 0.2 % of the swing
        CHECK(c.surface_x(1).at(0) - e.x_full == doctest::Approx(want - e.x_full).epsilon(2e-3));
    }
}

TEST_CASE("charge is exact for any profile, a trial changes nothing, a restart is equal to the bit") {
    for (const char* set : {"chen2020", "oregan2022"}) {  // constant diffusivity and one that varies
        for (const EchemKind kind : {EchemKind::spm, EchemKind::spme, EchemKind::dfn}) {
            const auto p = set_of(set);
            cell::Echem c(p, kind), twin(p, kind);
            c.thermal = true;
            c.reset(0.5, 298.15);
            const auto& e = p->electrode[0];
            const double active_m3 = p->area_m2 * e.thickness_m * e.area_per_volume_perm * e.radius_m / 3.0;
            const double capacity_C = active_m3 * e.c_max * (e.x_full - e.x_empty) * cell::k_faraday_CperMol;
            double q_C = 0.0, moved_C = 0.0, last_A = 0.0;
            std::uint64_t dice = 1;
            for (int k = 0; k < 400; ++k) {
                dice = dice * 6364136223846793005ULL + 1442695040888963407ULL;
                const double i_A = -5.0 + 10.0 * static_cast<double>(dice >> 40) / 16777216.0;
                const double h_s = k % 3 == 0 ? 0.01 : 1.0;  // 10 ms pulses among them
                const bool jump = k % 5 != 4;                // others run straight from the last current
                const double once = c.trial(h_s, i_A, jump).v_V;
                (void)c.trial(7.0 * h_s, -i_A, true);
                CHECK(c.trial(h_s, i_A, jump).v_V == once);
                c.commit();
                const double dq_C = h_s * (jump ? i_A : 0.5 * (i_A + last_A));
                q_C += dq_C;
                moved_C += std::abs(dq_C);
                last_A = i_A;
                if (k == 200) {
                    const auto bytes = c.snapshot();
                    twin.restore(bytes);
                    CHECK(twin.snapshot() == bytes);
                }
                if (k > 200) {
                    twin.trial(h_s, i_A, jump);
                    twin.commit();
                }
            }
            CHECK(std::abs((0.5 - c.soc()) * capacity_C - q_C) <= 1e-9 * moved_C);
            CHECK(c.charge_out_C() == doctest::Approx(q_C).epsilon(1e-12));
            CHECK(twin.snapshot() == c.snapshot());
        }
    }
}

TEST_CASE("a state is refused by another kind, another mesh, or damaged") {
    const auto p = set_of("chen2020");
    cell::Echem c(p, EchemKind::spme), other(p, EchemKind::spm), finer(p, EchemKind::spme, {30, 8, 20});
    auto bytes = c.snapshot();
    CHECK_THROWS_AS(other.restore(bytes), std::invalid_argument);
    CHECK_THROWS_AS(finer.restore(bytes), std::invalid_argument);
    bytes[100] ^= 1;
    CHECK_THROWS_AS(c.restore(bytes), std::invalid_argument);
    CHECK_THROWS_AS(c.restore({}), std::invalid_argument);
}

TEST_CASE("half the step changes the voltage by less than its tolerance") {
    for (const EchemKind kind : {EchemKind::spm, EchemKind::spme, EchemKind::dfn}) {
        const auto p = set_of("chen2020");
        cell::Echem whole(p, kind), half(p, kind);
        double worst = 0.0, i_A = 5.0;
        for (int k = 0; k < 900; ++k) {
            const bool jump = k % 150 == 0;
            if (jump) i_A = k % 300 == 0 ? 5.0 : (k % 450 == 0 ? -2.5 : 0.0);
            const double v = whole.trial(1.0, i_A, jump).v_V;
            whole.commit();
            half.trial(0.5, i_A, jump);
            half.commit();
            const double w = half.trial(0.5, i_A, false).v_V;
            half.commit();
            if (k % 150 > 2) worst = std::fmax(worst, std::abs(v - w));
        }
        MESSAGE("kind " << static_cast<int>(kind) << ": " << 1e3 * worst << " mV");
        CHECK(worst <= 1e-3);
    }
}

TEST_CASE("lithium in the electrolyte is conserved and two currents of one size are symmetric about rest") {
    cell::Echem c(set_of("chen2020"), EchemKind::dfn);
    for (int k = 0; k < 60; ++k) {
        c.trial(10.0, 5.0, k == 0);
        c.commit();
    }
    const auto& p = c.params();
    double sum = 0.0, full = 0.0;
    const double edge[3] = {p.electrode[0].thickness_m, p.sep_thickness_m, p.electrode[1].thickness_m};
    const double eps[3] = {p.electrode[0].porosity, p.sep_porosity, p.electrode[1].porosity};
    const std::size_t n[3] = {20, 8, 20};
    std::size_t v = 0;
    for (int d = 0; d < 3; ++d) {
        for (std::size_t k = 0; k < n[d]; ++k, ++v) {
            sum += c.c_e()[v] * eps[d] * edge[d] / static_cast<double>(n[d]);
            full += p.c_e0 * eps[d] * edge[d] / static_cast<double>(n[d]);
        }
    }
    CHECK(sum == doctest::Approx(full).epsilon(1e-9));
}

TEST_CASE("a cycler's protocol ends each step for its reason") {
    auto c = make_echem_cell(set_of("chen2020"), EchemKind::spm, false);
    const auto steps = parse_protocol({"Discharge at 1C until 2.5 V", "Rest for 1 hour", "Charge at 1C until 4.2 V",
                                       "Hold at 4.2 V until C/20", "Discharge at 10 W for 5 minutes or until 3 V"});
    const ProtocolResult r = run_protocol(*c, steps, {});
    REQUIRE(r.ends.size() == 5);
    CHECK(r.ends[0].reason == "voltage");
    CHECK(r.ends[0].v_V == doctest::Approx(2.5).epsilon(1e-5));
    CHECK(r.ends[0].t_s == doctest::Approx(3567.7).epsilon(5e-4));  // PyBaMM's end of the same discharge
    CHECK(r.ends[1].reason == "time");
    CHECK(r.ends[1].t_s - r.ends[0].t_s == doctest::Approx(3600.0).epsilon(1e-12));
    CHECK(r.ends[2].reason == "voltage");
    CHECK(r.ends[3].reason == "current");
    CHECK(r.ends[3].v_V == doctest::Approx(4.2).epsilon(1e-6));
    CHECK(r.ends[3].i_A == doctest::Approx(-0.25).epsilon(1e-4));
    CHECK(r.ends[4].reason == "time");
    CHECK(r.ends[4].v_V * r.ends[4].i_A == doctest::Approx(10.0).epsilon(1e-5));
}

TEST_CASE("the same protocol runs on an equivalent circuit") {
    auto c = open_cell("lfp-100ah", "", false);
    const ProtocolResult r = run_protocol(*c,
                                          parse_protocol({"Discharge at C/2 until 2.5 V", "Charge at 50 A until 3.65 V",
                                                          "Hold at 3.65 V until C/20", "Rest for 10 minutes"}),
                                          {});
    REQUIRE(r.ends.size() == 4);
    CHECK(r.ends[0].charge_Ah > 95.0);
    CHECK(r.ends[2].reason == "current");
    CHECK(r.ends[3].i_A == 0.0);
}

TEST_CASE("a protocol that is not understood is refused with the forms that are") {
    for (const char* text :
         {"", "Discharge", "Discharge at 1C", "Discharge at 5 until 3 V", "Hold at 4.2 until C/20", "Rest for 5",
          "Rest for 1 hour please", "Charge at 1C until", "Discharge at C/0 until 3 V"}) {
        CAPTURE(text);
        CHECK_THROWS_AS(parse_protocol({text}), InputError);
    }
    try {
        parse_protocol({"Rest for 1 hour", "Discharg at 1C until 2.5 V"});
        FAIL("not refused");
    } catch (const InputError& e) {
        CHECK(e.diagnostics().at(0).pointer == "/1");
        CHECK(std::string(e.what()).find("Hold at 4.2 V until C/20") != std::string::npos);
    }
}

TEST_CASE("a BPX file with mistakes gets all of them with their places") {
    io::Json j;
    Diagnostic d;
    REQUIRE(io::read_json(root() + "/models/echem/chen2020.json", {}, &j, &d));
    io::Json* const all = j.find("Parameterisation");
    all->find("Negative electrode")->put("OCP [V]", io::Json::of(std::string("1+frobnicate(x)")));
    all->find("Positive electrode")->put("Porosity", io::Json::of(1.7));
    all->find("Separator")->put("Thickness [m]", io::Json::of(std::string("thin")));
    const io::BpxResult r = io::read_bpx_json(j, "broken.json");
    CHECK_FALSE(r.ok());
    REQUIRE(r.errors.size() == 3);
    CHECK(r.errors[0].pointer == "/Parameterisation/Negative electrode/OCP [V]");
    CHECK(r.errors[0].message.find("frobnicate") != std::string::npos);
    CHECK(r.errors[1].message.find("0.0001 .. 1") != std::string::npos);
    CHECK(r.errors[2].message.find("must be a number") != std::string::npos);
}

TEST_CASE("every number of an electrochemical cell's state reaches its hash") {
    const auto digest = [](const cell::Echem& c) {
        base::Hasher h;
        c.hash(h);
        return h.digest();
    };
    for (const char* const set : {"chen2020", "oregan2022", "okane2022"}) {
        const bool side = std::string(set) == "okane2022";
        const auto r = io::read_bpx(root() + "/models/echem/" + set + ".json");
        REQUIRE(r.ok());
        const cell::SideLaws laws = side ? cell::parse_side_laws("on") : cell::SideLaws{};
        cell::Echem c(r.params, side ? EchemKind::spme : EchemKind::dfn, {}, laws);
        c.reset(0.5, 288.15);
        for (int k = 0; k < 5; ++k) {
            (void)c.trial(1.0, k < 3 ? 5.0 : -2.0, k == 0);
            c.commit();
        }
        const std::uint64_t whole = digest(c);
        std::vector<std::uint8_t> bytes = c.snapshot();
        cell::Echem other = c;
        std::size_t unseen = 0;
        for (std::size_t word = 3; word + 1 < bytes.size() / 8; ++word) {
            if (word == 3 + 6) continue;  // a flag: warms up or not
            std::vector<std::uint8_t> changed = bytes;
            changed[8 * word] ^= 1;  // the last bit of one number
            changed.resize(bytes.size() - 8);
            base::put_u64(changed, base::checksum(changed));
            other.restore(changed);
            unseen += digest(other) == whole ? 1U : 0U;
        }
        CHECK(bytes.size() / 8 > 200);
        CHECK(unseen == 0);
        other.restore(bytes);
        CHECK(digest(other) == whole);
    }
}
