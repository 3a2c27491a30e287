#include "core/balance.hpp"

#include <cstring>

#include "core/wiring.hpp"

namespace bms {
namespace {

constexpr std::uint64_t kFresh_us = 135000;  // one whole voltage scan of the AFE lies inside

// Channel k (0-based) shares a lead with a cell that gives or takes.
bool affected(const Balance& b, std::uint32_t k) {
    const std::uint32_t c = k + 1u;
    return (b.from != 0 && c + 1u >= b.from && c <= b.from + 1u) || (b.to != 0 && c + 1u >= b.to && c <= b.to + 1u);
}

std::uint64_t in_phase_us(const State& s) {
    return s.meas.scan_us > s.bal.phase_us ? s.meas.scan_us - s.bal.phase_us : 0;
}

void stop(State& s) {
    s.bal.phase = kBalIdle;
    s.bal.from = 0;
    s.bal.to = 0;
    s.bal.shift_known = 0;
    s.bal.phase_us = s.now_us;
}

void decide(Step& t) {
    State& s = t.s;
    Balance& b = s.bal;
    const Measure& m = s.meas;
    ++b.slots;
    const bool due = m.v_max_dmV >= par(s, P::balance_on_mV) &&
                     static_cast<std::int32_t>(m.v_max_dmV) - m.v_min_dmV >= par(s, P::balance_diff_mV) &&
                     m.k_max != m.k_min && m.k_max != 0;
    b.due = due ? 1 : 0;
    const std::uint8_t from = due ? m.k_max : std::uint8_t{0};
    const std::uint8_t to = due ? m.k_min : std::uint8_t{0};
    if (from != b.from || to != b.to) t.log(E::balance, from, to);
    b.from = from;
    b.to = to;
    b.phase = kBalTransfer;
    b.phase_us = s.now_us;
    b.shift_known = 0;
    std::memcpy(b.before_dmV, m.v_dmV, sizeof b.before_dmV);
}

}  // namespace

void balance_learn(State& s, bool blind) {
    Balance& b = s.bal;
    if (b.phase != kBalTransfer || b.from == 0 || b.shift_known != 0 || blind || s.meas.valid == 0) return;
    if (in_phase_us(s) < kFresh_us) return;
    const bool cow = s.wire.cow_us != 0;
    std::int32_t d[kCells];
    std::int32_t common = 0;
    std::int32_t others = 0;
    for (std::uint32_t k = 0; k < s.n; ++k) {
        d[k] = static_cast<std::int32_t>(s.meas.raw_dmV[k]) - b.before_dmV[k];
        if (cow && k == 0) d[k] -= s.wire.cow_shift_dmV[0];
        if (cow && k == s.n - 1u) d[k] -= s.wire.cow_shift_dmV[1];
        if (affected(b, k)) continue;
        common += d[k];
        ++others;
    }
    if (others != 0) common /= others;
    for (std::uint32_t k = 0; k < s.n; ++k) {
        const std::int32_t v = affected(b, k) ? d[k] - common : 0;
        b.shift_dmV[k] = static_cast<std::int16_t>(v > 5000 ? 5000 : v < -5000 ? -5000 : v);
    }
    b.shift_known = 1;
}

bool balance_correct(const State& s, std::uint32_t k, std::uint16_t& v) {
    const Balance& b = s.bal;
    if (b.from == 0 || !affected(b, k)) return false;
    if (b.phase == kBalPause) return in_phase_us(s) < kFresh_us;
    if (b.phase != kBalTransfer) return false;
    if (b.shift_known == 0) return true;
    const std::int32_t r = static_cast<std::int32_t>(v) - b.shift_dmV[k];
    v = static_cast<std::uint16_t>(r < 0 ? 0 : r > 65535 ? 65535 : r);
    return false;
}

void balance_step(Step& t, bool locked) {
    State& s = t.s;
    Balance& b = s.bal;
    if (locked || par(s, P::balance_enable) == 0) {
        if (b.phase != kBalIdle) stop(s);
        b.due = 0;
        return;
    }
    const std::uint64_t settle_us = ms_us(par(s, P::balance_settle_ms));
    switch (b.phase) {
        case kBalIdle:
            b.phase = kBalPause;
            b.phase_us = s.now_us;
            break;
        case kBalPause:
            // The open-wire test does not start in this phase; wait until its last one has died away.
            if (in_phase_us(s) >= settle_us + kFresh_us && !wiring_busy(s)) decide(t);
            break;
        default: {
            const std::uint64_t pause_us = settle_us + kFresh_us + kScanPeriod_us;
            const std::uint64_t slot_us = ms_us(par(s, P::balance_slot_ms));
            const std::uint64_t transfer_us = slot_us > 2u * pause_us ? slot_us - pause_us : slot_us / 2u;
            if (s.now_us >= b.phase_us + transfer_us && !wiring_busy(s)) {
                b.phase = kBalPause;
                b.phase_us = s.now_us;
            }
        }
    }
}

bool balance_active(const State& s) { return s.bal.phase == kBalTransfer && s.bal.from != 0; }

}  // namespace bms
