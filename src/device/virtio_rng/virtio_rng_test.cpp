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

}  // namespace
}  // namespace kelvin::device
