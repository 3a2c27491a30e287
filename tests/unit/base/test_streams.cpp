// SPDX-License-Identifier: Apache-2.0
// Random numbers, lanes, sums, hash and field tables.
#include <doctest/doctest.h>

#include <cmath>
#include <cstring>
#include <vector>

#include "base/fields.hpp"
#include "base/rng.hpp"
#include "base/sum.hpp"

namespace base = twin::base;
using base::Pack8;
using base::RngKey;
using base::Stream;

TEST_CASE("Philox 4x32-10 gives the published known answers") {
    // kat_vectors of Random123 (Salmon et al.)
    const base::Random4 zero = base::philox({0, 0}, static_cast<Stream>(0), 0);
    CHECK(zero.x[0] == 0x6627e8d5U);
    CHECK(zero.x[1] == 0xe169c58dU);
    CHECK(zero.x[2] == 0xbc57ac4cU);
    CHECK(zero.x[3] == 0x9b00dbd8U);
    const base::Random4 ones = base::philox({~0ULL, 0xffffffffULL}, static_cast<Stream>(0xffffffffU), ~0ULL);
    CHECK(ones.x[0] == 0x408f276dU);
    CHECK(ones.x[1] == 0x41c83b0eU);
    CHECK(ones.x[2] == 0xa20bc7c6U);
    CHECK(ones.x[3] == 0x6d5451fdU);
    const base::Random4 pi =
        base::philox({0x299f31d0a4093822ULL, 0x03707344ULL}, static_cast<Stream>(0x13198a2eU), 0x85a308d3243f6a88ULL);
    CHECK(pi.x[0] == 0xd16cfe09U);
    CHECK(pi.x[1] == 0x94fdccebU);
    CHECK(pi.x[2] == 0x5001e420U);
    CHECK(pi.x[3] == 0x24126ea1U);
}

TEST_CASE("streams, packs, seeds and indices are independent of each other") {
    const RngKey key{7, base::name_key("a", 1)};
    const double here = base::uniform(key, Stream::adc_cell, 5);
    CHECK(here == base::uniform(key, Stream::adc_cell, 5));
    CHECK(here != base::uniform(key, Stream::adc_cc1, 5));
    CHECK(here != base::uniform(key, Stream::adc_cell, 6));
    CHECK(here != base::uniform({8, key.pack_key}, Stream::adc_cell, 5));
    CHECK(here != base::uniform({7, base::name_key("b", 1)}, Stream::adc_cell, 5));
    // A bit of the upper half of the pack key counts too.
    CHECK(here != base::uniform({7, key.pack_key ^ (1ULL << 63)}, Stream::adc_cell, 5));
}

TEST_CASE("normal numbers have mean 0, variance 1 and a normal tail; uniform ones stay inside (0, 1)") {
    const RngKey key{42, 1};
    const int n = 200000;
    double sum = 0.0, square = 0.0, lowest = 1.0, highest = 0.0;
    int beyond2 = 0;
    for (int k = 0; k < n; ++k) {
        const double z = base::normal(key, Stream::tolerance, static_cast<std::uint64_t>(k));
        sum += z;
        square += z * z;
        if (std::fabs(z) > 2.0) ++beyond2;
        const double u = base::uniform(key, Stream::profile, static_cast<std::uint64_t>(k));
        lowest = std::fmin(lowest, u);
        highest = std::fmax(highest, u);
    }
    CHECK(std::fabs(sum / n) < 4.0 / std::sqrt(n));
    CHECK(std::fabs(square / n - 1.0) < 4.0 * std::sqrt(2.0 / n));
    CHECK(std::fabs(static_cast<double>(beyond2) / n - 0.0455003) < 4.0 * std::sqrt(0.0455 / n));
    CHECK(lowest > 0.0);
    CHECK(highest < 1.0);
    CHECK(lowest < 1e-4);
    CHECK(highest > 1.0 - 1e-4);
}

TEST_CASE("every lane of a pack equals the scalar to the bit") {
    Pack8 a, b;
    for (std::size_t k = 0; k < 8; ++k) {
        a[k] = base::uniform({1, 2}, Stream::profile, k) * 10.0 - 5.0;
        b[k] = base::uniform({1, 2}, Stream::profile, 100 + k) * 3.0 + 0.1;
    }
    const Pack8 e = base::det_exp(a), m = base::det_expm1(a), l = base::det_log(b), s = base::sin_2pi(a),
                q = base::sqrt2(b);
    const Pack8 mix = select(a < b, a * b + a / b, -(a - b));
    for (std::size_t k = 0; k < 8; ++k) {
        CHECK(e[k] == base::det_exp(a[k]));
        CHECK(m[k] == base::det_expm1(a[k]));
        CHECK(l[k] == base::det_log(b[k]));
        CHECK(s[k] == base::sin_2pi(a[k]));
        CHECK(q[k] == std::sqrt(b[k]));
        CHECK(mix[k] == (a[k] < b[k] ? a[k] * b[k] + a[k] / b[k] : -(a[k] - b[k])));
    }
}

