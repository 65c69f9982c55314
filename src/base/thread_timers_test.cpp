// SPDX-License-Identifier: Apache-2.0
#include "base/thread_timers.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "base/timer_service.h"

namespace kelvin {
namespace {

using namespace std::chrono_literals;
constexpr i64 kMillisecond = 1'000'000;

/// With signals and without.
class ThreadTimersTest : public testing::TestWithParam<bool> {
  protected:
    struct Firing {
        ThreadTimersTest* test;
        unsigned count = 0;
        i64 at = 0;
        std::thread::id thread{};
    };
    static void fire(void* context) {
        auto& firing = *static_cast<Firing*>(context);
        firing.count++;
        firing.at = firing.test->timers_.now_ns();
        firing.thread = std::this_thread::get_id();
    }

    /// As who computes does: it looks at the bell only.
    void compute_until_rung() {
        while (!sleeper_.rung()) {
        }
        see_to_it();
    }
    void see_to_it() {
        __atomic_store_n(&bell_, 0, __ATOMIC_SEQ_CST);
        timers_.fire_due();
    }
    void sleep_until_rung() {
        timers_.begin_sleep();
        EXPECT_TRUE(sleeper_.await([&] { return timers_.rung(); }));
        timers_.end_sleep();
    }

    std::unique_ptr<HostTimerService> service_ = std::move(*HostTimerService::create());
    u32 bell_ = 0;
    Sleeper sleeper_{bell_};
    ThreadTimers timers_{*service_, sleeper_, GetParam()};
    Firing firing_{this};
    TimerId timer_ = timers_.add(fire, &firing_);
};

INSTANTIATE_TEST_SUITE_P(Alarms, ThreadTimersTest,
                         testing::ValuesIn(ThreadTimers::kSignalsComeAtOnce ? std::vector{true, false}
                                                                            : std::vector{false}),
                         [](const auto& which) { return which.param ? "Signals" : "Service"; });

TEST_P(ThreadTimersTest, FireOnTheirThreadNeitherEarlyNorTwice) {
    timers_.enter();
    for (unsigned i = 1; i <= 300; i++) {
        const i64 deadline = timers_.now_ns() + i * 1000;
        timers_.arm(timer_, deadline);
        EXPECT_EQ(timers_.earliest(), deadline);
        while (firing_.count < i) {
            i % 2 == 0 ? compute_until_rung() : sleep_until_rung();
        }
        EXPECT_EQ(firing_.count, i);
        EXPECT_GE(firing_.at, deadline);
        EXPECT_EQ(firing_.thread, std::this_thread::get_id());
        EXPECT_EQ(timers_.earliest(), ThreadTimers::kNever);
    }
    timers_.leave();
}

TEST_P(ThreadTimersTest, DeadlinesMoveBothWays) {
    timers_.enter();
    timers_.arm(timer_, INT64_MAX);
    timers_.arm(timer_, timers_.now_ns() + kMillisecond);
    const i64 later = timers_.now_ns() + 5 * kMillisecond;
    timers_.arm(timer_, later);
    while (firing_.count == 0) {
        compute_until_rung();
    }
    EXPECT_GE(firing_.at, later);
    timers_.arm(timer_, INT64_MIN);
    compute_until_rung();
    EXPECT_EQ(firing_.count, 2U);
    timers_.arm(timer_, timers_.now_ns() + kMillisecond);
    timers_.cancel(timer_);
    std::this_thread::sleep_for(3ms);
    see_to_it();
    EXPECT_EQ(firing_.count, 2U);
    timers_.leave();
}

TEST_P(ThreadTimersTest, AreSilentUntilTheyBelongToAThread) {
    timers_.arm(timer_, timers_.now_ns() + 20 * kMillisecond);
    timers_.enter();
    timers_.leave();
    std::this_thread::sleep_for(25ms);
    EXPECT_FALSE(sleeper_.rung());
    std::jthread other([&] {
        timers_.enter();
        sleep_until_rung();
        EXPECT_EQ(firing_.count, 1U);
        EXPECT_EQ(firing_.thread, std::this_thread::get_id());
        timers_.leave();
    });
    other.join();
    timers_.arm(timer_, timers_.now_ns() + kMillisecond);
    timers_.enter();
    compute_until_rung();
    EXPECT_EQ(firing_.count, 2U);
    timers_.leave();
}

TEST_P(ThreadTimersTest, OthersMayArmThem) {
    timers_.enter();
    std::jthread other([&] {
        std::this_thread::sleep_for(1ms);
        timers_.arm(timer_, timers_.now_ns() + kMillisecond);
    });
    while (firing_.count == 0) {
        sleep_until_rung();
    }
    timers_.leave();
}

TEST_P(ThreadTimersTest, WhoComputesIsCalledUntilItIsTime) {
    timers_.enter();
    // The margin comes to be long.
    for (unsigned i = 0; i < 200; i++) {
        timers_.arm(timer_, timers_.now_ns() + 1000);
        std::this_thread::sleep_for(100us);
        see_to_it();
    }
    const unsigned before = firing_.count;
    timers_.arm(timer_, timers_.now_ns() + kMillisecond);
    while (!sleeper_.rung()) {
    }
    timers_.fire_due();
    const bool due = firing_.count > before;
    EXPECT_NE(due, timers_.rung());
    while (firing_.count == before) {
        see_to_it();
    }
    timers_.leave();
}

}  // namespace
}  // namespace kelvin
