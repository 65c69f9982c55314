// SPDX-License-Identifier: Apache-2.0
// What the operations of vector_ops.h are called and what operands they take: for listings, and for tests.
#pragma once

#include <string_view>

#include "emit/x64/vector_ops.h"

namespace kelvin::x64 {

struct VectorForm {
    std::string_view mnemonic;
    VexOp op;
    /// The operands, destination first: x xmm, m memory, o xmm or memory, r and q 32- and 64-bit general, R and Q the
    /// same or memory, i immediate.
    std::string_view operands;
    std::string_view evex_mnemonic = {};  ///< where it is another

    constexpr bool has_immediate() const { return operands.back() == 'i'; }
};

inline constexpr VectorForm kVectorForms[] = {
#include "emit/x64/vector_forms.def"
};

}  // namespace kelvin::x64
