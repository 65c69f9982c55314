// SPDX-License-Identifier: Apache-2.0
#include "device/interrupt_controller/gicv2m.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "device/interrupt_controller/gicv2.h"

namespace kelvin::device {
namespace {

constexpr Gpa kBase{0x08020000};
constexpr u32 kSpurious = 1023;

/// A GICv2 of one CPU whose interrupts 80 to 143 are edges, enabled, and messages.
struct Gicv2mTest : testing::Test {
    std::array<CpuInterruptWires, 1> wires{};
    Gicv2 gic{wires};
    Gicv2m frame{gic, kBase, 80, 64};

    void SetUp() override {
        memory::MmioHandler& distributor = gic.distributor(0);
        distributor.write(0, 4, 1);
        for (u64 intid = 80; intid < 144; ++intid) {
            distributor.write(0x800 + intid, 1, 1);
            distributor.write(0x400 + intid, 1, 0x80);
        }
        for (u64 word = 5; word < 9; ++word) {
            distributor.write(0xc00 + word * 4, 4, 0xaaaaaaaa);
        }
        for (u64 word = 2; word < 5; ++word) {
            distributor.write(0x100 + word * 4, 4, 0xffffffff);
        }
        gic.cpu_interface(0).write(4, 4, 0xf0);
        gic.cpu_interface(0).write(0, 4, 1);
    }
    u64 take() {
        const u64 intid = gic.cpu_interface(0).read(0x0c, 4);
        if (intid != kSpurious) {
            gic.cpu_interface(0).write(0x10, 4, intid);
        }
        return intid;
    }
    void send(u32 data) { frame.deliver({kBase.value + 0x40, data, 8}); }
};

TEST_F(Gicv2mTest, MessagesAreEdges) {
    EXPECT_EQ(frame.read(8, 4), 80U << 16 | 64);
    send(80);
    send(80);
    send(143);
    EXPECT_EQ(take(), 80U);
    EXPECT_EQ(take(), 143U);
    EXPECT_EQ(take(), kSpurious);
    frame.write(0x40, 4, 100);
    EXPECT_EQ(take(), 100U);
    EXPECT_EQ(take(), kSpurious);
}

TEST_F(Gicv2mTest, OtherNumbersAndAddressesAreLost) {
    for (const u32 data : {0U, 32U, 79U, 144U, 0x3ffU}) {
        send(data);
    }
    frame.deliver({kBase.value + 0x44, 80, 8});
    frame.deliver({kBase.value, 80, 8});
    frame.write(0x44, 4, 80);
    EXPECT_EQ(take(), kSpurious);
}

// Whatever another sender does: who has sent finds the interrupt pending if nobody else takes it.
TEST_F(Gicv2mTest, NoMessageIsLostBesideAnother) {
    std::atomic<bool> done = false;
    std::thread other([&] {
        while (!done) {
            send(90);
        }
    });
    unsigned lost = 0;
    for (int n = 0; n < 20000; ++n) {
        send(90);
        lost += take() == kSpurious ? 1 : 0;
    }
    done = true;
    other.join();
    EXPECT_EQ(lost, 0U);
}

}  // namespace
}  // namespace kelvin::device
