// SPDX-License-Identifier: Apache-2.0
// A host for tests of AHCI controllers: memory, a driver of ports, interrupts.
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <memory>
#include <thread>
#include <vector>

#include "backend/block/test_disk.h"
#include "base/bits.h"
#include "base/loop_thread.h"
#include "bus/pci/config_registers.h"
#include "device/ahci/ahci.h"
#include "device/ata_drive/ata_disk.h"
#include "memory/address_map.h"

namespace kelvin::device::ahci {

/// A controller on PCI with a disk at port 0. Not for several threads.
class TestHost : private bus::pci::FunctionPort {
  public:
    static constexpr u64 kRam = 0x40000000;
    static constexpr u64 kRamSize = u64{4} << 20;
    /// Behind the command list, the frames and the tables of port 0.
    static constexpr u64 kData = kRam + 0x100000;
    static constexpr u64 kFrames = kRam + 0x1000;
    static constexpr u64 kTables = kRam + 0x10000;
    static constexpr u64 kTableSize = 0x1000;

    explicit TestHost(const AtaOptions& options = {}) : disk(thread.loop) {
        auto block = memory::RamBlock::allocate(kRamSize);
        EXPECT_TRUE(block);
        EXPECT_TRUE(map.add_ram({kRam}, std::move(*block), "ram"));
        plug_in(options);
    }
    ~TestHost() override { unplug(); }
    TestHost(const TestHost&) = delete;
    TestHost& operator=(const TestHost&) = delete;

    void plug_in(const AtaOptions& options = {}) {
        thread.loop.call([&] {
            ahci = std::make_unique<Ahci>(Ahci::Options{}, thread.loop, map, "ide");
            unit = std::make_unique<AtaDisk>(options, disk);
        });
        ahci->set_port(this, true);
        ahci->write_config(bus::pci::reg::kCommand, 2,
                           bus::pci::reg::command::kMemory | bus::pci::reg::command::kBusMaster);
        EXPECT_TRUE(ahci->buses()[0]->attach(*unit, false));
    }
    void unplug() {
        ahci->buses()[0]->detach(*unit);
        ahci->set_port(nullptr, false);
        thread.loop.call([&] {
            unit.reset();
            ahci.reset();
        });
    }

    u32 read(u64 offset) { return static_cast<u32>(ahci->bar(5).handler->read(offset, 4)); }
    void write(u64 offset, u32 value) { ahci->bar(5).handler->write(offset, 4, value); }
    u32 port(u64 offset, unsigned number = 0) { return read(reg::kPortsAt + number * reg::kPortSize + offset); }
    void set_port(u64 offset, u32 value, unsigned number = 0) {
        write(reg::kPortsAt + number * reg::kPortSize + offset, value);
    }

    template <class T>
    T load(u64 address) const {
        return map.slice({address}, sizeof(T))->template load_acquire<T>(0);
    }
    template <class T>
    void store(u64 address, T value) const {
        map.slice({address}, sizeof(T))->template store_release<T>(0, value);
    }
    std::vector<u8> bytes(u64 address, u64 size) const {
        std::vector<u8> out(size);
        EXPECT_TRUE(map.copy_in({address}, out));
        return out;
    }
    void put(u64 address, std::span<const u8> data) const { EXPECT_TRUE(map.copy_out({address}, data)); }

    /// The port runs and interrupts.
    void start() {
        write(reg::kControl, control::kAhciEnable | control::kInterruptEnable);
        set_port(port_reg::kCommandList, kRam);
        set_port(port_reg::kFrames, kFrames);
        set_port(port_reg::kSataError, ~u32{0});
        set_port(port_reg::kInterruptStatus, ~u32{0});
        write(reg::kInterruptStatus, ~u32{0});
        set_port(port_reg::kInterruptEnable, ~u32{0});
        set_port(port_reg::kCommand, command::kReceiveFrames | command::kStart);
    }
    void restart() {
        set_port(port_reg::kCommand, command::kReceiveFrames);
        start();
    }

    struct Region {
        u64 address = 0;
        u32 size = 0;
    };
    struct Command {
        u8 code = 0;
        u16 features = 0;
        u16 count = 0;
        u64 lba = 0;
        u8 device = 0x40;
        std::vector<Region> regions = {};
        std::array<u8, 12> packet = {};
        bool is_packet = false;
        bool is_write = false;
        bool is_control = false;
        u8 control = 0;
    };
    void prepare(unsigned slot, const Command& command) {
        const u64 table = kTables + slot * kTableSize;
        std::array<u8, 20> frame{};
        frame[0] = static_cast<u8>(Frame::host_registers);
        frame[1] = command.is_control ? 0 : 0x80;
        frame[2] = command.code;
        frame[3] = static_cast<u8>(command.features);
        frame[11] = static_cast<u8>(command.features >> 8);
        for (unsigned i = 0; i < 3; ++i) {
            frame[4 + i] = static_cast<u8>(command.lba >> (8 * i));
            frame[8 + i] = static_cast<u8>(command.lba >> (24 + 8 * i));
        }
        frame[7] = command.device;
        frame[12] = static_cast<u8>(command.count);
        frame[13] = static_cast<u8>(command.count >> 8);
        frame[15] = command.control;
        put(table, frame);
        put(table + kPacketAt, command.packet);
        for (std::size_t i = 0; i < command.regions.size(); ++i) {
            store<u64>(table + kRegionsAt + 16 * i, command.regions[i].address);
            store<u64>(table + kRegionsAt + 16 * i + 8, u64{command.regions[i].size - 1} << 32);
        }
        const u64 header = kRam + slot * header::kSize;
        store<u32>(header, static_cast<u32>(command.regions.size()) << 16 | 5 |
                               (command.is_packet ? header::kPacket : 0) | (command.is_write ? 0x40 : 0));
        store<u32>(header + 4, 0xdeadbeef);
        store<u64>(header + 8, table);
    }
    u32 transferred(unsigned slot = 0) const { return load<u32>(kRam + slot * header::kSize + 4); }

    template <class Condition>
    void wait(Condition&& condition) {
        for (int tries = 0; tries < 5000 && !condition(); ++tries) {
            std::this_thread::sleep_for(std::chrono::milliseconds(tries < 20 ? 0 : 1));
        }
        EXPECT_TRUE(condition());
    }
    /// Runs it in slot 0 until it has ended or failed; PxTFD then.
    u32 run(const Command& command) {
        prepare(0, command);
        set_port(port_reg::kCommandIssue, 1);
        wait([&] {
            return port(port_reg::kCommandIssue) == 0 ||
                   (port(port_reg::kInterruptStatus) & interrupt::kTaskFileError) != 0;
        });
        return port(port_reg::kTaskFile);
    }
    /// Runs a command of the ATA disk's that moves sectors; `bytes` of data at kData.
    u32 move(u8 code, u64 lba, u16 count, u32 size, bool is_write = false) {
        return run({.code = code, .count = count, .lba = lba, .regions = {{kData, size}}, .is_write = is_write});
    }
    /// Returns when the controller has looked at everything that was told before.
    void settle() {
        thread.loop.call([] {});
        thread.loop.call([] {});
    }

    memory::AddressMap map;
    LoopThread thread;
    backend::TestDisk disk;
    std::unique_ptr<Ahci> ahci;
    std::unique_ptr<AtaDisk> unit;
    std::atomic<bool> line = false;

  private:
    void set_intx(bool level) override { line = level; }
    void send_msi(u64, u32) override {}
};

}  // namespace kelvin::device::ahci
