// SPDX-License-Identifier: Apache-2.0
#include "device/virtio_blk/virtio_blk.h"

#include <gtest/gtest.h>

#include <cstring>
#include <random>

#include "backend/block/test_disk.h"
#include "bus/virtio/test_driver.h"

namespace kelvin::device {
namespace {

using bus::virtio::TestDriver;
using bus::virtio::TestMachine;
using Piece = TestDriver::Piece;

constexpr u64 kFlushFeature = 1 << 9;
constexpr u64 kWriteCache = 1 << 11;
constexpr u64 kDiscards = 1 << 13 | 1 << 14;

struct Rig {
    explicit Rig(const VirtioBlk::Options& options = {}, bool frozen = false) : disk(machine.thread.loop) {
        disk.frozen = frozen;
        machine.thread.loop.call(
            [&] { blk = std::make_unique<VirtioBlk>(options, machine.thread.loop, machine.map, disk); });
        driver = std::make_unique<TestDriver>(machine, *blk);
        EXPECT_TRUE(driver->start(kFlushFeature | (frozen ? 0 : kDiscards), 16));
    }
    ~Rig() {
        driver.reset();
        machine.thread.loop.call([&] { blk.reset(); });
    }
    Piece header(u32 type, u64 sector) {
        std::array<u8, 16> bytes{};
        std::memcpy(bytes.data(), &type, 4);
        std::memcpy(bytes.data() + 8, &sector, 8);
        return driver->readable(bytes);
    }
    /// The status byte of a request with `pieces` between header and status.
    u8 run(u32 type, u64 sector, std::vector<Piece> pieces, u16 queue = 0) {
        pieces.insert(pieces.begin(), header(type, sector));
        pieces.push_back(driver->writable(1));
        machine.store<u8>(pieces.back().address, 0xee);
        driver->request(queue, pieces);
        return machine.load<u8>(pieces.back().address);
    }

