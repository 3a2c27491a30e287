#include "core/measure.hpp"

#include "core/ntc_table.hpp"
#include "core/wiring.hpp"

namespace bms {
namespace {

std::uint32_t be16(const std::uint8_t* p) { return (static_cast<std::uint32_t>(p[0]) << 8) | p[1]; }

std::int32_t sign_extend(std::uint32_t v, std::uint32_t bits) {
    const std::uint32_t sign = 1u << (bits - 1u);
    return static_cast<std::int32_t>(v ^ sign) - static_cast<std::int32_t>(sign);
}

// Scans in a row before a sensor outside its range is called broken.
constexpr std::uint8_t kNtcScans = 10;

// NTC on an AFE pin: R = GP/(V1P8 - GP) * RPU. False if the voltages make no sense or the sensor is out of range.
bool gp_temp(const State& s, std::uint32_t gp, std::uint32_t v1p8, std::int16_t& t) {
    if (v1p8 < 15000 || v1p8 > 21000 || gp * 100u >= v1p8 * 99u) return false;
    const std::uint32_t pull_Ohm = 6800u + 25u * s.drv.trim;
    return ntc_ddegC(gp * (pull_Ohm * 10u) / (v1p8 - gp), t);  // 20790 * 131750 < 2^32
}

bool adc_temp(std::uint32_t raw, std::int16_t& t) {
    if (raw >= 4090) return false;
    return ntc_ddegC(raw * 100000u / (4095u - raw), t);
}

void temperatures(State& s, const bms_in& in, const std::uint8_t* b) {
    Measure& m = s.meas;
    const std::uint32_t v1p8 = be16(b + dvc::kV1p8);
    const std::uint8_t fitted = s.cfg.ntc_mask;
    std::uint8_t bad = 0;
    auto take = [&bad](std::uint8_t bit, bool ok) {
        if (!ok) bad = static_cast<std::uint8_t>(bad | bit);
    };
    if ((fitted & BMS_NTC_1) != 0) take(BMS_NTC_1, gp_temp(s, be16(b + dvc::kGp1), v1p8, m.t_ddegC[0]));
    if ((fitted & BMS_NTC_2) != 0) take(BMS_NTC_2, gp_temp(s, be16(b + dvc::kGp4), v1p8, m.t_ddegC[1]));
    if ((fitted & BMS_NTC_3) != 0) take(BMS_NTC_3, adc_temp(in.adc[BMS_ADC_NTC3], m.t_ddegC[2]));
    if ((fitted & BMS_NTC_4) != 0) take(BMS_NTC_4, adc_temp(in.adc[BMS_ADC_NTC4], m.t_ddegC[3]));
    if ((fitted & BMS_NTC_FET) != 0) take(BMS_NTC_FET, gp_temp(s, be16(b + dvc::kGp3), v1p8, m.t_ddegC[4]));
    if ((fitted & BMS_NTC_BOARD) != 0) take(BMS_NTC_BOARD, adc_temp(in.adc[BMS_ADC_BOARD_NTC], m.t_ddegC[5]));
    m.any_cell_temp = 0;
    for (std::uint32_t i = 0; i < 4; ++i) {
        const std::uint32_t bit = 1u << i;
        if ((fitted & bit) == 0 || (bad & bit) != 0) continue;
        const std::int16_t v = m.t_ddegC[i];
        if (m.any_cell_temp == 0 || v > m.t_max_ddegC) m.t_max_ddegC = v;
        if (m.any_cell_temp == 0 || v < m.t_min_ddegC) m.t_min_ddegC = v;
        m.any_cell_temp = 1;
    }
    if (bad == 0) {
        m.ntc_bad = 0;
        m.ntc_bad_count = 0;
    } else if (m.ntc_bad_count < kNtcScans) {
        ++m.ntc_bad_count;
    }
    if (m.ntc_bad_count >= kNtcScans) m.ntc_bad = bad;
}

}  // namespace

bool ntc_ddegC(std::uint32_t r_dOhm, std::int16_t& t_ddegC) {
    if (r_dOhm > kNtc_dOhm[0] || r_dOhm < kNtc_dOhm[kNtcN - 1u]) return false;
    std::uint32_t lo = 0;
    std::uint32_t hi = kNtcN - 1u;  // table falls: table[lo] >= r >= table[hi]
    while (hi - lo > 1u) {
        const std::uint32_t mid = (lo + hi) / 2u;
        if (kNtc_dOhm[mid] >= r_dOhm) {
            lo = mid;
        } else {
            hi = mid;
        }
    }
    const std::uint32_t span = kNtc_dOhm[lo] - kNtc_dOhm[hi];
    const std::uint32_t part = (10u * (kNtc_dOhm[lo] - r_dOhm) + span / 2u) / span;
    t_ddegC = static_cast<std::int16_t>((kNtcFirst_degC + static_cast<std::int32_t>(lo)) * 10 +
                                        static_cast<std::int32_t>(part));
    return true;
}

void measure_status(State& s, const std::uint8_t* b) {
    Measure& m = s.meas;
    const std::int64_t shunt = static_cast<std::int64_t>(s.cfg.shunt_nOhm);
    const std::int32_t cc1 = sign_extend(be16(b + dvc::kCc1), 16);
    m.i_fast_mA = static_cast<std::int32_t>(static_cast<std::int64_t>(cc1) * 5000000 / shunt);
    if ((b[dvc::kState] & dvc::kCc2f) == 0) return;
    const std::uint32_t raw = (static_cast<std::uint32_t>(b[4]) << 12) | (static_cast<std::uint32_t>(b[5]) << 4) |
                              (static_cast<std::uint32_t>(b[6]) >> 4);
    const std::int64_t uA = static_cast<std::int64_t>(sign_extend(raw, 20)) * 312500000 / shunt;
    const std::int64_t limit = INT32_MAX;
    m.i_uA = static_cast<std::int32_t>(uA > limit ? limit : uA < -limit ? -limit : uA);
    m.i_mA = static_cast<std::int32_t>(uA / 1000);
    m.cc2_new = 1;
}

void measure_adc(Step& t) {
    Measure& m = t.s.meas;
    m.p_minus_mV = static_cast<std::int32_t>(t.in.adc[BMS_ADC_PMINUS]) * 36300 / 4095 - 16500;
    m.supply_mV = static_cast<std::int32_t>(t.in.adc[BMS_ADC_SUPPLY]) * 103300 / 4095;
}

void measure_extremes(State& s, std::uint32_t dead) {
    Measure& m = s.meas;
    std::uint32_t sum = 0;
    std::uint16_t hi = 0;
    std::uint16_t lo = 0xFFFF;
    std::uint8_t k_hi = 0;
    std::uint8_t k_lo = 0;
    for (std::uint32_t k = 0; k < s.n; ++k) {
        const std::uint16_t v = m.v_dmV[k];
        sum += v;
        if (((dead >> k) & 1u) != 0) continue;
        if (v > hi || k_hi == 0) {
            hi = v;
            k_hi = static_cast<std::uint8_t>(k + 1u);
        }
        if (v < lo || k_lo == 0) {
            lo = v;
            k_lo = static_cast<std::uint8_t>(k + 1u);
        }
    }
    m.sum_mV = static_cast<std::int32_t>(sum / 10u);
    m.v_max_dmV = hi;
    m.v_min_dmV = lo;
    m.k_max = k_hi;
    m.k_min = k_lo;
}

void measure_block(Step& t, const std::uint8_t* b) {
    State& s = t.s;
    Measure& m = s.meas;
    m.scan_us = s.drv.post_us;
    measure_status(s, b);
    m.stack_mV = static_cast<std::int32_t>(be16(b + dvc::kVtop)) * dvc::kVtopLsb_100uV / 10;
    // T = code * 0.24467 - 271.03 degC
    m.t_die_ddegC = static_cast<std::int16_t>(static_cast<std::int32_t>(be16(b + dvc::kVct)) * 24467 / 10000 - 2710);
    const std::uint8_t* p = b + dvc::kVc1;
    for (std::uint32_t k = 0; k < kCells; ++k, p += 2) m.raw_dmV[k] = static_cast<std::uint16_t>(be16(p));
    temperatures(s, t.in, b);
    wiring_correct(s);
    m.valid = 1;
}

}  // namespace bms
