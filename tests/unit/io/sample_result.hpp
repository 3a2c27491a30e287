// SPDX-License-Identifier: Apache-2.0
// A made-up result with something in every field, for the tests of the writers.
#pragma once
#include <cmath>
#include <limits>

#include "sim/result.hpp"

namespace sample {

inline twin::TraceColumn column(const char* name, const char* unit, bool discrete) {
    twin::TraceColumn c;
    c.name = name;
    c.unit = unit;
    c.discrete = discrete;
    return c;
}

// A short at 1 s: 20 A, then a rise to 640 A, off after 204 us.
inline twin::Trace burst() {
    twin::Trace t;
    t.id = "burst-1";
    t.trigger = "trip of hw.gate.dsg";
    t.t_trigger_ns = 1'000'204'000;
    t.columns = {column("truth.pack.i_A", "A", false), column("truth.fet.dsg.vds_V", "V", false),
                 column("hw.gate.dsg", "", true)};
    for (int k = -204; k < 400; ++k) {
        const twin::Time_ns at = 1'000'000'000 + (k + 204) * 1'000LL - 200'000;
        const double us = static_cast<double>(at - 1'000'000'000) / 1e3;
        const bool on = at < t.t_trigger_ns;
        t.t_ns.push_back(at);
        t.columns[0].samples.push_back(us < 0 ? 20.0
                                       : on   ? 20 + 620 * (1 - std::exp(-us / 60))
                                              : 600 * std::exp(-(us - 204) / 8));
        t.columns[1].samples.push_back(on ? 0.03 : us < 224 ? 71.0 : 53.0);
        t.columns[2].samples.push_back(on ? 1 : 0);
    }
    return t;
}

inline twin::Trace main_trace() {
    twin::Trace t;
    t.id = "main";
    t.columns = {column("truth.pack.i_A", "A", false),     column("truth.pack.v_V", "V", false),
                 column("truth.cell.v_max_V", "V", false), column("truth.cell.v_min_V", "V", false),
                 column("hw.gate.dsg", "", true),          column("hw.gate.chg", "", true),
                 column("bms.soc_pct", "pct", false),      column("truth.fet.dsg.tj_degC", "degC", false)};
    for (int k = 0; k <= 100; ++k) {
        const double s = 0.1 * k;
        const bool on = s < 1.0002;
        t.t_ns.push_back(k * 100'000'000LL);
        const double values[] = {on ? 20.0 : 0.0,
                                 on ? 52.6 : 53.3,
                                 3.34 + (on ? 0.0 : 0.005),
                                 3.31 + (on ? 0.0 : 0.005),
                                 on ? 1.0 : 0.0,
                                 1.0,
                                 97 - 0.01 * s,
                                 61 + (on ? s : 20 * std::exp(-(s - 1)))};
        for (std::size_t c = 0; c < t.columns.size(); ++c) t.columns[c].samples.push_back(values[c]);
    }
    t.columns[6].samples[0] = std::numeric_limits<double>::quiet_NaN();
    return t;
}

inline void add_checks(twin::RunResult& r) {
    twin::CheckResult opens;
    opens.id = "opens";
    opens.form = "whenever";
    opens.text = "whenever truth.pack.i_A >= 400, then hw.gate.dsg == 0 within 216 us";
    opens.passed = true;
    opens.margin = 12e-6;
    opens.value = 204e-6;
    opens.unit = "s";
    opens.t_ns = 1'000'058'000;
    twin::CheckResult cells;
    cells.id = "cells";
    cells.form = "always";
    cells.text = "truth.cell.v_max_V <= 3.65";
    cells.margin = -0.01;
    cells.value = 3.66;
    cells.unit = "V";
    cells.t_ns = 0;
    twin::CheckResult verdict;
    verdict.id = "verdict";
    verdict.form = "verdict";
    verdict.passed = true;
    verdict.value_text = "PROTECTED";
    twin::CheckResult vacuous;
    vacuous.id = "never-asked";
    vacuous.form = "whenever";
    vacuous.text = "whenever truth.pack.i_A >= 900";
    vacuous.vacuous = true;
    vacuous.reason = "its condition was never true";
    twin::CheckResult ledger;
    ledger.id = "ledger";
    ledger.form = "implicit";
    ledger.implicit = true;
    ledger.passed = true;
    ledger.margin = 9.9e-7;
    ledger.value = 1e-8;
    r.checks = {opens, cells, verdict, vacuous, ledger};
}

inline twin::RunResult result() {
    twin::RunResult r;
    r.id = "short-hard-16s";
    r.title = "Hard short of 5 mOhm at P+/P- <clamped> & \"quoted\"";
    r.why = "The comparator must open the discharge group before the junction is too hot.";
    r.tags = {"short", "gate"};
    r.requirements = {"manual:III.2/short-circuit"};
    r.source_file = "scenarios/short/short-hard-16s.scenario.json";
    r.effective_json = "{\"bmstwin\": 1, \"id\": \"short-hard-16s\"}";
    r.verdict = "PROTECTED";
    r.verdicts = {{"pack", "PROTECTED",
                   "the short-circuit comparator opened the discharge group 204 us after the short", "", "",
                   1'000'204'000, 1'000'058'000}};
    r.fail_reason = "cells: 3.66 V, 0.01 V over 3.65 V";
    add_checks(r);
    r.metrics = {{"pack.energy_out_J", 1052.25, "J"}, {"pack.i_peak_A", 640.5, "A"}};
    r.ledger = {3e-12,
                2e-16,
                1e-13,
                {{"energy.cell.ocv", 1052.5, "J"}, {"energy.heat.fet_dsg", -3.51, "J"}, {"charge.pack", 20.1, "C"}}};
    r.damage = {{"pack", "fet.dsg[2]", "avalanche energy", 1'000'210'000, 0.72, 0.5, -0.22, "J", "welded"}};
    r.applied = {{"pack", "scd_A", "A", 400.0, 410.0, "comparator step 10 mV"},
                 {"pack", "cov_mV", "mV", std::nullopt, 3650.0, ""},
                 {"pack", "ocd2_A", "A", 2000.0, std::nullopt, "beyond the comparator"}};
    r.warnings = {{"EXTRAPOLATED", "lfp-100ah", "i_cell_A", 640.0, -200.0, 500.0, 1'000'040'000,
                   "cell current beyond the measured range"}};
    r.events = {
        {1'000'000'000, "scenario", "", "short", "P+ and P- are shorted", 0.005, "Ohm"},
        {1'000'058'000, "witness", "pack", "scd", "current crosses the short-circuit comparator", 410.0, "A"},
        {1'000'204'000, "gate", "pack", "hw.gate.dsg", "discharge group opens", std::nullopt, ""},
        {1'000'210'000, "damage", "pack", "fet.dsg[2]", "avalanche energy passes its limit: welded", 0.72, "J"}};
    r.traces = {main_trace(), burst()};
    r.hash = 0x0123456789abcdefULL;
    r.core_hash = {{"pack", "00000000deadbeef"}};
    r.seed = 7;
    r.sim_time_ns = 10 * 1'000'000'000LL;
    r.steps = 12345;
    r.versions = {{"bmstwin", "0.1.0"}, {"model.lfp-100ah", "1"}};
    r.wall_time_s = 0.25;
    return r;
}

}  // namespace sample
