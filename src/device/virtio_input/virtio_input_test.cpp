// SPDX-License-Identifier: Apache-2.0
#include "device/virtio_input/virtio_input.h"

#include <gtest/gtest.h>
#include <linux/input-event-codes.h>

#include "bus/virtio/test_driver.h"

namespace kelvin::device {
namespace {

using bus::virtio::TestDriver;
using bus::virtio::TestMachine;
using Bytes = std::vector<u8>;

struct Rig {
    explicit Rig(const InputModel& model, const VirtioInput::Options& options = {}) {
        machine.thread.loop.call(
            [&] { device = std::make_unique<VirtioInput>(model, options, machine.thread.loop, machine.map, input); });
        driver = std::make_unique<TestDriver>(machine, *device);
    }
    ~Rig() {
        driver.reset();
        machine.thread.loop.call([&] { device.reset(); });
    }
    Bytes select(u8 what, u8 which) const {
        const std::array<u8, 2> selected = {what, which};
        device->write_config(0, selected);
        Bytes config(136);
        device->read_config(0, config);
        EXPECT_EQ(config[0], what);
        EXPECT_EQ(config[1], which);
        return {config.begin() + 8, config.begin() + 8 + config[2]};
    }
    void offer(unsigned count) {
        for (; count != 0; --count) {
            places.push_back(driver->writable(8));
            driver->offer(0, std::span(&places.back(), 1));
        }
        driver->notify(0);
    }
    /// "TYPE CODE VALUE"
    std::string next() {
        const auto used = driver->wait_used(0);
        EXPECT_TRUE(used && used->written == 8);
        const u64 at = places.at(taken++).address;
        return std::to_string(machine.load<u16>(at)) + " " + std::to_string(machine.load<u16>(at + 2)) + " " +
               std::to_string(static_cast<i32>(machine.load<u32>(at + 4)));
    }

