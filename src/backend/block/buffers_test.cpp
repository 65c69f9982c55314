// SPDX-License-Identifier: Apache-2.0
#include "backend/block/buffers.h"

#include <gtest/gtest.h>
#include <malloc.h>

#include <random>
#include <vector>

namespace kelvin::block {
namespace {

constexpr u64 kCluster = 65536;

TEST(AlignedMemory, StartsAtAPage) {
    for (const u64 size : {u64{0}, u64{1}, u64{512}, u64{4096}, kCluster, 16 * kCluster}) {
        AlignedMemory memory(size);
        EXPECT_EQ(memory.span().size(), size);
        EXPECT_EQ(memory.buffers().length(), size);
        EXPECT_TRUE(memory.buffers().is_aligned(4096) || size % 4096 != 0);
        memory.buffers().clear();
    }
}

// The allocator of glibc before 2.38 seldom finds again what aligned_alloc() has given out (its bug 14581).
TEST(AlignedMemory, WhatIsGivenBackIsUsedAgain) {
    std::mt19937 chance(1);
    std::vector<std::vector<u8>> others(4000);
    const auto held = [] { return ::mallinfo2().arena + ::mallinfo2().hblkhd; };
    const auto before = held();
    for (unsigned round = 0; round < 200; ++round) {
        std::vector<AlignedMemory> tables;
        for (unsigned i = 0; i < 6; ++i) {
            tables.emplace_back(kCluster);
            for (unsigned k = 0; k < 8; ++k) {
                others[chance() % others.size()] = std::vector<u8>(16 + chance() % 600);
            }
        }
    }
    EXPECT_LT(held(), before + 64 * kCluster);
}

}  // namespace
}  // namespace kelvin::block
