// SPDX-License-Identifier: Apache-2.0
#include "power/ntc.hpp"

#include <array>
#include <string_view>

namespace twin::power {
namespace {

struct Row {
    double t_degC;
    double r_kOhm;
};

constexpr std::array<Row, 25> k_b3435{{{-30, 118.718}, {-25, 91.374}, {-20, 70.876}, {-15, 55.400}, {-10, 43.633},
                                       {-5, 34.622},   {0, 27.672},   {5, 22.275},   {10, 18.054},  {15, 14.732},
                                       {20, 12.100},   {25, 10.000},  {30, 8.293},   {35, 6.921},   {40, 5.809},
                                       {45, 4.901},    {80, 1.676},   {85, 1.458},   {90, 1.272},   {95, 1.114},
                                       {100, 0.978},   {105, 0.861},  {110, 0.761},  {115, 0.674},  {125, 0.533}}};

constexpr std::array<Row, 26> k_b3950{
    {{-40, 283.38}, {-35, 209.06}, {-30, 156.82}, {-25, 118.95}, {-20, 90.93}, {-15, 69.90}, {-10, 53.98},
     {-5, 41.85},   {0, 32.58},    {5, 25.47},    {10, 20.00},   {15, 15.785}, {20, 12.527}, {25, 10.000},
     {30, 8.034},   {35, 6.498},   {80, 1.2429},  {85, 1.0594},  {90, 0.9069}, {95, 0.7797}, {100, 0.6730},
     {105, 0.5831}, {110, 0.5071}, {115, 0.4425}, {120, 0.3874}, {125, 0.3402}}};

template <std::size_t N>
struct Table {
    std::array<double, N> inv_t{};
    std::array<double, N> ln_r{};
    explicit Table(const std::array<Row, N>& rows) {
        for (std::size_t k = 0; k < N; ++k) {
            inv_t[k] = 1.0 / (rows[k].t_degC + base::k_zero_degC_K);
            ln_r[k] = base::det_log(rows[k].r_kOhm * 1e3);
        }
    }
};

}  // namespace

const NtcCurve* ntc_curve(const char* name) {
    static const Table<25> b3435{k_b3435};
    static const Table<26> b3950{k_b3950};
    static const NtcCurve curves[] = {{"10k-B3435", b3435.inv_t, b3435.ln_r}, {"10k-B3950", b3950.inv_t, b3950.ln_r}};
    for (const NtcCurve& c : curves)
        if (std::string_view(c.name) == name) return &c;
    return nullptr;
}

}  // namespace twin::power
