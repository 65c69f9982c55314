// SPDX-License-Identifier: Apache-2.0
// EVEX instructions as text: the disassembler's library knows few of those of 128 bits.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "base/types.h"

namespace kelvin::x64 {

struct EvexText {
    std::size_t size = 0;
    std::string name;
    std::string operands;  ///< Intel's order and notation
};

/// The instruction at the start of `code`, if it is one that the assembler makes.
std::optional<EvexText> evex_text(std::span<const u8> code);

}  // namespace kelvin::x64
