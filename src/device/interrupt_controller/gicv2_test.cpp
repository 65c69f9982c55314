// SPDX-License-Identifier: Apache-2.0
#include "device/interrupt_controller/gicv2.h"

#include <gtest/gtest.h>

#include "memory/address_map.h"

namespace kelvin::device {
namespace {

constexpr u32 kSpurious = 1023;

struct Pin {
    bool level = false;
    void set(bool high) { level = high; }
};

/// A GIC of two CPUs, with the accesses a driver makes.
struct Gicv2Test : testing::Test {
    std::array<Pin, 2> irq;
    std::array<Pin, 2> fiq;
    std::array<CpuInterruptWires, 2> wires{CpuInterruptWires{wire_to<&Pin::set>(irq[0]), wire_to<&Pin::set>(fiq[0])},
                                           CpuInterruptWires{wire_to<&Pin::set>(irq[1]), wire_to<&Pin::set>(fiq[1])}};
    Gicv2 gic{wires};

    u32 gicd(u64 offset, unsigned cpu = 0, unsigned size = 4) {
        return static_cast<u32>(gic.distributor(cpu).read(offset, size));
    }
    void set_gicd(u64 offset, u64 value, unsigned cpu = 0, unsigned size = 4) {
        gic.distributor(cpu).write(offset, size, value);
    }
    u32 gicc(u64 offset, unsigned cpu = 0) { return static_cast<u32>(gic.cpu_interface(cpu).read(offset, 4)); }
    void set_gicc(u64 offset, u32 value, unsigned cpu = 0) { gic.cpu_interface(cpu).write(offset, 4, value); }
    u32 iar(unsigned cpu = 0) { return gicc(0x0c, cpu); }
    void eoi(u32 value, unsigned cpu = 0) { set_gicc(0x10, value, cpu); }

