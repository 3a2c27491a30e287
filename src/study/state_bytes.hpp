// SPDX-License-Identifier: Apache-2.0
// States of plain doubles as bytes (little-endian) and back; no padding, so that equal states are equal bytes.
#pragma once
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <type_traits>
#include <vector>

#include "base/bytes.hpp"

namespace twin::study {

template <class S>
std::vector<std::uint8_t> bytes_of(const S& state) {
    static_assert(std::is_trivially_copyable_v<S> && sizeof(S) % sizeof(double) == 0);
    const auto words = std::bit_cast<std::array<std::uint64_t, sizeof(S) / 8>>(state);
    std::vector<std::uint8_t> out;
    out.reserve(sizeof(S));
    for (const std::uint64_t w : words) base::put_u64(out, w);
    return out;
}

/// Throws std::invalid_argument if there are more or fewer bytes than S has.
template <class S>
S of_bytes(const std::vector<std::uint8_t>& bytes) {
    if (bytes.size() != sizeof(S)) throw std::invalid_argument("the state is of another kind of model");
    std::array<std::uint64_t, sizeof(S) / 8> words{};
    for (std::size_t k = 0; k < words.size(); ++k) words[k] = base::get_u64(bytes, k);
    return std::bit_cast<S>(words);
}

}  // namespace twin::study
