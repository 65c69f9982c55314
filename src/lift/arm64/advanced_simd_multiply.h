// SPDX-License-Identifier: Apache-2.0
// Multiplications that vector and by-element encodings share.
#pragma once

#include "lift/arm64/advanced_simd_pairs.h"

namespace kelvin::arm64 {

template <ir::Opcode Accumulate>
ir::Value multiply_accumulate(Lifter& t, ir::Lane lane, ir::Value d, ir::Value n, ir::Value m) {
    return t.ir.vector(Accumulate, lane, d, t.ir.vector(ir::Opcode::vmul, lane, n, m));
}

// A doubled product is out of range only where both factors are the most negative number, and only then does its sum
// wrap to the most negative one, whose complement is what it saturates to.
inline ir::Value saturate_doubled(Lifter& t, ir::Lane lane, ir::Value wrapped) {
    const ir::Value least = every(t, lane, u64{1} << (ir::lane_bits(lane) - 1));
    const ir::Value mask = t.ir.vector(ir::Opcode::vcmpeq, lane, wrapped, least);
    mark_saturated(t, mask);
    return t.ir.vector(ir::Opcode::vxor, wrapped, mask);
}

/// SQDMULL: of the low halves' elements.
inline ir::Value doubled_product(Lifter& t, ir::Lane lane, ir::Value n, ir::Value m) {
    const ir::Lane wide = doubled(lane);
    const ir::Value product = t.ir.vector(ir::Opcode::vmul_wide_s, lane, n, m);
    return saturate_doubled(t, wide, t.ir.vector(ir::Opcode::vadd, wide, product, product));
}

/// SQDMULH and SQRDMULH: the upper halves. They are the most negative number for no other factors.
template <bool Rounding>
ir::Value doubled_high(Lifter& t, ir::Lane lane, ir::Value n, ir::Value m) {
    const ir::Lane wide = doubled(lane);
    const auto upper = [&](ir::Value value) { return t.ir.vector(ir::Opcode::vcombine_high, value, value); };
    const auto twice = [&](ir::Value a, ir::Value b) {
        const ir::Value product = t.ir.vector(ir::Opcode::vmul_wide_s, lane, a, b);
        const ir::Value sum = t.ir.vector(ir::Opcode::vadd, wide, product, product);
        return Rounding ? t.ir.vector(ir::Opcode::vadd, wide, sum, every(t, wide, u64{1} << (ir::lane_bits(lane) - 1)))
                        : sum;
    };
    const ir::Value low = twice(n, m);
    const ir::Value high = twice(upper(n), upper(m));
    return saturate_doubled(t, lane, t.ir.vector(ir::Opcode::vuzp2, lane, low, high));
}

/// SDOT and UDOT: products of bytes, summed by fours.
template <ir::Opcode Multiply, ir::Opcode Shift>
ir::Value dot_product(Lifter& t, ir::Lane, ir::Value d, ir::Value n, ir::Value m) {
    const auto upper = [&](ir::Value value) { return t.ir.vector(ir::Opcode::vcombine_high, value, value); };
    const auto sums = [&](ir::Value a, ir::Value b) {
        return add_neighbours<Shift>(t, ir::Lane::h, t.ir.vector(Multiply, ir::Lane::b, a, b));
    };
    const ir::Value fours = t.ir.vector(ir::Opcode::vaddpair, ir::Lane::s, sums(n, m), sums(upper(n), upper(m)));
    return t.ir.vector(ir::Opcode::vadd, ir::Lane::s, d, fours);
}

}  // namespace kelvin::arm64