    TestMachine machine;
    backend::TestDisk disk;
    std::unique_ptr<VirtioBlk> blk;
    std::unique_ptr<TestDriver> driver;
};

TEST(VirtioBlk, WritesAndReads) {
    Rig rig;
    std::vector<u8> data(1024);
    for (std::size_t i = 0; i < data.size(); ++i) {
        data[i] = static_cast<u8>(i * 7);
    }
    EXPECT_EQ(
        rig.run(1, 3,
                {rig.driver->readable(std::span(data).first(512)), rig.driver->readable(std::span(data).subspan(512))}),
        0);
    EXPECT_EQ(std::memcmp(rig.disk.content.data() + 3 * 512, data.data(), data.size()), 0);
    const Piece back = rig.driver->writable(1024);
    EXPECT_EQ(rig.run(0, 3, {back}), 0);
    EXPECT_EQ(rig.machine.bytes(back.address, 1024), data);
    EXPECT_EQ(rig.disk.durable, 0);
    EXPECT_EQ(rig.run(4, 0, {}), 0);
    EXPECT_EQ(rig.disk.durable, 1);
}

TEST(VirtioBlk, WhatIsOutOfRangeFails) {
    Rig rig;
    EXPECT_EQ(rig.run(0, 2048, {rig.driver->writable(512)}), 1);
    EXPECT_EQ(rig.run(0, 2047, {rig.driver->writable(1024)}), 1);
    EXPECT_EQ(rig.run(0, ~u64{0}, {rig.driver->writable(512)}), 1);
    EXPECT_EQ(rig.run(0, 0, {rig.driver->writable(100)}), 1);
    EXPECT_EQ(rig.run(1, 1 << 20, {rig.driver->readable(std::array<u8, 512>{})}), 1);
    EXPECT_EQ(rig.run(99, 0, {}), 2);
    rig.disk.broken = true;
    EXPECT_EQ(rig.run(0, 0, {rig.driver->writable(512)}), 1);
}

TEST(VirtioBlk, DiscardAndWriteZeroes) {
    Rig rig;
    const auto range = [&](u64 sector, u32 count, u32 flags) {
        std::array<u8, 16> bytes{};
        std::memcpy(bytes.data(), &sector, 8);
        std::memcpy(bytes.data() + 8, &count, 4);
        std::memcpy(bytes.data() + 12, &flags, 4);
        return std::vector{rig.driver->readable(bytes)};
    };
    std::ranges::fill(rig.disk.content, u8{1});
    EXPECT_EQ(rig.run(13, 0, range(2, 2, 1)), 0);
    EXPECT_EQ(rig.run(11, 0, range(8, 1, 0)), 0);
    EXPECT_EQ(rig.disk.content[1023], 1);
    EXPECT_EQ(rig.disk.content[1024], 0);
    EXPECT_EQ(rig.disk.content[2047], 0);
    EXPECT_EQ(rig.disk.content[2048], 1);
    EXPECT_EQ(rig.disk.content[8 * 512], 0);
    EXPECT_EQ(rig.run(11, 0, range(8, 1, 1)), 2);
    EXPECT_EQ(rig.run(13, 0, range(8, 1, 4)), 2);
    EXPECT_EQ(rig.run(13, 0, range(2048, 1, 0)), 1);
    EXPECT_EQ(rig.run(13, 0, range(0, 0xffffffff, 0)), 1);
    EXPECT_EQ(rig.run(11, 0, {}), 2);
}

TEST(VirtioBlk, SerialNumber) {
    Rig rig;
    const Piece id = rig.driver->writable(20);
    EXPECT_EQ(rig.run(8, 0, {id}), 0);
    EXPECT_EQ(rig.machine.bytes(id.address, 3), (std::vector<u8>{'S', '1', 0}));
    EXPECT_EQ(rig.run(8, 0, {rig.driver->writable(1)}), 0);
}

TEST(VirtioBlk, ADriverThatCannotFlushGetsDurableWrites) {
    Rig rig;
    ASSERT_TRUE(rig.driver->start(0, 16));
    EXPECT_EQ(rig.run(1, 0, {rig.driver->readable(std::array<u8, 512>{})}), 0);
    EXPECT_EQ(rig.disk.durable, 1);
    ASSERT_TRUE(rig.driver->start(kFlushFeature | kWriteCache, 16));
    EXPECT_EQ(rig.run(1, 0, {rig.driver->readable(std::array<u8, 512>{})}), 0);
    EXPECT_EQ(rig.disk.durable, 1);
    rig.blk->write_config(32, std::array<u8, 1>{0});
    EXPECT_EQ(rig.run(1, 0, {rig.driver->readable(std::array<u8, 512>{})}), 0);
    EXPECT_EQ(rig.disk.durable, 2);
}

TEST(VirtioBlk, ConfigurationFollowsTheDisk) {
    Rig rig;
    std::array<u8, 8> capacity{};
    rig.blk->read_config(0, capacity);
    EXPECT_EQ(capacity[1], 8);
    rig.machine.thread.loop.call([&] {
        rig.disk.content.resize(2 << 20);
        rig.disk.size_handler(rig.disk.size_context);
    });
    rig.blk->read_config(0, capacity);
    EXPECT_EQ(capacity[1], 16);
    EXPECT_EQ(rig.driver->config_interrupts(), 1U);
    EXPECT_EQ(rig.run(0, 3000, {rig.driver->writable(512)}), 0);
}

TEST(VirtioBlk, AReadOnlyDiskSaysSo) {
    Rig rig({}, true);
    EXPECT_NE(rig.blk->identity().features & 1 << 5, 0U);
    EXPECT_EQ(rig.blk->identity().features & kDiscards, 0U);
}

TEST(VirtioBlk, ManyQueuesAndAResetInTheMiddle) {
    VirtioBlk::Options options;
    options.num_queues = 4;
    Rig rig(options);
    EXPECT_EQ(rig.blk->queue_count(), 4);
    for (int round = 0; round < 50; ++round) {
        ASSERT_TRUE(rig.driver->start(kFlushFeature, 16));
        for (u16 queue = 0; queue < 4; ++queue) {
            for (int i = 0; i < 4; ++i) {
                const Piece pieces[] = {rig.header(0, 0), rig.driver->writable(4096), rig.driver->writable(1)};
                rig.driver->offer(queue, pieces);
            }
            rig.driver->notify(queue);
        }
    }
    rig.blk->set_status(0);
    EXPECT_TRUE(rig.disk.waiting.empty());
    ASSERT_TRUE(rig.driver->start(kFlushFeature, 16));
    EXPECT_EQ(rig.run(0, 0, {rig.driver->writable(512)}, 3), 0);
}

TEST(VirtioBlk, AnyRequestIsAnswered) {
    const unsigned seed = std::random_device()();
    SCOPED_TRACE(seed);
    std::mt19937_64 random(seed);
    Rig rig;
    for (int round = 0; round < 500; ++round) {
        ASSERT_TRUE(rig.driver->start(kFlushFeature | kDiscards, 16));
        std::vector<Piece> pieces;
        if (random() % 8 != 0) {
            pieces.push_back(rig.header(static_cast<u32>(random() % 16), random() % 4096));
        }
        for (u64 count = random() % 5; count != 0; --count) {
            std::vector<u8> data(random() % 1025);
            for (u8& byte : data) {
                byte = static_cast<u8>(random() % 3);
            }
            pieces.push_back(rig.driver->readable(data));
        }
        for (u64 count = random() % 4; count != 0; --count) {
            pieces.push_back(rig.driver->writable(static_cast<u32>(random() % 1025)));
        }
        if (pieces.empty()) {
            continue;
        }
        rig.driver->offer(0, pieces);
        rig.driver->notify(0);
        rig.driver->settle();
    }
    ASSERT_TRUE(rig.driver->start(kFlushFeature, 16));
    EXPECT_EQ(rig.run(0, 0, {rig.driver->writable(512)}), 0);
}

}  // namespace
}  // namespace kelvin::device
