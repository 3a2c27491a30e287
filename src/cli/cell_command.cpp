// SPDX-License-Identifier: Apache-2.0
// bmstwin cell: one cell on a cycler's protocol; a table of how each step ended, and all samples as CSV.
#include <fmt/format.h>

#include <cstdio>

#include "cli/commands.hpp"

namespace twin::cli {

int cell_command(const CellArguments& a) {
    Cell cell(a.model, a.kind, a.thermal);
    const CellRun run = cell.run(a.protocol, {a.soc_pct / 100.0, a.temp_degC, a.temp_degC}, a.repeat);
    fmt::print("{} as {}, {:g} Ah, from {:g} % at {:g} degC\n", cell.name(), cell.kind(), cell.nominal_Ah(), a.soc_pct,
               a.temp_degC);
    fmt::print("{:<52} {:<8} {:>11} {:>10} {:>10} {:>11}\n", "STEP", "ENDED BY", "AT", "VOLTAGE", "CURRENT", "CHARGE");
    bool good = true;
    for (const CellRun::End& e : run.ends) {
        fmt::print("{:<52} {:<8} {:>9.1f} s {:>8.4f} V {:>8.3f} A {:>8.4f} Ah\n", e.text, e.reason, e.t_s, e.v_V, e.i_A,
                   e.charge_Ah);
        good = good && e.reason != "failed";
    }
    if (!a.out.empty()) {
        const std::string part = a.out + ".part";
        std::FILE* const f = std::fopen(part.c_str(), "w");
        if (f == nullptr) throw FileError(fmt::format("{} cannot be written", a.out));
        fmt::print(f, "time_s,current_A,voltage_V,soc_pct,temp_degC,heat_W,step\n");
        for (std::size_t k = 0; k < run.t_s.size(); ++k)
            fmt::print(f, "{:.9g},{:.9g},{:.9g},{:.9g},{:.9g},{:.9g},{}\n", run.t_s[k], run.i_A[k], run.v_V[k],
                       100.0 * run.soc[k], run.temp_degC[k], run.heat_W[k], run.step[k]);
        const bool bad = std::ferror(f) != 0;
        if (std::fclose(f) != 0 || bad || std::rename(part.c_str(), a.out.c_str()) != 0)
            throw FileError(fmt::format("{} cannot be written", a.out));
        fmt::print("samples: {} ({} rows)\n", a.out, run.t_s.size());
    }
    return good ? 0 : k_internal;
}

}  // namespace twin::cli
