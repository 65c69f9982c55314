// SPDX-License-Identifier: Apache-2.0
#include "device/virtio_mmio/virtio_mmio_slots.h"

#include <gtest/gtest.h>

#include "bus/virtio/test_driver.h"

namespace kelvin::device {
namespace {

using bus::virtio::TestMachine;

/// One queue whose requests come back with their first byte doubled; a byte of configuration.
struct Doubler final : bus::virtio::Device {
    explicit Doubler(TestMachine& machine)
        : Device({.id = 3, .features = bus::virtio::RingOptions{}.features(), .queue_sizes = {16}, .config_size = 1},
                 machine.thread.loop, machine.map) {
        set_config(0, std::array<u8, 1>{0x5a});
    }
    void started(u64) override {}
    void stopped() override {}
    void queue_notified(u16 queue) override {
        serve(queue, chain, [&](bus::virtio::Chain& request) {
            std::array<u8, 1> byte{};
            EXPECT_TRUE(request.read(0, byte));
            byte[0] = static_cast<u8>(byte[0] * 2);
            EXPECT_TRUE(request.write(0, byte));
            give_back(queue, request, 1);
            return true;
        });
    }
    bus::virtio::Chain chain;
};

struct Line {
    std::atomic<bool> level = false;
    void set(bool now) { level = now; }
};

struct Rig {
    Rig() : slots(std::array{wire_to<&Line::set>(lines[0]), wire_to<&Line::set>(lines[1])}) {}
    u32 read(u64 offset) { return static_cast<u32>(slots.read(offset, 4)); }
    void write(u64 offset, u32 value) { slots.write(offset, 4, value); }

    TestMachine machine;
    std::array<Line, 2> lines;
    VirtioMmioSlots slots;
};

TEST(VirtioMmioSlots, EmptySlotsHaveNoDevice) {
    Rig rig;
    for (const u64 base : {u64{0}, u64{0x200}}) {
        EXPECT_EQ(rig.read(base), 0x74726976U);
        EXPECT_EQ(rig.read(base + 4), 2U);
        EXPECT_EQ(rig.read(base + 8), 0U);
        EXPECT_EQ(rig.read(base + 0x100), 0U);
        rig.write(base + 0x70, 1);
        EXPECT_EQ(rig.read(base + 0x70), 0U);
    }
    EXPECT_EQ(rig.read(0x400), 0U);
    EXPECT_EQ(rig.slots.read(0x1fe, 4), 0U);
}

TEST(VirtioMmioSlots, ADriverByItsRegisters) {
    constexpr u64 kRam = TestMachine::kRam;
    Rig rig;
    Doubler device(rig.machine);
    ASSERT_TRUE(rig.slots.bus(1).attach(device, false));
    EXPECT_FALSE(rig.slots.bus(1).attach(device, false));
    EXPECT_EQ(rig.read(0x208), 3U);
    EXPECT_EQ(rig.slots.read(0x300, 1), 0x5aU);
    EXPECT_EQ(rig.slots.read(0x300, 8), 0x5aU);
    rig.write(0x214, 1);
    EXPECT_EQ(rig.read(0x210), 1U);
    rig.write(0x214, 2);
    EXPECT_EQ(rig.read(0x210), 0U);
    rig.write(0x270, 3);
    rig.write(0x224, 1);
    rig.write(0x220, 1);
    rig.write(0x270, 11);
    EXPECT_EQ(rig.read(0x270), 11U);
    EXPECT_EQ(rig.read(0x234), 16U);
    rig.write(0x238, 4);
    rig.write(0x280, kRam);
    rig.write(0x290, kRam + 0x100);
    rig.write(0x2a0, kRam + 0x200);
    rig.write(0x244, 1);
    EXPECT_EQ(rig.read(0x244), 1U);
    rig.write(0x230, 1);
    EXPECT_EQ(rig.read(0x234), 0U);
    rig.write(0x270, 15);

    rig.machine.store<u64>(kRam, kRam + 0x1000);
    rig.machine.store<u64>(kRam + 8, 1 | u64{1} << 32 | u64{1} << 48);
    rig.machine.store<u64>(kRam + 16, kRam + 0x1001);
    rig.machine.store<u64>(kRam + 24, 1 | u64{2} << 32);
    rig.machine.store<u8>(kRam + 0x1000, 21);
    rig.machine.store<u16>(kRam + 0x102, 1);
    rig.write(0x250, 0);
    while (!rig.lines[1].level) {
        std::this_thread::yield();
    }
    EXPECT_EQ(rig.machine.load<u8>(kRam + 0x1001), 42);
    EXPECT_EQ(rig.read(0x260), 1U);
    rig.write(0x264, 1);
    EXPECT_FALSE(rig.lines[1].level);
    rig.write(0x270, 0);
    EXPECT_EQ(rig.read(0x270), 0U);
    EXPECT_EQ(rig.read(0x244), 0U);
    rig.slots.bus(1).detach(device);
}

}  // namespace
}  // namespace kelvin::device
