// SPDX-License-Identifier: Apache-2.0
#include "device/rtl8139/rtl8139.h"

#include <gtest/gtest.h>

#include "device/network_card/test_machine.h"

namespace kelvin::device {
namespace {

using namespace rtl;
using network_card::frame_to;
using network_card::packet_to;
using network_card::tagged;
using Machine = network_card::TestMachine<Rtl8139, 1>;

constexpr std::array<u8, 6> kOther = {0x52, 0x54, 0, 9, 9, 9};
constexpr std::array<u8, 6> kEverybody = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
constexpr u8 kOn = command::kTransmit | command::kReceive;

// Descriptors of C+ mode (9.2, 9.3).
constexpr u32 kOwn = 1U << 31;
constexpr u32 kRingEnd = 1U << 30;
constexpr u32 kFirst = 1U << 29;
constexpr u32 kLast = 1U << 28;
constexpr u32 kLarge = 1U << 27;

struct Host : Machine {
    static constexpr u64 kNormal = kRam;
    static constexpr u64 kHigh = kRam + 0x1000;
    static constexpr u64 kReceive = kRam + 0x2000;
    static constexpr u64 kByteRing = kRam + 0x80000;

    /// C mode, with a ring of 8 KiB.
    void start(u32 receive = rcr::kOwn | rcr::kBroadcast) {
        write(reg::kReceiveStart, kByteRing);
        write(reg::kCommand, kOn, 1);
        write(reg::kReceiveConfig, receive);
    }
    /// C+ mode: `config` besides that both ways are on.
    void start_plus(u16 config = 0) {
        write(reg::kPlusCommand, plus::kTransmit | plus::kReceive | config, 2);
        write(reg::kNormalRing, kNormal);
        write(reg::kNormalRing + 4, 0);
        write(reg::kHighRing, kHigh);
        write(reg::kHighRing + 4, 0);
        write(reg::kReceiveRing, kReceive);
        write(reg::kReceiveRing + 4, 0);
        write(reg::kCommand, kOn, 1);
        write(reg::kReceiveConfig, rcr::kOwn);
    }
    void put(u64 ring, u32 index, u32 options, u64 address, u32 tag = 0) const {
        store<u32>(ring + 16 * index + 4, tag);
        store<u64>(ring + 16 * index + 8, address);
        store<u32>(ring + 16 * index, options);
    }
    void poll(u8 which = poll::kNormal) {
        write(reg::kPoll, which, 1);
        settle();
    }
    /// Where the driver has read to.
    void consume(u32 to) { write(reg::kReadPointer, (to - 16) & 0xffff, 2); }
    bool is_empty() { return (read(reg::kCommand, 1) & command::kEmpty) != 0; }
};

TEST(Rtl8139, RegistersAfterReset) {
    Host host;
    EXPECT_EQ(host.card->read_config(0, 4), 0x813910ecU);
    EXPECT_EQ(host.card->read_config(8, 4), 0x02000020U);
    EXPECT_EQ(host.read(reg::kAddress), 0x01005452U);
    EXPECT_EQ(host.read(reg::kAddress + 4, 2), 0x0302U);
    EXPECT_EQ(host.read(reg::kTransmitConfig), 0x74800000U);
    EXPECT_EQ(host.read(reg::kTransmitStatus), tsd::kOwn);
    EXPECT_EQ(host.read(reg::kTransmitSummary, 2), 0x000fU);
    EXPECT_EQ(host.read(reg::kReadPointer, 2), 0xfff0U);
    EXPECT_TRUE(host.is_empty());
    EXPECT_EQ(host.read(reg::kModeStatus, 2), 0x782dU);
    EXPECT_EQ(host.read(reg::kMedia, 1), 0x10U);
    // Ports and memory are the same registers.
    EXPECT_EQ(host.card->bar(0).handler->read(reg::kTransmitConfig, 4), 0x74800000U);
    host.write(reg::kMask, 0xffff, 2);
    host.write(reg::kMulticast, 0x12345678);
    host.write(reg::kCommand, command::kReset, 1);
    EXPECT_EQ(host.read(reg::kCommand, 1), command::kEmpty);
    EXPECT_EQ(host.read(reg::kMask, 2), 0U);
    EXPECT_EQ(host.read(reg::kMulticast), 0x12345678U);
}

TEST(Rtl8139, ConfigurationIsLocked) {
    Host host;
    host.write(reg::kConfig1, 0xff, 1);
    EXPECT_EQ(host.read(reg::kConfig1, 1), 0x0cU);
    host.write(reg::kEeprom, 0xc0, 1);
    host.write(reg::kConfig1, 0xff, 1);
    EXPECT_EQ(host.read(reg::kConfig1, 1), 0xffU);
    host.write(reg::kEeprom, 0, 1);
    host.write(reg::kConfig1, 0, 1);
    EXPECT_EQ(host.read(reg::kConfig1, 1), 0xffU);
}

TEST(Rtl8139, EepromBitByBit) {
    Host host;
    const auto clock = [&](bool data) {
        const u32 pins = 0x88 | (data ? 2 : 0);
        host.write(reg::kEeprom, pins, 1);
        host.write(reg::kEeprom, pins | 4, 1);
        return (host.read(reg::kEeprom, 1) & 1) != 0;
    };
    const auto command = [&](std::string_view bits) {
        host.write(reg::kEeprom, 0x80, 1);
        for (const char bit : bits) {
            clock(bit == '1');
        }
    };
    const auto read = [&](std::string_view address) {
        command("110" + std::string(address));
        u32 word = 0;
        for (int count = 0; count < 16; ++count) {
            word = word << 1 | (clock(false) ? 1 : 0);
        }
        return word;
    };
    EXPECT_EQ(read("000000"), 0x8129U);
    EXPECT_EQ(read("000111"), 0x5452U);
    // Not before it is unlocked.
    command("1010001110000000000000001");
    EXPECT_EQ(read("000111"), 0x5452U);
    command("100110000");
    command("1010001110000000000000010");
    EXPECT_EQ(read("000111"), 2U);
    // And loaded from there.
    host.write(reg::kEeprom, 0x40, 1);
    EXPECT_EQ(host.read(reg::kAddress, 2), 2U);
    EXPECT_EQ(host.read(reg::kEeprom, 1) & 0xc0, 0U);
}

TEST(Rtl8139, SendsByFourRegisters) {
    Host host;
    host.start();
    host.write(reg::kMask, interrupt::kTransmitted, 2);
    const std::vector<u8> frame = frame_to(kOther, 100);
    const u64 at = host.place(frame);
    for (u32 index = 0; index < 4; ++index) {
        host.write(reg::kTransmitStart + 4 * index, static_cast<u32>(at));
    }
    host.write(reg::kTransmitStatus, 100);
    host.settle();
    ASSERT_EQ(host.cable.sent.size(), 1U);
    EXPECT_EQ(host.cable.sent[0], frame);
    EXPECT_EQ(host.read(reg::kTransmitStatus), 100 | tsd::kOwn | tsd::kDone);
    EXPECT_EQ(host.read(reg::kTransmitSummary, 2), 0x100fU);
    EXPECT_TRUE(host.line);
    host.write(reg::kStatus, interrupt::kTransmitted, 2);
    EXPECT_FALSE(host.line);
    // In turn.
    host.write(reg::kTransmitStatus + 8, 100);
    host.settle();
    EXPECT_EQ(host.cable.sent.size(), 1U);
    host.write(reg::kTransmitStatus + 4, 70);
    host.settle();
    EXPECT_EQ(host.cable.sent.size(), 3U);
    EXPECT_EQ(host.cable.sent[1].size(), 70U);
    host.write(reg::kTransmitStart + 12, 16);
    host.write(reg::kTransmitStatus + 12, 100);
    host.settle();
    EXPECT_EQ(host.cable.sent.size(), 3U);
    EXPECT_NE(host.read(reg::kTransmitStatus + 12) & tsd::kAborted, 0U);
    // What is sent comes back in a loop (TCR.LBK).
    host.write(reg::kTransmitConfig, 3U << 17);
    host.write(reg::kReceiveConfig, rcr::kAll);
    host.write(reg::kTransmitStatus, 100);
    host.settle();
    EXPECT_EQ(host.cable.sent.size(), 3U);
    EXPECT_FALSE(host.is_empty());
}

TEST(Rtl8139, ReceivesIntoARingOfBytes) {
    Host host;
    host.start();
    host.write(reg::kMask, interrupt::kReceived, 2);
    const std::vector<u8> frame = frame_to(Host::kAddress, 1001);
    EXPECT_TRUE(host.receive(frame));
    EXPECT_TRUE(host.line);
    EXPECT_FALSE(host.is_empty());
    EXPECT_EQ(host.load<u32>(Host::kByteRing), 0x4001U | 1005U << 16);
    EXPECT_EQ(host.bytes(Host::kByteRing + 4, 1001), frame);
    EXPECT_EQ(network_card::frame_check_sequence(host.bytes(Host::kByteRing + 4, 1005)), 0x2144df1cU);
    EXPECT_EQ(host.read(reg::kWritePointer, 2), 1012U);
    for (int count = 0; count < 7; ++count) {
        EXPECT_TRUE(host.receive(frame));
    }
    // It is full: the ninth waits.
    EXPECT_FALSE(host.receive(frame));
    host.consume(1012);
    host.settle();
    EXPECT_EQ(host.cable.readies, 1);
    EXPECT_TRUE(host.receive(frame));
    // 8096 to 916: around the end, at which the header and the begin are.
    EXPECT_EQ(host.load<u32>(Host::kByteRing + 8096), 0x4001U | 1005U << 16);
    EXPECT_EQ(host.bytes(Host::kByteRing + 8100, 92), std::vector<u8>(frame.begin(), frame.begin() + 92));
    EXPECT_EQ(host.bytes(Host::kByteRing, 909), std::vector<u8>(frame.begin() + 92, frame.end()));
    EXPECT_EQ(host.read(reg::kWritePointer, 2), 916U);
    host.consume(916);
    EXPECT_TRUE(host.is_empty());
}

TEST(Rtl8139, AFrameMayPassTheEndOfTheRing) {
    Host host;
    host.start(rcr::kOwn | rcr::kWrap);
    const std::vector<u8> frame = frame_to(Host::kAddress, 1001);
    for (int count = 0; count < 8; ++count) {
        EXPECT_TRUE(host.receive(frame));
    }
    host.consume(8096);
    EXPECT_TRUE(host.receive(frame));
    EXPECT_EQ(host.bytes(Host::kByteRing + 8100, 1001), frame);
    EXPECT_EQ(host.read(reg::kWritePointer, 2), 916U);
}

TEST(Rtl8139, Filters) {
    Host host;
    host.start();
    u32 before = 0;
    const auto comes = [&](const std::array<u8, 6>& target, std::size_t size = 60) {
        EXPECT_TRUE(host.receive(frame_to(target, size)));
        const u32 now = host.read(reg::kWritePointer, 2);
        return std::exchange(before, now) != now;
    };
    // The hash of this one is 0x1f by Ethernet's polynomial.
    constexpr std::array<u8, 6> kGroup = {0x01, 0, 0x5e, 0, 0, 1};
    EXPECT_TRUE(comes(Host::kAddress));
    EXPECT_TRUE(comes(kEverybody));
    EXPECT_FALSE(comes(kOther));
    EXPECT_FALSE(comes(kGroup));
    EXPECT_FALSE(comes(Host::kAddress, 1600));
    host.write(reg::kReceiveConfig, rcr::kMulticast);
    EXPECT_FALSE(comes(kGroup));
    EXPECT_FALSE(comes(Host::kAddress));
    host.write(reg::kMulticast + 0, 1U << 31);
    EXPECT_TRUE(comes(kGroup));
    host.write(reg::kReceiveConfig, rcr::kAll);
    EXPECT_TRUE(comes(kOther));
    host.write(reg::kCommand, command::kTransmit, 1);
    EXPECT_FALSE(comes(kOther));
}

TEST(Rtl8139, SendsByDescriptors) {
    Host host;
    host.start_plus();
    host.write(reg::kMask, interrupt::kTransmitted, 2);
    const std::vector<u8> frame = frame_to(kOther, 100);
    const u64 at = host.place(frame);
    host.put(Host::kNormal, 0, kOwn | kFirst | 40, at);
    host.put(Host::kNormal, 1, kOwn | kLast | kRingEnd | 60, at + 40, 1U << 17 | 0x0320);
    host.put(Host::kHigh, 0, kOwn | kFirst | kLast | 80, at);
    host.poll(poll::kNormal | poll::kHigh);
    ASSERT_EQ(host.cable.sent.size(), 2U);
    EXPECT_EQ(host.cable.sent[0].size(), 80U);
    EXPECT_EQ(host.cable.sent[1], tagged(frame, 0x2003));
    EXPECT_EQ(host.load<u32>(Host::kNormal + 16), kLast | kRingEnd | 60);
    EXPECT_TRUE(host.line);
    // Back at the begin of the ring.
    host.put(Host::kNormal, 0, kOwn | kFirst | kLast | 90, at);
    host.poll();
    ASSERT_EQ(host.cable.sent.size(), 3U);
    // What it has counted.
    host.write(reg::kTally + 4, 0);
    host.write(reg::kTally, static_cast<u32>(Host::buffer(5)) | 1U << 3);
    EXPECT_EQ(host.load<u64>(Host::buffer(5)), 3U);
    EXPECT_EQ(host.read(reg::kTally), Host::buffer(5));
}

TEST(Rtl8139, PutsSumsInAndCutsPackets) {
    Host host;
    host.start_plus();
    const std::vector<u8> good = packet_to(kOther, true, 3000);
    std::vector<u8> packet = good;
    network_card::put_big16(packet, 24, 0x1111);
    network_card::put_big16(packet, 50, 0x2222);
    const u64 at = host.place(packet);
    const u32 size = static_cast<u32>(packet.size());
    host.put(Host::kNormal, 0, kOwn | kFirst | kLast | 1U << 18 | 1U << 16 | size, at);
    host.put(Host::kNormal, 1, kOwn | kFirst | kLast | kLarge | 1400U << 16 | size, at);
    host.poll();
    ASSERT_EQ(host.cable.sent.size(), 4U);
    EXPECT_EQ(host.cable.sent[0], good);
    std::vector<u8> data;
    for (u32 index = 0; index < 3; ++index) {
        const std::vector<u8>& frame = host.cable.sent[1 + index];
        EXPECT_TRUE(network_card::sums_are_right(frame));
        EXPECT_EQ(network_card::big32(frame, 38), 1000 + 1400 * index);
        EXPECT_EQ(frame[47], index < 2 ? 0x10 : 0x19);
        data.insert(data.end(), frame.begin() + 54, frame.end());
    }
    EXPECT_EQ(data, std::vector<u8>(good.begin() + 54, good.end()));
}

TEST(Rtl8139, ReceivesIntoDescriptors) {
    Host host;
    host.start_plus(plus::kSums | plus::kTags);
    EXPECT_FALSE(host.receive(frame_to(Host::kAddress, 60)));
    host.put(Host::kReceive, 0, kOwn | 1536, Host::buffer(0));
    host.put(Host::kReceive, 1, kOwn | 64, Host::buffer(1));
    host.put(Host::kReceive, 2, kOwn | kRingEnd | 1536, Host::buffer(2));
    const std::vector<u8> packet = packet_to(Host::kAddress, true, 100);
    EXPECT_TRUE(host.receive(tagged(packet, 0x2003)));
    constexpr u32 kMine = 1U << 25;
    EXPECT_EQ(host.load<u32>(Host::kReceive), kFirst | kLast | kMine | 1U << 16 | (154 + 4));
    EXPECT_EQ(host.load<u32>(Host::kReceive + 4), 0x10320U);
    EXPECT_EQ(host.bytes(Host::buffer(0), 154), packet);
    // In two, with a sum that is wrong.
    std::vector<u8> wrong = packet_to(Host::kAddress, false, 100);
    wrong.back() ^= 1;
    EXPECT_TRUE(host.receive(wrong));
    EXPECT_EQ(host.load<u32>(Host::kReceive + 16), kFirst | kMine | 2U << 16 | 1U << 14 | 64);
    EXPECT_EQ(host.load<u32>(Host::kReceive + 32), kRingEnd | kLast | kMine | 2U << 16 | 1U << 14 | (142 + 4));
    EXPECT_EQ(host.bytes(Host::buffer(2), 78), std::vector<u8>(wrong.begin() + 64, wrong.end()));
    EXPECT_FALSE(host.receive(packet));
}

TEST(Rtl8139, ADriverGivesDescriptorsBackInSilence) {
    Host host;
    host.start_plus();
    EXPECT_FALSE(host.receive(frame_to(Host::kAddress, 60)));
    for (int tries = 0; tries < 5000 && host.cable.readies == 0; ++tries) {
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
        host.settle();
    }
    EXPECT_GE(host.cable.readies, 1);
}

TEST(Rtl8139, TimerAndLink) {
    Host host;
    host.write(reg::kMask, interrupt::kTimeOut | interrupt::kLinkChanged, 2);
    host.write(reg::kTimer, 1000);
    host.write(reg::kCounter, 0);
    host.timers.advance(29'000);
    EXPECT_FALSE(host.line);
    host.timers.advance(1'500);
    EXPECT_EQ(host.read(reg::kCounter), 1016U);
    EXPECT_TRUE(host.line);
    host.write(reg::kStatus, 0xffff, 2);
    EXPECT_FALSE(host.line);
    host.thread.loop.call([&] { host.cable.plug(false); });
    EXPECT_TRUE(host.line);
    EXPECT_EQ(host.read(reg::kMedia, 1), 0x14U);
    EXPECT_EQ(host.read(reg::kModeStatus, 2), 0x7809U);
}

TEST(Rtl8139, SavedAndLoaded) {
    Host host;
    host.start_plus();
    const std::vector<u8> frame = frame_to(kOther, 100);
    const u64 at = host.place(frame);
    host.put(Host::kNormal, 0, kOwn | kFirst | 40, at);
    host.poll();
    host.write(reg::kTimer, 1000);
    state::Json saved;
    host.thread.loop.call([&] { saved = *host.card->savable()->save(); });
    host.card->reset();
    host.thread.loop.call([&] {
        const auto outcome = host.card->savable()->load(saved);
        EXPECT_TRUE(outcome) << outcome.error().message();
        EXPECT_EQ(*host.card->savable()->save(), saved);
    });
    host.put(Host::kNormal, 1, kOwn | kLast | 60, at + 40);
    host.poll();
    ASSERT_EQ(host.cable.sent.size(), 1U);
    EXPECT_EQ(host.cable.sent[0], frame);
    saved["chip"]["receive_index"] = 64;
    host.thread.loop.call([&] { EXPECT_FALSE(host.card->savable()->load(saved)); });
}

}  // namespace
}  // namespace kelvin::device
