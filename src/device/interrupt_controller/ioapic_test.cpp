// SPDX-License-Identifier: Apache-2.0
#include "device/interrupt_controller/ioapic.h"

#include <gtest/gtest.h>

#include <vector>

#include "bus/saved_registers.h"

namespace kelvin::device {
namespace {

struct Messages : bus::MsiController {
    std::vector<std::pair<u64, u32>> sent;
    void deliver(const bus::Msi& message) override { sent.emplace_back(message.address, message.data); }
    std::vector<std::pair<u64, u32>> take() { return std::exchange(sent, {}); }
};
using Sent = std::vector<std::pair<u64, u32>>;

struct IoapicTest : testing::Test {
    Messages messages;
    Ioapic ioapic{messages};

    u64 get(u8 which) {
        ioapic.write(0, 4, which);
        return ioapic.read(0x10, 4);
    }
    void put(u8 which, u32 value) {
        ioapic.write(0, 4, which);
        ioapic.write(0x10, 4, value);
    }
    void redirect(unsigned pin, u32 low, u32 high = 0) {
        put(static_cast<u8>(0x11 + 2 * pin), high);
        put(static_cast<u8>(0x10 + 2 * pin), low);
    }
    u64 entry(unsigned pin) { return get(static_cast<u8>(0x10 + 2 * pin)); }
    void line(unsigned pin, bool level) { ioapic.input(pin).set(level); }
};

TEST_F(IoapicTest, Registers) {
    EXPECT_EQ(get(1), 0x170020u);
    put(1, 0xffffffff);
    EXPECT_EQ(get(1), 0x170020u);
    put(0, 0xffffffff);
    EXPECT_EQ(get(0), 0x0f000000u);
    EXPECT_EQ(get(2), 0x0f000000u);
    EXPECT_EQ(entry(0), 0x10000u);
    redirect(0, 0xffffffff, 0xffffffff);
    EXPECT_EQ(entry(0), 0x1afffu);
    EXPECT_EQ(get(0x11), 0xff000000u);
    EXPECT_EQ(get(0x40), 0u);
    put(0xff, 1);
    EXPECT_EQ(get(0xff), 0u);
    EXPECT_EQ(ioapic.read(0, 4), 0xffu);
    EXPECT_EQ(ioapic.read(0x20, 4), 0u);
    ioapic.reset();
    EXPECT_EQ(entry(0), 0x10000u);
    EXPECT_EQ(get(0), 0u);
}

TEST_F(IoapicTest, AnEdgeIsOneMessage) {
    redirect(4, 0x0831, 0x03000000);  // logical
    line(4, true);
    EXPECT_EQ(messages.take(), (Sent{{0xfee03004, 0x4031}}));
    line(4, true);
    line(4, false);
    EXPECT_TRUE(messages.take().empty());
    redirect(4, 0x10831);
    line(4, true);
    redirect(4, 0x00831);
    EXPECT_TRUE(messages.take().empty());  // it was masked, and is lost
}

TEST_F(IoapicTest, ALevelIsSentAgainAfterItsEnd) {
    redirect(10, 0x18042);
    line(10, true);
    EXPECT_TRUE(messages.take().empty());
    redirect(10, 0x08042);
    EXPECT_EQ(messages.take(), (Sent{{0xfee00000, 0xc042}}));
    EXPECT_EQ(entry(10), 0xc042u);
    line(10, false);
    line(10, true);
    EXPECT_TRUE(messages.take().empty());
    ioapic.end_of_interrupt(0x41);
    EXPECT_TRUE(messages.take().empty());
    ioapic.end_of_interrupt(0x42);
    EXPECT_EQ(messages.take().size(), 1u);
    line(10, false);
    ioapic.write(0x40, 4, 0x42);
    EXPECT_EQ(entry(10), 0x8042u);
    EXPECT_TRUE(messages.take().empty());
}

TEST_F(IoapicTest, EdgeAndBackForgetsTheEnd) {
    redirect(10, 0x08042);
    line(10, true);
    EXPECT_EQ(messages.take().size(), 1u);
    put(0x10 + 20, 0x10042);
    EXPECT_EQ(entry(10), 0x10042u);
    put(0x10 + 20, 0x08042);
    EXPECT_EQ(messages.take().size(), 1u);
}

TEST_F(IoapicTest, OtherModesAreEdges) {
    redirect(2, 0x8400);  // NMI, by level
    line(2, true);
    EXPECT_EQ(messages.take(), (Sent{{0xfee00000, 0x4400}}));
    EXPECT_EQ(entry(2), 0x8400u);
    redirect(0, 0x0700, 0x01000000);  // ExtINT
    line(0, true);
    EXPECT_EQ(messages.take(), (Sent{{0xfee01000, 0x4700}}));
}

TEST_F(IoapicTest, SaveAndRestore) {
    redirect(10, 0x08042);
    line(10, true);
    messages.take();
    bus::SavedRegisters saver(ioapic);
    const state::Json saved = *saver.save();
    Ioapic second(messages);
    bus::SavedRegisters loader(second);
    ASSERT_TRUE(loader.load(saved));
    EXPECT_TRUE(messages.take().empty());
    second.end_of_interrupt(0x42);
    EXPECT_EQ(messages.take().size(), 1u);
    state::Json bad = saved;
    bad["redirections"][3] = u64{1} << 40;
    EXPECT_FALSE(loader.load(bad));
    bad = saved;
    bad["lines"] = u32{1} << 24;
    EXPECT_FALSE(loader.load(bad));
}

}  // namespace
}  // namespace kelvin::device
