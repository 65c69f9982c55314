// SPDX-License-Identifier: Apache-2.0
#include "device/virtio_balloon/virtio_balloon.h"

#include <gtest/gtest.h>

#include <cstring>
#include <future>

#include "bus/virtio/test_driver.h"

namespace kelvin::device {
namespace {

using backend::BalloonStatistics;
using bus::virtio::TestDriver;
using bus::virtio::TestMachine;

constexpr u64 kStatistics = u64{1} << 1;
constexpr u64 kPagePoison = u64{1} << 4;
constexpr u64 kPageReporting = u64{1} << 5;
constexpr u64 kRamSize = TestMachine::kRamSize;
/// Behind what the driver's rings and requests take.
constexpr u64 kPages = TestMachine::kRam + (u64{2} << 20);

struct Observer final : backend::BalloonObserver {
    /// The first time.
    void balloon_changed(u64 actual_bytes) override {
        if (!std::exchange(told_, true)) {
            actual.set_value(actual_bytes);
        }
    }
    std::promise<u64> actual;

  private:
    bool told_ = false;
};

struct Rig {
    explicit Rig(u64 features = kStatistics, const VirtioBalloon::Options& options = {})
        : device(options, machine.thread.loop, machine.map, balloon), driver(machine, device) {
        EXPECT_TRUE(driver.start(features));
    }
    u32 page_number(u64 address) const { return static_cast<u32>(address >> 12); }
    void dirty(u64 address, u64 size) const {
        EXPECT_TRUE(machine.map.copy_out({address}, std::vector<u8>(size, 0x5a)));
    }
    bool is_zero(u64 page) const { return machine.bytes(page, 4096) == std::vector<u8>(4096); }
    void lend(u16 queue, std::span<const u32> pages) {
        const TestDriver::Piece piece =
            driver.readable({reinterpret_cast<const u8*>(pages.data()), pages.size_bytes()});
        EXPECT_EQ(driver.request(queue, std::span(&piece, 1)), 0U);
    }
    void set_actual(u32 pages) { device.write_config(4, {reinterpret_cast<const u8*>(&pages), sizeof pages}); }
    u32 wanted_pages() const {
        u32 pages = 0;
        device.read_config(0, {reinterpret_cast<u8*>(&pages), sizeof pages});
        return pages;
    }

