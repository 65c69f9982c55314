// SPDX-License-Identifier: Apache-2.0
#include "device/interrupt_controller/gicv3.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace kelvin::device {
namespace {

constexpr u64 kSpurious = 1023;
using R = IccRegister;

struct Pin {
    bool level = false;
    void set(bool high) { level = high; }
};

/// A GIC of three CPUs, the last in a cluster of its own, with the accesses a driver makes.
struct Gicv3Test : testing::Test {
    std::array<Pin, 3> irq;
    std::array<Pin, 3> fiq;
    std::array<Gicv3Cpu, 3> cpus{Gicv3Cpu{0x000, {wire_to<&Pin::set>(irq[0]), wire_to<&Pin::set>(fiq[0])}},
                                 Gicv3Cpu{0x001, {wire_to<&Pin::set>(irq[1]), wire_to<&Pin::set>(fiq[1])}},
                                 Gicv3Cpu{0x100, {wire_to<&Pin::set>(irq[2]), wire_to<&Pin::set>(fiq[2])}}};
    Gicv3 gic{cpus};

    u64 gicd(u64 offset, unsigned size = 4) { return gic.distributor().read(offset, size); }
    void set_gicd(u64 offset, u64 value, unsigned size = 4) { gic.distributor().write(offset, size, value); }
    u64 gicr(unsigned cpu, u64 offset, unsigned size = 4) {
        return gic.redistributors().read(cpu * Gicv3::kRedistributorSize + offset, size);
    }
    void set_gicr(unsigned cpu, u64 offset, u64 value, unsigned size = 4) {
        gic.redistributors().write(cpu * Gicv3::kRedistributorSize + offset, size, value);
    }
    u64 icc(R which, unsigned cpu = 0) { return gic.cpu_interface(cpu).read(which); }
    void set_icc(R which, u64 value, unsigned cpu = 0) { gic.cpu_interface(cpu).write(which, value); }

