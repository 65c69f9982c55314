// SPDX-License-Identifier: Apache-2.0
// Guest memory at its host address, while other processors work on it too. Whatever lies within 16 aligned bytes is
// accessed at once, as FEAT_LSE2 promises (ARM ARM B2.2.1); on the host's side that is what processors with AVX
// promise of 16 aligned bytes (Intel SDM 3A 9.1.1, AMD APM 2 7.3.2).
#pragma once

#include <bit>

#include "base/types.h"
#include "ir/types.h"

namespace kelvin::translator::host {

// By shifts: what is put together in memory is not soon read as a whole.

/// The bytes of `value` from #`bytes` on; `bytes` is below 16.
inline V128 shifted_down(const V128& value, unsigned bytes) {
    return std::bit_cast<V128>(std::bit_cast<u128>(value) >> (8 * bytes));
}
/// The first `count` bytes of `value`, 1 to 16; the others are 0.
inline V128 first_bytes(const V128& value, unsigned count) {
    return std::bit_cast<V128>(std::bit_cast<u128>(value) & ~u128{0} >> (8 * (16 - count)));
}
/// `low`, of whose bytes those from #`count` on are 0, with `high` there; `count` is below 16.
inline V128 joined(const V128& low, unsigned count, const V128& high) {
    return std::bit_cast<V128>(std::bit_cast<u128>(low) | std::bit_cast<u128>(high) << (8 * count));
}

/// `size` is 1 to 16 bytes. What crosses 16 aligned bytes goes in pieces, of 8 aligned bytes or less, and so does a
/// store of a size that no access has, but parts of accesses have.
V128 load(unsigned size, const u8* place);
void store(unsigned size, u8* place, const V128& value);

/// Of 1, 2, 4, 8 or 16 bytes that lie within 16 aligned ones: returns whether they were `expected`, and puts what was
/// there into `expected`.
bool compare_exchange(unsigned size, u8* place, V128& expected, const V128& desired);
/// Of up to 8 bytes, likewise; returns what was there.
u64 read_modify_write(unsigned size, u8* place, ir::AtomicKind kind, u64 operand);

}  // namespace kelvin::translator::host
