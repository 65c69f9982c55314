// SPDX-License-Identifier: Apache-2.0
#include "device/ps2/i8042.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "bus/saved_registers.h"

namespace kelvin::device {
namespace {

using Bytes = std::vector<u8>;

struct Pin {
    bool level = false;
    int rises = 0;
    void set(bool high) {
        rises += high && !level ? 1 : 0;
        level = high;
    }
};

struct I8042Test : testing::Test {
    Pin keyboard, mouse, a20, reset;
    I8042 controller{
        {wire_to<&Pin::set>(keyboard), wire_to<&Pin::set>(mouse), wire_to<&Pin::set>(a20), wire_to<&Pin::set>(reset)}};

    u64 status() { return controller.command_port().read(0, 1); }
    void command(u8 value) { controller.command_port().write(0, 1, value); }
    void data(u8 value) { controller.data_port().write(0, 1, value); }
    /// As a driver does, which takes the answer to each byte; that to the last is left.
    void to_keyboard(std::initializer_list<u8> values) {
        for (const u8 value : values) {
            read_all();
            data(value);
        }
    }
    void to_mouse(std::initializer_list<u8> values) {
        for (const u8 value : values) {
            read_all();
            command(0xd4);
            data(value);
        }
    }
    Bytes read_all() {
        Bytes bytes;
        while ((status() & 1) != 0) {
            bytes.push_back(static_cast<u8>(controller.data_port().read(0, 1)));
        }
        return bytes;
    }
    void press(u16 code) {
        controller.key(code, true);
        controller.key(code, false);
    }
};

TEST_F(I8042Test, SelfTests) {
    EXPECT_EQ(status(), 0x18u);
    command(0xaa);
    EXPECT_EQ(status(), 0x1du);
    EXPECT_EQ(read_all(), (Bytes{0x55}));
    command(0xab);
    command(0xa9);
    EXPECT_EQ(read_all(), (Bytes{0, 0}));
    data(0xff);
    EXPECT_EQ(read_all(), (Bytes{0xfa, 0xaa}));
    command(0x60);
    data(0xff);
    command(0x20);
    EXPECT_EQ(read_all(), (Bytes{0x77}));
}

TEST_F(I8042Test, KeysInSet2AndTranslated) {
    press(30);  // A
    EXPECT_EQ(status() & 0x21, 0x01u);
    EXPECT_TRUE(keyboard.level);
    EXPECT_EQ(read_all(), (Bytes{0x1c, 0xf0, 0x1c}));
    EXPECT_EQ(keyboard.rises, 3);
    EXPECT_FALSE(keyboard.level);
    command(0x60);
    data(0x41);
    press(30);
    press(105);  // left
    press(65);   // F7
    press(119);  // Pause
    EXPECT_EQ(read_all(), (Bytes{0x1e, 0x9e, 0xe0, 0x4b, 0xe0, 0xcb, 0x41, 0xc1, 0xe1, 0x1d, 0x45, 0xe1, 0x9d, 0xc5}));
    press(0);
    press(84);
    press(0x2ff);
    EXPECT_TRUE(read_all().empty());
    for (u16 code = 1; code <= 88; ++code) {
        if (code < 84 || code > 85) {
            press(code);
            EXPECT_EQ(read_all(), (Bytes{static_cast<u8>(code), static_cast<u8>(code | 0x80)}));
        }
    }
}

TEST_F(I8042Test, KeyboardCommands) {
    data(0xf2);
    EXPECT_EQ(read_all(), (Bytes{0xfa, 0xab, 0x83}));
    to_keyboard({0xf0, 0x00});
    EXPECT_EQ(read_all(), (Bytes{0xfa, 2}));
    to_keyboard({0xf0, 0x01});
    EXPECT_EQ(read_all(), (Bytes{0xfa}));
    press(30);
    EXPECT_EQ(read_all(), (Bytes{0x1e, 0x9e}));
    data(0xf0);
    EXPECT_EQ(read_all(), (Bytes{0xfa}));
    data(0x03);
    EXPECT_EQ(read_all(), (Bytes{0xfe}));
    data(0xee);
    EXPECT_EQ(read_all(), (Bytes{0xee}));
    data(0xf5);
    press(30);
    EXPECT_EQ(read_all(), (Bytes{0xfa}));
    data(0xf4);
    EXPECT_EQ(read_all(), (Bytes{0xfa}));
    press(30);
    EXPECT_EQ(read_all(), (Bytes{0x1c, 0xf0, 0x1c}));
    data(0x12);
    EXPECT_EQ(read_all(), (Bytes{0xfe}));
    data(0xed);
    read_all();
    data(0x07);
    EXPECT_EQ(read_all(), (Bytes{0xfa}));
}

TEST_F(I8042Test, NobodyReadsTheKeys) {
    for (int count = 0; count < 1000; ++count) {
        press(105);
    }
    const Bytes bytes = read_all();
    EXPECT_LE(bytes.size(), 33u);
    EXPECT_GE(bytes.size(), 30u);
    data(0xff);
    EXPECT_EQ(read_all(), (Bytes{0xfa, 0xaa}));
}

TEST_F(I8042Test, AMouseOfThreeButtons) {
    to_mouse({0xff});
    EXPECT_EQ(status() & 0x21, 0x21u);
    EXPECT_TRUE(mouse.level);
    EXPECT_FALSE(keyboard.level);
    EXPECT_EQ(read_all(), (Bytes{0xfa, 0xaa, 0x00}));
    controller.move(5, 5);
    controller.end_of_frame();
    EXPECT_TRUE(read_all().empty());  // it reports when it is told to
    to_mouse({0xf4});
    EXPECT_EQ(read_all(), (Bytes{0xfa}));
    controller.move(3, 7);
    controller.move(-8, 0);
    controller.button(backend::Button::left, true);
    controller.end_of_frame();
    EXPECT_EQ(read_all(), (Bytes{0x39, 0xfb, 0xf9}));
    controller.turn(1);
    controller.end_of_frame();
    controller.move(300, 0);
    controller.end_of_frame();
    EXPECT_EQ(read_all(), (Bytes{0x09, 0, 0, 0x09, 0xff, 0, 0x09, 45, 0}));
    to_mouse({0xe9});
    EXPECT_EQ(read_all(), (Bytes{0xfa, 0x24, 0x02, 100}));
    command(0xa7);
    controller.move(1, 0);
    controller.end_of_frame();
    EXPECT_TRUE(read_all().empty());
    command(0xa8);
    EXPECT_EQ(read_all(), (Bytes{0x09, 1, 0}));
}

TEST_F(I8042Test, AWheelAndFiveButtons) {
    to_mouse({0xf3, 200, 0xf3, 100, 0xf3, 80});
    to_mouse({0xf2});
    EXPECT_EQ(read_all(), (Bytes{0xfa, 3}));
    to_mouse({0xf4});
    read_all();
    controller.turn(-1);
    controller.end_of_frame();
    EXPECT_EQ(read_all(), (Bytes{0x08, 0, 0, 0xff}));
    to_mouse({0xf3, 200, 0xf3, 200, 0xf3, 80, 0xf2});
    EXPECT_EQ(read_all().back(), 4);
    controller.button(backend::Button::extra, true);
    controller.turn(-2);
    controller.end_of_frame();
    EXPECT_EQ(read_all(), (Bytes{0x08, 0, 0, 0x2e}));
    to_mouse({0xf0, 0xeb});  // remote mode: data when it is asked for
    EXPECT_EQ(read_all(), (Bytes{0xfa, 0x08, 0, 0, 0x20}));
    to_mouse({0xee, 0x33});
    EXPECT_EQ(read_all(), (Bytes{0x33}));
    to_mouse({0xec});
    EXPECT_EQ(read_all(), (Bytes{0xfa}));
}

/// What a person has let go of is told once there is room, without another event.
TEST_F(I8042Test, NobodyReadsTheMouse) {
    to_mouse({0xf4});
    read_all();
    for (int count = 0; count < 100; ++count) {
        controller.button(backend::Button::left, count % 2 == 0);
        controller.move(1, 0);
        controller.end_of_frame();
    }
    const Bytes bytes = read_all();
    ASSERT_EQ(bytes.size() % 3, 0u);
    EXPECT_EQ(bytes[bytes.size() - 3] & 1, 0);
    int right = 0;
    for (std::size_t at = 1; at < bytes.size(); at += 3) {
        right += bytes[at];
    }
    EXPECT_EQ(right, 100);
}

TEST_F(I8042Test, RemoteModeSumsUp) {
    to_mouse({0xf0, 0xf4});
    read_all();
    controller.move(2, 0);
    controller.end_of_frame();
    controller.move(3, 0);
    controller.end_of_frame();
    EXPECT_TRUE(read_all().empty());
    to_mouse({0xeb});
    EXPECT_EQ(read_all(), (Bytes{0xfa, 0x08, 5, 0}));
}

TEST_F(I8042Test, A20AndReset) {
    command(0xd0);
    EXPECT_EQ(read_all(), (Bytes{0x03}));
    command(0xdf);
    EXPECT_TRUE(a20.level);
    command(0xd1);
    data(0x01);
    EXPECT_FALSE(a20.level);
    EXPECT_EQ(reset.rises, 0);
    command(0xff);
    EXPECT_EQ(reset.rises, 0);
    command(0xfe);
    EXPECT_EQ(reset.rises, 1);
    command(0xd1);
    data(0x02);
    EXPECT_EQ(reset.rises, 2);
    command(0xd3);
    data(0x42);
    EXPECT_EQ(status() & 0x21, 0x21u);
    EXPECT_EQ(read_all(), (Bytes{0x42}));
}

TEST_F(I8042Test, SaveAndRestore) {
    to_mouse({0xf4});
    controller.key(30, true);
    controller.move(1, 1);
    controller.end_of_frame();
    command(0xd1);
    bus::SavedRegisters saver(controller);
    const state::Json saved = *saver.save();
    I8042 second({wire_to<&Pin::set>(keyboard), wire_to<&Pin::set>(mouse), Wire(), Wire()});
    bus::SavedRegisters loader(second);
    controller.reset();
    EXPECT_FALSE(mouse.level);
    const Result<> loaded = loader.load(saved);
    ASSERT_TRUE(loaded) << loaded.error().message();
    EXPECT_TRUE(mouse.level);
    Bytes bytes;
    while ((second.command_port().read(0, 1) & 1) != 0) {
        bytes.push_back(static_cast<u8>(second.data_port().read(0, 1)));
    }
    EXPECT_EQ(bytes, (Bytes{0xfa, 0x1c, 0x28, 0x01, 0xff}));
    state::Json bad = saved;
    bad["replies"]["count"] = 4'000'000'000U;
    EXPECT_FALSE(loader.load(bad));
    bad = saved;
    bad["keyboard"]["set"] = 3;
    EXPECT_FALSE(loader.load(bad));
}

TEST_F(I8042Test, HoldsWhateverIsWritten) {
    const auto seed = std::random_device()();
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937 random(seed);
    for (int step = 0; step < 200'000; ++step) {
        const u8 value = static_cast<u8>(random());
        switch (random() % 6) {
            case 0:
                command(value);
                break;
            case 1:
                data(value);
                break;
            case 2:
                controller.data_port().read(0, 1);
                break;
            case 3:
                controller.key(static_cast<u16>(random()), (value & 1) != 0);
                break;
            case 4:
                controller.move(static_cast<i32>(random()), static_cast<i32>(random()));
                controller.turn(static_cast<i32>(random()));
                break;
            default:
                controller.button(static_cast<backend::Button>(value % 5), (value & 0x80) != 0);
                controller.end_of_frame();
        }
    }
    bus::SavedRegisters saver(controller);
    EXPECT_TRUE(saver.load(*saver.save()));
}

}  // namespace
}  // namespace kelvin::device
