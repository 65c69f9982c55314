// SPDX-License-Identifier: Apache-2.0
#include "ir/pass/pass.h"

#include <gtest/gtest.h>

#include "ir/test_guest.h"
#include "ir/verifier.h"

namespace kelvin::pass {
namespace {

using namespace ir::testing;

std::string after(const char* passes, std::string_view text) {
    ir::Region region = region_of(text);
    EXPECT_TRUE(ir::verify(region));
    Scratch scratch;
    PassSet::parse(passes).value().run(region, scratch);
    const auto verified = ir::verify(region);
    EXPECT_TRUE(verified) << verified.error().message();
    return normal(ir::print(region));
}

TEST(DeadState, ASetThatIsOverwrittenGoes) {
    EXPECT_EQ(after("dead_state", R"(b0:
                                       a = get x0
                                       set x1, a
                                       set x2, a
                                       b = add.i64 a, a
                                       set x1, b
                                       exit_direct 0)"),
              normal(R"(b0:
                          a = get x0
                          set x2, a
                          b = add.i64 a, a
                          set x1, b
                          exit_direct 0)"));
}

TEST(DeadState, ASetThatIsSeenStays) {
    constexpr const char* kText = R"(b0:
                                       a = get x0
                                       set x1, a
                                       b = get x1
                                       set x1, b
                                       insn_start 4
                                       c = load.i64 [a] {size 8}
                                       set x1, c
                                       d = call read_x0()
                                       set x1, d
                                       call double_x1()
                                       set x1, a
                                       insn_start 8
                                       call leave_if(a)
                                       set x1, a
                                       exit_direct 0)";
    EXPECT_EQ(after("dead_state", kText), normal(kText));
}

TEST(DeadState, PureCallsSeeNothing) {
    EXPECT_EQ(after("dead_state", R"(b0:
                                       v = get v0
                                       set v1, v
                                       w = call swap_halves(v)
                                       set v1, w
                                       exit_direct 0)"),
              normal(R"(b0:
                          v = get v0
                          w = call swap_halves(v)
                          set v1, w
                          exit_direct 0)"));
}

TEST(DeadState, FlagsThatBothSuccessorsSetGo) {
    EXPECT_EQ(after("dead_state", R"(b0:
                                       a = get x0
                                       f = logic_flags.i64 a
                                       set flags, f
                                       set x1, a
                                       branch.eq f, b1, b2
                                     b2:
                                       b = get x1
                                       g = logic_flags.i64 b
                                       set flags, g
                                       exit_direct 8
                                     b1:
                                       c = get x2
                                       h = logic_flags.i64 c
                                       set flags, h
                                       exit_direct 4)"),
              normal(R"(b0:
                          a = get x0
                          f = logic_flags.i64 a
                          set x1, a
                          branch.eq f, b1, b2
                        b2:
                          b = get x1
                          g = logic_flags.i64 b
                          set flags, g
                          exit_direct 8
                        b1:
                          c = get x2
                          h = logic_flags.i64 c
                          set flags, h
                          exit_direct 4)"));
}

TEST(DeadState, OneSuccessorThatLeavesKeepsThem) {
    constexpr const char* kText = R"(b0:
                                       a = get x0
                                       f = logic_flags.i64 a
                                       set flags, f
                                       branch.eq f, b1, b2
                                     b1:
                                       c = get x2
                                       h = logic_flags.i64 c
                                       set flags, h
                                       exit_direct 4
                                     b2:
                                       exit_direct 8)";
    EXPECT_EQ(after("dead_state", kText), normal(kText));
}

TEST(DeadState, HeadsOfLoopsSeeEverything) {
    constexpr const char* kText = R"(b0:
                                       a = get x0
                                       set x1, a
                                       jump b1
                                     b1:
                                       b = get x0
                                       set x1, b
                                       branch_zero.i64 b, b1, b2
                                     b2:
                                       exit_direct 4)";
    EXPECT_EQ(after("dead_state", kText), normal(kText));
}

TEST(DeadCode, UnusedValuesGoWithWhatTheyAreMadeOf) {
    EXPECT_EQ(after("dead_code", R"(b0:
                                      a = get x0
                                      b = get x1
                                      p = page_address 0x10
                                      q = constant.i64 0x1
                                      c = add.i64 b, p
                                      f = sub_flags.i64 c, q
                                      m = call multiply_add(c, c, c)
                                      v = get v0
                                      n = fneg.d v
                                      set x2, a
                                      exit_direct 0)"),
              normal(R"(b0:
                          a = get x0
                          set x2, a
                          exit_direct 0)"));
}

TEST(DeadCode, WhatHasEffectsStays) {
    constexpr const char* kText = R"(b0:
                                       a = get x0
                                       l = load.i64 [a] {size 8}
                                       r = call read_x0()
                                       v = get v0
                                       s = fadd.d v, v
                                       f = fcompare.d s, v, 0
                                       t = vqadd_u.b v, v
                                       o = atomic_rmw.i64.add [a], a {size 8}
                                       branch_zero.i64 a, b1, b1
                                     b1:
                                       exit_state)";
    EXPECT_EQ(after("dead_code", kText), normal(kText));
}

TEST(Passes, TogetherRemoveDeadFlags) {
    EXPECT_EQ(after("all", R"(b0:
                                a = get x0
                                b = get x1
                                c = add.i64 a, b
                                f = add_flags.i64 a, b
                                set flags, f
                                set x2, c
                                g = logic_flags.i64 c
                                set flags, g
                                exit_direct 0)"),
              normal(R"(b0:
                          a = get x0
                          b = get x1
                          c = add.i64 a, b
                          set x2, c
                          g = logic_flags.i64 c
                          set flags, g
                          exit_direct 0)"));
}

TEST(Passes, AreNamed) {
    EXPECT_EQ(PassSet::all().names(), "dead_state,dead_code");
    EXPECT_EQ(PassSet::parse("dead_state,dead_code").value(), PassSet::all());
    EXPECT_EQ(PassSet::parse("none").value(), PassSet::none());
    EXPECT_EQ(PassSet::parse("dead_code").value().names(), "dead_code");
    EXPECT_EQ(PassSet::all().without(PassSet::parse("dead_state").value()).names(), "dead_code");
    const auto unknown = PassSet::parse("dead_code,undead");
    ASSERT_FALSE(unknown);
    EXPECT_EQ(unknown.error().what, "'undead' is not a pass");
}

}  // namespace
}  // namespace kelvin::pass
