// SPDX-License-Identifier: Apache-2.0
#include "device/interrupt_controller/its.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstring>
#include <random>

#include "memory/address_map.h"

namespace kelvin::device {
namespace {

using R = IccRegister;
constexpr u64 kSpurious = 1023;

constexpr Gpa kRam{0x40000000};
constexpr u64 kRamSize = 0x400000;
constexpr Gpa kRegisters{0x08080000};
constexpr u64 kConfiguration = 0x40000000;
constexpr u64 kPendingTables = 0x40020000;  // 64 KiB a processor
constexpr u64 kDeviceTable = 0x40040000;
constexpr u64 kCollectionTable = 0x40050000;
constexpr u64 kCommands = 0x40060000;
constexpr u64 kTranslations = 0x40070000;  // of device 8; others follow
constexpr u64 kValid = u64{1} << 63;
constexpr u32 kDevice = 8;
constexpr u8 kEnabledAt80 = 0x81;

struct Pin {
    bool level = false;
    void set(bool high) { level = high; }
};

/// Two processors, each with its collection (number 0 and 1), and device 8 with 32 events.
struct ItsTest : testing::Test {
    memory::AddressMap memory;
    std::array<Pin, 2> irq;
    std::optional<Gicv3> gic;
    std::optional<Its> its;
    u64 written = 0;

    ItsTest() {
        auto block = memory::RamBlock::allocate(kRamSize);
        EXPECT_TRUE(memory.add_ram(kRam, std::move(block.value()), "ram"));
        const std::array<Gicv3Cpu, 2> cpus{Gicv3Cpu{0, {wire_to<&Pin::set>(irq[0]), {}}},
                                           Gicv3Cpu{1, {wire_to<&Pin::set>(irq[1]), {}}}};
        gic.emplace(cpus, &memory);
        its.emplace(*gic, memory, kRegisters);
    }
    void SetUp() override {
        gic->distributor().write(0, 4, 0x13);
        for (unsigned cpu = 0; cpu < 2; ++cpu) {
            set_icc(R::pmr_el1, 0xf0, cpu);
            set_icc(R::igrpen1_el1, 1, cpu);
            set_gicr(cpu, 0x70, kConfiguration | 15, 8);
            set_gicr(cpu, 0x78, (kPendingTables + cpu * 0x10000) | u64{1} << 62, 8);
            set_gicr(cpu, 0, 1, 4);
        }
        start();
        collect(0, 0);
        collect(1, 1);
        map_device(kDevice, kTranslations, 5);
    }
    void start() {
        its->write(0x100, 8, kValid | kDeviceTable);
        its->write(0x108, 8, kValid | kCollectionTable);
        its->write(0x80, 8, kValid | kCommands | 15);
        written = 0;
        its->write(0x88, 8, 0);
        its->write(0, 4, 1);
    }

    void poke(u64 address, u64 value, unsigned size) {
        std::array<u8, 8> bytes{};
        std::memcpy(bytes.data(), &value, 8);
        ASSERT_TRUE(memory.copy_out(Gpa{address}, std::span(bytes).first(size)));
    }
    u64 peek(u64 address) {
        std::array<u8, 8> bytes{};
        EXPECT_TRUE(memory.copy_in(Gpa{address}, bytes));
        u64 value = 0;
        std::memcpy(&value, bytes.data(), 8);
        return value;
    }
    u64 gicr(unsigned cpu, u64 offset, unsigned size) {
        return gic->redistributors().read(cpu * Gicv3::kRedistributorSize + offset, size);
    }
    void set_gicr(unsigned cpu, u64 offset, u64 value, unsigned size) {
        gic->redistributors().write(cpu * Gicv3::kRedistributorSize + offset, size, value);
    }
    u64 icc(R which, unsigned cpu = 0) { return gic->cpu_interface(cpu).read(which); }
    void set_icc(R which, u64 value, unsigned cpu = 0) { gic->cpu_interface(cpu).write(which, value); }

