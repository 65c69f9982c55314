// SPDX-License-Identifier: Apache-2.0
#include "cpu/x86/cpuid.h"

#include <gtest/gtest.h>

#include <set>

#include "cpu/x86/features.h"

namespace kelvin::x86 {
namespace {

using enum CpuidRegister;

Cpuid host() {
    return Cpuid({{0, {}, {0x1f, 0x756e6547, 0x6c65746e, 0x49656e69}},
                  {1, {}, {0x806f8, 0x05100800, 0x80002001, 0x0f8bfbff}},
                  {4, 0, {0xfc004121, 0, 0, 0}},
                  {4, 1, {0xfc004122, 0, 0, 0}},
                  {4, 2, {0, 0, 0, 0}},
                  {7, 0, {1, 0x20, 0, 0}},
                  {7, 1, {0x10, 0, 0, 0}},
                  {0xb, 0, {1, 2, 0x100, 5}},
                  {0xb, 1, {4, 16, 0x201, 5}},
                  {0x80000008, {}, {0x3930, 0, 0x700f, 0}}});
}

TEST(Cpuid, NamesAreOfOneBitEach) {
    std::set<std::tuple<u32, u32, u32, int, int>> seen;
    for (const std::string_view name : feature_names()) {
        const Feature* const feature = find_feature(name);
        ASSERT_NE(feature, nullptr) << name;
        EXPECT_TRUE(seen.insert({feature->msr, feature->function, feature->index, static_cast<int>(feature->where),
                                 feature->bit})
                        .second)
            << name;
    }
    EXPECT_EQ(find_feature("no-such"), nullptr);
    EXPECT_EQ(find_feature("sse4_2"), find_feature("sse4.2"));
    const Feature* const cx16 = find_feature("cx16");
    EXPECT_TRUE(cx16->function == 1 && cx16->where == ecx && cx16->bit == 13);
    const Feature* const lm = find_feature("lm");
    EXPECT_TRUE(lm->function == 0x80000001 && lm->where == edx && lm->bit == 29);
    const Feature* const vnni = find_feature("avx-vnni");
    EXPECT_TRUE(vnni->function == 7 && vnni->index == 1 && vnni->where == eax && vnni->bit == 4);
}

TEST(Cpuid, FindsLeavesByWhatTheyLookAt) {
    Cpuid cpuid = host();
    EXPECT_EQ((*cpuid.find(1, 77))[eax], 0x806f8u);
    EXPECT_EQ((*cpuid.find(7, 1))[eax], 0x10u);
    EXPECT_EQ(cpuid.find(7, 2), nullptr);
}

TEST(Cpuid, ProcessorsHaveTheirOwnNumbers) {
    Cpuid cpuid = host();
    place_processor(cpuid, {.number = 2, .cores = 4, .threads = 1});
    EXPECT_EQ((*cpuid.find(1))[ebx], 0x02040800u);
    EXPECT_EQ((*cpuid.find(1))[edx] >> 28 & 1, 1u);
    EXPECT_EQ((*cpuid.find(4, 0))[eax], 0x0c000121u);
    EXPECT_EQ((*cpuid.find(4, 2))[eax], 0u);
    EXPECT_EQ((*cpuid.find(0xb, 0)).registers, (std::array<u32, 4>{0, 1, 0x100, 2}));
    EXPECT_EQ((*cpuid.find(0xb, 1)).registers, (std::array<u32, 4>{2, 4, 0x201, 2}));
    EXPECT_EQ((*cpuid.find(0xb, 2)).registers, (std::array<u32, 4>{0, 0, 2, 2}));
    EXPECT_EQ((*cpuid.find(0x80000008))[ecx], 0x2003u);
    Cpuid alone = host();
    place_processor(alone, {});
    EXPECT_EQ((*alone.find(1))[ebx], 0x00000800u);
    EXPECT_EQ((*alone.find(1))[edx] >> 28 & 1, 0u);
    EXPECT_EQ((*alone.find(0x80000008))[ecx], 0u);
}

TEST(Cpuid, ThreadsShareTheNearerCaches) {
    Cpuid cpuid = host();
    *cpuid.find(4, 1) = {4, 1, {0x00000163, 0, 0, 0}};  // a third level
    cpuid.add(0x8000001e);
    place_processor(cpuid, {.number = 5, .cores = 2, .threads = 2});
    EXPECT_EQ((*cpuid.find(4, 0))[eax], 0x04004121u);
    EXPECT_EQ((*cpuid.find(4, 1))[eax], 0x0400c163u);
    EXPECT_EQ((*cpuid.find(0xb, 0)).registers, (std::array<u32, 4>{1, 2, 0x100, 5}));
    EXPECT_EQ((*cpuid.find(0xb, 1)).registers, (std::array<u32, 4>{2, 4, 0x201, 5}));
    EXPECT_EQ((*cpuid.find(0x8000001e)).registers, (std::array<u32, 4>{5, 0x100, 1, 0}));
}

}  // namespace
}  // namespace kelvin::x86
