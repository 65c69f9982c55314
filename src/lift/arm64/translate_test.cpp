// SPDX-License-Identifier: Apache-2.0
#include "lift/arm64/translate.h"

#include "lift/arm64/random_instruction.h"
#include "lift/arm64/test_machine.h"

namespace kelvin::arm64 {
namespace {

using testing::kCode;
using testing::TestMachine;

TEST(Translate, EveryInstructionLiftsToAValidRegionInEveryMode) {
    const Model model = TestMachine::all_features();
    const Decoder decoder(model.features);
    std::mt19937_64 random(2);
    constexpr u32 kModes[] = {0,
                              1,
                              1 | Mode::kSpSel | Mode::kAlign | Mode::kStackAlign,
                              1 | Mode::kBigEndian,
                              1 | Mode::kBigEndian | Mode::kAlign,
                              1 | Mode::kSingleStep,
                              Mode::kSingleStep | Mode::kStepPending,
                              1 | Mode::kFpTrap,
                              1 | Mode::kUao | Mode::kTrackBtype | Mode::kGuardedPage,
                              Mode::kTrackBtype,
                              1 | Mode::kIllegal | Mode::kZeroTrap};
    ir::Region region;
    for (const auto chapter : instruction_chapters()) {
        for (const Instruction& entry : chapter()) {
            for (const u32 mode : kModes) {
                for (int i = 0; i < 20; i++) {
                    const u32 word = random_instruction(random, entry);
                    u8 page[4];
                    std::memcpy(page, &word, 4);
                    EXPECT_EQ(lift_region(region, decoder, model, {mode}, page, 0), 4u);
                    const auto verified = ir::verify(region);
                    ASSERT_TRUE(verified) << std::hex << word << " (" << entry.name << ") in mode " << mode << ": "
                                          << verified.error().message();
                }
            }
        }
    }
}

TEST(Translate, RegionsEndAtBranchesLimitsAndPageEnds) {
    const Model model = TestMachine::all_features();
    const Decoder decoder(model.features);
    ir::Region region;
    std::vector<u32> words(1024, 0xd503201f);  // nop
    words[4] = 0x14000002;                     // b
    std::vector<u8> page(4096);
    std::memcpy(page.data(), words.data(), page.size());
    EXPECT_EQ(lift_region(region, decoder, model, {1}, page, 0), 20u);
    EXPECT_EQ(lift_region(region, decoder, model, {1}, page, 20, {10}), 40u);
    EXPECT_EQ(lift_region(region, decoder, model, {1}, page, 4092), 4u);
    EXPECT_EQ(lift_region(region, decoder, model, {1 | Mode::kSingleStep}, page, 0), 4u);
}

TEST(Translate, TheModeFollowsTheState) {
    TestMachine m;
    m.state.fpcr = 0x07c80000;
    m.state.sctlr[1] = 1u << 3 | 1u << 25;
    const Mode el1 = current_mode(m.state);
    EXPECT_EQ(el1.el(), ExceptionLevel::el1);
    EXPECT_TRUE(el1.has(Mode::kSpSel));
    EXPECT_TRUE(el1.has(Mode::kStackAlign));
    EXPECT_TRUE(el1.has(Mode::kBigEndian));
    EXPECT_FALSE(el1.has(Mode::kFpTrap));
    EXPECT_EQ(el1.fpcr(), 0x07c80000u);
    m.to_el0();
    m.state.cpacr = 1u << 20;
    const Mode el0 = current_mode(m.state);
    EXPECT_EQ(el0.el(), ExceptionLevel::el0);
    EXPECT_FALSE(el0.has(Mode::kStackAlign));
    EXPECT_FALSE(el0.has(Mode::kBigEndian));
    EXPECT_TRUE(el0.has(Mode::kFpTrap));
    EXPECT_TRUE(el0.has(Mode::kZeroTrap));
}

TEST(Translate, ASingleStepRunsOneInstructionAndTraps) {
    TestMachine m;
    m.state.mdscr = 1;
    m.state.oslar = 0;
    m.to_el0();
    m.state.pstate |= pstate::kSs;
    m.run({0x91000400, 0x91000400}, 10);  // add x0, x0, #1, twice
    EXPECT_EQ(m.state.x[0], 1u);
    EXPECT_EQ(m.exception_class(), 0x32);
    EXPECT_EQ(m.state.elr[1], kCode + 4);
}

TEST(Translate, ASteppedSupervisorCallCountsAsExecuted) {
    TestMachine m;
    m.state.mdscr = 1;
    m.state.oslar = 0;
    m.to_el0();
    m.state.pstate |= pstate::kSs;
    m.run({0xd4000021});  // svc #1
    EXPECT_EQ(m.exception_class(), 0x15);
    EXPECT_EQ(m.state.spsr[1] & pstate::kSs, 0u);
}

TEST(Translate, AnIllegalStateTakesItsException) {
    TestMachine m;
    m.state.pstate |= pstate::kIl;
    m.run({0xd503201f});
    EXPECT_EQ(m.exception_class(), 0x0e);
}

class BranchTargets : public ::testing::Test {
  protected:
    /// Jumps by `branch` through x0 (or x16) to `landing`, in a guarded page.
    u8 land(u32 branch, u32 landing) {
        m.extra_mode = Mode::kTrackBtype | Mode::kGuardedPage;
        m.state.x[0] = m.state.x[16] = kCode + 8;
        m.run({branch, 0xd503201f, landing});
        return m.exception_class();
    }
    TestMachine m;
};

constexpr u32 kBrX0 = 0xd61f0000, kBrX16 = 0xd61f0200, kBlrX0 = 0xd63f0000;
constexpr u32 kBti = 0xd503241f, kBtiC = 0xd503245f, kBtiJ = 0xd503249f, kBtiJc = 0xd50324df, kNop = 0xd503201f;
constexpr u8 kBranchTarget = 0x0d, kNone = 0xff;

TEST_F(BranchTargets, JumpsNeedBtiJ) {
    EXPECT_EQ(land(kBrX0, kBtiJ), kNone);
    EXPECT_EQ(m.state.pstate & pstate::kBtypeMask, 0u);
}
TEST_F(BranchTargets, JumpsFaultAtBtiC) {
    EXPECT_EQ(land(kBrX0, kBtiC), kBranchTarget);
    EXPECT_EQ(m.state.esr[1] & 3, 3u);
    EXPECT_EQ(m.state.elr[1], kCode + 8);
}
TEST_F(BranchTargets, JumpsThroughX16MayGoWhereCallsGo) {
    EXPECT_EQ(land(kBrX16, kBtiC), kNone);
}
TEST_F(BranchTargets, CallsNeedBtiC) {
    EXPECT_EQ(land(kBlrX0, kBtiC), kNone);
}
TEST_F(BranchTargets, CallsFaultAtBtiJ) {
    EXPECT_EQ(land(kBlrX0, kBtiJ), kBranchTarget);
}
TEST_F(BranchTargets, BtiJcTakesBoth) {
    EXPECT_EQ(land(kBlrX0, kBtiJc), kNone);
}
TEST_F(BranchTargets, PlainBtiTakesNone) {
    EXPECT_EQ(land(kBrX16, kBti), kBranchTarget);
}
TEST_F(BranchTargets, OtherInstructionsTakeNone) {
    EXPECT_EQ(land(kBrX16, kNop), kBranchTarget);
}
TEST_F(BranchTargets, CallsMayLandOnPaciasp) {
    EXPECT_EQ(land(kBlrX0, 0xd503233f), kNone);
}
TEST_F(BranchTargets, JumpsMayLandOnPaciaspUnlessTheControlBitForbids) {
    EXPECT_EQ(land(kBrX0, 0xd503233f), kNone);
    m.state.sctlr[1] |= u64{1} << 36;
    EXPECT_EQ(land(kBrX0, 0xd503233f), kBranchTarget);
}
TEST_F(BranchTargets, BreakpointsReportTheBranchType) {
    EXPECT_EQ(land(kBlrX0, 0xd4200000), 0x3c);
    EXPECT_EQ(m.state.spsr[1] & pstate::kBtypeMask, 2u << pstate::kBtypeShift);
}
TEST_F(BranchTargets, UnguardedPagesTakeAllAndForgetTheType) {
    m.extra_mode = Mode::kTrackBtype;
    m.state.x[0] = kCode + 8;
    m.run({kBrX0, kNop, kNop});
    EXPECT_EQ(m.exception_class(), kNone);
    EXPECT_EQ(m.state.pstate & pstate::kBtypeMask, 0u);
}

}  // namespace
}  // namespace kelvin::arm64
