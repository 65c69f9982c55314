// SPDX-License-Identifier: Apache-2.0
// Integer names and the three kinds of address, which never convert into each other by themselves.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>

namespace kelvin {

using u8 = std::uint8_t;
using u16 = std::uint16_t;
using u32 = std::uint32_t;
using u64 = std::uint64_t;
using i8 = std::int8_t;
using i16 = std::int16_t;
using i32 = std::int32_t;
using i64 = std::int64_t;
using u128 = unsigned __int128;
using i128 = __int128;

template <class Tag>
struct Address {
    u64 value = 0;

    constexpr auto operator<=>(const Address&) const = default;
    constexpr Address operator+(u64 offset) const { return {value + offset}; }
    constexpr u64 operator-(Address other) const { return value - other.value; }
    constexpr Address page(u64 size = 4096) const { return {value & ~(size - 1)}; }
};

/// A guest physical address.
using Gpa = Address<struct GpaTag>;
/// A guest virtual address.
using Gva = Address<struct GvaTag>;

/// 128 bits, little-endian element order: a vector register's value.
union alignas(16) V128 {
    u8 b[16];
    u16 h[8];
    u32 s[4];
    u64 d[2];

    constexpr bool operator==(const V128& other) const { return d[0] == other.d[0] && d[1] == other.d[1]; }
};

constexpr V128 v128(u64 low, u64 high = 0) {
    V128 v{};
    v.d[0] = low;
    v.d[1] = high;
    return v;
}

}  // namespace kelvin
