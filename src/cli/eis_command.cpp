// SPDX-License-Identifier: Apache-2.0
// bmstwin eis: impedance spectrum of a cell model as a table, CSV and plot.
#include <fmt/format.h>

#include <cmath>

#include <twin/file.hpp>

#include "cli/commands.hpp"

namespace twin::cli {

int eis_command(const EisArguments& a) {
    EisOptions o = a.options;
    o.soc = a.soc_pct / 100.0;
    if (!a.freq.empty()) o.f_Hz = parse_eis_f_Hz(a.freq);
    const EisResult r = eis(o);
    fmt::print("{} as {}, {:g} % at {:g} degC\n", r.model, r.kind, a.soc_pct, r.temp_degC);
    fmt::print("{:>12} {:>14} {:>14} {:>14} {:>10}\n", "FREQUENCY", "RE", "IM", "|Z|", "PHASE");
    std::string csv = "freq_Hz,z_re_Ohm,z_im_Ohm\n";
    for (std::size_t k = 0; k < r.f_Hz.size(); ++k) {
        const std::complex<double> z = r.z_Ohm[k];
        fmt::print("{:>9.4g} Hz {:>9.5f} mOhm {:>9.5f} mOhm {:>9.5f} mOhm {:>6.2f} deg\n", r.f_Hz[k], 1e3 * z.real(),
                   1e3 * z.imag(), 1e3 * std::abs(z), std::arg(z) * 57.29577951308232);
        csv += fmt::format("{:.9g},{:.9g},{:.9g}\n", r.f_Hz[k], z.real(), z.imag());
    }
    if (!a.out.empty()) write_file(a.out, csv);
    if (!a.svg.empty()) write_file(a.svg, eis_svg(r));
    return 0;
}

}  // namespace twin::cli
