// SPDX-License-Identifier: Apache-2.0
// For tests of network cards on PCI: memory, a cable, time, interrupts.
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <vector>

#include "base/loop_thread.h"
#include "base/test_timers.h"
#include "bus/pci/config_registers.h"
#include "device/network_card/card_options.h"
#include "device/network_card/test_cable.h"
#include "memory/address_map.h"

namespace kelvin::device::network_card {

/// Has one Card, whose registers are range kBar. Not for several threads.
template <class Card, unsigned kBar>
class TestMachine : private bus::pci::FunctionPort {
  public:
    static constexpr u64 kRam = 0x40000000;
    static constexpr u64 kRamSize = u64{1} << 20;
    static constexpr u64 kBuffers = kRam + 0x10000;
    static constexpr u64 kBufferSize = 2048;
    static constexpr std::array<u8, 6> kAddress = {0x52, 0x54, 0, 1, 2, 3};

    TestMachine() {
        auto block = memory::RamBlock::allocate(kRamSize);
        EXPECT_TRUE(block);
        EXPECT_TRUE(map.add_ram({kRam}, std::move(*block), "ram"));
        typename Card::Options options;
        options.mac = {kAddress};
        thread.loop.call([&] { card = std::make_unique<Card>(options, CardEnds{thread.loop, map, timers, cable}); });
        card->set_port(this, true);
        set_command(7);
    }
    ~TestMachine() override {
        card->set_port(nullptr, false);
        thread.loop.call([&] { card.reset(); });
    }
    TestMachine(const TestMachine&) = delete;
    TestMachine& operator=(const TestMachine&) = delete;

    void set_command(u16 command) { card->write_config(bus::pci::reg::kCommand, 2, command); }
    u32 read(u64 offset, unsigned size = 4) { return static_cast<u32>(card->bar(kBar).handler->read(offset, size)); }
    void write(u64 offset, u32 value, unsigned size = 4) { card->bar(kBar).handler->write(offset, size, value); }

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

    memory::AddressMap map;
    LoopThread thread;
    TestTimers timers;
    TestCable cable;
    std::unique_ptr<Card> card;
    bool line = false;
    std::vector<u32> messages;

  private:
    void set_intx(bool level) override { line = level; }
    void send_msi(u64, u32 data) override { messages.push_back(data); }
};

}  // namespace kelvin::device::network_card
