// SPDX-License-Identifier: Apache-2.0
#include "firmware/mp_table.h"

#include <gtest/gtest.h>

#include <array>
#include <numeric>

#include "firmware/little_endian.h"

namespace kelvin::firmware {
namespace {

u8 sum(std::span<const u8> bytes) {
    return static_cast<u8>(std::accumulate(bytes.begin(), bytes.end(), 0));
}

TEST(MpTable, SaysWhatThereIs) {
    const std::vector<u8> all = build_mp_table({.board = "TEST", .processors = 3}, 0xf0000);
    const std::span<const u8> pointer = std::span(all).first(16);
    EXPECT_EQ(load_le<u32>(pointer, 0), 0x5f504d5fu);  // "_MP_"
    EXPECT_EQ(load_le<u32>(pointer, 4), 0xf0010u);
    EXPECT_EQ(sum(pointer), 0);
    const std::span<const u8> table = std::span(all).subspan(16);
    EXPECT_EQ(load_le<u16>(table, 4), table.size());
    EXPECT_EQ(sum(table), 0);
    unsigned counts[5] = {};
    u64 at = 44;
    unsigned entries = 0;
    while (at < table.size()) {
        ASSERT_LT(table[at], 5);
        ++counts[table[at]];
        ++entries;
        if (table[at] == 3) {
            const u8 source = table[at + 5];
            EXPECT_EQ(table[at + 7], source == 0 ? 2 : source);
        }
        at += table[at] == 0 ? 20 : 8;
    }
    EXPECT_EQ(at, table.size());
    EXPECT_EQ(entries, load_le<u16>(table, 34));
    EXPECT_EQ(counts[0], 3u);
    EXPECT_EQ(counts[1], 1u);
    EXPECT_EQ(counts[2], 1u);
    EXPECT_EQ(counts[3], 23u);
    EXPECT_EQ(counts[4], 2u);
}

TEST(MpTable, PciTakesInputsFromIsa) {
    const std::vector<u8> all =
        build_mp_table({.board = "TEST", .interrupts = 16, .pci = {{3, 1, 10}, {4, 0, 16}}}, 0xf0000);
    const std::span<const u8> table = std::span(all).subspan(16);
    std::vector<std::array<u8, 3>> inputs;  // bus, source, input
    unsigned isa = 0;
    for (u64 at = 44; at < table.size(); at += table[at] == 0 ? 20 : 8) {
        if (table[at] == 3 && table[at + 4] == 0) {
            EXPECT_EQ(table[at + 2], 0xd) << "level, active high";
            inputs.push_back({table[at + 4], table[at + 5], table[at + 7]});
        } else if (table[at] == 3) {
            EXPECT_NE(table[at + 7], 10);
            ++isa;
        }
    }
    EXPECT_EQ(inputs, (std::vector<std::array<u8, 3>>{{0, 3 << 2 | 1, 10}, {0, 4 << 2, 16}}));
    EXPECT_EQ(isa, 14U);
}

}  // namespace
}  // namespace kelvin::firmware
