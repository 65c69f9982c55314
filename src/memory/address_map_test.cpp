// SPDX-License-Identifier: Apache-2.0
#include "memory/address_map.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdio>
#include <cstring>
#include <thread>

namespace kelvin::memory {
namespace {

struct Echo : MmioHandler {
    u64 last_offset = 0;
    unsigned last_size = 0;
    u64 last_value = 0;
    u64 answer = 0;
    u64 read(u64 offset, unsigned size) override {
        last_offset = offset;
        last_size = size;
        return answer;
    }
    void write(u64 offset, unsigned size, u64 value) override {
        last_offset = offset;
        last_size = size;
        last_value = value;
    }
};

struct Observer : WriteObserver, MappingObserver {
    std::vector<std::pair<u64, u64>> writes;
    std::vector<std::pair<u64, u64>> mappings;
    void ram_written(Gpa start, u64 size) override { writes.emplace_back(start.value, size); }
    void mapping_changed(Gpa start, u64 size) override { mappings.emplace_back(start.value, size); }
};

void add_ram(AddressMap& map, u64 base, u64 size, const char* name = "ram") {
    auto block = RamBlock::allocate(size);
    ASSERT_TRUE(block);
    ASSERT_TRUE(map.add_ram(Gpa{base}, std::move(*block), name));
}

TEST(AddressMap, ReadsBackEveryWidthLittleEndian) {
    AddressMap map;
    add_ram(map, 0x40000000, 0x10000);
    ASSERT_TRUE(map.write(Gpa{0x40000008}, 8, 0x8877665544332211));
    for (const auto& [offset, size, expected] : {std::tuple{0U, 1U, u64{0x11}},
                                                 {1U, 2U, u64{0x3322}},
                                                 {3U, 4U, u64{0x77665544}},
                                                 {0U, 8U, u64{0x8877665544332211}}}) {
        u64 value = 0;
        ASSERT_TRUE(map.read(Gpa{0x40000008} + offset, size, value));
        EXPECT_EQ(value, expected) << size;
    }
}

TEST(AddressMap, PagesOfSmallAndLargeMemoriesAreFound) {
    AddressMap map;
    add_ram(map, 0x10000, 0x2000, "small");
    add_ram(map, 0x40000000, 0x10000, "large");
    add_ram(map, 0x80000000, 0x3000, "middle");
    auto clashing = RamBlock::allocate(0x100000);
    EXPECT_FALSE(map.add_ram(Gpa{0x40008000}, std::move(*clashing), "clashing"));
    for (const u64 base : {u64{0x10000}, u64{0x40000000}, u64{0x80000000}}) {
        ASSERT_TRUE(map.write(Gpa{base + 0x1234}, 8, base));
        const PageBacking page = map.find_page(Gpa{base + 0x1fff});
        ASSERT_NE(page.host, nullptr);
        EXPECT_TRUE(page.writable);
        u64 value = 0;
        std::memcpy(&value, page.host + 0x234, sizeof value);
        EXPECT_EQ(value, base);
    }
    EXPECT_EQ(map.find_page(Gpa{0x40010000}).host, nullptr);
    EXPECT_EQ(map.find_page(Gpa{0x3ffff000}).host, nullptr);
    EXPECT_EQ(AddressMap().find_page(Gpa{0}).host, nullptr);
}

TEST(AddressMap, NothingAnswersOutsideRegionsOrAcrossTheirEnd) {
    AddressMap map;
    Echo echo;
    add_ram(map, 0x1000, 0x1000);
    ASSERT_TRUE(map.add_mmio(Gpa{0xfffffffffffff000}, 0x1000, echo, "top"));
    u64 value = 0;
    EXPECT_FALSE(map.read(Gpa{0xfff}, 1, value));
    EXPECT_FALSE(map.read(Gpa{0x1ffd}, 4, value));
    EXPECT_TRUE(map.read(Gpa{0x1ffc}, 4, value));
    EXPECT_FALSE(map.read(Gpa{0x2000}, 1, value));
    EXPECT_TRUE(map.read(Gpa{0xfffffffffffffff8}, 8, value));
    EXPECT_FALSE(map.read(Gpa{0xfffffffffffffff9}, 8, value));
    EXPECT_FALSE(map.is_mapped(Gpa{0}));
    EXPECT_TRUE(map.is_mapped(Gpa{~u64{0}}));
}

TEST(AddressMap, OverlapIsAnErrorThatNamesBoth) {
    AddressMap map;
    Echo echo;
    add_ram(map, 0x10000, 0x4000, "main");
    for (const u64 base : {0xf000ULL, 0x10000ULL, 0x12000ULL, 0x13000ULL}) {
        const auto result = map.add_mmio(Gpa{base}, 0x2000, echo, "uart");
        ASSERT_FALSE(result) << base;
        EXPECT_NE(result.error().what.find("main"), std::string::npos);
        EXPECT_NE(result.error().what.find("uart"), std::string::npos);
    }
    EXPECT_TRUE(map.add_mmio(Gpa{0xe000}, 0x2000, echo, "below"));
    EXPECT_TRUE(map.add_mmio(Gpa{0x14000}, 0x2000, echo, "above"));
    EXPECT_FALSE(map.add_mmio(Gpa{0x20800}, 0x1000, echo, "unaligned"));
    EXPECT_FALSE(map.add_mmio(Gpa{0x20000}, 0, echo, "empty"));
    EXPECT_FALSE(map.add_mmio(Gpa{0xfffffffffffff000}, 0x2000, echo, "wraps"));
    EXPECT_EQ(map.describe(), "0x0000e000-0x0000ffff below\n0x00010000-0x00013fff main\n0x00014000-0x00015fff above\n");
}

TEST(AddressMap, MmioGetsOffsetSizeAndValue) {
    AddressMap map;
    Echo echo;
    ASSERT_TRUE(map.add_mmio(Gpa{0x9000000}, 0x1000, echo, "uart"));
    ASSERT_TRUE(map.write(Gpa{0x9000030}, 2, 0x301));
    EXPECT_EQ(echo.last_offset, 0x30U);
    EXPECT_EQ(echo.last_size, 2U);
    EXPECT_EQ(echo.last_value, 0x301U);
    echo.answer = 42;
    u64 value = 0;
    ASSERT_TRUE(map.read(Gpa{0x9000018}, 4, value));
    EXPECT_EQ(value, 42U);
    EXPECT_EQ(map.find_page(Gpa{0x9000018}).host, nullptr);
}

TEST(AddressMap, BankedRegistersAnswerEachRequesterItself) {
    AddressMap map;
    std::array<Echo, 2> cpus;
    std::array<MmioHandler*, 2> handlers{&cpus[0], &cpus[1]};
    ASSERT_TRUE(map.add_banked_mmio(Gpa{0x8010000}, 0x1000, handlers, "gicc"));
    ASSERT_TRUE(map.write(Gpa{0x8010000}, 4, 7, 1));
    EXPECT_EQ(cpus[0].last_value, 0U);
    EXPECT_EQ(cpus[1].last_value, 7U);
    EXPECT_FALSE(map.write(Gpa{0x8010000}, 4, 7, 2));
}

TEST(AddressMap, RomIgnoresStores) {
    AddressMap map;
    const std::array<u8, 4> content{1, 2, 3, 4};
    ASSERT_TRUE(map.add_rom(Gpa{0}, 0x1000, content, "rom"));
    EXPECT_TRUE(map.write(Gpa{0}, 4, 0));
    u64 value = 0;
    ASSERT_TRUE(map.read(Gpa{0}, 8, value));
    EXPECT_EQ(value, 0x04030201U);
    const PageBacking page = map.find_page(Gpa{0x10});
    EXPECT_NE(page.host, nullptr);
    EXPECT_FALSE(page.writable);
    EXPECT_FALSE(map.copy_out(Gpa{0}, content));
    EXPECT_FALSE(map.add_rom(Gpa{0x10000}, 2, content, "small"));
}

TEST(AddressMap, CopiesSpanAdjacentRegionsOrDoNothing) {
    AddressMap map;
    Observer observer;
    map.set_write_observer(&observer);
    add_ram(map, 0x1000, 0x1000, "a");
    add_ram(map, 0x2000, 0x1000, "b");
    const std::array<u8, 6> data{1, 2, 3, 4, 5, 6};
    ASSERT_TRUE(map.copy_out(Gpa{0x1ffd}, data));
    std::array<u8, 6> back{};
    ASSERT_TRUE(map.copy_in(Gpa{0x1ffd}, back));
    EXPECT_EQ(back, data);
    EXPECT_FALSE(map.copy_out(Gpa{0x2ffd}, data));
    u64 value = 1;
    ASSERT_TRUE(map.read(Gpa{0x2ffd}, 1, value));
    EXPECT_EQ(value, 0U);
    EXPECT_FALSE(map.copy_in(Gpa{~u64{0} - 2}, back));
    EXPECT_TRUE(map.copy_in(Gpa{0x9999}, {}));
    ASSERT_TRUE(map.write(Gpa{0x1000}, 4, 1));
    EXPECT_EQ(observer.writes, (std::vector<std::pair<u64, u64>>{{0x1ffd, 6}, {0x1000, 4}}));
}

TEST(AddressMap, RomDeviceSwitchesBetweenMemoryAndHandler) {
    AddressMap map;
    Echo echo;
    Observer observer;
    map.set_mapping_observer(&observer);
    auto block = RamBlock::allocate(0x2000);
    ASSERT_TRUE(block);
    block->data()[0x1004] = 9;
    ASSERT_TRUE(map.add_rom_device(Gpa{0}, 0x2000, block->data(), echo, "flash"));
    u64 value = 0;
    ASSERT_TRUE(map.read(Gpa{0x1004}, 1, value));
    EXPECT_EQ(value, 9U);
    EXPECT_EQ(map.find_page(Gpa{0x1004}).host, block->data() + 0x1000);
    EXPECT_FALSE(map.find_page(Gpa{0x1004}).writable);
    ASSERT_TRUE(map.write(Gpa{0x1004}, 4, 0x70));
    EXPECT_EQ(echo.last_value, 0x70U);
    map.set_direct_reads(Gpa{0}, false);
    map.set_direct_reads(Gpa{0}, false);
    echo.answer = 0x80;
    ASSERT_TRUE(map.read(Gpa{0x1004}, 1, value));
    EXPECT_EQ(value, 0x80U);
    EXPECT_EQ(map.find_page(Gpa{0x1004}).host, nullptr);
    map.set_direct_reads(Gpa{0}, true);
    EXPECT_EQ(observer.mappings, (std::vector<std::pair<u64, u64>>{{0, 0x2000}, {0, 0x2000}}));
}

TEST(RamBlock, FileMappingsAreSharedOrPrivate) {
    std::FILE* file = std::tmpfile();
    ASSERT_NE(file, nullptr);
    const int fd = fileno(file);
    ASSERT_EQ(::ftruncate(fd, 4096), 0);
    auto shared = RamBlock::map_file(fd, 4096, true);
    auto own = RamBlock::map_file(fd, 4096, false);
    ASSERT_TRUE(shared && own);
    own->data()[0] = 1;
    shared->data()[1] = 2;
    std::array<u8, 2> bytes{};
    ASSERT_EQ(::pread(fd, bytes.data(), 2, 0), 2);
    EXPECT_EQ(bytes, (std::array<u8, 2>{0, 2}));
    std::fclose(file);
    EXPECT_FALSE(RamBlock::map_file(-1, 4096, false));
}

TEST(AddressMap, SlicesAreOfOneRamOnly) {
    AddressMap map;
    Echo echo;
    add_ram(map, 0x10000, 0x2000);
    ASSERT_TRUE(map.add_mmio({0x12000}, 0x1000, echo, "echo"));
    const std::optional<RamSlice> slice = map.slice({0x10ffc}, 8);
    ASSERT_TRUE(slice);
    slice->store<u32>(4, 0x11223344);
    EXPECT_EQ(slice->load_acquire<u64>(0), 0x1122334400000000U);
    EXPECT_EQ(slice->load<u16>(5), 0x2233);
    u64 seen = 0;
    EXPECT_TRUE(map.read({0x11000}, 4, seen));
    EXPECT_EQ(seen, 0x11223344U);
    EXPECT_TRUE(map.slice({0x10000}, 0x2000));
    EXPECT_FALSE(map.slice({0x10001}, 0x2000));
    EXPECT_FALSE(map.slice({0x12000}, 4));
    EXPECT_FALSE(map.slice({0xffff}, 4));
    EXPECT_FALSE(map.slice({0x10000}, ~u64{0}));
    EXPECT_FALSE(slice->holds(1, 8));
    EXPECT_FALSE(slice->holds(~u64{0}, 2));
}

TEST(AddressMap, DiscardedPagesGoBackToTheHostAndAreZero) {
    AddressMap map;
    Echo echo;
    Observer observer;
    auto block = RamBlock::allocate(0x8000);
    ASSERT_TRUE(block);
    u8* const data = block->data();
    ASSERT_TRUE(map.add_ram({0x10000}, std::move(*block), "ram"));
    ASSERT_TRUE(map.add_mmio({0x18000}, 0x1000, echo, "echo"));
    map.set_write_observer(&observer);
    const auto resident = [&] {
        std::array<unsigned char, 8> pages{};
        EXPECT_EQ(::mincore(data, 0x8000, pages.data()), 0);
        return std::ranges::count_if(pages, [](unsigned char page) { return (page & 1) != 0; });
    };
    std::memset(data, 0x5a, 0x8000);
    ASSERT_EQ(resident(), 8);
    EXPECT_TRUE(map.discard({0x11000}, 0x2000));
    EXPECT_EQ(resident(), 6);
    EXPECT_EQ(observer.writes, (std::vector<std::pair<u64, u64>>{{0x11000, 0x2000}}));
    EXPECT_EQ(data[0xfff], 0x5a);
    EXPECT_EQ(data[0x1000], 0);
    EXPECT_EQ(data[0x3000], 0x5a);
    // Parts of pages stay.
    EXPECT_TRUE(map.discard({0x14001}, 0x1ffe));
    EXPECT_EQ(resident(), 7);
    EXPECT_EQ(data[0x5000], 0x5a);
    for (const auto& [start, size] : {std::pair{u64{0x18000}, u64{0x1000}},
                                      {0x17000, 0x2000},
                                      {0xf000, 0x2000},
                                      {0x10000, ~u64{0}},
                                      {~u64{0xfff}, 0x2000}}) {
        EXPECT_FALSE(map.discard({start}, size));
    }
    EXPECT_EQ(data[0x7000], 0x5a);
}

/// Device memory from 0x100000 to 0x110000 with room for layers, and what they consist of.
struct LayersTest : ::testing::Test {
    void SetUp() override {
        add_ram(map, 0, 0x10000);
        ASSERT_TRUE(map.add_mmio(Gpa{0x100000}, 0x10000, device, "device"));
        map.set_write_observer(&observer);
        map.set_mapping_observer(&observer);
        device.answer = 0x1234;
        first[0] = 0x11;
        second[0] = 0x22;
    }
    u64 read(u64 address, unsigned size = 1) {
        u64 value = 0;
        EXPECT_TRUE(map.read(Gpa{address}, size, value)) << address;
        return value;
    }

