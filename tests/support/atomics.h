// SPDX-License-Identifier: Apache-2.0
// What atomic read-modify-write instructions do with a value, for memories of tests.
#pragma once

#include "base/bits.h"
#include "ir/types.h"

namespace kelvin::testing {

/// The new value; anything may be above bit `width`.
constexpr u64 combine(ir::AtomicKind kind, u64 old, u64 operand, unsigned width) {
    const bool less = kelvin::sign_extend(old, width) < kelvin::sign_extend(operand, width);
    const bool below = (old & low_mask(width)) < (operand & low_mask(width));
    switch (kind) {
        case ir::AtomicKind::add:
            return old + operand;
        case ir::AtomicKind::clear:
            return old & ~operand;
        case ir::AtomicKind::exclusive_or:
            return old ^ operand;
        case ir::AtomicKind::set:
            return old | operand;
        case ir::AtomicKind::smax:
            return less ? operand : old;
        case ir::AtomicKind::smin:
            return less ? old : operand;
        case ir::AtomicKind::umax:
            return below ? operand : old;
        case ir::AtomicKind::umin:
            return below ? old : operand;
        case ir::AtomicKind::swap:
            return operand;
    }
    return operand;
}

}  // namespace kelvin::testing
