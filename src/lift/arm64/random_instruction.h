// SPDX-License-Identifier: Apache-2.0
// Words that an entry decodes, for differential tests and fuzzing.
#pragma once

#include <random>

#include "base/bits.h"
#include "lift/arm64/pattern.h"

namespace kelvin::arm64 {

/// A word that `instruction` matches, its fields and don't-care bits random; some fields take edge values (all zeros,
/// all ones) more often than chance would have it. The word may still be unallocated or another, more specific entry's:
/// decode it to see.
u32 random_instruction(std::mt19937_64& random, const Instruction& instruction);

}  // namespace kelvin::arm64
