// SPDX-License-Identifier: Apache-2.0
// Operand types: each knows the width of its field and what the number in it means.
#pragma once

#include "base/bits.h"
#include "base/types.h"
#include "ir/types.h"

namespace kelvin::arm64 {

template <unsigned Width>
struct OperandField {
    static constexpr unsigned kWidth = Width;
    u32 value;
};

/// A general register; 31 is the zero register.
struct Reg : OperandField<5> {};
/// A general register; 31 is the stack pointer.
struct RegSp : OperandField<5> {};
/// A vector register.
struct VReg : OperandField<5> {};
/// A vector register among the first 16 (by-element forms of half-words).
struct VRegLow : OperandField<4> {};

/// The bit that chooses between W and X registers.
struct Sf : OperandField<1> {
    ir::Type type() const { return value != 0 ? ir::Type::i64 : ir::Type::i32; }
    unsigned bits() const { return value != 0 ? 64 : 32; }
};

/// The bit that chooses between 64- and 128-bit vectors.
struct Q : OperandField<1> {
    bool full() const { return value != 0; }
};

/// Element size, b h s d.
struct Size : OperandField<2> {
    ir::Lane lane() const { return static_cast<ir::Lane>(value); }
};

struct CondField : OperandField<4> {
    ir::Cond cond() const { return static_cast<ir::Cond>(value); }
};

/// An unsigned number.
template <unsigned Width>
struct Imm : OperandField<Width> {};

/// A signed number.
template <unsigned Width>
struct SImm : OperandField<Width> {
    i64 number() const { return sign_extend(this->value, Width); }
};

/// A single bit with no more specific meaning.
struct Flag : OperandField<1> {
    explicit operator bool() const { return value != 0; }
};

}  // namespace kelvin::arm64
