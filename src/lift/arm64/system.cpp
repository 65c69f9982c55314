// SPDX-License-Identifier: Apache-2.0
// ARM ARM C4.1: hints, barriers, and waiting.
#include "cpu/arm64/cpu.h"
#include "lift/arm64/decoder.h"
#include "lift/arm64/lifter.h"

namespace kelvin::arm64 {

namespace {

void wait_for_interrupt(State& state) {
    state.cpu->wait_for_interrupt();
}
constexpr ir::Helper kWaitForInterrupt = ir::helper<&wait_for_interrupt>("wfi", kHelperTakesException);

void wait_for_interrupt_until(State& state, u64 count, u32 rt) {
    state.cpu->wait_for_interrupt(count, static_cast<u8>(rt));
}
constexpr ir::Helper kWaitForInterruptUntil = ir::helper<&wait_for_interrupt_until>("wfit", kHelperTakesException);

void wait_for_event(State& state) {
    state.cpu->wait_for_event();
}
constexpr ir::Helper kWaitForEvent = ir::helper<&wait_for_event>("wfe", kHelperTakesException);

void wait_for_event_until(State& state, u64 count, u32 rt) {
    state.cpu->wait_for_event(count, static_cast<u8>(rt));
}
constexpr ir::Helper kWaitForEventUntil = ir::helper<&wait_for_event_until>("wfet", kHelperTakesException);

void wait(Lifter& t, const ir::Helper& helper) {
    t.step_done();
    t.exception_via(helper, {});
}

void wait_until(Lifter& t, const ir::Helper& helper, Reg rt) {
    const ir::Value count = t.get(rt);
    t.step_done();
    t.exception_via(helper, {count, t.ir.i32c(rt.value)});
}

void send_event(State& state) {
    state.cpu->events().send_event();
}
constexpr ir::Helper kSendEvent = ir::helper<&send_event>("sev", ir::kHelperReadsState);

void send_event_locally(State& state) {
    state.cpu->set_event();
}
constexpr ir::Helper kSendEventLocally = ir::helper<&send_event_locally>("sevl", ir::kHelperReadsState);

void nothing(Lifter&) {}

void complete_flushes(State& state) {
    state.cpu->events().complete_flushes();
}
constexpr ir::Helper kCompleteFlushes = ir::helper<&complete_flushes>("dsb", ir::kHelperReadsState);

/// CRm<1:0>: which accesses before the barrier it orders.
void data_barrier(Lifter& t, Imm<4> option) {
    constexpr ir::FenceKind kKinds[] = {ir::FenceKind::full, ir::FenceKind::loads, ir::FenceKind::stores,
                                        ir::FenceKind::full};
    t.ir.fence(kKinds[option.value & 3]);
}

void synchronization_barrier(Lifter& t, Imm<4> option) {
    data_barrier(t, option);
    if (t.mode().has(Mode::kShared)) {
        t.ir.call(kCompleteFlushes, {});
    }
}

/// The counter, which generated code reads itself, is not to be read early.
void instruction_barrier(Lifter& t) {
    t.ir.fence(ir::FenceKind::clock);
    t.end_after_this();
}

constexpr auto kInstructions = std::to_array<Instruction>({
    // YIELD, ESB with no error to report, CSDB, BTI (lift_region looks for it where it matters) and all that is not
    // allocated yet.
    instruction<"1101010100 0 00 011 0010 ---- --- 11111", &nothing>("HINT"),
    instruction<"1101010100 0 00 011 0010 0000 010 11111", +[](Lifter& t) { wait(t, kWaitForEvent); }>("WFE"),
    instruction<"1101010100 0 00 011 0010 0000 011 11111", +[](Lifter& t) { wait(t, kWaitForInterrupt); }>("WFI"),
    instruction<"1101010100 0 00 011 0010 0000 100 11111", +[](Lifter& t) { t.ir.call(kSendEvent, {}); }>("SEV"),
    instruction<"1101010100 0 00 011 0010 0000 101 11111", +[](Lifter& t) { t.ir.call(kSendEventLocally, {}); }>(
        "SEVL"),
    instruction<"1101010100 0 00 011 0001 0000 000 ttttt",
                +[](Lifter& t, Reg rt) { wait_until(t, kWaitForEventUntil, rt); }>("WFET", Feature::wfxt),
    instruction<"1101010100 0 00 011 0001 0000 001 ttttt",
                +[](Lifter& t, Reg rt) { wait_until(t, kWaitForInterruptUntil, rt); }>("WFIT", Feature::wfxt),

    instruction<"1101010100 0 00 011 0011 ---- 010 11111", +[](Lifter& t) { t.ir.clear_exclusive(); }>("CLREX"),
    // SSBB and PSSBB are encoded as DSB too: a full barrier is more than they ask for.
    instruction<"1101010100 0 00 011 0011 oooo 100 11111", &synchronization_barrier>("DSB"),
    instruction<"1101010100 0 00 011 0011 oooo 101 11111", &data_barrier>("DMB"),
    instruction<"1101010100 0 00 011 0011 ---- 110 11111", &instruction_barrier>("ISB"),
    instruction<"1101010100 0 00 011 0011 0000 111 11111", &nothing>("SB", Feature::sb),
});
static_assert(first_overlap(kInstructions) == kNoOverlap);

}  // namespace

std::span<const Instruction> chapter_system() {
    return kInstructions;
}

}  // namespace kelvin::arm64
