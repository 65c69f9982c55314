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
                              1 | Mode::kUao | 3u << Mode::kBranchTypeShift | Mode::kGuardedPage,
                              1u << Mode::kBranchTypeShift,
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

constexpr u32 kBrX0 = 0xd61f0000, kBrX16 = 0xd61f0200, kBrX17 = 0xd61f0220, kBlrX0 = 0xd63f0000, kRet = 0xd65f03c0;
constexpr u32 kBraaX0X16 = 0xd71f0810, kBrabzX17 = 0xd61f0e3f, kBlraazX0 = 0xd63f081f, kRetaa = 0xd65f0bff;
constexpr u32 kBti = 0xd503241f, kBtiC = 0xd503245f, kBtiJ = 0xd503249f, kBtiJc = 0xd50324df, kNop = 0xd503201f;
constexpr u32 kPaciasp = 0xd503233f, kPacibsp = 0xd503237f, kBrk = 0xd4200000, kHlt = 0xd4400000;
constexpr u8 kBranchTarget = 0x0d, kBreakpointInstruction = 0x3c, kUndefined = 0x00, kNone = 0xff;

class BranchTargets : public ::testing::Test {
  protected:
    BranchTargets() { m.guarded = true; }
    /// Branches by `branch` to `landing`. Returns the exception's class.
    u8 land(u32 branch, u32 landing) {
        m.state.pstate = pstate::kSp | 1u << pstate::kElShift;
        for (const unsigned n : {0, 16, 17, 30}) {
            m.state.x[n] = kCode + 8;
        }
        m.run({branch, kNop, landing, kNop});
        EXPECT_TRUE(m.exception_class() != kNone || (m.state.pstate & pstate::kBtypeMask) == 0);
        return m.exception_class();
    }
    u64 shown_type() const { return (m.state.spsr[1] & pstate::kBtypeMask) >> pstate::kBtypeShift; }
    TestMachine m;
};

TEST_F(BranchTargets, EachLandingTakesItsTypes) {
    struct {
        u32 word;
        u32 accepted;  ///< a bit for each BTYPE
    } constexpr kLandings[] = {{kNop, 0b0001},   {kBti, 0b0001},     {kBtiC, 0b0111},    {kBtiJ, 0b1011},
                               {kBtiJc, 0b1111}, {kPaciasp, 0b1111}, {kPacibsp, 0b1111}, {kRet, 0b0001}};
    struct {
        u32 word;
        u32 type;
    } constexpr kBranches[] = {{kRet, 0},   {kRetaa, 0},    {kBrX16, 1}, {kBrX17, 1},    {kBrabzX17, 1},
                               {kBlrX0, 2}, {kBlraazX0, 2}, {kBrX0, 3},  {kBraaX0X16, 3}};
    for (const auto& landing : kLandings) {
        for (const auto& branch : kBranches) {
            SCOPED_TRACE(::testing::Message() << std::hex << branch.word << " to " << landing.word);
            const bool fine = bit(landing.accepted, branch.type);
            ASSERT_EQ(land(branch.word, landing.word), fine ? kNone : kBranchTarget);
            if (!fine) {
                EXPECT_EQ(m.state.esr[1] & 0x1ffffff, branch.type);
                EXPECT_EQ(m.state.elr[1], kCode + 8);
                EXPECT_EQ(shown_type(), branch.type);
            }
        }
    }
}
TEST_F(BranchTargets, JumpsMayLandOnPaciaspUnlessTheControlBitForbids) {
    m.state.sctlr[1] |= u64{1} << 36;
    EXPECT_EQ(land(kBrX0, kPaciasp), kBranchTarget);
    EXPECT_EQ(shown_type(), 3u);
    EXPECT_EQ(land(kBlrX0, kPaciasp), kNone);
    EXPECT_EQ(land(kBrX16, kPacibsp), kNone);
}
TEST_F(BranchTargets, BreakpointsShowTheBranchType) {
    for (const bool guarded : {false, true}) {
        m.guarded = guarded;
        EXPECT_EQ(land(kBlrX0, kBrk), kBreakpointInstruction);
        EXPECT_EQ(shown_type(), 2u);
        EXPECT_EQ(land(kBrX0, kBrk), kBreakpointInstruction);
        EXPECT_EQ(shown_type(), guarded ? 3u : 1u);
        EXPECT_EQ(land(kRet, kBrk), kBreakpointInstruction);
        EXPECT_EQ(shown_type(), 0u);
        EXPECT_EQ(land(kBrX0, kHlt), kUndefined);
    }
}
TEST_F(BranchTargets, StepsAndHardwareBreakpointsShowTheBranchType) {
    m.state.oslar = 0;
    m.state.mdscr = 1;
    m.to_el0();
    m.state.pstate |= pstate::kSs;
    m.state.x[0] = kCode + 8;
    m.run({kBrX0, kNop, kNop});
    EXPECT_EQ(m.exception_class(), 0x32);
    EXPECT_EQ(shown_type(), 3u);
    EXPECT_EQ(m.state.elr[1], kCode + 8);
    m.state.mdscr = 1u << 15;
    m.state.dbgbvr[0] = kCode + 8;
    m.state.dbgbcr[0] = 0x1e5;
    m.to_el0();
    m.run({kBlrX0, kNop, kNop});
    EXPECT_EQ(m.exception_class(), 0x30);
    EXPECT_EQ(shown_type(), 2u);
}
TEST_F(BranchTargets, UnguardedPagesTakeAllInOneRegion) {
    m.guarded = false;
    for (const u32 branch : {kBrX0, kBlrX0, kBrX16}) {
        EXPECT_EQ(land(branch, kNop), kNone);
    }
    const Mode plain = entry_mode({}, false, 0, kNop);
    EXPECT_EQ(entry_mode({}, false, 2, kNop), plain);
    EXPECT_NE(entry_mode({}, true, 2, kNop), entry_mode({}, true, 0, kNop));
    EXPECT_NE(entry_mode({}, true, 0, kNop), plain);
}
TEST_F(BranchTargets, ProcessorsWithoutThemKnowNoTypes) {
    Model model = TestMachine::all_features();
    model.features.reset(static_cast<std::size_t>(Feature::bti));
    TestMachine old(model);
    old.state.x[0] = kCode + 8;
    old.run({kBlrX0, kNop, kBrk});
    EXPECT_EQ(old.exception_class(), kBreakpointInstruction);
    EXPECT_EQ(old.state.spsr[1] & pstate::kBtypeMask, 0u);
}

}  // namespace
}  // namespace kelvin::arm64
