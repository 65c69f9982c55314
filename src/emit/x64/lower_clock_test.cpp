// SPDX-License-Identifier: Apache-2.0
#include <x86intrin.h>

#include "emit/x64/memory_rig.h"
#include "ir/builder.h"

namespace kelvin::x64 {
namespace {

using namespace testing;
using ir::Value;
using IrOp = ir::Opcode;

/// x0 = the time; x1 and x2 change too, by what lives across it.
ir::Region reading() {
    ir::Region region;
    region.guest = &kRigGuest;
    ir::Builder builder(region);
    builder.begin_block();
    builder.insn_start(0);
    const Value one = builder.get(kRigX + 1), five = builder.get(kRigX + 2);
    const Value sum = builder.add(Type::i64, one, five);
    builder.set(kRigX, builder.read_clock());
    builder.set(kRigX + 2, sum);
    builder.set(kRigX + 1, five);
    builder.exit_state();
    return region;
}

class LowerClock : public ::testing::Test {
  public:
    LowerClock() {
        code_.compile(reading());
        machine_.memory = &memory_;
        machine_.state.x[1] = 10;
        machine_.state.x[2] = 20;
    }
    u64 run() {
        code_.run(machine_);
        EXPECT_EQ(machine_.state.x[1], 20u);
        EXPECT_EQ(machine_.state.x[2], 30u);
        return machine_.state.x[0];
    }

  protected:
    Code code_;
    Memory memory_;
    Machine machine_;
};

TEST_F(LowerClock, FollowsTheStretch) {
    const u64 begun = __rdtsc();
    machine_.runtime.clock = {begun, u64{1} << 60, u64{1} << 63, 1'000'000};
    const u64 time = run();
    const u64 ticks = __rdtsc() - begun;
    EXPECT_EQ(machine_.calls, 0u);
    EXPECT_GE(time, 1'000'000u);
    EXPECT_LE(time, 1'000'000 + ticks / 2);
}

TEST_F(LowerClock, FencesWhereThatIsAskedFor) {
    machine_.runtime.clock = {0, ~u64{0}, 0, 4711};
    machine_.runtime.clock_fence = 1;
    EXPECT_EQ(run(), 4711u);
    EXPECT_EQ(machine_.runtime.clock_fence, 0u);
}

TEST_F(LowerClock, AsksWhereThereIsNoneOrBeyondItsEnds) {
    EXPECT_EQ(run(), kTimeByCall);
    EXPECT_EQ(machine_.calls, 1u);
    machine_.state.x[1] = 10, machine_.state.x[2] = 20;
    machine_.runtime.clock = {__rdtsc() - 1000, 1000, 1, 0};
    EXPECT_EQ(run(), kTimeByCall);
    machine_.state.x[1] = 10, machine_.state.x[2] = 20;
    machine_.runtime.clock = {__rdtsc() + (u64{1} << 50), 1000, 1, 0};
    EXPECT_EQ(run(), kTimeByCall);
    EXPECT_EQ(machine_.calls, 3u);
}

}  // namespace
}  // namespace kelvin::x64