    TestMachine machine;
    LoopThread control;
    Observer observer;
    backend::MemoryBalloon balloon{kRamSize, machine.thread.loop, control.loop, &observer};
    VirtioBalloon device;
    TestDriver driver;
};

TEST(VirtioBalloon, ATargetInterruptsAndWhatTheGuestDoesIsReported) {
    Rig rig;
    EXPECT_EQ(*rig.balloon.actual(), kRamSize);
    ASSERT_TRUE(rig.balloon.set_target(kRamSize - 3 * 4096));
    EXPECT_EQ(rig.wanted_pages(), 3U);
    EXPECT_EQ(rig.driver.config_interrupts(), 1U);
    rig.set_actual(2);
    EXPECT_EQ(*rig.balloon.actual(), kRamSize - 2 * 4096);
    EXPECT_EQ(rig.observer.actual.get_future().get(), kRamSize - 2 * 4096);
    // More than all is all; more than there is is all there is.
    ASSERT_TRUE(rig.balloon.set_target(~u64{0}));
    EXPECT_EQ(rig.wanted_pages(), 0U);
    rig.set_actual(~u32{0});
    EXPECT_EQ(*rig.balloon.actual(), 0U);
    EXPECT_FALSE(rig.balloon.set_target(0));
    rig.device.set_status(0);
    EXPECT_EQ(*rig.balloon.actual(), kRamSize);
}

TEST(VirtioBalloon, LentPagesGoToTheHost) {
    Rig rig;
    rig.dirty(kPages, 16 * 4096);
    const u32 first = rig.page_number(kPages);
    rig.lend(0, std::array<u32, 7>{first + 1, first + 2, first + 3, first + 9, first + 8, first + 7, first + 13});
    for (u32 page = 0; page < 16; ++page) {
        const bool lent = (page >= 1 && page <= 3) || (page >= 7 && page <= 9) || page == 13;
        EXPECT_EQ(rig.is_zero(kPages + u64{page} * 4096), lent) << page;
    }
    rig.lend(1, std::array<u32, 2>{first + 1, first + 2});
    rig.dirty(kPages + 4096, 4096);
    EXPECT_FALSE(rig.is_zero(kPages + 4096));
}

TEST(VirtioBalloon, PageNumbersOfAnythingElseDoNoHarm) {
    Rig rig;
    rig.dirty(kPages, 4 * 4096);
    const u32 first = rig.page_number(kPages);
    const u32 end = rig.page_number(TestMachine::kRam + kRamSize);
    rig.lend(0, std::array<u32, 9>{0, ~u32{0}, end, end - 1, first, first, first, 0x80000000, first + 2});
    EXPECT_TRUE(rig.is_zero(kPages));
    EXPECT_FALSE(rig.is_zero(kPages + 4096));
    EXPECT_TRUE(rig.is_zero(kPages + 2 * 4096));
    // A run that leaves RAM goes nowhere.
    rig.lend(0, std::array<u32, 2>{end - 1, end});
    // Half a page number is none.
    const TestDriver::Piece odd = rig.driver.readable(std::array<u8, 7>{});
    EXPECT_EQ(rig.driver.request(0, std::span(&odd, 1)), 0U);
    EXPECT_EQ(rig.device.fault(), "");
}

TEST(VirtioBalloon, ARequestWithoutEndIsAFault) {
    Rig rig;
    std::vector<TestDriver::Piece> pieces(2, {kPages, u32{1} << 18, false});
    pieces[1].length = 4;
    rig.driver.offer(0, pieces);
    rig.driver.notify(0);
    rig.driver.settle();
    EXPECT_NE(rig.device.fault(), "");
    EXPECT_NE(rig.device.status() & bus::virtio::status::kNeedsReset, 0);
    ASSERT_TRUE(rig.driver.start(kStatistics));
    rig.lend(0, std::array<u32, 1>{rig.page_number(kPages)});
}

TEST(VirtioBalloon, StatisticsComeWhenTheyAreWanted) {
    Rig rig;
    struct [[gnu::packed]] Figure {
        u16 tag;
        u64 value;
    };
    const std::array<Figure, 3> figures{{{4, 1000}, {0xffff, 1}, {5, 2000}}};
    std::array<u8, sizeof figures> bytes{};
    std::memcpy(bytes.data(), figures.data(), sizeof figures);
    const TestDriver::Piece piece = rig.driver.readable(bytes);
    rig.driver.offer(2, std::span(&piece, 1));
    rig.driver.notify(2);
    rig.driver.settle();
    const BalloonStatistics seen = *rig.balloon.statistics();
    EXPECT_EQ(seen.values[4], 1000U);
    EXPECT_EQ(seen.values[5], 2000U);
    EXPECT_FALSE(seen.values[0]);
    EXPECT_NE(seen.last_update, 0);
    // The buffer comes back only when somebody asks.
    EXPECT_EQ(rig.machine.load<u16>(rig.driver.place(2).device.value + 2), 0);
    ASSERT_TRUE(rig.balloon.set_polling_interval(1));
    EXPECT_EQ(*rig.balloon.polling_interval(), 1U);
    EXPECT_TRUE(rig.driver.wait_used(2));
}

TEST(VirtioBalloon, FreePagesAreReported) {
    VirtioBalloon::Options options;
    options.free_page_reporting = true;
    Rig rig(kStatistics | kPageReporting, options);
    rig.dirty(kPages, 8 * 4096);
    const TestDriver::Piece piece{kPages, 4 * 4096, true};
    EXPECT_EQ(rig.driver.request(3, std::span(&piece, 1)), 0U);
    EXPECT_TRUE(rig.is_zero(kPages));
    EXPECT_TRUE(rig.is_zero(kPages + 3 * 4096));
    EXPECT_FALSE(rig.is_zero(kPages + 4 * 4096));
    // Without statistics the queue moves up.
    ASSERT_TRUE(rig.driver.start(kPageReporting));
    const TestDriver::Piece next{kPages + 4 * 4096, 4096, true};
    EXPECT_EQ(rig.driver.request(2, std::span(&next, 1)), 0U);
    EXPECT_TRUE(rig.is_zero(kPages + 4 * 4096));
}

TEST(VirtioBalloon, FreePagesThatTheGuestFillsKeepTheirContent) {
    VirtioBalloon::Options options;
    options.free_page_reporting = true;
    Rig rig(kStatistics | kPageReporting | kPagePoison, options);
    const u32 poison = 0xaaaaaaaa;
    rig.device.write_config(12, {reinterpret_cast<const u8*>(&poison), sizeof poison});
    rig.dirty(kPages, 4096);
    const TestDriver::Piece piece{kPages, 4096, true};
    EXPECT_EQ(rig.driver.request(3, std::span(&piece, 1)), 0U);
    EXPECT_FALSE(rig.is_zero(kPages));
}

TEST(MemoryBalloon, IsForOneDevice) {
    LoopThread io;
    backend::MemoryBalloon balloon(1 << 20, io.loop, io.loop, nullptr);
    const auto none = balloon.set_target(1 << 19);
    ASSERT_FALSE(none);
    EXPECT_NE(none.error().message().find("virtio-balloon-pci"), std::string::npos);
    EXPECT_FALSE(balloon.actual());
    EXPECT_FALSE(balloon.statistics());
    EXPECT_FALSE(balloon.set_polling_interval(1));
}

TEST(VirtioBalloon, AnotherGoesOnWhereOneWasSaved) {
    Rig rig;
    ASSERT_TRUE(rig.balloon.set_target(kRamSize - 5 * 4096));
    rig.set_actual(4);
    const TestDriver::Piece piece = rig.driver.readable(std::array<u8, 10>{4, 0, 77, 0, 0, 0, 0, 0, 0, 0});
    rig.driver.offer(2, std::span(&piece, 1));
    rig.driver.notify(2);
    rig.driver.settle();
    backend::MemoryBalloon balloon(kRamSize, rig.machine.thread.loop, rig.control.loop, nullptr);
    VirtioBalloon other({}, rig.machine.thread.loop, rig.machine.map, balloon);
    rig.machine.thread.loop.call([&] {
        rig.device.savable()->quiesce();
        const auto saved = rig.device.savable()->save();
        ASSERT_TRUE(saved);
        rig.device.set_status(0);
        ASSERT_TRUE(other.savable()->load(*saved));
        const auto again = other.savable()->save();
        ASSERT_TRUE(again);
        EXPECT_EQ(*again, *saved);
    });
    rig.driver.settle();
    EXPECT_EQ(*balloon.actual(), kRamSize - 4 * 4096);
    // It has the driver's buffer again, and gives it back when figures are wanted.
    EXPECT_EQ(balloon.statistics()->values[4], 77U);
    ASSERT_TRUE(balloon.set_polling_interval(1));
    EXPECT_TRUE(rig.driver.wait_used(2));
}

}  // namespace
}  // namespace kelvin::device
