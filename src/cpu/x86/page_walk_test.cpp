// SPDX-License-Identifier: Apache-2.0
#include "cpu/x86/page_walk.h"

#include <gtest/gtest.h>

#include "memory/address_map.h"

namespace kelvin::x86 {
namespace {

class PageWalk : public testing::Test {
  protected:
    void SetUp() override {
        ASSERT_TRUE(memory_.add_ram(Gpa{0}, std::move(memory::RamBlock::allocate(1 << 20).value()), "ram"));
    }
    void put(u64 address, u64 entry, unsigned size = 8) {
        std::array<u8, 8> bytes{};
        for (unsigned index = 0; index < size; ++index) {
            bytes[index] = static_cast<u8>(entry >> 8 * index);
        }
        ASSERT_TRUE(memory_.copy_out(Gpa{address}, std::span(bytes).first(size)));
    }
    u64 walk(u64 linear) {
        const auto found = walk_pages(paging_, memory_, Gva{linear});
        return found ? found->value : ~u64{0};
    }

    static constexpr u64 kNone = ~u64{0};
    memory::AddressMap memory_;
    Paging paging_;
};

TEST_F(PageWalk, WithoutPagingAddressesAreThemselves) {
    EXPECT_EQ(walk(0xffff'fff0), 0xffff'fff0u);
    EXPECT_EQ(walk(0x1'0000'1234), 0x1234u);
}

TEST_F(PageWalk, TwoLevels) {
    paging_ = {.cr0 = 1u << 31, .cr3 = 0x1018, .cr4 = 1 << 4, .efer = 0};
    put(0x1000 + 4 * 0x123, 0x2001, 4);
    put(0x2000 + 4 * 0x56, 0x0007'8067, 4);
    put(0x1000 + 4 * 0x200, 0x0080'2083 | 5 << 13, 4);
    put(0x1000 + 4 * 0x201, 0x3000, 4);
    EXPECT_EQ(walk(0x123u << 22 | 0x56 << 12 | 0x789), 0x0007'8789u);
    EXPECT_EQ(walk(0x123u << 22 | 0x57 << 12), kNone);
    EXPECT_EQ(walk(0x8012'3456), 0x5'0092'3456u);
    EXPECT_EQ(walk(0x8040'0000), kNone);
}

TEST_F(PageWalk, ThreeLevels) {
    paging_ = {.cr0 = 1u << 31, .cr3 = 0x1020, .cr4 = 1 << 5, .efer = 0};
    put(0x1020 + 8 * 2, 0x2001);
    put(0x2000 + 8 * 3, 0x3001);
    put(0x2000 + 8 * 4, 0x8000'0001'0020'00a1);
    put(0x3000 + 8 * 5, 0x8000'0012'3456'7003);
    EXPECT_EQ(walk(0x8060'5abc), 0x12'3456'7abcu);
    EXPECT_EQ(walk(0x8081'2345), 0x1'0021'2345u);
    EXPECT_EQ(walk(0xc000'0000), kNone);
}

TEST_F(PageWalk, FourAndFiveLevels) {
    paging_ = {.cr0 = 1u << 31, .cr3 = 0x1000, .cr4 = 1 << 5, .efer = 1 << 10};
    put(0x1000 + 8 * 0x1ff, 0x2003);
    put(0x2000 + 8 * 0x1fe, 0x3003);
    put(0x2000 + 8 * 0x1fd, 0x1'4000'0083);
    put(0x3000 + 8 * 0, 0x4003);
    put(0x3000 + 8 * 1, 0x7fe0'01e3);
    put(0x4000 + 8 * 2, 0x0005'5003);
    EXPECT_EQ(walk(0xffff'ffff'8000'2123), 0x0005'5123u);
    EXPECT_EQ(walk(0xffff'ffff'8023'4567), 0x7fe3'4567u);
    EXPECT_EQ(walk(0xffff'ffff'4123'4567), 0x1'4123'4567u);
    EXPECT_EQ(walk(0x0000'ffff'8000'2123), kNone);
    EXPECT_EQ(walk(0xffff'ffff'8000'3000), kNone);
    paging_.cr4 |= 1 << 12;
    paging_.cr3 = 0x5000;
    put(0x5000 + 8 * 0x100, 0x1003);
    EXPECT_EQ(walk(0xff00'0000'0000'0000 | u64{0x1ff} << 39 | u64{0x1fe} << 30 | 0x2123), 0x0005'5123u);
    EXPECT_EQ(walk(0xffff'ffff'8000'2123), kNone);
}

TEST_F(PageWalk, TablesMayBeAnywhere) {
    paging_ = {.cr0 = 1u << 31, .cr3 = 0x000f'ffff'ffff'f000, .cr4 = 1 << 5, .efer = 1 << 10};
    EXPECT_EQ(walk(0), kNone);
    paging_.cr4 = paging_.efer = 0;
    EXPECT_EQ(walk(0), kNone);
}

}  // namespace
}  // namespace kelvin::x86
