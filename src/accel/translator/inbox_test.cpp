// SPDX-License-Identifier: Apache-2.0
#include "accel/translator/inbox.h"

#include <gtest/gtest.h>

#include <thread>

namespace kelvin::translator {
namespace {

using Kind = Request::Kind;

TEST(Inbox, RequestsComeInOrderAndAreDoneWhenDrained) {
    Inbox inbox;
    inbox.enter();
    EXPECT_TRUE(inbox.is_empty());
    EXPECT_TRUE(inbox.post({.kind = Kind::flush_asid, .asid = u16{7}}));
    EXPECT_TRUE(inbox.post({.kind = Kind::flush_range, .start = 0x1000, .size = 0x2000}));
    const u64 count = inbox.posted();
    EXPECT_FALSE(inbox.is_empty());
    EXPECT_FALSE(inbox.has_done(count));
    std::vector<Request> seen;
    inbox.drain([&](const Request& request) { seen.push_back(request); });
    ASSERT_EQ(seen.size(), 2U);
    EXPECT_EQ(seen[0].asid, u16{7});
    EXPECT_EQ(seen[1].start, 0x1000U);
    EXPECT_TRUE(inbox.has_done(count));
    EXPECT_TRUE(inbox.is_empty());
}

TEST(Inbox, NobodyWaitsForWhoRunsNoGuestCode) {
    Inbox inbox;
    EXPECT_FALSE(inbox.post({.kind = Kind::revoke_writes}));
    EXPECT_TRUE(inbox.has_done(inbox.posted()));
    inbox.enter();
    EXPECT_FALSE(inbox.is_empty());
    EXPECT_FALSE(inbox.has_done(inbox.posted()));
    inbox.drain([](const Request& request) { EXPECT_FALSE(request.was_inside); });
    EXPECT_TRUE(inbox.has_done(inbox.posted()));
    inbox.leave();
    inbox.post({});
    EXPECT_TRUE(inbox.has_done(inbox.posted()));
}

TEST(Inbox, TooManyBecomeOne) {
    Inbox inbox;
    inbox.enter();
    inbox.post({.kind = Kind::revoke_writes});
    inbox.leave();
    for (int i = 0; i < 1000; i++) {
        inbox.post({.kind = Kind::flush_range});
    }
    inbox.enter();
    std::vector<Request> seen;
    inbox.drain([&](const Request& request) { seen.push_back(request); });
    ASSERT_LT(seen.size(), 100U);
    EXPECT_EQ(seen[0].kind, Kind::everything);
    EXPECT_TRUE(inbox.has_done(1001));
}

// A request that is done was applied before its sender goes on, whether the owner runs guest code or does not.
TEST(Inbox, WhoHasWaitedIsSafeFromTheOwner) {
    Inbox inbox;
    std::atomic<u64> allowed{~u64{0}};  // what the owner caches
    std::atomic<u64> revoked{0};
    std::atomic<bool> stop{false};
    std::jthread owner([&] {
        u64 cached = 0;
        while (!stop) {
            inbox.enter();
            for (int turn = 0; turn < 3; turn++) {
                if (!inbox.is_empty()) {
                    inbox.drain([&](const Request&) { cached = 0; });
                }
                if (cached == 0) {
                    cached = allowed.load();
                }
                ASSERT_GT(cached, revoked.load());
            }
            inbox.leave();
        }
    });
    for (u64 round = 1; round <= 20000; round++) {
        allowed.store(round + 1);
        inbox.post({});
        const u64 count = inbox.posted();
        while (!inbox.has_done(count)) {
            std::this_thread::yield();
        }
        revoked.store(round);
    }
    stop = true;
}

}  // namespace
}  // namespace kelvin::translator
