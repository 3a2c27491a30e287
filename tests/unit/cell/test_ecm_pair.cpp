// SPDX-License-Identifier: Apache-2.0
// Two cells side by side against each of them alone, to the bit: mean EMF, its slope, every energy, the state after the
// step and the EMF at its end; inside a segment, across knots, beyond the table, and where the resistances follow.
#include <doctest/doctest.h>

#include <bit>
#include <cstdint>
#include <cstring>
#include <string>

#include "base/rng.hpp"
#include "cell/ecm_pair.hpp"
#include "load_cell.hpp"

using namespace twin;
using cell::EcmModel;

namespace {

double u01(std::uint64_t i) { return base::uniform({77, 3}, base::Stream::profile, i); }
bool same(double a, double b) { return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b); }

struct Two {
    cell::EcmParams<double> params[2];
    cell::EcmState<double> state[2];
};

Two random_cells(const EcmModel& m, std::uint64_t n) {
    Two t;
    for (std::uint64_t k = 0; k < 2; ++k) {
        const std::uint64_t i = 100 * n + 40 * k;
        t.params[k] =
            cell::make_params(m, 0.9 + 0.2 * u01(i), 0.8 + 0.4 * u01(i + 1), 1.0 + static_cast<double>(n % 3));
        const double soc = n % 7 == 0 ? 1.02 - 0.04 * u01(i + 2) : u01(i + 2);
        t.state[k] = cell::make_state<double>(m, t.params[k], soc, -10.0 + 50.0 * u01(i + 3), 2.0 * u01(i + 4) - 1.0);
        t.state[k].u1_V = 0.02 * (u01(i + 5) - 0.5);
        t.state[k].u2_V = 0.02 * (u01(i + 6) - 0.5);
        t.state[k].u3_V = m.extras.used ? 0.02 * (u01(i + 8) - 0.5) : 0.0;
        t.state[k].dir = m.extras.used ? 2.0 * u01(i + 9) - 1.0 : 0.0;
        cell::refresh(m, t.params[k], t.state[k]);
        t.state[k].soc_lo = 1e-17 * (u01(i + 7) - 0.5);
    }
    return t;
}

}  // namespace

TEST_CASE("two cells side by side equal each alone to the bit") {
    for (const char* name : {"lfp-100ah", "nmc-94ah", "lto-20ah", "extended"}) {
        CAPTURE(name);
        const bool extended = std::string(name) == "extended";
        const EcmModel m = extended ? cell::build(cell_test::extended_file()) : cell_test::load_model(name);
        REQUIRE(m.extras.used == extended);
        int crossed = 0, followed = 0;
        for (std::uint64_t n = 0; n < 400; ++n) {
            CAPTURE(n);
            const double h_s = n % 5 == 0 ? 300.0 : (n % 3 == 0 ? 1.0 : 1e-3);
            const cell::EcmCoeffs c = cell::coeffs(m, h_s);
            const cell::PairStep k(m, c);
            Two pair = random_cells(m, n), solo = pair;
            const double i_1c_A = m.capacity_C / 3600.0;
            const double i_A[2] = {i_1c_A * (4.0 * u01(9000 + n) - 2.0), n % 11 == 0 ? 0.0 : i_1c_A * u01(9500 + n)};
            const cell::OcvSegment* segment[2] = {m.segment.data(), m.segment.data()};
            const cell::CellPair x{m, pair.params, pair.state, segment};
            for (int round = 0; round < 2; ++round) {  // the second finds the segments known
                const auto both = cell::mean_emf(x, k, base::Pair(i_A[0], i_A[1]));
                for (std::size_t q = 0; q < 2; ++q) {
                    const auto one = cell::mean_emf<double>(m, solo.params[q], solo.state[q], c, i_A[q]);
                    CHECK(same(both.emf_V[q], one.emf_V));
                    CHECK(same(both.demf_di_Ohm[q], one.demf_di_Ohm));
                }
            }
            const base::Pair dq(i_A[0] * h_s, i_A[1] * h_s), joule(0.1 * h_s, 0.2 * h_s);
            base::Pair emf;
            const auto both = cell::commit(x, k, dq, joule, 21.0, &emf);
            for (std::size_t q = 0; q < 2; ++q) {
                const auto before = solo.state[q];
                const auto one = cell::commit<double>(m, solo.params[q], solo.state[q], c, dq[q], joule[q], 21.0);
                CHECK(std::memcmp(&solo.state[q], &pair.state[q], sizeof solo.state[q]) == 0);
                CHECK(same(both.emf_mean_V[q], one.emf_mean_V));
                CHECK(same(both.ocv_work_J[q], one.ocv_work_J));
                CHECK(same(both.rc_stored_J[q], one.rc_stored_J));
                CHECK(same(both.rc_heat_J[q], one.rc_heat_J));
                CHECK(same(both.hyst_stored_J[q], one.hyst_stored_J));
                CHECK(same(both.hyst_heat_J[q], one.hyst_heat_J));
                CHECK(same(both.side_heat_J[q], one.side_heat_J));
                CHECK(same(both.heat_stored_J[q], one.heat_stored_J));
                CHECK(same(both.env_heat_J[q], one.env_heat_J));
                CHECK(same(emf[q], cell::emf(m, solo.params[q], solo.state[q])));
                crossed += m.soc_axis.locate(before.soc) != m.soc_axis.locate(solo.state[q].soc) ? 1 : 0;
                followed += before.kept_soc != solo.state[q].kept_soc ? 1 : 0;
            }
        }
        CHECK(crossed > 20);
        CHECK(followed > 20);
    }
}
