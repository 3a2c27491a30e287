// SPDX-License-Identifier: Apache-2.0
// One bit flipped between two instants, in any field marked `hashed`, changes the run hash.
#include <algorithm>
#include <cstring>
#include <set>

#include "afe/dvc1124.hpp"
#include "afe/dvc1124_state.hpp"
#include "board/board_state.hpp"
#include "rig.hpp"
#include "sim/simulation_impl.hpp"

using namespace rig;
using Impl = Simulation::Impl;

namespace {

std::unique_ptr<Impl> impl_at(const twin::sim::RunSetup& setup, Time_ns t) {
    auto i = std::make_unique<Impl>(setup);
    i->run_to(t);
    i->settle();
    return i;
}

/// The run hash if an instant were booked now.
std::uint64_t hash_now(const Impl& i) {
    twin::base::Hasher h = i.hasher;
    h.i64(i.t);
    i.plant.hash(h, 0);
    for (const auto& p : i.packs) {
        if (p.board) p.board->hash(h, true);
    }
    return h.digest();
}

void flip(double& x, int bit) {
    std::uint64_t u = 0;
    std::memcpy(&u, &x, 8);
    u ^= 1ULL << bit;
    std::memcpy(&x, &u, 8);
}

struct Counts {
    std::size_t flipped = 0, unseen = 0, seen_unhashed = 0;
};

/// Every element of a block, one bit each (which one differs from element to element).
template <class Block>
void flip_block(const Impl& i, Block& block, std::uint64_t want, Counts& n) {
    Dice dice(5);
    for (const auto& f : block.fields()) {
        for (std::size_t k = 0; k < f.count; ++k) {
            double& x = block.mem()[f.first + k];
            const double keep = x;
            flip(x, static_cast<int>(dice.below(52)));
            const bool changed = hash_now(i) != want;
            x = keep;
            ++n.flipped;
            if (f.hashed && !changed) {
                ++n.unseen;
                MESSAGE("plant field " << f.name << "[" << k << "] is not in the hash");
            }
            if (!f.hashed && changed) ++n.seen_unhashed;
        }
    }
}

/// A board through its saved bytes: header, board fields, chip fields, core memory, NVM.
void flip_board(Impl& i, std::size_t p, std::uint64_t want, Counts& n) {
    std::vector<std::uint8_t> bytes;
    i.packs[p].board->save(bytes);
    std::size_t at = 24;
    const auto one = [&](std::size_t byte, int bit, const std::string& name, bool hashed) {
        auto changed = bytes;
        changed[byte] ^= static_cast<std::uint8_t>(1U << bit);
        REQUIRE(i.packs[p].board->load(changed) == bytes.size());
        ++n.flipped;
        const bool seen = hash_now(i) != want;
        if (hashed && !seen) {
            ++n.unseen;
            MESSAGE("board field " << name << " is not in the hash");
        }
        if (!hashed && seen) {
            ++n.seen_unhashed;
            MESSAGE("board field " << name << " is in the hash though its table says no");
        }
    };
    Dice dice(6);
    const auto byte_of = [&dice](const twin::base::Field& f) {
        return static_cast<std::size_t>(
            dice.below(static_cast<Time_ns>(f.type == twin::base::FieldType::f64 ? 6 : twin::base::size_of(f.type))));
    };
    for (const twin::base::Field& f : twin::board::board_fields()) {
        for (std::size_t k = 0; k < f.count; ++k, at += twin::base::size_of(f.type)) {
            one(at + byte_of(f), static_cast<int>(dice.below(8)), f.name, f.hashed);
        }
    }
    // The chip in place: loading would compute its outputs anew.
    auto* const chip =
        reinterpret_cast<std::uint8_t*>(const_cast<twin::afe::Dvc1124State*>(&i.packs[p].board->afe().state()));
    REQUIRE(i.packs[p].board->load(bytes) == bytes.size());
    for (const twin::base::Field& f : twin::afe::dvc1124_fields()) {
        for (std::size_t k = 0; k < f.count; ++k, at += twin::base::size_of(f.type)) {
            std::uint8_t& byte = chip[f.offset + k * twin::base::size_of(f.type) + byte_of(f)];
            const auto bit = static_cast<std::uint8_t>(1U << dice.below(8));
            byte ^= bit;
            ++n.flipped;
            const bool seen = hash_now(i) != want;
            byte ^= bit;
            if (f.hashed != seen) {
                (f.hashed ? n.unseen : n.seen_unhashed) += 1;
                const std::string name = f.name;
                MESSAGE("chip field " << name << ": hashed " << f.hashed << ", seen " << seen);
            }
        }
    }
    REQUIRE(bytes.size() - at > 16 * 256);
    for (std::size_t b = at; b < bytes.size(); b += 1 + static_cast<std::size_t>(dice.below(5)))
        one(b, static_cast<int>(dice.below(8)), "memory", true);
    REQUIRE(i.packs[p].board->load(bytes) == bytes.size());
}

}  // namespace

