// SPDX-License-Identifier: Apache-2.0
#include "device/flash/cfi_flash.h"

#include <gtest/gtest.h>

namespace kelvin::device {
namespace {

constexpr u64 kSize = 64 << 20;
constexpr u32 both(u32 byte) {
    return byte | byte << 16;
}

struct Pin {
    bool level = true;
    int changes = 0;
    void set(bool high) {
        level = high;
        ++changes;
    }
};

struct CfiFlashTest : testing::Test {
    Pin array;
    CfiFlash flash = std::move(*CfiFlash::erased(kSize, wire_to<&Pin::set>(array)));

    static u64 get(CfiFlash& from, u64 offset, unsigned size = 4) { return from.read(offset, size); }
    u64 get(u64 offset, unsigned size = 4) { return flash.read(offset, size); }
    void put(u64 offset, u64 value, unsigned size = 4) { flash.write(offset, size, value); }
    void command(u64 offset, u32 code) { put(offset, both(code)); }
    void program(u64 offset, u32 value) {
        command(offset, 0x40);
        put(offset, value);
        EXPECT_EQ(get(offset), both(0x80));
        command(offset, 0xff);
    }
};

TEST_F(CfiFlashTest, ErasedFlashReadsAsOnes) {
    EXPECT_EQ(get(0), 0xffffffffU);
    EXPECT_EQ(get(kSize - 8, 8), ~u64{0});
    EXPECT_EQ(get(3, 1), 0xffU);
    EXPECT_EQ(flash.direct_content(), nullptr);
}

TEST_F(CfiFlashTest, QueryDescribesTwoChips) {
    command(0x55 * 4, 0x98);
    EXPECT_FALSE(array.level);
    EXPECT_EQ(get(0x10 * 4), both('Q'));
    EXPECT_EQ(get(0x11 * 4), both('R'));
    EXPECT_EQ(get(0x12 * 4), both('Y'));
    EXPECT_EQ(get(0x13 * 4), both(1));
    EXPECT_EQ(get(0x15 * 4), both(0x31));
    EXPECT_EQ(get(0x27 * 4), both(25));  // 32 MiB each
    EXPECT_EQ(get(0x2a * 4), both(11));
    EXPECT_EQ(get(0x2c * 4), both(1));
    EXPECT_EQ(get(0x2d * 4), both(255));
    EXPECT_EQ(get(0x2e * 4), 0U);
    EXPECT_EQ(get(0x2f * 4), 0U);
    EXPECT_EQ(get(0x30 * 4), both(2));  // 128 KiB each
    EXPECT_EQ(get(0x31 * 4), both('P'));
    EXPECT_EQ(get(0x10 * 4 + 2, 1), static_cast<u64>('Q'));
    command(0, 0x90);
    EXPECT_EQ(get(0), both(0x89));
    EXPECT_EQ(get(4), both(0x18));
    EXPECT_EQ(get(8), 0U);
    command(0, 0xff);
    EXPECT_TRUE(array.level);
    EXPECT_EQ(array.changes, 2);
}

TEST_F(CfiFlashTest, ProgrammingClearsBitsErasingSetsThem) {
    program(0x40000, 0x12345678);
    EXPECT_EQ(get(0x40000), 0x12345678U);
    program(0x40000, 0xffff0000);
    EXPECT_EQ(get(0x40000), 0x12340000U);
    program(0x7fffc, 0);
    program(0x80000, 0xabcd);
    command(0x50000, 0x20);
    command(0x50000, 0xd0);
    EXPECT_EQ(get(0), both(0x80));
    command(0, 0xff);
    EXPECT_EQ(get(0x40000), 0xffffffffU);
    EXPECT_EQ(get(0x7fffc), 0xffffffffU);
    EXPECT_EQ(get(0x80000), 0xabcdU);
}

TEST_F(CfiFlashTest, NarrowProgrammingLeavesTheOtherBytes) {
    put(0x102, 0x40, 1);
    put(0x102, 0x5a, 1);
    put(0x102, 0xff, 1);
    EXPECT_EQ(get(0x100), 0xff5affffU);
}

TEST_F(CfiFlashTest, BufferedProgramming) {
    command(0x41000, 0xe8);
    EXPECT_EQ(get(0x41000), both(0x80));
    command(0x41000, 2);
    put(0x41010, 1);
    put(0x41014, 2);
    put(0x41ffc, 3);
    command(0x41000, 0xd0);
    EXPECT_EQ(get(0x41000), both(0x80));
    command(0, 0xff);
    EXPECT_EQ(get(0x41010, 8), 0x0000000200000001U);
    EXPECT_EQ(get(0x41ffc), 3U);
    EXPECT_EQ(get(0x41018), 0xffffffffU);
}

TEST_F(CfiFlashTest, BadSequencesAreReported) {
    command(0, 0x20);
    command(0, 0xff);
    EXPECT_EQ(get(0), both(0xb0));
    command(0, 0x50);
    command(0, 0x70);
    EXPECT_EQ(get(0), both(0x80));
    command(0, 0xe8);
    command(0, 0x400);  // more words than the buffer has
    EXPECT_EQ(get(0), both(0xb0));
    command(0, 0x50);
    command(0, 0xe8);
    command(0, 0);
    put(0x1000, 0);  // outside of the buffer's part
    EXPECT_EQ(get(0), both(0xb0));
    command(0, 0xff);
    EXPECT_EQ(get(0x1000), 0xffffffffU);
}

TEST_F(CfiFlashTest, ImagesAreReadDirectlyAndMayBeProtected) {
    auto block = memory::RamBlock::allocate(1 << 20);
    ASSERT_TRUE(block);
    block->data()[5] = 0x77;
    auto image = CfiFlash::with_content(std::move(*block), true, Wire());
    ASSERT_TRUE(image);
    EXPECT_EQ(get(*image, 4), 0x7700U);
    EXPECT_NE(image->direct_content(), nullptr);
    image->write(0, 4, both(0x20));
    image->write(0, 4, both(0xd0));
    EXPECT_EQ(get(*image, 0), both(0xa2));
    image->write(0, 4, both(0x50));
    image->write(4, 4, both(0x10));
    image->write(4, 4, 0);
    EXPECT_EQ(get(*image, 0), both(0x92));
    image->write(0, 4, both(0xff));
    EXPECT_EQ(get(*image, 4), 0x7700U);
    EXPECT_FALSE(CfiFlash::with_content(std::move(*memory::RamBlock::allocate(3 << 20)), true, Wire()));
}

TEST_F(CfiFlashTest, SaveResetRestoreAndHostileStates) {
    command(0x1000, 0xe8);
    const CfiFlash::State saved = flash.save();
    flash.reset();
    EXPECT_TRUE(array.level);
    flash.restore(saved);
    EXPECT_FALSE(array.level);
    command(0x1000, 0);
    put(0x1000, 5);
    command(0x1000, 0xd0);
    command(0, 0xff);
    EXPECT_EQ(get(0x1000), 5U);
    CfiFlash::State damaged = saved;
    damaged.mode = CfiFlash::Mode{99};
    damaged.address = ~u64{0};
    damaged.words_left = 0;
    flash.restore(damaged);
    EXPECT_TRUE(array.level);
    for (u64 code = 0; code < 256; ++code) {
        put(kSize - 4, both(static_cast<u32>(code)));
        get(kSize - 8, 8);
    }
}

}  // namespace
}  // namespace kelvin::device
