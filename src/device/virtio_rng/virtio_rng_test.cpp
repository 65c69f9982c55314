// SPDX-License-Identifier: Apache-2.0
#include "device/virtio_rng/virtio_rng.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "bus/virtio/test_driver.h"

namespace kelvin::device {
namespace {

using bus::virtio::TestDriver;
using bus::virtio::TestMachine;

struct Rig {
    explicit Rig(const VirtioRng::Options& options = {}, backend::EntropySource from = {})
        : source(std::move(from)), rng(options, machine.thread.loop, machine.map, source), driver(machine, rng) {
        EXPECT_TRUE(driver.start(0));
    }
    u32 ask(u32 size) {
        piece = driver.writable(size);
        return driver.request(0, std::span(&piece, 1));
    }

    TestMachine machine;
    backend::EntropySource source;
    VirtioRng rng;
    TestDriver driver;
    TestDriver::Piece piece{};
};

TEST(VirtioRng, FillsWhatItIsGiven) {
    Rig rig;
    EXPECT_EQ(rig.ask(10000), 10000U);
    const std::vector<u8> bytes = rig.machine.bytes(rig.piece.address, 10000);
    // The chance that some byte value is missing is one in 10^14.
    for (unsigned value = 0; value < 256; ++value) {
        EXPECT_NE(std::ranges::find(bytes, static_cast<u8>(value)), bytes.end());
    }
}

TEST(VirtioRng, ARequestForMoreGetsAPartOfIt) {
    Rig rig;
    const TestDriver::Piece piece = rig.driver.writable(1 << 20);
    const std::vector<TestDriver::Piece> pieces(8, piece);
    EXPECT_EQ(rig.driver.request(0, pieces), 16384U);
    EXPECT_EQ(rig.ask(100), 100U);
}

TEST(VirtioRng, AQuotaLastsAPeriod) {
    VirtioRng::Options options;
    options.max_bytes = 100;
    options.period = 50;
    Rig rig(options);
    EXPECT_EQ(rig.ask(80), 80U);
    EXPECT_EQ(rig.ask(80), 20U);
    const auto before = std::chrono::steady_clock::now();
    EXPECT_EQ(rig.ask(80), 80U);
    EXPECT_GE(std::chrono::steady_clock::now() - before, std::chrono::milliseconds(40));
}

TEST(VirtioRng, AFileThatHasNothingYet) {
    std::array<int, 2> ends{};
    ASSERT_EQ(::pipe(ends.data()), 0);
    auto source = backend::EntropySource::open("/dev/fd/" + std::to_string(ends[0]));
    ASSERT_TRUE(source);
    Rig rig({}, std::move(*source));
    const TestDriver::Piece piece = rig.driver.writable(4);
    rig.driver.offer(0, std::span(&piece, 1));
    rig.driver.notify(0);
    rig.driver.settle();
    ASSERT_EQ(::write(ends[1], "abc", 3), 3);
    const auto used = rig.driver.wait_used(0);
    ASSERT_TRUE(used);
    EXPECT_EQ(used->written, 3U);
    EXPECT_EQ(rig.machine.bytes(piece.address, 3), (std::vector<u8>{'a', 'b', 'c'}));
    ::close(ends[0]);
    ::close(ends[1]);
}

TEST(VirtioRng, AResetForgetsARequestThatWaits) {
    VirtioRng::Options options;
    options.max_bytes = 1;
    options.period = 20;
    Rig rig(options);
    EXPECT_EQ(rig.ask(1), 1U);
    const TestDriver::Piece piece = rig.driver.writable(1);
    rig.driver.offer(0, std::span(&piece, 1));
    rig.driver.notify(0);
    rig.driver.settle();
    ASSERT_TRUE(rig.driver.start(0));
    std::this_thread::sleep_for(std::chrono::milliseconds(40));
    rig.driver.settle();
    EXPECT_EQ(rig.machine.load<u16>(rig.driver.place(0).device.value + 2), 0);
    EXPECT_EQ(rig.ask(1), 1U);
}

/// What a machine that is saved does.
state::Json save(TestMachine& machine, VirtioRng& rng) {
    state::Json saved;
    machine.thread.loop.call([&] {
        rng.savable()->quiesce();
        saved = *rng.savable()->save();
    });
    return saved;
}

Result<> load(TestMachine& machine, VirtioRng& rng, const state::Json& saved) {
    Result<> outcome = ok();
    machine.thread.loop.call([&] { outcome = rng.savable()->load(saved); });
    return outcome;
}

TEST(VirtioRng, AnotherGoesOnWhereOneWasSaved) {
    for (const u64 features : {u64{0}, bus::virtio::feature::kPackedRing}) {
        VirtioRng::Options options;
        options.ring.packed = true;
        options.max_bytes = 10;
        options.period = 1'000'000;
        Rig rig(options);
        ASSERT_TRUE(rig.driver.start(features, 4));
        // Once around the ring, and on; then one that waits for the next period.
        for (int count = 0; count < 5; ++count) {
            EXPECT_EQ(rig.ask(2), 2U);
        }
        const TestDriver::Piece piece = rig.driver.writable(2);
        rig.driver.offer(0, std::span(&piece, 1));
        rig.driver.notify(0);
        rig.driver.settle();
        const state::Json saved = save(rig.machine, rig.rng);
        rig.rng.set_status(0);

        options.max_bytes = 100;
        VirtioRng other(options, rig.machine.thread.loop, rig.machine.map, rig.source);
        state::Json refilled = saved;
        refilled["own"]["left"] = 50;
        const Result<> loaded = load(rig.machine, other, refilled);
        ASSERT_TRUE(loaded) << loaded.error().message();
        EXPECT_EQ(other.status(), 15);
        const auto used = rig.driver.wait_used(0);
        ASSERT_TRUE(used);
        EXPECT_EQ(used->written, 2U);
        const state::Json again = save(rig.machine, other);
        EXPECT_EQ(again["own"]["left"], 48);
        EXPECT_NE(again["queues"][0]["ring"], saved["queues"][0]["ring"]);
    }
}

TEST(VirtioRng, SavedStateOfOthersOrOfNobodyIsRefused) {
    VirtioRng::Options options;
    options.max_bytes = 10;
    options.period = 1'000'000;
    Rig rig(options);
    const state::Json good = save(rig.machine, rig.rng);
    const auto refusal = [&](const char* pointer, const state::Json& value) {
        state::Json bad = good;
        bad[state::Json::json_pointer(pointer)] = value;
        const Result<> outcome = load(rig.machine, rig.rng, bad);
        return outcome ? "" : outcome.error().message();
    };
    EXPECT_EQ(refusal("/status", 15), "");
    EXPECT_EQ(refusal("/own/left", 11), ".own.left: 11 is more than max-bytes=10");
    EXPECT_EQ(refusal("/queues/0/size", 9), ".queues[0].size: 9 is more than 8, the queue's largest");
    EXPECT_NE(refusal("/queues/0/size", 3).find(".queues[0]: it is not in RAM"), std::string::npos);
    EXPECT_NE(refusal("/queues/0/device", 0x1000).find(".queues[0]: it is not in RAM"), std::string::npos);
    EXPECT_EQ(refusal("/queues/0/ring", nullptr), ".queues[0].ring: the queue is in use, and stands nowhere");
    EXPECT_NE(refusal("/queues", state::Json::array()).find(".queues: there are 0"), std::string::npos);
    EXPECT_NE(refusal("/offered_features", 1).find("made with other options"), std::string::npos);
    EXPECT_NE(refusal("/driver_features", 1).find("do not go together"), std::string::npos);
    EXPECT_NE(refusal("/status", 7).find("a device does not run"), std::string::npos);
    EXPECT_NE(refusal("/status", 256).find("not a number from 0 to 255"), std::string::npos);
    ASSERT_TRUE(load(rig.machine, rig.rng, good));
    EXPECT_EQ(rig.ask(5), 5U);
}

}  // namespace
}  // namespace kelvin::device
