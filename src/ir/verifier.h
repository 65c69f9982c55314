// SPDX-License-Identifier: Apache-2.0
// Checks that a region is what the back end and the interpreter take for granted.
#pragma once

#include "base/result.h"
#include "ir/region.h"

namespace kelvin::ir {

/// The first thing that is wrong, with the op's text:
/// - blocks cover the ops, each with one terminator, its last op; branches go to blocks;
/// - operands are as many, of the kinds and made before their use in the same block, as ops.def says;
/// - types, aux and imm are valid for the op;
/// - fields do not overlap slots;
/// - state is exact at faults: within a guest instruction, nothing that may fault or exit comes after the first write
/// of
///   a guest register or field, so that a fault finds the state as it was before the instruction. (A store may come
///   before a store that faults.)
Result<> verify(const Region& region);

}  // namespace kelvin::ir
