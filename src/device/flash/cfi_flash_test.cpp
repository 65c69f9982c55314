// SPDX-License-Identifier: Apache-2.0
#include "device/flash/cfi_flash.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

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

/// An image in memory, whose writes end at once or when the test says so.
struct Image final : backend::FlashImage {
    std::vector<u8> bytes = std::vector<u8>(1 << 20);
    bool protected_ = false;
    bool slow = false;
    int error = 0;
    int writes = 0;
    backend::FlashWriteObserver* waiting = nullptr;

    std::string name() const override { return "image 'x'"; }
    u64 size() const override { return bytes.size(); }
    bool read_only() const override { return protected_; }
    Result<> read(std::span<u8> out) const override {
        std::ranges::copy(bytes, out.begin());
        return ok();
    }
    void write(u64 offset, std::span<const u8> data, backend::FlashWriteObserver& observer) override {
        ++writes;
        std::ranges::copy(data, bytes.begin() + static_cast<std::ptrdiff_t>(offset));
        if (slow) {
            waiting = &observer;
        } else {
            observer.flash_written(error);
        }
    }
};

TEST_F(CfiFlashTest, ImagesAreReadDirectlyAndMayBeProtected) {
    Image file;
    file.protected_ = true;
    file.bytes[5] = 0x77;
    auto image = CfiFlash::of_image(1 << 20, file, Wire());
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
    EXPECT_EQ(file.writes, 0);
}

TEST_F(CfiFlashTest, SizesOfImages) {
    Image file;
    EXPECT_FALSE(CfiFlash::of_image(3 << 20, file, Wire()));  // no power of two
    EXPECT_FALSE(CfiFlash::of_image(2 << 20, file, Wire()));  // what is written behind the image would be lost
    file.bytes.resize((1 << 20) + 1);
    EXPECT_FALSE(CfiFlash::of_image(1 << 20, file, Wire()));
    file.protected_ = true;
    file.bytes = {1, 2, 3};
    auto image = CfiFlash::of_image(1 << 20, file, Wire());
    ASSERT_TRUE(image);
    EXPECT_EQ(get(*image, 0), 0x030201U);
}

// Whatever the guest was told is done is in the image.
TEST_F(CfiFlashTest, ChipsAreBusyUntilTheImageHasIt) {
    Image file;
    std::ranges::fill(file.bytes, u8{0xff});
    file.slow = true;
    CfiFlash image = std::move(*CfiFlash::of_image(1 << 20, file, Wire()));
    image.write(0x1000, 4, both(0x40));
    image.write(0x1000, 4, 0x12345678);
    EXPECT_EQ(get(image, 0), 0U);
    image.write(0x1000, 4, both(0xff));  // not heard
    EXPECT_EQ(get(image, 0x1000), 0U);
    file.waiting->flash_written(0);
    EXPECT_EQ(get(image, 0), both(0x80));
    image.write(0x1000, 4, both(0xff));
    EXPECT_EQ(get(image, 0x1000), 0x12345678U);
    EXPECT_EQ(file.bytes[0x1000], 0x78);
    EXPECT_EQ(file.writes, 1);
}

TEST_F(CfiFlashTest, ImagesThatCannotBeWrittenAreErrorsOfTheChips) {
    Image file;
    file.error = 28;
    CfiFlash image = std::move(*CfiFlash::of_image(1 << 20, file, Wire()));
    image.write(0, 4, both(0x20));
    image.write(0, 4, both(0xd0));
    EXPECT_EQ(get(image, 0), both(0xa0));
    image.write(0, 4, both(0x50));
    image.write(0, 4, both(0x70));
    EXPECT_EQ(get(image, 0), both(0x80));
    file.error = 0;
    image.write(0, 4, both(0xe8));
    image.write(0, 4, both(0));
    image.write(0, 4, 5);
    image.write(0, 4, both(0xd0));
    EXPECT_EQ(get(image, 0), both(0x80));
    image.write(0, 4, both(0xff));
    EXPECT_EQ(get(image, 0), 5U);
    EXPECT_EQ(file.writes, 2);
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
