// SPDX-License-Identifier: Apache-2.0
// The chips of a PC on a root bus of their own, driven as firmware does.
#include <gtest/gtest.h>

#include <array>
#include <vector>

#include "bus/pci/config_registers.h"
#include "device/chipset/north_bridge.h"
#include "device/chipset/pirq_router.h"
#include "device/chipset/system_ports.h"

namespace kelvin::device {
namespace {

struct Line {
    bool level = false;
    unsigned rises = 0;
    void set(bool now) {
        rises += now && !level ? 1U : 0U;
        level = now;
    }
};

struct Rig {
    explicit Rig(NorthBridge::Model model) {
        ram[0] = 0x11;        // at A0000
        ram[0x20000] = 0x22;  // at C0000
        ram[0x50000] = 0x33;  // at F0000
        rom[0] = 0x44;        // at E0000
        rom[0x10000] = 0x55;  // at F0000
        auto shadow = ShadowRam::create(map, ram, rom);
        EXPECT_TRUE(shadow);
        bus::pci::HostBridge::Board board;
        board.windows = {{{0xb0000000}, 0x10000000, 0xb0000000, false}};
        board.memory = &map;
        board.interrupts.resize(4);
        board.function = std::make_unique<NorthBridge>(model, std::move(*shadow));
        host = std::make_unique<bus::pci::HostBridge>(std::move(board));
        ports = std::make_unique<ConfigPorts>(host->ecam(), wire_to<&Line::set>(reset));
        EXPECT_TRUE(map.add_mmio({0xb0000000}, 0x10000000, host->window(0), "pci", memory::Locking::handler));
    }
    void write_config(u32 offset, unsigned size, u32 value) {
        ports->write(0, 4, 0x80000000 | (offset & 0xfc));
        ports->write(4 + offset % 4, size, value);
    }
    u64 read_config(u32 offset, unsigned size) {
        ports->write(0, 4, 0x80000000 | (offset & 0xfc));
        return ports->read(4 + offset % 4, size);
    }
    u64 load(u64 address) {
        u64 value = 0xee;
        map.read({address}, 1, value);
        return value;
    }
    void store(u64 address, u8 value) { map.write({address}, 1, value); }

