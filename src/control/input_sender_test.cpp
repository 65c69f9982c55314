// SPDX-License-Identifier: Apache-2.0
#include "control/input_sender.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace kelvin::control {
namespace {

using state::Json;

class Recorder final : public backend::InputReceiver {
  public:
    explicit Recorder(Kinds kinds) : kinds_(kinds) {}
    Kinds kinds() const override { return kinds_; }
    void key(u16 code, bool down) override { heard += fmt::format("{}{} ", down ? '+' : '-', code); }
    void button(backend::Button which, bool down) override {
        heard += fmt::format("{}b{} ", down ? '+' : '-', static_cast<int>(which));
    }
    void move(i32 right, i32 down) override { heard += fmt::format("{},{} ", right, down); }
    void place(u16 x, u16 y) override { heard += fmt::format("@{},{} ", x, y); }
    void turn(i32 down) override { heard += fmt::format("w{} ", down); }
    void end_of_frame() override { heard += "; "; }
    std::string heard;

  private:
    const Kinds kinds_;
};

class InputSenderTest : public testing::Test {
  protected:
    /// Everything on one loop, which runs until `expected` has come, or for a time that only a broken sender needs.
    void expect(Recorder& receiver, std::string_view expected) {
        receiver_ = &receiver;
        expected_ = expected;
        loop_.post(call_method<&InputSenderTest::look, InputSenderTest>, this);
        loop_.run();
        EXPECT_EQ(receiver.heard, expected);
    }
    void look() {
        constexpr i64 kLookNs = 1'000'000;
        constexpr int kMostLooks = 20'000;
        if (receiver_->heard.size() >= expected_.size() || ++looks_ == kMostLooks) {
            loop_.stop();
        } else {
            loop_.post(call_method<&InputSenderTest::look, InputSenderTest>, this, kLookNs);
        }
    }
    Result<> events(const char* text) { return sender_.send_events(Json::parse(text)); }

    Recorder* receiver_ = nullptr;
    std::string_view expected_;
    int looks_ = 0;
    EventLoop loop_;
    backend::Input input_{loop_};
    InputSender sender_{loop_, input_};
};

TEST_F(InputSenderTest, KeysAreHeldOneGroupAfterTheOther) {
    Recorder keyboard({.keys = true});
    input_.add(keyboard);
    ASSERT_TRUE(sender_.send_keys("ctrl-alt-delete 1"));
    ASSERT_TRUE(sender_.send_keys("a 1"));
    ASSERT_TRUE(sender_.send_keys("b 60000"));
    expect(keyboard, "+29 ; +56 ; +111 ; -111 ; -56 ; -29 ; +30 ; -30 ; +48 ; ");
    EXPECT_FALSE(sender_.send_keys(""));
    EXPECT_FALSE(sender_.send_keys("a 0"));
    EXPECT_FALSE(sender_.send_keys("a 60001"));
    EXPECT_FALSE(sender_.send_keys("a b"));
    EXPECT_FALSE(sender_.send_keys("a 1 2"));
    Result<> outcome = ok();
    for (int count = 0; count < 2000 && outcome; ++count) {
        outcome = sender_.send_keys("a");
    }
    EXPECT_FALSE(outcome);
}

TEST_F(InputSenderTest, EventsOfQapi) {
    Recorder all({.keys = true, .relative = true});
    input_.add(all);
    ASSERT_TRUE(events(R"([
        {"type": "key", "data": {"down": true, "key": {"type": "qcode", "data": "a"}}},
        {"type": "key", "data": {"down": false, "key": {"type": "number", "data": 30}}},
        {"type": "btn", "data": {"down": true, "button": "middle"}},
        {"type": "btn", "data": {"down": true, "button": "wheel-up"}},
        {"type": "btn", "data": {"down": false, "button": "wheel-up"}},
        {"type": "rel", "data": {"axis": "y", "value": -5}}])"));
    expect(all, "+30 -30 +b2 w-1 0,-5 ; ");
}

TEST_F(InputSenderTest, APlaceKeepsTheAxisThatIsNotNamed) {
    Recorder tablet({.absolute = true});
    input_.add(tablet);
    ASSERT_TRUE(events(R"([{"type": "abs", "data": {"axis": "x", "value": 9}},
                           {"type": "btn", "data": {"down": true, "button": "left"}}])"));
    ASSERT_TRUE(events(R"([{"type": "abs", "data": {"axis": "y", "value": 32767}}])"));
    expect(tablet, "@9,0 +b0 ; @9,32767 ; ");
}

TEST_F(InputSenderTest, OneWrongEventIsNone) {
    Recorder all({.keys = true, .relative = true});
    input_.add(all);
    for (const char* wrong :
         {"7", "[7]", R"([{"type": "mtt", "data": {}}])", R"([{"type": "rel", "data": {"axis": "z", "value": 1}}])",
          R"([{"type": "key", "data": {"down": true, "key": {"type": "qcode", "data": "a"}}},
              {"type": "btn", "data": {"down": true, "button": "touch"}}])",
          R"([{"type": "abs", "data": {"axis": "x", "value": 32768}}])",
          R"([{"type": "key", "data": {"down": true, "key": {"type": "number", "data": 3000000000000}}}])",
          R"([{"type": "key", "data": 1}])", R"([{"type": "key"}])"}) {
        EXPECT_FALSE(events(wrong)) << wrong;
    }
    expect(all, "");
}

TEST_F(InputSenderTest, TheMonitorsMouse) {
    Recorder mouse({.relative = true});
    input_.add(mouse);
    ASSERT_TRUE(sender_.move_mouse("3 -4"));
    ASSERT_TRUE(sender_.move_mouse("0 0 1"));
    ASSERT_TRUE(sender_.set_buttons("5"));
    ASSERT_TRUE(sender_.set_buttons("4"));
    expect(mouse, "3,-4 ; 0,0 w1 ; +b0 +b1 ; -b0 ; ");
    EXPECT_FALSE(sender_.move_mouse("3"));
    EXPECT_FALSE(sender_.move_mouse("x y"));
    EXPECT_FALSE(sender_.set_buttons("8"));
}

}  // namespace
}  // namespace kelvin::control
