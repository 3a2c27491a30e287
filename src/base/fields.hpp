// SPDX-License-Identifier: Apache-2.0
// Field tables: a room describes each state or parameter block once (name, unit, type, offset, count, flags); the table
// yields snapshot bytes, the hash, get/set by name and array views. Blocks are trivially copyable, pointer-free structs
// or plain arrays of doubles.
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <type_traits>
#include <vector>

#include "base/hash.hpp"

namespace twin::base {

enum class FieldType : std::uint8_t { f64, i64, u64, i32, u32, u16, i16, u8 };

constexpr std::size_t size_of(FieldType t) {
    switch (t) {
        case FieldType::f64:
        case FieldType::i64:
        case FieldType::u64:
            return 8;
        case FieldType::i32:
        case FieldType::u32:
            return 4;
        case FieldType::u16:
        case FieldType::i16:
            return 2;
        case FieldType::u8:
            return 1;
    }
    return 0;
}

struct Field {
    const char* name;
    const char* unit;  // "" for pure numbers and flags
    FieldType type;
    std::size_t offset;  // bytes from the start of the block
    std::size_t count;   // elements (arrays are contiguous)
    bool hashed;         // part of the run hash
};

template <class M>
constexpr FieldType field_type_of() {
    using E = std::remove_cv_t<std::remove_all_extents_t<M>>;
    if constexpr (std::is_same_v<E, double>)
        return FieldType::f64;
    else if constexpr (std::is_same_v<E, std::int64_t>)
        return FieldType::i64;
    else if constexpr (std::is_same_v<E, std::uint64_t>)
        return FieldType::u64;
    else if constexpr (std::is_same_v<E, std::int32_t>)
        return FieldType::i32;
    else if constexpr (std::is_same_v<E, std::uint32_t>)
        return FieldType::u32;
    else if constexpr (std::is_same_v<E, std::uint16_t>)
        return FieldType::u16;
    else if constexpr (std::is_same_v<E, std::int16_t>)
        return FieldType::i16;
    else {
        static_assert(std::is_same_v<E, std::uint8_t>, "field type not supported");
        return FieldType::u8;
    }
}

/// TWIN_FIELD(Struct, member, "unit", hashed) -> one row of a constexpr table; nested members use `a.b`.
#define TWIN_FIELD(S, member, unit, hashed)                                                                       \
    ::twin::base::Field {                                                                                         \
        #member, unit, ::twin::base::field_type_of<decltype(S::member)>(), offsetof(S, member),                   \
            sizeof(S::member) / ::twin::base::size_of(::twin::base::field_type_of<decltype(S::member)>()), hashed \
    }

/// Feeds every field marked `hashed` into h: doubles as numbers, everything else as bytes.
inline void hash_fields(Hasher& h, std::span<const Field> table, const void* block) {
    const std::uint8_t* base = static_cast<const std::uint8_t*>(block);
    for (const Field& f : table) {
        if (!f.hashed) continue;
        if (f.type == FieldType::f64) {
            for (std::size_t k = 0; k < f.count; ++k) {
                double x;
                std::memcpy(&x, base + f.offset + 8 * k, 8);
                h.f64(x);
            }
        } else {
            h.bytes(base + f.offset, f.count * size_of(f.type));
        }
    }
}

/// Appends the fields of a block as little-endian bytes (the host is little-endian; asserted in fields.cpp).
void save_fields(std::vector<std::uint8_t>& out, std::span<const Field> table, const void* block);
/// Reads what save_fields wrote; returns the bytes consumed, 0 if `in` is too short.
std::size_t load_fields(std::span<const std::uint8_t> in, std::span<const Field> table, void* block);

}  // namespace twin::base
