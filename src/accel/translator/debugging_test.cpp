// SPDX-License-Identifier: Apache-2.0
// A small program that is stopped, stepped and watched from outside.
#include <gtest/gtest.h>

#include <cstring>
#include <memory>

#include "accel/accelerator.h"
#include "base/instruction_clock.h"
#include "base/timer_service.h"
#include "cpu/arm64/cpu.h"

namespace kelvin::translator {
namespace {

using Kind = accel::DebugEvent::Kind;

constexpr u64 kRam = 0x40000000;
constexpr u64 kLoop = kRam + 4, kStore = kRam + 12, kEnd = kRam + 24;
constexpr u64 kPlace = kRam + 0x8000;
// Loads, adds to and stores what is at x0, a hundred times.
constexpr u32 kProgram[] = {
    0xd2800c81,  //       mov  x1, #100
    0xf9400002,  // loop: ldr  x2, [x0]
    0x91000442,  //       add  x2, x2, #1
    0xf9000002,  //       str  x2, [x0]
    0xf1000421,  //       subs x1, x1, #1
    0x54ffff81,  //       b.ne loop
    0x14000000,  // end:  b    .
};

class DebuggingTest : public testing::TestWithParam<bool> {
  protected:
    DebuggingTest() {
        memory::RamBlock ram = std::move(memory::RamBlock::allocate(u64{1} << 20).value());
        std::memcpy(ram.data(), kProgram, sizeof kProgram);
        EXPECT_TRUE(memory_.add_ram(Gpa{kRam}, std::move(ram), "ram"));
        accel::TranslatorOptions options;
        options.code_cache_size = 1;  // the smallest there is
        options.metered = GetParam();
        accelerator_ = std::move(accel::make_translator(memory_, options).value());
        accel::Arm64Ports ports;
        if (GetParam()) {
            auto clock = std::make_unique<InstructionClock>(0, false);
            ports.instructions = clock.get();
            time_ = std::move(clock);
        } else {
            time_ = std::move(HostTimerService::create().value());
        }
        ports.clock = time_.get();
        ports.timers = time_.get();
        vcpu_ = accelerator_->make_arm64_vcpu(0, arm64::find_model("max", {}).value(), ports);
        vcpu_->reset(kRam, kPlace);
    }

    const accel::DebugEvent& run(const accel::DebugOrders& orders) {
        vcpu_->set_debug_orders(orders);
        EXPECT_EQ(vcpu_->run(), accel::StopReason::debug);
        return vcpu_->debug_event();
    }
    accel::DebugEvent step() { return run({.points = {}, .step = true}); }
    u64 pc() { return vcpu_->arm64_cpu().state().pc; }
    u64 x(unsigned number) { return vcpu_->arm64_cpu().state().x[number]; }
    u64 stored() const {
        u64 value = 0;
        EXPECT_TRUE(memory_.read(Gpa{kPlace}, 8, value));
        return value;
    }

    memory::AddressMap memory_;
    std::unique_ptr<MachineTime> time_;
    std::unique_ptr<accel::Accelerator> accelerator_;
    std::unique_ptr<accel::Arm64Vcpu> vcpu_;
};

TEST_P(DebuggingTest, StepsAreOneInstruction) {
    for (unsigned i = 0; i < 6; i++) {
        EXPECT_EQ(pc(), kRam + 4 * i);
        EXPECT_EQ(step().kind, Kind::step);
    }
    EXPECT_EQ(pc(), kLoop);
    EXPECT_EQ(stored(), 1U);
    EXPECT_EQ(x(1), 99U);
}

TEST_P(DebuggingTest, ABranchToItselfIsAStepToo) {
    run({.points = {{kEnd}, {}}});
    EXPECT_EQ(step().kind, Kind::step);
    EXPECT_EQ(pc(), kEnd);
}

TEST_P(DebuggingTest, BreakpointsStopBeforeTheirInstruction) {
    for (u64 turn = 0; turn < 3; turn++) {
        const accel::DebugEvent event = run({.points = {{kStore}, {}}});
        EXPECT_EQ(event.kind, Kind::breakpoint);
        EXPECT_EQ(event.address, kStore);
        EXPECT_EQ(pc(), kStore);
        EXPECT_EQ(stored(), turn);
        step();
    }
}

TEST_P(DebuggingTest, CodeThatWasLinkedIsStoppedToo) {
    // The loop is translated and linked first, then a breakpoint comes into it.
    run({.points = {{kEnd}, {}}});
    vcpu_->arm64_cpu().state().pc = kRam;
    run({.points = {{kEnd}, {}}});
    EXPECT_EQ(stored(), 200U);
    vcpu_->arm64_cpu().state().pc = kRam;
    EXPECT_EQ(run({.points = {{kStore}, {}}}).kind, Kind::breakpoint);
    EXPECT_EQ(stored(), 200U);
    // After a step nothing that was alone leads on without it.
    step();
    run({.points = {{kLoop}, {}}});
    step();
    run({.points = {{kEnd}, {}}});
    vcpu_->arm64_cpu().state().pc = kStore;
    step();
    EXPECT_EQ(pc(), kStore + 4);
}

TEST_P(DebuggingTest, WatchpointsStopBeforeTheAccess) {
    const accel::DebugOrders writes{.points = {{}, {{kPlace + 4, 2, false, true}}}};
    accel::DebugEvent event = run(writes);
    EXPECT_EQ(event.kind, Kind::watchpoint);
    EXPECT_EQ(event.address, kPlace);
    EXPECT_EQ(event.watched.address, kPlace + 4);
    EXPECT_EQ(pc(), kStore);
    EXPECT_EQ(stored(), 0U);
    // Again and again, unless it is passed.
    EXPECT_EQ(run(writes).kind, Kind::watchpoint);
    EXPECT_EQ(stored(), 0U);
    accel::DebugOrders pass = writes;
    pass.pass_watchpoints = true;
    EXPECT_EQ(run(pass).kind, Kind::watchpoint);
    EXPECT_EQ(pc(), kStore);
    EXPECT_EQ(stored(), 1U);
    EXPECT_EQ(run({.points = {{}, {{kPlace, 8, true, false}}}}).kind, Kind::watchpoint);
    EXPECT_EQ(pc(), kLoop);
    EXPECT_EQ(stored(), 2U);
}

TEST_P(DebuggingTest, WhatLiesBesideIsNotWatched) {
    EXPECT_EQ(run({.points = {{kEnd}, {{kPlace + 8, 8, true, true}, {kPlace - 8, 8, true, true}}}}).kind,
              Kind::breakpoint);
    EXPECT_EQ(stored(), 100U);
}

TEST_P(DebuggingTest, AnExceptionIsAStep) {
    vcpu_->arm64_cpu().state().pc = 0x1000;  // nothing is there
    EXPECT_EQ(step().kind, Kind::step);
    EXPECT_EQ(pc(), 0x200U);  // current EL with SP_ELx, synchronous, VBAR_EL1 = 0
}

INSTANTIATE_TEST_SUITE_P(Clocks, DebuggingTest, testing::Bool(),
                         [](const auto& tested) { return tested.param ? "Instructions" : "Host"; });

}  // namespace
}  // namespace kelvin::translator
