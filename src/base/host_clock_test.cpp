// SPDX-License-Identifier: Apache-2.0
#include "base/host_clock.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace kelvin {
namespace {

constexpr i64 kMillisecond = 1'000'000;

/// A host of 2 GHz whose counter and clock go as the test says.
struct Host {
    static inline u64 counter = 0;
    static inline i64 ns = 0;

    static void start() {
        counter = 5'000'000'000;
        ns = 1'000'000;
    }
    static void pass(i64 time) {
        ns += time;
        counter += 2 * static_cast<u64>(time);
    }
    static constexpr HostClock::Sources kSources{+[] { return counter; }, +[] { return ns; }};
};

/// The clock has a stretch, and has just begun it.
void calibrate(const HostClock& clock) {
    for (unsigned i = 0; i < 20 && clock.stretch().ticks == 0; i++) {
        clock.now_ns();
        Host::pass(kMillisecond);
    }
    ASSERT_NE(clock.stretch().ticks, 0u);
}

TEST(HostClock, IsTheKernelsUntilItKnowsTheRate) {
    Host::start();
    const HostClock clock(Host::kSources);
    for (unsigned i = 0; i < 5; i++) {
        EXPECT_EQ(clock.now_ns(), Host::ns);
        EXPECT_EQ(clock.stretch().ticks, 0u);
        Host::pass(kMillisecond);
    }
    calibrate(clock);
    EXPECT_NEAR(static_cast<double>(clock.stretch().multiplier), 0x1p63, 0x1p43);
    EXPECT_NEAR(static_cast<double>(clock.stretch().ticks), 2.0 * HostClock::kStretch, 2.0);
}

TEST(HostClock, FollowsTheCounterWithinAStretch) {
    Host::start();
    const HostClock clock(Host::kSources);
    calibrate(clock);
    const i64 before = clock.now_ns();
    Host::counter += 2'000;
    EXPECT_NEAR(static_cast<double>(clock.now_ns() - before), 1000, 1);
    const ClockStretch stretch = clock.stretch();
    EXPECT_EQ(clock.now_ns(), stretch.at(Host::counter - stretch.first));
}

TEST(HostClock, KeepsToTheKernelsRate) {
    Host::start();
    const HostClock clock(Host::kSources);
    calibrate(clock);
    for (unsigned i = 0; i < 10'000; i++) {
        Host::pass(3 * kMillisecond);
        Host::ns += 30;  // 10 in a million faster than at first
        ASSERT_NEAR(static_cast<double>(clock.now_ns()), static_cast<double>(Host::ns), 500);
    }
}

TEST(HostClock, NeverGoesBack) {
    Host::start();
    const HostClock clock(Host::kSources);
    calibrate(clock);
    i64 last = clock.now_ns();
    for (unsigned i = 0; i < 1000; i++) {
        Host::pass(kMillisecond);
        Host::ns -= i < 500 ? 100 : 0;  // the kernel's clock slows down
        const i64 now = clock.now_ns();
        ASSERT_GE(now, last);
        last = now;
    }
    EXPECT_NEAR(static_cast<double>(last), static_cast<double>(Host::ns), 2000);
}

TEST(HostClock, SurvivesTheHostsSleep) {
    for (const bool counter_runs : {false, true}) {
        Host::start();
        const HostClock clock(Host::kSources);
        calibrate(clock);
        for (unsigned i = 0; i < 100; i++) {
            Host::pass(kMillisecond);
            clock.now_ns();
        }
        const i64 before = clock.now_ns();
        Host::counter = counter_runs ? Host::counter + 7'000'000'000 : 1'000;
        const i64 after = clock.now_ns();
        EXPECT_GE(after, before);
        EXPECT_LE(after - before, HostClock::kStretch);
        for (unsigned i = 0; i < 100; i++) {
            Host::pass(kMillisecond);
            clock.now_ns();
        }
        EXPECT_NEAR(static_cast<double>(clock.now_ns()), static_cast<double>(Host::ns), 2000);
        EXPECT_NE(clock.stretch().ticks, 0u);
    }
}

TEST(HostClock, ASlowCounterDoesNotServe) {
    Host::start();
    const HostClock clock({+[] { return Host::counter / 4; }, +[] { return Host::ns; }});
    for (unsigned i = 0; i < 100; i++) {
        Host::pass(kMillisecond);
        EXPECT_EQ(clock.now_ns(), Host::ns);
    }
}

TEST(HostClock, ThreadsAgreeOnTheRealHost) {
    const HostClock clock;
    std::atomic<i64> latest = 0;
    std::atomic<bool> went_back = false;
    std::vector<std::thread> threads;
    for (unsigned i = 0; i < 3; i++) {
        threads.emplace_back([&] {
            for (unsigned turn = 0; turn < 500'000; turn++) {
                const i64 before = latest.load();
                const i64 now = clock.now_ns();
                went_back = went_back || now < before;
                i64 seen = before;
                while (seen < now && !latest.compare_exchange_weak(seen, now)) {
                }
            }
        });
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
    EXPECT_FALSE(went_back);
    EXPECT_NEAR(static_cast<double>(clock.now_ns()), static_cast<double>(clock.kernel_ns()), 1e6);
}

}  // namespace
}  // namespace kelvin
