// SPDX-License-Identifier: Apache-2.0
// Branches, exceptions, system registers and pointer authentication. Words assembled by GNU as.
#include "lift/arm64/test_machine.h"

namespace kelvin::arm64 {
namespace {

using testing::kCode;
using testing::TestMachine;

TEST(Branches, ConditionsAndTests) {
    TestMachine m;
    m.state.x[1] = u64{1} << 40;
    m.run({0x54000061});  // b.ne .+12
    EXPECT_EQ(m.state.pc, kCode + 12);
    m.run({0xb6400061});  // tbz x1, #40, .+12
    EXPECT_EQ(m.state.pc, kCode + 4);
    m.run({0x35000041});  // cbnz w1, .+8: only the lower half counts
    EXPECT_EQ(m.state.pc, kCode + 4);
    m.run({0xb4000041});  // cbz x1, .+8
    EXPECT_EQ(m.state.pc, kCode + 4);
}

TEST(Branches, CallsLinkAndReturn) {
    TestMachine m;
    m.run({0x94000004});  // bl .+16
    EXPECT_EQ(m.state.pc, kCode + 16);
    EXPECT_EQ(m.state.x[30], kCode + 4);
    m.state.x[30] = kCode + 0x100;
    m.run({0xd63f03c0});  // blr x30: the old value is the target
    EXPECT_EQ(m.state.pc, kCode + 0x100);
    EXPECT_EQ(m.state.x[30], kCode + 4);
    m.run({0xd65f03c0});  // ret
    EXPECT_EQ(m.state.pc, kCode + 4);
}

TEST(Exceptions, SupervisorCallReturnsAfterItself) {
    TestMachine m;
    m.to_el0();
    m.run({0xd503201f, 0xd4002461});  // nop; svc #0x123
    EXPECT_EQ(m.exception_class(), 0x15);
    EXPECT_EQ(m.state.esr[1] & 0xffff, 0x123u);
    EXPECT_EQ(m.state.elr[1], kCode + 8);
}

TEST(Exceptions, BreakpointAndUndefinedReturnToThemselves) {
    TestMachine m;
    m.run({0xd503201f, 0xd42000a0});  // nop; brk #5
    EXPECT_EQ(m.exception_class(), 0x3c);
    EXPECT_EQ(m.state.elr[1], kCode + 4);
    m.run({0xd503201f, 0x00000000});
    EXPECT_EQ(m.exception_class(), 0);
    EXPECT_EQ(m.state.elr[1], kCode + 4);
}

TEST(Exceptions, PrivilegedInstructionsAreUndefinedAtEl0) {
    for (const u32 word : {0xd4000002u,     // hvc
                           0xd69f03e0u,     // eret
                           0xd50040bfu,     // msr spsel, #0
                           0xd5384240u}) {  // mrs x0, currentel
        TestMachine m;
        m.to_el0();
        m.run({word});
        EXPECT_EQ(m.exception_class(), 0) << std::hex << word;
    }
}

TEST(Exceptions, Return) {
    TestMachine m;
    m.state.elr[1] = kCode + 0x40;
    m.state.spsr[1] = 0x80000000;  // EL0, N
    m.run({0xd69f03e0});
    EXPECT_EQ(m.state.pc, kCode + 0x40);
    EXPECT_EQ(m.state.el(), ExceptionLevel::el0);
    EXPECT_EQ(m.state.nzcv(), 0x80000000u);
}

TEST(System, PlainRegistersAndThoseOfTheProcessor) {
    TestMachine m;
    m.state.x[1] = 0x1234;
    m.state.sp_el[0] = 0x5678;
    m.run({0xd51bd041, 0xd5384100, 0xd5384242});  // msr tpidr_el0, x1; mrs x0, sp_el0; mrs x2, currentel
    EXPECT_EQ(m.state.tpidr[0], 0x1234u);
    EXPECT_EQ(m.state.x[0], 0x5678u);
    EXPECT_EQ(m.state.x[2], 4u);
}

TEST(System, IdentificationIsConstant) {
    TestMachine m;
    m.model.id.midr = 0x410fd0b1;
    m.run({0xd5380000, 0xd53b00e1});  // mrs x0, midr_el1; mrs x1, dczid_el0
    EXPECT_EQ(m.state.x[0], 0x410fd0b1u);
    EXPECT_EQ(m.state.x[1], 4u);
    m.to_el0();
    m.state.sctlr[1] &= ~(u64{1} << 14);
    m.run({0xd53b00e1});  // DC ZVA is prohibited
    EXPECT_EQ(m.state.x[1], 0x14u);
}

TEST(System, Flags) {
    TestMachine m;
    m.state.x[1] = ~u64{0};
    m.run({0xd51b4201, 0xd53b4200});  // msr nzcv, x1; mrs x0, nzcv
    EXPECT_EQ(m.state.x[0], 0xf0000000u);
}

TEST(System, InterruptMasks) {
    TestMachine m;
    m.state.pstate &= ~pstate::kDaif;
    m.run({0xd50342df, 0xd53b4220});  // msr daifset, #2; mrs x0, daif
    EXPECT_EQ(m.state.x[0], 0x80u);
    m.run({0xd50342ff});  // msr daifclr, #2
    EXPECT_EQ(m.state.pstate & pstate::kDaif, 0u);
    EXPECT_EQ(m.state.pc, kCode + 4);
}

TEST(System, InterruptMasksAreTheProcessorsBusinessWhereAnInterruptWaitsOrDebuggingIsOn) {
    constexpr u32 kClear = 0xd5034fff, kWrite = 0xd51b4221;  // msr daifclr, #15; msr daif, x1
    for (const u32 word : {kClear, kWrite}) {
        TestMachine m;
        m.run({word});
        EXPECT_EQ(m.unmaskings, 0u);
        EXPECT_EQ(m.state.pstate & pstate::kDaif, 0u);
        m.state.pstate |= pstate::kDaif;
        m.cpu.set_interrupt(Interrupt::irq, true);
        m.run({word});
        EXPECT_EQ(m.unmaskings, 1u);
        EXPECT_EQ(m.state.pstate & pstate::kDaif, 0u);
        EXPECT_EQ(m.state.pc, kCode + 4);
        m.cpu.set_interrupt(Interrupt::irq, false);
        m.state.pstate |= pstate::kDaif;
        m.state.mdscr = 1u << 15;
        const unsigned before = m.mode_changes;
        m.run({word});
        EXPECT_EQ(m.mode_changes, before + 1);
    }
}

TEST(System, DaifNeedsPermissionAtEl0) {
    TestMachine m;
    m.to_el0();
    m.state.sctlr[1] &= ~(u64{1} << 9);
    m.run({0xd50342df});
    EXPECT_EQ(m.exception_class(), 0x18);
}

TEST(System, WaitingGoesOnAfterTheInstruction) {
    TestMachine m;
    m.run({0xd503207f});  // wfi
    EXPECT_EQ(m.waits, 1u);
    EXPECT_EQ(m.state.pc, kCode + 4);
    m.run({0xd503205f});  // wfe
    EXPECT_EQ(m.waits, 1u);
    EXPECT_EQ(m.state.pc, kCode + 4);
}

TEST(System, WaitingTrapsAtEl0WhereSctlrSaysSo) {
    TestMachine m;
    m.to_el0();
    m.state.sctlr[1] &= ~(u64{1} << 16 | u64{1} << 18);
    m.run({0xd503207f});
    EXPECT_EQ(m.exception_class(), 0x01);
    EXPECT_EQ(m.state.elr[1], kCode);
}

TEST(System, DcZvaTrapsAtEl0WhereSctlrSaysSo) {
    TestMachine m;
    m.to_el0();
    m.state.sctlr[1] &= ~(u64{1} << 14);
    m.state.x[1] = testing::kRam;
    m.run({0xd50b7421});
    EXPECT_EQ(m.exception_class(), 0x18);
}

TEST(System, DsbWaitsForOtherProcessorsIfThereAreAny) {
    TestMachine m;
    m.run({0xd5033b9f, 0xd5033bbf});  // dsb ish; dmb ish
    EXPECT_EQ(m.completed, 0u);
    m.shared = true;
    m.run({0xd5033b9f, 0xd5033bbf});
    EXPECT_EQ(m.completed, 1u);
}

}  // namespace
}  // namespace kelvin::arm64
