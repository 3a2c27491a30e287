#include "core/signals.hpp"

#include "core/balance.hpp"
#include "core/charge.hpp"
#include "core/events.hpp"

namespace bms {

#define BMS_TYPEOF_INT BMS_TYPE_INT
#define BMS_TYPEOF_BOOL BMS_TYPE_BOOL
#define BMS_TYPEOF_ENUM BMS_TYPE_ENUM
#define BMS_X(ident, name, unit, den, type, n, min, max, expr, text) \
    {static_cast<std::uint16_t>(Sig::ident),                         \
     BMS_TYPEOF_##type,                                              \
     BMS_ROLE_NONE,                                                  \
     BMS_DESC_READONLY,                                              \
     n,                                                              \
     min,                                                            \
     max,                                                            \
     0,                                                              \
     den,                                                            \
     name,                                                           \
     unit,                                                           \
     text},
const bms_desc kSignalTable[kSignalN] = {BMS_SIGNALS(BMS_X)};
#undef BMS_X

#define BMS_X(name, level, text) {static_cast<std::uint16_t>(E::name), level, #name, text},
const bms_event_desc kEventTable[kEventN] = {BMS_EVENTS(BMS_X)};
#undef BMS_X

namespace {

std::int32_t value_of(const State& s, Sig id, std::uint32_t k) {
    (void)k;
    switch (id) {
#define BMS_X(ident, name, unit, den, type, n, min, max, expr, text) \
    case Sig::ident:                                                 \
        return static_cast<std::int32_t>(expr);
        BMS_SIGNALS(BMS_X)
#undef BMS_X
        default:
            return 0;
    }
}

}  // namespace

std::int32_t signal_get(const State& s, std::uint32_t id, std::uint32_t index, std::int32_t* value) {
    if (id == 0 || id > kSignalN || value == nullptr) return BMS_E_UNKNOWN;
    const std::uint32_t n = kSignalTable[id - 1u].count;
    if (index > n || (index == 0 && n != 1)) return BMS_E_INDEX;
    if (n == kCells && index > s.n) return BMS_E_INDEX;
    *value = value_of(s, static_cast<Sig>(id), index == 0 ? 0 : index - 1u);
    return BMS_OK;
}

}  // namespace bms
