// SPDX-License-Identifier: Apache-2.0
// What one run leaves behind, filled by finish() of the simulation and read by the writers of evidence in io. The
// structs are plain data and public, so they are defined once, in <twin/result.hpp>.
#pragma once
#include <twin/result.hpp>
#include <type_traits>

#include "base/time.hpp"

namespace twin::sim {

static_assert(std::is_same_v<twin::Time_ns, base::Time_ns>);

using twin::AppliedSetting;
using twin::CheckResult;
using twin::Damage;
using twin::EventRecord;
using twin::exit_code;
using twin::Ledger;
using twin::LedgerLine;
using twin::Metric;
using twin::NamedText;
using twin::PackVerdict;
using twin::ProtocolRecord;
using twin::RunResult;
using twin::RunStatus;
using twin::Time_ns;
using twin::Trace;
using twin::TraceColumn;
using twin::Warning;

}  // namespace twin::sim
