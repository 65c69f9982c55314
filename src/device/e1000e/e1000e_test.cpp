// SPDX-License-Identifier: Apache-2.0
#include "device/e1000e/e1000e.h"

#include <gtest/gtest.h>

#include "device/intel_ethernet/test_host.h"

namespace kelvin::device {
namespace {

using namespace intel;
using network_card::frame_to;
using network_card::packet_to;
using Host = TestHost<E1000e>;

constexpr std::array<u8, 6> kOther = {0x52, 0x54, 0, 9, 9, 9};
constexpr u32 kEnd = 1U << 24;
constexpr u32 kReport = 1U << 27;

/// IVAR: queue 0's, queue 1's, both ways, and the rest, each by a vector of its own.
constexpr u32 kFiveVectors = 0x000cba98;
constexpr u32 kOwnCauses = 0x1f << 20;

/// Vector n has data n.
void enable_messages(Host& host) {
    memory::MmioHandler& table = *host.card->bar(3).handler;
    for (u64 vector = 0; vector < Interrupts::kVectors; ++vector) {
        table.write(16 * vector, 4, 0x1000);
        table.write(16 * vector + 8, 4, vector);
        table.write(16 * vector + 12, 4, 0);
    }
    u32 at = host.card->read_config(bus::pci::reg::kCapabilities, 1);
    while (host.card->read_config(at, 1) != bus::pci::reg::capability::kMsix) {
        at = host.card->read_config(at + 1, 1);
    }
    host.card->write_config(at + 2, 2, 0x8000);
    host.write(reg::kVectors, kFiveVectors);
}

std::vector<u32> taken(Host& host) {
    return std::exchange(host.messages, {});
}
using Messages = std::vector<u32>;

TEST(E1000e, RegistersAfterReset) {
    Host host;
    EXPECT_EQ(host.card->read_config(0, 4), 0x10d38086U);
    EXPECT_EQ(host.card->read_config(0x2c, 4), 0x00008086U);
    EXPECT_EQ(host.read(reg::kStatus), 0x283U);
    EXPECT_EQ(host.read(0x1000), 0x00140014U);
    EXPECT_EQ(host.read(reg::kTransmitRing + 0x40), 0x403U);
    EXPECT_EQ(host.read_phy(2), 0x0141U);
    EXPECT_EQ(host.read_phy(3), 0x0cb1U);
    u32 sum = 0;
    for (u32 address = 0; address < 64; ++address) {
        host.write(reg::kEepromRead, 1 | address << 2);
        EXPECT_NE(host.read(reg::kEepromRead) & 2, 0U);
        sum += host.read(reg::kEepromRead) >> 16;
    }
    EXPECT_EQ(sum & 0xffff, 0xbabaU);
    host.write(reg::kEepromWrite, 1 | 5U << 2 | 0x1234U << 16);
    host.write(reg::kEepromRead, 1 | 5U << 2);
    EXPECT_EQ(host.read(reg::kEepromRead) >> 16, 0x1234U);
    // SMBI: who reads 0 has it.
    EXPECT_EQ(host.read(reg::kSemaphore), 0U);
    EXPECT_EQ(host.read(reg::kSemaphore), 1U);
    host.write(reg::kSemaphore, 0);
    EXPECT_EQ(host.read(reg::kSemaphore), 0U);
}

TEST(E1000e, ItsClock) {
    Host host;
    host.write(reg::kTimeIncrement, 2U << 24 | 10);
    host.timers.advance(800);
    EXPECT_EQ(host.read(reg::kTimeLow), 100U);
    host.write(reg::kTimeHigh, 7);
    host.write(reg::kTimeLow, 0xfffffff0);
    host.timers.advance(160);
    EXPECT_EQ(host.read(reg::kTimeLow), 4U);
    EXPECT_EQ(host.read(reg::kTimeHigh), 8U);
}

TEST(E1000e, ReadingCausesOnTheLine) {
    Host host;
    host.write(reg::kMaskSet, cause::kReceived);
    host.write(reg::kCauseSet, cause::kReceived | cause::kTransmitted);
    EXPECT_TRUE(host.line);
    // IAM is masked by a read, if CTRL_EXT says so.
    host.write(reg::kAutoMask, ~0U);
    host.write(reg::kExtended, ctrl_ext::kReadAutoMask);
    EXPECT_EQ(host.read(reg::kCause), cause::kAsserted | cause::kReceived | cause::kTransmitted);
    EXPECT_FALSE(host.line);
    EXPECT_EQ(host.read(reg::kMaskSet), 0U);
    EXPECT_EQ(host.read(reg::kCause), 0U);
}

TEST(E1000e, EachCauseHasItsMessage) {
    Host host;
    enable_messages(host);
    host.write(reg::kAutoClear, 0xfU << 20);
    host.write(reg::kMaskSet, kOwnCauses | cause::kLinkChanged);
    host.start();
    host.give_buffers(4);
    const u64 at = host.place(frame_to(kOther, 60));
    host.offer(at, 60 | kEnd | kReport);
    host.kick();
    EXPECT_EQ(taken(host), Messages{2});
    EXPECT_TRUE(host.receive(frame_to(Host::kAddress, 60)));
    EXPECT_EQ(taken(host), Messages{0});
    // EIAC has cleared these; the rest waits until the host has looked.
    host.thread.loop.call([&] { host.cable.plug(false); });
    host.thread.loop.call([&] { host.cable.plug(true); });
    EXPECT_EQ(taken(host), Messages{4});
    EXPECT_FALSE(host.line);
    EXPECT_EQ(host.read(reg::kCause), cause::kAsserted | cause::kOther | cause::kLinkChanged | cause::kTransmitEmpty);
    // Nothing is asserted: reading has no effect.
    host.write(reg::kCauseSet, cause::kTransmitLow);
    EXPECT_EQ(host.read(reg::kCause), cause::kTransmitLow);
    EXPECT_EQ(host.read(reg::kCause), cause::kTransmitLow);
    host.write(reg::kCause, cause::kTransmitLow);
    // A message masks its own cause, if CTRL_EXT says so.
    host.write(reg::kAutoMask, ~0U);
    host.write(reg::kExtended, ctrl_ext::kMessageAutoMask);
    EXPECT_TRUE(host.receive(frame_to(Host::kAddress, 60)));
    EXPECT_TRUE(host.receive(frame_to(Host::kAddress, 60)));
    EXPECT_EQ(taken(host), Messages{0});
    EXPECT_EQ(host.read(reg::kMaskSet), (kOwnCauses & ~cause::kReceiveQueue0) | cause::kLinkChanged);
    host.write(reg::kMaskSet, cause::kReceiveQueue0);
    EXPECT_EQ(taken(host), Messages{0});
    // EITR: not too often.
    host.write(reg::kExtended, 0);
    host.write(reg::kMaskSet, cause::kReceiveQueue0);
    host.write(reg::kThrottles, 1000);
    host.write(reg::kCauseSet, cause::kReceiveQueue0);
    host.write(reg::kCauseSet, cause::kReceiveQueue0);
    EXPECT_EQ(taken(host), Messages{0});
    host.timers.advance(256'000);
    EXPECT_EQ(taken(host), Messages{0});
    // An entry that is not valid.
    host.write(reg::kVectors, 0);
    host.write(reg::kCauseSet, cause::kTransmitQueue0);
    EXPECT_EQ(taken(host), Messages{});
}

TEST(E1000e, ExtendedDescriptors) {
    Host host;
    host.start();
    host.write(reg::kReceiveFilter, kExtendedStatus);
    host.write(reg::kReceiveSums, rxcsum::kNetwork | rxcsum::kTransport);
    host.give_buffers(4);
    const std::vector<u8> packet = packet_to(Host::kAddress, false, 100);
    EXPECT_TRUE(host.receive(packet));
    EXPECT_EQ(host.bytes(Host::buffer(0), packet.size()), packet);
    // The identification and the sum, then status, errors and the size.
    EXPECT_EQ(host.load<u32>(Host::kReceiveRing), 0U);
    EXPECT_EQ(host.load<u32>(Host::kReceiveRing + 4), 0x1234U | u32{network_card::internet_sum(packet)} << 16);
    EXPECT_EQ(host.report(0), (0x73 | 0x600) | packet.size() << 32);
}

/// With the key of Microsoft's verification suite, whose values are known.
TEST(E1000e, FramesAreSpreadOverTwoQueues) {
    constexpr std::array<u8, 40> kKey = {0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2, 0x41, 0x67,
                                         0x25, 0x3d, 0x43, 0xa3, 0x8f, 0xb0, 0xd0, 0xca, 0x2b, 0xcb,
                                         0xae, 0x7b, 0x30, 0xb4, 0x77, 0xcb, 0x2d, 0xa3, 0x80, 0x30,
                                         0xf2, 0x0c, 0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac, 0x01, 0xfa};
    Host host;
    host.start();
    constexpr u64 kSecondRing = Host::kRam + 0x2000;
    host.set_up_ring(reg::kReceiveRing + reg::kNextRing, kSecondRing);
    host.store<u64>(kSecondRing, Host::buffer(20));
    host.write(reg::kReceiveRing + reg::kNextRing + reg::kRingTail, 1);
    for (u32 index = 0; index < 10; ++index) {
        host.write(reg::kRssKey + 4 * index, kKey[4 * index] | u32{kKey[4 * index + 1]} << 8 |
                                                 u32{kKey[4 * index + 2]} << 16 | u32{kKey[4 * index + 3]} << 24);
    }
    host.write(reg::kReceiveFilter, kExtendedStatus);
    host.write(reg::kReceiveSums, rxcsum::kHash);
    host.write(reg::kMultiQueue, 1 | 1U << 16);
    // 66.9.149.187:2794 to 161.142.100.80:1766 comes to 0x51ccc178: entry 0x78.
    host.write(reg::kRedirection + 0x78, 0x80);
    std::vector<u8> packet = packet_to(Host::kAddress, true, 10);
    const std::array<u8, 12> addresses = {66,  9,  149,       187,        161,       142,
                                          100, 80, 2794 >> 8, 2794 & 255, 1766 >> 8, 1766 & 255};
    std::ranges::copy(addresses, packet.begin() + 26);
    EXPECT_TRUE(host.receive(packet));
    EXPECT_EQ(host.load<u32>(kSecondRing), 0x101U);
    EXPECT_EQ(host.load<u32>(kSecondRing + 4), 0x51ccc178U);
    EXPECT_EQ(host.bytes(Host::buffer(20), packet.size()), packet);
    EXPECT_EQ(host.read(reg::kReceiveRing + reg::kRingHead), 0U);
}

TEST(E1000e, HeadersApartFromData) {
    Host host;
    host.start(rctl::kEnable | rctl::kSplitDescriptors | rctl::kStripSequence | rctl::kLong);
    host.write(reg::kReceiveFilter, kExtendedStatus);
    // 128 bytes, 2, 2 and 0 KiB.
    host.write(reg::kSplit, 1 | 2U << 8 | 2U << 16);
    for (u32 index = 0; index < 4; ++index) {
        host.store<u64>(Host::kReceiveRing + 8 * index, Host::buffer(index));
        host.store<u64>(Host::kReceiveRing + 32 + 8 * index, Host::buffer(4 + index));
    }
    host.write(reg::kReceiveRing + reg::kRingTail, 2);
    const std::vector<u8> packet = packet_to(Host::kAddress, true, 3000);
    EXPECT_TRUE(host.receive(packet));
    EXPECT_EQ(host.report(0) >> 32, 54U);
    EXPECT_EQ(host.load<u64>(Host::kReceiveRing + 16), 54 | u64{1} << 15 | u64{2048} << 16 | u64{952} << 32);
    EXPECT_EQ(host.bytes(Host::buffer(0), 54), std::vector<u8>(packet.begin(), packet.begin() + 54));
    EXPECT_EQ(host.bytes(Host::buffer(2), 952), std::vector<u8>(packet.begin() + 54 + 2048, packet.end()));
    // No header that is known: everything in a row.
    const std::vector<u8> frame = frame_to(Host::kAddress, 1000);
    EXPECT_TRUE(host.receive(frame));
    EXPECT_EQ(host.report(2) >> 32, 128U);
    EXPECT_EQ(host.load<u64>(Host::kReceiveRing + 48), u64{872} << 16);
    EXPECT_EQ(host.bytes(Host::buffer(5), 872), std::vector<u8>(frame.begin() + 128, frame.end()));
}

TEST(E1000e, TheSecondTransmitQueue) {
    Host host;
    host.start();
    constexpr u64 kSecondRing = Host::kRam + 0x2000;
    constexpr u32 kRegisters = reg::kTransmitRing + reg::kNextRing;
    host.set_up_ring(kRegisters, kSecondRing);
    const std::vector<u8> frame = frame_to(kOther, 90);
    host.store<u64>(kSecondRing, host.place(frame));
    host.store<u64>(kSecondRing + 8, 90 | kEnd | kReport);
    host.write(kRegisters + reg::kRingTail, 1);
    host.settle();
    ASSERT_EQ(host.cable.sent.size(), 1U);
    EXPECT_EQ(host.cable.sent[0], frame);
    EXPECT_EQ(host.load<u32>(kSecondRing + 12), 1U);
    EXPECT_EQ(host.read(kRegisters + reg::kRingHead), 1U);
}

TEST(E1000e, SavedAndLoaded) {
    Host host;
    enable_messages(host);
    host.write(reg::kMaskSet, kOwnCauses);
    host.write(reg::kTimeIncrement, 2U << 24 | 10);
    host.write(reg::kCauseSet, cause::kReceiveQueue0 | cause::kLinkChanged);
    EXPECT_EQ(taken(host), (Messages{0, 4}));
    state::Json saved;
    host.thread.loop.call([&] {
        host.card->savable()->quiesce();
        saved = *host.card->savable()->save();
    });
    host.card->reset();
    host.thread.loop.call([&] {
        EXPECT_TRUE(host.card->savable()->load(saved));
        EXPECT_EQ(*host.card->savable()->save(), saved);
    });
    // The host knows of these already.
    EXPECT_EQ(taken(host), Messages{});
    host.write(reg::kCause, cause::kReceiveQueue0);
    host.write(reg::kCauseSet, cause::kReceiveQueue0);
    EXPECT_EQ(taken(host), Messages{0});
    saved["controller"]["registers"][0]["value"] = ~u32{0};
    host.thread.loop.call([&] { EXPECT_FALSE(host.card->savable()->load(saved)); });
}

}  // namespace
}  // namespace kelvin::device
