// SPDX-License-Identifier: Apache-2.0
#include "device/interrupt_controller/pic_8259.h"

#include <gtest/gtest.h>

#include "bus/saved_registers.h"

namespace kelvin::device {
namespace {

struct Pin {
    bool level = false;
    void set(bool high) { level = high; }
};

struct Pic8259Test : testing::Test {
    Pin intr;
    Pic8259 pic{wire_to<&Pin::set>(intr)};

    Pic8259Test() { initialize(0x11, 0x01); }

    /// As a PC's firmware does: vectors 0x08 and 0x70, nothing masked.
    void initialize(u8 word1, u8 word4) {
        for (unsigned chip = 0; chip < 2; ++chip) {
            put(chip, 0, word1);
            put(chip, 1, chip == 0 ? 0x08 : 0x70);
            if ((word1 & 2) == 0) {
                put(chip, 1, chip == 0 ? 0x04 : 0x02);
            }
            if ((word1 & 1) != 0) {
                put(chip, 1, word4);
            }
            put(chip, 1, 0);
        }
    }
    u64 get(unsigned chip, u64 offset) { return pic.ports(chip).read(offset, 1); }
    void put(unsigned chip, u64 offset, u64 value) { pic.ports(chip).write(offset, 1, value); }
    void line(unsigned number, bool level) { pic.input(number).set(level); }
    void pulse(unsigned number) {
        line(number, true);
        line(number, false);
    }
    u64 in_service(unsigned chip) {
        put(chip, 0, 0x0b);
        return get(chip, 0);
    }
    u64 requests(unsigned chip) {
        put(chip, 0, 0x0a);
        return get(chip, 0);
    }
};

TEST_F(Pic8259Test, AnEdgeIsServedOnce) {
    EXPECT_FALSE(intr.level);
    line(1, true);
    EXPECT_TRUE(intr.level);
    EXPECT_TRUE(pic.interrupts());
    EXPECT_EQ(requests(0), 0x02u);
    EXPECT_EQ(pic.acknowledge(), 0x09);
    EXPECT_FALSE(intr.level);
    EXPECT_EQ(in_service(0), 0x02u);
    EXPECT_EQ(requests(0), 0u);
    put(0, 0, 0x20);
    EXPECT_EQ(in_service(0), 0u);
    EXPECT_FALSE(intr.level);  // still high, but there was no edge
    line(1, false);
    line(1, true);
    EXPECT_TRUE(intr.level);
}

TEST_F(Pic8259Test, ALevelAsksUntilItFalls) {
    pic.edge_or_level().write(0, 2, 0xffff);
    EXPECT_EQ(pic.edge_or_level().read(0, 2), 0xdef8u);  // the others are edges always
    line(5, true);
    EXPECT_EQ(pic.acknowledge(), 0x0d);
    EXPECT_EQ(requests(0), 0x20u);
    EXPECT_FALSE(intr.level);
    put(0, 0, 0x65);  // a specific end
    EXPECT_TRUE(intr.level);
    line(5, false);
    EXPECT_FALSE(intr.level);
}

TEST_F(Pic8259Test, HigherPrioritiesInterruptLowerOnes) {
    line(4, true);
    EXPECT_EQ(pic.acknowledge(), 0x0c);
    line(6, true);
    EXPECT_FALSE(intr.level);
    line(3, true);
    EXPECT_TRUE(intr.level);
    EXPECT_EQ(pic.acknowledge(), 0x0b);
    EXPECT_EQ(in_service(0), 0x18u);
    put(0, 0, 0x20);  // ends the highest
    EXPECT_EQ(in_service(0), 0x10u);
    EXPECT_FALSE(intr.level);
    put(0, 0, 0x20);
    EXPECT_EQ(pic.acknowledge(), 0x0e);
}

TEST_F(Pic8259Test, TheSecondChipComesByTheCascade) {
    line(12, true);
    line(7, true);
    EXPECT_EQ(pic.acknowledge(), 0x74);
    EXPECT_EQ(in_service(0), 0x04u);
    EXPECT_EQ(in_service(1), 0x10u);
    line(9, true);  // above 12 on its chip, but the first one sees its own input 2 in service
    EXPECT_FALSE(intr.level);
    put(1, 0, 0x20);
    put(0, 0, 0x20);
    EXPECT_EQ(pic.acknowledge(), 0x71);
}

TEST_F(Pic8259Test, SpecialFullyNested) {
    initialize(0x11, 0x11);
    line(12, true);
    EXPECT_EQ(pic.acknowledge(), 0x74);
    line(9, true);
    EXPECT_TRUE(intr.level);
    EXPECT_EQ(pic.acknowledge(), 0x71);
    line(8, true);
    EXPECT_EQ(pic.acknowledge(), 0x70);
    EXPECT_EQ(in_service(1), 0x13u);
}

TEST_F(Pic8259Test, SpuriousInterrupts) {
    pic.edge_or_level().write(0, 2, 0x0820);
    line(5, true);
    line(5, false);
    EXPECT_EQ(pic.acknowledge(), 0x0f);
    EXPECT_EQ(in_service(0), 0u);
    // The first chip has committed itself to the second, whose request is gone.
    line(11, true);
    EXPECT_TRUE(intr.level);
    put(1, 1, 0xff);
    EXPECT_TRUE(intr.level);  // the edge at the cascade is remembered
    EXPECT_EQ(pic.acknowledge(), 0x77);
    EXPECT_EQ(in_service(0), 0x04u);
    EXPECT_EQ(in_service(1), 0u);
}

TEST_F(Pic8259Test, AutomaticEndAndRotation) {
    initialize(0x11, 0x03);
    put(0, 0, 0x80);
    line(3, true);
    line(4, true);
    EXPECT_EQ(pic.acknowledge(), 0x0b);
    EXPECT_EQ(in_service(0), 0u);
    pulse(3);  // has the lowest priority now
    line(3, true);
    EXPECT_EQ(pic.acknowledge(), 0x0c);
    EXPECT_EQ(pic.acknowledge(), 0x0b);
    put(0, 0, 0x00);  // rotates no more
    line(2, true);    // nobody's
    pulse(0);
    pulse(1);
    EXPECT_EQ(pic.acknowledge(), 0x08);
    EXPECT_EQ(pic.acknowledge(), 0x09);
}

TEST_F(Pic8259Test, RotationByCommand) {
    put(0, 0, 0xc4);  // 4 is lowest, 5 highest
    pulse(0);
    pulse(5);
    pulse(4);
    EXPECT_EQ(pic.acknowledge(), 0x0d);
    put(0, 0, 0xa0);  // ends 5 and makes it lowest
    EXPECT_EQ(in_service(0), 0u);
    EXPECT_EQ(pic.acknowledge(), 0x08);
    put(0, 0, 0xe0);  // ends 0, lowest now
    EXPECT_EQ(in_service(0), 0u);
    pulse(1);
    EXPECT_EQ(pic.acknowledge(), 0x09);
    put(0, 0, 0x40);  // no operation
    EXPECT_EQ(in_service(0), 0x02u);
}

TEST_F(Pic8259Test, SpecialMaskLetsLowerOnesThrough) {
    pulse(3);
    EXPECT_EQ(pic.acknowledge(), 0x0b);
    pulse(6);
    EXPECT_FALSE(intr.level);
    put(0, 1, 0x08);
    EXPECT_FALSE(intr.level);
    put(0, 0, 0x68);
    EXPECT_TRUE(intr.level);
    EXPECT_EQ(pic.acknowledge(), 0x0e);
    put(0, 0, 0x20);  // not the masked one
    EXPECT_EQ(in_service(0), 0x08u);
    put(0, 0, 0x48);
    put(0, 0, 0x20);
    EXPECT_EQ(in_service(0), 0u);
}

TEST_F(Pic8259Test, Polling) {
    put(0, 0, 0x0c);
    EXPECT_EQ(get(0, 0), 0u);
    pulse(4);
    put(0, 0, 0x0c);
    EXPECT_EQ(get(0, 1), 0x84u);
    EXPECT_FALSE(intr.level);
    EXPECT_EQ(in_service(0), 0x10u);
    EXPECT_EQ(get(0, 1), 0u);  // the mask again
}

TEST_F(Pic8259Test, MasksAndInitialization) {
    put(0, 1, 0x02);
    EXPECT_EQ(get(0, 1), 0x02u);
    pulse(1);
    EXPECT_FALSE(intr.level);
    EXPECT_EQ(requests(0), 0x02u);
    put(0, 1, 0x00);
    EXPECT_TRUE(intr.level);
    put(0, 0, 0x13);  // single, with ICW4: two words follow, and latched edges are gone
    EXPECT_FALSE(intr.level);
    put(0, 1, 0xff);
    put(0, 1, 0x01);
    put(0, 1, 0xaa);
    EXPECT_EQ(get(0, 1), 0xaau);
    EXPECT_EQ(pic.acknowledge(), 0xff);
    put(0, 0, 0x1a);  // single, all inputs are levels, no ICW4
    put(0, 1, 0x20);
    line(1, true);
    EXPECT_EQ(pic.acknowledge(), 0x21);
    EXPECT_EQ(requests(0), 0x02u);
}

TEST_F(Pic8259Test, SaveAndRestore) {
    pulse(3);
    EXPECT_EQ(pic.acknowledge(), 0x0b);
    line(12, true);
    put(1, 1, 0x45);
    bus::SavedRegisters saver(pic);
    const state::Json saved = *saver.save();
    pic.reset();
    EXPECT_FALSE(intr.level);
    put(1, 1, 0);
    Pin other;
    Pic8259 second{wire_to<&Pin::set>(other)};
    bus::SavedRegisters loader(second);
    ASSERT_TRUE(loader.load(saved));
    EXPECT_EQ(other.level, true);
    EXPECT_EQ(second.ports(1).read(1, 1), 0x45u);
    EXPECT_EQ(second.acknowledge(), 0x74);
    state::Json bad = saved;
    bad["chips"][0]["lowest"] = 9;
    EXPECT_FALSE(loader.load(bad));
    bad = saved;
    bad["chips"][1]["expected_word"] = 200;
    EXPECT_FALSE(loader.load(bad));
}

}  // namespace
}  // namespace kelvin::device
