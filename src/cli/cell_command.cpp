// SPDX-License-Identifier: Apache-2.0
// bmstwin cell: one cell on a cycler's protocol; a table of how each step ended, and all samples as CSV.
#include <fmt/format.h>

#include <cstdio>
#include <iterator>

#include <twin/file.hpp>

#include "cli/commands.hpp"

namespace twin::cli {

int cell_command(const CellArguments& a) {
    if (a.protocol.empty() && a.protocol_file.empty())
        throw InputError({Diagnostic{Diagnostic::Severity::error, "cell", "",
                                     "what shall it do? --do STEP (again for the next) or --protocol FILE", 0, 0}});
    CellStart start;
    if (a.soc_pct) start.soc = *a.soc_pct / 100.0;
    start.temp_degC = a.temp_degC;
    start.hysteresis_rel = a.hysteresis;
    Cell cell(a.model, a.kind, a.thermal, a.degradation, start);
    for (const std::string& note : cell.notes()) fmt::print(stderr, "note: {}\n", note);
    const double soc0_pct = 100.0 * cell.soc(), temp0_degC = cell.temp_degC();
    const CellRun run =
        a.protocol_file.empty() ? cell.run(a.protocol, {}, a.repeat) : cell.run_file(a.protocol_file, {}, a.repeat);
    fmt::print("{} as {}, {:g} Ah, from {:g} % at {:g} degC\n", cell.name(), cell.kind(), cell.nominal_Ah(), soc0_pct,
               temp0_degC);
    fmt::print("{:<52} {:<8} {:>11} {:>10} {:>10} {:>11}\n", "STEP", "ENDED BY", "AT", "VOLTAGE", "CURRENT", "CHARGE");
    bool good = true;
    for (const CellRun::End& e : run.ends) {
        fmt::print("{:<52} {:<8} {:>9.1f} s {:>8.4f} V {:>8.3f} A {:>8.4f} Ah\n", e.text, e.reason, e.t_s, e.v_V, e.i_A,
                   e.charge_Ah);
        good = good && e.reason != "failed";
    }
    for (const std::string& what : run.extrapolated) fmt::print("EXTRAPOLATED: {}\n", what);
    if (!a.degradation.empty() && a.degradation != "off") {
        const CellDegradation d = cell.degradation();
        fmt::print(
            "SEI {:.3f} nm (most {:.3f}), film {:.3g} mOhm; lithium in SEI {:.4g} mAh, plated {:.4g} mAh, dead "
            "{:.4g} mAh\n",
            d.sei_nm, d.sei_max_nm, 1e3 * d.film_Ohm, 1e3 * d.sei_Ah, 1e3 * d.plated_Ah, 1e3 * d.dead_Ah);
    }
    if (cell.kind() == "abused") {
        const CellAbuse x = cell.abuse();
        fmt::print(
            "core {:.1f} degC, internal shorts {:.3g} S, least anode potential {:.3f} V{}; plated {:.4g} Ah, side "
            "reactions "
            "{:.4g} Ah, heat of shorts {:.4g} J, of decomposition {:.4g} J ({:.1f} % reacted)\n",
            x.t_core_degC, x.short_S, x.anode_min_V, x.anode_min_V < 0.0 ? " (lithium plates)" : "", x.plated_Ah,
            x.side_Ah, x.short_J, x.reaction_J, 100.0 * x.reacted_rel);
    }
    if (!a.out.empty()) {
        std::string text = "time_s,current_A,voltage_V,soc_pct,temp_degC,heat_W,step\n";
        for (std::size_t k = 0; k < run.t_s.size(); ++k)
            fmt::format_to(std::back_inserter(text), "{:.9g},{:.9g},{:.9g},{:.9g},{:.9g},{:.9g},{}\n", run.t_s[k],
                           run.i_A[k], run.v_V[k], 100.0 * run.soc[k], run.temp_degC[k], run.heat_W[k], run.step[k]);
        write_file(a.out, text);
        fmt::print("samples: {} ({} rows)\n", a.out, run.t_s.size());
    }
    return good ? 0 : k_internal;
}

}  // namespace twin::cli
