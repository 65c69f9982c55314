// SPDX-License-Identifier: Apache-2.0
#include "device/rtc/mc146818.h"

#include <gtest/gtest.h>

#include "base/test_timers.h"
#include "bus/saved_registers.h"

namespace kelvin::device {
namespace {

constexpr i64 kSecond = 1'000'000'000;
constexpr i64 kStart = 1'709'164'799;  // Wednesday, 28 February 2024, 23:59:59

struct Pin {
    bool level = false;
    int rises = 0;
    void set(bool high) {
        rises += high && !level ? 1 : 0;
        level = high;
    }
};

struct Mc146818Test : testing::Test {
    TestTimers timers;
    VirtualWallClock wall{timers, kStart};
    Pin irq, nmi_mask;
    Mc146818 rtc{wall, timers, {wire_to<&Pin::set>(irq), wire_to<&Pin::set>(nmi_mask)}};

    u64 get(u8 index) {
        rtc.write(0, 1, index);
        return rtc.read(1, 1);
    }
    void put(u8 index, u8 value) {
        rtc.write(0, 1, index);
        rtc.write(1, 1, value);
    }
    /// Century, year, month, day, weekday, hours, minutes, seconds.
    std::array<u64, 8> time() { return {get(0x32), get(9), get(8), get(7), get(6), get(4), get(2), get(0)}; }
    using Time = std::array<u64, 8>;
};

TEST_F(Mc146818Test, TellsTheTimeInEachFormat) {
    EXPECT_EQ(time(), (Time{0x20, 0x24, 0x02, 0x28, 4, 0x23, 0x59, 0x59}));
    timers.advance(kSecond);
    EXPECT_EQ(time(), (Time{0x20, 0x24, 0x02, 0x29, 5, 0x00, 0x00, 0x00}));
    put(11, 0x06);
    EXPECT_EQ(time(), (Time{20, 24, 2, 29, 5, 0, 0, 0}));
    put(11, 0x04);
    EXPECT_EQ(get(4), 12u);
    timers.advance(13 * 3600 * kSecond);
    EXPECT_EQ(get(4), 0x81u);
    put(11, 0x00);
    timers.advance(10 * 3600 * kSecond);
    EXPECT_EQ(get(4), 0x91u);
    EXPECT_EQ(get(13), 0x80u);
    EXPECT_EQ(rtc.read(0, 1), 0xffu);
}

TEST_F(Mc146818Test, CanBeSet) {
    put(11, 0x82);
    const std::pair<u8, u8> fields[] = {{0, 0x58}, {2, 0x59}, {4, 0x23}, {7, 0x31}, {8, 0x12}, {9, 0x99}, {0x32, 0x19}};
    for (const auto& [index, value] : fields) {
        put(index, value);
    }
    timers.advance(5 * kSecond);
    EXPECT_EQ(get(0), 0x58u);  // stands still
    put(11, 0x02);
    EXPECT_EQ(time(), (Time{0x19, 0x99, 0x12, 0x31, 6, 0x23, 0x59, 0x58}));
    timers.advance(2 * kSecond);
    EXPECT_EQ(time(), (Time{0x20, 0x00, 0x01, 0x01, 7, 0x00, 0x00, 0x00}));
    put(2, 0x30);  // while it runs
    EXPECT_EQ(get(2), 0x30u);
    EXPECT_EQ(get(0), 0x00u);
    rtc.reset();
    EXPECT_EQ(get(2), 0x30u);
}

TEST_F(Mc146818Test, ADividerInResetBeginsWithHalfASecond) {
    timers.advance(kSecond / 4);
    put(10, 0x60);
    timers.advance(10 * kSecond);
    EXPECT_EQ(get(0), 0x59u);
    put(10, 0x26);
    timers.advance(kSecond / 2 - 1);
    EXPECT_EQ(get(0), 0x59u);
    timers.advance(1);
    EXPECT_EQ(get(0), 0x00u);
}

TEST_F(Mc146818Test, SaysWhenAnUpdateIsNear) {
    EXPECT_EQ(get(10), 0x26u);
    timers.advance(kSecond - 244'000);
    EXPECT_EQ(get(10), 0xa6u);
    timers.advance(244'000);
    EXPECT_EQ(get(10), 0x26u);
}

TEST_F(Mc146818Test, UpdateInterrupts) {
    put(11, 0x12);
    timers.advance(kSecond - 1);
    EXPECT_FALSE(irq.level);
    timers.advance(1);
    EXPECT_TRUE(irq.level);
    EXPECT_EQ(get(12), 0xf0u);  // flags do not wait for their enables; it is midnight, as the alarm says
    EXPECT_FALSE(irq.level);
    EXPECT_EQ(get(12), 0u);
    timers.advance(3 * kSecond);
    EXPECT_EQ(irq.rises, 2);  // until it is read
    put(11, 0x92);            // SET ends it
    EXPECT_EQ(get(11), 0x82u);
    EXPECT_FALSE(irq.level);
}

TEST_F(Mc146818Test, AlarmsWithAndWithoutFieldsThatDoNotMatter) {
    put(1, 0x02);
    put(3, 0x00);
    put(5, 0x00);
    put(11, 0x22);
    timers.advance(3 * kSecond - 1);
    EXPECT_FALSE(irq.level);
    timers.advance(1);
    EXPECT_TRUE(irq.level);
    EXPECT_EQ(get(12), 0xf0u);
    timers.advance(86399 * kSecond);
    EXPECT_FALSE(irq.level);
    timers.advance(kSecond);
    EXPECT_TRUE(irq.level);
    get(12);
    put(5, 0xff);
    put(3, 0xc0);  // once a minute
    timers.advance(60 * kSecond);
    EXPECT_TRUE(irq.level);
    // Nobody asked for an interrupt, but who looks sees it.
    put(11, 0x02);
    get(12);
    timers.advance(90'000'000 * kSecond);
    EXPECT_EQ(get(12), 0x70u);
    EXPECT_EQ(timers.next_deadline(), TestTimers::kNever);
}

TEST_F(Mc146818Test, PeriodicInterrupts) {
    put(11, 0x42);
    for (int number = 1; number <= 1024; ++number) {
        timers.advance(976'563);
        EXPECT_EQ(irq.rises, number);
        EXPECT_EQ(get(12) & 0xc0, 0xc0u);
    }
    put(10, 0x21);  // 256 Hz
    timers.advance(kSecond / 256 - 1);
    EXPECT_EQ(irq.rises, 1024);
    timers.advance(1);
    EXPECT_EQ(irq.rises, 1025);
    put(10, 0x2f);  // 2 Hz
    get(12);
    timers.advance(kSecond / 2);
    EXPECT_EQ(irq.rises, 1026);
    put(10, 0x20);
    get(12);
    timers.advance(kSecond);
    EXPECT_EQ(irq.rises, 1026);
}

TEST_F(Mc146818Test, MemoryAndNmiMask) {
    rtc.set_byte(0x10, 0x42);
    EXPECT_EQ(get(0x10), 0x42u);
    put(0x7f, 0x99);
    EXPECT_EQ(rtc.byte(0x7f), 0x99);
    rtc.write(0, 1, 0x8f);
    EXPECT_TRUE(nmi_mask.level);
    rtc.write(1, 1, 0x05);
    EXPECT_EQ(get(0x0f), 0x05u);
    EXPECT_FALSE(nmi_mask.level);
    rtc.reset();
    EXPECT_EQ(get(0x0f), 0x05u);
    put(12, 0xff);
    put(13, 0xff);
    EXPECT_EQ(get(12), 0u);
    EXPECT_EQ(get(13), 0x80u);
}

TEST_F(Mc146818Test, TimesThatNoCalendarHas) {
    for (const u8 mode : std::array<u8, 4>{0x02, 0x06, 0x00, 0x04}) {
        for (unsigned value = 0; value < 256; ++value) {
            for (const u8 index : std::array<u8, 8>{0, 2, 4, 6, 7, 8, 9, 0x32}) {
                put(11, static_cast<u8>(0x80 | mode));
                put(index, static_cast<u8>(value));
                put(11, mode);
                EXPECT_LE(get(8), 0x12u);
            }
        }
    }
}

TEST_F(Mc146818Test, SaveAndRestore) {
    put(11, 0x42);
    put(2, 0x11);
    timers.advance(kSecond / 3);
    rtc.write(0, 1, 0x8b);
    bus::SavedRegisters saver(rtc);
    const state::Json saved = *saver.save();
    Pin other;
    Mc146818 second(wall, timers, {wire_to<&Pin::set>(other), Wire()});
    bus::SavedRegisters loader(second);
    const Result<> loaded = loader.load(saved);
    ASSERT_TRUE(loaded) << loaded.error().message();
    EXPECT_EQ(second.read(1, 1), 0x42u);
    second.write(0, 1, 2);
    EXPECT_EQ(second.read(1, 1), 0x11u);
    EXPECT_TRUE(other.level);
    state::Json bad = saved;
    bad["offset"] = std::numeric_limits<i64>::min();
    EXPECT_FALSE(loader.load(bad));
    bad = saved;
    bad["periodic"] = kSecond;
    EXPECT_FALSE(loader.load(bad));
}

}  // namespace
}  // namespace kelvin::device
