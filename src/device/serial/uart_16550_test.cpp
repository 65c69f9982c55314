// SPDX-License-Identifier: Apache-2.0
#include "device/serial/uart_16550.h"

#include <gtest/gtest.h>

#include <string>

#include "device/serial/test_line.h"

namespace kelvin::device {
namespace {

struct Uart16550Test : testing::Test {
    TestLine line;
    TestPin irq;
    Uart16550 uart{&line, wire_to<&TestPin::set>(irq)};

    u64 get(u64 offset) { return uart.read(offset, 1); }
    void put(u64 offset, u64 value) { uart.write(offset, 1, value); }
    void type(const std::string& text) { uart.receive({reinterpret_cast<const u8*>(text.data()), text.size()}); }
};

TEST_F(Uart16550Test, AfterPowerOn) {
    EXPECT_EQ(get(1), 0u);
    EXPECT_EQ(get(2), 0x01u);  // no interrupt, no FIFOs
    EXPECT_EQ(get(5), 0x60u);
    EXPECT_EQ(get(6), 0xb0u);  // somebody is there
    put(7, 0x5a);
    EXPECT_EQ(get(7), 0x5au);
    EXPECT_FALSE(irq.level);
    EXPECT_EQ(line.receiver, &uart);
}

TEST_F(Uart16550Test, TheDivisorIsBehindItsLatch) {
    put(3, 0x83);
    put(0, 0x34);
    put(1, 0x12);
    EXPECT_EQ(get(0), 0x34u);
    EXPECT_EQ(get(1), 0x12u);
    put(3, 0x03);
    EXPECT_EQ(get(1), 0u);
    EXPECT_EQ(get(0), 0u);
    EXPECT_EQ(line.sent, "");
}

TEST_F(Uart16550Test, EachSentCharacterMakesAnEdge) {
    put(1, 0x02);
    EXPECT_EQ(irq.rises, 1);  // it was empty already
    EXPECT_EQ(get(2), 0x02u);
    EXPECT_FALSE(irq.level);  // reading has ended it
    EXPECT_EQ(get(2), 0x01u);
    put(0, 'a');
    put(0, 'b');
    EXPECT_EQ(irq.rises, 3);
    EXPECT_EQ(line.sent, "ab");
    put(1, 0x00);
    EXPECT_FALSE(irq.level);
}

TEST_F(Uart16550Test, ReceivesOneByteWithoutFifos) {
    put(1, 0x01);
    EXPECT_EQ(uart.space(), 1u);
    type("x");
    EXPECT_TRUE(irq.level);
    EXPECT_EQ(uart.space(), 0u);
    EXPECT_EQ(get(2), 0x04u);
    EXPECT_EQ(get(5), 0x61u);
    EXPECT_EQ(get(0), u64{'x'});
    EXPECT_FALSE(irq.level);
    EXPECT_EQ(line.room_notices, 1);
}

TEST_F(Uart16550Test, FifosHaveATriggerLevelAndATimeout) {
    put(2, 0x41);  // from 4 bytes on
    put(1, 0x01);
    type("abc");
    EXPECT_EQ(get(2), 0xccu);  // the timeout: more may not come
    type("d");
    EXPECT_EQ(get(2), 0xc4u);
    for (const char expected : std::string("abcd")) {
        EXPECT_EQ(get(0), static_cast<u64>(expected));
    }
    EXPECT_EQ(get(2), 0xc1u);
    type("0123456789abcdef");
    EXPECT_EQ(uart.space(), 0u);
    put(2, 0x43);  // cleared
    EXPECT_EQ(uart.space(), 16u);
    EXPECT_EQ(get(5), 0x60u);
}

TEST_F(Uart16550Test, OverrunsAndBreaksAreLineErrors) {
    put(1, 0x04);
    type("ab");
    EXPECT_EQ(get(2), 0x06u);
    EXPECT_EQ(get(5), 0x63u);
    EXPECT_EQ(get(5), 0x61u);
    EXPECT_FALSE(irq.level);
    EXPECT_EQ(get(0), u64{'a'});
    uart.receive_break();
    EXPECT_EQ(get(5), 0x71u);
    EXPECT_EQ(get(0), 0u);
}

TEST_F(Uart16550Test, LoopsBack) {
    put(4, 0x1f);
    EXPECT_EQ(get(6), 0xf0u);  // all lines are up; the ring indicator counts when it ends
    put(0, 'z');
    EXPECT_EQ(line.sent, "");
    EXPECT_EQ(get(0), u64{'z'});
    EXPECT_EQ(uart.space(), 0u);  // the line is cut
    put(1, 0x08);
    put(4, 0x10);
    EXPECT_TRUE(irq.level);
    EXPECT_EQ(get(2), 0x00u);
    EXPECT_EQ(get(6), 0x0fu);
    EXPECT_FALSE(irq.level);
    put(4, 0x00);
    EXPECT_EQ(line.room_notices, 1);
}

TEST_F(Uart16550Test, WideAccessesAreBytes) {
    uart.write(0, 4, 0x03'00'00'41);
    EXPECT_EQ(line.sent, "A");
    EXPECT_EQ(get(3), 3u);
    EXPECT_EQ(uart.read(4, 4), 0x00b06000u);
}

TEST_F(Uart16550Test, SavedAndRestored) {
    put(2, 0x81);
    put(1, 0x05);
    type("hello");
    const Uart16550::State saved = uart.save();
    uart.reset();
    EXPECT_FALSE(irq.level);
    EXPECT_EQ(get(5), 0x60u);
    uart.restore(saved);
    EXPECT_TRUE(irq.level);
    EXPECT_EQ(get(0), u64{'h'});
    Uart16550::State wrong = saved;
    wrong.first = 1000;
    wrong.count = 99;
    wrong.interrupt_enable = 0xff;
    uart.restore(wrong);
    EXPECT_EQ(get(1), 0x0fu);
    EXPECT_EQ(uart.space(), 0u);
}

}  // namespace
}  // namespace kelvin::device
