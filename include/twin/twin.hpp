// SPDX-License-Identifier: Apache-2.0
// The public C++ API of bmstwin. Verbs: load, validate, schema, run, simulate (Simulation), report, channels, version,
// Cell, age, eis, draw_cells.
//
//     twin::RunResult r = twin::run(twin::Scenario::from_file("short.scenario.json"));
//     for (const twin::CheckResult& c : r.checks) ...
#pragma once
#include <twin/ageing.hpp>
#include <twin/cell.hpp>
#include <twin/eis.hpp>
#include <twin/error.hpp>
#include <twin/report.hpp>
#include <twin/result.hpp>
#include <twin/run.hpp>
#include <twin/scenario.hpp>
#include <twin/simulation.hpp>
#include <twin/spread.hpp>
#include <twin/types.hpp>
#include <twin/version.hpp>
