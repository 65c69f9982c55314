// SPDX-License-Identifier: Apache-2.0
#include "device/timer/hpet.h"

#include <gtest/gtest.h>

#include "base/test_timers.h"
#include "bus/saved_registers.h"

namespace kelvin::device {
namespace {

struct Pin {
    bool level = false;
    int rises = 0;
    void set(bool high) {
        rises += high && !level ? 1 : 0;
        level = high;
    }
};

struct HpetTest : testing::Test {
    TestTimers timers;
    std::array<Pin, 3> route;  // 2, 8, 20
    Pin timer, clock, replaces;
    Hpet hpet{timers, wires()};

    Hpet::Wires wires() {
        Hpet::Wires all;
        all.routes[2] = wire_to<&Pin::set>(route[0]);
        all.routes[8] = wire_to<&Pin::set>(route[1]);
        all.routes[20] = wire_to<&Pin::set>(route[2]);
        all.possible_routes = 1U << 2 | 1U << 8 | 1U << 20;
        all.timer = wire_to<&Pin::set>(timer);
        all.clock = wire_to<&Pin::set>(clock);
        all.replaces_legacy = wire_to<&Pin::set>(replaces);
        return all;
    }
    u64 get(u64 offset) { return hpet.read(offset, 8); }
    void put(u64 offset, u64 value) { hpet.write(offset, 8, value); }
};

TEST_F(HpetTest, Registers) {
    EXPECT_EQ(get(0), 0x009896808086a201u);
    EXPECT_EQ(hpet.read(4, 4), 10'000'000u);
    put(0, ~u64{0});
    EXPECT_EQ(get(0), 0x009896808086a201u);
    EXPECT_EQ(get(0x100), 0x0010010400000030u);
    put(0x100, 0x284e);  // route 20
    EXPECT_EQ(get(0x100), 0x001001040000287eu);
    put(0x100, 0x02);  // route 0 is none: it stays
    EXPECT_EQ(hpet.read(0x100, 4), 0x2832u);
    EXPECT_EQ(get(0x160), 0u);
    put(0x160, ~u64{0});
    EXPECT_EQ(get(0x110), 0u);
    put(0x10, ~u64{0});
    EXPECT_EQ(get(0x10), 3u);
    EXPECT_TRUE(replaces.level);
    hpet.reset();
    EXPECT_FALSE(replaces.level);
    EXPECT_EQ(get(0x108), ~u64{0});
}

TEST_F(HpetTest, TheCounterRunsWhileEnabled) {
    put(0xf0, 1000);
    timers.advance(100);
    EXPECT_EQ(get(0xf0), 1000u);
    put(0x10, 1);
    timers.advance(1005);
    EXPECT_EQ(get(0xf0), 1100u);
    put(0xf0, 5);  // not while it runs
    EXPECT_EQ(get(0xf0), 1100u);
    put(0x10, 0);
    timers.advance(1000);
    EXPECT_EQ(get(0xf0), 1100u);
    put(0xf0, 0xffff'ffff);
    put(0x10, 1);
    timers.advance(10);
    EXPECT_EQ(hpet.read(0xf4, 4), 1u);
}

TEST_F(HpetTest, AnEdgeOnce) {
    put(0x10, 1);
    put(0x100, 0x4 | 2 << 9);
    put(0x108, 500);
    timers.advance(4999);
    EXPECT_EQ(route[0].rises, 0);
    timers.advance(1);
    EXPECT_EQ(route[0].rises, 1);
    EXPECT_FALSE(route[0].level);
    EXPECT_EQ(get(0x20), 0u);
    timers.advance(i64{1} << 50);
    EXPECT_EQ(route[0].rises, 1);
    put(0x108, 3);  // long gone
    timers.advance(i64{1} << 50);
    EXPECT_EQ(route[0].rises, 1);
}

TEST_F(HpetTest, ALevelUntilItIsCleared) {
    put(0x10, 1);
    put(0x140, 0x6 | 20 << 9);
    put(0x148, 100);
    timers.advance(1000);
    EXPECT_TRUE(route[2].level);
    EXPECT_EQ(get(0x20), 4u);
    put(0x140, 0x6 | 8 << 9);  // takes another way
    EXPECT_FALSE(route[2].level);
    EXPECT_TRUE(route[1].level);
    put(0x20, 3);
    EXPECT_TRUE(route[1].level);
    put(0x10, 0);
    EXPECT_FALSE(route[1].level);
    put(0x10, 1);
    EXPECT_TRUE(route[1].level);
    put(0x20, 4);
    EXPECT_FALSE(route[1].level);
}

TEST_F(HpetTest, PeriodsAccumulate) {
    put(0x10, 3);
    put(0x100, 0x4c | 2 << 9);  // periodic, with the accumulator
    put(0x108, 700);
    put(0x108, 100);  // the period
    EXPECT_EQ(get(0x108), 700u);
    timers.advance(7000);
    EXPECT_EQ(timer.rises, 1);  // legacy replacement
    EXPECT_EQ(get(0x108), 800u);
    timers.advance(1'000'000);
    EXPECT_EQ(timer.rises, 101);  // ten at a time
    put(0x100, 0x4c | 2 << 9);
    put(0x108, get(0xf0) + 100'000);
    put(0x108, 100'000);  // 1 ms
    for (int count = 1; count <= 1000; ++count) {
        timers.advance(1'000'000);
        EXPECT_EQ(timer.rises, 101 + count);
    }
    EXPECT_EQ(route[0].rises, 0);
    put(0x10, 1);
    timers.advance(1'000'000);
    EXPECT_EQ(route[0].rises, 1);
}

TEST_F(HpetTest, AShortPeriodDoesNotKeepTheHostBusy) {
    put(0x100, 0x4c | 2 << 9);
    put(0x108, 1);
    put(0x10, 1);
    timers.advance(1'000'000);
    EXPECT_LE(timers.fired(), 101u);
    put(0x108, 0);
    const unsigned before = timers.fired();
    timers.advance(1'000'000);
    EXPECT_LE(timers.fired(), before + 1);
    put(0x100, 0x4c | 2 << 9);
    put(0x108, ~u64{0});
    timers.advance(i64{1} << 60);
}

TEST_F(HpetTest, TimersOf32Bits) {
    put(0xf0, 0xffff'ff00);
    put(0x10, 1);
    put(0x120, 0x104 | 8 << 9);
    put(0x128, 0x5'0000'0010);
    EXPECT_EQ(get(0x128), 0x10u);
    timers.advance(0x110 * 10);
    EXPECT_EQ(route[1].rises, 1);
    timers.advance((i64{1} << 32) * 10);  // each time around
    EXPECT_EQ(route[1].rises, 2);
}

TEST_F(HpetTest, SaveAndRestore) {
    put(0x10, 1);
    put(0x100, 0x4c | 2 << 9);
    put(0x108, 1000);
    put(0x140, 0x6 | 20 << 9);
    put(0x148, 50);
    timers.advance(5000);
    bus::SavedRegisters saver(hpet);
    const state::Json saved = *saver.save();
    hpet.reset();
    EXPECT_FALSE(route[2].level);
    Hpet second(timers, wires());
    bus::SavedRegisters loader(second);
    const Result<> loaded = loader.load(saved);
    ASSERT_TRUE(loaded) << loaded.error().message();
    EXPECT_TRUE(route[2].level);
    timers.advance(4999);
    EXPECT_EQ(route[0].rises, 0);
    timers.advance(1);
    EXPECT_EQ(route[0].rises, 1);
    state::Json bad = saved;
    bad["status"] = 8;
    EXPECT_FALSE(loader.load(bad));
    bad = saved;
    bad["timers"][0]["config"] = 0x4c | 3 << 9;
    EXPECT_FALSE(loader.load(bad));
}

}  // namespace
}  // namespace kelvin::device
