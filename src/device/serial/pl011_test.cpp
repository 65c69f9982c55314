// SPDX-License-Identifier: Apache-2.0
#include "device/serial/pl011.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>

#include "device/serial/test_line.h"

namespace kelvin::device {
namespace {

constexpr u32 kRx = 1 << 4;
constexpr u32 kTx = 1 << 5;
constexpr u32 kRt = 1 << 6;

struct Pl011Test : testing::Test {
    TestLine line;
    TestPin irq;
    Pl011 uart{&line, wire_to<&TestPin::set>(irq)};

    u64 get(u64 offset, unsigned size = 4) { return uart.read(offset, size); }
    void put(u64 offset, u64 value, unsigned size = 4) { uart.write(offset, size, value); }
    void type(const std::string& text) { uart.receive({reinterpret_cast<const u8*>(text.data()), text.size()}); }
    void enable_fifo() { put(0x2c, 0x70); }
};

TEST_F(Pl011Test, ResetValuesAndIdentity) {
    EXPECT_EQ(get(0x18), 0x97U);  // both FIFOs empty; CTS, DSR, DCD
    EXPECT_EQ(get(0x30), 0x300U);
    EXPECT_EQ(get(0x34), 0x12U);
    EXPECT_EQ(get(0x3c), 0U);
    constexpr std::array<u32, 8> kIdentity{0x11, 0x10, 0x14, 0x00, 0x0d, 0xf0, 0x05, 0xb1};
    for (u64 n = 0; n < 8; ++n) {
        EXPECT_EQ(get(0xfe0 + 4 * n), kIdentity[n]);
    }
    EXPECT_EQ(line.receiver, &uart);
}

TEST_F(Pl011Test, RegistersKeepOnlyTheirBits) {
    for (const auto& [offset, expected] : {std::pair{0x24, 0xffffU},
                                           {0x28, 0x3fU},
                                           {0x2c, 0xffU},
                                           {0x30, 0xff87U},
                                           {0x34, 0x3fU},
                                           {0x38, 0x7ffU},
                                           {0x48, 7U},
                                           {0x20, 0xffU}}) {
        put(static_cast<u64>(offset), 0xffffffff);
        EXPECT_EQ(get(static_cast<u64>(offset)), expected) << offset;
    }
    put(0x24, 0, 2);
    EXPECT_EQ(get(0x24), 0U);
    put(0x30, 0x01, 1);  // a byte write leaves the upper byte
    EXPECT_EQ(get(0x30), 0xff01U);
}

TEST_F(Pl011Test, TransmitsAtOnceAndRaisesTheTransmitInterrupt) {
    put(0x00, 'H', 1);
    put(0x00, 'i', 2);
    put(0x00, 0xabcd0021);
    EXPECT_EQ(line.sent, "Hi!");
    EXPECT_EQ(get(0x18) & (1 << 5 | 1 << 3), 0U);  // never full, never busy
    EXPECT_EQ(get(0x3c), kTx);
    EXPECT_FALSE(irq.level);
    put(0x38, kTx);
    EXPECT_TRUE(irq.level);
    EXPECT_EQ(get(0x40), kTx);
    put(0x44, kTx);
    EXPECT_FALSE(irq.level);
    put(0x00, '.');
    EXPECT_TRUE(irq.level);
}

TEST_F(Pl011Test, WithoutFifoHoldsOneCharacter) {
    put(0x38, kRx | kRt);
    EXPECT_EQ(uart.space(), 1U);
    type("a");
    EXPECT_TRUE(irq.level);
    EXPECT_EQ(get(0x3c), kRx);
    EXPECT_EQ(get(0x18) & (1 << 6 | 1 << 4), 1U << 6);
    EXPECT_EQ(uart.space(), 0U);
    EXPECT_EQ(get(0x00), 'a');
    EXPECT_FALSE(irq.level);
    EXPECT_EQ(line.room_notices, 1);
    EXPECT_EQ(get(0x00), 0U);
    EXPECT_EQ(get(0x18) & (1 << 6 | 1 << 4), 1U << 4);
}

TEST_F(Pl011Test, FifoLevelsRaiseReceiveAndTimeoutInterrupts) {
    enable_fifo();
    EXPECT_EQ(uart.space(), 16U);
    type("1234567");
    EXPECT_EQ(get(0x3c), kRt);  // the level is 8
    type("8");
    EXPECT_EQ(get(0x3c), kRt | kRx);
    EXPECT_EQ(get(0x00), '1');
    EXPECT_EQ(get(0x3c), kRt);
    put(0x34, 0);  // level 2
    EXPECT_EQ(get(0x3c), kRt | kRx);
    for (const char expected : {'2', '3', '4', '5', '6', '7'}) {
        EXPECT_EQ(get(0x00, 1), static_cast<u64>(expected));
    }
    EXPECT_EQ(get(0x3c), kRt);
    EXPECT_EQ(get(0x00), '8');
    EXPECT_EQ(get(0x3c), 0U);
}

TEST_F(Pl011Test, AsksForInputOnceHalfIsFreeAgain) {
    enable_fifo();
    type("0123456789abcdef");
    EXPECT_EQ(uart.space(), 0U);
    EXPECT_NE(get(0x18) & 1 << 6, 0U);
    for (int n = 0; n < 7; ++n) {
        get(0x00);
    }
    EXPECT_EQ(line.room_notices, 0);
    get(0x00);
    EXPECT_EQ(line.room_notices, 1);
    get(0x00);
    EXPECT_EQ(line.room_notices, 1);
    type("ghijklmnopqrstuvwxyz");  // the ring wraps; what is too much is lost
    EXPECT_NE(get(0x3c) & 1 << 10, 0U);
    EXPECT_EQ(get(0x04), 8U);
    for (const char expected : std::string("9abcdefghijklmno")) {
        EXPECT_EQ(get(0x00), static_cast<u64>(expected));
    }
    put(0x44, 1 << 10);
    EXPECT_EQ(get(0x3c), 0U);
}

TEST_F(Pl011Test, BreakIsACharacterWithItsError) {
    enable_fifo();
    put(0x38, 1 << 9);
    uart.receive_break();
    EXPECT_TRUE(irq.level);
    EXPECT_EQ(get(0x00), 1U << 10);
    EXPECT_EQ(get(0x04), 4U);
    put(0x04, 0);
    EXPECT_EQ(get(0x04), 0U);
    put(0x44, 1 << 9);
    EXPECT_FALSE(irq.level);
}

TEST_F(Pl011Test, LoopbackReturnsDataAndModemLines) {
    enable_fifo();
    put(0x30, 0x0380);
    put(0x00, 'x');
    EXPECT_TRUE(line.sent.empty());
    EXPECT_EQ(get(0x00), 'x');
    EXPECT_EQ(get(0x18), 0x90U);
    put(0x30, 0x0780);  // DTR comes back as DSR
    EXPECT_EQ(get(0x18), 0x92U);
    put(0x30, 0x2b80);  // RTS and Out2: CTS and RI
    EXPECT_EQ(get(0x18), 0x191U);
}

TEST_F(Pl011Test, DrivesItsWireOnlyOnChange) {
    put(0x38, kTx);
    for (int n = 0; n < 100; ++n) {
        put(0x00, '.');
    }
    EXPECT_EQ(irq.changes, 1);
}

TEST_F(Pl011Test, SaveResetRestore) {
    enable_fifo();
    put(0x38, kRt);
    type("state");
    const Pl011::State saved = uart.save();
    uart.reset();
    EXPECT_FALSE(irq.level);
    EXPECT_EQ(get(0x18), 0x97U);
    uart.restore(saved);
    EXPECT_TRUE(irq.level);
    EXPECT_EQ(get(0x00), 's');
    Pl011::State damaged = saved;
    damaged.first = 0xffffffff;
    damaged.count = 1000;
    uart.restore(damaged);
    for (int n = 0; n < 40; ++n) {
        get(0x00);
    }
}

TEST_F(Pl011Test, EveryAccessIsAnswered) {
    for (u64 offset = 0; offset + 8 <= Pl011::kSize; ++offset) {
        for (const unsigned size : {1U, 2U, 4U, 8U}) {
            put(offset, ~u64{0}, size);
            get(offset, size);
        }
    }
}

TEST_F(Pl011Test, ReceivesWhileTheGuestReads) {
    enable_fifo();
    std::thread typist([&] {
        for (int sent = 0; sent < 2000;) {
            if (uart.space() != 0) {
                type("z");
                ++sent;
            }
        }
    });
    for (int got = 0; got < 2000;) {
        if ((get(0x18) & 1 << 4) == 0) {
            EXPECT_EQ(get(0x00), 'z');
            ++got;
        }
    }
    typist.join();
}

TEST(Pl011Alone, NeedsNoLine) {
    Pl011 uart(nullptr, Wire());
    uart.write(0, 1, 'x');
    EXPECT_EQ(uart.space(), 1U);
}

}  // namespace
}  // namespace kelvin::device
