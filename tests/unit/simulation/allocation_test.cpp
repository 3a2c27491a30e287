// SPDX-License-Identifier: Apache-2.0
// The step loop allocates nothing: counted over a quiet second, a balancing second and a short.
#include <atomic>
#include <cstdlib>
#include <new>

#include "rig.hpp"

// The address sanitizer finds a new that meets the wrong delete, with operators of its own: these would replace them.
#if defined(__SANITIZE_ADDRESS__)
#define BMSTWIN_COUNTS_NEW 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define BMSTWIN_COUNTS_NEW 0
#endif
#endif
#ifndef BMSTWIN_COUNTS_NEW
#define BMSTWIN_COUNTS_NEW 1
#endif

namespace {
std::atomic<bool> g_counting{false};
std::atomic<std::size_t> g_count{0};
}  // namespace

#if BMSTWIN_COUNTS_NEW
namespace {
void* counted(std::size_t n, std::size_t align) {
    if (g_counting.load(std::memory_order_relaxed)) g_count.fetch_add(1, std::memory_order_relaxed);
    void* const p = align <= alignof(std::max_align_t) ? std::malloc(n == 0 ? 1 : n)
                                                       : std::aligned_alloc(align, (n + align - 1) / align * align);
    if (p == nullptr) throw std::bad_alloc();
    return p;
}
}  // namespace

void* operator new(std::size_t n) { return counted(n, 1); }
void* operator new[](std::size_t n) { return counted(n, 1); }
void* operator new(std::size_t n, std::align_val_t a) { return counted(n, static_cast<std::size_t>(a)); }
void* operator new[](std::size_t n, std::align_val_t a) { return counted(n, static_cast<std::size_t>(a)); }
void operator delete(void* p) noexcept { std::free(p); }
void operator delete[](void* p) noexcept { std::free(p); }
void operator delete(void* p, std::size_t) noexcept { std::free(p); }
void operator delete[](void* p, std::size_t) noexcept { std::free(p); }
void operator delete(void* p, std::align_val_t) noexcept { std::free(p); }
void operator delete[](void* p, std::align_val_t) noexcept { std::free(p); }
void operator delete(void* p, std::size_t, std::align_val_t) noexcept { std::free(p); }
void operator delete[](void* p, std::size_t, std::align_val_t) noexcept { std::free(p); }
#endif

using namespace rig;

namespace {

std::size_t allocations(Simulation& s, Time_ns to) {
    g_count = 0;
    g_counting = true;
    s.advance_to(to);
    g_counting = false;
    return g_count;
}

}  // namespace

// Where nothing is counted, nothing is claimed: skipped, not passed.
const auto k_needs_counter = doctest::skip(BMSTWIN_COUNTS_NEW == 0);

TEST_CASE("the counter counts" * k_needs_counter) {
    g_count = 0;
    g_counting = true;
    auto* const p = new std::string(100, 'x');
    g_counting = false;
    CHECK(g_count == 2);
    delete p;
}

TEST_CASE("a quiet second allocates nothing" * k_needs_counter) {
    const auto s = build(shipped("everyday/motor-start", {{"/record/rate_hz", "1000"}}));
    s->advance_to(2 * k_s);
    CHECK(allocations(*s, 2 * k_s + 900 * k_ms) == 0);
    CHECK(allocations(*s, 4 * k_s) == 0);  // the motor's start, an event
}

TEST_CASE("a balancing second allocates nothing" * k_needs_counter) {
    const auto s = build(until(shipped("life/balance-overnight", {{"/record/period_s", "1"}}), 120 * k_s));
    Time_ns t = k_s;
    // Averaged store and forward: 1.1 A during 0.45 of the time is a mean of 0.495 A out of the donor.
    while (t < 110 * k_s && s->value("truth.balancer.i_A") < 0.4) s->advance_to(t += k_s);
    REQUIRE(s->value("truth.balancer.i_A") == doctest::Approx(0.45 * 1.1).epsilon(0.01));
    CHECK(allocations(*s, t + 8 * k_s) == 0);
}

TEST_CASE("steps of a protocol allocate nothing, with a board and without" * k_needs_counter) {
    const auto cell = build(shipped("cycler/hppc-cell", {{"/record/rate_hz", "10"}}));
    cell->advance_to(590 * k_s);
    CHECK(allocations(*cell, 2900 * k_s) == 0);  // pulses, an end by charge, the next round
    const auto echem = build(shipped("electrochemical/overcurrent-spme"));
    echem->advance_to(2 * k_s);
    CHECK(allocations(*echem, 16 * k_s) == 0);  // an overload and its trip, on electrochemical cells
    const auto pack = build(until(shipped("cycler/capacity-16s"), 30 * k_s));
    pack->advance_to(3 * k_s);
    CHECK(allocations(*pack, 12 * k_s) == 0);
}

TEST_CASE("a short allocates nothing, its burst is recorded" * k_needs_counter) {
    for (const char* const name :
         {"short/short-hard-clamp", "short/short-hard-bare", "paralleling/parallel-4v-all-on"}) {
        const auto s = build(shipped(name));
        s->advance_to(2900 * k_ms);
        CHECK(allocations(*s, 3040 * k_ms) == 0);  // the bare board's MOSFETs weld: damage allocates nothing either
        CHECK(allocations(*s, s->end_ns() < 9900 * k_ms ? s->end_ns() : 9900 * k_ms) == 0);
        CHECK(s->traces().size() >= 2);
    }
}
