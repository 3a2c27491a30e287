// The product line: 10 current classes x 3 string variants = 30 models, and the presets of three chemistries.
#pragma once
#include <cstdint>

namespace bms {

struct Product {
    std::int32_t rated_A;  // continuous, charge = discharge
    std::uint8_t cells_min;
    std::uint8_t cells_max;
    std::uint8_t series;  // 8, 17, 24: the variant
    std::uint8_t index;   // 0..29 in the order 8S, 17S, 24S, each 40..500 A
};

// Finds a product by its id ("R24TK1A-17S-100A", NUL-padded). False if there is none.
bool product_find(const std::uint8_t (&id)[24], Product& out);
// Product by index 0..29, and its id into text[24].
bool product_at(std::uint32_t index, Product& out, std::uint8_t (&id)[24]);
// Allowed cell counts for a chemistry (BMS_CHEM_) on this variant.
bool product_cells(const Product& p, std::uint8_t chemistry, std::uint8_t& lo, std::uint8_t& hi);

// Thresholds by chemistry, profile field; [mV], [0.1 mV] for balance_on, [0.1 degC].
struct Chemistry {
    std::int32_t upper_mV;  // upper limit of the cell
    std::int32_t cov_mV, cov_release_mV, cuv_mV, cuv_release_mV, balance_on_dmV, full_mV;
    std::int32_t otc_ddegC, utc_ddegC, otd_ddegC, utd_ddegC;
    std::int32_t manual_cov_mV, manual_cov_release_mV;
    std::uint8_t low_supply_cells;  // at this count the supply needs a higher under-voltage level
    std::int32_t low_supply_cuv_mV;
    std::int32_t ocv_mV[11];  // open-circuit voltage at 0, 10 .. 100 % for the first guess of the state of charge
};
extern const Chemistry kChemistry[3];

}  // namespace bms
