// SPDX-License-Identifier: Apache-2.0
#include "memory/port_map.h"

#include <gtest/gtest.h>

#include <vector>

namespace kelvin::memory {
namespace {

/// Answers with what was asked: 0xSSOO is `size` bytes at `offset`.
struct Recorder : MmioHandler {
    struct Access {
        u64 offset;
        unsigned size;
        u64 value;
        bool operator==(const Access&) const = default;
    };
    std::vector<Access> written;
    u64 read(u64 offset, unsigned size) override { return size << 8 | offset; }
    void write(u64 offset, unsigned size, u64 value) override { written.push_back({offset, size, value}); }
};

TEST(PortMap, AnswersWithItsOwnOffsets) {
    PortMap ports;
    Recorder serial;
    ASSERT_TRUE(ports.add(0x3f8, 8, serial, "serial0"));
    EXPECT_EQ(ports.read(0x3fa, 2), 0x202u);
    EXPECT_EQ(ports.read(0x3ff, 1), 7u);  // 0x107, of which one byte was asked for
    ports.write(0x3fc, 4, 0x12345678);
    EXPECT_EQ(serial.written, (std::vector<Recorder::Access>{{4, 4, 0x12345678}}));
    EXPECT_EQ(ports.describe(), "0x03f8-0x03ff serial0\n");
}

TEST(PortMap, NobodyIsAllOnes) {
    const PortMap ports;
    EXPECT_EQ(ports.read(0x80, 1), 0xffu);
    EXPECT_EQ(ports.read(0x80, 2), 0xffffu);
    EXPECT_EQ(ports.read(0xffff, 4), 0xffffffffu);
    ports.write(0x80, 1, 0);
}

TEST(PortMap, AccessesOverSeveralAreSplit) {
    PortMap ports;
    Recorder low;
    Recorder high;
    ASSERT_TRUE(ports.add(0x60, 1, low, "low"));
    ASSERT_TRUE(ports.add(0x62, 2, high, "high"));
    EXPECT_EQ(ports.read(0x60, 4), 0x0100ff00u);
    ports.write(0x5f, 2, 0xabcd);
    EXPECT_EQ(low.written, (std::vector<Recorder::Access>{{0, 1, 0xab}}));
    ports.write(0x61, 2, 0xabcd);
    EXPECT_EQ(high.written, (std::vector<Recorder::Access>{{0, 1, 0xab}}));
    // The last port's neighbour is the first.
    Recorder last;
    ASSERT_TRUE(ports.add(0xffff, 1, last, "last"));
    EXPECT_EQ(ports.read(0xffff, 2), 0xff00u);
}

TEST(PortMap, OthersAnswerTheRest) {
    PortMap ports;
    Recorder device;
    Recorder bus;
    ASSERT_TRUE(ports.add(0x10, 4, device, "device"));
    ports.set_others(&bus);
    EXPECT_EQ(ports.read(0xc0, 2), 0x2c0u);
    EXPECT_EQ(ports.read(0x10, 2), 0x200u);
    ports.write(0xc004, 1, 0x1ff);
    EXPECT_EQ(bus.written, (std::vector<Recorder::Access>{{0xc004, 1, 0xff}}));
    ports.remove(device);
    EXPECT_EQ(ports.read(0x10, 2), 0x210u);
}

TEST(PortMap, OverlapsAreRefused) {
    PortMap ports;
    Recorder device;
    ASSERT_TRUE(ports.add(0x60, 5, device, "i8042"));
    const auto refused = ports.add(0x64, 1, device, "other");
    ASSERT_FALSE(refused);
    EXPECT_NE(refused.error().what.find("other at 0x0064-0x0064 overlaps i8042 at 0x0060-0x0064"), std::string::npos);
    EXPECT_FALSE(ports.add(0x60, 1, device, "first"));
    EXPECT_FALSE(ports.add(0x50, 0x100, device, "around"));
    EXPECT_FALSE(ports.add(0xfffe, 3, device, "beyond"));
    EXPECT_FALSE(ports.add(0x100, 0, device, "none"));
    EXPECT_TRUE(ports.add(0x65, 1, device, "next"));
    EXPECT_TRUE(ports.add(0x5f, 1, device, "before"));
}

}  // namespace
}  // namespace kelvin::memory