    /// As Linux does: all in Group 1, signalled as IRQ.
    void SetUp() override {
        set_gicd(0, 0x13);
        for (u64 bank = 1; bank < 9; ++bank) {
            set_gicd(0x80 + bank * 4, 0xffffffff);
        }
        for (unsigned cpu = 0; cpu < 3; ++cpu) {
            set_gicr(cpu, 0x10080, 0xffffffff);
            set_gicr(cpu, 0x10100, 0xffff);
            set_icc(R::pmr_el1, 0xf0, cpu);
            set_icc(R::igrpen1_el1, 1, cpu);
        }
    }
    void enable(unsigned intid, u8 priority, u64 route = 0) {
        set_gicd(0x400 + intid, priority, 1);
        set_gicd(0x6000 + 8 * intid, route, 8);
        set_gicd(0x100 + intid / 32 * 4, u64{1} << intid % 32);
    }
};

TEST_F(Gicv3Test, IdentifiesItself) {
    EXPECT_EQ(gicd(0x0), 0x53U);  // DS, ARE, both groups
    EXPECT_EQ(gicd(0x4) & 0x1f, 8U);
    EXPECT_EQ(gicd(0x4) & (1 << 17 | 1 << 10), 0U);  // no LPIs, no Security Extensions
    EXPECT_EQ(gicd(0x8), 0x43bU);
    EXPECT_EQ(gicd(0xffe8) >> 4 & 15, 3U);
    EXPECT_EQ(gicr(0, 0xffe8) >> 4 & 15, 3U);
    EXPECT_EQ(gicr(1, 0x8, 8), u64{1} << 32 | 1 << 8);
    EXPECT_EQ(gicr(2, 0x8, 8), u64{0x100} << 32 | 2 << 8 | 1 << 4);
    EXPECT_EQ(gicr(3, 0x8, 8), 0U);
    EXPECT_EQ(icc(R::sre_el1), 7U);
    EXPECT_EQ(icc(R::ctlr_el1) >> 8 & 7, 4U);
    EXPECT_EQ(icc(R::rpr_el1), 0xffU);
    EXPECT_EQ(gicd(0x400), 0U);  // bank 0 is the redistributors'
    set_gicd(0x100, 0xffffffff);
    EXPECT_EQ(gicd(0x100), 0U);
    set_icc(R::pmr_el1, 0xff);
    EXPECT_EQ(icc(R::pmr_el1), 0xf8U);
}

TEST_F(Gicv3Test, WakerFollowsTheSleepRequest) {
    EXPECT_EQ(gicr(1, 0x14), 6U);
    set_gicr(1, 0x14, 0);
    EXPECT_EQ(gicr(1, 0x14), 0U);
    EXPECT_EQ(gicr(0, 0x14), 6U);
}

TEST_F(Gicv3Test, LevelSpiGoesWhereItIsRouted) {
    enable(33, 0xa0, 0x100);
    const Wire line = gic.shared_input(33);
    line.set(true);
    EXPECT_FALSE(irq[0].level || irq[1].level);
    EXPECT_TRUE(irq[2].level);
    EXPECT_EQ(icc(R::iar1_el1, 0), kSpurious);
    EXPECT_EQ(icc(R::hppir1_el1, 2), 33U);
    EXPECT_EQ(icc(R::iar1_el1, 2), 33U);
    EXPECT_FALSE(irq[2].level);
    EXPECT_EQ(icc(R::rpr_el1, 2), 0xa0U);
    EXPECT_EQ(gicd(0x304), 2U);
    set_icc(R::eoir1_el1, 33, 2);
    EXPECT_TRUE(irq[2].level);  // the line is still high
    EXPECT_EQ(icc(R::iar1_el1, 2), 33U);
    line.set(false);
    set_icc(R::eoir1_el1, 33, 2);
    EXPECT_FALSE(irq[2].level);
    set_gicd(0x6000 + 8 * 33, 1, 8);
    line.set(true);
    EXPECT_TRUE(irq[1].level);
    set_gicd(0x6000 + 8 * 33, 0x7700, 8);  // no such CPU: it waits
    EXPECT_FALSE(irq[0].level || irq[1].level || irq[2].level);
    set_gicd(0x6000 + 8 * 33, 0, 4);
    EXPECT_TRUE(irq[0].level);
}

TEST_F(Gicv3Test, EdgeSpi) {
    enable(64, 0x80);
    set_gicd(0xc10, 2);
    gic.shared_input(64).set(true);
    gic.shared_input(64).set(false);
    EXPECT_TRUE(irq[0].level);
    EXPECT_EQ(icc(R::iar1_el1), 64U);
    set_icc(R::eoir1_el1, 64);
    EXPECT_FALSE(irq[0].level);
    set_gicd(0x208, 1);
    EXPECT_TRUE(irq[0].level);
    set_gicd(0x288, 1);
    EXPECT_FALSE(irq[0].level);
}

TEST_F(Gicv3Test, PpiOfEachCpu) {
    set_gicr(1, 0x10100, 1U << 27);
    gic.private_input(0, 27).set(true);
    gic.private_input(1, 27).set(true);
    EXPECT_FALSE(irq[0].level);
    EXPECT_TRUE(irq[1].level);
    EXPECT_EQ(gicr(0, 0x10200), 1U << 27);
    EXPECT_EQ(icc(R::iar1_el1, 1), 27U);
    gic.private_input(1, 27).set(false);
    set_icc(R::eoir1_el1, 27, 1);
    EXPECT_EQ(icc(R::iar1_el1, 1), kSpurious);
    EXPECT_EQ(gicr(1, 0x10300), 0U);
}

TEST_F(Gicv3Test, SgisByListAndToAllOthers) {
    set_icc(R::sgi1r_el1, u64{5} << 24 | 3);  // CPUs 0 and 1 of cluster 0
    EXPECT_TRUE(irq[0].level && irq[1].level);
    EXPECT_FALSE(irq[2].level);
    EXPECT_EQ(icc(R::iar1_el1, 1), 5U);
    set_icc(R::eoir1_el1, 5, 1);
    EXPECT_EQ(icc(R::iar1_el1, 1), kSpurious);
    EXPECT_EQ(icc(R::iar1_el1, 0), 5U);
    set_icc(R::eoir1_el1, 5, 0);
    set_icc(R::sgi1r_el1, u64{7} << 24 | 1 << 16 | 1);  // Aff1 = 1
    EXPECT_EQ(icc(R::iar1_el1, 2), 7U);
    set_icc(R::eoir1_el1, 7, 2);
    set_icc(R::sgi1r_el1, u64{1} << 40 | u64{3} << 24, 1);
    EXPECT_EQ(icc(R::iar1_el1, 0), 3U);
    EXPECT_EQ(icc(R::iar1_el1, 1), kSpurious);
    EXPECT_EQ(icc(R::iar1_el1, 2), 3U);
    set_icc(R::sgi0r_el1, u64{9} << 24 | 2);  // SGI 9 is in Group 1: nothing
    EXPECT_EQ(icc(R::iar1_el1, 1), kSpurious);
    set_icc(R::sgi1r_el1, u64{1} << 44 | u64{9} << 24 | 2);  // no range selector
    EXPECT_EQ(icc(R::iar1_el1, 1), kSpurious);
}

TEST_F(Gicv3Test, PriorityMaskPreemptionAndRunningPriority) {
    enable(60, 0xa0);
    enable(61, 0x90);
    enable(62, 0x80);
    gic.shared_input(60).set(true);
    EXPECT_EQ(icc(R::iar1_el1), 60U);
    set_icc(R::bpr1_el1, 5);  // Group 1 counts one higher: groups of 32 priorities
    gic.shared_input(61).set(true);
    EXPECT_TRUE(irq[0].level);
    EXPECT_EQ(icc(R::iar1_el1), 61U);
    EXPECT_EQ(icc(R::rpr_el1), 0x80U);
    EXPECT_EQ(icc(R::ap1r0_el1), 1U << 20 | 1U << 16);
    gic.shared_input(62).set(true);
    EXPECT_FALSE(irq[0].level);  // the same group as 61
    EXPECT_EQ(icc(R::hppir1_el1), 62U);
    EXPECT_EQ(icc(R::iar1_el1), kSpurious);
    gic.shared_input(61).set(false);
    set_icc(R::eoir1_el1, 61);
    EXPECT_EQ(icc(R::rpr_el1), 0xa0U);
    set_icc(R::pmr_el1, 0x80);
    EXPECT_EQ(icc(R::iar1_el1), kSpurious);
    set_icc(R::pmr_el1, 0x88);
    EXPECT_EQ(icc(R::iar1_el1), 62U);
}

TEST_F(Gicv3Test, BinaryPointsHaveLeastValues) {
    EXPECT_EQ(icc(R::bpr0_el1), 2U);
    EXPECT_EQ(icc(R::bpr1_el1), 3U);
    set_icc(R::bpr0_el1, 0);
    set_icc(R::bpr1_el1, 0);
    EXPECT_EQ(icc(R::bpr0_el1), 2U);
    EXPECT_EQ(icc(R::bpr1_el1), 3U);
    set_icc(R::ctlr_el1, 1);  // CBPR
    set_icc(R::bpr0_el1, 7);
    set_icc(R::bpr1_el1, 4);
    EXPECT_EQ(icc(R::bpr1_el1), 7U);
    set_icc(R::ctlr_el1, 0);
    EXPECT_EQ(icc(R::bpr1_el1), 3U);
}

TEST_F(Gicv3Test, EoiModeSplitsDropFromDeactivation) {
    set_icc(R::ctlr_el1, 2);
    enable(70, 0xa0);
    gic.shared_input(70).set(true);
    EXPECT_EQ(icc(R::iar1_el1), 70U);
    set_icc(R::eoir1_el1, 70);
    EXPECT_EQ(icc(R::rpr_el1), 0xffU);
    EXPECT_EQ(gicd(0x308), 1U << 6);
    EXPECT_FALSE(irq[0].level);
    set_icc(R::dir_el1, 70);
    EXPECT_EQ(gicd(0x308), 0U);
    EXPECT_TRUE(irq[0].level);
    set_icc(R::ctlr_el1, 0);
    EXPECT_EQ(icc(R::iar1_el1), 70U);
    set_icc(R::dir_el1, 70);  // only with EOImode
    EXPECT_EQ(gicd(0x308), 1U << 6);
}

TEST_F(Gicv3Test, Group0IsFiqAndHasItsOwnRegisters) {
    set_icc(R::igrpen0_el1, 1);
    enable(80, 0x40);
    set_gicd(0x88, 0xfffeffff);  // 80 in Group 0
    gic.shared_input(80).set(true);
    EXPECT_TRUE(fiq[0].level);
    EXPECT_FALSE(irq[0].level);
    EXPECT_EQ(icc(R::iar1_el1), kSpurious);
    EXPECT_EQ(icc(R::hppir1_el1), kSpurious);
    EXPECT_EQ(icc(R::iar0_el1), 80U);
    EXPECT_EQ(icc(R::ap0r0_el1), 1U << 8);
    set_icc(R::eoir1_el1, 80);  // the running priority is not Group 1's
    EXPECT_EQ(icc(R::rpr_el1), 0x40U);
    gic.shared_input(80).set(false);
    set_icc(R::eoir0_el1, 80);
    EXPECT_EQ(icc(R::rpr_el1), 0xffU);
    gic.shared_input(80).set(true);
    set_icc(R::igrpen0_el1, 0);
    EXPECT_FALSE(fiq[0].level);
    set_icc(R::igrpen0_el1, 1);
    set_gicd(0, 0x12);
    EXPECT_FALSE(fiq[0].level);
}

TEST_F(Gicv3Test, OneOfNGoesToOneIdleCpu) {
    enable(90, 0x80, u64{1} << 31);
    enable(91, 0x80, u64{1} << 31);
    gic.shared_input(90).set(true);
    EXPECT_TRUE(irq[0].level);
    EXPECT_FALSE(irq[1].level || irq[2].level);
    EXPECT_EQ(icc(R::iar1_el1, 0), 90U);
    gic.shared_input(91).set(true);
    EXPECT_TRUE(irq[1].level);
    EXPECT_FALSE(irq[0].level || irq[2].level);
    set_icc(R::igrpen1_el1, 0, 1);
    EXPECT_TRUE(irq[2].level);
    EXPECT_FALSE(irq[1].level);
    EXPECT_EQ(icc(R::iar1_el1, 2), 91U);
}

TEST_F(Gicv3Test, OddWidthsOffsetsAndRegistersAreHarmless) {
    for (u64 offset = 0; offset + 8 <= Gicv3::kDistributorSize; offset += 3) {
        for (const unsigned size : {1U, 2U, 4U, 8U}) {
            set_gicd(offset, ~u64{0}, size);
            gicd(offset, size);
        }
    }
    for (u64 offset = 0; offset + 8 <= 4 * Gicv3::kRedistributorSize; offset += 7) {
        gic.redistributors().write(offset, 8, ~u64{0});
        gic.redistributors().read(offset, 8);
    }
    for (unsigned encoding = 0; encoding < 0x10000; ++encoding) {
        if (is_icc_register(static_cast<u16>(encoding))) {
            set_icc(R{static_cast<u16>(encoding)}, ~u64{0});
            icc(R{static_cast<u16>(encoding)});
        }
    }
}

TEST_F(Gicv3Test, LinesMoveWhileCpusAcknowledge) {
    struct AtomicPin {
        std::atomic<bool> level = false;
        void set(bool high) { level = high; }
    };
    AtomicPin request;
    const std::array<Gicv3Cpu, 1> one{Gicv3Cpu{0, {wire_to<&AtomicPin::set>(request), {}}}};
    Gicv3 shared(one);
    GicCpuInterface& cpu = shared.cpu_interface(0);
    shared.distributor().write(0, 4, 3);
    shared.distributor().write(0x84, 4, 0xffffffff);
    shared.distributor().write(0xc08, 4, 0xaaaaaaaa);  // edges
    shared.distributor().write(0x104, 4, 1);
    cpu.write(R::pmr_el1, 0xf0);
    cpu.write(R::igrpen1_el1, 1);
    constexpr int kRounds = 500;
    std::atomic<int> taken = 0;
    std::thread driver([&] {
        for (int n = 0; n < kRounds; ++n) {
            shared.shared_input(32).set(true);
            shared.shared_input(32).set(false);
            while (taken <= n) {
                std::this_thread::yield();
            }
        }
    });
    while (taken < kRounds) {
        if (cpu.read(R::iar1_el1) == 32) {
            ++taken;
            cpu.write(R::eoir1_el1, 32);
        }
    }
    driver.join();
    EXPECT_FALSE(request.level);
}

TEST_F(Gicv3Test, SaveAndRestore) {
    enable(100, 0x40, 1);
    gic.shared_input(100).set(true);
    EXPECT_TRUE(irq[1].level);
    const Gicv3::State saved = gic.save();
    gic.reset();
    EXPECT_FALSE(irq[1].level);
    EXPECT_EQ(gicd(0x6000 + 800, 8), 0U);
    gic.restore(saved);
    EXPECT_TRUE(irq[1].level);
    EXPECT_EQ(icc(R::iar1_el1, 1), 100U);
}

}  // namespace
}  // namespace kelvin::device
