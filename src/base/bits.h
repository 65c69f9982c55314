// SPDX-License-Identifier: Apache-2.0
// Bit fields and sign extension.
#pragma once

#include <bit>

#include "base/types.h"

namespace kelvin {

/// Bits [high:low] of `value`, as manuals write them.
constexpr u64 bits(u64 value, unsigned high, unsigned low) {
    return (value >> low) & (~u64{0} >> (63 - (high - low)));
}

constexpr bool bit(u64 value, unsigned position) {
    return (value >> position) & 1;
}

/// `count` ones at the bottom; `count` is 0 to 64.
constexpr u64 low_mask(unsigned count) {
    return count >= 64 ? ~u64{0} : (u64{1} << count) - 1;
}

/// The low `width` bits (1 to 64) of `value`, sign-extended.
constexpr i64 sign_extend(u64 value, unsigned width) {
    return static_cast<i64>(value << (64 - width)) >> (64 - width);
}

constexpr u64 align_down(u64 value, u64 alignment) {
    return value & ~(alignment - 1);
}
constexpr u64 align_up(u64 value, u64 alignment) {
    return align_down(value + alignment - 1, alignment);
}

/// Replaces bits [high:low] of `value` by the low bits of `field`.
constexpr u64 with_bits(u64 value, unsigned high, unsigned low, u64 field) {
    const u64 mask = low_mask(high - low + 1) << low;
    return (value & ~mask) | ((field << low) & mask);
}

}  // namespace kelvin