    /// As Linux does: Group 0 everywhere, signalled as IRQ.
    void SetUp() override {
        set_gicd(0x000, 1);
        for (unsigned cpu = 0; cpu < 2; ++cpu) {
            set_gicc(0x04, 0xf0, cpu);
            set_gicc(0x00, 1, cpu);
        }
    }
    void enable(unsigned intid, u8 priority, u8 target = 1) {
        set_gicd(0x100 + intid / 32 * 4, u64{1} << intid % 32);
        set_gicd(0x400 + intid, priority, 0, 1);
        set_gicd(0x800 + intid, target, 0, 1);
    }
    void make_edge(unsigned intid) { set_gicd(0xc00 + intid / 16 * 4, u64{2} << (intid % 16 * 2)); }
};

TEST_F(Gicv2Test, IdentifiesItself) {
    EXPECT_EQ(gicd(0x004), 8U | 1U << 5);  // 288 lines, two CPUs, no Security Extensions
    EXPECT_EQ(gicd(0x008) & 0xfff, 0x43bU);
    EXPECT_EQ(gicd(0xfe8) >> 4, 2U);  // PIDR2.ArchRev
    EXPECT_EQ(gicc(0xfc) & 0xf0fff, 0x2043bU);
    EXPECT_EQ(gicd(0x800, 0), 0x01010101U);
    EXPECT_EQ(gicd(0x81c, 1), 0x02020202U);
    EXPECT_EQ(gicd(0xc00), 0xaaaaaaaaU);
    EXPECT_EQ(gicd(0x100), 0xffffU);
    EXPECT_EQ(gicc(0x14), 0xffU);
    EXPECT_EQ(iar(), kSpurious);
}

TEST_F(Gicv2Test, LevelSpiStaysPendingWhileItsLineIsHigh) {
    enable(33, 0xa0);
    const Wire line = gic.shared_input(33);
    line.set(true);
    EXPECT_TRUE(irq[0].level);
    EXPECT_FALSE(irq[1].level);
    EXPECT_EQ(gicc(0x18), 33U);
    EXPECT_EQ(iar(), 33U);
    EXPECT_FALSE(irq[0].level);
    EXPECT_EQ(gicd(0x204), 2U);  // active and pending
    EXPECT_EQ(gicd(0x304), 2U);
    EXPECT_EQ(gicc(0x14), 0xa0U);
    eoi(33);
    EXPECT_TRUE(irq[0].level);
    EXPECT_EQ(iar(), 33U);
    line.set(false);
    eoi(33);
    EXPECT_FALSE(irq[0].level);
    EXPECT_EQ(iar(), kSpurious);
}

TEST_F(Gicv2Test, LevelLineThatFallsIsNoLongerPending) {
    enable(40, 0xa0);
    gic.shared_input(40).set(true);
    gic.shared_input(40).set(false);
    EXPECT_FALSE(irq[0].level);
    EXPECT_EQ(iar(), kSpurious);
}

TEST_F(Gicv2Test, EdgeSpiIsRememberedOncePerRise) {
    enable(48, 0xa0);
    make_edge(48);
    const Wire line = gic.shared_input(48);
    line.set(true);
    line.set(false);
    EXPECT_TRUE(irq[0].level);
    EXPECT_EQ(iar(), 48U);
    line.set(true);  // while active: pending again
    line.set(false);
    EXPECT_FALSE(irq[0].level);
    eoi(48);
    EXPECT_TRUE(irq[0].level);
    EXPECT_EQ(iar(), 48U);
    eoi(48);
    EXPECT_EQ(iar(), kSpurious);
}

TEST_F(Gicv2Test, PendingByWriteAndClearing) {
    enable(50, 0x80);
    set_gicd(0x204, 1U << 18);
    EXPECT_TRUE(irq[0].level);
    EXPECT_EQ(gicd(0x284), 1U << 18);
    set_gicd(0x284, 1U << 18);
    EXPECT_FALSE(irq[0].level);
    gic.shared_input(50).set(true);
    set_gicd(0x284, 1U << 18);  // cannot clear what the line says
    EXPECT_TRUE(irq[0].level);
    set_gicd(0x304, 1U << 18);  // made active by a write: not delivered
    EXPECT_FALSE(irq[0].level);
    set_gicd(0x384, 1U << 18);
    EXPECT_TRUE(irq[0].level);
    set_gicd(0x184, 1U << 18);  // disabled
    EXPECT_FALSE(irq[0].level);
    EXPECT_EQ(gicd(0x204), 1U << 18);
}

TEST_F(Gicv2Test, SgisAreBankedAndCarryTheirSource) {
    set_gicd(0xf00, 2U << 16 | 5, 0);  // to CPU 1, from CPU 0
    EXPECT_FALSE(irq[0].level);
    EXPECT_TRUE(irq[1].level);
    set_gicd(0xf00, 2U << 24 | 5, 1);  // to itself
    EXPECT_EQ(gicd(0xf24, 1), 3U << 8);
    EXPECT_EQ(gicc(0x18, 1), 5U);
    EXPECT_EQ(iar(1), 5U);  // the lowest source first
    EXPECT_EQ(gicd(0x200, 1), 1U << 5);
    eoi(5, 1);
    EXPECT_EQ(iar(1), 5U | 1U << 10);
    eoi(5 | 1 << 10, 1);
    EXPECT_EQ(iar(1), kSpurious);

    set_gicd(0xf00, 1U << 24 | 9, 0);  // to all others
    EXPECT_EQ(iar(0), kSpurious);
    EXPECT_EQ(iar(1), 9U);
    eoi(9, 1);

    set_gicd(0xf20, 0x02, 0);  // SPENDSGIR: SGI 0 from CPU 1
    EXPECT_TRUE(irq[0].level);
    set_gicd(0xf10, 0x02, 0);
    EXPECT_FALSE(irq[0].level);
    set_gicd(0x200, 1);  // ISPENDR0 does not reach SGIs
    EXPECT_FALSE(irq[0].level);
}

TEST_F(Gicv2Test, PpisArePrivate) {
    set_gicd(0x100, 1U << 27, 1);
    gic.private_input(1, 27).set(true);
    gic.private_input(0, 27).set(true);
    EXPECT_FALSE(irq[0].level);
    EXPECT_TRUE(irq[1].level);
    EXPECT_EQ(iar(1), 27U);
    gic.private_input(1, 27).set(false);
    eoi(27, 1);
    EXPECT_EQ(iar(1), kSpurious);
    gic.private_input(2, 27).set(true);  // no such CPU
    gic.shared_input(288).set(true);
}

TEST_F(Gicv2Test, PriorityMaskAndOrder) {
    enable(60, 0xa0);
    enable(61, 0x80);
    enable(62, 0x80);
    for (const unsigned intid : {60U, 61U, 62U}) {
        gic.shared_input(intid).set(true);
    }
    EXPECT_EQ(gicc(0x18), 61U);  // the higher priority, then the lower number
    set_gicc(0x04, 0x80);        // only what is more urgent than the mask
    EXPECT_FALSE(irq[0].level);
    EXPECT_EQ(iar(), kSpurious);
    EXPECT_EQ(gicc(0x18), 61U);  // HPPIR does not look at the mask
    set_gicc(0x04, 0x81);
    EXPECT_EQ(iar(), 61U);
}

TEST_F(Gicv2Test, PreemptionFollowsTheBinaryPoint) {
    enable(60, 0xa0);
    enable(61, 0x90);
    enable(62, 0x80);
    set_gicc(0x08, 4);  // groups of 32 priorities: 0x80 and 0x90 are in one, 0xa0 in the next
    gic.shared_input(60).set(true);
    EXPECT_EQ(iar(), 60U);
    gic.shared_input(61).set(true);
    EXPECT_TRUE(irq[0].level);
    EXPECT_EQ(iar(), 61U);
    EXPECT_EQ(gicc(0x14), 0x80U);  // the running priority is that of the group
    gic.shared_input(62).set(true);
    EXPECT_FALSE(irq[0].level);
    EXPECT_EQ(iar(), kSpurious);
    gic.shared_input(61).set(false);
    eoi(61);
    EXPECT_EQ(gicc(0x14), 0xa0U);
    EXPECT_EQ(iar(), 62U);
    gic.shared_input(62).set(false);
    gic.shared_input(60).set(false);
    eoi(62);
    eoi(60);
    EXPECT_EQ(gicc(0x14), 0xffU);
}

TEST_F(Gicv2Test, EoiModeSplitsDropFromDeactivation) {
    set_gicc(0x00, 1 | 1 << 9);
    enable(70, 0xa0);
    gic.shared_input(70).set(true);
    EXPECT_EQ(iar(), 70U);
    eoi(70);
    EXPECT_EQ(gicc(0x14), 0xffU);
    EXPECT_EQ(gicd(0x308), 1U << 6);
    EXPECT_FALSE(irq[0].level);
    set_gicc(0x1000, 70);
    EXPECT_EQ(gicd(0x308), 0U);
    EXPECT_TRUE(irq[0].level);
}

TEST_F(Gicv2Test, GroupsChooseTheWireAndTheRegisters) {
    set_gicd(0x000, 3);
    set_gicc(0x00, 3 | 1 << 3);  // both groups, Group 0 as FIQ
    enable(80, 0x40);
    enable(81, 0x80);
    set_gicd(0x088, 1U << 17);  // 81 is Group 1
    gic.shared_input(81).set(true);
    EXPECT_TRUE(irq[0].level);
    EXPECT_FALSE(fiq[0].level);
    EXPECT_EQ(iar(), 1022U);  // AckCtl is 0
    EXPECT_EQ(gicc(0x18), 1022U);
    EXPECT_EQ(gicc(0x28), 81U);
    gic.shared_input(80).set(true);
    EXPECT_TRUE(fiq[0].level);
    EXPECT_FALSE(irq[0].level);
    EXPECT_EQ(gicc(0x20), kSpurious);  // AIAR does not see Group 0
    EXPECT_EQ(iar(), 80U);
    gic.shared_input(80).set(false);
    eoi(80);
    EXPECT_EQ(gicc(0x20), 81U);
    EXPECT_EQ(gicc(0xe8), 1U);  // NSAPR2 bit 0: priority 0x80
    gic.shared_input(81).set(false);
    set_gicc(0x24, 81);
    EXPECT_EQ(gicc(0xe8), 0U);
    set_gicc(0x00, 3 | 1 << 2);  // AckCtl: IAR takes both
    gic.shared_input(81).set(true);
    EXPECT_EQ(iar(), 81U);
}

TEST_F(Gicv2Test, DisabledGroupsAndInterfacesAreSilent) {
    enable(90, 0x40);
    gic.shared_input(90).set(true);
    set_gicd(0x000, 0);
    EXPECT_FALSE(irq[0].level);
    set_gicd(0x000, 1);
    EXPECT_TRUE(irq[0].level);
    set_gicc(0x00, 0);
    EXPECT_FALSE(irq[0].level);
    EXPECT_EQ(iar(), kSpurious);
}

TEST_F(Gicv2Test, SpiGoesToEveryTargetUntilOneTakesIt) {
    enable(100, 0x40, 3);
    gic.shared_input(100).set(true);
    EXPECT_TRUE(irq[0].level && irq[1].level);
    EXPECT_EQ(iar(1), 100U);
    EXPECT_FALSE(irq[0].level || irq[1].level);
    EXPECT_EQ(iar(0), kSpurious);
}

TEST_F(Gicv2Test, OddWidthsAndOffsetsAreHarmless) {
    for (u64 offset = 0; offset < Gicv2::kDistributorSize; ++offset) {
        for (const unsigned size : {1U, 2U, 4U, 8U}) {
            if (offset + size <= Gicv2::kDistributorSize) {
                gic.distributor(0).write(offset, size, ~u64{0});
                gic.distributor(0).read(offset, size);
            }
        }
    }
    for (u64 offset = 0; offset < Gicv2::kCpuInterfaceSize; ++offset) {
        gic.cpu_interface(0).write(offset, 1, 0xff);
        gic.cpu_interface(0).read(offset, 1);
    }
    EXPECT_EQ(gicd(0x402, 0, 2), 0xffffU);
}

TEST_F(Gicv2Test, ResetKeepsTheLines) {
    enable(100, 0x40);
    gic.shared_input(100).set(true);
    EXPECT_TRUE(irq[0].level);
    const Gicv2::State saved = gic.save();
    gic.reset();
    EXPECT_FALSE(irq[0].level);
    SetUp();
    enable(100, 0x40);
    EXPECT_TRUE(irq[0].level);
    gic.reset();
    gic.restore(saved);
    EXPECT_TRUE(irq[0].level);
}

TEST_F(Gicv2Test, EachCpuReachesItsOwnRegistersThroughTheMap) {
    memory::AddressMap map;
    const std::array<memory::MmioHandler*, 2> views{&gic.cpu_interface(0), &gic.cpu_interface(1)};
    ASSERT_TRUE(map.add_banked_mmio(Gpa{0x08010000}, Gicv2::kCpuInterfaceSize, views, "gicc"));
    ASSERT_TRUE(map.write(Gpa{0x08010004}, 4, 0x50, 1));
    u64 value = 0;
    ASSERT_TRUE(map.read(Gpa{0x08010004}, 4, value, 0));
    EXPECT_EQ(value, 0xf0U);
    ASSERT_TRUE(map.read(Gpa{0x08010004}, 4, value, 1));
    EXPECT_EQ(value, 0x50U);
}

TEST(Gicv2OneCpu, TargetsAreReadAsZero) {
    Pin irq;
    const std::array<CpuInterruptWires, 1> wires{CpuInterruptWires{wire_to<&Pin::set>(irq), {}}};
    Gicv2 gic(wires);
    EXPECT_EQ(gic.distributor(0).read(0x800, 4), 0U);
    gic.distributor(0).write(0x820, 4, 0);
    EXPECT_EQ(gic.distributor(0).read(0x820, 4), 0U);
    gic.distributor(0).write(0x000, 4, 1);
    gic.distributor(0).write(0x104, 4, 1);
    gic.cpu_interface(0).write(0x04, 4, 0xf0);
    gic.cpu_interface(0).write(0x00, 4, 1);
    gic.shared_input(32).set(true);
    EXPECT_TRUE(irq.level);
}

}  // namespace
}  // namespace kelvin::device
