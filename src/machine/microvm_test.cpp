// SPDX-License-Identifier: Apache-2.0
#include "machine/microvm.h"

#include <gtest/gtest.h>

#include <fstream>

#include "device/virtio_mmio/virtio_mmio_slots.h"

namespace kelvin::machine {
namespace {

struct Line : backend::CharacterBackend {
    std::string sent;
    void write(std::span<const u8> bytes) override { sent.append(bytes.begin(), bytes.end()); }
    void set_receiver(backend::CharacterReceiver*) override {}
    void accept_input() override {}
};

struct Pins {
    struct Pin {
        int rises = 0;
        void set(bool level) { rises += level ? 1 : 0; }
    };
    std::array<Pin, 24> pins{};
    std::vector<Wire> wires() {
        std::vector<Wire> all;
        for (Pin& pin : pins) {
            all.push_back(wire_to<&Pin::set>(pin));
        }
        return all;
    }
};

TEST(Microvm, HasASerialPortAndSlots) {
    Line line;
    Pins pins;
    MicrovmConfig config{.ram_size = 64 << 20, .may_be_empty = true, .boot = {}};
    auto board = Microvm::create(config, line, pins.wires());
    ASSERT_TRUE(board) << board.error().message();
    Microvm& microvm = **board;
    microvm.ports().write(0x3f8, 1, 'K');
    EXPECT_EQ(line.sent, "K");
    microvm.ports().write(0x3f9, 1, 2);
    EXPECT_EQ(pins.pins[4].rises, 1);
    u64 magic = 0;
    EXPECT_TRUE(microvm.memory().read(Gpa{0xfeb00000}, 4, magic));
    EXPECT_EQ(magic, 0x74726976u);
    EXPECT_EQ(microvm.buses().size(), 9u);
    EXPECT_EQ(microvm.describe_memory(),
              "memory\n0x00000000-0x03ffffff ram\n0xfeb00000-0xfeb00fff virtio-mmio\n"
              "ports\n0x03f8-0x03ff serial0\n");
    EXPECT_TRUE(microvm.load());
}

TEST(Microvm, MuchMemoryContinuesBehindTheDevices) {
    Line line;
    Pins pins;
    MicrovmConfig config{.ram_size = u64{5} << 30, .may_be_empty = true, .boot = {}};
    auto board = Microvm::create(config, line, pins.wires());
    ASSERT_TRUE(board);
    const auto ranges = (*board)->memory().host_ranges();
    ASSERT_EQ(ranges.size(), 2u);
    EXPECT_EQ(ranges[0].size, u64{3} << 30);
    EXPECT_EQ(ranges[1].base.value, u64{4} << 30);
    EXPECT_EQ(ranges[1].size, u64{2} << 30);
}

TEST(Microvm, NeedsAKernelAndMemory) {
    Line line;
    Pins pins;
    const auto nothing = Microvm::create({.ram_size = 64 << 20, .boot = {}}, line, pins.wires());
    ASSERT_FALSE(nothing);
    EXPECT_NE(nothing.error().message().find("-kernel"), std::string::npos);
    EXPECT_FALSE(Microvm::create({.ram_size = 1 << 20, .may_be_empty = true, .boot = {}}, line, pins.wires()));
}

}  // namespace
}  // namespace kelvin::machine
