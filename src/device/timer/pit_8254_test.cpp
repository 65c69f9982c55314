// SPDX-License-Identifier: Apache-2.0
#include "device/timer/pit_8254.h"

#include <gtest/gtest.h>

#include "base/test_timers.h"
#include "bus/saved_registers.h"

namespace kelvin::device {
namespace {

struct Pin {
    bool level = false;
    int rises = 0;
    void set(bool high) {
        rises += high && !level ? 1 : 0;
        level = high;
    }
};

struct Pit8254Test : testing::Test {
    TestTimers timers;
    Pin irq;
    Pit8254 pit{timers, wire_to<&Pin::set>(irq)};
    i64 tick = 0;

    void put(u64 offset, u64 value) { pit.ports().write(offset, 1, value); }
    u64 get(u64 offset) { return pit.ports().read(offset, 1); }
    void gate(bool level) { pit.speaker_port().write(0, 1, level ? 1 : 0); }
    bool output2() { return (pit.speaker_port().read(0, 1) & 0x20) != 0; }
    /// To the beginning of a tick.
    void ticks(i64 count) {
        tick += count;
        timers.advance_to((tick * 1'000'000'000 + Pit8254::kFrequency - 1) / Pit8254::kFrequency);
    }
    void start(unsigned counter, unsigned mode, unsigned count, bool decimal = false) {
        put(3, counter << 6 | 0x30 | mode << 1 | (decimal ? 1 : 0));
        put(counter, count & 0xff);
        put(counter, count >> 8);
    }
    u64 count(unsigned counter) {
        put(3, counter << 6);
        const u64 low = get(counter);
        return low | get(counter) << 8;
    }
    u64 status(unsigned counter) {
        put(3, 0xe0 | 2U << counter);
        return get(counter);
    }
    /// The output of counter 2 in the next ticks, a letter each.
    std::string wave(int length) {
        std::string text;
        for (int step = 0; step < length; ++step) {
            text += output2() ? 'H' : 'L';
            ticks(1);
        }
        return text;
    }
};

TEST_F(Pit8254Test, Mode0IsHighAtTerminalCount) {
    start(0, 0, 4);
    EXPECT_EQ(status(0), 0x30u);
    ticks(4);
    EXPECT_FALSE(irq.level);
    EXPECT_EQ(count(0), 1u);
    ticks(1);
    EXPECT_TRUE(irq.level);
    EXPECT_EQ(count(0), 0u);
    EXPECT_EQ(status(0), 0xb0u);
    ticks(1);
    EXPECT_EQ(count(0), 0xffffu);
    ticks(100'000);
    EXPECT_EQ(irq.rises, 1);
    put(0, 10);  // the first byte stops it
    EXPECT_FALSE(irq.level);
    ticks(100);
    EXPECT_FALSE(irq.level);
    put(0, 0);
    ticks(10);
    EXPECT_FALSE(irq.level);
    ticks(1);
    EXPECT_TRUE(irq.level);
}

TEST_F(Pit8254Test, Mode0StandsWhileTheGateIsLow) {
    gate(true);
    start(2, 0, 5);
    ticks(3);
    EXPECT_EQ(count(2), 3u);
    gate(false);
    ticks(50);
    EXPECT_EQ(count(2), 3u);
    gate(true);
    EXPECT_EQ(wave(5), "LLLHH");
}

TEST_F(Pit8254Test, Mode1IsTriggeredByTheGate) {
    start(2, 1, 3);
    EXPECT_EQ(wave(3), "HHH");
    EXPECT_EQ(status(2), 0xf2u);  // null count
    gate(true);
    EXPECT_EQ(wave(6), "HLLLHH");
    gate(false);
    gate(true);
    EXPECT_EQ(wave(2), "HL");
    gate(false);
    gate(true);  // again
    EXPECT_EQ(wave(5), "LLLLH");
    put(2, 1);
    put(2, 0);
    EXPECT_EQ(wave(3), "HHH");  // the new count waits for the trigger
    gate(false);
    gate(true);
    EXPECT_EQ(wave(3), "HLH");
}

TEST_F(Pit8254Test, Mode2IsLowForOneTickOfEach) {
    gate(true);
    start(2, 2, 4);
    EXPECT_EQ(wave(10), "HHHHLHHHLH");
    gate(false);
    EXPECT_EQ(wave(6), "HHHHHH");
    gate(true);
    EXPECT_EQ(wave(3), "HHH");
    put(2, 2);  // from the next period
    put(2, 0);
    EXPECT_EQ(status(2) & 0x40, 0x40u);
    EXPECT_EQ(wave(6), "HLHLHL");
    EXPECT_EQ(status(2) & 0x40, 0u);
}

TEST_F(Pit8254Test, Mode3HasHalves) {
    gate(true);
    start(2, 3, 5);
    ticks(1);
    EXPECT_EQ(wave(10), "HHHLLHHHLL");
    EXPECT_EQ(count(2), 4u);
    ticks(1);
    EXPECT_EQ(count(2), 2u);
    ticks(1);
    EXPECT_EQ(count(2), 0u);
    ticks(1);
    EXPECT_EQ(count(2), 4u);
    start(2, 7, 4);  // is 3
    ticks(1);
    EXPECT_EQ(wave(4), "HHLL");
    put(2, 2);  // from the next half
    put(2, 0);
    EXPECT_EQ(wave(6), "HHLHLH");
}

TEST_F(Pit8254Test, Mode4StrobesOnce) {
    gate(true);
    start(2, 4, 3);
    EXPECT_EQ(wave(8), "HHHHLHHH");
    put(2, 1);
    put(2, 0);
    EXPECT_EQ(wave(4), "HHLH");
}

TEST_F(Pit8254Test, Mode5StrobesAfterATrigger) {
    start(2, 5, 2);
    EXPECT_EQ(wave(4), "HHHH");
    gate(true);
    EXPECT_EQ(wave(6), "HHHLHH");
}

TEST_F(Pit8254Test, DecimalCounts) {
    start(0, 2, 0x0100, true);
    ticks(2);
    EXPECT_EQ(count(0), 0x0099u);
    ticks(10);
    EXPECT_EQ(count(0), 0x0089u);
    start(0, 0, 0, true);
    ticks(2);
    EXPECT_EQ(count(0), 0x9999u);
    start(0, 2, 0xffff, true);  // no decimal digits at all
    ticks(70'000);
    EXPECT_LE(count(0) & 0xf, 9u);
}

TEST_F(Pit8254Test, LatchesHoldUntilRead) {
    start(0, 2, 1000);
    ticks(11);
    put(3, 0xc2);  // count and status of counter 0
    ticks(50);
    put(3, 0x00);  // ignored
    EXPECT_EQ(get(0), 0xb4u);
    EXPECT_EQ(get(0), 990u & 0xff);
    EXPECT_EQ(get(0), 990u >> 8);
    EXPECT_EQ(get(0), 940u & 0xff);
    put(3, 0x14);  // least significant byte only
    put(0, 200);
    ticks(11);
    EXPECT_EQ(get(0), 190u);
    EXPECT_EQ(get(0), 190u);
    put(3, 0x24);  // most significant only
    put(0, 2);
    ticks(3);
    EXPECT_EQ(get(0), 1u);
    EXPECT_EQ(get(3), 0u);
}

TEST_F(Pit8254Test, InterruptsAreExact) {
    start(0, 2, 11932);
    for (int number = 1; number <= 100; ++number) {
        ticks(number == 1 ? 11932 : 11931);
        EXPECT_EQ(irq.rises, number);  // its output was high from the start
        ticks(1);
        EXPECT_EQ(irq.rises, number + 1);
    }
    EXPECT_EQ(timers.fired(), 100u);
    start(0, 3, 0);
    const int before = irq.rises;
    ticks(65536 * 18 + 1);
    EXPECT_EQ(irq.rises, before + 18);
}

TEST_F(Pit8254Test, AShortCountDoesNotKeepTheHostBusy) {
    for (const unsigned mode : {2U, 3U}) {
        start(0, mode, 2);
        const unsigned before = timers.fired();
        timers.advance(1'000'000);
        EXPECT_LE(timers.fired() - before, 101u);
        EXPECT_GE(timers.fired() - before, 90u);
        start(0, mode, 1);
        EXPECT_EQ(timers.next_deadline(), TestTimers::kNever);
        tick = timers.now_ns() * Pit8254::kFrequency / 1'000'000'000;
    }
}

TEST_F(Pit8254Test, SpeakerPort) {
    pit.speaker_port().write(0, 1, 0xff);
    EXPECT_EQ(pit.speaker_port().read(0, 1) & 0xcf, 0x0fu);
    const u64 first = pit.speaker_port().read(0, 1) & 0x10;
    timers.advance(15'085);
    EXPECT_NE(pit.speaker_port().read(0, 1) & 0x10, first);
    pit.reset();
    EXPECT_EQ(pit.speaker_port().read(0, 1) & 0x0f, 0u);
}

TEST_F(Pit8254Test, SaveAndRestore) {
    start(0, 2, 1000);
    ticks(101);
    put(0, 0x58);  // half of a new count
    bus::SavedRegisters saver(pit);
    const state::Json saved = *saver.save();
    TestTimers later;
    later.advance(77'777'777'777);
    Pin other;
    Pit8254 second(later, wire_to<&Pin::set>(other));
    bus::SavedRegisters loader(second);
    const Result<> loaded = loader.load(saved);
    ASSERT_TRUE(loaded) << loaded.error().message();
    EXPECT_TRUE(other.level);
    later.advance(898 * 838);
    EXPECT_EQ(other.rises, 1);
    later.advance(3 * 839);
    EXPECT_EQ(other.rises, 2);
    const std::pair<const char*, i64> impossible[] = {
        {"period", 4'000'000'000}, {"age", -77}, {"reload_in", 70'000}, {"latched_bytes", 3}, {"control", 0x40}};
    for (const auto& [field, value] : impossible) {
        state::Json bad = saved;
        bad["counters"][0][field] = value;
        EXPECT_FALSE(loader.load(bad)) << field;
    }
}

}  // namespace
}  // namespace kelvin::device
