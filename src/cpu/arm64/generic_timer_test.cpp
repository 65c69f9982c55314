// SPDX-License-Identifier: Apache-2.0
#include "cpu/arm64/generic_timer.h"

#include <atomic>
#include <thread>

#include "base/timer_service.h"
#include "cpu/arm64/test_cpu.h"

namespace kelvin::arm64 {
namespace {

constexpr RegisterAddress kVirtualTval{3, 3, 14, 3, 0}, kVirtualCtl{3, 3, 14, 3, 1}, kVirtualCval{3, 3, 14, 3, 2};
constexpr RegisterAddress kPhysicalCtl{3, 3, 14, 2, 1}, kPhysicalCval{3, 3, 14, 2, 2}, kCntvct{3, 3, 14, 0, 2};

TEST(CounterScale, CountsAndDeadlines) {
    const CounterScale slow(62'500'000), fast(1'000'000'000), odd(19'200'000);
    EXPECT_EQ(slow.count_at(159), 9);
    EXPECT_EQ(slow.count_at(160), 10);
    EXPECT_EQ(slow.deadline_ns(10), 160);
    EXPECT_EQ(fast.count_at(12345), 12345);
    EXPECT_EQ(odd.count_at(1'000'000'000), 19'200'000);
    for (const u64 count : {u64{1}, u64{7}, u64{19'200'001}, u64{1} << 40}) {
        const i64 deadline = odd.deadline_ns(count);
        EXPECT_GE(odd.count_at(deadline), count);
        EXPECT_LT(odd.count_at(deadline - 1), count);
    }
    EXPECT_EQ(slow.deadline_ns(~u64{0}), CounterScale::kNever);
}

TEST(GenericTimer, FrequencyByModel) {
    EXPECT_EQ(TestCpu("cortex-a72").read({3, 3, 14, 0, 0}), 62'500'000);
    EXPECT_EQ(TestCpu("max").read({3, 3, 14, 0, 0}), 1'000'000'000);
}

TEST(GenericTimer, ExpiresAndDrivesItsLine) {
    TestCpu t("cortex-a72");
    t.timers.advance_to(1600);
    EXPECT_EQ(t.read(kCntvct), 100);
    t.write(kVirtualCval, 200);
    t.write(kVirtualCtl, 1);
    EXPECT_EQ(t.read(kVirtualCtl), 1);
    EXPECT_EQ(t.timers.next_deadline(), 3200);
    EXPECT_FALSE(t.virtual_line.level);
    t.timers.advance_to(3199);
    EXPECT_FALSE(t.virtual_line.level);
    t.timers.advance_to(3200);
    EXPECT_TRUE(t.virtual_line.level);
    EXPECT_EQ(t.read(kVirtualCtl), 5);
    EXPECT_FALSE(t.physical_line.level);
    // The line is a level: masked, it falls; moved on, it falls and a new deadline stands.
    t.write(kVirtualCtl, 3);
    EXPECT_FALSE(t.virtual_line.level);
    EXPECT_EQ(t.read(kVirtualCtl), 7);
    t.write(kVirtualCtl, 1);
    EXPECT_TRUE(t.virtual_line.level);
    t.write(kVirtualCval, 300);
    EXPECT_FALSE(t.virtual_line.level);
    EXPECT_EQ(t.timers.next_deadline(), 4800);
    t.write(kVirtualCtl, 0);
    EXPECT_EQ(t.timers.next_deadline(), TestTimers::kNever);
    t.timers.advance_to(10'000);
    EXPECT_EQ(t.read(kVirtualCtl), 0);  // ISTATUS of a disabled timer
    EXPECT_FALSE(t.virtual_line.level);
}

TEST(GenericTimer, TimerValueIsASignedDistance) {
    TestCpu t("cortex-a72");
    t.timers.advance_to(16'000);
    t.write(kVirtualTval, 50);
    EXPECT_EQ(t.read(kVirtualCval), 1050);
    EXPECT_EQ(t.read(kVirtualTval), 50);
    t.write(kVirtualTval, 0xffff'ffff);  // -1
    EXPECT_EQ(t.read(kVirtualCval), 999);
    t.timers.advance_to(32'000);
    EXPECT_EQ(t.read(kVirtualTval), (u64{1} << 32) - 1001);
}

TEST(GenericTimer, FarDeadlinesAreNotArmed) {
    TestCpu t;
    t.write(kPhysicalCval, ~u64{0});
    t.write(kPhysicalCtl, 1);
    EXPECT_EQ(t.timers.next_deadline(), TestTimers::kNever);
    EXPECT_EQ(t.read(kPhysicalCtl), 1);
}

TEST(GenericTimer, ResetDropsTheLine) {
    TestCpu t;
    t.write(kPhysicalCtl, 1);
    EXPECT_TRUE(t.physical_line.level);
    t.cpu.reset(0);
    EXPECT_FALSE(t.physical_line.level);
}

/// Registers on one thread, expiry on the service's: the last write decides the line. Run under ThreadSanitizer.
TEST(GenericTimer, ExpiresWhileItIsProgrammed) {
    auto service = HostTimerService::create();
    ASSERT_TRUE(service);
    struct Line {
        std::atomic<bool> level{false};
        std::atomic<unsigned> rises{0};
        void set(bool l) {
            rises += l && !level.exchange(l);
            level = l;
        }
    } line;
    {
        CompareTimer timer(service->get(), service->get(), CounterScale(1'000'000'000), wire_to<&Line::set>(line));
        for (unsigned i = 0; i < 300; i++) {
            timer.set_timer_value(i * 100);
            timer.set_control(1);
            while (i % 3 == 0 && !line.level) {
                std::this_thread::yield();
            }
            timer.set_control(i % 2 == 0 ? 3 : 0);
            EXPECT_FALSE(line.level);
        }
    }
    EXPECT_GE(line.rises, 100);
}

TEST(Pmu, CycleCounter) {
    constexpr RegisterAddress kPmcr{3, 3, 9, 12, 0}, kEnableSet{3, 3, 9, 12, 1}, kEnableClear{3, 3, 9, 12, 2};
    constexpr RegisterAddress kOverflowClear{3, 3, 9, 12, 3}, kCycles{3, 3, 9, 13, 0}, kInterruptSet{3, 0, 9, 14, 1};
    TestCpu t("cortex-a72");
    EXPECT_EQ(t.read(kPmcr), 0x41020040);
    t.write(kPmcr, 1);
    t.timers.advance_to(100);
    EXPECT_EQ(t.read(kCycles), 0);
    t.write(kEnableSet, ~u64{0});
    EXPECT_EQ(t.read(kEnableClear), u64{1} << 31);
    t.timers.advance_to(150);
    EXPECT_EQ(t.read(kCycles), 50);
    t.write(kPmcr, 1 | 1 << 2);  // reset the counter
    EXPECT_EQ(t.read(kCycles), 0);
    // Sampling: overflow after 1000 cycles.
    t.write(kInterruptSet, u64{1} << 31);
    t.write(kCycles, -u64{1000});
    EXPECT_EQ(t.timers.next_deadline(), 1150);
    t.timers.advance_to(1149);
    EXPECT_FALSE(t.pmu_line.level);
    t.timers.advance_to(1151);
    EXPECT_TRUE(t.pmu_line.level);
    EXPECT_EQ(t.read(kOverflowClear), u64{1} << 31);
    EXPECT_EQ(t.read(kCycles), 1);
    t.write(kOverflowClear, u64{1} << 31);
    EXPECT_FALSE(t.pmu_line.level);
    t.write(kEnableClear, u64{1} << 31);
    t.timers.advance_to(5000);
    EXPECT_EQ(t.read(kCycles), 1);
}

}  // namespace
}  // namespace kelvin::arm64
