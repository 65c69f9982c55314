// SPDX-License-Identifier: Apache-2.0
#include <numeric>
#include <random>

#include "device/ide/test_host.h"

namespace kelvin::device::ide {
namespace {

constexpr u8 kIdle = 0x50;
constexpr u8 kHasData = 0x58;
constexpr u64 kData = TestHost::kData;

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

TEST(Ide, Registers) {
    TestHost host;
    EXPECT_EQ(host.in(port::kStatus), kIdle);
    EXPECT_EQ(host.in(port::kFeatures), 1);
    EXPECT_EQ(host.in(port::kCount), 1);
    EXPECT_EQ(host.in(port::kLbaLow), 1);
    EXPECT_EQ(host.in(port::kLbaLow + 1), 0);
    host.out(port::kCount, 0x12);
    host.out(port::kCount, 0x34);
    host.out(port::kLbaLow + 2, 0x56);
    host.out(port::kLbaLow + 2, 0x78);
    EXPECT_EQ(host.in(port::kCount), 0x34);
    EXPECT_EQ(host.in(port::kLbaLow + 2), 0x78);
    host.control(0x80);
    EXPECT_EQ(host.in(port::kCount), 0x12);
    EXPECT_EQ(host.in(port::kLbaLow + 2), 0x56);
    host.out(port::kLbaLow, 9);
    EXPECT_EQ(host.in(port::kLbaLow), 9) << "a write shows the current ones";
    EXPECT_EQ(host.in(port::kData), 0xff);
    // The second drive is not there, nor any of the second channel.
    host.out(port::kDevice, 0xf0);
    EXPECT_EQ(host.in(port::kStatus), 0);
    EXPECT_EQ(host.in(port::kCount), 0);
    host.out(port::kStatus, 0xec);
    EXPECT_EQ(host.in(port::kStatus), 0);
    host.channel = 1;
    EXPECT_EQ(host.in(port::kStatus), 0);
    EXPECT_EQ(host.ide->config().get<u32>(0), 0x70108086U);
    EXPECT_EQ(host.ide->config().get<u32>(8), 0x01018000U);
}

TEST(Ide, Identifies) {
    TestHost host;
    EXPECT_EQ(host.run({.code = 0xec}), kHasData);
    EXPECT_TRUE(host.line());
    EXPECT_EQ(host.in(port::kStatus), kHasData);
    EXPECT_FALSE(host.line());
    std::vector<u8> words;
    host.read_words(words, 256);
    EXPECT_EQ(host.in(port::kStatus), kIdle);
    EXPECT_EQ(std::accumulate(words.begin(), words.end(), u8{0}), 0);
    EXPECT_EQ(words[0], 0x40);
    EXPECT_EQ(words[152] | words[153], 0) << "no Serial ATA";
    EXPECT_EQ(host.in_word(), 0xffff) << "all has been taken";
    EXPECT_EQ(host.run({.code = 0x60}), 0x51) << "no queues";
    host.in(port::kStatus);
    host.control(control::kNoInterrupt);
    EXPECT_EQ(host.run({.code = 0xe5}), kIdle);
    EXPECT_FALSE(host.line());
    EXPECT_EQ(host.in(port::kCount), 0xff);
}

TEST(Ide, DataByTheProcessor) {
    TestHost host;
    EXPECT_EQ(host.run({.code = 0xc6, .count = 4}), kIdle);
    struct Way {
        u8 write;
        u8 read;
        std::size_t block;
        bool is_wide;
    };
    u8 seed = 1;
    for (const Way way : {Way{0x30, 0x20, 512, false}, Way{0x34, 0x24, 512, true}, Way{0xc5, 0xc4, 2048, false},
                          Way{0x39, 0x29, 2048, true}}) {
        SCOPED_TRACE(int{way.write});
        const std::vector<u8> data = pattern(5 * 512, seed++);
        host.in(port::kStatus);
        EXPECT_EQ(host.run({.code = way.write, .count = 5, .lba = 300, .is_wide = way.is_wide}), kHasData);
        EXPECT_FALSE(host.line()) << "the first block is asked for without an interrupt";
        for (std::size_t at = 0; at < data.size(); at += way.block) {
            const std::size_t size = std::min(way.block, data.size() - at);
            host.write_words(std::span(data).subspan(at, size));
            EXPECT_EQ(host.wait(), at + size == data.size() ? kIdle : kHasData);
            EXPECT_TRUE(host.line());
            host.in(port::kStatus);
        }
        EXPECT_EQ(on_disk(host, 300, data.size()), data);
        std::vector<u8> read;
        EXPECT_EQ(host.run({.code = way.read, .count = 5, .lba = 300, .is_wide = way.is_wide}), kHasData);
        while (read.size() < data.size()) {
            EXPECT_TRUE(host.line());
            EXPECT_EQ(host.in(port::kStatus), kHasData);
            host.read_words(read, std::min(way.block, data.size() - read.size()) / 2);
        }
        EXPECT_EQ(read, data);
        EXPECT_EQ(host.in(port::kStatus), kIdle);
    }
    // By cylinder, head and sector: 2, 3, 4 of 16 heads and 63 sectors.
    const u64 sector = (2 * 16 + 3) * 63 + 3;
    host.disk.content.resize(4 << 20);
    host.disk.content[sector * 512] = 0x77;
    EXPECT_EQ(host.run({.code = 0x20, .count = 1, .lba = 2 << 8 | 4, .device = 0xa3}), kHasData);
    EXPECT_EQ(host.in_word() & 0xff, 0x77);
}

TEST(Ide, DataByTheBusMaster) {
    TestHost host;
    u8 seed = 1;
    for (const bool is_wide : {false, true}) {
        const std::vector<u8> data = pattern(5 * 512, seed++);
        host.put(kData, data);
        host.set_regions({{kData, 510}, {kData + 510, 2}, {kData + 512, 2048}});
        EXPECT_EQ(host.run({.code = is_wide ? u8{0x35} : u8{0xca}, .count = 5, .lba = 7, .is_wide = is_wide}),
                  kHasData);
        host.settle();
        EXPECT_FALSE(host.line());
        host.master_out(master::kCommandAt, master::kStart);
        host.settle();
        EXPECT_EQ(host.wait(), kIdle);
        EXPECT_TRUE(host.line());
        EXPECT_EQ(host.master_in(master::kStatusAt), master::kInterrupt);
        EXPECT_EQ(on_disk(host, 7, data.size()), data);
        host.master_out(master::kCommandAt, 0);
        host.in(port::kStatus);
        host.put(kData, std::vector<u8>(4096));
        host.set_regions({{kData, 0}});
        // The bus master is there first.
        host.master_out(master::kCommandAt, master::kStart | master::kToMemory);
        EXPECT_EQ(host.run({.code = is_wide ? u8{0x25} : u8{0xc8}, .count = 5, .lba = 7, .is_wide = is_wide}) & 0x08,
                  host.alternate_status() & 0x08);
        host.settle();
        EXPECT_EQ(host.wait(), kIdle);
        EXPECT_EQ(host.bytes(kData, data.size()), data);
        EXPECT_EQ(host.master_in(master::kStatusAt), master::kInterrupt | master::kActive) << "64 KiB are longer";
        host.master_out(master::kCommandAt, 0);
        EXPECT_EQ(host.master_in(master::kStatusAt), master::kInterrupt);
        host.master_out(master::kStatusAt, master::kInterrupt | 0x20);
        EXPECT_EQ(host.master_in(master::kStatusAt), 0x20);
        host.in(port::kStatus);
    }
    EXPECT_EQ(host.master_in(master::kTableAt, 4), TestHost::kTable);
}

TEST(Ide, BadRegions) {
    TestHost host;
    host.set_regions({{0x1000, 512}});
    host.issue({.code = 0xc8, .count = 1});
    host.master_out(master::kCommandAt, master::kStart | master::kToMemory);
    host.settle();
    host.settle();
    EXPECT_EQ(host.wait() & 1, 1);
    EXPECT_EQ(host.master_in(master::kStatusAt), master::kError | master::kInterrupt);
    host.master_out(master::kCommandAt, 0);
    host.set_regions({{kData, 512}});
    host.issue({.code = 0xc8, .count = 2});
    host.master_out(master::kCommandAt, master::kStart | master::kToMemory);
    host.settle();
    host.settle();
    EXPECT_EQ(host.wait(), 0x51) << "less room than data";
    EXPECT_EQ(host.in(port::kFeatures), 0x04);
}

TEST(Ide, Errors) {
    TestHost host;
    EXPECT_EQ(host.run({.code = 0x20, .count = 1, .lba = 2048}), 0x51);
    EXPECT_EQ(host.in(port::kFeatures), 0x10);
    EXPECT_EQ(host.run({.code = 0x30, .count = 2, .lba = 2047}), 0x51) << "before any data is taken";
    EXPECT_EQ(host.run({.code = 0x20, .count = 1, .lba = 0, .device = 0xa0}), 0x51) << "sectors count from 1";
    EXPECT_EQ(host.run({.code = 0xa0}), 0x51);
    EXPECT_EQ(host.in(port::kFeatures), 0x04);
    host.disk.broken = true;
    EXPECT_EQ(host.run({.code = 0x20, .count = 1}), 0x51);
    EXPECT_EQ(host.in(port::kFeatures), 0x40);
    host.disk.broken = false;
    EXPECT_EQ(host.run({.code = 0x40, .count = 1}), kIdle);
    EXPECT_EQ(host.in(port::kFeatures), 0);
}

TEST(Ide, Resets) {
    TestHost host;
    host.run({.code = 0x20, .count = 2, .lba = 5});
    host.control(control::kReset);
    EXPECT_EQ(host.alternate_status(), 0x80);
    host.out(port::kStatus, 0xec);
    host.control(0);
    EXPECT_EQ(host.alternate_status(), kIdle);
    EXPECT_FALSE(host.line());
    EXPECT_EQ(host.in(port::kLbaLow), 1);
    host.out(port::kDevice, 0xe0);
    host.out(port::kStatus, 0x90);
    EXPECT_EQ(host.alternate_status(), kIdle);
    EXPECT_TRUE(host.line());
    EXPECT_EQ(host.in(port::kFeatures), 1);
    host.thread.loop.call([&] { host.disk.held = true; });
    host.issue({.code = 0x20, .count = 1});
    host.settle();
    EXPECT_EQ(host.alternate_status(), 0x80);
    host.ide->reset();
    EXPECT_EQ(host.alternate_status(), kIdle);
    EXPECT_FALSE(host.line());
}

TEST(Ide, Places) {
    TestHost host;
    bus::Bus& bus = *host.ide->buses()[1];
    EXPECT_EQ(bus.name(), "ide.1");
    AtaDisk second(AtaOptions{}, host.disk);
    EXPECT_FALSE(bus.attach(second, true)) << "not while the machine runs";
    ASSERT_TRUE(host.ide->buses()[0]->attach(second, false));
    EXPECT_FALSE(host.ide->buses()[0]->has_free_place());
    EXPECT_EQ(host.ide->buses()[0]->firmware_node(second), "drive@0/disk@1");
    EXPECT_EQ(host.run({.code = 0xec, .device = 0xf0}), kHasData);
    std::vector<u8> words;
    host.read_words(words, 256);
    EXPECT_EQ(words[20], '1') << "the serial number that the back end has";
    host.ide->buses()[0]->detach(second);
    EXPECT_EQ(host.alternate_status(), 0);
}

/// Saved at each point of a command, loaded into another, and gone on with.
TEST(Ide, AnotherGoesOn) {
    TestHost host;
    const std::vector<u8> data = pattern(1024, 3);
    const auto hand_over = [&] {
        state::Json controller;
        host.thread.loop.call([&] {
            host.ide->savable()->quiesce();
            const auto saved = host.ide->savable()->save();
            ASSERT_TRUE(saved);
            controller = *saved;
        });
        host.unplug();
        host.plug_in();
        host.thread.loop.call([&] {
            const auto loaded = host.ide->savable()->load(controller);
            ASSERT_TRUE(loaded) << loaded.error().message();
            EXPECT_EQ(state::Json::diff(*host.ide->savable()->save(), controller), state::Json::array());
            controller["channels"][0]["position"] = 5000;
        });
        return controller;
    };
    EXPECT_EQ(host.run({.code = 0x30, .count = 2, .lba = 30}), kHasData);
    host.write_words(std::span(data).first(700));
    const state::Json bad = hand_over();
    host.write_words(std::span(data).subspan(700));
    EXPECT_EQ(host.wait(), kIdle);
    EXPECT_EQ(on_disk(host, 30, 1024), data);
    EXPECT_EQ(host.run({.code = 0xc8, .count = 2, .lba = 30}), kHasData);
    hand_over();
    host.set_regions({{kData, 1024}});
    host.master_out(master::kCommandAt, master::kStart | master::kToMemory);
    host.settle();
    EXPECT_EQ(host.wait(), kIdle);
    EXPECT_EQ(host.bytes(kData, 1024), data);
    EXPECT_TRUE(host.line());
    hand_over();
    EXPECT_TRUE(host.line());
    host.thread.loop.call([&] { EXPECT_FALSE(host.ide->savable()->load(bad)); });
}

/// Ports as they come; whatever is written, the channel can be used afterwards.
TEST(Ide, SurvivesAnything) {
    const unsigned seed = std::random_device()();
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    TestHost host;
    static constexpr std::array<u8, 18> kCodes = {0x20, 0x30, 0xc4, 0xc5, 0xc8, 0xca, 0xec, 0xef, 0x08,
                                                  0x90, 0xa0, 0x25, 0x35, 0x29, 0x39, 0x06, 0xc6, 0x2f};
    for (int round = 0; round < 20000; ++round) {
        const u8 value = static_cast<u8>(random() % 3 == 0 ? random() : random() % 4);
        switch (random() % 12) {
            case 0:
                host.control(random() % 8 == 0 ? value : 0);
                break;
            case 1:
                host.master_out(random() % 8, value);
                break;
            case 2:
                host.set_regions({{kData + random() % 0x10000, static_cast<u32>(random())}, {random(), 512}});
                host.master_out(0, random() % 2 == 0 ? 9 : 1);
                break;
            case 3:
                host.out(port::kDevice, random() % 4 == 0 ? value : 0xe0);
                host.out(port::kStatus, random() % 4 == 0 ? value : kCodes[random() % kCodes.size()]);
                break;
            case 4:
            case 5: {
                const unsigned size = 2U << random() % 2;
                for (u64 count = random() % 600; count != 0; --count) {
                    random() % 2 == 0 ? host.ide->command_block(0).write(0, size, random())
                                      : static_cast<void>(host.ide->command_block(0).read(0, size));
                }
                break;
            }
            case 6:
                host.in(random() % 8);
                break;
            case 7:
                host.settle();
                break;
            default:
                host.out(random() % 7, value);
                break;
        }
    }
    host.ide->reset();
    host.control(0);
    EXPECT_EQ(host.run({.code = 0xec}), kHasData);
}

}  // namespace
}  // namespace kelvin::device::ide
