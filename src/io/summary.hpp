// SPDX-License-Identifier: Apache-2.0
// summary.json: the verdict with everything it rests on. Keys are stable; everything outside "host" is equal to the
// byte between runs, machines and compilers (times are t_ns / 1e9; non-finite numbers are null).
#pragma once
#include <string>

#include "sim/result.hpp"

namespace twin::io {

/// Text of summary.json, two spaces of indent, newline at the end.
std::string summary_json(const sim::RunResult& result, bool host);

/// Text of events.jsonl: one JSON object a line, {"t_s", "kind", "pack", "source", "text", "value", "unit"}.
std::string events_jsonl(const sim::RunResult& result);

/// Machine and compiler for host{}, e.g. "x86_64 Linux, g++ 12.2.0".
std::string machine();

}  // namespace twin::io
