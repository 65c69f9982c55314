// SPDX-License-Identifier: Apache-2.0
#include "base/timer_service.h"

#include <gtest/gtest.h>

#include <chrono>

namespace kelvin {
namespace {

using namespace std::chrono_literals;
constexpr i64 kMillisecond = 1'000'000;

/// Counts its firings and lets the test wait for them.
struct Bell {
    std::mutex lock;
    std::condition_variable rung;
    int count = 0;

    static void ring(void* context) {
        auto* bell = static_cast<Bell*>(context);
        const std::lock_guard guard(bell->lock);
        ++bell->count;
        bell->rung.notify_all();
    }
    void wait_for_count(int target) {
        std::unique_lock guard(lock);
        rung.wait(guard, [&] { return count >= target; });
    }
    int rings() {
        const std::lock_guard guard(lock);
        return count;
    }
};

std::unique_ptr<HostTimerService> make() {
    auto service = HostTimerService::create();
    EXPECT_TRUE(service);
    return std::move(*service);
}

TEST(TimerService, FiresOnceNotBeforeItsDeadline) {
    auto service = make();
    Bell bell;
    const TimerId timer = service->add(Bell::ring, &bell);
    const i64 deadline = service->now_ns() + 5 * kMillisecond;
    service->arm(timer, deadline);
    bell.wait_for_count(1);
    EXPECT_GE(service->now_ns(), deadline);
    std::this_thread::sleep_for(10ms);
    EXPECT_EQ(bell.rings(), 1);
    service->remove(timer);
}

TEST(TimerService, PastDeadlineFiresAtOnceAndFarOnesDoNotOverflow) {
    auto service = make();
    Bell past;
    Bell never;
    const TimerId first = service->add(Bell::ring, &past);
    const TimerId second = service->add(Bell::ring, &never);
    service->arm(second, INT64_MAX);
    service->arm(first, INT64_MIN);
    past.wait_for_count(1);
    EXPECT_EQ(never.rings(), 0);
    service->remove(first);
    service->remove(second);
}

TEST(TimerService, RearmingReplacesTheDeadlineBothWays) {
    auto service = make();
    Bell bell;
    const TimerId timer = service->add(Bell::ring, &bell);
    service->arm(timer, service->now_ns() + 3600 * 1000 * kMillisecond);
    service->arm(timer, service->now_ns() + kMillisecond);
    bell.wait_for_count(1);
    service->arm(timer, service->now_ns() + 20 * kMillisecond);
    const i64 later = service->now_ns() + 40 * kMillisecond;
    service->arm(timer, later);
    bell.wait_for_count(2);
    EXPECT_GE(service->now_ns(), later);
    service->remove(timer);
}

TEST(TimerService, CancelledTimerStaysSilent) {
    auto service = make();
    Bell bell;
    const TimerId timer = service->add(Bell::ring, &bell);
    service->arm(timer, service->now_ns() + 20 * kMillisecond);
    service->cancel(timer);
    std::this_thread::sleep_for(40ms);
    EXPECT_EQ(bell.rings(), 0);
    service->remove(timer);
}

TEST(TimerService, CallbackMayArmItselfAgain) {
    struct Tick {
        HostTimerService& service;
        TimerId timer{};
        Bell bell{};
        static void fire(void* context) {
            auto* tick = static_cast<Tick*>(context);
            tick->service.arm(tick->timer, tick->service.now_ns() + kMillisecond);
            Bell::ring(&tick->bell);
        }
    };
    auto service = make();
    Tick tick{*service};
    tick.timer = service->add(Tick::fire, &tick);
    service->arm(tick.timer, 0);
    tick.bell.wait_for_count(5);
    service->remove(tick.timer);
    const int count = tick.bell.rings();
    std::this_thread::sleep_for(5ms);
    EXPECT_EQ(tick.bell.rings(), count);
}

TEST(TimerService, PauseStopsTimeAndTimers) {
    auto service = make();
    Bell bell;
    const TimerId timer = service->add(Bell::ring, &bell);
    service->arm(timer, service->now_ns() + 10 * kMillisecond);
    service->pause();
    const i64 stopped = service->now_ns();
    std::this_thread::sleep_for(30ms);
    EXPECT_EQ(service->now_ns(), stopped);
    EXPECT_EQ(bell.rings(), 0);
    service->resume();
    EXPECT_GE(service->now_ns(), stopped);
    bell.wait_for_count(1);
    EXPECT_GE(service->now_ns(), stopped + 5 * kMillisecond);
    service->remove(timer);
}

TEST(TimerService, RemovedTimersAreReused) {
    auto service = make();
    Bell bell;
    const TimerId first = service->add(Bell::ring, &bell);
    service->remove(first);
    EXPECT_EQ(service->add(Bell::ring, &bell), first);
    service->remove(first);
}

TEST(TimerService, ArmsFromManyThreads) {
    auto service = make();
    Bell bell;
    std::vector<std::thread> threads;
    for (int n = 0; n < 4; ++n) {
        threads.emplace_back([&] {
            const TimerId timer = service->add(Bell::ring, &bell);
            for (int i = 0; i < 200; ++i) {
                service->arm(timer, service->now_ns() + i * 1000);
            }
            service->remove(timer);
        });
    }
    for (auto& thread : threads) {
        thread.join();
    }
}

}  // namespace
}  // namespace kelvin
