// SPDX-License-Identifier: Apache-2.0
// For tests of cards with one of Intel's controllers: rings, and the transceiver.
#pragma once

#include "device/intel_ethernet/registers.h"
#include "device/network_card/test_machine.h"

namespace kelvin::device::intel {

template <class Card>
class TestHost : public network_card::TestMachine<Card, 0> {
    using Machine = network_card::TestMachine<Card, 0>;

  public:
    using Machine::buffer;
    using Machine::kRam;
    using Machine::read;
    using Machine::settle;
    using Machine::write;
    static constexpr u64 kTransmitRing = kRam;
    static constexpr u64 kReceiveRing = kRam + 0x1000;
    static constexpr u32 kEntries = 16;

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
            this->template store<u64>(kReceiveRing + 16 * index, buffer(index));
            this->template store<u64>(kReceiveRing + 16 * index + 8, 0);
        }
        write(reg::kReceiveRing + reg::kRingTail, count);
    }
    /// The half of a receive descriptor that the card writes: size, sum, status, errors, tag.
    u64 report(u32 index) const { return this->template load<u64>(kReceiveRing + 16 * index + 8); }

    /// Puts a descriptor into the transmit ring; kick() tells the card.
    void offer(u64 address, u32 command, u32 fields = 0) {
        const u64 at = kTransmitRing + 16 * u64{tail};
        this->template store<u64>(at, address);
        this->template store<u32>(at + 8, command);
        this->template store<u32>(at + 12, fields);
        tail = (tail + 1) % kEntries;
    }
    void kick() {
        write(reg::kTransmitRing + reg::kRingTail, tail);
        settle();
    }
    u16 read_phy(u32 index) {
        write(reg::kMdi, 2U << 26 | 1U << 21 | index << 16);
        const u32 answer = read(reg::kMdi);
        EXPECT_EQ(answer >> 28 & 7, 1U);
        return static_cast<u16>(answer);
    }
    void write_phy(u32 index, u16 value) { write(reg::kMdi, 1U << 26 | 1U << 21 | index << 16 | value); }

    u32 tail = 0;
};

}  // namespace kelvin::device::intel
