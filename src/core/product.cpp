#include "core/product.hpp"

#include <cstring>

namespace bms {
namespace {

struct CurrentClass {
    char code;  // fifth character of the id: R24T?1A
    std::int32_t rated_A;
};
constexpr CurrentClass kClasses[10] = {{'H', 40},  {'H', 60},  {'K', 80},  {'K', 100}, {'M', 150},
                                       {'M', 200}, {'S', 250}, {'S', 300}, {'S', 400}, {'S', 500}};
constexpr std::uint8_t kSeries[3] = {8, 17, 24};
constexpr std::uint8_t kCellsMin[3] = {4, 8, 8};

std::uint32_t put_number(std::uint8_t* p, std::int32_t v) {
    std::uint32_t n = 0;
    for (std::int32_t d = 100; d >= 1; d /= 10) {
        if (v >= d || n != 0) p[n++] = static_cast<std::uint8_t>('0' + v / d % 10);
    }
    return n;
}

}  // namespace

bool product_at(std::uint32_t index, Product& out, std::uint8_t (&id)[24]) {
    if (index >= 30) return false;
    const CurrentClass& c = kClasses[index % 10];
    const std::uint32_t v = index / 10;
    out = Product{c.rated_A, kCellsMin[v], kSeries[v], kSeries[v], static_cast<std::uint8_t>(index)};
    std::memset(id, 0, sizeof id);
    std::memcpy(id, "R24T?1A-", 8);
    id[4] = static_cast<std::uint8_t>(c.code);
    std::uint32_t n = 8;
    n += put_number(id + n, kSeries[v]);
    id[n++] = 'S';
    id[n++] = '-';
    n += put_number(id + n, c.rated_A);
    id[n] = 'A';
    return true;
}

bool product_find(const std::uint8_t (&id)[24], Product& out) {
    for (std::uint32_t i = 0; i < 30; ++i) {
        std::uint8_t text[24];
        Product p{};
        product_at(i, p, text);
        if (std::memcmp(text, id, 24) == 0) {
            out = p;
            return true;
        }
    }
    return false;
}

bool product_cells(const Product& p, std::uint8_t chemistry, std::uint8_t& lo, std::uint8_t& hi) {
    if (chemistry > 2) return false;
    lo = p.cells_min;
    hi = p.cells_max;
    if (chemistry == 1 && p.series == 24) hi = 20;  // Li-ion: 20 series at most
    if (chemistry == 2 && p.series == 8) lo = 6;    // LTO: the supply needs 10 V
    return true;
}

// Rows: system thresholds of profile field. Upper-level margins keep over-voltage below the cell's limit (IEC
// 62619 8.2.2). Open-circuit guesses: rounded mid curves of the three cell families; a guess only, replaced by the
// first full charge.
const Chemistry kChemistry[3] = {
    {
        // LFP
        .upper_mV = 3650,
        .cov_mV = 3620,
        .cov_release_mV = 3500,
        .cuv_mV = 2500,
        .cuv_release_mV = 2900,
        .balance_on_dmV = 34000,
        .full_mV = 3450,
        .otc_ddegC = 500,
        .utc_ddegC = 0,
        .otd_ddegC = 600,
        .utd_ddegC = -200,
        .manual_cov_mV = 3750,
        .manual_cov_release_mV = 3600,
        .low_supply_cells = 4,
        .low_supply_cuv_mV = 2600,
        .ocv_mV = {2800, 3205, 3245, 3270, 3285, 3292, 3298, 3315, 3325, 3332, 3400},
    },
    {
        // NMC
        .upper_mV = 4200,
        .cov_mV = 4180,
        .cov_release_mV = 4050,
        .cuv_mV = 2900,
        .cuv_release_mV = 3200,
        .balance_on_dmV = 30000,
        .full_mV = 4120,
        .otc_ddegC = 450,
        .utc_ddegC = 0,
        .otd_ddegC = 600,
        .utd_ddegC = -200,
        .manual_cov_mV = 4180,
        .manual_cov_release_mV = 4050,
        .low_supply_cells = 0,
        .low_supply_cuv_mV = 0,
        .ocv_mV = {3300, 3470, 3560, 3610, 3650, 3700, 3780, 3880, 3970, 4060, 4170},
    },
    {
        // LTO
        .upper_mV = 2800,
        .cov_mV = 2770,
        .cov_release_mV = 2650,
        .cuv_mV = 1650,
        .cuv_release_mV = 1900,
        .balance_on_dmV = 20000,
        .full_mV = 2600,
        .otc_ddegC = 550,
        .utc_ddegC = -300,
        .otd_ddegC = 600,
        .utd_ddegC = -400,
        .manual_cov_mV = 2770,
        .manual_cov_release_mV = 2650,
        .low_supply_cells = 6,
        .low_supply_cuv_mV = 1750,
        .ocv_mV = {1900, 2100, 2160, 2190, 2215, 2240, 2270, 2310, 2360, 2420, 2600},
    },
};

}  // namespace bms
