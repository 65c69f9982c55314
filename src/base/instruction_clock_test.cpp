// SPDX-License-Identifier: Apache-2.0
#include "base/instruction_clock.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace kelvin {
namespace {

class InstructionClockTest : public testing::Test {
  protected:
    InstructionClockTest() {
        clock_.attach(budget_, wire_to<&InstructionClockTest::notice>(*this));
        clock_.begin();
        timer_ = clock_.add([](void* self) { static_cast<InstructionClockTest*>(self)->fired(); }, this);
        clock_.settle();
    }
    ~InstructionClockTest() override {
        clock_.remove(timer_);
        clock_.detach();
    }

    void notice(bool) { noticed_ = true; }
    void fired() {
        firings_.push_back(clock_.now_ns());
        if (again_ != 0) {
            clock_.arm(timer_, clock_.now_ns() + again_);
        }
    }
    /// As a processor does that looks at its budget after each instruction.
    void execute(unsigned instructions) {
        for (; instructions != 0; instructions--) {
            clock_.settle();
            budget_.left--;
        }
        clock_.settle();
    }

    InstructionBudget budget_;
    InstructionClock clock_{3, false};
    TimerId timer_{};
    std::vector<i64> firings_;
    i64 again_ = 0;
    bool noticed_ = false;
};

TEST_F(InstructionClockTest, InstructionsAreTime) {
    EXPECT_EQ(clock_.now_ns(), 0);
    execute(5);
    EXPECT_EQ(clock_.now_ns(), 40);
    budget_.left -= 10;
    budget_.unexecuted = 4;
    EXPECT_EQ(clock_.executed(), 11U);
    budget_.left += 4;
    budget_.unexecuted = 0;
    clock_.spend_one();
    EXPECT_EQ(clock_.now_ns(), 96);
}

TEST_F(InstructionClockTest, TimersFireAfterTheFirstInstructionThatReachesThem) {
    clock_.arm(timer_, 17);
    EXPECT_EQ(budget_.left, 0);
    execute(0);
    EXPECT_EQ(budget_.left, 3);
    execute(2);
    EXPECT_TRUE(firings_.empty());
    execute(10);
    EXPECT_EQ(firings_, std::vector<i64>{24});
    clock_.arm(timer_, 5);
    execute(0);
    EXPECT_EQ(firings_, (std::vector<i64>{24, 96}));
    again_ = 16;
    clock_.arm(timer_, 200);
    execute(20);
    EXPECT_EQ(firings_, (std::vector<i64>{24, 96, 200, 216, 232, 248}));
}

TEST_F(InstructionClockTest, AnEarlierDeadlineEndsTheBudgetALaterOneDoesNot) {
    clock_.arm(timer_, 80);
    execute(1);
    EXPECT_EQ(budget_.left, 9);
    clock_.arm(timer_, 160);
    EXPECT_EQ(budget_.left, 9);
    clock_.arm(timer_, 40);
    EXPECT_EQ(budget_.left, 0);
    EXPECT_EQ(clock_.now_ns(), 8);
    clock_.cancel(timer_);
    execute(100);
    EXPECT_TRUE(firings_.empty());
}

TEST_F(InstructionClockTest, TimeIsSkippedWhileNothingIsExecuted) {
    clock_.arm(timer_, 1003);
    execute(1);
    EXPECT_EQ(clock_.next_deadline_ns(), 1003);
    clock_.skip_to(1003);
    clock_.skip_to(500);
    clock_.settle();
    EXPECT_EQ(firings_, std::vector<i64>{1003});
    EXPECT_EQ(clock_.next_deadline_ns(), InstructionClock::kNever);
    execute(1);
    EXPECT_EQ(clock_.now_ns(), 1011);
    EXPECT_EQ(clock_.executed(), 2U);
}

TEST_F(InstructionClockTest, OtherThreadsAskForAttention) {
    std::thread([&] {
        clock_.stop();
        clock_.arm(timer_, 8);
    }).join();
    EXPECT_TRUE(noticed_);
    EXPECT_GT(budget_.left, 0);
    EXPECT_TRUE(clock_.rearmed());
    execute(1);
    EXPECT_EQ(firings_, std::vector<i64>{8});
}

TEST_F(InstructionClockTest, TheAccountSurvivesWhoKeepsIt) {
    execute(7);
    clock_.detach();
    EXPECT_EQ(clock_.executed(), 7U);
    InstructionBudget other;
    clock_.attach(other, {});
    EXPECT_EQ(clock_.executed(), 7U);
    clock_.attach(budget_, {});
}

}  // namespace
}  // namespace kelvin
