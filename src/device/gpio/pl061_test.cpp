// SPDX-License-Identifier: Apache-2.0
#include "device/gpio/pl061.h"

#include <gtest/gtest.h>

#include "base/timer_service.h"
#include "device/gpio/power_key.h"

namespace kelvin::device {
namespace {

struct Pin {
    bool level = false;
    void set(bool high) { level = high; }
};

struct Pl061Test : testing::Test {
    Pin irq;
    std::array<Pin, 8> out;
    Pl061 gpio{wire_to<&Pin::set>(irq), make_wires()};

    std::array<Wire, 8> make_wires() {
        std::array<Wire, 8> wires;
        for (unsigned n = 0; n < 8; ++n) {
            wires[n] = wire_to<&Pin::set>(out[n]);
        }
        return wires;
    }
    u64 get(u64 offset) { return gpio.read(offset, 4); }
    void put(u64 offset, u64 value) { gpio.write(offset, 4, value); }
};

TEST_F(Pl061Test, DataIsMaskedByItsAddress) {
    put(0x400, 0x0f);
    put(0x3fc, 0xff);
    EXPECT_EQ(get(0x3fc), 0x0fU);  // inputs are not written
    put(0x02 << 2, 0x00);
    EXPECT_EQ(get(0x3fc), 0x0dU);
    EXPECT_EQ(get(0x01 << 2), 0x01U);
    EXPECT_EQ(get(0x000), 0U);
    gpio.input(7).set(true);
    EXPECT_EQ(get(0x3fc), 0x8dU);
    EXPECT_TRUE(out[0].level && !out[1].level && out[2].level);
    put(0x400, 0);
    EXPECT_FALSE(out[0].level);
    EXPECT_EQ(get(0x3fc), 0x80U);
    EXPECT_EQ(get(0xfe0), 0x61U);
    EXPECT_EQ(get(0xff8), 0x05U);
}

TEST_F(Pl061Test, EdgesAreKeptUntilCleared) {
    put(0x410, 0x08);
    gpio.input(3).set(true);  // IEV 0: falling edges
    EXPECT_FALSE(irq.level);
    gpio.input(3).set(false);
    EXPECT_TRUE(irq.level);
    EXPECT_EQ(get(0x414), 0x08U);
    EXPECT_EQ(get(0x418), 0x08U);
    put(0x41c, 0x08);
    EXPECT_FALSE(irq.level);
    put(0x408, 0x08);  // both edges
    gpio.input(3).set(true);
    EXPECT_TRUE(irq.level);
    put(0x41c, 0xff);
    put(0x408, 0);
    put(0x40c, 0x08);  // rising
    gpio.input(3).set(false);
    EXPECT_FALSE(irq.level);
    gpio.input(3).set(true);
    EXPECT_TRUE(irq.level);
    put(0x410, 0);
    EXPECT_FALSE(irq.level);
    EXPECT_EQ(get(0x414), 0x08U);
}

TEST_F(Pl061Test, LevelsFollowTheirPins) {
    put(0x404, 0x01);
    put(0x40c, 0x01);
    put(0x410, 0x01);
    gpio.input(0).set(true);
    EXPECT_TRUE(irq.level);
    put(0x41c, 0x01);
    EXPECT_TRUE(irq.level);
    gpio.input(0).set(false);
    EXPECT_FALSE(irq.level);
    put(0x40c, 0x00);  // low levels
    EXPECT_TRUE(irq.level);
    put(0x400, 0x01);  // outputs do not interrupt
    EXPECT_FALSE(irq.level);
}

TEST_F(Pl061Test, ResetKeepsTheInputs) {
    put(0x410, 0x02);
    put(0x408, 0x02);
    gpio.input(1).set(true);
    const Pl061::State saved = gpio.save();
    gpio.reset();
    EXPECT_FALSE(irq.level);
    EXPECT_EQ(get(0x3fc), 0x02U);
    gpio.restore(saved);
    EXPECT_TRUE(irq.level);
}

TEST_F(Pl061Test, PowerKeyIsPressedAndReleased) {
    auto timers = HostTimerService::create();
    ASSERT_TRUE(timers);
    put(0x408, 0x08);
    put(0x410, 0x08);
    PowerKey key({gpio.input(3)}, **timers);
    key.press();
    EXPECT_TRUE(irq.level);
    EXPECT_EQ(get(0x3fc), 0x08U);
    const i64 limit = (*timers)->now_ns() + 5'000'000'000;
    while (get(0x3fc) != 0 && (*timers)->now_ns() < limit) {
        std::this_thread::yield();
    }
    EXPECT_EQ(get(0x3fc), 0U);
}

}  // namespace
}  // namespace kelvin::device
