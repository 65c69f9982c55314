// SPDX-License-Identifier: Apache-2.0
#include "device/virtio_mmio/virtio_mmio_slots.h"

#include <gtest/gtest.h>

namespace kelvin::device {
namespace {

struct Echo : memory::MmioHandler {
    u64 last = 0;
    u64 read(u64 offset, unsigned) override { return offset; }
    void write(u64 offset, unsigned, u64 value) override { last = offset + value; }
};

TEST(VirtioMmioSlots, EmptySlotsHaveNoDevice) {
    VirtioMmioSlots slots(32);
    for (const u64 base : {u64{0}, u64{31} * 0x200}) {
        EXPECT_EQ(slots.read(base, 4), 0x74726976U);
        EXPECT_EQ(slots.read(base + 4, 4), 2U);
        EXPECT_EQ(slots.read(base + 8, 4), 0U);
        EXPECT_EQ(slots.read(base + 0x100, 4), 0U);
        slots.write(base + 0x70, 4, 1);
        EXPECT_EQ(slots.read(base + 0x70, 4), 0U);
    }
    EXPECT_EQ(slots.read(u64{32} * 0x200, 4), 0U);
}

TEST(VirtioMmioSlots, DevicesAnswerTheirOwnSlot) {
    VirtioMmioSlots slots(4);
    Echo echo;
    slots.attach(2, echo);
    EXPECT_EQ(slots.read(0x470, 4), 0x70U);
    slots.write(0x450, 4, 3);
    EXPECT_EQ(echo.last, 0x53U);
    EXPECT_EQ(slots.read(0x5fe, 4), 0U);  // across the end
    slots.write(0x5fe, 4, 1);
    EXPECT_EQ(echo.last, 0x53U);
    EXPECT_EQ(slots.read(0x608, 4), 0U);
}

}  // namespace
}  // namespace kelvin::device
