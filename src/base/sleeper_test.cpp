// SPDX-License-Identifier: Apache-2.0
#include "base/sleeper.h"

#include <gtest/gtest.h>

#include <thread>

namespace kelvin {
namespace {

using namespace std::chrono_literals;

struct Bed {
    u32 bell = 0;
    Sleeper sleeper{bell};
    std::atomic<unsigned> turn = 0;
};

TEST(Sleeper, SleepsForAsLongAsItIsTold) {
    Bed bed;
    const auto begun = std::chrono::steady_clock::now();
    EXPECT_FALSE(bed.sleeper.await([] { return false; }, 3ms));
    EXPECT_GE(std::chrono::steady_clock::now() - begun, 3ms);
    EXPECT_FALSE(bed.sleeper.await([] { return false; }, -1ns));
}

TEST(Sleeper, DoesNotSleepWhenReady) {
    Bed bed;
    bed.sleeper.ring();
    EXPECT_TRUE(bed.sleeper.rung());
    EXPECT_TRUE(bed.sleeper.await([] { return true; }));
    EXPECT_FALSE(bed.sleeper.rung());
}

TEST(Sleeper, RingingAloneDoesNotMakeItReady) {
    Bed bed;
    std::jthread other([&bed] {
        for (int i = 0; i < 50; i++) {
            bed.sleeper.ring();
            std::this_thread::sleep_for(100us);
        }
    });
    EXPECT_FALSE(bed.sleeper.await([] { return false; }, 8ms));
}

/// Whoever is told too early, and goes to sleep, does not wake again.
TEST(Sleeper, NoCallIsLost) {
    Bed one, two;
    constexpr unsigned kTurns = 20'000;
    std::jthread other([&] {
        for (unsigned i = 1; i <= kTurns; i++) {
            two.sleeper.await([&] { return two.turn == i; });
            one.turn = i;
            i % 2 == 0 ? one.sleeper.wake() : one.sleeper.ring();
        }
    });
    for (unsigned i = 1; i <= kTurns; i++) {
        two.turn = i;
        i % 3 == 0 ? two.sleeper.wake() : two.sleeper.ring();
        one.sleeper.await([&] { return one.turn == i; });
    }
    EXPECT_EQ(one.turn, kTurns);
}

}  // namespace
}  // namespace kelvin
