// SPDX-License-Identifier: Apache-2.0
#include "device/e1000/e1000.h"

#include <gtest/gtest.h>

#include "device/intel_ethernet/test_host.h"

namespace kelvin::device {
namespace {

using namespace intel;
using network_card::frame_to;
using network_card::packet_to;
using network_card::tagged;
using Host = TestHost<E1000>;

constexpr std::array<u8, 6> kOther = {0x52, 0x54, 0, 9, 9, 9};
constexpr std::array<u8, 6> kEverybody = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

// Commands of descriptors (8254x 3.3).
constexpr u32 kEnd = 1U << 24;
constexpr u32 kInsertSum = 1U << 26;
constexpr u32 kSegment = 1U << 26;
constexpr u32 kReport = 1U << 27;
constexpr u32 kExtension = 1U << 29;
constexpr u32 kTag = 1U << 30;
constexpr u32 kDelay = 1U << 31;
constexpr u32 kData = kExtension | 1U << 20;

// What receive descriptors say (3.2.3).
constexpr u64 kDoneAndEnd = u64{3} << 32;
u64 status_of(u64 report) {
    return report >> 32 & 0xff;
}
u64 errors_of(u64 report) {
    return report >> 40 & 0xff;
}

TEST(E1000, RegistersAfterReset) {
    Host host;
    EXPECT_EQ(host.card->read_config(0, 4), 0x100e8086U);
    EXPECT_EQ(host.card->read_config(8, 4), 0x02000003U);
    EXPECT_EQ(host.read(reg::kStatus), 0x283U);
    EXPECT_EQ(host.read(0x1000), 0x00100030U);
    EXPECT_EQ(host.read(reg::kVlanType), 0x8100U);
    // The address comes from the EEPROM.
    EXPECT_EQ(host.read(reg::kAddresses), 0x01005452U);
    EXPECT_EQ(host.read(reg::kAddresses + 4), 0x80000302U);
    EXPECT_EQ(host.read(0x0040), 0x01005452U);
    host.write(reg::kAddresses, 7);
    host.write(reg::kTransmitRing + 4, 1);
    host.write(reg::kTransmitRing, 0xffffffff);
    EXPECT_EQ(host.read(0x0420), 0xfffffff0U);
    host.write(reg::kControl, ctrl::kReset);
    EXPECT_EQ(host.read(reg::kAddresses), 0x01005452U);
    EXPECT_EQ(host.read(reg::kTransmitRing), 0U);
    EXPECT_EQ(host.read(reg::kControl) & ctrl::kReset, 0U);
    // Nothing of the 82574's.
    host.write(reg::kVectors, ~0U);
    EXPECT_EQ(host.read(reg::kVectors), 0U);
    EXPECT_EQ(host.read(0x1fffc), 0U);
}

TEST(E1000, RegistersThroughPorts) {
    Host host;
    memory::MmioHandler& ports = *host.card->bar(1).handler;
    ports.write(0, 4, reg::kVlanType);
    EXPECT_EQ(ports.read(0, 4), reg::kVlanType);
    EXPECT_EQ(ports.read(4, 4), 0x8100U);
    ports.write(4, 4, 0x88a8);
    EXPECT_EQ(host.read(reg::kVlanType), 0x88a8U);
    ports.write(0, 4, 0xffffffff);
    ports.write(4, 4, 1);
    EXPECT_EQ(ports.read(4, 4), 0U);
    EXPECT_EQ(ports.read(8, 4), 0U);
}

TEST(E1000, EepromByRegisterAndBitByBit) {
    Host host;
    u32 sum = 0;
    const auto word = [&](u32 address) {
        host.write(reg::kEepromRead, 1 | address << 8);
        const u32 answer = host.read(reg::kEepromRead);
        EXPECT_NE(answer & 1U << 4, 0U);
        return answer >> 16;
    };
    for (u32 address = 0; address < 64; ++address) {
        sum += word(address);
    }
    EXPECT_EQ(sum & 0xffff, 0xbabaU);
    EXPECT_EQ(word(0), 0x5452U);

    host.write(reg::kEeprom, eecd::kRequest);
    EXPECT_NE(host.read(reg::kEeprom) & eecd::kGrant, 0U);
    u32 pins = eecd::kRequest | eecd::kSelect;
    host.write(reg::kEeprom, pins);
    const auto clock = [&](bool data) {
        pins = (pins & ~eecd::kInput) | (data ? eecd::kInput : 0);
        host.write(reg::kEeprom, pins);
        host.write(reg::kEeprom, pins | eecd::kClock);
        const bool out = (host.read(reg::kEeprom) & eecd::kOutput) != 0;
        host.write(reg::kEeprom, pins);
        return out;
    };
    // Start, read, address 2.
    for (const char bit : std::string_view("110000010")) {
        clock(bit == '1');
    }
    u32 read = 0;
    for (int count = 0; count < 16; ++count) {
        read = read << 1 | (clock(false) ? 1 : 0);
    }
    EXPECT_EQ(read, 0x0302U);
    host.write(reg::kEeprom, 0);
    EXPECT_EQ(host.read(reg::kEeprom) & eecd::kGrant, 0U);
}

TEST(E1000, TransceiverAndLink) {
    Host host;
    EXPECT_EQ(host.read_phy(2), 0x0141U);
    EXPECT_EQ(host.read_phy(3), 0x0c20U);
    EXPECT_EQ(host.read_phy(1) & 0x24, 0x24);
    host.write(reg::kMaskSet, cause::kLinkChanged);
    host.thread.loop.call([&] { host.cable.plug(false); });
    EXPECT_TRUE(host.line);
    EXPECT_EQ(host.read(reg::kStatus) & status::kLinkUp, 0U);
    EXPECT_EQ(host.read(reg::kCause), cause::kLinkChanged);
    EXPECT_FALSE(host.line);
    host.thread.loop.call([&] { host.cable.plug(true); });
    EXPECT_EQ(host.read(reg::kStatus) & status::kLinkUp, status::kLinkUp);
    // A link that was lost is told once.
    EXPECT_EQ(host.read_phy(1) & 0x24, 0x20);
    EXPECT_EQ(host.read_phy(1) & 0x24, 0x24);
    host.read(reg::kCause);
    host.write_phy(0, 0x1340);
    EXPECT_EQ(host.read(reg::kCause), cause::kLinkChanged);
    EXPECT_EQ(host.read_phy(0), 0x1140);
    host.write_phy(0, 0x1940);
    EXPECT_EQ(host.read(reg::kStatus) & status::kLinkUp, 0U);
    host.write(reg::kControl, ctrl::kPhyReset);
    EXPECT_EQ(host.read(reg::kStatus) & status::kLinkUp, status::kLinkUp);
    // Nobody else is on that bus.
    host.write(reg::kMdi, 2U << 26 | 2U << 21 | 1U << 16);
    EXPECT_EQ(host.read(reg::kMdi) >> 28 & 7, 5U);
}

TEST(E1000, SendsFramesOfSeveralDescriptors) {
    Host host;
    host.start();
    const std::vector<u8> frame = frame_to(kOther, 100);
    const u64 at = host.place(frame);
    host.offer(at, 40);
    host.offer(at + 40, 60 | kEnd | kReport);
    host.write(reg::kMaskSet, cause::kTransmitted);
    host.kick();
    ASSERT_EQ(host.cable.sent.size(), 1U);
    EXPECT_EQ(host.cable.sent[0], frame);
    EXPECT_EQ(host.load<u32>(Host::kTransmitRing + 12), 0U);
    EXPECT_EQ(host.load<u32>(Host::kTransmitRing + 28), 1U);
    EXPECT_EQ(host.read(reg::kTransmitRing + reg::kRingHead), 2U);
    EXPECT_TRUE(host.line);
    EXPECT_EQ(host.read(reg::kCause), cause::kTransmitted | cause::kTransmitEmpty);
    // A short one is filled up, one without any memory lost.
    host.offer(at, 20 | kEnd);
    host.offer(16, 100 | kEnd);
    host.offer(at, 0 | kEnd);
    host.kick();
    ASSERT_EQ(host.cable.sent.size(), 3U);
    EXPECT_EQ(host.cable.sent[1].size(), 60U);
    EXPECT_EQ(host.cable.sent[1][19], frame[19]);
    EXPECT_EQ(host.cable.sent[1][20], 0);
    EXPECT_EQ(host.read(reg::kGoodTransmitted), 3U);
    EXPECT_EQ(host.read(reg::kGoodTransmitted), 0U);
    // Not while the host has not allowed it.
    host.set_command(0);
    host.offer(at, 100 | kEnd);
    host.kick();
    EXPECT_EQ(host.cable.sent.size(), 3U);
    host.set_command(4);
    host.settle();
    EXPECT_EQ(host.cable.sent.size(), 4U);
}

TEST(E1000, PutsSumsIn) {
    Host host;
    host.start();
    std::vector<u8> frame = packet_to(kOther, true, 100);
    const std::vector<u8> good = frame;
    network_card::put_big16(frame, 24, 0);
    const u32 pseudo = network_card::internet_sum(std::span(frame).subspan(26, 8)) + 120 + 6;
    network_card::put_big16(frame, 50, network_card::internet_sum({}, pseudo));
    const u64 at = host.place(frame);
    const u32 size = static_cast<u32>(frame.size());
    // IPCSS 14, IPCSO 24, IPCSE 33; TUCSS 34, TUCSO 50, TUCSE 0.
    host.offer(u64{14} | u64{24} << 8 | u64{33} << 16 | u64{34} << 32 | u64{50} << 40, kExtension);
    host.offer(at, size | kData | kEnd, 3U << 8);
    // The legacy descriptor sums one thing.
    host.offer(at, size | kEnd | kInsertSum | 50U << 16, 34U << 8);
    host.kick();
    ASSERT_EQ(host.cable.sent.size(), 2U);
    EXPECT_EQ(host.cable.sent[0], good);
    EXPECT_EQ(network_card::big16(host.cable.sent[1], 50), network_card::big16(good, 50));
    EXPECT_EQ(network_card::big16(host.cable.sent[1], 24), 0);
}

TEST(E1000, CutsPackets) {
    Host host;
    host.start();
    std::vector<u8> packet = packet_to(kOther, true, 2500);
    const std::vector<u8> data(packet.begin() + 54, packet.end());
    network_card::put_big16(packet, 16, 0);
    network_card::put_big16(packet, 24, 0);
    const u32 pseudo = network_card::internet_sum(std::span(packet).subspan(26, 8)) + 6;
    network_card::put_big16(packet, 50, network_card::internet_sum({}, pseudo));
    const u64 at = host.place(packet);
    host.offer(u64{14} | u64{24} << 8 | u64{33} << 16 | u64{34} << 32 | u64{50} << 40,
               kExtension | kSegment | 3U << 24 | 2500, 54U << 8 | 1000U << 16);
    host.offer(at, 54 | kData | kSegment, 3U << 8);
    host.offer(at + 54, 1500 | kData | kSegment);
    host.offer(at + 1554, 1000 | kData | kSegment | kEnd | kReport);
    host.kick();
    ASSERT_EQ(host.cable.sent.size(), 3U);
    std::vector<u8> received;
    for (u32 index = 0; index < 3; ++index) {
        const std::vector<u8>& frame = host.cable.sent[index];
        EXPECT_EQ(frame.size(), index < 2 ? 1054U : 554U);
        EXPECT_TRUE(network_card::sums_are_right(frame));
        EXPECT_EQ(network_card::big16(frame, 18), 0x1234 + index);
        EXPECT_EQ(network_card::big32(frame, 38), 1000 + 1000 * index);
        EXPECT_EQ(frame[47], index < 2 ? 0x10 : 0x19);
        received.insert(received.end(), frame.begin() + 54, frame.end());
    }
    EXPECT_EQ(received, data);
    EXPECT_EQ(host.read(reg::kSegmented), 1U);
}

TEST(E1000, HostilePacketsToBeCut) {
    Host host;
    host.start();
    const auto context = [&](u32 header, u32 segment) {
        host.offer(0, kExtension | kSegment, header << 8 | segment << 16);
    };
    context(54, 0);
    host.offer(Host::kBuffers, 0xfffff | kData | kSegment | kEnd);
    context(0, 100);
    host.offer(Host::kBuffers, 1000 | kData | kSegment | kEnd);
    host.kick();
    EXPECT_TRUE(host.cable.sent.empty());
    context(255, 1);
    host.offer(Host::kRam, 0xfffff | kData | kSegment | kEnd);
    host.kick();
    EXPECT_LT(host.cable.sent.size(), 3000U);
    // New measures while a packet is half cut.
    context(54, 100);
    host.offer(Host::kBuffers, 120 | kData | kSegment);
    context(10, 10);
    host.offer(Host::kBuffers, 1000 | kData | kSegment | kEnd);
    host.offer(Host::kBuffers, 100 | kEnd);
    host.cable.sent.clear();
    host.kick();
    EXPECT_EQ(host.cable.sent.size(), 1U);
    // A head or tail outside of the ring.
    host.write(reg::kTransmitRing + reg::kRingTail, 0xffff);
    host.settle();
    host.write(reg::kTransmitRing + reg::kRingHead, 0xffff);
    host.kick();
    EXPECT_EQ(host.cable.sent.size(), 1U);
}

TEST(E1000, ReceivesIntoTheRing) {
    Host host;
    host.start();
    host.write(reg::kMaskSet, cause::kReceived);
    EXPECT_FALSE(host.receive(frame_to(Host::kAddress, 100)));
    host.give_buffers(4);
    host.settle();
    EXPECT_EQ(host.cable.readies, 1);
    const std::vector<u8> frame = frame_to(Host::kAddress, 100);
    EXPECT_TRUE(host.receive(frame));
    EXPECT_EQ(host.report(0), 100 | kDoneAndEnd | u64{4} << 32 | u64{network_card::internet_sum(frame)} << 16);
    EXPECT_EQ(host.bytes(Host::buffer(0), 100), frame);
    EXPECT_EQ(host.read(reg::kReceiveRing + reg::kRingHead), 1U);
    EXPECT_TRUE(host.line);
    EXPECT_EQ(host.read(reg::kCause) & cause::kReceived, cause::kReceived);
    EXPECT_FALSE(host.line);
    // With the check sequence, if it is not stripped.
    host.write(reg::kReceive, rctl::kEnable);
    EXPECT_TRUE(host.receive(frame_to(Host::kAddress, 30)));
    EXPECT_EQ(host.report(1) & 0xffff, 64U);
    const std::vector<u8> whole = host.bytes(Host::buffer(1), 64);
    EXPECT_EQ(network_card::frame_check_sequence(whole), 0x2144df1cU);
    // In several buffers: jumbo frames.
    host.write(reg::kReceive, rctl::kEnable | rctl::kLong | rctl::kStripSequence);
    EXPECT_TRUE(host.receive(frame_to(Host::kAddress, 3000)));
    EXPECT_EQ(host.report(2) & 0xffffffffff, 2048 | u64{1} << 32);
    EXPECT_EQ(host.report(3) & 0xff0000ffff, 952 | kDoneAndEnd | u64{4} << 32);
    EXPECT_FALSE(host.receive(frame_to(Host::kAddress, 100)));
    EXPECT_EQ(host.read(reg::kGoodReceived), 3U);
    EXPECT_EQ(host.read(reg::kReceivedBySize), 1U);
    // Nothing waits for a receiver that is off.
    host.write(reg::kReceive, 0);
    host.settle();
    EXPECT_EQ(host.cable.readies, 2);
    EXPECT_TRUE(host.receive(frame_to(Host::kAddress, 100)));
}

TEST(E1000, Filters) {
    Host host;
    host.start();
    host.give_buffers(15);
    u32 head = 0;
    const auto comes = [&](const std::vector<u8>& frame) {
        EXPECT_TRUE(host.receive(frame));
        const u32 now = host.read(reg::kReceiveRing + reg::kRingHead);
        return std::exchange(head, now) != now;
    };
    constexpr std::array<u8, 6> kGroup = {0x01, 0, 0x5e, 0x12, 0x34, 0x56};
    EXPECT_TRUE(comes(frame_to(Host::kAddress, 60)));
    EXPECT_FALSE(comes(frame_to(kOther, 60)));
    EXPECT_TRUE(comes(frame_to(kEverybody, 60)));
    EXPECT_FALSE(comes(frame_to(kGroup, 60)));
    EXPECT_FALSE(comes(frame_to(Host::kAddress, 1600)));
    EXPECT_EQ(host.read(reg::kTooLong), 1U);
    // MTA with RCTL.MO 0: bits [47:36] of the address.
    const u32 hash = 0x5634 >> 4;
    host.write(reg::kMulticast + 4 * (hash >> 5), 1U << (hash & 31));
    EXPECT_TRUE(comes(frame_to(kGroup, 60)));
    host.write(reg::kMulticast + 4 * (hash >> 5), 0);
    host.write(reg::kReceive, rctl::kEnable | rctl::kAllMulticast);
    EXPECT_TRUE(comes(frame_to(kGroup, 60)));
    host.write(reg::kReceive, rctl::kEnable | rctl::kAllUnicast);
    EXPECT_TRUE(comes(frame_to(kOther, 60)));
    EXPECT_FALSE(comes(frame_to(kEverybody, 60)));
    host.write(reg::kAddresses + 8, 0x09005452);
    host.write(reg::kAddresses + 12, 0x80000909);
    host.write(reg::kReceive, rctl::kEnable | rctl::kVlanFilter);
    EXPECT_TRUE(comes(frame_to(kOther, 60)));
    EXPECT_FALSE(comes(tagged(frame_to(kOther, 60), 0x2005)));
    host.write(reg::kVlans, 1U << 5);
    EXPECT_TRUE(comes(tagged(frame_to(kOther, 60), 0x2005)));
    host.write(reg::kReceive, rctl::kEnable | rctl::kVlanFilter | rctl::kFormatFilter | rctl::kFormat);
    EXPECT_FALSE(comes(tagged(frame_to(kOther, 60), 0x2005)));
}

TEST(E1000, TagsAndSumsOfWhatComes) {
    Host host;
    host.start();
    host.give_buffers(8);
    host.write(reg::kReceiveSums, rxcsum::kNetwork | rxcsum::kTransport);
    host.write(reg::kControl, ctrl::kVlanMode);
    const std::vector<u8> packet = packet_to(Host::kAddress, true, 50);
    EXPECT_TRUE(host.receive(tagged(packet, 0x6007)));
    EXPECT_EQ(host.report(0) & 0xffff, packet.size());
    EXPECT_EQ(host.report(0) >> 48, 0x6007U);
    EXPECT_EQ(status_of(host.report(0)), 0x6bU);
    EXPECT_EQ(host.bytes(Host::buffer(0), packet.size()), packet);
    std::vector<u8> wrong = packet_to(Host::kAddress, false, 50);
    wrong.back() ^= 1;
    EXPECT_TRUE(host.receive(wrong));
    EXPECT_EQ(status_of(host.report(1)), 0x63U);
    EXPECT_EQ(errors_of(host.report(1)), 0x20U);
    wrong[22] ^= 1;
    EXPECT_TRUE(host.receive(wrong));
    EXPECT_EQ(errors_of(host.report(2)), 0x60U);
    // The host's end vouches for it, or has left the sum out.
    EXPECT_TRUE(host.receive(wrong, {.flags = backend::FrameOffload::kChecksumValid}));
    EXPECT_EQ(errors_of(host.report(3)), 0U);
    std::vector<u8> unfinished = packet;
    const u32 pseudo = network_card::internet_sum(std::span(packet).subspan(26, 8)) + 70 + 6;
    network_card::put_big16(unfinished, 50, network_card::internet_sum({}, pseudo));
    EXPECT_TRUE(host.receive(
        unfinished, {.flags = backend::FrameOffload::kNeedsChecksum, .checksum_start = 34, .checksum_offset = 16}));
    EXPECT_EQ(host.bytes(Host::buffer(4), packet.size()), packet);
    // And out again.
    const u64 at = host.place(packet);
    host.offer(at, static_cast<u32>(packet.size()) | kEnd | kTag, 0x2003U << 16);
    host.kick();
    ASSERT_EQ(host.cable.sent.size(), 1U);
    EXPECT_EQ(host.cable.sent[0], tagged(packet, 0x2003));
}

TEST(E1000, InterruptsLaterAndNotTooOften) {
    Host host;
    host.start();
    host.give_buffers(12);
    host.write(reg::kMaskSet, cause::kReceived | cause::kTransmitted | cause::kReceiveLow);
    // RDTR and RADV in units of 1.024 us.
    host.write(reg::kReceiveDelay, 100);
    host.write(reg::kReceiveDelayMost, 150);
    EXPECT_TRUE(host.receive(frame_to(Host::kAddress, 60)));
    host.timers.advance(80 * 1024);
    EXPECT_FALSE(host.line);
    EXPECT_TRUE(host.receive(frame_to(Host::kAddress, 60)));
    host.timers.advance(69 * 1024);
    EXPECT_FALSE(host.line);
    host.timers.advance(2 * 1024);
    EXPECT_TRUE(host.line);
    EXPECT_EQ(host.read(reg::kCause), cause::kReceived);
    EXPECT_TRUE(host.receive(frame_to(Host::kAddress, 60)));
    host.write(reg::kReceiveDelay, 1U << 31);
    EXPECT_TRUE(host.line);
    host.read(reg::kCause);
    // TIDV, for descriptors that ask for it.
    host.write(reg::kTransmitDelay, 10);
    const u64 at = host.place(frame_to(kOther, 60));
    host.offer(at, 60 | kEnd | kReport | kDelay);
    host.kick();
    EXPECT_FALSE(host.line);
    host.timers.advance(11 * 1024);
    EXPECT_EQ(host.read(reg::kCause) & cause::kTransmitted, cause::kTransmitted);
    // ITR in units of 256 ns.
    host.write(reg::kThrottle, 1000);
    EXPECT_TRUE(host.receive(frame_to(Host::kAddress, 60)));
    EXPECT_TRUE(host.line);
    // Half of the ring is left: RXDMT0.
    EXPECT_EQ(host.read(reg::kCause) & cause::kReceiveLow, cause::kReceiveLow);
    EXPECT_TRUE(host.receive(frame_to(Host::kAddress, 60)));
    EXPECT_FALSE(host.line);
    host.timers.advance(256'000);
    EXPECT_TRUE(host.line);
    EXPECT_EQ(host.read(reg::kCause), cause::kReceived);
    // ICS, ICR with ones, IMC.
    host.write(reg::kThrottle, 0);
    host.write(reg::kCauseSet, cause::kTransmitted | cause::kReceived);
    host.write(reg::kCause, cause::kTransmitted);
    EXPECT_TRUE(host.line);
    host.write(reg::kMaskClear, cause::kReceived);
    EXPECT_FALSE(host.line);
    EXPECT_EQ(host.read(reg::kMaskSet), cause::kTransmitted | cause::kReceiveLow);
    EXPECT_EQ(host.read(reg::kCause), cause::kReceived);
}

TEST(E1000, WhatIsSentComesBackInALoop) {
    Host host;
    host.start(rctl::kEnable | rctl::kAllUnicast | rctl::kStripSequence);
    host.give_buffers(4);
    host.write_phy(0, 0x5140);
    const std::vector<u8> frame = frame_to(kOther, 80);
    const u64 at = host.place(frame);
    host.offer(at, 80 | kEnd);
    host.kick();
    EXPECT_TRUE(host.cable.sent.empty());
    EXPECT_EQ(host.bytes(Host::buffer(0), 80), frame);
}

TEST(E1000, SavedWithAPacketThatIsHalfThere) {
    Host host;
    host.start();
    const std::vector<u8> frame = frame_to(kOther, 100);
    const u64 at = host.place(frame);
    host.offer(at, 40);
    host.kick();
    host.write_phy(4, 0x0061);
    state::Json saved;
    host.thread.loop.call([&] {
        host.card->savable()->quiesce();
        saved = *host.card->savable()->save();
    });
    host.card->reset();
    EXPECT_EQ(host.read(reg::kTransmitRing + reg::kRingSize), 0U);
    host.thread.loop.call([&] {
        const auto outcome = host.card->savable()->load(saved);
        EXPECT_TRUE(outcome) << outcome.error().message();
        EXPECT_EQ(*host.card->savable()->save(), saved);
    });
    EXPECT_EQ(host.read_phy(4), 0x0061);
    host.offer(at + 40, 60 | kEnd);
    host.kick();
    ASSERT_EQ(host.cable.sent.size(), 1U);
    EXPECT_EQ(host.cable.sent[0], frame);
    saved["controller"]["transmitters"][0]["frame"] = std::string(2 * 20000, '0');
    host.thread.loop.call([&] { EXPECT_FALSE(host.card->savable()->load(saved)); });
}

}  // namespace
}  // namespace kelvin::device
