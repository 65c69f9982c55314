// SPDX-License-Identifier: Apache-2.0
#include "bus/virtio/device.h"

#include <gtest/gtest.h>

#include <atomic>
#include <random>

#include "bus/virtio/test_driver.h"

namespace kelvin::bus::virtio {
namespace {

/// Queue 0 answers each chain with its readable bytes, each plus one.
class Incrementer final : public Device {
  public:
    Incrementer(EventLoop& io, memory::Dma& dma, RingOptions options)
        : Device({.id = 42, .features = options.features() | 1, .queue_sizes = {256, 64}, .config_size = 6}, io, dma) {
        set_config(0, std::array<u8, 2>{7, 8});
    }
    ~Incrementer() override = default;
    using Device::change_config;

    unsigned starts = 0;
    unsigned stops = 0;
    std::vector<u8> written_config;

  private:
    void started(u64) override { ++starts; }
    void stopped() override { ++stops; }
    void queue_notified(u16 queue) override {
        serve(queue, chain_, [&](Chain& chain) {
            std::vector<u8> data(chain.readable_size());
            EXPECT_TRUE(chain.read(0, data));
            for (u8& byte : data) {
                ++byte;
            }
            const bool fits = chain.write(0, data);
            give_back(queue, chain, fits ? data.size() : 0);
            return true;
        });
    }
    void config_written(u32 offset, std::span<const u8> data) override {
        written_config.assign(data.begin(), data.end());
        set_config(offset, data);
    }
    Chain chain_;
};

/// Takes what it is given, and gives nothing back.
class Hoarder final : public Device {
  public:
    Hoarder(EventLoop& io, memory::Dma& dma)
        : Device({.id = 42, .features = RingOptions{.packed = true}.features(), .queue_sizes = {256}}, io, dma) {}
    std::atomic<unsigned> held = 0;

  private:
    void started(u64) override { held = 0; }
    void stopped() override {}
    void queue_notified(u16 queue) override {
        while (next_chain(queue, chain_)) {
            ++held;
        }
    }
    Chain chain_;
};

struct Rig {
    explicit Rig(RingOptions options = {})
        : device(machine.thread.loop, machine.map, options), driver(machine, device) {}
    TestMachine machine;
    Incrementer device;
    TestDriver driver;