TEST_CASE("masks: any, all, not, and, or") {
    Pack8 a(1.0);
    CHECK_FALSE(base::any(a < 1.0));
    CHECK(base::all(a <= 1.0));
    a[3] = 0.5;
    CHECK(base::any(a < 1.0));
    CHECK_FALSE(base::all(a < 1.0));
    CHECK(base::all((a < 1.0) | !(a < 1.0)));
    CHECK_FALSE(base::any((a < 1.0) & !(a < 1.0)));
    a[0] = NAN;
    CHECK_FALSE(base::all(base::is_finite(a)));
    CHECK(base::any(base::is_finite(a)));
    CHECK(base::min2(a, Pack8(2.0))[0] == 2.0);  // NaN: the second operand
    CHECK(base::max2(3.0, 2.0) == 3.0);
}

TEST_CASE("the compensated sum does not drift") {
    base::Sum<double> sum;
    double plain = 0.0;
    for (int k = 0; k < 10'000'000; ++k) {
        sum.add(0.1);
        plain += 0.1;
    }
    CHECK(std::fabs(sum.value() - 1e6) < 1e-9);
    CHECK(std::fabs(plain - 1e6) > 1e-5);  // what the compensation is for
    base::Sum<double> large;
    for (const double x : {1.0, 1e100, 1.0, -1e100}) large.add(x);
    CHECK(large.value() == 2.0);
    base::Sum<Pack8> lanes;
    for (const double x : {1.0, 1e100, 1.0, -1e100}) lanes.add(Pack8(x));
    CHECK(lanes.value()[7] == 2.0);
}

TEST_CASE("the hash depends on every bit, on order and on length") {
    const auto hash = [](const std::vector<std::uint64_t>& words) {
        base::Hasher h;
        for (const std::uint64_t w : words) h.u64(w);
        return h.digest();
    };
    const std::vector<std::uint64_t> words = {1, 2, 3};
    for (std::size_t w = 0; w < words.size(); ++w)
        for (int bit = 0; bit < 64; ++bit) {
            std::vector<std::uint64_t> flipped = words;
            flipped[w] ^= 1ULL << bit;
            CHECK(hash(flipped) != hash(words));
        }
    CHECK(hash({1, 2, 3}) != hash({2, 1, 3}));
    CHECK(hash({0}) != hash({0, 0}));
    CHECK(hash({}) != hash({0}));
    base::Hasher a, b, c;
    a.f64(0.0);
    b.f64(-0.0);
    c.f64(std::nan(""));
    CHECK(a.digest() == b.digest());
    CHECK_FALSE(a.saw_nan());
    CHECK(c.saw_nan());
    CHECK(base::name_key("ab", 2) != base::name_key("ba", 2));
}

namespace {

struct Block {
    double x_V;
    std::int64_t t_ns;
    double list[3];
    std::uint16_t code;
    std::uint8_t flag;
    std::uint8_t scratch;  // not hashed
};
constexpr base::Field k_block[] = {TWIN_FIELD(Block, x_V, "V", true), TWIN_FIELD(Block, t_ns, "ns", true),
                                   TWIN_FIELD(Block, list, "", true), TWIN_FIELD(Block, code, "", true),
                                   TWIN_FIELD(Block, flag, "", true), TWIN_FIELD(Block, scratch, "", false)};

std::uint64_t digest(const Block& b) {
    base::Hasher h;
    base::hash_fields(h, k_block, &b);
    return h.digest();
}

}  // namespace

TEST_CASE("field tables: round trip, length check, every hashed bit") {
    const Block b{3.25, -17, {1.0, 2.0, -0.5}, 0xbeef, 1, 9};
    std::vector<std::uint8_t> bytes;
    base::save_fields(bytes, k_block, &b);
    CHECK(bytes.size() == 8 + 8 + 24 + 2 + 1 + 1);
    Block c{};
    CHECK(base::load_fields(bytes, k_block, &c) == bytes.size());
    CHECK(c.x_V == b.x_V);
    CHECK(c.t_ns == b.t_ns);
    CHECK(c.list[2] == b.list[2]);
    CHECK(c.code == b.code);
    CHECK(c.scratch == b.scratch);
    CHECK(base::load_fields(std::span(bytes).first(bytes.size() - 1), k_block, &c) == 0);
    for (const base::Field& f : k_block)
        for (std::size_t bit = 0; bit < 8 * f.count * base::size_of(f.type); ++bit) {
            Block d = b;
            reinterpret_cast<std::uint8_t*>(&d)[f.offset + bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
            CHECK_MESSAGE((digest(d) != digest(b)) == f.hashed, f.name);
        }
}
