// SPDX-License-Identifier: Apache-2.0
// Tests of a simulated cell for `fit`: an electrochemical set (SPM, SPMe or DFN) takes the place of the laboratory.
// Current is positive when it discharges the cell.
//
//   OCV(q) = U_p(x_p(q)) - U_n(x_n(q)) at T_ref, each electrode by its own capacity, dU/dT likewise; half gap of
//            hysteresis: the sum of both electrodes' half gaps
//   fitted:    HPPC at each temperature: every 5 or 10 % of charge 10 s at 1C, 40 s of rest, 10 s of charge at 3C/4, a
//              discharge at 1C and C/3 by turns to the next, an hour of rest; sampled from 0.1 s after a step on
//   held back: 1C discharge and a drive-like profile (held random currents, -0.75C .. 1.5C) at 25 degC, the profile
//              at a temperature between those fitted
// The cell is isothermal in all of them; heat capacity and cooling are those of the set. A test ends where the voltage
// leaves the set's limits.
#pragma once
#include <string>
#include <vector>

#include "study/ocv.hpp"
#include "study/recording.hpp"

namespace twin::study {

struct SimulatedTests {
    std::vector<Recording> all;
    OcvData ocv;
    FitOptions
        options;  // as given, completed by what the set states: capacity, limits, thermal part, chemistry, source
    std::vector<std::string> notes;
};

/// Runs the tests of `options.from_bpx`. Throws InputError (no such file, not a BPX set, a kind the set cannot feed, a
/// temperature at which no test can be run).
SimulatedTests simulate_tests(const FitOptions& options);

}  // namespace twin::study
