// SPDX-License-Identifier: Apache-2.0
#include "accel/translator/block_table.h"

#include <gtest/gtest.h>

#include <cstring>

namespace kelvin::translator {
namespace {

constexpr u64 kPage = 0x40001000;
constexpr unsigned kSize = 32;  // of a region's code: entry at 0, the jump's field at 12, its unlinked target at 24

/// A table of regions that all lie at multiples of kSize in a buffer which nobody runs.
class Blocks : public ::testing::Test {
  protected:
    Blocks() : table_(code_, 0, 4, code_) {}

    /// Returns the number of its only link, which goes to `page_offset`.
    Number add(unsigned segment, u64 physical, u16 size, u16 page_offset, u32 mode = 0) {
        used_ += kSize;
        const Number link = table_.next_link(segment);
        const x64::ExitLink exit{code_ + used_ + 12, page_offset, code_ + used_ + 24};
        table_.add(segment, physical, mode, {&guest_[physical & 4095], size}, {code_ + used_, kSize}, {&exit, 1});
        return link;
    }
    const u8* last() const { return code_ + used_; }

    static const u8* target(const u8* region) {
        i32 distance = 0;
        std::memcpy(&distance, region + 12, 4);
        return region + 16 + distance;
    }
    bool retired(const u8* region, u16 page_offset) const {
        i32 distance = 0;
        u16 offset = 0;
        std::memcpy(&distance, region + 1, 4);
        std::memcpy(&offset, region + 5, 2);
        return region[0] == 0xe8 && region + 5 + distance == code_ && offset == page_offset;
    }
    const u8* find(u64 physical, u32 mode = 0) const {
        const Block* block = table_.find(physical, mode);
        return block == nullptr ? nullptr : table_.code(*block);
    }

