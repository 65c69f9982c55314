// SPDX-License-Identifier: Apache-2.0
// A host for tests of IDE channels: memory, a driver of ports and of the bus master, interrupts.
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <memory>
#include <thread>
#include <vector>

#include "backend/block/test_disk.h"
#include "base/loop_thread.h"
#include "bus/pci/config_registers.h"
#include "device/ata_drive/ata_disk.h"
#include "device/ide/piix_ide.h"
#include "device/ide/ports.h"
#include "memory/address_map.h"

namespace kelvin::device::ide {

/// PIIX3's function with a disk as the first drive of the first channel. Not for several threads.
class TestHost {
  public:
    static constexpr u64 kRam = 0x40000000;
    static constexpr u64 kRamSize = u64{4} << 20;
    static constexpr u64 kTable = kRam + 0x1000;
    static constexpr u64 kData = kRam + 0x10000;

    TestHost() : disk(thread.loop) {
        auto block = memory::RamBlock::allocate(kRamSize);
        EXPECT_TRUE(block);
        EXPECT_TRUE(map.add_ram({kRam}, std::move(*block), "ram"));
        plug_in();
    }
    ~TestHost() { unplug(); }
    TestHost(const TestHost&) = delete;
    TestHost& operator=(const TestHost&) = delete;

    void plug_in() {
        const auto follow = [](std::atomic<bool>& line) {
            return Wire([](void* context, bool level) { *static_cast<std::atomic<bool>*>(context) = level; }, &line);
        };
        thread.loop.call([&] {
            ide = std::make_unique<PiixIde>(bus::pci::FunctionOptions{}, PiixIde::Model::piix3, thread.loop, map,
                                            std::array{follow(lines[0]), follow(lines[1])});
            unit = std::make_unique<AtaDisk>(AtaOptions{}, disk);
        });
        EXPECT_TRUE(ide->buses()[0]->attach(*unit, false));
    }
    void unplug() {
        ide->buses()[0]->detach(*unit);
        thread.loop.call([&] {
            unit.reset();
            ide.reset();
        });
    }

    u8 in(u64 offset) { return static_cast<u8>(ide->command_block(channel).read(offset, 1)); }
    u16 in_word() { return static_cast<u16>(ide->command_block(channel).read(0, 2)); }
    void out(u64 offset, u8 value) { ide->command_block(channel).write(offset, 1, value); }
    void out_word(u16 value) { ide->command_block(channel).write(0, 2, value); }
    u8 alternate_status() { return static_cast<u8>(ide->control_block(channel).read(0, 1)); }
    void control(u8 value) { ide->control_block(channel).write(0, 1, value); }
    u64 master_in(u64 offset, unsigned size = 1) { return ide->bar(4).handler->read(8 * channel + offset, size); }
    void master_out(u64 offset, u64 value, unsigned size = 1) {
        ide->bar(4).handler->write(8 * channel + offset, size, value);
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

    struct Command {
        u8 code = 0;
        u16 features = 0;
        u16 count = 0;
        u64 lba = 0;
        u8 device = 0xe0;
        bool is_wide = false;
    };
    void issue(const Command& command) {
        out(port::kDevice, command.device);
        if (command.is_wide) {
            out(port::kCount, static_cast<u8>(command.count >> 8));
            for (unsigned i = 0; i < 3; ++i) {
                out(port::kLbaLow + i, static_cast<u8>(command.lba >> (24 + 8 * i)));
            }
        }
        out(port::kFeatures, static_cast<u8>(command.features));
        out(port::kCount, static_cast<u8>(command.count));
        for (unsigned i = 0; i < 3; ++i) {
            out(port::kLbaLow + i, static_cast<u8>(command.lba >> (8 * i)));
        }
        out(port::kStatus, command.code);
    }
    /// STATUS when the drive is no longer busy; interrupts stay.
    u8 wait() {
        for (int tries = 0; tries < 5000 && (alternate_status() & 0x80) != 0; ++tries) {
            std::this_thread::sleep_for(std::chrono::milliseconds(tries < 20 ? 0 : 1));
        }
        return alternate_status();
    }
    u8 run(const Command& command) {
        issue(command);
        return wait();
    }
    bool line() const { return lines.at(channel); }
    /// As much as the drive says it has, up to its next question.
    void read_words(std::vector<u8>& data, std::size_t count) {
        for (std::size_t i = 0; i < count; ++i) {
            const u16 word = in_word();
            data.push_back(static_cast<u8>(word));
            data.push_back(static_cast<u8>(word >> 8));
        }
    }
    void write_words(std::span<const u8> data) {
        for (std::size_t i = 0; i < data.size(); i += 2) {
            out_word(static_cast<u16>(data[i] | data[i + 1] << 8));
        }
    }
    struct Region {
        u64 address = 0;
        u32 size = 0;
    };
    void set_regions(const std::vector<Region>& regions) {
        for (std::size_t i = 0; i < regions.size(); ++i) {
            const u64 last = i + 1 == regions.size() ? u64{1} << 63 : 0;
            store<u64>(kTable + 8 * i, regions[i].address | u64{regions[i].size & 0xffff} << 32 | last);
        }
        master_out(master::kTableAt, kTable, 4);
        master_out(master::kStatusAt, master::kError | master::kInterrupt);
    }
    /// Returns when the channel has looked at everything that was told before.
    void settle() {
        thread.loop.call([] {});
        thread.loop.call([] {});
    }

    memory::AddressMap map;
    LoopThread thread;
    backend::TestDisk disk;
    std::unique_ptr<PiixIde> ide;
    std::unique_ptr<AtaDisk> unit;
    unsigned channel = 0;
    std::array<std::atomic<bool>, 2> lines{};
};

}  // namespace kelvin::device::ide
