#include "core/params.hpp"

#include "core/product.hpp"
#include "core/state.hpp"

namespace bms {

#define BMS_TYPEOF_INT BMS_TYPE_INT
#define BMS_TYPEOF_BOOL BMS_TYPE_BOOL
#define BMS_TYPEOF_COMMAND BMS_TYPE_COMMAND
#define BMS_ROLEOF_APP BMS_ROLE_APP
#define BMS_ROLEOF_PC BMS_ROLE_PC
#define BMS_FLAGOF_0 0
#define BMS_FLAGOF_AFE BMS_DESC_AFE
#define BMS_FLAGOF_VOLATILE BMS_DESC_VOLATILE
#define BMS_X(name, unit, den, type, role, flags, min, max, def, text) \
    {static_cast<std::uint16_t>(P::name),                              \
     BMS_TYPEOF_##type,                                                \
     BMS_ROLEOF_##role,                                                \
     BMS_FLAGOF_##flags,                                               \
     1,                                                                \
     min,                                                              \
     max,                                                              \
     def,                                                              \
     den,                                                              \
     #name,                                                            \
     unit,                                                             \
     text},
const bms_desc kParamTable[kParamN] = {BMS_PARAMS(BMS_X)};
#undef BMS_X

namespace {

void preset(State& s, P p, std::int32_t value) { s.requested[index_of(p)] = value; }

// Shunt voltage in uV of a current: mA * nOhm * 1e-6. Fits: 2e7 mA * 4e9 nOhm < 2^63.
std::int64_t shunt_uV(const State& s, std::int32_t mA) {
    return static_cast<std::int64_t>(mA) * static_cast<std::int64_t>(s.cfg.shunt_nOhm) / 1000000;
}

std::int32_t shunt_mA(const State& s, std::int64_t uV) {
    const std::int64_t mA = uV * 1000000 / static_cast<std::int64_t>(s.cfg.shunt_nOhm);
    return mA > INT32_MAX ? INT32_MAX : static_cast<std::int32_t>(mA);
}

// Level in steps of `step_uV`, codes lo..hi: the nearest code not above the request.
std::int32_t level(const State& s, std::int32_t request_mA, std::int32_t step_uV, std::int32_t lo, std::int32_t hi,
                   std::int32_t& applied) {
    const std::int64_t code = shunt_uV(s, request_mA) / step_uV;
    if (code < lo) return BMS_E_AFE_LOW;
    if (code > hi) return BMS_E_AFE_HIGH;
    applied = shunt_mA(s, code * step_uV);
    return BMS_OK;
}

// Over-current of level 1: the AFE's converter where it can, else the firmware, which needs 200 ms.
bool oc1_in_afe(const State& s, std::int32_t mA, std::int32_t delay_ms) {
    const std::int64_t code = shunt_uV(s, mA) / dvc::kOc1Step_uV;
    return delay_ms <= 2048 && code >= 1 && code <= 255;
}

std::int32_t apply_oc1(const State& s, P level_p, P delay_p, std::int32_t mA, std::int32_t delay_ms,
                       std::int32_t* applied) {
    if (oc1_in_afe(s, mA, delay_ms)) {
        const std::int64_t code = shunt_uV(s, mA) / dvc::kOc1Step_uV;
        applied[index_of(level_p)] = shunt_mA(s, code * dvc::kOc1Step_uV);
        applied[index_of(delay_p)] = delay_ms / 8 * 8;
        return BMS_OK;
    }
    if (delay_ms < 200) return BMS_E_AFE_DELAY;
    applied[index_of(level_p)] = mA;
    applied[index_of(delay_p)] = delay_ms;
    return BMS_OK;
}

// Pairs that must keep their order: first < second.
constexpr P kOrder[][2] = {
    {P::cov_release_mV, P::cov_mV}, {P::cuv_mV, P::cuv_release_mV}, {P::cuv_release_mV, P::cov_mV},
    {P::utc_degC, P::otc_degC},     {P::utd_degC, P::otd_degC},     {P::fet_resume_degC, P::fet_trip_degC},
    {P::range_min_mV, P::cuv_mV},   {P::cov_mV, P::range_max_mV},   {P::fet_resume_degC, P::fet_warn_degC}};

std::int32_t check_order(const State& s, P p, std::int32_t value) {
    for (const auto& pair : kOrder) {
        const std::int32_t a = pair[0] == p ? value : s.requested[index_of(pair[0])];
        const std::int32_t b = pair[1] == p ? value : s.requested[index_of(pair[1])];
        if ((pair[0] == p || pair[1] == p) && a >= b) return BMS_E_ORDER;
    }
    return BMS_OK;
}

}  // namespace

std::int32_t param_apply(State& s, P p, std::int32_t request) {
    std::int32_t got = request;
    std::int32_t rc = BMS_OK;
    switch (p) {
        case P::scd_mA:
            rc = level(s, request, dvc::kScdStep_uV, 1, 63, got);
            break;
        case P::scd_delay_us: {
            const std::int32_t code = request / dvc::kScdDelayStep_cus;
            if (code > 255) return BMS_E_AFE_DELAY;
            got = code * dvc::kScdDelayStep_cus;
            break;
        }
        case P::ocd2_mA:
        case P::occ2_mA:
            rc = level(s, request, dvc::kOc2Step_uV, 1, 64, got);
            break;
        case P::ocd2_delay_ms:
        case P::occ2_delay_ms:
            got = request / 4 * 4;
            break;
        case P::ocd_mA:
            rc = apply_oc1(s, P::ocd_mA, P::ocd_delay_ms, request, s.requested[index_of(P::ocd_delay_ms)], s.applied);
            return rc;
        case P::ocd_delay_ms:
            rc = apply_oc1(s, P::ocd_mA, P::ocd_delay_ms, s.requested[index_of(P::ocd_mA)], request, s.applied);
            return rc;
        case P::occ_mA:
            rc = apply_oc1(s, P::occ_mA, P::occ_delay_ms, request, s.requested[index_of(P::occ_delay_ms)], s.applied);
            return rc;
        case P::occ_delay_ms:
            rc = apply_oc1(s, P::occ_mA, P::occ_delay_ms, s.requested[index_of(P::occ_mA)], request, s.applied);
            return rc;
        case P::cov_afe_mV:
            if (request > 4595) return BMS_E_AFE_HIGH;
            break;
        case P::wake_mA:
            rc = level(s, request, dvc::kCwtStep_uV, 1, 255, got);
            break;
        case P::diode_mA:
            rc = level(s, request, dvc::kBdpStep_uV, 1, 255, got);
            break;
        default:
            break;
    }
    if (rc == BMS_OK) s.applied[index_of(p)] = got;
    return rc;
}

std::int32_t params_preset(State& s) {
    for (std::uint32_t i = 0; i < kParamN; ++i) s.requested[i] = kParamTable[i].def;
    const Chemistry& c = kChemistry[s.chemistry];
    const std::int32_t rated = s.rated_mA;
    preset(s, P::scd_mA, 4 * rated);
    preset(s, P::ocd_mA, rated / 2 * 3);
    preset(s, P::ocd2_mA, rated / 4 * 15);
    preset(s, P::occ_mA, rated / 10 * 11);
    preset(s, P::occ2_mA, rated / 2 * 5);
    preset(s, P::cov_mV, c.cov_mV);
    preset(s, P::cov_release_mV, c.cov_release_mV);
    preset(s, P::cuv_mV, s.n <= c.low_supply_cells ? c.low_supply_cuv_mV : c.cuv_mV);
    preset(s, P::cuv_release_mV, c.cuv_release_mV);
    preset(s, P::balance_on_mV, c.balance_on_dmV);
    preset(s, P::otc_degC, c.otc_ddegC);
    preset(s, P::utc_degC, c.utc_ddegC);
    preset(s, P::otd_degC, c.otd_ddegC);
    preset(s, P::utd_degC, c.utd_ddegC);
    preset(s, P::full_mV, c.full_mV);
    preset(s, P::capacity_mAh, static_cast<std::int32_t>(s.cfg.capacity_mAh));
    std::int32_t afe_cov = c.upper_mV;
    if (s.cfg.profile == BMS_PROFILE_MANUAL) {
        preset(s, P::scd_mA, rated / 2 * 3);
        preset(s, P::scd_delay_us, 199200);  // the chip's longest, code 255
        preset(s, P::balance_on_mV, 30000);
        preset(s, P::cov_mV, c.manual_cov_mV);
        preset(s, P::cov_release_mV, c.manual_cov_release_mV);
        if (c.manual_cov_mV >= afe_cov) afe_cov = c.manual_cov_mV + 30;
    }
    preset(s, P::cov_afe_mV, afe_cov);
    preset(s, P::cuv_afe_mV, s.requested[index_of(P::cuv_mV)] - 50);
    for (std::uint32_t i = 0; i < kParamN; ++i) {
        const std::int32_t v = s.requested[i];
        if (v < kParamTable[i].min || v > kParamTable[i].max) return BMS_E_CONFIG;
        const std::int32_t rc = param_apply(s, static_cast<P>(i + 1u), v);
        if (rc != BMS_OK) return BMS_E_CONFIG;
    }
    return BMS_OK;
}

std::int32_t param_set(State& s, std::uint32_t id, std::int32_t value, std::uint32_t role) {
    if (id == 0 || id > kParamN) return BMS_E_UNKNOWN;
    const bms_desc& d = kParamTable[id - 1u];
    if (role < d.role) return BMS_E_ROLE;
    if (value < d.min || value > d.max) return BMS_E_RANGE;
    const P p = static_cast<P>(id);
    const std::int32_t order = check_order(s, p, value);
    if (order != BMS_OK) return order;
    const std::int32_t rc = param_apply(s, p, value);
    if (rc != BMS_OK) return rc;
    s.requested[id - 1u] = value;
    if ((d.flags & BMS_DESC_AFE) != 0 || p == P::cov_delay_ms || p == P::cuv_delay_ms) s.drv.dirty = 1;
    return BMS_OK;
}

std::int32_t param_get(const State& s, std::uint32_t id, std::uint32_t which, std::int32_t* value) {
    if (id == 0 || id > kParamN || value == nullptr || which > BMS_APPLIED) return BMS_E_UNKNOWN;
    *value = kParamTable[id - 1u].type == BMS_TYPE_COMMAND ? 0
             : which == BMS_APPLIED                        ? s.applied[id - 1u]
                                                           : s.requested[id - 1u];
    return BMS_OK;
}

std::uint32_t param_warnings(const State& s) {
    const Chemistry& c = kChemistry[s.chemistry];
    std::uint32_t w = 0;
    if (par(s, P::scd_mA) <= par(s, P::ocd_mA)) w |= kWarnOcdUnreachable;
    if (par(s, P::balance_on_mV) >= par(s, P::cov_mV) * 10) w |= kWarnBalanceUnreachable;
    if (par(s, P::cov_mV) > c.upper_mV - 15) w |= kWarnCovAboveLimit;
    constexpr P kLevels[] = {P::scd_mA, P::ocd_mA, P::occ_mA};
    for (P p : kLevels) {
        const std::int64_t request = s.requested[index_of(p)];
        if (par(s, p) < request - request / 10) w |= kWarnLevelLowered;
    }
    return w;
}

}  // namespace bms
