// SPDX-License-Identifier: Apache-2.0
#include "lift/arm64/translate.h"

#include "lift/arm64/lifter.h"

namespace kelvin::arm64 {

namespace {

u32 fetch(std::span<const u8> page, unsigned offset) {
    return page[offset] | u32{page[offset + 1]} << 8 | u32{page[offset + 2]} << 16 | u32{page[offset + 3]} << 24;
}

}  // namespace

unsigned lift_region(ir::Region& region, const Decoder& decoder, const Model& model, Mode mode,
                     std::span<const u8> page, unsigned page_offset, LiftLimits limits, ir::BuilderOptions options) {
    region.clear();
    region.guest = &guest_desc();
    region.fp.fpcr = mode.fpcr();
    ir::Builder builder(region, options);
    builder.begin_block();
    Lifter lifter(builder, model, mode);
    const unsigned most = mode.has(Mode::kSingleStep) ? 1 : limits.max_instructions;
    unsigned offset = page_offset;
    for (unsigned count = 0; count < most && offset + 4 <= page.size() && !lifter.ended(); count++, offset += 4) {
        lifter.begin_instruction(offset);
        const u32 word = fetch(page, offset);
        if (const Instruction* entry = decoder.decode(word)) {
            entry->lift(lifter, word);
        } else {
            lifter.undefined();
        }
    }
    if (!lifter.ended()) {
        lifter.branch_direct(4);
    }
    return offset - page_offset;
}

}  // namespace kelvin::arm64
