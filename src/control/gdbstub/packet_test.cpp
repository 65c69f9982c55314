// SPDX-License-Identifier: Apache-2.0
#include "control/gdbstub/packet.h"

#include <gtest/gtest.h>

#include <random>

namespace kelvin::gdbstub {
namespace {

using Kind = Incoming::Kind;

/// What comes of `text`, but for the beginnings of packets.
std::vector<Incoming> read(PacketReader& reader, std::string_view text) {
    std::vector<Incoming> incoming;
    for (const char c : text) {
        reader.take(static_cast<u8>(c), incoming);
    }
    std::erase_if(incoming, [](const Incoming& one) { return one.kind == Kind::begun; });
    return incoming;
}

TEST(Packet, ChecksumIsTheSumOfTheBytes) {
    EXPECT_EQ(frame("OK"), "$OK#9a");
    EXPECT_EQ(frame(""), "$#00");
}

TEST(Packet, WhatIsFramedIsRead) {
    PacketReader reader;
    const std::string binary("}#$*\x03\0+", 7);
    const auto incoming = read(reader, "+" + frame("m1,2") + "\x03" + frame("X" + escape(binary)) + "-");
    ASSERT_EQ(incoming.size(), 5U);
    EXPECT_EQ(incoming[0].kind, Kind::acknowledged);
    EXPECT_EQ(incoming[1].payload, "m1,2");
    EXPECT_EQ(incoming[2].kind, Kind::interrupt);
    EXPECT_EQ(incoming[3].payload, "X" + binary);
    EXPECT_EQ(incoming[4].kind, Kind::resend);
}

TEST(Packet, DamageIsSeenAndPassedOver) {
    PacketReader reader;
    EXPECT_EQ(read(reader, "$g#00")[0].kind, Kind::damaged);
    EXPECT_EQ(read(reader, "$g#zz")[0].kind, Kind::damaged);
    // The end of the first was lost.
    const auto incoming = read(reader, "$m1,$g#67");
    ASSERT_EQ(incoming.size(), 1U);
    EXPECT_EQ(incoming[0].payload, "g");
}

TEST(Packet, OneWithoutEndIsNotKept) {
    PacketReader reader;
    const auto incoming = read(reader, frame(std::string(10 * kMaxPayload, 'a')) + frame("g"));
    ASSERT_EQ(incoming.size(), 2U);
    EXPECT_EQ(incoming[0].kind, Kind::too_long);
    EXPECT_EQ(incoming[1].payload, "g");
}

TEST(Packet, AnyBytesAreSurvived) {
    const unsigned seed = std::random_device{}();
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    PacketReader reader;
    std::vector<Incoming> incoming;
    constexpr std::string_view kFrequent = "$#}+-\x03";
    for (unsigned i = 0; i < 200000; i++) {
        const auto choice = static_cast<u32>(random());
        reader.take(choice % 4 == 0 ? static_cast<u8>(kFrequent[choice / 4 % 6]) : static_cast<u8>(choice >> 8),
                    incoming);
    }
    EXPECT_FALSE(incoming.empty());
    read(reader, "##00");
    EXPECT_EQ(read(reader, frame("g")).back().payload, "g");
}

TEST(Packet, Hexadecimal) {
    EXPECT_EQ(to_hex(std::string_view("\x01\xfe")), "01fe");
    EXPECT_EQ(from_hex("01fe"), (std::vector<u8>{1, 0xfe}));
    EXPECT_FALSE(from_hex("01f"));
    EXPECT_FALSE(from_hex("0x"));
    EXPECT_FALSE(from_hex("-1"));
}

}  // namespace
}  // namespace kelvin::gdbstub
