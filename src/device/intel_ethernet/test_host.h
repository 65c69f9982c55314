// SPDX-License-Identifier: Apache-2.0
// For tests of cards with one of Intel's controllers: memory, a cable, rings, interrupts.
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <vector>

#include "base/loop_thread.h"
#include "base/test_timers.h"
#include "bus/pci/config_registers.h"
#include "device/intel_ethernet/registers.h"
#include "device/network_card/test_cable.h"
#include "memory/address_map.h"

namespace kelvin::device::intel {

/// Drives one Card on PCI. Not for several threads.
template <class Card>
class TestHost : private bus::pci::FunctionPort {
  public:
    static constexpr u64 kRam = 0x40000000;
    static constexpr u64 kRamSize = u64{1} << 20;
    static constexpr u64 kTransmitRing = kRam;
    static constexpr u64 kReceiveRing = kRam + 0x1000;
    static constexpr u64 kBuffers = kRam + 0x10000;
    static constexpr u64 kBufferSize = 2048;
    static constexpr u32 kEntries = 16;
    static constexpr std::array<u8, 6> kAddress = {0x52, 0x54, 0, 1, 2, 3};

    TestHost() {
        auto block = memory::RamBlock::allocate(kRamSize);
        EXPECT_TRUE(block);
        EXPECT_TRUE(map.add_ram({kRam}, std::move(*block), "ram"));
        typename Card::Options options;
        options.mac = {kAddress};
        thread.loop.call([&] {
            card = std::make_unique<Card>(options, network_card::CardEnds{thread.loop, map, timers, cable});
        });
        card->set_port(this, true);
        set_command(7);
    }
    ~TestHost() override {
        card->set_port(nullptr, false);
        thread.loop.call([&] { card.reset(); });
    }
    TestHost(const TestHost&) = delete;
    TestHost& operator=(const TestHost&) = delete;

    void set_command(u16 command) { card->write_config(bus::pci::reg::kCommand, 2, command); }
    u32 read(u64 offset) { return static_cast<u32>(card->bar(0).handler->read(offset, 4)); }
    void write(u64 offset, u32 value) { card->bar(0).handler->write(offset, 4, value); }

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
    /// Where buffer `index` is.
    static u64 buffer(u64 index) { return kBuffers + index * kBufferSize; }
    /// Returns when the card has done what it was told before.
    void settle() {
        thread.loop.call([] {});
        thread.loop.call([] {});
    }

    /// What a driver writes to have frames come and go: rings of kEntries descriptors.
    void start(u32 receive = rctl::kEnable | rctl::kBroadcast | rctl::kStripSequence) {
        set_up_ring(reg::kTransmitRing, kTransmitRing);
        set_up_ring(reg::kReceiveRing, kReceiveRing);
        write(reg::kTransmit, tctl::kEnable | tctl::kPad);
        write(reg::kReceive, receive);
        tail = 0;
    }
    void set_up_ring(u32 registers, u64 at) {
        write(registers, static_cast<u32>(at));
        write(registers + 4, static_cast<u32>(at >> 32));
        write(registers + reg::kRingSize, kEntries * 16);
        write(registers + reg::kRingHead, 0);
        write(registers + reg::kRingTail, 0);
    }
    /// Gives `count` buffers, from the first on, in legacy descriptors.
    void give_buffers(u32 count) {
        for (u32 index = 0; index < count; ++index) {
            store<u64>(kReceiveRing + 16 * index, buffer(index));
            store<u64>(kReceiveRing + 16 * index + 8, 0);
        }
        write(reg::kReceiveRing + reg::kRingTail, count);
    }
    /// The half of a receive descriptor that the card writes: size, sum, status, errors, tag.
    u64 report(u32 index) const { return load<u64>(kReceiveRing + 16 * index + 8); }

    /// Puts a descriptor into the transmit ring; kick() tells the card.
    void offer(u64 address, u32 command, u32 fields = 0) {
        const u64 at = kTransmitRing + 16 * u64{tail};
        store<u64>(at, address);
        store<u32>(at + 8, command);
        store<u32>(at + 12, fields);
        tail = (tail + 1) % kEntries;
    }
    void kick() {
        write(reg::kTransmitRing + reg::kRingTail, tail);
        settle();
    }
    /// Copies `frame` to a buffer's place; where that is.
    u64 place(std::span<const u8> frame, u64 index = 32) {
        EXPECT_TRUE(map.copy_out({buffer(index)}, frame));
        return buffer(index);
    }
    bool receive(std::vector<u8> frame, backend::FrameOffload offload = {}) {
        bool taken = false;
        thread.loop.call([&] { taken = cable.deliver(frame, offload); });
        return taken;
    }
    u16 read_phy(u32 index) {
        write(reg::kMdi, 2U << 26 | 1U << 21 | index << 16);
        const u32 answer = read(reg::kMdi);
        EXPECT_EQ(answer >> 28 & 7, 1U);
        return static_cast<u16>(answer);
    }
    void write_phy(u32 index, u16 value) { write(reg::kMdi, 1U << 26 | 1U << 21 | index << 16 | value); }

    memory::AddressMap map;
    LoopThread thread;
    TestTimers timers;
    network_card::TestCable cable;
    std::unique_ptr<Card> card;
    bool line = false;
    std::vector<u32> messages;
    u32 tail = 0;

  private:
    void set_intx(bool level) override { line = level; }
    void send_msi(u64, u32 data) override { messages.push_back(data); }
};

}  // namespace kelvin::device::intel
