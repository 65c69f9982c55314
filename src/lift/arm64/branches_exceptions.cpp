// SPDX-License-Identifier: Apache-2.0
// ARM ARM C4.1: exception generation and return.
#include "cpu/arm64/cpu.h"
#include "lift/arm64/decoder.h"
#include "lift/arm64/lifter.h"

namespace kelvin::arm64 {

namespace {

void supervisor_call(State& state, u32 immediate) {
    state.cpu->take_supervisor_call(static_cast<u16>(immediate));
}
constexpr ir::Helper kSupervisorCall = ir::helper<&supervisor_call>("svc", kHelperTakesException);

void hypervisor_call(State& state, u32 immediate) {
    state.cpu->take_hypervisor_call(static_cast<u16>(immediate));
}
constexpr ir::Helper kHypervisorCall = ir::helper<&hypervisor_call>("hvc", kHelperTakesException);

void secure_monitor_call(State& state, u32 immediate) {
    state.cpu->take_secure_monitor_call(static_cast<u16>(immediate));
}
constexpr ir::Helper kSecureMonitorCall = ir::helper<&secure_monitor_call>("smc", kHelperTakesException);

void breakpoint(State& state, u32 immediate) {
    state.cpu->take_breakpoint_instruction(static_cast<u16>(immediate));
}
constexpr ir::Helper kBreakpoint = ir::helper<&breakpoint>("brk", kHelperTakesException);

void exception_return(State& state) {
    state.cpu->exception_return();
}
constexpr ir::Helper kExceptionReturn = ir::helper<&exception_return>("eret", kHelperTakesException);

constexpr auto kInstructions = std::to_array<Instruction>({
    instruction<"0000000000000000 ----------------", +[](Lifter& t) { t.undefined(); }>("UDF"),
    instruction<"11010100 000 iiiiiiiiiiiiiiii 00001",
                +[](Lifter& t, Imm<16> imm) {
                    t.step_done();
                    t.exception_via(kSupervisorCall, {t.ir.i32c(imm.value)});
                }>("SVC"),
    instruction<"11010100 000 iiiiiiiiiiiiiiii 00010",
                +[](Lifter& t, Imm<16> imm) {
                    if (t.mode().el() == ExceptionLevel::el0) {
                        return t.undefined();
                    }
                    t.step_done();
                    t.exception_via(kHypervisorCall, {t.ir.i32c(imm.value)});
                }>("HVC"),
    instruction<"11010100 000 iiiiiiiiiiiiiiii 00011",
                +[](Lifter& t, Imm<16> imm) {
                    if (t.mode().el() == ExceptionLevel::el0) {
                        return t.undefined();
                    }
                    t.step_done();
                    t.exception_via(kSecureMonitorCall, {t.ir.i32c(imm.value)});
                }>("SMC"),
    instruction<"11010100 001 iiiiiiiiiiiiiiii 00000",
                +[](Lifter& t, Imm<16> imm) { t.exception_via(kBreakpoint, {t.ir.i32c(imm.value)}); }>("BRK"),
    // Outside Debug state, with halting not allowed: UNDEFINED.
    instruction<"11010100 010 ---------------- 00000", +[](Lifter& t) { t.undefined(); }>("HLT"),
    instruction<"11010100 101 ---------------- 00001", +[](Lifter& t) { t.undefined(); }>("DCPS1"),
    instruction<"11010100 101 ---------------- 00010", +[](Lifter& t) { t.undefined(); }>("DCPS2"),
    instruction<"11010100 101 ---------------- 00011", +[](Lifter& t) { t.undefined(); }>("DCPS3"),
    instruction<"1101011 0101 11111 000000 11111 00000", +[](Lifter& t) { t.undefined(); }>("DRPS"),

    instruction<"1101011 0100 11111 000000 11111 00000",
                +[](Lifter& t) {
                    if (t.mode().el() == ExceptionLevel::el0) {
                        return t.undefined();
                    }
                    t.exception_via(kExceptionReturn, {});
                }>("ERET"),
});
static_assert(first_overlap(kInstructions) == kNoOverlap);

}  // namespace

std::span<const Instruction> chapter_branches_exceptions() {
    return kInstructions;
}

}  // namespace kelvin::arm64
