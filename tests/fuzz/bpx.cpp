// SPDX-License-Identifier: Apache-2.0
// Any bytes as a BPX file: no crash, no hang, no undefined behaviour; either errors or a cell whose first step returns.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "cell/echem.hpp"
#include "io/bpx.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace twin;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    io::Json j;
    Diagnostic d;
    if (!io::parse_json(text, {}, &j, &d)) return 0;
    const io::BpxResult r = io::read_bpx_json(j, "fuzz");
    if (r.ok() != r.errors.empty()) std::abort();
    if (!r.ok()) return 0;
    cell::Echem c(r.params, r.params->electrolyte ? cell::EchemKind::dfn : cell::EchemKind::spm, {4, 2, 4, 0.0, 8});
    (void)c.trial(1.0, r.params->nominal_Ah, true);
    c.commit();
    return 0;
}
