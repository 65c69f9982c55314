// SPDX-License-Identifier: Apache-2.0
#include "machine/psci.h"

#include <gtest/gtest.h>

#include <string>

namespace kelvin::machine {
namespace {

class PsciTest : public testing::Test, public PowerControl {
  protected:
    State cpu_state(unsigned cpu) override { return cpu == 0 ? State::on : second_; }
    State cpu_on(unsigned cpu, u64 entry, u64 context) override {
        const State state = cpu_state(cpu);
        if (state == State::off) {
            log_ += "on " + std::to_string(cpu) + " " + std::to_string(entry) + " " + std::to_string(context);
        }
        return state;
    }
    void cpu_off(unsigned cpu) override { log_ += "off " + std::to_string(cpu); }
    void system_off(unsigned) override { log_ += "system off"; }
    void system_reset(unsigned) override { log_ += "system reset"; }
    void system_failed(unsigned, const Error&) override { std::abort(); }

    i64 call(u64 function, u64 a = 0, u64 b = 0, u64 c = 0) {
        u64 registers[8] = {function, a, b, c, 0, 0, 0, 0};
        EXPECT_TRUE(psci_.call(0, false, registers));
        return static_cast<i64>(registers[0]);
    }

    State second_ = State::off;
    std::string log_;
    Psci psci_{*this, 2, false};
};

TEST_F(PsciTest, Facts) {
    EXPECT_EQ(call(0x84000000), 0x10001);
    EXPECT_EQ(call(0x84000006), 2);
    EXPECT_EQ(call(0x8400000a, 0xc4000003), 0);
    EXPECT_EQ(call(0x8400000a, 0x84000008), 0);
    EXPECT_EQ(call(0x8400000a, 0xc4000008), -1);
    EXPECT_EQ(call(0x8400000a, 0x80000000), -1);
    EXPECT_EQ(call(0x84000005), -1);
    EXPECT_EQ(call(0xc4000000), -1);
    EXPECT_EQ(call(0x80000000), -1);
    EXPECT_EQ(call(12345), -1);
}

TEST_F(PsciTest, PowerOfProcessors) {
    EXPECT_EQ(call(0xc4000003, 1, 0x123456780, 7), 0);
    EXPECT_EQ(log_, "on 1 4886718336 7");
    EXPECT_EQ(call(0xc4000003, 0, 0, 0), -4);
    EXPECT_EQ(call(0xc4000003, 2, 0, 0), -2);
    EXPECT_EQ(call(0xc4000003, ~u64{0}, 0, 0), -2);
    EXPECT_EQ(call(0xc4000003, 1, 2, 0), -9);
    second_ = State::on_pending;
    EXPECT_EQ(call(0xc4000003, 1, 0, 0), -5);
    EXPECT_EQ(call(0xc4000004, 0, 0), 0);
    EXPECT_EQ(call(0xc4000004, 1, 0), 2);
    EXPECT_EQ(call(0xc4000004, 2, 0), -2);
    EXPECT_EQ(call(0xc4000004, 0, 1), 0);
    EXPECT_EQ(call(0xc4000004, 0, 4), -2);
}

TEST_F(PsciTest, The32BitConventionPassesLowHalves) {
    EXPECT_EQ(call(0x84000003, 0xffffffff00000001, 0xff00000080, 0x100000005), 0);
    EXPECT_EQ(log_, "on 1 128 5");
}

TEST_F(PsciTest, PowerOfTheSystem) {
    call(0x84000008);
    call(0x84000009);
    call(0x84000002);
    EXPECT_EQ(log_, "system offsystem resetoff 0");
    EXPECT_EQ(call(0x84000001, 0), 0);
    EXPECT_EQ(call(0x84000001, 0x10000), 0);
    EXPECT_EQ(call(0x84000001, 0x80000000), -2);
}

TEST_F(PsciTest, TheOtherInstructionIsNotAnswered) {
    u64 registers[8] = {0x84000000};
    EXPECT_FALSE(psci_.call(0, true, registers));
    EXPECT_EQ(registers[0], 0x84000000U);
}

TEST_F(PsciTest, ClustersHave16Processors) {
    Psci psci(*this, 20, false);
    u64 registers[8] = {0xc4000003, 0x103, 4, 5};
    EXPECT_TRUE(psci.call(0, false, registers));
    EXPECT_EQ(registers[0], 0U);
    EXPECT_EQ(log_, "on 19 4 5");
    for (const u64 affinity : {0x10, 0x13, 0x104, 0x200, 0x10000}) {
        u64 wrong[8] = {0xc4000003, affinity, 4, 5};
        EXPECT_TRUE(psci.call(0, false, wrong));
        EXPECT_EQ(static_cast<i64>(wrong[0]), -2) << affinity;
    }
}

}  // namespace
}  // namespace kelvin::machine
