// SPDX-License-Identifier: Apache-2.0
// Saturating narrowing.
#pragma once

#include "lift/arm64/advanced_simd.h"

namespace kelvin::arm64 {

enum class Saturation : u8 { of_signed, of_unsigned, signed_to_unsigned };

/// The elements of `value`, twice as wide as `lane`, brought into the range of narrow ones.
template <Saturation S>
ir::Value clamp_to(Lifter& t, ir::Lane lane, ir::Value value) {
    const ir::Lane wide = doubled(lane);
    const u64 ones = low_mask(ir::lane_bits(lane));
    if constexpr (S == Saturation::of_unsigned) {
        return t.ir.vector(ir::Opcode::vumin, wide, value, every(t, wide, ones));
    } else {
        const bool to_signed = S == Saturation::of_signed;
        const u64 most = to_signed ? ones >> 1 : ones;
        const u64 least = to_signed ? ~most : 0;
        const ir::Value bounded = t.ir.vector(ir::Opcode::vsmax, wide, value, every(t, wide, least));
        return t.ir.vector(ir::Opcode::vsmin, wide, bounded, every(t, wide, most));
    }
}

/// The elements of `value`, twice as wide as e.lane, narrowed into the low half; zeros above.
template <Saturation S>
ir::Value saturate_to(Lifter& t, Elements e, ir::Value value) {
    const ir::Lane wide = doubled(e.lane);
    if (e.extent == Extent::element) {
        value = t.ir.vector(ir::Opcode::vlow_lane, wide, value);
    }
    const ir::Value clamped = clamp_to<S>(t, e.lane, value);
    mark_saturated(t, t.ir.vector(ir::Opcode::vxor, clamped, value));
    return t.ir.vector(ir::Opcode::vnarrow, wide, clamped);
}

}  // namespace kelvin::arm64