    memory::AddressMap map;
    std::vector<u8> ram = std::vector<u8>(ShadowRam::kSize);
    std::vector<u8> rom = std::vector<u8>(0x20000);
    Line reset;
    std::unique_ptr<bus::pci::HostBridge> host;
    std::unique_ptr<ConfigPorts> ports;
};

TEST(NorthBridge, ShowsRomFirstAndRamWhereItIsTold) {
    Rig rig(NorthBridge::Model::q35);
    EXPECT_EQ(rig.read_config(0, 4), 0x29c08086U);
    EXPECT_EQ(rig.load(0xe0000), 0x44U);
    EXPECT_EQ(rig.load(0xf0000), 0x55U);
    EXPECT_EQ(rig.load(0xc0000), 0xeeU);
    rig.store(0xf0000, 0x99);
    EXPECT_EQ(rig.load(0xf0000), 0x55U);

    rig.write_config(0x90, 1, 0x20);  // F0000: stores change RAM, loads see the ROM
    rig.store(0xf0000, 0x66);
    EXPECT_EQ(rig.load(0xf0000), 0x55U);
    EXPECT_EQ(rig.ram[0x50000], 0x66);
    rig.write_config(0x90, 1, 0x10);  // RAM that cannot be written
    EXPECT_EQ(rig.load(0xf0000), 0x66U);
    rig.store(0xf0000, 0x77);
    EXPECT_EQ(rig.load(0xf0000), 0x66U);
    rig.write_config(0x91, 1, 0x03);
    EXPECT_EQ(rig.load(0xc0000), 0x22U);
    EXPECT_EQ(rig.load(0xc4000), 0xeeU);
    rig.write_config(0x91, 1, 0x33);
    rig.store(0xc7fff, 0x12);
    EXPECT_EQ(rig.ram[0x27fff], 0x12);

    rig.host->function().reset();
    EXPECT_EQ(rig.load(0xf0000), 0x55U);
    EXPECT_EQ(rig.load(0xc0000), 0xeeU);
}

TEST(NorthBridge, TheOlderOneHasTheMapElsewhere) {
    Rig rig(NorthBridge::Model::i440fx);
    EXPECT_EQ(rig.read_config(0, 4), 0x12378086U);
    rig.write_config(0x59, 1, 0x30);
    EXPECT_EQ(rig.load(0xf0000), 0x33U);
    rig.write_config(0x60, 4, 0xb0000001);
    EXPECT_EQ(rig.load(0xb0000000), 0xffU) << "no configuration space in memory";
}

TEST(NorthBridge, ManagementMemoryOpensUntilItIsLocked) {
    Rig rig(NorthBridge::Model::q35);
    EXPECT_EQ(rig.load(0xa0000), 0xeeU);
    rig.write_config(0x9d, 1, 0x4a);
    EXPECT_EQ(rig.load(0xa0000), 0x11U);
    rig.write_config(0x9d, 1, 0x5a);
    EXPECT_EQ(rig.load(0xa0000), 0xeeU);
    EXPECT_EQ(rig.read_config(0x9d, 1), 0x1aU);
    rig.write_config(0x9d, 1, 0x4a);
    EXPECT_EQ(rig.load(0xa0000), 0xeeU);
    EXPECT_EQ(rig.read_config(0x9d, 1), 0x1aU);
    rig.host->function().reset();
    rig.write_config(0x9d, 1, 0x4a);
    EXPECT_EQ(rig.load(0xa0000), 0x11U);
}

TEST(NorthBridge, ConfigurationSpaceComesAndGoes) {
    Rig rig(NorthBridge::Model::q35);
    rig.write_config(0x60, 4, 0xb0000001);
    u64 value = 0;
    EXPECT_TRUE(rig.map.read({0xb0000000}, 4, value));
    EXPECT_EQ(value, 0x29c08086U);
    EXPECT_TRUE(rig.map.write({0xb0000060}, 4, 0));
    EXPECT_TRUE(rig.map.read({0xb0000000}, 4, value));
    EXPECT_EQ(value, 0xffffffffU);
}

TEST(ConfigPorts, OnlyAnEnabledAddressLeadsSomewhere) {
    Rig rig(NorthBridge::Model::q35);
    rig.ports->write(0, 4, 0);
    EXPECT_EQ(rig.ports->read(4, 4), 0xffffffffU);
    rig.ports->write(0, 2, 0x8000);  // of bytes and words it takes nothing
    EXPECT_EQ(rig.ports->read(0, 4), 0U);
    rig.ports->write(0, 4, 0xffffffff);
    EXPECT_EQ(rig.ports->read(0, 4), 0x80fffffcU);
    EXPECT_EQ(rig.ports->read(4, 4), 0xffffffffU);
}

TEST(ConfigPorts, ResetControlActsOnTheRisingBit) {
    Rig rig(NorthBridge::Model::q35);
    rig.ports->write(1, 1, 0x02);
    EXPECT_EQ(rig.reset.rises, 0U);
    rig.ports->write(1, 1, 0x06);
    rig.ports->write(1, 1, 0x06);
    EXPECT_EQ(rig.reset.rises, 1U);
    EXPECT_EQ(rig.ports->read(1, 1), 0x06U);
    rig.ports->reset();
    EXPECT_EQ(rig.ports->read(1, 1), 0U);
}

TEST(ControlPortA, PulsesReset) {
    Line reset;
    ControlPortA port(wire_to<&Line::set>(reset));
    EXPECT_EQ(port.read(0, 1), 2U);
    port.write(0, 1, 0);
    EXPECT_EQ(port.read(0, 1), 0U);
    EXPECT_EQ(reset.rises, 0U);
    port.write(0, 1, 3);
    EXPECT_EQ(reset.rises, 1U);
    EXPECT_FALSE(reset.level);
}

struct Routed {
    std::array<Line, 16> isa;
    std::array<Line, 8> own;
    static std::vector<Wire> wires(std::span<Line> lines) {
        std::vector<Wire> all;
        for (Line& line : lines) {
            all.push_back(wire_to<&Line::set>(line));
        }
        return all;
    }
    PirqRouter router{8, wires(isa), wires(own)};
};

TEST(PirqRouter, FollowsRoutesAndSharesThem) {
    Routed rig;
    const Wire first = rig.router.input(0);
    const Wire second = rig.router.input(5);
    first.set(true);
    EXPECT_TRUE(rig.own[0].level);
    rig.router.set_route(0, 10);
    EXPECT_TRUE(rig.isa[10].level);
    rig.router.set_route(5, 10);
    second.set(true);
    first.set(false);
    EXPECT_TRUE(rig.isa[10].level) << "the other still drives it";
    EXPECT_FALSE(rig.own[0].level);
    rig.router.set_route(5, 11);
    EXPECT_FALSE(rig.isa[10].level);
    EXPECT_TRUE(rig.isa[11].level);
    rig.router.set_route(5, PirqRouter::kOff);
    EXPECT_FALSE(rig.isa[11].level);
    EXPECT_EQ(rig.isa[10].rises, 1U);
}

}  // namespace
}  // namespace kelvin::device