    void queue(u64 a, u64 b = 0, u64 c = 0, u64 d = 0) {
        const std::array<u64, 4> words{a, b, c, d};
        for (unsigned n = 0; n < 4; ++n) {
            poke(kCommands + written + n * 8, words[n], 8);
        }
        written = (written + 32) % 0x10000;
    }
    void command(u64 a, u64 b = 0, u64 c = 0, u64 d = 0) {
        queue(a, b, c, d);
        its->write(0x88, 8, written);
        ASSERT_EQ(its->read(0x90, 8), written);
    }
    void map_device(u32 device, u64 table, u64 bits) { command(u64{device} << 32 | 0x08, bits - 1, kValid | table); }
    void collect(u64 collection, u64 cpu) { command(0x09, 0, kValid | cpu << 16 | collection); }
    void map(u32 event, u32 intid, u64 collection, u32 device = kDevice) {
        command(u64{device} << 32 | 0x0a, u64{intid} << 32 | event, collection);
    }
    void on_event(u64 opcode, u32 event, u64 collection = 0) {
        command(u64{kDevice} << 32 | opcode, event, collection);
    }
    void configure(u32 intid, u8 value) { poke(kConfiguration + intid - 8192, value, 1); }
    void send(u32 event, u32 device = kDevice) { its->deliver({kRegisters.value + Its::kTranslater, event, device}); }
};

TEST_F(ItsTest, IdentifiesItself) {
    // QEMU 10.0.2's, but for the size of translations: 8 bytes to its 12.
    EXPECT_EQ(its->read(0x8, 8), 0x1f'0001'ef71U);
    EXPECT_EQ(its->read(0x100, 8) & 0x071f'0000'0000'0000, 0x0107'0000'0000'0000U);
    EXPECT_EQ(its->read(0x108, 8) & 0x071f'0000'0000'0000, 0x0407'0000'0000'0000U);
    EXPECT_EQ(its->read(0x110, 8), 0U);
    EXPECT_EQ(its->read(0xffe8, 4), 0x3bU);
    EXPECT_EQ(its->read(0, 4), 1U);
    its->write(0, 4, 0);
    EXPECT_EQ(its->read(0, 4), 0x8000'0000U);  // quiescent
    EXPECT_EQ(gic->distributor().read(4, 4), 0x017a0008U);
    EXPECT_EQ(gicr(1, 8, 8), u64{1} << 32 | 1 << 8 | 1 << 4 | 1);
    EXPECT_EQ(gicr(0, 0, 4), 3U);  // CES, EnableLPIs
    EXPECT_EQ(gicr(0, 0x78, 8), kPendingTables);
}

TEST_F(ItsTest, AMessageInterruptsTheProcessorOfItsCollection) {
    configure(8192, kEnabledAt80);
    map(3, 8192, 1);
    send(3);
    EXPECT_FALSE(irq[0].level);
    EXPECT_TRUE(irq[1].level);
    EXPECT_EQ(icc(R::hppir1_el1, 1), 8192U);
    EXPECT_EQ(icc(R::iar1_el1, 1), 8192U);
    EXPECT_EQ(icc(R::rpr_el1, 1), 0x80U);
    EXPECT_FALSE(irq[1].level);
    send(3);  // no active state: pending again, but not above the running priority
    EXPECT_FALSE(irq[1].level);
    set_icc(R::eoir1_el1, 8192, 1);
    EXPECT_EQ(icc(R::rpr_el1, 1), 0xffU);
    EXPECT_EQ(icc(R::iar1_el1, 1), 8192U);
    set_icc(R::eoir1_el1, 8192, 1);
    EXPECT_EQ(icc(R::iar1_el1, 1), kSpurious);
}

TEST_F(ItsTest, WhatIsNotMappedIsLost) {
    configure(8192, kEnabledAt80);
    map(0, 8192, 0);
    send(1);
    send(32);
    send(0xffffffff);
    send(0, 9);
    send(0, 0x10008);
    its->deliver({kRegisters.value, 0, kDevice});
    its->write(Its::kTranslater, 4, 0);
    EXPECT_EQ(icc(R::iar1_el1), kSpurious);
    its->write(0, 4, 0);
    send(0);
    EXPECT_EQ(icc(R::iar1_el1), kSpurious);
    its->write(0, 4, 1);
    send(0);
    EXPECT_EQ(icc(R::iar1_el1), 8192U);
}

TEST_F(ItsTest, PriorityAndConfiguration) {
    map(0, 8300, 0);
    map(1, 8200, 0);
    map(2, 8250, 0);
    configure(8300, 0x41);
    configure(8200, kEnabledAt80);
    configure(8250, 0x40);  // disabled
    send(1);
    send(0);
    send(2);
    EXPECT_EQ(icc(R::iar1_el1), 8300U);
    EXPECT_EQ(icc(R::rpr_el1), 0x40U);
    set_icc(R::eoir1_el1, 8300);
    configure(8250, 0x41);
    on_event(0x0c, 2);  // INV
    EXPECT_EQ(icc(R::iar1_el1), 8250U);
    set_icc(R::eoir1_el1, 8250);
    configure(8200, 0x80);
    command(0x0d, 0, 0);  // INVALL
    EXPECT_FALSE(irq[0].level);
    configure(8200, kEnabledAt80);
    command(0x0d, 0, 0);
    EXPECT_EQ(icc(R::iar1_el1), 8200U);
}

TEST_F(ItsTest, SharedInterruptsGoFirstAmongEquals) {
    gic->distributor().write(0x84, 4, 0xffffffff);
    gic->distributor().write(0x400 + 40, 1, 0x80);
    gic->distributor().write(0x104, 4, 1 << 8);
    configure(8192, kEnabledAt80);
    map(0, 8192, 0);
    send(0);
    gic->shared_input(40).set(true);
    EXPECT_EQ(icc(R::iar1_el1), 40U);
    gic->shared_input(40).set(false);
    set_icc(R::eoir1_el1, 40);
    EXPECT_EQ(icc(R::iar1_el1), 8192U);
}

TEST_F(ItsTest, CommandsSetClearMoveAndDiscard) {
    configure(8192, kEnabledAt80);
    map(0, 8192, 0);
    on_event(0x03, 0);  // INT
    EXPECT_TRUE(irq[0].level);
    on_event(0x04, 0);  // CLEAR
    EXPECT_FALSE(irq[0].level);
    send(0);
    on_event(0x01, 0, 1);  // MOVI: what is pending moves along
    EXPECT_FALSE(irq[0].level);
    EXPECT_TRUE(irq[1].level);
    EXPECT_EQ(icc(R::iar1_el1, 1), 8192U);
    set_icc(R::eoir1_el1, 8192, 1);
    send(0);
    EXPECT_TRUE(irq[1].level);
    command(0x0e, 0, u64{1} << 16, u64{0} << 16);  // MOVALL
    EXPECT_TRUE(irq[0].level);
    EXPECT_FALSE(irq[1].level);
    command(0x0e, 0, u64{0} << 16, u64{1} << 16);
    on_event(0x0f, 0);  // DISCARD
    EXPECT_FALSE(irq[1].level);
    send(0);
    EXPECT_FALSE(irq[0].level || irq[1].level);
    command(u64{kDevice} << 32 | 0x0b, 8192, 0);  // MAPI: beyond the device's events
    send(8192);
    EXPECT_FALSE(irq[0].level);
    map_device(kDevice, kTranslations, 14);
    command(u64{kDevice} << 32 | 0x0b, 8192, 0);
    send(8192);
    EXPECT_EQ(icc(R::iar1_el1), 8192U);
}

TEST_F(ItsTest, MappingsThatChangeAreSeen) {
    configure(8192, kEnabledAt80);
    map(0, 8192, 0);
    send(0);
    EXPECT_EQ(icc(R::iar1_el1), 8192U);
    set_icc(R::eoir1_el1, 8192);
    collect(0, 1);
    send(0);
    EXPECT_EQ(icc(R::iar1_el1, 1), 8192U);
    set_icc(R::eoir1_el1, 8192, 1);
    command(0x09, 0, 0);  // MAPC without V
    send(0);
    EXPECT_FALSE(irq[0].level || irq[1].level);
    collect(0, 0);
    command(u64{kDevice} << 32 | 0x08, 0, 0);  // MAPD without V
    send(0);
    EXPECT_FALSE(irq[0].level || irq[1].level);
}

TEST_F(ItsTest, WrongCommandsAreIgnored) {
    configure(8192, kEnabledAt80);
    collect(2, 2);                                 // no such processor
    command(u64{9} << 32 | 0x08, 16, kValid);      // 17 bits of events
    map_device(0x200, kTranslations + 0x1000, 5);  // beyond the table's 512 devices
    map(0, 1000, 0);                               // no LPI
    map(1, 0x10000, 0);
    map(2, 8192, 2);      // a collection that is not mapped
    map(3, 8192, 0x200);  // one that has no room in the table
    map(32, 8192, 0);     // the device has 32 events
    map(0, 8192, 0, 9);
    map(0, 8192, 0, 0x200);
    command(0x0e, 0, u64{7} << 16, 0);
    command(0xff, ~u64{0}, ~u64{0}, ~u64{0});
    for (u32 event = 0; event < 33; ++event) {
        send(event);
        send(event, 9);
        send(event, 0x200);
        on_event(0x01, event, 3);
        on_event(0x0c, event);
    }
    EXPECT_FALSE(irq[0].level || irq[1].level);
    EXPECT_EQ(icc(R::iar1_el1), kSpurious);
}

TEST_F(ItsTest, IndirectTables) {
    its->write(0, 4, 0);
    poke(0x40100000 + 3 * 8, kValid | 0x40110000, 8);  // devices 3 * 8192 on, in pages of 64 KiB
    its->write(0x100, 8, kValid | u64{1} << 62 | 0x40100000 | 0x200);
    its->write(0, 4, 1);
    configure(8192, kEnabledAt80);
    map_device(3 * 8192 + 5, kTranslations, 5);
    map(0, 8192, 0, 3 * 8192 + 5);
    EXPECT_NE(peek(0x40110000 + 5 * 8), 0U);
    send(0, 3 * 8192 + 5);
    EXPECT_EQ(icc(R::iar1_el1), 8192U);
    set_icc(R::eoir1_el1, 8192);
    map_device(2 * 8192, kTranslations, 5);  // its page is not there
    send(0, 2 * 8192);
    EXPECT_EQ(icc(R::iar1_el1), kSpurious);
}

TEST_F(ItsTest, AQueueOutsideOfRamStalls) {
    its->write(0, 4, 0);
    its->write(0x80, 8, kValid | 0x10000000);
    its->write(0, 4, 1);
    its->write(0x88, 8, 0x40);
    EXPECT_EQ(its->read(0x90, 8), 1U);
    its->write(0x88, 8, 0x41);  // retry
    EXPECT_EQ(its->read(0x90, 8), 1U);
    its->write(0x88, 8, 0xffe0);  // beyond a queue of 4 KiB
    EXPECT_EQ(its->read(0x90, 8) & 0xfffe0, 0U);
}

TEST_F(ItsTest, ALongQueueIsWorkedOffWhileTheGuestLooks) {
    configure(8192, kEnabledAt80);
    map(0, 8192, 0);
    for (unsigned n = 0; n < 1000; ++n) {
        queue(0x05);
    }
    queue(u64{kDevice} << 32 | 0x03, 0);
    its->write(0x88, 8, written);
    EXPECT_FALSE(irq[0].level);
    for (unsigned n = 0; n < 20 && its->read(0x90, 8) != written; ++n) {
    }
    EXPECT_EQ(its->read(0x90, 8), written);
    EXPECT_TRUE(irq[0].level);
}

TEST_F(ItsTest, PendingTables) {
    configure(8200, kEnabledAt80);
    map(0, 8200, 0);
    send(0);
    EXPECT_TRUE(irq[0].level);
    set_gicr(0, 0, 0, 4);
    EXPECT_FALSE(irq[0].level);
    EXPECT_EQ(peek(kPendingTables + 1024), 0x100U);
    send(0);  // lost
    poke(kPendingTables + 1024, 0, 8);
    set_gicr(0, 0, 1, 4);
    EXPECT_FALSE(irq[0].level);
    set_gicr(0, 0, 0, 4);
    poke(kPendingTables + 1024, 0x100, 8);
    set_gicr(0, 0, 1, 4);
    EXPECT_TRUE(irq[0].level);
    set_gicr(0, 0x70, 0, 8);  // ignored while LPIs are enabled
    EXPECT_EQ(gicr(0, 0x70, 8), kConfiguration | 15);
    set_gicr(0, 0, 0, 4);
    set_gicr(0, 0x78, kPendingTables | u64{1} << 62, 8);  // PTZ: all are zero
    set_gicr(0, 0, 1, 4);
    EXPECT_FALSE(irq[0].level);
    set_gicr(0, 0, 0, 4);
    set_gicr(0, 0x70, kConfiguration | 13, 8);  // 14 bits
    set_gicr(0, 0, 1, 4);
    configure(16384, kEnabledAt80);
    map(1, 16384, 0);
    send(1);
    EXPECT_FALSE(irq[0].level);
}

TEST_F(ItsTest, ResetForgetsAll) {
    configure(8192, kEnabledAt80);
    map(0, 8192, 0);
    send(0);
    its->reset();
    gic->reset();
    EXPECT_FALSE(irq[0].level);
    EXPECT_EQ(its->read(0x100, 8), 0x0107'0000'0000'0000U);
    EXPECT_EQ(its->read(0x90, 8), 0U);
    EXPECT_EQ(gicr(0, 0, 4), 2U);
    send(0);
    EXPECT_FALSE(irq[0].level);
}

TEST_F(ItsTest, SaveAndRestore) {
    configure(8192, kEnabledAt80);
    configure(8193, 0x91);
    map(0, 8192, 0);
    map(1, 8193, 0);
    send(0);
    const Gicv3::State gic_state = gic->save();
    const Its::State its_state = its->save();
    its->reset();
    gic->reset();
    gic->restore(gic_state);
    its->restore(its_state);
    EXPECT_TRUE(irq[0].level);
    send(1);
    EXPECT_EQ(icc(R::iar1_el1), 8192U);
    set_icc(R::eoir1_el1, 8192);
    EXPECT_EQ(icc(R::iar1_el1), 8193U);
    Gicv3::State damaged = gic_state;
    damaged.lpis[0].pending.assign(5000, ~u64{0});
    damaged.lpis[0].properties = ~u64{0};
    gic->restore(damaged);
    damaged.lpis.pop_back();
    gic->restore(damaged);
    its->restore({.enabled = true,
                  .command_base = ~u64{0},
                  .written = ~u32{0},
                  .read = ~u32{0},
                  .devices = {~u64{0}},
                  .collections = {~u64{0}}});
    its->read(0x90, 8);
    send(0);
}

TEST_F(ItsTest, WithoutLpisThereIsNothingOfThem) {
    const std::array<Gicv3Cpu, 1> one{};
    Gicv3 plain(one);
    EXPECT_EQ(plain.distributor().read(4, 4) & 1 << 17, 0U);
    EXPECT_EQ(plain.redistributors().read(8, 8) & 1, 0U);
    plain.redistributors().write(0, 4, 1);
    plain.redistributors().write(0x70, 8, ~u64{0});
    EXPECT_EQ(plain.redistributors().read(0, 4), 0U);
    EXPECT_EQ(plain.redistributors().read(0x70, 8), 0U);
}

/// Random registers, commands, tables and messages: whatever a guest does, nothing but its interrupts is affected.
TEST_F(ItsTest, RandomGuests) {
    const u64 seed = std::random_device{}();
    SCOPED_TRACE(seed);
    std::mt19937_64 random(seed);
    const auto below = [&](u64 end) { return random() % end; };
    const auto address = [&] { return below(8) == 0 ? random() & 0xffff'ffff'ffff : kRam.value + (below(0x40) << 16); };
    constexpr std::array<u64, 12> kOpcodes{1, 3, 4, 5, 8, 9, 0xa, 0xb, 0xc, 0xd, 0xe, 0xf};
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(500);
    while (std::chrono::steady_clock::now() < deadline) {
        switch (below(8)) {
            case 0:
                its->write(std::array<u64, 7>{0, 0x80, 0x84, 0x88, 0x90, 0x100, 0x108}[below(7)], 4 << below(2),
                           below(2) != 0 ? random() : kValid | address() | below(1024));
                break;
            case 1:
                start();
                break;
            case 2:
                set_gicr(static_cast<unsigned>(below(2)), std::array<u64, 3>{0, 0x70, 0x78}[below(3)],
                         below(3) == 0 ? below(2) : address() | below(32) | below(2) << 62, 8);
                break;
            case 3:
                poke(kRam.value + (below(kRamSize) & ~u64{7}), random(), 8);
                break;
            case 4:
                send(static_cast<u32>(below(40)), static_cast<u32>(below(16)));
                break;
            case 5: {
                const unsigned cpu = static_cast<unsigned>(below(2));
                set_icc(R::eoir1_el1, icc(R::iar1_el1, cpu), cpu);
                break;
            }
            default: {
                const u64 opcode = kOpcodes[below(kOpcodes.size())];
                queue(below(16) << 32 | opcode, (8192 + below(0x100)) << 32 | below(40),
                      below(2) << 63 | (opcode == 8 ? address() : below(3) << 16 | below(4)), below(3) << 16);
                its->write(0x88, 8, written);
                its->read(0x90, 8);
            }
        }
    }
    for (unsigned cpu = 0; cpu < 2; ++cpu) {
        for (u64 taken = icc(R::iar1_el1, cpu); taken != kSpurious; taken = icc(R::iar1_el1, cpu)) {
            EXPECT_TRUE(taken < Gicv3::kInterrupts || (taken >= Lpis::kFirst && taken < Lpis::kEnd));
        }
        EXPECT_FALSE(irq[cpu].level);
    }
}

}  // namespace
}  // namespace kelvin::device
