// SPDX-License-Identifier: Apache-2.0
// Inside of evaluate(): one function per op, by the op's name, in evaluate_*.cpp. One that is missing fails to link.
#pragma once

#include "base/bits.h"
#include "ir/evaluate.h"

namespace kelvin::ir::meaning {

/// What an op is evaluated on.
struct Input {
    const Op& op;
    const Datum* operands;
    const FpContext& fp;

    unsigned width() const { return op.type == Type::i32 ? 32 : 64; }
    u64 mask() const { return low_mask(width()); }
    /// An integer operand, zero-extended from the op's width.
    u64 integer(unsigned i) const { return operands[i].integer & mask(); }
    u64 a() const { return integer(0); }
    u64 b() const { return integer(1); }
    i64 signed_a() const { return sign_extend(a(), width()); }
    i64 signed_b() const { return sign_extend(b(), width()); }
    u32 flags(unsigned i) const { return static_cast<u32>(operands[i].integer); }
    const V128& va() const { return operands[0].vector; }
    const V128& vb() const { return operands[1].vector; }
    const V128& vc() const { return operands[2].vector; }
    /// An integer result, cut to the op's width.
    Datum result(u64 value) const { return {.integer = value & mask()}; }
};

inline Datum vector_result(const V128& value) {
    return {.vector = value};
}

#define OP(name, result, arguments, effects) Datum name(Input in);
#include "ir/ops.def"
#undef OP

}  // namespace kelvin::ir::meaning
