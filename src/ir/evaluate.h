// SPDX-License-Identifier: Apache-2.0
// The meaning of every op that touches neither guest memory nor control flow: the oracle for passes and the back end,
// and what the back end calls for an op that it has no inline form for.
#pragma once

#include "ir/region.h"

namespace kelvin::ir {

/// An operand or a result: integers in `integer` (see ir::Type), flags in `integer` in stored form, vectors in
/// `vector`.
using Datum = HelperValue;

/// What FP and saturating ops read and change besides their operands.
struct FpContext {
    FpMode mode;
    u32* status = nullptr;  ///< FPSR's layout
};

/// True for the ops that evaluate() knows: those that make a value from their operands (and the FP status) alone.
constexpr bool is_evaluable(Opcode code) {
    constexpr Effects kOther = kReadsMemory | kWritesMemory | kCall | kTerminator | kMarker;
    return (info(code).effects & kOther) == 0 && info(code).result != ResultKind::N && code != Opcode::get &&
           code != Opcode::load_field && code != Opcode::read_clock && code != Opcode::page_address;
}

/// `op` must be evaluable.
/// `operands` are those of a, b and c. Only op.code, type, aux and imm are looked at.
Datum evaluate(const Op& op, const Datum operands[3], const FpContext& fp);

/// True if `cond` holds for flags in stored form.
bool holds(Cond cond, u32 stored_flags);

}  // namespace kelvin::ir
