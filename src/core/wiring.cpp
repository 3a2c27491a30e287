#include "core/wiring.hpp"

#include <cstring>

#include "core/balance.hpp"
#include "core/measure.hpp"

namespace bms {
namespace {

constexpr std::uint64_t kFresh_us =
    135000;  // discharge of the pin, then one whole scan of the AFE (61.4 ms) from its start
constexpr std::uint64_t kCowEarly_us = 950000;  // tolerance of the chip's second
constexpr std::uint64_t kCowEnd_us = 1150000;
constexpr std::int32_t kSpare_dmV = 10000;  // a channel above the configured count must be shorted
constexpr std::int32_t kAbsent_dmV = 3000;
constexpr std::uint8_t kRangeScans = 2;
constexpr std::uint8_t kCountScans = 5;
constexpr std::uint8_t kClearScans = 5;

std::int32_t diff(std::uint16_t a, std::uint16_t b) {
    return static_cast<std::int32_t>(a) - static_cast<std::int32_t>(b);
}

std::uint16_t minus(std::uint16_t v, std::int32_t d) {
    const std::int32_t r = static_cast<std::int32_t>(v) - d;
    return static_cast<std::uint16_t>(r < 0 ? 0 : r > 65535 ? 65535 : r);
}

// Phase of the test at the last scan, 0 if none.
std::uint64_t cow_elapsed(const State& s) {
    const Wiring& w = s.wire;
    if (w.cow_us == 0 || s.meas.scan_us + 1u < w.cow_us) return 0;
    return s.meas.scan_us + 1u - w.cow_us + 1u;
}

bool all_normal_but(const State& s, std::uint32_t a, std::uint32_t b, std::int32_t avg) {
    for (std::uint32_t k = 0; k < s.n; ++k) {
        if (k == a || k == b) continue;
        const std::int32_t v = s.meas.raw_dmV[k];
        if (v < avg / 2 || v > avg * 3 / 2) return false;
    }
    return true;
}

// Lead k (1..n) open, from the readings under test: its channel is down and the next one up by the same; either this
// came with the test, or it was there before and nothing else in the stack is odd (a swap makes more channels odd).
bool lead_open(const State& s, std::uint32_t k, std::int32_t avg) {
    const Wiring& w = s.wire;
    const std::uint16_t* raw = s.meas.raw_dmV;
    const std::int32_t low = raw[k - 1u];
    if (low >= avg / 4) return false;
    const bool fell = diff(w.before_dmV[k - 1u], raw[k - 1u]) > 2000;
    if (k == s.n) {
        const bool stack_higher = s.meas.stack_mV - s.meas.sum_mV > par(s, P::stack_delta_mV) / 2;
        return fell || (stack_higher && all_normal_but(s, k - 1u, k - 1u, avg));
    }
    if (static_cast<std::int32_t>(raw[k]) <= avg * 3 / 2) return false;
    const bool rose = diff(raw[k], w.before_dmV[k]) > 2000;
    return (fell && rose) || all_normal_but(s, k - 1u, k, avg);
}

void learn_shift(State& s) {
    Wiring& w = s.wire;
    const std::uint32_t index[2] = {0, s.n - 1u};
    for (std::uint32_t i = 0; i < 2; ++i) {
        const std::int32_t shift = diff(s.meas.raw_dmV[index[i]], w.before_dmV[index[i]]);
        if (shift < -15000 || shift > 2000) continue;
        if (w.shift_known == 0) {
            w.cow_shift_dmV[i] = static_cast<std::int16_t>(shift);
        } else {
            const std::int32_t d = shift - w.cow_shift_dmV[i];
            const std::int32_t step = d > 200 ? 25 : d < -200 ? -25 : d / 8;  // a load step is not a filter change
            w.cow_shift_dmV[i] = static_cast<std::int16_t>(w.cow_shift_dmV[i] + step);
        }
    }
    w.shift_known = 1;
}

void evaluate_cow(Step& t) {
    State& s = t.s;
    Wiring& w = s.wire;
    std::int32_t sum = 0;
    for (std::uint32_t k = 0; k < s.n; ++k) sum += s.meas.raw_dmV[k];
    const std::int32_t avg = per_cell(s, sum);
    std::uint32_t mask = 0;
    std::uint8_t count = 0;
    std::uint8_t first = 0;
    for (std::uint32_t k = 1; k <= s.n; ++k) {
        if (!lead_open(s, k, avg)) continue;
        mask |= 1u << (k - 1u);
        if (count == 0) first = static_cast<std::uint8_t>(k);
        ++count;
    }
    ++w.tests;
    w.cow_evaluated = 1;
    if (count == 0) {
        if (w.cow_good < 255) ++w.cow_good;
        if (s.bal.phase != kBalTransfer && w.fault_range == 0) learn_shift(s);
        if (w.fault_wire != 0 && w.cow_good >= 2) {
            w.fault_wire = 0;
            w.open_mask = 0;
            w.wire_count = 0;
            w.wire_index = 0;
            w.ok_count = 0;
            t.log(E::wiring_ok);
        }
        return;
    }
    w.cow_good = 0;
    if (w.fault_wire == 0 || mask != w.open_mask) t.log(E::wire_open, first, count);
    w.fault_wire = 1;
    w.open_mask = mask;
    w.wire_index = first;
    w.wire_count = count;
    w.fault_range = 0;
    w.range_count = 0;
}

// Which two leads are exchanged: channels that differ from the stack's mean by more than 8 %, first and last. A swap of
// leads i and j makes channel i and, if there is one, channel j+1 too high.
void hint(State& s) {
    Wiring& w = s.wire;
    const std::int32_t mean = per_cell(s, s.meas.stack_mV * 10);
    std::uint8_t first = 0;
    std::uint8_t last = 0;
    for (std::uint32_t k = 0; k < s.n; ++k) {
        const std::int32_t d = static_cast<std::int32_t>(s.meas.v_dmV[k]) - mean;
        if (d < mean / 12 && d > -mean / 12) continue;
        last = static_cast<std::uint8_t>(k + 1u);
        if (first == 0) first = last;
    }
    const bool high = last != 0 && static_cast<std::int32_t>(s.meas.v_dmV[last - 1u]) > mean;
    w.hint_a = first;
    w.hint_b = last > first && high ? static_cast<std::uint8_t>(last - 1u) : last;
}

void check_range(Step& t, std::uint32_t dead) {
    State& s = t.s;
    Wiring& w = s.wire;
    const std::int32_t lo = par(s, P::range_min_mV) * 10;
    const std::int32_t hi = par(s, P::range_max_mV) * 10;
    std::uint8_t first = 0;
    std::uint8_t last = 0;
    w.odd_first = 0;
    for (std::uint32_t k = 0; k < s.n; ++k) {
        const std::int32_t v = s.meas.v_dmV[k];
        if ((v >= lo && v <= hi) || ((dead >> k) & 1u) != 0) continue;
        last = static_cast<std::uint8_t>(k + 1u);
        if (first == 0) first = last;
    }
    if (first == 0) {
        w.range_count = 0;
        if (w.fault_range != 0 && ++w.ok_count >= kClearScans && w.cow_good != 0) {
            w.fault_range = 0;
            t.log(E::wiring_ok);
        }
        return;
    }
    w.ok_count = 0;
    w.odd_first = first;
    if (w.range_count < 255) ++w.range_count;
    if (w.range_count == 1 && w.cow_us == 0) w.cow_next_us = s.now_us;
    if (w.range_count < kRangeScans) return;
    hint(s);
    if (w.fault_range == 0 || first != w.range_first || last != w.range_last) t.log(E::range, first, last);
    w.fault_range = 1;
    w.range_first = first;
    w.range_last = last;
}

void check_count(Step& t, std::uint32_t dead) {
    State& s = t.s;
    Wiring& w = s.wire;
    if (wiring_busy(s)) return;
    std::uint32_t channel = 0;
    std::int32_t mV = 0;
    for (std::uint32_t k = s.n; k < kCells && channel == 0; ++k) {
        if (static_cast<std::int32_t>(s.meas.raw_dmV[k]) > kSpare_dmV) {
            channel = k + 1u;
            mV = s.meas.raw_dmV[k] / 10;
        }
    }
    // Only the top channel dead and everything below in order: one cell fewer than configured.
    const bool top_absent = w.odd_first == s.n && s.meas.raw_dmV[s.n - 1u] < kAbsent_dmV;
    if (channel == 0 && top_absent) channel = s.n;
    if (channel == 0 && dead == 0 && w.fault_range == 0) {
        const std::int32_t d = s.meas.stack_mV - s.meas.sum_mV;
        if (d > par(s, P::stack_delta_mV) || d < -par(s, P::stack_delta_mV)) {
            channel = s.n + 1u;
            mV = d;
        }
    }
    if (channel == 0) {
        w.count_count = 0;
        if (w.fault_count != 0) {
            w.fault_count = 0;
            t.log(E::wiring_ok);
        }
        return;
    }
    if (w.count_count < 255) ++w.count_count;
    if (w.count_count < (s.pow.qualified != 0 ? kCountScans : kRangeScans)) return;
    if (w.fault_count == 0) t.log(E::cell_count, static_cast<std::int32_t>(channel), mV);
    w.fault_count = 1;
}

bool cow_due(const State& s) {
    const Wiring& w = s.wire;
    if (w.cow_us != 0 || ((s.drv.pending | s.drv.job) & kJobCow) != 0 || s.now_us < w.cow_next_us) return false;
    if (s.bal.phase == kBalPause || s.drv.boot != kBootDone) return false;
    if (s.pow.sleep_request != 0 || s.pow.mode == kModeSleepCheck) return false;
    // At start the count is settled first: the test hides the spare channels for a second.
    if (w.cow_good == 0 && w.fault_wire == 0 && w.count_count != 0 && w.fault_count == 0) return false;
    return par(s, P::openwire_period_ms) != 0 || w.cow_good == 0 || w.fault_wire != 0;
}

void start_cow(State& s) {
    Wiring& w = s.wire;
    std::memcpy(w.before_dmV, s.meas.v_dmV, sizeof w.before_dmV);
    w.cow_evaluated = 0;
    const std::int32_t period_ms = par(s, P::openwire_period_ms);
    const std::uint64_t period_us = ms_us(period_ms != 0 ? period_ms : 1666);
    w.cow_next_us = s.now_us + (period_us < kCowEnd_us + kFresh_us ? kCowEnd_us + kFresh_us : period_us);
    s.drv.pending |= kJobCow;
}

// A floating lead drifts: one channel up, its neighbour down by the same. Worth a test at once.
bool suspicious(std::int32_t d0, std::int32_t d1) {
    const std::int32_t sum = d0 + d1;
    const std::int32_t apart = d0 - d1;
    return sum > -500 && sum < 500 && (apart > 2000 || apart < -2000);
}

}  // namespace

bool wiring_busy(const State& s) { return s.wire.cow_us != 0; }
bool wiring_fault(const State& s) { return (s.wire.fault_wire | s.wire.fault_range | s.wire.fault_count) != 0; }
bool wiring_known(const State& s) { return s.wire.cow_good != 0; }

std::uint32_t wiring_dead(const State& s) { return s.wire.open_mask | (s.wire.open_mask << 1); }

void wiring_correct(State& s) {
    Wiring& w = s.wire;
    Measure& m = s.meas;
    const std::uint64_t el = cow_elapsed(s);
    if (el > kCowEnd_us) w.cow_us = 0;
    const bool cow = w.cow_us != 0 && el != 0;
    const bool cow_hold = cow && (el < kFresh_us || el >= kCowEarly_us || w.shift_known == 0);
    balance_learn(s, cow_hold);
    std::int32_t d_last = 0;
    bool suspect = false;
    for (std::uint32_t k = 0; k < s.n; ++k) {
        std::uint16_t v = m.raw_dmV[k];
        const bool end = k == 0 || k == s.n - 1u;
        bool hold = m.valid != 0 && end && cow_hold;
        if (end && cow && !cow_hold) v = minus(v, w.cow_shift_dmV[k == 0 ? 0 : 1]);
        hold = balance_correct(s, k, v) || hold;
        if (hold && m.valid != 0) v = m.v_dmV[k];
        const std::int32_t d = m.valid != 0 ? diff(v, m.v_dmV[k]) : 0;
        if (k != 0 && suspicious(d_last, d)) suspect = true;
        d_last = d;
        m.v_dmV[k] = v;
    }
    if (suspect && w.cow_us == 0) w.cow_next_us = s.now_us;
}

void wiring_check(Step& t) {
    State& s = t.s;
    Wiring& w = s.wire;
    const std::uint64_t el = cow_elapsed(s);
    if (w.cow_us != 0 && el >= kFresh_us && el < kCowEarly_us && w.cow_evaluated == 0) evaluate_cow(t);
    const std::uint32_t dead = wiring_dead(s);
    measure_extremes(s, dead);
    check_range(t, dead);
    check_count(t, dead);
}

void wiring_next(State& s) {
    if (cow_due(s)) start_cow(s);
}

}  // namespace bms
