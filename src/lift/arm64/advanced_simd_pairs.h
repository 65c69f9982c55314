// SPDX-License-Identifier: Apache-2.0
// Sums of neighbouring elements, twice as wide.
#pragma once

#include "lift/arm64/advanced_simd.h"

namespace kelvin::arm64 {

/// SADDLP (Shift = vsar_imm) and UADDLP (vshr_imm): the elements of size `lane` with their neighbours.
template <ir::Opcode Shift>
ir::Value add_neighbours(Lifter& t, ir::Lane lane, ir::Value a) {
    const unsigned width = ir::lane_bits(lane);
    const ir::Lane wide = doubled(lane);
    const ir::Value odd = shifted(t, Shift, wide, a, width);
    ir::Value even;
    if constexpr (Shift == ir::Opcode::vshr_imm) {
        even = t.ir.vector(ir::Opcode::vand, a, every(t, wide, low_mask(width)));
    } else {
        even = shifted(t, Shift, wide, shifted(t, ir::Opcode::vshl_imm, wide, a, width), width);
    }
    return t.ir.vector(ir::Opcode::vadd, wide, even, odd);
}

}  // namespace kelvin::arm64
