// SPDX-License-Identifier: Apache-2.0
#include "afe/dvc1124_file.hpp"

#include <stdexcept>
#include <string_view>

namespace twin::afe {

static_assert(std::string_view(k_dvc1124_figures[18].key) == "por_rise_V" &&
              std::string_view(k_dvc1124_figures[19].key) == "por_fall_V");

Dvc1124Params build(const Dvc1124File& f) {
    Dvc1124Params p;
    for (std::size_t k = 0; k < f.figure.size(); ++k)
        p.*k_dvc1124_figures[k].member = f.figure[k].value * k_dvc1124_figures[k].to_si;
    p.frt = static_cast<std::uint8_t>(f.frt);
    p.chip_version = static_cast<std::uint8_t>(f.chip_version);
    p.iwts_bit = static_cast<std::uint8_t>(f.iwts_bit);
    p.body_diode_sign = static_cast<std::int8_t>(f.body_diode_sign);
    const char* which = nullptr;
    const char* why = check_params(p, &which);
    if (why != nullptr) throw std::invalid_argument(std::string(which) + " " + why);
    return p;
}

}  // namespace twin::afe
