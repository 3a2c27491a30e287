// SPDX-License-Identifier: Apache-2.0
// Any bytes into the scenario loader: no crash, no hang, no undefined behaviour; whatever loads must load again from
// its effective form and give itself.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "io/load.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const twin::io::LoadResult r = twin::io::load_text(text, "fuzz", {});
    if (r.scenarios.empty() == r.errors.empty()) std::abort();
    if (r.scenarios.empty()) return 0;
    const twin::io::LoadResult again = twin::io::load_text(r.scenarios[0].effective_json, "fuzz", {});
    if (again.scenarios.size() != 1 || again.scenarios[0].effective_json != r.scenarios[0].effective_json) std::abort();
    return 0;
}
