// SPDX-License-Identifier: Apache-2.0
#include <twin/spread.hpp>

#include "base/hash.hpp"
#include "cell/spread_model.hpp"
#include "io/load.hpp"
#include "io/model.hpp"
#include "study/model_path.hpp"

namespace twin {

CellSpread draw_cells(const std::string& name, std::size_t n, std::uint64_t seed, const std::string& pack) {
    Diagnostic d;
    d.file = name;
    if (n > 100'000'000) {
        d.message = "more than 100 million cells";
        throw InputError({d});
    }
    const std::string path = study::model_path("spread", "spread model", io::spread_name(name));
    const auto file = io::read_model<cell::SpreadFile>(path);
    if (!file.ok()) throw InputError(file.errors);
    const cell::SpreadModel m = cell::compile(file.value);
    const base::RngKey key{seed, base::name_key(pack.data(), pack.size())};
    CellSpread out{m.id, m.title, m.label, {}, {}, {}, {}};
    for (std::size_t k = 0; k < n; ++k) {
        const cell::SpreadDraw x = cell::draw(m, key, k);
        out.capacity_rel.push_back(x.capacity_rel);
        out.r_rel.push_back(x.r_rel);
        out.self_discharge_per_d.push_back(x.leak_per_d);
        out.soc_offset_frac.push_back(x.soc_offset);
    }
    return out;
}

}  // namespace twin