    u8 guest_[8192] = {};  // what is at multiples of a page
    alignas(64) u8 code_[1 << 16] = {};
    BlockTable table_;
    unsigned used_ = 0;
};

TEST_F(Blocks, AreFoundByTheirCode) {
    EXPECT_EQ(table_.find_code(code_), nullptr);
    add(0, kPage, 8, 0);
    const u8* const first = last();
    add(0, kPage + 16, 8, 0);
    add(2, kPage + 32, 8, 0);
    EXPECT_EQ(table_.find_code(first - 1), nullptr);
    EXPECT_EQ(table_.find_code(first), table_.find(kPage, 0));
    EXPECT_EQ(table_.find_code(first + kSize - 1), table_.find(kPage, 0));
    EXPECT_EQ(table_.find_code(first + kSize), table_.find(kPage + 16, 0));
    EXPECT_EQ(table_.find_code(last() + 5), table_.find(kPage + 32, 0));
    EXPECT_EQ(table_.find_code(last() + kSize), nullptr);
    table_.drop(*table_.find(kPage, 0));
    EXPECT_EQ(table_.find_code(first), nullptr);
    EXPECT_TRUE(retired(first, 0));
    EXPECT_TRUE(table_.has_code(kPage));
}

TEST_F(Blocks, AreFoundByAddressAndMode) {
    add(0, kPage, 8, 0);
    const u8* const first = last();
    add(1, kPage, 8, 0, 5);
    EXPECT_EQ(find(kPage), first);
    EXPECT_EQ(find(kPage, 5), last());
    EXPECT_EQ(find(kPage, 4), nullptr);
    EXPECT_EQ(find(kPage + 4), nullptr);
    EXPECT_EQ(table_.block_count(), 2U);
}

TEST_F(Blocks, DropOnlyForWritesToWhatTheyWereMadeFrom) {
    add(0, kPage + 0x100, 8, 0);
    const u8* const region = last();
    table_.written(kPage + 0xfc, 4);
    table_.written(kPage + 0x108, 8);
    table_.written(kPage + 0x1000 + 0x100, 8);
    EXPECT_EQ(find(kPage + 0x100), region);
    EXPECT_FALSE(retired(region, 0x100));
    table_.written(kPage + 0x107, 1);
    EXPECT_EQ(find(kPage + 0x100), nullptr);
    EXPECT_TRUE(retired(region, 0x100));
    EXPECT_EQ(table_.block_count(), 0U);
}

TEST_F(Blocks, WriteOfTheWholePageDropsAllOfIt) {
    for (unsigned offset = 0; offset < 4096; offset += 512) {
        add(0, kPage + offset, 512, 0);
    }
    add(0, kPage + 4096, 4, 0);
    table_.written(kPage, 4096);
    EXPECT_EQ(table_.block_count(), 1U);
}

TEST_F(Blocks, LinksLeadToTheirTargetUntilItIsDropped) {
    const Number link = add(0, kPage, 8, 0x20);
    const u8* const from = last();
    add(1, kPage + 0x20, 8, 0);
    const u8* const to = last();
    table_.connect(link, *table_.find(kPage + 0x20, 0));
    EXPECT_EQ(target(from), to);
    table_.written(kPage + 0x20, 4);
    EXPECT_EQ(target(from), from + 24);
    add(1, kPage + 0x20, 8, 0);
    table_.connect(link, *table_.find(kPage + 0x20, 0));
    EXPECT_EQ(target(from), last());
}

TEST_F(Blocks, LinksThatDoNotLeadThereAreNotConnected) {
    const Number link = add(0, kPage, 8, 0x20);
    const u8* const from = last();
    std::memset(code_ + kSize + 12, 0x55, 4);
    const u8* const before = target(from);
    add(0, kPage + 0x24, 8, 0);
    add(0, kPage + 0x20, 8, 0, 1);
    add(0, kPage + 0x1020, 8, 0);
    table_.connect(link, *table_.find(kPage + 0x24, 0));
    table_.connect(link, *table_.find(kPage + 0x20, 1));
    table_.connect(link, *table_.find(kPage + 0x1020, 0));
    table_.connect(0, *table_.find(kPage + 0x24, 0));
    table_.connect(0x0000ffff, *table_.find(kPage + 0x24, 0));
    table_.connect(0xffff0001, *table_.find(kPage + 0x24, 0));
    EXPECT_EQ(target(from), before);
}

TEST_F(Blocks, LinksOfDroppedBlocksAreNotConnected) {
    const Number link = add(0, kPage, 8, 0x20);
    add(0, kPage + 0x20, 8, 0);
    table_.written(kPage, 4);
    table_.connect(link, *table_.find(kPage + 0x20, 0));
    table_.written(kPage + 0x20, 4);
    EXPECT_EQ(table_.block_count(), 0U);
}

TEST_F(Blocks, LoopsOfLinksCanBeDropped) {
    const Number self = add(0, kPage, 8, 0);
    const u8* const region = last();
    table_.connect(self, *table_.find(kPage, 0));
    EXPECT_EQ(target(region), region);
    table_.written(kPage, 4);
    EXPECT_EQ(target(region), region + 24);
    EXPECT_TRUE(retired(region, 0));
}

TEST_F(Blocks, EvictionTakesASegmentAndWhatLeadsIntoIt) {
    const Number into = add(0, kPage, 8, 0x20);
    const u8* const stays = last();
    const Number out = add(1, kPage + 0x20, 8, 0);
    const u8* const goes = last();
    table_.connect(into, *table_.find(kPage + 0x20, 0));
    table_.connect(out, *table_.find(kPage, 0));
    table_.evict(1);
    EXPECT_EQ(find(kPage + 0x20), nullptr);
    EXPECT_EQ(find(kPage), stays);
    EXPECT_TRUE(retired(goes, 0x20));
    EXPECT_EQ(target(stays), stays + 24);
    // Its numbers are given again, and the page list has no trace of it.
    EXPECT_EQ(add(1, kPage + 0x40, 8, 0), out);
    table_.written(kPage, 4096);
    EXPECT_EQ(table_.block_count(), 0U);
    table_.evict(0);
    table_.evict(1);
    EXPECT_EQ(table_.block_count(), 0U);
}

TEST_F(Blocks, EvictedCodeCanBeOverwrittenByTheGuest) {
    add(0, kPage, 8, 0);
    add(1, kPage + 8, 8, 0);
    table_.evict(0);
    table_.written(kPage, 8);
    EXPECT_EQ(table_.block_count(), 1U);
    table_.written(kPage + 8, 8);
    EXPECT_EQ(table_.block_count(), 0U);
}

TEST_F(Blocks, PagesAreForgottenWhenStoresComeButNoCode) {
    EXPECT_FALSE(table_.may_have_code(kPage));
    EXPECT_TRUE(table_.watch(kPage));
    EXPECT_FALSE(table_.watch(kPage));
    EXPECT_TRUE(table_.has_code(kPage));
    add(0, kPage, 8, 0);
    for (unsigned i = 0; i < 10000; i++) {
        table_.written(kPage + 0x80, 8);
    }
    EXPECT_TRUE(table_.has_code(kPage));
    table_.written(kPage, 8);
    EXPECT_TRUE(table_.has_code(kPage));
    for (unsigned i = 0; i < 1000; i++) {
        table_.written(kPage + 0x80, 8);
    }
    EXPECT_FALSE(table_.has_code(kPage));
    EXPECT_FALSE(table_.may_have_code(kPage));
}

TEST_F(Blocks, StoresThatSpareCodeAreToldApartWithoutTheTable) {
    EXPECT_EQ(table_.code_words(kPage), nullptr);
    table_.watch(kPage);
    EXPECT_EQ(table_.code_words(kPage), nullptr);
    add(0, kPage + 0x100, 8, 0);
    add(1, kPage + 0x200, 8, 0);
    const CodeWords* const words = table_.code_words(kPage);
    ASSERT_NE(words, nullptr);
    const auto spares = [&](u64 start, u64 size) { return table_.spares_code(*words, start, size); };
    EXPECT_TRUE(spares(kPage + 0xfc, 4));
    EXPECT_FALSE(spares(kPage + 0xfd, 4));
    EXPECT_FALSE(spares(kPage + 0x107, 1));
    EXPECT_TRUE(spares(kPage + 0x108, 8));
    // Of another page they say nothing.
    EXPECT_FALSE(spares(kPage + 0x1000, 4));
    // The bytes of what is being made may have been read, and nobody knows yet which they are.
    table_.watch(kPage + 0x1000);
    EXPECT_FALSE(spares(kPage + 0x108, 8));
    add(0, kPage + 0x1000, 8, 0);
    EXPECT_TRUE(spares(kPage + 0x108, 8));
    table_.written(kPage + 0x100, 4);
    EXPECT_TRUE(spares(kPage + 0x100, 8));
    EXPECT_FALSE(spares(kPage + 0x200, 4));
    // Of a page without code the table counts the stores.
    table_.evict(1);
    EXPECT_FALSE(spares(kPage + 0x300, 4));
    EXPECT_EQ(table_.code_words(kPage), nullptr);
}

TEST_F(Blocks, CodeWordsFollowWhereTheirPlaceIsUsedAgain) {
    add(0, kPage, 8, 0);
    const CodeWords* const words = table_.code_words(kPage);
    for (unsigned i = 0; i < 1000; i++) {
        table_.written(kPage, 8);
    }
    ASSERT_FALSE(table_.has_code(kPage));
    EXPECT_FALSE(table_.spares_code(*words, kPage + 0x80, 8));
    add(0, kPage + 0x1040, 8, 0);
    EXPECT_EQ(table_.code_words(kPage + 0x1000), words);
    EXPECT_FALSE(table_.spares_code(*words, kPage + 0x80, 8));
    EXPECT_TRUE(table_.spares_code(*words, kPage + 0x1000, 8));
    EXPECT_FALSE(table_.spares_code(*words, kPage + 0x1040, 8));
    for (u64 page = 1; page < 1000; page++) {
        add(0, kPage + page * 4096, 4, 0);
    }
    EXPECT_EQ(table_.code_words(kPage + 0x1000), words);
}

TEST_F(Blocks, ManyPagesAreKeptApart) {
    for (u64 page = 0; page < 1000; page++) {
        add(0, page * 4096 * 7, 4, 0);
    }
    for (u64 page = 0; page < 1000; page += 2) {
        for (unsigned i = 0; i < 1000; i++) {
            table_.written(page * 4096 * 7, 4);
        }
    }
    for (u64 page = 0; page < 1000; page++) {
        EXPECT_EQ(table_.has_code(page * 4096 * 7), page % 2 == 1) << page;
    }
    EXPECT_EQ(table_.block_count(), 500U);
}

TEST_F(Blocks, PagesThatLoseCodeAgainAndAgainAreToldApart) {
    for (unsigned i = 0; i < 8; i++) {
        EXPECT_FALSE(table_.is_often_written(kPage));
        add(0, kPage, 8, 0);
        table_.written(kPage, 8);
    }
    EXPECT_TRUE(table_.is_often_written(kPage));
    EXPECT_FALSE(table_.is_often_written(kPage + 4096));
}

TEST_F(Blocks, SegmentsRunOutOfNumbers) {
    used_ = 0;
    unsigned count = 0;
    while (table_.accepts(2)) {
        used_ = count % 1000 * kSize;
        add(2, u64{count++} * 4, 4, 0);
    }
    EXPECT_GT(count, 60000U);
    EXPECT_TRUE(table_.accepts(1));
    table_.evict(2);
    EXPECT_TRUE(table_.accepts(2));
    EXPECT_EQ(table_.block_count(), 0U);
}

TEST_F(Blocks, AreRecheckedAgainstWhatTheyWereMadeFrom) {
    add(0, kPage, 8, 0);
    add(0, kPage + 0x20, 16, 0);
    const u8* const second = last();
    table_.recheck(kPage, guest_);
    EXPECT_EQ(table_.block_count(), 2U);
    guest_[0x2c] = 1;
    table_.recheck(kPage, guest_);
    EXPECT_EQ(table_.block_count(), 1U);
    EXPECT_NE(find(kPage), nullptr);
    EXPECT_EQ(find(kPage + 0x20), nullptr);
    EXPECT_TRUE(retired(second, 0x20));
    table_.recheck(kPage + 4096, guest_);
    EXPECT_EQ(table_.pages_with_code(), std::vector<u64>{kPage});
}

}  // namespace
}  // namespace kelvin::translator