    AddressMap map;
    Echo device;
    Observer observer;
    std::array<u8, 0x2000> first{}, second{};
};

TEST_F(LayersTest, AreSeenWhereTheyLieAndNowhereElse) {
    const unsigned layer = *map.reserve_layer();
    EXPECT_EQ(read(0x101000, 2), 0x1234U);
    map.lay(layer, {Gpa{0x101000}, 0x2000, first.data(), first.data()});
    EXPECT_EQ(observer.mappings, (std::vector<std::pair<u64, u64>>{{0x101000, 0x2000}}));
    EXPECT_EQ(read(0x101000), 0x11U);
    EXPECT_EQ(read(0x100fff), 0x1234U);
    EXPECT_EQ(read(0x103000), 0x1234U);
    EXPECT_TRUE(map.write(Gpa{0x102ffc}, 4, 0xaabbccdd));
    EXPECT_EQ(first[0x1fff], 0xaa);
    EXPECT_EQ(observer.writes.back(), std::pair(u64{0x102ffc}, u64{4}));
    u64 value = 0;
    EXPECT_FALSE(map.read(Gpa{0x100ffe}, 4, value)) << "partly a device, partly memory";
    const PageBacking page = map.find_page(Gpa{0x102008});
    EXPECT_EQ(page.host, first.data() + 0x1000);
    EXPECT_TRUE(page.writable);
    EXPECT_EQ(map.host_ranges().size(), 2U);
    EXPECT_EQ(map.host_ranges()[1], (HostRange{Gpa{0x101000}, 0x2000, first.data(), true}));

    map.lay(layer, {Gpa{0x104000}, 0x1000, first.data(), first.data()});
    EXPECT_EQ(read(0x101000), 0x1234U);
    EXPECT_EQ(read(0x104000), 0x11U);
    EXPECT_EQ(observer.mappings.size(), 3U) << "where it was, and where it is";
    map.free_layer(layer);
    EXPECT_EQ(map.find_page(Gpa{0x104000}).host, nullptr);
    EXPECT_EQ(*map.reserve_layer(), layer);
}

TEST_F(LayersTest, StoresGoWhereTheyAreTold) {
    const unsigned layer = *map.reserve_layer();
    map.lay(layer, {Gpa{0x100000}, 0x1000, first.data(), second.data()});
    EXPECT_FALSE(map.find_page(Gpa{0x100000}).writable);
    EXPECT_TRUE(map.write(Gpa{0x100000}, 1, 0x77));
    EXPECT_EQ(read(0x100000), 0x11U);
    EXPECT_EQ(second[0], 0x77);
    map.lay(layer, {Gpa{0x100000}, 0x1000, first.data(), nullptr});
    EXPECT_TRUE(map.write(Gpa{0x100000}, 1, 0x66));
    EXPECT_EQ(read(0x100000), 0x11U);
    EXPECT_EQ(second[0], 0x77);
    EXPECT_FALSE(map.copy_out(Gpa{0x100000}, std::array<u8, 1>{1}));
    EXPECT_FALSE(map.slice(Gpa{0x100000}, 8));
    EXPECT_FALSE(map.discard(Gpa{0x100000}, 0x1000));
}

TEST_F(LayersTest, TheLowestNumberIsSeenAndRamIsNeverHidden) {
    const unsigned upper = *map.reserve_layer();
    const unsigned lower = *map.reserve_layer();
    map.lay(lower, {Gpa{0x100000}, 0x2000, second.data(), second.data()});
    map.lay(upper, {Gpa{0x101000}, 0x1000, first.data(), first.data()});
    EXPECT_EQ(read(0x100000), 0x22U);
    EXPECT_EQ(read(0x101000), 0x11U);
    EXPECT_EQ(read(0x102000), 0x1234U);
    std::array<u8, 0x1800> bytes{};
    EXPECT_TRUE(map.copy_in(Gpa{0x100000}, bytes));
    EXPECT_EQ(bytes[0], 0x22);
    EXPECT_EQ(bytes[0x1000], 0x11);
    map.lay(upper, {Gpa{0}, 0x1000, first.data(), first.data()});
    EXPECT_EQ(read(0), 0U);
    EXPECT_EQ(read(0x101000), 0U);
}

TEST_F(LayersTest, AreSeenWholeWhileTheyMove) {
    const unsigned layer = *map.reserve_layer();
    std::atomic<bool> stop = false;
    std::thread mover([&] {
        for (unsigned turn = 0; !stop; ++turn) {
            u8* const host = turn % 2 == 0 ? first.data() : second.data();
            map.lay(layer, {Gpa{0x100000 + turn % 2 * 0x1000}, 0x1000, host, host});
        }
    });
    for (unsigned count = 0; count < 20000; ++count) {
        const PageBacking page = map.find_page(Gpa{0x101000});
        EXPECT_TRUE(page.host == nullptr || page.host == second.data());
    }
    stop = true;
    mover.join();
}

}  // namespace
}  // namespace kelvin::memory
