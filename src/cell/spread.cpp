// SPDX-License-Identifier: Apache-2.0
#include "cell/spread.hpp"

#include <stdexcept>
#include <string>

namespace twin::cell {

namespace {

void check_sd(double sd, double limit, const char* name) {
    if (!(sd >= 0.0 && sd < limit))
        throw std::invalid_argument(std::string("cell spread: ") + name + " = " + std::to_string(sd) +
                                    "; allowed 0 <= sd < " + std::to_string(limit));
}

}  // namespace

double cut_normal(const base::RngKey& key, base::Stream stream, std::uint64_t index) {
    double z = 0.0;
    for (std::uint64_t attempt = 0; attempt < k_spread_attempts; ++attempt) {
        z = base::normal(key, stream, index * k_spread_attempts + attempt);
        if (base::abs2(z) <= k_spread_cut) return z;
    }
    return z > 0.0 ? k_spread_cut : -k_spread_cut;
}

CellDraw draw_cell(const base::RngKey& key, const Spread& spread, std::uint64_t index) {
    check_sd(spread.capacity, 1.0 / k_spread_cut, "capacity");
    check_sd(spread.r, 1.0 / k_spread_cut, "resistance");
    check_sd(spread.soc, 1.0, "soc");
    CellDraw d;
    d.capacity_scale = 1.0 + spread.capacity * cut_normal(key, base::Stream::spread_capacity, index);
    d.r_scale = 1.0 + spread.r * cut_normal(key, base::Stream::spread_resistance, index);
    d.soc_offset = spread.soc * cut_normal(key, base::Stream::spread_soc, index);
    return d;
}

}  // namespace twin::cell
