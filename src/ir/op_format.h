// SPDX-License-Identifier: Apache-2.0
// What an op's type, aux byte and imm mean, as data: for the text form and the verifier.
#pragma once

#include "ir/op.h"

namespace kelvin::ir {

enum class AuxKind : u8 {
    none,
    lane,
    shape,
    cond,
    low_bit,    ///< of a field whose width is imm
    size_log2,  ///< of bytes
    position,   ///< of a bit
    atomic,
    fence,
    jump,
};

enum class ImmKind : u8 {
    none,
    number,  ///< any
    signed_number,
    page_offset,  ///< of a guest instruction
    slot,
    field,  ///< offset in the state
    memory,
    call,
    branch_type,  ///< two bits; 0 goes without saying
    block,        ///< with the block not taken in c, for the conditional ones
    width,        ///< of a field at aux
    shift,        ///< below the operation's width
    lane_shift,   ///< up to the element's width
    element,
    two_elements,  ///< bits 3:0 in a, bits 7:4 in b
    byte_index,
    nzcv,
    flag,
    negations,   ///< two bits
    conversion,  ///< rounding, unsigned, fraction bits
    shape,       ///< the destination's
};

AuxKind aux_kind(Opcode code);
ImmKind imm_kind(Opcode code);

/// The type that the op has if nothing else is said; Type::none where it must be said or there is none.
Type default_type(Opcode code);

/// True if the op is a branch with two successors: imm and c.
constexpr bool is_conditional(Opcode code) {
    return code == Opcode::branch || code == Opcode::branch_zero || code == Opcode::branch_bit;
}

}  // namespace kelvin::ir
