// SPDX-License-Identifier: Apache-2.0
#include "device/firmware_config/fw_cfg.h"

#include <gtest/gtest.h>

#include <array>

#include "memory/address_map.h"

namespace kelvin::device {
namespace {

constexpr u64 kRam = 0x40000000;

struct FwCfgTest : testing::Test {
    memory::AddressMap map;
    FwCfg config{map};

    void SetUp() override {
        auto block = memory::RamBlock::allocate(0x10000);
        ASSERT_TRUE(block);
        ASSERT_TRUE(map.add_ram(Gpa{kRam}, std::move(*block), "ram"));
        ASSERT_TRUE(config.add_file("etc/one", {1, 2, 3}));
        ASSERT_TRUE(config.add_file("etc/two", std::vector<u8>(5000, 7)));
        config.set(0x05, {9, 8});
    }
    void select(u16 key) { config.write(8, 2, __builtin_bswap16(key)); }
    u64 data(unsigned size) { return config.read(0, size); }
    std::string bytes(u64 address, size_t size) {
        std::string text(size, '\0');
        EXPECT_TRUE(map.copy_in(Gpa{address}, {reinterpret_cast<u8*>(text.data()), size}));
        return text;
    }
    /// Runs a request whose descriptor lies at the start of RAM; gives back its control word.
    u64 dma(u32 control, u32 length, u64 address) {
        map.write(Gpa{kRam}, 4, __builtin_bswap32(control));
        map.write(Gpa{kRam + 4}, 4, __builtin_bswap32(length));
        map.write(Gpa{kRam + 8}, 8, __builtin_bswap64(address));
        config.write(0x10, 8, __builtin_bswap64(kRam));
        u64 result = 0;
        map.read(Gpa{kRam}, 4, result);
        return __builtin_bswap32(static_cast<u32>(result));
    }
};

TEST_F(FwCfgTest, SignatureAndFeatures) {
    EXPECT_EQ(data(4), 0x554d4551U);  // item 0 is selected at first: "QEMU"
    select(1);
    EXPECT_EQ(data(4), 3U);
    EXPECT_EQ(data(8), 0U);
    EXPECT_EQ(config.read(0x10, 8), __builtin_bswap64(0x51454d5520434647));
    EXPECT_EQ(config.read(0x10, 4), 0x554d4551U);
    EXPECT_EQ(config.read(0x14, 4), 0x47464320U);
}

TEST_F(FwCfgTest, DataKeepsTheOrderOfBytes) {
    select(0x20);
    EXPECT_EQ(data(2), 0x0201U);
    EXPECT_EQ(data(1), 3U);
    EXPECT_EQ(data(1), 0U);
    select(0x05);
    EXPECT_EQ(data(8), 0x0809U);
    select(0x7777);
    EXPECT_EQ(data(8), 0U);
}

TEST_F(FwCfgTest, DirectoryListsTheFiles) {
    select(0x19);
    EXPECT_EQ(data(4), __builtin_bswap32(2));
    EXPECT_EQ(data(4), __builtin_bswap32(3));
    EXPECT_EQ(data(2), 0x2000U);
    EXPECT_EQ(data(2), 0U);
    std::string name(56, '\0');
    for (char& character : name) {
        character = static_cast<char>(data(1));
    }
    EXPECT_STREQ(name.c_str(), "etc/one");
    EXPECT_EQ(data(4), __builtin_bswap32(5000));
    EXPECT_EQ(data(2), 0x2100U);
}

TEST_F(FwCfgTest, RefusesBadNames) {
    EXPECT_FALSE(config.add_file("etc/one", {}));
    EXPECT_FALSE(config.add_file("", {}));
    EXPECT_FALSE(config.add_file(std::string(56, 'x'), {}));
    EXPECT_TRUE(config.add_file(std::string(55, 'x'), {}));
}

TEST_F(FwCfgTest, DmaSelectsReadsAndSkips) {
    EXPECT_EQ(dma(0x20 << 16 | 0x8 | 0x2, 5, kRam + 0x100), 0U);
    EXPECT_EQ(bytes(kRam + 0x100, 5), std::string("\1\2\3\0\0", 5));
    EXPECT_EQ(dma(0x20 << 16 | 0x8, 0, 0), 0U);
    EXPECT_EQ(dma(0x4, 2, 0), 0U);
    EXPECT_EQ(dma(0x2, 1, kRam + 0x200), 0U);
    EXPECT_EQ(bytes(kRam + 0x200, 1), "\3");
    EXPECT_EQ(dma(0x4, 0xffffffff, 0), 0U);
    EXPECT_EQ(data(1), 0U);
    EXPECT_EQ(dma(0x21 << 16 | 0x8 | 0x2, 5000, kRam + 0x1000), 0U);
    EXPECT_EQ(bytes(kRam + 0x1000, 5000), std::string(5000, '\7'));
}

TEST_F(FwCfgTest, DmaReportsErrors) {
    EXPECT_EQ(dma(0x20 << 16 | 0x8 | 0x2, 3, 0x1000), 1U);         // not RAM
    EXPECT_EQ(dma(0x20 << 16 | 0x8 | 0x10, 3, kRam + 0x100), 1U);  // nothing is writable
    EXPECT_EQ(dma(0x20 << 16 | 0x8 | 0x2, 0xffffffff, kRam + 0x100), 1U);
    EXPECT_EQ(dma(0x20 << 16 | 0x8 | 0x2, 3, ~u64{0}), 1U);
    config.write(0x10, 8, ~u64{0});  // the descriptor itself is nowhere
}

TEST_F(FwCfgTest, DmaAddressInTwoHalves) {
    map.write(Gpa{kRam + 0x10}, 4, __builtin_bswap32(0x20 << 16 | 0x8 | 0x2));
    map.write(Gpa{kRam + 0x14}, 4, __builtin_bswap32(3));
    map.write(Gpa{kRam + 0x18}, 8, __builtin_bswap64(kRam + 0x300));
    config.write(0x10, 4, 0);
    config.write(0x14, 4, __builtin_bswap32(kRam + 0x10));
    EXPECT_EQ(bytes(kRam + 0x300, 3), "\1\2\3");
}

TEST_F(FwCfgTest, EveryAccessIsAnswered) {
    for (u64 offset = 0; offset < 0x40; ++offset) {
        for (const unsigned size : {1U, 2U, 4U, 8U}) {
            config.read(offset, size);
            config.write(offset, size, ~u64{0});
        }
    }
    select(0x20);
    data(1);
    const FwCfg::State saved = config.save();
    config.reset();
    EXPECT_EQ(data(1), 'Q');
    config.restore(saved);
    EXPECT_EQ(data(1), 2U);
}

TEST_F(FwCfgTest, FilesComeAndGo) {
    config.remove_file("etc/one");
    config.remove_file("etc/none");
    select(0x19);
    EXPECT_EQ(data(4), __builtin_bswap32(1));
    select(0x20);
    EXPECT_EQ(data(1), 0U);
    ASSERT_TRUE(config.add_file("bootorder", {5}));
    select(0x20);
    EXPECT_EQ(data(1), 5U);
    select(0x21);
    EXPECT_EQ(data(1), 7U);
}

}  // namespace
}  // namespace kelvin::device
