// SPDX-License-Identifier: Apache-2.0
// Hash of the hashed fields of one block at memory speed: the table becomes a list of words with byte masks once, and
// these run through four independent chains. Doubles go through the run's hasher one by one (-0 as +0, NaN is noticed).
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include "base/fields.hpp"
#include "base/hash.hpp"

namespace twin::board {

/// Four independent multiply-xorshift chains over 64-bit words. Not cryptographic.
struct Digest4 {
    std::uint64_t a[4] = {0x243F6A8885A308D3ULL, 0x13198A2E03707344ULL, 0xA4093822299F31D0ULL, 0x082EFA98EC4E6C89ULL};

    static std::uint64_t mix(std::uint64_t a, std::uint64_t w) {
        const std::uint64_t z = (a ^ w) * 0x9E3779B97F4A7C15ULL;
        return z ^ (z >> 29);
    }
    void bytes(const std::uint8_t* p, std::size_t n) {
        std::uint64_t w[4];
        for (; n >= 32; n -= 32, p += 32) {
            std::memcpy(w, p, 32);
            for (std::size_t k = 0; k < 4; ++k) a[k] = mix(a[k], w[k]);
        }
        for (std::size_t k = 0; n > 0; ++k) {
            const std::size_t m = n < 8 ? n : 8;
            std::uint64_t x = 0;
            std::memcpy(&x, p, m);
            a[k] = mix(a[k], x);
            p += m;
            n -= m;
        }
    }
    void into(base::Hasher& h) const {
        for (const std::uint64_t x : a) h.u64(x);
    }
    std::uint64_t value() const {
        base::Hasher h;
        into(h);
        return h.digest();
    }
};

class FieldDigest {
public:
    /// `block_bytes` = size of the struct that the table describes, a multiple of 8.
    FieldDigest(std::span<const base::Field> table, std::size_t block_bytes) {
        std::vector<std::uint8_t> mask(block_bytes, 0);
        for (const base::Field& f : table) {
            if (!f.hashed) continue;
            if (f.type == base::FieldType::f64)
                doubles_.push_back({f.offset, f.count});
            else
                for (std::size_t k = 0; k < f.count * base::size_of(f.type); ++k) mask[f.offset + k] = 0xFF;
        }
        for (std::size_t at = 0; at + 8 <= block_bytes; at += 8) {
            std::uint64_t m = 0;
            std::memcpy(&m, mask.data() + at, 8);
            if (m != 0) words_.push_back({at, m});
        }
        while (words_.size() % 4 != 0) words_.push_back({0, 0});
    }
    void feed(base::Hasher& h, const void* block) const {
        const auto* p = static_cast<const std::uint8_t*>(block);
        Digest4 d;
        for (std::size_t k = 0; k < words_.size(); k += 4) {
            for (std::size_t j = 0; j < 4; ++j) {
                std::uint64_t w;
                std::memcpy(&w, p + words_[k + j].offset, 8);
                d.a[j] = Digest4::mix(d.a[j], w & words_[k + j].mask);
            }
        }
        d.into(h);
        for (const Doubles& r : doubles_) {
            for (std::size_t k = 0; k < r.n; ++k) {
                double x;
                std::memcpy(&x, p + r.offset + 8 * k, 8);
                h.f64(x);
            }
        }
    }

private:
    struct Word {
        std::size_t offset;
        std::uint64_t mask;  // bytes of hashed fields
    };
    struct Doubles {
        std::size_t offset, n;
    };
    std::vector<Word> words_;
    std::vector<Doubles> doubles_;
};

}  // namespace twin::board