    TestMachine machine;
    backend::Input input{machine.thread.loop};
    std::unique_ptr<VirtioInput> device;
    std::unique_ptr<TestDriver> driver;
    std::vector<TestDriver::Piece> places;
    std::size_t taken = 0;
};

std::string text(const Bytes& bytes) {
    return {bytes.begin(), bytes.end()};
}

TEST(VirtioInput, SaysWhatItIs) {
    VirtioInput::Options options;
    options.serial = "S17";
    const Rig rig(kVirtioKeyboard, options);
    EXPECT_EQ(text(rig.select(1, 0)), "QEMU Virtio Keyboard");
    EXPECT_EQ(text(rig.select(2, 0)), "S17");
    EXPECT_EQ(rig.select(3, 0), (Bytes{6, 0, 0x27, 6, 1, 0, 1, 0}));
    const Bytes keys = rig.select(0x11, EV_KEY);
    ASSERT_GT(keys.size(), KEY_F24 / 8U);
    EXPECT_NE(keys[KEY_A / 8] & 1 << KEY_A % 8, 0);
    EXPECT_EQ(keys[0] & 1, 0);
    EXPECT_EQ(rig.select(0x11, EV_LED), (Bytes{7}));
    EXPECT_TRUE(rig.select(0x11, EV_REL).empty());
    EXPECT_TRUE(rig.select(0x12, ABS_X).empty());
    EXPECT_TRUE(rig.select(0x10, 0).empty());
    EXPECT_TRUE(rig.select(0xff, 0xff).empty());
}

TEST(VirtioInput, AxesAndButtons) {
    const Rig tablet(kVirtioTablet);
    EXPECT_EQ(tablet.select(0x11, EV_ABS), (Bytes{3}));
    Bytes axis(20);
    axis[4] = 0xff;
    axis[5] = 0x7f;
    EXPECT_EQ(tablet.select(0x12, ABS_Y), axis);
    EXPECT_TRUE(tablet.select(0x12, 2).empty());
    const Rig mouse(kVirtioMouse);
    EXPECT_EQ(mouse.select(0x11, EV_REL), (Bytes{3, 1}));
    EXPECT_EQ(mouse.select(0x11, EV_KEY).size(), BTN_LEFT / 8U + 1);
}

TEST(VirtioInput, FramesComeWholeAndInOrder) {
    Rig rig(kVirtioMouse);
    ASSERT_TRUE(rig.driver->start(0, 16));
    rig.offer(4);
    rig.input.key(KEY_A, true);  // no keyboard is there
    rig.input.move(3, -4);
    rig.input.button(backend::Button::right, true);
    rig.input.turn(2);
    rig.input.end_of_frame();
    EXPECT_EQ(rig.next(), "2 0 3");
    EXPECT_EQ(rig.next(), "2 1 -4");
    EXPECT_EQ(rig.next(), "1 273 1");
    EXPECT_EQ(rig.next(), "2 8 -2");
    rig.offer(1);
    EXPECT_EQ(rig.next(), "0 0 0");
}

TEST(VirtioInput, WhatNobodyTakesIsDroppedByFrames) {
    Rig rig(kVirtioKeyboard);
    rig.input.key(KEY_B, true);  // before there is a driver
    rig.input.end_of_frame();
    rig.driver->settle();
    ASSERT_TRUE(rig.driver->start(0, 64));
    for (int count = 0; count < 800; ++count) {
        rig.input.key(KEY_A, count % 2 == 0);
        rig.input.end_of_frame();
        if (count % 100 == 99) {
            rig.driver->settle();
        }
    }
    rig.offer(64);
    for (int count = 0; count < 32; ++count) {
        EXPECT_EQ(rig.next(), count % 2 == 0 ? "1 30 1" : "1 30 0");
        EXPECT_EQ(rig.next(), "0 0 0");
    }
}

TEST(VirtioInput, TakesLampsAndRefusesSmallBuffers) {
    Rig rig(kVirtioKeyboard);
    ASSERT_TRUE(rig.driver->start(0));
    const TestDriver::Piece lamp = rig.driver->readable(Bytes{0x11, 0, 1, 0, 1, 0, 0, 0});
    EXPECT_EQ(rig.driver->request(1, std::span(&lamp, 1)), 0U);
    const TestDriver::Piece small = rig.driver->writable(7);
    rig.driver->offer(0, std::span(&small, 1));
    rig.driver->notify(0);
    rig.input.key(KEY_A, true);
    rig.input.end_of_frame();
    rig.driver->settle();
    EXPECT_NE(rig.device->fault().find("7 bytes"), std::string::npos);
}

TEST(VirtioInput, SavesWhatWaits) {
    Rig rig(kVirtioTablet);
    ASSERT_TRUE(rig.driver->start(0, 16));
    rig.select(0x11, EV_ABS);
    rig.input.place(5, 6, 100, 100);
    rig.input.end_of_frame();
    rig.driver->settle();
    state::Json saved;
    rig.machine.thread.loop.call([&] {
        rig.device->savable()->quiesce();
        saved = *rig.device->savable()->save();
    });
    ASSERT_EQ(saved["own"]["waiting"].size(), 3U);
    const auto load = [&](const state::Json& from) {
        Result<> outcome = ok();
        rig.machine.thread.loop.call([&] { outcome = rig.device->savable()->load(from); });
        return outcome;
    };
    rig.device->set_status(0);
    rig.select(1, 0);
    const Result<> loaded = load(saved);
    ASSERT_TRUE(loaded) << loaded.error().message();
    Bytes config(3);
    rig.device->read_config(0, config);
    EXPECT_EQ(config, (Bytes{0x11, EV_ABS, 1}));
    rig.offer(3);
    EXPECT_EQ(rig.next(), "3 0 5");
    EXPECT_EQ(rig.next(), "3 1 6");
    EXPECT_EQ(rig.next(), "0 0 0");
    state::Json bad = saved;
    for (int count = 0; count < 2000; ++count) {
        bad["own"]["waiting"].push_back(saved["own"]["waiting"][0]);
    }
    EXPECT_FALSE(load(bad));
}

}  // namespace
}  // namespace kelvin::device
