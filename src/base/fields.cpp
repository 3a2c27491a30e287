// SPDX-License-Identifier: Apache-2.0
#include "base/fields.hpp"

#include <bit>

namespace twin::base {

static_assert(std::endian::native == std::endian::little,
              "snapshots are written in host order, which must be little-endian");

void save_fields(std::vector<std::uint8_t>& out, std::span<const Field> table, const void* block) {
    const auto* base = static_cast<const std::uint8_t*>(block);
    for (const Field& f : table) {
        const std::size_t n = f.count * size_of(f.type);
        out.insert(out.end(), base + f.offset, base + f.offset + n);
    }
}

std::size_t load_fields(std::span<const std::uint8_t> in, std::span<const Field> table, void* block) {
    std::size_t need = 0;
    for (const Field& f : table) need += f.count * size_of(f.type);
    if (in.size() < need) return 0;
    auto* base = static_cast<std::uint8_t*>(block);
    std::size_t at = 0;
    for (const Field& f : table) {
        const std::size_t n = f.count * size_of(f.type);
        std::memcpy(base + f.offset, in.data() + at, n);
        at += n;
    }
    return need;
}

}  // namespace twin::base
