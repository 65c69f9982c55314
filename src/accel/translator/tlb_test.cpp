// SPDX-License-Identifier: Apache-2.0
#include "accel/translator/tlb.h"

#include <gtest/gtest.h>

#include <memory>

namespace kelvin::translator {
namespace {

constexpr u64 kInvalidTag = 0x0040'1234'5678'9000;

SecondJumps second_jumps;

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
        TlbContext context(kInvalidTag, second_jumps);
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

// Code that was dropped is left without saying by which branch it was come to, and must not be come to so again.
TEST(Tlb, AJumpWithoutTypeForgetsTheOthers) {
    const u8 old = 0, made_again = 0;
    TlbContext context(kInvalidTag, second_jumps);
    context.add_jump(0x1000, 2, &old);
    context.add_jump(0x1008, 1, &old);
    context.add_jump(0x1000, 0, &made_again);
    EXPECT_EQ(context.find_jump(0x1000), &made_again);
    EXPECT_EQ(context.jumps()[x64::jump_index(0x1000) + 2].code, nullptr);
    EXPECT_EQ(context.jumps()[x64::jump_index(0x1008) + 1].code, &old);
    expect_no_jump_to_nowhere(context);
}

// Two addresses with one place in the first cache are both known to the second, until the context forgets its jumps.
TEST(Tlb, LostJumpsAreInTheSecondCache) {
    const u64 one = 0x10000, other = 0x14004;
    ASSERT_EQ(x64::jump_index(one), x64::jump_index(other));
    const u8 code = 0, more = 0;
    TlbContext context(kInvalidTag, second_jumps), neighbour(kInvalidTag, second_jumps);
    const auto known = [](const TlbContext& to, u64 va, u32 branch_type) {
        const x64::SecondJump& entry = second_jumps.table()[x64::second_jump_index(va)];
        return entry.va == va && entry.generation == to.jump_generation() + branch_type ? entry.code : nullptr;
    };
    context.add_jump(one, 0, &code);
    context.add_jump(other, 2, &more);
    EXPECT_EQ(known(context, one, 0), &code);
    EXPECT_EQ(known(context, other, 2), &more);
    EXPECT_EQ(known(context, other, 0), nullptr);
    EXPECT_EQ(known(neighbour, one, 0), nullptr);
    context.flush_range(one & ~u64{4095}, 4096);
    EXPECT_EQ(known(context, one, 0), nullptr);
    context.add_jump(one, 0, &code);
    context.flush_jumps();
    EXPECT_EQ(known(context, one, 0), nullptr);
}

TEST(Tlb, PagesOfCodeAreForgottenWithTheirTranslation) {
    constexpr u64 kPage = 0x4000'5000, kTagged = kPage | u64{0x5a} << 56;
    constexpr u64 kSmall = 4096, kBlock = u64{2} << 20, kHuge = u64{1} << 30;
    const auto filled = [](u64 page, u64 size) {
        auto context = std::make_unique<TlbContext>(kInvalidTag, second_jumps);
        context->fill_code_page({.tag = page, .host = nullptr, .physical = 0x1000, .words = nullptr}, size);
        return context;
    };
    const auto known = [](const auto& context, u64 address) { return context->find_code_page(address) != nullptr; };
    auto context = filled(kPage, kSmall);
    EXPECT_TRUE(known(context, kPage + 0x123));
    EXPECT_EQ(context->find_code_page(kPage)->physical, 0x1000U);
    EXPECT_FALSE(known(context, kPage + 16 * 4096));
    EXPECT_FALSE(known(context, kTagged));
    context->flush_range(kPage + 4096, 4096);
    EXPECT_TRUE(known(context, kPage));
    context->flush_range(kPage, 4096);
    EXPECT_FALSE(known(context, kPage));
    context = filled(kTagged, kSmall);
    context->flush_range(kPage, 4096);
    EXPECT_FALSE(known(context, kTagged));
    context = filled(kPage, kBlock);
    context->flush_range(kPage & ~(kBlock - 1), 4096);
    EXPECT_FALSE(known(context, kPage));
    context = filled(kPage, kHuge);
    context->flush_range(kPage & ~(kHuge - 1), 4096);
    EXPECT_FALSE(known(context, kPage));
    context = filled(kPage, kSmall);
    context->flush_not_global();
    EXPECT_FALSE(known(context, kPage));
    context = filled(kPage, kSmall);
    context->flush();
    EXPECT_FALSE(known(context, kPage));
    context = filled(kPage, kSmall);
    context->forget_code_page(kPage + 8);
    EXPECT_FALSE(known(context, kPage));
}

TEST(Tlb, RangesAreLookedForInTheHalfTheyLieIn) {
    constexpr u64 kLow = 0x5000, kHigh = u64{0xffff} << 48 | kLow, kTaggedLow = u64{0xff} << 56 | kLow;
    u8 bytes[2 * 4096];
    const auto filled = [&](u64 page) {
        auto context = std::make_unique<TlbContext>(kInvalidTag, second_jumps);
        context->fill(page, reinterpret_cast<u64>(bytes) - page, false, true, 4096);
        return context;
    };
    for (const u64 page : {kLow, kHigh, kTaggedLow}) {
        const bool high = page == kHigh;
        auto context = filled(page);
        context->flush_range(high ? kLow : kHigh, 4096);
        EXPECT_EQ(context->find(page + 1, false), bytes + 1);
        context->flush_range(high ? kHigh : kLow, 4096);
        EXPECT_EQ(context->find(page, false), nullptr);
        // After a flush it is as if new.
        context->flush();
        context->fill(page, reinterpret_cast<u64>(bytes) - page, true, true, 4096);
        context->flush_range(high ? kHigh : kLow, 4096);
        EXPECT_EQ(context->find(page, true), nullptr);
        context->fill(page, reinterpret_cast<u64>(bytes) - page, true, true, 4096);
        context->flush();
        EXPECT_EQ(context->find(page, true), nullptr);
    }
}

TEST(Tlb, LastPageOfAllCanBeInvalidated) {
    const u64 last = ~u64{4095};
    TlbContext context(kInvalidTag, second_jumps);
    context.fill(last, 0, false, true, 4096);
    context.fetch_entry(last).tag = last;
    context.flush_range(last, 4096);
    EXPECT_EQ(context.reads()[(last >> 12) & (context.offset_mask() / sizeof(x64::TlbEntry))].tag, kInvalidTag);
    EXPECT_NE(context.fetch_entry(last).tag, last);
}

TEST(Tlb, FindsWhatWasFilledForTheSameUse) {
    TlbContext context(kInvalidTag, second_jumps);
    const u64 page = 0x5000;
    context.fill(page, 0x100000, false, true, 4096);
    EXPECT_EQ(context.find(page + 8, false), reinterpret_cast<u8*>(page + 8 + 0x100000));
    EXPECT_EQ(context.find(page + 8, true), nullptr);
    EXPECT_EQ(context.find(page + 4096, false), nullptr);
    EXPECT_EQ(context.find(page + (u64{4096} << 12), false), nullptr);
    context.flush();
    EXPECT_EQ(context.find(page, false), nullptr);
}

TEST(Tlb, FlushForgetsAllHoweverMuchThereWas) {
    const u8 code = 0;
    for (const unsigned count : {1u, 100u, 5000u}) {
        TlbContext context(kInvalidTag, second_jumps);
        for (u64 i = 0; i < count; i++) {
            const u64 page = i << 12;
            context.fill(page, 1, (i & 1) != 0, (i & 2) != 0, 4096);
            context.fill_fetch({.tag = page});
            context.add_jump(page + 4 * (i & 1023), static_cast<u32>(i & 3), &code);
        }
        context.flush();
        for (u64 i = 0; i * sizeof(x64::TlbEntry) <= context.offset_mask(); i++) {
            ASSERT_EQ(context.reads()[i].tag, kInvalidTag) << count;
            ASSERT_EQ(context.writes()[i].tag, kInvalidTag) << count;
        }
        for (u64 i = 0; i < x64::kJumpPlaces; i++) {
            ASSERT_EQ(context.jumps()[i].code, nullptr) << count;
        }
        for (u64 page = 0; page < u64{256} << 12; page += 4096) {
            ASSERT_EQ(context.fetch_entry(page).tag, ~u64{0}) << count;
        }
    }
}

TEST(Tlb, OnlyWhatBelongsToOneAddressSpaceGoesWithIt) {
    const u8 code = 0;
    TlbContext context(kInvalidTag, second_jumps);
    context.fill(0x1000, 1, false, true, 4096);
    context.fill(0x2000, 1, false, false, 4096);
    context.fill_fetch({.tag = 0x1000});
    context.add_jump(0x1000, 0, &code);
    context.flush_not_global();
    EXPECT_EQ(context.reads()[1].tag, 0x1000u);
    EXPECT_EQ(context.reads()[2].tag, kInvalidTag);
    EXPECT_EQ(context.find_jump(0x1000), &code);

    EXPECT_FALSE(context.has_local_code());
    context.fill_fetch({.tag = 0x2000, .global = false});
    EXPECT_TRUE(context.has_local_code());
    context.add_jump(0x2000, 0, &code);
    context.flush_not_global();
    EXPECT_EQ(context.find_jump(0x2000), nullptr);
    EXPECT_EQ(context.fetch_entry(0x1000).tag, 0x1000u);
    EXPECT_NE(context.fetch_entry(0x2000).tag, 0x2000u);
}

TEST(Tlb, InvalidatingAPageInvalidatesTheBlockItIsPartOf) {
    constexpr u64 kBlock = u64{2} << 20;
    const auto holds = [](TlbContext& context, u64 page) {
        return context.reads()[(page >> 12) & (context.offset_mask() / sizeof(x64::TlbEntry))].tag == page;
    };
    TlbContext context(kInvalidTag, second_jumps);
    context.fill(kBlock + 0x5000, 1, false, true, kBlock);
    context.fill(5 * kBlock + 0x6000, 1, false, true, 4096);
    context.flush_range(5 * kBlock, 4096);
    EXPECT_TRUE(holds(context, 5 * kBlock + 0x6000)) << "no block was there";
    context.flush_range(kBlock, 4096);
    EXPECT_FALSE(holds(context, kBlock + 0x5000));

    // Another block that the first cannot be told from by the place it is noted in.
    context.fill(1025 * kBlock + 0x7000, 1, false, true, kBlock);
    context.fill(kBlock + 0x5000, 1, false, true, kBlock);
    context.flush_range(1025 * kBlock, 4096);
    EXPECT_FALSE(holds(context, 1025 * kBlock + 0x7000));
    context.flush_range(kBlock, 4096);
    EXPECT_FALSE(holds(context, kBlock + 0x5000));
}

}  // namespace
}  // namespace kelvin::translator
