// SPDX-License-Identifier: Apache-2.0
// The emitters of vector, cryptographic and floating-point ops, and what they share.
//
// An emitter that has no good code for a lane, a mode or this host leaves the op to `fallback`, before it has fetched
// anything. There are four local xmm registers: at most two operands, the result and one temporary, or one operand, the
// result and two temporaries, or three operands and the result.
#pragma once

#include <array>

#include "emit/x64/lower.h"
#include "emit/x64/vector_ops.h"

namespace kelvin::x64::lower {

/// One instruction by lane (b h s d), or a value-initialised one where there is none.
using ByLane = std::array<VexOp, 4>;

constexpr V128 every_byte(u8 value) {
    return v128(value * 0x0101010101010101u, value * 0x0101010101010101u);
}
constexpr V128 every_half(u16 value) {
    return v128(value * 0x0001000100010001u, value * 0x0001000100010001u);
}
constexpr V128 every_word(u32 value) {
    return v128(value * 0x0000000100000001u, value * 0x0000000100000001u);
}
constexpr V128 every_double(u64 value) {
    return v128(value, value);
}
/// `value` in each element.
constexpr V128 every_lane(ir::Lane lane, u64 value) {
    switch (lane) {
        case ir::Lane::b:
            return every_byte(static_cast<u8>(value));
        case ir::Lane::h:
            return every_half(static_cast<u16>(value));
        case ir::Lane::s:
            return every_word(static_cast<u32>(value));
        default:
            return every_double(value);
    }
}

inline Mem in_memory(Emitter& e, const V128& constant) {
    return mem_rip(e.stubs().vector_constant(constant));
}

/// False if this host has no such instruction.
inline bool available(const Emitter& e, VexOp op) {
    return op.code != 0 && (e.features().avx512 || (e.features().v3 ? op.has_vex() : op.has_legacy()));
}

/// result = op(a, b), or `fallback`.
void binary(Emitter& e, VexOp op);
/// result = op(b, a), or `fallback`.
void binary_swapped(Emitter& e, VexOp op);
/// result = op(a), or `fallback`.
void unary(Emitter& e, VexOp op);
/// result = op(a, imm).
void unary(Emitter& e, VexOp op, u8 imm);
/// result = op(a, b, imm).
void binary(Emitter& e, VexOp op, u8 imm);
/// result = op(a, constant).
void with_constant(Emitter& e, VexOp op, const V128& constant);
/// Each element of `to` = element 0 of `from`.
void broadcast(Emitter& e, ir::Lane lane, Xmm to, Xmm from);
/// to = a, but for those 32-bit elements whose bits in `from_b` are set: these are b's.
void blend_words(Emitter& e, Xmm to, Xmm a, Xmm b, u8 from_b);
/// All ones.
void fill(Emitter& e, Xmm reg);
/// `to` = element 0 of `from`, zeros above. `to` may be `from`.
void keep_lowest(Emitter& e, ir::Lane lane, Xmm to, Xmm from);
/// All bits of `value` from this one on are known to be zero; 128 if nothing is known.
unsigned zero_from(const Emitter& e, Value value);

}  // namespace kelvin::x64::lower
