// SPDX-License-Identifier: Apache-2.0
#include "backend/input/input.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>

#include "base/loop_thread.h"

namespace kelvin::backend {
namespace {

class Recorder final : public InputReceiver {
  public:
    explicit Recorder(Kinds kinds) : kinds_(kinds) {}
    Kinds kinds() const override { return kinds_; }
    void key(u16 code, bool down) override { heard += fmt::format("key {} {};", code, down); }
    void button(Button which, bool down) override { heard += fmt::format("button {} {};", int(which), down); }
    void move(i32 right, i32 down) override { heard += fmt::format("move {} {};", right, down); }
    void place(u16 x, u16 y) override { heard += fmt::format("place {} {};", x, y); }
    void turn(i32 down) override { heard += fmt::format("turn {};", down); }
    void end_of_frame() override { heard += "end;"; }

    std::string take() { return std::exchange(heard, {}); }
    std::string heard;

  private:
    const Kinds kinds_;
};

class InputTest : public ::testing::Test {
  protected:
    /// Returns when the loop has done what was posted.
    void deliver() {
        io_.loop.call([] {});
    }
    void add(InputReceiver& receiver) {
        io_.loop.call([&] { input_.add(receiver); });
    }
    void remove(InputReceiver& receiver) {
        io_.loop.call([&] { input_.remove(receiver); });
    }

    LoopThread io_;
    Input input_{io_.loop};
};

TEST_F(InputTest, EachEventGoesToTheLastThatTakesItsKind) {
    Recorder keyboard({.keys = true});
    Recorder mouse({.relative = true});
    Recorder other({.keys = true});
    add(keyboard);
    add(mouse);
    add(other);
    input_.key(30, true);
    input_.move(3, -4);
    input_.button(Button::middle, true);
    input_.turn(-1);
    input_.end_of_frame();
    deliver();
    EXPECT_EQ(other.take(), "key 30 true;end;");
    EXPECT_EQ(mouse.take(), "move 3 -4;button 2 true;turn -1;end;");
    EXPECT_EQ(keyboard.take(), "");
    remove(other);
    input_.key(30, false);
    deliver();
    EXPECT_EQ(keyboard.take(), "key 30 false;");
}

TEST_F(InputTest, PlacesBecomeMovementsForAMouse) {
    Recorder mouse({.relative = true});
    add(mouse);
    input_.place(0, 0, 640, 480);
    input_.place(InputReceiver::kFarthest, InputReceiver::kFarthest / 2, 640, 480);
    deliver();
    EXPECT_EQ(mouse.take(), "move 640 239;");
    Recorder tablet({.absolute = true});
    add(tablet);
    input_.move(1, 1);
    input_.place(0xffff, 7, 640, 480);
    deliver();
    EXPECT_EQ(tablet.take(), "place 32767 7;");
    EXPECT_EQ(mouse.take(), "");
}

TEST_F(InputTest, WhatNobodyTakesIsNoHarmAndTooMuchIsDropped) {
    for (unsigned count = 0; count < 5000; ++count) {
        input_.key(1, true);
    }
    deliver();
    Recorder keyboard({.keys = true});
    add(keyboard);
    io_.loop.call([&] {
        for (unsigned count = 0; count < 5000; ++count) {
            input_.key(1, true);
        }
    });
    deliver();
    EXPECT_EQ(keyboard.take().size(), 1024 * std::string("key 1 true;").size());
}

}  // namespace
}  // namespace kelvin::backend
