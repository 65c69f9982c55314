// SPDX-License-Identifier: Apache-2.0
// Guest code to a region.
#pragma once

#include <span>

#include "ir/builder.h"
#include "lift/arm64/decoder.h"
#include "lift/arm64/mode.h"

namespace kelvin::arm64 {

struct LiftLimits {
    unsigned max_instructions = 64;
};

/// Lifts from `page_offset` on, until a branch, an instruction that ends regions, the limit, or the end of `page` (the
/// bytes of the 4 KiB of guest memory that hold the code). Returns the number of guest bytes lifted. `region` is
/// cleared first.
unsigned lift_region(ir::Region& region, const Decoder& decoder, const Model& model, Mode mode,
                     std::span<const u8> page, unsigned page_offset, LiftLimits limits = {},
                     ir::BuilderOptions options = {});

}  // namespace kelvin::arm64
