// SPDX-License-Identifier: Apache-2.0
#include "device/acpi/power_management.h"

#include <gtest/gtest.h>

#include <vector>

#include "base/test_timers.h"
#include "bus/saved_registers.h"

namespace kelvin::device {
namespace {

constexpr i64 kSecond = 1'000'000'000;

struct Pin {
    bool level = false;
    int rises = 0;
    void set(bool high) {
        rises += high && !level ? 1 : 0;
        level = high;
    }
};

struct Sleeps : SleepListener {
    std::vector<u8> types;
    void sleep_requested(u8 type) override { types.push_back(type); }
};

struct PowerManagementTest : testing::Test {
    TestTimers timers;
    Sleeps sleeps;
    Pin sci, smi;
    PowerManagement pm{{.event_bytes = 2}, timers, sleeps, {wire_to<&Pin::set>(sci), wire_to<&Pin::set>(smi)}};

    u64 get(u64 offset, unsigned size = 2) { return pm.block().read(offset, size); }
    void put(u64 offset, u64 value, unsigned size = 2) { pm.block().write(offset, size, value); }
};

TEST_F(PowerManagementTest, AcpiModeByTheCommandPort) {
    EXPECT_EQ(get(4), 0u);
    pm.command_ports().write(0, 1, 2);
    EXPECT_EQ(get(4), 1u);
    EXPECT_EQ(smi.rises, 1);
    pm.command_ports().write(1, 1, 0x77);
    EXPECT_EQ(pm.command_ports().read(0, 2), 0x7702u);
    EXPECT_EQ(smi.rises, 1);
    pm.command_ports().write(0, 1, 3);
    EXPECT_EQ(get(4), 0u);
}

TEST_F(PowerManagementTest, ButtonsInterruptUntilTheyAreCleared) {
    put(2, 0xffff);
    EXPECT_EQ(get(2), 0x0721u);
    pm.press_power_button();
    EXPECT_FALSE(sci.level);  // not in ACPI mode
    put(4, 1);
    EXPECT_TRUE(sci.level);
    EXPECT_EQ(get(0), 0x0100u);
    put(0, 0x0021);
    EXPECT_TRUE(sci.level);
    put(1, 1, 1);
    EXPECT_FALSE(sci.level);
    pm.press_sleep_button();
    pm.clock_alarm();
    pm.wake();
    EXPECT_EQ(get(0, 4), 0x0721'8600u);
    put(0, 0xffff);
    EXPECT_EQ(get(0), 0u);
}

TEST_F(PowerManagementTest, SleepIsAskedFor) {
    put(4, 0x1401);
    EXPECT_TRUE(sleeps.types.empty());
    put(4, 0x3401);
    EXPECT_EQ(sleeps.types, (std::vector<u8>{5}));
    EXPECT_EQ(get(4), 0x1401u);
    put(5, 0x20, 1);
    EXPECT_EQ(sleeps.types, (std::vector<u8>{5, 0}));
}

TEST_F(PowerManagementTest, TheTimerCounts) {
    EXPECT_EQ(get(8, 4), 0u);
    timers.advance(kSecond);
    EXPECT_EQ(get(8, 4), 3'579'545u);
    timers.advance(4 * kSecond);
    EXPECT_EQ(get(8, 4), 5 * 3'579'545u - (1U << 24));
    put(8, 0, 4);
    EXPECT_EQ(get(8, 4), 5 * 3'579'545u - (1U << 24));
    EXPECT_EQ(get(0), 1u);  // its highest bit has changed
    put(0, 1);
    EXPECT_EQ(get(0), 0u);
    pm.reset();
    EXPECT_EQ(get(8, 4), 5 * 3'579'545u - (1U << 24));
}

TEST_F(PowerManagementTest, TheTimerInterrupts) {
    put(4, 1);
    put(2, 1);
    timers.advance(2'343'000'000);
    EXPECT_FALSE(sci.level);
    timers.advance(1'000'000);
    EXPECT_TRUE(sci.level);
    timers.advance(100 * kSecond);
    EXPECT_EQ(sci.rises, 1);
    EXPECT_EQ(timers.next_deadline(), TestTimers::kNever);
    put(0, 1);
    EXPECT_FALSE(sci.level);
    timers.advance(3 * kSecond);
    EXPECT_TRUE(sci.level);
}

TEST_F(PowerManagementTest, GeneralPurposeEvents) {
    put(4, 1);
    pm.raise_event(9);
    pm.raise_event(16);  // there is none
    pm.raise_event(0xffffffff);
    EXPECT_EQ(pm.event_block().read(0, 4), 0x0200u);
    EXPECT_FALSE(sci.level);
    pm.event_block().write(2, 2, 0xffff);
    EXPECT_TRUE(sci.level);
    pm.event_block().write(0, 2, 0x0200);
    EXPECT_FALSE(sci.level);
    EXPECT_EQ(pm.event_block().read(0, 4), 0xffff0000u);
    pm.raise_event(1);
    pm.reset();
    EXPECT_EQ(pm.event_block().read(0, 4), 0u);
    EXPECT_FALSE(sci.level);
}

TEST_F(PowerManagementTest, SaveAndRestore) {
    put(4, 1);
    put(2, 0x0101);
    pm.press_power_button();
    timers.advance(kSecond);
    bus::SavedRegisters saver(pm);
    const state::Json saved = *saver.save();
    TestTimers later;
    later.advance(1'000'000 * kSecond);
    Pin other;
    PowerManagement second({.event_bytes = 2}, later, sleeps, {wire_to<&Pin::set>(other), Wire()});
    bus::SavedRegisters loader(second);
    const Result<> loaded = loader.load(saved);
    ASSERT_TRUE(loaded) << loaded.error().message();
    EXPECT_TRUE(other.level);
    EXPECT_EQ(second.block().read(8, 4), 3'579'545u);
    second.block().write(0, 2, 0x0100);
    EXPECT_FALSE(other.level);
    later.advance(2 * kSecond);
    EXPECT_TRUE(other.level);
    const std::pair<const char*, u64> impossible[] = {
        {"status", 2}, {"enable", 0x8000}, {"control", 0x2000}, {"timer", ~u64{0}}, {"timer_halves", 1000}};
    for (const auto& [field, value] : impossible) {
        state::Json bad = saved;
        bad[field] = value;
        EXPECT_FALSE(loader.load(bad)) << field;
    }
    state::Json bad = saved;
    bad["events"] = "0000010000000000";
    EXPECT_FALSE(loader.load(bad));
}

}  // namespace
}  // namespace kelvin::device
