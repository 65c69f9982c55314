// SPDX-License-Identifier: Apache-2.0
// What atomic read-modify-write instructions make of a value.
#pragma once

#include <type_traits>

#include "ir/types.h"

namespace kelvin::translator {

template <class T>
T combine(ir::AtomicKind kind, T old, T operand) {
    using Signed = std::make_signed_t<T>;
    const bool less = static_cast<Signed>(old) < static_cast<Signed>(operand);
    switch (kind) {
        case ir::AtomicKind::add:
            return static_cast<T>(old + operand);
        case ir::AtomicKind::clear:
            return static_cast<T>(old & ~operand);
        case ir::AtomicKind::exclusive_or:
            return static_cast<T>(old ^ operand);
        case ir::AtomicKind::set:
            return static_cast<T>(old | operand);
        case ir::AtomicKind::smax:
            return less ? operand : old;
        case ir::AtomicKind::smin:
            return less ? old : operand;
        case ir::AtomicKind::umax:
            return old < operand ? operand : old;
        case ir::AtomicKind::umin:
            return old < operand ? old : operand;
        default:
            return operand;
    }
}

}  // namespace kelvin::translator
