// SPDX-License-Identifier: Apache-2.0
// Multiplications into elements twice as wide, that vector and by-element encodings share.
#pragma once

#include "lift/arm64/advanced_simd_multiply.h"

namespace kelvin::arm64 {

template <ir::Opcode Op, ir::Opcode Multiply>
ir::Value multiply_add_long(Lifter& t, ir::Lane lane, ir::Value d, ir::Value n, ir::Value m) {
    return t.ir.vector(Op, doubled(lane), d, t.ir.vector(Multiply, lane, n, m));
}

/// SQDMLAL and SQDMLSL: the product saturates, then the sum.
template <ir::Opcode Op>
ir::Value doubled_add_long(Lifter& t, ir::Lane lane, ir::Value d, ir::Value n, ir::Value m) {
    return t.ir.vector(Op, doubled(lane), d, doubled_product(t, lane, n, m));
}

/// Products with what scalar forms do not mean must be zero, as they could saturate.
inline ir::Value clip_scalar(Lifter& t, Elements e, ir::Value value) {
    return e.extent == Extent::element ? clip(t, e, value) : value;
}

/// Rd = f(n, m), of operands whose elements are in their low halves.
template <auto Function>
void set_long(Lifter& t, Elements e, VReg rd, ir::Value n, ir::Value m) {
    set_wide(t, e, rd, Function(t, e.lane, clip_scalar(t, e, n), m));
}
/// Rd = f(Rd, n, m)
template <auto Function>
void set_long_accumulated(Lifter& t, Elements e, VReg rd, ir::Value n, ir::Value m) {
    set_wide(t, e, rd, Function(t, e.lane, t.get(rd), clip_scalar(t, e, n), m));
}

}  // namespace kelvin::arm64
