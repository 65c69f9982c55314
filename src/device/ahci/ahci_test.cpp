// SPDX-License-Identifier: Apache-2.0
#include "device/ahci/ahci.h"

#include <numeric>

#include "device/ahci/test_host.h"

namespace kelvin::device::ahci {
namespace {

constexpr u64 kData = TestHost::kData;
constexpr u32 kIdle = 0x50;

std::vector<u8> pattern(std::size_t size, u8 seed) {
    std::vector<u8> data(size);
    std::iota(data.begin(), data.end(), seed);
    for (std::size_t i = 0; i < size; i += 512) {
        data[i] = static_cast<u8>(i / 512 + seed);
    }
    return data;
}

std::vector<u8> on_disk(TestHost& host, u64 sector, u64 size) {
    const auto begin = host.disk.content.begin() + static_cast<std::ptrdiff_t>(sector * 512);
    return {begin, begin + static_cast<std::ptrdiff_t>(size)};
}

TEST(Ahci, Registers) {
    TestHost host;
    EXPECT_EQ(host.read(reg::kCapabilities) & 0x1f, 5U);
    EXPECT_EQ(host.read(reg::kPortsImplemented), 0x3fU);
    EXPECT_EQ(host.read(reg::kVersion), 0x10301U);
    host.write(reg::kControl, 2);
    EXPECT_EQ(host.read(reg::kControl), 0x80000002U);
    EXPECT_EQ(host.port(port_reg::kSataStatus), 0x113U);
    EXPECT_EQ(host.port(port_reg::kSignature), 0x101U);
    EXPECT_EQ(host.port(port_reg::kTaskFile), 0x150U);
    EXPECT_EQ(host.port(port_reg::kSataStatus, 1), 0U);
    EXPECT_EQ(host.port(port_reg::kSignature, 1), ~0U);
    EXPECT_EQ(host.port(port_reg::kTaskFile, 1), 0x7fU);
    host.set_port(port_reg::kCommandList, 0xffffffff);
    host.set_port(port_reg::kFrames, 0xffffffff);
    EXPECT_EQ(host.port(port_reg::kCommandList), 0xfffffc00U);
    EXPECT_EQ(host.port(port_reg::kFrames), 0xffffff00U);
    host.set_port(port_reg::kCommandIssue, 1);
    EXPECT_EQ(host.port(port_reg::kCommandIssue), 0U) << "the list does not run";
    host.set_port(port_reg::kCommand, command::kStart | command::kReceiveFrames);
    EXPECT_EQ(host.port(port_reg::kCommand), 0xc017U);
    host.write(reg::kControl, control::kReset);
    EXPECT_EQ(host.port(port_reg::kCommand), 6U);
    EXPECT_EQ(host.read(reg::kControl), 0x80000000U);
    // By index and data.
    memory::MmioHandler& indexed = *host.ahci->bar(4).handler;
    indexed.write(0x10, 4, 0x128);
    EXPECT_EQ(indexed.read(0x10, 4), 0x128U);
    EXPECT_EQ(indexed.read(0x14, 4), 0x113U);
    EXPECT_EQ(host.ahci->bar(5).handler->read(0x08 + 0x120, 8), 0x113U);
}

TEST(Ahci, Identifies) {
    AtaOptions options;
    options.serial = "S7";
    options.model = "A DISK";
    TestHost host(options);
    host.start();
    EXPECT_EQ(host.move(0xec, 0, 0, 512), kIdle);
    const std::vector<u8> words = host.bytes(kData, 512);
    EXPECT_EQ(std::accumulate(words.begin(), words.end(), u8{0}), 0);
    EXPECT_EQ(std::string(words.begin() + 54, words.begin() + 60), " AIDKS");
    EXPECT_EQ(words[20], '7');
    EXPECT_EQ(words[21], 'S');
    EXPECT_EQ(host.load<u32>(kData + 120), 2048U);
    EXPECT_EQ(host.load<u64>(kData + 200), 2048U);
    EXPECT_EQ(host.load<u16>(kData + 152) & 0x100, 0x100) << "NCQ";
    EXPECT_EQ(host.transferred(), 512U);
    // Data that came by PIO: its frame has the status that the command ended with, and there is no other.
    EXPECT_EQ(host.load<u8>(TestHost::kFrames + 0x20), 0x5f);
    EXPECT_EQ(host.load<u8>(TestHost::kFrames + 0x20 + 15), 0x50);
    EXPECT_EQ(host.load<u16>(TestHost::kFrames + 0x20 + 16), 512);
    EXPECT_EQ(host.port(port_reg::kInterruptStatus), interrupt::kPioSetupFrame);
    EXPECT_TRUE(host.line);
    EXPECT_EQ(host.read(reg::kInterruptStatus), 1U);
    host.write(reg::kInterruptStatus, 1);
    EXPECT_TRUE(host.line) << "the port still wants it";
    host.set_port(port_reg::kInterruptStatus, ~0U);
    host.write(reg::kInterruptStatus, 1);
    EXPECT_FALSE(host.line);
}

TEST(Ahci, DataGoesRound) {
    TestHost host;
    host.start();
    struct Way {
        u8 write;
        u8 read;
        bool is_pio;
    };
    u8 seed = 1;
    for (const Way way : {Way{0xca, 0xc8, false}, Way{0x35, 0x25, false}, Way{0x30, 0x20, true}, Way{0xc5, 0xc4, true},
                          Way{0x39, 0x29, true}, Way{0x3d, 0x25, false}}) {
        SCOPED_TRACE(int{way.write});
        const std::vector<u8> data = pattern(3 * 512, seed++);
        host.put(kData, data);
        host.set_port(port_reg::kInterruptStatus, ~0U);
        // In regions of odd shapes.
        EXPECT_EQ(host.run({.code = way.write,
                            .count = 3,
                            .lba = 100,
                            .regions = {{kData, 2}, {kData + 2, 1024}, {kData + 1026, 4096}},
                            .is_write = true}),
                  kIdle);
        EXPECT_EQ(host.transferred(), 1536U);
        EXPECT_EQ(on_disk(host, 100, 1536), data);
        EXPECT_EQ(host.port(port_reg::kInterruptStatus), interrupt::kRegisterFrame);
        host.put(kData, std::vector<u8>(2048, 0xee));
        EXPECT_EQ(host.run({.code = way.read, .count = 3, .lba = 100, .regions = {{kData, 514}, {kData + 514, 1022}}}),
                  kIdle);
        EXPECT_EQ(host.bytes(kData, 1536), data);
        EXPECT_EQ(host.load<u8>(kData + 1536), 0xee);
    }
    EXPECT_GE(host.disk.durable, 1);
    EXPECT_EQ(host.run({.code = 0xe7}), kIdle);
    EXPECT_EQ(host.run({.code = 0xea}), kIdle);
    EXPECT_GE(host.disk.durable, 3);
}

TEST(Ahci, CommandsThatFail) {
    TestHost host;
    host.start();
    const auto fails = [&](u8 code, u64 lba, u16 count, u32 error, u32 size = 4096) {
        SCOPED_TRACE(int{code});
        EXPECT_EQ(host.move(code, lba, count, size), 0x51U | error << 8);
        EXPECT_EQ(host.port(port_reg::kCommandIssue), 1U) << "it stays where it failed";
        const bool overflow = (host.port(port_reg::kInterruptStatus) & interrupt::kOverflow) != 0;
        host.restart();
        EXPECT_EQ(host.port(port_reg::kCommandIssue), 0U);
        EXPECT_EQ(host.move(0xec, 0, 0, 512), kIdle);
        return overflow;
    };
    EXPECT_FALSE(fails(0xc8, 2048, 1, 0x10));
    EXPECT_FALSE(fails(0xc8, 2047, 2, 0x10));
    EXPECT_FALSE(fails(0x25, low_mask(48), 1, 0x10));
    EXPECT_FALSE(fails(0xff, 0, 0, 0x04));
    EXPECT_FALSE(fails(0xa1, 0, 0, 0x04));
    EXPECT_FALSE(fails(0xa0, 0, 0, 0x04));
    EXPECT_TRUE(fails(0xc8, 0, 4, 0x04, 512)) << "the host's regions are too short";
    host.disk.broken = true;
    EXPECT_EQ(host.move(0xc8, 7, 1, 512), 0x4051U);
    host.restart();
    EXPECT_EQ(host.move(0xca, 7, 1, 512, true), 0x451U);
    host.disk.broken = false;
    host.disk.frozen = true;
    host.restart();
    EXPECT_EQ(host.move(0xca, 7, 1, 512, true), 0x451U);
}

TEST(Ahci, QueuesCommands) {
    TestHost host;
    host.start();
    host.thread.loop.call([&] { host.disk.held = true; });
    const std::vector<u8> data = pattern(32 * 512, 9);
    host.put(kData, data);
    for (unsigned slot = 0; slot < 32; ++slot) {
        host.prepare(slot, {.code = 0x61,
                            .features = 1,
                            .count = static_cast<u16>(slot << 3),
                            .lba = slot,
                            .regions = {{kData + 512 * u64{slot}, 512}},
                            .is_write = true});
    }
    host.set_port(port_reg::kSataActive, ~0U);
    host.set_port(port_reg::kCommandIssue, ~0U);
    host.wait([&] { return host.port(port_reg::kCommandIssue) == 0; });
    EXPECT_EQ(host.port(port_reg::kSataActive), ~0U) << "the device has all of them";
    host.thread.loop.call([&] {
        EXPECT_EQ(host.disk.waiting.size(), 32U);
        host.disk.answer();
    });
    EXPECT_EQ(host.port(port_reg::kSataActive), ~1U);
    EXPECT_EQ(host.load<u8>(TestHost::kFrames + 0x58), 0xa1);
    EXPECT_EQ(host.load<u32>(TestHost::kFrames + 0x5c), 1U);
    EXPECT_NE(host.port(port_reg::kInterruptStatus) & interrupt::kDeviceBitsFrame, 0U);
    host.thread.loop.call([&] {
        host.disk.drain();
        host.disk.held = false;
    });
    EXPECT_EQ(host.port(port_reg::kSataActive), 0U);
    EXPECT_EQ(on_disk(host, 0, data.size()), data);
    host.put(kData, std::vector<u8>(512));
    host.prepare(3, {.code = 0x60, .features = 1, .count = 3 << 3, .lba = 5, .regions = {{kData, 512}}});
    host.set_port(port_reg::kSataActive, 8);
    host.set_port(port_reg::kCommandIssue, 8);
    host.wait([&] { return host.port(port_reg::kSataActive) == 0; });
    EXPECT_EQ(host.bytes(kData, 512), on_disk(host, 5, 512));
}

TEST(Ahci, TheLogTellsWhichQueuedCommandFailed) {
    TestHost host;
    host.start();
    host.prepare(5, {.code = 0x60, .features = 1, .count = 5 << 3, .lba = 0x123456, .regions = {{kData, 512}}});
    host.set_port(port_reg::kSataActive, 1 << 5);
    host.set_port(port_reg::kCommandIssue, 1 << 5);
    host.wait([&] { return (host.port(port_reg::kInterruptStatus) & interrupt::kTaskFileError) != 0; });
    EXPECT_EQ(host.port(port_reg::kSataActive), 1U << 5);
    EXPECT_EQ(host.port(port_reg::kTaskFile) & 1, 1U);
    host.restart();
    EXPECT_EQ(host.port(port_reg::kSataActive), 0U);
    for (const u8 code : {u8{0x2f}, u8{0x47}}) {
        EXPECT_EQ(host.move(code, 0x10, 1, 512), kIdle);
        const std::vector<u8> log = host.bytes(kData, 512);
        EXPECT_EQ(std::accumulate(log.begin(), log.end(), u8{0}), 0);
        EXPECT_EQ(log[0], 5);
        EXPECT_EQ(log[2] & 1, 1);
        EXPECT_EQ(log[3], 0x10);
        EXPECT_EQ(log[4], 0x56);
        EXPECT_EQ(log[6], 0x12);
    }
    EXPECT_EQ(host.move(0x2f, 0x30, 1, 512), 0x451U);
}

TEST(Ahci, GivesBackWhatTheHostDiscards) {
    TestHost host;
    host.start();
    std::ranges::fill(host.disk.content, u8{7});
    host.put(kData, std::vector<u8>(512));
    host.store<u64>(kData, u64{2} << 48 | 10);
    host.store<u64>(kData + 8, u64{1} << 48 | 20);
    const auto trim = [&](u16 count) {
        return host.run({.code = 0x06, .features = 1, .count = count, .regions = {{kData, 4096}}, .is_write = true});
    };
    EXPECT_EQ(trim(1), kIdle);
    EXPECT_EQ(host.disk.content[9 * 512 + 511], 7);
    EXPECT_EQ(host.disk.content[10 * 512], 0);
    EXPECT_EQ(host.disk.content[11 * 512 + 511], 0);
    EXPECT_EQ(host.disk.content[12 * 512], 7);
    EXPECT_EQ(host.disk.content[20 * 512], 0);
    host.store<u64>(kData, u64{2} << 48 | 2047);
    EXPECT_EQ(trim(1), 0x1051U);
    host.restart();
    EXPECT_EQ(trim(9), 0x451U) << "more than it says that it takes";
}

TEST(Ahci, Settings) {
    TestHost host;
    host.start();
    EXPECT_EQ(host.run({.code = 0xef, .features = 0x82}), kIdle);
    EXPECT_EQ(host.move(0xec, 0, 0, 512), kIdle);
    EXPECT_EQ(host.load<u16>(kData + 170) & 0x20, 0);
    const int durable = host.disk.durable;
    EXPECT_EQ(host.move(0xca, 0, 1, 512, true), kIdle);
    EXPECT_EQ(host.disk.durable, durable + 1) << "writes are not cached";
    EXPECT_EQ(host.run({.code = 0xef, .features = 0x02}), kIdle);
    EXPECT_EQ(host.run({.code = 0xef, .features = 0x03, .count = 0x42}), kIdle);
    EXPECT_EQ(host.run({.code = 0xc6, .count = 8}), kIdle);
    EXPECT_EQ(host.move(0xec, 0, 0, 512), kIdle);
    EXPECT_EQ(host.load<u16>(kData + 118), 0x108);
    EXPECT_EQ(host.load<u16>(kData + 176), 0x43f);
    EXPECT_EQ(host.run({.code = 0xe5}), kIdle);
    EXPECT_EQ(host.load<u8>(TestHost::kFrames + 0x40 + 12), 0xff);
    EXPECT_EQ(host.run({.code = 0xc6, .count = 3}), 0x451U);
}

TEST(Ahci, Resets) {
    TestHost host;
    host.start();
    host.put(TestHost::kFrames, std::vector<u8>(256));
    host.run({.is_control = true, .control = 4});
    host.run({.is_control = true});
    EXPECT_EQ(host.load<u8>(TestHost::kFrames + 0x40), 0x34);
    EXPECT_EQ(host.load<u8>(TestHost::kFrames + 0x40 + 4), 1);
    EXPECT_EQ(host.port(port_reg::kTaskFile), 0x150U);
    host.thread.loop.call([&] { host.disk.held = true; });
    host.prepare(0, {.code = 0xc8, .count = 1, .regions = {{kData, 512}}});
    host.set_port(port_reg::kCommandIssue, 1);
    host.settle();
    EXPECT_EQ(host.port(port_reg::kTaskFile), 0xd0U);
    host.set_port(port_reg::kSataControl, 1);
    EXPECT_EQ(host.port(port_reg::kSataStatus), 0U);
    host.set_port(port_reg::kSataControl, 0);
    EXPECT_EQ(host.port(port_reg::kSataStatus), 0x113U);
    EXPECT_EQ(host.port(port_reg::kTaskFile), 0x150U);
    EXPECT_NE(host.port(port_reg::kInterruptStatus) & interrupt::kConnectChange, 0U);
    host.set_port(port_reg::kSataError, ~0U);
    EXPECT_EQ(host.port(port_reg::kInterruptStatus) & interrupt::kConnectChange, 0U);
    host.thread.loop.call([&] { host.disk.held = false; });
    host.ahci->reset();
    host.start();
    EXPECT_EQ(host.move(0xec, 0, 0, 512), kIdle);
}

TEST(Ahci, WhatIsNowhereIsAnError) {
    TestHost host;
    host.start();
    host.prepare(0, {.code = 0xc8, .count = 1, .regions = {{0x1000, 512}}});
    host.set_port(port_reg::kCommandIssue, 1);
    host.settle();
    EXPECT_NE(host.port(port_reg::kInterruptStatus) & interrupt::kHostBusDataError, 0U);
    host.restart();
    host.set_port(port_reg::kCommandList, 0x1000);
    host.set_port(port_reg::kCommandIssue, 1);
    host.settle();
    EXPECT_NE(host.port(port_reg::kInterruptStatus) & interrupt::kHostBusFatal, 0U);
    host.restart();
    EXPECT_EQ(host.move(0xec, 0, 0, 512), kIdle);
}

TEST(Ahci, DrivesComeAndGo) {
    TestHost host;
    host.start();
    bus::Bus& bus = *host.ahci->buses()[0];
    EXPECT_EQ(bus.place_of(*host.unit), "unit 0");
    EXPECT_EQ(bus.firmware_node(*host.unit), "drive@0/disk@0");
    EXPECT_FALSE(bus.has_free_place());
    bus.detach(*host.unit);
    EXPECT_EQ(host.port(port_reg::kSataStatus), 0U);
    EXPECT_NE(host.port(port_reg::kInterruptStatus) & interrupt::kPhyReadyChange, 0U);
    EXPECT_TRUE(host.line);
    ASSERT_TRUE(bus.attach(*host.unit, true));
    EXPECT_NE(host.port(port_reg::kInterruptStatus) & interrupt::kConnectChange, 0U);
    host.restart();
    EXPECT_EQ(host.move(0xec, 0, 0, 512), kIdle);
    AtaOptions options;
    options.unit = 1;
    AtaDisk second(options, host.disk);
    EXPECT_FALSE(host.ahci->buses()[1]->attach(second, false));
}

TEST(Ahci, AnotherGoesOn) {
    TestHost host;
    host.start();
    EXPECT_EQ(host.run({.code = 0xc6, .count = 4}), kIdle);
    std::ranges::fill(host.disk.content, u8{0x5a});
    // Two at work, and one that waits for them.
    host.thread.loop.call([&] { host.disk.held = true; });
    for (const unsigned slot : {1U, 2U}) {
        host.prepare(slot, {.code = 0x60,
                            .features = 1,
                            .count = static_cast<u16>(slot << 3),
                            .lba = slot,
                            .regions = {{kData + 512 * u64{slot}, 512}}});
    }
    host.prepare(3, {.code = 0xc8, .count = 1, .lba = 3, .regions = {{kData + 1536, 512}}});
    host.set_port(port_reg::kSataActive, 6);
    host.set_port(port_reg::kCommandIssue, 0xe);
    host.settle();
    state::Json controller;
    state::Json drive;
    host.thread.loop.call([&] {
        host.ahci->savable()->quiesce();
        host.unit->savable()->quiesce();
        controller = *host.ahci->savable()->save();
        drive = *host.unit->savable()->save();
        host.set_port(port_reg::kCommand, 0);
        host.disk.held = false;
    });
    EXPECT_EQ(controller["ports"][0]["registers"]["issued"], 8);
    EXPECT_EQ(host.load<u8>(kData + 512), 0x5a);
    EXPECT_NE(host.load<u8>(kData + 1536), 0x5a);
    host.unplug();
    host.plug_in();
    host.thread.loop.call([&] {
        const auto loaded = host.ahci->savable()->load(controller);
        ASSERT_TRUE(loaded) << loaded.error().message();
        ASSERT_TRUE(host.unit->savable()->load(drive));
        EXPECT_EQ(*host.ahci->savable()->save(), controller);
        EXPECT_EQ(*host.unit->savable()->save(), drive);
    });
    host.wait([&] { return host.port(port_reg::kCommandIssue) == 0; });
    EXPECT_EQ(host.load<u8>(kData + 1536), 0x5a);
    EXPECT_EQ(host.move(0xec, 0, 0, 512), kIdle);
    EXPECT_EQ(host.load<u16>(kData + 118), 0x104);
    controller["ports"][0]["registers"]["command"] = 0;
    host.thread.loop.call([&] { EXPECT_FALSE(host.ahci->savable()->load(controller)); });
}

}  // namespace
}  // namespace kelvin::device::ahci
