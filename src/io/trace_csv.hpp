// SPDX-License-Identifier: Apache-2.0
// Traces as CSV: trace.csv (the main recording) and burst-<n>.csv. First column t_s (exact); a burst has t_rel_us, the
// time since its trigger, beside it. Further columns are channels, whose names end in the unit. Values have nine
// significant digits (a trace is for eyes and spreadsheets; verdicts come from the full numbers); an empty field is "no
// value".
#pragma once
#include <string>

#include "sim/result.hpp"

namespace twin::io {

/// Appends the header line or one block of rows [first, last) to `out`.
void trace_csv_header(std::string& out, const sim::Trace& trace);
void trace_csv_rows(std::string& out, const sim::Trace& trace, std::size_t first, std::size_t last);

/// Writes the whole file, in blocks. Throws twin::FileError.
void write_trace_csv(const sim::Trace& trace, const std::string& path);

/// "trace.csv" for "main", "<id>.csv" for the others.
std::string trace_file_name(const sim::Trace& trace);

}  // namespace twin::io
