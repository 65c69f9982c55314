// SPDX-License-Identifier: Apache-2.0
// Exception entry and return (ARM ARM D1.3, D1.4). Only EL0 and EL1 exist yet, so that EL1 takes everything.
#include <algorithm>

#include "base/bits.h"
#include "cpu/arm64/cpu.h"
#include "cpu/arm64/generic_timer.h"

namespace kelvin::arm64 {
namespace {

// Exception classes (ARM ARM D24.2.40). Those marked "lower" are one more when taken from the same level.
constexpr u8 kIllegalState = 0x0e, kBranchTarget = 0x0d, kFpAccess = 0x07, kWaitTrap = 0x01;
constexpr u8 kSupervisorCall = 0x15;
constexpr u8 kInstructionAbortLower = 0x20, kPcAlignment = 0x22, kDataAbortLower = 0x24, kSpAlignment = 0x26;
constexpr u8 kSerror = 0x2f, kBreakpointInstruction = 0x3c;

constexpr u32 kIssAlways = 1u << 24 | 0xeu << 20;  // CV and COND of an A64 instruction

constexpr u64 kVectorIrq = 0x80, kVectorFiq = 0x100, kVectorSerror = 0x180;

constexpr unsigned kDssbs = 44, kSpan = 23, kNtwi = 16, kNtwe = 18;

constexpr u32 interrupt_bit(Interrupt line) {
    return 1u << static_cast<unsigned>(line);
}

unsigned selected_sp(u32 pstate) {
    return (pstate & pstate::kSp) != 0 ? (pstate & pstate::kElMask) >> pstate::kElShift : 0;
}

/// The level that an SPSR returns to, or nothing for an illegal return (AArch64.IllegalExceptionReturn).
std::optional<ExceptionLevel> return_level(u64 spsr, ExceptionLevel current) {
    const auto level = static_cast<ExceptionLevel>(bits(spsr, 3, 2));
    const bool aarch32 = bit(spsr, 4);
    const bool reserved = bit(spsr, 1) || (level == ExceptionLevel::el0 && bit(spsr, 0));
    if (aarch32 || reserved || level > current) {
        return {};
    }
    return level;
}

}  // namespace

void Cpu::select_stack(ExceptionLevel el, bool own) {
    state_.sp_el[selected_sp(state_.pstate)] = state_.sp;
    state_.pstate &= ~(pstate::kElMask | pstate::kSp);
    state_.pstate |= static_cast<u32>(el) << pstate::kElShift | (own ? pstate::kSp : 0);
    state_.sp = state_.sp_el[selected_sp(state_.pstate)];
}

/// AArch64.TakeException but for ESR and FAR. `vector_offset` is that of the kind of exception.
void Cpu::enter(u64 vector_offset, u64 return_address) {
    constexpr unsigned kTarget = 1;
    const u32 old = state_.pstate;
    if (state_.el() == ExceptionLevel::el0) {
        vector_offset += 0x400;
    } else if ((old & pstate::kSp) != 0) {
        vector_offset += 0x200;
    }
    state_.spsr[kTarget] = old | state_.nzcv();
    state_.elr[kTarget] = return_address;
    select_stack(ExceptionLevel::el1, true);

    const u64 sctlr = state_.sctlr[kTarget];
    u32 now = state_.pstate;
    now &= ~(pstate::kIl | pstate::kSs | pstate::kBtypeMask | pstate::kUao);
    now |= pstate::kDaif;
    if (model_.has(Feature::pan) && !bit(sctlr, kSpan)) {
        now |= pstate::kPan;
    }
    if (model_.has(Feature::ssbs)) {
        now = (now & ~pstate::kSsbs) | (bit(sctlr, kDssbs) ? pstate::kSsbs : 0);
    }
    state_.pstate = now;
    state_.pc = state_.vbar[kTarget] + vector_offset;
    state_.exception_taken = 1;
    stepped_ = 0;
    events_.mode_changed();
}

void Cpu::take_synchronous(u8 exception_class, u32 iss, u64 return_address, bool il) {
    exception_counts_.synchronous[exception_class].add();
    state_.esr[1] = u64{exception_class} << 26 | u64{il} << 25 | iss;
    enter(0, return_address);
}

void Cpu::take_exception(u8 exception_class, u32 iss, std::optional<u64> far, bool il) {
    if (far) {
        state_.far[1] = *far;
    }
    take_synchronous(exception_class, iss, state_.pc, il);
}

void Cpu::take_supervisor_call(u16 immediate) {
    take_synchronous(kSupervisorCall, immediate, state_.pc + 4);
}

void Cpu::take_hypervisor_call(u16) {
    take_firmware_call(false);
}

void Cpu::take_secure_monitor_call(u16) {
    take_firmware_call(true);
}

void Cpu::take_firmware_call(bool smc) {
    if (state_.el() == ExceptionLevel::el0) {
        return take_undefined();
    }
    // The firmware may set another pc (CPU_SUSPEND), so it must find the return address there.
    const u64 pc = state_.pc;
    state_.pc = pc + 4;
    if (!events_.firmware_call(smc)) {
        state_.pc = pc;
        take_undefined();
    }
}

void Cpu::take_breakpoint_instruction(u16 immediate) {
    take_synchronous(kBreakpointInstruction, immediate, state_.pc);
}

void Cpu::take_abort(const Fault& fault) {
    const u8 same = state_.el() != ExceptionLevel::el0;
    if (fault.type.access == Access::execute && !fault.type.cache_maintenance) {
        return take_exception(kInstructionAbortLower + same, fault.status, fault.address.value);
    }
    // CM, and with it WnR, stand for address translation instructions too.
    const bool maintenance = fault.type.cache_maintenance || fault.type.address_translate;
    const bool write = fault.type.access == Access::write || maintenance;
    const u32 iss = u32{maintenance} << 8 | u32{write} << 6 | fault.status;
    take_exception(kDataAbortLower + same, iss, fault.address.value);
}

void Cpu::take_pc_alignment_fault() {
    take_exception(kPcAlignment, 0, state_.pc);
}

void Cpu::take_sp_alignment_fault() {
    take_exception(kSpAlignment, 0);
}

void Cpu::take_fp_access_trap() {
    take_exception(kFpAccess, kIssAlways);
}

void Cpu::take_branch_target_exception() {
    take_exception(kBranchTarget, (state_.pstate & pstate::kBtypeMask) >> pstate::kBtypeShift);
}

void Cpu::exception_return(std::optional<u64> target) {
    const ExceptionLevel current = state_.el();
    if (current == ExceptionLevel::el0) {
        return take_undefined();
    }
    const auto spsr = static_cast<u32>(state_.spsr[1]);
    const u64 destination = target.value_or(state_.elr[1]);
    const std::optional<ExceptionLevel> level = return_level(spsr, current);
    const u32 old = state_.pstate;
    // DebugExceptionReturnSS: a step begins only by a return from where it cannot be taken to where it can.
    const bool step = bit(spsr, 21) && bit(state_.mdscr, 0) &&
                      !debug_exceptions_enabled(current, (old & pstate::kD) != 0) &&
                      debug_exceptions_enabled(level.value_or(current), (spsr & pstate::kD) != 0);

    u32 restored = pstate::kDaif | (model_.has(Feature::pan) ? pstate::kPan : 0);
    if (level) {
        select_stack(*level, bit(spsr, 0));
        restored |= pstate::kIl | (model_.has(Feature::ssbs) ? pstate::kSsbs : 0) |
                    (model_.has(Feature::bti) ? pstate::kBtypeMask : 0) |
                    (model_.has(Feature::uao) ? pstate::kUao : 0) | (model_.has(Feature::dit) ? pstate::kDit : 0);
    }
    state_.pstate = (state_.pstate & ~(restored | pstate::kSs)) | (spsr & restored) | (step ? pstate::kSs : 0) |
                    (level ? 0 : pstate::kIl);
    state_.set_nzcv(spsr & 0xf0000000);
    state_.pc = canonical_address(regime(), destination, true);
    set_event();
    stepped_ = 0;
    events_.mode_changed();
    if ((old & ~state_.pstate & pstate::kDaif) != 0) {
        events_.interrupts_unmasked();
    }
    if ((state_.pstate & pstate::kIl) != 0) {
        take_exception(kIllegalState, 0);
    }
}

bool Cpu::set_interrupt(Interrupt line, bool level) {
    const u32 mask = interrupt_bit(line);
    const std::atomic_ref lines(state_.interrupts);
    if (level) {
        return (lines.fetch_or(mask, std::memory_order_acq_rel) & mask) == 0;
    }
    lines.fetch_and(~mask, std::memory_order_acq_rel);
    return false;
}

bool Cpu::take_pending_interrupt() {
    const u32 pending = this->pending();
    const auto takes = [&](Interrupt line, u32 mask) {
        const bool taken = (pending & interrupt_bit(line)) != 0 && (state_.pstate & mask) == 0;
        if (taken) {
            exception_counts_.interrupts[static_cast<unsigned>(line)].add();
        }
        return taken;
    };
    if (takes(Interrupt::serror, pstate::kA)) {
        state_.esr[1] = u64{kSerror} << 26 | u64{1} << 25;
        enter(kVectorSerror, state_.pc);
        return true;
    }
    if (takes(Interrupt::fiq, pstate::kF)) {
        enter(kVectorFiq, state_.pc);
        return true;
    }
    if (takes(Interrupt::irq, pstate::kI)) {
        enter(kVectorIrq, state_.pc);
        return true;
    }
    return false;
}

/// AArch64.CheckForWFxTrap: whether the instruction may wait; if not, its trap has been taken.
bool Cpu::may_wait(bool event, std::optional<u64> until, u8 rt) {
    if (state_.el() != ExceptionLevel::el0 || bit(state_.sctlr[1], event ? kNtwe : kNtwi)) {
        return true;
    }
    constexpr u32 kRegisterValid = 1u << 2;
    const u32 timeout = until ? u32{rt} << 5 | kRegisterValid | 1u << 1 : 0;
    take_exception(kWaitTrap, kIssAlways | timeout | u32{event});
    return false;
}

void Cpu::wait_for_interrupt(std::optional<u64> until, u8 rt) {
    if (interrupt_pending()) {
        state_.pc += 4;
    } else if (may_wait(false, until, rt)) {
        state_.pc += 4;
        events_.wait_for_interrupt(until ? timers_->deadline_ns(*until) : CounterScale::kNever);
    }
}

void Cpu::wait_for_event(std::optional<u64> until, u8 rt) {
    if (take_event()) {
        state_.pc += 4;
    } else if (may_wait(true, until, rt)) {
        state_.pc += 4;
        const i64 timeout = until ? timers_->deadline_ns(*until) : CounterScale::kNever;
        events_.wait_for_event(std::min(timeout, timers_->next_event_ns(state_.cntkctl)));
    }
}

}  // namespace kelvin::arm64