TEST_CASE("every element of every hashed field is in the run hash") {
    for (const auto& [name, t] : {std::pair{"short/short-hard-clamp", 3 * k_s + 90 * k_us},
                                  std::pair{"paralleling/parallel-4v-all-on", 6 * k_s}}) {
        const std::string scenario = name;
        CAPTURE(scenario);
        const auto i = impl_at(twin::io::assemble(shipped(name), {}), t);
        REQUIRE(i->status.ok());
        const std::uint64_t want = hash_now(*i);
        Counts n;
        flip_block(*i, i->plant.state_block(), want, n);
        const std::size_t block = n.flipped;
        CHECK(block > 200);
        for (std::size_t p = 0; p < i->packs.size(); ++p) {
            for (std::size_t c = 0; c < static_cast<std::size_t>(i->packs[p].n_cells); ++c) {
                const auto keep = i->plant.cell_state(p, c);
                for (std::size_t k = 0; k < sizeof keep / sizeof(double); ++k) {
                    auto s = keep;
                    flip(reinterpret_cast<double*>(&s)[k], 3);
                    i->plant.set_cell_state(p, c, s);
                    ++n.flipped;
                    if (hash_now(*i) == want) ++n.unseen;
                }
                i->plant.set_cell_state(p, c, keep);
            }
        }
        CHECK(n.flipped - block >= 28 * 6);
        for (std::size_t p = 0; p < i->packs.size(); ++p) flip_board(*i, p, want, n);
        CHECK(hash_now(*i) == want);  // everything was put back
        CHECK(n.unseen == 0);
        CHECK(n.seen_unhashed == 0);
        MESSAGE(n.flipped << " bits flipped");
    }
}

// The plant's inputs have no view of their own: they are a block of its saved bytes.
TEST_CASE("every input of the plant is in the run hash") {
    const auto i = impl_at(twin::io::assemble(shipped("short/short-hard-clamp"), {}), 3 * k_s + 90 * k_us);
    std::vector<std::uint8_t> bytes;
    i->plant.save(bytes);
    // They lie between the states and the cells.
    const auto find = [&bytes](const void* what, std::size_t n) {
        const auto* const p = static_cast<const std::uint8_t*>(what);
        return static_cast<std::size_t>(std::search(bytes.begin(), bytes.end(), p, p + n) - bytes.begin());
    };
    const auto& states = i->plant.state_block().mem();
    const std::size_t first = find(states.data(), 8 * states.size()) + 8 * states.size();
    const auto cell = i->plant.cell_state(0, 0);
    const std::size_t end = find(&cell, sizeof cell);
    REQUIRE(end > first + 8 * 100);
    REQUIRE(end < bytes.size());
    REQUIRE(i->plant.load(bytes.data(), bytes.size()) == bytes.size());
    const std::uint64_t want = hash_now(*i);
    std::size_t unseen = 0;
    for (std::size_t at = first; at < end; at += 8) {
        auto changed = bytes;
        changed[at] ^= 2;  // of the mantissa: values stay sensible
        REQUIRE(i->plant.load(changed.data(), changed.size()) == changed.size());
        if (hash_now(*i) != want) continue;
        ++unseen;
        MESSAGE("input " << (at - first) / 8 << " of " << (end - first) / 8);
    }
    CHECK(unseen == 0);
}

namespace {

/// Final hash of a run whose state was changed by hand at t, between two instants.
std::uint64_t end_hash(const twin::sim::RunSetup& setup, Time_ns t, const std::function<void(Impl&)>& change) {
    const auto i = impl_at(setup, t);
    change(*i);
    i->run_to(i->t_end);
    return i->finish().hash;
}

}  // namespace

TEST_CASE("a flipped state bit is still in the hash of the whole run") {
    auto sc = until(shipped("short/short-hard-clamp"), 3 * k_s + 20 * k_ms);
    const auto setup = twin::io::assemble(sc, {});
    const Time_ns t = 3 * k_s + 90 * k_us;  // a short under way
    const std::uint64_t want = end_hash(setup, t, [](Impl&) {});
    CHECK(end_hash(setup, t, [](Impl&) {}) == want);
    const auto probe = impl_at(setup, t);
    std::set<std::string> forgotten;
    std::size_t fields = 0;
    for (const auto& f : probe->plant.state_block().fields()) {
        if (!f.hashed || f.count == 0) continue;
        ++fields;
        bool seen = false;
        for (const std::size_t k : {std::size_t{0}, f.count / 2, f.count - 1}) {
            seen = seen || end_hash(setup, t, [&](Impl& i) {
                               flip(i.plant.state_block().mem()[f.first + k], 30);
                               i.plant.state_changed();
                           }) != want;
        }
        if (!seen) forgotten.insert(f.name);
    }
    CHECK(fields > 10);
    for (const std::string& f : forgotten) MESSAGE("the run forgets " << f);
    CHECK(forgotten.empty());
    for (const std::uint32_t byte : {0U, 64U, 200U}) {
        CHECK(end_hash(setup, t, [&](Impl& i) { CHECK(i.packs[0].board->flip_core_ram(byte, 1)); }) != want);
    }
}
