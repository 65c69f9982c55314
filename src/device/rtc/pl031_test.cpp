// SPDX-License-Identifier: Apache-2.0
#include "device/rtc/pl031.h"

#include <gtest/gtest.h>

namespace kelvin::device {
namespace {

struct Wall : WallClock {
    i64 time = 1'700'000'000;
    i64 nanoseconds() const override { return time * 1'000'000'000; }
};

/// One timer, fired by the test.
struct Timers : TimerService {
    Callback callback = nullptr;
    void* context = nullptr;
    i64 deadline = -1;
    i64 now_ns() const override { return 0; }
    ClockStretch stretch() const override { return {}; }
    TimerId add(Callback which, void* with) override {
        callback = which;
        context = with;
        return TimerId{};
    }
    void remove(TimerId) override {}
    void arm(TimerId, i64 when) override { deadline = when; }
    void cancel(TimerId) override { deadline = -1; }
    void fire() {
        deadline = -1;
        callback(context);
    }
};

struct Pin {
    bool level = false;
    void set(bool high) { level = high; }
};

struct Pl031Test : testing::Test {
    Wall wall;
    Timers timers;
    Pin irq;
    Pl031 rtc{wall, timers, wire_to<&Pin::set>(irq)};
    u64 get(u64 offset) { return rtc.read(offset, 4); }
    void put(u64 offset, u64 value) { rtc.write(offset, 4, value); }
};

TEST_F(Pl031Test, TellsTheWallClockAndCanBeSet) {
    EXPECT_EQ(get(0x00), 1'700'000'000U);
    EXPECT_EQ(get(0x0c), 1U);
    put(0x0c, 0);
    EXPECT_EQ(get(0x0c), 1U);
    put(0x08, 1000);
    EXPECT_EQ(get(0x08), 1000U);
    wall.time += 5;
    EXPECT_EQ(get(0x00), 1005U);
    rtc.reset();
    EXPECT_EQ(get(0x00), 1005U);
    put(0x00, 7);  // read-only
    EXPECT_EQ(get(0x00), 1005U);
    EXPECT_EQ(get(0xfe0), 0x31U);
    EXPECT_EQ(get(0xfe8), 0x04U);
    EXPECT_EQ(timers.deadline, -1);
}

TEST_F(Pl031Test, InterruptsAtTheMatch) {
    put(0x10, 1);
    put(0x04, 1'700'000'090);
    EXPECT_EQ(timers.deadline, 60'000'000'000);
    wall.time += 60;
    timers.fire();
    EXPECT_FALSE(irq.level);
    EXPECT_EQ(timers.deadline, 30'000'000'000);
    wall.time += 30;
    timers.fire();
    EXPECT_TRUE(irq.level);
    EXPECT_EQ(get(0x14), 1U);
    EXPECT_EQ(get(0x18), 1U);
    EXPECT_EQ(timers.deadline, -1);
    put(0x10, 0);
    EXPECT_FALSE(irq.level);
    EXPECT_EQ(get(0x14), 1U);
    EXPECT_EQ(get(0x18), 0U);
    put(0x1c, 1);
    EXPECT_EQ(get(0x14), 0U);
}

TEST_F(Pl031Test, AlarmSurvivesJumpsOfTheWallClock) {
    put(0x10, 1);
    put(0x04, 1'700'000'010);
    wall.time -= 3600;  // set back: it is not yet time
    timers.fire();
    EXPECT_FALSE(irq.level);
    wall.time += 100'000;  // the host slept
    timers.fire();
    EXPECT_TRUE(irq.level);
}

TEST_F(Pl031Test, PastMatchWaitsForTheWrap) {
    put(0x04, 5);
    EXPECT_EQ(timers.deadline, 60'000'000'000);
    timers.fire();
    EXPECT_EQ(get(0x14), 0U);
    put(0x04, 1'700'000'000);  // this very second
    EXPECT_EQ(timers.deadline, 0);
    timers.fire();
    EXPECT_EQ(get(0x14), 1U);
}

TEST_F(Pl031Test, SaveAndRestore) {
    put(0x08, 50);
    put(0x04, 60);
    const Pl031::State saved = rtc.save();
    put(0x08, 9999);
    rtc.reset();
    rtc.restore(saved);
    EXPECT_EQ(get(0x00), 50U);
    wall.time += 10;
    timers.fire();
    EXPECT_EQ(get(0x14), 1U);
}

TEST(WallClocks, VirtualTimeGoesOnFromAFixedDate) {
    struct : Clock {
        i64 now = 999'999'999;
        i64 now_ns() const override { return now; }
        ClockStretch stretch() const override { return {}; }
    } clock;
    const VirtualWallClock wall(clock, 1'000'000);
    EXPECT_EQ(wall.seconds(), 1'000'000);
    clock.now += 2'000'000'001;
    EXPECT_EQ(wall.seconds(), 1'000'003);
}

}  // namespace
}  // namespace kelvin::device
