// SPDX-License-Identifier: Apache-2.0
// Multiplications that vector and by-element encodings share.
#pragma once

#include "lift/arm64/advanced_simd_pairs.h"

namespace kelvin::arm64 {

template <ir::Opcode Accumulate>
ir::Value multiply_accumulate(Lifter& t, ir::Lane lane, ir::Value d, ir::Value n, ir::Value m) {
    return t.ir.vector(Accumulate, lane, d, t.ir.vector(ir::Opcode::vmul, lane, n, m));
}

/// Twice the product of the low halves' elements. It saturates only where both are the most negative number, just as
/// the saturating sum of two products does.
inline ir::Value doubled_product(Lifter& t, ir::Lane lane, ir::Value n, ir::Value m) {
    const ir::Value product = t.ir.vector(ir::Opcode::vmul_wide_s, lane, n, m);
    return t.ir.vector(ir::Opcode::vqadd_s, doubled(lane), product, product);
}

/// The upper halves of what `Wide` makes of the low and the high halves.
template <auto Wide>
ir::Value high_halves(Lifter& t, ir::Lane lane, ir::Value n, ir::Value m) {
    const auto upper = [&](ir::Value value) { return t.ir.vector(ir::Opcode::vcombine_high, value, value); };
    const ir::Value low = Wide(t, lane, n, m);
    const ir::Value high = Wide(t, lane, upper(n), upper(m));
    return t.ir.vector(ir::Opcode::vuzp2, lane, low, high);
}

/// SQDMULH
inline ir::Value doubled_high(Lifter& t, ir::Lane lane, ir::Value n, ir::Value m) {
    return high_halves<&doubled_product>(t, lane, n, m);
}

/// Saturating again keeps what has saturated at the limit; nothing else can reach it.
inline ir::Value doubled_rounded(Lifter& t, ir::Lane lane, ir::Value n, ir::Value m) {
    const ir::Lane wide = doubled(lane);
    const ir::Value half = every(t, wide, u64{1} << (ir::lane_bits(lane) - 1));
    return t.ir.vector(ir::Opcode::vqadd_s, wide, doubled_product(t, lane, n, m), half);
}

/// SQRDMULH
inline ir::Value doubled_high_rounded(Lifter& t, ir::Lane lane, ir::Value n, ir::Value m) {
    return high_halves<&doubled_rounded>(t, lane, n, m);
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
