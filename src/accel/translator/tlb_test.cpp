// SPDX-License-Identifier: Apache-2.0
#include "accel/translator/tlb.h"

#include <gtest/gtest.h>

namespace kelvin::translator {
namespace {

constexpr u64 kInvalidTag = 0x0040'1234'5678'9000;

/// An entry without code that a jump would take leads generated code to nowhere.
void expect_no_jump_to_nowhere(TlbContext& context) {
    for (unsigned i = 0; i < x64::kJumpPlaces; i++) {
        const x64::JumpEntry& entry = context.jumps()[i];
        const u64 first = x64::jump_index(entry.va);
        EXPECT_FALSE(entry.code == nullptr && first <= i && i < first + x64::kBranchTypes) << i;
    }
}

TEST(Tlb, InvalidatedJumpsAreTakenFromNoAddress) {
    const u8 code = 0;
    for (const u64 page : {u64{0}, u64{0x1000}, u64{0x40000000}, ~u64{4095}}) {
        TlbContext context(kInvalidTag);
        expect_no_jump_to_nowhere(context);
        context.add_jump(page, 0, &code);
        context.add_jump(page + 8, 0, &code);
        context.add_jump(page + 4092, 3, &code);
        context.flush_range(page, 4096);
        expect_no_jump_to_nowhere(context);
        EXPECT_EQ(context.jumps()[x64::jump_index(page)].code, nullptr);
        EXPECT_EQ(context.jumps()[x64::jump_index(page + 8)].code, nullptr);
        EXPECT_EQ(context.jumps()[x64::jump_index(page + 4092) + 3].code, nullptr);
    }
}

TEST(Tlb, LastPageOfAllCanBeInvalidated) {
    const u64 last = ~u64{4095};
    TlbContext context(kInvalidTag);
    context.fill(last, 0, false, true, 4096);
    context.fetch_entry(last).tag = last;
    context.flush_range(last, 4096);
    EXPECT_EQ(context.reads()[(last >> 12) & (context.offset_mask() / sizeof(x64::TlbEntry))].tag, kInvalidTag);
    EXPECT_NE(context.fetch_entry(last).tag, last);
}

}  // namespace
}  // namespace kelvin::translator
