// SPDX-License-Identifier: Apache-2.0
#include "cpu/arm64/test_cpu.h"

namespace kelvin::arm64 {
namespace {

constexpr u64 kIl = 1u << 25;

TEST(Exceptions, Reset) {
    TestCpu t;
    EXPECT_EQ(t.state.pc, TestCpu::kEntry);
    EXPECT_EQ(t.state.pstate, 0x3c5);
    EXPECT_EQ(t.state.nzcv(), 0);
    EXPECT_FALSE(t.cpu.regime().enabled);
}

TEST(Exceptions, ResetLeavesInterruptLinesAsTheyAre) {
    TestCpu t;
    t.cpu.set_interrupt(Interrupt::fiq, true);
    t.cpu.reset(TestCpu::kEntry);
    EXPECT_TRUE(t.cpu.interrupt_level(Interrupt::fiq));
    EXPECT_FALSE(t.cpu.interrupt_level(Interrupt::irq));
}

struct EntryCase {
    const char* what;
    unsigned el;
    bool own_sp;
    u64 offset;
};

TEST(Exceptions, VectorsStacksAndSavedState) {
    const EntryCase cases[] = {{"EL1t", 1, false, 0x000}, {"EL1h", 1, true, 0x200}, {"EL0", 0, false, 0x400}};
    for (const EntryCase& c : cases) {
        TestCpu t;
        t.cpu.select_stack(ExceptionLevel::el1, true);
        t.state.sp = 0x1111;
        t.cpu.select_stack(static_cast<ExceptionLevel>(c.el), c.own_sp);
        if (!c.own_sp) {
            t.state.sp = 0x2222;
        }
        t.state.pstate &= ~pstate::kDaif;
        t.state.pstate |= pstate::kI | pstate::kBtypeMask | pstate::kUao | pstate::kSs | pstate::kIl;
        t.state.set_nzcv(0xa0000000);
        const u32 saved = t.state.pstate | 0xa0000000;
        t.state.pc = 0x4000'1000;
        t.cpu.take_exception(0x15, 0x1234, 0xfa17);
        EXPECT_EQ(t.state.pc, TestCpu::kVectors + c.offset) << c.what;
        EXPECT_EQ(t.state.spsr[1], saved) << c.what;
        EXPECT_EQ(t.state.elr[1], 0x4000'1000);
        EXPECT_EQ(t.state.esr[1], u64{0x15} << 26 | kIl | 0x1234);
        EXPECT_EQ(t.state.far[1], 0xfa17);
        EXPECT_EQ(t.state.sp, 0x1111) << c.what;
        EXPECT_EQ(t.state.sp_el[0], c.own_sp ? 0 : 0x2222);
        EXPECT_EQ(t.state.pstate, 0x5 | pstate::kDaif);
    }
}

TEST(Exceptions, PanAndSsbsOnEntry) {
    TestCpu t;
    t.go_to(0);
    t.state.sctlr[1] |= u64{1} << 23 | u64{1} << 44;  // SPAN, DSSBS
    t.cpu.take_undefined();
    EXPECT_EQ(t.state.pstate & (pstate::kPan | pstate::kSsbs), pstate::kSsbs);
    t.go_to(0);
    t.state.sctlr[1] &= ~(u64{1} << 23 | u64{1} << 44);
    t.state.pstate |= pstate::kDit | pstate::kSsbs;
    t.cpu.take_undefined();
    EXPECT_EQ(t.state.pstate & (pstate::kPan | pstate::kSsbs | pstate::kDit), pstate::kPan | pstate::kDit);
    TestCpu old("cortex-a72");
    old.go_to(0);
    old.state.sctlr[1] = 0;
    old.cpu.take_undefined();
    EXPECT_EQ(old.state.pstate & pstate::kPan, 0);
}

TEST(Exceptions, AreCountedByKind) {
    TestCpu t;
    t.go_to(0);
    t.cpu.take_supervisor_call(0);
    t.go_to(0);
    t.cpu.take_supervisor_call(1);
    t.cpu.set_interrupt(Interrupt::irq, true);
    EXPECT_FALSE(t.cpu.take_pending_interrupt());  // masked
    t.state.pstate &= ~pstate::kI;
    EXPECT_TRUE(t.cpu.take_pending_interrupt());
    EXPECT_EQ(t.cpu.exception_counts().synchronous[0x15].value(), 2U);
    EXPECT_EQ(t.cpu.exception_counts().synchronous[0x00].value(), 0U);
    EXPECT_EQ(t.cpu.exception_counts().interrupts[0].value(), 1U);
    EXPECT_EQ(t.cpu.exception_counts().interrupts[1].value(), 0U);
}

TEST(Exceptions, Calls) {
    TestCpu t;
    t.go_to(0);
    t.state.pc = 0x1000;
    t.cpu.take_supervisor_call(0x42);
    EXPECT_EQ(t.state.elr[1], 0x1004);
    EXPECT_EQ(t.state.esr[1], u64{0x15} << 26 | kIl | 0x42);
    t.state.pc = 0x2000;
    t.cpu.take_breakpoint_instruction(0x800);
    EXPECT_EQ(t.state.elr[1], 0x2000);
    EXPECT_EQ(t.state.esr[1], u64{0x3c} << 26 | kIl | 0x800);
}

TEST(Exceptions, FirmwareCalls) {
    TestCpu t;
    t.events.answers_calls = true;
    t.state.pc = 0x1000;
    t.cpu.take_hypervisor_call(0);
    EXPECT_EQ(t.state.pc, 0x1004);
    EXPECT_EQ(t.events.take(), "hvc");
    t.cpu.take_secure_monitor_call(0);
    EXPECT_EQ(t.events.take(), "smc");
    EXPECT_EQ(t.state.pc, 0x1008);
    t.events.answers_calls = false;
    t.cpu.take_hypervisor_call(0);
    EXPECT_EQ(t.state.elr[1], 0x1008);
    EXPECT_EQ(t.state.esr[1], kIl);
    // Nobody is asked on behalf of EL0.
    t.events.take();
    t.events.answers_calls = true;
    t.go_to(0);
    t.state.pc = 0x3000;
    t.cpu.take_hypervisor_call(0);
    EXPECT_EQ(t.state.elr[1], 0x3000);
    EXPECT_EQ(t.events.take(), "mode");
}

struct AbortCase {
    Fault fault;
    unsigned from;
    u64 esr;
};

TEST(Exceptions, Aborts) {
    const AccessType read, write{.access = Access::write}, fetch{.access = Access::execute};
    const AccessType maintenance{.cache_maintenance = true};
    const AbortCase cases[] = {
        {{0x07, Gva{0x123}, read}, 0, u64{0x24} << 26 | kIl | 0x07},
        {{0x0f, Gva{0x123}, write}, 1, u64{0x25} << 26 | kIl | 0x4f},
        {{0x21, Gva{0x123}, write}, 0, u64{0x24} << 26 | kIl | 0x61},
        {{0x06, Gva{0x123}, maintenance}, 0, u64{0x24} << 26 | kIl | 0x146},
        {{0x0e, Gva{0x123}, fetch}, 0, u64{0x20} << 26 | kIl | 0x0e},
        {{0x15, Gva{0x123}, fetch}, 1, u64{0x21} << 26 | kIl | 0x15},
    };
    for (const AbortCase& c : cases) {
        TestCpu t;
        t.go_to(c.from);
        t.cpu.take_abort(c.fault);
        EXPECT_EQ(t.state.esr[1], c.esr) << std::hex << t.state.esr[1] << " != " << c.esr;
        EXPECT_EQ(t.state.far[1], 0x123);
    }
}

TEST(Exceptions, OtherClasses) {
    TestCpu t;
    t.state.pc = 0x1002;
    t.cpu.take_pc_alignment_fault();
    EXPECT_EQ(t.state.esr[1], u64{0x22} << 26 | kIl);
    EXPECT_EQ(t.state.far[1], 0x1002);
    t.cpu.take_sp_alignment_fault();
    EXPECT_EQ(t.state.esr[1], u64{0x26} << 26 | kIl);
    t.cpu.take_fp_access_trap();
    EXPECT_EQ(t.state.esr[1], u64{0x07} << 26 | kIl | 0x1e00000);
    t.state.pstate |= 2u << pstate::kBtypeShift;
    t.cpu.take_branch_target_exception();
    EXPECT_EQ(t.state.esr[1], u64{0x0d} << 26 | kIl | 2);
}

TEST(Exceptions, Return) {
    TestCpu t;
    t.state.sp = 0x1111;
    t.state.sp_el[0] = 0x2222;
    t.state.elr[1] = 0x5000;
    t.state.spsr[1] = 0x60000000 | pstate::kPan | pstate::kSsbs | 1u << pstate::kBtypeShift | pstate::kDit;
    t.cpu.exception_return();
    EXPECT_EQ(t.state.pc, 0x5000);
    EXPECT_EQ(t.state.pstate, pstate::kPan | pstate::kSsbs | 1u << pstate::kBtypeShift | pstate::kDit);
    EXPECT_EQ(t.state.nzcv(), 0x60000000);
    EXPECT_EQ(t.state.sp, 0x2222);
    EXPECT_EQ(t.state.sp_el[1], 0x1111);
    EXPECT_EQ(t.events.take(), "mode unmasked");
    // At EL0 ERET is UNDEFINED.
    t.cpu.exception_return();
    EXPECT_EQ(t.state.esr[1], kIl);
}

TEST(Exceptions, ReturnKeepsBitsThatTheModelLacks) {
    TestCpu t("cortex-a72");
    t.state.spsr[1] = pstate::kPan | pstate::kSsbs | pstate::kDit | pstate::kUao | pstate::kBtypeMask | 5;
    t.cpu.exception_return();
    EXPECT_EQ(t.state.pstate, 5);
}

TEST(Exceptions, IllegalReturns) {
    // AArch32, EL2, EL3, EL0 with SP_EL1, reserved bit 1.
    for (const u32 mode : {0x10u, 0x09u, 0x0du, 0x01u, 0x06u}) {
        TestCpu t;
        t.state.elr[1] = 0x5000;
        t.state.spsr[1] = 0x90000000 | pstate::kD | mode;
        t.cpu.exception_return();
        // The exception that the return leads to has been taken from EL1, at the address returned to.
        EXPECT_EQ(t.state.esr[1], u64{0x0e} << 26 | kIl) << mode;
        EXPECT_EQ(t.state.elr[1], 0x5000);
        EXPECT_EQ(t.state.spsr[1], 0x90000000 | pstate::kD | pstate::kIl | 5) << mode;
        EXPECT_EQ(t.state.pc, TestCpu::kVectors + 0x200);
        EXPECT_EQ(t.state.pstate & pstate::kIl, 0);
    }
}

TEST(Exceptions, ReturnAddressIsCanonicalised) {
    TestCpu t;
    t.state.tcr[1] = u64{1} << 37;  // TBI0
    t.state.elr[1] = 0xab00'0000'0000'5000;
    t.state.spsr[1] = 0;
    t.cpu.exception_return();
    EXPECT_EQ(t.state.pc, 0x5000);
}

TEST(Exceptions, InterruptsByPriorityAndMask) {
    TestCpu t;
    EXPECT_FALSE(t.cpu.interrupt_pending());
    EXPECT_TRUE(t.cpu.set_interrupt(Interrupt::irq, true));
    EXPECT_FALSE(t.cpu.set_interrupt(Interrupt::irq, true));
    EXPECT_TRUE(t.cpu.set_interrupt(Interrupt::fiq, true));
    EXPECT_TRUE(t.cpu.set_interrupt(Interrupt::serror, true));
    EXPECT_TRUE(t.cpu.interrupt_pending());
    EXPECT_FALSE(t.cpu.take_pending_interrupt());
    EXPECT_EQ(t.read({3, 0, 12, 1, 0}), 0x1c0);  // ISR_EL1

    t.state.pstate = 5;
    t.state.pc = 0x7000;
    EXPECT_TRUE(t.cpu.take_pending_interrupt());
    EXPECT_EQ(t.state.pc, TestCpu::kVectors + 0x380);
    EXPECT_EQ(t.state.esr[1] >> 26, 0x2f);
    EXPECT_EQ(t.state.elr[1], 0x7000);
    t.state.pstate = 5 | pstate::kA;
    EXPECT_TRUE(t.cpu.take_pending_interrupt());
    EXPECT_EQ(t.state.pc, TestCpu::kVectors + 0x300);
    t.state.pstate = 5 | pstate::kA | pstate::kF;
    EXPECT_TRUE(t.cpu.take_pending_interrupt());
    EXPECT_EQ(t.state.pc, TestCpu::kVectors + 0x280);
    // The masks hold at EL0 as well, as EL1 is the target.
    t.cpu.select_stack(ExceptionLevel::el0, false);
    EXPECT_FALSE(t.cpu.take_pending_interrupt());
    t.state.pstate = 0;
    t.cpu.set_interrupt(Interrupt::serror, false);
    t.cpu.set_interrupt(Interrupt::fiq, false);
    EXPECT_TRUE(t.cpu.take_pending_interrupt());
    EXPECT_EQ(t.state.pc, TestCpu::kVectors + 0x480);
}

TEST(Exceptions, WaitTraps) {
    TestCpu t;
    t.state.sctlr[1] &= ~(u64{1} << 16 | u64{1} << 18);
    t.cpu.wait_for_interrupt();
    EXPECT_EQ(t.events.take(), "wait");
    t.go_to(0);
    t.cpu.wait_for_interrupt();
    EXPECT_EQ(t.events.take(), "mode");
    EXPECT_EQ(t.state.esr[1], u64{0x01} << 26 | kIl | 0x1e00000);
    t.go_to(0);
    t.cpu.wait_for_event(1000, 7);
    EXPECT_EQ(t.events.take(), "mode");
    EXPECT_EQ(t.state.esr[1], u64{0x01} << 26 | kIl | 0x1e00000 | 7 << 5 | 7);  // RN, RV, TI
    t.go_to(0);
    t.state.sctlr[1] |= u64{1} << 16;
    t.cpu.wait_for_interrupt();
    EXPECT_EQ(t.events.take(), "wait");
}

TEST(Exceptions, NothingIsTrappedThatNeedNotWait) {
    TestCpu t;
    t.state.sctlr[1] &= ~(u64{1} << 16 | u64{1} << 18);
    t.go_to(0);
    t.state.pc = 0x1000;
    t.cpu.set_event();
    t.cpu.wait_for_event();
    t.cpu.set_interrupt(Interrupt::irq, true);
    t.cpu.wait_for_interrupt();
    EXPECT_EQ(t.state.pc, 0x1008u);
    EXPECT_EQ(t.events.take(), "");
}

TEST(Exceptions, WaitingForAnEventTakesTheEvent) {
    TestCpu t;
    t.cpu.set_event();
    t.cpu.wait_for_event();
    EXPECT_EQ(t.events.take(), "");
    t.cpu.wait_for_event();
    EXPECT_EQ(t.events.take(), "wait-event");
    t.state.spsr[1] = 5;
    t.cpu.exception_return();  // sets it
    t.events.take();
    t.cpu.wait_for_event();
    EXPECT_EQ(t.events.take(), "");
}

TEST(Exceptions, WaitingEndsWithTheTimeOutOrTheEventStream) {
    TestCpu t;  // its counter counts nanoseconds
    t.timers.advance_to(1000);
    t.cpu.wait_for_interrupt(5000, 0);
    EXPECT_EQ(t.events.take(), "wait:5000");
    t.cpu.wait_for_event(5000, 0);
    EXPECT_EQ(t.events.take(), "wait-event:5000");
    t.state.cntkctl = 1 << 2 | 8 << 4;  // bit 8 rises at 256 + 512 n
    t.cpu.wait_for_event(5000, 0);
    EXPECT_EQ(t.events.take(), "wait-event:1280");
    t.cpu.wait_for_event(1200, 0);
    EXPECT_EQ(t.events.take(), "wait-event:1200");
    t.state.cntkctl |= 1 << 3;  // falls at 512 n
    t.cpu.wait_for_event();
    EXPECT_EQ(t.events.take(), "wait-event:1024");
    t.state.cntkctl |= 1 << 17;  // bit 16
    t.cpu.wait_for_event();
    EXPECT_EQ(t.events.take(), "wait-event:131072");
}

TEST(Exceptions, SoftwareStepSaysWhatWasStepped) {
    TestCpu t;
    t.cpu.end_software_step(true);
    t.cpu.take_software_step();
    EXPECT_EQ(t.state.esr[1] & 0x1ffffff, 0x1000062u);  // ISV, EX
    t.cpu.take_software_step();                         // nothing, since the exception
    EXPECT_EQ(t.state.esr[1] & 0x1ffffff, 0x22u);
}

TEST(Exceptions, SoftwareStepBeginsByReturn) {
    TestCpu t;
    t.write({2, 0, 1, 0, 4}, 0);                 // OSLAR: unlock
    t.write({2, 0, 0, 2, 2}, 1);                 // MDSCR.SS
    EXPECT_FALSE(t.cpu.software_step_active());  // KDE is 0
    t.state.spsr[1] = pstate::kSs;
    t.cpu.exception_return();
    EXPECT_NE(t.state.pstate & pstate::kSs, 0);
    EXPECT_TRUE(t.cpu.software_step_active());
    t.cpu.end_software_step(false);
    t.cpu.take_software_step();
    EXPECT_EQ(t.state.esr[1], u64{0x32} << 26 | kIl | 0x1000022);
    EXPECT_EQ(t.state.pstate & pstate::kSs, 0);
    // Not with the OS lock set.
    t.write({2, 0, 1, 0, 4}, 1);
    t.cpu.exception_return();
    EXPECT_EQ(t.state.pstate & pstate::kSs, 0);
}

}  // namespace
}  // namespace kelvin::arm64
