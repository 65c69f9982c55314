// SPDX-License-Identifier: Apache-2.0
#include "accel/translator/code_cache.h"

#include <gtest/gtest.h>

#include "accel/translator/code_epochs.h"

namespace kelvin::translator {
namespace {

TEST(CodeCache, GoesRoundItsSegments) {
    auto created = CodeCache::create(u64{1} << 20);
    ASSERT_TRUE(created);
    CodeCache cache = std::move(created.value());
    ASSERT_EQ(cache.segment_count(), 16U);
    const u8* const start = cache.free_space().write;
    EXPECT_TRUE(cache.segment_is_empty());
    cache.commit(5);
    EXPECT_FALSE(cache.segment_is_empty());
    EXPECT_EQ(cache.free_space().write, start + 16);
    EXPECT_EQ(cache.used(), 16U);
    for (unsigned i = 1; i < 16; i++) {
        cache.advance();
        EXPECT_EQ(cache.segment(), i);
        EXPECT_TRUE(cache.segment_is_empty());
        EXPECT_EQ(cache.free_space().write, start + i * (64 << 10));
        EXPECT_EQ(cache.free_space().end, start + (i + 1) * (64 << 10));
    }
    EXPECT_EQ(cache.next(15), 0U);
    cache.advance();
    EXPECT_EQ(cache.free_space().write, start);
}

TEST(CodeCache, WhatIsWrittenAtOneAddressIsRunAtAnother) {
    auto created = CodeCache::create(u64{64} << 20);
    ASSERT_TRUE(created);
    const CodeCache cache = std::move(created.value());
    EXPECT_EQ(cache.segment_count(), 32U);
    u8* const write = cache.free_space().write;
    *write = 0xc3;
    EXPECT_EQ(write[cache.rw_to_rx()], 0xc3);
}

TEST(CodeCache, IsNeverTooSmall) {
    auto created = CodeCache::create(1);
    ASSERT_TRUE(created);
    EXPECT_EQ(created.value().segment_count(), 4U);
}

TEST(CodeEpochs, PassWhenAllRunnersHaveArrived) {
    CodeEpochs epochs;
    CodeEpochs::Runner a, b;
    epochs.add(a);
    epochs.add(b);
    EXPECT_FALSE(a.arrive(epochs));
    const u64 dropped = epochs.begin();
    EXPECT_FALSE(epochs.passed(dropped));
    EXPECT_TRUE(a.arrive(epochs));
    EXPECT_FALSE(a.arrive(epochs));
    // The other has never run.
    EXPECT_TRUE(epochs.passed(dropped));
    EXPECT_TRUE(b.arrive(epochs));
    const u64 again = epochs.begin();
    a.leave();
    EXPECT_FALSE(epochs.passed(again));
    b.leave();
    EXPECT_TRUE(epochs.passed(again));
    // Having been away does not excuse from forgetting.
    EXPECT_TRUE(a.arrive(epochs));
    epochs.remove(b);
    EXPECT_TRUE(epochs.passed(again));
}

}  // namespace
}  // namespace kelvin::translator