    u32 round_trip(std::span<const u8> data, u32 room) {
        const TestDriver::Piece pieces[] = {driver.readable(data), driver.writable(room)};
        const u32 written = driver.request(0, pieces);
        std::vector<u8> expected(data.begin(), data.end());
        for (u8& byte : expected) {
            ++byte;
        }
        if (written != 0) {
            EXPECT_EQ(machine.bytes(pieces[1].address, written), expected);
        }
        return written;
    }
};

class EitherLayout : public testing::TestWithParam<u64> {};

TEST_P(EitherLayout, RequestsComeBackManyRoundsLong) {
    Rig rig({.packed = true});
    for (const u64 events : {u64{0}, feature::kEventIndex}) {
        ASSERT_TRUE(rig.driver.start(GetParam() | events));
        for (u8 i = 0; i < 50; ++i) {
            const std::array<u8, 3> data{i, 1, 2};
            EXPECT_EQ(rig.round_trip(data, 3), 3U);
        }
        EXPECT_EQ(rig.round_trip(std::array<u8, 4>{}, 3), 0U);
    }
    EXPECT_EQ(rig.device.starts, 2U);
    EXPECT_EQ(rig.device.stops, 1U);
    EXPECT_GE(rig.driver.queue_interrupts(), 51U);
}

TEST_P(EitherLayout, ManyChainsAtOnce) {
    Rig rig({.packed = true});
    ASSERT_TRUE(rig.driver.start(GetParam(), 64));
    std::array<u16, 20> ids{};
    for (u16& id : ids) {
        const TestDriver::Piece pieces[] = {rig.driver.readable(std::array<u8, 1>{1}), rig.driver.writable(1),
                                            rig.driver.writable(8)};
        id = rig.driver.offer(0, pieces);
    }
    rig.driver.notify(0);
    for (const u16 id : ids) {
        const auto used = rig.driver.wait_used(0);
        ASSERT_TRUE(used);
        EXPECT_EQ(used->id, id);
    }
}

/// Linux's balloon does that with its statistics.
TEST_P(EitherLayout, WhatWasOfferedBeforeTheDriverWasReadyIsFound) {
    Rig rig({.packed = true});
    ASSERT_TRUE(rig.driver.start(GetParam(), 8, [&] {
        const TestDriver::Piece pieces[] = {rig.driver.readable(std::array<u8, 1>{1}), rig.driver.writable(1)};
        rig.driver.offer(0, pieces);
        rig.driver.notify(0);
        rig.driver.settle();
    }));
    const auto used = rig.driver.wait_used(0);
    ASSERT_TRUE(used);
    EXPECT_EQ(used->written, 1U);
}

TEST_P(EitherLayout, IndirectTables) {
    Rig rig({.packed = true});
    ASSERT_TRUE(rig.driver.start(GetParam() | feature::kIndirectDescriptors));
    const TestDriver::Piece in = rig.driver.readable(std::array<u8, 2>{1, 2});
    const TestDriver::Piece out = rig.driver.writable(2);
    const u64 table = rig.driver.allocate(32);
    rig.machine.store<u64>(table, in.address);
    rig.machine.store<u64>(table + 8, 2 | u64{1} << 32 | u64{1} << 48);
    rig.machine.store<u64>(table + 16, out.address);
    rig.machine.store<u64>(table + 24, 2 | u64{2} << 32);
    if (GetParam() == feature::kPackedRing) {
        rig.machine.store<u64>(table + 8, 2);
        rig.machine.store<u64>(table + 24, 2 | u64{2} << 48);
    }
    const TestDriver::Piece whole[] = {{table, 32, false}};
    rig.driver.offer(0, whole);
    // The flag that says that it is a table.
    const u64 flags = rig.driver.place(0).descriptors.value + (GetParam() == feature::kPackedRing ? 14 : 12);
    rig.machine.store<u16>(flags, static_cast<u16>(rig.machine.load<u16>(flags) | 4));
    rig.driver.notify(0);
    const auto used = rig.driver.wait_used(0);
    ASSERT_TRUE(used);
    EXPECT_EQ(used->written, 2U);
    EXPECT_EQ(rig.machine.bytes(out.address, 2), (std::vector<u8>{2, 3}));
}

TEST_P(EitherLayout, ABrokenChainStopsTheDeviceUntilItIsReset) {
    Rig rig({.packed = true});
    const std::array<TestDriver::Piece, 2> cases[] = {
        {{{0x1000, 4, false}, {TestMachine::kRam, 4, true}}},             // not RAM
        {{{TestMachine::kRam, 4, true}, {TestMachine::kRam, 4, false}}},  // to read behind to write
        {{{~u64{0} - 2, 4, false}, {TestMachine::kRam, 4, true}}},        // around the end
        {{{TestMachine::kRam, 0xffffffff, false}, {TestMachine::kRam, 4, true}}},
    };
    for (const auto& pieces : cases) {
        ASSERT_TRUE(rig.driver.start(GetParam()));
        const unsigned before = rig.driver.config_interrupts();
        rig.driver.offer(0, pieces);
        rig.driver.notify(0);
        rig.driver.settle();
        EXPECT_NE(rig.device.status() & status::kNeedsReset, 0);
        EXPECT_EQ(rig.driver.config_interrupts(), before + 1);
        EXPECT_FALSE(rig.device.fault().empty());
    }
    ASSERT_TRUE(rig.driver.start(GetParam()));
    EXPECT_EQ(rig.round_trip(std::array<u8, 1>{1}, 1), 1U);
}

// A request takes memory of the host's, so that no more may be under way than a ring has places for.
TEST_P(EitherLayout, PlacesThatAreNotBackCannotBeOfferedAgain) {
    TestMachine machine;
    Hoarder device(machine.thread.loop, machine.map);
    TestDriver driver(machine, device);
    ASSERT_TRUE(driver.start(GetParam(), 8));
    const TestDriver::Piece pieces[] = {driver.writable(8), driver.writable(8)};
    const TestDriver::Piece piece[] = {driver.writable(8)};
    for (int chains = 0; chains < 4; ++chains) {
        driver.offer(0, pieces);
    }
    driver.notify(0);
    driver.settle();
    EXPECT_EQ(device.held, 4U);
    EXPECT_EQ(device.status() & status::kNeedsReset, 0);
    for (int chains = 0; chains < 8; ++chains) {
        driver.offer(0, piece);
        driver.notify(0);
        driver.settle();
    }
    EXPECT_LE(device.held, 8U);
    EXPECT_NE(device.status() & status::kNeedsReset, 0);
}

TEST_P(EitherLayout, RingsOfNonsenseHarmNobody) {
    const unsigned seed = std::random_device()();
    SCOPED_TRACE(seed);
    std::mt19937_64 random(seed);
    Rig rig({.packed = true});
    for (int round = 0; round < 300; ++round) {
        ASSERT_TRUE(rig.driver.start(GetParam() | (random() & 3) << 28, 16));
        const RingPlace& place = rig.driver.place(0);
        for (int writes = 0; writes < 40; ++writes) {
            const u64 areas[] = {place.descriptors.value + random() % 256, place.driver.value + random() % 38,
                                 place.device.value + random() % 134};
            const u64 inside = TestMachine::kRam + random() % TestMachine::kRamSize;
            const u64 values[] = {random(), inside, random() % 32, u64{1} << random() % 64};
            rig.machine.store<u64>(areas[random() % 3], values[random() % 4]);
            if (random() % 4 == 0) {
                rig.driver.notify(0);
            }
        }
        rig.driver.settle();
    }
    ASSERT_TRUE(rig.driver.start(GetParam()));
    EXPECT_EQ(rig.round_trip(std::array<u8, 1>{1}, 1), 1U);
}

INSTANTIATE_TEST_SUITE_P(VirtioDevice, EitherLayout, testing::Values(u64{0}, feature::kPackedRing));

TEST(VirtioDevice, FeaturesThatWereNotOfferedAreRefused) {
    Rig rig;
    EXPECT_FALSE(rig.driver.start(feature::kPackedRing));
    EXPECT_FALSE(rig.driver.start(u64{1} << 60));
    EXPECT_TRUE(rig.driver.start(1));
    rig.device.set_driver_features(0);
    EXPECT_EQ(rig.device.driver_features(), 1 | feature::kVersion1);
}

TEST(VirtioDevice, LoopsOfDescriptorsEnd) {
    Rig rig;
    ASSERT_TRUE(rig.driver.start(0));
    const TestDriver::Piece pieces[] = {rig.driver.readable(std::array<u8, 1>{1}), rig.driver.writable(1)};
    rig.driver.offer(0, pieces);
    rig.machine.store<u32>(rig.driver.place(0).descriptors.value + 16 + 12, 3);
    rig.driver.notify(0);
    rig.driver.settle();
    EXPECT_NE(rig.device.status() & status::kNeedsReset, 0);
}

TEST(VirtioDevice, QueuesThatAreNotInRam) {
    Rig rig;
    ASSERT_TRUE(rig.driver.start(0));
    rig.device.set_status(0);
    rig.device.set_status(status::kAcknowledge | status::kDriver);
    rig.device.set_driver_features(feature::kVersion1);
    rig.device.set_status(status::kFeaturesOk);
    rig.device.change_queue(0, [](QueueRegisters& registers) { registers.place.size = 3; });
    rig.device.set_queue_enabled(0, true);
    rig.device.set_status(status::kDriverOk);
    EXPECT_NE(rig.device.status() & status::kNeedsReset, 0);
    rig.device.notify(0);
    rig.device.notify(60000);
    rig.driver.settle();
}

TEST(VirtioDevice, ConfigurationSpace) {
    Rig rig;
    std::array<u8, 8> bytes{};
    rig.device.read_config(0, bytes);
    EXPECT_EQ(bytes, (std::array<u8, 8>{7, 8}));
    rig.device.write_config(4, std::array<u8, 4>{1, 2, 3, 4});
    EXPECT_EQ(rig.device.written_config, (std::vector<u8>{1, 2}));
    rig.device.write_config(0xffffffff, std::array<u8, 4>{});
    rig.device.read_config(0xffffffff, bytes);
    EXPECT_EQ(bytes, (std::array<u8, 8>{}));
    ASSERT_TRUE(rig.driver.start(0));
    const u32 generation = rig.device.config_generation();
    rig.machine.thread.loop.call([&] { rig.device.change_config(1, std::array<u8, 1>{9}); });
    EXPECT_NE(rig.device.config_generation(), generation);
    EXPECT_EQ(rig.driver.config_interrupts(), 1U);
}

TEST(VirtioDevice, EventIndexSavesInterrupts) {
    Rig rig;
    ASSERT_TRUE(rig.driver.start(feature::kEventIndex, 16));
    // The driver wants to hear of the third chain only.
    rig.machine.store<u16>(rig.driver.place(0).driver.value + 4 + 2 * 16, 2);
    for (int i = 0; i < 3; ++i) {
        EXPECT_EQ(rig.driver.queue_interrupts(), 0U);
        EXPECT_EQ(rig.round_trip(std::array<u8, 1>{1}, 1), 1U);
        rig.driver.settle();
    }
    EXPECT_EQ(rig.driver.queue_interrupts(), 1U);
}

}  // namespace
}  // namespace kelvin::bus::virtio
